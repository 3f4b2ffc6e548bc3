"""Connectivity in, contrasts of pairs of networks out, weighted by their edges."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers import permutation
from helpers.brain.connectivity import compute_fisher_z, name_pairs
from helpers.brain.covariates import add_motion, keep_low_motion
from helpers.contrasts import fit_contrasts
from helpers.permutation import MaxTResult

MIN_STILL_PER_GROUP = 10


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


def compare_networks(
    connectivity: pd.DataFrame, nodes: pd.DataFrame, design: pd.DataFrame, *, tested: str = "group"
) -> pd.DataFrame:
    """Contrast the groups, or regress on a score, in the mean Fisher z of every pair of networks.

    Parameters
    ----------
    connectivity : pandas.DataFrame of shape (n_participants, n_edges)
        Pearson r.
    nodes : pandas.DataFrame
        Index ``node``; column ``network``.
    design : pandas.DataFrame of shape (n_designed, n_terms)
    tested : str, default "group"
        Column of the design: 1 high and 0 low, or a score.

    Returns
    -------
    pandas.DataFrame of shape (n_pairs, 12)
        As :func:`helpers.contrasts.fit_contrasts`, and ``n_edges`` averaged; q runs over all pairs.
    """
    table = fit_contrasts(average_networks(connectivity, nodes), design, tested=tested)
    n_edges = name_pairs(connectivity.columns, nodes).value_counts()
    return table.assign(n_edges=n_edges.reindex(table.index))


def test_networks_max_t(
    connectivity: pd.DataFrame,
    nodes: pd.DataFrame,
    design: pd.DataFrame,
    *,
    tested: str = "group",
    blocks: pd.Series | None,
    n_permutations: int,
    rng: np.random.Generator,
) -> MaxTResult:
    """Test all pairs of networks at once: Freedman-Lane shuffles within blocks, largest absolute t.

    A pair that was declared beforehand needs no such correction; the others do.

    Parameters
    ----------
    connectivity : pandas.DataFrame of shape (n_participants, n_edges)
        Pearson r.
    nodes : pandas.DataFrame
        Index ``node``; column ``network``.
    design : pandas.DataFrame of shape (n_designed, n_terms)
    tested : str, default "group"
    blocks : pandas.Series or None
        Study of each participant; None when there is one.
    n_permutations : int
    rng : numpy.random.Generator

    Returns
    -------
    helpers.permutation.MaxTResult
        One row per pair; a pair that some person has no edge of is left out.
    """
    means = average_networks(connectivity.loc[connectivity.index.isin(design.index)], nodes)
    return permutation.test_max_t(
        means.dropna(axis=1),
        design,
        tested=tested,
        blocks=blocks,
        n_permutations=n_permutations,
        rng=rng,
    )


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
    still = keep_low_motion(adjusted, motion, max_fd_mm=max_fd_mm)
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
