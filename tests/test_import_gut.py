"""Exports of programs of the gut become tables of a cohort folder, number by number.

Expected numbers are those written into the files by ``gut_exports``, which names the public example of every layout.
"""

import biom
import numpy as np
import pandas as pd
import pytest

from helpers.importers.base import Options
from helpers.importers.dada2 import shorten
from helpers.importers.heads import read_head
from helpers.importers.into_cohort import import_files
from helpers.importers.lineages import split_lineage
from helpers.importers.registry import find_format, list_formats, match_formats, recognise
from helpers.problems import CohortError
from helpers.tables import read_table
from tests import gut_exports as exports

TAXA, TAXONOMY = "microbiome/taxa.tsv", "microbiome/taxonomy.tsv"


@pytest.fixture
def mine(tmp_path):
    """A folder that does not exist yet."""
    return tmp_path / "mine"


def read(name, *paths, **options):
    """Return what a format makes of files."""
    return find_format(name).read(list(paths), Options(**options))


@pytest.mark.parametrize(
    ("name", "export"), [*exports.EXPORTS.items(), *exports.FURTHER.items(), ("humann", exports.humann4_genes)]
)
def test_every_export_is_known_as_one_format(name, export, tmp_path):
    path = export(tmp_path)
    assert [form.name for form in match_formats(read_head(path))] == [name]
    assert recognise(path).name == name


def test_every_gut_format_has_an_example():
    gut = {form.name for form in list_formats() if "microbiome/" in form.becomes or form.name == "qiime2-metadata"}
    assert gut == set(exports.EXPORTS)


def test_artifacts_become_counts_ranks_and_tree(tmp_path, mine):
    report = import_files(exports.qiime2_artifacts(tmp_path), mine)
    taxa, taxonomy = read_table(mine / TAXA), read_table(mine / TAXONOMY)
    assert taxa.to_numpy().tolist() == exports.COUNTS.T.tolist()
    assert list(taxa.index) == ["s1", "s2", "s3"]
    assert taxonomy.loc["f1", ["domain", "genus", "species"]].tolist() == ["Bacteria", "Prevotella", "x"]
    assert taxonomy.loc["f2", "class"] == "Clostridia"
    assert taxonomy.loc[["f2", "f3"], "genus"].isna().all()
    assert (taxonomy["confidence"] == 0.9).all()
    assert (mine / "microbiome/tree.nwk").read_text() == "((f1:0.1,f2:0.2)0.9:0.1,f3:0.3)root;\n"
    assert {target.file for target in report.targets} == {TAXA, TAXONOMY, "microbiome/tree.nwk"}


def test_the_type_of_an_artifact_is_believed_not_its_name(tmp_path):
    shares = exports.make_biom(exports.COUNTS / exports.COUNTS.sum(axis=0))
    path = exports.make_artifact(
        tmp_path / "table.qza", "FeatureTable[RelativeFrequency]", "feature-table.biom", shares
    )
    with pytest.raises(CohortError, match=r"RelativeFrequency.*\n.*FeatureTable\[Frequency\]"):
        read("qiime2", path)


def test_an_artifact_of_shares_beside_one_of_counts_is_left_out(tmp_path):
    other = exports.make_artifact(tmp_path / "x.qza", "SampleData[AlphaDiversity]", "alpha.tsv", b"x")
    imported = read("qiime2", exports.qiime2_table(tmp_path), other)
    assert [entry.what for entry in imported.left_out] == ["artifact x.qza"]
    assert list(imported.tables) == [TAXA]


def test_shares_in_a_table_of_counts_are_refused(tmp_path):
    path = tmp_path / "feature-table.biom"
    path.write_bytes(exports.make_biom(exports.COUNTS / 10))
    with pytest.raises(CohortError, match="not whole"):
        read("biom", path)


@pytest.mark.parametrize("export", [exports.biom_hdf5, exports.biom_text])
def test_tables_that_carry_a_taxonomy_give_it(export, tmp_path):
    imported = read({"biom_hdf5": "biom", "biom_text": "biom-text"}[export.__name__], export(tmp_path))
    assert imported.tables[TAXA].to_numpy().tolist() == exports.COUNTS.T.tolist()
    assert imported.tables[TAXONOMY].loc["f1", "genus"] == "Prevotella"


