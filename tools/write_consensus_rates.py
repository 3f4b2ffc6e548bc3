"""Measure how often the consensus on single genera finds something where there is nothing; write the table.

Writes data/calibration/consensus_rates.tsv, which chapter 04 puts into words.
"""

from __future__ import annotations

import click

from helpers.calibration.consensus import measure_false_findings
from helpers.tables import PROJECT_ROOT, write_atomically

TABLE = PROJECT_ROOT / "data" / "calibration" / "consensus_rates.tsv"


@click.command(context_settings={"show_default": True})
@click.option("--n", type=click.IntRange(20), default=300, help="Null twins.")
@click.option("--seed", type=click.IntRange(0), default=20240501, help="Start of all chance.")
@click.option("--workers", type=click.IntRange(1), default=2, help="Processes; no number depends on it.")
def main(n: int, seed: int, workers: int) -> None:
    """Run the five methods on null twins and count what they find."""
    table = measure_false_findings(n, root_seed=seed, n_workers=workers)
    write_atomically(TABLE, table.to_csv(sep="\t", float_format="%.6g", lineterminator="\n"))
    click.echo(table.to_string())


if __name__ == "__main__":
    main()
