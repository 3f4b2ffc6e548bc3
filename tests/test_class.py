"""A cohort per student: reproducible, whole, blind; what comes back is run anew and marked; a roster's mistakes are named."""

import re
from functools import partial

import nbformat
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner
from nbformat.v4 import new_code_cell, new_notebook, new_output

from helpers.classroom.cohorts import draw_seeds, list_switches
from helpers.classroom.handout import EXAM
from helpers.classroom.making import make_class, read_class
from helpers.classroom.marking import mark_student
from helpers.classroom.roster import Student, read_roster
from helpers.classroom.running import Limits, run_submission
from helpers.classroom.submissions import Findings, find_submissions, find_tricks
from helpers.classroom.whole_class import mark_class
from helpers.cli import cli
from helpers.contract import inspect_cohort
from helpers.course.blind import CLAIMED, NONE, OPPOSITE
from helpers.problems import CohortError
from helpers.run.execution import NOTEBOOKS_DIR
from helpers.simulate import simulate_cohort
from tests.support import EXAMPLE, run_command

STUDENTS = (Student("s1", "Anna Doe"), Student("s2", "Ben, Roe"))
CHAPTER = "01_cohort"
N = 58  # participants of each cohort
COURSE = "from helpers.course import check_answer\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A class of two, with cohorts of half the usual size to save time."""
    folder = tmp_path_factory.mktemp("class") / "autumn"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("helpers.classroom.cohorts.simulate_cohort", partial(simulate_cohort, n_participants=N))
        assert make_class(folder, STUDENTS, seed=7, chapters=[CHAPTER]) == ("s1", "s2")
    return folder


def read_key(made, student):
    return yaml.safe_load((made / "key" / f"{student}.yml").read_text())


def read_notebook(made, student, name):
    return nbformat.read(made / "students" / student / f"{name}.ipynb", as_version=4)


def answer(notebook, answers):
    """Put answers, as code, in place of the dots."""
    for cell in notebook.cells:
        for name, code in answers.items():
            cell.source = cell.source.replace(f'("{name}", ...)', f'("{name}", {code})')
    return notebook


def solve(notebook):
    """Put the book's own solutions into the exercises of a chapter."""
    source = nbformat.read(NOTEBOOKS_DIR / f"{CHAPTER}.ipynb", as_version=4)
    solutions = iter([c.source for c in source.cells if "solution" in c.metadata.get("tags", [])])
    for cell in notebook.cells:
        if "solution" in cell.metadata.get("tags", []):
            cell.source = next(solutions)
    return notebook


def test_each_student_has_a_cohort_that_the_check_passes_and_notebooks_of_their_own(made):
    for student in STUDENTS:
        place = made / "students" / student.id
        cohort, problems = inspect_cohort(place / "cohort")
        assert cohort is not None and not problems
        assert cohort.is_simulated
        assert (place / "results" / CHAPTER / "groups.tsv").is_file()
        for name in (CHAPTER, EXAM):
            notebook = read_notebook(made, student.id, name)
            nbformat.validate(notebook)
            assert "Simulated data" in notebook.cells[0].source
            assert not any(cell.get("outputs") for cell in notebook.cells)
        assert "01_cohort.ipynb" in (place / "README.md").read_text()


def test_nothing_in_a_students_folder_tells_the_truth_or_a_name(made):
    for student in STUDENTS:
        seed = str(read_key(made, student.id)["seed"])
        folder = made / "students" / student.id
        assert not list(folder.rglob("truth.yml"))
        texts = {
            path.name: path.read_text()
            for path in folder.rglob("*")
            if path.is_file() and path.suffix not in (".nii", ".tsv", ".nwk")
        }
        assert {"cohort.yml", "participants.json", "README.md", "exam.ipynb", "01_cohort.ipynb"} <= set(texts)
        for name, text in texts.items():
            assert seed not in text, name
            assert not re.search(r"Anna Doe|Roe|'truth'|planted: |effect: ", text), name
    assert pd.read_csv(made / "key" / "roster.tsv", sep="\t").name.tolist() == ["Anna Doe", "Ben, Roe"]


