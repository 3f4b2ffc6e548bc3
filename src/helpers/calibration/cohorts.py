"""Where the cohorts of the calibration come from."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from helpers.contract import Cohort
from helpers.simulate import draw_cohort

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
    folder: str | os.PathLike[str],
    stream: np.random.SeedSequence,
    *,
    effect: float,
    n_participants: int = 116,
    blocks: Collection[str] | None = None,
) -> Draw:
    """Simulate a cohort in memory: what a user would read from its folder.

    Parameters
    ----------
    folder : str or path-like
        Where the tree of the taxa is written, which chapters read from a file.
    stream : numpy.random.SeedSequence
    effect : float
        0 for the null twin, 1 for the planted effects.
    n_participants : int, default 116
    blocks : collection of str, optional
        Only these, to save time; by default all.

    Returns
    -------
    Draw

    Raises
    ------
    ValueError
        When the simulator refuses ten seeds in turn (so strong an effect that no correlation matrix is possible).
    """
    for seed in stream.generate_state(TRIES).tolist():
        try:
            drawn = draw_cohort(n_participants=n_participants, seed=seed, effect=effect, blocks=blocks)
        except ValueError as error:
            refused = error
            continue
        tree_path = Path(folder) / "tree.nwk"
        tree_path.write_text(drawn.tree, encoding="utf-8")
        cohort = replace(drawn.cohort, tree_path=tree_path if drawn.tree else None)
        order = [drawn.truth["order"]] if "order" in drawn.truth else []
        return Draw(cohort, [*drawn.truth["planted"], *order], seed)
    raise refused
