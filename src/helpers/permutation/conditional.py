"""Shuffles of two groups that keep how the groups go with covariates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from helpers.permutation.plans import refuse_torn

N_STEPS = 50
PENALTY = 1.0  # of the logistic regression, as scikit-learn's C: a covariate that parts the groups stays finite


def find_log_odds(codes: NDArray[np.intp], covariates: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log odds of the second group given the covariates, by logistic regression with a slight penalty.

    Parameters
    ----------
    codes : numpy.ndarray of 0 and 1, shape (n,)
    covariates : numpy.ndarray of shape (n, n_covariates)

    Returns
    -------
    numpy.ndarray of shape (n,)
        All 0 without a covariate that varies.
    """
    spread = covariates.std(axis=0)
    varying = covariates[:, spread > 0]
    if not varying.shape[1]:
        return np.zeros(len(codes))
    scaled = (varying - varying.mean(axis=0)) / spread[spread > 0]
    return LogisticRegression(C=PENALTY).fit(scaled, codes).decision_function(scaled)


def shuffle_conditionally(
    codes: NDArray[np.intp],
    log_odds: NDArray[np.float64],
    levels: NDArray[np.intp] | None = None,
    *,
    rng: np.random.Generator,
    n_steps: int = N_STEPS,
) -> NDArray[np.intp]:
    """Shuffle two groups so that each labelling is as likely as the covariates make it.

    Groups that differ in age stay different in age: what features show of age alone is then the same in the shuffles as in
    the real groups, and only what goes with the groups beside age can stand out. Labels are exchanged between random pairs,
    many times over, each exchange with the probability that the odds of both give it [1]_.

    Parameters
    ----------
    codes : numpy.ndarray of 0 and 1, shape (n,)
    log_odds : numpy.ndarray of shape (n,)
        Of code 1 given the covariates, see :func:`find_log_odds`.
    levels : numpy.ndarray of int, optional
        Labels are exchanged within these alone.
    rng : numpy.random.Generator
    n_steps : int, default 50
        Rounds; in each everybody is paired once.

    Returns
    -------
    numpy.ndarray of 0 and 1, shape (n,)
        As many of each, in every level, as before.

    References
    ----------
    .. [1] Berrett TB, Wang Y, Barber RF, Samworth RJ (2020). The conditional permutation test for independence while
       controlling for confounders. J R Stat Soc B 82(1):175-197. doi:10.1111/rssb.12340

    Examples
    --------
    With odds that leave no doubt nothing moves:

    >>> shuffle_conditionally(np.array([0, 1, 0, 1]), np.array([-99.0, 99, -99, 99]), rng=np.random.default_rng(1)).tolist()
    [0, 1, 0, 1]
    """
    shuffled = np.array(codes)
    own = np.zeros(len(codes), int) if levels is None else np.asarray(levels)
    at = _find_firsts(own)
    for _ in range(n_steps):
        first, second = _pair(rng.permutation(len(own)), at, own)
        gain = (shuffled[second] - shuffled[first]) * (log_odds[first] - log_odds[second])
        moved = rng.random(len(first)) * (1 + np.exp(-np.clip(gain, -500, 500))) < 1
        a, b = first[moved], second[moved]
        shuffled[a], shuffled[b] = shuffled[b], shuffled[a]
    return shuffled


def shuffle_clusters(
    codes: NDArray[np.intp],
    log_odds: NDArray[np.float64],
    clusters: NDArray[np.intp],
    levels: NDArray[np.intp] | None = None,
    *,
    rng: np.random.Generator,
    n_steps: int = N_STEPS,
) -> NDArray[np.intp]:
    """Shuffle two groups as :func:`shuffle_conditionally` does, where people belong together.

    In each round members of a cluster are paired and exchange their labels, and clusters of equal size are paired and exchange
    the labels of all their members, member for member, each with the probability that the odds give it.

    Parameters
    ----------
    codes : numpy.ndarray of 0 and 1, shape (n,)
    log_odds : numpy.ndarray of shape (n,)
        0 for everybody: every exchange is as likely as not.
    clusters : numpy.ndarray of int, shape (n,)
    levels : numpy.ndarray of int, optional
        Clusters are exchanged within these alone.
    rng : numpy.random.Generator
    n_steps : int, default 50

    Returns
    -------
    numpy.ndarray of 0 and 1, shape (n,)

    Examples
    --------
    Two pairs of one group each stay of one group each:

    >>> shuffled = shuffle_clusters(np.array([0, 0, 1, 1]), np.zeros(4), np.array([0, 0, 1, 1]), rng=np.random.default_rng(1))
    >>> shuffled[0] == shuffled[1], shuffled[2] == shuffled[3], int(shuffled.sum())
    (np.True_, np.True_, 2)
    """
    shuffled, own = np.array(codes), np.unique(clusters, return_inverse=True)[1]
    members = [np.flatnonzero(own == cluster) for cluster in range(own.max() + 1)]
    if levels is not None:
        refuse_torn(np.asarray(levels), own)
    kinds = [(len(rows), 0 if levels is None else int(levels[rows[0]])) for rows in members]
    alike = np.array([sorted(set(kinds)).index(kind) for kind in kinds])
    of_own, of_alike = _find_firsts(own), _find_firsts(alike)
    for _ in range(n_steps):
        first, second = _pair(rng.permutation(len(own)), of_own, own)
        _exchange(shuffled, log_odds, first[:, None], second[:, None], rng)
        one, other = _pair(rng.permutation(len(alike)), of_alike, alike)
        for size in sorted({kind[0] for kind in kinds}):
            pairs = [(members[a], members[b]) for a, b in zip(one, other, strict=True) if kinds[a][0] == size]
            if pairs:
                _exchange(shuffled, log_odds, *(np.array(side) for side in zip(*pairs, strict=True)), rng)
    return shuffled


def _exchange(
    labels: NDArray[np.intp],
    log_odds: NDArray[np.float64],
    first: NDArray[np.intp],
    second: NDArray[np.intp],
    rng: np.random.Generator,
) -> None:
    """Exchange the labels of pairs (rows) of people or clusters, each with its probability."""
    gain = ((labels[second] - labels[first]) * (log_odds[first] - log_odds[second])).sum(axis=1)
    moved = rng.random(len(first)) * (1 + np.exp(-np.clip(gain, -500, 500))) < 1
    a, b = first[moved], second[moved]
    labels[a], labels[b] = labels[b], labels[a]


def _pair(order: NDArray[np.intp], at: NDArray[np.intp], levels: NDArray[np.intp]) -> tuple[NDArray[np.intp], ...]:
    """Pair everybody, in a random order, with somebody of the same level; one may be left over in each."""
    order = order[np.argsort(levels[order], kind="stable")]
    return order[at], order[at + 1]


def _find_firsts(levels: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return, of people sorted by level, the places whose holder is paired with the next; one may be left over in each level."""
    sizes = np.bincount(levels)
    place = np.arange(len(levels)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.flatnonzero((place % 2 == 0) & (place + 1 < np.repeat(sizes, sizes)))
