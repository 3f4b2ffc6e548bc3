"""The rendered book as one HTML file: every page in one document, nothing outside it, no script needed."""

from __future__ import annotations

import mimetypes
import posixpath
import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

import lxml.html
import yaml
from latex2mathml.converter import convert
from lxml import etree
from lxml.html import HtmlElement

from helpers.book.pages import BookError

STYLE = Path(__file__).with_name("single.css")
STYLES = ("pygments.css", "book.css", "tables.css")  # of the book's own pages
MOST_ROWS = 12  # of a table on paper; the rest stands in the book and in the supplement
FOR_STUDENTS = ("by-hand", "exercises", "quiz")  # sections that paper does without
ON_SCREEN_ONLY = re.compile(
    r"book/(teaching/.*|reference/.*|how_to_teach|how_to_rerun|on_a_cluster|many_cohorts|bring_your_data|figures|parity|glossary|data_cards/(?!overview).*)"
)
SIMULATED_SHEET = (
    '@page { @top-right { content: "Simulated data"; font: bold 8pt Arial, Helvetica, sans-serif; color: #7a1f00; } }'
)
ABOUT_VIEWS = "A view to turn stands here in the book itself."
_GONE = "//script | //style | //button | //a[contains(@class, 'headerlink') or contains(@class, 'figure-file') or contains(@class, 'figure-data')]"


@dataclass(frozen=True)
class Entry:
    """One page in the table of contents.

    Attributes
    ----------
    page : str
        Its address below the book's folder, without ending.
    part : str
        Caption of its part; empty of the first page.
    """

    page: str
    part: str

    @property
    def anchor(self) -> str:
        """Where it begins in the one document."""
        return name_anchor(self.page)


def list_pages(stage_dir: Path) -> list[Entry]:
    """Return the pages of a staged book in the order of its contents.

    Parameters
    ----------
    stage_dir : pathlib.Path
        Holds ``_toc.yml``.
    """
    toc = yaml.safe_load((stage_dir / "_toc.yml").read_text(encoding="utf-8"))
    entries = [Entry(toc["root"], "")]
    for part in toc["parts"]:
        entries += [Entry(page, part["caption"]) for page in _walk(part["chapters"])]
    return entries


def _walk(chapters: list[dict]) -> Iterator[str]:
    for chapter in chapters:
        yield chapter["file"]
        yield from _walk(chapter.get("sections", []))


def name_anchor(page: str, section: str = "") -> str:
    """Return the id of a page, or of a section of it, in the one document.

    Examples
    --------
    >>> name_anchor("notebooks/03_brain"), name_anchor("notebooks/03_brain", "maps")
    ('page-03_brain', '03_brain--maps')
    >>> name_anchor("book/teaching/03_brain")
    'page-teaching-03_brain'
    """
    name = page.removeprefix("notebooks/").removeprefix("book/").replace("/", "-")
    return f"{name}--{section}" if section else f"page-{name}"


def write_single(
    stage_dir: Path, html_dir: Path, *, on_paper: bool = False, numbers: dict[str, int] | None = None
) -> str:
    """Return the book as one HTML document that asks for nothing else.

    Parameters
    ----------
    stage_dir, html_dir : pathlib.Path
        As :func:`helpers.book.build_html` left them.
    on_paper : bool, default False
        For print: no code, no parts and pages for students and for preparing data, the first rows of long tables only.
    numbers : dict of str to int, optional
        Anchor of a page -> number of its sheet, for the table of contents.

    Raises
    ------
    BookError
        When the book is not rendered.
    """
    entries = list_pages(stage_dir)
    if not all((html_dir / f"{entry.page}.html").is_file() for entry in entries):
        raise BookError("The book is not rendered yet; render it first: resilience-book build COHORT_DIR.")
    if on_paper:
        entries = [entry for entry in entries if not ON_SCREEN_ONLY.fullmatch(entry.page)]
    known = {entry.page for entry in entries}
    articles = [_take_article(html_dir, entry, known, on_paper=on_paper) for entry in entries]
    titles = [article.xpath("string(.//h1)").strip() for article in articles]
    title = lxml.html.parse(str(html_dir / f"{entries[0].page}.html")).getroot().xpath("string(//title)").strip()
    body = "\n".join(lxml.html.tostring(article, encoding="unicode") for article in articles)
    is_simulated = any(
        article.xpath(".//div[contains(@class, 'admonition') and contains(@class, 'simulated')]")
        for article in articles
    )
    styles = "".join(_read_style(html_dir, name) for name in STYLES) + STYLE.read_text(encoding="utf-8")
    styles += SIMULATED_SHEET * (on_paper and is_simulated)
    return (
        f'<!DOCTYPE html>\n<html lang="en" data-theme="light" class="{"paper" if on_paper else "screen"}"><head>'
        f'<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
        f"<style>{styles}</style></head><body>{_write_contents(entries, titles, numbers or {})}<main>{body}</main></body></html>\n"
    )


