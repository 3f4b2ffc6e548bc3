"""Seconds of the integration: one fit, repeated validation, grids, wide blocks, nested tuning, a thousand shuffles.

`python -m pytest tests/benchmarks/test_integration_speed.py`; the tumours need the reference's numbers (tests/parity.py).
"""

from __future__ import annotations

import itertools
import resource
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers.cohort import assign_groups
from helpers.contract import load_cohort
from helpers.integration import (
    BlockSPLSDA,
    cross_validate,
    keep_equally,
    make_filters,
    permute_groups,
    prepare_blocks,
)
from helpers.integration.folds import FoldSettings, Search, assign_folds, list_splits
from helpers.integration.parallel import run_splits
from helpers.integration.tuning import Draw, list_grid, tune_draws
from helpers.resilience import score_outcome
from tests.parity import TUMOURS, find_oracle, read_tumours
from tests.support import EXAMPLE

KEEP = {"mRNA": [6, 14], "miRNA": [5, 18], "protein": [9, 5]}
N_WORKERS = 2
STARTS = {"reference": "reference", "every sign": None}


@pytest.fixture(scope="module")
def tumours():
    oracle = find_oracle()
    if oracle is None:
        pytest.skip("the reference's numbers are not beside the mirror of open data")
    blocks, subtypes, _, _ = read_tumours(oracle)
    return blocks, subtypes


@pytest.fixture(params=STARTS)
def start(request):
    return STARTS[request.param]


def deal(codes: np.ndarray, n_folds: int, n_repeats: int) -> Draw:
    rng = np.random.default_rng(1)
    return [
        split for _ in range(n_repeats) for split in list_splits(assign_folds(codes, n_folds=n_folds, rng=rng), codes)
    ]


def prepare(tumours, model):
    blocks, subtypes = tumours
    codes = np.unique(subtypes.to_numpy(), return_inverse=True)[1]
    return (
        [blocks[name].to_numpy(float) for name in TUMOURS],
        codes,
        FoldSettings(model, list(TUMOURS), {}, "centroids", True),
    )


def test_fit_of_two_components(benchmark, tumours, start):
    blocks, subtypes = tumours
    benchmark(BlockSPLSDA(2, keep=KEEP, start=start).fit, blocks, subtypes)


def test_five_folds_ten_times(benchmark, tumours, start):
    arrays, codes, settings = prepare(tumours, BlockSPLSDA(2, keep=KEEP, start=start))
    benchmark.pedantic(run_splits, (arrays, deal(codes, 5, 10), settings), rounds=3)


@pytest.mark.parametrize(
    ("points", "n_folds", "n_repeats"),
    [
        (list_grid({name: [5, 10, 15, 20] for name in TUMOURS}, TUMOURS), 5, 10),
        (np.array(list(itertools.product(range(5, 50, 5), range(5, 30, 5), range(5, 27, 2)))), 10, 1),
    ],
    ids=["64 points, 5 folds 10 times", "495 points, 10 folds"],
)
def test_grid_of_two_components(benchmark, tumours, start, points, n_folds, n_repeats):
    arrays, codes, settings = prepare(tumours, BlockSPLSDA(2, start=start))
    draws = [deal(codes, n_folds, n_repeats)] * 2
    people = np.arange(len(codes))
    settings = replace(settings, search=Search([points] * 2, (0.1,), "minimum"))
    benchmark.pedantic(tune_draws, (arrays, people, draws, settings, n_folds, N_WORKERS), rounds=1)


def test_wide_blocks_five_folds_ten_times(benchmark, start):
    rng = np.random.default_rng(1)
    arrays = [rng.normal(size=(116, p)) for p in (4500, 500, 2000, 800)]
    codes = (np.arange(116) < 44).astype(int)
    model = BlockSPLSDA(2, keep={name: [20, 20] for name in "abcd"}, start=start)
    settings = FoldSettings(model, list("abcd"), {}, "centroids", True)
    benchmark.pedantic(run_splits, (arrays, deal(codes, 5, 10), settings), rounds=2)


def test_nested_tuning_of_a_connectome(benchmark):
    """5 x 5 folds, 27 grid points, 44,850 + 2,000 + 800 + 500 features; memory is that of the whole process."""
    rng, ids = np.random.default_rng(1), [f"sub-{i:03d}" for i in range(116)]
    sizes = {"connectivity": 44_850, "transcripts": 2000, "metabolites": 800, "taxa": 500}
    blocks = {name: pd.DataFrame(rng.normal(size=(116, size)), ids) for name, size in sizes.items()}
    y = pd.Series(["high"] * 44 + ["low"] * 72, ids)
    grid = {"connectivity": [10, 30, 100], "transcripts": [10, 30, 100], "metabolites": [5, 10, 30], "taxa": [10]}
    settings = {"model": BlockSPLSDA(2, start="reference"), "grid": grid, "n_folds": 5, "n_repeats": 1}
    settings |= {"baselines": (), "calibrate": False}
    benchmark.pedantic(
        lambda: cross_validate(blocks, y, rng=np.random.default_rng(2), n_workers=N_WORKERS, **settings), rounds=1
    )
    benchmark.extra_info["peak_gb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


@pytest.fixture(scope="module")
def example():
    """The example cohort as chapter 06 integrates it: settings of the validation, and of the shuffles."""
    cohort = load_cohort(EXAMPLE)
    groups = assign_groups(cohort, score_outcome(cohort))
    prepared = prepare_blocks(cohort, groups)
    keep = keep_equally(prepared.blocks, n_keep=20, n_components=2)
    common = {"transforms": make_filters(prepared.blocks), "batch": cohort.participants[cohort.settings.batch]}
    return prepared, BlockSPLSDA(2, keep=keep, design=0.1), common


@pytest.mark.parametrize(
    "more", [{"baselines": (), "calibrate": False}, {"baselines": ("alone", "ridge")}, {}], ids=str
)
def test_validation_of_the_example_cohort(benchmark, example, more):
    prepared, model, common = example
    settings = {"model": model, **common, **more}
    benchmark.pedantic(
        lambda: cross_validate(prepared.blocks, prepared.groups, rng=np.random.default_rng(1), **settings), rounds=1
    )


def test_thousand_shuffles_of_the_example_cohort(benchmark, example):
    prepared, model, common = example
    data = prepared.blocks, prepared.groups
    plain = {"baselines": (), "calibrate": False, "n_repeats": 1}
    observed = cross_validate(*data, model=model, rng=np.random.default_rng(1), **common, **plain)
    benchmark.pedantic(
        lambda: permute_groups(
            *data, observed, model=model, rng=np.random.default_rng(2), n_permutations=1000, **common
        ),
        rounds=1,
    )