def test_claims_are_planted_turned_round_or_left_out_and_not_alike_for_everybody(made):
    keys = [{claim: one["truth"] for claim, one in read_key(made, s.id)["claims"].items()} for s in STUDENTS]
    assert len(keys[0]) == 15
    assert set(keys[0].values()) == {CLAIMED, OPPOSITE, NONE}
    assert keys[0] != keys[1]


def test_what_is_in_a_cohort_is_that_of_the_twin_that_the_key_says(made, tmp_path):
    """Column by column against all three twins, simulated anew from the key."""
    key = read_key(made, "s1")
    assert key["seed"] == draw_seeds("s1", 7)[0] != draw_seeds("s1", 8)[0]
    effects = {CLAIMED: 1, OPPOSITE: -1, NONE: 0}
    twins = {
        truth: simulate_cohort(tmp_path / f"twin{effect}", n_participants=N, seed=key["seed"], effect=effect)
        for truth, effect in effects.items()
    }
    planted = yaml.safe_load((twins[CLAIMED] / "truth.yml").read_text())["planted"]
    for one in planted:
        assert key["claims"][one["claim"]]["d"] == effects[key["claims"][one["claim"]]["truth"]] * one["d"]
    for switch in list_switches({"N-acetylglutamate": "metabolite_001", "dimethylglycine": "metabolite_002"}):
        (truth,) = {key["claims"][claim]["truth"] for claim in switch.claims}
        for name in (file for file in switch.files if not file.endswith("/")):
            own = pd.read_csv(made / "students" / "s1" / "cohort" / name, sep="\t", dtype=str)
            columns = list(switch.columns or own.columns)
            same = {
                other: own[columns].equals(pd.read_csv(twin / name, sep="\t", dtype=str)[columns])
                for other, twin in twins.items()
            }
            assert same == {other: other == truth for other in twins}, name


def test_the_switches_carry_every_planted_claim():
    truth = yaml.safe_load((EXAMPLE / "truth.yml").read_text())
    switches = list_switches({"N-acetylglutamate": "a", "dimethylglycine": "b"})
    assert sorted(claim for one in switches for claim in one.claims) == sorted(one["claim"] for one in truth["planted"])


def test_the_same_call_again_makes_nothing_anew_and_another_is_refused(made):
    before = {path: path.stat().st_mtime_ns for path in (made / "students").rglob("*")}
    assert make_class(made, STUDENTS[:1], seed=7, chapters=[CHAPTER]) == ()
    assert set(read_class(made).keys) == {"s1", "s2"}
    with pytest.raises(CohortError, match="a class with seed 7 and 01_cohort"):
        make_class(made, STUDENTS, seed=8)
    assert {path: path.stat().st_mtime_ns for path in (made / "students").rglob("*")} == before


