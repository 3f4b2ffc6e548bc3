"""Does a model hold in another cohort? Genera met by lineage, metabolites by accession."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.metabolites.model import AppliedModel, PotentialModel, apply_potential
from helpers.metabolites.predicted import PREDICTED_PREFIX, RHO_SHOWN
from helpers.metabolites.ranks import bound_spearman, correlate
from helpers.problems import count


@dataclass(frozen=True, eq=False)
class Transfer:
    """How well a model of one cohort foretells another.

    Attributes
    ----------
    table : pandas.DataFrame
        Index metabolite of the model; columns name, accession, spearman_home (out of fold, where it was learnt),
        spearman, spearman_low, spearman_high (in the new cohort), n (people measured).
    applied : AppliedModel
        Predictions of the new cohort.
    n_measured : int
        Metabolites measured in the new cohort, matched or not.
    """

    table: pd.DataFrame
    applied: AppliedModel
    n_measured: int


def match_metabolites(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Match metabolites of two cohorts by HMDB accession, else by KEGG id; never by name.

    An accession that stands for two metabolites of one cohort is left out, since it does not say which.

    Parameters
    ----------
    first, second : pandas.DataFrame
        Index metabolite; columns hmdb and kegg where known.

    Returns
    -------
    pandas.DataFrame
        Index: metabolite of the first; columns ``other`` (metabolite of the second) and ``accession``.

    Examples
    --------
    >>> first = pd.DataFrame({"hmdb": ["HMDB00092", None], "kegg": [None, "C00246"]}, index=["dmg", "but"])
    >>> second = pd.DataFrame({"hmdb": ["HMDB0000092", None], "kegg": [None, "C00246"]}, index=["x", "y"])
    >>> match_metabolites(first, second).to_dict("index")
    {'dmg': {'other': 'x', 'accession': 'HMDB0000092'}, 'but': {'other': 'y', 'accession': 'C00246'}}
    """
    pairs: dict[str, tuple[str, str]] = {}
    for read in (_read_hmdb, _read_kegg):
        known, others = (_keep_single(read(features)) for features in (first, second))
        where = pd.Series(others.index, index=others.to_numpy())
        for metabolite, accession in known.items():
            if (
                accession in where.index
                and metabolite not in pairs
                and where[accession] not in {p[0] for p in pairs.values()}
            ):
                pairs[metabolite] = (where[accession], accession)
    return pd.DataFrame.from_dict(pairs, orient="index", columns=["other", "accession"])


def transfer_potential(
    model: PotentialModel,
    amounts: pd.DataFrame,
    metabolites: pd.DataFrame,
    described: pd.DataFrame,
    *,
    people: pd.Series | None = None,
) -> Transfer:
    """Apply a model to another cohort and compare with what was measured there.

    Parameters
    ----------
    model : PotentialModel
    amounts : pandas.DataFrame
        Features of the new cohort under the names of the model (see :func:`helpers.metabolites.rename_taxa`).
    metabolites : pandas.DataFrame
        Measured in the new cohort; index as ``amounts``.
    described : pandas.DataFrame
        Index metabolite of the new cohort; hmdb, kegg.
    people : pandas.Series, optional
        Person of each sample: intervals then count people, not samples.

    Returns
    -------
    Transfer

    Raises
    ------
    ValueError
        No metabolite of the new cohort matches by accession, or see :func:`helpers.metabolites.apply_potential`.
    """
    samples = amounts.index.intersection(metabolites.index, sort=False)
    applied = apply_potential(model, amounts.loc[samples])
    matched = match_metabolites(model.metabolites, described.loc[described.index.isin(metabolites.columns)])
    if matched.empty:
        raise ValueError("No metabolite of the new cohort has the HMDB accession or KEGG id of one in the model.")
    values = metabolites.loc[samples, matched["other"]].to_numpy(float)
    rho = correlate(applied.predicted[PREDICTED_PREFIX + matched.index].to_numpy(), values)
    owners = samples.to_numpy() if people is None else people.loc[samples].to_numpy()
    n = np.array([len(np.unique(owners[known])) for known in (~np.isnan(values)).T])
    low, high = bound_spearman(rho, n)
    home = model.metabolites.loc[matched.index]
    names = home["name"] if "name" in home.columns else pd.Series(matched.index, index=matched.index)
    table = pd.DataFrame(
        {
            "name": names,
            "accession": matched["accession"],
            "spearman_home": home["spearman"],
            "spearman": rho,
            "spearman_low": low,
            "spearman_high": high,
            "n": n,
        }
    )
    return Transfer(
        table.sort_values("spearman", ascending=False).rename_axis("metabolite"), applied, metabolites.shape[1]
    )


def describe_transfer(transfer: Transfer) -> str:
    """Say how many metabolites could be compared, and how many hold."""
    table = transfer.table
    holds = table[table["spearman_home"] >= RHO_SHOWN]
    kept = int((holds["spearman"] >= RHO_SHOWN).sum())
    above = int((table["spearman_low"] > 0).sum())
    return (
        f"{100 * transfer.applied.matched:.0f} % of the features of the model and {len(table):,} of "
        f"{count(transfer.n_measured, 'metabolite')} of the new cohort match by id. Mean Spearman there "
        f"{table['spearman'].mean():.2f} (at home, out of fold, {table['spearman_home'].mean():.2f}); the interval lies above zero for "
        f"{above:,}. Of {len(holds):,} that reached {RHO_SHOWN:g} at home, {kept:,} reach it there."
    )


def _read_hmdb(features: pd.DataFrame) -> pd.Series:
    if "hmdb" not in features.columns:
        return pd.Series(dtype=object)
    number = features["hmdb"].astype("string").str.extract(r"^HMDB0*(\d+)$", expand=False).dropna()
    return "HMDB" + number.str.zfill(7)


def _read_kegg(features: pd.DataFrame) -> pd.Series:
    if "kegg" not in features.columns:
        return pd.Series(dtype=object)
    return features["kegg"].astype("string").str.extract(r"^(C\d{5})$", expand=False).dropna()


def _keep_single(accessions: pd.Series) -> pd.Series:
    return accessions[~accessions.duplicated(keep=False)]
