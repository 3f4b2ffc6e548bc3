"""Figures of executed chapters as files of their own: pages stay light, and each drawing can be kept."""

from __future__ import annotations

import re
from base64 import b64decode
from copy import deepcopy

from nbformat import NotebookNode

FOLDER = "files"  # beside the pages: what it holds is copied to the book as it is
PRINTED = "application/pdf"  # a figure's drawing for print, which pages do not show
ENDINGS = {"image/svg+xml": "svg", "image/png": "png", "text/tab-separated-values": "tsv"}
_FIGURE = re.compile(r'<figure class="book-figure" id="figure-(?P<name>[\w-]+)">.*?</figure>', re.DOTALL)
_EMBEDDED = re.compile(r'(?P<kind>src|href)="data:(?P<type>[\w/+-]+);base64,(?P<content>[A-Za-z0-9+/=]+)"')
_LINK = '<a class="figure-file" download href="{address}">{kind}</a>'


def take_figures(page: NotebookNode, chapter: str) -> tuple[NotebookNode, dict[str, bytes]]:
    """Move the images and tables of a page's figures into files, and offer these for download below each figure.

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

    for cell in taken.cells:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(PRINTED, None)
            if "text/html" in output.get("data", {}):
                output.data["text/html"] = _FIGURE.sub(move, output.data["text/html"])
    return taken, files
