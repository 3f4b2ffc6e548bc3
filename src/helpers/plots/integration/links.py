"""Draw links between selected features of different blocks: on a circle, and as a network."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import networkx as nx
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from pycirclize import Circos

from helpers.integration.relations import FeatureLinks
from helpers.plots.palette import COLOURS, SERIES, SERIES_MARKERS, SIGNS
from helpers.plots.style import WIDTH_IN, key, shorten, tell
from helpers.wording import hide_small

STAGGER = 0.06
POSITIVE, NEGATIVE = SIGNS(0.95), SIGNS(0.05)
NAME_SIGNS, CIRCLE_SIGNS = 16, 19


def plot_circos(links: FeatureLinks, *, names: Mapping[str, str] | None = None) -> Axes:
    """Draw selected features on a circle, block by block, with their loadings and links within groups.

    Parameters
    ----------
    links : FeatureLinks
    names : dict, optional
        Feature -> how to call it.

    Returns
    -------
    matplotlib Axes
        Polar.
    """
    sizes = links.features.groupby("block", sort=False).size()
    circos = Circos({block: int(n) for block, n in sizes.items()}, space=8)
    figure = plt.figure(figsize=(WIDTH_IN, WIDTH_IN + 0.7))
    ax = figure.add_axes((0.02, 0.0, 0.93, 0.93 * WIDTH_IN / (WIDTH_IN + 0.7)), projection="polar")
    places, called = {}, dict(names or {})
    for sector, colour in zip(circos.sectors, SERIES, strict=False):
        own = links.features[links.features["block"] == sector.name]
        places |= {feature: (sector.name, i, i + 1) for i, feature in enumerate(own.index)}
        centres = np.arange(len(own)) + 0.5
        track = sector.add_track((32, 36))
        track.axis(fc=colour, ec="none")
        reach = sector.add_track((37, 47))
        reach.bar(
            centres,
            own["loading"].abs().to_numpy(),
            width=0.7,
            vmin=0,
            vmax=float(links.features["loading"].abs().max()),
            color=[COLOURS[side] for side in own["higher_in"]],
        )
        labels = [shorten(called.get(feature, feature), CIRCLE_SIGNS) for feature in own.index]
        reach.xticks(centres, labels, label_orientation="vertical", label_size=10, tick_length=0, label_margin=1)
    for row in links.links.to_dict("records"):
        colour = POSITIVE if row["r_within"] > 0 else NEGATIVE
        start, end = (_narrow(places[row[side]]) for side in ("first", "second"))
        circos.link(start, end, color=colour, alpha=min(1.0, abs(row["r_within"]) + 0.3), lw=0)
    circos.plotfig(ax=ax)
    blocks = [
        Line2D([], [], color=colour, lw=5, label=block) for block, colour in zip(sizes.index, SERIES, strict=False)
    ]
    bars = [Line2D([], [], color=COLOURS[side], lw=5, label=f"higher in {side}") for side in ("high", "low")]
    _add_keys(ax, links, [*blocks, *bars])
    return tell(
        ax, f"{_describe(links)} Bars: size of the loading, coloured by the group in which the feature is higher."
    )


def plot_network(links: FeatureLinks, *, names: Mapping[str, str] | None = None, ax: Axes | None = None) -> Axes:
    """Draw the features that have a link, as a network with a column per block; features without one are counted below.

    Parameters
    ----------
    links : FeatureLinks
    names : dict, optional
        Feature -> how to call it.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    if ax is None:
        n_most = int(links.features.groupby("block").size().max())
        ax = plt.subplots(figsize=(WIDTH_IN, 2.4 + 0.3 * n_most), layout="constrained")[1]
    graph = nx.Graph()
    for row in links.links.to_dict("records"):
        graph.add_edge(row["first"], row["second"], r=row["r_within"])
    ax.set_axis_off()
    ax.margins(x=0.2, y=0.1)
    if graph.number_of_nodes():
        _draw_graph(ax, graph, links, dict(names or {}))
    blocks = [
        Line2D([], [], marker=marker, ls="", ms=8, mfc=colour, mec="white", label=block)
        for block, (marker, colour) in _look_of(links).items()
    ]
    _add_keys(ax, links, blocks)
    lone = len(links.features) - graph.number_of_nodes()
    return tell(ax, f"{_describe(links)} Wider lines are stronger; {lone} features without a link are not drawn.")


