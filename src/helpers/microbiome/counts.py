"""Check a table of counts, collapse it to a rank, and read the tree that relates its taxa."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from skbio import TreeNode

from helpers.problems import count, name_some
from helpers.wording import tell_part

RANKS = ("domain", "phylum", "class", "order", "family", "genus")
ROUNDING = 1e-6  # what sums of shares may lie above 1
RANK_PREFIX = r"^\s*[a-z]__"


def check_counts(counts: pd.DataFrame) -> np.ndarray:
    """Return the counts as integers, or refuse with every reason.

    Parameters
    ----------
    counts : pandas.DataFrame of shape (n_participants, n_taxa)
        Raw reads: whole numbers of 0 or more, none missing, at least one read per sample.

    Returns
    -------
    numpy.ndarray of int64, shape (n_participants, n_taxa)

    Raises
    ------
    ValueError
        Negative, fractional or missing counts (columns named), samples without a read (counted), ids that stand
        twice (counted), an empty table.

    Examples
    --------
    >>> check_counts(pd.DataFrame({"taxon_1": [3.0, 0.0], "taxon_2": [1.0, 2.0]}, index=["a", "b"])).tolist()
    [[3, 1], [0, 2]]
    """
    if counts.empty:
        raise ValueError("The table of counts is empty: it needs at least one sample and one column.")
    values = counts.to_numpy(float)
    wrong = ~np.isfinite(values) | (values < 0) | (values != np.floor(values))
    faults = []
    if wrong.any():
        columns = name_some(counts.columns[wrong.any(axis=0)])
        faults.append(
            f"{count(int(wrong.sum()), 'cell')} not a whole number of 0 or more (in {columns}). "
            "Give the raw counts, before any normalisation; write 0 where nothing was read."
        )
    elif (values.sum(axis=1) == 0).any():
        n_empty = int((values.sum(axis=1) == 0).sum())
        faults.append(f"{count(n_empty, 'sample')} without a single read. Leave them out of the table.")
    if twice := int(counts.index.duplicated().sum()):
        faults.append(f"{count(twice, 'row')} with an id that stands earlier in the table. Keep one sample per person.")
    if faults:
        raise ValueError("The counts cannot be used: " + " ".join(faults))
    return values.astype(np.int64)


def holds_shares(amounts: pd.DataFrame) -> bool:
    """Return whether a table holds shares of a sample, not reads: numbers from 0 to 1, fractions among them.

    Examples
    --------
    >>> holds_shares(pd.DataFrame({"t1": [0.5], "t2": [0.5]})), holds_shares(pd.DataFrame({"t1": [1], "t2": [0]}))
    (True, False)
    """
    values = amounts.to_numpy()
    if values.dtype.kind != "f" or not values.size or not np.isfinite(values).all():
        return False
    return bool(values.min() >= 0 and values.max() <= 1 + ROUNDING and (values != np.floor(values)).any())


def check_amounts(amounts: pd.DataFrame) -> np.ndarray:
    """Return counts as integers, or shares as floats whose rows sum to 1; refuse anything else with every reason.

    Parameters
    ----------
    amounts : pandas.DataFrame of shape (n_participants, n_taxa)
        Raw reads (:func:`check_counts`), or shares of each sample (:func:`holds_shares`).

    Raises
    ------
    ValueError
        What is neither; shares of a sample in which nothing is.

    Examples
    --------
    >>> check_amounts(pd.DataFrame({"t1": [0.2], "t2": [0.2]}, index=["a"])).tolist()
    [[0.5, 0.5]]
    """
    if not holds_shares(amounts):
        return check_counts(amounts)
    totals = amounts.to_numpy(float).sum(axis=1, keepdims=True)
    if (totals == 0).any():
        raise ValueError(
            f"{count(int((totals == 0).sum()), 'sample')} in which nothing is. Leave them out of the table."
        )
    return amounts.to_numpy(float) / totals


def tell_zeros(amounts: pd.DataFrame, *, pseudocount: float = 0.5) -> str:
    """Say what stands for a zero in log-ratios, and what relative abundances cannot tell; empty for counts.

    Parameters
    ----------
    amounts : pandas.DataFrame of shape (n_participants, n_taxa)
    pseudocount : float, default 0.5
    """
    if not holds_shares(amounts):
        return ""
    least = amounts.to_numpy()[amounts.to_numpy() > 0].min()
    return (
        f"**These are relative abundances, not reads.** In log-ratios a zero counts as {pseudocount:g} times the smallest share "
        f"of the table ({pseudocount * least:.2g}); all other shares stay as they are. How deeply a sample was read is not known, so nothing "
        "is rarefied, groups are not compared on depth, numbers of taxa, evenness and Faith's diversity are left out, and so is ANCOM-BC, "
        "whose model is one of counts. If one group was read more deeply, its rare taxa are seen more often, and no step here can take that away."
    )


def tell_scale(scale: Mapping[str, str]) -> str:
    """Say which tables are relative abundances, and what stands for a zero in them; empty where all are counts.

    Parameters
    ----------
    scale : mapping of str to str
        ``scale`` of ``cohort.yml``.

    Examples
    --------
    >>> tell_scale({"taxa": "percent"})
    'Relative abundances: taxa (percent). A zero counts as half the smallest share of its table in log-ratios.'
    """
    named = ", ".join(f"{block} ({one})" for block, one in scale.items())
    return (
        f"Relative abundances: {named}. A zero counts as half the smallest share of its table in log-ratios."
        if named
        else ""
    )


def collapse_taxa(counts: pd.DataFrame, taxonomy: pd.DataFrame, *, level: str = "genus") -> pd.DataFrame:
    """Add up the counts of all taxa with the same name at one rank.

    Parameters
    ----------
    counts : pandas.DataFrame of shape (n_participants, n_taxa)
    taxonomy : pandas.DataFrame
        Index: taxon; columns: ranks, some of domain, phylum, class, order, family, genus. Prefixes such as ``g__``
        are dropped. A taxon without a name at this rank is counted as ``Unclassified`` with the next rank above.
    level : str, default "genus"

    Returns
    -------
    pandas.DataFrame of shape (n_participants, n_names)
        Columns in alphabetical order.

    Raises
    ------
    ValueError
        When the taxonomy lacks the rank, or some of the taxa (named).

    Examples
    --------
    >>> counts = pd.DataFrame({"t1": [1], "t2": [2], "t3": [4]}, index=["sub-001"])
    >>> taxonomy = pd.DataFrame({"genus": ["g__Blautia", "Dorea", "Blautia"]}, index=["t1", "t2", "t3"])
    >>> collapse_taxa(counts, taxonomy).to_dict("index")
    {'sub-001': {'Blautia': 5, 'Dorea': 2}}
    """
    if level not in taxonomy.columns:
        raise ValueError(f"The taxonomy has no rank '{level}'. It has: {name_some(taxonomy.columns)}.")
    unknown = counts.columns.difference(taxonomy.index)
    if len(unknown):
        raise ValueError(
            f"{count(len(unknown), 'column')} of the counts not in taxonomy.tsv: {name_some(unknown)}. "
            "Add a line for each, or spell them alike."
        )
    names = name_ranks(taxonomy.loc[counts.columns], level)
    return counts.T.groupby(names.to_numpy()).sum().T


def describe_counts(counts: pd.DataFrame, *, n_designed: int) -> str:
    """Say how many people have counts, and how deeply they were sequenced.

    Parameters
    ----------
    counts : pandas.DataFrame of shape (n_participants, n_taxa)
    n_designed : int
        People in the design, with counts or without.

    Examples
    --------
    >>> counts = pd.DataFrame({"t1": [3, 1] * 3, "t2": [0, 3] * 3})
    >>> describe_counts(counts, n_designed=12)
    '6 of 12 people have counts of 2 taxa; their samples hold 3 to 4 reads, and 25 % of all counts are zero.'
    """
    totals = counts.sum(axis=1)
    zeros = float((counts == 0).to_numpy().mean())
    part = tell_part(len(counts), n_designed)
    if holds_shares(counts):
        return (
            f"{part[0].upper()}{part[1:]} people have relative abundances of {counts.shape[1]:,} taxa; {100 * zeros:.0f} % of all are "
            f"zero. {tell_zeros(counts)}"
        )
    return (
        f"{part[0].upper()}{part[1:]} people have counts of {counts.shape[1]:,} taxa; their samples hold "
        f"{totals.min():,.0f} to {totals.max():,.0f} reads, and {100 * zeros:.0f} % of all counts are zero."
    )


def choose_rank(taxonomy: pd.DataFrame) -> str:
    """Return the highest rank from phylum down that has names; genus where there is no other.

    Parameters
    ----------
    taxonomy : pandas.DataFrame
        Index taxon; columns ranks.

    Examples
    --------
    >>> choose_rank(pd.DataFrame({"genus": ["Blautia"], "family": ["Lachnospiraceae"], "phylum": [None]}, ["t1"]))
    'family'
    """
    named = [rank for rank in RANKS[1:] if rank in taxonomy and taxonomy[rank].notna().any()]
    return named[0] if named else "genus"


def name_ranks(taxonomy: pd.DataFrame, level: str) -> pd.Series:
    """Return the name of each taxon at a rank, without prefix; ``Unclassified`` and the next rank above where it has none.

    Parameters
    ----------
    taxonomy : pandas.DataFrame
    level : str
        One of its columns.
    """
    ranks = [rank for rank in RANKS[: RANKS.index(level) + 1] if rank in taxonomy.columns]
    names = taxonomy[ranks].astype("string").apply(lambda column: column.str.replace(RANK_PREFIX, "", regex=True))
    names = names.mask(names.isin(["", "unclassified", "Unclassified"]))
    above = names[ranks[:-1]].ffill(axis=1).iloc[:, -1] if len(ranks) > 1 else pd.Series(pd.NA, index=names.index)
    return names[level].fillna("Unclassified " + above.astype("string")).fillna("Unclassified")


@dataclass(frozen=True, eq=False)
class Branches:
    """A tree as two arrays: which taxa hang on each branch, and how long the branch is."""

    below: np.ndarray  # taxa x branches, 1 where the taxon is below the branch
    lengths: np.ndarray  # branches


def read_tree(tree_path: str | os.PathLike[str], taxa: pd.Index) -> TreeNode:
    """Read a rooted Newick tree and keep the tips that have counts.

    Parameters
    ----------
    tree_path : str or path-like
        Newick; tips are spelled as the columns of the counts (underscores stay). Extra tips are dropped.
    taxa : pandas.Index

    Returns
    -------
    skbio.TreeNode

    Raises
    ------
    ValueError
        When the tree lacks a tip for some taxa (named), is not rooted, or lacks branch lengths.
    """
    tree = TreeNode.read(os.fspath(tree_path), format="newick", convert_underscores=False)
    tips = {tip.name for tip in tree.tips()}
    missing = [taxon for taxon in taxa if taxon not in tips]
    if missing:
        raise ValueError(
            f"The tree has no tip for {len(missing):,} of the {len(taxa):,} taxa counted: {name_some(missing)}. "
            "Tips must be spelled as the columns of the counts."
        )
    if len(tree.children) > 2:
        raise ValueError(
            f"The tree is not rooted: {len(tree.children)} branches leave its root, expected 2. Root it first, "
            "for instance at its midpoint."
        )
    tree = tree.shear(set(taxa))
    bare = sum(node.length is None for node in tree.traverse(include_self=False))
    if bare:
        raise ValueError(f"The tree has no length for {bare:,} of its branches; give a tree with branch lengths.")
    return tree


def list_branches(tree: TreeNode, taxa: pd.Index) -> Branches:
    """Return which taxa are below each branch of the tree, and its length.

    Parameters
    ----------
    tree : skbio.TreeNode
    taxa : pandas.Index
        Rows of ``below``, in this order.

    Returns
    -------
    Branches
    """
    place = {taxon: row for row, taxon in enumerate(taxa)}
    nodes = list(tree.traverse(include_self=False))
    below = np.zeros((len(taxa), len(nodes)), dtype=np.float32)
    for column, node in enumerate(nodes):
        rows = [place[node.name]] if node.is_tip() else [place[tip.name] for tip in node.tips()]
        below[rows, column] = 1
    return Branches(below, np.array([node.length for node in nodes], dtype=float))
