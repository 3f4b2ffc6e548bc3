"""How long the heavier computations on people take: bootstrap of reliability, invariance, bands, Table 1.

Not part of `make test`: run it with ``pytest tests/benchmarks/test_people_speed.py`` (under a minute).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from helpers import resilience as r
from helpers import table1
from helpers.cohort import assign_groups
from helpers.contract import load_cohort
from tests.support import EXAMPLE


@pytest.fixture(scope="module")
def cohort():
    return load_cohort(EXAMPLE)


@pytest.fixture(scope="module")
def items(cohort):
    return r.read_answers(cohort.phenotype["cd_risc"], r.CD_RISC)


def test_reliability_of_25_items_with_50_resamples(benchmark, items):
    five = r.STRUCTURES["cd_risc"]["five factors"]
    table = benchmark.pedantic(
        lambda: r.summarise_reliability(items, rng=np.random.default_rng(1), n_bootstraps=50, structure=five), rounds=2
    )
    assert len(table) == 3


def test_invariance_of_ten_items_in_two_studies(benchmark, cohort, items):
    one = r.STRUCTURES["cd_risc_10"]["one factor"]
    assert len(benchmark(r.check_invariance, items, one, cohort.participants["study"])) == 3


def test_invariance_of_33_items_in_a_thousand_people(benchmark):
    rng = np.random.default_rng(1)
    answers = pd.DataFrame(rng.normal(size=(1_000, 1)) + rng.normal(size=(1_000, 33))).add_prefix("item_")
    people = pd.Series(np.repeat(["A", "B"], 500))
    structure = {"one": list(answers)}
    assert len(benchmark.pedantic(lambda: r.check_invariance(answers, structure, people), rounds=2)) == 3


def test_table_1_with_combinations_and_checklist(benchmark, cohort):
    groups = assign_groups(cohort, r.score_outcome(cohort))

    def describe():
        table1.count_combinations(cohort, groups)
        table1.fill_checklist(cohort)
        return table1.compare_complete(cohort, groups, table1.find_complete(cohort, groups))

    assert len(benchmark.pedantic(describe, rounds=3)) > 5
