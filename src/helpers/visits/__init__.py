"""From several visits of the same participants to changes that differ between the groups."""

from helpers.visits.attendance import compare_lost, count_attendance, describe_attendance
from helpers.visits.communities import describe_community_change, test_community_change
from helpers.visits.describe import compare_changes, describe_blocks, take_largest
from helpers.visits.measures import Repeated, list_samples, measure_visits, stack_block
from helpers.visits.mixed import estimate_means, fit_changes

__all__ = [
    "Repeated",
    "compare_changes",
    "compare_lost",
    "count_attendance",
    "describe_attendance",
    "describe_blocks",
    "describe_community_change",
    "estimate_means",
    "fit_changes",
    "list_samples",
    "measure_visits",
    "stack_block",
    "take_largest",
    "test_community_change",
]
