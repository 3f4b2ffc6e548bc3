"""A model to keep and to hand on: learnt from one cohort, saved as JSON without a single person, applied to another."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
import pandas as pd

from helpers.metabolites.applicability import APPLICABLE, Applicability
from helpers.metabolites.folds import split_people
from helpers.metabolites.learners import Learner, choose_settings, fit_ridge, list_settings
from helpers.metabolites.measured import DESCRIPTIVE
from helpers.metabolites.predicted import N_INNER_FOLDS, mark_predicted, predict_metabolites
from helpers.metabolites.ranks import score_metabolites
from helpers.metabolites.samples import choose_samples, refuse_amounts
from helpers.metabolites.scaling import FeatureScaler, close_shares
from helpers.problems import count, name_some

MIN_MATCHED = 0.5
PACKAGES = ("numpy", "scipy", "pandas")
WORDING = "Predicted potential as normal scores of the people learnt from; never levels of metabolites."
LICENCE_NOTE = "The licence of the data that a model was learnt from holds for the model; ask their owners."


@dataclass(frozen=True, eq=False)
class PotentialModel:
    """Ridge regression of all metabolites on features of the gut, and all it takes to apply it to new samples.

    Attributes
    ----------
    features : pandas.Index
        What a new table must hold: the features seen in more than 10 % of the people learnt from.
    metabolites : pandas.DataFrame
        Index metabolite; spearman, spearman_low, spearman_high, q (out of fold, in the people learnt from), and name, hmdb, kegg
        and pathways where known.
    weights : numpy.ndarray of shape (n_features, n_metabolites)
        Of standardised features on normal scores.
    scaler : FeatureScaler
        Restricted to the features.
    applicability : Applicability
    about : dict
        Source, n_people, n_samples, total share of reads, versions, checksums of the tables, wording, licence note.
    """

    features: pd.Index
    metabolites: pd.DataFrame
    weights: np.ndarray
    scaler: FeatureScaler
    applicability: Applicability
    about: dict


@dataclass(frozen=True, eq=False)
class AppliedModel:
    """Predicted potential of new samples, and how far to trust it.

    Attributes
    ----------
    predicted : pandas.DataFrame of shape (n_samples, n_metabolites)
        Columns ``predicted_<metabolite>``, normal scores of the people learnt from.
    applicability : pandas.Series of shape (n_samples,)
        0-1: see :class:`helpers.metabolites.applicability.Applicability`.
    matched : float
        Share of the features of the model that the table holds, 0-1; the others count as typical.
    absent : pandas.Index
        Features of the model that the table lacks.
    n_unused : int
        Features of the table that the model does not know.
    """

    predicted: pd.DataFrame
    applicability: pd.Series
    matched: float
    absent: pd.Index
    n_unused: int


def fit_potential(
    amounts: pd.DataFrame,
    metabolites: pd.DataFrame,
    described: pd.DataFrame,
    *,
    rng: np.random.Generator,
    people: pd.Series | None = None,
    source: str = "genera",
    cohort: str = "",
    licence: str = "",
    n_folds: int = 10,
    n_shuffles: int = 19,
) -> PotentialModel:
    """Learn a model from everyone, with its accuracy in people left out beside it.

    Only ridge can be kept: a kernel would have to hold the people themselves. Kept are quantiles, weights and axes.

    Parameters
    ----------
    amounts, metabolites, people, source, n_folds, n_shuffles
        As for :func:`predict_metabolites`. Name the features as another cohort names them (see
        :func:`name_lineages`), not by running numbers.
    described : pandas.DataFrame
        Index metabolite; name, hmdb, kegg, super_pathway, sub_pathway where known.
    rng : numpy.random.Generator
    cohort, licence : str
        What the model was learnt from, and under which licence these data stand.

    Returns
    -------
    PotentialModel

    Raises
    ------
    ValueError
        As :func:`predict_metabolites`; also a feature name that stands twice.
    """
    if amounts.columns.has_duplicates:
        raise ValueError(
            f"Features that stand twice: {name_some(amounts.columns[amounts.columns.duplicated()])}. Add them up first."
        )
    potential = predict_metabolites(
        amounts, metabolites, rng=rng, people=people, source=source, n_folds=n_folds, n_shuffles=n_shuffles
    )
    samples, codes = choose_samples(amounts, metabolites, people, n_folds)
    shares = close_shares(amounts.loc[samples].to_numpy(float))
    values = metabolites.loc[samples].to_numpy(float)
    scaler = FeatureScaler.learn(shares)
    weights = fit_ridge(
        scaler.transform(shares), score_metabolites(values), _choose_penalties(shares, values, codes, rng)
    )
    known = [column for column in (*DESCRIPTIVE, "kegg") if column in described.columns]
    accuracy = potential.table[["spearman", "spearman_low", "spearman_high", "q", "penalty"]]
    return PotentialModel(
        features=amounts.columns[scaler.kept],
        metabolites=accuracy.join(described[known].reindex(accuracy.index)),
        weights=weights,
        scaler=_restrict(scaler),
        applicability=Applicability.learn(shares[:, scaler.kept], codes, scale="ranks", rng=rng),
        about={
            "cohort": cohort,
            "source": source,
            "n_people": potential.n_participants,
            "n_samples": potential.n_samples,
            "share_foretold": potential.share,
            "wording": WORDING,
            "licence": licence,
            "licence_note": LICENCE_NOTE,
            "sha256": {"features": _checksum(amounts.loc[samples]), "metabolites": _checksum(metabolites.loc[samples])},
            "versions": {name: version(name) for name in PACKAGES},
        },
    )


def apply_potential(model: PotentialModel, amounts: pd.DataFrame, *, min_matched: float = MIN_MATCHED) -> AppliedModel:
    """Apply a model to the samples of another table.

    Features that the table lacks count as typical of the people learnt from, so that they push no prediction; those
    the model does not know count in the total of a sample only.

    Parameters
    ----------
    model : PotentialModel
    amounts : pandas.DataFrame of shape (n_samples, n_features)
        Reads or shares of all features, so that each sample can be closed to 1.
    min_matched : float, default 0.5
        Share of the features of the model that the table must hold.

    Returns
    -------
    AppliedModel

    Raises
    ------
    ValueError
        Too few features match (the share is named), a column stands twice, a blank, a negative amount, or a sample of zeros.
    """
    if amounts.columns.has_duplicates:
        raise ValueError(
            f"Columns that stand twice: {name_some(amounts.columns[amounts.columns.duplicated()])}. Add them up first."
        )
    present = model.features.isin(amounts.columns)
    absent, matched = model.features[~present], float(present.mean())
    if matched < min_matched:
        raise ValueError(
            f"{int(present.sum()):,} of the {len(present):,} features of the model ({100 * matched:.0f} %) in the table; at least "
            f"{100 * min_matched:.0f} % are needed. Not found: {name_some(name.rpartition('; ')[2] for name in absent)}. The columns of the table are named like "
            f"{name_some(amounts.columns[:2])}; name them as the model does."
        )
    refuse_amounts(amounts)
    shares = close_shares(amounts.to_numpy(float))
    known = pd.DataFrame(shares, index=amounts.index, columns=amounts.columns).reindex(
        columns=model.features, fill_value=0.0
    )
    scaled = model.scaler.transform(known.to_numpy())
    scaled[:, ~present] = 0.0
    predicted = pd.DataFrame(scaled @ model.weights, index=amounts.index, columns=model.metabolites.index)
    return AppliedModel(
        predicted=mark_predicted(predicted, source=model.about.get("source", "features")),
        applicability=pd.Series(
            model.applicability.score(scaled, known.to_numpy()), index=amounts.index, name="applicability"
        ),
        matched=matched,
        absent=absent,
        n_unused=int((~amounts.columns.isin(model.features)).sum()),
    )


def describe_applied(applied: AppliedModel, model: PotentialModel) -> str:
    """Say what was predicted, what matched, and for how many samples the model should not speak."""
    strange = int((applied.applicability < APPLICABLE).sum())
    weak = int((model.metabolites["spearman"] < 0.3).sum())
    cohort = f" of {model.about['cohort']}" if model.about.get("cohort") else ""
    return (
        f"Predicted potential of {count(applied.predicted.shape[1], 'metabolite')} in {count(len(applied.predicted), 'sample')}, from "
        f"{model.about['n_people']:,} people{cohort}. {100 * applied.matched:.0f} % of the {len(model.features):,} {model.about['source']} of the model "
        f"are in the table. {strange:,} of the samples lie farther from the people learnt from than 95 % of them did: do not read "
        f"these. {weak:,} metabolites reach no out-of-fold Spearman of 0.3 in the people learnt from: do not read these either. "
        "None of it is a level."
    )


def name_lineages(taxonomy: pd.DataFrame) -> pd.Series:
    """Return a name for each taxon that holds across cohorts: its ranks, joined.

    Examples
    --------
    >>> name_lineages(pd.DataFrame({"family": ["Lachnospiraceae"], "genus": [None]}, index=["t1"])).tolist()
    ['family=Lachnospiraceae']
    """
    ranks = taxonomy.astype(object)
    joined = [
        "; ".join(f"{rank}={name}" for rank, name in zip(ranks.columns, row, strict=True) if pd.notna(name))
        for row in ranks.itertuples(index=False, name=None)
    ]
    return pd.Series([text or "unnamed" for text in joined], index=taxonomy.index)


def rename_taxa(counts: pd.DataFrame, taxonomy: pd.DataFrame) -> pd.DataFrame:
    """Return counts under the names of :func:`name_lineages`; taxa with one name are added up.

    Examples
    --------
    >>> counts = pd.DataFrame({"t1": [1], "t2": [2]}, index=["sub-01"])
    >>> rename_taxa(counts, pd.DataFrame({"genus": ["Blautia", "Blautia"]}, index=["t1", "t2"])).to_dict("list")
    {'genus=Blautia': [3]}
    """
    names = name_lineages(taxonomy).reindex(counts.columns).fillna("unnamed")
    return counts.T.groupby(names.to_numpy(), sort=False).sum().T


def _choose_penalties(
    shares: np.ndarray, values: np.ndarray, codes: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return the penalty of each metabolite, chosen by cross-validation among everyone."""
    settings, losses = list_settings("ridge"), 0.0
    scores, known = score_metabolites(values), ~np.isnan(values)
    for train, test in split_people(codes, N_INNER_FOLDS, rng):
        scaler = FeatureScaler.learn(shares[train])
        learner = Learner.prepare(settings, scaler.transform(shares[train]), scaler.transform(shares[test]))
        losses = losses + (((learner.predict(scores[train]) - scores[test]) ** 2) * known[test]).sum(axis=1)
    chosen = choose_settings(losses / known.sum(axis=0).clip(min=1), settings)[0]
    return np.array([settings[row].penalty for row in chosen])


def _restrict(scaler: FeatureScaler) -> FeatureScaler:
    """Return the scaler for a table of the kept features alone."""
    kept = np.ones(int(scaler.kept.sum()), bool)
    return FeatureScaler(scaler.scale, kept, scaler.normal, scaler.floor, scaler.mean, scaler.sd)


def _checksum(table: pd.DataFrame) -> str:
    return hashlib.sha256(table.to_csv(sep="\t", lineterminator="\n").encode()).hexdigest()
