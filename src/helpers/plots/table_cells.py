"""Numbers as a reader wants them in a cell: two or three significant digits, no exponents, estimate and interval together."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, log10

import numpy as np
import pandas as pd

from helpers.result_columns import read_words
from helpers.wording import hide_small

NONE = "–"
THIN = "\u202f"
UNBROKEN = "\u00a0"
MOST_DECIMALS = 6
WORDS = ("label", "text")
LEAST_P = 0.001
FEWEST_STEPS = 5  # of the last decimal that an interval has to span


def write_p(p: float) -> str:
    """Return a p-value as text.

    Examples
    --------
    >>> [write_p(p) for p in (2e-5, 0.00412, 0.0441, 0.43, 1.0)]
    ['<\xa00.001', '0.004', '0.044', '0.43', '1.00']
    """
    if p < LEAST_P:
        return f"<{UNBROKEN}{LEAST_P:g}"
    return f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def write_share(share: float) -> str:
    """Return a proportion in per cent.

    Examples
    --------
    >>> [write_share(x).replace(THIN, " ") for x in (0.403, 0.0152, 0.0018, 1, 0)]
    ['40 %', '1.5 %', '0.18 %', '100 %', '0 %']
    """
    percent = 100 * float(share)
    digits = f"{percent:.0f}" if abs(percent) >= 10 or percent == 0 else _significant(percent, 2)
    return f"{_sign(digits)}{THIN}%"


def write_numbers(values: Sequence[float]) -> list[str]:
    """Return the numbers of a column with as many decimals as give the middle one three significant digits.

    Parameters
    ----------
    values : sequence of float
        NaN is a missing value and becomes a dash.

    Examples
    --------
    >>> write_numbers([3.3, 0.851, -12.04]), write_numbers([12000, 7]), write_numbers([0.5, 0.00004])
    (['3.30', '0.85', '−12.04'], ['12,000', '7'], ['0.500', '0.00004'])
    >>> write_numbers([0.1, 0.3])
    ['0.1', '0.3']
    """
    known = np.array([abs(x) for x in values if pd.notna(x) and np.isfinite(x) and x != 0], dtype=float)
    if all(x.is_integer() for x in known):
        return [_write(x, 0) for x in values]
    decimals = int(np.clip(2 - floor(log10(np.median(known))), 0, MOST_DECIMALS))
    while decimals and all(round(x, decimals - 1) == round(x, MOST_DECIMALS) for x in known):
        decimals -= 1  # 0.1 and 0.3 need no 0.100
    too_small = 0.1 * 10.0**-decimals
    return [_sign(_significant(x, 1)) if 0 < abs(x) < too_small else _write(x, decimals) for x in values]


def write_intervals(estimates: Sequence[float] | None, low: Sequence[float], high: Sequence[float]) -> list[str]:
    """Return estimates with their intervals, with decimals that fit the width of the middle one; a much narrower one has more.

    Parameters
    ----------
    estimates : sequence of float or None
        None: the ranges alone.
    low, high : sequence of float

    Examples
    --------
    >>> write_intervals([0.424], [0.052], [0.786]), write_intervals(None, [-0.1], [2.34])
    (['0.42 [0.05 to 0.79]'], ['−0.10 to 2.34'])
    """
    widths = [abs(b - a) for a, b in zip(low, high, strict=True) if pd.notna(a) and pd.notna(b) and a != b]
    common = _decimals(float(np.median(widths))) if widths else 2
    texts = []
    for place, (a, b) in enumerate(zip(low, high, strict=True)):
        width = abs(b - a) if pd.notna(a) and pd.notna(b) else np.inf
        decimals = _decimals(width) if 0 < width * 10.0**common < FEWEST_STEPS else common
        ends = f"{_write(a, decimals)} to {_write(b, decimals)}" if np.isfinite(width) else ""
        middle = _write(estimates[place], decimals) if estimates is not None else ""
        texts.append(f"{middle} [{ends}]" if middle and ends and width else middle or ends or NONE)
    return texts


def write_column(values: Sequence[object], kind: str, small_cell: int | None = None) -> list[str]:
    """Return the cells of one column as text, not escaped; text and flags may stand in a column of numbers.

    Parameters
    ----------
    values : sequence
    kind : str
        As in ``data/schema/results.yml``.
    small_cell : int, optional
        Fewer participants than this are not told; by default what the style of the cohort set.
    """
    known = [float(x) for x in values if _is_number(x)]
    numbers = iter([_write_whole(x) for x in known] if kind in WORDS else write_numbers(known))
    words = read_words() if kind == "label" else {}
    return [_write_cell(value, kind, numbers, words, small_cell) for value in values]


def _write_cell(value: object, kind: str, numbers, words: dict[str, str], small_cell: int | None) -> str:
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if not _is_number(value):
        return NONE if pd.isna(value) or value == "" else words.get(str(value), str(value))
    if kind in ("p", "share"):
        return write_p(float(value)) if kind == "p" else write_share(float(value))
    text = next(numbers)
    if kind == "flag":
        return "yes" if value else "no"
    return hide_small(int(value), small_cell) if kind == "people" else text


def _write_whole(value: float) -> str:
    """Return a number that is a name, such as a border of a band, with the digits it has."""
    text = f"{value:.10g}"
    return write_numbers([value])[0] if "e" in text else _sign(text)


def _is_number(value: object) -> bool:
    is_numeric = isinstance(value, int | float | np.number) and not isinstance(value, bool | np.bool_)
    return is_numeric and bool(pd.notna(value))


def _write(value: float, decimals: int) -> str:
    if pd.isna(value):
        return NONE
    if np.isinf(value):
        return "∞" if value > 0 else "−∞"
    return _sign(f"{value:,.{decimals}f}")


def _significant(value: float, digits: int) -> str:
    least = 10.0**-MOST_DECIMALS
    if abs(value) < least:
        return f"< {least:.{MOST_DECIMALS}f}"
    return f"{value:.{min(MOST_DECIMALS, max(0, digits - 1 - floor(log10(abs(value)))))}f}"


def _sign(text: str) -> str:
    """Write minus as a minus, and none before zero."""
    return text.lstrip("-") if not text.strip("-0.,") else text.replace("-", "−")


def _decimals(width: float) -> int:
    """Return two for what is about as wide as an effect size, one or none for wider, more for narrower intervals."""
    if 0.1 <= width < 3:
        return 2
    return int(np.clip(1 - floor(log10(width / 3 if width >= 3 else width)), 0, MOST_DECIMALS))
