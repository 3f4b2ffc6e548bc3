"""Figures of the cohort: who stayed, and who has which data."""

from __future__ import annotations

import textwrap

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.text import Text

from helpers.plots.style import COLOURS, NEUTRAL, WIDTH_IN

BOX = {"boxstyle": "round,pad=0.45", "facecolor": "white", "edgecolor": NEUTRAL, "linewidth": 1.2}
ARROW = {"arrowstyle": "-|>", "color": NEUTRAL, "linewidth": 1.2, "shrinkA": 0, "shrinkB": 0}
ARROWS = (
    ("recruited", "in a group"),
    ("in a group", "high"),
    ("in a group", "low"),
    ("high", "adjusted"),
    ("low", "adjusted"),
)
BOX_TOP, STEP = 0.92, 0.27


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
    lost = flow[flow["part"] == "left out"]
    if ax is None:
        ax = plt.subplots(figsize=(WIDTH_IN, 4.2 + 0.15 * max(len(lost) - 3, 0)))[1]
    ax.set_axis_off()
    ax.set(xlim=(0, 1), ylim=(0, 1.02))
    rows = [BOX_TOP - i * STEP for i in range(4)]
    places = {"recruited": (0.28, rows[0]), "in a group": (0.28, rows[1]), "adjusted": (0.28, rows[3])}
    places |= {"high": (0.11, rows[2]), "low": (0.45, rows[2])}
    boxes = {part: _draw_box(ax, flow[flow["part"] == part].iloc[0], part, place) for part, place in places.items()}
    for start, end in ARROWS:
        _connect(ax, boxes[start], boxes[end])
    middle = (rows[0] + rows[1]) / 2
    aside = ax.text(0.58, middle, _list_lost(lost), ha="left", va="center", fontsize=9.5, bbox=BOX)
    props = {**ARROW, "patchB": aside.get_bbox_patch()}
    ax.annotate("", xy=(0.6, middle), xytext=(0.28, middle), arrowprops=props, zorder=4)
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
        n = pd.to_numeric(modalities[side], errors="coerce").fillna(0)
        ax.barh(
            rows + shift,
            n,
            height=0.38,
            facecolor=COLOURS[side],
            hatch=hatch,
            edgecolor="white",
            label=labels[side],
        )
        for row, (text, length) in enumerate(zip(modalities[side], n, strict=True)):
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


def _wrap(text: object, width: int) -> str:
    return "\n".join(textwrap.wrap(str(text), width))


def _draw_box(ax: Axes, row: pd.Series, part: str, place: tuple[float, float]) -> Text:
    edge = {"edgecolor": COLOURS[part], "linewidth": 2.2} if part in COLOURS else {}
    text = f"{_wrap(row.name, 26 if place[0] == 0.28 else 18)}\nn = {row['n']}"
    return ax.text(*place, text, ha="center", va="center", fontsize=9.5, bbox={**BOX, **edge}, zorder=3)


def _connect(ax: Axes, start: Text, end: Text) -> None:
    patches = {"patchA": start.get_bbox_patch(), "patchB": end.get_bbox_patch()}
    props = {**ARROW, **patches}
    ax.annotate("", xy=end.get_position(), xytext=start.get_position(), arrowprops=props, zorder=4)


def _list_lost(lost: pd.DataFrame) -> str:
    if lost.empty:
        return "In neither group:\nn = 0"
    lines = [
        _wrap(f"{why}: n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{n}", 28)
        for why, n in zip(lost.index, lost["n"], strict=True)
    ]
    return "\n".join(["In neither group:", *lines])
