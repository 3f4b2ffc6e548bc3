"""All result tables of a run as one workbook: headers in words, units, and no number of participants that pages hide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pandas as pd

from helpers.report.reading import FIRST, RunRecord
from helpers.result_columns import Column, describe_columns, find_column, read_words, tell_table
from helpers.wording import flatten_text, hide_small

if TYPE_CHECKING:
    import xlsxwriter

LONGEST_SHEET, WIDEST = 31, 42
PERSON = "participant_id"  # index of tables whose rows are participants
HIDDEN = "hidden"
GIVE_AWAY = ("share_high",)  # from which a hidden number of the same row could be computed
FORMATS = {"p": "0.0000", "share": "0.0%", "number": "General", "count": "#,##0", "people": "#,##0"}
SHEET = "Explanations"


@dataclass(frozen=True)
class Sheet:
    """One result table as the workbook has it.

    Attributes
    ----------
    name, means : str
        Name of the sheet, and what the table holds.
    heads, kinds, meanings : list of str
        By column, the index first.
    cells : list of list
        By column: numbers, texts, or None where nothing is known.
    """

    name: str
    means: str
    heads: list[str]
    kinds: list[str]
    meanings: list[str]
    cells: list[list[Any]]

    @property
    def n_rows(self) -> int:
        """How many rows the table has."""
        return len(self.cells[0])


def write_supplement(record: RunRecord) -> bytes:
    """Return a workbook (xlsx): a sheet of explanations, then one for each result table.

    Parameters
    ----------
    record : RunRecord

    Returns
    -------
    bytes
        Tables whose rows are participants are left out, and the first sheet says so.
    """
    sheets, left_out = [], []
    for name in record.list_tables():
        table = record.table(name)
        if table is not None and table.index.name == PERSON:
            left_out.append(name)
        elif table is not None:
            sheets.append(lay_out(name, table, small_cell=record.settings.small_cell))
    out = BytesIO()
    import xlsxwriter

    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        styles = {name: book.add_format({"bold": True, "text_wrap": True, "valign": "top"}) for name in ("head",)}
        styles |= {kind: book.add_format({"num_format": form}) for kind, form in FORMATS.items()}
        styles["note"] = book.add_format({"italic": True})
        book.set_properties({"title": f"Supplement: {record.settings.title}", "created": _date(record)})
        _write_explanations(book, styles, record, sheets, left_out)
        for sheet in sheets:
            _write_sheet(book, styles, sheet, is_simulated=record.is_simulated)
    return out.getvalue()


def lay_out(name: str, table: pd.DataFrame, *, small_cell: int) -> Sheet:
    """Return a result table with headers in words, and small numbers of participants hidden.

    Parameters
    ----------
    name : str
        ``chapter/table``.
    table : pandas.DataFrame
    small_cell : int
        Numbers of participants above zero and below it are not told.

    Examples
    --------
    >>> table = pd.DataFrame({"n_high": [3], "n_low": [40], "share_high": [0.07]}, index=pd.Index(["A"], name="batch"))
    >>> sheet = lay_out("01_cohort/batches", table, small_cell=5)
    >>> sheet.heads, sheet.cells
    (['Batch', 'n, high', 'n, low', 'In the high group'], [['A'], ['<5'], [40], ['hidden']])
    """
    flat = table.reset_index()
    described = describe_columns(name, list(flat))
    columns = [find_column(column) or Column(column, "", "text") for column in flat]
    cells = [_write_column(flat[column], one.kind, small_cell) for column, one in zip(flat, columns, strict=True)]
    hidden = [any(isinstance(told, str) and told.startswith("<") for told in row) for row in zip(*cells, strict=True)]
    for column, told in zip(flat, cells, strict=True):
        if column in GIVE_AWAY:
            told[:] = [HIDDEN if is_hidden else one for one, is_hidden in zip(told, hidden, strict=True)]
    heads = [_head(described[column]) for column in flat]
    meanings = [described[column]["Description"] for column in flat]
    return Sheet(_name_sheet(name), tell_table(name), heads, [one.kind for one in columns], meanings, cells)


def _head(described: dict[str, str]) -> str:
    unit = described.get("Units")
    return f"{described['LongName']} ({unit})" if unit and not unit.startswith("proportion") else described["LongName"]


def _write_column(values: pd.Series, kind: str, small_cell: int) -> list[Any]:
    if kind != "flag" and kind != "people" and pd.api.types.is_numeric_dtype(values):
        return [None if value != value else value for value in values.tolist()]
    return [_write(value, kind, small_cell) for value in values.tolist()]


def _write(value: Any, kind: str, small_cell: int) -> Any:
    if value is None or value != value:
        return None
    if kind == "flag":
        return {"True": "yes", "False": "no"}.get(str(value), str(value))
    if isinstance(value, str):
        return read_words().get(value, flatten_text(value))
    if kind == "people":
        told = hide_small(int(value), small_cell)
        return told if told.startswith("<") else int(value)
    return float(value)


def _name_sheet(name: str) -> str:
    chapter, _, table = name.partition("/")
    start = chapter.removeprefix("lab_") if chapter.startswith("lab_") else chapter[:2]
    return f"{start} {table}"[:LONGEST_SHEET]


def _date(record: RunRecord) -> datetime:
    return datetime.strptime(record.chapters[FIRST].stamp["date"], "%Y-%m-%d %H:%M UTC")


def _write_sheet(book: xlsxwriter.Workbook, styles: dict, sheet: Sheet, *, is_simulated: bool) -> None:
    page = book.add_worksheet(sheet.name)
    page.write_string(0, 0, f"{'Simulated data. ' if is_simulated else ''}{sheet.means}", styles["note"])
    for at, (head, kind, cells) in enumerate(zip(sheet.heads, sheet.kinds, sheet.cells, strict=True)):
        texts = [len(value) for value in cells[:50] if isinstance(value, str)]
        page.set_column(at, at, min(WIDEST, max([12, *texts])), styles.get(kind))
        page.write_string(1, at, head, styles["head"])
        for line, value in enumerate(cells, start=2):
            if isinstance(value, str):
                page.write_string(line, at, value)
            elif value is not None:
                page.write_number(line, at, value)
    page.freeze_panes(2, 1)
    page.autofilter(1, 0, 1 + sheet.n_rows, len(sheet.heads) - 1)


def _write_explanations(
    book: xlsxwriter.Workbook, styles: dict, record: RunRecord, sheets: Sequence[Sheet], left_out: Sequence[str]
) -> None:
    page = book.add_worksheet(SHEET)
    page.set_column(0, 1, 34)
    page.set_column(2, 2, 90)
    stamp = record.chapters[FIRST].stamp
    notes = [
        f"Result tables of: {record.settings.title}",
        "Simulated data: nothing in these tables is a finding about people." if record.is_simulated else "",
        f"Computed {stamp['date']} by the resilience book, revision {stamp['revision']}; data SHA-256 {stamp['cohort_sha256']}.",
        f"Numbers of participants below {record.settings.small_cell} are hidden. An empty cell: nothing known, or not tested.",
        f"Left out, as their rows are participants: {', '.join(left_out)}." if left_out else "",
    ]
    line = 0
    for note in filter(None, notes):
        page.write_string(line, 0, note)
        line += 1
    for at, head in enumerate(("Sheet", "Column", "What it holds")):
        page.write_string(line + 1, at, head, styles["head"])
    line += 2
    for sheet in sheets:
        page.write_url(line, 0, f"internal:'{sheet.name}'!A1", string=sheet.name)
        page.write_string(line, 1, f"{sheet.n_rows:,} rows")
        page.write_string(line, 2, sheet.means)
        for head, means in zip(sheet.heads, sheet.meanings, strict=True):
            line += 1
            page.write_string(line, 1, head)
            page.write_string(line, 2, means)
        line += 1
