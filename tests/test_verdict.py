"""Claims and verdicts: the file is checked, the words are earned, simulated people never support anything."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy import stats
from statsmodels.stats import weightstats

from helpers import verdict as v
from helpers.calibration import tabulate_words
from helpers.contract import ColumnRule, MeasureRule, Settings, read_ledger_schema
from helpers.contrasts import COLUMNS, bound_effect, find_df, fit_contrasts
from helpers.plots.tables import show_table
from helpers.problems import CohortError
from helpers.tables import PROJECT_ROOT, resolve_path, write_result
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
    row = dict.fromkeys(COLUMNS, 0.0) | {
        "df": 114.0,
        "n_high": 44,
        "n_low": 72,
        "d": d,
        "d_low": low,
        "d_high": high,
        **more,
    }
    table = pd.DataFrame([row], index=pd.Index([feature or claim.feature], name="feature"))
    write_result(table, folder, claim.chapter, claim.table)


def write_performance(folder, aucs, half, training=None, p=0.01, baseline="ridge"):
    """Three blocks, the vote, a simpler model and chance, in whatever order of AUC; `half` the width of the leads' intervals."""
    blocks = aucs[:3]
    lead = [own - max(blocks[:i] + blocks[i + 1 :]) for i, own in enumerate(blocks)]
    table = pd.DataFrame(
        {
            "role": ["block"] * 3 + ["vote", "baseline", "chance"],
            "auc": aucs,
            "lead": [*lead, np.nan, np.nan, np.nan],
            "lead_low": [*(one - half for one in lead), np.nan, np.nan, np.nan],
            "lead_high": [*(one + half for one in lead), np.nan, np.nan, np.nan],
            "auc_training": training or aucs,
            "p_permutation": p,
            "p_lead": p,
        },
        index=pd.Index(["transcripts", "taxa", "connectivity", "vote", baseline, "chance"], name="block"),
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
    path.write_text(yaml.safe_dump({"study": "s", "doi": "10/1", "claims": entries}), encoding="utf-8")
    with pytest.raises(CohortError) as refusal:
        v.load_claims(path)
    columns = {problem.column for problem in refusal.value.problems}
    assert columns == {
        "doi",
        "C01.direction",
        "C02.estimand",
        "C02.colour",
        "C01.smallest_effect_of_interest",
        "C01.id",
    }
    assert "found 'up', expected one of higher, lower, rank 1" in str(refusal.value)
    lines = path.read_text(encoding="utf-8").splitlines()
    placed = {problem.column: lines[problem.line - 1] for problem in refusal.value.problems}
    assert placed["C01.direction"].strip() == "direction: up"
    assert placed["C02.colour"].strip() == "colour: red"


@pytest.mark.parametrize("text", ["", "claims: []", "claims: {", "[1, 2]"])
def test_a_file_without_claims_is_refused(tmp_path, text):
    path = tmp_path / "mine.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CohortError, match=r"mine\.yml has \d problem"):
        v.load_claims(path)


@pytest.mark.parametrize(
    ("d", "low", "high", "expected"),
    [
        (0.6, 0.2, 1.0, Real.SUPPORTED),
        (0.2, 0.001, 0.4, Real.SUPPORTED),
        (0.15, 0.05, 0.25, Real.SUPPORTED),
        (0.1, 0.05, 0.15, Real.SUPPORTED),
        (0.3, -0.1, 0.7, Real.INCONCLUSIVE),
        (0.1, -0.3, 0.5, Real.INCONCLUSIVE),
        (-0.1, -0.5, 0.3, Real.INCONCLUSIVE),
        (-0.6, -1.0, -0.2, Real.OPPOSED),
        (0.0, -0.15, 0.15, Real.NO_EFFECT),
        (-0.05, -0.25, 0.15, Real.INCONCLUSIVE),
    ],
)
def test_real_verdicts_and_their_mirror_image(claims, d, low, high, expected):
    """A claim of 'lower' with all signs turned gets the same word as a claim of 'higher'."""
    higher, lower = claims[2], claims[0]
    assert v.evaluate_real(make_evidence(higher, d, low, high))[0] is expected
    assert v.evaluate_real(make_evidence(lower, -d, -high, -low))[0] is expected


def test_simulated_people_have_no_word_for_support():
    assert {word.value for word in Simulated}.isdisjoint({word.value for word in Real} - {"not testable here"})


def test_simulated_people_never_support_a_claim_whatever_they_show(claims, rng):
    """Any effect, any truth, ranks included: what comes out is a SimulatedVerdict."""
    blocks = pd.DataFrame(
        {
            "auc": [0.9, 0.5],
            "lead": [0.4, -0.4],
            "lead_low": [0.3, -0.5],
            "lead_high": [0.5, -0.3],
            "p_permutation": [0.01, 0.6],
            "p_lead": [0.01, 0.6],
        },
        index=["transcripts", "taxa"],
    )
    for claim in claims:
        plant = {"blocks": ["transcripts", "taxa"]} if claim.is_rank else {"direction": claim.direction, "d": 0.5}
        for planted in (None, {}, {claim.id: plant}):
            d = rng.normal()
            evidence = replace(make_evidence(claim, d, d - 0.1, d + 0.1), blocks=blocks)
            assert isinstance(v.evaluate_simulated(evidence, planted)[0], Simulated)


def test_a_simulated_cohort_cannot_be_weighed_as_real(claims, tmp_path):
    write_contrast(tmp_path, claims[2], 2.0, 1.5, 2.5, feature="ffmq.describing")
    plant = [{"claim": "C03", "direction": "higher", "d": 2.0}]
    words = set(v.evaluate_claims(claims, tmp_path, settings=SIMULATED, truth=plant)["verdict"])
    assert words == {"planted effect recovered", "not testable here"}
    assert v.evaluate_claims(claims, tmp_path, settings=REAL).loc["C03", "verdict"] == "supported"


def test_recovered_needs_the_planted_side(claims):
    claim = claims[2]
    plant = {claim.id: {"direction": "lower", "d": -0.5}}
    assert v.evaluate_simulated(make_evidence(claim, -0.5, -0.9, -0.1), plant)[0] is Simulated.RECOVERED
    verdict, reason = v.evaluate_simulated(make_evidence(claim, 0.5, 0.1, 0.9), plant)
    assert verdict is Simulated.MISSED
    assert reason.startswith(
        "An effect of d = −0.5 was planted, yet the interval lies on the other side; so many people"
    )
    assert reason.endswith("about 69 % of cohorts.")  # 0.5 is 2.47 standard errors: half of 0.8 is 1.98 of them


def test_the_null_twin_plants_nothing_and_a_find_is_a_false_alarm(claims, tmp_path):
    write_contrast(tmp_path, claims[2], 0.5, 0.1, 0.9, feature="ffmq.describing")
    plant = [{"claim": "C03", "direction": "higher", "d": 0.0}]
    row = v.evaluate_claims(claims[2:3], tmp_path, settings=SIMULATED, truth=plant).loc["C03"]
    assert (row["verdict"], "false alarm" in row["reason"]) == ("not testable here", True)


def test_groups_of_patients_test_no_claim_even_with_tables_at_hand(claims, tmp_path):
    write_contrast(tmp_path, claims[12], 0.9, 0.5, 1.3)
    outcome = ColumnRule("study_group", ("Control",), ("Adenoma",))
    patients = replace(REAL, outcome=outcome, labels={"high": "Control", "low": "Adenoma"})
    table = v.evaluate_claims(claims, tmp_path, settings=patients)
    assert set(table["verdict"]) == {"not testable here"}
    assert table["reason"].str.startswith("The groups of this cohort differ in diagnosis (study_group").all()
    assert table["reason"].str.contains("Control v Adenoma), not in resilience; ", regex=False).all()
    assert (
        "'N-acetylglutamate' was measured, and its contrast between these groups stands in chapter 05"
        in table.loc["C13", "reason"]
    )
    assert table.loc["C06", "reason"].endswith("and it has no results on connectivity.")
    assert table["d"].isna().all()


def test_a_score_that_is_not_resilience_tests_no_claim(claims, tmp_path):
    hads = replace(REAL, outcome=MeasureRule("hads", "depression", 11.0))
    assert set(v.evaluate_claims(claims, tmp_path, settings=hads)["verdict"]) == {"not testable here"}


def test_missing_tables_and_rows_are_named(claims, tmp_path):
    write_contrast(tmp_path, claims[0], -0.9, -1.3, -0.5, feature="hads.anxiety")
    reasons = v.evaluate_claims(claims, tmp_path, settings=REAL)["reason"]
    assert reasons["C01"] == "'hads.depression' is not in the table 'symptoms' of 02_resilience."
    assert reasons["C06"].startswith("Chapter 03_brain left no table 'networks'")


def test_a_table_that_another_chapter_writes_is_told_with_the_chapter(tmp_path):
    text = (PROJECT_ROOT / "data" / "claims" / "brain2024.yml").read_text(encoding="utf-8")
    (tmp_path / "old.yml").write_text(text.replace("chapter: 03_structure", "chapter: 03_brain"), encoding="utf-8")
    with pytest.raises(CohortError, match="expected 03_structure, which has it") as refused:
        v.load_claims(tmp_path / "old.yml")
    assert {problem.column for problem in refused.value.problems} >= {"K01.chapter", "K02.chapter"}


def test_a_row_is_found_by_alias_name_or_hmdb(claims, tmp_path):
    write_contrast(tmp_path, claims[12], 0.9, 0.5, 1.3, feature="metabolite_001", hmdb="HMDB0001138")
    assert v.evaluate_claims(claims, tmp_path, settings=REAL).loc["C13", "d"] == 0.9
    write_contrast(tmp_path, claims[13], 0.4, 0.1, 0.7, feature="m2", name="Dimethyl-glycine")
    assert v.evaluate_claims(claims, tmp_path, settings=REAL).loc["C14", "d"] == 0.4


def test_a_feature_without_spread_is_not_testable(claims, tmp_path):
    write_contrast(tmp_path, claims[0], np.nan, np.nan, np.nan)
    row = v.evaluate_claims(claims[:1], tmp_path, settings=REAL).loc["C01"]
    assert row["verdict"] == "not testable here"
    assert "does not vary" in row["reason"]


@pytest.mark.parametrize(
    ("aucs", "half", "expected"),
    [
        ([0.80, 0.60, 0.55, 0.95, 0.5, 0.5], 0.1, "supported"),
        ([0.80, 0.60, 0.55, 0.95, 0.5, 0.5], 0.21, "inconclusive"),
        ([0.70, 0.68, 0.55, 0.95, 0.5, 0.5], 0.1, "inconclusive"),
        ([0.60, 0.62, 0.55, 0.95, 0.5, 0.5], 0.1, "inconclusive"),
        ([0.55, 0.80, 0.55, 0.95, 0.5, 0.5], 0.1, "opposed"),
    ],
)
def test_the_rank_is_judged_out_of_fold_among_blocks_only(claims, tmp_path, aucs, half, expected):
    """The vote has the best AUC throughout and must not count as a block."""
    write_performance(tmp_path, aucs, half)
    assert v.evaluate_claims(claims, tmp_path, settings=REAL).loc["C16", "verdict"] == expected


@pytest.mark.parametrize("aucs", [[0.80, 0.60, 0.55, 0.95, 0.5, 0.5], [0.55, 0.80, 0.55, 0.95, 0.5, 0.5]])
def test_an_order_among_blocks_that_do_not_beat_shuffles_is_inconclusive(claims, tmp_path, aucs):
    """However sure the lead is: on noise some block always comes first."""
    write_performance(tmp_path, aucs, 0.01, p=0.2)
    assert v.evaluate_claims(claims, tmp_path, settings=REAL).loc["C16", "verdict"] == "inconclusive"


def test_no_order_counts_where_the_covariates_do_as_well(claims, tmp_path):
    write_performance(tmp_path, [0.80, 0.60, 0.55, 0.95, 0.81, 0.5], 0.1, baseline="covariates only")
    row = v.evaluate_claims(claims, tmp_path, settings=REAL).loc["C16"]
    assert row["verdict"] == "inconclusive"
    assert "covariates alone do as well (AUC 0.81)" in row["reason"]


@pytest.mark.parametrize(
    ("aucs", "half", "word", "why"),
    [
        (
            [0.60, 0.50, 0.80, 0.9, 0.5, 0.5],
            0.1,
            "planted effect recovered",
            "connectivity the best block (transcripts rank 2 of 3)",
        ),
        ([0.60, 0.50, 0.65, 0.9, 0.5, 0.5], 0.1, "planted effect missed", "leaves the order open"),
        ([0.80, 0.50, 0.60, 0.9, 0.5, 0.5], 0.1, "planted effect missed", "points to another"),
    ],
)
def test_a_planted_order_is_found_when_its_first_block_leads_for_sure(claims, tmp_path, aucs, half, word, why):
    write_performance(tmp_path, aucs, half)
    truth = [{"claim": "C16", "blocks": ["connectivity", "metabolites", "transcripts", "taxa"]}]
    row = v.evaluate_claims(claims, tmp_path, settings=SIMULATED, truth=truth).loc["C16"]
    assert row["verdict"] == word
    assert why in row["reason"]


def test_blocks_without_an_auc_have_no_rank(claims, tmp_path):
    write_performance(tmp_path, [np.nan] * 3 + [0.5] * 3, 0.1)
    row = v.evaluate_claims(claims, tmp_path, settings=REAL).loc["C16"]
    assert (row["verdict"], row["reason"][:38]) == ("not testable here", "One participant was left out at a time")


def test_training_auc_moves_no_verdict(claims, tmp_path):
    """Noise in a wide block: first by training AUC (.98), last out of fold; the reason says both."""
    write_performance(tmp_path, [0.47, 0.52, 0.51, 0.5, 0.5, 0.5], 0.1, [0.98, 0.9, 0.8, 0.99, 0.6, 0.5])
    row = v.evaluate_claims(claims, tmp_path, settings=REAL).loc["C16"]
    assert row["verdict"] == "inconclusive"
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
    real = v.plan_sample(v.evaluate_claims(claims, tmp_path, settings=REAL))
    assert real.loc["C03"].tolist() == [394, 64]
    planted = v.evaluate_claims(claims, tmp_path, settings=SIMULATED, truth=[{"claim": "C03", "d": 0.5}])
    assert list(v.plan_sample(planted)) == ["n_for_smallest"]


def test_tables_and_sentences_for_the_page(claims, tmp_path):
    write_contrast(tmp_path, claims[0], -0.52, -0.9, -0.14)
    verdicts = v.evaluate_claims(claims, tmp_path, settings=REAL)
    page = v.tabulate_verdicts(verdicts)
    assert page.loc["C01 Depression symptoms", "found_here"] == "−0.52 [−0.90 to −0.14]"
    assert page.loc["C06 Reward–sensorimotor connectivity", "found_here"] == ""
    assert v.describe_verdicts(verdicts) == "Of 16 claims: 15 not testable here, 1 supported."
    weights = v.tabulate_weights(verdicts)
    assert weights.loc["C01", ["n_high", "n_low", "n_for_smallest"]].tolist() == [44, 72, 394]
    shown = show_table(weights, name="weights", caption="Weights.", small_cell=50).data
    assert v.tabulate_weights(verdicts.assign(bayes_factor=227.4))["bayes"].tolist() == ["230"]
    assert "n, high / low = &lt;50 / 72" in shown or "&lt;50 / 72</td>" in shown
    assert "ruled out in both directions (p below 0.05) for 0 of 1 claim" in v.describe_weights(verdicts)
    assert v.describe_weights(verdicts.iloc[1:]) == "No claim has an effect that could be weighed here."
    assert len(v.tabulate_claims(claims)) == 16
    assert "not a replication" in v.describe_scope(SIMULATED)
    assert "grouped by a resilience score" in v.describe_scope(REAL)


def test_the_readme_explains_every_field_of_the_schema():
    text = resolve_path("data/claims/README.md").read_text(encoding="utf-8")
    schema = read_ledger_schema()
    assert [name for part in schema.values() for name in part if f"`{name}`" not in text] == []


def test_a_slip_of_yaml_is_told_by_its_line(tmp_path):
    path = tmp_path / "mine.yml"
    path.write_text("study: a: b\n", encoding="utf-8")
    with pytest.raises(CohortError) as refusal:
        v.load_ledger(path)
    assert (refusal.value.problems[0].line, refusal.value.problems[0].found) == (1, "text that is not YAML")
    path.write_bytes(b"study: \xff")
    with pytest.raises(CohortError, match="not UTF-8"):
        v.load_ledger(path)


def test_another_study_has_a_ledger_of_its_own(tmp_path):
    """Kim 2024 and Kahl 2020 correlate resilience with more grey matter, less FA of the SLF, and thicker cortex."""
    ledger = v.load_ledger("data/claims/brain2024.yml")
    assert {claim.id: claim.direction for claim in ledger.claims} == {"K01": "higher", "K02": "lower", "K03": "higher"}
    write_contrast(tmp_path, ledger.claims[1], -0.6, -1.0, -0.2)
    words = v.evaluate_claims(ledger.claims, tmp_path, settings=REAL)["verdict"]
    assert words.to_dict() == {"K01": "not testable here", "K02": "supported", "K03": "not testable here"}
    assert "3 claims of Kim et al. 2024" in v.describe_ledger(ledger)
    assert "directions only" in v.describe_ledger(ledger)


def test_a_reported_effect_makes_the_bayes_factor_a_replication(claims, tmp_path):
    sized = replace(claims[2], original=(0.5, 0.1, 0.9))
    write_contrast(tmp_path, sized, 0.5, 0.1, 0.9)
    row = v.evaluate_claims([sized], tmp_path, settings=REAL).loc["C03"]
    default = v.evaluate_claims(claims[2:3], tmp_path, settings=REAL).loc["C03"]
    assert (row["bayes_factor_kind"], default["bayes_factor_kind"]) == ("replication", "default")
    assert row["bayes_factor"] > default["bayes_factor"] > 1


def test_a_rank_is_told_with_its_lead(claims, tmp_path):
    write_performance(tmp_path, [0.55, 0.80, 0.55, 0.95, 0.5, 0.5], 0.1)
    row = v.evaluate_claims(claims, tmp_path, settings=REAL).loc["C16"]
    assert (row["rank"], row["n_blocks"], round(row["lead"], 6)) == (2, 3, -0.25)
    assert v.tabulate_verdicts(row.to_frame().T).iloc[0, 1] == "rank 2 of 3, lead −0.25 (−0.35 to −0.15) in AUC"


def test_linked_data_carry_their_context_and_no_support_from_simulated_people(claims, tmp_path):
    write_contrast(tmp_path, claims[2], 2.0, 1.5, 2.5)
    ledger = v.load_ledger(CLAIMS)
    verdicts = v.evaluate_claims(claims, tmp_path, settings=SIMULATED, truth=[{"claim": "C03", "d": 2.0}])
    path = v.write_verdicts(verdicts, ledger, tmp_path, settings=replace(SIMULATED, small_cell=50))
    text = path.read_text(encoding="utf-8")
    content = json.loads(text)
    assert set(content["@context"].values()) <= {
        *(f"https://schema.org/{name}" for name in content["@context"]), *(f"urn:resilience-book:{name}" for name in content["@context"]),
    }  # fmt: skip
    used = {key for part in (content, *content["hasPart"]) for key in part if not key.startswith("@")}
    assert used <= set(content["@context"])
    assert '"supported"' not in text
    assert {claim["kindOfPeople"] for claim in content["hasPart"]} == {"simulated"}
    one = content["hasPart"][2]
    assert (one["identifier"], one["peopleHigh"], one["verdict"]) == ("C03", "<50", "planted effect recovered")
    assert one["variableMeasured"][0] | {"value": 2.0, "minValue": 1.5, "maxValue": 2.5} == one["variableMeasured"][0]


def test_bayes_factor_of_the_sleep_data():
    """BayesFactor's manual: extra sleep of ten patients, t = -4.0621 on 9 df, scale 0.707: 17.259 (Rouder 2009)."""
    sleep = v.Contrast(-4.062128 / 10**0.5, 10**-0.5, 9)
    assert v.compute_bayes_factor(sleep) == pytest.approx(17.25888, abs=2e-4)
    either = v.compute_bayes_factor(sleep, sign=1) + v.compute_bayes_factor(sleep, sign=-1)
    assert either / 2 == pytest.approx(v.compute_bayes_factor(sleep))


@pytest.mark.parametrize(("d", "df"), [(0.4, 100), (-0.3, 12), (1.5, 60)])
def test_a_precise_original_makes_the_replication_bayes_factor_a_likelihood_ratio(d, df):
    """Identity: with no doubt about the original effect, noncentral over central t density."""
    contrast = v.Contrast(d, 0.25, df)
    ratio = stats.nct.pdf(contrast.t, df, 0.5 / 0.25) / stats.t.pdf(contrast.t, df)
    found = v.compute_replication_bayes_factor(contrast, (0.5, 0.5 - 1e-7, 0.5 + 1e-7))
    assert found == pytest.approx(ratio, rel=1e-6)


def test_equivalence_agrees_with_statsmodels(rng):
    """Two groups without covariates: ttost_ind, its margin in units of the pooled SD."""
    high, low = rng.normal(0.1, 1, 60), rng.normal(0, 1, 90)
    pooled = np.sqrt(((len(high) - 1) * high.var(ddof=1) + (len(low) - 1) * low.var(ddof=1)) / 148)
    contrast = v.Contrast((high.mean() - low.mean()) / pooled, (1 / 60 + 1 / 90) ** 0.5, 148)
    expected = weightstats.ttost_ind(high, low, -0.2 * pooled, 0.2 * pooled)[0]
    assert v.test_equivalence(contrast, 0.2) == pytest.approx(expected)


def test_a_contrast_is_recovered_from_its_row(rng):
    """Standard error that the table does not hold, covariates paid for, and the degrees of freedom that it holds."""
    ids = [f"sub-{i:02d}" for i in range(50)]
    design = pd.DataFrame(rng.normal(size=(50, 2)), ids, ["age", "bmi"]).assign(group=np.arange(50) % 2)
    row = fit_contrasts(pd.DataFrame({"x": rng.normal(size=50)}, ids), design).iloc[0]
    found = v.recover_contrast(row["d"], row["d_low"], row["d_high"], t=row["t"], df=row["df"])
    assert (found.t, found.df) == (pytest.approx(row["t"]), pytest.approx(find_df(design)))
    assert found.n_effective == pytest.approx(12.5, rel=0.2)  # 25 x 25 / 50 without covariates


@pytest.mark.parametrize("d", [-0.2, 0.0, 0.1, 0.3, 0.6])
@pytest.mark.parametrize(("n_high", "n_low"), [(10, 10), (44, 72), (400, 600), (1500, 1500)])
def test_words_fall_as_often_as_expected(d, n_high, n_low, rng):
    """Simulated t of two groups, intervals by the noncentral t as the book makes them; 1,500 cohorts, three standard errors."""
    n, df, error = 1500, n_high + n_low - 2, (1 / n_high + 1 / n_low) ** 0.5
    t = (rng.normal(d / error, 1, n)) / np.sqrt(rng.chisquare(df, n) / df)
    bounds = bound_effect(t * error, np.full(n, error), df, df)
    found = pd.Series([v.judge_interval(low, high, 0.2)[0].name for low, high in zip(*bounds, strict=True)])
    expected = v.expect_words(d, v.Contrast(d, error, df), smallest=0.2)
    for name in ("SUPPORTED", "OPPOSED", "NO_EFFECT", "INCONCLUSIVE"):
        chance = expected[name.lower()]
        assert (found == name).mean() == pytest.approx(chance, abs=3 * (chance * (1 - chance) / n) ** 0.5 + 2e-3), name


def test_a_wrong_word_falls_in_one_of_twenty_at_most():
    words = tabulate_words()
    assert words["wrong"].max() <= 0.05 + 1e-9
    one = ["supported", "opposed", "no_effect", "inconclusive"]
    np.testing.assert_allclose(words[one].sum(axis=1), 1, atol=1e-9)
    assert words.query("d == 0 and n_high == 10")["opposed"].iloc[0] == pytest.approx(0.025, abs=1e-6)


@pytest.mark.parametrize(
    ("low", "high", "size"),
    [(0.2, 0.9, v.Size.OF_INTEREST), (0.01, 0.19, v.Size.SMALL), (0.01, 0.5, v.Size.OPEN), (-0.1, 0.5, None)],
)
def test_the_size_is_told_only_of_a_sure_side(low, high, size):
    assert v.judge_interval(low, high, 0.2)[1] is size
    assert v.judge_interval(-high, -low, 0.2)[1] is size


def test_holm_is_statsmodels_and_blanks_count_for_nothing():
    p = pd.Series([0.01, np.nan, 0.04, 0.03], index=list("abcd"))
    assert v.adjust_holm(p).round(3).tolist()[::2] == [0.03, 0.06] and np.isnan(v.adjust_holm(p)["b"])
    assert v.adjust_holm(pd.Series([np.nan, np.nan])).isna().all()
