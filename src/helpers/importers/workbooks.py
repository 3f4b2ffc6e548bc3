"""Sheets of workbooks (xlsx) as text, row by row, within safe limits."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from python_calamine import CalamineWorkbook

from helpers.importers.base import refuse
from helpers.importers.heads import AGAIN, MOST_COLUMNS, list_members
from helpers.problems import CohortError, count, name_some, quote

MOST_CELLS = 20_000_000
MOST_UNPACKED = 600_000_000
PEEKED = 300_000
LINKS = "xl/externalLinks/"


@dataclass(frozen=True)
class Sheet:
    """Cells of one sheet, blanks around them taken off.

    Attributes
    ----------
    path : pathlib.Path
    name : str
    rows : list of list of str
        All of the same length; a blank cell is an empty text.
    first_line : int
        Line of the first row, as a spreadsheet counts.
    dates : tuple of tuple of int
        Row and column of cells that the workbook holds as dates.
    merged : tuple of tuple of int
        First row, first column, last row, last column of merged cells, counted from the first row.
    """

    path: Path
    name: str
    rows: list[list[str]]
    first_line: int = 1
    dates: tuple[tuple[int, int], ...] = ()
    merged: tuple[tuple[int, int, int, int], ...] = ()

    def frame(self, header: int = 0) -> pd.DataFrame:
        """Return the rows below a header as text, as :func:`helpers.importers.delimited.read_frame` does.

        Raises
        ------
        CohortError
            When there is no row below the header.
        """
        if len(self.rows) <= header + 1:
            raise refuse(self.path, "a header without rows", "at least one row", AGAIN)
        return pd.DataFrame(self.rows[header + 1 :], columns=self.rows[header], dtype=str)


def list_sheets(path: Path) -> list[str]:
    """Return the names of a workbook's sheets; empty where it is none or damaged.

    Looks at one small member of the zip only, so that any file can be asked.
    """
    try:
        with zipfile.ZipFile(path) as file, file.open("xl/workbook.xml") as member:
            names = re.findall(rb'<(?:\w+:)?sheet\s[^>]*?name="([^"]*)"', member.read(1_000_000))
        return [_unescape(name.decode("utf-8", errors="replace")) for name in names]
    except Exception:  # a damaged zip raises many kinds; it is then no workbook
        return []


def peek(path: Path) -> str:
    """Return the beginning of a workbook's texts, enough to tell whose it is; blank where it is none or damaged."""
    text = b""
    try:
        with zipfile.ZipFile(path) as file:
            for member in ("xl/sharedStrings.xml", "xl/worksheets/sheet1.xml"):
                if member in file.namelist():
                    with file.open(member) as part:
                        text += part.read(PEEKED)
    except Exception:  # a damaged zip raises many kinds; it is then no workbook
        return ""
    return text.decode("utf-8", errors="replace")


def read_sheet(path: Path, sheet: str | None = None) -> Sheet:
    """Read one sheet of a workbook as cells.

    Parameters
    ----------
    path : pathlib.Path
        ``.xlsx`` or ``.xlsm``; formulas are taken by their last value, the error of a formula as blank.
    sheet : str, optional
        By default the only one with cells in it.

    Returns
    -------
    Sheet
        Whole numbers without a decimal point, dates as ISO 8601, yes and no as ``TRUE`` and ``FALSE``.

    Raises
    ------
    CohortError
        For a damaged, encrypted, oversized workbook, one with links to others, an unknown sheet, or several to
        choose from.
    """
    check_workbook(path)
    try:
        book = CalamineWorkbook.from_path(str(path))
        chosen = _choose_sheet(path, book, sheet)
        cells = book.get_sheet_by_name(chosen)
        merged = tuple((*first, *last) for first, last in cells.merged_cell_ranges or ())
        rows = _collect(path, cells.iter_rows() if cells.height else iter(()))
    except CohortError:
        raise
    except Exception as error:  # the reader of workbooks raises kinds of its own, and panics for some damage
        said = (str(error).splitlines() or [type(error).__name__])[0]
        raise refuse(path, f"a workbook that cannot be read ({said})", "a whole workbook", AGAIN) from error
    start = cells.start or (0, 0)
    dates = tuple((r, c) for r, row in enumerate(rows) for c, cell in enumerate(row) if isinstance(cell, dt.date))
    texts = [[_as_text(cell) for cell in row] for row in rows]
    inside = tuple((a - start[0], b - start[1], c - start[0], d - start[1]) for a, b, c, d in merged)
    return Sheet(path, chosen, texts, start[0] + 1, dates, inside)


