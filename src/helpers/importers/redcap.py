"""Exports of REDCap: participants and questionnaires, one event, with labels by the data dictionary."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from helpers.importers.base import Format, Head, Imported, LeftOut, Options, refuse
from helpers.importers.bids_names import choose_visit
from helpers.importers.cells import index_by_id, is_number, mask_blanks
from helpers.importers.delimited import check_unique, find_separator, read_frame, split_line
from helpers.importers.heads import read_head
from helpers.importers.people import About, find_questionnaires, sort_columns
from helpers.importers.personal import FREE_TEXT
from helpers.importers.redcap_dictionary import CHOSEN, Field, is_dictionary, read_dictionary
from helpers.problems import CohortError, Problem, count, name_some, quote

EVENT, INSTRUMENT, INSTANCE = "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance"
LABELLED = {"Event Name": EVENT, "Repeat Instrument": INSTRUMENT, "Repeat Instance": INSTANCE}
ADMIN = ("redcap_survey_identifier",)
SIGNS = frozenset([EVENT, INSTRUMENT, INSTANCE, "redcap_data_access_group", *ADMIN])
STATES = frozenset(["0", "1", "2", "Incomplete", "Unverified", "Complete"])
CHECKBOX = re.compile(r"(?P<field>\w+?)___(?P<code>\w+)")
CHOICE = re.compile(r"(?P<label>.*) \(choice=(?P<choice>.*)\)", re.DOTALL)
CHECKED = {"Checked": "1", "Unchecked": "0"}
COMPLETE = "_complete"


def read_export(paths: Sequence[Path], options: Options) -> Imported:
    """Read an export of REDCap as csv, with raw codes or labels.

    Parameters
    ----------
    paths : sequence of pathlib.Path
        One export; the data dictionary may stand among them.
    options : Options
        ``dictionary``: the data dictionary; ``visit``: the event; ``column``: the field of the ids (by default the first).

    Returns
    -------
    Imported
        ``participants.tsv`` with sidecar, and ``phenotype/<measure>.tsv`` of the questionnaires of the contract. Fields of one choice
        have labels where the dictionary knows them, items of questionnaires keep their numbers. Left out and counted: fields
        that are marked as identifiers, dates of birth and other personal fields, notes and free text, rows of other events and of
        repeated instruments, the state of forms, and fields without a value.

    Raises
    ------
    CohortError
        For several events and none chosen, labels above the columns without a dictionary, a record twice, or items as labels
        that the dictionary cannot turn into numbers.
    """
    data, dictionary = _sort_paths(paths, options.dictionary)
    fields = read_dictionary(dictionary) if dictionary else {}
    frame = _name_columns(data, read_frame(data), fields)
    check_unique(data, frame.columns.tolist(), "field")
    column = options.column or next(iter(fields), None) or frame.columns[0]
    if column not in frame:
        fix = "name the field of the ids with --column, or give the dictionary of this project."
        raise refuse(data, f"no column {quote(column)}", "the field of the records' ids", fix, line=1)
    frame, left_out = _choose_rows(data, frame, options.visit)
    table = mask_blanks(index_by_id(data, frame, column))
    table, dropped = _drop_states(table, fields)
    marked = _find_unwanted(table, fields)
    notes = [] if fields else ["Codes have no labels: give the data dictionary with --dictionary to have them."]
    table = _label_cells(data, table, fields, marked, notes)
    about = {name: _tell_about(name, fields) for name in table.columns}
    return sort_columns(
        table,
        about={name: said for name, said in about.items() if said},
        marked=marked,
        left_out=[*left_out, *dropped],
        notes=notes,
    )


def _sort_paths(paths: Sequence[Path], dictionary: Path | None) -> tuple[Path, Path | None]:
    dictionaries = [path for path in paths if is_dictionary(_read_header(path))]
    exports = [path for path in paths if path not in dictionaries]
    if not exports:
        raise refuse(paths[0], "a data dictionary alone", "an export of data as well", "give both.")
    if len(exports) > 1:
        fix = "import them one by one, or export all forms together."
        raise refuse(exports[1], f"{len(exports)} exports", "one", fix)
    if dictionary is None and len(dictionaries) > 1:
        raise refuse(dictionaries[1], "a second data dictionary", "one", "give that of this project.")
    return exports[0], dictionary or next(iter(dictionaries), None)


def _read_header(path: Path) -> list[str]:
    line = next(iter(read_head(path).lines), "")
    return split_line(line, find_separator(line)) if len(line) < 100_000 else line.split(find_separator(line))


def _name_columns(path: Path, frame: pd.DataFrame, fields: Mapping[str, Field]) -> pd.DataFrame:
    """Return an export with fields above its columns, where labels stand there."""
    if not _has_label_header(frame.columns):
        return frame
    if not fields:
        fix = "give the data dictionary with --dictionary, or export raw headers."
        raise refuse(path, "labels above the columns", "names of fields, or a dictionary", fix, line=1)
    by_label: dict[str, list[str]] = {}
    for field in fields.values():
        by_label.setdefault(field.label, []).append(field.name)
    frame = frame.loc[:, frame.columns != "Complete?"]
    problems, names = [], []
    for name in frame.columns:
        choice = CHOICE.fullmatch(name)
        label = " ".join((choice["label"] if choice else name).split())
        known = by_label.get(label, [])
        if name in LABELLED:
            names.append(LABELLED[name])
        elif len(known) != 1:
            found = f"{quote(name)}, the label of {count(len(known), 'field')}"
            problems.append(Problem(path.name, 1, None, found, "the label of one field", "export raw headers."))
        else:
            names.append(_name_choice(fields[known[0]], choice["choice"]) if choice else known[0])
    if problems:
        raise CohortError(problems[:5])
    return frame.set_axis(names, axis=1)


def _name_choice(field: Field, label: str) -> str:
    code = next((code for code, known in field.choices.items() if known == " ".join(label.split())), label)
    return f"{field.name}___{code}"


def _has_label_header(names: Sequence[str]) -> bool:
    return "Complete?" in names or not set(LABELLED).isdisjoint(names)


def _choose_rows(path: Path, frame: pd.DataFrame, visit: str | None) -> tuple[pd.DataFrame, list[LeftOut]]:
    """Keep a participant's own row at one event."""
    left_out = []
    if EVENT in frame:
        kept = choose_visit(path, frame[EVENT], visit, "event")
        is_kept = frame[EVENT] == kept
        if (~is_kept).any():
            left_out.append(LeftOut("rows of other events", int((~is_kept).sum()), f"{kept} was chosen"))
        frame = frame[is_kept]
    elif visit is not None:
        raise refuse(path, "no column of events", f"the event {quote(visit)}", "leave --visit out.")
    if INSTRUMENT in frame:
        is_repeat = frame[INSTRUMENT] != ""
        if is_repeat.any():
            names = ", ".join(dict.fromkeys(frame.loc[is_repeat, INSTRUMENT]))
            why = "there are several of one participant"
            left_out.append(LeftOut(f"rows of repeated instruments ({names})", int(is_repeat.sum()), why))
        frame = frame[~is_repeat]
    if INSTANCE in frame:
        is_later = ~frame[INSTANCE].isin(["", "1"])
        if is_later.any():
            left_out.append(LeftOut("rows of repeated events", int(is_later.sum()), "the first one is kept"))
        frame = frame[~is_later]
    if frame.empty:
        raise refuse(path, "no row of participants themselves", "one per record", "choose another event with --visit.")
    return frame.drop(columns=[name for name in (EVENT, INSTRUMENT, INSTANCE) if name in frame]), left_out


