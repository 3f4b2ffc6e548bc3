"""Measure how often the consensus on single genera finds something where there is nothing; write the table.

Writes data/calibration/consensus_rates.tsv, which chapter 04 puts into words.
"""

from __future__ import annotations

import click

from helpers.calibration.consensus import measure_false_findings
from helpers.cli import main as run_safely
from helpers.cli_cohort import take_scheduler
from helpers.tables import PROJECT_ROOT, write_atomically
from helpers.workers import use_scheduler

TABLE = PROJECT_ROOT / "data" / "calibration" / "consensus_rates.tsv"


@click.command(context_settings={"show_default": True})
@click.option("--n", type=click.IntRange(20), default=300, help="Null twins.")
@click.option("--seed", type=click.IntRange(0), default=20240501, help="Start of all chance.")
@click.option("--workers", type=click.IntRange(1), default=2, help="Processes; no number depends on it.")
@take_scheduler
def main(n: int, seed: int, workers: int, scheduler: str | None) -> None:
    """Run the five methods on null twins and count what they find."""
    with use_scheduler(scheduler, click.echo):
        table = measure_false_findings(n, root_seed=seed, n_workers=workers)
    write_atomically(TABLE, table.to_csv(sep="\t", float_format="%.6g", lineterminator="\n"))
    click.echo(table.to_string())


if __name__ == "__main__":
    run_safely(command=main)
