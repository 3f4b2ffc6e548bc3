"""Change over visits: mixed models held to exact solutions, drop-out, communities with whole participants exchanged, the chapter."""

import nbformat
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from helpers import visits
from helpers.cohort import assign_groups, design_matrix
from helpers.contract import load_visits
from helpers.plots.visits import plot_changes, plot_course
from helpers.problems import TooLittle
from helpers.resilience import score_outcome
from helpers.visits.mixed import FEW, FLAT_NOTE, NO_SPREAD, TANGLED
from tests.support import run_command
from tests.visit_cohorts import count_covered, draw_visits, lay_out, write_cohort

LABELS = {"high": "High (n=30)", "low": "Low (n=30)"}


@pytest.fixture(scope="module")
def balanced():
    rng, high = np.random.default_rng(1), np.arange(40) < 16
    return lay_out(draw_visits(40, ("a", "b", "c"), rng, high=high, n_features=3, shift=1.0), high)


def test_balanced_visits_have_the_exact_solution_of_analysis_of_variance(balanced):
    """REML of complete data is the ANOVA table: the variance within is its mean square, that between the rest of the other."""
    values, samples, design = balanced
    found = visits.fit_changes(values, samples, design, baseline="a").set_index(["feature", "visit"])
    high = design["group"].to_numpy() == 1
    for name in values:
        y = values[name].to_numpy().reshape(3, 40).T
        group_visit = np.array([y[high].mean(axis=0), y[~high].mean(axis=0)])
        side = np.where(high, 0, 1)
        means = y.mean(axis=1)
        between = 3 * ((means - np.where(high, means[high].mean(), means[~high].mean())) ** 2).sum() / 38
        left = y - group_visit[side] - (means - np.where(high, means[high].mean(), means[~high].mean()))[:, None]
        within = (left**2).sum() / (38 * 2)
        change = group_visit[0] - group_visit[1]
        for place, visit in ((1, "b"), (2, "c")):
            row = found.loc[(name, visit)]
            error = np.sqrt(2 * within * (1 / high.sum() + 1 / (~high).sum()))
            assert row["estimate"] == pytest.approx(change[place] - change[0])
            assert row["estimate"] / row["t"] == pytest.approx(error, rel=1e-4)
            assert row["df"] == 38 * 2
            assert row["icc"] == pytest.approx(((between - within) / 3) / ((between - within) / 3 + within), rel=1e-3)
            sd = np.sqrt((between - within) / 3 + within)
            assert row["d"] == pytest.approx(row["estimate"] / sd, rel=1e-3)


def test_two_complete_visits_are_the_t_test_of_changes(balanced):
    values, samples, design = balanced
    own = samples[samples["visit"] != "c"]
    found = visits.fit_changes(values.loc[own.index], own, design, baseline="a").set_index("feature")
    high = design["group"].to_numpy() == 1
    for name in values:
        change = values[name].to_numpy()[40:80] - values[name].to_numpy()[:40]
        by_hand = stats.ttest_ind(change[high], change[~high])
        assert found.loc[name, "t"] == pytest.approx(by_hand.statistic, rel=1e-4)
        assert found.loc[name, "p"] == pytest.approx(by_hand.pvalue, rel=1e-3) and found.loc[name, "df"] == 38


def test_means_of_balanced_groups_are_the_means_seen(balanced):
    values, samples, design = balanced
    means = visits.estimate_means(values[["x0"]], samples, design, baseline="a").set_index(["group", "visit"])
    seen = values["x0"].groupby([samples["participant_id"].map(design["group"]), samples["visit"]]).mean()
    assert means.loc[("high", "c"), "mean"] == pytest.approx(seen[(1.0, "c")])
    assert means.loc[("low", "a"), "mean"] == pytest.approx(seen[(0.0, "a")])


def test_fits_without_a_number_and_at_the_edge_are_said():
    rng, high = np.random.default_rng(2), np.arange(24) % 2 == 0
    values, samples, design = lay_out(draw_visits(24, ("a", "b"), rng, n_features=4), high)
    values["x1"] = 3.0
    values.loc[values.index.str.endswith("b"), "x2"] = -values.loc[values.index.str.endswith("a"), "x2"].to_numpy()
    values.loc[values.index[24 + 6 :], "x3"] = np.nan
    found = visits.fit_changes(values, samples, design, baseline="a").set_index("feature")
    assert found["note"].to_dict() == {"x0": "", "x1": FLAT_NOTE, "x2": NO_SPREAD, "x3": FEW}
    assert found["p"].isna().to_dict() == {"x0": False, "x1": True, "x2": False, "x3": True}
    tangled = visits.fit_changes(values[["x0"]], samples, design.assign(twin=design["group"]), baseline="a")
    assert tangled.loc[0, "note"] == TANGLED and np.isnan(tangled.loc[0, "p"])
    said = visits.describe_blocks(found.assign(name=found.index, block="Blood"))
    for words in ("fit lies at the edge (singular)", "No number for x1: constant", "No number for x3: too few"):
        assert words in said
    with pytest.raises(TooLittle, match="No two visits"):
        visits.fit_changes(values, samples[samples["visit"] == "a"], design, baseline="a")


def test_intervals_hold_the_truth_as_often_as_they_say():
    assert 0.85 <= count_covered(20, np.random.default_rng(3), effect=0.8) <= 1


