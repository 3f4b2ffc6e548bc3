"""Brain measures in, group contrasts out: motion, connectivity, volumes, tracts, sets of regions, maps."""

from __future__ import annotations

from helpers.brain.by_site import (
    compare_split_with_score,
    compare_studies,
    describe_split_with_score,
    describe_studies,
)
from helpers.brain.classify import (
    GroupPrediction,
    count_strict,
    describe_prediction,
    describe_strict,
    describe_transfer,
    predict_group,
)
from helpers.brain.clusters import list_clusters, name_places
from helpers.brain.connectivity import annotate_edges, compare_edges, compute_fisher_z, name_pairs, test_edges_max_t
from helpers.brain.covariates import add_covariate, add_motion, compare_motion, keep_low_motion
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
from helpers.brain.findings import describe_findings
from helpers.brain.harmonise import MIN_PER_BATCH, ComBat, compare_harmonisation, describe_harmonisation, harmonise
from helpers.brain.maps import MapStack, compare_maps, explain_maps, load_maps
from helpers.brain.nbs import NbsResult, describe_components, test_nbs
from helpers.brain.networks import average_networks, compare_motion_handling, compare_networks, test_networks_max_t
from helpers.brain.pairs import count_pairs, describe_pairs
from helpers.brain.published import add_detectable, describe_scale, find_published_range
from helpers.brain.qc_fc import MotionCorrelation, correlate_with_motion, describe_motion_correlation, measure_lengths
from helpers.brain.questions import Question, impute_questions, list_questions
from helpers.brain.regions import average_set, compare_regions, compare_sets, stack_regions
from helpers.brain.structure_findings import describe_structure_findings
from helpers.brain.tfce import MapTest, describe_maps, enhance_clusters, test_maps

__all__ = [
    "MIN_PER_BATCH",
    "ComBat",
    "GroupPrediction",
    "MapStack",
    "MapTest",
    "MotionCorrelation",
    "NbsResult",
    "Question",
    "add_covariate",
    "add_detectable",
    "add_motion",
    "annotate_edges",
    "average_networks",
    "average_set",
    "compare_edges",
    "compare_harmonisation",
    "compare_maps",
    "compare_motion",
    "compare_motion_handling",
    "compare_networks",
    "compare_regions",
    "compare_sets",
    "compare_split_with_score",
    "compare_studies",
    "compute_fisher_z",
    "correlate_with_motion",
    "count_pairs",
    "count_strict",
    "describe_components",
    "describe_edges",
    "describe_effect",
    "describe_findings",
    "describe_harmonisation",
    "describe_maps",
    "describe_motion",
    "describe_motion_correlation",
    "describe_networks",
    "describe_pairs",
    "describe_prediction",
    "describe_reach",
    "describe_regions",
    "describe_scale",
    "describe_sensitivity",
    "describe_sets",
    "describe_split_with_score",
    "describe_strict",
    "describe_structure_findings",
    "describe_studies",
    "describe_transfer",
    "enhance_clusters",
    "explain_maps",
    "find_published_range",
    "harmonise",
    "impute_questions",
    "keep_low_motion",
    "list_clusters",
    "list_questions",
    "load_maps",
    "measure_lengths",
    "name_pairs",
    "name_places",
    "predict_group",
    "stack_regions",
    "test_edges_max_t",
    "test_maps",
    "test_nbs",
    "test_networks_max_t",
]
