"""Permutation: identities with textbook tests and with nilearn, borders, refusals."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from nilearn.mass_univariate import permuted_ols
from scipy import stats

from helpers import permutation
from helpers.contrasts import find_df, fit_contrasts
from helpers.permutation import draw_orders, find_log_odds, shuffle_conditionally, shuffle_within


@pytest.fixture
def rng():
    return np.random.default_rng(1)


def make_data(n=40, n_features=7, effect=0.0, seed=3):
    """Two groups in two studies, features that depend on age and on the study."""
    rng = np.random.default_rng(seed)
    ids = [f"sub-{i:03d}" for i in range(1, n + 1)]
    group = np.tile([0.0, 1.0], n // 2)
    study = np.repeat([0.0, 1.0], n // 2)
    age = rng.normal(0, 10, n) + 5 * group
    noise = rng.normal(size=(n, n_features)) + 0.05 * age[:, None] + study[:, None]
    noise[:, 0] += effect * group
    features = pd.DataFrame(noise, index=ids, columns=[f"f{i}" for i in range(n_features)])
    design = pd.DataFrame({"group": group, "age": age, "study_B": study}, index=ids)
    return features, design, pd.Series(np.where(study, "B", "A"), index=ids)


def test_t_without_covariates_is_students(rng):
    """Identity: with one feature and no covariate, t is the pooled two-sample t of scipy."""
    features, design, _ = make_data(n_features=1)
    result = permutation.test_max_t(features, design[["group"]], n_permutations=9, rng=rng)
    high = design["group"] == 1
    expected = stats.ttest_ind(features.loc[high, "f0"], features.loc[~high, "f0"])
    assert result.table.loc["f0", "t"] == pytest.approx(expected.statistic, rel=1e-12)


def test_t_agrees_with_nilearn(rng):
    """Identity: nilearn 0.14 ``permuted_ols`` gives the same t where its pooled variance and ours are one: equal groups."""
    features, design, _ = make_data(effect=1.0)
    equal = pd.concat([part.head(design["group"].value_counts().min()) for _, part in design.groupby("group")])[
        ["group"]
    ]
    result = permutation.test_max_t(features, equal, n_permutations=9, rng=rng)
    theirs = permuted_ols(equal[["group"]].to_numpy(), features.loc[equal.index].to_numpy(), n_perm=0)
    np.testing.assert_allclose(result.table["t"], theirs["t"].ravel(), rtol=1e-10)


def test_t_agrees_with_the_contrasts(rng):
    """Identity: the permutation engine and ``fit_contrasts`` fit the same linear model, by id."""
    features, design, _ = make_data(effect=1.0)
    shuffled_rows = features.sample(frac=1, random_state=1)
    result = permutation.test_max_t(shuffled_rows, design, n_permutations=9, rng=rng)
    np.testing.assert_allclose(result.table["t"], fit_contrasts(features, design)["t"], rtol=1e-10)


def plan(design, groups, *, n_permutations, seed, **options):
    """Draw the orders that a test with this seed uses."""
    rows, rng = design.to_numpy(float), np.random.default_rng(seed)
    return permutation.plan_shuffles(rows, groups, n_permutations=n_permutations, rng=rng, **options)


def draw_all(planned):
    """Return all shuffles of residuals: the engine moves the design instead, the other way round."""
    return np.argsort(np.vstack([planned.draw(k) for k in range(planned.n_streams)]), axis=1)


@pytest.mark.parametrize("precision", ["double", "single"])
def test_each_shuffle_is_freedman_lane_refitted_by_hand(precision):
    """Identity: every null value is t of permuted residuals, their squares freed of the nuisance in proportion, by hand.

    It is close to t of an explicit least-squares refit, and equal to it without nuisance. In single precision a permuted
    R² is off by less than 1e-6, as stated.
    """
    features, design, study = make_data()
    result = permutation.test_max_t(
        features, design, blocks=study, n_permutations=70, rng=np.random.default_rng(8), precision=precision
    )
    groups = pd.factorize(study)[0]
    orders = draw_all(plan(design, groups, n_permutations=70, seed=8))
    assert len(orders) == 70
    nuisance = np.linalg.qr(np.column_stack([np.ones(len(design)), design[["age", "study_B"]]]))[0]
    left = features.to_numpy() - nuisance @ (nuisance.T @ features.to_numpy())
    x = design["group"].to_numpy() - nuisance @ (nuisance.T @ design["group"].to_numpy())
    weights = x**2 / (1 - (nuisance**2).sum(axis=1) - x**2 / (x @ x)) / (x @ x) ** 2
    df, gaps = len(design) - 4, []
    for k, order in enumerate(orders):
        shuffled = left[order]
        estimate = x @ shuffled / (x @ x)
        rest = 1 - ((nuisance.T @ shuffled) ** 2).sum(axis=0) / (left**2).sum(axis=0)
        t = np.abs(estimate) / np.sqrt(weights @ (shuffled - np.outer(x, estimate)) ** 2 * rest)
        both = np.array([t.max(), result.null_max_t[k]])
        assert np.abs(np.diff(both**2 / (both**2 + df))).max() < (1e-12 if precision == "double" else 1e-6)
        critical = stats.t.isf(0.025, find_df(design))
        assert (t > critical).sum() == result.null_n_nominal[k]
        gaps.append(np.abs(t / fit_contrasts(pd.DataFrame(shuffled, features.index), design)["t"].abs() - 1).max())
    assert np.median(gaps) < 0.05  # the largest of all features, relative to t


def test_groups_of_unequal_size_and_spread_keep_the_error_rate():
    """True null: 8 v 40, SD 2:1; the chance to find anything is 5 % (of 400 draws 3 to 8), with a pooled t about 20 %."""
    group, found = (np.arange(48) < 8).astype(float), 0
    ids = [f"sub-{i:02d}" for i in range(48)]
    for draw in range(400):
        rng = np.random.default_rng(draw)
        values = pd.DataFrame(rng.normal(size=(48, 3)) * np.where(group == 1, 2, 1)[:, None], ids)
        result = permutation.test_max_t(values, pd.DataFrame({"group": group}, ids), n_permutations=99, rng=rng)
        found += result.table["p_fwe"].min() <= 0.05
    assert 12 <= found <= 32


def test_no_nuisance_is_plain_shuffling_of_labels():
    """Identity: without covariates Freedman-Lane p equals the share of label shuffles as extreme."""
    features, design, _ = make_data(n=12, n_features=1, effect=1.5)
    result = permutation.test_max_t(features, design[["group"]], n_permutations=199, rng=np.random.default_rng(5))
    orders = draw_all(plan(design[["group"]], np.zeros(12, int), n_permutations=199, seed=5))
    values, high = features["f0"].to_numpy(), design["group"].to_numpy() == 1
    gaps = np.array([abs(values[o][high].mean() - values[o][~high].mean()) for o in orders])
    observed = abs(values[high].mean() - values[~high].mean())
    assert result.table.loc["f0", "p"] == (1 + (gaps >= observed - 1e-9).sum()) / 200
    assert result.table.loc["f0", "p"] == result.table.loc["f0", "p_fwe"]


def test_six_separated_people_have_the_exact_p(rng):
    """By hand: 3 v 3 perfectly separated is one of 20 labellings, two as extreme, so p is 0.1."""
    ids = list("abcdef")
    features = pd.DataFrame({"x": [1.0, 2, 3, 11, 12, 13]}, index=ids)
    design = pd.DataFrame({"group": [0, 0, 0, 1, 1, 1]}, index=ids)
    result = permutation.test_max_t(features, design, n_permutations=8000, rng=rng)
    assert result.table.loc["x", "p"] == 0.1
    assert (result.exact, result.n_permutations) == (True, 19)


@pytest.fixture(scope="module")
def run_alone():
    features, design, study = make_data(effect=0.8, n_features=700)
    return features, design, study, repeat(features, design, study)


def repeat(features, design, study, *, n_workers=1):
    return permutation.test_max_t(
        features, design, blocks=study, n_permutations=300, rng=np.random.default_rng(2), n_workers=n_workers,
        step_down=True, n_kept=20,
    )  # fmt: skip


def assert_same(one, other):
    pd.testing.assert_frame_equal(one.table, other.table, check_exact=True)
    pd.testing.assert_series_equal(one.null_max_t, other.null_max_t, check_exact=True)
    pd.testing.assert_series_equal(one.null_n_nominal, other.null_n_nominal, check_exact=True)
    pd.testing.assert_frame_equal(one.largest, other.largest, check_exact=True)


def test_workers_do_not_change_a_number(run_alone):
    *data, alone = run_alone
    assert_same(alone, repeat(*data, n_workers=2))
    with parallel_config("loky", n_jobs=2):
        assert_same(alone, repeat(*data, n_workers=None))


def test_workers_of_a_cluster_do_not_change_a_number(run_alone):
    distributed = pytest.importorskip("distributed")
    *data, alone = run_alone
    with (
        distributed.Client(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None),
        parallel_config("dask"),
    ):
        assert_same(alone, repeat(*data, n_workers=None))


def test_longer_run_begins_with_the_shorter_one():
    features, design, study = make_data()
    short, long = (
        permutation.test_max_t(features, design, blocks=study, n_permutations=n, rng=np.random.default_rng(2))
        for n in (100, 150)
    )
    assert short.null_max_t.tolist() == long.null_max_t[:100].tolist()


def test_progress_is_shown_only_when_asked_for(capsys, rng):
    features, design, _ = make_data()
    permutation.test_max_t(features, design, n_permutations=99, rng=rng)
    assert capsys.readouterr().err == ""
    permutation.test_max_t(features, design, n_permutations=99, rng=rng, progress=True)
    assert "shuffles: 100%" in capsys.readouterr().err


def test_p_agrees_with_nilearn(rng):
    """Peer: max-T p of nilearn 0.14 with the same covariates, within 4 Monte-Carlo SD of both runs."""
    features, design, _ = make_data(n=30, n_features=12, effect=0.9)
    n = 4000
    ours = permutation.test_max_t(features, design, n_permutations=n, rng=rng).table["p_fwe"]
    covariates = design[["age", "study_B"]].to_numpy()
    theirs = permuted_ols(
        design[["group"]].to_numpy(), features.to_numpy(), covariates, n_perm=n, random_state=1
    )["logp_max_t"].ravel()  # fmt: skip
    p = 10**-theirs
    sd = np.sqrt(2 * np.maximum(p * (1 - p), 1 / n) / n)
    assert (np.abs(ours.to_numpy() - p) < 4 * sd).all()


def test_all_arrangements_are_listed_once_within_blocks():
    """Identity: 2 v 1 and 2 v 2 people in two blocks have 3 * 6 arrangements, one of them observed."""
    group, study = np.array([0, 0, 1, 0, 1, 1, 0.0]), np.array([0, 0, 0, 1, 1, 1, 1])
    planned = plan(pd.DataFrame({"group": group}), study, n_permutations=17, seed=1)
    arranged = group[planned.draw(0)]
    assert planned.exact and len({tuple(row) for row in arranged} | {tuple(group)}) == 18
    assert (study[planned.draw(0)] == study).all()
    assert not plan(pd.DataFrame({"group": group}), study, n_permutations=16, seed=1).exact


def test_exact_p_is_that_of_all_relabellings(rng):
    """Identity: p equals the share of all 70 relabellings of 4 v 4 with a difference of means as large."""
    features, design, _ = make_data(n=8, n_features=5, effect=2.0)
    result = permutation.test_max_t(features, design[["group"]], n_permutations=1000, rng=rng)
    values = features.to_numpy()
    gaps = np.array([
        np.abs(values[list(high)].mean(axis=0) - values[[i for i in range(8) if i not in high]].mean(axis=0))
        for high in combinations(range(8), 4)
    ])  # fmt: skip
    observed = np.abs(values[design["group"] == 1].mean(axis=0) - values[design["group"] == 0].mean(axis=0))
    assert result.exact
    np.testing.assert_allclose(result.table["p"], (gaps >= observed - 1e-9).mean(axis=0), rtol=1e-12)


def test_whole_blocks_move_together(rng):
    """Four people with two visits each: 6 arrangements of 2 v 2 people, and visits keep their order."""
    ids = [f"visit-{i}" for i in range(8)]
    person = pd.Series(np.repeat(list("abcd"), 2), index=ids)
    design = pd.DataFrame({"group": np.repeat([0.0, 0, 1, 1], 2)}, index=ids)
    features = pd.DataFrame({"x": [1.0, 1, 2, 2, 8, 9, 7, 9]}, index=ids)
    result = permutation.test_max_t(
        features, design, blocks=person, whole_blocks=True, n_permutations=999, rng=rng
    )  # fmt: skip
    assert (result.exact, result.n_permutations, result.table.loc["x", "p"]) == (True, 5, 2 / 6)
    with pytest.raises(ValueError, match="Every block holds a single value"):
        permutation.test_max_t(features, design, blocks=person, n_permutations=9, rng=rng)
    alike = design.assign(group=[0.0, 1] * 4)
    with pytest.raises(ValueError, match="No two blocks of equal size differ in group"):
        permutation.test_max_t(features, alike, blocks=person, whole_blocks=True, n_permutations=9, rng=rng)


def test_whole_blocks_drawn_by_chance_keep_visits_in_order():
    groups = np.repeat(np.arange(20), 3)
    planned = plan(pd.DataFrame({"score": np.repeat(np.arange(20.0), 3)}), groups, n_permutations=70, seed=3,
                   whole_blocks=True)  # fmt: skip
    orders = np.vstack([planned.draw(0), planned.draw(1)])
    assert not planned.exact and orders.shape == (70, 60)
    assert (orders.reshape(70, 20, 3) % 3 == np.arange(3)).all()
    assert (groups[orders].reshape(70, 20, 3) == groups[orders].reshape(70, 20, 3)[:, :, :1]).all()


def test_one_sided_halves_and_their_signs(rng):
    """Identity: with all 70 labellings the one-sided p of a positive effect is the share of t at or above it."""
    features, design, _ = make_data(n=8, n_features=1, effect=2.0)
    options = {"n_permutations": 99, "rng": rng}
    two, up, down = (
        permutation.test_max_t(features, design[["group"]], alternative=side, **options)
        for side in ("two-sided", "greater", "less")
    )
    t = two.table.loc["f0", "t"]
    assert t == up.table.loc["f0", "t"] == pytest.approx(down.table.loc["f0", "t"])
    p_up, p_down = up.table.loc["f0", "p"], down.table.loc["f0", "p"]
    assert p_up == (1 + (up.null_max_t >= t - 1e-9).sum()) / 70
    assert p_up + p_down == pytest.approx(1 + 1 / 70)
    assert down.observed_max_t == pytest.approx(-t)
    with pytest.raises(ValueError, match="alternative is 'bigger'; it must be one of two-sided, greater, less"):
        permutation.test_max_t(features, design, alternative="bigger", **options)


def test_step_down_is_that_of_westfall_and_young_by_hand():
    """By hand: from the weakest feature up, the running maximum of each shuffle; p may not fall on the way down."""
    features, design, _ = make_data(n=30, n_features=6, effect=1.2)
    options = {"n_permutations": 199, "rng": np.random.default_rng(8)}
    table = permutation.test_max_t(features, design, step_down=True, **options).table
    model = permutation.prepare_model(
        features, design, tested="group", n_permutations=199, rng=np.random.default_rng(8)
    )  # fmt: skip
    null = np.vstack([model.shuffle_t(k) for k in range(model.plan.n_streams)])
    order, p = table["t"].abs().argsort().to_numpy()[::-1], 0.0
    for i, feature in enumerate(order):
        highest = null[:, order[i:]].max(axis=1)
        p = max(p, (1 + (highest >= abs(table["t"].iloc[feature]) - 1e-9).sum()) / 200)
        assert table["p_step_down"].iloc[feature] == p
    assert (table["p_step_down"] <= table["p_fwe"]).all() and (table["p_step_down"] >= table["p"]).all()


def test_small_p_by_the_tail_comes_close_to_students(rng):
    """Normal data: the uncorrected p by the tail is above Student's, but closer to it than 1/1000, where counting ends."""
    features, design, _ = make_data(n=60, n_features=3)
    features["f0"] += 0.85 * design["group"]
    student = fit_contrasts(features, design).loc["f0", "p"]
    result = permutation.test_max_t(features, design, n_permutations=999, rng=rng, n_kept=250)
    tail = result.approximate_small_p()
    assert student < 1e-4 and result.table.loc["f0", "p"] == 1 / 1000
    assert student / 2 < tail.loc["f0", "p_tail"] < 10 * student
    assert tail.loc["f0", "p_tail"] <= tail.loc["f0", "p_fwe_tail"] < 0.001
    counted = result.table["p"] * 1000 > 11
    assert tail.loc[counted, "p_tail"].equals(result.table.loc[counted, "p"].rename("p_tail"))


