"""How we say what is wrong."""

import pickle

from helpers.problems import CohortError, Problem, name_some, write_report

AGE = Problem("participants.tsv", 3, "age", "'-4'", "18 to 100 years", "correct the age, or write n/a.")


def test_report_groups_by_file_and_orders_by_line():
    text = write_report(
        [
            AGE,
            Problem("a.tsv", None, None, "nothing", "something", "add it."),
            Problem("participants.tsv", 2, "sex", "'x'", "F, M", "choose."),
        ]
    )
    assert text.index("a.tsv has 1 problem") < text.index(
        "participants.tsv has 2 problems; nothing was computed from it."
    )
    assert text.index("line 2, column sex") < text.index("line 3, column age: found '-4', expected 18 to 100 years.")


def test_warnings_are_told_apart_and_stop_nothing():
    text = write_report([Problem("a.tsv", 1, None, "x", "y", "z.", severity="warning")])
    assert "a.tsv has 1 warning; the run goes on." in text
    assert "nothing was computed" not in text


def test_error_carries_every_problem_and_survives_a_worker():
    error = pickle.loads(pickle.dumps(CohortError([AGE, AGE])))
    assert error.problems == (AGE, AGE)
    assert str(error) == write_report([AGE, AGE])


def test_at_most_five_names():
    assert name_some("abcde") == "a, b, c, d, e"
    assert name_some("abcdef") == "a, b, c, d, e and 1 more"
