"""Predicted potential: it never sees who it predicts, says what chance gives, and keeps people together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm, rankdata, spearmanr
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import ElasticNet, Ridge

from helpers import metabolites
from helpers.metabolites.folds import exchange_people, split_people
from helpers.metabolites.learners import Learner, Setting, fit_elastic_net, fit_ridge, list_settings
from helpers.metabolites.ranks import bound_spearman, correlate, score_metabolites
from helpers.metabolites.scaling import FeatureScaler, NormalScores, close_shares


@pytest.fixture
def gut():
    """80 people, 25 genera; metabolite 0 follows one genus, 1 follows another plus noise, 2 to 9 are noise."""
    rng = np.random.default_rng(5)
    ids = [f"sub-{i:03d}" for i in range(80)]
    logs = rng.normal(0, 1, (80, 25))
    counts = pd.DataFrame(rng.poisson(200 * np.exp(logs)), index=ids).add_prefix("g")
    values = rng.normal(size=(80, 10))
    values[:, 0] = logs[:, 0] + 0.2 * values[:, 0]
    values[:, 1] = logs[:, 1] + 0.8 * values[:, 1]
    return counts, pd.DataFrame(values, index=ids).add_prefix("m")


@pytest.fixture
def prepared(gut):
    """Standardised genera of 60 and 20 people, and normal scores of the metabolites of the 60."""
    shares = close_shares(gut[0].to_numpy(float))
    scaler = FeatureScaler.learn(shares[:60])
    return scaler.transform(shares[:60]), scaler.transform(shares[60:]), score_metabolites(gut[1].to_numpy()[:60])


def predict(gut, seed=1, **settings):
    return metabolites.predict_metabolites(*gut, rng=np.random.default_rng(seed), n_folds=5, **settings)


# scales --------------------------------------------------------------------------------------------------------------


def test_normal_scores_are_blom_like_ranks_of_the_people_learnt_from():
    """With fewer people than knots: the normal quantile of (rank - 1/2) / n, blanks left out, ties shared."""
    values = np.array([[3.0, 0.0], [1.0, 0.0], [np.nan, 5.0], [2.0, 0.0]])
    learnt = NormalScores.learn(values)
    expected = norm.ppf((rankdata([3, 1, 2]) - 0.5) / 3)
    np.testing.assert_allclose(learnt.score(values)[[0, 1, 3], 0], expected)
    np.testing.assert_allclose(learnt.score(values)[:, 1], norm.ppf([1.5 / 4, 1.5 / 4, 3.5 / 4, 1.5 / 4]))
    assert np.isnan(learnt.score(values)[2, 0])
    np.testing.assert_allclose(score_metabolites(values)[[0, 1, 3], 0], expected)


def test_a_stranger_beyond_all_gets_the_score_of_the_end(rng):
    learnt = NormalScores.learn(rng.normal(size=(500, 1)))
    assert learnt.score(np.array([[1e9]]))[0, 0] == learnt.scores[-1, 0] < 3.2


def test_predictors_are_standardised_in_the_people_learnt_from(gut):
    shares = close_shares(gut[0].to_numpy(float))
    for scale in ("ranks", "log", "clr"):
        scaled = FeatureScaler.learn(shares, scale=scale).transform(shares)
        np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-12)
        np.testing.assert_allclose(scaled.std(axis=0), 1)


def test_rare_genera_are_left_out():
    """Seen in one person of ten is not more than 10 %."""
    shares = np.full((10, 2), 0.5)
    shares[1:, 1] = 0.0
    assert FeatureScaler.learn(shares).kept.tolist() == [True, False]


# learners against scikit-learn ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_features", [None, 5])  # with more people than features no kernel of people is made
def test_ridge_is_scikit_learns(prepared, n_features):
    train, test, scores = prepared
    train = train[:, :n_features] - train[:, :n_features].mean(axis=0)
    test = test[:, :n_features]
    alpha = 3.0 * np.trace(train @ train.T) / len(train)
    theirs = Ridge(alpha=alpha, fit_intercept=False).fit(train, scores)
    ours = Learner.prepare([Setting("ridge", 3.0)], train, test).predict(scores)[0]
    np.testing.assert_allclose(ours, theirs.predict(test), rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(test @ fit_ridge(train, scores, np.full(10, 3.0)), ours, rtol=1e-8, atol=1e-12)


def test_kernel_ridge_is_scikit_learns_on_a_centred_kernel(prepared):
    train, test, scores = prepared
    gamma = 0.5 / 2 / train.shape[1]
    distances = ((test[:, None] - train) ** 2).sum(axis=2), ((train[:, None] - train) ** 2).sum(axis=2)
    new, kernel = (np.exp(-gamma * squares) for squares in distances)
    mean = kernel.mean(axis=0)
    kernel, new = (
        kernel - mean - mean[:, None] + mean.mean(),
        new - mean - new.mean(axis=1, keepdims=True) + mean.mean(),
    )
    theirs = KernelRidge(alpha=2 * np.trace(kernel) / len(train), kernel="precomputed").fit(kernel, scores).predict(new)
    ours = Learner.prepare([Setting("kernel", 2.0, 0.5)], train, test).predict(scores)[0]
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-10)


def test_elastic_net_is_scikit_learns(prepared):
    train, _, scores = prepared
    ours = fit_elastic_net(train, scores, [0.2, 0.8])
    for place, share in enumerate((0.2, 0.8)):
        for metabolite in (0, 4):
            y = scores[:, metabolite] - scores[:, metabolite].mean()
            alpha = share * np.abs(train.T @ y / len(y)).max() / 0.5
            theirs = ElasticNet(alpha=alpha, l1_ratio=0.5, fit_intercept=False, tol=1e-8).fit(train, y).coef_
            np.testing.assert_allclose(ours[place, :, metabolite], theirs, atol=2e-3)
    assert (ours[1, :, 4] != 0).sum() < (ours[0, :, 4] != 0).sum() < 25


def test_the_grid_is_declared_before_any_data():
    assert [setting.penalty for setting in list_settings("ridge")] == [0.5, 1, 2, 4, 8, 16, 32]
    assert {setting.width for setting in list_settings("blend")} == {0, 0.5, 1, 2}


# out of fold ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["ridge", "kernel", "blend", "elastic net"])
def test_planted_metabolites_are_foretold_and_noise_is_not(gut, model):
    counts, values = gut
    potential = predict((counts, values.iloc[::-1]), model=model)
    rho = potential.table["spearman"]
    assert rho["m0"] > 0.75 and rho["m1"] > 0.3
    assert rho.iloc[2:].abs().max() < 0.4 and abs(rho.iloc[2:].mean()) < 0.15
    assert potential.p_value == pytest.approx(1 / 20)
    assert potential.table.loc["m0", "q"] < 0.05 < potential.table["q"].iloc[2:].median()
    assert metabolites.pick_metabolite(potential, ["m1", "absent"]) == "m1"
    assert metabolites.pick_metabolite(potential, []) == "m0"


@pytest.mark.parametrize("scale", ["log", "clr"])
def test_other_scales_of_the_features_are_there(gut, scale):
    assert predict(gut, scale=scale, n_shuffles=0).table.loc["m0", "spearman"] > 0.75


def test_without_a_link_nothing_is_foretold(gut):
    """The same tables, people exchanged: what leaks would show as a mean above zero, an intercept as one below."""
    counts, values = gut
    means = []
    for seed in range(8):
        order = np.random.default_rng(seed).permutation(len(values))
        exchanged = pd.DataFrame(values.to_numpy()[order], index=values.index, columns=values.columns)
        means.append(predict((counts, exchanged), n_shuffles=0).mean)
    assert abs(np.mean(means)) < 0.06


def test_p_values_of_noise_are_uniform(gut):
    """A one-sided p below 0.2 in about one of five, over 200 metabolites of noise."""
    counts, _ = gut
    noise = pd.DataFrame(np.random.default_rng(7).normal(size=(80, 200)), index=counts.index)
    p = predict((counts, noise)).table["p"]
    assert 0.1 < (p < 0.2).mean() < 0.3
    assert 0.4 < p.mean() < 0.6


def test_a_person_never_informs_their_own_prediction(gut):
    """Changing one person's metabolites changes predictions of others, never of that person's fold."""
    counts, values = gut
    changed = values.copy()
    changed.iloc[0] = 100.0
    first, second = (predict((counts, table), n_shuffles=0) for table in (values, changed))
    same = np.isclose(first.predicted["m3"], second.predicted["m3"])
    assert same[0] and same.sum() >= len(values) // 5 and not same.all()


def test_a_fold_knows_nothing_of_the_genera_of_others(gut):
    """Depth, scale and prevalence come from the people learnt from: another stranger's counts change nothing."""
    shares = close_shares(gut[0].to_numpy(float))
    scores = score_metabolites(gut[1].to_numpy()[:60])
    scaler = FeatureScaler.learn(shares[:60])

    def foretell(strangers):
        learner = Learner.prepare(list_settings("blend"), scaler.transform(shares[:60]), scaler.transform(strangers))
        return learner.predict(scores)

    before = foretell(shares[60:62])
    shares[61] = np.eye(25)[3]
    after = foretell(shares[60:62])
    np.testing.assert_allclose(before[:, 0], after[:, 0], atol=1e-12)
    assert not np.allclose(before[:, 1], after[:, 1])


