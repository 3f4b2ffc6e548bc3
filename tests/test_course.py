"""The exercises and quizzes of the course: right answers in every form are accepted, wrong ones named, solutions not given away."""

import json
import re
from html.parser import HTMLParser

import jupytext
import numpy as np
import pandas as pd
import pytest
import yaml

from helpers.book import prepare_download, prepare_page
from helpers.course import check_answer, open_chapter, read_exercises, read_quizzes, write_quiz
from helpers.course.answers import ANSWERS, Answer
from helpers.course.checking import find_answer, judge_answer
from helpers.course.exercises import EXERCISES_FILE, read_needs
from helpers.course.places import Shelf
from helpers.course.values import Unreadable, read_letter, read_names, read_number
from helpers.problems import CohortError, MissingResult, TooLittle
from helpers.run import CHAPTERS
from helpers.run.execution import NOTEBOOKS_DIR
from helpers.run.pages import leave_out
from helpers.tables import PROJECT_ROOT
from tests.support import EXAMPLE
from tools.write_exercises import write_exercises

EXERCISES = read_exercises()
BOOK_CHAPTERS = [chapter.id for chapter in CHAPTERS if not chapter.id.startswith("lab_") and chapter.is_taught]
LABS = [chapter.id for chapter in CHAPTERS if chapter.id.startswith("lab_")]
NEEDS_NO_TABLE = [
    name for name, one in EXERCISES.items() if one.form == "letter" or name in ("03.1", "04.1")
]  # known without a run
FACTS = {"name": "example", "title": "Example", "kind": "simulated", "n_participants": 116}


def notebook(chapter):
    return jupytext.read(NOTEBOOKS_DIR / f"{chapter}.md")


def text_of(chapter):
    return "\n\n".join(cell.source for cell in notebook(chapter).cells if cell.cell_type == "markdown")


def test_every_chapter_has_four_exercises_every_lab_three_of_several_kinds():
    for chapters, least in ((BOOK_CHAPTERS, 4), (LABS, 3)):
        for chapter in chapters:
            own = [one for one in EXERCISES.values() if one.chapter == chapter]
            assert len(own) >= least, chapter
            assert len({one.activity for one in own}) >= 2, chapter
            assert len({one.level for one in own}) >= 2, chapter


def test_sixty_wrong_answers_and_each_has_its_own_words():
    words = [text for one in EXERCISES.values() for text in one.wrong.values()]
    assert len(words) >= 60
    for one in EXERCISES.values():
        assert len(set(one.wrong.values())) == len(one.wrong)


def test_what_is_written_down_is_answered_and_the_other_way_round():
    assert set(ANSWERS) == set(EXERCISES)
    assert {one.chapter for one in EXERCISES.values()} == set(read_needs())


@pytest.mark.parametrize("chapter", [*BOOK_CHAPTERS, *LABS])
def test_notebook_asks_what_is_written_down(chapter):
    """Heading, box and goal of each exercise are those of the file; each has a solution that is checked."""
    cells = notebook(chapter).cells
    solutions = "\n".join(c.source for c in cells if c.cell_type == "code" and "solution" in c.metadata.get("tags", []))
    for one in EXERCISES.values():
        if one.chapter == chapter:
            asked = next(c.source for c in cells if c.source.startswith(f"### Exercise {one.id}: "))
            assert asked.splitlines()[0] == f"### Exercise {one.id}: {one.title}"
            assert f"{{admonition}} {one.box_title}" in asked
            assert f"**Goal.** {one.goal[0].upper()}{one.goal[1:]}." in asked
            assert f'check_answer("{one.id}", ' in solutions
            if one.form == "letter":
                letters = re.findall(r"^\* \*\*(\w)\*\* ", asked, flags=re.MULTILINE)
                assert letters == ["a", "b", "c", "d"]
    assert set(re.findall(r'check_answer\("([\w.]+)"', solutions)) == {
        one.id for one in EXERCISES.values() if one.chapter == chapter
    }


