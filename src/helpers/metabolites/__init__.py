"""Measured metabolites, and what bacteria foretell of them: always labelled which of the two."""

from helpers.metabolites.measured import (
    compare_metabolites,
    describe_metabolites,
    describe_scale,
    find_metabolites,
    name_metabolites,
    prepare_metabolites,
)
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

__all__ = [
    "PREDICTED_PREFIX",
    "PredictedPotential",
    "compare_metabolites",
    "describe_metabolites",
    "describe_predicted",
    "describe_scale",
    "find_metabolites",
    "find_predicted",
    "mark_predicted",
    "name_metabolites",
    "pick_metabolite",
    "predict_metabolites",
    "prepare_metabolites",
    "tabulate_predicted",
]
