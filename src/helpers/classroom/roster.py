"""The students of a class: a table of ids and names that the teacher keeps."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from helpers.problems import CohortError, Problem, quote

COLUMNS = ("id", "name")
USABLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
ID_RULE = "letters, digits, - and _, 40 at most"


@dataclass(frozen=True)
class Student:
    """One line of a roster; the name stays with the teacher."""

    id: str
    name: str


def read_roster(path: Path) -> tuple[Student, ...]:
    """Read a roster.

    Parameters
    ----------
    path : pathlib.Path
        CSV with a header and the columns ``id`` and ``name``; names with commas stand in quotes.

    Returns
    -------
    tuple of Student

    Raises
    ------
    CohortError
        With every line that cannot be used.
    """
    try:
        lines = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError) as error:
        problem = Problem(
            path.name, None, None, type(error).__name__, "a text file (UTF-8)", "name a file that can be read."
        )
        raise CohortError([problem]) from None
    header = [cell.strip().lower() for cell in lines[0]] if lines else []
    lacking = [name for name in COLUMNS if name not in header]
    if lacking:
        fix = "start the file with the line id,name"
        raise CohortError(
            [Problem(path.name, 1, name, "no such column", "the columns id and name", fix) for name in lacking]
        )
    rows = [(number, row) for number, row in enumerate(lines[1:], start=2) if any(cell.strip() for cell in row)]
    problems = _find_problems(path.name, header, rows)
    if problems:
        raise CohortError(problems)
    at = [header.index(name) for name in COLUMNS]
    return tuple(Student(*(row[i].strip() for i in at)) for _, row in rows)


def _find_problems(file: str, header: list[str], rows: list[tuple[int, list[str]]]) -> list[Problem]:
    """Return what is wrong with the lines of a roster, all at once."""
    if not rows:
        return [Problem(file, 2, None, "nobody", "a line per student", "add the students.")]
    problems, seen = [], {name: {} for name in COLUMNS}
    for number, row in rows:
        if len(row) != len(header):
            fix = 'put a name with a comma in quotes: "Doe, Jane".'
            problems.append(Problem(file, number, None, f"{len(row)} cells", f"{len(header)}", fix))
            continue
        cells = {name: row[header.index(name)].strip() for name in COLUMNS}
        if not USABLE.fullmatch(cells["id"]):
            problems.append(Problem(file, number, "id", quote(cells["id"]), ID_RULE, "choose another id."))
        if not cells["name"]:
            problems.append(Problem(file, number, "name", "a blank", "a name", "fill it in."))
        for name, value in cells.items():
            first = seen[name].setdefault(value.casefold(), number)
            if value and first != number:
                fix = "leave one of the lines out, or tell the two apart."
                problems.append(
                    Problem(file, number, name, f"{quote(value)}, as in line {first}", "each student once", fix)
                )
    return problems
