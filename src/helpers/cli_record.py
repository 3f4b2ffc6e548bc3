"""The command that holds a book to its crate: ``verify``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from helpers.cli_cohort import OK, from_here
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
