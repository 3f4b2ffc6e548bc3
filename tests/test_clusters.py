"""Families: standard errors that allow for them, shuffles that keep them, folds that never part them."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from helpers import visits
from helpers.cohort import assign_groups, design_matrix
from helpers.contract import load_cohort
from helpers.contrasts import fit_contrasts
from helpers.designs import add_clusters, find_clusters, number_clusters
from helpers.integration import BlockSPLSDA, cross_validate
from helpers.integration.folds import read_clusters
from helpers.integration.parallel import deal_folds
from helpers.microbiome import compare_communities
from helpers.permutation import draw_movable, draw_nested_orders, plan_shuffles, shuffle_clusters
from helpers.problems import TooLittle
from helpers.resilience import score_outcome
from tests.visit_cohorts import count_rejected, draw_families, draw_visits, lay_out, write_cohort


def solve_cr2(y, x, clusters, at):
    """CR2 and Satterthwaite's degrees of freedom by whole matrices, as Pustejovsky and Tipton (2018) write them down."""
    bread = np.linalg.inv(x.T @ x)
    hat = x @ bread @ x.T
    left = np.eye(len(y)) - hat
    residuals = left @ y
    variance, columns = 0.0, []
    for cluster in np.unique(clusters):
        own = clusters == cluster
        values, turns = np.linalg.eigh(left[np.ix_(own, own)])
        adjust = turns @ np.diag(np.where(values > 1e-9, 1 / np.sqrt(np.maximum(values, 1e-9)), 0)) @ turns.T
        score = (bread @ x[own].T @ adjust)[at]
        variance += (score @ residuals[own]) ** 2
        columns.append(left[:, own] @ score)
    products = np.array(columns) @ np.array(columns).T
    return variance, np.trace(products) ** 2 / (products**2).sum()


def test_cr2_is_that_of_whole_matrices_with_families_of_one_to_four():
    rng = np.random.default_rng(1)
    clusters = draw_families(40, rng)
    design = pd.DataFrame({"group": rng.integers(0, 2, 40), "age": rng.normal(size=40)}, clusters.index).astype(float)
    y = pd.DataFrame(rng.normal(size=(40, 3)), clusters.index, list("abc"))
    found = fit_contrasts(y, add_clusters(design, clusters))
    x = np.column_stack([np.ones(40), design])
    for name in y:
        variance, df = solve_cr2(y[name].to_numpy(), x, clusters.to_numpy(), 1)
        assert (found.loc[name, "estimate"] / found.loc[name, "t"]) ** 2 == pytest.approx(variance)
        assert found.loc[name, "df"] == pytest.approx(df)


def test_cr2_of_whole_families_of_one_size_is_the_t_test_of_their_means():
    """Worked by hand: families of two, all of one group; the coefficient is a difference of family means, and CR2 is its Welch."""
    rng = np.random.default_rng(2)
    clusters = pd.Series(np.repeat([f"f{i}" for i in range(12)], 2), index=[f"p{i}" for i in range(24)])
    group = np.repeat([1.0] * 5 + [0.0] * 7, 2)
    y = rng.normal(size=24)
    design = add_clusters(pd.DataFrame({"group": group}, index=clusters.index), clusters)
    found = fit_contrasts(pd.DataFrame({"y": y}, index=clusters.index), design).loc["y"]
    means = y.reshape(-1, 2).mean(axis=1)
    by_hand = stats.ttest_ind(means[:5], means[5:], equal_var=False)
    assert found["t"] == pytest.approx(by_hand.statistic)


def test_clusters_of_one_change_nothing_and_a_lonely_cluster_has_no_error():
    rng = np.random.default_rng(3)
    people = [f"p{i}" for i in range(20)]
    design = pd.DataFrame({"group": [0.0] * 8 + [1.0] * 12}, index=people)
    y = pd.DataFrame({"y": rng.normal(size=20)}, index=people)
    alone = add_clusters(design, pd.Series(people, index=people))
    pd.testing.assert_frame_equal(fit_contrasts(y, alone), fit_contrasts(y, design))
    one = pd.Series([f"f{i}" for i in range(8)] + ["all"] * 12, index=people)
    assert np.isnan(fit_contrasts(y, add_clusters(design, one)).loc["y", "p"])


def test_a_design_keeps_its_clusters_or_says_that_it_lost_them():
    clusters = pd.Series({"a": "f1", "b": "f1", "c": "f2"})
    design = add_clusters(pd.DataFrame({"group": [0.0, 1.0, 1.0], "age": [1.0, 2.0, 4.0]}, index=list("abc")), clusters)
    for kept in (
        design.loc[["c", "a"]],
        design.drop(columns="group"),
        design.assign(x=1.0),
        design[["age"]],
        design.dropna(),
    ):
        assert find_clusters(kept).tolist() == clusters[kept.index].tolist()
    with pytest.raises(ValueError, match="lost them"):
        find_clusters(design.join(pd.Series({"a": 1.0}, name="x")))
    with pytest.raises(ValueError, match="1 participant of a design without a cluster"):
        find_clusters(add_clusters(design, clusters.drop("b")))
    assert number_clusters(pd.DataFrame(design.to_numpy())) is None


def test_nested_orders_keep_families_and_batches():
    rng = np.random.default_rng(4)
    clusters = np.array([0, 0, 1, 1, 2, 3, 3, 4, 4, 5])
    blocks = np.array([0, 0, 0, 0, 0, 1, 1, 1, 1, 1])
    orders = draw_nested_orders(blocks, clusters, n_permutations=300, rng=rng)
    assert (blocks[orders] == blocks).all() and (np.sort(orders, axis=1) == np.arange(10)).all()
    for order in orders:
        moved = clusters[order]
        assert moved[0] == moved[1] and moved[2] == moved[3] and moved[5] == moved[6]
    assert len(np.unique(orders, axis=0)) == (2 * 2 * 2) ** 2
    with pytest.raises(ValueError, match="several batches"):
        draw_nested_orders(blocks, np.array([0, 0, 1, 1, 2, 2, 3, 4, 4, 5]), n_permutations=1, rng=rng)


