"""Figures of several cohorts together: each claim over all cohorts, and cohort by cohort."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes

from helpers.plots.intervals import draw_intervals, name_rows, pick_sides, separate, start
from helpers.plots.palette import DECLARED, EVERYONE, FAINT
from helpers.plots.style import key, require_rows, shorten, tell, use_style_of
from helpers.plots.verdict import ARROWS, LOOKS
from helpers.pool import Site
from helpers.wording import tell_range

SMALLEST, LARGEST = 18, 150  # of the mark of a cohort, in square points
LEAST_REACH = 0.5
TURNED = "d (95 % CI)\n← against the claim  ·  as the claim expects →"


def use_pool_style(sites: Sequence[Site]) -> None:
    """Set the look of figures and tables; figures of simulated cohorts say so, and groups have their names where all cohorts agree on them.

    Parameters
    ----------
    sites : sequence of Site
    """
    labels = [dict(site.labels) for site in sites]
    same = labels[0] if all(one == labels[0] for one in labels) else None
    is_simulated = any(site.kind == "simulated" for site in sites)
    use_style_of(same, small_cell=max(site.small_cell for site in sites), is_simulated=is_simulated)


def plot_pooled(pooled: pd.DataFrame, effects: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the mean of each claim over cohorts with its interval, the cohorts as dots, and where a further cohort may lie.

    Parameters
    ----------
    pooled : pandas.DataFrame
        ``pooled`` of :class:`helpers.pool.PooledClaims`.
    effects : pandas.DataFrame
        ``effects`` of the same.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
        Turned so that right of zero is what the claim expects.
    """
    shown = pooled.dropna(subset=["d"])
    require_rows(shown, "of the claims has an effect in two cohorts")
    ax = start(ax, 1.5 * len(shown), above=1.3)
    rows = pd.Series(range(len(shown)), shown.index, dtype=float)
    turned = _turn(shown, ["d", "prediction"])
    known = turned.dropna(subset=["prediction_low"])
    if len(known):
        ax.barh(rows[known.index], known["prediction_high"] - known["prediction_low"], 0.5, known["prediction_low"],
                color=FAINT, label="true effect in a further cohort (95 %)", zorder=0)  # fmt: skip
    own = _turn(effects[effects["claim"].isin(shown.index)].dropna(subset=["d"]), ["d"])
    ax.plot(own["d"], own["claim"].map(rows) + 0.28, "o", ls="", color=EVERYONE, mfc="white", ms=4, label="one cohort")
    for verdict in dict.fromkeys(shown["verdict"]):
        of_it, (colour, marker) = shown["verdict"] == verdict, LOOKS[verdict]
        draw_intervals(ax, turned[of_it], "d", rows=rows[of_it], colours=colour, markers=marker, label=verdict, size=7)
    name_rows(
        ax,
        [
            shorten(f"{name} {row['label']} {ARROWS.get(row['expected'], '')}".strip(), 30)
            for name, row in shown.iterrows()
        ],
    )
    _set_reach(ax, [turned, own])
    ax.set_xlabel(TURNED)
    key(ax)
    return tell(
        ax,
        f"{len(shown)} claims over {tell_counts(shown['n_cohorts'])} cohorts: mean standardised difference d of a random-effects meta-analysis, "
        "turned so that right of zero is what the claim expects; lines are 95 % confidence intervals (Hartung and Knapp). Open dots: the "
        "cohorts. Arrows in the names: higher or lower in the high group.",
    )


