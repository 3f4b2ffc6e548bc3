"""Block sparse PLS for many runs at once: the sweeps that find one component after another.

The algorithm is sparse generalised canonical correlation with the response as one more block [1]_, [2]_. Each sweep
goes through the blocks in turn, always with the newest scores of the others.

References
----------
.. [1] Tenenhaus A et al. (2014). Variable selection for generalized canonical correlation analysis.
   Biostatistics 15(3):569-583. doi:10.1093/biostatistics/kxu001
.. [2] Singh A et al. (2019). DIABLO: an integrative approach for identifying key molecular drivers from
   multi-omics assays. Bioinformatics 35(17):3055-3062. doi:10.1093/bioinformatics/bty1054
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helpers.integration.batched_fits import Array, Deflation, Ints

SAME_OPTIMUM = 1e-4  # relative difference below which two criteria count as the same optimum
MERGED = 0.02  # squared distance of all loading vectors below which two starts follow one path


def soft_keep(values: Array, n_keep: int | Ints) -> Array:
    """Keep the `n_keep` largest magnitudes of each row, shrunk by the largest magnitude dropped.

    Ties around the cut are all kept. `n_keep` is one number, or one per row.

    Examples
    --------
    >>> soft_keep(np.array([[5.0, -3.0, 2.0, 1.0], [1.0, 2.0, 4.0, 0.0]]), np.array([2, 1]))
    array([[ 3., -1.,  0.,  0.],
           [ 0.,  0.,  2.,  0.]])
    """
    first = int(np.ravel(n_keep)[0])
    if np.all(n_keep == first):
        return _soft_keep(values, first)
    kept = np.empty_like(values)
    for count in np.unique(n_keep):
        rows = n_keep == count
        kept[rows] = _soft_keep(values[rows], int(count))
    return kept


def _soft_keep(values: Array, n_keep: int) -> Array:
    n_drop = values.shape[1] - n_keep
    if n_drop <= 0:
        return values
    sizes = np.abs(values)
    cut = np.partition(sizes, (n_drop - 1, n_drop), axis=1)[:, n_drop - 1 : n_drop + 1]
    rows, columns = np.divmod(np.flatnonzero(sizes >= cut[:, 1:]), values.shape[1])
    thresholds = cut[:, 0]
    if len(rows) > n_keep * len(values):
        thresholds = np.where(sizes < cut[:, 1:], sizes, 0.0).max(axis=1)
    kept = np.zeros_like(values)
    kept[rows, columns] = np.copysign(sizes[rows, columns] - thresholds[rows], values[rows, columns])
    return kept


@dataclass(eq=False)
class State:
    """What every run has left to explain: deflated blocks and the deflated response, shape (r, n, k)."""

    blocks: list[Deflation]
    response: Array

    def take(self, runs: Ints) -> State:
        """Return the same for some runs, in that order."""
        return State([block.take(runs) for block in self.blocks], self.response[runs])


@dataclass(frozen=True, eq=False)
class Starts:
    """Where runs begin.

    Attributes
    ----------
    model : numpy.ndarray of int, shape (r,)
        Runs of one model differ in their start only.
    loadings : list of numpy.ndarray of shape (r, p), or None
        Per block, the response last; None where only the scores are known, and a first sweep never counts as the last.
    scores : numpy.ndarray of shape (blocks + 1, r, n), or None
        Of the training people, zero for the others; None where they follow from the loadings.
    """

    model: Ints
    loadings: list[Array] | None = None
    scores: Array | None = None

    def take(self, runs: Ints, model: Ints) -> Starts:
        """Return some runs in that order, as those of other models."""
        return Starts(
            model,
            None if self.loadings is None else [part[runs] for part in self.loadings],
            None if self.scores is None else self.scores[:, runs],
        )

    def find_scores(self, state: State) -> Array:
        """Return the scores the runs begin with."""
        if self.scores is not None:
            return self.scores.copy()
        own = [block.score(part)[0] for block, part in zip(state.blocks, self.loadings, strict=False)]
        return np.stack([*own, np.einsum("rnk,rk->rn", state.response, self.loadings[-1])])


@dataclass(eq=False)
class Component:
    """One component of each of r runs.

    Attributes
    ----------
    loadings : list of numpy.ndarray of shape (r, p)
        One per block, the response (r, k) last.
    scores : numpy.ndarray of shape (blocks + 1, r, n)
        Of the training people, zero for the others.
    plain : list of numpy.ndarray of shape (r, n)
        Per block: everyone's scores from the block before any deflation.
    criterion : numpy.ndarray of shape (r,)
    n_sweeps : numpy.ndarray of int, shape (r,)
    converged : numpy.ndarray of bool, shape (r,)
    moving : numpy.ndarray of int, shape (r,)
        Position of the block, the response last, that changed most in the last sweep.
    histories : list of list of float
        The criterion after each sweep.
    """

    loadings: list[Array]
    scores: Array
    plain: list[Array]
    criterion: Array
    n_sweeps: Ints
    converged: NDArray[np.bool_]
    moving: Ints
    histories: list[list[float]]

    def take(self, runs: Ints) -> Component:
        """Return the same for some runs, in that order."""
        return Component(
            [w[runs] for w in self.loadings],
            self.scores[:, runs],
            [t[runs] for t in self.plain],
            self.criterion[runs],
            self.n_sweeps[runs],
            self.converged[runs],
            self.moving[runs],
            [self.histories[run] for run in runs],
        )


def fit_component(
    state: State,
    starts: Starts,
    *,
    design: Array,
    keep: list[Ints],
    tol: float,
    max_iter: int,
) -> Component:
    """Sweep all runs until no squared change of a loading vector reaches `tol`, or ``max_iter + 1`` sweeps are done.

    Parameters
    ----------
    state : State
        Of r runs.
    starts : Starts
        A run that meets an earlier one of its model is given up.
    design : numpy.ndarray of shape (blocks + 1, blocks + 1)
    keep : list of numpy.ndarray of int, shape (r,)
        Per block, and for the response if it is thinned too.
    """
    model, scores = starts.model, starts.find_scores(state)
    n_runs, n = len(model), state.response.shape[1]
    widths = [*(block.block.shape[1] for block in state.blocks), state.response.shape[2]]
    result = Component(
        [np.zeros((n_runs, width)) for width in widths],
        np.zeros_like(scores),
        [np.zeros((n_runs, n)) for _ in state.blocks],
        np.full(n_runs, -np.inf),
        np.zeros(n_runs, np.intp),
        np.zeros(n_runs, bool),
        np.zeros(n_runs, np.intp),
        [[] for _ in range(n_runs)],
    )
    running, loadings = np.arange(n_runs), starts.loadings
    for n_sweeps in range(1, max_iter + 2):
        previous = loadings
        loadings, seen = _sweep(state, scores, design, [counts[running] for counts in keep])
        reached = compute_criterion(scores, design)
        for run, value in zip(running, reached, strict=True):
            result.histories[run].append(float(value))
        changes = _measure_changes(loadings, previous)
        change = changes.max(axis=0)
        stop = (change < tol) | (n_sweeps > max_iter)
        if stop.any():
            _store(result, running[stop], [w[stop] for w in loadings], scores[:, stop], [t[stop] for t in seen])
            result.criterion[running[stop]] = reached[stop]
            result.n_sweeps[running[stop]] = n_sweeps
            result.converged[running[stop]] = change[stop] < tol
            result.moving[running[stop]] = changes[:, stop].argmax(axis=0)
        going = ~stop & _first_on_path(loadings, model[running])
        if not going.any():
            break
        if not going.all():
            running, loadings, scores = running[going], [w[going] for w in loadings], scores[:, going]
            state = state.take(np.flatnonzero(going))
    return result


def _measure_changes(loadings: list[Array], previous: list[Array] | None) -> Array:
    """Return how far each loading vector moved, squared: (blocks + 1, r); infinitely far from an unknown start."""
    if previous is None:
        return np.full((len(loadings), len(loadings[0])), np.inf)
    return np.array([((new - old) ** 2).sum(axis=1) for new, old in zip(loadings, previous, strict=True)])


def _sweep(state: State, scores: Array, design: Array, keep: list[Ints]) -> tuple[list[Array], list[Array]]:
    """Update every block once; `scores` (blocks + 1, r, n) is renewed in place; return loadings and plain scores."""
    loadings, plain = [], []
    for q, block in enumerate(state.blocks):
        inner = np.tensordot(design[q], scores, axes=1)
        loadings.append(_normalise(soft_keep(block.correlate(inner), keep[q])))
        scores[q], everyone = block.score(loadings[-1])
        plain.append(everyone)
    inner = np.tensordot(design[-1], scores, axes=1)
    product = np.einsum("rnk,rn->rk", state.response, inner)
    loadings.append(_normalise(soft_keep(product, keep[-1]) if len(keep) == len(design) else product))
    scores[-1] = np.einsum("rnk,rk->rn", state.response, loadings[-1])
    return loadings, plain


def _normalise(rows: Array) -> Array:
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(norms > 0, norms, 1.0)


def _store(result: Component, runs: Ints, loadings: list[Array], scores: Array, plain: list[Array]) -> None:
    for kept, new in zip([*result.loadings, *result.plain], [*loadings, *plain], strict=True):
        kept[runs] = new
    result.scores[:, runs] = scores


def _first_on_path(loadings: list[Array], model: Ints) -> NDArray[np.bool_]:
    """Return, for each run, whether no earlier run of its model has come to the same loadings (up to a common sign)."""
    first = np.ones(len(model), bool)
    if len(model) == 1:
        return first
    order = np.argsort(model, kind="stable")
    sizes = np.unique(model[order], return_counts=True)[1]
    if sizes.max() == 1:
        return first
    starts = np.cumsum(sizes) - sizes
    for ahead in range(1, int(sizes.max())):
        has = np.repeat(sizes, sizes) > 0
        position = np.arange(len(order)) - np.repeat(starts, sizes)
        later = order[has & (position >= ahead)]
        earlier = order[np.flatnonzero(has & (position >= ahead)) - ahead]
        cosines = np.stack([(w[later] * w[earlier]).sum(axis=1) for w in loadings])
        alike = (cosines > 1 - MERGED / 2).all(axis=0) | (cosines < MERGED / 2 - 1).all(axis=0)
        first[later[alike]] = False
    return first


def compute_criterion(scores: Array, design: Array) -> Array:
    """Return the design-weighted sum of covariances (n - 1), each pair counted twice: (r,).

    Scores are zero outside the training set and have mean zero inside it unless cells are missing.
    """
    inside = (scores != 0).any(axis=0)
    n = np.maximum(inside.sum(axis=1), 2)  # a run with nothing left has zeros everywhere
    means = scores.sum(axis=2) / n
    products = np.einsum("jrn,krn->jkr", scores, scores) - n * means[:, None] * means[None]
    return np.einsum("jk,jkr->r", design, products / (n - 1))


def choose_best(found: Component, model: Ints) -> Ints:
    """Return, per model, the first run that reaches its largest criterion."""
    best = np.full(model.max() + 1, -np.inf)
    np.maximum.at(best, model, found.criterion)
    reaches = np.flatnonzero(found.criterion >= (best - SAME_OPTIMUM * np.abs(best))[model])
    _, first = np.unique(model[reaches], return_index=True)
    return reaches[first]


def orient(found: Component) -> Component:
    """Turn every run so that its largest response loading (of equal ones the first) is positive."""
    response = found.loadings[-1]
    sizes = np.abs(response)
    leading = np.argmax(sizes >= sizes.max(axis=1, keepdims=True) * (1 - 1e-6), axis=1)
    sign = np.where(response[np.arange(len(response)), leading] >= 0, 1.0, -1.0)[:, None]
    return Component(
        [w * sign + 0.0 for w in found.loadings],  # + 0.0 leaves no negative zeros
        found.scores * sign,
        [t * sign for t in found.plain],
        found.criterion,
        found.n_sweeps,
        found.converged,
        found.moving,
        found.histories,
    )


def deflate(state: State, found: Component) -> None:
    """Take each block's own score out of it, and the mean of those deflations out of the response."""
    explained = np.zeros_like(state.response)
    for block, scores in zip(state.blocks, found.scores[:-1], strict=True):
        block.deflate(scores)
        share = np.einsum("rnk,rn->rk", state.response, scores) / (scores**2).sum(axis=1, keepdims=True)
        explained += scores[:, :, None] * share[:, None, :]
    state.response = state.response - explained / len(state.blocks)


def mix_signs(scores: Array) -> Starts:
    """Return the scores of leading singular vectors under every relative sign.

    The first block is updated before its own start is used, so its sign is left alone; the response sets the common
    sign. That leaves 2 ** (blocks - 1) patterns for two blocks or more.

    Parameters
    ----------
    scores : numpy.ndarray of shape (blocks + 1, models, n)
        Signs arbitrary; the response last.
    """
    n_models, n_free = scores.shape[1], len(scores) - 2
    patterns = np.array(np.meshgrid(*[[1.0, -1.0]] * n_free, indexing="ij")).reshape(n_free, -1).T
    agree = np.where((scores * scores[-1]).sum(axis=2, keepdims=True) >= 0, 1.0, -1.0)
    model = np.repeat(np.arange(n_models), len(patterns))
    which = np.tile(np.arange(len(patterns)), n_models)
    signs = np.column_stack([np.ones(len(patterns)), patterns, np.ones(len(patterns))])
    return Starts(model, scores=(scores * agree)[:, model] * signs[which].T[:, :, None])
