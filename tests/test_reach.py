"""Every public definition leads somewhere: a chapter, the command, a tool or a page uses it."""

from __future__ import annotations

import ast

from helpers.tables import PROJECT_ROOT
from tools.reach import Definition, find_unreached, list_definitions, read_ways_in


def test_nothing_public_is_reached_by_nobody():
    unreached = find_unreached(list_definitions(PROJECT_ROOT), read_ways_in(PROJECT_ROOT))
    assert not unreached, "\n".join(f"{one.file}: {one.name}" for one in unreached)


def test_a_definition_that_only_tests_and_its_own_body_name_is_found():
    tree = ast.parse(
        "def used():\n    return helper()\ndef helper():\n    return 1\ndef alone():\n    return alone()\n"
    )
    definitions = [Definition("room.py", one.name, one) for one in tree.body]
    assert [one.name for one in find_unreached(definitions, {"used"})] == ["alone"]
