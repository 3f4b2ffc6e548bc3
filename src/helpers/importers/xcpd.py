"""Files of XCP-D: matrices of correlations, time series, motion, and what the atlas says of its regions."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.importers.base import Format, Head, Imported, LeftOut, Options, refuse
from helpers.importers.bids_names import choose_session, group_by_participant, read_entities
from helpers.importers.cells import BLANKS
from helpers.importers.delimited import check_unique, read_frame, to_numbers
from helpers.importers.fmriprep import SIGNALS
from helpers.importers.motion import MOTION, average_runs, mean_of_frames
from helpers.importers.person_matrices import (
    ASK_FOR_NODES,
    average_matrices,
    check_matrix,
    check_same_nodes,
    name_files,
)
from helpers.problems import CohortError, Problem, name_some, quote

DISPLACEMENT = "framewise_displacement"
KINDS = {
    "relmat": re.compile(r"_(relmat|conmat)\.tsv(\.gz)?$"),
    "timeseries": re.compile(r"_timeseries\.tsv(\.gz)?$"),
    "motion": re.compile(r"_motion\.tsv(\.gz)?$"),
    "dseg": re.compile(r"_dseg\.tsv$"),
}
ONE_OF = ("task", "space", "seg", "atlas", "stat", "measure", "desc", "den", "res", "cohort")
COORDINATES = {"x": ("x", "x.mni", "mni_x", "r"), "y": ("y", "y.mni", "mni_y", "a"), "z": ("z", "z.mni", "mni_z", "s")}
NETWORKS = ("network", "network_label", "label_7network", "network_label_17network", "label_17network")
PEARSON = "pearsoncorrelation"


def read_outputs(paths: Sequence[Path], options: Options) -> Imported:
    """Read what XCP-D writes of a run: ``_relmat.tsv``, ``_timeseries.tsv``, ``_motion.tsv``, and the atlas' ``_dseg.tsv``.

    Parameters
    ----------
    paths : sequence of pathlib.Path
        In any mix; names as XCP-D gives them (``stat-`` since version 0.7, ``measure-`` before).
    options : Options
        ``visit``: the session to keep.

    Returns
    -------
    Imported
        ``brain/connectivity/<participant>.tsv`` from matrices of Pearson's r, or from time series where a participant has no
        matrix; a parcel without cover is missing. Runs are averaged on Fisher's z, unless the one over all runs is there.
        ``brain/motion.tsv``: the mean of all frames but the first. ``brain/nodes.tsv``, where the atlas has coordinates.

    Raises
    ------
    CohortError
        For several sessions, tasks or atlases and none chosen, another statistic than Pearson's r, or damaged tables.
    """
    by_kind: dict[str, list[Path]] = defaultdict(list)
    for path in paths:
        by_kind[_tell_kind(path)].append(path)
    left_out: list[LeftOut] = []
    notes: list[str] = []
    tables: dict[str, pd.DataFrame] = {}
    made_from: dict[str, list[Path]] = {}
    problems: list[Problem] = []
    for kinds, read in (
        ((("relmat", "timeseries")), _read_connectivity),
        (("motion",), _read_motion),
        (("dseg",), _read_atlas),
    ):
        given = {kind: by_kind[kind] for kind in kinds if by_kind[kind]}
        try:
            if given:
                made = read(given, options, left_out, notes)
                tables |= made
                made_from |= {file: [path for files in given.values() for path in files] for file in made}
        except CohortError as error:
            problems += error.problems
    if problems:
        raise CohortError(problems)
    if any(file.startswith("brain/connectivity/") for file in tables) and "brain/nodes.tsv" not in tables:
        notes.append(ASK_FOR_NODES)
    return Imported(tables=tables, left_out=left_out, notes=notes, made_from=made_from)


def _tell_kind(path: Path) -> str:
    kind = next((kind for kind, pattern in KINDS.items() if pattern.search(path.name)), None)
    if kind is None:
        fix = "keep the names that XCP-D gave its files."
        raise refuse(path, "a name that is none of XCP-D's", "…_relmat.tsv, …_timeseries.tsv, …_motion.tsv", fix)
    return kind


def _read_connectivity(
    given: Mapping[str, list[Path]], options: Options, left_out: list[LeftOut], notes: list[str]
) -> dict[str, pd.DataFrame]:
    for files in given.values():
        _check_one_of(files)
    runs: dict[str, list[tuple[Path, pd.DataFrame]]] = {}
    for kind, files in given.items():
        chosen, others = choose_session(files, options.visit)
        left_out += others
        read = _read_matrix if kind == "relmat" else _correlate
        for name, of_one in group_by_participant(chosen).items():
            if kind == "timeseries" and name in runs:
                left_out.append(LeftOut("files of time series", len(of_one), "their matrix is there"))
                continue
            whole = [path for path in of_one if "run" not in read_entities(path)]
            if whole and len(whole) < len(of_one):
                n = len(of_one) - len(whole)
                left_out.append(LeftOut("matrices of single runs", n, "the one over all runs is there"))
                of_one = whole
            runs[name] = [(path, read(path)) for path in of_one]
    check_same_nodes({f"{name} {at}": run for name, of_one in runs.items() for at, run in enumerate(of_one)})
    n_several = sum(len(of_one) > 1 for of_one in runs.values())
    if n_several:
        notes.append(f"Runs of {n_several} participants were averaged on Fisher's z.")
    if given.get("timeseries"):
        notes.append(
            "Time series became Pearson's r over all their frames; censored frames stay in if the file has them."
        )
    return name_files({name: average_matrices([matrix for _, matrix in of_one]) for name, of_one in runs.items()})


def _check_one_of(paths: Sequence[Path]) -> None:
    """Refuse files that differ in more than participant, session, run and direction."""
    entities = [read_entities(path) for path in paths]
    problems = []
    for key in ONE_OF:
        values = sorted({said[key] for said in entities if key in said})
        if len(values) > 1:
            found = f"files of {len(values)} kinds of {key}- ({name_some(values)})"
            fix = f"give the files of one of them, for instance *_{key}-{values[0]}_*."
            problems.append(Problem(paths[0].name, None, None, found, f"one {key}- for all participants", fix))
    stats = {said.get("stat", said.get("measure", PEARSON)) for said in entities}
    if len(stats) == 1 and stats != {PEARSON}:
        found, fix = f"matrices of {quote(*stats)}", f"give those of stat-{PEARSON}."
        problems.append(Problem(paths[0].name, None, None, found, "Pearson's r", fix))
    if problems:
        raise CohortError(problems)


def _read_matrix(path: Path) -> pd.DataFrame:
    frame = read_frame(path, separator="\t")
    check_unique(path, frame.columns[1:].tolist(), "node")
    values = to_numbers(path, frame.iloc[:, 1:], missing=BLANKS).astype(float)
    return check_matrix(path, values.set_axis(frame.iloc[:, 0].str.strip().tolist(), axis=0))


def _correlate(path: Path) -> pd.DataFrame:
    """Return Pearson's r between all regions of a time series; a region without a value or without change has none."""
    frame = read_frame(path, separator="\t")
    check_unique(path, frame.columns.tolist(), "region")
    series = to_numbers(path, frame, missing=BLANKS).astype(float)
    if len(series) < 3:
        raise refuse(path, f"{len(series)} frames", "a time series", "look at the run.")
    values = series.to_numpy()
    is_flat = np.isnan(values).any(axis=0) | (values.max(axis=0) == values.min(axis=0))
    matrix = np.full((len(series.columns),) * 2, np.nan)
    known = np.flatnonzero(~is_flat)
    matrix[np.ix_(known, known)] = np.clip(np.corrcoef(values[:, known], rowvar=False), -1, 1)
    return check_matrix(path, pd.DataFrame(matrix, index=series.columns, columns=series.columns))


