"""Diversity within a sample, at equal depth: counts in, one row of indices per person out."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.contrasts import fit_contrasts
from helpers.microbiome.counts import Branches, check_counts, list_branches, read_tree
from helpers.microbiome.equal_depth import check_draws
from helpers.problems import count
from helpers.result_columns import read_words
from helpers.wording import hide_small

METRICS = ("observed", "shannon", "inverse_simpson", "pielou", "faith_pd")
METRIC_LABELS = {metric: read_words()[metric] for metric in METRICS}


@dataclass(frozen=True, eq=False)
class AlphaDiversity:
    """Diversity within each sample, with the depth it rests on.

    Attributes
    ----------
    values : pandas.DataFrame of shape (n_participants, n_metrics)
        Index participant_id; means over the rarefactions.
    depth : int or None
        Reads drawn from each sample, without replacement; None: all reads of each, however many.
    n_rarefactions : int
        0: not rarefied.
    n_participants, n_lost : int
        People measured, and people left out because their sample holds fewer reads than ``depth``.
    """

    values: pd.DataFrame
    depth: int | None
    n_rarefactions: int
    n_participants: int
    n_lost: int


def measure_alpha(
    counts: pd.DataFrame,
    *,
    tree_path: str | os.PathLike[str] | None = None,
    depth: int | None = None,
    n_rarefactions: int,
    rng: np.random.Generator,
) -> AlphaDiversity:
    """Measure diversity within samples by repeated rarefaction.

    Deeper samples show more taxa. So the same number of reads is drawn from each sample, without replacement, the
    indices are computed, and all is repeated and averaged: of the ways to make samples comparable, the one that
    held its error rate in a benchmark [1]_.

    Parameters
    ----------
    counts : pandas.DataFrame of shape (n_participants, n_taxa)
        Index participant_id; raw reads.
    tree_path : str or path-like, optional
        Rooted Newick tree with all taxa as tips. Given: Faith's phylogenetic diversity is measured too.
    depth : int, optional
        Reads per sample. None: those of the shallowest sample, so that nobody is lost.
    n_rarefactions : int
        0: take all reads of each sample, once. Deeper samples then look richer; it is there to be compared with.
    rng : numpy.random.Generator

    Returns
    -------
    AlphaDiversity
        Columns observed (taxa seen), shannon (natural logarithm), inverse_simpson (1 / sum of squared shares),
        pielou (shannon / ln observed; NaN when a single taxon is seen), and faith_pd with a tree (sum of the
        branch lengths from the seen taxa to the root).

    Raises
    ------
    ValueError
        Counts that are negative, fractional or empty; a depth below 1 or above every sample; a tree lacking taxa.

    References
    ----------
    .. [1] Schloss PD (2024). Rarefaction is currently the best approach to control for uneven sequencing effort
       in amplicon sequence analyses. mSphere 9(2):e00354-23. doi:10.1128/msphere.00354-23
    .. [2] Faith DP (1992). Conservation evaluation and phylogenetic diversity. Biological Conservation
       61(1):1-10. doi:10.1016/0006-3207(92)91201-3

    Examples
    --------
    Two taxa with equal reads, all of them drawn: 1 / (1/4 + 1/4) = 2.

    >>> counts = pd.DataFrame({"t1": [5], "t2": [5]}, index=["sub-001"])
    >>> alpha = measure_alpha(counts, n_rarefactions=2, rng=np.random.default_rng(1))
    >>> float(alpha.values.loc["sub-001", "inverse_simpson"]), alpha.depth
    (2.0, 10)
    """
    check_draws(n_rarefactions)
    reads = check_counts(counts)
    branches = None if tree_path is None else list_branches(read_tree(tree_path, counts.columns), counts.columns)
    columns = METRICS if branches else METRICS[:-1]
    if n_rarefactions == 0:
        rows = [_average_indices(sample[None, :], branches) for sample in reads]
        return AlphaDiversity(pd.DataFrame(rows, index=counts.index, columns=columns), None, 0, len(reads), 0)
    depth = _choose_depth(reads, depth)
    kept = reads.sum(axis=1) >= depth
    rows = [
        _average_indices(stream.multivariate_hypergeometric(sample, depth, size=n_rarefactions), branches)
        for sample, stream in zip(reads[kept], rng.spawn(int(kept.sum())), strict=True)
    ]
    values = pd.DataFrame(rows, index=counts.index[kept], columns=columns)
    return AlphaDiversity(values, depth, n_rarefactions, int(kept.sum()), int((~kept).sum()))


def compare_alpha(alpha: AlphaDiversity, design: pd.DataFrame) -> pd.DataFrame:
    """Contrast the groups on each index, adjusted for the covariates of the design.

    Parameters
    ----------
    alpha : AlphaDiversity
    design : pandas.DataFrame
        See :func:`helpers.cohort.design_matrix`.

    Returns
    -------
    pandas.DataFrame
        One row per index; columns of :func:`helpers.contrasts.fit_contrasts`, and depth.

    Examples
    --------
    >>> values = pd.DataFrame({"shannon": [1.0, 3.0, 4.0, 6.0]}, index=list("abcd"))
    >>> design = pd.DataFrame({"group": [0, 0, 1, 1]}, index=list("abcd"))
    >>> table = compare_alpha(AlphaDiversity(values, 1000, 20, 4, 0), design)
    >>> round(float(table.loc["shannon", "estimate"]), 6)
    3.0
    """
    return fit_contrasts(alpha.values, design).assign(depth=alpha.depth)


def describe_alpha(alpha: AlphaDiversity) -> str:
    """Say at what depth the indices were measured, and who was lost.

    Examples
    --------
    >>> describe_alpha(AlphaDiversity(pd.DataFrame(), 4569, 20, 240, 0))
    '240 samples, each rarefied 20 times to 4,569 reads; no sample was lost.'
    """
    if alpha.depth is None:
        return f"{count(alpha.n_participants, 'sample')}, all reads of each: not rarefied."
    lost = f"{hide_small(alpha.n_lost)} samples with fewer reads left out" if alpha.n_lost else "no sample was lost"
    times = "once" if alpha.n_rarefactions == 1 else f"{alpha.n_rarefactions} times"
    return f"{count(alpha.n_participants, 'sample')}, each rarefied {times} to {alpha.depth:,} reads; {lost}."


def compare_depths(rarefied: pd.DataFrame, whole: pd.DataFrame) -> pd.DataFrame:
    """Set the contrasts at equal depth beside those of all reads.

    Parameters
    ----------
    rarefied, whole : pandas.DataFrame
        From :func:`compare_alpha`, with and without rarefaction.

    Returns
    -------
    pandas.DataFrame
        Index metric; d, d_low, d_high at equal depth; d_all_reads, d_all_reads_low, d_all_reads_high of all reads.
    """
    fields = ["d", "d_low", "d_high"]
    return rarefied[fields].join(
        whole[fields].set_axis([name.replace("d", "d_all_reads", 1) for name in fields], axis=1)
    )


def _choose_depth(reads: np.ndarray, depth: int | None) -> int:
    totals = reads.sum(axis=1)
    if depth is None:
        return int(totals.min())
    if not 1 <= depth <= totals.max():
        raise ValueError(
            f"A depth of {depth:,} reads cannot be drawn: samples hold {totals.min():,} to {totals.max():,} reads. "
            f"Choose at most {totals.min():,} to keep everyone."
        )
    return int(depth)


def _average_indices(draws: np.ndarray, branches: Branches | None) -> np.ndarray:
    """Return the indices of one person, averaged over draws (rarefactions x taxa)."""
    shares = draws / draws.sum(axis=1, keepdims=True)
    observed = (draws > 0).sum(axis=1)
    logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    shannon = -(shares * logs).sum(axis=1)
    evenness = np.divide(shannon, np.log(observed), out=np.full(len(draws), np.nan), where=observed > 1)
    indices = [observed, np.abs(shannon), 1 / (shares**2).sum(axis=1), evenness]
    if branches is not None:
        seen = (draws > 0).astype(np.float32) @ branches.below > 0
        indices.append(seen @ branches.lengths)
    return np.mean(indices, axis=1)
