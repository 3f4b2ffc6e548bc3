"""The metabolite room: one scale, contrasts, and predictions that never see who they predict."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr
from sklearn.linear_model import Ridge

from helpers import metabolites
from helpers.metabolites.predicted import _correlate, _Ridge


@pytest.fixture
def features():
    return pd.DataFrame(
        {
            "name": ["N-acetylglutamate", "dimethylglycine", None],
            "hmdb": ["HMDB0001138", "HMDB00092", None],
            "super_pathway": "Amino Acid",
            "scale": ["raw", "raw", "log"],
        },
        index=["m1", "m2", "m3"],
    )


@pytest.fixture
def measured():
    return pd.DataFrame(
        {"m1": [0.0, 4.0, 8.0, np.nan, 16.0], "m2": [1.0, 2.0, 4.0, 8.0, 2.0], "m3": [-1.0, 0.5, 2.0, 0.0, np.nan]},
        index=["a", "b", "c", "d", "e"],
    )


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


# one scale -----------------------------------------------------------------------------------------------------------


def test_raw_is_log2_zero_is_half_the_minimum_blank_stays(measured, features):
    """By hand: 0 becomes 4 / 2 = 2, whose log2 is 1."""
    prepared = metabolites.prepare_metabolites(measured, features)
    np.testing.assert_array_equal(prepared["m1"], [1, 2, 3, np.nan, 4])
    np.testing.assert_array_equal(prepared["m2"], [0, 1, 2, 3, 1])


def test_logged_values_are_never_logged_again(measured, features):
    once = metabolites.prepare_metabolites(measured, features)
    twice = metabolites.prepare_metabolites(once, features.assign(scale="log"))
    pd.testing.assert_frame_equal(once, twice)
    np.testing.assert_array_equal(once["m3"], measured["m3"])


def test_doubling_a_raw_metabolite_adds_one(measured, features):
    before = measured.copy()
    doubled = metabolites.prepare_metabolites(measured.assign(m1=2 * measured["m1"]), features)
    np.testing.assert_allclose(doubled["m1"], metabolites.prepare_metabolites(measured, features)["m1"] + 1)
    pd.testing.assert_frame_equal(measured, before)


def test_metabolites_that_say_nothing_are_dropped_and_counted(measured, features):
    poor = measured.assign(m1=[0.0] * 5, m2=[1.0, 2.0, np.nan, np.nan, np.nan])
    prepared = metabolites.prepare_metabolites(poor, features)
    assert list(prepared.columns) == ["m3"]
    assert metabolites.describe_scale(poor, prepared, features) == (
        "5 people, 3 metabolites: 2 raw (now log2), 1 logged before (left as they were). 20.0 % of the values are blank "
        "and stay so. Dropped, because fewer than three people or a single value were measured: 2."
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scale": ["raw", "ln", None]}, "2 metabolites without a scale of raw or log: m2, m3"),
        ({"scale": ["raw", "raw", "raw"]}, "1 metabolite declared raw with values below 0: m3"),
    ],
)
def test_wrong_scales_are_refused_by_name(measured, features, change, message):
    with pytest.raises(ValueError, match=message):
        metabolites.prepare_metabolites(measured, features.assign(**change))


def test_other_unfit_tables_are_refused(measured, features):
    with pytest.raises(ValueError, match="no column 'scale'"):
        metabolites.prepare_metabolites(measured, features.drop(columns="scale"))
    with pytest.raises(ValueError, match="1 metabolite without a scale of raw or log: m3"):
        metabolites.prepare_metabolites(measured, features.drop(index="m3"))
    with pytest.raises(ValueError, match="Infinite"):
        metabolites.prepare_metabolites(measured.replace(16.0, np.inf), features)
    with pytest.raises(ValueError, match="1 row of the metabolites with an id"):
        metabolites.prepare_metabolites(measured.set_axis(["a", "a", "c", "d", "e"]), features)


# contrasts -----------------------------------------------------------------------------------------------------------


def test_contrast_leaves_blanks_out_and_matches_by_id(measured, features):
    """m1 without d: high (c, e) 3 and 4, low (a, b) 1 and 2: difference 2."""
    prepared = metabolites.prepare_metabolites(measured, features)
    design = pd.DataFrame({"group": [1.0, 1.0, 0.0, 0.0, 0.0]}, index=["e", "c", "d", "b", "a"])
    table = metabolites.compare_metabolites(prepared, features, design)
    assert table.loc["m1", "estimate"] == pytest.approx(2)
    assert (table.loc["m1", "n_high"], table.loc["m1", "n_low"]) == (2, 2)
    assert list(table.columns[-4:]) == ["name", "hmdb", "super_pathway", "scale"]
    assert table["d"].abs().is_monotonic_decreasing
    assert "Of 3 metabolites tested" in metabolites.describe_metabolites(table)


def test_metabolites_are_found_by_either_form_of_the_accession(features):
    found = metabolites.find_metabolites(features, ["HMDB0000092", "HMDB0001138", "HMDB0000001"])
    assert list(found) == ["m2", "m1"]
    assert metabolites.find_metabolites(features.drop(columns="hmdb"), ["HMDB0001138"]).empty


def test_a_metabolite_without_a_name_keeps_its_id(features):
    assert metabolites.name_metabolites(pd.Index(["m3", "m1"]), features).tolist() == ["m3", "N-acetylglutamate"]


# predicted potential -------------------------------------------------------------------------------------------------


def test_planted_metabolites_are_foretold_and_noise_is_not(gut):
    counts, values = gut
    potential = metabolites.predict_metabolites(counts, values.iloc[::-1], rng=np.random.default_rng(1))
    rho = potential.table["spearman"]
    assert rho["m0"] > 0.8 and rho["m1"] > 0.4
    assert rho.iloc[2:].abs().max() < 0.4 and -0.2 < rho.iloc[2:].mean() < 0.05
    assert potential.p_value == pytest.approx(1 / 20)
    assert metabolites.pick_metabolite(potential, ["m1", "absent"]) == "m1"
    assert metabolites.pick_metabolite(potential, []) == "m0"


def test_without_a_link_nothing_is_foretold(gut):
    """The same tables, people exchanged: what leaks would show as a mean above zero."""
    counts, values = gut
    order = np.random.default_rng(2).permutation(len(values))
    exchanged = pd.DataFrame(values.to_numpy()[order], index=values.index, columns=values.columns)
    potential = metabolites.predict_metabolites(counts, exchanged, rng=np.random.default_rng(1))
    assert -0.2 < potential.mean < 0.05 and potential.p_value > 0.05


def test_a_person_never_informs_their_own_prediction(gut):
    """Changing one person's metabolites changes predictions of others, never of that person's fold."""
    counts, values = gut
    changed = values.copy()
    changed.iloc[0] += 100
    first, second = (
        metabolites.predict_metabolites(counts, table, rng=np.random.default_rng(1), n_shuffles=0)
        for table in (values, changed)
    )
    same = np.isclose(first.predicted["m3"], second.predicted["m3"])
    assert same[0] and same.sum() == len(values) // 5


def test_a_fold_knows_nothing_of_the_genera_of_others(gut):
    """Depth, scale and prevalence come from the training people: another stranger's counts change nothing."""
    shares = gut[0].to_numpy() / gut[0].to_numpy().sum(axis=1, keepdims=True)
    train, test = np.arange(60), np.array([60, 61])
    values = gut[1].to_numpy()
    before = _Ridge.prepare(shares, train, test).predict(values, [1.0])
    shares[61] = np.eye(25)[3]
    after = _Ridge.prepare(shares, train, test).predict(values, [1.0])
    np.testing.assert_array_equal(before[:, 0], after[:, 0])
    assert not np.allclose(before[:, 1], after[:, 1])


