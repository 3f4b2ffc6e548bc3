"""May a model speak about this sample? How much of it lies outside what the people it learnt from vary along."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from helpers.metabolites.folds import split_people
from helpers.metabolites.scaling import N_KNOTS, FeatureScaler

AXES_SHARE = 0.8
APPLICABLE = 0.05
N_SPLITS = 5


@dataclass(frozen=True, eq=False)
class Applicability:
    """The axes along which the people learnt from vary, and how far people left out lie beside them.

    The misfit of a sample is the mean square of what the axes that carry 80 % of the variance leave of its standardised
    features (the squared prediction error of process control [1]_). Its applicability is the share of people
    left out of such a fit who lie as far out or farther: near 0 the sample is a stranger, below 0.05 the model
    should not speak about it.

    Attributes
    ----------
    axes : numpy.ndarray of shape (n_features, n_axes)
        Orthonormal.
    misfits : numpy.ndarray of shape (n_knots,)
        Quantiles of the misfit of people left out, rising.

    References
    ----------
    .. [1] Jackson JE, Mudholkar GS (1979). Control procedures for residuals associated with principal component
       analysis. Technometrics 21(3):341-349. doi:10.1080/00401706.1979.10489779
    """

    axes: np.ndarray
    misfits: np.ndarray

    @classmethod
    def learn(cls, shares: np.ndarray, codes: np.ndarray, *, scale: str, rng: np.random.Generator) -> Applicability:
        """Learn from shares (samples x features) and the person of each sample."""
        left_out = []
        for train, test in split_people(codes, N_SPLITS, rng):
            scaler = FeatureScaler.learn(shares[train], scale=scale)
            left_out.append(_misfit(scaler.transform(shares[test]), _find_axes(scaler.transform(shares[train]))))
        axes = _find_axes(FeatureScaler.learn(shares, scale=scale).transform(shares))
        return cls(axes, np.quantile(np.concatenate(left_out), np.linspace(0, 1, N_KNOTS)))

    def score(self, scaled: np.ndarray) -> np.ndarray:
        """Return the applicability of each sample, 0-1, from its standardised features.

        Examples
        --------
        One axis, of people who never leave it by more than 1:

        >>> known = Applicability(np.array([[1.0], [0.0]]), np.linspace(0, 1, 101))
        >>> known.score(np.array([[5.0, 0.0], [5.0, 1.0], [5.0, 9.0]])).round(2).tolist()
        [1.0, 0.5, 0.0]
        """
        share = np.linspace(1, 0, len(self.misfits))
        return np.interp(_misfit(scaled, self.axes), self.misfits, share, left=1.0, right=0.0)


def _find_axes(scaled: np.ndarray) -> np.ndarray:
    _, sizes, axes = np.linalg.svd(scaled, full_matrices=False)
    n_axes = int(np.searchsorted(np.cumsum(sizes**2), AXES_SHARE * (sizes**2).sum())) + 1
    return axes[:n_axes].T


def _misfit(scaled: np.ndarray, axes: np.ndarray) -> np.ndarray:
    return (scaled**2).mean(axis=1) - ((scaled @ axes) ** 2).sum(axis=1) / scaled.shape[1]
