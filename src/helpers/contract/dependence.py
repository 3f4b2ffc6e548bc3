"""Participants who are not independent of one another: several samples of one person, or people of one family."""

from __future__ import annotations

import re

import pandas as pd

from helpers.contract.files import Reader
from helpers.problems import count, name_some

FILE = "participants.tsv"
WORDS = (
    "family",
    "household",
    "twin",
    "subject",
    "mother",
    "host",
    "individual",
    "infant",
    "sibling",
    "couple",
    "donor",
    "dyad",
    "pair",
    "litter",
    "cage",
)
COLUMN = re.compile(rf"^(?:{'|'.join(WORDS)})(?:_?pair)?(?:_?(?:id|no|nr|number|code))?$", re.IGNORECASE)
SUFFIX = re.compile(r"^(.*\d)(?:[-_.]?[a-z]+[-_.]?\d{0,3}|[-_.]\d{1,2})$", re.IGNORECASE)
MIN_GROUPS, MEAN_AT_MOST = 5, 12
SAME_AGE = 3
FIX = (
    "name the column of families as `cluster:` in cohort.yml, and give further samples of a person a session_id; "
    "else p-values are too small, as they take all rows as independent. Nothing, if all rows are of people who are not related."
)


def check_dependence(reader: Reader, participants: pd.DataFrame) -> bool:
    """Warn of rows that belong together by a column such as ``family_id``, or by ids with a common stem.

    Stems need five groups or more of two to twelve rows on average, in which at least half of all rows stand. Suffixes
    must be few (visits 1 to 4), or sex and age the same within four of five groups: ids of sites with running numbers
    are neither.

    Parameters
    ----------
    reader : Reader
    participants : pandas.DataFrame
        Index ``participant_id``.

    Returns
    -------
    bool
        Whether it was told.
    """
    for name in participants.columns:
        groups = participants[name].dropna().astype(str)
        if COLUMN.match(str(name)) and _is_grouping(groups):
            _warn(reader, groups, f"the same {name} in several rows", str(name))
            return True
    ids = participants.index.to_series().astype(str)
    stems = ids.str.extract(SUFFIX, expand=False).dropna()
    if not _is_grouping(stems) or 2 * _in_groups(stems) < len(ids):
        return False
    suffixes = pd.Series(
        [person[len(stem) :] for person, stem in zip(stems.index, stems, strict=True)], index=stems.index
    )
    is_told = 2 * suffixes.nunique() <= stems.nunique() or _is_one_person(participants.loc[stems.index], stems)
    if is_told:
        _warn(reader, stems, "ids with a common stem", None)
    return is_told


def _is_grouping(groups: pd.Series) -> bool:
    sizes = groups.value_counts()
    repeated = (sizes > 1).sum()
    return repeated >= MIN_GROUPS and 10 * len(sizes) >= len(groups) and sizes.mean() <= MEAN_AT_MOST


def _in_groups(groups: pd.Series) -> int:
    sizes = groups.value_counts()
    return int(sizes[sizes > 1].sum())


def _is_one_person(people: pd.DataFrame, stems: pd.Series) -> bool:
    if not {"age", "sex"} <= set(people) or people["age"].dtype.kind not in "if":
        return False
    grouped = people.groupby(stems)
    several = grouped.size() > 1
    ages = grouped["age"].max() - grouped["age"].min()
    return bool(((grouped["sex"].nunique().lt(2)) & (ages <= SAME_AGE))[several].mean() >= 0.8)


def _warn(reader: Reader, groups: pd.Series, what: str, column: str | None) -> None:
    sizes = groups.value_counts()
    several = sizes[sizes > 1]
    reader.report(
        FILE,
        f"{what}: {count(int(several.sum()), 'row')} in {count(len(several), 'group')} ({name_some(sorted(several.index))})",
        "rows that are independent of one another, one per person",
        FIX,
        column=column,
        severity="warning",
    )
