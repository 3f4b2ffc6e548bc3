"""A browser, a local server and what is wrong on a page, for the tests of the rendered book."""

from __future__ import annotations

import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Error, Page, sync_playwright

from tests.support import require

BROWSER_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE_OPTIONS = {"resultTypes": ["violations"], "preload": False}
AXE_COLOURS = AXE_OPTIONS | {"runOnly": ["color-contrast", "link-in-text-block"]}  # all that a theme changes
GRAVE = ("serious", "critical")
PHONE = {"width": 375, "height": 800}
OPEN_FOLDS = "document.querySelectorAll('details.fold').forEach((fold) => { fold.open = true; })"


def find_browser() -> str | None:
    """Return the path of a Chromium: the one on PATH, else Playwright's own; None where there is neither."""
    found = next((path for name in BROWSER_NAMES if (path := shutil.which(name))), None)
    if found is None:
        with sync_playwright() as playwright:
            own = Path(playwright.chromium.executable_path)
        found = str(own) if own.exists() else None
    return found


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Open one headless Chromium."""
    path = find_browser()
    require(path, "no Chromium found: install one, or run `playwright install chromium`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=BROWSER_ARGS)
        yield browser
        browser.close()


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve a folder on this machine; yields its address, ending in a slash."""
    handler = functools.partial(_QuietHandler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def list_pages(html_dir: Path) -> list[str]:
    """Return the pages of a built book, as addresses below its folder; without the one that only leads on and views inside others."""
    found = (path.relative_to(html_dir) for path in html_dir.rglob("*.html"))
    shown = [path.as_posix() for path in found if path.parts[0] not in ("_static", "_sources", "views")]
    return sorted(page for page in shown if page != "index.html")


def open_theme(browser: Browser, address: str, theme: str, faults: list[str]) -> Page:
    """Open a tab in one theme that writes down requests to elsewhere (and stops them) and every error."""
    context = browser.new_context(color_scheme=theme)
    context.add_init_script(f"localStorage.setItem('mode', '{theme}'); localStorage.setItem('theme', '{theme}')")
    page = context.new_page()

    def guard(route):
        if route.request.url.startswith((address, "data:", "blob:")):
            route.continue_()
        else:
            faults.append(f"asks {route.request.url} of the internet")
            route.abort()

    page.route("**/*", guard)
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(f"page error: {error}"))
    return page


def find_grave_violations(page: Page, axe: Axe, options: dict = AXE_OPTIONS, part: str | None = None) -> list[str]:
    """Return what axe calls serious or critical, on the page or a part of it, with the first element concerned."""
    found = axe.run(page, context=part, options=options).response["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in found if v["impact"] in GRAVE]


def find_unnamed(page: Page) -> list[str]:
    """Return figures whose alternative text is missing or only a file's name, and frames without a title."""
    return page.evaluate(
        """() => [
          ...[...document.querySelectorAll('article img')]
            .filter(i => !(i.alt || '').trim() || i.alt.includes('_images/') || /^\\S+\\.(png|svg)$/.test(i.alt))
            .map(i => 'no alternative text: ' + i.src),
          ...[...document.querySelectorAll('iframe')].filter(f => !(f.title || '').trim())
            .map(f => 'frame without title: ' + f.src),
        ]"""
    )


def settle(page: Page, address: str) -> None:
    """Open a page and wait until its formulas stand."""
    page.goto(address, wait_until="load")
    try:
        page.wait_for_function(
            "() => !window.MathJax || (MathJax.startup && MathJax.startup.promise && !MathJax.busy)", timeout=60_000
        )
        page.evaluate("() => window.MathJax ? MathJax.startup.promise.then(() => true) : true")
    except Error as error:
        raise AssertionError(f"{address}: the page did not settle: {error}") from error
