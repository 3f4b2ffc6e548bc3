"""The ten open data sets as folders: known numbers, values as in the originals, and cards whose numbers are counted."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from helpers.cli import CACHE, MIRROR_VARIABLE, REGISTRY
from helpers.cohort import assign_groups, design_matrix
from helpers.contract import inspect_cohort
from helpers.contract.blocks import BlockTable
from helpers.contract.files import Reader
from helpers.contract.measurements import check_plain
from helpers.contract.same_person import check_same_person
from helpers.metabolites import compare_metabolites, prepare_metabolites
from helpers.open_data import OpenDataError, fetch_dataset, fetch_files, load_registry, read_cards
from helpers.open_data.gbm import arrange_gbm
from helpers.open_data.mars import choose_stools
from helpers.open_data.rfiles import read_rda
from helpers.tables import PROJECT_ROOT, read_table
from tests.support import run_command
from tools.write_data_cards import FOLDER, write_data_cards

COHORTS = [name for name, card in read_cards().items() if card.cohort]


def read_text(path):
    return pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False, index_col=0)


def list_contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- every set ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", read_cards())
def test_folder_holds_just_the_tables_of_its_card_in_their_sizes(name, fetched):
    card, folder = read_cards()[name], fetched(name)
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*.tsv")}
    assert found == set(card.tables)
    sizes = {file: {"rows": t["rows"], "columns": t["columns"]} for file, t in card.tables.items()}
    tables = {file: read_text(folder / file) for file in card.tables}
    assert {file: {"rows": len(t), "columns": t.shape[1]} for file, t in tables.items()} == sizes
    for file, table in tables.items():
        cells = set(table.to_numpy().ravel())
        assert table.index.is_unique and table.columns.is_unique, file
        assert not cells & {"", "NA", "nan", "NaN", "None", "<NA>"}, file
        assert all(cell == cell.strip() for cell in cells), file


@pytest.mark.parametrize("name", read_cards())
def test_the_same_originals_give_the_same_bytes(name, fetched, tmp_path):
    places = {"registry_path": REGISTRY, "cache_dir": CACHE, "mirror": os.environ.get(MIRROR_VARIABLE)}
    first = list_contents(fetched(name))
    assert list_contents(fetch_dataset(name, tmp_path / "again", **places)) == first
    assert not any(b"\r" in content for content in first.values())


@pytest.mark.parametrize("name", COHORTS)
def test_cohort_passes_the_check_without_a_warning_but_for_metabolites_that_hardly_any_child_has(name, fetched):
    cohort, problems = inspect_cohort(fetched(name))
    expected = ["0 for more than 80% of the people in 3 metabolites"] if name == "kang_autism_2017" else []
    assert [problem.found.partition(" (")[0] for problem in problems] == expected
    assert not cohort.is_simulated and set(cohort.blocks) == {"taxa", "metabolites"}
    card = read_cards()[name]
    assert (cohort.settings.title, len(cohort.participants)) == (card.title, card.count)


def share(cells, digits=0):
    return round(100 * float(np.mean(cells)), digits)


def count_labels(labels):
    return {f"n_{label.lower()}": n for label, n in labels.value_counts().items()}


def count_kim(folder):
    ranks = read_text(folder / "microbiome/taxonomy.tsv")
    groups = read_text(folder / "participants.tsv")["study_group"]
    return count_labels(groups) | {"n_unranked": ranks.eq("n/a").all(axis=1).sum()}


def count_mars(folder):
    samples, people = read_text(folder / "repeated/samples.tsv"), read_text(folder / "participants.tsv")
    taxa, all_taxa = read_text(folder / "microbiome/taxa.tsv"), read_text(folder / "repeated/taxa.tsv")
    values = read_text(folder / "metabolites/metabolites.tsv")
    all_values = read_text(folder / "repeated/metabolites.tsv")
    stools, lacking = samples["participant_id"].value_counts(), all_values.eq("n/a").mean()
    return count_labels(people["study_group"]) | {
        "min_stools": stools.min(),
        "max_stools": stools.max(),
        "n_samples": len(samples),
        "n_flare": (samples["at_flare"] == "yes").sum(),
        "n_first": ((samples["in_cohort"] == "yes") & (samples["timepoint"] == "0")).sum(),
        "n_genera_later": all_taxa.shape[1] - taxa.shape[1],
        "n_rare": all_values.shape[1] - values.shape[1],
        "share_trp_missing": share(all_values["trp_tryptophan"] == "n/a"),
        "share_ba_missing": round(100 * lacking[lacking.index.str.startswith("ba_")].max()),
    }


def count_kang(folder):
    people = read_text(folder / "participants.tsv")
    ages = people["age_years"].astype(int)
    values = read_text(folder / "metabolites/metabolites.tsv").astype(float)
    return count_labels(people["study_group"]) | {
        "n_people": len(people),
        "min_age": ages.min(),
        "max_age": ages.max(),
        "share_zero": share(values == 0),
    }


def count_hmp2(folder):
    samples, has = read_text(folder / "samples.tsv"), read_text(folder / "pathways.tsv").eq("yes")
    known = samples[samples["participant_id"] != "n/a"]
    return count_labels(known.drop_duplicates("participant_id")["diagnosis"]) | {
        "n_rna": (samples["has_rna"] == "yes").sum(),
        "n_both": samples[["has_rna", "has_dna"]].eq("yes").all(axis=1).sum(),
        "max_stools": known["participant_id"].value_counts().max(),
        "n_unknown": len(samples) - len(known),
        "n_shared": has.all(axis=1).sum(),
        "n_dna_only": (~has["in_rna"]).sum(),
        "n_rna_only": (~has["in_dna"]).sum(),
    }


def count_melonnpan(folder):
    genes, weights = read_text(folder / "genes.tsv"), read_text(folder / "weights.tsv")
    return correlate_predicted(folder) | {
        "n_train": len(genes),
        "n_test": len(read_text(folder / "test_genes.tsv")),
        "n_absent": (~weights.index.isin(["Intercept", *genes.columns])).sum(),
    }


def count_mdd(folder):
    edges = read_table(folder / "connectivity.tsv")
    return count_labels(read_text(folder / "participants.tsv")["group"]) | {
        "n_nodes": len(read_text(folder / "nodes.tsv")),
        "n_edges": edges.shape[1],
        "share_beyond": share(edges.abs() > 1, 1),
        "max_z": round(edges.max().max(), 2),
    }


def count_rsa(folder):
    sex, items = read_text(folder / "participants.tsv")["sex"].value_counts(), read_table(folder / "rsa.tsv")
    return {
        "n_people": len(items),
        "n_women": sex["F"],
        "n_men": sex["M"],
        "n_items": items.shape[1],
        "lowest": items.min().min(),
        "highest": items.max().max(),
    }


def count_gbm(folder):
    modules = read_text(folder / "modules.tsv")
    steps = modules["kegg_only"].eq("yes").groupby([modules["module"], modules["step"]]).any()
    return {"n_modules": modules["module"].nunique(), "n_kegg": steps.groupby("module").all().sum()}


def count_tengeler(folder):
    samples, taxonomy = read_text(folder / "samples.tsv"), read_text(folder / "taxonomy.tsv")
    unnamed = {"n_cohorts": samples["cohort"].nunique(), "n_unnamed": taxonomy["genus"].eq("n/a").sum()}
    return count_labels(samples["donor_group"]) | unnamed


COUNTERS = {
    "kim_adenomas_2020": count_kim,
    "mars_ibs_2020": count_mars,
    "kang_autism_2017": count_kang,
    "hmp2_pathways": count_hmp2,
    "melonnpan_prism": count_melonnpan,
    "breast_tcga": lambda folder: count_labels(read_text(folder / "samples.tsv")["set"]),
    "rsfmri_mdd": count_mdd,
    "rsa": count_rsa,
    "gbm": count_gbm,
    "tengeler": count_tengeler,
}


def correlate_predicted(folder):
    """Correlate metabolites with predictions from the weights, over ranks: at the same place, and at any."""
    genes, metabolites, weights = (read_table(folder / f"{name}.tsv") for name in ("genes", "metabolites", "weights"))
    shared = weights.index.intersection(genes.columns)
    predicted = np.arcsin(np.sqrt(genes[shared])) @ weights.loc[shared]
    ranks = [
        table.rank().apply(lambda c: (c - c.mean()) / c.std(ddof=0)).to_numpy() for table in (predicted, metabolites)
    ]
    correlations = ranks[0].T @ ranks[1] / len(genes)
    return {"r_same": round(np.diag(correlations).mean(), 2), "r_any": round(correlations.mean(), 2)}


@pytest.mark.parametrize("name", read_cards())
def test_every_number_in_the_sentences_of_a_card_is_counted_in_the_folder(name, fetched, fetch_original):
    counted = COUNTERS[name](fetched(name))
    if name == "kang_autism_2017":
        values = read_text(fetch_original(name)["mtb.tsv"]).astype(float)
        counted["n_zero"] = int((values == 0).all().sum())
    if name == "mars_ibs_2020":
        counts = read_text(fetch_original(name)["genera.counts.tsv"])
        counted["n_genera_unseen"] = int(counts.eq("0").all().sum())
    assert counted == pytest.approx(dict(read_cards()[name].facts), abs=1e-9)


# --- Mars et al. 2020 -----------------------------------------------------------------------------


def test_mars_groups_are_those_of_the_paper(fetched):
    """Mars et al. 2020, figure 1E (doi:10.1016/j.cell.2020.08.007): 22 IBS-C, 29 IBS-D, 24 healthy."""
    people = read_text(fetched("mars_ibs_2020") / "participants.tsv")
    assert people["study_group"].value_counts().to_dict() == {"C": 22, "D": 29, "H": 24}


def test_stool_chosen_is_the_first_scheduled_one_with_every_panel():
    """By hand: person 1 lacks bile acids at time 0; person 2 has a flare before and is listed out of order."""
    metadata = pd.DataFrame(
        {"Subject": ["1", "1", "2", "2", "2"], "Timepoint": ["0", "1", "Flare", "10", "2"]}, index=list("abcde")
    )
    values = pd.DataFrame(
        {"NMR_a": "1", "Tryptophan_Metabolites_b": "1", "BA_Metabolites_c": ["n/a", "2", "2", "2", "2"]},
        index=list("abcde"),
    )
    assert choose_stools(metadata, values).to_dict() == {"1": "b", "2": "e"}
    with pytest.raises(OpenDataError, match="1 of the people"):
        choose_stools(metadata, values.assign(NMR_a=["1", "n/a", "1", "1", "1"]))


def test_mars_stands_for_each_person_by_a_stool_that_is_in_repeated_too(fetched):
    folder = fetched("mars_ibs_2020")
    samples = read_text(folder / "repeated/samples.tsv")
    chosen = samples[samples["in_cohort"] == "yes"]
    assert chosen["participant_id"].is_unique and set(chosen["at_flare"]) == set(chosen["antibiotics"]) - {"yes"} == {
        "no"
    }
    for block in ("microbiome/taxa", "metabolites/metabolites"):
        one, every = read_text(folder / f"{block}.tsv"), read_text(folder / f"repeated/{block.split('/')[1]}.tsv")
        there = every.loc[chosen.index, one.columns].set_axis(chosen["participant_id"], axis=0).loc[one.index]
        pd.testing.assert_frame_equal(one, there, check_names=False)
    assert (read_text(folder / "microbiome/taxa.tsv").astype(int).sum() > 0).all()


def test_mars_values_stand_as_in_the_originals(fetched, fetch_original):
    """Raw: the text of every cell is the original's; only NA became n/a, and what no stool has was left out."""
    folder, files = fetched("mars_ibs_2020"), fetch_original("mars_ibs_2020")
    originals = read_text(files["mtb.tsv"]).replace("NA", "n/a")
    ours = read_text(folder / "repeated/metabolites.tsv")
    names = read_text(folder / "repeated/features.tsv")["name"]
    short = originals.columns.str.replace(r"^(NMR|Tryptophan_Metabolites|BA_Metabolites)_", "", regex=True)
    assert names.tolist() == short.tolist()
    assert ours.to_numpy().tolist() == originals.loc[ours.index].to_numpy().tolist()
    counts, taxa = read_text(files["genera.counts.tsv"]), read_text(folder / "repeated/taxa.tsv")
    seen = counts.loc[:, counts.ne("0").any()]
    assert taxa.to_numpy().tolist() == seen.loc[taxa.index].to_numpy().tolist()
    numbers = ours.replace("n/a", np.nan).astype(float)
    assert numbers.min().min() >= 0 and numbers.max().max() > 1e7
    assert set(read_text(folder / "metabolites/features.tsv")["scale"]) == {"raw"}


