"""A student's answer in whatever form it comes, and whether it agrees with another."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

DIGITS = (2, 3)
SPLITS = re.compile(r"[,;\n]")
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", re.IGNORECASE)


class Unreadable(ValueError):
    """An answer that is not of the form that was asked for; the message says which form is."""


def read_number(value: Any) -> float:
    """Return an answer as a number.

    Parameters
    ----------
    value : object
        A number of any type, one in an array, Series or frame of one cell, or as text (``"0.31"``, ``"0,31"``, ``"31 %"``).

    Raises
    ------
    Unreadable

    Examples
    --------
    >>> read_number("−0,31"), read_number("31 %"), read_number(np.array([2]))
    (-0.31, 0.31, 2.0)
    """
    bare = _take_out(value)
    if isinstance(bare, bool | np.bool_):
        raise Unreadable("Give a number; True and False are none.")
    if isinstance(bare, str):
        return _read_text(bare)
    try:
        number = float(bare)
    except (TypeError, ValueError):
        raise Unreadable(f"Give one number; this is {type(bare).__name__}.") from None
    if not math.isfinite(number):
        raise Unreadable("Give a number; this one is missing or infinite. Is a column empty, or a group?")
    return number


def read_names(value: Any) -> frozenset[str]:
    """Return an answer as a set of names; order, case and repetition do not count.

    Examples
    --------
    >>> read_names("C01, c02") == read_names(pd.Index(["C02", "C01"]))
    True
    """
    if isinstance(value, pd.DataFrame):
        value = value.index
    parts: Iterable = SPLITS.split(value) if isinstance(value, str) else value
    if not isinstance(parts, Iterable):
        raise Unreadable("Give a list of names, for example ['C01', 'C02'].")
    return frozenset(name for part in parts if (name := str(part).strip().casefold()))


def read_letter(value: Any) -> str:
    """Return an answer as the letter of an option.

    Examples
    --------
    >>> read_letter(" B) "), read_letter(["b"])
    ('b', 'b')
    """
    bare = _take_out(value)
    found = re.fullmatch(r"\W*([a-z])\W*", str(bare).casefold())
    if found is None:
        raise Unreadable('Give the letter of one option, for example "b".')
    return found[1]


def agree(answer: float, target: float, tolerance: float) -> bool:
    """Tell whether a number is another one, written as exactly as people write.

    Parameters
    ----------
    answer, target : float
    tolerance : float
        Relative; with 0 they must be the same whole number. A target rounded to two or three digits (but not beyond the unit)
        is accepted as well.

    Examples
    --------
    >>> agree(0.11, 0.1147, 0.005), agree(0.12, 0.1147, 0.005), agree(44, 44.0, 0)
    (True, False, True)
    """
    if tolerance == 0:
        return abs(answer - target) < 1e-9 * max(1.0, abs(target))
    if abs(answer - target) <= max(tolerance * abs(target), 1e-12):
        return True
    before = math.floor(math.log10(abs(target))) + 1 if target else 0
    return any(math.isclose(answer, round(target, max(digits - before, 0)), rel_tol=1e-9) for digits in DIGITS)


def _take_out(value: Any) -> Any:
    """Return what a container of one thing holds."""
    if isinstance(value, pd.DataFrame | pd.Series | pd.Index | np.ndarray):
        cells = np.asarray(value).ravel()
        if len(cells) != 1:
            raise Unreadable(f"Give one value; this has {len(cells)}.")
        return cells[0]
    if isinstance(value, list | tuple | set):
        if len(value) != 1:
            raise Unreadable(f"Give one value; this has {len(value)}.")
        return next(iter(value))
    return value


def _read_text(text: str) -> float:
    plain = text.strip().replace("\N{MINUS SIGN}", "-").replace("\N{EN DASH}", "-")
    share = plain.endswith("%")
    plain = plain.removesuffix("%").strip()
    if plain.count(",") == 1 and "." not in plain:
        plain = plain.replace(",", ".")
    if not NUMBER.fullmatch(plain):
        raise Unreadable(f"Give one number; '{text[:40]}' cannot be read as one.")
    return float(plain) / 100 if share else float(plain)
