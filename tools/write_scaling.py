"""Measure the longest loop (the permutations of chapter 06) on workers, and write data/calibration/scaling.tsv and its tables on the page.

Simulated cohorts of several sizes, one single-threaded worker. Time is processor time, which other work on the machine does not stretch.
``--page`` writes the page anew from the stored table, without running anything.
"""

from __future__ import annotations

import os
import pickle
import resource
import tempfile
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
import pandas as pd

from helpers.cli import main as run_safely
from helpers.cohort import assign_groups, design_matrix
from helpers.contract import load_cohort
from helpers.integration import (
    BLOCKS,
    BlockSPLSDA,
    cross_validate,
    keep_equally,
    make_filters,
    permute_groups,
    prepare_blocks,
)
from helpers.integration.parallel import SPLITS_AT_ONCE
from helpers.resilience import score_outcome
from helpers.simulate import simulate_cohort
from helpers.tables import PROJECT_ROOT, write_atomically
from helpers.workers import scheduler, use_scheduler

TABLE = PROJECT_ROOT / "data" / "calibration" / "scaling.tsv"
PAGE = PROJECT_ROOT / "book" / "on_a_cluster.md"
BEGIN, END = "<!-- figures: written by tools/write_scaling.py -->", "<!-- end of figures -->"
SIZES = (116, 500, 2000)
N_MEASURED, N_ASKED = 20, 1000  # permutations
N_FOLDS = 5
BANDWIDTH = 125.0  # MB a second, of a network of 1 Gbit/s
MARGIN = 2.0  # ask for this much more than was measured
WORKERS = (1, 2, 10, 20, 50, 100)


def prepare_loop(folder: Path | str, n_permutations: int) -> Callable[[], pd.DataFrame]:
    """Return the permutation loop of chapter 06 on a cohort, ready to run; it returns the errors of all permutations."""
    cohort = load_cohort(folder, blocks=BLOCKS)
    groups = assign_groups(cohort, score_outcome(cohort))
    design = design_matrix(cohort, groups)
    prepared = prepare_blocks(cohort, groups.loc[design.index])
    covariates = design.drop(columns="group").reindex(prepared.groups.index)
    settings = {
        "model": BlockSPLSDA(2, keep=keep_equally(prepared.blocks, n_keep=20, n_components=2), design=0.1),
        "transforms": make_filters(prepared.blocks),
        "batch": cohort.participants[cohort.settings.batch],
        "residualise": covariates,
    }
    data, rng = (prepared.blocks, prepared.groups), np.random.default_rng(1)
    observed = cross_validate(*data, rng=rng, n_folds=N_FOLDS, n_repeats=1, baselines=(), calibrate=False, **settings)
    more = {"n_permutations": n_permutations, "covariates": covariates}
    return lambda: permute_groups(*data, observed, rng=np.random.default_rng(2), **more, **settings).null


def read_use() -> tuple[float, float]:
    """Return processor seconds and largest memory (MB) of this process so far; on Linux."""
    use = resource.getrusage(resource.RUSAGE_SELF)  # whose ru_maxrss a process inherits from the one that started it
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines())
    return use.ru_utime + use.ru_stime, int(status["VmHWM"].split()[0]) / 1024


def measure_size(n_participants: int) -> dict[str, float]:
    """Return what one permutation of a cohort of this size costs a worker, and what travels."""
    with tempfile.TemporaryDirectory() as folder:
        loop = prepare_loop(simulate_cohort(Path(folder) / "cohort", n_participants=n_participants), N_MEASURED)
    with use_scheduler("local:1", click.echo):
        place = scheduler.open_scheduler(os.environ[scheduler.VARIABLE])
        place.client.run(pickle.loads, pickle.dumps(permute_groups))  # loads the helpers before the clock runs
        ((before, _),) = place.client.run(read_use).values()
        mine, _ = read_use()
        loop()
        ((after, memory),) = place.client.run(read_use).values()
        here, memory_here = read_use()
    return {
        "n_participants": n_participants,
        "seconds": (after - before) / N_MEASURED,
        "seconds_here": (here - mine) / N_MEASURED,
        "mb_worker": memory,
        "mb_here": memory_here,
        "mb_sent": place.sent / 1e6,
        "mb_returned": place.returned / 1e6 / N_MEASURED,
    }


