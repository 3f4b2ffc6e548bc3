"""Mark all that came back of a class, and write it down."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from joblib import Parallel, delayed

from helpers.classroom.guard import find_walls
from helpers.classroom.handout import EXAM
from helpers.classroom.making import MARKS, SUBMITTED, read_class
from helpers.classroom.marking import mark_student
from helpers.classroom.pages import write_marks
from helpers.classroom.running import Limits
from helpers.classroom.submissions import find_submissions
from helpers.problems import CohortError, Problem
from helpers.simulate import whole_folder


@dataclass(frozen=True)
class MarkedClass:
    """What marking a class gave.

    Attributes
    ----------
    folder, marks : pathlib.Path
        The class, and the folder with its marks.
    lines : tuple of tuple
        By student: id, points, points there were, notes to look at.
    unknown : tuple of str
        A sentence for each file that belongs to nobody.
    seconds : float
    is_walled : bool
        Each notebook was run in a space of its own, without a network, that the system provides.
    """

    folder: Path
    marks: Path
    lines: tuple[tuple[str, int, int, int], ...]
    unknown: tuple[str, ...]
    seconds: float
    is_walled: bool


def mark_class(folder: Path, limits: Limits, *, n_workers: int = 1) -> MarkedClass:
    """Mark the notebooks in the folder ``submitted`` of a class.

    Parameters
    ----------
    folder : pathlib.Path
        As :func:`helpers.classroom.making.make_class` made it.
    limits : Limits
        For each notebook.
    n_workers : int, default 1
        Students marked at a time. Changes no mark.

    Returns
    -------
    MarkedClass

    Raises
    ------
    CohortError
        When the folder is no class, or nothing came back.
    """
    started = time.perf_counter()
    made = read_class(folder)
    findings = find_submissions(folder / SUBMITTED, made.keys, (*made.plan.chapters, EXAM))
    if not findings.submissions and not findings.doubtful and not findings.unknown:
        fix = "put the notebooks there; what they are called does not matter."
        raise CohortError([Problem(f"{SUBMITTED}/", None, None, "nothing", "the notebooks that came back", fix)])
    jobs = (delayed(mark_student)(made, student, findings, limits) for student in made.keys)
    markings = Parallel(n_jobs=n_workers)(jobs)
    _keep_earlier(folder / MARKS)
    with whole_folder(folder / MARKS, overwrite=False) as partial:
        write_marks(partial, markings, findings.unknown)
    lines = tuple((one.student, one.points, one.out_of, sum(map(len, one.notes.values()))) for one in markings)
    seconds = time.perf_counter() - started
    return MarkedClass(folder, folder / MARKS, lines, findings.unknown, seconds, bool(find_walls(folder)))


def _keep_earlier(marks: Path) -> None:
    """Put marks of an earlier time aside, under a number: somebody may have written into them."""
    if marks.exists():
        number = next(n for n in range(1, 10**6) if not marks.with_name(f"{marks.name}_{n}").exists())
        marks.rename(marks.with_name(f"{marks.name}_{number}"))
