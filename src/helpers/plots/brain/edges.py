"""Figures of edges: glass brains of the strongest and of a component, the null of the largest t."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from nilearn import plotting

from helpers.brain.connectivity import EDGE_SEPARATOR
from helpers.brain.nbs import NbsResult
from helpers.permutation import MaxTResult
from helpers.plots.brain.null import add_legend, draw_null
from helpers.plots.style import COLOURS, NEUTRAL, WIDTH_IN
from helpers.problems import count
from helpers.wording import hide_small

ALPHA = 0.05


def plot_connectome(edges: pd.DataFrame, nodes: pd.DataFrame, *, n_edges: int, labels: Mapping[str, str]) -> Figure:
    """Draw the strongest edges in a glass brain: those higher in one group above, those lower below.

    Parameters
    ----------
    edges : pandas.DataFrame
        Index ``<node>--<node>``; columns ``t``, ``n_high``, ``n_low``.
    nodes : pandas.DataFrame
        Index ``node``; ``x``, ``y``, ``z`` in mm (MNI).
    n_edges : int
        How many edges to draw, the largest absolute t first. They are the extremes, not a test.
    labels : mapping
        ``high`` and ``low``: what the groups are called.

    Returns
    -------
    matplotlib.figure.Figure
    """
    strongest = edges.loc[edges["t"].abs().sort_values(ascending=False, kind="stable").index].dropna(subset=["t"])
    strongest = strongest.head(n_edges)
    figure, axes = plt.subplots(2, 1, figsize=(WIDTH_IN, 6.0))
    figure.subplots_adjust(left=0.01, right=0.99, top=0.86, bottom=0.01, hspace=0.16)
    sides = (("high", "Higher", strongest["t"] > 0), ("low", "Lower", strongest["t"] < 0))
    for ax, (side, word, chosen) in zip(axes, sides, strict=True):
        _draw_side(strongest[chosen], nodes, ax, COLOURS[side], strongest["t"].abs().max())
        ax.set_title(f"{word} in {labels['high']}: {count(int(chosen.sum()), 'edge')}", loc="left", pad=4)
    n_high, n_low = int(edges["n_high"].max()), int(edges["n_low"].max())
    figure.suptitle(
        f"Strongest {len(strongest)} of {len(edges):,} edges by |t|\n"
        f"{labels['high']} (n={hide_small(int(n_high))}) v {labels['low']} (n={hide_small(int(n_low))})",
        x=0.01,
        ha="left",
        fontsize=11,
    )
    return figure


def plot_component(
    nbs: NbsResult, nodes: pd.DataFrame, *, component: int | None = None, labels: Mapping[str, str]
) -> Figure:
    """Draw one connected component of the network-based statistic in a glass brain, its edges by their direction.

    Parameters
    ----------
    nbs : helpers.brain.NbsResult
    nodes : pandas.DataFrame
        Index ``node``; ``x``, ``y``, ``z`` in mm (MNI).
    component : int, optional
        As numbered in ``nbs.components``; by default the one that chance explains least.
    labels : mapping
        ``high`` and ``low``: what the groups are called.

    Returns
    -------
    matplotlib.figure.Figure
        When there is no such component, the figure says so.
    """
    figure, axes = plt.subplots(2, 1, figsize=(WIDTH_IN, 6.0))
    figure.subplots_adjust(left=0.01, right=0.99, top=0.86, bottom=0.01, hspace=0.16)
    if component is None and len(nbs.components):
        component = int(nbs.components["p_extent_all"].idxmin())
    if component not in nbs.components.index:
        axes[1].set_axis_off()
        axes[0].set_axis_off()
        axes[0].text(0.5, 0.5, "no connected edges above the thresholds", ha="center", transform=axes[0].transAxes)
        return figure
    row = nbs.components.loc[component]
    edges = nbs.list_edges(component).to_frame("t")
    for ax, (side, word, sign) in zip(axes, (("high", "Higher", 1), ("low", "Lower", -1)), strict=True):
        chosen = edges[edges["t"] * sign > 0]
        _draw_side(chosen, nodes, ax, COLOURS[side], edges["t"].abs().max())
        ax.set_title(f"{word} in {labels['high']}: {count(len(chosen), 'edge')}", loc="left", pad=4)
    figure.suptitle(
        f"Component {component}: {count(int(row['n_edges']), 'edge')} with |t| above {row['threshold_t']:g}, "
        f"{int(row['n_nodes'])} nodes\np = {row['p_extent_all']:.2g} over the brain and all thresholds, n={nbs.n_participants}",
        x=0.01,
        ha="left",
        fontsize=11,
    )
    return figure


def plot_null(result: MaxTResult, *, alpha: float = ALPHA, ax: Axes | None = None) -> Axes:
    """Draw the largest absolute t of every shuffle, and the largest of the real labels.

    Parameters
    ----------
    result : helpers.permutation.MaxTResult
    alpha : float, default 0.05
        Level of the dashed threshold.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    observed, threshold = result.observed_max_t, result.find_threshold(alpha)
    ax = draw_null(
        result.null_max_t,
        observed,
        label=f"real labels: {observed:.2f}",
        xlabel=f"largest |t| over {result.n_features:,} features",
        title=f"What chance does to the largest |t|, n={result.n_participants}",
        ax=ax,
    )
    if np.isfinite(threshold):
        ax.axvline(threshold, color="black", linestyle="--", label=f"threshold, {alpha:.0%}: {threshold:.2f}")
    return add_legend(ax)


def _draw_side(edges: pd.DataFrame, nodes: pd.DataFrame, ax: Axes, colour: str, strongest: float) -> None:
    ends = [name.split(EDGE_SEPARATOR) for name in edges.index]
    used = sorted({node for pair in ends for node in pair})
    place = {node: i for i, node in enumerate(used)}
    matrix = np.zeros((len(used), len(used)))
    for (first, second), t in zip(ends, edges["t"].abs(), strict=True):
        matrix[place[first], place[second]] = matrix[place[second], place[first]] = t
    if not used:
        ax.set_axis_off()
        ax.text(0.5, 0.5, "none", ha="center", va="center", transform=ax.transAxes)
        return
    plotting.plot_connectome(
        matrix,
        nodes.loc[used, ["x", "y", "z"]].to_numpy(float),
        node_color=NEUTRAL,
        node_size=14,
        edge_cmap=plt.matplotlib.colors.ListedColormap([colour]),
        edge_vmin=0,
        edge_vmax=strongest,
        edge_kwargs={"linewidth": 1.6},
        axes=ax,
        colorbar=False,
        annotate=True,
    )
