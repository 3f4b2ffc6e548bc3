"""What the box *In this cohort* of a chapter is written from: its own result tables, and how numbers stand in its sentences."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import pandas as pd

from helpers.comparisons import find_side
from helpers.problems import MissingResult, name_some
from helpers.result_columns import read_words
from helpers.tables import read_result
from helpers.wording import as_text, write_fixed

LEVEL = 0.05
SIDES = {1: "higher in the high group", -1: "lower in the high group", 0: "no difference shown"}


def find_result(results_dir: str | os.PathLike[str], chapter: str, name: str) -> pd.DataFrame:
    """Read a result table; an empty one where the chapter could not write it for want of data.

    Parameters
    ----------
    results_dir : str or path-like
    chapter, name : str
        As for :func:`helpers.tables.read_result`.

    Examples
    --------
    >>> find_result("no/such/folder", "03_brain", "edges").empty
    True
    """
    try:
        return read_result(results_dir, chapter, name)
    except MissingResult:
        return pd.DataFrame()


def call(name: object) -> str:
    """Return what a feature is called on pages, safe for Markdown.

    Examples
    --------
    >>> call("hads.anxiety"), call("my_score")
    ('Anxiety (HADS)', 'my score')
    """
    return as_text(read_words().get(str(name), str(name).replace("_", " ")))


def tell_effect(row: Mapping[str, float], name: str = "d", *, start: str = "d =") -> str:
    """Return an effect with its interval.

    Parameters
    ----------
    row : mapping
        With `name` and its two bounds.
    name : str, default "d"
        Column.
    start : str, default "d ="
        What stands before the number.

    Examples
    --------
    >>> tell_effect({"d": -0.5, "d_low": -0.9, "d_high": -0.1})
    'd = −0.50 (95 % CI −0.90 to −0.10)'
    """
    value, low, high = (write_fixed(row[key]) for key in (name, f"{name}_low", f"{name}_high"))
    return f"{start} {value} (95 % CI {low} to {high})"


def tell_contrast(name: object, row: Mapping[str, float]) -> str:
    """Return a contrast of the groups with the word that its interval earns.

    Examples
    --------
    >>> tell_contrast("shannon", {"d": 0.1, "d_low": -0.3, "d_high": 0.5})
    '*Shannon (nats)* d = 0.10 (95 % CI −0.30 to 0.50), no difference shown'
    """
    return f"*{call(name)}* {tell_effect(row)}, {SIDES[find_side(row['d_low'], row['d_high'])]}"


def tell_found(
    table: pd.DataFrame, noun: str, several: str, *, by: str = "q", test: str = "q < 0.05", named: int = 3
) -> str:
    """Return how many features of a table pass its test, and which are the first.

    Parameters
    ----------
    table : pandas.DataFrame
        With the column `by`; not empty.
    noun, several : str
        What one feature is, and what several are.
    by : str, default "q"
    test : str
        What passing means.
    named : int, default 3
        Up to how many are named.

    Examples
    --------
    >>> table = pd.DataFrame({"q": [0.01, 0.5]}, index=["Dorea", "Blautia"])
    >>> tell_found(table, "genus", "genera", named=1), tell_found(table.iloc[1:], "edge", "edges")
    ('1 of 2 genera differs between the groups (q < 0.05): Dorea', 'none of 1 edge differs between the groups (q < 0.05)')
    """
    tested = table.dropna(subset=[by])
    found = tested[tested[by] < LEVEL].sort_values(by)
    total = f"{len(tested):,} {noun if len(tested) == 1 else several}"
    names = f": {name_some(call(one) for one in found.index)}" if 0 < len(found) <= named else ""
    verb = "differs" if len(found) <= 1 else "differ"
    return f"{f'{len(found):,}' if len(found) else 'none'} of {total} {verb} between the groups ({test}){names}"


def write_findings(sentences: Sequence[str]) -> str:
    """Return sentences as one paragraph; those that are empty, as their tables are not there, are left out.

    Examples
    --------
    >>> write_findings(["none differs", "", "N is 3 ([Figure](#figure-n))"])
    'None differs. N is 3 ([Figure](#figure-n)).'
    """
    return " ".join(f"{told[0].upper()}{told[1:]}." for told in sentences if told)
