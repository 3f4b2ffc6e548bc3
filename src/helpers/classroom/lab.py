"""A folder to work in: the student edition, and the result tables that its chapters read."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from helpers.classroom.editions import Edition, write_student_edition
from helpers.contract import Cohort
from helpers.problems import CohortError, Problem, name_some
from helpers.run import CHAPTERS, BookRun, hold_output, run_book
from helpers.run.engine import RESULTS, list_reasons_to_skip

RUN = "run"  # folder of what was computed for the lab, beside its notebooks
FEW = MappingProxyType(  # permutations and repeats that are enough to learn from
    {
        "03_brain.n_permutations": 199,
        "03_brain.n_permutations_nbs": 199,
        "03_structure.n_permutations_maps": 19,
        "03_brain.n_permutations_real": 5,
        "04_microbiome.n_permutations": 199,
        "06_integration.n_permutations": 9,
        "06_integration.n_repeats": 2,
        "06_integration.n_repeats_shuffled": 2,
        "lab_leakage.n_noise": 2,
        "lab_leakage.n_twins": 1,
        "lab_multiverse.n_permutations": 20,
    }
)
OFFLINE = (
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.news_url=None",
    "--LabApp.extension_manager=readonly",
    "--ServerApp.terminals_enabled=False",
)


@dataclass(frozen=True)
class Lab:
    """A folder that is ready to be opened.

    Attributes
    ----------
    folder : pathlib.Path
    edition : Edition
        Notebooks written and kept.
    copied : tuple of str
        Chapters whose tables come from a finished run.
    computed : BookRun or None
        The run that made the tables that were missing; None where none were.
    skipped : mapping of str to str
        Chapters that were asked for and that the cohort has no data for, with the reason.
    """

    folder: Path
    edition: Edition
    copied: tuple[str, ...]
    computed: BookRun | None
    skipped: Mapping[str, str]


def prepare_lab(
    cohort: Cohort,
    folder: Path,
    *,
    chapters: Collection[str] = (),
    finished: Path | None = None,
    n_workers: int = 1,
    open_places: Mapping[str, Any] | None = None,
) -> Lab:
    """Write the student edition, with the tables that its chapters and exercises read.

    Tables come from a finished run where there is one; what is missing is run with few permutations. A notebook or a table
    that is in the folder already stays as it is.

    Parameters
    ----------
    cohort : Cohort
    folder : pathlib.Path
        New, or of an earlier lab.
    chapters : collection of str, optional
        Ids; by default the chapters that the cohort has data for.
    finished : pathlib.Path, optional
        Output folder of a finished run on the same cohort.
    n_workers : int, default 1
    open_places : mapping, optional
        As for :func:`helpers.run.run_book`.

    Returns
    -------
    Lab

    Raises
    ------
    CohortError
        When there is no such chapter, the cohort has data for none of them, or the folder is a file.
    """
    _refuse(folder, chapters)
    reasons = list_reasons_to_skip(cohort)
    asked = [c for c in CHAPTERS if (c.id in chapters if chapters else not c.id.startswith("lab_"))]
    wanted = [c for c in asked if c.id not in reasons]
    if not wanted:
        told = "; ".join(f"{c.id}: {reasons[c.id]}" for c in asked)
        raise CohortError([Problem("--chapter", None, None, told, "a chapter with data", "choose another chapter.")])
    run_dir = folder / RUN
    needed = list_needed([chapter.id for chapter in wanted], reasons)
    copied = _copy_finished(needed, finished / RESULTS if finished else None, run_dir / RESULTS)
    missing = [name for name in needed if not (run_dir / RESULTS / name).is_dir()]
    computed = compute_tables(cohort, run_dir, missing, n_workers, open_places) if missing else None
    edition = write_student_edition(
        folder, cohort=cohort, results_dir=run_dir / RESULTS, chapters=[c.id for c in wanted]
    )
    return Lab(folder, edition, copied, computed, {c.id: reasons[c.id] for c in asked if c.id in reasons})


def open_lab(folder: Path, *, options: Iterable[str] = ()) -> int:
    """Open a folder in JupyterLab and wait until it is closed.

    Parameters
    ----------
    folder : pathlib.Path
    options : iterable of str, optional
        Further options of JupyterLab.

    Returns
    -------
    int
        Exit code of JupyterLab.

    Raises
    ------
    CohortError
        When JupyterLab is not installed.
    """
    if importlib.util.find_spec("jupyterlab") is None:
        fix = "`make lab` installs it; without make: python -m pip install -e '.[course]'"
        raise CohortError([Problem("JupyterLab", None, None, "no JupyterLab", "the extra packages of the course", fix)])
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}", *OFFLINE, *options]
    return subprocess.run(command, check=False).returncode


def refuse_unknown(chapters: Collection[str]) -> None:
    """Refuse chapters that do not exist.

    Parameters
    ----------
    chapters : collection of str

    Raises
    ------
    CohortError
    """
    problems = _find_unknown(chapters)
    if problems:
        raise CohortError(problems)


def _find_unknown(chapters: Collection[str]) -> list[Problem]:
    known = [chapter.id for chapter in CHAPTERS]
    expected, fix = f"one of {', '.join(known)}", "correct its spelling."
    unknown = sorted(set(chapters) - set(known))
    return [Problem(f"--chapter {name}", None, None, "no such chapter", expected, fix) for name in unknown]


def _refuse(folder: Path, chapters: Collection[str]) -> None:
    """Refuse chapters that do not exist and a folder that is a file."""
    problems = _find_unknown(chapters)
    files = [place for place in (folder, *folder.parents) if place.exists() and not place.is_dir()]
    if files:
        problems.append(
            Problem("--folder", None, None, f"{files[0]}, a file", "a folder", "name a folder, or a new path.")
        )
    if problems:
        raise CohortError(problems)


def list_needed(wanted: Iterable[str], reasons: Mapping[str, str]) -> list[str]:
    """Return the chapters whose tables are read by those wanted or by their exercises, in order.

    Parameters
    ----------
    wanted : iterable of str
        Ids.
    reasons : mapping of str to str
        Chapters that the cohort has no data for.

    Examples
    --------
    >>> list_needed(["04_microbiome"], {})
    ['01_cohort', '04_microbiome']
    """
    by_id = {chapter.id: chapter for chapter in CHAPTERS}
    needed, waiting = set(), list(wanted)
    while waiting:
        name = waiting.pop()
        if name not in needed and name not in reasons:
            needed.add(name)
            waiting += by_id[name].reads
    return [name for name in by_id if name in needed]


def _copy_finished(needed: Iterable[str], source: Path | None, target: Path) -> tuple[str, ...]:
    copied = []
    for name in needed:
        if source is not None and (source / name).is_dir() and not (target / name).exists():
            shutil.copytree(source / name, target / name)
            copied.append(name)
    return tuple(copied)


def compute_tables(
    cohort: Cohort, run_dir: Path, chapters: Collection[str], n_workers: int, open_places: Mapping[str, Any] | None
) -> BookRun:
    """Run chapters with few permutations, enough to learn from.

    Parameters
    ----------
    cohort : Cohort
    run_dir : pathlib.Path
        Gets the tables below ``results/``.
    chapters : collection of str
        Ids.
    n_workers : int
    open_places : mapping or None
        As for :func:`helpers.run.run_book`.
    """
    few = {name: value for name, value in FEW.items() if name.split(".")[0] in chapters}
    with hold_output(run_dir):
        return run_book(
            cohort,
            run_dir,
            parameters=few,
            only=chapters,
            n_workers=n_workers,
            with_book=False,
            open_places=open_places,
        )


def describe_lab(lab: Lab) -> str:
    """Say what is in the folder, one sentence a line.

    Parameters
    ----------
    lab : Lab
    """
    made = [path.name for path in lab.edition.written]
    said = [f"Notebooks without solutions: {name_some(made)}."] if made else []
    said += [f"Left as they are: {name_some(path.name for path in lab.edition.kept)}."] if lab.edition.kept else []
    said += [f"Tables of a finished run: {name_some(lab.copied)}."] if lab.copied else []
    for outcome in lab.computed.outcomes if lab.computed else ():
        if outcome.state in ("failed", "not reached"):
            said.append(f"{outcome.name} could not be run ({outcome.reason}); its notebook says what is missing.")
    if lab.computed:
        said.append(
            "What was missing was run with few permutations: p-values are rough, and good enough to learn from."
        )
    return "\n".join(said + [f"Left out, {name}: {reason}." for name, reason in lab.skipped.items()])
