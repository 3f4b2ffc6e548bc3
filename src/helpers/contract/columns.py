"""Rules for single columns of the small tables, checked by pandera."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from helpers.contract.answer_patterns import check_coding, check_far_codes, check_lookalikes
from helpers.contract.cell_errors import CODE_FIX, CODES, explain_label, explain_number, is_missing_mark
from helpers.contract.files import CELLS_LISTED, ID, NUMBER_FIX, Reader, replace_columns
from helpers.contract.questionnaires import Questionnaire
from helpers.contract.schema import list_items, read_schema
from helpers.problems import count, quote

if TYPE_CHECKING:
    import pandera.pandas as pa

NUMERIC = ("number", "integer")
ALIKE_LISTED = 5


@dataclass(frozen=True)
class ColumnRules:
    """What one column may hold.

    Attributes
    ----------
    kind : {"id", "number", "integer", "label", "text"}
    low, high : float or None
        Inclusive range of a number.
    allowed : tuple of str
        Labels; empty means any.
    lookalikes : tuple of dict
        What the whole column may hold by mistake, as the schema lists it.
    """

    kind: str = "text"
    required: bool = False
    low: float | None = None
    high: float | None = None
    unit: str = ""
    allowed: tuple[str, ...] = ()
    lookalikes: tuple[dict, ...] = ()

    @property
    def expected(self) -> str:
        """What should stand in the cell, in words."""
        unit = f" {self.unit}" if self.unit else ""
        if self.allowed:
            return f"one of {', '.join(self.allowed)}, n/a"
        if self.low is not None:
            whole = "a whole number from " if self.kind == "integer" else ""
            return f"{whole}{self.low:g} to {self.high:g}{unit}"
        return {"number": f"a number{unit}", "integer": "a whole number", "id": "an id"}.get(self.kind, "text")


@dataclass(frozen=True)
class _Explained:
    """Why a cell is refused: the rule it breaks, what it probably is (in brackets, or nothing), and what to type."""

    check: str
    what: str
    fix: str


def participants_rules(levels: Mapping[str, tuple[str, ...]]) -> dict[str, ColumnRules]:
    """Return the rules of ``participants.tsv``; labels listed in the sidecar replace the contract's."""
    rules = {}
    for name, column in read_schema()["participants"]["columns"].items():
        low, high = column.get("range", (None, None))
        allowed = levels.get(name) or tuple(column.get("allowed", ()))
        rules[name] = ColumnRules(
            column["type"],
            column.get("required", False),
            low,
            high,
            column.get("unit", ""),
            allowed,
            tuple(column.get("lookalikes", ())),
        )
    return rules | {name: ColumnRules("label", allowed=labels) for name, labels in levels.items() if name not in rules}


def phenotype_rules(measure: str, columns: list[str], own: Questionnaire | None = None) -> dict[str, ColumnRules]:
    """Return the rules of one questionnaire's table: items if it has any, else scored columns."""
    if own is not None:
        return _own_rules(own, columns)
    known = read_schema()["phenotype"]["measures"].get(measure, {})
    rules = {ID: ColumnRules("id", required=True)}
    items = list_items(measure)
    has_items = bool(set(items) & set(columns))
    if has_items:
        low, high = known["range"]
        rules |= {item: ColumnRules("integer", True, low, high) for item in items}
    for name, (low, high) in known.get("totals", {}).items():
        rules[name] = ColumnRules("number", False, low, high, lookalikes=_list_lookalikes(known, name))
    own = [name for name in columns if name not in rules]
    return rules | ({} if has_items else {name: ColumnRules("number") for name in own})


def _own_rules(own: Questionnaire, columns: list[str]) -> dict[str, ColumnRules]:
    """Return the rules of a questionnaire that the contract does not score itself; further columns are numbers."""
    rules = {name: ColumnRules("number") for name in columns} | {ID: ColumnRules("id", required=True)}
    if set(own.items) & set(columns):
        return rules | {item: ColumnRules("integer", True, own.low, own.high) for item in own.items}
    return rules | {name: ColumnRules("number", False, *ends) for name, ends in own.totals.items() if name in columns}


