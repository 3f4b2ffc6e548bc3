"""Figures of edges: glass brains of the strongest and of a component, the null of the largest t."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from nilearn import plotting

from helpers.brain.connectivity import EDGE_SEPARATOR
from helpers.brain.names import name_edge
from helpers.brain.nbs import NbsResult
from helpers.permutation import MaxTResult
from helpers.plots.nulls import add_key, draw_null
from helpers.plots.palette import COLOURS, EVERYONE
from helpers.plots.style import WIDTH_IN, require_rows, strip_n, tell
from helpers.problems import TooLittle, count
from helpers.wording import hide_small

ALPHA = 0.05
BRAIN_IN, TITLE_IN = 2.05, 0.25
NAMED = 3


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
    order = edges["t"].abs().sort_values(ascending=False, kind="stable").index
    strongest = edges.loc[order].dropna(subset=["t"]).head(n_edges)
    require_rows(strongest, "of the edges could be compared")
    figure = _draw_sides(strongest["t"], nodes, labels)
    n = " v ".join(hide_small(int(edges[f"n_{side}"].max())) for side in COLOURS)
    return tell(
        figure,
        f"The {len(strongest)} strongest of {len(edges):,} edges by |t|, adjusted (n = {n}): extremes, not a test. "
        f"{_count_sides(strongest['t'], labels)}. Strongest: {_name_strongest(strongest['t'], nodes)}.",
    )


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

    Raises
    ------
    TooLittle
        There is no such component.
    """
    if component is None and len(nbs.components):
        component = int(nbs.components["p_extent_all"].idxmin())
    if component not in nbs.components.index:
        raise TooLittle("No connected edges lie above the thresholds, so there is nothing to draw.")
    row, edges = nbs.components.loc[component], nbs.list_edges(component)
    figure = _draw_sides(edges, nodes, labels)
    return tell(
        figure,
        f"The component that chance explains least: {count(int(row['n_edges']), 'edge')} with |t| above {row['threshold_t']:g} between "
        f"{int(row['n_nodes'])} nodes; network-based statistic, p = {row['p_extent_all']:.2g} over the brain and all thresholds, "
        f"n = {nbs.n_participants}. {_count_sides(edges, labels)}. Strongest: {_name_strongest(edges, nodes)}.",
    )


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
        result.null_max_t, observed, label=f"real labels: {observed:.2f}", xlabel="Largest |t|", threshold=threshold,
        told=f"threshold, {100 * alpha:g} %: {threshold:.2f}", ax=ax,
    )  # fmt: skip
    add_key(ax)
    return tell(
        ax,
        f"The largest |t| over {result.n_features:,} features in each of {len(result.null_max_t):,} permutations of the groups, and that of the real "
        f"labels (n = {result.n_participants}). Features beyond the dashed line have a p below {alpha:g}, corrected for all of them.",
    )


def _draw_sides(t: pd.Series, nodes: pd.DataFrame, labels: Mapping[str, str]) -> Figure:
    """Draw the edges of each side in glass brains of their own; a side without edges has none."""
    sides = [(side, word, t[t * sign > 0]) for side, word, sign in (("high", "Higher", 1), ("low", "Lower", -1))]
    sides = [(side, word, own) for side, word, own in sides if len(own)] or [("high", "Equal", t)]
    height = (BRAIN_IN + TITLE_IN) * len(sides)
    figure = plt.figure(figsize=(WIDTH_IN, height))
    for row, (side, word, own) in enumerate(reversed(sides)):
        ax = figure.add_axes((0, row / len(sides), 0.96, BRAIN_IN / height))
        figure.text(0.01, (row + 1) / len(sides) - 0.02, f"{word} in {strip_n(labels['high'])}: {count(len(own), 'edge')}", va="top", color=COLOURS[side], fontweight="bold")  # fmt: skip
        _draw_glass(own, nodes, ax, COLOURS[side], t.abs().max())
    return figure


def _count_sides(t: pd.Series, labels: Mapping[str, str]) -> str:
    return f"{int((t > 0).sum())} are higher, {int((t < 0).sum())} lower in {strip_n(labels['high'])}"


def _name_strongest(t: pd.Series, nodes: pd.DataFrame) -> str:
    order = t.abs().sort_values(ascending=False, kind="stable").index[:NAMED]
    return "; ".join(f"{name_edge(edge, nodes)} (t = {t[edge]:.1f})".replace("-", "−") for edge in order)


def _draw_glass(t: pd.Series, nodes: pd.DataFrame, ax: Axes, colour: str, strongest: float) -> None:
    ends = [name.split(EDGE_SEPARATOR) for name in t.index]
    used = sorted({node for pair in ends for node in pair})
    place = {node: i for i, node in enumerate(used)}
    matrix = np.zeros((len(used), len(used)))
    for (first, second), size in zip(ends, t.abs(), strict=True):
        matrix[place[first], place[second]] = matrix[place[second], place[first]] = size
    plotting.plot_connectome(
        matrix,
        nodes.loc[used, ["x", "y", "z"]].to_numpy(float),
        node_color=EVERYONE,
        node_size=14,
        edge_cmap=ListedColormap([colour]),
        edge_vmin=0,
        edge_vmax=strongest or 1,
        edge_kwargs={"linewidth": 1.6},
        axes=ax,
        colorbar=False,
        annotate=False,
    )