def test_kept_values_are_the_largest_of_each_feature():
    features, design, _ = make_data(n_features=3)
    options = {"n_permutations": 150, "rng": np.random.default_rng(8)}
    kept = permutation.test_max_t(features, design, n_kept=7, **options).largest
    model = permutation.prepare_model(
        features, design, tested="group", n_permutations=150, rng=np.random.default_rng(8)
    )  # fmt: skip
    null = np.vstack([model.shuffle_t(k) for k in range(model.plan.n_streams)])
    np.testing.assert_allclose(kept, np.sort(null, axis=0)[-7:], rtol=1e-12)


def test_tail_keeps_counted_p_where_nothing_fits():
    """Border: shuffled values that are all equal have no tail."""
    p = permutation.approximate_tail(
        np.array([5.0, np.nan]), np.ones(400), np.array([1 / 401, np.nan]), n_permutations=400
    )
    np.testing.assert_array_equal(p, [1 / 401, np.nan])


def test_single_precision_counts_as_double_does():
    features, design, study = make_data(effect=0.8, n_features=600)
    double, single = (
        permutation.test_max_t(
            features, design, blocks=study, n_permutations=500, rng=np.random.default_rng(2), precision=precision
        )
        for precision in ("double", "single")
    )
    assert double.table["t"].equals(single.table["t"])
    assert np.abs(double.table[["p", "p_fwe"]] - single.table[["p", "p_fwe"]]).to_numpy().max() <= 1 / 501
    np.testing.assert_allclose(double.null_max_t, single.null_max_t, atol=1e-4)


