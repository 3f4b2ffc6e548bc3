"""Find numbers of participants in built pages that are too small to be told, or that follow by subtraction."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from bs4 import BeautifulSoup

WHO = r"(?:people|participants?|persons?|samples?|maps?)"
WHOLE = re.compile(rf"(?<![\w.,–-])(\d+) {WHO}\b|\bn ?= ?(\d+)(?![\d,.]*\d)")
PART = re.compile(rf"(?<![\w.,–-])(\d+) of (?:the |all )?(\d+) {WHO}\b")
LIMIT = re.compile(
    r"(?:fewer than|at least|less than|least|minimum of|every|per|each|from|or|two to|with|has|of) $", re.IGNORECASE
)
COUNTED = re.compile(r"^(?:n|n_high|n_low|n_answered|count|people|participants)$|^n[ (,]", re.IGNORECASE)
IN_EACH_ROW = re.compile(r"\bn, [^=;]+ = ([^;.]+)")  # a plain "n = 3" is found as any other
MADE_UP = "lab_prediction"  # of made-up samples and open data, not of the cohort
PARTS = ("p", "li", "h1", "h2", "h3", "caption", "figcaption", "dt", "dd", "text")


def find_small_cells(html_dir: Path, small_cell: int) -> list[str]:
    """Return what every chapter's page tells of fewer than `small_cell` people, a line each.

    Parameters
    ----------
    html_dir : pathlib.Path
        Of a built book.
    small_cell : int
    """
    found = []
    for page in sorted((html_dir / "notebooks").glob("*.html")):
        if page.stem == MADE_UP:
            continue
        soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
        main = soup.find("article") or soup
        for code in main.select("div.cell_input, script, style"):
            code.decompose()
        found += [
            f"{page.stem}: {told}" for told in (*_search_text(main, small_cell), *_search_tables(main, small_cell))
        ]
    return found


def _search_text(main: BeautifulSoup, small_cell: int) -> Iterator[str]:
    for part in main.find_all(PARTS):
        text = " ".join(part.get_text(" ").split())
        for match in PART.finditer(text):
            n, total = int(match[1]), int(match[2])
            if 0 < n < small_cell or 0 < total - n < small_cell:
                yield text[max(0, match.start() - 60) : match.end() + 40]
        for match in WHOLE.finditer(text):
            n = int(match[1] or match[2])
            if 0 < n < small_cell and not LIMIT.search(text[: match.start()]):
                yield text[max(0, match.start() - 60) : match.end() + 40]
        for match in IN_EACH_ROW.finditer(text) if part.name == "caption" else ():
            if _tells_small(match[1], small_cell):
                yield text[match.start() : match.end()]


def _search_tables(main: BeautifulSoup, small_cell: int) -> Iterator[str]:
    for table in main.find_all("table"):
        head = [cell.get_text(strip=True) for cell in table.select("thead tr:first-child > *")]
        for row in table.select("tbody tr"):
            cells = [cell.get_text(strip=True) for cell in row.find_all(["th", "td"])]
            for name, cell in zip(head, cells, strict=False):
                if COUNTED.match(name) and _tells_small(cell, small_cell):
                    yield f"table, {name} of {cells[0]} is {cell}"


def _tells_small(cell: str, small_cell: int) -> bool:
    """Say whether a cell such as ``3`` or ``44 / 3`` tells a small number."""
    return any(part.strip().isdigit() and 0 < int(part) < small_cell for part in cell.split("/"))
