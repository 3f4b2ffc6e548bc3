"""Contrast two groups on many features at once: adjusted difference with its interval, then p and q."""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy

from helpers.designs import (
    Sandwich,
    free_tested,
    match_design,
    number_clusters,
    refuse_determined,
    weigh_residuals,
)
from helpers.intervals import bound_correlation
from helpers.wording import as_text

GROUP = "group"  # the column of a design that says who is high, or holds the score of an outcome without a cut
CONFIDENCE = 0.95
Q_SHOWN = 0.05
KNOTS = 200  # of the spline for noncentral t
TILE = 512  # features computed at once: they fit the cache of a processor
FITTED = ["estimate", "ci_low", "ci_high", "d", "d_low", "d_high", "t", "df", "p", "r", "r_low", "r_high"]
COLUMNS = ["n_high", "n_low", *FITTED[:9], "q"]
SLOPES = ["n", "r", "r_low", "r_high", "slope", "slope_low", "slope_high", "t", "df", "p", "q"]  # of a score
RENAMED = {"estimate": "slope", "ci_low": "slope_low", "ci_high": "slope_high"}


def fit_contrasts(features: pd.DataFrame, design: pd.DataFrame, *, tested: str = "group") -> pd.DataFrame:
    """Fit one linear model per feature and return the tested coefficient of each.

    Each feature is regressed on an intercept and all columns of the design by least squares. Groups may differ in size
    and in spread: the standard error of the coefficient does not assume one variance (HC2, which without covariates is
    Welch's), and its t has the degrees of freedom of Bell and McCaffrey [2]_ (CR2 with Satterthwaite, each participant a
    cluster). With one pooled variance, 12 against 104 participants with SDs of 2 and 1 are called different in 25 % of
    comparisons of equal means; so in 5 %. Where the design carries clusters (:func:`helpers.designs.add_clusters`), the standard error
    does not assume that members of a cluster are independent (CR2 with the degrees of freedom of Satterthwaite [2]_).

    The standardised effect ``d`` is the coefficient over the residual standard deviation, freed of its bias in small
    samples (Hedges [3]_). Its interval inverts the noncentral t distribution of the ratio [4]_, with the standard error
    above widened by the quotient of the quantiles of its own and the residual degrees of freedom, so that it holds 0
    exactly when p is 0.05 or more.

    Parameters
    ----------
    features : pandas.DataFrame of shape (n_participants, n_features)
        Index ``participant_id``. NaN: that person is left out for that feature.
    design : pandas.DataFrame of shape (n_designed, n_terms)
        Numeric, no missing cell, without intercept; ``tested`` is one of its columns (1 high, 0 low, or a score).
    tested : str, default "group"

    Returns
    -------
    pandas.DataFrame of shape (n_features, 12)
        Index ``feature``; columns n_high, n_low (people with a value above and at or below the middle of the
        tested column), estimate, ci_low, ci_high (95 %, in units of the feature), d, d_low, d_high, t, df, p,
        q (Benjamini-Hochberg over the table [1]_). A feature that is constant, has too few people, or a group of one is NaN.
        Where the column ``group`` is a score (more than two values: an outcome without a cut), n, r (partial correlation with
        Fisher's interval, r_low and r_high), slope (per unit of the column, which is a standard deviation) with slope_low and slope_high, t, df, p, q.

    Raises
    ------
    ValueError
        When no person is in both tables, an id stands twice, the design has a missing cell, or the tested column is
        determined by the others.

    References
    ----------
    .. [1] Benjamini Y, Hochberg Y (1995). Controlling the false discovery rate. J R Stat Soc B 57(1):289-300.
       doi:10.1111/j.2517-6161.1995.tb02031.x
    .. [2] Pustejovsky JE, Tipton E (2018). Small-sample methods for cluster-robust variance estimation and hypothesis
       testing in fixed effects models. J Bus Econ Stat 36(4):672-683. doi:10.1080/07350015.2016.1247004
    .. [3] Hedges LV (1981). Distribution theory for Glass's estimator of effect size and related estimators. Journal of
       Educational Statistics 6(2):107-128. doi:10.3102/10769986006002107
    .. [4] Cumming G, Finch S (2001). A primer on the understanding, use, and calculation of confidence intervals that are
       based on central and noncentral distributions. Educational and Psychological Measurement 61(4):532-574.
       doi:10.1177/0013164401614002

    Examples
    --------
    Two groups of two, means 2 and 5:

    >>> ids = ["a", "b", "c", "d"]
    >>> features = pd.DataFrame({"x": [1.0, 3.0, 4.0, 6.0]}, index=ids)
    >>> design = pd.DataFrame({"group": [0, 0, 1, 1]}, index=ids)
    >>> float(fit_contrasts(features, design).loc["x", "estimate"].round(6))
    3.0
    """
    terms = match_design(features.index, design, [tested])
    refuse_determined(terms, tested)
    shared = features if features.index.equals(terms.index) else features.loc[terms.index]
    values = shared.to_numpy(float)
    result = np.full((values.shape[1], len(FITTED)), np.nan)
    complete = ~np.isnan(values.sum(axis=0))
    for people_seen, columns in _group_columns(values, complete):
        whole = people_seen.all() and len(columns) == values.shape[1]
        own = values if whole else values[np.ix_(people_seen, columns)]
        result[columns] = _fit(own, terms.loc[people_seen], tested)
    table = pd.DataFrame(result, pd.Index(features.columns, name="feature"), FITTED)
    high = terms[tested].to_numpy(float) > _middle(terms[tested])
    for name, side in (("n_high", high), ("n_low", ~high)):
        table[name] = side.sum()
        table.loc[~complete, name] = (~np.isnan(values[np.ix_(side, ~complete)])).sum(axis=0)
    table["q"] = adjust_bh(table["p"])
    if tested == GROUP and terms[tested].nunique() > 2:
        return table.rename(columns=RENAMED).assign(n=table["n_high"] + table["n_low"])[SLOPES]
    return table[COLUMNS]


