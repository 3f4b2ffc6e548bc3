"""What the check says of files of other programs that lie in a cohort folder: who wrote them, and the command to import them."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable
from pathlib import Path

from helpers.contract.inventory import list_files
from helpers.importers.base import Format
from helpers.importers.registry import recognise
from helpers.problems import CohortError, Problem, count, name_some

EXPECTED = "a table of the contract"
LOOKED_AT = 200  # files of a folder


def make_recogniser(folder: Path, cohort_dir: str) -> Callable[[Path], Problem | None]:
    """Return what tells of a file or folder that the contract does not read whether another program wrote it.

    Parameters
    ----------
    folder : pathlib.Path
        The cohort folder.
    cohort_dir : str
        The same as the user spells it, for the command.

    Returns
    -------
    callable
        Path to a warning with the command that imports it; None where no program is known.
    """

    def tell(path: Path) -> Problem | None:
        file = path.relative_to(folder).as_posix()
        if path.is_dir():
            formats = [form for inside in list_files(path)[:LOOKED_AT] if (form := _recognise(inside))]
            programs = dict.fromkeys(form.program for form in formats)
            found = f"a folder with {count(len(formats), 'file')} of {name_some(programs)}"
        else:
            formats = [form for form in [_recognise(path)] if form]
            found = f"{formats[0].title}, written by {formats[0].program}" if formats else ""
        if not formats:
            return None
        return Problem(file, None, None, found, EXPECTED, f"import it: {_write_command(cohort_dir, file)}", "warning")

    return tell


def hint_at_exports(folder: Path, cohort_dir: str, problems: Iterable[Problem]) -> list[Problem]:
    """Return a warning for every file with errors that is another program's export under a name of the contract.

    Parameters
    ----------
    folder : pathlib.Path
    cohort_dir : str
    problems : iterable of Problem
        Of the check.
    """
    files = dict.fromkeys(problem.file for problem in problems if problem.severity == "error")
    hints = []
    for file in files:
        form = _recognise(folder / file) if (folder / file).is_file() else None
        if form is not None and form.specificity > 0 and file != "cohort.yml":
            away = Path(file).name
            fix = f"move it out of the folder, then: {_write_command(cohort_dir, away, is_inside=False)}"
            hints.append(
                Problem(file, None, None, f"{form.title}, written by {form.program}", EXPECTED, fix, "warning")
            )
    return hints


def _write_command(cohort_dir: str, file: str, *, is_inside: bool = True) -> str:
    source = str(Path(cohort_dir) / file) if is_inside else file
    return f"resilience-book import {shlex.quote(source)} --into {shlex.quote(cohort_dir)}"


def _recognise(path: Path) -> Format | None:
    try:
        form = recognise(path)
    except CohortError:
        return None
    return form if form is None or form.specificity > 0 else None
