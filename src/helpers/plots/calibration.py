"""Draw error rates and coverage with their intervals, against the band aimed at."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from helpers.calibration import find_outside
from helpers.plots.intervals import draw_intervals, key_of, name_rows, start
from helpers.plots.palette import EVERYONE, FAINT, VERDICTS
from helpers.plots.style import WIDTH_IN, key, shorten, tell

WORD_LABELS = (
    "opposed", "no effect of interest", "inconclusive", "supported, size open or small", "supported, of interest",
)  # fmt: skip
WORD_COLOURS = (VERDICTS["against"], VERDICTS["little"], FAINT, "#88B99A", VERDICTS["for"])


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
    ax.set_xlabel("Rejected, % (95 % CI)")
    return tell(
        ax,
        f"How often each headline test rejects at 5 % among {_write_n(rates)} simulated cohorts without a difference; lines are 95 % confidence intervals (Wilson).",
    )


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
    ax.set_xlabel("Coverage, % (95 % CI)")
    return tell(
        ax,
        f"How often each 95 % interval holds the planted difference among {_write_n(shown)} simulated cohorts; lines are 95 % confidence intervals (Wilson).",
    )


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
        n_rows, 2, figsize=(WIDTH_IN, 1.8 * n_rows + 1.3), sharex=True, sharey=True, layout="constrained", squeeze=False
    )
    for ax, ((n_high, n_low), table) in zip(axes.ravel(), sizes, strict=False):
        sure = table["supported"] - table["of_interest"]
        parts = [table["opposed"], table["no_effect"], table["inconclusive"], sure, table["of_interest"]]
        areas = ax.stackplot(table["d"], *[100 * part for part in parts], colors=WORD_COLOURS, labels=WORD_LABELS)
        ax.axvline(0, color="black", lw=0.8)
        ax.set_title(f"{int(n_high):,} v {int(n_low):,}")
        ax.set(xlim=(table["d"].min(), table["d"].max()), ylim=(0, 100))
    for ax in axes.ravel()[len(sizes) :]:
        ax.set_axis_off()
    figure.supxlabel("True difference d, positive on the side of the claim")
    figure.supylabel("Chance of the word, %")
    key(figure, handles=areas, labels=list(WORD_LABELS))
    return tell(
        figure,
        f"Chance of each word of the verdict against the true difference, for {len(sizes)} sizes of the groups (high v low).",
    )


def _plot_shares(table: pd.DataFrame, column: str, *, names: pd.Series, aim: float, ax: Axes | None) -> Axes:
    ax = start(ax, len(table), above=1.0)
    outside = table.index.isin(find_outside(table, column).index)
    width = 100 * (table["target_high"] - table["target_low"])
    ax.barh(range(len(table)), width, left=100 * table["target_low"], height=1, color=FAINT)
    ax.axvline(100 * aim, color=EVERYONE, lw=0.9, ls="--", zorder=1)
    shown = 100 * table[[column, "low", "high"]].rename(columns={"low": f"{column}_low", "high": f"{column}_high"})
    colours = [VERDICTS["against"] if out else EVERYONE for out in outside]
    draw_intervals(ax, shown, column, colours=colours, markers=["s" if out else "o" for out in outside], size=5.5)
    name_rows(ax, [shorten(name, 44) for name in names], zero=None)
    keys = [
        Patch(color=FAINT, label="band aimed at"),
        key_of(EVERYONE, "o", "inside"),
        key_of(VERDICTS["against"], "s", "outside"),
    ]
    key(ax, handles=keys, ncols=3)
    return ax


def _write_n(table: pd.DataFrame) -> str:
    low, high = int(table["n"].min()), int(table["n"].max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
