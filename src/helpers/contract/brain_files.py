"""Brain data with a file per person: connectivity matrices and maps."""

from __future__ import annotations

import gzip
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from helpers.contract.blocks import BlockTable
from helpers.contract.brain import EDGE, NODES, report_no_nodes
from helpers.contract.files import ID, Reader
from helpers.contract.ids import guess_id
from helpers.contract.schema import read_schema
from helpers.problems import count, name_some

TOLERANCE = 1e-3
BLANKS = ("n/a", "", "nan", "NaN")
FILES_LISTED = 5
IN_BRAIN = 0.5


@dataclass
class Findings:
    """Problems of many alike files: each named while few, one in the name of all when many."""

    reader: Reader
    found: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, kind: str, file: str, found: str, expected: str, fix: str, **place: Any) -> None:
        """Add one problem of a kind."""
        self.found[kind].append({"file": file, "found": found, "expected": expected, "fix": fix, **place})

    def report(self) -> None:
        """Report all that was added."""
        for problems in self.found.values():
            many = len(problems) > FILES_LISTED
            for problem in problems[:1] if many else problems:
                more = f" (and the like in {count(len(problems) - 1, 'further file')})" if many else ""
                self.reader.report(**problem | {"found": problem["found"] + more})


def list_person_files(
    reader: Reader, folder: str, endings: Sequence[str], participants: pd.Index, what: str
) -> dict[str, str]:
    """Return the file of each person in a folder; strangers and doubles are reported.

    Parameters
    ----------
    reader : Reader
    folder : str
        Inside the cohort folder.
    endings : sequence of str
    participants : pandas.Index
    what : str
        What a file holds, in a word.

    Returns
    -------
    dict of str to str
        Id to file, both sorted; empty when there is no such folder.
    """
    files: dict[str, str] = {}
    findings = Findings(reader)
    is_there = folder not in reader.refused and (reader.folder / folder).is_dir()
    paths = sorted((reader.folder / folder).glob("*")) if is_there else []
    for path in paths:
        file = f"{folder}/{path.name}"
        ending = next((ending for ending in endings if path.name.endswith(ending)), None)
        if path.name.startswith(".") or path.suffix == ".json" or file in reader.refused:
            continue
        name = path.name.removesuffix(ending or "")
        if ending is None or not path.is_file():
            expected = f"one {what} per person, <participant_id>{' or '.join(endings)}"
            findings.add(
                "other",
                folder,
                f"'{_shorten(path.name)}', which is not read",
                expected,
                "move it elsewhere.",
                severity="warning",
            )
        elif name in files:
            findings.add(
                "twice", file, f"a second {what} of {name}", f"one {what} per person", "remove one of the two."
            )
        elif len(participants) and name not in participants:
            guess = guess_id(name, participants)
            fix = (
                f"rename it {guess}{ending}, if that is who is meant."
                if guess
                else "add the person to participants.tsv, or remove the file."
            )
            findings.add("stranger", file, f"a {what} of '{name}'", "an id of participants.tsv as its name", fix)
        else:
            files[name] = file
    findings.report()
    return files


def _shorten(name: str) -> str:
    """Return how a file's name ends, as its start may be somebody's id."""
    return f"…{name[name.index('.') :]}" if "." in name else "a file without an ending"


@dataclass(frozen=True, eq=False)
class Matrix:
    """One person's connectivity, as its file has it.

    Attributes
    ----------
    rows, columns : tuple of str or None
        Names of the nodes; None when the file holds numbers only.
    values : numpy.ndarray of shape (n, n)
    """

    file: str
    rows: tuple[str, ...] | None
    columns: tuple[str, ...] | None
    values: np.ndarray

    def place(self, row: int, column: int) -> dict[str, Any]:
        """Return line and column of a cell: its name, or its number counted from 1."""
        if self.columns is None:
            return {"line": row + 1, "column": str(column + 1)}
        return {"line": row + 2, "column": self.columns[column]}

    def name(self, row: int, column: int) -> str:
        """Return the two nodes of a cell."""
        if self.rows is None or self.columns is None:
            return f"{row + 1} and {column + 1}"
        return f"{self.rows[row]} and {self.columns[column]}"


