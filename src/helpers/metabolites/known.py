"""Ours beside what is known: the same data, the same folds, a plain model, and published figures."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from helpers.metabolites.folds import split_people
from helpers.metabolites.predicted import RHO_SHOWN, PredictedPotential, choose_samples, correlate
from helpers.metabolites.scaling import MIN_PREVALENCE, close_shares


def predict_plainly(
    amounts: pd.DataFrame,
    metabolites: pd.DataFrame,
    *,
    rng: np.random.Generator,
    people: pd.Series | None = None,
    n_folds: int = 10,
) -> pd.Series:
    """Return out-of-fold Spearman of a plain ridge: centred log-ratios, scikit-learn's default penalty of 1.

    What many would write first, to compare with. Blanks of a metabolite take the mean of the people learnt from.

    Parameters
    ----------
    amounts, metabolites, people, n_folds
        As for :func:`helpers.metabolites.predict_metabolites`.
    rng : numpy.random.Generator
        Of the folds.

    Returns
    -------
    pandas.Series
        Index metabolite.
    """
    samples, codes = choose_samples(amounts, metabolites, people, n_folds)
    shares, values = close_shares(amounts.loc[samples].to_numpy(float)), metabolites.loc[samples].to_numpy(float)
    predicted = np.full(values.shape, np.nan)
    for train, test in split_people(codes, n_folds, rng):
        kept = (shares[train] > 0).mean(axis=0) > MIN_PREVALENCE
        logs = np.log10(np.maximum(shares[:, kept], shares[train][shares[train] > 0].min() / 2))
        logs = logs - logs.mean(axis=1, keepdims=True)
        learnt = np.where(np.isnan(values[train]), np.nanmean(values[train], axis=0), values[train])
        predicted[test] = make_pipeline(StandardScaler(), Ridge(alpha=1.0)).fit(logs[train], learnt).predict(logs[test])
    return pd.Series(correlate(predicted, values), index=metabolites.columns, name="spearman")


def tabulate_known(
    ours: Mapping[str, PredictedPotential], plain: Mapping[str, pd.Series], known: pd.DataFrame
) -> pd.DataFrame:
    """Set our figures beside those of a plain ridge on the same data and beside published ones.

    Parameters
    ----------
    ours : mapping of str to PredictedPotential
        By data set and model, as it shall stand in the table.
    plain : mapping of str to pandas.Series
        Same keys, where there is one: from :func:`predict_plainly`.
    known : pandas.DataFrame
        Index: the same keys, where something is known; columns share_known (0-1), mean_known, source.

    Returns
    -------
    pandas.DataFrame
        Index data; columns n (people), metabolites, share, mean, share_plain, mean_plain, share_known, mean_known, source.
    """
    rows = {
        name: {
            "n": potential.n_participants,
            "metabolites": len(potential.table),
            "share": potential.share,
            "mean": potential.mean,
            "share_plain": float((plain[name] >= RHO_SHOWN).mean()) if name in plain else np.nan,
            "mean_plain": float(plain[name].mean()) if name in plain else np.nan,
        }
        for name, potential in ours.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index").join(known).rename_axis("data")