def test_too_few_people_for_the_terms_are_refused(rng):
    features, design, _ = make_data(n=4)
    with pytest.raises(ValueError, match="4 participants are too few for 4 terms"):
        permutation.test_max_t(features, design.assign(study_B=[0.0, 1, 1, 0]), n_permutations=5, rng=rng)


def test_planted_effect_is_found_and_only_there(rng):
    features, design, study = make_data(n=100, n_features=60, effect=2.0)
    result = permutation.test_max_t(features, design, blocks=study, n_permutations=499, rng=rng)
    assert result.table.index[result.table["p_fwe"] <= 0.05].tolist() == ["f0"]
    assert (result.n_participants, result.n_features, result.n_blocks) == (100, 60, 2)


def test_family_wise_error_keeps_its_level():
    """Pure noise, 200 data sets: the share with any discovery at .05 lies within 3 SD (.046) of .05."""
    rng = np.random.default_rng(11)
    found = 0
    for seed in range(200):
        features, design, study = make_data(n=24, n_features=15, seed=seed + 100)
        result = permutation.test_max_t(features, design, blocks=study, n_permutations=99, rng=rng)
        found += (result.table["p_fwe"] <= 0.05).any()
    assert found / 200 == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / 200))


def test_corrected_p_is_never_below_the_uncorrected(rng):
    features, design, _ = make_data(n_features=30)
    table = permutation.test_max_t(features, design, n_permutations=99, rng=rng).to_frame()
    assert (table["p_fwe"] >= table["p"]).all()
    assert table["p"].min() >= 1 / 100


