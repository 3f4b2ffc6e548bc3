"""Figures of the cohort: who stayed, who has which data, and what these people could show."""

from __future__ import annotations

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.text import Text

from helpers.plots.intervals import draw_intervals, name_rows, start
from helpers.plots.palette import COLOURS, DECLARED, EVERYONE, FAINT
from helpers.plots.style import WIDTH_IN, key, require_rows, shorten, tell, wrap
from helpers.problems import count
from helpers.table1 import Combinations
from helpers.wording import tell_range

BOX = {"boxstyle": "round,pad=0.35", "facecolor": "white", "edgecolor": EVERYONE, "linewidth": 1.2}
ARROW = {"arrowstyle": "-|>", "color": EVERYONE, "linewidth": 1.2, "shrinkA": 0, "shrinkB": 0}
TRUNK = ("adjusted", "integrated", "complete")


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
    steps = ["recruited", "in a group", "sides", *[part for part in TRUNK if (flow["part"] == part).any()]]
    if ax is None:
        n_lines = sum(max(len(rows) - 2, 0) for rows in lost.values())
        height = 0.72 * len(steps) + 0.2 * n_lines
        ax = plt.subplots(figsize=(WIDTH_IN, height), layout="constrained")[1]
    ax.set_axis_off()
    ax.set(xlim=(0, 1), ylim=(-len(steps) + 0.45, 0.45))
    at = {part: -row for row, part in enumerate(steps)}
    places = {part: (0.28, at[part]) for part in steps if part != "sides"}
    places |= {"high": (0.12, at["sides"]), "low": (0.46, at["sides"])}
    boxes = {part: _draw_box(ax, flow[flow["part"] == part].iloc[0], part, place) for part, place in places.items()}
    trunk = [part for part in TRUNK if part in boxes]
    arrows = [("recruited", "in a group"), *[("in a group", side) for side in COLOURS]]
    arrows += [(side, trunk[0]) for side in COLOURS] + list(pairwise(trunk))
    for first, last in arrows:
        _connect(ax, boxes[first], boxes[last])
    _draw_aside(ax, (at["recruited"] + at["in a group"]) / 2, _list_lost(lost["left out"], "In neither group"))
    _draw_aside(
        ax, at["adjusted"], _list_lost(lost["not adjusted"], "Not in adjusted contrasts"), start=boxes["adjusted"]
    )
    last = flow[flow["part"] == trunk[-1]].iloc[0]
    return tell(
        ax,
        f"From the participants table ({flow['n'].iloc[0]} participants) to the analyses: who is in a group, who has every "
        f"covariate, and of these who has more data ({last['n']} in the last box). At the right: who is left out, and why.",
    )


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
    ax = start(ax, 1.6 * len(modalities))
    counts = modalities[[f"n_{side}" for side in COLOURS]].set_axis(list(COLOURS), axis=1)
    long = counts.melt(var_name="group", value_name="told", ignore_index=False).rename_axis("kind")
    long = long.reset_index()
    long["n"] = pd.to_numeric(long["told"], errors="coerce").fillna(0)
    sns.barplot(long, x="n", y="kind", hue="group", palette=dict(COLOURS), saturation=1, ax=ax, errorbar=None)
    for bars, (side, own) in zip(ax.containers, long.groupby("group", sort=False), strict=True):
        ax.bar_label(bars, labels=list(own["told"]), padding=3)
        bars.set_label(labels[side])
    name_rows(ax, [wrap(shorten(name, 44), 24) for name in modalities.index], zero=None)
    ax.set(xlabel="Participants", ylabel="")
    key(ax, handles=list(ax.containers), labels=[labels[side] for side in COLOURS])
    return tell(
        ax,
        f"Participants of each group with each kind of data, whether or not every covariate is known; the last pair of bars counts those with every kind. "
        f"{len(modalities) - 1} kinds; a number too small to be told is written as a range, without a bar.",
    )


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
    places = np.arange(len(table))
    if ax is None:
        _, (ax, dots) = plt.subplots(
            2, 1, figsize=(WIDTH_IN, 1.9 + 0.42 * len(kinds)), height_ratios=[1.9, 0.42 * len(kinds)],
            layout="constrained", sharex=True,
        )  # fmt: skip
    else:
        dots = ax.inset_axes((0, -0.05 - 0.17 * len(kinds), 1, 0.17 * len(kinds)), sharex=ax)
    n = pd.to_numeric(table["n"], errors="coerce").fillna(0)
    sns.barplot(x=places, y=n.to_numpy(), color=EVERYONE, saturation=1, width=0.6, ax=ax, native_scale=True)
    ax.bar_label(ax.containers[0], labels=list(table["n"]), padding=2)
    ax.set(ylabel="Participants", xlim=(-0.6, len(table) - 0.4))
    ax.margins(y=0.15)
    ax.tick_params(axis="x", length=0, labelbottom=False)
    for place, has in zip(places, table[kinds].to_numpy(bool), strict=True):
        rows = np.arange(len(kinds))
        dots.plot(np.full(has.sum(), place), rows[has], "o-", ms=9, color=EVERYONE, lw=2, zorder=2)
        dots.plot(np.full((~has).sum(), place), rows[~has], "o", ms=9, mfc="white", mec=FAINT, zorder=3)
    name_rows(dots, [f"{kind}\n({_tell(size)})" for kind, size in combinations.sizes.items()], zero=None)
    dots.tick_params(axis="x", length=0, labelbottom=False)
    dots.spines[:].set_visible(False)
    return tell(
        ax,
        f"The {combinations.n_people} participants in a group by the kinds of data that they have together: each bar counts those "
        f"with just the kinds whose dots below it are filled. {len(table)} combinations; in brackets, who has that kind at all.",
    )


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
    ax = start(ax, 2 * len(detectable))
    rows = np.arange(len(detectable))
    ax.hlines(rows, detectable["d_one"], detectable["d_all"], color=FAINT, lw=2, zorder=1)
    draw_intervals(ax, detectable, "d_one", colours=DECLARED, label="one test, declared in advance")
    draw_intervals(ax, detectable, "d_all", markers="D", filled=False, size=8, label="each of all features")
    names = [
        f"{wrap(shorten(row.Index, 44), 24)}\n({count(row.n_features, 'test')})" for row in detectable.itertuples()
    ]
    name_rows(ax, names, zero=None)
    ax.set(xlim=(0, None), xlabel="Detectable d (80 % power)")
    key(ax)
    n = " v ".join(tell_range(detectable[f"n_{side}"]) for side in COLOURS)
    return tell(
        ax,
        f"Smallest true difference d that a two-sided test at 5 % finds with 80 % power, by block (n = {n}): in one test declared in "
        "advance, and in each of all features with the 5 % divided by their number.",
    )


