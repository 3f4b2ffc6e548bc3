"""What is left of a chapter that failed: a page that says so, so that the rest of the book can be read."""

from __future__ import annotations

import re
from pathlib import Path

from helpers.run.execution import Job, read_revision
from helpers.run.pages import Stamp, write_stamp
from helpers.run.sources import list_versions
from helpers.tables import write_atomically
from helpers.wording import as_text

SAID = "it failed: "
MARK = re.compile(r"^% failed: (.*)$", re.MULTILINE)


def tell_failure(reason: str) -> str:
    """Return a failure in the words of a reason why a chapter is not in the book.

    Examples
    --------
    >>> tell_failure("02_second stopped in its code cell 3: ValueError: no")
    'it failed: 02_second stopped in its code cell 3: ValueError: no'
    """
    return f"{SAID}{reason}"


def write_failed_page(job: Job, reason: str) -> None:
    """Write the page of a chapter that failed.

    Parameters
    ----------
    job : Job
    reason : str
        One line, without the ids of participants.
    """
    stamp = Stamp(*job.stamp, list_versions(), "not to its end", read_revision())
    log = f"{job.work.name}/{job.chapter.id}.failed.log"
    write_atomically(
        job.page.with_suffix(".md"),
        f"# {job.chapter.title}\n\n% failed: {reason}\n\n```{{admonition}} This chapter failed\n:class: danger failed\n"
        f"{as_text(reason)}\n\nThe log is `{log}` in the folder of this book.\n```\n\n"
        "The other chapters were computed as if this one had been skipped. The next run executes it again.\n\n"
        f"{write_stamp(stamp, job.parameters)}\n",
    )


def read_failures(pages_dir: Path) -> dict[str, str]:
    """Return the chapters that failed in the last run, each with its reason.

    Parameters
    ----------
    pages_dir : pathlib.Path
    """
    notes = [note for note in sorted(pages_dir.glob("*.md")) if not note.with_suffix(".ipynb").is_file()]
    found = {note.stem: MARK.search(note.read_text(encoding="utf-8")) for note in notes}
    return {name: tell_failure(match[1]) for name, match in found.items() if match}
