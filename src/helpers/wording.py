"""Words of the data on a page: labels shown as they are written, small counts and ids of people not shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

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


def hide_small(n: int, small_cell: int) -> str:
    """Return a count as text; one above zero and below `small_cell` is not told.

    Examples
    --------
    >>> hide_small(3, 5), hide_small(0, 5), hide_small(5, 5)
    ('<5', '0', '5')
    """
    return f"<{small_cell}" if 0 < n < small_cell else str(n)


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
