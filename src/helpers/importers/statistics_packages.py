"""Data sets of SPSS, Stata and SAS: value labels become labels, values that the file marks as missing are missing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat

from helpers.importers.apart import read_apart
from helpers.importers.base import Format, Head, Imported, LeftOut, Options, refuse
from helpers.importers.cells import find_id_column, index_by_id
from helpers.importers.delimited import check_unique
from helpers.importers.heads import AGAIN, MOST_COLUMNS
from helpers.importers.people import About, find_questionnaires
from helpers.importers.roles import check_role, place_table
from helpers.importers.workbooks import MOST_CELLS
from helpers.problems import count, name_some

SPSS_STARTS = (b"$FL2", b"$FL3")
STATA_START = b"<stata_dta>"
STATA_OLD = range(104, 116)
SAS_START = bytes.fromhex("000000000000000000000000c2ea8160b31411cfbd92080009c7318c181f1011")
XPORT_START = b"HEADER RECORD*******LIB"
WITHOUT_MARKS = ("read_xport",)  # readers of files that mark no value as missing


@dataclass(frozen=True, eq=False)
class DataSet:
    """A data set as text.

    Attributes
    ----------
    cells : dict of str to list
        By variable: text, or None where missing.
    labels : dict of str to dict of str to str
        By variable: code to label.
    about : dict of str to str
        What the file says of each variable.
    n_missing : int
        Cells that hold a value which the file declares missing.
    """

    cells: dict[str, list[str | None]]
    labels: dict[str, dict[str, str]]
    about: dict[str, str]
    n_missing: int


def read_spss(paths: Sequence[Path], options: Options) -> Imported:
    """Read a data set of SPSS (``.sav``, ``.zsav``): see :func:`_read`."""
    return _read(paths, options, "read_sav")


def read_stata(paths: Sequence[Path], options: Options) -> Imported:
    """Read a data set of Stata (``.dta``): see :func:`_read`."""
    return _read(paths, options, "read_dta")


def read_sas(paths: Sequence[Path], options: Options) -> Imported:
    """Read a data set of SAS (``.sas7bdat``, or the transport file ``.xpt``): see :func:`_read`. Formats of values are in a file of their own."""
    with paths[0].open("rb") as file:
        is_transport = file.read(len(XPORT_START)) == XPORT_START
    return _read(paths, options, "read_xport" if is_transport else "read_sas7bdat")


def _read(paths: Sequence[Path], options: Options, reader: str) -> Imported:
    """Read one data set by its role; items of questionnaires keep their numbers, all else gets its value labels."""
    if len(paths) > 1:
        raise refuse(paths[1], f"{len(paths)} data sets", "one at a time", "import them one by one.")
    (path,) = paths
    role = check_role(path, options.role)
    (data,) = read_apart(load_data_set, [path], reader)
    names = list(data.cells)
    items = {name for columns in find_questionnaires(names).values() for name in columns}
    notes: list[str] = []
    cells = {}
    for name, texts in data.cells.items():
        known = data.labels.get(name, {}) if role == "participants" and name not in items else {}
        cells[name] = _label(name, pd.Series(texts, dtype=object), known, notes)
    table = pd.DataFrame(cells)
    column = find_id_column(path, names, options.column)
    about = {
        name: About(data.about.get(name, ""), levels=_levels(data.labels.get(name, {}), table[name])) for name in names
    }
    left_out = [LeftOut("cells marked as missing by the file", data.n_missing, "they became n/a")]
    return place_table(
        path,
        index_by_id(path, table.fillna(""), column, first_line=1),
        role,
        about=about,
        left_out=left_out if data.n_missing else [],
        notes=notes,
        first_line=1,
    )


def load_data_set(path: Path, reader: str) -> DataSet:
    """Return a data set as text.

    Parameters
    ----------
    path : pathlib.Path
    reader : {"read_sav", "read_dta", "read_sas7bdat", "read_xport"}
        Of pyreadstat.

    Raises
    ------
    CohortError
        When it is damaged or too large, or names a variable twice.
    """
    _check_size(path, _call(path, reader, metadataonly=True)[1])
    is_marked = reader not in WITHOUT_MARKS
    frame, meta = _call(path, reader, **({"user_missing": False} if is_marked else {}))
    everything = _call(path, reader, user_missing=True)[0] if is_marked else frame
    n_missing = int((everything.notna().to_numpy() & frame.isna().to_numpy()).sum())
    names = [str(name) for name in frame.columns]
    check_unique(path, names, "variable")
    cells = {name: [_as_text(cell) for cell in frame.iloc[:, at].tolist()] for at, name in enumerate(names)}
    labels = {name: _as_labels(values) for name, values in meta.variable_value_labels.items()}
    about = {name: label for name, label in meta.column_names_to_labels.items() if label}
    return DataSet(cells, labels, about, n_missing)


def _call(path: Path, reader: str, **how: Any) -> Any:
    try:
        return getattr(pyreadstat, reader)(str(path), **how)
    except Exception as error:  # the reader has kinds of its own for damage
        said = (str(error).splitlines() or [type(error).__name__])[0].replace(str(path), path.name)
        raise refuse(path, f"a data set that cannot be read ({said})", "a whole data set", AGAIN) from error


def _check_size(path: Path, meta: Any) -> None:
    n_columns, n_rows = meta.number_columns, meta.number_rows or 0
    if n_columns > MOST_COLUMNS or n_columns * n_rows > MOST_CELLS:
        found = f"{n_rows:,} rows and {n_columns:,} variables"
        raise refuse(path, found, f"at most {MOST_CELLS:,} cells", "keep only the variables that are needed.")


def _as_labels(values: Mapping[Any, str]) -> dict[str, str]:
    return {text: label for code, label in values.items() if (text := _as_text(code)) is not None}


def _as_text(cell: object) -> str | None:
    if cell is None or cell is pd.NaT or cell != cell:
        return None
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, pd.Timestamp | dt.datetime) and cell.time() == dt.time():
        return cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, dt.date | dt.time) else str(cell).strip() or None


def _label(name: str, texts: pd.Series, known: Mapping[str, str], notes: list[str]) -> pd.Series:
    """Return labels for codes where every code has one; numbers with a few labels stay numbers."""
    found = set(texts.dropna())
    if not known or not found or found.isdisjoint(known):
        return texts
    lacking = sorted(found - set(known))
    if lacking:
        notes.append(f"{name} kept its numbers: {count(len(lacking), 'value')} have no label ({name_some(lacking)}).")
        return texts
    return texts.map(lambda cell: known[cell], na_action="ignore")


def _levels(labels: Mapping[str, str], cells: pd.Series) -> dict[str, str]:
    """Return what a sidecar says of values: the label of a code, or the code of a label."""
    found = set(cells.dropna())
    if found <= set(labels.values()):
        return {label: f"code {code}" for code, label in labels.items()}
    return {code: label for code, label in labels.items() if code in found}


def _detect_spss(head: Head) -> bool:
    return head.start[:4] in SPSS_STARTS


def _detect_stata(head: Head) -> bool:
    start = head.start
    is_old = len(start) > 4 and start[0] in STATA_OLD and start[1] in (1, 2) and start[2:4] == b"\x01\x00"
    return start.startswith(STATA_START) or is_old


def _detect_sas(head: Head) -> bool:
    return head.start.startswith((SAS_START, XPORT_START))


FORMATS: tuple[Format, ...] = (
    Format("spss", "SPSS", "a data set of SPSS", "what --role says", _detect_spss, read_spss),
    Format("stata", "Stata", "a data set of Stata", "what --role says", _detect_stata, read_stata),
    Format("sas", "SAS", "a data set of SAS, or its transport file (.xpt)", "what --role says", _detect_sas, read_sas),
)
