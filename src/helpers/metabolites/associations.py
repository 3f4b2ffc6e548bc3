"""Which taxa go with a metabolite: an association for each, with its interval, adjusted for covariates."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from helpers.contrasts import adjust_bh, fit_contrasts
from helpers.designs import keep_clusters
from helpers.metabolites.measured import name_metabolites
from helpers.metabolites.ranks import score_metabolites
from helpers.metabolites.samples import refuse_amounts
from helpers.metabolites.scaling import FeatureScaler, close_shares
from helpers.problems import count
from helpers.wording import as_text, hide_small


def find_associations(
    counts: pd.DataFrame, metabolites: pd.DataFrame, covariates: pd.DataFrame, *, asked: Sequence[str]
) -> pd.DataFrame:
    """Relate each taxon to each of the metabolites asked for, over people, adjusted for covariates.

    Shares of taxa and amounts of the metabolite become normal scores; one linear model per pair relates them. Its
    slope, in SDs of the taxon per SD of the metabolite, is close to a partial Spearman correlation.

    Parameters
    ----------
    counts : pandas.DataFrame of shape (n_participants, n_taxa)
        Reads; taxa seen in more than 10 % of the people are used.
    metabolites : pandas.DataFrame of shape (n_participants, n_metabolites)
        From :func:`prepare_metabolites`.
    covariates : pandas.DataFrame of shape (n_participants, n_terms)
        Numeric and complete; people in all three tables are used.
    asked : sequence of str
        Metabolites, declared before looking.

    Returns
    -------
    pandas.DataFrame
        Columns metabolite, taxon, n, slope, slope_low, slope_high (95 %), p, q (Benjamini-Hochberg over all pairs); strongest first
        within each metabolite.

    Examples
    --------
    >>> ids = [f"s{i}" for i in range(12)]
    >>> counts = pd.DataFrame({"up": range(1, 13), "rest": 50}, index=ids)
    >>> metabolites = pd.DataFrame({"m": [0.1, 0, 2, 3, 5, 4, 6, 7, 8, 9, 11, 10]}, index=ids)
    >>> table = find_associations(counts, metabolites, pd.DataFrame(index=ids), asked=["m"])
    >>> bool(table.set_index("taxon").loc["up", "slope_low"] > 0)
    True
    """
    people = counts.index.intersection(metabolites.index, sort=False).intersection(covariates.index, sort=False)
    refuse_amounts(counts.loc[people])
    shares = close_shares(counts.loc[people].to_numpy(float))
    scaler = FeatureScaler.learn(shares)
    taxa = pd.DataFrame(scaler.transform(shares), index=people, columns=counts.columns[scaler.kept])
    tables = []
    for metabolite in asked:
        values = metabolites.loc[people, [metabolite]].dropna()
        scores = pd.DataFrame(score_metabolites(values.to_numpy(float)), values.index, ["metabolite_score"])
        terms = keep_clusters(covariates.loc[values.index].join(scores / scores.std(ddof=0)), covariates)
        fitted = fit_contrasts(taxa, terms, tested="metabolite_score")
        found = (
            fitted.rename(columns={"estimate": "slope", "ci_low": "slope_low", "ci_high": "slope_high"})[
                ["slope", "slope_low", "slope_high", "p"]
            ]
            .rename_axis("taxon")
            .reset_index()
        )
        found.insert(1, "n", len(values))
        found.insert(0, "metabolite", metabolite)
        tables.append(found.iloc[found["slope"].abs().argsort(kind="stable")[::-1]])
    table = pd.concat(tables, ignore_index=True)
    return table.assign(q=adjust_bh(table["p"]))


def describe_associations(partners: pd.DataFrame, features: pd.DataFrame, *, q_shown: float = 0.05) -> str:
    """Say of each metabolite how many taxa go with it, and which most."""
    said = []
    for metabolite, rows in partners.groupby("metabolite", sort=False):
        name = name_metabolites(pd.Index([metabolite]), features).iloc[0]
        top, n_found = rows.iloc[0], int((rows["q"] < q_shown).sum())
        said.append(
            f"{as_text(name)} (n = {hide_small(int(top['n']))}): {n_found or 'none'} of {count(len(rows), 'taxon').replace('taxons', 'taxa')} with "
            f"q < {q_shown:g}; strongest {as_text(top['taxon'])}, slope {top['slope']:.2f} (95 % CI {top['slope_low']:.2f} to {top['slope_high']:.2f})"
        )
    return f"{'. '.join(said)}."
