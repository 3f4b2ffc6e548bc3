"""Look at how questionnaires were filled in before any score is trusted: blanks, ranges, straight lines."""

from __future__ import annotations

import pandas as pd

from helpers.contract import Cohort
from helpers.resilience.measures import find_scale
from helpers.resilience.scales import Scale
from helpers.wording import hide_small


def report_response_quality(cohort: Cohort) -> pd.DataFrame:
    """Report for each questionnaire how it was filled in.

    Parameters
    ----------
    cohort : Cohort

    Returns
    -------
    pandas.DataFrame
        Index ``measure``; columns answers (``item by item`` or ``scored columns``), allowed (range of an answer),
        found (lowest and highest answer), out_of_range (answers outside the allowed range), n_missing (people with some
        blank), n_unscored (too many blanks for a score) and n_straight (the same answer to all of three items or more,
        reversed items included). Counts of people are text: below ``settings.small_cell`` shown as ``<5``. A
        questionnaire this book has no rules for, or that comes scored, has its range found only.
    """
    rows = {
        name: _report(find_scale(cohort, name), frame, cohort.settings.small_cell)
        for name, frame in cohort.phenotype.items()
    }
    columns = ["answers", "allowed", "found", "out_of_range", "n_missing", "n_unscored", "n_straight"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("measure")


def count_out_of_range(items: pd.DataFrame, scale: Scale) -> int:
    """Return how many answers are no whole number in the range of a scale; blanks are not counted.

    Examples
    --------
    >>> from helpers.resilience import BRS
    >>> answers = pd.DataFrame([[1, 5, 6, 2.5, None, 3]], columns=list(BRS.items))
    >>> count_out_of_range(answers, BRS)
    2
    """
    given = items[[item for item in scale.items if item in items]]
    return int((given.notna() & ~given.isin(range(scale.lowest, scale.highest + 1))).sum(axis=None))


def find_straight_lines(items: pd.DataFrame) -> pd.Series:
    """Say who gave one and the same answer to all items they answered, three at least.

    Parameters
    ----------
    items : pandas.DataFrame of shape (n_participants, n_items)
        Answers; blank: not answered.

    Returns
    -------
    pandas.Series of bool

    Examples
    --------
    >>> find_straight_lines(pd.DataFrame([[3, 3, 3], [1, 2, 3], [3, 3, None]])).tolist()
    [True, False, False]
    """
    return (items.max(axis=1) == items.min(axis=1)) & (items.notna().sum(axis=1) >= 3)


def _report(scale: Scale | None, frame: pd.DataFrame, small: int) -> list[str]:
    numbers = frame.select_dtypes("number")
    if scale is None or any(item not in frame for item in scale.items):
        blank = int(numbers.isna().any(axis=1).sum())
        return ["scored columns", "", _write_range(numbers), "", hide_small(blank, small), "", ""]
    items = frame[list(scale.items)].astype(float)
    answered = items.notna().sum(axis=1)
    counts = [answered < len(scale.items), answered < scale.min_answered, find_straight_lines(items)]
    return [
        "item by item",
        f"{scale.lowest} to {scale.highest}",
        _write_range(items),
        str(count_out_of_range(items, scale)),
        *(hide_small(int(where.sum()), small) for where in counts),
    ]


def _write_range(values: pd.DataFrame) -> str:
    if values.notna().sum(axis=None) == 0:
        return "nothing"
    return f"{values.min(axis=None):.4g} to {values.max(axis=None):.4g}"
