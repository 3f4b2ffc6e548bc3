"""Tasks of one book or of several in one schedule: pytask finds what is stale, its workers execute it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass
from pathlib import Path

import pytask

from helpers.run.execution import ChapterFailed, ChapterLacks
from helpers.run.memory import name_task, remember_apart, split_name
from helpers.trouble import tell_trouble

STOPPED = "stopped"  # by somebody, before its end
LACKS = "lacks"  # data: found too little while it was executed
WORKER_DIED = "its worker process was ended from outside, most likely for lack of memory. Close other programs."


@dataclass(frozen=True)
class Outcome:
    """What became of one chapter or of the book.

    Attributes
    ----------
    name : str
    state : {"run", "unchanged", "skipped", "failed", "not reached"}
    reason : str
        Why it was skipped or failed, in one line; empty otherwise.
    log : pathlib.Path or None
        Of what failed: a file with the whole story.
    """

    name: str
    state: str
    reason: str = ""
    log: Path | None = None


def execute_tasks(
    tasks: Mapping[Path, Sequence[pytask.TaskWithoutPath]], *, n_workers: int, force: bool
) -> dict[Path, dict[str, Outcome]]:
    """Let pytask run what is stale.

    Parameters
    ----------
    tasks : mapping of pathlib.Path to sequence of pytask.TaskWithoutPath
        By the output folder of their book, which also keeps what pytask knows of it.
    n_workers : int
        Tasks at a time, of all books together.
    force : bool
        Run what is not stale, too.

    Returns
    -------
    dict of pathlib.Path to dict of str to Outcome
        By output folder and name of the task.
    """
    folders = {str(number): folder for number, folder in enumerate(tasks)}
    together = [_put_into(book, task) for book, own in zip(folders, tasks.values(), strict=True) for task in own]
    for folder in tasks:
        folder.mkdir(parents=True, exist_ok=True)
    root = next(iter(tasks))
    settings = root / "engine.toml"  # its folder is where pytask looks for all else
    settings.write_text("[tool.pytask.ini_options]\n", encoding="utf-8")
    pytask.console.quiet = True
    try:
        with remember_apart(folders):
            session = pytask.build(
                tasks=together,
                config=settings,
                paths=[root],
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
    done = {task.name: (STOPPED, "the run was stopped before it", None) for task in together}
    done |= {report.task.name: _read_report(report) for report in session.execution_reports}
    found: dict[Path, dict[str, Outcome]] = {folder: {} for folder in tasks}
    for task, said in done.items():
        book, name = split_name(task)
        found[folders[book]][name] = Outcome(name, *said)
    return found


def _put_into(book: str, task: pytask.TaskWithoutPath) -> pytask.TaskWithoutPath:
    """Mark a task and its nodes as those of one book: other books have tasks and nodes of the same names."""
    task.name = name_task(book, task.name)
    for node in (*task.depends_on.values(), *task.produces.values()):
        node.book = book
    return task


def _read_report(report: pytask.ExecutionReport) -> tuple[str, str, Path | None]:
    """Return state, reason and log."""
    outcome = report.outcome
    if outcome == pytask.TaskOutcome.SUCCESS:
        return "run", "", None
    if outcome in (pytask.TaskOutcome.SKIP_UNCHANGED, pytask.TaskOutcome.PERSISTENCE):
        return "unchanged", "", None
    if outcome != pytask.TaskOutcome.FAIL:
        return "not reached", "a chapter whose results it reads failed", None
    error = report.exc_info[1] if report.exc_info else None
    if isinstance(error, KeyboardInterrupt):
        return STOPPED, "the run was stopped before its end", None
    if isinstance(error, ChapterLacks):
        return LACKS, error.reason, None
    if isinstance(error, ChapterFailed):
        return "failed", error.reason, error.log
    if isinstance(error, BrokenExecutor):
        return "failed", WORKER_DIED, None
    return "failed", tell_trouble(error) or f"{type(error).__name__}: {str(error).splitlines()[0]}", None
