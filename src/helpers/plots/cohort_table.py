"""Table 1 as a page shows it: looks by great-tables, numbers by ``helpers.table1``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

import numpy as np
import pandas as pd
from great_tables import GT
from IPython.display import HTML

INFINITE = "∞ (no label shared)"
HEADS = {"complete": "Every kind of data", "others": "The others"}
MARKS = {"reported": "●", "in part": "◐", "not reported": "○", "does not apply": "–"}
LOOKS = {
    "table_background_color": "transparent",
    "table_font_names": "inherit",
    "table_width": "100%",
    "row_group_font_weight": "bold",
    "table_font_size": "0.9em",
}


def show_table1(table: pd.DataFrame, *, labels: Mapping[str, str], caption: str, name: str = "table1") -> HTML:
    """Show Table 1 at the end of a cell; it takes its colours from the page and scrolls inside its box.

    Parameters
    ----------
    table : pandas.DataFrame
        From ``helpers.table1.summarise_groups`` or ``compare_complete``.
    labels : mapping
        How to call ``high`` and ``low``.
    caption : str
        What is shown, with the formula of the SMD.
    name : str, default "table1"
        An id of letters and digits; two tables of one page need two names.

    Returns
    -------
    IPython.display.HTML

    Raises
    ------
    ValueError
        A name with other signs.

    Notes
    -----
    A side with nobody in it has no column, and the caption says so.
    """
    if not re.fullmatch("[a-z][a-z0-9]*", name):
        raise ValueError(
            f"The name of a table is '{name}'; use small letters and digits, as it becomes an id of the page."
        )
    _, first, second, *_ = table.columns
    heads = {side: str({**HEADS, **labels}[side]) for side in (first, second)}
    shown = table.reset_index().assign(smd=[_write_smd(value) for value in table["smd"]])
    first_row = ~shown["characteristic"].duplicated()
    for column in (f"missing_{first}", f"missing_{second}", "smd"):
        shown[column] = shown[column].where(~first_row | (shown[column] != ""), "–")
    nobody = [side for side in (first, second) if shown[side].iloc[0] == "0"]
    sides = [side for side in (first, second) if side not in nobody]
    if nobody:
        shown = shown.drop(columns=[*nobody, *(f"missing_{side}" for side in nobody), "smd"])
        caption = f"{caption} Nobody is in: {', '.join(heads[side] for side in nobody)}; the column is left out."
    numbers = [*sides, *([] if nobody else ["smd"]), *(f"missing_{side}" for side in sides)]
    looks = (
        GT(shown, rowname_col="statistic", groupname_col="characteristic", id=name)
        .tab_stubhead("Characteristic")
        .tab_spanner("Missing", [f"missing_{side}" for side in sides])
        .cols_label({side: heads[side] for side in sides} | ({} if nobody else {"smd": "SMD"}))
        .cols_label({f"missing_{side}": heads[side] for side in sides})
        .cols_align("right", numbers)
        .tab_options(**LOOKS)
        .opt_css(f"#{name} * {{ color: inherit !important; }}")
    )
    drawn = _tidy_ids(looks.as_raw_html(), name)
    return HTML(
        f'<div class="table-box" tabindex="0" role="group" aria-label="{escape(caption[:80], quote=True)}">{drawn}'
        f'<p class="table1-note">{escape(caption)}</p></div>'
    )


def show_checklist(checklist: pd.DataFrame) -> HTML:
    """Show the checklist of reporting at the end of a cell, with a link to each page and section.

    Parameters
    ----------
    checklist : pandas.DataFrame
        From ``helpers.table1.fill_checklist``.

    Returns
    -------
    IPython.display.HTML
    """
    heads = ("Item", "What is asked", "Status", "Where", "Note")
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    rows = "".join(
        f'<tr><th scope="row">{escape(row.guideline)}</th><td>{escape(row.asks)}</td><td>{MARKS[row.status]} {row.status}</td>'
        f"<td>{_link(row.evidence)}</td><td>{escape(row.note) or '–'}</td></tr>"
        for row in checklist.itertuples()
    )
    return HTML(
        '<div class="table-box" tabindex="0" role="group" aria-label="Checklist of reporting">'
        f'<table class="dataframe"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _link(evidence: str) -> str:
    if not evidence:
        return "–"
    page, _, section = evidence.partition("#")
    folder = "" if page[0].isdigit() else "../book/"
    text = section.replace("-", " ").capitalize() or page.replace("_", " ").lstrip("0123456789 ").capitalize()
    return f'<a href="{folder}{page}.html{"#" + section if section else ""}">{text}</a>'


def _write_smd(value: float) -> str:
    if np.isnan(value):
        return ""
    return INFINITE if np.isinf(value) else f"{value:.2f}".replace("-", "−")


def _tidy_ids(drawn: str, name: str) -> str:
    """Number the ids of the page: great-tables makes them from labels, which may hold any sign or stand twice."""
    kept = re.sub(r' headers="[^"]*"', "", drawn)
    numbers = iter(range(10_000))
    return re.sub(rf'(<t[hd][^>]*) id="{name}-[^"]*"', lambda found: f'{found[1]} id="{name}-{next(numbers)}"', kept)
