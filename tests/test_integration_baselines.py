"""Integration: baselines in the same folds, probabilities, the interval of the stability index."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression, RidgeClassifierCV
from sklearn.metrics import roc_auc_score

from helpers.integration import (
    BlockSPLSDA,
    auroc_as_reference,
    cross_validate,
    estimate_stability,
    perf_as_reference,
)
from helpers.integration.baselines import PENALTIES, rotate_people
from helpers.integration.folds import FoldSettings, assign_folds, list_splits
from helpers.integration.parallel import run_splits
from helpers.integration.probabilities import judge_probabilities, map_scores, tabulate_reliability
from tests.test_integration import make_model, make_people, validate


@pytest.fixture
def rng():
    return np.random.default_rng(1)


def test_rivals_stand_in_the_table_with_their_role_and_beat_noise_where_the_model_does(rng):
    blocks, y = make_people(rng, n_high=20, n_low=25, shift=2.0, sizes=(("brain", 20), ("gut", 12)))
    covariates = pd.DataFrame({"age_years": rng.normal(40, 10, 45)}, y.index)
    result = cross_validate(
        blocks, y, model=make_model(blocks, 5), rng=rng, n_folds=3, n_repeats=1, covariates=covariates
    )
    table = result.performance
    baselines = ["brain alone", "gut alone", "ridge", "forest", "covariates only"]
    assert table.index.to_list() == ["brain", "gut", "vote", *baselines, "chance"]
    assert table["role"].to_list() == ["block"] * 2 + ["vote"] + ["baseline"] * 5 + ["chance"]
    assert (table.loc[["vote", *baselines[:4]], "balanced_error"] < 0.15).all()
    assert table.loc["forest", "auc_training"] == 1.0
    assert result.calibration.index.to_list() == table.index.to_list()
    assert result.calibration.loc["vote", "brier"] == pytest.approx(table.loc["vote", "brier"])
    assert table.loc["vote", "brier"] < table.loc["chance", "brier"] == pytest.approx(20 * 25 / 45**2)


def test_a_block_alone_is_the_model_of_that_block(rng):
    """Identity: one block's baseline equals a validation of a single block with the same folds."""
    blocks, y = make_people(rng, n_high=15, n_low=20, shift=0.6)
    settings = {"n_folds": 3, "n_repeats": 2}
    both = validate(blocks, y, model=make_model(blocks), rng=np.random.default_rng(3), baselines=["alone"], **settings)
    only = {"gut": blocks["gut"]}
    single = validate(only, y, model=make_model(only), rng=np.random.default_rng(3), **settings)
    columns = ["balanced_error", "auc", "auc_training"]
    assert both.performance.loc["gut alone", columns].to_list() == single.performance.loc["gut", columns].to_list()


def test_rivals_change_no_number_of_the_model_and_workers_change_none_of_theirs(rng):
    blocks, y = make_people(rng, n_high=15, n_low=20, shift=0.5, sizes=(("brain", 20), ("gut", 12)))
    runs = [
        cross_validate(
            blocks, y, model=make_model(blocks, 5), rng=np.random.default_rng(5), n_folds=2, n_repeats=1,
            baselines=baselines, n_workers=n_workers, calibrate=calibrate,
        ).performance
        for baselines, n_workers, calibrate in ((["forest", "ridge"], 1, True), (["ridge", "forest"], 2, True), ((), 1, False))
    ]  # fmt: skip
    pd.testing.assert_frame_equal(runs[0], runs[1])
    shared = [column for column in runs[2] if column != "role"]
    pd.testing.assert_frame_equal(runs[0].loc[runs[2].index, shared], runs[2][shared])


def test_ridge_along_the_peoples_directions_is_ridge_on_all_features(rng):
    """Identity: the same decisions as scikit-learn's on the features themselves, from fewer numbers than people."""
    values, codes = rng.normal(size=(30, 200)), np.repeat([0, 1], 15)
    train = np.arange(0, 30, 2)
    centred = values - values[train].mean(axis=0)
    rotated, size = rotate_people(centred, train)
    settings = {"alphas": PENALTIES * size, "class_weight": "balanced"}
    ours = RidgeClassifierCV(**settings).fit(rotated[train], codes[train])
    theirs = RidgeClassifierCV(**settings).fit(centred[train], codes[train])
    assert rotated.shape[1] == 14
    np.testing.assert_allclose(
        ours.decision_function(rotated[1::2]), theirs.decision_function(centred[1::2]), atol=1e-8
    )


