"""Integration: whole persons in folds, designs and imputation inside them, refusals by name."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.decomposition import PCA
from sklearn.feature_selection import VarianceThreshold
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.pipeline import make_pipeline

from helpers.integration import (
    BlockSPLSDA,
    compare_adjustment,
    cross_validate,
    describe_adjustment,
    describe_choices,
    permute_groups,
    tune,
    validate_harmonised,
)
from helpers.integration.blocks import make_harmonisers
from helpers.integration.fold_preprocessing import fold_blocks, transform_in_fold
from helpers.integration.folds import FoldSettings, Split, deal_folds
from helpers.integration.permutation_test import shuffle_groups
from tests.test_integration import make_model, make_people, validate


@pytest.fixture
def rng():
    return np.random.default_rng(1)


def make_samples(rng, *, n_people=24, n_each=3, own=2.0, sizes=(("brain", 30), ("gut", 20))):
    """Several samples per person, alike within the person; groups know nothing of the features."""
    persons = np.repeat([f"sub-{i:02d}" for i in range(n_people)], n_each)
    ids = [f"{person}_{j % n_each}" for j, person in enumerate(persons)]
    people = pd.Series(persons, ids, name="person")
    y = people.map({person: ("high", "low")[i % 2] for i, person in enumerate(people.unique())})
    blocks = {}
    for name, size in sizes:
        typical = np.repeat(rng.normal(size=(n_people, size)), n_each, axis=0)
        blocks[name] = pd.DataFrame(own * typical + rng.normal(size=(len(ids), size)), ids).add_prefix(name)
    return blocks, y, people


def test_persons_are_dealt_whole_and_their_strata_balanced(rng):
    _, y, people = make_samples(rng)
    persons, codes = pd.factorize(people)[0], (y == "low").to_numpy().astype(int)
    folds = deal_folds(codes, persons, n_folds=4, rng=rng)
    assert pd.Series(folds).groupby(persons).nunique().eq(1).all()
    assert pd.crosstab(y.to_numpy(), folds).to_numpy().tolist() == [[9] * 4] * 2


def test_samples_of_a_person_on_both_sides_flatter_noise_and_grouped_folds_do_not(rng):
    """Each person is recognised by their other samples: an error near nil unless whole persons are held out."""
    leaky, honest = [], []
    for seed in range(6):
        blocks, y, people = make_samples(np.random.default_rng(seed))
        settings = {"model": make_model(blocks, 20), "n_folds": 4, "n_repeats": 1}
        for found, more in ((leaky, {}), (honest, {"people": people})):
            result = validate(blocks, y, rng=np.random.default_rng(seed), **settings, **more)
            found.append(result.performance.loc["vote", "balanced_error"])
    assert np.mean(leaky) < 0.35
    assert np.mean(honest) > 0.42


def test_grouped_validation_counts_people_and_tunes_and_shuffles_whole_persons(rng):
    blocks, y, people = make_samples(rng, n_people=20)
    settings = {"model": make_model(blocks, 5), "n_folds": 3, "people": people}
    grid = {name: [2, 5] for name in blocks}
    result = validate(blocks, y, rng=rng, n_repeats=1, grid=grid, n_inner_folds=3, calibrate=True, **settings)
    assert (result.n_participants, result.n_samples) == (20, 60)
    assert set(result.choices["gut_comp1"]) <= {2, 5}
    null = permute_groups(blocks, y, result, rng=rng, n_permutations=3, model=settings["model"], people=people)
    assert null.n_participants == 20
    assert tune(blocks, y, grid=grid, rng=rng, n_repeats=1, **settings).design == 0.1
    persons = pd.factorize(people)[0]
    for _ in range(5):
        shuffled = shuffle_groups((y == "low").to_numpy().astype(int), None, persons, rng=rng)
        assert pd.Series(shuffled).groupby(persons).nunique().eq(1).all() and shuffled.sum() == 30


def test_intervals_over_people_are_wider_when_samples_come_in_persons(rng):
    """Border case: three equal samples of a person tell no more than one."""
    blocks, y, people = make_samples(rng, n_people=16, own=0.0)
    copies = {name: block.groupby(people).transform("first") for name, block in blocks.items()}
    one = people.drop_duplicates()
    singles = {name: block.loc[one.index] for name, block in copies.items()}
    settings = {"model": make_model(blocks, 5), "n_folds": 4, "n_repeats": 4}
    widths = []
    for data, groups, whose in ((copies, y, people), (singles, y.loc[one.index], None)):
        row = validate(data, groups, rng=np.random.default_rng(3), people=whose, **settings).performance.loc["vote"]
        widths.append(row["balanced_error_high"] - row["balanced_error_low"])
    assert widths[0] == pytest.approx(widths[1], rel=0.35)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda people: people.iloc[1:], "do not hold the same people: 1 of y are not in people"),
        (lambda people: people.mask(people.index == people.index[0]), "1 sample of no person"),
        (lambda people: pd.Series("all", people.index), "Samples of 1 person differ in y: all"),
    ],
)
def test_people_that_cannot_be_grouped_are_refused_in_words(rng, change, message):
    blocks, y, people = make_samples(rng, n_people=8)
    with pytest.raises(ValueError, match=message):
        cross_validate(blocks, y, model=make_model(blocks, 5), rng=rng, people=change(people))


def test_folds_are_counted_in_persons(rng):
    blocks, y, people = make_samples(rng, n_people=8)
    with pytest.raises(ValueError, match="n_folds is 5; expected 2 to 4, the number of people in the group high"):
        cross_validate(blocks, y, model=make_model(blocks, 5), rng=rng, people=people)
    wave = pd.Series(np.tile(["a", "b", "c"], 8), y.index, name="wave")
    result = validate(blocks, y, model=make_model(blocks, 5), rng=rng, people=people, n_folds=2, n_repeats=1)
    with pytest.raises(ValueError, match="Samples of one person differ in wave"):
        permute_groups(blocks, y, result, model=make_model(blocks, 5), rng=rng, people=people, batch=wave)


def test_an_inner_fold_without_a_group_is_foretold(rng):
    blocks, y = make_people(rng, n_high=6, n_low=20)
    grid = {name: [1, 2] for name in blocks}
    message = (
        r"n_inner_folds is 5; high has 6 people, of whom a training set may hold only 3.*Set n_inner_folds to 2 to 3"
    )
    with pytest.raises(ValueError, match=message):
        cross_validate(
            blocks, y, model=make_model(blocks), rng=rng, n_folds=2, grid=grid, baselines=(), calibrate=False
        )


def test_designs_are_chosen_inside_the_folds(rng):
    blocks, y = make_people(rng, n_high=15, n_low=15, shift=1.0, sizes=(("brain", 20), ("gut", 20)))
    frame = pd.DataFrame(1.0, ["brain", "gut"], ["brain", "gut"])
    settings = {"model": BlockSPLSDA(2, keep={"brain": [5, 4], "gut": [3, 2]}), "n_folds": 3}
    tuned = tune(blocks, y, designs=(0.1, "full", frame), rng=np.random.default_rng(1), n_repeats=2, **settings)
    assert tuned.keep == {"brain": [5, 4], "gut": [3, 2]}
    assert tuned.errors.groupby("design", sort=False).size().to_dict() == {"0.1": 2, "full": 2, "given": 2}
    assert tuned.errors["chosen"].sum() == 2
    errors = tuned.errors.set_index(["design", "component"])["balanced_error"]
    assert errors["full"].to_list() == errors["given"].to_list()  # identity: the same links said in two ways
    result = validate(
        blocks, y, designs=(0.1, "full"), grid={"brain": [2, 5], "gut": [2, 5]}, rng=rng, n_repeats=2, **settings
    )
    assert set(result.choices["design"]) <= {"0.1", "full"}
    assert result.model.design in (0.1, "full")
    text = describe_choices(result)
    assert "Chosen anew inside each of 6 training sets" in text and "links: " in text and "not adjusted" in text


def test_one_design_to_try_is_the_models_own(rng):
    """Identity."""
    blocks, y = make_people(rng, n_high=12, n_low=12)
    settings = {"model": make_model(blocks, 5).set_params(design=0.5), "n_folds": 3, "n_repeats": 1}
    plain = validate(blocks, y, rng=np.random.default_rng(1), **settings)
    other = {**settings, "model": make_model(blocks, 5)}
    tried = validate(blocks, y, rng=np.random.default_rng(1), designs=[0.5], n_inner_folds=3, **other)
    pd.testing.assert_frame_equal(plain.performance, tried.performance)


def test_weaker_links_win_within_a_standard_error(rng):
    blocks, y = make_people(rng, n_high=20, n_low=20)
    tuned = tune(blocks, y, designs=("full", 0.0), model=make_model(blocks, 5), rng=rng, n_repeats=1)
    at = tuned.errors.set_index("design")
    limit = at["balanced_error"].min() + at.loc[at["balanced_error"].idxmin(), "se"]
    assert tuned.design == (0.0 if at.loc["0.0", "balanced_error"] <= limit else "full")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({}, "there is nothing to choose from"),
        ({"designs": ()}, "designs is empty"),
        ({"designs": (0.1, "half")}, "expected 'null', 'full'"),
        ({"designs": (0.1,), "rule": "best"}, "expected one of one_se, minimum"),
    ],
)
def test_designs_that_cannot_be_tried_are_refused_in_words(rng, more, message):
    blocks, y = make_people(rng, n_high=10, n_low=10)
    with pytest.raises(ValueError, match=message):
        tune(blocks, y, model=make_model(blocks), rng=rng, **more)


class Recorder(TransformerMixin, BaseEstimator):
    """An imputer that notes what it was fitted on."""

    seen: ClassVar[list] = []

    def fit(self, features, y=None):
        Recorder.seen.append(features.copy())
        self.imputer_ = SimpleImputer().fit(features)
        return self

    def transform(self, features):
        return self.imputer_.transform(features)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def test_an_imputer_sees_the_blanks_of_the_training_people_only(rng):
    blocks, y = make_people(rng, n_high=10, n_low=10, sizes=(("a", 4), ("b", 4)))
    blocks["a"].iloc[::3, 1] = np.nan
    Recorder.seen = []
    validate(blocks, y, model=make_model(blocks, 2), rng=rng, n_folds=2, n_repeats=1, transforms={"a": Recorder()})
    sizes = sorted(len(seen) for seen in Recorder.seen)
    assert sizes == [10, 10, 20, 20]  # two folds, the training figures and the model of everyone
    assert all(np.isnan(seen[:, 1]).any() for seen in Recorder.seen)


@pytest.mark.parametrize("imputer", [SimpleImputer(strategy="median"), KNNImputer(n_neighbors=3)])
def test_imputers_of_scikit_learn_are_fitted_on_training_people(rng, imputer):
    """Identity: the held-out person's blank is what the imputer fitted by hand on the others says."""
    values = rng.normal(size=(12, 3))
    values[[0, 5], 1] = np.nan
    train = np.arange(1, 12)
    settings = FoldSettings(BlockSPLSDA(1, scale=False), ["a"], {"a": imputer}, "centroids", True)
    (block,) = fold_blocks([values], [Split(train, np.array([0]), np.zeros(12, int))], settings)
    by_hand = imputer.fit(values[train]).transform(values)
    np.testing.assert_allclose(block.standardise_everyone(0), by_hand - by_hand[train].mean(axis=0), atol=1e-12)