def test_a_class_is_marked_by_answers_alone(made):
    """s1 is right; s2 has a known misconception, shows Right all the same, and puts something in place of the checker in the exam."""
    folder = made / "submitted" / "Doe Anna_123_file"
    folder.mkdir()
    truths = {claim: repr(one["truth"]) for claim, one in read_key(made, "s1")["claims"].items()}
    nbformat.write(solve(read_notebook(made, "s1", CHAPTER)), folder / "final version (2).ipynb")
    nbformat.write(answer(read_notebook(made, "s1", EXAM), truths), folder / "b.ipynb")
    wrong = answer(
        read_notebook(made, "s2", CHAPTER), {"01.1": "<b>0.3</b>", "01.2": '"a"', "01.4": '"c"', "01.5": '"x"'}
    )
    for cell in wrong.cells:
        cell.source = cell.source.replace("<b>0.3</b>", '0.999); print("Right."')
        if "01.2" in cell.source and cell.cell_type == "code":
            cell.outputs = [new_output("execute_result", {"text/plain": "Right. Well done."})]
    nbformat.write(wrong, made / "submitted" / "s2.ipynb")
    cheat = read_notebook(made, "s2", EXAM)
    cheat.cells[2].source += "\ndef answer_claim(*_): return 'Right.'"
    nbformat.write(cheat, made / "submitted" / "s2_exam.ipynb")
    other = read_notebook(made, "s1", EXAM)
    other.metadata["resilience_book"]["cohort"] = "f" * 64
    nbformat.write(other, made / "submitted" / "stranger.ipynb")

    done = CliRunner().invoke(cli, ["class", "mark", str(made), "--workers", "1"])
    assert done.exit_code == 0, done.output
    assert "stranger.ipynb: it belongs to a cohort of another class." in done.output
    marks = pd.read_csv(made / "marks" / "marks.csv", index_col="student")
    assert marks.loc["s1", ["points", "out_of", "01_cohort_points", "exam_points"]].tolist() == [20, 20, 5, 15]
    assert marks.loc["s2", ["points", "out_of", "01_cohort_points", "exam_points"]].tolist() == [1, 20, 1, 0]
    assert pd.isna(marks.loc["s1", "look_at"])
    assert "It shows 01.2 as right; run anew it is not." in marks.loc["s2", "look_at"]
    assert "puts something in place of answer_claim" in marks.loc["s2", "look_at"]
    answers = pd.read_csv(made / "marks" / "answers.csv").set_index(["student", "question"])
    assert answers.loc[("s2", "01.2"), "misconception"] == "p_as_effect"
    assert "cannot be read as one" in answers.loc[("s2", "01.5"), "said"]
    assert answers.loc[("s2", "01.3"), "said"] == "No answer came back."
    check_pages(made / "marks")

    first = (made / "marks" / "answers.csv").read_bytes()
    (made / "marks" / "marks.csv").write_text("the teacher wrote in here")
    again = mark_class(made, Limits(), n_workers=2)
    assert (again.marks / "answers.csv").read_bytes() == first
    assert (made / "marks_1" / "marks.csv").read_text() == "the teacher wrote in here"


def check_pages(marks):
    """A name stands on its own page only; each page says that the data are simulated; what was answered is no HTML."""
    pages = {path.relative_to(marks).as_posix(): path.read_text() for path in marks.rglob("*.html")}
    assert set(pages) == {"class.html", "students/s1.html", "students/s2.html"}
    for name, page in pages.items():
        assert ("Anna" in page) == (name == "students/s1.html")
        assert ("Roe" in page) == (name == "students/s2.html")
        assert "simulated" in page and "<script" not in page
    assert "p as effect" in pages["class.html"] and "s1" not in pages["class.html"]


def test_what_did_not_come_back_or_came_twice_is_said(made):
    marking = mark_student(
        read_class(made), "s1", Findings({}, {("s1", EXAM): "Two notebooks came back."}, ()), Limits()
    )
    assert (marking.points, marking.out_of) == (0, 20)
    assert dict(marking.notes) == {CHAPTER: ("It did not come back.",), EXAM: ("Two notebooks came back.",)}


def test_a_notebook_that_never_ends_is_ended_and_what_it_answered_before_counts(made):
    cells = [f'{COURSE}check_answer("01.2", "b")', "while True: pass"]
    ran = run_submission(
        new_notebook(cells=[new_code_cell(c) for c in cells]), made / "students" / "s1", made, Limits(6)
    )
    assert "not finished after 6 seconds" in ran.trouble
    assert dict(ran.answers) in ({"01.2": "b"}, {})  # a busy machine may not reach the first cell