def _list_lookalikes(known: Mapping[str, Any], score: str) -> tuple[dict, ...]:
    return tuple(known.get("lookalikes", {}).get(score, ()))


def check_columns(reader: Reader, file: str, table: pd.DataFrame, rules: Mapping[str, ColumnRules]) -> None:
    """Report every cell of a table of text that breaks the rule of its column.

    Parameters
    ----------
    reader : Reader
        Collects the problems.
    file : str
    table : pandas.DataFrame
        Cells as text, rows numbered from 0 (line 2 of the file).
    rules : mapping of column name to ColumnRules
        Columns without a rule may hold anything.
    """
    rules = _check_patterns(reader, file, table, rules)
    if _are_right(table, rules):
        return  # nothing to name: pandera takes longer to import than all of a clean cohort's tables to check
    import pandera.pandas as pa
    from pandera.errors import SchemaErrors

    schema = pa.DataFrameSchema({name: _build_column(rule) for name, rule in rules.items()})
    try:
        schema.validate(table, lazy=True)
    except SchemaErrors as errors:
        _report(reader, file, errors.failure_cases, rules)


def _check_patterns(
    reader: Reader, file: str, table: pd.DataFrame, rules: Mapping[str, ColumnRules]
) -> dict[str, ColumnRules]:
    """Report what is wrong with a column as a whole; return the rules that its cells can still be held to."""
    kept = dict(rules)
    numbers = as_numbers(table, rules)
    items = [name for name, rule in rules.items() if rule.kind == "integer" and rule.low is not None and name in table]
    if items and check_coding(reader, file, numbers[items], rules[items[0]].low, rules[items[0]].high):
        kept |= {name: replace(rules[name], low=None, high=None) for name in items}
    for name, rule in rules.items():
        if name not in table or rule.kind not in NUMERIC:
            continue
        if rule.lookalikes and check_lookalikes(reader, file, name, numbers[name], rule.lookalikes, rule.expected):
            kept[name] = replace(rule, low=None, high=None)
        elif rule.low is None:
            check_far_codes(reader, file, name, numbers[name])
    return kept


def as_numbers(table: pd.DataFrame, rules: Mapping[str, ColumnRules]) -> pd.DataFrame:
    """Return the table with the columns that hold numbers as floats; a text or an infinite number becomes NaN."""
    numeric = [name for name in table.columns if rules.get(name, ColumnRules()).kind in NUMERIC]
    return replace_columns(table, {name: read_numbers(table[name]) for name in numeric})


def read_numbers(cells: pd.Series) -> pd.Series:
    """Return cells as floats; a text or an infinite number becomes NaN."""
    numbers = pd.to_numeric(cells, errors="coerce").to_numpy(float)
    return pd.Series(np.where(np.isfinite(numbers), numbers, np.nan), index=cells.index)


def _are_right(table: pd.DataFrame, rules: Mapping[str, ColumnRules]) -> bool:
    """Return whether every cell is as its column's rule wants, by the same rules that pandera is given."""
    for name, rule in rules.items():
        if name not in table:
            if rule.required:
                return False
            continue
        known = table[name].dropna()
        if rule.kind == "id" and (len(known) < len(table) or known.duplicated().any()):
            return False
        if not (_is_free(rule) or _fits(known, rule).all()):
            return False
    return True


def _is_free(rule: ColumnRules) -> bool:
    return rule.kind == "text" and not rule.allowed


def _build_column(rule: ColumnRules) -> pa.Column:
    import pandera.pandas as pa

    fits = pa.Check(lambda cells: _fits(cells, rule), error="rule")
    is_id = rule.kind == "id"
    return pa.Column(None, None if _is_free(rule) else fits, nullable=not is_id, unique=is_id, required=rule.required)


def _fits(cells: pd.Series, rule: ColumnRules) -> pd.Series:
    """Return which cells (none of them missing) are as the rule of their column wants."""
    if rule.allowed:
        return cells.isin(rule.allowed)
    if rule.kind not in NUMERIC:
        return pd.Series(True, index=cells.index)
    numbers = read_numbers(cells)
    is_right = numbers.notna() if rule.low is None else numbers.between(rule.low, rule.high)
    return is_right & (numbers == numbers.round()) if rule.kind == "integer" else is_right


