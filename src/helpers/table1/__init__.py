"""Describe who is in the cohort: groups in words, Table 1, who was left out, who has which data, batches and power."""

from __future__ import annotations

from helpers.table1.batch import count_batches, describe_batches
from helpers.table1.checklist import describe_checklist, fill_checklist, find_facts
from helpers.table1.describe import describe_groups, describe_rule
from helpers.table1.detectable import describe_detectable, list_detectable
from helpers.table1.findings import describe_findings
from helpers.table1.flow import count_flow, count_groups
from helpers.table1.modalities import (
    Combinations,
    count_combinations,
    count_modalities,
    find_complete,
    find_modalities,
)
from helpers.table1.scored import describe_along, describe_scored, summarise_scored
from helpers.table1.summary import (
    SMD_FORMULA,
    compare_complete,
    describe_lost,
    standardise_difference,
    summarise_groups,
)

__all__ = [
    "SMD_FORMULA",
    "Combinations",
    "compare_complete",
    "count_batches",
    "count_combinations",
    "count_flow",
    "count_groups",
    "count_modalities",
    "describe_along",
    "describe_batches",
    "describe_checklist",
    "describe_detectable",
    "describe_findings",
    "describe_groups",
    "describe_lost",
    "describe_rule",
    "describe_scored",
    "fill_checklist",
    "find_complete",
    "find_facts",
    "find_modalities",
    "list_detectable",
    "standardise_difference",
    "summarise_groups",
    "summarise_scored",
]
