"""From a cohort folder to a rendered book: pytask decides what is stale, papermill executes, Sphinx renders."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytask

from helpers.book import BookError, Repository, build_html, find_repository, stage_book
from helpers.cohort import name_score
from helpers.contract import Cohort, hash_cohort, list_files
from helpers.places import BUILD_DIR, IS_CLONE, PROJECT_ROOT
from helpers.pool import has_site, write_site
from helpers.problems import CohortError, Problem
from helpers.record.blinding import forget_people, hash_told_inputs, is_blind
from helpers.report.pages import make_pages
from helpers.run.chapters import CHAPTERS, OPEN, SIMULATED, Chapter
from helpers.run.execution import (
    ChapterFailed,
    Job,
    check_parameters,
    execute_chapter,
    find_notebook,
    read_parameters,
    read_revision,
    say,
    withdraw_chapter,
)
from helpers.run.failures import read_failures, tell_failure, write_failed_page
from helpers.run.nodes import FilesNode, ValueNode
from helpers.run.open_sections import provide_open_data
from helpers.run.pages import Stamp, write_skipped_page
from helpers.run.recording import VERDICT, has_crate, record_run, refuse_changed_crate
from helpers.run.registering import hold_to_registration, list_events, note_registration
from helpers.run.schedule import LACKS, STOPPED, WORKER_DIED, Outcome, execute_tasks
from helpers.run.sources import collect_rooms, hash_packages, list_rooms, list_versions, tell_program
from helpers.run.staleness import find_stale_pages
from helpers.tables import write_atomically
from helpers.wording import as_text, hide_ids

PAGES, RESULTS, STAGE, HTML = "pages", "results", "book", "html"
OPEN_DIR = BUILD_DIR / "open"
LANDING = ("01_cohort", "07_verdict")  # whose tables the landing page reads
FRAME = ("_config.yml", "_toc.yml", "book", "notebooks", "data/course", "data/report")


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
    behind: Cohort | None = None,
    events: Sequence[Mapping[str, str]] = (),
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

    behind : Cohort, optional
        The true cohort behind `cohort`, when that is the copy of a blind run.
    events : sequence of mapping, optional
        What the crate has to note beside the run, such as an unblinding.

    Returns
    -------
    BookRun

    Raises
    ------
    CohortError
        When a parameter is unknown or of the wrong type, a chapter asked for alone reads one that was never run, or the
        crate of the last run or the registration of the cohort was edited.
    """
    (made,) = run_books(
        [Order(cohort, output_dir, behind, events)],
        parameters=parameters,
        only=only,
        n_workers=n_workers,
        with_book=with_book,
        force=force,
        open_places=open_places,
    )
    return made


@dataclass(frozen=True, eq=False)
class Order:
    """A book to make.

    Attributes
    ----------
    cohort : Cohort
    output_dir : pathlib.Path
    behind : Cohort or None
    events : sequence of mapping
        All as for :func:`run_book`.
    """

    cohort: Cohort
    output_dir: Path
    behind: Cohort | None = None
    events: Sequence[Mapping[str, str]] = ()


def run_books(
    orders: Sequence[Order],
    *,
    parameters: Mapping[str, Any] | None = None,
    only: Collection[str] = (),
    n_workers: int = 1,
    with_book: bool = True,
    force: bool = False,
    open_places: Mapping[str, Any] | None = None,
) -> list[BookRun]:
    """Make several books, their chapters in one schedule.

    Parameters
    ----------
    orders : sequence of Order
        No two share a folder.
    parameters, only, with_book, force, open_places
        As for :func:`run_book`, for every book.
    n_workers : int, default 1
        Chapters executed at a time, of all books together.

    Returns
    -------
    list of BookRun
        In the order of ``orders``; ``seconds`` is the time of all together.

    Raises
    ------
    CohortError
        As for :func:`run_book`, of all books at once, before any chapter is executed.
    """
    started = time.perf_counter()
    chosen = check_parameters(parameters or {})
    problems = [
        problem
        for order in orders
        for problem in (*_find_unread(order.cohort, only, order.output_dir), *_find_edited(order.output_dir))
    ]
    if problems:
        raise CohortError(problems)
    books = [_prepare(order, chosen, only, with_book, open_places) for order in orders]
    if len(books) > 1:
        for book in books:
            book.jobs = [replace(job, prefix=f"{book.output_dir.name}/") for job in book.jobs]
    _run_jobs(books, n_workers=n_workers, force=force)
    return [book.report(only, time.perf_counter() - started) for book in books]


