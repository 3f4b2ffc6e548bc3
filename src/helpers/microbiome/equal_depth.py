"""Samples as if all had been sequenced equally deeply: what one expects of a given number of their reads."""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln

ALL_READS = 0
SERIES_FROM = 30.0  # reads expected, from which a series in 1 / reads is exact to five digits
SPENT = 1e-12


def choose_depth(reads: np.ndarray, depth: int | None) -> int:
    """Return the depth at which samples are compared.

    Parameters
    ----------
    reads : numpy.ndarray of int, shape (n_samples, n_features)
    depth : int or None
        None: the reads of the shallowest sample. ``ALL_READS`` (0): all reads of each sample, however many.

    Returns
    -------
    int
        0 for shares (floats), which have no depth.

    Raises
    ------
    ValueError
        When a sample holds fewer reads.

    Examples
    --------
    >>> choose_depth(np.array([[3, 4], [1, 1]]), None)
    2
    """
    if reads.dtype.kind == "f":
        return ALL_READS  # shares: there is no number of reads
    least = int(reads.sum(axis=1).min())
    if depth is None:
        return least
    if depth < 0 or depth > least:
        raise ValueError(
            f"The depth is {depth:,}; the shallowest sample holds {least:,} reads. Give 1 to {least:,}, or 0 for all reads of each."
        )
    return depth


def check_draws(n_rarefactions: int) -> None:
    """Refuse a number of draws below 0; 0 stands for all reads of each sample.

    Raises
    ------
    ValueError
        With what was given and what is expected.
    """
    if n_rarefactions < 0:
        raise ValueError(
            f"{n_rarefactions} draws of reads were asked for; give 1 or more, or 0 for all reads of each sample."
        )


def draw_reads(reads: np.ndarray, depth: int, rng: np.random.Generator) -> np.ndarray:
    """Return `depth` reads of each sample, drawn without replacement.

    Parameters
    ----------
    reads : numpy.ndarray of int, shape (n_samples, n_features)
    depth : int
        At most the reads of every sample.
    rng : numpy.random.Generator

    Returns
    -------
    numpy.ndarray of int, shape (n_samples, n_features)

    Examples
    --------
    >>> draw_reads(np.array([[2, 0], [5, 0]]), 2, np.random.default_rng(1)).tolist()
    [[2, 0], [2, 0]]
    """
    return np.array([rng.multivariate_hypergeometric(sample, depth) for sample in reads])


def expect_logs(reads: np.ndarray, depth: int, pseudocount: float) -> np.ndarray:
    """Return the expected logarithm of each count plus a pseudocount, were `depth` reads drawn from each sample.

    A logarithm of raw counts depends on depth as far as zeros and small counts do: half a read added to none is more in
    a shallow sample than in a deep one. Drawn to equal depth without replacement, counts of samples of one composition
    have one distribution, however deeply they were sequenced; its mean is computed here, so that no chance is needed and
    no read wasted. The pmf is summed where few reads are expected, and a series of central moments is used above.

    Parameters
    ----------
    reads : numpy.ndarray of int, shape (n_samples, n_features)
        Or shares, as floats: see :func:`log_shares`.
    depth : int
        Reads drawn; ``ALL_READS`` (0): all of each sample.
    pseudocount : float
        Reads.

    Returns
    -------
    numpy.ndarray of float, shape (n_samples, n_features)
        Natural logarithms.

    Examples
    --------
    Of one read each of two taxa one is drawn: ln 1.5 or ln 0.5, each half of the time.

    >>> expect_logs(np.array([[1, 1]]), 1, 0.5).round(4).tolist()
    [[-0.1438, -0.1438]]
    """
    if np.asarray(reads).dtype.kind == "f":
        return log_shares(np.asarray(reads), pseudocount)
    counts = np.asarray(reads, dtype=float)
    totals = np.broadcast_to(counts.sum(axis=1, keepdims=True), counts.shape)
    drawn = (totals > depth) & (depth != ALL_READS)
    logs = np.log(counts + pseudocount)
    mean = counts * depth / totals
    many = drawn & (mean > SERIES_FROM)
    logs[many] = _sum_series(mean[many], counts[many], totals[many], depth, pseudocount)
    few = drawn & ~many & (counts > 0)
    logs[few] = _sum_chances(counts[few], totals[few], depth, pseudocount)
    return logs