def read_matrices(reader: Reader, folder: str, participants: pd.Index, nodes: pd.DataFrame | None) -> BlockTable | None:
    """Read one square matrix per person into the block that a wide table of edges would be.

    Parameters
    ----------
    reader : Reader
    folder : str
        Holds ``<participant_id>.tsv`` or ``.tsv.gz``: nodes in rows and columns, with their names in the first line and
        column, or numbers only in the order of ``nodes.tsv``.
    participants : pandas.Index
    nodes : pandas.DataFrame or None
        Index ``node``.

    Returns
    -------
    BlockTable or None
        Columns ``<node>--<node>``: the upper triangle in the order of ``nodes.tsv``. Halves may differ by 0.001, the
        diagonal is 1 within 0.001 (0 and blank are accepted). None when no matrix can be used.
    """
    files = list_person_files(reader, folder, read_schema()["matrices"]["endings"], participants, "matrix")
    if not files:
        return None
    if nodes is None:
        report_no_nodes(reader)
        return None
    findings = Findings(reader)
    read = {name: _read_matrix(reader, findings, file) for name, file in files.items()}
    usable = {name: m for name, m in read.items() if m is not None and _check_names(findings, m, nodes.index)}
    used = _agree_on_nodes(findings, usable, nodes.index)
    for name, matrix in list(usable.items()):
        if not _check_matrix(findings, matrix) or (matrix.rows is not None and set(matrix.rows) != set(used)):
            del usable[name]
    findings.report()
    return _as_block(reader, folder, usable, used) if usable and len(used) > 1 else None


def _read_matrix(reader: Reader, findings: Findings, file: str) -> Matrix | None:
    try:
        with (gzip.open if file.endswith(".gz") else open)(reader.folder / file, "rt", encoding="utf-8-sig") as lines:
            rows = [line.rstrip("\n").split("\t") for line in lines]
    except Exception as error:  # damaged gzip raises many kinds
        reader.report_unreadable(file, error)
        return None
    while rows and rows[-1] == [""]:
        rows.pop()
    if not rows:
        reader.report(file, "an empty file", "a square matrix", "export it again, or remove the file.")
        return None
    is_named = _as_number(rows[0][0]) is None or rows[0][0] == ""
    columns = tuple(cell.strip('"') for cell in rows[0][1:]) if is_named else None
    names = tuple(row[0].strip('"') for row in rows[1:]) if is_named else None
    cells = [row[1:] for row in rows[1:]] if is_named else rows
    n_columns = len(rows[0]) - is_named
    uneven = next((i for i, row in enumerate(cells) if len(row) != n_columns), None)
    if uneven is not None or len(cells) != n_columns or n_columns < 2:
        _report_shape(findings, file, len(cells), n_columns, None if uneven is None else uneven + 1 + is_named)
        return None
    values = [[_as_number(cell) for cell in row] for row in cells]
    matrix = Matrix(file, names, columns, np.array(values, dtype=float))
    text = next(((i, j) for i, row in enumerate(values) for j, cell in enumerate(row) if cell is None), None)
    if text is not None:
        fix = "write the number with a decimal point, or n/a when it is unknown."
        findings.add("text", file, f"'{cells[text[0]][text[1]]}'", "a number", fix, **matrix.place(*text))
        return None
    return matrix


def _as_number(cell: str) -> float | None:
    if cell in BLANKS:
        return float("nan")
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


def _report_shape(findings: Findings, file: str, n_rows: int, n_columns: int, line: int | None) -> None:
    hint = "is the file tab-separated? " if n_columns < 2 else ""
    found = (
        f"{n_rows:,} rows of {n_columns:,} numbers" if line is None else "a row with more or fewer cells than the first"
    )
    fix = f"{hint}export the whole square matrix, with the nodes' names in the first line and the first column."
    findings.add("square", file, found, "as many rows as columns, two or more", fix, line=line)


