"""Set the pooled studies beside the groups: where they go together, a contrast cannot tell them apart."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.contract import Cohort
from helpers.table1.summary import standardise_difference
from helpers.wording import as_text, hide_small_parts

NOTABLE_SMD = 0.2


def count_batches(cohort: Cohort, groups: pd.DataFrame) -> pd.DataFrame:
    """Count the people of each group in each batch.

    Parameters
    ----------
    cohort : Cohort
    groups : pandas.DataFrame
        From ``helpers.cohort.assign_groups``.

    Returns
    -------
    pandas.DataFrame
        Index ``batch``; columns n_high and n_low (text: counts below ``settings.small_cell`` are shown as ``<5``, one that
        would give them away as ``hidden``) and share_high (NaN where a count is not told). One row, ``all``, when the cohort
        declares no batch.
    """
    crossed = _cross(cohort, groups)
    small = cohort.settings.small_cell
    table = pd.DataFrame(
        {f"n_{side}": hide_small_parts(crossed[side].tolist(), small) for side in crossed}, index=crossed.index
    )
    told = table.apply(lambda column: column.str.isdigit()).all(axis=1)
    return table.assign(share_high=(crossed["high"] / crossed.sum(axis=1)).where(told)).rename_axis("batch")


def describe_batches(cohort: Cohort, groups: pd.DataFrame) -> str:
    """Say whether the groups can be told apart from the batches, and what adjusting for them costs.

    Parameters
    ----------
    cohort : Cohort
    groups : pandas.DataFrame
        From ``helpers.cohort.assign_groups``.

    Returns
    -------
    str
        Begins with **Warning** where groups and batches are confounded, wholly or in part.
    """
    crossed = _cross(cohort, groups)
    name = as_text(cohort.settings.batch)
    if not cohort.settings.batch:
        return "This cohort declares no batch: all people are taken to come from one study."
    if len(crossed) < 2:
        return f"Everybody comes from one {name}: there is no batch to adjust for."
    shared = 1 - _explained(crossed)
    if shared < 1e-9:
        return (
            f"**Warning: group and {name} are confounded.** Each {name} holds one group only, so any difference between "
            f"the groups may be one between the {name} labels, and no adjustment can tell. The adjusted contrasts of "
            "this book refuse such a design."
        )
    alone = crossed.index[(crossed == 0).any(axis=1)]
    smd = _separate(crossed)
    kept = f"Adjusting for {name} keeps {100 * shared:.0f} % of the information about the groups"
    if len(alone):
        return (
            f"**Warning: group and {name} are confounded in part.** {len(alone)} of {len(crossed)} {name} labels hold one "
            f"group only and say nothing about the contrast. {kept}."
        )
    if smd >= NOTABLE_SMD:
        return (
            f"**Warning: the groups differ in their {name}** (SMD {smd:.2f}). Anything that differs between the {name} "
            f"labels, a scanner or a kit, may pass for a difference between the groups unless it is adjusted for. {kept}."
        )
    return f"The groups are spread alike over the {name} labels (SMD {smd:.2f}). {kept}."


def _cross(cohort: Cohort, groups: pd.DataFrame) -> pd.DataFrame:
    name = cohort.settings.batch
    column = cohort.participants[name] if name else pd.Series("all", index=cohort.participants.index)
    batch = column.reindex(groups.index)
    known = groups["group"].notna() & batch.notna()
    crossed = pd.crosstab(batch[known].astype("str"), groups.loc[known, "group"])
    return crossed.reindex(columns=["high", "low"], fill_value=0)


def _explained(crossed: pd.DataFrame) -> float:
    """Return the share of the variance of group (0 or 1) that the batch explains."""
    n = crossed.sum(axis=1)
    share = crossed["high"] / n
    overall = crossed["high"].sum() / n.sum()
    total = n.sum() * overall * (1 - overall)
    return float((n * (share - overall) ** 2).sum() / total) if total else 1.0


def _separate(crossed: pd.DataFrame) -> float:
    sides = [pd.Series(np.repeat(crossed.index.to_numpy(), crossed[side])) for side in ("high", "low")]
    return standardise_difference(*sides)
