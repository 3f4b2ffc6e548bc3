"""Bands, answering, cuts, continuous relations and circular questions: published rules, identities, borders."""

from __future__ import annotations

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from helpers import resilience as r
from helpers.cohort import assign_groups, design_matrix
from helpers.contract import load_cohort, read_overlaps, read_schema
from helpers.plots import resilience as figures
from helpers.resilience.scales import BANDS, HADS_ITEMS
from tests.support import EXAMPLE

LABELS = {"high": "High resilience", "low": "Low resilience"}


@pytest.fixture(scope="module")
def cohort():
    return load_cohort(EXAMPLE, blocks=())


@pytest.fixture(scope="module")
def groups(cohort):
    return assign_groups(cohort, r.score_outcome(cohort))


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def answer(value: float, items, people: int = 1) -> pd.DataFrame:
    return pd.DataFrame(float(value), index=[f"sub-{i:02d}" for i in range(1, people + 1)], columns=list(items))


@pytest.mark.parametrize(("scale", "lowest", "highest"), [("PSS", 16, 24), ("GAD7", 0, 21), ("PHQ9", 0, 27)])
def test_sums_run_over_their_published_range_and_a_blank_leaves_none(scale, lowest, highest):
    """PSS-10 with the same answer to all: 4 * 4 reversed and 6 * 4 not; GAD-7 0-21, PHQ-9 0-27."""
    scale = getattr(r, scale)
    answers = answer(scale.lowest, scale.items, people=3)
    answers.iloc[1] = scale.highest
    answers.iloc[2, 0] = np.nan
    scores = r.score_sum(answers, scale)
    assert scores.iloc[:2].tolist() == [lowest, highest]
    assert np.isnan(scores.iloc[2])


def test_pss_reverses_items_4_5_7_8_and_runs_from_0_to_40():
    """Cohen: the four positive items are reversed, so the least stressed answer 4 there and 0 elsewhere."""
    calm = answer(0, r.PSS.items)
    calm[["pss_04", "pss_05", "pss_07", "pss_08"]] = 4.0
    assert r.score_sum(calm, r.PSS).iloc[0] == 0
    assert r.score_sum(4 - calm, r.PSS).iloc[0] == 40


def test_the_ten_item_form_needs_seven_answers_and_the_two_item_form_both():
    items = answer(3, r.CD_RISC_ITEMS, people=2)
    ten = [f"cd_risc_{i:02d}" for i in (1, 4, 6, 7, 8, 11, 14, 16, 17, 19)]
    items.loc["sub-01", ten[:3]] = np.nan
    items.loc["sub-02", ten[:4]] = np.nan
    assert r.score_cd_risc_10(items).total.fillna(-1).tolist() == [30, -1]
    assert r.score_cd_risc_2(items).total.isna().tolist() == [True, True]


@pytest.mark.parametrize(
    ("score", "border", "below", "at"),
    [
        ("cd_risc.total", 74, "1st quarter", "2nd"),
        ("cd_risc.total", 83, "2nd", "3rd"),
        ("cd_risc.total", 91, "3rd", "4th"),
        ("cd_risc_10.total", 30, "1st quarter", "2nd"),
        ("cd_risc_10.total", 37, "3rd", "4th"),
        ("brs.mean", 3.0, "low", "normal"),
        ("hads.anxiety", 8, "none", "doubtful"),
        ("hads.depression", 11, "doubtful", "case"),
        ("pss.total", 14, "low", "moderate"),
        ("pss.total", 27, "moderate", "high"),
        ("gad7.total", 15, "moderate", "severe"),
        ("phq9.total", 20, "moderately severe", "severe"),
    ],
)
def test_a_score_at_a_published_border_is_in_the_upper_band(score, border, below, at):
    """Published: CD-RISC 0-73/74-82/83-90/91-100, CD-RISC-10 0-29/30-32/33-36/37-40, BRS 3.00, HADS 8 and 11, PSS 14
    and 27, GAD-7 5/10/15, PHQ-9 5/10/15/20."""
    measures = pd.DataFrame({score: [border - 0.01, border]}, index=["a", "b"])
    groups = pd.DataFrame({"group": ["high", "low"]}, index=["a", "b"])
    table = r.summarise_bands(measures, groups, small_cell=1).loc[score]
    assert (table.loc[below, "n_high"], table.loc[at, "n_low"]) == ("1", "1")


def test_brs_bands_are_the_published_ones_and_4_30_is_still_normal():
    measures = pd.DataFrame({"brs.mean": [4.3, 4.31, 5.0]}, index=list("abc"))
    groups = pd.DataFrame({"group": ["high"] * 3}, index=list("abc"))
    assert r.summarise_bands(measures, groups, small_cell=1)["n_high"].tolist() == ["0", "1", "2"]


