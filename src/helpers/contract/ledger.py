"""Check a ledger of claims against its schema: every mistake at once, with line, field and fix."""

from __future__ import annotations

import math
import re
import reprlib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from helpers.contract.cell_errors import suggest
from helpers.problems import CohortError, Problem, quote
from helpers.result_columns import find_moved, find_tables, list_columns
from helpers.tables import PROJECT_ROOT

SCHEMA_FILE = PROJECT_ROOT / "data" / "schema" / "ledger.yml"
ESTIMATE = ("d", "d_low", "d_high")
CORRELATION = ("r", "r_low", "r_high")
SLOPES = ("n", *CORRELATION, "slope", "slope_low", "slope_high")
COLUMNS = ("estimate", "low", "high")
LARGEST_FILE = 1_000_000  # bytes
README = "data/claims/README.md"
KIND_TEXTS = {
    "text": "a text",
    "names": "a list of names",
    "estimate": "numbers d, d_low and d_high, with d between the others",
    "columns": "estimate, low and high, each the name of a column",
}


@cache
def read_ledger_schema() -> dict[str, dict[str, dict[str, Any]]]:
    """Return ``data/schema/ledger.yml``: for a ledger and for a claim, each field and what may stand in it."""
    return yaml.safe_load(SCHEMA_FILE.read_text(encoding="utf-8"))


def read_ledger(path: Path) -> dict[str, Any]:
    """Read a ledger and refuse it unless it keeps to the schema.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    dict
        As the file has it.

    Raises
    ------
    CohortError
        Every problem, by line, claim and field.
    """
    content, lines = _parse(path)
    if not isinstance(content, dict):
        fix = f"write `claims:` and a list below it ({README} explains it; the ledger of a study also has `study:` and `doi:`)."
        raise CohortError([Problem(path.name, None, "claims", "no claims", "a list of claims", fix)])
    problems = list(_check_ledger(path.name, content, lines))
    if problems:
        raise CohortError(problems)
    return content


def is_own(content: Mapping[str, Any]) -> bool:
    """Return whether a ledger holds a cohort's own claims: those of a study name it.

    Examples
    --------
    >>> is_own({"claims": []}), is_own({"study": "Doe 2020", "claims": []})
    (True, False)
    """
    return not {"study", "doi"} & set(content)


def check_own_claims(folder: Path, name: str) -> list[Problem]:
    """Return every problem of a cohort's own claims, before anything is computed.

    Parameters
    ----------
    folder : pathlib.Path
        The cohort folder.
    name : str
        Of the file in it, as ``claims`` in ``cohort.yml`` has it.
    """
    if not (folder / name).is_file():
        fix = "add it, correct the name in cohort.yml, or take that line out (`resilience-book new FOLDER --claims` writes a template)."
        return [Problem(name, None, None, "no such file", "the claims that cohort.yml names", fix)]
    try:
        read_ledger(folder / name)
    except CohortError as error:
        return list(error.problems)
    return []


