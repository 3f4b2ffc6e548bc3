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
    "IntegrationPerformance",
    "PermutationNull",
    "PreparedBlocks",
    "PrevalenceFilter",
    "TunedKeep",
    "VarianceFilter",
    "cross_validate",
    "describe_features",
    "describe_flow",
    "describe_inside_folds",
    "describe_null",
    "describe_optima",
    "describe_performance",
    "describe_ranking",
    "keep_equally",
    "make_filters",
    "measure_stability",
    "name_features",
    "permute_groups",
    "prepare_blocks",
    "transform_clr",
    "tune",
]
