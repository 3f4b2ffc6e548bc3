"""Figures of the brain chapter: results in, Figure or Axes out."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure
from nilearn import plotting

from helpers.brain.connectivity import EDGE_SEPARATOR, PAIR_SEPARATOR
from helpers.permutation import MaxTResult
from helpers.plots.style import COLOURS, DIVERGING, NEUTRAL, WIDTH_IN, shorten
from helpers.problems import count

ROW_IN = 0.2
ALPHA = 0.05


def plot_connectome(edges: pd.DataFrame, nodes: pd.DataFrame, *, n_edges: int, labels: Mapping[str, str]) -> Figure:
    """Draw the strongest edges in a glass brain: those higher in one group above, those lower below.

    Parameters
    ----------
    edges : pandas.DataFrame
        Index ``<node>--<node>``; columns ``t``, ``n_high``, ``n_low``.
    nodes : pandas.DataFrame
        Index ``node``; ``x``, ``y``, ``z`` in mm (MNI).
    n_edges : int
        How many edges to draw, the largest absolute t first. They are the extremes, not a test.
    labels : mapping
        ``high`` and ``low``: what the groups are called.

    Returns
    -------
    matplotlib.figure.Figure
    """
    strongest = edges.loc[edges["t"].abs().sort_values(ascending=False, kind="stable").index].dropna(subset=["t"])
    strongest = strongest.head(n_edges)
    figure, axes = plt.subplots(2, 1, figsize=(WIDTH_IN, 6.0))
    figure.subplots_adjust(left=0.01, right=0.99, top=0.86, bottom=0.01, hspace=0.16)
    sides = (("high", "Higher", strongest["t"] > 0), ("low", "Lower", strongest["t"] < 0))
    for ax, (side, word, chosen) in zip(axes, sides, strict=True):
        _draw_side(strongest[chosen], nodes, ax, COLOURS[side], strongest["t"].abs().max())
        ax.set_title(f"{word} in {labels['high']}: {count(int(chosen.sum()), 'edge')}", loc="left", pad=4)
    n_high, n_low = int(edges["n_high"].max()), int(edges["n_low"].max())
    figure.suptitle(
        f"Strongest {len(strongest)} of {len(edges):,} edges by |t|\n"
        f"{labels['high']} (n={n_high}) v {labels['low']} (n={n_low})",
        x=0.01,
        ha="left",
        fontsize=11,
    )
    return figure


def plot_networks(networks: pd.DataFrame, *, declared: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw the effect d of every pair of networks as a triangle of numbers.

    Parameters
    ----------
    networks : pandas.DataFrame
        Index such as ``Reward × Somatomotor``; columns ``d``, ``q``, ``n_high``, ``n_low``.
    declared : str, optional
        The pair that was declared beforehand: it gets a frame.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
        Bold with a star: q < 0.05.
    """
    pairs = [pair.split(PAIR_SEPARATOR) for pair in networks.index]
    names = sorted({name for pair in pairs for name in pair})
    if ax is None:
        _, ax = plt.subplots(figsize=(WIDTH_IN, 2.2 + 0.31 * len(names)), layout="constrained")
    grid = pd.DataFrame(np.nan, index=names, columns=names)
    for (first, second), d in zip(pairs, networks["d"], strict=True):
        grid.loc[second, first] = d
    reach = max(float(networks["d"].abs().max()), 0.1)
    shown_names = [shorten(name, 24) for name in names]
    image = ax.imshow(grid, cmap=DIVERGING, norm=TwoSlopeNorm(0, -reach, reach))
    ax.set_xticks(range(len(names)), shown_names, rotation=90)
    ax.set_yticks(range(len(names)), shown_names)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    if len(names) <= 16:
        _write_numbers(ax, networks, pairs, names, reach)
    if declared in networks.index:
        first, second = declared.split(PAIR_SEPARATOR)
        corner = (names.index(first) - 0.5, names.index(second) - 0.5)
        ax.add_patch(plt.Rectangle(corner, 1, 1, fill=False, edgecolor="black", linewidth=2, zorder=3))
    bar = ax.figure.colorbar(image, cax=ax.inset_axes((0.58, 0.86, 0.4, 0.035)), orientation="horizontal")
    bar.set_label("d (high minus low)")
    frame = f"; framed: {declared}" if declared in networks.index else ""
    ax.set_title(f"Effect d by pair of networks, n={_n(networks)}\nbold with *: q < {ALPHA}{frame}", x=0, loc="left")
    return ax


