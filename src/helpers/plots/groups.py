"""The two groups beside each other: every participant as a mark, with a box, as a cloud, or as densities."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from helpers.plots.palette import COLOURS, EVERYONE, LINES, MARKERS
from helpers.plots.style import strip_n, wrap

SIDES = ("low", "high")
GOLDEN = 0.618034
MOST_POINTS = 500  # above, boxes say more than marks


def join(values: pd.Series | pd.DataFrame, groups: pd.Series) -> pd.DataFrame:
    """Return values with a column ``group``, rows of no group and of no value left out.

    Parameters
    ----------
    values : pandas.Series or pandas.DataFrame
        Index participant_id.
    groups : pandas.Series
        Index participant_id; high, low or missing.
    """
    table = values.to_frame("value") if isinstance(values, pd.Series) else values
    table = table.assign(group=groups.reindex(table.index).to_numpy())
    return table[table["group"].isin(SIDES)].dropna()


def draw_groups(ax: Axes, values: pd.Series, groups: pd.Series, *, labels: Mapping[str, str]) -> None:
    """Draw a box per group and, up to 500 of them, every participant as a mark.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    values : pandas.Series
        Index participant_id; missing values are left out.
    groups : pandas.Series
        Index participant_id.
    labels : mapping
        What stands below each box.

    Notes
    -----
    Boxes reach over the middle half, whiskers to the last value within 1.5 times that. Marks lie sideways by a fixed rule, so that
    no chance moves them.
    """
    long = join(values, groups)
    looks = {"x": "group", "y": "value", "order": SIDES, "ax": ax}
    if len(long):
        with warnings.catch_warnings():  # seaborn 0.13 speaks to matplotlib below 3.13
            warnings.filterwarnings("ignore", "vert: bool", mpl.MatplotlibDeprecationWarning)
            sns.boxplot(long, **looks, fill=False, color="black", width=0.6, linewidth=1, showfliers=False)
    for place, side in enumerate(SIDES if len(long) <= MOST_POINTS else ()):
        own = long[long["group"] == side]
        if own.empty:
            continue
        before = len(ax.collections)
        sns.stripplot(
            own, **looks, color=COLOURS[side], marker=MARKERS[side], size=4, alpha=0.55, jitter=False, zorder=3
        )
        aside = (np.arange(len(own)) * GOLDEN) % 1 - 0.5
        for marks in list(ax.collections[before:]):
            if len(marks.get_offsets()):
                marks.set_offsets(np.column_stack([place + 0.45 * aside, own["value"]]))
            else:
                marks.remove()  # seaborn leaves one of the other group, without a mark
    ax.set_xticks(range(len(SIDES)), [wrap(labels[side], 13) for side in SIDES])
    ax.set(xlim=(-0.55, 1.55), xlabel="", ylabel="")


def draw_cloud(
    ax: Axes, plane: pd.DataFrame, groups: pd.Series, *, labels: Mapping[str, str], size: float = 26
) -> None:
    """Draw participants on two axes, groups by colour and mark, with thin lines through zero.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    plane : pandas.DataFrame
        Index participant_id; its first two columns are drawn.
    groups : pandas.Series
    labels : mapping
        Of the groups, for the legend.
    size : float, default 26
        Area of a mark, in square points.
    """
    for side, own in _by_side(plane, groups):
        sns.scatterplot(
            own, x=plane.columns[0], y=plane.columns[1], color=COLOURS[side], marker=MARKERS[side], s=size, alpha=0.6,
            linewidth=0, ax=ax, label=labels[side], legend=False,
        )  # fmt: skip
    ax.axhline(0, color=EVERYONE, lw=0.4, zorder=0)
    ax.axvline(0, color=EVERYONE, lw=0.4, zorder=0)


def draw_margin(ax: Axes, values: pd.Series, groups: pd.Series, *, along: str) -> None:
    """Draw the density of each group beside an axis of a cloud.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Shares its long side with the cloud.
    values : pandas.Series
    groups : pandas.Series
    along : {"x", "y"}
    """
    for side, own in _by_side(values.to_frame("value"), groups):
        look = {"color": COLOURS[side], "lw": 1.4, "ls": LINES[side], "fill": False, "warn_singular": False, "cut": 0}
        sns.kdeplot(own, **{along: "value"}, **look, ax=ax)
    ax.set_axis_off()


def write_effect(effect: pd.Series, value: str = "d") -> str:
    """Return an effect with its interval on one line.

    Examples
    --------
    >>> write_effect(pd.Series({"d": -0.004, "d_low": -0.4, "d_high": 0.39}))
    'd = 0.00 (−0.40 to 0.39)'
    """
    parts = [f"{effect[name]:.2f}".replace("-0.00", "0.00") for name in (value, f"{value}_low", f"{value}_high")]
    middle, low, high = (part.replace("-", "−") for part in parts)
    return f"{value} = {middle} ({low} to {high})"


def call_sides(labels: Mapping[str, str]) -> str:
    """Return which mark is which group, for a caption."""
    return f"circles: {strip_n(labels['high'])}, squares: {strip_n(labels['low'])}"


def _by_side(table: pd.DataFrame, groups: pd.Series) -> list[tuple[str, pd.DataFrame]]:
    long = join(table, groups)
    return [(side, own.drop(columns="group")) for side, own in long.groupby("group")]
