"""The calibration: one cohort's headline tests, shares with exact intervals, and the stored tables and page."""

from __future__ import annotations

import dataclasses
import datetime
from html import escape

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy import stats

from helpers.calibration import (
    CHAPTERS,
    CONDITIONS,
    Effort,
    Plan,
    chance_outside,
    find_outside,
    list_jobs,
    make_stream,
    run_condition,
    run_draw,
    run_plan,
    tabulate_coverage,
    tabulate_rates,
    tabulate_verdicts,
    tabulate_words,
)
from helpers.calibration.chapters import SETTINGS, prepare_setting
from helpers.calibration.describe import describe_awkward
from helpers.contract import load_cohort
from helpers.plots.calibration import plot_coverage, plot_rates, plot_words
from helpers.run.execution import NOTEBOOKS_DIR, read_parameters
from helpers.tables import PROJECT_ROOT, read_result, read_table
from helpers.verdict import load_claims, load_truth
from helpers.verdict.claims import STUDY
from tests.support import EXAMPLE
from tools.calibrate import FIGURES, PAGE, TABLES, read_stored, write_page

CLAIMS = load_claims("data/claims/an2024.yml")
SETS = read_table(PROJECT_ROOT / "data" / "sets" / "brain_sets.tsv")
SMALL = Effort(n_permutations=19, n_permutations_integration=19)
CONTRASTS = [claim.id for claim in CLAIMS if not claim.is_rank]
WHOLE = {
    "edges_any",
    "alpha.shannon",
    "genera_any",
    "metabolites_any",
    "vote",
    *(
        f"{test}.{metric}"
        for test in ("permanova", "dispersion")
        for metric in ("bray_curtis", "aitchison", "jaccard", "unweighted_unifrac", "weighted_unifrac")
    ),
}


@pytest.fixture(scope="module")
def null_tests():
    return run_draw("null_twin", 0, root_seed=3, claims=CLAIMS, sets=SETS, effort=SMALL)


@pytest.fixture(scope="module")
def planted_tests():
    cheap = ["02_resilience", "04_microbiome", "05_metabolites"]
    return run_draw("planted", 0, root_seed=3, claims=CLAIMS, sets=SETS, effort=SMALL, chapters=cheap)[0]


def test_one_null_twin_gives_every_headline_test_a_p(null_tests):
    table, seconds = null_tests
    assert set(table.index) == {claim.id for claim in CLAIMS} | WHOLE
    p = table["p"].drop("C16")
    assert p.between(0, 1).all() and (p > 0).all()
    assert set(table["chapter"]) == set(CHAPTERS) == set(seconds) - {"draw"}
    assert (table.loc[CONTRASTS, "ci_low"] < table.loc[CONTRASTS, "ci_high"]).all()


def test_settings_are_those_of_the_chapters():
    """The calibration speaks about the book only if its settings are the defaults of the notebooks."""
    for chapter, settings in SETTINGS.items():
        declared = read_parameters(NOTEBOOKS_DIR / f"{chapter}.md")
        assert settings == {name: declared[name] for name in settings}
    assert Plan.sets_path == read_parameters(NOTEBOOKS_DIR / "03_structure.md")["sets_path"]
    assert Plan.claims_path == STUDY


@pytest.mark.book
def test_contrasts_are_those_the_chapters_wrote(built_book):
    """Identity: on the example cohort, every contrast equals the one in the chapter's own table."""
    setting = prepare_setting(load_cohort(EXAMPLE), SETS, SMALL, shuffles=False)
    for chapter in ("02_resilience", "03_brain", "03_structure", "04_microbiome", "05_metabolites"):
        for name, table in CHAPTERS[chapter](setting, np.random.default_rng(1)).tables.items():
            if name == "alpha":
                continue  # rarefied with another seed
            written = read_result(built_book.parent / "results", chapter, name)
            columns = ["n_high", "n_low", "estimate", "ci_low", "ci_high", "d", "p"]
            pd.testing.assert_frame_equal(
                table[columns].astype(float),
                written.loc[table.index, columns].astype(float),
                check_names=False,
                rtol=1e-6,
            )


