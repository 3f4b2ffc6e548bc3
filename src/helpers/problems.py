"""Say what is wrong: one thing, in one place, of one file, with its fix."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import groupby

NAMED_AT_MOST = 5
QUOTED_AT_MOST = 60


@dataclass(frozen=True)
class Problem:
    """One thing to fix, in one place, of one file.

    Parameters
    ----------
    file : str
        Path inside the cohort folder, with forward slashes.
    line : int or None
        Line as a spreadsheet counts (the header is line 1); None when the whole file is meant.
    column : str or None
        Column name; None when no single column is meant.
    found, expected, fix : str
        What stands there, what should, and what to type or do next.
    severity : {"error", "warning"}
        An error stops everything before any computing; a warning is shown and the run goes on.
    """

    file: str
    line: int | None
    column: str | None
    found: str
    expected: str
    fix: str
    severity: str = "error"

    def __str__(self) -> str:
        return f"{self.place()}found {self.found}, expected {self.expected}.\n    Fix: {self.fix}"

    def place(self) -> str:
        """Return where it is, as the start of a sentence.

        Examples
        --------
        >>> Problem("participants.tsv", 3, "age", "'-4'", "18 to 100 years", "correct the age").place()
        'line 3, column age: '
        """
        parts = [f"line {self.line}"] if self.line is not None else []
        parts += [f"column {_shorten(self.column)}"] if self.column is not None else []
        return ", ".join(parts) + ": " if parts else ""

    def to_dict(self) -> dict[str, str | int | None]:
        """Return the problem as plain values, for JSON."""
        return asdict(self)


class CohortError(ValueError):
    """A cohort folder (or another input of a user) that cannot be used, with every reason.

    Parameters
    ----------
    problems : iterable of Problem
        All of them; ``str(error)`` is the readable report.
    """

    def __init__(self, problems: Iterable[Problem]):
        self.problems = tuple(problems)
        super().__init__(write_report(self.problems))

    def __reduce__(self):
        return type(self), (self.problems,)


class TooLittle(ValueError):
    """Data that are in order, and too few for what was asked of them.

    The part of a chapter that meets it is left out with the message as its reason, and so is the whole chapter when
    nothing else is left of it. That is no failure.
    """


class MissingBlock(LookupError):
    """A block of data that this cohort does not have."""


class MissingResult(LookupError):
    """A result table of an earlier chapter that is not there yet."""

    def _render_traceback_(self) -> list[str]:
        """Show the sentence alone in a notebook: it says which command makes the table."""
        return [f"{type(self).__name__}: {self}"]


def write_report(problems: Iterable[Problem]) -> str:
    """Write problems as text, grouped by file.

    Parameters
    ----------
    problems : iterable of Problem

    Returns
    -------
    str
        One paragraph per file: how many problems, then each with its place, what was found, what was
        expected and the fix; warnings after the errors. Empty when there are none.

    Examples
    --------
    >>> print(write_report([Problem("participants.tsv", 3, "age", "'-4'", "18 to 100 years", "correct it.")]))
    participants.tsv has 1 problem; nothing was computed from it.
      line 3, column age: found '-4', expected 18 to 100 years.
        Fix: correct it.
    """
    ordered = sorted(problems, key=lambda p: (p.file, p.severity, p.line or 0, p.column or ""))
    paragraphs = []
    for file, grouped in groupby(ordered, key=lambda p: p.file):
        group = list(grouped)
        errors = sum(p.severity == "error" for p in group)
        lines = [_headline(file, errors, len(group) - errors)]
        lines += [f"  {'' if p.severity == 'error' else 'warning: '}{p}" for p in group]
        paragraphs.append("\n".join(lines))
    return "\n".join(paragraphs)


def _headline(file: str, n_errors: int, n_warnings: int) -> str:
    parts = [count(n_errors, "problem")] if n_errors else []
    parts += [count(n_warnings, "warning")] if n_warnings else []
    tail = "; nothing was computed from it." if n_errors else "; the run goes on."
    return f"{file} has {' and '.join(parts)}{tail}"


def _shorten(text: object) -> str:
    """Return a name on one line, cut where it is longer than a name can be."""
    shown = str(text)
    return shown if len(shown) <= 2 * QUOTED_AT_MOST else f"{shown[:QUOTED_AT_MOST]}… ({len(shown):,} characters)"


def quote(text: object) -> str:
    """Return a text from data in quotes, shortened, with control characters spelled out.

    Parameters
    ----------
    text : object

    Examples
    --------
    >>> quote("F "), quote("a" + chr(27))
    ("'F '", "'a\\\\x1b'")
    """
    shown = "".join(c if c.isprintable() or c == " " else c.encode("unicode_escape").decode() for c in str(text))
    return f"'{shown[: QUOTED_AT_MOST - 1]}…'" if len(shown) > QUOTED_AT_MOST else f"'{shown}'"


def count(n: int, noun: str) -> str:
    """Return a count with its noun.

    Examples
    --------
    >>> count(1, "person"), count(3, "warning")
    ('1 person', '3 warnings')
    """
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def name_some(names: Iterable[object]) -> str:
    """List names, at most five, then how many more.

    Examples
    --------
    >>> name_some(["a", "b"]), name_some(range(7))
    ('a, b', '0, 1, 2, 3, 4 and 2 more')
    """
    names = [_shorten(name) for name in names]
    shown = ", ".join(names[:NAMED_AT_MOST])
    return shown if len(names) <= NAMED_AT_MOST else f"{shown} and {len(names) - NAMED_AT_MOST} more"
