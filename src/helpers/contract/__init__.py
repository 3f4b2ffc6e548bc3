"""The contract: a cohort folder in; a Cohort out, or every problem at once."""

from helpers.contract.further import FurtherBlock
from helpers.contract.inventory import REGISTRATION, list_cohort_files, list_files
from helpers.contract.ledger import is_own, read_ledger, read_ledger_schema
from helpers.contract.load import Cohort, hash_cohort, inspect_cohort, load_cohort, load_visits
from helpers.contract.outcome import (
    RESILIENCE_MEASURES,
    ColumnRule,
    MeasureRule,
    NumberRule,
    OutcomeRule,
    is_about_resilience,
    is_continuous,
)
from helpers.contract.questionnaires import Questionnaire, read_questionnaires
from helpers.contract.schema import list_items, read_overlaps, read_reporting, read_schema
from helpers.contract.settings import BLIND_MARK, BLIND_NOTE, Settings
from helpers.contract.template import add_claims, write_template

__all__ = [
    "BLIND_MARK",
    "BLIND_NOTE",
    "REGISTRATION",
    "RESILIENCE_MEASURES",
    "Cohort",
    "ColumnRule",
    "FurtherBlock",
    "MeasureRule",
    "NumberRule",
    "OutcomeRule",
    "Questionnaire",
    "Settings",
    "add_claims",
    "hash_cohort",
    "inspect_cohort",
    "is_about_resilience",
    "is_continuous",
    "is_own",
    "list_cohort_files",
    "list_files",
    "list_items",
    "load_cohort",
    "load_visits",
    "read_ledger",
    "read_ledger_schema",
    "read_overlaps",
    "read_questionnaires",
    "read_reporting",
    "read_schema",
    "write_template",
]
