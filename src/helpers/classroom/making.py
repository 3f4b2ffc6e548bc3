"""Make a class: for each student a folder with a cohort, its tables and the notebooks to hand in, and a key that stays with the teacher."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd
import yaml
from joblib import Parallel, delayed

from helpers.classroom.cohorts import write_own_cohort
from helpers.classroom.handout import write_handout
from helpers.classroom.lab import compute_tables, list_needed
from helpers.classroom.roster import Student
from helpers.contract import hash_cohort, load_cohort
from helpers.problems import CohortError, Problem, name_some
from helpers.run.engine import RESULTS
from helpers.simulate import whole_folder
from helpers.tables import write_atomically

STUDENTS, KEY, SUBMITTED, MARKS = "students", "key", "submitted", "marks"
PLAN, ROSTER = "class.yml", "roster.tsv"
COHORT = "cohort"


@dataclass(frozen=True)
class Plan:
    """What a class was made with.

    Attributes
    ----------
    seed : int
    chapters : tuple of str
        Whose exercises are handed out, beside the blind exam.
    """

    seed: int
    chapters: tuple[str, ...]


@dataclass(frozen=True)
class SchoolClass:
    """A class that was made.

    Attributes
    ----------
    folder : pathlib.Path
        ``students/<id>/`` is what each student gets; ``key/`` is the teacher's; what came back goes into ``submitted/``.
    plan : Plan
    keys : mapping of str to dict
        By id: ``name``, ``cohort`` (its sha256), ``seed`` and ``claims``.
    """

    folder: Path
    plan: Plan
    keys: Mapping[str, Mapping[str, Any]]

    def place(self, student: str) -> Path:
        """Return the folder that a student got."""
        return self.folder / STUDENTS / student


def make_class(
    folder: Path,
    students: Sequence[Student],
    *,
    seed: int,
    chapters: Sequence[str] = (),
    n_workers: int = 1,
    open_places: Mapping[str, Any] | None = None,
) -> tuple[str, ...]:
    """Write a folder per student and the key. The same call again goes on where it was stopped, or adds who joined.

    Parameters
    ----------
    folder : pathlib.Path
        New, or made by an earlier call with the same seed and chapters.
    students : sequence of Student
    seed : int
        The same seed and id give the same cohort, whoever else is in the class.
    chapters : sequence of str, optional
        Ids of chapters whose exercises are handed out; what they read is run on each cohort with few permutations. The blind exam
        is always there.
    n_workers : int, default 1
        Students made at a time. Changes no byte of a cohort.
    open_places : mapping, optional
        As for :func:`helpers.run.run_book`.

    Returns
    -------
    tuple of str
        Ids of the students whose folders were made now.

    Raises
    ------
    CohortError
        When the folder holds something else, or a class of another seed or other chapters; nothing is written then.
    """
    plan = Plan(seed, tuple(dict.fromkeys(chapters)))
    _refuse_other(folder, plan)
    for name in (STUDENTS, KEY, SUBMITTED):
        (folder / name).mkdir(parents=True, exist_ok=True)
    write_atomically(folder / KEY / PLAN, yaml.safe_dump({"seed": seed, "chapters": list(plan.chapters)}))
    _write_roster(folder / KEY / ROSTER, students)
    new = [student.id for student in students if not (folder / STUDENTS / student.id).exists()]
    jobs = (delayed(_make_one)(folder, student, plan, open_places) for student in new)
    Parallel(n_jobs=n_workers)(jobs)
    return tuple(new)


def read_class(folder: Path) -> SchoolClass:
    """Read a class that :func:`make_class` made.

    Parameters
    ----------
    folder : pathlib.Path

    Raises
    ------
    CohortError
        When the folder is no class.
    """
    plan = _read_plan(folder)
    if plan is None:
        fix = "name the folder that `resilience-book class new` made."
        raise CohortError([Problem(str(folder), None, None, "no class", f"a folder with {KEY}/{PLAN}", fix)])
    names = pd.read_csv(folder / KEY / ROSTER, sep="\t", dtype=str, index_col="id")["name"]
    keys = {student: {"name": name} | _read_yaml(folder / KEY / f"{student}.yml") for student, name in names.items()}
    return SchoolClass(folder, plan, MappingProxyType(keys))


def _refuse_other(folder: Path, plan: Plan) -> None:
    if not folder.exists():
        return
    there = _read_plan(folder) if folder.is_dir() else None
    if there is None:
        problem = Problem(str(folder), None, None, "it exists", "a new folder", "name another; nothing was written.")
        raise CohortError([problem])
    if there != plan:
        found = f"a class with seed {there.seed} and {name_some(there.chapters) or 'no chapters'}"
        fix = "name another folder, or repeat the seed and the chapters; nothing was written."
        raise CohortError([Problem(str(folder), None, None, found, "a new folder, or the same class", fix)])


def _read_plan(folder: Path) -> Plan | None:
    path = folder / KEY / PLAN
    if not path.is_file():
        return None
    read = _read_yaml(path)
    return Plan(read["seed"], tuple(read["chapters"]))


def _read_yaml(path: Path) -> dict[str, Any]:
    if not path.is_file():
        fix = "repeat the call of `resilience-book class new` that made the class; it goes on where it was stopped."
        raise CohortError([Problem(path.name, None, None, "no such file", "a key per student of the roster", fix)])
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _write_roster(path: Path, students: Sequence[Student]) -> None:
    """Write who is in the class; who was there before and is not in the new roster stays."""
    table = pd.DataFrame([vars(student) for student in students]).set_index("id")
    if path.is_file():
        before = pd.read_csv(path, sep="\t", dtype=str, index_col="id")
        table = pd.concat([before[~before.index.isin(table.index)], table])
    write_atomically(path, table.to_csv(sep="\t", lineterminator="\n"))


def _make_one(folder: Path, student: str, plan: Plan, open_places: Mapping[str, Any] | None) -> None:
    with whole_folder(folder / STUDENTS / student, overwrite=False) as partial:
        key = write_own_cohort(partial / COHORT, student, plan.seed)
        cohort = load_cohort(partial / COHORT)
        if plan.chapters:
            _make_tables(student, cohort, partial, plan.chapters, open_places)
        mark = hash_cohort(partial / COHORT)
        write_handout(partial, student=student, chapters=plan.chapters, mark=mark)
        text = yaml.safe_dump({"cohort": mark} | key, sort_keys=False)
        write_atomically(folder / KEY / f"{student}.yml", text)


def _make_tables(
    student: str, cohort: Any, partial: Path, chapters: Sequence[str], open_places: Mapping[str, Any] | None
) -> None:
    """Run what the exercises read, and keep the tables alone."""
    run_dir = partial / ".run"
    done = compute_tables(cohort, run_dir, list_needed(chapters, {}), 1, open_places)
    failed = [outcome for outcome in done.outcomes if outcome.state in ("failed", "not reached")]
    if failed or done.interrupted:
        told = "; ".join(f"{outcome.name}: {outcome.reason}" for outcome in failed) or "interrupted"
        fix = "mend what it says and repeat the call: it goes on where it was stopped."
        raise CohortError([Problem(student, None, None, told, "a run of each chapter", fix)])
    (run_dir / RESULTS).rename(partial / RESULTS)
    shutil.rmtree(run_dir)
