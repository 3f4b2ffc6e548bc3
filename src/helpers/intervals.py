"""95 % intervals of proportions and correlations, closed at the values they cannot cross and never beside the estimate."""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import ArrayLike

CONFIDENCE = 0.95
Z = 1.959963984540054  # of the normal distribution, for that confidence


def bound_proportion(successes: ArrayLike, n: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return Wilson's interval of a proportion.

    Rounding leaves Wilson's upper bound of n of n at 1 - 1e-16, below the proportion itself; here it is 1, and 0 of n
    begins at 0.

    Parameters
    ----------
    successes, n : array_like
        Successes need not be whole numbers; n of 0 has no interval.

    Returns
    -------
    low, high : numpy.ndarray
        From 0 to 1, low <= successes / n <= high; NaN where n is 0.

    References
    ----------
    .. [1] Wilson EB (1927). Probable inference, the law of succession, and statistical inference. J Am Stat Assoc
       22(158):209-212. doi:10.1080/01621459.1927.10502953

    Examples
    --------
    >>> low, high = bound_proportion([0, 5, 10], 10)
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.0, 0.237, 0.722], [0.278, 0.763, 1.0])
    """
    from statsmodels.stats.proportion import proportion_confint

    successes, n = np.broadcast_arrays(np.asarray(successes, float), np.asarray(n, float))
    known = n > 0
    safe = np.where(known, n, 1.0)
    share = np.clip(np.where(known, successes, 0.0) / safe, 0.0, 1.0)
    low, high = proportion_confint(share * safe, safe, alpha=1 - CONFIDENCE, method="wilson")
    low, high = close_interval(share, low, high, at_least=0.0, at_most=1.0)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


def bound_correlation(r: ArrayLike, n: ArrayLike, *, inflation: ArrayLike = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Return Fisher's interval of a correlation.

    Parameters
    ----------
    r : array_like
        From -1 to 1.
    n : array_like
        Participants; of a partial correlation less one for each covariate. 3 or fewer: no interval.
    inflation : array_like, default 1
        Of the variance of Fisher's z, as for rank correlations.

    Returns
    -------
    low, high : numpy.ndarray
        From -1 to 1, low <= r <= high; both r itself at -1 and 1; NaN where there is none.

    Examples
    --------
    >>> low, high = bound_correlation([0.5, 1.0], 28)
    >>> low.round(2).tolist(), high.round(2).tolist()
    ([0.16, 1.0], [0.74, 1.0])
    """
    r, n = np.broadcast_arrays(np.asarray(r, float), np.asarray(n, float))
    known = (n > 3) & ~np.isnan(r)
    with np.errstate(divide="ignore"):
        z = np.arctanh(np.clip(r, -1.0, 1.0))
    half = Z * np.sqrt(np.asarray(inflation, float) / np.where(known, n - 3, 1.0))
    low, high = close_interval(r, np.tanh(z - half), np.tanh(z + half), at_least=-1.0, at_most=1.0)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


def bound_by_draws(
    estimate: ArrayLike, draws: ArrayLike, *, at_least: float = -np.inf, at_most: float = np.inf
) -> tuple[np.ndarray, np.ndarray]:
    """Return the percentile interval of resampled estimates.

    Parameters
    ----------
    estimate : array_like of shape (n,)
    draws : array_like of shape (n_draws, n)
        NaN: a draw without an answer; left out.
    at_least, at_most : float

    Returns
    -------
    low, high : numpy.ndarray of shape (n,)
        low <= estimate <= high; NaN where no draw has an answer.

    Examples
    --------
    >>> low, high = bound_by_draws([0.5], np.linspace(0, 1, 101)[:, None])
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.025], [0.975])
    """
    draws = np.asarray(draws, float)
    tail = 50 * (1 - CONFIDENCE)
    low, high = np.full((2, draws.shape[1]), np.nan)
    known = ~np.isnan(draws).all(axis=0)
    if known.any():
        low[known], high[known] = np.nanpercentile(draws[:, known], [tail, 100 - tail], axis=0)
    return close_interval(estimate, low, high, at_least=at_least, at_most=at_most)


def tell_shuffled_p(p: float, n_shuffles: int, *, exact: bool = False) -> str:
    """Return a permutation p-value as text, with the range that other shuffles would put it in.

    Parameters
    ----------
    p : float
        (1 + shuffles as extreme) / (1 + n_shuffles); NaN: none.
    n_shuffles : int
    exact : bool, default False
        Every arrangement was used: other shuffles there are none, and no range.

    Returns
    -------
    str
        The range is the exact 95 % interval [1]_ of the share of shuffles as extreme, which infinitely many would give.

    References
    ----------
    .. [1] Clopper CJ, Pearson ES (1934). The use of confidence or fiducial limits illustrated in the case of the binomial.
       Biometrika 26(4):404-413. doi:10.1093/biomet/26.4.404

    Examples
    --------
    >>> tell_shuffled_p(0.04, 999), tell_shuffled_p(0.001, 999)
    ('p = 0.040 (0.028 to 0.053 by other permutations)', 'p = 0.001 (at most 0.004 by other permutations)')
    """
    if not np.isfinite(p):
        return "no p"
    if exact:
        return f"p = {p:.2g}"
    reached = round(p * (1 + n_shuffles)) - 1
    low, high = scipy.stats.binomtest(reached, n_shuffles).proportion_ci(CONFIDENCE, method="exact")
    digits = max(3, int(np.ceil(np.log10(1 + n_shuffles))))
    spread = f"{low:.{digits}f} to {high:.{digits}f}" if reached else f"at most {high:.{digits}f}"
    return f"p = {p:.{digits}f} ({spread} by other permutations)"


