"""A block of measurements as its file has it: the numbers, and where each of them stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from helpers.contract.cell_errors import CODE_FIX, CODES
from helpers.contract.files import COLUMNS_LISTED, ID, Reader
from helpers.problems import count

CHUNK = 256
HDF5, GZIP = b"\x89HDF", b"\x1f\x8b"
Locator = Callable[[int | None, int | None], tuple[str, int | None, str | None]]


@dataclass(frozen=True, eq=False)
class BlockTable:
    """One block: people by features, with a way back to the file.

    Attributes
    ----------
    reader : Reader
        Collects the problems.
    file : str
        Path inside the cohort folder; a folder when every person has a file.
    table : pandas.DataFrame of shape (n_rows, n_features)
        Index ``participant_id`` (ids may repeat: see `without_repeats`); numbers, NaN where unknown.
    locate : callable
        Row and column of ``table`` (None: not one of them) to file, line and column name.
    shows_ids : bool
        Whether a located file or column names a person; warnings then leave the place out, as they are
        shown on pages.
    has_text : bool
        Whether cells held text, which was reported and is NaN here: blanks are then not spoken of.
    """

    reader: Reader
    file: str
    table: pd.DataFrame
    locate: Locator
    shows_ids: bool = False
    has_text: bool = False

    @cached_property
    def values(self) -> np.ndarray:
        """The numbers, of shape (n_rows, n_features)."""
        return self.table.to_numpy()

    @cached_property
    def summary(self) -> Summary:
        """Figures per column and row, worked out once."""
        return summarise(self.values)

    @property
    def without_repeats(self) -> pd.DataFrame:
        """The table with the first row of every person."""
        again = self.table.index.duplicated()
        return self.table[~again] if again.any() else self.table

    def report(
        self,
        found: str,
        expected: str,
        fix: str,
        *,
        row: int | None = None,
        column: int | None = None,
        severity: str = "error",
    ) -> None:
        """Report a problem of one cell, row or column, or of the whole block."""
        if severity == "warning" and self.shows_ids:
            row = None
        file, line, name = self.locate(row, column)
        self.reader.report(file, found, expected, fix, line=line, column=name, severity=severity)

    def report_cells(self, is_bad: Callable[[np.ndarray], np.ndarray], columns: np.ndarray, expected: str, fix: str):
        """Report faulty cells: a problem per column, or a single one when most of many columns are at fault.

        Parameters
        ----------
        is_bad : callable
            Values of one column to a mask of its faulty cells.
        columns : numpy.ndarray of int
            Positions of the columns that have any.
        expected, fix : str
        """
        if columns.size > max(COLUMNS_LISTED, self.table.shape[1] // 2):
            self._report_most(is_bad, columns, expected, fix)
            return
        for column in columns[:COLUMNS_LISTED]:
            rows = np.flatnonzero(is_bad(self.values[:, column]))
            more = f" (and {count(rows.size - 1, 'more cell')} of this column)" if rows.size > 1 else ""
            first = self.values[rows[0], column]
            said = CODE_FIX if first in CODES else fix
            self.report(f"{_show(first)}{more}", expected, said, row=int(rows[0]), column=int(column))
        if columns.size > COLUMNS_LISTED:
            self.report(f"the same in {columns.size - COLUMNS_LISTED} further columns", expected, fix)

    def _report_most(self, is_bad: Callable[[np.ndarray], np.ndarray], columns: np.ndarray, expected: str, fix: str):
        first = int(columns[0])
        row = int(np.flatnonzero(is_bad(self.values[:, first]))[0])
        more = sum(int(is_bad(self.values[:, column]).sum()) for column in columns) - 1
        found = f"{_show(self.values[row, first])} (and {count(more, 'more cell')} in {columns.size:,} columns)"
        self.report(found, expected, fix, row=row, column=first)


def _show(value: float) -> str:
    return "a blank cell" if np.isnan(value) else f"'{value:g}'"


def read_block_table(reader: Reader, file: str, participants: pd.Index) -> BlockTable | None:
    """Read a wide table of numbers, people in rows or in columns (told by the ids).

    Parameters
    ----------
    reader : Reader
    file : str
        ``.tsv``, ``.tsv.gz``, ``.parquet`` or ``.biom``.
    participants : pandas.Index
        Ids of ``participants.tsv``.

    Returns
    -------
    BlockTable or None
        None, with the reason reported, when the file cannot be used at all.
    """
    n_before = len(reader.problems)
    read = read_biom(reader, file) if file.endswith(".biom") else reader.read_block(file, participants)
    if read is None:
        return None
    table, in_columns = read
    if table.shape[1] == 0:
        reader.report(
            file, f"nothing but {ID}", "a column per measurement", "add the measurements, or remove the file."
        )
        return None
    names = table.columns
    has_text = any(problem.column != ID for problem in reader.problems[n_before:])

    def locate(row: int | None, column: int | None) -> tuple[str, int | None, str | None]:
        if file.endswith(".biom"):
            return file, None, None if column is None else str(names[column])
        if in_columns:
            return file, None if column is None else column + 2, None if row is None else str(table.index[row])
        line = 1 if row is None and column is not None else None if row is None else reader.lines[file][row]
        return file, line, None if column is None else str(names[column])

    return BlockTable(reader, file, _as_plain_numbers(table), locate, shows_ids=in_columns, has_text=has_text)


def read_biom(reader: Reader, file: str) -> tuple[pd.DataFrame, bool] | None:
    """Read a BIOM table (HDF5 or JSON): samples are people, observations are features, metadata are left out."""
    import biom

    path = reader.folder / file
    try:
        with path.open("rb") as start:
            if not start.read(64).lstrip().startswith((HDF5, GZIP, b"{")):
                raise ValueError("neither HDF5 nor JSON")
        table = biom.load_table(str(path))
        values = table.matrix_data.toarray().T
        people, features = pd.Index(table.ids("sample").astype(str), name=ID), table.ids("observation").astype(str)
    except Exception as error:  # whatever the parsers of HDF5 and JSON say of damaged bytes
        reader.report_unreadable(file, error)
        return None
    if values.size == 0:
        reader.report(file, "an empty table", "one sample per person", "fill it, or remove the file.")
        return None
    return pd.DataFrame(_as_whole(values), index=people, columns=pd.Index(features)), False


def _as_whole(values: np.ndarray) -> np.ndarray:
    """Return whole numbers as integers, others as they are."""
    if np.isfinite(values).all() and np.abs(values).max() < 2**53 and (values == np.floor(values)).all():
        return values.astype(np.int64)
    return values


def _as_plain_numbers(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with booleans and nullable numbers as floats."""
    odd = [name for name, dtype in table.dtypes.items() if getattr(dtype, "kind", "O") not in "iuf"]
    odd += [name for name, dtype in table.dtypes.items() if name not in odd and not isinstance(dtype, np.dtype)]
    return table.astype(dict.fromkeys(odd, float)) if odd else table


