"""Whole communities: a map of the samples, and what they are made of."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Ellipse

from helpers.microbiome.beta import METRIC_LABELS, Ordination
from helpers.plots.style import COLOURS, MARKERS, NEUTRAL, WIDTH_IN, shorten
from helpers.wording import hide_small

SIDES = ("low", "high")
PALETTE = ("#332288", "#88CCEE", "#44AA99", "#117733", "#999933", "#DDCC77", "#CC6677", "#882255", "#AA4499")
LIGHT = ("#88CCEE", "#DDCC77", "#44AA99", "#999933")
OTHER_COLOUR = "#DDDDDD"
HATCHES = ("", "//", "", "..", "", "xx", "", "\\\\", "")
LEVELS = ("#332288", "#DDCC77")  # of a covariate with two
SHARE_WRITTEN = 0.06


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
    below = None
    if ax is None and beside is not None:
        _, (ax, below) = plt.subplots(2, 1, figsize=(WIDTH_IN, 8.6), layout="constrained")
    elif ax is None:
        _, ax = plt.subplots(figsize=(WIDTH_IN, 4.6), layout="constrained")
    plane = ordination.coordinates.iloc[:, :2]
    for side in SIDES:
        points = plane[groups.reindex(plane.index) == side].to_numpy()
        ax.scatter(*points.T, s=18, marker=MARKERS[side], color=COLOURS[side], alpha=0.55, lw=0, label=labels[side])
        if side in places.index:
            _draw_place(places.loc[side], side, ax)
    for axis, name, percent in zip("xy", plane.columns, ordination.percent_explained, strict=False):
        ax.set(**{f"{axis}label": f"{name} ({percent:.1f} % of variation)"})
    told = "" if comparison is None else f": R² = {100 * comparison['r_squared']:.1f} %, p = {comparison['p']:.3g}"
    ax.set_title(f"{METRIC_LABELS.get(metric, metric)} distances{told}", loc="left")
    ax.legend(
        loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2, title="large mark: centroid; line: 68 % ellipse"
    )
    if below is not None:
        _colour_by(plane, beside, below)
        below.set(xlabel=ax.get_xlabel(), ylabel=ax.get_ylabel())
    return ax


def _colour_by(plane: pd.DataFrame, covariate: pd.Series, ax: Axes) -> None:
    """Colour samples by a number; those of a label, coded 0 and 1, by whether they have it."""
    values, name = covariate.reindex(plane.index), shorten(covariate.name, 30)
    if values.nunique() > 2:
        marks = ax.scatter(*plane.to_numpy().T, c=values, cmap="cividis", s=22, lw=0.3, ec="black")
        ax.figure.colorbar(marks, ax=ax, label=f"{name} (n = {hide_small(int(values.notna().sum()))})")
    else:
        for value, marker, colour in zip(sorted(values.dropna().unique()), "vD", LEVELS, strict=False):
            points, told = plane[values == value], "yes" if value == values.max() else "no"
            label = f"{name}: {told} (n = {hide_small(len(points))})"
            ax.scatter(*points.to_numpy().T, s=20, marker=marker, color=colour, alpha=0.7, lw=0, label=label)
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
    ax.set_title("The same samples, by what explains more than the groups", loc="left")


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
    if ax is None:
        n_lines = -(-composition.shape[1] // 3)
        _, ax = plt.subplots(figsize=(WIDTH_IN, 2.1 + 0.24 * n_lines), layout="constrained")
    shown = composition.reindex([side for side in SIDES if side in composition.index])
    start = np.zeros(len(shown))
    for i, name in enumerate(shown.columns):
        is_other = name == "Other"
        colour = OTHER_COLOUR if is_other else PALETTE[i % len(PALETTE)]
        share = shown[name].to_numpy()
        hatch = "" if is_other else HATCHES[i % len(HATCHES)]
        ax.barh(
            range(len(shown)),
            100 * share,
            left=100 * start,
            color=colour,
            hatch=hatch,
            label=shorten(name, 24),
            ec="white",
            lw=0.8,
        )
        for row in np.flatnonzero(share >= SHARE_WRITTEN):
            ax.text(
                100 * (start[row] + share[row] / 2),
                row,
                f"{100 * share[row]:.0f}",
                ha="center",
                va="center",
                fontsize=9,
                bbox={"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none", "alpha": 0.85},
            )
        start = start + share
    ax.set_yticks(range(len(shown)), [labels[side].replace(" (", "\n(") for side in shown.index])
    ax.set_xlim(0, 100)
    ax.set_xlabel(f"Mean share of reads by {level} (%)")
    ax.figure.legend(loc="outside lower center", ncols=3, columnspacing=1.2, handlelength=1.4)
    return ax


def _draw_place(place: pd.Series, side: str, ax: Axes) -> None:
    centre = (place["x"], place["y"])
    if np.isfinite(place["width"]):
        size, line = (place["width"], place["height"]), "-" if side == "high" else "--"
        ax.add_patch(Ellipse(centre, *size, angle=place["angle_deg"], fill=False, lw=1.6, ec=COLOURS[side], ls=line))
    ax.plot(*centre, MARKERS[side], color=COLOURS[side], ms=11, mec="black", mew=1.2, zorder=4)
    ax.axhline(0, color=NEUTRAL, lw=0.4, zorder=0)
    ax.axvline(0, color=NEUTRAL, lw=0.4, zorder=0)
