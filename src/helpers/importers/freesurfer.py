"""Tables of FreeSurfer's ``aparcstats2table`` and ``asegstats2table``: volumes, and thickness and area as blocks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.importers.base import Format, Head, Imported, LeftOut, Options, refuse
from helpers.importers.bids_names import choose_visit
from helpers.importers.cells import BLANKS, index_by_id
from helpers.importers.delimited import read_frame, split_line, to_numbers
from helpers.importers.extra_blocks import BlockAbout, write_block
from helpers.importers.heads import read_head
from helpers.problems import CohortError, Problem, name_some, quote

VOLUMES = "brain/volumes.tsv"
ICV_NAMES = ("EstimatedTotalIntraCranialVol", "eTIV", "IntraCranialVol", "ICV")
WHOLE_HEAD = frozenset([*ICV_NAMES, "BrainSegVolNotVent", "BrainSegVol"])
MEASURES = {
    "volume": None,
    "thickness": BlockAbout("Cortical thickness", "mm", "brain"),
    "area": BlockAbout("Cortical surface area", "mm²", "brain"),
}
SEPARATORS = ("\t", ",", ";", " ")
_FIRST = re.compile(r"(?:(?P<hemi>[lr]h)\.(?P<parc>[\w.]+)\.(?P<cortical>\w+)|Measure:(?P<sub>\w+))")
_VISIT = re.compile(r"_ses-([A-Za-z0-9]+)")


@dataclass(frozen=True, eq=False)
class _Table:
    path: Path
    measure: str
    parcellation: str
    values: pd.DataFrame


def read_tables(paths: Sequence[Path], options: Options) -> Imported:
    """Read tables of volumes (mm³), thickness (mm) and area (mm²); both hemispheres are joined by subject.

    Parameters
    ----------
    paths : sequence of pathlib.Path
        Of ``aparcstats2table`` or ``asegstats2table``, in any mix and order; tab, comma, semicolon or blank between
        cells, subjects in rows or (``--transpose``) in columns.
    options : Options
        ``visit``: the session to keep where subjects are called ``sub-01_ses-2``.

    Returns
    -------
    Imported
        ``brain/volumes.tsv`` with ``icv``, the estimated intracranial volume; ``blocks/thickness.tsv`` and ``blocks/area.tsv``
        with their sidecars. A subject that one of the joined tables lacks has missing values there.

    Raises
    ------
    CohortError
        For another measure, a cell that is no number, a subject twice, or two tables that differ in a column.
    """
    problems: list[Problem] = []
    read: list[_Table] = []
    left_out: list[LeftOut] = []
    for path in paths:
        try:
            table, left = _read_table(path)
            read.append(table)
            left_out += left
        except CohortError as error:
            problems += error.problems
    if problems:
        raise CohortError(problems)
    read, others = _choose_session(read, options.visit)
    tables: dict[str, pd.DataFrame] = {}
    texts: dict[str, str] = {}
    made_from: dict[str, list[Path]] = {}
    for measure, about in MEASURES.items():
        of_measure = [table for table in read if table.measure == measure]
        if not of_measure:
            continue
        joined, doubled = _join(of_measure)
        file = VOLUMES if about is None else f"blocks/{measure}.tsv"
        made_from[file] = [table.path for table in of_measure]
        left_out += doubled
        if about is None:
            tables[VOLUMES] = joined
            continue
        head = [name for name in joined.columns if name in WHOLE_HEAD]
        if head:
            left_out.append(LeftOut(f"columns of the whole head ({', '.join(head)})", len(head), f"no {measure}"))
        written = write_block(measure, *_with_groups(joined.drop(columns=head), about))
        tables, texts = tables | written[0], texts | written[1]
    notes = [] if VOLUMES not in tables or "icv" in tables[VOLUMES] else [_ask_for_icv()]
    return Imported(tables=tables, texts=texts, left_out=[*left_out, *others], notes=notes, made_from=made_from)


def _read_table(path: Path) -> tuple[_Table, list[LeftOut]]:
    frame = read_frame(path, separator=_find_separator(next(iter(read_head(path).lines), "")))
    first = _FIRST.fullmatch(frame.columns[0].strip())
    if first is None:
        found = f"{quote(frame.columns[0])} in the first cell"
        raise refuse(
            path, found, "a table such as 'Measure:volume' or 'lh.aparc.thickness'", "name its format with --as."
        )
    measure = first["cortical"] or first["sub"]
    if measure not in MEASURES:
        fix = "run the FreeSurfer command with --meas volume, thickness or area."
        raise refuse(path, f"a table of {quote(measure)}", f"one of {', '.join(MEASURES)}", fix)
    frame = _drop_trailing(frame)
    if not _has_measures(frame.columns[1:]) and _has_measures(frame.iloc[:, 0]):
        frame = frame.set_index(frame.columns[0]).T.rename_axis(frame.columns[0]).reset_index()
    if measure == "volume":
        frame.columns = ["icv" if name in ICV_NAMES else name for name in frame.columns]
    frame, left_out = _drop_doubled(path, frame)
    table = index_by_id(path, frame, frame.columns[0])
    table.index = table.index.map(lambda name: name.rstrip("/").rsplit("/", 1)[-1])
    values = to_numbers(path, table, missing=BLANKS).set_axis(table.index)
    return _Table(path, measure, first["parc"] or "aseg", values), left_out


def _find_separator(line: str) -> str:
    """Return the separator behind the first cell, which itself has none of them."""
    return next((sign for sign in SEPARATORS if sign in line), "\t")


def _has_measures(names: Sequence[str]) -> bool:
    """Return whether names look like regions rather than subjects."""
    known = [
        name
        for name in names
        if re.match(r"[lr]h_\w+_(volume|thickness|area)$|(Left|Right)-|BrainSeg|Estimated|eTIV", name)
    ]
    return bool(known)


def _drop_trailing(frame: pd.DataFrame) -> pd.DataFrame:
    """Drop a last column without name and cells, which a separator at the end of lines makes."""
    is_empty = len(frame.columns) > 1 and frame.columns[-1] == "" and (frame.iloc[:, -1] == "").all()
    return frame.iloc[:, :-1] if is_empty else frame


def _drop_doubled(path: Path, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[LeftOut]]:
    """Keep the first of columns that stand twice with the same cells (``BrainSegVolNotVent``)."""
    again = frame.columns.duplicated()
    differ = [name for name in frame.columns[again] if not _are_same(frame.loc[:, frame.columns == name])]
    if differ:
        found = f"{name_some(map(quote, dict.fromkeys(differ)))} more than once, with different values"
        raise refuse(path, found, "every column once", "remove one of the two.", line=1)
    left = [LeftOut(f"second column {name}", 1, "it repeats the first") for name in frame.columns[again]]
    return frame.loc[:, ~again], left


def _are_same(columns: pd.DataFrame) -> bool:
    first = columns.iloc[:, 0]
    return all((columns.iloc[:, at] == first).all() for at in range(1, columns.shape[1]))


def _choose_session(tables: list[_Table], visit: str | None) -> tuple[list[_Table], list[LeftOut]]:
    """Keep subjects of one session, where their names have one; the name without it is the subject's."""
    names = [name for table in tables for name in table.values.index]
    sessions = {name: match[1] if (match := _VISIT.search(name)) else None for name in names}
    if not any(sessions.values()):
        return tables, []
    wanted = visit.removeprefix("ses-") if visit else None
    kept = choose_visit(tables[0].path, list(sessions.values()), wanted, "session")
    n_other = sum(sessions[name] not in (kept, None) for name in names)
    chosen = []
    for table in tables:
        values = table.values[[sessions[name] in (kept, None) for name in table.values.index]]
        chosen.append(_Table(table.path, table.measure, table.parcellation, values.rename(index=_drop_session)))
    return chosen, [LeftOut("rows of other sessions", n_other, f"ses-{kept} was chosen")] if n_other else []


