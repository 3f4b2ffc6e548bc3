"""Small files laid out as the programs of the gut write them; every layout was checked against a public example.

The examples, by owner/repository and path: ``jrotzetter/metaphlanToPhyloseq inst/extdata/merged_abundance_table.txt``
(MetaPhlAn 4, merged) and ``inst/extdata/SRS014470-Tongue_dorsum_profile.txt`` (a profile); ``jenniferlu717/Bracken``
``sample_data/sample_test.report``, ``sample_data/sample_output_species_abundance.txt`` and the header written by
``analysis_scripts/combine_bracken_outputs.py``; ``biobakery/humann humann/tests/data/multi_sample_genefamilies.tsv`` and
``demo_pathabundance_with_names.tsv``; ``mothur/mothur.github.io`` (pages of get.groups and classify.otu);
``BU-BI586/16S-coral_2021_assign1 taxa.csv`` (DADA2 taxonomy); ``qiime2/q2-types q2_types/feature_data/tests/data/taxonomy``
and the metadata of the QIIME 2 tutorial; ``biocore/biom-format`` (text tables); ``picrust/picrust2`` (names and first columns
of its outputs, as its documentation has them: the stored examples are gzipped and could not be looked into).
"""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import biom
import h5py
import numpy as np

COUNTS = np.array([[5, 0, 2], [1, 7, 0], [0, 0, 9]])  # features by samples
FEATURES, SAMPLES = ("f1", "f2", "f3"), ("s1", "s2", "s3")
LINEAGES = (
    "k__Bacteria; p__Bacteroidota; c__B; o__O; f__F; g__Prevotella; s__x",
    "d__Bacteria; p__Bacillota; c__Clostridia; o__; f__; g__",
    "d__Bacteria; p__Bacillota; c__Clostridia; o__Oscillospirales; f__Ruminococcaceae; g__uncultured",
)
SEQUENCES = tuple("ACGT" * 12 + tail for tail in ("AAAA", "CCCC", "GGGG"))


def write(folder: Path, name: str, *lines: str) -> Path:
    """Write lines as a file; gzipped where the name ends in .gz."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    text = ("\n".join(lines) + "\n").encode()
    path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    return path


def make_biom(counts=COUNTS, features=FEATURES, samples=SAMPLES, **more) -> bytes:
    """Return a table in BIOM, HDF5."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        biom.Table(counts, list(features), list(samples), **more).to_hdf5(file, "test")
    return buffer.getvalue()


def make_artifact(path: Path, kind: str, name: str, content: bytes) -> Path:
    """Write an artifact of QIIME 2: a zip of one folder with VERSION, metadata.yaml and data/."""
    home = "0c8ee3b1-0d4b-4b5a-8d0f-3e1d6a1f2b34"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{home}/VERSION", "QIIME 2\narchive: 5\nframework: 2021.4.0\n")
        archive.writestr(f"{home}/metadata.yaml", f"uuid: {home}\ntype: {kind}\nformat: BIOMV210DirFmt\n")
        archive.writestr(f"{home}/provenance/metadata.yaml", f"uuid: {home}\ntype: {kind}\n")
        archive.writestr(f"{home}/data/{name}", content)
    return path


def qiime2_taxonomy(features=FEATURES, lineages=LINEAGES) -> str:
    """Return a taxonomy as QIIME 2 exports it."""
    rows = [f"{feature}\t{lineage}\t0.9" for feature, lineage in zip(features, lineages, strict=True)]
    return "\n".join(["Feature ID\tTaxon\tConfidence", *rows]) + "\n"


def qiime2_table(folder: Path) -> Path:
    """Write the artifact of a feature table."""
    return make_artifact(folder / "table.qza", "FeatureTable[Frequency]", "feature-table.biom", make_biom())


def qiime2_artifacts(folder: Path) -> list[Path]:
    """Write the artifacts of a study: table, taxonomy, rooted tree."""
    taxonomy = make_artifact(
        folder / "taxonomy.qza", "FeatureData[Taxonomy]", "taxonomy.tsv", qiime2_taxonomy().encode()
    )
    tree = make_artifact(
        folder / "rooted-tree.qza", "Phylogeny[Rooted]", "tree.nwk", b"((f1:0.1,f2:0.2)0.9:0.1,f3:0.3)root;\n"
    )
    return [qiime2_table(folder), taxonomy, tree]


