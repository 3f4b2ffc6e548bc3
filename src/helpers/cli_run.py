"""The command ``run``: one cohort folder or several, each to its own book."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from helpers.cli_cohort import BAD_INPUT, OK, describe_cohort, find_cohort, find_output, from_here, take_scheduler
from helpers.places import BUILD_DIR
from helpers.problems import CohortError, Problem, count, write_report

if TYPE_CHECKING:
    from helpers.contract import Cohort
    from helpers.run import BookRun

FAILED = 1


@dataclass(eq=False)
class _Order:
    """A cohort folder that was asked for, and what became of it so far."""

    name: str
    folder: Path
    output_dir: Path
    cohort: Cohort | None = None
    book: BookRun | None = None
    refused: str = ""  # why it is not run


@click.command()
@click.argument("cohort_dirs", nargs=-1, required=True, type=click.Path(), metavar="COHORT_DIR...")
@click.option(
    "--only",
    multiple=True,
    metavar="CHAPTER",
    help="Execute only this chapter, e.g. 03_brain; may be repeated. Renders no book.",
)
@click.option(
    "-p",
    "--parameter",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    help="Set a parameter, for all chapters that have it (seed=7) or for one (03_brain.n_permutations=500); may be repeated.",
)
@click.option(
    "--workers",
    type=click.IntRange(1),
    default=lambda: os.cpu_count() or 1,
    show_default="one per core",
    help="Chapters executed at a time, of all cohorts together; changes no number.",
)
@click.option(
    "--output",
    type=click.Path(),
    help="Where to build; by default _build/<name of the folder>. Of several cohorts: each in a folder of its name below.",
)
@click.option("--no-book", is_flag=True, help="Execute the chapters, render no book.")
@click.option("--force", is_flag=True, help="Execute all again, even what has not changed.")
@click.option("--wait", is_flag=True, help="Wait while another run works on the same output.")
@click.option(
    "--blind", is_flag=True, help="Permute the groups: a book to judge data and choices by, in blind/ of its own."
)
@click.option(
    "--unblind", is_flag=True, help="Show the true groups after a blind run; noted in the crate with its time."
)
@click.option(
    "--share",
    type=click.Path(),
    help="Write what may leave the site, to be pooled with other cohorts, into this folder; of several cohorts below it.",
)
@take_scheduler
@click.pass_obj
def run(
    open_places: dict[str, Any],
    cohort_dirs: tuple[str, ...],
    only: tuple[str, ...],
    parameters: tuple[str, ...],
    workers: int,
    output: str | None,
    no_book: bool,
    force: bool,
    wait: bool,
    blind: bool,
    unblind: bool,
    share: str | None,
    scheduler: str | None,
) -> None:
    """Check each COHORT_DIR, execute the chapters it has data for, and render them as a book.

    Only what has changed since the last run is executed again. Interrupt it at will: the next run goes on. Several cohorts
    (resilience-book run cohorts/*) become a book each, their chapters in one schedule; one that cannot be used keeps no other
    from running.
    """
    from helpers.run import parse_parameter
    from helpers.workers import use_scheduler

    if blind and unblind:
        raise click.UsageError("--blind and --unblind exclude each other.")
    if blind and share:
        raise click.UsageError("--blind and --share exclude each other: results of permuted groups are not pooled.")
    if (blind or unblind) and len(cohort_dirs) > 1:
        raise click.UsageError("--blind and --unblind take one cohort at a time.")
    _check_chapters(only)
    chosen = dict(parse_parameter(text) for text in parameters)
    orders = _read_orders(cohort_dirs, output)
    with ExitStack() as held, use_scheduler(scheduler, click.echo):
        ready = [order for order in orders if order.cohort is not None and _hold(order, held, wait, len(orders) == 1)]
        books = _make_books(
            ready,
            blind=blind,
            unblind=unblind,
            parameters=chosen,
            only=only,
            n_workers=workers,
            with_book=not (no_book or only),
            force=force,
            open_places=open_places,
        )
    for order, book in zip(ready, books, strict=True):
        order.book = book
    for order in ready:
        _tell_book(order, alone=len(orders) == 1)
    click.echo(f"Done in {max((book.seconds for book in books), default=0.0):.1f} s.")
    if any(book.interrupted for book in books):
        raise KeyboardInterrupt
    if share is not None:
        _share(ready, from_here(share), alone=len(orders) == 1)
    if len(orders) == 1:
        say_where(books[0].index)
    else:
        click.echo("\n".join(["\nThe cohorts:", *map(_summarise, orders)]))
    sys.exit(FAILED if any(order.book is None or order.book.failed for order in orders) else OK)


def _make_books(ready: Sequence[_Order], *, blind: bool, unblind: bool, **options: Any) -> list[BookRun]:
    from helpers.run import Order, run_books
    from helpers.run.blinding import choose_run

    if len(ready) == 1:
        one = ready[0]
        return [choose_run(one.output_dir, blind=blind, unblind=unblind)(one.cohort, one.output_dir, **options)]
    return run_books([Order(order.cohort, order.output_dir) for order in ready], **options)


def _share(ready: Sequence[_Order], folder: Path, *, alone: bool) -> None:
    """Write what may leave the site, of each cohort whose chapters all ran."""
    from helpers.pool import share_results

    for order in ready:
        if order.book.failed:
            continue
        place = folder if alone else folder / order.name
        share_results(order.output_dir / "results", place, ids=order.cohort.participants.index)
        click.echo(f"To be pooled: {os.path.relpath(place)}. Its README.md lists what is in it, file by file.")


def _check_chapters(only: Sequence[str]) -> None:
    from helpers.run import CHAPTERS

    known = [chapter.id for chapter in CHAPTERS]
    expected, fix = f"one of {', '.join(known)}", "correct its spelling."
    if unknown := sorted(set(only) - set(known)):
        raise CohortError([Problem(f"--only {name}", None, None, "no such chapter", expected, fix) for name in unknown])


def _read_orders(cohort_dirs: Sequence[str], output: str | None) -> list[_Order]:
    """Check all cohorts, and tell of each who is in it or what is wrong with it; refuse when none can be used."""
    from helpers.contract import load_cohort

    folders = list(dict.fromkeys(find_cohort(text).resolve() for text in cohort_dirs))
    if len(folders) == 1:
        orders = [_Order(folders[0].name, folders[0], find_output(folders[0], output))]
    else:
        _refuse_same_names(folders)
        parent = from_here(output) if output else BUILD_DIR
        orders = [_Order(folder.name, folder, find_output(folder, str(parent / folder.name))) for folder in folders]
    problems: list[Problem] = []
    for order in orders:
        try:
            order.cohort = load_cohort(order.folder)
        except CohortError as error:
            order.refused = f"{count(len(error.problems), 'problem')}, told above"
            problems += error.problems
            if len(orders) > 1:
                click.echo(f"{order.name} cannot be used:\n{error}", err=True)
            continue
        click.echo(describe_cohort(order.cohort))
        if order.cohort.warnings:
            click.echo(write_report(order.cohort.warnings))
    if all(order.cohort is None for order in orders):
        if len(orders) == 1:
            raise CohortError(problems)
        sys.exit(BAD_INPUT)
    return orders


def _refuse_same_names(folders: Sequence[Path]) -> None:
    times = Counter(folder.name for folder in folders)
    expected = "folders of different names, as each book is built in a folder of its cohort's name"
    same = [
        Problem(
            str(folder), None, None, f"a second folder named {folder.name}", expected, "rename one, or run it alone."
        )
        for folder in folders
        if times[folder.name] > 1
    ]
    if same:
        raise CohortError(same)


def _hold(order: _Order, held: ExitStack, wait: bool, alone: bool) -> bool:
    """Hold the output of a cohort for this run; of several cohorts, one that another run holds, or that is blind, is left out."""
    from helpers.run import OutputBusy, hold_output
    from helpers.run.blinding import note_unblinding

    try:
        held.enter_context(hold_output(order.output_dir, wait=wait))
        if not alone:
            note_unblinding(order.output_dir, unblind=False)
    except (OutputBusy, CohortError) as busy:
        if alone:
            raise
        order.refused = " ".join(str(busy).split())
        return False
    return True


def _tell_book(order: _Order, *, alone: bool) -> None:
    """Tell what became of each chapter, and what failed."""
    before = "" if alone else f"{order.name}/"
    for outcome in order.book.outcomes:
        reason = outcome.reason if outcome.state != "failed" else ""
        click.echo(f"  {before}{outcome.name}: {outcome.state}{f' ({reason})' if reason else ''}")
    for outcome in order.book.outcomes:
        if outcome.state == "failed":
            log = f"\n    The whole story: {outcome.log}" if outcome.log else ""
            click.echo(f"{before}{outcome.name} failed. {outcome.reason}{log}", err=True)


def _summarise(order: _Order) -> str:
    """Return one line on a cohort: its state, its first page, what failed."""
    if order.book is None:
        return f"  {order.name}: not run ({order.refused})"
    failed = [one.name for one in order.book.outcomes if one.state in ("failed", "not reached")]
    state = f"failed ({', '.join(failed)})" if failed else "done"
    return f"  {order.name}: {state}{f', {os.path.relpath(order.book.index)}' if order.book.index else ''}"


def say_where(index: Path | None) -> None:
    """Say where the first page of a book is, and how to look at it."""
    if index is not None:
        shown = os.path.relpath(index)
        click.echo(
            f"The book: {shown}\nOpen it in a browser, or serve it: {Path(sys.executable).name} -m http.server -d {os.path.dirname(shown)} 8000"
        )
