"""Count people from the participants table to the groups, with the reason for each loss."""

from __future__ import annotations

import pandas as pd

from helpers.contract import Cohort
from helpers.table1.checklist import INTEGRATED
from helpers.table1.modalities import find_complete
from helpers.wording import hide_small, hide_small_parts


def count_groups(groups: pd.DataFrame) -> tuple[int, int]:
    """Return how many people are in the high and in the low group.

    Parameters
    ----------
    groups : pandas.DataFrame
        With a column ``group``: ``high``, ``low`` or NaN.

    Returns
    -------
    tuple of int

    Examples
    --------
    >>> count_groups(pd.DataFrame({"group": ["high", "low", None, "low"]}))
    (1, 2)
    """
    return int((groups["group"] == "high").sum()), int((groups["group"] == "low").sum())


def count_flow(cohort: Cohort, groups: pd.DataFrame) -> pd.DataFrame:
    """Count people from the participants table to the groups, with the reason for each loss.

    Parameters
    ----------
    cohort : Cohort
    groups : pandas.DataFrame
        From ``helpers.cohort.assign_groups``: columns ``group`` and ``reason``.

    Returns
    -------
    pandas.DataFrame
        Index ``step``; columns part (recruited, left out, in a group, high,
        low, not adjusted, adjusted, integrated, complete) and n (text: counts below
        ``settings.small_cell`` are shown as ``<5``, and one that would give
        such a count away as ``hidden``). Somebody who lacks several covariates
        is counted at the first.
    """
    n_high, n_low = count_groups(groups)
    labels, small = cohort.settings.labels, cohort.settings.small_cell
    reasons = groups.loc[groups["group"].isna(), "reason"].value_counts()
    kept = [
        ("In a group", "in a group", n_high + n_low),
        (labels["high"], "high", n_high),
        (labels["low"], "low", n_low),
    ]
    rows = [("Participants in the cohort", "recruited", str(len(groups)))]
    rows += [
        (str(why), "left out", n)
        for why, n in zip(reasons.index, hide_small_parts(reasons.tolist(), small), strict=True)
    ]
    rows += [(step, part, hide_small(n, small)) for step, part, n in kept]
    lacking = _count_lacking(cohort, groups)
    rows += [
        (f"{name} is missing", "not adjusted", n)
        for name, n in zip(lacking.index, hide_small_parts(lacking.tolist(), small), strict=True)
    ]
    adjusted = n_high + n_low - int(lacking.sum())
    rows.append(("With every covariate", "adjusted", hide_small(adjusted, small)))
    integrated = _count_integrated(cohort, groups)
    if integrated is None:
        rows.append(("… and every kind of data", "complete", hide_small(_count_complete(cohort, groups), small)))
    else:
        told = "hidden" if 0 < adjusted - integrated < small else hide_small(integrated, small)
        rows.append(("… and every block of chapter 06", "integrated", told))
    return pd.DataFrame(rows, columns=["step", "part", "n"]).set_index("step")


def _count_complete(cohort: Cohort, groups: pd.DataFrame) -> int:
    """Return how many people of the groups have every covariate and every kind of data."""
    complete = find_complete(cohort, groups)
    known = cohort.participants.reindex(complete)[_list_wanted(cohort)].notna().all(axis=1)
    return int((known & groups["group"].reindex(complete).notna()).sum())


def _count_integrated(cohort: Cohort, groups: pd.DataFrame) -> int | None:
    """Return how many people of the groups have every covariate and every block that is integrated; None below two blocks."""
    further = [block.table for block in cohort.further.values() if block.integrate]
    tables = [cohort.blocks[name] for name in INTEGRATED if name in cohort.blocks] + further
    if len(tables) < 2:
        return None
    people = groups.index[groups["group"].notna()]
    for table in tables:
        people = people.intersection(table.index)
    return int(cohort.participants.reindex(people)[_list_wanted(cohort)].notna().all(axis=1).sum())


def _list_wanted(cohort: Cohort) -> list[str]:
    batch = [cohort.settings.batch] if cohort.settings.batch else []
    return [name for name in dict.fromkeys([*cohort.settings.covariates, *batch]) if name in cohort.participants]


def _count_lacking(cohort: Cohort, groups: pd.DataFrame) -> pd.Series:
    """Return how many people of the groups lack each covariate, counted at the first they lack."""
    wanted = _list_wanted(cohort)
    people = groups.index[groups["group"].notna()]
    blank = cohort.participants.reindex(people)[wanted].isna()
    first = blank.idxmax(axis=1)[blank.any(axis=1)] if wanted else pd.Series(dtype=object)
    return first.value_counts().reindex(wanted, fill_value=0).loc[lambda n: n > 0]