def check_workbook(path: Path) -> None:
    """Refuse a workbook that is no zip, unpacks to more than 600 MB, is damaged or links to other files."""
    try:
        list_members(path)  # refuses names that lead outside
        with zipfile.ZipFile(path) as file:
            members = file.infolist()
            if sum(member.file_size for member in members) > MOST_UNPACKED:
                found = f"a workbook that unpacks to more than {MOST_UNPACKED // 1_000_000} MB"
                raise refuse(path, found, "a smaller workbook", "save the one sheet that is needed as csv.")
            if any(member.filename.startswith(LINKS) for member in members):
                fix = "copy the sheet, paste its values into a new workbook, and save that."
                raise refuse(path, "links to other workbooks", "a workbook that stands alone", fix)
            if any(member.flag_bits & 1 for member in members):
                raise refuse(path, "a workbook with a password", "an open one", "save it without a password.")
            broken = file.testzip()
    except CohortError:
        raise
    except Exception as error:  # damaged zips raise many kinds
        raise refuse(path, "no readable workbook", "a workbook (xlsx)", f"save it as xlsx, or {AGAIN}") from error
    if broken:
        raise refuse(path, f"a workbook that is damaged ({broken})", "a whole workbook", AGAIN)


def is_workbook(members: Sequence[str]) -> bool:
    """Return whether names inside a zip are those of a workbook."""
    return "xl/workbook.xml" in members


def _choose_sheet(path: Path, book: CalamineWorkbook, sheet: str | None) -> str:
    if sheet is not None and sheet not in book.sheet_names:
        found, fix = f"no sheet {quote(sheet)}", f"choose one with --sheet: {name_some(map(quote, book.sheet_names))}."
        raise refuse(path, found, "a sheet of the workbook", fix)
    filled = [name for name in book.sheet_names if book.get_sheet_by_name(name).height] if sheet is None else [sheet]
    if len(filled) > 1:
        found = f"{count(len(filled), 'sheet')} with cells"
        raise refuse(path, found, "one chosen", f"choose with --sheet: {name_some(map(quote, filled))}.")
    if not filled:
        raise refuse(path, "no sheet with cells", "a table", AGAIN)
    return filled[0]


def _collect(path: Path, rows: Iterator[list[object]]) -> list[list[object]]:
    kept, n_cells = [], 0
    for row in rows:
        n_cells += len(row)
        _check_size(path, len(row), n_cells)
        kept.append(row)
    while kept and all(cell == "" for cell in kept[-1]):
        kept.pop()
    if not kept:
        raise refuse(path, "an empty sheet", "a table", "choose another with --sheet.")
    return kept


def _as_text(cell: object) -> str:
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    return cell.isoformat() if isinstance(cell, dt.date | dt.time) else str(cell).strip()


def _check_size(path: Path, n_columns: int, n_cells: int) -> None:
    if n_columns > MOST_COLUMNS:
        found = f"{n_columns:,} columns"
        raise refuse(path, found, f"at most {MOST_COLUMNS:,}", "leave out what is not needed, or turn the table.")
    if n_cells > MOST_CELLS:
        found = f"more than {MOST_CELLS:,} cells"
        raise refuse(path, found, "a smaller table", "split it, or leave out what is not needed.")


def _unescape(name: str) -> str:
    for sign, letter in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&")):
        name = name.replace(sign, letter)
    return name
