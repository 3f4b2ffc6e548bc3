"""May a model speak about this sample? How strange it is to the people the model learnt from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from helpers.metabolites.folds import split_people
from helpers.metabolites.scaling import N_KNOTS, FeatureScaler

AXES_SHARE = 0.8
APPLICABLE = 0.05
N_SPLITS = 5


@dataclass(frozen=True, eq=False)
class Applicability:
    """How people left out look to those learnt from: beside their axes, and beside their mean.

    Two things are looked at. The *misfit* of a sample is the mean square of what the axes that carry 80 % of the variance
    leave of its standardised features (the squared prediction error of process control [1]_). Its *likeness* is Spearman's
    correlation of its shares with the mean shares of the people learnt from. Each is compared with people left out
    of such a fit; applicability is twice the smaller of the two shares of people who are as strange or stranger, 1 at
    most. Near 0 the sample is a stranger; below 0.05 the model should not speak about it, which befalls at most one in
    twenty people of the same kind.

    Attributes
    ----------
    axes : numpy.ndarray of shape (n_features, n_axes)
        Orthonormal.
    profile : numpy.ndarray of shape (n_features,)
        Mean shares.
    misfits, likenesses : numpy.ndarray of shape (n_knots,)
        Quantiles in people left out, rising.

    References
    ----------
    .. [1] Jackson JE, Mudholkar GS (1979). Control procedures for residuals associated with principal component
       analysis. Technometrics 21(3):341-349. doi:10.1080/00401706.1979.10489779
    """

    axes: np.ndarray
    profile: np.ndarray
    misfits: np.ndarray
    likenesses: np.ndarray

    @classmethod
    def learn(cls, shares: np.ndarray, codes: np.ndarray, *, scale: str, rng: np.random.Generator) -> Applicability:
        """Learn from shares (samples x features) and the person of each sample."""
        misfits, likenesses = [], []
        for train, test in split_people(codes, N_SPLITS, rng):
            scaler = FeatureScaler.learn(shares[train], scale=scale)
            misfits.append(_misfit(scaler.transform(shares[test]), _find_axes(scaler.transform(shares[train]))))
            likenesses.append(_liken(shares[test], shares[train].mean(axis=0)))
        axes = _find_axes(FeatureScaler.learn(shares, scale=scale).transform(shares))
        knots = np.linspace(0, 1, N_KNOTS)
        quantiles = [np.quantile(np.concatenate(found), knots) for found in (misfits, likenesses)]
        return cls(axes, shares.mean(axis=0), *quantiles)

    def score(self, scaled: np.ndarray, shares: np.ndarray) -> np.ndarray:
        """Return the applicability of each sample, 0-1, from its standardised features and its shares.

        Examples
        --------
        One axis, of people who never leave it by more than 1 and are all like their mean:

        >>> known = Applicability(np.eye(2)[:, :1], np.array([0.8, 0.2]), np.linspace(0, 1, 101), np.linspace(-1, 1, 101))
        >>> shares = np.array([[0.7, 0.3]] * 3)
        >>> known.score(np.array([[5.0, 0.0], [5.0, 1.0], [5.0, 9.0]]), shares).round(2).tolist()
        [1.0, 1.0, 0.0]
        """
        share = np.linspace(0, 1, len(self.misfits))
        as_misfit = np.interp(_misfit(scaled, self.axes), self.misfits, share[::-1], left=1.0, right=0.0)
        as_unlike = np.interp(_liken(shares, self.profile), self.likenesses, share, left=0.0, right=1.0)
        return np.minimum(1.0, 2 * np.minimum(as_misfit, as_unlike))


def _find_axes(scaled: np.ndarray) -> np.ndarray:
    _, sizes, axes = np.linalg.svd(scaled, full_matrices=False)
    n_axes = int(np.searchsorted(np.cumsum(sizes**2), AXES_SHARE * (sizes**2).sum())) + 1
    return axes[:n_axes].T


def _misfit(scaled: np.ndarray, axes: np.ndarray) -> np.ndarray:
    return (scaled**2).mean(axis=1) - ((scaled @ axes) ** 2).sum(axis=1) / scaled.shape[1]


def _liken(shares: np.ndarray, profile: np.ndarray) -> np.ndarray:
    """Return Spearman's correlation of each sample with the profile; a constant sample is like nobody."""
    ranks, ranked = rankdata(shares, axis=1), rankdata(profile)
    ranks, ranked = ranks - ranks.mean(axis=1, keepdims=True), ranked - ranked.mean()
    size = np.sqrt((ranks**2).sum(axis=1) * (ranked @ ranked))
    return np.divide(ranks @ ranked, size, out=np.full(len(size), -1.0), where=size > 0)
