"""Say results of this room in sentences, so that prose never holds a number typed by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.contract import MeasureRule
from helpers.resilience.reliability import ScorePrecision
from helpers.resilience.symptoms import expect_share_kept
from helpers.wording import as_code, as_text, hide_small, tell_part


def describe_scores(groups: pd.DataFrame, rule: MeasureRule) -> str:
    """Say how many were scored, the mean, and where the cut falls.

    Parameters
    ----------
    groups : pandas.DataFrame
        Columns ``score`` and ``group``.
    rule : MeasureRule

    Returns
    -------
    str
    """
    score = groups["score"].dropna()
    low, high = score.quantile([0.05, 0.95])
    part = tell_part(len(score), len(groups))
    return (
        f"{part[0].upper()}{part[1:]} participants have a {as_code(rule.measure)} {as_text(rule.score)}: mean {score.mean():.1f} "
        f"(SD {score.std():.1f}), median {score.median():.1f}; nine in ten lie between {low:.1f} and {high:.1f}. "
        f"{100 * (score >= rule.high_at_least).mean():.0f} % reach the cut-off of {rule.high_at_least:g}{_tell_below(score, rule)}."
    )


def _tell_below(score: pd.Series, rule: MeasureRule) -> str:
    if not rule.has_middle:
        return ""
    low, middle = (
        (score < rule.low_end).mean(),
        score.between(rule.low_end, rule.high_at_least, inclusive="left").mean(),
    )
    return f", {100 * low:.0f} % lie below {rule.low_end:g}, and {100 * middle:.0f} % between, in neither group"


def describe_reliability(table: pd.DataFrame) -> str:
    """Say alpha and omega with their intervals.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`summarise_reliability`.

    Returns
    -------
    str
    """
    said = [
        f"{name} is {row.estimate:.2f} (95 % interval {row.ci_low:.2f} to {row.ci_high:.2f})"
        for name, row in zip(table.index, table.itertuples(), strict=True)
    ]
    first = table.iloc[0]
    return f"In {int(first['n'])} people who answered all {int(first['n_items'])} items, {' and '.join(said)}."


def describe_precision(precision: ScorePrecision | None, *, small_cell: int = 5) -> str:
    """Say how sure a single total is, and for how many the group is uncertain.

    Parameters
    ----------
    precision : ScorePrecision or None
        None where no item answers are at hand.
    small_cell : int, default 5
        A smaller number of people near the cut is not told.

    Returns
    -------
    str
    """
    if precision is None:
        return "The error of a single score is not known: this cohort has no answers item by item."
    near, share = precision.n_within_sem, 100 * precision.n_within_sem / max(precision.n_scored, 1)
    percent = f" ({share:.0f} %)" if near >= small_cell else ""
    return (
        f"The standard error of measurement is {precision.sem:.1f} points. {hide_small(near, small_cell)} of "
        f"{precision.n_scored} people{percent} score within that distance of the cut-off of "
        f"{precision.cut:g}: on another day they might well be in the other group."
    )


def describe_split(comparison: pd.DataFrame, groups: pd.DataFrame) -> str:
    """Say what the split costs, expected and seen.

    Parameters
    ----------
    comparison : pandas.DataFrame
        From :func:`compare_split_and_score`.
    groups : pandas.DataFrame
        With columns ``group`` and ``score``.

    Returns
    -------
    str
    """
    members = groups["group"].dropna()
    if (groups["score"].notna() & groups["group"].isna()).any():
        return (
            "People between the two cuts are in no group, so the groups are extremes: a correlation with them comes out larger than "
            "one with the score of everybody, which is no gain. The figure shows both in the people of the groups."
        )
    share = float((members == "high").mean())
    if not 0 < share < 1:
        return "Everybody is in one group: there is no split to compare."
    seen = comparison["share_kept"].dropna() if "share_kept" in comparison else pd.Series(dtype=float)
    expected = (
        f"With {100 * share:.0f} % of people in the high group, a split of normal scores is expected to keep "
        f"{100 * expect_share_kept(share):.0f} % of the variance explained (r²)."
    )
    if seen.empty or not np.isfinite(seen.median()):
        return f"{expected} No symptom here follows the score closely enough to measure it."
    return f"{expected} Here the median over {len(seen)} symptoms is {100 * seen.median():.0f} %."
