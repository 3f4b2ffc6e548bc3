"""Many linear models at once: every shuffle of the groups, every outcome, one product of matrices per design."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from helpers.contrasts import bound_effect, correct_bias
from helpers.designs import ALONE

Array = NDArray[np.float64]
NIL = 1e-10


class ManyContrasts(NamedTuple):
    """Standardised differences and their t, each (labellings, outcomes), and degrees of freedom, each (labellings,).

    As :func:`helpers.contrasts.fit_contrasts` gives them: d freed of its bias in small samples, t with an error that does
    not assume one variance, ``df`` of that t, ``df_residual`` of the residual standard deviation.
    """

    d: Array
    t: Array
    df: Array
    df_residual: Array


class _Products(NamedTuple):
    """Sums over the people kept, per labelling: what the least squares need."""

    terms: Array  # (n, k), the intercept first
    weights: Array  # (labellings or 1, n)
    inverse: Array  # (labellings or 1, k, k)
    slopes: Array  # (labellings or 1, k, outcomes), on the nuisance alone
    free: Array  # (labellings, n), labels freed of the nuisance
    own: Array  # (labellings, 1), sum of squares of these; NaN where nothing is left


def fit_labellings(values: Array, nuisance: Array, labels: Array, kept: Array | None = None) -> ManyContrasts:
    """Contrast outcomes under many labellings of the same people.

    The same model as :func:`helpers.contrasts.fit_contrasts`, for each row of ``labels`` in the place of the group:
    labellings meet outcomes in products of matrices.

    Parameters
    ----------
    values : numpy.ndarray of shape (n, n_outcomes)
        Without missing values.
    nuisance : numpy.ndarray of shape (n, n_terms)
        Covariates, without the intercept.
    labels : numpy.ndarray of shape (n_labellings, n)
        1 high, 0 low, or a score.
    kept : numpy.ndarray of shape (n_labellings, n), optional
        1 for people who are used under that labelling, 0 for others; by default all are.

    Returns
    -------
    ManyContrasts
        NaN where a labelling is determined by the nuisance, has a group of one, or nothing is left over.

    Examples
    --------
    Two of two people each, means 2 and 5, residual SD sqrt(2), Hedges' factor for two degrees of freedom 0.564; and
    the mirror image:

    >>> fit_labellings(np.array([[1.0], [3], [4], [6]]), np.empty((4, 0)), np.array([[0.0, 0, 1, 1], [1, 1, 0, 0]])).d.round(3)
    array([[ 1.197],
           [-1.197]])
    """
    outcomes = values - values.mean(axis=0)
    spread = outcomes.std(axis=0)
    outcomes = outcomes / np.where(spread > 0, spread, 1.0)
    parts = _multiply(outcomes, nuisance, labels, kept)
    estimate = parts.free @ outcomes / parts.own
    left = parts.weights @ outcomes**2 - np.einsum(
        "pkm,pkm->pm", parts.slopes, np.stack([(parts.weights * term) @ outcomes for term in parts.terms.T], axis=1)
    )
    rank = np.rint(np.einsum("pij,pji->p", _cross(parts.terms, parts.weights), parts.inverse))
    df_residual = np.broadcast_to(parts.weights.sum(axis=1) - rank - 1, len(labels))
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = (left - estimate**2 * parts.own) / np.where(df_residual > 0, df_residual, np.nan)[:, None]
        sd = np.sqrt(np.where(variance > NIL, variance, np.nan))
        robust, df = _judge_robustly(outcomes, parts, estimate)
        bias = np.array([correct_bias(one) for one in df_residual])[:, None]
        return ManyContrasts(
            estimate / sd * bias, np.where(np.isnan(sd), np.nan, estimate / np.sqrt(robust)), df, df_residual
        )


def _multiply(outcomes: Array, nuisance: Array, labels: Array, kept: Array | None) -> _Products:
    terms = _scale_terms(nuisance)
    weights = np.ones((1, len(outcomes))) if kept is None else kept
    inverse = np.linalg.pinv(_cross(terms, weights), rcond=NIL, hermitian=True)
    with_terms = np.stack([(weights * term) @ outcomes for term in terms.T], axis=1)
    free = residualise_labellings(nuisance, labels, kept)
    own = (free**2).sum(axis=1, keepdims=True)
    enough = own > NIL * len(outcomes) * np.abs(labels).max() ** 2
    return _Products(terms, weights, inverse, np.matmul(inverse, with_terms), free, np.where(enough, own, np.nan))


def _judge_robustly(outcomes: Array, parts: _Products, estimate: Array) -> tuple[Array, Array]:
    """Return the variance of each estimate (HC2), and the degrees of freedom of each labelling (Bell and McCaffrey).

    The squared residuals are never formed: their weighted sums follow from sums of products.
    """
    terms, free, own = parts.terms, parts.free, parts.own
    leverage = np.einsum("ni,pij,nj->pn", terms, parts.inverse, terms) + free**2 / own
    left = np.where(parts.weights > 0, 1 - leverage, 1.0)
    alone = (left < ALONE) & (np.abs(free) > ALONE)
    weights = parts.weights * np.divide(free**2, left, out=np.zeros_like(left), where=left > ALONE) / own**2
    among, beside = _cross(terms, weights), (weights * free) @ terms
    square = (weights * free**2).sum(axis=1, keepdims=True)
    slopes = parts.slopes
    on_terms = np.stack([(weights * term) @ outcomes for term in terms.T], axis=1)
    variance = weights @ outcomes**2 - 2 * (slopes * on_terms).sum(axis=1)
    variance += (slopes * np.matmul(among, slopes)).sum(axis=1)
    variance -= 2 * estimate * ((weights * free) @ outcomes - np.matmul(beside[:, None], slopes)[:, 0])
    variance += estimate**2 * square
    joint = among @ parts.inverse
    inner = np.einsum("pij,pji->p", joint, joint)
    inner += 2 * (np.matmul(beside[:, None], parts.inverse)[:, 0] * beside).sum(axis=1) / own[:, 0]
    inner += (square / own)[:, 0] ** 2
    total = (weights**2 * (1 - 2 * (1 - left))).sum(axis=1) + inner
    df = (weights * left).sum(axis=1) ** 2 / total
    known = ~alone.any(axis=1)
    return np.where(known[:, None] & (variance > NIL**2), variance, np.nan), np.where(known, df, np.nan)


def _cross(terms: Array, weights: Array) -> Array:
    """Return the weighted cross-products of the terms: (labellings, k, k)."""
    n, k = terms.shape
    return (weights @ (terms[:, :, None] * terms[:, None, :]).reshape(n, k * k)).reshape(-1, k, k)


def bound_effects(d: Array, t: Array, df: Array, df_residual: Array) -> tuple[Array, Array]:
    """Return the 95 % intervals of standardised differences, as :func:`helpers.contrasts.fit_contrasts` does.

    Parameters
    ----------
    d, t, df, df_residual : numpy.ndarray of shape (n,)
        From :class:`ManyContrasts`, one labelling.

    Examples
    --------
    >>> low, high = bound_effects(*(np.array([x]) for x in (0.5, 2.0, 60.0, 60.0)))
    >>> bool(low[0] < 0.01 < 0.5 < high[0])
    True
    """
    low, high = np.full((2, len(d)), np.nan)
    for own, residual in {*zip(df[np.isfinite(df)], df_residual[np.isfinite(df)], strict=True)}:
        chosen = (df == own) & (df_residual == residual)
        ratio = d[chosen] / correct_bias(residual)
        low[chosen], high[chosen] = bound_effect(ratio, np.abs(ratio / t[chosen]), own, residual)
    return low, high


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
    inverse = _spread(np.linalg.pinv(_cross(terms, weights), rcond=NIL, hermitian=True), labels)
    slopes = np.einsum("pij,pj->pi", inverse, (labels * weights) @ terms)
    return weights * (labels - slopes @ terms.T)