def _read_style(html_dir: Path, name: str) -> str:
    return (html_dir / "_static" / name).read_text(encoding="utf-8")


def _write_contents(entries: list[Entry], titles: list[str], numbers: dict[str, int]) -> str:
    lines, part = [], ""
    for entry, title in zip(entries, titles, strict=True):
        if entry.part != part:
            part = entry.part
            lines.append(f'<p class="part">{escape(part)}</p>')
        number = f'<span class="sheet">{numbers[entry.anchor]}</span>' if entry.anchor in numbers else ""
        lines.append(f'<p><a href="#{entry.anchor}">{escape(title)}</a>{number}</p>')
    return f'<nav aria-label="Contents"><h2>Contents</h2>{"".join(lines)}</nav>'


def _take_article(html_dir: Path, entry: Entry, known: set[str], *, on_paper: bool) -> HtmlElement:
    path = html_dir / f"{entry.page}.html"
    parser = lxml.html.HTMLParser(encoding="utf-8", huge_tree=True)
    (article,) = lxml.html.parse(str(path), parser).getroot().xpath("//article")
    for gone in article.xpath(_GONE):
        gone.drop_tree()
    _replace_views(article)
    if on_paper:
        _prepare_for_paper(article)
    _write_formulas(article)
    for element in article.xpath(".//*[@id]"):
        element.set("id", name_anchor(entry.page, element.get("id")))
    for link in article.xpath(".//a[@href]"):
        _lead_inside(link, entry.page, known)
    for image in article.xpath(".//img[@src]"):
        image.set("src", _embed(path.parent, image.get("src")))
        image.attrib.pop("loading", None)
    article.set("id", entry.anchor)
    return article


def _replace_views(article: HtmlElement) -> None:
    """Leave out interactive views, which are programs of several megabytes."""
    for view in article.xpath(".//iframe"):
        note = lxml.html.fragment_fromstring(f'<p class="left-out">{ABOUT_VIEWS}</p>')
        view.getparent().replace(view, note)
        note.tail = None


def _prepare_for_paper(article: HtmlElement) -> None:
    sections = [s for name in FOR_STUDENTS for s in article.xpath(f".//section[@id='{name}']")]
    folded = article.xpath(".//details[contains(@class, 'hide')][.//div[contains(@class, 'cell_input')]]")
    hidden = article.xpath(".//div[contains(@class, 'cell_input')]")
    for gone in (*sections, *folded, *hidden):
        if gone.getparent() is not None:
            gone.drop_tree()
    for details in article.xpath(".//details"):
        details.set("open", "open")
    for table in article.xpath(".//table[.//tbody]"):
        rows = table.xpath("./tbody/tr")
        for row in rows[MOST_ROWS:]:
            row.drop_tree()
        if len(rows) > MOST_ROWS:
            note = lxml.html.fragment_fromstring(
                f'<p class="left-out">First {MOST_ROWS} of {len(rows):,} rows; all stand in the book and in the supplement.</p>'
            )
            table.addnext(note)


def _write_formulas(article: HtmlElement) -> None:
    """Write formulas as MathML, which browsers draw without a program."""
    for formula in article.xpath(".//*[contains(concat(' ', @class, ' '), ' math ')]"):
        text = formula.text_content().strip()
        source = re.sub(r"^\\[(\[]|\\[)\]]$", "", text).strip()
        drawn = etree.fromstring(convert(source, display="block" if text.startswith(r"\[") else "inline"))
        for child in list(formula):
            formula.remove(child)
        formula.text = None
        formula.append(drawn)


def _lead_inside(link: HtmlElement, page: str, known: set[str]) -> None:
    """Let a link to a page of the book lead to its place in the document; one to a file loses its address."""
    address = link.get("href")
    if re.match(r"[a-z]+:", address):
        return
    path, _, section = address.partition("#")
    target = posixpath.normpath(posixpath.join(posixpath.dirname(page), path)).removesuffix(".html") if path else page
    if target in known:
        link.set("href", f"#{name_anchor(target, section)}")
    else:
        del link.attrib["href"]


def _embed(folder: Path, source: str) -> str:
    if source.startswith("data:"):
        return source
    path = (folder / source).resolve()
    kind = mimetypes.guess_type(path.name)[0] or "image/svg+xml"
    return f"data:{kind};base64,{b64encode(path.read_bytes()).decode()}"
