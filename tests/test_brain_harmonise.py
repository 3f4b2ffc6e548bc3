"""Pooled studies: ComBat learnt on some and applied to others, each study alone, the score as it is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.base import clone

from helpers import brain
from helpers.contrasts import fit_contrasts

IDS = [f"sub-{i:03d}" for i in range(1, 61)]
STUDY = pd.Series(["A", "A", "B"] * 20, index=IDS, name="study")


@pytest.fixture
def design():
    age = np.random.default_rng(2).normal(size=60)
    return pd.DataFrame({"group": [1.0, 0.0] * 30, "age": age, "study: B": (STUDY == "B").astype(float)}, index=IDS)


@pytest.fixture
def values(design):
    """Twenty features; study B is shifted and has twice the spread; age raises all; no group effect but in the first five."""
    rng = np.random.default_rng(3)
    noise = rng.normal(size=(60, 20))
    noise[(STUDY == "B").to_numpy()] = 2 * noise[(STUDY == "B").to_numpy()] + rng.normal(3, 1, 20)
    noise[:, :5] += 0.8 * design[["group"]].to_numpy()
    noise += 0.5 * design[["age"]].to_numpy()
    return pd.DataFrame(noise, index=IDS, columns=[f"f{i}" for i in range(20)])


def question(values, design, members=("f0", "f1", "f2", "f3", "f4")):
    return brain.Question("first five", values, members, False, design)


def test_training_people_come_out_as_neuroharmonize_has_them(values, design):
    """Peer: harmonizationLearn returns the harmonised training data; ours are parameters applied."""
    from neuroHarmonize import harmonizationLearn

    _, theirs = harmonizationLearn(
        values.to_numpy(), pd.DataFrame({"SITE": STUDY.to_numpy(), "age": design["age"].to_numpy()}), seed=0
    )
    ours = brain.ComBat(STUDY, design[["age"]]).fit_transform(values)
    np.testing.assert_allclose(ours, theirs, atol=1e-6)  # its design is in single precision


def test_new_people_come_out_as_neuroharmonize_has_them(values, design):
    """Peer: harmonizationApply, where every study is among the new people (elsewhere it fails)."""
    from neuroHarmonize import harmonizationApply, harmonizationLearn

    covariates = pd.DataFrame({"SITE": STUDY, "age": design["age"]})
    train, new = IDS[:40], IDS[40:]
    model, _ = harmonizationLearn(values.loc[train].to_numpy(), covariates.loc[train], seed=0)
    theirs = harmonizationApply(values.loc[new].to_numpy(), covariates.loc[new], model)
    ours = brain.ComBat(STUDY, design[["age"]]).fit(values.loc[train]).transform(values.loc[new])
    np.testing.assert_allclose(ours, theirs, atol=1e-6)  # its design is in single precision


def test_one_new_person_of_one_study_is_enough(values):
    combat = brain.ComBat(STUDY).fit(values.loc[IDS[:40]])
    alone = combat.transform(values.loc[IDS[41:42]])
    pd.testing.assert_frame_equal(alone, combat.transform(values.loc[IDS[40:]]).loc[IDS[41:42]])


def test_held_out_people_do_not_change_what_is_learnt(values):
    """The leak that fitting on everybody makes: change the held-out people, and the training people stay the same."""
    changed = values.copy()
    changed.loc[IDS[40:]] += 100
    train = IDS[:40]
    fits = [clone(brain.ComBat(STUDY)).fit(table.loc[train]) for table in (values, changed)]
    np.testing.assert_array_equal(fits[0].shift_, fits[1].shift_)
    np.testing.assert_array_equal(fits[0].transform(values.loc[train]), fits[1].transform(values.loc[train]))


def test_shift_and_spread_of_studies_are_taken_out(values):
    harmonised = brain.ComBat(STUDY).fit_transform(values)
    before, after = (table.groupby(STUDY).mean().diff().iloc[1].abs().mean() for table in (values, harmonised))
    assert after < 0.1 * before
    spread = harmonised.groupby(STUDY).std().mean(axis=1)
    assert spread["B"] / spread["A"] == pytest.approx(1, abs=0.15)


def test_the_callers_chance_is_left_alone(values):
    """neuroHarmonize seeds numpy's global chance anew unless it is stopped."""
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    brain.ComBat(STUDY).fit(values)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_a_feature_without_variation_and_a_single_feature_pass(values):
    constant = values.assign(f0=1.0)
    assert (brain.ComBat(STUDY).fit_transform(constant)["f0"] == 1.0).all()
    single = brain.ComBat(STUDY).fit_transform(values[["f7"]])
    assert np.isfinite(single).all(axis=None)


def test_an_unseen_study_is_refused_by_name(values):
    combat = brain.ComBat(STUDY.replace({"B": "C"}).where(STUDY.index < "sub-041", "Z")).fit(values.loc[IDS[:40]])
    with pytest.raises(ValueError, match=r"has not seen study Z; it knows A, C\..*Fix"):
        combat.transform(values.loc[IDS[40:]])


@pytest.mark.parametrize(
    ("study", "covariates", "spoil", "said"),
    [
        (STUDY.where(STUDY != "B", "A"), None, None, "two or more studies; here is A only"),
        (STUDY.where(STUDY.index != "sub-001", "C"), None, None, "1 person of study C"),
        (STUDY.where(STUDY.index != "sub-001"), None, None, r"1 person without a study \(sub-001\)"),
        (STUDY, "group", None, "The group is among the covariates"),
        (STUDY, None, "f3", r"1 feature with a missing value \(f3\)"),
    ],
)
def test_what_cannot_be_harmonised_is_refused(values, design, study, covariates, spoil, said):
    if spoil:
        values.loc["sub-002", spoil] = np.nan
    with pytest.raises(ValueError, match=said):
        brain.ComBat(study, design[[covariates]] if covariates else None).fit(values)


