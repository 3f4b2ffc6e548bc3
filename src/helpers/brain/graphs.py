"""Edges in, graph measures of every node out: degree, strength and participation at several densities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.sparse import coo_array

from helpers import permutation
from helpers.brain.connectivity import EDGE_SEPARATOR, UNASSIGNED, compute_fisher_z, name_pairs
from helpers.contrasts import fit_contrasts
from helpers.problems import count
from helpers.wording import as_text

DENSITIES = (0.1, 0.15, 0.2)
MEASURES = ("degree", "strength", "participation")


def measure_nodes(
    connectivity: pd.DataFrame, nodes: pd.DataFrame, *, densities: Sequence[float] = DENSITIES
) -> dict[str, pd.DataFrame]:
    """Measure the place of each node in each person's graph of strongest positive edges.

    At a density of 0.1 a person's graph holds the strongest tenth of the edges known of that person, as far as they
    are positive. Every graph then has the same number of edges, so that the measures are about their *arrangement*
    [1]_. But a person whose connectivity is weaker on the whole has weaker, noisier edges in the graph: compare with
    the mean connectivity as a covariate before reading a group difference [2]_.

    * ``degree``: number of edges of the node.
    * ``strength``: sum of their Fisher z.
    * ``participation``: ``1 - sum((k_s / k)**2)`` over networks s, where ``k_s`` is the strength of the node's edges
      to network s and ``k`` its strength: 0 when all go to one network, near 1 when spread evenly over many [3]_.
      Blank for a node without an edge.

    Parameters
    ----------
    connectivity : pandas.DataFrame of shape (n_participants, n_edges)
        Pearson r; columns ``<node>--<node>``. NaN: unknown, no edge.
    nodes : pandas.DataFrame
        Index ``node``; column ``network``.
    densities : sequence of float, default (0.1, 0.15, 0.2)
        Share of edges kept, above 0 and at most 1.

    Returns
    -------
    dict of str to pandas.DataFrame of shape (n_participants, n_densities * n_nodes)
        ``degree``, ``strength`` and ``participation``; two levels of columns, ``density`` and ``node``.

    Raises
    ------
    ValueError
        When a density is not within (0, 1], an \\|r\\| is 1 or more, or an edge is not named after two nodes.

    References
    ----------
    .. [1] Rubinov M, Sporns O (2010). Complex network measures of brain connectivity: uses and interpretations.
       NeuroImage 52(3):1059-1069. doi:10.1016/j.neuroimage.2009.10.003
    .. [2] van den Heuvel MP, de Lange SC, Zalesky A, Seguin C, Yeo BTT, Schmidt R (2017). Proportional thresholding
       in resting-state fMRI functional connectivity networks and consequences for patient-control connectome
       studies. NeuroImage 152:437-449. doi:10.1016/j.neuroimage.2017.02.005
    .. [3] Guimerà R, Amaral LAN (2005). Functional cartography of complex metabolic networks. Nature 433:895-900.
       doi:10.1038/nature03288

    Examples
    --------
    Two of the three edges are kept; node a joins one node of each network, with equal strength:

    >>> nodes = pd.DataFrame({"network": ["R", "R", "S"]}, index=["a", "b", "c"])
    >>> r = pd.DataFrame([[0.5, 0.5, 0.1]], index=["sub-1"], columns=["a--b", "a--c", "b--c"])
    >>> measured = measure_nodes(r, nodes, densities=[0.67])
    >>> measured["degree"].loc["sub-1", 0.67].tolist(), float(measured["participation"].loc["sub-1", (0.67, "a")])
    ([2.0, 1.0, 1.0], 0.5)
    """
    _check_densities(densities)
    names, per_node, per_network = _build_incidence(connectivity.columns, nodes)
    z = compute_fisher_z(connectivity).to_numpy()
    parts: dict[str, list[np.ndarray]] = {measure: [] for measure in MEASURES}
    for density in densities:
        kept = _keep_strongest(z, density)
        weights = np.where(kept, z, 0.0)
        strength = weights @ per_node
        to_networks = (weights @ per_network).reshape(len(z), len(names), -1)
        with np.errstate(divide="ignore", invalid="ignore"):
            spread = 1 - ((to_networks / strength[:, :, None]) ** 2).sum(axis=2)
        parts["degree"].append(kept.astype(float) @ per_node)
        parts["strength"].append(strength)
        parts["participation"].append(np.where(strength > 0, spread, np.nan))
    columns = pd.MultiIndex.from_product([list(densities), names], names=["density", "node"])
    return {measure: pd.DataFrame(np.hstack(values), connectivity.index, columns) for measure, values in parts.items()}


def compare_nodes(
    measures: Mapping[str, pd.DataFrame],
    design: pd.DataFrame,
    *,
    tested: str = "group",
    blocks: pd.Series | None,
    n_permutations: int,
    rng: np.random.Generator,
    n_workers: int | None = 1,
) -> pd.DataFrame:
    """Contrast the groups, or regress on a score, in each measure of each node, with max-T over nodes and densities.

    Parameters
    ----------
    measures : mapping of str to pandas.DataFrame
        From :func:`measure_nodes`.
    design : pandas.DataFrame of shape (n_designed, n_terms)
    tested : str, default "group"
    blocks : pandas.Series or None
        Study of each participant; None when there is one.
    n_permutations : int
    rng : numpy.random.Generator
    n_workers : int or None, default 1

    Returns
    -------
    pandas.DataFrame of shape (n_measures * n_densities * n_nodes, 13)
        Index levels ``measure``, ``density``, ``node``; as :func:`helpers.contrasts.fit_contrasts` (q over the nodes
        and densities of one measure), ``p_permutation``, and ``p_fwe`` over the nodes and densities of one measure.
        A node that is blank for somebody has a contrast of the others, and no permutation p.
    """
    tables = {}
    for measure, values in measures.items():
        flat = values.set_axis(pd.RangeIndex(values.shape[1]), axis=1)
        table = fit_contrasts(flat, design, tested=tested)
        complete = flat.loc[flat.index.isin(design.index)].dropna(axis=1)
        known = pd.DataFrame(columns=["p", "p_fwe"], dtype=float)
        if complete.shape[1]:
            known = permutation.test_max_t(
                complete,
                design,
                tested=tested,
                blocks=blocks,
                n_permutations=n_permutations,
                rng=rng,
                n_workers=n_workers,
            ).table
        known = known.reindex(table.index)
        tables[measure] = table.assign(p_permutation=known["p"], p_fwe=known["p_fwe"]).set_axis(values.columns)
    return pd.concat(tables, names=["measure"])


def describe_nodes(table: pd.DataFrame, *, alpha: float = 0.05) -> str:
    """Say for each measure how many nodes survive, and which differs most.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`compare_nodes`.
    alpha : float, default 0.05

    Returns
    -------
    str
    """
    parts = []
    for measure, own in table.groupby(level="measure", sort=False):
        known = own.dropna(subset=["d"])
        if known.empty:
            parts.append(f"no node has a {measure} that could be compared")
            continue
        density, node = known["d"].abs().idxmax()[1:]
        top = known.loc[(measure, density, node)]
        n_nodes, n_densities = (known.index.get_level_values(level).nunique() for level in ("node", "density"))
        densities = "one density" if n_densities == 1 else f"{n_densities} densities"
        parts.append(
            f"{int((known['p_fwe'] <= alpha).sum()) or 'none'} of {count(len(known), 'value')} of {measure} "
            f"({count(n_nodes, 'node')} at {densities}) survive the max-T test; the largest effect is at "
            f"{as_text(node)} at density {density:g}, d = {_fix(top['d'])} (95% CI {_fix(top['d_low'])} to "
            f"{_fix(top['d_high'])})"
        )
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def _fix(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def _check_densities(densities: Sequence[float]) -> None:
    wrong = [density for density in densities if not 0 < density <= 1]
    if wrong or not len(densities):
        raise ValueError(
            f"densities is {list(densities)}; expected one or more shares of edges above 0 and at most 1, such as 0.1."
        )


def _build_incidence(edges: pd.Index, nodes: pd.DataFrame) -> tuple[list[str], coo_array, coo_array]:
    """Return the nodes that have edges, edges x nodes, and edges x (node, network at the other end)."""
    name_pairs(edges, nodes)
    ends = [edge.split(EDGE_SEPARATOR) for edge in edges]
    used = {end for pair in ends for end in pair}
    names = [node for node in nodes.index if node in used]
    place = {node: i for i, node in enumerate(names)}
    network, networks = pd.factorize(nodes.loc[names, "network"].fillna(UNASSIGNED).astype(str))
    both = np.array([[place[a], place[b]] for a, b in ends]).reshape(-1, 2)
    near, far = np.concatenate([both, both[:, ::-1]]).T
    row = np.tile(np.arange(len(both)), 2)
    ones, shape = np.ones(len(row)), (len(both), len(names))
    per_node = coo_array((ones, (row, near)), shape=shape).tocsr()
    ends_in = near * len(networks) + network[far]
    per_network = coo_array((ones, (row, ends_in)), shape=(len(both), len(names) * len(networks))).tocsr()
    return names, per_node, per_network


def _keep_strongest(z: np.ndarray, density: float) -> np.ndarray:
    """Return which edges are among the strongest of each person, and positive. Ties: the first columns."""
    n_known = (~np.isnan(z)).sum(axis=1)
    n_kept = np.rint(density * n_known).astype(int)
    order = np.argsort(np.where(np.isnan(z), -np.inf, z) * -1, axis=1, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(z.shape[1])[None, :], axis=1)
    return (rank < n_kept[:, None]) & (z > 0)
