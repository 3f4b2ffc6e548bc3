"""``sources.tsv``: which file of a cohort folder came from which file of which program."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from helpers.contract.schema import read_schema
from helpers.importers.base import LeftOut
from helpers.importers.table_text import tidy_name
from helpers.tables import write_atomically

CHUNK = 1 << 20


@dataclass(frozen=True)
class Source:
    """One line of ``sources.tsv``: one file of the folder, one file it was made from.

    Attributes
    ----------
    file : str
        In the cohort folder; a folder with ``/`` where every participant has a file.
    source : str
        Name of the file it came from, without its path.
    sha256 : str
    format, program : str
        As ``--as`` takes it; who writes it.
    options : str
        What the user said, e.g. ``rank=genus``.
    rows, columns : str
        How many were kept; blank for what is no table.
    left_out : str
        What was not imported, with counts.
    date : str
        Of the import, UTC.
    """

    file: str
    source: str
    sha256: str
    format: str
    program: str
    options: str
    rows: str
    columns: str
    left_out: str
    date: str


COLUMNS = tuple(entry.name for entry in fields(Source))


def hash_file(path: Path) -> str:
    """Return the sha256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(CHUNK):
            digest.update(part)
    return digest.hexdigest()


def describe_left_out(left_out: Iterable[LeftOut]) -> str:
    """Return what was left out, in a line.

    Examples
    --------
    >>> describe_left_out([LeftOut("stratified rows", 12, "they are parts of the others")])
    'stratified rows: 12 (they are parts of the others)'
    """
    return "; ".join(f"{entry.what}: {entry.n:,} ({entry.why})" for entry in left_out)


def append_sources(folder: Path, lines: Sequence[Source]) -> None:
    """Add lines to ``sources.tsv``, whole or not at all.

    Parameters
    ----------
    folder : pathlib.Path
        A cohort folder.
    lines : sequence of Source
    """
    path = folder / read_schema()["sources"]["file"]
    before = path.read_text(encoding="utf-8") if path.is_file() else "\t".join(COLUMNS) + "\n"
    added = "".join("\t".join(map(tidy_name, astuple(line))) + "\n" for line in lines)
    write_atomically(path, before + ("" if before.endswith("\n") else "\n") + added)


def read_sources(folder: Path) -> list[Source]:
    """Return the lines of ``sources.tsv``; none when there is no such file, or it was edited into something else.

    Parameters
    ----------
    folder : pathlib.Path
    """
    path = folder / read_schema()["sources"]["file"]
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
    rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    if not set(COLUMNS) <= set(rows.fieldnames or ()):
        return []
    return [Source(**{name: row[name] or "" for name in COLUMNS}) for row in rows]
