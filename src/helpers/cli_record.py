"""The commands that hold a book to what was written down: ``freeze`` and ``verify``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from helpers.cli_cohort import OK, find_output, from_here
from helpers.problems import CohortError, Problem

DIFFERS = 1


@click.command()
@click.argument("folder", type=click.Path())
@click.option(
    "--cohort",
    "cohort_dir",
    type=click.Path(),
    help="The cohort folder; by default where it was when the book was run.",
)
@click.option(
    "--without-inputs", is_flag=True, help="Look at results and pages only, as where the data are not at hand."
)
def verify(folder: str, cohort_dir: str | None, without_inputs: bool) -> None:
    """Say file by file whether results, pages and inputs in FOLDER are still those of its crate.

    FOLDER is where a book was built, such as _build/my_cohort. Exit code 1 when a file was changed, is missing or is new.
    """
    from helpers.record.verify import (
        FILE,
        compare_inputs,
        compare_outputs,
        describe_differences,
        list_hashes,
        read_crate,
    )
    from helpers.run.recording import read_cohort_dir

    output_dir = from_here(folder)
    graph = read_crate(output_dir)
    if graph is None:
        fix = "name the folder of a book, such as _build/my_cohort; a run writes the crate."
        raise CohortError([Problem(folder, None, None, f"no {FILE}", "the folder of a book that was run", fix)])
    outputs, inputs = list_hashes(graph)
    found = compare_outputs(output_dir, graph)
    if not without_inputs:
        found += compare_inputs(from_here(cohort_dir) if cohort_dir else read_cohort_dir(output_dir) or Path(), graph)
    click.echo(describe_differences(found, len(outputs), None if without_inputs else len(inputs)))
    sys.exit(DIFFERS if found else OK)


@click.command()
@click.argument("cohort_dir", type=click.Path())
@click.option(
    "-p",
    "--parameter",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter to be run with, as for `run`; may be repeated.",
)
@click.option("--output", type=click.Path(), help="Where it is run; by default _build/<name of the folder>.")
def freeze(cohort_dir: str, parameters: tuple[str, ...], output: str | None) -> None:
    """Register the analysis of COHORT_DIR before its results are seen.

    Writes preregistration.json, which later runs are held to, and preregistration.md, to read and to deposit, into COHORT_DIR. The
    outcome is not looked at but for the sizes of the groups.
    """
    from helpers.contract import load_cohort
    from helpers.run import parse_parameter
    from helpers.run.registering import freeze_cohort

    cohort = load_cohort(from_here(cohort_dir))
    page = freeze_cohort(cohort, find_output(cohort.folder, output), dict(parse_parameter(text) for text in parameters))
    click.echo(f"Registered: {page.with_suffix('.json').name} and {page.name} are in {cohort_dir}.")
    click.echo(f"Read {Path(cohort_dir) / page.name}, and deposit it: only a copy elsewhere proves the date.")
