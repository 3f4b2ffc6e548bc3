"""What lies in a cohort folder: files the contract knows, files it will ignore, and links that are not followed."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from helpers.contract.damage import suggest
from helpers.contract.schema import list_measures, read_schema
from helpers.problems import Problem, name_some

ALIKE = 0.8
DOCUMENTS = re.compile(
    r"(readme|changes|changelog|licen[cs]e|citation|authors|notes?)([._-].*)?|dataset_description\.json|truth\.yml"
    r"|.*\.(md|rst|pdf|html|log|py|r|rmd|ipynb|sh|cff|bib|docx?|json|ya?ml)",
    re.IGNORECASE,
)
DEBRIS = re.compile(r"~\$.*|.*~|.*\.(bak|swp|tmp|lock)|thumbs\.db|desktop\.ini|icon\r", re.IGNORECASE)


def list_files(folder: Path) -> list[Path]:
    """Return the files of a folder in one order everywhere, hidden ones left out.

    Parameters
    ----------
    folder : pathlib.Path

    Returns
    -------
    list of pathlib.Path
        Links to folders are not followed; links that lead outside the folder, in a circle or nowhere, and what is
        no regular file (pipes, devices), are left out.
    """
    home = folder.resolve()
    files = [path for path in _walk(folder) if not path.is_dir() and not _refuse(path, home)]
    return sorted(files)


def find_refused(folder: Path) -> dict[str, Problem]:
    """Return the paths of a cohort folder that are never opened, each with the reason.

    Parameters
    ----------
    folder : pathlib.Path

    Returns
    -------
    dict of str to Problem
        By path inside the folder.
    """
    home, refused = folder.resolve(), {}
    for path in _walk(folder):
        reason = _refuse(path, home)
        if reason:
            file = path.relative_to(folder).as_posix()
            refused[file] = Problem(file, None, None, *reason)
    return refused


def check_inventory(folder: Path) -> list[Problem]:
    """Return a warning for every file that the contract does not know and will ignore, with the likeliest name.

    Parameters
    ----------
    folder : pathlib.Path

    Returns
    -------
    list of Problem
        An error where a folder stands in place of a needed file.
    """
    known, problems = _known_files(), []
    folders = {str(PurePosixPath(file).parent) for file in known}
    for path in _walk(folder):
        file = path.relative_to(folder).as_posix()
        if path.is_dir():
            problems += _check_folder(file, known, folders)
        elif file not in known and str(PurePosixPath(file).parent) in folders and not _is_aside(path.name):
            problems += _check_file(file, known, folder)
    return problems


def _walk(folder: Path) -> Iterator[Path]:
    """Yield all entries below a folder, hidden ones left out, links to folders not followed."""
    for place, folders, files in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in (*folders, *sorted(files)):
            if not name.startswith("."):
                yield Path(place) / name


def _refuse(path: Path, home: Path) -> tuple[str, str, str] | None:
    try:
        if path.is_symlink():
            target = path.resolve(strict=True)
            if not target.is_relative_to(home):
                return "a link that leads outside the folder", "a file inside the folder", "copy the file itself here."
        mode = path.stat().st_mode
    except (OSError, RuntimeError):
        return "a link that leads in a circle or nowhere", "a file inside the folder", "copy the file itself here."
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        return "no regular file (a pipe, a socket or a device)", "a file", "replace it by a file, or remove it."
    return None


def _known_files() -> set[str]:
    schema = read_schema()
    people = schema["participants"]["file"]
    known = {"cohort.yml", people, people.replace(".tsv", ".json"), schema["tree"]["file"]}
    known |= {rules["file"] for rules in schema["features"].values()}
    known |= {rules["file"] for rules in schema["phenotype"]["measures"].values()}
    endings = {*schema["table_formats"], ".biom"}
    return known | {rules["file"] + ending for rules in schema["blocks"].values() for ending in endings}


def _is_aside(name: str) -> bool:
    return bool(DOCUMENTS.fullmatch(name) or DEBRIS.fullmatch(name))


def _check_folder(file: str, known: set[str], folders: set[str]) -> list[Problem]:
    if file in known:
        return [Problem(file, None, None, "a folder", "a file of that name", "move the file out of it, to its place.")]
    if file in folders or "/" in file:
        return []
    meant = suggest(file, folders - {"."}, alike=ALIKE)
    if meant is None:
        return []
    return [_ignored(file, "a folder that the contract does not know", folders - {"."}, f"{meant}/")]


def _check_file(file: str, known: set[str], folder: Path) -> list[Problem]:
    path = PurePosixPath(file)
    place, ending = str(path.parent), "".join(path.suffixes[-2:] if path.suffix == ".gz" else path.suffixes[-1:])
    stem = path.name.removesuffix(ending)
    siblings = {PurePosixPath(name).name for name in known if str(PurePosixPath(name).parent) == place}
    stems = {name.split(".")[0]: name for name in sorted(siblings, key=lambda n: (not n.endswith(".tsv"), n))[::-1]}
    meant = suggest(stem, stems, alike=ALIKE)
    if place == "phenotype" and ending == ".tsv":
        is_free = meant is None or (folder / place / f"{meant}.tsv").is_file()
        return [] if is_free else [_misnamed_measure(file, meant)]
    if meant is None and place == "phenotype":
        return [_ignored(file, "a file of a kind that is not read here", {"<measure>.tsv"}, f"phenotype/{stem}.tsv")]
    found = "a file that the contract does not know"
    target = stems.get(meant) if meant else None
    prefix = "" if place == "." else f"{place}/"
    return [_ignored(file, found, siblings, f"{prefix}{target}" if target else None, is_other_kind=ending != ".tsv")]


def _misnamed_measure(file: str, meant: str) -> Problem:
    fix = f"rename it phenotype/{meant}.tsv, if that is the questionnaire; else nothing."
    expected = f"a questionnaire the contract knows ({name_some(list_measures())}), or one of your own"
    return Problem(file, None, None, f"a name close to {meant}", expected, fix, "warning")


def _ignored(file: str, found: str, known: set[str], meant: str | None, *, is_other_kind: bool = False) -> Problem:
    how = "export it as tab-separated text named" if is_other_kind else "rename it"
    fix = f"{how} {meant}, if that is what it is; else it is ignored." if meant else "it is ignored; remove it, or not."
    return Problem(file, None, None, found, name_some(sorted(known)), fix, "warning")
