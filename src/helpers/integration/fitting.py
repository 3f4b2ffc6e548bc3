"""Fit many block sparse PLS models at once: folds, grid points, shuffles, starts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from helpers.integration.batched_fits import Array, BatchedBlock, Deflation, Ints, Mask
from helpers.integration.iteration import (
    Component,
    Starts,
    State,
    choose_best,
    deflate,
    fit_component,
    mix_signs,
    orient,
)
from helpers.permutation import on_one_blas_thread

NOTHING_LEFT = 1e-10  # relative size below which a deflated block holds rounding errors only


class ExhaustedBlock(ValueError):
    """A block has no variation left for one more component; carries its position and the component."""

    def __init__(self, position: int, component: int) -> None:
        super().__init__(f"Block {position} has no variation left for component {component}.")
        self.position, self.component = position, component


@dataclass(frozen=True, eq=False)
class Response:
    """What the blocks are to explain in each run, standardised among its training people.

    Attributes
    ----------
    values : numpy.ndarray of shape (r, n, k)
        Zero outside the training set.
    means, sds : numpy.ndarray of shape (r, k)
    """

    values: Array
    means: Array
    sds: Array


def standardise_response(raw: Array, train: Mask, *, scale: bool) -> Response:
    """Standardise a response of shape (r, n, k) within the training people (r, n) of each run."""
    inside = train[:, :, None].astype(float)
    n = inside.sum(axis=1)
    means = (raw * inside).sum(axis=1) / n
    centred = (raw - means[:, None]) * inside
    sds = np.sqrt((centred**2).sum(axis=1) / (n - 1)) if scale else np.ones_like(means)
    return Response(centred / np.where(sds > 0, sds, 1.0)[:, None], means, sds)


def indicate(codes: Ints, n_classes: int) -> Array:
    """Return one 0/1 column per class: (r, n) codes to (r, n, k)."""
    return (codes[:, :, None] == np.arange(n_classes)).astype(float)


@dataclass(frozen=True, eq=False)
class ManyFits:
    """r fitted models on shared blocks.

    Attributes
    ----------
    blocks : list of BatchedBlock
    fold : numpy.ndarray of int, shape (r,)
        Training set of each model.
    response : Response
    loadings : list of numpy.ndarray of shape (r, p, components)
        Per block, the response last.
    scores : list of numpy.ndarray of shape (r, n, components)
        Of the training people, zero for the others; per block, the response last.
    plain : list of numpy.ndarray of shape (r, n, components)
        Per block: everyone's products with the loadings, before any deflation.
    criterion : numpy.ndarray of shape (r, components)
    n_sweeps, converged : numpy.ndarray of shape (r, components)
    moving : numpy.ndarray of int, shape (r, components)
        Position of the block (the response last) that changed most in the last sweep.
    histories : list of list of list of float
        Per component and model: the criterion after each sweep.
    baselines : list of Component or None
        Per component: where the starts of the first model ended, if there were several.
    """

    blocks: list[BatchedBlock]
    fold: Ints
    response: Response
    loadings: list[Array]
    scores: list[Array]
    plain: list[Array]
    criterion: Array
    n_sweeps: Ints
    converged: Mask
    moving: Ints
    histories: list[list[list[float]]]
    baselines: list[Component | None]

    @property
    def train(self) -> Mask:
        """Who each model was fitted on: (r, n)."""
        return self.blocks[0].train[self.fold] > 0

    def weigh_blocks(self) -> Array:
        """Return the correlation of each block's score with the response's: (r, blocks, components)."""
        n = self.train.sum(axis=1)[:, None]

        def centre(scores: Array) -> Array:
            return (scores - scores.sum(axis=1, keepdims=True) / n[:, None]) * self.train[:, :, None]

        response = centre(self.scores[-1])
        weights = []
        for scores in self.scores[:-1]:
            centred = centre(scores)
            size = np.sqrt((centred**2).sum(axis=1) * (response**2).sum(axis=1))
            weights.append(np.divide((centred * response).sum(axis=1), size, out=np.zeros_like(size), where=size > 0))
        return np.stack(weights, axis=1)

    def explain_variance(self) -> Array:
        """Return the share of each block's variance along its own scores, first model: (blocks + 1, components)."""
        shares = []
        for block, scores in zip(self.blocks, self.scores[:-1], strict=True):
            t = scores[0].T
            found = block.correlate(t, np.repeat(self.fold[0], len(t)))
            shares.append((found**2).sum(axis=1) / (t**2).sum(axis=1) / block.sizes[self.fold[0]])
        t, values = self.scores[-1][0].T, self.response.values[0]
        shares.append(((t @ values) ** 2).sum(axis=1) / (t**2).sum(axis=1) / (values**2).sum())
        return np.array(shares)


