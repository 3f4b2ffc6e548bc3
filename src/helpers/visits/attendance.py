"""Who came when, and whether those who stayed away are others than those who came."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep

from helpers.contrasts import fit_contrasts
from helpers.problems import TooLittle
from helpers.wording import as_text, hide_small, tell_part

LOST_LEAST = 10  # lost and kept, below which their baselines are not compared


def count_attendance(attendance: pd.DataFrame, groups: pd.DataFrame, *, small_cell: int) -> pd.DataFrame:
    """Count who came to each visit, by group, and compare the groups.

    Parameters
    ----------
    attendance : pandas.DataFrame
        Participants by visits, yes or no.
    groups : pandas.DataFrame
        Column ``group``: high, low or missing.
    small_cell : int
        Where fewer came, or stayed away, of a group, nothing of the visit is told but p.

    Returns
    -------
    pandas.DataFrame
        Index visit; n_high, n_low (who came), attended_high, attended_low (proportions of the group), difference with
        difference_low and difference_high (high minus low; Newcombe's interval [1]_), p (Fisher's exact test).

    References
    ----------
    .. [1] Newcombe RG (1998). Interval estimation for the difference between independent proportions: comparison of eleven
       methods. Stat Med 17(8):873-890. doi:10.1002/(sici)1097-0258(19980430)17:8<873::aid-sim779>3.0.co;2-i

    Examples
    --------
    >>> came = pd.DataFrame({"a": [True] * 40, "b": [True] * 30 + [False] * 10}, index=range(40))
    >>> groups = pd.DataFrame({"group": ["high", "low"] * 20}, index=range(40))
    >>> count_attendance(came, groups, small_cell=5)["n_high"].tolist()
    [20, 15]
    """
    group = groups["group"].dropna()
    came = attendance.reindex(group.index, fill_value=False).astype(bool)
    rows = {}
    for visit in came.columns:
        sizes = {side: int((group == side).sum()) for side in ("high", "low")}
        n = {side: int(came.loc[group == side, visit].sum()) for side in ("high", "low")}
        lost = {side: sizes[side] - n[side] for side in sizes}
        varies = 0 < sum(n.values()) < sum(sizes.values())
        low, high = _bound(n, sizes) if varies else (np.nan, np.nan)
        p = stats.fisher_exact([[n["high"], lost["high"]], [n["low"], lost["low"]]]).pvalue if varies else np.nan
        difference = n["high"] / sizes["high"] - n["low"] / sizes["low"] if varies else np.nan
        row = {f"n_{side}": n[side] for side in n} | {f"attended_{side}": n[side] / sizes[side] for side in n}
        row |= {"difference": difference, "difference_low": low, "difference_high": high}
        hidden = any(0 < number < small_cell for number in (*n.values(), *lost.values()))
        rows[visit] = (dict.fromkeys(row, np.nan) if hidden else row) | {"p": p}
    return pd.DataFrame(rows).T.astype({"n_high": "Int64", "n_low": "Int64"}).rename_axis("visit")


def _bound(n: dict[str, int], sizes: dict[str, int]) -> tuple[float, float]:
    low, high = confint_proportions_2indep(
        n["high"], sizes["high"], n["low"], sizes["low"], method="newcomb", compare="diff"
    )
    return float(low), float(high)


def compare_lost(attendance: pd.DataFrame, measured: pd.DataFrame, *, baseline: str) -> pd.DataFrame:
    """Compare at the baseline who came to all visits with who missed one.

    Parameters
    ----------
    attendance : pandas.DataFrame
        Participants by visits.
    measured : pandas.DataFrame
        Index ``participant_id``: numbers at the baseline, such as age and scores.
    baseline : str

    Returns
    -------
    pandas.DataFrame
        As :func:`helpers.contrasts.fit_contrasts`: who came to all minus who missed one, as n_high and n_low.

    Raises
    ------
    TooLittle
        Fewer than ten of either.
    """
    came = attendance[attendance[baseline]]
    kept = came.all(axis=1).astype(float).to_frame("group")
    sizes = kept["group"].value_counts()
    if min(sizes.get(1.0, 0), sizes.get(0.0, 0)) < LOST_LEAST:
        raise TooLittle(
            f"{hide_small(int(sizes.get(0.0, 0)))} missed a visit and {hide_small(int(sizes.get(1.0, 0)))} came to all: too few to "
            "compare them."
        )
    return fit_contrasts(measured.select_dtypes("number"), kept)


def describe_attendance(attendance: pd.DataFrame, groups: pd.DataFrame, *, baseline: str, small_cell: int) -> str:
    """Say which visits there are, which is the baseline, and how many came to all."""
    people = groups.index[groups["group"].notna()]
    came = attendance.reindex(people, fill_value=False).astype(bool)
    visits = ", ".join(as_text(visit) for visit in attendance.columns)
    n_all = int(came.all(axis=1).sum())
    return (
        f"{attendance.shape[1]} visits: {visits}. Changes count from {as_text(baseline)}, which all other chapters use. "
        f"{tell_part(n_all, len(people), small_cell)} participants in a group came to every visit."
    )
