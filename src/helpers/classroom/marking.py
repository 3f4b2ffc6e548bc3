"""Mark a class: answers out of the notebooks, judged by the teacher's own checker on the teacher's own copy of each cohort."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from helpers.classroom.handout import EXAM
from helpers.classroom.making import COHORT, SchoolClass
from helpers.classroom.running import Limits, Ran, run_submission
from helpers.classroom.submissions import (
    Findings,
    Submission,
    find_tricks,
    list_claimed_right,
    list_typed,
)
from helpers.course import read_exercises
from helpers.course.blind import CLAIMED, NONE, OPPOSITE
from helpers.course.checking import NOT_HERE, find_answer, judge_answer
from helpers.course.places import Shelf
from helpers.problems import MissingResult
from helpers.run.engine import RESULTS

NO_ANSWER = "No answer came back."
NOT_MARKED = "Not marked: see the note on the notebook."
SAID_OF_CLAIMS = {  # truth and answer: the misconception, and what is said of it
    (NONE, CLAIMED): (
        "chance_as_effect",
        "Nothing was planted. What you saw is what chance makes of a cohort of this size.",
    ),
    (NONE, OPPOSITE): (
        "chance_as_effect",
        "Nothing was planted. What you saw is what chance makes of a cohort of this size.",
    ),
    (CLAIMED, NONE): (
        "not_seen_as_absent",
        "It was planted. A study of this size misses such an effect often: not seen is not absent.",
    ),
    (OPPOSITE, NONE): (
        "not_seen_as_absent",
        "It was planted the other way round. A study of this size misses such an effect often.",
    ),
    (CLAIMED, OPPOSITE): ("sign", "It was planted, in the direction of the claim. Differences are high minus low."),
    (OPPOSITE, CLAIMED): (
        "claim_for_data",
        "It was planted the other way round. The claim is the study's; the data are yours.",
    ),
}


@dataclass(frozen=True)
class Mark:
    """One answer and what it is worth.

    Attributes
    ----------
    student, notebook, question : str
        The question is an exercise or a claim.
    given, right : str
        As shown; `given` is empty where nothing came back.
    points : int or None
        0 or 1; None where this cohort has no answer, which then does not count.
    misconception, said : str
    """

    student: str
    notebook: str
    question: str
    given: str
    right: str
    points: int | None
    misconception: str
    said: str


@dataclass(frozen=True)
class Marking:
    """All that was marked of one student.

    Attributes
    ----------
    student, name : str
    marks : tuple of Mark
    notes : mapping of str to tuple of str
        By notebook, what the teacher has to look at.
    """

    student: str
    name: str
    marks: tuple[Mark, ...]
    notes: Mapping[str, tuple[str, ...]]

    @property
    def points(self) -> int:
        """Points in all."""
        return sum(mark.points or 0 for mark in self.marks)

    @property
    def out_of(self) -> int:
        """Points there were."""
        return sum(mark.points is not None for mark in self.marks)


def mark_student(made: SchoolClass, student: str, findings: Findings, limits: Limits) -> Marking:
    """Mark what came back from one student.

    Parameters
    ----------
    made : SchoolClass
    student : str
        Id.
    findings : Findings
        Of the whole class.
    limits : Limits
        For each notebook.

    Returns
    -------
    Marking
        The same for the same answers.
    """
    marks: list[Mark] = []
    notes = {}
    for name in (*made.plan.chapters, EXAM):
        submission = findings.submissions.get((student, name))
        if submission is None:
            reason = findings.doubtful.get((student, name), "It did not come back.")
            own, notes[name] = _judge(made, student, name, Ran({}, {}, reason)), (reason,)
        else:
            own, notes[name] = _mark_notebook(made, submission, limits)
        marks += own
    return Marking(
        student, made.keys[student]["name"], tuple(marks), {name: said for name, said in notes.items() if said}
    )


def _mark_notebook(made: SchoolClass, submission: Submission, limits: Limits) -> tuple[list[Mark], tuple[str, ...]]:
    """Run and judge one notebook; one that plays with the checker is not run."""
    student, name = submission.student, submission.name
    if tricks := find_tricks(submission.notebook):
        said = (*tricks, "It was not run and has no points: look at it yourself.")
        return [_without_points(mark) for mark in _judge(made, student, name, Ran({}, {}, ""))], said
    ran = run_submission(submission.notebook, made.place(student), made.folder, limits)
    marks = _judge(made, student, name, ran)
    notes = [f"{ran.trouble} Answers given before that count."] if ran.trouble else []
    wrong = {mark.question for mark in marks if not mark.points}
    if shown := sorted(list_claimed_right(submission.notebook) & wrong):
        notes.append(f"It shows {', '.join(shown)} as right; run anew it is not.")
    forms = read_exercises()
    computed = {
        mark.question
        for mark in marks
        if mark.points and mark.question in forms and forms[mark.question].activity == "compute"
    }
    if typed := sorted(list_typed(submission.notebook) & computed):
        notes.append(f"The answer to {', '.join(typed)} was typed, not computed. It counts; ask how it was found.")
    return marks, tuple(notes)


def _without_points(mark: Mark) -> Mark:
    return Mark(mark.student, mark.notebook, mark.question, "", mark.right, mark.points and 0, "", NOT_MARKED)


def _judge(made: SchoolClass, student: str, name: str, ran: Ran) -> list[Mark]:
    if name == EXAM:
        return [_judge_claim(student, claim, key, ran) for claim, key in made.keys[student]["claims"].items()]
    shelf = Shelf(made.place(student) / COHORT, made.place(student) / RESULTS)
    return [_judge_exercise(student, one, shelf, ran) for one in read_exercises().values() if one.chapter == name]


def _judge_claim(student: str, claim: str, key: Mapping[str, Any], ran: Ran) -> Mark:
    truth = key["truth"]
    right = truth if truth == NONE else f"{truth} (d = {key['d']:+.2f})"
    given = ran.answers.get(claim)
    if not isinstance(given, str):
        return Mark(student, EXAM, claim, "", right, 0, "", ran.unreadable.get(claim, NO_ANSWER))
    if given == truth:
        return Mark(student, EXAM, claim, given, right, 1, "", "Right.")
    misconception, said = SAID_OF_CLAIMS.get((truth, given), ("", "Not quite."))
    return Mark(student, EXAM, claim, given, right, 0, misconception, said)


def _judge_exercise(student: str, exercise: Any, shelf: Shelf, ran: Ran) -> Mark:
    start = (student, exercise.chapter, exercise.id)
    try:
        answer = find_answer(exercise, shelf)
    except (MissingResult, KeyError, IndexError, OSError):
        return Mark(*start, "", "", None, "", f"{NOT_HERE}. It does not count.")
    right = _show(answer.right)
    if exercise.id not in ran.answers:
        return Mark(*start, "", right, 0, "", ran.unreadable.get(exercise.id, NO_ANSWER))
    given = ran.answers[exercise.id]
    found = judge_answer(exercise, answer, given)
    if found.text.startswith(NOT_HERE):
        return Mark(*start, _show(given), "", None, "", f"{NOT_HERE}. It does not count.")
    return Mark(*start, _show(given), right, int(found.is_right), found.misconception, found.text)


def _show(value: Any) -> str:
    """Return an answer as text of one line.

    Examples
    --------
    >>> _show(0.123456), _show(frozenset({"c02", "c01"})), _show(12)
    ('0.12346', 'c01, c02', '12')
    """
    if isinstance(value, bool | str):
        return str(value)[:60]
    if isinstance(value, Iterable):
        return ", ".join(sorted(map(str, value)))[:120]
    return f"{float(value):.5g}"
