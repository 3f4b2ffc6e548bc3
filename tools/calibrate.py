"""Try out whether the book's tests keep their error rates: many simulated cohorts, two tables, one page.

Writes data/calibration/{error_rates,coverage,verdicts}.tsv and run.yml, book/figures/{error_rates,coverage}.svg and
book/error_rates.md. ``--page`` writes the figures and the page anew from the tables, without running anything.
"""

from __future__ import annotations

import dataclasses
import datetime
from importlib import metadata
from pathlib import Path

import click
import matplotlib as mpl
import pandas as pd
import yaml
from tqdm import tqdm

from helpers.calibration import (
    CHAPTERS,
    CONDITIONS,
    Plan,
    list_jobs,
    measure_order,
    measure_validated,
    run_condition,
    run_plan,
    tabulate_coverage,
    tabulate_rates,
    tabulate_verdicts,
    tabulate_words,
    write_page,
)
from helpers.cli import main as run_safely
from helpers.cli_cohort import take_scheduler
from helpers.contract import load_cohort
from helpers.plots.calibration import plot_coverage, plot_rates, plot_words
from helpers.plots.style import use_style
from helpers.run.sources import hash_rooms
from helpers.run.staleness import MEASURED
from helpers.tables import PROJECT_ROOT, read_table, write_atomically
from helpers.verdict import load_claims
from helpers.workers import use_scheduler

N_QUICK = 20
TABLES = PROJECT_ROOT / "data" / "calibration"
PAGE = PROJECT_ROOT / "book" / "error_rates.md"
FIGURES = PROJECT_ROOT / "book" / "figures"
KEEP = PROJECT_ROOT / "_build" / "calibration"
FORMAT = "%.6g"


@click.command(context_settings={"show_default": True})
@click.option("--n", type=click.IntRange(2), default=Plan.n_cohorts, help="Cohorts of each kind, null and planted.")
@click.option("--n-brain", type=click.IntRange(2), default=Plan.n_brains, help="The same for chapter 03.")
@click.option("--n-integration", type=click.IntRange(2), default=Plan.n_integrations, help="Null twins for chapter 06.")
@click.option("--workers", type=click.IntRange(1), default=2, help="Processes; no number depends on it.")
@click.option("--only", type=click.Choice(list(CHAPTERS)), multiple=True, help="Only this chapter; may be repeated.")
@click.option("--seed", type=click.IntRange(0), default=Plan.root_seed, help="Start of all chance.")
@click.option("--quick", is_flag=True, help=f"{N_QUICK} cohorts of each kind, shown and not stored.")
@click.option(
    "--part",
    type=click.Choice(["awkward", "validated", "order"]),
    help="Only cohorts whose groups differ in something else, intervals out of fold, or the order of blocks.",
)
@click.option("--page", is_flag=True, help="Only write the figures and the page anew from the stored tables.")
@take_scheduler
def main(
    n: int,
    n_brain: int,
    n_integration: int,
    workers: int,
    only: tuple[str, ...],
    seed: int,
    quick: bool,
    part: str | None,
    page: bool,
    scheduler: str | None,
) -> None:
    """Count how often the chapters' tests reject null twins, and how often their intervals hold what was planted."""
    if page:
        write_book_page()
        return
    sizes = [N_QUICK] * 3 if quick else [n, n_brain, n_integration]
    plan = Plan(seed, *sizes, chapters=only or tuple(CHAPTERS))
    with use_scheduler(scheduler, click.echo):
        if part:
            {"awkward": write_awkward, "validated": write_validated, "order": write_order}[part](seed, workers)
        else:
            write_all(plan, workers, store=not (quick or only))
    if part or not (quick or only):
        write_book_page()


def write_all(plan: Plan, workers: int, *, store: bool) -> None:
    """Run a plan and store its tables and all others, or only show them."""
    tests = run_with_bar(plan, workers)
    tables = tabulate(tests, plan)
    if not store:
        for table in tables.values():
            click.echo(table.round(3).to_string() + "\n")
        click.echo("Nothing was stored: this was a part only.")
        return
    TABLES.mkdir(exist_ok=True)
    for name, table in tables.items():
        write_atomically(TABLES / f"{name}.tsv", table.to_csv(sep="\t", na_rep="n/a", float_format=FORMAT))
    write_atomically(TABLES / "run.yml", yaml.safe_dump(describe_run(tests, plan), sort_keys=False))
    for write in (write_awkward, write_validated, write_order):
        write(plan.root_seed, workers)


