"""Figures of one question asked several ways: by study, by handling of the study, by the score."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from helpers.plots.intervals import draw_intervals, name_rows, start
from helpers.plots.palette import EVERYONE
from helpers.plots.style import require_rows, shorten, tell
from helpers.wording import hide_small

GAP = 1.3  # lines from one measure to the next


def plot_asked(
    table: pd.DataFrame,
    *,
    by: str = "study",
    value: str = "d",
    title: str,
    last_filled: bool = True,
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
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    require_rows(table, "of these questions can be asked here")
    rows, names, bold, filled, at = [], [], [], [], 0.0
    for measure, part in table.groupby("measure", sort=False):
        names += [shorten(measure, 30), *[_name_way(row, by) for _, row in part.iterrows()]]
        rows += [at + i for i in range(len(part) + 1)]
        bold += [True, *[False] * len(part)]
        filled += [last_filled and i == len(part) for i in range(1, len(part) + 1)]
        at += len(part) + GAP
    ax = start(ax, at)
    ordered = pd.concat([part for _, part in table.groupby("measure", sort=False)])
    places = [row for row, is_bold in zip(rows, bold, strict=True) if not is_bold]
    markers = ["D" if is_filled else "o" for is_filled in filled]
    draw_intervals(ax, ordered, value, rows=places, colours=EVERYONE, markers=markers, filled=filled)
    name_rows(ax, names, rows=rows)
    for tick, is_bold in zip(ax.get_yticklabels(), bold, strict=True):
        tick.set_fontweight("bold" if is_bold else "normal")
    what = "partial correlation r" if value == "r" else "d (high minus low)"
    ax.set_xlabel(f"{what} (95 % CI)")
    main = " Filled: the analysis that counts." if last_filled else ""
    return tell(
        ax,
        f"{title}: {what} of {table['measure'].nunique()} measures, adjusted, each asked {len(table) // max(table['measure'].nunique(), 1)} ways; lines are 95 % confidence "
        f"intervals.{main}",
    )


def _name_way(row: pd.Series, by: str) -> str:
    n = row["n"] if "n" in row else row["n_high"] + row["n_low"]
    return f"{shorten(row[by], 24)} (n={hide_small(int(n))})"
