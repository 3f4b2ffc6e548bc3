"""Answers to the exercises of chapter 05."""

from __future__ import annotations

import numpy as np

from helpers.course.answers.base import Answer, answers, choose
from helpers.course.places import Shelf

CHAPTER = "05_metabolites"
ASKED = "N-acetylglutamate"
ALPHA, REACHED = 0.05, 0.3


@answers("05.1")
def _times_as_much(shelf: Shelf) -> Answer:
    """Answer: How many times as much?"""
    row = shelf.result(CHAPTER, "metabolites").query("name == @ASKED").iloc[0]
    return Answer(
        2 ** row["estimate"],
        {
            "log_as_ratio": row["estimate"],
            "natural_log": float(np.exp(row["estimate"])),
            "upside_down": 2 ** -row["estimate"],
            "d_as_ratio": row["d"],
            "d_on_log_scale": 2 ** row["d"],
            "percent_more": 100 * (2 ** row["estimate"] - 1),
        },
    )


@answers("05.2")
def _false_findings(shelf: Shelf) -> Answer:
    """Answer: Small p-values by chance."""
    table = shelf.result(CHAPTER, "metabolites")
    return Answer(
        ALPHA * table["p"].notna().sum(),
        {
            "found_for_expected": float((table["p"] < ALPHA).sum()),
            "corrected_count": float((table["q"] < ALPHA).sum()),
            "one_in_all": ALPHA,
            "one_sided": ALPHA / 2 * table["p"].notna().sum(),
        },
    )


@answers("05.3")
def _people_of_contrast(shelf: Shelf) -> Answer:
    """Answer: How many people are behind a row?"""
    feature = shelf.result(CHAPTER, "metabolites").query("name == @ASKED").index[0]
    values = shelf.file("metabolites/metabolites.tsv")
    people = shelf.people()
    placed = people[people["group"].isin(["high", "low"])]
    whole = placed.dropna(subset=["age", "sex", "bmi", "study"])
    measured = values[feature].dropna().index
    return Answer(
        len(whole.index.intersection(measured)),
        {
            "everyone": len(placed),
            "covariate_forgotten": len(placed.index.intersection(measured)),
            "measurement_forgotten": len(whole),
            "cells_for_people": int(values.size),
        },
    )


@answers("05.4")
def _predicted_well(shelf: Shelf) -> Answer:
    """Answer: Which metabolites can be predicted?"""
    table = shelf.result(CHAPTER, "predictability")
    return Answer(
        100 * (table["spearman"] >= REACHED).mean(),
        {
            "p_as_effect": 100 * (table["p"] < ALPHA).mean(),
            "q_as_effect": 100 * (table["q"] < ALPHA).mean(),
            "squared": 100 * (table["spearman"] ** 2 >= REACHED).mean(),
            "mean_for_share": 100 * table["spearman"].mean(),
            "lower_bound": 100 * (table["spearman_low"] >= REACHED).mean(),
        },
    )


@answers("05.5")
def _scaling_or_selecting(shelf: Shelf) -> Answer:
    """Answer: Two things done before the folds."""
    return choose("b", all_leaks_alike="a", only_labels_leak="c", folds_cure_all="d")