# --- Kang et al. 2018 -----------------------------------------------------------------------------


def test_kang_groups_have_no_trailing_blanks_and_behaviour_is_scored_in_the_autistic_alone(fetched):
    folder = fetched("kang_autism_2017")
    people = read_text(folder / "participants.tsv")
    assert set(people["study_group"]) == {"Autistic", "Neurotypical"}
    autistic = people.index[people["study_group"] == "Autistic"]
    for measure in ("atec", "pdd_bi"):
        assert read_text(folder / f"phenotype/{measure}.tsv").index.tolist() == autistic.tolist()
    gut = read_text(folder / "phenotype/gut_symptoms.tsv").astype(int)
    assert (gut.drop(columns="total").sum(axis=1) == gut["total"]).all()


def test_kang_metabolites_are_those_of_the_paper_less_what_nobody_has(fetched, fetch_original):
    """Kang et al. 2018, abstract: 59 metabolites were detected; two of the table are zero in everyone."""
    originals = read_text(fetch_original("kang_autism_2017")["mtb.tsv"])
    features = read_text(fetched("kang_autism_2017") / "metabolites/features.tsv")
    left_out = set(originals.columns) - set(features["name"])
    assert left_out == {"pH", "DSS-d6 (Chemical Shape Indicator)", "Homovanillate", "Urea"}
    assert len(originals.columns) - 2 == 59 and len(features) == 57
    ours = read_text(fetched("kang_autism_2017") / "metabolites/metabolites.tsv").set_axis(features["name"], axis=1)
    expected = originals[features["name"]].set_axis("sub-" + originals.index).loc[ours.index]
    pd.testing.assert_frame_equal(ours, expected, check_names=False)


