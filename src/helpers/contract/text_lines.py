"""The raw lines of a table of text: encoding, line ends, separators and cells per line, before any parser sees them."""

from __future__ import annotations

import gzip
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from helpers.problems import count, name_some, quote

LINES_LISTED = 20
LONGEST_NAME = 1000
NUMBER = re.compile(r"[-+]?\d+(\.\d+)?(e[-+]?\d+)?", re.IGNORECASE)
SIGNATURES = {
    b"PK\x03\x04": ("a workbook or zip archive by its first bytes", "export the sheet as tab-separated text (.tsv)."),
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook by its first bytes", "export the sheet as tab-separated text (.tsv)."),
    b"PAR1": ("a Parquet file by its first bytes", "name it .parquet."),
    b"\x1f\x8b": ("a gzip file by its first bytes", "name it .tsv.gz, or unpack it."),
    b"%PDF": ("a PDF by its first bytes", "export the table as tab-separated text (.tsv)."),
    b"<!DO": ("a web page by its first bytes", "download the table itself."),
    b"<htm": ("a web page by its first bytes", "download the table itself."),
    b"\xff\xfe": ("text in UTF-16", "save the file as UTF-8."),
    b"\xfe\xff": ("text in UTF-16", "save the file as UTF-8."),
}
SEPARATORS = {";": "semicolons", ",": "commas", "|": "vertical bars"}
UNREADABLE = (OSError, EOFError, zlib.error)


@dataclass
class LineError:
    """One thing wrong with the lines of a file: `Problem` without the file and the severity."""

    found: str
    expected: str
    fix: str
    line: int | None = None
    column: str | None = None


@dataclass
class Lines:
    """What the lines of a table of text look like.

    Attributes
    ----------
    header : list of str
        Names of the columns; empty when there is no first line.
    n_rows : int
        Lines below the header.
    flaws : list of LineError
        Reasons why they make no table; empty when they do.
    """

    header: list[str] = field(default_factory=list)
    n_rows: int = 0
    flaws: list[LineError] = field(default_factory=list)


def scan_lines(path: Path) -> Lines:
    """Read a table of text once and say what its lines look like.

    Parameters
    ----------
    path : pathlib.Path
        ``.tsv`` or ``.tsv.gz``.

    Returns
    -------
    Lines
        With every flaw of the encoding, the line ends, the separator, the header and the number of cells per line.

    Raises
    ------
    OSError, EOFError, zlib.error
        When the file cannot be read or unpacked.
    """
    with path.open("rb") as raw:
        start = raw.read(4)
    is_packed = path.name.endswith(".gz")
    if is_packed and start and not start.startswith(b"\x1f\x8b"):
        return Lines(flaws=[LineError("no gzip file by its first bytes", "a file packed by gzip", "name it .tsv.")])
    for signature, (found, fix) in SIGNATURES.items():
        if not is_packed and start.startswith(signature):
            return Lines(flaws=[LineError(found, "tab-separated text in UTF-8", fix)])
    with gzip.open(path, "rb") if is_packed else path.open("rb") as raw:
        return _Scan(raw).finish()


