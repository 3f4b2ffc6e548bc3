"""Say what a two-group comparison of given size can see: power and the smallest detectable difference."""

from __future__ import annotations

import numpy as np
import scipy

ALPHA = 0.05
NEAR = 7.0  # the tail on the other side adds nothing farther out, and is lost in rounding
FAR = 20.0  # power is 1 to all digits there, while the noncentral t loses its own


def compute_power(d: float, *, n_high: int, n_low: int, alpha: float = ALPHA) -> float:
    """Return the power of a two-sided two-sample t-test.

    Parameters
    ----------
    d : float
        True standardised difference.
    n_high, n_low : int
        People per group, at least two in each.
    alpha : float, default 0.05
        Level of the test.

    Returns
    -------
    float
        Between `alpha` (d of 0) and 1; NaN with fewer than two people in a group.

    References
    ----------
    .. [1] Cohen J (1988). Statistical power analysis for the behavioral
       sciences. 2nd edition. Erlbaum.

    Examples
    --------
    Cohen's textbook case, 64 per group for a medium effect:

    >>> round(compute_power(0.5, n_high=64, n_low=64), 2)
    0.8
    """
    if min(n_high, n_low) < 2:
        return np.nan
    df = n_high + n_low - 2
    shift = abs(d) * np.sqrt(n_high * n_low / (n_high + n_low))
    edge = scipy.stats.t.ppf(1 - alpha / 2, df)
    if shift > edge + FAR:
        return 1.0
    other_side = scipy.stats.nct.cdf(-edge, df, shift) if shift + edge < NEAR else 0.0
    return float(scipy.stats.nct.sf(edge, df, shift) + other_side)


def find_detectable_d(*, n_high: int, n_low: int, power: float = 0.8, alpha: float = ALPHA) -> float:
    """Return the smallest standardised difference that these groups detect.

    Parameters
    ----------
    n_high, n_low : int
        People per group.
    power : float, default 0.8
        Chance to reach p < `alpha` if the difference is real.
    alpha : float, default 0.05

    Returns
    -------
    float
        In standard deviations; NaN with fewer than two people in a group.

    Examples
    --------
    The groups of the study:

    >>> round(find_detectable_d(n_high=44, n_low=72), 2)
    0.54
    """
    if min(n_high, n_low) < 2:
        return np.nan
    upper = 0.1
    while compute_power(upper, n_high=n_high, n_low=n_low, alpha=alpha) < power:
        upper *= 2

    def lacking(d: float) -> float:
        return compute_power(d, n_high=n_high, n_low=n_low, alpha=alpha) - power

    return float(scipy.optimize.brentq(lacking, 0.0, upper))
