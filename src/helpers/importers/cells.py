"""From cells as text to a table by id: which column holds the ids, which cells are missing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.contract.cell_errors import fold_name
from helpers.importers.base import refuse
from helpers.problems import CohortError, Problem, count, name_some, quote

ID = "participant_id"
ID_NAMES = (
    *("participantid", "participant", "recordid", "subjectid", "subject", "subjid", "sub", "id", "patientid"),
    *("personid", "sampleid", "sample", "samplename", "samples", "clientsampleid", "code", "pseudonym"),
)
BLANKS = (
    *("", "n/a", "N/A", "na", "NA", "nan", "NaN", "NAN", "null", "NULL", "Null", ".", "#N/A", "#n/a", "<NA>", "<na>"),
)


def mask_blanks(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of text with NaN for blank cells and usual marks for missing (``n/a``, ``NA``, ``.``)."""
    return table.astype(object).mask(table.isin(BLANKS))


def find_id_column(path: Path, columns: Sequence[str], wanted: str | None = None) -> str:
    """Return the column that holds the ids: the wanted one, one named like an id, or the first if it has no name.

    Parameters
    ----------
    path : pathlib.Path
    columns : sequence of str
    wanted : str, optional
        What the user names.

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


def index_by_id(path: Path, table: pd.DataFrame, column: str, *, first_line: int = 2) -> pd.DataFrame:
    """Return a table with its ids as index ``participant_id``.

    Parameters
    ----------
    path : pathlib.Path
    table : pandas.DataFrame
    column : str
        Holds the ids.
    first_line : int, default 2
        Line of the first row, for errors.

    Raises
    ------
    CohortError
        For rows without an id, and for ids that stand more than once.
    """
    ids = table[column].astype(object).where(~table[column].isin(BLANKS))
    problems = []
    blank = np.flatnonzero(ids.isna())
    if blank.size:
        found = f"{count(blank.size, 'row')} without an id"
        fix = "give every row an id, or remove the row."
        problems.append(Problem(path.name, int(blank[0]) + first_line, column or None, found, "an id", fix))
    again = (ids.duplicated() & ids.notna()).to_numpy()
    if again.any():
        found = f"{name_some(map(quote, ids[again].unique()))} more than once"
        line, fix = int(np.flatnonzero(again)[0]) + first_line, "keep one row per participant (of one visit)."
        problems.append(Problem(path.name, line, column or None, found, "every participant once", fix))
    if problems:
        raise CohortError(problems)
    return table.drop(columns=column).set_axis(pd.Index(ids.astype(str), name=ID, dtype=object))


def is_number(cell: str) -> bool:
    """Return whether a text is a finite number.

    Examples
    --------
    >>> is_number("-1.5e3"), is_number("inf"), is_number("sub-01"), is_number("1_0")
    (True, False, False, False)
    """
    try:
        return math.isfinite(float(cell)) and "_" not in cell
    except ValueError:
        return False
