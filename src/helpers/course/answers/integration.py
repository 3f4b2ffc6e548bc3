"""Answers to the exercises of chapter 06."""

from __future__ import annotations

from helpers.course.answers.base import Answer, answers, choose
from helpers.course.places import Shelf

CHAPTER = "06_integration"


@answers("06.1")
def _honest_auc(shelf: Shelf) -> Answer:
    """Answer: How good is the block of taxa?"""
    row = shelf.result(CHAPTER, "performance").loc["taxa"]
    return Answer(
        row["auc"],
        {
            "training_auc": row["auc_training"],
            "error_for_auc": row["balanced_error"],
            "turned_round": 1 - row["auc"],
            "accuracy_for_auc": 1 - row["balanced_error"],
            "mean_of_both": (row["auc_training"] + row["auc"]) / 2,
        },
    )


@answers("06.2")
def _optimism(shelf: Shelf) -> Answer:
    """Answer: How much is optimism?"""
    row = shelf.result(CHAPTER, "performance").loc["transcripts"]
    return Answer(
        row["auc_training"] - row["auc"],
        {
            "sign": row["auc"] - row["auc_training"],
            "training_auc": row["auc_training"],
            "above_chance": row["auc_training"] - 0.5,
            "honest_above_chance": row["auc"] - 0.5,
            "ratio": row["auc_training"] / row["auc"],
        },
    )


@answers("06.3")
def _everybody_low(shelf: Shelf) -> Answer:
    """Answer: A model that says low to everyone."""
    row = shelf.result(CHAPTER, "performance").loc["vote"]
    n_high, n_low = row["n_high"], row["n_low"]
    return Answer(
        100 * n_low / (n_high + n_low),
        {
            "balanced_for_plain": 50.0,
            "other_group": 100 * n_high / (n_high + n_low),
            "ratio_of_groups": 100 * n_high / n_low,
            "model_accuracy": 100 * (1 - row["balanced_error"]),
        },
    )


@answers("06.4")
def _fit_to_noise(shelf: Shelf) -> Answer:
    """Answer: Fitting to noise."""
    return choose("d", noise_gives_half="a", small_sample_only="b", honest_for_training="c")


@answers("06.5")
def _linked_by_groups(shelf: Shelf) -> Answer:
    """Answer: A gene and a metabolite go together."""
    return choose("c", correlation_across_groups="a", selection_forgotten="b", mechanism="d")


@answers("06.6")
def _leading_block(shelf: Shelf) -> Answer:
    """Answer: Is there a best block?"""
    blocks = shelf.result(CHAPTER, "performance").query("role == 'block'")
    told = blocks.index[blocks["lead_low"] > 0]
    return Answer(
        len(told),
        {
            "rank_as_evidence": int((blocks["rank"] == 1).sum()),
            "above_chance": int((blocks["auc"] > 0.5).sum()),
            "training_auc": int((blocks["auc_training"] > 0.8).sum()),
        },
    )