def _check_names(findings: Findings, matrix: Matrix, nodes: pd.Index) -> bool:
    """Report names that are not those of ``nodes.tsv``; return whether the matrix can be placed."""
    n = len(matrix.values)
    if matrix.rows is None or matrix.columns is None:
        if n != len(nodes):
            fix = f"give the nodes' names in the first line and column, or a line in {NODES} for every row."
            findings.add("size", matrix.file, f"{n:,} rows without names", f"{len(nodes):,}, as in {NODES}", fix)
        return n == len(nodes)
    twice = [name for name, k in Counter(matrix.columns).items() if k > 1]
    unknown = [name for name in matrix.columns if name not in nodes]
    if twice:
        findings.add(
            "double",
            matrix.file,
            f"the node {name_some(twice)} more than once",
            "every node once",
            "rename the double.",
            line=1,
        )
    elif unknown:
        guess = {str(node).lower(): node for node in nodes}.get(unknown[0].lower())
        fix = (
            f"write {guess}, if that is meant." if guess else f"spell the names as in {NODES}, or add the nodes there."
        )
        found = f"{count(len(unknown), 'node')} that {NODES} does not list ({name_some(unknown)})"
        findings.add("unknown", matrix.file, found, f"nodes of {NODES}", fix, line=1, column=unknown[0])
    elif set(matrix.rows) != set(matrix.columns) or len(set(matrix.rows)) != n:
        odd = next(i for i, name in enumerate(matrix.rows) if name not in matrix.columns or name in matrix.rows[:i])
        fix = "name rows and columns alike."
        findings.add(
            "rows",
            matrix.file,
            f"the row '{matrix.rows[odd]}'",
            "the same nodes in rows and columns",
            fix,
            line=odd + 2,
        )
    else:
        return True
    return False


def _agree_on_nodes(findings: Findings, matrices: dict[str, Matrix], nodes: pd.Index) -> list[str]:
    """Return the nodes of most matrices, in the order of ``nodes.tsv``; report matrices that have others."""
    sets = {name: frozenset(nodes if m.rows is None else m.rows) for name, m in matrices.items()}
    if not sets:
        return []
    usual = Counter(sets.values()).most_common(1)[0][0]
    for name, own in sets.items():
        if own != usual:
            lacks, has = sorted(usual - own), sorted(own - usual)
            parts = ([f"without {name_some(lacks)}"] if lacks else []) + ([f"with {name_some(has)}"] if has else [])
            fix = "give everybody the same nodes; a region that was not covered is a row and column of n/a."
            findings.add(
                "nodes",
                matrices[name].file,
                f"a matrix {' and '.join(parts)}",
                f"the {count(len(usual), 'node')} of most matrices",
                fix,
            )
    return [node for node in nodes if node in usual]


def _check_matrix(findings: Findings, matrix: Matrix) -> bool:
    """Report a matrix that is not symmetric or has a strange diagonal; return whether it is right."""
    values = _with_columns_as_rows(matrix)
    diagonal = np.diag(values)
    strange = np.flatnonzero(
        ~(np.isnan(diagonal) | np.isinf(diagonal) | (diagonal == 0) | (np.abs(diagonal - 1) <= TOLERANCE))
    )
    if strange.size:
        at = int(strange[0])
        found = f"{diagonal[at]:.4g} on the diagonal" + (
            f" (and {count(strange.size - 1, 'more node')})" if strange.size > 1 else ""
        )
        fix = "give correlations, each node's with itself 1; were they multiplied or smoothed?"
        place = matrix.place(at, at if matrix.rows is None else matrix.columns.index(matrix.rows[at]))
        findings.add("diagonal", matrix.file, found, "1 (0 or n/a are accepted too)", fix, **place)
    return _check_symmetry(findings, matrix, values) and not strange.size


