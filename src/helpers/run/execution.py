"""Execute one chapter with papermill: parameters checked before, nothing half-written after."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import papermill
import yaml
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from helpers.contract import load_cohort, read_schema
from helpers.contract.settings import read_settings
from helpers.importers.sources import read_sources
from helpers.places import IS_CLONE, PROJECT_ROOT, read_version
from helpers.problems import CohortError, Problem, TooLittle
from helpers.run.chapters import CHAPTERS, CONTINUOUS, SIMULATED, Chapter
from helpers.run.pages import (
    NEEDS,
    Stamp,
    allow_lacking,
    call_page_groups,
    find_error,
    finish_page,
    leave_out,
    note_lacking,
    take_warnings,
    write_origin,
)
from helpers.run.sources import list_versions
from helpers.tables import read_table, resolve_path, write_atomically
from helpers.trouble import tell_trouble

NOTEBOOKS_DIR = PROJECT_ROOT / "notebooks"
ORIGIN_CHAPTER = "01_cohort"
KERNEL_START_S = 600  # a busy machine starts a kernel late; one that is dead is noticed at once
LONGEST_REASON = 400
COLOURS = re.compile(r"\x1b\[[\d;]*m")
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def find_notebook(chapter: Chapter, available: Collection[str]) -> Path:
    """Return the notebook of a chapter: one of its own where the outcome of a cohort has no cut, and so no groups.

    Parameters
    ----------
    chapter : Chapter
    available : collection of str
        From `Cohort.available`.
    """
    return NOTEBOOKS_DIR / (CONTINUOUS if CONTINUOUS in available and chapter.continuous else "") / f"{chapter.id}.md"


class ChapterFailed(RuntimeError):
    """A chapter stopped.

    Attributes
    ----------
    reason : str
        In one line: the cell and the error, or what the machine did.
    log : pathlib.Path or None
        File with the whole story; None where it could not be written.
    """

    def __init__(self, reason: str, log: Path | None = None):
        self.reason, self.log = reason, log
        super().__init__(reason, log)

    def __str__(self) -> str:
        return self.reason


class ChapterLacks(ChapterFailed):
    """A chapter found too little data for anything; the reason says what."""


@dataclass(frozen=True)
class Job:
    """All that executing one chapter needs; plain values, so that it travels to a worker.

    Attributes
    ----------
    chapter : Chapter
    source : pathlib.Path
        The notebook (md:myst).
    page : pathlib.Path
        Where the executed notebook goes.
    results_dir : pathlib.Path
        The chapter writes to its own folder below it.
    parameters : mapping
    available : collection of str
        What the cohort has; sections that need more are left out.
    stamp : tuple of str
        Cohort title, kind, sha256.
    registered : str
        What the chapter on the verdict says of the registration: another text makes it stale.
    prefix : str
        Goes before its name where it is told of, when several books are made together.
    """

    chapter: Chapter
    source: Path
    page: Path
    results_dir: Path
    parameters: Mapping[str, Any]
    available: Collection[str]
    stamp: tuple[str, str, str]
    registered: str = ""
    prefix: str = ""

    @property
    def results(self) -> Path:
        """Folder of this chapter's own result tables."""
        return self.results_dir / self.chapter.id

    @property
    def work(self) -> Path:
        """Folder of what a run needs while it works, and of the logs of failed chapters."""
        return self.page.parent.parent / "work"


def execute_chapter(job: Job) -> None:
    """Execute one chapter: first its old page and results go, last its new page comes.

    Parameters
    ----------
    job : Job

    Raises
    ------
    ChapterFailed
        Whatever stopped it, an interrupt aside; its page and results are gone.
    """
    say(f"  {job.prefix}{job.chapter.id} …")
    started = time.perf_counter()
    try:
        job.page.unlink(missing_ok=True)
        shutil.rmtree(job.results, ignore_errors=True)
        _execute(job)
    except Exception as error:
        job.page.unlink(missing_ok=True)
        shutil.rmtree(job.results, ignore_errors=True)
        if isinstance(error, ChapterLacks | TooLittle):
            say(f"  {job.prefix}{job.chapter.id} has too little data")
            raise ChapterLacks(_shorten(str(error))) from None
        say(f"  {job.prefix}{job.chapter.id} failed after {time.perf_counter() - started:.1f} s")
        raise ChapterFailed(_explain(job, error), _write_story(job, error)) from None
    say(f"  {job.prefix}{job.chapter.id} done in {time.perf_counter() - started:.1f} s")


