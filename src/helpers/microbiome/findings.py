"""What chapter 04 finds, in the sentences of its box."""

from __future__ import annotations

import os

import pandas as pd

from helpers.findings import LEVEL, call, find_result, tell_effect, tell_found, write_findings

CHAPTER = "04_microbiome"
REST = "other"  # transcripts in none of the declared groups


def describe_findings(results_dir: str | os.PathLike[str]) -> str:
    """Say whether diversity, communities, genera and functions differ.

    Parameters
    ----------
    results_dir : str or path-like
        Where this chapter wrote its tables; what is not there is left out.
    """
    names = ("alpha", "permanova", "taxa", "consensus", "functions")
    alpha, communities, taxa, consensus, functions = (find_result(results_dir, CHAPTER, name) for name in names)
    return write_findings(
        [_tell_alpha(alpha), _tell_communities(communities), _tell_taxa(taxa, consensus), _tell_functions(functions)]
    )


def _tell_alpha(alpha: pd.DataFrame) -> str:
    return (
        f"{tell_found(alpha, 'measure of alpha diversity', 'measures of alpha diversity')} ([Figure](#figure-alpha))"
        if len(alpha)
        else ""
    )


def _tell_communities(communities: pd.DataFrame) -> str:
    if communities.empty:
        return ""
    first = communities.iloc[0]
    n = int((communities["p"] <= LEVEL).sum())
    return (
        f"the groups explain {100 * first['r_squared']:.1f} % of the differences between communities by {call(communities.index[0])} "
        f"(PERMANOVA, p = {first['p']:.2g}); {n or 'none'} of {len(communities)} distances {'has' if n <= 1 else 'have'} p of 0.05 or less "
        "([Table](#table-communities))"
    )


def _tell_taxa(taxa: pd.DataFrame, consensus: pd.DataFrame) -> str:
    if taxa.empty:
        return ""
    n = int((consensus["is_consensus"].astype(str) == "True").sum()) if "is_consensus" in consensus else None
    agreed = "" if n is None else f", and {n or 'none'} {'is' if n in (0, 1) else 'are'} named by several methods alike"
    return f"{tell_found(taxa, 'genus', 'genera')}{agreed} ([Figure](#figure-volcano))"


def _tell_functions(functions: pd.DataFrame) -> str:
    declared = functions.drop(index=REST, errors="ignore")
    if declared.empty:
        return ""
    top = declared["d"].abs().idxmax()
    return (
        f"{tell_found(declared, 'declared functional group', 'declared functional groups', named=0)}; the largest difference is in {call(top)}, {tell_effect(declared.loc[top])} "
        "([Figure](#figure-functions))"
    )
