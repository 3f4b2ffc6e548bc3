"""Set scores beside published bands: how many people of each group fall into each."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.resilience.scales import list_bands
from helpers.wording import hide_small_parts


def summarise_bands(measures: pd.DataFrame, groups: pd.DataFrame, *, small_cell: int = 5) -> pd.DataFrame:
    """Count the people of each group in each published band of each score.

    Parameters
    ----------
    measures : pandas.DataFrame of shape (n_participants, n_scores)
        From :func:`score_measures`; scores without published bands are left out.
    groups : pandas.DataFrame
        With a column ``group``.
    small_cell : int, default 5

    Returns
    -------
    pandas.DataFrame
        Index (score, band); columns start, end (points), n_high and n_low (text: counts below `small_cell` are shown as
        ``<5``, one that would give them away as ``hidden``).

    Examples
    --------
    >>> measures = pd.DataFrame({"hads.anxiety": [3.0, 7.0, 12.0]}, index=list("abc"))
    >>> groups = pd.DataFrame({"group": ["high", "low", "low"]}, index=list("abc"))
    >>> summarise_bands(measures, groups, small_cell=1)[["n_high", "n_low"]].to_numpy().tolist()
    [['1', '1'], ['0', '0'], ['0', '1']]
    """
    tables = {}
    for score in (name for name in measures if list_bands(name) is not None and measures[name].notna().any()):
        bands = list_bands(score)
        edges = [*bands["start"], np.inf]
        place = pd.cut(measures[score].round(6), edges, right=False, labels=bands.index)
        sides = {}
        for side in ("high", "low"):
            of_side = place.reindex(groups.index[groups["group"] == side])
            sides[f"n_{side}"] = hide_small_parts(of_side.value_counts().reindex(bands.index).tolist(), small_cell)
        tables[score] = bands.assign(**sides)
    if not tables:
        index = pd.MultiIndex.from_arrays([[], []], names=["score", "band"])
        return pd.DataFrame(columns=["start", "end", "n_high", "n_low"], index=index)
    return pd.concat(tables, names=["score"])


def summarise_scores(measures: pd.DataFrame, groups: pd.DataFrame, *, small_cell: int = 5) -> pd.DataFrame:
    """Return where the scores of each group lie, for those with published bands.

    Parameters
    ----------
    measures, groups, small_cell
        As for :func:`summarise_bands`.

    Returns
    -------
    pandas.DataFrame
        Index (score, group); columns n, q1, median, q3 in points; a group with fewer than `small_cell` scores is left
        out.
    """
    rows = {}
    for score in (name for name in measures if list_bands(name) is not None):
        for side in ("high", "low"):
            known = measures[score].reindex(groups.index[groups["group"] == side]).dropna()
            if len(known) >= small_cell:
                rows[score, side] = [len(known), *known.quantile([0.25, 0.5, 0.75])]
    index = (
        pd.MultiIndex.from_tuples(rows, names=["score", "group"])
        if rows
        else pd.MultiIndex.from_arrays([[], []], names=["score", "group"])
    )
    return pd.DataFrame(list(rows.values()), index=index, columns=["n", "q1", "median", "q3"])
