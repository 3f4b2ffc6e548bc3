"""The simulated cohort: what is planted is there, what is not is not, and the bytes never change."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
import pytest
import yaml
from skbio import TreeNode
from sklearn.metrics import roc_auc_score

from helpers.contract import Cohort, inspect_cohort, load_cohort
from helpers.contrasts import correct_bias, fit_contrasts
from helpers.simulate import (
    DEFAULT_MISSING,
    DEFAULT_N,
    DEFAULT_SEED,
    cohort_folder,
    draw_cohort,
    simulate_cohort,
)
from helpers.simulate.brain import EMOTION_REGULATION_TRACTS, EMOTION_REGULATION_VOLUMES, draw_brain
from helpers.simulate.cohort_folder import build_files
from helpers.simulate.effects import adjusted_difference, residual_sd
from helpers.simulate.maps import choose_scanned, draw_maps, find_blob
from helpers.simulate.names import list_genera, list_metabolites
from helpers.simulate.people import CUT, N_CD_RISC, draw_people, draw_phenotype, list_candidates
from helpers.simulate.recipe import Recipe
from helpers.simulate.transcripts import FUNCTIONS
from helpers.simulate.writing import format_table
from tests.support import run_command
from tests.truth import find_status

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "data" / "example"
VOLUMES = "emotion_regulation.volumes"
CLAIMS = [f"C{i:02d}" for i in range(1, 16)]


def read(folder: Path, file: str) -> pd.DataFrame:
    return pd.read_csv(folder / file, sep="\t", index_col=0, na_values=["n/a"])


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def design_of(folder: Path) -> pd.DataFrame:
    people, total = read(folder, "participants.tsv"), 25 * read(folder, "phenotype/cd_risc.tsv").mean(axis=1)
    terms = {
        "group": total >= 82,
        "age": people["age"],
        "woman": people["sex"] == "F",
        "bmi": people["bmi"],
        "b": people["study"] == "B",
    }
    return pd.DataFrame(terms).dropna().astype(float)


def planted_features(folder: Path) -> pd.DataFrame:
    """Rebuild every planted feature from the files, as the chapters would."""
    hads = read(folder, "phenotype/hads.tsv")
    features = {
        "hads.depression": hads.iloc[:, 1::2].sum(axis=1, skipna=False),
        "hads.anxiety": hads.iloc[:, ::2].sum(axis=1, skipna=False),
    }
    for measure in ("ffmq", "csq"):
        features |= {f"{measure}.{name}": column for name, column in read(folder, f"phenotype/{measure}.tsv").items()}
    network, edges = read(folder, "brain/nodes.tsv")["network"], read(folder, "brain/connectivity.tsv")
    between = [e for e in edges if {network[node] for node in e.split("--")} == {"Reward", "Somatomotor"}]
    features["Reward × Somatomotor"] = np.arctanh(edges[between]).mean(axis=1)
    for block, members in (("volumes", EMOTION_REGULATION_VOLUMES), ("tracts", EMOTION_REGULATION_TRACTS)):
        regions = read(folder, f"brain/{block}.tsv")[list(members)]
        features[f"emotion_regulation.{block}"] = ((regions - regions.mean()) / regions.std()).mean(axis=1)
    logs = np.log(read(folder, "microbiome/transcripts.tsv") + 0.5)
    group = read(folder, "microbiome/features.tsv")["group"]
    features |= {
        name: logs.sub(logs.mean(axis=1), axis=0).loc[:, (group == name).to_numpy()].mean(axis=1) for name in FUNCTIONS
    }
    metabolites, names = read(folder, "metabolites/metabolites.tsv"), read(folder, "metabolites/features.tsv")["name"]
    features |= {names[i]: np.log(metabolites[i]) for i in metabolites.columns[:2]}
    return pd.DataFrame(features)


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The null twin of the example cohort."""
    return simulate_cohort(tmp_path_factory.mktemp("cohorts") / "twin", effect=0)


@pytest.fixture(scope="module")
def example() -> Cohort:
    return load_cohort(EXAMPLE)


@pytest.fixture(scope="module")
def twin_cohort(twin: Path) -> Cohort:
    return load_cohort(twin)