@pytest.mark.parametrize(
    ("name", "metabolite", "direction"), [("kang_autism_2017", "Isopropanol", -1), ("mars_ibs_2020", "Hypoxanthine", 1)]
)
def test_published_findings_are_found_again(name, metabolite, direction, fetched):
    """Kang et al. 2018, abstract: isopropanol alone differs after correction, higher in autistic children.

    Mars et al. 2020, highlights: purines are starved in irritable bowel syndrome. The high group is the healthy one; it is
    the smaller and spreads more (24 v 51, SD 0.76 v 0.55), so that Welch's p is .003 (by scipy) where the pooled is .0007:
    the strongest of all metabolites, and none is left after correction over them.
    """
    cohort, _ = inspect_cohort(fetched(name))
    design = design_matrix(cohort, assign_groups(cohort))
    features = cohort.features["metabolites"]
    contrasts = compare_metabolites(prepare_metabolites(cohort.block("metabolites"), features), features, design)
    found = contrasts.loc[contrasts["p"].idxmin()]
    assert found["name"] == metabolite and np.sign(found["estimate"]) == direction
    assert min(direction * found["d_low"], direction * found["d_high"]) > 0
    assert contrasts.index[contrasts["q"] < 0.05].tolist() == ([] if name == "mars_ibs_2020" else [found.name])