def write_validated(seed: int, workers: int) -> None:
    """Count how often intervals of cross-validated figures hold the truth, and store the table."""
    click.echo("  intervals of figures out of fold …")
    table = measure_validated(seed=seed, n_workers=workers)
    write_atomically(TABLES / "validated_coverage.tsv", table.to_csv(sep="\t", index=False, float_format=FORMAT))


def write_order(seed: int, workers: int) -> None:
    """Find which block tells the groups apart best, and store the table; simulated cohorts tell it as their truth."""
    click.echo("  the order of the blocks …")
    table = measure_order(seed=seed, n_workers=workers)
    write_atomically(TABLES / "block_order.tsv", table.to_csv(sep="\t", index=False, float_format=FORMAT))


def write_awkward(seed: int, workers: int) -> None:
    """Count false findings where groups differ in something else, and store the table."""
    tables = []
    for condition in CONDITIONS:
        click.echo(f"  {condition.what} …")
        tables.append(run_condition(condition, seed=seed, n_workers=workers))
    table = pd.concat(tables).to_csv(sep="\t", index=False, float_format=FORMAT)
    write_atomically(TABLES / "awkward_rates.tsv", table)


def run_with_bar(plan: Plan, workers: int) -> pd.DataFrame:
    """Run a plan with a progress bar; what an interrupted run left is taken up."""
    with tqdm(total=len(list_jobs(plan)), unit="cohort", smoothing=0.05) as bar:
        return run_plan(plan, keep_dir=KEEP, n_workers=workers, on_done=lambda job: bar.update())


def tabulate(tests: pd.DataFrame, plan: Plan) -> dict[str, pd.DataFrame]:
    """Return the three tables, by the name of their file."""
    claims = load_claims(plan.claims_path)
    tabulators = {"error_rates": tabulate_rates, "coverage": tabulate_coverage, "verdicts": tabulate_verdicts}
    return {name: tabulator(tests, claims) for name, tabulator in tabulators.items()}


def describe_run(tests: pd.DataFrame, plan: Plan) -> dict:
    """Return what the page says about a run."""
    twins = tests[tests["kind"] == "null_twin"].drop_duplicates(["number", "chapter"])
    seconds = {"drawing": twins["seconds_draw"].mean()} | twins.groupby("chapter")["seconds"].mean().to_dict()
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "version": metadata.version("resilience-book"),
        "seed": plan.root_seed,
        "n_participants": plan.n_participants,
        **dataclasses.asdict(plan.effort),
        "n_quick": N_QUICK,
        "rooms": hash_rooms(MEASURED),
        "seconds": {name: round(float(mean), 2) for name, mean in seconds.items()},
    }


def read_stored(
    folder: Path = TABLES,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame, dict]:
    """Return the stored tables and the facts of their run."""
    tables = (read_table(folder / f"{name}.tsv") for name in ("error_rates", "coverage", "verdicts"))
    others = (read_table(folder / f"{name}.tsv").reset_index() for name in ("awkward_rates", "validated_coverage"))
    return (*tables, *others, yaml.safe_load((folder / "run.yml").read_text(encoding="utf-8")))


def write_book_page() -> None:
    """Write the figures and the page from the stored tables."""
    rates, coverage, verdicts, awkward, validated, run = read_stored()
    FIGURES.mkdir(exist_ok=True)
    mpl.use("agg")
    use_style(load_cohort("data/example", blocks=[]))
    figures = {
        "error_rates": plot_rates(rates).figure,
        "coverage": plot_coverage(coverage).figure,
        "words": plot_words(tabulate_words()),
    }
    for name, figure in figures.items():
        figure.savefig(FIGURES / f"{name}.svg", metadata={"Date": None})
    write_atomically(PAGE, write_page(rates, coverage, verdicts, awkward, validated, run))


if __name__ == "__main__":
    run_safely(command=main)
