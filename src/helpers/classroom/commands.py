"""The commands of ``resilience-book`` for those who learn and teach."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from helpers.places import BUILD_DIR, PROJECT_ROOT


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

    What a chapter reads is taken from a finished run, or run with few permutations. Notebooks that are there already stay as
    they are. Without make, for instance on Windows: python -m pip install -e ".[course]", then resilience-book lab.
    """
    from helpers.classroom.lab import describe_lab, open_lab, prepare_lab
    from helpers.contract import load_cohort

    given = Path(cohort_dir).expanduser()
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
    """Prepare a class: a simulated cohort for each student, with a key for the teacher."""


@class_group.command("new")
@click.argument("folder", type=click.Path())
@click.option("--students", required=True, type=click.Path(), help="Roster: CSV with the columns id and name.")
@click.option("--seed", type=click.IntRange(0), required=True, help="The same seed and id give the same cohort.")
@click.option("--chapter", "chapters", multiple=True, help="Chapter that students are asked to do; may be repeated.")
@click.option("--workers", type=click.IntRange(1), default=lambda: os.cpu_count() or 1, help="Cohorts made at a time.")
def class_new(folder: str, students: str, seed: int, chapters: tuple[str, ...], workers: int) -> None:
    """Make the new folder FOLDER with a cohort per student, each with other claims planted, and a key.

    Give each student the folder students/ID; keep the folder key, which says what was planted, and the roster with its names.
    """
    from helpers.classroom.cohorts import make_class
    from helpers.classroom.lab import refuse_unknown
    from helpers.classroom.roster import read_roster
    from helpers.problems import count

    refuse_unknown(chapters)
    roster = read_roster(Path(students).expanduser().absolute())
    made = make_class(Path(folder).expanduser().absolute(), roster, seed=seed, chapters=chapters, n_workers=workers)
    click.echo(
        f"{count(len(roster), 'cohort')} in {os.path.relpath(made / 'students')}; the key is in {os.path.relpath(made / 'key')}."
    )