def biom_hdf5(folder: Path) -> Path:
    """Write a table in BIOM that carries its taxonomy."""
    path = folder / "feature-table.biom"
    about = [{"taxonomy": lineage.split("; ")} for lineage in LINEAGES]
    path.write_bytes(make_biom(observation_metadata=about))
    return path


def biom_json(folder: Path) -> Path:
    """Write a table in BIOM, version 1."""
    path = folder / "table-json.biom"
    path.write_text(biom.Table(COUNTS, list(FEATURES), list(SAMPLES)).to_json("test"))
    return path


def biom_text(folder: Path) -> Path:
    """Write a table as ``biom convert --to-tsv --header-key taxonomy`` does."""
    rows = [
        "\t".join([name, *(f"{n:.1f}" for n in row), lineage])
        for name, row, lineage in zip(FEATURES, COUNTS, LINEAGES, strict=True)
    ]
    header = "\t".join(["#OTU ID", *SAMPLES, "taxonomy"])
    return write(folder, "feature-table.tsv", "# Constructed from biom file", header, *rows)


def exported_taxonomy(folder: Path) -> Path:
    """Write an exported taxonomy."""
    return write(folder, "taxonomy.tsv", *qiime2_taxonomy().splitlines())


def newick(folder: Path) -> Path:
    """Write an exported tree."""
    return write(folder, "tree.nwk", "((f1:0.1,f2:0.2)0.9:0.1,'f3':0.3)root;")


def metadata(folder: Path) -> Path:
    """Write metadata of samples."""
    return write(
        folder,
        "sample-metadata.tsv",
        "sample-id\tbarcode-sequence\tBody-site\tAge\tsubject",
        "#q2:types\tcategorical\tcategorical\tnumeric\tcategorical",
        "s1\tAGCT\tgut\t31\tsub-01",
        "s2\tACAC\tgut\t\tsub-02",
        "s3\tTTAC\ttongue\t44.5\tsub-03",
    )


def dada2_counts(folder: Path) -> Path:
    """Write ``write.csv(seqtab.nochim)``: samples by sequences."""
    header = ",".join(['""', *(f'"{s}"' for s in SEQUENCES)])
    rows = [",".join([f'"{sample}"', *map(str, COUNTS[:, at])]) for at, sample in enumerate(SAMPLES)]
    return write(folder, "seqtab.csv", header, *rows)


def dada2_taxonomy(folder: Path) -> Path:
    """Write ``write.csv(taxa)``: sequences by ranks."""
    return write(
        folder,
        "taxa.csv",
        '"","Kingdom","Phylum","Class","Order","Family","Genus"',
        f'"{SEQUENCES[0]}","Bacteria","Bacteroidota","Bacteroidia","Bacteroidales","Prevotellaceae","Prevotella"',
        f'"{SEQUENCES[1]}","Bacteria","Bacillota","Clostridia",NA,NA,NA',
        f'"{SEQUENCES[2]}","Bacteria","Bacillota","Bacilli","Lactobacillales","Lactobacillaceae","Lactobacillus"',
    )


def phyloseq_counts(folder: Path) -> Path:
    """Write ``write.table(otu_table(ps), sep = "\\t")``: taxa in rows, and no name above the row names."""
    rows = ["\t".join([f"ASV{at + 1}", *map(str, row)]) for at, row in enumerate(COUNTS)]
    return write(folder, "otu_table.txt", "\t".join(SAMPLES), *rows)


def mothur_shared(folder: Path) -> Path:
    """Write a shared file with two cut-offs; lines end with a tab, as mothur writes them."""
    return write(
        folder,
        "stability.opti_mcc.shared",
        "label\tGroup\tnumOtus\tOtu001\tOtu002\tOtu003\t",
        "0.03\tF3D0\t3\t499\t306\t0\t",
        "0.03\tF3D1\t3\t351\t311\t0\t",
        "0.05\tF3D0\t3\t499\t300\t6\t",
        "0.05\tF3D1\t3\t351\t311\t2\t",
    )


def mothur_taxonomy(folder: Path) -> Path:
    """Write a consensus taxonomy."""
    return write(
        folder,
        "stability.cons.taxonomy",
        "OTU\tSize\tTaxonomy",
        'Otu001\t12288\tBacteria(100);"Bacteroidetes"(100);"Bacteroidia"(100);"Bacteroidales"(100);'
        '"Porphyromonadaceae"(100);"Porphyromonadaceae"_unclassified(100);',
        "Otu002\t8892\tBacteria(100);Firmicutes(99);Bacilli(99);Lactobacillales(98);Lactobacillaceae(98);Lactobacillus(97);",
        "Otu003\t7\tBacteria(100);unclassified(100);unclassified(100);unclassified(100);unclassified(100);unclassified(100);",
    )