def test_blanks_are_not_scored(gut):
    counts, values = gut
    holes = values.mask(np.random.default_rng(3).random(values.shape) < 0.2)
    potential = predict((counts, holes), n_shuffles=2)
    assert (potential.table["n"] == holes.notna().sum()).all()
    assert potential.table.loc["m0", "spearman"] > 0.7
    assert potential.predicted.notna().all(axis=None)


def test_same_seed_same_numbers(gut):
    first, second = (predict(gut, seed=9, n_shuffles=3) for _ in range(2))
    pd.testing.assert_frame_equal(first.table, second.table)
    np.testing.assert_array_equal(first.null_means, second.null_means)


def test_any_rising_scale_of_the_metabolites_gives_the_same(gut):
    """Ranks are learnt and ranks are scored: a table logged or not makes no difference."""
    counts, values = gut
    first, second = (predict((counts, table), n_shuffles=0) for table in (values, np.exp(values)))
    pd.testing.assert_frame_equal(first.table, second.table)


# several samples of one person ---------------------------------------------------------------------------------------


def test_samples_of_a_person_stay_together():
    codes = np.array([0, 0, 1, 1, 1, 2, 3, 3, 4])
    for train, test in split_people(codes, 2, np.random.default_rng(1)):
        assert not set(codes[train]) & set(codes[test])
        assert sorted([*train, *test]) == list(range(9))


