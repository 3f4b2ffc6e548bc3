"""Single taxa: the strongest effects, the volcano, who finds what, and where in the tree effects lie."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from helpers.contrasts import Q_SHOWN
from helpers.microbiome.consensus import METHOD_LABELS, Consensus
from helpers.plots.intervals import plot_forest, start
from helpers.plots.palette import COLOURS, EVERYONE, FAINT, MARKERS, SIDES
from helpers.plots.style import name_sides, shorten, strip_n, tell


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
    what = f"The {len(shown)} strongest of {len(contrasts):,} genera, by p"
    return plot_forest(shown, labels=labels, what=what, ax=ax)


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
    ax = start(ax, 1.1 * len(shown), above=1.5)
    for column, method in enumerate(METHOD_LABELS):
        rows = result.methods[result.methods["method"] == method].reindex(shown.index)
        for row, (_, effect) in enumerate(rows.iterrows()):
            if pd.isna(effect["p"]):
                ax.plot(column, row, "x", color=EVERYONE, ms=5)
                continue
            side = "high" if effect["estimate"] > 0 else "low"
            size = 30 + 35 * min(-np.log10(max(effect["p"], 1e-6)), 6)
            fill = COLOURS[side] if effect["q"] < Q_SHOWN else "none"
            ax.scatter(column, row, s=size, marker=MARKERS[side], facecolor=fill, edgecolor=COLOURS[side], lw=1.3)
    names = [f"{'★ ' if agreed else ''}{shorten(name, 22)}" for name, agreed in shown["is_consensus"].items()]
    ax.set_yticks(range(len(shown)), names)
    called = [label.replace(" (", "\n(").replace(", ", ",\n") for label in METHOD_LABELS.values()]
    ax.set_xticks(range(len(METHOD_LABELS)), called, rotation=45, ha="right", rotation_mode="anchor")
    ax.tick_params(length=0)
    ax.set(xlim=(-0.6, len(METHOD_LABELS) - 0.4), ylim=(len(shown) - 0.4, -0.6))
    return tell(
        ax,
        f"What {len(METHOD_LABELS)} methods say of {len(shown)} of {len(result.table):,} genera, most agreed first. Blue circles: higher in "
        f"{strip_n(labels['high'])}; orange squares: higher in {strip_n(labels['low'])}; larger: smaller p; filled: q < {Q_SHOWN:g}; cross: not tested. "
        f"Stars: genera of the consensus ({int(result.table['is_consensus'].sum()) or 'none'}).",
    )


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
    deepest = tree["x"].max()
    ax = start(ax, int((tree["x"] == deepest).sum()), above=0.9)
    limit = max(tree["d"].abs().max(), 0.1)
    for node in tree[tree["parent"] >= 0].itertuples():
        above = tree.loc[node.parent]
        bend = [above["x"], above["x"] + 0.25, above["x"] + 0.25, node.x]
        ax.plot(bend, [above["y"], above["y"], node.y, node.y], color=FAINT, lw=1, zorder=1)
    dots = ax.scatter(
        tree["x"], tree["y"], s=20 + 12 * np.sqrt(tree["n_genera"]), c=tree["d"], cmap=SIDES, vmin=-limit, vmax=limit,
        edgecolor=EVERYONE, lw=0.7, zorder=2,
    )  # fmt: skip
    for node in tree.itertuples():
        if node.x == deepest:
            d = f"{node.d:+.2f}".replace("-0.00", "0.00").replace("+0.00", "0.00").replace("-", "−")
            ax.text(node.x + 0.15, node.y, f"{shorten(node.name, 19)} ({node.n_genera}) {d}", va="center")
        elif node.x == 1:
            ax.text(node.x - 0.6, node.y - 0.15, shorten(node.name, 14), va="bottom", color=EVERYONE)
    ax.set(xlim=(-0.2, deepest + 2.9), ylim=(tree["y"].max() + 0.8, -1.2))
    ax.set_axis_off()
    bar = ax.figure.colorbar(dots, ax=ax, orientation="horizontal", shrink=0.7, aspect=30, pad=0.02)
    bar.set_label(f"Mean d\n{name_sides(labels)}")
    return tell(
        ax,
        f"Mean of d over the {int(tree['n_genera'].iloc[0])} genera of each branch of the tree of names, {strip_n(labels['high'])} minus "
        f"{strip_n(labels['low'])}; the area of a dot goes with the number of genera, in brackets for families. Not tested.",
    )
