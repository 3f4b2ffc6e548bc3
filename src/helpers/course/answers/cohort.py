"""Answers to the exercises of chapter 01."""

from __future__ import annotations

import numpy as np
import scipy

from helpers.course.answers.base import Answer, answers, choose
from helpers.course.places import Shelf


@answers("01.1")
def _imbalance_of_age(shelf: Shelf) -> Answer:
    """Answer: How far apart are the groups in age?"""
    people = shelf.people()
    high, low = (people.loc[people["group"] == name, "age"].dropna() for name in ("high", "low"))
    difference, spread = high.mean() - low.mean(), np.sqrt((high.var() + low.var()) / 2)
    error = np.sqrt(high.var() / len(high) + low.var() / len(low))
    return Answer(
        difference / spread,
        {
            "sign": -difference / spread,
            "raw_units": difference,
            "se_for_sd": difference / error,
            "p_as_effect": scipy.stats.ttest_ind(high, low, equal_var=False).pvalue,
            "variance_for_sd": difference / spread**2,
        },
    )


@answers("01.2")
def _more_people(shelf: Shelf) -> Answer:
    """Answer: Four times as many participants."""
    return choose("b", p_as_effect="a", sd_shrinks="c", precision_as_size="d")


@answers("01.3")
def _people_of_integration(shelf: Shelf) -> Answer:
    """People in a group with every kind of data; counted from the files, as small counts are hidden in result tables."""
    groups = shelf.result("01_cohort", "groups")
    placed = groups.index[groups["group"].isin(["high", "low"])]
    names = (
        "brain/connectivity.tsv",
        "microbiome/taxa.tsv",
        "microbiome/transcripts.tsv",
        "metabolites/metabolites.tsv",
    )
    blocks = [placed.intersection(shelf.file(name).index) for name in names]
    shared = placed
    for block in blocks:
        shared = shared.intersection(block)
    return Answer(
        len(shared),
        {
            "everyone": len(placed),
            "smallest_block": min(len(block) for block in blocks),
            "samples_for_people": sum(len(block) for block in blocks),
            "without_groups": len(groups) if len(groups) != len(placed) else None,
            "mean_of_blocks": round(np.mean([len(block) for block in blocks])),
        },
    )


@answers("01.4")
def _baseline_tests(shelf: Shelf) -> Answer:
    """Answer: A table with p-values."""
    return choose("c", p_as_balance="a", significance_to_adjust="b", randomised="d")


@answers("01.5")
def _batch_and_group(shelf: Shelf) -> Answer:
    """Answer: Which way round is a percentage?"""
    people = shelf.people().query("group in ('high', 'low')")
    share = (people["group"] == "high").groupby(people["study"]).mean()
    within = people[people["group"] == "high"]["study"].value_counts(normalize=True)
    first, second = sorted(share.index)[:2]
    return Answer(
        100 * (share[first] - share[second]),
        {
            "sign": 100 * (share[second] - share[first]),
            "wrong_way_round": 100 * (within[first] - within[second]),
            "counts": float(
                ((people["group"] == "high") & (people["study"] == first)).sum()
                - ((people["group"] == "high") & (people["study"] == second)).sum()
            ),
            "ratio": share[first] / share[second],
        },
    )