def test_bands_hold_everyone_once_and_hide_small_counts(cohort, groups):
    measures = r.score_measures(cohort)
    table = r.summarise_bands(measures, groups, small_cell=1)
    for score in table.index.get_level_values("score").unique():
        assert table.loc[score, ["n_high", "n_low"]].astype(int).sum(axis=None) == measures[score].notna().sum()
    hidden = r.summarise_bands(measures, groups)
    assert not hidden["n_high"].isin(["1", "2", "3", "4"]).any()
    located = r.summarise_scores(measures, groups)
    axes = figures.plot_bands(located, labels=LABELS).figure.axes
    assert len(axes) == located.index.get_level_values("score").nunique() == 4
    assert [text.get_text() for text in axes[1].texts] == ["1st quarter", "2nd", "3rd", "4th"]
    assert r.summarise_bands(measures[["ffmq.describing"]], groups).empty


def test_bands_are_of_scores_that_a_scorer_gives():
    known = {"cd_risc", "cd_risc_10", "brs", "hads", "pss", "gad7", "phq9"}
    assert {name.split(".")[0] for name in BANDS} == known <= set(read_schema()["phenotype"]["measures"])


def test_answering_reports_ranges_blanks_and_straight_lines(cohort, groups):
    table = r.report_response_quality(cohort)
    assert table.loc["cd_risc", ["answers", "allowed", "out_of_range"]].tolist() == ["item by item", "0 to 4", "0"]
    assert table.loc["ffmq", "answers"] == "scored columns"
    items = cohort.phenotype["cd_risc"][list(r.CD_RISC_ITEMS)]
    assert table.loc["cd_risc", "n_missing"] == str(items.isna().any(axis=1).sum())


def test_out_of_range_answers_are_counted_before_a_scorer_refuses_them():
    items = answer(2, HADS_ITEMS, people=2)
    items.iloc[0, 3], items.iloc[1, 4], items.iloc[1, 5] = 4, 1.5, np.nan
    assert r.count_out_of_range(items, r.HADS) == 2
    assert r.find_straight_lines(items).tolist() == [False, False]
    assert r.find_straight_lines(answer(3, r.BRS.items)).tolist() == [True]


def test_cuts_share_people_and_the_declared_one_is_the_groups_of_the_cohort(cohort, groups):
    measures = r.score_measures(cohort)
    cuts = r.list_cuts(groups["score"], declared=82, name="cd_risc.total")
    assert list(cuts)[:2] == ["declared", "published border 74"] and list(cuts)[-1].startswith("sample median")
    table = r.compare_cuts(groups["score"], measures["hads.depression"], cuts, sem=3.0)
    assert table.loc["declared", ["n_high", "n_low"]].tolist() == [44, 72]
    split = r.compare_split_and_score(measures, groups).loc["hads.depression"]
    assert table.loc["not cut", "r"] == pytest.approx(split["r_score"])
    assert table.loc["declared", "r"] == pytest.approx(split["r_split"])
    assert (table["power"].iloc[1:] < table["power"].iloc[0]).all()
    assert table["power"].iloc[1:].idxmax().startswith(("sample median", "declared"))


def test_power_and_people_needed_follow_from_what_a_split_keeps():
    """By hand, n = 116 and a true r of .3: Fisher z .3095 * sqrt(113) = 3.290, power of 1.96: .908. At the median r shrinks
    to .3 * sqrt(2 / pi) = .2394, z .2441 * sqrt(113) = 2.595, power .737."""
    score = pd.Series(np.arange(116.0))
    table = r.compare_cuts(score, score % 7, {"half": 58.0})
    assert table["power"].tolist() == pytest.approx([0.908, 0.737], abs=0.001)
    assert table.loc["not cut", "n_needed"] == 116
    assert table.loc["half", "n_needed"] == np.ceil((0.30952 / 0.24407) ** 2 * 113 + 3)


def test_the_p_value_of_a_relation_is_that_of_pearson(rng):
    score, symptom = pd.Series(rng.normal(size=40)), pd.Series(rng.normal(size=40))
    table = r.compare_cuts(score, symptom, {})
    assert table.loc["not cut", "p"] == pytest.approx(stats.pearsonr(score, symptom).pvalue)


def test_flips_agree_with_answering_twice(rng):
    """Simulated: true score plus error twice; people on other sides, against the expectation from one score."""
    true, sem = rng.normal(80, 10, 4_000), 4.0
    first, second = (true + rng.normal(0, sem, 4_000) for _ in range(2))
    table = r.compare_cuts(pd.Series(first), pd.Series(first), {"declared": 82.0}, sem=sem)
    seen = ((first >= 82) != (second >= 82)).sum()
    assert table.loc["declared", "flips"] == pytest.approx(seen, rel=0.1)
    assert table.loc["declared", "n_near"] == (np.abs(first - 82) <= sem).sum()


def test_a_small_number_near_the_cut_is_not_told():
    score = pd.Series([60.0, 61, 62, 63, 81, 83, 99, 98, 97, 96])
    table = r.compare_cuts(score, score[::-1].reset_index(drop=True), {"declared": 82.0}, sem=2.0)
    assert np.isnan(table.loc["declared", "n_near"])
    assert "<5 people lie within" in r.describe_cuts(table)
    assert "nothing to compare" in r.describe_cuts(table.loc[["not cut"]])


