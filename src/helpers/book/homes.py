"""Where the numbers of a page come from: each is traced to the cell of a result table that it was rounded from, or to none.

A number gets a home only where value, rounding and the name of the row leave one cell. A wrong home is worse than none: what stands in no
result table, or could be of several, has none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd
from nbformat import NotebookNode

from helpers.book.table_homes import mark_tables
from helpers.result_columns import name_bounds, read_words
from helpers.tables import read_table

NUMBER = r"[−-]?\d[\d,]*(?:\.\d+)?"
_SKIPPED = re.compile(r"`[^`]*`|\]\([^)]*\)|<[^>]+>|\$[^$]*\$")
_NUMBER = re.compile(rf"(?<![\w.#/–\\-])({NUMBER})(?![\w/]|\.\d)")
_DECLARED = re.compile(r"(?:95|90)\s?%\s(?:CI|interval)|[<≥≤>]\s?[−-]?\d[\d.]*|CI of 95\s?%")
_INTERVAL = re.compile(
    rf"(?P<v>{NUMBER})(?P<percent>\s?%)? [(\[](?:95\s?% (?:CI|interval),? )?(?P<low>{NUMBER}) to (?P<high>{NUMBER})"
)
_TESTED = re.compile(
    r"Of (?P<all>[\d,]+) [^.]*?tested, (?P<some>\d+) (?:has|have) q < 0\.05(?: \((?P<up>\d+) higher, (?P<down>\d+) lower)?"
)
_DIFFER = re.compile(r"(?P<some>\d+) of (?P<all>[\d,]+) [^.;]*? differs? between the groups \(q < 0\.05\)")
_SENTENCE = re.compile(r"(?<=[.;])\s+(?=\S)|\n+")
COPIES = ("incomplete", "by_study")  # tables of nearly the same contrasts, which two decimals do not tell apart
EVERY_ROW = "all rows"


@dataclass(frozen=True)
class Home:
    """A cell of a result table.

    Attributes
    ----------
    table : str
        Such as ``02_resilience/symptoms``.
    row, column : str
    """

    table: str
    row: str
    column: str

    def tell(self, cell: str) -> str:
        """Return the home in words, with the cell of the chapter that made the number."""
        return f"{self.table}.tsv, row {self.row}, column {self.column}{f'; made by cell {cell}' if cell else ''}"


@dataclass
class Count:
    """How many numbers were seen, and how many have a home."""

    numbers: int = 0
    homes: int = 0
    without: list[str] = field(default_factory=list)
    given: list[tuple[str, Home]] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class ResultTable:
    """A result table as the home of numbers.

    Attributes
    ----------
    name : str
        Such as ``02_resilience/symptoms``.
    table : pandas.DataFrame
    values : pandas.DataFrame
        Its columns of numbers.
    """

    name: str
    table: pd.DataFrame
    values: pd.DataFrame

    def name_row(self, row: int) -> set[str]:
        """Return how a sentence may call a row."""
        index = str(self.table.index[row])
        said = [
            index,
            read_words().get(index, ""),
            *(str(self.table[one].iloc[row]) for one in ("name", "label") if one in self.table),
        ]
        return {_simplify(one) for one in said if len(one) > 2}


def read_homes(results_dir: Path, chapter: str) -> list[ResultTable]:
    """Read the result tables of a chapter as homes of its numbers; none of what holds participants.

    Parameters
    ----------
    results_dir : pathlib.Path
    chapter : str
    """
    paths = sorted((results_dir / chapter).glob("*.tsv"), key=lambda path: (len(path.stem), path.stem))
    tables = {path: read_table(path) for path in paths}
    return [
        ResultTable(f"{chapter}/{path.stem}", table, table.select_dtypes("number"))
        for path, table in tables.items()
        if table.index.name != "participant_id" and len(table)
    ]


def mark_homes(notebook: NotebookNode, tables: list[ResultTable], count: Count | None = None) -> NotebookNode:
    """Return an executed chapter whose computed sentences and tables carry the homes of their numbers.

    Parameters
    ----------
    notebook : NotebookNode
    tables : list
        From :func:`read_homes`.
    count : Count, optional
        Told how many numbers of sentences were seen, and which have no home.
    """
    page = deepcopy(notebook)
    count = Count() if count is None else count
    for cell in page.cells:
        tags = cell.metadata.get("tags", [])
        if "course" in tags or "solution" in tags:
            continue
        for output in cell.get("outputs", []):
            data, made = output.get("data", {}), str(cell.get("execution_count") or "")
            if "text/markdown" in data:
                data["text/markdown"] = mark_text("".join(data["text/markdown"]), tables, made, count)
            if "text/html" in data and "book-table" in data["text/html"]:
                data["text/html"] = mark_tables(
                    "".join(data["text/html"]), [(one.name, one.values) for one in tables], made
                )
    return page


def mark_text(text: str, tables: list[ResultTable], cell: str, count: Count) -> str:
    """Return sentences with each number that has a home in a span that tells it.

    Parameters
    ----------
    text : str
        Markdown.
    tables : list
        From :func:`read_homes`.
    cell : str
        Number of the cell that made it.
    count : Count
    """
    homes: dict[tuple[int, int], Home] = {}
    said_next = None  # table of the sentence after, which tells what is counted in the one before
    for start, end in reversed(list(_split(text))):
        found, said_next = _find_in_sentence(text[start:end], tables, said_next)
        homes |= {(start + a, start + b): home for (a, b), home in found.items()}
    skipped = [found.span() for found in (*_SKIPPED.finditer(text), *_DECLARED.finditer(text))]
    marked, done = [], 0
    for found in _NUMBER.finditer(text):
        if any(a <= found.start() < b for a, b in skipped):
            continue
        count.numbers += 1
        home = homes.get(found.span())
        if home is None:
            count.without.append(text[max(0, found.start() - 40) : found.end() + 15].replace("\n", " "))
            continue
        count.homes += 1
        count.given.append((text[max(0, found.start() - 60) : found.end() + 10].replace("\n", " "), home))
        told = escape(home.tell(cell))
        marked += [text[done : found.start()], f'<span class="home" tabindex="0" data-home="{told}">{found[0]}</span>']
        done = found.end()
    return "".join([*marked, text[done:]])


def _split(text: str) -> Iterator[tuple[int, int]]:
    """Return where each sentence begins and ends."""
    start = 0
    for found in _SENTENCE.finditer(text):
        yield start, found.start()
        start = found.end()
    yield start, len(text)


def _find_in_sentence(
    part: str, tables: list[ResultTable], said_next: ResultTable | None
) -> tuple[dict[tuple[int, int], Home], ResultTable | None]:
    """Return the homes in a sentence, and the table that its intervals come from."""
    homes: dict[tuple[int, int], Home] = {}
    own = None
    for found in _INTERVAL.finditer(part):
        cell = _find_interval(found, part, tables)
        if cell is not None:
            own, row, base = cell
            places = zip(("v", "low", "high"), (base, *name_bounds(base)), strict=True)
            homes |= {found.span(key): Home(own.name, str(own.table.index[row]), column) for key, column in places}
    for found in (*_TESTED.finditer(part), *_DIFFER.finditer(part)):
        homes |= _count_rows(found, own or said_next)
    return homes, own


def _find_interval(found: re.Match[str], part: str, tables: list[ResultTable]) -> tuple[ResultTable, int, str] | None:
    """Return the one row whose estimate and both bounds round to what is printed."""
    scale = 100 if found["percent"] else 1
    hits = []
    for table in tables:
        if table.name.endswith(COPIES):
            continue
        for base in table.values.columns:
            low, high = name_bounds(base)
            if low in table.values and high in table.values:
                is_hit = np.logical_and.reduce(
                    [
                        _rounds_to(table.values[column], found[key], scale)
                        for key, column in (("v", base), ("low", low), ("high", high))
                    ]
                )
                hits += [(table, int(row), base) for row in np.flatnonzero(is_hit)]
    named = [hit for hit in hits if _is_named(hit[0].name_row(hit[1]), part)]
    return (
        named[0]
        if named and _are_one([(str(t.table.index[row]), float(t.values[base].iloc[row])) for t, row, base in named])
        else None
    )


def _count_rows(found: re.Match[str], table: ResultTable | None) -> dict[tuple[int, int], Home]:
    """Return homes of counts over a table that the sentence was traced to, where every count of the sentence is that of the table."""
    if table is None or "q" not in table.values:
        return {}
    q = table.values["q"]
    is_found = q < 0.05
    counts = {"all": int(q.notna().sum()), "some": int(is_found.sum())}
    if "d" in table.values:
        counts |= {
            "up": int((table.values["d"][is_found] > 0).sum()),
            "down": int((table.values["d"][is_found] < 0).sum()),
        }
    told = {key: int(text.replace(",", "")) for key, text in found.groupdict().items() if text}
    if any(counts.get(key) != n for key, n in told.items()):
        return {}
    return {found.span(key): Home(table.name, EVERY_ROW, "q") for key in told}


def _rounds_to(values: pd.Series, printed: str, scale: float) -> np.ndarray:
    plain = printed.replace("−", "-").replace(",", "")
    digits = len(plain.partition(".")[2])
    return (np.abs(values.to_numpy(float) * scale - float(plain)) <= 0.5 * 10.0**-digits + 1e-9).astype(bool)


def _are_one(cells: Iterable[tuple[str, float]]) -> bool:
    """Return whether cells of several tables are one number: of the same row, and the same."""
    cells = list(cells)
    return len({row for row, _ in cells}) == 1 and np.ptp([value for _, value in cells]) <= 1e-9 * max(
        1.0, abs(cells[0][1])
    )


def _is_named(names: set[str], part: str) -> bool:
    said = f" {_simplify(part)} "
    return any(re.search(rf"(?<![\w]){re.escape(name)}(?![\w])", said) for name in names)


def _simplify(text: object) -> str:
    return re.sub(r"[\\*_\s]+", " ", str(text)).strip().casefold()
