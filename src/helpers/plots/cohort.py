"""Figures of the cohort: who stayed, who has which data, and what these people could show."""

from __future__ import annotations

import textwrap

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.text import Text

from helpers.plots.style import ACCENT, COLOURS, NEUTRAL, WIDTH_IN, require_rows
from helpers.table1 import Combinations
from helpers.wording import hide_small

FAINT = "#a6a6a6"
BOX = {"boxstyle": "round,pad=0.45", "facecolor": "white", "edgecolor": NEUTRAL, "linewidth": 1.2}
ARROW = {"arrowstyle": "-|>", "color": NEUTRAL, "linewidth": 1.2, "shrinkA": 0, "shrinkB": 0}
ARROWS = (
    ("recruited", "in a group"),
    ("in a group", "high"),
    ("in a group", "low"),
    ("high", "adjusted"),
    ("low", "adjusted"),
    ("adjusted", "complete"),
)
BOX_TOP, STEP = 0.94, 0.215


def plot_flow(flow: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw who was left out between the participants table and the groups.

    Parameters
    ----------
    flow : pandas.DataFrame
        From ``helpers.table1.count_flow``.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    lost = {part: flow[flow["part"] == part] for part in ("left out", "not adjusted")}
    if ax is None:
        n_lines = sum(max(len(rows) - 3, 0) for rows in lost.values())
        ax = plt.subplots(figsize=(WIDTH_IN, 5.2 + 0.15 * n_lines))[1]
    ax.set_axis_off()
    ax.set(xlim=(0, 1), ylim=(0, 1.02))
    rows = [BOX_TOP - i * STEP for i in range(5)]
    places = {
        part: (0.28, rows[i]) for part, i in {"recruited": 0, "in a group": 1, "adjusted": 3, "complete": 4}.items()
    }
    places |= {"high": (0.11, rows[2]), "low": (0.45, rows[2])}
    boxes = {part: _draw_box(ax, flow[flow["part"] == part].iloc[0], part, place) for part, place in places.items()}
    for start, end in ARROWS:
        _connect(ax, boxes[start], boxes[end])
    _draw_aside(ax, (rows[0] + rows[1]) / 2, _list_lost(lost["left out"], "In neither group"))
    _draw_aside(
        ax, rows[3], _list_lost(lost["not adjusted"], "Left out of adjusted contrasts"), start=boxes["adjusted"]
    )
    return ax


def plot_modalities(modalities: pd.DataFrame, *, labels: dict[str, str], ax: Axes | None = None) -> Axes:
    """Draw how many people of each group have each kind of data.

    Parameters
    ----------
    modalities : pandas.DataFrame
        From ``helpers.table1.count_modalities``; a count shown as ``<5`` is
        written, without a bar.
    labels : dict
        How to call ``high`` and ``low``.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    if ax is None:
        ax = plt.subplots(figsize=(WIDTH_IN, 1.3 + 0.5 * len(modalities)))[1]
    rows = np.arange(len(modalities))
    for side, shift, hatch in (("high", -0.2, None), ("low", 0.2, "///")):
        n = pd.to_numeric(modalities[f"n_{side}"], errors="coerce").fillna(0)
        ax.barh(
            rows + shift,
            n,
            height=0.38,
            facecolor=COLOURS[side],
            hatch=hatch,
            edgecolor="white",
            label=labels[side],
        )
        for row, (text, length) in enumerate(zip(modalities[f"n_{side}"], n, strict=True)):
            ax.annotate(
                text,
                (length, row + shift),
                xytext=(3, 0),
                textcoords="offset points",
                va="center",
                fontsize=9,
            )
    ax.set_yticks(rows, [_wrap(name, 24) for name in modalities.index])
    ax.set_ylim(len(modalities) - 0.5, -0.5)
    ax.set_xlabel("Participants")
    ax.tick_params(axis="y", length=0)
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2)
    return ax


def plot_combinations(combinations: Combinations, *, ax: Axes | None = None) -> Axes:
    """Draw which kinds of data people have together: an UpSet plot.

    Parameters
    ----------
    combinations : Combinations
        From ``helpers.table1.count_combinations``; a count shown as ``<5`` or ``hidden`` is written, without a bar.
    ax : matplotlib.axes.Axes, optional
        For the bars; the dots hang below it.

    Returns
    -------
    matplotlib.axes.Axes
        The axes of the bars. Below each bar, filled and joined dots are the kinds of data it stands for.
    """
    table, kinds = combinations.table, list(combinations.sizes.index)
    if ax is None:
        ax = plt.subplots(figsize=(WIDTH_IN, 2.4 + 0.42 * len(kinds)))[1]
    places = np.arange(len(table))
    n = pd.to_numeric(table["n"], errors="coerce").fillna(0)
    ax.bar(places, n, width=0.6, color=ACCENT)
    for place, text, height in zip(places, table["n"], n, strict=True):
        ax.annotate(text, (place, height), xytext=(0, 3), textcoords="offset points", ha="center", fontsize=9)
    ax.set(ylabel="Participants", xlim=(-0.6, len(table) - 0.4), xticks=[])
    ax.set_title(f"{combinations.n_people} people in a group, by the kinds of data they have", loc="left", pad=14)
    dots = ax.inset_axes((0, -0.05 - 0.17 * len(kinds), 1, 0.17 * len(kinds)), sharex=ax)
    for place, has in zip(places, table[kinds].to_numpy(bool), strict=True):
        rows = np.arange(len(kinds))
        dots.plot(np.full(has.sum(), place), rows[has], "o-", ms=9, color="black", lw=2, zorder=2)
        dots.plot(np.full((~has).sum(), place), rows[~has], "o", ms=9, mfc="white", mec=FAINT, zorder=3)
    dots.set_yticks(range(len(kinds)), [f"{kind}\n({_tell(size)})" for kind, size in combinations.sizes.items()])
    dots.set_ylim(len(kinds) - 0.5, -0.5)
    dots.tick_params(length=0, labelbottom=False)
    dots.spines[:].set_visible(False)
    return ax


def plot_detectable(detectable: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the smallest difference that each block can show, alone and among all its features.

    Parameters
    ----------
    detectable : pandas.DataFrame
        From ``helpers.table1.list_detectable``.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    require_rows(detectable, "of the blocks has enough people of both groups")
    if ax is None:
        ax = plt.subplots(figsize=(WIDTH_IN, 1.5 + 0.45 * len(detectable)))[1]
    rows = np.arange(len(detectable))
    ax.hlines(rows, detectable["d_one"], detectable["d_all"], color=FAINT, lw=2, zorder=1)
    ax.plot(detectable["d_one"], rows, "o", ms=6, color=ACCENT, label="one test declared in advance", zorder=3)
    ax.plot(detectable["d_all"], rows, "D", ms=9, mfc="white", mec=NEUTRAL, mew=1.6, label="each of all features")
    names = [
        f"{_wrap(row.Index, 24)}\n(n={hide_small(row.n_high)}+{hide_small(row.n_low)}, {row.n_features:,} test{'s' * (row.n_features > 1)})"
        for row in detectable.itertuples()
    ]
    ax.set_yticks(rows, names)
    ax.set(xlim=(0, None), ylim=(len(rows) - 0.5, -0.5))
    ax.set_xlabel("True difference d found with 80 % power")
    ax.tick_params(axis="y", length=0)
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, columnspacing=1)
    return ax


def _wrap(text: object, width: int) -> str:
    return "\n".join(textwrap.wrap(str(text), width))


def _tell(size: str) -> str:
    return "nearly all" if size == "hidden" else f"n={size}"


def _draw_box(ax: Axes, row: pd.Series, part: str, place: tuple[float, float]) -> Text:
    edge = {"edgecolor": COLOURS[part], "linewidth": 2.2} if part in COLOURS else {}
    text = f"{_wrap(row.name, 26 if place[0] == 0.28 else 18)}\nn = {row['n']}"
    return ax.text(*place, text, ha="center", va="center", fontsize=9.5, bbox={**BOX, **edge}, zorder=3)


def _connect(ax: Axes, start: Text, end: Text) -> None:
    patches = {"patchA": start.get_bbox_patch(), "patchB": end.get_bbox_patch()}
    props = {**ARROW, **patches}
    ax.annotate("", xy=end.get_position(), xytext=start.get_position(), arrowprops=props, zorder=4)


def _draw_aside(ax: Axes, height: float, text: str, *, start: Text | None = None) -> None:
    """Write who is lost to the right, with an arrow from the middle line or from a box."""
    aside = ax.text(0.6, height, text, ha="left", va="center", fontsize=9.5, bbox=BOX)
    patches = {"patchB": aside.get_bbox_patch()} | ({"patchA": start.get_bbox_patch()} if start else {})
    ax.annotate("", xy=(0.62, height), xytext=(0.28, height), arrowprops={**ARROW, **patches}, zorder=2)


def _list_lost(lost: pd.DataFrame, heading: str) -> str:
    if lost.empty:
        return f"{heading}:\nn = 0"
    lines = [
        _wrap(f"{why}: n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{n}", 28)
        for why, n in zip(lost.index, lost["n"], strict=True)
    ]
    return "\n".join([_wrap(f"{heading}:", 28), *lines])
