"""The multiverse: the same numbers as the chapters where the choices are theirs, and one honest null for the rest."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from helpers import brain, metabolites, microbiome, resilience
from helpers import multiverse as mv
from helpers.cohort import assign_groups, design_matrix
from helpers.contract import ColumnRule, load_cohort
from helpers.contrasts import fit_contrasts
from helpers.integration import BlockSPLSDA, cross_validate, keep_equally, make_filters, prepare_blocks
from helpers.multiverse.dichotomisations import CONTINUOUS, MEDIAN, THIRDS, Score
from helpers.multiverse.fitting import bound_effects
from helpers.simulate import draw_cohort, simulate_cohort
from helpers.tables import read_result, read_table, resolve_path
from helpers.verdict import find_row, load_claims
from tests.support import run_command

CLAIMS = load_claims("data/claims/an2024.yml")
CONTRASTS = [claim for claim in CLAIMS if not claim.is_rank]
SETS = read_table(resolve_path("data/sets/brain_sets.tsv"))


@pytest.fixture(scope="module")
def cohort():
    return draw_cohort(n_participants=70, seed=3, effect=1.0).cohort


@pytest.fixture(scope="module")
def run(cohort):
    return mv.run_multiverse(cohort, CLAIMS, sets=SETS, n_permutations=19, rng=np.random.default_rng(1))


def draw_symptoms(seed, n=60):
    return draw_cohort(n_participants=n, seed=seed, effect=0.0, blocks=()).cohort


@pytest.mark.parametrize("weighted", [False, True])
def test_many_labellings_are_as_many_linear_models(rng, weighted):
    """Identity with fit_contrasts, one labelling after the other, with people left out or not."""
    ids = np.array([f"sub-{i:02d}" for i in range(60)])
    values, covariates = rng.normal(size=(60, 4)), rng.normal(5, 2, size=(60, 3))
    labels = np.array([rng.permutation(np.arange(60) < 25).astype(float) for _ in range(5)])
    kept = (rng.random((5, 60)) < 0.7).astype(float) if weighted else None
    found = mv.fit_labellings(values, covariates, labels, kept)
    for k, group in enumerate(labels):
        rows = np.ones(60, bool) if kept is None else kept[k] > 0
        design = pd.DataFrame(covariates[rows], ids[rows]).assign(group=group[rows])
        expected = fit_contrasts(pd.DataFrame(values[rows], ids[rows]), design)
        assert found.d[k] == pytest.approx(expected["d"].to_numpy())
        assert found.t[k] == pytest.approx(expected["t"].to_numpy())
        assert found.df[k] == pytest.approx(expected["df"].iloc[0])
        assert found.df_residual[k] == rows.sum() - 5
        low, high = bound_effects(found.d[k], found.t[k], np.full(4, found.df[k]), np.full(4, found.df_residual[k]))
        assert (low, high) == (
            pytest.approx(expected["d_low"].to_numpy()),
            pytest.approx(expected["d_high"].to_numpy()),
        )


def test_a_labelling_that_follows_from_a_covariate_gives_no_number():
    label = np.array([0.0, 0, 1, 1, 0, 1])
    found = mv.fit_labellings(np.arange(6.0)[:, None] ** 2, label[:, None], label[None, :])
    assert np.isnan(found.d).all()


def test_the_declared_specification_is_what_the_chapters_say(cohort, run):
    """All fifteen claims about a difference, through the chapters' own functions."""
    groups = assign_groups(cohort, resilience.score_outcome(cohort))
    design = design_matrix(cohort, groups)
    connectivity, nodes = cohort.block("connectivity"), cohort.features["connectivity"]
    reads, features = cohort.block("transcripts"), cohort.features["transcripts"]
    measured, names = cohort.block("metabolites"), cohort.features["metabolites"]
    prepared = metabolites.prepare_metabolites(measured, names)
    tables = {
        "symptoms": resilience.compare_symptoms(resilience.score_measures(cohort), design),
        "networks": brain.compare_networks(connectivity, nodes, brain.add_motion(design, cohort.block("motion"))),
        "sets": brain.compare_sets(cohort.block("volumes"), cohort.block("tracts"), SETS, design),
        "functions": microbiome.compare_functions(reads, features, design),
        "metabolites": metabolites.compare_metabolites(prepared, names, design),
    }
    declared = run.specifications[run.specifications["is_declared"]].set_index("claim")
    assert sorted(declared.index) == [claim.id for claim in CONTRASTS]
    for claim in CONTRASTS:
        row, one = find_row(claim, tables[claim.table]), declared.loc[claim.id]
        assert (one["effect"], one["effect_low"], one["effect_high"], one["p"]) == pytest.approx(
            (row["d"], row["d_low"], row["d_high"], row["p"])
        ), claim.id
        assert one["n"] == row["n_high"] + row["n_low"]


