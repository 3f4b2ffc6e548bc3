"""The commands that make and look at a cohort folder: ``new``, ``import`` and ``check``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from helpers.places import BUILD_DIR, PROJECT_ROOT
from helpers.problems import CohortError, Problem, count, write_report

if TYPE_CHECKING:
    from helpers.contract import Cohort
    from helpers.importers.base import Options

OK, BAD_INPUT = 0, 2

IMPORT_OPTIONS = (
    click.option("--as", "as_name", metavar="NAME", help="The format of all files; by default each is recognised."),
    click.option(
        "--ids", type=click.Path(), help="Table with columns sample and participant_id; other samples are left out."
    ),
    click.option(
        "--strip", metavar="PATTERN", help="A regular expression, taken off the names of samples, e.g. '_S\\d+$'."
    ),
    click.option("--visit", help="The visit, session or event to keep."),
    click.option("--rank", help="The rank (or mothur's label) to keep where a file stacks several; usually genus."),
    click.option("--sheet", help="The sheet of a workbook."),
    click.option(
        "--role", help="What a plain table is: participants, phenotype/<measure>, taxa, metabolites, transcripts ..."
    ),
    click.option("--dictionary", type=click.Path(), help="The data dictionary beside the data (REDCap)."),
    click.option("--column", help="The column that holds the participants' ids where the format does not say."),
)


def take_import_options(command):
    """Give a command the options of an import."""
    for option in reversed(IMPORT_OPTIONS):
        command = option(command)
    return command


@click.command()
@click.argument("cohort_dir", type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="Print the problems as JSON.")
def check(cohort_dir: str, as_json: bool) -> None:
    """Check the cohort folder COHORT_DIR and list every problem at once. Computes nothing."""
    cohort = _report_check(cohort_dir, as_json)
    if cohort is None:
        sys.exit(BAD_INPUT)


def _report_check(cohort_dir: str, as_json: bool = False) -> Cohort | None:
    """Say what the check finds; return the cohort when it can be used."""
    from helpers.contract import inspect_cohort
    from helpers.importers.hints import hint_at_exports, make_recogniser

    folder = find_cohort(cohort_dir)
    cohort, problems = inspect_cohort(folder, recognise=make_recogniser(folder, cohort_dir))
    problems = [*problems, *hint_at_exports(folder, cohort_dir, problems)]
    if as_json:
        click.echo(json.dumps({"usable": cohort is not None, "problems": [p.to_dict() for p in problems]}, indent=2))
    elif problems:
        click.echo(write_report(problems))
    if cohort is not None and not as_json:
        click.echo(describe_cohort(cohort))
    return cohort


@click.command()
@click.argument("folder", type=click.Path())
@click.option(
    "--from",
    "sources",
    multiple=True,
    type=click.Path(),
    metavar="FILE",
    help="Import this export, or all recognised files of a folder; may be repeated.",
)
@click.argument("more", nargs=-1, type=click.Path())
@click.option("--claims", is_flag=True, help="Add a list of your own claims to edit (my_claims.yml).")
@take_import_options
def new(
    folder: str, sources: tuple[str, ...], more: tuple[str, ...], claims: bool, as_name: str | None, **said: Any
) -> None:
    """Make a cohort folder FOLDER: empty with commented templates, or filled from exports (--from).

    With --from, further files may follow: resilience-book new my_cohort --from table.qza taxonomy.qza
    """
    if more and not sources:
        raise click.UsageError(f"Unexpected {' '.join(more)}: files to import come after --from.")
    if not sources:
        from helpers.contract import write_template

        write_template(folder)
        _add_claims(folder, claims)
        click.echo(
            f"{folder} is ready. Read {Path(folder) / 'README.md'}, fill the tables, then: resilience-book check {folder}"
        )
        return
    from helpers.importers.propose import start_cohort
    from helpers.importers.telling import describe_report

    options, ids, strip = _make_options(said)
    report = start_cohort([*sources, *more], folder, as_name=as_name, options=options, ids=ids, strip=strip)
    _add_claims(folder, claims)
    click.echo(describe_report(report, folder))
    click.echo(f"\nWhat is left is yours to decide, in {Path(folder) / 'cohort.yml'}. The check says:\n")
    _report_check(folder)


def _add_claims(folder: str, is_wanted: bool) -> None:
    from helpers.contract import add_claims

    if is_wanted:
        click.echo(f"Your own claims go into {Path(folder) / add_claims(folder).name}: two examples are in it.")


@click.command("import")
@click.argument("files", nargs=-1, type=click.Path(), metavar="FILE...")
@click.option("--into", metavar="FOLDER", type=click.Path(), help="The cohort folder; made if absent.")
@click.option("--list", "show_list", is_flag=True, help="List the formats: by which program, and what they become.")
@click.option("--dry-run", is_flag=True, help="Read and check everything, write nothing.")
@take_import_options
def import_command(
    files: tuple[str, ...], into: str | None, show_list: bool, dry_run: bool, as_name: str | None, **said: Any
) -> None:
    """Import exports of other programs into a cohort folder; of a folder all files that are recognised.

    Nothing is overwritten. What was made of which file stands in sources.tsv.
    """
    if show_list:
        from helpers.importers.telling import list_lines

        click.echo("\n".join(list_lines()))
        return
    if not files or into is None:
        raise click.UsageError(
            "Give files and a folder, e.g. `resilience-book import table.qza --into my_cohort`; --list shows the formats."
        )
    from helpers.importers.into_cohort import import_files
    from helpers.importers.telling import describe_report

    options, ids, strip = _make_options(said)
    report = import_files(files, into, as_name=as_name, options=options, ids=ids, strip=strip, dry_run=dry_run)
    click.echo(describe_report(report, into))
    if not dry_run:
        click.echo(f"Next: resilience-book check {into}")


def _make_options(said: dict[str, Any]) -> tuple[Options, Path | None, str | None]:
    from helpers.importers.base import Options

    ids, strip, dictionary = said.pop("ids"), said.pop("strip"), said.pop("dictionary")
    places = {name: from_here(text) if text else None for name, text in (("ids", ids), ("dictionary", dictionary))}
    absent = [
        Problem(f"--{name}", None, None, f"no such file ({place.name})", "a table", "correct the path.")
        for name, place in places.items()
        if place is not None and not place.is_file()
    ]
    if absent:
        raise CohortError(absent)
    return Options(**said, dictionary=places["dictionary"]), places["ids"], strip


take_scheduler = click.option(
    "--scheduler",
    metavar="ADDRESS|FILE|local:N",
    help="Let the workers of this Dask scheduler compute the long loops; local:4 starts one here. Changes no number.",
)


def from_here(folder: str) -> Path:
    """Return the path a user means on the command line: counted from where they are."""
    return Path(folder).expanduser().absolute()


def find_output(cohort_folder: Path, output: str | None) -> Path:
    """Return where a cohort is built: as the user says, else below the project."""
    output_dir = Path(output).expanduser().absolute() if output else BUILD_DIR / cohort_folder.name
    files = [place for place in (output_dir, *output_dir.parents) if place.exists() and not place.is_dir()]
    if files:
        problem = Problem("--output", None, None, f"{files[0]}, a file", "a folder", "name a folder, or a new path.")
        raise CohortError([problem])
    return output_dir


def find_cohort(folder: str) -> Path:
    """Return the cohort folder a user means: counted from where they are, else one that comes with the project."""
    here, shipped = from_here(folder), PROJECT_ROOT / folder
    return shipped if not here.exists() and shipped.is_dir() else here


def describe_cohort(cohort: Cohort) -> str:
    """Return who is in a cohort and what was measured, as a sentence."""
    blocks = ", ".join(sorted([*cohort.blocks, *(["maps"] if cohort.maps else [])])) or "no measurements"
    warnings = f"; {count(len(cohort.warnings), 'warning')}" if cohort.warnings else ""
    return f"{cohort.settings.title}: {count(len(cohort.participants), 'participant')} ({cohort.settings.kind}), with {blocks}{warnings}."
