"""Simulated bacterial transcripts that follow the taxa they come from."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.simulate.calibration import spread_evenly
from helpers.simulate.effects import People, Planted, adjusted_difference, residual_sd
from helpers.simulate.taxa import Gut

N_TRANSCRIPTS = 1500
PSEUDOCOUNT = 0.5
FUNCTIONS = {
    "environmental_adaptation": ("C09", 0.45),
    "genetic_propagation": ("C10", 0.40),
    "energy_metabolism": ("C11", 0.45),
    "anti_inflammation": ("C12", 0.50),
    "gut_barrier": ("C15", 0.35),
}
N_PER_FUNCTION = 100
SOURCE = "hmp2_pathways"
ACTIVITY = 0.25  # SD of what the transcripts of one function have in common, in log units
OTHER_ACTIVITY = 0.45
DILUTION = 1.45  # closure, counting and nuisance weaken a coupling by about a third
OWN_SPREAD = 0.92  # the rest of the SD of log RNA comes from activity, nuisance and counting
ABSENT = -3.0  # log expression left where the taxon was not seen
COMMON_TAXA = 1.5  # transcripts are known of common taxa: chosen by prevalence to this power
LEVEL_SD = 1.4
DEPTH, DEPTH_LOG_SD = 400_000, 0.35
NEWTON_STEPS = 3


def draw_transcripts(
    people: People, gut: Gut, effect: float, *, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame, list[Planted]]:
    """Draw counts of transcripts of known taxa; plant shifts of the mean centred log-ratio per functional group."""
    names = [*FUNCTIONS, "other"]
    sizes = [N_PER_FUNCTION] * len(FUNCTIONS)
    groups = np.repeat(np.arange(len(names)), [*sizes, N_TRANSCRIPTS - sum(sizes)])
    prevalence = (gut.counts > 0).mean().to_numpy() ** COMMON_TAXA
    taxa = rng.choice(len(prevalence), N_TRANSCRIPTS, p=prevalence / prevalence.sum())
    log_mean = _draw_expression(people, gut, groups, taxa, rng)
    depth = np.exp(rng.normal(np.log(DEPTH), DEPTH_LOG_SD, len(people.high)))
    noise = rng.normal(size=log_mean.shape)

    def count(shifts: np.ndarray) -> np.ndarray:
        share = np.exp(log_mean + np.outer(people.carrier, np.append(shifts, 0.0)[groups]))
        share /= share.sum(axis=1, keepdims=True)
        return _count_reads(depth[:, None] * share, noise)

    counts, planted = _plant_functions(count, groups, people, effect)
    ids = pd.Index([f"transcript_{i:04d}" for i in range(1, N_TRANSCRIPTS + 1)], name="feature")
    order = rng.permutation(N_TRANSCRIPTS)
    features = pd.DataFrame(
        {
            "name": [f"SimTranscript_{i:04d}" for i in range(1, N_TRANSCRIPTS + 1)],
            "group": np.array(names)[groups[order]],
            "taxon": gut.taxonomy.index.to_numpy()[taxa[order]],
        },
        index=ids,
    )
    return pd.DataFrame(counts[:, order], index=people.table.index, columns=ids).astype(int), features, planted


def _draw_expression(
    people: People, gut: Gut, groups: np.ndarray, taxa: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Draw log expression: the taxon's abundance, what its function's transcripts share, age, sex, BMI, study, noise."""
    n = len(people.high)
    coupling = np.clip(DILUTION * rng.permutation(spread_evenly("rna_dna_r", N_TRANSCRIPTS, SOURCE)), -0.9, 0.9)
    spread = rng.permutation(spread_evenly("log_rna_sd", N_TRANSCRIPTS, SOURCE))
    n_functions = groups.max()
    activity = np.append(np.full(n_functions, ACTIVITY), OTHER_ACTIVITY) * rng.normal(size=(n, n_functions + 1))
    activity[:, :-1] += ACTIVITY * rng.normal(size=(n, 1))
    own = np.sqrt(1 - coupling**2)
    expression = OWN_SPREAD * spread * (coupling * gut.latent[:, taxa] + own * rng.normal(size=(n, N_TRANSCRIPTS)))
    expression += activity[:, groups] + 0.5 * people.nuisance(N_TRANSCRIPTS, rng=rng, batch=0.4)
    expression += ABSENT * (gut.counts.to_numpy()[:, taxa] == 0)
    return rng.normal(0, LEVEL_SD, N_TRANSCRIPTS) + expression


def _count_reads(mean: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Turn standard normal noise into Poisson counts (Cornish-Fisher; within one read), the same noise for every mean."""
    return np.maximum(np.ceil(mean + np.sqrt(mean) * noise + (noise**2 - 1) / 6 - 0.5), 0)


def _plant_functions(count, groups: np.ndarray, people: People, effect: float) -> tuple[np.ndarray, list[Planted]]:
    """Find the log shifts of the groups that move their mean log-ratios as wanted, and count with them."""
    sizes = np.bincount(groups)
    closure = np.eye(len(FUNCTIONS)) - sizes[:-1] / sizes.sum()
    counts = null = count(np.zeros(len(FUNCTIONS)))
    scores = _mean_log_ratios(null, groups)
    d = effect * np.array([d for _, d in FUNCTIONS.values()])
    wanted = d * [residual_sd(scores[:, g], people) for g in range(len(FUNCTIONS))]
    shifts = np.zeros(len(FUNCTIONS))
    reached = np.zeros(len(sizes))
    for _ in range(NEWTON_STEPS if effect else 0):
        shifts += np.linalg.solve(closure, wanted - reached[:-1])
        counts = count(shifts)
        moved = _mean_log_ratios(counts, groups) - scores
        reached = np.array([adjusted_difference(moved[:, g], people) for g in range(len(sizes))])
    planted = [
        Planted(claim, "transcripts", name, d[g], reached[g], "mean centred log-ratio of the group's transcripts")
        for g, (name, (claim, _)) in enumerate(FUNCTIONS.items())
    ]
    mirror = reached[-1] / residual_sd(scores[:, -1], people)
    return counts, [*planted, Planted("by-product", "transcripts", "other", mirror, reached[-1], planted[0].unit)]


def _mean_log_ratios(counts: np.ndarray, groups: np.ndarray) -> np.ndarray:
    logs = np.log(counts + PSEUDOCOUNT)
    ratios = logs - logs.mean(axis=1, keepdims=True)
    return np.column_stack([ratios[:, groups == g].mean(axis=1) for g in range(groups.max() + 1)])
