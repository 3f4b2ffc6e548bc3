"""Names of columns: those the contract has, those that only look like them, and those it will ignore."""

from __future__ import annotations

import re
from collections.abc import Collection

import pandas as pd

from helpers.contract.cell_errors import find_damaged_names, fold_name, suggest
from helpers.contract.files import ID, Reader
from helpers.contract.schema import list_items, read_schema
from helpers.problems import count, name_some, quote

MOST_COLUMNS = 2000
PLAIN_ITEMS = ("item", "i", "q", "question")


def check_names(reader: Reader, file: str, table: pd.DataFrame, known: Collection[str]) -> pd.DataFrame:
    """Report names of columns of a small table that only look like names the contract has, or were damaged.

    Parameters
    ----------
    reader : Reader
    file : str
    table : pandas.DataFrame
    known : collection of str
        Names the contract gives a meaning in this file.

    Returns
    -------
    pandas.DataFrame
        With the names that were meant, so that the cells below them can be checked as well.
    """
    folded, meant = {fold_name(name): name for name in known}, {}
    for name in table.columns.difference(list(known), sort=False):
        known_name = folded.get(fold_name(name))
        if known_name is not None and known_name not in table and known_name not in meant.values():
            what = "a blank before or behind" if name.strip() == known_name else f"another spelling of {known_name}"
            report_name(reader, file, name, what, f"write {known_name}.")
            meant[name] = known_name
        elif known_name is not None:
            fix = f"remove or rename one of them; only {known_name} is read."
            report_name(reader, file, name, f"beside {known_name}", fix, is_error=False)
        else:
            _check_own_name(reader, file, name, table.columns)
    check_damaged_names(reader, file, table.columns)
    return table.rename(columns=meant)


def _check_own_name(reader: Reader, file: str, name: str, columns: pd.Index) -> None:
    if name != name.strip():
        report_name(reader, file, name, "a blank before or behind", f"write {quote(name.strip())}.")
    elif re.fullmatch(r"Unnamed: \d+(_level_\d+)?", name):
        what = "a name that a program gave to a column without one"
        report_name(reader, file, name, what, "remove the column, or name it.", is_error=False)
    elif (base := re.sub(r"\.\d+$", "", name)) != name and base in columns:
        report_name(reader, file, name, f"a double of {base}", "keep one of the two.", is_error=False)


def report_name(reader: Reader, file: str, name: str, what: str, fix: str, *, is_error: bool = True) -> None:
    """Report one name in the header."""
    severity = "error" if is_error else "warning"
    found = f"the column {quote(name)} ({what})"
    reader.report(file, found, "a name of the contract, or one of its own", fix, line=1, column=name, severity=severity)


def check_damaged_names(
    reader: Reader, file: str, names: Collection[str], *, column: str | None = None, first_line: int | None = None
) -> None:
    """Report names of columns, or of features in a column, that a spreadsheet turned into dates or numbers.

    Parameters
    ----------
    reader : Reader
    file : str
    names : collection of str
    column : str, optional
        The column that holds the names; by default they are the header.
    first_line : int, optional
        Line of the first name when they stand in a column.
    """
    damaged = find_damaged_names(names)
    if not damaged:
        return
    positions = {name: at for at, name in reversed(list(enumerate(map(str, names))))}
    name, damage = next(iter(damaged.items()))
    more = f" and {len(damaged) - 1:,} more" if len(damaged) > 1 else ""
    line = 1 if first_line is None else first_line + positions[name]
    reader.report(file, f"{quote(name)} ({damage.what}){more}", "a name", damage.fix, line=line, column=column or name)


def is_small(reader: Reader, file: str, columns: pd.Index) -> bool:
    """Report a small table with a header as wide as a block's; return whether it is small."""
    if len(columns) <= MOST_COLUMNS:
        return True
    found = f"{len(columns):,} columns"
    reader.report(file, found, f"at most {MOST_COLUMNS:,}", "put measurements into a block's file.", line=1)
    return False


def check_item_names(reader: Reader, file: str, measure: str, table: pd.DataFrame) -> pd.DataFrame:
    """Report columns of a questionnaire that are items by another name, or that the contract does not know.

    Returns
    -------
    pandas.DataFrame
        With the items under the names that were meant.
    """
    items = list_items(measure)
    totals = read_schema()["phenotype"]["measures"].get(measure, {}).get("totals", {})
    known = {ID, *items, *totals}
    found = {name: _find_item(name, measure) for name in table.columns if name not in known}
    meant = {name: item for name, item in found.items() if item in items and item not in table}
    meant = meant if len(set(meant.values())) == len(meant) else {}
    if len(meant) > 2:
        name, item = next(iter(meant.items()))
        what = f"{count(len(meant), 'column')} that look like items of {measure} ({name_some(meant)})"
        fix = f"name them as the contract does: {item} in place of {name}."
        reader.report(file, what, f"{items[0]} to {items[-1]}", fix, line=1)
    else:
        for name, item in meant.items():
            report_name(reader, file, name, "another spelling of an item", f"write {item}.")
    renamed = table.rename(columns=meant)
    if set(items) & set(renamed.columns):
        for name in renamed.columns.difference([*known], sort=False):
            _report_extra(reader, file, name, known - set(renamed.columns))
    return renamed


def _report_extra(reader: Reader, file: str, name: str, absent: Collection[str]) -> None:
    meant = suggest(name, absent, alike=0.85)
    fix = f"write {meant}, if that is meant; else it is ignored." if meant else "it is ignored; remove it, or not."
    report_name(reader, file, name, "not among the items and scores of this questionnaire", fix, is_error=False)


def _find_item(name: str, measure: str) -> str | None:
    """Return the item that a name such as CD-RISC 1, cdrisc1, item_01 or Q1 stands for."""
    rules = read_schema()["phenotype"]["measures"].get(measure, {})
    match = re.fullmatch(r"(.*?)0*(\d{1,2})", fold_name(name))
    if match is None or "items" not in rules:
        return None
    own = fold_name(rules["items"].partition("{")[0])
    return rules["items"].format(int(match[2])) if match[1] in {own, f"{own}item", f"{own}q", *PLAIN_ITEMS} else None
