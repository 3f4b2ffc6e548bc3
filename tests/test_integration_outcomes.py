"""Integration of a measured outcome: honest Q², baselines, tuning, the null."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import r2_score

from helpers.integration import BlockSPLS, cross_validate_outcome, describe_outcome, keep_equally, permute_outcome, tune
from helpers.integration.continuous_summary import measure
from helpers.integration.folds import deal_folds, quarter_outcome


@pytest.fixture
def rng():
    return np.random.default_rng(1)


def make_outcome(rng, *, n=60, signal=1.0, sizes=(("brain", 40), ("gut", 20))):
    ids = [f"sub-{i:02d}" for i in range(n)]
    y = pd.Series(rng.normal(70, 10, n), ids, name="cd_risc")
    blocks = {name: pd.DataFrame(rng.normal(size=(n, size)), ids).add_prefix(name) for name, size in sizes}
    for block in blocks.values():
        block.iloc[:, :3] += signal * ((y - 70) / 10).to_numpy()[:, None]
    return blocks, y


def make_model(blocks, n_keep=3):
    return BlockSPLS(1, keep=keep_equally(blocks, n_keep=n_keep, n_components=1))


def test_a_planted_outcome_is_explained_and_stands_beside_its_rivals(rng):
    blocks, y = make_outcome(rng)
    covariates = pd.DataFrame({"age_years": rng.normal(40, 9, 60)}, y.index)
    covariates.iloc[0] = np.nan
    result = cross_validate_outcome(blocks, y, model=make_model(blocks), rng=rng, n_repeats=3, covariates=covariates)
    table = result.performance
    assert table.index.to_list() == ["brain", "gut", "all blocks", "ridge", "covariates only", "mean"]
    assert table["role"].to_list() == ["block", "block", "all", "baseline", "baseline", "chance"]
    assert table.loc["all blocks", "q2"] > 0.6
    assert table.loc["all blocks", "q2_low"] < table.loc["all blocks", "q2"] < table.loc["all blocks", "q2_high"]
    assert table.loc["covariates only", "q2"] < 0.05
    assert table.loc["mean", "q2"] <= 0 and np.isnan(table.loc["mean", "r"])
    assert table.loc["mean", "rmse"] == pytest.approx(y.std(ddof=0), rel=0.05)
    assert table.loc["all blocks", "q2_training"] >= table.loc["all blocks", "q2"]
    text = describe_outcome(result)
    assert r"cd\_risc" in text and "ridge 0." in text


def test_noise_explains_nothing_out_of_fold_whatever_it_explains_in_training():
    honest, training = [], []
    for seed in range(10):
        blocks, y = make_outcome(np.random.default_rng(seed), n=40, signal=0.0, sizes=(("a", 200), ("b", 200)))
        result = cross_validate_outcome(
            blocks, y, model=make_model(blocks, 10), rng=np.random.default_rng(seed), n_repeats=1
        )
        honest.append(result.performance.loc["all blocks", "q2"])
        training.append(result.performance.loc["all blocks", "q2_training"])
    assert np.mean(honest) < 0.05
    assert np.mean(training) > 0.5


def test_measures_are_those_of_scipy_and_scikit_learn(rng):
    predicted, values = rng.normal(size=(30, 2)), rng.normal(size=30)
    found = measure(predicted, values)
    assert found["q2"][0] == pytest.approx(r2_score(values, predicted[:, 0]))
    assert found["r"][1] == pytest.approx(stats.pearsonr(values, predicted[:, 1]).statistic)
    assert found["spearman"][1] == pytest.approx(stats.spearmanr(values, predicted[:, 1]).statistic)


def test_a_prediction_out_of_fold_is_that_of_a_model_fitted_without_the_person(rng):
    """Identity: a single repeat, done again by hand with the estimator itself."""
    blocks, y = make_outcome(rng, n=24)
    settings = {"model": make_model(blocks), "n_folds": 3, "n_repeats": 1, "baselines": ()}
    result = cross_validate_outcome(blocks, y, rng=np.random.default_rng(4), **settings)
    strata = quarter_outcome(y.to_numpy(), y.index, None)
    folds = deal_folds(strata, None, n_folds=3, rng=np.random.default_rng(4).spawn(1)[0])
    predicted = pd.Series(0.0, y.index)
    for k in range(3):
        inside = {name: block[folds != k] for name, block in blocks.items()}
        outside = {name: block[folds == k] for name, block in blocks.items()}
        found = make_model(blocks).fit(inside, y[folds != k]).predict(outside)["cd_risc"]
        predicted[folds == k] = found
    assert result.performance.loc["all blocks", "q2"] == pytest.approx(r2_score(y, predicted))


def test_shuffled_outcomes_are_the_null(rng):
    blocks, y = make_outcome(rng, n=40)
    settings = {"model": make_model(blocks), "n_repeats": 1}
    study = pd.Series(np.where(np.arange(40) % 2, "A", "B"), y.index, name="study")
    result = cross_validate_outcome(blocks, y, rng=rng, batch=study, **settings)
    null = permute_outcome(blocks, y, result, rng=rng, n_permutations=9, batch=study, **settings)
    assert null.p_value["all blocks"] == pytest.approx(0.1)
    assert null.observed["gut"] == pytest.approx(result.performance.loc["gut", "q2"])
    assert null.within == "study"
    assert "permuted 9 times" in describe_outcome(result, null)
    with pytest.raises(ValueError, match="expected 1 to 1"):
        permute_outcome(blocks, y, result, rng=rng, model=settings["model"], n_repeats=2)


def test_counts_for_an_outcome_are_tuned_by_one_minus_q2(rng):
    blocks, y = make_outcome(rng)
    grid = {"brain": [1, 3, 40], "gut": [3, 20]}
    tuned = tune(blocks, y, grid=grid, model=BlockSPLS(1), rng=np.random.default_rng(2), n_repeats=3, rule="minimum")
    errors = tuned.errors.set_index(["brain", "gut"])["one_minus_q2"]
    assert errors.idxmin() == (tuned.keep["brain"][0], tuned.keep["gut"][0])
    assert 0 < errors.min() < errors[(40, 20)]
    nested = cross_validate_outcome(
        blocks, y, grid=grid, model=BlockSPLS(1), rng=rng, n_repeats=1, n_inner_folds=3, baselines=()
    )
    assert set(nested.choices["brain_comp1"]) <= {1, 3, 40} and len(nested.choices) == 5
    one = {name: [counts[0]] for name, counts in make_model(blocks).keep.items()}
    runs = [
        cross_validate_outcome(blocks, y, rng=np.random.default_rng(5), n_repeats=1, **more).performance
        for more in ({"model": make_model(blocks)}, {"model": BlockSPLS(1), "grid": one})
    ]
    pd.testing.assert_frame_equal(*runs)  # identity: a grid of one point is the model itself


def test_same_seed_same_numbers_whatever_the_workers_and_orders(rng):
    blocks, y = make_outcome(rng, n=30)
    runs = []
    for n_workers, turn in ((1, 1), (2, -1)):
        turned = {name: block.iloc[::turn] for name, block in list(blocks.items())[::turn]}
        result = cross_validate_outcome(
            turned, y, model=make_model(blocks), rng=np.random.default_rng(5), n_repeats=2, n_workers=n_workers
        )
        runs.append(result.performance)
    pd.testing.assert_frame_equal(*runs)


def test_samples_of_a_person_stay_together_and_are_not_shuffled(rng):
    blocks, y = make_outcome(rng, n=40)
    people = pd.Series(np.repeat(np.arange(20), 2), y.index)
    result = cross_validate_outcome(blocks, y, model=make_model(blocks), rng=rng, n_repeats=1, people=people)
    assert (result.n_participants, result.n_samples) == (20, 40)
    with pytest.raises(ValueError, match="several samples"):
        permute_outcome(blocks, y, result, model=make_model(blocks), rng=rng)


def test_what_covariates_explain_can_be_taken_out_of_the_blocks(rng):
    ids = [f"sub-{i}" for i in range(60)]
    age = rng.normal(size=60)
    y = pd.Series(age + 0.3 * rng.normal(size=60), ids, name="score")
    blocks = {b: pd.DataFrame(age[:, None] + rng.normal(size=(60, 6)), ids).add_prefix(b) for b in ("brain", "gut")}
    nuisance = pd.DataFrame({"age": age}, ids)
    plain, freed = (
        cross_validate_outcome(blocks, y, model=make_model(blocks), rng=np.random.default_rng(1), n_repeats=2, **more)
        for more in ({}, {"residualise": nuisance})
    )
    assert plain.performance.loc["all blocks", "q2"] > 0.5
    assert freed.performance.loc["all blocks", "q2"] < 0.1
    assert freed.adjusted_for == ("age",)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_folds": 12}, "n_folds is 12; expected 2 to 10: 40 people"),
        ({"baselines": ["forest"]}, "baselines names forest; expected some of ridge"),
        ({"transforms": {"skin": None}}, "transforms names skin"),
    ],
)
def test_an_outcome_that_cannot_be_validated_is_refused_in_words(rng, change, message):
    blocks, y = make_outcome(rng, n=40)
    with pytest.raises(ValueError, match=message):
        cross_validate_outcome(blocks, y, model=make_model(blocks), rng=rng, **change)
    with pytest.raises(ValueError, match="1 person without an outcome"):
        cross_validate_outcome(blocks, y.mask(y.index == y.index[0]), model=make_model(blocks), rng=rng)
