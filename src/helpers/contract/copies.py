"""Two participants with the same measurements, or with measurements more alike than two people can be."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from helpers.contract.blocks import BlockTable
from helpers.contract.files import Reader
from helpers.problems import count, name_some

MIN_PEOPLE, MIN_FEATURES = 10, 12
MOST_FEATURES = 400
ALIKE = 0.97
SPREADS = 8
SHARED = 10
CHANCE_LOG10, MOST_OFTEN = -8, 2 / 3


def check_copies(block: BlockTable, *, counts: bool = False, odd: Collection[int] = ()) -> None:
    """Warn of participants who hold another's values, exactly or nearly.

    Each feature is standardised over participants (counts as logarithms), so that what all people share is gone. Pairs
    then correlate around 0; a pair is a copy at a correlation of 0.97 or more that also lies eight robust standard
    deviations (Fisher z) above all pairs.

    Parameters
    ----------
    block : BlockTable
        Of shape (n_participants, n_features); fewer than 10 participants or 12 features are not judged.
    counts : bool
    odd : collection of int
        Rows known to be on another scale: these are like one another for that alone, and not judged.
    """
    pairs = find_alike(block.values, counts=counts)
    names = block.table.index
    pairs = [(a, b) for a, b in pairs if names[a] != names[b] and not {a, b} & set(odd)]
    if not pairs:
        return
    said = [f"{names[b]} like {names[a]}" for a, b in pairs]
    block.report(
        f"{count(len(pairs), 'pair')} of participants with the same or nearly the same values ({name_some(said)})",
        "measurements of different people",
        "look in the original files: where one person, or one sample, was exported under two ids, keep it once; where one row was "
        "written over by another's, put its own values back.",
        row=pairs[0][1],
        severity="warning",
    )


def check_answers(reader: Reader, file: str, answers: pd.DataFrame) -> None:
    """Warn of participants who gave another's answers to every item of a questionnaire.

    Two people may agree by chance where many give the same answers; a pair is told when the product of the shares of
    people who gave each of these answers is below one in 10^8 (items go together, hence so small a number), and no answer
    makes up more than two thirds of the form: many people tick one column.

    Parameters
    ----------
    reader : Reader
    file : str
    answers : pandas.DataFrame of shape (n_participants, n_items)
        Index participant_id; NaN where not answered.
    """
    known = answers[answers.notna().all(axis=1)]
    if len(known) < MIN_PEOPLE or known.shape[1] < MIN_FEATURES:
        return
    most_often = np.array([np.unique(row, return_counts=True)[1].max() for row in known.to_numpy()])
    known = known[most_often / known.shape[1] <= MOST_OFTEN]
    if known.empty:
        return
    shares = np.column_stack([known[name].map(known[name].value_counts(normalize=True)) for name in known])
    rare = np.log10(shares).sum(axis=1) < CHANCE_LOG10
    groups = known[rare].groupby(list(known.columns), sort=False).groups.values()
    said = [f"{second} like {same[0]}" for same in groups for second in same[1:]]
    if said:
        reader.report(
            file,
            f"{count(len(said), 'pair')} of participants with the same answers to all {known.shape[1]} items ({name_some(said)})",
            "answers of different people",
            "look at the forms: where one was entered under two ids, keep it once; where one was typed over another, enter that again.",
            severity="warning",
        )


def find_alike(values: np.ndarray, *, counts: bool = False) -> list[tuple[int, int]]:
    """Return pairs of rows, first and second, that are copies of one another; each second row once."""
    values, rows = _standardise(values, counts)
    if len(rows) < MIN_PEOPLE or values.shape[1] < MIN_FEATURES:
        return []
    likeness = values @ values.T
    upper = np.triu_indices(len(rows), 1)
    z = np.arctanh(np.clip(likeness[upper], -0.999999, 0.999999))
    middle = np.median(z)
    spread = 1.4826 * np.median(np.abs(z - middle))
    hits = np.flatnonzero((likeness[upper] >= ALIKE) & (z - middle >= SPREADS * spread))
    found = {int(rows[upper[1][hit]]): int(rows[upper[0][hit]]) for hit in hits[::-1]}
    return sorted((first, second) for second, first in found.items())


def _standardise(values: np.ndarray, counts: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return rows of length 1, centred, of features that vary, and which rows these are."""
    values = np.asarray(values, dtype=float)
    values = np.where(np.isfinite(values), values, np.nan)
    if counts:
        common = np.flatnonzero((values > 0).mean(axis=0) >= 0.2)
        rows = np.flatnonzero((values[:, common] > 0).sum(axis=1) >= SHARED)
        values = np.log1p(np.maximum(values[:, common], 0))
    else:
        rows = np.flatnonzero(np.isfinite(values).mean(axis=1) >= 0.5)
        size = np.nanmin(values[rows], axis=0, initial=np.inf) if len(rows) else np.array([])
        skewed = size > 0
        values[:, skewed] = np.log(np.where(values[:, skewed] > 0, values[:, skewed], np.nan))
        if skewed.any():  # one person's scale is no likeness
            values[:, skewed] -= _middle_of(values[:, skewed])
    values = values[rows][:, :: max(1, values.shape[1] // MOST_FEATURES)]
    if not len(rows) or not values.shape[1]:
        return values, rows
    filled = np.isfinite(values).mean(axis=0) >= 0.5
    values = values[:, filled]
    middle = np.nanmedian(values, axis=0) if values.shape[1] else np.array([])
    values = np.nan_to_num(values - middle)
    spread = values.std(axis=0)
    if not (spread > 1e-12).any():
        return values[:, :0], rows
    values = np.clip(values[:, spread > 1e-12] / spread[spread > 1e-12], -5, 5)
    values -= values.mean(axis=1, keepdims=True)
    length = np.linalg.norm(values, axis=1)
    kept = length > 1e-9
    return values[kept] / length[kept, None], rows[kept]


def _middle_of(values: np.ndarray) -> np.ndarray:
    """Return the mean of every row of what is known, as a column; 0 where nothing is."""
    known = np.isfinite(values)
    return (np.where(known, values, 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1))[:, None]
