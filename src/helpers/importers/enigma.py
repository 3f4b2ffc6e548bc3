"""Tracts of ENIGMA-DTI (also TBSS and TractSeg): fractional anisotropy as tracts, diffusivities as blocks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.importers.base import Format, Head, Imported, LeftOut, Options, refuse
from helpers.importers.cells import BLANKS, ID, find_id_column, index_by_id
from helpers.importers.delimited import check_unique, find_separator, read_frame, split_line, to_numbers
from helpers.importers.extra_blocks import BlockAbout, write_block
from helpers.problems import CohortError, name_some, quote

TRACTS = "brain/tracts.tsv"
REGIONS = frozenset(
    (
        *("ACR", "ALIC", "BCC", "CC", "CGC", "CGH", "CP", "CR", "CST", "EC", "FX", "FX/ST", "FXST", "GCC", "IC", "ICP"),
        *(
            "IFO",
            "MCP",
            "ML",
            "PCR",
            "PCT",
            "PLIC",
            "PTR",
            "RLIC",
            "SCC",
            "SCP",
            "SCR",
            "SFO",
            "SLF",
            "SS",
            "TAP",
            "UNC",
        ),
    )
)
WHOLE = {"averagefa": "FA", "averagemd": "MD", "averagerd": "RD", "averagead": "AD"}
NAME = re.compile(r"(?P<region>[A-Z]+(?:/ST)?)(?:[-_.](?P<side>[LR]))?(?:[-_.](?P<measure>FA|MD|AD|RD|L1))?")
DIFFUSIVITY = "mm²/s, or as the file has it"
LARGEST_FA = 1.0
SMALLEST_FA = 0.01
FEWEST = 3


@dataclass(frozen=True)
class _Tract:
    column: str
    name: str
    measure: str | None


def read_tracts(paths: Sequence[Path], options: Options) -> Imported:
    """Read tables of regions of the JHU atlas by subject (``combinedROItable.csv``), one per measure or all in one.

    Parameters
    ----------
    paths : sequence of pathlib.Path
        csv with ``subjectID`` and columns such as ``ACR``, ``ACR-L`` (one measure per file), or ``ACR_L_FA`` and ``ACR_L_MD``.
    options : Options
        ``column``: the subjects' column.

    Returns
    -------
    Imported
        ``brain/tracts.tsv`` with FA; ``blocks/tracts_md.tsv`` and the like with other measures; covariates that stand in the table
        (``Age``, ``Sex``) are left out and counted.

    Raises
    ------
    CohortError
        For a file whose measure cannot be told, FA beyond 0 to 1, two tables of one measure, or a subject twice.
    """
    by_measure: dict[str, pd.DataFrame] = {}
    left_out: list[LeftOut] = []
    problems = []
    for path in paths:
        try:
            for measure, table in _read_table(path, options, left_out).items():
                if measure in by_measure:
                    raise refuse(path, f"a second table of {measure}", "one", "give one of them.")
                by_measure[measure] = table
        except CohortError as error:
            problems += error.problems
    if problems:
        raise CohortError(problems)
    tables: dict[str, pd.DataFrame] = {}
    texts: dict[str, str] = {}
    for measure, table in by_measure.items():
        if measure == "FA":
            tables[TRACTS] = table
            continue
        about = BlockAbout(f"{measure} of white-matter tracts", DIFFUSIVITY, "brain")
        written = write_block(f"tracts_{measure.lower()}", table, about)
        tables, texts = tables | written[0], texts | written[1]
    return Imported(tables=tables, texts=texts, left_out=left_out)


def _read_table(path: Path, options: Options, left_out: list[LeftOut]) -> dict[str, pd.DataFrame]:
    frame = read_frame(path)
    check_unique(path, frame.columns[1:].tolist(), "column")
    column = find_id_column(path, frame.columns, options.column)
    tracts = [tract for name in frame.columns if name != column and (tract := _tell_tract(name)) is not None]
    if len(tracts) < FEWEST:
        found = f"{len(tracts)} columns of tracts"
        raise refuse(
            path, found, "regions of the JHU atlas, such as ACR-L or ACR_L_FA", "see --list for other formats."
        )
    others = [name for name in frame.columns if name not in {column, *(tract.column for tract in tracts)}]
    if others:
        left_out.append(
            LeftOut(f"covariates ({', '.join(others)})", len(others), "no tract: import them as participants")
        )
    table = index_by_id(path, frame, column)
    values = to_numbers(path, table[[tract.column for tract in tracts]], missing=BLANKS)
    unnamed = [tract.column for tract in tracts if tract.measure is None]
    stated = {tract.measure for tract in tracts} - {None}
    usual = None
    if unnamed:
        usual = stated.pop() if len(stated) == 1 else _tell_measure(path, values[unnamed])
    found = {}
    for measure in dict.fromkeys(tract.measure or usual for tract in tracts):
        own = {tract.column: tract.name for tract in tracts if (tract.measure or usual) == measure}
        found[measure] = values[list(own)].rename(columns=own).rename_axis(ID)
        _check_range(path, measure, found[measure])
    return found


def _tell_tract(column: str) -> _Tract | None:
    """Return what a column is: region, side and measure; None when it is no tract."""
    whole = re.sub(r"[\W_]+", "", column).lower()
    if whole in WHOLE:
        return _Tract(column, column, WHOLE[whole])
    match = NAME.fullmatch(column.strip())
    if match is None or match["region"] not in REGIONS:
        return None
    name = "_".join(part for part in (match["region"].replace("/", "_"), match["side"]) if part)
    return _Tract(column, name, match["measure"])


def _tell_measure(path: Path, values: pd.DataFrame) -> str:
    """Return the measure of columns that do not name it: by the file's name, else by the values."""
    named = re.findall(r"(?<![A-Za-z])(FA|MD|AD|RD|L1)(?![A-Za-z])", path.name)
    if len(set(named)) == 1:
        return named[0]
    middle = float(np.nanmedian(values.to_numpy(float)))
    if SMALLEST_FA < middle < LARGEST_FA:
        return "FA"
    fix = "name the measure in the file's name, for instance combinedROItable_MD.csv."
    raise refuse(path, f"values around {middle:.3g} of a measure that is not named", "FA, MD, AD or RD", fix)


def _check_range(path: Path, measure: str, values: pd.DataFrame) -> None:
    beyond = values.columns[((values < 0) | (values > LARGEST_FA)).any()] if measure == "FA" else []
    if len(beyond):
        found = f"FA outside 0 to 1 in {name_some(map(quote, beyond))}"
        raise refuse(path, found, "a fractional anisotropy", "look whether it is another measure, or thousandths.")


def _detect(head: Head) -> bool:
    line = next(iter(head.lines), "")
    if head.members or len(line) > 100_000:
        return False
    names = split_line(line, find_separator(line))
    return sum(_tell_tract(name) is not None for name in names[1:]) >= FEWEST


FORMATS: tuple[Format, ...] = (
    Format(
        "enigma",
        "ENIGMA-DTI, TBSS, TractSeg",
        "a table of tracts as ENIGMA-DTI writes it",
        "brain/tracts.tsv, blocks/tracts_md.tsv",
        _detect,
        read_tracts,
    ),
)