# --- the same bytes ---------------------------------------------------------------------------------------------


def test_another_process_with_other_threads_writes_the_example_again(tmp_path):
    """The example was written with one thread."""
    code = "import sys; from helpers.simulate import simulate_cohort; simulate_cohort(sys.argv[1])"
    environment = os.environ | {"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2", "PYTHONPATH": str(ROOT / "src")}
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "again")], env=environment, check=True)
    fresh, kept = bytes_of(tmp_path / "again"), bytes_of(EXAMPLE)
    assert fresh.keys() == kept.keys()
    assert [name for name in fresh if fresh[name] != kept[name]] == []


def test_another_seed_gives_other_people():
    one, other = (draw_people(40, rng=np.random.default_rng(seed)) for seed in (1, 2))
    assert not one.table.equals(other.table)


def test_files_are_small_plain_and_unix(twin):
    files = bytes_of(EXAMPLE)
    assert sum(map(len, files.values())) < 10_000_000
    assert {Path(name).suffix for name in files} == {".tsv", ".yml", ".json", ".nwk", ".md", ".nii"}
    text = [content for name, content in files.items() if not name.endswith(".nii")]
    assert all(b"\r" not in content and content.endswith(b"\n") for content in text)
    assert all(len(content) < 100_000 for name, content in files.items() if name.endswith(".nii"))
    assert files.keys() == bytes_of(twin).keys()


# --- who is in it -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_groups_and_sexes_have_the_published_sizes(seed):
    """An et al. 2024: 116 adults, 44 high and 72 low, 71 women and 45 men, 18 to 60 years."""
    people = draw_people(116, rng=np.random.default_rng(seed))
    assert (people.high.sum(), (~people.high).sum()) == (44, 72)
    assert people.table["sex"].value_counts().to_dict() == {"F": 71, "M": 45}
    assert people.table["age"].between(18, 60).all()
    assert people.table["bmi"].between(18, 40).all()
    np.testing.assert_array_equal(people.total, people.answers.sum(axis=1))
    assert (people.high == (people.total >= 82)).all()


def test_other_sizes_keep_the_proportions():
    people = draw_people(58, rng=np.random.default_rng(1))
    assert (people.high.sum(), (people.table["sex"] == "F").sum()) == (22, round(58 * 71 / 116))


def test_candidates_reach_the_published_norms():
    """Connor and Davidson 2003, US general population: mean 80.4, SD 12.8 (n=458), quartiles 73, 82 and 90."""
    totals = np.array([answers.sum() for _, _, answers in list_candidates(20_000, np.random.default_rng(1))])
    assert totals.mean() == pytest.approx(80.4, abs=0.4)
    assert totals.std() == pytest.approx(12.8, abs=0.3)
    assert np.quantile(totals, [0.25, 0.5, 0.75]) == pytest.approx([73, 82, 90], abs=1)


def test_candidates_answer_consistently():
    """Connor and Davidson 2003 report alpha .89; items of one strong factor, as later studies found, lie a little above."""
    answers = np.array([answers for *_, answers in list_candidates(5_000, np.random.default_rng(1))])
    alpha = N_CD_RISC / (N_CD_RISC - 1) * (1 - answers.var(axis=0).sum() / answers.sum(axis=1).var())
    assert 0.87 < alpha < 0.94


def test_the_quota_of_high_scorers_lowers_the_mean():
    """Of the candidates about half reach 82, of the cohort 44 of 116; so its mean lies a few points below 80.4."""
    totals = np.concatenate([draw_people(116, rng=np.random.default_rng(seed)).total for seed in range(8)])
    assert 75 < totals.mean() < 79
    assert totals.std() == pytest.approx(12.8, abs=1.5)


