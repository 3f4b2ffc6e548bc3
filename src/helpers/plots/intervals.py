"""Estimates with their intervals, one line each: the forest that every room plants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from helpers.contrasts import Q_SHOWN
from helpers.plots.palette import COLOURS, DECLARED, EVERYONE, FAINT, MARKERS
from helpers.plots.style import LINE_IN, WIDTH_IN, key, name_sides, require_rows, shorten, strip_n, tell
from helpers.wording import tell_range

POINTER = "► "


def start(ax: Axes | None, n_lines: float, *, above: float = 0.9) -> Axes:
    """Return axes with room for so many lines of type, or those given.

    Parameters
    ----------
    ax : matplotlib.axes.Axes or None
    n_lines : float
    above : float, default 0.9
        Inches for what stands around the lines.
    """
    height = above + LINE_IN * max(n_lines, 3)
    return ax if ax is not None else plt.subplots(figsize=(WIDTH_IN, height), layout="constrained")[1]


def draw_intervals(
    ax: Axes,
    table: pd.DataFrame,
    value: str,
    *,
    rows: Sequence[float] | None = None,
    colours: str | Sequence[str] = EVERYONE,
    markers: str | Sequence[str] = "o",
    filled: bool | Sequence[bool] = True,
    label: str | None = None,
    size: float = 6,
) -> None:
    """Draw a mark and an interval per row of a table.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    table : pandas.DataFrame
        Column `value`, and beside it its name with ``_low`` and ``_high`` where there is an interval.
    value : str
    rows : sequence of float, optional
        Height of each row; by default 0, 1, 2 …
    colours, markers, filled : one for all, or one per row
    label : str, optional
        For the legend.
    size : float, default 6
        Of the mark, in points.
    """
    looks = pd.DataFrame({"at": np.arange(len(table)) if rows is None else np.asarray(rows, float)})
    looks["x"] = table[value].to_numpy(float)
    looks["colour"], looks["marker"], looks["filled"] = colours, markers, filled
    if f"{value}_low" in table:
        ax.hlines(
            looks["at"], table[f"{value}_low"], table[f"{value}_high"], colors=list(looks["colour"]), lw=1.6, zorder=2
        )
    for (colour, marker, is_filled), part in looks.groupby(["colour", "marker", "filled"], sort=False):
        face = colour if is_filled else "white"
        ax.plot(part["x"], part["at"], marker, ls="", color=colour, mfc=face, mew=1.2, ms=size, zorder=3, label=label)
        label = None


def name_rows(ax: Axes, names: Sequence[str], *, rows: Sequence[float] | None = None, zero: float | None = 0) -> None:
    """Write the names beside the lines, first on top, with a thin line at zero.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    names : sequence of str
    rows : sequence of float, optional
    zero : float or None, default 0
    """
    rows = np.arange(len(names)) if rows is None else rows
    ax.set_yticks(rows, names)
    ax.set_ylim(float(np.max(rows)) + 0.6, float(np.min(rows)) - 0.6)
    ax.tick_params(axis="y", length=0)
    if zero is not None:
        ax.axvline(zero, color=EVERYONE, lw=0.8, zorder=0)


def pick_sides(effects: pd.Series) -> tuple[list[str], list[str]]:
    """Return the colour and the mark of each effect: of the group in which it is higher."""
    sides = ["high" if effect > 0 else "low" for effect in effects]
    return [COLOURS[side] for side in sides], [MARKERS[side] for side in sides]


def plot_forest(
    contrasts: pd.DataFrame,
    *,
    labels: Mapping[str, str],
    names: pd.Series | None = None,
    marked: Sequence[str] = (),
    what: str = "Contrasts",
    bands: Mapping[str, tuple[float, float]] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw d with its 95 % interval for each feature, from top to bottom as they come.

    Parameters
    ----------
    contrasts : pandas.DataFrame
        Index feature; columns d, d_low, d_high, q, n_high, n_low.
    labels : mapping
        ``high`` and ``low``: what the groups are called.
    names : pandas.Series, optional
        Index feature: what to write beside each line.
    marked : sequence of str
        Features named in advance: their names are bold and have a pointer.
    what : str
        Begins the caption.
    bands : mapping of str to tuple of float, optional
        What the legend says of a band -> smallest and largest |d|; equal ones make a dotted line.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
        Blue circles: higher in the high group; orange squares: lower. Filled: q below 0.05.
    """
    shown = contrasts.dropna(subset=["d", "d_low", "d_high"])
    require_rows(shown)
    ax = start(ax, len(shown), above=1.0 + 0.22 * len(bands or {}))
    colours, markers = pick_sides(shown["d"])
    found = shown["q"] < Q_SHOWN
    draw_intervals(ax, shown, "d", colours=colours, markers=markers, filled=list(found))
    name_rows(ax, [_write_name(feature, names, marked) for feature in shown.index])
    for label, feature in zip(ax.get_yticklabels(), shown.index, strict=True):
        label.set_fontweight("bold" if feature in marked else "normal")
    _draw_bands(ax, bands or {})
    n = {side: tell_range(contrasts[f"n_{side}"]) for side in ("high", "low")}
    ax.set_xlabel(f"d (95 % CI)\n{name_sides(labels, n=n)}")
    lost = len(contrasts) - len(shown)
    missing = f" {lost} could not be estimated." if lost else ""
    pointed = " Bold with a pointer: named in advance." if shown.index.isin(list(marked)).any() else ""
    return tell(
        ax,
        f"{what}: adjusted standardised difference d, {strip_n(labels['high'])} (n = {n['high']}) minus "
        f"{strip_n(labels['low'])} (n = {n['low']}); lines are 95 % confidence intervals. Filled marks: q < {Q_SHOWN:g} "
        f"({int(found.sum())} of {len(shown)}).{pointed}{missing}",
    )


def _draw_bands(ax: Axes, bands: Mapping[str, tuple[float, float]]) -> None:
    handles = []
    for name, (low, high) in bands.items():
        for sign in (1, -1):
            if low == high:
                line = ax.axvline(sign * low, color=DECLARED, ls=":", lw=1.2, zorder=0, label=name)
            else:
                line = ax.axvspan(sign * low, sign * high, color=FAINT, lw=0, zorder=-1, label=name)
        handles.append(line)
    key(ax, ncols=1, handles=handles)


def _write_name(feature: str, names: pd.Series | None, marked: Sequence[str]) -> str:
    short = shorten(feature if names is None else names.get(feature, feature), 26 if marked else 28)
    return f"{POINTER}{short}" if feature in marked else short


def key_of(colour: str, marker: str, label: str, *, filled: bool = True) -> Line2D:
    """Return an entry of a legend that is drawn by hand."""
    return Line2D([], [], color=colour, marker=marker, ls="", mfc=colour if filled else "white", label=label)


def separate(ax: Axes, kinds: Sequence[object]) -> None:
    """Draw a thin line wherever the kind of row changes."""
    for row, (before, after) in enumerate(pairwise(kinds)):
        if before != after:
            ax.axhline(row + 0.5, color=FAINT, lw=0.8, zorder=0)
