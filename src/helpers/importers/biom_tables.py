"""BIOM tables (HDF5 or JSON) from bytes, within limits."""

from __future__ import annotations

import io
import json
from pathlib import Path

import biom
import h5py
import numpy as np
import pandas as pd

from helpers.importers.base import refuse
from helpers.importers.heads import AGAIN, MOST_BYTES, MOST_COLUMNS
from helpers.importers.samples import ID

HDF5 = b"\x89HDF"
CELL_BYTES = 8
AXES, PARTS = ("observation", "sample"), ("ids", "matrix", "matrix/data", "matrix/indices", "matrix/indptr", "metadata")
TAXONOMY = ("taxonomy", "Taxonomy", "Taxon", "taxon")


def read_biom(content: bytes, path: Path) -> tuple[pd.DataFrame, dict[str, str]]:
    """Read a BIOM table.

    Parameters
    ----------
    content : bytes
        HDF5 (version 2.1) or JSON (version 1).
    path : pathlib.Path
        Named in errors.

    Returns
    -------
    pandas.DataFrame
        Samples in rows (index ``participant_id``), features in columns; whole numbers where all are.
    dict of str to str
        Lineage by feature, where the table carries one.

    Raises
    ------
    CohortError
        When it is no BIOM table, is empty, damaged or too large.
    """
    try:
        table = _read_hdf5(content, path) if content[:4] == HDF5 else biom.Table.from_json(json.loads(content))
        n_features, n_samples = table.shape
    except (
        OSError,
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        RuntimeError,
        RecursionError,
    ) as error:
        if hasattr(error, "problems"):
            raise
        said = (str(error).splitlines() or [type(error).__name__])[0][:100]
        raise refuse(path, f"no readable BIOM table ({said})", "a table in BIOM, HDF5 or JSON", AGAIN) from error
    if not n_features or not n_samples:
        raise refuse(path, "a BIOM table without samples or features", "at least one of each", AGAIN)
    _check_size(path, n_features, n_samples)
    values = table.matrix_data.T.toarray()
    if (values == np.floor(values)).all() and np.abs(values).max() < 2**53:
        values = values.astype(np.int64)
    names = [str(name) for name in table.ids(axis="observation")]
    samples = pd.Index([str(name) for name in table.ids()], name=ID)
    return pd.DataFrame(values, index=samples, columns=names), _list_lineages(table, names)


def _read_hdf5(content: bytes, path: Path) -> biom.Table:
    with h5py.File(io.BytesIO(content), "r") as file:
        n_features, n_samples = (int(n) for n in file.attrs["shape"])
        _check_size(path, n_features, n_samples)
        parts = [file.get(f"{axis}/{name}", getlink=True) for axis in AXES for name in PARTS]
        if any(isinstance(link, h5py.ExternalLink) for link in parts):
            raise refuse(path, "a table whose data lie in another file", "a whole table", AGAIN)
        if any(file[f"observation/matrix/{name}"].size > n_features * n_samples for name in ("data", "indices")):
            raise refuse(path, "more cells than its shape has", "a table in BIOM", AGAIN)
        return biom.Table.from_hdf5(file)


def _check_size(path: Path, n_features: int, n_samples: int) -> None:
    if n_features > MOST_COLUMNS or n_features * n_samples * CELL_BYTES > MOST_BYTES:
        found = f"a table of {n_features:,} features by {n_samples:,} samples"
        fix = "keep fewer features, for instance those in 5 % of samples."
        raise refuse(path, found, "a table that fits into memory", fix)


def _list_lineages(table: biom.Table, names: list[str]) -> dict[str, str]:
    found = {}
    for name, about in zip(names, table.metadata(axis="observation") or (), strict=False):
        lineage = next((about[key] for key in TAXONOMY if about and key in about), None)
        if lineage is not None:
            found[name] = lineage if isinstance(lineage, str) else "; ".join(str(part) for part in lineage)
    return found
