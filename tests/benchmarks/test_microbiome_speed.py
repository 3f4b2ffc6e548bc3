"""Seconds of the community tests, beside scikit-bio's in the same run; of the consensus; of ten thousand samples.

`python -m pytest tests/benchmarks/test_microbiome_speed.py`; ten thousand samples take minutes:
leave them out with `-k "not ten_thousand"`.
"""

from __future__ import annotations

import resource
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from skbio import DistanceMatrix
from skbio.stats.distance import permanova

from helpers import microbiome

DATA = Path(__file__).parents[1] / "data"
N_PERMUTATIONS = 9999


def draw_counts(n, n_taxa):
    rng = np.random.default_rng(1)
    ids = [f"s{i:05d}" for i in range(n)]
    return pd.DataFrame(rng.negative_binomial(0.4, 0.01, (n, n_taxa)) + rng.integers(0, 2, (n, n_taxa)), ids)


@pytest.fixture(scope="module")
def small():
    counts = pd.read_csv(DATA / "comm116_counts.tsv.gz", sep="\t", index_col=0)
    meta = pd.read_csv(DATA / "comm116_meta.tsv", sep="\t", index_col=0)
    return microbiome.measure_beta(counts, metric="bray_curtis"), meta


@pytest.fixture(scope="module")
def large():
    counts = draw_counts(1000, 300)
    meta = pd.DataFrame({"group": np.where(np.arange(1000) % 5 < 2, "high", "low")}, index=counts.index)
    return microbiome.measure_beta(counts, metric="bray_curtis"), meta


@pytest.fixture(params=["small", "large"])
def table(request):
    return request.getfixturevalue(request.param)


def shuffles():
    return {"n_permutations": N_PERMUTATIONS, "rng": np.random.default_rng(1)}


def test_permanova(benchmark, table):
    distances, meta = table
    benchmark.pedantic(lambda: microbiome.run_permanova(distances, meta[["group"]], **shuffles()), rounds=3)


def test_permanova_of_scikit_bio(benchmark, table):
    distances, meta = table
    matrix = DistanceMatrix(distances.to_numpy(), ids=list(distances.index))
    benchmark.pedantic(
        lambda: permanova(matrix, meta.loc[distances.index, "group"], permutations=N_PERMUTATIONS), rounds=3
    )


def test_permanova_of_three_marginal_terms(benchmark, small):
    distances, meta = small
    terms = meta[["site", "age", "group"]]
    benchmark.pedantic(lambda: microbiome.run_permanova(distances, terms, **shuffles()), rounds=3)


@pytest.mark.parametrize("centre", ["centroid", "median"])
def test_dispersion(benchmark, table, centre):
    distances, meta = table
    benchmark.pedantic(
        lambda: microbiome.measure_dispersion(distances, meta["group"], centre=centre, **shuffles()), rounds=3
    )


def test_consensus_of_500_genera(benchmark):
    counts = draw_counts(116, 500)
    taxonomy = pd.DataFrame({"genus": [f"g{i}" for i in range(500)]}, index=counts.columns)
    design = pd.DataFrame({"group": np.arange(116) % 2 * 1.0, "age": np.arange(116) % 7 * 1.0}, index=counts.index)
    benchmark.pedantic(lambda: microbiome.compare_methods(counts, taxonomy, design), rounds=2)


@pytest.mark.parametrize("metric", ["bray_curtis", "jaccard", "aitchison"])
def test_distances_of_ten_thousand_samples(benchmark, metric):
    """2,000 taxa, two threads; memory is that of the whole process."""
    counts = draw_counts(10_000, 2000)
    benchmark.pedantic(lambda: microbiome.measure_beta(counts, metric=metric, n_workers=2), rounds=1)
    benchmark.extra_info["peak_gb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
