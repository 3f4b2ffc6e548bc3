"""The exercises as they were written down: goal, minutes, and a message for every typical wrong answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

import yaml

from helpers.problems import CohortError, Problem
from helpers.tables import PROJECT_ROOT

EXERCISES_FILE = PROJECT_ROOT / "data" / "course" / "exercises.yml"
FORMS = ("number", "letter", "names")
ACTIVITIES = ("predict", "compute", "explain", "spot the error")
LEVELS = {1: "easy", 2: "medium", 3: "hard"}


@dataclass(frozen=True)
class Exercise:
    """One exercise of a chapter or lab; its question stands in the notebook.

    Attributes
    ----------
    id, chapter, title, goal : str
        The id is that of the heading in the notebook, for example ``"04.2"``.
    activity : {"predict", "compute", "explain", "spot the error"}
    level : int
        1 easy to 3 hard.
    minutes : int
        For a student who reads the chapter for the first time.
    form : {"number", "letter", "names"}
        What is asked for.
    tolerance : float
        Largest relative difference of a number that is accepted; 0: whole numbers, which must be right.
    right, hint : str
        What is said of the right answer, and of one that nobody foresaw.
    wrong : mapping of str to str
        By misconception, what is said of the answer that it leads to.
    """

    id: str
    chapter: str
    title: str
    goal: str
    activity: str
    level: int
    minutes: int
    form: str
    tolerance: float
    right: str
    hint: str
    wrong: Mapping[str, str]

    @property
    def box_title(self) -> str:
        """Title of the box in the notebook.

        Examples
        --------
        >>> read_exercises()["04.1"].box_title
        'Predict · easy · 3 minutes'
        """
        return f"{self.activity.capitalize()} · {LEVELS[self.level]} · {self.minutes} minutes"


@cache
def read_exercises() -> Mapping[str, Exercise]:
    """Return all exercises, by id.

    Raises
    ------
    CohortError
        With every entry of the file that cannot be used.
    """
    source = yaml.safe_load(EXERCISES_FILE.read_text(encoding="utf-8"))["exercises"]
    problems = [problem for name, entry in source.items() for problem in _find_problems(str(name), entry)]
    if problems:
        raise CohortError(problems)
    return MappingProxyType({name: _make_exercise(name, entry) for name, entry in source.items()})


@cache
def read_needs() -> Mapping[str, Mapping[str, Any]]:
    """Return what the course's sections of each chapter read: ``files`` of the cohort with their columns, and ``tables``."""
    return MappingProxyType(yaml.safe_load(EXERCISES_FILE.read_text(encoding="utf-8"))["needs"])


def _make_exercise(name: str, entry: dict) -> Exercise:
    form = entry.get("form", "number")
    words = {key: " ".join(entry[key].split()) for key in ("title", "goal", "right", "hint")}
    return Exercise(
        id=name,
        chapter=entry["chapter"],
        activity=entry["activity"],
        level=entry["level"],
        minutes=entry["minutes"],
        form=form,
        tolerance=float(entry.get("tolerance", 0.005)),
        wrong=MappingProxyType({key: " ".join(text.split()) for key, text in entry["wrong"].items()}),
        **words,
    )


def _find_problems(name: str, entry: dict) -> list[Problem]:
    """Return what is wrong with one entry."""
    allowed = {"activity": ACTIVITIES, "form": FORMS, "level": tuple(LEVELS)}
    found = {"form": "number"} | entry
    wanted = ("chapter", "title", "goal", "activity", "level", "minutes", "right", "hint", "wrong")
    problems = [_complain(name, key, "nothing", "a value") for key in wanted if key not in found]
    problems += [
        _complain(name, key, repr(found[key]), f"one of {', '.join(map(str, values))}")
        for key, values in allowed.items()
        if key in found and found[key] not in values
    ]
    if len(found.get("wrong", {})) < 3:
        problems.append(_complain(name, "wrong", f"{len(found.get('wrong', {}))}", "3 typical wrong answers or more"))
    return problems


def _complain(name: str, key: str, found: str, expected: str) -> Problem:
    return Problem(f"data/course/{EXERCISES_FILE.name}", None, f"{name}: {key}", found, expected, "correct the entry.")
