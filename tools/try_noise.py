"""Try the integration on pure noise and write data/parity/noise.tsv, one row per data set.

Nested cross-validation should err by a half, and the permutation test should find something in 5 % of data sets.
Takes about half an hour on one core; the page book/parity.md is then written anew by tools/write_parity.py --pages.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from tqdm import tqdm

from helpers.integration import BlockSPLSDA, cross_validate, keep_equally, permute_groups
from helpers.tables import PROJECT_ROOT, write_atomically

TABLE = PROJECT_ROOT / "data" / "parity" / "noise.tsv"
SEED = 20240501
N_NESTED, N_TESTED = 200, 1000  # data sets validated with tuning inside the folds, and tested by shuffles
N_HIGH, N_LOW = 40, 60
SIZES = {"a": 300, "b": 300, "c": 300}
GRID = (10, 50)  # counts tried per block, every combination
N_KEEP, N_COMPONENTS, N_FOLDS, N_SHUFFLES = 20, 2, 5, 19


def draw_noise(rng: np.random.Generator) -> tuple[dict[str, pd.DataFrame], pd.Series]:
    """Return blocks of independent normal noise, and groups that know nothing of them."""
    ids = [f"sub-{i:03d}" for i in range(N_HIGH + N_LOW)]
    y = pd.Series(["high"] * N_HIGH + ["low"] * N_LOW, ids)
    return {name: pd.DataFrame(rng.normal(size=(len(ids), size)), ids) for name, size in SIZES.items()}, y


def try_one(number: int) -> dict[str, float]:
    """Return the nested balanced error (of the first data sets) and the p-value of one data set."""
    draws, nested, plain, shuffles = (
        np.random.default_rng(stream) for stream in np.random.SeedSequence(SEED, spawn_key=(number,)).spawn(4)
    )
    blocks, y = draw_noise(draws)
    model = BlockSPLSDA(N_COMPONENTS, keep=keep_equally(blocks, n_keep=N_KEEP, n_components=N_COMPONENTS))
    common = {"model": model, "baselines": (), "calibrate": False, "n_folds": N_FOLDS, "n_repeats": 1}
    row = {"data_set": number, "nested_balanced_error": np.nan}
    if number < N_NESTED:
        grid = {name: list(GRID) for name in blocks}
        found = cross_validate(blocks, y, rng=nested, grid=grid, **common).performance
        row["nested_balanced_error"] = found.loc["vote", "balanced_error"]
    observed = cross_validate(blocks, y, rng=plain, **common)
    null = permute_groups(blocks, y, observed, model=model, rng=shuffles, n_permutations=N_SHUFFLES)
    return row | {"balanced_error": null.observed["vote"], "p_permutation": null.p_value["vote"]}


if __name__ == "__main__":
    rows = pd.DataFrame([try_one(number) for number in tqdm(range(N_TESTED), unit="data set")])
    write_atomically(TABLE, rows.to_csv(sep="\t", index=False, float_format="%.6g", lineterminator="\n"))