def _drop_states(table: pd.DataFrame, fields: Mapping[str, Field]) -> tuple[pd.DataFrame, list[LeftOut]]:
    """Drop what REDCap says of forms and surveys."""
    forms = {f"{field.form}{COMPLETE}" for field in fields.values()}
    states = [
        name
        for name in table.columns
        if name in forms or (name.endswith(COMPLETE) and name not in fields and set(table[name].dropna()) <= STATES)
    ]
    times = [name for name in table.columns if name.endswith("_timestamp") and name not in fields]
    surveys = [name for name in table.columns if name in ADMIN]
    left_out = [
        LeftOut(f"columns of {what} ({', '.join(names)})", len(names), why)
        for what, names, why in (
            ("the state of forms", states, "no data of participants"),
            ("the time of surveys", times, "no data of participants"),
            ("surveys", surveys, "personal: it can hold an address"),
        )
        if names
    ]
    return table.drop(columns=[*states, *times, *surveys]), left_out


def _find_unwanted(table: pd.DataFrame, fields: Mapping[str, Field]) -> dict[str, str]:
    """Return fields that are never imported, with the reason."""
    marked = {}
    for name in table.columns:
        field = fields.get(name)
        if field is None:
            continue
        if field.why_not:
            marked[name] = field.why_not
        elif field.is_open and not table[name].dropna().map(is_number).all():
            marked[name] = FREE_TEXT
    return marked


