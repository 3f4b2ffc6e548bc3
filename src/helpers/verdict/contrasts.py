"""The strongest contrasts of a cohort of which no claim is asked."""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np
import pandas as pd

from helpers.contrasts import adjust_bh
from helpers.findings import find_result
from helpers.problems import count
from helpers.verdict.inference import ALPHA
from helpers.wording import as_text

EFFECTS = {"d": ("n_high", "n_low"), "r": ("n",)}  # what a table tells, and of how many
LISTED = (
    "02_resilience/symptoms", "02_resilience/symptoms_score", "02_resilience/questionnaires", "03_brain/networks", "03_structure/regions",
    "03_structure/sets", "03_structure/further", "04_microbiome/alpha", "04_microbiome/taxa", "04_microbiome/functions",
    "04_microbiome/further", "05_metabolites/metabolites", "05_metabolites/further",
)  # fmt: skip
COLUMNS = ["name", "found_in", "n_high", "n_low", "n", "d", "d_low", "d_high", "r", "r_low", "r_high", "p", "q"]
MOST_SHOWN = 10


def list_contrasts(results_dir: str | os.PathLike[str]) -> pd.DataFrame:
    """Return the contrasts of the chapters before the verdict, the surest first.

    Parameters
    ----------
    results_dir : str or path-like
        Where they wrote their tables; any may be missing.

    Returns
    -------
    pandas.DataFrame
        Index ``id``, the rank; name of the feature, found_in (chapter and table), n_high and n_low with d and its 95 % interval, or
        n with r and its interval where there are no groups; p, and q over all of them. Single edges of the brain are not among them, as pairs of
        networks are.
    """
    tables = [_read(results_dir, place) for place in LISTED]
    found = pd.concat([table for table in tables if len(table)] or [pd.DataFrame(columns=COLUMNS)], ignore_index=True)
    ordered = found.reindex(columns=COLUMNS).sort_values("p", kind="stable", ignore_index=True)
    ordered["q"] = adjust_bh(ordered["p"].astype(float))
    ordered.index = pd.Index(range(1, len(ordered) + 1), name="id").astype(str)
    return ordered.astype(dict.fromkeys(("n_high", "n_low", "n"), "Int64"))


def _read(results_dir: str | os.PathLike[str], place: str) -> pd.DataFrame:
    chapter, _, name = place.partition("/")
    table = find_result(results_dir, chapter, name)
    effect = next((one for one in EFFECTS if {one, f"{one}_low", "p"} <= set(table)), None)
    if effect is None:
        return pd.DataFrame()
    kept = table[[effect, f"{effect}_low", f"{effect}_high", *EFFECTS[effect], "p"]]
    names = table["name"] if "name" in table else pd.Series(table.index, table.index)
    return kept.assign(name=names.fillna(pd.Series(table.index, table.index)), found_in=place).dropna(
        subset=["p", effect]
    )


def show_strongest(contrasts: pd.DataFrame) -> pd.DataFrame:
    """Return what a page shows of :func:`list_contrasts`: ten at most, and no column that is blank."""
    return contrasts.head(MOST_SHOWN).dropna(axis="columns", how="all")


def describe_strongest(contrasts: pd.DataFrame, *, write: Callable[[object], str] = as_text) -> str:
    """Say how many contrasts there are, how many hold when all are taken together, and which is the surest.

    Parameters
    ----------
    contrasts : pandas.DataFrame
        From :func:`list_contrasts`.
    write : callable, optional
        How a name stands in the sentence; by default in Markdown.

    Examples
    --------
    >>> table = pd.DataFrame({"name": ["crp", "il6"], "d": [0.8, 0.1], "d_low": [0.4, -0.3], "d_high": [1.2, 0.5], "p": [0.001, 0.6],
    ...                       "q": [0.002, 0.6]})
    >>> describe_strongest(table)
    'Of 2 contrasts in the chapters before, 1 has q < 0.05 over all of them (0.1 would have p < 0.05 by chance if none were real). The surest: crp, d = 0.80 (95 % CI 0.40 to 1.20).'
    """
    if contrasts.empty:
        return "The chapters before made no contrast."
    top, n_found = contrasts.iloc[0], int((contrasts["q"] < ALPHA).sum())
    measure = "d" if pd.notna(top.get("d", np.nan)) else "r"
    interval = f"{top[measure]:.2f} (95 % CI {top[f'{measure}_low']:.2f} to {top[f'{measure}_high']:.2f})".replace(
        "-", "−"
    )
    return (
        f"Of {count(len(contrasts), 'contrast')} in the chapters before, {n_found or 'none'} {'has' if n_found == 1 else 'have'} q < {ALPHA:g} over "
        f"all of them ({ALPHA * len(contrasts):.2g} would have p < {ALPHA:g} by chance if none were real). The surest: {write(top['name'])}, "
        f"{measure} = {interval}."
    )