def test_the_other_questionnaires_are_plausible():
    """BRS: published mean 3.70 (n=844), here a little lower with the quota. HADS: most of a healthy cohort below 8."""
    drawn = [draw_cohort(seed=seed, effect=0, missing=0, blocks=["tracts"]).cohort.phenotype for seed in range(6)]
    brs = pd.concat([tables["brs"] for tables in drawn])
    brs.iloc[:, 1::2] = 6 - brs.iloc[:, 1::2]
    assert 3.5 < brs.mean(axis=1).mean() < 3.8
    for first in (0, 1):
        scores = pd.concat([tables["hads"] for tables in drawn]).iloc[:, first::2].sum(axis=1)
        assert (scores < 8).mean() > 0.65
        assert 2.5 < scores.std() < 4.5


def test_studies_are_unequal_and_only_mildly_tied_to_age():
    people = draw_people(2000, rng=np.random.default_rng(1)).table
    from_b = people["study"] == "B"
    assert 0.35 < from_b.mean() < 0.45
    assert 0.1 < np.corrcoef(from_b, people["age"])[0, 1] < 0.4


def test_a_few_people_lack_a_block_and_not_the_same_ones():
    everyone = set(read(EXAMPLE, "participants.tsv").index)
    files = {"brain": "brain/volumes.tsv", "stool": "microbiome/taxa.tsv", "metabolites": "metabolites/metabolites.tsv"}
    lost = {name: everyone - set(read(EXAMPLE, file).index) for name, file in files.items()}
    assert {name: len(ids) for name, ids in lost.items()} == {
        "brain": 4,
        "stool": 4,
        "metabolites": 5,
    }  # 3.5 % and so on
    assert not lost["brain"] & lost["stool"]
    assert lost["metabolites"] != lost["stool"]
    assert read(EXAMPLE, "participants.tsv")["bmi"].isna().sum() == 2
    assert read(EXAMPLE, "phenotype/cd_risc.tsv").isna().to_numpy().sum() > 0


# --- blocks are possible ----------------------------------------------------------------------------------------


def test_every_connectivity_matrix_is_positive_definite():
    edges = read(EXAMPLE, "brain/connectivity.tsv").to_numpy()
    first, second = np.triu_indices(100, k=1)
    matrices = np.tile(np.eye(100), (len(edges), 1, 1))
    matrices[:, first, second] = matrices[:, second, first] = edges
    assert np.linalg.eigvalsh(matrices)[:, 0].min() > 0


def test_an_effect_no_brain_could_show_is_refused():
    people = draw_people(116, rng=np.random.default_rng(1))
    with pytest.raises(ValueError, match="Choose a smaller effect"):
        draw_brain(people, 20.0, rng=np.random.default_rng(1), edge_rng=np.random.default_rng(1))


def test_tree_agrees_with_the_taxonomy():
    """Tips are the taxa, all at depth 1; two genera of a family are nearer than genera of two phyla."""
    tree = TreeNode.read(str(EXAMPLE / "microbiome/tree.nwk"), format="newick", convert_underscores=False)
    taxonomy = read(EXAMPLE, "microbiome/taxonomy.tsv")
    assert {tip.name for tip in tree.tips()} == set(taxonomy.index) == set(read(EXAMPLE, "microbiome/taxa.tsv").columns)
    assert all(len(node.children) in (0, 2) for node in tree.traverse())
    assert [tip.distance(tree) for tip in tree.tips()] == pytest.approx([1.0] * len(taxonomy))
    by_genus = {genus: tree.find(taxon) for taxon, genus in taxonomy["genus"].items()}
    near, far = (by_genus["Blautia"].distance(by_genus[other]) for other in ("Roseburia", "Bacteroides"))
    assert near < 0.45 < 1.5 <= far


def test_counts_have_zeros_and_overdispersion():
    taxa = read(EXAMPLE, "microbiome/taxa.tsv")
    common = taxa.loc[:, taxa.mean() > 50]
    assert (taxa > 0).any().all()
    assert (taxa > 0).any(axis=1).all()
    assert (common.var() > 3 * common.mean()).all()
    assert 15_000 < taxa.sum(axis=1).median() < 60_000


