"""PICRUSt2: predicted abundances of functions (EC, KO) or pathways; always marked as predicted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from helpers.importers.base import Format, Head, Imported, LeftOut, Options, refuse
from helpers.importers.delimited import check_unique, read_frame, to_numbers
from helpers.importers.functions import GENES, make_functions
from helpers.importers.heads import read_head
from helpers.importers.samples import turn
from helpers.problems import name_some

MARK = "predicted_"
KINDS = {"pathway": "pathways", "K": "KEGG orthologues", "EC": "enzyme classes"}
FUNCTION = re.compile(r"(K\d{5}|EC:[\d.n-]+|COG\d+|PF\d+|TIGR\d+|GO:\d+)$")
BESIDE = "description"


def _cells(head: Head) -> tuple[list[str], list[str]]:
    lines = [line.split("\t") for line in head.lines[:2]]
    first, second = [*lines, [""], [""]][:2]
    return first, second


def _is_picrust(head: Head) -> bool:
    names, row = _cells(head)
    if len(names) < 2 or len(row) < 2 or "sequence" in names[:2] or "taxon" in names[:3]:
        return False
    return (names[0] == "function" and bool(FUNCTION.match(row[0]))) or (
        names[0] == "pathway" and bool(re.match(r"[A-Z0-9.+-]+$", row[0])) and _is_number(row[-1])
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _read(paths: Sequence[Path], options: Options) -> Imported:
    if options.role not in (None, GENES):
        raise refuse(paths[0], f"the role {options.role}", GENES, "leave --role away: a prediction from DNA is no RNA.")
    kinds = {path: _find_kind(path) for path in paths}
    order = [kind for kind in KINDS.values() if kind in kinds.values()] or [next(iter(kinds.values()))]
    chosen = [path for path in paths if kinds[path] == order[0]]
    if len(chosen) > 1:
        found = f"{len(chosen)} tables of {order[0]} ({name_some(path.name for path in chosen)})"
        raise refuse(chosen[1], found, "one of them", "name the one that you want.")
    others = [path for path in paths if path not in chosen]
    path = chosen[0]
    table = read_frame(path, separator="\t", infer=True)
    table = table.set_index(table.columns[0])
    check_unique(path, list(table.index), "function")
    words = dict(table[BESIDE]) if BESIDE in table else {}
    values = turn(path, to_numbers(path, table.drop(columns=[name for name in [BESIDE] if name in table])))
    values = values.loc[:, (values != 0).any()]
    names = {f"{MARK}{name}": f"predicted: {words.get(name, name)}" for name in values.columns}
    why = f"{order[0]} came with them and the folder has one table; import them alone to have them"
    left_out = [LeftOut(f"files of other functions ({name_some(other.name for other in others)})", len(others), why)]
    notes = [
        f"these are predictions from marker genes, not measurements: every column begins with {MARK}.",
        "values are gene copies in units of their own, so cohort.yml calls them rpk: per gene, no counts of reads.",
    ]
    return make_functions(values.add_prefix(MARK), names, GENES, "rpk", left_out, notes)


def _find_kind(path: Path) -> str:
    names, row = _cells(read_head(path))
    start = names[0] if names[0] == "pathway" else row[0]
    return next((kind for beginning, kind in KINDS.items() if start.startswith(beginning)), "other functions")


FORMATS = (
    Format(
        "picrust2",
        "PICRUSt2",
        "predicted functions or pathways of PICRUSt2, not stratified",
        "microbiome/genes.tsv (predicted_…) and features.tsv",
        _is_picrust,
        _read,
    ),
)