CLADES = (
    ("k__Bacteria", 80.0, 100.0),
    ("k__Bacteria|p__Firmicutes", 50.0, 100.0),
    ("k__Bacteria|p__Bacteroidota", 30.0, 0.0),
    ("k__Bacteria|p__Firmicutes|c__Bacilli|o__Lactobacillales|f__Lactobacillaceae|g__Lactobacillus", 50.0, 100.0),
    ("k__Bacteria|p__Bacteroidota|c__Bacteroidia|o__Bacteroidales|f__Prevotellaceae|g__Prevotella", 30.0, 0.0),
    (
        "k__Bacteria|p__Firmicutes|c__Bacilli|o__Lactobacillales|f__Lactobacillaceae|g__Lactobacillus|s__Lactobacillus_iners",
        50.0,
        100.0,
    ),
    (
        "k__Bacteria|p__Firmicutes|c__Bacilli|o__Lactobacillales|f__Lactobacillaceae|g__Lactobacillus|s__Lactobacillus_iners"
        "|t__SGB7025",
        50.0,
        100.0,
    ),
)


def metaphlan_merged(folder: Path) -> Path:
    """Write a merged table of MetaPhlAn 4."""
    rows = [f"{clade}\t{a}\t{b}" for clade, a, b in (("UNCLASSIFIED", 20.0, 0.0), *CLADES)]
    return write(folder, "merged.txt", "#mpa_vJun23_CHOCOPhlAnSGB_202307", "clade_name\tS1_profile\tS2_profile", *rows)


def metaphlan3_merged(folder: Path) -> Path:
    """Write a merged table of MetaPhlAn 3, with taxids and no unclassified reads."""
    rows = [f"{clade}\t2|1239\t{a}\t{b}" for clade, a, b in CLADES[:-1]]
    return write(
        folder, "merged3.txt", "#mpa_v30_CHOCOPhlAn_201901", "clade_name\tNCBI_tax_id\tS1_profile\tS2_profile", *rows
    )


def metaphlan_profile(folder: Path, sample: str = "S1", column: int = 1) -> Path:
    """Write the profile of one sample; rows end with an empty cell."""
    rows = [f"{row[0]}\t2|1239\t{row[column]}\t" for row in CLADES]
    return write(
        folder,
        f"{sample}_profile.txt",
        "#mpa_vJun23_CHOCOPhlAnSGB_202403",
        f"#/usr/bin/metaphlan {sample}.fastq --input_type fastq",
        "#18304939 reads processed",
        "#SampleID\tMetaphlan_Analysis",
        "#clade_name\tNCBI_tax_id\trelative_abundance\tadditional_species",
        *rows,
    )


def kraken_report(folder: Path, sample: str = "S1", n: int = 40) -> Path:
    """Write a report of Kraken 2: no header, names indented by rank."""
    return write(
        folder,
        f"{sample}.kreport",
        " 10.00\t10\t10\tU\t0\tunclassified",
        f" 90.00\t{n + 50}\t0\tR\t1\troot",
        f" 90.00\t{n + 50}\t0\tR1\t131567\t  cellular organisms",
        f" 80.00\t{n + 20}\t5\tD\t2\t    Bacteria",
        f" 75.00\t{n + 15}\t5\tP\t1239\t      Bacillota",
        f" 70.00\t{n + 10}\t0\tF\t33958\t        Lactobacillaceae",
        f" 70.00\t{n}\t3\tG\t1578\t          Lactobacillus",
        f" 60.00\t{n - 3}\t{n - 3}\tS\t1596\t            Lactobacillus gasseri",
        " 10.00\t10\t10\tG\t46255\t          Weissella",
        " 30.00\t30\t0\tD\t2759\t    Eukaryota",
        " 30.00\t30\t0\tG\t9605\t      Homo",
        " 30.00\t30\t30\tS\t9606\t        Homo sapiens",
    )


def bracken(folder: Path, sample: str = "S1", n: int = 21) -> Path:
    """Write an output of Bracken."""
    return write(
        folder,
        f"{sample}.bracken",
        "name\ttaxonomy_id\ttaxonomy_lvl\tkraken_assigned_reads\tadded_reads\tnew_est_reads\tfraction_total_reads",
        f"Lactobacillus gasseri\t1596\tS\t{n}\t0\t{n}\t0.5",
        "Candidatus Saccharibacteria oral\t1305\tS\t20\t3\t23\t0.00000",
        "Homo sapiens\t9606\tS\t156\t0\t156\t0.90173",
    )