@dataclass(frozen=True, eq=False)
class Summary:
    """Figures of a block, per column and per row; blanks and infinite cells are left out of all but their own.

    Attributes
    ----------
    low, high, total, weighted : numpy.ndarray of shape (n_features,)
        Smallest, largest, sum, and a sum with a weight per row (alike only for columns that are alike); ``low`` is inf
        and ``high`` -inf where nothing is known.
    n_known, n_infinite, n_zero, n_negative, n_fractional : numpy.ndarray of shape (n_features,)
    row_total, row_size, row_known : numpy.ndarray of shape (n_rows,)
        Sum, sum of absolute values, and number of known cells.
    """

    low: np.ndarray
    high: np.ndarray
    total: np.ndarray
    weighted: np.ndarray
    n_known: np.ndarray
    n_infinite: np.ndarray
    n_zero: np.ndarray
    n_negative: np.ndarray
    n_fractional: np.ndarray
    row_total: np.ndarray
    row_size: np.ndarray
    row_known: np.ndarray

    @property
    def range(self) -> tuple[float, float]:
        """Smallest and largest known number of the block; (inf, -inf) when there is none."""
        return float(self.low.min()), float(self.high.max())


def summarise(values: np.ndarray) -> Summary:
    """Return figures per column and row of a table of numbers, some columns at a time to save memory.

    Parameters
    ----------
    values : numpy.ndarray of shape (n_rows, n_features)
        Integers or floats; n_features of 1 or more.

    Returns
    -------
    Summary

    Examples
    --------
    >>> summary = summarise(np.array([[1.0, 0.5], [3.0, np.nan]]))
    >>> summary.total.tolist(), summary.row_total.tolist(), summary.n_fractional.tolist()
    ([4.0, 0.5], [1.5, 3.0], [0, 1])
    """
    weights = np.sqrt(np.arange(1, len(values) + 1))
    parts, rows = [], np.zeros((3, len(values)))
    for start in range(0, values.shape[1], CHUNK):
        chunk = values[:, start : start + CHUNK].astype(float)
        known = np.isfinite(chunk)
        filled = np.where(known, chunk, 0.0)
        parts.append(
            np.vstack(
                [
                    np.where(known, chunk, np.inf).min(axis=0, initial=np.inf),
                    np.where(known, chunk, -np.inf).max(axis=0, initial=-np.inf),
                    filled.sum(axis=0),
                    weights @ filled,
                    known.sum(axis=0),
                    np.isinf(chunk).sum(axis=0),
                    (known & (filled == 0)).sum(axis=0),
                    (filled < 0).sum(axis=0),
                    (filled != np.floor(filled)).sum(axis=0),
                ]
            )
        )
        rows += [filled.sum(axis=1), np.abs(filled).sum(axis=1), known.sum(axis=1)]
    figures = np.hstack(parts)
    return Summary(*figures[:4], *figures[4:].astype(int), rows[0], rows[1], rows[2].astype(int))