@pytest.mark.parametrize("name", NEEDS_NO_TABLE)
def test_answers_that_need_no_table_are_checked_before_anything_is_open(name):
    answer = find_answer(EXERCISES[name], None)
    assert check_answer(name, answer.right).is_right
    for misconception, value in answer.wrong.items():
        found = check_answer(name, value)
        assert (found.is_right, found.misconception) == (False, misconception)


def test_the_list_of_exercises_is_of_today_and_every_plan_is_in_the_contents():
    page = PROJECT_ROOT / "book" / "teaching" / "exercises.md"
    assert page.read_text(encoding="utf-8") == write_exercises(), "run: make exercises"
    toc = yaml.safe_load((PROJECT_ROOT / "_toc.yml").read_text(encoding="utf-8"))
    door = next(entry for part in toc["parts"] for entry in part["chapters"] if entry["file"] == "book/how_to_teach")
    listed = {entry["file"] for entry in door["sections"]}
    assert listed == {f"book/teaching/{path.stem}" for path in page.parent.glob("*.md")}
    assert {f"book/teaching/{chapter}" for chapter in BOOK_CHAPTERS} <= listed


def test_plans_name_exercises_that_exist():
    for path in (PROJECT_ROOT / "book" / "teaching").glob("*.md"):
        named = set(re.findall(r"\b\d\d\.\d\b", path.read_text(encoding="utf-8")))
        assert named <= set(EXERCISES), path.name


def test_no_answer_yet_is_no_wrong_answer():
    assert str(check_answer("04.1", ...)).startswith("No answer yet")
    assert str(check_answer("04.1", None)).startswith("No answer yet")


def test_a_misspelt_exercise_names_the_nearest():
    assert "did you mean 04.1?" in str(check_answer("4.1", 20))


@pytest.mark.parametrize("value", ["a lot", True, [1, 2], np.nan, {"a": 1}, "1/2", pd.Series([1.0, 2.0])])
def test_what_is_no_number_is_said_to_be_none(value):
    found = check_answer("04.1", value)
    assert not found.is_right and "Give" in str(found)


def test_a_table_that_is_missing_names_the_command(tmp_path):
    with pytest.raises(MissingResult, match="resilience-book run"):
        open_chapter("04_microbiome", EXAMPLE, tmp_path)
    error = MissingResult("Run it.")
    assert error._render_traceback_() == ["MissingResult: Run it."]


def test_where_a_cohort_has_no_answer_that_is_said():
    exercise = EXERCISES["07.2"]
    found = judge_answer(exercise, Answer(np.nan, {"half_width": np.nan}), 0.2)
    assert "too little was measured" in found.text and not found.misconception
    assert judge_answer(exercise, Answer(0.1, {"half_width": np.nan}), 0.2).text.endswith(exercise.hint)


def test_another_kind_of_cohort_is_refused_with_the_reason(example_copy, tmp_path):
    (example_copy / "microbiome" / "taxa.tsv").unlink()
    with pytest.raises(TooLittle, match=r"no microbiome/taxa\.tsv"):
        open_chapter("04_microbiome", example_copy, tmp_path)
    settings = yaml.safe_load((example_copy / "cohort.yml").read_text())
    (example_copy / "cohort.yml").write_text(yaml.safe_dump(settings | {"covariates": ["age"]}))
    with pytest.raises(TooLittle, match="covariates"):
        open_chapter("07_verdict", example_copy, tmp_path)


def test_numbers_are_read_as_people_write_them():
    forms = [0.31, "0.31", "0,31", " 0.31 ", "31 %", "31%", np.float32(0.31), np.array(0.31), pd.Series([0.31])]
    forms += [pd.DataFrame({"a": [0.31]}), [0.31], "+.31", "3.1e-1"]
    assert all(read_number(form) == pytest.approx(0.31, rel=1e-6) for form in forms)
    assert read_number("−2") == -2
    assert read_letter("B.") == read_letter("(b)") == "b"
    assert read_names(["C02", "c01"]) == read_names("C01; C02") == read_names(pd.Index(["C01", "C02", "C01"]))
    for unreadable in ("", "bc", 3):
        with pytest.raises(Unreadable):
            read_letter(unreadable)


