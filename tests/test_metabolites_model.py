"""Models kept and handed on: no person inside, applied with clear refusals, honest about strangers."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from helpers import metabolites
from helpers.metabolites.applicability import APPLICABLE
from helpers.problems import CohortError
from helpers.tables import read_table
from tests.support import run_command

N_PEOPLE, N_GENERA = 90, 30


@pytest.fixture(scope="module")
def gut():
    """Genera that go together along three axes; m0 follows one genus, m1 to m3 are noise."""
    rng = np.random.default_rng(6)
    ids = [f"sub-{i:03d}" for i in range(N_PEOPLE)]
    logs = rng.normal(size=(N_PEOPLE, 3)) @ rng.normal(size=(3, N_GENERA)) + 0.3 * rng.normal(size=(N_PEOPLE, N_GENERA))
    counts = pd.DataFrame(rng.poisson(300 * np.exp(logs)), index=ids).add_prefix("genus=G")
    values = rng.normal(size=(N_PEOPLE, 4))
    values[:, 0] = logs[:, 0] + 0.2 * values[:, 0]
    return counts, pd.DataFrame(values, index=ids).add_prefix("m")


@pytest.fixture(scope="module")
def described():
    return pd.DataFrame(
        {
            "name": ["indole", "urea", "lactate", "betaine"],
            "hmdb": ["HMDB0000738", "HMDB00294", None, None],
            "kegg": [None, None, "C00186", None],
        },
        index=[f"m{i}" for i in range(4)],
    )


@pytest.fixture(scope="module")
def model(gut, described):
    rng = np.random.default_rng(2)
    counts, values = gut
    return metabolites.fit_potential(
        counts.iloc[:70], values, described, rng=rng, cohort="made up", licence="CC0", n_folds=5, n_shuffles=3
    )


def test_a_model_foretells_people_it_did_not_learn_from(gut, model):
    counts, values = gut
    applied = metabolites.apply_potential(model, counts.iloc[70:])
    assert applied.predicted["predicted_m0"].corr(values["m0"].iloc[70:], method="spearman") > 0.7
    assert model.metabolites.loc["m0", "spearman"] > 0.7 > model.metabolites.loc["m1", "spearman"]
    assert applied.matched == 1 and applied.n_unused == 0
    assert metabolites.find_predicted(applied.predicted).size == 4


def test_saved_and_read_again_it_says_the_same_and_holds_no_person(gut, model, tmp_path):
    path = tmp_path / "model.json"
    metabolites.save_potential(model, path)
    read = metabolites.read_potential(path)
    first, second = (metabolites.apply_potential(each, gut[0]) for each in (model, read))
    np.testing.assert_allclose(second.predicted, first.predicted, atol=2e-4)
    np.testing.assert_allclose(second.applicability, first.applicability, atol=2e-3)
    text = path.read_text()
    assert "sub-0" not in text and "NaN" not in text
    saved = json.loads(text)
    assert (
        saved["about"]["n_people"] == 70
        and saved["about"]["licence"] == "CC0"
        and len(saved["about"]["sha256"]["features"]) == 64
    )
    assert "never levels" in saved["about"]["wording"]
    assert list(read.metabolites["name"]) == ["indole", "urea", "lactate", "betaine"]


def test_order_of_columns_and_depth_change_nothing(gut, model):
    counts = gut[0].iloc[70:]
    first = metabolites.apply_potential(model, counts).predicted
    second = metabolites.apply_potential(model, 10 * counts.iloc[:, ::-1]).predicted
    np.testing.assert_allclose(first, second, atol=1e-12)


def test_absent_features_push_nothing_and_too_few_are_refused_with_the_share(gut, model):
    counts = gut[0].iloc[70:]
    some = metabolites.apply_potential(model, counts.iloc[:, 6:])
    assert some.matched == pytest.approx(24 / 30) and list(some.absent) == list(counts.columns[:6])
    with pytest.raises(
        ValueError,
        match=r"9 of the 30 features of the model \(30 %\) in the table; at least 50 % are needed. Not found: genus=G0",
    ):
        metabolites.apply_potential(model, counts.iloc[:, 21:])
    with pytest.raises(ValueError, match="0 of the 30 features"):
        metabolites.apply_potential(model, counts.set_axis([f"g{i}" for i in range(30)], axis=1))


def test_applicability_falls_with_strangeness_and_error_rises(gut, model):
    """Reads moved to genera drawn at random, more and more of them: the score falls and predictions worsen."""
    counts, values = gut
    rng = np.random.default_rng(3)
    shares = counts.iloc[70:].div(counts.iloc[70:].sum(axis=1), axis=0)
    mixed = pd.DataFrame(rng.permuted(shares.to_numpy(), axis=1), shares.index, shares.columns)
    applied = [metabolites.apply_potential(model, (1 - d) * shares + d * mixed) for d in (0.0, 0.3, 1.0)]
    medians = [each.applicability.median() for each in applied]
    rho = [each.predicted["predicted_m0"].corr(values["m0"].iloc[70:], method="spearman") for each in applied]
    assert medians[0] > medians[1] > medians[2] and medians[2] < APPLICABLE
    assert rho[0] > rho[1] > rho[2]
    assert ((applied[0].applicability >= 0) & (applied[0].applicability <= 1)).all()
    flagged = int((applied[2].applicability < APPLICABLE).sum())
    assert f"{flagged} of the samples lie farther" in metabolites.describe_applied(applied[2], model)


def test_people_alike_are_flagged_as_often_as_said(gut, model):
    """Applicability of people of the same kind is about uniform: near 5 % fall below 0.05."""
    assert (metabolites.apply_potential(model, gut[0].iloc[70:]).applicability < APPLICABLE).mean() < 0.25


# another cohort ------------------------------------------------------------------------------------------------------


def test_metabolites_meet_by_accession_and_never_by_name():
    first = pd.DataFrame(
        {
            "name": ["a", "b", "c", "d"],
            "hmdb": ["HMDB00092", "HMDB0000001", "HMDB0000001", None],
            "kegg": [None, None, None, "C00186"],
        },
        index=list("wxyz"),
    )
    second = pd.DataFrame(
        {"name": ["q", "b", "c"], "hmdb": ["HMDB0000092", "HMDB0000001", None], "kegg": [None, None, "C00186"]},
        index=["p1", "p2", "p3"],
    )
    matched = metabolites.match_metabolites(first, second)
    assert matched["other"].to_dict() == {"w": "p1", "z": "p3"}  # x and y share an accession: it does not say which


def test_transfer_compares_with_what_was_measured_there(gut, model, described):
    counts, values = gut
    there = values.iloc[70:].rename(columns={"m0": "skatole", "m2": "lac"})[["skatole", "lac"]]
    known = pd.DataFrame({"hmdb": ["HMDB0000738", None], "kegg": [None, "C00186"]}, index=["skatole", "lac"])
    transfer = metabolites.transfer_potential(model, counts.iloc[70:], there, known)
    assert list(transfer.table.index) == ["m0", "m2"]
    assert transfer.table.loc["m0", "spearman"] > 0.7 and transfer.table.loc["m0", "n"] == 20
    assert "2 of 2 metabolites of the new cohort match by id" in metabolites.describe_transfer(transfer)
    with pytest.raises(ValueError, match="No metabolite of the new cohort"):
        metabolites.transfer_potential(model, counts.iloc[70:], there, known.assign(hmdb=None, kegg=None))


def test_genera_meet_by_lineage_and_are_added_up():
    taxonomy = pd.DataFrame({"family": ["F", "F", None], "genus": ["G", "G", None]}, index=["t1", "t2", "t3"])
    counts = pd.DataFrame([[1, 2, 4]], index=["a"], columns=["t1", "t2", "t3"])
    assert metabolites.rename_taxa(counts, taxonomy).loc["a"].to_dict() == {"family=F; genus=G": 3, "unnamed": 4}


def test_kim_holds_in_kang(fetched):
    """Learnt in 240 people, asked of 44 children of another laboratory: above zero on average, below home."""
    kim, kang = fetched("kim_adenomas_2020"), fetched("kang_autism_2017")
    tables = {}
    for folder in (kim, kang):
        features = read_table(folder / "metabolites" / "features.tsv")
        taxa = metabolites.rename_taxa(
            read_table(folder / "microbiome" / "taxa.tsv"), read_table(folder / "microbiome" / "taxonomy.tsv")
        )
        values = metabolites.prepare_metabolites(read_table(folder / "metabolites" / "metabolites.tsv"), features)
        tables[folder] = taxa, values, features
    learnt = metabolites.fit_potential(*tables[kim], rng=np.random.default_rng(1), n_shuffles=0)
    transfer = metabolites.transfer_potential(learnt, *tables[kang])
    assert transfer.applied.matched > 0.8 and len(transfer.table) >= 20
    assert 0.1 < transfer.table["spearman"].mean() < transfer.table["spearman_home"].mean()


# published weights ---------------------------------------------------------------------------------------------------


def test_published_weights_fit_the_people_they_were_learnt_from(fetched):
    """The data card: 0.65 on average with raw genes; with normal scores 0.66. Other people's metabolites: nothing."""
    folder = fetched("melonnpan_prism")
    genes, measured = read_table(folder / "genes.tsv"), read_table(folder / "metabolites.tsv")
    predicted = metabolites.apply_weights(genes, read_table(folder / "weights.tsv"))
    names = read_table(folder / "metabolite_names.tsv")["name"]
    assert predicted.shape == (157, 80) and predicted.attrs["matched"] > 0.99
    assert metabolites.compare_weights(predicted, measured, names).mean() == pytest.approx(0.66, abs=0.01)
    exchanged = measured.set_axis(np.roll(measured.index, 40))
    assert abs(metabolites.compare_weights(predicted, exchanged, names).mean()) < 0.1


