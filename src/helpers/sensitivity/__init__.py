"""What reviewers ask of observed differences: unmeasured confounding, missing values, the sexes, the causal graph, mediation."""

from helpers.sensitivity.by_sex import compare_within_sexes, describe_interactions, test_interactions
from helpers.sensitivity.causal_graph import (
    CausalGraph,
    describe_adjustment,
    load_graph,
    match_cohort,
    tabulate_adjustment,
)
from helpers.sensitivity.e_values import describe_e_values, find_e_values
from helpers.sensitivity.findings import describe_findings
from helpers.sensitivity.main_contrasts import MainMeasures, collect_measures, read_contrasts, read_incomplete
from helpers.sensitivity.mediation import describe_routes, fit_routes, list_routes, mediate

__all__ = [
    "CausalGraph",
    "MainMeasures",
    "collect_measures",
    "compare_within_sexes",
    "describe_adjustment",
    "describe_e_values",
    "describe_findings",
    "describe_interactions",
    "describe_routes",
    "find_e_values",
    "fit_routes",
    "list_routes",
    "load_graph",
    "match_cohort",
    "mediate",
    "read_contrasts",
    "read_incomplete",
    "tabulate_adjustment",
    "test_interactions",
]
