"""The figure of the verdict: every claim, what it expects and what this cohort shows."""

from __future__ import annotations

import textwrap

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes

from helpers.plots.style import ACCENT, NEUTRAL, WIDTH_IN

LABEL_WIDTH = 30
LINE_IN = 0.19

LOOKS = {
    "supported": (ACCENT, "o"),
    "planted effect recovered": (ACCENT, "o"),
    "direction only": ("#0072B2", "^"),
    "inconclusive (underpowered)": (NEUTRAL, "D"),
    "contradicted": ("#D55E00", "s"),
    "planted effect missed": ("#D55E00", "s"),
    "not testable here": (NEUTRAL, "x"),
}


def plot_verdicts(verdicts: pd.DataFrame, *, labels: dict[str, str], ax: Axes | None = None) -> Axes:
    """Draw d of every claim with its interval; a wedge shows the side the claim expects.

    Parameters
    ----------
    verdicts : pandas.DataFrame
        From ``helpers.verdict.weigh_claims``. A claim without d says why its
        line is empty: a rank, or not testable here.
    labels : dict
        How to call ``high`` and ``low``.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    names = [f"{name} {_wrap(label)}" for name, label in verdicts["label"].items()]
    if ax is None:
        n_lines = sum(name.count("\n") + 1 for name in names)
        ax = plt.subplots(figsize=(WIDTH_IN, 1.2 + LINE_IN * n_lines + 0.09 * len(names)), layout="constrained")[1]
    bounds = verdicts[["d_low", "d_high"]].abs().max().max()
    reach = max(bounds, 0.5) if pd.notna(bounds) else 1.0
    ax.axvline(0, color=NEUTRAL, linewidth=1, zorder=0)
    for i, row in enumerate(verdicts.itertuples()):
        if pd.isna(row.d):
            _write_empty(ax, i, row)
        else:
            _draw_effect(ax, i, row, reach)
    ax.set_yticks(range(len(names)), names)
    ax.set(xlim=(-1.25 * reach, 1.25 * reach), ylim=(len(names) - 0.4, -0.6))
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(f"d, 95 % interval (right of zero: higher in {labels['high']})")
    _add_keys(ax, verdicts)
    return ax


def _wrap(label: str) -> str:
    return "\n".join(textwrap.wrap(label, LABEL_WIDTH))


def _write_empty(ax: Axes, i: int, row: tuple) -> None:
    text = row.verdict if row.verdict == "not testable here" else f"a rank: {row.verdict}"
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
    ax.text(0, i, text, va="center", ha="center", fontsize=9, color=NEUTRAL, bbox=box)


def _draw_effect(ax: Axes, i: int, row: tuple, reach: float) -> None:
    colour, marker = LOOKS[row.verdict]
    ax.plot([row.d_low, row.d_high], [i, i], color=colour, linewidth=2, solid_capstyle="butt")
    ax.plot([row.d], [i], marker=marker, color=colour, markersize=7)
    side = 1 if row.expected == "higher" else -1
    ax.plot([1.18 * reach * side], [i], marker=">" if side > 0 else "<", color="black", markersize=6)


def _add_keys(ax: Axes, verdicts: pd.DataFrame) -> None:
    for verdict in dict.fromkeys(verdicts.loc[verdicts["d"].notna(), "verdict"]):
        colour, marker = LOOKS[verdict]
        ax.plot([], [], marker=marker, color=colour, linewidth=2, label=verdict)
    if verdicts["d"].notna().any():
        ax.plot([], [], marker=">", color="black", linestyle="none", label="side the claim expects")
        ax.figure.legend(loc="outside lower center", ncols=2)