def test_the_ridge_sees_the_training_people_only(rng):
    """Identity: other values of held-out people leave the model, and so each other's scores, alone."""
    blocks, y = make_people(rng, n_high=12, n_low=12, sizes=(("a", 15), ("b", 15)))
    codes = np.unique(y, return_inverse=True)[1]
    split = list_splits(assign_folds(codes, n_folds=4, rng=rng), codes)[0]
    settings = FoldSettings(BlockSPLSDA(1), ["a", "b"], {}, "centroids", True, baselines=("alone", "ridge", "forest"))
    arrays = [blocks[name].to_numpy() for name in "ab"]
    spoiled = [values.copy() for values in arrays]
    for values in spoiled:
        values[split.test[0]] = 99.0
    plain, other = (
        run_splits(own, [split], settings, streams=[np.random.default_rng(4)])[0].scores for own in (arrays, spoiled)
    )
    np.testing.assert_allclose(plain[1:], other[1:])
    assert not np.allclose(plain[0], other[0])


def test_unknown_rivals_are_refused_in_words(rng):
    blocks, y = make_people(rng, n_high=10, n_low=10)
    with pytest.raises(ValueError, match="baselines names lasso; expected some of alone, ridge, forest"):
        cross_validate(blocks, y, model=make_model(blocks), rng=rng, baselines=["lasso"])


def test_probabilities_of_noise_are_no_better_than_the_share_of_the_group_and_know_it(rng):
    """Learned from training scores they would be far too sure; from scores of people left out they are not."""
    blocks, y = make_people(rng, n_high=30, n_low=50, sizes=(("a", 150), ("b", 150)))
    result = cross_validate(blocks, y, model=make_model(blocks), rng=rng, n_repeats=3, baselines=())
    share = 30 * 50 / 80**2
    assert result.calibration.loc["chance", "brier"] == pytest.approx(share)
    assert result.calibration.loc["vote", "brier"] < share + 0.03
    assert result.probabilities["vote"].std() < 0.15
    assert result.probabilities["vote"].mean() == pytest.approx(30 / 80, abs=0.03)


def test_probabilities_of_a_known_curve_are_calibrated(rng):
    """True by construction: classes drawn with the probability said have slope 1 and intercept 0."""
    truth = rng.uniform(0.05, 0.95, size=4000)
    codes = (rng.uniform(size=4000) > truth).astype(int)
    judged = judge_probabilities(truth[None, :, None], codes, ["vote"]).loc["vote"]
    assert judged["slope"] == pytest.approx(1, abs=0.1)
    assert judged["intercept"] == pytest.approx(0, abs=0.1)
    assert judged["slope_low"] < 1 < judged["slope_high"]
    sure = 1 / (1 + ((1 - truth) / truth) ** 2)  # log-odds doubled: too sure by half
    assert judge_probabilities(sure[None, :, None], codes, ["vote"]).loc["vote", "slope"] == pytest.approx(
        judged["slope"] / 2
    )
    curve = tabulate_reliability(truth[None, :, None], codes, ["vote"])
    assert ((curve["observed"] - curve["probability"]).abs() < 0.05).all()
    assert curve["n"].to_list() == [800.0] * 5


def test_calibration_slope_and_its_error_are_those_of_logistic_regression(rng):
    said = rng.uniform(0.1, 0.9, size=60)
    codes = (rng.uniform(size=60) > said).astype(int)
    odds = np.log(said / (1 - said))[:, None]
    expected = LogisticRegression(C=np.inf, tol=1e-10).fit(odds, codes == 0).coef_[0, 0]
    assert judge_probabilities(said[None, :, None], codes, ["vote"]).loc["vote", "slope"] == pytest.approx(
        expected, abs=1e-4
    )


def test_probabilities_without_a_slope_say_so(rng):
    codes = np.array([0, 0, 1, 1])
    for said in ([0.5] * 4, [0.9, 0.8, 0.2, 0.1]):
        assert np.isnan(judge_probabilities(np.array(said)[None, :, None], codes, ["vote"]).loc["vote", "slope"])


def test_a_score_that_ranks_the_wrong_way_round_gives_everyone_the_share():
    found = map_scores(np.array([[0.0], [1.0], [2.0]]), np.array([0, 1, 1]), np.array([[0.0], [9.0]]))
    assert found.ravel().tolist() == pytest.approx([1 / 3, 1 / 3])


