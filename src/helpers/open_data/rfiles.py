"""Read files of R without R."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from helpers.open_data.files import OpenDataError


def read_rda(path: Path, name: str) -> Any:
    """Read one object of an R data file.

    Parameters
    ----------
    path : pathlib.Path
        ``.rda``, as R's ``save()`` writes it, compressed or not.
    name : str
        Of the object.

    Returns
    -------
    pandas.DataFrame, pandas.Series or dict
        A data frame or a matrix with its row and column names; a factor as a Series of its labels; a list as a
        dict of these.

    Raises
    ------
    OpenDataError
        When the file holds no such object.
    """
    import rdata

    objects = rdata.read_rda(path)
    if name not in objects:
        raise OpenDataError(f"{path.name} holds no {name}, but {', '.join(objects)}.")
    return _to_pandas(objects[name])


def _to_pandas(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _to_pandas(part) for key, part in value.items()}
    if isinstance(value, pd.Categorical):
        return pd.Series(value.astype(str))
    return value.to_pandas() if hasattr(value, "to_pandas") else value