def test_features_that_no_sample_has_are_left_out_and_counted(tmp_path):
    path = tmp_path / "feature-table.biom"
    path.write_bytes(exports.make_biom(np.array([[1, 2], [0, 0], [3, 0]]), samples=("a", "b")))
    imported = read("biom", path)
    assert list(imported.tables[TAXA].columns) == ["f1", "f3"]
    assert [(entry.what, entry.n) for entry in imported.left_out] == [("features without a read", 1)]


def test_features_without_taxonomy_are_named(tmp_path, mine):
    taxonomy = exports.write(tmp_path, "taxonomy.tsv", "Feature ID\tTaxon", "f1\td__Bacteria")
    with pytest.raises(CohortError, match=r"no line for 2 taxa of the table \(f2, f3\)"):
        import_files([exports.qiime2_table(tmp_path), taxonomy], mine)
    assert not mine.exists()


def test_lines_of_a_taxonomy_for_other_features_are_left_out(tmp_path, mine):
    lines = [*exports.qiime2_taxonomy().splitlines(), "f9\td__Bacteria\t1"]
    report = import_files([exports.qiime2_table(tmp_path), exports.write(tmp_path, "taxonomy.tsv", *lines)], mine)
    assert [entry.n for entry in report.left_out] == [1]
    assert list(read_table(mine / TAXONOMY).index) == ["f1", "f2", "f3"]


def test_a_taxonomy_may_come_after_its_table(tmp_path, mine):
    import_files([exports.qiime2_table(tmp_path)], mine)
    import_files([exports.exported_taxonomy(tmp_path)], mine)
    assert list(read_table(mine / TAXONOMY).index) == ["f1", "f2", "f3"]


def test_metadata_become_participants(tmp_path):
    imported = read("qiime2-metadata", exports.metadata(tmp_path))
    people = imported.tables["participants.tsv"]
    assert people["age"].tolist()[::2] == [31.0, 44.5]
    assert pd.isna(people.loc["s2", "age"])
    assert list(people.columns) == ["Body-site", "age", "subject"]
    assert imported.left_out[0].what == "columns barcode-sequence"
    by_person = read("qiime2-metadata", exports.metadata(tmp_path), column="subject").tables["participants.tsv"]
    assert list(by_person.index) == ["sub-01", "sub-02", "sub-03"]


def test_sequences_get_short_names_and_are_kept(tmp_path, mine):
    import_files([exports.dada2_counts(tmp_path), exports.dada2_taxonomy(tmp_path)], mine)
    taxa, taxonomy = read_table(mine / TAXA), read_table(mine / TAXONOMY)
    assert taxa.to_numpy().tolist() == exports.COUNTS.T.tolist()
    assert list(taxa.columns) == [shorten(sequence) for sequence in exports.SEQUENCES]
    assert taxonomy["sequence"].tolist() == list(exports.SEQUENCES)
    assert taxonomy["genus"].tolist()[::2] == ["Prevotella", "Lactobacillus"]
    assert pd.isna(taxonomy["genus"].iloc[1])


def test_phyloseq_tables_may_have_taxa_in_rows(tmp_path):
    taxa = read("dada2-counts", exports.phyloseq_counts(tmp_path)).tables[TAXA]
    assert taxa.to_numpy().tolist() == exports.COUNTS.T.tolist()
    assert list(taxa.columns) == ["ASV1", "ASV2", "ASV3"]


def test_mothur_keeps_one_cut_off(tmp_path):
    path = exports.mothur_shared(tmp_path)
    imported = read("mothur-shared", path)
    assert imported.tables[TAXA].to_dict("index") == {
        "F3D0": {"Otu001": 499, "Otu002": 306},
        "F3D1": {"Otu001": 351, "Otu002": 311},
    }
    assert [(entry.what, entry.n) for entry in imported.left_out] == [
        ("rows of other cut-offs", 2),
        ("OTUs without a read", 1),
    ]
    assert read("mothur-shared", path, rank="0.05").tables[TAXA]["Otu003"].tolist() == [6, 2]
    with pytest.raises(CohortError, match=r"2 cut-offs in one file \(0.03, 0.05\)"):
        read("mothur-shared", path, rank="0.1")


