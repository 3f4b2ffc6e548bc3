"""From counts of bacteria and their transcripts to diversity, community tests and adjusted contrasts."""

from helpers.microbiome.abundance import (
    compare_functions,
    compare_taxa,
    log_prevalent,
    log_reads,
    score_functions,
    summarise_composition,
    transform_clr,
)
from helpers.microbiome.activity import compare_activity, compare_models, describe_activity, design_samples
from helpers.microbiome.alpha import AlphaDiversity, compare_alpha, compare_depths, describe_alpha, measure_alpha
from helpers.microbiome.beta import (
    Ordination,
    describe_ordination,
    locate_groups,
    measure_beta,
    measure_distances,
    ordinate,
)
from helpers.microbiome.communities import (
    CommunityComparison,
    compare_communities,
    compare_metrics,
    describe_communities,
)
from helpers.microbiome.consensus import Consensus, compare_methods, describe_consensus, describe_false_findings
from helpers.microbiome.counts import choose_rank, collapse_taxa, describe_counts, holds_shares, tell_scale
from helpers.microbiome.dispersion import Dispersion, describe_dispersion, measure_dispersion
from helpers.microbiome.equal_depth import ALL_READS
from helpers.microbiome.findings import describe_findings
from helpers.microbiome.modules import (
    ModuleScores,
    compare_modules,
    describe_reach,
    score_modules,
    sum_orthologues,
)
from helpers.microbiome.permanova import Permanova, describe_permanova, find_stronger, run_permanova
from helpers.microbiome.rarefaction import describe_rarefaction, trace_rarefaction
from helpers.microbiome.repeated import pick_one_sample
from helpers.microbiome.sequencing import add_depth, compare_depth, describe_depth
from helpers.microbiome.sets import compare_function_sets, describe_sets
from helpers.microbiome.tree import map_effects_to_tree

__all__ = [
    "ALL_READS",
    "AlphaDiversity",
    "CommunityComparison",
    "Consensus",
    "Dispersion",
    "ModuleScores",
    "Ordination",
    "Permanova",
    "add_depth",
    "choose_rank",
    "collapse_taxa",
    "compare_activity",
    "compare_alpha",
    "compare_communities",
    "compare_depth",
    "compare_depths",
    "compare_function_sets",
    "compare_functions",
    "compare_methods",
    "compare_metrics",
    "compare_models",
    "compare_modules",
    "compare_taxa",
    "describe_activity",
    "describe_alpha",
    "describe_communities",
    "describe_consensus",
    "describe_counts",
    "describe_depth",
    "describe_dispersion",
    "describe_false_findings",
    "describe_findings",
    "describe_ordination",
    "describe_permanova",
    "describe_rarefaction",
    "describe_reach",
    "describe_sets",
    "design_samples",
    "find_stronger",
    "holds_shares",
    "locate_groups",
    "log_prevalent",
    "log_reads",
    "map_effects_to_tree",
    "measure_alpha",
    "measure_beta",
    "measure_dispersion",
    "measure_distances",
    "ordinate",
    "pick_one_sample",
    "run_permanova",
    "score_functions",
    "score_modules",
    "sum_orthologues",
    "summarise_composition",
    "tell_scale",
    "trace_rarefaction",
    "transform_clr",
]
