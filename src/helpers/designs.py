"""A design beside what it explains: the same participants once each, known covariates, a tested column of its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers.linear_algebra import span_design
from helpers.problems import TooLittle, count, name_some

DETERMINED = 1e-5  # what the covariates leave of a tested column, relative to its spread, below which they determine it
ALONE = 1e-9  # what a model leaves free of a participant, below which the residual says nothing
SPELLING = "Are the ids spelled alike, e.g. sub-01?"


def match_design(index: pd.Index, design: pd.DataFrame, tested: Sequence[str]) -> pd.DataFrame:
    """Return the design of the participants who are in both, after refusing what no model can use.

    Parameters
    ----------
    index : pandas.Index
        Participants (or samples) of the features.
    design : pandas.DataFrame
        Index ``participant_id``; numeric, without intercept.
    tested : sequence of str
        Columns of the design that a test is about.

    Returns
    -------
    pandas.DataFrame
        In the order of ``design``.

    Raises
    ------
    ValueError
        When a tested column is not there, an id stands twice, nobody is shared, or a cell of the design is missing,
        infinite or no number; the first five are named.

    Examples
    --------
    >>> design = pd.DataFrame({"group": [0.0, 1.0, 1.0]}, index=["a", "b", "c"])
    >>> match_design(pd.Index(["c", "a"]), design, ["group"]).index.tolist()
    ['a', 'c']
    """
    for column in tested:
        if column not in design.columns:
            raise ValueError(f"The design has no column '{column}'. It has: {name_some(design.columns)}.")
    for what, ids in (("The features have", index), ("The design has", design.index)):
        if ids.has_duplicates:
            twice = ids[ids.duplicated()].unique()
            raise ValueError(f"{what} {name_some(twice)} more than once. Keep one row per participant.")
    terms = design.loc[design.index.isin(index)]
    if terms.empty:
        raise TooLittle(f"No participant is in both the features and the design. {SPELLING}")
    texts = [name for name in terms if not pd.api.types.is_numeric_dtype(terms[name].dtype)]
    if texts:
        raise ValueError(f"The design holds text in {name_some(texts)}. Code labels as 0/1 columns first.")
    bad = ~np.isfinite(terms.to_numpy(float))
    if bad.any():
        who, which = terms.index[bad.any(axis=1)], terms.columns[bad.any(axis=0)]
        raise ValueError(
            f"{count(len(who), 'participant')} ({name_some(who)}) without a value of {name_some(which)}. Leave these "
            "participants out, or leave out that covariate."
        )
    return terms


def free_tested(terms: pd.DataFrame, tested: str) -> tuple[np.ndarray, np.ndarray | None]:
    """Return a basis of intercept and covariates, and what they leave of the tested column.

    Parameters
    ----------
    terms : pandas.DataFrame of shape (n, n_terms)
        Complete numbers.
    tested : str

    Returns
    -------
    numpy.ndarray of shape (n, rank)
        Orthonormal.
    numpy.ndarray of shape (n,) or None
        None when the covariates determine the column, or it is constant.

    Examples
    --------
    >>> basis, left = free_tested(pd.DataFrame({"group": [0.0, 0.0, 1.0, 1.0]}), "group")
    >>> left.tolist()
    [-0.5, -0.5, 0.5, 0.5]
    """
    basis = span_design(terms.drop(columns=tested).to_numpy(float))
    x = terms[tested].to_numpy(float)
    x = (x - x.mean()) if np.ptp(x) > 0 else np.zeros(len(x))
    left = x - basis @ (basis.T @ x)
    return basis, left if np.sqrt(left @ left) > DETERMINED * np.sqrt(x @ x) else None


def refuse_determined(terms: pd.DataFrame, tested: str) -> None:
    """Refuse a tested column that the others determine.

    Raises
    ------
    ValueError
    """
    if free_tested(terms, tested)[1] is None:
        names = name_some(terms.columns.drop(tested)) or "the intercept"
        raise TooLittle(
            f"'{tested}' cannot be told apart from {names}: it is constant, or one follows from the other. "
            "Leave that covariate (or the batch) out in cohort.yml, or add people who break the tie."
        )


def weigh_residuals(basis: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, float]:
    """Return how much each squared residual counts in the variance of a coefficient, and the degrees of freedom of that.

    The variance is HC2: it does not assume that residuals have one variance. Without covariates it is Welch's. The
    degrees of freedom are those of Bell and McCaffrey: of the estimate if the variance were one after all [1]_.

    Parameters
    ----------
    basis : numpy.ndarray of shape (n, rank)
        Orthonormal: intercept and covariates.
    x : numpy.ndarray of shape (n,)
        The tested column, freed of these.

    Returns
    -------
    numpy.ndarray of shape (n,)
    float
        NaN, and weights of NaN, where a participant determines the coefficient alone (a group of one).

    References
    ----------
    .. [1] Pustejovsky JE, Tipton E (2018). Small-sample methods for cluster-robust variance estimation and hypothesis
       testing in fixed effects models. J Bus Econ Stat 36(4):672-683. doi:10.1080/07350015.2016.1247004

    Examples
    --------
    Two groups of two: variance s²/2 + s²/2 with two degrees of freedom, each s² the sum of two squared residuals.

    >>> weights, df = weigh_residuals(np.full((4, 1), 0.5), np.array([-0.5, -0.5, 0.5, 0.5]))
    >>> weights.round(6).tolist(), round(df, 6)
    ([0.5, 0.5, 0.5, 0.5], 2.0)
    """
    whole = np.column_stack([basis, x / np.sqrt(x @ x)])
    left = 1 - (whole**2).sum(axis=1)
    if ((left < ALONE) & (np.abs(x) > ALONE * np.abs(x).max())).any():
        return np.full(len(x), np.nan), np.nan
    weights = np.divide(x**2, left, out=np.zeros_like(x), where=left > ALONE) / (x @ x) ** 2
    inner = whole.T @ (weights[:, None] * whole)
    square = weights**2 @ (1 - 2 * (1 - left)) + (inner**2).sum()
    return weights, float((weights @ left) ** 2 / square)
