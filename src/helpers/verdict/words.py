"""The words of the verdict: one table of where an interval lies, and how often each word falls by computation."""

from __future__ import annotations

from enum import Enum

import numpy as np
import scipy

from helpers.comparisons import is_same
from helpers.verdict.inference import ALPHA, Contrast, find_noncentral_cdf


class RealVerdict(Enum):
    """What real people can say about a claim; nothing else."""

    SUPPORTED = "supported"
    OPPOSED = "opposed"
    NO_EFFECT = "no effect of interest"
    INCONCLUSIVE = "inconclusive"
    NOT_TESTABLE = "not testable here"


class SimulatedVerdict(Enum):
    """What simulated people can say about the *method*; nothing about the claim."""

    RECOVERED = "planted effect recovered"
    MISSED = "planted effect missed"
    NOT_TESTABLE = "not testable here"


class Size(Enum):
    """What the interval of an effect with a sure side says of its size."""

    OF_INTEREST = "of a size of interest"
    SMALL = "too small to matter"
    OPEN = "size open"


def judge_interval(low: float, high: float, smallest: float) -> tuple[RealVerdict, Size | None]:
    """Choose the word for an interval of d, positive on the side that the claim expects.

    A claim here is a direction, so zero decides; the smallest effect of interest says only how large an effect is, and
    when there is none worth speaking of.

    ======================  =========================  =====================  ====================
    the interval lies       beyond the smallest        between zero and it    across it
    ======================  =========================  =====================  ====================
    above zero              supported, of interest     supported, too small   supported, size open
    below zero              opposed, of interest       opposed, too small     opposed, size open
    across zero             (cannot be)                no effect of interest  inconclusive
    ======================  =========================  =====================  ====================

    Parameters
    ----------
    low, high : float
        Ends of the 95 % interval.
    smallest : float
        Smallest effect of interest, above 0.

    Returns
    -------
    RealVerdict
    Size or None
        None without a sure side.

    Examples
    --------
    >>> judge_interval(0.05, 0.6, 0.2)
    (<RealVerdict.SUPPORTED: 'supported'>, <Size.OPEN: 'size open'>)
    >>> judge_interval(-0.15, 0.1, 0.2)[0].value, judge_interval(-0.3, 0.1, 0.2)[0].value
    ('no effect of interest', 'inconclusive')
    """
    if low > 0:
        return RealVerdict.SUPPORTED, _name_size(low, high, smallest)
    if high < 0:
        return RealVerdict.OPPOSED, _name_size(-high, -low, smallest)
    if is_same(low, high, margin=smallest):
        return RealVerdict.NO_EFFECT, None
    return RealVerdict.INCONCLUSIVE, None


def _name_size(low: float, high: float, smallest: float) -> Size:
    if low >= smallest:
        return Size.OF_INTEREST
    return Size.SMALL if high < smallest else Size.OPEN


def expect_words(d: float, contrast: Contrast, *, smallest: float) -> dict[str, float]:
    """Return how often cohorts like this one get each word, when the true difference is d.

    The ends of the interval of d are those of the noncentral t, so that an end passes a value where t passes that value's
    quantile; each word is a stretch of t.

    Parameters
    ----------
    d : float
        True difference, positive on the side the claim expects.
    contrast : Contrast
        Of a cohort like those; only its standard error and degrees of freedom are used.
    smallest : float
        The claim's smallest effect of interest.

    Returns
    -------
    dict of str to float
        supported, opposed, no_effect, inconclusive (these sum to 1), of_interest and small (among those supported):
        chances, 0 to 1.

    Examples
    --------
    With no effect, one interval in forty lies above zero:

    >>> words = expect_words(0.0, Contrast(0.0, 0.2, 100), smallest=0.2)
    >>> round(words["supported"], 3), round(words["opposed"], 3)
    (0.025, 0.025)
    """
    df, shift, edge = contrast.df, d / contrast.standard_error, smallest / contrast.standard_error
    sure = float(scipy.stats.t.ppf(1 - ALPHA / 2, df))
    beyond = find_noncentral_quantile(1 - ALPHA / 2, df, edge)
    within = find_noncentral_quantile(ALPHA / 2, df, edge)

    def reach(t: float) -> float:
        return find_noncentral_cdf(t, df, shift)

    inner = max(min(sure, within), 0.0)
    words = {"supported": 1 - reach(sure), "opposed": reach(-sure), "no_effect": reach(inner) - reach(-inner)}
    words["inconclusive"] = max(0.0, 1 - sum(words.values()))
    small = max(0.0, reach(within) - reach(sure)) if within > sure else 0.0
    return words | {"of_interest": 1 - reach(max(beyond, sure)), "small": small}


def find_noncentral_quantile(share: float, df: float, shift: float) -> float:
    """Return a quantile of the noncentral t; the normal's where scipy has none, as for very large shifts."""
    value = float(scipy.stats.nct.ppf(share, df, shift))
    return value if np.isfinite(value) else shift + float(scipy.stats.norm.ppf(share))
