"""How long the verdict and the multiverse take on the example cohort.

Not part of `make test`: run it with ``pytest tests/benchmarks/test_verdict_speed.py -s`` (some minutes).
"""

import time

import numpy as np
import pandas as pd
import pytest

from helpers import multiverse as mv
from helpers.contract import load_cohort
from helpers.contrasts import fit_contrasts
from helpers.tables import read_table, resolve_path
from helpers.verdict import Contrast, compute_bayes_factor, load_claims

MOST_SECONDS = 600
N_PERMUTATIONS = 1000
CLAIMS = load_claims("data/claims/an2024.yml")
SETS = read_table(resolve_path("data/sets/brain_sets.tsv"))


@pytest.fixture(scope="module")
def cohort():
    return load_cohort("data/example")


def test_the_multiverse_with_its_null_takes_minutes(cohort):
    """Promised: 500 specifications or more within ten minutes on two cores, shuffles included."""
    start = time.perf_counter()
    rng = np.random.default_rng(1)
    run = mv.run_multiverse(cohort, CLAIMS, sets=SETS, n_permutations=N_PERMUTATIONS, rng=rng)
    contrasts = time.perf_counter()
    ranks = mv.run_rank_multiverse(cohort, CLAIMS, rng=rng, n_components=(2,), n_workers=2)
    end = time.perf_counter()
    n, n_ranks = len(run.specifications), len(ranks.specifications)
    print(
        f"\n{n:,} specifications x {N_PERMUTATIONS:,} shuffles in {contrasts - start:.0f} s; "
        f"{n_ranks} ranks in {end - contrasts:.0f} s"
    )
    assert n + n_ranks >= 500
    assert end - start < MOST_SECONDS


def test_shared_work_beats_one_model_after_the_other(cohort, benchmark):
    """The same thousand labellings of the same outcomes, by fit_labellings and (a hundredth of them) by fit_contrasts."""
    rng = np.random.default_rng(1)
    ids = [f"sub-{i:03d}" for i in range(116)]
    values, covariates = rng.normal(size=(116, 270)), rng.normal(size=(116, 4))
    labels = np.array([rng.permutation(np.arange(116) < 44).astype(float) for _ in range(1000)])
    benchmark(mv.fit_labellings, values, covariates, labels)
    frame = pd.DataFrame(values, ids)
    start = time.perf_counter()
    for label in labels[:10]:
        fit_contrasts(frame, pd.DataFrame(covariates, ids).assign(group=label))
    alone = (time.perf_counter() - start) / 10 * len(labels)
    print(f"\ntogether {benchmark.stats['mean']:.2f} s, one after the other {alone:.1f} s")
    assert benchmark.stats["mean"] < alone


def test_a_bayes_factor_is_cheap(benchmark):
    """Thirty per cohort of the calibration."""
    benchmark(compute_bayes_factor, Contrast(0.5, 0.19, 108), sign=1)
