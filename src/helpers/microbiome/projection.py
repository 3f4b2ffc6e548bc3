"""Sums of squares of distances as projections, and what shuffling people does to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from helpers.permutation import TIE

CHUNK = 512  # shuffles computed at once: bounds memory, changes no number


@dataclass(frozen=True, eq=False)
class TermTest:
    """One term of a model on distances.

    Attributes
    ----------
    df : int
    sum_of_squares : float
        What the term explains after the nuisance.
    pseudo_f : float
    p_value : float
        The observed labelling counts as one of the shuffles.
    """

    df: int
    sum_of_squares: float
    pseudo_f: float
    p_value: float


def measure_term(
    inner: np.ndarray, term: np.ndarray, *, nuisance: np.ndarray, others: np.ndarray, orders: np.ndarray
) -> TermTest:
    """Test a term on centred inner products: what it explains against what the whole model leaves over.

    The residuals on the nuisance are shuffled (Freedman-Lane). Shuffling rows and columns of their inner products is
    the same as shuffling the basis they are projected on, which is what is done.

    Parameters
    ----------
    inner : numpy.ndarray of shape (n, n)
        From :func:`helpers.microbiome.beta.centre_distances`.
    term, nuisance, others : numpy.ndarray of shape (n, r)
        Orthonormal, at right angles to each other: the term, what stands before it (with the intercept) and what
        the model holds besides.
    orders : numpy.ndarray of int, shape (n_permutations, n)

    Returns
    -------
    TermTest
    """
    part = inner - nuisance @ (nuisance.T @ inner)
    part = part - (part @ nuisance) @ nuisance.T
    removed = np.column_stack([nuisance[:, np.ptp(nuisance, axis=0) > TIE], others])
    df = len(inner) - term.shape[1] - nuisance.shape[1] - others.shape[1]
    everyone = np.arange(len(inner))[None, :]
    explained, besides = (
        np.concatenate([_project(part, basis, chunk) for chunk in [everyone, *_split(orders)]])
        for basis in (term, removed)
    )
    residual = np.trace(part) - explained - besides
    f = np.divide(explained / term.shape[1], residual / df, out=np.full(len(residual), np.inf), where=residual > 0)
    return TermTest(term.shape[1], float(explained[0]), float(f[0]), count_p(f))


def measure_means(values: np.ndarray, labels: np.ndarray, orders: np.ndarray) -> tuple[float, float]:
    """Return Fisher's F of one variable between groups, and p by shuffling people.

    Parameters
    ----------
    values : numpy.ndarray of shape (n,)
    labels : numpy.ndarray of int, shape (n,)
        0, 1 … of each person.
    orders : numpy.ndarray of int, shape (n_permutations, n)

    Examples
    --------
    >>> f, p = measure_means(np.array([0.0, 2, 4, 6]), np.array([0, 0, 1, 1]), np.array([[0, 1, 2, 3]]))
    >>> round(f, 6), p
    (8.0, 1.0)
    """
    centred = values - values.mean()
    sizes = np.bincount(labels)
    sums = np.zeros((1 + len(orders), len(sizes)))
    for group in range(len(sizes)):
        places = np.flatnonzero(labels == group)
        sums[0, group] = centred[places].sum()
        for start in range(0, len(orders), CHUNK):
            sums[1 + start : 1 + start + CHUNK, group] = centred[orders[start : start + CHUNK, places]].sum(axis=1)
    between = (sums**2 / sizes).sum(axis=1)
    within = centred @ centred - between
    ratio = (len(values) - len(sizes)) / (len(sizes) - 1)
    f = np.divide(ratio * between, within, out=np.full(len(between), np.inf), where=within > 0)
    return float(f[0]), count_p(f)


def count_p(f: np.ndarray) -> float:
    """Return p of the first of these statistics among all of them.

    Examples
    --------
    >>> count_p(np.array([3.0, 1.0, 5.0, 2.0]))
    0.5
    """
    return float((f >= f[0] * (1 - TIE)).sum() / len(f))


def _split(orders: np.ndarray) -> list[np.ndarray]:
    return [orders[start : start + CHUNK] for start in range(0, len(orders), CHUNK)]


def _project(inner: np.ndarray, basis: np.ndarray, orders: np.ndarray) -> np.ndarray:
    """Return the sum of squares that the shuffled basis explains, per order."""
    squares = np.zeros(len(orders))
    for vector in np.ascontiguousarray(basis.T):
        shuffled = vector[orders]
        squares += np.einsum("ij,ij->i", shuffled @ inner, shuffled)
    return squares
