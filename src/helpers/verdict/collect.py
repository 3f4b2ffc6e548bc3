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
from helpers.verdict.inference import Contrast, compute_contrast_power, convert_d_to_r, recover_contrast

LARGEST_R = 0.999
NORMAL = 1.959963984540054  # quantile of the normal for 95 %
FAR = 1e6  # degrees of freedom of Fisher's z, which is normal
COVARIATES_ONLY = "covariates only"
LEAD_COLUMNS = ("lead", "lead_low", "lead_high", "p_lead")
JUDGED = (("d", "d_low", "d_high"), ("r", "r_low", "r_high"))  # the first that a table has
TESTED = ("d", "estimate", "slope")  # what t and df of a table belong to
RANK_COLUMNS = ("role", "auc", *LEAD_COLUMNS, "p_permutation", "n_high", "n_low")


@dataclass(frozen=True)
class Evidence:
    """What one result table says about one claim.

    Attributes
    ----------
    claim : Claim
    d, d_low, d_high : float
        The effect that is judged, with its 95 % interval: the standardised difference, high minus low, where nothing else is
        said; NaN for a rank.
    measure : str
        What it is: ``d``; ``r``, a correlation with the score; or the column that a cohort's own claim names.
    t, df : float
        Of the row, where the table has them.
    n_high, n_low : int or None
        People behind it.
    n : int or None
        All of them, of a table that does not count groups.
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
    measure: str = "d"
    n: int | None = None

    @property
    def smallest(self) -> float:
        """The smallest effect of interest in the unit of what is judged: a study's d becomes r where a cohort has only r."""
        smallest = self.claim.smallest_effect_of_interest
        is_d = self.measure == "r" and not self.claim.is_own
        return float(convert_d_to_r(smallest, share_high=0.5)) if is_d else smallest

    @property
    def margin(self) -> float:
        """The same on the scale of :attr:`contrast`."""
        return float(np.arctanh(min(self.smallest, LARGEST_R))) if self.measure == "r" else self.smallest

    @property
    def oriented(self) -> tuple[float, float, float]:
        """d and its interval, turned so that positive is what the claim expects."""
        if self.claim.sign > 0:
            return self.d, self.d_low, self.d_high
        return -self.d, -self.d_high, -self.d_low

    @property
    def contrast(self) -> Contrast | None:
        """The effect with its standard error and degrees of freedom, r as Fisher's z; None where there is no effect."""
        people = self.n or (self.n_high or 0) + (self.n_low or 0)
        if not np.isfinite([self.d, self.d_low, self.d_high]).all() or people < 3:
            return None
        if self.measure == "r":
            z = np.arctanh(np.clip([self.d, self.d_low, self.d_high], -LARGEST_R, LARGEST_R))
            return Contrast(float(z[0]), float(z[2] - z[1]) / (2 * NORMAL), FAR)
        if self.n is not None:
            return recover_contrast(self.d, self.d_low, self.d_high, t=self.t, df=self.df, n_high=self.n)
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
    if reason := explain_outcome(settings, claim):
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


def explain_outcome(settings: Settings, claim: Claim | None = None) -> str:
    """Say why a cohort's groups cannot test claims about resilience; empty when they can.

    Parameters
    ----------
    settings : Settings
        Of the cohort.
    claim : Claim, optional
        One that the cohort declares itself is about its own groups, whatever they differ in.

    Returns
    -------
    str
    """
    rule = settings.outcome
    if settings.blind:
        return "the groups of this run are permuted (a blind run)"
    if claim is not None and claim.is_own:
        return ""
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
    columns = evidence.claim.columns or next((names for names in JUDGED if set(names) <= set(row.index)), JUDGED[0])
    if absent := [name for name in columns if name not in row.index]:
        return replace(
            evidence, missing=f"the table '{evidence.claim.table}' has no {', '.join(absent)} in this cohort"
        )
    d, low, high = (float(row[name]) for name in columns)
    if not np.isfinite([d, low, high]).all():
        return replace(evidence, missing=f"'{row.name}' does not vary, or too few people have it")
    sizes = {name: int(row[name]) for name in ("n_high", "n_low", "n") if pd.notna(row.get(name))}
    is_tested = columns[0] in TESTED
    known = {name: float(row.get(name, np.nan)) if is_tested else np.nan for name in ("t", "df")}
    found = replace(evidence, d=d, d_low=low, d_high=high, measure=columns[0], **known, **sizes)
    return replace(
        found, power=np.nan if found.contrast is None else compute_contrast_power(found.margin, found.contrast)
    )


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