def test_tuning_fits_an_imputer_anew_in_every_fold(rng):
    blocks, y = make_people(rng, n_high=10, n_low=10, sizes=(("a", 4), ("b", 4)))
    blocks["a"].iloc[::3, 1] = np.nan
    Recorder.seen = []
    grid = {"a": [1, 2], "b": [1]}
    tune(
        blocks, y, model=make_model(blocks, 2), grid=grid, rng=rng, n_folds=4, n_repeats=1, transforms={"a": Recorder()}
    )
    assert len({seen.tobytes() for seen in Recorder.seen}) == 4


def test_a_pipeline_may_impute_and_drop_but_not_make_features(rng):
    values = rng.normal(size=(10, 3))
    values[:, 2], values[0, 0] = 1.0, np.nan
    rows = np.arange(10) < 8
    changed, used = transform_in_fold(make_pipeline(SimpleImputer(), VarianceThreshold()), values, rows, "gut")
    assert used.tolist() == [True, True, False]
    assert changed[0, 0] == pytest.approx(np.nanmean(values[rows, 0]))
    with pytest.raises(ValueError, match="transform of gut turns 3 features into 2 others"):
        transform_in_fold(make_pipeline(SimpleImputer(), PCA(2)), values, rows, "gut")


@pytest.mark.filterwarnings("ignore:Skipping features")
def test_an_imputer_may_lose_a_column_without_a_known_value(rng):
    values = rng.normal(size=(10, 3))
    values[:8, 1] = np.nan
    _, used = transform_in_fold(SimpleImputer(), values, np.arange(10) < 8, "gut")
    assert used.tolist() == [True, False, True]


