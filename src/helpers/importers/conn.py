"""First-level results of CONN: one matrix of Fisher's z per participant, turned into r."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.io import loadmat

from helpers.importers.apart import read_apart
from helpers.importers.base import Format, Head, Imported, LeftOut, Options, refuse
from helpers.importers.bids_names import choose_visit
from helpers.importers.heads import AGAIN
from helpers.importers.person_matrices import ASK_FOR_NODES, check_matrix, check_same_nodes, name_files
from helpers.problems import CohortError, Problem, name_some

FILE = re.compile(r"resultsROI_Subject(?P<subject>\d+)_Condition(?P<condition>\d+)\.mat")
MATLAB = b"MATLAB 5.0 MAT-file"
WANTED = ("Z", "names", "names2")
MOST_BYTES = 400_000_000


def read_results(paths: Sequence[Path], options: Options) -> Imported:
    """Read ``resultsROI_Subject###_Condition###.mat``.

    Parameters
    ----------
    paths : sequence of pathlib.Path
        One per participant (MATLAB version 5 to 7).
    options : Options
        ``visit``: the condition to keep, e.g. ``001``, where files of several are given.

    Returns
    -------
    Imported
        ``brain/connectivity/Subject###.tsv``: r as the hyperbolic tangent of z, the diagonal 1; target columns that are no
        sources are left out.

    Raises
    ------
    CohortError
        For a file that is damaged, holds objects or functions, or has other content than CONN writes.
    """
    named = {path: FILE.fullmatch(path.name) for path in paths}
    problems = [_ask_for_name(path) for path, match in named.items() if match is None]
    if problems:
        raise CohortError(problems)
    conditions = {path: match["condition"] for path, match in named.items() if match}
    kept = choose_visit(paths[0], list(conditions.values()), options.visit, "condition")
    chosen = [path for path in paths if conditions[path] == kept]
    left_out = [LeftOut("files of other conditions", len(paths) - len(chosen), f"Condition{kept} was chosen")]
    names = [f"Subject{named[path]['subject']}" for path in chosen]
    twice = [name for name, n in Counter(names).items() if n > 1]
    if twice:
        raise refuse(chosen[0], f"two files of {name_some(twice)}", "one per participant", "give one of them.")
    made = read_apart(read_one, chosen)
    read = {name: (path, matrix) for name, path, (matrix, _) in zip(names, chosen, made, strict=True)}
    n_columns = sum(n_extra for _, n_extra in made)
    check_same_nodes(read)
    left_out.append(LeftOut("target columns that are no sources", n_columns, "a square matrix is kept"))
    notes = [
        "Fisher's z became r by the hyperbolic tangent.",
        "CONN numbers its subjects: give a map of Subject001 … to your participants (--ids).",
        ASK_FOR_NODES,
    ]
    tables = name_files({name: matrix for name, (_, matrix) in read.items()})
    return Imported(tables=tables, left_out=[entry for entry in left_out if entry.n], notes=notes)


def _ask_for_name(path: Path) -> Problem:
    return Problem(path.name, None, None, "another name", "resultsROI_Subject001_Condition001.mat", "keep CONN's name.")


def read_one(path: Path) -> tuple[pd.DataFrame, int]:
    """Return r between the sources of one file, and how many further targets it has.

    Parameters
    ----------
    path : pathlib.Path

    Raises
    ------
    CohortError
    """
    content = _load(path)
    z = np.asarray(content.get("Z"))
    sources, targets = (_as_names(content.get(key)) for key in ("names", "names2"))
    targets = targets or sources
    if z.ndim != 2 or z.dtype.kind not in "fiu" or z.shape != (len(sources), len(targets)) or len(sources) < 2:
        found = f"Z of shape {z.shape}, {len(sources)} names and {len(targets)} targets"
        raise refuse(path, found, "a matrix of sources by targets, with their names", "export it again.")
    twice = [name for name, n in Counter(sources).items() if n > 1]
    if twice:
        raise refuse(path, f"the region '{twice[0]}' more than once", "every region once", "rename it in CONN.")
    square = pd.DataFrame(z.astype(float), index=sources, columns=targets)
    square = square.loc[:, ~square.columns.duplicated()].reindex(columns=sources)
    r = np.tanh(square.to_numpy())
    np.fill_diagonal(r, 1.0)
    return check_matrix(path, pd.DataFrame(r, index=sources, columns=sources)), len(targets) - len(sources)


def _load(path: Path) -> dict[str, Any]:
    """Return the variables that are wanted; scipy reads numbers, text and cells, and never calls what a file names."""
    if path.stat().st_size > MOST_BYTES:
        raise refuse(path, "more than 400 MB", "one participant's matrix", "export it again.")
    try:
        content = loadmat(path, struct_as_record=True)  # all of it, so that a file cut off anywhere is noticed
    except NotImplementedError as error:
        fix = "save it again in MATLAB with -v7."
        raise refuse(path, "a file of MATLAB 7.3 (HDF5)", "one of version 5 to 7", fix) from error
    except Exception as error:  # damaged files raise many kinds
        raise refuse(path, "a MATLAB file that cannot be read", "a whole file of CONN", AGAIN) from error
    strange = [key for key in WANTED if key in content and _is_strange(content[key])]
    if strange:
        raise refuse(path, f"objects in {', '.join(strange)}", "numbers and names", "export it again.")
    return content


def _is_strange(value: Any) -> bool:
    """Return whether a variable is an object or a function rather than numbers, text or cells."""
    return not isinstance(value, np.ndarray) or type(value).__name__ in (
        "MatlabObject",
        "MatlabFunction",
        "MatlabOpaque",
    )


def _as_names(value: Any) -> list[str]:
    """Return the names in a cell array, or in rows of text."""
    if value is None:
        return []
    names = [np.ravel(cell) for cell in np.ravel(value)]
    return [str(cell[0]).strip() if len(cell) else "" for cell in names if cell.dtype.kind == "U"]


def _detect(head: Head) -> bool:
    return head.start.startswith(MATLAB) and FILE.fullmatch(head.path.name) is not None


FORMATS: tuple[Format, ...] = (
    Format(
        "conn",
        "CONN",
        "ROI-to-ROI results of CONN",
        "brain/connectivity/",
        _detect,
        read_results,
    ),
)