def rank_effects(table: pd.DataFrame) -> pd.DataFrame:
    """Return contrasts by size, the largest first: by d, or by r where a score is followed.

    Examples
    --------
    >>> rank_effects(pd.DataFrame({"r": [0.1, -0.4]}, index=["a", "b"])).index.tolist()
    ['b', 'a']
    """
    size = table["d" if "d" in table else "r"].abs().fillna(-1)
    return table.iloc[size.argsort(kind="stable")[::-1]]


def correlate_partial(features: pd.DataFrame, design: pd.DataFrame, *, tested: str = "group") -> pd.DataFrame:
    """Return the correlation of each feature with the tested column, both freed of the other columns.

    Parameters
    ----------
    features, design, tested
        As for :func:`fit_contrasts`.

    Returns
    -------
    pandas.DataFrame
        Index ``feature``; columns n, r (-1 to 1; NaN where a feature is constant or nothing is left).

    Examples
    --------
    >>> ids = ["a", "b", "c", "d"]
    >>> features, design = pd.DataFrame({"x": [1.0, 2, 3, 4]}, ids), pd.DataFrame({"score": [2.0, 4, 6, 8]}, ids)
    >>> correlate_partial(features, design, tested="score").round(6).values.tolist()
    [[4.0, 1.0]]
    """
    terms = match_design(features.index, design, [tested])
    refuse_determined(terms, tested)
    values = features.loc[terms.index].to_numpy(float)
    r = np.full(values.shape[1], np.nan)
    for seen, columns in _group_columns(values, ~np.isnan(values.sum(axis=0))):
        basis, x = free_tested(terms.loc[seen], tested)
        if x is None or len(x) < basis.shape[1] + 2:
            continue
        raw = values[np.ix_(seen, columns)]
        left = raw - basis @ (basis.T @ raw)
        length = np.sqrt((left**2).sum(axis=0))
        length[length <= 1e-12 * np.abs(raw).max(axis=0) * np.sqrt(len(raw))] = np.nan
        r[columns] = np.clip(x @ left / np.sqrt(x @ x) / length, -1, 1)
    return pd.DataFrame({"n": (~np.isnan(values)).sum(axis=0), "r": r}, pd.Index(features.columns, name="feature"))


