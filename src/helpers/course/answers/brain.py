"""Answers to the exercises of chapter 03."""

from __future__ import annotations

from helpers.course.answers.base import Answer, answers, choose
from helpers.course.places import Shelf

CHAPTER = "03_brain"
N_SHUFFLES = 19  # of the small test in exercise 03.1
ALPHA = 0.05
DECLARED = "Reward × Somatomotor"


@answers("03.1")
def _smallest_p(shelf: Shelf) -> Answer:
    """Answer: The smallest p of a permutation test."""
    return Answer(
        1 / (N_SHUFFLES + 1),
        {
            "without_observed": 1 / N_SHUFFLES,
            "p_of_zero": 0.0,
            "corrected_twice": ALPHA / N_SHUFFLES,
            "two_sided_twice": 2 / (N_SHUFFLES + 1),
        },
    )


@answers("03.2")
def _edges_by_chance(shelf: Shelf) -> Answer:
    """Answer: How many edges by chance?"""
    edges = shelf.result(CHAPTER, "edges")
    return Answer(
        ALPHA * len(edges),
        {
            "found_for_expected": float((edges["p"] < ALPHA).sum()),
            "one_in_all": ALPHA,
            "all_edges": float(len(edges)),
            "one_sided": ALPHA / 2 * len(edges),
            "nothing_by_chance": 0.0,
        },
    )


@answers("03.3")
def _declared_effect(shelf: Shelf) -> Answer:
    """Answer: The declared pair."""
    networks, edges = shelf.result(CHAPTER, "networks"), shelf.result(CHAPTER, "edges")
    row, own = networks.loc[DECLARED], edges[edges["networks"] == DECLARED]
    return Answer(
        row["d"],
        {
            "sign": -row["d"],
            "raw_units": row["estimate"],
            "p_as_effect": row["p"],
            "strongest_edge": own["d"].max(),
            "mean_of_edges": own["d"].mean(),
            "t_as_effect": row["t"],
        },
    )


@answers("03.4")
def _edges_that_survive(shelf: Shelf) -> Answer:
    """Answer: Which edges may be named?"""
    edges = shelf.result(CHAPTER, "edges")
    return Answer(
        int((edges["p_fwe"] < ALPHA).sum()),
        {
            "uncorrected": int((edges["p_permutation"] < ALPHA).sum()),
            "uncorrected_t": int((edges["p"] < ALPHA).sum()),
            "shown_in_figure": 40,
            "large_effects": int((edges["d"].abs() > 0.5).sum()),
        },
    )


@answers("03.5")
def _picture_of_shuffles(shelf: Shelf) -> Answer:
    """Answer: The same picture, with permuted groups."""
    return choose("b", picture_as_test="a", noise_is_random="c", threshold_protects="d")
