"""Answers to the exercises of the chapter on the structure of the brain."""

from __future__ import annotations

from helpers.course.answers.base import Answer, answers, choose
from helpers.course.places import Shelf

CHAPTER = "03_structure"
TRACTS, VOLUMES = "emotion_regulation.tracts", "emotion_regulation.volumes"
POOLED = "all studies"


@answers("03.6")
def _size_of_the_head(shelf: Shelf) -> Answer:
    """Answer: Why the size of the head?"""
    return choose("b", nothing_differs="a", few_places="c", only_precision="d")


@answers("03.7")
def _declared_tracts(shelf: Shelf) -> Answer:
    """Answer: The declared tracts."""
    sets = shelf.result(CHAPTER, "sets")
    row = sets.loc[TRACTS]
    return Answer(
        row["d"],
        {
            "sign": -row["d"],
            "raw_units": row["estimate"],
            "p_as_effect": row["p"],
            "other_set": sets["d"].get(VOLUMES),
            "t_as_effect": row["t"],
        },
    )


@answers("03.8")
def _precision_of_one_study(shelf: Shelf) -> Answer:
    """Answer: How much narrower is the pooled interval?"""
    asked = shelf.result(CHAPTER, "by_study")
    asked = asked[asked["measure"] == TRACTS].set_index("study")
    width, raw = asked["d_high"] - asked["d_low"], asked["ci_high"] - asked["ci_low"]
    single = width.drop(POOLED)
    return Answer(
        single.max() / width[POOLED],
        {
            "upside_down": width[POOLED] / single.max(),
            "narrowest": single.min() / width[POOLED],
            "raw_units": raw.drop(POOLED).max() / raw[POOLED],
            "effects_for_widths": asked["d"].drop(POOLED).max() / asked["d"][POOLED],
        },
    )


@answers("03.9")
def _smaller_volume(shelf: Shelf) -> Answer:
    """Answer: What does a smaller volume mean?"""
    return choose("c", volume_as_cells="a", cause="b", set_as_regions="d")
