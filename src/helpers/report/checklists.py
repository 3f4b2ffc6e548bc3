"""Checklists of reporting, filled as far as a run knows; what only the author can say is left open and named."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO

import pandas as pd

from helpers.problems import count
from helpers.report.reading import FIRST, RunRecord
from helpers.wording import as_text

DOES_NOT_APPLY, OPEN = "does not apply", "not reported"
WHERE_TO_SAY = "cohort.yml, reporting: {item}"
HEADS = {
    "guideline": "Item",
    "asks": "What is asked",
    "status": "Status",
    "evidence": "Where in the book",
    "note": "What is said, or left open",
    "author": "Left to the author",
}
WIDTHS = (16, 60, 14, 44, 60, 44)


def fill_checklists(record: RunRecord) -> dict[str, pd.DataFrame]:
    """Return the checklist of each guideline that applies.

    Parameters
    ----------
    record : RunRecord

    Returns
    -------
    dict of str to pandas.DataFrame
        Name of the guideline -> index ``item``; columns guideline, asks, status, evidence, note and author, which says where an
        author answers what the run does not know; empty where nothing is left.
    """
    table = record.table(f"{FIRST}/checklist")
    if table is None:
        return {}
    filled = table.fillna("").astype(str)
    filled = filled[filled["status"] != DOES_NOT_APPLY].apply(_hold_to_run, axis=1, chapters=record.chapters)
    filled["author"] = [
        "" if status == "reported" else WHERE_TO_SAY.format(item=item) for item, status in filled["status"].items()
    ]
    return {str(name): part for name, part in filled.groupby(filled["guideline"].str.split().str[0], sort=False)}


def _hold_to_run(row: pd.Series, chapters: Mapping[str, object]) -> pd.Series:
    """Take back what a chapter would show that was skipped or failed."""
    chapter = row["evidence"].partition("#")[0]
    if chapter[:1].isdigit() and chapter not in chapters:
        return (
            row.where(~row.index.isin(["status", "evidence", "note"]), "")
            .mask(row.index == "status", OPEN)
            .mask(row.index == "note", f"chapter {chapter} was not run")
        )
    return row


def write_checklists(checklists: Mapping[str, pd.DataFrame], *, is_simulated: bool) -> bytes:
    """Return a workbook (xlsx) with one sheet per guideline.

    Parameters
    ----------
    checklists : mapping
        From :func:`fill_checklists`.
    is_simulated : bool
        Whether to say so on each sheet.
    """
    out = BytesIO()
    import xlsxwriter

    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        bold, wrap = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
        for name, checklist in checklists.items():
            page = book.add_worksheet(name)
            page.write_string(0, 0, f"{'Simulated data. ' if is_simulated else ''}{name}: {tell_filled(checklist)}")
            for at, (column, width) in enumerate(zip(HEADS, WIDTHS, strict=True)):
                page.set_column(at, at, width)
                page.write_string(1, at, HEADS[column], bold)
                for line, text in enumerate(checklist[column], start=2):
                    page.write_string(line, at, text, wrap)
            page.freeze_panes(2, 0)
    return out.getvalue()


def tell_filled(checklist: pd.DataFrame) -> str:
    """Return how many items of a guideline the run answers.

    Parameters
    ----------
    checklist : pandas.DataFrame
        One of :func:`fill_checklists`.

    Examples
    --------
    >>> tell_filled(pd.DataFrame({"status": ["reported", "in part", "not reported"]}))
    'of 3 items 1 is answered by the book or the cohort, 1 in part; 1 is left to the author.'
    """
    n = checklist["status"].value_counts()
    done, part, left = (int(n.get(status, 0)) for status in ("reported", "in part", OPEN))
    is_are = "is" if done == 1 else "are"
    return (
        f"of {count(len(checklist), 'item')} {done} {is_are} answered by the book or the cohort, {part} in part; "
        f"{left} {'is' if left == 1 else 'are'} left to the author."
    )


def write_checklist_page(checklists: Mapping[str, pd.DataFrame]) -> str:
    """Return the checklists as a part of a page of the book (MyST).

    Parameters
    ----------
    checklists : mapping
        From :func:`fill_checklists`.
    """
    return "\n\n".join(f"## {as_text(name)}\n\n{_write_part(checklist)}" for name, checklist in checklists.items())


def _write_part(checklist: pd.DataFrame) -> str:
    told = tell_filled(checklist)
    lines = [
        f"{told[0].upper()}{told[1:]}",
        "```{list-table}\n:header-rows: 1\n\n* - Item\n  - What is asked\n  - Answered",
    ]
    lines[-1] += "".join(
        f"\n* - {as_text(row.guideline)}\n  - {as_text(row.asks)}\n  - {_answer(row)}" for row in checklist.itertuples()
    )
    return f"{lines[0]}\n\n{lines[1]}\n```"


def _answer(row: object) -> str:
    page, _, section = row.evidence.partition("#")
    folder = "../notebooks/" if page[:1].isdigit() else ""
    place = f"{{doc}}`{folder}{page}`" + (f" ({section.replace('-', ' ')})" if section else "") if page else ""
    parts = [f"**{row.status}**", place, as_text(row.note), f"author: `{row.author}`" if row.author else ""]
    return "; ".join(part for part in parts if part)