def test_real_names_are_unique_and_the_rest_say_that_they_are_artificial():
    genera = read(EXAMPLE, "microbiome/taxonomy.tsv")["genus"]
    compounds = read(EXAMPLE, "metabolites/features.tsv")
    assert genera.is_unique
    assert compounds["name"].is_unique
    assert set(genera[~genera.str.startswith("SimGenus_")]) == {row[-1] for row in list_genera()}
    assert set(compounds["name"][compounds["hmdb"].notna()]) == {row[0] for row in list_metabolites()}
    assert compounds.set_index("name").loc["N-acetylglutamate", ["hmdb", "kegg"]].tolist() == ["HMDB0001138", "C00624"]
    assert compounds.set_index("name").loc["dimethylglycine", ["hmdb", "kegg"]].tolist() == ["HMDB0000092", "C01026"]


def test_sets_name_what_the_cohort_has():
    sets = pd.read_csv(ROOT / "data/sets/brain_sets.tsv", sep="\t")
    members = sets.groupby("block")["region"].apply(set)
    assert members["volumes"] == set(EMOTION_REGULATION_VOLUMES) <= set(read(EXAMPLE, "brain/volumes.tsv").columns)
    assert members["tracts"] == set(EMOTION_REGULATION_TRACTS) <= set(read(EXAMPLE, "brain/tracts.tsv").columns)
    groups = pd.read_csv(ROOT / "data/sets/functional_groups.tsv", sep="\t")["group"]
    assert set(groups) == set(read(EXAMPLE, "microbiome/features.tsv")["group"])


def test_blocks_are_as_wide_as_in_real_life(example):
    widths = {name: example.blocks[name].shape[1] for name in ("taxa", "transcripts", "metabolites", "connectivity")}
    assert widths["taxa"] >= 400
    assert widths["transcripts"] >= 1500
    assert widths["metabolites"] >= 400
    assert widths["connectivity"] == 100 * 99 // 2


def test_the_example_gives_not_one_warning():
    _, problems = inspect_cohort(EXAMPLE)
    assert problems == []


def test_what_is_drawn_in_memory_is_what_the_folder_holds(example):
    drawn, read_back = draw_cohort(), example
    assert drawn.cohort.settings == read_back.settings
    pd.testing.assert_frame_equal(drawn.cohort.participants, read_back.participants, check_dtype=False)
    for ours, theirs in (
        (drawn.cohort.phenotype, read_back.phenotype),
        (drawn.cohort.blocks, read_back.blocks),
        (drawn.cohort.features, read_back.features),
    ):
        assert ours.keys() == theirs.keys()
        for name in ours:
            pd.testing.assert_frame_equal(ours[name], theirs[name], check_dtype=False, check_names=False)
    assert {name: set(b.dtypes) for name, b in drawn.cohort.blocks.items()} == {
        name: set(b.dtypes) for name, b in read_back.blocks.items()
    }
    assert drawn.truth == yaml.safe_load((EXAMPLE / "truth.yml").read_text(encoding="utf-8"))
    assert drawn.tree == (EXAMPLE / "microbiome/tree.nwk").read_text(encoding="utf-8")


def test_a_block_drawn_alone_is_the_same_block():
    alone = draw_cohort(n_participants=40, seed=7, blocks=["metabolites"]).cohort
    together = draw_cohort(n_participants=40, seed=7).cohort
    assert set(alone.blocks) == {"metabolites"}
    pd.testing.assert_frame_equal(alone.blocks["metabolites"], together.blocks["metabolites"])


def test_an_unknown_block_is_refused_by_name():
    with pytest.raises(ValueError, match="no simulated block is called genes; choose among connectivity"):
        draw_cohort(blocks=["genes", "taxa"])


# --- what is missing --------------------------------------------------------------------------------------------


def test_nothing_is_missing_when_nothing_should_be():
    cohort = draw_cohort(n_participants=60, missing=0).cohort
    assert not cohort.participants.isna().to_numpy().any()
    assert not any(table.isna().to_numpy().any() for table in cohort.phenotype.values())
    assert {len(block) for block in cohort.blocks.values()} == {60}


