"""One block seen by many training sets at once: standardised in each of them, and never copied.

A *run* is one model: a training set (a fold) with its own keep counts, start and earlier components. All runs share
the block's values, so that one product of matrices serves every fold and every grid point of a sweep.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import eigh
from scipy.sparse.linalg import svds

from helpers.integration.sparse_loadings import Loadings

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Ints = NDArray[np.intp]
CHUNK = 512  # columns looked at together, so that they stay near the processor
SPARSE_BELOW = 0.1  # share of loadings above zero below which scores are taken from sparse loadings
FEW_RUNS = 4  # runs up to which the columns used by any are taken out
LARGE = 1500  # smaller side of a matrix above which its leading vectors are found by iteration
NO_SPREAD = 1e-7  # SD, relative to the column's largest value, below which a column counts as constant


class BatchedBlock:
    """A block of shape (n, p), standardised within each of m training sets.

    Parameters
    ----------
    values : numpy.ndarray of shape (n, p)
        NaN where unknown.
    train : numpy.ndarray of bool, shape (m, n)
        Who is in each training set.
    scale : bool
        Divide columns by their SD (n - 1) in the training set.
    kept : numpy.ndarray of bool, shape (m, p), optional
        Columns used in each training set; a constant column is never used.
    nuisance : numpy.ndarray of shape (n, c), optional
        Columns are replaced by their residuals on these, regressed within the training set; without it by their
        distance to the mean. Complete.

    Attributes
    ----------
    terms : numpy.ndarray of shape (n, 1 + c)
        Intercept and nuisance.
    slopes : numpy.ndarray of shape (m, 1 + c, p)
        Of the columns on the terms, from known cells of the training set.
    inverse_sds : numpy.ndarray of shape (m, p)
        0 leaves the column out.
    """

    def __init__(
        self, values: Array, train: Mask, *, scale: bool, kept: Mask | None = None, nuisance: Array | None = None
    ) -> None:
        missing = np.isnan(values)
        self.holes = np.flatnonzero(missing.any(axis=0))
        self.missing = missing[:, self.holes].astype(float)
        self.hole_of = np.full(values.shape[1], -1)
        self.hole_of[self.holes] = np.arange(self.holes.size)
        self.train = train.astype(float)
        self.centre = _known_means(values, missing) if self.holes.size else values.mean(axis=0)
        self.columns = np.ascontiguousarray((values - self.centre).T)  # (p, n)
        self.columns[self.holes] = np.where(missing[:, self.holes].T, 0.0, self.columns[self.holes])
        self.terms = np.ones((len(values), 1)) if nuisance is None else add_intercept(nuisance)
        self._standardise(scale, kept)
        self.products: dict[tuple[int, bool], Array] = {}  # of people, per training set, as they are asked for

    @property
    def shape(self) -> tuple[int, int]:
        return self.columns.shape[1], self.columns.shape[0]

    def residuals(self) -> Array:
        """Return the block as it was given, less what the nuisance explains in the first training set: (n, p)."""
        values = self.columns.T + self.centre - self.terms[:, 1:] @ self.slopes[0, 1:]
        values[:, self.holes] = np.where(self.missing > 0, np.nan, values[:, self.holes])
        return values

    def _standardise(self, scale: bool, kept: Mask | None) -> None:
        m, (n, p), c = len(self.train), self.shape, self.terms.shape[1]
        inside = (self.train[:, None] * self.terms.T).reshape(m * c, n)
        inverse = np.linalg.pinv((self.train[:, None] * self.terms.T) @ self.terms, hermitian=True)
        lacking = _invert_known(self.train, self.terms, self.missing)
        counts = np.repeat(self.train.sum(axis=1)[:, None], p, axis=1)
        counts[:, self.holes] -= self.train @ self.missing
        self.slopes, self.inverse_sds, self.sizes = np.zeros((m, c, p)), np.zeros((m, p)), np.zeros(m)
        for start in range(0, p, CHUNK):
            part = slice(start, min(start + CHUNK, p))
            x = self.columns[part]
            products = (inside @ x.T).reshape(m, c, -1)
            slopes = inverse @ products
            here = (self.holes >= part.start) & (self.holes < part.stop)
            at = self.holes[here] - start
            slopes[:, :, at] = np.einsum("mhcd,mdh->mch", lacking[:, here], products[:, :, at])
            square = np.maximum(self.train @ (x**2).T - (products * slopes).sum(axis=1), 0.0)
            sd = np.sqrt(square / np.maximum(counts[:, part] - 1.0, 1.0))
            varies = sd > NO_SPREAD * np.abs(x).max(axis=1, initial=0.0)
            self.slopes[:, :, part] = slopes
            self.inverse_sds[:, part] = np.divide(1.0, sd if scale else 1.0, out=np.zeros_like(sd), where=varies)
            if kept is not None:
                self.inverse_sds[:, part] *= kept[:, part]
            self.sizes += (square * self.inverse_sds[:, part] ** 2).sum(axis=1)

    def correlate(self, inner: Array, fold: Ints) -> Array:
        """Return the product of inner scores (r, n), zero outside the run's training set, with the block: (r, p)."""
        found = self._free_inner(inner, fold) @ self.columns.T
        if self.holes.size:
            found[:, self.holes] = self._correlate_holes(inner, fold)
        if len(self.train) == 1:
            found *= self.inverse_sds
            return found
        for k, rows in _list_runs(fold):
            found[rows] *= self.inverse_sds[k]
        return found

    def _free_inner(self, inner: Array, fold: Ints) -> Array:
        """Return inner scores freed of the terms among the training people, which frees the block of them in the product."""
        bases = self.bases[fold]
        return inner - np.matmul(bases, np.matmul(inner[:, None], bases).transpose(0, 2, 1))[:, :, 0]

    @cached_property
    def bases(self) -> Array:
        """Orthonormal columns that span the terms among the training people, zero outside and beyond their rank: (m, n, 1 + c)."""
        return np.stack([span_columns(self.terms * rows[:, None]) for rows in self.train])

    def _correlate_holes(self, inner: Array, fold: Ints) -> Array:
        """Return the product with the columns that have unknown cells, each freed of the terms by its own slopes."""
        found = inner @ self.columns[self.holes].T
        for c, term in enumerate(self.terms.T):
            known = (inner @ term)[:, None] - (inner * term) @ self.missing
            found -= known * self.hole_slopes[c][fold]
        return found

    @cached_property
    def single_columns(self) -> tuple[NDArray[np.float32], Array]:
        """The columns in single precision, each divided by its largest size, and these sizes: (p, n), (p,)."""
        sizes = np.abs(self.columns).max(axis=1, initial=0.0)
        sizes[sizes == 0] = 1.0
        return (self.columns / sizes[:, None]).astype(np.float32), sizes

    @cached_property
    def hole_slopes(self) -> Array:
        """The slopes of the columns with unknown cells: (1 + c, m, h)."""
        return np.ascontiguousarray(self.slopes[:, :, self.holes].transpose(1, 0, 2))

    def project(self, loadings: Loadings, fold: Ints) -> Array:
        """Return the scores of all n people, held out or not, from loadings (r, p); unknown cells count 0: (r, n)."""
        runs, used = loadings.runs, loadings.features
        weights = loadings.values * self.inverse_sds[fold[runs], used]
        scores = self._multiply(loadings, weights)
        shifts = weights[:, None] * self.slopes[fold[runs], :, used]
        for c, term in enumerate(self.terms.T):
            scores -= np.bincount(runs, shifts[:, c], len(scores))[:, None] * term
        if self.holes.size:
            scores += self._project_holes(loadings, shifts)
        return scores

    def _project_holes(self, loadings: Loadings, shifts: Array) -> Array:
        """Return what the terms would give unknown cells: (r, n)."""
        r, c = loadings.shape[0], self.terms.shape[1]
        blank = np.flatnonzero(self.hole_of[loadings.features] >= 0)
        rows = (loadings.runs[blank, None] * c + np.arange(c)).ravel()
        columns = np.repeat(self.hole_of[loadings.features[blank]], c)
        spread = sparse.csr_array((shifts[blank].ravel(), (rows, columns)), (r * c, self.holes.size))
        return ((spread @ self.missing.T).reshape(r, c, -1) * self.terms.T).sum(axis=1)

    def _multiply(self, loadings: Loadings, weights: Array) -> Array:
        (r, p), used = loadings.shape, loadings.features
        if r > FEW_RUNS and len(weights) < SPARSE_BELOW * r * p:
            return sparse.csr_array((weights, used, loadings.edges), loadings.shape) @ self.columns
        whole = np.zeros((r, p))
        whole[loadings.runs, used] = weights
        if r <= FEW_RUNS:
            used = np.unique(used)
            return whole[:, used] @ self.columns[used]
        return whole @ self.columns

    def matrix(self, k: int) -> Array:
        """Return the standardised rows of training set k, columns left out included as zeros: (n_k, p)."""
        return self.standardise_everyone(k, self.train[k] > 0)

    def standardise_everyone(self, k: int, rows: Mask | slice = slice(None)) -> Array:
        """Return everyone (or some rows), held out or not, as training set k standardises them; NaN becomes 0: (n, p)."""
        values = (self.columns[:, rows].T - self.terms[rows] @ self.slopes[k]) * self.inverse_sds[k]
        if self.holes.size:
            values[:, self.holes] *= 1.0 - self.missing[rows]
        return values

    def multiply_people(self, k: int, *, to_start: bool) -> Array:
        """Return the products of the standardised rows of training set k with each other: (n_k, n_k).

        For blocks without unknown cells. Products to start from are summed in single precision: sweeps in double precision follow.
        """
        columns, sizes = self.single_columns if to_start else (self.columns, 1.0)
        rows, scales = np.flatnonzero(self.train[k]), (self.inverse_sds[k] * sizes)[:, None].astype(columns.dtype)
        inside = np.zeros((rows.size, rows.size))
        for start in range(0, len(columns), CHUNK):
            scaled = columns[start : start + CHUNK].take(rows, axis=1)
            scaled *= scales[start : start + CHUNK]
            inside += scaled.T @ scaled
        free = np.eye(rows.size) - self.bases[k][rows] @ self.bases[k][rows].T
        return free @ inside @ free

    def standardise_new(self, values: Array) -> Array:
        """Return new people's values (n_new, p) as the one training set without nuisance standardises them; NaN becomes 0."""
        return np.nan_to_num((values - self.centre - self.slopes[0]) * self.inverse_sds[0])


