"""Gut and metabolites of the same samples, read from a cohort folder, ready to learn from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from helpers.metabolites.measured import prepare_metabolites
from helpers.metabolites.model import rename_taxa
from helpers.tables import read_table


@dataclass(frozen=True, eq=False)
class Pair:
    """Taxa and metabolites of the same samples.

    Attributes
    ----------
    amounts : pandas.DataFrame of shape (n_samples, n_taxa)
        Reads, taxa under names that hold across cohorts.
    metabolites : pandas.DataFrame of shape (n_samples, n_metabolites)
        On a logarithmic scale.
    features : pandas.DataFrame
        Index metabolite; name, hmdb, kegg and what else is known.
    people : pandas.Series
        Person of each sample.
    """

    amounts: pd.DataFrame
    metabolites: pd.DataFrame
    features: pd.DataFrame
    people: pd.Series


def read_pair(folder: str | Path, *, repeated: bool = False) -> Pair:
    """Read taxa and metabolites from a cohort folder.

    Parameters
    ----------
    folder : str or path
        Of a cohort that has been checked.
    repeated : bool, default False
        Read all samples of each person from ``repeated/`` instead (as mars_ibs_2020 has them); ``repeated/samples.tsv``
        says whose each is.

    Returns
    -------
    Pair
        Samples in both tables that have reads.
    """
    folder = Path(folder)
    gut, part = (folder / "repeated",) * 2 if repeated else (folder / "microbiome", folder / "metabolites")
    counts, features = read_table(gut / "taxa.tsv"), read_table(part / "features.tsv")
    values = read_table(part / "metabolites.tsv")
    samples = counts.index[counts.sum(axis=1) > 0].intersection(values.index, sort=False)
    owners = read_table(gut / "samples.tsv")["participant_id"] if repeated else pd.Series(samples, index=samples)
    return Pair(
        amounts=rename_taxa(counts.loc[samples], read_table(gut / "taxonomy.tsv")),
        metabolites=prepare_metabolites(values.loc[samples], features),
        features=features,
        people=owners.loc[samples],
    )