def test_an_entry_that_cannot_be_used_is_named(tmp_path, monkeypatch):
    source = yaml.safe_load(EXERCISES_FILE.read_text(encoding="utf-8"))
    source["exercises"]["04.1"] |= {"activity": "guess", "wrong": {"one": "Only one."}}
    (tmp_path / "exercises.yml").write_text(yaml.safe_dump(source))
    monkeypatch.setattr("helpers.course.exercises.EXERCISES_FILE", tmp_path / "exercises.yml")
    read_exercises.cache_clear()
    with pytest.raises(CohortError) as refused:
        read_exercises()
    read_exercises.cache_clear()
    assert [problem.column for problem in refused.value.problems] == ["04.1: activity", "04.1: wrong"]


class Quiz(HTMLParser):
    """Counts what a quiz is made of and remembers whether its tags are closed."""

    def __init__(self):
        super().__init__()
        self.open, self.options = [], []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        if tag == "details":
            self.options.append(dict(attrs)["class"])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("chapter", BOOK_CHAPTERS)
def test_quiz_has_five_questions_without_script_or_address(chapter):
    page, quiz = Quiz(), read_quizzes()[chapter]
    page.feed(write_quiz(chapter))
    assert page.open == []
    assert len(quiz) == 5
    assert len(page.options) == sum(len(question.options) for question in quiz)
    assert sum("quiz-right" in option for option in page.options) == 5
    assert not re.search(r"<script|https?:|onclick", write_quiz(chapter))
    for question in quiz:
        assert len({option.says for option in question.options}) == len(question.options)


def test_right_options_stand_in_different_places():
    places = [[o.is_right for o in q.options].index(True) for quiz in read_quizzes().values() for q in quiz]
    assert max(places.count(place) for place in set(places)) <= len(places) // 2


@pytest.mark.parametrize("chapter", [*BOOK_CHAPTERS, *LABS])
def test_student_edition_gives_no_answer_away(chapter):
    source = notebook(chapter)
    offered = prepare_download(source)
    given = "\n".join(cell.source for cell in offered.cells)
    solved = [c.source for c in source.cells if "solution" in c.metadata.get("tags", [])]
    assert solved
    assert not [text for text in solved if text in given]
    for name, one in EXERCISES.items():
        if one.chapter == chapter:
            assert f'check_answer("{name}", ...)' in given
        assert one.right not in given
        assert not [text for text in one.wrong.values() if text in given]
    assert "quiz-right" not in given and "{quiz}" not in given


def test_page_writes_the_quiz_out_and_folds_solutions():
    page = prepare_page(notebook("04_microbiome"), FACTS)
    shown = [cell.source for cell in page.cells if "quiz-question" in cell.source]
    assert len(shown) == 1 and "```{raw} html" in shown[0]
    solutions = [c for c in page.cells if "solution" in c.metadata.get("tags", []) and c.cell_type == "code"]
    assert solutions and all("hide-cell" in cell.metadata["tags"] for cell in solutions)
    assert {cell.metadata["mystnb"]["code_prompt_show"] for cell in solutions} == {"Show the solution"}
    code = [cell for cell in page.cells if cell.cell_type == "code" and cell not in solutions]
    by_hand = [cell for cell in code if "by-hand" in cell.metadata["tags"]]
    assert by_hand and not any("hide-input" in cell.metadata["tags"] for cell in by_hand)
    written = [cell for cell in code if "remove-cell" in cell.metadata["tags"]]
    assert written and all(
        "write_result(" in line or line == "if has_further:" for cell in written for line in cell.source.splitlines()
    )
    others = [cell for cell in code if cell not in by_hand + written]
    assert {cell.metadata["mystnb"]["code_prompt_show"] for cell in others} == {"Show code"}
    assert all("hide-input" in cell.metadata["tags"] for cell in others)


