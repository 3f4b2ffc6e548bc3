"""What a cohort's result tables say of a claim: the row that speaks to it, or the reason why there is none."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from helpers.contract import RESILIENCE_MEASURES, ColumnRule, NumberRule, Settings
from helpers.problems import MissingResult
from helpers.tables import read_result
from helpers.verdict.claims import Claim
from helpers.verdict.inference import Contrast, compute_contrast_power, recover_contrast

COVARIATES_ONLY = "covariates only"
LEAD_COLUMNS = ("lead", "lead_low", "lead_high", "p_lead")
RANK_COLUMNS = ("role", "auc", *LEAD_COLUMNS, "p_permutation", "n_high", "n_low")


@dataclass(frozen=True)
class Evidence:
    """What one result table says about one claim.

    Attributes
    ----------
    claim : Claim
    d, d_low, d_high : float
        Standardised difference, high minus low, with its 95 % interval; NaN for a rank.
    t, df : float
        Of the row, where the table has them.
    n_high, n_low : int or None
        People behind it.
    power : float
        Chance that this many people detect the smallest effect of interest.
    missing : str
        Why there is no evidence; empty when there is.
    blocks : pandas.DataFrame or None
        For a rank: the performance of every block.
    covariates_auc : float
        For a rank: AUC out of fold of the covariates alone; NaN where there are none.
    """

    claim: Claim
    d: float = np.nan
    d_low: float = np.nan
    d_high: float = np.nan
    t: float = np.nan
    df: float = np.nan
    n_high: int | None = None
    n_low: int | None = None
    power: float = np.nan
    missing: str = ""
    blocks: pd.DataFrame | None = None
    covariates_auc: float = np.nan

    @property
    def oriented(self) -> tuple[float, float, float]:
        """d and its interval, turned so that positive is what the claim expects."""
        if self.claim.sign > 0:
            return self.d, self.d_low, self.d_high
        return -self.d, -self.d_high, -self.d_low

    @property
    def contrast(self) -> Contrast | None:
        """d with its standard error and degrees of freedom; None where there is no d."""
        if not np.isfinite([self.d, self.d_low, self.d_high]).all() or not self.n_high or not self.n_low:
            return None
        return recover_contrast(
            self.d, self.d_low, self.d_high, t=self.t, df=self.df, n_high=self.n_high, n_low=self.n_low
        )


def collect_evidence(claim: Claim, results_dir: str | os.PathLike[str], *, settings: Settings) -> Evidence:
    """Read the row of a result table that speaks to a claim, or say why there is none.

    Parameters
    ----------
    claim : Claim
    results_dir : str or path-like
    settings : Settings
        Of the cohort: only groups made from a resilience score can test a
        claim about resilience.

    Returns
    -------
    Evidence
    """
    evidence = Evidence(claim)
    try:
        table = read_result(results_dir, claim.chapter, claim.table)
    except MissingResult:
        table = None
    if reason := explain_outcome(settings):
        return replace(evidence, missing=f"{reason}; {_say_what_is_there(claim, table)}")
    if table is None:
        reason = (
            f"chapter {claim.chapter} left no table '{claim.table}': this cohort lacks its data ({claim.block}), "
            "or the chapter was not run"
        )
        return replace(evidence, missing=reason)
    if claim.is_rank:
        return _gather_rank(evidence, table)
    row = find_row(claim, table)
    if row is None:
        return replace(evidence, missing=f"'{claim.feature}' is not in the table '{claim.table}' of {claim.chapter}")
    return _gather_contrast(evidence, row)


def explain_outcome(settings: Settings) -> str:
    """Say why a cohort's groups cannot test claims about resilience; empty when they can.

    Parameters
    ----------
    settings : Settings
        Of the cohort.

    Returns
    -------
    str
    """
    rule = settings.outcome
    if settings.blind:
        return "the groups of this run are permuted (a blind run)"
    if isinstance(rule, ColumnRule):
        both = f"{settings.labels['high']} v {settings.labels['low']}"
        return f"the groups of this cohort differ in diagnosis ({rule.column}: {both}), not in resilience"
    if isinstance(rule, NumberRule):
        return f"the groups of this cohort differ in {rule.column}, not in a questionnaire of resilience"
    if rule.measure not in RESILIENCE_MEASURES:
        return f"the groups of this cohort differ in {rule.measure} {rule.score}, not in resilience"
    return ""


def find_row(claim: Claim, table: pd.DataFrame) -> pd.Series | None:
    """Find the row of a result table that speaks to a claim.

    Parameters
    ----------
    claim : Claim
    table : pandas.DataFrame
        Of the chapter and name the claim declares; found by its index, or by its columns name and hmdb.

    Returns
    -------
    pandas.Series or None
        The first row called as the claim's feature, else as one of its aliases; capitals and signs do not count.
    """
    names = pd.DataFrame({"index": table.index.map(_simplify)}, index=table.index)
    for column in ("name", "hmdb"):
        if column in table:
            names[column] = table[column].map(_simplify)
    for wanted in map(_simplify, (claim.feature, *claim.aliases)):
        hits = np.flatnonzero((names == wanted).any(axis=1))
        if len(hits):
            return table.iloc[hits[0]]
    return None


def _say_what_is_there(claim: Claim, table: pd.DataFrame | None) -> str:
    """Say whether a cohort that cannot test a claim has its data at all."""
    if table is None:
        return f"and it has no results on {claim.block}"
    if claim.is_rank or find_row(claim, table) is None:
        return (
            f"and it has no '{claim.feature}'"
            if not claim.is_rank
            else "so no order of its blocks says anything of that"
        )
    return (
        f"'{claim.feature}' was measured, and its contrast between these groups stands in chapter {claim.chapter[:2]}"
    )


def _gather_contrast(evidence: Evidence, row: pd.Series) -> Evidence:
    d, low, high = (float(row[name]) for name in ("d", "d_low", "d_high"))
    if not np.isfinite([d, low, high]).all():
        return replace(evidence, missing=f"'{row.name}' does not vary, or too few people have it")
    sizes = {name: int(row[name]) for name in ("n_high", "n_low")}
    known = {name: float(row.get(name, np.nan)) for name in ("t", "df")}
    found = replace(evidence, d=d, d_low=low, d_high=high, **known, **sizes)
    return replace(found, power=compute_contrast_power(evidence.claim.smallest_effect_of_interest, found.contrast))


def _gather_rank(evidence: Evidence, table: pd.DataFrame) -> Evidence:
    if absent := [name for name in RANK_COLUMNS if name not in table]:
        return replace(evidence, missing=f"the table '{evidence.claim.table}' has no {', '.join(absent)}")
    blocks = table[table["role"] == "block"]
    if evidence.claim.feature not in blocks.index:
        return replace(evidence, missing=f"no {evidence.claim.feature} block was in the integration")
    if len(blocks) < 2:
        return replace(evidence, missing="a single block has no rank")
    if blocks["lead_low"].isna().any():
        return replace(evidence, missing="one participant was left out at a time, which gives no AUC to rank blocks by")
    sizes = {name: int(blocks.loc[evidence.claim.feature, name]) for name in ("n_high", "n_low")}
    alone = float(table["auc"].get(COVARIATES_ONLY, np.nan))
    return replace(evidence, blocks=blocks, covariates_auc=alone, **sizes)


def _simplify(name: object) -> str:
    return "".join(c for c in str(name).casefold() if c.isalnum() or c == "×")