def test_a_shuffle_gives_each_person_the_samples_of_another():
    """By hand: person 0 has rows 0 to 2, person 1 rows 3 and 4; exchanged, 0 gets 3, 4, 3 and 1 gets 0, 1."""
    codes = np.array([0, 0, 0, 1, 1])
    orders = {tuple(exchange_people(codes, np.random.default_rng(seed))) for seed in range(20)}
    assert orders == {(0, 1, 2, 3, 4), (3, 4, 3, 0, 1)}


def test_people_parted_over_folds_are_known_again():
    """Metabolites of noise, the same in all samples of a person: only parting people makes them predictable."""
    rng = np.random.default_rng(4)
    owner = np.repeat(np.arange(30), 4)
    ids = [f"s{i}" for i in range(120)]
    logs = rng.normal(size=(30, 25))[owner] + 0.1 * rng.normal(size=(120, 25))
    counts = pd.DataFrame(rng.poisson(200 * np.exp(logs)), index=ids)
    values = pd.DataFrame(rng.normal(size=(30, 12))[owner], index=ids)
    apart = predict((counts, values), people=pd.Series(owner, index=ids), n_shuffles=0)
    parted = predict((counts, values), n_shuffles=0)
    assert parted.mean > 0.5 > 0.2 > abs(apart.mean)
    assert (apart.n_participants, apart.n_samples) == (30, 120)
    assert (apart.table["n"] == 30).all()
    assert "30 people with 120 samples" in metabolites.describe_predicted(apart)


