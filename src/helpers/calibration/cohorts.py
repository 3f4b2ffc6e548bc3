"""Where the cohorts of the calibration come from."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from helpers.contract import Cohort, load_cohort
from helpers.simulate import simulate_cohort
from helpers.verdict import load_truth

KINDS = ("null_twin", "planted")
EFFECTS = {"null_twin": 0.0, "planted": 1.0}
TRIES = 10


@dataclass(frozen=True, eq=False)
class Draw:
    """One simulated cohort, as a user would have it, and what is true of it.

    Attributes
    ----------
    cohort : helpers.contract.Cohort
    truth : list of dict
        The ``planted`` part of its ``truth.yml``.
    seed : int
    """

    cohort: Cohort
    truth: list[dict[str, Any]]
    seed: int


def make_stream(root_seed: int, kind: str, number: int) -> np.random.SeedSequence:
    """Return the source of all chance of one cohort: it depends on nothing but these three.

    Parameters
    ----------
    root_seed : int
    kind : {"null_twin", "planted"}
    number : int
        From 0 upwards.

    Examples
    --------
    >>> make_stream(1, "planted", 7).spawn_key
    (1, 7)
    """
    return np.random.SeedSequence(root_seed, spawn_key=(KINDS.index(kind), number))


def draw_one(
    folder: str | os.PathLike[str], stream: np.random.SeedSequence, *, effect: float, n_participants: int = 116
) -> Draw:
    """Simulate a cohort and read it back as a user would.

    Parameters
    ----------
    folder : str or path-like
        Empty; the cohort is written below it.
    stream : numpy.random.SeedSequence
    effect : float
        0 for the null twin, 1 for the planted effects.
    n_participants : int, default 116

    Returns
    -------
    Draw

    Raises
    ------
    ValueError
        When the simulator refuses ten seeds in turn (so strong an effect that no correlation matrix is possible).
    """
    for number, seed in enumerate(stream.generate_state(TRIES).tolist()):
        try:
            made = simulate_cohort(Path(folder) / str(number), n_participants=n_participants, seed=seed, effect=effect)
        except ValueError as error:
            refused = error
            continue
        return Draw(load_cohort(made), load_truth(made) or [], seed)
    raise refused
