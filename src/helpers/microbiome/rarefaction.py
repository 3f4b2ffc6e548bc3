"""How many taxa a sample would show at every depth: counts in, rarefaction curves out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.microbiome.counts import check_counts
from helpers.microbiome.equal_depth import expect_presence
from helpers.problems import count


def trace_rarefaction(counts: pd.DataFrame, *, n_depths: int = 20) -> pd.DataFrame:
    """Return the number of taxa expected in each sample at a range of depths.

    The expectation over all ways to draw reads without replacement is known exactly [1]_; no chance is needed.

    Parameters
    ----------
    counts : pandas.DataFrame of shape (n_participants, n_taxa)
        Raw reads.
    n_depths : int, default 20
        From 1 to the deepest sample, evenly on a logarithmic scale.

    Returns
    -------
    pandas.DataFrame of shape (n_participants, n_depths)
        Columns: reads. NaN beyond the reads of a sample.

    Raises
    ------
    ValueError
        Bad counts.

    References
    ----------
    .. [1] Hurlbert SH (1971). The nonconcept of species diversity: a critique and alternative parameters. Ecology
       52(4):577-586. doi:10.2307/1934145

    Examples
    --------
    Two taxa of one read each: one read shows one, both show two.

    >>> counts = pd.DataFrame({"t1": [1], "t2": [1]}, index=["sub-001"])
    >>> trace_rarefaction(counts, n_depths=2).round(6).loc["sub-001"].tolist()
    [1.0, 2.0]
    """
    reads = check_counts(counts)
    totals = reads.sum(axis=1)
    depths = np.unique(np.geomspace(1, totals.max(), n_depths).round().astype(int))
    columns = [expect_richness(reads, int(depth)) for depth in depths]
    return pd.DataFrame(np.column_stack(columns), index=counts.index, columns=depths)


def expect_richness(reads: np.ndarray, depth: int) -> np.ndarray:
    """Return the number of taxa expected among ``depth`` reads of each sample; NaN where it holds fewer.

    Parameters
    ----------
    reads : numpy.ndarray of int, shape (n, n_taxa)
    depth : int
    """
    totals = reads.sum(axis=1)
    return np.where(totals >= depth, expect_presence(reads, depth).sum(axis=1), np.nan)


def describe_rarefaction(curves: pd.DataFrame, *, depth: int) -> str:
    """Say how much the curves still rise at the depth chosen: the share of the taxa of the full sample seen there.

    Parameters
    ----------
    curves : pandas.DataFrame
        From :func:`trace_rarefaction`.
    depth : int
        Reads drawn from each sample.
    """
    full = curves.max(axis=1)
    at_depth = pd.Series(
        [np.interp(np.log(depth), np.log(curves.columns[row.notna()]), row.dropna()) for _, row in curves.iterrows()],
        curves.index,
    )
    shares = 100 * (at_depth / full).clip(upper=1)
    return (
        f"At {depth:,} reads, {count(len(curves), 'sample')} show between {shares.min():.0f} and {shares.max():.0f} % of the "
        f"taxa that all their reads show (median {shares.median():.0f} %)."
    )
