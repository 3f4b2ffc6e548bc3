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


JUDGED = ("estimate", "ci_low", "ci_high")
MULTIPLES = "multiples of the smallest effect of interest"
UNITS = {"d": "a standardised difference d", "r": "a correlation r with the score"}
ARROWS = {"higher": "↑", "lower": "↓"}


def plot_verdicts(verdicts: pd.DataFrame, *, labels: dict[str, str], ax: Axes | None = None) -> Axes:
    """Draw the effect of every claim with its interval (d, or r), turned so that right of zero is what the claim expects.

    Parameters
    ----------
    verdicts : pandas.DataFrame
        From ``helpers.verdict.evaluate_claims``. Effects in several units are drawn in multiples of their smallest effect of
        interest. A claim without an effect says why its
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
    told, unit = _turn(verdicts)
    bounds = told[["d_low", "d_high"]].abs().max().max()
    reach = max(bounds, 0.5) if pd.notna(bounds) else 1.0
    name_rows(ax, names)
    for i, row in enumerate(verdicts.itertuples()):
        if row.Index not in told.index:
            _write_empty(ax, i, row)
        else:
            smallest = told.loc[row.Index, "smallest_effect"]
            ax.plot([smallest] * 2, [i - 0.32, i + 0.32], color=EVERYONE, lw=1.5, zorder=0)
    for verdict in dict.fromkeys(told["verdict"]):
        own, (colour, marker) = told["verdict"] == verdict, LOOKS[verdict]
        draw_intervals(ax, told[own], "d", rows=told["row"][own], colours=colour, markers=marker, label=verdict, size=7)
    if len(told):
        ax.plot([], [], color=EVERYONE, marker="|", ms=9, ls="none", mew=1.5, label="smallest effect of interest")
    ax.set(xlim=(-1.1 * reach, 1.1 * reach))
    ax.set_xlabel(f"{unit} (95 % CI)\n← against the claim  ·  as the claim expects →")
    key(ax)
    sides = " v ".join(f"{labels[side]}{_write_people(verdicts, side)}" for side in ("high", "low"))
    sides = f"n = {tell_range(told['n'].dropna())}" if told["n"].notna().all() and len(told) else sides
    return tell(
        ax,
        f"{len(verdicts)} claims, {len(told)} with {UNITS.get(unit, f'an effect, drawn in {unit}')} ({sides}), adjusted and turned so that right of zero is what the claim "
        "expects; lines are 95 % confidence intervals. Arrows in the names: higher or lower in the high group.",
    )


def _turn(verdicts: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return the claims that have an effect, turned to the side they expect, with their row in the figure; and the unit of all."""
    told = verdicts.assign(row=range(len(verdicts))).dropna(subset=["estimate"])
    units = list(dict.fromkeys(told["measure"])) or ["d"]
    size = 1.0 if len(units) == 1 else told["smallest_effect"].astype(float)
    sign = told["expected"].map(lambda expected: -1 if expected == "lower" else 1).astype(float)
    turned = {
        d: sign * told[name].astype(float) / size for d, name in zip(("d", "d_low", "d_high"), JUDGED, strict=True)
    }
    return told.assign(**turned, smallest_effect=told["smallest_effect"] / size), units[0] if len(
        units
    ) == 1 else MULTIPLES


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
