"""A simulated cohort for each student: some claims planted, some not, and a key that only the teacher has."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from joblib import Parallel, delayed

from helpers.classroom.roster import Student
from helpers.problems import CohortError, Problem
from helpers.simulate import simulate_cohort, whole_folder
from helpers.tables import MISSING, read_table

SHARE_PLANTED = 0.6  # of the switches below, on average
HADS = tuple(f"hads_{item:02d}" for item in range(1, 15))
README = """# A simulated cohort for {student}

**Everything here is simulated**; nothing found in it says anything about people. Some claims of the study were planted in it, others were not.
Which, your teacher knows. Your cohort differs from that of your neighbour: questions are alike, answers are not.

In the folder of the book, with the path of this folder in place of PATH:

    resilience-book check PATH
    resilience-book lab PATH{chapters}

Do the exercises in the notebooks that open. Each answer is checked at once, on this cohort.
"""


@dataclass(frozen=True)
class Switch:
    """Claims that are planted or left out together: the tables, or columns of one, that carry them.

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


def make_class(
    folder: Path, students: Sequence[Student], *, seed: int, chapters: Iterable[str] = (), n_workers: int = 1
) -> Path:
    """Write a folder per student and the key; all of it, or nothing.

    Parameters
    ----------
    folder : pathlib.Path
        New. ``students/<id>/`` is what each student gets; ``key/<id>.yml`` and ``key/roster.tsv`` are the teacher's.
    students : sequence of Student
    seed : int
        The same seed and id give the same cohort, whoever else is in the class.
    chapters : iterable of str, optional
        Named in each student's README; by default all.
    n_workers : int, default 1
        Cohorts made at a time. Changes no byte.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    CohortError
        When the folder exists.
    """
    if folder.exists():
        raise CohortError(
            [Problem(str(folder), None, None, "it exists", "a new folder", "name another; nothing was written.")]
        )
    with whole_folder(folder, overwrite=False) as partial:
        (partial / "key").mkdir()
        jobs = (delayed(_make_one)(partial, student.id, seed, tuple(chapters)) for student in students)
        Parallel(n_jobs=n_workers)(jobs)
        table = pd.DataFrame([vars(student) for student in students]).set_index("id")
        table.to_csv(partial / "key" / "roster.tsv", sep="\t", lineterminator="\n")
    return folder


def draw_seeds(student: str, seed: int) -> tuple[int, np.random.Generator]:
    """Return the seed of a student's cohort, and the chance that decides what is planted in it.

    Examples
    --------
    >>> draw_seeds("anna", 7)[0] == draw_seeds("anna", 7)[0], draw_seeds("anna", 7)[0] == draw_seeds("ben", 7)[0]
    (True, False)
    """
    digest = hashlib.sha256(f"{seed}/{student}".encode()).digest()
    return int.from_bytes(digest[:4], "big"), np.random.default_rng(list(digest[4:]))


def _make_one(folder: Path, student: str, seed: int, chapters: tuple[str, ...]) -> None:
    own_seed, rng = draw_seeds(student, seed)
    target = folder / "students" / student
    with tempfile.TemporaryDirectory(dir=folder) as place:
        twin = simulate_cohort(Path(place) / "twin", seed=own_seed, effect=0)
        simulate_cohort(target, seed=own_seed)
        features = read_table(target / "metabolites" / "features.tsv")
        switches = list_switches({name: column for column, name in features["name"].items()})
        left_out = [
            one for one, keep in zip(switches, rng.random(len(switches)) < SHARE_PLANTED, strict=True) if not keep
        ]
        for switch in left_out:
            _take_from_twin(switch, twin, target)
    truth = yaml.safe_load((target / "truth.yml").read_text(encoding="utf-8"))
    _write_key(folder / "key" / f"{student}.yml", truth, own_seed, {claim for one in left_out for claim in one.claims})
    _hide_truth(target, student, chapters)


def _take_from_twin(switch: Switch, twin: Path, target: Path) -> None:
    """Put what the null twin has in place of what was planted: the same people and noise, without the effect."""
    for name in switch.files:
        if switch.columns:
            planted, null = (
                pd.read_csv(place / name, sep="\t", dtype=str, keep_default_na=False) for place in (target, twin)
            )
            columns = list(switch.columns)
            planted[columns] = null[columns]
            planted.to_csv(target / name, sep="\t", index=False, na_rep=MISSING, lineterminator="\n")
            continue
        sources = sorted((twin / name).iterdir()) if name.endswith("/") else [twin / name]
        for source in sources:
            (target / source.relative_to(twin)).write_bytes(source.read_bytes())


def _write_key(path: Path, truth: dict[str, Any], seed: int, left_out: set[str]) -> None:
    claims = {
        entry["claim"]: {"planted": False, "direction": "none", "d": 0.0}
        if entry["claim"] in left_out
        else {"planted": True, "direction": entry["direction"], "d": entry["d"]}
        for entry in truth["planted"]
    }
    text = yaml.safe_dump({"seed": seed, "claims": claims}, sort_keys=False)
    path.write_text(text, encoding="utf-8")


def _hide_truth(folder: Path, student: str, chapters: tuple[str, ...]) -> None:
    """Take out of a student's folder whatever tells the truth or the seed it could be simulated from."""
    (folder / "truth.yml").unlink()
    settings = yaml.safe_load((folder / "cohort.yml").read_text(encoding="utf-8"))
    settings |= {"name": student, "title": f"Simulated cohort of {student}"}
    (folder / "cohort.yml").write_text(yaml.safe_dump(settings, sort_keys=False, allow_unicode=True), encoding="utf-8")
    options = "".join(f" --chapter {chapter}" for chapter in chapters)
    (folder / "README.md").write_text(README.format(student=student, chapters=options), encoding="utf-8")