class _Scan:
    """One pass over the lines."""

    def __init__(self, raw: BinaryIO):
        self.broken: list[tuple[int, bytes]] = []
        self.has_utf8 = False
        self.returns: list[int] = []
        self.nulls: list[int] = []
        self.blank: list[int] = []
        self.quotes: list[int] = []
        self.tabs: list[int] = []
        self.header = b""
        for number, line in enumerate(self._bare_lines(raw), start=1):
            self._look(number, line)

    @staticmethod
    def _bare_lines(raw: BinaryIO) -> Iterator[bytes]:
        for number, line in enumerate(raw):
            line = line.removeprefix(b"\xef\xbb\xbf") if number == 0 else line
            yield line.removesuffix(b"\n").removesuffix(b"\r")

    def _look(self, number: int, line: bytes) -> None:
        if number == 1:
            self.header = line
        else:
            self.tabs.append(line.count(b"\t"))
        if not line.isascii():
            try:
                line.decode("utf-8")
                self.has_utf8 = True
            except UnicodeDecodeError:
                self.broken.append((number, line))
        if b"\r" in line:
            self.returns.append(number)
        if b"\0" in line:
            self.nulls.append(number)
        if not line.strip():
            self.blank.append(number)
        if b'"' in line and _has_open_quote(line):
            self.quotes.append(number)

    def finish(self) -> Lines:
        """Return what was seen; flaws of the bytes hide those of the cells."""
        flaws = self._bytes_flaws()
        header = [_unquote(name) for name in self.header.decode("utf-8", errors="replace").split("\t")]
        if not flaws:
            flaws = self._cell_flaws(header)
        return Lines([] if header == [""] else header, len(self.tabs), flaws)

    def _bytes_flaws(self) -> list[LineError]:
        flaws = []
        if self.nulls and len(self.nulls) > len(self.tabs) / 2:
            return [
                LineError("text in UTF-16, or no text at all (zero bytes)", "text in UTF-8", "save the file as UTF-8.")
            ]
        if self.nulls:
            flaws.append(LineError("a zero byte", "text", "copy or export the file again.", self.nulls[0]))
        if self.broken:
            flaws.append(self._encoding_flaw())
        if self.returns:
            old = not self.tabs
            found = "line ends of an old Macintosh (CR)" if old else "a carriage return inside the line"
            fix = "save the file with line ends LF or CRLF." if old else "remove the line break inside the cell."
            flaws.append(LineError(found, "lines that end in LF or CRLF", fix, None if old else self.returns[0]))
        return flaws

    def _encoding_flaw(self) -> LineError:
        number, line = self.broken[0]
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as error:
            start = error.start
        guess = line.decode("cp1252", errors="replace")
        cell = guess[guess.rfind("\t", 0, start) + 1 :].split("\t")[0]
        more = f" and {count(len(self.broken) - 1, 'more line')}" if len(self.broken) > 1 else ""
        mixed = "; other lines are UTF-8: two encodings in one file" if self.has_utf8 else ""
        return LineError(
            f"bytes that are not UTF-8 (in Windows-1252 they would read {quote(cell)}){more}{mixed}",
            "text in UTF-8",
            "retype these cells and save as UTF-8."
            if self.has_utf8
            else "save the file as UTF-8 (in a spreadsheet: export as text, character set Unicode UTF-8).",
            number,
        )

    def _cell_flaws(self, header: list[str]) -> list[LineError]:
        if header == [""] and not self.tabs:
            return [LineError("an empty file", "a header line and one line per row", "fill it, or remove the file.")]
        flaws = _header_flaws(header) + self._separator_flaws(header)
        flaws += [
            LineError(
                "a cell with a quotation mark that is not closed", "no quotes", "remove the quotation mark.", line
            )
            for line in self.quotes[:LINES_LISTED]
        ]
        flaws += self._ragged_flaws(len(header))
        if not self.tabs:
            flaws.append(LineError("a header and no rows", "one line per row", "fill it, or remove the file."))
        return flaws

    @staticmethod
    def _separator_flaws(header: list[str]) -> list[LineError]:
        if len(header) > 1:
            return []
        used = {name: header[0].count(mark) for mark, name in SEPARATORS.items() if mark in header[0]}
        if not used and len(header[0].split()) > 1:
            used = {"blanks": 1}
        if not used:
            return []
        first = re.split(r"[;,|\s]", header[0])[0]
        return [
            LineError(
                f"cells separated by {max(used, key=used.get)} (the first is {quote(first)})",
                "cells separated by tabs",
                "export the table as tab-separated text; renaming the file is not enough.",
                1,
            )
        ]

    def _ragged_flaws(self, width: int) -> list[LineError]:
        ragged = [(line, n + 1) for line, n in enumerate(self.tabs, start=2) if n + 1 != width]
        blank, flaws = set(self.blank), []
        for line, cells in ragged[:LINES_LISTED]:
            if line in blank:
                flaws.append(LineError("a blank line", "one line per row", "remove the line.", line))
            else:
                fix = "add the missing tab or n/a, or remove the extra one."
                flaws.append(LineError(count(cells, "cell"), f"{width}, as in the header", fix, line))
        if len(ragged) > LINES_LISTED:
            found = f"the same in {len(ragged) - LINES_LISTED} further lines"
            flaws.append(LineError(found, f"{width} cells", "mend them as above."))
        return flaws


def _header_flaws(header: list[str]) -> list[LineError]:
    flaws = []
    longest = max(header, key=len, default="")
    if len(longest) > LONGEST_NAME:
        found = f"a column name of {len(longest):,} characters ({quote(longest)})"
        return [
            LineError(found, f"at most {LONGEST_NAME}", "shorten the name, or look whether the separator is a tab.", 1)
        ]
    numbers = [name for name in header[1:] if NUMBER.fullmatch(name)]
    if len(header) > 3 and len(numbers) > 0.8 * (len(header) - 1) and len(set(numbers)) < len(numbers):
        found = f"numbers in place of column names ({name_some(numbers)})"
        return [
            LineError(
                found, "a header", "add the line with the names of the columns: the first line is a row of data.", 1
            )
        ]
    twice = [name for name, n in Counter(header).items() if n > 1 and name.strip()]
    if twice:
        found = f"the column {name_some(twice)} more than once"
        flaws.append(LineError(found, "every column once", "rename or remove the double.", 1))
    blank = [number for number, name in enumerate(header, start=1) if not name.strip()]
    if blank:
        found = f"no name for column {name_some(blank)}, counted from the left"
        flaws.append(LineError(found, "a name for every column", "name the column, or remove it.", 1))
    return flaws


def _has_open_quote(line: bytes) -> bool:
    cells = line.split(b"\t")
    return any(cell.startswith(b'"') and (len(cell) == 1 or cell.count(b'"') % 2) for cell in cells)


def _unquote(name: str) -> str:
    is_quoted = len(name) > 1 and name[0] == name[-1] == '"'
    return name[1:-1].replace('""', '"') if is_quoted else name
