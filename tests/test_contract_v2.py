"""Version 2 of the contract: what it newly takes is read without a false alarm, and every new rule has a damaged folder."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from jupytext import read

from helpers import further, microbiome, resilience
from helpers.cohort import assign_groups, design_matrix, design_of_scores, keep_scored
from helpers.contract import NumberRule, inspect_cohort, load_cohort, read_questionnaires, read_schema
from helpers.contrasts import fit_contrasts
from helpers.integration import prepare_blocks
from helpers.multiverse.dichotomisations import DECLARED, read_score
from helpers.plots.further import plot_further
from helpers.plots.tables import show_table
from helpers.problems import TooLittle, write_report
from helpers.resilience import (
    describe_median,
    describe_scores,
    describe_split,
    relate_symptoms,
    score_measures,
    score_outcome,
)
from helpers.run.chapters import CHAPTERS
from helpers.run.pages import leave_out
from helpers.table1 import count_flow, describe_rule
from helpers.tables import PROJECT_ROOT
from helpers.verdict import describe_scope
from helpers.wording import set_labels
from tests.support import EXAMPLE
from tests.test_contract_corruptions import (
    PEOPLE,
    SETTINGS,
    Case,
    W,
    both,
    every,
    group_of,
    new_column,
    outcome,
    put,
    setting,
)

KEPT = ("cohort.yml", "participants.tsv", "participants.json", "phenotype/cd_risc.tsv", "phenotype/brs.tsv")


@pytest.fixture
def light_copy(tmp_path):
    """The people and two questionnaires of the example, to damage."""
    for name in KEPT:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(EXAMPLE / name, tmp_path / name)
    return tmp_path


def say(text: str):
    """Add lines to ``cohort.yml``."""
    return setting("small_cell: 5", f"small_cell: 5\n{text}")


def ages(values):
    """Give the participants these ages in turn."""
    return every(PEOPLE, "age", lambda cells: [str(values[i % len(values)]) for i in range(len(cells))])


TAXA = "microbiome/taxa.tsv"
GUT = (TAXA, "microbiome/taxonomy.tsv")


def gut(change, scale: str | None = None):
    """Bring the example's taxa along, changed, and declare a scale."""

    def damage(folder):
        for name in GUT:
            (folder / name).parent.mkdir(exist_ok=True)
            shutil.copy(EXAMPLE / name, folder / name)
        table = pd.read_csv(folder / TAXA, sep="\t", index_col=0)
        change(table).to_csv(folder / TAXA, sep="\t", na_rep="n/a")
        if scale:
            say(f"scale: {{taxa: {scale}}}")(folder)

    return damage


def divide(table, total=1.0):
    return total * table.div(table.sum(axis=1), axis=0)


def list_every_rank(table):
    """MetaPhlAn's way: the sums of genera and families stand beside the species."""
    return pd.concat([divide(table, 100), divide(table, 100).add_prefix("g__")], axis=1)


def cell(table, value):
    table.iloc[3, 2] = value
    return table


OWN, RULES = "phenotype/sleep.tsv", "phenotype/sleep.json"
SLEEP = {"title": "Sleep", "items": ["s1", "s2", "s3", "s4"], "range": [0, 3], "reversed": ["s2"], "scoring": "sum", "min_answered": 3,
         "direction": "higher is worse"}  # fmt: skip


def own(change=lambda table: table, rules=None, name: str = "sleep"):
    """Add a questionnaire of one's own: four items that follow one trait, the second turned round."""

    def damage(folder):
        people = pd.read_csv(folder / PEOPLE, sep="\t")["participant_id"]
        rng = np.random.default_rng(3)
        trait = rng.normal(0, 0.8, len(people))[:, None]
        table = pd.DataFrame(
            np.clip(np.rint(1.5 + trait + rng.normal(0, 0.5, (len(people), 4))), 0, 3), people, ["s1", "s2", "s3", "s4"]
        )
        table["s2"] = 3 - table["s2"]
        table.iloc[0, 0], table.iloc[1, :2] = np.nan, np.nan
        change(table.astype("Int64")).to_csv(folder / f"phenotype/{name}.tsv", sep="\t", na_rep="n/a")
        told = {**SLEEP, **(rules or {})} if not isinstance(rules, list) else rules
        (folder / f"phenotype/{name}.json").write_text(json.dumps({"questionnaire": told}))

    return damage


