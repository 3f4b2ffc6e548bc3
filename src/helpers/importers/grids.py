"""Cells of a foreign file as text, row by row: delimited text and workbooks, within safe limits."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from python_calamine import CalamineWorkbook

from helpers.importers.base import HEAD_BYTES, refuse
from helpers.problems import CohortError, Problem, count, name_some, quote

MOST_BYTES = 200_000_000
MOST_CELLS = 20_000_000
MOST_COLUMNS = 100_000
MOST_UNPACKED = 600_000_000
PROBLEMS_LISTED = 5
SEPARATORS = ("\t", ",", ";", "|", " ")
BLANKS = ("", "n/a", "N/A", "na", "NA", "nan", "NaN", "NAN", "null", "NULL", "Null", ".", "#N/A", "#n/a", "<NA>", "<na>")
GZIP = b"\x1f\x8b"
ZIP = b"PK\x03\x04"
AGAIN = "export it again."


@dataclass(frozen=True)
class Grid:
    """Cells of one table as the program wrote them, blanks around them taken off.

    Attributes
    ----------
    path : pathlib.Path
    rows : list of list of str
        All of the same length; a blank cell is an empty text.
    first_line : int
        Line of the first row, as a spreadsheet counts.
    dates : tuple of tuple of int
        Row and column of cells that a workbook holds as dates, written as ISO 8601 text here.
    merged : tuple of tuple of int
        First row, first column, last row, last column of merged cells.
    """

    path: Path
    rows: list[list[str]]
    first_line: int = 1
    dates: tuple[tuple[int, int], ...] = ()
    merged: tuple[tuple[int, int, int, int], ...] = field(default=())

    def frame(self, *, header: int = 0) -> pd.DataFrame:
        """Return the rows below a header as text, NaN where blank or a mark for missing (``n/a``, ``NA``, ``.``).

        Raises
        ------
        CohortError
            When a column has no name (the first may), a name stands twice, or there is no row below the header.
        """
        names = self.rows[header] if len(self.rows) > header else []
        _check_names(self.path, names, self.first_line + header)
        if len(self.rows) <= header + 1:
            raise refuse(self.path, "no row below the header", "a table with rows", AGAIN)
        table = pd.DataFrame(self.rows[header + 1 :], columns=names, dtype=object)
        return table.mask(table.isin(BLANKS))


def read_text(path: Path) -> str:
    """Return a file as text, unpacked where it is gzipped; UTF-8 only, of at most 200 MB.

    Raises
    ------
    CohortError
        For an empty, too large, damaged or otherwise encoded file.
    """
    data = read_bytes(path)
    if not data.strip():
        raise refuse(path, "an empty file", "a table", AGAIN)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise refuse(path, "text in UTF-16", "text in UTF-8", "save it as UTF-8 (in a spreadsheet: CSV UTF-8).")
    if b"\0" in data:
        raise refuse(path, "zero bytes, which no text has", "a table as text", AGAIN)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        found, fix = "a letter that is not UTF-8", "save it as UTF-8 (in a spreadsheet: CSV UTF-8)."
        raise refuse(path, found, "text in UTF-8", fix, line=line) from error


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a file, unpacked where it is gzipped; at most 200 MB.

    Raises
    ------
    CohortError
        When the file is larger, cannot be read, or its packing is damaged.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(2) == GZIP
        with gzip.open(path, "rb") if packed else path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, EOFError, ValueError) as error:
        said = getattr(error, "strerror", None) or type(error).__name__
        raise refuse(path, f"a file that cannot be read ({said})", "a whole file", AGAIN) from error
    except Exception as error:  # zlib.error has no common parent with the others
        raise refuse(path, "a damaged gzip file", "a whole file", AGAIN) from error
    if len(data) > MOST_BYTES:
        fix = "split it, or leave out what is not needed."
        raise refuse(path, f"more than {MOST_BYTES // 1_000_000} MB", "a smaller table", fix)
    return data


def guess_separator(lines: Sequence[str]) -> str:
    """Return the sign that splits the first lines into the same number of cells, two or more; else the tab.

    Examples
    --------
    >>> guess_separator(["id;age", "a;1,5"]), guess_separator(["id,age", "a,1"])
    (';', ',')
    """
    head = [line for line in lines[:20] if line.strip()]
    for sign in SEPARATORS:
        widths = {len(row) for row in csv.reader(head, delimiter=sign, skipinitialspace=sign == " ")} if head else {0}
        if len(widths) == 1 and widths != {1}:
            return sign
    widest = max(SEPARATORS[:3], key=lambda sign: min((line.count(sign) for line in head), default=0))
    return widest if head and all(widest in line for line in head[:1]) else "\t"


def read_delimited(path: Path, separator: str | None = None) -> Grid:
    """Read delimited text as cells.

    Parameters
    ----------
    path : pathlib.Path
        ``.csv``, ``.tsv``, ``.txt``, also gzipped.
    separator : str, optional
        By default the one that splits the first lines evenly.

    Returns
    -------
    Grid

    Raises
    ------
    CohortError
        For lines with more or fewer cells than the first, a quotation mark that is not closed, more than 100,000
        columns or 20 million cells, and all that :func:`read_text` refuses.
    """
    text = read_text(path)
    separator = separator or guess_separator(text[:HEAD_BYTES].splitlines())
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=separator == " ")
    rows: list[list[str]] = []
    uneven: list[Problem] = []
    n_cells = n_uneven = 0
    try:
        for row in reader:
            if not any(map(str.strip, row)):
                continue
            n_cells += len(row)
            _check_size(path, len(row), n_cells)
            if rows and len(row) != len(rows[0]):
                n_uneven += 1
                if n_uneven <= PROBLEMS_LISTED:
                    uneven.append(_uneven(path, reader.line_num, len(row), len(rows[0])))
            rows.append([cell.strip() for cell in row])
    except csv.Error as error:
        found = f"a line that cannot be taken apart ({error})"
        raise refuse(path, found, "cells between separators", AGAIN, line=reader.line_num) from error
    if n_uneven > PROBLEMS_LISTED:
        fix = "mend them alike."
        uneven.append(Problem(path.name, None, None, f"{n_uneven} such lines in all", "lines of one length", fix))
    if uneven:
        raise CohortError(uneven)
    return Grid(path, rows)


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


def read_sheet(path: Path, sheet: str | None = None) -> Grid:
    """Read one sheet of a workbook as cells.

    Parameters
    ----------
    path : pathlib.Path
        ``.xlsx`` or ``.xlsm``; formulas are taken by their last value, the error of a formula as blank.
    sheet : str, optional
        By default the only one with cells in it.

    Returns
    -------
    Grid
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
    return Grid(path, texts, start[0] + 1, dates, inside)