def bound_over_folds(
    estimate: ArrayLike,
    folds: ArrayLike,
    n_folds: int,
    *,
    n_smallest: int = 0,
    at_least: float = 0.0,
    at_most: float = 1.0,
    shared_by: int = 1,
) -> tuple[np.ndarray, np.ndarray]:
    """Return an interval of a cross-validated measure from its spread between folds, corrected for shared training people.

    The folds of repeated cross-validations share most of their training people, so their mean is less certain than that of
    as many independent folds: its variance is (1 / folds + 1 / (n_folds - 1)) times the variance between folds. The
    quantile is Student's with ``n_folds - 1`` degrees of freedom for each part of the measure, as repeats bring no new people.

    Parameters
    ----------
    estimate : array_like of shape (n,)
    folds : array_like of shape (n_repeats * n_folds, parts, n)
        The measure in each fold is the mean of its parts, such as the error rates of two groups. NaN: nobody of that part was
        held out there, as where each fold is one participant; the parts are then taken for independent of each other.
    n_folds : int
        Of one repeat.
    n_smallest : int, optional
        Participants in the smaller group: where folds do not differ at all, Wilson's interval of that many is given.
    at_least, at_most : float
    shared_by : int, default 1
        Intervals that the upper error is shared by (Bonferroni); the level stays 95 % for all together.

    Returns
    -------
    low, high : numpy.ndarray of shape (n,)
        low <= estimate <= high; NaN where the measure or its spread is unknown.

    References
    ----------
    .. [1] Nadeau C, Bengio Y (2003). Inference for the generalization error. Mach Learn 52:239-281.
       doi:10.1023/A:1024068626366

    Examples
    --------
    Two folds of 0.4 and 0.6, once: variance 0.02 times (1/2 + 1), and Student's quantile with one degree of freedom
    is 12.7, so that nothing is known:

    >>> [bound.tolist() for bound in bound_over_folds([0.5], [[[0.4]], [[0.6]]], 2)]
    [[0.0], [1.0]]
    """
    estimate, folds = np.asarray(estimate, float), np.asarray(folds, float)
    n_repeats, parts = len(folds) // n_folds, folds.shape[1]
    if np.isnan(folds).any(axis=1).any():
        known = (~np.isnan(folds)).sum(axis=0)
        of_part = known / n_repeats
        with np.errstate(divide="ignore", invalid="ignore"):
            means = np.nansum(folds, axis=0) / known
            spread = np.nansum((folds - means) ** 2, axis=0) / (known - 1)
            variance = (spread * (1 / known + 1 / (of_part - 1))).mean(axis=0) / parts
            df = (of_part - 1).sum(axis=0)
    else:
        variance = folds.mean(axis=1).var(axis=0, ddof=1) * (1 / len(folds) + 1 / (n_folds - 1))
        df = np.full(estimate.shape, parts * (n_folds - 1.0))
    half = scipy.stats.t.ppf(1 - (1 - CONFIDENCE) / (2 * shared_by), df) * np.sqrt(variance)
    low, high = close_interval(estimate, estimate - half, estimate + half, at_least=at_least, at_most=at_most)
    if n_smallest:
        wilson = bound_proportion(estimate * n_smallest, n_smallest)
        low, high = (np.where(half > 0, own, other) for own, other in zip((low, high), wilson, strict=True))
    return np.where(np.isnan(half), np.nan, low), np.where(np.isnan(half), np.nan, high)


def close_interval(
    estimate: ArrayLike, low: ArrayLike, high: ArrayLike, *, at_least: float = -np.inf, at_most: float = np.inf
) -> tuple[np.ndarray, np.ndarray]:
    """Return an interval that keeps within the range of its measure and holds the estimate.

    Parameters
    ----------
    estimate, low, high : array_like
        NaN stays NaN.
    at_least, at_most : float

    Examples
    --------
    >>> [bound.tolist() for bound in close_interval([1.0], [0.7], [1 - 1e-16], at_most=1.0)]
    [[0.7], [1.0]]
    """
    estimate = np.clip(np.asarray(estimate, float), at_least, at_most)
    low = np.minimum(np.clip(np.asarray(low, float), at_least, at_most), estimate)
    high = np.maximum(np.clip(np.asarray(high, float), at_least, at_most), estimate)
    return low, high