# --- tidy tables ----------------------------------------------------------------------------------


def test_breast_tcga_has_the_known_sizes_and_subtypes(fetched):
    """Singh et al. 2019: 150 tumours to train (45 Basal, 30 Her2, 75 LumA), 200 + 184 + 142 features; 70 to test."""
    folder = fetched("breast_tcga")
    samples = read_text(folder / "samples.tsv")
    counts = samples.groupby("set")["subtype"].value_counts()
    assert counts["train"].to_dict() == {"LumA": 75, "Basal": 45, "Her2": 30}
    for part, blocks in {"train": ("mrna", "mirna", "protein"), "test": ("mrna", "mirna")}.items():
        for block in blocks:
            table = read_table(folder / f"{part}_{block}.tsv")
            assert table.index.tolist() == samples.index[samples["set"] == part].tolist()
            assert np.isfinite(table.to_numpy()).all()


def test_r_values_come_through_to_the_last_digit(fetched, fetch_original):
    """Identity: what is read back from the table is the double of the R file, names and all."""
    data = read_rda(fetch_original("breast_tcga")["breast.TCGA.rda"], "breast.TCGA")
    mrna = data["data.train"]["mrna"]
    pd.testing.assert_frame_equal(
        read_table(fetched("breast_tcga") / "train_mrna.tsv"), mrna, check_exact=True, check_names=False
    )
    assert (mrna.index[0], mrna.columns[0], round(mrna.iloc[0, 0], 6)) == ("A0FJ", "RTN2", 4.362183)


