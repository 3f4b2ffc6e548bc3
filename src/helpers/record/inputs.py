"""Hashes of what a run read: file by file, and of all data but the outcome."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path

from helpers.contract import ColumnRule, NumberRule, OutcomeRule, list_cohort_files, read_schema
from helpers.importers.sources import hash_file
from helpers.wording import flatten_text

TRUTH = "truth.yml"  # of a simulated cohort: what was planted, which no analysis of real people has


def hash_inputs(folder: Path) -> dict[str, str]:
    """Return the sha256 of each file of a cohort folder, by :func:`name_inputs`; a registration is not among them.

    Parameters
    ----------
    folder : pathlib.Path
    """
    return {name: hash_file(path) for name, path in name_inputs(folder).items()}


def name_inputs(folder: Path) -> dict[str, Path]:
    """Return the files of a cohort folder by what a crate calls them.

    Parameters
    ----------
    folder : pathlib.Path

    Notes
    -----
    A file for each participant has their id in its name: the crate has a hash in its place.
    """
    schema = read_schema()
    own = tuple(f"{schema[kind]['folder']}/" for kind in ("maps", "matrices"))
    named = {path.relative_to(folder).as_posix(): path for path in list_cohort_files(folder)}
    return {_hide_name(name) if name.startswith(own) else name: path for name, path in named.items()}


def _hide_name(name: str) -> str:
    place, _, file = name.rpartition("/")
    stem, _, ending = file.partition(".")
    return f"{place}/{hashlib.sha256(stem.encode()).hexdigest()[:12]}.{ending}"


def hash_without_outcome(folder: Path, rule: OutcomeRule, moved: Collection[str] = ()) -> dict[str, str]:
    """Return the sha256 of each file of a cohort folder as it is without the outcome.

    Parameters
    ----------
    folder : pathlib.Path
    rule : MeasureRule, NumberRule or ColumnRule
        Questionnaires it reads are left out whole; of ``participants.tsv`` its column is.
    moved : collection of str, optional
        Further columns of ``participants.tsv`` that tell the outcome.

    Returns
    -------
    dict of str to str
        By path inside the folder. Without a registration, and without what was planted in simulated people.
    """
    people = read_schema()["participants"]["file"]
    hidden = {*list_outcome_files(folder, rule), TRUTH}
    kept = name_inputs(folder)
    hashes = {name: hash_file(path) for name, path in kept.items() if name not in hidden}
    columns = {*name_outcome_columns(rule), *moved}
    if columns and people in hashes:
        hashes[people] = hashlib.sha256(_drop_columns(kept[people], columns).encode()).hexdigest()
    return hashes


def list_outcome_files(folder: Path, rule: OutcomeRule) -> list[str]:
    """Return the files of a cohort folder that hold the outcome whole: the questionnaire of the rule, in all its lengths.

    Parameters
    ----------
    folder : pathlib.Path
    rule : MeasureRule, NumberRule or ColumnRule
    """
    if isinstance(rule, ColumnRule | NumberRule):
        return []
    family = f"{rule.measure.split('_10')[0].split('_2')[0]}"
    names = [path.relative_to(folder).as_posix() for path in list_cohort_files(folder)]
    tables = [name for name in names if name.startswith("phenotype/") and not name.endswith(".json")]
    stems = {name: name.removeprefix("phenotype/").split(".")[0] for name in tables}
    return [name for name, stem in stems.items() if stem == family or stem.startswith(f"{family}_")]


def name_outcome_columns(rule: OutcomeRule) -> tuple[str, ...]:
    """Return the columns of ``participants.tsv`` that a rule reads."""
    return (rule.column,) if isinstance(rule, ColumnRule | NumberRule) else ()


def join_hashes(hashes: dict[str, str]) -> str:
    """Return one sha256 over names and hashes of files, whatever their order.

    Examples
    --------
    >>> join_hashes({"a": "1", "b": "2"}) == join_hashes({"b": "2", "a": "1"})
    True
    """
    return hashlib.sha256("".join(f"{name}\0{hashes[name]}\n" for name in sorted(hashes)).encode()).hexdigest()


def _drop_columns(path: Path, columns: Collection[str]) -> str:
    """Return a table's text without some columns, line ends and blanks at the ends of names aside."""
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8-sig").splitlines()]
    kept = [i for i, name in enumerate(rows[0]) if flatten_text(name) not in columns] if rows else []
    return "".join("\t".join(row[i] for i in kept if i < len(row)) + "\n" for row in rows)