def plot_regions(regions: pd.DataFrame, *, title: str, highlight: tuple[str, ...] = (), ax: Axes | None = None) -> Axes:
    """Draw the effect d of every region with its 95 % interval, sorted.

    Parameters
    ----------
    regions : pandas.DataFrame
        Index ``feature``; columns ``d``, ``d_low``, ``d_high``, ``q``, ``n_high``, ``n_low``.
    title : str
        What was measured; n is added.
    highlight : tuple of str, default ()
        Regions of a set declared beforehand: drawn as squares in another colour.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
        Filled markers: q < 0.05. Regions that could not be compared are counted in the title.
    """
    shown = regions.dropna(subset=["d"]).sort_values("d", ascending=False)
    if ax is None:
        _, ax = plt.subplots(figsize=(WIDTH_IN, 1.5 + ROW_IN * max(len(shown), 4)), layout="constrained")
    rows = np.arange(len(shown))
    in_set = shown.index.isin(highlight)
    ax.axvline(0, color=NEUTRAL, linewidth=1, zorder=0)
    kinds = (("declared set", in_set, "s", COLOURS["low"]), ("other regions", ~in_set, "o", COLOURS["high"]))
    for name, chosen, marker, colour in kinds:
        part, at = shown[chosen], rows[chosen]
        ax.hlines(at, part["d_low"], part["d_high"], color=colour, linewidth=1.4)
        sure = (part["q"] < ALPHA).to_numpy()
        for mask, fill in ((sure, colour), (~sure, "white")):
            ax.plot(
                part["d"][mask],
                at[mask],
                marker,
                color=colour,
                markerfacecolor=fill,
                markersize=5,
                linestyle="",
            )
        if len(part) and len(highlight):
            ax.plot([], [], marker, color=colour, markerfacecolor="white", linestyle="", label=name)
    ax.set_yticks(rows, [shorten(name) for name in shown.index])
    ax.set_ylim(len(shown) - 0.4, -0.6)
    ax.set_xlabel("d (high minus low), with 95 % interval; filled: q < 0.05")
    lost = f", {len(regions) - len(shown)} not comparable" if len(regions) > len(shown) else ""
    ax.set_title(f"{title}: {len(shown)} regions{lost}, n={_n(regions)}", loc="left", pad=24 if len(highlight) else 6)
    if len(highlight):
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, borderpad=0.1)
    return ax


def plot_null(result: MaxTResult, *, alpha: float = ALPHA, ax: Axes | None = None) -> Axes:
    """Draw the largest absolute t of every shuffle, and the largest of the real labels.

    Parameters
    ----------
    result : helpers.permutation.MaxTResult
    alpha : float, default 0.05
        Level of the dashed threshold.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    if ax is None:
        _, ax = plt.subplots(figsize=(WIDTH_IN, 3.4), layout="constrained")
    ax.hist(
        result.null_max_t,
        bins="auto",
        color="#BDBDBD",
        edgecolor="white",
        linewidth=0.4,
        label="shuffled labels",
    )
    threshold = result.find_threshold(alpha)
    if np.isfinite(threshold):
        ax.axvline(threshold, color="black", linestyle="--", label=f"threshold, {alpha:.0%}: {threshold:.2f}")
    observed = result.observed_max_t
    ax.axvline(observed, color=COLOURS["low"], linewidth=2.5, label=f"real labels: {observed:.2f}")
    ax.set_xlabel(f"largest |t| over {result.n_features:,} features")
    ax.set_ylabel(f"shuffles (of {result.n_permutations:,})")
    ax.set_title(f"What chance does to the largest |t|, n={result.n_participants}", loc="left", pad=24)
    ax.legend(
        loc="lower left",
        bbox_to_anchor=(-0.02, 1.0),
        ncols=3,
        handlelength=1.4,
        columnspacing=1.2,
        borderpad=0.1,
    )
    return ax


def _draw_side(edges: pd.DataFrame, nodes: pd.DataFrame, ax: Axes, colour: str, strongest: float) -> None:
    ends = [name.split(EDGE_SEPARATOR) for name in edges.index]
    used = sorted({node for pair in ends for node in pair})
    place = {node: i for i, node in enumerate(used)}
    matrix = np.zeros((len(used), len(used)))
    for (first, second), t in zip(ends, edges["t"].abs(), strict=True):
        matrix[place[first], place[second]] = matrix[place[second], place[first]] = t
    if not used:
        ax.set_axis_off()
        ax.text(0.5, 0.5, "none", ha="center", va="center", transform=ax.transAxes)
        return
    plotting.plot_connectome(
        matrix,
        nodes.loc[used, ["x", "y", "z"]].to_numpy(float),
        node_color=NEUTRAL,
        node_size=14,
        edge_cmap=plt.matplotlib.colors.ListedColormap([colour]),
        edge_vmin=0,
        edge_vmax=strongest,
        edge_kwargs={"linewidth": 1.6},
        axes=ax,
        colorbar=False,
        annotate=True,
    )


def _write_numbers(ax: Axes, networks: pd.DataFrame, pairs: list[list[str]], names: list[str], reach: float) -> None:
    for (first, second), d, q in zip(pairs, networks["d"], networks["q"], strict=True):
        if np.isnan(d):
            continue
        text = f"{abs(d):.{1 if len(names) > 9 else 2}f}".removeprefix("0")
        sign = "−" if d < 0 and text.strip(".0") else ""
        sure = q < ALPHA
        ax.text(
            names.index(first),
            names.index(second),
            sign + text + ("*" if sure else ""),
            ha="center",
            va="center",
            fontsize=9,
            fontweight="bold" if sure else "normal",
            color="white" if abs(d) > 0.65 * reach else "black",
        )


def _n(table: pd.DataFrame) -> str:
    return f"{int((table['n_high'] + table['n_low']).max())}"
