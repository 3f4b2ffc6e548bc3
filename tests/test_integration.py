"""Integration: parity with the reference, honesty of the validation, refusals."""

from __future__ import annotations

import pickle
import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.metrics import roc_auc_score

from helpers.contract import Cohort, ColumnRule, Settings
from helpers.integration import (
    BlockSPLS,
    BlockSPLSDA,
    PrevalenceFilter,
    cross_validate,
    describe_features,
    describe_flow,
    describe_null,
    describe_optima,
    describe_performance,
    describe_ranking,
    estimate_stability,
    keep_equally,
    make_filters,
    permute_groups,
    prepare_blocks,
    tune,
)
from helpers.integration.batched_fits import BatchedBlock
from helpers.integration.folds import assign_folds
from helpers.integration.sparse_loadings import Loadings, soft_keep
from tests.parity import SYNTHETIC, read_json


def oracle_rows(*, test):
    """Rows i with i mod 4 = 0 (counted from 1) are held out."""
    rows = [i for i in range(60) if ((i + 1) % 4 == 0) == test]
    blocks = {b: pd.read_csv(SYNTHETIC / f"small_{b}.tsv", sep="\t", index_col=0).iloc[rows] for b in "abc"}
    groups = pd.read_csv(SYNTHETIC / "small_y.tsv", sep="\t", index_col=0).iloc[rows]
    return blocks, groups


def fit_oracle(name, start="recorded", **changes):
    oracle = read_json(SYNTHETIC / f"{name}.json.gz")
    blocks, groups = oracle_rows(test=False)
    if start == "recorded":
        start = {h: dict(zip("abcY", vectors, strict=True)) for h, vectors in enumerate(oracle["init"], start=1)}
    settings = {"keep": oracle["keepX"], "tol": oracle["tol"], "max_iter": oracle["max_iter"], **changes}
    y = groups["y2" if "2class" in name else "y3"]
    return oracle, BlockSPLSDA(2, start=start, **settings).fit(blocks, y)


def test_default_start_reaches_at_least_the_reference_optimum_and_turns_to_the_first_class():
    oracle, model = fit_oracle("synth_3class_tight", start=None)
    assert (model.criterion_ >= [c[-1] - 1e-8 for c in oracle["crit"]]).all()
    _, two = fit_oracle("synth_2class", start=None)
    assert (two.loadings_["Y"].loc["case"] > 0).all()


def test_order_of_blocks_rows_and_features_changes_nothing():
    blocks, groups = oracle_rows(test=False)
    settings = {"keep": {"a": [8, 6], "b": [6, 5], "c": [4, 3]}}
    plain = BlockSPLSDA(2, **settings).fit(blocks, groups["y2"])
    turned = {name: blocks[name].iloc[::-1] for name in "cba"}
    other = BlockSPLSDA(2, **settings).fit(turned, groups["y2"])
    pd.testing.assert_frame_equal(plain.scores_["a"], other.scores_["a"])
    shuffled = {**blocks, "a": blocks["a"].iloc[:, ::-1]}
    again = BlockSPLSDA(2, **settings).fit(shuffled, groups["y2"])
    pd.testing.assert_frame_equal(plain.loadings_["a"], again.loadings_["a"].loc[plain.loadings_["a"].index])
    assert plain.predict(blocks).equals(plain.predict(shuffled))


def test_design_words_numbers_and_frames_agree():
    names = list("abc")
    full = pd.DataFrame(1.0, names, names)
    _, by_word = fit_oracle("synth_2class", start=None, design="full")
    _, by_frame = fit_oracle("synth_2class", start=None, design=full.loc[::-1])
    _, by_number = fit_oracle("synth_2class", start=None, design=1.0)
    pd.testing.assert_frame_equal(by_word.loadings_["b"], by_frame.loadings_["b"])
    pd.testing.assert_frame_equal(by_word.loadings_["b"], by_number.loadings_["b"])


def fit_by_definition(blocks, y, links, keep, starts):
    """Return the loadings of two components as the reference defines them: one block after the other, a loop per sweep."""
    parts = {name: block.to_numpy() for name, block in blocks.items()} | {"Y": pd.get_dummies(y).to_numpy(float)}
    left = {name: (x - x.mean(0)) / x.std(0, ddof=1) for name, x in parts.items()}
    found = []
    for h, start in enumerate(starts):
        w = {name: np.array(vector) / np.linalg.norm(vector) for name, vector in zip(parts, start, strict=True)}
        t = {name: left[name] @ w[name] for name in parts}
        for _ in range(4000):
            for name in parts:
                v = left[name].T @ sum(links.loc[name, other] * t[other] for other in parts)
                if name in keep and len(v) > keep[name][h]:
                    size = np.sort(np.abs(v))[::-1]
                    v = np.sign(v) * np.maximum(np.abs(v) - size[keep[name][h]], 0)
                w[name] = v / np.linalg.norm(v)
                t[name] = left[name] @ w[name]
        found.append(w)
        y_left = [left["Y"] - np.outer(t[n], left["Y"].T @ t[n]) / (t[n] @ t[n]) for n in blocks]
        left = {n: left[n] - np.outer(t[n], left[n].T @ t[n]) / (t[n] @ t[n]) for n in blocks} | {
            "Y": np.mean(y_left, 0)
        }
    return found


