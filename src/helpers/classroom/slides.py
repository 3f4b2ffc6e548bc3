"""A chapter as a deck of slides: its sections, with the figures and sentences of one run, cut to what a slide holds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import unescape

from nbformat import NotebookNode

from helpers.course import read_exercises, read_quizzes
from helpers.run.pages import COURSE

MOST_SLIDES = 25
LONGEST_POINT, LONGEST_CAPTION = 210, 190  # characters
SHORT = 60  # a sentence by itself says too little
TALLEST = 745  # CSS pixels of a figure as drawn: on 560 of a slide, type of 10 points is 10 pixels
MOST_POINTS, MOST_POINTS_BESIDE = 4, 2  # on a slide of text; beside a figure
MOST_LINES = 16  # of code
MOST_TAKEAWAYS = 6
LEFT_OUT = frozenset({"By hand", "Exercises", "Quiz", "Sources", "How this page was made", "Take-aways"})
HEADING = re.compile(r"^(#{1,3}) (.+)$", re.MULTILINE)
SENTENCE = re.compile(r"(?:(?<=[.?!])|(?<=[.?!]\*\*))\s+(?=[A-Z*`])")
FIGURE = re.compile(r'<figure class="book-figure" id="figure-(?P<name>[\w-]+)">.*?</figure>', re.DOTALL)
IMAGE = re.compile(
    r'<img [^>]*?src="(?P<source>[^"]+)"[^>]*?height="(?P<height>[\d.]+)"[^>]*?alt="(?P<alt>[^"]*)"', re.DOTALL
)
NUMBER = re.compile(r"(?P<number>Figure \w+\.\d+)\.\s*")
CAPTION = re.compile(r"<figcaption[^>]*>(?P<text>.*?)</figcaption>", re.DOTALL)
SIMULATED = "Simulated data: nothing here is a finding about people."


@dataclass(frozen=True)
class Picture:
    """A figure of the run: its file, the text that stands for it, its number and caption, its height in CSS pixels."""

    source: str
    alt: str
    number: str
    caption: str
    height: float

    @property
    def is_legible(self) -> bool:
        """Whether its type, 10 points as drawn, is still large enough where the figure is as high as a slide has room."""
        return self.height <= TALLEST


@dataclass
class Section:
    """What a chapter says under one heading."""

    title: str
    level: int
    texts: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)


@dataclass(frozen=True)
class Slide:
    """One slide.

    Attributes
    ----------
    title : str
    points : tuple of str
        Markdown, a line each.
    picture : Picture or None
    code : str
        Python; empty for none.
    notes : str
        For the speaker.
    is_spare : bool
        It may go where a deck gets too long.
    """

    title: str
    points: tuple[str, ...] = ()
    picture: Picture | None = None
    code: str = ""
    notes: str = ""
    is_spare: bool = False


def make_deck(page: NotebookNode, chapter: str, cohort_title: str, *, is_simulated: bool = True) -> tuple[Slide, ...]:
    """Return the slides of a chapter, 25 at most.

    Parameters
    ----------
    page : NotebookNode
        As the book shows it: figures in files, captions with numbers.
    chapter : str
        Its id.
    cohort_title : str
        Named on the first slide.
    is_simulated : bool, default True
        Said on the first slide, too.
    """
    sections = split_sections(page)
    start = _open(sections[0], cohort_title, is_simulated)
    body = [slide for section in sections[1:] if section.title not in LEFT_OUT for slide in _make_slides(section)]
    end = [*_show_by_hand(page), *_list_exercises(chapter)]
    last = _take_away(sections)
    quiz = _ask(chapter)
    room = MOST_SLIDES - 1 - len(end) - len(last)
    body = _thin_out(body, room)
    return (start, *body, *end, *quiz[: max(room - len(body), 0)], *last)


def split_sections(page: NotebookNode) -> list[Section]:
    """Return what a page says under each of its headings; what is for students only is left out."""
    sections = [Section("", 1)]
    for cell in page.cells:
        if COURSE in cell.metadata.get("tags", []):
            continue
        if cell.cell_type == "markdown":
            _read_text(cell.source, sections)
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "text/markdown" in data:
                sections[-1].said += _list_paragraphs(data["text/markdown"])
            sections[-1].pictures += _find_pictures(data.get("text/html", ""))
    return [section for section in sections if section.title]


def _read_text(text: str, sections: list[Section]) -> None:
    parts = HEADING.split(_drop_blocks(text))
    sections[-1].texts += _list_paragraphs(parts[0])
    for marks, title, below in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        sections.append(Section(flatten(title), len(marks), _list_paragraphs(below)))


def _drop_blocks(text: str) -> str:
    """Return text without front matter, comments and blocks of directives or code."""
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)
    return re.sub(r"^(`{3,}|:{3,})[^\n]*\n.*?^\1$", "", text, flags=re.DOTALL | re.MULTILINE)


def _list_paragraphs(text: str) -> list[str]:
    return [flatten(part) for part in re.split(r"\n\s*\n", _drop_blocks(text)) if part.strip()]


def flatten(text: str) -> str:
    """Return Markdown on its own: citations go, terms and links keep their words.

    Examples
    --------
    >>> flatten("Reads are no amounts ({term}`compositional data`) {cite:p}`gloor2017`; see [Table 4.2](#table-x).")
    'Reads are no amounts (compositional data); see Table 4.2.'
    """
    text = re.sub(r"\s*\{cite:\w+\}`[^`]*`", "", text)
    text = re.sub(r"\{\w+\}`([^`<]*?)(?:\s*<[^`]*>)?`", r"\1", text)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    if re.match(r"[*-] |\d+\. ", text.strip()):
        return "\n".join(" ".join(line.split()) for line in re.split(r"\n(?=[*-] |\d+\. )", text.strip()))
    return " ".join(text.split())


def shorten(text: str, longest: int = LONGEST_POINT) -> str:
    """Return as many whole sentences as there is room for; nothing where the first is longer.

    Examples
    --------
    >>> shorten("One thing. Another thing.", 12), shorten("A sentence too long for it.", 12)
    ('One thing.', '')
    """
    kept = ""
    for sentence in SENTENCE.split(text):
        longer = f"{kept} {sentence}".strip()
        if len(longer) > longest and not (0 < len(kept) < SHORT < longest and len(longer) <= 1.4 * longest):
            break
        kept = longer
    return kept if kept.count("**") % 2 == 0 else kept.replace("**", "")


def _find_pictures(html: str) -> list[Picture]:
    found = []
    for figure in FIGURE.finditer(html):
        image, caption = IMAGE.search(figure[0]), CAPTION.search(figure[0])
        if image is not None:
            told = unescape(re.sub(r"<a .*?</a>|<[^>]+>", "", caption["text"])) if caption else ""
            told = " ".join(told.split())
            number = NUMBER.match(told)
            caption = told[number.end() :] if number else told
            label = number["number"] if number else "Figure"
            found.append(Picture(image["source"], unescape(image["alt"]), label, caption, float(image["height"])))
    return found


def _open(section: Section, cohort_title: str, is_simulated: bool) -> Slide:
    asked = [text for text in section.texts if text.startswith("**Question.**")]
    points = [shorten(text.removeprefix("**Question.**").strip(), 2 * LONGEST_POINT) for text in asked]
    points += [f"*{cohort_title}*"] + ([f"**{SIMULATED}**"] if is_simulated else [])
    return Slide(section.title, tuple(filter(None, points)), notes=" ".join(section.texts))


def _make_slides(section: Section) -> list[Slide]:
    """Return a slide per figure, or one of text; none where a section says nothing."""
    texts = [text for text in section.texts if not text.startswith(("* ", "- ", "|", "1. "))]
    points = [shorten(text) for text in [*texts[:1], *section.said[:2], *texts[1:]]]
    points = [re.sub(r"^[*-] ", "", point) for point in dict.fromkeys(points) if point and not point.endswith(":")]
    tall = [
        f"*{one.number} is too tall for a slide: show it on the page.*"
        for one in section.pictures
        if not one.is_legible
    ]
    pictures = [picture for picture in section.pictures if picture.is_legible]
    notes = "\n\n".join([*section.texts, *section.said])
    is_spare = section.level > 2
    if not pictures:
        shown = points[: MOST_POINTS - len(tall)] + tall
        return [Slide(section.title, tuple(shown), notes=notes, is_spare=not tall)] if shown else []
    first = Slide(section.title, (*points[:MOST_POINTS_BESIDE], *tall), pictures[0], notes=notes, is_spare=is_spare)
    rest = points[MOST_POINTS_BESIDE:]
    others = [
        Slide(section.title, tuple(rest[number : number + 1]), picture, notes=notes, is_spare=True)
        for number, picture in enumerate(pictures[1:])
    ]
    return [first, *others]


def _thin_out(slides: list[Slide], room: int) -> list[Slide]:
    """Take spare slides out from the end, those of text before figures, until there is room for all."""
    kept = list(slides)
    for has_picture in (False, True):
        for slide in reversed([one for one in slides if one.is_spare and (one.picture is not None) == has_picture]):
            if len(kept) > room:
                kept = [one for one in kept if one is not slide]
    return kept[:room]


def _show_by_hand(page: NotebookNode) -> list[Slide]:
    cells = [cell for cell in page.cells if cell.cell_type == "code" and "by-hand" in cell.metadata.get("tags", [])]
    cells = [cell for cell in cells if len(cell.source.splitlines()) <= MOST_LINES]
    return [Slide("By hand", code=cells[0].source)] if cells else []


def _list_exercises(chapter: str) -> list[Slide]:
    own = [one for one in read_exercises().values() if one.chapter == chapter]
    points = tuple(f"**{one.id}** {one.title} ({one.minutes} minutes)" for one in own)
    return [Slide("Exercises", points, notes="Each is in the notebook, and checked at once.")] if own else []


def _ask(chapter: str) -> list[Slide]:
    """Return a slide per question of the quiz; which option is right stands in the notes."""
    slides = []
    for number, question in enumerate(read_quizzes().get(chapter, ()), start=1):
        said = " ".join(
            f"{option.text}: {'right' if option.is_right else 'wrong'}. {option.says}" for option in question.options
        )
        points = (
            " ".join(question.asks.split()),
            *(
                f"{letter}) {' '.join(one.text.split())}"
                for letter, one in zip("abcdef", question.options, strict=False)
            ),
        )
        slides.append(Slide(f"Question {number}", points, notes=said))
    return slides


def _take_away(sections: Iterable[Section]) -> list[Slide]:
    found = next((section for section in sections if section.title == "Take-aways"), None)
    if found is None:
        return []
    points = [line[2:] for text in found.texts for line in text.splitlines() if line.startswith(("* ", "- "))]
    short = [shorten(point) or point for point in points[:MOST_TAKEAWAYS]]
    return [Slide("Take-aways", tuple(short), notes=" ".join(points))]
