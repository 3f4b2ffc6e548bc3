"""Write marks down: a table, a page per student, a page for the class."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from helpers.classroom.handout import EXAM
from helpers.classroom.marking import Mark, Marking
from helpers.course import read_exercises
from helpers.course.blind import NONE
from helpers.problems import count
from helpers.run import CHAPTERS

SIMULATED = "Every cohort of this class is simulated. What was found in it says nothing about people."
STYLE = """body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; background: #fff; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; } caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { border-bottom: 1px solid #767676; padding: .35rem .5rem; text-align: left; vertical-align: top; }
.note { border-left: .3rem solid #8a4b00; padding: .2rem .8rem; }"""
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>{style}</style></head><body><main>
<h1>{title}</h1>
{body}
</main></body></html>
"""


def write_marks(folder: Path, markings: Sequence[Marking], unknown: Iterable[str]) -> None:
    """Write all that the marking of a class gives.

    Parameters
    ----------
    folder : pathlib.Path
        There already, and empty: gets ``marks.csv`` and ``answers.csv`` for the teacher, ``class.html`` without names and ids,
        ``students/<id>.html``, and ``not_assigned.txt`` where files belong to nobody.
    markings : sequence of Marking
    unknown : iterable of str
        A sentence for each file that belongs to nobody.
    """
    pd.DataFrame([_sum_up(marking) for marking in markings]).to_csv(
        folder / "marks.csv", index=False, lineterminator="\n"
    )
    answers = pd.DataFrame([asdict(mark) for marking in markings for mark in marking.marks])
    answers.astype({"points": "Int64"}).to_csv(folder / "answers.csv", index=False, lineterminator="\n")
    (folder / "class.html").write_text(write_class_page(markings), encoding="utf-8")
    (folder / "students").mkdir()
    for marking in markings:
        (folder / "students" / f"{marking.student}.html").write_text(write_student_page(marking), encoding="utf-8")
    if listed := list(unknown):
        (folder / "not_assigned.txt").write_text("\n".join(listed) + "\n", encoding="utf-8")


def _sum_up(marking: Marking) -> dict[str, object]:
    """Return the line of a student in the table of marks."""
    line: dict[str, object] = {"student": marking.student, "points": marking.points, "out_of": marking.out_of}
    for name in dict.fromkeys(mark.notebook for mark in marking.marks):
        own = [mark.points for mark in marking.marks if mark.notebook == name]
        line[f"{name}_points"] = sum(points or 0 for points in own)
        line[f"{name}_out_of"] = sum(points is not None for points in own)
    said = [f"{name}: {sentence}" for name, sentences in marking.notes.items() for sentence in sentences]
    return line | {"look_at": " | ".join(said)}


def write_student_page(marking: Marking) -> str:
    """Return the page of a student: each answer, what it is worth, and why.

    Parameters
    ----------
    marking : Marking
    """
    parts = [
        f"<p>{SIMULATED}</p>",
        f"<p><strong>{marking.points} of {count(marking.out_of, 'point')}.</strong> One point for each right answer.</p>",
    ]
    for name in dict.fromkeys(mark.notebook for mark in marking.marks):
        parts.append(f"<h2>{html.escape(_call_notebook(name))}</h2>")
        parts += [f'<p class="note">{html.escape(said)}</p>' for said in marking.notes.get(name, ())]
        rows = [
            (_call_question(mark), mark.given or "none", "–" if mark.points is None else mark.points, mark.said)
            for mark in marking.marks
            if mark.notebook == name
        ]
        parts.append(
            _write_table(
                "Answers, as read when the notebook was run anew",
                ("Question", "Your answer", "Points", "What to say of it"),
                rows,
            )
        )
    return _write_page(f"Marks of {marking.name}", parts)


def write_class_page(markings: Sequence[Marking]) -> str:
    """Return the page of the class: how often each question was answered rightly, and which misconception was how frequent.

    Parameters
    ----------
    markings : sequence of Marking
    """
    marks = [mark for marking in markings for mark in marking.marks]
    parts = [f"<p>{SIMULATED} {count(len(markings), 'student')}; no name and no id stands here.</p>"]
    for name in dict.fromkeys(mark.notebook for mark in marks):
        parts.append(f"<h2>{html.escape(_call_notebook(name))}</h2>")
        own = [mark for mark in marks if mark.notebook == name]
        parts.append(
            _write_table(
                "How often each question was answered", ("Question", "Right", "Wrong", "No answer"), _count_answers(own)
            )
        )
        if rows := _count_misconceptions(own):
            parts.append(
                _write_table(
                    "Misconceptions, the most frequent first",
                    ("Question", "Misconception", "How often", "What is said of it"),
                    rows,
                )
            )
        if name == EXAM:
            parts.append(
                _write_table(
                    "What was planted, and what was said",
                    ("In the cohort", "Answered rightly", "Answers"),
                    _count_truths(own),
                )
            )
    return _write_page("Marks of the class", parts)


def _count_answers(marks: Sequence[Mark]) -> list[tuple]:
    rows = []
    for question in dict.fromkeys(mark.question for mark in marks):
        own = [mark for mark in marks if mark.question == question]
        given = [mark for mark in own if mark.given and mark.points is not None]
        right = sum(mark.points for mark in given)
        rows.append((_call_question(own[0]), right, len(given) - right, len(own) - len(given)))
    return rows


def _count_misconceptions(marks: Sequence[Mark]) -> list[tuple]:
    whole = "all claims" if marks and marks[0].notebook == EXAM else None
    counted = Counter((whole or _call_question(mark), mark.misconception) for mark in marks if mark.misconception)
    said = {(whole or _call_question(mark), mark.misconception): mark.said for mark in marks}
    ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return [(question, name.replace("_", " "), n, said[question, name]) for (question, name), n in ordered]


def _count_truths(marks: Sequence[Mark]) -> list[tuple]:
    """Return for what was planted and what was not how often the answer was right: the class's power and false alarms."""
    rows = []
    for label, is_none in (("planted, in either direction", False), ("nothing planted", True)):
        own = [mark for mark in marks if mark.given and (mark.right == NONE) == is_none]
        rows.append((label, sum(mark.points or 0 for mark in own), len(own)))
    return rows


def _call_notebook(name: str) -> str:
    titles = {chapter.id: chapter.title for chapter in CHAPTERS}
    return "Blind exam" if name == EXAM else f"Exercises: {titles[name]}"


def _call_question(mark: Mark) -> str:
    exercises = read_exercises()
    return f"{mark.question}: {exercises[mark.question].title}" if mark.question in exercises else mark.question


def _write_table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    head = "".join(f'<th scope="col">{html.escape(one)}</th>' for one in heads)
    lines = []
    for first, *others in rows:
        cells = "".join(f"<td>{html.escape(str(one))}</td>" for one in others)
        lines.append(f'<tr><th scope="row">{html.escape(str(first))}</th>{cells}</tr>')
    return f"<table><caption>{html.escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def _write_page(title: str, parts: Iterable[str]) -> str:
    return PAGE.format(title=html.escape(title), style=STYLE, body="\n".join(parts))
