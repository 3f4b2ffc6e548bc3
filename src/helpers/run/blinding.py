"""Blind first: the whole book with permuted groups into a folder of its own, and the day the true ones are shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from helpers.contract import Cohort
from helpers.problems import CohortError, Problem
from helpers.record.blinding import FOLDER, blind_cohort, forget_people, is_blind
from helpers.record.crate import SEAL
from helpers.record.verify import read_crate
from helpers.run.engine import BookRun, run_book
from helpers.run.recording import has_crate

UNBLINDING = "Unblinding"


def choose_run(output_dir: Path, *, blind: bool, unblind: bool) -> Callable[..., BookRun]:
    """Return what runs a cohort as its user asked: truly, blind, or truly after a blind run.

    Parameters
    ----------
    output_dir : pathlib.Path
    blind, unblind : bool

    Raises
    ------
    CohortError
        See `note_unblinding`.
    """
    if blind:
        return run_blind
    return partial(run_book, events=note_unblinding(output_dir, unblind=unblind))


def run_blind(cohort: Cohort, output_dir: Path, *, rng: np.random.Generator | None = None, **options: Any) -> BookRun:
    """Execute and render the book of a cohort with its outcome permuted.

    Parameters
    ----------
    cohort : Cohort
    output_dir : pathlib.Path
        Of the cohort; the blind book goes into ``blind/`` below it. Each blind run permutes anew and executes everything.
    rng : numpy.random.Generator, optional
        See :func:`helpers.record.blinding.blind_cohort`.
    **options
        As for `run_book`.

    Returns
    -------
    BookRun
    """
    place = output_dir / FOLDER
    with blind_cohort(cohort, rng) as hidden:
        try:
            return run_book(hidden, place, behind=cohort, **options)
        finally:
            forget_people(place, cohort.participants.index)


def note_unblinding(output_dir: Path, *, unblind: bool) -> list[dict[str, str]]:
    """Return what a true run has to note of a blind one, or refuse it where nobody asked for the truth.

    Parameters
    ----------
    output_dir : pathlib.Path
    unblind : bool

    Returns
    -------
    list of dict
        The unblinding, with its time; empty without ``unblind``.

    Raises
    ------
    CohortError
        When the folder holds a blind run itself; or a blind run was made, no true one, and `unblind` is False.
    """
    if is_blind(output_dir):
        fix = "name the folder above it, or another."
        raise CohortError(
            [Problem("--output", None, None, "the folder of a blind run", "one of its own for true groups", fix)]
        )
    blind = read_crate(output_dir / FOLDER)
    if not unblind:
        if blind is not None and not has_crate(output_dir):
            fix = "add --blind to go on blind, or --unblind to see the true groups, which is noted with its time."
            raise CohortError(
                [Problem("run", None, None, "a blind run, not yet unblinded", "--blind or --unblind", fix)]
            )
        return []
    return [
        {
            "name": UNBLINDING,
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "description": _tell_before(blind, output_dir),
        }
    ]


def _tell_before(blind: Mapping[str, Any] | None, output_dir: Path) -> str:
    seen = " True groups had been computed in this folder before." if has_crate(output_dir) else ""
    if blind is None:
        return f"The true groups are shown; no blind run was found before.{seen}"
    entities = {entity["@id"]: entity for entity in blind["@graph"]}
    return f"The true groups are shown. The blind run before ended {entities['#run']['endTime']}, its crate: sha256 {entities[SEAL]['value']}.{seen}"
