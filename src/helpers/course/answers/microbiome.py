"""Answers to the exercises of chapter 04."""

from __future__ import annotations

import numpy as np

from helpers.course.answers.base import Answer, answers, choose
from helpers.course.places import Shelf

CHAPTER = "04_microbiome"
MADE_UP_GUT = {"a_before": 50, "b_before": 50, "a_grows": 4}  # of the made-up gut in exercise 04.1
ALPHA = 0.05


@answers("04.1")
def _share_after_growth(shelf: Shelf) -> Answer:
    """Answer: Shares and amounts."""
    a, b = MADE_UP_GUT["a_before"] * MADE_UP_GUT["a_grows"], MADE_UP_GUT["b_before"]
    before = b / (b + MADE_UP_GUT["a_before"])
    return Answer(
        100 * b / (a + b),
        {
            "share_as_amount": 100 * before,
            "against_other": 100 * b / a,
            "divided_by_growth": 100 * before / MADE_UP_GUT["a_grows"],
        },
    )


@answers("04.2")
def _shannon_of_first(shelf: Shelf) -> Answer:
    """Answer: Shannon's index by hand."""
    counts = shelf.file("microbiome/taxa.tsv").iloc[0].to_numpy(float)
    share = counts[counts > 0] / counts.sum()
    shannon = -(share * np.log(share)).sum()
    return Answer(
        shannon,
        {
            "bits": shannon / np.log(2),
            "decimal_log": shannon / np.log(10),
            "simpson": 1 / (share**2).sum(),
            "even": np.log(len(share)),
            "evenness": shannon / np.log(len(share)),
        },
    )


@answers("04.3")
def _variation_of_groups(shelf: Shelf) -> Answer:
    """Answer: How much of the variation goes with the groups?"""
    row = shelf.result(CHAPTER, "permanova").loc["bray_curtis"]
    return Answer(
        100 * row["r_squared"],
        {
            "p_as_effect": 100 * row["p"],
            "p_complement": 100 * (1 - row["p"]),
            "f_as_effect": row["pseudo_f"],
            "rest": 100 * (1 - row["r_squared"]),
            "dispersion": 100 * row["p_dispersion"],
        },
    )


@answers("04.4")
def _genera_to_name(shelf: Shelf) -> Answer:
    """Answer: How many genera may be named?"""
    taxa, consensus = shelf.result(CHAPTER, "taxa"), shelf.result(CHAPTER, "consensus")
    return Answer(
        int((taxa["q"] < ALPHA).sum()),
        {
            "uncorrected": int((taxa["p"] < ALPHA).sum()),
            "large_effects": int((taxa["d"].abs() >= 0.2).sum()),
            "any_method": int((consensus["n_found"] > 0).sum()),
            "tested": len(taxa),
        },
    )


@answers("04.5")
def _spread_or_place(shelf: Shelf) -> Answer:
    """Answer: A small p of PERMANOVA."""
    return choose("c", location_only="a", p_as_effect="b", distances_as_replicates="d")


@answers("04.6")
def _zeros_kept(shelf: Shelf) -> Answer:
    """Prevalence in the high group of the genus with the smallest p, in per cent: people, reads and zeros are mixed up."""
    table = shelf.result(CHAPTER, "consensus")
    row = table.loc[shelf.result(CHAPTER, "taxa")["p"].idxmin()]
    both = shelf.result(CHAPTER, "taxa").loc[row.name]
    high, low = row["prevalence_high"], row["prevalence_low"]
    return Answer(
        100 * (high - low),
        {
            "sign": 100 * (low - high),
            "ratio": high / low if low else None,
            "effect_of_log_ratio": both["estimate"],
            "share_as_amount": 100 * both["mean_abundance"],
        },
    )
