"""Figures of the resilience score: its distribution around the cut, and the symptoms beside it."""

from __future__ import annotations

import textwrap

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from helpers.plots.forest import plot_forest
from helpers.plots.style import ACCENT, COLOURS, MARKERS, NEUTRAL, WIDTH_IN, require_rows
from helpers.resilience import FactorFit, ScorePrecision, list_bands
from helpers.wording import hide_small

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
    bands: pd.DataFrame | None = None,
    low_below: float | None = None,
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
    bands : pandas.DataFrame, optional
        Published bands, from ``helpers.resilience.list_bands``; named above the bars, with a line at each border.
    low_below : float, optional
        The lower of two cuts: a line of its own.
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
    if low_below is not None and low_below < cut:
        ax.axvline(
            low_below, color="black", linewidth=1.5, linestyle="--", label=f"Cut-off: below {low_below:g} is low"
        )
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
    if bands is not None:
        _mark_bands(ax, bands)
    ax.set_xlabel(f"{NAMES.get(score_name, score_name)} (points)")
    ax.set_ylabel("Participants per point")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.17), ncols=2)
    ax.set_title(f"{bars['n'].sum()} people in {len(bars)} bars", loc="left", pad=6 if bands is None else 30)
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
    ax.set_yticks(rows, [f"{NAMES.get(name, name)}\n(n={hide_small(int(n))})" for name, n in comparison["n"].items()])
    ax.set_ylim(len(comparison) - 0.5, -0.5)
    ax.set_xlabel("Correlation r (95 % interval), not adjusted")
    ax.tick_params(axis="y", length=0)
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2)
    return ax


def plot_bands(scores: pd.DataFrame, *, labels: dict[str, str]) -> Axes:
    """Draw where the scores of both groups lie in the published bands of each questionnaire.

    Parameters
    ----------
    scores : pandas.DataFrame
        From ``helpers.resilience.summarise_scores``.
    labels : dict
        How to call ``high`` and ``low``.

    Returns
    -------
    matplotlib.axes.Axes
        The lowest of one axes per score. Marks are medians, lines the middle half of people; grey steps are bands.
    """
    names = list(dict.fromkeys(scores.index.get_level_values("score")))
    require_rows(scores, "of the questionnaires has published bands")
    figure, axes = plt.subplots(len(names), 1, figsize=(WIDTH_IN, 0.7 + 0.95 * len(names)), squeeze=False)
    figure.subplots_adjust(hspace=1.25)
    for ax, name in zip(axes[:, 0], names, strict=True):
        _draw_bands(ax, list_bands(name))
        for side, row in (("high", 0.3), ("low", 0.7)):
            if (name, side) in scores.index:
                low, middle, high = scores.loc[(name, side), ["q1", "median", "q3"]]
                ax.plot([low, high], [row, row], color=COLOURS[side], lw=3, solid_capstyle="butt")
                ax.plot(middle, row, MARKERS[side], color=COLOURS[side], mec="white", ms=9, label=labels[side])
        ax.set_title(NAMES.get(name, name), loc="left", fontsize=10, pad=14)
    axes[0, 0].legend(loc="lower right", bbox_to_anchor=(1.02, 1.62), ncols=2, columnspacing=1)
    axes[-1, 0].set_xlabel("Points; mark: median, line: middle half of the group")
    return axes[-1, 0]


