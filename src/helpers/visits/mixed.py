"""How two groups change from one visit to others: one mixed model per feature, with a random intercept per participant."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.linalg import LinAlgError
from scipy import stats
from statsmodels.regression.mixed_linear_model import MixedLM
from statsmodels.tools.sm_exceptions import ConvergenceWarning

from helpers.contrasts import CONFIDENCE, adjust_bh
from helpers.designs import find_clusters, weigh_residuals
from helpers.least import read_least
from helpers.linear_algebra import span_design
from helpers.problems import TooLittle

PERSON, VISIT = "participant_id", "visit"
FLAT = 1e-10
NO_SPREAD = "no variance between participants"
STUCK, FLAT_NOTE, FEW, TANGLED = "not converged", "constant", "too few", "terms follow from one another"
COLUMNS = ["n_high", "n_low", "estimate", "ci_low", "ci_high", "d", "d_low", "d_high", "t", "df", "p"]


@dataclass(frozen=True, eq=False)
class _Fit:
    """One feature: coefficients, their covariance and degrees of freedom, and both variances; ``note`` says what is wrong."""

    note: str
    terms: pd.DataFrame
    samples: pd.DataFrame
    slopes: np.ndarray
    covariance: np.ndarray
    df_within: float
    df_between: float
    between: float
    within: float
    values: np.ndarray
    clusters: np.ndarray | None


def fit_changes(values: pd.DataFrame, samples: pd.DataFrame, design: pd.DataFrame, *, baseline: str) -> pd.DataFrame:
    """Compare the groups in how much each feature changes from the baseline to each other visit.

    One linear mixed model per feature [1]_: group, visit, group x visit and the covariates are fixed, each participant has an
    intercept of their own (REML). So those who missed a visit count with the others they came to, which is right when what made
    them miss it shows in what was measured of them before (missing at random). The coefficient of group x visit is the change of
    the high group minus that of the low. Its t has the degrees of freedom of terms within participants: samples less participants less
    terms that vary within them, as R's nlme counts; in complete data of two visits that is the two-sample t-test of changes.

    Where the design carries clusters, the standard error allows for changes that a cluster has in common: CR2 on the samples as the
    mixed model weighs them, with the degrees of freedom of Satterthwaite [2]_.

    Parameters
    ----------
    values : pandas.DataFrame of shape (n_samples, n_features)
        Index sample. NaN: that sample is left out for that feature.
    samples : pandas.DataFrame
        Index sample; columns ``participant_id`` and ``visit``.
    design : pandas.DataFrame
        Index ``participant_id``; ``group`` (1 high, 0 low) and covariates, as at the baseline.
    baseline : str
        Visit from which changes count.

    Returns
    -------
    pandas.DataFrame
        One row per feature and other visit: feature, visit, n_high, n_low (participants with a value at both visits), estimate, ci_low,
        ci_high (95 %), d, d_low, d_high (in standard deviations of single measurements within a group), t, df, p, q
        (Benjamini-Hochberg over the table), icc (share of the variance that lies between participants) and note. The note says
        where the variance between participants is none (numbers are those of a model without it), and why a row has no numbers:
        the fit did not converge, the feature is constant, terms follow from one another, or fewer participants than an adjusted contrast
        needs have both visits.

    Raises
    ------
    TooLittle
        When no sample is of a participant of the design, or there is no visit beside the baseline.

    References
    ----------
    .. [1] Laird NM, Ware JH (1982). Random-effects models for longitudinal data. Biometrics 38(4):963-974. doi:10.2307/2529876
    .. [2] Pustejovsky JE, Tipton E (2018). Small-sample methods for cluster-robust variance estimation and hypothesis
       testing in fixed effects models. J Bus Econ Stat 36(4):672-683. doi:10.1080/07350015.2016.1247004

    Examples
    --------
    Ten and ten participants; the high group gains 2 more than the low:

    >>> rng, people = np.random.default_rng(1), [f"p{i}" for i in range(20)]
    >>> samples = pd.DataFrame({"participant_id": people * 2, "visit": ["a"] * 20 + ["b"] * 20}, index=[f"s{i}" for i in range(40)])
    >>> design = pd.DataFrame({"group": [0.0] * 10 + [1.0] * 10}, index=people)
    >>> y = np.tile(rng.normal(size=20), 2) + rng.normal(0, 0.1, 40) + 2 * np.r_[np.zeros(30), np.ones(10)]
    >>> found = fit_changes(pd.DataFrame({"y": y}, index=samples.index), samples, design, baseline="a")
    >>> float(found.at[0, "estimate"].round(1)), found.at[0, "note"]
    (2.0, '')
    """
    own = samples[samples[PERSON].isin(design.index) & samples.index.isin(values.index)]
    visits = [baseline, *(visit for visit in dict.fromkeys(samples[VISIT]) if visit != baseline)]
    if own.empty or len(visits) < 2:
        raise TooLittle("No two visits of participants with a group and all covariates.")
    rows = []
    for feature in values.columns:
        fit = _fit_feature(values[feature], own, design, visits)
        rows += [_contrast(fit, feature, visit, visits, values[feature]) for visit in visits[1:]]
    table = pd.DataFrame(rows)
    table.insert(table.columns.get_loc("p") + 1, "q", adjust_bh(table["p"]))
    return table


def estimate_means(values: pd.DataFrame, samples: pd.DataFrame, design: pd.DataFrame, *, baseline: str) -> pd.DataFrame:
    """Return the mean of each group at each visit as the mixed model of :func:`fit_changes` has it, covariates held at their means.

    Parameters
    ----------
    values, samples, design, baseline
        As for :func:`fit_changes`.

    Returns
    -------
    pandas.DataFrame
        Columns feature, group (high, low), visit, mean, mean_low, mean_high (95 %); features whose fit has no numbers are left out.
    """
    own = samples[samples[PERSON].isin(design.index) & samples.index.isin(values.index)]
    order = list(dict.fromkeys(samples[VISIT]))
    visits = [baseline, *(visit for visit in order if visit != baseline)]
    rows = []
    for feature in values.columns:
        fit = _fit_feature(values[feature], own, design, visits)
        if fit.note not in ("", NO_SPREAD):
            continue
        half = stats.t.ppf(0.5 + CONFIDENCE / 2, max(fit.df_between, 1))
        for side, code in (("high", 1.0), ("low", 0.0)):
            for visit in order:
                point = _place(fit.terms, code, visit, visits)
                mean, error = point @ fit.slopes, np.sqrt(point @ fit.covariance @ point)
                bounds = {"mean_low": mean - half * error, "mean_high": mean + half * error}
                rows.append({"feature": feature, "group": side, "visit": visit, "mean": mean} | bounds)
    return pd.DataFrame(rows, columns=["feature", "group", "visit", "mean", "mean_low", "mean_high"])


def build_terms(samples: pd.DataFrame, design: pd.DataFrame, visits: Sequence[str]) -> pd.DataFrame:
    """Return the fixed terms of each sample: intercept, group, covariates, one column per other visit, and group x visit.

    Examples
    --------
    >>> samples = pd.DataFrame({"participant_id": ["p", "p"], "visit": ["a", "b"]})
    >>> build_terms(samples, pd.DataFrame({"group": [1.0]}, index=["p"]), ["a", "b"]).columns.tolist()
    ['intercept', 'group', 'visit b', 'group x b']
    """
    terms = design.loc[samples[PERSON]].set_axis(samples.index).astype(float)
    terms.insert(0, "intercept", 1.0)
    for visit in visits[1:]:
        terms[f"visit {visit}"] = (samples[VISIT] == visit).astype(float)
    for visit in visits[1:]:
        terms[f"group x {visit}"] = terms[f"visit {visit}"] * terms["group"]
    return pd.DataFrame(terms)


def _fit_feature(values: pd.Series, samples: pd.DataFrame, design: pd.DataFrame, visits: Sequence[str]) -> _Fit:
    known = samples.loc[values.reindex(samples.index).notna()]
    y, terms = values.loc[known.index].to_numpy(float), build_terms(known, design, visits)
    x, persons = terms.to_numpy(), known[PERSON].to_numpy()
    n_within = 2 * (len(visits) - 1)
    n_persons = len(set(persons))
    nothing = np.full(x.shape[1], np.nan)
    df_within, df_between = len(y) - n_persons - n_within, n_persons - (x.shape[1] - n_within)

    def fail(note: str) -> _Fit:
        return _Fit(note, terms, known, nothing, np.outer(nothing, nothing), *[np.nan] * 4, y, None)

    least = read_least()["contrast"].per_group
    if min(min(_count_pairs(known, design, visits[0], visit)) for visit in visits[1:]) < least:
        return fail(FEW)
    centre, scale = y.mean(), y.std()
    if scale <= FLAT * max(np.abs(y).max(), 1e-300):
        return fail(FLAT_NOTE)
    if span_design(x[:, 1:]).shape[1] < x.shape[1] or df_within < 1 or df_between < 1:
        return fail(TANGLED)
    scaled = (y - centre) / scale
    is_edge = _leans_to_none(scaled, x, persons)
    found = _fit_plain(scaled, x) if is_edge else _fit_mixed(scaled, x, persons)
    if found is None:
        return fail(STUCK)
    slopes, covariance, between, within = found
    slopes = slopes * scale
    slopes[0] += centre
    note = NO_SPREAD if is_edge else ""
    variances = between * scale**2, within * scale**2
    held = find_clusters(design)
    clusters = None if held is None else pd.factorize(held.loc[known[PERSON]])[0]
    return _Fit(note, terms, known, slopes, covariance * scale**2, df_within, df_between, *variances, y, clusters)


def _allow_for_clusters(fit: _Fit, at: int) -> tuple[float, float]:
    """Return the cluster-robust error of a coefficient and its degrees of freedom (CR2 on samples freed of the intercepts)."""
    who = pd.factorize(fit.samples[PERSON])[0]
    sizes = np.bincount(who)
    part = (1 - np.sqrt(fit.within / (fit.within + sizes * fit.between)))[who]
    table = np.column_stack([fit.terms.to_numpy(float), fit.values])
    means = np.stack([np.bincount(who, column) / sizes for column in table.T], axis=1)
    table = table - part[:, None] * means[who]
    x, y = table[:, :-1], table[:, -1]
    basis = np.linalg.qr(np.delete(x, at, axis=1))[0]
    tested = x[:, at] - basis @ (basis.T @ x[:, at])
    found = weigh_residuals(basis, tested, fit.clusters)
    if found.clusters is None:
        return np.sqrt(fit.covariance[at, at]), fit.df_within
    return float(np.sqrt(found.sum_clusters((y - x @ fit.slopes)[:, None])[0])), found.df


def _leans_to_none(y: np.ndarray, x: np.ndarray, persons: np.ndarray) -> bool:
    """Return whether the restricted likelihood falls as soon as participants differ: then its maximum is at no variance."""
    q = np.linalg.qr(x)[0]
    left = y - q @ (q.T @ y)
    who = pd.factorize(persons)[0]
    sums = np.bincount(who, left)
    by_person = np.zeros((who.max() + 1, q.shape[1]))
    np.add.at(by_person, who, q)
    expected = len(y) - (by_person**2).sum()
    return bool(sums @ sums / (left @ left / (len(y) - x.shape[1])) <= expected)


def _fit_plain(y: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Return coefficients, covariance and variances of the model without intercepts of participants."""
    slopes = np.linalg.lstsq(x, y)[0]
    variance = float(((y - x @ slopes) ** 2).sum() / (len(y) - x.shape[1]))
    return slopes, variance * np.linalg.inv(x.T @ x), 0.0, variance


