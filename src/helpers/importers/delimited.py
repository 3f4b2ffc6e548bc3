"""Tables as text of other programs: every cell as written, every line as long as its header."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.importers.base import refuse
from helpers.importers.heads import AGAIN, MOST_COLUMNS, read_text
from helpers.problems import CohortError, Problem, count, name_some, quote

SEPARATORS = ("\t", ",", ";")
CELLS_LISTED = 5


def find_separator(header: str) -> str:
    """Return which of tab, comma and semicolon stands most often in a header.

    Examples
    --------
    >>> find_separator("a;b;c,d"), find_separator("alone")
    (';', '\\t')
    """
    return max(SEPARATORS, key=header.count)


def split_line(line: str, separator: str) -> list[str]:
    """Return the cells of one line, quotation marks taken off.

    Examples
    --------
    >>> split_line('"a,b",c', ",")
    ['a,b', 'c']
    """
    return next(csv.reader([line], delimiter=separator), [])


def read_frame(path: Path, *, separator: str | None = None, skip: int = 0, infer: bool = False) -> pd.DataFrame:
    """Read a table as text.

    Parameters
    ----------
    path : pathlib.Path
        Text in UTF-8, may be gzipped.
    separator : str, optional
        By default what stands most often in the header.
    skip : int, default 0
        Lines above the header.
    infer : bool, default False
        Whether columns of numbers but the first may come as numbers: faster, for large tables.

    Returns
    -------
    pandas.DataFrame
        All cells as text, as written, or as the same number; rows numbered from 0 (their line is row + skip + 2 where no cell runs over
        lines). Names of columns may be blank or stand twice.

    Raises
    ------
    CohortError
        When it cannot be read, has no rows, too many columns, or lines of another length than the header.
    """
    return parse_frame(read_text(path), path, separator=separator, skip=skip, infer=infer)


def parse_frame(
    text: str, path: Path, *, separator: str | None = None, skip: int = 0, infer: bool = False
) -> pd.DataFrame:
    """Read a table from text at hand: see :func:`read_frame`.

    Parameters
    ----------
    text : str
    path : pathlib.Path
        Named in errors.
    separator : str, optional
    skip : int, default 0
    infer : bool, default False

    Raises
    ------
    CohortError
    """
    try:
        return _take_apart(text, path, separator, skip, infer)
    except csv.Error as error:
        found = f"a line that cannot be taken apart ({error})"
        raise refuse(path, found, "cells between separators", AGAIN) from error


def _take_apart(text: str, path: Path, separator: str | None, skip: int, infer: bool) -> pd.DataFrame:
    start = _skip_lines(text, skip)
    end = _end_of_line(text, start)
    separator = separator or find_separator(text[start:end])
    if text.count(separator, start, end) >= MOST_COLUMNS:
        found = f"a table of more than {MOST_COLUMNS:,} columns"
        fix = "keep fewer features, for instance those in 5 % of samples."
        raise refuse(path, found, "a table a program can hold", fix)
    header = [cell.strip() for cell in split_line(text[start:end], separator)]
    if not text[end:].strip():
        raise refuse(path, "a header without rows", "at least one row", AGAIN)
    below = text[end + 1 : _end_of_line(text, end + 1)]
    if len(split_line(below, separator)) == len(header) + 1:
        header = ["", *header]  # R leaves out the header of the names of rows
    table = _parse_rows(text[end + 1 :], path, separator, len(header), skip + 2, infer)
    return table.set_axis(header, axis=1)


def _parse_rows(text: str, path: Path, separator: str, n_columns: int, first_line: int, infer: bool) -> pd.DataFrame:
    """Return rows as text cells, or numbers where they may be, each row as long as the header."""
    ragged = _find_ragged(text, separator, n_columns)
    if ragged is not None:
        found = f"{count(ragged[1], 'cell')} where the header has {n_columns:,}"
        raise refuse(path, found, "lines of one length", AGAIN, line=ragged[0] + first_line)
    try:
        return pd.read_csv(
            io.BytesIO(text.encode()),
            sep=separator,
            header=None,
            index_col=False,
            dtype={0: str} if infer else str,
            keep_default_na=False,
            na_values=[],
            low_memory=False,
        )
    except (ValueError, pd.errors.ParserError) as error:
        said = (str(error).splitlines() or ["no cells"])[0].removeprefix("Error tokenizing data. C error: ")
        raise refuse(path, f"no readable table ({said})", "lines of one length", AGAIN) from error


def _find_ragged(text: str, separator: str, n_columns: int) -> tuple[int, int] | None:
    """Return the first line that is not as long as the header, counted from 0, and its length; blank lines do not count."""
    if '"' in text:
        rows = csv.reader(io.StringIO(text), delimiter=separator)
        return next(((rows.line_num - 1, len(row)) for row in rows if row and len(row) != n_columns), None)
    lines = ((at, line.count(separator) + 1) for at, line in enumerate(text.split("\n")) if line)
    return next(((at, length) for at, length in lines if length != n_columns), None)


def _skip_lines(text: str, n: int) -> int:
    start = 0
    for _ in range(n):
        start = _end_of_line(text, start) + 1
    return start


def _end_of_line(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def check_unique(path: Path, names: Sequence[str], what: str) -> None:
    """Refuse names that are blank or stand twice.

    Parameters
    ----------
    path : pathlib.Path
    names : sequence of str
    what : str
        What is named, in words: ``"sample"``.

    Raises
    ------
    CohortError
    """
    twice = [name for name, n in Counter(names).items() if n > 1]
    problems = []
    if "" in names:
        problems.append(Problem(path.name, None, None, f"a {what} without a name", f"a name for every {what}", AGAIN))
    if twice and twice != [""]:
        found = f"the {what} {name_some(quote(name) for name in twice if name)} more than once"
        problems.append(Problem(path.name, None, None, found, f"every {what} once", "rename or remove the double."))
    if problems:
        raise CohortError(problems)


def to_numbers(path: Path, table: pd.DataFrame, *, missing: Sequence[str] = (), first_line: int = 2) -> pd.DataFrame:
    """Return a table of text as numbers; all cells that are none are told at once.

    Parameters
    ----------
    path : pathlib.Path
    table : pandas.DataFrame of str
        Its names of columns stand once.
    missing : sequence of str
        Cells that mean a missing value, e.g. ``["", "NA"]``; they become NaN.
    first_line : int, default 2
        The line of the first row, for errors.

    Returns
    -------
    pandas.DataFrame
        Whole numbers where all are whole, else decimals.

    Raises
    ------
    CohortError
        With the first five faulty columns, each with its first faulty cell.
    """
    values = np.empty(table.shape, dtype=float, order="F")
    problems = []
    for at, name in enumerate(table.columns):
        cells = table.iloc[:, at]
        numbers = cells.to_numpy(float) if cells.dtype.kind in "iuf" else np.array([_as_float(cell) for cell in cells])
        wrong = ~np.isfinite(numbers)
        if wrong.any():
            wrong &= ~cells.isin(missing).to_numpy()
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            problems.append(
                Problem(
                    path.name,
                    row + first_line,
                    str(name),
                    quote(cells.iloc[row]),
                    "a number",
                    "correct the cell, or export the table again.",
                )
            )
        values[:, at] = numbers
    if problems:
        raise CohortError(problems[:CELLS_LISTED])
    is_whole = (
        values.size and np.isfinite(values).all() and (values == np.floor(values)).all() and abs(values).max() < 2**53
    )
    return pd.DataFrame(values.astype(np.int64) if is_whole else values, index=table.index, columns=table.columns)


def _as_float(cell: object) -> float:
    """Return the number that a cell holds; NaN where it holds none."""
    try:
        return float(str(cell)) if "_" not in str(cell) else np.nan
    except ValueError:
        return np.nan
