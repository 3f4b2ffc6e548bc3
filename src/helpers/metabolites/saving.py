"""Models of predicted potential as files: written, read, and applied to a table, with every refusal in a sentence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.metabolites.applicability import Applicability
from helpers.metabolites.model import PotentialModel, apply_potential, describe_applied, rename_taxa
from helpers.metabolites.predicted import find_predicted
from helpers.metabolites.scaling import FeatureScaler, NormalScores
from helpers.problems import CohortError, Problem, count, name_some
from helpers.tables import read_table, write_atomically

FORMAT = "resilience-book predicted potential"
FORMAT_VERSION = 1
DIGITS = 6
SPACE = ("axes", "profile", "misfits", "likenesses")


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


def _say(file: str, found: str, fix: str) -> Problem:
    return Problem(file, None, None, found, "a model of predicted potential and a table of its features", fix)
