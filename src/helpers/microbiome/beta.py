"""Differences between samples: counts in, distances out; distances in, a map of the samples out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from scipy.stats import chi2
from sklearn.metrics import euclidean_distances

from helpers.microbiome.abundance import transform_clr
from helpers.microbiome.counts import Branches, check_counts, list_branches, read_tree
from helpers.microbiome.equal_depth import ALL_READS, check_draws, choose_depth, draw_reads
from helpers.permutation import TIE
from helpers.problems import count
from helpers.result_columns import read_words

METRICS = ("bray_curtis", "aitchison", "jaccard", "unweighted_unifrac", "weighted_unifrac", "generalized_unifrac")
METRIC_LABELS = {metric: read_words()[metric] for metric in METRICS}
ROWS = 32  # samples compared at once: their taxa stay in the cache of the processor
GENERALISED = 0.5  # between presence (0) and amounts (1)
ELLIPSE_CHI2 = chi2.ppf(0.68, 2)


def measure_beta(
    counts: pd.DataFrame,
    *,
    metric: str,
    tree_path: str | os.PathLike[str] | None = None,
    pseudocount: float = 0.5,
    n_workers: int = 1,
) -> pd.DataFrame:
    """Measure how different each pair of samples is.

    Parameters
    ----------
    counts : pandas.DataFrame of shape (n_participants, n_taxa)
        Index participant_id; raw reads.
    metric : str
        ``bray_curtis`` (on shares of reads, 0-1), ``jaccard`` (on presence, 0-1), ``aitchison`` (Euclidean on
        centred log-ratios), ``unweighted_unifrac`` (on presence, 0-1 [1]_), ``weighted_unifrac`` (normalised, 0-1) or
        ``generalized_unifrac`` (0-1 [2]_, alpha 0.5: between the two).
    tree_path : str or path-like, optional
        Rooted Newick tree; needed by the UniFrac distances.
    pseudocount : float, default 0.5
        For ``aitchison`` only.
    n_workers : int, default 1
        Threads, for ``bray_curtis`` and ``weighted_unifrac``; no number depends on it.

    Returns
    -------
    pandas.DataFrame of shape (n_participants, n_participants)
        Symmetric, zero diagonal; index and columns participant_id.

    Raises
    ------
    ValueError
        Unknown metric, UniFrac without a tree, a tree lacking taxa, bad counts.

    References
    ----------
    .. [1] Lozupone C, Knight R (2005). UniFrac: a new phylogenetic method for comparing microbial communities.
       Appl Environ Microbiol 71(12):8228-8235. doi:10.1128/AEM.71.12.8228-8235.2005
    .. [2] Chen J et al. (2012). Associating microbiome composition with environmental covariates using generalized
       UniFrac distances. Bioinformatics 28(16):2106-2113. doi:10.1093/bioinformatics/bts342

    Examples
    --------
    >>> counts = pd.DataFrame({"t1": [1, 3], "t2": [1, 1]}, index=["a", "b"])
    >>> measure_beta(counts, metric="bray_curtis").loc["a", "b"].item()
    0.25
    """
    if metric not in METRIC_LABELS:
        raise ValueError(f"The metric '{metric}' is unknown. It may be {', '.join(METRIC_LABELS)}.")
    reads = check_counts(counts)
    if metric == "bray_curtis":
        matrix = _sum_differences(reads / reads.sum(axis=1, keepdims=True), n_workers) / 2
    elif metric == "jaccard":
        matrix = _compare_presence(reads > 0, np.ones(reads.shape[1]))
    elif metric == "aitchison":
        matrix = euclidean_distances(transform_clr(counts, pseudocount=pseudocount, depth=ALL_READS).to_numpy())
    elif tree_path is None:
        raise ValueError(f"{METRIC_LABELS[metric]} needs a tree: give tree_path, or use bray_curtis.")
    else:
        branches = list_branches(read_tree(tree_path, counts.columns), counts.columns)
        matrix = _measure_unifrac(metric, reads, branches, n_workers)
    return pd.DataFrame(matrix, index=counts.index, columns=counts.index)


def measure_distances(
    counts: pd.DataFrame,
    *,
    metrics: Sequence[str],
    n_rarefactions: int,
    rng: np.random.Generator,
    tree_path: str | os.PathLike[str] | None = None,
    depth: int | None = None,
) -> dict[str, pd.DataFrame]:
    """Measure how different each pair of samples is, all samples equally deep.

    A shallow sample shows fewer taxa and noisier shares, and so lies farther from all others. The same number of reads is
    drawn from each sample, distances are measured, and all is repeated and averaged [1]_: distances, not counts, are
    averaged, as the mean of draws would leave deep samples with less noise than shallow ones.

    Parameters
    ----------
    counts : pandas.DataFrame of shape (n_participants, n_taxa)
    metrics : sequence of str
        See :func:`measure_beta`.
    n_rarefactions : int
        0: take all reads of each sample, once.
    rng : numpy.random.Generator
    tree_path : str or path-like, optional
    depth : int, optional
        Reads drawn of each sample. None: those of the shallowest.

    Returns
    -------
    dict of str to pandas.DataFrame of shape (n_participants, n_participants)

    References
    ----------
    .. [1] Schloss PD (2024). Rarefaction is currently the best approach to control for uneven sequencing effort
       in amplicon sequence analyses. mSphere 9(2):e00354-23. doi:10.1128/msphere.00354-23

    Examples
    --------
    >>> counts = pd.DataFrame({"t1": [2, 4], "t2": [0, 0]}, index=["a", "b"])
    >>> measure_distances(counts, metrics=["jaccard"], n_rarefactions=2, rng=np.random.default_rng(1))["jaccard"].loc["a", "b"]
    np.float64(0.0)
    """
    check_draws(n_rarefactions)
    reads = check_counts(counts)
    tables = [reads]
    if n_rarefactions:
        drawn = choose_depth(reads, depth)
        streams = rng.spawn(n_rarefactions)
        tables = [draw_reads(reads, drawn, stream) for stream in streams]
    sums = dict.fromkeys(metrics, 0.0)
    for table in tables:
        frame = pd.DataFrame(table, counts.index, counts.columns)
        for metric in metrics:
            sums[metric] = sums[metric] + measure_beta(frame, metric=metric, tree_path=tree_path).to_numpy()
    return {m: pd.DataFrame(total / len(tables), counts.index, counts.index) for m, total in sums.items()}


def _sum_differences(values: np.ndarray, n_workers: int) -> np.ndarray:
    """Return the sum of absolute differences of each pair of rows, none negative: both sums less twice what is shared."""
    totals = values.sum(axis=1)
    matrix = totals[:, None] + totals
    starts = range(0, len(values), ROWS)
    Parallel(n_jobs=n_workers, prefer="threads")(delayed(_take_shared)(matrix, values, start) for start in starts)
    np.fill_diagonal(matrix, 0.0)
    return matrix.clip(min=0, out=matrix)


def _take_shared(matrix: np.ndarray, values: np.ndarray, start: int) -> None:
    """Take twice what they share off the pairs of some rows with all rows from there on, and mirror them."""
    block = values[start : start + ROWS]
    ones, both = np.ones(values.shape[1]), np.empty_like(block)
    for row in range(start, len(values)):
        matrix[start : start + ROWS, row] -= 2 * (np.minimum(block, values[row], out=both) @ ones)
    matrix[start:, start : start + ROWS] = matrix[start : start + ROWS, start:].T


def _compare_presence(seen: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the weight that only one of two samples has, over the weight that either has."""
    shared = (seen * weights) @ seen.T.astype(float)
    own = np.diag(shared)
    either = own[:, None] + own - shared
    apart = np.divide(either - shared, either, out=np.zeros_like(either), where=either > 0)
    np.fill_diagonal(apart, 0.0)
    return np.clip((apart + apart.T) / 2, 0.0, 1.0)


