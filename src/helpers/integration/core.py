"""Block sparse PLS-DA on plain arrays: standardised blocks in, loadings and scores out.

The algorithm is sparse generalised canonical correlation with the response as one more block [1]_, [2]_.
Each sweep goes through the blocks in turn, always with the newest scores of the others. Deflated blocks
are never stored: a block and an orthonormal basis of its own earlier scores say the same.

References
----------
.. [1] Tenenhaus A et al. (2014). Variable selection for generalized canonical correlation analysis.
   Biostatistics 15(3):569-583. doi:10.1093/biostatistics/kxu001
.. [2] Singh A et al. (2019). DIABLO: an integrative approach for identifying key molecular drivers from
   multi-omics assays. Bioinformatics 35(17):3055-3062. doi:10.1093/bioinformatics/bty1054
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

Array = NDArray[np.float64]

SAME_OPTIMUM = 1e-4  # relative difference below which two criteria count as the same optimum
TRIAL_SWEEPS, N_FINALISTS = 2, 2  # every start has a trial; those with the largest criteria go on
MERGED = 1e-3  # squared distance of all loading vectors below which two starts follow one path
NOTHING_LEFT = 1e-10  # relative size below which a deflated block holds rounding errors only


class ExhaustedBlock(ValueError):
    """A block has no variation left for one more component; carries its position and the component."""

    def __init__(self, position: int, component: int) -> None:
        super().__init__(f"Block {position} has no variation left for component {component}.")
        self.position, self.component = position, component


@dataclass(frozen=True, eq=False)
class Standardised:
    """A block with columns of mean 0 (and SD 1), with the numbers that made it so."""

    values: Array
    means: Array
    sds: Array


def standardise(values: Array, *, scale: bool) -> Standardised:
    """Centre columns and, if asked, divide them by their SD (n - 1)."""
    means = values.mean(axis=0)
    centred = values - means
    sds = np.ones(values.shape[1])
    if scale:
        sds = np.sqrt(np.einsum("ij,ij->j", centred, centred) / (len(values) - 1))
        centred /= sds
    return Standardised(centred, means, sds)


def soft_keep(values: Array, n_keep: int) -> Array:
    """Keep the `n_keep` largest magnitudes of each row, shrunk by the largest magnitude dropped.

    Ties around the cut are all kept.

    Examples
    --------
    >>> soft_keep(np.array([[5.0, -3.0, 2.0, 1.0]]), 2)
    array([[ 3., -1.,  0.,  0.]])
    """
    n_drop = values.shape[1] - n_keep
    if n_drop <= 0:
        return values
    sizes = np.abs(values)
    cut = np.partition(sizes, (n_drop - 1, n_drop), axis=1)[:, n_drop - 1 : n_drop + 1]
    rows, columns = np.nonzero(sizes >= cut[:, 1:])
    thresholds = cut[:, 0]
    if len(rows) > n_keep * len(values):
        thresholds = np.where(sizes < cut[:, 1:], sizes, 0.0).max(axis=1)
    kept = np.zeros_like(values)
    size = sizes[rows, columns] - thresholds[rows]
    kept[rows, columns] = np.copysign(size, values[rows, columns])
    return kept


class DeflatedBlock:
    """A standardised block of shape (n, p), seen without what its earlier scores explain."""

    def __init__(self, values: Array) -> None:
        self.values = values
        self.basis = np.empty((len(values), 0))
        self._gram: Array | None = None

    @property
    def is_wide(self) -> bool:
        return self.values.shape[0] < self.values.shape[1]

    def remove(self, rows: Array) -> Array:
        """Take the earlier scores out of row vectors of shape (m, n)."""
        return rows - (rows @ self.basis) @ self.basis.T if self.basis.size else rows

    def correlate(self, inner: Array) -> Array:
        """Return the product of (m, n) inner scores with the block: shape (m, p)."""
        return self.remove(inner) @ self.values

    def score(self, loadings: Array) -> Array:
        """Return the scores (m, n) of sparse loadings (m, p)."""
        used = np.flatnonzero(loadings.any(axis=0))
        return self.remove(loadings[:, used] @ self.values[:, used].T)

    def deflate(self, scores: Array) -> None:
        """Add one score vector (n,) to what is taken out."""
        self.basis = np.column_stack([self.basis, scores / np.linalg.norm(scores)])

    def gram(self) -> Array:
        """Return the deflated (n, n) cross-product of rows."""
        if self._gram is None:
            self._gram = self.values @ self.values.T
        return self.remove(self.remove(self._gram).T)

    def leading_pair(self) -> tuple[Array, Array]:
        """Return the first left and right singular vectors, unit norm, signs arbitrary."""
        if self.is_wide:
            left = _leading_eigenvector(self.gram())
            right = self.correlate(left[None, :])[0]
        else:
            deflated = self.remove(self.values.T).T
            if deflated.shape[1] <= 3:
                right = np.linalg.svd(deflated, full_matrices=False)[2][0]
            else:
                right = _leading_eigenvector(deflated.T @ deflated)
            left = deflated @ right
        return left / _norm(left), right / _norm(right)


def _leading_eigenvector(symmetric: Array) -> Array:
    last = len(symmetric) - 1
    return eigh(symmetric, subset_by_index=[last, last], driver="evr", check_finite=False)[1][:, 0]


def _norm(vector: Array) -> float:
    return float(np.linalg.norm(vector)) or 1.0


def start_all_signs(blocks: list[DeflatedBlock]) -> list[Array]:
    """Return leading singular vectors under every relative sign: one (m, p) array per block.

    The first block is updated before its own start is used, so its sign is left alone; the last one
    (the response) sets the common sign. That leaves 2 ** (blocks - 2) patterns.
    """
    pairs = [block.leading_pair() for block in blocks]
    response = blocks[-1].score(pairs[-1][1][None, :])[0]
    rights = [right * (1.0 if left @ response >= 0 else -1.0) for left, right in pairs[:-1]]
    free = len(blocks) - 2
    signs = np.array(list(itertools.product([1.0, -1.0], repeat=free))).reshape(2**free, free)
    columns = [np.ones(2**free), *signs.T, np.ones(2**free)]
    return [np.outer(sign, right) for sign, right in zip(columns, [*rights, pairs[-1][1]], strict=True)]


def start_as_reference(blocks: list[DeflatedBlock]) -> list[Array]:
    """Return leading singular vectors signed as the reference implementation's solver signs them.

    An observed regularity of that solver, not a theorem: blocks without a dominant direction may differ.
    """
    starts = []
    for block in blocks:
        left, right = block.leading_pair()
        if block.values.shape[1] > 3:
            guide = left if block.is_wide else right
            right = right * (1.0 if _solver_stream(len(guide)) @ guide > 0 else -1.0)
        starts.append(right[None, :])
    return starts


def _solver_stream(length: int) -> Array:
    """Return the fixed first vector of the reference solver: a Lehmer generator, centred."""
    modulus, state = 2**31 - 1, 1
    stream = np.empty(length)
    for i in range(length):
        state = 16807 * state % modulus
        stream[i] = state / modulus - 0.5
    return stream


@dataclass(frozen=True, eq=False)
class Component:
    """One converged (or stopped) component: a loading and a score vector per block, response last."""

    loadings: list[Array]
    scores: list[Array]
    criterion: tuple[float, ...]  # after each sweep
    converged: bool


def fit_component(
    blocks: list[DeflatedBlock],
    *,
    design: Array,
    keep: list[int],
    starts: list[Array],
    tol: float,
    max_iter: int,
) -> list[Component]:
    """Sweep from every start at once; return the components of the most promising ones.

    Stops when no squared change of a loading vector reaches `tol`, at the latest after
    ``max_iter + 1`` sweeps. After `TRIAL_SWEEPS` the `N_FINALISTS` largest criteria go on; a start that meets
    an earlier one is given up, as they end alike.
    """
    loadings = starts
    scores = np.stack([block.score(start) for block, start in zip(blocks, starts, strict=True)])
    running = np.arange(len(starts[0]))
    histories: list[list[float]] = [[] for _ in running]
    finished: dict[int, Component] = {}
    for n_sweeps in range(1, max_iter + 2):
        previous, loadings = loadings, _sweep(blocks, scores, design, keep)
        reached = _criterion(scores, design)
        for which, value in zip(running, reached, strict=True):
            histories[which].append(float(value))
        change = np.max([((new - old) ** 2).sum(axis=1) for new, old in zip(loadings, previous, strict=True)], axis=0)
        stop = (change < tol) | (n_sweeps > max_iter)
        for k in np.flatnonzero(stop):
            finished[running[k]] = Component(
                [w[k] for w in loadings], list(scores[:, k]), tuple(histories[running[k]]), change[k] < tol
            )
        going = ~stop & _first_on_path(loadings)
        if n_sweeps == TRIAL_SWEEPS:
            going &= _are_finalists(np.where(going, reached, -np.inf))
        if not going.any():
            break
        running, loadings, scores = running[going], [w[going] for w in loadings], scores[:, going]
    return [finished[k] for k in sorted(finished)]


def _sweep(blocks: list[DeflatedBlock], scores: Array, design: Array, keep: list[int]) -> list[Array]:
    """Update every block once; `scores` (blocks, m, n) is renewed in place, loadings are returned."""
    loadings = []
    for q, (block, n_keep) in enumerate(zip(blocks, keep, strict=True)):
        inner = np.einsum("j,jmn->mn", design[q], scores)
        kept = soft_keep(block.correlate(inner), n_keep)
        norms = np.linalg.norm(kept, axis=1, keepdims=True)
        loadings.append(kept / np.where(norms > 0, norms, 1.0))
        scores[q] = block.score(loadings[-1])
    return loadings


def _first_on_path(loadings: list[Array]) -> NDArray[np.bool_]:
    """Return, for each start, whether no earlier one has come to the same loadings (up to a common sign)."""
    n_starts = len(loadings[0])
    if n_starts == 1:
        return np.ones(1, bool)
    cosines = np.stack([w @ w.T for w in loadings])
    alike = (cosines > 1 - MERGED / 2).all(axis=0) | (cosines < MERGED / 2 - 1).all(axis=0)
    return ~np.tril(alike, k=-1).any(axis=1)


def _are_finalists(reached: Array) -> NDArray[np.bool_]:
    finalists = np.zeros(len(reached), bool)
    finalists[np.argsort(-reached, kind="stable")[:N_FINALISTS]] = True
    return finalists


def _criterion(scores: Array, design: Array) -> Array:
    """Return the design-weighted sum of covariances (n - 1), each pair counted twice: shape (m,)."""
    centred = scores - scores.mean(axis=2, keepdims=True)
    covariance = np.einsum("jmn,kmn->jkm", centred, centred) / (scores.shape[2] - 1)
    return np.einsum("jk,jkm->m", design, covariance)


def choose_component(candidates: list[Component]) -> Component:
    """Return the first candidate that reaches the largest criterion, oriented by the response.

    The common sign is set so that the largest response loading (of equal ones the first class) is positive.
    """
    reached = np.array([candidate.criterion[-1] for candidate in candidates])
    best = candidates[int(np.argmax(reached >= reached.max() - SAME_OPTIMUM * abs(reached.max())))]
    response = best.loadings[-1]
    leading = int(np.argmax(np.abs(response) >= np.abs(response).max() * (1 - 1e-6)))
    sign = 1.0 if response[leading] >= 0 else -1.0
    loadings = [sign * w + 0.0 for w in best.loadings]  # + 0.0 leaves no negative zeros
    return Component(loadings, [sign * t for t in best.scores], best.criterion, best.converged)


@dataclass(frozen=True, eq=False)
class ArrayFit:
    """A fitted model on arrays; lists run over the blocks, the response last."""

    standardised: list[Standardised]
    loadings: list[Array]  # (p, n_components)
    scores: list[Array]  # (n, n_components)
    criteria: list[tuple[float, ...]]
    converged: list[bool]
    codes: NDArray[np.intp]  # class of each person

    @property
    def block_weights(self) -> Array:
        """Correlation of each block's score with the response score: (blocks, components)."""
        response = self.scores[-1] - self.scores[-1].mean(axis=0)
        weights = []
        for scores in self.scores[:-1]:
            centred = scores - scores.mean(axis=0)
            scale = np.linalg.norm(centred, axis=0) * np.linalg.norm(response, axis=0)
            weights.append((centred * response).sum(axis=0) / scale)
        return np.array(weights)

    def explained_variance(self) -> Array:
        """Share of each block's variance along its own scores: (blocks + response, components)."""
        return np.array(
            [
                ((t.T @ block.values) ** 2).sum(axis=1) / (t**2).sum(axis=0) / (block.values**2).sum()
                for block, t in zip(self.standardised, self.scores, strict=True)
            ]
        )


