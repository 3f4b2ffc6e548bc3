"""The command that hands on what a run has made: ``export``."""

from __future__ import annotations

import time
from pathlib import Path

import click

FOLDER = "handout"


@click.command()
@click.argument("output_dir", type=click.Path())
@click.option("--into", type=click.Path(), help=f"Folder to write into; by default {FOLDER}/ inside OUTPUT_DIR.")
@click.option("--overwrite", is_flag=True, help="Replace files of an earlier export.")
def export(output_dir: str, into: str | None, overwrite: bool) -> None:
    """Write for paper and reviewers what the run in OUTPUT_DIR (e.g. _build/my_cohort) has made.

    Methods text (md, docx, references.bib), all result tables as supplement.xlsx, checklists of reporting, and every figure as
    SVG and PDF at the width of one and of two columns.
    """
    from helpers.record.blinding import refuse_blind
    from helpers.report import read_record, write_handout

    started = time.perf_counter()
    source = Path(output_dir).expanduser().absolute()
    refuse_blind(source, "a paper")
    target = Path(into).expanduser().absolute() if into else source / FOLDER
    made = write_handout(read_record(source), target, overwrite=overwrite)
    figures = len({name.rsplit("_", 1)[0] for name in made.files if name.endswith(".pdf")})
    others = [name for name in made.files if "/" not in name]
    click.echo(
        f"Written into {into or target}: {', '.join(others)}, and figures/ ({figures} as SVG and PDF, in two widths)."
    )
    click.echo(f"Done in {time.perf_counter() - started:.1f} s.")
