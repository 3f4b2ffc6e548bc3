"""Shuffle people fairly: within their blocks, freed from nuisance; count p-values over all features."""

from __future__ import annotations

from helpers.permutation.conditional import find_log_odds, shuffle_clusters, shuffle_conditionally
from helpers.permutation.maximum import test_max_t
from helpers.permutation.model import TIE, Alternative, PermutationModel, Precision, prepare_model
from helpers.permutation.movable import ENOUGH, NOTHING, WHOLE, Movable, draw_movable
from helpers.permutation.orders import draw_orders, match_blocks, shuffle_within
from helpers.permutation.p_values import NOMINAL
from helpers.permutation.plans import STREAM, Plan, draw_nested_orders, draw_whole_orders, plan_shuffles
from helpers.permutation.results import MaxTResult
from helpers.permutation.running import on_one_blas_thread, run_streams
from helpers.permutation.tail_approximation import approximate_tail

__all__ = [
    "ENOUGH",
    "NOMINAL",
    "NOTHING",
    "STREAM",
    "TIE",
    "WHOLE",
    "Alternative",
    "MaxTResult",
    "Movable",
    "PermutationModel",
    "Plan",
    "Precision",
    "approximate_tail",
    "draw_movable",
    "draw_nested_orders",
    "draw_orders",
    "draw_whole_orders",
    "find_log_odds",
    "match_blocks",
    "on_one_blas_thread",
    "plan_shuffles",
    "prepare_model",
    "run_streams",
    "shuffle_clusters",
    "shuffle_conditionally",
    "shuffle_within",
    "test_max_t",
]
