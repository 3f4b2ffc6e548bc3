"""Sphinx extension of the frame: MathJax from disk, honest downloads, source links, figures with words."""

from __future__ import annotations

import html
import importlib.util
import re
import shutil
from pathlib import Path

from docutils import nodes
from pybtex.plugin import find_plugin, register_plugin
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging

_CITED = re.compile(r"\[R[0-9a-f]{12}-(\d+)\]")  # as numpydoc keeps the sources of different functions apart
LOGGER = logging.getLogger(__name__)
MATHJAX_PARTS = ("tex-chtml.js", "output/chtml", "input/tex/extensions", "ui", "a11y/assistive-mml.js")
REDIRECT = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="refresh" content="0; url={target}">
<title>{title}</title>
<link rel="icon" href="_static/logo.svg">
</head>
<body><main><h1>{title}</h1><p><a href="{target}">Open the book</a></p></main></body>
</html>
"""


def find_mathjax() -> Path:
    """Return the folder of MathJax files that the package sphinx-mathjax-offline carries."""
    spec = importlib.util.find_spec("sphinx-mathjax-offline")
    if spec is None or spec.origin is None:
        raise ExtensionError("sphinx-mathjax-offline is not installed, so formulas cannot be shown offline.")
    return Path(spec.origin).parent / "static" / "mathjax"


def copy_mathjax(app: Sphinx) -> None:
    """Copy the part of MathJax that the pages use, once."""
    source, target = find_mathjax(), Path(app.outdir) / "_static" / "mathjax"
    for part in MATHJAX_PARTS:
        if (target / part).exists():
            continue
        (target / part).parent.mkdir(parents=True, exist_ok=True)
        if (source / part).is_dir():
            shutil.copytree(source / part, target / part)
        else:
            shutil.copyfile(source / part, target / part)


def copy_downloads(app: Sphinx) -> None:
    """Offer the output-free notebooks for download instead of the executed ones."""
    for notebook in sorted((Path(app.srcdir) / "downloads").glob("*.ipynb")):
        offered = Path(app.outdir) / "_sources" / "notebooks" / notebook.name
        if offered.exists():
            shutil.copyfile(notebook, offered)


def write_redirect(app: Sphinx) -> None:
    """Let the folder itself open the landing page."""
    root = app.config.root_doc
    if root != "index":
        page = REDIRECT.format(target=f"{root}.html", title=html.escape(app.config.html_title))
        (Path(app.outdir) / "index.html").write_text(page, encoding="utf-8")


def finish(app: Sphinx, error: Exception | None) -> None:
    """Complete a build that went well."""
    if error is None and app.builder.format == "html":
        copy_mathjax(app)
        copy_downloads(app)
        write_redirect(app)


def point_to_source(app: Sphinx, pagename, templatename, context, doctree) -> None:
    """Point the edit button of a chapter to its source, which is the MyST text and not the notebook."""
    if not pagename.startswith("notebooks/"):
        return
    for group in context.get("header_buttons", []):
        for button in group.get("buttons", []):
            if button.get("label") in {"source-edit-button", "source-file-button"}:
                button["url"] = button["url"].replace(f"{pagename}.ipynb", f"{pagename}.md")


def tidy_roles(app: Sphinx, pagename, templatename, context, doctree) -> None:
    """Take the roles off the bibliography that no longer hold what ARIA asks of a list; cite in docstrings by number."""
    if context.get("body"):
        body = context["body"].replace('<div role="list" class="citation-list">', '<div class="citation-list">')
        body = body.replace(' role="doc-biblioentry"', "")
        context["body"] = _CITED.sub(r"[\1]", body)


def require_alt_text(app: Sphinx, doctree: nodes.document) -> None:
    """Warn of every figure that says nothing to those who cannot see it."""
    for image in doctree.findall(nodes.image):
        if not image.get("alt", "").strip():
            LOGGER.warning(
                "figure without alternative text: set mystnb.image.alt in its cell",
                location=image if image.line else app.env.docname,
            )


def keep_writers() -> None:
    """Look pybtex's writers up once; else each citation reads what every installed package declares."""
    for name in ("docutils", "plaintext"):
        register_plugin("pybtex.backends", name, find_plugin("pybtex.backends", name), force=True)


def allow_two_readers(app: Sphinx) -> None:
    """Say what numbering of sections does not: it works on all pages at once, after they are read, and so stops no second reader."""
    if numbering := app.extensions.get("sphinx_multitoc_numbering"):
        numbering.parallel_read_safe = True


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect all of it."""
    keep_writers()
    app.connect("builder-inited", allow_two_readers)
    app.connect("doctree-read", require_alt_text)
    app.connect("html-page-context", point_to_source, priority=900)
    app.connect("html-page-context", tidy_roles)
    app.connect("build-finished", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
