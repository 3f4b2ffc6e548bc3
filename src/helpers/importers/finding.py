"""Which files are meant, and which format each of them has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from helpers.contract.inventory import list_files
from helpers.importers.base import Format
from helpers.importers.registry import find_format, list_formats, recognise
from helpers.problems import CohortError, Problem


@dataclass(frozen=True)
class Found:
    """Files by format.

    Attributes
    ----------
    by_format : dict of Format to list of pathlib.Path
        In the order of the registry.
    unrecognised : tuple of pathlib.Path
        Files of folders that no program is known to write.
    """

    by_format: dict[Format, list[Path]]
    unrecognised: tuple[Path, ...] = ()


def find_files(paths: Sequence[Path], as_name: str | None = None, otherwise: str | None = None) -> Found:
    """Sort files by format.

    Parameters
    ----------
    paths : sequence of pathlib.Path
        Files, or folders: of these all files, hidden ones and links out of them left out.
    as_name : str, optional
        The format of all; by default each is recognised by its content.
    otherwise : str, optional
        The format of named files that are not recognised, where the user says what they hold.

    Returns
    -------
    Found

    Raises
    ------
    CohortError
        When a named file is not recognised or damaged, or nothing at all is recognised.
    """
    form = None if as_name is None else find_format(as_name)
    known: dict[str, list[Path]] = {}
    unrecognised, problems = [], []
    for path, is_named in _expand(paths):
        try:
            match = form or recognise(path)
        except CohortError as error:
            problems += error.problems if is_named else []
            unrecognised += [] if is_named else [path]
            continue
        if match is None and is_named and otherwise is not None:
            match = find_format(otherwise)
        if match is not None:
            known.setdefault(match.name, []).append(path)
        elif is_named:
            problems.append(_tell_unknown(path))
        else:
            unrecognised.append(path)
    if not known and not problems:
        fix = "`resilience-book import --list` shows which files are read."
        problems = [
            Problem(paths[0].name, None, None, "no file of a program that is known", "exports of programs", fix)
        ]
    if problems:
        raise CohortError(problems)
    return Found({form: known[form.name] for form in list_formats() if form.name in known}, tuple(unrecognised))


def _expand(paths: Sequence[Path]) -> list[tuple[Path, bool]]:
    """Return every file once, with whether it was named itself."""
    files: dict[Path, bool] = {}
    for path in paths:
        if path.is_dir():
            files = dict.fromkeys(list_files(path), False) | files
        else:
            files[path] = True
    return list(files.items())


def _tell_unknown(path: Path) -> Problem:
    fix = "name its format (--as, see `resilience-book import --list`), or for a plain table what it holds (--role)."
    return Problem(path.name, None, None, "a file that no known program writes", "an export of a known program", fix)
