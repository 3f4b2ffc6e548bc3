"""Integrate blocks of one cohort: block sparse PLS-DA, validated honestly."""

from helpers.integration.blocks import (
    BLOCKS,
    PreparedBlocks,
    PrevalenceFilter,
    describe_flow,
    keep_equally,
    make_filters,
    name_features,
    prepare_blocks,
)
from helpers.integration.continuous import (
    OutcomeNull,
    OutcomePerformance,
    cross_validate_outcome,
    permute_outcome,
)
from helpers.integration.describe import (
    compare_adjustment,
    count_groups,
    describe_adjustment,
    describe_calibration,
    describe_choices,
    describe_features,
    describe_inside_folds,
    describe_null,
    describe_optima,
    describe_outcome,
    describe_performance,
    describe_ranking,
    describe_rivals,
    describe_stability,
    has_auc,
)
from helpers.integration.findings import describe_findings
from helpers.integration.harmonised import validate_harmonised
from helpers.integration.permutation_test import PermutationNull, permute_groups
from helpers.integration.probabilities import trace_roc
from helpers.integration.reference import ReferencePerformance, auroc_as_reference, perf_as_reference
from helpers.integration.relations import (
    ClusteredFeatures,
    FeatureLinks,
    cluster_features,
    correlate_components,
    describe_clustered,
    describe_components,
    describe_links,
    link_features,
)
from helpers.integration.spls import BlockSPLS
from helpers.integration.splsda import BlockPrediction, BlockSPLSDA
from helpers.integration.stability import Stability, estimate_stability
from helpers.integration.tuning import TunedKeep, tune
from helpers.integration.validation import IntegrationPerformance, cross_validate

__all__ = [
    "BLOCKS",
    "BlockPrediction",
    "BlockSPLS",
    "BlockSPLSDA",
    "ClusteredFeatures",
    "FeatureLinks",
    "IntegrationPerformance",
    "OutcomeNull",
    "OutcomePerformance",
    "PermutationNull",
    "PreparedBlocks",
    "PrevalenceFilter",
    "ReferencePerformance",
    "Stability",
    "TunedKeep",
    "auroc_as_reference",
    "cluster_features",
    "compare_adjustment",
    "correlate_components",
    "count_groups",
    "cross_validate",
    "cross_validate_outcome",
    "describe_adjustment",
    "describe_calibration",
    "describe_choices",
    "describe_clustered",
    "describe_components",
    "describe_features",
    "describe_findings",
    "describe_flow",
    "describe_inside_folds",
    "describe_links",
    "describe_null",
    "describe_optima",
    "describe_outcome",
    "describe_performance",
    "describe_ranking",
    "describe_rivals",
    "describe_stability",
    "estimate_stability",
    "has_auc",
    "keep_equally",
    "link_features",
    "make_filters",
    "name_features",
    "perf_as_reference",
    "permute_groups",
    "permute_outcome",
    "prepare_blocks",
    "trace_roc",
    "tune",
    "validate_harmonised",
]
