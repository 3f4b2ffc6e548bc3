"""Does motion still show in connectivity? Its correlation with every edge, against the distance between the nodes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from helpers.brain.connectivity import EDGE_SEPARATOR, compute_fisher_z
from helpers.brain.covariates import MOTION_COLUMN
from helpers.brain.numbers import write_fixed
from helpers.linear_algebra import span_design
from helpers.problems import TooLittle, count

N_BINS = 12
NOMINAL = 0.05
WEAK = 0.1


@dataclass(frozen=True, eq=False)
class MotionCorrelation:
    """How strongly edges follow motion, and whether short edges do so more than long ones (QC-FC).

    Attributes
    ----------
    edges : pandas.DataFrame of shape (n_edges, 3)
        ``distance_mm`` between the two nodes, ``r`` with motion over people, ``p`` of it.
    bins : pandas.DataFrame
        Equally many edges each: ``distance_mm`` and ``r`` (medians).
    distance_r : float
        Spearman correlation of r with distance, over edges; below 0, short edges grow with motion more than long ones.
    n_participants : int
    """

    edges: pd.DataFrame
    bins: pd.DataFrame
    distance_r: float
    n_participants: int


def correlate_with_motion(
    connectivity: pd.DataFrame, nodes: pd.DataFrame, motion: pd.DataFrame, design: pd.DataFrame
) -> MotionCorrelation:
    """Correlate motion with Fisher z of every edge over people, and set it against the length of the edge.

    Motion and edges are first freed from the design (group, covariates, study) without motion.

    Parameters
    ----------
    connectivity : pandas.DataFrame of shape (n_participants, n_edges)
        Pearson r. An edge with a missing value among these people is left out.
    nodes : pandas.DataFrame
        Index ``node``; ``x``, ``y``, ``z`` in mm.
    motion : pandas.DataFrame
        Column ``mean_fd_mm``.
    design : pandas.DataFrame of shape (n_designed, n_terms)

    Returns
    -------
    MotionCorrelation

    Raises
    ------
    ValueError
        When fewer than four people more than terms have both, or nobody's motion differs.

    References
    ----------
    .. [1] Power JD et al. (2012). Spurious but systematic correlations in functional connectivity MRI networks arise from
       subject motion. NeuroImage 59(3):2142-2154. doi:10.1016/j.neuroimage.2011.10.018
    .. [2] Ciric R et al. (2017). Benchmarking of participant-level confound regression strategies for the control of motion
       artifact in studies of functional connectivity. NeuroImage 154:174-187. doi:10.1016/j.neuroimage.2017.03.020
    """
    known = motion[MOTION_COLUMN].dropna()
    people = design.index.intersection(connectivity.index, sort=False).intersection(known.index, sort=False)
    terms = design.loc[people].drop(columns=MOTION_COLUMN, errors="ignore")
    basis = span_design(terms.to_numpy(float))
    df = len(people) - basis.shape[1] - 1
    if df < 3:
        raise TooLittle(
            f"{count(len(people), 'person')} with connectivity and motion: too few to correlate them beside "
            f"{count(basis.shape[1], 'term')} of the design."
        )
    z = compute_fisher_z(connectivity.loc[people])
    z = z.loc[:, z.notna().all()]
    moved = known.loc[people].to_numpy(float)
    moved = moved - basis @ (basis.T @ moved)
    if moved @ moved < 1e-12:
        raise TooLittle(f"Nobody's {MOTION_COLUMN} differs from what the design says, so nothing can follow it.")
    left = z.to_numpy() - basis @ (basis.T @ z.to_numpy())
    r = (moved @ left) / np.sqrt((moved @ moved) * np.maximum((left**2).sum(axis=0), 1e-300))
    t = r * np.sqrt(df / np.maximum(1 - r**2, 1e-300))
    edges = pd.DataFrame({"distance_mm": measure_lengths(z.columns, nodes), "r": r, "p": 2 * stats.t.sf(np.abs(t), df)})
    bins = edges.groupby(pd.qcut(edges["distance_mm"], min(N_BINS, len(edges)), labels=False, duplicates="drop"))
    return MotionCorrelation(
        edges=edges,
        bins=bins[["distance_mm", "r"]].median().reset_index(drop=True),
        distance_r=float(edges["r"].corr(edges["distance_mm"], method="spearman")),
        n_participants=len(people),
    )


def measure_lengths(edges: pd.Index, nodes: pd.DataFrame) -> pd.Series:
    """Return the straight distance between the two nodes of each edge, in mm.

    Parameters
    ----------
    edges : pandas.Index of str
        ``<node>--<node>``.
    nodes : pandas.DataFrame
        Index ``node``; ``x``, ``y``, ``z`` in mm.

    Returns
    -------
    pandas.Series

    Examples
    --------
    >>> nodes = pd.DataFrame({"x": [0, 3], "y": [0, 4], "z": [0, 0]}, index=["a", "b"])
    >>> measure_lengths(pd.Index(["a--b"]), nodes)["a--b"]
    np.float64(5.0)
    """
    ends = pd.Series(edges, index=edges).str.split(EDGE_SEPARATOR, expand=True)
    place = nodes[["x", "y", "z"]].astype(float)
    apart = place.loc[ends[0]].to_numpy() - place.loc[ends[1]].to_numpy()
    return pd.Series(np.linalg.norm(apart, axis=1), index=edges, name="distance_mm")


def describe_motion_correlation(link: MotionCorrelation) -> str:
    """Say how many edges follow motion, against chance, and whether it depends on distance.

    Parameters
    ----------
    link : MotionCorrelation
    """
    n, n_low = len(link.edges), int((link.edges["p"] < NOMINAL).sum())
    trend = (
        "short edges go up with motion more than long ones"
        if link.distance_r < 0
        else "long edges go up more than short ones"
    )
    trend = trend if abs(link.distance_r) >= WEAK else "how long an edge is hardly matters"
    return (
        f"Over {count(link.n_participants, 'person').replace('persons', 'people')}, {n_low:,} of {count(n, 'edge')} "
        f"({n_low / n:.0%}) go with motion at p < {NOMINAL:g}, where {NOMINAL:.0%} would by chance; the median |r| is "
        f"{link.edges['r'].abs().median():.2f}. Over edges, r and distance correlate by "
        f"{write_fixed(link.distance_r)} (Spearman): {trend}."
    )
