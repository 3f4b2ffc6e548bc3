"""Draw selected features: loadings with their stability, and a clustered heatmap."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from scipy.cluster.hierarchy import dendrogram

from helpers.integration import IntegrationPerformance
from helpers.integration.relations import ClusteredFeatures
from helpers.plots.style import ACCENT, COLOURS, DIVERGING, NEUTRAL, WIDTH_IN, shorten

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
    reach = float(rows[column].abs().max()) * 1.35 if len(rows) else 1.0
    axis.set_xlim(-reach, reach)
    if not len(rows):
        axis.text(0, 0, "no feature has a loading here", ha="center", va="bottom", fontsize=9, color=NEUTRAL)
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
    heights = [0.7, 0.16, *[0.16] * held.shape[1], 0.19 * n_features, 0.14]
    figure = plt.figure(figsize=(WIDTH_IN, sum(heights) + 1.1), layout="constrained")
    grid = figure.add_gridspec(len(heights), 1, height_ratios=heights)
    tree, strip, *others, body, bar = (figure.add_subplot(grid[row]) for row in range(len(heights)))
    for place, name in zip(others, held, strict=True):
        place.imshow(held[name].to_numpy()[None], aspect="auto", cmap="cividis")
        place.set(xticks=[], yticks=[0], yticklabels=[shorten(name, 20)])
    style = {"no_labels": True, "color_threshold": 0, "above_threshold_color": NEUTRAL}
    dendrogram(clustered.people_tree, ax=tree, **style)
    tree.set_axis_off()
    colours = ListedColormap([COLOURS["low"], COLOURS["high"]])
    strip.imshow((clustered.groups == "high")[None], aspect="auto", cmap=colours, vmin=0, vmax=1)
    strip.set(xticks=[], yticks=[0], yticklabels=["group"])
    image = body.imshow(clustered.values.T, aspect="auto", cmap=DIVERGING, vmin=-HEAT_SD, vmax=HEAT_SD)
    called = dict(names or {})
    rows = [
        f"{squeeze(called.get(feature, feature), 20)} · {block[:4]}"
        for feature, block in clustered.features["block"].items()
    ]
    body.set_yticks(range(n_features), rows, fontsize=8)
    body.set(xticks=[], xlabel=f"{n_people} people, ordered by likeness")
    figure.colorbar(image, cax=bar, orientation="horizontal", label="SD from the mean of everyone", extend="both")
    sides = [plt.Rectangle((0, 0), 1, 1, color=COLOURS[side]) for side in ("high", "low")]
    named = dict(labels or {})
    figure.legend(sides, [named.get(side, side) for side in ("high", "low")], loc="outside upper center", ncols=2)
    return body


def squeeze(name: object, longest: int) -> str:
    """Return a name cut in its middle, as the ends tell names of one kind apart.

    Examples
    --------
    >>> squeeze("SimTranscript_0152", 12)
    'SimTra…_0152'
    """
    text = str(name)
    if len(text) <= longest:
        return text
    tail = (longest - 1) // 2
    return f"{text[: longest - 1 - tail]}…{text[-tail:]}"
