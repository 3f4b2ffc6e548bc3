"""Tables that cannot mean what they say: places outside the head, names that say nothing, words that are nearly the contract's."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import yaml

from helpers.contract.cell_errors import fold_label, fold_name
from helpers.contract.files import Reader
from helpers.contract.schema import read_schema
from helpers.problems import count, name_some, quote
from helpers.tables import PROJECT_ROOT

HEAD_MM = {"x": (-95, 95), "y": (-135, 105), "z": (-85, 115)}
ENOUGH_NODES = 10  # from which a shape of all coordinates says something
METRES, CENTIMETRES, VOXELS = 0.2, 20.0, 300
NAMELESS = frozenset({"", "n/a", "unclassified", "uncultured", "unknown", "unidentified", "none", "other"})
CLAIMS = PROJECT_ROOT / "data" / "claims" / "an2024.yml"
WORDY = {"nodes": "network", "transcripts": "group"}  # feature tables whose labels claims and sets rest on


def check_meaning(reader: Reader, name: str, features: pd.DataFrame) -> None:
    """Report a feature table that cannot mean what it says.

    Parameters
    ----------
    reader : Reader
    name : str
        Key of the feature table in the contract: nodes, taxonomy, transcripts or metabolites.
    features : pandas.DataFrame
        Index: the feature; numbers as floats, text elsewhere.
    """
    file = read_schema()["features"][name]["file"]
    if name == "nodes" and {"x", "y", "z"} <= set(features):
        check_coordinates(reader, file, features[["x", "y", "z"]])
    if name == "taxonomy" and "genus" in features:
        check_genus(reader, file, features["genus"])
    column = WORDY.get(name)
    if column in features:
        check_words(reader, file, column, features[column])


def check_coordinates(reader: Reader, file: str, places: pd.DataFrame) -> None:
    """Report coordinates that are no millimetres in MNI space: one problem for the table.

    Parameters
    ----------
    reader : Reader
    file : str
    places : pandas.DataFrame
        Index node; x, y, z as floats.
    """
    known = places.dropna().astype(float)
    if known.empty:
        return
    expected, values = (
        "MNI coordinates in mm (x from -95 to 95, y from -135 to 105, z from -85 to 115)",
        known.to_numpy(),
    )
    said = _name_unit(values)
    if said:
        reader.report(file, said[0], expected, said[1], column="x, y, z")
        return
    low, high = (np.array([HEAD_MM[axis][end] for axis in "xyz"]) for end in (0, 1))
    outside = known.index[((values < low) | (values > high)).any(axis=1)]
    if len(outside):
        first = ", ".join(f"{value:g}" for value in known.loc[outside[0]])
        found = f"{count(len(outside), 'node')} outside the head ({name_some(outside)}; the first at {first})"
        fix = "correct the coordinates, or bring them into MNI space; a constant shift of one axis is a common cause."
        reader.report(file, found, expected, fix, column="x, y, z")


def _name_unit(values: np.ndarray) -> tuple[str, str] | None:
    """Return what coordinates are instead of millimetres, and the fix."""
    largest = np.abs(values).max()
    if 0 < largest <= METRES:
        return f"coordinates of {largest:.3g} at most: metres", "multiply x, y and z by 1,000."
    if len(values) < ENOUGH_NODES:
        return None
    if (values == values[0]).all():
        return "the same place for every node", "give each node its own place."
    if np.ptp(values, axis=0).max() <= CENTIMETRES and largest <= CENTIMETRES:
        return f"coordinates within {largest:.3g} of the middle: centimetres", "multiply x, y and z by 10."
    if values.min() >= 0 and largest <= VOXELS and (values == np.round(values)).all():
        return (
            "whole numbers from 0 upwards: numbers of voxels",
            "turn them into mm with the affine of the image they came from.",
        )
    return None


def check_genus(reader: Reader, file: str, genus: pd.Series) -> None:
    """Report a taxonomy in which no taxon has a genus."""
    names = genus.fillna("").astype(str).str.strip().str.lower().str.replace(r"^(g__|d_5__)", "", regex=True)
    if len(names) and names.isin(NAMELESS).all():
        reader.report(
            file,
            f"no genus for any of the {count(len(names), 'taxon').replace('taxons', 'taxa')}",
            "the genus of each taxon, n/a where it is not known",
            "take the names from the classifier's table; without them nothing can be said of genera.",
            column="genus",
        )


def check_words(reader: Reader, file: str, column: str, labels: pd.Series) -> None:
    """Warn of labels that are nearly words that claims and sets rest on, or nearly one another."""
    used = labels.dropna().astype(str)
    times = used.value_counts()
    claimed = {fold_name(word): word for word in list_claimed_words()}
    for _, alike in pd.Series(times.index, dtype=object).groupby(lambda at: fold_label(times.index[at])):
        meant = claimed.get(fold_name(alike.iloc[0]), times[alike].idxmax())
        odd = [label for label in alike if label != meant]
        if not odd:
            continue
        is_claimed = fold_name(meant) in claimed
        found = f"{name_some(map(quote, odd))}, nearly {quote(meant)}"
        expected = f"{quote(meant)}, as the claims spell it" if is_claimed else "one spelling"
        line = int(np.flatnonzero((labels == odd[0]).to_numpy())[0]) + 2
        fix = f"write {meant}, if that is meant; as it stands it counts as another {column}."
        reader.report(file, found, expected, fix, line=line, column=column, severity="warning")


@cache
def list_claimed_words() -> tuple[str, ...]:
    """Return the names of networks and of groups of transcripts that the claims of the study rest on."""
    claims = yaml.safe_load(CLAIMS.read_text(encoding="utf-8"))["claims"]
    words = {
        part.strip()
        for c in claims
        for name in [c.get("feature", ""), *c.get("aliases", [])]
        for part in name.split("×")
    }
    return tuple(sorted(word for word in words if word and "." not in word))
