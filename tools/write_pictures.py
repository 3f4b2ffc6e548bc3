"""Take the pictures of the README from the built book of the example: the landing page and the verdict."""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import Browser

from helpers.tables import PROJECT_ROOT
from tests.book_fixtures import open_browser, serve, settle

BOOK = PROJECT_ROOT / "_build" / "example" / "html"
FOLDER = PROJECT_ROOT / "book" / "figures"
WIDTH = 1400
IN_THE_WAY = ".skip-link, #pst-skip-link, .bd-header-article, .pst-async-banner-revealer { display: none !important }"
PICTURES = {  # file: page, what of it
    "landing.png": ("book/index.html", ".bd-article .landing"),
    "verdict.png": ("notebooks/07_verdict.html", "#figure-verdicts"),
}


def take_picture(browser: Browser, address: str, target: Path, selector: str) -> None:
    """Write one element of a page to a file, in light colours."""
    page = browser.new_page(viewport={"width": WIDTH, "height": 1000}, color_scheme="light")
    settle(page, address)
    page.add_style_tag(content=IN_THE_WAY)
    element = page.locator(selector)
    element.scroll_into_view_if_needed()
    page.wait_for_function(
        "() => [...document.images].filter(one => one.loading !== 'lazy').every(one => one.complete)"
    )
    page.wait_for_timeout(1000)
    element.screenshot(path=target)
    page.close()


def main(book: Path) -> None:
    """Take all pictures."""
    with serve(book) as address, open_browser() as browser:
        for name, (page, selector) in PICTURES.items():
            take_picture(browser, address + page, FOLDER / name, selector)
            print(name)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else BOOK)