@pytest.mark.parametrize("chapter", BOOK_CHAPTERS)
def test_real_people_get_one_note_in_place_of_the_course(chapter):
    """A report of a researcher has no exercises; one note says where they stand."""
    tags = {tag for cell in notebook(chapter).cells for tag in cell.metadata.get("tags", [])}
    everything = {tag.removeprefix("needs-").removeprefix("only-") for tag in tags}
    page = leave_out(notebook(chapter), everything - {"simulated"})
    notes = [cell.source for cell in page.cells if "part for students" in cell.source]
    assert len(notes) == 1
    assert not [cell for cell in page.cells if "course" in cell.metadata.get("tags", [])]


def list_forms(exercise, right, rng):
    """Return a right answer in other forms."""
    if exercise.form == "letter":
        return [right.upper(), f" {right} ", f"{right})", [right], np.array([right])]
    if exercise.form == "names":
        names = [str(name) for name in right]
        turned = [names[i] for i in rng.permutation(len(names))]
        return [
            turned,
            tuple(names),
            set(names),
            ", ".join(turned),
            pd.Index(names),
            pd.Series(turned),
            [n.lower() for n in names],
        ]
    number = float(right)
    forms = [np.float64(number), str(number), np.array([number]), pd.Series([number]), [number]]
    if exercise.tolerance == 0:
        return [*forms, int(number), np.int64(number), str(int(number))]
    digits = [float(f"{number:.{n}g}") for n in (3, 4, 6)]
    return [*forms, *digits, f"{digits[0]}".replace(".", ","), np.float32(number)]


@pytest.mark.book
def test_right_answers_are_accepted_in_any_form(course_results, rng):
    shelf, tried = Shelf(EXAMPLE, course_results), 0
    for exercise in EXERCISES.values():
        answer = find_answer(exercise, shelf)
        for form in [answer.right, *list_forms(exercise, answer.right, rng)]:
            found = judge_answer(exercise, answer, form)
            assert found.is_right, f"{exercise.id}: {form!r} was refused: {found}"
            tried += 1
    assert tried >= 200


@pytest.mark.book
def test_wrong_answers_are_caught_with_their_own_words(course_results):
    shelf, caught, missed = Shelf(EXAMPLE, course_results), 0, []
    for exercise in EXERCISES.values():
        answer = find_answer(exercise, shelf)
        assert set(answer.wrong) == set(exercise.wrong)
        for misconception, value in answer.wrong.items():
            if value is None:
                continue
            found = judge_answer(exercise, answer, value)
            if not found.is_right and exercise.wrong[misconception] in found.text:
                caught += 1
            else:
                missed.append((exercise.id, misconception, found.text))
    assert caught >= 60
    assert caught >= 0.95 * (caught + len(missed)), missed


@pytest.mark.book
def test_every_solution_on_the_pages_is_right(course_results):
    said = {}
    for exercise in EXERCISES.values():
        page = json.loads((course_results.parent / "pages" / f"{exercise.chapter}.ipynb").read_text(encoding="utf-8"))
        for cell in page["cells"]:
            source = "".join(cell["source"])
            if cell["cell_type"] == "code" and f'check_answer("{exercise.id}"' in source:
                outputs = [o["data"]["text/plain"] for o in cell["outputs"] if "text/plain" in o.get("data", {})]
                said[exercise.id] = "".join(outputs[-1])
    assert set(said) == set(EXERCISES)
    assert {name: text for name, text in said.items() if not text.startswith("Right.")} == {}


@pytest.mark.book
def test_the_same_answers_are_right_on_another_cohort_only_where_they_should_be(course_results, tmp_path):
    """Answers come from the tables at hand: other tables, other answers."""
    changed = tmp_path / "results" / "04_microbiome"
    changed.mkdir(parents=True)
    table = pd.read_csv(course_results / "04_microbiome" / "permanova.tsv", sep="\t", index_col=0)
    table.assign(r_squared=0.123).to_csv(changed / "permanova.tsv", sep="\t")
    other = find_answer(EXERCISES["04.3"], Shelf(EXAMPLE, tmp_path / "results"))
    assert other.right == pytest.approx(12.3)
    assert not judge_answer(EXERCISES["04.3"], other, 100 * table["r_squared"]["bray_curtis"]).is_right
