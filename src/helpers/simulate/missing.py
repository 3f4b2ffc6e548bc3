"""Who lacks which measurement, and which answers are blank: chosen after everything was measured."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from helpers.simulate.effects import People
from helpers.simulate.people import CUT, N_CD_RISC

# How many, in multiples of `missing`, and from where on in one shuffled circle of people: nobody lacks two at small shares.
LACKING = {
    "brain": (1.0, 0.0),
    "tracts": (0.25, 0.5),
    "stool": (1.0, 0.4),
    "transcripts": (0.5, 0.95),
    "metabolites": (0.75, 0.8),
}
BLANK_ANSWERS = {"cd_risc": 1.4, "brs": 0.5, "hads": 0.75, "ffmq": 0.25, "csq": 0.5}
BLANK_BMI = 0.5
MAX_BLANK_ITEMS = 3
TABLES_LOST = {
    "connectivity": ("brain",),
    "volumes": ("brain",),
    "motion": ("brain",),
    "tracts": ("brain", "tracts"),
    "taxa": ("stool",),
    "transcripts": ("stool", "transcripts"),
    "metabolites": ("metabolites",),
}


def choose_lacking(ids: pd.Index, missing: float, *, rng: np.random.Generator) -> dict[str, set[str]]:
    """Choose who lacks which table.

    The same seed with a larger share takes nobody back. Half of those without a stool sample lack the metabolites too.

    Parameters
    ----------
    ids : pandas.Index
    missing : float
        Share of people without the scan, and without the stool sample; 0 to 0.5.
    rng : numpy.random.Generator

    Returns
    -------
    dict of str to set of str
        By block, the people who lack it.
    """
    order = rng.permutation(ids).tolist() * 2
    lost = {}
    for name, (multiple, offset) in LACKING.items():
        start = round(offset * len(ids))
        lost[name] = order[start : start + round(multiple * missing * len(ids))]
    lost["metabolites"] += lost["stool"][: math.ceil(len(lost["stool"]) / 2)]
    return {block: {person for name in names for person in lost[name]} for block, names in TABLES_LOST.items()}


def blank_some(
    participants: pd.DataFrame,
    phenotype: dict[str, pd.DataFrame],
    people: People,
    missing: float,
    *,
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Blank single answers and the BMI of some people; nobody changes groups and everybody can be scored.

    Parameters
    ----------
    participants : pandas.DataFrame
    phenotype : dict of str to pandas.DataFrame
    people : People
    missing : float
        From 0 to 0.5.
    rng : numpy.random.Generator

    Returns
    -------
    pandas.DataFrame, dict of str to pandas.DataFrame
        Copies with NaN.
    """
    blanked = {name: table.copy() for name, table in phenotype.items()}
    for name, multiple in BLANK_ANSWERS.items():
        table = blanked[name]
        for row in _choose_rows(len(table), multiple * missing, rng):
            columns = _choose_items(people, row, rng) if name == "cd_risc" else [rng.integers(table.shape[1])]
            table.iloc[row, columns] = np.nan
    shown = participants.copy()
    shown.loc[shown.index[_choose_rows(len(shown), BLANK_BMI * missing, rng)], "bmi"] = np.nan
    return shown, blanked


def _choose_rows(n: int, share: float, rng: np.random.Generator) -> np.ndarray:
    return rng.permutation(n)[: round(min(share, 1.0) * n)]


def _choose_items(people: People, row: int, rng: np.random.Generator) -> np.ndarray:
    """Choose answers whose filling with the person's mean leaves the person clearly on the same side of the cut."""
    for _ in range(100):
        items = rng.choice(N_CD_RISC, rng.integers(1, MAX_BLANK_ITEMS + 1), replace=False)
        total = np.delete(people.answers[row], items).mean() * N_CD_RISC
        if (total >= CUT) == people.high[row] and not CUT - 1 < total < CUT:
            return items
    return np.array([], dtype=int)
