"""Methods text and checklists as pages of the book, with the same as files to take along."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from helpers.problems import CohortError
from helpers.report.checklists import fill_checklists, write_checklist_page
from helpers.report.handout import make_texts
from helpers.report.methods import write_methods
from helpers.report.reading import read_record
from helpers.report.rendering import FREE, SIMULATED, write_page

METHODS_PAGE, CHECKLISTS_PAGE = "book/methods.md", "book/checklists.md"
FOLDER = "handout"
NOTHING = "```{note}\nNothing can be said of this run, as its first chapter was not executed.\n```"


@dataclass(frozen=True)
class ReportPages:
    """What the frame gets.

    Attributes
    ----------
    notes : dict of str to str
        Page -> MyST to put under its title.
    files : dict of str to bytes
        Path beside the pages -> content.
    """

    notes: dict[str, str]
    files: dict[str, bytes]


def make_pages(output_dir: Path, left_out: Collection[str]) -> ReportPages:
    """Return the pages of a run's methods text and checklists.

    Parameters
    ----------
    output_dir : pathlib.Path
        As for :func:`helpers.report.read_record`.
    left_out : collection of str
        Chapters that were skipped or failed.
    """
    try:
        record = read_record(output_dir, left_out=left_out, same_data=False)
    except CohortError:
        return ReportPages(dict.fromkeys((METHODS_PAGE, CHECKLISTS_PAGE), NOTHING), {})
    files = dict(make_texts(record))
    mark = f"**{SIMULATED}**\n\n" if record.is_simulated else ""
    links = {METHODS_PAGE: ("methods.docx", "methods.md", "references.bib"), CHECKLISTS_PAGE: ("checklists.xlsx",)}
    texts = {
        METHODS_PAGE: f"{FREE}\n\n{write_page(write_methods(record))}",
        CHECKLISTS_PAGE: write_checklist_page(fill_checklists(record)),
    }
    notes = {page: f"{mark}{_link(n for n in links[page] if n in files)}\n\n{text}" for page, text in texts.items()}
    return ReportPages(notes, {f"{FOLDER}/{name}": content for name, content in files.items()})


def _link(names: Iterable[str]) -> str:
    links = ", ".join(f'<a href="../{FOLDER}/{name}" download>{name}</a>' for name in names)
    return f"```{{raw}} html\n<p>As files: {links}.</p>\n```"
