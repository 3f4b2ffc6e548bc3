"""Render decks with sphinx-revealjs: pages that need no network and nothing but a browser."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import nbformat

from helpers.book import BookError
from helpers.book.figures import FOLDER, take_figures
from helpers.book.numbering import number_captions, number_chapters
from helpers.book.pages import prepare_page
from helpers.classroom.slides import LONGEST_CAPTION, Slide, make_deck, shorten
from helpers.contract import Cohort
from helpers.problems import CohortError, Problem
from helpers.run import CHAPTERS
from helpers.run.engine import PAGES
from helpers.simulate import whole_folder
from helpers.tables import PROJECT_ROOT

CONF = """import sys

sys.path.insert(0, EXTENSIONS)
from resilience_frame import copy_mathjax

extensions = ["myst_parser", "sphinx_revealjs"]
project = "The resilience book"
language = "en"
myst_enable_extensions = ["colon_fence", "dollarmath"]
suppress_warnings = ["myst.header"]
exclude_patterns = []
revealjs_style_theme = "white"
revealjs_static_path = ["_static"]
revealjs_css_files = ["deck.css"]
revealjs_script_conf = {"width": 1280, "height": 720, "margin": 0.03, "center": False, "hash": True, "slideNumber": "c/t", "transition": "none"}
revealjs_script_plugins = [{"name": "RevealNotes", "src": "revealjs/plugin/notes/notes.js"}]
mathjax_path = "mathjax/tex-chtml.js"


def setup(app):
    app.connect("builder-inited", copy_mathjax)
