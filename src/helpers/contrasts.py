"""Contrast two groups on many features at once: adjusted difference with its interval, then p and q."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from helpers.designs import free_tested, match_design, refuse_determined
from helpers.wording import as_text

CONFIDENCE = 0.95
Q_SHOWN = 0.05
TILE = 512  # features computed at once: they fit the cache of a processor
COLUMNS = ["n_high", "n_low", "estimate", "ci_low", "ci_high", "d", "d_low", "d_high", "t", "p", "q"]


def fit_contrasts(features: pd.DataFrame, design: pd.DataFrame, *, tested: str = "group") -> pd.DataFrame:
    """Fit one linear model per feature and return the tested coefficient of each.

    Each feature is regressed on an intercept and all columns of the design by least squares. The standardised
    effect ``d`` is the coefficient over the residual standard deviation; its interval is the coefficient's on
    the same scale (the residual SD taken as known, which is accurate to a few per cent from 40 people on).

    Parameters
    ----------
    features : pandas.DataFrame of shape (n_participants, n_features)
        Index ``participant_id``. NaN: that person is left out for that feature.
    design : pandas.DataFrame of shape (n_designed, n_terms)
        Numeric, no missing cell, without intercept; ``tested`` is one of its columns (1 high, 0 low, or a score).
    tested : str, default "group"

    Returns
    -------
    pandas.DataFrame of shape (n_features, 11)
        Index ``feature``; columns n_high, n_low (people with a value above and at or below the middle of the
        tested column), estimate, ci_low, ci_high (95 %, in units of the feature), d, d_low, d_high, t, p,
        q (Benjamini-Hochberg over the table). A feature that is constant or has too few people is NaN.

    Raises
    ------
    ValueError
        When no person is in both tables, an id stands twice, the design has a missing cell, or the tested column is
        determined by the others.

    References
    ----------
    .. [1] Benjamini Y, Hochberg Y (1995). Controlling the false discovery rate. J R Stat Soc B 57(1):289-300.
       doi:10.1111/j.2517-6161.1995.tb02031.x

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
    result = np.full((values.shape[1], 7), np.nan)
    complete = ~np.isnan(values.sum(axis=0))
    for people_seen, columns in _group_columns(values, complete):
        whole = people_seen.all() and len(columns) == values.shape[1]
        own = values if whole else values[np.ix_(people_seen, columns)]
        result[columns] = _fit(own, terms.loc[people_seen], tested)
    table = pd.DataFrame(result, columns=["estimate", "ci_low", "ci_high", "residual_sd", "t", "p", "df"])
    table.index = pd.Index(features.columns, name="feature")
    high = terms[tested].to_numpy(float) > _middle(terms[tested])
    for name, side in (("n_high", high), ("n_low", ~high)):
        table[name] = side.sum()
        table.loc[~complete, name] = (~np.isnan(values[np.ix_(side, ~complete)])).sum(axis=0)
    for source, target in (("estimate", "d"), ("ci_low", "d_low"), ("ci_high", "d_high")):
        table[target] = table[source] / table["residual_sd"]
    table["q"] = adjust_bh(table["p"])
    return table[COLUMNS]


def adjust_bh(p: pd.Series) -> pd.Series:
    """Return Benjamini-Hochberg q-values; missing p-values stay missing and are not counted.

    Examples
    --------
    >>> adjust_bh(pd.Series([0.01, 0.04, np.nan])).round(3).tolist()
    [0.02, 0.04, nan]
    """
    q = pd.Series(np.nan, index=p.index, dtype=float)
    known = p.notna()
    if known.any():
        q[known] = stats.false_discovery_control(p[known].to_numpy(float), method="bh")
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
    tested = contrasts.dropna(subset=["q", "d"])
    if tested.empty:
        return f"None of the {noun} could be tested."
    found = tested[tested["q"] < q_shown]
    top = tested.loc[tested["d"].abs().idxmax()]
    verb = "has" if len(found) == 1 else "have"
    split = (
        f" ({(found['d'] > 0).sum()} higher, {(found['d'] < 0).sum()} lower in the high group)" if len(found) else ""
    )
    return (
        f"Of {len(tested):,} {noun} tested, {len(found) or 'none'} {verb} q < {q_shown:g}{split}. Largest effect: "
        f"{as_text(top.name)}, d = {top['d']:.2f} (95 % CI {top['d_low']:.2f} to {top['d_high']:.2f})."
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
    basis, x = free_tested(terms, tested)
    df = len(terms) - basis.shape[1] - 1
    if df < 1 or x is None:
        return np.full((values.shape[1], 7), np.nan)
    xx = x @ x
    estimate, residual_sd = np.empty((2, values.shape[1]))
    for start in range(0, values.shape[1], TILE):
        columns = slice(start, start + TILE)
        estimate[columns], residual_sd[columns] = _fit_tile(values[:, columns], basis, x, df)
    standard_error = residual_sd / np.sqrt(xx)
    t = estimate / standard_error
    half = stats.t.ppf(0.5 + CONFIDENCE / 2, df) * standard_error
    p = 2 * stats.t.sf(np.abs(t), df)
    return np.column_stack([estimate, estimate - half, estimate + half, residual_sd, t, p, np.full(len(t), df)])


def _fit_tile(values: np.ndarray, basis: np.ndarray, x: np.ndarray, df: int) -> tuple[np.ndarray, np.ndarray]:
    """Return estimate and residual SD of each column; NaN where nothing is left beside the nuisance."""
    y = values - basis @ (basis.T @ values)
    estimate = x @ y / (x @ x)
    residual_sd = np.sqrt(np.maximum(np.einsum("ij,ij->j", y, y) - estimate**2 * (x @ x), 0) / df)
    residual_sd[residual_sd <= 1e-12 * np.abs(values).max(axis=0, initial=0)] = np.nan
    return np.where(np.isnan(residual_sd), np.nan, estimate), residual_sd
