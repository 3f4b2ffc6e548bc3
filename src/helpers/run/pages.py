"""Turn a chapter's notebook into a page for one cohort: leave out what it lacks, stamp it with its origin."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass
from itertools import groupby
from types import MappingProxyType
from typing import Any

import nbformat
from nbformat import NotebookNode
from papermill.execute import ERROR_MARKER_TAG

from helpers.importers.sources import Source
from helpers.problems import MissingResult, TooLittle, count
from helpers.run.chapters import OPEN, SIMULATED, Chapter, explain_need
from helpers.wording import as_code, as_text, call_groups, hide_ids, hide_small

NEEDS, ONLY, GO_ON = "needs-", "only-", "raises-exception"  # what lacks an only- is left out without a word
FINDINGS = "findings"  # tag of a cell that reads the tables of its own chapter, whatever there are
COURSE = "course"  # tag of cells for students, which do not decide whether a chapter had anything to show
LACKING = (TooLittle.__name__, MissingResult.__name__)  # MissingResult: an earlier chapter was left out
FOLLOWING = ("NameError", "KeyError")  # what cells meet that would use what a lacking one has not made
FOLLOWS = "it needs what a part above could not make of so little data."
LEFT_OUT_NUMBER = re.compile(r": ([\d,]+) \(")
FOR_STUDENTS = "a part for students (by hand, exercises, quiz) stands in the book of a simulated cohort"
HIDDEN = ("cohort_dir", "results_dir", "open_dir", "sites_dir")
PROVENANCE = "provenance"  # metadata of an executed page: its stamp and parameters, for the crate and the methods text


@dataclass(frozen=True)
class Stamp:
    """Where a page comes from.

    Attributes
    ----------
    cohort, kind, cohort_sha256 : str
    parameters : mapping
        As used, the folders left out.
    versions : mapping of package to version
    date, revision : str
        When it was executed (UTC) and on which code.
    started, ended : str
        The same as ISO 8601, for machines; blank for what was not executed.
    """

    cohort: str
    kind: str
    cohort_sha256: str
    versions: Mapping[str, str]
    date: str
    revision: str
    started: str = ""
    ended: str = ""


def leave_out(
    notebook: NotebookNode, available: Collection[str], unmet: Mapping[str, str] = MappingProxyType({})
) -> NotebookNode:
    """Replace the cells whose ``needs-…`` tags the cohort cannot meet by one visible note per run of cells.

    Cells with an ``only-…`` tag that it cannot meet are left out without a note: what they are about is asked of no cohort.

    Parameters
    ----------
    notebook : NotebookNode
    available : collection of str
        From `Cohort.available`; of a simulated cohort also ``simulated``, and ``open-<name>`` for each open data set
        at hand.
    unmet : mapping of str to str, optional
        What the cohort has in a form that cannot be used, with the reason; not among `available`.

    Returns
    -------
    NotebookNode
        A copy.
    """
    page = deepcopy(notebook)
    page.cells = [cell for cell in page.cells if not _lacking(cell, available, ONLY)]
    cells: list[NotebookNode] = []
    for lacking, run in groupby(page.cells, key=lambda cell: _lacking(cell, available)):
        cells += [_note_missing(lacking, SIMULATED in available, unmet)] if lacking else list(run)
    page.cells = cells
    return page


def allow_lacking(notebook: NotebookNode) -> NotebookNode:
    """Let execution go on behind cells that find too little data; whether that was the reason is judged afterwards.

    Parameters
    ----------
    notebook : NotebookNode

    Returns
    -------
    NotebookNode
        A copy; every code cell has the tag that lets execution go on.
    """
    page = deepcopy(notebook)
    for cell in page.cells:
        if cell.cell_type == "code":
            cell.metadata["tags"] = [*cell.metadata.get("tags", []), GO_ON]
    return page


def find_error(notebook: NotebookNode) -> tuple[NotebookNode, NotebookNode] | None:
    """Return the first cell that failed for another reason than too little data, with its error; None when none did.

    Parameters
    ----------
    notebook : NotebookNode
        As papermill left it.

    Notes
    -----
    Behind a cell that found too little (:class:`helpers.problems.TooLittle`), others may miss the name that it would have
    made; that is no failure of theirs.
    """
    lacked = False
    for cell in notebook.cells:
        for error in _list_errors(cell):
            if error.ename in LACKING:
                lacked = True
            elif not (lacked and error.ename in FOLLOWING):
                return cell, error
    return None


def note_lacking(notebook: NotebookNode) -> NotebookNode | str:
    """Replace cells that found too little data by a note with the reason.

    Parameters
    ----------
    notebook : NotebookNode
        As papermill left it, without another error (:func:`find_error`).

    Returns
    -------
    NotebookNode or str
        The reason alone when nothing behind the first such cell could be executed.
    """
    page = deepcopy(notebook)
    page.cells = [cell for cell in page.cells if ERROR_MARKER_TAG not in cell.metadata.get("tags", [])]
    if not any(_list_errors(cell) for cell in page.cells):
        return page
    others = {COURSE, FINDINGS}
    science = [c for c in page.cells if c.cell_type == "code" and others.isdisjoint(c.metadata.get("tags", []))]
    first = next((at for at, cell in enumerate(science) if _list_errors(cell)), None)
    if first is not None and all(_list_errors(cell) for cell in science[first + 1 :]):
        return _list_errors(science[first])[0].evalue
    said, cells = None, []
    for cell in page.cells:
        errors = _list_errors(cell)
        reason = errors[0].evalue if errors and errors[0].ename in LACKING else FOLLOWS
        if not errors:
            cells.append(cell)
            said = None if cell.cell_type == "markdown" else said
        elif said is None or reason not in (said, FOLLOWS):
            cells.append(_markdown(f"```{{note}}\n:class: left-out\nLeft out here: {as_text(reason)}\n```"))
            said = reason
    page.cells = cells
    for cell in page.cells:
        if cell.cell_type == "code":
            cell.metadata["tags"] = [tag for tag in cell.metadata.get("tags", []) if tag != GO_ON]
    return page


def _list_errors(cell: NotebookNode) -> list[NotebookNode]:
    return [output for output in cell.get("outputs", []) if output.output_type == "error"]


def _lacking(cell: NotebookNode, available: Collection[str], start: str = NEEDS) -> tuple[str, ...]:
    tags = cell.metadata.get("tags", [])
    return tuple(
        tag.removeprefix(start) for tag in tags if tag.startswith(start) and tag.removeprefix(start) not in available
    )


def _note_missing(needs: tuple[str, ...], is_simulated: bool, unmet: Mapping[str, str]) -> NotebookNode:
    of_cohort = [explain_need(n) for n in needs if not n.startswith(OPEN) and n not in unmet and n != SIMULATED]
    reasons = [FOR_STUDENTS] if SIMULATED in needs else []
    reasons += [f"this cohort has no {' and no '.join(of_cohort)}"] if of_cohort else []
    reasons += [as_text(unmet[need]) for need in needs if need in unmet]
    reasons += [_explain_open(need, is_simulated) for need in needs if need.startswith(OPEN)]
    return _markdown(f"```{{note}}\n:class: left-out\nLeft out here: {'; '.join(reasons)}.\n```")


def _explain_open(need: str, is_simulated: bool) -> str:
    name = need.removeprefix(OPEN)
    if is_simulated:
        return f"the open data set {name} could not be had (`resilience-book fetch {name} FOLDER` says why)"
    return f"a section on other people, from the open data set {name}, stands in the book of the example cohort"


def take_warnings(notebook: NotebookNode) -> tuple[NotebookNode, str]:
    """Take what libraries wrote to standard error off a page: a warning is for a log, not for readers.

    Parameters
    ----------
    notebook : NotebookNode
        As papermill left it.

    Returns
    -------
    NotebookNode, str
        A copy without it; and all of it, each part under the cell it came from.
    """
    page, said = deepcopy(notebook), []
    for cell in page.cells:
        own = "".join(output.text for output in cell.get("outputs", []) if output.get("name") == "stderr")
        if own:
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
            said.append(f"{cell.source}\n\n{own}")
    return page, "\n".join(said)


def finish_page(notebook: NotebookNode, stamp: Stamp, parameters: Mapping[str, Any], origin: str = "") -> NotebookNode:
    """Hide the parameter cells of an executed notebook and stamp it with its origin.

    Parameters
    ----------
    notebook : NotebookNode
        As papermill left it.
    stamp : Stamp
    parameters : mapping
        All parameters as used.
    origin : str, optional
        A section on where the data came from, from `write_origin`.

    Returns
    -------
    NotebookNode
        A copy without traces of the machine it ran on.
    """
    page = deepcopy(notebook)
    page.metadata.pop("papermill", None)
    for cell in page.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if {"parameters", "injected-parameters"} & set(cell.metadata.get("tags", [])):
            cell.metadata["tags"] = [*cell.metadata["tags"], "remove-cell"]
    page.cells += [_markdown(text) for text in (origin, write_stamp(stamp, parameters)) if text]
    shown = {name: value for name, value in sorted(parameters.items()) if name not in HIDDEN}
    page.metadata[PROVENANCE] = asdict(stamp) | {"parameters": shown}
    return nbformat.from_dict(page)


def call_page_groups(page: NotebookNode, labels: Mapping[str, str]) -> NotebookNode:
    """Return a page whose prose calls the groups as the cohort does; parts for students stay as they are.

    Parameters
    ----------
    page : NotebookNode
    labels : mapping
        ``labels`` of ``cohort.yml``.
    """
    named = deepcopy(page)
    for cell in named.cells:
        if cell.cell_type == "markdown" and COURSE not in cell.metadata.get("tags", []):
            cell.source = call_groups(cell.source, labels, is_markdown=True)
    return named


def write_stamp(stamp: Stamp, parameters: Mapping[str, Any]) -> str:
    """Return the stamp as the last section of a page."""
    shown = ", ".join(
        f"{as_text(name)} = {as_text(value)}" for name, value in sorted(parameters.items()) if name not in HIDDEN
    )
    rows = {
        "Cohort": f"{as_text(stamp.cohort)} ({stamp.kind})",
        "Data (sha256)": f"`{stamp.cohort_sha256[:16]}`",
        "Parameters": shown,
        "Packages": ", ".join(f"{name} {version}" for name, version in stamp.versions.items()),
        "Executed": stamp.date,
        "Code": f"`{stamp.revision}`",
    }
    lines = "\n".join(f"* - {name}\n  - {value}" for name, value in rows.items() if value)
    return f"## How this page was made\n\n<!-- fold: Show cohort, parameters and packages -->\n\n```{{list-table}}\n:class: provenance\n:stub-columns: 1\n\n{lines}\n```"


def write_origin(sources: Sequence[Source], participants: Collection[str]) -> str:
    """Return a section on where the tables of a cohort folder came from; nothing when that is not known.

    Parameters
    ----------
    sources : sequence of Source
        Of ``sources.tsv``.
    participants : collection of str
        Ids, which are not shown where they stand in names of files.

    Notes
    -----
    Numbers of rows are not told, as they are numbers of participants; of what was left out none below `small_cell`.
    """
    if not sources:
        return ""
    rows = [["File", "Columns", "Made from", "Written by", "Left out", "Imported (UTC)"]]
    for (file, program, left_out, date), lines in _group_sources(sources).items():
        is_one = len(lines) == 1 and not file.endswith("/")
        name = as_code(hide_ids(lines[0].source, participants)) if is_one else count(len(lines), "file")
        told = LEFT_OUT_NUMBER.sub(lambda match: f": {hide_small(int(match[1].replace(',', '')))} (", left_out)
        cells = [lines[0].columns or "–", name, as_text(program), as_text(hide_ids(told, participants)) or "–", date]
        rows.append([as_code(file), *cells])
    body = "\n".join("* - " + "\n  - ".join(row) for row in rows)
    return f"## Where the data came from\n\n```{{list-table}}\n:class: provenance\n:header-rows: 1\n\n{body}\n```"


def _group_sources(sources: Sequence[Source]) -> dict[tuple[str, str, str, str], list[Source]]:
    grouped: dict[tuple[str, str, str, str], list[Source]] = {}
    for line in sources:
        grouped.setdefault((line.file, line.program, line.left_out, line.date), []).append(line)
    return grouped


def write_skipped_page(chapter: Chapter, reason: str, stamp: Stamp) -> str:
    """Return the page of a chapter that this cohort cannot fill, with the reason.

    Parameters
    ----------
    chapter : Chapter
    reason : str
        From `Chapter.reason_to_skip`.
    stamp : Stamp
    """
    return (
        f"# {chapter.title}\n\n```{{admonition}} Skipped for this cohort\n:class: note skipped\n"
        f"This chapter was not run: {as_text(reason)}.\n```\n\n"
        "Everything else in this book was computed without it. Add the data to the cohort folder and run the book "
        f"again: the chapter then fills itself.\n\n{write_stamp(stamp, {})}\n"
    )


def _markdown(text: str) -> NotebookNode:
    return nbformat.v4.new_markdown_cell(text)
