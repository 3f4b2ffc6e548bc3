"""Edges in, connected components out: the network-based statistic over a range of thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from helpers.brain.connectivity import complete_z, split_edges
from helpers.intervals import tell_shuffled_p
from helpers.permutation import Alternative, PermutationModel, prepare_model, run_streams
from helpers.problems import count

SIZES = ("extent", "intensity")
NBS_THRESHOLDS_T = (2.5, 3.0, 3.5)


@dataclass(frozen=True, eq=False)
class NbsResult:
    """Connected components of strong edges at several thresholds, and how often chance gives one as large.

    Attributes
    ----------
    components : pandas.DataFrame of shape (n_components, 10)
        Index ``component`` (from 1; by threshold, the largest first). Columns ``threshold_t``; ``n_nodes``;
        ``n_edges`` (extent); ``n_higher`` and ``n_lower``, its edges by the sign of t; ``intensity`` (sum over edges
        of t beyond the threshold); ``p_extent`` and ``p_intensity``, over all components at that threshold;
        ``p_extent_all`` and ``p_intensity_all``, over all thresholds as well.
    edges : pandas.DataFrame
        One row per edge of each component: ``component``, ``threshold_t``, ``edge``, ``t``.
    null_extent, null_intensity : pandas.DataFrame of shape (n_permutations, n_thresholds)
        Size of the largest component in each shuffle; columns the thresholds.
    thresholds_t : tuple of float
    n_participants, n_edges, n_permutations, n_blocks : int
    tested : str
    alternative : {"two-sided", "greater", "less"}
    exact : bool
        Whether every distinct shuffle was used.
    """

    components: pd.DataFrame
    edges: pd.DataFrame
    null_extent: pd.DataFrame
    null_intensity: pd.DataFrame
    thresholds_t: tuple[float, ...]
    n_participants: int
    n_edges: int
    n_permutations: int
    n_blocks: int
    tested: str
    alternative: Alternative
    exact: bool

    def list_edges(self, component: int) -> pd.Series:
        """Return the t of each edge of one component, strongest first; index ``edge``."""
        own = self.edges[self.edges["component"] == component].set_index("edge")["t"]
        return own.loc[own.abs().sort_values(ascending=False, kind="stable").index]

    def to_frame(self) -> pd.DataFrame:
        """Return one row per component, ready for a results table."""
        return self.components.copy()


def test_nbs(
    connectivity: pd.DataFrame,
    design: pd.DataFrame,
    *,
    tested: str = "group",
    thresholds_t: Sequence[float] = NBS_THRESHOLDS_T,
    blocks: pd.Series | None = None,
    n_permutations: int,
    rng: np.random.Generator,
    alternative: Alternative = "two-sided",
    n_workers: int | None = 1,
    progress: bool = False,
) -> NbsResult:
    """Find connected components of edges whose t is beyond a threshold, and test their size by permutation.

    Edges with \\|t\\| at or beyond a threshold form a graph, and its connected components are kept. Each is compared
    with the *largest* component of every Freedman-Lane shuffle, so that p is corrected over all components [1]_. It
    says that a component of this size is rare, not that any single edge in it differs.

    A threshold is a choice: a low one finds wide and weak components, a high one small and strong ones. So several
    are used, and ``p_extent_all`` corrects over them: the smallest p over thresholds is compared with the smallest p
    over thresholds of each shuffle, as in Westfall and Young's min-p.

    A two-sided test joins edges of both signs in one component.

    Parameters
    ----------
    connectivity : pandas.DataFrame of shape (n_participants, n_edges)
        Pearson r; columns ``<node>--<node>``. An edge with a missing value among the people of the design is left
        out for everyone.
    design : pandas.DataFrame of shape (n_designed, n_terms)
    tested : str, default "group"
        Column of the design to test: a group or a score. The others are nuisance.
    thresholds_t : sequence of float, default (2.5, 3.0, 3.5)
        Above 0.
    blocks : pandas.Series, optional
        Study of each participant: shuffles stay within it.
    n_permutations : int
    rng : numpy.random.Generator
    alternative : {"two-sided", "greater", "less"}, default "two-sided"
    n_workers : int or None, default 1
        Threads; None: as ``joblib.parallel_config`` says. It never changes a number.
    progress : bool, default False

    Returns
    -------
    NbsResult

    Raises
    ------
    ValueError
        When a threshold is not above 0, an edge is not named after two nodes, or as
        :func:`helpers.permutation.test_max_t`.

    References
    ----------
    .. [1] Zalesky A, Fornito A, Bullmore ET (2010). Network-based statistic: identifying differences in brain
       networks. NeuroImage 53(4):1197-1207. doi:10.1016/j.neuroimage.2010.06.041

    Examples
    --------
    Three edges between four nodes; two of them differ between the groups and share node n2:

    >>> ids = [f"sub-{i:02d}" for i in range(1, 9)]
    >>> design = pd.DataFrame({"group": [0, 0, 0, 0, 1, 1, 1, 1]}, index=ids)
    >>> noise = np.array([0.00, 0.01, 0.02, 0.03, 0.00, 0.01, 0.02, 0.03])
    >>> r = pd.DataFrame({"n1--n2": noise + 0.3 * design["group"], "n2--n3": noise[::-1] + 0.2 * design["group"],
    ...                   "n3--n4": noise}, index=ids)
    >>> found = test_nbs(r, design, thresholds_t=[3], n_permutations=99, rng=np.random.default_rng(1))
    >>> found.components[["n_nodes", "n_edges", "p_extent"]].round(3).to_dict("records")
    [{'n_nodes': 3, 'n_edges': 2, 'p_extent': 0.029}]
    """
    limits = _check_thresholds(thresholds_t)
    z = complete_z(connectivity, design)
    if alternative == "less":
        z = -z
    model = prepare_model(z, design, tested=tested, blocks=blocks, n_permutations=n_permutations, rng=rng, signed=True)
    ends = split_edges(z.columns)
    two_sided = alternative == "two-sided"
    observed = model.to_statistic(model.observed)
    strength = np.abs(observed) if two_sided else observed
    work = partial(_measure_part, model, ends, limits, two_sided)
    parts = run_streams(work, model.plan.n_streams, n_workers=n_workers, progress=progress)
    null = np.concatenate([np.zeros((len(SIZES), 0, len(limits))), *parts], axis=1)
    signed_t = -observed if alternative == "less" else observed
    components, edges = _list_components(strength, signed_t, ends, limits, z.columns)
    null_extent, null_intensity = (pd.DataFrame(size, columns=pd.Index(limits, name="threshold_t")) for size in null)
    for size, column, of_shuffles in (("extent", "n_edges", null_extent), ("intensity", "intensity", null_intensity)):
        components = components.assign(**_count_p(components, column, of_shuffles, f"p_{size}"))
    return NbsResult(
        components=components,
        edges=edges,
        null_extent=null_extent,
        null_intensity=null_intensity,
        thresholds_t=tuple(float(limit) for limit in limits),
        n_participants=model.n_people,
        n_edges=int(model.testable.sum()),
        n_permutations=model.plan.n_permutations,
        n_blocks=model.n_blocks,
        tested=tested,
        alternative=alternative,
        exact=model.plan.exact,
    )


def describe_components(nbs: NbsResult, *, alpha: float = 0.05) -> str:
    """Say how many components there are at each threshold, the largest of each, and what survives.

    Parameters
    ----------
    nbs : NbsResult
    alpha : float, default 0.05

    Returns
    -------
    str
    """
    parts = []
    for threshold in nbs.thresholds_t:
        own = nbs.components[nbs.components["threshold_t"] == threshold]
        if own.empty:
            parts.append(f"at |t| ≥ {threshold:g} there is no edge")
            continue
        top = own.iloc[0]
        parts.append(
            f"at |t| ≥ {threshold:g} there {'is' if len(own) == 1 else 'are'} {count(len(own), 'component')}, the "
            f"largest with {count(int(top['n_edges']), 'edge')} between {count(int(top['n_nodes']), 'node')} "
            f"(corrected {tell_shuffled_p(top['p_extent'], nbs.n_permutations, exact=nbs.exact)})"
        )
    text = "; ".join(parts)
    if nbs.alternative != "two-sided":
        text = text.replace("|t|", "t" if nbs.alternative == "greater" else "−t")
    n_left = int((nbs.components["p_extent_all"] <= alpha).sum())
    shuffles = (
        f"all {count(nbs.n_permutations, 'other labelling')}" if nbs.exact else count(nbs.n_permutations, "permutation")
    )
    return (
        f"{text[0].upper()}{text[1:]}. Corrected over the {count(len(nbs.thresholds_t), 'threshold')} too, "
        f"{n_left or 'none'} {'has' if n_left == 1 else 'have'} p ≤ {alpha:g} by number of edges "
        f"({shuffles}, n = {nbs.n_participants}, {count(nbs.n_edges, 'edge')})."
    )


def _check_thresholds(thresholds_t: Sequence[float]) -> np.ndarray:
    limits = np.unique(np.asarray(list(thresholds_t), float))
    if not len(limits) or not (limits > 0).all():
        raise ValueError(
            f"thresholds_t is {list(thresholds_t)}; expected one or more values of t above 0, such as 2.5, 3, 3.5."
        )
    return limits


def _measure_part(
    model: PermutationModel, ends: np.ndarray, limits: np.ndarray, two_sided: bool, streams: range
) -> np.ndarray:
    """Return the largest extent and intensity in each shuffle: 2 x shuffles x thresholds."""
    sizes = []
    for stream in streams:
        t = model.shuffle_t(stream)
        strength = np.abs(t) if two_sided else t
        sizes.append(np.stack([_find_largest(strength, ends, limit) for limit in limits], axis=-1))
    return np.concatenate(sizes, axis=1)


def _find_largest(strength: np.ndarray, ends: np.ndarray, limit: float) -> np.ndarray:
    """Return the largest extent and intensity of each row: 2 x rows. All rows are one graph of separate parts."""
    rows, edges = np.nonzero(strength >= limit)
    extent, intensity, owner = _size_components(rows, edges, strength[rows, edges] - limit, ends, len(strength))
    largest = np.zeros((len(SIZES), len(strength)))
    np.maximum.at(largest[0], owner, extent)
    np.maximum.at(largest[1], owner, intensity)
    return largest


def _size_components(
    rows: np.ndarray, edges: np.ndarray, beyond: np.ndarray, ends: np.ndarray, n_rows: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return extent and intensity of each component with an edge, and the row it belongs to."""
    labels = _label_edges(rows, edges, ends, n_rows)
    n_labels = labels.max(initial=-1) + 1
    extent = np.bincount(labels, minlength=n_labels)
    intensity = np.bincount(labels, weights=beyond, minlength=n_labels)
    owner = np.zeros(n_labels, int)
    owner[labels] = rows
    real = extent > 0
    return extent[real], intensity[real], owner[real]


