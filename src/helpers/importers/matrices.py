"""Square matrices of one participant each: numpy files, csv, and connectomes of MRtrix."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.importers.base import Format, Head, Imported, LeftOut, Options, refuse
from helpers.importers.bids_names import read_entities
from helpers.importers.cells import BLANKS, ID, is_number
from helpers.importers.extra_blocks import BlockAbout, write_block
from helpers.importers.heads import AGAIN, read_text
from helpers.importers.person_matrices import ASK_FOR_NODES, check_matrix, check_same_nodes, name_files
from helpers.problems import CohortError

R, Z = "connectivity-r", "connectivity-z"
NUMPY, ZIP = b"\x93NUMPY", b"PK\x03\x04"
MOST_NODES = 3_000
MOST_BYTES = 8 * MOST_NODES**2 + 10_000
ENDING = re.compile(r"(\.npy|\.npz|\.csv|\.tsv|\.txt)$")
SEPARATOR = re.compile(r"[,;\t]|\s+")
CONNECTOME = re.compile(r"connectome", re.I)
EDGE = "--"
COUNTS = BlockAbout("Structural connectome", "streamlines", "brain", transform="log", zero="no streamline was found")


def read_correlations(paths: Sequence[Path], options: Options) -> Imported:
    """Read ``.npy``, ``.npz`` (one array) or ``.csv`` with one square matrix each.

    Parameters
    ----------
    paths : sequence of pathlib.Path
        One per participant; ``sub-<label>`` of the name, else the name itself, is the participant's.
    options : Options
        ``role``, needed: ``connectivity-r``, or ``connectivity-z`` for Fisher's z, which becomes r.

    Returns
    -------
    Imported
        ``brain/connectivity/<participant>.tsv``. Nodes are named as in the file, else ``node_001`` and so on.

    Raises
    ------
    CohortError
        Without a role; for pickled or damaged files, matrices that are not square or symmetric, or of different nodes.
    """
    if options.role not in (R, Z):
        fix = f"say --role {R}, or --role {Z} for Fisher's z."
        raise refuse(paths[0], "matrices whose scale is not said", "r or z", fix)
    matrices = _read_all(paths)
    made: dict[str, tuple[Path, pd.DataFrame]] = {}
    problems = []
    for name, (path, matrix) in matrices.items():
        try:
            made[name] = (path, _as_r(path, matrix, options.role))
        except CohortError as error:
            problems += error.problems
    if problems:
        raise CohortError(problems)
    check_same_nodes(made)
    notes = ["Fisher's z became r by the hyperbolic tangent."] if options.role == Z else []
    tables = name_files({name: matrix for name, (_, matrix) in made.items()})
    return Imported(tables=tables, notes=[*notes, ASK_FOR_NODES])


def read_connectomes(paths: Sequence[Path], options: Options) -> Imported:
    """Read connectomes of MRtrix (``tck2connectome``): counts of streamlines between regions, no correlations.

    Parameters
    ----------
    paths : sequence of pathlib.Path
        One per participant; text with commas or blanks.
    options : Options

    Returns
    -------
    Imported
        ``blocks/structural_connectome.tsv``, one column per pair of regions, with its sidecar; the diagonal is left out.

    Raises
    ------
    CohortError
        For matrices that are not square or symmetric, have values below 0, or differ in size.
    """
    matrices = _read_all(paths)
    check_same_nodes(matrices)
    rows = {}
    for name, (path, matrix) in matrices.items():
        values = check_matrix(path, _mirror(matrix), is_r=False).to_numpy()
        if (values < 0).any():
            raise refuse(path, "values below 0", "counts of streamlines", "say --as matrices if they are correlations.")
        rows[name] = values[np.triu_indices(len(values), 1)]
    nodes = next(iter(matrices.values()))[1].index
    first, second = np.triu_indices(len(nodes), 1)
    columns = [f"{nodes[i]}{EDGE}{nodes[j]}" for i, j in zip(first, second, strict=True)]
    table = pd.DataFrame(rows, index=columns).T.rename_axis(ID)
    tables, texts = write_block("structural_connectome", table, COUNTS)
    left_out = [LeftOut("cells of the diagonal", len(nodes) * len(matrices), "a region with itself")]
    notes = ["Regions are numbered in the order of the parcellation's labels: node_001 is label 1."]
    return Imported(tables=tables, texts=texts, left_out=left_out, notes=notes)


def _mirror(matrix: pd.DataFrame) -> pd.DataFrame:
    """Return both halves of a matrix of which MRtrix wrote the upper one only."""
    values = matrix.to_numpy()
    if np.tril(values, -1).any():
        return matrix
    return pd.DataFrame(values + np.triu(values, 1).T, index=matrix.index, columns=matrix.columns)


def _as_r(path: Path, matrix: pd.DataFrame, role: str) -> pd.DataFrame:
    values = matrix.to_numpy(float, copy=True)
    diagonal = np.eye(len(values), dtype=bool)
    values[diagonal] = np.where(np.isnan(values[diagonal]), np.nan, 1.0)
    if role == Z:
        values = np.where(diagonal, values, np.tanh(values))
    return check_matrix(path, pd.DataFrame(values, index=matrix.index, columns=matrix.columns))


def _read_all(paths: Sequence[Path]) -> dict[str, tuple[Path, pd.DataFrame]]:
    read: dict[str, tuple[Path, pd.DataFrame]] = {}
    problems = []
    for path in paths:
        try:
            name = _name_participant(path)
            if name in read:
                raise refuse(path, f"a second matrix of {name}", "one per participant", "give one run of each.")
            read[name] = (path, _read_one(path))
        except CohortError as error:
            problems += error.problems
    if problems:
        raise CohortError(problems)
    return read


def _name_participant(path: Path) -> str:
    label = read_entities(path).get("sub")
    return f"sub-{label}" if label else ENDING.sub("", path.name)


def _read_one(path: Path) -> pd.DataFrame:
    with path.open("rb") as file:
        start = file.read(6)
    if start == NUMPY or start[:4] == ZIP:
        return _name_nodes(path, _load_numpy(path))
    return _parse_text(path)


def _load_numpy(path: Path) -> np.ndarray:
    if path.stat().st_size > MOST_BYTES:
        raise refuse(path, "a file larger than a matrix", "one matrix", "save the matrix alone.")
    content = path.read_bytes()
    try:
        array = _unpack(path, content) if content.startswith(ZIP) else np.load(io.BytesIO(content), allow_pickle=False)
    except CohortError:
        raise
    except Exception as error:  # damaged and pickled files raise many kinds
        found = "a numpy file that is damaged or holds Python objects"
        raise refuse(path, found, "an array of numbers", "save it with numpy.save as numbers.") from error
    if array.dtype.kind not in "fiu":
        raise refuse(path, f"an array of {array.dtype}", "numbers", "save real numbers.")
    return array.squeeze() if array.ndim > 2 else array


def _unpack(path: Path, content: bytes) -> np.ndarray:
    """Return the one array of an archive of numpy."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        if sum(member.file_size for member in file.infolist()) > MOST_BYTES:
            raise refuse(path, "an archive of more than a matrix", "one matrix", "save the matrix alone.")
        names = file.namelist()
        if len(names) != 1:
            raise refuse(path, f"{len(names)} arrays", "one", "save the matrix alone.")
        return np.load(io.BytesIO(file.read(names[0])), allow_pickle=False)


