"""Claims and verdicts: the file is checked, the words are earned, simulated people never support anything."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import yaml

from helpers import verdict as v
from helpers.contract import ColumnRule, MeasureRule, Settings
from helpers.contrasts import COLUMNS
from helpers.problems import CohortError
from helpers.tables import resolve_path, write_result
from helpers.verdict import RealVerdict as Real
from helpers.verdict import SimulatedVerdict as Simulated

CLAIMS = "data/claims/an2024.yml"
REAL = Settings("c", "real", MeasureRule("cd_risc", "total", 82.0))
SIMULATED = replace(REAL, kind="simulated")


@pytest.fixture(scope="module")
def claims():
    return v.load_claims(CLAIMS)


def make_evidence(claim, d, low, high):
    return v.Evidence(claim, d=d, d_low=low, d_high=high, n_high=44, n_low=72, power=0.18)


def write_contrast(folder, claim, d, low, high, feature=None, **more):
    row = dict.fromkeys(COLUMNS, 0.0) | {"n_high": 44, "n_low": 72, "d": d, "d_low": low, "d_high": high, **more}
    table = pd.DataFrame([row], index=pd.Index([feature or claim.feature], name="feature"))
    write_result(table, folder, claim.chapter, claim.table)


def write_performance(folder, aucs, first, low, training=None, p=0.01):
    table = pd.DataFrame(
        {
            "auc_out_of_fold": aucs,
            "auc_low": low,
            "share_first": first,
            "auc_training": training or aucs,
            "p_permutation": p,
        },
        index=pd.Index(["transcripts", "taxa", "connectivity", "vote", "covariates only", "chance"], name="block"),
    )
    write_result(table.assign(n_high=44, n_low=72), folder, "06_integration", "performance")


def test_the_sixteen_claims_of_the_study_point_the_way_it_says(claims):
    """Directions from the abstract and the release: five of them are 'lower', one is a rank."""
    assert [claim.id for claim in claims] == [f"C{i:02d}" for i in range(1, 17)]
    lower = {claim.id for claim in claims if claim.direction == "lower"}
    assert lower == {"C01", "C02", "C05", "C07", "C08"}
    assert [claim.id for claim in claims if claim.is_rank] == ["C16"]


def test_faults_of_a_claims_file_are_all_listed_by_claim_and_field(tmp_path):
    entries = yaml.safe_load(resolve_path(CLAIMS).read_text(encoding="utf-8"))["claims"][:3]
    entries[0]["direction"] = "up"
    entries[1].pop("estimand")
    entries[1]["colour"] = "red"
    entries[2] |= {"smallest_effect_of_interest": 0, "id": "C01"}
    path = tmp_path / "mine.yml"
    path.write_text(yaml.safe_dump({"claims": entries}), encoding="utf-8")
    with pytest.raises(CohortError) as refusal:
        v.load_claims(path)
    columns = {problem.column for problem in refusal.value.problems}
    assert columns == {"C01.direction", "C02.estimand", "C02.colour", "C01.smallest_effect_of_interest", "C01.id"}
    assert "found 'up', expected one of higher, lower, rank 1" in str(refusal.value)


@pytest.mark.parametrize("text", ["", "claims: []", "claims: {", "[1, 2]"])
def test_a_file_without_claims_is_refused(tmp_path, text):
    path = tmp_path / "mine.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CohortError, match=r"mine\.yml has 1 problem"):
        v.load_claims(path)


@pytest.mark.parametrize(
    ("d", "low", "high", "expected"),
    [
        (0.6, 0.2, 1.0, Real.SUPPORTED),
        (0.2, 0.001, 0.4, Real.SUPPORTED),
        (0.15, 0.05, 0.25, Real.DIRECTION_ONLY),
        (0.3, -0.1, 0.7, Real.DIRECTION_ONLY),
        (0.1, -0.3, 0.5, Real.INCONCLUSIVE),
        (-0.1, -0.5, 0.3, Real.INCONCLUSIVE),
        (-0.6, -1.0, -0.2, Real.CONTRADICTED),
        (0.0, -0.15, 0.15, Real.CONTRADICTED),
    ],
)
def test_real_verdicts_and_their_mirror_image(claims, d, low, high, expected):
    """A claim of 'lower' with all signs turned gets the same word as a claim of 'higher'."""
    higher, lower = claims[2], claims[0]
    assert v.judge_real(make_evidence(higher, d, low, high))[0] is expected
    assert v.judge_real(make_evidence(lower, -d, -high, -low))[0] is expected


def test_simulated_people_have_no_word_for_support():
    assert {word.value for word in Simulated}.isdisjoint({word.value for word in Real} - {"not testable here"})


def test_simulated_people_never_support_a_claim_whatever_they_show(claims, rng):
    """Any effect, any truth, ranks included: what comes out is a SimulatedVerdict."""
    blocks = pd.DataFrame(
        {
            "auc_out_of_fold": [0.9, 0.5],
            "auc_low": [0.8, 0.4],
            "share_first": [1.0, 0.0],
            "p_permutation": [0.01, 0.6],
        },
        index=["transcripts", "taxa"],
    )
    for claim in claims:
        for planted in (None, {}, {claim.id: {"direction": claim.direction, "d": 0.5}}):
            d = rng.normal()
            evidence = replace(make_evidence(claim, d, d - 0.1, d + 0.1), blocks=blocks)
            assert isinstance(v.judge_simulated(evidence, planted)[0], Simulated)


def test_a_simulated_cohort_cannot_be_weighed_as_real(claims, tmp_path):
    write_contrast(tmp_path, claims[2], 2.0, 1.5, 2.5, feature="ffmq.describing")
    plant = [{"claim": "C03", "direction": "higher", "d": 2.0}]
    words = set(v.weigh_claims(claims, tmp_path, settings=SIMULATED, truth=plant)["verdict"])
    assert words == {"planted effect recovered", "not testable here"}
    assert v.weigh_claims(claims, tmp_path, settings=REAL).loc["C03", "verdict"] == "supported"


def test_recovered_needs_the_planted_side(claims):
    claim = claims[2]
    plant = {claim.id: {"direction": "lower", "d": -0.5}}
    assert v.judge_simulated(make_evidence(claim, -0.5, -0.9, -0.1), plant)[0] is Simulated.RECOVERED
    verdict, reason = v.judge_simulated(make_evidence(claim, 0.5, 0.1, 0.9), plant)
    assert verdict is Simulated.MISSED
    assert reason.startswith(
        "An effect of d = −0.5 was planted, yet the interval lies on the other side; so many people"
    )
    assert reason.endswith("about 74 % of cohorts.")


def test_the_null_twin_plants_nothing_and_a_find_is_a_false_alarm(claims, tmp_path):
    write_contrast(tmp_path, claims[2], 0.5, 0.1, 0.9, feature="ffmq.describing")
    plant = [{"claim": "C03", "direction": "higher", "d": 0.0}]
    row = v.weigh_claims(claims[2:3], tmp_path, settings=SIMULATED, truth=plant).loc["C03"]
    assert (row["verdict"], "false alarm" in row["reason"]) == ("not testable here", True)


def test_groups_of_patients_test_no_claim_even_with_tables_at_hand(claims, tmp_path):
    write_contrast(tmp_path, claims[12], 0.9, 0.5, 1.3)
    outcome = ColumnRule("study_group", ("Control",), ("Adenoma",))
    patients = replace(REAL, outcome=outcome, labels={"high": "Control", "low": "Adenoma"})
    table = v.weigh_claims(claims, tmp_path, settings=patients)
    assert set(table["verdict"]) == {"not testable here"}
    assert table["reason"].str.startswith("The groups of this cohort differ in diagnosis (study_group").all()
    assert table["reason"].str.endswith("not in resilience.").all()
    assert table["d"].isna().all()


def test_a_score_that_is_not_resilience_tests_no_claim(claims, tmp_path):
    hads = replace(REAL, outcome=MeasureRule("hads", "depression", 11.0))
    assert set(v.weigh_claims(claims, tmp_path, settings=hads)["verdict"]) == {"not testable here"}


def test_missing_tables_and_rows_are_named(claims, tmp_path):
    write_contrast(tmp_path, claims[0], -0.9, -1.3, -0.5, feature="hads.anxiety")
    reasons = v.weigh_claims(claims, tmp_path, settings=REAL)["reason"]
    assert reasons["C01"] == "'hads.depression' is not in the table 'symptoms' of 02_resilience."
    assert reasons["C06"].startswith("Chapter 03_brain left no table 'networks'")


def test_a_row_is_found_by_alias_name_or_hmdb(claims, tmp_path):
    write_contrast(tmp_path, claims[12], 0.9, 0.5, 1.3, feature="metabolite_001", hmdb="HMDB0001138")
    assert v.weigh_claims(claims, tmp_path, settings=REAL).loc["C13", "d"] == 0.9
    write_contrast(tmp_path, claims[13], 0.4, 0.1, 0.7, feature="m2", name="Dimethyl-glycine")
    assert v.weigh_claims(claims, tmp_path, settings=REAL).loc["C14", "d"] == 0.4


def test_a_feature_without_spread_is_not_testable(claims, tmp_path):
    write_contrast(tmp_path, claims[0], np.nan, np.nan, np.nan)
    row = v.weigh_claims(claims[:1], tmp_path, settings=REAL).loc["C01"]
    assert row["verdict"] == "not testable here"
    assert "does not vary" in row["reason"]


@pytest.mark.parametrize(
    ("aucs", "first", "low", "expected"),
    [
        ([0.80, 0.60, 0.55, 0.95, 0.5, 0.5], 0.99, 0.70, "supported"),
        ([0.70, 0.68, 0.55, 0.95, 0.5, 0.5], 0.60, 0.60, "direction only"),
        ([0.52, 0.50, 0.48, 0.95, 0.5, 0.5], 0.50, 0.40, "inconclusive (underpowered)"),
        ([0.60, 0.62, 0.55, 0.95, 0.5, 0.5], 0.40, 0.50, "inconclusive (underpowered)"),
        ([0.55, 0.80, 0.55, 0.95, 0.5, 0.5], 0.01, 0.45, "contradicted"),
    ],
)
def test_the_rank_is_judged_out_of_fold_among_blocks_only(claims, tmp_path, aucs, first, low, expected):
    """The vote has the best AUC throughout and must not count as a block."""
    write_performance(tmp_path, aucs, first, low)
    assert v.weigh_claims(claims, tmp_path, settings=REAL).loc["C16", "verdict"] == expected


@pytest.mark.parametrize("aucs", [[0.80, 0.60, 0.55, 0.95, 0.5, 0.5], [0.55, 0.80, 0.55, 0.95, 0.5, 0.5]])
def test_an_order_among_blocks_that_do_not_beat_shuffles_is_inconclusive(claims, tmp_path, aucs):
    """However sure the resamples of people are: on noise some block always comes first."""
    first = 0.99 if aucs[0] > aucs[1] else 0.01
    write_performance(tmp_path, aucs, first, 0.7, p=0.2)
    assert v.weigh_claims(claims, tmp_path, settings=REAL).loc["C16", "verdict"] == "inconclusive (underpowered)"


def test_training_auc_moves_no_verdict(claims, tmp_path):
    """Noise in a wide block: first by training AUC (.98), last out of fold; the reason says both."""
    write_performance(tmp_path, [0.47, 0.52, 0.51, 0.5, 0.5, 0.5], 0.2, 0.4, [0.98, 0.9, 0.8, 0.99, 0.6, 0.5])
    row = v.weigh_claims(claims, tmp_path, settings=REAL).loc["C16"]
    assert row["verdict"] == "inconclusive (underpowered)"
    assert "transcripts rank 3 of 3" in row["reason"]
    assert "by training AUC, which rewards wide blocks, they rank 1" in row["reason"]


def test_truth_is_none_when_unknown_and_empty_when_nothing_was_planted(tmp_path):
    assert v.load_truth(tmp_path) is None
    (tmp_path / "truth.yml").write_text("planted: []\n", encoding="utf-8")
    assert v.load_truth(tmp_path) == []


def test_sample_sizes_match_cohen_and_leave_out_planted_effects(claims, tmp_path):
    """Cohen 1988, two-sided .05, power .80: 393 (394 exact), 64 and 26 per group for d .2, .5 and .8."""
    assert [v.find_n_per_group(d) for d in (0.2, -0.5, 0.8)] == [394, 64, 26]
    assert np.isnan(v.find_n_per_group(0.0))
    write_contrast(tmp_path, claims[2], 0.5, 0.1, 0.9)
    real = v.plan_sample(v.weigh_claims(claims, tmp_path, settings=REAL))
    assert real.loc["C03"].tolist() == [0.5, 0.2, 394, 64]
    planted = v.weigh_claims(claims, tmp_path, settings=SIMULATED, truth=[{"claim": "C03", "d": 0.5}])
    assert "d seen here" not in v.plan_sample(planted)


def test_tables_and_sentences_for_the_page(claims, tmp_path):
    write_contrast(tmp_path, claims[0], -0.52, -0.9, -0.14)
    verdicts = v.weigh_claims(claims, tmp_path, settings=REAL)
    page = v.tabulate_verdicts(verdicts)
    assert page.loc["C01", "d [95 % interval]"] == "−0.52 [−0.90, −0.14]"
    assert page.loc["C06", "d [95 % interval]"] == ""
    assert v.describe_verdicts(verdicts) == "Of 16 claims: 15 not testable here, 1 supported."
    assert len(v.tabulate_claims(claims)) == 16
    assert "not a replication" in v.describe_scope(SIMULATED)
    assert "grouped by a resilience score" in v.describe_scope(REAL)
