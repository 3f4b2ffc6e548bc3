"""Version 2 of the contract: what it newly takes is read without a false alarm, and every new rule has a damaged folder."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from helpers.contract import inspect_cohort, load_cohort, read_schema
from helpers.problems import write_report
from tests.support import EXAMPLE
from tests.test_contract_corruptions import (
    PEOPLE,
    SETTINGS,
    Case,
    W,
    both,
    every,
    put,
    setting,
)

KEPT = ("cohort.yml", "participants.tsv", "participants.json", "phenotype/cd_risc.tsv", "phenotype/brs.tsv")


@pytest.fixture
def light_copy(tmp_path):
    """The people and two questionnaires of the example, to damage."""
    for name in KEPT:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(EXAMPLE / name, tmp_path / name)
    return tmp_path


def say(text: str):
    """Add lines to ``cohort.yml``."""
    return setting("small_cell: 5", f"small_cell: 5\n{text}")


def ages(values):
    """Give the participants these ages in turn."""
    return every(PEOPLE, "age", lambda cells: [str(values[i % len(values)]) for i in range(len(cells))])


CHILDREN = [6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]
CASES = [
    Case("age outside what is expected", both(ages(CHILDREN), say("age_range: [7, 17]")), PEOPLE, 2, "age", "10 ages outside 7 to 17 (lines 2, 14, 26, 38, 50 and 5 more)", "widen age_range", W),
    Case("another quantity", both(ages([12 * age for age in range(2, 8)]), say("age_range: [2, 8]")), PEOPLE, None, "age", "ages in months: 12 times what age_range", "divide by 12"),
    Case("another quantity", ages([12 * age for age in range(5, 14)]), PEOPLE, None, "age", "ages in months, of children", "divide by 12"),
    Case("another quantity", ages([100 * month for month in range(1, 12)]), PEOPLE, None, "age", "days or months, of children", "days by 365.25"),
    Case("another quantity", ages([12 * age for age in range(20, 100)]), PEOPLE, None, "age", "ages in months", "divide by 12"),
    Case("number out of range", put(PEOPLE, "age", line_26="121"), PEOPLE, 26, "age", "'121'", "correct the age"),
    Case("settings", say("age_range: [17, 6]"), SETTINGS, 19, "age_range", "[17, 6]", "youngest and oldest"),
    Case("settings", say("age_range: 18-65"), SETTINGS, 19, "age_range", "'18-65'", "youngest and oldest"),
    Case("settings", setting("contract: 1", "contract: 3"), SETTINGS, 1, "contract", "3", "contracts 1 and 2"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[f"{i}-{case.check}" for i, case in enumerate(CASES)])
def test_damage_is_named_with_its_place_and_fix(light_copy, case):
    case.damage(light_copy)
    cohort, problems = inspect_cohort(light_copy)
    said = write_report(problems)
    place = [p for p in problems if (p.file, p.column, p.severity) == (case.file, case.column, case.severity)]
    hits = [p for p in place if case.found in p.found and case.fix in p.fix and case.line in (None, p.line)]
    assert hits, f"expected {case}\n{said}"
    assert not [p for p in problems if p.severity == "error" and p not in hits and p.file not in case.also], said
    assert (cohort is None) == (case.severity == "error"), said


def test_every_check_of_version_2_has_a_corruption():
    listed = {(entry["check"], entry["severity"]) for entry in read_schema()["checks"]["version 2"]}
    assert listed <= {(case.check, case.severity) for case in CASES}


@pytest.mark.parametrize("values", [[0, 1, 2, 3], CHILDREN, range(60, 121), [3, 40, 90], [6.5, 7.25]])
def test_ages_in_years_of_any_cohort_are_accused_of_nothing(light_copy, values):
    ages(list(values))(light_copy)
    assert inspect_cohort(light_copy)[1] == []
    assert load_cohort(light_copy).participants["age"].between(0, 120).all()


def test_an_expected_range_that_holds_everybody_says_nothing(light_copy):
    both(say("age_range: [0, 120]"), setting("contract: 1", "contract: 2"))(light_copy)
    cohort, problems = inspect_cohort(light_copy)
    assert problems == [] and cohort.settings.age_range == (0, 120)
    assert np.isfinite(cohort.participants["age"]).any()
