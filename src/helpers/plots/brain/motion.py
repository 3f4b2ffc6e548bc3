"""Figure of motion: how edges follow it, by their length."""

from __future__ import annotations

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from helpers.brain.qc_fc import MotionCorrelation
from helpers.plots.style import COLOURS, NEUTRAL, WIDTH_IN


def plot_motion_link(link: MotionCorrelation, *, ax: Axes | None = None) -> Axes:
    """Draw the correlation of every edge with motion against the distance between its nodes.

    Parameters
    ----------
    link : helpers.brain.MotionCorrelation
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
        Darker hexagons hold more edges; the line joins medians of equally many edges.
    """
    if ax is None:
        _, ax = plt.subplots(figsize=(WIDTH_IN, 3.8), layout="constrained")
    edges = link.edges
    hexes = ax.hexbin(edges["distance_mm"], edges["r"], gridsize=34, cmap="Greys", mincnt=1, linewidths=0.1)
    ax.axhline(0, color=NEUTRAL, linewidth=1)
    ax.plot(
        link.bins["distance_mm"], link.bins["r"], "o-", color=COLOURS["low"], markersize=4, linewidth=2, label="median"
    )
    ax.figure.colorbar(hexes, ax=ax, pad=0.01).set_label("edges")
    ax.set_xlabel("distance between the two nodes (mm)")
    ax.set_ylabel("r of the edge with motion")
    ax.set_title(f"Motion and connectivity: {len(edges):,} edges, n={link.n_participants}", loc="left")
    ax.legend(loc="upper right")
    return ax
