"""What the people left out for a missing covariate could have changed: contrasts without it, and with blanks imputed."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.exceptions import ConvergenceWarning
from sklearn.experimental import enable_iterative_imputer  # noqa: F401 (makes the next import possible)
from sklearn.impute import IterativeImputer

from helpers.cohort import code_terms, design_matrix
from helpers.contract import Cohort
from helpers.contrasts import CONFIDENCE, fit_contrasts
from helpers.designs import add_clusters, keep_clusters
from helpers.problems import TooLittle, count, name_some
from helpers.wording import as_text

N_IMPUTATIONS = 20
N_SWEEPS = 10
NOTABLE = 0.1  # change of d from which a sentence names a feature
EFFECT = ["d", "d_low", "d_high"]


def compare_incomplete(
    features: pd.DataFrame,
    cohort: Cohort,
    groups: pd.DataFrame,
    *,
    rng: np.random.Generator,
    extra: pd.DataFrame | None = None,
    n_imputations: int = N_IMPUTATIONS,
) -> pd.DataFrame:
    """Set contrasts of the people without a blank beside those without the covariates that have blanks, and with blanks imputed.

    Complete cases are unbiased only if being left out does not depend on the feature. Multiple imputation asks for less: that it
    depends on nothing but group, covariates and the features given here (missing at random). Blanks of covariates, and of
    features, are drawn from regressions of each on all others, their uncertainty included, by scikit-learn's chained
    equations; each filled table is analysed as :func:`helpers.contrasts.fit_contrasts` does, and the answers are pooled by Rubin's
    rules [1]_ with the degrees of freedom of Barnard and Rubin [2]_.

    Parameters
    ----------
    features : pandas.DataFrame of shape (n_participants, n_features)
        Few: all enter one imputation. Index ``participant_id``; NaN: not measured. Whoever has none is left out.
    cohort : Cohort
    groups : pandas.DataFrame
        From :func:`helpers.cohort.assign_groups`.
    rng : numpy.random.Generator
    extra : pandas.DataFrame, optional
        Further covariates, numeric, index ``participant_id``, such as head motion; whoever lacks one counts as not measured.
    n_imputations : int, default 20

    Returns
    -------
    pandas.DataFrame
        Index ``feature``; ``n``, ``d``, ``d_low``, ``d_high`` of complete cases, the same with ``_without`` (of the covariates
        with blanks) and ``_imputed`` (of everybody in a group with a feature). Without anything to impute the columns say the same.

    References
    ----------
    .. [1] Rubin DB (1987). Multiple imputation for nonresponse in surveys. Wiley. doi:10.1002/9780470316696
    .. [2] Barnard J, Rubin DB (1999). Small-sample degrees of freedom with multiple imputation. Biometrika 86(4):948-955.
       doi:10.1093/biomet/86.4.948
    """
    if features.columns.empty:
        raise TooLittle("None of the features asked for was measured here.")
    declared = [*cohort.settings.covariates, *([cohort.settings.batch] if cohort.settings.batch else [])]
    in_group = groups.index[groups["group"].notna()]
    extra = pd.DataFrame(index=features.index) if extra is None else extra.dropna()
    measured = features.index[features.notna().any(axis=1)].intersection(extra.index, sort=False)
    people = measured.intersection(in_group, sort=False)
    features, extra = features.loc[people], extra.loc[people]
    blank = cohort.participants.loc[people, declared].isna().any()
    kept = [name for name in cohort.settings.covariates if not blank[name]]
    complete = _count_and_fit(features, design_matrix(cohort, groups), extra)
    without = _count_and_fit(features, design_matrix(cohort, groups, kept), extra) if blank.any() else complete
    imputed = _impute(features, code_everyone(cohort, groups, people, declared).join(extra), rng, n_imputations)
    return complete.join(_mark(without, "without")).join(_mark(imputed, "imputed"))


def _count_and_fit(features: pd.DataFrame, design: pd.DataFrame, extra: pd.DataFrame) -> pd.DataFrame:
    found = fit_contrasts(features, keep_clusters(design.join(extra, how="inner"), design))
    return found[EFFECT].assign(n=found["n_high"] + found["n_low"])[["n", *EFFECT]]


def code_everyone(cohort: Cohort, groups: pd.DataFrame, people: pd.Index, names: list[str]) -> pd.DataFrame:
    """Return the design of these people with blanks left blank."""
    high = (groups.loc[people, "group"] == "high").astype(float).rename("group").to_frame()
    return add_clusters(pd.concat([high, code_terms(cohort, people, names)], axis=1), cohort.clusters)


def _impute(features: pd.DataFrame, terms: pd.DataFrame, rng: np.random.Generator, n_imputations: int) -> pd.DataFrame:
    varying = features.loc[:, features.std() > 0]
    table = pd.concat([terms, varying.set_axis([f"feature {i}" for i in range(varying.shape[1])], axis=1)], axis=1)
    fits = []
    for stream in rng.spawn(n_imputations if table.isna().any(axis=None) else 1):
        filled = fill_once(table, stream)
        own = filled.drop(columns=terms.columns).set_axis(varying.columns, axis=1)
        fits.append(fit_contrasts(own, keep_clusters(filled[terms.columns], terms)))
    return pool_rubin(fits).reindex(features.columns).assign(n=len(features))[["n", *EFFECT]]


def fill_once(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Fill the blanks of a table once, each drawn from a regression of its column on all others.

    Parameters
    ----------
    table : pandas.DataFrame
        Numbers; every column has some that are known.
    rng : numpy.random.Generator

    Examples
    --------
    >>> table = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0], "y": [2.0, 4.0, 6.0, np.nan]})
    >>> round(float(fill_once(table, np.random.default_rng(1)).loc[3, "y"]))
    8
    """
    if not table.isna().any(axis=None):
        return table
    spread = table.std().replace(0.0, 1.0)
    n_sweeps = N_SWEEPS if table.isna().any().sum() > 1 else 1  # one column depends on complete ones only
    chained = IterativeImputer(sample_posterior=True, max_iter=n_sweeps, random_state=int(rng.integers(2**31)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # draws from a posterior do not settle, by design
        filled = chained.fit_transform(((table - table.mean()) / spread).to_numpy())
    return pd.DataFrame(filled, table.index, table.columns) * spread + table.mean()


def pool_rubin(fits: list[pd.DataFrame]) -> pd.DataFrame:
    """Pool contrasts of tables filled anew by Rubin's rules.

    Parameters
    ----------
    fits : list of pandas.DataFrame
        From :func:`helpers.contrasts.fit_contrasts`, one per filled table.

    Returns
    -------
    pandas.DataFrame
        Index as theirs; estimate, standard_error, df, p, d, d_low, d_high. Of one fit: its own.
    """
    stacked = {name: np.stack([fit[name].to_numpy(float) for fit in fits]) for name in ("estimate", "t", "df", "d")}
    m, estimates = len(fits), stacked["estimate"]
    estimate, complete_df = estimates.mean(axis=0), stacked["df"].mean(axis=0)
    within = ((estimates / stacked["t"]) ** 2).mean(axis=0)
    between = estimates.var(axis=0, ddof=1) if m > 1 else np.zeros_like(estimate)
    total = within + (1 + 1 / m) * between
    lost = (1 + 1 / m) * between / total
    observed = (complete_df + 1) / (complete_df + 3) * complete_df * (1 - lost)
    with np.errstate(divide="ignore"):
        df = 1 / (lost**2 / max(m - 1, 1) + 1 / observed)
    error = np.sqrt(total)
    half = stats.t.ppf(0.5 + CONFIDENCE / 2, df) * error
    unit = (stacked["d"] / estimates).mean(axis=0)
    figures = {
        "estimate": estimate, "standard_error": error, "df": df, "p": 2 * stats.t.sf(np.abs(estimate / error), df),
        "d": stacked["d"].mean(axis=0), "d_low": (estimate - half) * unit, "d_high": (estimate + half) * unit,
    }  # fmt: skip
    return pd.DataFrame(figures, fits[0].index)


def _mark(contrasts: pd.DataFrame, way: str) -> pd.DataFrame:
    """Name what the columns come from: d_low becomes d_imputed_low."""
    return contrasts.rename(columns=lambda name: re.sub(r"^(\w+?)(_low|_high)?$", rf"\1_{way}\2", name))


def describe_incomplete(table: pd.DataFrame, cohort: Cohort, groups: pd.DataFrame) -> str:
    """Say who is left out for a missing covariate, and whether the contrasts change when they are not.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`compare_incomplete`.
    cohort : Cohort
    groups : pandas.DataFrame
    """
    lost = int(table["n_imputed"].max() - table["n"].max())
    whole = int(table["n_imputed"].max() - table["n"].min())
    if whole <= 0:
        return "Nobody lacks a covariate or a value here, so there is nothing to impute."
    names = [*cohort.settings.covariates, *([cohort.settings.batch] if cohort.settings.batch else [])]
    in_group = groups.index[groups["group"].notna()]
    blank = cohort.participants.loc[in_group, names].isna()
    lacking = [as_text(name) for name in names if blank[name].any()]
    small = cohort.settings.small_cell
    people = f"Fewer than {small} people" if lost < small else f"{lost} people"
    text = f"{people} are left out for a missing value in {name_some(lacking)}. " if lost and lacking else ""
    shift = pd.concat([(table[f"d_{way}"] - table["d"]).abs() for way in ("without", "imputed")], axis=1).max(axis=1)
    if not shift.notna().any():
        return text + "No contrast could be set beside that of complete cases."
    moved = shift[shift >= NOTABLE].sort_values(ascending=False)
    flips = table.index[
        (table["d_low"] * table["d_high"] > 0) != (table["d_imputed_low"] * table["d_imputed_high"] > 0)
    ]
    text += (
        f"Without the covariates that have missing values, or with these imputed, d changes by at most {shift.max():.2f}"
        f" ({as_text(shift.idxmax())})."
    )
    if len(moved):
        text += f" {count(len(moved), 'contrast')} {'changes' if len(moved) == 1 else 'change'} by {NOTABLE:g} or more."
    if len(flips):
        text += f" Whether the interval holds zero changes for {name_some(map(as_text, flips))}: what is said of it rests on who is left out."
    return text