@pytest.mark.parametrize("missing", [0.1, 0.3, 0.5])
def test_the_wanted_share_lacks_the_scan_and_the_stool_sample(missing):
    cohort = draw_cohort(n_participants=200, missing=missing).cohort
    assert len(cohort.blocks["volumes"]) == len(cohort.blocks["connectivity"]) == round(200 * (1 - missing))
    assert len(cohort.blocks["taxa"]) == round(200 * (1 - missing))
    assert len(cohort.blocks["transcripts"]) <= len(cohort.blocks["taxa"])
    assert cohort.phenotype["cd_risc"].isna().sum().sum() > 200 * missing


def test_a_larger_share_missing_takes_nothing_back_and_changes_nothing_else():
    few, many = (draw_cohort(n_participants=80, missing=missing, blocks=["tracts"]).cohort for missing in (0.05, 0.4))
    assert set(many.blocks["tracts"].index) < set(few.blocks["tracts"].index)
    pd.testing.assert_frame_equal(few.blocks["tracts"].loc[many.blocks["tracts"].index], many.blocks["tracts"])
    both = few.phenotype["hads"].notna() & many.phenotype["hads"].notna()
    assert (few.phenotype["hads"].where(both) == many.phenotype["hads"].where(both)).where(both, True).to_numpy().all()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_blanks_move_nobody_across_the_cut_nor_close_to_it(seed):
    """At least 19 of 25 answered, blanks filled with the person's mean (scoring rule of the CD-RISC)."""
    drawn = draw_cohort(seed=seed, missing=0.5, blocks=["motion"])
    answers = drawn.cohort.phenotype["cd_risc"]
    assert answers.notna().sum(axis=1).min() >= 19
    totals = N_CD_RISC * answers.mean(axis=1)
    assert ((totals >= CUT) == drawn.people.high).all()
    blanked = answers.isna().any(axis=1)
    assert blanked.mean() > 0.5
    assert not totals[blanked].between(CUT - 1, CUT, inclusive="neither").any()


# --- what is planted --------------------------------------------------------------------------------------------


def test_truth_lists_every_claim_once_in_the_study_s_direction():
    truth = yaml.safe_load((EXAMPLE / "truth.yml").read_text(encoding="utf-8"))
    assert [p["claim"] for p in truth["planted"]] == CLAIMS
    lower = [p["claim"] for p in truth["planted"] if p["direction"] == "lower"]
    assert lower == ["C01", "C02", "C05", "C07", "C08"]
    assert all(0.3 <= abs(p["d"]) <= 0.6 and (p["d"] < 0) == (p["direction"] == "lower") for p in truth["planted"])
    assert truth["seed"] == DEFAULT_SEED


def test_every_planted_d_is_the_difference_between_the_cohort_and_its_null_twin(twin):
    """Both hold the same noise, so chance cancels; left are rounding and blanks."""
    truth = yaml.safe_load((EXAMPLE / "truth.yml").read_text(encoding="utf-8"))
    here, null = (planted_features(folder) for folder in (EXAMPLE, twin))
    design = design_of(EXAMPLE)
    with_icv = design.assign(icv=read(EXAMPLE, "brain/volumes.tsv")["icv"]).dropna()
    fits, null_fits = (
        pd.concat([fit_contrasts(table.drop(columns=VOLUMES), design), fit_contrasts(table[[VOLUMES]], with_icv)])
        for table in (here, null)
    )
    residual = null_fits["estimate"] / null_fits["d"]
    recovered = (fits["estimate"] - null_fits["estimate"]) / residual
    for planted in truth["planted"]:
        assert recovered[planted["feature"]] == pytest.approx(planted["d"], abs=0.05), planted["feature"]


def test_the_null_twin_differs_only_where_something_is_planted(twin):
    here, null = bytes_of(EXAMPLE), bytes_of(twin)
    changed = {name for name in here if here[name] != null[name]}
    maps = {name for name in changed if name.startswith("brain/maps/")}
    assert len(maps) == 6  # those of the high group
    assert changed - maps == {
        "cohort.yml",
        "truth.yml",
        "README.md",
        "phenotype/hads.tsv",
        "phenotype/ffmq.tsv",
        "phenotype/csq.tsv",
        "brain/connectivity.tsv",
        "brain/volumes.tsv",
        "brain/tracts.tsv",
        "microbiome/transcripts.tsv",
        "metabolites/metabolites.tsv",
    }
    compounds = (read(EXAMPLE, "metabolites/metabolites.tsv"), read(twin, "metabolites/metabolites.tsv"))
    assert compounds[0].iloc[:, 2:].equals(compounds[1].iloc[:, 2:])
    edges, null_edges = (read(folder, "brain/connectivity.tsv") for folder in (EXAMPLE, twin))
    assert (edges != null_edges).any().sum() == 8 * 16
    truth = yaml.safe_load((twin / "truth.yml").read_text(encoding="utf-8"))
    assert {(p["direction"], p["d"]) for p in truth["planted"]} == {("none", 0)}


