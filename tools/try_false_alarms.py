"""Count false alarms of the check: ``python -m tools.try_false_alarms people`` or ``… cohorts [first seed]``.

``people`` draws independent people of many structures (latent factors, heavy tails, sites, types of community, sparse reads of unequal
depth), and persons with several samples beside them, and writes to ``data/calibration/same_person.tsv`` how many rows have a nearer
other than two people are: the limit of :mod:`helpers.contract.same_person` has to stand above all of the former. ``cohorts`` simulates
fifty cohorts of 22 to 300 participants and prints every problem that the check has with them; there should be none. Fifteen minutes.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.contract import inspect_cohort
from helpers.contract.same_person import measure_share
from helpers.simulate import simulate_cohort
from helpers.tables import PROJECT_ROOT, write_atomically

TABLE = PROJECT_ROOT / "data" / "calibration" / "same_person.tsv"
SEED, N_DRAWS, N_COHORTS = 20240501, 20, 50
SIZES, FEATURES = (20, 40, 80, 160, 300), (40, 100, 300)
STRUCTURES = (
    "no structure",
    "one factor",
    "eight factors",
    "heavy tails",
    "four types",
    "six sites",
    "pairs of features",
)
SMALLEST, FEWEST_SIMULATED = 22, 40  # the simulator draws 40 and more; smaller cohorts are cut from these


def draw_people(structure: str, n: int, n_features: int, rng: np.random.Generator) -> np.ndarray:
    """Return measurements of independent people, of shape (n, n_features)."""
    noise = rng.standard_t(3, (n, n_features)) if structure == "heavy tails" else rng.normal(size=(n, n_features))
    if structure in ("one factor", "eight factors", "heavy tails"):
        n_factors = {"one factor": 1, "eight factors": 8, "heavy tails": 3}[structure]
        return noise + rng.normal(size=(n, n_factors)) @ rng.normal(0, 2 / np.sqrt(n_factors), (n_factors, n_features))
    if structure in ("four types", "six sites"):
        n_kinds = {"four types": 4, "six sites": 6}[structure]
        return noise + rng.normal(size=(n_kinds, n_features))[rng.integers(0, n_kinds, n)]
    if structure == "pairs of features":
        return noise + 1.5 * np.repeat(noise[:, ::2], 2, axis=1)[:, :n_features]
    return noise


def draw_reads(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return reads, sparse and of unequal depth, of communities whose log abundances are the values."""
    usual = np.sort(rng.normal(0, 2, values.shape[1]))[::-1]
    abundance = np.exp(usual + values)
    depth = rng.lognormal(9, 0.8, len(values))
    return rng.poisson(abundance / abundance.sum(axis=1, keepdims=True) * depth[:, None]).astype(float)


def measure_draws(
    structure: str, n: int, n_features: int, n_samples: int, rng: np.random.Generator
) -> dict[str, float]:
    """Return the shares of rows with a nearer other in draws as numbers and as reads: their mean and the largest."""
    shares = []
    for draw in range(N_DRAWS):
        people = draw_people(structure, -(-n // n_samples), n_features, rng)
        values = np.repeat(people, n_samples, axis=0)[:n]
        values = values + (0.8 * rng.normal(size=values.shape) if n_samples > 1 else 0)
        block = "metabolites" if draw % 2 else "taxa"
        values = values if draw % 2 else draw_reads(values, rng)
        shares.append(measure_share(pd.DataFrame(values).add_prefix("x"), block))
    return {"mean": float(np.mean(shares)), "largest": float(np.max(shares))}


def try_people() -> pd.DataFrame:
    """Return one row per structure, size and number of samples per person."""
    cases = list(product((1, 2, 5), STRUCTURES, SIZES, FEATURES))
    streams = np.random.default_rng(SEED).spawn(len(cases))
    return pd.DataFrame(
        {"samples": m, "structure": structure, "n": n, "features": p} | measure_draws(structure, n, p, m, stream)
        for (m, structure, n, p), stream in zip(cases, streams, strict=True)
    )


def simulate_some(folder: Path, seed: int) -> Path:
    """Write a simulated cohort whose size, effect and missing values follow from its seed."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(SMALLEST, 301))
    effect, missing = float(rng.choice([0, 0.5, 1])), float(rng.choice([0, 0.035, 0.1, 0.3]))
    simulate_cohort(folder, n_participants=max(n, FEWEST_SIMULATED), seed=seed, effect=effect, missing=missing)
    if n < FEWEST_SIMULATED:
        _keep_some(folder, n)
    return folder


def _keep_some(folder: Path, n: int) -> None:
    """Keep n participants of a cohort folder, half of them of high resilience (the check wants ten a group), and the taxa they have."""
    answers = pd.read_csv(folder / "phenotype/cd_risc.tsv", sep="\t", index_col=0, na_values="n/a")
    ordered = answers.dropna().sum(axis=1).sort_values().index
    kept = {*ordered[: n - n // 2], *ordered[-(n // 2) :]}
    for path in folder.rglob("*.tsv"):
        table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
        if table.columns[0] == "participant_id":
            table = table[table["participant_id"].isin(kept)]
            is_reads = path.parent.name == "microbiome"
            table = table.loc[:, ~(table == "0").all()] if is_reads else table
            table.to_csv(path, sep="\t", index=False, lineterminator="\n")
    for path in folder.glob("brain/maps/*"):
        if path.name.split(".")[0] not in kept:
            path.unlink()


def try_cohorts(first: int) -> int:
    """Print every problem of fifty simulated cohorts; return how many there are."""
    n_problems = 0
    for seed in range(first, first + N_COHORTS):
        folder = Path(tempfile.mkdtemp()) / "cohort"
        cohort, problems = inspect_cohort(simulate_some(folder, seed))
        n_problems += len(problems)
        n = "refused" if cohort is None else f"{len(cohort.participants)} participants"
        print(f"seed {seed}, {n}: {len(problems)} problems", *problems, sep="\n  ", flush=True)
        shutil.rmtree(folder.parent)
    print(f"{n_problems} problems in {N_COHORTS} cohorts")
    return n_problems


if __name__ == "__main__":
    if sys.argv[1:2] == ["cohorts"]:
        sys.exit(min(1, try_cohorts(int(sys.argv[2]) if len(sys.argv) > 2 else 7000)))
    found = try_people().to_csv(sep="\t", index=False, float_format="%.3g", lineterminator="\n")
    write_atomically(TABLE, found)
