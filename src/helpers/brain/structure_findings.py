"""What the chapter on the structure of the brain finds, in the sentences of its box."""

from __future__ import annotations

import os

import pandas as pd

from helpers.brain.by_site import POOLED
from helpers.findings import find_result, tell_contrast, tell_found, write_findings

CHAPTER = "03_structure"


def describe_structure_findings(results_dir: str | os.PathLike[str]) -> str:
    """Say what the declared questions and the single regions show.

    Parameters
    ----------
    results_dir : str or path-like
        Where this chapter wrote its tables; what is not there is left out.
    """
    asked, regions = (find_result(results_dir, CHAPTER, name) for name in ("by_study", "regions"))
    return write_findings([_tell_asked(asked), _tell_regions(regions)])


def _tell_asked(asked: pd.DataFrame) -> str:
    if asked.empty:
        return ""
    pooled = asked[asked["study"].isin([POOLED, "all people"])].dropna(subset=["d"])
    told = "; ".join(tell_contrast(row["measure"], row) for _, row in pooled.iterrows())
    return f"of what was asked in advance: {told} ([Figure](#figure-by-study))" if told else ""


def _tell_regions(regions: pd.DataFrame) -> str:
    return (
        tell_found(regions, "region or tract", "regions and tracts", named=2) if len(regions.dropna(how="all")) else ""
    )