"""
EXTENSIONS = PROJECT_ROOT / "book" / "_ext"  # has what brings MathJax along
STYLE = """.reveal { font-size: 29px; color: #1a1a1a; }
.reveal .slides section { text-align: left; }
.reveal .slides h1, .reveal .slides h2 { font-size: 38px; text-transform: none; letter-spacing: 0; margin: 0 0 12px; color: #1a1a1a; }
.reveal .slides h1 { font-size: 60px; margin-top: 120px; }
.reveal .slides ul { margin-left: 1em; } .reveal .slides li { margin-bottom: 14px; line-height: 1.35; }
.reveal .slides .beside { display: grid; grid-template-columns: 29fr 71fr; gap: 28px; align-items: start; }
.reveal .slides .beside li { font-size: 22px; } .reveal .slides .beside > div { min-width: 0; }
.reveal .slides .picture { text-align: center; }
.reveal .slides .picture img { width: 100%; height: 560px; object-fit: contain; margin: 0; max-width: none; max-height: none; background: #fff; }
.reveal .slides .picture p { margin: 0; } .reveal .slides .caption { font-size: 17px; line-height: 1.3; text-align: left; color: #3a3a3a; }
.reveal .slides pre { width: 100%; font-size: 18px; box-shadow: none; } .reveal .slides pre code { max-height: none; line-height: 1.4; white-space: pre-wrap; }
.reveal .slide-number { color: #1a1a1a; background: #fff; }
"""
INDEX = "# Slides\n\n{title}. Arrow keys turn the page, S opens the speaker's notes, F fills the screen.\n\n{links}\n"


def write_decks(cohort: Cohort, output_dir: Path, folder: Path, *, chapters: Sequence[str] = ()) -> tuple[int, ...]:
    """Write a deck of slides per chapter from the executed chapters of a run.

    Parameters
    ----------
    cohort : Cohort
        That of the run.
    output_dir : pathlib.Path
        Output folder of the run.
    folder : pathlib.Path
        New: gets ``<chapter>.html`` and what they need; works offline.
    chapters : sequence of str, optional
        By default the chapters that were run, without labs.

    Returns
    -------
    tuple of int
        Number of slides of each deck.

    Raises
    ------
    CohortError
        When the folder exists, or a chapter was not run.
    BookError
        When the slides cannot be rendered.
    """
    wanted = list(chapters) or [
        c.id for c in CHAPTERS if not c.id.startswith("lab_") and (output_dir / PAGES / f"{c.id}.ipynb").is_file()
    ]
    _refuse(output_dir, folder, wanted)
    with whole_folder(folder, overwrite=False) as partial:
        source = partial / ".source"
        decks = {chapter: _write_source(cohort, output_dir, chapter, source) for chapter in wanted}
        titles = {chapter: deck[0].title for chapter, deck in decks.items()}
        links = "\n".join(f"* [{title}]({chapter}.md)" for chapter, title in titles.items())
        (source / "index.md").write_text(INDEX.format(title=cohort.settings.title, links=links), encoding="utf-8")
        (source / "conf.py").write_text(f"EXTENSIONS = {str(EXTENSIONS)!r}\n{CONF}", encoding="utf-8")
        (source / "_static").mkdir()
        (source / "_static" / "deck.css").write_text(STYLE, encoding="utf-8")
        _render(source, partial)
        shutil.rmtree(source)
    return tuple(map(len, decks.values()))


def _refuse(output_dir: Path, folder: Path, wanted: Sequence[str]) -> None:
    problems = []
    if folder.exists():
        problems.append(Problem("--into", None, None, f"{folder}, which exists", "a new folder", "name another."))
    fix = "run the book first: resilience-book run COHORT."
    absent = (
        [chapter for chapter in wanted if not (output_dir / PAGES / f"{chapter}.ipynb").is_file()]
        if wanted
        else ["any chapter"]
    )
    problems += [
        Problem(str(output_dir), None, None, f"no executed page of {chapter}", "a finished run", fix)
        for chapter in absent
    ]
    if problems:
        raise CohortError(problems)


def _write_source(cohort: Cohort, output_dir: Path, chapter: str, source: Path) -> tuple[Slide, ...]:
    settings = cohort.settings
    facts = {"title": settings.title, "kind": settings.kind, "n_participants": len(cohort.participants)}
    executed = nbformat.read(output_dir / PAGES / f"{chapter}.ipynb", as_version=4)
    page, files = take_figures(prepare_page(executed, facts, source=chapter), chapter)
    page = number_captions(page, number_chapters([c.id for c in CHAPTERS])[chapter])
    deck = make_deck(page, chapter, settings.title, is_simulated=cohort.is_simulated)
    for name, content in files.items():
        path = source / name.removeprefix(f"{FOLDER}/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    source.mkdir(parents=True, exist_ok=True)
    text = "\n\n".join(["---\norphan: true\n---", *map(write_slide, deck, [True] + [False] * len(deck))])
    (source / f"{chapter}.md").write_text(text, encoding="utf-8")
    return deck


def write_slide(slide: Slide, is_first: bool = False) -> str:
    """Return a slide as MyST.

    Parameters
    ----------
    slide : Slide
    is_first : bool, default False
        The deck's title.

    Examples
    --------
    >>> print(write_slide(Slide("Cohort", ("Who is in it?",)), True))
    # Cohort
    <BLANKLINE>
    * Who is in it?
    """
    points = "\n".join(f"* {point}" for point in slide.points)
    parts = [f"{'#' if is_first else '##'} {slide.title}"]
    if slide.picture is not None:
        parts.append(_write_beside(points, slide))
    elif points:
        parts.append(points)
    if slide.code:
        parts.append(f"```python\n{slide.code}\n```")
    if slide.notes:
        parts.append(f"::::::{{revealjs-notes}}\n{slide.notes}\n::::::")
    return "\n\n".join(parts)


def _write_beside(points: str, slide: Slide) -> str:
    """Return points on the left and a figure with its caption on the right."""
    picture = slide.picture
    shown = f"**{picture.number}.** {shorten(picture.caption, LONGEST_CAPTION) or picture.caption}"
    alt = picture.alt.replace("[", "(").replace("]", ")")
    left = f"::::{{container}} points\n{points}\n::::"
    image = f"![{alt}]({picture.source.removeprefix('../')})"
    right = f"::::{{container}} picture\n{image}\n\n:::{{container}} caption\n{shown}\n:::\n::::"
    return f":::::{{container}} beside\n{left}\n\n{right}\n:::::"


def _render(source: Path, target: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-b",
        "revealjs",
        "-q",
        "-W",
        "--keep-going",
        "-d",
        str(source / ".doctrees"),
        str(source),
        str(target),
    ]
    environment = os.environ | {"PYTHONUTF8": "1", "NO_COLOR": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        said = done.stderr.replace(str(source), "").splitlines()[-15:]
        raise BookError("\n".join(["The slides were not rendered; a warning counts as an error.", *said]))
