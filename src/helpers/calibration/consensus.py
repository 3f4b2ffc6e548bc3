"""How often the consensus on single genera finds something in null twins, where there is nothing to find."""

from __future__ import annotations

import tempfile

import pandas as pd

from helpers.calibration.cohorts import draw_one, make_stream
from helpers.cohort import assign_groups, design_matrix
from helpers.contrasts import Q_SHOWN
from helpers.intervals import bound_proportion
from helpers.microbiome import compare_methods
from helpers.resilience import score_outcome
from helpers.workers import run_tasks

TOGETHER = "consensus"


def count_false_findings(root_seed: int, number: int) -> pd.Series:
    """Count what each method, and the consensus, finds in one null twin.

    Parameters
    ----------
    root_seed, number : int
        See :func:`helpers.calibration.make_stream`.

    Returns
    -------
    pandas.Series
        Index method, then ``consensus``; genera with q below 0.05.
    """
    with tempfile.TemporaryDirectory() as folder:
        drawn = draw_one(folder, make_stream(root_seed, "null_twin", number), effect=0.0, blocks=["taxa"])
        cohort = drawn.cohort
    design = design_matrix(cohort, assign_groups(cohort, score_outcome(cohort)))
    result = compare_methods(cohort.block("taxa"), cohort.features["taxa"], design)
    found = result.methods.assign(found=result.methods["q"] < Q_SHOWN).groupby("method", sort=False)["found"].sum()
    return pd.concat([found, pd.Series({TOGETHER: int(result.table["is_consensus"].sum())})])


def measure_false_findings(n_cohorts: int, *, root_seed: int, n_workers: int = 1) -> pd.DataFrame:
    """Tabulate how often each method finds anything in null twins: there, its false discovery rate.

    Parameters
    ----------
    n_cohorts : int
    root_seed : int
    n_workers : int, default 1
        Processes. The table does not depend on it.

    Returns
    -------
    pandas.DataFrame
        Index method; n_cohorts, n_with_findings, rate (0-1), ci_low, ci_high (95 %, Wilson), mean_findings (genera
        per cohort), nominal.
    """
    runs = run_tasks(count_false_findings, range(n_cohorts), shared=[root_seed], n_workers=n_workers, processes=True)
    counts = pd.DataFrame(runs)
    rows = {}
    for method, found in counts.items():
        n_with = int((found > 0).sum())
        rows[method] = [n_cohorts, n_with, n_with / n_cohorts, *_surround(n_with, n_cohorts), found.mean()]
    columns = ["n_cohorts", "n_with_findings", "rate", "ci_low", "ci_high", "mean_findings"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    return table.assign(nominal=Q_SHOWN).rename_axis("method")


def _surround(n_with: int, n_cohorts: int) -> tuple[float, float]:
    low, high = bound_proportion(n_with, n_cohorts)
    return float(low), float(high)
