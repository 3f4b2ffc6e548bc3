"""Single taxa: the strongest effects, the volcano, who finds what, and where in the tree effects lie."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from helpers.contrasts import Q_SHOWN
from helpers.microbiome.consensus import METHOD_LABELS, Consensus
from helpers.plots.forest import plot_forest
from helpers.plots.style import COLOURS, DIVERGING, MARKERS, NEUTRAL, WIDTH_IN, require_rows, shorten

NAMED_PER_SIDE = 2
ROW_IN = 0.24


def plot_taxa(contrasts: pd.DataFrame, *, labels: Mapping[str, str], n_top: int = 15, ax: Axes | None = None) -> Axes:
    """Draw the strongest adjusted differences between genera, with their intervals.

    Parameters
    ----------
    contrasts : pandas.DataFrame
        From :func:`helpers.microbiome.compare_taxa`, strongest first.
    labels : mapping
        ``high`` and ``low``: what the groups are called.
    n_top : int, default 15
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    shown = contrasts.head(n_top)
    title = f"{len(shown)} strongest of {len(contrasts):,} genera"
    return plot_forest(shown, labels=labels, title=title, ax=ax)


def plot_volcano(contrasts: pd.DataFrame, *, labels: Mapping[str, str], ax: Axes | None = None) -> Axes:
    """Draw the effect of each genus against its p, and the p at which q reaches 0.05, if any does.

    Parameters
    ----------
    contrasts : pandas.DataFrame
        From :func:`helpers.microbiome.compare_taxa`.
    labels : mapping
        ``high`` and ``low``: what the groups are called.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
        Circles: higher in the high group; squares: lower. Filled: q below 0.05. The two of smallest p on
        each side are named.
    """
    shown = contrasts.dropna(subset=["estimate", "p"])
    require_rows(shown)
    if ax is None:
        _, ax = plt.subplots(figsize=(WIDTH_IN, 4.2), layout="constrained")
    height = -np.log10(shown["p"].clip(lower=np.finfo(float).tiny))  # a p of 0 has underflowed
    found = shown["q"] < Q_SHOWN
    for side, is_side in (("high", shown["estimate"] > 0), ("low", shown["estimate"] <= 0)):
        for filled, chosen in ((True, is_side & found), (False, is_side & ~found)):
            ax.scatter(
                shown.loc[chosen, "estimate"],
                height[chosen],
                s=26,
                marker=MARKERS[side],
                facecolor=COLOURS[side] if filled else "none",
                edgecolor=COLOURS[side],
                lw=0.9,
            )
    for is_side in (shown["estimate"] > 0, shown["estimate"] <= 0):
        for place, name in enumerate(height[is_side].nlargest(NAMED_PER_SIDE).index):
            _name_point(ax, name, shown.loc[name, "estimate"], height[name], place)
    if found.any():
        ax.axhline(height[found].min(), color=NEUTRAL, lw=1, ls=":")
    ax.axvline(0, color=NEUTRAL, lw=0.6, zorder=0)
    widest = 1.25 * shown["estimate"].abs().max() or 1
    ax.set(xlim=(-widest, widest), ylim=(0, 1.12 * height.max() or 1), ylabel="−log10 p")
    high, low = (labels[side].split(" (n=")[0] for side in ("high", "low"))
    ax.set_xlabel(f"Adjusted difference (natural log units)\n← higher in {low}  ·  higher in {high} →", fontsize=9)
    n_found = int(found.sum())
    ax.set_title(f"{len(shown):,} genera; filled, with q < {Q_SHOWN:g}: {n_found or 'none'}", loc="left")
    return ax


