"""Draw where people lie on the components, and how the blocks' components go together."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from helpers.integration import BlockSPLSDA
from helpers.plots.style import ACCENT, COLOURS, MARKERS, NEUTRAL, WIDTH_IN
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
    figure, grid = plt.subplots(n_rows, 2, figsize=(WIDTH_IN, 2.7 * n_rows + 0.4), squeeze=False)
    axes = grid.ravel()
    for axis, block in zip(axes, model.blocks_, strict=False):
        _draw_scores(axis, model, block, groups, dict(labels or {}))
    for axis in axes[len(model.blocks_) :]:
        axis.set_visible(False)
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="lower center", ncols=2, bbox_to_anchor=(0.5, 0.0))
    figure.tight_layout(rect=(0, 0.09 if n_rows < 2 else 0.05, 1, 1))
    return axes[: len(model.blocks_)]


def _draw_scores(axis: Axes, model: BlockSPLSDA, block: str, groups: pd.Series, labels: dict[str, str]) -> None:
    scores, explained = model.scores_[block], model.explained_variance_.loc[block]
    second = scores["comp2"] if "comp2" in scores else pd.Series(0.0, scores.index)
    for side in ("low", "high"):
        ids = scores.index[groups.loc[scores.index] == side]
        axis.scatter(
            scores.loc[ids, "comp1"],
            second.loc[ids],
            s=22,
            alpha=0.75,
            color=COLOURS[side],
            marker=MARKERS[side],
            edgecolors="white",
            linewidths=0.4,
            label=labels.get(side, f"{side} (n={hide_small(len(ids))})"),
        )
    axis.axhline(0, color=NEUTRAL, lw=0.6, zorder=0)
    axis.axvline(0, color=NEUTRAL, lw=0.6, zorder=0)
    axis.set_title(block)
    axis.set_xlabel(f"Component 1 ({explained['comp1']:.0%} of variance)")
    if "comp2" in scores:
        axis.set_ylabel(f"Component 2 ({explained['comp2']:.0%})")


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
    ax = ax or plt.subplots(figsize=(WIDTH_IN, 0.5 * len(rows) + 1.4))[1]
    places = np.arange(len(rows))[::-1]
    within = rows["r_within"]
    reach = np.vstack([within - rows["r_within_low"], rows["r_within_high"] - within])
    ax.axvline(0, color=NEUTRAL, lw=0.8)
    ax.errorbar(within, places, xerr=reach, fmt="o", color=ACCENT, capsize=3, label="within groups (95 % interval)")
    ax.plot(rows["r_overall"], places, "D", mfc="none", color=NEUTRAL, label="over everyone")
    ax.set_yticks(places, [f"{a}\n{b}" for a, b in zip(rows["first"], rows["second"], strict=True)])
    ax.set_xlim(min(-0.2, float(rows["r_within_low"].min()) - 0.05), 1)
    ax.set_ylim(-0.6, len(rows) - 0.4)
    ax.set_xlabel(
        f"Correlation of scores, component {component.removeprefix('comp')} (n={hide_small(int(rows['n'].iloc[0]))})"
    )
    ax.legend(loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=2, columnspacing=1.0, handletextpad=0.4)
    ax.figure.tight_layout()
    return ax
