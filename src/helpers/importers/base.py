"""What every reader of a foreign format is made of: how it is recognised, what it returns, what the user may say."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.problems import CohortError, Problem

HEAD_BYTES = 64_000


@dataclass(frozen=True)
class LeftOut:
    """Something that stood in a file and is not imported.

    Attributes
    ----------
    what : str
        In words, e.g. ``"stratified rows"`` or the names of columns.
    n : int
        How many of them.
    why : str
        The reason, in words.
    """

    what: str
    n: int
    why: str


@dataclass(frozen=True, eq=False)
class Imported:
    """What a reader made of its files: tables for a cohort folder, and all that was left out.

    Attributes
    ----------
    tables : mapping of str to pandas.DataFrame
        By file of the cohort folder, e.g. ``microbiome/taxa.tsv``. The index is the first column: ``participant_id`` in
        tables of participants (then still the sample's name as the program wrote it), else the feature's name.
    texts : mapping of str to str
        Files written as they are: ``microbiome/tree.nwk``, BIDS sidecars.
    copies : mapping of str to pathlib.Path
        Files copied as they are, e.g. maps: cohort file to source.
    left_out : sequence of LeftOut
    notes : sequence of str
        Sentences the user should read: what was assumed, what they still have to say.
    settings : mapping
        What ``cohort.yml`` has to say of these tables, e.g. ``{"scale": {"taxa": "percent"}}``; mappings of several
        readers are joined.
    made_from : mapping of str to sequence of pathlib.Path
        By file of the cohort folder, the files it was made of; all that the reader was given where it does not say.
    """

    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    copies: Mapping[str, Path] = field(default_factory=dict)
    left_out: Sequence[LeftOut] = ()
    notes: Sequence[str] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    made_from: Mapping[str, Sequence[Path]] = field(default_factory=dict)


@dataclass(frozen=True)
class Options:
    """What the user says beside the files; None where they said nothing.

    Attributes
    ----------
    rank : str or None
        The one taxonomic rank to keep where a file stacks several; None takes the format's usual one.
    sheet : str or None
        The sheet of a workbook.
    role : str or None
        What a plain table is: ``participants``, ``phenotype/<measure>``, ``taxa``, ``metabolites``, ``blocks/<name>``…
    dictionary : pathlib.Path or None
        A data dictionary beside the data (REDCap).
    visit : str or None
        The visit, session or event to keep.
    column : str or None
        The column that holds the participants' ids where the format does not say.
    """

    rank: str | None = None
    sheet: str | None = None
    role: str | None = None
    dictionary: Path | None = None
    visit: str | None = None
    column: str | None = None


@dataclass(frozen=True)
class Head:
    """The beginning of a file: enough to recognise its format, whatever its size.

    Attributes
    ----------
    path : pathlib.Path
    start : bytes
        The first 64,000 bytes, unpacked where the file is gzipped.
    members : tuple of str
        Names inside, where it is a zip (``.qza``, ``.xlsx``); else empty.
    """

    path: Path
    start: bytes
    members: tuple[str, ...] = ()

    @property
    def lines(self) -> list[str]:
        """The first forty lines as text, without a last line that may be cut."""
        encoding = "utf-16" if self.start[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        lines = re.split(r"\r\n|\n|\r", self.start.decode(encoding, errors="replace"))
        is_cut = len(self.start) >= HEAD_BYTES and len(lines) > 1
        return (lines[:-1] if is_cut or not lines[-1] else lines)[:40]


@dataclass(frozen=True)
class Format:
    """One kind of file that one program writes.

    Attributes
    ----------
    name : str
        What ``--as`` takes, e.g. ``metaphlan``.
    program : str
        Who writes it, for people: ``MetaPhlAn 3 and 4``.
    title : str
        What it is, in a sentence's middle: ``a merged table of MetaPhlAn``.
    becomes : str
        What it becomes in the cohort folder, e.g. ``microbiome/taxa.tsv and taxonomy.tsv``.
    detect : callable
        ``detect(head) -> bool``; judges by content, the name only where content cannot tell; never raises.
    read : callable
        ``read(paths, options) -> Imported``; one path, or all files of one kind (one per person or run). Raises
        ``CohortError`` with every problem for a file that is damaged, empty or hostile.
    specificity : int
        Of several formats that know a file the one with the highest counts: 1 for one program's files, 0 for readers of
        any table.
    """

    name: str
    program: str
    title: str
    becomes: str
    detect: Callable[[Head], bool]
    read: Callable[[Sequence[Path], Options], Imported]
    specificity: int = 1


def refuse(
    path: str | os.PathLike[str], found: str, expected: str, fix: str, *, line: int | None = None
) -> CohortError:
    """Return the error for one file that cannot be imported, to be raised.

    Examples
    --------
    >>> str(refuse("a.qza", "no zip", "an artifact of QIIME 2", "export it again."))
    'a.qza has 1 problem; nothing was computed from it.\\n  found no zip, expected an artifact of QIIME 2.\\n    Fix: export it again.'
    """
    return CohortError([Problem(Path(path).name, line, None, found, expected, fix)])