def _report(reader: Reader, file: str, failures: pd.DataFrame, rules: Mapping[str, ColumnRules]) -> None:
    missing = failures[failures["check"] == "column_in_dataframe"]["failure_case"].tolist()
    for name in missing:
        reader.report(
            file,
            f"no column {name}",
            f"a column {name} ({rules[name].expected})",
            "add it, with n/a where unknown.",
            line=1,
            column=name,
        )
    cells = failures[failures["check"] != "column_in_dataframe"].drop_duplicates(["column", "index"])
    n_before = len(reader.problems)
    for (column, *_), alike in _group_alike(cells, rules).items():
        listed = alike if len(alike) <= ALIKE_LISTED else alike[:1]
        for row, cell, explained in listed:
            more = f" (and {count(len(alike) - 1, 'more cell')} of this column)" if len(alike) > ALIKE_LISTED else ""
            found = ("a blank cell" if pd.isna(cell) else f"{quote(cell)}{explained.what}") + more
            reader.report(
                file,
                found,
                "every id once" if explained.check == "field_uniqueness" else rules[column].expected,
                explained.fix,
                line=row + 2,
                column=column,
            )
    _shorten(reader, file, n_before)


def _group_alike(
    failures: pd.DataFrame, rules: Mapping[str, ColumnRules]
) -> dict[tuple, list[tuple[int, Any, _Explained]]]:
    """Return failing cells by column and by what is wrong with them, in the order of the file."""
    groups: dict[tuple, list[tuple[int, Any, _Explained]]] = {}
    for row in failures.sort_values("index", kind="stable").itertuples(index=False):
        explained = _explain(row.check, row.column, rules[row.column], row.failure_case)
        kind = row.failure_case if explained.fix == CODE_FIX else explained.what or explained.fix
        groups.setdefault((row.column, row.check, kind), []).append((int(row.index), row.failure_case, explained))
    return groups


def _shorten(reader: Reader, file: str, n_before: int) -> None:
    added = reader.problems[n_before:]
    if len(added) > CELLS_LISTED:
        del reader.problems[n_before + CELLS_LISTED :]
        found = f"{count(len(added) - CELLS_LISTED, 'further problem')} of this kind"
        reader.report(file, found, "cells as above", "mend them in the same way.")


def _explain(check: str, column: str, rule: ColumnRules, cell: Any) -> _Explained:
    if check == "field_uniqueness":
        return _Explained(check, "", "keep one row per person, or correct the id.")
    if check == "not_nullable":
        return _Explained(check, "", "give the person an id, or remove the row.")
    if rule.allowed:
        return _explain_label(check, column, rule, str(cell))
    number = float(read_numbers(pd.Series([cell])).iloc[0])
    if np.isnan(number):
        damage = explain_number(str(cell), rule.low, rule.high)
        return _Explained(check, f" ({damage.what})", damage.fix) if damage else _Explained(check, "", NUMBER_FIX)
    is_step = rule.kind == "integer" and rule.low is not None and number in (rule.low - 1, rule.high + 1)
    if number in CODES and not is_step:
        return _Explained(check, "", CODE_FIX)
    if is_step and rule.low == 0 and number == rule.high + 1:
        return _Explained(
            check,
            "",
            f"if your form counts 1 to {rule.high + 1:g}, subtract 1 from every answer before scoring; else correct it, or write n/a.",
        )
    what = "answer" if rule.kind == "integer" else column
    return _Explained(check, "", f"correct the {what}, or write n/a when it is unknown.")


def _explain_label(check: str, column: str, rule: ColumnRules, cell: str) -> _Explained:
    if is_missing_mark(cell):
        return _Explained(check, " (another mark for a missing value)", "write n/a.")
    meant = explain_label(cell, rule.allowed)
    first = f"write {meant}, if that is meant" if meant else "use a listed label"
    return _Explained(check, "", f"{first}, or add yours to participants.json ({column}, Levels).")
