"""Several cohorts in one command: a book each, one schedule, one memory a book, one summary."""

from __future__ import annotations

import shutil

import pytest

from helpers.cli import main
from helpers.run import Order, engine, execution, run_book, run_books
from tests.support import EXAMPLE
from tests.test_run import WRITE, cohort, numbers, small, write_notebook  # noqa: F401  (two are fixtures)


@pytest.fixture
def folders(tmp_path):
    """Two cohort folders, and one that holds nothing."""
    made = [tmp_path / name for name in ("one", "two", "bad")]
    for folder in made[:2]:
        shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("maps"))
    made[2].mkdir()
    return made


def run_command_here(*words: object) -> int:
    with pytest.raises(SystemExit) as end:
        main(["run", *map(str, words), "--no-book", "--workers", "2"])
    return end.value.code


def test_books_made_together_are_those_made_alone_and_share_their_memory(small, cohort, tmp_path):  # noqa: F811
    one, two = tmp_path / "one", tmp_path / "two"
    options = {"with_book": False, "only": ["01_first", "02_second"]}
    run_book(cohort, one, with_book=False, only=["01_first"])
    made = run_books([Order(cohort, one), Order(cohort, two)], n_workers=2, **options)
    assert [[outcome.state for outcome in book.outcomes] for book in made] == [["unchanged", "run"], ["run", "run"]]
    for chapter in ("01_first", "02_second"):
        assert numbers(one, chapter) == numbers(two, chapter)
    again = [run_book(cohort, folder, **options) for folder in (one, two)]
    assert {outcome.state for book in again for outcome in book.outcomes} == {"unchanged"}


def test_one_bad_cohort_and_one_failing_chapter_stop_no_other(small, folders, tmp_path, capfd, monkeypatch):  # noqa: F811
    third = engine.CHAPTERS[2:]
    for room in (engine, execution):
        monkeypatch.setattr(room, "CHAPTERS", third)
    failing = WRITE.format(add=7, name="03_third") + "\nassert not cohort_dir.endswith('two'), 'this one fails'"
    write_notebook(small, "03_third", failing)
    out = tmp_path / "out"
    assert run_command_here(*folders, "--output", out) == 1
    said, errors = capfd.readouterr()
    assert "bad cannot be used:" in errors
    assert errors.index("bad cannot be used:") < errors.index("03_third …")
    assert "two/03_third failed. 03_third stopped in its code cell" in errors
    summary = said[said.index("The cohorts:") :].splitlines()[1:]
    assert summary[:2] == ["  one: done", "  two: failed (03_third)"]
    assert summary[2].startswith("  bad: not run (")
    assert numbers(out / "one", "03_third") == "id\tx\na\t8\n"
    assert not (out / "two" / "results" / "03_third").exists()
    assert not (out / "bad").exists()


def test_cohorts_of_one_name_and_none_that_can_be_used_are_refused(folders, tmp_path, capfd):
    other = tmp_path / "elsewhere" / "one"
    other.mkdir(parents=True)
    assert run_command_here(folders[0], other) == 2
    assert "a second folder named one" in capfd.readouterr().err
    empty = tmp_path / "empty"
    empty.mkdir()
    assert run_command_here(folders[2], empty, "--output", tmp_path / "out") == 2
    assert not (tmp_path / "out").exists()
