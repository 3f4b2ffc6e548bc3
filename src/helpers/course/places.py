"""Where the exercises of an open notebook look: the cohort folder and the result tables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from helpers.course.exercises import read_needs
from helpers.problems import MissingResult, TooLittle, name_some
from helpers.tables import MISSING, read_result, read_table, resolve_path

_OPEN: dict[str, Path] = {}
SETTINGS = {"covariates": ["age", "sex", "bmi"], "batch": "study"}


@dataclass(frozen=True)
class Shelf:
    """The tables that answers are computed from, read when they are asked for.

    Attributes
    ----------
    folder, results : pathlib.Path
        Of the cohort, and of the result tables of its chapters.
    """

    folder: Path
    results: Path

    def result(self, chapter: str, name: str) -> pd.DataFrame:
        """Return a result table of a chapter."""
        return read_result(self.results, chapter, name)

    def file(self, name: str) -> pd.DataFrame:
        """Return a table of the cohort folder."""
        return read_table(self.folder / name)

    def people(self) -> pd.DataFrame:
        """Return participants with their score and group."""
        return self.file("participants.tsv").join(self.result("01_cohort", "groups"))


def open_chapter(
    chapter: str, cohort_dir: str | os.PathLike[str], results_dir: str | os.PathLike[str]
) -> tuple[Path, Path]:
    """Open the course's sections of a chapter on a cohort: from here on :func:`check_answer` looks there.

    Parameters
    ----------
    chapter : str
        For example ``"04_microbiome"``.
    cohort_dir, results_dir : str or path-like
        Relative paths count from the project's root.

    Returns
    -------
    pathlib.Path, pathlib.Path
        Both folders, absolute, so that pandas can read from them.

    Raises
    ------
    MissingResult
        When a result table is not there; the message names the command that makes it.
    TooLittle
        When the cohort is written in another way than the book's own, which these sections are written for.
    """
    shelf = Shelf(resolve_path(cohort_dir), resolve_path(results_dir))
    needs = read_needs()[chapter]
    lacking = _find_lacking(shelf.folder, needs)
    if lacking:
        raise TooLittle(
            f"the course's sections are written for cohorts that the book simulates, and this one has no {name_some(lacking)}."
        )
    absent = [name for name in needs["tables"] if not (shelf.results / f"{name}.tsv").is_file()]
    if absent:
        chapters = " ".join(f"--only {name}" for name in dict.fromkeys(name.split("/")[0] for name in absent))
        raise MissingResult(
            f"{name_some(absent)} cannot be found in {shelf.results.name}/: run `resilience-book run {shelf.folder.name} {chapters}` "
            "with the path of your cohort folder, or the cells above."
        )
    _OPEN.update(folder=shelf.folder, results=shelf.results)
    return shelf.folder, shelf.results


def find_shelf() -> Shelf | None:
    """Return the tables of the notebook that is open; None before :func:`open_chapter`."""
    return Shelf(**_OPEN) if _OPEN else None


def _find_lacking(folder: Path, needs: Mapping[str, Any]) -> list[str]:
    """Return files and columns that the sections would read and that are not there."""
    lacking = []
    for name, columns in needs["files"].items():
        if not (folder / name).is_file():
            lacking.append(name)
            continue
        header = pd.read_csv(folder / name, sep="\t", nrows=0, na_values=[MISSING]).columns
        lacking += [f"{name}: {column}" for column in columns if column not in header]
    settings = yaml.safe_load((folder / "cohort.yml").read_text(encoding="utf-8"))
    return lacking + [f"{key}: {value}" for key, value in SETTINGS.items() if settings.get(key) != value]