def _check_symmetry(findings: Findings, matrix: Matrix, values: np.ndarray) -> bool:
    with np.errstate(invalid="ignore"):
        gap = np.abs(values - values.T)
    gap[np.isnan(values) != np.isnan(values.T)] = np.inf
    gap = np.nan_to_num(gap, nan=0.0, posinf=np.inf)
    row, column = np.unravel_index(int(gap.argmax()), gap.shape)
    if gap[row, column] <= TOLERANCE:
        return True
    below = values[np.tril_indices(len(values), -1)]
    above = values[np.triu_indices(len(values), 1)]
    expected = f"halves that differ by {TOLERANCE:g} at most"
    file = matrix.file
    if any((np.isnan(half) | (half == 0)).all() for half in (below, above)):
        findings.add("half", file, "only one half filled", expected, "fill both halves: add the transposed matrix.")
    else:
        there = int(column) if matrix.rows is None else matrix.columns.index(matrix.rows[column])
        found = f"a matrix that is not symmetric: {values[row, column]:.4g} and {values[column, row]:.4g} between {matrix.name(int(row), there)}"
        findings.add(
            "symmetry", file, found, expected, "export the correlations again.", **matrix.place(int(row), there)
        )
    return False


def _with_columns_as_rows(matrix: Matrix) -> np.ndarray:
    """Return the values with columns in the order of the rows."""
    if matrix.rows is None or matrix.rows == matrix.columns:
        return matrix.values
    at = {name: i for i, name in enumerate(matrix.columns)}
    return matrix.values[:, [at[name] for name in matrix.rows]]


def _as_block(reader: Reader, folder: str, matrices: dict[str, Matrix], nodes: list[str]) -> BlockTable:
    upper = np.triu_indices(len(nodes), 1)
    edges = [f"{nodes[a]}{EDGE}{nodes[b]}" for a, b in zip(*upper, strict=True)]
    places = [_locate_nodes(matrix, nodes) for matrix in matrices.values()]
    rows = [m.values[r[upper[0]], c[upper[1]]] for m, (r, c) in zip(matrices.values(), places, strict=True)]
    table = pd.DataFrame(np.vstack(rows), index=pd.Index(list(matrices), name=ID), columns=edges)
    listed = list(matrices.values())

    def locate(row: int | None, column: int | None) -> tuple[str, int | None, str | None]:
        if row is None or column is None:
            return (folder if row is None else listed[row].file), None, None if column is None else edges[column]
        at = listed[row].place(int(places[row][0][upper[0][column]]), int(places[row][1][upper[1][column]]))
        return listed[row].file, at["line"], at["column"]

    return BlockTable(reader, folder, table, locate, shows_ids=True)