def test_nothing_is_planted_in_a_null_twin_and_nothing_recovered(null_tests):
    table, _ = null_tests
    assert (table.loc[CONTRASTS, ["true_d", "true_estimate"]] == 0).all(axis=None)
    assert set(table.loc[CONTRASTS, "verdict"]) == {"not testable here"}
    assert table["verdict_if_real"].notna().sum() == len(CLAIMS)


def test_permutation_tests_resolve_what_their_shuffles_allow(null_tests):
    """Border case: with 19 shuffles every p is a multiple of 1/20."""
    table, _ = null_tests
    shuffled = table.loc[[name for name in WHOLE if name.split(".")[0] in ("permanova", "dispersion", "vote")], "p"]
    assert np.allclose(20 * shuffled, (20 * shuffled).round())


def test_truth_comes_in_the_unit_of_the_estimate(planted_tests):
    """Identity: the simulator plants natural logs, chapter 05 shows log2; all else is in the unit of truth.yml."""
    ratio = planted_tests["true_estimate"] / planted_tests["true_d"]
    assert (ratio[["C01", "C09", "C13"]] > 0).all()
    truth = {planted["claim"]: planted["d"] for planted in load_truth(EXAMPLE) if "d" in planted}
    told = planted_tests["true_d"].dropna()
    assert told.to_dict() == {claim: truth[claim] for claim in told.index}
    error = (planted_tests["estimate"] - planted_tests["true_estimate"]).dropna()
    width = (planted_tests["ci_high"] - planted_tests["ci_low"]).dropna()
    assert (error.abs() < 1.5 * width).all()


def test_the_same_seed_gives_the_same_table_for_any_number_of_workers(tmp_path):
    plan = Plan(
        root_seed=3,
        n_cohorts=1,
        n_brains=0,
        n_integrations=0,
        n_participants=60,
        effort=SMALL,
        chapters=("02_resilience", "05_metabolites"),
    )
    told = []
    runs = [
        run_plan(plan, keep_dir=tmp_path / str(n), n_workers=n, on_done=lambda job: told.append(job.name))
        for n in (1, 2)
    ]
    columns = [name for name in runs[0] if not name.startswith("seconds")]
    pd.testing.assert_frame_equal(runs[0][columns], runs[1][columns])
    assert sorted(told) == sorted(2 * [job.name for job in list_jobs(plan)])


def test_an_interrupted_run_goes_on_where_it_was(tmp_path, monkeypatch):
    """A finished cohort is read back, not drawn again; another seed is another run."""
    plan = Plan(
        root_seed=3,
        n_cohorts=1,
        n_brains=0,
        n_integrations=0,
        n_participants=60,
        effort=SMALL,
        chapters=("02_resilience",),
    )
    first = run_plan(plan, keep_dir=tmp_path)
    kept = sorted(tmp_path.rglob("*.tsv"))
    kept[0].unlink()
    drawn = []
    monkeypatch.setattr(
        "helpers.calibration.running.run_draw",
        lambda kind, number, **rest: drawn.append(number) or run_draw(kind, number, **rest),
    )
    again = run_plan(plan, keep_dir=tmp_path)
    columns = [name for name in first if not name.startswith("seconds")]
    pd.testing.assert_frame_equal(first[columns], again[columns])
    assert len(drawn) == 1
    other = run_plan(dataclasses.replace(plan, root_seed=4), keep_dir=tmp_path)
    assert not np.allclose(other["p"], first["p"])


def test_cohorts_have_streams_of_their_own():
    """Null and planted cohorts share no noise, so that coverage is no second reading of the error rates."""
    states = {tuple(make_stream(1, kind, n).generate_state(2)) for kind in ("null_twin", "planted") for n in range(50)}
    assert len(states) == 100
    assert make_stream(1, "null_twin", 3).generate_state(1) == make_stream(1, "null_twin", 3).generate_state(1)


