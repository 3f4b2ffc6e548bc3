"""Hold a run to the registration of its cohort: what would be run, what was registered, what differs."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from helpers.contract import Cohort
from helpers.record.deviations import CHAPTER, TABLE, compare_registration
from helpers.record.registration import Plan, read_registration, write_registration
from helpers.record.verify import read_crate
from helpers.run.chapters import CHAPTERS, SIMULATED, Chapter
from helpers.run.execution import check_parameters, find_notebook, read_parameters, read_revision
from helpers.run.pages import HIDDEN
from helpers.run.recording import hash_code
from helpers.run.sources import list_versions
from helpers.tables import write_result

MET = "Registration"  # name of an event in a crate: which registration a run was held to


def plan_run(
    chapters: Collection[Chapter], chosen: Mapping[str, Mapping[str, Any]], available: Collection[str] = ()
) -> Plan:
    """Return what a run of some chapters would do; labs are no part of it.

    Parameters
    ----------
    chapters : collection of Chapter
    chosen : mapping
        From :func:`helpers.run.check_parameters`.
    available : collection of str
        From `Cohort.available`: which notebook a chapter has.
    """
    parameters, code = {}, {}
    for chapter in chapters:
        if SIMULATED in chapter.needs:
            continue
        declared = read_parameters(find_notebook(chapter, available))
        declared |= {name: value for name, value in chosen[chapter.id].items() if name in declared}
        parameters[chapter.id] = {name: value for name, value in sorted(declared.items()) if name not in HIDDEN}
        code[chapter.id] = hash_code(chapter, available)
    return Plan(parameters, code, read_revision(), list_versions())


def freeze_cohort(cohort: Cohort, output_dir: Path, parameters: Mapping[str, Any]) -> Path:
    """Register what a run of a cohort would do.

    Parameters
    ----------
    cohort : Cohort
    output_dir : pathlib.Path
        Where it is run; what was run there before stands in the registration.
    parameters : mapping
        As for `run_book`.

    Returns
    -------
    pathlib.Path
        The page to read.
    """
    available = cohort.available()
    chapters = [one for one in CHAPTERS if one.reason_to_skip(available) is None]
    return write_registration(
        cohort, plan_run(chapters, check_parameters(parameters), available), seen_before=_tell_before(output_dir)
    )


def hold_to_registration(
    cohort: Cohort, output_dir: Path, chapters: Collection[Chapter], chosen: Mapping[str, Mapping[str, Any]]
) -> tuple[dict[str, str], str]:
    """Compare a run with the registration of its cohort, and write what differs for the chapter on the verdict.

    Parameters
    ----------
    cohort : Cohort
    output_dir : pathlib.Path
        ``results/00_registration/deviations.tsv`` is written there, where there is, or was, a registration.
    chapters : collection of Chapter
        All that this cohort can fill, also where only some are executed now.
    chosen : mapping

    Returns
    -------
    dict of str to str
        ``date`` and ``sha256`` of the registration; empty without one.
    str
        What the chapter on the verdict has to know of it, to be executed again when that changes.

    Raises
    ------
    CohortError
        When the registration was edited, or is of another cohort.
    """
    said = read_registration(cohort)
    met = [event["description"].removeprefix("sha256 ") for event in list_events(output_dir) if event["name"] == MET]
    folder = output_dir / "results" / CHAPTER
    if said is None and not met:
        shutil.rmtree(folder, ignore_errors=True)
        return {}, ""
    found = compare_registration(said, cohort, plan_run(chapters, chosen, cohort.available()), met)
    write_result(found, output_dir / "results", CHAPTER, TABLE)
    facts = {"date": said["registered"], "sha256": said["sha256"]} if said else {}
    return facts, f"{facts}{found.to_json()}"


def list_events(output_dir: Path) -> list[dict[str, str]]:
    """Return what the crate of a folder noted beside its run: registrations met, unblinding.

    Parameters
    ----------
    output_dir : pathlib.Path
    """
    graph = read_crate(output_dir)
    events = [entity for entity in graph["@graph"] if entity["@id"].startswith("#event-")] if graph else []
    return [{"name": one["name"], "time": one["endTime"], "description": one["description"]} for one in events]


def note_registration(events: list[dict[str, str]], registration: Mapping[str, str], time: str) -> list[dict[str, str]]:
    """Return events with the registration of this run added, unless it is among them."""
    if not registration or any(one["description"] == f"sha256 {registration['sha256']}" for one in events):
        return events
    return [*events, {"name": MET, "time": time, "description": f"sha256 {registration['sha256']}"}]


def _tell_before(output_dir: Path) -> str:
    graph = read_crate(output_dir)
    if graph is None:
        return ""
    run = next(entity for entity in graph["@graph"] if entity["@id"] == "#run")
    return (
        f"results of this cohort were computed on {run['endTime'][:10]}, so this is no registration before the results."
    )
