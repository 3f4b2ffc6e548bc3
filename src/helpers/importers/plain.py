"""Tables that no program names, as csv, tsv or xlsx; the user says what they are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from helpers.importers.base import Format, Head, Imported, LeftOut, Options, refuse
from helpers.importers.cells import BLANKS, find_id_column, index_by_id, is_number
from helpers.importers.delimited import check_unique, read_frame
from helpers.importers.heads import ZIP, read_head
from helpers.importers.roles import check_role, place_table
from helpers.importers.workbooks import Sheet, read_sheet
from helpers.problems import count, name_some, quote

COMMA = re.compile(r"-?\d+,\d+")
POINT = re.compile(r"-?\d+\.\d+")
FEATURES = re.compile(r"(metabolite|compound|analyte|taxon|taxa|otu|asv|feature|biochemical)s?(\s?_?(id|name))?", re.I)
TURNABLE = ("taxa", "metabolites")
FEWEST_COLUMNS = 2
MOSTLY = 0.8


@dataclass(frozen=True, eq=False)
class _Plain:
    frame: pd.DataFrame
    first_line: int
    notes: list[str]


def read_plain(paths: Sequence[Path], options: Options) -> Imported:
    """Read one plain table.

    Parameters
    ----------
    paths : sequence of pathlib.Path
        One csv, tsv or xlsx; commas, semicolons or tabs between cells.
    options : Options
        ``role``: what the table is, needed; ``column``: the ids; ``sheet``: of a workbook.

    Returns
    -------
    Imported
        Decimal commas are read as points, and that is said; so are dates of a workbook. ``<0.5`` and ``ND`` among metabolites become
        0 (below detection), blanks stay missing. Personal columns are left out.

    Raises
    ------
    CohortError
        Without a role; for merged cells, two header lines, commas and points for decimals in one table, an id twice or none,
        cells that the role does not allow.
    """
    if len(paths) > 1:
        raise refuse(paths[1], f"{len(paths)} plain tables", "one at a time", "import them one by one.")
    (path,) = paths
    role = check_role(path, options.role)
    plain = _read_workbook(path, options.sheet) if read_head(path).start.startswith(ZIP) else _read_text(path)
    frame = _turn(path, plain.frame) if role in TURNABLE else plain.frame
    check_unique(path, frame.columns[1:].tolist(), "column")
    _check_second_header(path, frame, plain.first_line)
    column = find_id_column(path, frame.columns, options.column)
    frame, commas = _mend_commas(path, frame, column)
    frame, blank = _drop_blank(frame)
    table = index_by_id(path, frame, column, first_line=plain.first_line)
    notes = [*plain.notes, *commas]
    return place_table(path, table, role, left_out=blank, notes=notes, first_line=plain.first_line)


def _read_text(path: Path) -> _Plain:
    return _Plain(read_frame(path), 2, [])


def _read_workbook(path: Path, name: str | None) -> _Plain:
    sheet = read_sheet(path, name)
    if sheet.merged:
        row, column = sheet.merged[0][0] + sheet.first_line, sheet.merged[0][1] + 1
        found = f"{count(len(sheet.merged), 'group')} of merged cells, the first in column {column}"
        fix = "unmerge them, so that every column has one name and every row its own cells."
        raise refuse(path, found, "one header line and no merged cells", fix, line=row)
    return _Plain(sheet.frame(), sheet.first_line + 1, _tell_dates(sheet))


def _tell_dates(sheet: Sheet) -> list[str]:
    names = list(dict.fromkeys(sheet.rows[0][column] for row, column in sheet.dates if row))
    if not names:
        return []
    return [f"{count(len(sheet.dates), 'cell')} hold dates (in {name_some(names)}); they are written as 2026-01-31."]


def _turn(path: Path, frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table with features in rows as one with people in rows."""
    if not FEATURES.fullmatch(frame.columns[0].strip()):
        return frame
    check_unique(path, frame.iloc[:, 0].tolist(), "feature")
    return frame.set_index(frame.columns[0]).T.rename_axis("participant_id").rename_axis(None, axis=1).reset_index()


def _check_second_header(path: Path, frame: pd.DataFrame, first_line: int) -> None:
    """Refuse a table whose first row is text above columns of numbers."""
    if len(frame) < 3:
        return
    first, others = frame.iloc[0], frame.iloc[1:]
    numeric = [at for at in range(frame.shape[1]) if _are_numbers(others.iloc[:, at])]
    texts = [at for at in numeric if first.iloc[at] not in BLANKS and not is_number(first.iloc[at].replace(",", "."))]
    if len(texts) >= FEWEST_COLUMNS and len(texts) > MOSTLY * len(numeric):
        found = f"a second header line ({name_some(quote(first.iloc[at]) for at in texts)})"
        raise refuse(path, found, "numbers below one header line", "keep one line of names.", line=first_line)


def _are_numbers(cells: pd.Series) -> bool:
    known = [cell.replace(",", ".") for cell in cells[~cells.isin(BLANKS)]]
    return bool(known) and sum(map(is_number, known)) >= MOSTLY * len(known)


def _mend_commas(path: Path, frame: pd.DataFrame, column: str) -> tuple[pd.DataFrame, list[str]]:
    """Return a table with points in place of decimal commas."""
    cells = frame.drop(columns=column)
    has_comma = cells.apply(lambda one: one.str.fullmatch(COMMA))
    n = int(has_comma.to_numpy().sum())
    if not n:
        return frame, []
    has_point = cells.apply(lambda one: one.str.fullmatch(POINT))
    if has_point.to_numpy().any():
        name = has_point.columns[has_point.any()][0]
        found = f"{count(n, 'number')} with a comma, and others with a point (in {quote(name)})"
        raise refuse(path, found, "one sign for decimals", "write every number with a decimal point.")
    mended = cells.apply(lambda one: one.where(~has_comma[one.name], one.str.replace(",", ".", regex=False)))
    said = f"{count(n, 'number')} with a decimal comma were read as numbers with a point."
    return pd.concat([frame[[column]], mended], axis=1), [said]


def _drop_blank(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[LeftOut]]:
    """Drop rows and nameless columns without a cell, which spreadsheets leave behind."""
    is_blank = frame.isin(BLANKS)
    rows = is_blank.all(axis=1)
    columns = [not name and is_blank.iloc[:, at].all() for at, name in enumerate(frame.columns)]
    left_out = [LeftOut("blank rows", int(rows.sum()), "no cell is filled")] if rows.any() else []
    left_out += [LeftOut("blank columns", sum(columns), "no cell is filled")] if any(columns) else []
    return frame.loc[~rows, [not blank for blank in columns]], left_out


def _detect(head: Head) -> bool:
    """Return False: what a plain table is cannot be told from its content."""
    return False


FORMATS: tuple[Format, ...] = (
    Format(
        "plain",
        "any spreadsheet or statistics program",
        "a plain table (csv, tsv, xlsx)",
        "what --role says",
        _detect,
        read_plain,
        specificity=0,
    ),
)
