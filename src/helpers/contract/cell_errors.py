"""What happened to a cell, a name or an id on its way through spreadsheets and programs, and what to type instead."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches

MISSING_MARKS = frozenset(
    [
        "na",
        "nan",
        "n/a",
        "n.a.",
        "n\\a",
        "#n/a",
        "<na>",
        "null",
        "none",
        "nil",
        ".",
        "..",
        "...",
        "-",
        "--",
        "---",
        "–",
        "—",
        "?",
        "??",
        "missing",
        "unknown",
        "nr",
        "nd",
        "n.d.",
    ]
)
NOT_DETECTED = ("nd", "n.d.")
SPREADSHEET_ERROR = re.compile(r"#(DIV/0!|N/A|NAME\?|REF!|VALUE!|NUM!|NULL!|SPILL!|WERT!|BEZUG!|ZAHL!)")
CODES = (-99999.0, -9999.0, -999.0, -99.0, -9.0, -1.0, 9.0, 99.0, 777.0, 888.0, 999.0, 9999.0, 99999.0)
CODE_FIX = "it looks like a code for a missing value: write n/a."
MONTH = "(?:jan|feb|mar|mär|apr|may|mai|jun|jul|aug|sep|sept|oct|okt|nov|dec|dez)"
DATE = re.compile(
    rf"\d{{1,4}}[-./ ]{MONTH}[a-z]*(?:[-./ ]\d{{2,4}})?|{MONTH}[a-z]*[-./ ]\d{{1,4}}"
    r"|(?:19|20)\d\d[-/.](?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|[12]\d|3[01])(?:[ T]\d\d:\d\d(?::\d\d)?(?:\.\d+)?)?"
    r"|(?:0?[1-9]|[12]\d|3[01])[./](?:0?[1-9]|[12]\d|3[01])[./](?:\d\d|(?:19|20)\d\d)",
    re.IGNORECASE,
)
DATED_NAME = re.compile(
    rf"\d{{1,2}}-{MONTH}|{MONTH}-\d{{2}}|(?:19|20)\d\d-\d\d-\d\d(?: 00:00:00)?|\d{{1,2}}/\d{{1,2}}/\d{{4}}",
    re.IGNORECASE,
)
SCIENTIFIC = re.compile(r"\d(?:[.,]\d+)?E[+]?\d{2}", re.IGNORECASE)
SERIAL_DAYS = (36526, 47848)
NUMBER = r"[-+]?(?:\d+(?:[.,]\d+)?|[.,]\d+)"
INVISIBLE = {"\u200b", "\u200c", "\u200d", "\ufeff", "\u2060"}
QUOTES = "“”„‟‘’‚‛«»\"'`´"
YES_NO = {"true": 1, "false": 0, "yes": 1, "no": 0}
SPACED_ALIKE = 0.75


@dataclass(frozen=True)
class CellError:
    """What a cell probably is, and what to type instead.

    Attributes
    ----------
    what : str
        In words, for instance ``a decimal comma``.
    fix : str
    """

    what: str
    fix: str


def is_missing_mark(text: str) -> bool:
    """Return whether a cell says "unknown" in other words than ``n/a``.

    Parameters
    ----------
    text : str

    Examples
    --------
    >>> is_missing_mark("NaN"), is_missing_mark(" "), is_missing_mark("n/a"), is_missing_mark("0")
    (True, True, False, False)
    """
    return text != "n/a" and (not _trim(text) or _trim(text).lower() in MISSING_MARKS)


def explain_number(text: str, low: float | None = None, high: float | None = None) -> CellError | None:
    """Say what a text is that stands where a number should.

    Parameters
    ----------
    text : str
        The cell as written.
    low, high : float, optional
        Range of the column: decides whether the comma of ``1,234`` marks decimals or thousands.

    Returns
    -------
    CellError or None
        None when nothing specific can be said.

    Examples
    --------
    >>> explain_number("3,14").fix
    'write 3.14.'
    >>> explain_number("1,234", 0, 5).fix
    'write 1.234.'
    >>> explain_number("72 kg").what
    'a number with its unit'
    >>> explain_number("n.d.").fix
    'write n/a; where it means not detected and the unit is an amount, 0.'
    """
    if SPREADSHEET_ERROR.fullmatch(text.strip()):
        return CellError("an error of a spreadsheet formula", "mend the formula and export again, or write n/a.")
    if is_missing_mark(text):
        if _trim(text).lower() in NOT_DETECTED:
            return CellError(
                "not done, or not detected", "write n/a; where it means not detected and the unit is an amount, 0."
            )
        return CellError("another mark for a missing value" if text.strip() else "only blanks", "write n/a.")
    bare = _trim(text)
    return _explain_written_number(bare, low, high) or _explain_other(bare, text)


def _explain_written_number(bare: str, low: float | None, high: float | None) -> CellError | None:
    if re.fullmatch(rf"[<>≤≥]=?\s*{NUMBER}.*", bare):
        return CellError("a limit of detection", "write n/a, or the limit itself where your protocol says so.")
    if re.fullmatch(rf"{NUMBER}\s*[%‰]", bare):
        number = bare.rstrip("%‰ ").replace(",", ".")
        return CellError(
            "a percentage", f"write {number} without the sign if that is the column's unit, else its share."
        )
    if re.fullmatch(r"[-+]?[1-9]\d{0,2}(?:[,.'’ \u00a0\u202f]\d{3})+(?:[.,]\d+)?", bare):
        return _explain_thousands(bare, low, high)
    if re.fullmatch(r"[-+]?\d*,\d+(?:[eE][-+]?\d+)?", bare):
        return CellError("a decimal comma", f"write {bare.replace(',', '.')}.")
    if re.fullmatch(r"[-+]?(?:inf(?:inity)?|∞|\d[\d.]*e\+?\d{3,})", bare, re.IGNORECASE):
        return CellError("an infinite number", "write n/a; a division by zero or the log of zero makes such values.")
    if re.fullmatch(
        rf"{NUMBER}\s*(?!e\d|x[\da-f])(?:[^\W\d_]|[°µμ])[\w/²³^°µμ·.-]*(?:\s*/\s*\w+)?", bare
    ) and not DATE.fullmatch(bare):
        number = re.match(NUMBER, bare).group().replace(",", ".")
        return CellError(
            "a number with its unit", f"write {number}; units stand in the contract or a sidecar, not in cells."
        )
    return None


def _explain_thousands(bare: str, low: float | None, high: float | None) -> CellError:
    digits = re.sub(r"['’ \u00a0\u202f]", "", bare)
    marks = re.findall(r"[.,]", digits)
    readings = [re.sub(r"[.,]", "", digits)]
    if len(marks) == 1:
        readings.append(digits.replace(",", "."))
    elif marks and marks[-1] != marks[0]:
        whole, _, decimals = digits.rpartition(marks[-1])
        readings = [f"{re.sub(r'[.,]', '', whole)}.{decimals}"]
    if digits != bare and len(marks) == 1:
        readings = readings[1:]
    fitting = [text for text in readings if low is None or low <= float(text) <= (math.inf if high is None else high)]
    if len(fitting) == 1 and len(readings) > 1:
        is_decimal = fitting[0] == readings[-1]
        return CellError("a decimal comma" if is_decimal else "a thousands separator", f"write {fitting[0]}.")
    either = " or, if the comma marks decimals, ".join(readings)
    return CellError("a thousands separator", f"write {either}.")


def _explain_other(bare: str, text: str) -> CellError | None:
    if bare.lower() in YES_NO:
        return CellError("a yes or no", f"write {YES_NO[bare.lower()]}, if the column counts 0 and 1, or n/a.")
    if DATE.fullmatch(bare):
        return CellError("a date", "set the column to text in the spreadsheet and type the value again, or write n/a.")
    plain = bare.strip(QUOTES + " ").replace("−", "-").replace("–", "-")
    plain = "".join(c for c in unicodedata.normalize("NFKC", plain) if c not in INVISIBLE and not c.isspace())
    if plain != text and re.fullmatch(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", plain):
        return CellError("a number among other signs", f"write {plain} with plain digits and no quotes or blanks.")
    return None


def explain_label(text: str, allowed: Collection[str]) -> str | None:
    """Return the allowed label that a text probably means; None when there is no likely one.

    Parameters
    ----------
    text : str
    allowed : collection of str

    Examples
    --------
    >>> explain_label("F ", ["F", "M"]), explain_label("male", ["F", "M"]), explain_label("x", ["F", "M"])
    ('F', 'M', None)
    """
    folded = fold_label(text)
    for label in allowed:
        if fold_label(label) == folded:
            return label
    beginning = [label for label in allowed if folded.startswith(fold_label(label)) and len(fold_label(label)) == 1]
    return beginning[0] if len(beginning) == 1 else suggest(text, allowed)


def fold_label(text: str) -> str:
    """Spell a label so that case, blanks and quotes do not matter."""
    return " ".join(_trim(text).strip(QUOTES).casefold().split())


def fold_name(text: str) -> str:
    """Spell a column, file or setting so that case, blanks, dots and dashes do not matter."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", str(text)).casefold())