def _measure_unifrac(metric: str, reads: np.ndarray, branches: Branches, n_workers: int) -> np.ndarray:
    shares = (reads / reads.sum(axis=1, keepdims=True)) @ branches.below.astype(float)
    if metric == "unweighted_unifrac":
        return _compare_presence(reads @ branches.below > 0, branches.lengths)
    if metric == "weighted_unifrac":
        scaled = shares * branches.lengths
        totals = scaled.sum(axis=1)
        return _sum_differences(scaled, n_workers) / (totals[:, None] + totals)
    matrix = np.zeros((len(shares), len(shares)))
    for row, sample in enumerate(shares):
        both = sample + shares[:row]
        weights = branches.lengths * both**GENERALISED
        apart = np.divide(np.abs(sample - shares[:row]), both, out=np.zeros_like(both), where=both > 0)
        matrix[row, :row] = matrix[:row, row] = (weights * apart).sum(axis=1) / weights.sum(axis=1)
    return matrix


@dataclass(frozen=True, eq=False)
class Ordination:
    """Samples on a plane: the principal coordinates of their distances.

    Attributes
    ----------
    coordinates : pandas.DataFrame of shape (n_participants, n_axes)
        Columns PCo1, PCo2 …
    percent_explained : pandas.Series
        Per axis, of the sum of all positive eigenvalues; 0-100.
    negative_share : float
        Sum of negative eigenvalues over the sum of all absolute ones, 0-1: how much of the distances no picture
        can show.
    n_participants : int
    """

    coordinates: pd.DataFrame
    percent_explained: pd.Series
    negative_share: float
    n_participants: int


