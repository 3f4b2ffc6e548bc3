"""Table 1 of a cohort whose outcome has no cut: everybody with a score, and what goes with it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.cohort import name_score
from helpers.contract import Cohort
from helpers.intervals import bound_correlation
from helpers.table1.summary import LABELS, SCORE, list_characteristics, show_levels, show_numbers
from helpers.wording import as_text, hide_small, tell_part, write_fixed

COLUMNS = ["characteristic", "statistic", "everybody", "r", "r_low", "r_high", "missing_text"]
FEWEST = 10  # participants for a correlation


def summarise_scored(cohort: Cohort, groups: pd.DataFrame) -> pd.DataFrame:
    """Describe everybody with a score, and how each characteristic goes along with it.

    Parameters
    ----------
    cohort : Cohort
    groups : pandas.DataFrame
        From ``helpers.cohort.assign_groups``.

    Returns
    -------
    pandas.DataFrame
        Index ``characteristic``; columns statistic, everybody (text), r with the score (Pearson, not adjusted; of numbers, and of
        labels that are two, the later one in the alphabet coded 1) with its 95 % interval (Fisher), missing_text. Small counts are hidden as
        in `summarise_groups`.
    """
    small, score = cohort.settings.small_cell, groups["score"].dropna()
    table = cohort.participants.loc[score.index, list_characteristics(cohort)]
    rows = [("Participants", "n", hide_small(len(score), small), *[np.nan] * 3, "")]
    rows.append(
        (
            SCORE if name_score(cohort.settings.outcome) == "resilience score" else name_score(cohort.settings.outcome),
            "mean (SD)",
            show_numbers(score, small),
            *[np.nan] * 3,
            "",
        )
    )
    for name, column in table.items():
        rows += _summarise(LABELS.get(name, str(name)), column, score, small)
    return pd.DataFrame(rows, columns=COLUMNS).set_index("characteristic")


def _summarise(label: str, column: pd.Series, score: pd.Series, small: int) -> list[tuple]:
    missing = hide_small(int(column.isna().sum()), small)
    if pd.api.types.is_numeric_dtype(column) and column.nunique() > 2:
        return [(label, "mean (SD)", show_numbers(column, small), *_correlate(column, score), missing)]
    levels = sorted(column.dropna().unique(), key=str)
    shown = show_levels(column, levels, small)
    is_pair = len(levels) == 2 and min((column == level).sum() for level in levels) >= small
    first = _correlate((column == levels[1]).astype(float).where(column.notna()), score) if is_pair else (np.nan,) * 3
    tails = [(*first, missing), *[(np.nan, np.nan, np.nan, "")] * len(levels)]
    return [(label, f"{level}, n (%)", text, *tail) for level, text, tail in zip(levels, shown, tails, strict=False)]


def _correlate(column: pd.Series, score: pd.Series) -> tuple[float, float, float]:
    both = pd.DataFrame({"x": column.astype(float), "score": score}).dropna()
    if len(both) < FEWEST or (both.std() == 0).any():
        return np.nan, np.nan, np.nan
    r = float(both["x"].corr(both["score"]))
    low, high = bound_correlation(r, len(both))
    return r, float(low), float(high)


def describe_scored(cohort: Cohort, groups: pd.DataFrame) -> str:
    """Say how many have a score, and what goes along with it before any analysis.

    Parameters
    ----------
    cohort : Cohort
    groups : pandas.DataFrame
        From ``helpers.cohort.assign_groups``.
    """
    n, name = int(groups["score"].notna().sum()), as_text(name_score(cohort.settings.outcome))
    return (
        f"{tell_part(n, len(groups), cohort.settings.small_cell)} participants have a {name}. No cut is made of it: every analysis "
        "asks for the slope along the score, and says r, the correlation with the covariates held."
    )


def describe_along(described: pd.DataFrame) -> str:
    """Name the characteristics that go along with the score, by the interval of r.

    Examples
    --------
    >>> table = pd.DataFrame({"r": [0.4, 0.1], "r_low": [0.2, -0.1], "r_high": [0.6, 0.3]}, index=["Age (years)", "BMI"])
    >>> describe_along(table)
    'Of 2 characteristics, 1 goes along with the score (interval of r without 0): Age (years) (r = 0.40).'
    """
    known = described.dropna(subset=["r"])
    sure = known[(known["r_low"] > 0) | (known["r_high"] < 0)]
    named = ", ".join(f"{as_text(name)} (r = {write_fixed(row['r'])})" for name, row in sure.iterrows())
    verb = "goes" if len(sure) == 1 else "go"
    return (
        f"Of {len(known)} characteristics, {len(sure) or 'none'} {verb} along with the score (interval of r without 0)"
        f"{f': {named}' if named else ''}."
    )