def _list_runs(fold: Ints) -> Iterator[tuple[int, Ints | slice]]:
    """Yield each training set with the positions of its runs: a slice where they follow each other."""
    edges = np.flatnonzero(np.diff(fold)) + 1
    starts, ends = np.r_[0, edges], np.r_[edges, len(fold)]
    for start, end in zip(starts, ends, strict=True):
        yield int(fold[start]), slice(start, end)


def span_columns(terms: Array) -> Array:
    """Return an orthonormal basis of the columns of a matrix, rows of zeros included; zeros beyond their rank."""
    left, sizes, _ = np.linalg.svd(terms, full_matrices=False)
    return left * (sizes > sizes.max(initial=0.0) * 1e-10)


def add_intercept(nuisance: Array) -> Array:
    """Return nuisance columns behind a column of ones, each divided by its largest size: units must not matter."""
    largest = np.abs(nuisance).max(axis=0, initial=0)
    return np.column_stack([np.ones(len(nuisance)), nuisance / np.where(largest > 0, largest, 1.0)])


def _known_means(values: Array, missing: Mask) -> Array:
    known = np.maximum((~missing).sum(axis=0), 1)
    return np.where(missing, 0.0, values).sum(axis=0) / known


def _invert_known(train: Array, terms: Array, missing: Array) -> Array:
    """Return, per training set and column with unknown cells, the inverse cross-product of the terms: (m, h, c, c)."""
    c, h = terms.shape[1], missing.shape[1]
    products = (terms[:, :, None] * terms[:, None, :]).reshape(len(terms), 1, c * c)
    spread = ((1.0 - missing)[:, :, None] * products).reshape(len(terms), h * c * c)
    return np.linalg.pinv((train @ spread).reshape(len(train), h, c, c), hermitian=True)