def suggest(name: str, known: Collection[str], *, alike: float = SPACED_ALIKE) -> str | None:
    """Return the known name that another one is probably meant to be.

    Parameters
    ----------
    name : str
    known : collection of str
    alike : float, default 0.75
        From 0 to 1, as `difflib.get_close_matches` counts.

    Returns
    -------
    str or None

    Examples
    --------
    >>> suggest("Participant ID", ["age", "participant_id"]), suggest("height", ["age", "sex"])
    ('participant_id', None)
    """
    folded = {fold_name(other): other for other in reversed(list(known)) if fold_name(other)}
    match = get_close_matches(fold_name(name), folded, n=1, cutoff=alike)
    return folded[match[0]] if match else None


def explain_name(name: str) -> CellError | None:
    """Say what a spreadsheet made of an id or of the name of a feature.

    Parameters
    ----------
    name : str

    Returns
    -------
    CellError or None
        None for a name that nothing seems to have happened to.

    Examples
    --------
    >>> explain_name("2-Sep").what
    'a date in place of a name'
    >>> explain_name("1E+05").what
    'a number in scientific notation in place of a name'
    >>> explain_name("SEPT2") is None
    True
    """
    if DATED_NAME.fullmatch(name.strip()):
        return CellError(
            "a date in place of a name",
            "a spreadsheet made a date of it (SEPT2 or MARCH1 becomes 2-Sep or 1-Mar): go back to the original "
            "file, open it with that column as text, and write the name.",
        )
    if SCIENTIFIC.fullmatch(name.strip()):
        return CellError(
            "a number in scientific notation in place of a name",
            "a spreadsheet shortened it and digits may be lost: take the name from the original file, with that "
            "column as text.",
        )
    if SPREADSHEET_ERROR.fullmatch(name.strip()):
        return CellError("an error of a spreadsheet formula", "write the name in its place.")
    return None


def find_damaged_names(names: Collection[str]) -> dict[str, CellError]:
    """Return the names that a spreadsheet changed, each with what happened.

    Day numbers such as 44441 count only where at least nine of ten other names hold a letter.

    Parameters
    ----------
    names : collection of str

    Examples
    --------
    >>> list(find_damaged_names(["ABCA1", "2-Sep", "MARCHF1"]))
    ['2-Sep']
    """
    texts = [str(name) for name in names]
    damaged = {name: damage for name in texts if (damage := explain_name(name))}
    lettered = sum(any(c.isalpha() for c in name) for name in texts)
    for name in texts if lettered >= 0.9 * len(texts) else []:
        if re.fullmatch(r"\d{5}", name) and SERIAL_DAYS[0] <= int(name) <= SERIAL_DAYS[1]:
            damaged[name] = CellError(
                "a day number in place of a name",
                "a spreadsheet counts dates in days: take the name from the original file, with that column as text.",
            )
    return damaged


def _trim(text: str) -> str:
    return "".join(" " if c.isspace() else c for c in text if c not in INVISIBLE).strip()
