"""What chapter 02 finds, in the sentences of its box."""

from __future__ import annotations

import os

import pandas as pd

from helpers.findings import call, find_result, tell_effect, tell_found, write_findings
from helpers.wording import hide_small

CHAPTER = "02_resilience"
RESILIENCE = ("cd_risc", "cd_risc_10", "cd_risc_2", "brs")  # that such a score differs between the groups is no finding


def describe_findings(results_dir: str | os.PathLike[str]) -> str:
    """Say how precise the score is, what the cut costs, and which symptoms differ.

    Parameters
    ----------
    results_dir : str or path-like
        Where this chapter wrote its tables; what is not there is left out.
    """
    names = ("symptoms", "reliability", "cuts", "split")
    symptoms, reliability, cuts, split = (find_result(results_dir, CHAPTER, name) for name in names)
    return write_findings(
        [_tell_symptoms(symptoms), _tell_reliability(reliability), _tell_cut(cuts), _tell_split(split)]
    )


def _tell_symptoms(symptoms: pd.DataFrame) -> str:
    known = symptoms.dropna(subset=["d"]) if len(symptoms) else symptoms
    known = known[[str(name).split(".")[0] not in RESILIENCE for name in known.index]]
    if known.empty:
        return ""
    top = known["d"].abs().idxmax()
    first = tell_found(known, "score of symptoms or mindfulness", "scores of symptoms and mindfulness", named=0)
    return (
        f"{first}; the largest difference is in {call(top)}, {tell_effect(known.loc[top])} ([Figure](#figure-symptoms))"
    )


def _tell_reliability(reliability: pd.DataFrame) -> str:
    if "alpha" not in reliability.index:
        return ""
    row = reliability.loc["alpha"]
    return f"the scale's reliability (alpha) is {row['estimate']:.2f} (95 % CI {row['ci_low']:.2f} to {row['ci_high']:.2f})"


def _tell_cut(cuts: pd.DataFrame) -> str:
    if "declared" not in cuts.index or pd.isna(cuts.loc["declared", "n_near"]):
        return ""
    row = cuts.loc["declared"]
    n = int(row["n_near"])
    return (
        f"{hide_small(n)} {'participant stands' if n == 1 else 'participants stand'} within one standard error of measurement of the "
        f"cut-off {row['at']:g}, so their group is uncertain ([Figure](#figure-scores))"
    )


def _tell_split(split: pd.DataFrame) -> str:
    known = split.dropna(subset=["share_kept"]) if len(split) else split
    known = known[(known["r_score_low"] > 0) | (known["r_score_high"] < 0)] if len(known) else known
    if known.empty:
        return ""
    kept = known["share_kept"].median()
    return (
        f"cutting the score into two groups keeps {100 * kept:.0f} % of what it explains in the symptoms that go with it "
        f"(median of {len(known)}; [Figure](#figure-split-cost))"
    )