def _draw_graph(ax: Axes, graph: nx.Graph, links: FeatureLinks, called: dict[str, str]) -> None:
    block = links.features["block"]
    layout = _lay_out(graph, block)
    strengths = [link["r"] for *_, link in graph.edges(data=True)]
    nx.draw_networkx_edges(
        graph,
        layout,
        ax=ax,
        width=[1 + 4 * abs(r) for r in strengths],
        edge_color=[POSITIVE if r > 0 else NEGATIVE for r in strengths],
        style=["-" if r > 0 else "--" for r in strengths],
        alpha=0.8,
        arrows=True,
        arrowstyle="-",
        connectionstyle="arc3,rad=0.15",
    )
    for name, (marker, colour) in _look_of(links).items():
        own = [feature for feature in graph if block[feature] == name]
        nx.draw_networkx_nodes(
            graph, layout, own, ax=ax, node_shape=marker, node_color=colour, edgecolors="white", node_size=130
        )
    for feature, (x, y) in layout.items():
        ax.annotate(
            _call(called.get(feature, feature)),
            (x, y),
            xytext=(0, 7),
            textcoords="offset points",
            ha="center",
            bbox={"fc": "white", "ec": "none", "alpha": 0.75, "pad": 0.5},
        )


def _lay_out(graph: nx.Graph, block: pd.Series) -> dict[str, tuple[float, float]]:
    """Give each block a column; within it, features stand in the order of the mean place of their neighbours."""
    columns = {
        name: [feature for feature in block.index if block[feature] == name and feature in graph]
        for name in block.unique()
    }
    columns = {name: own for name, own in columns.items() if own}
    height = {feature: place / len(own) for own in columns.values() for place, feature in enumerate(own)}
    layout = {}
    for x, own in enumerate(columns.values()):  # every other column a little lower, so that names do not meet
        means = {feature: np.mean([height[other] for other in graph[feature]]) for feature in own}
        for place, feature in enumerate(sorted(own, key=means.get)):
            layout[feature] = (float(x), -(place + 0.5) / len(own) - STAGGER * (x % 2))
    return layout


def _narrow(place: tuple[str, int, int]) -> tuple[str, float, float]:
    block, start, end = place
    return block, start + 0.35, end - 0.35


def _look_of(links: FeatureLinks) -> dict[str, tuple[str, str]]:
    blocks = links.features["block"].unique()
    return dict(zip(blocks, zip(SERIES_MARKERS, SERIES, strict=False), strict=False))


def _add_keys(ax: Axes, links: FeatureLinks, blocks: list[Line2D]) -> None:
    ties = [
        Line2D([], [], color=POSITIVE, lw=3, label=f"r ≥ {links.cutoff:.2f}"),
        Line2D([], [], color=NEGATIVE, lw=3, ls="--", label=f"r ≤ −{links.cutoff:.2f}"),
    ]
    key(ax, handles=[*blocks, *ties], ncols=4 if len(blocks) > 5 else 3)


def _describe(links: FeatureLinks) -> str:
    blocks = links.features["block"].nunique()
    return (
        f"{len(links.links)} links between {len(links.features)} selected features of {blocks} blocks: correlations within groups of at least {links.cutoff:.2f} in size "
        f"(n = {hide_small(links.n_people)})."
    )


def _call(name: str) -> str:
    """Return a short name; the two nodes of an edge stand on two lines."""
    return "\n".join(shorten(part, NAME_SIGNS) for part in str(name).split(" – "))
