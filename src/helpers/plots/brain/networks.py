"""Figures of pairs of networks: their effects, and how many of their edges have a small p."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm

from helpers.brain.connectivity import PAIR_SEPARATOR
from helpers.plots.style import DIVERGING, HIGH_LOW, WIDTH_IN, name_contrast, shorten

ALPHA = 0.05
COUNTS = "Greys"


def plot_networks(
    networks: pd.DataFrame, *, declared: str | None = None, labels: Mapping[str, str] = HIGH_LOW, ax: Axes | None = None
) -> Axes:
    """Draw the effect d of every pair of networks as a triangle of numbers.

    Parameters
    ----------
    networks : pandas.DataFrame
        Index such as ``Reward × Somatomotor``; columns ``d``, ``q``, ``n_high``, ``n_low``.
    declared : str, optional
        The pair that was declared beforehand: it gets a frame.
    labels : mapping, optional
        How to call ``high`` and ``low``.
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
    image = ax.imshow(grid, cmap=DIVERGING, norm=TwoSlopeNorm(0, -reach, reach))
    _name_axes(ax, names)
    if len(names) <= 16:
        _write_numbers(ax, networks, pairs, names, reach)
    framed = _frame(ax, networks, declared, names)
    bar = ax.figure.colorbar(image, cax=ax.inset_axes((0.58, 0.86, 0.4, 0.035)), orientation="horizontal")
    bar.set_label(name_contrast("d (high minus low)", labels))
    ax.set_title(f"Effect d by pair of networks, n={_n(networks)}\nbold with *: q < {ALPHA}{framed}", x=0, loc="left")
    return ax


def plot_pair_counts(counts: pd.DataFrame, *, declared: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw how many edges of every pair of networks have a small p: the count, on the share of the pair's edges.

    Parameters
    ----------
    counts : pandas.DataFrame
        From :func:`helpers.brain.count_pairs`: ``n_edges``, ``n_below``, ``expected``.
    declared : str, optional
        The pair that was declared beforehand: it gets a frame.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
        The darker, the larger the share; bold: more than twice as many as chance would give.
    """
    pairs = [pair.split(PAIR_SEPARATOR) for pair in counts.index]
    names = sorted({name for pair in pairs for name in pair})
    if ax is None:
        _, ax = plt.subplots(figsize=(WIDTH_IN, 2.2 + 0.31 * len(names)), layout="constrained")
    grid = pd.DataFrame(np.nan, index=names, columns=names)
    share = counts["n_below"] / counts["n_edges"]
    for (first, second), value in zip(pairs, share, strict=True):
        grid.loc[second, first] = value
    image = ax.imshow(grid, cmap=COUNTS, vmin=0, vmax=max(float(share.max()), 0.1))
    _name_axes(ax, names)
    for (first, second), (_, row), value in zip(pairs, counts.iterrows(), share, strict=True):
        ax.text(
            names.index(first),
            names.index(second),
            f"{row['n_below']:.0f}",
            ha="center",
            va="center",
            fontsize=9,
            fontweight="bold" if row["n_below"] > 2 * row["expected"] else "normal",
            color="white" if value > 0.6 * image.norm.vmax else "black",
        )
    framed = _frame(ax, counts, declared, names)
    bar = ax.figure.colorbar(image, cax=ax.inset_axes((0.58, 0.86, 0.4, 0.035)), orientation="horizontal")
    bar.set_label(f"share of edges with p < {ALPHA}")
    total, n_edges = int(counts["n_below"].sum()), int(counts["n_edges"].sum())
    ax.set_title(
        f"{total:,} of {n_edges:,} edges with p < {ALPHA} ({counts['expected'].sum():,.0f} by chance)\n"
        f"bold: more than twice chance{'; framed: the declared pair' if framed else ''}",
        x=0,
        loc="left",
    )
    return ax


def _name_axes(ax: Axes, names: list[str]) -> None:
    shown = [shorten(name, 24) for name in names]
    ax.set_xticks(range(len(names)), shown, rotation=90)
    ax.set_yticks(range(len(names)), shown)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)


def _frame(ax: Axes, table: pd.DataFrame, declared: str | None, names: list[str]) -> str:
    """Frame the cell of the declared pair; return what the title says of it."""
    if declared not in table.index:
        return ""
    first, second = declared.split(PAIR_SEPARATOR)
    corner = (names.index(first) - 0.5, names.index(second) - 0.5)
    ax.add_patch(plt.Rectangle(corner, 1, 1, fill=False, edgecolor="black", linewidth=2, zorder=3))
    return f"; framed: {declared}"


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
