"""Not detected is not the same as not measured: told apart, and filled within the people learnt from."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from helpers.metabolites.measured import name_metabolites
from helpers.problems import count, name_some
from helpers.wording import as_text


def count_blanks(metabolites: pd.DataFrame, features: pd.DataFrame) -> pd.DataFrame:
    """Count per metabolite the values below detection and those not measured.

    Parameters
    ----------
    metabolites : pandas.DataFrame of shape (n_participants, n_metabolites)
        As they came, before :func:`prepare_metabolites`.
    features : pandas.DataFrame
        Index metabolite; column scale. Only a *raw* zero means below detection; a zero of a logged table is a value.

    Returns
    -------
    pandas.DataFrame
        Index metabolite; columns share_undetected, share_blank (0-1), smallest (positive raw amount, NaN for log).

    Examples
    --------
    >>> table = pd.DataFrame({"m": [0.0, 4.0, np.nan, 2.0]})
    >>> count_blanks(table, pd.DataFrame({"scale": ["raw"]}, index=["m"])).loc["m"].tolist()
    [0.25, 0.25, 2.0]
    """
    raw = (features["scale"].reindex(metabolites.columns) == "raw").to_numpy()
    positive = metabolites.where(metabolites > 0).min()
    return pd.DataFrame(
        {
            "share_undetected": np.where(raw, (metabolites == 0).mean(), 0.0),
            "share_blank": metabolites.isna().mean(),
            "smallest": np.where(raw, positive, np.nan),
        },
        index=metabolites.columns.rename("metabolite"),
    )


def describe_blanks(blanks: pd.DataFrame, features: pd.DataFrame) -> str:
    """Say how many metabolites have values below detection or blanks, and name those with the most."""
    names = name_metabolites(blanks.index, features).map(as_text)
    said = []
    for column, words in (
        ("share_undetected", "values below detection (raw zeros)"),
        ("share_blank", "values that were not measured (blanks)"),
    ):
        found = blanks[column][blanks[column] > 0].sort_values(ascending=False, kind="stable")
        most = (
            f", most in {name_some(names[found.index[:3]])} (up to {100 * found.iloc[0]:.0f} %)" if len(found) else ""
        )
        said.append(f"{count(len(found), 'metabolite')} with {words}{most}")
    return f"{'; '.join(said)}."


class MetaboliteFiller(TransformerMixin, BaseEstimator):
    """Bring metabolites to the log scale and fill what is missing, learnt from the people it is fitted on.

    A raw zero becomes half the smallest amount of the people learnt from, then log2; a blank becomes their median.
    As a scikit-learn transformer it stands in a pipeline, so that in cross-validation nobody tested informs a limit
    or a median.

    Parameters
    ----------
    raw : array-like of bool, shape (n_metabolites,), optional
        Which metabolites are raw; None: none, all are logged already.

    Attributes
    ----------
    limits_ : numpy.ndarray of shape (n_metabolites,)
        What a raw zero counts as.
    medians_ : numpy.ndarray of shape (n_metabolites,)
        On the log scale; 0 for a metabolite without a value.

    Examples
    --------
    >>> filler = MetaboliteFiller(raw=[True]).fit([[2.0], [4.0], [8.0]])
    >>> filler.transform([[0.0], [16.0], [np.nan]]).ravel().tolist()
    [0.0, 4.0, 2.0]
    """

    def __init__(self, raw=None):
        self.raw = raw

    def fit(self, X, y=None):
        """Learn limits and medians from X (people x metabolites)."""
        values = np.asarray(X, float)
        self.n_features_in_ = values.shape[1]
        positive = np.where(values > 0, values, np.inf).min(axis=0, initial=np.inf)
        self.limits_ = np.where(np.isfinite(positive), positive / 2, 1.0)
        logged = self._log(values)
        self.medians_ = np.array(
            [np.median(column[~np.isnan(column)]) if (~np.isnan(column)).any() else 0.0 for column in logged.T]
        )
        return self

    def transform(self, X):
        """Return X on the log scale, without blanks."""
        check_is_fitted(self)
        logged = self._log(np.asarray(X, float))
        return np.where(np.isnan(logged), self.medians_, logged)

    def _log(self, values: np.ndarray) -> np.ndarray:
        raw = np.zeros(values.shape[1], bool) if self.raw is None else np.asarray(self.raw, bool)
        if (values[:, raw] < 0).any():
            raise ValueError(
                "Metabolites declared raw with values below 0; if they were logged before, do not declare them raw."
            )
        return np.where(
            raw,
            np.log2(np.where(values > 0, values, self.limits_), where=raw & ~np.isnan(values), out=values.copy()),
            values,
        )