def _locate_nodes(matrix: Matrix, nodes: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the row and the column of each node in a matrix."""
    if matrix.rows is None:
        return np.arange(len(nodes)), np.arange(len(nodes))
    row, column = ({name: i for i, name in enumerate(names)} for names in (matrix.rows, matrix.columns))
    return np.array([row[node] for node in nodes]), np.array([column[node] for node in nodes])


def read_maps(reader: Reader, participants: pd.Index, *, with_values: bool) -> dict[str, Path]:
    """Find everybody's map and report those that cannot be compared with the others.

    Parameters
    ----------
    reader : Reader
    participants : pandas.Index
    with_values : bool
        Read the voxels too, one map at a time: empty maps, and blanks inside the brain. Else headers only.

    Returns
    -------
    dict of str to pathlib.Path
        Id to file; empty when the cohort has none.
    """
    rules = read_schema()["maps"]
    files = list_person_files(reader, rules["folder"], rules["endings"], participants, "map")
    findings = Findings(reader)
    headers = {name: _read_header(findings, file) for name, file in files.items()}
    usable = {files[name]: header for name, header in headers.items() if header is not None}
    same_space = _check_space(findings, usable)
    if with_values and same_space:
        _check_voxels(findings, list(usable))
    findings.report()
    return {name: reader.folder / file for name, file in files.items() if headers[name] is not None}


@dataclass(frozen=True, eq=False)
class Space:
    """Shape and affine of a map."""

    shape: tuple[int, ...]
    affine: np.ndarray

    def equals(self, other: Space) -> bool:
        """Whether voxels stand for the same places (affine within 0.001)."""
        return self.shape == other.shape and np.allclose(
            self.affine, other.affine, rtol=0, atol=TOLERANCE, equal_nan=True
        )

    def __str__(self) -> str:
        sizes = np.sqrt((self.affine[:3, :3] ** 2).sum(axis=0))
        corner = " ".join(f"{x:g}" for x in self.affine[:3, 3])
        return f"{' × '.join(map(str, self.shape))} voxels of {' × '.join(f'{s:.3g}' for s in sizes)} mm from {corner}"


def _read_header(findings: Findings, file: str) -> Space | None:
    import nibabel

    again = "export or copy the map again."
    try:
        image = nibabel.load(findings.reader.folder / file)
        space, kind = (
            Space(tuple(map(int, image.shape)), np.asarray(image.affine, dtype=float)),
            image.get_data_dtype().kind,
        )
    except Exception as error:  # whatever nibabel says of damaged bytes
        findings.add(
            "header", file, f"a file that cannot be read ({findings.reader.tell(error)})", "a NIfTI map", again
        )
        return None
    if kind not in "iuf":
        findings.add(
            "type",
            file,
            f"voxels of type {image.get_data_dtype()}",
            "one real number per voxel",
            "save the magnitude, or one part, as floating point.",
        )
        return None
    if len(space.shape) < 3 or any(n != 1 for n in space.shape[3:]):
        found = f"{len(space.shape)} dimensions ({' × '.join(map(str, space.shape))})"
        findings.add(
            "dimensions", file, found, "one 3-D map per person", "give one contrast or one summary map, not a series."
        )
        return None
    return Space(space.shape[:3], space.affine)


def _check_space(findings: Findings, headers: dict[str, Space]) -> bool:
    """Report maps whose shape or affine differs from that of most; return whether none does."""
    kinds: list[tuple[Space, list[str]]] = []
    for file, space in headers.items():
        alike = next((files for other, files in kinds if other.equals(space)), None)
        if alike is None:
            kinds.append((space, [file]))
        else:
            alike.append(file)
    kinds.sort(key=lambda kind: -len(kind[1]))
    for space, files in kinds[1:]:
        for file in files:
            usual = f"{kinds[0][0]}, as most maps"
            findings.add("space", file, str(space), usual, "bring all maps into the same space, with the same voxels.")
    return len(kinds) == 1


def _check_voxels(findings: Findings, files: list[str]) -> None:
    """Read the maps one at a time; a brain voxel is one that is known and not 0 in half of the maps or more."""
    filled: np.ndarray | None = None
    blank, n_read = [], 0
    for file in files:
        values = _read_voxels(findings, file)
        if values is None:
            continue
        known = np.isfinite(values) & (values != 0)
        if not known.any():
            findings.add(
                "empty",
                file,
                "a map of nothing but 0 or blanks",
                "a value for every voxel of the brain",
                "export the map again, or remove it.",
            )
            continue
        if np.isinf(values).any():
            findings.add(
                "infinite",
                file,
                f"{count(int(np.isinf(values).sum()), 'infinite voxel')}",
                "finite numbers",
                "export the map again, or blank those voxels.",
            )
        blank += [file] if np.isnan(values).any() else []
        filled = known.astype(np.int32) if filled is None else filled + known
        n_read += 1
    if filled is not None:
        _warn_blank_voxels(findings, blank, filled >= IN_BRAIN * n_read)


def _read_voxels(findings: Findings, file: str) -> np.ndarray | None:
    import nibabel

    try:
        return np.asanyarray(nibabel.load(findings.reader.folder / file).dataobj).squeeze()
    except Exception as error:  # truncated gzip, too few bytes
        findings.add(
            "voxels",
            file,
            f"voxels that cannot be read ({findings.reader.tell(error)})",
            "a whole NIfTI map",
            "export or copy the map again.",
        )
        return None


def _warn_blank_voxels(findings: Findings, files: list[str], brain: np.ndarray) -> None:
    shares = []
    for file in files:
        values = _read_voxels(findings, file)
        if values is not None and (share := np.isnan(values)[brain].mean()) > 0:
            shares.append(float(share))
    if shares:
        findings.reader.report(
            read_schema()["maps"]["folder"],
            f"blank voxels inside the brain in {count(len(shares), 'map')}, up to {max(shares):.1%} of it",
            "a value for every voxel that most maps have",
            "nothing, if the field of view was small there: these voxels are left out; else export the maps again.",
            severity="warning",
        )