def adjust_bh(p: pd.Series) -> pd.Series:
    """Return Benjamini-Hochberg q-values; missing p-values stay missing and are not counted.

    Parameters
    ----------
    p : pandas.Series
        p-values, 0 to 1.

    Returns
    -------
    pandas.Series
        q-values, with the index of `p`.

    References
    ----------
    Benjamini, Y. and Hochberg, Y. (1995). doi:10.1111/j.2517-6161.1995.tb02031.x

    Examples
    --------
    >>> adjust_bh(pd.Series([0.01, 0.04, np.nan])).round(3).tolist()
    [0.02, 0.04, nan]
    """
    q = pd.Series(np.nan, index=p.index, dtype=float)
    known = p.notna()
    if known.any():
        q[known] = scipy.stats.false_discovery_control(p[known].to_numpy(float), method="bh")
    return q


def describe_contrasts(contrasts: pd.DataFrame, *, noun: str, q_shown: float = Q_SHOWN) -> str:
    """Say how many features differ after correction, and which effect is the largest.

    Parameters
    ----------
    contrasts : pandas.DataFrame
        From a ``compare_`` function.
    noun : str
        What one feature is, in the plural.
    q_shown : float, default 0.05

    Examples
    --------
    >>> table = pd.DataFrame({"q": [0.01, 0.5], "d": [0.8, -0.1], "d_low": [0.4, -0.5], "d_high": [1.2, 0.3],
    ...                       "estimate": [1, 1]}, index=["Blautia", "Dorea"])
    >>> describe_contrasts(table, noun="genera")
    'Of 2 genera tested, 1 has q < 0.05 (1 higher, 0 lower in the high group). Largest effect: Blautia, d = 0.80 (95 % CI 0.40 to 1.20).'
    """
    effect, among = ("d", "in the high group") if "d" in contrasts else ("r", "with a higher score")
    tested = contrasts.dropna(subset=["q", effect])
    if tested.empty:
        return f"None of the {noun} could be tested."
    found = tested[tested["q"] < q_shown]
    top = tested.loc[tested[effect].abs().idxmax()]
    verb = "has" if len(found) == 1 else "have"
    split = f" ({(found[effect] > 0).sum()} higher, {(found[effect] < 0).sum()} lower {among})" if len(found) else ""
    return (
        f"Of {len(tested):,} {noun} tested, {len(found) or 'none'} {verb} q < {q_shown:g}{split}. Largest effect: "
        f"{as_text(top.name)}, {effect} = {top[effect]:.2f} (95 % CI {top[f'{effect}_low']:.2f} to {top[f'{effect}_high']:.2f})."
    )


def _middle(column: pd.Series) -> float:
    return (column.min() + column.max()) / 2


