"""The figure of the verdict: every claim, what it expects and what this cohort shows."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from helpers.plots.intervals import draw_intervals, name_rows, start
from helpers.plots.palette import EVERYONE, VERDICTS
from helpers.plots.style import key, tell, wrap
from helpers.wording import tell_range

LABEL_WIDTH = 28

LOOKS = {
    "supported": (VERDICTS["for"], "o"),
    "planted effect recovered": (VERDICTS["for"], "o"),
    "no effect of interest": (VERDICTS["little"], "^"),
    "inconclusive": (VERDICTS["open"], "D"),
    "opposed": (VERDICTS["against"], "s"),
    "planted effect missed": (VERDICTS["against"], "s"),
    "not testable here": (VERDICTS["open"], "x"),
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
    ax = start(ax, 0.85 * sum(name.count("\n") + 1.4 for name in names), above=1.1)
    bounds = verdicts[["d_low", "d_high"]].abs().max().max()
    reach = max(bounds, 0.5) if pd.notna(bounds) else 1.0
    name_rows(ax, names)
    for i, row in enumerate(verdicts.itertuples()):
        if pd.isna(row.d):
            _write_empty(ax, i, row)
        else:
            ax.plot([row.smallest_effect] * 2, [i - 0.32, i + 0.32], color=EVERYONE, lw=1.5, zorder=0)
    told = verdicts.assign(row=range(len(verdicts))).dropna(subset=["d"])
    sign = told["expected"].map(lambda expected: -1 if expected == "lower" else 1).astype(float)
    turned = pd.DataFrame({name: sign * told[name].astype(float) for name in ("d", "d_low", "d_high")})
    for verdict in dict.fromkeys(told["verdict"]):
        own, (colour, marker) = told["verdict"] == verdict, LOOKS[verdict]
        draw_intervals(
            ax, turned[own], "d", rows=told["row"][own], colours=colour, markers=marker, label=verdict, size=7
        )
    if len(told):
        ax.plot([], [], color=EVERYONE, marker="|", ms=9, ls="none", mew=1.5, label="smallest effect of interest")
    ax.set(xlim=(-1.1 * reach, 1.1 * reach))
    ax.set_xlabel("d (95 % CI)\n← against the claim  ·  as the claim expects →")
    key(ax)
    sides = " v ".join(f"{labels[side]}{_write_people(verdicts, side)}" for side in ("high", "low"))
    return tell(
        ax,
        f"{len(verdicts)} claims, {len(told)} with a standardised difference d ({sides}), adjusted and turned so that right of zero is what the claim "
        "expects; lines are 95 % confidence intervals. Arrows in the names: higher or lower in the high group.",
    )


def _write_people(verdicts: pd.DataFrame, side: str) -> str:
    counts = verdicts.loc[verdicts["d"].notna(), f"n_{side}"]
    if counts.empty:
        return ""
    return f" (n = {tell_range(counts)})"


def _name_claim(name: str, row: pd.Series) -> str:
    return wrap(f"{name} {row['label']} {ARROWS.get(row['expected'], '')}".strip(), LABEL_WIDTH)


def _write_empty(ax: Axes, i: int, row: tuple) -> None:
    is_rank = row.verdict != "not testable here" and pd.notna(row.rank)
    text = f"rank {row.rank} of {row.n_blocks}: {row.verdict}" if is_rank else row.verdict
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
    ax.text(0, i, text, va="center", ha="center", color=EVERYONE, bbox=box)
