"""Figures of a run as files for print: SVG and PDF, as wide as one or two columns of a journal, fonts inside."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from html import unescape
from io import BytesIO

from fontTools import subset
from fontTools.ttLib import TTFont
from matplotlib.font_manager import FontProperties, findfont
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DecodedStreamObject, NameObject, RectangleObject

from helpers.report.reading import RunRecord

WIDTHS_MM = (85, 180)
POINTS_PER_MM = 72 / 25.4
FONT = "DejaVu Sans"  # the one in which figures are laid out
_FIGURE = re.compile(
    r'<figure class="book-figure" id="figure-(?P<name>[\w-]+)"><img src="data:(?P<type>[\w/+-]+);base64,(?P<content>[\w+/=]+)"'
    r' width="(?P<width>\d+)" height="(?P<height>\d+)" alt="(?P<alt>[^"]*)">'
    r'<figcaption class="caption">(?P<caption>.*?)(?:\s*<a .*)?</figcaption>',
    re.DOTALL,
)
_ROOT = re.compile(r'<svg (?P<before>[^>]*?)width="[^"]*" height="[^"]*"')
_FAMILY = re.compile(r"(font-family:|font: [^;\"]*?px) *(?='Arial')")
_TEXT = re.compile(r"<(?:text|tspan)\b[^>]*>([^<]*)")
_BOLD = re.compile(r"font(?:-weight)?: *(?:bold|700)")
_PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1" viewBox="0 0 {width} {height}">'
    '<image width="{width}" height="{height}" href="data:{type};base64,{content}"/></svg>'
)


@dataclass(frozen=True)
class Drawing:
    """A figure as its page has it.

    Attributes
    ----------
    chapter, name, caption, alt : str
    svg : str
    pdf : bytes
    ratio : float
        Height over width.
    """

    chapter: str
    name: str
    caption: str
    alt: str
    svg: str
    pdf: bytes
    ratio: float


def find_drawings(record: RunRecord) -> Iterator[Drawing]:
    """Yield the figures of the executed chapters, in order.

    Parameters
    ----------
    record : RunRecord

    Notes
    -----
    A figure with too many marks for a drawing is a picture inside both files.
    """
    for chapter, executed in record.chapters.items():
        for cell in executed.page.cells:
            for data in (output.get("data", {}) for output in cell.get("outputs", [])):
                found = _FIGURE.search(data.get("text/html", ""))
                if found and "application/pdf" in data:
                    yield _take(chapter, found, b64decode(data["application/pdf"]))


def _take(chapter: str, found: re.Match[str], pdf: bytes) -> Drawing:
    is_drawing = found["type"] == "image/svg+xml"
    svg = b64decode(found["content"]).decode() if is_drawing else _PICTURE.format(**found.groupdict())
    caption, alt = (unescape(found[part]) for part in ("caption", "alt"))
    return Drawing(chapter, found["name"], caption, alt, svg, pdf, int(found["height"]) / int(found["width"]))


def list_letters(drawings: Iterable[Drawing]) -> str:
    """Return the letters that drawings have, each once.

    Parameters
    ----------
    drawings : iterable of Drawing
    """
    return "".join(sorted({letter for one in drawings for text in _TEXT.findall(one.svg) for letter in unescape(text)}))


def write_svg(drawing: Drawing, width_mm: float, letters: str) -> bytes:
    """Return the drawing as SVG of a width, with the outlines of letters inside.

    Parameters
    ----------
    drawing : Drawing
    width_mm : float
    letters : str
        From :func:`list_letters`; those of all drawings, as making a set of outlines takes long.
    """
    size = f'width="{width_mm:g}mm" height="{width_mm * drawing.ratio:.2f}mm"'
    svg = _ROOT.sub(lambda root: f"<svg {root['before']}{size}", drawing.svg, count=1)
    svg = _FAMILY.sub(rf"\1 '{FONT}', ", svg)
    weights = [False] * bool(_TEXT.search(svg)) + [True] * bool(_BOLD.search(svg))
    faces = "".join(_write_face(letters, is_bold) for is_bold in weights)
    return re.sub(r"(<svg [^>]*>)", rf"\1<style>{faces}</style>", svg, count=1).encode() if faces else svg.encode()


@cache
def _write_face(letters: str, is_bold: bool) -> str:
    """Return the rule that carries the outlines of some letters."""
    weight = "bold" if is_bold else "normal"
    font = TTFont(findfont(FontProperties(family=FONT, weight=weight)), recalcTimestamp=False)
    options = subset.Options(layout_features=[], notdef_outline=True, name_IDs=[], hinting=False)
    options.drop_tables += ["FFTM"]
    cutter = subset.Subsetter(options)
    cutter.populate(text=letters)
    cutter.subset(font)
    out = BytesIO()
    font.flavor = "woff"
    font.save(out)
    source = b64encode(out.getvalue()).decode()
    return f"@font-face{{font-family:'{FONT}';font-weight:{weight};src:url(data:font/woff;base64,{source})}}"


def write_pdf(drawing: Drawing, width_mm: float) -> bytes:
    """Return the drawing as PDF of a width.

    Parameters
    ----------
    drawing : Drawing
    width_mm : float
    """
    writer = PdfWriter(clone_from=PdfReader(BytesIO(drawing.pdf)))
    page, width = writer.pages[0], width_mm * POINTS_PER_MM
    scale = width / float(page.mediabox.width)
    around = [writer._add_object(_make_stream(text)) for text in (f"q {scale:.6f} 0 0 {scale:.6f} 0 0 cm\n", "\nQ")]
    page[NameObject("/Contents")] = ArrayObject([around[0], page.raw_get("/Contents"), around[1]])
    page.mediabox = RectangleObject((0, 0, width, width * drawing.ratio))
    writer.add_metadata({"/Title": drawing.caption.split(". ")[0]})
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def _make_stream(text: str) -> DecodedStreamObject:
    stream = DecodedStreamObject()
    stream.set_data(text.encode())
    return stream