def test_mothur_taxonomy_loses_its_bootstrap_values(tmp_path):
    taxonomy = read("mothur-taxonomy", exports.mothur_taxonomy(tmp_path)).tables[TAXONOMY]
    assert taxonomy.loc["Otu001", ["phylum", "family"]].tolist() == ["Bacteroidetes", "Porphyromonadaceae"]
    assert taxonomy.loc[["Otu001", "Otu003"], "genus"].isna().all()
    assert taxonomy.loc["Otu002", "genus"] == "Lactobacillus"


def test_metaphlan_keeps_one_rank_in_per_cent(tmp_path):
    path = exports.metaphlan_merged(tmp_path)
    imported = read("metaphlan", path)
    assert imported.tables[TAXA].to_dict("index") == {
        "S1": {"Lactobacillus": 50.0, "Prevotella": 30.0},
        "S2": {"Lactobacillus": 100.0, "Prevotella": 0.0},
    }
    assert imported.tables[TAXONOMY].loc["Prevotella", "family"] == "Prevotellaceae"
    assert imported.settings == {"scale": {"taxa": "percent"}}
    assert [(entry.what, entry.n) for entry in imported.left_out] == [
        ("rows of other ranks", 5),
        ("row UNCLASSIFIED", 1),
    ]
    species = read("metaphlan", path, rank="species").tables[TAXA]
    assert list(species.columns) == ["Lactobacillus_iners"]
    with pytest.raises(CohortError, match="no rank 'tribe'"):
        read("metaphlan", path, rank="tribe")


def test_metaphlan_3_tables_have_a_column_of_taxids(tmp_path):
    imported = read("metaphlan", exports.metaphlan3_merged(tmp_path), rank="phylum")
    assert imported.tables[TAXA].loc["S1"].to_dict() == {"Firmicutes": 50.0, "Bacteroidota": 30.0}


def test_profiles_of_metaphlan_are_joined(tmp_path):
    paths = [exports.metaphlan_profile(tmp_path), exports.metaphlan_profile(tmp_path, "S2", 2)]
    merged = read("metaphlan", exports.metaphlan_merged(tmp_path)).tables[TAXA]
    pd.testing.assert_frame_equal(read("metaphlan-profile", *paths).tables[TAXA], merged)


def test_clades_of_one_name_are_told_apart(tmp_path):
    path = exports.write(
        tmp_path,
        "merged.txt",
        "#mpa_vJun23",
        "clade_name\tS1",
        "k__Bacteria\t100",
        "k__Bacteria|p__A|c__A|o__A|f__Aceae|g__Incertae\t60",
        "k__Bacteria|p__A|c__A|o__A|f__Bceae|g__Incertae\t40",
    )
    assert list(read("metaphlan", path).tables[TAXA].columns) == ["Aceae_Incertae", "Bceae_Incertae"]


def test_kraken_reports_become_reads_of_one_rank(tmp_path):
    paths = [exports.kraken_report(tmp_path), exports.kraken_report(tmp_path, "S2", 7)]
    imported = read("kraken2-report", *paths)
    assert imported.tables[TAXA].to_dict("index") == {
        "S1": {"Lactobacillus": 40, "Weissella": 10},
        "S2": {"Lactobacillus": 7, "Weissella": 10},
    }
    assert imported.tables[TAXONOMY].loc["Weissella", ["domain", "family"]].tolist() == ["Bacteria", "Lactobacillaceae"]
    assert {entry.what: entry.n for entry in imported.left_out} == {
        "reads of humans": 60,
        "reads without a genus": 20,
        "unclassified reads": 20,
    }


def test_bracken_files_are_joined_and_humans_left_out(tmp_path):
    imported = read("bracken", exports.bracken(tmp_path), exports.bracken(tmp_path, "S2", 5))
    assert imported.tables[TAXA]["Lactobacillus gasseri"].to_dict() == {"S1": 21, "S2": 5}
    assert imported.tables[TAXONOMY].loc["Lactobacillus gasseri", "genus"] == "Lactobacillus"
    assert pd.isna(imported.tables[TAXONOMY].loc["Candidatus Saccharibacteria oral", "genus"])
    assert [(entry.what, entry.n) for entry in imported.left_out] == [("reads of humans", 312)]