Starter = Callable[[State, int], Starts]


@on_one_blas_thread
def fit_many(
    blocks: Sequence[BatchedBlock],
    fold: Ints,
    response: Response,
    *,
    keep: Sequence[Ints],
    design: Array,
    tol: float,
    max_iter: int,
    starter: Starter,
    grid: Sequence[Ints] | None = None,
) -> ManyFits:
    """Fit all components of r models, and if a grid is given one more for each of its points.

    Parameters
    ----------
    blocks : sequence of BatchedBlock
    fold : numpy.ndarray of int, shape (r,)
    response : Response
    keep : sequence of numpy.ndarray of int, shape (r, components)
        Per block, and for the response if it is thinned too.
    design : numpy.ndarray of shape (blocks + 1, blocks + 1)
    tol, max_iter
        As in :func:`helpers.integration.iteration.fit_component`.
    starter : callable
        State and component (from 0) in; the starts out.
    grid : sequence of numpy.ndarray of int, shape (g,), optional
        Per block: how many features one more component keeps. The result then holds g times r models, grid
        point by grid point, which share the components before it.
    """
    state = State([Deflation(block, fold) for block in blocks], response.values)
    sizes = [block.sizes[fold] for block in blocks]
    settings = {"design": design, "tol": tol, "max_iter": max_iter}
    found: list[Component] = []
    baselines = []
    n_fixed = keep[0].shape[1]
    for h in range(n_fixed):
        starts = starter(state, h)
        one, ends = _find_best(state, starts, [part[starts.model, h] for part in keep], settings)
        _refuse_exhausted(one, sizes, h)
        found.append(one)
        baselines.append(ends)
        if h + 1 < n_fixed or grid is not None:
            deflate(state, one)
    if grid is None:
        return _collect(list(blocks), fold, response, found, baselines)
    runs = np.tile(np.arange(len(fold)), len(grid[0]))
    starts = starter(state, n_fixed)
    n_points, n_starts = len(grid[0]), len(starts.model)
    everything = np.tile(np.arange(n_starts), n_points)
    spread = np.repeat(np.arange(n_points), n_starts)
    one, _ = _find_best(
        state,
        starts.take(everything, starts.model[everything] + len(fold) * spread),
        [counts[spread] for counts in grid],
        settings,
        origin=starts.model[everything],
    )
    before = [component.take(runs) for component in found]
    spread_response = Response(response.values[runs], response.means[runs], response.sds[runs])
    return _collect(list(blocks), fold[runs], spread_response, [*before, one], [*baselines, None])


def _find_best(
    state: State,
    starts: Starts,
    keep: list[Ints],
    settings: dict,
    origin: Ints | None = None,
) -> tuple[Component, Component | None]:
    """Fit one component from all starts; return the best run of each model, and all of the first if there are several."""
    model = starts.model
    origin = model if origin is None else origin
    alone = len(np.unique(model)) == len(model)
    trial = state if alone and np.array_equal(origin, np.arange(len(state.response))) else state.take(origin)
    tried = fit_component(trial, starts, keep=keep, **settings)
    if alone:
        return tried, None
    ends = tried.take(np.flatnonzero((model == 0) & (tried.n_sweeps > 0)))
    return orient(tried.take(choose_best(tried, model))), ends


