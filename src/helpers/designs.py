"""A design beside what it explains: the same participants once each, known covariates, a tested column of its own, clusters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.linear_algebra import span_design
from helpers.problems import TooLittle, count, name_some

DETERMINED = 1e-5  # what the covariates leave of a tested column, relative to its spread, below which they determine it
ALONE = 1e-9  # what a model leaves free of a participant, below which the residual says nothing
SPELLING = "Are the ids spelled alike, e.g. sub-01?"


class ClusteredDesign(pd.DataFrame):
    """A design whose participants belong together in clusters: a data frame that carries them wherever it goes.

    Every test that takes a design takes the clusters from it, so that none can forget them: rows and columns may be picked and
    dropped. What makes a new frame of it (a join, for instance) loses them, and the next test says so rather than go on without.

    Attributes
    ----------
    clusters : pandas.Series or None
        Index ``participant_id``: the cluster of each.

    Examples
    --------
    >>> design = add_clusters(pd.DataFrame({"group": [0.0, 1.0]}, index=["a", "b"]), pd.Series({"a": "f1", "b": "f1"}))
    >>> find_clusters(design.loc[["b"]]).tolist()
    ['f1']
    """

    _metadata = ["clusters"]  # noqa: RUF012 (pandas reads it so)
    clusters: pd.Series | None = None

    @property
    def _constructor(self) -> type[ClusteredDesign]:
        return ClusteredDesign


def add_clusters(design: pd.DataFrame, clusters: pd.Series | None) -> pd.DataFrame:
    """Return a design that carries clusters; the design itself where there are none."""
    if clusters is None:
        return design
    clustered = ClusteredDesign(design)
    clustered.clusters = clusters
    return clustered


def keep_clusters(made: pd.DataFrame, design: pd.DataFrame) -> pd.DataFrame:
    """Return what was made of a design with its clusters, where it has any."""
    return add_clusters(made, find_clusters(design))


def number_clusters(design: pd.DataFrame) -> np.ndarray | None:
    """Return the cluster of each participant of a design as a number from 0; None where participants are independent."""
    clusters = find_clusters(design)
    return None if clusters is None else pd.factorize(clusters)[0]


def find_clusters(design: pd.DataFrame) -> pd.Series | None:
    """Return the cluster of each participant of a design; None where participants are independent.

    Raises
    ------
    ValueError
        When a design with clusters has lost them on its way, or a participant has none.
    """
    if not isinstance(design, ClusteredDesign):
        return None
    if design.clusters is None:
        raise ValueError("A design with clusters lost them on its way. Put them back with add_clusters.")
    own = design.clusters.reindex(design.index)
    if own.isna().any():
        raise ValueError(f"{count(int(own.isna().sum()), 'participant')} of a design without a cluster.")
    return own


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


@dataclass(frozen=True, eq=False)
class Sandwich:
    """How residuals make up the variance of a coefficient.

    Attributes
    ----------
    weights : numpy.ndarray of shape (n,)
        What each squared residual counts, were all independent (HC2).
    df : float
        Degrees of freedom of the variance; NaN where a participant or a cluster determines the coefficient alone.
    scores : numpy.ndarray of shape (n,), optional
        With clusters (CR2): what each residual is multiplied with before products are summed within clusters and squared.
    clusters : numpy.ndarray of int, optional
        From 0.
    """

    weights: np.ndarray
    df: float
    scores: np.ndarray | None = None
    clusters: np.ndarray | None = None

    def sum_clusters(self, residuals: np.ndarray) -> np.ndarray:
        """Return the variance of the coefficient for each column of residuals, with clusters."""
        order = np.argsort(self.clusters, kind="stable")
        starts = np.flatnonzero(np.diff(self.clusters[order], prepend=-1))
        products = (self.scores[:, None] * residuals)[order]
        return (np.add.reduceat(products, starts, axis=0) ** 2).sum(axis=0)


def weigh_residuals(basis: np.ndarray, x: np.ndarray, clusters: np.ndarray | None = None) -> Sandwich:
    """Return how residuals make up the variance of a coefficient, and the degrees of freedom of that.

    The variance is HC2: it does not assume that residuals have one variance. Without covariates it is Welch's. With clusters it is
    CR2, which does not assume that residuals of one cluster are independent either: residuals of a cluster are multiplied with the
    inverse square root of what the model leaves free of them. The degrees of freedom are those of Bell and McCaffrey
    (Satterthwaite): of the estimate if residuals were independent with one variance after all [1]_.

    Parameters
    ----------
    basis : numpy.ndarray of shape (n, rank)
        Orthonormal: intercept and covariates.
    x : numpy.ndarray of shape (n,)
        The tested column, freed of these.
    clusters : numpy.ndarray of int, shape (n,), optional
        From 0.

    Returns
    -------
    Sandwich
        With weights and df of NaN where a participant, or a cluster, determines the coefficient alone (a group of one).

    References
    ----------
    .. [1] Pustejovsky JE, Tipton E (2018). Small-sample methods for cluster-robust variance estimation and hypothesis
       testing in fixed effects models. J Bus Econ Stat 36(4):672-683. doi:10.1080/07350015.2016.1247004

    Examples
    --------
    Two groups of two: variance s²/2 + s²/2 with two degrees of freedom, each s² the sum of two squared residuals.

    >>> found = weigh_residuals(np.full((4, 1), 0.5), np.array([-0.5, -0.5, 0.5, 0.5]))
    >>> found.weights.round(6).tolist(), round(found.df, 6)
    ([0.5, 0.5, 0.5, 0.5], 2.0)
    """
    whole = np.column_stack([basis, x / np.sqrt(x @ x)])
    left = 1 - (whole**2).sum(axis=1)
    if ((left < ALONE) & (np.abs(x) > ALONE * np.abs(x).max())).any():
        return Sandwich(np.full(len(x), np.nan), np.nan)
    weights = np.divide(x**2, left, out=np.zeros_like(x), where=left > ALONE) / (x @ x) ** 2
    if clusters is not None and len(np.unique(clusters)) < len(x):
        return _weigh_clusters(whole, x, np.unique(clusters, return_inverse=True)[1], weights)
    inner = whole.T @ (weights[:, None] * whole)
    square = weights**2 @ (1 - 2 * (1 - left)) + (inner**2).sum()
    return Sandwich(weights, float((weights @ left) ** 2 / square))


def _weigh_clusters(whole: np.ndarray, x: np.ndarray, clusters: np.ndarray, weights: np.ndarray) -> Sandwich:
    """Return the scores of CR2; the degrees of freedom are of the quadratic form that they make of independent residuals."""
    scores = np.zeros_like(x)
    for cluster in range(clusters.max() + 1):
        own = np.flatnonzero(clusters == cluster)
        free = np.eye(len(own)) - whole[own] @ whole[own].T
        values, turns = np.linalg.eigh(free)
        reach, kept = turns.T @ x[own], values > ALONE
        if (np.abs(reach[~kept]) > np.sqrt(ALONE) * np.abs(x).max()).any():
            return Sandwich(np.full(len(x), np.nan), np.nan)
        scores[own] = turns[:, kept] @ (reach[kept] / np.sqrt(values[kept]))
    scores /= x @ x
    spread = np.zeros((len(x), clusters.max() + 1))
    spread[np.arange(len(x)), clusters] = scores
    touched = whole.T @ spread
    products = np.diag(np.bincount(clusters, scores**2)) - touched.T @ touched
    return Sandwich(weights, float(np.trace(products) ** 2 / (products**2).sum()), scores, clusters)