def make_tests(p=None, **columns):
    n = len(p) if p is not None else len(next(iter(columns.values())))
    frame = pd.DataFrame({"kind": "null_twin", "chapter": "02_resilience", "p": p, **columns}, index=["C01"] * n)
    return frame.rename_axis("test")


def test_rates_count_p_up_to_five_per_cent_with_an_exact_interval():
    """Published: Clopper and Pearson's interval of 10 in 200 is 2.4 to 9.0 %; p = 0.05 itself rejects."""
    p = [0.05] * 10 + [0.0500001] * 190
    row = tabulate_rates(make_tests(p), CLAIMS).loc["C01"]
    assert (row["n"], row["rejections"], row["rate"]) == (200, 10, 0.05)
    assert row["low"] == pytest.approx(stats.beta.ppf(0.025, 10, 191)) and round(row["low"], 3) == 0.024
    assert row["high"] == pytest.approx(stats.beta.ppf(0.975, 11, 190)) and round(row["high"], 3) == 0.09
    assert row["what"] == "C01 Depression symptoms"


def test_planted_cohorts_do_not_count_as_errors():
    table = make_tests([0.01, 0.9], kind=["planted", "null_twin"])
    assert tabulate_rates(table, CLAIMS).loc["C01", ["n", "rejections"]].to_list() == [1, 0]


def test_coverage_by_hand():
    """Truth 1: one interval holds it, one ends on it (which counts), two do not; errors 0, 1, -2 and 3 have mean 0.5."""
    columns = {
        "kind": "planted",
        "estimate": [1.0, 2.0, -1.0, 4.0], "ci_low": [0.0, 1.0, -2.0, 3.0], "ci_high": [2.0, 3.0, 0.0, 5.0],
        "true_estimate": 1.0, "d": 0.5, "d_low": 0.0, "d_high": 1.0, "true_d": 0.4,
    }  # fmt: skip
    table = tabulate_coverage(make_tests(**columns | {"p": [np.nan] * 4}), CLAIMS).set_index("scale")
    own = table.loc["unit"]
    assert (own["n"], own["covered"], own["coverage"], own["mean_bias"], own["mean_width"]) == (4, 2, 0.5, 0.5, 2.0)
    assert own["bias_low"] < 0.5 < own["bias_high"]
    assert table.loc["d", "coverage"] == 1.0


def test_verdicts_are_counted_by_kind_of_cohort():
    table = make_tests(
        [0.01, 0.9], kind="planted", verdict=["planted effect recovered", "planted effect missed"],
        verdict_if_real=["supported", "inconclusive"],
    )  # fmt: skip
    row = tabulate_verdicts(table, CLAIMS).loc["C01"]
    assert (row["kind"], row["n"], row["recovered"], row["supported"], row["inconclusive"]) == (
        "planted",
        2,
        0.5,
        0.5,
        0.5,
    )


def test_luck_leaves_the_band_as_often_as_the_binomial_says():
    """Identity: 6 to 14 of 200 are within 3 to 7 %."""
    inside = sum(stats.binom.pmf(k, 200, 0.05) for k in range(6, 15))
    assert chance_outside(200, 0.05, 0.03, 0.07) == pytest.approx(1 - inside)
    covered = sum(stats.binom.pmf(k, 200, 0.95) for k in range(186, 195))
    assert chance_outside(200, 0.95, 0.93, 0.97) == pytest.approx(1 - covered)


def test_figures_mark_what_lies_outside():
    rates = tabulate_rates(make_tests([0.01] * 30 + [0.5] * 70), CLAIMS)
    assert list(find_outside(rates, "rate").index) == ["C01"]
    axes = plot_rates(rates)
    assert [line.get_marker() for line in axes.lines if line.get_marker() in "os"] == ["s"]
    assert "among 100 simulated cohorts" in axes.figure.get_label()


