"""The distribution of a score in bars that never stand for a handful of people."""

from __future__ import annotations

import numpy as np
import pandas as pd

N_STEPS = 24


def bin_scores(groups: pd.DataFrame, *, cut: float, small_cell: int = 5) -> pd.DataFrame:
    """Count the scores of each group in bars that hold at least `small_cell` people.

    Bars start as equal steps, a twenty-fourth of the range, with one edge at the cut; a bar with fewer people is
    joined with the next one upwards, the last with the one below it.

    Parameters
    ----------
    groups : pandas.DataFrame
        Columns ``score`` (points; NaN where not scored) and ``group`` (high, low or missing).
    cut : float
        In points.
    small_cell : int, default 5

    Returns
    -------
    pandas.DataFrame
        One row per bar; columns group, start, end (points), n and per_point (n over the width). A group with
        fewer than `small_cell` people has no bar.

    Examples
    --------
    >>> scores = pd.DataFrame({"score": [70, 72, 76, 94.0], "group": ["low", "low", "low", "high"]})
    >>> bin_scores(scores, cut=82, small_cell=2)[["group", "start", "end", "n"]].to_numpy().tolist()
    [['low', 70.0, 77.0, 3]]
    """
    scored = groups.dropna(subset=["score", "group"])
    step = max(np.ptp(scored["score"]) / N_STEPS, 1e-9) if len(scored) else 1.0
    rows = []
    for side, scores in scored.groupby("group")["score"]:
        cells, counts = np.unique(np.floor((scores - cut) / step + 1e-9), return_counts=True)
        rows += [
            (side, cut + first * step, cut + (last + 1) * step, n)
            for first, last, n in _join(cells, counts, small_cell)
        ]
    table = pd.DataFrame(rows, columns=["group", "start", "end", "n"])
    return table.assign(per_point=table["n"] / (table["end"] - table["start"]))


def _join(cells: np.ndarray, counts: np.ndarray, small_cell: int) -> list[tuple[float, float, int]]:
    joined: list[tuple[float, float, int]] = []
    first, n = None, 0
    for cell, many in zip(cells, counts, strict=True):
        first, n = (cell if first is None else first), n + int(many)
        if n >= small_cell:
            joined.append((first, cell, n))
            first, n = None, 0
    if n and joined:
        start, _, before = joined.pop()
        joined.append((start, cells[-1], before + n))
    return joined
