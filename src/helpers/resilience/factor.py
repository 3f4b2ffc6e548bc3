"""Fit one factor to the items of a scale: loadings, omega and how well one factor describes them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.problems import name_some

MAX_STEPS = 2000
TOLERANCE = 1e-8
SMALLEST_UNIQUENESS = 0.005


@dataclass(frozen=True, eq=False)
class FactorFit:
    """A one-factor model of the items, with what one needs to report it.

    Attributes
    ----------
    loadings, uniquenesses : pandas.Series
        Per item, in squared units of the answers for the uniquenesses.
    n : int
        People with every item answered.
    chi2, df : float, int
        Likelihood-ratio test against free covariances.
    cfi, tli, rmsea, srmr : float
        Usual indices of fit; rough guides: CFI and TLI near .95 or more,
        RMSEA near .06 or less, SRMR near .08 or less.
    """

    loadings: pd.Series
    uniquenesses: pd.Series
    n: int
    chi2: float
    df: int
    cfi: float
    tli: float
    rmsea: float
    srmr: float

    def to_frame(self) -> pd.DataFrame:
        """Return one row of fit indices, ready for a results table."""
        names = ("n", "chi2", "df", "cfi", "tli", "rmsea", "srmr")
        return pd.DataFrame([{name: getattr(self, name) for name in names}], index=["one factor"])


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
    """
    loadings, uniquenesses = _fit_factor(_covariance(items))
    common = loadings.sum() ** 2
    return float(common / (common + uniquenesses.sum()))


def fit_one_factor(items: pd.DataFrame) -> FactorFit:
    """Fit a one-factor model by maximum likelihood.

    Answers are treated as continuous. With five ordered answers that is usual,
    but it makes the indices of fit look somewhat worse than an ordinal model.

    Parameters
    ----------
    items : pandas.DataFrame of shape (n_participants, n_items)
        As for :func:`cronbach_alpha`; at least four items.

    Returns
    -------
    FactorFit

    Raises
    ------
    ValueError
        Fewer than four items, no more complete people than items, or an item
        that everybody answered alike.

    References
    ----------
    .. [1] Joreskog KG (1967). Some contributions to maximum likelihood factor
       analysis. Psychometrika 32:443-482. doi:10.1007/BF02289658
    """
    complete = keep_complete(items, at_least_items=4)
    n, k = complete.shape
    if n <= k:
        raise ValueError(f"A one-factor model of {k} items needs more than {k} complete people; found {n}.")
    observed = _covariance(complete)
    loadings, uniquenesses = _fit_factor(observed)
    implied = np.outer(loadings, loadings) + np.diag(uniquenesses)
    chi2, df = (n - 1) * _discrepancy(observed, implied), k * (k - 3) // 2
    null_chi2 = (n - 1) * _discrepancy(observed, np.diag(np.diag(observed)))
    null_df = k * (k - 1) // 2
    excess, null_excess = max(chi2 - df, 0.0), max(null_chi2 - null_df, chi2 - df, 1e-12)
    names = complete.columns
    return FactorFit(
        loadings=pd.Series(loadings, index=names, name="loading"),
        uniquenesses=pd.Series(uniquenesses, index=names, name="uniqueness"),
        n=n,
        chi2=float(chi2),
        df=df,
        cfi=float(1 - excess / null_excess),
        tli=float((null_chi2 / null_df - chi2 / df) / (null_chi2 / null_df - 1)),
        rmsea=float(np.sqrt(excess / (df * (n - 1)))),
        srmr=_standardised_residual(observed, implied),
    )


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


def _covariance(items: pd.DataFrame) -> np.ndarray:
    complete = keep_complete(items, at_least_items=3)
    if len(flat := complete.columns[complete.var() == 0]):
        raise ValueError(
            f"Everybody gave the same answer to {name_some(flat)}: a factor cannot be fitted. "
            "Leave that item out, or check how it was coded."
        )
    return np.cov(complete.to_numpy(), rowvar=False)


def _fit_factor(covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Alternate the best loadings for given uniquenesses with the reverse, until neither moves."""
    variances = np.diag(covariance)
    uniquenesses = variances / 2
    for _ in range(MAX_STEPS):
        scale = np.sqrt(uniquenesses)
        values, vectors = np.linalg.eigh(covariance / np.outer(scale, scale))
        loadings = scale * vectors[:, -1] * np.sqrt(max(values[-1] - 1, 0.0))
        updated = np.maximum(variances - loadings**2, SMALLEST_UNIQUENESS * variances)
        moved = np.max(np.abs(updated - uniquenesses) / variances)
        uniquenesses = updated
        if moved < TOLERANCE:
            break
    else:
        warnings.warn("The one-factor model was still moving; read omega with care.", stacklevel=3)
    return loadings * np.sign(loadings.sum() or 1.0), uniquenesses


def _discrepancy(observed: np.ndarray, implied: np.ndarray) -> float:
    ratio = np.linalg.solve(implied, observed)
    return float(np.trace(ratio) - np.linalg.slogdet(ratio)[1] - len(observed))


def _standardised_residual(observed: np.ndarray, implied: np.ndarray) -> float:
    scale = np.sqrt(np.diag(observed))
    residual = ((observed - implied) / np.outer(scale, scale))[np.tril_indices(len(observed))]
    return float(np.sqrt(np.mean(residual**2)))
