"""The group table of MRIQC: the mean framewise displacement of every participant."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from helpers.importers.base import Format, Head, Imported, LeftOut, Options, refuse
from helpers.importers.bids_names import choose_session, group_by_participant
from helpers.importers.cells import BLANKS
from helpers.importers.delimited import check_unique, read_frame, to_numbers
from helpers.importers.fmriprep import describe_runs
from helpers.importers.motion import MOTION, average_runs

NAME, MEAN, FRAMES = "bids_name", "fd_mean", "size_t"


def read_group(paths: Sequence[Path], options: Options) -> Imported:
    """Read ``group_bold.tsv``, one line per run.

    Parameters
    ----------
    paths : sequence of pathlib.Path
        One table.
    options : Options
        ``visit``: the session to keep.

    Returns
    -------
    Imported
        ``brain/motion.tsv``: ``fd_mean``, averaged over runs by their number of frames (``size_t``; alike where the table
        lacks it).

    Raises
    ------
    CohortError
        For several tables, a run twice, a name without ``sub-``, or a displacement that is no number.
    """
    if len(paths) > 1:
        raise refuse(paths[1], f"{len(paths)} group tables", "one", "give the table of one run of MRIQC.")
    table = read_frame(paths[0], separator="\t")
    lacking = [name for name in (NAME, MEAN) if name not in table]
    if lacking:
        raise refuse(
            paths[0], f"no column {lacking[0]}", "the group table of BOLD runs", "give group_bold.tsv.", line=1
        )
    check_unique(paths[0], table[NAME].tolist(), "run")
    names = [Path(name) for name in table[NAME]]
    chosen, left_out = choose_session(names, options.visit)
    wanted = [MEAN, FRAMES] if FRAMES in table else [MEAN]
    values = to_numbers(paths[0], table[wanted], missing=BLANKS).astype(float).set_axis(names)
    unknown = [str(name) for name in chosen if values.loc[name].isna().any()]
    if unknown:
        left_out.append(LeftOut("runs without displacement", len(unknown), "the table has no value"))
    frames = values[FRAMES] if FRAMES in values else values[MEAN] * 0 + 1
    grouped = group_by_participant([name for name in chosen if str(name) not in unknown])
    runs = {name: [(values.loc[run, MEAN], frames.loc[run]) for run in of_one] for name, of_one in grouped.items()}
    left_out.append(LeftOut("other columns of quality", len(table.columns) - 2, "only the displacement is kept"))
    return Imported(tables={MOTION: average_runs(runs)}, left_out=left_out, notes=describe_runs(chosen))


def _detect(head: Head) -> bool:
    names = set(next(iter(head.lines), "").split("\t"))
    return {NAME, MEAN} <= names


FORMATS: tuple[Format, ...] = (
    Format("mriqc", "MRIQC", "the group table of MRIQC", "brain/motion.tsv", _detect, read_group),
)