def test_the_term_says_what_is_exchanged():
    clusters, one = np.repeat(np.arange(6), 2), np.zeros(12, int)
    shared, within = np.repeat([0.0, 0, 0, 1, 1, 1], 2), np.tile([0.0, 1.0], 6)
    ways = {
        name: draw_movable(
            term[:, None], one, n_permutations=5, rng=np.random.default_rng(1), clusters=clusters
        ).n_arrangements
        for name, term in {"shared": shared, "within": within}.items()
    }
    assert ways == {"shared": pytest.approx(20), "within": pytest.approx(2**6)}
    plan = plan_shuffles(shared[:, None], one, n_permutations=99, rng=np.random.default_rng(1), clusters=clusters)
    moved = shared[plan.draw(0)].reshape(64, 6, 2)
    assert plan.kind == "nested" and (moved[:, :, 0] == moved[:, :, 1]).all()


def test_conditional_shuffles_keep_families_and_lean_on_the_odds():
    rng, clusters = np.random.default_rng(5), np.repeat(np.arange(10), 2)
    codes, odds = np.repeat([0, 1] * 5, 2), np.repeat([-3.0, 3.0] * 5, 2)
    free = np.array([shuffle_clusters(codes, np.zeros(20), clusters, rng=rng) for _ in range(40)])
    bound = np.array([shuffle_clusters(codes, odds, clusters, rng=rng) for _ in range(40)])
    assert (free[:, ::2] == free[:, 1::2]).all() and (free.sum(axis=1) == 10).all()
    assert (free == codes).mean() < 0.65 and (bound == codes).mean() > 0.9


def test_folds_never_part_a_family_of_two_groups():
    rng = np.random.default_rng(6)
    clusters = draw_families(60, rng)
    y = pd.Series(np.where(rng.random(60) < 0.5, "high", "low"), index=clusters.index)
    codes = read_clusters(clusters, y, 5)
    folds = deal_folds((y == "high").to_numpy(int), codes, n_folds=5, rng=rng)
    assert all(len(set(folds[codes == code])) == 1 for code in codes)
    with pytest.raises(TooLittle, match="2 clusters for 5 folds"):
        read_clusters(pd.Series(np.where(np.arange(60) < 30, "a", "b"), index=y.index), y, 5)
    blocks = {name: pd.DataFrame(rng.normal(size=(60, 3)), index=y.index) for name in ("brain", "gut")}
    found = cross_validate(
        blocks,
        y,
        model=BlockSPLSDA(1),
        rng=rng,
        n_folds=4,
        n_repeats=2,
        clusters=clusters,
        calibrate=False,
        baselines=(),
    )
    assert found.n_participants == 60 and found.performance["auc"].between(0, 1).all()


def test_null_families_are_rejected_seldom_where_independence_rejects_often():
    found = count_rejected(80, np.random.default_rng(7), shared=True)
    assert found["naive"] > 0.1
    assert found["robust"] <= 0.12 and found["max_t"] <= 0.12


def test_a_cohort_of_families_carries_them_into_every_design(tmp_path):
    cohort = load_cohort(write_cohort(tmp_path, visits=("only",), families=True))
    design = design_matrix(cohort, assign_groups(cohort, score_outcome(cohort)))
    assert find_clusters(design).nunique() == 30 and "clusters" in cohort.available()
    distances = pd.DataFrame(np.abs(np.subtract.outer(np.arange(60.0), np.arange(60.0))), design.index, design.index)
    found = compare_communities(
        distances,
        design["group"],
        covariates=design.drop(columns="group"),
        n_permutations=19,
        rng=np.random.default_rng(1),
    )
    assert found.shuffled == "whole clusters, and members within them"


def test_changes_over_visits_allow_for_families():
    """Worked by hand: families of two of one group, two visits: group x visit is Welch's t-test of the families' mean changes."""
    rng = np.random.default_rng(9)
    high = np.repeat(np.arange(24) < 11, 2)
    shared = np.repeat(rng.normal(size=24), 2)
    by_visit = draw_visits(48, ("a", "b"), rng, n_features=1)
    by_visit["b"][:, 0] += shared
    values, samples, design = lay_out(by_visit, high)
    clusters = pd.Series(np.repeat([f"f{i}" for i in range(24)], 2), index=design.index)
    found = visits.fit_changes(values, samples, add_clusters(design, clusters), baseline="a").loc[0]
    change = (by_visit["b"] - by_visit["a"]).reshape(24, 2).mean(axis=1)
    by_hand = stats.ttest_ind(change[:11], change[11:], equal_var=False)
    assert found["t"] == pytest.approx(by_hand.statistic, rel=1e-4)
    assert found["df"] == pytest.approx(by_hand.df, rel=0.2)
    plain = visits.fit_changes(values, samples, design, baseline="a").loc[0]
    assert plain["estimate"] == pytest.approx(found["estimate"]) and plain["p"] < found["p"]
    distances = pd.DataFrame(
        np.abs(np.subtract.outer(values["x0"].to_numpy(), values["x0"].to_numpy())), samples.index, samples.index
    )
    tested = visits.test_community_change(
        distances, samples, add_clusters(design, clusters), n_permutations=49, rng=np.random.default_rng(1)
    )
    assert (tested["n_samples"] == 96).all() and tested["p"].between(0.02, 1).all()