def test_object_that_an_r_file_does_not_hold_is_named(fetch_original):
    with pytest.raises(OpenDataError, match="holds no answers, but rsa"):
        read_rda(fetch_original("rsa")["rsa.rda"], "answers")


def test_mdd_edges_join_each_pair_of_regions_once(fetched):
    """Le et al. 2017: 79 depressed, 78 healthy; 78 regions make 78 x 77 / 2 = 3,003 edges."""
    folder = fetched("rsfmri_mdd")
    assert read_text(folder / "participants.tsv")["group"].value_counts().to_dict() == {"MDD": 79, "HC": 78}
    nodes, edges = read_text(folder / "nodes.tsv"), read_table(folder / "connectivity.tsv")
    pairs = {frozenset(edge.split("--")) for edge in edges}
    assert len(pairs) == 3003 == len(nodes) * (len(nodes) - 1) // 2
    assert set().union(*pairs) == set(nodes.index)
    assert nodes.loc["Basal_Ganglia_01", "network"] == "Basal_Ganglia" and nodes["network"].nunique() == 14
    assert edges.loc["AA003", "Auditory_01--Auditory_02"] == pytest.approx(1.399248, abs=1e-6)


def test_rsa_has_33_items_answered_1_to_7_by_675_people(fetched):
    """Briganti and Linkowski 2020: 675 students; the first answered 7 to the first three items."""
    items = read_table(fetched("rsa") / "rsa.tsv")
    assert items.shape == (675, 33) and not items.isna().to_numpy().any()
    assert items.min().min() == 1 and items.max().max() == 7
    assert items.loc["1", ["rsa_01", "rsa_02", "rsa_03"]].tolist() == [7, 7, 7]
    assert items.loc["5", [f"rsa_{i:02d}" for i in range(1, 9)]].tolist() == [7, 5, 5, 7, 7, 6, 6, 4]


def test_gbm_steps_and_alternatives_by_hand(fetched):
    """Valles-Colomer et al. 2019: 56 modules; tryptophan synthesis (MGB005), last step, as the owner's file has it."""
    modules = read_text(fetched("gbm") / "modules.tsv")
    assert modules["module"].nunique() == 56
    last = modules[(modules["module"] == "MGB005") & (modules["step"] == "5")]
    assert last["orthologues"].tolist() == ["K01695,K01696", "K01695,K06001"]
    assert last["alternative"].tolist() == ["1", "2"] and set(last["kegg_only"]) == {"yes"}
    assert modules.loc["MGB001.2.2", ["orthologues", "kegg_only"]].tolist() == ["COG0076", "no"]


def test_gbm_files_that_name_modules_differently_are_refused(tmp_path):
    (tmp_path / "GBMs.v1.0.txt").write_text("MGB001\tSerotonin\nK00001\n///\n")
    (tmp_path / "GBMs.v1.0.names").write_text("MGB001\tDopamine\n")
    with pytest.raises(OpenDataError, match="do not name the same modules"):
        arrange_gbm({path.name: path for path in tmp_path.iterdir()})


def test_hmp2_samples_tell_who_has_rna_and_dna(fetched, fetch_original):
    """The plan of the book: 803 samples of 109 people have both."""
    folder, files = fetched("hmp2_pathways"), fetch_original("hmp2_pathways")
    samples = read_text(folder / "samples.tsv")
    both = samples[(samples["has_rna"] == "yes") & (samples["has_dna"] == "yes")]
    assert (len(both), both["participant_id"].nunique()) == (803, 109)
    for name in ("rna", "dna"):
        table = read_text(folder / f"{name}.tsv")
        assert table.index.tolist() == samples.index[samples[f"has_{name}"] == "yes"].tolist()
        originals = read_text(files[f"HMP2_pwy{name.upper()}.tsv"])
        pd.testing.assert_frame_equal(table, originals.loc[table.index], check_names=False)
        assert table.astype(float).sum(axis=1).between(0.8, 1.0001).all()


