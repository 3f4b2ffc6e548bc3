"""What was measured at every visit: samples of all visits on one scale, one table per block."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from helpers import brain, further, metabolites, microbiome, resilience
from helpers.contract import Cohort
from helpers.problems import TooLittle
from helpers.visits.mixed import PERSON, VISIT

COUNTED = ("taxa", "transcripts", "genes")


@dataclass(frozen=True, eq=False)
class Repeated:
    """One block of measurements at several visits.

    Attributes
    ----------
    title : str
    unit : str
    values : pandas.DataFrame of shape (n_samples, n_features)
        Index sample; the values that are compared, NaN where unknown.
    names : pandas.Series or None
        What to call a feature, where its column is a code.
    """

    title: str
    unit: str
    values: pd.DataFrame
    names: pd.Series | None = None


def list_samples(cohorts: Mapping[str, Cohort]) -> pd.DataFrame:
    """Return every participant at every visit, whoever came.

    Parameters
    ----------
    cohorts : mapping of str to Cohort
        By visit, from :func:`helpers.contract.load_visits`.

    Returns
    -------
    pandas.DataFrame
        Index sample (participant and visit); columns ``participant_id`` and ``visit``.
    """
    parts = [
        pd.DataFrame({PERSON: cohort.participants.index, VISIT: visit}, index=name_samples(cohort.participants, visit))
        for visit, cohort in cohorts.items()
    ]
    return pd.concat(parts).rename_axis("sample")


def name_samples(table: pd.DataFrame, visit: str) -> pd.Index:
    """Return the names of the samples of a table at a visit.

    Examples
    --------
    >>> name_samples(pd.DataFrame(index=["sub-1"]), "month3").tolist()
    ['sub-1 at month3']
    """
    return pd.Index([f"{person} at {visit}" for person in table.index], name="sample")


def measure_visits(
    cohorts: Mapping[str, Cohort], *, min_prevalence: float, n_rarefactions: int, rng: np.random.Generator
) -> dict[str, Repeated]:
    """Return everything that was measured at two visits or more, as it is compared.

    Samples of all visits are brought to one scale together: one depth for all reads, one choice of prevalent taxa, one value for what is
    below detection.

    Parameters
    ----------
    cohorts : mapping of str to Cohort
        By visit.
    min_prevalence : float
        Share of samples in which a taxon must be.
    n_rarefactions : int
    rng : numpy.random.Generator

    Returns
    -------
    dict of str to Repeated
        By block: scores, alpha, taxa, metabolites, networks, volumes, tracts, and the names of further blocks.

    Raises
    ------
    TooLittle
        When nothing was measured twice.
    """
    found = {"scores": Repeated("Scores of questionnaires", "points", _stack(cohorts, _score))}
    taxa, chemistry, edges = (_stack_blocks(cohorts, name) for name in ("taxa", "metabolites", "connectivity"))
    first = next(iter(cohorts.values()))
    if _is_repeated(taxa, cohorts):
        alpha = microbiome.measure_alpha(taxa, n_rarefactions=n_rarefactions, rng=rng).values
        found["alpha"] = Repeated("Alpha diversity", "units of the index", alpha)
        genera = microbiome.collapse_taxa(taxa, first.features["taxa"])
        logs = microbiome.log_prevalent(genera, genera, min_prevalence=min_prevalence)
        found["taxa"] = Repeated("Genera", "log-ratio", logs)
    if _is_repeated(chemistry, cohorts):
        about = first.features["metabolites"]
        prepared = metabolites.prepare_metabolites(chemistry, about)
        names = metabolites.name_metabolites(prepared.columns, about)
        found["metabolites"] = Repeated("Metabolites", "log2", prepared, names)
    if _is_repeated(edges, cohorts):
        networks = brain.average_networks(edges, first.features["connectivity"])
        found["networks"] = Repeated("Connectivity of networks", "Fisher z", networks)
    for name, unit in (("volumes", "mm³"), ("tracts", "fractional anisotropy")):
        found[name] = Repeated(name.capitalize(), unit, _stack_blocks(cohorts, name))
    for name in dict.fromkeys(name for cohort in cohorts.values() for name in cohort.further):
        found[name] = _stack_further(cohorts, name)
    found = {name: block for name, block in found.items() if _is_repeated(block.values, cohorts)}
    if not found:
        raise TooLittle("Nothing was measured at two visits.")
    return found


def stack_block(cohorts: Mapping[str, Cohort], name: str) -> pd.DataFrame:
    """Return a block of all visits, samples in rows.

    Parameters
    ----------
    cohorts : mapping of str to Cohort
    name : str
        Such as taxa; columns that only some visits have are 0 for counts and blank else.

    Raises
    ------
    TooLittle
        When it was measured at one visit or none.
    """
    stacked = _stack_blocks(cohorts, name)
    if not _is_repeated(stacked, cohorts):
        raise TooLittle(f"This cohort has no {name} of two visits.")
    return stacked


def _stack_blocks(cohorts: Mapping[str, Cohort], name: str) -> pd.DataFrame:
    stacked = _stack(cohorts, lambda cohort: cohort.blocks.get(name, pd.DataFrame()))
    return stacked.fillna(0) if name in COUNTED else stacked


def _stack(cohorts: Mapping[str, Cohort], take: Callable[[Cohort], pd.DataFrame]) -> pd.DataFrame:
    tables = {visit: take(cohort) for visit, cohort in cohorts.items()}
    parts = [table.set_axis(name_samples(table, visit)) for visit, table in tables.items() if table.size]
    return pd.concat(parts) if parts else pd.DataFrame()


def _score(cohort: Cohort) -> pd.DataFrame:
    return resilience.score_measures(cohort).dropna(how="all").dropna(axis=1, how="all")


def _stack_further(cohorts: Mapping[str, Cohort], name: str) -> Repeated:
    """Stack a further block and transform it as its sidecar says, with one value for what is below detection at all visits."""
    block = next(cohort.further[name] for cohort in cohorts.values() if name in cohort.further)
    stacked = _stack(cohorts, lambda cohort: cohort.further[name].table if name in cohort.further else pd.DataFrame())
    unit = {"none": block.unit, "log": "log2", "clr": "log2-ratio"}[block.transform]
    return Repeated(block.title, unit, further.transform_block(replace(block, table=stacked)))


def _is_repeated(values: pd.DataFrame, cohorts: Mapping[str, Cohort]) -> bool:
    """Return whether two visits or more have values."""
    if not values.size:
        return False
    there = [name_samples(cohort.participants, visit).isin(values.index).any() for visit, cohort in cohorts.items()]
    return sum(there) > 1
