"""An answer and its typical wrong versions, and the list of functions that compute them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from helpers.course.places import Shelf


@dataclass(frozen=True)
class Answer:
    """What is right on one cohort, and what is typically said instead.

    Attributes
    ----------
    right : object
        A number, the letter of an option, or names.
    wrong : mapping of str to object
        By misconception; None where a cohort cannot show it.
    """

    right: Any
    wrong: Mapping[str, Any]


ANSWERS: dict[str, Callable[[Shelf], Answer]] = {}


def answers(exercise_id: str) -> Callable:
    """Enter a function as the one that answers an exercise.

    Parameters
    ----------
    exercise_id : str
    """

    def enter(function: Callable[[Shelf], Answer]) -> Callable[[Shelf], Answer]:
        if exercise_id in ANSWERS:
            raise ValueError(f"Exercise {exercise_id} is answered twice.")
        ANSWERS[exercise_id] = function
        return function

    return enter


def choose(right: str, **wrong: str) -> Answer:
    """Return the answer of an exercise with lettered options: the right letter, and the others by misconception.

    Examples
    --------
    >>> choose("b", p_as_effect="a").wrong
    {'p_as_effect': 'a'}
    """
    return Answer(right, wrong)