def withdraw_chapter(job: Job, changed: Sequence[str]) -> None:
    """Take back what a chapter made while its inputs were edited; nobody could say what it was made of.

    Parameters
    ----------
    job : Job
    changed : sequence of str
        What was edited, in words.

    Raises
    ------
    ChapterFailed
        Always.
    """
    job.page.unlink(missing_ok=True)
    shutil.rmtree(job.results, ignore_errors=True)
    raise ChapterFailed(f"{' and '.join(changed)} changed while it ran. Run again when nothing is being edited")


def _execute(job: Job) -> None:
    started = datetime.now(UTC)
    work = job.work
    prepared, ran, log = (work / f"{job.chapter.id}{ending}" for ending in (".ipynb", ".ran.ipynb", ".log"))
    for folder in (work, job.results):  # a chapter may have no table: an empty folder says that it was run
        folder.mkdir(parents=True, exist_ok=True)
    notebook = jupytext.read(job.source)
    declared = read_parameters(job.source)
    unmet = _find_unmet(job, notebook)
    nbformat.write(allow_lacking(leave_out(notebook, set(job.available) - set(unmet), unmet)), prepared)
    os.environ.update(ONE_THREAD)
    provide_homes(work / "home")
    with _kernel_says_to(log):
        executed = _run_forgiving(prepared, ran, job)
    quiet, warned = take_warnings(executed)
    _keep_warnings(job, warned)
    page = finish_page(quiet, _make_stamp(job, started), declared | dict(job.parameters), _tell_origin(job))
    write_atomically(job.page, nbformat.writes(_call_groups(page, job)) + "\n")
    for path in (prepared, ran, log):
        path.unlink()


def _keep_warnings(job: Job, warned: str) -> None:
    kept = job.work / f"{job.chapter.id}.warnings.log"
    kept.unlink(missing_ok=True)
    if warned:
        write_atomically(kept, warned)
        say(f"  {job.prefix}{job.chapter.id}: a library warned; its words are in {kept}")


def _run_forgiving(prepared: Path, ran: Path, job: Job) -> NotebookNode:
    """Execute, and return the notebook; parts that found too little data are notes in it."""
    try:
        run_notebook(prepared, ran, job.parameters, working_dir=job.source.parent)
    except PapermillExecutionError as error:
        executed = nbformat.read(ran, as_version=4)
        found = find_error(executed)
        if found is None:
            noted = note_lacking(executed)
            if isinstance(noted, str):
                raise ChapterLacks(noted) from None
            return noted
        cell, other = found
        error.exec_count, error.ename, error.evalue = cell.execution_count, other.ename, other.evalue
        error.traceback = other.traceback
        raise error
    return note_lacking(nbformat.read(ran, as_version=4))


def _find_unmet(job: Job, notebook: NotebookNode) -> dict[str, str]:
    """Return what this notebook asks for and the cohort has in a form that cannot be used."""
    if "maps" not in job.available or not any(
        f"{NEEDS}maps" in cell.metadata.get("tags", []) for cell in notebook.cells
    ):
        return {}
    from helpers.run.needs import find_unmet  # loads the sciences, which a run of unchanged chapters does not need

    return find_unmet(load_cohort(job.parameters["cohort_dir"], blocks=("maps",)))


def provide_homes(spare: Path) -> None:
    """Give the programs behind a kernel a folder for their caches, where a user's own cannot be written.

    Parameters
    ----------
    spare : pathlib.Path
        Gets one folder for each that is needed; made only then.
    """
    home = Path.home()
    usual = {
        "IPYTHONDIR": home / ".ipython",
        "MPLCONFIGDIR": home / ".config" / "matplotlib",
        "JUPYTER_RUNTIME_DIR": home / ".local" / "share" / "jupyter" / "runtime",
        "JUPYTER_CONFIG_DIR": home / ".jupyter",
        "NILEARN_DATA": home / "nilearn_data",
    }
    for variable, folder in usual.items():
        if variable not in os.environ and not _may_write(folder):
            (spare / variable.lower()).mkdir(parents=True, exist_ok=True)
            os.environ[variable] = str(spare / variable.lower())