def test_what_was_taken_out_of_the_features_is_said(rng):
    blocks, y = make_people(rng, n_high=12, n_low=12)
    age = pd.DataFrame({"age_years": rng.normal(40, 9, 24)}, y.index)
    result = validate(blocks, y, model=make_model(blocks), rng=rng, n_folds=3, n_repeats=1, residualise=age)
    assert result.adjusted_for == ("age_years",)
    assert r"residual on age\_years" in describe_choices(result)
    assert "fixed beforehand" in describe_choices(result)


def test_what_goes_with_a_covariate_is_no_finding_beyond_it():
    """Blocks that carry age and nothing else, groups that differ in age: plain models find it, freed ones do not."""
    found = {"plain": 0, "freed": 0}
    for seed in range(10):
        rng = np.random.default_rng(seed)
        ids = pd.Index([f"p{i}" for i in range(80)], name="participant_id")
        high = np.arange(80) < 40
        age = rng.normal(size=80) + 1.2 * high
        blocks = {
            name: pd.DataFrame(rng.normal(size=(80, 20)) + 1.0 * age[:, None], ids, [f"{name}{j}" for j in range(20)])
            for name in ("taxa", "transcripts")
        }
        groups = pd.Series(np.where(high, "high", "low"), ids)
        model = BlockSPLSDA(1, keep={name: [5] for name in blocks}, design=0.1)
        ages = pd.DataFrame({"age": age}, ids)
        for name, taken in (("plain", {}), ("freed", {"residualise": ages})):
            result = cross_validate(
                blocks, groups, model=model, rng=rng, n_folds=5, n_repeats=1, baselines=(), calibrate=False, **taken
            )
            kept = {"covariates": ages} if taken else {}
            null = permute_groups(
                blocks, groups, result, model=model, rng=rng, n_permutations=19, n_repeats=1, **taken, **kept
            )
            found[name] += null.p_value["vote"] <= 0.05
            assert null.kept_with == (("age",) if taken else ())
    assert found["plain"] >= 5 and found["freed"] <= 3, found