def check_workbook(path: Path) -> None:
    """Refuse a workbook that is no zip, unpacks to more than 600 MB, is damaged or links to other files."""
    try:
        with zipfile.ZipFile(path) as file:
            members = file.infolist()
            if sum(member.file_size for member in members) > MOST_UNPACKED:
                found = f"a workbook that unpacks to more than {MOST_UNPACKED // 1_000_000} MB"
                raise refuse(path, found, "a smaller workbook", "save the one sheet that is needed as csv.")
            if any(member.filename.startswith("xl/externalLinks/") for member in members):
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


def _check_names(path: Path, names: Sequence[str], line: int) -> None:
    problems = []
    twice = [name for name, n in Counter(names).items() if name and n > 1]
    if twice:
        found = f"{name_some(map(quote, twice))} more than once in the header"
        problems.append(Problem(path.name, line, None, found, "every column once", "rename or remove the double."))
    blank = [at + 1 for at, name in enumerate(names) if not name and at]
    if blank:
        found = f"no name above column {name_some(blank)}"
        problems.append(Problem(path.name, line, None, found, "a name for every column", "name or remove the column."))
    if problems:
        raise CohortError(problems)


def _uneven(path: Path, line: int, n: int, expected: int) -> Problem:
    fix = "look for a cut line or a stray separator, or export it again."
    return Problem(path.name, line, None, count(n, "cell"), f"{expected}, as in the first line", fix)


def _unescape(name: str) -> str:
    for sign, letter in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&")):
        name = name.replace(sign, letter)
    return name
