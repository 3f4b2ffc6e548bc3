"""Diversity within a person: each index by group, and taxa by depth."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from helpers.microbiome.alpha import METRIC_LABELS, AlphaDiversity
from helpers.plots.groups import SIDES, draw_groups, write_effect
from helpers.plots.intervals import start
from helpers.plots.palette import COLOURS, EVERYONE, LINES
from helpers.plots.style import WIDTH_IN, key, require_rows, strip_n, tell
from helpers.wording import hide_small

N_COLUMNS = 2


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
    n_rows = -(-len(metrics) // N_COLUMNS)
    figure, axes = plt.subplots(
        n_rows, N_COLUMNS, figsize=(WIDTH_IN, 2.45 * n_rows), layout="constrained", squeeze=False
    )
    for ax, metric in zip(axes.ravel(), metrics, strict=False):
        draw_groups(ax, alpha.values[metric], groups, labels=labels)
        ax.set_title(f"{METRIC_LABELS[metric]}\n{write_effect(contrasts.loc[metric])}")
    for ax in axes.ravel()[len(metrics) :]:
        ax.remove()
    at = (
        f"at {alpha.depth:,} reads per sample, mean of {alpha.n_rarefactions} rarefactions"
        if alpha.depth
        else "of shares, or of all reads"
    )
    return tell(
        figure,
        f"Alpha diversity by {len(metrics)} indices {at} ("
        f"{hide_small(alpha.n_lost)} samples left out). Marks are participants, boxes the middle half with the median. Above: adjusted "
        f"standardised difference d, {strip_n(labels['high'])} minus {strip_n(labels['low'])}, with its 95 % confidence interval.",
    )


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
        1, len(contrasts), figsize=(WIDTH_IN, 3.1), layout="constrained", squeeze=False, sharey=True
    )
    for ax, (name, row) in zip(axes[0], contrasts.iterrows(), strict=True):
        sizes = {side: f"{strip_n(labels[side])} (n={hide_small(int(row[f'n_{side}']))})" for side in SIDES}
        draw_groups(ax, tables[name].sum(axis=1), groups, labels=sizes)
        ax.set_yscale("log")
        ax.yaxis.set_major_formatter("{x:,.0f}")
        ax.yaxis.set_minor_formatter(NullFormatter())
        ax.set_title(f"{name}\n{write_effect(row, 'ratio')}")
    axes[0, 0].set_ylabel("Reads of a sample")
    return tell(
        figure,
        f"Reads of each sample in {' and '.join(contrasts.index)}, on a logarithmic scale. Marks are samples, boxes the middle half with "
        f"the median. Above: reads in {strip_n(labels['high'])} per read in {strip_n(labels['low'])}, adjusted, with the 95 % "
        "confidence interval.",
    )


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
    ax = start(ax, 11)
    long = (
        curves.rename_axis("sample")
        .melt(var_name="reads", value_name="taxa", ignore_index=False)
        .dropna()
        .reset_index()
    )
    long["group"] = groups.reindex(long["sample"]).to_numpy()
    for side in SIDES:
        own = long[long["group"] == side]
        look = {"x": "reads", "y": "taxa", "color": COLOURS[side], "ax": ax, "legend": False}
        if own.empty:
            continue
        sns.lineplot(own, units="sample", estimator=None, lw=0.5, alpha=0.25, **look)
        own = own[own["reads"].isin(curves.columns[curves[groups.reindex(curves.index) == side].notna().all()])]
        sns.lineplot(
            own, estimator="median", errorbar=None, lw=2.4, ls=LINES[side], label=f"{labels[side]}, median", **look
        )
    if depth is not None:
        ax.axvline(depth, color=EVERYONE, lw=1.2, ls=":", label=f"depth chosen: {depth:,} reads")
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter("{x:,.0f}")
    ax.set(xlabel="Reads drawn (logarithmic)", ylabel="Taxa expected")
    key(ax, ncols=1)
    return tell(
        ax,
        f"Rarefaction: taxa expected among so many reads, computed exactly. Thin lines are {len(curves):,} samples; thick lines the median "
        "of each group, as far as all its samples reach.",
    )
