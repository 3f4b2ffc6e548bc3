"""A simulated cohort for a student: some claims planted, some turned round, some not, and a key that only the teacher has."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from helpers.course.blind import CLAIMED, NONE, OPPOSITE
from helpers.simulate import simulate_cohort
from helpers.tables import MISSING, read_table

CHANCES = {CLAIMED: 0.5, OPPOSITE: 0.2, NONE: 0.3}  # of each of the switches below
EFFECTS = {CLAIMED: 1, OPPOSITE: -1, NONE: 0}  # of the twins that share all people and noise
HADS = tuple(f"hads_{item:02d}" for item in range(1, 15))


@dataclass(frozen=True)
class Switch:
    """Claims that are planted, turned round or left out together: the tables, or columns of one, that carry them.

    Attributes
    ----------
    claims : tuple of str
    files : tuple of str
        A name that ends in / stands for all files of the folder.
    columns : tuple of str
        Of the one file; empty: the whole file.
    """

    claims: tuple[str, ...]
    files: tuple[str, ...]
    columns: tuple[str, ...] = ()


def list_switches(metabolites: Mapping[str, str]) -> tuple[Switch, ...]:
    """Return what can be planted or not, each apart from the others.

    Parameters
    ----------
    metabolites : mapping of str to str
        Names of metabolites to their columns.
    """
    amounts = ("metabolites/metabolites.tsv",)
    return (
        Switch(("C01",), ("phenotype/hads.tsv",), HADS[1::2]),
        Switch(("C02",), ("phenotype/hads.tsv",), HADS[0::2]),
        Switch(("C03",), ("phenotype/ffmq.tsv",), ("describing",)),
        Switch(("C04",), ("phenotype/ffmq.tsv",), ("nonjudging",)),
        Switch(("C05",), ("phenotype/csq.tsv",)),
        Switch(("C06",), ("brain/connectivity.tsv",)),
        Switch(("C07",), ("brain/volumes.tsv", "brain/maps/")),
        Switch(("C08",), ("brain/tracts.tsv",)),
        Switch(("C09", "C10", "C11", "C12", "C15"), ("microbiome/transcripts.tsv",)),
        Switch(("C13",), amounts, (metabolites["N-acetylglutamate"],)),
        Switch(("C14",), amounts, (metabolites["dimethylglycine"],)),
    )


def write_own_cohort(folder: Path, student: str, seed: int) -> dict[str, Any]:
    """Write a student's cohort, with nothing in it that tells what was planted.

    Parameters
    ----------
    folder : pathlib.Path
        New.
    student : str
        Id.
    seed : int
        Of the class.

    Returns
    -------
    dict
        The key: the cohort's own ``seed``, and for each of the ``claims`` its ``truth``, ``direction`` and ``d``.
    """
    own_seed, rng = draw_seeds(student, seed)
    simulate_cohort(folder, seed=own_seed)
    features = read_table(folder / "metabolites" / "features.tsv")
    switches = list_switches({name: column for column, name in features["name"].items()})
    drawn = rng.choice(list(CHANCES), size=len(switches), p=list(CHANCES.values())).tolist()
    for truth in (OPPOSITE, NONE):
        _take_from_twin(
            folder, [one for one, state in zip(switches, drawn, strict=True) if state == truth], own_seed, truth
        )
    states = {claim: state for one, state in zip(switches, drawn, strict=True) for claim in one.claims}
    planted = yaml.safe_load((folder / "truth.yml").read_text(encoding="utf-8"))["planted"]
    _hide_truth(folder, student)
    return {"seed": own_seed, "claims": {one["claim"]: _tell(one, states[one["claim"]]) for one in planted}}


def draw_seeds(student: str, seed: int) -> tuple[int, np.random.Generator]:
    """Return the seed of a student's cohort, and the chance that decides what is planted in it.

    Examples
    --------
    >>> draw_seeds("anna", 7)[0] == draw_seeds("anna", 7)[0], draw_seeds("anna", 7)[0] == draw_seeds("ben", 7)[0]
    (True, False)
    """
    digest = hashlib.sha256(f"{seed}/{student}".encode()).digest()
    return int.from_bytes(digest[:4], "big"), np.random.default_rng(list(digest[4:]))


def _take_from_twin(target: Path, switches: Iterable[Switch], seed: int, truth: str) -> None:
    """Put what a twin has in place of what was planted: the same people and noise, without the effect or with its opposite."""
    if not switches:
        return
    with tempfile.TemporaryDirectory() as place:
        twin = simulate_cohort(Path(place) / "twin", seed=seed, effect=EFFECTS[truth])
        for switch in switches:
            _swap(switch, twin, target)


def _swap(switch: Switch, twin: Path, target: Path) -> None:
    for name in switch.files:
        if switch.columns:
            planted, other = (
                pd.read_csv(place / name, sep="\t", dtype=str, keep_default_na=False) for place in (target, twin)
            )
            columns = list(switch.columns)
            planted[columns] = other[columns]
            planted.to_csv(target / name, sep="\t", index=False, na_rep=MISSING, lineterminator="\n")
            continue
        sources = sorted((twin / name).iterdir()) if name.endswith("/") else [twin / name]
        for source in sources:
            (target / source.relative_to(twin)).write_bytes(source.read_bytes())


def _tell(planted: Mapping[str, Any], truth: str) -> dict[str, Any]:
    """Return what the key says of a claim."""
    d = planted["d"] * EFFECTS[truth]
    return {"truth": truth, "direction": "none" if not d else "higher" if d > 0 else "lower", "d": d}


def _hide_truth(folder: Path, student: str) -> None:
    """Take out of a student's cohort whatever tells the truth or the seed it could be simulated from."""
    (folder / "truth.yml").unlink()
    (folder / "README.md").unlink()
    settings = yaml.safe_load((folder / "cohort.yml").read_text(encoding="utf-8"))
    settings |= {"name": student, "title": f"Simulated cohort of {student}"}
    (folder / "cohort.yml").write_text(yaml.safe_dump(settings, sort_keys=False, allow_unicode=True), encoding="utf-8")
