"""The student edition: every chapter as a notebook without output and without solutions, set to a cohort and its results."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from helpers.book import prepare_download
from helpers.book.pages import name_cohort
from helpers.contract import Cohort
from helpers.run import CHAPTERS
from helpers.run.execution import NOTEBOOKS_DIR
from helpers.tables import PROJECT_ROOT, write_atomically

PARAMETERS = "parameters"


@dataclass(frozen=True)
class Edition:
    """What was written for students.

    Attributes
    ----------
    written, kept : tuple of pathlib.Path
        Notebooks made now, and those that were there already and are left as they are.
    """

    written: tuple[Path, ...]
    kept: tuple[Path, ...]


def write_student_edition(folder: Path, *, cohort: Cohort, results_dir: Path, chapters: Collection[str]) -> Edition:
    """Write notebooks without solutions into a folder; one that is there already is a student's work and stays.

    Parameters
    ----------
    folder : pathlib.Path
    cohort : Cohort
        Named under the title of each notebook; where it is simulated, that is said.
    results_dir : pathlib.Path
        What the notebooks read from and write to.
    chapters : collection of str
        Ids of chapters and labs.

    Returns
    -------
    Edition
    """
    settings, written, kept = cohort.settings, [], []
    facts = {"title": settings.title, "kind": settings.kind, "n_participants": len(cohort.participants)}
    for chapter in (chapter.id for chapter in CHAPTERS if chapter.id in chapters):
        target = folder / f"{chapter}.ipynb"
        if target.exists():
            kept.append(target)
            continue
        source = nbformat.read(NOTEBOOKS_DIR / f"{chapter}.ipynb", as_version=4)
        places = {"cohort_dir": _portable(cohort.folder), "results_dir": _portable(results_dir)}
        notebook = set_parameters(prepare_download(source), places)
        titled = next(cell for cell in notebook.cells if cell.cell_type == "markdown")
        titled.source = name_cohort(titled.source, facts, source=target.name)
        nbformat.validate(notebook)
        write_atomically(target, nbformat.writes(notebook) + "\n")
        written.append(target)
    return Edition(tuple(written), tuple(kept))


def set_parameters(notebook: NotebookNode, values: dict[str, str]) -> NotebookNode:
    """Set text parameters in the cell that declares them; remarks behind them stay.

    Parameters
    ----------
    notebook : NotebookNode
        Changed in place and returned.
    values : dict of str to str
    """
    for cell in notebook.cells:
        if PARAMETERS in cell.metadata.get("tags", []):
            for name, value in values.items():
                shown = f"{name} = {json.dumps(value, ensure_ascii=False)}"
                cell.source = re.sub(rf'^{name} = "[^"]*"', lambda _, s=shown: s, cell.source, flags=re.MULTILINE)
    return notebook


def _portable(path: Path) -> str:
    """Return a path as a notebook can hold it on every system."""
    return path.relative_to(PROJECT_ROOT).as_posix() if path.is_relative_to(PROJECT_ROOT) else path.as_posix()