def test_links_to_the_response_may_be_weighed_as_the_reference_weighs_them():
    names = [*"abc", "Y"]
    links = pd.DataFrame([[0, 0.3, 0.1, 1], [0.3, 0, 0.6, 0.5], [0.1, 0.6, 0, 0.8], [1, 0.5, 0.8, 0]], names, names)
    oracle, model = fit_oracle("synth_3class_tight", design=links.loc[::-1])
    blocks, groups = oracle_rows(test=False)
    expected = fit_by_definition(blocks, groups["y3"], links, oracle["keepX"], oracle["init"])
    for h, loadings in enumerate(expected, start=1):
        for name in names:
            assert model.loadings_[name][f"comp{h}"].to_numpy() == pytest.approx(loadings[name], abs=1e-6)
    _, plain = fit_oracle("synth_3class_tight", design=links.loc[list("abc"), list("abc")])
    assert not np.allclose(plain.loadings_["b"], model.loadings_["b"], atol=1e-3)


def test_equal_links_to_the_response_are_those_of_a_design_without_them():
    ones = pd.DataFrame(1.0, [*"abc", "Y"], [*"abc", "Y"])
    ones.loc[list("abc"), list("abc")] = 0.2
    _, with_response = fit_oracle("synth_2class", start=None, design=ones)
    _, without = fit_oracle("synth_2class", start=None, design=0.2)
    pd.testing.assert_frame_equal(with_response.loadings_["a"], without.loadings_["a"])
    # identity: every link times a constant, the same model with a criterion times the constant
    _, halved = fit_oracle("synth_2class", start=None, design=ones / 2)
    pd.testing.assert_frame_equal(halved.loadings_["a"], without.loadings_["a"])
    assert halved.criterion_.to_numpy() == pytest.approx(without.criterion_.to_numpy() / 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.drop(columns="Y"), "Y in both or neither"),
        (lambda d: d.rename(index={"c": "d"}, columns={"c": "d"}), "expected a, b, c in both"),
        (lambda d: d.assign(Y=[0.1, 0.2, 0.3, 0.0]), "symmetric"),
        (
            lambda d: d.drop("Y").drop(columns="Y").reindex(index=d.index, columns=d.columns, fill_value=0.0),
            "links no block to Y",
        ),
    ],
)
def test_a_design_with_the_response_that_cannot_be_meant_is_refused(change, message):
    design = pd.DataFrame(0.5, [*"abc", "Y"], [*"abc", "Y"])
    with pytest.raises(ValueError, match=message):
        fit_oracle("synth_2class", start=None, design=change(design))


def test_components_of_a_block_are_orthogonal_and_keep_their_counts():
    _, model = fit_oracle("synth_3class", start=None)
    scores = model.scores_["a"]
    assert scores["comp1"] @ scores["comp2"] == pytest.approx(0, abs=1e-8)
    assert (model.loadings_["a"] != 0).sum().to_list() == [8, 6]
    assert (model.loadings_["a"] ** 2).sum().to_list() == pytest.approx([1, 1])
    assert model.selected(1)["block"].value_counts().to_dict() == {"a": 8, "b": 6, "c": 4}


