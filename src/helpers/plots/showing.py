"""A figure as a page shows it: sharp at any size, with its caption below and words for those who cannot see it."""

from __future__ import annotations

from base64 import b64encode
from html import escape
from io import BytesIO
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import HTML
from matplotlib.artist import Artist
from matplotlib.collections import Collection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from helpers.plots.style import LOOK, REAL, SIMULATED
from helpers.wording import hide_small, name_groups, name_in_prose

PEOPLE = ("n", "n_high", "n_low", "n_answered")  # columns of counts of participants
MOST_MARKS = 3000  # of a drawing in vectors; with more, it is a picture of points
DENSE_MARKS = 800  # of one layer, which then is a picture within the drawing
LAYER_DPI, PICTURE_DPI = 200, 280  # a picture is twice as wide as the column of text
SETTING_TABLES = (
    "GSUB",
    "GPOS",
    "GDEF",
    "kern",
)  # of a font, for who sets type; here it is set, and to cut them down takes longest


class ShownFigure(HTML):
    """A figure as a page shows it, with the drawing that a journal prints beside it in the notebook."""

    def __init__(self, html: str, pdf: bytes):
        super().__init__(html)
        self.pdf = pdf

    def _repr_pdf_(self) -> bytes:
        return self.pdf


def show_figure(drawn: Any, *, name: str, alt: str, data: pd.DataFrame | None = None) -> ShownFigure:
    """Show a figure at the end of a cell, with the caption that its plot has told.

    Parameters
    ----------
    drawn : matplotlib Axes, Figure or an array of Axes
        What a ``plot_`` function returned. The figure is closed.
    name : str
        Small letters, digits and hyphens; ``figure-<name>`` is the id by which text refers to it.
    alt : str
        What it looks like, for those who cannot see it.
    data : pandas.DataFrame, optional
        Results behind the figure, offered for download; never rows of participants. Small numbers of people are hidden.

    Returns
    -------
    ShownFigure
        ``<figure>`` with an image and a ``<figcaption class="caption">``; beside it, for print, the drawing as a PDF.

    Raises
    ------
    ValueError
        A figure without caption, or without words for those who cannot see it.
    """
    figure = np.ravel(np.asarray(drawn, dtype=object))[0].get_figure()
    if not figure.get_label() or not alt.strip():
        raise ValueError(f"The figure '{name}' has no caption or no alternative text.")
    for text in figure.findobj(Text):
        text.set_text(name_groups(text.get_text()))
    kind, content = draw_image(figure)
    figure.set_layout_engine("none")  # print has the layout of the page
    pdf = draw_pdf(figure)
    marks = " ".join(f"{text.get_text()}." for text in figure.texts if text.get_text() in (SIMULATED, REAL))
    width, height = (round(96 * inches) for inches in figure.get_size_inches())
    plt.close(figure)
    image = f'<img src="{_embed(kind, content)}" width="{width}" height="{height}" alt="{escape(name_in_prose(alt))}">'
    caption = escape(f"{name_groups(figure.get_label())} {marks}".strip())
    offered = "" if data is None else _offer(name, data)
    html = f'<figcaption class="caption">{caption}{offered}</figcaption>'
    return ShownFigure(f'<figure class="book-figure" id="figure-{name}">{image}{html}</figure>', pdf)


def draw_image(figure: Figure) -> tuple[str, bytes]:
    """Return a figure as a drawing in vectors, dense layers as pictures in it; or, with too many marks, as a picture.

    Parameters
    ----------
    figure : matplotlib.figure.Figure

    Returns
    -------
    str, bytes
        ``image/svg+xml`` or ``image/png``, and the file.
    """
    for artist in figure.findobj(lambda one: count_marks(one) > DENSE_MARKS):
        artist.set_rasterized(True)
    left = sum(count_marks(artist) for artist in figure.findobj(lambda one: not one.get_rasterized()))
    kind = "svg" if left <= MOST_MARKS else "png"
    out = BytesIO()
    with mpl.rc_context({name: LOOK[name] for name in ("svg.fonttype", "svg.hashsalt")} | {"savefig.bbox": None}):
        extra = {"metadata": {"Date": None}} if kind == "svg" else {}
        figure.savefig(out, format=kind, dpi=LAYER_DPI if kind == "svg" else PICTURE_DPI, **extra)
    return ("image/svg+xml" if kind == "svg" else "image/png"), out.getvalue()


def draw_pdf(figure: Figure) -> bytes:
    """Return a figure as a PDF with its fonts inside; layers that are pictures on the page are pictures in it.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        As :func:`draw_image` left it.

    Returns
    -------
    bytes
        The same for the same figure, whenever it is drawn.
    """
    from fontTools.subset import Options

    Options._drop_tables_default = sorted({*Options._drop_tables_default, *SETTING_TABLES})
    out = BytesIO()
    with mpl.rc_context({"pdf.fonttype": 42, "savefig.bbox": None}):  # 42: type that can be searched and edited
        figure.savefig(out, format="pdf", dpi=PICTURE_DPI, metadata={"CreationDate": None})
    return out.getvalue()


def count_marks(artist: Artist) -> int:
    """Return how many marks an artist draws.

    Examples
    --------
    >>> count_marks(Line2D([0, 1, 2], [0, 1, 2], marker="o", linestyle=""))
    3
    """
    if isinstance(artist, Line2D):
        return len(artist.get_xdata(orig=False)) if artist.get_marker() not in (None, "", "None", " ") else 1
    if isinstance(artist, Collection):
        array = artist.get_array()
        n_offsets = len(np.atleast_2d(artist.get_offsets())) if artist.get_offsets() is not None else 0
        return max(0 if array is None else np.size(array), n_offsets, len(artist.get_paths()))
    return 0


def _embed(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{b64encode(content).decode()}"


def _offer(name: str, data: pd.DataFrame) -> str:
    shown = data.copy()
    for column in shown.columns[shown.columns.isin(PEOPLE)]:
        shown[column] = [hide_small(int(n)) if pd.notna(n) else "" for n in shown[column]]
    content = shown.to_csv(sep="\t", lineterminator="\n", float_format="%.6g").encode()
    return f' <a class="figure-data" download="{name}.tsv" href="{_embed("text/tab-separated-values", content)}">Data (TSV)</a>'