def _refuse_exhausted(component: Component, sizes: list[Array], h: int) -> None:
    for position, size in enumerate(sizes):
        if ((component.scores[position] ** 2).sum(axis=1) <= (NOTHING_LEFT**2) * size).any():
            raise ExhaustedBlock(position, h + 1)


def _collect(
    blocks: list[BatchedBlock],
    fold: Ints,
    response: Response,
    found: list[Component],
    baselines: list[Component | None],
) -> ManyFits:
    parts = range(len(blocks) + 1)
    return ManyFits(
        blocks,
        fold,
        response,
        [np.stack([c.loadings[q] for c in found], axis=2) for q in parts],
        [np.stack([c.scores[q] for c in found], axis=2) for q in parts],
        [np.stack([c.plain[q] for c in found], axis=2) for q in parts[:-1]],
        np.stack([c.criterion for c in found], axis=1),
        np.stack([c.n_sweeps for c in found], axis=1),
        np.stack([c.converged for c in found], axis=1),
        np.stack([c.moving for c in found], axis=1),
        [c.histories for c in found],
        baselines,
    )


def start_all_signs(state: State, _: int) -> Starts:
    """Start from leading singular vectors under every relative sign; with one block there is nothing to mix."""
    if len(state.blocks) == 1:
        return Starts(np.arange(len(state.response)), [*_start_single(state)])
    response = np.einsum("rnk,rk->rn", state.response, _leading_response(state))
    return mix_signs(np.stack([*(block.leading_scores() for block in state.blocks), response]))


def start_as_reference(state: State, _: int) -> Starts:
    """Start from leading singular vectors signed as the reference implementation's solver signs them.

    An observed regularity of that solver, not a theorem: blocks without a dominant direction may differ. With one
    block the pair is that of its product with the response.
    """
    model = np.arange(len(state.response))
    if len(state.blocks) == 1:
        return Starts(model, [*_start_single(state)])
    starts = []
    for block in state.blocks:
        lefts, rights = block.leading_pairs()
        starts.append(np.array([_sign(*pair, block, i) for i, pair in enumerate(zip(lefts, rights, strict=True))]))
    return Starts(model, [*starts, _leading_response(state)])


def _sign(left: Array, right: Array, block: Deflation, i: int) -> Array:
    rows = block.block.train[block.fold[i]] > 0
    columns = block.block.inverse_sds[block.fold[i]] > 0
    if columns.sum() <= 3:
        return right
    guide = left[rows] if rows.sum() < columns.sum() else right[columns]
    return right * (1.0 if _solver_stream(len(guide)) @ guide > 0 else -1.0)


def _start_single(state: State) -> tuple[Array, Array]:
    products = np.stack([state.blocks[0].correlate(state.response[:, :, k]) for k in range(state.response.shape[2])], 2)
    left, _, right = np.linalg.svd(products, full_matrices=False)
    starts, responses = left[:, :, 0], right[:, 0]
    if products.shape[2] > 3:
        guide = responses if products.shape[1] >= products.shape[2] else starts
        sign = np.where(guide @ _solver_stream(guide.shape[1]) > 0, 1.0, -1.0)[:, None]
        starts, responses = starts * sign, responses * sign
    return starts, responses


def _leading_response(state: State) -> Array:
    return np.linalg.svd(state.response, full_matrices=False)[2][:, 0]


@cache
def _solver_stream(length: int) -> Array:
    """Return the fixed first vector of the reference solver: a Lehmer generator, centred."""
    modulus, state = 2**31 - 1, 1
    stream = np.empty(length)
    for i in range(length):
        state = 16807 * state % modulus
        stream[i] = state / modulus - 0.5
    return stream