def plot_cohorts(pooled: pd.DataFrame, effects: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the forest of each claim: one line per cohort, the mean below them.

    Parameters
    ----------
    pooled, effects : pandas.DataFrame
        As for :func:`plot_pooled`.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
        High minus low. The area of a square: the weight of its cohort in the mean.
    """
    shown = pooled.dropna(subset=["d"])
    require_rows(shown, "of the claims has an effect in two cohorts")
    own = effects[effects["claim"].isin(shown.index)].dropna(subset=["d"])
    means = shown.rename_axis("claim").reset_index().assign(weight=1.0)
    lines = pd.concat([own.assign(is_mean=False), means.assign(is_mean=True)])
    order = {name: at for at, name in enumerate(shown.index)}
    lines = (
        lines.assign(at=lines["claim"].map(order)).sort_values(["at", "is_mean"], kind="stable").reset_index(drop=True)
    )
    ax = start(ax, len(lines), above=1.0)
    cohorts = lines[~lines["is_mean"]]
    colours, _ = pick_sides(cohorts["d"])
    ax.hlines(cohorts.index, cohorts["d_low"], cohorts["d_high"], colors=colours, lw=1.4, zorder=2)
    sizes = SMALLEST + (LARGEST - SMALLEST) * cohorts["weight"].clip(0, 1).fillna(0)
    ax.scatter(cohorts["d"], cohorts.index, s=sizes, c=colours, marker="s", zorder=3)
    draw_intervals(
        ax,
        lines[lines["is_mean"]],
        "d",
        rows=list(lines.index[lines["is_mean"]]),
        colours=DECLARED,
        markers="D",
        size=7,
    )
    name_rows(
        ax, [shorten(f"{row.claim} {row.label if row.is_mean else row.cohort}", 30) for row in lines.itertuples()]
    )
    for label, is_mean in zip(ax.get_yticklabels(), lines["is_mean"], strict=True):
        label.set_fontweight("bold" if is_mean else "normal")
    separate(ax, list(lines["claim"]))
    _set_reach(ax, [lines])
    ax.set_xlabel("d, high minus low (95 % CI)")
    return tell(
        ax,
        f"{len(shown)} claims, cohort by cohort: standardised difference d, high minus low, with 95 % confidence intervals; squares have the area of "
        "the cohort's weight, blue where d is above zero, orange below. Black: the mean of a random-effects meta-analysis (Hartung and Knapp).",
    )


def plot_features(table: pd.DataFrame, *, what: str, n_shown: int = 20, ax: Axes | None = None) -> Axes:
    """Draw the mean effect over cohorts of the genera or metabolites with the smallest p.

    Parameters
    ----------
    table : pandas.DataFrame
        ``table`` of :class:`helpers.pool.PooledFeatures`.
    what : str
        Begins the caption.
    n_shown : int, default 20
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
        Filled: q below 0.05.
    """
    shown = table.dropna(subset=["d"]).head(n_shown)
    require_rows(shown, "is in two cohorts")
    ax = start(ax, len(shown))
    colours, markers = pick_sides(shown["d"])
    draw_intervals(ax, shown, "d", colours=colours, markers=markers, filled=list(shown["q"] < 0.05))
    name_rows(ax, [shorten(name) for name in shown.index])
    _set_reach(ax, [shown])
    ax.set_xlabel("d, high minus low (95 % CI)")
    return tell(
        ax,
        f"{what}: the {len(shown)} of {len(table):,} with the smallest p; mean standardised difference d over {tell_counts(shown['n_cohorts'])} "
        f"cohorts, high minus low, with 95 % confidence intervals (Hartung and Knapp). Filled marks: q < 0.05 "
        f"({int((shown['q'] < 0.05).sum())} of {len(shown)}).",
    )


def tell_counts(counts: pd.Series) -> str:
    """Return the range of numbers of cohorts as text.

    Examples
    --------
    >>> tell_counts(pd.Series([2, 3])), tell_counts(pd.Series([3, 3]))
    ('2–3', '3')
    """
    return tell_range(counts, 1)


def _turn(table: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Turn effects so that positive is what the claim expects; the ends of intervals change places."""
    turned, lower = table.copy(), table["expected"] == "lower"
    for name in names:
        if name in table:
            turned[name] = table[name].astype(float).where(~lower, -table[name].astype(float))
        low, high = table[f"{name}_low"].astype(float), table[f"{name}_high"].astype(float)
        turned[f"{name}_low"], turned[f"{name}_high"] = low.where(~lower, -high), high.where(~lower, -low)
    return turned


def _set_reach(ax: Axes, tables: list[pd.DataFrame]) -> None:
    """Let the axis end where most intervals do: one of two cohorts alone may be endless."""
    bounds = pd.concat([table[["d_low", "d_high"]].astype(float).abs().max(axis=1) for table in tables]).dropna()
    reach = max(float(bounds.quantile(0.9)) if len(bounds) else 0.0, LEAST_REACH)
    ax.set_xlim(-1.1 * reach, 1.1 * reach)
