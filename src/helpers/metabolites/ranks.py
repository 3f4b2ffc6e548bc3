"""Ranks of metabolites: normal scores to learn from, Spearman's correlation to judge by."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata

from helpers.intervals import bound_correlation


def score_metabolites(values: np.ndarray) -> np.ndarray:
    """Return normal scores per metabolite; a blank is 0, the median."""
    ranks = rankdata(values, axis=0, nan_policy="omit")
    return np.nan_to_num(ndtri((ranks - 0.5) / (~np.isnan(values)).sum(axis=0).clip(min=1)))


def correlate(predicted: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return Spearman's rho per column over the samples measured; NaN when one side is constant."""
    known = ~np.isnan(values)
    ranks = []
    for side in (predicted, values):
        rank = rankdata(np.where(known, side, np.nan), axis=0, nan_policy="omit")
        rank = rank - np.nansum(rank, axis=0) / known.sum(axis=0).clip(min=1)
        ranks.append(np.where(known, rank, 0.0))
    size = np.sqrt((ranks[0] ** 2).sum(axis=0) * (ranks[1] ** 2).sum(axis=0))
    return np.divide((ranks[0] * ranks[1]).sum(axis=0), size, out=np.full(len(size), np.nan), where=size > 0)


def bound_spearman(rho: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the 95 % interval of Spearman's rho by Fisher's z with the variance of Bonett and Wright.

    References
    ----------
    .. [1] Bonett DG, Wright TA (2000). Sample size requirements for estimating Pearson, Kendall and Spearman
       correlations. Psychometrika 65(1):23-28. doi:10.1007/BF02294183
    """
    return bound_correlation(rho, n, inflation=1 + np.asarray(rho) ** 2 / 2)