def test_harmonising_all_keeps_the_group_and_features_with_blanks(values, design):
    values.loc["sub-002", "f19"] = np.nan
    harmonised = brain.harmonise(values, STUDY, keep=design[["group", "age"]])
    pd.testing.assert_series_equal(harmonised["f19"], values["f19"])
    kept = fit_contrasts(harmonised[["f0"]], design[["group", "age"]]).iloc[0]
    assert kept["d"] == pytest.approx(0.8, abs=0.7) and kept["d"] > 0


def test_three_ways_to_handle_the_study_are_set_side_by_side(values, design):
    """Identity: the first two rows are plain contrasts without and with the column of the study."""
    table = brain.compare_harmonisation([question(values, design)], STUDY)
    assert table["study"].tolist() == ["the study ignored", "the study as a covariate", "ComBat"]
    score = values[["f0", "f1", "f2", "f3", "f4"]].mean(axis=1).to_frame("s")
    for row, terms in ((0, design.drop(columns="study: B")), (1, design)):
        assert table["d"].iloc[row] == pytest.approx(fit_contrasts(score, terms)["d"].iloc[0])
    assert table["d_high"].iloc[2] - table["d_low"].iloc[2] > 0
    assert brain.describe_harmonisation(table).count("(") == 4
    assert brain.compare_harmonisation([question(values, design)], None).empty


def test_each_study_alone_then_all(values, design):
    """Identity: the row of a study is the contrast among its people, without the column of the study."""
    table = brain.compare_studies([question(values, design)], STUDY)
    assert table["study"].tolist() == ["study A", "study B", "all studies"]
    members = STUDY.index[STUDY == "A"]
    score = values[["f0", "f1", "f2", "f3", "f4"]].mean(axis=1).to_frame("s")
    own = fit_contrasts(score.loc[members], design.loc[members, ["group", "age"]]).iloc[0]
    assert table["d"].iloc[0] == pytest.approx(own["d"])
    assert table["d"].iloc[2] == pytest.approx(fit_contrasts(score, design)["d"].iloc[0])
    assert "in study A" in brain.describe_studies(table)
    assert brain.compare_studies([question(values, design)], None)["study"].tolist() == ["all people"]


def test_a_study_with_a_handful_of_people_is_left_out(values, design):
    few = STUDY.where(~STUDY.index.isin(IDS[:6]), "tiny")
    assert brain.compare_studies([question(values, design)], few)["study"].tolist() == [
        "study A",
        "study B",
        "all studies",
    ]


def test_partial_correlation_is_that_of_residuals(values, design):
    """Identity: correlate what the covariates leave of feature and score."""
    score = pd.Series(np.random.default_rng(9).normal(size=60), index=IDS) + design["group"]
    table = brain.compare_split_with_score([question(values, design)], score)
    terms = np.column_stack([np.ones(60), design[["age", "study: B"]]])
    feature = values[["f0", "f1", "f2", "f3", "f4"]].mean(axis=1)
    left = [
        column - terms @ np.linalg.lstsq(terms, column, rcond=None)[0] for column in (feature, design["group"], score)
    ]
    assert table["r"].iloc[0] == pytest.approx(stats.pearsonr(left[0], left[1])[0])
    assert table["r"].iloc[1] == pytest.approx(stats.pearsonr(left[0], left[2])[0])
    assert (table["r_low"] < table["r"]).all() and (table["r"] < table["r_high"]).all()
    assert "n = 60" in brain.describe_split_with_score(table)


def test_without_scores_or_questions_there_is_nothing_to_compare(values, design):
    empty = brain.compare_split_with_score([question(values, design)], pd.Series(np.nan, index=IDS))
    assert empty.empty and brain.describe_split_with_score(empty).startswith("There is no score")
    assert brain.describe_studies(brain.compare_studies([], STUDY)).startswith("This cohort can answer none")
    assert brain.describe_harmonisation(brain.compare_harmonisation([], STUDY)).startswith("There is one study")


def test_questions_are_the_contrasts_of_networks_and_sets(design):
    """Identity: the pooled row of each question is the declared contrast of the chapter."""
    rng = np.random.default_rng(4)
    nodes = pd.DataFrame({"network": ["Reward", "Reward", "Motor"]}, index=["a", "b", "c"])
    blocks = {
        "connectivity": pd.DataFrame(np.tanh(rng.normal(0, 0.3, (60, 3))), index=IDS, columns=["a--b", "a--c", "b--c"]),
        "volumes": pd.DataFrame(rng.normal(9, 1, (60, 3)), index=IDS, columns=["icv", "insula", "cuneus"]),
        "motion": pd.DataFrame({"mean_fd_mm": rng.uniform(0.1, 0.3, 60)}, index=IDS),
    }
    sets = pd.DataFrame({"set": "calm", "block": ["volumes", "tracts"], "region": ["insula", "fornix"]})
    questions = brain.list_questions(blocks, design, nodes=nodes, declared="Motor × Reward", sets=sets)
    table = brain.compare_studies(questions, STUDY).set_index(["measure", "study"])["d"]
    pair = brain.compare_networks(blocks["connectivity"], nodes, brain.add_motion(design, blocks["motion"]))
    declared = brain.compare_sets(blocks["volumes"], None, sets, design)
    assert table["Motor × Reward", "all studies"] == pytest.approx(pair.loc["Motor × Reward", "d"])
    assert table["calm.volumes", "all studies"] == pytest.approx(declared.loc["calm.volumes", "d"])
