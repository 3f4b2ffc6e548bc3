"""What the contract says of measurements: each damage to a clean cohort gets its message; each accepted form reads alike."""

import gzip
import json
import re
import shutil
from dataclasses import dataclass

import biom
import h5py
import nibabel
import numpy as np
import pandas as pd
import pytest
from biom.util import biom_open
from skbio import TreeNode

from helpers.contract import inspect_cohort, load_cohort, read_schema
from helpers.contract.blocks import summarise
from helpers.contract.tree import scan_newick
from helpers.wording import hide_ids
from tests.support import EXAMPLE, run_command

N_NODES, N_IMAGED = 8, 58
CONNECTIVITY, MATRICES, NODES = "brain/connectivity.tsv", "brain/connectivity", "brain/nodes.tsv"
VOLUMES, TRACTS, MOTION, MAPS = "brain/volumes.tsv", "brain/tracts.tsv", "brain/motion.tsv", "brain/maps"
TAXA, TREE, TAXONOMY = "microbiome/taxa.tsv", "microbiome/tree.nwk", "microbiome/taxonomy.tsv"
METABOLITES, COMPOUNDS = "metabolites/metabolites.tsv", "metabolites/features.tsv"
N_TAXA, N_METABOLITES = (pd.read_csv(EXAMPLE / file, sep="\t", nrows=0).shape[1] - 1 for file in (TAXA, METABOLITES))
ODD_ICV = 0.2 * pd.read_csv(EXAMPLE / VOLUMES, sep="\t", na_values="n/a")["icv"].median()
LENGTH = re.search(r":0\.\d+", (EXAMPLE / TREE).read_text()).group()


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """The example cohort with the edges of eight nodes in half of the people, to be quick."""
    folder = shutil.copytree(EXAMPLE, tmp_path_factory.mktemp("clean") / "cohort")
    shutil.rmtree(folder / MAPS)  # tests write smaller ones
    nodes = read(folder, NODES).head(N_NODES)
    edges = read(folder, CONNECTIVITY)
    kept = [edge for edge in edges if set(edge.split("--")) <= set(nodes.index)]
    assert len(kept) == N_NODES * (N_NODES - 1) / 2
    save(folder, NODES, nodes)
    save(folder, CONNECTIVITY, edges[kept].head(N_IMAGED))
    return folder


@pytest.fixture
def cohort(clean, tmp_path):
    return shutil.copytree(clean, tmp_path / "cohort")


def read(folder, file):
    return pd.read_csv(folder / file, sep="\t", index_col=0, na_values="n/a", keep_default_na=False)


def save(folder, file, table):
    (folder / file).parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(folder / file, sep="\t", na_rep="n/a")


def change(file, edit):
    """CellError one table: ``edit`` gets it as numbers and returns what to write."""

    def damage(folder):
        save(folder, file, edit(read(folder, file)))

    return damage


def set_cell(file, row, column, value):
    def edit(table):
        table = table.astype(object) if isinstance(value, str) else table.astype(float)
        table.iloc[row, column] = value
        return table

    return change(file, edit)


def as_matrices(folder, *, named=True, ending=".tsv"):
    """Replace the table of edges by one matrix per person."""
    edges, nodes = read(folder, CONNECTIVITY), list(read(folder, NODES).index)
    (folder / CONNECTIVITY).unlink()
    for person, row in edges.iterrows():
        matrix = pd.DataFrame(np.eye(len(nodes)), index=nodes, columns=nodes)
        for edge, value in row.items():
            a, b = edge.split("--")
            matrix.loc[a, b] = matrix.loc[b, a] = value
        write_matrix(folder, f"{person}{ending}", matrix, named=named)
    return folder


def write_matrix(folder, name, matrix, *, named=True):
    path = folder / MATRICES / name
    path.parent.mkdir(exist_ok=True)
    matrix.to_csv(path, sep="\t", na_rep="n/a", header=named, index=named)


def matrix(person, edit):
    """CellError one person's matrix."""

    def damage(folder):
        as_matrices(folder)
        table = read(folder, f"{MATRICES}/{person}.tsv")
        write_matrix(folder, f"{person}.tsv", edit(table))

    return damage


def all_matrices(edit, **options):
    def damage(folder):
        as_matrices(folder)
        for path in (folder / MATRICES).glob("*.tsv"):
            write_matrix(folder, path.name, edit(read(folder, f"{MATRICES}/{path.name}")), **options)

    return damage


def declare_r_as_z(folder):
    """Give r of edges from weak to strong, their z spreading alike, and say that they are z."""
    table, rng = read(folder, CONNECTIVITY), np.random.default_rng(2)
    z = np.linspace(0.3, 1.1, table.shape[1]) + rng.normal(0, 0.2, table.shape)
    save(folder, CONNECTIVITY, pd.DataFrame(np.tanh(z), table.index, table.columns))
    with (folder / "cohort.yml").open("a") as settings:
        settings.write("connectivity_scale: fisher_z\n")


def put(row, column, value):
    def edit(table):
        table = table.astype(object) if isinstance(value, str) else table
        table.iloc[row, column] = value
        return table

    return edit