def test_drop_out_is_compared_and_small_numbers_are_not_told():
    people = [f"p{i}" for i in range(60)]
    groups = pd.DataFrame({"group": ["high", "low"] * 30}, index=people)
    came = pd.DataFrame(
        {"a": True, "b": [i % 2 == 0 or i > 30 for i in range(60)], "c": [i > 1 for i in range(60)]}, people
    )
    found = visits.count_attendance(came, groups, small_cell=5)
    assert found["n_low"].tolist()[:2] == [30, 15] and found.loc["b", "difference"] == pytest.approx(0.5)
    assert found.loc["c"].drop("p").isna().all() and found.loc["c", "p"] == 1 and np.isnan(found.loc["a", "p"])
    assert found.loc["b", "p"] == pytest.approx(stats.fisher_exact([[30, 0], [15, 15]]).pvalue)
    assert found.loc["b", "difference_low"] < 0.5 < found.loc["b", "difference_high"]
    at_start = pd.DataFrame({"age": np.where(came["b"] & came["c"], 40.0, 30.0) + np.arange(60) % 7}, index=people)
    lost = visits.compare_lost(came, at_start, baseline="a").loc["age"]
    assert lost["ci_low"] < 10 < lost["ci_high"] and lost["p"] < 1e-6
    with pytest.raises(TooLittle, match="too few to"):
        visits.compare_lost(came.assign(b=True), at_start, baseline="a")


def spread_out(values, samples):
    return pd.DataFrame(
        np.sqrt(((values.to_numpy()[:, None] - values.to_numpy()[None]) ** 2).sum(axis=2)), samples.index, samples.index
    )


def test_communities_exchange_whole_participants_and_find_a_change_not_a_difference():
    rng, high = np.random.default_rng(8), np.arange(30) < 15
    by_visit = draw_visits(30, ("a", "b"), rng, n_features=5, sd_visit=0.4)
    for values in by_visit.values():
        values[:, 1] += 3 * high  # a difference that stays
    settings = {"n_permutations": 199, "rng": np.random.default_rng(5)}
    values, samples, design = lay_out(by_visit, high)
    still = visits.test_community_change(spread_out(values, samples), samples, design, **settings)
    assert still.loc["group", "p"] <= 0.01 and still.loc["group x visit", "p"] > 0.05
    by_visit["b"][:, 0] += 1.0 * high
    values, samples, design = lay_out(by_visit, high)
    changed = visits.test_community_change(spread_out(values, samples), samples, design, **settings)
    assert changed.loc["group x visit", "p"] <= 0.02
    change = values.iloc[30:].to_numpy() - values.iloc[:30].to_numpy()
    total = ((change - change.mean(axis=0)) ** 2).sum()
    own = sum(((change[side] - change[side].mean(axis=0)) ** 2).sum() for side in (high, ~high))
    assert changed.loc["group x visit", "pseudo_f"] == pytest.approx((total - own) / (own / 28))
    with pytest.raises(TooLittle, match="too few to compare changes"):
        visits.test_community_change(spread_out(values, samples), samples, design.iloc[:16], **settings)


@pytest.fixture(scope="module")
def cohorts(tmp_path_factory):
    return load_visits(write_cohort(tmp_path_factory.mktemp("visits") / "cohort"))


def test_every_block_is_measured_at_all_visits_on_one_scale_and_the_planted_change_is_found(cohorts, drawn_at_extremes):
    cohort = cohorts["baseline"]
    groups = assign_groups(cohort, score_outcome(cohort))
    design, samples = design_matrix(cohort, groups), visits.list_samples(cohorts)
    measured = visits.measure_visits(cohorts, min_prevalence=0.1, n_rarefactions=2, rng=np.random.default_rng(1))
    assert set(measured) == {"scores", "alpha", "taxa", "metabolites", "networks", "cytokines"}
    assert list(measured["metabolites"].names) == list("abcd")
    for block in measured.values():
        assert block.values.index.isin(samples.index).all() and block.values.index.is_unique
    few = {name: measured[name] for name in ("scores", "cytokines")}
    changes = visits.compare_changes(few, samples, design, baseline="baseline")
    planted = changes[changes.index == "il_0"]
    assert (planted["ci_low"] <= 1.5).all() and (planted["ci_high"] >= 1.5).all() and (planted["q"] < 0.001).all()
    shown = visits.take_largest(changes, few, 2)
    assert next(iter(shown)) == "il_0 (log pg/mL)"
    means = visits.estimate_means(shown, samples, design, baseline="baseline")
    figure = plot_course(shown, samples, groups["group"], means, visits=list(cohorts), labels=LABELS)
    assert len(figure.axes) == 2 and "95 % confidence intervals" in figure.get_label()
    assert "Group × visit" in plot_changes(changes, labels=LABELS).get_figure().get_label()


@pytest.mark.book
def test_the_chapter_runs_on_a_cohort_with_visits(tmp_path):
    folder = write_cohort(tmp_path / "cohort")
    few = [word for name in ("n_permutations=19", "n_rarefactions=2") for word in ("-p", f"08_visits.{name}")]
    words = ("--only", "01_cohort", "--only", "08_visits", "--no-book", "--output", tmp_path / "out")
    done = run_command("run", folder, *words, *few)
    assert done.returncode == 0, done.stdout + done.stderr
    page = nbformat.read(tmp_path / "out/pages/08_visits.ipynb", as_version=4)
    outputs = [out for cell in page.cells for out in cell.get("outputs", [])]
    assert not [o for o in outputs if o.get("name") == "stderr" or o.output_type == "error"]
    assert {path.stem for path in (tmp_path / "out/results/08_visits").glob("*.tsv")} == {
        "attendance",
        "changes",
        "communities",
    }