def test_every_combination_of_options_is_there_once(run):
    """At least the 500 specifications promised; no two alike; each claim faces the decisions of its block."""
    table = run.specifications
    assert len(table) >= 500
    assert not table.duplicated(["claim", *run.decisions]).any()
    for _, found in table.groupby("claim"):
        faced = [name for name in run.decisions if found[name].notna().any()]
        assert len(found) == np.prod([len(found[name].dropna().unique()) for name in faced])
    asked = {"groups", "covariates", "batch", "pseudocount", "motion", "head size", "edges", "log-ratio", "scale"}
    assert asked <= set(mv.list_decisions(run))


def test_one_shuffle_runs_through_all_specifications(cohort, run):
    """A shuffled cohort, run by itself, gives the row of the null that this shuffle has."""
    score = mv.read_score(cohort)
    shuffles = mv.draw_shuffles(cohort, score, n_permutations=19, rng=np.random.default_rng(1))
    study = cohort.participants.loc[score.values.index, "study"]
    for level in study.unique():
        assert shuffles[7][study == level].mean() == pytest.approx(score.values[study == level].mean())
    totals = pd.DataFrame({"total": shuffles[7]}, score.values.index)
    rule = replace(cohort.settings.outcome, measure="own", score="total")
    phenotype = {**cohort.phenotype, "own": totals}
    other = replace(cohort, phenotype=phenotype, settings=replace(cohort.settings, outcome=rule))
    again = mv.run_multiverse(other, CLAIMS[:1], sets=SETS, n_permutations=0, rng=np.random.default_rng(1))
    kept = ["claim", *run.decisions]
    mine = run.specifications[kept].assign(null=run.null[6])
    merged = again.specifications.merge(mine, on=["claim", "covariates", "batch", "scale", "groups"])
    merged = merged[merged["groups"] == run.decisions["groups"][0]]  # other cuts follow the scores at hand
    assert len(merged) >= 10
    assert merged["effect"].to_numpy() == pytest.approx(merged["null"].to_numpy(), abs=1e-5)


def test_the_curve_of_noise_is_rejected_as_often_as_it_should():
    """Null twins, 19 shuffles: p of the whole curve is uniform on 1/20, 2/20 … 1; 0.05 is reached one time in twenty."""
    p = np.concatenate([
        mv.summarise_claims(
            mv.run_multiverse(draw_symptoms(seed), CLAIMS[:2], sets=SETS, n_permutations=19, rng=np.random.default_rng(seed)),
            CLAIMS[:2],
        )["p_median"]
        for seed in range(25)
    ])  # fmt: skip
    assert len(p) == 50
    assert (p <= 0.05).sum() <= stats.binom.ppf(0.9999, 50, 0.05)
    assert p.mean() == pytest.approx(0.525, abs=4 * 0.29 / 25**0.5)


def test_other_ways_to_group_are_on_one_scale(rng):
    """A trait that grows evenly with the score has the same d by whichever groups, in units of the declared distance."""
    n = 20_000
    values = pd.Series(rng.normal(80, 13, n), [f"sub-{i}" for i in range(n)])
    score = mv.Score(values, {"declared": 82.0, MEDIAN: 80.0}, (74.4, 85.6))
    trait = values.to_numpy() / 13 + rng.normal(0, 3, n)
    found = {}
    for option in score.options:
        labels, kept = score.label(option, values.to_numpy()[None, :])
        found[option] = mv.fit_labellings(trait[:, None], np.empty((n, 0)), labels, kept).d[0, 0]
    assert list(found) == ["declared", MEDIAN, THIRDS, CONTINUOUS]
    assert list(found.values()) == pytest.approx([found["declared"]] * 4, abs=0.05)