def _tell(size: str) -> str:
    return "nearly all" if size == "hidden" else f"n={size}"


def _draw_box(ax: Axes, row: pd.Series, part: str, place: tuple[float, float]) -> Text:
    edge = {"edgecolor": COLOURS[part], "linewidth": 2.2} if part in COLOURS else {}
    text = f"{wrap(row.name, 28 if place[0] == 0.28 else 16)}\nn = {row['n']}"
    return ax.text(*place, text, ha="center", va="center", bbox={**BOX, **edge}, zorder=3)


def _connect(ax: Axes, start: Text, end: Text) -> None:
    patches = {"patchA": start.get_bbox_patch(), "patchB": end.get_bbox_patch()}
    props = {**ARROW, **patches}
    ax.annotate("", xy=end.get_position(), xytext=start.get_position(), arrowprops=props, zorder=4)


def _draw_aside(ax: Axes, height: float, text: str, *, start: Text | None = None) -> None:
    """Write who is lost to the right, with an arrow from the middle line or from a box."""
    aside = ax.text(0.66, height, text, ha="left", va="center", bbox=BOX)
    patches = {"patchB": aside.get_bbox_patch()} | ({"patchA": start.get_bbox_patch()} if start else {})
    ax.annotate("", xy=(0.655, height), xytext=(0.28, height), arrowprops={**ARROW, **patches}, zorder=2)


def _list_lost(lost: pd.DataFrame, heading: str) -> str:
    if lost.empty:
        return f"{heading}:\nn = 0"
    lines = [
        wrap(f"{why}: n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{n}", 24)
        for why, n in zip(lost.index, lost["n"], strict=True)
    ]
    return "\n".join([wrap(f"{heading}:", 24), *lines])
