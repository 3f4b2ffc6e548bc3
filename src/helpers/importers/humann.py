"""HUMAnN 3 and 4: abundances of gene families or pathways, of one sample or of several joined."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from helpers.importers.base import Format, Head, Imported, LeftOut, Options, refuse
from helpers.importers.delimited import check_unique, read_frame, to_numbers
from helpers.importers.functions import choose_block, make_functions
from helpers.importers.samples import check_samples, join_samples, turn
from helpers.problems import name_some

START = re.compile(r"# (Gene Family|Pathway)\b")
APART = ("UNMAPPED", "READS_UNMAPPED", "UNINTEGRATED", "UNGROUPED")
ENDING = re.compile(r"([_-]Abundance)?(-RPKs?|-CPM|-RELAB)?$", re.IGNORECASE)
UNITS = {"rpk": "rpk", "cpm": "cpm", "relab": "relative"}
COVERAGE = re.compile(r"[_-]Coverage$", re.IGNORECASE)
STRATUM = "|"


@dataclass(frozen=True)
class _Table:
    """One file: functions by sample, in one unit, and what stood beside them."""

    path: Path
    is_pathways: bool
    unit: str
    values: pd.DataFrame
    names: dict[str, str]
    n_strata: int
    apart: tuple[str, ...]


def _is_humann(head: Head) -> bool:
    return bool(head.lines) and "\t" in head.lines[0] and bool(START.match(head.lines[0])) and not _is_coverage(head)


def _is_coverage(head: Head) -> bool:
    cells = head.lines[0].split("\t") if head.lines else []
    return len(cells) > 1 and bool(COVERAGE.search(cells[1]))


def _read(paths: Sequence[Path], options: Options) -> Imported:
    block = choose_block(paths[0], options.role)
    tables = [_read_table(path) for path in paths]
    pathways = [table for table in tables if table.is_pathways]
    kept = pathways or tables
    units = sorted({table.unit for table in kept})
    if len(units) > 1:
        found = f"samples in different units ({', '.join(units)})"
        raise refuse(kept[-1].path, found, "one unit", "bring all to one with humann_renorm_table.")
    samples = [name for table in kept for name in table.values.columns]
    check_samples([table.path for table in kept for _ in table.values.columns], samples)
    joined = join_samples({name: table.values[name] for table in kept for name in table.values.columns})
    joined = joined.loc[:, (joined != 0).any()]
    left_out = [
        LeftOut("stratified rows", sum(table.n_strata for table in kept), "they are parts of the rows above them"),
        LeftOut(
            f"rows {name_some(dict.fromkeys(name for table in kept for name in table.apart))}",
            sum(len(table.apart) for table in kept),
            "reads of no known function",
        ),
    ]
    if pathways and len(pathways) < len(tables):
        others = [table.path.name for table in tables if not table.is_pathways]
        why = "pathways came with them and the folder has one table; import them alone to have genes"
        left_out.append(LeftOut(f"files of gene families ({name_some(others)})", len(others), why))
    names = {name: words for table in kept for name, words in table.names.items()}
    notes = [f"values are {units[0].upper() if units[0] != 'relative' else 'proportions'}, never counts of reads."]
    return make_functions(joined, names, block, units[0], left_out, notes)


def _read_table(path: Path) -> _Table:
    table = read_frame(path, separator="\t", infer=True)
    first = table.columns[0]
    table = table.set_index(first)
    check_unique(path, list(table.index), "row")
    is_stratum = table.index.str.contains(STRATUM, regex=False)
    bare = pd.Index([name.partition(STRATUM)[0].partition(": ")[0] for name in table.index])
    is_apart = bare.isin(APART)
    kept = table[~is_stratum & ~is_apart]
    if kept.empty:
        raise refuse(
            path,
            "stratified rows only",
            "rows of whole functions",
            "give the table before humann_split_stratified_table.",
        )
    split = [name.partition(": ") for name in kept.index]
    values = to_numbers(path, kept.set_axis([name for name, _, _ in split], axis=0))
    samples = [ENDING.sub("", name) for name in values.columns]
    unit = _find_unit(first, list(values.columns))
    values = turn(path, values.set_axis(samples, axis=1)).T
    apart = tuple(dict.fromkeys(bare[is_apart & ~is_stratum]))
    names = {name: words for name, _, words in split if words and words != "NO_NAME"}
    return _Table(path, first.startswith("# Pathway"), unit, values, names, int(is_stratum.sum()), apart)


def _find_unit(first: str, columns: Sequence[str]) -> str:
    """Return the unit that the columns end in, else that of the first cell (HUMAnN 4), else RPK, HUMAnN's own."""
    found = {match.lower().rstrip("s") for name in columns for match in re.findall(r"-(RPKs?|CPM|RELAB)$", name, re.I)}
    found = found or {match.lower() for match in re.findall(r"\b(RPK|CPM)s\b", first)}
    return UNITS[sorted(found)[0]] if found else "rpk"


FORMATS = (
    Format(
        "humann",
        "HUMAnN 3 and 4",
        "abundances of gene families or pathways of HUMAnN, of one sample or several",
        "microbiome/genes.tsv (--role transcripts for RNA) and features.tsv, in RPK or CPM",
        _is_humann,
        _read,
    ),
)
