"""The command ``resilience-book``."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from helpers.classroom.commands import class_group, lab
from helpers.cli_cohort import (
    BAD_INPUT,
    check,
    find_cohort,
    find_output,
    from_here,
    import_command,
    new,
    take_scheduler,
)
from helpers.cli_record import freeze, verify
from helpers.cli_report import export
from helpers.cli_run import FAILED, run, say_where
from helpers.places import BUILD_DIR, PROJECT_ROOT
from helpers.problems import CohortError, write_report
from helpers.trouble import tell_trouble, write_log

NO_DATA, INTERRUPTED = 3, 130
REGISTRY = PROJECT_ROOT / "data" / "open" / "registry.tsv"
CACHE = BUILD_DIR / "open_data"
MIRROR_VARIABLE, CACHE_VARIABLE = "RESILIENCE_BOOK_MIRROR", "RESILIENCE_BOOK_CACHE"
EVERY = "all"
EXIT_CODES = (
    "\b\nExit codes: 0 all done; 1 a chapter or the book failed; 2 bad input, nothing computed;\n"
    "3 open data cannot be had; 130 interrupted (run again to resume)."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}, epilog=EXIT_CODES)
@click.version_option(package_name="resilience-book")
@click.pass_context
def cli(context: click.Context) -> None:
    """Run the resilience book on a cohort: the simulated one, open data, or your own.

    \b
    First time:
      resilience-book run data/example              the simulated cohort, as an HTML book
    Open data of real people:
      resilience-book fetch kim_adenomas_2020 cohorts/kim
      resilience-book run cohorts/kim
    Metabolites that gut bacteria foretell, by a saved model:
      resilience-book predict model.json taxa.tsv
    To learn from it, in JupyterLab:
      resilience-book lab                           chapters as notebooks, with exercises
    Several cohorts together, none of whose participants' data have to leave their site:
      resilience-book run cohorts/a --share to_send/a
      resilience-book pool to_send/a to_send/b --into pooled
    A cohort of your own:
      resilience-book new my_cohort                 an empty folder, explained file by file
      resilience-book new my_cohort --from exports  the same, filled from exports of other programs
      resilience-book import FILE --into my_cohort  one more export (QIIME 2, FreeSurfer, REDCap ...)
      resilience-book check my_cohort               every problem at once, with its fix
      resilience-book freeze my_cohort              register the analysis before its results are seen
      resilience-book run my_cohort --blind         the book with permuted groups, to choose by
      resilience-book run my_cohort                 chapters without data are skipped, and say so
      resilience-book run cohorts/*                 several cohorts, each to a book of its own
      resilience-book verify _build/my_cohort       is everything still what the run made of which data?
      resilience-book export _build/my_cohort       methods text, supplement, figures, checklists
    """
    context.obj = _open_places()


for command in (check, new, import_command, freeze, run, verify, export):
    cli.add_command(command)


@cli.command()
@click.argument("results", nargs=-1, required=True, type=click.Path())
@click.option("--into", required=True, metavar="FOLDER", type=click.Path(), help="Where the book of all cohorts goes.")
@click.option("--claims", "claims_path", default="data/claims/an2024.yml", show_default=True, help="Ledger of claims.")
@click.option("--no-book", is_flag=True, help="Combine, render no book.")
def pool(results: tuple[str, ...], into: str, claims_path: str, no_book: bool) -> None:
    """Combine the RESULTS of several cohorts by random effects, as a book of its own in FOLDER.

    RESULTS are folders that `run --share` wrote, or the results folders of runs. Real and simulated cohorts are never combined.
    """
    from helpers.pool import load_sites
    from helpers.run import hold_output, pool_book, refuse_used_folder
    from helpers.verdict import load_claims

    output_dir = from_here(into)
    refuse_used_folder(output_dir, into)
    sites, differences = load_sites(results, load_claims(claims_path))
    click.echo(f"{len(sites)} cohorts ({sites[0].kind}): {', '.join(site.name for site in sites)}.")
    if differences:
        click.echo(write_report(differences))
    with hold_output(output_dir):
        say_where(pool_book(results, output_dir, claims_path=claims_path, with_book=not no_book))


@cli.command()
@click.argument("cohort_dir", type=click.Path())
@click.option("--output", type=click.Path(), help="Where it was run; by default _build/<name of the folder>.")
@click.option("--pdf", is_flag=True, help="Write resilience_book.pdf, too; a Chromium on this machine prints it.")
@click.option("--single", is_flag=True, help="Write resilience_book.html, too: the book in one file, for an e-mail.")
def build(cohort_dir: str, output: str | None, pdf: bool, single: bool) -> None:
    """Render the book of COHORT_DIR again from chapters already executed."""
    from helpers.contract import load_cohort
    from helpers.record.renewal import renew_pages
    from helpers.run import hold_output, render_book
    from helpers.run.whole import require_browser, write_whole

    if pdf:
        require_browser()
    cohort = load_cohort(find_cohort(cohort_dir))
    output_dir = find_output(cohort.folder, output)
    with hold_output(output_dir):
        say_where(render_book(cohort, output_dir))
        if renew_pages(output_dir):
            click.echo("The crate of the run has the pages as they are now; results and inputs stay those of the run.")
        for said in write_whole(output_dir, pdf=pdf, single=single):
            click.echo(said)


@cli.command()
@click.argument("name", required=False)
@click.argument("folder", type=click.Path(), required=False)
@click.option("--list", "show_list", is_flag=True, help="List the data sets: people, size, licence, whether at hand.")
@click.option("--json", "as_json", is_flag=True, help="With --list: print the list as JSON.")
@click.option("--overwrite", is_flag=True, help="Replace a folder that was fetched before.")
def fetch(name: str | None, folder: str | None, show_list: bool, as_json: bool, overwrite: bool) -> None:
    """Fetch the open data set NAME into FOLDER, verified by checksum; `all` fetches every set into a folder of its name.

    Files come from the address in data/open/registry.tsv, or from the folder that the environment variable
    RESILIENCE_BOOK_MIRROR names. Verified copies are kept in the folder that RESILIENCE_BOOK_CACHE names, by default
    _build/open_data.
    """
    places = _open_places()
    if show_list:
        _list_open_data(places, as_json)
    elif name is None or folder is None:
        raise click.UsageError(
            "Give a data set and a folder, e.g. `resilience-book fetch kim_adenomas_2020 cohorts/kim`; --list shows the data sets."
        )
    elif name == EVERY:
        _fetch_every(Path(folder), places, overwrite)
    else:
        _fetch_one(name, Path(folder), places, overwrite)


def _open_places() -> dict:
    return {
        "registry_path": REGISTRY,
        "cache_dir": os.environ.get(CACHE_VARIABLE) or CACHE,
        "mirror": os.environ.get(MIRROR_VARIABLE),
    }


def _list_open_data(places: dict, as_json: bool) -> None:
    from helpers.open_data import describe_size, list_datasets

    table = list_datasets(**places)
    if as_json:
        click.echo(json.dumps(table.reset_index().to_dict("records"), indent=2))
        return
    for row in table.itertuples():
        people = f"{row.people} people" if row.people else "no people"
        at_hand = "at hand" if row.present else "to be fetched"
        click.echo(
            f"{row.Index}: {row.title}\n    {people}, {describe_size(row.bytes)}, {row.licence}, becomes a folder of {row.becomes}, {at_hand}"
        )


def _fetch_one(name: str, folder: Path, places: dict, overwrite: bool) -> None:
    from helpers.open_data import fetch_dataset

    made = fetch_dataset(name, folder.absolute(), overwrite=overwrite, **places)
    next_step = f" Next: resilience-book run {folder}" if (made / "cohort.yml").is_file() else ""
    click.echo(f"{name} is in {folder}.{next_step}")


def _fetch_every(folder: Path, places: dict, overwrite: bool) -> None:
    """Fetch every set; what cannot be had is told in the end, each in its sentence, and the rest is there."""
    from helpers.open_data import OpenDataError, is_fetched, read_cards

    failures = []
    for name in read_cards():
        if is_fetched(folder / name, name) and not overwrite:
            click.echo(f"{name} is in {folder / name} already.")
            continue
        try:
            _fetch_one(name, folder / name, places, overwrite)
        except OpenDataError as error:
            failures.append(error)
    for error in failures:
        click.echo(str(error), err=True)
    if failures:
        sys.exit(max(_code_of(error) for error in failures))


@cli.command()
@click.argument("folder", type=click.Path())
@click.option("--n", "n_participants", type=int, default=116, show_default=True, help="People, 40 or more.")
@click.option("--seed", type=int, default=20240501, show_default=True, help="The same seed gives the same bytes.")
@click.option(
    "--effect",
    type=float,
    default=1.0,
    show_default=True,
    help="Planted effects times this, -1.5 to 1.5; below 0 against the claims.",
)
@click.option(
    "--missing",
    type=float,
    default=0.035,
    show_default=True,
    help="Share of people without the scan, and without the stool sample, 0 to 0.5; blank answers grow with it.",
)
@click.option("--null", is_flag=True, help="The null twin: no effect of resilience on anything.")
@click.option(
    "--visits", type=int, default=1, show_default=True, help="How often people come, 1 to 4, three months apart."
)
@click.option("--families", is_flag=True, help="People come in families of one to four, who are alike.")
@click.option("--overwrite", is_flag=True, help="Replace a folder simulated before.")
def simulate(
    folder: str,
    n_participants: int,
    seed: int,
    effect: float,
    missing: float,
    null: bool,
    visits: int,
    families: bool,
    overwrite: bool,
) -> None:
    """Write a simulated cohort, with the truth in truth.yml, into FOLDER."""
    from helpers.simulate import simulate_cohort

    target, planted = Path(folder).absolute(), 0.0 if null else effect
    try:
        made = simulate_cohort(
            target,
            n_participants=n_participants,
            seed=seed,
            effect=planted,
            missing=missing,
            visits=visits,
            families=families,
            overwrite=overwrite,
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    click.echo(
        f"{n_participants} simulated people are in {folder}; what is true of them is in {Path(folder) / 'truth.yml'}."
    )
    click.echo(f"Next: resilience-book run {os.path.relpath(made)}")


@cli.command()
@click.argument("cohort_dir", type=click.Path())
@click.argument("folder", type=click.Path())
@click.option("--claims", "claims_path", default="data/claims/an2024.yml", show_default=True, help="Ledger of claims.")
@click.option(
    "--sets", "sets_path", default="data/sets/brain_sets.tsv", show_default=True, help="Sets of brain regions."
)
@click.option("--permutations", type=click.IntRange(0), default=2000, show_default=True, help="Shuffles of the groups.")
@click.option(
    "--permutations-rank",
    type=click.IntRange(0),
    default=19,
    show_default=True,
    help="Shuffles for the rank among blocks; each refits everything.",
)
@click.option("--seed", type=int, default=20240501, show_default=True, help="The same seed gives the same numbers.")
@click.option(
    "--workers", type=click.IntRange(1), default=lambda: os.cpu_count() or 1, help="Threads; changes no number."
)
@take_scheduler
def multiverse(
    cohort_dir: str,
    folder: str,
    claims_path: str,
    sets_path: str,
    permutations: int,
    permutations_rank: int,
    seed: int,
    workers: int,
    scheduler: str | None,
) -> None:
    """Run every claim on COHORT_DIR under every combination of defensible choices; tables go into FOLDER."""
    from helpers.contract import load_cohort
    from helpers.multiverse import report_multiverse
    from helpers.tables import read_table, resolve_path
    from helpers.verdict import load_claims
    from helpers.workers import use_scheduler

    cohort, claims = load_cohort(find_cohort(cohort_dir)), load_claims(claims_path)
    with use_scheduler(scheduler, click.echo):
        said = report_multiverse(
            cohort,
            claims,
            from_here(folder),
            sets=read_table(resolve_path(sets_path)),
            n_permutations=permutations,
            n_permutations_rank=permutations_rank,
            seed=seed,
            n_workers=workers,
        )
    click.echo(said)


@cli.command()
@click.argument("model", type=click.Path())
@click.argument("table", type=click.Path())
@click.option(
    "--output", type=click.Path(), default="predicted_potential.tsv", show_default=True, help="Where to write."
)
@click.option("--taxonomy", type=click.Path(), help="Ranks of the taxa of TABLE, to name them as the model does.")
def predict(model: str, table: str, output: str, taxonomy: str | None) -> None:
    """Apply the saved MODEL to TABLE: predicted potential of metabolites for each sample, never their levels.

    TABLE has samples in rows and the features of the model (taxa, genes, transcripts) in columns, as reads or shares.
    """
    from helpers.metabolites import predict_table

    places = [from_here(path) for path in (model, table, output)]
    click.echo(predict_table(*places, taxonomy_path=from_here(taxonomy) if taxonomy else None))
    click.echo(f"Written: {output}")


cli.add_command(lab)
cli.add_command(class_group)


def main(arguments: Iterable[str] | None = None, command: click.Command = cli) -> None:
    """Run a command; users' mistakes end in sentences, not in tracebacks."""
    name = "resilience-book" if command is cli else None
    try:
        command.main(args=None if arguments is None else list(arguments), prog_name=name, standalone_mode=False)
    except CohortError as error:
        _stop(str(error), BAD_INPUT)
    except click.UsageError as error:
        error.show()
        sys.exit(BAD_INPUT)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except (KeyboardInterrupt, click.Abort):
        _stop("Interrupted. What was finished is kept; run the same command again to go on.", INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read the output has gone
        sys.exit(FAILED)
    except Exception as error:
        code = _code_of(error)
        if code is None:
            _stop(tell_trouble(error) or _write_down(error), FAILED)
        _stop(str(error), code)


def _write_down(error: Exception) -> str:
    """Return a sentence on an error that nobody foresaw; its traceback goes to a log."""
    log = write_log(error, [BUILD_DIR])
    where = f"The whole story: {log}" if log else "Its log could not be written anywhere."
    return f"The program met an error of its own ({type(error).__name__}). Please report it. {where}"


def _code_of(error: Exception) -> int | None:
    """Return the exit code of an error that is not the program's fault; None for one that is."""
    from helpers.book import BookError
    from helpers.open_data import OpenDataAltered, OpenDataError, OpenDataUnavailable
    from helpers.run import ChapterFailed, OutputBusy
    from helpers.workers import SchedulerGone, WorkerDiffers

    if isinstance(error, OpenDataUnavailable | OpenDataAltered):
        return NO_DATA
    if isinstance(error, BookError | ChapterFailed | OutputBusy | SchedulerGone | WorkerDiffers):
        return FAILED
    return BAD_INPUT if isinstance(error, OpenDataError) else None


def _stop(said: str, code: int) -> None:
    click.echo(said, err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