@pytest.mark.parametrize(("width", "n_keep"), [(3000, 20), (2000, 100), (900, 3), (40, 5)])
def test_what_is_kept_equals_a_sort_of_each_row_also_where_a_sample_of_it_misleads(rng, width, n_keep):
    values = rng.normal(size=(8, width))
    values[1, ::8] = 0  # the sample sees none of the large ones
    values[2] = np.round(values[2])  # ties
    values[3], values[4] = 0, np.where(np.arange(width) < n_keep // 2, values[4], 0)
    kept = soft_keep(values, n_keep).to_rows()
    for row, found in zip(values, kept, strict=True):
        sizes = np.sort(np.abs(row))[::-1]
        below = sizes[sizes < sizes[n_keep - 1]]
        shrunk = np.maximum(np.abs(row) - (below[0] if below.size else 0.0), 0.0)
        np.testing.assert_allclose(found, np.sign(row) * shrunk, atol=1e-15)


def test_ties_at_the_cut_are_all_kept():
    kept = soft_keep(np.array([[3.0, -2.0, 2.0, 1.0]]), 2).to_rows()
    assert kept.tolist() == [[2.0, -1.0, 1.0, 0.0]]
    assert soft_keep(np.array([[1.0, -1.0]]), 1).to_rows().tolist() == [[1.0, -1.0]]


def test_settings_survive_cloning():
    model = BlockSPLSDA(3, keep={"a": [1, 2, 3]}, design="full")
    assert clone(model).get_params() == model.get_params()
    assert clone(BlockSPLS(1, keep_outcomes=[1])).get_params()["keep_outcomes"] == [1]
    assert model.set_params(n_components=2, keep=None).n_components == 2


def test_a_fitted_model_survives_pickling_and_an_unfitted_one_says_so():
    _, model = fit_oracle("synth_2class")
    blocks, _ = oracle_rows(test=True)
    assert pickle.loads(pickle.dumps(model)).predict(blocks).equals(model.predict(blocks))
    for unfitted in (BlockSPLSDA(), BlockSPLS()):
        with pytest.raises(NotFittedError):
            unfitted.predict(blocks)


def test_unsettled_component_is_named():
    with pytest.warns(ConvergenceWarning) as caught:
        fit_oracle("synth_3class", max_iter=1, tol=1e-20)
    for h, warning in enumerate(caught, start=1):
        assert re.match(
            rf"comp{h}: still moving after 2 sweeps, most of all block [abc]; raise max_iter", str(warning.message)
        )
    assert len(caught) == 2


def test_missing_block_votes_without_it_and_says_so():
    _, model = fit_oracle("synth_2class")
    blocks, _ = oracle_rows(test=True)
    with pytest.warns(UserWarning, match="No c for these people"):
        vote = model.predict({b: blocks[b] for b in "ab"}, vote="majority")
    assert vote.isin(["case", "ctrl"]).sum() + vote.isna().sum() == 15


def spoil(blocks, *, kind):
    blocks = {name: block.copy() for name, block in blocks.items()}
    match kind:
        case "hole":
            blocks["b"].iloc[0, :2] = np.inf
        case "constant":
            blocks["b"]["b003"] = 1.0
        case "person":
            blocks["b"] = blocks["b"].iloc[1:]
        case "blank":
            blocks["b"]["b003"] = np.nan
        case "same":
            blocks["b"] = pd.concat([blocks["b"], blocks["b"][["b003"]]], axis=1)
        case "text":
            blocks["b"]["b003"] = "high"
        case "name":
            blocks["Y"] = blocks["b"]
        case "twice":
            blocks["b"] = pd.concat([blocks["b"], blocks["b"].iloc[:1]])
    return blocks


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("hole", r"Infinite cells in b \(2\)"),
        ("constant", "Block b has 1 feature with one value for everyone: b003"),
        ("blank", "Block b has 1 feature without a single known value: b003"),
        ("same", "Block b names 1 feature twice: b003"),
        ("person", "1 of y are not in b"),
        ("text", "Block b has 1 column of text: b003"),
        ("name", "called 'Y'"),
        ("twice", "listed more than once in b"),
    ],
)
def test_unusable_blocks_are_refused_in_words(kind, message):
    blocks, groups = oracle_rows(test=False)
    with pytest.raises(ValueError, match=message):
        BlockSPLSDA().fit(spoil(blocks, kind=kind), groups["y2"])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"keep": {"z": [1, 1]}}, "keep names z; the blocks are a, b, c"),
        ({"keep": {"a": [1]}}, "expected 2 counts"),
        ({"keep": {"a": 5}}, r"keep\['a'\] is 5; expected 2 counts"),
        ({"n_components": 31}, "block c .* allows 30 at most"),
        ({"n_components": 4}, r"n_components=\d"),
        ({"n_components": 0}, "expected 1 or more"),
        ({"design": "half"}, "expected 'null', 'full'"),
        ({"design": 2.0}, "expected 0 to 1"),
        ({"design": pd.DataFrame(1.0, ["a"], ["a"])}, "expected a, b, c in both"),
        ({"start": "random"}, "expected None, 'reference' or vectors"),
        ({"start": {1: {"a": [1.0]}}}, "expected 80 numbers"),
    ],
)
def test_unusable_settings_are_refused_in_words(settings, message):
    blocks, groups = oracle_rows(test=False)
    if settings.get("n_components") == 4:  # an indicator that one component explains entirely
        signal = (groups["y2"] == "case").astype(float)
        blocks = {n: pd.DataFrame({f"{n}{i}": signal * (i + 1) for i in range(5)}) for n in "ab"}
    with pytest.raises(ValueError, match=message):
        BlockSPLSDA(**settings).fit(blocks, groups["y2"])


def test_new_people_must_bring_the_features():
    _, model = fit_oracle("synth_2class")
    blocks, _ = oracle_rows(test=True)
    with pytest.raises(ValueError, match="Block b lacks 1 feature of the model: b001"):
        model.predict({**blocks, "b": blocks["b"].drop(columns="b001")})
    with pytest.raises(ValueError, match="expected one of weighted, majority"):
        model.predict(blocks, vote="loudest")
    with pytest.raises(ValueError, match="expected one of centroids"):
        model.predict(blocks, distance="cosine")
    with pytest.raises(ValueError, match="None of the blocks"):
        model.predict({"z": blocks["b"]})


def test_new_people_may_bring_more_features_in_any_order_but_numbers():
    _, model = fit_oracle("synth_2class")
    blocks, _ = oracle_rows(test=True)
    more = {**blocks, "b": blocks["b"].iloc[:, ::-1].assign(another=1.0, note="seen twice")}
    assert model.predict(more).equals(model.predict(blocks))
    with pytest.raises(ValueError, match="Block b has 1 column of text: b001"):
        model.predict({**blocks, "b": blocks["b"].assign(b001="high")})
    with pytest.raises(ValueError, match="Block b names 1 feature twice: b001"):
        model.predict({**blocks, "b": pd.concat([blocks["b"], blocks["b"][["b001"]]], axis=1)})
    with pytest.raises(ValueError, match="listed more than once in b"):
        model.predict({**blocks, "b": pd.concat([blocks["b"], blocks["b"].iloc[:1]])})


