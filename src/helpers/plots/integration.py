"""Draw the integration: scores, honest and training performance, loadings, the permutation null."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from helpers.integration import BlockSPLSDA, IntegrationPerformance, PermutationNull
from helpers.plots.style import ACCENT, COLOURS, MARKERS, NEUTRAL, shorten

CHANCE_AUC = 0.5
WIDTH_IN = 6.2


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
            label=labels.get(side, f"{side} (n={len(ids)})"),
        )
    axis.axhline(0, color=NEUTRAL, lw=0.6, zorder=0)
    axis.axvline(0, color=NEUTRAL, lw=0.6, zorder=0)
    axis.set_title(block)
    axis.set_xlabel(f"Component 1 ({explained['comp1']:.0%} of variance)")
    if "comp2" in scores:
        axis.set_ylabel(f"Component 2 ({explained['comp2']:.0%})")


def plot_performance(result: IntegrationPerformance, *, ax: Axes | None = None) -> Axes:
    """Draw AUC in unseen people beside AUC in the people a model was fitted on, with the chance line.

    Parameters
    ----------
    result : IntegrationPerformance
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    table = result.performance[result.performance["role"] != "chance"]
    ax = ax or plt.subplots(figsize=(WIDTH_IN, 0.62 * len(table) + 1.6))[1]
    rows = np.arange(len(table))[::-1]
    honest = table["auc_out_of_fold"]
    errors = np.vstack([honest - table["auc_low"], table["auc_high"] - honest])
    ax.axvline(CHANCE_AUC, color=NEUTRAL, ls="--", lw=1, label="chance (0.5)")
    ax.errorbar(honest, rows + 0.13, xerr=errors, fmt="o", color=COLOURS["high"], capsize=3, label="unseen people")
    ax.plot(table["auc_training"], rows - 0.13, "D", mfc="none", color=COLOURS["low"], label="training people")
    sizes = table["n_features"]
    ax.set_yticks(
        rows,
        [n if np.isnan(p) else f"{n}\n{int(p):,} features" for n, p in zip(table.index, sizes, strict=True)],
    )
    ax.set_xlabel("AUC (bars: 95 % interval over people)")
    ax.set_xlim(min(0.3, float(table["auc_low"].min()) - 0.05), 1.03)
    ax.set_ylim(-0.6, len(table) - 0.4)
    ax.legend(loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=3, columnspacing=1.0, handletextpad=0.4)
    ax.figure.suptitle(
        f"{result.n_participants} people, {result.n_folds} folds × {result.n_repeats} repeats",
        y=0.02,
        fontsize=9,
    )
    ax.figure.tight_layout()
    return ax


def plot_loadings(
    result: IntegrationPerformance,
    *,
    component: int = 1,
    n_features: int = 8,
    names: Mapping[str, str] | None = None,
) -> np.ndarray:
    """Draw the largest loadings of a component per block, with how often fold models select each feature.

    Parameters
    ----------
    result : IntegrationPerformance
    component : int
    n_features : int
        Shown per block.
    names : dict, optional
        Feature -> how to call it.

    Returns
    -------
    numpy.ndarray of matplotlib Axes
        One per block.
    """
    blocks = result.model.blocks_
    column, frequency = f"loading_comp{component}", f"frequency_comp{component}"
    if column not in result.loadings:
        raise ValueError(f"component is {component}; this model has 1 to {result.model.n_components}.")
    figure, axes = plt.subplots(
        len(blocks), 1, figsize=(WIDTH_IN, (0.28 * n_features + 0.7) * len(blocks) + 0.5), squeeze=False
    )
    for axis, block in zip(axes[:, 0], blocks, strict=True):
        rows = result.loadings[result.loadings["block"] == block]
        rows = rows[rows[column] != 0].sort_values(column, key=np.abs, ascending=False)[:n_features][::-1]
        _draw_loadings(axis, rows, column, frequency, dict(names or {}))
        axis.set_title(block, loc="left")
    axes[-1, 0].set_xlabel(
        f"Loading on component {component} (positive: higher in the {result.model.classes_[0]} group)\n"
        "%: fold models that select it on this component"
    )
    figure.tight_layout()
    return axes[:, 0]


def _draw_loadings(axis: Axes, rows: pd.DataFrame, column: str, frequency: str, names: dict[str, str]) -> None:
    places = np.arange(len(rows))
    axis.barh(places, rows[column], height=0.7, color=ACCENT, alpha=0.85)
    axis.set_yticks(places, [shorten(names.get(feature, feature)) for feature in rows.index])
    axis.axvline(0, color=NEUTRAL, lw=0.8)
    reach = float(rows[column].abs().max()) * 1.35
    axis.set_xlim(-reach, reach)
    for place, (value, share) in enumerate(zip(rows[column], rows[frequency], strict=True)):
        side = "left" if value >= 0 else "right"
        axis.annotate(
            f"{share:.0%}",
            (value, place),
            xytext=(3 if value >= 0 else -3, 0),
            textcoords="offset points",
            ha=side,
            va="center",
            fontsize=9,
        )


def plot_null(null: PermutationNull, *, ax: Axes | None = None) -> Axes:
    """Draw the voted balanced error of shuffled groups, and of the real ones.

    Parameters
    ----------
    null : PermutationNull
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    ax = ax or plt.subplots(figsize=(WIDTH_IN, 3.2))[1]
    errors = null.null["vote"]
    ax.hist(
        errors,
        bins=20,
        color="#BBBBBB",
        edgecolor="white",
        label=f"shuffled groups (n={null.n_permutations})",
    )
    ax.axvline(CHANCE_AUC, color=NEUTRAL, ls="--", lw=1, label="chance (0.5)")
    ax.axvline(
        null.observed["vote"],
        color=COLOURS["high"],
        lw=2.5,
        label=f"real groups (p = {null.p_value['vote']:.3f})",
    )
    ax.set_xlabel("Balanced error of the vote, out of fold")
    ax.set_ylabel("Shuffles")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, columnspacing=1.0, handletextpad=0.4)
    ax.figure.tight_layout()
    return ax
