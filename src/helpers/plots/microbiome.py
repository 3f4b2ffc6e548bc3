"""Figures of the microbiome chapter: results in, Axes or Figure out."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse

from helpers.microbiome.alpha import METRIC_LABELS as ALPHA_LABELS
from helpers.microbiome.alpha import AlphaDiversity
from helpers.microbiome.beta import METRIC_LABELS as BETA_LABELS
from helpers.microbiome.beta import Ordination
from helpers.plots.forest import plot_forest
from helpers.plots.style import COLOURS, MARKERS, NEUTRAL, WIDTH_IN, shorten

SIDES = ("low", "high")
PALETTE = ("#332288", "#88CCEE", "#44AA99", "#117733", "#999933", "#DDCC77", "#CC6677", "#882255", "#AA4499")
LIGHT = ("#88CCEE", "#DDCC77", "#44AA99", "#999933")
OTHER_COLOUR = "#DDDDDD"
HATCHES = ("", "//", "", "..", "", "xx", "", "\\\\", "")
N_COLUMNS = 3
SHARE_WRITTEN = 0.06
GOLDEN = 0.618034


def plot_alpha(
    alpha: AlphaDiversity, contrasts: pd.DataFrame, groups: pd.Series, *, labels: Mapping[str, str]
) -> Figure:
    """Draw each index of diversity by group: every person, the median and quartiles, and the adjusted d.

    Parameters
    ----------
    alpha : AlphaDiversity
    contrasts : pandas.DataFrame
        From :func:`helpers.microbiome.compare_alpha`.
    groups : pandas.Series
        Index participant_id; high, low or missing.
    labels : mapping
        ``high`` and ``low``: what the groups are called, with n.

    Returns
    -------
    matplotlib.figure.Figure
    """
    metrics = list(alpha.values.columns)
    n_columns = min(N_COLUMNS, len(metrics)) if len(metrics) != 4 else 2
    n_rows = -(-len(metrics) // n_columns)
    figure, axes = plt.subplots(n_rows, n_columns, figsize=(WIDTH_IN, 2.6 * n_rows + 0.5), layout="constrained")
    panels = np.atleast_1d(axes).ravel()
    for ax, metric in zip(panels, metrics, strict=False):
        values = alpha.values[metric].dropna()
        for place, side in enumerate(SIDES):
            _draw_column(values[groups.reindex(values.index) == side].to_numpy(), place, side, ax)
        effect = contrasts.loc[metric]
        d, low, high = (f"{effect[name]:.2f}".replace("-0.00", "0.00") for name in ("d", "d_low", "d_high"))
        ax.set_title(f"{ALPHA_LABELS[metric]}\nd = {d} ({low} to {high})", fontsize=9, loc="left")
        ax.set_xticks(range(len(SIDES)), [labels[side].replace(" ", "\n") for side in SIDES])
        ax.set_xlim(-0.6, 1.6)
    for ax in panels[len(metrics) :]:
        ax.remove()
    figure.supxlabel(
        f"{alpha.depth:,} reads per sample, mean of {alpha.n_rarefactions} rarefactions; {alpha.n_lost} samples left out",
        fontsize=9,
    )
    return figure


def plot_ordination(
    ordination: Ordination,
    places: pd.DataFrame,
    groups: pd.Series,
    *,
    metric: str,
    labels: Mapping[str, str],
    comparison: pd.Series | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw samples on their first two principal coordinates, with the centroid and 68 % ellipse of each group.

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
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    if ax is None:
        _, ax = plt.subplots(figsize=(WIDTH_IN, 4.6), layout="constrained")
    plane = ordination.coordinates.iloc[:, :2]
    for side in SIDES:
        points = plane[groups.reindex(plane.index) == side].to_numpy()
        ax.scatter(*points.T, s=18, marker=MARKERS[side], color=COLOURS[side], alpha=0.55, lw=0, label=labels[side])
        if side in places.index:
            _draw_place(places.loc[side], side, ax)
    for axis, name, percent in zip("xy", plane.columns, ordination.percent_explained, strict=False):
        ax.set(**{f"{axis}label": f"{name} ({percent:.1f} % of variation)"})
    told = (
        "" if comparison is None else f": R² = {100 * comparison['r_squared']:.1f} %, p = {comparison['p_value']:.3g}"
    )
    ax.set_title(f"{BETA_LABELS.get(metric, metric)} distances{told}", loc="left")
    ax.legend(
        loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2, title="large mark: centroid; line: 68 % ellipse"
    )
    return ax


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


def plot_taxa(contrasts: pd.DataFrame, *, labels: Mapping[str, str], n_top: int = 15, ax: Axes | None = None) -> Axes:
    """Draw the strongest adjusted differences between genera, with their intervals.

    Parameters
    ----------
    contrasts : pandas.DataFrame
        From :func:`helpers.microbiome.compare_taxa`, strongest first.
    labels : mapping
        ``high`` and ``low``: what the groups are called.
    n_top : int, default 15
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    shown = contrasts.head(n_top)
    title = f"{len(shown)} strongest of {len(contrasts):,} genera"
    return plot_forest(shown, labels=labels, title=title, ax=ax)


def plot_functions(contrasts: pd.DataFrame, *, labels: Mapping[str, str], ax: Axes | None = None) -> Axes:
    """Draw the adjusted difference of each functional group of transcripts.

    Parameters
    ----------
    contrasts : pandas.DataFrame
        From :func:`helpers.microbiome.compare_functions`.
    labels : mapping
        ``high`` and ``low``: what the groups are called.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    names = pd.Series(
        [f"{str(name).replace('_', ' ')} ({n:.0f})" for name, n in contrasts["n_transcripts"].items()],
        index=contrasts.index,
    )
    title = "Functional groups (number of transcripts)"
    return plot_forest(contrasts, labels=labels, names=names, title=title, ax=ax)


def _draw_column(values: np.ndarray, place: int, side: str, ax: Axes) -> None:
    """Draw every value beside a box; the sideways offset only keeps points apart."""
    offset = (np.arange(len(values)) * GOLDEN) % 1 - 0.5
    ax.scatter(place + 0.5 * offset, values, s=9, marker=MARKERS[side], color=COLOURS[side], alpha=0.45, lw=0)
    ax.boxplot(
        values,
        positions=[place],
        widths=0.56,
        showfliers=False,
        whis=0,
        showcaps=False,
        boxprops={"color": "black"},
        medianprops={"color": "black", "lw": 2},
    )


def _draw_place(place: pd.Series, side: str, ax: Axes) -> None:
    centre = (place["x"], place["y"])
    ax.add_patch(
        Ellipse(
            centre,
            place["width"],
            place["height"],
            angle=place["angle_deg"],
            fill=False,
            lw=1.6,
            ec=COLOURS[side],
            ls="-" if side == "high" else "--",
        )
    )
    ax.plot(*centre, MARKERS[side], color=COLOURS[side], ms=11, mec="black", mew=1.2, zorder=4)
    ax.axhline(0, color=NEUTRAL, lw=0.4, zorder=0)
    ax.axvline(0, color=NEUTRAL, lw=0.4, zorder=0)
