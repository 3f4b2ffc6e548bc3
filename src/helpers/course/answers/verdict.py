"""Answers to the exercises of chapter 07."""

from __future__ import annotations

import pandas as pd

from helpers.course.answers.base import Answer, answers, choose
from helpers.course.places import Shelf

CHAPTER = "07_verdict"
ALPHA, QUANTILE = 0.05, 1.96


def _read_directions(shelf: Shelf) -> pd.DataFrame:
    """Return the claims about a direction that have an interval; ``sign`` is 1 for higher and -1 for lower."""
    table = shelf.result(CHAPTER, "verdicts").dropna(subset=["d", "d_low", "d_high"])
    return table.assign(sign=table["expected"].map({"higher": 1, "lower": -1})).dropna(subset=["sign"])


def _on_expected_side(table: pd.DataFrame) -> pd.Series:
    """Tell of each claim whether its interval lies wholly on the expected side."""
    return ((table["sign"] > 0) & (table["d_low"] > 0)) | ((table["sign"] < 0) & (table["d_high"] < 0))


@answers("07.1")
def _claims_found(shelf: Shelf) -> Answer:
    """Answer: For how many claims does the interval decide?"""
    table = _read_directions(shelf)
    return Answer(
        int(_on_expected_side(table).sum()),
        {
            "one_sided": int((table["p_one_sided"] < ALPHA).sum()),
            "corrected_count": int((table["p_holm"] < ALPHA).sum()),
            "estimate_only": int((table["d"] * table["sign"] > 0).sum()),
            "higher_only": int((table["d_low"] > 0).sum()),
            "all_claims": len(shelf.result(CHAPTER, "verdicts")),
        },
    )


@answers("07.2")
def _standard_error(shelf: Shelf) -> Answer:
    """Answer: From an interval to a standard error."""
    row = shelf.result(CHAPTER, "verdicts").loc["C02"]
    width = row["d_high"] - row["d_low"]
    return Answer(
        width / (2 * QUANTILE),
        {
            "half_width": width / 2,
            "whole_width": width,
            "one_side_forgotten": width / QUANTILE,
            "sd_for_se": width / (2 * QUANTILE) * (row["n_high"] + row["n_low"]) ** 0.5,
            "p_as_error": row["p_one_sided"],
        },
    )


@answers("07.3")
def _left_open(shelf: Shelf) -> Answer:
    """Answer: Which claims are left open?"""
    table = _read_directions(shelf)
    holds_zero = (table["d_low"] <= 0) & (table["d_high"] >= 0)
    every = shelf.result(CHAPTER, "verdicts")
    return Answer(
        list(table.index[holds_zero]),
        {
            "found_for_open": list(table.index[~holds_zero]),
            "corrected_count": list(table.index[table["p_holm"] >= ALPHA]),
            "one_sided": list(table.index[table["p_one_sided"] >= ALPHA]),
            "rank_as_interval": [*table.index[holds_zero], *every.index[every["d"].isna()]],
        },
    )


@answers("07.4")
def _what_may_be_said(shelf: Shelf) -> Answer:
    """Answer: What may the summary say?"""
    return choose("a", simulation_as_replication="b", absence_of_evidence="c", planted_effect_confirmed="d")


@answers("07.5")
def _two_sided(shelf: Shelf) -> Answer:
    """Answer: One side or two?"""
    row = shelf.result(CHAPTER, "verdicts").loc["C05"]
    return Answer(
        2 * row["p_one_sided"],
        {
            "one_sided": row["p_one_sided"],
            "halved_again": row["p_one_sided"] / 2,
            "corrected_for_all": row["p_holm"],
            "complement": 1 - row["p_one_sided"],
        },
    )
