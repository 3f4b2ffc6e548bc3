"""What chapter 09 finds, in the sentences of its box."""

from __future__ import annotations

import os

import pandas as pd

from helpers.findings import call, find_result, tell_effect, write_findings

CHAPTER = "09_sensitivity"


def describe_findings(results_dir: str | os.PathLike[str]) -> str:
    """Say how robust the main contrasts are, whether they differ between the sexes, and what goes through mediators.

    Parameters
    ----------
    results_dir : str or path-like
        Where this chapter wrote its tables; what is not there is left out.
    """
    e_values, sexes, routes = (
        find_result(results_dir, CHAPTER, name) for name in ("e_values", "interactions", "mediation")
    )
    return write_findings([_tell_robust(e_values), _tell_sexes(sexes), _tell_routes(routes)])


def _tell_robust(table: pd.DataFrame) -> str:
    if table.empty:
        return ""
    away = table[table["e_value_interval"] > 1]
    if away.empty:
        return "every interval of the main contrasts holds zero ([Figure](#figure-e-values))"
    weakest, strongest = (away["e_value_interval"].agg(which) for which in ("min", "max"))
    several = f"{weakest:.2f} (the least robust) to {strongest:.2f} (the most)" if len(away) > 1 else f"{weakest:.2f}"
    verb, which = ("has", "this interval") if len(away) == 1 else ("have", "these intervals")
    return (
        f"{len(away)} of {len(table)} main contrasts {verb} an interval away from zero; unmeasured confounding with risk ratios of {several} "
        f"could bring {which} to zero ([Figure](#figure-e-values))"
    )


def _tell_sexes(table: pd.DataFrame) -> str:
    known = table.dropna(subset=["d"]) if len(table) else table
    if known.empty:
        return ""
    top = known.loc[known["d"].abs().idxmax()]
    return f"the largest difference between the sexes is that of *{call(top['label'])}*, {tell_effect(top)} ([Figure](#figure-by-sex))"


def _tell_routes(table: pd.DataFrame) -> str:
    known = table.dropna(subset=["indirect"]) if len(table) else table
    if known.empty:
        return ""
    away = known["indirect_low"].gt(0) | known["indirect_high"].lt(0)
    verb = "has" if away.sum() == 1 else "have"
    return f"{int(away.sum()) or 'none'} of {len(known)} indirect effects {verb} an interval away from zero ([Figure](#figure-mediation))"