def _name_nodes(path: Path, array: np.ndarray) -> pd.DataFrame:
    if array.ndim != 2 or array.shape[0] != array.shape[1] or not 2 <= len(array) <= MOST_NODES:
        found = f"an array of {' × '.join(map(str, array.shape))}"
        raise refuse(
            path, found, f"a square matrix of at most {MOST_NODES:,} nodes", "save one matrix per participant."
        )
    values = np.array(array, dtype=float)
    if np.isinf(values).any():
        values[np.eye(len(values), dtype=bool) & np.isinf(values)] = np.nan
    if np.isinf(values).any():
        raise refuse(path, "infinite values beside the diagonal", "numbers", AGAIN)
    names = [f"node_{at:03d}" for at in range(1, len(values) + 1)]
    return pd.DataFrame(values, index=names, columns=names)


def _parse_text(path: Path) -> pd.DataFrame:
    lines = [line for line in read_text(path).split("\n") if line.strip() and not line.startswith("#")]
    rows = [_split(line) for line in lines[: MOST_NODES + 2]]
    if not rows:
        raise refuse(path, "no row", "a square matrix", AGAIN)
    is_named = not all(is_number(cell) or cell in BLANKS for cell in rows[0]) or rows[0][0] == ""
    names = None
    if is_named:
        names, rows = rows[0][1:], rows[1:]
        sides = [row[0] for row in rows]
        if sides != names:
            raise refuse(path, "rows and columns of other names", "the same nodes in both", AGAIN)
        rows = [row[1:] for row in rows]
    uneven = next((at for at, row in enumerate(rows) if len(row) != len(rows)), None)
    if uneven is not None:
        found = f"{len(rows)} rows and {len(rows[uneven])} columns"
        raise refuse(path, found, f"a square matrix of at most {MOST_NODES:,} nodes", AGAIN)
    bad = next((cell for row in rows for cell in row if cell not in BLANKS and not is_number(cell)), None)
    if bad is not None:
        raise refuse(path, f"'{bad[:40]}'", "a number", "write n/a where a value is unknown.")
    values = np.array([[np.nan if cell in BLANKS else float(cell) for cell in row] for row in rows])
    matrix = _name_nodes(path, values)
    return matrix.set_axis(names, axis=0).set_axis(names, axis=1) if names else matrix


