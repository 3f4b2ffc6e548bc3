"""Sphinx extension: what stands behind ``<!-- fold: Show the table -->`` folds away, up to ``<!-- unfold -->`` or its section's end.

The comment is none of a notebook's text in JupyterLab, on slides and in print; on a page it becomes ``<details>``, closed at first and
opened by any link to what is inside.
"""

from __future__ import annotations

import re
from html import escape

from docutils import nodes
from sphinx.application import Sphinx

FOLD = re.compile(r"<!-- fold: (?P<words>.+) -->")
END = "<!-- unfold -->"


def fold_away(app: Sphinx, doctree: nodes.document) -> None:
    """Put what follows each such comment into a fold."""
    for comment in list(doctree.findall(nodes.raw)):
        found = FOLD.fullmatch(comment.astext().strip())
        if found:
            _fold(comment, found["words"])


def _fold(comment: nodes.raw, words: str) -> None:
    inside = comment.parent
    start = inside.index(comment)
    rest = range(start + 1, len(inside))
    end = next((at for at in rest if _ends(inside[at])), len(inside))
    opening = f'<details class="fold"><summary>{escape(words)}</summary><div class="fold-content">'
    inside.insert(end, _write("</div></details>"))
    inside.replace(comment, _write(opening))


def _ends(node: nodes.Node) -> bool:
    return isinstance(node, nodes.raw) and (node.astext().strip() == END or bool(FOLD.fullmatch(node.astext().strip())))


def _write(html: str) -> nodes.raw:
    return nodes.raw("", html, format="html")


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect it."""
    app.connect("doctree-read", fold_away)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