def make_studies(rng, *, n=60, shift=3.0):
    """Two studies that differ in mean and spread of every feature, and the group is as common in both."""
    ids = pd.Index([f"p{i:02d}" for i in range(n)], name="participant_id")
    study = pd.Series(np.where(np.arange(n) % 3 == 0, "A", "B"), ids, name="study")
    y = pd.Series(np.where(np.arange(n) // 3 % 2, "high", "low"), ids)
    scale = np.where(study == "A", 3.0, 1.0)[:, None]
    move = np.where(study == "A", shift, 0.0)[:, None]
    blocks = {name: pd.DataFrame(rng.normal(size=(n, 12)) * scale + move, ids) for name in ("brain", "gut")}
    return {name: block.add_prefix(f"{name}_") for name, block in blocks.items()}, y, study


def test_harmonising_inside_the_folds_learns_from_training_people_only(rng):
    blocks, y, study = make_studies(rng)
    combat = make_harmonisers(blocks, study)["brain"]
    rows = np.arange(60) < 40
    changed, used = transform_in_fold(clone(combat), blocks["brain"].to_numpy(), rows, "brain", y.index)
    alone = clone(combat).fit(blocks["brain"].iloc[:40]).transform(blocks["brain"])
    assert used.all()
    assert changed == pytest.approx(alone.to_numpy())  # identity: fitted on forty, applied to sixty
    spreads = pd.DataFrame(changed, y.index).groupby(study).std().mean(axis=1)
    assert spreads["A"] / spreads["B"] == pytest.approx(1, abs=0.2)


def test_harmonised_blocks_are_validated_where_studies_are_large_enough(rng):
    blocks, y, study = make_studies(rng)
    covariates = pd.DataFrame({"age": rng.normal(size=60), "study: A": (study == "A").astype(float)}, y.index)
    settings = {"model": make_model(blocks, 4), "covariates": covariates, "rng": np.random.default_rng(1)}
    found = validate_harmonised(blocks, y, study, **settings)
    assert found.adjusted_for == ("age",)
    assert found.performance.loc["vote", "auc"] == pytest.approx(0.5, abs=0.25)
    plain = cross_validate(blocks, y, baselines=(), calibrate=False, model=settings["model"], rng=rng)
    table = compare_adjustment(found, plain, found)
    assert "harmonised by ComBat inside the folds" in describe_adjustment(table)
    assert validate_harmonised(blocks, y, None, **settings) is None
    few = study.where(study.index > "p05", "C")  # two of study C in a training set would be too few
    assert validate_harmonised(blocks, y, few.mask(study.index > "p02", "B"), **settings) is None


def test_a_filter_and_combat_go_together_for_counts(rng):
    blocks, y, study = make_studies(rng)
    taxa = {"taxa": blocks["gut"].assign(rare=[5.0, *[-9.0] * 59]), "brain": blocks["brain"]}
    transforms = make_harmonisers(taxa, study)
    changed, used = transform_in_fold(
        clone(transforms["taxa"]), taxa["taxa"].to_numpy(), np.ones(60, bool), "taxa", y.index
    )
    assert used.tolist() == [*[True] * 12, False]
    assert (changed[:, -1] == 0).all()
