"""Slides and editions of a book that was run: they fit, they are legible, they need no network, and students find no solution."""

import re

import nbformat
import pytest
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from helpers.book.pages import PROMPT_CODE, prepare_page, unfold_solutions
from helpers.classroom.book_editions import find_solutions, list_solutions, stage_edition, write_answers
from helpers.classroom.decks import write_decks
from helpers.classroom.slides import MOST_SLIDES, make_deck
from helpers.contract import load_cohort
from helpers.course import read_exercises
from helpers.problems import CohortError
from helpers.run.execution import NOTEBOOKS_DIR
from tests.book_fixtures import open_browser
from tests.support import EXAMPLE

FACTS = {"title": "Mini", "kind": "simulated", "n_participants": 12}
CHAPTERS_WITH_EXERCISES = sorted({one.chapter for one in read_exercises().values()})
LOADED = re.compile(r"<(?:script|img|link)\b[^>]*\b(?:src|href)=[\"'](?:https?:)?//", re.IGNORECASE)


def draw(name, height):
    return new_output(
        "execute_result",
        {
            "text/html": f'<figure class="book-figure" id="figure-{name}"><img src="../figures/{name}.svg" width="518" height="{height}" '
            f'alt="A [drawing]."><figcaption class="caption"><span>Figure 1.{height % 7}.</span> What is shown. And how.</figcaption></figure>'
        },
    )


def make_page(n_sections):
    """A chapter with two figures a section, one too tall, and everything that slides leave out."""
    cells = [new_markdown_cell("# Title\n\n**Question.** Who is it? {cite:p}`an2024`")]
    for number in range(n_sections):
        cells.append(
            new_markdown_cell(
                f"## Section {number}\n\nA sentence ({{term}}`word`). [Table](#table-x) too.\n\n```{{note}}\nHidden.\n```"
            )
        )
        cells.append(
            new_code_cell(
                "show()",
                outputs=[new_output("execute_result", {"text/markdown": "Of 9, 4 are high."}), draw(f"a{number}", 300)],
            )
        )
        cells.append(new_code_cell("show()", outputs=[draw(f"b{number}", 900)]))
        cells.append(new_markdown_cell("### Below\n\nMore of it."))
    cells.append(new_markdown_cell("## Exercises\n\nNot here.", metadata={"tags": ["course"]}))
    cells.append(new_markdown_cell("## Take-aways\n\n- **One.** This.\n* **Two.** That."))
    return new_notebook(cells=cells)


def test_a_deck_says_what_the_page_says_within_its_limits():
    deck = make_deck(make_page(2), "01_cohort", "Mini")
    assert [slide.title for slide in deck[:4]] == ["Title", "Section 0", "Below", "Section 1"]
    assert deck[0].points == ("Who is it?", "*Mini*", "**Simulated data: nothing here is a finding about people.**")
    first = deck[1]
    assert first.points[0] == "A sentence (word). Table too." and first.picture.caption == "What is shown. And how."
    assert any("too tall for a slide" in point for point in first.points)
    assert deck[-1].points == ("**One.** This.", "**Two.** That.")
    text = " ".join(point for slide in deck for point in slide.points)
    assert "Hidden" not in text and "Not here" not in text and "{" not in text
    assert len([slide for slide in deck if slide.title.startswith("Question")]) == 5


@pytest.mark.parametrize("n_sections", [12, 40])
def test_a_long_chapter_keeps_its_figures_and_its_end_within_25_slides(n_sections):
    deck = make_deck(make_page(n_sections), "01_cohort", "Mini")
    assert len(deck) == MOST_SLIDES and deck[-1].title == "Take-aways"
    assert sum(slide.picture is not None for slide in deck) >= 12