def _parse(path: Path) -> tuple[Any, dict[tuple[int, str], int]]:
    """Return the content and the line of each field of each claim; -1 stands for the ledger itself."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            fix = "name the list of claims itself."
            raise CohortError([Problem(path.name, None, None, "a file above 1 MB", "a YAML file of claims", fix)])
        text = path.read_text(encoding="utf-8")
        return yaml.safe_load(text), _find_lines(yaml.compose(text, Loader=yaml.SafeLoader))
    except (OSError, UnicodeDecodeError) as error:
        found = "text that is not UTF-8" if isinstance(error, UnicodeDecodeError) else "no such file"
        problem = Problem(path.name, None, None, found, "a YAML file of claims", "correct the path, or the file.")
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = None if mark is None else mark.line + 1
        fix = "mind the indents, and put texts that hold a colon into quotes."
        problem = Problem(path.name, line, None, "text that is not YAML", "a YAML file of claims", fix)
    raise CohortError([problem])


def _find_lines(root: yaml.Node | None) -> dict[tuple[int, str], int]:
    lines: dict[tuple[int, str], int] = {}
    if not isinstance(root, yaml.MappingNode):
        return lines
    for key, value in root.value:
        lines[-1, key.value] = key.start_mark.line + 1
        if key.value == "claims" and isinstance(value, yaml.SequenceNode):
            for i, entry in enumerate(value.value):
                lines[i, ""] = entry.start_mark.line + 1
                if isinstance(entry, yaml.MappingNode):
                    lines |= {(i, name.value): name.start_mark.line + 1 for name, _ in entry.value}
    return lines


def _check_ledger(file: str, content: dict[str, Any], lines: Mapping[tuple[int, str], int]) -> Iterator[Problem]:
    schema, own = read_ledger_schema(), is_own(content)
    for field, found, expected in _check_fields(content, schema["ledger"], own):
        yield _say(file, lines.get((-1, field)), field, found, expected)
    claims = content.get("claims")
    for i, entry in enumerate(claims if isinstance(claims, list) else []):
        start = lines.get((i, ""))
        if not isinstance(entry, dict):
            yield _say(file, start, f"claim {i + 1}", repr(entry), "fields such as id and statement")
            continue
        who = entry["id"] if isinstance(entry.get("id"), str) and entry["id"] else f"claim {i + 1}"
        wrong = list(_check_fields(entry, schema["claim"], own))
        for field, found, expected in wrong:
            yield _say(file, lines.get((i, field), start), f"{who}.{field}", found, expected)
        if moved := find_moved(str(entry.get("chapter")), str(entry.get("table"))):
            found = f"{entry['chapter']!r}, which has no table {entry['table']!r}"
            yield _say(file, lines.get((i, "chapter"), start), f"{who}.chapter", found, f"{moved}, which has it")
        elif not {"chapter", "table", "columns"} & {field for field, _, _ in wrong}:
            for field, found, expected, fix in _check_place(entry):
                yield Problem(file, lines.get((i, field), start), f"{who}.{field}", found, expected, fix)
        if entry.get("id") and entry["id"] in [e.get("id") for e in claims[:i] if isinstance(e, dict)]:
            yield _say(file, lines.get((i, "id")), f"{who}.id", f"{who} more than once", "one claim per id")


def _check_place(entry: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """Yield what is wrong with the table and the columns that a claim names: they are known before any chapter is run."""
    place = f"{entry['chapter']}/{entry['table']}"
    if entry.get("columns") is not None:
        judged = find_tables()
    elif entry.get("direction") == "rank 1":
        judged = find_tables("lead")
    else:
        judged = [*find_tables(*ESTIMATE), *find_tables(*CORRELATION)]
    if place not in judged:
        near = suggest(place, judged)
        here = [name.split("/")[1] for name in judged if name.startswith(f"{entry['chapter']}/")]
        expected = (
            f"a result table, in {entry['chapter']} one of {', '.join(here)}" if here else "a chapter and a table of it"
        )
        fix = (
            f"write chapter: {near.split('/')[0]} and table: {near.split('/')[1]}, if that is meant."
            if near
            else f"choose a table ({README})."
        )
        yield "table", f"the unknown table {quote(place)}", expected, fix
        return
    known = list_columns(place)[1:]
    known += [name for name in SLOPES if name not in known and "d" in known]  # of an outcome without a cut
    for name in (entry.get("columns") or {}).values():
        if name not in known:
            near = suggest(name, known)
            fix = f"write {near}, if that is meant." if near else "choose one of them."
            yield "columns", f"the unknown column {quote(name)}", f"a column of {place}: {', '.join(known)}", fix


def _check_fields(
    entry: Mapping[str, Any], schema: Mapping[str, dict[str, Any]], own: bool
) -> Iterator[tuple[str, str, str]]:
    for name in entry:
        if name not in schema:
            yield str(name), "an unknown field", f"one of {', '.join(sorted(schema))}"
    for name, rule in schema.items():
        if entry.get(name) is None or entry.get(name) == "":
            if rule["required"] is True or (rule["required"] == "study" and not own):
                yield name, "no claims" if rule["kind"] == "claims" else "nothing", _expect(rule)
        elif not _fits(entry[name], rule | ({"up_to": math.inf} if entry.get("columns") else {})):
            yield name, reprlib.repr(entry[name]), _expect(rule)


def _fits(value: Any, rule: Mapping[str, Any]) -> bool:
    match rule["kind"]:
        case "choice":
            return value in rule["values"]
        case "number":
            return _is_number(value) and rule["above"] < value <= rule["up_to"]
        case "names":
            return isinstance(value, list) and all(isinstance(name, str) and name.strip() for name in value)
        case "claims":
            return isinstance(value, list) and len(value) > 0
        case "columns":
            return (
                isinstance(value, dict)
                and set(value) == set(COLUMNS)
                and all(isinstance(name, str) for name in value.values())
            )
        case "estimate":
            known = isinstance(value, dict) and set(value) == set(ESTIMATE) and all(map(_is_number, value.values()))
            return known and value["d_low"] < value["d"] < value["d_high"]
    return isinstance(value, str) and bool(re.fullmatch(rule.get("pattern", r"(?s).*\S.*"), value.strip()))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _expect(rule: Mapping[str, Any]) -> str:
    match rule["kind"]:
        case "choice":
            return f"one of {', '.join(rule['values'])}"
        case "number":
            return f"a number above {rule['above']}, up to {rule['up_to']}"
        case "claims":
            return "a list of claims"
    return f"a text: {rule['means']}" if "pattern" in rule else KIND_TEXTS[rule["kind"]]


def _say(file: str, line: int | None, place: str, found: str, expected: str) -> Problem:
    return Problem(file, line, place, found, expected, f"correct {place} ({README} explains it).")