def _may_write(folder: Path) -> bool:
    """Say whether a file can be made there; nothing is left behind."""
    there = next((place for place in (folder, *folder.parents) if place.is_dir()), None)
    try:
        with tempfile.TemporaryFile(dir=there) as probe:
            probe.write(b"0" * 4096)
    except OSError:
        return False
    return True


def run_notebook(
    source: Path,
    target: Path,
    parameters: Mapping[str, Any],
    *,
    working_dir: Path,
    kernel_name: str = "python3",
    cell_seconds: int | None = None,
) -> None:
    """Execute a notebook by papermill, on sockets that only this user can reach.

    On TCP, kernels started together may catch each other's ports, and others on the machine could listen.

    Parameters
    ----------
    source, target : pathlib.Path
        Notebook, and where the executed one goes (also when a cell fails).
    parameters : mapping
    working_dir : pathlib.Path
        Where the kernel runs.
    kernel_name : str, default "python3"
    cell_seconds : int, optional
        How long a cell may take; by default as long as it needs.

    Raises
    ------
    papermill.exceptions.PapermillExecutionError
        When a cell fails.
    """
    with tempfile.TemporaryDirectory(prefix="book-") as sockets:
        kernel = {"transport": "ipc", "ip": f"{sockets}/k"} if os.name == "posix" else {}
        papermill.execute_notebook(
            str(source),
            str(target),
            parameters=dict(parameters),
            kernel_name=kernel_name,
            language="python",
            execution_timeout=cell_seconds,
            progress_bar=False,
            log_output=False,
            start_timeout=KERNEL_START_S,
            cwd=str(working_dir),
            config=Config({"KernelManager": kernel}),
        )


def read_parameters(source: Path) -> dict[str, Any]:
    """Return the parameters a notebook declares, with their defaults.

    Parameters
    ----------
    source : pathlib.Path
        A notebook in any form jupytext reads, with one cell tagged ``parameters``.
    """
    cell = next(cell for cell in jupytext.read(source).cells if "parameters" in cell.metadata.get("tags", []))
    values: dict[str, Any] = {}
    exec(compile(cell.source, source.name, "exec"), {}, values)
    return values


def check_parameters(given: Mapping[str, Any], chapters: Collection[Chapter] = CHAPTERS) -> dict[str, dict[str, Any]]:
    """Hand each given parameter to the chapters that declare it; refuse what none does.

    Parameters
    ----------
    given : mapping
        ``name: value`` for every chapter that has it, or ``<chapter>.name: value`` for one.
    chapters : collection of Chapter

    Returns
    -------
    dict of str to dict
        By chapter id.

    Raises
    ------
    CohortError
        With every unknown name and every value of another type than the default.
    """
    declared = {chapter.id: read_parameters(NOTEBOOKS_DIR / f"{chapter.id}.md") for chapter in chapters}
    sorted_out: dict[str, dict[str, Any]] = {chapter.id: {} for chapter in chapters}
    problems = []
    for key, value in given.items():
        only, _, name = key.rpartition(".")
        takers = [id for id, known in declared.items() if name in known and only in ("", id)]
        if not takers:
            problems.append(_refuse_parameter(key, only, name, declared))
        for id in takers:
            default = declared[id][name]
            if not _same_type(value, default):
                expected = f"{type(default).__name__} such as {default!r}"
                problems.append(
                    Problem(f"parameter {key}", None, None, repr(value), expected, "give a value of that type.")
                )
                break
            sorted_out[id][name] = type(default)(value)
    if problems:
        raise CohortError(problems)
    return sorted_out


def _refuse_parameter(key: str, only: str, name: str, declared: Mapping[str, Mapping[str, Any]]) -> Problem:
    """Say which parameters there are, or which chapters have the one that this chapter has not."""
    others = [id for id, names in declared.items() if name in names] if only in declared else []
    if others:
        fix = f"write {' or '.join(f'{id}.{name}' for id in others)}."
        return Problem(
            f"parameter {key}",
            None,
            None,
            f"no such parameter in {only}",
            f"a chapter that has it: {', '.join(others)}",
            fix,
        )
    known = sorted({name for id, names in declared.items() if only in ("", id) for name in names})
    expected = f"one of {', '.join(known)}" if known else f"a chapter: {', '.join(declared)}"
    return Problem(f"parameter {key}", None, None, "no such parameter", expected, "correct its spelling.")


