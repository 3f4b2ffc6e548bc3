"""Ages beside what the cohort says it expects: participants outside, or a whole column in another unit."""

from __future__ import annotations

import pandas as pd

from helpers.contract.files import Reader
from helpers.contract.schema import read_schema
from helpers.problems import count, name_some

UNITS = {"months": 12, "days": 365.25}
MOSTLY = 0.8  # of the ages, from which a column as a whole is in another unit
FEWEST = 5


def check_age_range(reader: Reader, ages: pd.Series, expected: tuple[float, float]) -> None:
    """Report ages outside the ``age_range`` of ``cohort.yml``: a warning with their lines, or one error for another unit.

    Parameters
    ----------
    reader : Reader
    ages : pandas.Series
        In years, NaN where unknown; index: the row, 0 for line 2 of the file.
    expected : tuple of float
        Youngest and oldest, inclusive.

    Examples
    --------
    >>> from pathlib import Path
    >>> reader = Reader(Path("."), [])
    >>> check_age_range(reader, pd.Series([9.0, 31.0, 12.0]), (6, 17))
    >>> reader.problems[0].found, reader.problems[0].line
    ('1 age outside 6 to 17 (line 3)', 3)
    """
    low, high = expected
    known = ages.dropna()
    outside = known.index[~known.between(low, high)]
    if not len(outside):
        return
    file = read_schema()["participants"]["file"]
    unit = _name_unit(known, low, high)
    if unit is not None:
        found = f"what looks like ages in {unit}: {UNITS[unit]:g} times what age_range in cohort.yml expects"
        fix = f"divide by {UNITS[unit]:g}, or correct age_range."
        reader.report(file, found, f"{low:g} to {high:g} years", fix, column="age")
        return
    lines = [int(row) + 2 for row in outside]
    reader.report(
        file,
        f"{count(len(outside), 'age')} outside {low:g} to {high:g} ({'line' if len(lines) == 1 else 'lines'} {name_some(lines)})",
        "ages within age_range of cohort.yml",
        "correct the age if it is wrong; nothing, if these participants belong to the cohort; or widen age_range.",
        line=lines[0],
        column="age",
        severity="warning",
    )


def _name_unit(ages: pd.Series, low: float, high: float) -> str | None:
    """Return the unit in which nearly all ages fit the range, where nearly none does in years."""
    if len(ages) < FEWEST or ages.between(low, high).mean() > 1 - MOSTLY:
        return None
    fitting = [unit for unit, per_year in UNITS.items() if (ages / per_year).between(low, high + 1).mean() >= MOSTLY]
    return fitting[0] if fitting else None
