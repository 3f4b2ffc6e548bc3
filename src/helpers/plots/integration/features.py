"""Draw selected features: loadings with their stability, and a clustered heatmap."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from scipy.cluster.hierarchy import dendrogram

from helpers.integration import IntegrationPerformance
from helpers.integration.relations import ClusteredFeatures
from helpers.plots.palette import COLOURS, EVERYONE, SIGNS
from helpers.plots.style import LINE_IN, WIDTH_IN, key, shorten, strip_n, tell
from helpers.wording import hide_small

MOST_STRIPS = 3  # covariates shown beside the groups
HEAT_SD = 2.5  # where the colours end


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
    blocks, classes = result.model.blocks_, result.model.classes_
    column, frequency = f"loading_comp{component}", f"frequency_comp{component}"
    if column not in result.loadings:
        raise ValueError(f"component is {component}; this model has 1 to {result.model.n_components}.")
    tables = []
    for block in blocks:
        rows = result.loadings[result.loadings["block"] == block]
        tables.append(rows[rows[column] != 0].sort_values(column, key=np.abs, ascending=False)[:n_features])
    heights = [max(len(rows), 1) + 0.6 for rows in tables]
    figure, axes = plt.subplots(
        len(blocks), 1, figsize=(WIDTH_IN, LINE_IN * sum(heights) + 0.35 * len(blocks) + 0.6), height_ratios=heights,
        squeeze=False, layout="constrained", sharex=True,
    )  # fmt: skip
    reach = 1.5 * max((float(rows[column].abs().max()) for rows in tables if len(rows)), default=1.0)
    for axis, block, rows in zip(axes[:, 0], blocks, tables, strict=True):
        _draw_loadings(axis, rows, column, frequency, dict(names or {}))
        axis.set(title=block, xlim=(-reach, reach))
    sides = [plt.Rectangle((0, 0), 1, 1, color=COLOURS[side]) for side in ("high", "low")]
    key(figure, handles=sides, labels=[f"higher in the {side} group" for side in ("high", "low")])
    axes[-1, 0].set_xlabel(f"Loading on component {component}")
    tell(
        figure,
        f"The largest loadings on component {component}, up to {n_features} per block, of the model fitted on everyone (positive: higher in the {classes[0]} group). Per cent: fold models "
        f"that select the feature on this component ({result.n_folds} folds × {result.n_repeats} repeats).",
    )
    return axes[:, 0]


def _draw_loadings(axis: Axes, rows: pd.DataFrame, column: str, frequency: str, names: dict[str, str]) -> None:
    called = [shorten(names.get(feature, feature)) for feature in rows.index]
    places = np.arange(len(rows))
    sides = ["high" if value >= 0 else "low" for value in rows[column]]
    axis.axvline(0, color=EVERYONE, lw=0.8)
    axis.set_ylim(max(len(rows), 1) - 0.4, -0.6)
    if not len(rows):
        axis.set_yticks([])
        axis.text(0, 0, "no feature has a loading here", ha="center", va="center", color=EVERYONE)
        return
    sns.barplot(
        x=rows[column].to_numpy(), y=places, hue=sides, palette=dict(COLOURS), orient="h", dodge=False, saturation=1,
        width=0.7, legend=False, ax=axis, native_scale=True, errorbar=None,
    )  # fmt: skip
    axis.set_ylim(len(rows) - 0.4, -0.6)
    axis.set_yticks(places, called)
    axis.set_ylabel("")
    axis.tick_params(axis="y", length=0)
    for place, (value, share) in enumerate(zip(rows[column], rows[frequency], strict=True)):
        aside, side = (3, "left") if value >= 0 else (-3, "right")
        axis.annotate(
            f"{share:.0%}", (value, place), xytext=(aside, 0), textcoords="offset points", ha=side, va="center"
        )


def plot_heatmap(
    clustered: ClusteredFeatures, *, labels: Mapping[str, str] | None = None, names: Mapping[str, str] | None = None
) -> Axes:
    """Draw selected features of everyone, people and features ordered by likeness, groups on a strip above.

    Covariates that go with the features more than the groups do have strips of their own, dark for low and light for high.

    Parameters
    ----------
    clustered : ClusteredFeatures
    labels : dict, optional
        How to call "high" and "low".
    names : dict, optional
        Feature -> how to call it.

    Returns
    -------
    matplotlib Axes
        Of the heatmap; the figure holds the tree, the strip and the colour bar besides.
    """
    n_people, n_features = clustered.values.shape
    held = clustered.covariates.iloc[:, :MOST_STRIPS]
    heights = [0.6, 0.2, *[0.2] * held.shape[1], LINE_IN * n_features, 0.14]
    figure = plt.figure(figsize=(WIDTH_IN, sum(heights) + 1.2), layout="constrained")
    grid = figure.add_gridspec(len(heights), 1, height_ratios=heights)
    tree, strip, *others, body, bar = (figure.add_subplot(grid[row]) for row in range(len(heights)))
    look = {"cbar": False, "xticklabels": False, "rasterized": True}
    for place, name in zip(others, held, strict=True):
        sns.heatmap(held[[name]].T, ax=place, cmap="cividis", yticklabels=[shorten(name, 20)], **look)
        place.tick_params(axis="y", rotation=0, length=0)
        place.set(xlabel="", ylabel="")
    dendrogram(clustered.people_tree, ax=tree, no_labels=True, color_threshold=0, above_threshold_color=EVERYONE)
    tree.set_axis_off()
    is_high = pd.DataFrame([(np.asarray(clustered.groups) == "high").astype(float)])
    colours = ListedColormap([COLOURS["low"], COLOURS["high"]])
    sns.heatmap(is_high, ax=strip, cmap=colours, vmin=0, vmax=1, yticklabels=["group"], **look)
    called = dict(names or {})
    rows = [
        f"{shorten(called.get(feature, feature), 24)} · {block[:4]}"
        for feature, block in clustered.features["block"].items()
    ]
    bar_look = look | {"cbar": True, "cbar_ax": bar, "cbar_kws": {"orientation": "horizontal", "extend": "both"}}
    sns.heatmap(clustered.values.T, ax=body, cmap=SIGNS, vmin=-HEAT_SD, vmax=HEAT_SD, yticklabels=rows, **bar_look)
    bar.set_xlabel("SD from the mean of everyone")
    for place in (strip, body):
        place.tick_params(axis="y", rotation=0, length=0)
        place.set(xlabel="", ylabel="")
    sides = [plt.Rectangle((0, 0), 1, 1, color=COLOURS[side]) for side in ("high", "low")]
    named = {side: side for side in COLOURS} | dict(labels or {})
    key(figure, handles=sides, labels=[named[side] for side in ("high", "low")])
    beside = (
        f" Strips below the groups: {', '.join(map(str, held))}, dark for low and light for high."
        if held.shape[1]
        else ""
    )
    tell(
        figure,
        f"{n_features} selected features in {hide_small(n_people)} participants, both ordered by likeness (tree: participants); {strip_n(named['high'])} and {strip_n(named['low'])} on the strip.{beside} Rows "
        "end with their block.",
    )
    return body
