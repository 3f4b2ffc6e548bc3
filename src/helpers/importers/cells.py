"""From cells as text to a table by id: which column holds the ids, which cells are no numbers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.contract.damage import explain_number, fold_name
from helpers.importers.base import refuse
from helpers.importers.grids import PROBLEMS_LISTED
from helpers.problems import CohortError, Problem, count, name_some, quote

ID = "participant_id"
ID_NAMES = (
    *("participantid", "participant", "recordid", "subjectid", "subject", "subjid", "sub", "id", "patientid", "personid"),
    *("sampleid", "sample", "samplename", "samples", "clientsampleid", "participantcode", "code", "pseudonym"),
)
LINES_BEFORE = 2


def find_id_column(path: Path, columns: Sequence[str], wanted: str | None = None) -> str:
    """Return the column that holds the ids: the wanted one, one named like an id, or the first if it has no name.

    Raises
    ------
    CohortError
        When the wanted column is not there, or none can be told.
    """
    if wanted is not None:
        if wanted in columns:
            return wanted
        fix = f"choose one of {name_some(map(quote, columns))}."
        raise refuse(path, f"no column {quote(wanted)}", "the column that --column names", fix)
    folded = {fold_name(name): name for name in reversed(list(columns))}
    for name in ID_NAMES:
        if name in folded:
            return folded[name]
    if len(columns) and columns[0] == "":
        return columns[0]
    found = f"no column of ids among {name_some(map(quote, columns))}"
    raise refuse(path, found, "one such as participant_id", "name it with --column.")


def index_by_id(path: Path, table: pd.DataFrame, column: str, *, first_line: int = LINES_BEFORE) -> pd.DataFrame:
    """Return a table with its ids as index ``participant_id``.

    Raises
    ------
    CohortError
        For rows without an id, and for ids that stand more than once.
    """
    ids = table[column].astype(object)
    problems = []
    blank = np.flatnonzero(ids.isna())
    if blank.size:
        found = f"{count(blank.size, 'row')} without an id"
        fix = "give every row an id, or remove the row."
        problems.append(Problem(path.name, int(blank[0]) + first_line, column or None, found, "an id", fix))
    twice = ids[ids.duplicated() & ids.notna()]
    if len(twice):
        found = f"{name_some(map(quote, twice.unique()))} more than once"
        fix = "keep one row per participant (of one visit)."
        at = int(np.flatnonzero((ids.duplicated() & ids.notna()).to_numpy())[0]) + first_line
        problems.append(Problem(path.name, at, column or None, found, "every participant once", fix))
    if problems:
        raise CohortError(problems)
    return table.drop(columns=column).set_axis(pd.Index(ids.astype(str), name=ID, dtype=object))


def as_numbers(path: Path, table: pd.DataFrame, *, first_line: int = LINES_BEFORE) -> pd.DataFrame:
    """Return text as numbers, exactly as written; NaN stays NaN.

    Parameters
    ----------
    path : pathlib.Path
    table : pandas.DataFrame
        Cells are text or NaN.
    first_line : int
        Line of the first row.

    Raises
    ------
    CohortError
        For cells that are no finite numbers; the first five, then how many in all.
    """
    problems: list[Problem] = []
    n_bad, numbers = 0, {}
    for at, name in enumerate(table.columns):
        cells = table.iloc[:, at].to_numpy(object)
        values = np.fromiter(map(parse_number, cells), float, len(cells))
        bad = np.flatnonzero(np.isinf(values))
        n_bad += bad.size
        for row in bad[: PROBLEMS_LISTED - len(problems)]:
            problems.append(_no_number(path, int(row) + first_line, str(name), cells[row]))
        numbers[at] = values
    if n_bad > len(problems):
        fix = "mend them alike."
        problems.append(Problem(path.name, None, None, f"{n_bad} such cells in all", "numbers", fix))
    if problems:
        raise CohortError(problems)
    return pd.DataFrame(numbers, index=table.index).set_axis(table.columns, axis=1)


def parse_number(cell: object) -> float:
    """Return a cell as a number: NaN for a missing one, infinity for text that is none.

    Examples
    --------
    >>> parse_number("0.1"), parse_number("1e-7"), parse_number("1,5"), parse_number("1_0")
    (0.1, 1e-07, inf, inf)
    """
    if not isinstance(cell, str):
        return float("nan") if pd.isna(cell) else float(cell)
    try:
        value = float(cell)
    except ValueError:
        return float("inf")
    return float("inf") if "_" in cell or value != value else value


def is_number(cell: str) -> bool:
    """Return whether a text is a finite number.

    Examples
    --------
    >>> is_number("-1.5e3"), is_number("inf"), is_number("sub-01")
    (True, False, False)
    """
    return bool(np.isfinite(parse_number(cell)))


def _no_number(path: Path, line: int, column: str, cell: str) -> Problem:
    damage = explain_number(cell)
    what = f" ({damage.what})" if damage else ""
    fix = damage.fix if damage else "write the number with a decimal point, or n/a when it is unknown."
    return Problem(path.name, line, column, f"{quote(cell)}{what}", "a number", fix)