def flatter(values: np.ndarray, high: np.ndarray, fitted: np.ndarray) -> tuple[float, float]:
    """Weigh the 20 columns that differ most among fitted people; return the AUC in them and in the others."""
    z = (values - values[fitted].mean(axis=0)) / values[fitted].std(axis=0)
    gap = z[fitted & high].mean(axis=0) - z[fitted & ~high].mean(axis=0)
    weights = np.where(np.abs(gap) >= np.sort(np.abs(gap))[-20], gap, 0)
    return tuple(roc_auc_score(high[rows], z[rows] @ weights) for rows in (fitted, ~fitted))


def test_in_the_null_twin_a_wide_block_flatters_whom_it_was_fitted_on(rng):
    """The trap of C16: with nothing there, 4,950 edges part the fitted people better than 50 do, and nobody else (AUC 0.5;
    the mean of 16 AUCs in 58 people has a standard error of about 0.02)."""
    found = []
    for seed in range(16):
        drawn = draw_cohort(seed=seed, effect=0, missing=0, blocks=["connectivity"])
        edges, fitted = np.arctanh(drawn.cohort.blocks["connectivity"].to_numpy()), rng.permutation(116) < 58
        narrow = edges[:, rng.choice(edges.shape[1], 50, replace=False)]
        found.append([*flatter(edges, drawn.people.high, fitted), flatter(narrow, drawn.people.high, fitted)[0]])
    wide, unseen, narrow = np.mean(found, axis=0)
    assert wide > narrow + 0.05
    assert wide > 0.75
    assert unseen == pytest.approx(0.5, abs=0.08)


def test_over_many_cohorts_the_mean_d_is_the_planted_one():
    """Forty cohorts: the mean of d has a standard error of about 0.2 / sqrt(40) = 0.032; 0.1 is three of them."""
    found = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        people = draw_people(116, rng=rng)
        anxiety = draw_phenotype(people, 1.0, rng=rng)[0]["hads"].iloc[:, ::2].sum(axis=1).to_numpy()
        found.append(adjusted_difference(anxiety, people) / residual_sd(anxiety, people))
    assert np.mean(found) == pytest.approx(-0.55, abs=0.1)


def test_adjusted_difference_is_that_of_the_contrasts():
    people = draw_people(60, rng=np.random.default_rng(1))
    feature = people.table[["diet_score"]]
    design = pd.DataFrame(people.design[:, 1:], index=feature.index, columns=["group", "age", "sex", "bmi", "study"])
    fit = fit_contrasts(feature, design).loc["diet_score"]
    values = feature["diet_score"].to_numpy()
    assert adjusted_difference(values, people) == pytest.approx(fit["estimate"])
    assert residual_sd(values, people) == pytest.approx(fit["estimate"] / fit["d"] * correct_bias(60 - 6))
    assert adjusted_difference(people.carrier, people) == pytest.approx(1)


