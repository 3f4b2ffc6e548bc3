"""Table 1 and the checklist of reporting as a page shows them; numbers by ``helpers.table1``."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import numpy as np
import pandas as pd
from IPython.display import HTML

from helpers.plots.table_cells import NONE
from helpers.plots.tables import Shown, write_html
from helpers.result_columns import require_column

INFINITE = "∞ (no label shared)"
HEADS = {"complete": "Every kind of data", "others": "The others"}
MARKS = {"reported": "●", "in part": "◐", "not reported": "○", "does not apply": NONE}


def show_table1(table: pd.DataFrame, *, labels: Mapping[str, str], caption: str, name: str = "characteristics") -> HTML:
    """Show Table 1 at the end of a cell.

    Parameters
    ----------
    table : pandas.DataFrame
        From ``helpers.table1.summarise_groups`` or ``compare_complete``.
    labels : mapping
        How to call ``high`` and ``low``.
    caption : str
        What is shown, with the formula of the SMD.
    name : str, default "characteristics"
        As for :func:`helpers.plots.tables.show_table`.

    Returns
    -------
    IPython.display.HTML

    Notes
    -----
    A side with nobody in it has no column, and the caption says so. How many lack a value stands in the first row of each
    characteristic.
    """
    _, first, second, *_ = table.columns
    heads = {side: str({**HEADS, **labels}[side]) for side in (first, second)}
    shown = table.reset_index()
    is_first = ~shown["characteristic"].duplicated()
    nobody = [side for side in (first, second) if shown[side].iloc[0] == "0"]
    sides = [side for side in (first, second) if side not in nobody]
    if nobody:
        caption = f"{caption} Nobody is in: {', '.join(heads[side] for side in nobody)}; the column is left out."
    rows = [_join_names(*names) for names in zip(shown["characteristic"], shown["statistic"], strict=True)]
    columns = [_column(require_column("characteristic").label, rows, is_number=False)]
    columns += [_column(heads[side], shown[side].astype(str).tolist()) for side in sides]
    if not nobody:
        columns.append(_column(require_column("smd").label, [_write_smd(value) for value in table["smd"]]))
    missing = [shown[f"missing_{side}"].where(is_first, "") for side in sides]
    lacking = [" / ".join(filter(None, map(_write_count, row))) for row in zip(*missing, strict=True)]
    columns.append(_column(f"Missing, {' / '.join(sides)}", [text or NONE for text in lacking]))
    return HTML(write_html(columns, name=name, caption=caption))


def show_checklist(checklist: pd.DataFrame, *, caption: str, name: str = "checklist") -> HTML:
    """Show the checklist of reporting at the end of a cell, with a link to each page and section.

    Parameters
    ----------
    checklist : pandas.DataFrame
        From ``helpers.table1.fill_checklist``.
    caption, name : str
        As for :func:`helpers.plots.tables.show_table`.

    Returns
    -------
    IPython.display.HTML
    """
    columns = [
        _column(require_column(column).label, texts, is_number=False)
        for column, texts in {
            "guideline": checklist["guideline"].tolist(),
            "asks": checklist["asks"].tolist(),
            "status": [f"{MARKS[status]} {status}" for status in checklist["status"]],
            "note": [note or NONE for note in checklist["note"]],
        }.items()
    ]
    where = _column(
        require_column("evidence").label, [_link(place) for place in checklist["evidence"]], is_number=False
    )
    return HTML(write_html([*columns[:3], where, columns[3]], name=name, caption=caption, as_html=(where.head,)))


def _column(head: str, texts: list[str], *, is_number: bool = True) -> Shown:
    return Shown(head, texts, [], is_number)


def _join_names(characteristic: object, statistic: object) -> str:
    return f"{characteristic}: {statistic}" if str(statistic) else str(characteristic)


def _write_count(value: object) -> str:
    if value is None or value == "" or (not isinstance(value, str) and pd.isna(value)):
        return ""
    return f"{value:.0f}" if isinstance(value, float) else str(value)


def _link(evidence: str) -> str:
    if not evidence:
        return NONE
    page, _, section = evidence.partition("#")
    folder = "" if page[0].isdigit() else "../book/"
    text = section.replace("-", " ").capitalize() or page.replace("_", " ").lstrip("0123456789 ").capitalize()
    return f'<a href="{folder}{page}.html{"#" + section if section else ""}">{escape(text)}</a>'


def _write_smd(value: float) -> str:
    if np.isnan(value):
        return NONE
    return INFINITE if np.isinf(value) else f"{value:.2f}".replace("-", "−")
