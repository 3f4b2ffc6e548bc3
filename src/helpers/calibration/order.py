"""Which block tells the groups apart best, on average over many simulated cohorts: the truth of the claim on ranks."""

from __future__ import annotations

import tempfile

import numpy as np
import pandas as pd

from helpers.calibration.chapters import Effort, prepare_setting, run_integration
from helpers.calibration.cohorts import draw_one
from helpers.integration import BLOCKS
from helpers.workers import run_tasks

EFFECT = 1.0
SIZES = {116: 100, 500: 15}  # participants: cohorts of that many


def measure_order(*, seed: int, n_workers: int = 1, sizes: dict[int, int] | None = None) -> pd.DataFrame:
    """Find what the integration of chapter 06 reaches with each block, on average over simulated cohorts.

    Parameters
    ----------
    seed : int
    n_workers : int, default 1
        Processes; no number depends on it.
    sizes : dict of int to int, optional
        Participants of a cohort: how many of these. By default 100 cohorts of the study's size and 15 of 500 participants.

    Returns
    -------
    pandas.DataFrame
        One row per size and block, the largest AUC first: n_participants, n_cohorts, block, auc (mean out of fold, features
        freed of the covariates), standard_error, share_first (of cohorts in which the block has the largest).
    """
    tables = []
    for n_participants, n_cohorts in (sizes or SIZES).items():
        found = pd.DataFrame(
            run_tasks(
                _measure_one, range(n_cohorts), shared=[seed, n_participants], n_workers=n_workers, processes=True
            )
        )
        first = found.idxmax(axis=1).value_counts(normalize=True)
        table = pd.DataFrame({"auc": found.mean(), "standard_error": found.sem()}).rename_axis("block")
        table["share_first"] = first.reindex(table.index).fillna(0.0)
        table = table.sort_values("auc", ascending=False).reset_index()
        tables.append(table.assign(n_participants=n_participants, n_cohorts=n_cohorts))
    columns = ["n_participants", "n_cohorts", "block", "auc", "standard_error", "share_first"]
    return pd.concat(tables, ignore_index=True)[columns]


def _measure_one(seed: int, n_participants: int, number: int) -> pd.Series:
    stream = np.random.SeedSequence(seed, spawn_key=(n_participants, number))
    with tempfile.TemporaryDirectory() as folder:
        drawn = draw_one(folder, stream, effect=EFFECT, n_participants=n_participants, blocks=BLOCKS)
        setting = prepare_setting(drawn.cohort, pd.DataFrame(), Effort(n_repeats=2), shuffles=False)
        performance = run_integration(setting, np.random.default_rng(stream)).tables["performance"]
    return performance.loc[performance["role"] == "block", "auc"]
