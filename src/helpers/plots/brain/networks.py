"""Figures of pairs of networks: their effects, and how many of their edges have a small p."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from helpers.brain.connectivity import PAIR_SEPARATOR
from helpers.plots.intervals import start
from helpers.plots.palette import DECLARED, SHARES, SIDES
from helpers.plots.style import shorten, tell

ALPHA = 0.05
MOST_WRITTEN = 16  # networks; numbers of more would not fit


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
        With a star: q < 0.05.
    """
    reach = max(float(networks["d"].abs().max()), 0.1)
    sure = networks["q"] < ALPHA
    texts = [_write_d(d, is_sure) for d, is_sure in zip(networks["d"], sure, strict=True)]
    ax = _draw_pairs(networks["d"], texts, "d (high minus low)", ax, cmap=SIDES, vmin=-reach, vmax=reach)
    framed = _frame(ax, networks.index, declared)
    n = int((networks["n_high"] + networks["n_low"]).max())
    return tell(
        ax,
        f"Adjusted standardised difference d of the mean connectivity of {len(networks)} pairs of networks, high minus low group (n = {n}). Star: q < {ALPHA:g} "
        f"over all pairs ({int(sure.sum()) or 'none'}).{framed}",
    )


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
        The darker, the larger the share; with a star: more than twice as many as chance would give.
    """
    share = counts["n_below"] / counts["n_edges"]
    many = counts["n_below"] > 2 * counts["expected"]
    texts = [f"{n:.0f}{'*' if more else ''}" for n, more in zip(counts["n_below"], many, strict=True)]
    label = f"proportion with p < {ALPHA:g}"
    ax = _draw_pairs(share, texts, label, ax, cmap=SHARES, vmin=0, vmax=max(float(share.max()), 0.1))
    framed = _frame(ax, counts.index, declared)
    total, n_edges = int(counts["n_below"].sum()), int(counts["n_edges"].sum())
    return tell(
        ax,
        f"Edges with p < {ALPHA:g} in each of {len(counts)} pairs of networks: their number on the proportion of the pair's edges; {total:,} of {n_edges:,} "
        f"in all, {counts['expected'].sum():,.0f} expected by chance. Star: more than twice what is expected by chance.{framed}",
    )


def _frame(ax: Axes, pairs: pd.Index, declared: str | None) -> str:
    """Frame the cell of the declared pair; return what the caption says of it."""
    if declared not in pairs:
        return ""
    names = _list_names(pairs)
    first, second = declared.split(PAIR_SEPARATOR)
    corner = (names.index(first), names.index(second))
    ax.add_patch(plt.Rectangle(corner, 1, 1, fill=False, edgecolor=DECLARED, linewidth=2, zorder=3, clip_on=False))
    return f" Framed: {declared}, declared in advance."


def _list_names(pairs: pd.Index) -> list[str]:
    return sorted({name for pair in pairs for name in pair.split(PAIR_SEPARATOR)})


def _draw_pairs(values: pd.Series, texts: list[str], label: str, ax: Axes | None, **look: object) -> Axes:
    """Draw a number per pair as a triangle, each cell with its text."""
    names = _list_names(values.index)
    ax = start(ax, max(1.25 * len(names), 5), above=2.0)
    grid = pd.DataFrame(np.nan, index=names, columns=names)
    written = pd.DataFrame("", index=names, columns=names)
    for pair, value, text in zip(values.index, values, texts, strict=True):
        first, second = pair.split(PAIR_SEPARATOR)
        grid.loc[second, first], written.loc[second, first] = value, text
    annot = written if len(names) <= MOST_WRITTEN and grid.notna().any(axis=None) else False
    sns.heatmap(
        grid, annot=annot, fmt="", ax=ax, linewidths=0.5, cbar_kws={"label": label, "shrink": 0.6, "pad": 0.02},
        xticklabels=False, yticklabels=False, **look,
    )  # fmt: skip
    shown = [shorten(name, 18) for name in names]
    ax.set_xticks(np.arange(len(names)) + 0.5, shown, rotation=45, ha="right", rotation_mode="anchor")
    ax.set_yticks(np.arange(len(names)) + 0.5, shown, rotation=0)
    ax.tick_params(length=0)
    return ax


def _write_d(d: float, is_sure: bool) -> str:
    if np.isnan(d):
        return ""
    text = f"{abs(d):.1f}".removeprefix("0")
    return f"{'−' if d < 0 and text.strip('.0') else ''}{text}{'*' if is_sure else ''}"