def write_maps(folder, **odd):
    """Write small maps; ``odd`` says what is different of sub-002: shape, affine, or voxels (a function)."""
    (folder / MAPS).mkdir()
    people = read(folder, "participants.tsv").index[:12]
    rng = np.random.default_rng(3)
    for person in people:
        mine = odd if person == "sub-002" else {}
        voxels = rng.normal(size=mine.get("shape", (5, 6, 4))).astype(mine.get("dtype", np.float32))
        voxels[0] = 0
        voxels = mine.get("voxels", lambda v: v)(voxels)
        image = nibabel.Nifti1Image(voxels, mine.get("affine", np.diag([3.0, 3, 3, 1])))
        nibabel.save(image, folder / MAPS / f"{person}.nii.gz")
    return folder


def maps(**odd):
    return lambda folder: write_maps(folder, **odd)


def break_map(how):
    def damage(folder):
        path = write_maps(folder) / MAPS / "sub-002.nii.gz"
        how(path)

    return damage


def rewrite_gzip(change_bytes):
    """CellError what is inside a gzip file that is itself whole."""
    return lambda path: path.write_bytes(gzip.compress(change_bytes(gzip.decompress(path.read_bytes()))))


def to_biom(folder, file=TAXA, *, text=False):
    """Replace a table by the same counts as BIOM, HDF5 or JSON."""
    counts = read(folder, file)
    table = biom.Table(counts.to_numpy().T, list(counts.columns), list(counts.index))
    target = folder / file.replace(".tsv", ".biom")
    if text:
        target.write_text(table.to_json("test"))
    else:
        with biom_open(str(target), "w") as handle:
            table.to_hdf5(handle, "test")
    (folder / file).unlink()
    return target


def damaged_biom(change_bytes):
    def damage(folder):
        path = to_biom(folder)
        path.write_bytes(change_bytes(path.read_bytes()))

    return damage


def transcripts_biom_for_volumes(folder):
    table = biom.Table(np.ones((2, 2)), ["a", "b"], ["sub-001", "sub-002"])
    (folder / "brain/volumes.biom").write_text(table.to_json("test"))


def turned_with_other_ids(folder):
    counts = read(folder, TAXA)
    counts.index = [f"patient{i}" for i in range(len(counts))]
    save(folder, TAXA, counts.T.rename_axis("participant_id"))


def clr(counts):
    logs = np.log(counts + 0.5)
    return logs.sub(logs.mean(axis=1), axis=0).round(4)


def level(counts):
    """Bring all samples to 400,000 reads without losing a taxon."""
    return counts.assign(taxon_001=counts["taxon_001"] + 400_000 - counts.sum(axis=1))


def no_reads(table):
    table.iloc[[4, 9]] = 0
    return table


def shallow(table):
    table.iloc[3] = 0
    table.iloc[3, 5] = 40
    return table


def blank_node(people):
    def edit(table):
        table.loc[table.index[people], [edge for edge in table if "Reward_02" in edge.split("--")]] = np.nan
        return table

    return edit


def newick(old, new, *, n=1):
    def damage(folder):
        text = (folder / TREE).read_text()
        assert old in text
        (folder / TREE).write_text(text.replace(old, new, n))

    return damage


def whole_tree(make):
    return lambda folder: (folder / TREE).write_text(make(TreeNode.read(str(folder / TREE), convert_underscores=False)))


def unroot(tree):
    names = ",".join(f"{tip.name}:1" for tip in tree.tips())
    return f"({names});"


def strip_lengths(tree):
    for node in tree.traverse():
        node.length = None
    return str(tree)


def icv_times(factor):
    return change(VOLUMES, lambda t: t.assign(icv=t["icv"] * factor))


def declare(scale, file=COMPOUNDS):
    return change(file, lambda t: t.assign(scale=scale))


def logged_but_raw(folder):
    change(METABOLITES, lambda t: np.log2(t).round(3))(folder)


def mixed_motion(table):
    table.iloc[[5, 8, 20], 0] *= 1000
    return table


@dataclass(frozen=True)
class Case:
    """One damage and the message it must get."""

    check: str
    damage: object
    file: str
    line: int | None
    column: str | None
    found: str
    fix: str
    severity: str = "error"


def warning(*arguments):
    return Case(*arguments, severity="warning")


R1, R2, R3 = "Reward_01", "Reward_02", "Reward_03"
ONE = f"{MATRICES}/sub-003.tsv"
MAP = f"{MAPS}/sub-002.nii.gz"
ZIP = b"PK\x03\x04 this is a zip"

