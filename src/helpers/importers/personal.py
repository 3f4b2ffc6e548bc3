"""Columns that could tell who a person is: found by name, by a dictionary's mark or by content, and never imported."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pandas as pd

from helpers.importers.base import LeftOut

PERSON = "a person's name"
ADDRESS = "an address"
PLACE = "coordinates of a place"
MAIL = "an e-mail address"
PHONE = "a telephone number"
BIRTH = "a date of birth"
NETWORK = "an address on the internet"
NUMBER = "a number that stands for a person elsewhere"
FREE_TEXT = "free text"
MARKED = "marked as an identifier by the dictionary"

_OWNERS = "first|last|middle|given|family|maiden|full|sur|fore|nick|user|participants?|patients?|subjects?|contact|mothers?|fathers?|recipient|vor|nach|familien"
_BY_NAME = (
    (BIRTH, r"dob|(date|day)(of)?birth|birth(date|day)|dateofbirth|geburts(datum|tag)|geb(urts)?dat(um)?"),
    (MAIL, r"\w*?mail(address|adresse)?\d*"),
    (
        PHONE,
        r"(home|work|cell|mobile|contact|emergency)?(tele)?(phone|fon)(number|no|nr|nummer)?\d*|mobile(number)?|cellphone|handy(nummer)?|fax",
    ),
    (NETWORK, r"ip(v[46])?(addr(ess)?|adresse)?|macaddress|deviceid"),
    (
        PLACE,
        r"(location|gps|geo)?(lat|lon|long|lng)(itude)?|(location|gps|geo)(lat|lon|long|lng|coordinates?)(itude)?|latitude|longitude",
    ),
    (
        ADDRESS,
        r"(home|street|mailing|postal|contact)?(address|adresse|anschrift)\d*|street(name|number)?|stra(ss|ß)e|hausnummer"
        r"|(zip|post(al)?)code|zip|plz|postleitzahl|city|town|county|wohnort",
    ),
    (PERSON, rf"({_OWNERS})*names?\d*|name(s|n)?({_OWNERS})*|({_OWNERS})*initials?|initialen"),
    (
        NUMBER,
        r"ssn|socialsecurity(number|no)?|mrn|medicalrecord(number|no)?|passport(number|no)?|(health)?insurance(number|no|id)|versichertennummer|nhs(number|no)|(patient|hospital)number",
    ),
)
_BY_NAME_RE = tuple((why, re.compile(pattern)) for why, pattern in _BY_NAME)
_MAIL_CELL = re.compile(r"[^@\s]+@[^@\s]+\.[a-zA-Z]{2,}")
_NETWORK_CELL = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}")
SHARE_OF_CELLS = 0.5
LONGEST_LABEL = 100


def find_personal(table: pd.DataFrame, marked: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the personal columns of a table, each with what it is.

    Names are judged without case, blanks and signs: ``E-mail``, ``date_of_birth``, ``LocationLatitude``; a column is
    personal by content when one cell is an e-mail address or half of them are addresses of the internet, and free text when one cell has more than 100 letters or several lines. An age or a year
    of birth is not personal in this sense.

    Parameters
    ----------
    table : pandas.DataFrame
        Cells are text or NaN.
    marked : mapping of str to str, optional
        Column to the reason, for columns that a dictionary marks.

    Returns
    -------
    dict of str to str

    Examples
    --------
    >>> find_personal(pd.DataFrame({"Last Name": ["x"], "site_name": ["Rome"], "note": ["a@b.org"], "age": ["30"]}))
    {'Last Name': "a person's name", 'note': 'an e-mail address'}
    """
    marked = marked or {}
    found = {}
    for name, cells in table.items():
        why = marked.get(name) or judge_name(str(name)) or _judge_cells(cells)
        if why:
            found[name] = why
    return found


def judge_name(name: str) -> str | None:
    """Return what a column holds when its name says that it is personal; else None.

    Examples
    --------
    >>> judge_name("RecipientEmail"), judge_name("IPAddress"), judge_name("drug_name"), judge_name("ip_score")
    ('an e-mail address', 'an address on the internet', None, None)
    """
    folded = re.sub(r"[\W_]+", "", name.lower())
    return next((why for why, pattern in _BY_NAME_RE if pattern.fullmatch(folded)), None)


def leave_out_personal(
    table: pd.DataFrame, *, keep: Sequence[str] = (), marked: Mapping[str, str] | None = None
) -> tuple[pd.DataFrame, list[LeftOut]]:
    """Return a table without its personal columns, and what was left out, by name of column.

    Parameters
    ----------
    table : pandas.DataFrame
    keep : sequence of str
        Columns that stay whatever they are called: the one with the participants' codes.
    marked : mapping of str to str, optional
        As for :func:`find_personal`.

    Returns
    -------
    tuple of pandas.DataFrame, and of list of LeftOut
        One entry per column, with the number of its filled cells.
    """
    found = {name: why for name, why in find_personal(table, marked).items() if name not in keep}
    left = [
        LeftOut(f"cells of the column {name}", int(table[name].notna().sum()), f"personal: {why}")
        for name, why in found.items()
    ]
    return table.drop(columns=list(found)), left


def _judge_cells(cells: pd.Series) -> str | None:
    texts = cells[cells.map(lambda cell: isinstance(cell, str))]
    if texts.empty:
        return None
    if texts.str.fullmatch(_MAIL_CELL).any():
        return MAIL
    if (texts.str.len() > LONGEST_LABEL).any() or texts.str.contains("[\r\n]").any():
        return FREE_TEXT
    return NETWORK if texts.str.fullmatch(_NETWORK_CELL).mean() >= SHARE_OF_CELLS else None
