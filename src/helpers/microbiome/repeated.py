"""Several stools of one person: choose one by a declared rule, or model them all with a person's own level."""

from __future__ import annotations

import pandas as pd

from helpers.problems import count, name_some


def pick_one_sample(samples: pd.DataFrame, *, order: str | None = None, person: str = "participant_id") -> pd.Series:
    """Choose the first sample of each person.

    Stools of one person resemble each other. Counted as people they would make p too small; one of them, chosen by a rule
    that does not look at the result, makes it right.

    Parameters
    ----------
    samples : pandas.DataFrame
        Index sample; only those that may be chosen.
    order : str, optional
        Column of numbers (a day, a visit); the smallest is first. Blank: never chosen. None: by the sample's name.
    person : str, default "participant_id"
        Column; blank: never chosen.

    Returns
    -------
    pandas.Series
        Index person, sorted; the sample.

    Raises
    ------
    ValueError
        A column is missing, or a person has two samples that are first (counted).

    Examples
    --------
    >>> samples = pd.DataFrame({"participant_id": ["b", "a", "a"], "day": [3, 7, 2]}, index=["s1", "s2", "s3"])
    >>> pick_one_sample(samples, order="day").to_dict()
    {'a': 's3', 'b': 's1'}
    """
    if order is None:
        samples, order = samples.assign(_name=samples.index), "_name"
    _require_columns(samples, [person, order])
    known = samples.dropna(subset=[person, order])
    first = known[known[order] == known[person].map(known.groupby(person)[order].min())]
    if first[person].duplicated().any():
        n_tied = first.loc[first[person].duplicated(), person].nunique()
        raise ValueError(f"{count(n_tied, 'participant')} with two samples first in '{order}': choose another column.")
    return pd.Series(first.index, index=first[person].to_numpy()).sort_index()


def _require_columns(table: pd.DataFrame, names: list[str]) -> None:
    if missing := [name for name in names if name not in table.columns]:
        raise ValueError(f"The samples have no column {name_some(missing)}. They have: {name_some(table.columns)}.")