def test_weights_without_their_genes_are_refused():
    weights = pd.DataFrame({"x": [0.1, 1.0, 2.0, 0.0]}, index=["Intercept", "g1", "g2", "g3"])
    genes = pd.DataFrame({"g3": [1.0, 2.0]}, index=["a", "b"])
    with pytest.raises(ValueError, match=r"0 of the 2 genes with a weight \(0 %\).*Not found: g1, g2"):
        metabolites.apply_weights(genes, weights)
    with pytest.raises(ValueError, match="no row 'Intercept'"):
        metabolites.apply_weights(genes, weights.drop(index="Intercept"))


# the command ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def files(gut, model, tmp_path):
    metabolites.save_potential(model, tmp_path / "model.json")
    gut[0].rename_axis("participant_id").to_csv(tmp_path / "taxa.tsv", sep="\t")
    return tmp_path


def test_the_command_writes_potential_and_says_how_far_to_trust_it(files):
    done = run_command(
        "predict", str(files / "model.json"), str(files / "taxa.tsv"), "--output", str(files / "out.tsv")
    )
    assert done.returncode == 0, done.stderr
    assert "Predicted potential of 4 metabolites in 90 samples, from 70 people of made up" in done.stdout
    written = read_table(files / "out.tsv")
    assert list(written.columns) == ["applicability", *[f"predicted_m{i}" for i in range(4)]]
    assert len(written) == N_PEOPLE and written.index.name == "participant_id"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda table: table.add_prefix("x"), r"found 0 of the 30 features of the model \(0 %\)"),
        (lambda table: table.assign(sex="F"), r"found text in 1 column \(sex\)"),
        (lambda table: table.assign(predicted_m0=1.0), r"found columns of predicted potential \(predicted_m0\)"),
        (lambda table: -table, "without reads, or with a blank"),
        (lambda table: pd.concat([table, table.iloc[:2]]), "found 2 rows with an id that stands earlier"),
    ],
)
def test_unfit_tables_end_in_a_sentence_and_write_nothing(files, damage, message):
    damage(read_table(files / "taxa.tsv")).to_csv(files / "taxa.tsv", sep="\t")
    with pytest.raises(CohortError, match=message):
        metabolites.predict_table(files / "model.json", files / "taxa.tsv", files / "out.tsv")
    assert not (files / "out.tsv").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [("{", "no file that can be read as JSON"), ("[]", "JSON that is no model"), (None, "no file that can be read")],
)
def test_unfit_models_end_in_a_sentence(files, text, message):
    (files / "model.json").unlink()
    if text is not None:
        (files / "model.json").write_text(text)
    with pytest.raises(CohortError, match=message):
        metabolites.predict_table(files / "model.json", files / "taxa.tsv", files / "out.tsv")


def test_a_model_with_a_part_cut_off_is_refused(files):
    saved = json.loads((files / "model.json").read_text())
    saved["features"].pop()
    (files / "model.json").write_text(json.dumps(saved))
    with pytest.raises(CohortError, match="parts do not fit together"):
        metabolites.read_potential(files / "model.json")
