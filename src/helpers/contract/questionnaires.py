"""Questionnaires by rule: items, range, reversed items and scores, from the shipped list or from a sidecar of one's own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pandas as pd

from helpers.contract.cell_errors import suggest
from helpers.contract.files import Reader
from helpers.contract.schema import list_measures, read_yaml
from helpers.problems import name_some, quote
from helpers.tables import PROJECT_ROOT

RULES_FILE = PROJECT_ROOT / "data" / "schema" / "questionnaires.yml"
KEY = "questionnaire"
SCORINGS = ("sum", "mean")
DIRECTIONS = ("higher is better", "higher is worse")
WORDS = (
    "title",
    "items",
    "range",
    "reversed",
    "scoring",
    "min_answered",
    "subscales",
    "total",
    "times",
    "direction",
    "citation",
)
NEEDED = ("items", "range", "scoring")
EXAMPLE = '{"questionnaire": {"items": ["q_1", "q_2", "q_3"], "range": [0, 4], "scoring": "sum"}}'


@dataclass(frozen=True)
class Questionnaire:
    """How a questionnaire is scored.

    Attributes
    ----------
    title : str
    items : tuple of str
        Columns, as answered; empty where it comes scored alone.
    low, high : int
        Range of an answer.
    reversed : tuple of str
    scores : mapping of str to tuple of str
        By score the items it is made of: ``total`` (or ``mean``) and the subscales.
    scoring : {"sum", "mean"}
    min_answered : float
        Proportion of the items of a score that must be answered; blanks then count as the person's own mean.
    times : float
        What a score is multiplied by.
    direction, citation : str
    totals : mapping of str to tuple
        Range of each score.
    """

    title: str
    items: tuple[str, ...] = ()
    low: int = 0
    high: int = 0
    reversed: tuple[str, ...] = ()
    scores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    scoring: str = "sum"
    min_answered: float = 1.0
    times: float = 1.0
    direction: str = ""
    citation: str = ""
    totals: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def turn(self, answers: pd.DataFrame) -> pd.DataFrame:
        """Return the items with the reversed ones turned."""
        turned = {name: self.low + self.high - answers[name] for name in self.reversed}
        return answers[list(self.items)].astype(float).assign(**turned)

    def score(self, answers: pd.DataFrame) -> pd.DataFrame:
        """Return each score, NaN where too few items of it were answered.

        Parameters
        ----------
        answers : pandas.DataFrame
            With all items, as answered; NaN where blank.

        Examples
        --------
        >>> rule = Questionnaire("Q", ("a", "b"), 0, 4, ("b",), {"total": ("a", "b")})
        >>> rule.score(pd.DataFrame({"a": [4, 1], "b": [0, None]}))["total"].tolist()
        [8.0, nan]
        """
        turned = self.turn(answers)
        scores = {}
        for name, items in self.scores.items():
            part = turned[list(items)]
            means = part.mean(axis=1).where(part.notna().mean(axis=1) >= self.min_answered - 1e-9)
            scores[name] = self.times * means * (len(items) if self.scoring == "sum" else 1)
        return pd.DataFrame(scores, index=answers.index)


def add_scores(table: pd.DataFrame, own: Questionnaire) -> pd.DataFrame:
    """Return the table with the scores beside its items; as it is where it has no items.

    Parameters
    ----------
    table : pandas.DataFrame
        Index ``participant_id``.
    own : Questionnaire
    """
    if not own.items or not set(own.items) <= set(table.columns):
        return table
    scores = own.score(table)
    return table.drop(columns=scores.columns, errors="ignore").join(scores)


@cache
def read_questionnaires() -> dict[str, Questionnaire]:
    """Return the questionnaires whose rules are shipped, by name of their file.

    Examples
    --------
    >>> read_questionnaires()["dass21"].totals["stress"]
    (0.0, 42.0)
    """
    rules = read_yaml(RULES_FILE)
    return {name: _build(name, _number_items(rule)) for name, rule in rules.items()}


def find_questionnaire(reader: Reader, measure: str, columns: list[str]) -> Questionnaire | None:
    """Return the rules of a questionnaire that the contract does not score itself; None when there are none.

    Parameters
    ----------
    reader : Reader
        Collects what is wrong with ``phenotype/<measure>.json``.
    measure : str
    columns : list of str
        Of its table.
    """
    file = f"phenotype/{measure}.json"
    about = _read_own(reader, file)
    if about is None:
        return read_questionnaires().get(measure)
    if measure in list_measures():
        fix = "take it out, or give table and sidecar another name."
        reader.report(
            file, f"rules for {measure}", "rules for a questionnaire that the contract does not score", fix, column=KEY
        )
        return None
    if _report_rules(reader, file, about):
        return None
    absent = [name for name in about["items"] if name not in columns]
    if absent:
        meant = suggest(absent[0], [name for name in columns if name not in about["items"]])
        fix = (
            f"write {meant} in place of {absent[0]}, if that is meant."
            if meant
            else "add the columns, or take them out of items."
        )
        reader.report(
            file,
            f"items that the table does not have ({name_some(absent)})",
            f"columns of phenotype/{measure}.tsv",
            fix,
            column=KEY,
        )
        return None
    return _build(measure, about)


def _read_own(reader: Reader, file: str) -> Any:
    """Return the entry of a sidecar; None without one. That the file is no JSON is reported elsewhere."""
    if not reader.has(file):
        return None
    try:
        about = json.loads((reader.folder / file).read_bytes().decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return None
    return about.get(KEY) if isinstance(about, dict) else None


def _report_rules(reader: Reader, file: str, about: Any) -> bool:
    """Report every rule that cannot hold; return whether there is one."""
    before = len(reader.problems)

    def report(found: str, expected: str, fix: str) -> None:
        reader.report(file, found, expected, fix, column=KEY)

    if not isinstance(about, dict):
        report(quote(about), EXAMPLE, "write rules.")
        return True
    for word in [word for word in about if word not in WORDS]:
        meant = suggest(word, [name for name in WORDS if name not in about])
        report(
            f"an unknown word {quote(word)}",
            f"one of {', '.join(WORDS)}",
            f"write {meant}." if meant else "take it out.",
        )
    for word in [word for word in NEEDED if word not in about]:
        report(f"no {word}", EXAMPLE, f"add {word}.")
    items = about.get("items")
    if items is not None and not _are_names(items, at_least=2):
        report(f"items: {quote(items)}", "a list of two columns or more, each once", "write the names of the columns.")
    items = items if _are_names(items, at_least=2) else []
    ends = about.get("range", [0, 1])
    if not (isinstance(ends, list) and len(ends) == 2 and all(type(end) is int for end in ends) and ends[0] < ends[1]):
        report(f"range: {quote(ends)}", "lowest and highest answer, whole numbers", "write e.g. [0, 4].")
    for word, allowed in (("scoring", SCORINGS), ("direction", DIRECTIONS)):
        if about.get(word, allowed[0]) not in allowed:
            report(
                f"{word}: {quote(about[word])}",
                f"one of {', '.join(allowed)}",
                f"write {allowed[0]}, if that is meant.",
            )
    subscales = about.get("subscales", {})
    if not isinstance(subscales, dict) or not all(_are_names(part, at_least=1) for part in subscales.values()):
        report("subscales that are no lists of items", 'e.g. {"worry": ["q_1", "q_2"]}', "name the items of each.")
        subscales = {}
    for what, part in (("reversed", about.get("reversed", [])), *subscales.items()):
        unknown = [name for name in part if name not in items] if isinstance(part, list) else [part]
        if unknown and items:
            report(f"{what}: {name_some(unknown)}", "names among items", "write them as in items.")
    least = about.get("min_answered", len(items))
    if items and not (type(least) is int and 1 <= least <= len(items)):
        report(
            f"min_answered: {quote(least)}", f"a whole number from 1 to {len(items)}", "say how many must be answered."
        )
    times = about.get("times", 1)
    if isinstance(times, bool) or not isinstance(times, int | float) or not times > 0:
        report(f"times: {quote(times)}", "a number above 0", "say what a score is multiplied by.")
    if about.get("total", True) is False and not subscales:
        report("total: false, and no subscales", "a score", "take total out, or add subscales.")
    return len(reader.problems) > before


def _are_names(names: Any, *, at_least: int) -> bool:
    is_list = isinstance(names, list) and all(isinstance(name, str) and name for name in names)
    return is_list and len(names) >= at_least and len(set(names)) == len(names)


def _number_items(rule: Mapping[str, Any]) -> dict[str, Any]:
    """Return a shipped rule with its items by name in place of by number."""
    if "items" not in rule:
        return dict(rule)
    name = rule["items"].format
    parts = {part: [name(number) for number in numbers] for part, numbers in rule.get("subscales", {}).items()}
    items = [name(number) for number in range(1, rule["n_items"] + 1)]
    return {**rule, "items": items, "subscales": parts}


def _build(measure: str, about: Mapping[str, Any]) -> Questionnaire:
    items = tuple(about.get("items", ()))
    low, high = about.get("range", (0, 0))
    scoring, times = about.get("scoring", "sum"), float(about.get("times", 1))
    scores = {name: tuple(part) for name, part in about.get("subscales", {}).items()}
    if items and about.get("total", True):
        scores = {"mean" if scoring == "mean" else "total": items, **scores}
    sizes = {name: len(part) if scoring == "sum" else 1 for name, part in scores.items()}
    totals = {name: (times * low * n, times * high * n) for name, n in sizes.items()}
    totals |= {name: tuple(map(float, ends)) for name, ends in about.get("totals", {}).items()}
    return Questionnaire(
        title=str(about.get("title", measure)),
        items=items,
        low=low,
        high=high,
        reversed=tuple(about.get("reversed", ())),
        scores=scores,
        scoring=scoring,
        min_answered=about.get("min_answered", len(items)) / len(items) if items else 1.0,
        times=times,
        direction=about.get("direction", ""),
        citation=about.get("citation", ""),
        totals=totals,
    )
