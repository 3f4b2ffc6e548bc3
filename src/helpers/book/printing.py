"""The rendered book as one PDF, printed by a Chromium: page numbers, a table of contents, figures as vectors."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from pypdf import PdfReader

from helpers.book.pages import BookError
from helpers.book.single import list_pages, write_single

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
BROWSER_VARIABLE = "RESILIENCE_BOOK_BROWSER"
NO_BROWSER = (
    "A PDF is printed by a Chromium, and there is none here. Install Chromium or Chrome, or name its program in "
    f"{BROWSER_VARIABLE}; the book itself, and --single, need none."
)
LONGEST_S = 300


def find_browser() -> str | None:
    """Return the program that prints: the one that ``RESILIENCE_BOOK_BROWSER`` names, else the first known one on PATH."""
    named = os.environ.get(BROWSER_VARIABLE)
    return shutil.which(named) if named else next((path for name in BROWSERS if (path := shutil.which(name))), None)


def print_pdf(stage_dir: Path, html_dir: Path) -> bytes:
    """Return the book as a PDF.

    Parameters
    ----------
    stage_dir, html_dir : pathlib.Path
        As :func:`helpers.book.build_html` left them.

    Raises
    ------
    BookError
        Without a browser, without a rendered book, or when the browser prints nothing.

    Notes
    -----
    Printed twice: the first time tells on which sheet each page begins, which the table of contents then says.
    """
    browser = find_browser()
    if browser is None:
        raise BookError(NO_BROWSER)
    anchors = [entry.anchor for entry in list_pages(stage_dir)]
    with tempfile.TemporaryDirectory(prefix="book-") as folder:
        first = _print(browser, write_single(stage_dir, html_dir, on_paper=True), Path(folder))
        reader = PdfReader(first)
        places = reader.named_destinations
        numbers = {
            name: reader.get_destination_page_number(places[f"/{name}"]) + 1 for name in anchors if f"/{name}" in places
        }
        return _print(
            browser, write_single(stage_dir, html_dir, on_paper=True, numbers=numbers), Path(folder)
        ).read_bytes()


def _print(browser: str, html: str, folder: Path) -> Path:
    source, target = folder / "book.html", folder / "book.pdf"
    source.write_text(html, encoding="utf-8")
    target.unlink(missing_ok=True)
    command = [
        browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", f"--user-data-dir={folder / 'profile'}", "--no-pdf-header-footer",
        "--generate-pdf-document-outline", f"--print-to-pdf={target}", source.as_uri(),
    ]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BookError(f"{Path(browser).name} printed nothing: {error}") from error
    if not target.is_file():
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise BookError(f"{Path(browser).name} printed nothing: {last}")
    return target
