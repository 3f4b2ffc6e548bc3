"""Random-effects meta-analysis of one effect: what cohorts have in common, how far they differ, what the next may show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy
from numpy.typing import ArrayLike

from helpers.intervals import Z

CONFIDENCE = 0.95
LEAST_FOR_PREDICTION = 3  # cohorts
UPPER = 0.5 + CONFIDENCE / 2
POOLED = (
    "n_cohorts", "d", "d_low", "d_high", "p", "tau2", "i2", "cochran_q", "p_heterogeneity", "prediction_low",
    "prediction_high", "d_common", "d_common_low", "d_common_high",
)  # fmt: skip


@dataclass(frozen=True)
class Pooled:
    """What the effects of several cohorts come to.

    Attributes
    ----------
    n_cohorts : int
    d, d_low, d_high, p : float
        Mean effect over cohorts, its 95 % interval and its two-sided p.
    tau2, i2 : float
        Variance of the true effects between cohorts, in d squared; proportion (0 to 1) of the spread that is more than sampling
        error, (Q - df) / Q.
    cochran_q, p_heterogeneity : float
        Cochran's Q and its p on one degree of freedom less than cohorts.
    prediction_low, prediction_high : float
        95 % interval of the true effect in a further cohort; NaN with fewer than three.
    d_common, d_common_low, d_common_high : float
        The mean as if all cohorts had one true effect.
    weights : tuple of float
        Of the cohorts in ``d``; they sum to 1.
    """

    n_cohorts: int
    d: float
    d_low: float
    d_high: float
    p: float
    tau2: float
    i2: float
    cochran_q: float
    p_heterogeneity: float
    prediction_low: float
    prediction_high: float
    d_common: float
    d_common_low: float
    d_common_high: float
    weights: tuple[float, ...]


def combine(effects: ArrayLike, standard_errors: ArrayLike) -> Pooled:
    """Combine one effect per cohort.

    The variance between cohorts is that of Paule and Mandel [1]_ (statsmodels has no REML; on many cohorts the two agree closely).
    The interval of the mean is that of Hartung and Knapp [2]_, with Student's t on one degree of freedom less than cohorts: the
    usual normal interval is too short with few cohorts. Where no variance between cohorts is found, effects that lie together by
    luck would make it too short as well: then the wider of it and the interval of a common effect counts [3]_.

    Parameters
    ----------
    effects : array_like of shape (n_cohorts,)
        Two or more.
    standard_errors : array_like of shape (n_cohorts,)
        Above 0.

    Returns
    -------
    Pooled

    Raises
    ------
    ValueError
        Fewer than two cohorts, a number missing, or a standard error of 0 or less.

    References
    ----------
    .. [1] Paule RC, Mandel J (1982). Consensus values and weighting factors. J Res Natl Bur Stand 87(5):377-385.
       doi:10.6028/jres.087.022
    .. [2] Knapp G, Hartung J (2003). Improved tests for a random effects meta-regression with a single covariate. Stat Med
       22(17):2693-2710. doi:10.1002/sim.1482
    .. [3] Jackson D, Law M, Rücker G, Schwarzer G (2017). The Hartung-Knapp modification for random-effects meta-analysis: a
       useful refinement but are there any residual concerns? Stat Med 36(25):3923-3934. doi:10.1002/sim.7411

    Examples
    --------
    Two cohorts that say the same: no variance between them, and the interval of a common effect.

    >>> both = combine([0.4, 0.4], [0.2, 0.2])
    >>> round(both.d, 3), round(both.d_low, 3), both.tau2, both.i2
    (0.4, 0.123, 0.0, 0.0)
    """
    from statsmodels.stats.meta_analysis import combine_effects

    d, error = np.asarray(effects, float), np.asarray(standard_errors, float)
    if len(d) < 2 or d.shape != error.shape or not np.isfinite([d, error]).all() or (error <= 0).any():
        raise ValueError("Two effects or more are combined, each with a standard error above 0.")
    k = len(d)
    with np.errstate(divide="ignore", invalid="ignore"):  # of H2, where all effects are the same
        found = combine_effects(d, error**2, method_re="pm", use_t=True)
    q, tau2 = float(max(found.q, 0.0)), float(found.tau2)
    middle, common, error_common = (float(x) for x in (found.mean_effect_re, found.mean_effect_fe, found.sd_eff_w_fe))
    error_mean = float(found.sd_eff_w_re_hksj)
    half_common = Z * error_common
    student = float(scipy.stats.t.ppf(UPPER, k - 1))
    half = student * error_mean
    p = float(2 * scipy.stats.t.sf(abs(middle) / error_mean, k - 1)) if error_mean > 0 else 0.0
    if tau2 == 0:
        half, p = max(half, half_common), max(p, float(2 * scipy.stats.norm.sf(abs(common) / error_common)))
    reach = student * np.sqrt(tau2 + (half / student) ** 2) if k >= LEAST_FOR_PREDICTION else np.nan
    return Pooled(
        k, middle, middle - half, middle + half, p, tau2, max(0.0, 1 - (k - 1) / q) if q > 0 else 0.0,
        q, float(scipy.stats.chi2.sf(q, k - 1)), middle - reach, middle + reach,
        common, common - half_common, common + half_common, tuple(map(float, found.weights_rel_re)),
    )  # fmt: skip


def find_standard_error(d_low: ArrayLike, d_high: ArrayLike) -> np.ndarray:
    """Return the standard error of d that its 95 % interval amounts to: half of it over 1.96.

    The interval of :func:`helpers.contrasts.fit_contrasts` comes from the noncentral t; its half is close to the normal quantile times
    the spread of d over samples. Where groups are very unequal (12 and 60) it is 7 % too large.

    Parameters
    ----------
    d_low, d_high : array_like
        Ends of the interval.

    Examples
    --------
    >>> find_standard_error(-0.1, 0.7).round(3)
    np.float64(0.204)
    """
    return (np.asarray(d_high, float) - np.asarray(d_low, float)) / 2 / Z


def leave_one_out(effects: Sequence[float], standard_errors: Sequence[float], names: Sequence[str]) -> pd.DataFrame:
    """Combine again without each cohort in turn.

    Parameters
    ----------
    effects, standard_errors : sequence of float
        As for :func:`combine`; three or more.
    names : sequence of str
        Of the cohorts.

    Returns
    -------
    pandas.DataFrame
        Index ``left_out``; the columns of :class:`Pooled` but for the weights. Empty with fewer than three cohorts.
    """
    rows = {}
    for at, name in enumerate(names if len(names) >= LEAST_FOR_PREDICTION else ()):
        others = [i for i in range(len(names)) if i != at]
        rows[name] = as_row(combine([effects[i] for i in others], [standard_errors[i] for i in others]))
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(POOLED)).rename_axis("left_out")


def as_row(pooled: Pooled) -> dict[str, float]:
    """Return a result as a row of a table: all of it but for the weights."""
    return {name: getattr(pooled, name) for name in POOLED}
