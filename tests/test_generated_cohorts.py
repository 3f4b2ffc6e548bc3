"""Cohorts drawn from the contract: it accepts them all, and they run to a rendered book; sections of too little data are notes."""

from __future__ import annotations

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from helpers.contract import inspect_cohort
from helpers.problems import write_report
from helpers.run.pages import FOLLOWS, find_error, note_lacking, take_warnings
from tools.generated_cohorts import write_cohort
from tools.torture import try_cohort


@pytest.mark.parametrize("seed", range(40))
def test_the_contract_accepts_what_was_drawn_from_it(tmp_path, seed):
    cohort, problems = inspect_cohort(write_cohort(tmp_path / "cohort", seed))
    assert cohort is not None, write_report(problems)


def test_a_seed_is_one_cohort(tmp_path):
    one, two = (write_cohort(tmp_path / name, 5) for name in ("one", "two"))
    files = sorted(path.relative_to(one) for path in one.rglob("*.tsv"))
    assert files and all((one / file).read_bytes() == (two / file).read_bytes() for file in files)


@pytest.mark.book
@pytest.mark.parametrize("seed", [1001, 5])
def test_a_drawn_cohort_runs_to_a_rendered_book(tmp_path, seed):
    """Two of the kinds that once stopped a chapter; `make torture` runs three hundred."""
    assert try_cohort(seed, tmp_path) == []


def make_page(*cells):
    """Return an executed page; a cell is a text, or code with the name and words of its error (or nothing)."""
    made = []
    for cell in cells:
        if isinstance(cell, str):
            made.append(new_markdown_cell(cell))
            continue
        errors = [new_output("error", ename=cell[1], evalue=cell[2], traceback=[])] if len(cell) > 1 else []
        made.append(new_code_cell(cell[0], outputs=errors, metadata={"tags": ["raises-exception"]}))
    return new_notebook(cells=made)


def test_a_part_with_too_little_data_is_one_note_and_the_rest_stays():
    page = make_page(
        "# T", ("a = 1",), "## One", ("x = f()", "TooLittle", "Only *two*."), ("show(x)", "NameError", "x"),
        "## Two", ("show(x)", "NameError", "x"), "## Three", ("b = 2",),
    )  # fmt: skip
    assert find_error(page) is None
    noted = note_lacking(page)
    notes = [cell.source for cell in noted.cells if "left-out" in cell.source]
    assert len(notes) == 2 and r"Only \*two\*." in notes[0] and FOLLOWS in notes[1]
    assert [cell.source for cell in noted.cells if cell.cell_type == "code"] == ["a = 1", "b = 2"]
    assert not [cell for cell in noted.cells if "raises-exception" in cell.metadata.get("tags", [])]
    nbformat.validate(noted)


def test_a_chapter_with_nothing_left_is_its_reason():
    page = make_page("# T", ("import x",), ("f()", "TooLittle", "Nobody is left."), "text", ("g()", "NameError", "y"))
    assert note_lacking(page) == "Nobody is left."


def test_cells_for_students_do_not_decide_whether_a_chapter_had_too_little():
    """A chapter whose exercises alone cannot be posed stays; one whose exercises alone could be is left out."""
    page = make_page("# T", ("a = 1",), "## Exercises", ("open_chapter()", "TooLittle", "No such file."))
    page.cells[-1].metadata["tags"].append("course")
    noted = note_lacking(page)
    assert [cell.source for cell in noted.cells if cell.cell_type == "code"] == ["a = 1"]
    page = make_page("# T", ("f()", "TooLittle", "Nobody is left."), "## Exercises", ("check_answer()",))
    page.cells[-1].metadata["tags"].append("course")
    assert note_lacking(page) == "Nobody is left."


@pytest.mark.parametrize("cells", [
    [("f()", "NameError", "x"), ("g()", "TooLittle", "few")],
    [("f()", "TooLittle", "few"), ("g()", "ValueError", "a bug")],
    [("f()", "ValueError", "a bug")],
])  # fmt: skip
def test_another_error_is_a_failure_wherever_it_stands(cells):
    cell, error = find_error(make_page("# T", *cells))
    assert error.ename in ("NameError", "ValueError") and cell.source in ("f()", "g()")


def test_warnings_of_libraries_leave_the_page_and_are_kept():
    cell = new_code_cell("fit()", outputs=[new_output("stream", name="stderr", text="Careful: flat\n"), new_output("stream", name="stdout", text="done\n")])  # fmt: skip
    page = new_notebook(cells=[new_markdown_cell("# T"), cell, new_code_cell("b = 2")])
    quiet, said = take_warnings(page)
    assert [out.name for out in quiet.cells[1].outputs] == ["stdout"] and len(page.cells[1].outputs) == 2
    assert said == "fit()\n\nCareful: flat\n"
    assert take_warnings(quiet) == (quiet, "")
