"""One scale for predictors and predicted: where a value stands among the people a model learns from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri

N_KNOTS = 101
MIN_PREVALENCE = 0.1
SCALES = ("ranks", "log", "clr")


@dataclass(frozen=True, eq=False)
class NormalScores:
    """Where a value stands among those of the people learnt from, as a score of the normal distribution.

    The median is 0, one in six is above 1. Kept are quantiles of the people learnt from, never single people.

    Attributes
    ----------
    knots : numpy.ndarray of shape (n_knots, n_columns)
        Quantiles of each column, rising.
    scores : numpy.ndarray of shape (n_knots, n_columns)
        Normal score of each; values alike share one score, and what lies beyond the ends gets that of the end.

    Examples
    --------
    Of three people the lowest has 1/6 of them below (half of itself), the middle one a half:

    >>> learnt = NormalScores.learn(np.array([[1.0], [5.0], [9.0]]))
    >>> learnt.score(np.array([[5.0], [99.0], [1.0]]))[:, 0].round(3).tolist()
    [0.0, 0.967, -0.967]
    """

    knots: np.ndarray
    scores: np.ndarray

    @classmethod
    def learn(cls, values: np.ndarray, n_knots: int = N_KNOTS) -> NormalScores:
        """Learn from values (people x columns; NaN: not measured, left out of its column)."""
        n_known = (~np.isnan(values)).sum(axis=0)
        if not n_known.any():
            return cls(np.zeros((n_knots, values.shape[1])), np.zeros((n_knots, values.shape[1])))
        ordered = np.sort(values, axis=0)  # blanks last
        chosen = np.round(np.linspace(0, 1, n_knots)[:, None] * (n_known - 1).clip(min=0)).astype(int)
        first, last = _find_ties(ordered)
        ends = np.take_along_axis(first, chosen, axis=0) + np.take_along_axis(last, chosen, axis=0) + 1
        knots, scores = np.take_along_axis(ordered, chosen, axis=0), ndtri(ends / 2 / n_known.clip(min=1))
        return cls(np.where(n_known, knots, 0.0), np.where(n_known, scores, 0.0))

    def score(self, values: np.ndarray) -> np.ndarray:
        """Return the scores of values of the same columns; NaN stays NaN."""
        scored = [np.interp(*columns) for columns in zip(values.T, self.knots.T, self.scores.T, strict=True)]
        return np.where(np.isnan(values), np.nan, np.array(scored).reshape(values.T.shape).T)


def _find_ties(ordered: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return at which row the values alike begin and end, column by column, for each value of rising columns."""
    rows = np.arange(len(ordered))[:, None]
    is_new = np.vstack([np.ones((1, ordered.shape[1]), bool), ordered[1:] != ordered[:-1]])
    is_last = np.vstack([is_new[1:], np.ones((1, ordered.shape[1]), bool)])
    first = np.maximum.accumulate(np.where(is_new, rows, 0), axis=0)
    last = np.minimum.accumulate(np.where(is_last, rows, len(ordered))[::-1], axis=0)[::-1]
    return first, last


@dataclass(frozen=True, eq=False)
class FeatureScaler:
    """How amounts of features become predictors: learnt from the people a model learns from, then kept.

    Attributes
    ----------
    scale : {"ranks", "log", "clr"}
        Normal scores of the shares; log10 of the shares; or log10 centred on its mean in each sample.
    kept : numpy.ndarray of bool, shape (n_features,)
        Seen in more than 10 % of the people.
    normal : NormalScores
        Of the kept features; unused by log and clr.
    floor : float
        What a zero counts as in log and clr: half the smallest share.
    mean, sd : numpy.ndarray of shape (n_kept,)
        Of the people learnt from, on that scale.
    """

    scale: str
    kept: np.ndarray
    normal: NormalScores
    floor: float
    mean: np.ndarray
    sd: np.ndarray

    @classmethod
    def learn(cls, shares: np.ndarray, *, scale: str = "ranks") -> FeatureScaler:
        """Learn from shares (people x features, each row adding up to 1)."""
        kept = (shares > 0).mean(axis=0) > MIN_PREVALENCE
        known = shares[:, kept]
        floor = float(known[known > 0].min() / 2) if kept.any() else 1.0
        normal = NormalScores.learn(known if scale == "ranks" else known[:, :0])
        raw = cls(scale, kept, normal, floor, np.zeros(kept.sum()), np.ones(kept.sum()))
        scaled = raw.transform(shares)
        spread = scaled.std(axis=0)
        return replace(raw, mean=scaled.mean(axis=0), sd=np.where(spread > 0, spread, 1.0))

    def transform(self, shares: np.ndarray) -> np.ndarray:
        """Return the standardised predictors, people x kept features."""
        known = shares[:, self.kept]
        if self.scale == "ranks":
            return (self.normal.score(known) - self.mean) / self.sd
        logs = np.log10(np.maximum(known, self.floor))
        if self.scale == "clr":
            logs = logs - logs.mean(axis=1, keepdims=True)
        return (logs - self.mean) / self.sd


def close_shares(amounts: np.ndarray) -> np.ndarray:
    """Return shares of each sample's total.

    Examples
    --------
    >>> close_shares(np.array([[1.0, 3.0]])).tolist()
    [[0.25, 0.75]]
    """
    return amounts / amounts.sum(axis=1, keepdims=True)
