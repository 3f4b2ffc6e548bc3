"""Figures of the multiverse: one curve, all claims, and which decision moves which claim."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.multiverse import Curve
from helpers.plots.intervals import name_rows, start
from helpers.plots.palette import DECLARED, EVERYONE, FAINT, NULL, OBSERVED, SHARES
from helpers.plots.style import LINE_IN, WIDTH_IN, key, require_rows, shorten, tell, wrap
from helpers.wording import tell_range

LABEL_WIDTH = 28
LONGEST_OPTION = 40  # options hold names of a cohort's own columns
ARROWS = {"higher": "↑", "lower": "↓"}


def plot_curve(curve: Curve, *, title: str = "") -> Figure:
    """Draw a specification curve above the choices behind it.

    Parameters
    ----------
    curve : helpers.multiverse.Curve
    title : str

    Returns
    -------
    matplotlib.figure.Figure
        Top: effects in order of size with their 95 % intervals, the declared specification as a diamond, and where
        90 % of the curves of shuffled groups lie. Below: the darker, the more of the specifications in that stretch
        take the option.
    """
    require_rows(curve.points, "of the claims is of this kind")
    n_lines = len(curve.options) + curve.options.index.get_level_values(0).nunique()
    below_in = LINE_IN * n_lines
    figure, (top, below) = plt.subplots(
        2, 1, figsize=(WIDTH_IN, 2.6 + 0.7 + below_in), layout="constrained", height_ratios=[2.6, below_in], sharex=True,
    )  # fmt: skip
    _draw_effects(top, curve)
    _draw_options(below, curve)
    n, n_bins = len(curve.points), curve.options.shape[1]
    shades = "" if n == n_bins else f" Shades: how many in each of {n_bins} stretches."
    return tell(
        figure,
        f"{title}: {n:,} specifications by size of effect (n = {tell_range(curve.points['n'])}), with 95 % confidence intervals, where 90 % of the curves of permuted "
        f"groups lie, and the declared specification. Below: the options that the specifications take.{shades}",
    )


def plot_claims(summary: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw where the specifications of each claim lie, turned so that right of zero is what the claim expects.

    Parameters
    ----------
    summary : pandas.DataFrame
        From :func:`helpers.multiverse.summarise_claims`, of effects in d.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    names = [
        wrap(f"{name} {row['label']} {ARROWS.get(row['expected'], '')}".strip(), LABEL_WIDTH)
        for name, row in summary.iterrows()
    ]
    ax = start(ax, 0.85 * sum(name.count("\n") + 1.4 for name in names), above=1.1)
    name_rows(ax, names)
    for i, row in enumerate(summary.itertuples()):
        sign = -1 if row.expected == "lower" else 1
        bars = (
            (row.null_low, row.null_high, {"color": FAINT, "lw": 11, "zorder": 0}),
            (row.median_low, row.median_high, {"color": EVERYONE, "lw": 6, "alpha": 0.5}),
        )
        for low, high, look in bars:
            ax.plot([sign * low, sign * high], [i, i], solid_capstyle="butt", **look)
        ax.plot([sign * row.median] * 2, [i - 0.28, i + 0.28], color=OBSERVED, lw=2.5)
        ax.plot(sign * row.declared, i, "D", color=DECLARED, ms=5)
    ax.plot([], [], color=EVERYONE, lw=6, alpha=0.5, label="90 % of specifications")
    ax.plot([], [], color=OBSERVED, marker="|", ms=10, mew=2.5, ls="none", label="their median")
    ax.plot([], [], "D", color=DECLARED, ms=5, ls="none", label="declared")
    if summary["null_low"].notna().any():
        ax.plot([], [], color=FAINT, lw=9, label="medians of permuted groups")
    ax.set_xlabel("d\n← against the claim  ·  as the claim expects →")
    key(ax)
    people = tell_range(pd.concat([summary["n_least"], summary["n_most"]]))
    return tell(
        ax,
        f"{len(summary)} claims over all specifications (n = {people}), turned so that right of zero is what the claim expects: where 90 % of the effects lie, their median, "
        "the declared specification, and 90 % of the medians of permuted groups.",
    )


def plot_influence(influence: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how much of the spread of each claim's specifications goes with each decision.

    Parameters
    ----------
    influence : pandas.DataFrame
        From :func:`helpers.multiverse.measure_influence`.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
        Per cent of the variance in each cell; empty where a claim does not face the decision.
    """
    order = list(dict.fromkeys(influence["decision"]))
    table = 100 * influence.pivot_table("variance_share", "claim", "decision", sort=False).reindex(columns=order)
    ax = start(ax, 1.2 * len(table), above=1.8)
    sns.heatmap(
        table, cmap=SHARES, vmin=0, vmax=100, annot=True, fmt=".0f", linewidths=1, ax=ax,
        xticklabels=False, yticklabels=False, cbar_kws={"label": "% of the variance", "shrink": 0.6, "pad": 0.02},
    )  # fmt: skip
    ax.set(xlabel="", ylabel="")
    decisions = [shorten(decision) for decision in order]
    ax.set_xticks(np.arange(len(order)) + 0.5, decisions, rotation=45, ha="right", rotation_mode="anchor")
    ax.set_yticks(np.arange(len(table)) + 0.5, [shorten(claim) for claim in table.index], rotation=0)
    ax.tick_params(length=0)
    return tell(
        ax,
        f"How much of the variance of {len(table)} claims' effects over specifications goes with each of {len(order)} decisions, in per cent; empty where a claim does not face it.",
    )


def _draw_effects(ax: Axes, curve: Curve) -> None:
    points, places = curve.points, np.arange(len(curve.points)) + 0.5
    if points["null_low"].notna().any():
        ax.fill_between(
            places, points["null_low"], points["null_high"], color=NULL, lw=0, label="permuted groups, 90 %"
        )
    if points["effect_low"].notna().any():
        look = {"color": OBSERVED, "alpha": 0.22, "lw": 0}
        ax.fill_between(places, points["effect_low"], points["effect_high"], label="95 % CI", **look)
    ax.plot(places, points["effect"], color=OBSERVED, lw=2, label="effect")
    declared = points["is_declared"].to_numpy()
    ax.plot(places[declared], points.loc[declared, "effect"], "D", color=DECLARED, ms=6, label="declared", ls="none")
    ax.axhline(0, color=EVERYONE, lw=1)
    ax.set_ylabel(curve.unit if curve.unit != "d" else "d, high minus low")
    key(ax)


def _draw_options(ax: Axes, curve: Curve) -> None:
    n = len(curve.points)
    ticks, names, line = [], [], 0
    for decision, rows in curve.options.groupby(level=0, sort=False):
        ticks.append(line)
        names.append(shorten(decision, LONGEST_OPTION))
        line += 1
        top = rows.to_numpy().max()
        for (_, option), shares in rows.iterrows():
            ax.imshow(
                shares.to_numpy()[None, :], cmap=SHARES, vmin=0, vmax=top, aspect="auto", interpolation="nearest",
                extent=(0, n, line + 0.42, line - 0.42),
            )  # fmt: skip
            ticks.append(line)
            names.append("\u2003" + shorten(option, LONGEST_OPTION))
            line += 1
    ax.set_yticks(ticks, names)
    for label, name in zip(ax.get_yticklabels(), names, strict=True):
        label.set_fontweight("normal" if name.startswith("\u2003") else "bold")
    ax.tick_params(axis="y", length=0)
    ax.set(xlim=(0, n), ylim=(line - 0.4, -0.6))
    ax.set_xlabel("Specifications, by size of effect")
