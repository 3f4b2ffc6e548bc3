"""Would other defensible choices have said otherwise? A cohort and claims in; every specification, with its null, out."""

from __future__ import annotations

from helpers.multiverse.communities import measure_shares, run_community_multiverse
from helpers.multiverse.describe import (
    describe_communities,
    describe_curves,
    describe_influence,
    describe_joint,
    describe_multiverse,
    describe_ranks,
    list_decisions,
)
from helpers.multiverse.dichotomisations import Score, read_score
from helpers.multiverse.fitting import ManyContrasts, fit_labellings, residualise_labellings
from helpers.multiverse.outcomes import Outcome, Outcomes, prepare_declared, prepare_outcomes, score_normally
from helpers.multiverse.ranks import run_rank_multiverse
from helpers.multiverse.report import report_multiverse
from helpers.multiverse.running import Multiverse, draw_shuffles, run_multiverse
from helpers.multiverse.summary import (
    Curve,
    measure_influence,
    name_claim,
    pick_claim,
    specification_curve,
    summarise_claims,
    test_jointly,
)

__all__ = [
    "Curve",
    "ManyContrasts",
    "Multiverse",
    "Outcome",
    "Outcomes",
    "Score",
    "describe_communities",
    "describe_curves",
    "describe_influence",
    "describe_joint",
    "describe_multiverse",
    "describe_ranks",
    "draw_shuffles",
    "fit_labellings",
    "list_decisions",
    "measure_influence",
    "measure_shares",
    "name_claim",
    "pick_claim",
    "prepare_declared",
    "prepare_outcomes",
    "read_score",
    "report_multiverse",
    "residualise_labellings",
    "run_community_multiverse",
    "run_multiverse",
    "run_rank_multiverse",
    "score_normally",
    "specification_curve",
    "summarise_claims",
    "test_jointly",
]