def test_a_notebook_cannot_reach_key_network_programs_or_answers(made, tmp_path):
    """Each attempt tells what it met; the last cell would be reached only if none was fatal."""
    tries = {
        "key": f"open({str(made / 'key' / 's1.yml')!r}).read()",
        "network": "__import__('socket').create_connection(('192.0.2.1', 80), timeout=1)",
        "program": "__import__('subprocess').run(['true'])",
        "write": f"open({str(tmp_path / 'mine.txt')!r}, 'w')",
        "remove": f"__import__('shutil').rmtree({str(made / 'key')!r})",
        "answers": "__import__('helpers.course.answers.cohort')",
    }
    cells = [COURSE + "said = {}"]
    cells += [
        f"try:\n    {code}\nexcept Exception as error:\n    said[{name!r}] = type(error).__name__"
        for name, code in tries.items()
    ]
    cells += [
        'check_answer("07.3", list(said))',
        'check_answer("01.3", 1); check_answer("01.3", 44)',
        'assert not check_answer("01.2", "b").is_right',
    ]
    ran = run_submission(
        new_notebook(cells=[new_code_cell(c) for c in cells]), made / "students" / "s1", made, Limits()
    )
    assert ran.trouble == ""
    assert ran.answers["07.3"] == sorted(tries)
    assert ran.answers["01.3"] == 44  # of several answers the last
    assert not (tmp_path / "mine.txt").exists() and (made / "key" / "s1.yml").exists()


@pytest.mark.parametrize(
    "code",
    [
        "check_answer = print",
        "import helpers.course as c\nc.check_answer = lambda *_: None",
        "setattr(course, 'check_answer', print)",
        "from helpers.course.checking import find_answer",
        "from helpers.course.answers import ANSWERS",
        "from mine import check_answer",
        "class answer_claim: ...",
    ],
)
def test_tricks_are_seen(code):
    assert len(find_tricks(new_notebook(cells=[new_code_cell(code)]))) == 1


def test_honest_code_is_no_trick():
    code = "from helpers.course import check_answer, open_chapter\n%matplotlib inline\nanswer = 1\ncheck_answer('01.1', answer)"
    assert find_tricks(new_notebook(cells=[new_code_cell(code)])) == ()


def test_files_that_are_no_notebooks_are_named_and_nothing_stops(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"PK")
    (tmp_path / "b.ipynb").write_text("{")
    nbformat.write(new_notebook(), tmp_path / "c.ipynb")
    found = find_submissions(tmp_path, {}, (EXAM,))
    assert not found.submissions
    assert [line.partition(": ")[0] for line in found.unknown] == ["a.zip", "b.ipynb", "c.ipynb"]


def test_marking_what_is_no_class_or_did_not_come_back_is_refused(tmp_path):
    with pytest.raises(CohortError, match="class new"):
        mark_class(tmp_path, Limits())


def test_a_folder_that_exists_is_left_as_it_is(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    with pytest.raises(CohortError, match="nothing was written"):
        make_class(tmp_path / "mine", STUDENTS, seed=7)
    assert (tmp_path / "mine" / "notes.txt").read_text() == "keep"


def test_a_roster_is_read_as_spreadsheets_write_it(tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text('\ufeffName,ID\r\n"Doe, Anna",s1\r\n\r\nBen Roe,s2\r\n', encoding="utf-8")
    assert read_roster(path) == (Student("s1", "Doe, Anna"), Student("s2", "Ben Roe"))


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("", ["id", "name"]),
        ("id,surname\n1,A\n", ["name"]),
        ("id,name\n", [None]),
        ("id,name\ns1,Doe, Anna\n", [None]),
        ("id,name\ns1,Anna\ns1,Ben\n", ["id"]),
        ("id,name\ns1,Anna\ns2,anna\n", ["name"]),
        ("id,name\n../x,Anna\n,Ben\ns3,\n", ["id", "id", "name"]),
    ],
)
def test_mistakes_of_a_roster_are_named_all_at_once(tmp_path, text, columns):
    path = tmp_path / "roster.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CohortError) as refused:
        read_roster(path)
    assert [problem.column for problem in refused.value.problems] == columns


def test_command_refuses_without_traceback(tmp_path):
    done = run_command("class", "new", tmp_path / "c", "--students", tmp_path / "none.csv", "--seed", "1")
    assert done.returncode == 2 and "none.csv" in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "c").exists()
