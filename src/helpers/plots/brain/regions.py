"""Figures of regions: every effect with its interval, beside what can be seen and what was published."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from helpers.plots.style import COLOURS, HIGH_LOW, NEUTRAL, WIDTH_IN, name_contrast, shorten

ROW_IN = 0.2
ALPHA = 0.05
BAND = "#D9D9D9"


def plot_regions(
    regions: pd.DataFrame,
    *,
    title: str,
    highlight: tuple[str, ...] = (),
    published_d: tuple[float, float] | None = None,
    labels: Mapping[str, str] = HIGH_LOW,
    ax: Axes | None = None,
) -> Axes:
    """Draw the effect d of every region with its 95 % interval, sorted.

    Parameters
    ----------
    regions : pandas.DataFrame
        Index ``feature``; columns ``d``, ``d_low``, ``d_high``, ``q``, ``n_high``, ``n_low``.
    title : str
        What was measured; n is added.
    highlight : tuple of str, default ()
        Regions of a set declared beforehand: drawn as squares in another colour.
    published_d : tuple of float, optional
        Smallest and largest |d| of large published studies: a grey band on either side of 0.
    labels : mapping, optional
        How to call ``high`` and ``low``.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
        With a column ``detectable_d``, dotted lines stand at the smallest effect that so many people detect. Filled markers: q < 0.05. Regions that could not be compared are counted in the title.
    """
    shown = regions.dropna(subset=["d"]).sort_values("d", ascending=False)
    if ax is None:
        _, ax = plt.subplots(figsize=(WIDTH_IN, 1.5 + ROW_IN * max(len(shown), 4)), layout="constrained")
    rows = np.arange(len(shown))
    in_set = shown.index.isin(highlight)
    ax.axvline(0, color=NEUTRAL, linewidth=1, zorder=0)
    _draw_scale(ax, shown, published_d)
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
    ax.set_xlabel(name_contrast("d (high minus low), with 95 % interval; filled: q < 0.05", labels))
    n_keys = len(ax.get_legend_handles_labels()[0])
    lost = f", {len(regions) - len(shown)} not comparable" if len(regions) > len(shown) else ""
    ax.set_title(f"{title}: {len(shown)} regions{lost}, n={_n(regions)}", loc="left", pad=8 + 15 * ((n_keys + 1) // 2))
    if ax.get_legend_handles_labels()[0]:
        ax.legend(
            loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=2, borderpad=0.1, handlelength=1.4, columnspacing=1.2
        )
    return ax


def _draw_scale(ax: Axes, shown: pd.DataFrame, published_d: tuple[float, float] | None) -> None:
    if published_d is not None and np.isfinite(published_d).all():
        low, high = published_d
        for sign in (1, -1):
            label = f"published |d|: {low:.2f} to {high:.2f}" if sign == 1 else None
            ax.axvspan(sign * low, sign * high, color=BAND, linewidth=0, zorder=-1, label=label)
    if "detectable_d" in shown and shown["detectable_d"].notna().any():
        edge = float(shown["detectable_d"].max())
        for sign in (1, -1):
            label = f"detectable |d|: {edge:.2f}" if sign == 1 else None
            ax.axvline(sign * edge, color="black", linestyle=":", linewidth=1.2, zorder=0, label=label)


def _n(table: pd.DataFrame) -> str:
    return f"{int((table['n_high'] + table['n_low']).max())}"
