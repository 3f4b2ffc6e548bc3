"""Read ``truth.yml``: what is true of every feature of a simulated cohort."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from helpers.contract import Cohort

STATUSES = ("same_trait", "planted", "by_product", "null")


def find_status(truth: Mapping[str, Any], cohort: Cohort, table: str) -> pd.Series:
    """Return what is true of every feature of one table of a simulated cohort."""
    patterns = truth["status"][table]
    columns = _list_columns(cohort, table)
    labels = (
        columns
        if patterns["by"] in ("column", "measure.column")
        else cohort.features[table].loc[columns, patterns["by"]]
    )
    return pd.Series([_match(str(label), patterns) for label in labels], index=columns, name="status")


def _list_columns(cohort: Cohort, table: str) -> pd.Index:
    if table == "participants":
        return cohort.participants.columns
    if table == "phenotype":
        return pd.Index([f"{measure}.{column}" for measure, answers in cohort.phenotype.items() for column in answers])
    return cohort.blocks[table].columns


def _match(label: str, patterns: Mapping[str, Any]) -> str:
    return next(s for s in STATUSES if any(re.fullmatch(pattern, label) for pattern in patterns.get(s, ())))
