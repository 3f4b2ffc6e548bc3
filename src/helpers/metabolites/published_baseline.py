"""Ours beside what is known: the same data, the same folds, a plain model, and published figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from helpers.metabolites.folds import split_people
from helpers.metabolites.predicted import RHO_SHOWN, PredictedPotential
from helpers.metabolites.ranks import correlate
from helpers.metabolites.samples import choose_samples
from helpers.metabolites.scaling import MIN_PREVALENCE, close_shares

PLAIN_PENALTIES = np.logspace(-1, 5, 13)
COLUMNS = [
    "n",
    "n_metabolites",
    "n_deals",
    "share_predicted",
    "share_predicted_low",
    "share_predicted_high",
    "mean",
    "share_plain",
    "mean_plain",
]


def predict_plainly(
    amounts: pd.DataFrame,
    metabolites: pd.DataFrame,
    *,
    rng: np.random.Generator,
    people: pd.Series | None = None,
    n_folds: int = 10,
) -> pd.Series:
    """Return out-of-fold Spearman of a plain ridge: centred log-ratios, scikit-learn's ``RidgeCV`` over a wide grid.

    What a careful person would write first, to compare with: no ranks, and a penalty that leave-one-out error picks for all
    metabolites together. Blanks of a metabolite take the mean of the people learnt from.

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
        predicted[test] = (
            make_pipeline(StandardScaler(), RidgeCV(PLAIN_PENALTIES)).fit(logs[train], learnt).predict(logs[test])
        )
    return pd.Series(correlate(predicted, values), index=metabolites.columns, name="spearman")


def tabulate_known(
    ours: Mapping[str, Sequence[PredictedPotential]], plain: Mapping[str, pd.Series], known: pd.DataFrame
) -> pd.DataFrame:
    """Set our figures beside those of a plain ridge on the same data and beside published ones.

    Parameters
    ----------
    ours : mapping of str to sequence of PredictedPotential
        By data set and model, as it shall stand in the table: one for each deal of folds.
    plain : mapping of str to pandas.Series
        Same keys, where there is one: from :func:`predict_plainly`.
    known : pandas.DataFrame
        Index: the same keys, where something is known; columns share_known (0-1), mean_known, source.

    Returns
    -------
    pandas.DataFrame
        Index data; columns n (people), n_metabolites, n_deals, share_predicted, share_predicted_low, share_predicted_high (mean and range over deals), mean,
        share_plain, mean_plain, share_known, mean_known, source.
    """
    rows = {}
    for name, deals in ours.items():
        shares = np.array([deal.share for deal in deals])
        row = {"n": deals[0].n_participants, "n_metabolites": len(deals[0].table), "n_deals": len(deals)}
        row |= {
            "share_predicted": shares.mean(),
            "share_predicted_low": shares.min(),
            "share_predicted_high": shares.max(),
        }
        row["mean"] = float(np.mean([deal.mean for deal in deals]))
        if name in plain:
            row |= {"share_plain": float((plain[name] >= RHO_SHOWN).mean()), "mean_plain": float(plain[name].mean())}
        rows[name] = row
    table = pd.DataFrame.from_dict(rows, orient="index").reindex(columns=COLUMNS)
    return table.join(known).rename_axis("data")


def describe_parting(together: PredictedPotential, parted: PredictedPotential) -> str:
    """Say what happens when samples of one person fall on both sides of a split.

    Parameters
    ----------
    together, parted : PredictedPotential
        With and without ``people``.
    """
    return (
        f"{together.n_samples:,} samples of {together.n_participants:,} people. With each person's samples kept together, "
        f"{100 * together.share:.0f} % of the metabolites reach {RHO_SHOWN:g} (mean {together.mean:.2f}); with samples dealt out as if each "
        f"were a person, {100 * parted.share:.0f} % seem to (mean {parted.mean:.2f}). The difference is knowing the people, not the bacteria."
    )


def describe_weights(published: pd.Series, ours: PredictedPotential, plain: pd.Series) -> str:
    """Say how published weights fare on the people they were learnt from, beside models asked of people left out.

    Parameters
    ----------
    published : pandas.Series
        From :func:`helpers.metabolites.compare_weights`.
    ours : PredictedPotential
    plain : pandas.Series
        From :func:`predict_plainly`.
    """
    return (
        f"{len(published)} metabolites, {ours.n_participants} people. The published weights reach a mean Spearman of {published.mean():.2f} on the "
        f"people they were learnt from. Asked of people left out, ours reach {ours.mean:.2f} and a plain ridge {plain.mean():.2f}. "
        "The first figure is optimistic twice over, since its people and its genes were seen before; the others once, since "
        "the genes in these files were chosen on the same people."
    )