def _label_edges(rows: np.ndarray, edges: np.ndarray, ends: np.ndarray, n_rows: int) -> np.ndarray:
    """Return the component of each edge; nodes of different rows are different nodes."""
    n_nodes = int(ends.max()) + 1
    first, second = (ends[edges, side] + rows * n_nodes for side in (0, 1))
    n = n_rows * n_nodes
    graph = coo_array((np.ones(len(first), bool), (first, second)), shape=(n, n))
    return connected_components(graph, directed=False)[1][first]


def _list_components(
    strength: np.ndarray, t: np.ndarray, ends: np.ndarray, limits: np.ndarray, names: pd.Index
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the components of the unshuffled data, the largest of each threshold first, and their edges."""
    rows, members, n_components = [], [], 0
    for limit in limits:
        edges = np.flatnonzero(strength >= limit)
        labels = _label_edges(np.zeros(len(edges), int), edges, ends, 1)
        table = pd.DataFrame({"label": labels, "edge": edges, "beyond": strength[edges] - limit})
        sizes = table.groupby("label")["beyond"].agg(["size", "sum"])
        for label in sizes.sort_values(["size", "sum"], ascending=False, kind="stable").index:
            n_components += 1
            own = edges[labels == label]
            rows.append(
                {
                    "component": n_components,
                    "threshold_t": float(limit),
                    "n_nodes": len(np.unique(ends[own])),
                    "n_edges": len(own),
                    "n_higher": int((t[own] > 0).sum()),
                    "n_lower": int((t[own] < 0).sum()),
                    "intensity": float(strength[own].sum() - limit * len(own)),
                }
            )
            members.append(
                pd.DataFrame({"component": n_components, "threshold_t": limit, "edge": names[own], "t": t[own]})
            )
    columns = ["threshold_t", "n_nodes", "n_edges", "n_higher", "n_lower", "intensity"]
    components = pd.DataFrame(rows, columns=["component", *columns]).set_index("component")
    empty = pd.DataFrame(columns=["component", "threshold_t", "edge", "t"])
    return components, pd.concat(members, ignore_index=True) if members else empty


def _count_p(components: pd.DataFrame, column: str, null: pd.DataFrame, name: str) -> dict[str, np.ndarray]:
    """Return p over the components of a threshold, and over thresholds by the smallest p of each shuffle."""
    largest = components.groupby("threshold_t")[column].max().reindex(null.columns).fillna(0.0)
    everything = np.vstack([largest.to_numpy(float)[None, :], null.to_numpy()])  # the observed labelling counts
    n = len(everything)
    p_of_shuffles = np.empty_like(everything)
    for k, sizes in enumerate(everything.T):
        p_of_shuffles[:, k] = _share_above(sizes, sizes)
    smallest = p_of_shuffles.min(axis=1)
    own = np.empty(len(components))
    for k, threshold in enumerate(null.columns):
        here = (components["threshold_t"] == threshold).to_numpy()
        own[here] = _share_above(everything[:, k], components.loc[here, column].to_numpy(float))
    overall = np.searchsorted(np.sort(smallest), own + 1e-12, side="right") / n
    return {name: own, f"{name}_all": overall}


def _share_above(null: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the share of the null at or above each value."""
    return (len(null) - np.searchsorted(np.sort(null), values - 1e-9, side="left")) / len(null)
