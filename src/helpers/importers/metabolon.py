"""Workbooks of Metabolon: one scale of amounts, with what is known of each metabolite."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from helpers.contract.cell_errors import fold_name
from helpers.importers.base import Format, Head, Imported, LeftOut, Options, refuse
from helpers.importers.cells import index_by_id
from helpers.importers.delimited import check_unique
from helpers.importers.metabolite_tables import Amounts, read_amounts, write_metabolites
from helpers.importers.workbooks import Sheet, is_workbook, list_sheets, peek, read_sheet
from helpers.problems import count, name_some, quote

ANNOTATION, SAMPLES = "Chemical Annotation", "Sample Meta Data"
RAW = ("batchnormalizeddata", "batchnormdata", "peakareadata", "origscale", "volumenormalized")
IMPUTED = re.compile(r"imp")
LOGGED = re.compile(r"log")
SAMPLE, CHEM_ID = "PARENT_SAMPLE_NAME", "CHEM_ID"
CLIENT = ("CLIENT_SAMPLE_ID", "CLIENT_IDENTIFIER", "CLIENT IDENTIFIER", "SAMPLE_NAME", SAMPLE)
NAMES = {
    "name": ("CHEMICAL_NAME", "PLOT_NAME", "BIOCHEMICAL", "SHORT_NAME"),
    "hmdb": ("HMDB", "HMDB_ID"),
    "kegg": ("KEGG", "KEGG_ID"),
    "super_pathway": ("SUPER_PATHWAY", "SUPER PATHWAY"),
    "sub_pathway": ("SUB_PATHWAY", "SUB PATHWAY"),
}
OLD_SIGNS = ("BIOCHEMICAL", "SUPER")
TWO_NAMES = re.compile(r"(?P<of_samples>\S.*?)\s{2,}(?P<of_metabolites>HMDB\S*)")
MOST_LINES_ABOVE = 60


def read_workbook(paths: Sequence[Path], options: Options) -> Imported:
    """Read a client workbook, new (one sheet per scale) or older (samples' lines above, annotation left of the numbers).

    Parameters
    ----------
    paths : sequence of pathlib.Path
        One workbook.
    options : Options
        ``sheet``: the sheet of amounts; by default the batch-normalised one, else the peak areas, else ``OrigScale``: raw and not
        imputed. ``column``: the samples' line that holds the participants' ids (by default ``CLIENT_SAMPLE_ID``).

    Returns
    -------
    Imported
        ``metabolites/metabolites.tsv`` (columns ``chem_<CHEM_ID>`` or ``comp_<COMP_ID>``) and ``features.tsv``. A blank stays missing.

    Raises
    ------
    CohortError
        For several workbooks, no sheet of amounts, samples or metabolites without annotation, or an id twice.
    """
    if len(paths) > 1:
        raise refuse(paths[1], f"{len(paths)} workbooks", "one", "import one, or join them in one workbook.")
    (path,) = paths
    sheets = list_sheets(path)
    chosen = _choose_sheet(path, sheets, options.sheet)
    is_new = {ANNOTATION, SAMPLES} <= set(sheets)
    amounts, features, left_out = (_read_new if is_new else _read_old)(path, chosen, options.column)
    folded = fold_name(chosen)
    scale = "log" if LOGGED.search(folded) else "raw"
    notes = [f"The sheet {quote(chosen)} was read; choose another with --sheet ({name_some(map(quote, sheets))})."]
    if IMPUTED.search(folded) or scale == "log":
        notes.append("Metabolon filled in values that were missing on this sheet: they look measured, and are not.")
    elif amounts.n_blank:
        notes.append("Metabolon leaves a cell blank where a metabolite was not detected in a sample.")
    return write_metabolites(amounts, features, scale, left_out=left_out, notes=notes)


def _choose_sheet(path: Path, sheets: Sequence[str], wanted: str | None) -> str:
    if wanted is not None:
        return wanted  # the reader of sheets refuses one that is not there
    folded = {fold_name(name): name for name in sheets}
    found = next((folded[name] for name in RAW if name in folded), None)
    if found is None and len(sheets) == 1:
        found = sheets[0]
    if found is None:
        fix = f"choose with --sheet: {name_some(map(quote, sheets))}."
        raise refuse(path, "no sheet of batch-normalised data or peak areas", "amounts, raw and not imputed", fix)
    return found


def _read_new(path: Path, sheet: str, column: str | None) -> tuple[Amounts, pd.DataFrame, list[LeftOut]]:
    data, samples, annotation = (read_sheet(path, name).frame() for name in (sheet, SAMPLES, ANNOTATION))
    for frame, needed, name in ((data, SAMPLE, sheet), (samples, SAMPLE, SAMPLES), (annotation, CHEM_ID, ANNOTATION)):
        if needed not in frame:
            raise refuse(
                path, f"no column {needed} on the sheet {quote(name)}", "a workbook of Metabolon", "ask for it."
            )
    check_unique(path, samples[SAMPLE].tolist(), "sample")
    check_unique(path, data.columns.tolist(), "metabolite")
    annotation = annotation.drop_duplicates()
    check_unique(path, annotation[CHEM_ID].tolist(), "metabolite")
    annotation = annotation.set_index(CHEM_ID)
    chemicals = data.columns.drop(SAMPLE)
    lacking = [name for name in chemicals if name not in annotation.index]
    unknown = [name for name in data[SAMPLE] if name not in set(samples[SAMPLE])]
    for what, names, place in (("metabolite", lacking, ANNOTATION), ("sample", unknown, SAMPLES)):
        if names:
            found = f"{count(len(names), what)} without a line on {quote(place)} ({name_some(names)})"
            raise refuse(path, found, "a line for each", "ask for the whole workbook.")
    ids = _find_ids(path, samples.columns, column)
    owners = data[SAMPLE].map(samples.set_index(SAMPLE, drop=False)[ids])
    table = index_by_id(path, data.drop(columns=SAMPLE).assign(**{ids: owners}), ids)
    amounts = read_amounts(path, table)
    names = [f"chem_{name}" for name in chemicals]
    features = _annotate(annotation.loc[chemicals]).set_axis(names)
    others = [name for name in samples.columns if name not in (SAMPLE, ids)]
    left_out = [
        LeftOut(f"columns of {SAMPLES} ({', '.join(others)})", len(others), "import them as participants"),
        LeftOut("metabolites of the annotation without data", len(annotation) - len(chemicals), "no column of amounts"),
    ]
    return _rename(amounts, names), features, [entry for entry in left_out if entry.n]


def _read_old(path: Path, sheet: str, column: str | None) -> tuple[Amounts, pd.DataFrame, list[LeftOut]]:
    rows = read_sheet(path, sheet)
    header = _find_header(rows)
    names, at = _split_header(rows, header)
    labels = {row[at]: row for row in rows.rows[:header] if row[at]}
    ids = _find_ids(path, list(labels), column)
    people = labels[ids][at + 1 :]
    below = [row for row in rows.rows[header + 1 :] if any(row[: at + 1])]
    n_others = len(rows.rows) - header - 1 - len(below)
    left = pd.DataFrame([row[: at + 1] for row in below], columns=names, dtype=str)
    left = left.loc[:, left.columns != ""]
    key = next((name for name in ("CHEM_ID", "COMP_ID", "BIOCHEMICAL") if name in left), None)
    if key is None:
        raise refuse(path, "no column COMP_ID or BIOCHEMICAL", "names of metabolites", "ask for the whole workbook.")
    check_unique(path, left[key].tolist(), "metabolite")
    prefix = "" if key == "BIOCHEMICAL" else f"{key.split('_')[0].lower()}_"
    chemicals = [f"{prefix}{name}" for name in left[key]]
    turned = pd.DataFrame([row[at + 1 :] for row in below], index=chemicals, dtype=str).T
    table = index_by_id(path, turned.assign(**{ids: people}), ids)
    others = [name for name in labels if name != ids]
    left_out = [LeftOut(f"lines of samples ({', '.join(others)})", len(others), "import them as participants")]
    left_out += [LeftOut("rows without a metabolite", n_others, "blank")] if n_others else []
    features = _annotate(left).set_axis(chemicals)
    return read_amounts(path, table), features, [entry for entry in left_out if entry.n]


def _find_header(sheet: Sheet) -> int:
    for at, row in enumerate(sheet.rows[:MOST_LINES_ABOVE]):
        if "BIOCHEMICAL" in row and any(cell.startswith("SUPER") for cell in row):
            return at
    found, fix = "no line with BIOCHEMICAL and SUPER_PATHWAY", "choose the sheet of amounts with --sheet."
    raise refuse(sheet.path, f"{found} on the sheet {quote(sheet.name)}", "a workbook of Metabolon", fix)


def _split_header(sheet: Sheet, header: int) -> tuple[list[str], int]:
    """Return the names of the annotation, and the column that names the samples' lines: the last of the annotation."""
    row = sheet.rows[header]
    for at, cell in enumerate(row):
        if (match := TWO_NAMES.fullmatch(cell)) is not None:
            return [*row[:at], match["of_metabolites"]], at
    known = [at for at, cell in enumerate(row) if any(cell in names for names in NAMES.values())]
    above = [at for at in range(len(row)) if header and sheet.rows[0][at] != "" and at >= max(known)]
    at = above[0] if above else max(known)
    return row[: at + 1], at


def _find_ids(path: Path, names: Sequence[str], wanted: str | None) -> str:
    if wanted is not None and wanted not in names:
        fix = f"choose one of {name_some(map(quote, names))}."
        raise refuse(path, f"no {quote(wanted)} among what is known of samples", "the ids of --column", fix)
    found = wanted or next((name for name in CLIENT if name in names), None)
    if found is None:
        fix = f"name it with --column: {name_some(map(quote, names))}."
        raise refuse(path, f"none of {', '.join(CLIENT[:3])}", "the ids of participants", fix)
    return found


def _annotate(annotation: pd.DataFrame) -> pd.DataFrame:
    found: Mapping[str, str | None] = {
        column: next((name for name in names if name in annotation), None) for column, names in NAMES.items()
    }
    known = {column: annotation[name].replace("", None) for column, name in found.items() if name is not None}
    return pd.DataFrame(known, index=annotation.index)


def _rename(amounts: Amounts, names: list[str]) -> Amounts:
    return Amounts(amounts.values.set_axis(names, axis=1), amounts.below.set_axis(names, axis=1), amounts.n_blank)


def _detect(head: Head) -> bool:
    if not is_workbook(head.members):
        return False
    if {ANNOTATION, SAMPLES} <= set(list_sheets(head.path)):
        return True
    text = peek(head.path)
    return all(sign in text for sign in OLD_SIGNS) and "HMDB" in text


FORMATS: tuple[Format, ...] = (
    Format(
        "metabolon",
        "Metabolon",
        "a client workbook of Metabolon",
        "metabolites/metabolites.tsv and features.tsv",
        _detect,
        read_workbook,
    ),
)
