"""Put contents into a cohort folder: all of them or none, and never over what lies there."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from helpers.contract.schema import read_schema
from helpers.importers.delimited import read_frame
from helpers.importers.merging import ID, TAXA, Content, is_person_file, split_person_file
from helpers.importers.table_text import format_table
from helpers.problems import CohortError, Problem
from helpers.tables import write_atomically


def read_names(folder: Path, file: str) -> pd.Index | None:
    """Return the ids or features that a table of the folder lists; None when there is none that can be read.

    Parameters
    ----------
    folder : pathlib.Path
    file : str
        ``participants.tsv`` and tables of features: their first column; tables of measurements: their columns.
    """
    path = folder / file
    if not path.is_file():
        return None
    try:
        if file == TAXA:
            with path.open(encoding="utf-8-sig") as lines:
                header = lines.readline().rstrip("\r\n").split("\t")
            return pd.Index(header[1:]) if header[0] == ID else None
        return pd.Index(read_frame(path).iloc[:, 0])
    except (CohortError, OSError, UnicodeDecodeError):
        return None


def check_places(folder: Path, contents: Mapping[str, Content]) -> list[Problem]:
    """Return a problem for every file that the folder has already, in whatever form.

    Parameters
    ----------
    folder : pathlib.Path
    contents : mapping of str to DataFrame, str or Path
        By file of the folder.
    """
    if folder.exists() and not folder.is_dir():
        return [Problem(folder.name, None, None, "a file", "a folder", "name a folder, or a new path.")]
    problems = {}
    for file in contents:
        taken = next((other for other in _list_forms(file) if (folder / other).exists()), None)
        if taken is not None:
            problems[taken] = Problem(
                taken, None, None, "a file that is there already", "a new file", _how_to_free(folder / taken)
            )
    return list(problems.values())


def _how_to_free(path: Path) -> str:
    if path.is_file() and path.suffix in (".tsv", ".yml") and path.read_bytes().count(b"\n") <= 1:
        return "it holds a header only: remove it, and run the command again; nothing was changed."
    return "move it away first, or import into another folder; nothing was changed."


def _list_forms(file: str) -> list[str]:
    """Return a file of the contract and the other forms that the same block may have."""
    schema = read_schema()
    matrices = schema["matrices"]["folder"]
    place, name, _ = split_person_file(file)
    if is_person_file(file):
        forms = schema["matrices"]["endings"] if place == matrices else schema["maps"]["endings"]
        tables = [f"{matrices}{ending}" for ending in schema["table_formats"]] if place == matrices else []
        return [file, *(f"{place}/{name}{ending}" for ending in forms), *tables]
    stems = {rules["file"] for rules in schema["blocks"].values()}
    stem = next((stem for stem in stems if file.startswith(f"{stem}.")), None)
    if stem is None:
        return [file]
    folders = [matrices] if stem == matrices else []
    return [*(stem + ending for ending in (*schema["table_formats"], *schema["count_formats"])), *folders]


def write_contents(folder: Path, contents: Mapping[str, Content], finish: Callable[[], None]) -> None:
    """Write all contents, then finish; when anything fails, what was written is removed.

    Parameters
    ----------
    folder : pathlib.Path
        Made if need be.
    contents : mapping of str to DataFrame, str or Path
        A path is copied.
    finish : callable
        What belongs to it, e.g. the record of sources.
    """
    written: list[Path] = []
    made = _missing_folders(folder, contents)
    try:
        for file, content in contents.items():
            path = folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            written.append(path)
            if isinstance(content, Path):
                shutil.copyfile(content, path)
            else:
                write_atomically(path, format_table(content) if isinstance(content, pd.DataFrame) else content)
        finish()
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        for place in made:
            if place.is_dir() and not any(place.iterdir()):
                place.rmdir()
        raise


def _missing_folders(folder: Path, contents: Mapping[str, Content]) -> list[Path]:
    """Return the folders that writing will make, deepest first."""
    places = {parent for file in contents for parent in (folder / file).parents if not parent.exists()}
    return sorted(places, key=lambda place: len(place.parts), reverse=True)
