"""Cohorts that are not kind: groups that differ in depth, spread, age or batch, and in nothing that is asked for.

The null twins of :mod:`helpers.calibration.cohorts` are balanced. Here every draw has one imbalance that real cohorts have; each
rejection is an error all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from helpers import integration, metabolites, microbiome
from helpers.contrasts import Q_SHOWN, fit_contrasts
from helpers.microbiome.consensus import METHOD_LABELS
from helpers.workers import run_tasks

ALPHA, CONFIDENCE = 0.05, 0.95
N_PARTICIPANTS, N_HIGH = 116, 44
N_TAXA, N_FEATURES = 150, 200
Test = Callable[[np.random.Generator], dict[str, float]]


@dataclass(frozen=True)
class Condition:
    """One kind of imbalance.

    Attributes
    ----------
    name : str
    what : str
        In words, for the page.
    test : callable
        Draws a cohort and returns test -> p (or smallest q).
    n : int
        Cohorts.
    """

    name: str
    what: str
    test: Test
    n: int


def draw_depth(rng: np.random.Generator, ratio: float) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Draw reads of one kind of community, the high group sequenced `ratio` times as deeply."""
    base = np.sort(np.random.default_rng(3).lognormal(0, 2.2, N_TAXA))[::-1]
    high = np.arange(N_PARTICIPANTS) < N_HIGH
    share = base * np.exp(rng.normal(0, 1.2, (N_PARTICIPANTS, N_TAXA)))
    share /= share.sum(axis=1, keepdims=True)
    depth = 20_000 * np.exp(rng.normal(0, 0.3, N_PARTICIPANTS)) * np.where(high, ratio, 1)
    people, taxa = _name(N_PARTICIPANTS, "p"), _name(N_TAXA, "t")
    reads = [rng.multinomial(int(n), own) for n, own in zip(depth, share, strict=True)]
    taxonomy = pd.DataFrame({"genus": taxa}, index=taxa)
    return pd.DataFrame(reads, people, taxa), taxonomy, pd.DataFrame({"group": high.astype(float)}, people)


def try_depth(rng: np.random.Generator, ratio: float) -> dict[str, float]:
    """Test genera by every method, and communities by three distances, where only the depth differs."""
    counts, taxonomy, design = draw_depth(rng, ratio)
    found = microbiome.compare_methods(counts, taxonomy, design)
    smallest = found.methods.groupby("method")["q"].min()
    tests = {f"any genus, {METHOD_LABELS[name]}": float(q) for name, q in smallest.items()}
    tests["any genus, consensus"] = 0.0 if found.table["is_consensus"].any() else 1.0
    groups = design["group"].map({1.0: "high", 0.0: "low"})
    metrics = ("bray_curtis", "aitchison", "jaccard")
    distances = microbiome.measure_distances(counts, metrics=metrics, n_rarefactions=2, rng=rng)
    table = microbiome.compare_metrics(distances, groups, n_permutations=99, rng=rng)
    return tests | {f"communities, {metric}": float(p) for metric, p in table["p"].items()}


def try_spread(rng: np.random.Generator, n_high: int, n_low: int, ratio: float) -> dict[str, float]:
    """Contrast one feature of two groups of equal mean, the high group `ratio` times as spread out."""
    group = (np.arange(n_high + n_low) < n_high).astype(float)
    people = _name(len(group), "p")
    values = pd.DataFrame({"x": rng.normal(size=len(group)) * np.where(group == 1, ratio, 1)}, people)
    return {"a contrast": float(fit_contrasts(values, pd.DataFrame({"group": group}, people)).loc["x", "p"])}


def try_age(rng: np.random.Generator) -> dict[str, float]:
    """Shuffle an integration of blocks that carry age alone, the groups 0.8 SD apart in age."""
    people, high = _name(N_PARTICIPANTS, "p"), np.arange(N_PARTICIPANTS) < N_HIGH
    age = rng.normal(size=N_PARTICIPANTS) + 0.8 * high
    blocks = {}
    for name, width, carrying, strength in (
        ("connectivity", 100, 0, 0.0), ("taxa", 60, 5, 0.3), ("transcripts", 100, 25, 0.8),
    ):  # fmt: skip
        values = rng.normal(size=(N_PARTICIPANTS, width))
        values[:, :carrying] += strength * age[:, None]
        blocks[name] = pd.DataFrame(values, people, _name(width, name))
    groups, ages = pd.Series(np.where(high, "high", "low"), people), pd.DataFrame({"age": age}, people)
    keep = integration.keep_equally(blocks, n_keep=20, n_components=2)
    common = {"model": integration.BlockSPLSDA(2, keep=keep, design=0.1), "rng": rng, "residualise": ages}
    result = integration.cross_validate(blocks, groups, n_folds=5, n_repeats=1, baselines=(), calibrate=False, **common)
    null = integration.permute_groups(blocks, groups, result, n_permutations=19, n_repeats=1, covariates=ages, **common)
    return {f"integration, {name}": float(p) for name, p in null.p_value.items()}


