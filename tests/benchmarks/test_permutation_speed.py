"""Seconds and memory of the permutation engine, beside nilearn in the same run.

`python -m pytest tests/benchmarks/test_permutation_speed.py -s`; not part of `make test`. Some minutes on two cores.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from nilearn.mass_univariate import permuted_ols

from helpers import permutation
from helpers.tables import PROJECT_ROOT

N_WORKERS = 2
LARGE = """
import json, resource, sys, time
import numpy as np, pandas as pd
from helpers import brain
n, n_nodes, n_permutations, precision = int(sys.argv[1]), 300, int(sys.argv[2]), sys.argv[3]
rng = np.random.default_rng(1)
ids = [f"sub-{i:05d}" for i in range(n)]
edges = [f"n{i}--n{j}" for i in range(n_nodes) for j in range(i)]
values = rng.normal(0, 0.3, (n, len(edges)))
r = pd.DataFrame(np.tanh(values, out=values), ids, edges, copy=False)
design = pd.DataFrame({"group": np.arange(n) % 2.0, "age": rng.normal(size=n), "sex": rng.integers(0, 2, n) * 1.0,
                       "motion": rng.gamma(2, size=n)}, ids)
start = time.perf_counter()
contrasts = brain.compare_edges(r, design)
modelled = time.perf_counter()
tested = brain.test_edges_max_t(r, design, blocks=None, n_permutations=n_permutations, rng=rng, precision=precision,
                                n_workers=2)
assert np.allclose(contrasts["t"], tested.table["t"])
print(json.dumps({"model_s": modelled - start, "shuffles_s": time.perf_counter() - modelled,
                  "gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e9}))
"""


def make_data(n_features, n=116):
    rng, ids = np.random.default_rng(1), [f"sub-{i:03d}" for i in range(n)]
    covariates = {"age": rng.normal(size=n), "sex": rng.integers(0, 2, n) * 1.0, "motion": rng.gamma(2, size=n)}
    design = pd.DataFrame({"group": (np.arange(n) < 44) * 1.0, **covariates}, ids)
    return pd.DataFrame(rng.normal(size=(n, n_features)), ids), design


@pytest.mark.parametrize("precision", ["single", "double"])
@pytest.mark.parametrize("n_features", [4950, 20_000, 44_850])
def test_max_t_of_10000_shuffles(benchmark, n_features, precision):
    features, design = make_data(n_features)
    options = {"n_permutations": 10_000, "precision": precision, "n_workers": N_WORKERS}
    benchmark.pedantic(
        lambda: permutation.test_max_t(features, design, rng=np.random.default_rng(1), **options), rounds=3
    )


def test_max_t_beside_nilearn():
    """Side by side: 4,950 edges, 3 covariates, 10,000 shuffles, two workers each; the t agree."""
    features, design = make_data(4950)
    start = time.perf_counter()
    ours = permutation.test_max_t(
        features, design, n_permutations=10_000, rng=np.random.default_rng(1), precision="single", n_workers=N_WORKERS
    )
    between = time.perf_counter()
    arrays = (design[["group"]].to_numpy(), features.to_numpy(), design.drop(columns="group").to_numpy())
    theirs = permuted_ols(*arrays, n_perm=10_000, n_jobs=N_WORKERS, random_state=1)
    end = time.perf_counter()
    print(f"\nours {between - start:.2f} s, nilearn {end - between:.2f} s")
    np.testing.assert_allclose(ours.table["t"], theirs["t"].ravel(), rtol=1e-10)
    assert end - between > 4 * (between - start)


@pytest.mark.parametrize(("n", "n_permutations", "most_s", "most_gb"), [(116, 10_000, 6, 1.5), (5000, 1000, 180, 6)])
def test_connectome_of_44850_edges(n, n_permutations, most_s, most_gb):
    """Model and shuffles in a process of its own, so that the memory is theirs (and that of the data)."""
    command = [sys.executable, "-c", LARGE, str(n), str(n_permutations), "single"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT_ROOT, check=True)
    measured = json.loads(done.stdout)
    print(f"\n{measured}")
    assert measured["model_s"] + measured["shuffles_s"] <= most_s
    assert measured["gb"] <= most_gb
