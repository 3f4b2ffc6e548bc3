"""Tables of pages: headers and units from ``data/schema/results.yml``, a caption that asks for its number, cards on a phone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from types import MappingProxyType

import pandas as pd
from IPython.display import HTML

from helpers.plots.table_cells import NONE, write_column, write_intervals
from helpers.result_columns import Column, name_bounds, read_columns, require_column

LONG = 20
NUMBERS = frozenset({"number", "count", "people", "p", "share"})
NOTHING: Mapping[str, str] = MappingProxyType({})
BOTH_GROUPS = "n, high / low"


@dataclass(frozen=True)
class Shown:
    """One column as it is shown.

    Attributes
    ----------
    head : str
        Its header, with the unit.
    texts : list of str
        Its cells, not escaped.
    keys : list of str
        What its cells are sorted by; empty where the text does.
    is_number : bool
    may_go : bool
        Whether it is left to the caption when all cells are the same.
    """

    head: str
    texts: list[str]
    keys: list[str]
    is_number: bool
    may_go: bool = True


def show_table(
    frame: pd.DataFrame,
    *,
    name: str,
    caption: str,
    heads: Mapping[str, str] = NOTHING,
    units: Mapping[str, str] = NOTHING,
    n_rows: int | None = None,
    folded: Sequence[str] = (),
    small_cell: int | None = None,
) -> HTML:
    """Show a table at the end of a cell.

    An estimate and its interval share a cell, as do the sizes of both groups. A column that is the same in each row is left out,
    and the caption tells it. With more than 20 rows the page offers a filter, sorting and the first 15 rows.

    Parameters
    ----------
    frame : pandas.DataFrame
        Its index becomes the row headers; a column that bounds another (``d_low``) goes into the cell of that one.
    name : str
        Of small letters, digits and hyphens; text refers to the table by ``[Table](#table-<name>)``.
    caption : str
        What is shown, in sentences that can be read alone.
    heads : mapping of str to str, optional
        Headers of columns named by the data, or a better word than the list's for this table.
    units : mapping of str to str, optional
        Units of columns whose unit depends on the table, such as that of ``estimate``.
    n_rows : int, optional
        Show only the first rows; the caption then says how many there are.
    folded : sequence of str, optional
        Columns that stand under *More* in the last other text column, else behind the row header; closed at first.
    small_cell : int, optional
        Numbers of participants above zero and below it are not told; by default that of the cohort whose style is in use.

    Returns
    -------
    IPython.display.HTML

    Warns
    -----
    UserWarning
        A column that is neither in ``data/schema/results.yml`` nor in `heads`.

    Examples
    --------
    >>> table = pd.DataFrame({"d": [0.4], "d_low": [0.1], "d_high": [0.7]}, index=pd.Index(["Alpha"], name="feature"))
    >>> "0.40 [0.10 to 0.70]" in show_table(table, name="effects", caption="Effects.").data
    True
    """
    shown = frame if n_rows is None else frame.head(n_rows)
    columns = _read_columns(shown.drop(columns=list(folded)), heads, units, small_cell)
    kept, same = _part_constant(columns, len(shown))
    more = [_take(shown[column], _look_up(column, heads, units), small_cell) for column in folded]
    told = f" In each row: {'; '.join(map(_tell, same))}." if same else ""
    cut = f" First {len(shown):,} of {len(frame):,} rows." if len(shown) < len(frame) else ""
    return HTML(write_html(kept, name=name, caption=f"{caption}{told}{cut}", folded=more))


def write_html(
    columns: Sequence[Shown],
    *,
    name: str,
    caption: str,
    as_html: Sequence[str] = (),
    folded: Sequence[Shown] = (),
) -> str:
    """Return a table as HTML.

    Parameters
    ----------
    columns : sequence of Shown
        The first holds the row headers.
    name, caption : str
        As for :func:`show_table`.
    as_html : sequence of str, optional
        Headers of columns whose cells are HTML already, made by helpers; all others are escaped.
    folded : sequence of Shown, optional
        What stands folded in the last column of text.

    Raises
    ------
    ValueError
        A name with other signs than small letters, digits and hyphens.
    """
    if not re.fullmatch("[a-z][a-z0-9-]*", name):
        raise ValueError(
            f"The name of a table is '{name}'; use small letters, digits and hyphens: it becomes an id of the page."
        )
    first, *others = columns
    last_text = max((at for at, column in enumerate(others) if not column.is_number), default=-1)
    head = "".join(f'<th scope="col"{_class(column)}>{escape(column.head)}</th>' for column in columns)
    rows = []
    for place, text in enumerate(first.texts):
        cells = f'<th scope="row" data-label="{escape(first.head)}">{_write_text(text)}{_fold(folded, place) if last_text < 0 else ""}</th>'
        cells += "".join(
            f'<td{_class(column)} data-label="{escape(column.head)}"{_sort_key(column, place)}>'
            f"{column.texts[place] if column.head in as_html else _write_text(column.texts[place])}"
            f"{_fold(folded, place) if at == last_text else ''}</td>"
            for at, column in enumerate(others)
        )
        rows.append(f"<tr>{cells}</tr>")
    long = " long" if len(rows) > LONG else ""
    return (
        f'<div class="table-box"><table class="dataframe book-table{long}" id="table-{name}">'
        f'<caption class="caption">{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _read_columns(
    frame: pd.DataFrame, heads: Mapping[str, str], units: Mapping[str, str], small_cell: int | None
) -> list[Shown]:
    table = frame.rename_axis(frame.index.name or "id").reset_index()
    bases = {bound: base for base, column in read_columns().items() if column.bounds for bound in name_bounds(base)}
    columns, done = [], set()
    for name in table.columns:
        base = bases.get(name, name)
        if base in done:
            continue
        low, high = name_bounds(base)
        column = _look_up(base, heads, units)
        if low in table and high in table:
            columns.append(_join_bounds(table, base, column))
            done.add(base)
        elif name == "n_high" and "n_low" in table and name not in heads:
            columns.append(_join_groups(table, small_cell))
            done |= {"n_high", "n_low"}
        else:
            columns.append(_take(table[name], _look_up(name, heads, units), small_cell))
    return columns


def _look_up(name: str, heads: Mapping[str, str], units: Mapping[str, str]) -> Column:
    column = Column(heads[name], "", "number") if name in heads else require_column(name)
    if name in heads and name in read_columns():
        column = replace(read_columns()[name], label=heads[name])
    return replace(column, unit=units.get(name, "" if name == "estimate" else column.unit))


def _take(values: pd.Series, column: Column, small_cell: int | None) -> Shown:
    numeric = pd.to_numeric(values, errors="coerce")
    is_number = column.kind in NUMBERS and bool(numeric.notna().any())
    keys = [f"{x:.6g}" for x in numeric] if is_number else []
    return Shown(_head(column), write_column(values.tolist(), column.kind, small_cell), keys, is_number)


def _join_bounds(table: pd.DataFrame, base: str, column: Column) -> Shown:
    low, high = name_bounds(base)
    scale = 100 if column.kind == "share" else 1
    middle = (table[base] * scale).tolist() if base in table else None
    texts = write_intervals(middle, (table[low] * scale).tolist(), (table[high] * scale).tolist())
    column = replace(column, unit="%") if column.kind == "share" else column
    head = f"{_head(column)} [{column.bounds}]" if middle is not None else f"{_head(column)}, {column.bounds}"
    keys = [f"{x:.6g}" for x in table[base if base in table else low]]
    return Shown(head, texts, keys, is_number=True, may_go=False)


def _join_groups(table: pd.DataFrame, small_cell: int | None) -> Shown:
    high, low = (write_column(table[name].tolist(), "people", small_cell) for name in ("n_high", "n_low"))
    return Shown(BOTH_GROUPS, [f"{a} / {b}" for a, b in zip(high, low, strict=True)], [], is_number=True)


def _head(column: Column) -> str:
    return f"{column.label} ({column.unit})" if column.unit else column.label


def _part_constant(columns: list[Shown], n_rows: int) -> tuple[list[Shown], list[Shown]]:
    """Part columns that differ between rows from those that do not; one that tells something always stays."""
    if n_rows < 2:
        return columns, []
    first, *others = columns
    same = [column for column in others if column.may_go and len(set(column.texts)) == 1]
    kept = [column for column in others if column not in same] or others[:1]
    empty_text = [column for column in same if column.texts[0] == NONE and not column.is_number]
    return [first, *kept], [column for column in same if column not in kept and column not in empty_text]


def _write_text(text: str) -> str:
    """Escape a text, and let long names break behind their underscores."""
    return escape(text).replace("_", "_<wbr>")


def _fold(folded: Sequence[Shown], place: int) -> str:
    told = [(column.head, column.texts[place]) for column in folded if column.texts[place] != NONE]
    lines = "".join(f"<dt>{escape(head)}</dt><dd>{escape(text)}</dd>" for head, text in told)
    return f"<details><summary>More</summary><dl>{lines}</dl></details>" if lines else ""


def _tell(column: Shown) -> str:
    text = column.texts[0]
    if text == NONE:
        return f"{column.head}: no value"
    return f"{column.head} {text}" if text.startswith("<") else f"{column.head} = {text}"


def _class(column: Shown) -> str:
    return ' class="num"' if column.is_number else ""


def _sort_key(column: Shown, place: int) -> str:
    return f' data-sort="{column.keys[place]}"' if column.keys else ""
