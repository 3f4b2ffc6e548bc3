"""What the chapter on the connectivity of the brain finds, in the sentences of its box."""

from __future__ import annotations

import os

import pandas as pd

from helpers.findings import LEVEL, find_result, tell_contrast, write_findings
from helpers.problems import count

CHAPTER = "03_brain"


def describe_findings(results_dir: str | os.PathLike[str], *, declared: str = "") -> str:
    """Say what the declared pair of networks and the single edges show.

    Parameters
    ----------
    results_dir : str or path-like
        Where this chapter wrote its tables; what is not there is left out.
    declared : str
        The pair that was declared in advance, a row of ``networks``.
    """
    networks, edges = (find_result(results_dir, CHAPTER, name) for name in ("networks", "edges"))
    return write_findings([_tell_declared(networks, declared), _tell_edges(edges)])


def _tell_declared(networks: pd.DataFrame, declared: str) -> str:
    if declared not in networks.index or pd.isna(networks.loc[declared, "d"]):
        return ""
    return (
        f"the pair declared in advance: {tell_contrast(declared, networks.loc[declared])} ([Figure](#figure-networks))"
    )


def _tell_edges(edges: pd.DataFrame) -> str:
    if edges.empty or "p_fwe" not in edges:
        return ""
    tested = edges.dropna(subset=["p_fwe"])
    n = int((tested["p_fwe"] <= LEVEL).sum())
    return (
        f"of {count(len(tested), 'single edge')}, {n if n else 'none'} {'passes' if n <= 1 else 'pass'} the max-T test over all of them "
        "([Figure](#figure-null-edges))"
    )
