"""Several stools of one person: choose one by a declared rule, or model them all with a person's own level."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from statsmodels.regression.mixed_linear_model import MixedLM
from statsmodels.tools.sm_exceptions import ConvergenceWarning

from helpers.contrasts import CONFIDENCE, adjust_bh
from helpers.linear_algebra import span_design
from helpers.problems import count, name_some


def pick_one_sample(samples: pd.DataFrame, *, order: str | None = None, person: str = "participant_id") -> pd.Series:
    """Choose the first sample of each person.

    Stools of one person resemble each other. Counted as people they would make p too small; one of them, chosen by a rule
    that does not look at the result, makes it right.

    Parameters
    ----------
    samples : pandas.DataFrame
        Index sample; only those that may be chosen.
    order : str, optional
        Column of numbers (a day, a visit); the smallest is first. Blank: never chosen. None: by the sample's name.
    person : str, default "participant_id"
        Column; blank: never chosen.

    Returns
    -------
    pandas.Series
        Index person, sorted; the sample.

    Raises
    ------
    ValueError
        A column is missing, or a person has two samples that are first (counted).

    Examples
    --------
    >>> samples = pd.DataFrame({"participant_id": ["b", "a", "a"], "day": [3, 7, 2]}, index=["s1", "s2", "s3"])
    >>> pick_one_sample(samples, order="day").to_dict()
    {'a': 's3', 'b': 's1'}
    """
    if order is None:
        samples, order = samples.assign(_name=samples.index), "_name"
    _require_columns(samples, [person, order])
    known = samples.dropna(subset=[person, order])
    first = known[known[order] == known[person].map(known.groupby(person)[order].min())]
    if first[person].duplicated().any():
        n_tied = first.loc[first[person].duplicated(), person].nunique()
        raise ValueError(f"{count(n_tied, 'participant')} with two samples first in '{order}': choose another column.")
    return pd.Series(first.index, index=first[person].to_numpy()).sort_index()


def compare_repeated(
    logs: pd.DataFrame, people: pd.Series, design: pd.DataFrame, *, tested: str = "group"
) -> pd.DataFrame:
    """Contrast the groups on all samples by a linear mixed model with an intercept of each person's own.

    Parameters
    ----------
    logs : pandas.DataFrame of shape (n_samples, n_features)
        Centred log-ratios; index sample.
    people : pandas.Series
        Index sample: the person. Samples without a person are left out.
    design : pandas.DataFrame
        Index person; numeric, complete. People without a sample are left out.
    tested : str, default "group"

    Returns
    -------
    pandas.DataFrame
        Index feature; estimate, ci_low, ci_high (units of ``logs``), p, q, share_between (variance between people over
        all variance, 0-1), n_samples, n_people. NaN where the model did not settle.

    Raises
    ------
    ValueError
        Nobody in all tables, or no person with two samples.

    References
    ----------
    .. [1] Laird NM, Ware JH (1982). Random-effects models for longitudinal data. Biometrics 38(4):963-974.
       doi:10.2307/2529876
    """
    whose = people.reindex(logs.index).dropna()
    whose = whose[whose.isin(design.index)]
    if whose.empty:
        raise ValueError("No sample belongs to a person of the design. Are the ids spelled alike, e.g. sub-01?")
    if not whose.duplicated().any():
        raise ValueError("Every person has one sample: use compare_taxa; a mixed model needs repeats.")
    terms = design.loc[whose].astype(float)
    exog = np.column_stack([span_design(terms.drop(columns=tested).to_numpy()), terms[tested]])
    rows = {
        name: _fit_one(logs.loc[whose.index, name].to_numpy(float), exog, whose.to_numpy()) for name in logs.columns
    }
    table = pd.DataFrame(rows, index=["estimate", "ci_low", "ci_high", "p", "share_between"]).T
    table.insert(4, "q", adjust_bh(table["p"]))
    return table.assign(n_samples=len(whose), n_people=whose.nunique()).rename_axis("feature")


def _fit_one(values: np.ndarray, exog: np.ndarray, people: np.ndarray) -> list[float]:
    """Return estimate, interval, p of the last column, and the share of variance between people."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a fit that has not settled is blank below
        warnings.simplefilter("ignore", UserWarning)
        try:
            fitted = MixedLM(values, exog, groups=people).fit(reml=True, method=["bfgs", "powell"])
        except (np.linalg.LinAlgError, ValueError):
            return [np.nan] * 5
    if not fitted.converged or not 0 < fitted.bse[exog.shape[1] - 1] < 100 * values.std():
        return [np.nan] * 5
    place = exog.shape[1] - 1
    low, high = fitted.conf_int(1 - CONFIDENCE)[place]
    between = float(np.asarray(fitted.cov_re)[0, 0])
    return [fitted.fe_params[place], low, high, fitted.pvalues[place], between / (between + fitted.scale)]


def _require_columns(table: pd.DataFrame, names: list[str]) -> None:
    if missing := [name for name in names if name not in table.columns]:
        raise ValueError(f"The samples have no column {name_some(missing)}. They have: {name_some(table.columns)}.")
