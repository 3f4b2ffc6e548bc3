"""Tables of regions by CAT12: grey-matter volumes, with the total intracranial volume."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from helpers.importers.base import Format, Head, Imported, LeftOut, Options, refuse
from helpers.importers.cells import BLANKS, index_by_id
from helpers.importers.delimited import check_unique, find_separator, read_frame, split_line, to_numbers
from helpers.importers.extra_blocks import BlockAbout, write_block
from helpers.problems import CohortError

VOLUMES = "brain/volumes.tsv"
FILE = re.compile(r"ROIs?_catROIs?_(?P<atlas>\w+?)_(?P<measure>Vgm|Vwm|Vcsf|thickness)\.csv")
TIV = re.compile(r"(TIV|ICV)", re.I)
ML_TO_MM3 = 1000


def read_regions(paths: Sequence[Path], options: Options) -> Imported:
    """Read ``ROI_catROI_<atlas>_<measure>.csv`` (one line per scan, one column per region).

    Parameters
    ----------
    paths : sequence of pathlib.Path
        Volumes (``Vgm``, ``Vwm``, ``Vcsf``) in ml, thickness in mm.
    options : Options
        ``column``: the scans' column, by default the first.

    Returns
    -------
    Imported
        ``brain/volumes.tsv`` in mm³ from grey matter (a column ``TIV`` becomes ``icv``); ``blocks/thickness.tsv``, ``blocks/wm_volumes.tsv``,
        ``blocks/csf_volumes.tsv``.

    Raises
    ------
    CohortError
        For a name that does not say what it holds, two atlases of one measure, a scan twice, or cells that are no numbers.
    """
    tables: dict[str, pd.DataFrame] = {}
    texts: dict[str, str] = {}
    left_out: list[LeftOut] = []
    notes: list[str] = []
    problems = []
    for path in paths:
        try:
            made = _read_one(path, options)
            if set(made.tables) & set(tables):
                raise refuse(path, "a second table of this measure", "one atlas", "give the table of one atlas.")
            tables, texts = tables | dict(made.tables), texts | dict(made.texts)
            left_out, notes = [*left_out, *made.left_out], [*notes, *made.notes]
        except CohortError as error:
            problems += error.problems
    if problems:
        raise CohortError(problems)
    return Imported(tables=tables, texts=texts, left_out=left_out, notes=notes)


def _read_one(path: Path, options: Options) -> Imported:
    match = FILE.fullmatch(path.name)
    if match is None:
        raise refuse(path, "a name that does not say what it holds", "ROI_catROI_<atlas>_Vgm.csv", "keep CAT12's name.")
    frame = read_frame(path)
    check_unique(path, frame.columns[1:].tolist(), "region")
    table = index_by_id(path, frame, options.column or frame.columns[0])
    table = table.rename(index=_name_scan)
    if table.index.has_duplicates:
        raise refuse(path, "two scans of one name", "one scan per participant", "give the table of one session.")
    values = to_numbers(path, table, missing=BLANKS).astype(float).set_axis(table.index)
    empty = [name for name in values if values[name].isna().all()]
    left_out = (
        [LeftOut(f"regions without a value ({', '.join(empty)})", len(empty), "blank in every row")] if empty else []
    )
    values = values.drop(columns=empty)
    if match["measure"] == "thickness":
        tables, texts = write_block("thickness", values, BlockAbout("Cortical thickness", "mm", "brain"))
        return Imported(tables, texts, left_out=left_out)
    volumes = (values * ML_TO_MM3).rename(columns=lambda name: "icv" if TIV.fullmatch(name) else name)
    said = "Volumes in ml became mm³ (times 1,000)."
    if match["measure"] == "Vgm":
        notes = [said] if "icv" in volumes else [said, "There is no TIV in the table: volumes lack icv."]
        return Imported({VOLUMES: volumes}, left_out=left_out, notes=notes)
    kind = {"Vwm": "wm", "Vcsf": "csf"}[match["measure"]]
    title = {"wm": "White-matter volume", "csf": "Volume of cerebrospinal fluid"}[kind]
    tables, texts = write_block(f"{kind}_volumes", volumes, BlockAbout(title, "mm³", "brain"))
    return Imported(tables, texts, left_out=left_out, notes=[said])


def _name_scan(name: str) -> str:
    """Return the scan's name without its path, ending, and what CAT12 put before it."""
    bare = name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    return re.sub(r"(^catROIs?_)|(\.(xml|nii|mat)(\.gz)?$)", "", bare)


def _detect(head: Head) -> bool:
    if head.members or FILE.fullmatch(head.path.name) is None:
        return False
    line = next(iter(head.lines), "")
    return len(split_line(line[:10_000], find_separator(line))) > 1


FORMATS: tuple[Format, ...] = (
    Format(
        "cat12",
        "CAT12",
        "a table of regions of CAT12",
        "brain/volumes.tsv, blocks/thickness.tsv",
        _detect,
        read_regions,
    ),
)
