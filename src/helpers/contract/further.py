"""Further blocks: any table ``blocks/<name>.tsv`` with a sidecar that says what it is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from helpers.contract.answer_patterns import check_block_codes
from helpers.contract.blocks import BlockTable, read_block_table
from helpers.contract.cell_errors import suggest
from helpers.contract.files import Reader
from helpers.contract.headers import check_damaged_names
from helpers.contract.ids import check_ids
from helpers.contract.measurements import check_plain
from helpers.contract.schema import list_measures, read_schema
from helpers.problems import count, name_some, quote

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
TRANSFORMS = ("none", "log", "clr")
ZEROS = ("amount", "below detection", "missing")
MODALITIES = ("brain", "gut", "blood", "diet", "other")
NEEDED = ("title", "unit", "modality")
OPTIONAL = ("transform", "zero", "groups", "integrate", "description", "citation")
LONGEST_TITLE = 60
CHAPTERS_OF = {"brain": ("connectivity", "volumes", "tracts"), "gut": ("taxa",)}  # what their chapters work on


@dataclass(frozen=True, eq=False)
class FurtherBlock:
    """A block of measurements that the contract does not know by name.

    Attributes
    ----------
    name, title, unit : str
    modality : {"brain", "gut", "blood", "diet", "other"}
        What it is about.
    table : pandas.DataFrame of shape (n_participants, n_columns)
        As measured, NaN where unknown.
    transform : {"none", "log", "clr"}
    zero : {"amount", "below detection", "missing"}
        What 0 means.
    groups : mapping of str to str
        Column to the name of its set.
    integrate : bool
        Whether it enters the integration of chapter 06.
    citation : str
    place : {"brain", "gut", "blood"}
        In which chapter it stands: 03, 04, else 05. One of the brain or the gut stands in 05 where its chapter has no data of its own.
    """

    name: str
    title: str
    unit: str
    modality: str
    table: pd.DataFrame
    transform: str = "none"
    zero: str = "amount"
    groups: Mapping[str, str] = field(default_factory=dict)
    integrate: bool = False
    citation: str = ""
    place: str = "blood"


def read_further(reader: Reader, participants: pd.Index) -> dict[str, FurtherBlock]:
    """Read every further block of a cohort folder, and report all that is wrong with its table and its sidecar.

    Parameters
    ----------
    reader : Reader
    participants : pandas.Index
        Ids of ``participants.tsv``.

    Returns
    -------
    dict of str to FurtherBlock
        By name; those that can be used.
    """
    found = {}
    _report_unread(reader)
    for stem in list_stems(reader):
        name = stem.removeprefix("blocks/")
        file = reader.find(stem)
        if file is None or not _check_name(reader, file, name):
            continue
        about = _read_sidecar(reader, f"{stem}.json")
        block = read_block_table(reader, file, participants)
        if block is None:
            continue
        if len(participants):
            check_ids(reader, file, block.table.index, participants)
        check_damaged_names(reader, file, block.table.columns)
        check_block_codes(reader, file, block.without_repeats)
        check_plain(block)
        if about is not None and _fits_sidecar(block, f"{stem}.json", about):
            kept = {key: value for key, value in about.items() if key != "description"}
            place = _find_place(reader, about["modality"])
            found[name] = FurtherBlock(name, table=block.without_repeats, place=place, **kept)
    return found


def _find_place(reader: Reader, modality: str) -> str:
    """Return the chapter of a block, whichever blocks are being read."""
    schema = read_schema()
    endings = (*schema["table_formats"], *schema["count_formats"])
    stems = [schema["blocks"][name]["file"] for name in CHAPTERS_OF.get(modality, ())]
    paths = [reader.folder / f"{stem}{ending}" for stem in stems for ending in endings]
    paths += [reader.folder / schema["matrices"]["folder"]] if modality == "brain" else []
    return modality if any(path.exists() for path in paths) else "blood"


def list_stems(reader: Reader) -> list[str]:
    """Return ``blocks/<name>`` of each table or sidecar in the folder, in order."""
    endings = (*read_schema()["table_formats"], ".json")
    folder = reader.folder / "blocks"
    names = {
        path.name.removesuffix(ending)
        for ending in endings
        for path in folder.glob("[!.]*")
        if path.name.endswith(ending)
    }
    return [f"blocks/{name}" for name in sorted(names) if _has_table(reader, name)]


def _report_unread(reader: Reader) -> None:
    """Warn of files in the folder that are no table, and of sidecars without one."""
    tables = tuple(read_schema()["table_formats"])
    for path in sorted((reader.folder / "blocks").glob("[!.]*")):
        name, file = path.name, f"blocks/{path.name}"
        lonely = name.endswith(".json") and not _has_table(reader, name.removesuffix(".json"))
        is_known = name.endswith((*tables, ".json", ".md", ".txt")) and not lonely
        if is_known or file in reader.refused:
            continue
        found = "a sidecar without its table" if lonely else "a file that is not read"
        fix = (
            "export the table as tab-separated text beside it." if lonely else "export it as tab-separated text (.tsv)."
        )
        reader.report(file, found, f"tables ({', '.join(tables)}), each with its .json", fix, severity="warning")


def _has_table(reader: Reader, name: str) -> bool:
    return any((reader.folder / f"blocks/{name}{ending}").exists() for ending in read_schema()["table_formats"])


def _check_name(reader: Reader, file: str, name: str) -> bool:
    taken = {*read_schema()["blocks"], *read_schema()["features"], *list_measures(), "tree", "maps", "ranks", "reads"}
    if NAME.fullmatch(name) and name not in taken:
        return True
    found = f"the name {quote(name)}"
    if name in taken:
        known = read_schema()["blocks"].get(name)
        fix = f"move it to {known['file']}.tsv, which the chapters read." if known else "give it another name."
        reader.report(file, found, "a name that the contract does not use for something else", fix)
    else:
        fix = "rename file and sidecar, for instance cytokines."
        reader.report(file, found, "a small letter, then small letters, digits or _, at most 40", fix)
    return False


def _read_sidecar(reader: Reader, file: str) -> dict[str, Any] | None:
    """Return what the sidecar says; None, with every reason reported, when it cannot be used."""
    example = (
        '{"title": "Cytokines", "unit": "pg/mL", "modality": "blood", "transform": "log", "zero": "below detection"}'
    )
    if not reader.has(file):
        if file not in reader.refused:
            reader.report(file, "no such file", "a sidecar that says what the block is", f"write one, e.g. {example}.")
        return None
    try:
        about = json.loads((reader.folder / file).read_bytes().decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        said = (str(error).splitlines() or [type(error).__name__])[0]
        reader.report(file, f"no readable JSON ({said})", "a sidecar", f"mend it; {example}.")
        return None
    if not isinstance(about, dict):
        reader.report(file, "no object", "a sidecar such as " + example, "write one entry per word.")
        return None
    before = len(reader.problems)
    for key in [key for key in about if key not in (*NEEDED, *OPTIONAL)]:
        meant = suggest(key, [name for name in (*NEEDED, *OPTIONAL) if name not in about])
        fix = f"write {meant}." if meant else "take it out, or put it into description."
        reader.report(
            file, f"an unknown word {quote(key)}", f"one of {', '.join((*NEEDED, *OPTIONAL))}", fix, column=key
        )
    for key in (*NEEDED, "description", "citation"):
        value = about.get(key, "" if key not in NEEDED else None)
        if not isinstance(value, str) or (key in NEEDED and not value.strip()):
            reader.report(file, "nothing" if value is None else quote(value), "a text", f"say the {key}.", column=key)
    if isinstance(about.get("title"), str) and len(about["title"]) > LONGEST_TITLE:
        reader.report(file, f"{len(about['title'])} signs", f"at most {LONGEST_TITLE}", "shorten it.", column="title")
    for key, allowed in (("modality", MODALITIES), ("transform", TRANSFORMS), ("zero", ZEROS)):
        value = about.get(key, allowed[0])
        if value not in allowed:
            meant = suggest(str(value), allowed)
            fix = f"write {meant}." if meant else f"write {allowed[0]}, if that is meant."
            reader.report(file, quote(value), f"one of {', '.join(allowed)}", fix, column=key)
    if not isinstance(about.get("integrate", False), bool):
        reader.report(file, quote(about["integrate"]), "true or false", "write it without quotes.", column="integrate")
    groups = about.get("groups", {})
    if not isinstance(groups, dict) or not all(isinstance(name, str) and name.strip() for name in groups.values()):
        expected = 'a name for each column, e.g. {"crp": "acute phase"}'
        reader.report(file, "groups that are no names", expected, "write one name per column.", column="groups")
    return about if len(reader.problems) == before else None


def _fits_sidecar(block: BlockTable, file: str, about: Mapping[str, Any]) -> bool:
    """Report columns and values that the sidecar does not fit; return whether it does."""
    before = len(block.reader.problems)
    unknown = [name for name in about.get("groups", {}) if name not in block.table.columns]
    if unknown:
        meant = suggest(unknown[0], block.table.columns)
        fix = f"write {meant} for {unknown[0]}, if that is meant." if meant else "name columns of the table."
        found = f"{count(len(unknown), 'column')} that the table does not have ({name_some(unknown)})"
        block.reader.report(file, found, f"columns of {block.file}", fix, column="groups")
    transform, zero = about.get("transform", "none"), about.get("zero", "amount")
    if transform == "none":
        return len(block.reader.problems) == before
    summary = block.summary
    negative = np.flatnonzero(summary.n_negative)
    fix = f'write "transform": "none" in {file}, if the values are logarithms already; else correct the value.'
    block.report_cells(lambda cells: cells < 0, negative, f"0 or more, as {file} asks for {transform}", fix)
    if summary.n_zero.any() and zero == "amount":
        found = f"{count(int(summary.n_zero.sum()), 'zero')}, which have no logarithm, and nothing on what 0 means"
        fix = 'write "zero": "below detection" (half the smallest value stands for it) or "missing".'
        block.reader.report(file, found, "what 0 means", fix, column="zero")
    if transform == "clr" and block.table.shape[1] < 2:
        block.reader.report(
            file, "clr of one column", "two columns or more", 'write "transform": "log".', column="transform"
        )
    return len(block.reader.problems) == before
