"""Questionnaires: published numbers, identities, borders, refusals."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from helpers import resilience as r
from helpers.contract import ColumnRule, MeasureRule, Settings
from helpers.resilience.scales import HADS_ITEMS


def answer(value: float, items: tuple[str, ...], people: int = 1) -> pd.DataFrame:
    return pd.DataFrame(float(value), index=[f"sub-{i:02d}" for i in range(1, people + 1)], columns=list(items))


def make_cohort(phenotype: dict, outcome: MeasureRule | ColumnRule) -> SimpleNamespace:
    people = pd.DataFrame(index=pd.Index(["sub-01", "sub-02", "sub-03"], name="participant_id"))
    return SimpleNamespace(
        settings=Settings("c", "real", outcome), phenotype=phenotype, participants=people, questionnaires={}
    )


def make_factor_items(n: int = 400) -> tuple[pd.DataFrame, float]:
    """Items whose sample covariance is exactly that of one factor, and the omega it implies."""
    loadings, unique = np.array([0.9, 0.8, 0.7, 0.6, 0.5]), np.array([0.3, 0.4, 0.5, 0.6, 0.7])
    noise = np.random.default_rng(1).normal(size=(n, 5))
    noise -= noise.mean(axis=0)
    white = noise @ np.linalg.inv(np.linalg.cholesky(np.cov(noise, rowvar=False))).T
    wanted = np.linalg.cholesky(np.outer(loadings, loadings) + np.diag(unique))
    return pd.DataFrame(white @ wanted.T), loadings.sum() ** 2 / (loadings.sum() ** 2 + unique.sum())


@pytest.mark.parametrize(("value", "total"), [(0, 0), (3, 75), (4, 100)])
def test_cd_risc_runs_from_0_to_100(value, total):
    """Manual: 25 items, 0 to 4, summed, none reversed."""
    assert r.score_cd_risc(answer(value, r.CD_RISC_ITEMS)).total["sub-01"] == total


def test_blanks_follow_the_manual():
    """19 answers of 3 and six blanks: 19 * 3 + 6 * 3 = 75; with 18 answers nobody is scored."""
    items = answer(3, r.CD_RISC_ITEMS, people=2)
    items.iloc[0, :6] = np.nan
    items.iloc[1, :7] = np.nan
    scores = r.score_cd_risc(items)
    assert scores.total["sub-01"] == 75
    assert np.isnan(scores.total["sub-02"])
    assert (scores.n_scored, scores.n_filled, list(scores.n_answered)) == (1, 1, [19, 18])


def test_a_blank_takes_the_persons_own_mean_not_the_samples():
    items = answer(4, r.CD_RISC_ITEMS, people=2)
    items.loc["sub-02"] = 1.0
    items.loc["sub-02", "cd_risc_07"] = np.nan
    assert r.score_cd_risc(items).total["sub-02"] == 25


def test_column_order_and_extra_columns_change_nothing():
    items = answer(2, r.CD_RISC_ITEMS).assign(cd_risc_01=4.0)
    shuffled = items[items.columns[::-1]].assign(note="x")
    assert r.score_cd_risc(shuffled).total.equals(r.score_cd_risc(items).total)


def test_scoring_leaves_the_answers_alone():
    items = answer(2, r.BRS.items)
    before = items.copy()
    r.score_brs(items)
    pd.testing.assert_frame_equal(items, before)


def test_out_of_range_answer_names_person_item_and_remedy():
    items = answer(2, r.CD_RISC_ITEMS)
    items.loc["sub-01", "cd_risc_04"] = 5
    with pytest.raises(ValueError) as refusal:
        r.score_cd_risc(items)
    assert str(refusal.value) == (
        "sub-01 answered 5 to cd_risc_04; CD-RISC answers are 0 to 4. If your form counts 1 to 5, subtract 1 "
        "before scoring (1 answers are out of range in all)."
    )


@pytest.mark.parametrize("wrong", [-9999, 2.5, "often"])
def test_other_slips_are_refused_without_a_wrong_guess(wrong):
    items = answer(2, r.CD_RISC_ITEMS).astype(object)
    items.loc["sub-01", "cd_risc_04"] = wrong
    with pytest.raises(ValueError, match=r"cd_risc_04; CD-RISC answers are 0 to 4\. Correct the answer"):
        r.score_cd_risc(items)


def test_a_missing_item_column_is_named():
    with pytest.raises(ValueError, match="needs 25 item columns; found 24, without cd_risc_09"):
        r.score_cd_risc(answer(2, r.CD_RISC_ITEMS).drop(columns="cd_risc_09"))


def test_short_forms_use_their_items_of_the_25():
    """CD-RISC-10: items 1 4 6 7 8 11 14 16 17 19; CD-RISC-2: items 1 and 8."""
    items = answer(0, r.CD_RISC_ITEMS)
    items[[f"cd_risc_{i:02d}" for i in (1, 4, 6, 7, 8, 11, 14, 16, 17, 19)]] = 4.0
    assert r.score_cd_risc_10(items).total["sub-01"] == 40
    assert r.score_cd_risc_2(items).total["sub-01"] == 8


def test_factors_use_each_item_once_but_for_those_left_out():
    """PAPER rules: 8 + 7 + 5 + 3 + 2 = 25 items."""
    numbers = [i for part in r.CD_RISC_FACTORS.values() for i in part]
    assert sorted(numbers) == list(range(1, 26))
    assert (r.score_cd_risc_factors(answer(3, r.CD_RISC_ITEMS)) == 3).all(axis=None)


def test_brs_reverses_items_2_4_6_and_averages():
    """Smith 2008: agreeing with 1, 3, 5 and disagreeing with 2, 4, 6 is the most resilient answer."""
    best = pd.DataFrame([[5, 1, 5, 1, 5, 1]], index=["sub-01"], columns=list(r.BRS.items))
    assert r.score_brs(best)["sub-01"] == 5
    assert r.score_brs(6 - best)["sub-01"] == 1
    assert r.score_brs(answer(5, r.BRS.items))["sub-01"] == 3


def test_brs_needs_four_answers():
    items = answer(3, r.BRS.items, people=2)
    items.iloc[0, :2] = np.nan
    items.iloc[1, :3] = np.nan
    assert r.score_brs(items).isna().tolist() == [False, True]


def test_hads_odd_items_are_anxiety_and_one_blank_is_filled():
    """Seven odd items of 1: anxiety 7; six even of 2 and a blank: 12 * 7 / 6 = 14; two blanks: none."""
    items = pd.DataFrame([[1.0, 2.0] * 7] * 2, index=["sub-01", "sub-02"], columns=list(HADS_ITEMS))
    items.loc[:, "hads_02"] = np.nan
    items.loc["sub-02", "hads_04"] = np.nan
    scores = r.score_hads(items)
    assert scores.loc["sub-01"].tolist() == [7, 14]
    assert scores["depression"].isna().tolist() == [False, True]


def test_outcome_takes_items_or_a_scored_column_and_is_none_for_a_column_rule():
    rule = MeasureRule("cd_risc", "total", 82)
    items = answer(3, r.CD_RISC_ITEMS)
    scored = pd.DataFrame({"total": [75.0]}, index=["sub-01"])
    from_items = r.score_outcome(make_cohort({"cd_risc": items}, rule))
    from_total = r.score_outcome(make_cohort({"cd_risc": scored}, rule))
    assert from_items.equals(from_total)
    assert from_items.name == "cd_risc.total"
    assert r.score_outcome(make_cohort({}, ColumnRule("dx", ("HC",), ("MDD",)))) is None


def test_an_outcome_score_that_is_not_there_is_refused_with_what_is():
    rule = MeasureRule("ffmq", "describe", 20)
    frame = pd.DataFrame({"describing": [1.0]}, index=["sub-01"])
    with pytest.raises(ValueError, match=r"'describe', which measure ffmq does not have\. It has: describing"):
        r.score_outcome(make_cohort({"ffmq": frame}, rule))


def test_measures_are_named_by_measure_and_score_and_aligned_by_id():
    hads = answer(1, HADS_ITEMS)
    ffmq = pd.DataFrame({"describing": [20.0, 30.0]}, index=["sub-03", "sub-01"])
    measures = r.score_measures(make_cohort({"hads": hads, "ffmq": ffmq}, MeasureRule("cd_risc", "total", 82)))
    assert list(measures) == ["hads.anxiety", "hads.depression", "ffmq.describing"]
    assert measures["ffmq.describing"].tolist()[::2] == [30, 20]
    assert measures.loc["sub-02"].isna().all()
    assert r.score_measures(make_cohort({}, MeasureRule("cd_risc", "total", 82))).shape == (3, 0)


def test_alpha_matches_shrout_and_fleiss_1979():
    """Six targets, four judges: Table 4 gives ICC(3,4) = .91, which equals alpha."""
    ratings = pd.DataFrame([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]])
    assert r.cronbach_alpha(ratings) == pytest.approx(0.91, abs=0.005)


def test_alpha_of_identical_items_is_1_and_blanks_are_dropped_before_counting():
    one = pd.Series([1.0, 2.0, 4.0, 3.0])
    items = pd.DataFrame({"a": one, "b": one, "c": one})
    assert r.cronbach_alpha(items) == pytest.approx(1)
    blank = pd.concat([items, pd.DataFrame({"a": [9.0], "b": [np.nan], "c": [0.0]})])
    assert r.cronbach_alpha(blank) == pytest.approx(1)


def test_omega_of_an_exact_one_factor_covariance():
    """The sample covariance is made exactly one-factor, so omega is known."""
    items, omega = make_factor_items()
    assert r.mcdonald_omega(items) == pytest.approx(omega, abs=1e-5)


def test_omega_is_alpha_when_items_load_alike_and_above_it_otherwise():
    items, omega = make_factor_items()
    assert omega > r.cronbach_alpha(items)
    same = pd.concat([items[0], items[0] * 1.0, items[0]], axis=1) + np.random.default_rng(2).normal(size=(400, 3))
    assert r.mcdonald_omega(same) == pytest.approx(r.cronbach_alpha(same), abs=0.01)


def test_reliability_table_repeats_with_the_same_seed():
    items, _ = make_factor_items(80)
    tables = [r.summarise_reliability(items, rng=np.random.default_rng(4), n_bootstraps=30) for _ in range(2)]
    pd.testing.assert_frame_equal(*tables)
    assert (tables[0]["ci_low"] < tables[0]["estimate"]).all()
    assert tables[0]["n"].tolist() == [80, 80]


@pytest.mark.parametrize("coefficient", [r.cronbach_alpha, r.mcdonald_omega])
def test_too_few_complete_people_are_refused_with_the_count(coefficient):
    items = pd.DataFrame({"a": [1.0, 2.0, np.nan], "b": [1.0, np.nan, 2.0], "c": [1.0, 2.0, 3.0]})
    with pytest.raises(
        ValueError, match=r"3 people who answered all of them; found 3 items and 1 such people \(of 3\)"
    ):
        coefficient(items)


def test_an_item_everybody_answers_alike_cannot_be_factored():
    items = pd.DataFrame(np.random.default_rng(1).normal(size=(20, 4))).assign(flat=2.0)
    with pytest.raises(ValueError, match="Everybody gave the same answer to flat"):
        r.mcdonald_omega(items)


def test_precision_of_a_perfect_scale_has_no_band():
    total = pd.Series([70.0, 82.0, 95.0, np.nan])
    exact = r.measure_precision(total, reliability=1.0, cut=82)
    assert (exact.sem, exact.n_within_sem, exact.n_scored) == (0, 1, 3)
    assert r.measure_precision(total, reliability=-0.3, cut=82).sem == pytest.approx(total.std())


def test_straight_lining_is_counted_and_blanks_do_not_hide_it():
    items = pd.DataFrame([[3, 3, 3, np.nan], [1, 2, 3, 4], [np.nan] * 4], index=["a", "b", "c"])
    assert r.check_answering(items, small_cell=1)["n"].tolist() == ["1", "1", "1", "1"]


def test_a_small_number_of_blank_forms_is_not_told_and_does_not_follow_by_subtraction():
    items = pd.DataFrame(np.tile([1.0, 2.0, 3.0], (20, 1)))
    items.iloc[0, 0] = np.nan
    table = r.check_answering(items)
    assert table["n"].tolist() == ["hidden", "<5", "0", "0"]
    assert table["share"].isna().tolist() == [True, True, False, False]


def test_bars_of_scores_hold_everyone_and_never_fewer_than_the_small_cell(rng):
    score = pd.Series(np.append(rng.integers(40, 101, 60).astype(float), np.nan))
    group = np.where(score >= 82, "high", np.where(score < 82, "low", None))
    bars = r.bin_scores(pd.DataFrame({"score": score, "group": group}), cut=82)
    assert bars["n"].sum() == 60 and bars["n"].min() >= 5
    assert (bars["n"] / (bars["end"] - bars["start"])).tolist() == bars["per_point"].tolist()
    assert ((bars["start"] >= 82 - 1e-9) == (bars["group"] == "high")).all()
    assert ((bars["end"] <= 82 + 1e-9) == (bars["group"] == "low")).all()


def test_item_table_correlates_with_the_rest_not_the_total():
    items, _ = make_factor_items(60)
    table = r.summarise_items(items)
    assert table.loc[0, "item_rest_r"] == pytest.approx(items[0].corr(items.drop(columns=0).sum(axis=1)))
    assert table.loc[4, "alpha_without"] == pytest.approx(r.cronbach_alpha(items.drop(columns=4)))


@pytest.mark.parametrize(("share", "kept"), [(0.5, 2 / np.pi), (44 / 116, 0.615)])
def test_share_kept_by_a_split(share, kept):
    """Cohen 1983: 2/pi at the median; MacCallum 2002 rounds it to 64 %. At 44/116 by hand: .3804**2 / .2354."""
    assert r.expect_share_kept(share) == pytest.approx(kept, abs=0.001)
    with pytest.raises(ValueError, match="must lie between 0 and 1"):
        r.expect_share_kept(1.0)


def test_a_split_costs_what_theory_says():
    rng = np.random.default_rng(1)
    score = pd.Series(rng.normal(size=20_000))
    groups = pd.DataFrame({"score": score, "group": np.where(score >= 0, "high", "low")})
    measures = pd.DataFrame({"hads.anxiety": 0.6 * score + rng.normal(size=20_000)})
    table = r.compare_split_and_score(measures, groups)
    assert table.loc["hads.anxiety", "share_kept"] == pytest.approx(2 / np.pi, abs=0.03)


def test_symptoms_leave_out_the_outcome_and_follow_ids():
    rng = np.random.default_rng(1)
    ids = [f"s{i}" for i in range(20)]
    design = pd.DataFrame({"group": np.repeat([1.0, 0.0], 10)}, index=ids)
    measures = pd.DataFrame({"hads.anxiety": design["group"] * 2 + rng.normal(size=20), "brs.mean": 1.0}, index=ids)
    shuffled = measures.sample(frac=1, random_state=1)
    table = r.compare_symptoms(shuffled, design, outcome="brs.mean")
    assert list(table.index) == ["hads.anxiety"]
    by_hand = measures["hads.anxiety"].iloc[:10].mean() - measures["hads.anxiety"].iloc[10:].mean()
    assert table.loc["hads.anxiety", "estimate"] == pytest.approx(by_hand)
    assert r.compare_symptoms(measures[["brs.mean"]], design, outcome="brs.mean").empty


def test_sentences_hold_the_numbers():
    groups = pd.DataFrame({"score": [70.0, 90.0, np.nan] * 5, "group": ["low", "high", None] * 5})
    said = r.describe_scores(groups, MeasureRule("cd_risc", "total", 82))
    assert said.startswith("10 of 15 participants have a `cd_risc` total: mean 80.0")
    assert "50 % reach the cut-off of 82" in said
    assert "no answers item by item" in r.describe_precision(None)
