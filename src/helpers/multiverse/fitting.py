"""Many linear models at once: every shuffle of the groups, every outcome, one product of matrices per design."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
NIL = 1e-10


class ManyContrasts(NamedTuple):
    """Standardised differences and their t, each (labellings, outcomes), and the residual degrees of freedom."""

    d: Array
    t: Array
    df: Array  # (labellings,)


def fit_labellings(values: Array, nuisance: Array, labels: Array, kept: Array | None = None) -> ManyContrasts:
    """Contrast outcomes under many labellings of the same people.

    The same least squares as :func:`helpers.contrasts.fit_contrasts`, for each row of ``labels`` in the place of the
    group: labellings meet outcomes in one product of matrices.

    Parameters
    ----------
    values : numpy.ndarray of shape (n, n_outcomes)
        Without blanks.
    nuisance : numpy.ndarray of shape (n, n_terms)
        Covariates, without the intercept.
    labels : numpy.ndarray of shape (n_labellings, n)
        1 high, 0 low, or a score.
    kept : numpy.ndarray of shape (n_labellings, n), optional
        1 for people who are used under that labelling, 0 for others; by default all are.

    Returns
    -------
    ManyContrasts
        NaN where a labelling is determined by the nuisance, or nothing is left over.

    Examples
    --------
    Two of two people each, means 2 and 5, residual SD sqrt(2); and the mirror image:

    >>> fit_labellings(np.array([[1.0], [3], [4], [6]]), np.empty((4, 0)), np.array([[0.0, 0, 1, 1], [1, 1, 0, 0]])).d.round(3)
    array([[ 2.121],
           [-2.121]])
    """
    terms = _scale_terms(nuisance)
    outcomes = values - values.mean(axis=0)
    spread = outcomes.std(axis=0)
    outcomes = outcomes / np.where(spread > 0, spread, 1.0)
    weights = np.ones((1, len(values))) if kept is None else kept
    n, k = terms.shape
    among = (weights @ (terms[:, :, None] * terms[:, None, :]).reshape(n, k * k)).reshape(-1, k, k)
    inverse = np.linalg.pinv(among, rcond=NIL, hermitian=True)
    rank = np.rint(np.einsum("pij,pji->p", among, inverse))
    used = labels * weights
    with_terms = np.stack([(weights * term) @ outcomes for term in terms.T], axis=1)
    label_terms = used @ terms
    solved = np.matmul(inverse, with_terms)
    cross = used @ outcomes - np.matmul(label_terms[:, None, :], solved)[:, 0]
    own = (used * labels).sum(axis=1) - np.einsum("pi,pij,pj->p", label_terms, _spread(inverse, labels), label_terms)
    left = weights @ outcomes**2 - (with_terms * solved).sum(axis=1)
    df = weights.sum(axis=1) - rank - 1
    own = np.where(own > NIL * n, own, np.nan)[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = (left - cross**2 / own) / np.where(df > 0, df, np.nan)[:, None]
        residual = np.sqrt(np.where(variance > NIL, variance, np.nan))
        return ManyContrasts(cross / own / residual, cross / np.sqrt(own) / residual, np.broadcast_to(df, len(labels)))


def _scale_terms(nuisance: Array) -> Array:
    """Return an intercept and the nuisance, centred and of one size: units must not matter."""
    terms = np.column_stack([np.ones(len(nuisance)), nuisance - nuisance.mean(axis=0)])
    size = np.sqrt((terms**2).mean(axis=0))
    return terms / np.where(size > 0, size, 1.0)


def _spread(inverse: Array, labels: Array) -> Array:
    return np.broadcast_to(inverse, (len(labels), *inverse.shape[1:]))


def residualise_labellings(nuisance: Array, labels: Array, kept: Array | None = None) -> Array:
    """Return what of many labellings the nuisance and an intercept leave over, among the people kept.

    Parameters
    ----------
    nuisance : numpy.ndarray of shape (n, n_terms)
    labels, kept : numpy.ndarray of shape (n_labellings, n)
        As for :func:`fit_labellings`.

    Returns
    -------
    numpy.ndarray of shape (n_labellings, n)
        0 for people who are not kept.

    Examples
    --------
    >>> residualise_labellings(np.empty((4, 0)), np.array([[0.0, 0, 1, 1]])).tolist()
    [[-0.5, -0.5, 0.5, 0.5]]
    """
    terms = _scale_terms(nuisance)
    weights = np.ones((1, len(nuisance))) if kept is None else kept
    n, k = terms.shape
    among = (weights @ (terms[:, :, None] * terms[:, None, :]).reshape(n, k * k)).reshape(-1, k, k)
    inverse = _spread(np.linalg.pinv(among, rcond=NIL, hermitian=True), labels)
    slopes = np.einsum("pij,pj->pi", inverse, (labels * weights) @ terms)
    return weights * (labels - slopes @ terms.T)
