"""Figures of executed chapters as files of their own: pages stay light, and each drawing can be kept."""

from __future__ import annotations

import re
from base64 import b64decode
from copy import deepcopy
from hashlib import sha256
from html import unescape

from nbformat import NotebookNode

FOLDER = "files"  # beside the pages: what it holds is copied to the book as it is
VIEWS = "views"  # below it: pages inside pages, and the programs they share
PRINTED = "application/pdf"  # a figure's drawing for print, which pages do not show
ENDINGS = {"image/svg+xml": "svg", "image/png": "png", "text/tab-separated-values": "tsv"}
_FIGURE = re.compile(r'<figure class="book-figure" id="figure-(?P<name>[\w-]+)">.*?</figure>', re.DOTALL)
_EMBEDDED = re.compile(r'(?P<kind>src|href)="data:(?P<type>[\w/+-]+);base64,(?P<content>[A-Za-z0-9+/=]+)"')
_VIEW = re.compile(r'<iframe title="(?P<title>[^"]*)" srcdoc="(?P<page>[^"]*)"')
_PROGRAM = re.compile(r"<script[^>]*>(?P<text>.*?)</script>", re.DOTALL)
LONG = 20_000  # characters of a program that becomes a file, which views share
_LINK = '<a class="figure-file" download href="{address}">{kind}</a>'


def take_figures(page: NotebookNode, chapter: str) -> tuple[NotebookNode, dict[str, bytes]]:
    """Move the images and tables of a page's figures into files, and offer these for download below each figure.

    Views to turn with the mouse are programs of megabytes: each gets a page of its own, loaded when a reader comes near it.

    Parameters
    ----------
    page : NotebookNode
        An executed chapter.
    chapter : str
        Its id, the folder of its files.

    Returns
    -------
    NotebookNode, dict of str to bytes
        A copy of the page; path below the stage -> content.

    Notes
    -----
    Notebooks seen alone keep everything inside, and need no file beside them.
    """
    taken, files = deepcopy(page), {}

    def move(figure: re.Match[str]) -> str:
        def name_file(found: re.Match[str]) -> str:
            path = f"figures/{chapter}/{figure['name']}.{ENDINGS[found['type']]}"
            files[f"{FOLDER}/{path}"] = b64decode(found["content"])
            return f'{found["kind"]}="../{path}"'

        html = _EMBEDDED.sub(name_file, figure[0])
        image = re.search(r'<img src="(?P<address>[^"]+\.(?P<kind>\w+))"', html)
        if image is None:
            return html
        link = _LINK.format(address=image["address"], kind=f"Figure ({image['kind'].upper()})")
        return html.replace("<img ", '<img loading="lazy" ', 1).replace("</figcaption>", f" {link}</figcaption>", 1)

    def move_view(view: re.Match[str]) -> str:
        def name_program(found: re.Match[str]) -> str:
            if len(found["text"]) < LONG:
                return found[0]
            name = f"{sha256(found['text'].encode()).hexdigest()[:12]}.js"
            files[f"{FOLDER}/{VIEWS}/{name}"] = found["text"].encode()
            return f'<script src="{name}"></script>'

        page = _PROGRAM.sub(name_program, unescape(view["page"])).encode()
        path = f"{VIEWS}/{chapter}-{sha256(page).hexdigest()[:12]}.html"
        files[f"{FOLDER}/{path}"] = page
        return f'<iframe title="{view["title"]}" src="../{path}"'

    for cell in taken.cells:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(PRINTED, None)
            if "text/html" in output.get("data", {}):
                output.data["text/html"] = _VIEW.sub(move_view, _FIGURE.sub(move, output.data["text/html"]))
    return taken, files