# numbers, words, refusals --------------------------------------------------------------------------------------------


def test_spearman_is_scipys_over_the_people_measured(gut):
    values = gut[1].to_numpy().round(1)
    predicted = values[::-1].copy()
    values[:15, 2] = np.nan
    known = ~np.isnan(values[:, 2])
    rho = correlate(predicted, values)
    assert rho[2] == pytest.approx(spearmanr(predicted[known, 2], values[known, 2]).statistic)
    assert np.isnan(correlate(np.ones((5, 1)), np.arange(5.0)[:, None]))[0]


def test_interval_of_spearman_holds_its_value_nineteen_times_in_twenty():
    """Normal pairs of r = 0.5: Spearman's rho of the population is 6/pi asin(0.25)."""
    rng = np.random.default_rng(8)
    truth = 6 / np.pi * np.arcsin(0.25)
    x = rng.normal(size=(60, 2000))
    y = 0.5 * x + np.sqrt(0.75) * rng.normal(size=x.shape)
    low, high = bound_spearman(correlate(x, y), np.full(2000, 60))
    assert ((low <= truth) & (truth <= high)).mean() == pytest.approx(0.95, abs=0.02)


def test_words_and_names_say_potential_never_level(gut):
    potential = predict(gut, n_shuffles=4)
    sentence = metabolites.describe_predicted(potential)
    assert sentence.startswith("Predicted potential of 10 metabolites from 25 genera in 80 people (5 folds)")
    assert "level" not in sentence and "of 4 permutations, p = " in sentence
    features = pd.DataFrame({"name": ["indole"]}, index=["m1"])
    table = metabolites.tabulate_predicted(potential, features)
    assert table["spearman"].is_monotonic_decreasing and table.loc["m1", "name"] == "indole"
    block = potential.as_block()
    assert list(metabolites.find_predicted(block)) == list(block.columns) == [f"predicted_m{i}" for i in range(10)]
    assert block.attrs == {"predicted_from": "genera"}
    assert metabolites.find_predicted(gut[1]).empty


def test_unfit_people_are_refused(gut):
    counts, values = gut
    with pytest.raises(ValueError, match="15 participants with both taxa and metabolites; at least 20"):
        predict((counts.iloc[:15], values))
    with pytest.raises(ValueError, match="An id stands twice"):
        predict((counts.set_axis(["x"] * 80), values))
    with pytest.raises(ValueError, match="1 sample without reads"):
        predict((counts.mul(counts.index != "sub-003", axis=0), values))
    with pytest.raises(ValueError, match=r"1 feature with values below 0 \(g0\): a table of logarithms"):
        predict((counts.assign(g0=-1), values))
    with pytest.raises(ValueError, match="1 sample without a person: sub-079"):
        predict(gut, people=pd.Series("x", index=counts.index[:-1]))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"penalties": (0.0, 1.0)}, "penalty must be above 0"),
        ({"model": "forest"}, "no model 'forest'; choose one of ridge, kernel, blend, elastic net"),
        ({"scale": "raw"}, "no scale 'raw'; choose one of ranks, log, clr"),
    ],
)
def test_unknown_settings_are_refused(gut, settings, message):
    with pytest.raises(ValueError, match=message):
        predict(gut, **settings)


# real people ---------------------------------------------------------------------------------------------------------


