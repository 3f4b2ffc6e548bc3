"""What one contrast says about one claim: power, equivalence, a Bayes factor, and how often each word is expected."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import scipy

CONFIDENCE = 0.95
ALPHA = 0.05
PRIOR_SCALE = 2**-0.5
N_NODES = 200
REACH = 10.0  # standard deviations on either side that an integral runs over


@dataclass(frozen=True)
class Contrast:
    """A standardised difference and how precisely a linear model knows it.

    Attributes
    ----------
    d : float
        High minus low, in residual SD.
    standard_error : float
        Of d, the residual SD taken as known: ``1 / sqrt(n_effective)``.
    df : float
        Residual degrees of freedom.
    """

    d: float
    standard_error: float
    df: float

    @property
    def t(self) -> float:
        """d over its standard error."""
        return self.d / self.standard_error

    @property
    def n_effective(self) -> float:
        """What the design is worth: ``n_high n_low / (n_high + n_low)`` without covariates, less with them."""
        return self.standard_error**-2


def recover_contrast(
    d: float,
    d_low: float,
    d_high: float,
    *,
    t: float = np.nan,
    df: float = np.nan,
    n_high: int = 0,
    n_low: int = 0,
) -> Contrast:
    """Recover standard error and degrees of freedom from a row of a result table.

    Parameters
    ----------
    d, d_low, d_high : float
        With its 95 % interval.
    t : float, optional
        Of the same row. Without it (or with t of 0) the standard error is half the interval over its quantile.
    df : float, optional
        Of the same row. Without it the degrees of freedom are people minus two.
    n_high, n_low : int

    Returns
    -------
    Contrast

    Examples
    --------
    Two groups of 33 give 64 degrees of freedom, and t.ppf(0.975, 64) is 1.998:

    >>> recover_contrast(0.5, 0.0, 1.0, n_high=33, n_low=33).standard_error.round(3)
    np.float64(0.25)
    """
    df = float(df) if np.isfinite(df) else max(float(n_high + n_low - 2), 1.0)
    if np.isfinite(t) and abs(t) > 1e-6 and abs(d) > 1e-12:
        return Contrast(d, d / t, df)
    return Contrast(d, (d_high - d_low) / 2 / scipy.stats.t.ppf(0.5 + CONFIDENCE / 2, df), df)


def convert_d_to_r(d: float, *, share_high: float) -> float:
    """Return the point-biserial correlation that a standardised difference amounts to.

    ``r = d / sqrt(d^2 + 1 / (p (1 - p)))`` with p the share of the high group [1]_.

    References
    ----------
    .. [1] Borenstein M, Hedges LV, Higgins JPT, Rothstein HR (2009). Introduction to meta-analysis. Wiley.
       doi:10.1002/9780470743386

    Examples
    --------
    >>> convert_d_to_r(2.0, share_high=0.5).round(4)
    np.float64(0.7071)
    """
    return d / np.sqrt(d**2 + 1 / (share_high * (1 - share_high)))


def test_equivalence(contrast: Contrast, margin: float) -> float:
    """Return p of two one-sided tests (TOST) of whether effects of the smallest size of interest, either way, are ruled out.

    Parameters
    ----------
    contrast : Contrast
    margin : float
        The smallest effect of interest, in d, above 0.

    Returns
    -------
    float
        The larger of the two one-sided p-values [1]_ [2]_: below 0.05, d lies between -margin and margin.

    References
    ----------
    .. [1] Schuirmann DJ (1987). A comparison of the two one-sided tests procedure and the power approach for
       assessing the equivalence of average bioavailability. J Pharmacokinet Biopharm 15:657-680. doi:10.1007/BF01068419
    .. [2] Lakens D, Scheel AM, Isager PM (2018). Equivalence testing for psychological research.
       Adv Methods Pract Psychol Sci 1(2):259-269. doi:10.1177/2515245918770963

    Examples
    --------
    No difference at all, known to a standard error of 0.1: 2 standard errors to either margin.

    >>> test_equivalence(Contrast(0.0, 0.1, 1e6), 0.2).round(3)
    np.float64(0.023)
    """
    above = scipy.stats.t.sf((contrast.d + margin) / contrast.standard_error, contrast.df)
    below = scipy.stats.t.cdf((contrast.d - margin) / contrast.standard_error, contrast.df)
    return np.maximum(above, below)


def compute_bayes_factor(contrast: Contrast, *, sign: int = 0, prior_scale: float = PRIOR_SCALE) -> float:
    """Return how much likelier the data are under an effect than under none (default Bayes factor for t).

    The effect has a Cauchy prior of scale ``prior_scale`` [1]_; with a sign, only its half on that side.

    Parameters
    ----------
    contrast : Contrast
    sign : {0, 1, -1}
        Side that the claim expects; 0: either.
    prior_scale : float, default 0.707

    Returns
    -------
    float
        Above 1: for an effect (on that side). The weight over none, not the odds that the claim is true.

    References
    ----------
    .. [1] Rouder JN, Speckman PL, Sun D, Morey RD, Iverson G (2009). Bayesian t tests for accepting and rejecting the
       null hypothesis. Psychon Bull Rev 16:225-237. doi:10.3758/PBR.16.2.225

    Examples
    --------
    >>> compute_bayes_factor(Contrast(0.0, 0.2, 100), sign=1) < 1
    True
    """
    low, high = {0: (0.0, 1.0), 1: (0.5, 1.0), -1: (0.0, 0.5)}[sign]
    nodes, weights = _list_nodes()
    levels = low + (high - low) * (nodes + 1) / 2
    return _average_likelihood(contrast, scipy.stats.cauchy.ppf(levels, scale=prior_scale), weights / 2)


def compute_replication_bayes_factor(contrast: Contrast, original: tuple[float, float, float]) -> float:
    """Return how much likelier the data are under the effect the original study found than under none.

    The prior of the effect is what the original study left: normal, with its d and standard error [1]_.

    Parameters
    ----------
    contrast : Contrast
        Of the cohort at hand.
    original : tuple of float
        d, d_low, d_high of the original study (95 % interval).

    Returns
    -------
    float
        Above 1: the cohort speaks for the original effect, below 1 for none.

    References
    ----------
    .. [1] Verhagen J, Wagenmakers E-J (2014). Bayesian tests to quantify the result of a replication attempt.
       J Exp Psychol Gen 143(4):1457-1475. doi:10.1037/a0036731

    Examples
    --------
    An original study that found nothing, very precisely, predicts what no effect predicts:

    >>> round(compute_replication_bayes_factor(Contrast(0.4, 0.2, 100), (0.0, -1e-6, 1e-6)), 3)
    1.0
    """
    d, d_low, d_high = original
    standard_error = (d_high - d_low) / (2 * scipy.stats.norm.ppf(0.5 + CONFIDENCE / 2))
    nodes, weights = _list_nodes()
    effects = scipy.stats.norm.ppf((nodes + 1) / 2, loc=d, scale=standard_error)
    return _average_likelihood(contrast, effects, weights / 2)


def compute_contrast_power(d: float, contrast: Contrast) -> float:
    """Return the chance that this design finds a true difference, two-sided at 5 % and on its own side.

    Parameters
    ----------
    d : float
        True difference.
    contrast : Contrast
        Its standard error and degrees of freedom; covariates are thus paid for.

    Examples
    --------
    Cohen's textbook case, 64 per group for a medium effect:

    >>> round(compute_contrast_power(0.5, Contrast(0.5, (2 / 64) ** 0.5, 126)), 2)
    0.8
    """
    critical = scipy.stats.t.ppf(1 - ALPHA / 2, contrast.df)
    return 1 - find_noncentral_cdf(critical, contrast.df, abs(d) / contrast.standard_error)


@cache
def _list_nodes() -> tuple[np.ndarray, np.ndarray]:
    return np.polynomial.legendre.leggauss(N_NODES)


def _average_likelihood(contrast: Contrast, effects: np.ndarray, weights: np.ndarray) -> float:
    """Average over effects how much likelier t is under the effect than under none.

    The ratio of the noncentral to the central t density is the mean of exp(t s shift - shift^2 / 2) over s, where
    s^2 (df + t^2) is chi-square with df + 1 degrees of freedom.
    """
    t, df = contrast.t, contrast.df
    shifts = effects * np.sqrt(contrast.n_effective)
    size = np.sqrt(df + t**2)
    low = max(0.0, (np.sqrt(df + 1) - REACH) / size)
    high = 1 + REACH / np.sqrt(2 * df)
    nodes, chances = _list_nodes()
    scales = low + (high - low) * (nodes + 1) / 2
    known = scipy.stats.chi.logpdf(scales * size, df + 1)[:, None] + np.log(size * (high - low) / 2)
    with np.errstate(under="ignore"):
        ratio = chances @ np.exp(known + t * np.outer(scales, shifts) - shifts**2 / 2)
    return float(ratio @ weights)


def find_noncentral_cdf(t: float, df: float, shift: float) -> float:
    """Return how likely a noncentral t is up to a value; the normal's chance where scipy has none."""
    value = scipy.stats.nct.cdf(t, df, shift)
    return float(value if np.isfinite(value) else scipy.stats.norm.cdf(t - shift))