def make_people(rng, *, n_high=44, n_low=72, shift=0.0, sizes=(("gut", 60), ("brain", 300))):
    ids = [f"sub-{i:03d}" for i in range(n_high + n_low)]
    y = pd.Series(["high"] * n_high + ["low"] * n_low, ids)
    blocks = {}
    for name, size in sizes:
        block = pd.DataFrame(rng.normal(size=(len(ids), size)), ids, [f"{name}_{i}" for i in range(size)])
        block.iloc[:n_high, :5] += shift
        blocks[name] = block
    return blocks, y


def validate(*args, **settings):
    """Cross-validate without baselines and probabilities, which have tests of their own."""
    return cross_validate(*args, **{"baselines": (), "calibrate": False, **settings})


def make_model(blocks, n_keep=10):
    return BlockSPLSDA(1, keep=keep_equally(blocks, n_keep=n_keep, n_components=1))


@pytest.fixture
def rng():
    return np.random.default_rng(1)


def test_planted_signal_is_found_and_its_features_selected(rng):
    blocks, y = make_people(rng, shift=1.2)
    result = validate(blocks, y, model=make_model(blocks, 5), rng=rng, n_repeats=2)
    assert result.performance.loc["vote", "balanced_error"] < 0.15
    steady = result.loadings.query("selection_frequency >= 0.8")
    assert {f"gut_{i}" for i in range(5)} <= set(steady.index)
    assert (steady["loading_comp1"] > 0).all()  # the first class, high, lies on the positive side
    null = permute_groups(blocks, y, result, model=make_model(blocks, 5), rng=rng, n_permutations=9)
    assert "`gut_0`" in describe_features(result, null)
    assert result.performance.loc["gut", "n_steady"] >= 5


def test_noise_looks_splendid_in_training_and_is_chance_out_of_fold(rng):
    """44 v 72 people, 20 of 1,000 features kept: training AUC about 0.95, honest AUC about a half."""
    blocks, y = make_people(rng, sizes=(("narrow", 20), ("wide", 1000)))
    result = validate(blocks, y, model=make_model(blocks, 20), rng=rng, n_repeats=4)
    table = result.performance
    assert table.loc["wide", "auc_training"] > 0.9
    assert table.loc["wide", "auc"] == pytest.approx(0.5, abs=0.15)
    assert table.loc["vote", "balanced_error"] == pytest.approx(0.5, abs=0.12)
    assert table.loc["wide", "rank_training"] == 1
    assert table.loc["chance", ["balanced_error", "auc"]].to_list() == [0.5, 0.5]
    null = permute_groups(blocks, y, result, model=make_model(blocks, 20), rng=rng, n_permutations=9)
    text = describe_features(result, null)
    assert "keeps half of this block or more" in text
    assert "Named" not in text


def test_noise_in_many_draws_is_centred_on_chance():
    """Leakage would pull the mean balanced error of noise well under a half."""
    errors = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        blocks, y = make_people(rng, n_high=20, n_low=20, sizes=(("a", 200), ("b", 200)))
        result = validate(blocks, y, model=make_model(blocks), rng=rng, n_repeats=1)
        errors.append(result.performance.loc["vote", "balanced_error"])
    assert np.mean(errors) == pytest.approx(0.5, abs=0.06)


def test_training_auc_is_the_auc_of_the_model_fitted_on_everyone(rng):
    blocks, y = make_people(rng, n_high=20, n_low=25, shift=0.4)
    result = validate(blocks, y, model=make_model(blocks), rng=rng, n_folds=3, n_repeats=1)
    found = result.model.predict_blocks(blocks)
    expected = roc_auc_score(y == "high", found.responses["gut"]["high"])
    assert result.performance.loc["gut", "auc_training"] == pytest.approx(expected)
    voted = roc_auc_score(y == "high", found.average_response["high"])
    assert result.performance.loc["vote", "auc_training"] == pytest.approx(voted)


def test_same_seed_same_numbers_whatever_the_workers_and_orders(rng):
    blocks, y = make_people(rng, n_high=15, n_low=20, shift=0.5)
    study = pd.Series(np.where(np.arange(35) % 2, "A", "B"), y.index, name="study")
    covariates = pd.DataFrame({"age_years": rng.normal(40, 10, 35)}, y.index)
    covariates.iloc[0] = np.nan
    runs = []
    for n_workers, turn in ((1, 1), (3, -1)):
        turned = {name: block.iloc[::turn] for name, block in list(blocks.items())[::turn]}
        result = validate(
            turned, y, model=make_model(blocks), rng=np.random.default_rng(5), n_folds=3, n_repeats=2,
            batch=study.iloc[::turn], covariates=covariates.iloc[::turn], n_workers=n_workers,
        )  # fmt: skip
        null = permute_groups(
            turned, y, result, model=make_model(blocks), rng=np.random.default_rng(6), n_permutations=4,
            batch=study, n_workers=n_workers,
        )  # fmt: skip
        runs.append((result.performance, null.null))
    pd.testing.assert_frame_equal(runs[0][0], runs[1][0])
    pd.testing.assert_frame_equal(runs[0][1], runs[1][1])
    assert "covariates only" in runs[0][0].index


