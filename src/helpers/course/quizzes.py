"""Five questions per chapter to think about on the page: each option opens and says what is right or wrong about it."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import yaml

from helpers.problems import CohortError, Problem, count
from helpers.tables import PROJECT_ROOT

QUIZZES_FILE = PROJECT_ROOT / "data" / "course" / "quizzes.yml"
N_QUESTIONS = 5
LEAST_OPTIONS = 3


@dataclass(frozen=True)
class Option:
    """One answer of a question.

    Attributes
    ----------
    text, says : str
        The option, and what is said when it is opened.
    is_right : bool
    """

    text: str
    says: str
    is_right: bool


@dataclass(frozen=True)
class Question:
    """One question with its options, of which one is right."""

    asks: str
    options: tuple[Option, ...]


@cache
def read_quizzes() -> Mapping[str, tuple[Question, ...]]:
    """Return the quiz of every chapter that has one.

    Raises
    ------
    CohortError
        With every question that cannot be used.
    """
    source = yaml.safe_load(QUIZZES_FILE.read_text(encoding="utf-8"))
    quizzes = {chapter: tuple(_make_question(entry) for entry in quiz) for chapter, quiz in source.items()}
    problems = [problem for chapter, quiz in quizzes.items() for problem in _find_problems(chapter, quiz)]
    if problems:
        raise CohortError(problems)
    return MappingProxyType(quizzes)


def write_quiz(chapter: str) -> str:
    """Return the quiz of a chapter as HTML that works without a script and by keyboard.

    Parameters
    ----------
    chapter : str
        For example ``"04_microbiome"``.

    Returns
    -------
    str
        A list of questions; each option is a ``details`` element that opens with Enter.
    """
    return _write_questions(read_quizzes()[chapter])


def _write_questions(quiz: tuple[Question, ...]) -> str:
    lines = ['<ol class="quiz">']
    for question in quiz:
        lines += [f'<li class="quiz-question"><p>{_mark_up(question.asks)}</p>']
        lines += [_write_option(option) for option in question.options]
        lines += ["</li>"]
    return "\n".join([*lines, "</ol>"])


def _write_option(option: Option) -> str:
    kind, word = ("right", "Right.") if option.is_right else ("wrong", "Not quite.")
    said = f"<p><strong>{word}</strong> {_mark_up(option.says)}</p>"
    return f'<details class="quiz-option quiz-{kind}"><summary>{_mark_up(option.text)}</summary>{said}</details>'


def _mark_up(text: str) -> str:
    """Return plain text as HTML; what stands in backticks is code.

    Examples
    --------
    >>> _mark_up("p < `q`")
    'p &lt; <code>q</code>'
    """
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(" ".join(text.split()), quote=False))


def _make_question(entry: Mapping) -> Question:
    numbered = enumerate(entry["options"].items(), start=1)
    options = [Option(str(text), str(says), number == entry.get("right")) for number, (text, says) in numbered]
    return Question(entry["asks"], tuple(options))


def _find_problems(chapter: str, quiz: tuple[Question, ...]) -> list[Problem]:
    """Return what is wrong with the quiz of a chapter."""
    found = [(f"{chapter}", count(len(quiz), "question"), f"{N_QUESTIONS}")] if len(quiz) != N_QUESTIONS else []
    for number, question in enumerate(quiz, start=1):
        place, n_right = f"{chapter}, question {number}", sum(option.is_right for option in question.options)
        if len(question.options) < LEAST_OPTIONS:
            found.append((place, count(len(question.options), "option"), f"{LEAST_OPTIONS} or more"))
        if n_right != 1:
            found.append((place, f"{n_right} right options", "one"))
    file = f"data/course/{QUIZZES_FILE.name}"
    return [Problem(file, None, place, has, wants, "correct the question.") for place, has, wants in found]