def plot_cuts(table: pd.DataFrame, *, symptom: str, ax: Axes | None = None) -> Axes:
    """Draw one relation with the score as it is, and with the score cut in several places, each with its power.

    Parameters
    ----------
    table : pandas.DataFrame
        From ``helpers.resilience.compare_cuts``.
    symptom : str
        ``<measure>.<score>`` of the symptom.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    if ax is None:
        ax = plt.subplots(figsize=(WIDTH_IN, 1.6 + 0.5 * len(table)))[1]
    rows = np.arange(len(table))
    ax.axvline(0, color=NEUTRAL, linewidth=1)
    for row, (name, cut) in zip(rows, table.iterrows(), strict=True):
        whole = np.isnan(cut["at"])
        colour = ACCENT if whole else COLOURS["low"] if "never" in name else NEUTRAL
        ax.plot([cut["r_low"], cut["r_high"]], [row, row], color=colour, lw=2)
        ax.plot(cut["r"], row, "o" if whole else "X" if "never" in name else "D", color=colour, ms=8)
        ax.annotate(
            f"{100 * cut['power']:.0f} %", (1.02, row), xycoords=("axes fraction", "data"), va="center", fontsize=9
        )
    ax.annotate("Power", (1.02, -0.75), xycoords=("axes fraction", "data"), va="center", fontsize=9, fontweight="bold")
    ax.set_yticks(rows, [_name_cut(name, cut) for name, cut in table.iterrows()])
    ax.set_ylim(len(table) - 0.5, -1.1)
    ax.set_xlabel(f"Correlation r with {NAMES.get(symptom, symptom)} (95 % interval), not adjusted")
    ax.tick_params(axis="y", length=0)
    return ax


def plot_loadings(fits: dict[str, FactorFit], *, ax: Axes | None = None) -> Axes:
    """Draw the standardised loading of each item in one or more structures.

    Parameters
    ----------
    fits : dict of str to FactorFit
        By what to call the structure.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    items = sorted({item for fit in fits.values() for item in fit.loadings.index.get_level_values("item")})
    if ax is None:
        ax = plt.subplots(figsize=(WIDTH_IN, 1.4 + 0.2 * len(items)))[1]
    for (name, fit), marker, colour in zip(fits.items(), "oDs^", (ACCENT, NEUTRAL, *COLOURS.values()), strict=False):
        loadings = fit.loadings.droplevel("factor")
        ax.plot(
            loadings,
            [items.index(item) for item in loadings.index],
            marker,
            color=colour,
            ms=6,
            label=f"{name} (n={hide_small(fit.n)})",
        )
    ax.axvline(0, color=NEUTRAL, lw=1)
    ax.set_yticks(range(len(items)), items, fontsize=8)
    ax.set_ylim(len(items) - 0.5, -0.5)
    ax.set_xlabel("Standardised loading")
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2)
    return ax


def _draw_bands(ax: Axes, bands: pd.DataFrame) -> None:
    for i, (name, band) in enumerate(bands.iterrows()):
        ax.axvspan(band["start"], band["end"], color="#000000", alpha=0.06 + 0.08 * i, lw=0)
        ax.annotate(
            name, ((band["start"] + band["end"]) / 2, 1.06), xycoords=("data", "axes fraction"), ha="center", fontsize=8
        )
    ax.set(xlim=(bands["start"].iloc[0], bands["end"].iloc[-1]), ylim=(1, 0), yticks=[])
    ax.set_xticks([*bands["start"], bands["end"].iloc[-1]])
    ax.spines["left"].set_visible(False)


def _name_cut(name: str, cut: pd.Series) -> str:
    if np.isnan(cut["at"]):
        return "Score as it is"
    shown = textwrap.fill(
        name.capitalize() if "border" in name or "sample" in name else f"Declared cut {cut['at']:g}", 20
    )
    return f"{shown}\n({cut['n_high']:.0f} high, {cut['n_low']:.0f} low)"


def _mark_bands(ax: Axes, bands: pd.DataFrame) -> None:
    """Draw a line at each border of the published bands, and name the bands along the top."""
    left, right = ax.get_xlim()
    for name, band in bands.iterrows():
        start, end = max(band["start"], left), min(band["end"], right)
        if start > left:
            ax.axvline(start, color=NEUTRAL, lw=1, ls=":", zorder=0)
        if end > start:
            ax.annotate(
                name.replace(" ", "\n"),
                ((start + end) / 2, 1.0),
                xycoords=("data", "axes fraction"),
                ha="center",
                va="bottom",
                fontsize=8,
            )
    ax.set_xlim(left, right)


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