def test_threshold_splits_features_as_p_fwe_does(rng):
    features, design, _ = make_data(n=60, n_features=20, effect=1.2)
    result = permutation.test_max_t(features, design, n_permutations=199, rng=rng)
    above = result.table["t"].abs() > result.find_threshold(0.05)
    assert above.equals(result.table["p_fwe"] <= 0.05)
    assert result.observed_max_t == result.table["t"].abs().max()


def test_threshold_is_infinite_with_too_few_shuffles(rng):
    features, design, _ = make_data()
    assert permutation.test_max_t(features, design, n_permutations=10, rng=rng).find_threshold(0.05) == np.inf


def test_feature_explained_by_nuisance_is_left_blank(rng):
    features, design, _ = make_data()
    features = features.assign(constant=3.0, age=design["age"] * 2 + 1)
    result = permutation.test_max_t(features, design, n_permutations=19, rng=rng)
    assert result.table.loc[["constant", "age"]].isna().all(axis=None)
    assert result.table.drop(index=["constant", "age"]).notna().all(axis=None)
    assert result.n_features == 7


def test_inputs_are_unchanged(rng):
    features, design, study = make_data()
    copies = features.copy(), design.copy(), study.copy()
    permutation.test_max_t(features, design, blocks=study, n_permutations=5, rng=rng)
    pd.testing.assert_frame_equal(features, copies[0])
    pd.testing.assert_frame_equal(design, copies[1])
    pd.testing.assert_series_equal(study, copies[2])


