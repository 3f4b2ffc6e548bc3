"""Confounds of fMRIPrep: the mean framewise displacement of every participant."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from helpers.importers.base import Format, Head, Imported, LeftOut, Options, refuse
from helpers.importers.bids_names import choose_session, group_by_participant, read_entities
from helpers.importers.delimited import read_frame
from helpers.importers.motion import MOTION, average_runs, mean_of_frames
from helpers.problems import CohortError, Problem, name_some

DISPLACEMENT = ("framewise_displacement", "FramewiseDisplacement")
SIGNALS = frozenset(["csf", "white_matter", "global_signal", "CSF", "WhiteMatter", "GlobalSignal"])


def read_confounds(paths: Sequence[Path], options: Options) -> Imported:
    """Read ``*_desc-confounds_timeseries.tsv`` (``_regressors`` before version 20.2) of any number of participants and runs.

    Parameters
    ----------
    paths : sequence of pathlib.Path
        One per run, with BIDS names.
    options : Options
        ``visit``: the session to keep.

    Returns
    -------
    Imported
        ``brain/motion.tsv``: the mean of all frames but the first, averaged over runs by their number of frames.

    Raises
    ------
    CohortError
        For a name without ``sub-``, several sessions and none chosen, or a file without displacement.
    """
    chosen, left_out = choose_session(paths, options.visit)
    runs: dict[str, list[tuple[float, int]]] = {}
    problems: list[Problem] = []
    n_columns = 0
    for name, files in group_by_participant(chosen).items():
        for path in files:
            try:
                mean, n_frames, n_others = _read_run(path)
                runs.setdefault(name, []).append((mean, n_frames))
                n_columns += n_others
            except CohortError as error:
                problems += error.problems
    if problems:
        raise CohortError(problems)
    left_out.append(LeftOut("other columns of confounds", n_columns, "only the displacement is kept"))
    return Imported(tables={MOTION: average_runs(runs)}, left_out=left_out, notes=describe_runs(chosen))


def describe_runs(paths: Sequence[Path]) -> list[str]:
    """Return what was averaged, where participants have several runs or tasks."""
    tasks = sorted({task for path in paths if (task := read_entities(path).get("task"))})
    n_people = len({read_entities(path).get("sub") for path in paths})
    said = [] if len(paths) == n_people else [f"{len(paths)} runs of {n_people} participants were averaged."]
    if len(tasks) > 1:
        said.append(
            f"They are of {len(tasks)} tasks ({name_some(tasks)}); give the files of one task to keep it alone."
        )
    return said


def _read_run(path: Path) -> tuple[float, int, int]:
    table = read_frame(path, separator="\t")
    column = next((name for name in DISPLACEMENT if name in table.columns), None)
    if column is None:
        fix = "give the confounds of a BOLD run; other files of fMRIPrep hold no displacement."
        raise refuse(path, f"no column {DISPLACEMENT[0]}", "confounds of fMRIPrep", fix)
    return *mean_of_frames(path, table, column), len(table.columns) - 1


def _detect(head: Head) -> bool:
    names = set(next(iter(head.lines), "").split("\t"))
    return not names.isdisjoint(DISPLACEMENT) and not names.isdisjoint(SIGNALS)


FORMATS: tuple[Format, ...] = (
    Format("fmriprep", "fMRIPrep", "confounds of fMRIPrep", "brain/motion.tsv", _detect, read_confounds),
)