class Deflation:
    """What the earlier components of each lineage (one per run, or shared by several) took out of a block.

    Attributes
    ----------
    fold : numpy.ndarray of int, shape (l,)
        Training set of each lineage.
    scores : list of numpy.ndarray of shape (l, n)
        One per earlier component, zero outside the training set.
    """

    def __init__(self, block: BatchedBlock, fold: Ints) -> None:
        self.block, self.fold = block, fold
        self.scores: list[Array] = []
        self.patterns: list[Array] = []  # regression of each column on a score; needed where cells are missing

    def take(self, runs: Ints) -> Deflation:
        """Return the same for some runs, in that order; a lineage may be taken many times."""
        taken = Deflation(self.block, self.fold[runs])
        taken.scores = [scores[runs] for scores in self.scores]
        taken.patterns = [pattern[runs] for pattern in self.patterns]
        return taken

    def correlate(self, inner: Array) -> Array:
        """Return the product of inner scores (l, n) with the deflated block: (l, p)."""
        block = self.block
        inner = inner * block.train[self.fold]
        if not block.holes.size:
            return block.correlate(self._remove(inner), self.fold)
        found = block.correlate(inner, self.fold)
        for scores, pattern in zip(self.scores, self.patterns, strict=True):
            found -= pattern * (scores * inner).sum(axis=1, keepdims=True)
            found[:, block.holes] += pattern[:, block.holes] * ((scores * inner) @ block.missing)
        return found

    def score(self, loadings: Loadings) -> tuple[Array, Array]:
        """Return the scores of the training people from the deflated block, and those of everyone from the plain one.

        People with unknown cells are scored from their known ones: divided by the sum of the squared loadings known.
        """
        block = self.block
        plain = block.project(loadings, self.fold)
        inside = plain * block.train[self.fold]
        if not block.holes.size:
            return self._remove(inside), plain
        loadings = loadings.to_rows()
        squares = loadings**2
        for scores, pattern in zip(self.scores, self.patterns, strict=True):
            product = pattern * loadings
            shared = product.sum(axis=1, keepdims=True) - product[:, block.holes] @ block.missing.T
            inside = inside - scores * shared
        known = squares.sum(axis=1, keepdims=True) - squares[:, block.holes] @ block.missing.T
        lacking = block.missing.any(axis=1)
        inside[:, lacking] = np.divide(
            inside[:, lacking],
            known[:, lacking],
            out=np.zeros_like(inside[:, lacking]),
            where=known[:, lacking] > 1e-15,
        )
        return inside, plain

    def deflate(self, scores: Array) -> None:
        """Take one more score (l, n) out."""
        if self.block.holes.size:
            total = (scores**2).sum(axis=1, keepdims=True) * np.ones(self.block.shape[1])
            total[:, self.block.holes] -= scores**2 @ self.block.missing
            found = self.correlate(scores)
            self.patterns.append(np.divide(found, total, out=np.zeros_like(found), where=total > 1e-15))
        self.scores.append(scores)

    def _remove(self, rows: Array) -> Array:
        for scores in self.scores:
            share = (rows * scores).sum(axis=1, keepdims=True) / (scores**2).sum(axis=1, keepdims=True)
            rows = rows - share * scores
        return rows

    def leading_pairs(self) -> tuple[Array, Array]:
        """Return the first left (l, n) and right (l, p) singular vectors of each lineage, unit norm, signs arbitrary."""
        if self.scores:
            return self._find_pairs()
        folds, lineage = np.unique(self.fold, return_inverse=True)
        lefts, rights = Deflation(self.block, folds)._find_pairs()
        return lefts[lineage], rights[lineage]

    def leading_scores(self) -> Array:
        """Return the scores of the first right singular vector of each lineage, signs arbitrary: (l, n)."""
        if not self.scores:
            folds, lineage = np.unique(self.fold, return_inverse=True)
            return Deflation(self.block, folds)._find_scores()[lineage]
        return self._find_scores()

    def _find_scores(self) -> Array:
        n, p = self.block.shape
        if n > min(p, LARGE) or self.block.holes.size:
            return self.score(Loadings.from_rows(self._find_pairs()[1]))[0]
        return np.stack([self._find_left(i, scaled=True) for i in range(len(self.fold))])

    def _find_pairs(self) -> tuple[Array, Array]:
        n, p = self.block.shape
        if n > min(p, LARGE) or self.block.holes.size:
            lefts, rights = np.zeros((len(self.fold), n)), np.zeros((len(self.fold), p))
            for i, k in enumerate(self.fold):
                rows = self.block.train[k] > 0
                lefts[i, rows], rights[i] = self._find_pair(i, rows)
            return lefts, rights
        lefts = np.stack([self._find_left(i) for i in range(len(self.fold))])
        rights = self.correlate(lefts)
        norms = np.linalg.norm(rights, axis=1, keepdims=True)
        return lefts, rights / np.where(norms > 0, norms, 1.0)

    def _find_left(self, i: int, *, scaled: bool = False) -> Array:
        """Return the first left singular vector of one lineage, or the scores it stands for, from products of people alone."""
        k = self.fold[i]
        if (k, scaled) not in self.block.products:
            self.block.products[k, scaled] = self.block.multiply_people(k, to_start=scaled)
        products, rows = self.block.products[k, scaled], self.block.train[k] > 0
        for scores in self.scores:
            t = scores[i, rows] / (np.linalg.norm(scores[i]) or 1.0)
            products = products - np.outer(t, t @ products)
            products = products - np.outer(products @ t, t)
        left = np.zeros(len(rows))
        left[rows] = _leading_eigenvector(products)
        return left * np.sqrt(max(left[rows] @ products @ left[rows], 0.0)) if scaled else left

    def _find_pair(self, i: int, rows: Mask) -> tuple[Array, Array]:
        matrix = self._deflated_matrix(i, rows)
        if max(min(matrix.shape), 1) > LARGE:
            left, _, right = svds(matrix, k=1, random_state=0)
            return left[:, 0], right[0]
        if matrix.shape[0] < matrix.shape[1]:
            left = _leading_eigenvector(matrix @ matrix.T)
            right = left @ matrix
            return left, right / (np.linalg.norm(right) or 1.0)
        right = _leading_eigenvector(matrix.T @ matrix)
        left = matrix @ right
        return left / (np.linalg.norm(left) or 1.0), right

    def _deflated_matrix(self, i: int, rows: Mask) -> Array:
        matrix = self.block.matrix(self.fold[i])
        for k, scores in enumerate(self.scores):
            t = scores[i, rows]
            pattern = self.patterns[k][i] if self.patterns else t @ matrix / (t @ t)
            matrix -= np.outer(t, pattern)
            if self.block.holes.size:
                matrix[:, self.block.holes] *= 1.0 - self.block.missing[rows]
        return matrix


def _leading_eigenvector(symmetric: Array) -> Array:
    last = len(symmetric) - 1
    return eigh(symmetric, subset_by_index=[last, last], driver="evr", check_finite=False)[1][:, 0]