def _group_columns(values: np.ndarray, complete: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Group columns by who has a value, so that each pattern is one solve."""
    groups = [(np.ones(len(values), bool), np.flatnonzero(complete))] if complete.any() else []
    holed = np.flatnonzero(~complete)
    seen = ~np.isnan(values[:, holed])
    _, first, inverse = np.unique(np.packbits(seen, axis=0).T, axis=0, return_index=True, return_inverse=True)
    return groups + [(seen[:, column], holed[inverse == i]) for i, column in enumerate(first)]


def _fit(values: np.ndarray, terms: pd.DataFrame, tested: str) -> np.ndarray:
    """Return the columns ``FITTED`` of each feature."""
    basis, x = free_tested(terms, tested)
    df = len(terms) - basis.shape[1] - 1
    found = None if df < 1 or x is None else weigh_residuals(basis, x, number_clusters(terms))
    own_df = np.nan if found is None else found.df
    if np.isnan(own_df):
        return np.full((values.shape[1], len(FITTED)), np.nan)
    estimate, variance, robust = np.empty((3, values.shape[1]))
    for start in range(0, values.shape[1], TILE):
        columns = slice(start, start + TILE)
        estimate[columns], variance[columns], robust[columns] = _fit_tile(values[:, columns], basis, x, found)
    sd, error = np.sqrt(variance / df), np.sqrt(robust)
    t = estimate / error
    quantile = scipy.stats.t.ppf(0.5 + CONFIDENCE / 2, own_df)
    p = 2 * scipy.stats.t.sf(np.abs(t), own_df)
    d = estimate / sd * correct_bias(df)
    d_low, d_high = bound_effect(estimate / sd, error / sd, own_df, df)
    half, own_df = quantile * error, np.where(np.isnan(t), np.nan, own_df)
    along = estimate / sd * np.sqrt(x @ x)
    r = along / np.sqrt(along**2 + df)
    r_low, r_high = bound_correlation(r, df + 2)  # participants less one for each covariate
    return np.column_stack(
        [estimate, estimate - half, estimate + half, d, d_low, d_high, t, own_df, p, r, r_low, r_high]
    )


def _fit_tile(values: np.ndarray, basis: np.ndarray, x: np.ndarray, found: Sandwich) -> tuple[np.ndarray, ...]:
    """Return estimate, sum of squared residuals and variance of the estimate; NaN where nothing is left beside the nuisance."""
    length = np.sqrt(x @ x)
    whole = np.column_stack([basis, x / length])
    slopes = whole.T @ values
    estimate = slopes[-1] / length
    left = np.subtract(values, whole @ slopes)
    robust = None if found.clusters is None else found.sum_clusters(left)
    np.square(left, out=left)
    total = left.sum(axis=0)
    robust = found.weights @ left if robust is None else robust
    flat = total <= len(values) * (1e-12 * np.abs(values).max(axis=0, initial=0)) ** 2
    return tuple(np.where(flat, np.nan, figures) for figures in (estimate, total, robust))


def find_df(design: pd.DataFrame, *, tested: str = "group") -> float:
    """Return the degrees of freedom with which :func:`fit_contrasts` judges a feature that everybody has.

    Parameters
    ----------
    design : pandas.DataFrame of shape (n, n_terms)
    tested : str, default "group"

    Returns
    -------
    float
        NaN where a group has one participant, or the covariates determine the tested column.

    Examples
    --------
    Two groups of ten:

    >>> round(find_df(pd.DataFrame({"group": [0.0] * 10 + [1.0] * 10})), 6)
    18.0
    """
    basis, x = free_tested(design, tested)
    return np.nan if x is None else weigh_residuals(basis, x, number_clusters(design)).df


def correct_bias(df: float) -> float:
    """Return Hedges' factor, by which d from ``df`` degrees of freedom is freed of its bias.

    Examples
    --------
    Published approximation 1 - 3 / (4 df - 1), here 0.9577:

    >>> round(float(correct_bias(18)), 4)
    0.9576
    """
    return (
        np.exp(scipy.special.gammaln(df / 2) - scipy.special.gammaln((df - 1) / 2)) / np.sqrt(df / 2)
        if df > 1
        else np.nan
    )


def bound_effect(ratio: np.ndarray, error: np.ndarray, own_df: float, df: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the 95 % interval of a true coefficient over its residual SD.

    Parameters
    ----------
    ratio, error : numpy.ndarray
        The coefficient and its standard error, in residual SDs.
    own_df, df : float
        Degrees of freedom of the standard error, and of the residual SD.

    Examples
    --------
    >>> low, high = bound_effect(np.array([0.0]), np.array([0.2]), 100, 100)
    >>> low.round(3), high.round(3)
    (array([-0.392]), array([0.392]))
    """
    level = 0.5 + CONFIDENCE / 2
    unit = error * scipy.stats.t.ppf(level, own_df) / scipy.stats.t.ppf(level, df)
    low, high = (_invert_noncentral(chance, ratio / unit, df) * unit for chance in (level, 1 - level))
    return low, high


def _invert_noncentral(chance: float, t: np.ndarray, df: int) -> np.ndarray:
    """Return the noncentrality under which values up to t have this chance; of many t by a spline, to four digits."""
    known = np.unique(t[np.isfinite(t)])
    if known.size <= KNOTS:
        return scipy.special.nctdtrinc(df, chance, t)
    knots = np.sinh(np.linspace(np.arcsinh(known[0]), np.arcsinh(known[-1]), KNOTS))
    return scipy.interpolate.CubicSpline(knots, scipy.special.nctdtrinc(df, chance, knots))(t)
