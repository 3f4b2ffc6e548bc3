"""Brain measures in, group contrasts out: motion, connectivity, volumes, tracts, sets of regions."""

from __future__ import annotations

from helpers.brain.connectivity import annotate_edges, compare_edges, compute_fisher_z, name_pairs, test_edges_max_t
from helpers.brain.covariates import add_covariate, add_motion, compare_motion, keep_still
from helpers.brain.describe import (
    describe_edges,
    describe_effect,
    describe_motion,
    describe_networks,
    describe_reach,
    describe_regions,
    describe_sensitivity,
    describe_sets,
)
from helpers.brain.graphs import compare_nodes, describe_nodes, measure_nodes
from helpers.brain.nbs import NbsResult, describe_components, test_nbs
from helpers.brain.networks import average_networks, compare_motion_handling, compare_networks, test_networks_max_t
from helpers.brain.regions import average_set, compare_regions, compare_sets, stack_regions

__all__ = [
    "NbsResult",
    "add_covariate",
    "add_motion",
    "annotate_edges",
    "average_networks",
    "average_set",
    "compare_edges",
    "compare_motion",
    "compare_motion_handling",
    "compare_networks",
    "compare_nodes",
    "compare_regions",
    "compare_sets",
    "compute_fisher_z",
    "describe_components",
    "describe_edges",
    "describe_effect",
    "describe_motion",
    "describe_networks",
    "describe_nodes",
    "describe_reach",
    "describe_regions",
    "describe_sensitivity",
    "describe_sets",
    "keep_still",
    "measure_nodes",
    "name_pairs",
    "stack_regions",
    "test_edges_max_t",
    "test_nbs",
    "test_networks_max_t",
]
