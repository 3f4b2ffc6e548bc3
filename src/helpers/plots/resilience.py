"""Figures of the resilience score: its distribution around the cut, and the symptoms beside it."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from helpers.plots.forest import plot_forest
from helpers.plots.style import ACCENT, COLOURS, NEUTRAL, WIDTH_IN
from helpers.resilience import ScorePrecision

NAMES = {
    "cd_risc.total": "CD-RISC total",
    "cd_risc_10.total": "CD-RISC-10 total",
    "cd_risc_2.total": "CD-RISC-2 total",
    "hads.depression": "Depression (HADS)",
    "hads.anxiety": "Anxiety (HADS)",
    "ffmq.describing": "Mindfulness: describing",
    "ffmq.nonjudging": "Mindfulness: non-judging",
    "csq.catastrophizing": "Catastrophizing",
    "brs.mean": "Brief Resilience Scale",
    "phq9.total": "Depression (PHQ-9)",
    "gad7.total": "Anxiety (GAD-7)",
    "pss.total": "Perceived stress (PSS-10)",
}


def plot_scores(
    bars: pd.DataFrame,
    *,
    cut: float,
    labels: dict[str, str],
    score_name: str,
    precision: ScorePrecision | None = None,
    references: pd.DataFrame | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the distribution of the score in both groups, with the cut and the doubt around it.

    Parameters
    ----------
    bars : pandas.DataFrame
        From ``helpers.resilience.bin_scores``.
    cut : float
        In points; drawn as a line.
    labels : dict
        How to call ``high`` and ``low``, with n.
    score_name : str
        ``<measure>.<score>``, for instance ``cd_risc.total``.
    precision : ScorePrecision, optional
        Its standard error of measurement is drawn as a band around the cut.
    references : pandas.DataFrame, optional
        Published means: index sample, column ``mean``; drawn as ticks above.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    if ax is None:
        ax = plt.subplots(figsize=(WIDTH_IN, 4.4))[1]
    for side, hatch in (("low", "///"), ("high", None)):
        own = bars[bars["group"] == side]
        ax.bar(
            own["start"],
            own["per_point"],
            width=own["end"] - own["start"],
            align="edge",
            facecolor=COLOURS[side],
            hatch=hatch,
            edgecolor="white",
            label=labels[side],
        )
    ax.axvline(cut, color="black", linewidth=1.5, label=f"Cut-off: {cut:g} or more is high")
    if precision is not None:
        sem = precision.sem
        ax.axvspan(
            cut - sem,
            cut + sem,
            color=ACCENT,
            alpha=0.25,
            zorder=0,
            label=f"Cut-off ± 1 SEM ({sem:.1f} points)",
        )
    if references is not None:
        _mark_references(ax, references)
    ax.set_xlabel(f"{NAMES.get(score_name, score_name)} (points)")
    ax.set_ylabel("Participants per point")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.17), ncols=2)
    ax.set_title(f"{bars['n'].sum()} people in {len(bars)} bars", loc="left")
    return ax


def plot_symptoms(contrasts: pd.DataFrame, *, labels: dict[str, str], ax: Axes | None = None) -> Axes:
    """Draw the adjusted difference of each symptom between the groups.

    Parameters
    ----------
    contrasts : pandas.DataFrame
        From ``helpers.resilience.compare_symptoms``.
    labels : dict
        How to call ``high`` and ``low``.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    names = pd.Series({name: NAMES.get(name, name) for name in contrasts.index})
    return plot_forest(contrasts, labels=labels, names=names, ax=ax)


def plot_split_cost(comparison: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw each symptom's correlation with the score beside that with the split.

    Parameters
    ----------
    comparison : pandas.DataFrame
        From ``helpers.resilience.compare_split_and_score``.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    if ax is None:
        ax = plt.subplots(figsize=(WIDTH_IN, 1.3 + 0.5 * len(comparison)))[1]
    rows = np.arange(len(comparison))
    ax.axvline(0, color=NEUTRAL, linewidth=1)
    for name, shift, marker, colour, label in (
        ("r_score", -0.15, "o", ACCENT, "with the score"),
        ("r_split", 0.15, "D", NEUTRAL, "with the split (1 high, 0 low)"),
    ):
        r, low, high = (comparison[f"{name}{end}"].to_numpy(float) for end in ("", "_low", "_high"))
        ax.hlines(rows + shift, low, high, color=colour, linewidth=2)
        ax.plot(r, rows + shift, marker, color=colour, markersize=7, label=label)
    ax.set_yticks(rows, [f"{NAMES.get(name, name)}\n(n={n})" for name, n in comparison["n"].items()])
    ax.set_ylim(len(comparison) - 0.5, -0.5)
    ax.set_xlabel("Correlation r (95 % interval), not adjusted")
    ax.tick_params(axis="y", length=0)
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2)
    return ax


def _mark_references(ax: Axes, references: pd.DataFrame) -> None:
    """Write published means on their own lines above the bars."""
    top = ax.get_ylim()[1]
    line = 0.075 * top
    for i, (name, mean) in enumerate(references["mean"].items()):
        height = top + (i + 0.6) * line
        ax.plot([mean], [height], marker="v", color="black", markersize=6)
        ax.annotate(
            f"{name}: {mean:g}",
            (mean, height),
            xytext=(-7, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=9,
        )
    ax.set_ylim(0, top + (len(references) + 0.4) * line)
