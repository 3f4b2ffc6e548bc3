"""Diversity within a person: each index by group, and taxa by depth."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.microbiome.alpha import METRIC_LABELS, AlphaDiversity
from helpers.plots.style import COLOURS, MARKERS, NEUTRAL, WIDTH_IN, require_rows
from helpers.wording import hide_small

SIDES = ("low", "high")
N_COLUMNS = 3
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
        ax.set_title(f"{METRIC_LABELS[metric]}\nd = {d} ({low} to {high})", fontsize=9, loc="left")
        ax.set_xticks(range(len(SIDES)), [labels[side].replace(" ", "\n") for side in SIDES])
        ax.set_xlim(-0.6, 1.6)
    for ax in panels[len(metrics) :]:
        ax.remove()
    said = (
        f"{alpha.depth:,} reads per sample, mean of {alpha.n_rarefactions} rarefactions"
        if alpha.depth
        else "shares, or all reads"
    )
    figure.supxlabel(f"{said}; {hide_small(alpha.n_lost)} samples left out", fontsize=9)
    return figure


def plot_depth(
    tables: Mapping[str, pd.DataFrame], contrasts: pd.DataFrame, groups: pd.Series, *, labels: Mapping[str, str]
) -> Figure:
    """Draw how many reads each sample holds, by group, one panel per block.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        Block name -> counts.
    contrasts : pandas.DataFrame
        From :func:`helpers.microbiome.compare_depth`.
    groups : pandas.Series
        Index participant_id; high, low or missing; only the people who were compared.
    labels : mapping
        ``high`` and ``low``: what the groups are called; n is that of each block.

    Returns
    -------
    matplotlib.figure.Figure
        Above each panel: reads of a sample in the high group per read in the low one, with the 95 % interval.
    """
    require_rows(contrasts)
    figure, axes = plt.subplots(
        1, len(contrasts), figsize=(WIDTH_IN, 2.9), layout="constrained", squeeze=False, sharey=True
    )
    for ax, (name, row) in zip(axes[0], contrasts.iterrows(), strict=True):
        totals = tables[name].sum(axis=1)
        for place, side in enumerate(SIDES):
            _draw_column(totals[groups.reindex(totals.index) == side].to_numpy(float), place, side, ax)
        ax.set(yscale="log", xlim=(-0.6, 1.6))
        ratio = f"{row['ratio']:.2f} ({row['ratio_low']:.2f} to {row['ratio_high']:.2f})"
        ax.set_title(f"{name}: high per low\n{ratio}", fontsize=9, loc="left")
        called = [labels[side].split(" (n=")[0].replace(" ", "\n") for side in SIDES]
        sizes = [hide_small(int(row[f"n_{side}"])) for side in SIDES]
        ax.set_xticks(range(len(SIDES)), [f"{who}\n(n={n})" for who, n in zip(called, sizes, strict=True)])
    axes[0, 0].set_ylabel("Reads of a sample")
    axes[0, 0].yaxis.set_major_formatter("{x:,.0f}")
    return figure


def plot_rarefaction(
    curves: pd.DataFrame,
    groups: pd.Series,
    *,
    labels: Mapping[str, str],
    depth: int | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the taxa expected at every depth: a thin line per sample, the median of each group, and the depth chosen.

    Parameters
    ----------
    curves : pandas.DataFrame
        From :func:`helpers.microbiome.trace_rarefaction`.
    groups : pandas.Series
        Index participant_id; high, low or missing.
    labels : mapping
        ``high`` and ``low``: what the groups are called, with n.
    depth : int, optional
        Reads drawn from each sample: a vertical line.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    if ax is None:
        _, ax = plt.subplots(figsize=(WIDTH_IN, 3.8), layout="constrained")
    for side in SIDES:
        own = curves[groups.reindex(curves.index) == side]
        ax.plot(own.columns, own.T.to_numpy(), color=COLOURS[side], lw=0.5, alpha=0.3)
        everyone = own.loc[:, own.notna().all()]
        ax.plot(
            everyone.columns,
            everyone.median(),
            color=COLOURS[side],
            lw=2.4,
            ls="-" if side == "high" else "--",
            label=f"{labels[side]}, median",
        )
    if depth is not None:
        ax.axvline(depth, color=NEUTRAL, lw=1.2, ls=":", label=f"depth chosen: {depth:,} reads")
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter("{x:,.0f}")
    ax.set_title(f"{len(curves):,} samples; pale: one sample", loc="left")
    ax.set(xlabel="Reads drawn (logarithmic)", ylabel="Taxa expected")
    ax.figure.legend(loc="outside lower center", ncols=1)
    return ax


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