def test_groups_by_diagnosis_are_taken_as_declared(cohort):
    people = cohort.participants.assign(diagnosis=np.where(np.arange(70) % 2, "HC", "MDD"))
    rule = ColumnRule("diagnosis", ("HC",), ("MDD",))
    patients = replace(cohort, participants=people, settings=replace(cohort.settings, outcome=rule))
    assert mv.read_score(patients).options == ["declared groups"]
    run = mv.run_multiverse(patients, CLAIMS[6:8], sets=SETS, n_permutations=3, rng=np.random.default_rng(1))
    assert "groups" not in mv.list_decisions(run)
    assert run.null.shape == (3, len(run.specifications))


def test_influence_names_the_decision_that_moves_a_claim(run):
    """Identity: main effects of a full factorial add up to at most the whole; the largest stands first."""
    influence = mv.measure_influence(run)
    sums = influence.groupby(level=0)["variance_share"].sum()
    assert ((sums > 0) & (sums <= 1 + 1e-9)).all()
    first = influence[~influence.index.duplicated()]
    assert (first["variance_share"] == influence.groupby(level=0)["variance_share"].max().reindex(first.index)).all()
    doubled = run.specifications.assign(effect=np.where(run.specifications["scale"] == "normal scores", 1.0, 0.0))
    only = mv.measure_influence(replace(run, specifications=doubled))
    assert only.loc[only["decision"] == "scale", "variance_share"].to_numpy() == pytest.approx(1.0)
    assert set(only.loc[only["decision"] == "scale", "highest"]) == {"normal scores"}
    assert "scale (15 claims)" in mv.describe_influence(only)


def test_summaries_and_sentences_agree_with_the_specifications(run):
    summary = mv.summarise_claims(run, CLAIMS)
    mine = run.specifications[run.specifications["claim"] == "C01"]
    row = summary.loc["C01"]
    assert (row["n_specifications"], row["median"]) == (len(mine), mine["effect"].median())
    assert row["share_found"] == ((mine["effect"] < 0) & (mine["p"] < 0.05)).mean()
    own = np.median(run.null[:, (run.specifications["claim"] == "C01").to_numpy()], axis=1)
    assert row["p_median"] == (1 + (own <= row["median"]).sum()) / 20
    assert f"{len(run.specifications):,} specifications for 15 claims" in mv.describe_multiverse(run)
    assert "permuted 19 times within the levels of study" in mv.describe_multiverse(run)
    joint = mv.test_jointly(run, CLAIMS)
    assert joint["p"].between(1 / 20, 1).all()
    assert "19 permutations" in mv.describe_joint(joint)
    steady = summary.index[summary["share_expected"] == 1]
    assert f"every specification for {len(steady)} ({', '.join(steady)})" in mv.describe_curves(summary)


def test_a_curve_is_ordered_beside_ordered_nulls(run):
    curve = mv.specification_curve(run, "C13", n_bins=7)
    assert curve.points["effect"].is_monotonic_increasing
    assert (curve.points["null_low"] <= curve.points["null_high"]).all()
    assert curve.points["is_declared"].sum() == 1
    assert curve.options.shape[1] == 7
    by_decision = curve.options.groupby(level=0).sum()
    assert by_decision.to_numpy() == pytest.approx(1.0)
    assert mv.specification_curve(run, "C99").points.empty


def test_a_cohort_without_the_data_has_no_specification():
    bare = replace(draw_symptoms(1), phenotype={"cd_risc": draw_symptoms(1).phenotype["cd_risc"]})
    run = mv.run_multiverse(bare, CLAIMS, sets=SETS, n_permutations=5, rng=np.random.default_rng(1))
    assert run.specifications.empty
    assert "nothing was run" in mv.describe_multiverse(run)
    ranks = mv.run_rank_multiverse(bare, CLAIMS, rng=np.random.default_rng(1))
    assert ranks.specifications.empty
    assert mv.describe_ranks(ranks, mv.summarise_claims(ranks, CLAIMS)).startswith("No claim about a rank")
    assert mv.pick_claim(mv.summarise_claims(ranks, CLAIMS)) == ""


