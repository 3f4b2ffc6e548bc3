"""Integrate blocks of one cohort: block sparse PLS-DA, validated honestly."""

from helpers.integration.blocks import (
    BLOCKS,
    PreparedBlocks,
    PrevalenceFilter,
    VarianceFilter,
    describe_flow,
    keep_equally,
    make_filters,
    name_features,
    prepare_blocks,
    transform_clr,
)
from helpers.integration.describe import (
    describe_features,
    describe_inside_folds,
    describe_null,
    describe_optima,
    describe_performance,
    describe_ranking,
)
from helpers.integration.relations import (
    ClusteredFeatures,
    FeatureLinks,
    cluster_features,
    correlate_components,
    describe_components,
    describe_links,
    link_features,
)
from helpers.integration.spls import BlockSPLS
from helpers.integration.splsda import BlockPrediction, BlockSPLSDA
from helpers.integration.summary import measure_stability
from helpers.integration.tuning import TunedKeep, tune
from helpers.integration.validation import (
    IntegrationPerformance,
    PermutationNull,
    cross_validate,
    permute_groups,
)

__all__ = [
    "BLOCKS",
    "BlockPrediction",
    "BlockSPLS",
    "BlockSPLSDA",
    "ClusteredFeatures",
    "FeatureLinks",
    "IntegrationPerformance",
    "PermutationNull",
    "PreparedBlocks",
    "PrevalenceFilter",
    "TunedKeep",
    "VarianceFilter",
    "cluster_features",
    "correlate_components",
    "cross_validate",
    "describe_components",
    "describe_features",
    "describe_flow",
    "describe_inside_folds",
    "describe_links",
    "describe_null",
    "describe_optima",
    "describe_performance",
    "describe_ranking",
    "keep_equally",
    "link_features",
    "make_filters",
    "measure_stability",
    "name_features",
    "permute_groups",
    "prepare_blocks",
    "transform_clr",
    "tune",
]
