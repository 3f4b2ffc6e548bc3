"""Seconds of predicted potential: all 462 metabolites of Kim's 240 people, nested, without and with shuffles.

`python -m pytest tests/benchmarks/test_metabolites_speed.py`; the people are fetched.
"""

from __future__ import annotations

import numpy as np
import pytest

from helpers import metabolites


@pytest.fixture(scope="module")
def kim(fetched):
    return metabolites.read_pair(fetched("kim_adenomas_2020"))


@pytest.mark.parametrize("model", ["ridge", "kernel", "blend", "elastic net"])
def test_nested_cross_validation_of_all_metabolites(benchmark, kim, model):
    """Asked for: 30 s or less."""
    potential = benchmark.pedantic(
        lambda: metabolites.predict_metabolites(
            kim.amounts, kim.metabolites, rng=np.random.default_rng(1), model=model, n_shuffles=0
        ),
        rounds=1,
    )
    assert potential.table["spearman"].notna().all()


def test_one_shuffle(benchmark, kim):
    benchmark.pedantic(
        lambda: metabolites.predict_metabolites(
            kim.amounts, kim.metabolites, rng=np.random.default_rng(1), n_shuffles=9
        ),
        rounds=1,
    )
