"""What a cohort has in a form that the sections asking for it cannot use."""

from __future__ import annotations

from helpers.brain import explain_maps
from helpers.cohort import assign_groups, design_matrix
from helpers.contract import Cohort
from helpers.resilience import score_outcome


def find_unmet(cohort: Cohort) -> dict[str, str]:
    """Return what the cohort has in a form that cannot be used, each with the reason, as the end of a sentence.

    Parameters
    ----------
    cohort : Cohort

    Returns
    -------
    dict of str to str
        Empty when there is no such thing.
    """
    if "maps" not in cohort.available():
        return {}
    design = design_matrix(cohort, assign_groups(cohort, score_outcome(cohort)))
    batch = cohort.participants[cohort.settings.batch] if cohort.settings.batch else None
    reason = explain_maps(cohort.maps, design, blocks=batch, small_cell=cohort.settings.small_cell)
    return {"maps": reason} if reason else {}
