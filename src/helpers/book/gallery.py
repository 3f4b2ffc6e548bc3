"""The page of all figures: small, with number and caption, each leading to its place."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from nbformat import NotebookNode

from helpers.wording import as_text

_FIGURE = re.compile(
    r'<figure class="book-figure" id="(?P<anchor>[\w-]+)">(?P<image><img [^>]*>)<figcaption[^>]*>'
    r'<span class="caption-number"[^>]*>(?P<number>[^<]*)</span>(?P<caption>.*?)</figcaption>',
    re.DOTALL,
)
_LINK = re.compile(r"<a\b.*?</a>", re.DOTALL)
_ATTRIBUTE = re.compile(r'(?P<name>src|alt)="(?P<value>[^"]*)"')


@dataclass(frozen=True)
class Shown:
    """A figure of a page.

    Attributes
    ----------
    anchor : str
        Its id on the page.
    number, caption : str
        As HTML; the caption without links.
    address, alt : str
        Of its image, as HTML.
    """

    anchor: str
    number: str
    caption: str
    address: str
    alt: str


def list_figures(page: NotebookNode) -> list[Shown]:
    """Return the numbered figures of a page, in its order; those whose image is still inside the page are left out.

    Parameters
    ----------
    page : NotebookNode
        From :func:`helpers.book.numbering.number_captions`.
    """
    html = "\n".join(
        output.data["text/html"]
        for cell in page.cells
        for output in cell.get("outputs", [])
        if "text/html" in output.get("data", {})
    )
    found = []
    for figure in _FIGURE.finditer(html):
        image = {part["name"]: part["value"] for part in _ATTRIBUTE.finditer(figure["image"])}
        if not image.get("src", "data:").startswith("data:"):
            caption = _LINK.sub("", figure["caption"]).strip()
            found.append(Shown(figure["anchor"], figure["number"], caption, image["src"], image.get("alt", "")))
    return found


def write_gallery(figures: Mapping[str, Sequence[Shown]], titles: Mapping[str, str]) -> str:
    """Return the figures of all chapters as MyST, to be put below the head of the page.

    Parameters
    ----------
    figures : mapping of str to sequence of Shown
        By chapter, in order.
    titles : mapping of str to str
        What each of these chapters is called.

    Examples
    --------
    >>> write_gallery({"03_brain": []}, {})
    '\\nNo chapter of this book has a figure.\\n'
    >>> shown = Shown("figure-edges", "Figure 3.1.", "Edges.", "../figures/03_brain/edges.svg", "Dots.")
    >>> "notebooks/03_brain.html#figure-edges" in write_gallery({"03_brain": [shown]}, {"03_brain": "Brain"})
    True
    """
    parts = [_write_chapter(chapter, titles[chapter], shown) for chapter, shown in figures.items() if shown]
    return "\n" + ("\n".join(parts) or "No chapter of this book has a figure.\n")


def _write_chapter(chapter: str, title: str, figures: Sequence[Shown]) -> str:
    cards = "".join(
        f'<li><figure><a href="../notebooks/{escape(chapter)}.html#{one.anchor}"><img loading="lazy" src="{one.address}" alt="{one.alt}"></a>'
        f"<figcaption><b>{one.number}</b> {one.caption}</figcaption></figure></li>"
        for one in figures
    )
    return f'## {as_text(title)}\n\n```{{raw}} html\n<ul class="figure-gallery">{cards}</ul>\n```\n'
