"""From counts of bacteria and their transcripts to diversity, community tests and adjusted contrasts."""

from helpers.microbiome.abundance import (
    compare_functions,
    compare_taxa,
    summarise_composition,
    transform_clr,
)
from helpers.microbiome.alpha import AlphaDiversity, compare_alpha, describe_alpha, measure_alpha
from helpers.microbiome.beta import Ordination, describe_ordination, locate_groups, measure_beta, ordinate
from helpers.microbiome.communities import (
    CommunityComparison,
    compare_communities,
    compare_metrics,
    describe_communities,
)
from helpers.microbiome.counts import collapse_taxa, describe_counts
from helpers.microbiome.dispersion import Dispersion, describe_dispersion, measure_dispersion
from helpers.microbiome.permanova import Permanova, run_permanova

__all__ = [
    "AlphaDiversity",
    "CommunityComparison",
    "Ordination",
    "collapse_taxa",
    "compare_alpha",
    "compare_communities",
    "compare_functions",
    "compare_metrics",
    "compare_taxa",
    "describe_alpha",
    "describe_communities",
    "describe_counts",
    "describe_ordination",
    "locate_groups",
    "measure_alpha",
    "measure_beta",
    "ordinate",
    "summarise_composition",
    "transform_clr",
]
