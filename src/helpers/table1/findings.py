"""What chapter 01 finds, in the sentences of its box."""

from __future__ import annotations

import os

import numpy as np
import pandas as pd

from helpers.findings import call, find_result, write_findings
from helpers.wording import write_fixed

CHAPTER = "01_cohort"
IMBALANCE = 0.2  # SMD from which the text asks for attention


def describe_findings(results_dir: str | os.PathLike[str]) -> str:
    """Say who takes part, what the groups differ in before any test, and how large an effect they could show.

    Parameters
    ----------
    results_dir : str or path-like
        Where this chapter wrote its tables; what is not there is left out.
    """
    flow, described, detectable = (find_result(results_dir, CHAPTER, name) for name in ("flow", "table1", "detectable"))
    return write_findings([_tell_flow(flow), describe_imbalance(described), _tell_detectable(detectable)])


def describe_imbalance(described: pd.DataFrame) -> str:
    """Name the characteristics in which the groups differ beyond what deserves attention.

    Parameters
    ----------
    described : pandas.DataFrame
        Table 1, by characteristic, with ``smd``.

    Examples
    --------
    >>> table = pd.DataFrame({"smd": [0.45, None, 0.19]}, index=["Sex", "Sex", "Age (years)"])
    >>> describe_imbalance(table)
    'before any test the groups differ by an SMD of 0.2 or more in Sex (0.45)'
    """
    if described.empty:
        return ""
    sizes = pd.to_numeric(described["smd"], errors="coerce").dropna()
    large = sizes[sizes.abs() >= IMBALANCE].sort_values(key=np.abs, ascending=False)
    if large.empty:
        return f"no characteristic differs by an SMD of {IMBALANCE:g} or more"
    told = ", ".join(
        f"{call(name)} ({write_fixed(smd) if np.isfinite(smd) else 'no label shared'})" for name, smd in large.items()
    )
    return f"before any test the groups differ by an SMD of {IMBALANCE:g} or more in {told}"


def _tell_flow(flow: pd.DataFrame) -> str:
    if flow.empty:
        return ""
    n = dict(zip(flow["part"], flow["n"], strict=True))
    complete = f"; {n['integrated']} have every covariate and every block of chapter 06" if "integrated" in n else ""
    return f"of {n['recruited']} participants {n['high']} are in the high group and {n['low']} in the low group{complete} ([Figure](#figure-flow))"


def _tell_detectable(detectable: pd.DataFrame) -> str:
    if detectable.empty or detectable["d_one"].isna().all():
        return ""
    one, every = detectable["d_one"].min(), detectable["d_all"].max()
    return (
        f"groups of this size find a difference of {one:.2f} standard deviations in a single test declared in advance with 80 % power, and need one of "
        f"up to {every:.2f} where every feature of a block is tested ([Figure](#figure-detectable))"
    )
