"""The commands of ``resilience-book`` for those who learn and teach."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from helpers.places import BUILD_DIR, PROJECT_ROOT

GUESSABLE = 10**8  # seeds below can be tried one after the other


@click.command()
@click.argument("cohort_dir", type=click.Path(), default="data/example")
@click.option(
    "--chapter", "chapters", multiple=True, help="Only this chapter or lab, e.g. 04_microbiome; may be repeated."
)
@click.option("--folder", type=click.Path(), help="Where to work; by default _build/lab/<name of the cohort folder>.")
@click.option("--no-open", is_flag=True, help="Prepare the folder and do not open JupyterLab.")
@click.option("--workers", type=click.IntRange(1), default=lambda: os.cpu_count() or 1, help="Chapters run at a time.")
@click.pass_obj
def lab(
    open_places: dict, cohort_dir: str, chapters: tuple[str, ...], folder: str | None, no_open: bool, workers: int
) -> None:
    """Open the chapters as notebooks without solutions in JupyterLab, by default on the simulated cohort.

    The folder that a student of a class got is opened as it is.
    What a chapter reads is taken from a finished run, or run with few permutations. Notebooks that are there already stay as
    they are. Without make, for instance on Windows: python -m pip install -e ".[course]", then resilience-book lab.
    """
    from helpers.classroom.handout import is_handed_out
    from helpers.classroom.lab import describe_lab, open_lab, prepare_lab
    from helpers.contract import load_cohort

    given = Path(cohort_dir).expanduser()
    if is_handed_out(given.absolute()):
        sys.exit(0 if no_open else open_lab(given.absolute()))
    cohort = load_cohort(given.absolute() if given.exists() else PROJECT_ROOT / given)
    target = Path(folder).expanduser().absolute() if folder else BUILD_DIR / "lab" / cohort.folder.name
    made = prepare_lab(
        cohort,
        target,
        chapters=chapters,
        finished=BUILD_DIR / cohort.folder.name,
        n_workers=workers,
        open_places=open_places,
    )
    click.echo(describe_lab(made))
    click.echo(f"The folder: {os.path.relpath(target)}")
    if not no_open:
        sys.exit(open_lab(target))


@click.group("class")
def class_group() -> None:
    """Give a class: a simulated cohort for each student, marking, editions of the book, slides."""


@class_group.command("new")
@click.argument("folder", type=click.Path())
@click.option("--students", required=True, type=click.Path(), help="Roster: CSV with the columns id and name.")
@click.option("--seed", type=click.IntRange(0), required=True, help="The same seed and id give the same cohort.")
@click.option("--chapter", "chapters", multiple=True, help="Chapter whose exercises are handed out; may be repeated.")
@click.option("--workers", type=click.IntRange(1), default=lambda: os.cpu_count() or 1, help="Students made at a time.")
@click.pass_obj
def class_new(
    open_places: dict, folder: str, students: str, seed: int, chapters: tuple[str, ...], workers: int
) -> None:
    """Make the new folder FOLDER: per student a cohort of their own and notebooks to hand in, and a key.

    Give each student the folder students/ID. Keep the folder key, which says what was planted and holds the names. The same
    command again goes on where it was stopped, and adds students who have joined the roster.
    """
    from helpers.classroom.lab import refuse_unknown
    from helpers.classroom.making import make_class
    from helpers.classroom.roster import read_roster
    from helpers.problems import count

    refuse_unknown(chapters)
    target = Path(folder).expanduser().absolute()
    roster = read_roster(Path(students).expanduser().absolute())
    made = make_class(target, roster, seed=seed, chapters=chapters, n_workers=workers, open_places=open_places)
    shown = os.path.relpath(target)
    click.echo(f"{count(len(made), 'new folder')} in {shown}/students; the key is in {shown}/key.")
    click.echo(f"What comes back goes into {shown}/submitted. Then: resilience-book class mark {shown}")
    if seed < GUESSABLE:
        click.echo(
            "A seed this small can be guessed, and with it what was planted. For an exam choose one of nine digits."
        )


@class_group.command("mark")
@click.argument("folder", type=click.Path())
@click.option(
    "--seconds", type=click.FloatRange(min=1), default=120, show_default=True, help="A notebook may take so long."
)
@click.option("--memory", type=click.IntRange(500), default=4096, show_default=True, help="MB; not limited on Windows.")
@click.option(
    "--workers", type=click.IntRange(1), default=lambda: os.cpu_count() or 1, help="Students marked at a time."
)
def class_mark(folder: str, seconds: float, memory: int, workers: int) -> None:
    """Mark the notebooks in FOLDER/submitted into FOLDER/marks: a table, a page per student, a page for the class.

    Each notebook is run anew without a network, on the cohort as it was handed out; only its answers count, judged outside of its
    kernel. Marks of an earlier time are kept, with a number.
    """
    from helpers.classroom.running import Limits
    from helpers.classroom.whole_class import mark_class

    done = mark_class(Path(folder).expanduser().absolute(), Limits(seconds, memory), n_workers=workers)
    walls = "in a space of its own, without a network" if done.is_walled else "with the network refused by Python alone"
    click.echo(f"Marked in {done.seconds:.0f} s; each notebook was run {walls}.")
    for student, points, out_of, n_notes in done.lines:
        click.echo(f"  {student}: {points} of {out_of}{f', {n_notes} to look at' if n_notes else ''}")
    for sentence in done.unknown:
        click.echo(f"  not assigned: {sentence}", err=True)
    click.echo(f"The marks: {os.path.relpath(done.marks)}")


@class_group.command("slides")
@click.argument("cohort_dir", type=click.Path(), default="data/example")
@click.option("--into", required=True, type=click.Path(), help="New folder for the decks.")
@click.option(
    "--run", "run_dir", type=click.Path(), help="Where the book was run; by default _build/<name of the folder>."
)
@click.option("--chapter", "chapters", multiple=True, help="Only this chapter; may be repeated.")
def class_slides(cohort_dir: str, into: str, run_dir: str | None, chapters: tuple[str, ...]) -> None:
    """Make a deck of slides of each chapter, from the sentences and figures of a finished run on COHORT_DIR.

    At most 25 slides a deck, with speaker's notes (press S). They are web pages that need no network.
    """
    from helpers.classroom.decks import write_decks
    from helpers.classroom.lab import refuse_unknown

    refuse_unknown(chapters)
    cohort, output = _find_run(cohort_dir, run_dir)
    lengths = write_decks(cohort, output, Path(into).expanduser().absolute(), chapters=chapters)
    click.echo(
        f"{len(lengths)} decks of {min(lengths)} to {max(lengths)} slides. Open {os.path.join(into, 'index.html')} in a browser."
    )


def _find_run(cohort_dir: str, run_dir: str | None):
    """Return the cohort, and where it was run."""
    from helpers.contract import load_cohort

    given = Path(cohort_dir).expanduser()
    cohort = load_cohort(given.absolute() if given.exists() else PROJECT_ROOT / given)
    return cohort, Path(run_dir).expanduser().absolute() if run_dir else BUILD_DIR / cohort.folder.name


@class_group.command("edition")
@click.argument("kind", type=click.Choice(["student", "teacher"]))
@click.argument("cohort_dir", type=click.Path(), default="data/example")
@click.option("--into", required=True, type=click.Path(), help="New folder for the pages.")
@click.option(
    "--run", "run_dir", type=click.Path(), help="Where the book was run; by default _build/<name of the folder>."
)
def class_edition(kind: str, cohort_dir: str, into: str, run_dir: str | None) -> None:
    """Render a finished run on COHORT_DIR for students, without any solution, or for teachers, with solutions and answers.

    The students' edition is searched for solutions, file by file, before it is put in place.
    """
    from helpers.classroom.book_editions import write_edition

    cohort, output = _find_run(cohort_dir, run_dir)
    index = write_edition(kind, cohort, output, Path(into).expanduser().absolute())
    click.echo(f"The {kind}s' edition: {os.path.relpath(index)}")
