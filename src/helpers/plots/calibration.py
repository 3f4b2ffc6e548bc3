"""Draw error rates and coverage with their intervals, against the band aimed at."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from helpers.calibration import find_outside
from helpers.plots.style import ACCENT, COLOURS, NEUTRAL, WIDTH_IN

LINE_IN = 0.235
WORD_LABELS = (
    "opposed", "no effect of interest", "inconclusive", "supported, size open or small", "supported, of interest",
)  # fmt: skip
WORD_COLOURS = (COLOURS["low"], "#F0E442", "#d9d9d9", "#9ecae1", COLOURS["high"])


def plot_rates(rates: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how often each headline test rejects among null twins.

    Parameters
    ----------
    rates : pandas.DataFrame
        From :func:`helpers.calibration.tabulate_rates`.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
        Per cent on the horizontal axis; one line per test, squares where the share lies outside the band.
    """
    ax = _plot_shares(rates, "rate", names=rates["what"], aim=0.05, ax=ax)
    ax.set_xlabel(f"Null twins rejected, %, with 95 % interval\n({_write_n(rates)} null twins)", fontsize=9)
    return ax


def plot_coverage(coverage: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how often each 95 % interval holds the planted difference.

    Parameters
    ----------
    coverage : pandas.DataFrame
        From :func:`helpers.calibration.tabulate_coverage`.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
        As :func:`plot_rates`; intervals of the difference in its own unit.
    """
    shown = coverage[coverage["scale"] == "unit"]
    ax = _plot_shares(shown, "coverage", names=shown["what"], aim=0.95, ax=ax)
    ax.set_xlabel(
        f"Intervals that hold the truth, %, with 95 % interval\n({_write_n(shown)} planted cohorts)", fontsize=9
    )
    return ax


def plot_words(words: pd.DataFrame) -> Figure:
    """Draw the chance of each word of the verdict against the true difference, a panel per size of the groups.

    Parameters
    ----------
    words : pandas.DataFrame
        From :func:`helpers.calibration.tabulate_words`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    sizes = list(words.groupby(["n_high", "n_low"], sort=False))
    n_rows = -(-len(sizes) // 2)
    figure, axes = plt.subplots(
        n_rows,
        2,
        figsize=(WIDTH_IN, 1.75 * n_rows + 0.9),
        sharex=True,
        sharey=True,
        layout="constrained",
        squeeze=False,
    )
    for ax, ((n_high, n_low), table) in zip(axes.ravel(), sizes, strict=False):
        sure = table["supported"] - table["of_interest"]
        parts = [table["opposed"], table["no_effect"], table["inconclusive"], sure, table["of_interest"]]
        areas = ax.stackplot(table["d"], *[100 * part for part in parts], colors=WORD_COLOURS, labels=WORD_LABELS)
        ax.axvline(0, color="black", lw=0.8)
        ax.set_title(f"{int(n_high):,} v {int(n_low):,}", fontsize=9, loc="left")
        ax.set(xlim=(table["d"].min(), table["d"].max()), ylim=(0, 100))
    for ax in axes.ravel()[len(sizes) :]:
        ax.set_axis_off()
    figure.supxlabel("True difference d, positive on the side of the claim", fontsize=9)
    figure.supylabel("Chance of the word, %", fontsize=9)
    figure.legend(handles=areas, loc="outside lower center", ncols=3, fontsize=8)
    return figure


def _plot_shares(table: pd.DataFrame, column: str, *, names: pd.Series, aim: float, ax: Axes | None) -> Axes:
    if ax is None:
        ax = plt.subplots(figsize=(WIDTH_IN, 1.6 + LINE_IN * len(table)), layout="constrained")[1]
    outside = set(find_outside(table, column).index)
    rows = np.arange(len(table))
    width = 100 * (table["target_high"] - table["target_low"])
    ax.barh(rows, width, left=100 * table["target_low"], height=1, color=ACCENT, alpha=0.15)
    ax.axvline(100 * aim, color=NEUTRAL, lw=0.9, ls="--", zorder=1)
    ax.hlines(rows, 100 * table["low"], 100 * table["high"], color=NEUTRAL, lw=1.4)
    for row, (name, share) in enumerate(zip(table.index, 100 * table[column], strict=True)):
        out = name in outside
        ax.plot(share, row, "s" if out else "o", color=COLOURS["low" if out else "high"], ms=5.5, zorder=3)
    ax.set_yticks(rows, names)
    ax.set_ylim(len(table) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    keys = [
        Patch(color=ACCENT, alpha=0.3, label="band aimed at"),
        plt.Line2D([], [], color=COLOURS["high"], marker="o", ls="", label="inside"),
        plt.Line2D([], [], color=COLOURS["low"], marker="s", ls="", label="outside"),
    ]
    ax.figure.legend(handles=keys, loc="outside lower center", ncols=3, handletextpad=0.3, columnspacing=1.2)
    return ax


def _write_n(table: pd.DataFrame) -> str:
    low, high = int(table["n"].min()), int(table["n"].max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
