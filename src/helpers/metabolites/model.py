"""A model to keep and to hand on: learnt from one cohort, saved as JSON without a single person, applied to another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.metabolites.applicability import APPLICABLE, Applicability
from helpers.metabolites.folds import split_people
from helpers.metabolites.learners import Learner, choose_settings, fit_ridge, list_settings
from helpers.metabolites.measured import DESCRIPTIVE
from helpers.metabolites.predicted import (
    N_INNER_FOLDS,
    choose_samples,
    find_predicted,
    mark_predicted,
    predict_metabolites,
    refuse_amounts,
    score_metabolites,
)
from helpers.metabolites.scaling import FeatureScaler, NormalScores, close_shares
from helpers.problems import CohortError, Problem, count, name_some
from helpers.tables import read_table, write_atomically

FORMAT = "resilience-book predicted potential"
FORMAT_VERSION = 1
MIN_MATCHED = 0.5
DIGITS = 6
SPACE = ("axes", "profile", "misfits", "likenesses")
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
        Index metabolite; spearman, rho_low, rho_high, q (out of fold, in the people learnt from), and name, hmdb, kegg
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
    accuracy = potential.table[["spearman", "rho_low", "rho_high", "q", "penalty"]]
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
            f"The table holds {int(present.sum()):,} of the {len(present):,} features of the model ({100 * matched:.0f} %); at least "
            f"{100 * min_matched:.0f} % are needed. Not found: {name_some(absent)}. Its own columns are named like "
            f"{name_some(amounts.columns[:3])}: name them as the model does."
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


def save_potential(model: PotentialModel, path: str | Path) -> None:
    """Write a model as JSON, numbers with six significant digits."""
    text = json.dumps(
        {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "about": model.about,
            "features": list(model.features),
            "metabolites": json.loads(
                model.metabolites.rename_axis("metabolite").reset_index().to_json(orient="split", double_precision=10)
            ),
            "weights": _write(model.weights),
            "scaler": {
                "scale": model.scaler.scale,
                "knots": _write(model.scaler.normal.knots),
                "scores": _write(model.scaler.normal.scores),
                "floor": model.scaler.floor,
                "mean": _write(model.scaler.mean),
                "sd": _write(model.scaler.sd),
            },
            "applicability": {name: _write(getattr(model.applicability, name)) for name in SPACE},
        }
    )
    write_atomically(Path(path), text + "\n")


def read_potential(path: str | Path) -> PotentialModel:
    """Read a model that :func:`save_potential` wrote.

    Raises
    ------
    CohortError
        The file is not there, is no JSON, no such model, or its parts do not fit together.
    """
    path = Path(path)
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        found = f"no file that can be read as JSON ({type(error).__name__})"
        raise CohortError([_say(path.name, found, "give a file that save_potential wrote.")]) from error
    if not isinstance(saved, Mapping) or saved.get("format") != FORMAT or saved.get("format_version") != FORMAT_VERSION:
        found = "JSON that is no model of predicted potential, or one of another version"
        raise CohortError([_say(path.name, found, "give a file that save_potential wrote.")])
    try:
        return _build(saved)
    except (KeyError, TypeError, ValueError) as error:
        found = f"a model whose parts do not fit together ({error})"
        raise CohortError([_say(path.name, found, "save the model anew.")]) from error


def predict_table(
    model_path: str | Path, table_path: str | Path, output: str | Path, *, taxonomy_path: str | Path | None = None
) -> str:
    """Apply a saved model to the samples of a file, write the predicted potential to another, and say what was done.

    Parameters
    ----------
    model_path : str or path
        JSON of :func:`save_potential`.
    table_path : str or path
        Samples in rows; first column ids, one column per feature; ``.tsv``, ``.tsv.gz`` or ``.parquet``.
    output : str or path
        TSV: sample, applicability, then ``predicted_<metabolite>``.
    taxonomy_path : str or path, optional
        Ranks of each column, to name taxa by :func:`name_lineages` as models of genera do.

    Returns
    -------
    str
        :func:`describe_applied`.

    Raises
    ------
    CohortError
        Every reason why the model cannot be applied, with its fix; nothing is written.
    """
    model, table, name = read_potential(model_path), _read(table_path), Path(table_path).name
    text = [str(column) for column in table.columns if not pd.api.types.is_numeric_dtype(table[column])]
    predicted = find_predicted(table)
    problems = []
    if len(predicted):
        problems.append(
            _say(name, f"columns of predicted potential ({name_some(predicted)})", "give features that were measured.")
        )
    if text:
        found = f"text in {count(len(text), 'column')} ({name_some(text)})"
        problems.append(_say(name, found, "give numbers only: samples in rows, features in columns."))
    if table.index.has_duplicates:
        twice = f"{count(int(table.index.duplicated().sum()), 'row')} with an id that stands earlier"
        problems.append(_say(name, twice, "give each sample one row."))
    if problems:
        raise CohortError(problems)
    try:
        applied = apply_potential(model, table if taxonomy_path is None else rename_taxa(table, _read(taxonomy_path)))
    except ValueError as error:
        fix = "give the features that the model was learnt from, as amounts; taxa also need --taxonomy."
        raise CohortError([_say(name, str(error).rstrip("."), fix)]) from error
    written = applied.predicted.round(4)
    written.insert(0, "applicability", applied.applicability.round(4))
    write_atomically(Path(output), written.to_csv(sep="\t", na_rep="n/a", lineterminator="\n"))
    return describe_applied(applied, model)


def _read(path: str | Path) -> pd.DataFrame:
    try:
        return read_table(path)
    except (OSError, ValueError) as error:
        found = f"no table that can be read ({type(error).__name__})"
        raise CohortError([_say(Path(path).name, found, "give samples in rows, a tab between columns.")]) from error


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


def _build(saved: Mapping) -> PotentialModel:
    scaler, space = saved["scaler"], saved["applicability"]
    parts = {name: np.array(scaler[name], float) for name in ("knots", "scores", "mean", "sd")}
    table = pd.DataFrame(saved["metabolites"]["data"], columns=saved["metabolites"]["columns"]).set_index("metabolite")
    weights, space = np.array(saved["weights"], float), {name: np.array(space[name], float) for name in SPACE}
    n = len(saved["features"])
    shapes = {
        "weights": weights.shape == (n, len(table)),
        "axes": len(space["axes"]) == len(space["profile"]) == n,
        "knots": parts["knots"].shape[1] == n,
    }
    if wrong := [name for name, fits in shapes.items() if not fits]:
        raise ValueError(f"{name_some(wrong)} of another size than the features")
    normal = NormalScores(parts["knots"], parts["scores"])
    return PotentialModel(
        features=pd.Index(saved["features"]),
        metabolites=table,
        weights=weights,
        scaler=FeatureScaler(scaler["scale"], np.ones(n, bool), normal, scaler["floor"], parts["mean"], parts["sd"]),
        applicability=Applicability(**space),
        about=dict(saved["about"]),
    )


def _write(values: np.ndarray) -> list:
    rounded = np.array([float(f"{value:.{DIGITS}g}") for value in values.ravel()])
    return rounded.reshape(values.shape).tolist()


def _checksum(table: pd.DataFrame) -> str:
    return hashlib.sha256(table.to_csv(sep="\t", lineterminator="\n").encode()).hexdigest()


def _say(file: str, found: str, fix: str) -> Problem:
    return Problem(file, None, None, found, "a model of predicted potential and a table of its features", fix)
