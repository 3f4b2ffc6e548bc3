"""Check an answer at once: right, wrong in a way that is known, or not yet."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from helpers.course.answers import ANSWERS, Answer
from helpers.course.exercises import Exercise, read_exercises
from helpers.course.places import Shelf, find_shelf
from helpers.course.values import Unreadable, agree, read_letter, read_names, read_number
from helpers.problems import MissingResult

RIGHT, WRONG, OPEN = "Right", "Not quite", "No answer yet"
NOT_HERE = "Cannot be checked. This cohort has no answer to it"
SIGN, PERCENT = "sign", "percent"
GENERAL = {
    SIGN: "The size is right and the sign is not: differences in this book are high minus low.",
    PERCENT: "A factor of 100 off: is it asked for as a proportion (0 to 1) or in per cent?",
}


@dataclass(frozen=True)
class Feedback:
    """What is said of an answer.

    Attributes
    ----------
    exercise : str
        Id of the exercise.
    is_right : bool
    misconception : str
        Which typical wrong answer it was; empty for a right one and for one that nobody foresaw.
    text : str
        In one or two sentences.
    """

    exercise: str
    is_right: bool
    misconception: str
    text: str

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text

    def _repr_markdown_(self) -> str:
        verdict, _, rest = self.text.partition(". ")
        return f"**{verdict}.** {rest}"


def check_answer(exercise_id: str, value: Any) -> Feedback:
    """Check an answer on the cohort of the open notebook, offline.

    Parameters
    ----------
    exercise_id : str
        As in the heading of the exercise, for example ``"04.2"``.
    value : object
        The answer: a number (of any type, rounded to two digits or more, also as text), the letter of an option, or names in any
        order. ``...`` stands for no answer yet.

    Returns
    -------
    Feedback
        Right, or a message that names the misconception.

    Examples
    --------
    >>> check_answer("04.1", ...)
    No answer yet. Put it in place of the dots, and run the cell again.
    """
    exercises = read_exercises()
    if exercise_id not in exercises:
        short = str(exercise_id).lstrip("0")
        near = [name for name in exercises if name.lstrip("0") == short]
        near = near or get_close_matches(str(exercise_id), exercises, n=1) or ["04.2"]
        return Feedback(
            str(exercise_id), False, "", f"{WRONG}. There is no exercise {exercise_id}; did you mean {near[0]}?"
        )
    exercise = exercises[exercise_id]
    if value is ... or value is None:
        return Feedback(exercise.id, False, "", f"{OPEN}. Put it in place of the dots, and run the cell again.")
    try:
        answer = find_answer(exercise, find_shelf())
    except MissingResult as error:
        return Feedback(exercise.id, False, "", f"Cannot be checked yet. {error}")
    except (KeyError, IndexError) as error:
        return Feedback(exercise.id, False, "", f"{NOT_HERE} ({error} is not in its tables).")
    return judge_answer(exercise, answer, value)


def find_answer(exercise: Exercise, shelf: Shelf | None) -> Answer:
    """Compute the right answer and the typical wrong ones on a cohort.

    Parameters
    ----------
    exercise : Exercise
    shelf : Shelf or None
        None: no notebook is open; enough for exercises that need no table.

    Raises
    ------
    MissingResult
        When a table that the answer is computed from is not there.
    """
    return ANSWERS[exercise.id](shelf if shelf is not None else _NoShelf())


def judge_answer(exercise: Exercise, answer: Answer, value: Any) -> Feedback:
    """Compare a value with the right answer, then with the typical wrong ones.

    Parameters
    ----------
    exercise : Exercise
    answer : Answer
    value : object
    """
    try:
        given = _READERS[exercise.form](value)
    except Unreadable as error:
        return Feedback(exercise.id, False, "", f"{WRONG}. {error}")
    if exercise.form == "number" and not math.isfinite(answer.right):
        return Feedback(exercise.id, False, "", f"{NOT_HERE}: too little was measured.")
    if _same(given, _READERS[exercise.form](answer.right), exercise):
        return Feedback(exercise.id, True, "", f"{RIGHT}. {exercise.right}")
    misconception = _find_misconception(given, answer, exercise)
    if misconception is None:
        return Feedback(exercise.id, False, "", f"{WRONG}. {exercise.hint}")
    said = exercise.wrong.get(misconception) or GENERAL[misconception]
    return Feedback(exercise.id, False, misconception, f"{WRONG}. {said}")


def _find_misconception(given: Any, answer: Answer, exercise: Exercise) -> str | None:
    """Return the wrong answer that was given, the nearest where several agree."""
    known = {name: value for name, value in answer.wrong.items() if value is not None}
    if exercise.form == "number":
        known = {name: value for name, value in known.items() if math.isfinite(value)}
    wrong = {name: _READERS[exercise.form](value) for name, value in known.items()}
    if exercise.form == "number":
        right = read_number(answer.right)
        wrong |= {name: value for name, value in ((SIGN, -right), (PERCENT, 100 * right)) if name not in wrong}
    matches = [name for name, value in wrong.items() if _same(given, value, exercise)]
    if exercise.form == "number":
        matches.sort(key=lambda name: abs(wrong[name] - given))
    return matches[0] if matches else None


def _same(given: Any, target: Any, exercise: Exercise) -> bool:
    return agree(given, target, exercise.tolerance) if exercise.form == "number" else given == target


class _NoShelf(Shelf):
    """Stands where no notebook is open: says so when a table is asked for."""

    def __init__(self) -> None:
        """Hold nothing."""

    def result(self, chapter: str, name: str) -> Any:
        raise MissingResult("Run the cell above that calls `course.open_chapter` first.")

    def file(self, name: str) -> Any:
        return self.result("", name)


_READERS: Mapping[str, Any] = {"number": read_number, "letter": read_letter, "names": read_names}
