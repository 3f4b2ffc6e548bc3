"""Seconds of connectivity statistics: edge models beside a loop of statsmodels, components, graph measures.

`python -m pytest tests/benchmarks/test_brain_speed.py -s`; not part of `make test`.
"""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from helpers import brain

N_WORKERS = 2
STATSMODELS_EDGES = 500


def make_cohort(n, n_nodes):
    rng, ids = np.random.default_rng(1), [f"sub-{i:03d}" for i in range(n)]
    covariates = {"age": rng.normal(size=n), "sex": rng.integers(0, 2, n) * 1.0, "motion": rng.gamma(2, size=n)}
    edges = [f"n{i}--n{j}" for i in range(n_nodes) for j in range(i)]
    r = pd.DataFrame(np.tanh(rng.normal(0.1, 0.3, (n, len(edges)))), ids, edges)
    nodes = pd.DataFrame({"network": [f"net{i % 7}" for i in range(n_nodes)]}, [f"n{i}" for i in range(n_nodes)])
    return r, nodes, pd.DataFrame({"group": np.arange(n) % 2.0, **covariates}, ids)


def test_edge_models_with_intervals(benchmark):
    r, _, design = make_cohort(116, 300)
    benchmark.pedantic(brain.compare_edges, (r, design), rounds=7, warmup_rounds=1)


def test_edge_models_beside_statsmodels():
    """Side by side: statsmodels' loop is timed on 500 edges and scaled to all; the numbers agree."""
    r, _, design = make_cohort(116, 300)
    start = time.perf_counter()
    table = brain.compare_edges(r, design)
    between = time.perf_counter()
    z, terms = np.arctanh(r.iloc[:, :STATSMODELS_EDGES]), sm.add_constant(design)
    fits = [sm.OLS(z[edge], terms).fit() for edge in z]
    theirs = [(fit.params["group"], *fit.conf_int().loc["group"]) for fit in fits]
    loop = (time.perf_counter() - between) * r.shape[1] / STATSMODELS_EDGES
    print(f"\nours {between - start:.3f} s, a loop of statsmodels {loop:.1f} s")
    shown = table[["estimate", "ci_low", "ci_high"]].iloc[:STATSMODELS_EDGES]
    np.testing.assert_allclose(shown, theirs, rtol=1e-9, atol=1e-13)
    assert loop > 20 * (between - start)


def test_nbs_of_5000_shuffles(benchmark):
    r, _, design = make_cohort(60, 68)
    benchmark.pedantic(
        lambda: brain.test_nbs(r, design, n_permutations=5000, rng=np.random.default_rng(1), n_workers=N_WORKERS),
        rounds=3,
    )


def test_nbs_beside_bctpy():
    """Side by side with bctpy, where it is installed (GPL: never with the book): seconds per shuffle."""
    bct = pytest.importorskip("bct")
    r, _, design = make_cohort(60, 68)
    matrices, z = np.zeros((68, 68, 60)), np.arctanh(r)
    for edge in r:
        i, j = (int(node[1:]) for node in edge.split("--"))
        matrices[i, j] = matrices[j, i] = z[edge]
    high = design["group"].to_numpy() == 1
    start = time.perf_counter()
    brain.test_nbs(r, design, n_permutations=5000, rng=np.random.default_rng(1), n_workers=N_WORKERS)
    between = time.perf_counter()
    bct.nbs_bct(matrices[:, :, high], matrices[:, :, ~high], 3.0, k=10, tail="both", seed=1)
    theirs = (time.perf_counter() - between) * 500
    print(f"\nours, three thresholds and covariates: {between - start:.2f} s; bctpy, scaled to 5,000: {theirs:.0f} s")
    assert theirs > 20 * (between - start)
