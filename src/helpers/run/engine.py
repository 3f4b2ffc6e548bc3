"""From a cohort folder to a rendered book: pytask decides what is stale, papermill executes, Sphinx renders."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytask

from helpers.book import BookError, build_html, stage_book
from helpers.contract import Cohort, hash_cohort, list_files
from helpers.problems import CohortError, Problem
from helpers.run.chapters import CHAPTERS, OPEN, SIMULATED, Chapter
from helpers.run.execution import (
    NOTEBOOKS_DIR,
    ChapterFailed,
    Job,
    check_parameters,
    execute_chapter,
    read_revision,
    say,
)
from helpers.run.nodes import FilesNode, ValueNode
from helpers.run.open_sections import provide_open_data
from helpers.run.pages import Stamp, write_skipped_page
from helpers.run.sources import collect_rooms, hash_packages, list_rooms, list_versions
from helpers.tables import PROJECT_ROOT, write_atomically
from helpers.wording import as_text, hide_ids

PAGES, RESULTS, STAGE, HTML = "pages", "results", "book", "html"
OPEN_DIR = PROJECT_ROOT / "_build" / "open"
FRAME = ("_config.yml", "_toc.yml", "book", "notebooks")


@dataclass(frozen=True)
class Outcome:
    """What became of one chapter or of the book.

    Attributes
    ----------
    name : str
    state : {"run", "unchanged", "skipped", "failed", "not reached"}
    reason : str
        Why it was skipped or failed; empty otherwise.
    """

    name: str
    state: str
    reason: str = ""


@dataclass(frozen=True)
class BookRun:
    """What a run did.

    Attributes
    ----------
    outcomes : tuple of Outcome
        One per chapter, in order, then ``book`` where it was asked for.
    index : pathlib.Path or None
        First page of the rendered book.
    seconds : float
    """

    outcomes: tuple[Outcome, ...]
    index: Path | None
    seconds: float

    @property
    def failed(self) -> bool:
        """Whether anything that was asked for could not be done."""
        return any(outcome.state in ("failed", "not reached") for outcome in self.outcomes)

    @property
    def interrupted(self) -> bool:
        """Whether somebody stopped the run before its end."""
        states = {outcome.state for outcome in self.outcomes}
        return "not reached" in states and "failed" not in states


def run_book(
    cohort: Cohort,
    output_dir: Path,
    *,
    parameters: Mapping[str, Any] | None = None,
    only: Collection[str] = (),
    n_workers: int = 1,
    with_book: bool = True,
    force: bool = False,
    open_places: Mapping[str, Any] | None = None,
) -> BookRun:
    """Execute what is stale of a book and render it.

    A chapter is executed again when its notebook, a room it imports, the cohort, the data it names, its parameters,
    the installed packages or a result table it reads have changed in content, or when its own page or tables have.

    Parameters
    ----------
    cohort : Cohort
    output_dir : pathlib.Path
        Gets ``pages/``, ``results/``, ``book/`` (the staged source) and ``html/``.
    parameters : mapping, optional
        See `check_parameters`.
    only : collection of str, optional
        Ids of chapters to execute; by default all that the cohort has data for.
    n_workers : int, default 1
        Chapters executed at a time. Changes no number.
    with_book : bool, default True
        Render it, too.
    force : bool, default False
        Execute everything again.
    open_places : mapping, optional
        Where open data come from, see :func:`helpers.run.open_sections.provide_open_data`; asked only for the book of
        a simulated cohort, whose chapters show them.

    Returns
    -------
    BookRun

    Raises
    ------
    CohortError
        When a parameter is unknown or of the wrong type, or a chapter asked for alone reads one that was never run.
    """
    started = time.perf_counter()
    chosen = check_parameters(parameters or {})
    facts = (cohort.settings.title, cohort.settings.kind, hash_cohort(cohort.folder))
    skipped = _list_skipped(cohort)
    wanted = [c for c in CHAPTERS if c.id not in skipped and (not only or c.id in only)]
    _refuse_unread(wanted, skipped, output_dir)
    at_hand = _bring_open_data(cohort, wanted, open_places)
    _write_skipped_pages(skipped, output_dir, facts)
    jobs = [_make_job(c, cohort, output_dir, chosen[c.id], facts, at_hand) for c in wanted]
    tasks = [_chapter_task(job, cohort, output_dir, skipped) for job in jobs]
    if with_book:
        tasks.append(_book_task(cohort, output_dir, skipped))
    states = _execute(tasks, output_dir, n_workers, force)
    outcomes = [_outcome(c.id, skipped, states) for c in CHAPTERS if c.id in skipped or not only or c.id in only]
    outcomes += [_outcome("book", skipped, states)] if with_book else []
    index = output_dir / HTML / "index.html"
    rendered = with_book and states["book"][0] in ("run", "unchanged")
    return BookRun(tuple(outcomes), index if rendered else None, time.perf_counter() - started)


def _available(cohort: Cohort) -> set[str]:
    return cohort.available() | ({SIMULATED} if cohort.settings.kind == SIMULATED else set())


def _list_skipped(cohort: Cohort) -> dict[str, str]:
    available = _available(cohort)
    return {c.id: reason for c in CHAPTERS if (reason := c.reason_to_skip(available))}


def _refuse_unread(wanted: Collection[Chapter], skipped: Mapping[str, str], output_dir: Path) -> None:
    """Refuse chapters that read results which are neither there nor made in this run."""
    made = {chapter.id for chapter in wanted} | set(skipped)
    unread = sorted(
        {
            id
            for chapter in wanted
            for id in chapter.reads
            if id not in made and not (output_dir / RESULTS / id).is_dir()
        }
    )
    if unread:
        fix = f"run these too: {' '.join(f'--only {id}' for id in unread)}; or run all chapters."
        expected = "the results of each earlier chapter that is read"
        raise CohortError([Problem("--only", None, None, f"no results of {', '.join(unread)}", expected, fix)])


def _bring_open_data(cohort: Cohort, chapters: Iterable[Chapter], places: Mapping[str, Any] | None) -> set[str]:
    """Return the open data sets at hand for these chapters, and say why the others are not."""
    if cohort.settings.kind != SIMULATED:
        return set()
    names = {name for chapter in chapters for name in chapter.open_data}
    lacking = provide_open_data(names, OPEN_DIR, places)
    for reason in lacking.values():
        say(f"  a section on open data is left out: {reason}")
    return names - set(lacking)


def _outcome(name: str, skipped: Mapping[str, str], states: Mapping[str, tuple[str, str]]) -> Outcome:
    return Outcome(name, "skipped", skipped[name]) if name in skipped else Outcome(name, *states[name])


def _make_job(
    chapter: Chapter,
    cohort: Cohort,
    output_dir: Path,
    chosen: Mapping[str, Any],
    facts: tuple[str, str, str],
    at_hand: Collection[str],
) -> Job:
    parameters = {"cohort_dir": _portable(cohort.folder), "results_dir": _portable(output_dir / RESULTS), **chosen}
    if chapter.open_data:
        parameters["open_dir"] = _portable(OPEN_DIR)
    return Job(
        chapter,
        NOTEBOOKS_DIR / f"{chapter.id}.md",
        output_dir / PAGES / f"{chapter.id}.ipynb",
        output_dir / RESULTS,
        parameters,
        frozenset(_available(cohort) | {OPEN + name for name in chapter.open_data if name in at_hand}),
        facts,
    )


def _portable(path: Path) -> str:
    return path.relative_to(PROJECT_ROOT).as_posix() if path.is_relative_to(PROJECT_ROOT) else path.as_posix()


def _write_skipped_pages(skipped: Mapping[str, str], output_dir: Path, facts: tuple[str, str, str]) -> None:
    for chapter in CHAPTERS:
        note, page = output_dir / PAGES / f"{chapter.id}.md", output_dir / PAGES / f"{chapter.id}.ipynb"
        if chapter.id not in skipped:
            note.unlink(missing_ok=True)
            continue
        page.unlink(missing_ok=True)
        shutil.rmtree(output_dir / RESULTS / chapter.id, ignore_errors=True)
        stamp = Stamp(*facts, list_versions(), "not executed", read_revision())
        if (
            not note.is_file()
            or as_text(skipped[chapter.id]) not in note.read_text(encoding="utf-8")
            or facts[2][:16] not in note.read_text(encoding="utf-8")
        ):
            write_atomically(note, write_skipped_page(chapter, skipped[chapter.id], stamp))


def _chapter_task(job: Job, cohort: Cohort, output_dir: Path, skipped: Mapping[str, str]) -> pytask.TaskWithoutPath:
    chapter = job.chapter
    data = [path for folder in chapter.data for path in list_files(PROJECT_ROOT / folder)]
    needs = {
        "notebook": FilesNode(name=f"{chapter.id} notebook", files=(job.source,)),
        "rooms": FilesNode(
            name=f"{chapter.id} rooms", files=(*list_rooms(job.source), *collect_rooms(["helpers.run.execution"]))
        ),
        "data": FilesNode(name=f"{chapter.id} data", files=tuple(data)),
        "cohort": FilesNode(name="cohort", folder=cohort.folder),
        "job": ValueNode(name=f"{chapter.id} job", value=job, text=_describe_job(job)),
    }
    needs |= {
        name: FilesNode(name=f"open {name}", folder=OPEN_DIR / name)
        for name in chapter.open_data
        if OPEN + name in job.available
    }
    needs |= {f"results_{id}": _results_node(output_dir, id) for id in chapter.reads if id not in skipped}
    products = {
        "page": FilesNode(name=f"{chapter.id} page", files=(job.page,)),
        "results": _results_node(output_dir, chapter.id),
    }
    return pytask.TaskWithoutPath(
        name=chapter.id,
        function=_run_chapter,
        depends_on=needs,
        produces=products,
    )


def _run_chapter(job: Job, **_: object) -> None:
    execute_chapter(job)


def render_book(cohort: Cohort, output_dir: Path) -> Path:
    """Render the book again from the chapters that were executed before.

    Parameters
    ----------
    cohort : Cohort
    output_dir : pathlib.Path
        As for `run_book`.

    Returns
    -------
    pathlib.Path
        First page of the book.

    Raises
    ------
    BookError
        When a chapter was not executed yet, or a page cannot be rendered.
    """
    skipped = _list_skipped(cohort)
    _render_book((output_dir, _book_facts(cohort), skipped))
    return output_dir / HTML / "index.html"


def _book_facts(cohort: Cohort) -> dict[str, Any]:
    settings = cohort.settings
    return {
        "name": settings.name,
        "title": settings.title,
        "kind": settings.kind,
        "n_participants": len(cohort.participants),
        "citation": settings.citation,
        "warnings": [_tell_warning(problem, cohort.participants.index) for problem in cohort.warnings],
    }


def _tell_warning(problem: Problem, ids: Iterable[str]) -> str:
    """Return a warning for a page: where and what, without the ids of people."""
    place = problem.place()
    said = f"{problem.file}, {place}" if place else f"{problem.file}: "
    return hide_ids(f"{said}found {problem.found}, expected {problem.expected}. Fix: {problem.fix}", ids)


def _book_task(cohort: Cohort, output_dir: Path, skipped: dict[str, str]) -> pytask.TaskWithoutPath:
    pages = tuple(output_dir / PAGES / f"{c.id}.{'md' if c.id in skipped else 'ipynb'}" for c in CHAPTERS)
    frame = [
        path
        for name in FRAME
        for path in (list_files(PROJECT_ROOT / name) if (PROJECT_ROOT / name).is_dir() else [PROJECT_ROOT / name])
    ]
    facts = _book_facts(cohort)
    needs: dict[str, Any] = {
        f"page_{c.id}": FilesNode(name=f"{c.id} page", files=(page,)) for c, page in zip(CHAPTERS, pages, strict=True)
    }
    needs |= {
        "frame": FilesNode(name="book frame", files=(*frame, *collect_rooms(["helpers.book"]))),
        "order": ValueNode(
            name="book order", value=(output_dir, facts, skipped), text=json.dumps([facts, skipped]) + hash_packages()
        ),
    }
    return pytask.TaskWithoutPath(
        name="book",
        function=_render_book,
        depends_on=needs,
        produces={"index": FilesNode(name="book index", files=(output_dir / HTML / "index.html",))},
    )


def _render_book(order: tuple[Path, dict[str, Any], dict[str, str]], **_: object) -> None:
    output_dir, facts, skipped = order
    say("  book …")
    started = time.perf_counter()
    (output_dir / HTML / "index.html").unlink(missing_ok=True)
    stage_book(PROJECT_ROOT, output_dir / STAGE, executed_dir=output_dir / PAGES, cohort_facts=facts, skipped=skipped)
    build_html(output_dir / STAGE, output_dir / HTML)
    say(f"  book done in {time.perf_counter() - started:.1f} s")


def _results_node(output_dir: Path, chapter: str) -> FilesNode:
    return FilesNode(name=f"{chapter} results", folder=output_dir / RESULTS / chapter)


def _describe_job(job: Job) -> str:
    """Return what a job's state hangs on: parameters, what the cohort has, its stamp, the installed packages."""
    values = [sorted(job.parameters.items()), sorted(job.available), job.stamp, hash_packages()]
    return json.dumps(values, default=str)


