"""mwTab of the Metabolomics Workbench: amounts of one analysis, with identifiers where the file has them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from helpers.importers.base import Format, Head, Imported, LeftOut, Options, refuse
from helpers.importers.cells import index_by_id
from helpers.importers.delimited import check_unique
from helpers.importers.heads import AGAIN, read_text
from helpers.importers.metabolite_tables import guess_scale, read_amounts, write_metabolites
from helpers.problems import quote

START = re.compile(r"^((?:MS|NMR)_METABOLITE_DATA|NMR_BINNED_DATA)_START\s*$", re.M)
TABLE = re.compile(r"^METABOLITES_START\s*$(.*?)^METABOLITES_END\s*$", re.M | re.S)
UNITS = re.compile(r"^(?:MS_METABOLITE_DATA|NMR_METABOLITE_DATA|NMR_BINNED_DATA):UNITS\s*\t\s*(.*)$", re.M)
FACTORS = "Factors"
SIGN = "#METABOLOMICS WORKBENCH"
IDENTIFIERS = {"hmdb": re.compile(r"hmdb", re.I), "kegg": re.compile(r"kegg", re.I)}


def read_mwtab(paths: Sequence[Path], options: Options) -> Imported:
    """Read one file of one analysis as text (``ST…_AN….txt``).

    Parameters
    ----------
    paths : sequence of pathlib.Path
        One file.
    options : Options

    Returns
    -------
    Imported
        ``metabolites/metabolites.tsv`` by the samples' names, and ``features.tsv``. Blanks stay missing; a 0 is taken as below detection.

    Raises
    ------
    CohortError
        For several files, no block of metabolites, lines of another length, or a sample or metabolite twice.
    """
    if len(paths) > 1:
        raise refuse(paths[1], f"{len(paths)} files", "one analysis at a time", "import them one by one.")
    (path,) = paths
    text = read_text(path)
    rows, first_line = _find_block(path, text)
    samples = rows[0][1:]
    others = [row for row in rows[1:] if row[0] == FACTORS]
    body = [row for row in rows[1:] if row[0] != FACTORS]
    if not body:
        raise refuse(path, "no line of a metabolite", "a block of metabolites", AGAIN)
    names = [row[0] for row in body]
    check_unique(path, names, "metabolite")
    turned = pd.DataFrame([row[1:] for row in body], index=names, dtype=str).T
    table = index_by_id(path, turned.assign(Samples=samples), "Samples", first_line=first_line)
    amounts = read_amounts(path, table)
    scale = guess_scale(amounts.values)
    features, left_out = _find_identifiers(text, names)
    if others:
        left_out.append(LeftOut("lines of factors", len(others), "import them as participants"))
    units = UNITS.search(text)
    notes = [f"The file's unit is {quote(units[1].strip())}; the scale is taken as {scale}." if units else ""]
    n_zero = int((amounts.values == 0).to_numpy().sum() - amounts.below.to_numpy().sum())
    if n_zero and scale == "raw":
        notes.append(f"{n_zero:,} cells are 0, which is taken as below detection.")
    return write_metabolites(amounts, features, scale, left_out=left_out, notes=[note for note in notes if note])


def _find_block(path: Path, text: str) -> tuple[list[list[str]], int]:
    starts = list(START.finditer(text))
    if len(starts) != 1:
        found = f"{len(starts)} blocks of metabolites"
        raise refuse(path, found, "one", "give the file of one analysis with its data.")
    name = starts[0][1]
    end = text.find(f"\n{name}_END", starts[0].end())
    if end < 0:
        raise refuse(path, f"a block without {name}_END", "a whole file", AGAIN)
    first_line = text.count("\n", 0, starts[0].end()) + 2
    lines = [line.split("\t") for line in text[starts[0].end() : end].split("\n") if line.strip()]
    rows = [[cell.strip() for cell in row] for row in lines]
    if not rows or rows[0][0] not in ("Samples", "Bin range(ppm)"):
        raise refuse(path, "a block without the line of samples", "Samples in its first cell", AGAIN, line=first_line)
    for at, row in enumerate(rows):
        if len(row) != len(rows[0]):
            found = f"{len(row)} cells, {len(rows[0])} in the line of samples"
            raise refuse(path, found, "lines of one length", AGAIN, line=first_line + at)
    return rows, first_line


def _find_identifiers(text: str, names: list[str]) -> tuple[pd.DataFrame, list[LeftOut]]:
    features = pd.DataFrame({"name": names}, index=names)
    block = TABLE.search(text)
    if block is None:
        return features, []
    rows = [line.split("\t") for line in block[1].strip("\n").split("\n")]
    header = [cell.strip() for cell in rows[0]]
    known = {row[0].strip(): row for row in rows[1:] if len(row) == len(header)}
    used = {}
    for column, pattern in IDENTIFIERS.items():
        at = next((at for at, name in enumerate(header) if at and pattern.search(name)), None)
        if at is not None:
            used[column] = at
            features[column] = [known[name][at].strip() or None if name in known else None for name in names]
    others = [name for at, name in enumerate(header) if at and at not in used.values()]
    n_lost = sum(len(row) != len(header) for row in rows[1:])
    left_out = [LeftOut(f"columns of METABOLITES ({', '.join(others)})", len(others), "not in the contract")]
    left_out += [LeftOut("lines of METABOLITES of another length", n_lost, "they cannot be told apart")]
    return features, [entry for entry in left_out if entry.n]


def _detect(head: Head) -> bool:
    return next(iter(head.lines), "").startswith(SIGN)


FORMATS: tuple[Format, ...] = (
    Format(
        "mwtab",
        "Metabolomics Workbench",
        "an mwTab file of the Metabolomics Workbench",
        "metabolites/metabolites.tsv and features.tsv",
        _detect,
        read_mwtab,
    ),
)
