"""Whether the numbers of a block can be what the block says they are."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pandas as pd

from helpers.contract.blocks import BlockTable
from helpers.contract.brain import check_correlations, check_motion, check_tracts, check_volumes
from helpers.contract.copies import check_answers, check_copies
from helpers.contract.counts import check_counts
from helpers.contract.files import Reader
from helpers.contract.metabolites import check_metabolites
from helpers.contract.profiles import check_profiles
from helpers.contract.schema import read_schema
from helpers.contract.shares import check_shares
from helpers.problems import count, name_some

MIN_PEOPLE = 10
COPY_MIN_VALUES = 5
MOST_ANSWERS = 20


def check_measurements(
    block: BlockTable,
    name: str,
    features: pd.DataFrame | None,
    *,
    connectivity_scale: str | None = "r",
    scale: str | None = None,
) -> None:
    """Report what the numbers of a block cannot be, and what is suspicious about them.

    Parameters
    ----------
    block : BlockTable
    name : str
        One of the contract's blocks.
    features : pandas.DataFrame or None
        What is known of its columns; index: the column.
    connectivity_scale : {"r", "fisher_z"} or None
        As ``cohort.yml`` says; None when it cannot be read.
    scale : str, optional
        Of a table of reads that holds none: relative, percent and so on.
    """
    rules = read_schema()["blocks"][name]
    _check_finite(block)
    whole_table = {"tracts": check_tracts, "motion": check_motion}
    if rules.get("counts") and scale:
        check_shares(block, scale)
    elif rules.get("counts"):
        check_counts(block, name)
    elif name == "connectivity":
        check_correlations(block, connectivity_scale)
    elif name == "metabolites":
        check_metabolites(block, features)
    elif name == "volumes":
        check_volumes(block)
    if "range" in rules and name != "connectivity" and not (name in whole_table and whole_table[name](block)):
        _check_range(block, rules)
    _check_people(block)
    _check_columns(block, rules)
    is_faulty = any(p.file == block.file and p.severity == "error" for p in block.reader.problems)
    if not (block.has_text or is_faulty):
        is_counts = bool(rules.get("counts"))
        odd = set() if name == "motion" else check_profiles(block, name, counts=is_counts, features=features)
        check_copies(block, counts=is_counts, odd=odd)


def check_plain(block: BlockTable) -> None:
    """Report what is wrong or suspicious in any block of numbers, whatever it holds.

    Parameters
    ----------
    block : BlockTable
    """
    _check_finite(block)
    _check_people(block)
    _check_columns(block, {})
    if block.has_text or block.summary.n_infinite.any():
        return
    if _are_answers(block):
        check_answers(block.reader, block.file, block.without_repeats)
    else:
        check_copies(block, odd=check_profiles(block, "further"))


def _are_answers(block: BlockTable) -> bool:
    """Whether these are a few whole numbers, such as ticks on a form: some people tick one column throughout."""
    low, high = block.summary.range
    return not block.summary.n_fractional.any() and 0 <= high - low <= MOST_ANSWERS


def _check_finite(block: BlockTable) -> None:
    infinite = np.flatnonzero(block.summary.n_infinite)
    block.report_cells(np.isinf, infinite, "a finite number", "correct the value, or write n/a.")


def _check_range(block: BlockTable, rules: dict[str, Any]) -> None:
    low, high = rules["range"]
    outside = np.flatnonzero((block.summary.low < low) | (block.summary.high > high))
    block.report_cells(
        lambda cells: np.isfinite(cells) & ((cells < low) | (cells > high)),
        outside,
        f"from {low:g} to {high:g} ({rules['unit']})",
        "correct the value or its unit, or write n/a.",
    )


def _check_people(block: BlockTable) -> None:
    n_people = block.table.index.nunique()
    if n_people < MIN_PEOPLE:
        block.report(
            f"{count(n_people, 'participant')}",
            f"at least {MIN_PEOPLE} people",
            "add people, or remove the block: comparisons of so few say nothing.",
            severity="warning",
        )
    empty = np.flatnonzero(np.isnan(block.values).all(axis=1)) if block.values.dtype.kind == "f" else np.array([])
    if empty.size and not block.has_text:
        block.report(
            f"no value at all in {count(empty.size, 'row')}",
            "people who were measured",
            "remove the row: the person counts as measured here, and is not.",
            row=int(empty[0]),
            severity="warning",
        )


def _check_columns(block: BlockTable, rules: dict[str, Any]) -> None:
    summary, names = block.summary, block.table.columns
    never = summary.n_known + summary.n_infinite == 0
    may_be_blank = not (rules.get("counts") or rules.get("features") == "nodes" or block.has_text)
    if never.any() and may_be_blank:
        _warn_columns(block, "without a single value", names[never], "columns that somebody was measured for")
    constant = (summary.low == summary.high) & ~never
    if constant.any() and not rules.get("counts"):
        _warn_columns(block, "with the same value for everybody", names[constant], "measurements that differ")
    copies = find_copies(block)
    if copies:
        pairs = [f"{second} of {first}" for first, second in copies]
        block.report(
            f"{count(len(copies), 'column')} a copy of another ({name_some(pairs)})",
            "every measurement once",
            "remove the copy, or export the column again: left and right, or two features, hold the same numbers.",
            severity="warning",
        )


def _warn_columns(block: BlockTable, what: str, names: pd.Index, expected: str) -> None:
    block.report(
        f"{count(len(names), 'column')} {what} ({name_some(names)})",
        expected,
        "remove them: nothing can be compared; or look where the values were lost.",
        severity="warning",
    )


def find_copies(block: BlockTable) -> list[tuple[str, str]]:
    """Return columns that equal an earlier one and hold at least five different values.

    Rare features of counts may be alike by chance (one person, one read), hence the five.
    """
    summary, values = block.summary, block.values
    alike = defaultdict(list)
    for column in np.flatnonzero(summary.low < summary.high):
        alike[f"{summary.weighted[column]:.9g}", summary.n_known[column]].append(column)
    copies = []
    for first, *others in alike.values():
        for second in others:
            same = np.array_equal(values[:, first], values[:, second], equal_nan=values.dtype.kind == "f")
            if same and len(np.unique(values[:, second])) >= COPY_MIN_VALUES:
                copies.append((str(block.table.columns[first]), str(block.table.columns[second])))
    return copies


def check_features(reader: Reader, name: str, file: str, columns: pd.Index, features: pd.DataFrame | None) -> None:
    """Report columns of a block that its feature table does not describe.

    Parameters
    ----------
    reader : Reader
    name : str
        Key of the feature table in the contract.
    file : str
        Of the block.
    columns : pandas.Index
        Of the block.
    features : pandas.DataFrame or None
        None when the feature table cannot be used.
    """
    rules = read_schema()["features"][name]
    if features is None:
        if not any(problem.file == rules["file"] for problem in reader.problems):
            reader.report(
                rules["file"],
                "no such file",
                f"a line for every column of {file}: {', '.join([rules['id'], *rules['required']])}",
                "add it.",
            )
        return
    unknown = columns[~columns.isin(features.index)]
    if len(unknown):
        reader.report(
            rules["file"],
            f"no line for {count(len(unknown), 'column')} of {file} ({name_some(unknown)})",
            f"every column as {rules['id']}",
            "add the lines.",
            column=rules["id"],
        )