CASES = [
    # matrices
    Case("matrix_shape", matrix("sub-003", lambda t: t.iloc[:-1]), ONE, None, None, "7 rows of 8 numbers", "whole square"),
    Case("matrix_shape", lambda f: (as_matrices(f) / ONE).write_text("1 2\n2 1\n"), ONE, None, None, "rows of", "tab-separated?"),
    Case("matrix_symmetry", matrix("sub-003", put(1, 4, 0.9)), ONE, 3, "Reward_05", "not symmetric: 0.9 and", "export the correlations"),
    Case("matrix_half", matrix("sub-003", lambda t: t.where(np.triu(np.ones(t.shape, bool)), 0.0)), ONE, None, None, "only one half", "transposed"),
    Case("matrix_diagonal", matrix("sub-003", put(2, 2, 0.8)), ONE, 4, R3, "0.8 on the diagonal", "each node's with itself 1"),
    Case("matrix_diagonal", all_matrices(lambda t: t + np.eye(8)), f"{MATRICES}/sub-001.tsv", 2, R1, f"and the like in {N_IMAGED - 1} further files", "itself 1"),
    Case("matrix_nodes_unknown", matrix("sub-003", lambda t: t.rename(columns={R2: "reward_02"}, index={R2: "reward_02"})), ONE, 1, "reward_02", "does not list (reward_02)", "write Reward_02"),
    Case("matrix_nodes_unknown", matrix("sub-003", lambda t: t.set_axis([R1, R1, *t.columns[2:]], axis=1)), ONE, 1, None, "Reward_01 more than once", "rename"),
    Case("matrix_rows_columns", matrix("sub-003", lambda t: t.rename(index={R2: R1})), ONE, 3, None, "the row 'Reward_01'", "rows and columns alike"),
    Case("matrix_nodes_differ", matrix("sub-003", lambda t: t.iloc[1:, 1:]), ONE, None, None, "a matrix without Reward_01", "row and column of n/a"),
    Case("matrix_size", all_matrices(lambda t: t.iloc[1:, 1:], named=False), f"{MATRICES}/sub-001.tsv", None, None, "7 rows without names", "brain/nodes.tsv"),
    Case("matrix_text", matrix("sub-003", put(1, 4, "0,4")), ONE, 3, "Reward_05", "'0,4'", "decimal point"),
    Case("matrix_unreadable", lambda f: (as_matrices(f) / MATRICES / "sub-003.tsv").rename(f / MATRICES / "sub-003.tsv.gz"), f"{ONE}.gz", None, None, "cannot be read", "copy or export"),
    Case("person_file", lambda f: (as_matrices(f) / ONE).rename(f / MATRICES / "SUB-3.tsv"), f"{MATRICES}/SUB-3.tsv", None, None, "'SUB-3'", "rename it sub-003.tsv"),
    Case("person_file", lambda f: shutil.copy(write_maps(f) / MAP, f / MAPS / "sub-777.nii.gz"), f"{MAPS}/sub-777.nii.gz", None, None, "'sub-777'", "add the person"),
    Case("person_file_twice", lambda f: (write_maps(f) / MAPS / "sub-002.nii").write_bytes(gzip.decompress((f / MAP).read_bytes())), MAP, None, None, "a second map of sub-002", "remove one"),
    warning("person_file_other", lambda f: (write_maps(f) / MAPS / "sub-003.img").write_text("x"), MAPS, None, None, "'….img', which is not read", "move it"),
    Case("connectivity_twice", lambda f: shutil.copy(as_matrices(f) / ONE, f / CONNECTIVITY), CONNECTIVITY, None, None, "as a table and as matrices", "remove the table"),
    # edges
    Case("edge_names", change(CONNECTIVITY, lambda t: t.rename(columns={f"{R1}--{R2}": f"{R1}-{R2}"})), CONNECTIVITY, 1, f"{R1}-{R2}", "the edge", "correct the column's name"),
    Case("edge_twice", change(CONNECTIVITY, lambda t: t.assign(**{f"{R2}--{R1}": t[f"{R1}--{R2}"] + 0.01})), CONNECTIVITY, 1, f"{R2}--{R1}", "in both directions", "remove one"),
    warning("edges_lacking", change(CONNECTIVITY, lambda t: t.drop(columns=f"{R1}--{R2}")), CONNECTIVITY, None, None, "no column for 1 of the 28 pairs", "on purpose"),
    Case("correlation_range", set_cell(CONNECTIVITY, 2, 1, 1.0), CONNECTIVITY, 4, f"{R1}--{R3}", "'1'", "correct the value"),
    Case("correlation_range", matrix("sub-003", lambda t: put(4, 1, -7.0)(put(1, 4, -7.0)(t))), ONE, 3, "Reward_05", "'-7'", "correct the value"),
    Case("fisher_z", change(CONNECTIVITY, lambda t: np.arctanh(t.clip(0.3, 0.99) ** 0.1).round(4)), CONNECTIVITY, 2, f"{R1}--{R2}", "look like Fisher z", "connectivity_scale: fisher_z"),
    warning("r_as_fisher_z", declare_r_as_z, CONNECTIVITY, None, None, "these look like r", "remove connectivity_scale"),
    Case("fisher_z", all_matrices(lambda t: t * 1.5 + 0.3 - 0.8 * np.eye(8)), f"{MATRICES}/sub-001.tsv", None, None, "look like Fisher z", "connectivity_scale: fisher_z"),
    Case("edge_never", change(CONNECTIVITY, blank_node(slice(None))), CONNECTIVITY, None, None, "7 edges without a value for anybody: all edges of Reward_02", "remove these columns"),
    warning("edge_blank", change(CONNECTIVITY, blank_node([1, 2, 3])), CONNECTIVITY, None, None, "7 edges in 3 rows; all edges of Reward_02", "contrasts of these edges"),
    warning("edge_blank", matrix("sub-003", lambda t: put(4, 1, np.nan)(put(1, 4, np.nan)(t))), MATRICES, None, None, "no value for 1 edge in 1 row", "contrasts"),
    # maps
    Case("map_unreadable", break_map(lambda p: p.write_bytes(b"no gzip")), MAP, None, None, "cannot be read", "export or copy"),
    Case("map_unreadable", break_map(lambda p: p.write_bytes(p.read_bytes()[:-90])), MAP, None, None, "cannot be read", "export or copy"),
    Case("map_unreadable", break_map(rewrite_gzip(lambda b: b[:600])), MAP, None, None, "cannot be read", "export or copy"),
    Case("map_space", maps(shape=(5, 6, 5)), MAP, None, None, "5 × 6 × 5 voxels", "same space"),
    Case("map_space", maps(affine=np.diag([-3.0, 3, 3, 1])), MAP, None, None, "5 × 6 × 4 voxels of 3 × 3 × 3 mm", "same space"),
    Case("map_dimensions", maps(shape=(5, 6, 4, 2)), MAP, None, None, "4 dimensions (5 × 6 × 4 × 2)", "not a series"),
    Case("map_type", maps(dtype=np.complex64), MAP, None, None, "voxels of type complex64", "magnitude"),
    Case("map_empty", maps(voxels=np.zeros_like), MAP, None, None, "nothing but 0", "export the map again"),
    Case("map_infinite", maps(voxels=lambda v: put3(v, np.inf)), MAP, None, None, "1 infinite voxel", "blank those"),
    warning("map_blank", maps(voxels=lambda v: put3(v, np.nan)), MAPS, None, None, "blank voxels (NaN) inside the brain in 1 map, up to 1.0% of it", "field of view"),
    # counts
    Case("count_cells", set_cell(TAXA, 4, 1, -2), TAXA, 6, "taxon_002", "'-2'", "raw counts"),
    Case("count_cells", set_cell(TAXA, 4, 1, 0.5), TAXA, 6, "taxon_002", "'0.5'", "raw counts"),
    Case("count_cells", change(TAXA, lambda t: -t - 1), TAXA, 2, "taxon_001", f"in {N_TAXA} columns", "raw counts"),
    Case("count_blank", set_cell(TAXA, 4, 1, np.nan), TAXA, 6, "taxon_002", "a blank cell", "write 0"),
    Case("counts_relative", change(TAXA, lambda t: t.div(t.sum(axis=1), axis=0).round(6)), TAXA, None, None, "relative abundances: rows sum to 1", "raw counts"),
    Case("counts_relative", change(TAXA, lambda t: (100 * t.div(t.sum(axis=1), axis=0)).round(4)), TAXA, None, None, "rows sum to 100", "raw counts"),
    Case("counts_clr", change(TAXA, clr), TAXA, None, None, "centred log-ratios", "raw counts"),
    Case("counts_logged", change(TAXA, lambda t: np.log1p(t).round(3)), TAXA, None, None, "these look logged", "take logarithms themselves"),
    Case("counts_fractions", change(TAXA, lambda t: t * 1.37), TAXA, None, None, "more than half", "rounded"),
    Case("counts_huge", change(TAXA, lambda t: put(0, 2, 2**60)(t)), TAXA, 2, "taxon_003", "1.15292e+18", "no sample has so many"),
    Case("sample_empty", change(TAXA, no_reads), TAXA, 6, None, "no reads at all in 2 rows", "the sample failed"),
    warning("sample_shallow", change(TAXA, shallow), TAXA, 5, None, "fewer than 1,000 reads in 1 row", "those that did"),
    warning("counts_rarefied", change(TAXA, level), TAXA, None, None, "exactly 400,000 reads in every row", "before rarefaction"),
    warning("feature_unseen", change(TAXA, lambda t: t.assign(**dict.fromkeys(t.columns[3:40], 0))), TAXA, None, None, "37 columns without a single read (taxon_004", "carry no information"),
    Case("sum_column", change(TAXA, lambda t: t.copy().assign(total=t.sum(axis=1))), TAXA, 1, "total", "the sum of all other columns", "remove the column"),
    Case("people_and_features_swapped", turned_with_other_ids, TAXA, None, "participant_id", "taxonomy in rows", "turn the table"),
    Case("taxonomy_lacking", change(TAXONOMY, lambda t: t.drop(index="taxon_003")), TAXONOMY, None, "taxon", "no line for 1 column", "add the lines"),
    Case("biom_unreadable", damaged_biom(lambda b: b[: len(b) // 2]), "microbiome/taxa.biom", None, None, "cannot be read", "copy or export"),
    Case("biom_unreadable", damaged_biom(lambda b: ZIP), "microbiome/taxa.biom", None, None, "neither HDF5 nor JSON", "copy or export"),
    Case("biom_refused", transcripts_biom_for_volumes, "brain/volumes.biom", None, None, "a table in .biom", "tab-separated"),
    # metabolites
    Case("raw_negative", set_cell(METABOLITES, 3, 0, -1.5), METABOLITES, 5, "metabolite_001", "'-1.5'", "declare scale log"),
    Case("raw_negative", change(METABOLITES, lambda t: np.log(t / t.median()).round(3)), METABOLITES, None, None, f"negative values in {N_METABOLITES} metabolites declared raw", "write log"),
    warning("raw_looks_logged", logged_but_raw, METABOLITES, None, None, "metabolites declared raw", "write log"),
    Case("log_looks_raw", declare("log"), METABOLITES, None, None, f"in {N_METABOLITES} metabolites declared log", "write raw"),
    warning("metabolite_mostly_zero", change(METABOLITES, lambda t: t.assign(metabolite_007=t["metabolite_007"].where(np.arange(len(t)) < 20, 0))), METABOLITES, None, None, "0 for more than 80% of the people in 1 metabolite (metabolite_007)", "below detection"),
    warning("metabolite_mostly_missing", change(METABOLITES, lambda t: t.assign(metabolite_007=t["metabolite_007"].where(np.arange(len(t)) < 20))), METABOLITES, None, None, "more than 80% missing in 1 metabolite (metabolite_007)", "few people"),
    warning("hmdb_twice", change(COMPOUNDS, lambda t: put(5, list(t).index("hmdb"), "HMDB00092")(t)), COMPOUNDS, 7, "hmdb", "1 HMDB accession", "measured twice"),
    # brain tables
    Case("icv_unit", icv_times(1e-3), VOLUMES, 1, "icv", "looks like cm³", "multiply the column by 1,000."),
    Case("icv_unit", icv_times(1e-6), VOLUMES, 1, "icv", "looks like litres", "multiply the column by 1,000,000."),
    Case("icv_unit", icv_times(1e-9), VOLUMES, 1, "icv", "looks like m³", "multiply the column by 1,000,000,000."),
    Case("icv_cell", set_cell(VOLUMES, 3, 0, 1450.0), VOLUMES, 5, "icv", "'1450'", "its unit"),
    warning("icv_odd", icv_times(0.2), VOLUMES, 1, "icv", f"a median of {ODD_ICV:,.0f}", "whether this is the intracranial volume"),
    warning("icv_missing", change(VOLUMES, lambda t: t.rename(columns={"icv": "eTIV"})), VOLUMES, None, None, "no column icv", "rename eTIV to icv"),
    Case("region_larger_than_head", set_cell(VOLUMES, 3, 2, 3_000_000), VOLUMES, 5, "Right-Amygdala", "'3e+06'", "correct the volume"),
    warning("regions_in_cm3", change(VOLUMES, lambda t: (t / 1000).assign(icv=t["icv"])), VOLUMES, None, None, "these look like cm³", "multiply the regions by 1,000"),
    Case("range", set_cell(TRACTS, 1, 0, 1.5), TRACTS, 3, "uncinate_left", "'1.5'", "correct the value"),
    Case("diffusivity", change(TRACTS, lambda t: t / 600), TRACTS, 2, "uncinate_left", "diffusivity in mm²/s", "give fractional anisotropy"),
    Case("anisotropy_factor", change(TRACTS, lambda t: t * 1000), TRACTS, 2, "uncinate_left", "anisotropy in thousandths", "divide the table by 1,000"),
    warning("anisotropy_high", change(TRACTS, lambda t: t + 0.3), TRACTS, None, None, "diffusivity in µm²/ms", "give fractional anisotropy"),
    Case("motion_unit", change(MOTION, lambda t: t * 1000), MOTION, 1, "mean_fd_mm", "looks like µm", "divide the column by 1,000"),
    Case("motion_mixed", change(MOTION, mixed_motion), MOTION, 7, "mean_fd_mm", "3 values above 10 mm", "divide those"),
    Case("motion_column", change(MOTION, lambda t: t.rename(columns={"mean_fd_mm": "Mean_FD"})), MOTION, None, None, "no column mean_fd_mm", "rename Mean_FD to mean_fd_mm"),
    # tree
    Case("tree_unreadable", newick(LENGTH, ":long"), TREE, None, None, "'long' for a branch length at character", "export the tree again"),
    Case("tree_unreadable", newick(";", ""), TREE, None, None, "no semicolon", "export the tree again"),
    Case("tree_unreadable", newick("(", "((", n=1), TREE, None, None, "brackets that do not match", "export the tree again"),
    Case("tree_tips_lacking", newick("taxon_067:", "'taxon 067':"), TREE, None, None, "no tip for 1 taxon (taxon_067)", "write 'taxon_067' for the tip 'taxon 067'"),
    Case("tree_tips_lacking", newick("taxon_067:", "other:"), TREE, None, None, "no tip for 1 taxon (taxon_067)", "name the tips"),
    Case("tree_tips_twice", newick("taxon_067:1.0000", "(taxon_067:1,taxon_067:1):0"), TREE, None, None, "1 tip more than once ('taxon_067')", "remove the doubles"),
    Case("tree_negative", newick(LENGTH, LENGTH.replace(":", ":-")), TREE, None, None, "1 branch shorter than 0", "set them to 0"),
    warning("tree_lengths", whole_tree(strip_lengths), TREE, None, None, "UniFrac and Faith's diversity are left out", "with branch lengths"),
    warning("tree_unrooted", whole_tree(unroot), TREE, None, None, f"{N_TAXA} branches at the root", "root the tree"),
    # any block
    Case("infinite", set_cell(METABOLITES, 2, 3, np.inf), METABOLITES, 4, "metabolite_004", "'inf' (an infinite number)", "write n/a"),
    Case("no_columns", change(TRACTS, lambda t: t[[]]), TRACTS, None, None, "nothing but participant_id", "add the measurements"),
    warning("few_people", change(TRACTS, lambda t: t.head(9)), TRACTS, None, None, "9 participants", "add people"),
    warning("person_blank", change(TRACTS, lambda t: t.where((np.arange(len(t)) != 4).repeat(t.shape[1]).reshape(t.shape))), TRACTS, 6, None, "no value at all in 1 row", "remove the row"),
    warning("column_blank", change(TRACTS, lambda t: t.assign(uncinate_left=np.nan)), TRACTS, None, None, "1 column without a single value (uncinate_left)", "where the values were lost"),
    warning("column_constant", change(TRACTS, lambda t: t.assign(uncinate_left=0.4)), TRACTS, None, None, "same value for everybody (uncinate_left)", "nothing can be compared"),
    warning("column_copied", change(VOLUMES, lambda t: t.assign(**{"Right-Amygdala": t["Left-Amygdala"]})), VOLUMES, None, None, "Right-Amygdala of Left-Amygdala", "left and right"),
    warning("participant_unlike", change(VOLUMES, lambda t: t.assign(**t.drop(columns="icv").mul(np.where(np.arange(len(t)) == 4, 0.1, 1), axis=0))), VOLUMES, 6, None, "divided by 10", "exported"),
    warning("participants_copied", change(TAXA, lambda t: t.iloc[[0, 1, 2, 4, *range(4, len(t))]].set_axis(t.index)), TAXA, 6, None, "1 pair of participants", "under two ids"),
    warning("rows_dependent", change("participants.tsv", lambda t: t.assign(family_id=[f"F{i // 2}" for i in range(len(t))])), "participants.tsv", None, "family_id", "the same family_id", "as `cluster:` in cohort.yml"),
    warning("samples_of_one_person", change("participants.tsv", lambda t: t.iloc[[*range(15), *range(15), *range(30, len(t))]].set_axis(t.index)), "participants.tsv", None, None, "the same sex, age and bmi in 32 rows", "`cluster:` in cohort.yml"),
    warning("column_copied", change(TAXA, lambda t: t.assign(taxon_017=t["taxon_001"])), TAXA, None, None, "taxon_017 of taxon_001", "remove the copy"),
]  # fmt: skip


def put3(voxels, value):
    voxels[2, 3, 1] = value
    return voxels


@pytest.mark.parametrize("case", CASES, ids=[f"{i:02d}-{case.check}" for i, case in enumerate(CASES)])
def test_damage_gets_its_message(cohort, case):
    case.damage(cohort)
    read_cohort, problems = inspect_cohort(cohort)
    said = [p for p in problems if p.file == case.file and case.found in p.found and case.fix in p.fix]
    assert said, "\n".join(f"{p.file} {p}" for p in problems)
    assert [p.severity for p in said] == [case.severity]
    if case.line is not None or case.column is not None:
        assert (said[0].line, said[0].column) == (case.line, case.column)
    assert (read_cohort is None) == any(p.severity == "error" for p in problems)
    if case.severity == "warning":
        beside = 1 if case.check == "few_people" else 0  # a table with so few is also below half of the participants
        assert len(problems) == len(said) + beside, "a warning comes alone"
        assert "sub-" not in hide_ids(f"{said[0].file} {said[0]}", read(cohort, "participants.tsv").index), (
            "warnings are shown on pages: no participant id"
        )


def test_systematic_damage_is_told_once(cohort):
    """58 people with one fault, or hundreds of columns: one sentence, not hundreds."""
    all_matrices(lambda t: t + np.eye(8))(cohort)
    change(TAXA, lambda t: t.div(t.sum(axis=1), axis=0))(cohort)
    icv_times(1e-3)(cohort)
    change(METABOLITES, lambda t: -t)(cohort)
    assert len(inspect_cohort(cohort)[1]) == 4


def test_every_check_of_the_contract_page_has_its_damage():
    listed = {check["check"]: check["severity"] for check in read_schema()["checks"]["measurements"]}
    assert listed == {case.check: case.severity for case in CASES}


# --- accepted forms ---------------------------------------------------------------------------------------------


def test_clean_cohort_has_no_warning(clean):
    assert inspect_cohort(clean)[1] == []


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("ending", [".tsv", ".tsv.gz"])
def test_matrices_are_the_table_of_edges(clean, cohort, named, ending):
    table, matrices = load_cohort(clean), load_cohort(as_matrices(cohort, named=named, ending=ending))
    assert matrices.warnings == ()
    pd.testing.assert_frame_equal(matrices.block("connectivity"), table.block("connectivity"))
    pd.testing.assert_frame_equal(matrices.features["connectivity"], table.features["connectivity"])


def test_matrices_in_another_order_of_nodes_are_put_right_by_name(clean, cohort):
    shuffled = [5, 2, 7, 0, 1, 3, 6, 4]
    all_matrices(lambda t: t.iloc[shuffled, ::-1])(cohort)
    read_cohort = load_cohort(cohort)
    assert read_cohort.warnings == ()
    pd.testing.assert_frame_equal(read_cohort.block("connectivity"), load_cohort(clean).block("connectivity"))


@pytest.mark.parametrize("diagonal", [0.0, np.nan, 0.9995])
def test_diagonals_that_programs_write_are_accepted(cohort, diagonal):
    all_matrices(lambda t: t.where(~np.eye(8, dtype=bool), diagonal))(cohort)
    assert load_cohort(cohort).warnings == ()


@pytest.mark.parametrize("form", ["table", "matrices"])
def test_declared_fisher_z_is_turned_into_r(clean, cohort, form):
    """tanh is the inverse of Fisher's z."""
    if form == "table":
        change(CONNECTIVITY, np.arctanh)(cohort)
    else:
        all_matrices(lambda t: np.arctanh(t.where(~np.eye(8, dtype=bool), 0.0)))(cohort)
    with (cohort / "cohort.yml").open("a") as settings:
        settings.write("connectivity_scale: fisher_z\n")
    read_cohort = load_cohort(cohort)
    assert read_cohort.warnings == ()
    np.testing.assert_allclose(read_cohort.block("connectivity"), load_cohort(clean).block("connectivity"), atol=1e-12)


def test_unknown_scale_of_connectivity_is_refused(cohort):
    with (cohort / "cohort.yml").open("a") as settings:
        settings.write("connectivity_scale: z\n")
    (problem,) = inspect_cohort(cohort)[1]
    assert (problem.column, problem.expected) == ("connectivity_scale", "r or fisher_z")


def test_maps_are_found_by_participant(clean, cohort):
    assert load_cohort(clean).maps == {}
    read_cohort = load_cohort(write_maps(cohort))
    assert read_cohort.warnings == ()
    assert list(read_cohort.maps) == [f"sub-{i:03d}" for i in range(1, 13)]
    assert read_cohort.maps["sub-002"] == cohort / MAP
    assert "maps" in read_cohort.available()
    assert "maps" not in load_cohort(clean).available()
    assert load_cohort(cohort, blocks=["tracts"]).maps == {}
    assert load_cohort(cohort, blocks=["maps"]).maps == read_cohort.maps


@pytest.mark.parametrize("text", [True, False])
def test_biom_is_the_same_table(clean, cohort, text):
    to_biom(cohort, text=text)
    read_cohort = load_cohort(cohort)
    assert read_cohort.warnings == ()
    pd.testing.assert_frame_equal(read_cohort.block("taxa"), load_cohort(clean).block("taxa"))


def test_biom_cells_are_checked_like_others(cohort):
    change(TAXA, lambda t: put(3, 2, -4)(t))(cohort)
    to_biom(cohort)
    problem = next(p for p in inspect_cohort(cohort)[1] if p.file == "microbiome/taxa.biom")
    assert (problem.line, problem.column, problem.found) == (None, "taxon_003", "'-4'")


def test_hdf5_that_is_no_biom_is_a_sentence(cohort):
    path = to_biom(cohort)
    with h5py.File(path, "w") as file:
        file["something"] = [1]
    assert "cannot be read" in inspect_cohort(cohort)[1][0].found


def test_people_in_columns_get_their_line_and_column(cohort):
    change(TRACTS, lambda t: put(4, 2, 1.7)(t).T.rename_axis("participant_id"))(cohort)
    (problem,) = inspect_cohort(cohort)[1]
    person = read(cohort, TRACTS).columns[4]
    assert (problem.line, problem.column, problem.found) == (4, person, "'1.7'")


def test_repeated_people_do_not_shift_the_lines(cohort):
    def edit(table):
        table = pd.concat([table.iloc[[0]], table])
        table.iloc[5, 0] = 1.7
        return table

    change(TRACTS, edit)(cohort)
    assert {(p.line, p.column) for p in inspect_cohort(cohort)[1]} == {(3, "participant_id"), (7, "uncinate_left")}


def test_ids_in_another_column_than_the_first_are_found(clean, cohort):
    table = read(cohort, TRACTS).reset_index()
    table[[*table.columns[1:], "participant_id"]].to_csv(cohort / TRACTS, sep="\t", index=False)
    pd.testing.assert_frame_equal(load_cohort(cohort).block("tracts"), load_cohort(clean).block("tracts"))


@pytest.mark.parametrize("kind", ["Int64", "float32"])
def test_numbers_of_parquet_are_numbers(cohort, kind):
    table = read(cohort, METABOLITES).iloc[:, :6]
    table.iloc[:, 0] = (table.iloc[:, 0] > table.iloc[:, 0].median()).astype(float)
    (cohort / METABOLITES).unlink()
    typed = table.astype({table.columns[0]: kind})
    typed.reset_index().to_parquet(cohort / "metabolites/metabolites.parquet")
    read_cohort, problems = inspect_cohort(cohort)
    assert read_cohort is not None, problems
    np.testing.assert_array_equal(read_cohort.block("metabolites").to_numpy(float), table.to_numpy(float))


def test_raw_metabolites_that_hardly_vary_are_not_called_logged(cohort):
    """Border: tightly held plasma amounts of 50 to 500 µM with a coefficient of variation of 10 %."""
    rng = np.random.default_rng(2)
    table = read(cohort, METABOLITES)
    level = np.exp(rng.uniform(np.log(50), np.log(500), table.shape[1]))
    save(
        cohort,
        METABOLITES,
        pd.DataFrame(level * np.exp(0.1 * rng.normal(size=table.shape)), table.index, table.columns),
    )
    assert load_cohort(cohort).warnings == ()


def test_raw_and_log_metabolites_may_stand_side_by_side(cohort):
    logged = [f"metabolite_{i:03d}" for i in range(100, 150)]
    change(METABOLITES, lambda t: t.assign(**{name: np.log(t[name] / t[name].median()) for name in logged}))(cohort)
    change(COMPOUNDS, lambda t: t.assign(scale=np.where(t.index.isin(logged), "log", "raw")))(cohort)
    assert load_cohort(cohort).warnings == ()


def test_rare_features_alike_by_chance_are_no_copies(cohort):
    def edit(table):
        one = np.eye(len(table), dtype=int)[7]
        return table.assign(taxon_004=one, taxon_009=one)

    change(TAXA, edit)(cohort)
    assert load_cohort(cohort).warnings == ()


def test_tree_without_root_or_lengths_is_left_out_with_its_warning(cohort):
    whole_tree(unroot)(cohort)
    read_cohort = load_cohort(cohort)
    assert len(read_cohort.warnings) == 1
    assert read_cohort.tree_path is None
    assert "tree" not in read_cohort.available()


def test_extra_tips_and_extra_taxa_of_the_taxonomy_are_fine(cohort):
    newick("taxon_067:1.0000", "(taxon_067:1.0,stranger:2.0):1")(cohort)
    change(TAXONOMY, lambda t: pd.concat([t, t.tail(1).set_axis(["stranger"])]).rename_axis("taxon"))(cohort)
    assert load_cohort(cohort).warnings == ()


@pytest.mark.parametrize(
    "text",
    [
        "((a:1,b:2)90:0.5,'c d':1e-3);",
        "((a,b),c,d);",
        "(a_b:1,('it''s':2,[a remark]c:3)[x]x:-1):0;",
        "( a:1 ,\n b:2 );",
        "(((a:1):1):1,b:1);",
    ],
)
def test_own_scan_of_newick_agrees_with_scikit_bio(text):
    """Reference: skbio.TreeNode.read."""
    tree, scan = TreeNode.read([text], format="newick", convert_underscores=False), scan_newick(text)
    branches = list(tree.traverse(include_self=False))
    assert sorted(scan.tips) == sorted(tip.name for tip in tree.tips())
    assert scan.n_at_root == len(tree.children)
    assert scan.n_bare == sum(node.length is None for node in branches)
    assert scan.n_negative == sum(node.length is not None and node.length < 0 for node in branches)


@pytest.mark.parametrize(
    "text", ["", "(a,b)", "(a,b));", "((a,b);", "(a:x,b);", "(a,'b);", "(a,b);c", "a(b,c);", "(a,[b);"]
)
def test_what_is_no_newick_is_refused(text):
    with pytest.raises(ValueError, match=r"character|semicolon"):
        scan_newick(text)


def test_summary_is_the_plain_figures(rng):
    """Identity: numpy on the whole table, over more columns than one chunk."""
    values = rng.poisson(1.0, (20, 600)).astype(float)
    values[3, 5], values[4, 599], values[2, 7], values[:, 9] = np.nan, np.inf, -1.5, np.nan
    summary, known = summarise(values), np.where(np.isfinite(values), values, np.nan)
    np.testing.assert_allclose(summary.total, np.nansum(known, axis=0))
    np.testing.assert_allclose(summary.row_total, np.nansum(known, axis=1))
    np.testing.assert_allclose(summary.row_size, np.nansum(np.abs(known), axis=1))
    np.testing.assert_array_equal(summary.n_known, np.isfinite(values).sum(axis=0))
    np.testing.assert_array_equal(summary.n_zero, (values == 0).sum(axis=0))
    assert (summary.low[9], summary.high[9]) == (np.inf, -np.inf)
    assert (summary.n_infinite[599], summary.n_negative[7], summary.n_fractional[7]) == (1, 1, 1)


def test_command_lists_damage_of_several_files_as_json(cohort):
    as_matrices(cohort)
    (cohort / ONE).write_text("")
    set_cell(TAXA, 4, 1, -2)(cohort)
    done = run_command("check", cohort, "--json")
    assert done.returncode == 2
    assert {p["file"] for p in json.loads(done.stdout)["problems"]} == {ONE, TAXA}