def _drop_session(name: str) -> str:
    return _VISIT.sub("", name)


def _join(tables: list[_Table]) -> tuple[pd.DataFrame, list[LeftOut]]:
    """Join tables of one measure by subject; a column of several must be the same in all."""
    parcellations = {table.parcellation for table in tables} - {"aseg"}
    if len(parcellations) > 1:
        found = f"tables of {name_some(sorted(parcellations))}"
        fix = "choose the tables of one parcellation: their regions overlap."
        raise refuse(tables[-1].path, found, "one parcellation of the cortex", fix)
    joined, left_out = tables[0].values, []
    for table in tables[1:]:
        values = table.values
        shared = joined.columns.intersection(values.columns)
        people = joined.index.intersection(values.index)
        ours, theirs = (part.loc[people, shared].to_numpy(float) for part in (joined, values))
        differ = shared[~np.isclose(ours, theirs, rtol=1e-6, equal_nan=True).all(axis=0)]
        if len(differ):
            found = f"other values of {name_some(map(quote, differ))} than in {tables[0].path.name}"
            raise refuse(table.path, found, "tables of the same subjects", "make the tables of one run of FreeSurfer.")
        left_out += [LeftOut(f"second column {name}", 1, "it repeats that of another table") for name in shared]
        everyone = joined.index.union(values.index, sort=False)
        common = joined.reindex(everyone)[shared].combine_first(values.reindex(everyone)[shared])
        parts = [joined.drop(columns=shared).reindex(everyone), common, values.drop(columns=shared).reindex(everyone)]
        joined = pd.concat(parts, axis=1).rename_axis("participant_id")
    return joined, left_out


def _with_groups(table: pd.DataFrame, about: BlockAbout) -> tuple[pd.DataFrame, BlockAbout]:
    sides = {"lh": "left hemisphere", "rh": "right hemisphere"}
    groups = {name: sides[name[:2]] for name in table.columns if name[:3] in ("lh_", "rh_")}
    return table, BlockAbout(about.title, about.unit, about.modality, groups=groups)


def _ask_for_icv() -> str:
    return "There is no intracranial volume among the volumes: import the table of asegstats2table as well, in the same command."


def _detect(head: Head) -> bool:
    line = next(iter(head.lines), "")
    first = split_line(line, _find_separator(line)) if len(line) < 100_000 else []
    return bool(first) and _FIRST.fullmatch(first[0].strip()) is not None


FORMATS: tuple[Format, ...] = (
    Format(
        "freesurfer",
        "FreeSurfer",
        "a table of aparcstats2table or asegstats2table",
        "brain/volumes.tsv, blocks/thickness.tsv, blocks/area.tsv",
        _detect,
        read_tables,
    ),
)