def test_combined_tables_of_bracken_give_their_numbers(tmp_path):
    imported = read("bracken-combined", exports.bracken_combined(tmp_path))
    assert imported.tables[TAXA].to_dict("index") == {
        "S1": {"Lactobacillus": 21, "Prevotella": 3},
        "S2": {"Lactobacillus": 0, "Prevotella": 40},
    }
    assert imported.tables[TAXONOMY]["genus"].tolist() == ["Lactobacillus", "Prevotella"]


def test_two_files_of_one_sample_are_refused(tmp_path):
    paths = [exports.bracken(tmp_path / "a"), exports.bracken(tmp_path / "b")]
    with pytest.raises(CohortError, match="a second file of the sample S1"):
        read("bracken", *paths)


def test_humann_keeps_whole_functions_in_their_unit(tmp_path):
    imported = read("humann", exports.humann_genes(tmp_path))
    genes = imported.tables["microbiome/genes.tsv"]
    assert genes.to_dict("index") == {
        "S1": {"UniRef90_A6L0N6": 67.25, "UniRef90_G9S1V7": 60.5},
        "S2": {"UniRef90_A6L0N6": 0.0, "UniRef90_G9S1V7": 3.875},
    }
    assert imported.tables["microbiome/features.tsv"].loc["UniRef90_A6L0N6", "name"] == "Conserved protein"
    assert imported.settings == {"scale": {"genes": "rpk"}}
    assert [(entry.what, entry.n) for entry in imported.left_out] == [("stratified rows", 2), ("rows UNMAPPED", 1)]


def test_humann_prefers_pathways_and_says_so(tmp_path):
    imported = read("humann", exports.humann_genes(tmp_path), exports.humann_pathways(tmp_path), role="transcripts")
    assert imported.tables["microbiome/transcripts.tsv"].loc["S2"].to_dict() == {"PWY-6609": 10.0, "PWY0-1301": 4.5}
    assert imported.settings == {"scale": {"transcripts": "cpm"}}
    assert "files of gene families (genefamilies.tsv)" in [entry.what for entry in imported.left_out]


def test_humann_4_tells_its_unit_in_the_first_cell(tmp_path):
    imported = read("humann", exports.humann4_genes(tmp_path))
    assert imported.tables["microbiome/genes.tsv"].to_dict("index") == {"S1": {"UniRef90_A": 7.5}}
    assert imported.settings == {"scale": {"genes": "cpm"}}


def test_samples_in_different_units_are_refused(tmp_path):
    with pytest.raises(CohortError, match=r"different units \(cpm, rpk\)"):
        read("humann", exports.humann_genes(tmp_path), exports.humann4_genes(tmp_path))


def test_predictions_carry_their_mark(tmp_path):
    paths = [exports.picrust2_functions(tmp_path), exports.picrust2_pathways(tmp_path)]
    imported = read("picrust2", *paths)
    genes = imported.tables["microbiome/genes.tsv"]
    assert genes.loc["s1"].to_dict() == {"predicted_1CMET2-PWY": 10.25, "predicted_ANAGLYCOLYSIS-PWY": 0.0}
    names = imported.tables["microbiome/features.tsv"]["name"]
    assert names["predicted_ANAGLYCOLYSIS-PWY"] == "predicted: glycolysis III (from glucose)"
    assert "pred_metagenome_unstrat.tsv.gz" in imported.left_out[0].what
    with pytest.raises(CohortError, match="no RNA"):
        read("picrust2", paths[0], role="transcripts")


def test_stratified_predictions_are_no_such_table(tmp_path):
    path = exports.write(tmp_path, "strat.tsv", "function\tsequence\ts1", "K00001\tasv1\t2.0")
    assert recognise(path) is None


@pytest.mark.parametrize("values", [np.array([[1, 2.5]]), np.array([[-1, 3]])])
def test_no_counts_no_taxa(values, tmp_path):
    path = tmp_path / "t.biom"
    path.write_text(biom.Table(values, ["f"], ["a", "b"]).to_json("test"))
    with pytest.raises(CohortError, match=r"not whole|below 0"):
        read("biom", path)


def test_lineage_without_ranks_is_blank():
    assert set(split_lineage("Unassigned").values()) == {None}
