"""The figure of the verdict: every claim, what it expects and what this cohort shows."""

from __future__ import annotations

import textwrap

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes

from helpers.plots.style import ACCENT, NEUTRAL, WIDTH_IN
from helpers.wording import tell_range

LABEL_WIDTH = 30
LINE_IN = 0.19

LOOKS = {
    "supported": (ACCENT, "o"),
    "planted effect recovered": (ACCENT, "o"),
    "no effect of interest": ("#0072B2", "^"),
    "inconclusive": (NEUTRAL, "D"),
    "opposed": ("#D55E00", "s"),
    "planted effect missed": ("#D55E00", "s"),
    "not testable here": (NEUTRAL, "x"),
}


ARROWS = {"higher": "↑", "lower": "↓"}


def plot_verdicts(verdicts: pd.DataFrame, *, labels: dict[str, str], ax: Axes | None = None) -> Axes:
    """Draw d of every claim with its interval, turned so that right of zero is what the claim expects.

    Parameters
    ----------
    verdicts : pandas.DataFrame
        From ``helpers.verdict.evaluate_claims``. A claim without d says why its
        line is empty: a rank, or not testable here.
    labels : dict
        How to call ``high`` and ``low``.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
        Arrows in the names: higher or lower in the high group; grey ticks: the smallest effect of interest.
    """
    names = [_name_claim(name, row) for name, row in verdicts.iterrows()]
    if ax is None:
        n_lines = sum(name.count("\n") + 1 for name in names)
        ax = plt.subplots(figsize=(WIDTH_IN, 1.3 + LINE_IN * n_lines + 0.09 * len(names)), layout="constrained")[1]
    bounds = verdicts[["d_low", "d_high"]].abs().max().max()
    reach = max(bounds, 0.5) if pd.notna(bounds) else 1.0
    ax.axvline(0, color=NEUTRAL, linewidth=1, zorder=0)
    for i, row in enumerate(verdicts.itertuples()):
        if pd.isna(row.d):
            _write_empty(ax, i, row)
        else:
            _draw_effect(ax, i, row)
    ax.set_yticks(range(len(names)), names)
    ax.set(xlim=(-1.1 * reach, 1.1 * reach), ylim=(len(names) - 0.4, -0.6))
    ax.tick_params(axis="y", length=0)
    sides = " v ".join(f"{labels[side]}{_write_people(verdicts, side)}" for side in ("high", "low"))
    ax.set_xlabel(f"d with 95 % interval\n{sides}\n← against the claim  ·  as the claim expects →", fontsize=9)
    _add_keys(ax, verdicts)
    return ax


def _write_people(verdicts: pd.DataFrame, side: str) -> str:
    counts = verdicts.loc[verdicts["d"].notna(), f"n_{side}"]
    if counts.empty:
        return ""
    return f" (n = {tell_range(counts)})"


def _name_claim(name: str, row: pd.Series) -> str:
    return "\n".join(textwrap.wrap(f"{name} {row['label']} {ARROWS.get(row['expected'], '')}".strip(), LABEL_WIDTH))


def _write_empty(ax: Axes, i: int, row: tuple) -> None:
    is_rank = row.verdict != "not testable here" and pd.notna(row.rank)
    text = f"rank {row.rank} of {row.n_blocks}: {row.verdict}" if is_rank else row.verdict
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
    ax.text(0, i, text, va="center", ha="center", fontsize=9, color=NEUTRAL, bbox=box)


def _draw_effect(ax: Axes, i: int, row: tuple) -> None:
    colour, marker = LOOKS[row.verdict]
    side = -1 if row.expected == "lower" else 1
    ax.plot([row.smallest_effect] * 2, [i - 0.32, i + 0.32], color="#9a9a9a", linewidth=1.5, zorder=0)
    ax.plot([side * row.d_low, side * row.d_high], [i, i], color=colour, linewidth=2, solid_capstyle="butt")
    ax.plot([side * row.d], [i], marker=marker, color=colour, markersize=7)


def _add_keys(ax: Axes, verdicts: pd.DataFrame) -> None:
    drawn = verdicts[verdicts["d"].notna()]
    for verdict in dict.fromkeys(drawn["verdict"]):
        colour, marker = LOOKS[verdict]
        ax.plot([], [], marker=marker, color=colour, linewidth=2, label=verdict)
    if len(drawn):
        ax.plot(
            [], [], color="#9a9a9a", marker="|", markersize=9, linestyle="none", mew=1.5, label="smallest of interest"
        )
        ax.figure.legend(loc="outside lower center", ncols=2)
