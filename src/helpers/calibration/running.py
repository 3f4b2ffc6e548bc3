"""Many cohorts at once: which ones, kept on disk as they come, the same numbers for any number of workers."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from helpers.calibration.chapters import CHAPTERS, Effort
from helpers.calibration.cohorts import KINDS
from helpers.calibration.headlines import run_draw
from helpers.tables import read_table, resolve_path, write_atomically
from helpers.verdict import Claim, load_claims
from helpers.workers import run_tasks

FORMAT = "%.10g"
PARTS = {
    "cheap": ("02_resilience", "04_microbiome", "05_metabolites"),
    "brain": ("03_brain", "03_structure"),
    "integration": ("06_integration",),
}


@dataclass(frozen=True)
class Plan:
    """What a calibration does.

    Attributes
    ----------
    root_seed : int
    n_cohorts : int
        Of each kind, null twins and planted cohorts.
    n_brains : int
        On how many of them (the first ones) the chapters of the brain run.
    n_integrations : int
        On how many null twins (the first ones) chapter 06 runs; it costs more than all else.
    effort : Effort
    n_participants : int
        People per cohort.
    chapters : tuple of str
        Which chapters' tests are run.
    claims_path, sets_path : str
        As the parameters of ``07_verdict`` and ``03_structure``.
    """

    root_seed: int = 20240501
    n_cohorts: int = 400
    n_brains: int = 200
    n_integrations: int = 200
    effort: Effort = field(default_factory=Effort)
    n_participants: int = 116
    chapters: tuple[str, ...] = tuple(CHAPTERS)
    claims_path: str = "data/claims/an2024.yml"
    sets_path: str = "data/sets/brain_sets.tsv"


@dataclass(frozen=True)
class Job:
    """The tests of some chapters on one cohort."""

    kind: str
    number: int
    part: str

    @property
    def name(self) -> str:
        """Its file, without ending."""
        return f"{self.kind}_{self.number:05d}_{self.part}"


def list_jobs(plan: Plan) -> list[Job]:
    """List what a plan has to run; cheap chapters apart from costly ones, which run on fewer cohorts.

    Parameters
    ----------
    plan : Plan

    Examples
    --------
    >>> [job.name for job in list_jobs(Plan(n_cohorts=1, n_brains=0, n_integrations=1))]
    ['null_twin_00000_cheap', 'planted_00000_cheap', 'null_twin_00000_integration']
    """
    sizes = {"cheap": plan.n_cohorts, "brain": plan.n_brains, "integration": plan.n_integrations}
    return [
        Job(kind, number, part)
        for part, size in sizes.items()
        if set(PARTS[part]) & set(plan.chapters)
        for number in range(size)
        for kind in (KINDS if part != "integration" else KINDS[:1])
    ]


def run_plan(
    plan: Plan,
    *,
    keep_dir: str | os.PathLike[str],
    n_workers: int = 1,
    on_done: Callable[[Job], object] = lambda job: None,
) -> pd.DataFrame:
    """Run a plan, leaving out what was run before.

    Parameters
    ----------
    plan : Plan
    keep_dir : str or path-like
        One table per job is kept here as soon as it is there, in a folder of this program's code and of the plan's
        settings: an interrupted run goes on, and an edit of the code starts anew.
    n_workers : int, default 1
        Processes. The tables do not depend on it.
    on_done : callable, optional
        Told of each job that is there, in whatever order.

    Returns
    -------
    pandas.DataFrame
        All headline tests of all cohorts, one below the other, sorted by kind, number and chapter; columns of
        :func:`helpers.calibration.measure_cohort`, and kind, number, seed and seconds (of the whole chapter, in
        each of its rows).
    """
    folder = Path(keep_dir) / _name_settings(plan)
    folder.mkdir(parents=True, exist_ok=True)
    jobs = list_jobs(plan)
    waiting = []
    for job in jobs:
        if (folder / f"{job.name}.tsv").is_file():
            on_done(job)
        else:
            waiting.append(job)
    shared = [plan, load_claims(plan.claims_path), read_table(resolve_path(plan.sets_path))]
    for job, table in run_tasks(_run_job, waiting, shared=shared, n_workers=n_workers, processes=True, in_order=False):
        write_atomically(folder / f"{job.name}.tsv", table)
        on_done(job)
    tables = [read_table(folder / f"{job.name}.tsv") for job in jobs]
    return pd.concat(tables).sort_values(["kind", "number", "chapter"], kind="stable")


def _run_job(plan: Plan, claims: Sequence[Claim], sets: pd.DataFrame, job: Job) -> tuple[Job, str]:
    """Return a job and the text of its table."""
    table, seconds = run_draw(
        job.kind,
        job.number,
        root_seed=plan.root_seed,
        claims=claims,
        sets=sets,
        effort=plan.effort,
        chapters=[name for name in PARTS[job.part] if name in plan.chapters],
        n_participants=plan.n_participants,
    )
    table["seconds"] = table["chapter"].map(seconds)
    table["seconds_draw"] = seconds["draw"]
    return job, table.to_csv(sep="\t", na_rep="n/a", float_format=FORMAT)


def _name_settings(plan: Plan) -> str:
    """Name a folder by all that changes a number: the helpers' code, the claims, the sets, and the settings."""
    files = sorted(Path(__file__).resolve().parents[1].rglob("*.py"))
    files += [resolve_path(plan.claims_path), resolve_path(plan.sets_path)]
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    digest.update(repr((plan.root_seed, plan.effort, plan.n_participants, plan.chapters)).encode())
    return digest.hexdigest()[:16]
