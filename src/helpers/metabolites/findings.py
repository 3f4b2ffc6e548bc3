"""What chapter 05 finds, in the sentences of its box."""

from __future__ import annotations

import os
from collections.abc import Sequence

import pandas as pd

from helpers.findings import find_result, tell_contrast, tell_found, write_findings
from helpers.metabolites.predicted import RHO_SHOWN

CHAPTER = "05_metabolites"


def describe_findings(results_dir: str | os.PathLike[str], asked_for: Sequence[str]) -> str:
    """Say which metabolites differ, what those of the claims show, and how many bacteria predict.

    Parameters
    ----------
    results_dir : str or path-like
        Where this chapter wrote its tables; what is not there is left out.
    asked_for : sequence of str
        HMDB accessions of the metabolites that were asked for in advance.
    """
    contrasts, predictability = (find_result(results_dir, CHAPTER, name) for name in ("metabolites", "predictability"))
    return write_findings([_tell_asked(contrasts, asked_for), _tell_all(contrasts), _tell_predicted(predictability)])


def _tell_asked(contrasts: pd.DataFrame, asked_for: Sequence[str]) -> str:
    if "hmdb" not in contrasts:
        return ""
    asked = contrasts[contrasts["hmdb"].isin(asked_for)].dropna(subset=["d"])
    told = "; ".join(tell_contrast(row.get("name", name), row) for name, row in asked.iterrows())
    return f"of the metabolites that the claims name: {told} ([Figure](#figure-levels))" if told else ""


def _tell_all(contrasts: pd.DataFrame) -> str:
    if contrasts.empty:
        return ""
    named = contrasts.set_index("name") if "name" in contrasts else contrasts
    return f"{tell_found(named, 'metabolite', 'metabolites')} ([Figure](#figure-volcano))"


def _tell_predicted(predictability: pd.DataFrame) -> str:
    if predictability.empty:
        return ""
    rule = predictability["spearman"] >= RHO_SHOWN
    if predictability["q"].notna().any():
        rule &= predictability["q"] < 0.05
    return (
        f"bacteria predict {int(rule.sum()):,} of {len(predictability):,} metabolites in held-out participants with a Spearman correlation of "
        f"{RHO_SHOWN:g} or more ([Figure](#figure-predicted))"
    )