Starter = Callable[[list[DeflatedBlock], int], tuple[list[Array], bool]]


def fit_arrays(
    arrays: list[Array],
    codes: NDArray[np.intp],
    *,
    keep: list[list[int]],
    design: Array,
    scale: bool,
    tol: float,
    max_iter: int,
    starter: Starter,
) -> ArrayFit:
    """Fit all components; `keep` is one list of counts per block, `design` includes the response."""
    indicator = (codes[:, None] == np.arange(codes.max() + 1)).astype(float)
    standardised = [standardise(values, scale=scale) for values in [*arrays, indicator]]
    blocks = [DeflatedBlock(block.values) for block in standardised]
    sizes = [np.linalg.norm(block.values) for block in standardised]
    components: list[Component] = []
    for h in range(len(keep[0])):
        starts, choose = starter(blocks, h)
        found = fit_component(
            blocks,
            design=design,
            keep=[*(counts[h] for counts in keep), indicator.shape[1]],
            starts=starts,
            tol=tol,
            max_iter=max_iter,
        )
        components.append(choose_component(found) if choose else found[0])
        _refuse_exhausted(components[-1], sizes, h)
        _deflate(blocks, components[-1])
    return ArrayFit(
        standardised,
        [np.column_stack(parts) for parts in zip(*(c.loadings for c in components), strict=True)],
        [np.column_stack(parts) for parts in zip(*(c.scores for c in components), strict=True)],
        [c.criterion for c in components],
        [c.converged for c in components],
        codes,
    )


def _refuse_exhausted(component: Component, sizes: list[float], h: int) -> None:
    for position, (scores, size) in enumerate(zip(component.scores, sizes, strict=True)):
        if np.linalg.norm(scores) <= NOTHING_LEFT * size:
            raise ExhaustedBlock(position, h + 1)


def _deflate(blocks: list[DeflatedBlock], component: Component) -> None:
    """Take each X block's own score out of it, and the mean of those deflations out of the response."""
    response = blocks[-1].values
    explained = []
    for block, scores in zip(blocks[:-1], component.scores[:-1], strict=True):
        block.deflate(scores)
        explained.append(np.outer(scores, response.T @ scores) / (scores @ scores))
    blocks[-1] = DeflatedBlock(response - np.mean(explained, axis=0))
