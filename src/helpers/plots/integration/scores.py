"""Draw where people lie on the components, and how the blocks' components go together."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from helpers.integration import BlockSPLSDA
from helpers.plots.groups import call_sides, draw_cloud
from helpers.plots.intervals import draw_intervals, name_rows, start
from helpers.plots.palette import COLOURS
from helpers.plots.style import WIDTH_IN, key, tell
from helpers.wording import hide_small


def plot_scores(model: BlockSPLSDA, groups: pd.Series, *, labels: Mapping[str, str] | None = None) -> np.ndarray:
    """Draw each block's first two components, one panel per block; groups differ by colour and marker.

    Parameters
    ----------
    model : BlockSPLSDA
        Fitted, on the people of `groups`.
    groups : pandas.Series
        "high" or "low", by participant id.
    labels : dict, optional
        How to call the groups in the legend.

    Returns
    -------
    numpy.ndarray of matplotlib Axes
        One per block.
    """
    n_rows = -(-len(model.blocks_) // 2)
    figure, grid = plt.subplots(n_rows, 2, figsize=(WIDTH_IN, 2.6 * n_rows + 0.3), squeeze=False, layout="constrained")
    axes, called = grid.ravel(), {side: side for side in COLOURS} | dict(labels or {})
    for axis, block in zip(axes, model.blocks_, strict=False):
        scores, explained = model.scores_[block], model.explained_variance_.loc[block]
        plane = scores.iloc[:, :2] if "comp2" in scores else scores.iloc[:, :1].assign(comp2=0.0)
        draw_cloud(axis, plane, groups, labels=called)
        axis.set(title=block, xlabel=f"Component 1 ({explained['comp1']:.0%})", ylabel="")
        if "comp2" in scores:
            axis.set_ylabel(f"Component 2 ({explained['comp2']:.0%})")
    for axis in axes[len(model.blocks_) :]:
        axis.remove()
    handles, names = axes[0].get_legend_handles_labels()
    key(figure, handles=handles, labels=names)
    tell(
        figure,
        f"Scores of {hide_small(len(groups))} participants of the training set on the first components of {len(model.blocks_)} blocks ({call_sides(called)}); in brackets, the "
        "proportion of the block's variance.",
    )
    return axes[: len(model.blocks_)]


def plot_component_links(table: pd.DataFrame, *, component: str = "comp1", ax: Axes | None = None) -> Axes:
    """Draw how the scores of two blocks correlate: within groups with its interval, and over everyone.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`helpers.integration.correlate_components`.
    component : str
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    rows = table[table["component"] == component]
    ax = start(ax, 1.9 * len(rows), above=0.8)
    draw_intervals(ax, rows, "r_within", label="within groups")
    draw_intervals(ax, rows[["r_overall"]], "r_overall", markers="D", filled=False, label="over everyone")
    name_rows(ax, [f"{a}\n{b}" for a, b in zip(rows["first"], rows["second"], strict=True)])
    ax.set(xlim=(min(-0.2, float(rows["r_within_low"].min()) - 0.05), 1), xlabel="Correlation r (95 % CI)")
    key(ax)
    return tell(
        ax,
        f"Correlation between the scores of two blocks on component {component.removeprefix('comp')} (n = {hide_small(int(rows['n'].iloc[0]))}): within groups, with its 95 % confidence interval, and "
        "over everyone, where a difference between the groups counts as well.",
    )
