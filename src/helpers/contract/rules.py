"""Rules that hold between a block and what is known of its columns: edges and nodes, counts and taxonomy, tree."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.contract.files import CELLS_LISTED, Reader
from helpers.contract.schema import read_schema
from helpers.problems import count, name_some

EDGE = "--"


def check_edges(reader: Reader, file: str, edges: pd.Index, nodes: pd.DataFrame | None) -> None:
    """Report edges that are not ``<node>--<node>`` of ``nodes.tsv``."""
    if nodes is None:
        if not any(problem.file == "brain/nodes.tsv" for problem in reader.problems):
            reader.report(
                "brain/nodes.tsv",
                "no such file",
                "node, network, x, y, z of every region in the connectivity",
                "add it.",
            )
        return
    known = set(nodes.index)
    ends = [str(edge).split(EDGE) for edge in edges]
    bad = [
        edge
        for edge, pair in zip(edges, ends, strict=True)
        if len(pair) != 2 or not known.issuperset(pair) or pair[0] == pair[1]
    ]
    for edge in bad[:CELLS_LISTED]:
        reader.report(
            file,
            f"the edge '{edge}'",
            f"<node>{EDGE}<node>, two different nodes of brain/nodes.tsv",
            "correct the column's name, or add the node.",
            line=1,
            column=str(edge),
        )
    if len(bad) > CELLS_LISTED:
        reader.report(
            file,
            f"{len(bad) - CELLS_LISTED} further edges of this kind",
            "edges between known nodes",
            "mend them as above.",
        )


def check_features(reader: Reader, name: str, file: str, block: pd.DataFrame, features: pd.DataFrame | None) -> None:
    """Report columns of a block that its feature table does not describe."""
    rules = read_schema()["features"][name]
    if features is None:
        if not any(problem.file == rules["file"] for problem in reader.problems):
            reader.report(
                rules["file"],
                "no such file",
                f"a line for every column of {file}: {', '.join([rules['id'], *rules['required']])}",
                "add it.",
            )
        return
    unknown = block.columns[~block.columns.isin(features.index)]
    if len(unknown):
        reader.report(
            rules["file"],
            f"no line for {count(len(unknown), 'column')} of {file} ({name_some(unknown)})",
            f"every column as {rules['id']}",
            "add the lines.",
            column=rules["id"],
        )


def check_counts_hold(reader: Reader, file: str, block: pd.DataFrame) -> None:
    """Report people without a single read."""
    empty = np.flatnonzero(np.nansum(block.to_numpy(float), axis=1) == 0)
    if empty.size:
        reader.report(
            file,
            f"no reads at all in {count(empty.size, 'row')}",
            "at least one read per person",
            "remove the row: the sample failed.",
            line=int(empty[0]) + 2,
        )


def check_tree(reader: Reader, file: str, taxa: pd.Index) -> None:
    """Report a tree that cannot be read or lacks taxa."""
    from skbio import TreeNode
    from skbio.io import IOSourceError, NewickFormatError, UnrecognizedFormatError

    try:
        tips = {
            tip.name
            for tip in TreeNode.read(str(reader.folder / file), format="newick", convert_underscores=False).tips()
        }
    except (NewickFormatError, UnrecognizedFormatError, IOSourceError, ValueError, IndexError, OSError) as error:
        said = (str(error).splitlines() or [type(error).__name__])[0]
        reader.report(file, f"no readable tree ({said})", "a Newick tree", "export the tree again as Newick.")
        return
    lacking = [taxon for taxon in taxa if taxon not in tips]
    if lacking:
        reader.report(
            file,
            f"no tip for {count(len(lacking), 'taxon').replace('taxons', 'taxa')} ({name_some(lacking)})",
            "every taxon as a tip",
            "name the tips like the columns of the taxa table, or remove the tree.",
        )