def _read_motion(
    given: Mapping[str, list[Path]], options: Options, left_out: list[LeftOut], notes: list[str]
) -> dict[str, pd.DataFrame]:
    chosen, others = choose_session(given["motion"], options.visit)
    left_out += others
    runs: dict[str, list[tuple[float, int]]] = {}
    n_columns = 0
    for name, of_one in group_by_participant(chosen).items():
        for path in of_one:
            table = read_frame(path, separator="\t")
            if DISPLACEMENT not in table:
                raise refuse(path, f"no column {DISPLACEMENT}", "motion of XCP-D", "export it again.")
            runs.setdefault(name, []).append(mean_of_frames(path, table, DISPLACEMENT))
            n_columns += len(table.columns) - 1
    left_out.append(LeftOut("other columns of motion", n_columns, "only the displacement is kept"))
    return {MOTION: average_runs(runs)}


def _read_atlas(
    given: Mapping[str, list[Path]], options: Options, left_out: list[LeftOut], notes: list[str]
) -> dict[str, pd.DataFrame]:
    if len(given["dseg"]) > 1:
        raise refuse(given["dseg"][1], "a second atlas", "one", "give the _dseg.tsv of the matrices' atlas.")
    (path,) = given["dseg"]
    atlas = read_frame(path, separator="\t")
    check_unique(path, atlas.columns.tolist(), "column")
    if "label" not in atlas:
        raise refuse(path, "no column label", "the table of an atlas", "give the _dseg.tsv of XCP-D.", line=1)
    lower = {name.lower(): name for name in reversed(list(atlas.columns))}
    found = {axis: next((lower[n] for n in names if n in lower), None) for axis, names in COORDINATES.items()}
    network = next((lower[name] for name in NETWORKS if name in lower), None)
    if None in found.values() or network is None:
        lacking = ("" if None not in found.values() else "coordinates") or "networks"
        left_out.append(LeftOut(f"regions of {path.name}", len(atlas), f"the atlas' table has no {lacking}"))
        known = f" Its column {network} can serve as network." if network else ""
        notes.append(f"{path.name} holds no {lacking}: brain/nodes.tsv cannot be made of it.{known}")
        return {}
    check_unique(path, atlas["label"].tolist(), "region")
    axes = to_numbers(path, atlas[list(found.values())].set_axis(list(found), axis=1), missing=BLANKS)
    nodes = pd.concat([atlas[[network]].set_axis(["network"], axis=1), axes], axis=1)
    return {"brain/nodes.tsv": nodes.set_axis(pd.Index(atlas["label"], name="node"))}


def _detect(head: Head) -> bool:
    kind = next((kind for kind, pattern in KINDS.items() if pattern.search(head.path.name)), None)
    lines = head.lines
    if kind is None or not lines or "\t" not in lines[0]:
        return False
    names = lines[0].split("\t")
    if kind == "relmat":
        rows = [line.split("\t") for line in lines[1:-1] or lines[1:]]
        return bool(rows) and all(row[0] in names[1:] for row in rows)
    if kind == "motion":
        return DISPLACEMENT in names
    if kind == "dseg":
        return {"index", "label"} <= set(names)
    return SIGNALS.isdisjoint(names) and bool({"seg", "atlas"} & set(read_entities(head.path)))


FORMATS: tuple[Format, ...] = (
    Format(
        "xcpd",
        "XCP-D",
        "matrices, time series or motion of XCP-D",
        "brain/connectivity/, brain/motion.tsv, brain/nodes.tsv",
        _detect,
        read_outputs,
    ),
)
