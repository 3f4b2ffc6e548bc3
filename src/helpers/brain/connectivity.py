"""Connectivity in, group contrasts out: every edge, every pair of networks, all edges at once."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from helpers import permutation
from helpers.brain.covariates import add_motion, keep_still
from helpers.contrasts import fit_contrasts
from helpers.permutation import MaxTResult
from helpers.problems import count, name_some

EDGE_SEPARATOR = "--"
PAIR_SEPARATOR = " × "
UNASSIGNED = "Unassigned"
MIN_STILL_PER_GROUP = 10


def compute_fisher_z(connectivity: pd.DataFrame) -> pd.DataFrame:
    """Turn correlations into Fisher z, ``arctanh(r)``, whose error does not depend on r.

    Parameters
    ----------
    connectivity : pandas.DataFrame of shape (n_participants, n_edges)
        Pearson r, strictly between -1 and 1; NaN where an edge is unknown.

    Returns
    -------
    pandas.DataFrame
        Same shape.

    Raises
    ------
    ValueError
        When a value is -1, 1 or beyond: the edges are named.

    Examples
    --------
    >>> float(compute_fisher_z(pd.DataFrame({"a--b": [0.0]})).iloc[0, 0])
    0.0
    """
    beyond = connectivity.abs() >= 1
    if beyond.any(axis=None):
        edges = connectivity.columns[beyond.any(axis=0)]
        values = connectivity.to_numpy(float)[beyond.to_numpy()]
        raise ValueError(
            f"{count(len(edges), 'edge')} with |r| of 1 or more ({name_some(edges)}; the first "
            f"value is {values[0]:g}). "
            "Pearson r lies strictly between -1 and 1. Fix: give r rather than Fisher z, and leave out "
            "a node's correlation with itself or with a copy of itself."
        )
    return np.arctanh(connectivity.astype(float))


def name_pairs(edges: Iterable[str], nodes: pd.DataFrame) -> pd.Series:
    """Name the pair of networks each edge connects.

    Parameters
    ----------
    edges : iterable of str
        ``<node>--<node>``.
    nodes : pandas.DataFrame
        Index ``node``; column ``network`` (blank: ``Unassigned``).

    Returns
    -------
    pandas.Series of str
        Index: the edges; the two network names in alphabetical order, joined by " × ".

    Raises
    ------
    ValueError
        When an edge is not named after two nodes of the table.

    Examples
    --------
    >>> nodes = pd.DataFrame({"network": ["Visual", "Reward"]}, index=["n1", "n2"])
    >>> name_pairs(["n1--n2"], nodes)["n1--n2"]
    'Reward × Visual'
    """
    names = pd.Index(edges, name="feature")
    network = nodes["network"].fillna(UNASSIGNED).astype(str)
    ends = [name.split(EDGE_SEPARATOR) for name in names]
    strange = [
        name for name, end in zip(names, ends, strict=True) if len(end) != 2 or not set(end) <= set(network.index)
    ]
    if strange:
        raise ValueError(
            f"{count(len(strange), 'edge')} not named after two nodes of nodes.tsv ({name_some(strange)}). "
            f"Expected <node>{EDGE_SEPARATOR}<node>; fix the column names, or add the nodes to nodes.tsv."
        )
    lookup = network.to_dict()
    return pd.Series(
        [PAIR_SEPARATOR.join(sorted((lookup[a], lookup[b]))) for a, b in ends], index=names, name="networks"
    )


def compare_edges(connectivity: pd.DataFrame, design: pd.DataFrame) -> pd.DataFrame:
    """Contrast the groups on the Fisher z of every edge.

    Parameters
    ----------
    connectivity : pandas.DataFrame of shape (n_participants, n_edges)
        Pearson r; index ``participant_id``.
    design : pandas.DataFrame of shape (n_designed, n_terms)

    Returns
    -------
    pandas.DataFrame of shape (n_edges, 11)
        As :func:`helpers.contrasts.fit_contrasts`; estimate in units of z.

    Raises
    ------
    ValueError
        When an \\|r\\| is 1 or more.
    """
    return fit_contrasts(compute_fisher_z(connectivity), design)


def test_edges_max_t(
    connectivity: pd.DataFrame,
    design: pd.DataFrame,
    *,
    blocks: pd.Series | None,
    n_permutations: int,
    rng: np.random.Generator,
) -> MaxTResult:
    """Test all edges at once: Freedman-Lane shuffles within blocks, largest absolute t.

    Parameters
    ----------
    connectivity : pandas.DataFrame of shape (n_participants, n_edges)
        Pearson r. An edge with a missing value among the people of the design is left out for everyone,
        because the largest t must come from the same people in all edges.
    design : pandas.DataFrame of shape (n_designed, n_terms)
    blocks : pandas.Series or None
        Study of each participant; None when there is one.
    n_permutations : int
    rng : numpy.random.Generator

    Returns
    -------
    helpers.permutation.MaxTResult
    """
    z = compute_fisher_z(connectivity.loc[connectivity.index.isin(design.index)])
    complete = z.loc[:, z.notna().all()]
    return permutation.test_max_t(complete, design, blocks=blocks, n_permutations=n_permutations, rng=rng)


def annotate_edges(edges: pd.DataFrame, nodes: pd.DataFrame, tested: MaxTResult) -> pd.DataFrame:
    """Add to the contrast of each edge its networks and its permutation p-values.

    Parameters
    ----------
    edges : pandas.DataFrame
        From :func:`compare_edges`.
    nodes : pandas.DataFrame
    tested : helpers.permutation.MaxTResult
        From :func:`test_edges_max_t` on the same edges.

    Returns
    -------
    pandas.DataFrame
        Three columns more: ``networks``, ``p_permutation``, ``p_fwe``.
    """
    perm = tested.table[["p", "p_fwe"]].reindex(edges.index)
    return edges.assign(networks=name_pairs(edges.index, nodes), p_permutation=perm["p"], p_fwe=perm["p_fwe"])


def average_networks(connectivity: pd.DataFrame, nodes: pd.DataFrame) -> pd.DataFrame:
    """Average Fisher z over the edges of each pair of networks, within and between.

    Each edge counts once, so large networks count by their number of edges. A missing edge is left out of
    that person's mean.

    Parameters
    ----------
    connectivity : pandas.DataFrame of shape (n_participants, n_edges)
        Pearson r.
    nodes : pandas.DataFrame
        Index ``node``; column ``network``.

    Returns
    -------
    pandas.DataFrame of shape (n_participants, n_pairs)
        Columns such as ``Reward × Somatomotor``, in alphabetical order.

    Examples
    --------
    >>> nodes = pd.DataFrame({"network": ["R", "S", "S"]}, index=["n1", "n2", "n3"])
    >>> r = pd.DataFrame(np.tanh([[0.1, 0.3, 0.5]]), columns=["n1--n2", "n1--n3", "n2--n3"])
    >>> average_networks(r, nodes).round(6).iloc[0].to_dict()
    {'R × S': 0.2, 'S × S': 0.5}
    """
    z = compute_fisher_z(connectivity)
    return z.T.groupby(name_pairs(z.columns, nodes).to_numpy()).mean().T


def compare_networks(connectivity: pd.DataFrame, nodes: pd.DataFrame, design: pd.DataFrame) -> pd.DataFrame:
    """Contrast the groups on the mean Fisher z of every pair of networks.

    Parameters
    ----------
    connectivity : pandas.DataFrame of shape (n_participants, n_edges)
        Pearson r.
    nodes : pandas.DataFrame
        Index ``node``; column ``network``.
    design : pandas.DataFrame of shape (n_designed, n_terms)

    Returns
    -------
    pandas.DataFrame of shape (n_pairs, 12)
        As :func:`helpers.contrasts.fit_contrasts`, and ``n_edges`` averaged; q runs over all pairs.
    """
    table = fit_contrasts(average_networks(connectivity, nodes), design)
    n_edges = name_pairs(connectivity.columns, nodes).value_counts()
    return table.assign(n_edges=n_edges.reindex(table.index))


def compare_motion_handling(
    connectivity: pd.DataFrame,
    nodes: pd.DataFrame,
    design: pd.DataFrame,
    motion: pd.DataFrame,
    *,
    max_fd_mm: float,
) -> dict[str, pd.DataFrame]:
    """Contrast the networks three times: motion ignored, as a covariate, and among the people who lay still.

    Parameters
    ----------
    connectivity : pandas.DataFrame of shape (n_participants, n_edges)
        Pearson r.
    nodes : pandas.DataFrame
        Index ``node``; column ``network``.
    design : pandas.DataFrame of shape (n_designed, n_terms)
        Without motion.
    motion : pandas.DataFrame
        Index ``participant_id``; column ``mean_fd_mm``.
    max_fd_mm : float
        Largest mean framewise displacement (mm) of the people kept in the third run; motion stays a covariate.

    Returns
    -------
    dict of str to pandas.DataFrame
        What was done to motion, and its :func:`compare_networks`. The third is empty when fewer than ten people
        of either group are left.
    """
    adjusted = add_motion(design, motion)
    still = keep_still(adjusted, motion, max_fd_mm=max_fd_mm)
    scanned = still.loc[still.index.isin(connectivity.index), "group"]
    enough = min((scanned == 1).sum(), (scanned == 0).sum()) >= MIN_STILL_PER_GROUP
    everyone = compare_networks(connectivity, nodes, adjusted)
    return {
        "with motion ignored": compare_networks(connectivity, nodes, design),
        "with motion as a covariate": everyone,
        f"among people with at most {max_fd_mm:g} mm on average": (
            compare_networks(connectivity, nodes, still) if enough else everyone.iloc[:0]
        ),
    }