def test_covariates_that_make_the_groups_beat_noise(rng):
    blocks, y = make_people(rng, n_high=20, n_low=20)
    covariates = pd.DataFrame({"age_years": (y == "high") * 10.0 + rng.normal(size=40), "flat": 1.0}, y.index)
    result = validate(blocks, y, model=make_model(blocks), rng=rng, n_folds=4, n_repeats=1, covariates=covariates)
    assert result.performance.loc["covariates only", "balanced_error"] < 0.05
    assert "covariates alone" in describe_performance(result)


def test_a_block_is_standardised_by_the_training_people_only():
    values = np.array([[1.0, 0.1, np.nan], [3.0, 0.1, np.nan], [np.nan, 5.0, 2.0]])
    block = BatchedBlock(values, np.array([[True, True, False]]), scale=True)
    assert (block.inverse_sds[0] > 0).tolist() == [True, False, False]  # constant in training, never observed
    everyone = block.project(Loadings.from_rows(np.array([[1.0, 0.0, 0.0]])), np.zeros(1, np.intp))
    np.testing.assert_allclose(everyone, [[-np.sqrt(0.5), np.sqrt(0.5), 0.0]])  # mean 2, SD sqrt(2); blank: 0


def test_residuals_on_nuisance_are_those_of_least_squares_in_the_training_people(rng):
    values, nuisance = rng.normal(size=(30, 4)), rng.normal(size=(30, 2))
    values[3, 1] = np.nan
    train = np.arange(30) < 20
    block = BatchedBlock(values, train[None], scale=False, nuisance=nuisance)
    for j in range(4):
        known = train & ~np.isnan(values[:, j])
        terms = np.column_stack([np.ones(30), nuisance])
        expected = values[:, j] - terms @ np.linalg.lstsq(terms[known], values[known, j], rcond=None)[0]
        found = block.project(Loadings.from_rows(np.eye(4)[[j]]), np.zeros(1, np.intp))[0]
        np.testing.assert_allclose(found, np.nan_to_num(expected), atol=1e-12)


def test_blanks_and_rare_constants_do_not_stop_a_validation(rng):
    blocks, y = make_people(rng, n_high=12, n_low=12)
    blocks["gut"].iloc[3, 4] = np.nan
    blocks["gut"]["gut_9"] = np.where(np.arange(24) == 0, 1.0, 0.0)
    result = validate(blocks, y, model=make_model(blocks), rng=rng, n_folds=3, n_repeats=1)
    assert result.n_dropped_most == 1
    assert result.n_blank_most == 1


def test_folds_hold_their_share_of_each_group():
    codes = np.repeat([0, 1], [44, 72])
    folds = assign_folds(codes, n_folds=5, rng=np.random.default_rng(3))
    shares = pd.crosstab(codes, folds)
    assert shares.loc[0].between(8, 9).all()
    assert shares.sum().between(23, 24).all()


def test_filters_are_fitted_in_the_fold_and_keep_what_they_say():
    logs = np.array([[0.0, 2.0, 1.0], [0.0, 0.0, 1.0], [0.0, 0.0, 3.0]])
    assert PrevalenceFilter(0.5).fit(logs).get_support().tolist() == [False, False, True]
    assert list(make_filters({"taxa": None, "connectivity": None})) == ["taxa"]


def test_stability_by_hand():
    """Nogueira 2018, eq. 4: same sets give 1; two disjoint single choices of two features give -1."""
    assert estimate_stability(np.array([[True, False], [False, True]])).index == pytest.approx(-1.0)
    assert np.isnan(estimate_stability(np.array([[True, True], [True, True]])).index)


def test_permutation_p_counts_the_real_labels(rng):
    blocks, y = make_people(rng, n_high=20, n_low=20, shift=2.0)
    model = make_model(blocks, 5)
    result = validate(blocks, y, model=model, rng=rng, n_repeats=1)
    null = permute_groups(blocks, y, result, model=model, rng=rng, n_permutations=9)
    assert null.p_value["vote"] == pytest.approx(0.1)
    assert null.null.shape == (9, 3)
    assert "smallest p that 9 permutations can give is 0.100" in describe_null(null)
    assert null.n_steady.columns.to_list() == ["brain", "gut"]
    with pytest.raises(ValueError, match="holds one group only"):
        permute_groups(blocks, y, result, model=model, rng=rng, n_permutations=1, batch=y.rename("study"))


def test_shuffles_are_compared_with_as_many_repeats_of_the_real_groups(rng):
    """Identity: luck in the folds is averaged alike on both sides, so the p-value is no more careful than it says."""
    blocks, y = make_people(rng, n_high=15, n_low=20)
    model = make_model(blocks, 5)
    result = validate(blocks, y, model=model, rng=rng, n_folds=3, n_repeats=4)
    null = permute_groups(blocks, y, result, model=model, rng=rng, n_permutations=9, n_repeats=2)
    votes = result.repeats.query("block == 'vote'").set_index("repeat")["balanced_error"]
    assert null.observed["vote"] == pytest.approx(votes.loc[[1, 2]].mean())
    n_below = (null.null["vote"] <= null.observed["vote"] + 1e-12).sum()
    assert null.p_value["vote"] == pytest.approx((1 + n_below) / 10)
    assert "2 repeats each" in describe_null(null) and "mean of their first 2 repeats" in describe_null(null)
    with pytest.raises(ValueError, match="expected 1 to 4"):
        permute_groups(blocks, y, result, model=model, rng=rng, n_permutations=1, n_repeats=5)


