"""Measured metabolites, and what bacteria foretell of them: always labelled which of the two."""

from helpers.metabolites.associations import describe_associations, find_associations
from helpers.metabolites.community import CommunityPotential, describe_community, score_community
from helpers.metabolites.findings import describe_findings
from helpers.metabolites.measured import (
    compare_metabolites,
    describe_metabolites,
    describe_scale,
    find_metabolites,
    name_metabolites,
    prepare_metabolites,
)
from helpers.metabolites.missing_values import count_missing, describe_missing
from helpers.metabolites.model import (
    AppliedModel,
    PotentialModel,
    apply_potential,
    describe_applied,
    fit_potential,
    rename_taxa,
)
from helpers.metabolites.out_of_distribution import describe_out_of_distribution, simulate_out_of_distribution
from helpers.metabolites.pairs import Pair, read_pair
from helpers.metabolites.predicted import (
    PREDICTED_PREFIX,
    PredictedPotential,
    describe_predicted,
    find_predicted,
    mark_predicted,
    pick_metabolite,
    predict_metabolites,
    tabulate_predicted,
)
from helpers.metabolites.published import apply_weights, compare_weights
from helpers.metabolites.published_baseline import describe_parting, describe_weights, predict_plainly, tabulate_known
from helpers.metabolites.saving import predict_table, read_potential, save_potential
from helpers.metabolites.sets import compare_sets, describe_sets
from helpers.metabolites.transfer import Transfer, describe_transfer, match_metabolites, transfer_potential

__all__ = [
    "PREDICTED_PREFIX",
    "AppliedModel",
    "CommunityPotential",
    "Pair",
    "PotentialModel",
    "PredictedPotential",
    "Transfer",
    "apply_potential",
    "apply_weights",
    "compare_metabolites",
    "compare_sets",
    "compare_weights",
    "count_missing",
    "describe_applied",
    "describe_associations",
    "describe_community",
    "describe_findings",
    "describe_metabolites",
    "describe_missing",
    "describe_out_of_distribution",
    "describe_parting",
    "describe_predicted",
    "describe_scale",
    "describe_sets",
    "describe_transfer",
    "describe_weights",
    "find_associations",
    "find_metabolites",
    "find_predicted",
    "fit_potential",
    "mark_predicted",
    "match_metabolites",
    "name_metabolites",
    "pick_metabolite",
    "predict_metabolites",
    "predict_plainly",
    "predict_table",
    "prepare_metabolites",
    "read_pair",
    "read_potential",
    "rename_taxa",
    "save_potential",
    "score_community",
    "simulate_out_of_distribution",
    "tabulate_known",
    "tabulate_predicted",
    "transfer_potential",
]