def test_the_lead_of_a_block_is_that_of_the_validated_integration(cohort):
    """Two choices, one shuffle: the lead is told by AUC and by error, and threads change no number."""
    few = {"design_weights": (0.1,), "n_kept": (5,), "n_components": (1,), "n_folds": 3, "n_permutations": 1}
    small = {name: cohort.blocks[name] for name in ("transcripts", "taxa", "metabolites")}
    light = replace(cohort, blocks={**cohort.blocks, **small})
    light.blocks.pop("connectivity")
    one, two = (
        mv.run_rank_multiverse(light, CLAIMS, rng=np.random.default_rng(5), n_workers=workers, **few)
        for workers in (1, 2)
    )
    assert (one.specifications["effect"] == two.specifications["effect"]).all()
    assert (one.null == two.null).all()
    assert one.null.shape == (1, 4)
    assert set(one.specifications["accuracy by"]) == {"AUC", "balanced error"}
    assert one.specifications["effect"].abs().between(1e-9, 1).any()
    said = mv.describe_ranks(one, mv.summarise_claims(one, CLAIMS))
    assert "of 4 specifications" in said


def test_a_block_leads_other_blocks_and_not_what_stands_beside_them(cohort):
    """Ridge, forest and each block alone are told beside the blocks; the lead is over the best other block."""
    names = ("transcripts", "taxa", "metabolites")
    light = replace(cohort, blocks={name: cohort.blocks[name] for name in names})
    few = {"design_weights": (0.1,), "n_kept": (5,), "n_components": (1,), "n_folds": 3}
    run = mv.run_rank_multiverse(light, CLAIMS, rng=np.random.default_rng(5), **few)
    prepared = prepare_blocks(light, assign_groups(light, resilience.score_outcome(light)), names=names)
    found = cross_validate(
        prepared.blocks, prepared.groups, rng=np.random.default_rng(np.random.default_rng(5).integers(2**63, size=1)[0]),
        model=BlockSPLSDA(1, keep=keep_equally(prepared.blocks, n_keep=5, n_components=1)), n_folds=3, n_repeats=1,
        transforms=make_filters(prepared.blocks), batch=light.participants["study"],
    ).performance["auc"]  # fmt: skip
    assert {"ridge", "forest", "taxa alone"} <= set(found.index)
    lead = found["transcripts"] - max(found["taxa"], found["metabolites"])
    assert run.specifications["effect"].iloc[0] == pytest.approx(lead)


def test_communities_declared_are_those_of_the_chapter(cohort):
    """R squared by every distance, through compare_communities; p against shuffles lies on its grid."""
    flat = replace(cohort, tree_path=None)
    run = mv.run_community_multiverse(flat, n_permutations=19, rng=np.random.default_rng(1))
    groups = assign_groups(cohort, resilience.score_outcome(cohort))
    design = design_matrix(cohort, groups).drop(columns="group")
    people = design.index.intersection(cohort.block("taxa").index)
    table = run.specifications
    own = table[
        (table["groups"] == run.decisions["groups"][0])
        & (table["covariates"] == "all declared")
        & (table["batch"] == "covariate")
        & (table["depth"] == "all reads of each")
    ]
    assert len(own) == 3
    for metric, effect in zip(("bray_curtis", "aitchison", "jaccard"), own["effect"], strict=True):
        expected = microbiome.compare_communities(
            microbiome.measure_beta(cohort.block("taxa").loc[people], metric=metric), groups.loc[people, "group"],
            covariates=design.loc[people], n_permutations=1, rng=np.random.default_rng(1),
        )  # fmt: skip
        assert effect == pytest.approx(expected.r_squared)
    assert np.allclose(table["p"] * 20, (table["p"] * 20).round())
    assert table["is_declared"].sum() == 1
    assert f"{len(table):,} specifications" in mv.describe_communities(run)


def test_shares_of_people_left_out_are_those_of_the_others(rng):
    """Identity: a weight of 0 is as good as not being there."""
    points, covariate = rng.normal(size=(20, 3)), rng.normal(size=(20, 1))
    squared = ((points[:, None] - points[None]) ** 2).sum(axis=2)
    label, kept = (np.arange(20) % 2).astype(float)[None], (np.arange(20) < 14).astype(float)[None]
    weighted = mv.measure_shares(squared, covariate, label, kept)
    assert weighted == pytest.approx(mv.measure_shares(squared[:14, :14], covariate[:14], label[:, :14]))