@dataclass(eq=False)
class _Book:
    """A book while it is made: what is left out, and what became of the rest so far."""

    order: Order
    jobs: list[Job]
    left_out: dict[str, str]
    done: dict[str, Outcome]
    with_book: bool
    registration: dict[str, str]
    noted: list[dict[str, str]]

    @property
    def cohort(self) -> Cohort:
        """Whose book it is."""
        return self.order.cohort

    @property
    def output_dir(self) -> Path:
        """Where it is made."""
        return self.order.output_dir

    def list_tasks(self) -> list[pytask.TaskWithoutPath]:
        """Return what there is to do; chapters that failed are treated as skipped."""
        jobs = [job for job in self.jobs if job.chapter.id not in self.left_out]
        tasks = [_chapter_task(job, self.cohort, self.output_dir, self.left_out) for job in jobs]
        return [*tasks, _book_task(self.cohort, self.output_dir, self.left_out)] if self.with_book else tasks

    def take(self, found: Mapping[str, Outcome]) -> dict[str, Outcome]:
        """Note what became of tasks; return the chapters that failed, when the rest can go on without them."""
        new = {
            name: one for name, one in found.items() if one.state != "unchanged" or not _is_done(self.done.get(name))
        }
        self.done |= new
        if any(one.state == STOPPED for one in found.values()):
            return {}
        return {name: one for name, one in found.items() if one.state in ("failed", LACKS) and name != "book"}

    def leave_out(self, failed: Mapping[str, Outcome], force: bool) -> None:
        """Write the notes of chapters that failed; what was to be executed by force and was not reached is stale."""
        reasons = {name: hide_ids(one.reason, self.cohort.participants.index) for name, one in failed.items()}
        for job in self.jobs:
            if job.chapter.id in failed:
                _write_note(job, failed[job.chapter.id].state, reasons[job.chapter.id])
            elif force and self.done[job.chapter.id].state == "not reached":
                job.page.unlink(missing_ok=True)
        is_failure = {name: one.state == "failed" for name, one in failed.items()}
        self.left_out |= {name: tell_failure(why) if is_failure[name] else why for name, why in reasons.items()}

    def report(self, only: Collection[str], seconds: float) -> BookRun:
        """Return what was done, and record it."""
        done = {name: _settle(one) for name, one in self.done.items()}
        skipped = list_reasons_to_skip(self.cohort)
        outcomes = [done[c.id] for c in CHAPTERS if c.id in skipped or not only or c.id in only]
        outcomes += [done["book"]] if self.with_book else []
        rendered = self.with_book and done["book"].state in ("run", "unchanged")
        folder = self.output_dir
        if self.order.behind:
            forget_people(folder, self.cohort.participants.index)
        if self._is_to_be_recorded(outcomes):
            self._record()
        return BookRun(tuple(outcomes), folder / HTML / "index.html" if rendered else None, seconds)

    def _is_to_be_recorded(self, outcomes: Sequence[Outcome]) -> bool:
        is_new = self.order.events or any(one.state not in ("unchanged", "skipped") for one in outcomes)
        lacks_site = not self.cohort.settings.blind and not has_site(self.output_dir / RESULTS)
        return bool(is_new or not has_crate(self.output_dir) or lacks_site)

    def _record(self) -> None:
        if not self.cohort.settings.blind:
            versions = {"program": tell_program(), "packages": list_versions(), "revision": read_revision()}
            write_site(self.cohort, self.output_dir / RESULTS, **versions)
        noted = note_registration(self.noted, self.registration, datetime.now(UTC).isoformat(timespec="seconds"))
        more = {"registration": self.registration, "events": noted, "behind": self.order.behind}
        record_run(self.cohort, self.output_dir, CHAPTERS, **more)


def _list_wanted(cohort: Cohort, only: Collection[str]) -> list[Chapter]:
    skipped = list_reasons_to_skip(cohort)
    return [c for c in CHAPTERS if c.id not in skipped and (not only or c.id in only)]


def _prepare(
    order: Order,
    chosen: Mapping[str, Mapping[str, Any]],
    only: Collection[str],
    with_book: bool,
    open_places: Mapping[str, Any] | None,
) -> _Book:
    cohort, output_dir, behind = order.cohort, order.output_dir, order.behind
    sha256 = hash_told_inputs(behind) if behind else hash_cohort(cohort.folder)
    facts = (cohort.settings.title, cohort.settings.kind, sha256)
    skipped, wanted = list_reasons_to_skip(cohort), _list_wanted(cohort, only)
    noted = [*list_events(output_dir), *map(dict, order.events)]
    registration, registered = hold_to_registration(behind or cohort, output_dir, _list_wanted(cohort, ()), chosen)
    at_hand = _bring_open_data(cohort, wanted, open_places)
    _write_skipped_pages(skipped, output_dir, facts)
    jobs = [_make_job(c, cohort, output_dir, chosen[c.id], facts, at_hand) for c in wanted]
    jobs = [replace(job, registered=registered) if job.chapter.id == VERDICT else job for job in jobs]
    done = {name: Outcome(name, "skipped", reason) for name, reason in skipped.items()}
    return _Book(order, jobs, skipped, done, with_book, registration, noted)


