"""Mean framewise displacement of each participant, from one value per frame or per run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.importers.base import refuse
from helpers.importers.cells import BLANKS, ID
from helpers.importers.delimited import to_numbers

MOTION = "brain/motion.tsv"
MEAN_FD = "mean_fd_mm"


def mean_of_frames(path: Path, table: pd.DataFrame, column: str) -> tuple[float, int]:
    """Return the mean displacement of a run in mm, and its number of frames.

    The first frame has no frame before it: its displacement is left out, whether it is written ``n/a`` or 0.

    Parameters
    ----------
    path : pathlib.Path
    table : pandas.DataFrame of str
        One row per frame.
    column : str
        Framewise displacement in mm.

    Raises
    ------
    CohortError
        When a value is no number or below 0, or none is left.
    """
    values = to_numbers(path, table[[column]], missing=BLANKS)[column].to_numpy(float)
    known = values[1:][~np.isnan(values[1:])]
    if not known.size:
        raise refuse(path, f"no value of {column} behind the first frame", "one per frame", "look at the run.")
    if (known < 0).any():
        raise refuse(path, f"a value of {column} below 0", "a displacement in mm", "run the program again.")
    return float(known.mean()), len(values)


def average_runs(runs: Mapping[str, Sequence[tuple[float, int]]]) -> pd.DataFrame:
    """Return one row per participant: the mean over runs, weighted by their number of frames.

    Parameters
    ----------
    runs : mapping of str to sequence of (float, int)
        Participant to mean displacement (mm) and number of frames of each run.

    Returns
    -------
    pandas.DataFrame
        Index ``participant_id``; column ``mean_fd_mm``.

    Examples
    --------
    >>> average_runs({"sub-01": [(0.1, 100), (0.4, 200)]})["mean_fd_mm"].round(3).tolist()
    [0.3]
    """
    means = {name: _weigh(of_one) for name, of_one in runs.items()}
    return pd.DataFrame({MEAN_FD: means}).rename_axis(ID)


def _weigh(runs: Sequence[tuple[float, int]]) -> float:
    means, frames = zip(*runs, strict=True)
    return float(np.average(means, weights=frames))