def test_ridge_is_scikit_learn_ridge(gut):
    shares = gut[0].to_numpy() / gut[0].to_numpy().sum(axis=1, keepdims=True)
    values = gut[1].to_numpy()
    train, test = np.arange(60), np.arange(60, 80)
    logs = np.log10(np.maximum(shares, shares[train][shares[train] > 0].min() / 2))
    logs = (logs - logs[train].mean(axis=0)) / logs[train].std(axis=0)
    theirs = Ridge(alpha=3 * 60).fit(logs[train], values[train]).predict(logs[test])
    np.testing.assert_allclose(_Ridge.prepare(shares, train, test).predict(values, [3.0])[0], theirs, rtol=1e-8)


def test_spearman_is_scipys_over_the_people_measured(gut):
    values = gut[1].to_numpy().round(1)
    predicted = values[::-1].copy()
    values[:15, 2] = np.nan
    known = ~np.isnan(values[:, 2])
    rho = _correlate(predicted, values)
    assert rho[2] == pytest.approx(spearmanr(predicted[known, 2], values[known, 2]).statistic)
    assert np.isnan(_correlate(np.ones((5, 1)), np.arange(5.0)[:, None]))[0]


def test_blanks_are_not_scored(gut):
    counts, values = gut
    holes = values.mask(np.random.default_rng(3).random(values.shape) < 0.2)
    potential = metabolites.predict_metabolites(counts, holes, rng=np.random.default_rng(1), n_shuffles=2)
    assert (potential.table["n"] == holes.notna().sum()).all()
    assert potential.table.loc["m0", "spearman"] > 0.7
    assert potential.predicted.notna().all(axis=None)


def test_same_seed_same_numbers(gut):
    first, second = (
        metabolites.predict_metabolites(*gut, rng=np.random.default_rng(9), n_shuffles=3) for _ in range(2)
    )
    pd.testing.assert_frame_equal(first.table, second.table)
    np.testing.assert_array_equal(first.null_means, second.null_means)


def test_words_say_potential_never_level(gut, features):
    potential = metabolites.predict_metabolites(*gut, rng=np.random.default_rng(1), n_shuffles=4)
    sentence = metabolites.describe_predicted(potential)
    assert sentence.startswith("Predicted potential of 10 metabolites from 25 genera in 80 people (5 folds)")
    assert "level" not in sentence and "of 4 shuffles, p = " in sentence
    table = metabolites.tabulate_predicted(potential, features)
    assert table["spearman"].is_monotonic_decreasing and table.loc["m1", "name"] == "N-acetylglutamate"


def test_unfit_people_are_refused(gut):
    counts, values = gut
    rng = np.random.default_rng(1)
    with pytest.raises(ValueError, match="15 participants with both taxa and metabolites; at least 20"):
        metabolites.predict_metabolites(counts.iloc[:15], values, rng=rng)
    with pytest.raises(ValueError, match="An id stands twice"):
        metabolites.predict_metabolites(counts.set_axis(["x"] * 80), values, rng=rng)
    with pytest.raises(ValueError, match="1 sample without reads"):
        metabolites.predict_metabolites(counts.mul(counts.index != "sub-003", axis=0), values, rng=rng)
    with pytest.raises(ValueError, match="penalty must be above 0"):
        metabolites.predict_metabolites(counts, values, rng=rng, penalties=(0.0, 1.0))