def ordinate(distances: pd.DataFrame, *, n_axes: int = 2) -> Ordination:
    """Place samples so that their distances are kept as well as possible (principal coordinates).

    Parameters
    ----------
    distances : pandas.DataFrame of shape (n, n)
        Index participant_id.
    n_axes : int, default 2

    Returns
    -------
    Ordination
        The sign of an axis is arbitrary; here its largest coordinate is positive.

    References
    ----------
    .. [1] Gower JC (1966). Some distance properties of latent root and vector methods used in multivariate
       analysis. Biometrika 53(3-4):325-338. doi:10.1093/biomet/53.3-4.325

    Examples
    --------
    >>> distances = pd.DataFrame([[0.0, 2.0], [2.0, 0.0]], index=["a", "b"], columns=["a", "b"])
    >>> ordinate(distances, n_axes=1).coordinates["PCo1"].abs().round(6).tolist()
    [1.0, 1.0]
    """
    values, vectors = np.linalg.eigh(centre_distances(distances.to_numpy(float)))
    values, vectors = values[::-1], vectors[:, ::-1]
    values = np.where(np.abs(values) < TIE * np.abs(values).max(), 0.0, values)
    top = vectors[:, :n_axes] * np.sqrt(np.clip(values[:n_axes], 0, None))
    top = top * np.sign(np.take_along_axis(top, np.abs(top).argmax(axis=0)[None, :], axis=0) + TIE)
    axes = [f"PCo{i + 1}" for i in range(top.shape[1])]
    positive = values.clip(min=0)
    return Ordination(
        coordinates=pd.DataFrame(top, index=distances.index, columns=axes),
        percent_explained=pd.Series(100 * positive[:n_axes] / positive.sum(), index=axes),
        negative_share=float(-values.clip(max=0).sum() / np.abs(values).sum()),
        n_participants=len(distances),
    )


def locate_groups(ordination: Ordination, groups: pd.Series) -> pd.DataFrame:
    """Return where each group lies on the first two axes, and how it spreads there.

    Parameters
    ----------
    ordination : Ordination
        With two axes or more.
    groups : pandas.Series
        Index participant_id; NaN: in no group.

    Returns
    -------
    pandas.DataFrame
        Index group; columns n, x, y (centroid), width, height, angle_deg of the ellipse that would hold 68 % of
        the people if they were spread normally; blank where fewer than three span none.

    Examples
    --------
    >>> plane = pd.DataFrame({"PCo1": [0.0, 2.0], "PCo2": [1.0, 1.0]}, index=["a", "b"])
    >>> places = locate_groups(Ordination(plane, pd.Series([90, 10]), 0.0, 2), pd.Series("high", index=["a", "b"]))
    >>> places.loc["high", ["x", "y"]].tolist()
    [1.0, 1.0]
    """
    known = groups.reindex(ordination.coordinates.index).dropna()
    rows = {}
    for name, people in known.groupby(known).groups.items():
        plane = ordination.coordinates.loc[people].to_numpy()[:, :2]
        rows[name] = [len(plane), *plane.mean(axis=0), *_span_ellipse(plane)]
    return pd.DataFrame.from_dict(rows, orient="index", columns=["n", "x", "y", "width", "height", "angle_deg"])


def _span_ellipse(plane: np.ndarray) -> tuple[float, float, float]:
    """Return width, height and angle in degrees of the ellipse of points."""
    if len(plane) < 3:
        return np.nan, np.nan, np.nan
    variances, directions = np.linalg.eigh(np.cov(plane.T))
    height, width = 2 * np.sqrt(ELLIPSE_CHI2 * variances.clip(min=0))
    return width, height, float(np.degrees(np.arctan2(*directions[::-1, 1])))


def describe_ordination(ordination: Ordination) -> str:
    """Say how much of the distances the first two axes show."""
    shown = ordination.percent_explained.iloc[:2].sum()
    return (
        f"The two axes show {shown:.1f} % of the variation between {count(ordination.n_participants, 'sample')}; "
        f"negative eigenvalues hold {100 * ordination.negative_share:.1f} % of the absolute total."
    )


def centre_distances(distances: np.ndarray) -> np.ndarray:
    """Return Gower's centred inner products, whose trace is the total sum of squares.

    Parameters
    ----------
    distances : numpy.ndarray of shape (n, n)

    Returns
    -------
    numpy.ndarray of shape (n, n)
        Symmetric; rows sum to 0.

    Examples
    --------
    >>> centre_distances(np.array([[0.0, 2.0], [2.0, 0.0]])).tolist()
    [[1.0, -1.0], [-1.0, 1.0]]
    """
    inner = -0.5 * distances**2
    inner = inner - inner.mean(axis=0) - inner.mean(axis=1, keepdims=True) + inner.mean()
    return (inner + inner.T) / 2