BLOOD, SIDECAR = "blocks/cytokines.tsv", "blocks/cytokines.json"
MARKERS = ["crp", "il6", "lbp", "zonulin", "calprotectin"]
ABOUT = {"title": "Inflammation", "unit": "mg/L", "modality": "blood", "transform": "log", "zero": "below detection",
         "groups": {"crp": "acute phase", "il6": "acute phase", "lbp": "gut barrier", "zonulin": "gut barrier"}}  # fmt: skip


def block(change=lambda table: table, about=None, name: str = "cytokines"):
    """Add markers of inflammation: of two of them people of the low group have more."""

    def damage(folder):
        people = pd.read_csv(folder / PEOPLE, sep="\t")["participant_id"]
        rng = np.random.default_rng(7)
        logs = pd.DataFrame(rng.normal(1, 0.6, (len(people), 5)), pd.Index(people, name="participant_id"), MARKERS)
        logs[["crp", "il6"]] -= np.where(group_of(folder).reindex(people).fillna(False), 0.9, 0)[:, None]
        table = np.exp(logs).round(3)
        table.iloc[:3, 0] = 0.0
        table.iloc[4, 1] = np.nan
        (folder / "blocks").mkdir(exist_ok=True)
        change(table).to_csv(folder / f"blocks/{name}.tsv", sep="\t", na_rep="n/a")
        text = about if isinstance(about, str) else json.dumps({**ABOUT, **(about or {})})
        (folder / f"blocks/{name}.json").write_text(text)

    return damage