def simulate_workers(row: pd.Series, n_workers: int, n_permutations: int = N_ASKED) -> tuple[float, float]:
    """Return minutes and efficiency with many workers, on paper.

    Passes of equal length are dealt to workers in rounds. Data travel from worker to worker, in as many steps as doublings.
    Results arrive at the command one after another, which opens each.

    Parameters
    ----------
    row : pandas.Series
        From :func:`measure_size`.
    n_workers, n_permutations : int
    """
    n_passes = -(-n_permutations * N_FOLDS // SPLITS_AT_ONCE)
    computing = n_permutations * row["seconds"]
    sending = row["mb_sent"] / BANDWIDTH * (1 + np.ceil(np.log2(n_workers)))
    collecting = n_permutations * (row["seconds_here"] + row["mb_returned"] / BANDWIDTH)
    seconds = sending + max(-(-n_passes // n_workers) * computing / n_passes, collecting)
    return seconds / 60, computing / n_workers / seconds


def write_figures(table: pd.DataFrame) -> str:
    """Return the section in Markdown."""
    ask = [
        "participants",
        "one permutation",
        "1,000 on one worker",
        "data sent",
        "memory of a worker",
        "ask for a worker",
        "ask for the command",
    ]
    rows = [
        [
            f"{int(row.name):,}", f"{row['seconds']:.2g} s", f"{N_ASKED * row['seconds'] / 60:.0f} min", f"{row['mb_sent']:.0f} MB",
            f"{row['mb_worker']:.0f} MB", _ask(row["mb_worker"]), _ask(row["mb_here"]),
        ]
        for _, row in table.iterrows()
    ]  # fmt: skip
    paper = [
        [f"{n:,}", *(f"{minutes:.1f} min ({100 * efficiency:.0f} %)" for minutes, efficiency in found)]
        for n in WORKERS
        if (found := [simulate_workers(row, n) for _, row in table.iterrows()])
    ]
    overhead = 100 * table["seconds_here"] / table["seconds"]
    heads = ["workers", *(f"{int(n):,} participants" for n in table.index)]
    return (
        f"Measured on one worker, for {N_MEASURED} permutations of the whole pipeline of chapter 06, the longest loop, on simulated cohorts "
        f"with all blocks (time of the processor; figures of another machine differ). Memory is doubled to be asked for.\n\n{_tabulate([ask, *rows])}\n\n"
        "Walltime of a worker: the minutes on one worker, divided by the number of workers, times two. A job that ends too early "
        "loses a pass, no more.\n\n"
        f"On paper, for {N_ASKED:,} permutations, from these times and a network of 1 Gbit/s, with the efficiency in brackets:\n\n"
        f"{_tabulate([heads, *paper])}\n\n"
        f"The command itself works for up to {overhead.max():.0f} % of the workers' time: it deals out passes, opens results and puts them "
        f"together, one after another. So this loop gains nothing from more than about {100 / overhead.max():.0f} workers for each chapter that runs; "
        "several cohorts, the multiverse and the calibration use more."
    )


def _ask(megabytes: float) -> str:
    return f"{int(np.ceil(MARGIN * megabytes / 1000))} GB"


def _tabulate(rows: list[list[str]]) -> str:
    lines = [rows[0], ["---"] * len(rows[0]), *rows[1:]]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def write_page(table: pd.DataFrame) -> str:
    """Return the page with these figures."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{write_figures(table)}\n{END}{after}"


@click.command(context_settings={"show_default": True})
@click.option(
    "--size", "sizes", type=click.IntRange(40), multiple=True, default=SIZES, help="Participants; may be repeated."
)
@click.option("--page", is_flag=True, help="Only write the page anew from the stored table.")
def main(sizes: tuple[int, ...], page: bool) -> None:
    """Measure the permutation loop of chapter 06 for several cohort sizes, and write the table and the page."""
    if not page:
        table = pd.DataFrame([measure_size(n) for n in sizes]).set_index("n_participants")
        write_atomically(TABLE, table.to_csv(sep="\t", float_format="%.4g", lineterminator="\n"))
    write_atomically(PAGE, write_page(read_stored()))


def read_stored() -> pd.DataFrame:
    """Return the stored table, by number of participants."""
    return pd.read_csv(TABLE, sep="\t", index_col="n_participants")


if __name__ == "__main__":
    run_safely(command=main)
