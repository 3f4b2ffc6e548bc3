"""Draw adjusted effects with their intervals, one line per feature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from helpers.contrasts import Q_SHOWN
from helpers.plots.style import COLOURS, MARKERS, NEUTRAL, WIDTH_IN, require_rows, shorten
from helpers.wording import tell_range

LINE_IN = 0.24


def plot_forest(
    contrasts: pd.DataFrame,
    *,
    labels: Mapping[str, str],
    names: pd.Series | None = None,
    marked: Sequence[str] = (),
    title: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw d with its 95 % interval for each feature, from top to bottom as they come.

    Parameters
    ----------
    contrasts : pandas.DataFrame
        Index feature; columns d, d_low, d_high, q, n_high, n_low.
    labels : mapping
        ``high`` and ``low``: what the groups are called.
    names : pandas.Series, optional
        Index feature: what to write beside each line.
    marked : sequence of str
        Features to set in bold with an arrow.
    title : str
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
        Circles: higher in the high group; squares: lower. Filled: q below 0.05.
    """
    shown = contrasts.dropna(subset=["d", "d_low", "d_high"])
    require_rows(shown)
    if ax is None:
        _, ax = plt.subplots(figsize=(WIDTH_IN, 1.5 + LINE_IN * max(len(shown), 3)), layout="constrained")
    for row, (_, effect) in enumerate(shown.iterrows()):
        side = "high" if effect["d"] > 0 else "low"
        fill = COLOURS[side] if effect["q"] < Q_SHOWN else "white"
        ax.plot(
            [effect["d_low"], effect["d_high"]],
            [row, row],
            color=COLOURS[side],
            lw=1.6,
            solid_capstyle="butt",
        )
        ax.plot(effect["d"], row, MARKERS[side], color=COLOURS[side], mfc=fill, ms=6, zorder=3)
    ax.axvline(0, color=NEUTRAL, lw=0.8, zorder=0)
    ax.set_yticks(range(len(shown)), [_write_name(feature, names, marked) for feature in shown.index])
    for label, feature in zip(ax.get_yticklabels(), shown.index, strict=True):
        label.set_fontweight("bold" if feature in marked else "normal")
    ax.set_ylim(len(shown) - 0.4, -0.6)
    n_high, n_low = tell_range(contrasts["n_high"]), tell_range(contrasts["n_low"])
    high, low = (labels[side].split(" (n=")[0] for side in ("high", "low"))
    ax.set_xlabel(
        f"Standardised difference d, 95 % interval\n← higher in {low} (n = {n_low})  ·  higher in {high} (n = {n_high}) →",
        fontsize=9,
    )
    ax.set_title(title, loc="left")
    ax.figure.legend(handles=_make_keys(), loc="outside lower center", ncols=2, handletextpad=0.2, columnspacing=1.2)
    return ax


def _write_name(feature: str, names: pd.Series | None, marked: Sequence[str]) -> str:
    name = str(feature if names is None else names.get(feature, feature))
    short = shorten(name)
    return f"► {short}" if feature in marked else short


def _make_keys() -> list[Line2D]:
    grey = {"color": NEUTRAL, "ls": ""}
    return [
        Line2D([], [], marker="o", label=f"filled: q < {Q_SHOWN:g}", **grey),
        Line2D([], [], marker="o", mfc="white", label="open: not", **grey),
    ]