def plot_consensus(result: Consensus, *, labels: Mapping[str, str], n_top: int = 12, ax: Axes | None = None) -> Axes:
    """Draw what each method says of each genus: side by shape and colour, size of p by area, q below 0.05 filled.

    Parameters
    ----------
    result : Consensus
    labels : mapping
        ``high`` and ``low``: what the groups are called.
    n_top : int, default 12
        Genera, most agreed first.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
        A cross where a method could not test a genus; ``★`` before the name of a genus of the consensus.
    """
    shown = result.table.head(n_top)
    if ax is None:
        _, ax = plt.subplots(figsize=(WIDTH_IN, 2.4 + 1.2 * ROW_IN * len(shown)), layout="constrained")
    for column, method in enumerate(METHOD_LABELS):
        rows = result.methods[result.methods["method"] == method].reindex(shown.index)
        for row, (_, effect) in enumerate(rows.iterrows()):
            if pd.isna(effect["p"]):
                ax.plot(column, row, "x", color=NEUTRAL, ms=5)
                continue
            side = "high" if effect["estimate"] > 0 else "low"
            size = 30 + 45 * min(-np.log10(max(effect["p"], 1e-6)), 6)
            fill = COLOURS[side] if effect["q"] < Q_SHOWN else "none"
            ax.scatter(column, row, s=size, marker=MARKERS[side], facecolor=fill, edgecolor=COLOURS[side], lw=1.3)
    names = [f"{'★ ' if agreed else ''}{shorten(name, 22)}" for name, agreed in shown["is_consensus"].items()]
    ax.set_yticks(range(len(shown)), names)
    ax.set_xticks(
        range(len(METHOD_LABELS)), [label.replace(" (", "\n(").replace(", ", ",\n") for label in METHOD_LABELS.values()]
    )
    ax.tick_params(axis="x", labelsize=8, labelrotation=45)
    ax.set(xlim=(-0.6, len(METHOD_LABELS) - 0.4), ylim=(len(shown) - 0.4, -0.6))
    high, low = (labels[side].split(" (n=")[0] for side in ("high", "low"))
    ax.set_title(f"{len(shown)} of {len(result.table):,} genera", loc="left")
    key = (
        f"circle: higher in {high}; square: higher in {low}\nlarger: smaller p; filled: q < {Q_SHOWN:g}; ×: not tested"
    )
    ax.figure.supxlabel(key, fontsize=9)
    return ax


def plot_effect_tree(tree: pd.DataFrame, *, labels: Mapping[str, str], ax: Axes | None = None) -> Axes:
    """Draw mean effects on the tree of names, from the root on the left to families on the right.

    Parameters
    ----------
    tree : pandas.DataFrame
        From :func:`helpers.microbiome.map_effects_to_tree`.
    labels : mapping
        ``high`` and ``low``: what the groups are called.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
        Colour: mean d; area: number of genera. The mean is written beside each leaf.
    """
    n_leaves = int((tree["x"] == tree["x"].max()).sum())
    if ax is None:
        _, ax = plt.subplots(figsize=(WIDTH_IN, 1.9 + ROW_IN * n_leaves), layout="constrained")
    limit = max(tree["d"].abs().max(), 0.1)
    for node in tree.itertuples():
        if node.parent >= 0:
            above = tree.loc[node.parent]
            bend = [above["x"], above["x"] + 0.25, above["x"] + 0.25, node.x]
            ax.plot(bend, [above["y"], above["y"], node.y, node.y], color="#BBBBBB", lw=1, zorder=1)
    dots = ax.scatter(
        tree["x"],
        tree["y"],
        s=20 + 14 * np.sqrt(tree["n_genera"]),
        c=tree["d"],
        cmap=DIVERGING,
        vmin=-limit,
        vmax=limit,
        edgecolor="#333333",
        lw=0.7,
        zorder=2,
    )
    deepest = tree["x"].max()
    for node in tree.itertuples():
        if node.x == deepest:
            ax.text(
                node.x + 0.12,
                node.y,
                f"{shorten(node.name, 20)} ({node.n_genera}) {node.d:+.2f}".replace("-0.00", "0.00")
                .replace("+0.00", "0.00")
                .replace("-", "−"),
                va="center",
                fontsize=8,
            )
        elif node.x == 1:
            ax.text(node.x - 0.08, node.y - 0.5, shorten(node.name, 16), fontsize=7, ha="center", color=NEUTRAL)
    ax.set(xlim=(-0.2, deepest + 1.7), ylim=(tree["y"].max() + 0.8, -1.2))
    ax.set_axis_off()
    high, low = (labels[side].split(" (n=")[0] for side in ("high", "low"))
    bar = ax.figure.colorbar(dots, ax=ax, orientation="horizontal", shrink=0.7, aspect=30, pad=0.02)
    bar.set_label(f"Mean d of the genera (number in brackets)\n← higher in {low}  ·  higher in {high} →", fontsize=9)
    return ax


def _name_point(ax: Axes, name: str, x: float, y: float, place: int) -> None:
    """Write a name towards the middle, so that none leaves the axes; names take turns above and below."""
    ax.annotate(
        shorten(name, 18),
        (x, y),
        xytext=(-6 if x > 0 else 6, 6 if place % 2 == 0 else -11),
        textcoords="offset points",
        ha="right" if x > 0 else "left",
        fontsize=8,
    )
