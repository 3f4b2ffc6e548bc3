"""Blind answers: what was planted in a student's own cohort. Nothing here knows the truth; the teacher's key does."""

from __future__ import annotations

from typing import Any

from helpers.course.checking import Feedback
from helpers.course.values import Unreadable

CLAIMED, OPPOSITE, NONE = "as claimed", "opposite", "none"
TRUTHS = (CLAIMED, OPPOSITE, NONE)


def answer_claim(claim: str, word: Any) -> Feedback:
    """Note what a student says of a claim; it is marked by the teacher, not here.

    Parameters
    ----------
    claim : str
        For example ``"C01"``.
    word : str
        ``"as claimed"``, ``"opposite"`` or ``"none"``; ``...`` stands for no answer yet.

    Examples
    --------
    >>> answer_claim("C01", "None")
    Noted. C01: none. Your teacher has the key.
    >>> answer_claim("C01", "no")
    Not quite. Write "as claimed", "opposite" or "none".
    """
    if word is ...:
        return Feedback(claim, False, "", "No answer yet. Put it in place of the dots, and run the cell again.")
    try:
        return Feedback(claim, False, "", f"Noted. {claim}: {read_truth(word)}. Your teacher has the key.")
    except Unreadable as error:
        return Feedback(claim, False, "", f"Not quite. {error}")


def read_truth(word: Any) -> str:
    """Return an answer as one of the three words.

    Raises
    ------
    Unreadable

    Examples
    --------
    >>> read_truth(" As  claimed")
    'as claimed'
    """
    plain = " ".join(str(word).strip(" .\"'").casefold().split())
    if plain not in TRUTHS:
        raise Unreadable('Write "as claimed", "opposite" or "none".')
    return plain
