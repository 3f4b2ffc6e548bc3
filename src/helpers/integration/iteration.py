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
from helpers.integration.sparse_loadings import Loadings, soft_keep

SAME_OPTIMUM = 1e-4  # relative difference below which two criteria count as the same optimum
MERGED = 0.02  # squared distance of all loading vectors below which two starts follow one path
CELLS_AT_ONCE = 300_000  # runs x features looked at together, so that they stay near the processor
RUNS_AT_ONCE = (32, 256)  # but no fewer and no more runs


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
        rows = [Loadings.from_rows(part) for part in self.loadings[:-1]]
        own = [block.score(part)[0] for block, part in zip(state.blocks, rows, strict=True)]
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
    running = np.arange(n_runs)
    loadings = None if starts.loadings is None else [Loadings.from_rows(part) for part in starts.loadings]
    for n_sweeps in range(1, max_iter + 2):
        previous = loadings
        loadings, seen = _sweep(state, scores, design, [counts[running] for counts in keep])
        reached = compute_criterion(scores, design)
        for run, value in zip(running.tolist(), reached.tolist(), strict=True):
            result.histories[run].append(value)
        changes = _measure_changes(loadings, previous)
        change = changes.max(axis=0)
        stop = (change < tol) | (n_sweeps > max_iter)
        if stop.any():
            at = np.flatnonzero(stop)
            _store(result, running[at], [w.take(at) for w in loadings], scores[:, at], [t[at] for t in seen])
            result.criterion[running[at]] = reached[at]
            result.n_sweeps[running[at]] = n_sweeps
            result.converged[running[at]] = change[at] < tol
            result.moving[running[at]] = changes[:, at].argmax(axis=0)
        going = np.flatnonzero(~stop & _first_on_path(loadings, model[running]))
        if not going.size:
            break
        if going.size < len(running):
            running, loadings, scores = running[going], [w.take(going) for w in loadings], scores[:, going]
            state = state.take(going)
    return result


def _measure_changes(loadings: list[Loadings], previous: list[Loadings] | None) -> Array:
    """Return how far each loading vector moved, squared: (blocks + 1, r); infinitely far from an unknown start."""
    if previous is None:
        return np.full((len(loadings), loadings[0].shape[0]), np.inf)
    return np.array([new.measure_change(old) for new, old in zip(loadings, previous, strict=True)])


def _sweep(state: State, scores: Array, design: Array, keep: list[Ints]) -> tuple[list[Loadings], list[Array]]:
    """Update every block once; `scores` (blocks + 1, r, n) is renewed in place; return loadings and plain scores."""
    loadings, plain = [], []
    for q, block in enumerate(state.blocks):
        inner = np.tensordot(design[q], scores, axes=1)
        loadings.append(_select(block, inner, keep[q]).normalise())
        scores[q], everyone = block.score(loadings[-1])
        plain.append(everyone)
    inner = np.tensordot(design[-1], scores, axes=1)
    product = np.matmul(inner[:, None], state.response)[:, 0]
    thinned = soft_keep(product, keep[-1]) if len(keep) == len(design) else Loadings.from_rows(product)
    loadings.append(thinned.normalise())
    scores[-1] = np.matmul(state.response, loadings[-1].to_rows()[:, :, None])[:, :, 0]
    return loadings, plain


def _select(block: Deflation, inner: Array, keep: Ints) -> Loadings:
    """Return what each run keeps of its product with the block, a few runs at a time."""
    n_runs, (fewest, most) = len(inner), RUNS_AT_ONCE
    size = min(max(CELLS_AT_ONCE // block.block.shape[1], fewest), most)
    parts = [np.arange(start, min(start + size, n_runs)) for start in range(0, n_runs, size)]
    if len(parts) == 1:
        return soft_keep(block.correlate(inner), keep)
    return Loadings.join(
        [(rows, soft_keep(block.take(rows).correlate(inner[rows]), keep[rows])) for rows in parts], n_runs
    )


def _store(result: Component, runs: Ints, loadings: list[Loadings], scores: Array, plain: list[Array]) -> None:
    for kept, new in zip(result.loadings, loadings, strict=True):
        kept[runs[new.runs], new.features] = new.values
    for kept, own in zip(result.plain, plain, strict=True):
        kept[runs] = own
    result.scores[:, runs] = scores


def _first_on_path(loadings: list[Loadings], model: Ints) -> NDArray[np.bool_]:
    """Return, for each run, whether no earlier run of its model has come to the same loadings (up to a common sign)."""
    first = np.ones(len(model), bool)
    if len(model) == 1:
        return first
    later, earlier = _pair_runs(model)
    same, mirrored = np.ones(len(later), bool), np.ones(len(later), bool)
    for w in reversed(loadings):
        if not len(later):
            return first
        cosines = w.take(later).multiply(w.take(earlier))
        same &= cosines > 1 - MERGED / 2
        mirrored &= cosines < MERGED / 2 - 1
        alike = same | mirrored
        later, earlier, same, mirrored = later[alike], earlier[alike], same[alike], mirrored[alike]
    first[later] = False
    return first


def _pair_runs(model: Ints) -> tuple[Ints, Ints]:
    """Return all pairs of runs of one model, the later and the earlier of each."""
    order = np.argsort(model, kind="stable")
    sizes = np.unique(model, return_counts=True)[1]
    position = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    later = np.repeat(np.arange(len(order)), position)
    ahead = np.arange(len(later)) - np.repeat(np.cumsum(position) - position, position) + 1
    return order[later], order[later - ahead]


def compute_criterion(scores: Array, design: Array) -> Array:
    """Return the design-weighted sum of covariances (n - 1), each pair counted twice: (r,).

    Scores are zero outside the training set and have mean zero inside it unless cells are missing.
    """
    inside = (scores != 0).any(axis=0)
    n = np.maximum(inside.sum(axis=1), 2)  # a run with nothing left has zeros everywhere
    means = scores.sum(axis=2) / n
    of_run = scores.transpose(1, 0, 2)
    products = np.matmul(of_run, of_run.transpose(0, 2, 1)) - n[:, None, None] * (means[:, None] * means[None]).T
    return np.einsum("jk,rjk->r", design, products) / (n - 1)


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
