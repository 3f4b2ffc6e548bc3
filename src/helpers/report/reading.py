"""What a run left: its executed pages, with the calls and parameters in them, and its result tables."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
from nbformat import NotebookNode

from helpers.contract import hash_cohort
from helpers.contract.settings import Settings, read_settings
from helpers.problems import CohortError, Problem
from helpers.tables import read_table, resolve_path

PAGES, RESULTS = "pages", "results"
PROVENANCE = "provenance"  # key of a page's metadata, written by the run: stamp and parameters
FIRST = "01_cohort"  # every cohort can be described; without this chapter nothing can be said of a run
NOT_RUN = "no finished run"
BESIDE = ("course", "needs-open-")  # tags of cells that say nothing of the cohort's own analysis


@dataclass(frozen=True)
class RunChapter:
    """One chapter as it was executed.

    Attributes
    ----------
    page : NotebookNode
    parameters : mapping
        All of them, as used.
    calls : mapping of str to mapping
        Name of each function called for the cohort's own analysis -> the constants among its keywords.
    stamp : mapping
        cohort, kind, cohort_sha256, versions, date, revision.
    """

    page: NotebookNode
    parameters: Mapping[str, Any]
    calls: Mapping[str, Mapping[str, Any]]
    stamp: Mapping[str, Any]


@dataclass(frozen=True)
class RunRecord:
    """A finished run.

    Attributes
    ----------
    folder : pathlib.Path
        Its output folder.
    settings : Settings
        Of the cohort.
    chapters : mapping of str to RunChapter
        Those that were executed, in order.
    """

    folder: Path
    settings: Settings
    chapters: Mapping[str, RunChapter]

    @property
    def is_simulated(self) -> bool:
        """Whether its people are simulated."""
        return self.settings.kind == "simulated"

    def table(self, name: str) -> pd.DataFrame | None:
        """Return a result table of an executed chapter; None where there is none, or an empty one.

        Parameters
        ----------
        name : str
            ``chapter/table``.
        """
        path = self.folder / RESULTS / f"{name}.tsv"
        if name.partition("/")[0] not in self.chapters or not path.is_file():
            return None
        table = read_table(path)
        return None if table.empty else table

    def list_tables(self) -> list[str]:
        """Return the result tables of the executed chapters, as ``chapter/table``."""
        return [
            f"{chapter}/{path.stem}"
            for chapter in self.chapters
            for path in sorted((self.folder / RESULTS / chapter).glob("*.tsv"))
        ]


def read_record(output_dir: Path, *, left_out: Collection[str] = (), same_data: bool = True) -> RunRecord:
    """Read what a run left in its output folder.

    Parameters
    ----------
    output_dir : pathlib.Path
        As for ``resilience-book run --output``.
    left_out : collection of str, optional
        Chapters that do not count although a page of theirs is there.
    same_data : bool, default True
        Refuse when the cohort folder has changed since.

    Returns
    -------
    RunRecord

    Raises
    ------
    CohortError
        When nothing was run there, pages come from an earlier version, or the cohort is gone or has changed.
    """
    pages = {path.stem: path for path in sorted((output_dir / PAGES).glob("*.ipynb")) if path.stem not in left_out}
    chapters = {name: _read_chapter(path) for name, path in pages.items()}
    known = {name: chapter for name, chapter in chapters.items() if chapter is not None}
    if FIRST not in known:
        found = f"{NOT_RUN}: chapter {FIRST} was not executed by this version"
        fix = "run the cohort first: resilience-book run COHORT_DIR."
        raise CohortError([Problem(str(output_dir), None, None, found, "the output folder of a run", fix)])
    first = known[FIRST]
    folder = resolve_path(first.parameters["cohort_dir"])
    settings = read_settings(folder)[0] if folder.is_dir() else None
    if settings is None:
        fix = "put the cohort folder back, or run it again from where it is now."
        raise CohortError(
            [Problem(str(folder), None, None, "no cohort that can be read", "the cohort of the run", fix)]
        )
    if same_data:
        _refuse_mixture(known, hash_cohort(folder), folder)
    return RunRecord(output_dir, settings, known)


def _refuse_mixture(chapters: Mapping[str, RunChapter], now: str, folder: Path) -> None:
    others = [name for name, chapter in chapters.items() if chapter.stamp["cohort_sha256"] != now]
    if others:
        found = f"other data than {', '.join(others)} {'was' if len(others) == 1 else 'were'} computed from"
        fix = "run the cohort again, then export."
        raise CohortError([Problem(str(folder), None, None, found, "the data of the run", fix)])


def _read_chapter(path: Path) -> RunChapter | None:
    """Return an executed chapter; None of one that an earlier version executed, which kept no parameters."""
    page = nbformat.read(path, as_version=4)
    stamp = page.metadata.get(PROVENANCE)
    if stamp is None:
        return None
    return RunChapter(page, _read_folders(page) | dict(stamp["parameters"]), _find_calls(page), stamp)


def _read_folders(page: NotebookNode) -> dict[str, Any]:
    """Return the parameters of a page as its cells set them: folders are not in its stamp."""
    found: dict[str, Any] = {}
    for cell in page.cells:
        if {"parameters", "injected-parameters"} & set(cell.metadata.get("tags", [])):
            for node in ast.parse(cell.source).body:
                if isinstance(node, ast.Assign):
                    found[node.targets[0].id] = ast.literal_eval(node.value)
    return found


def _find_calls(page: NotebookNode) -> dict[str, dict[str, Any]]:
    """Return what the cells of a page call, but those for students or on open data."""
    calls: dict[str, dict[str, Any]] = {}
    for cell in page.cells:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type != "code" or any(tag.startswith(BESIDE) for tag in tags):
            continue
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                calls.setdefault(name, {}).update(
                    {word.arg: word.value.value for word in node.keywords if isinstance(word.value, ast.Constant)}
                )
    return calls