def test_melonnpan_tables_hold_the_same_people_and_every_metabolite_a_name(fetched):
    folder = fetched("melonnpan_prism")
    tables = {name: read_table(folder / f"{name}.tsv") for name in ("genes", "metabolites", "test_genes", "weights")}
    assert tables["genes"].index.tolist() == tables["metabolites"].index.tolist()
    assert tables["genes"].columns.tolist() == tables["test_genes"].columns.tolist()
    names = read_text(folder / "metabolite_names.tsv")["name"]
    assert names.index.tolist() == tables["metabolites"].columns.tolist()
    assert set(names) == set(tables["weights"].columns) and tables["weights"].index[0] == "Intercept"


def test_tengeler_taxa_are_the_tips_of_the_tree(fetched, fetch_original):
    from skbio import TreeNode

    folder = fetched("tengeler")
    counts, taxonomy = read_table(folder / "counts.tsv"), read_text(folder / "taxonomy.tsv")
    assert {tip.name for tip in TreeNode.read(str(folder / "tree.nwk")).tips()} == set(counts.columns)
    assert taxonomy.index.tolist() == counts.columns.tolist()
    assert (counts.index == read_text(folder / "samples.tsv").index).all()
    assert counts.loc["A110", "1726470"] == 17722 and (counts.dtypes == "int64").all()
    tree = fetch_original("tengeler")["Data_humanization_phylo_aggregation.tre"]
    assert (folder / "tree.nwk").read_bytes() == tree.read_bytes()


# --- cards ----------------------------------------------------------------------------------------


