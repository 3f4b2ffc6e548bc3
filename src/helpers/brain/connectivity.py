"""Connectivity in, contrasts of every edge out, and all edges tested at once."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from helpers import permutation
from helpers.contrasts import fit_contrasts
from helpers.permutation import Alternative, MaxTResult, Precision
from helpers.problems import count, name_some

EDGE_SEPARATOR = "--"
PAIR_SEPARATOR = " × "
UNASSIGNED = "Unassigned"


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
    r = connectivity.to_numpy(float, na_value=np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.arctanh(r)
    if not np.isfinite(z.sum()):
        _refuse_beyond(connectivity.columns, r)
    return pd.DataFrame(z, connectivity.index, connectivity.columns)


def _refuse_beyond(edges: pd.Index, r: np.ndarray) -> None:
    beyond = np.abs(r) >= 1
    if beyond.any():
        named = edges[beyond.any(axis=0)]
        raise ValueError(
            f"{count(len(named), 'edge')} with |r| of 1 or more ({name_some(named)}; the first "
            f"value is {r[beyond][0]:g}). "
            "Pearson r lies strictly between -1 and 1. Fix: give r rather than Fisher z, and leave out "
            "a node's correlation with itself or with a copy of itself."
        )


def split_edges(edges: Iterable[str]) -> np.ndarray:
    """Number the two nodes of each edge, in order of appearance.

    Parameters
    ----------
    edges : iterable of str
        ``<node>--<node>``.

    Returns
    -------
    numpy.ndarray of int, shape (n_edges, 2)

    Raises
    ------
    ValueError
        When an edge is not named so, or joins a node with itself.

    Examples
    --------
    >>> split_edges(["n1--n2", "n2--n3"]).tolist()
    [[0, 1], [1, 2]]
    """
    names = list(edges)
    ends = [name.split(EDGE_SEPARATOR) for name in names]
    strange = [name for name, end in zip(names, ends, strict=True) if len(end) != 2 or end[0] == end[1]]
    if strange:
        raise ValueError(
            f"{count(len(strange), 'edge')} not named after two nodes ({name_some(strange)}). "
            f"Expected <node>{EDGE_SEPARATOR}<node>, two different ones; fix the column names."
        )
    return pd.factorize(np.array(ends, object).ravel())[0].reshape(-1, 2)


def complete_z(connectivity: pd.DataFrame, design: pd.DataFrame) -> pd.DataFrame:
    """Return the Fisher z of the people of a design, without the edges that miss a value among them.

    Statistics over edges, such as the largest t, must come from the same people in all edges.

    Parameters
    ----------
    connectivity : pandas.DataFrame of shape (n_participants, n_edges)
        Pearson r.
    design : pandas.DataFrame

    Returns
    -------
    pandas.DataFrame of shape (n_shared, n_complete_edges)

    Examples
    --------
    >>> r = pd.DataFrame({"a--b": [0.0, 0.0], "a--c": [0.0, np.nan]}, index=["sub-1", "sub-2"])
    >>> list(complete_z(r, pd.DataFrame(index=["sub-1", "sub-2"])).columns)
    ['a--b']
    """
    wanted = connectivity.index.isin(design.index)
    z = compute_fisher_z(connectivity if wanted.all() else connectivity.loc[wanted])
    known = np.isfinite(z.to_numpy().sum(axis=0))
    return z if known.all() else z.loc[:, known]


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
    lookup = network.to_dict()
    ends = [name.split(EDGE_SEPARATOR) for name in names]
    strange = [
        name for name, end in zip(names, ends, strict=True) if len(end) != 2 or not all(one in lookup for one in end)
    ]
    if strange:
        raise ValueError(
            f"{count(len(strange), 'edge')} not named after two nodes of nodes.tsv ({name_some(strange)}). "
            f"Expected <node>{EDGE_SEPARATOR}<node>; fix the column names, or add the nodes to nodes.tsv."
        )
    return pd.Series(
        [PAIR_SEPARATOR.join(sorted((lookup[a], lookup[b]))) for a, b in ends], index=names, name="networks"
    )


def compare_edges(connectivity: pd.DataFrame, design: pd.DataFrame, *, tested: str = "group") -> pd.DataFrame:
    """Contrast the groups, or regress on a score, in the Fisher z of every edge.

    Parameters
    ----------
    connectivity : pandas.DataFrame of shape (n_participants, n_edges)
        Pearson r; index ``participant_id``.
    design : pandas.DataFrame of shape (n_designed, n_terms)
    tested : str, default "group"
        Column of the design: 1 high and 0 low, or a score.

    Returns
    -------
    pandas.DataFrame of shape (n_edges, 11)
        As :func:`helpers.contrasts.fit_contrasts`; estimate in units of z (per unit of a score).

    Raises
    ------
    ValueError
        When an \\|r\\| is 1 or more.
    """
    return fit_contrasts(compute_fisher_z(connectivity), design, tested=tested)


def test_edges_max_t(
    connectivity: pd.DataFrame,
    design: pd.DataFrame,
    *,
    tested: str = "group",
    blocks: pd.Series | None,
    n_permutations: int,
    rng: np.random.Generator,
    alternative: Alternative = "two-sided",
    step_down: bool = False,
    n_kept: int = 0,
    precision: Precision = "double",
    n_workers: int | None = 1,
    progress: bool = False,
) -> MaxTResult:
    """Test all edges at once: Freedman-Lane shuffles within blocks, largest absolute t.

    Parameters
    ----------
    connectivity : pandas.DataFrame of shape (n_participants, n_edges)
        Pearson r. An edge with a missing value among the people of the design is left out for everyone,
        because the largest t must come from the same people in all edges.
    design : pandas.DataFrame of shape (n_designed, n_terms)
    tested : str, default "group"
    blocks : pandas.Series or None
        Study of each participant; None when there is one.
    n_permutations : int
    rng : numpy.random.Generator
    alternative, step_down, n_kept, precision, n_workers, progress
        As for :func:`helpers.permutation.test_max_t`.

    Returns
    -------
    helpers.permutation.MaxTResult
    """
    return permutation.test_max_t(
        complete_z(connectivity, design),
        design,
        tested=tested,
        blocks=blocks,
        n_permutations=n_permutations,
        rng=rng,
        alternative=alternative,
        step_down=step_down,
        n_kept=n_kept,
        precision=precision,
        n_workers=n_workers,
        progress=progress,
    )


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
