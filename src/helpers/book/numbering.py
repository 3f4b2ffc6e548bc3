"""Numbers of tables and figures, in the order of the page: "Table 4.2" is the second table of chapter 4.

A caption asks for its number by its class, in the HTML that a cell shows::

    <table id="table-genera"> <caption class="caption">Genera that differ. …</caption> … </table>
    <figure id="figure-genera"> <img …> <figcaption class="caption">Genera that differ. …</figcaption> </figure>

Staging writes ``<span class="caption-number">Table 4.2.</span>`` at its start, and an ``id`` on the span where there is none around
it. Text refers to it by the ``id``: ``[Table](#table-genera)`` becomes a link that reads "Table 4.2". Seen alone, outside the
book, a notebook has captions without numbers, and such a link reads "Table".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from string import ascii_uppercase

from nbformat import NotebookNode

KINDS = {"caption": "Table", "figcaption": "Figure"}
_CAPTION = re.compile(r'<(?P<tag>caption|figcaption)\b[^>]*\bclass="(?:[^"]* )?caption(?: [^"]*)?"[^>]*>')
_ID = re.compile(r'<(?:table|figure)\b[^>]*\bid="(?P<id>[\w-]+)"[^>]*>(?:(?!<(?:table|figure)\b).)*$', re.DOTALL)
_REFERENCE = re.compile(r"\[(?P<kind>Table|Figure)\]\(#(?P<id>[\w-]+)\)")


def number_chapters(chapters: Sequence[str]) -> dict[str, str]:
    """Return how tables and figures of each chapter are counted: chapters by their number, its second page with a b, labs by letters.

    Parameters
    ----------
    chapters : sequence of str
        In the order of the contents.

    Examples
    --------
    >>> number_chapters(["02_resilience", "03_brain", "03_structure", "lab_leakage", "lab_optima"])
    {'02_resilience': '2', '03_brain': '3', '03_structure': '3b', 'lab_leakage': 'A', 'lab_optima': 'B'}
    """
    letters, numbers = iter(ascii_uppercase), {}
    for chapter in chapters:
        head = chapter.partition("_")[0]
        number = str(int(head)) if head.isdigit() else next(letters)
        numbers[chapter] = f"{number}b" if number in numbers.values() else number
    return numbers


def number_captions(page: NotebookNode, chapter: str) -> NotebookNode:
    """Return the page with a number before each caption, and the same number wherever its text refers to it.

    Parameters
    ----------
    page : NotebookNode
        An executed chapter.
    chapter : str
        From :func:`number_chapters`.

    Notes
    -----
    A reference to what is not on the page, as a part may be left out for want of data, keeps its word and loses its link.
    """
    numbered = deepcopy(page)
    known: dict[str, str] = {}
    counts = dict.fromkeys(KINDS, 0)
    outputs = [output.data for cell in numbered.cells for output in cell.get("outputs", []) if "data" in output]
    for data in outputs:
        if "text/html" in data:
            data["text/html"] = _number(data["text/html"], chapter, counts, known)
    for cell in numbered.cells:
        if cell.cell_type == "markdown":
            cell.source = _refer(cell.source, known)
    for data in outputs:
        if "text/markdown" in data:
            data["text/markdown"] = _refer(data["text/markdown"], known)
    return numbered


def _number(html: str, chapter: str, counts: dict[str, int], known: dict[str, str]) -> str:
    parts, end = [], 0
    for found in _CAPTION.finditer(html):
        tag = found["tag"]
        counts[tag] += 1
        number = f"{KINDS[tag]} {chapter}.{counts[tag]}"
        around = _ID.search(html[: found.start()])
        anchor = "" if around else f' id="{number.lower().replace(" ", "-").replace(".", "-")}"'
        if around:
            known[around["id"]] = number
        parts += [html[end : found.end()], f'<span class="caption-number"{anchor}>{number}.</span> ']
        end = found.end()
    return "".join([*parts, html[end:]])


def _refer(text: str, known: Mapping[str, str]) -> str:
    def write(found: re.Match[str]) -> str:
        number = known.get(found["id"])
        return f'<a class="caption-link" href="#{found["id"]}">{number}</a>' if number else found["kind"]

    return _REFERENCE.sub(write, text)
