"""Exports of Qualtrics: answers of finished responses; what tells who answered is never imported."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from helpers.importers.base import Format, Head, Imported, LeftOut, Options, refuse
from helpers.importers.cells import index_by_id, is_number, mask_blanks
from helpers.importers.delimited import check_unique, read_frame
from helpers.importers.people import About, sort_columns
from helpers.importers.personal import FREE_TEXT
from helpers.problems import name_some, quote

IMPORT_ID = re.compile(r'\{"ImportId"\s*:\s*"(?P<id>[^"]*)"')
OWN = {
    **dict.fromkeys(("ipAddress",), "personal: an address on the internet"),
    **dict.fromkeys(("locationLatitude", "locationLongitude"), "personal: coordinates of a place"),
    **dict.fromkeys(("recipientLastName", "recipientFirstName"), "personal: a person's name"),
    "recipientEmail": "personal: an e-mail address",
    "externalDataReference": "personal: it can hold a name or an address",
}
ADMIN = frozenset(
    (
        *("startDate", "endDate", "status", "progress", "duration", "finished", "recordedDate", "_recordId"),
        *("distributionChannel", "userLanguage"),
    )
)
PREVIEWS = frozenset(["1", "2", "17", "Survey Preview", "Survey Test", "Preview"])
FINISHED = frozenset(["1", "TRUE", "True", "true"])
TEXT_ENTRY = re.compile(r"(QID\d+.*_TEXT.*)")


def read_survey(paths: Sequence[Path], options: Options) -> Imported:
    """Read an export as csv: a line of names, one of questions, one of ``ImportId``, then responses.

    Parameters
    ----------
    paths : sequence of pathlib.Path
        One export.
    options : Options
        ``column``: the question or embedded field that holds the participants' codes; by default ``ResponseId``.

    Returns
    -------
    Imported
        ``participants.tsv`` and ``phenotype/<measure>.tsv``. Previews, unfinished responses, personal and free-text columns are left out and
        counted.

    Raises
    ------
    CohortError
        For several exports, a file without the line of ``ImportId``, a code twice, or no finished response.
    """
    if len(paths) > 1:
        raise refuse(paths[1], f"{len(paths)} exports", "one", "import them one by one.")
    (path,) = paths
    frame = read_frame(path, separator=None)
    check_unique(path, frame.columns.tolist(), "column")
    if len(frame) < 2 or not all(map(IMPORT_ID.match, frame.iloc[1])):
        fix = "export from Qualtrics as csv, with all three header lines."
        raise refuse(path, "no line of ImportId below the questions", "an export of Qualtrics", fix, line=3)
    questions = frame.iloc[0].to_dict()
    ids = {name: IMPORT_ID.match(cell)["id"] for name, cell in frame.iloc[1].items()}
    rows, left_out = _choose_rows(path, frame.iloc[2:].reset_index(drop=True), {v: k for k, v in ids.items()})
    column = _find_column(path, ids, options.column)
    table = mask_blanks(index_by_id(path, rows, column, first_line=4))
    personal = [name for name in table.columns if ids[name] in OWN]
    left_out += [
        LeftOut(f"cells of the column {name}", int(table[name].notna().sum()), OWN[ids[name]]) for name in personal
    ]
    admin = [name for name in table.columns if ids[name] in ADMIN]
    if admin:
        left_out.append(LeftOut(f"columns of the survey ({', '.join(admin)})", len(admin), "no answers"))
    table = table.drop(columns=[*personal, *admin])
    marked = {name: FREE_TEXT for name in table.columns if _is_free_text(ids[name], table[name])}
    about = {name: About(" ".join(questions[name].split())) for name in table.columns if questions[name] != name}
    notes = (
        [] if options.column else ["ResponseId serves as id: name the column of the participants' codes with --column."]
    )
    return sort_columns(table, about=about, marked=marked, left_out=left_out, notes=notes)


def _choose_rows(path: Path, rows: pd.DataFrame, names: dict[str, str]) -> tuple[pd.DataFrame, list[LeftOut]]:
    left_out = []
    for key, is_unwanted, what, why in (
        ("status", lambda cells: cells.isin(PREVIEWS), "previews", "no participant answered"),
        ("finished", lambda cells: ~cells.isin(FINISHED), "unfinished responses", "the survey was not sent off"),
    ):
        if key in names:
            unwanted = is_unwanted(rows[names[key]])
            left_out += [LeftOut(what, int(unwanted.sum()), why)] if unwanted.any() else []
            rows = rows[~unwanted]
    if rows.empty:
        raise refuse(path, "no finished response", "one or more", "export the survey with its answers.")
    return rows, left_out


def _find_column(path: Path, ids: dict[str, str], wanted: str | None) -> str:
    if wanted is not None and wanted not in ids:
        raise refuse(path, f"no column {quote(wanted)}", "the column of --column", f"choose one of {name_some(ids)}.")
    found = wanted or next((name for name, known in ids.items() if known == "_recordId"), None)
    if found is None:
        raise refuse(path, "no ResponseId", "a column of ids", "name it with --column.")
    return found


def _is_free_text(import_id: str, cells: pd.Series) -> bool:
    return bool(TEXT_ENTRY.fullmatch(import_id)) and not cells.dropna().map(is_number).all()


def _detect(head: Head) -> bool:
    return any("ImportId" in line and "{" in line for line in head.lines[1:])


FORMATS: tuple[Format, ...] = (
    Format("qualtrics", "Qualtrics", "an export of Qualtrics", "participants.tsv and phenotype/", _detect, read_survey),
)
