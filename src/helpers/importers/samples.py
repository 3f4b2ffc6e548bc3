"""Tables of features by samples, from one file or one file a sample, turned to samples in rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.importers.base import refuse
from helpers.importers.delimited import check_unique
from helpers.problems import CohortError, Problem, name_some

ID = "participant_id"
ONE_TABLE = "name the one that you want."


def name_sample(path: Path, endings: str) -> str:
    """Return the sample of a file that is named after it.

    Parameters
    ----------
    path : pathlib.Path
    endings : str
        A regular expression of what the program adds to the name; taken off as often as it stands at the end.

    Examples
    --------
    >>> name_sample(Path("S1.kraken2.report.txt.gz"), r"[._](kraken2|report|txt)")
    'S1'
    """
    return re.sub(rf"(?:{endings})+$", "", path.name.removesuffix(".gz"), flags=re.IGNORECASE) or path.name


def join_samples(columns: Mapping[str, pd.Series], *, dtype: type = float) -> pd.DataFrame:
    """Return samples in rows from one column a sample; a feature that a sample does not list is 0.

    Parameters
    ----------
    columns : mapping of str to pandas.Series
        By sample; index: the feature, every one once.
    dtype : type, default float

    Returns
    -------
    pandas.DataFrame
        Index ``participant_id``: the names of samples. Features in the order in which they are first met.
    """
    features = list(dict.fromkeys(name for column in columns.values() for name in column.index))
    places = {name: at for at, name in enumerate(features)}
    values = np.zeros((len(columns), len(features)), dtype=dtype)
    for row, column in enumerate(columns.values()):
        values[row, [places[name] for name in column.index]] = column.to_numpy()
    return pd.DataFrame(values, index=pd.Index(list(columns), name=ID), columns=features)


def check_samples(paths: Sequence[Path], samples: Sequence[str]) -> None:
    """Refuse files of which two are of one sample.

    Parameters
    ----------
    paths : sequence of pathlib.Path
    samples : sequence of str
        In the same order.

    Raises
    ------
    CohortError
    """
    twice = {name for name, n in Counter(samples).items() if n > 1}
    problems = [
        Problem(
            path.name,
            None,
            None,
            f"a second file of the sample {name}" if name in samples[:at] else f"the sample {name} in several files",
            "one file a sample",
            "give the files of one run only, or rename them.",
        )
        for at, (path, name) in enumerate(zip(paths, samples, strict=True))
        if name in twice
    ]
    if problems:
        raise CohortError(problems[:5])


def turn(path: Path, table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of features in rows as one of samples in rows.

    Parameters
    ----------
    path : pathlib.Path
        Named in errors.
    table : pandas.DataFrame of numbers
        Index: features; columns: samples.

    Raises
    ------
    CohortError
        When a feature or sample has no name or stands twice, a value is negative or missing.
    """
    check_unique(path, [str(name) for name in table.columns], "sample")
    check_unique(path, [str(name) for name in table.index], "feature")
    values = table.to_numpy()
    if not np.isfinite(values).all():
        raise refuse(path, "cells without a number", "an abundance in every cell", "export the table again.")
    if values.size and values.min() < 0:
        names = table.index[(values < 0).any(axis=1)]
        raise refuse(
            path,
            f"values below 0 ({name_some(names)})",
            "abundances, 0 or more",
            "export it before any transformation.",
        )
    return table.T.rename_axis(ID)


def as_counts(path: Path, table: pd.DataFrame, fix: str) -> pd.DataFrame:
    """Return a table of counts as whole numbers.

    Parameters
    ----------
    path : pathlib.Path
    table : pandas.DataFrame of numbers
    fix : str
        What to do when they are no counts.

    Raises
    ------
    CohortError
        When a number is not whole.
    """
    values = table.to_numpy()
    if values.dtype.kind == "f" and (values != np.floor(values)).any():
        raise refuse(path, "numbers that are not whole, so no counts", "whole counts of reads", fix)
    return table.astype(np.int64)


def one_path(paths: Sequence[Path], what: str) -> Path:
    """Return the only path.

    Parameters
    ----------
    paths : sequence of pathlib.Path
    what : str
        What each of them is, in words.

    Raises
    ------
    CohortError
        When there are several.
    """
    if len(paths) > 1:
        found = f"{len(paths)} files that are each {what} ({name_some(path.name for path in paths)})"
        raise refuse(paths[1], found, "one of them", ONE_TABLE)
    return paths[0]
