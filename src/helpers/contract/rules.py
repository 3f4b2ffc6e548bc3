"""Rules that hold between files: ids meet, edges know their nodes, the outcome can be worked out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from helpers.contract.files import CELLS_LISTED, ID, Reader
from helpers.contract.schema import list_items, read_schema
from helpers.contract.settings import FILE as SETTINGS_FILE
from helpers.contract.settings import ColumnRule, MeasureRule, Settings
from helpers.problems import count, name_some

MIN_GROUP = 10


def check_ids(
    reader: Reader, file: str, ids: pd.Index, participants: pd.Index, *, lines: Sequence[int | None] | None = None
) -> None:
    """Report ids of a table that ``participants.tsv`` does not list, each with the likeliest match.

    ``lines`` says where each id stands (None: in no line of its own); by default from line 2 on.
    """
    placed = zip(range(2, len(ids) + 2) if lines is None else lines, ids, strict=True)
    unknown = [(line, name) for line, name in placed if name not in participants]
    if unknown and len(unknown) == len(ids):
        reader.report(
            file,
            f"{count(len(ids), 'id')}, none of them in participants.tsv ({name_some(ids)})",
            f"ids as in participants.tsv ({name_some(participants[:3])})",
            "spell the ids alike in every file.",
            column=ID,
        )
        return
    for line, name in unknown[:CELLS_LISTED]:
        guess = guess_id(name, participants)
        fix = (
            f"write {guess}, if that is who is meant."
            if guess
            else "add the person to participants.tsv, or remove the row."
        )
        reader.report(file, f"'{name}'", "an id of participants.tsv", fix, line=line, column=ID)
    if len(unknown) > CELLS_LISTED:
        reader.report(
            file, f"{len(unknown) - CELLS_LISTED} further unknown ids", "ids of participants.tsv", "mend them as above."
        )


def guess_id(name: str, participants: pd.Index) -> str | None:
    """Return the participant an id likely means; None when nobody is alike."""
    return {_fold(known): known for known in participants}.get(_fold(name))


def _fold(name: str) -> str:
    """Spell an id so that sub-001, SUB-1, `1 ` and 01 meet."""
    bare = str(name).strip().lower().removeprefix("sub").lstrip("-_ ")
    return bare.lstrip("0") or "0"


def check_settings(reader: Reader, settings: Settings, participants: pd.DataFrame) -> None:
    """Report covariates, batch and outcome columns that ``participants.tsv`` does not have."""
    wanted = [("covariates", name) for name in settings.covariates]
    wanted += [("batch", settings.batch)] if settings.batch else []
    wanted += [("outcome", settings.outcome.column)] if isinstance(settings.outcome, ColumnRule) else []
    for key, name in wanted:
        if name not in participants.columns:
            reader.report(
                SETTINGS_FILE,
                f"{key} names '{name}'",
                f"a column of participants.tsv ({name_some(participants.columns)})",
                "correct the name, or add the column.",
                column=key,
            )


def check_outcome(
    reader: Reader, settings: Settings, participants: pd.DataFrame, phenotype: Mapping[str, pd.DataFrame]
) -> None:
    """Report an outcome rule that puts nobody, or too few, into a group."""
    if isinstance(settings.outcome, ColumnRule):
        rule = settings.outcome
        if rule.column not in participants.columns:
            return
        labels = participants[rule.column].astype("str")
        for side in ("high", "low"):
            wanted = getattr(rule, side)
            n = int(labels.isin(wanted).sum())
            if n < MIN_GROUP:
                reader.report(
                    SETTINGS_FILE,
                    f"{count(n, 'person')} with {rule.column} {' or '.join(wanted)}",
                    f"at least {MIN_GROUP} in group {side}",
                    f"use labels that stand in that column ({name_some(labels.dropna().unique())}).",
                    column="outcome",
                )
        return
    _check_measure(reader, settings.outcome, phenotype)


def _check_measure(reader: Reader, rule: MeasureRule, phenotype: Mapping[str, pd.DataFrame]) -> None:
    known = read_schema()["phenotype"]["measures"]
    file = known.get(rule.measure, {}).get("file", f"phenotype/{rule.measure}.tsv")
    if rule.measure not in phenotype:
        if not any(problem.file == file for problem in reader.problems):
            reader.report(
                file,
                "no such file",
                f"the answers the outcome rule needs ({rule.measure} {rule.score})",
                "add it, or change outcome in cohort.yml.",
            )
        return
    columns = phenotype[rule.measure].columns
    if rule.score not in columns and not set(list_items(rule.measure)) <= set(columns):
        reader.report(
            file,
            f"neither the items nor a column {rule.score}",
            f"the items {name_some(list_items(rule.measure)[:2])} … or {rule.score}",
            "add the items, or the scored column, or change outcome in cohort.yml.",
            line=1,
        )