def _label_cells(
    path: Path, table: pd.DataFrame, fields: Mapping[str, Field], marked: Mapping[str, str], notes: list[str]
) -> pd.DataFrame:
    """Write labels for codes, numbers for items of questionnaires, 0 and 1 for checkboxes."""
    items = {name for columns in find_questionnaires(table.columns).values() for name in columns}
    columns, problems, unknown = {}, [], []
    for name, cells in table.items():
        field = fields.get(name)
        if CHECKBOX.fullmatch(name):
            cells = cells.replace(CHECKED)
        elif name in items:
            cells, bad = _as_codes(cells, field)
            if len(bad):
                fix = "export raw data, or give the data dictionary with --dictionary."
                problems.append(Problem(path.name, None, name, quote(bad[0]), "the number of an answer", fix))
        elif field is not None and name not in marked and field.kind in CHOSEN:
            is_known = cells.isin(field.choices) | cells.isin(field.choices.values()) | cells.isna()
            unknown += [] if is_known.all() else [f"{name} ({name_some(map(quote, cells[~is_known].unique()))})"]
            cells = cells.map(lambda cell, known=field.choices: known.get(cell, cell), na_action="ignore")
        elif field is not None and "comma_decimal" in field.validation:
            cells = cells.str.replace(",", ".", regex=False)
        columns[name] = cells
    if problems:
        raise CohortError(problems[:5])
    if unknown:
        notes.append(f"Values that the dictionary does not list were kept as they are: {'; '.join(unknown)}.")
    return pd.DataFrame(columns, index=table.index)


def _as_codes(cells: pd.Series, field: Field | None) -> tuple[pd.Series, list[str]]:
    codes = {label: code for code, label in field.choices.items()} if field else {}
    turned = cells.map(lambda cell: cell if is_number(cell) else codes.get(cell, cell), na_action="ignore")
    return turned, [cell for cell in turned.dropna().unique() if not is_number(cell)]


def _tell_about(name: str, fields: Mapping[str, Field]) -> About | None:
    checkbox = CHECKBOX.fullmatch(name)
    if checkbox and checkbox["field"] in fields:
        field = fields[checkbox["field"]]
        choice = field.choices.get(checkbox["code"], checkbox["code"])
        return About(f"{field.label}: {choice}", levels={"0": "not ticked", "1": "ticked"})
    return fields[name].as_about() if name in fields else None


def _detect(head: Head) -> bool:
    line = next(iter(head.lines), "")
    if head.members or len(line) >= 100_000:
        return False
    names = split_line(line, find_separator(line))
    if is_dictionary(names) or not SIGNS.isdisjoint(names) or {"Event Name", "Record ID"} <= set(names):
        return True
    has_state = any(name.endswith(COMPLETE) for name in names) or "Complete?" in names
    has_boxes = any(CHECKBOX.fullmatch(name) for name in names)
    return bool(names) and names[0] in ("record_id", "Record ID", "study_id") and (has_state or has_boxes)


FORMATS: tuple[Format, ...] = (
    Format(
        "redcap",
        "REDCap",
        "an export of REDCap",
        "participants.tsv and phenotype/",
        _detect,
        read_export,
    ),
)
