"""What is wrong with a column, or with all answers of a questionnaire, as a whole: one problem, not one per cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from helpers.contract.cell_errors import CODE_FIX, CODES, SPREADSHEET_ERROR, explain_number, fold_label, is_missing_mark
from helpers.contract.files import COLUMNS_LISTED, Reader
from helpers.problems import count, name_some, quote

FEWEST_SHIFTED = 3
FEWEST_NUMBERS = 5
FEWEST_DIFFERENT = 5
FAR_ABOVE = 3.0
MOSTLY = 0.8
FEWEST_JOINED = 3  # columns with the same harmless damage, from which they are told in one warning
WORDS = frozenset({"none", "nil", "unknown", "nr", "nd", "n.d.", "—", "–", "-", "--", "---"})


def check_coding(reader: Reader, file: str, answers: pd.DataFrame, low: float, high: float) -> bool:
    """Report answers that count from one more, or one less, than the contract; return whether they do.

    Judged on the whole table: not one answer at one end of the scale, at least three one step beyond the other end,
    and nothing further out.

    Parameters
    ----------
    reader : Reader
    file : str
    answers : pandas.DataFrame
        Item columns as floats.
    low, high : float
        Range of an answer.
    """
    values = answers.to_numpy(float)
    values = values[np.isfinite(values)]
    for step, beyond, end in ((1, high + 1, low), (-1, low - 1, high)):
        lowest, highest = low + step, high + step
        if (values == end).any() or (values == beyond).sum() < FEWEST_SHIFTED:
            continue
        if ((values < lowest) | (values > highest)).any():
            continue
        verb, direction = ("subtract 1 from", "too high") if step > 0 else ("add 1 to", "too low")
        points = count(answers.shape[1], "point")
        reader.report(
            file,
            f"answers from {lowest:g} to {highest:g}, and not one {end:g}",
            f"whole numbers from {low:g} to {high:g}",
            f"{verb} every answer before scoring: as they stand, sums come out {points} {direction}.",
        )
        return True
    return False


def check_lookalikes(
    reader: Reader,
    file: str,
    column: str,
    numbers: pd.Series,
    lookalikes: Sequence[Mapping[str, Any]],
    expected: str,
) -> bool:
    """Report a column that as a whole holds something else, for instance months in place of years.

    Returns
    -------
    bool
        Whether that was an error, so that single cells need no report.
    """
    known = numbers.dropna()
    if len(known) < FEWEST_NUMBERS:
        return False
    for rule in lookalikes:
        low, high = rule.get("median", (-np.inf, np.inf))
        if not low <= known.median() <= high:
            continue
        if known.min() < rule.get("min", -np.inf) or known.max() > rule.get("max", np.inf):
            continue
        least, most = rule.get("upper_quartile", (-np.inf, np.inf))
        if not least <= known.quantile(0.75) <= most:
            continue
        severity = rule.get("severity", "error")
        reader.report(
            file,
            f"what looks like {rule['is']} (from {known.min():g} to {known.max():g}, median {known.median():g})",
            expected,
            rule["fix"],
            column=column,
            severity=severity,
        )
        return severity == "error"
    return False


def find_far_codes(values: np.ndarray) -> list[float]:
    """Return codes for a missing value that stand far outside all other values of a column.

    A code such as -9999 or 999 counts when the column holds five different other numbers or more, and it lies below them
    by more than their whole spread, or above them by more than three times their spread.

    Parameters
    ----------
    values : numpy.ndarray
        Numbers; NaN where missing.

    Returns
    -------
    list of float

    Examples
    --------
    >>> find_far_codes(np.array([1.0, 2, 3, 4, 5, 999]))
    [999.0]
    >>> find_far_codes(np.array([1.0, 200, 300, 400, 500, 999]))
    []
    """
    codes = np.unique(values[np.isin(values, CODES)])
    if not codes.size:
        return []
    others = np.unique(values[np.isfinite(values) & ~np.isin(values, CODES)])
    if others.size < FEWEST_DIFFERENT:
        return []
    spread = others[-1] - others[0]
    far = (codes < others[0] - spread) | (codes > others[-1] + FAR_ABOVE * spread)
    return [float(code) for code in codes[far]]


def check_far_codes(reader: Reader, file: str, column: str, numbers: pd.Series) -> None:
    """Warn of codes for a missing value in a column without a range."""
    values = numbers.to_numpy(float)
    for code in find_far_codes(values):
        rows = np.flatnonzero(values == code)
        more = f" (and {count(rows.size - 1, 'more cell')} of this column)" if rows.size > 1 else ""
        others = values[np.isfinite(values) & ~np.isin(values, CODES)]
        reader.report(
            file,
            f"'{code:g}'{more}, far from all others ({others.min():g} to {others.max():g})",
            "a value",
            CODE_FIX,
            line=_find_line(reader, file, numbers.index, int(rows[0])),
            column=column,
            severity="warning",
        )


def _find_line(reader: Reader, file: str, rows: pd.Index, row: int) -> int | None:
    """Return the line of a row: of a block as it was read, of a table by its number; None where people stand in columns."""
    if file in reader.lines:
        return reader.lines[file][row]
    return int(rows[row]) + 2 if isinstance(rows[row], (int, np.integer)) else None


def check_block_codes(reader: Reader, file: str, block: pd.DataFrame) -> None:
    """Warn of codes for a missing value in a block of measurements, one line per column."""
    values = block.to_numpy(float)
    coded = np.flatnonzero(np.isin(values, CODES).any(axis=0))
    suspects = [block.columns[at] for at in coded if find_far_codes(values[:, at])]
    for name in suspects[:COLUMNS_LISTED]:
        check_far_codes(reader, file, str(name), block[name])
    if len(suspects) > COLUMNS_LISTED:
        found = f"the same in {len(suspects) - COLUMNS_LISTED} further columns"
        reader.report(file, found, "values", CODE_FIX, severity="warning")


def check_own_column(reader: Reader, file: str, column: str, cells: pd.Series, *, is_used: bool) -> None:
    """Report damage in a column that the contract does not know.

    Parameters
    ----------
    reader : Reader
    file : str
    column : str
    cells : pandas.Series
        As written; index from 0.
    is_used : bool
        Whether the analysis rests on it: damage is then an error, else a warning.
    """
    texts, severity = cells.dropna(), "error" if is_used else "warning"
    numbers = pd.to_numeric(texts, errors="coerce").astype(float)
    is_number = np.isfinite(numbers)
    if is_number.all() and len(texts):
        check_far_codes(reader, file, column, pd.to_numeric(cells, errors="coerce"))
        return
    mostly = is_number.mean() >= MOSTLY if len(texts) else False
    bad = texts[~is_number] if mostly else texts[texts.map(_is_mark)]
    if len(bad):
        damage = explain_number(bad.iloc[0])
        what = f" ({damage.what})" if damage else " in a column of numbers"
        more = f" and {count(len(bad) - 1, 'more cell')} of this column" if len(bad) > 1 else ""
        fix = damage.fix if damage else "write a number, or n/a when it is unknown."
        expected = "a number, as in the other cells" if mostly else "a label, or n/a"
        line = int(bad.index[0]) + 2
        found = f"{quote(bad.iloc[0])}{what}{more}"
        reader.report(file, found, expected, fix, line=line, column=column, severity=severity)
    if not mostly:
        _check_spellings(reader, file, column, texts[~texts.map(_is_mark)], severity)


def holds_only_marks(cells: pd.Series) -> bool:
    """Return whether the damage of a column of one's own is nothing but marks of missing values, such as NA."""
    texts = cells.dropna()
    marks = texts.map(_is_mark)
    if not marks.any():
        return False
    rest = texts[~marks]
    numbers = np.isfinite(pd.to_numeric(rest, errors="coerce").astype(float))
    return bool(numbers.all() or numbers.mean() < MOSTLY) and not any(
        n > 1 for n in rest.map(fold_label).groupby(rest).nunique()
    )


