"""Do intervals of cross-validated figures hold the truth? Many cohorts of known kind in; how often they do out."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
from scipy import stats

from helpers import integration
from helpers.workers import run_tasks

SIZES = ((23, 37), (44, 72))  # people of each group
SIGNALS = (0.0, 0.5)  # standard deviations between the groups, in each feature that differs
N_FEATURES, N_DIFFERENT, N_KEPT = 40, 5, 5  # of each of two blocks
MEASURES = {
    "auc": ("AUC", "auc"),
    "balanced_error": ("Balanced error", "balanced_error"),
    "lead": ("Lead in AUC", "lead"),
}
SCORERS = ("brain", "vote")
N_COHORTS = 300


def measure_validated(*, seed: int, n: int = N_COHORTS, n_workers: int = 1) -> pd.DataFrame:
    """Count how often 95 % intervals of cross-validated figures hold their mean over cohorts of the same kind.

    The truth is what the same model reaches on average in cohorts of this size, as counted from these cohorts.

    Parameters
    ----------
    seed : int
    n : int, default 300
        Cohorts of each size and strength.
    n_workers : int, default 1
        Processes; no number depends on it.

    Returns
    -------
    pandas.DataFrame
        One row per size, strength, scorer and measure: n_high, n_low, signal (SD between groups), scorer, measure, n,
        truth, sd (over cohorts), width (mean, of the interval), covered, coverage with its exact 95 % interval low to high.
    """
    rows = []
    for place, (sizes, signal) in enumerate(itertools.product(SIZES, SIGNALS)):
        seeds = [[seed, place, number] for number in range(n)]
        draws = run_tasks(_validate_one, seeds, shared=[sizes, signal], n_workers=n_workers, processes=True)
        table = pd.concat(draws)
        for (scorer, measure), own in table.groupby(["scorer", "measure"], sort=False):
            truth = 0.0 if measure.startswith("Lead") else own["estimate"].mean()
            covered = int(((own["low"] <= truth) & (truth <= own["high"])).sum())
            interval = stats.binomtest(covered, n).proportion_ci(0.95, method="exact")
            rows.append(
                {
                    "n_high": sizes[0], "n_low": sizes[1], "signal": signal, "scorer": scorer, "measure": measure, "n": n,
                    "truth": truth, "sd": own["estimate"].std(), "width": (own["high"] - own["low"]).mean(),
                    "covered": covered, "coverage": covered / n, "low": float(interval.low), "high": float(interval.high),
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def _validate_one(sizes: tuple[int, int], signal: float, seed: list[int]) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    ids = pd.Index([f"p{i:03d}" for i in range(sum(sizes))], name="participant_id")
    groups = pd.Series(np.repeat(["high", "low"], sizes), ids)
    shift = signal * np.outer(groups == "high", np.arange(N_FEATURES) < N_DIFFERENT)
    blocks = {name: pd.DataFrame(rng.normal(size=shift.shape) + shift, ids) for name in ("brain", "gut")}
    model = integration.BlockSPLSDA(1, keep={name: [N_KEPT] for name in blocks})
    found = integration.cross_validate(blocks, groups, model=model, rng=rng, baselines=(), calibrate=False).performance
    return pd.DataFrame(
        [
            {"scorer": scorer, "measure": label, "estimate": found.loc[scorer, name], "low": found.loc[scorer, f"{stem}_low"],
             "high": found.loc[scorer, f"{stem}_high"]}
            for scorer in SCORERS
            for name, (label, stem) in MEASURES.items()
            if not (scorer == "vote" and stem == "lead")
        ]
    )  # fmt: skip
