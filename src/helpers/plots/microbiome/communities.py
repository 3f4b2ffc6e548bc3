"""Whole communities: a map of the samples, and what they are made of."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.patches import Ellipse

from helpers.microbiome.beta import METRIC_LABELS, Ordination
from helpers.plots.groups import SIDES, call_sides, draw_cloud, draw_margin
from helpers.plots.intervals import start
from helpers.plots.palette import COLOURS, FAINT, LINES, MARKERS, SERIES, SERIES_MARKERS
from helpers.plots.style import WIDTH_IN, key, shorten, tell, wrap
from helpers.wording import hide_small

SHARE_WRITTEN = 0.06
CLOUD_IN = 4.3


def plot_ordination(
    ordination: Ordination,
    places: pd.DataFrame,
    groups: pd.Series,
    *,
    metric: str,
    labels: Mapping[str, str],
    comparison: pd.Series | None = None,
    beside: pd.Series | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw samples on their first two principal coordinates, with the centroid and 68 % ellipse of each group.

    With a covariate `beside`, the same samples are drawn once more below, coloured by it.

    Parameters
    ----------
    ordination : Ordination
    places : pandas.DataFrame
        From :func:`helpers.microbiome.locate_groups`.
    groups : pandas.Series
        Index participant_id.
    metric : str
        For the title.
    labels : mapping
        ``high`` and ``low``: what the groups are called, with n.
    comparison : pandas.Series, optional
        A row of :func:`helpers.microbiome.compare_metrics`: its R² and p are written in the title.
    beside : pandas.Series, optional
        Numeric, index participant_id: a covariate that explains more than the groups, its name for the colour bar.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    below, beside_it = None, ()
    if ax is None:
        n_panels = 1 if beside is None else 2
        figure = plt.figure(figsize=(WIDTH_IN, CLOUD_IN * n_panels), layout="constrained")
        grid = figure.add_gridspec(1 + n_panels, 2, width_ratios=[8, 1], height_ratios=[1, *[7] * n_panels])
        ax = figure.add_subplot(grid[1, 0])
        beside_it = (figure.add_subplot(grid[0, 0], sharex=ax), figure.add_subplot(grid[1, 1], sharey=ax))
        below = None if beside is None else figure.add_subplot(grid[2, 0])
    plane = ordination.coordinates.iloc[:, :2]
    draw_cloud(ax, plane, groups, labels=labels)
    for side in SIDES:
        if side in places.index:
            _draw_place(places.loc[side], side, ax)
    names = [
        f"{name} ({percent:.1f} % of variation)"
        for name, percent in zip(plane.columns, ordination.percent_explained, strict=False)
    ]
    ax.set(xlabel=names[0], ylabel=names[1])
    for margin, along, column in zip(beside_it, "xy", plane.columns, strict=False):
        draw_margin(margin, plane[column], groups, along=along)
    key(ax)
    again = ""
    if below is not None:
        again = f" Below: the same samples by {shorten(beside.name, 30)}, which explains more than the groups."
        _colour_by(plane, beside, below)
        below.set(xlabel=names[0], ylabel=names[1])
    told = (
        ""
        if comparison is None
        else (f" PERMANOVA: the groups explain R² = {100 * comparison['r_squared']:.1f} %, p = {comparison['p']:.2g}.")
    )
    return tell(
        ax,
        f"{METRIC_LABELS.get(metric, metric)} distances between {len(plane):,} samples on two principal coordinates ({call_sides(labels)}), with "
        f"the centroid (large mark) and 68 % ellipse of each group, and their densities along both axes.{told}{again}",
    )


def _colour_by(plane: pd.DataFrame, covariate: pd.Series, ax: Axes) -> None:
    """Colour samples by a number; those of a label, coded 0 and 1, by whether they have it."""
    values, name = covariate.reindex(plane.index), shorten(covariate.name, 30)
    x, y = plane.columns
    if values.nunique() > 2:
        marks = ax.scatter(plane[x], plane[y], c=values, cmap="cividis", s=26, lw=0.3, ec="black")
        ax.figure.colorbar(marks, ax=ax, label=f"{name} (n = {hide_small(int(values.notna().sum()))})")
    else:
        for value, marker, colour in zip(sorted(values.dropna().unique()), SERIES_MARKERS, SERIES, strict=False):
            points, told = plane[values == value], "yes" if value == values.max() else "no"
            label = f"{name}: {told} (n = {hide_small(len(points))})"
            sns.scatterplot(
                points,
                x=x,
                y=y,
                marker=marker,
                color=colour,
                s=32,
                linewidth=0,
                alpha=0.8,
                ax=ax,
                label=label,
                legend=False,
            )
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), borderpad=0)


def plot_composition(
    composition: pd.DataFrame, *, labels: Mapping[str, str], level: str, ax: Axes | None = None
) -> Axes:
    """Draw the mean share of reads of the commonest taxa as one bar per group.

    Parameters
    ----------
    composition : pandas.DataFrame
        From :func:`helpers.microbiome.summarise_composition`.
    labels : mapping
        ``high`` and ``low``: what the groups are called, with n.
    level : str
        Rank, for the axis.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
        Shares of 6 % and more are written in the bar.
    """
    shown = composition.reindex([side for side in SIDES[::-1] if side in composition.index])
    ax = start(ax, 2 * len(shown) + -(-composition.shape[1] // 2), above=0.75)
    start_at = np.zeros(len(shown))
    colours = (
        sns.color_palette(SERIES, shown.shape[1])
        if shown.shape[1] <= len(SERIES)
        else sns.color_palette("cubehelix", shown.shape[1] + 1)
    )
    for name, colour in zip(shown.columns, colours, strict=False):
        share = shown[name].to_numpy()
        colour = FAINT if name == "Other" else colour
        ax.barh(
            range(len(shown)),
            100 * share,
            left=100 * start_at,
            color=colour,
            label=shorten(name, 24),
            ec="white",
            lw=0.8,
        )
        for row in np.flatnonzero(share >= SHARE_WRITTEN):
            middle, box = (
                100 * (start_at[row] + share[row] / 2),
                {"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none"},
            )
            ax.text(middle, row, f"{100 * share[row]:.0f}", ha="center", va="center", bbox=box | {"alpha": 0.85})
        start_at = start_at + share
    ax.set_yticks(range(len(shown)), [wrap(labels[side], 16) for side in shown.index])
    ax.tick_params(axis="y", length=0)
    ax.set(xlim=(0, 100), ylim=(max(len(shown), 1) - 0.5, -0.5), xlabel=f"Mean proportion of reads by {level} (%)")
    key(ax)
    return tell(
        ax,
        f"Mean proportion of reads of the commonest taxa by {level} ({shown.shape[1]} kinds), by group; proportions of {100 * SHARE_WRITTEN:.0f} % and more "
        "are written. Means of proportions, not tested.",
    )


def _draw_place(place: pd.Series, side: str, ax: Axes) -> None:
    centre = (place["x"], place["y"])
    if np.isfinite(place["width"]):
        size = (place["width"], place["height"])
        look = {"angle": place["angle_deg"], "ec": COLOURS[side], "ls": LINES[side]}
        ax.add_patch(Ellipse(centre, *size, fill=False, lw=1.6, **look))
    ax.plot(*centre, MARKERS[side], color=COLOURS[side], ms=11, mec="black", mew=1.2, zorder=4)
