"""Tables as the contract wants their text: tab-separated, ``n/a`` for a missing cell, every number as it was."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from helpers.tables import MISSING

LARGEST_WHOLE = 1e15
QUOTE = str.maketrans({'"': "'"})


def tidy_name(name: object) -> str:
    """Return a name that stands in one cell: blanks, tabs and line ends as one blank, double quotes as single ones.

    Examples
    --------
    >>> tidy_name(' Bacteroides "x"  1')
    "Bacteroides 'x' 1"
    """
    return " ".join(str(name).translate(QUOTE).split())


def format_table(table: pd.DataFrame) -> str:
    """Return a table as text of a cohort folder.

    Parameters
    ----------
    table : pandas.DataFrame
        Its index becomes the first column, under the index's name.

    Returns
    -------
    str
        Numbers in as many digits as give the same number again, whole ones without a point; missing and blank cells
        as ``n/a``; texts on one line.

    Examples
    --------
    >>> table = pd.DataFrame({"a": [1.0, np.nan], "b": ["x", ""]}, index=pd.Index(["s1", "s2"], name="participant_id"))
    >>> print(format_table(table).replace(chr(9), " "))
    participant_id a b
    s1 1 x
    s2 n/a n/a
    """
    header = "\t".join([tidy_name(table.index.name), *map(tidy_name, table.columns)])
    names = [tidy_name(name) for name in table.index]
    kinds = {getattr(dtype, "kind", "O") if isinstance(dtype, np.dtype) else "O" for dtype in table.dtypes}
    if kinds <= set("iuf"):
        values = table.to_numpy()
        rows = (_format_numbers(row) for row in values)
    else:
        rows = zip(*(_format_cells(table.iloc[:, at]) for at in range(table.shape[1])), strict=True)
    lines = ["\t".join([name, *cells]) for name, cells in zip(names, rows, strict=True)]
    return "\n".join([header, *lines]) + "\n"


def _format_numbers(values: np.ndarray) -> Iterable[str]:
    if values.dtype.kind in "iu":
        return map(str, values.tolist())
    return map(_format_number, values.tolist())


def _format_number(value: float) -> str:
    if value != value:
        return MISSING
    return str(int(value)) if abs(value) < LARGEST_WHOLE and value == int(value) else repr(value)


def _format_cells(cells: pd.Series) -> list[str]:
    return [_format_cell(cell) for cell in cells.tolist()]


def _format_cell(cell: object) -> str:
    if cell is None or cell is pd.NA or cell is pd.NaT:
        return MISSING
    if isinstance(cell, bool | np.bool_):
        return str(bool(cell))
    if isinstance(cell, int | float | np.number):
        return _format_number(float(cell)) if isinstance(cell, float | np.floating) else str(int(cell))
    return tidy_name(cell) or MISSING