def try_covariates(rng: np.random.Generator) -> dict[str, float]:
    """Test the spread of communities that follow age and site, the groups differing in both."""
    n = 60
    people = _name(n, "p")
    while True:
        age, site = rng.gamma(4, 8, n), rng.integers(0, 3, n)
        high = rng.random(n) < 1 / (1 + np.exp(-(age - age.mean()) / 12 - 0.6 * (site == 2) + 0.5))
        if 8 <= high.sum() <= n - 8:
            break
    logs = rng.normal(0, 2, 80) + np.outer(age / 30, rng.normal(0, 0.5, 80)) + np.outer(site, rng.normal(0, 0.5, 80))
    share = np.exp(logs + rng.normal(0, 1, (n, 80)))
    depths = rng.integers(3000, 60_000, n)
    reads = [rng.multinomial(depth, own / own.sum()) for depth, own in zip(depths, share, strict=True)]
    counts = pd.DataFrame(reads, people, _name(80, "t"))
    covariates = pd.DataFrame({"age": age, "site 1": (site == 1) * 1.0, "site 2": (site == 2) * 1.0}, people)
    distances = microbiome.measure_distances(counts, metrics=["aitchison"], n_rarefactions=2, rng=rng)["aitchison"]
    test = microbiome.compare_communities(
        distances, pd.Series(np.where(high, "high", "low"), people), covariates=covariates, n_permutations=99, rng=rng
    )
    return {"communities, aitchison": test.p, "dispersion, aitchison": test.p_dispersion}


def try_batch(rng: np.random.Generator) -> dict[str, float]:
    """Foretell metabolites from genera where one batch shifts both tables and nothing else links them."""
    n, people = 80, _name(80, "p")
    batch = np.repeat([0.0, 1.0], n // 2)
    logs = rng.normal(size=(n, 30)) + np.outer(batch, rng.normal(size=30))
    counts = pd.DataFrame(np.exp(6 + logs).round(), people, _name(30, "g"))
    measured = pd.DataFrame(rng.normal(size=(n, 20)) + np.outer(batch, rng.normal(size=20)), people, _name(20, "m"))
    held = pd.DataFrame({"batch": batch}, people)
    found = metabolites.predict_metabolites(
        counts, measured, n_folds=5, n_shuffles=19, rng=rng, covariates=held, batch=held["batch"]
    )
    return {"mean of predicted metabolites": found.p_value}


CONDITIONS = (
    *(
        Condition(f"depth {ratio:g}", f"one group sequenced {ratio:g} times as deeply" if ratio > 1 else "equal depth",
                  lambda rng, ratio=ratio: try_depth(rng, ratio), 300)
        for ratio in (1.0, 1.5, 2.0, 3.0)
    ),
    *(
        Condition(f"spread {n_high} v {n_low} {ratio:g}", f"{n_high} v {n_low} people, SD {ratio:g} : 1",
                  lambda rng, n_high=n_high, n_low=n_low, ratio=ratio: try_spread(rng, n_high, n_low, ratio), 2000)
        for n_high, n_low, ratio in ((44, 72, 1.0), (44, 72, 1.5), (12, 104, 2.0), (12, 104, 0.5), (8, 40, 2.0))
    ),
    Condition("age", "groups 0.8 SD apart in age, blocks that carry age alone", try_age, 200),
    Condition("covariates", "groups that differ in age and site, communities that follow both", try_covariates, 300),
    Condition("batch", "a batch that shifts genera and metabolites", try_batch, 200),
)  # fmt: skip


def run_condition(condition: Condition, *, seed: int, n: int | None = None, n_workers: int = 1) -> pd.DataFrame:
    """Count how often each test of a condition rejects.

    Parameters
    ----------
    condition : Condition
    seed : int
    n : int, optional
        Cohorts; by default the condition's own.
    n_workers : int, default 1
        Processes; no number depends on it.

    Returns
    -------
    pandas.DataFrame
        One row per test: condition, what, test, n, rejections (p, or smallest q, up to 0.05; below it for q), rate with its
        exact 95 % interval low to high.
    """
    n = condition.n if n is None else n
    place = next(i for i, one in enumerate(CONDITIONS) if one.name == condition.name)
    found = run_tasks(_try_one, range(n), shared=[place, seed], n_workers=n_workers, processes=True)
    table = pd.DataFrame(found)
    rows = []
    for test, p in table.items():
        known = p.dropna()
        hits = int(((known < Q_SHOWN) if test.startswith("any genus") else (known <= ALPHA)).sum())
        interval = stats.binomtest(hits, len(known)).proportion_ci(CONFIDENCE, method="exact")
        rows.append(
            {
                "condition": condition.name, "what": condition.what, "test": test, "n": len(known), "rejections": hits,
                "rate": hits / len(known), "low": float(interval.low), "high": float(interval.high),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def _try_one(place: int, seed: int, number: int) -> dict[str, float]:
    return CONDITIONS[place].test(np.random.default_rng([seed, place, number]))


def _name(n: int, stem: str) -> pd.Index:
    return pd.Index([f"{stem}{i}" for i in range(n)])
