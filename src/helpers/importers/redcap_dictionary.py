"""The data dictionary of a REDCap project: fields, their choices, and which of them are never imported."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from helpers.importers.base import refuse
from helpers.importers.delimited import check_unique, read_frame
from helpers.importers.people import About
from helpers.importers.personal import FREE_TEXT, MAIL, MARKED, PHONE, judge_name

NAME, FORM, TYPE = "Variable / Field Name", "Form Name", "Field Type"
LABEL, CHOICES = "Field Label", "Choices, Calculations, OR Slider Labels"
VALIDATION, IDENTIFIER = "Text Validation Type OR Show Slider Number", "Identifier?"
NEEDED = (NAME, TYPE, LABEL, CHOICES)
CHOSEN = ("radio", "dropdown", "yesno", "truefalse")
FIXED = {"yesno": {"1": "Yes", "0": "No"}, "truefalse": {"1": "True", "0": "False"}}
UNSHOWN = {"file": "a file", "descriptive": "no data", "notes": FREE_TEXT}


@dataclass(frozen=True)
class Field:
    """One field of a dictionary.

    Attributes
    ----------
    name, form, kind, label, validation : str
        ``kind`` is REDCap's field type; ``label`` without markup.
    choices : mapping of str to str
        Code to label; empty where there is nothing to choose.
    is_identifier : bool
    """

    name: str
    form: str
    kind: str
    label: str
    validation: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    is_identifier: bool = False

    @property
    def why_not(self) -> str | None:
        """Why the field is never imported; None when it may be, as far as the dictionary tells."""
        if self.is_identifier:
            return MARKED
        if self.kind in UNSHOWN:
            return UNSHOWN[self.kind]
        by_validation = {"email": MAIL, "phone": PHONE, "zipcode": "an address"}.get(self.validation)
        return by_validation or judge_name(self.name) or judge_name(self.label)

    @property
    def is_open(self) -> bool:
        """Whether anything may be typed into it."""
        return self.kind == "text" and not self.validation

    def as_about(self) -> About:
        """Return what a sidecar says of it; the levels are the labels."""
        return About(self.label, levels={label: f"code {code}" for code, label in self.choices.items()})


def is_dictionary(header: list[str]) -> bool:
    """Return whether a header is a data dictionary's."""
    return {NAME, TYPE} <= set(header)


def read_dictionary(path: Path) -> dict[str, Field]:
    """Read a data dictionary as REDCap exports it.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    dict of str to Field
        By field, in the dictionary's order; the first one holds the records' ids.

    Raises
    ------
    CohortError
        When it lacks a column, or names a field twice.
    """
    table = read_frame(path)
    lacking = [name for name in NEEDED if name not in table.columns]
    if lacking:
        found = f"no column '{lacking[0]}'"
        fix = "export the data dictionary from REDCap (Designer, Download the current Data Dictionary)."
        raise refuse(path, found, "a data dictionary of REDCap", fix, line=1)
    check_unique(path, table[NAME].tolist(), "field")
    cells = table.to_dict("records")
    return {row[NAME]: _read_field(row) for row in cells}


def _read_field(row: Mapping[str, str]) -> Field:
    kind = row[TYPE].strip().lower()
    choices = FIXED.get(kind) or (split_choices(row[CHOICES]) if kind in (*CHOSEN, "checkbox") else {})
    identifier = row.get(IDENTIFIER, "").strip().lower() in ("y", "yes", "1")
    validation = row.get(VALIDATION, "").strip().lower()
    return Field(row[NAME], row.get(FORM, ""), kind, clean_label(row[LABEL]), validation, choices, identifier)


def split_choices(text: str) -> dict[str, str]:
    """Return code to label.

    Examples
    --------
    >>> split_choices("0, Female | 1, Male, of any age")
    {'0': 'Female', '1': 'Male, of any age'}
    """
    pairs = [part.partition(",") for part in re.split(r"\||\n", text) if part.strip()]
    return {code.strip(): clean_label(label) or code.strip() for code, _, label in pairs}


def clean_label(text: str) -> str:
    """Return a label without markup, on one line.

    Examples
    --------
    >>> clean_label("<b>Age</b>&nbsp;(years)")
    'Age (years)'
    """
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())