def _split(line: str) -> list[str]:
    cells = SEPARATOR.split(line.strip(" \r")) if "," not in line else line.strip().split(",")
    return [cell.strip().strip('"') for cell in cells]


def _look(head: Head) -> np.ndarray | None:
    """Return the top left of a matrix of numbers without names; None when the head is none."""
    lines = [line for line in head.lines if line.strip() and not line.startswith("#")]
    rows = [_split(line) for line in lines]
    if len(rows) < 2 or len({len(row) for row in rows}) != 1 or not len(rows) <= len(rows[0]):
        return None
    if len(rows) < min(len(rows[0]), 20) or not all(is_number(c) or c in BLANKS for row in rows for c in row):
        return None
    return np.array([[np.nan if c in BLANKS else float(c) for c in row[: len(rows)]] for row in rows])


def _detect_numpy(head: Head) -> bool:
    is_npz = bool(head.members) and all(name.endswith(".npy") for name in head.members)
    if head.start.startswith(NUMPY) or is_npz:
        return True
    corner = _look(head) if not head.members else None
    return corner is not None and not _is_count(head, corner) and _is_symmetric(corner)


def _detect_mrtrix(head: Head) -> bool:
    corner = _look(head) if not head.members and not head.start.startswith(NUMPY) else None
    return corner is not None and _is_count(head, corner)


def _is_symmetric(corner: np.ndarray) -> bool:
    return bool(np.allclose(corner, corner.T, atol=1e-3, equal_nan=True))


def _is_count(head: Head, corner: np.ndarray) -> bool:
    """Return whether a matrix holds counts of streamlines: none below 0, and one beyond any correlation or z."""
    is_named = CONNECTOME.search(head.path.name) is not None
    largest = np.nanmax(corner, initial=0)
    return not (corner < 0).any() and not np.isnan(corner).any() and (largest > 10 or (is_named and largest > 1))


FORMATS: tuple[Format, ...] = (
    Format(
        "matrices",
        "nilearn, numpy and others",
        "a square matrix per participant",
        "brain/connectivity/",
        _detect_numpy,
        read_correlations,
        specificity=0,  # a cohort folder's own matrices look alike
    ),
    Format(
        "mrtrix",
        "MRtrix3",
        "connectomes of MRtrix",
        "blocks/structural_connectome.tsv",
        _detect_mrtrix,
        read_connectomes,
    ),
)
