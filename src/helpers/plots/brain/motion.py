"""Figure of motion: how edges follow it, by their length."""

from __future__ import annotations

import seaborn as sns
from matplotlib.axes import Axes

from helpers.brain.qc_fc import MotionCorrelation
from helpers.plots.intervals import start
from helpers.plots.palette import EVERYONE, OBSERVED, SHARES
from helpers.plots.style import key, tell


def plot_motion_link(link: MotionCorrelation, *, ax: Axes | None = None) -> Axes:
    """Draw the correlation of every edge with motion against the distance between its nodes.

    Parameters
    ----------
    link : helpers.brain.MotionCorrelation
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
        Darker cells hold more edges; the line joins medians of equally many edges.
    """
    ax, edges = start(ax, 11), link.edges
    look = {"x": "distance_mm", "y": "r", "ax": ax}
    spread = len(edges) > 1 and all(edges[name].max() - edges[name].min() > 1e-9 for name in ("distance_mm", "r"))
    if spread:
        sns.histplot(edges, **look, bins=34, cmap=SHARES, cbar=True, cbar_kws={"label": "Edges"})
    else:
        sns.scatterplot(edges, **look, color=EVERYONE)
    ax.axhline(0, color=EVERYONE, lw=1)
    sns.lineplot(link.bins, **look, marker="o", color=OBSERVED, lw=2, errorbar=None, label="median", legend=False)
    ax.set(xlabel="Distance between the two nodes (mm)", ylabel="r of the edge with motion")
    key(ax)
    return tell(
        ax,
        f"Motion and connectivity: correlation over participants (n = {link.n_participants}) of each of {len(edges):,} edges with motion, against the "
        f"distance between its nodes. The line joins medians of {len(link.bins)} equally large parts.",
    )
