"""Tables of a BIDS data set: participants.tsv and phenotype/*.tsv, with their sidecars."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from helpers.contract.schema import list_measures
from helpers.importers.base import Format, Head, Imported, LeftOut, Options, refuse
from helpers.importers.bids_names import choose_visit
from helpers.importers.cells import ID, index_by_id, mask_blanks
from helpers.importers.delimited import check_unique, read_frame
from helpers.importers.heads import read_text
from helpers.importers.people import PARTICIPANTS, About, find_questionnaires, sort_columns
from helpers.importers.personal import leave_out_personal
from helpers.problems import CohortError, Problem

SESSION = "session_id"


def read_tables(paths: Sequence[Path], options: Options) -> Imported:
    """Read ``participants.tsv`` and the tables of ``phenotype/``.

    Parameters
    ----------
    paths : sequence of pathlib.Path
        Tables, and sidecars (json) where they are given as well; a sidecar beside its table is found without.
    options : Options
        ``visit``: the session to keep where a table has the column ``session_id``.

    Returns
    -------
    Imported
        ``participants.tsv`` with sidecar, and ``phenotype/<name>.tsv`` with sidecar. Questionnaires inside ``participants.tsv`` are
        sorted out as :func:`helpers.importers.people.sort_columns` does.

    Raises
    ------
    CohortError
        For a participant twice, several sessions and none chosen, two tables of one name, or damaged files.
    """
    tables: dict[str, pd.DataFrame] = {}
    texts: dict[str, str] = {}
    left_out: list[LeftOut] = []
    notes: list[str] = []
    made_from: dict[str, list[Path]] = {}
    problems: list[Problem] = []
    for path in (path for path in paths if path.suffix != ".json"):
        try:
            one = _read_one(path, options)
            for file in one.tables:
                if file in tables:
                    raise refuse(path, f"a second table that becomes {file}", "one", "give one of them.")
            tables, texts = tables | dict(one.tables), texts | dict(one.texts)
            left_out, notes = [*left_out, *one.left_out], [*notes, *one.notes]
            made_from |= {file: [path] for file in [*one.tables, *one.texts]}
        except CohortError as error:
            problems += error.problems
    if problems:
        raise CohortError(problems)
    return Imported(tables=tables, texts=texts, left_out=left_out, notes=notes, made_from=made_from)


def _read_one(path: Path, options: Options) -> Imported:
    frame = read_frame(path, separator="\t")
    check_unique(path, frame.columns.tolist(), "column")
    if ID not in frame:
        raise refuse(path, f"no column {ID}", "a table of BIDS", "name the column of the ids.", line=1)
    left_out: list[LeftOut] = []
    if SESSION in frame:
        frame, left_out = _choose_session(path, frame, options.visit)
    table = mask_blanks(index_by_id(path, frame, ID))
    about = _read_sidecar(path)
    if _is_participants(path):
        return sort_columns(table, about=about, left_out=left_out)
    return _sort_phenotype(path, table, about, left_out)


def _choose_session(path: Path, frame: pd.DataFrame, visit: str | None) -> tuple[pd.DataFrame, list[LeftOut]]:
    sessions = frame[SESSION].str.removeprefix("ses-")
    kept = choose_visit(path, sessions, visit.removeprefix("ses-") if visit else None, "session")
    n_other = int((sessions != kept).sum())
    left_out = [LeftOut("rows of other sessions", n_other, f"ses-{kept} was chosen")] if n_other else []
    return frame[sessions == kept].drop(columns=SESSION), left_out


def _sort_phenotype(path: Path, table: pd.DataFrame, about: Mapping[str, About], left_out: list[LeftOut]) -> Imported:
    """Name the table after its questionnaire, and its columns as the contract does where it knows them."""
    kept, personal = leave_out_personal(table)
    measure = path.name.split(".")[0]
    found = find_questionnaires(kept.columns)
    notes = []
    if measure not in list_measures() and len(found) == 1:
        (known,) = found
        notes.append(f"{path.name} holds the items of {known}.")
        measure = known
    meant = found.get(measure, {})
    kept = kept.rename(columns=meant)
    said = {meant.get(name, name): entry.as_sidecar() for name, entry in about.items()}
    said = {name: entry for name, entry in said.items() if name in kept and entry}
    texts = {f"phenotype/{measure}.json": json.dumps(said, ensure_ascii=False, indent=2) + "\n"} if said else {}
    return Imported({f"phenotype/{measure}.tsv": kept}, texts, left_out=[*left_out, *personal], notes=notes)


def _read_sidecar(path: Path) -> dict[str, About]:
    """Return what the json beside a table says of its columns."""
    sidecar = path.with_name(path.name.split(".")[0] + ".json")
    if not sidecar.is_file():
        return {}
    try:
        said = json.loads(read_text(sidecar))
    except (ValueError, RecursionError) as error:
        raise refuse(sidecar, "no readable JSON", "a BIDS sidecar", "mend it, or move it away.") from error
    if not isinstance(said, dict):
        raise refuse(sidecar, "JSON that is no object", "a BIDS sidecar", "mend it, or move it away.")
    return {name: _as_about(entry) for name, entry in said.items() if isinstance(entry, dict)}


def _as_about(entry: Mapping[str, object]) -> About:
    levels = entry.get("Levels")
    return About(
        str(entry.get("Description") or entry.get("LongName") or ""),
        str(entry.get("Units") or ""),
        {str(key): _say_level(value) for key, value in levels.items()} if isinstance(levels, dict) else {},
    )


def _say_level(value: object) -> str:
    return str(value.get("Description", "")) if isinstance(value, dict) else str(value)


def _is_participants(path: Path) -> bool:
    return path.name.split(".")[0] == PARTICIPANTS.split(".")[0]


def _detect(head: Head) -> bool:
    names = next(iter(head.lines), "").split("\t")
    if head.path.suffix == ".json" or ID not in names:
        return False
    return _is_participants(head.path) or head.path.parent.name == "phenotype"


FORMATS: tuple[Format, ...] = (
    Format(
        "bids",
        "BIDS",
        "participants or a phenotype of a BIDS data set",
        "participants.tsv and phenotype/",
        _detect,
        read_tables,
        specificity=0,  # a cohort folder's own tables look alike
    ),
)
