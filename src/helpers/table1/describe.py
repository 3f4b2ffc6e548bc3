"""Say in words how the groups of a cohort are made and how many people they hold."""

from __future__ import annotations

import pandas as pd

from helpers.cohort import is_data_driven, tell_data_driven
from helpers.contract import Cohort, ColumnRule, NumberRule
from helpers.problems import count
from helpers.table1.flow import count_groups
from helpers.wording import as_code, as_text, hide_small


def describe_rule(cohort: Cohort) -> str:
    """Say in words how the groups of a cohort are made.

    Parameters
    ----------
    cohort : Cohort

    Returns
    -------
    str
        One or two sentences.
    """
    rule = cohort.settings.outcome
    labels = {side: as_text(label) for side, label in cohort.settings.labels.items()}
    if isinstance(rule, ColumnRule):
        high, low = (" or ".join(map(as_text, side)) for side in (rule.high, rule.low))
        return (
            f"**{labels['high']}** are the participants whose {as_code(rule.column)} is {high}; "
            f"**{labels['low']}** those whose {as_code(rule.column)} is {low}. Anyone else is in "
            "neither group. This contrast is not one of resilience."
        )
    is_column = isinstance(rule, NumberRule)
    name = as_code(rule.column) if is_column else f"{as_code(rule.measure)} {as_text(rule.score)}"
    if is_data_driven(rule):
        return (
            f"**{labels['high']}** are the third of the participants with the highest {name}, **{labels['low']}** the third with "
            f"the lowest. Those between have a score and no group. {tell_data_driven(rule)}"
        )
    below = f"those below {rule.low_end:g}" if rule.has_middle else "those below"
    between = " Those between have a score and no group." if rule.has_middle else ""
    cut = "Both cut-offs are" if rule.has_middle else "The cut-off is"
    return (
        f"**{labels['high']}** are the participants with a {name} of "
        f"{rule.high_at_least:g} or more, **{labels['low']}** {below}.{between} {cut} declared in "
        "`cohort.yml` and never computed from the sample."
    )


def describe_groups(cohort: Cohort, groups: pd.DataFrame) -> str:
    """Say in words how many people each group has.

    Parameters
    ----------
    cohort : Cohort
    groups : pandas.DataFrame
        From ``helpers.cohort.assign_groups``.

    Returns
    -------
    str
        One sentence.
    """
    n_high, n_low = count_groups(groups)
    high, low = (as_text(cohort.settings.labels[side]) for side in ("high", "low"))
    n_high, n_low, n_out = (
        hide_small(n, cohort.settings.small_cell) for n in (n_high, n_low, len(groups) - n_high - n_low)
    )
    return (
        f"Of {count(len(groups), 'participant')}, {n_high} are in the group *{high}*, {n_low} in *{low}* and {n_out} "
        "in neither."
    )
