"""A blind run: a copy of the cohort whose outcome belongs to others, for as long as the chapters take."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.cohort import assign_groups
from helpers.contract import BLIND_MARK, BLIND_NOTE, Cohort, list_files, load_cohort, read_schema
from helpers.problems import CohortError, Problem
from helpers.record.inputs import (
    TRUTH,
    hash_inputs,
    hash_without_outcome,
    join_hashes,
    list_outcome_files,
    name_outcome_columns,
)
from helpers.resilience import score_outcome

ID = "participant_id"
FOLDER = "blind"  # of a blind run, below that of the book
NOTE_TEXT = (
    "# Blind run\n\nThe groups behind these tables are permuted: the outcome of each participant is that of another. No contrast between the "
    "groups, and nothing that follows the score, is true. Tables with a line per participant were removed. `resilience-book run --unblind` "
    "shows the true groups.\n"
)
FEWEST_SHARED = 0.5  # of a table's lines: from here on it is one of participants
SAME_SCORE = 0.95


@contextmanager
def blind_cohort(cohort: Cohort, rng: np.random.Generator | None = None) -> Iterator[Cohort]:
    """Lend a copy of a cohort in which the outcome is permuted among all participants; it is removed in the end.

    Parameters
    ----------
    cohort : Cohort
    rng : numpy.random.Generator, optional
        By default seeded by the secrets of the operating system; the seed is neither shown nor kept.

    Yields
    ------
    Cohort
        Its settings are marked blind.

    Notes
    -----
    What is computed from the copy depends on the true outcome by its distribution alone: a uniform permutation makes who has
    which value independent of the truth.
    """
    rng = np.random.default_rng(secrets.randbits(256)) if rng is None else rng
    with tempfile.TemporaryDirectory(prefix="blind-") as place:
        folder = Path(place) / cohort.folder.name
        write_blind_copy(cohort, folder, rng)
        yield load_cohort(folder)


def write_blind_copy(cohort: Cohort, folder: Path, rng: np.random.Generator) -> None:
    """Write a cohort folder with the outcome permuted among all participants; everything else as it is.

    The questionnaire of the outcome rule moves whole, item by item, in all its lengths; columns of ``participants.tsv`` that the rule
    reads, or that tell the group, move along. What was planted in simulated people stays behind.

    Parameters
    ----------
    cohort : Cohort
    folder : pathlib.Path
    rng : numpy.random.Generator
    """
    people = pd.Index(sorted(cohort.participants.index))
    owners = dict(zip(people, people[rng.permutation(len(people))], strict=True))
    outcome_files = set(list_outcome_files(cohort.folder, cohort.settings.outcome))
    columns, table = list_moved_columns(cohort), read_schema()["participants"]["file"]
    for path in list_files(cohort.folder):
        name = path.relative_to(cohort.folder).as_posix()
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if name in outcome_files:
            _move_rows(path, target, owners)
        elif name == table and columns:
            _move_columns(path, target, owners, columns)
        elif name != TRUTH:
            _bring(path, target)
    (folder / BLIND_MARK).write_text(NOTE_TEXT, encoding="utf-8")


def list_moved_columns(cohort: Cohort) -> list[str]:
    """Return the columns of ``participants.tsv`` that hold the outcome or tell it: they move with it.

    Parameters
    ----------
    cohort : Cohort

    Notes
    -----
    A column tells the outcome when each of its levels is in one group alone, or when it ranks participants as the score does.
    Covariates and the batch stay: the analysis rests on their tie with the other data.
    """
    rule, settings = cohort.settings.outcome, cohort.settings
    own = list(name_outcome_columns(rule))
    groups = assign_groups(cohort, score_outcome(cohort))
    stay = {*settings.covariates, settings.batch, settings.cluster, *own}
    return own + [name for name, column in cohort.participants.items() if name not in stay and _tells(column, groups)]


def hash_blind_inputs(cohort: Cohort) -> dict[str, str]:
    """Return the hashes of a cohort's files that a blind run may tell: blank for each that holds the outcome.

    Parameters
    ----------
    cohort : Cohort
        The true one.
    """
    told, columns = hash_without_outcome(cohort.folder, cohort.settings.outcome), list_moved_columns(cohort)
    hidden = {read_schema()["participants"]["file"]} if columns else set()
    return {name: "" if name in hidden else told.get(name, "") for name in hash_inputs(cohort.folder)}


def hash_told_inputs(cohort: Cohort) -> str:
    """Return one sha256 over all that `hash_blind_inputs` tells."""
    return join_hashes({name: sha256 for name, sha256 in hash_blind_inputs(cohort).items() if sha256})


def forget_people(output_dir: Path, ids: Collection[str]) -> list[str]:
    """Remove what names participants from the output of a blind run, and say on its results that it is blind.

    Parameters
    ----------
    output_dir : pathlib.Path
    ids : collection of str

    Returns
    -------
    list of str
        The files removed: tables with a line per participant, and logs and half-run notebooks that name one.
    """
    known, removed = set(map(str, ids)), []
    for path in sorted((output_dir / "results").rglob("*")):
        if path.is_file() and _is_of_people(path, known):
            removed += [path, path.with_suffix(".json")] if path.suffix == ".tsv" else [path]
    spoken = [name.encode() for name in known if not name.isdigit()]
    for path in sorted((output_dir / "work").rglob("*")):
        if path.is_file() and any(name in path.read_bytes() for name in spoken):
            removed.append(path)
    for path in removed:
        path.unlink(missing_ok=True)
    (output_dir / "results").mkdir(parents=True, exist_ok=True)
    (output_dir / "results" / BLIND_NOTE).write_text(NOTE_TEXT, encoding="utf-8")
    return [path.relative_to(output_dir).as_posix() for path in removed]


def is_blind(output_dir: Path) -> bool:
    """Say whether a folder holds the output of a blind run."""
    return (output_dir / "results" / BLIND_NOTE).is_file()


def refuse_blind(output_dir: Path, purpose: str) -> None:
    """Refuse the output of a blind run where true groups are needed.

    Parameters
    ----------
    output_dir : pathlib.Path
        Of a run, or its folder of results.
    purpose : str
        What it was to be used for, such as ``pooling``.

    Raises
    ------
    CohortError
    """
    if any(is_blind(place) for place in (output_dir, output_dir.parent)):
        fix = "run it with --unblind first, and name the folder of that run."
        raise CohortError(
            [
                Problem(
                    output_dir.name,
                    None,
                    None,
                    "a blind run, whose groups are permuted",
                    f"true groups for {purpose}",
                    fix,
                )
            ]
        )


def _tells(column: pd.Series, groups: pd.DataFrame) -> bool:
    known = column.notna() & groups["group"].notna()
    levels = groups["group"][known].groupby(column[known].astype(str)).nunique()
    if known.any() and groups["group"][known].nunique() == 2 and len(levels) <= known.sum() / 2 and (levels == 1).all():
        return True
    both = column.notna() & groups["score"].notna()
    if not pd.api.types.is_numeric_dtype(column) or both.sum() < 3 or column[both].nunique() < 3:
        return False
    return abs(column[both].rank().corr(groups["score"][both].rank())) > SAME_SCORE


def _move_rows(path: Path, target: Path, owners: Mapping[str, str]) -> None:
    """Give each row to another participant; the order of rows, which would tell whose they were, is that of the new owners."""
    table = _read(path)
    moved = table.assign(**{ID: table[ID].map(lambda name: owners.get(name, name))})
    _write(moved.sort_values(ID, kind="stable"), target)


def _move_columns(path: Path, target: Path, owners: Mapping[str, str], columns: list[str]) -> None:
    table = _read(path).set_index(ID)
    table[columns] = table[columns].rename(index=owners).reindex(table.index)
    _write(table.reset_index(), target)


def _read(path: Path) -> pd.DataFrame:
    if path.suffix == ".parquet":
        table = pd.read_parquet(path)
        return table.reset_index() if ID not in table else table
    table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False, encoding="utf-8-sig")
    return table.rename(columns=str.strip).apply(lambda column: column.str.strip() if column.name == ID else column)


def _write(table: pd.DataFrame, target: Path) -> None:
    if target.suffix == ".parquet":
        table.to_parquet(target, index=False)
    else:
        table.to_csv(target, sep="\t", index=False, lineterminator="\n")


def _bring(path: Path, target: Path) -> None:
    try:
        os.link(path, target)
    except OSError:
        shutil.copy2(path, target)


def _is_of_people(path: Path, known: set[str]) -> bool:
    """Say whether a file of results has a line per participant, or names one."""
    if path.suffix == ".tsv":
        table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
        named = any(column.isin(known).mean() >= FEWEST_SHARED for _, column in table.items()) if len(table) else False
        if named or table.columns.isin(known).mean() >= FEWEST_SHARED:
            return True
    spoken = [name.encode() for name in known if not name.isdigit()]
    content = path.read_bytes()
    return any(name in content for name in spoken)
