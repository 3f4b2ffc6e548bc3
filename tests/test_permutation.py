"""Permutation: identities with textbook tests and with nilearn, borders, refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from nilearn.mass_univariate import permuted_ols
from scipy import stats

from helpers import permutation
from helpers.contrasts import fit_contrasts
from helpers.permutation import draw_orders, shuffle_within


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
    """Identity: nilearn 0.14 ``permuted_ols`` with the same covariates gives the same t."""
    features, design, _ = make_data(effect=1.0)
    result = permutation.test_max_t(features, design, n_permutations=9, rng=rng)
    theirs = permuted_ols(
        design[["group"]].to_numpy(), features.to_numpy(), design[["age", "study_B"]].to_numpy(), n_perm=0
    )
    np.testing.assert_allclose(result.table["t"], theirs["t"].ravel(), rtol=1e-10)


def test_t_agrees_with_the_contrasts(rng):
    """Identity: the permutation engine and ``fit_contrasts`` fit the same linear model, by id."""
    features, design, _ = make_data(effect=1.0)
    shuffled_rows = features.sample(frac=1, random_state=1)
    result = permutation.test_max_t(shuffled_rows, design, n_permutations=9, rng=rng)
    np.testing.assert_allclose(result.table["t"], fit_contrasts(features, design)["t"], rtol=1e-10)


def test_each_shuffle_is_freedman_lane_refitted_by_hand():
    """Identity: every null value equals an explicit least-squares refit of shuffled residuals."""
    features, design, study = make_data()
    result = permutation.test_max_t(features, design, blocks=study, n_permutations=20, rng=np.random.default_rng(8))
    groups = pd.factorize(study)[0]
    orders = draw_orders(groups, n_permutations=20, rng=np.random.default_rng(8))
    nuisance = np.column_stack([np.ones(len(design)), design[["age", "study_B"]]])
    fitted = nuisance @ np.linalg.lstsq(nuisance, features.to_numpy(), rcond=None)[0]
    for k, order in enumerate(orders):
        shuffled = pd.DataFrame(fitted + (features.to_numpy() - fitted)[order], features.index, features.columns)
        refitted = fit_contrasts(shuffled, design)
        assert refitted["t"].abs().max() == pytest.approx(result.null_max_t[k], rel=1e-9)
        assert (refitted["p"] < 0.05).sum() == result.null_n_nominal[k]


def test_no_nuisance_is_plain_shuffling_of_labels():
    """Identity: without covariates Freedman-Lane p equals the share of label shuffles as extreme."""
    features, design, _ = make_data(n=12, n_features=1, effect=1.5)
    result = permutation.test_max_t(features, design[["group"]], n_permutations=199, rng=np.random.default_rng(5))
    orders = draw_orders(np.zeros(12, int), n_permutations=199, rng=np.random.default_rng(5))
    values, high = features["f0"].to_numpy(), design["group"].to_numpy() == 1
    gaps = np.array([abs(values[o][high].mean() - values[o][~high].mean()) for o in orders])
    observed = abs(values[high].mean() - values[~high].mean())
    assert result.table.loc["f0", "p"] == (1 + (gaps >= observed - 1e-9).sum()) / 200
    assert result.table.loc["f0", "p"] == result.table.loc["f0", "p_fwe"]


def test_six_separated_people_have_the_exact_p(rng):
    """By hand: 3 v 3 perfectly separated is one of 20 labellings, two as extreme, so p tends to 0.1."""
    ids = list("abcdef")
    features = pd.DataFrame({"x": [1.0, 2, 3, 11, 12, 13]}, index=ids)
    design = pd.DataFrame({"group": [0, 0, 0, 1, 1, 1]}, index=ids)
    result = permutation.test_max_t(features, design, n_permutations=8000, rng=rng)
    assert result.table.loc["x", "p"] == pytest.approx(0.1, abs=0.012)


def test_chunks_do_not_change_the_answer():
    features, design, study = make_data(effect=0.8)
    results = [
        permutation.test_max_t(
            features, design, blocks=study, n_permutations=50, rng=np.random.default_rng(2), chunk=chunk
        )
        for chunk in (1, 7, 50, 1000)
    ]
    for other in results[1:]:
        np.testing.assert_allclose(other.table["t"], results[0].table["t"], rtol=1e-12)
        assert other.table[["p", "p_fwe"]].equals(results[0].table[["p", "p_fwe"]])
        np.testing.assert_allclose(other.null_max_t, results[0].null_max_t, rtol=1e-12)
        assert other.null_n_nominal.equals(results[0].null_n_nominal)


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
