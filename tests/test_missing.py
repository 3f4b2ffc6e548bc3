"""People left out for a blank: what complete cases get wrong, and what imputation mends."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from helpers.brain import impute_questions
from helpers.contrasts import fit_contrasts
from helpers.missing import compare_incomplete, describe_incomplete, fill_once, pool_rubin
from helpers.problems import TooLittle
from helpers.simulate import draw_cohort
from helpers.table1 import describe_lost


def make_cohort(participants, covariates=("bmi",)):
    settings = SimpleNamespace(
        covariates=covariates, batch=None, small_cell=5, labels={"high": "High", "low": "Low"}, outcome=None
    )
    return SimpleNamespace(clusters=None, participants=participants, settings=settings)


def lose_bmi(rng, *, n=116, n_high=44):
    """True d = 0; BMI goes missing in the high group the more, the higher the outcome."""
    ids = pd.Index([f"p{i:03d}" for i in range(n)], name="participant_id")
    high, bmi = np.arange(n) < n_high, rng.normal(25, 4, n)
    outcome = rng.normal(size=n) + 0.5 * (bmi - 25) / 4
    lost = high & (outcome > np.median(outcome[high])) & (rng.random(n) < 0.9)
    people = pd.DataFrame({"bmi": np.where(lost, np.nan, bmi)}, ids)
    groups = pd.DataFrame({"group": np.where(high, "high", "low"), "score": np.nan}, ids)
    return make_cohort(people), groups, pd.DataFrame({"mood": outcome}, ids)


def test_imputation_mends_what_complete_cases_get_wrong():
    tables = []
    for seed in range(40):
        rng = np.random.default_rng([3, seed])
        cohort, groups, features = lose_bmi(rng)
        tables.append(compare_incomplete(features, cohort, groups, rng=rng, n_imputations=8))
    table = pd.concat(tables)
    assert table["d"].mean() < -0.4
    assert abs(table["d_imputed"].mean()) < 0.1
    assert (table["d_high"] < 0).mean() > 0.5
    found = ((table["d_imputed_low"] > 0) | (table["d_imputed_high"] < 0)).sum()
    assert found <= stats.binom.ppf(0.999, 40, 0.05)
    text = describe_incomplete(tables[0], cohort, groups)
    assert "people are left out for a missing value in bmi" in text and "changes by at most" in text


def test_with_nothing_missing_all_three_are_the_contrast_itself(rng):
    cohort, groups, features = lose_bmi(rng)
    cohort.participants["bmi"] = cohort.participants["bmi"].fillna(25.0)
    table = compare_incomplete(features, cohort, groups, rng=rng)
    row = table.loc["mood"]
    assert row["d"] == row["d_without"] == pytest.approx(row["d_imputed"])
    # the interval of pooled estimates is Student's, that of d alone is the noncentral t's
    assert row["d_low"] == pytest.approx(row["d_imputed_low"], abs=0.02)
    assert describe_incomplete(table, cohort, groups).startswith("Nobody lacks a covariate")


def test_rubins_rules_by_hand():
    """Two filled tables: estimates 1 and 3, standard errors 1; between 2, total 1 + 1.5 x 2 = 4."""
    fits = [
        pd.DataFrame({"estimate": [e], "t": [e / 1.0], "df": [100.0], "d": [e / 2]}, index=["x"]) for e in (1.0, 3.0)
    ]
    row = pool_rubin(fits).loc["x"]
    assert (row["estimate"], row["standard_error"], row["d"]) == (2.0, 2.0, 1.0)
    lost = 3 / 4
    observed = 101 / 103 * 100 * (1 - lost)
    assert row["df"] == pytest.approx(1 / (lost**2 / 1 + 1 / observed))
    assert row["d_high"] == pytest.approx((2 + stats.t.ppf(0.975, row["df"]) * 2) / 2)


def test_one_fit_pools_to_itself(rng):
    ids = [f"p{i}" for i in range(40)]
    features = pd.DataFrame({"x": rng.normal(size=40)}, ids)
    fit = fit_contrasts(features, pd.DataFrame({"group": np.arange(40) < 15}, ids, dtype=float))
    row = pool_rubin([fit]).loc["x"]
    assert row["p"] == pytest.approx(fit.loc["x", "p"], rel=0.1)
    assert (row["estimate"], row["d"]) == pytest.approx((fit.loc["x", "estimate"], fit.loc["x", "d"]))


def test_filling_is_chance_made_explicit(rng):
    table = pd.DataFrame(rng.normal(size=(50, 3)), columns=list("abc"))
    table["c"] += 2 * table["a"]
    holed = table.mask(rng.random(table.shape) < 0.2)
    one, again, other = (fill_once(holed, np.random.default_rng(seed)) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one, again)
    assert not one.equals(other)
    assert one.notna().all(axis=None)
    pd.testing.assert_frame_equal(one.where(holed.notna()), holed)


def test_a_feature_that_does_not_vary_is_blank_and_none_at_all_is_said(rng):
    cohort, groups, features = lose_bmi(rng)
    table = compare_incomplete(features.assign(flat=1.0), cohort, groups, rng=rng, n_imputations=2)
    assert table.loc["flat", ["d", "d_imputed"]].isna().all()
    with pytest.raises(TooLittle, match="None of the features asked for"):
        compare_incomplete(features[[]], cohort, groups, rng=rng)


def test_further_covariates_enter_all_three(rng):
    cohort, groups, features = lose_bmi(rng)
    motion = pd.DataFrame({"mean_fd_mm": rng.normal(size=len(features))}, features.index)
    features["mood"] += 10 * motion["mean_fd_mm"]
    plain = compare_incomplete(features, cohort, groups, rng=np.random.default_rng(1), n_imputations=4).loc["mood"]
    freed = compare_incomplete(
        features, cohort, groups, rng=np.random.default_rng(1), n_imputations=4, extra=motion.iloc[:-3]
    ).loc["mood"]
    assert (freed["n"], freed["n_imputed"]) == (plain["n"] - 3, plain["n_imputed"] - 3)
    assert abs(freed["d_imputed"]) < 0.6


def test_missing_labels_are_imputed_in_all_their_columns(rng):
    drawn = draw_cohort(n_participants=60, blocks=["metabolites"])
    people = drawn.cohort.participants.copy()
    people.loc[people.index[:6], "sex"] = np.nan
    people.loc[people.index[10:14], "study"] = np.nan
    cohort = SimpleNamespace(clusters=None, participants=people, settings=drawn.cohort.settings)
    groups = pd.DataFrame({"group": np.where(np.arange(60) % 2, "high", "low")}, people.index)
    features = drawn.cohort.block("metabolites").iloc[:, :2].rank()
    table = compare_incomplete(features, cohort, groups, rng=rng, n_imputations=3)
    assert (table["n_imputed"] > table["n"]).all()
    assert table["d_imputed"].notna().all()


def test_who_is_lost_is_said_by_group_and_small_numbers_are_not(rng):
    cohort, groups, features = lose_bmi(rng)
    cohort.participants["mood_before"] = features["mood"]
    kept = cohort.participants.index[cohort.participants["bmi"].notna()]
    text = describe_lost(cohort, groups, kept)
    n_lost = int(cohort.participants["bmi"].isna().sum())
    assert f"Of the group *High*, {n_lost} of 44 are left out" in text
    assert "before (SMD +" in text  # they are those of a higher outcome
    assert "Low" not in text
    few = describe_lost(cohort, groups, cohort.participants.index.drop(["p000", "p001"]))
    assert "all but" not in few and "fewer than 5 of 44" in few and "too few to compare" in few
    assert describe_lost(cohort, groups, cohort.participants.index) == ""
    cohort.settings.labels["high"] = "<script>alert(1)</script>"
    assert "*<script" not in describe_lost(cohort, groups, kept)


def test_a_cohort_that_none_of_the_questions_can_be_asked_of_says_so(rng):
    drawn = draw_cohort(n_participants=60, blocks=["metabolites"])
    groups = pd.DataFrame({"group": np.where(np.arange(60) % 2, "high", "low")}, drawn.cohort.participants.index)
    sets = pd.DataFrame({"set": ["calm"], "block": ["tracts"], "region": ["fornix"]})
    with pytest.raises(TooLittle, match="None of the declared questions"):
        impute_questions(drawn.cohort, groups, declared="A × B", sets=sets, rng=rng)
