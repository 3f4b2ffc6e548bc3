"""What chapter 07 finds, in the sentences of its box."""

from __future__ import annotations

import os

from helpers.findings import find_result, write_findings
from helpers.problems import name_some
from helpers.verdict.contrasts import describe_strongest
from helpers.verdict.describe import describe_chance, describe_verdicts
from helpers.verdict.words import SimulatedVerdict

CHAPTER = "07_verdict"


def describe_findings(results_dir: str | os.PathLike[str]) -> str:
    """Say how many claims got which verdict, which they are, and what chance would give; without claims, which contrast is the surest.

    Parameters
    ----------
    results_dir : str or path-like
        Where this chapter wrote its tables; what is not there is left out.
    """
    contrasts = find_result(results_dir, CHAPTER, "contrasts")
    if len(contrasts):
        return write_findings(["No claim is asked of this cohort", describe_strongest(contrasts).rstrip(".")])
    verdicts = find_result(results_dir, CHAPTER, "verdicts")
    if verdicts.empty:
        return ""
    missed = verdicts.index[verdicts["verdict"].isin([SimulatedVerdict.MISSED.value, "opposed"])]
    named = f"missed or opposed: {name_some(missed)} ([Figure](#figure-verdicts))" if len(missed) else ""
    return write_findings([describe_verdicts(verdicts).rstrip("."), named, describe_chance(verdicts).rstrip(".")])