def test_averaging_over_repeats_narrows_the_null(rng):
    """Border case: on noise, the mean of eight repeats wanders less between shuffles than a single one."""
    blocks, y = make_people(rng, n_high=15, n_low=15, sizes=(("a", 30), ("b", 30)))
    model = make_model(blocks, 5)
    result = validate(blocks, y, model=model, rng=rng, n_folds=3, n_repeats=8)
    spread = [
        permute_groups(blocks, y, result, model=model, rng=rng, n_permutations=30, n_repeats=n).null["vote"].std()
        for n in (1, 8)
    ]
    assert spread[1] < spread[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_folds": 30}, "expected 2 to 20"),
        ({"transforms": {"skin": PrevalenceFilter()}}, "transforms names skin"),
        ({"vote": "loudest"}, "vote is 'loudest'"),
        ({"batch": pd.Series(dtype=str, name="study")}, "40 people have no study"),
    ],
)
def test_validation_refuses_in_words(rng, change, message):
    blocks, y = make_people(rng, n_high=20, n_low=20)
    with pytest.raises(ValueError, match=message):
        validate(blocks, y, model=make_model(blocks), rng=rng, **change)


def test_three_groups_are_fitted_but_not_cross_validated(rng):
    blocks, groups = oracle_rows(test=False)
    with pytest.raises(ValueError, match="Groups are A, B, C; cross-validation expects two"):
        validate(blocks, groups["y3"], model=BlockSPLSDA(1), rng=rng)


