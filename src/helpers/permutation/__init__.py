"""Shuffle people fairly: within their blocks, freed from nuisance; count p-values over all features."""

from __future__ import annotations

from helpers.permutation.counting import NOMINAL
from helpers.permutation.maximum import test_max_f, test_max_t, test_mean_max_t
from helpers.permutation.model import TIE, Alternative, PermutationModel, Precision, prepare_flips, prepare_model
from helpers.permutation.orders import draw_orders, match_blocks, shuffle_within
from helpers.permutation.plans import STREAM, Plan, plan_flips, plan_shuffles
from helpers.permutation.results import MaxTResult
from helpers.permutation.running import on_one_blas_thread, run_streams
from helpers.permutation.tails import approximate_tail

__all__ = [
    "NOMINAL",
    "STREAM",
    "TIE",
    "Alternative",
    "MaxTResult",
    "PermutationModel",
    "Plan",
    "Precision",
    "approximate_tail",
    "draw_orders",
    "match_blocks",
    "on_one_blas_thread",
    "plan_flips",
    "plan_shuffles",
    "prepare_flips",
    "prepare_model",
    "run_streams",
    "shuffle_within",
    "test_max_f",
    "test_max_t",
    "test_mean_max_t",
]
