"""Connectivity as one square matrix per participant: checked, averaged over runs, and named as the contract wants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.contract.schema import read_schema
from helpers.importers.base import refuse
from helpers.problems import name_some, quote

TOLERANCE = 1e-3
ASK_FOR_NODES = (
    "Connectivity needs brain/nodes.tsv: one line per node with the columns node (spelled as in the matrices), network, "
    "and x, y, z (MNI coordinates in mm)."
)


def check_matrix(path: Path, matrix: pd.DataFrame, *, is_r: bool = True) -> pd.DataFrame:
    """Return a matrix of connectivity in the order of its rows; refuse one that is none.

    Parameters
    ----------
    path : pathlib.Path
    matrix : pandas.DataFrame of shape (n_nodes, n_nodes)
        Pearson's r (or Fisher's z); NaN where unknown.
    is_r : bool, default True
        Whether values must lie within -1 and 1.

    Raises
    ------
    CohortError
        When rows and columns name different nodes, halves differ by more than 0.001, or a value cannot be.
    """
    if set(matrix.index) != set(matrix.columns) or matrix.index.has_duplicates or matrix.columns.has_duplicates:
        odd = sorted(set(map(str, matrix.index)) ^ set(map(str, matrix.columns)))
        found = f"a matrix of {matrix.shape[0]} rows and {matrix.shape[1]} columns" + (
            f" that do not name the same nodes ({name_some(map(quote, odd))})" if odd else " that names a node twice"
        )
        raise refuse(path, found, "a square matrix, every node once", "export it again.")
    matrix = matrix.loc[:, matrix.index]
    values = matrix.to_numpy(float)
    if np.nanmax(np.abs(values - values.T), initial=0) > TOLERANCE or (np.isnan(values) != np.isnan(values.T)).any():
        raise refuse(path, "two halves that differ", "a symmetric matrix", "export the full matrix.")
    off = values[~np.eye(len(values), dtype=bool)]
    if np.isnan(off).all():
        raise refuse(path, "no value beside the diagonal", "a matrix of correlations", "look at the run.")
    if is_r and np.nanmax(np.abs(off)) > 1:
        found = f"values up to {np.nanmax(np.abs(off)):.3g}"
        fix = "say that they are Fisher's z (--role connectivity-z), if they are."
        raise refuse(path, found, "correlations within -1 and 1", fix)
    return matrix


def average_matrices(matrices: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the mean of several runs' correlations, taken on Fisher's z; a cell is NaN where every run lacks it.

    Parameters
    ----------
    matrices : sequence of pandas.DataFrame of shape (n_nodes, n_nodes)
        Pearson's r, of the same nodes.
    """
    first = matrices[0]
    if len(matrices) == 1:
        return first
    stacked = np.stack([matrix.loc[first.index, first.columns].to_numpy(float) for matrix in matrices])
    limit = np.nextafter(1.0, 0.0)
    z = np.arctanh(np.clip(stacked, -limit, limit))
    n_known = (~np.isnan(z)).sum(axis=0)
    mean = np.tanh(np.divide(np.nansum(z, axis=0), n_known, out=np.full(n_known.shape, np.nan), where=n_known > 0))
    diagonal = np.eye(len(first), dtype=bool)
    mean[diagonal] = np.where(np.isnan(mean[diagonal]), np.nan, 1.0)
    return pd.DataFrame(mean, index=first.index, columns=first.columns)


def name_files(matrices: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return matrices by file of the cohort folder, their nodes in the first line and column."""
    folder = read_schema()["matrices"]["folder"]
    return {f"{folder}/{name}.tsv": matrix.rename_axis("node") for name, matrix in matrices.items()}


def check_same_nodes(matrices: Mapping[str, tuple[Path, pd.DataFrame]]) -> None:
    """Refuse matrices of different nodes.

    Raises
    ------
    CohortError
    """
    first = None
    for path, matrix in matrices.values():
        first = set(matrix.index) if first is None else first
        if set(matrix.index) != first:
            odd = sorted(first ^ set(matrix.index))
            found = f"other nodes than in the first file ({name_some(map(quote, odd))})"
            raise refuse(path, found, "matrices of one atlas", "give the files of one atlas.")