def test_solutions_are_found_in_pages_notebooks_and_the_search(tmp_path):
    solutions = {"one": "smd = difference / spread_of_ages\nsmd"}
    (tmp_path / "clean.html").write_text("<p>difference</p>")
    assert find_solutions(tmp_path, solutions) == []
    (tmp_path / "page.html").write_text(
        "<pre><span>smd</span> <span>=</span> difference / <b>spread_of_ages</b>\n<span>smd</span></pre>"
    )
    nbformat.write(new_notebook(cells=[new_code_cell(solutions["one"])]), tmp_path / "book.ipynb")
    assert find_solutions(tmp_path, solutions) == ["book.ipynb: one", "page.html: one"]
    for name in ("page.html", "book.ipynb"):
        (tmp_path / name).unlink()
    (tmp_path / "searchindex.js").write_text("Search.setIndex({terms:{spread_of_ages:1}})")
    assert find_solutions(tmp_path, solutions) == ["searchindex.js: spread_of_ages"]


def test_every_solution_is_looked_for():
    assert len(list_solutions()) > 90


def test_slides_of_what_was_not_run_or_into_a_folder_that_exists_are_refused(tmp_path):
    with pytest.raises(CohortError) as refused:
        write_decks(load_cohort(EXAMPLE, blocks=[]), tmp_path, tmp_path)
    assert len(refused.value.problems) == 2


@pytest.mark.book
def test_editions_of_the_book(built_book, tmp_path):
    """What is rendered is in the stage: no solution for students, all of them and every answer for teachers."""
    cohort, output = load_cohort(EXAMPLE), built_book.parent
    stage_edition("student", cohort, output, tmp_path / "student")
    assert find_solutions(tmp_path / "student", list_solutions()) == []
    pages = {
        path.stem: path.read_text(encoding="utf-8") for path in (tmp_path / "student" / "notebooks").glob("*.ipynb")
    }
    assert all(PROMPT_CODE in pages[chapter] for chapter in CHAPTERS_WITH_EXERCISES)
    contents = (tmp_path / "student" / "_toc.yml").read_text()
    assert "how_to_teach" not in contents and "teaching/exercises" in contents
    stage_edition("teacher", cohort, output, tmp_path / "teacher")
    answers = (tmp_path / "teacher" / "book" / "teaching" / "answers.md").read_text(encoding="utf-8")
    assert answers == write_answers(cohort, output / "results") and answers.count("### ") == len(read_exercises())
    assert "no answer in this run" not in answers
    files = [
        entry["file"]
        for part in yaml.safe_load((tmp_path / "teacher" / "_toc.yml").read_text())["parts"]
        for chapter in part["chapters"]
        for entry in chapter.get("sections", [])
    ]
    assert "book/teaching/answers" in files
    assert "hide-cell" not in (tmp_path / "teacher" / "notebooks" / "01_cohort.ipynb").read_text(encoding="utf-8")


@pytest.mark.book
@pytest.mark.browser
def test_slides_of_the_book_fit_and_need_no_network(built_book, tmp_path):
    """Looked at in a browser of the size of a projector: the fullest deck of a real run."""
    (length,) = write_decks(load_cohort(EXAMPLE), built_book.parent, tmp_path / "slides", chapters=["03_brain"])
    assert length <= MOST_SLIDES
    asked = []
    with open_browser() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.on("request", lambda request: asked.append(request.url))
        page.goto((tmp_path / "slides" / "03_brain.html").as_uri())
        page.wait_for_function("window.Reveal && Reveal.isReady()")
        measured = page.evaluate(
            """() => Reveal.getSlides().map((slide) => {
                const at = Reveal.getIndices(slide); Reveal.slide(at.h, at.v);
                return [slide.scrollHeight, slide.scrollWidth, [...slide.querySelectorAll("img")].every((image) => image.alt)];
            })"""
        )
    assert len(measured) == length
    assert all(height <= 720 and width <= 1280 and has_alt for height, width, has_alt in measured), measured
    assert not [address for address in asked if not address.startswith("file:")]
    for path in (tmp_path / "slides").glob("*.html"):
        assert not LOADED.search(path.read_text(encoding="utf-8")), path.name


def test_solutions_fold_on_pages_and_open_for_teachers():
    page = prepare_page(nbformat.read(NOTEBOOKS_DIR / "01_cohort.ipynb", as_version=4), FACTS)
    unfold_solutions(page)
    solved = [cell for cell in page.cells if "solution" in cell.metadata.get("tags", [])]
    assert solved and not [cell for cell in solved if "hide-cell" in cell.metadata.tags or "mystnb" in cell.metadata]