def test_missing_value_is_refused_by_name(rng):
    features, design, _ = make_data()
    features.iloc[0, 2] = np.nan
    with pytest.raises(ValueError, match=r"1 feature with a missing value \(f2\).*Drop those features"):
        permutation.test_max_t(features, design, n_permutations=5, rng=rng)


def test_strangers_are_refused(rng):
    features, design, _ = make_data()
    with pytest.raises(ValueError, match=r"spelled alike, e\.g\. sub-01"):
        permutation.test_max_t(features, design.add_prefix("x", axis=0), n_permutations=5, rng=rng)


def test_group_that_is_the_study_is_refused(rng):
    features, design, study = make_data()
    confounded = design.assign(group=design["study_B"])
    with pytest.raises(ValueError, match="Every block holds a single value of 'group'"):
        permutation.test_max_t(features, confounded, blocks=study, n_permutations=5, rng=rng)
    with pytest.raises(ValueError, match="follows from age, study_B"):
        permutation.test_max_t(features, confounded, n_permutations=5, rng=rng)


def test_unknown_column_and_missing_block_are_refused(rng):
    features, design, study = make_data()
    with pytest.raises(ValueError, match=r"no column 'grp'\. It has: group, age, study_B"):
        permutation.test_max_t(features, design, tested="grp", n_permutations=5, rng=rng)
    with pytest.raises(ValueError, match="1 participant without a block"):
        permutation.test_max_t(features, design, blocks=study.iloc[1:], n_permutations=5, rng=rng)


