"""The book as one file: on a small book rendered by hand, and on the example where it is built."""

import re

import pytest
from pypdf import PdfReader

from helpers import cli
from helpers.book import BookError
from helpers.book.printing import BROWSER_VARIABLE, find_browser, print_pdf
from helpers.book.single import MOST_ROWS, list_pages, write_single
from helpers.run.whole import write_whole
from tests.book_fixtures import open_browser
from tests.support import require, run_command

TOC = "root: book/index\nparts: [{caption: Chapters, chapters: [{file: notebooks/01_cohort, sections: [{file: book/teaching/lecture}]}]}]\n"
PIXEL = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9"/></svg>'
INDEX = '<div class="simulated admonition"><p>Simulated data</p></div><h1>The book</h1><a href="../notebooks/01_cohort.html#flow">on</a>'
ROWS = "".join(f"<tr><th>{row}</th><td>{row}</td></tr>" for row in range(40))
CHAPTER = (
    '<h1>Cohort<a class="headerlink" href="#cohort">#</a></h1><section id="flow"><h2>Flow</h2>'
    '<figure class="book-figure" id="figure-flow"><img loading="lazy" src="../figures/flow.svg" alt="Flow.">'
    '<figcaption class="caption">A flow. <a class="figure-file" download href="../figures/flow.svg">Figure</a></figcaption></figure>'
    '<details class="admonition hide above-input"><summary>Show code</summary><div class="cell_input"><pre>secret_call()</pre></div></details>'
    f'<table><tbody>{ROWS}</tbody></table><iframe srcdoc="x"></iframe>'
    r'<p>With <span class="math notranslate">\(\delta^2\)</span> and <a href="https://doi.org/10.1">a source</a>,'
    ' <a href="../handout/methods.docx">a file</a>, <a href="#flow">here</a>, <a href="../book/index.html">back</a>.</p></section>'
    '<section id="exercises"><h2>Exercises</h2></section><script>alert(1)</script>'
)


@pytest.fixture
def book(tmp_path):
    """Output folder of a book of three pages."""
    stage, html = tmp_path / "book", tmp_path / "html"
    pages = {"book/index": INDEX, "notebooks/01_cohort": CHAPTER, "book/teaching/lecture": "<h1>A lecture</h1>"}
    stage.mkdir()
    (stage / "_toc.yml").write_text(TOC, encoding="utf-8")
    for name, content in pages.items():
        path = html / f"{name}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        page = f'<html><head><title>Title &amp; more</title></head><body><article class="bd-article">{content}</article></body></html>'
        path.write_text(page, encoding="utf-8")
    (html / "figures").mkdir()
    (html / "figures" / "flow.svg").write_text(PIXEL, encoding="utf-8")
    (html / "_static").mkdir()
    for name in ("pygments.css", "book.css", "tables.css"):
        (html / "_static" / name).write_text("", encoding="utf-8")
    return tmp_path


def _list_outside(html):
    """Return what a document would fetch: anything in src or in a style that is not data."""
    return [
        found for found in re.findall(r'(?:src=|url\(|srcdoc=)["\']?([^"\')]*)', html) if not found.startswith("data:")
    ]


def test_one_file_holds_all_pages_and_asks_for_nothing(book):
    html = write_single(book / "book", book / "html")
    assert "<script" not in html and "<iframe" not in html and not _list_outside(html)
    assert '<article class="bd-article" id="page-01_cohort"' in html and "<title>Title &amp; more</title>" in html
    targets = set(re.findall(r'id="([^"]+)"', html))
    links = re.findall(r'href="([^"]+)"', html)
    assert {link[1:] for link in links if link.startswith("#")} <= targets
    assert "#01_cohort--flow" in links and "#page-index" in links and "https://doi.org/10.1" in links
    assert all(link.startswith(("#", "https://")) for link in links)
    assert "<math" in html and "δ" in html and "\\(" not in html
    assert "secret_call()" in html and "A lecture" in html and "Exercises" in html


def test_paper_has_no_code_no_exercises_and_short_tables(book):
    html = write_single(book / "book", book / "html", on_paper=True, numbers={"page-01_cohort": 7})
    assert "secret_call()" not in html and "A lecture" not in html and "Exercises" not in html
    assert html.count("<tr>") == MOST_ROWS and f"First {MOST_ROWS} of 40 rows" in html
    assert 'content: "Simulated data"' in html and '<span class="sheet">7</span>' in html


def test_without_a_browser_or_a_book_there_is_a_sentence(book, monkeypatch, capsys):
    monkeypatch.setenv(BROWSER_VARIABLE, "no-such-browser")
    with pytest.raises(BookError, match="A PDF is printed by a Chromium, and there is none here"):
        print_pdf(book / "book", book / "html")
    with pytest.raises(SystemExit) as stopped:
        cli.main(["build", "data/example", "--pdf"])
    said = capsys.readouterr().err
    assert stopped.value.code == cli.FAILED and "Chromium" in said and "Traceback" not in said
    (book / "html" / "notebooks" / "01_cohort.html").unlink()
    with pytest.raises(BookError, match="not rendered yet"):
        write_single(book / "book", book / "html")


def test_an_earlier_file_is_replaced_and_that_is_said(book):
    (first,) = write_whole(book, pdf=False, single=True)
    (second,) = write_whole(book, pdf=False, single=True)
    assert "replaces" not in first and "replaces that of an earlier build" in second
    assert [path.name for path in book.iterdir() if path.is_file()] == ["resilience_book.html"]


@pytest.mark.browser
def test_a_browser_prints_numbers_contents_and_vectors(book):
    require(find_browser(), "no Chromium found")
    (book / "book.pdf").write_bytes(print_pdf(book / "book", book / "html"))
    contents, *sheets = [page.extract_text() for page in PdfReader(book / "book.pdf").pages]
    assert re.search(r"The book\s+2", contents) and re.search(r"Cohort\s+3", contents) and len(sheets) == 2
    for number, text in enumerate(sheets, start=2):
        assert str(number) in text.split() and "Simulated data" in text
    assert not any(
        "/XObject" in page.get("/Resources", {}) and page.images for page in PdfReader(book / "book.pdf").pages
    )


@pytest.mark.book
@pytest.mark.browser
def test_the_example_as_one_file(built_book):
    require(find_browser(), "no Chromium found")
    done = run_command("build", "data/example", "--single", "--pdf")
    assert done.returncode == 0, done.stderr
    single, pdf = (built_book.parent / f"resilience_book.{kind}" for kind in ("html", "pdf"))
    assert single.stat().st_size < 15e6 and pdf.stat().st_size < 15e6
    assert len(PdfReader(pdf).pages) <= 120
    assert len(list_pages(built_book.parent / "book")) > 30
    with open_browser() as browser:
        page, asked, faults = browser.new_page(), [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(single.as_uri())
        assert [url for url in asked if not url.startswith("data:")] == [single.as_uri()] and not faults
        targets = "[...document.querySelectorAll('a[href^=\"#\"]')].map(link => decodeURIComponent(link.getAttribute('href').slice(1)))"
        assert not page.evaluate(f"{targets}.filter(id => !document.getElementById(id))")
        assert page.evaluate("[...document.images].every(image => image.naturalWidth > 0)")