def _fit_mixed(y: np.ndarray, x: np.ndarray, persons: np.ndarray) -> tuple[np.ndarray, np.ndarray, float, float] | None:
    """Return coefficients, covariance and variances of the mixed model; None where it does not converge."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            found = MixedLM(y, x, groups=persons).fit(reml=True)
            covariance = np.array(found.cov_params())[: x.shape[1], : x.shape[1]]
        except LinAlgError:
            return None
    slopes = np.array(found.fe_params)
    if not found.converged or not np.isfinite(covariance).all() or not np.isfinite(slopes).all():
        return None
    return slopes, covariance, float(np.asarray(found.cov_re)[0, 0]), float(found.scale)


def _count_pairs(samples: pd.DataFrame, design: pd.DataFrame, baseline: str, visit: str) -> tuple[int, int]:
    """Return how many of the high and of the low group have both visits."""
    seen = [set(samples.loc[samples[VISIT] == one, PERSON]) for one in (baseline, visit)]
    group = design.loc[sorted(seen[0] & seen[1]), "group"]
    return int((group == 1).sum()), int((group == 0).sum())


def _place(terms: pd.DataFrame, group: float, visit: str, visits: Sequence[str]) -> np.ndarray:
    """Return the terms of a group at a visit, covariates at their means over samples."""
    point = terms.mean()
    point["intercept"], point["group"] = 1.0, group
    for other in visits[1:]:
        point[f"visit {other}"] = float(other == visit)
        point[f"group x {other}"] = group * float(other == visit)
    return point.to_numpy()


def _contrast(fit: _Fit, feature: object, visit: str, visits: Sequence[str], values: pd.Series) -> dict[str, object]:
    at = fit.terms.columns.get_loc(f"group x {visit}")
    estimate, error = fit.slopes[at], np.sqrt(fit.covariance[at, at])
    df = fit.df_within
    if fit.clusters is not None:
        error, df = _allow_for_clusters(fit, at)
    sd = np.sqrt(fit.between + fit.within)
    half = stats.t.ppf(0.5 + CONFIDENCE / 2, df) * error
    t = estimate / error
    design = fit.terms.groupby(fit.samples[PERSON])[["group"]].first()
    n_high, n_low = _count_pairs(fit.samples, design, visits[0], visit)
    numbers = [n_high, n_low, estimate, estimate - half, estimate + half]
    numbers += [estimate / sd, (estimate - half) / sd, (estimate + half) / sd]
    numbers += [t, df, 2 * stats.t.sf(np.abs(t), df)]
    found = {"feature": feature, "visit": visit} | dict(zip(COLUMNS, numbers, strict=True))
    return found | {"icc": fit.between / (fit.between + fit.within), "note": fit.note}