CHILDREN = [6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]
CASES = [
    Case("age outside what is expected", both(ages(CHILDREN), say("age_range: [7, 17]")), PEOPLE, 2, "age", "10 ages outside 7 to 17 (lines 2, 14, 26, 38, 50 and 5 more)", "widen age_range", W),
    Case("another quantity", both(ages([12 * age for age in range(2, 8)]), say("age_range: [2, 8]")), PEOPLE, None, "age", "ages in months: 12 times what age_range", "divide by 12"),
    Case("another quantity", ages([12 * age for age in range(5, 14)]), PEOPLE, None, "age", "ages in months, of children", "divide by 12"),
    Case("another quantity", ages([100 * month for month in range(1, 12)]), PEOPLE, None, "age", "days or months, of children", "days by 365.25"),
    Case("another quantity", ages([12 * age for age in range(20, 100)]), PEOPLE, None, "age", "ages in months", "divide by 12"),
    Case("number out of range", put(PEOPLE, "age", line_26="121"), PEOPLE, 26, "age", "'121'", "correct the age"),
    Case("cuts of the outcome", outcome("{measure: cd_risc, score: total, high_at_least: 82, low_below: 90}"), SETTINGS, 5, "outcome.low_below", "low_below: 90 above", "exchange"),
    Case("cuts of the outcome", outcome("{measure: cd_risc, score: total, high_at_least: many, low_below: few}"), SETTINGS, 5, "outcome.high_at_least", "'many'", "e.g. 82", also=(SETTINGS,)),
    Case("cuts of the outcome", outcome("{measure: cd_risc, score: total, terciles: true, low_below: 3}"), SETTINGS, 5, "outcome.terciles", "terciles and low_below", "or terciles: true"),
    Case("cuts of the outcome", outcome("{measure: cd_risc, score: total, terciles: 3}"), SETTINGS, 5, "outcome.terciles", "3", "or terciles: true"),
    Case("settings", outcome("{measure: cd_risc, score: total, low_below: 3}"), SETTINGS, 5, "outcome", "'low_below': 3", "one of these forms"),
    Case("settings", outcome("{measure: cd_risc, score: total, high_at_last: 3}"), SETTINGS, 5, "outcome", "high_at_last", "write high_at_least in place of"),
    Case("outcome score", outcome("{measure: cd_risc, score: total, high_at_least: 82, low_below: -3}"), SETTINGS, None, "outcome", "a cut at -3", "within the range"),
    Case("column of the settings", outcome("{column: hapiness, high_at_least: 5}"), SETTINGS, None, "outcome", "'hapiness'", "add the column"),
    Case("numbers to cut", outcome("{column: sex, high_at_least: 5}"), SETTINGS, None, "outcome", "which holds labels", "high: [...]"),
    Case("missing marker", both(new_column("happiness", lambda t: ["NA", *["4", "6"] * 57, "5"]), outcome("{column: happiness, high_at_least: 5}")), PEOPLE, 2, "happiness", "another mark", "write n/a"),
    Case("small group", outcome("{column: age, high_at_least: 119}"), SETTINGS, None, "outcome", "with age of 119 or more", "check the cut"),
    Case("small group", outcome("{column: age, high_at_least: 40, low_below: 1}"), SETTINGS, None, "outcome", "0 persons with age below 1", "check the cut"),
    Case("scale declared", say("scale: {Taxa: relative}"), SETTINGS, 19, "scale", "'Taxa'", "write taxa"),
    Case("scale declared", say("scale: {taxa: percentage, genes: rpm}"), SETTINGS, 19, "scale", "taxa: 'percentage'", "write percent", also=(SETTINGS,)),
    Case("scale declared", say("scale: relative"), SETTINGS, 19, "scale", "'relative'", "which table"),
    Case("another scale", gut(lambda t: divide(t, 100), "relative"), TAXA, None, None, "rows that sum to 100", "`scale: {taxa: percent}`"),
    Case("another scale", gut(divide, "percent"), TAXA, None, None, "rows that sum to 1", "`scale: {taxa: relative}`"),
    Case("another scale", gut(lambda t: t, "percent"), TAXA, None, None, "these look like counts", "take `taxa: percent` out"),
    Case("shares beyond the whole", gut(list_every_rank, "percent"), TAXA, 2, None, "rows that sum to 200", "keep one rank", also=("microbiome/taxonomy.tsv",)),
    Case("shares beyond the whole", gut(lambda t: divide(t).copy().assign(total=1.0), "relative"), TAXA, 2, None, "rows that sum to 2 ", "no column of totals", also=("microbiome/taxonomy.tsv",)),
    Case("shares beyond the whole", gut(lambda t: divide(t).mul(np.where(np.arange(len(t)) == 4, 1000, 1), axis=0), "relative"), TAXA, 6, None, "rows that sum to 1000 (1 row above 1)", "these rows were exported"),
    Case("cells of shares", gut(lambda t: cell(divide(t), -0.1), "relative"), TAXA, 5, "taxon_003", "'-0.1'", "before any transformation"),
    Case("cells of shares", gut(lambda t: cell(divide(t), np.nan), "relative"), TAXA, 5, "taxon_003", "a blank cell", "write 0"),
    Case("cells of shares", gut(lambda t: divide(t) * (np.arange(len(t)) != 4)[:, None], "relative"), TAXA, 6, None, "nothing at all in 1 row", "the sample failed"),
    Case("relative without a word", gut(divide), TAXA, None, None, "relative abundances: rows sum to 1", "add `scale: {taxa: relative}`"),
    Case("relative without a word", gut(lambda t: divide(t, 100).round(5)), TAXA, None, None, "rows sum to 100", "add `scale: {taxa: percent}`"),
    Case("relative without a word", gut(lambda t: divide(t).mul(np.linspace(0.5, 0.99, len(t)), axis=0)), TAXA, None, None, "rows sum to 0.5 to 0.99", "add `scale: {taxa: relative}`"),
    Case("rules of a questionnaire", own(rules=[]), RULES, None, "questionnaire", "'[]'", "write rules"),
    Case("rules of a questionnaire", own(rules={"scorin": "sum"}), RULES, None, "questionnaire", "'scorin'", "take it out"),
    Case("rules of a questionnaire", own(rules={"items": ["s1", "s1"]}), RULES, None, "questionnaire", "items: ", "names of the columns"),
    Case("rules of a questionnaire", own(rules={"items": ["s1", "s2", "s3", "s5"]}), RULES, None, "questionnaire", "does not have (s5)", "add the columns"),
    Case("rules of a questionnaire", own(rules={"range": [3, 0], "scoring": "product", "min_answered": 9}), RULES, None, "questionnaire", "scoring: 'product'", "write sum", also=(RULES,)),
    Case("rules of a questionnaire", own(rules={"reversed": ["s9"]}), RULES, None, "questionnaire", "reversed: s9", "as in items"),
    Case("rules of a questionnaire", own(rules={"subscales": {"one": []}}), RULES, None, "questionnaire", "no lists of items", "items of each"),
    Case("rules of a questionnaire", own(rules={"total": False}), RULES, None, "questionnaire", "no subscales", "add subscales"),
    Case("rules of a questionnaire", own(rules={"times": 0}), RULES, None, "questionnaire", "times: '0'", "multiplied by"),
    Case("number out of range", own(lambda t: cell(t, 7)), OWN, 5, "s3", "'7'", "correct the answer"),
    Case("items against their scale", own(lambda t: t.assign(s2=3 - t["s2"])), OWN, None, None, "s2 run against", "as ticked", W),
    Case("outcome score", both(own(), outcome("{measure: sleep, score: totl, high_at_least: 6}")), OWN, 1, None, "column totl", "write total"),
    Case("name of a block", block(name="My-Block"), "blocks/My-Block.tsv", None, None, "'My-Block'", "instance cytokines"),
    Case("name of a block", block(name="metabolites"), "blocks/metabolites.tsv", None, None, "'metabolites'", "move it to metabolites/metabolites.tsv"),
    Case("sidecar of a block", both(block(), lambda folder: (folder / SIDECAR).unlink()), SIDECAR, None, None, "no such file", '"title"'),
    Case("sidecar of a block", block(about="{"), SIDECAR, None, None, "no readable JSON", "mend it"),
    Case("sidecar of a block", block(about="[]"), SIDECAR, None, None, "no object", "one entry per word"),
    Case("sidecar of a block", block(about={"modalities": "gut"}), SIDECAR, None, "modalities", "'modalities'", "take it out"),
    Case("sidecar of a block", block(about={"titel": "x", "title": "", "unit": 3, "modality": "bloot", "transform": "ln"}), SIDECAR, None, "modality", "'bloot'", "write blood", also=(SIDECAR,)),
    Case("sidecar of a block", block(about={"title": "t" * 61}), SIDECAR, None, "title", "61 signs", "shorten"),
    Case("sidecar of a block", block(about={"integrate": "yes"}), SIDECAR, None, "integrate", "'yes'", "without quotes"),
    Case("sidecar of a block", block(about={"groups": ["crp"]}), SIDECAR, None, "groups", "no names", "one name per column"),
    Case("columns of a sidecar", block(about={"groups": {"crp1": "x"}}), SIDECAR, None, "groups", "1 column that the table does not have (crp1)", "write crp for crp1"),
    Case("zeros and logarithms", block(about={"zero": "amount"}), SIDECAR, None, "zero", "3 zeros, which have no logarithm", "below detection"),
    Case("zeros and logarithms", block(lambda t: t.assign(lbp=-t["lbp"])), BLOOD, 2, "lbp", "(and 115 more cells", '"transform": "none"'),
    Case("unknown id", block(lambda t: t.rename(index={t.index[0]: "sub-999"})), BLOOD, 2, "participant_id", "sub-999", ""),
    Case("file of no block", both(block(), lambda folder: (folder / "blocks/diet.xlsx").write_bytes(b"PK")), "blocks/diet.xlsx", None, None, "not read", "tab-separated", W),
    Case("file of no block", both(block(), lambda folder: (folder / BLOOD).unlink()), SIDECAR, None, None, "without its table", "beside it", W),
    Case("score without a cut", both(new_column("smoker", lambda t: [str(i % 2) for i in range(len(t))]), outcome("{column: smoker, continuous: true}")), SETTINGS, None, "outcome", "of 2 values", "compare groups"),
    Case("own claims", say("claims: ../mine.yml"), SETTINGS, 19, "claims", "'../mine.yml'", "into the cohort folder"),
    Case("own claims", say("claims: mine.yml"), "mine.yml", None, None, "no such file", "add it"),
    Case("own claims", both(say("claims: mine.yml"), lambda folder: (folder / "mine.yml").write_text("claims: []")), "mine.yml", 1, "claims", "[]", "correct claims"),
    Case("settings", say("age_range: [17, 6]"), SETTINGS, 19, "age_range", "[17, 6]", "youngest and oldest"),
    Case("settings", say("age_range: 18-65"), SETTINGS, 19, "age_range", "'18-65'", "youngest and oldest"),
    Case("settings", setting("contract: 1", "contract: 3"), SETTINGS, 1, "contract", "3", "contracts 1 and 2"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[f"{i}-{case.check}" for i, case in enumerate(CASES)])
def test_damage_is_named_with_its_place_and_fix(light_copy, case):
    case.damage(light_copy)
    cohort, problems = inspect_cohort(light_copy)
    said = write_report(problems)
    place = [p for p in problems if (p.file, p.column, p.severity) == (case.file, case.column, case.severity)]
    hits = [p for p in place if case.found in p.found and case.fix in p.fix and case.line in (None, p.line)]
    assert hits, f"expected {case}\n{said}"
    assert not [p for p in problems if p.severity == "error" and p not in hits and p.file not in case.also], said
    assert (cohort is None) == (case.severity == "error"), said


def test_every_check_of_version_2_has_a_corruption():
    listed = {(entry["check"], entry["severity"]) for entry in read_schema()["checks"]["version 2"]}
    assert listed <= {(case.check, case.severity) for case in CASES}


@pytest.mark.parametrize("values", [[0, 1, 2, 3], CHILDREN, range(60, 121), [3, 40, 90], [6.5, 7.25]])
def test_ages_in_years_of_any_cohort_are_accused_of_nothing(light_copy, values):
    ages(list(values))(light_copy)
    assert inspect_cohort(light_copy)[1] == []
    assert load_cohort(light_copy).participants["age"].between(0, 120).all()


def test_an_expected_range_that_holds_everybody_says_nothing(light_copy):
    both(say("age_range: [0, 120]"), setting("contract: 1", "contract: 2"))(light_copy)
    cohort, problems = inspect_cohort(light_copy)
    assert problems == [] and cohort.settings.age_range == (0, 120)
    assert np.isfinite(cohort.participants["age"]).any()


def read_with(folder, rule: str):
    """Read the cohort with another outcome rule, and its groups."""
    outcome(rule)(folder)
    cohort = load_cohort(folder)
    return cohort, assign_groups(cohort, score_outcome(cohort))


def test_a_cut_on_a_column_of_numbers_makes_groups_and_is_not_of_resilience(light_copy):
    new_column("happiness", lambda t: [str(i % 10) for i in range(len(t))])(light_copy)
    cohort, groups = read_with(light_copy, "{column: happiness, high_at_least: 5}")
    assert cohort.settings.outcome == NumberRule("happiness", 5.0) and inspect_cohort(light_copy)[1] == []
    happiness = cohort.participants["happiness"]
    assert ((groups["group"] == "high") == (happiness >= 5)).all() and (groups["score"] == happiness).all()
    assert {"outcome_score"} <= cohort.available() and "resilience_score" not in cohort.available()
    assert "`happiness` of 5 or more" in describe_rule(cohort)
    assert "happiness, not in a questionnaire" in describe_scope(cohort.settings)
    assert list(read_score(cohort).cuts) == [DECLARED]


def test_people_between_two_cuts_have_a_score_no_group_and_a_line_in_the_flow(light_copy):
    whole, plain = read_with(light_copy, "{measure: cd_risc, score: total, high_at_least: 82}")
    cohort, groups = read_with(light_copy, "{measure: cd_risc, score: total, high_at_least: 88, low_below: 75}")
    score = plain["score"]
    assert (groups["score"].dropna() == score.dropna()).all()
    between = score.between(75, 88, inclusive="left")
    assert between.sum() >= 10 and (groups["group"].isna() == (between | score.isna())).all()
    assert (groups["group"] == "low").equals(score < 75) and (groups["group"] == "high").equals(score >= 88)
    flow = count_flow(cohort, groups)
    assert flow.loc["cd_risc total from 75 to below 88, between the groups", "n"] == str(int(between.sum()))
    assert set(design_of_scores(cohort, groups).index) - set(design_matrix(cohort, groups).index) <= set(
        score[between].index
    )
    related = relate_symptoms(score_measures(cohort), groups["score"], design_of_scores(cohort, groups))
    before = relate_symptoms(score_measures(whole), plain["score"], design_matrix(whole, plain))
    assert related.equals(before)  # the score as it is does not care where it is cut
    assert (keep_scored(groups)["group"] == "between").sum() == between.sum()
    said = (
        f"{describe_rule(cohort)} {describe_scores(groups, cohort.settings.outcome)} {describe_split(related, groups)}"
    )
    assert (
        "those below 75" in said and "Both cut-offs" in said and "in neither group" in said and "are extremes" in said
    )
    median = describe_median(groups["score"], declared=88, low_below=75, labels=cohort.settings.labels)
    assert f"{int(between.sum())} of" in median


def test_terciles_are_the_samples_own_and_said_to_be(light_copy):
    cohort, groups = read_with(light_copy, "{measure: cd_risc, score: total, terciles: true}")
    score = groups["score"].dropna()
    low, high = score.quantile(1 / 3), score.quantile(2 / 3)
    assert (groups["group"] == "high").sum() == (score >= high).sum() >= len(score) / 3
    assert (groups["group"] == "low").sum() == (score < low).sum() <= len(score) / 3 + 1
    assert all("data-driven" in said for said in (describe_rule(cohort), describe_scope(cohort.settings)))
    assert inspect_cohort(light_copy)[1] == []


def test_a_table_has_the_names_of_the_groups_in_head_and_caption():
    table = pd.DataFrame({"n_high": [9, 8], "n_low": [7, 9], "share_high": [0.5, 0.4]}, index=["x", "y"])
    named = {"name": "groups", "caption": "d, high minus low."}
    set_labels({"high": "Controls <1", "low": "MDD"})
    shown = show_table(table, **named).data
    assert "n, Controls &lt;1 / MDD" in shown and "In the group Controls &lt;1" in shown
    assert "d, Controls &lt;1 minus MDD." in shown
    set_labels(None)
    assert (
        "n, high / low" in show_table(table, **named).data and "d, high minus low." in show_table(table, **named).data
    )


def test_a_declared_cut_is_never_called_data_driven(light_copy):
    cohort = load_cohort(light_copy)
    assert "data-driven" not in describe_rule(cohort) + describe_scope(cohort.settings)


def test_relative_abundances_are_closed_and_give_no_reads(light_copy):
    gut(lambda t: divide(t, 80).round(6), "percent")(light_copy)
    cohort, problems = inspect_cohort(light_copy)
    assert problems == [] and cohort.settings.scale == {"taxa": "percent"}
    counts = pd.read_csv(EXAMPLE / TAXA, sep="\t", index_col=0)
    shares = cohort.block("taxa")
    np.testing.assert_allclose(shares, counts.div(counts.sum(axis=1), axis=0), atol=1e-6)
    assert cohort.reads == {} and not {"reads", "taxa_reads"} & cohort.available() and "taxa" in cohort.available()
    assert {"reads", "taxa_reads"} <= load_cohort(EXAMPLE).available()


def test_what_needs_reads_is_left_out_and_the_rest_agrees_with_all_reads(light_copy, rng):
    """Presence, ranks and Bray-Curtis of shares are those of the counts they were made from, all reads of each."""
    gut(divide, "relative")(light_copy)
    cohort = load_cohort(light_copy)
    shares, taxonomy = cohort.block("taxa"), cohort.features["taxa"]
    counts = pd.read_csv(EXAMPLE / TAXA, sep="\t", index_col=0).loc[shares.index]
    design = design_matrix(cohort, assign_groups(cohort, score_outcome(cohort)))
    found = microbiome.compare_methods(shares, taxonomy, design)
    of_counts = microbiome.compare_methods(counts, taxonomy, design, depth=microbiome.ALL_READS)
    assert "ancombc" not in set(found.methods["method"]) and "ANCOM-BC was left out" in microbiome.describe_consensus(
        found
    )
    assert "left out: its model" not in microbiome.describe_consensus(of_counts)
    one, two = (result.methods.query("method == 'presence'")["estimate"] for result in (found, of_counts))
    pd.testing.assert_series_equal(one.sort_index(), two.sort_index())
    alpha = microbiome.measure_alpha(shares, n_rarefactions=5, rng=rng)
    whole = microbiome.measure_alpha(counts, n_rarefactions=0, rng=rng)
    assert list(alpha.values) == ["shannon", "inverse_simpson"] and "Observed taxa" in microbiome.describe_alpha(alpha)
    np.testing.assert_allclose(alpha.values, whole.values[list(alpha.values)])
    near, far = (
        microbiome.measure_distances(t, metrics=["bray_curtis", "jaccard"], n_rarefactions=n, rng=rng)
        for t, n in ((shares, 3), (counts, 0))
    )
    for metric, matrix in near.items():
        np.testing.assert_allclose(matrix, far[metric], atol=1e-9)
    said = microbiome.describe_counts(shares, n_designed=len(design))
    assert "not reads" in said and f"{0.5 * shares.to_numpy()[shares.to_numpy() > 0].min():.2g}" in said
    assert list(microbiome.add_depth(design, shares)) == list(design) and "log10_reads" in microbiome.add_depth(
        design, counts
    )


def test_a_zero_of_shares_counts_as_half_the_smallest_share_of_the_table():
    shares = pd.DataFrame({"a": [0.5, 0.9], "b": [0.5, 0.0], "c": [0.0, 0.1]}, index=["x", "y"])
    logs = microbiome.log_reads(shares)
    np.testing.assert_allclose(np.exp(logs), [[0.5, 0.5, 0.05], [0.9, 0.05, 0.1]])
    clr = microbiome.transform_clr(shares)
    np.testing.assert_allclose(clr.sum(axis=1), 0, atol=1e-12)


def test_a_further_block_is_described_contrasted_and_summed_up_by_sets(light_copy):
    block()(light_copy)
    cohort, problems = inspect_cohort(light_copy)
    assert problems == [] and "further_blood" in cohort.available() and cohort.further["cytokines"].place == "blood"
    design = design_matrix(cohort, assign_groups(cohort, score_outcome(cohort)))
    contrasts = further.compare_further(cohort, design, "blood")
    raw = cohort.further["cytokines"].table
    logs = np.log2(raw.where(raw > 0, raw.where(raw > 0).min() / 2, axis=1).where(raw.notna()))
    expected = fit_contrasts(logs, design)
    for column in ("estimate", "d", "d_low", "d_high", "p", "q"):
        np.testing.assert_allclose(contrasts[column], expected.loc[contrasts.index, column])
    assert (
        set(contrasts.index[contrasts["q"] < 0.05]) == {"crp", "il6"}
        and (contrasts.loc[["crp", "il6"], "d"] < -0.5).all()
    )
    sets = further.compare_further_sets(cohort, design, "blood")
    assert sets["n_columns"].to_dict() == {"acute phase": 2, "gut barrier": 2} and sets.loc["acute phase", "q"] < 0.05
    assert sets.loc["acute phase", "d"] < contrasts.loc["crp", "d"] + 0.2
    summary = further.summarise_further(cohort, design, "blood")
    assert np.isnan(summary.loc["il6", "missing"]) and summary.loc["crp", "missing"] == 0
    assert summary.loc["crp", "unit"] == "mg/L"
    said = further.describe_further(cohort, "blood") + further.describe_further_contrasts(contrasts, sets)
    assert "half the smallest value" in said and "Of 5 columns tested, 2 have q" in said and "Of 2 sets tested" in said
    plot_further(contrasts, sets, labels=cohort.settings.labels)


def test_chapters_show_further_blocks_where_there_are_any_and_say_nothing_where_not(light_copy):
    block()(light_copy)
    page = read(PROJECT_ROOT / "notebooks/05_metabolites.md", fmt="md:myst")
    with_block = leave_out(page, load_cohort(light_copy).available())
    without = leave_out(page, load_cohort(EXAMPLE, blocks=["metabolites", "taxa"]).available())
    texts = ["\n".join(cell.source for cell in one.cells) for one in (with_block, without)]
    assert "## Further measurements" in texts[0] and "prepare_metabolites" not in texts[0]
    assert "further." not in texts[1].replace("import further", "") and "prepare_metabolites" in texts[1]
    chapter = next(chapter for chapter in CHAPTERS if chapter.id == "05_metabolites")
    assert chapter.reason_to_skip(load_cohort(light_copy).available()) is None


def test_a_block_stands_in_one_chapter_whatever_is_being_read(light_copy):
    block(about={"modality": "gut"})(light_copy)
    assert load_cohort(light_copy).further["cytokines"].place == "blood"  # there is no chapter of the gut
    gut(lambda t: t)(light_copy)
    for blocks in (None, ["further"], ["taxa", "further"]):
        cohort = load_cohort(light_copy, blocks=blocks)
        assert cohort.further["cytokines"].place == "gut"
        assert {"further_gut"} == {name for name in cohort.available() if name.startswith("further")}


def test_a_block_enters_the_integration_only_where_it_says_so(light_copy):
    gut(lambda t: t)(light_copy)
    block()(light_copy)
    cohort = load_cohort(light_copy)
    groups = assign_groups(cohort, score_outcome(cohort))
    with pytest.raises(TooLittle):
        prepare_blocks(cohort, groups)
    block(about={"integrate": True})(light_copy)
    cohort = load_cohort(light_copy)
    prepared = prepare_blocks(cohort, groups)
    assert list(prepared.blocks) == ["taxa", "cytokines"] and "further_integrated" in cohort.available()
    assert prepared.blocks["cytokines"].loc[:, "lbp"].max() < 5  # logarithms


def test_a_questionnaire_of_ones_own_is_scored_and_can_make_the_groups(light_copy, rng):
    own()(light_copy)
    cohort, groups = read_with(light_copy, "{measure: sleep, score: total, high_at_least: 6}")
    assert inspect_cohort(light_copy)[1] == []
    answers = cohort.phenotype["sleep"]
    turned = answers[["s1", "s2", "s3", "s4"]].assign(s2=3 - answers["s2"])
    expected = (turned.mean(axis=1) * 4).where(turned.notna().sum(axis=1) >= 3)
    pd.testing.assert_series_equal(groups["score"].dropna(), expected.dropna(), check_names=False)
    assert expected.isna().sum() == 1 and list(score_measures(cohort).filter(like="sleep")) == ["sleep.total"]
    reliability = resilience.summarise_questionnaires(cohort, rng=rng, n_bootstraps=20)
    assert reliability.loc["sleep.total"].set_index("coefficient").loc["alpha", "estimate"] > 0.7
    assert resilience.estimate_precision(cohort, score_outcome(cohort)).n_scored == expected.notna().sum()
    report = resilience.report_response_quality(cohort).loc["sleep"]
    assert report["answers"] == "item by item" and report["allowed"] == "0 to 3"
    design = design_matrix(cohort, groups)
    assert resilience.compare_questionnaires(cohort, score_measures(cohort), design, outcome="sleep.total").empty
    assert len(resilience.compare_questionnaires(cohort, score_measures(cohort), design)) == 1


@pytest.mark.parametrize("name", list(read_questionnaires()))
def test_shipped_rules_are_whole_and_score_within_their_range(name):
    one = read_questionnaires()[name]
    assert one.totals and one.citation and set(one.reversed) <= set(one.items)
    if not one.items:
        return
    ends = pd.DataFrame([[one.low] * len(one.items), [one.high] * len(one.items)], columns=list(one.items))
    for score, values in one.score(ends).items():
        assert tuple(sorted(values)) == one.totals[score]
    of_subscales = [item for score, part in one.scores.items() if score not in ("total", "mean") for item in part]
    assert len(set(of_subscales)) == len(of_subscales) and set(of_subscales) in (set(), set(one.items))


def test_shipped_questionnaires_are_scored_by_their_published_rule(light_copy):
    """DASS-21: all 1 is seven points per scale, doubled; PCS helplessness is items 1 to 5 and 12; a blank leaves no score."""
    people = pd.read_csv(light_copy / PEOPLE, sep="\t")["participant_id"]
    for name, n in (("dass21", 21), ("pcs", 13)):
        table = pd.DataFrame(1, people, [f"{name}_{i:02d}" for i in range(1, n + 1)], dtype="Int64")
        table.iloc[::2, [0, 4]] = [0, 2]
        table.iloc[1, 2] = pd.NA
        table.to_csv(light_copy / f"phenotype/{name}.tsv", sep="\t", na_rep="n/a")
    scores = score_measures(load_cohort(light_copy))
    assert scores.iloc[0].filter(like="dass21").to_dict() == {
        "dass21.depression": 16,
        "dass21.anxiety": 14,
        "dass21.stress": 12,
    }
    assert scores.iloc[0].filter(like="pcs").to_dict() == {
        "pcs.total": 13,
        "pcs.rumination": 4,
        "pcs.magnification": 3,
        "pcs.helplessness": 6,
    }
    assert np.isnan(scores.iloc[1]["pcs.total"]) and scores.iloc[1]["pcs.rumination"] == 4