def test_shuffling_stays_within_blocks_matched_by_id(rng):
    labels = pd.Series(np.arange(20), index=[f"sub-{i:02d}" for i in range(20)], name="label")
    study = pd.Series(np.where(np.arange(20) < 8, "A", "B"), index=labels.index)
    shuffled = shuffle_within(labels, study.iloc[::-1], rng=rng)
    assert shuffled.index.equals(labels.index) and shuffled.name == "label"
    assert sorted(shuffled[study == "A"]) == list(range(8))
    assert sorted(shuffled[study == "B"]) == list(range(8, 20))
    assert not shuffled.equals(labels)


def test_shuffling_arrays_keeps_their_values(rng):
    order = shuffle_within(np.arange(10), np.repeat([0, 1], 5), rng=rng)
    assert sorted(order[:5]) == [0, 1, 2, 3, 4]
    assert sorted(shuffle_within(np.arange(10), rng=rng)) == list(range(10))


def test_blocks_of_one_person_do_not_move(rng):
    labels = pd.Series(list("abc"), index=["x", "y", "z"])
    assert shuffle_within(labels, pd.Series([1, 2, 3], index=labels.index), rng=rng).tolist() == [
        "a",
        "b",
        "c",
    ]


def test_shuffling_refuses_people_without_a_block(rng):
    labels = pd.Series([1, 2], index=["x", "y"])
    with pytest.raises(ValueError, match="1 participant without a block"):
        shuffle_within(labels, pd.Series(["A"], index=["x"]), rng=rng)
    with pytest.raises(ValueError, match="one block per label"):
        shuffle_within(np.arange(3), np.array(["A", "B"]), rng=rng)


