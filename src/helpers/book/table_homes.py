"""Tables of a page traced to the result tables that they were shown from, column by column."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape, unescape

import numpy as np
import pandas as pd

_TABLE = re.compile(r'<table class="dataframe book-table.*?</table>', re.DOTALL)
_ROW = re.compile(r"<tr>(<th scope=\"row\".*?)</tr>", re.DOTALL)
_HEAD = re.compile(r'<th scope="col"([^>]*)>')
_CELL = re.compile(r"<(td|th scope=\"row\")([^>]*)>")
_KEY = re.compile(r'data-sort="([^"]*)"')
_LABEL = re.compile(r"<th scope=\"row\"[^>]*>(.*?)</th>", re.DOTALL)
LEAST = 3  # rows whose numbers tell a column, where their names do not


def mark_tables(html: str, tables: Sequence[tuple[str, pd.DataFrame]], cell: str) -> str:
    """Return HTML whose tables name the result table, columns and rows that their numbers come from, as far as these are certain.

    Parameters
    ----------
    html : str
        From :func:`helpers.plots.tables.show_table`.
    tables : sequence of (str, pandas.DataFrame)
        Name and numbers of each result table.
    cell : str
        Number of the cell that shows it.
    """
    return _TABLE.sub(lambda found: _mark(found[0], tables, cell), html)


def _mark(html: str, tables: Sequence[tuple[str, pd.DataFrame]], cell: str) -> str:
    rows = _ROW.findall(html)
    keys = [[_read_key(attributes) for _, attributes in _CELL.findall(row)] for row in rows]
    labels = [unescape(re.sub("<[^>]+>", "", found[1])) if (found := _LABEL.search(row)) else "" for row in rows]
    best: tuple[int, str, list[int], dict[int, str]] | None = None
    for name, values in tables:
        placed = _place_rows(keys, labels, values)
        if placed is None:
            continue
        columns = _match_columns(keys, placed, values)
        if columns and (best is None or len(columns) > best[0]):
            best = len(columns), name, placed, columns
    if best is None:
        return html
    _, name, placed, columns = best
    index = [str(one) for one in dict(tables)[name].index]
    return _write(html, name, [index[row] for row in placed], labels, columns, cell)


def _read_key(attributes: str) -> float:
    found = _KEY.search(attributes)
    return float(found[1]) if found and found[1] else np.nan


def _place_rows(keys: list[list[float]], labels: list[str], values: pd.DataFrame) -> list[int] | None:
    """Return the row of a result table for each row shown: by name, else by the first column whose numbers are all found once."""
    place = {str(name): row for row, name in enumerate(values.index)}
    if len(place) == len(values) and all(label in place for label in labels):
        return [place[label] for label in labels]
    if len(keys) < LEAST:
        return None
    for at in range(max(map(len, keys), default=0)):
        column = [row[at] if at < len(row) else np.nan for row in keys]
        if np.isnan(column).any():
            continue
        for name in values.columns:
            told = [f"{value:.6g}" for value in values[name]]
            found = [told.index(text) if told.count(text) == 1 else -1 for text in (f"{key:.6g}" for key in column)]
            if min(found) >= 0 and len(set(found)) == len(found):
                return found
    return None


def _match_columns(keys: list[list[float]], placed: list[int], values: pd.DataFrame) -> dict[int, str]:
    """Return the column of the result table for each column shown whose numbers are all its numbers."""
    columns: dict[int, str] = {}
    for at in range(1, max(map(len, keys), default=0)):
        shown = np.array([row[at] if at < len(row) else np.nan for row in keys])
        if np.isnan(shown).all():
            continue
        same = [
            name
            for name in values.columns
            if np.allclose(values[name].to_numpy(float)[placed], shown, rtol=1e-5, atol=1e-12, equal_nan=True)
        ]
        if len(same) == 1:
            columns[at] = same[0]
    return columns


def _write(html: str, name: str, rows: list[str], labels: list[str], columns: dict[int, str], cell: str) -> str:
    heads = iter(range(html.count('<th scope="col"')))

    def head(found: re.Match[str]) -> str:
        column = columns.get(next(heads))
        return found[0] if column is None else f'<th scope="col"{found[1]} data-column="{escape(column)}">'

    names = iter(zip(rows, labels, strict=True))

    def row(found: re.Match[str]) -> str:
        own, label = next(names)
        return found[0] if own == label else f'<tr data-row="{escape(own)}">{found[1]}</tr>'

    html = _ROW.sub(row, _HEAD.sub(head, html))
    return html.replace(' id="table-', f' data-table="{escape(name)}" data-cell="{cell}" id="table-', 1)
