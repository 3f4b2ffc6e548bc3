"""Rules for single columns of the small tables, checked by pandera."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from helpers.contract.files import CELLS_LISTED, Reader
from helpers.contract.schema import list_items, read_schema

TYPES = {"number": float, "integer": float}


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
    """

    kind: str = "text"
    required: bool = False
    low: float | None = None
    high: float | None = None
    unit: str = ""
    allowed: tuple[str, ...] = ()

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


def participants_rules(levels: Mapping[str, tuple[str, ...]]) -> dict[str, ColumnRules]:
    """Return the rules of ``participants.tsv``; labels listed in the sidecar replace the contract's."""
    rules = {}
    for name, column in read_schema()["participants"]["columns"].items():
        low, high = column.get("range", (None, None))
        allowed = levels.get(name) or tuple(column.get("allowed", ()))
        rules[name] = ColumnRules(
            column["type"], column.get("required", False), low, high, column.get("unit", ""), allowed
        )
    return rules | {name: ColumnRules("label", allowed=labels) for name, labels in levels.items() if name not in rules}


def phenotype_rules(measure: str, columns: list[str]) -> dict[str, ColumnRules]:
    """Return the rules of one questionnaire's table: items if it has any, else scored columns."""
    known = read_schema()["phenotype"]["measures"].get(measure, {})
    rules = {"participant_id": ColumnRules("id", required=True)}
    items = list_items(measure)
    if set(items) & set(columns):
        low, high = known["range"]
        rules |= {item: ColumnRules("integer", True, low, high) for item in items}
    for name, (low, high) in known.get("totals", {}).items():
        rules[name] = ColumnRules("number", False, low, high)
    return rules | {name: ColumnRules("number") for name in columns if name not in rules}


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
    schema = pa.DataFrameSchema({name: _build_column(rule) for name, rule in rules.items()})
    try:
        schema.validate(table, lazy=True)
    except SchemaErrors as errors:
        _report(reader, file, errors.failure_cases, rules)


def as_numbers(table: pd.DataFrame, rules: Mapping[str, ColumnRules]) -> pd.DataFrame:
    """Return the table with the columns that hold numbers as floats; a text there becomes NaN."""
    numbers = [name for name in table.columns if rules.get(name, ColumnRules()).kind in TYPES]
    return table.assign(**{name: pd.to_numeric(table[name], errors="coerce") for name in numbers})


def _build_column(rule: ColumnRules) -> pa.Column:
    checks = []
    if rule.kind in TYPES:
        checks.append(pa.Check(lambda cells: pd.to_numeric(cells, errors="coerce").notna(), error="number"))
    if rule.kind == "integer":
        checks.append(pa.Check(_is_whole, error="whole"))
    if rule.low is not None:
        checks.append(pa.Check(lambda cells: _is_within(cells, rule.low, rule.high), error="range"))
    if rule.allowed:
        checks.append(pa.Check(lambda cells: cells.isin(rule.allowed), error="label"))
    is_id = rule.kind == "id"
    return pa.Column(None, checks, nullable=not is_id, unique=is_id, required=rule.required)


def _is_whole(cells: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(cells, errors="coerce")
    return numbers.isna() | (numbers == numbers.round())


def _is_within(cells: pd.Series, low: float, high: float) -> pd.Series:
    numbers = pd.to_numeric(cells, errors="coerce")
    return numbers.isna() | numbers.between(low, high)


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
    for row in cells.head(CELLS_LISTED).itertuples(index=False):
        expected, fix = _explain(row.check, row.column, rules[row.column], row.failure_case)
        found = "a blank cell" if pd.isna(row.failure_case) else f"'{row.failure_case}'"
        reader.report(file, found, expected, fix, line=int(row.index) + 2, column=row.column)
    if len(cells) > CELLS_LISTED:
        reader.report(
            file,
            f"{len(cells) - CELLS_LISTED} further cells of this kind",
            "cells as above",
            "mend them in the same way.",
        )


def _explain(check: str, column: str, rule: ColumnRules, found: Any) -> tuple[str, str]:
    if check == "field_uniqueness":
        return "every id once", "keep one row per person, or correct the id."
    if check == "not_nullable":
        return rule.expected, "give the person an id, or remove the row."
    if check == "label":
        return rule.expected, f"use a listed label, or add yours to participants.json ({column}, Levels)."
    if check == "number":
        return rule.expected, "write the number with a decimal point, or n/a when it is unknown."
    if rule.kind == "integer" and rule.low == 0 and _as_float(found) == (rule.high or 0) + 1:
        return (
            rule.expected,
            f"if your form counts 1 to {rule.high + 1:g}, subtract 1 from every answer before scoring; else correct it, or write n/a.",
        )
    return (
        rule.expected,
        f"correct the {'answer' if rule.kind == 'integer' else column}, or write n/a when it is unknown.",
    )


def _as_float(text: Any) -> float:
    return float(pd.to_numeric(pd.Series([text]), errors="coerce").iloc[0])