def read_open(folder, part="metabolites", gut_part="microbiome"):
    from helpers.tables import read_table

    features = read_table(folder / part / "features.tsv")
    prepared = metabolites.prepare_metabolites(read_table(folder / part / "metabolites.tsv"), features)
    return read_table(folder / gut_part / "taxa.tsv"), prepared


def test_kim_reaches_more_than_the_best_known_with_nothing_tuned_outside(fetched):
    """Known: 53 % and 0.305 with settings chosen on all of KIM. Asked for: 51 % and 0.30, chosen inside the folds."""
    taxa, prepared = read_open(fetched("kim_adenomas_2020"))
    potential = metabolites.predict_metabolites(taxa, prepared, rng=np.random.default_rng(1), n_shuffles=2)
    assert potential.table["spearman"].notna().sum() == 462 and potential.n_participants == 240
    assert potential.share > 0.55 and potential.mean > 0.32
    assert potential.null_share < 0.01


def test_kang_reaches_the_known_share(fetched):
    """Known: 55.4 % of 56 metabolites, ridge on centred log-ratios."""
    taxa, prepared = read_open(fetched("kang_autism_2017"))
    shares = [
        metabolites.predict_metabolites(
            taxa, prepared, rng=np.random.default_rng(seed), model="blend", n_shuffles=0
        ).share
        for seed in range(5)
    ]
    assert np.mean(shares) >= 0.55


# a batch that shifts both tables --------------------------------------------------------------------------------------


def draw_batches(seed, *, linked):
    """Two batches of 40, both tables shifted between them; beside that, a metabolite follows a genus or nothing does."""
    rng = np.random.default_rng(seed)
    batch = np.repeat([0.0, 1.0], 40)
    ids = pd.Index([f"p{i}" for i in range(80)])
    logs = rng.normal(size=(80, 20)) + 1.5 * np.outer(batch, rng.normal(size=20))
    counts = pd.DataFrame(np.exp(6 + logs).round(), ids).add_prefix("g")
    values = rng.normal(size=(80, 15)) + 1.5 * np.outer(batch, rng.normal(size=15))
    if linked:
        values[:, 0] += 2 * (logs[:, 0] - logs[:, 0].mean())
    measured = pd.DataFrame(values, ids).add_prefix("m")
    return counts, measured, pd.DataFrame({"batch": batch}, ids)


def test_a_batch_that_shifts_both_tables_foretells_nothing():
    rng = np.random.default_rng(1)
    counts, measured, batch = draw_batches(3, linked=False)
    plain = metabolites.predict_metabolites(counts, measured, rng=rng, n_folds=5, n_shuffles=9)
    freed = metabolites.predict_metabolites(
        counts, measured, rng=rng, n_folds=5, n_shuffles=9, covariates=batch, batch=batch["batch"]
    )
    assert plain.mean > 0.2 and (plain.table["q"] < 0.05).sum() >= 5
    assert abs(freed.mean) < 0.1 and (freed.table["q"] < 0.05).sum() <= 1


def test_what_goes_together_within_batches_is_still_foretold():
    counts, measured, batch = draw_batches(4, linked=True)
    found = metabolites.predict_metabolites(
        counts, measured, rng=np.random.default_rng(1), n_folds=5, n_shuffles=9, covariates=batch, batch=batch["batch"]
    )
    assert found.table.loc["m0", "spearman"] > 0.5


def test_people_are_exchanged_within_their_batch(rng):
    codes, strata = np.arange(30), rng.integers(0, 3, 30)
    order = exchange_people(codes, rng, strata)
    assert (strata[order] == strata).all() and (order != codes).any() and sorted(order) == list(codes)


def test_a_sample_without_a_covariate_is_named(rng):
    counts, measured, batch = draw_batches(4, linked=True)
    with pytest.raises(ValueError, match="1 sample without a covariate"):
        metabolites.predict_metabolites(counts, measured, rng=rng, covariates=batch.iloc[1:])