def test_the_median_moves_people_and_says_where_to(groups):
    said = r.describe_median(groups["score"], declared=82, labels=LABELS)
    score = groups["score"]
    moved = ((score >= score.median()) & (score < 82)).sum()
    assert f"{moved} of 116 people would change sides, all to *High resilience*" in said


def test_a_figure_of_cuts_writes_the_power_of_each(cohort, groups):
    measures = r.score_measures(cohort)
    cuts = r.list_cuts(groups["score"], declared=82, name="cd_risc.total")
    table = r.compare_cuts(groups["score"], measures["hads.anxiety"], cuts)
    ax = figures.plot_cuts(table, symptom="hads.anxiety")
    ticks = [tick.get_text() for tick in ax.get_yticklabels()]
    assert ticks[0] == "Score as it is" and "Declared cut 82\n(44 high, 72 low)" in ticks
    assert f"{100 * table['power'].iloc[0]:.0f} %" in [text.get_text() for text in ax.texts]


def test_partial_correlations_are_those_of_residuals(cohort, groups):
    """Identity: the partial r is the correlation of what covariates leave of both."""
    measures, design = r.score_measures(cohort), design_matrix(cohort, groups)
    table = r.relate_symptoms(measures, groups["score"], design, outcome="cd_risc.total")
    people = design.index[measures.loc[design.index, "hads.anxiety"].notna()]
    others = np.column_stack([np.ones(len(people)), design.loc[people].drop(columns="group")])
    left = [
        values - others @ np.linalg.lstsq(others, values, rcond=None)[0]
        for values in (measures.loc[people, "hads.anxiety"].to_numpy(), groups.loc[people, "score"].to_numpy())
    ]
    row = table.loc["hads.anxiety"]
    assert row["r"] == pytest.approx(np.corrcoef(*left)[0, 1])
    assert row["r_low"] < row["r"] < row["r_high"] and row["n"] == len(people)
    assert "cd_risc.total" not in table.index
    assert r.relate_symptoms(measures[[]], groups["score"], design).empty


def test_overlap_is_found_whichever_side_made_the_groups():
    known = read_overlaps()
    assert r.find_overlaps("cd_risc", ["hads", "cd_risc_10", "ffmq"], known)["kind"].to_dict() == {
        "cd_risc_10": "same items",
        "hads": "alike",
    }
    assert r.find_overlaps("hads", ["cd_risc"], known).loc["cd_risc", "kind"] == "alike"
    said = r.describe_overlaps("brs", r.find_overlaps("brs", ["cd_risc"], known))
    assert said.startswith("**Circular in part.** The groups come from BRS. CD-RISC measures the same trait")
    assert "No questionnaire here" in r.describe_overlaps("brs", r.find_overlaps("brs", ["ffmq"], known))


def test_declared_overlaps_name_questionnaires_of_the_contract_and_known_kinds():
    measures = set(read_schema()["phenotype"]["measures"])
    for entry in read_overlaps():
        assert set(entry["measures"]) <= measures and len(set(entry["measures"])) == len(entry["measures"]) >= 2
        assert entry["kind"] in ("same items", "same trait", "alike") and entry["why"]


def test_scores_of_people_are_drawn_with_bands_inside_the_axis(groups):
    bars = r.bin_scores(groups, cut=82)
    bands = r.list_bands("cd_risc.total")
    ax = figures.plot_scores(bars, cut=82, labels=LABELS, score_name="cd_risc.total", bands=bands)
    low, high = ax.get_xlim()
    named = [text for text in ax.texts if text.get_text().replace("\n", " ") in bands.index]
    assert len(named) == 4 and all(low <= text.xy[0] <= high for text in named)


def test_loadings_of_two_structures_stand_beside_each_other(cohort):
    items = r.read_answers(cohort.phenotype["cd_risc"], r.CD_RISC)
    structures = r.STRUCTURES["cd_risc"]
    fits = {name: r.fit_cfa(items, structures[name]) for name in ("one factor", "five factors")}
    ax = figures.plot_loadings(fits)
    assert sum(len(dots.get_offsets()) for dots in ax.collections) == 50
    assert ax.figure.legends[0].get_texts()[0].get_text() == f"one factor (n={fits['one factor'].n})"
    assert fits["five factors"].largest_factor_r > 0.9


def test_every_questionnaire_with_items_has_its_structures_fitted(cohort):
    """BRS has reversed items: turned, all load on one side; questionnaires that come scored are left out."""
    table = r.fit_cohort_structures(cohort)
    assert list(table.index.get_level_values("measure").unique()) == ["brs", "cd_risc", "hads"]
    assert (table["why_not"] == "").all()
    turned = r.reverse_code(r.read_answers(cohort.phenotype["brs"], r.BRS), r.BRS)
    fit = r.fit_cfa(turned, r.STRUCTURES["brs"]["one factor"])
    assert (fit.loadings > 0).all() and fit.chi2 == pytest.approx(table.loc[("brs", "one factor"), "chi2"])
    assert r.fit_cohort_structures(replace(cohort, phenotype={})).empty