def test_interval_of_the_stability_index_by_hand():
    """Nogueira 2018, section 5: four selections of two features, worked out on paper.

    Features are chosen in 3 and 2 of 4 selections; share 5/8, spread 15/64, index 1 - 4/3 (3/16 + 4/16) / 2 * 64/15 = -11/45.
    """
    selected = np.array([[1, 0], [1, 0], [1, 1], [0, 1]], bool)
    found = estimate_stability(selected)
    assert found.index == pytest.approx(-11 / 45)
    spread, index = 15 / 64, -11 / 45
    pulls = [
        (agrees / 2 - n / 2 * 5 / 8 + index / 2 * (2 * n / 2 * 5 / 8 - n / 2 - 5 / 8 + 1)) / spread
        for agrees, n in ((3 / 4, 1), (3 / 4, 1), (5 / 4, 2), (2 / 4, 1))
    ]
    error = np.sqrt(4 / 16 * np.square(np.array(pulls) - np.mean(pulls)).sum())
    assert found.low == pytest.approx(index - 1.96 * error)


def test_interval_of_the_stability_index_covers_when_selections_are_independent(rng):
    """Simulation: 95 % nominal; selections drawn independently around a known index."""
    chances = np.r_[np.full(10, 0.8), np.full(90, 0.1)]
    share = chances.mean()
    truth = 1 - (chances * (1 - chances)).mean() / (share * (1 - share))
    found = [estimate_stability(rng.uniform(size=(50, 100)) < chances) for _ in range(300)]
    covered = np.mean([one.low <= truth <= one.high for one in found])
    assert 0.90 <= covered <= 0.99


def test_range_over_repeats_is_that_of_their_errors(rng):
    blocks, y = make_people(rng, n_high=12, n_low=14)
    result = validate(blocks, y, model=make_model(blocks), rng=rng, n_folds=3, n_repeats=4)
    errors = result.repeats.query("block == 'vote'")["balanced_error"]
    row = result.performance.loc["vote"]
    assert row["balanced_error_repeat_low"] == pytest.approx(errors.quantile(0.025))
    assert row["balanced_error_repeat_high"] == pytest.approx(errors.quantile(0.975))
    once = validate(blocks, y, model=make_model(blocks), rng=rng, n_folds=3, n_repeats=1)
    assert once.performance["auc_repeat_low"].isna().all()


def test_everyone_has_one_probability_per_repeat(rng):
    blocks, y = make_people(rng, n_high=12, n_low=14, shift=1.0)
    result = cross_validate(blocks, y, model=make_model(blocks), rng=rng, n_folds=3, n_repeats=2, baselines=["ridge"])
    assert result.probabilities.index.names == ["repeat", "participant_id"]
    assert result.probabilities.columns.to_list() == ["brain", "gut", "vote", "ridge", "group"]
    assert result.probabilities.loc[2].index.to_list() == y.index.to_list()
    assert result.probabilities.drop(columns="group").apply(lambda own: own.between(0, 1)).all(axis=None)


def test_the_references_auc_is_of_training_people_standardised_twice(rng):
    """The trap: on noise it is splendid, and it is not even the AUC of the fitted responses."""
    blocks, y = make_people(rng, n_high=20, n_low=25, sizes=(("brain", 200), ("gut", 200)))
    blocks = {name: 3 * block + 2 for name, block in blocks.items()}
    model = make_model(blocks).fit(blocks, y)
    theirs = auroc_as_reference(model, blocks, y)["auc"]
    fitted = model.predict_blocks(blocks).responses["gut"]["high"]
    once = roc_auc_score(y == "high", fitted)
    assert theirs[("gut", 1, "high")] > 0.8
    assert theirs[("gut", 1, "high")] != pytest.approx(once, abs=1e-4)
    with pytest.raises(ValueError, match="do not hold the same people"):
        auroc_as_reference(model, {name: block.iloc[1:] for name, block in blocks.items()}, y.iloc[1:])


def test_the_references_validation_ignores_scale_and_counts_a_draw_as_an_error(rng):
    blocks, y = make_people(rng, n_high=12, n_low=12, sizes=(("brain", 30), ("gut", 30)))
    runs = [
        perf_as_reference(blocks, y, model=make_model(blocks).set_params(scale=scale), rng=np.random.default_rng(2))
        for scale in (True, False)
    ]
    pd.testing.assert_frame_equal(runs[0].errors, runs[1].errors)
    rates = runs[0].summary.query("distance == 'centroids' and of == 'overall'").set_index("by")["error"]
    assert rates["majority_vote"] >= rates["weighted_vote"]  # two blocks that disagree make a draw
    assert runs[0].auc["auc"].min() > 0.7
    assert runs[0].n_components["n_components"].eq(1).all()
    with pytest.raises(ValueError, match="Neither folds nor rng"):
        perf_as_reference(blocks, y, model=make_model(blocks))
    with pytest.raises(ValueError, match="folds of repeat 1 do not hold out each of 24 people once"):
        perf_as_reference(blocks, y, model=make_model(blocks), folds=[[[0, 1], [1, 2]]])
