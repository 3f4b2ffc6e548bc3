"""The blocks that the contract knows by name: files in, tables and what is known of their columns out."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd

from helpers.contract.answer_patterns import (
    check_block_codes,
)
from helpers.contract.blocks import BlockTable, read_block_table
from helpers.contract.brain import check_edges
from helpers.contract.columns import ColumnRules, as_numbers, check_columns
from helpers.contract.files import ID, Reader
from helpers.contract.headers import check_damaged_names, check_names
from helpers.contract.ids import check_ids
from helpers.contract.matrices import read_matrices
from helpers.contract.meaning import check_meaning
from helpers.contract.measurements import check_features, check_measurements
from helpers.contract.schema import read_schema
from helpers.contract.settings import Settings, peek_scale
from helpers.contract.shares import close_shares
from helpers.problems import name_some


def read_blocks(
    reader: Reader, participants: pd.Index, wanted: Collection[str] | None, settings: Settings | None
) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """Read the blocks that the contract knows by name, and report all that is wrong with them.

    Parameters
    ----------
    reader : Reader
    participants : pandas.Index
        Ids of ``participants.tsv``.
    wanted : collection of str or None
        Names; None: all.
    settings : Settings or None
        None when ``cohort.yml`` cannot be read.

    Returns
    -------
    dict of str to pandas.DataFrame
        Tables by block.
    dict of str to pandas.DataFrame
        By block what is known of its columns.
    """
    tables, features = {}, {}
    connectivity_scale = None if settings is None else settings.connectivity_scale
    scales = peek_scale(reader.folder) if settings is None else settings.scale
    for name, rules in read_schema()["blocks"].items():
        if wanted is not None and name not in wanted:
            continue
        found = _find_block(reader, rules)
        if found is None:
            continue
        about = _read_features(reader, rules["features"]) if "features" in rules else None
        is_matrices = found == read_schema()["matrices"]["folder"]
        read = (
            read_matrices(reader, found, participants, about)
            if is_matrices
            else read_block_table(reader, found, participants)
        )
        if read is None or not (is_matrices or _check_names(reader, name, read, participants, about)):
            continue
        check_measurements(read, name, about, connectivity_scale=connectivity_scale, scale=scales.get(name))
        tables[name] = close_shares(read.without_repeats) if name in scales else read.without_repeats
        if name == "connectivity" and connectivity_scale == "fisher_z":
            tables[name] = np.tanh(tables[name])
        if about is not None:
            features[name] = about
    return tables, features


def _find_block(reader: Reader, rules: dict[str, Any]) -> str | None:
    """Return the file of a block, or its folder of matrices; None when the cohort does not have it."""
    file = reader.find(rules["file"], is_counts=rules.get("counts", False))
    for ending in [] if rules.get("counts") else read_schema()["count_formats"]:
        if reader.has(f"{rules['file']}{ending}"):
            reader.report(
                f"{rules['file']}{ending}",
                f"a table in {ending}",
                f"{' or '.join(read_schema()['table_formats'])}, as BIOM is for counts",
                "export it as tab-separated text.",
            )
    folder = read_schema()["matrices"]["folder"]
    if not rules.get("matrices") or folder in reader.refused or not (reader.folder / folder).is_dir():
        return file
    if file is not None:
        reader.report(
            file,
            f"the same block as a table and as matrices in {folder}/",
            "one of them",
            "remove the table, or the folder.",
        )
        return file
    return folder


def _check_names(
    reader: Reader, name: str, block: BlockTable, participants: pd.Index, about: pd.DataFrame | None
) -> bool:
    """Check the ids and the columns of a table; return whether its numbers can be looked at."""
    ids = block.table.index
    rules = read_schema()["blocks"][name]
    if (
        len(participants)
        and about is not None
        and not ids.isin(participants).any()
        and ids.isin(about.index).mean() > 0.5
    ):
        reader.report(
            block.file,
            f"{rules['features']} in rows, and columns that are no participants ({name_some(block.table.columns)})",
            f"people in rows, spelled as in participants.tsv ({name_some(participants[:3])})",
            "turn the table, and spell the ids alike.",
            column=ID,
        )
        return False
    if len(participants):
        check_ids(reader, block.file, ids, participants)
    check_damaged_names(reader, block.file, block.table.columns)
    if not rules.get("counts"):
        check_block_codes(reader, block.file, block.without_repeats)
    if name == "connectivity":
        check_edges(reader, block.file, block.table.columns, about)
    elif "features" in rules:
        check_features(reader, rules["features"], block.file, block.table.columns, about)
    return True


def _read_features(reader: Reader, name: str) -> pd.DataFrame | None:
    rules = read_schema()["features"][name]
    already = any(problem.file == rules["file"] and problem.severity == "error" for problem in reader.problems)
    if already or not reader.has(rules["file"]):
        return None
    table = reader.read_text(rules["file"], rules["id"])
    if table is None:
        return None
    columns = {rules["id"]: ColumnRules("id", required=True)}
    columns |= {column: ColumnRules(required=True) for column in rules["required"]}
    columns |= {column: ColumnRules("number", required=True) for column in rules.get("numbers", [])}
    columns |= {
        column: ColumnRules("label", required=True, allowed=tuple(labels))
        for column, labels in rules.get("allowed", {}).items()
    }
    table = check_names(reader, rules["file"], table, [*columns, *rules.get("optional", [])])
    check_columns(reader, rules["file"], table, columns)
    check_damaged_names(reader, rules["file"], table[rules["id"]].dropna(), column=rules["id"], first_line=2)
    numbers = as_numbers(table, columns)
    check_meaning(reader, name, numbers.set_index(rules["id"]))
    return numbers.dropna(subset=rules["id"]).drop_duplicates(rules["id"]).set_index(rules["id"])