def make_cohort(rng, *, n=32, blocks=("connectivity", "taxa", "metabolites")):
    ids = pd.Index([f"sub-{i:02d}" for i in range(n)], name="participant_id")
    values = {
        "connectivity": pd.DataFrame({"n1--n2": np.full(n, 0.5)}, ids),
        "taxa": pd.DataFrame(rng.poisson(20, (n, 4)), ids, list("wxyz")),
        "metabolites": pd.DataFrame({"raw": np.full(n, np.e), "logged": np.full(n, 2.0)}, ids),
    }
    values["metabolites"].iloc[0, 0] = 0.0
    scales = pd.DataFrame({"scale": ["raw", "log"]}, index=["raw", "logged"])
    rule = ColumnRule("arm", ("a",), ("b",))
    return Cohort(
        folder=Path("x"),
        settings=Settings("x", "simulated", rule),
        participants=pd.DataFrame({"arm": ["a", "b"] * (n // 2)}, ids),
        blocks={name: values[name] for name in blocks},
        features={"metabolites": scales},
    )


def make_groups(cohort):
    group = cohort.participants["arm"].map({"a": "high", "b": "low"}).astype(object)
    return pd.DataFrame({"group": group})


def test_blocks_are_transformed_person_by_person(rng):
    cohort = make_cohort(rng)
    prepared = prepare_blocks(cohort, make_groups(cohort))
    assert prepared.blocks["connectivity"].iloc[0, 0] == pytest.approx(0.5493061, abs=1e-6)  # Fisher z of .5
    assert prepared.blocks["taxa"].sum(axis=1).abs().max() < 1e-9
    assert prepared.blocks["metabolites"].iloc[1].to_list() == pytest.approx([1.0, 2.0])
    assert np.isnan(prepared.blocks["metabolites"].iloc[0, 0])
    half = prepare_blocks(make_subset(cohort, 30), make_groups(cohort))
    pd.testing.assert_frame_equal(half.blocks["connectivity"], prepared.blocks["connectivity"].iloc[:30])
    apart = (half.blocks["taxa"] - prepared.blocks["taxa"].iloc[:30]).abs().to_numpy()
    assert apart.max() < 1e-3  # only the depth to compare at, that of the shallowest, is another


def make_subset(cohort, n):
    return Cohort(
        cohort.folder,
        cohort.settings,
        cohort.participants,
        blocks={name: block.iloc[:n] for name, block in cohort.blocks.items()},
        features=cohort.features,
    )


def test_lost_people_are_counted(rng):
    cohort = make_cohort(rng)
    groups = make_groups(cohort)
    groups.iloc[0, 0] = None
    cohort.blocks["taxa"] = cohort.blocks["taxa"].iloc[:-1]
    prepared = prepare_blocks(cohort, groups)
    assert prepared.flow.loc["in a group"].to_list() == [15, 16]
    assert prepared.flow.loc["all blocks"].to_list() == [15, 15]
    assert "<5 others lack" in describe_flow(prepared)


def test_too_few_blocks_or_people_are_refused(rng):
    lonely = make_cohort(rng, blocks=("taxa",))
    with pytest.raises(ValueError, match=r"at least two of .* this cohort has taxa"):
        prepare_blocks(lonely, make_groups(lonely))
    few = make_cohort(rng, n=28)
    with pytest.raises(ValueError, match="Only 14 people of the high and 14 of the low group"):
        prepare_blocks(few, make_groups(few))
    with pytest.raises(ValueError, match="Cannot integrate hads"):
        prepare_blocks(few, make_groups(few), names=["hads", "taxa"])


def test_ranking_says_when_the_block_is_absent(rng):
    blocks, y = make_people(rng, n_high=12, n_low=12)
    result = validate(blocks, y, model=make_model(blocks), rng=rng, n_folds=2, n_repeats=2)
    assert describe_ranking(result) == "This cohort has no transcripts: their rank cannot be read."
    assert "brain rank" in describe_ranking(result, block="brain")


def test_no_warning_escapes_a_validation(rng):
    blocks, y = make_people(rng, n_high=12, n_low=12)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        validate(blocks, y, model=make_model(blocks), rng=rng, n_folds=3, n_repeats=2)


def test_optima_list_the_chosen_one_first_and_share_its_features():
    blocks, y = make_people(np.random.default_rng(4), n_high=15, n_low=15)
    model = BlockSPLSDA(2, keep=keep_equally(blocks, n_keep=3, n_components=2)).fit(blocks, y)
    first = model.optima_[model.optima_["optimum"] == 1].set_index("component")
    assert first["criterion"].to_list() == pytest.approx(model.criterion_.to_list(), rel=1e-4)
    assert (first.filter(like="shared_") == 1).all(axis=None)
    assert BlockSPLSDA(1, start="reference").fit(blocks, y).optima_.empty
    assert describe_optima(model).startswith(("Whatever the signs", "The starting signs lead to more than one optimum"))


def test_one_person_left_out_at_a_time_is_judged_without_an_auc(rng):
    blocks, y = make_people(rng, n_high=7, n_low=9, shift=1.5, sizes=(("gut", 12), ("brain", 20)))
    settings = {"model": make_model(blocks, 5), "n_folds": 16, "rng": np.random.default_rng(1)}
    result = cross_validate(blocks, y, n_repeats=3, baselines=("ridge",), n_inner_folds=3, **settings)
    wrong = []  # identity: a model fitted without the person, sixteen times
    for one in y.index:
        rest = y.index.drop(one)
        own = clone(settings["model"]).fit({n: b.loc[rest] for n, b in blocks.items()}, y.loc[rest])
        wrong.append(own.predict({n: b.loc[[one]] for n, b in blocks.items()}).iloc[0] != y[one])
    row = result.performance.loc["vote"]
    rates = pd.Series(wrong, y.index).groupby(y).mean()
    assert row["balanced_error"] == pytest.approx(rates.mean())
    n = y.value_counts()
    spread = (rates * (1 - rates) * n / (n - 1)) * (1 / n + 1 / (n - 1))
    half = stats.t.ppf(0.975, 14) * np.sqrt(spread.sum()) / 2
    assert row["balanced_error_high"] == pytest.approx(min(1, rates.mean() + half))
    assert result.n_repeats == 1
    assert result.performance[["auc", "auc_low", "lead"]].drop("chance").isna().all(axis=None)
    assert describe_ranking(result, block="gut").startswith("Each fold is one person")
    text = describe_performance(result)
    assert "one left out at a time" in text
    assert "nan" not in text + describe_ranking(result, block="gut")
    null = permute_groups(blocks, y, result, model=settings["model"], rng=rng, n_permutations=9)
    assert null.p_value.notna().all()
    assert null.p_lead.isna().all()


def test_counts_are_tuned_with_one_person_left_out_at_a_time(rng):
    blocks, y = make_people(rng, n_high=8, n_low=10, shift=2.0, sizes=(("gut", 12), ("brain", 10)))
    found = tune(blocks, y, model=BlockSPLSDA(1), rng=rng, grid={"gut": [2, 12], "brain": [10]}, n_folds=18)
    assert found.errors["se"].notna().all()
    assert found.errors["chosen"].sum() == 1


def test_between_one_person_a_fold_and_a_group_in_every_fold_there_is_no_validation(rng):
    blocks, y = make_people(rng, n_high=8, n_low=10)
    with pytest.raises(
        ValueError, match=r"n_folds is 12; expected 2 to 8, .* or 18, which leaves out one person at a time"
    ):
        validate(blocks, y, model=make_model(blocks), rng=rng, n_folds=12)


def test_the_lead_is_over_the_best_other_block_in_the_same_folds(rng):
    blocks, y = make_people(rng, n_high=30, n_low=30, shift=0.0, sizes=(("gut", 8), ("brain", 8), ("blood", 8)))
    blocks["gut"] = blocks["gut"].add(np.where(y == "high", 2.0, 0.0), axis=0)
    result = validate(blocks, y, model=make_model(blocks, 4), rng=rng, n_folds=5, n_repeats=5)
    table = result.performance
    auc = table["auc"]
    assert table.loc["gut", "lead"] == pytest.approx(auc["gut"] - max(auc["brain"], auc["blood"]))
    assert table.loc["gut", "lead_low"] > 0 > table.loc["brain", "lead_high"]
    assert (table["lead_low"].dropna() <= table["lead"].dropna()).all()
    null = permute_groups(blocks, y, result, model=make_model(blocks, 4), rng=rng, n_permutations=19, n_repeats=2)
    assert null.p_lead["gut"] == pytest.approx(1 / 20)
    assert null.p_lead["brain"] > 0.5
    assert (null.lead.max(axis=1) >= 0).all()  # on noise some block leads, always


def test_a_grid_of_one_point_is_the_model_itself(rng):
    """Identity: choosing inside the folds among one choice changes nothing."""
    blocks, y = make_people(rng, n_high=15, n_low=20, shift=1.5)
    settings = {"n_folds": 3, "n_repeats": 2}
    plain = validate(blocks, y, model=make_model(blocks), rng=np.random.default_rng(1), **settings)
    grid = {name: make_model(blocks).keep[name][:1] for name in blocks}
    tuned = validate(blocks, y, model=make_model(blocks), rng=np.random.default_rng(1), grid=grid, **settings)
    pd.testing.assert_frame_equal(plain.performance, tuned.performance)


def test_tuning_inside_the_folds_does_not_flatter_noise():
    """The error of the best grid point lies below the others' by luck; chosen inside the folds, noise is at chance."""
    flattered, honest = [], []
    for seed in range(24):
        blocks, y = make_people(np.random.default_rng(seed), n_high=20, n_low=20, sizes=(("gut", 30), ("brain", 60)))
        settings = {
            "grid": {name: [1, 3, 10] for name in blocks},
            "model": make_model(blocks),
            "n_folds": 4,
            "n_repeats": 1,
        }
        found = tune(blocks, y, rule="minimum", rng=np.random.default_rng(seed), **settings).errors
        flattered.append(float(found.loc[found["chosen"], "balanced_error"].iloc[0] - found["balanced_error"].mean()))
        inside = validate(blocks, y, rng=np.random.default_rng(seed), n_inner_folds=4, **settings)
        honest.append(inside.performance.loc["vote", "balanced_error"])
    assert np.mean(flattered) < -0.03
    assert np.mean(honest) == pytest.approx(0.5, abs=0.05)


def test_tuning_is_the_same_for_any_number_of_workers_and_prefers_few_features(rng):
    blocks, y = make_people(rng, n_high=20, n_low=20, shift=1.5)
    grid = {name: [2, 5, 10] for name in blocks}
    few, one, two = (
        tune(blocks, y, grid=grid, model=make_model(blocks), rng=np.random.default_rng(3), n_repeats=3, **more)
        for more in ({"rule": "minimum"}, {"n_workers": 1}, {"n_workers": 2})
    )
    pd.testing.assert_frame_equal(one.errors, two.errors)
    assert one.keep == two.keep and set(one.keep) == set(blocks)
    assert sum(counts[0] for counts in one.keep.values()) <= sum(counts[0] for counts in few.keep.values())


@pytest.mark.parametrize(
    ("grid", "rule", "message"),
    [
        ({"brain": [1]}, "one_se", "expected every block"),
        ({"brain": [1], "gut": [1, 999]}, "one_se", "expected counts from 1 to"),
        ({"brain": [1], "gut": [1]}, "best", "expected one of one_se, minimum"),
    ],
)
def test_a_search_that_cannot_be_made_is_refused_in_words(rng, grid, rule, message):
    blocks, y = make_people(rng, n_high=10, n_low=10)
    with pytest.raises(ValueError, match=message):
        tune(blocks, y, grid=grid, rule=rule, model=make_model(blocks), rng=rng)


def test_what_covariates_explain_can_be_taken_out_inside_the_folds(rng):
    """Groups and features that only share a covariate: predictable as they stand, at chance as residuals."""
    ids = [f"sub-{i:02d}" for i in range(60)]
    age = rng.normal(size=60)
    y = pd.Series(np.where(age + 0.3 * rng.normal(size=60) > 0, "high", "low"), ids)
    blocks = {b: pd.DataFrame(age[:, None] + rng.normal(size=(60, 6)), ids).add_prefix(b) for b in ("brain", "gut")}
    settings = {"model": make_model(blocks), "n_folds": 5, "n_repeats": 4}
    plain = validate(blocks, y, rng=np.random.default_rng(1), **settings)
    covariates = pd.DataFrame({"age": age}, ids)
    without = validate(blocks, y, rng=np.random.default_rng(1), residualise=covariates, **settings)
    assert plain.performance.loc["vote", "balanced_error"] < 0.3
    assert without.performance.loc["vote", "balanced_error"] > 0.4
    with pytest.raises(ValueError, match="complete covariates"):
        validate(blocks, y, rng=rng, residualise=covariates.replace(covariates.iloc[0, 0], np.nan), **settings)


def test_measured_outcomes_are_refused_in_words_when_blank_or_constant(rng):
    blocks, y = make_people(rng, n_high=10, n_low=10)
    with pytest.raises(ValueError, match="1 person without an outcome"):
        BlockSPLS(1).fit(blocks, pd.Series([np.nan, *range(19)], y.index))
    with pytest.raises(ValueError, match="the same for everyone"):
        BlockSPLS(1).fit(blocks, pd.Series(1.0, y.index, name="score"))
    with pytest.raises(ValueError, match="keep_outcomes"):
        BlockSPLS(1, keep_outcomes=[2]).fit(blocks, pd.Series(np.arange(20.0), y.index))