def _execute(
    tasks: list[pytask.TaskWithoutPath], output_dir: Path, n_workers: int, force: bool
) -> dict[str, tuple[str, str]]:
    """Let pytask run what is stale; return state and reason by task."""
    output_dir.mkdir(parents=True, exist_ok=True)
    settings = output_dir / "engine.toml"  # Its folder is where pytask keeps what it knows: one memory per book.
    settings.write_text("[tool.pytask.ini_options]\n", encoding="utf-8")
    pytask.console.quiet = True
    try:
        session = pytask.build(
            tasks=tasks,
            config=settings,
            paths=[output_dir],
            task_files=("no_task_files_here",),
            verbose=0,
            capture="no",
            n_workers=n_workers,
            force=force,
        )
    finally:
        pytask.console.quiet = False
    if not hasattr(session, "execution_reports") or not session.execution_reports:
        raise RuntimeError(f"The task engine could not start (exit code {session.exit_code!r}).")
    states = {task.name: ("not reached", "the run was stopped before it") for task in tasks}
    for report in session.execution_reports:
        states[report.task.name] = _read_report(report)
    return states


def _read_report(report: pytask.ExecutionReport) -> tuple[str, str]:
    outcome = report.outcome
    if outcome == pytask.TaskOutcome.SUCCESS:
        return "run", ""
    if outcome in (pytask.TaskOutcome.SKIP_UNCHANGED, pytask.TaskOutcome.PERSISTENCE):
        return "unchanged", ""
    if outcome == pytask.TaskOutcome.FAIL:
        error = report.exc_info[1] if report.exc_info else None
        if isinstance(error, KeyboardInterrupt):
            return "not reached", "the run was stopped before its end"
        known = isinstance(error, ChapterFailed | BookError)
        return "failed", str(error) if known else f"{type(error).__name__}: {error}"
    return "not reached", "a chapter whose results it reads failed"