def bracken_combined(folder: Path) -> Path:
    """Write a table of combine_bracken_outputs.py."""
    return write(
        folder,
        "combined.tsv",
        "name\ttaxonomy_id\ttaxonomy_lvl\tS1.bracken_num\tS1.bracken_frac\tS2.bracken_num\tS2.bracken_frac",
        "Lactobacillus\t1578\tG\t21\t0.50000\t0\t0.00000",
        "Prevotella\t838\tG\t3\t0.10000\t40\t1.00000",
        "Homo\t9605\tG\t9\t0.40000\t0\t0.00000",
    )


def humann_genes(folder: Path) -> Path:
    """Write gene families of two samples, joined."""
    return write(
        folder,
        "genefamilies.tsv",
        "# Gene Family\tS1_Abundance-RPKs\tS2_Abundance-RPKs",
        "UNMAPPED\t187.0\t12.5",
        "UniRef90_A6L0N6: Conserved protein\t67.25\t0",
        "UniRef90_A6L0N6: Conserved protein|g__Bacteroides.s__Bacteroides_fragilis\t57.0\t0",
        "UniRef90_A6L0N6: Conserved protein|unclassified\t10.25\t0",
        "UniRef90_G9S1V7: NO_NAME\t60.5\t3.875",
    )


def humann_pathways(folder: Path) -> Path:
    """Write abundances of pathways of two samples, joined."""
    return write(
        folder,
        "pathabundance.tsv",
        "# Pathway\tS1_Abundance-CPM\tS2_Abundance-CPM",
        "UNMAPPED\t21383.03\t1",
        "UNINTEGRATED\t123278.26\t2",
        "UNINTEGRATED|unclassified\t6301.17\t2",
        "PWY-6609: adenine and adenosine salvage III\t285.79\t10",
        "PWY-6609: adenine and adenosine salvage III|unclassified\t285.79\t10",
        "PWY0-1301: melibiose degradation\t0\t4.5",
    )


def humann4_genes(folder: Path) -> Path:
    """Write gene families of HUMAnN 4: the unit stands in the first cell."""
    return write(
        folder,
        "S1_2_genefamilies.tsv",
        "# Gene Family HUMAnN v4.0.0.alpha.2 Adjusted CPMs\tS1",
        "READS_UNMAPPED\t10",
        "UniRef90_A\t7.5",
        "UniRef90_A|s__Bacteroides_ovatus.t__SGB1871\t7.5",
    )


def picrust2_functions(folder: Path) -> Path:
    """Write predicted functions."""
    return write(
        folder, "KO/pred_metagenome_unstrat.tsv.gz", "function\ts1\ts2", "K00001\t12.5\t0.33", "K00002\t0.0\t4.0"
    )


def picrust2_pathways(folder: Path) -> Path:
    """Write predicted pathways with descriptions."""
    return write(
        folder,
        "path_abun_unstrat_descrip.tsv.gz",
        "pathway\tdescription\ts1\ts2",
        "1CMET2-PWY\tN10-formyl-tetrahydrofolate biosynthesis\t10.25\t3",
        "ANAGLYCOLYSIS-PWY\tglycolysis III (from glucose)\t0\t5.5",
    )


EXPORTS = {
    "qiime2": qiime2_table,
    "biom": biom_hdf5,
    "biom-text": biom_text,
    "qiime2-taxonomy": exported_taxonomy,
    "newick": newick,
    "qiime2-metadata": metadata,
    "dada2-counts": dada2_counts,
    "dada2-taxonomy": dada2_taxonomy,
    "mothur-shared": mothur_shared,
    "mothur-taxonomy": mothur_taxonomy,
    "metaphlan": metaphlan_merged,
    "metaphlan-profile": metaphlan_profile,
    "kraken2-report": kraken_report,
    "bracken": bracken,
    "bracken-combined": bracken_combined,
    "humann": humann_genes,
    "picrust2": picrust2_functions,
}
FURTHER = {
    "biom": biom_json,
    "dada2-counts": phyloseq_counts,
    "metaphlan": metaphlan3_merged,
    "humann": humann_pathways,
    "picrust2": picrust2_pathways,
}
