"""What lies in a cohort folder: files the contract knows, files it will ignore, and links that are not followed."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from helpers.contract.cell_errors import suggest
from helpers.contract.questionnaires import read_questionnaires
from helpers.contract.schema import list_measures, read_schema
from helpers.problems import Problem, count, name_some

ALIKE = 0.8
DOCUMENTS = re.compile(
    r"(readme|changes|changelog|licen[cs]e|citation|authors|notes?)([._-].*)?|dataset_description\.json|truth\.yml"
    r"|.*\.(md|rst|pdf|html|log|py|r|rmd|ipynb|sh|cff|bib|docx?|json|ya?ml)",
    re.IGNORECASE,
)
DEBRIS = re.compile(r"~\$.*|.*~|.*\.(bak|swp|tmp|lock)|thumbs\.db|desktop\.ini|icon\r", re.IGNORECASE)

REGISTRATION = ("preregistration.json", "preregistration.md")  # what `resilience-book freeze` writes; no data

Recogniser = Callable[[Path], Problem | None]


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


def list_cohort_files(folder: Path) -> list[Path]:
    """Return the files of a cohort folder as :func:`list_files` does, without its registration.

    Parameters
    ----------
    folder : pathlib.Path
    """
    return [path for path in list_files(folder) if path.relative_to(folder).as_posix() not in REGISTRATION]


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


def check_inventory(folder: Path, recognise: Recogniser | None = None) -> list[Problem]:
    """Return a warning for everything that the contract does not know and will not read, with the nearest thing it would.

    Parameters
    ----------
    folder : pathlib.Path
    recognise : callable, optional
        What to say of a file or folder that is not read, where another program wrote it; None where it is not known.

    Returns
    -------
    list of Problem
        One for each unknown folder, with the number of its files, and one for each file with a likely name; further
        unread files of a folder are told together. An error where a folder stands in place of a needed file. Documents,
        sidecars, hidden and temporary files are passed over.
    """
    known, problems = _known_files(), []
    folders = {str(PurePosixPath(file).parent) for file in known} | _own_folders()
    unread: dict[str, list[str]] = {}
    inside: set[str] = set()
    for path in _walk(folder):
        file = path.relative_to(folder).as_posix()
        place = str(PurePosixPath(file).parent)
        if any(file.startswith(f"{other}/") for other in inside):
            continue
        if path.is_dir():
            found = _check_folder(file, known, folders, path)
            told = recognise(path) if recognise and found and file not in known else None
            problems += [told] if told else found
            inside |= {file} if found else set()
        elif file not in known and place in folders - _own_folders() and not _is_aside(path.name):
            is_own = place == "phenotype" and path.suffix == ".tsv"  # read, whatever its name
            told = recognise(path) if recognise and not is_own else None
            found = [told] if told else _check_file(file, known, folder)
            problems += found or []
            if found is None:
                unread.setdefault(place, []).append(file)
    return problems + [_tell_unread(place, files, known) for place, files in unread.items()]


def _own_folders() -> set[str]:
    """Return the folders whose files other checks look at, or that are known and not read."""
    schema = read_schema()
    own = {schema["matrices"]["folder"], schema["maps"]["folder"], schema["repeated"]["folder"]}
    return own | {schema["further"]["folder"]}


def _tell_unread(place: str, files: list[str], known: set[str]) -> Problem:
    here = sorted(
        {PurePosixPath(name).name.split(".")[0] for name in known if str(PurePosixPath(name).parent) == place}
    )
    where = "the folder itself" if place == "." else f"{place}/"
    expected = f"what is read in {where}: {', '.join(here)}"
    found = "a file that is not read"
    if len(files) > 1:
        found = (
            f"{count(len(files), 'file')} that are not read ({name_some(PurePosixPath(file).name for file in files)})"
        )
    fix = "nothing, if it may stay out of the analysis; the contract has no table for it."
    return Problem(files[0], None, None, found, expected, fix, "warning")


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
    known |= {schema["sources"]["file"], schema["sessions"]["file"]}
    known |= {rules["file"] for rules in schema["features"].values()}
    known |= {rules["file"] for rules in schema["phenotype"]["measures"].values()}
    known |= {f"phenotype/{name}.tsv" for name in read_questionnaires()}
    for rules in schema["blocks"].values():
        endings = [*schema["table_formats"], *(schema["count_formats"] if rules.get("counts") else [])]
        known |= {rules["file"] + ending for ending in endings}
    return known


def _is_aside(name: str) -> bool:
    return bool(DOCUMENTS.fullmatch(name) or DEBRIS.fullmatch(name))


def _check_folder(file: str, known: set[str], folders: set[str], path: Path) -> list[Problem]:
    if file in known:
        return [Problem(file, None, None, "a folder", "a file of that name", "move the file out of it, to its place.")]
    if file in folders:
        return []
    n_files = sum(not inside.is_dir() and not _is_aside(inside.name) for inside in _walk(path))
    if not n_files:
        return []
    read = sorted(folders - {"."})
    meant = suggest(PurePosixPath(file).name, {PurePosixPath(name).name: name for name in read}, alike=ALIKE)
    nearest = next((name for name in read if PurePosixPath(name).name == meant), None)
    found = f"a folder that is not read ({count(n_files, 'file')})"
    fix = (
        f"rename it {nearest}/, if that is what it is; else it stays out of the analysis."
        if nearest
        else "nothing, if it may stay out of the analysis; the contract has no tables for it."
    )
    return [Problem(file, None, None, found, f"one of {', '.join(f'{name}/' for name in read)}", fix, "warning")]


def _check_file(file: str, known: set[str], folder: Path) -> list[Problem] | None:
    """Return what is said of one unknown file; None when no likely name is known."""
    path = PurePosixPath(file)
    place, ending = str(path.parent), "".join(path.suffixes[-2:] if path.suffix == ".gz" else path.suffixes[-1:])
    stem = path.name.removesuffix(ending)
    siblings = {PurePosixPath(name).name for name in known if str(PurePosixPath(name).parent) == place}
    stems = {name.split(".")[0]: name for name in sorted(siblings, key=lambda n: (not n.endswith(".tsv"), n))[::-1]}
    meant = suggest(stem, stems, alike=ALIKE)
    if place == "phenotype" and ending == ".tsv":
        is_free = meant is None or (folder / place / f"{meant}.tsv").is_file()
        return [] if is_free else [_misnamed_measure(file, meant)]
    prefix = "" if place == "." else f"{place}/"
    if meant is None:
        return [_ignored(file, {"<measure>.tsv"}, f"phenotype/{stem}.tsv", ending)] if place == "phenotype" else None
    return [_ignored(file, siblings, f"{prefix}{stems[meant]}", ending)]


def _misnamed_measure(file: str, meant: str) -> Problem:
    fix = f"rename it phenotype/{meant}.tsv, if that is the questionnaire; else nothing."
    expected = f"a questionnaire the contract knows ({name_some(list_measures())}), or one of your own"
    return Problem(file, None, None, f"a name close to {meant}", expected, fix, "warning")


def _ignored(file: str, known: set[str], meant: str, ending: str) -> Problem:
    how = "rename it" if ending == ".tsv" else "export it as tab-separated text named"
    fix = f"{how} {meant}, if that is what it is; else it stays out of the analysis."
    return Problem(file, None, None, "a file that is not read", name_some(sorted(known)), fix, "warning")
