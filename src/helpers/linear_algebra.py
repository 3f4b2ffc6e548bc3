"""Bases of the columns of a design, whatever units these are in."""

from __future__ import annotations

import numpy as np

FOLLOWS = 1e-9  # what is left of a column, relative to its length, below which it follows from the others


def span(columns: np.ndarray, *, beside: np.ndarray | None = None) -> np.ndarray:
    """Return an orthonormal basis of the columns, or of what they add to another basis.

    Each column is measured against its own length, so that the basis does not depend on units.

    Parameters
    ----------
    columns : numpy.ndarray of shape (n, k)
    beside : numpy.ndarray of shape (n, r), optional
        Orthonormal; the basis returned is at right angles to it.

    Returns
    -------
    numpy.ndarray of shape (n, rank)

    Examples
    --------
    >>> span(np.ones((4, 2))).round(3).tolist()[0] in ([0.5], [-0.5])
    True
    >>> span(np.ones((4, 1)), beside=np.full((4, 1), 0.5)).shape
    (4, 0)
    >>> span(np.array([[1e9, 0.0], [0.0, 1e-9], [0.0, 0.0]])).shape
    (3, 2)
    """
    scaled = _set_length(columns)
    left = scaled if beside is None else scaled - beside @ (beside.T @ scaled)
    left = _set_length(left[:, np.sqrt((left**2).sum(axis=0)) > FOLLOWS])
    basis, size, _ = np.linalg.svd(left, full_matrices=False)
    return basis[:, size > FOLLOWS * size.max(initial=0)]


def span_design(covariates: np.ndarray) -> np.ndarray:
    """Return an orthonormal basis of an intercept and the covariates.

    Parameters
    ----------
    covariates : numpy.ndarray of shape (n, k)
        Without an intercept; n of 1 or more.

    Returns
    -------
    numpy.ndarray of shape (n, rank)
        The first column is the intercept.

    Examples
    --------
    >>> span_design(np.array([[1.0, 12.0], [2.0, 24.0], [3.0, 36.0]])).shape  # years and months say the same
    (3, 2)
    """
    intercept = np.full((len(covariates), 1), len(covariates) ** -0.5)
    return np.column_stack([intercept, span(covariates, beside=intercept)])


def count_rank(covariates: np.ndarray) -> int:
    """Return the rank of an intercept and the covariates.

    Examples
    --------
    >>> count_rank(np.array([[1e9, 1e-9], [2e9, 0.0], [3e9, 1e-9]]))
    3
    """
    return span_design(covariates).shape[1]


def _set_length(columns: np.ndarray) -> np.ndarray:
    """Return the columns with length 1; a column of zeros stays."""
    largest = np.abs(columns).max(axis=0, initial=0)
    scaled = columns / np.where(largest > 0, largest, 1.0)
    return scaled / np.where(largest > 0, np.sqrt((scaled**2).sum(axis=0)), 1.0)
