"""The contract itself, as read from ``data/schema/cohort.yml``."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from helpers.tables import PROJECT_ROOT

SCHEMA_FILE = PROJECT_ROOT / "data" / "schema" / "cohort.yml"
OVERLAP_FILE = PROJECT_ROOT / "data" / "schema" / "overlap.yml"
REPORTING_FILE = PROJECT_ROOT / "data" / "schema" / "reporting.yml"


@cache
def read_schema() -> dict[str, Any]:
    """Return the contract: participants, phenotype, blocks, features, tree, table formats."""
    return read_yaml(SCHEMA_FILE)


@cache
def read_overlaps() -> list[dict[str, Any]]:
    """Return which questionnaires share items, traits or content: entries with measures, kind and why."""
    return read_yaml(OVERLAP_FILE)["overlaps"]


@cache
def read_reporting() -> dict[str, dict[str, Any]]:
    """Return the items of the reporting checklist, by name."""
    return read_yaml(REPORTING_FILE)["items"]


def list_items(measure: str) -> list[str]:
    """Return the item columns of a questionnaire; empty when the contract knows only scored columns.

    Examples
    --------
    >>> list_items("brs")
    ['brs_1', 'brs_2', 'brs_3', 'brs_4', 'brs_5', 'brs_6']
    """
    rules = read_schema()["phenotype"]["measures"].get(measure, {})
    numbers = rules.get("item_numbers") or range(1, rules.get("n_items", 0) + 1)
    return [rules["items"].format(number) for number in numbers]


def list_measures() -> list[str]:
    """Return the questionnaires that the contract knows.

    Examples
    --------
    >>> list_measures()[:2]
    ['cd_risc', 'cd_risc_10']
    """
    return list(read_schema()["phenotype"]["measures"])


def read_yaml(path: Path) -> dict[str, Any]:
    """Return a file of the contract, read by the fastest parser at hand."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
