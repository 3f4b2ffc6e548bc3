"""Draw the leakage laboratory: honest and leaky figures per mistake, and what width does to noise."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from helpers.plots.style import COLOURS, NEUTRAL, WIDTH_IN

CHANCE = 0.5
LABEL_WIDTH = 26
LOOKS = {"honest": ("o", COLOURS["high"], COLOURS["high"]), "leaky": ("D", COLOURS["low"], "none")}


def plot_leaks(summary: pd.DataFrame, *, labels: Mapping[str, str], ax: Axes | None = None) -> Axes:
    """Draw the balanced error of each mistake beside the honest one; whiskers reach from the smallest to the largest run.

    Parameters
    ----------
    summary : pandas.DataFrame
        From :func:`helpers.integration.leakage.summarise_laboratory`, of one arena.
    labels : dict
        How to call each switch.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    rows = summary.droplevel("arena")
    ax = ax or plt.subplots(figsize=(WIDTH_IN, 0.5 * len(rows) + 1.5))[1]
    places = np.arange(len(rows))[::-1]
    ax.axvline(CHANCE, color=NEUTRAL, ls="--", lw=1, label="chance (0.5)")
    for (name, (marker, colour, fill)), shift in zip(LOOKS.items(), (0.14, -0.14), strict=True):
        middle = rows[f"error_{name}"]
        reach = np.vstack([middle - rows[f"error_{name}_low"], rows[f"error_{name}_high"] - middle])
        ax.errorbar(
            middle, places + shift, xerr=reach, fmt=marker, color=colour, mfc=fill, capsize=2, elinewidth=1, label=name
        )
    ax.set_yticks(places, [textwrap.fill(labels[name], LABEL_WIDTH) for name in rows.index])
    ax.set_xlim(-0.03, max(0.7, float(rows[["error_honest_high", "error_leaky_high"]].max().max()) + 0.03))
    ax.set_ylim(-0.6, len(rows) - 0.4)
    ax.set_xlabel(f"Balanced error (mean and range of {int(rows['n_runs'].max())} runs)")
    ax.legend(loc="lower center", bbox_to_anchor=(0.3, 1.0), ncols=3, columnspacing=1.0, handletextpad=0.4)
    ax.figure.tight_layout()
    return ax


def plot_width(runs: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw AUC on noise against the number of features: of the people fitted on, and of unseen people.

    Parameters
    ----------
    runs : pandas.DataFrame
        From :func:`helpers.integration.leakage.sweep_width`.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    ax = ax or plt.subplots(figsize=(WIDTH_IN, 3.6))[1]
    ax.axhline(CHANCE, color=NEUTRAL, ls="--", lw=1, label="chance (0.5)")
    for column, name, look in (
        ("auc", "unseen people", "honest"),
        ("auc_training", "training people", "leaky"),
    ):
        marker, colour, fill = LOOKS[look]
        ax.plot(runs["n_features"], runs[column], marker, color=colour, mfc=fill, alpha=0.55, ms=5, ls="", label=name)
    ax.set_xscale("log")
    widths = sorted(runs["n_features"].unique())
    ax.set_xticks(widths, [f"{width:,}" for width in widths])
    ax.minorticks_off()
    ax.set_ylim(min(0.25, float(runs["auc"].min()) - 0.03), 1.02)
    ax.set_xlabel("Features of the block (all noise)")
    ax.set_ylabel(f"AUC, each of {runs['run'].nunique()} runs")
    ax.legend(loc="lower center", bbox_to_anchor=(0.45, 1.0), ncols=3, columnspacing=1.0, handletextpad=0.4)
    ax.figure.tight_layout()
    return ax
