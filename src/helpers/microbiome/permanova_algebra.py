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
    p : float
        The observed labelling counts as one of the shuffles.
    """

    df: int
    sum_of_squares: float
    pseudo_f: float
    p: float


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
