"""DADA2 and phyloseq: tables of counts and of taxonomy as R writes them; sequences get short names and are kept."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from helpers.importers.base import Format, Head, Imported, LeftOut, Options, refuse
from helpers.importers.delimited import check_unique, find_separator, read_frame, to_numbers
from helpers.importers.lineages import RANKS, make_taxonomy, name_or_none
from helpers.importers.samples import as_counts, one_path, turn

SEQUENCE = re.compile(r"[ACGTNacgtn]{40,}")
FEATURE = re.compile(r"((ASV|OTU|SV|zOTU|sq|sp)[_.-]?\d+|[0-9a-f]{32}|asv_[0-9a-f]{10})$", re.IGNORECASE)
RANK_COLUMNS = {rank: rank for rank in RANKS} | {"kingdom": "domain", "superkingdom": "domain"}
FIRST = ("", "asv", "otu", "sequence", "seq", "feature", "row.names", "rownames", "asv_id", "asvid", "otu_id")
SHORT = 10
COLUMN = "sequence"


def shorten(sequence: str) -> str:
    """Return a short name of a sequence, the same in every table: ``asv_`` and ten digits of its MD5.

    Examples
    --------
    >>> shorten("ACGT" * 20)
    'asv_ad01ff0788'
    """
    return f"asv_{hashlib.md5(sequence.upper().encode(), usedforsecurity=False).hexdigest()[:SHORT]}"


def _first_cells(head: Head) -> tuple[list[str], list[str]]:
    """Return the first names of the header and the first cells below it; of a long header nothing stands below."""
    start = head.start[:20_000].decode("utf-8-sig", errors="replace")
    separator = find_separator(start.partition("\n")[0])
    lines = [start.partition("\n")[0], *head.lines[1:2]]
    cells = [[cell.strip().strip('"') for cell in line.split(separator)[:50]] for line in lines]
    return cells[0], cells[1] if len(cells) > 1 else []


def _is_feature(name: str) -> bool:
    return bool(SEQUENCE.fullmatch(name) or FEATURE.fullmatch(name))


def _is_counts(head: Head) -> bool:
    names, below = _first_cells(head)
    header, second = (*head.lines[:2], "", "")[:2]
    has_bare_header = second.count("\t") == header.count("\t") + 1 or second.count(",") == header.count(",") + 1
    if len(names) < 2 or _rank_columns(names) or not (_is_first(names[0]) or has_bare_header):
        return False
    inner = names[1:] if len(names) < 3 else names[1:-1]  # the last of a long header is cut
    has_numbers = len(below) > 1 and all(cell.replace(".", "", 1).isdigit() for cell in below[1:])
    return all(_is_feature(name) for name in inner) or (has_numbers and _is_feature(below[0]))


def _is_first(name: str) -> bool:
    return name.lower() in FIRST or _is_feature(name)


def _is_taxonomy(head: Head) -> bool:
    names, _ = _first_cells(head)
    return len(_rank_columns(names)) >= 4 and _is_first(names[0] if names[0].lower() not in RANK_COLUMNS else "")


def _rank_columns(names: Iterable[str]) -> list[str]:
    return [name for name in names if name.lower() in RANK_COLUMNS]


def _read_counts(paths: Sequence[Path], options: Options) -> Imported:
    path = one_path(paths, "a table of counts")
    table = read_frame(path, infer=True)
    table = table.set_index(table.columns[0])
    if sum(map(_is_feature, table.columns)) >= sum(map(_is_feature, table.index)):
        table = table.T
    check_unique(path, list(table.index), "feature")
    check_unique(path, list(table.columns), "sample")
    counts = as_counts(path, turn(path, to_numbers(path, table)), "export the counts before any transformation.")
    sequences = {name: shorten(name) for name in counts.columns if SEQUENCE.fullmatch(name)}
    counts = counts.rename(columns=sequences)
    _check_short(path, counts.columns)
    empty = counts.columns[(counts == 0).all()]
    left_out = [LeftOut("features without a read", len(empty), "no sample of the table has them")] if len(empty) else []
    notes = (
        [f"sequences are called asv_ and {SHORT} digits of their MD5; taxonomy.tsv keeps the sequences."]
        if sequences
        else []
    )
    return Imported({"microbiome/taxa.tsv": counts.drop(columns=empty)}, left_out=left_out, notes=notes)


def _check_short(path: Path, names: pd.Index) -> None:
    if names.has_duplicates:
        raise refuse(path, "the same sequence twice, in other case", "every sequence once", "merge the doubles in R.")


def _read_taxonomy(paths: Sequence[Path], options: Options) -> Imported:
    path = one_path(paths, "a table of taxonomy")
    table = read_frame(path)
    if not _is_first(table.columns[0]):
        raise refuse(path, f"'{table.columns[0]}' as first column", "the names of features", "write it with row names.")
    names = list(table.iloc[:, 0])
    check_unique(path, names, "feature")
    columns = _rank_columns(table.columns)
    lineages = {}
    for name, cells in zip(names, table[columns].to_numpy(), strict=True):
        ranks = {
            RANK_COLUMNS[c.lower()]: name_or_none(re.sub(r"^[a-z]__", "", cell))
            for c, cell in zip(columns, cells, strict=True)
        }
        lineages[shorten(name) if SEQUENCE.fullmatch(name) else name] = dict.fromkeys(RANKS) | ranks
    taxonomy = make_taxonomy(lineages)
    _check_short(path, pd.Index(list(lineages)) if len(lineages) == len(names) else pd.Index(["", ""]))
    if any(SEQUENCE.fullmatch(name) for name in names):
        taxonomy[COLUMN] = names
    other = [name for name in table.columns[1:] if name not in columns]
    left_out = [LeftOut(f"columns {', '.join(other)}", len(other), "no rank of a taxonomy")] if other else []
    return Imported({"microbiome/taxonomy.tsv": taxonomy}, left_out=left_out)


FORMATS = (
    Format(
        "dada2-counts",
        "DADA2, phyloseq",
        "a table of counts as R writes it: samples and sequences, or ASVs and OTUs",
        "microbiome/taxa.tsv",
        _is_counts,
        _read_counts,
    ),
    Format(
        "dada2-taxonomy",
        "DADA2, phyloseq",
        "a table of taxonomy as R writes it: Kingdom to Genus or Species",
        "microbiome/taxonomy.tsv, with the sequences",
        _is_taxonomy,
        _read_taxonomy,
    ),
)
