"""Metadata of samples as QIIME 2 reads them: one line a sample, types in a second line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from helpers.contract.cell_errors import fold_name
from helpers.contract.schema import read_schema
from helpers.importers.base import Format, Head, Imported, LeftOut, Options, refuse
from helpers.importers.delimited import check_unique, read_frame
from helpers.importers.samples import ID, one_path
from helpers.problems import name_some, quote

TYPES = "#q2:types"
ID_NAMES = {"id", "sampleid", "sample id", "sample-id"}
HASH_NAMES = {"#sampleid", "#sample id", "sample_name"}
TECHNICAL = re.compile(r"(linker|barcode|reverse)?-?_?(barcode|primer).*", re.IGNORECASE)
PERSON = ("participant_id", "subject", "subject-id", "subject_id", "host_subject_id", "participant")


def _is_metadata(head: Head) -> bool:
    if not head.lines or "\t" not in head.lines[0]:
        return False
    first = head.lines[0].split("\t")[0].strip().lower()
    has_types = any(line.startswith(TYPES) for line in head.lines[1:5])
    return first in HASH_NAMES or (first in ID_NAMES and has_types) or (has_types and first.startswith("sample"))


def _read(paths: Sequence[Path], options: Options) -> Imported:
    path = one_path(paths, "a table of metadata")
    table = read_frame(path, separator="\t")
    first = table.columns[0]
    types = table[table[first] == TYPES]
    table = table[~table[first].str.startswith("#")]
    check_unique(path, list(table.columns), "column")
    if table.empty:
        raise refuse(path, "no sample", "one line a sample", "export it again.")
    samples = table[first].str.strip()
    check_unique(path, list(samples), "sample")
    ids = _choose_ids(path, table, first, options.column)
    kept = [name for name in table.columns if name not in (first, options.column) and not TECHNICAL.fullmatch(name)]
    dropped = [name for name in table.columns if TECHNICAL.fullmatch(name)]
    numeric = {name for name in kept if len(types) and types[name].iloc[0].strip().lower() == "numeric"}
    people = pd.DataFrame({name: _parse(table[name], name in numeric) for name in kept}).set_axis(
        pd.Index(ids, name=ID), axis=0
    )
    known = {fold_name(name): name for name in read_schema()["participants"]["columns"]}
    people = people.rename(columns={n: known[fold_name(n)] for n in kept if fold_name(n) in known and n != ID})
    left_out = [LeftOut(f"columns {name_some(dropped)}", len(dropped), "of the sequencing")] if dropped else []
    return Imported({"participants.tsv": people}, left_out=left_out, notes=_note(table, options.column))


def _choose_ids(path: Path, table: pd.DataFrame, first: str, column: str | None) -> list[str]:
    if column is None:
        return list(table[first].str.strip())
    if column not in table:
        found = f"no column {quote(column)}"
        raise refuse(path, found, f"one of {name_some(table.columns)}", "correct the name after --column.")
    ids = table[column].str.strip()
    if ids.duplicated().any():
        found = f"several samples of one participant in {quote(column)} ({name_some(ids[ids.duplicated()].unique())})"
        raise refuse(path, found, "one sample per participant", "keep one line per participant in a copy of the file.")
    return list(ids)


def _note(table: pd.DataFrame, column: str | None) -> list[str]:
    person = next((name for name in table.columns if name.lower() in PERSON), None)
    if person is None or column is not None:
        return []
    n_people = table[person].nunique()
    if n_people == len(table):
        return [f"the samples' names are taken as ids; --column {person} takes the participants' own."]
    return [
        f"the column {person} names {n_people} participants for {len(table)} samples: one sample each is needed (--ids)."
    ]


def _parse(cells: pd.Series, is_numeric: bool) -> pd.Series:
    texts = cells.str.strip().where(cells.str.strip() != "")
    return pd.to_numeric(texts, errors="coerce") if is_numeric else texts


FORMATS = (
    Format(
        "qiime2-metadata",
        "QIIME 2",
        "metadata of samples (sample-id, #q2:types)",
        "participants.tsv",
        _is_metadata,
        _read,
    ),
)
