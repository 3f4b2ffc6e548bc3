"""Set symptoms beside resilience: as a contrast of groups, and against the continuous score."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import scipy

from helpers.contrasts import COLUMNS, correlate_partial, fit_contrasts
from helpers.intervals import bound_correlation
from helpers.problems import TooLittle

SYMPTOMS = (
    "hads.depression",
    "hads.anxiety",
    "ffmq.describing",
    "ffmq.nonjudging",
    "csq.catastrophizing",
    "brs.mean",
    "phq9.total",
    "gad7.total",
    "pss.total",
)
CONFIDENCE = 0.95


def correlate_measures(measures: pd.DataFrame) -> pd.DataFrame:
    """Correlate every pair of scores, each among all participants who have both.

    Parameters
    ----------
    measures : pandas.DataFrame of shape (n_participants, n_scores)
        From :func:`score_measures`.

    Returns
    -------
    pandas.DataFrame
        One row per pair, in the order of the columns: ``first``, ``second``, ``r`` (Pearson; blank where a score does not vary or fewer than
        three participants have both), ``n``. No participant is missing for want of a third score.

    Examples
    --------
    >>> correlate_measures(pd.DataFrame({"a": [1.0, 2, 3], "b": [3.0, 2, 1]}))["r"].round(6).tolist()
    [-1.0]
    """
    rows = []
    for first, second in combinations(measures.columns, 2):
        both = measures[[first, second]].dropna()
        varies = len(both) > 2 and (both.max() > both.min()).all()
        r = float(both[first].corr(both[second])) if varies else np.nan
        rows.append((first, second, r, len(both)))
    return pd.DataFrame(rows, columns=["first", "second", "r", "n"])


def compare_symptoms(measures: pd.DataFrame, design: pd.DataFrame, *, outcome: str | None = None) -> pd.DataFrame:
    """Contrast the questionnaire scores of the high and the low group.

    Parameters
    ----------
    measures : pandas.DataFrame of shape (n_participants, n_scores)
        From :func:`score_measures`. Scores the cohort does not have are left
        out.
    design : pandas.DataFrame
        From ``helpers.cohort.design_matrix``.
    outcome : str, optional
        Name of the score that made the groups (``score_outcome(...).name``):
        it is never tested against itself.

    Returns
    -------
    pandas.DataFrame
        The columns of :func:`helpers.contrasts.fit_contrasts`, one row per
        score of ``SYMPTOMS`` that the cohort has; no row when it has none.

    Raises
    ------
    ValueError
        No participant is in both tables.
    """
    present = _list_present(measures, outcome)
    if not present:
        return pd.DataFrame(columns=COLUMNS, index=pd.Index([], name="feature"))
    return fit_contrasts(measures[present], design)


def relate_symptoms(
    measures: pd.DataFrame, scores: pd.Series, design: pd.DataFrame, *, outcome: str | None = None
) -> pd.DataFrame:
    """Relate symptoms to the continuous score, with the covariates of every contrast.

    Parameters
    ----------
    measures : pandas.DataFrame of shape (n_participants, n_scores)
        From :func:`score_measures`.
    scores : pandas.Series
        The score that the groups were made from, by ``participant_id``.
    design : pandas.DataFrame
        From ``helpers.cohort.design_of_scores``, or ``design_matrix``: its group is replaced by the score.
    outcome : str, optional
        Name of the score that made the groups: never related to itself.

    Returns
    -------
    pandas.DataFrame
        Index ``feature``; n, r (partial correlation, all covariates held) with r_low and r_high (95 %, Fisher), slope
        (points of the symptom per SD of the score) with slope_low and slope_high, p, q (over this table).

    Raises
    ------
    ValueError
        No participant is in both tables.
    """
    columns = ["n", "r", "r_low", "r_high", "slope", "slope_low", "slope_high", "p", "q"]
    present = _list_present(measures, outcome)
    if not present:
        return pd.DataFrame(columns=columns, index=pd.Index([], name="feature"))
    known = scores.reindex(design.index).dropna()
    terms = (
        design.loc[known.index]
        .drop(columns="group", errors="ignore")
        .assign(score=(known - known.mean()) / known.std())
    )
    fitted = fit_contrasts(measures[present], terms, tested="score")
    n = fitted["n_high"] + fitted["n_low"]
    n_covariates = terms.shape[1] - 1
    r = correlate_partial(measures[present], terms, tested="score")["r"]
    bounds = [bound_r("r", one, many - n_covariates) for one, many in zip(r, n, strict=True)]
    renamed = {"estimate": "slope", "ci_low": "slope_low", "ci_high": "slope_high"}
    table = fitted.rename(columns=renamed).assign(n=n, r=r)
    return table.join(pd.DataFrame(bounds, index=table.index))[columns]


def _list_present(measures: pd.DataFrame, outcome: str | None) -> list[str]:
    usable = [name for name in SYMPTOMS if name in measures and name != outcome]
    return [name for name in usable if measures[name].notna().any()]


def compare_split_and_score(
    measures: pd.DataFrame, groups: pd.DataFrame, *, outcome: str | None = None
) -> pd.DataFrame:
    """Correlate each symptom with the continuous score and with the split made from it.

    Both use the same people, so that the second differs from the first only by
    what the split threw away. Nothing is adjusted for.

    Parameters
    ----------
    measures : pandas.DataFrame of shape (n_participants, n_scores)
        From :func:`score_measures`.
    groups : pandas.DataFrame
        From ``helpers.cohort.assign_groups``: columns ``score`` and ``group``.
    outcome : str, optional
        Name of the score that made the groups: left out.

    Returns
    -------
    pandas.DataFrame
        Index ``feature``; n, r_score with r_score_low and r_score_high (95 %,
        Fisher), r_split (1 high, 0 low) with its interval, and share_kept:
        r_split squared over r_score squared, NaN where ``r_score`` is within
        .1 of zero and the ratio would be noise.

    References
    ----------
    .. [1] MacCallum RC et al. (2002). On the practice of dichotomization of
       quantitative variables. Psychological Methods 7(1):19-40.
       doi:10.1037/1082-989X.7.1.19
    """
    rows = {}
    for name in (name for name in SYMPTOMS if name in measures and name != outcome):
        people = groups[["score", "group"]].join(measures[name].rename("symptom"), how="inner").dropna()
        split = (people["group"] == "high").astype(float)
        r_score, r_split = (
            correlate(people["score"], people["symptom"]),
            correlate(split, people["symptom"]),
        )
        rows[name] = {
            "n": len(people),
            "r_score": r_score,
            **bound_r("r_score", r_score, len(people)),
            "r_split": r_split,
            **bound_r("r_split", r_split, len(people)),
            "share_kept": (r_split / r_score) ** 2 if abs(r_score) > 0.1 else np.nan,
        }
    if not rows:
        raise TooLittle("No symptom was measured beside the score that makes the groups.")
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("feature")


def expect_share_kept(share_high: float) -> float:
    """Return the share of r squared that survives a split, if both variables are normal.

    Parameters
    ----------
    share_high : float
        Share of people in the high group, between 0 and 1.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        A share that is not between 0 and 1.

    References
    ----------
    .. [1] Cohen J (1983). The cost of dichotomization. Applied Psychological
       Measurement 7(3):249-253. doi:10.1177/014662168300700301

    Examples
    --------
    A split at the median keeps 2 / pi:

    >>> round(expect_share_kept(0.5), 3)
    0.637
    """
    if not 0 < share_high < 1:
        raise ValueError(f"The share in the high group is {share_high:g}; it must lie between 0 and 1.")
    height = scipy.stats.norm.pdf(scipy.stats.norm.ppf(share_high))
    return float(height**2 / (share_high * (1 - share_high)))


def correlate(a: pd.Series, b: pd.Series) -> float:
    """Return Pearson's r; NaN with fewer than three people or without spread."""
    return float(a.corr(b)) if len(a) > 2 and a.std() > 0 and b.std() > 0 else np.nan


def bound_r(name: str, r: float, n: int) -> dict[str, float]:
    """Return the 95 % interval of a correlation of n people (Fisher), as ``<name>_low`` and ``<name>_high``.

    Examples
    --------
    >>> {name: round(value, 2) for name, value in bound_r("r", 0.5, 28).items()}
    {'r_low': 0.16, 'r_high': 0.74}
    """
    low, high = bound_correlation(r, n)
    return {f"{name}_low": float(low), f"{name}_high": float(high)}