def test_every_feature_of_every_table_has_a_status(example):
    """Counted by hand: 8 x 16 edges, 16 regions, 5 tracts, 2 metabolites, groups of transcripts as in features.tsv."""
    truth, cohort = yaml.safe_load((EXAMPLE / "truth.yml").read_text(encoding="utf-8")), example
    counts = {table: find_status(truth, cohort, table).value_counts().to_dict() for table in truth["status"]}
    n = {name: block.shape[1] for name, block in cohort.blocks.items()}
    n_other = int((cohort.features["transcripts"]["group"] == "other").sum())
    assert set(counts) == {"participants", "phenotype", *cohort.blocks}
    assert counts["connectivity"] == {"planted": 128, "null": n["connectivity"] - 128}
    assert counts["volumes"] == {"planted": 16, "null": n["volumes"] - 16}
    assert counts["tracts"] == {"planted": 5, "null": n["tracts"] - 5}
    assert counts["metabolites"] == {"planted": 2, "null": n["metabolites"] - 2}
    assert counts["transcripts"] == {"planted": n["transcripts"] - n_other, "by_product": n_other}
    assert counts["phenotype"] == {"same_trait": 31, "planted": 17}
    assert counts["taxa"] == {"null": n["taxa"]}
    assert set(counts["participants"]) == set(counts["motion"]) == {"null"}


def test_the_check_has_nothing_to_say_of_the_null_twin(twin_cohort):
    assert twin_cohort.warnings == ()


def test_in_the_null_twin_all_is_null(twin, twin_cohort):
    truth = yaml.safe_load((twin / "truth.yml").read_text(encoding="utf-8"))
    found = pd.concat([find_status(truth, twin_cohort, table) for table in truth["status"]])
    assert set(found) == {"null", "same_trait"}
    assert set(found.index[found == "same_trait"].str.split(".").str[0]) == {"cd_risc", "brs"}


def test_null_features_are_the_same_in_the_null_twin(example, twin_cohort):
    """What truth.yml calls null or same_trait is equal to the last digit in a cohort and its null twin."""
    here, null = example, twin_cohort
    truth = yaml.safe_load((EXAMPLE / "truth.yml").read_text(encoding="utf-8"))
    for name, block in here.blocks.items():
        status = find_status(truth, here, name)
        kept, moved = status.index[status == "null"], status.index[status == "planted"]
        pd.testing.assert_frame_equal(block[kept], null.blocks[name][kept])
        assert not (block[moved] == null.blocks[name][moved]).all().any()


def test_maps_differ_from_the_null_twin_by_the_planted_density_in_the_sphere(twin):
    """Identity: 0.25 less density (d of -5 times an SD of 0.05) in everybody of the high group, stored in steps of 0.005."""
    truth = yaml.safe_load((EXAMPLE / "truth.yml").read_text(encoding="utf-8"))["maps"]
    assert (truth["d"], truth["difference"]) == (-5.0, -0.25)
    high = design_of(EXAMPLE)["group"] == 1
    for path in sorted((EXAMPLE / "brain/maps").iterdir()):
        image = nibabel.load(path)
        here, null = image.get_fdata(), nibabel.load(twin / "brain/maps" / path.name).get_fdata()
        changed = here != null
        assert changed.any() == high[path.stem]
        assert not (changed & ~find_blob(image.shape, image.affine)).any()
        roomy = changed & (here > 0.01)
        np.testing.assert_allclose((here - null)[roomy], -0.25, atol=0.0051)
        assert image.header["descrip"].item().startswith(b"Simulated")


def test_the_dozen_with_maps_are_three_of_each_group_in_each_study():
    people = read(EXAMPLE, "participants.tsv").loc[[path.stem for path in sorted((EXAMPLE / "brain/maps").iterdir())]]
    assert (
        pd.crosstab(people["study"], design_of(EXAMPLE).loc[people.index, "group"]).to_numpy().tolist() == [[3, 3]] * 2
    )


def test_whoever_lacks_a_map_changes_nobody_else():
    people = draw_cohort(n_participants=40, blocks=["motion"]).people
    whole, first = draw_maps(people, 1.0, rng=np.random.default_rng(1)), choose_scanned(people)[0]
    part = draw_maps(people, 1.0, lacking=[first], rng=np.random.default_rng(1))
    assert part == {person: content for person, content in whole.items() if person != first}


def test_transcripts_planted_together_rise_together(example, twin_cohort):
    """The same log shift for all transcripts of a group: medians of log ratios to the null twin, per group, agree in sign."""
    here, null = example, twin_cohort
    group = here.features["transcripts"]["group"]
    high = (N_CD_RISC * here.phenotype["cd_risc"].mean(axis=1)).reindex(here.blocks["transcripts"].index) >= CUT
    moved = (np.log(here.blocks["transcripts"] + 0.5) - np.log(null.blocks["transcripts"] + 0.5))[high].mean()
    medians = moved.groupby(group).median()
    assert (medians.drop("other") > 0).all()
    assert medians["other"] < 0


