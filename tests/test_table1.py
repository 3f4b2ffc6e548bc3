"""Table 1, flow, modalities and power: published numbers, identities, borders, small cells."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from helpers import table1
from helpers.contract import ColumnRule, MeasureRule, Settings
from helpers.power import compute_power, find_detectable_d


def make_cohort(small_cell: int = 5, **columns):
    n = len(next(iter(columns.values()))) if columns else 12
    ids = pd.Index([f"s{i:02d}" for i in range(n)], name="participant_id")
    settings = Settings("c", "real", ColumnRule("dx", ("HC",), ("MDD",)), small_cell=small_cell, covariates=("age",))
    return SimpleNamespace(
        settings=settings, participants=pd.DataFrame(columns, index=ids), phenotype={}, blocks={}, maps={}, further={}
    )


def make_groups(cohort, sides):
    frame = pd.DataFrame({"group": sides}, index=cohort.participants.index).astype(object)
    return frame.assign(
        score=np.nan, reason=frame["group"].map(lambda side: None if side in ("high", "low") else "dx is missing")
    )


def test_smd_of_numbers_by_hand():
    """Means 3 and 1, variances 4 and 4: (3 - 1) / 2 = 1; the sign follows high minus low."""
    high, low = pd.Series([1.0, 3.0, 5.0]), pd.Series([-1.0, 1.0, 3.0])
    assert table1.standardise_difference(high, low) == 1
    assert table1.standardise_difference(low, high) == -1


def test_smd_of_two_labels_by_hand():
    """Shares .8 and .5: .3 / sqrt((.16 + .25) / 2) = .6626 (Austin 2009, the binary formula)."""
    high, low = pd.Series(["F"] * 8 + ["M"] * 2), pd.Series(["F"] * 5 + ["M"] * 5)
    assert table1.standardise_difference(high, low) == pytest.approx(0.3 / np.sqrt(0.205))


def test_smd_does_not_depend_on_the_order_of_labels():
    rng = np.random.default_rng(1)
    high, low = (pd.Series(rng.choice(list("abcd"), 200, p=p)) for p in ([0.4, 0.3, 0.2, 0.1], [0.25] * 4))
    turned = str.maketrans("abcd", "dcba")
    expected = table1.standardise_difference(high, low)
    assert table1.standardise_difference(high.str.translate(turned), low.str.translate(turned)) == pytest.approx(
        expected
    )


@pytest.mark.parametrize("labels", [("a", "b"), ("ab", "cd"), ("abc", "d")])
def test_groups_that_share_no_label_are_infinitely_far_apart(labels):
    high, low = pd.Series(list(labels[0] * 6)), pd.Series(list(labels[1] * 6))
    assert table1.standardise_difference(high, low) == np.inf


def test_missing_is_not_a_label():
    high, low = pd.Series(["F", "M", None, None]), pd.Series(["F", "M", "F", "M"])
    assert table1.standardise_difference(high, low) == 0
    assert np.isnan(table1.standardise_difference(pd.Series([None, None], dtype=object), low))


def test_small_cells_are_hidden_and_cannot_be_had_by_subtraction():
    cohort = make_cohort(sex=["F"] * 8 + ["M"] * 2 + ["F"] * 6 + ["M"] * 6)
    groups = make_groups(cohort, ["high"] * 10 + ["low"] * 12)
    table = table1.summarise_groups(cohort, groups)
    shown = table.loc["Sex"].set_index("statistic")
    assert shown["high"].to_dict() == {"F, n (%)": "hidden", "M, n (%)": "<5"}
    assert shown["low"].to_dict() == {"F, n (%)": "6 (50%)", "M, n (%)": "6 (50%)"}


def test_numbers_of_too_few_people_are_not_shown():
    cohort = make_cohort(age=[30.0, 31.0, 40.0] + [np.nan] * 7 + [25.0, 35.0, 45.0, 55.0, 65.0, 20.0])
    table = table1.summarise_groups(cohort, make_groups(cohort, ["high"] * 10 + ["low"] * 6))
    first = table.loc["Age (years)"].iloc[0]
    assert first["high"] == "n <5"
    assert first["missing_high"] == "7"
    assert first["low"].startswith("40.8 (")


def test_free_text_and_the_outcome_column_are_left_out():
    cohort = make_cohort(dx=["HC"] * 7 + ["MDD"] * 7, note=[f"text {i}" for i in range(14)], site=["x", "y"] * 7)
    table = table1.summarise_groups(cohort, make_groups(cohort, ["high"] * 7 + ["low"] * 7))
    assert set(table.index) == {"Participants", "site"}


def test_flow_adds_up_and_gives_reasons():
    cohort = make_cohort(small_cell=1, age=[20.0] * 9 + [np.nan])
    groups = make_groups(cohort, ["high"] * 3 + ["low"] * 4 + [None] * 2 + ["low"])
    flow = table1.count_flow(cohort, groups)
    n = flow["n"].astype(int)
    assert n[flow["part"] == "recruited"].sum() == n[flow["part"].isin(["left out", "high", "low"])].sum() == 10
    assert flow.loc["dx is missing", "n"] == "2"
    assert flow.loc["With every covariate", "n"] == "7"
    assert table1.count_flow(make_cohort(age=[20.0] * 10), groups).loc["dx is missing", "n"] == "<5"


def test_modalities_count_people_with_a_value_whatever_the_order():
    cohort = make_cohort(small_cell=1, age=[20.0] * 6)
    ids = cohort.participants.index
    cohort.blocks["taxa"] = pd.DataFrame({"t": [1.0, 2, 3, 4]}, index=ids[[3, 2, 1, 0]])
    cohort.phenotype["brs"] = pd.DataFrame({"mean": [3.0, np.nan, 3, 3, 3, 3]}, index=ids)
    groups = make_groups(cohort, ["high"] * 3 + ["low"] * 3)
    counts = table1.count_modalities(cohort, groups)
    assert counts.loc["Gut bacteria (taxa)"].tolist() == ["3", "1", "4"]
    assert counts.loc["Questionnaire: BRS"].tolist() == ["2", "3", "5"]
    assert counts.loc["Every kind of data"].tolist() == ["2", "1", "3"]
    assert list(table1.find_complete(cohort, groups)) == [ids[0], ids[2], ids[3]]


def test_a_questionnaire_given_to_patients_alone_is_not_asked_of_the_complete():
    """Border case: 4 of the healthy with small_cell 5 do not make a kind of data both groups have; 5 do."""
    cohort = make_cohort(age=[20.0] * 12)
    ids = cohort.participants.index
    groups = make_groups(cohort, ["high"] * 6 + ["low"] * 6)
    cohort.blocks["taxa"] = pd.DataFrame({"t": 1.0}, index=ids)
    cohort.phenotype["atec"] = pd.DataFrame({"total": 50.0}, index=ids[2:])
    assert len(table1.find_complete(cohort, groups)) == 12
    assert table1.count_modalities(cohort, groups).loc["Every kind of data"].tolist() == ["6", "6", "12"]
    cohort.phenotype["atec"] = pd.DataFrame({"total": 50.0}, index=ids[1:])
    assert list(table1.find_complete(cohort, groups)) == list(ids[1:])


@pytest.mark.parametrize(("n_high", "n_low", "d"), [(44, 72, 0.54), (64, 64, 0.50), (26, 26, 0.79)])
def test_smallest_detectable_difference(n_high, n_low, d):
    """44/72: the study's groups. 64 and 26 per group: Cohen 1988 for d = .5 and (as .8) 26."""
    assert find_detectable_d(n_high=n_high, n_low=n_low) == pytest.approx(d, abs=0.006)