def test_shuffles_are_uniform():
    """Each of the 6 orders of 3 people comes up 1/6 of the time: within 4 SD over 6,000 draws."""
    orders = draw_orders(np.zeros(3, int), n_permutations=6000, rng=np.random.default_rng(4))
    _, counts = np.unique(orders, axis=0, return_counts=True)
    assert len(counts) == 6
    assert np.abs(counts - 1000).max() < 4 * np.sqrt(6000 * (1 / 6) * (5 / 6))


# shuffles that keep the tie with covariates ---------------------------------------------------------------------------


def test_conditional_shuffles_keep_counts_in_every_level(rng):
    codes, levels = rng.integers(0, 2, 40), rng.integers(0, 3, 40)
    shuffled = shuffle_conditionally(codes, rng.normal(size=40), levels, rng=rng)
    assert (shuffled != codes).any() and set(shuffled) <= {0, 1}
    for level in range(3):
        assert shuffled[levels == level].sum() == codes[levels == level].sum()


def test_conditional_shuffles_give_each_labelling_its_chance(rng):
    """By hand: one of three holds the label; the chance of each is its odds over the sum of all odds."""
    log_odds = np.array([0.0, 1.0, 2.0])
    held = [shuffle_conditionally(np.array([1, 0, 0]), log_odds, rng=rng).argmax() for _ in range(4000)]
    np.testing.assert_allclose(np.bincount(held) / 4000, np.exp(log_odds) / np.exp(log_odds).sum(), atol=0.03)


def test_without_covariates_that_vary_all_labellings_are_alike(rng):
    assert (find_log_odds(np.array([0, 1, 1]), np.ones((3, 2))) == 0).all()
    codes = np.array([1, 0, 0, 0])
    held = [shuffle_conditionally(codes, np.zeros(4), rng=rng).argmax() for _ in range(4000)]
    np.testing.assert_allclose(np.bincount(held) / 4000, 0.25, atol=0.03)


def test_groups_that_differ_in_age_stay_different(rng):
    age = rng.normal(size=200)
    codes = (rng.random(200) < 1 / (1 + np.exp(-2 * age))).astype(int)
    log_odds = find_log_odds(codes, age[:, None])
    kept, broken = [], []
    for _ in range(50):
        kept.append(_part(age, shuffle_conditionally(codes, log_odds, rng=rng)))
        broken.append(_part(age, rng.permutation(codes)))
    assert np.mean(kept) == pytest.approx(_part(age, codes), abs=0.1) and abs(np.mean(broken)) < 0.1


def _part(values, codes):
    return values[codes == 1].mean() - values[codes == 0].mean()