def parse_parameter(text: str) -> tuple[str, Any]:
    """Split ``name=value`` as typed on the command line.

    Examples
    --------
    >>> parse_parameter("n_folds=10"), parse_parameter("03_brain.n_permutations=500")
    (('n_folds', 10), ('03_brain.n_permutations', 500))
    """
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise CohortError(
            [
                Problem(
                    f"parameter {text}",
                    None,
                    None,
                    "no name=value",
                    "for instance n_folds=10",
                    "write it with an equals sign.",
                )
            ]
        )
    return name.strip(), yaml.safe_load(value)


def _same_type(value: Any, default: Any) -> bool:
    if isinstance(default, float) and not isinstance(value, bool):
        return isinstance(value, int | float)
    return type(value) is type(default)


def _call_groups(page: NotebookNode, job: Job) -> NotebookNode:
    """Return a page that calls the groups by their names, but in the book of a simulated cohort, whose exercises say high and low."""
    if SIMULATED in job.available or "cohort_dir" not in job.parameters:
        return page
    settings, _ = read_settings(resolve_path(job.parameters["cohort_dir"]))
    return page if settings is None else call_page_groups(page, settings.labels)


def _tell_origin(job: Job) -> str:
    """Return where the data came from, for the chapter on who is in the cohort; nothing for others."""
    if job.chapter.id != ORIGIN_CHAPTER:
        return ""
    folder = resolve_path(job.parameters["cohort_dir"])
    sources = read_sources(folder)
    people = read_table(folder / read_schema()["participants"]["file"]).index if sources else ()
    return write_origin(sources, set(people))


def _make_stamp(job: Job, started: datetime) -> Stamp:
    title, kind, sha256 = job.stamp
    ended = datetime.now(UTC)
    date, versions = ended.strftime("%Y-%m-%d %H:%M UTC"), list_versions() | {"python": sys.version.split()[0]}
    times = [moment.isoformat(timespec="seconds") for moment in (started, ended)]
    return Stamp(title, kind, sha256, versions, date, read_revision(), *times)


def read_revision() -> str:
    """Return the code's revision as git tells it, the version of an installed package, or that neither can be told."""
    if not IS_CLONE:
        return read_version()
    try:
        said = subprocess.run(
            ["git", "describe", "--always", "--dirty=, with changes", "--abbrev=12", "--exclude=*"],
            cwd=PROJECT_ROOT,
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
        return said.stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return "not under git"


def _explain(job: Job, error: Exception) -> str:
    """Return in one line what stopped a chapter."""
    trouble = tell_trouble(error)
    if isinstance(error, DeadKernelError):
        trouble = "its kernel was ended from outside, most likely for lack of memory. Close other programs, or run with --workers 1."
    if isinstance(error, PapermillExecutionError):
        said = trouble or f"{error.ename}: {error.evalue}"
        return _shorten(f"{job.chapter.id} stopped in its code cell {error.exec_count}: {said}")
    return _shorten(f"{job.chapter.id} stopped: {trouble or f'{type(error).__name__}: {error}'}")


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_REASON else f"{line[: LONGEST_REASON - 1]}…"


def _write_story(job: Job, error: Exception) -> Path | None:
    """Keep the half-run notebook, and write what the kernel said and the whole traceback to a log."""
    ran, log = job.work / f"{job.chapter.id}.ran.ipynb", job.work / f"{job.chapter.id}.failed.log"
    try:
        parts = [_explain(job, error)]
        if ran.is_file():
            kept = ran.with_name(f"{job.chapter.id}.failed.ipynb")
            ran.replace(kept)
            parts.append(f"The half-run notebook: {kept}")
        if isinstance(error, PapermillExecutionError):
            parts.append(COLOURS.sub("", "\n".join(error.traceback)))
        parts.append("".join(traceback.format_exception(error)))
        spoken = job.work / f"{job.chapter.id}.log"
        parts += [f"The kernel said:\n{spoken.read_text(errors='replace')}"] if spoken.is_file() else []
        log.write_text("\n\n".join(parts), encoding="utf-8")
    except OSError:
        return None
    return log


@contextmanager
def _kernel_says_to(log: Path) -> Iterator[None]:
    """Let what a kernel writes outside its notebook, as when it is interrupted, go to a file, not to the terminal."""
    sys.stderr.flush()
    terminal = os.dup(2)
    with log.open("w") as file:
        os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)


def say(line: str) -> None:
    """Write a line to the terminal at once, from a worker too."""
    print(line, file=sys.__stderr__, flush=True)