def log_shares(shares: np.ndarray, pseudocount: float) -> np.ndarray:
    """Return the logarithms of shares, a zero counting as `pseudocount` times the smallest share of the table.

    One value for all samples, so that it does not follow the depth of any. Shares above zero stay as they are [1]_.

    Parameters
    ----------
    shares : numpy.ndarray of float, shape (n_samples, n_features)
    pseudocount : float

    References
    ----------
    .. [1] Martín-Fernández JA, Barceló-Vidal C, Pawlowsky-Glahn V (2003). Dealing with zeros and missing values in compositional
       data sets using nonparametric imputation. Mathematical Geology 35(3):253-278. doi:10.1023/A:1023866030544

    Examples
    --------
    >>> np.exp(log_shares(np.array([[0.5, 0.5, 0.0]]), 0.5)).round(2).tolist()
    [[0.5, 0.5, 0.25]]
    """
    return np.log(np.where(shares > 0, shares, pseudocount * shares[shares > 0].min()))


def expect_presence(reads: np.ndarray, depth: int) -> np.ndarray:
    """Return the chance that each feature is among `depth` reads of its sample.

    Parameters
    ----------
    reads : numpy.ndarray of int, shape (n_samples, n_features)
    depth : int
        At most the reads of every sample; ``ALL_READS`` (0): all of each, so that the chance is 0 or 1.

    Returns
    -------
    numpy.ndarray of float, shape (n_samples, n_features)

    Examples
    --------
    >>> expect_presence(np.array([[1, 3, 0]]), 2).round(3).tolist()
    [[0.5, 1.0, 0.0]]
    """
    counts = np.asarray(reads, dtype=float)
    totals = counts.sum(axis=1, keepdims=True)
    return 1.0 - (counts == 0) if depth == ALL_READS else 1 - _chance_unseen(counts, totals, depth)


def _chance_unseen(counts: np.ndarray, totals: np.ndarray, depth: int) -> np.ndarray:
    """Return the chance that none of these reads is drawn."""
    spare = totals - counts - depth
    logs = (
        gammaln(totals - counts + 1)
        - gammaln(np.maximum(spare, 0) + 1)
        + gammaln(np.maximum(totals - depth, 0) + 1)
        - gammaln(totals + 1)
    )
    return np.where(counts == 0, 1.0, np.where(spare >= 0, np.exp(np.minimum(logs, 0)), 0.0))


def _sum_series(mean: np.ndarray, counts: np.ndarray, totals: np.ndarray, depth: int, pseudocount: float) -> np.ndarray:
    """Expand the logarithm around the mean of the hypergeometric distribution, to the fourth moment."""
    share = counts / totals
    variance = mean * (1 - share) * (totals - depth) / (totals - 1)
    third = variance * (1 - 2 * share) * (1 - 2 * depth / totals) * totals / (totals - 2)
    middle = mean + pseudocount
    return np.log(middle) - variance / (2 * middle**2) + third / (3 * middle**3) - 3 * variance**2 / (4 * middle**4)


def _sum_chances(counts: np.ndarray, totals: np.ndarray, depth: int, pseudocount: float) -> np.ndarray:
    """Sum over all numbers of reads that may be drawn, each chance from the one before.

    It starts at the least number possible: where few reads are left out, some of a feature are always drawn.
    """
    least = np.maximum(counts + depth - totals, 0)
    chance = np.exp(
        _log_choose(counts, least) + _log_choose(totals - counts, depth - least) - _log_choose(totals, depth)
    )
    total, drawn = chance * np.log(least + pseudocount), least.copy()
    left = np.ones(len(counts), bool)
    while left.any():
        ratio = (counts - drawn) * (depth - drawn) / ((drawn + 1) * (totals - counts - depth + drawn + 1))
        chance, drawn = chance * ratio, drawn + 1
        total += chance * np.log(drawn + pseudocount)
        left = (drawn < np.minimum(counts, depth)) & ((chance > SPENT) | (drawn < counts * depth / totals))
        chance = np.where(left, chance, 0.0)
    return total


def _log_choose(n: np.ndarray, k: np.ndarray) -> np.ndarray:
    return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
