"""Figures of one question asked several ways: by study, by handling of the study, by the score."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes

from helpers.plots.style import COLOURS, HIGH_LOW, NEUTRAL, WIDTH_IN, name_contrast, shorten
from helpers.wording import hide_small

ROW_IN = 0.3


def plot_asked(
    table: pd.DataFrame,
    *,
    by: str = "study",
    value: str = "d",
    title: str,
    last_filled: bool = True,
    labels: Mapping[str, str] = HIGH_LOW,
    ax: Axes | None = None,
) -> Axes:
    """Draw the effect of each measure under each way of asking, with its interval, grouped by measure.

    Parameters
    ----------
    table : pandas.DataFrame
        ``measure``, the column `by`, and ``d``, ``d_low``, ``d_high``, or with ``r`` instead of d.
    by : str, default "study"
        Column that says how the question was asked.
    value : {"d", "r"}, default "d"
    title : str
    last_filled : bool, default True
        Whether the last way of each measure is the one that counts: filled.
    labels : mapping, optional
        How to call ``high`` and ``low``.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    n_measures = table["measure"].nunique()
    if ax is None:
        _, ax = plt.subplots(figsize=(WIDTH_IN, 1.3 + ROW_IN * (len(table) + n_measures)), layout="constrained")
    ax.set_title(title, x=0, loc="left")
    if table.empty:
        ax.set_axis_off()
        ax.text(0.5, 0.5, "nothing to show", ha="center", transform=ax.transAxes)
        return ax
    rows, names, bold = [], [], []
    ax.axvline(0, color=NEUTRAL, linewidth=1, zorder=0)
    at = 0
    for measure, part in table.groupby("measure", sort=False):
        names.append(shorten(measure, 30))
        rows.append(at)
        bold.append(True)
        for i, (_, row) in enumerate(part.iterrows(), start=1):
            filled = last_filled and i == len(part)
            colour = COLOURS["high"] if filled else NEUTRAL
            ax.hlines(at + i, row[f"{value}_low"], row[f"{value}_high"], color=colour, linewidth=1.8)
            face = colour if filled else "white"
            ax.plot(
                row[value], at + i, "D" if filled else "o", color=colour, markerfacecolor=face, markersize=6, zorder=3
            )
            n = row["n"] if "n" in row else row["n_high"] + row["n_low"]
            names.append(f"{shorten(row[by], 24)} (n={hide_small(int(n))})")
            rows.append(at + i)
            bold.append(False)
        at += len(part) + 1.4
    ax.set_yticks(rows, names)
    for tick, is_bold in zip(ax.get_yticklabels(), bold, strict=True):
        tick.set_fontweight("bold" if is_bold else "normal")
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(max(at - 0.6, 1), -0.8)
    what = "partial correlation r" if value == "r" else name_contrast("d (high minus low)", labels)
    ax.set_xlabel(f"{what}, with 95 % interval")
    return ax
