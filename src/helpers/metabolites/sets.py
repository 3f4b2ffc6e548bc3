"""Sets of metabolites: does a pathway move as a whole, and more than the rest?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.contrasts import COLUMNS, adjust_bh, describe_contrasts, fit_contrasts, rank_effects

MIN_METABOLITES = 3
MIN_KNOWN = 0.5


def compare_sets(
    prepared: pd.DataFrame, features: pd.DataFrame, design: pd.DataFrame, *, by: str = "super_pathway"
) -> pd.DataFrame:
    """Contrast the groups on the mean of each set of metabolites, alone and against all others.

    Each metabolite is standardised; a person's value of a set is the mean over its metabolites. Two questions are
    asked of it by the same linear model: does the mean differ (*self-contained*), and does it differ from the mean of
    all metabolites outside the set (*competitive*) [1]_? As both are values of people, metabolites that go
    together are not counted as independent. Metabolites that move in opposite directions cancel out.

    Parameters
    ----------
    prepared : pandas.DataFrame of shape (n_participants, n_metabolites)
        From :func:`prepare_metabolites`. A person with less than half of a set measured is left out of it.
    features : pandas.DataFrame
        Index metabolite; column ``by``.
    design : pandas.DataFrame
        See :func:`helpers.cohort.design_matrix`.
    by : str, default "super_pathway"

    Returns
    -------
    pandas.DataFrame
        Index set, strongest d first; n_metabolites, the columns of :func:`helpers.contrasts.fit_contrasts` for the mean
        of the set, and d_rest, d_rest_low, d_rest_high, p_rest, q_rest for the set against all others. Sets of fewer
        than three metabolites are left out; empty where the features have no such column.

    References
    ----------
    .. [1] Goeman JJ, Buhlmann P (2007). Analyzing gene expression data in terms of gene sets: methodological issues.
       Bioinformatics 23(8):980-987. doi:10.1093/bioinformatics/btm051

    Examples
    --------
    Three metabolites of one set are one step higher in c and d:

    >>> prepared = pd.DataFrame({f"m{i}": [0.0, 1, 1 + i, 2 + i] for i in (1, 2, 3)}, index=list("abcd"))
    >>> features = pd.DataFrame({"super_pathway": "Lipid"}, index=prepared.columns)
    >>> design = pd.DataFrame({"group": [0, 0, 1, 1]}, index=list("abcd"))
    >>> table = compare_sets(prepared, features, design)
    >>> int(table.loc["Lipid", "n_metabolites"]), bool(table.loc["Lipid", "estimate"] > 0)
    (3, True)
    """
    members = (
        features[by].reindex(prepared.columns)
        if by in features.columns
        else pd.Series(index=prepared.columns, dtype=object)
    )
    sizes = members.value_counts()
    names = sorted(sizes.index[sizes >= MIN_METABOLITES])
    people = prepared.loc[prepared.index.isin(design.index)]
    standard = (people - people.mean()) / people.std().replace(0, np.nan)
    inside = pd.DataFrame({name: _average(standard.loc[:, members == name]) for name in names}, index=people.index)
    beyond = pd.DataFrame(
        {name: inside[name] - _average(standard.loc[:, members != name]) for name in names}, index=people.index
    )
    table = _contrast(inside, design).rename_axis(by)
    rest = _contrast(beyond, design).reindex(table.index)
    for source, target in (("d", "d_rest"), ("d_low", "d_rest_low"), ("d_high", "d_rest_high"), ("p", "p_rest")):
        table[target] = rest[source]
    table["q_rest"] = adjust_bh(table["p_rest"])
    table.insert(0, "n_metabolites", sizes.reindex(table.index).astype(int))
    return rank_effects(table)


def describe_sets(sets: pd.DataFrame) -> str:
    """Say how many sets differ as a whole, and how many differ from the rest."""
    if sets.empty:
        return "The metabolites are in no set of three or more."
    beyond = int((sets["q_rest"] < 0.05).sum())
    return f"{describe_contrasts(sets, noun='sets')} Against all other metabolites, {beyond or 'none'} of {len(sets)} differ (q < 0.05)."


def _contrast(values: pd.DataFrame, design: pd.DataFrame) -> pd.DataFrame:
    measured = values.dropna(axis=1, how="all")
    return pd.DataFrame(columns=COLUMNS, dtype=float) if measured.empty else fit_contrasts(measured, design)


def _average(standard: pd.DataFrame) -> pd.Series:
    known = standard.notna().mean(axis=1) >= MIN_KNOWN
    return standard.mean(axis=1).where(known)
