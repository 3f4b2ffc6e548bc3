"""The main contrasts of a cohort: the claims' rows of the result tables, and the participants' values behind them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from helpers.contract import Cohort
from helpers.contrasts import fit_contrasts
from helpers.designs import keep_clusters
from helpers.findings import find_result
from helpers.multiverse import prepare_declared
from helpers.problems import TooLittle
from helpers.verdict import Claim, find_row

EFFECT = ["d", "d_low", "d_high"]
INCOMPLETE = "incomplete"  # name of the tables that set contrasts of complete cases beside others
IMPUTED_IN = {"03_brain": "03_structure"}  # the chapter that imputes for another, where it does not do so itself


@dataclass(frozen=True, eq=False)
class MainMeasures:
    """What was measured for each main contrast.

    Attributes
    ----------
    values : pandas.DataFrame of shape (n_participants, n_claims)
        Index ``participant_id``, columns ids of claims; NaN: not measured.
    about : pandas.DataFrame
        Index id of the claim; ``label``, ``block``.
    extras : dict of str to pandas.Series
        Further covariate (head motion, head size) of a claim.
    """

    values: pd.DataFrame
    about: pd.DataFrame
    extras: dict[str, pd.Series]


def read_contrasts(claims: Sequence[Claim], results_dir: str | os.PathLike[str]) -> pd.DataFrame:
    """Return the row of the result tables that each claim about a difference names.

    Parameters
    ----------
    claims : sequence of Claim
    results_dir : path-like

    Returns
    -------
    pandas.DataFrame
        Index id of the claim; label, block, feature (as in the table), n_high, n_low, d, d_low, d_high. Claims without a row, or
        without a number in it, are left out.

    Raises
    ------
    TooLittle
        When none is left.
    """
    rows = {}
    for claim in claims:
        row = None if claim.is_rank else find_row(claim, find_result(results_dir, claim.chapter, claim.table))
        if row is not None and row[EFFECT].notna().all():
            rows[claim.id] = {
                "label": claim.label, "block": claim.block, "feature": str(row.name), **row[["n_high", "n_low", *EFFECT]],
            }  # fmt: skip
    if not rows:
        raise TooLittle("None of the contrasts that the claims name was computed in this cohort.")
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("claim").infer_objects()


def read_incomplete(claims: Sequence[Claim], results_dir: str | os.PathLike[str]) -> pd.DataFrame:
    """Collect from the chapters what multiple imputation makes of the main contrasts.

    Parameters
    ----------
    claims : sequence of Claim
    results_dir : path-like

    Returns
    -------
    pandas.DataFrame
        Index id of the claim; label, and the columns of :func:`helpers.missing.compare_incomplete`.

    Raises
    ------
    TooLittle
        When no chapter has imputed any of them.
    """
    rows = {}
    for claim in claims:
        row = None if claim.is_rank else find_row(claim, find_result(results_dir, claim.chapter, claim.table))
        table = find_result(results_dir, IMPUTED_IN.get(claim.chapter, claim.chapter), INCOMPLETE)
        if row is not None and row.name in table.index:
            rows[claim.id] = {"label": claim.label, **table.loc[row.name]}
    if not rows:
        raise TooLittle("No chapter of this cohort has set its main contrasts beside imputed ones.")
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("claim").infer_objects()


def collect_measures(
    cohort: Cohort, claims: Sequence[Claim], contrasts: pd.DataFrame, sets: pd.DataFrame
) -> MainMeasures:
    """Return the values of the participants behind the main contrasts, prepared as the chapters declare.

    Parameters
    ----------
    cohort : Cohort
    claims : sequence of Claim
    contrasts : pandas.DataFrame
        From :func:`read_contrasts`: only claims with a contrast are prepared.
    sets : pandas.DataFrame
        Declared sets of brain regions (``data/sets/brain_sets.tsv``).

    Raises
    ------
    TooLittle
        When none can be prepared.
    """
    wanted = [claim for claim in claims if claim.id in contrasts.index]
    prepared = prepare_declared(cohort, wanted, sets=sets)
    if prepared.table.empty:
        raise TooLittle("None of the measures behind the main contrasts is in this cohort.")
    ids = prepared.table["claim"].to_list()
    extras = {claim: prepared.extras[extra] for claim, extra in zip(ids, prepared.table["extra"], strict=True) if extra}
    return MainMeasures(prepared.values.set_axis(ids, axis=1), contrasts.loc[ids, ["label", "block"]], extras)


def fit_measure(measures: MainMeasures, claim: str, design: pd.DataFrame, *, tested: str = "group") -> pd.Series:
    """Return the contrast of one measure, adjusted for what the design holds and for its own further covariate.

    Parameters
    ----------
    measures : MainMeasures
    claim : str
    design : pandas.DataFrame
    tested : str, default "group"

    Returns
    -------
    pandas.Series
        As a row of :func:`helpers.contrasts.fit_contrasts`.
    """
    return fit_contrasts(measures.values[[claim]], add_extra(measures, claim, design), tested=tested).loc[claim]


def add_extra(measures: MainMeasures, claim: str, design: pd.DataFrame) -> pd.DataFrame:
    """Return the design with the further covariate of a measure, where it has one; who lacks it is left out."""
    if claim not in measures.extras:
        return design
    extra = measures.extras[claim].dropna()
    return keep_clusters(design.join((extra - extra.mean()).rename("its own covariate"), how="inner"), design)