def report_marks(reader: Reader, file: str, table: pd.DataFrame, columns: Sequence[str]) -> None:
    """Report once that many columns of one's own mark missing values in another way."""
    if not columns:
        return
    used = pd.concat([table[name].dropna() for name in columns])
    marks = used[used.map(_is_mark)].value_counts()
    reader.report(
        file,
        f"{name_some(map(quote, marks.index))} in {count(len(columns), 'column')} of your own ({name_some(columns)})",
        "n/a where a value is missing",
        "write n/a; these columns are in no analysis, so nothing rests on it.",
        severity="warning",
    )


def _is_mark(text: str) -> bool:
    said = text.strip()
    return (is_missing_mark(text) and said.lower() not in WORDS) or bool(SPREADSHEET_ERROR.fullmatch(said))


def _check_spellings(reader: Reader, file: str, column: str, texts: pd.Series, severity: str) -> None:
    spellings = pd.Series(texts.unique(), dtype=object)
    for _, alike in spellings.groupby(spellings.map(fold_label)):
        if len(alike) > 1:
            times = texts[texts.isin(alike)].value_counts()
            odd = texts.index[texts.isin(alike) & (texts != times.index[0])]
            reader.report(
                file,
                f"{name_some(map(quote, alike))}, one label in {len(alike)} spellings",
                "one spelling",
                f"write {quote(times.index[0])} throughout, if they mean the same.",
                line=int(odd[0]) + 2,
                column=column,
                severity=severity,
            )