def _run_jobs(books: Sequence[_Book], *, n_workers: int, force: bool) -> None:
    """Execute chapters and render books; where chapters fail, go on as if they had been skipped.

    What ended because its worker process died is tried once more in this process.
    """
    waiting, retried = {book.output_dir: book for book in books}, False
    while tasks := {folder: own for folder, book in waiting.items() if (own := book.list_tasks())}:
        found = execute_tasks(tasks, n_workers=n_workers, force=force)
        failed = {folder: waiting[folder].take(own) for folder, own in found.items()}
        died = any(one.reason == WORKER_DIED for own in failed.values() for one in own.values())
        if n_workers > 1 and not retried and died:
            n_workers, retried = 1, True
            continue
        waiting = {folder: waiting[folder] for folder, own in failed.items() if own}
        for folder, book in waiting.items():
            book.leave_out(failed[folder], force)
        force = False


def _is_done(outcome: Outcome | None) -> bool:
    return outcome is not None and outcome.state in ("run", "unchanged")


def _write_note(job: Job, state: str, reason: str) -> None:
    if state == "failed":
        write_failed_page(job, reason)
        return
    stamp = Stamp(*job.stamp, list_versions(), "not executed", read_revision())
    write_atomically(job.page.with_suffix(".md"), write_skipped_page(job.chapter, reason, stamp))


def _settle(outcome: Outcome) -> Outcome:
    return replace(outcome, state={STOPPED: "not reached", LACKS: "skipped"}.get(outcome.state, outcome.state))


def _available(cohort: Cohort) -> set[str]:
    return cohort.available() | ({SIMULATED} if _is_example(cohort) else set())


def _is_example(cohort: Cohort) -> bool:
    """Say whether labs, exercises and open data stand in its book; on permuted groups they would teach wrong answers."""
    return cohort.settings.kind == SIMULATED and not cohort.settings.blind


def list_reasons_to_skip(cohort: Cohort) -> dict[str, str]:
    """Return the chapters that a cohort has no data for, each with the reason.

    Parameters
    ----------
    cohort : Cohort
    """
    available = _available(cohort)
    return {c.id: reason for c in CHAPTERS if (reason := c.reason_to_skip(available))}


def _find_unread(cohort: Cohort, only: Collection[str], output_dir: Path) -> list[Problem]:
    """Find chapters that read results which are neither there nor made in this run."""
    wanted = _list_wanted(cohort, only)
    made = {chapter.id for chapter in wanted} | set(list_reasons_to_skip(cohort))
    unread = sorted(
        {
            id
            for chapter in wanted
            for id in chapter.reads
            if id not in made and not (output_dir / RESULTS / id).is_dir()
        }
    )
    fix = f"run these too: {' '.join(f'--only {id}' for id in unread)}; or run all chapters."
    expected = "the results of each earlier chapter that is read"
    return [Problem("--only", None, None, f"no results of {', '.join(unread)}", expected, fix)] if unread else []


def _find_edited(output_dir: Path) -> list[Problem]:
    """Find what was edited in the crate of the last run; let pages be rendered anew where they were."""
    try:
        refuse_changed_crate(output_dir)
    except CohortError as error:
        return list(error.problems)
    return []


def _bring_open_data(cohort: Cohort, chapters: Iterable[Chapter], places: Mapping[str, Any] | None) -> set[str]:
    """Return the open data sets at hand for these chapters, and say why the others are not."""
    if not _is_example(cohort):
        return set()
    names = {name for chapter in chapters for name in chapter.open_data}
    lacking = provide_open_data(names, OPEN_DIR, places)
    for reason in lacking.values():
        say(f"  a section on open data is left out: {reason}")
    return names - set(lacking)


