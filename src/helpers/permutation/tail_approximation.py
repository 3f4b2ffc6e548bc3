"""Large shuffled values in, small p-values out: a smooth tail where counting has run dry. All of it is approximate."""

from __future__ import annotations

import numpy as np
from scipy import stats

COUNTED = 10  # as many shuffles at least as extreme: counting is good enough
MOST_EXCEEDANCES = 250
FEWEST_EXCEEDANCES = 30
STEP = 10
TAIL_SHARE = 0.25  # of the shuffles at most
FITS = 0.05


def approximate_tail(
    observed: np.ndarray | float, largest: np.ndarray, counted_p: np.ndarray | float, *, n_permutations: int
) -> np.ndarray:
    """Approximate small permutation p-values by a generalised Pareto tail.

    The largest 250 shuffled values (at most a quarter of all) above a threshold get a generalised Pareto distribution
    by the method of moments [3]_; ten fewer at a time while it does not fit (Kolmogorov-Smirnov p below 0.05,
    down to 30). A negative shape, which says that no larger value is possible and gave p-values far too small when
    tried on normal data, is replaced by an exponential tail: the careful side. Beyond the threshold p is the share of shuffles above it times the tail of the distribution
    [1]_, [2]_. Such a p is approximate: it rests on a fitted curve, not on counts.

    Parameters
    ----------
    observed : numpy.ndarray of shape (n,) or float
        Observed statistics; large is extreme.
    largest : numpy.ndarray of shape (n_largest,)
        The largest shuffled values, ascending; all of them or at least the upper tail.
    counted_p : numpy.ndarray of shape (n,) or float
        p by counting, ``(1 + number as extreme) / (1 + n_permutations)``.
    n_permutations : int
        How many shuffles there were in all.

    Returns
    -------
    numpy.ndarray of shape (n,)
        ``counted_p`` where ten shuffles or more are as extreme, or no tail fits.

    References
    ----------
    .. [1] Knijnenburg TA, Wessels LFA, Reinders MJT, Shmulevich I (2009). Fewer permutations, more accurate P-values.
       Bioinformatics 25(12):i161-i168. doi:10.1093/bioinformatics/btp211
    .. [2] Winkler AM, Ridgway GR, Douaud G, Nichols TE, Smith SM (2016). Faster permutation inference in brain
       imaging. NeuroImage 141:502-516. doi:10.1016/j.neuroimage.2016.05.068
    .. [3] Hosking JRM, Wallis JR (1987). Parameter and quantile estimation for the generalized Pareto distribution.
       Technometrics 29(3):339-349. doi:10.1080/00401706.1987.10488243

    Examples
    --------
    Shuffled values spread like an exponential distribution: its tail beyond 10 is exp(-10), 0.000045.

    >>> shuffled = stats.expon.ppf((np.arange(2000) + 0.5) / 2000)
    >>> p = approximate_tail(10.0, shuffled, 1 / 2001, n_permutations=2000)
    >>> bool(0.00002 < p < 0.00009)
    True
    """
    value, p = np.asarray(observed, float), np.array(counted_p, float)
    few = np.isfinite(value) & (p * (1 + n_permutations) - 1 < COUNTED)
    if not few.any():
        return p
    fitted = _fit_tail(largest, n_permutations)
    if fitted is None:
        return p
    threshold, shape, scale, n_exceedances = fitted
    beyond = stats.genpareto.sf(value - threshold, shape, scale=scale)
    usable = few & (value >= threshold) & (beyond > 0)
    return np.where(usable, np.minimum(n_exceedances / n_permutations * beyond, p), p)


def _fit_tail(largest: np.ndarray, n_permutations: int) -> tuple[float, float, float, int] | None:
    """Return threshold, shape, scale and number of exceedances of the first tail that fits."""
    most = min(MOST_EXCEEDANCES, int(TAIL_SHARE * n_permutations), len(largest) - 1)
    for n_exceedances in range(most, FEWEST_EXCEEDANCES - 1, -STEP):
        threshold = (largest[-n_exceedances] + largest[-n_exceedances - 1]) / 2
        excess = largest[-n_exceedances:] - threshold
        mean, variance = excess.mean(), excess.var(ddof=1)
        if not variance > 0:
            return None
        shape, scale = (1 - mean**2 / variance) / 2, mean * (mean**2 / variance + 1) / 2
        shape, scale = (shape, scale) if shape > 0 else (0.0, mean)
        if stats.kstest(excess, stats.genpareto(shape, scale=scale).cdf, method="asymp").pvalue >= FITS:
            return float(threshold), float(shape), float(scale), n_exceedances
    return None
