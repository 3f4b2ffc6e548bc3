"""The words that an interval or a p-value earns, on numbers at their borders."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from helpers.brain import describe_scale, describe_studies
from helpers.comparisons import fits_well, is_same, judge_permuted, tell_agreement, tell_better
from helpers.resilience import describe_invariance


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [
        (0.5, 0.9, "not shown to be better than"),  # an end on the value itself decides nothing
        (np.nextafter(0.5, 1), 0.9, "better than"),
        (0.1, np.nextafter(0.5, 0), "worse than"),
        (np.nan, 0.9, "not shown to be better than"),
    ],
)
def test_better_is_earned_by_the_whole_interval(low, high, word):
    assert tell_better(low, high, than=0.5) == word


def test_the_same_is_earned_by_an_interval_within_the_margin_and_not_by_a_large_p():
    assert not is_same(-0.6, 0.7, margin=0.2)  # holds zero, and much else
    assert is_same(-0.19, 0.19, margin=0.2) and not is_same(np.nan, 0.1, margin=0.2)


@pytest.mark.parametrize(
    ("p", "n", "word"),
    [
        (3 / 61, 60, "borderline"),  # 2 of 60: the exact interval reaches 0.115 (binom.test of R)
        (1 / 61, 60, "borderline"),  # 0 of 60 reaches 0.0596
        (1 / 101, 100, "beyond chance"),  # 0 of 100 reaches 0.0362
        (0.05, 999, "borderline"),
        (0.036, 999, "beyond chance"),
        (0.051, 999, "not beyond chance"),
        (float("nan"), 999, "not beyond chance"),
    ],
)
def test_beyond_chance_needs_permutations_enough(p, n, word):
    assert judge_permuted(p, n) == word


def test_all_arrangements_leave_no_doubt():
    assert judge_permuted(0.05, 20, exact=True) == "beyond chance"


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ((-0.03, -0.65, 0.58), "the interval of B holds zero: whether the studies agree is open"),
        ((-0.3, -0.6, -0.0001), "the studies point the same way"),
        ((0.3, 0.0001, 0.6), "the studies disagree in sign"),
        ((0.3, -0.1, 0.6), "the estimates differ in sign, and the interval of B holds zero"),
        ((np.nan, np.nan, np.nan), ""),
    ],
)
def test_agreement_is_earned_by_every_part(second, said):
    found = tell_agreement({"A": (-0.49, -0.9, -0.1), "B": second}, noun="study")
    assert said in found and bool(found) == bool(said)


def test_several_open_parts_are_named_in_good_grammar():
    parts = {"A": (0.5, 0.1, 0.9), "B": (0.1, -0.1, 0.3), "C": (0.2, -0.1, 0.5)}
    assert "the intervals of B and C hold zero" in tell_agreement(parts, noun="study")
    assert "the interval of each holds zero" in tell_agreement({name: parts[name] for name in "BC"}, noun="study")


def test_a_page_does_not_let_two_studies_agree_on_signs_alone():
    rows = {"d": [-0.49, -0.03], "d_low": [-0.9, -0.65], "d_high": [-0.1, 0.58], "n_high": 20, "n_low": 30}
    table = pd.DataFrame(rows | {"measure": "volumes", "study": ["study A", "study B"]})
    assert "point the same way" not in describe_studies(table) and "is open" in describe_studies(table)


def test_loadings_are_not_equal_where_the_model_does_not_fit():
    index = pd.MultiIndex.from_product(
        [["sex"], ["configural", "metric", "scalar", "strict"]], names=["grouping", "model"]
    )
    table = pd.DataFrame(
        {"n": 114, "n_smallest": 53, "cfi": 0.85, "rmsea": 0.06, "delta_cfi": [np.nan, 0, 0, 0]}, index=index
    )
    said = describe_invariance(table.assign(why_not=""))
    assert "cannot be said" in said and "may be taken as equal" not in said
    assert "may be taken as equal" in describe_invariance(table.assign(why_not="", cfi=0.90, rmsea=0.08))
    assert fits_well(0.90, 0.08) and not fits_well(np.nan, 0.05)


@pytest.mark.parametrize(("largest", "said"), [(0.2, "none beyond"), (0.5, "1 region exceeds the largest published")])
def test_an_effect_is_called_too_large_only_where_one_exceeds_what_is_published(largest, said):
    contrasts = pd.DataFrame({"d": [0.1, largest], "n_high": 40, "n_low": 60, "detectable_d": 0.55})
    published = pd.DataFrame({"block": ["volumes"], "d_smallest": [0.05], "d_largest": [0.3]})
    found = describe_scale(contrasts, published, "volumes")
    assert said in found and ("too large" in found) == (largest > 0.3)
