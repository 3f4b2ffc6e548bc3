"""Figures of the multiverse: one curve, all claims, and which decision moves which claim."""

from __future__ import annotations

import textwrap

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.multiverse import Curve
from helpers.plots.style import ACCENT, COLOURS, NEUTRAL, WIDTH_IN, shorten
from helpers.wording import tell_range

LINE_IN = 0.2
LABEL_WIDTH = 30
ARROWS = {"higher": "↑", "lower": "↓"}
PALE = "#c9c9c9"


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
    if curve.points.empty:
        figure, ax = plt.subplots(figsize=(WIDTH_IN, 1))
        ax.text(0.5, 0.5, "nothing to draw: no claim of this kind", ha="center", va="center", color=NEUTRAL)
        ax.set_axis_off()
        return figure
    n_lines = len(curve.options) + curve.options.index.get_level_values(0).nunique()
    figure, (top, below) = plt.subplots(
        2, 1, figsize=(WIDTH_IN, 2.6 + 0.6 + LINE_IN * n_lines), layout="constrained",
        height_ratios=[2.6, LINE_IN * n_lines], sharex=True,
    )  # fmt: skip
    _draw_effects(top, curve)
    _draw_options(below, curve)
    top.set_title("\n".join(textwrap.wrap(title, 60)), loc="left")
    return figure


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
        "\n".join(textwrap.wrap(f"{name} {row['label']} {ARROWS.get(row['expected'], '')}".strip(), LABEL_WIDTH))
        for name, row in summary.iterrows()
    ]
    if ax is None:
        n_lines = sum(name.count("\n") + 1 for name in names)
        ax = plt.subplots(figsize=(WIDTH_IN, 1.3 + LINE_IN * n_lines + 0.09 * len(names)), layout="constrained")[1]
    ax.axvline(0, color=NEUTRAL, linewidth=1, zorder=0)
    for i, row in enumerate(summary.itertuples()):
        sign = -1 if row.expected == "lower" else 1
        ax.plot(
            [sign * row.null_low, sign * row.null_high],
            [i, i],
            color=PALE,
            linewidth=11,
            solid_capstyle="butt",
            zorder=0,
        )
        ax.plot(
            [sign * row.median_low, sign * row.median_high],
            [i, i],
            color=ACCENT,
            linewidth=6,
            alpha=0.45,
            solid_capstyle="butt",
        )
        ax.plot([sign * row.median] * 2, [i - 0.28, i + 0.28], color=ACCENT, linewidth=2.5)
        ax.plot(sign * row.declared, i, "D", color="black", markersize=5)
    ax.plot([], [], color=ACCENT, linewidth=6, alpha=0.45, label="90 % of specifications")
    ax.plot([], [], color=ACCENT, marker="|", markersize=10, mew=2.5, linestyle="none", label="their median")
    ax.plot([], [], "D", color="black", markersize=5, label="as the chapters declare")
    if summary["null_low"].notna().any():
        ax.plot([], [], color=PALE, linewidth=9, label="medians of shuffled groups")
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    people = tell_range(pd.concat([summary["n_least"], summary["n_most"]]))
    ax.set_xlabel(f"d (n = {people} people)\n← against the claim  ·  as the claim expects →", fontsize=9)
    ax.figure.legend(loc="outside lower center", ncols=2)
    return ax


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
    table = influence.pivot_table("variance_share", "claim", "decision", sort=False)[order]
    if ax is None:
        ax = plt.subplots(figsize=(WIDTH_IN, 1.7 + 0.27 * len(table)), layout="constrained")[1]
    ax.imshow(table, cmap="Greys", vmin=0, vmax=1, aspect="auto")
    for i, j in zip(*np.nonzero(table.notna().to_numpy()), strict=True):
        share = table.iloc[i, j]
        ax.text(
            j, i, f"{100 * share:.0f}", ha="center", va="center", fontsize=9, color="white" if share > 0.55 else "black"
        )
    ax.set_xticks(range(len(order)), order, rotation=45, ha="left", rotation_mode="anchor")
    ax.set_yticks(range(len(table)), [shorten(claim) for claim in table.index])
    ax.tick_params(top=True, bottom=False, labeltop=True, labelbottom=False, length=0)
    ax.set_xlabel("% of the variance over specifications")
    for spine in ax.spines.values():
        spine.set_visible(False)
    return ax


def _draw_effects(ax: Axes, curve: Curve) -> None:
    points, places = curve.points, np.arange(len(curve.points)) + 0.5
    if points["null_low"].notna().any():
        ax.fill_between(
            places, points["null_low"], points["null_high"], color=PALE, linewidth=0, label="shuffled groups, 90 %"
        )
    if points["effect_low"].notna().any():
        ax.fill_between(
            places, points["effect_low"], points["effect_high"], color=COLOURS["high"], alpha=0.22, linewidth=0,
            label="95 % intervals",
        )  # fmt: skip
    ax.plot(places, points["effect"], color=COLOURS["high"], linewidth=2, label="effect")
    declared = points["is_declared"].to_numpy()
    ax.plot(
        places[declared],
        points.loc[declared, "effect"],
        "D",
        color="black",
        markersize=6,
        label="declared",
        linestyle="none",
    )
    ax.axhline(0, color=NEUTRAL, linewidth=1)
    ax.set_ylabel(curve.unit if curve.unit != "d" else "d, high minus low")
    ax.legend(ncols=2, fontsize=9, loc="best")


def _draw_options(ax: Axes, curve: Curve) -> None:
    n, n_bins = len(curve.points), curve.options.shape[1]
    ticks, names, line = [], [], 0
    for decision, rows in curve.options.groupby(level=0, sort=False):
        ticks.append(line)
        names.append(decision)
        line += 1
        top = rows.to_numpy().max()
        for (_, option), shares in rows.iterrows():
            ax.imshow(
                shares.to_numpy()[None, :], cmap="Greys", vmin=0, vmax=top, aspect="auto", interpolation="nearest",
                extent=(0, n, line + 0.42, line - 0.42),
            )  # fmt: skip
            ticks.append(line)
            names.append("\u2003" + option)
            line += 1
    ax.set_yticks(ticks, names, fontsize=9)
    for label, name in zip(ax.get_yticklabels(), names, strict=True):
        label.set_fontweight("normal" if name.startswith("\u2003") else "bold")
    ax.tick_params(axis="y", length=0)
    ax.set(xlim=(0, n), ylim=(line - 0.4, -0.6))
    shades = "" if n == n_bins else f"\n(shades: how many in each of {n_bins} stretches)"
    ax.set_xlabel(f"{n:,} specifications by size of effect, n = {tell_range(curve.points['n'])}{shades}", fontsize=9)
