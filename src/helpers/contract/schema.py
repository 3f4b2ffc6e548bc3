"""The contract itself, as read from ``data/schema/cohort.yml``."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml

from helpers.tables import PROJECT_ROOT

SCHEMA_FILE = PROJECT_ROOT / "data" / "schema" / "cohort.yml"


@cache
def read_schema() -> dict[str, Any]:
    """Return version 1 of the contract: participants, phenotype, blocks, features, tree, table formats."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(SCHEMA_FILE.read_text(encoding="utf-8"), Loader=loader)


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