def test_power_of_no_effect_is_the_level_and_grows_to_one():
    assert compute_power(0.0, n_high=30, n_low=40) == pytest.approx(0.05)
    powers = [compute_power(0.2, n_high=n, n_low=n) for n in (10, 100, 1_000, 5_000, 500_000)]
    assert powers == sorted(powers)
    assert powers[-1] == 1
    assert compute_power(-0.5, n_high=64, n_low=64) == pytest.approx(compute_power(0.5, n_high=64, n_low=64))


def test_one_person_in_a_group_has_no_power():
    assert np.isnan(compute_power(0.5, n_high=1, n_low=30))
    assert np.isnan(find_detectable_d(n_high=1, n_low=30))
    groups = pd.DataFrame({"group": ["high", "low", "low"]})
    assert table1.describe_detectable(groups) == "With <5 and <5 people no difference can be tested."


def test_the_rule_in_words_says_when_groups_are_not_resilience():
    cohort = make_cohort(age=[1.0])
    assert "not one of resilience" in table1.describe_rule(cohort)
    settings = Settings("c", "real", MeasureRule("cd_risc", "total", 82.0))
    said = table1.describe_rule(SimpleNamespace(settings=settings))
    assert "total of 82 or more" in said
    assert "never computed from the sample" in said


def test_groups_in_words_count_everyone():
    cohort = make_cohort(small_cell=1, age=[20.0] * 10)
    groups = make_groups(cohort, ["high"] * 3 + ["low"] * 5 + [None] * 2)
    said = table1.describe_groups(cohort, groups)
    assert said == "Of 10 participants, 3 are in the group *High*, 5 in *Low* and 2 in neither."