def test_pages_of_the_cards_are_as_their_source():
    pages = write_data_cards()
    assert {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")} == pages
    assert set(pages) == {"overview.md", *(f"{name}.md" for name in read_cards())}


def test_every_card_is_in_the_contents_and_cites_what_the_bibliography_has():
    toc = yaml.safe_load((PROJECT_ROOT / "_toc.yml").read_text(encoding="utf-8"))
    part = next(part for part in toc["parts"] if part["caption"] == "Data of real people")
    chapters = [one for chapter in part["chapters"] for one in (chapter, *chapter.get("sections", ()))]
    listed = [chapter["file"].rpartition("/")[2] for chapter in chapters]
    assert listed == ["overview", *read_cards()]
    references = (PROJECT_ROOT / "book/references.bib").read_text(encoding="utf-8")
    registry = load_registry(REGISTRY)
    for name, card in read_cards().items():
        cited = set(registry.loc[registry["dataset"] == name, "citation"])
        for key in card.cite:
            entry = references.partition(f"{{{key},")[2].partition("\n}")[0]
            doi = entry.partition("doi = {")[2].partition("}")[0]
            assert doi and any(doi in text for text in cited), key


def test_pages_name_no_person_and_no_small_count():
    for name, text in write_data_cards().items():
        assert "sub-" not in text.replace("`sub-`", ""), name


# --- the command ----------------------------------------------------------------------------------


def offline(tmp_path):
    """Return an environment without mirror, cache or network: the proxy's door is shut."""
    env = {key: value for key, value in os.environ.items() if key.lower() not in ("no_proxy", "all_proxy")}
    env.pop(MIRROR_VARIABLE, None)
    shut = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    return env | shut | {"RESILIENCE_BOOK_CACHE": str(tmp_path / "cache")}


def test_offline_without_a_mirror_is_one_sentence_and_exit_code_3(tmp_path):
    done = run_command("fetch", "rsa", tmp_path / "rsa", env=offline(tmp_path))
    assert (done.returncode, done.stdout) == (3, "")
    said = done.stderr.strip()
    assert said.startswith("donaldRwilliams/BGGM/data/rsa.rda of rsa cannot be had") and said.endswith(
        "(RESILIENCE_BOOK_MIRROR)."
    )
    assert "\n" not in said and said.count(". ") == 0
    assert not (tmp_path / "rsa").exists()


def test_file_cut_short_in_the_mirror_is_refused_by_name_with_exit_code_3(tmp_path):
    path = "donaldRwilliams/BGGM/data/rsa.rda"
    (tmp_path / "mirror" / path).parent.mkdir(parents=True)
    (tmp_path / "mirror" / path).write_bytes(b"cut short")
    env = offline(tmp_path) | {MIRROR_VARIABLE: str(tmp_path / "mirror")}
    done = run_command("fetch", "rsa", tmp_path / "rsa", env=env)
    assert done.returncode == 3 and done.stderr.startswith(
        f"{path} from the mirror folder has 9 bytes, expected 12,225"
    )
    assert not (tmp_path / "rsa").exists()


def test_list_says_the_same_to_people_and_to_machines(tmp_path):
    env = offline(tmp_path)
    shown, listed = run_command("fetch", "--list", env=env), run_command("fetch", "--list", "--json", env=env)
    rows = json.loads(listed.stdout)
    assert shown.returncode == listed.returncode == 0
    assert [row["name"] for row in rows] == list(read_cards())
    for row in rows:
        assert f"{row['name']}: {row['title']}" in shown.stdout and row["licence"] in shown.stdout
        assert row["present"] is False
    assert shown.stdout.count("to be fetched") == len(rows)


def test_all_fetches_what_it_can_keeps_what_is_there_and_names_the_rest(fetch_original, tmp_path):
    """The cache holds two of the ten sets, the network none."""
    mirror = os.environ.get(MIRROR_VARIABLE)
    for name in ("gbm", "rsa"):
        fetch_original(name)
        fetch_files(name, registry=load_registry(REGISTRY), cache_dir=tmp_path / "cache", mirror=mirror or CACHE)
    folder, env = tmp_path / "cohorts", offline(tmp_path)
    done = run_command("fetch", "all", folder, env=env)
    assert done.returncode == 3
    assert sorted(path.name for path in folder.iterdir()) == ["gbm", "rsa"]
    assert len(done.stderr.strip().splitlines()) == len(read_cards()) - 2
    before = list_contents(folder)
    again = run_command("fetch", "all", folder, env=env)
    assert again.returncode == 3 and again.stdout.count("already") == 2
    assert list_contents(folder) == before


# --- samples of one person ------------------------------------------------------------------------


def read_numbers(path):
    return pd.read_csv(path, sep="\t", index_col=0, na_values="n/a")


def read_blocks(folder, name):
    """The tables of a set, under the names of the contract's blocks where reads have to be told from other numbers."""
    files = {
        "mars_ibs_2020": {"taxa": "repeated/taxa.tsv", "metabolites": "repeated/metabolites.tsv"},
        "hmp2_pathways": {"pathways": "dna.tsv", "pathways_rna": "rna.tsv"},
        "melonnpan_prism": {"uniref": "genes.tsv", "metabolites": "metabolites.tsv"},
        "breast_tcga": {"mrna": "train_mrna.tsv", "mirna": "train_mirna.tsv", "protein": "train_protein.tsv"},
        "rsfmri_mdd": {"connectivity": "connectivity.tsv"},
        "rsa": {"rsa": "rsa.tsv"},
        "tengeler": {"taxa": "counts.tsv"},
    }
    return {block: read_numbers(folder / file) for block, file in files[name].items()}


def tell_same_person(participants, tables):
    reader = Reader(Path("."))
    check_same_person(reader, participants, tables)
    return [problem.found for problem in reader.problems]


@pytest.mark.parametrize("name", ["mars_ibs_2020", "hmp2_pathways"])
def test_samples_of_people_who_gave_several_are_told_and_the_first_of_each_are_not(name, fetched):
    tables = read_blocks(fetched(name), name)
    samples = "repeated/samples.tsv" if name == "mars_ibs_2020" else "samples.tsv"
    whose = read_numbers(fetched(name) / samples)["participant_id"].dropna()
    (said,) = tell_same_person(pd.DataFrame(index=whose.index), tables)
    assert "with another who is nearer by" in said
    both = whose[whose.index.isin(next(iter(tables.values())).index)]
    first = both.index[~both.duplicated()]
    alone = {block: table.loc[table.index.isin(first)] for block, table in tables.items()}
    assert tell_same_person(pd.DataFrame(index=first), alone) == []


@pytest.mark.parametrize("name", ["melonnpan_prism", "breast_tcga", "rsfmri_mdd", "rsa", "tengeler"])
def test_people_who_gave_one_sample_each_are_told_of_nothing(name, fetched):
    tables = read_blocks(fetched(name), name)
    assert tell_same_person(pd.DataFrame(index=next(iter(tables.values())).index), tables) == []
    for block, table in tables.items():
        reader = Reader(Path("."))
        check_plain(BlockTable(reader, f"blocks/{block}.tsv", table, lambda row, column: ("", None, None)))
        assert not [
            p.found for p in reader.problems if "unlike all others" in p.found or "nearly the same" in p.found
        ], block
