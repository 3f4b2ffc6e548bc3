"""The functions for notebooks of one's own: each is there, and its docstring says what goes in and what comes out."""

from __future__ import annotations

import importlib
import re

import pytest
from numpydoc.validate import validate

from helpers.tables import PROJECT_ROOT

PAGES = sorted((PROJECT_ROOT / "book" / "reference").glob("*.md"))
ROOM = re.compile(r"^\.\. currentmodule:: (\S+)$")
NAME = re.compile(r"^\.\. auto(?:function|class|exception):: (\S+)$")
ASKED = {
    "GL08": "has no docstring",
    "SS03": "summary does not end with a full stop",
    "PR01": "parameters without a word",
    "PR02": "parameters that are not there",
    "PR10": "no space before the colon",
    "RT01": "does not say what comes out",
}


def list_public() -> list[str]:
    names = []
    for page in PAGES:
        room = ""
        for line in page.read_text(encoding="utf-8").splitlines():
            if found := ROOM.match(line):
                room = found[1]
            elif found := NAME.match(line):
                names.append(f"{room}.{found[1]}")
    return names


def test_pages_name_functions_once():
    names = list_public()
    assert len(names) > 60 and len(names) == len(set(names))


@pytest.mark.parametrize("name", list_public())
def test_a_function_of_the_reference_is_there_and_documented(name):
    room, one = name.rsplit(".", 1)
    found = getattr(importlib.import_module(room), one)
    asked = ASKED.keys() - (
        {"PR01"} if hasattr(found, "__dataclass_fields__") else set()
    )  # those describe their attributes
    faults = [f"{code}: {words}" for code, words in validate(f"{found.__module__}.{one}")["errors"] if code in asked]
    assert faults == []
