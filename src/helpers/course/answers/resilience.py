"""Answers to the exercises of chapter 02."""

from __future__ import annotations

import numpy as np

from helpers.course.answers.base import Answer, answers, choose
from helpers.course.places import Shelf

CHAPTER = "02_resilience"


@answers("02.1")
def _alpha_of_items(shelf: Shelf) -> Answer:
    """Answer: Alpha by hand."""
    items = shelf.file("phenotype/cd_risc.tsv")
    complete = items.dropna()
    n_items, between = items.shape[1], complete.corr().to_numpy()
    shares = complete.var().sum() / complete.sum(axis=1).var()
    zeros = items.fillna(0)
    return Answer(
        n_items / (n_items - 1) * (1 - shares),
        {
            "without_factor": 1 - shares,
            "blank_as_zero": n_items / (n_items - 1) * (1 - zeros.var().sum() / zeros.sum(axis=1).var()),
            "mean_correlation": between[np.triu_indices(n_items, 1)].mean(),
            "sd_for_variance": n_items / (n_items - 1) * (1 - complete.std().sum() / complete.sum(axis=1).std()),
            "error_share": shares,
        },
    )


@answers("02.2")
def _kept_by_cutting(shelf: Shelf) -> Answer:
    """Answer: What is left after the cut?"""
    row = shelf.result(CHAPTER, "split").loc["hads.depression"]
    kept = (row["r_split"] / row["r_score"]) ** 2
    return Answer(
        100 * kept,
        {
            "not_squared": 100 * row["r_split"] / row["r_score"],
            "lost_for_kept": 100 * (1 - kept),
            "difference_of_r": 100 * abs(row["r_score"] - row["r_split"]),
            "r_squared_of_split": 100 * row["r_split"] ** 2,
        },
    )


@answers("02.3")
def _size_of_difference(shelf: Shelf) -> Answer:
    """Answer: Which column is the size?"""
    row = shelf.result(CHAPTER, "symptoms").loc["hads.anxiety"]
    return Answer(
        row["d"],
        {
            "sign": -row["d"],
            "raw_units": row["estimate"],
            "t_as_effect": row["t"],
            "p_as_effect": row["p"],
            "correlation_as_d": shelf.result(CHAPTER, "symptoms_score").loc["hads.anxiety", "r"],
        },
    )


@answers("02.4")
def _within_groups(shelf: Shelf) -> Answer:
    """Correlation of score and resilient coping within groups: each group's mean taken off before."""
    people = shelf.result("01_cohort", "groups").query("group in ('high', 'low')")
    depression = shelf.file("phenotype/csq.tsv")["catastrophizing"]
    both = people.join(depression.rename("symptom")).dropna(subset=["score", "symptom"])
    freed = both[["score", "symptom"]] - both.groupby("group")[["score", "symptom"]].transform("mean")
    parts = both.groupby("group")[["score", "symptom"]].corr().xs("symptom", level=1)["score"]
    means = both.groupby("group")[["score", "symptom"]].mean()
    slope = (means["symptom"]["high"] - means["symptom"]["low"]) / (means["score"]["high"] - means["score"]["low"])
    return Answer(
        freed.corr().iloc[0, 1],
        {
            "across_groups": both[["score", "symptom"]].corr().iloc[0, 1],
            "one_group_high": parts["high"],
            "one_group_low": parts["low"],
            "slope_of_means": slope,
            "squared": freed.corr().iloc[0, 1] ** 2,
        },
    )


@answers("02.5")
def _high_alpha(shelf: Shelf) -> Answer:
    """Answer: What does a high alpha say?"""
    return choose("d", alpha_as_unity="a", alpha_as_validity="b", longer_is_better="c")
