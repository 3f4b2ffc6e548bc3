"""Words of the data on a page: labels shown as they are written, small counts and ids of people not shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|$~^])")
NOBODY = "(id not shown)"


def flatten_text(text: object) -> str:
    """Return the text on one line."""
    return " ".join(str(text).split())


def escape_signs(text: str) -> str:
    """Return the text with every sign that Markdown would read as markup escaped, blanks kept."""
    return _MARKUP.sub(r"\\\1", text)


def as_text(label: object) -> str:
    r"""Return a label for Markdown so that no sign in it is read as markup.

    Parameters
    ----------
    label : object
        A name that comes from data: of a group, a column, a taxon, a metabolite.

    Examples
    --------
    >>> print(as_text("a_b *c*"))
    a\_b \*c\*
    """
    return escape_signs(flatten_text(label))


def as_code(name: object) -> str:
    """Return a name for Markdown in the type of code; a backtick in it becomes an apostrophe.

    Examples
    --------
    >>> as_code("taxon_001"), as_code("a`b")
    ('`taxon_001`', "`a'b`")
    """
    return f"`{flatten_text(name).replace('`', chr(39)) or ' '}`"


_PAIRS = (
    ("high minus low", "{high} minus {low}"),
    ("High minus low", "{high} minus {low}"),
    ("the high and the low group", "the groups {high} and {low}"),
    ("in the high and", "in the group {high} and"),
    ("in the low group", "in the group {low}"),
    ("the high group", "the group {high}"),
    ("the low group", "the group {low}"),
)


def call_groups(text: str, labels: Mapping[str, str], *, is_markdown: bool = False) -> str:
    """Return a text about the high and the low group with the names that the cohort gives them.

    Parameters
    ----------
    text : str
        Says ``high minus low``, ``the high group`` or ``in the low group``.
    labels : mapping
        How to call ``high`` and ``low``.
    is_markdown : bool, default False
        Whether signs of the names have to be escaped.

    Examples
    --------
    >>> call_groups("d: high minus low, 1 higher in the high group", {"high": "controls", "low": "patients"})
    'd: controls minus patients, 1 higher in the group controls'
    """
    names = {side: as_text(label) if is_markdown else flatten_text(label) for side, label in labels.items()}
    for said, called in _PAIRS:
        text = called.format(**names).join(text.split(said))
    return text


_RULE: dict[str, Any] = {"small_cell": 5, "labels": None}


def set_labels(labels: Mapping[str, str] | None) -> None:
    """Set how the groups are called from here on in tables; None: high and low.

    Parameters
    ----------
    labels : mapping
        ``labels`` of ``cohort.yml``, or None.
    """
    _RULE["labels"] = labels


def name_in_prose(text: str) -> str:
    """Return a sentence about the groups with the names that :func:`set_labels` set.

    Examples
    --------
    >>> set_labels({"high": "Controls", "low": "Patients"})
    >>> name_in_prose("One circle per genus, higher in the high group.")
    'One circle per genus, higher in the group Controls.'
    >>> set_labels(None)
    """
    return call_groups(text, _RULE["labels"]) if _RULE["labels"] else text


def name_groups(text: str) -> str:
    """Return a caption or head of a table with the names that :func:`set_labels` set.

    In heads a name that begins with *high* or *low* itself is left to the caption.

    Examples
    --------
    >>> set_labels({"high": "Controls", "low": "Patients"})
    >>> name_groups("n, high / low"), name_groups("d: high minus low")
    ('n, Controls / Patients', 'd: Controls minus Patients')
    >>> set_labels(None)
    """
    labels = _RULE["labels"]
    if not labels:
        return text
    if not all(labels[side].lower().startswith(side) for side in labels):
        ends = {side: flatten_text(label) for side, label in labels.items()}
        text = re.sub(r"(?<=, )(high|low)$", lambda found: ends[found[1]], text)
        text = re.sub(r"\bhigh / low\b", f"{ends['high']} / {ends['low']}", text)
    return call_groups(text, labels)


def set_small_cell(small_cell: int) -> None:
    """Set below which number of people nothing is told from here on, for all that is not told otherwise.

    Parameters
    ----------
    small_cell : int
        ``small_cell`` of ``cohort.yml``; 5 before it is set.
    """
    _RULE["small_cell"] = small_cell


def hide_small(n: int, small_cell: int | None = None) -> str:
    """Return a count as text; one above zero and below `small_cell` is not told.

    Parameters
    ----------
    n : int
    small_cell : int, optional
        By default what :func:`set_small_cell` set.

    Examples
    --------
    >>> hide_small(3, 5), hide_small(0, 5), hide_small(5, 5)
    ('<5', '0', '5')
    """
    least = _RULE["small_cell"] if small_cell is None else small_cell
    return f"<{least}" if 0 < n < least else f"{n:,}"


def tell_range(counts: Iterable[float], small_cell: int | None = None) -> str:
    """Return the range of numbers of people as text.

    Examples
    --------
    >>> tell_range([44, 72, 3], 5), tell_range([9, 9], 5), tell_range([2, 3], 5)
    ('<5–72', '9', '<5')
    """
    known = [int(n) for n in counts if n == n]
    ends = list(dict.fromkeys(hide_small(n, small_cell) for n in (min(known), max(known)))) if known else []
    return "–".join(ends)


def tell_part(n: int, total: int, small_cell: int | None = None) -> str:
    """Return a part of a known total as text, so that neither it nor the rest is told when it is small.

    Examples
    --------
    >>> tell_part(90, 116, 5), tell_part(3, 116, 5), tell_part(114, 116, 5), tell_part(116, 116, 5)
    ('90 of 116', 'fewer than 5 of 116', 'all but fewer than 5 of 116', '116 of 116')
    """
    least = _RULE["small_cell"] if small_cell is None else small_cell
    part = f"fewer than {least}" if 0 < n < least else f"{n:,}"
    if 0 < total < least:
        return f"fewer than {least}"
    return f"{f'all but fewer than {least}' if 0 < total - n < least else part} of {total:,}"


def hide_small_parts(counts: Sequence[int], small_cell: int) -> list[str]:
    """Return the parts of a known total as text, so that no small part follows by subtraction.

    Parameters
    ----------
    counts : sequence of int
        Parts of one total.
    small_cell : int

    Returns
    -------
    list of str
        Where exactly one part is too small to tell, the next smallest is ``hidden`` as well.

    Examples
    --------
    >>> hide_small_parts([90, 20, 3], 5), hide_small_parts([90, 0], 5), hide_small_parts([90, 2, 1], 5)
    (['90', 'hidden', '<5'], ['90', '0'], ['90', '<5', '<5'])
    """
    shown = [hide_small(n, small_cell) for n in counts]
    if sum(0 < n < small_cell for n in counts) == 1:
        others = [(n, i) for i, n in enumerate(counts) if n >= small_cell]
        if others:
            shown[min(others)[1]] = "hidden"
    return shown


def hide_ids(text: str, ids: Iterable[object]) -> str:
    """Return a text without the ids of people.

    Parameters
    ----------
    text : str
    ids : iterable of str
        An id of digits alone is only looked for in quotes, as a bare number may be any number.

    Examples
    --------
    >>> hide_ids("line 3: found 'sub-01' and '7' of 7", ["sub-01", "7"])
    "line 3: found '(id not shown)' and '(id not shown)' of 7"
    """
    known = sorted({str(name) for name in ids if str(name).strip()}, key=len, reverse=True)
    if not known:
        return text
    bare = "|".join(re.escape(name) for name in known if not name.isdigit())
    quoted = "|".join(map(re.escape, known))
    patterns = [rf"(?<=')(?:{quoted})(?=')"] + ([rf"(?<![\w-])(?:{bare})(?![\w-])"] if bare else [])
    return re.sub("|".join(patterns), NOBODY, text)


def write_fixed(value: float) -> str:
    """Return an effect as text.

    Examples
    --------
    >>> write_fixed(-0.541), write_fixed(-0.001)
    ('−0.54', '0.00')
    """
    text = f"{value:.2f}"
    return "0.00" if text == "-0.00" else text.replace("-", "−")
