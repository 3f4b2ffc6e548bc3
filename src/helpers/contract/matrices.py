"""Connectivity as one square matrix per person: files in, one block of edges out."""

from __future__ import annotations

import gzip
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from helpers.contract.blocks import BlockTable
from helpers.contract.brain import EDGE, NODES, report_no_nodes
from helpers.contract.files import ID, Reader
from helpers.contract.person_files import Findings, list_person_files
from helpers.contract.schema import read_schema
from helpers.problems import count, name_some

TOLERANCE = 1e-3
BLANKS = ("n/a", "", "nan", "NaN")


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