def _make_job(
    chapter: Chapter,
    cohort: Cohort,
    output_dir: Path,
    chosen: Mapping[str, Any],
    facts: tuple[str, str, str],
    at_hand: Collection[str],
) -> Job:
    source = find_notebook(chapter, _available(cohort))
    declared = read_parameters(source)
    parameters = {"cohort_dir": _portable(cohort.folder), "results_dir": _portable(output_dir / RESULTS)}
    parameters |= {name: value for name, value in chosen.items() if name in declared}
    if "open_dir" in declared:
        parameters["open_dir"] = _portable(OPEN_DIR)
    return Job(
        chapter,
        source,
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
            if page.is_file():
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
        "job": ValueNode(name=f"{chapter.id} job", value=job, text=_describe_job(job, skipped)),
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


def _run_chapter(job: Job, **nodes: object) -> None:
    """Execute a chapter; what it read must be the same at its end, as the engine notes only what is there then."""
    inputs = {name: node for name, node in nodes.items() if isinstance(node, FilesNode)}
    before = {name: node.state() for name, node in inputs.items()}
    execute_chapter(job)
    if changed := [name for name, node in inputs.items() if node.state() != before[name]]:
        withdraw_chapter(job, [_name_input(name) for name in changed])


def _name_input(name: str) -> str:
    known = {
        "notebook": "its notebook",
        "rooms": "the program",
        "data": "its data files",
        "cohort": "the cohort folder",
    }
    results = f"the results of {name.removeprefix('results_')}"
    return known.get(name, results if name.startswith("results_") else f"the open data {name}")


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
    if is_blind(output_dir):
        cohort = replace(cohort, settings=cohort.settings.as_blind())
    left_out = list_reasons_to_skip(cohort) | read_failures(output_dir / PAGES)
    _render_book((output_dir, _book_facts(cohort), left_out))
    return output_dir / HTML / "index.html"


def _book_facts(cohort: Cohort) -> dict[str, Any]:
    settings = cohort.settings
    return {
        "name": settings.name,
        "title": settings.title,
        "kind": settings.kind,
        "blind": settings.blind,
        "n_participants": len(cohort.participants),
        "citation": settings.citation,
        "labels": dict(settings.labels),
        "available": sorted(cohort.available()),
        "score": name_score(settings.outcome),
        "small_cell": settings.small_cell,
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
    needs |= {f"results_{id}": _results_node(output_dir, id) for id in LANDING if id not in skipped}
    needs |= {
        "frame": FilesNode(name="book frame", files=(*frame, *collect_rooms(["helpers.book", "helpers.report.pages"]))),
        "order": ValueNode(
            name="book order",
            value=(output_dir, facts, skipped),
            text=json.dumps([facts, skipped]) + repr(_find_repository()) + repr(find_stale_pages()) + hash_packages(),
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
    _stage(output_dir, output_dir / STAGE, facts, skipped)
    try:
        build_html(output_dir / STAGE, output_dir / HTML)
    except BookError as error:
        log = output_dir / "work" / "book.failed.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(str(error), encoding="utf-8")
        raise ChapterFailed(str(error).splitlines()[0], log) from None
    say(f"  book done in {time.perf_counter() - started:.1f} s")


def _find_repository() -> Repository | None:
    """Return where readers find the source; an installed package may lie in a repository of somebody else."""
    return find_repository(PROJECT_ROOT) if IS_CLONE else None


def stage_run(cohort: Cohort, output_dir: Path, stage_dir: Path) -> None:
    """Put the source of a run's book together somewhere else, for another edition of it.

    Parameters
    ----------
    cohort : Cohort
        That of the run.
    output_dir : pathlib.Path
        As for `run_book`.
    stage_dir : pathlib.Path
        Gets the tree that :func:`helpers.book.build_html` renders.

    Raises
    ------
    BookError
        When a chapter was not executed yet.
    """
    left_out = list_reasons_to_skip(cohort) | read_failures(output_dir / PAGES)
    _stage(output_dir, stage_dir, _book_facts(cohort), left_out)


def _stage(output_dir: Path, stage_dir: Path, facts: dict[str, Any], skipped: dict[str, str]) -> None:
    report = make_pages(output_dir, skipped)
    stage_book(
        PROJECT_ROOT,
        stage_dir,
        executed_dir=output_dir / PAGES,
        cohort_facts=facts,
        skipped=skipped,
        results_dir=output_dir / RESULTS,
        repository=_find_repository(),
        notes=_tell_stale() | report.notes,
        files=report.files,
    )


def _tell_stale() -> dict[str, str]:
    stale = find_stale_pages()
    for page in stale:
        say(f"  {page} shows figures of earlier code; make calibrate measures them anew")
    return stale


def _results_node(output_dir: Path, chapter: str) -> FilesNode:
    return FilesNode(name=f"{chapter} results", folder=output_dir / RESULTS / chapter)


def _describe_job(job: Job, left_out: Collection[str]) -> str:
    """Return what a job's state hangs on: parameters, what the cohort has, its stamp, what it cannot read, the packages."""
    unread = sorted(set(job.chapter.reads) & set(left_out))
    values = [sorted(job.parameters.items()), sorted(job.available), job.stamp, unread, hash_packages(), job.registered]
    return json.dumps(values, default=str)