def test_another_ledger_runs_where_the_cohort_has_its_data(cohort):
    """Kim 2024 on the superior longitudinal fasciculus has its tract here; the two others have no measurement."""
    claims = load_claims("data/claims/brain2024.yml")
    run = mv.run_multiverse(cohort, claims, sets=SETS, n_permutations=0, rng=np.random.default_rng(1))
    assert set(run.specifications["claim"]) == {"K02"}
    design = design_matrix(cohort, assign_groups(cohort, resilience.score_outcome(cohort)))
    expected = brain.compare_regions(cohort.block("tracts"), design).loc["superior_longitudinal_left", "d"]
    declared = run.specifications.loc[run.specifications["is_declared"], "effect"]
    assert declared.tolist() == pytest.approx([expected])
    assert np.isnan(mv.summarise_claims(run, claims).loc["K02", "p_median"])


def test_a_report_writes_tables_and_says_what_people_these_are(tmp_path):
    cohort = draw_symptoms(2)
    settings = {"sets": SETS, "n_permutations": 9, "n_permutations_rank": 0, "seed": 1}
    said = mv.report_multiverse(cohort, CLAIMS, tmp_path / "out", **settings)
    assert said.startswith("These people are simulated: what is found in them is evidence for no claim.")
    assert "supported" not in said
    names = ("specifications", "claims", "influence", "communities", "ranks", "ranks_summary", "joint")
    assert {path.stem for path in (tmp_path / "out").iterdir()} == set(names)
    assert len(read_result(tmp_path, "out", "claims")) == 5
    real = replace(cohort, settings=replace(cohort.settings, kind="real"))
    assert "real and grouped by a resilience score" in mv.report_multiverse(real, CLAIMS, tmp_path / "real", **settings)


def test_the_command_runs_it_on_any_cohort_folder(tmp_path):
    """Questionnaires will do; a ledger that cannot be read stops it before anything is written."""
    simulate_cohort(tmp_path / "cohort", n_participants=40, seed=1)
    assert load_cohort(tmp_path / "cohort").warnings == ()
    for folder in ("brain", "microbiome", "metabolites"):
        shutil.rmtree(tmp_path / "cohort" / folder)
    few = ["--permutations", "4", "--permutations-rank", "0", "--workers", "1"]
    done = run_command("multiverse", tmp_path / "cohort", tmp_path / "out", *few)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("These people are simulated")
    assert "permuted 4 times" in done.stdout
    assert set(read_result(tmp_path, "out", "claims").index) == {"C01", "C02", "C03", "C04", "C05"}
    wrong = run_command("multiverse", tmp_path / "cohort", tmp_path / "wrong", "--claims", tmp_path / "none.yml")
    assert (wrong.returncode, "none.yml" in wrong.stderr, (tmp_path / "wrong").exists()) == (2, True, False)


def make_scored(rng, *, is_score):
    """People of two studies whose score follows age, or whose groups do."""
    ids = pd.Index([f"p{i}" for i in range(120)], name="participant_id")
    people = pd.DataFrame({"age": rng.normal(40, 10, 120), "study": np.repeat(["a", "b"], 60)}, ids)
    lean = (people["age"] - 40) / 10 + 0.5 * rng.normal(size=120)
    values = 70 + 8 * lean if is_score else (lean > 0).astype(float)
    return people, values


@pytest.mark.parametrize("is_score", [True, False])
def test_shuffles_keep_the_tie_with_covariates_and_the_studies(cohort, rng, is_score):
    people, values = make_scored(rng, is_score=is_score)
    settings = replace(cohort.settings, covariates=("age",), batch="study")
    shuffles = mv.draw_shuffles(
        replace(cohort, participants=people, settings=settings),
        Score(values, {"cut": 0.5}, (60.0, 80.0) if is_score else None), n_permutations=60, rng=rng,
    )  # fmt: skip
    assert (shuffles[0] == values).all() and (shuffles[1:] != values.to_numpy()).any()
    tie = [np.corrcoef(row, people["age"])[0, 1] for row in shuffles]
    assert np.mean(tie[1:]) == pytest.approx(tie[0], abs=0.05)
    first = people["study"] == "a"
    np.testing.assert_allclose(shuffles[:, first].mean(axis=1), values[first].mean(), atol=1.5 if is_score else 1e-9)