# --- writing ----------------------------------------------------------------------------------------------------


def test_tables_have_fixed_decimals_and_marked_blanks():
    table = pd.DataFrame(
        {"x": [1.0, np.nan, -0.001], "name": ["a", None, "c"]}, index=pd.Index(["s1", "s2", "s3"], name="id")
    )
    assert format_table(table, decimals=2) == "id\tx\tname\ns1\t1.00\ta\ns2\tn/a\tn/a\ns3\t0.00\tc\n"


def test_a_full_folder_is_refused_and_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ValueError, match="exists and is not empty; nothing was written"):
        simulate_cohort(tmp_path)
    with pytest.raises(ValueError, match="holds no simulated cohort, so it is not replaced"):
        simulate_cohort(tmp_path, overwrite=True)
    assert bytes_of(tmp_path) == {"notes.txt": b"mine"}


def test_a_simulated_cohort_is_replaced_when_asked(tmp_path):
    (tmp_path / "cohort.yml").write_text("name: old\nkind: simulated\n")
    (tmp_path / "old.txt").write_text("old")
    simulate_cohort(tmp_path, n_participants=40, overwrite=True)
    assert (tmp_path / "truth.yml").is_file()
    assert not (tmp_path / "old.txt").exists()


def test_a_failure_half_way_leaves_nothing(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(cohort_folder, "_describe", fail)
    with pytest.raises(OSError, match="disk full"):
        simulate_cohort(tmp_path / "cohort", n_participants=40)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ({"n_participants": 39}, "needs 40 or more"),
        ({"effect": -1.51}, "by 0 .the null twin. to 1.5"),
        ({"effect": float("nan")}, "from -1.5"),
        ({"effect": 1.51}, "by 0 .the null twin. to 1.5"),
        ({"seed": -1}, "from 0 upwards"),
        ({"missing": -0.1}, "from 0 to 0.5"),
        ({"missing": 0.51}, "from 0 to 0.5"),
        ({"missing": float("nan")}, "from 0 to 0.5"),
    ],
)
def test_impossible_choices_are_refused(tmp_path, choice, said):
    with pytest.raises(ValueError, match=said):
        simulate_cohort(tmp_path / "cohort", **choice)
    assert not (tmp_path / "cohort").exists()


def test_the_smallest_cohort_has_every_file():
    files = build_files(Recipe(n_participants=40, seed=3))
    assert {n for n in files if not n.endswith(".nii")} == {n for n in bytes_of(EXAMPLE) if not n.endswith(".nii")}
    assert 6 <= sum(n.endswith(".nii") for n in files) <= 12
    assert files["participants.tsv"].count("\n") == 41


def test_the_command_has_the_defaults_of_the_recipe(tmp_path):
    made = run_command("simulate", tmp_path / "cohort", "--seed", 1)
    again = run_command(
        "simulate", tmp_path / "again", "--n", DEFAULT_N, "--missing", DEFAULT_MISSING, "--effect", 1, "--seed", 1
    )
    assert (made.returncode, again.returncode) == (0, 0), made.stderr + again.stderr
    assert bytes_of(tmp_path / "cohort") == bytes_of(tmp_path / "again")
    assert inspect_cohort(tmp_path / "cohort")[1] == []


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--effect", "3", "it runs from -1.5 (all turned round) by 0 (the null twin) to 1.5"),
        ("--effect", "nan", "it runs from -1.5 (all turned round) by 0 (the null twin) to 1.5"),
        ("--missing", "0.9", "from 0 to 0.5"),
        ("--n", "10", "needs 40 or more"),
        ("--seed", "-3", "from 0 upwards"),
    ],
)
def test_the_command_answers_a_wrong_value_with_a_sentence(tmp_path, option, value, said):
    done = run_command("simulate", tmp_path / "cohort", option, value)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "cohort").exists()