def test_stored_shares_are_recomputable():
    rates, coverage, verdicts, *_, run = read_stored()
    for table, counted, share in ((rates, "rejections", "rate"), (coverage, "covered", "coverage")):
        assert np.allclose(table[share], table[counted] / table["n"], atol=1e-6)
        for row in table.itertuples():
            k, n = getattr(row, counted), row.n
            interval = stats.binomtest(int(k), int(n)).proportion_ci(0.95, method="exact")
            assert (row.low, row.high) == pytest.approx((interval.low, interval.high), abs=1e-5)
    assert set(rates.index) == set(CONTRASTS) | WHOLE
    assert set(coverage.index) == set(CONTRASTS)
    assert set(verdicts.index) == {claim.id for claim in CLAIMS}
    assert datetime.date.fromisoformat(str(run["date"]))


def test_stored_verdicts_fall_as_often_as_computed():
    """Within luck (99.9 % of a binomial) of what ``expect_words`` computes; on average within two points."""
    _, _, verdicts, *_ = read_stored()
    told = verdicts[verdicts["expected_supported"].notna()]
    planted, null = (told[told["kind"] == kind] for kind in ("planted", "null_twin"))
    assert len(planted) == len(null) == 15
    for found, word in ((planted, "supported"), (null, "supported"), (null, "no_effect"), (planted, "opposed")):
        expected = found[f"expected_{word}"].to_numpy()
        low, high = stats.binom.interval(0.999, found["n"], expected)
        seen = found[word].to_numpy() * found["n"].to_numpy()
        assert ((low - 1e-6 <= seen) & (seen <= high + 1e-6)).all(), word
        assert abs((found[word] - expected).mean()) < 0.02


def test_the_committed_page_is_what_the_tool_writes():
    assert PAGE.read_text(encoding="utf-8") == write_page(*read_stored()), (
        "run: .venv/bin/python tools/calibrate.py --page"
    )
    parts = yaml.safe_load((PROJECT_ROOT / "_toc.yml").read_text())["parts"]
    assert [part["chapters"][0]["file"] for part in parts if part["caption"] == "Reference"] == ["book/error_rates"]


def test_the_committed_figures_name_every_test_and_say_simulated():
    rates, coverage, *_ = read_stored()
    for name, axes in (("error_rates", plot_rates(rates)), ("coverage", plot_coverage(coverage))):
        text = (FIGURES / f"{name}.svg").read_text(encoding="utf-8")
        assert ">Simulated data</text>" in text
        for label in axes.get_yticklabels():
            assert f">{escape(label.get_text())}</text>" in text


def test_tables_lie_where_the_page_says():
    text = PAGE.read_text(encoding="utf-8")
    assert all(f"`{name}" in text for name in ("data/calibration/error_rates.tsv`", "coverage.tsv`", "verdicts.tsv`"))
    assert all((TABLES / f"{name}.tsv").is_file() for name in ("error_rates", "coverage", "verdicts"))


def test_the_figure_of_words_has_a_panel_per_size_and_each_adds_up():
    words = tabulate_words()
    figure = plot_words(words)
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert "10 v 10" in titles and "1,000 v 1,000" in titles
    top = figure.axes[0].collections[-1].get_paths()[0].vertices[:, 1].max()
    assert top == pytest.approx(100)


def test_awkward_conditions_are_stored_whole_and_named_when_they_fail():
    *_, awkward, _, _ = read_stored()
    assert set(awkward["condition"]) == {condition.name for condition in CONDITIONS}
    assert np.allclose(awkward["rate"], awkward["rejections"] / awkward["n"], atol=1e-6)
    worst = awkward.assign(rate=[0.2, *[0.05] * (len(awkward) - 1)])
    assert worst["test"].iloc[0] in describe_awkward(worst) and "Above it" not in describe_awkward(
        awkward.assign(rate=0.05)
    )


def test_a_condition_is_the_same_for_any_number_of_workers():
    condition = next(one for one in CONDITIONS if one.name == "spread 44 v 72 1")
    one, two = (run_condition(condition, seed=3, n=40, n_workers=n) for n in (1, 2))
    pd.testing.assert_frame_equal(one, two)
    assert one["n"].tolist() == [40] and one["rejections"].iloc[0] <= 8
