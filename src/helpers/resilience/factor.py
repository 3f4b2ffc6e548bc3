"""Fit one factor to the items of a scale, fast enough to resample: McDonald's omega."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import scipy

from helpers.problems import name_some
from helpers.resilience.multigroup import fit_groups, measure_moments

SMALLEST_UNIQUENESS = 0.005  # of an item's variance
STEPS = {"maxiter": 2000, "ftol": 1e-12, "gtol": 1e-8}


def mcdonald_omega(items: pd.DataFrame) -> float:
    """Return McDonald's omega: the share of the total's variance due to one factor.

    Unlike alpha it does not suppose that all items load alike.

    Parameters
    ----------
    items : pandas.DataFrame of shape (n_participants, n_items)
        As for :func:`cronbach_alpha`; at least three items.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    ValueError
        Fewer than three items or three complete people, or an item that
        everybody answered alike.

    References
    ----------
    .. [1] McDonald RP (1999). Test theory: a unified treatment. Erlbaum.
    .. [2] Joreskog KG (1967). Some contributions to maximum likelihood factor
       analysis. Psychometrika 32:443-482. doi:10.1007/BF02289658
    """
    loadings, uniquenesses = _fit_factor(np.cov(keep_varying(items).to_numpy(), rowvar=False))
    common = loadings.sum() ** 2
    return float(common / (common + uniquenesses.sum()))


def omega_hierarchical(
    items: pd.DataFrame, structure: Mapping[str, Sequence[str]], *, start: np.ndarray | None = None
) -> tuple[float, np.ndarray]:
    """Return hierarchical omega: the share of the total's variance due to what all factors have in common.

    Correlated factors are fitted, then one general factor to their correlations (least squares); an item's general loading is its
    loading times that of its factor (Schmid and Leiman). Where factors are nearly the same, it is close to omega.

    Parameters
    ----------
    items : pandas.DataFrame of shape (n_participants, n_items)
        As for :func:`cronbach_alpha`.
    structure : mapping of str to sequence of str
        By factor, its items; at least three factors.
    start : numpy.ndarray, optional
        From an earlier call on similar answers, to save time.

    Returns
    -------
    float
        From 0 to 1.
    numpy.ndarray
        To start from on similar answers.

    Raises
    ------
    ValueError
        Fewer than three factors, or as for :func:`keep_varying`.

    References
    ----------
    .. [1] Zinbarg RE, Revelle W, Yovel I, Li W (2005). Cronbach's alpha, Revelle's beta, and McDonald's omega_H.
       Psychometrika 70:123-133. doi:10.1007/s11336-003-0974-7
    """
    if len(structure) < 3:
        raise ValueError(f"Hierarchical omega needs at least three factors; the structure has {len(structure)}.")
    complete = keep_varying(items[[item for part in structure.values() for item in part]])
    pattern = np.column_stack([complete.columns.isin(part) for part in structure.values()])
    fit = fit_groups([measure_moments(complete)], pattern, start=start)
    spread = np.sqrt(np.diag(fit.factor_covariances[0]))
    general = _find_general(fit.factor_covariances[0] / np.outer(spread, spread))
    implied = fit.loadings[0] @ fit.factor_covariances[0] @ fit.loadings[0].T + np.diag(fit.uniquenesses[0])
    return float((fit.loadings[0] @ (spread * general)).sum() ** 2 / implied.sum()), fit.free


def keep_complete(items: pd.DataFrame, *, at_least_items: int = 2) -> pd.DataFrame:
    """Return the people with every item answered, as floats, or say that there are too few.

    Parameters
    ----------
    items : pandas.DataFrame of shape (n_participants, n_items)
        Answers as numbers, NaN when blank.
    at_least_items : int, default 2

    Returns
    -------
    pandas.DataFrame of shape (n_complete, n_items)

    Raises
    ------
    ValueError
        Fewer items than asked, or fewer than three complete people.
    """
    complete = items.dropna().astype(float)
    if complete.shape[1] < at_least_items or len(complete) < 3:
        raise ValueError(
            f"Reliability needs at least {at_least_items} items and 3 people who answered all of them; found "
            f"{complete.shape[1]} items and {len(complete)} such people (of {len(items)})."
        )
    return complete


def keep_varying(items: pd.DataFrame, *, at_least_items: int = 3) -> pd.DataFrame:
    """Return the people with every item answered, or say which item nobody answered differently.

    Parameters
    ----------
    items : pandas.DataFrame of shape (n_participants, n_items)
    at_least_items : int, default 3

    Returns
    -------
    pandas.DataFrame of shape (n_complete, n_items)

    Raises
    ------
    ValueError
        As for :func:`keep_complete`, and for an item that everybody answered alike.
    """
    complete = keep_complete(items, at_least_items=at_least_items)
    if len(flat := complete.columns[complete.var() == 0]):
        raise ValueError(
            f"Everybody gave the same answer to {name_some(flat)}: a factor cannot be fitted. "
            "Leave that item out, or check how it was coded."
        )
    return complete


def _fit_factor(covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Minimise the discrepancy over uniquenesses alone; the best loadings follow from them (Joreskog 1967)."""
    spread = np.sqrt(np.diag(covariance))
    r = covariance / np.outer(spread, spread)
    start = np.clip((1 - 0.5 / len(r)) / np.diag(np.linalg.pinv(r)), SMALLEST_UNIQUENESS, 1)
    limits = [(np.log(SMALLEST_UNIQUENESS), 0.0)] * len(r)
    found = scipy.optimize.minimize(
        _miss, np.log(start), args=(r,), jac=True, method="L-BFGS-B", bounds=limits, options=STEPS
    )
    uniquenesses = np.exp(found.x)
    loadings = _best_loadings(uniquenesses, r)[0]
    return loadings * np.sign(loadings.sum() or 1.0) * spread, uniquenesses * spread**2


def _find_general(factor_r: np.ndarray) -> np.ndarray:
    """Return loadings of factors on one general factor, by least squares: correlations of 1 leave no likelihood."""
    below = np.tril_indices(len(factor_r), -1)
    start = np.full(len(factor_r), np.sqrt(np.clip(factor_r[below].mean(), 0.01, 0.99)))

    def miss(general: np.ndarray) -> np.ndarray:
        return (np.outer(general, general) - factor_r)[below]

    return scipy.optimize.least_squares(miss, start, bounds=(-1, 1)).x


def _best_loadings(uniquenesses: np.ndarray, r: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    scale = np.sqrt(uniquenesses)
    values, vectors = np.linalg.eigh(r / np.outer(scale, scale))
    return scale * vectors[:, -1] * np.sqrt(max(values[-1] - 1, 0.0)), values


def _miss(log_uniquenesses: np.ndarray, r: np.ndarray) -> tuple[float, np.ndarray]:
    uniquenesses = np.exp(log_uniquenesses)
    loadings, values = _best_loadings(uniquenesses, r)
    rest = np.maximum(values[:-1], 1e-12)
    slope = (loadings**2 + uniquenesses - np.diag(r)) / uniquenesses
    return float(np.sum(rest - np.log(rest) - 1)), slope
