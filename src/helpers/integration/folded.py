"""One block seen by many training sets at once: standardised in each of them, and never copied.

A *run* is one model: a training set (a fold) with its own keep counts, start and earlier components. All runs share
the block's values, so that one product of matrices serves every fold and every grid point of a sweep.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import eigh

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
CHUNK = 4096  # columns looked at together while standardising
SPARSE_BELOW = 0.1  # share of loadings above zero below which scores are taken from sparse loadings
NO_SPREAD = 1e-10  # SD, relative to the column's largest value, below which a column counts as constant


class FoldedBlock:
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

    Attributes
    ----------
    means, inverse_sds : numpy.ndarray of shape (m, p)
        Of the training sets, over known cells; an inverse of 0 leaves the column out.
    """

    def __init__(self, values: Array, train: Mask, *, scale: bool, kept: Mask | None = None) -> None:
        missing = np.isnan(values)
        self.holes = np.flatnonzero(missing.any(axis=0))
        self.missing = missing[:, self.holes].astype(float)
        self.train = train.astype(float)
        self.centre = np.nan_to_num(np.nanmean(values, axis=0)) if self.holes.size else values.mean(axis=0)
        self.columns = np.ascontiguousarray((values - self.centre).T)  # (p, n)
        if self.holes.size:
            self.columns[self.holes] = np.where(missing[:, self.holes].T, 0.0, self.columns[self.holes])
        self._standardise(scale, kept)

    @property
    def shape(self) -> tuple[int, int]:
        return self.columns.shape[1], self.columns.shape[0]

    def _standardise(self, scale: bool, kept: Mask | None) -> None:
        m, (n, p) = len(self.train), self.shape
        counts = np.repeat(self.train.sum(axis=1)[:, None], p, axis=1)
        counts[:, self.holes] -= self.train @ self.missing
        self.means, self.inverse_sds = np.zeros((m, p)), np.zeros((m, p))
        for start in range(0, p, CHUNK):
            part = slice(start, start + CHUNK)
            x, known = self.columns[part], np.maximum(counts[:, part], 1.0)
            mean = self.train @ x.T / known
            square = np.maximum(self.train @ (x**2).T - known * mean**2, 0.0)
            sd = np.sqrt(square / np.maximum(known - 1.0, 1.0))
            varies = sd > NO_SPREAD * np.abs(x).max(axis=1, initial=0.0)
            self.means[:, part] = mean
            self.inverse_sds[:, part] = np.divide(1.0, sd if scale else 1.0, out=np.zeros_like(sd), where=varies)
        if kept is not None:
            self.inverse_sds *= kept

    def used(self) -> Mask:
        """Return which columns vary and are kept in each training set: (m, p)."""
        return self.inverse_sds > 0

    def sizes(self) -> Array:
        """Return the sum of squares of the standardised block in each training set: (m,)."""
        sums = np.zeros(len(self.train))
        for start in range(0, self.shape[1], CHUNK):
            part = slice(start, start + CHUNK)
            square = self.train @ (self.columns[part] ** 2).T - self._counts(part) * self.means[:, part] ** 2
            sums += (square * self.inverse_sds[:, part] ** 2).sum(axis=1)
        return sums

    def _counts(self, part: slice) -> Array:
        counts = np.repeat(self.train.sum(axis=1)[:, None], self.columns[part].shape[0], axis=1)
        if self.holes.size:
            inside = (self.holes >= part.start) & (self.holes < part.stop)
            counts[:, self.holes[inside] - part.start] -= self.train @ self.missing[:, inside]
        return counts

    def correlate(self, inner: Array, fold: NDArray[np.intp]) -> Array:
        """Return the product of inner scores (r, n), zero outside the run's training set, with the block: (r, p)."""
        found = inner @ self.columns.T
        means = self.means[fold]
        found -= inner.sum(axis=1, keepdims=True) * means
        if self.holes.size:
            found[:, self.holes] += (inner @ self.missing) * means[:, self.holes]
        found *= self.inverse_sds[fold]
        return found

    def project(self, loadings: Array, fold: NDArray[np.intp]) -> Array:
        """Return the scores of all n people, held out or not, from loadings (r, p); unknown cells count 0: (r, n)."""
        weights = loadings * self.inverse_sds[fold]
        shifts = weights * self.means[fold]
        if np.count_nonzero(weights) < SPARSE_BELOW * weights.size:
            scores = sparse.csr_array(weights) @ self.columns
        else:
            scores = weights @ self.columns
        scores -= shifts.sum(axis=1, keepdims=True)
        if self.holes.size:
            scores += shifts[:, self.holes] @ self.missing.T
        return scores

    def matrix(self, k: int) -> Array:
        """Return the standardised rows of training set k, columns left out included as zeros: (n_k, p)."""
        rows = self.train[k] > 0
        values = (self.columns[:, rows].T - self.means[k]) * self.inverse_sds[k]
        if self.holes.size:
            values[:, self.holes] *= 1.0 - self.missing[rows]
        return values


class Deflation:
    """What the earlier components of each lineage (one per run, or shared by several) took out of a block.

    Attributes
    ----------
    fold : numpy.ndarray of int, shape (l,)
        Training set of each lineage.
    scores : list of numpy.ndarray of shape (l, n)
        One per earlier component, zero outside the training set.
    """

    def __init__(self, block: FoldedBlock, fold: NDArray[np.intp]) -> None:
        self.block, self.fold = block, fold
        self.scores: list[Array] = []
        self.patterns: list[Array] = []  # regression of each column on a score; needed where cells are missing
        self._grams: list[Array] | None = None

    def take(self, runs: NDArray[np.intp]) -> Deflation:
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

    def score(self, loadings: Array) -> tuple[Array, Array]:
        """Return the scores of the training people from the deflated block, and those of everyone from the plain one.

        People with unknown cells are scored from their known ones: divided by the sum of the squared loadings known.
        """
        block = self.block
        plain = block.project(loadings, self.fold)
        inside = plain * block.train[self.fold]
        if not block.holes.size:
            return self._remove(inside), plain
        squares = loadings**2
        for scores, pattern in zip(self.scores, self.patterns, strict=True):
            product = pattern * loadings
            shared = product.sum(axis=1, keepdims=True) - product[:, block.holes] @ block.missing.T
            inside = inside - scores * shared
        known = squares.sum(axis=1, keepdims=True) - squares[:, block.holes] @ block.missing.T
        lacking = block.missing.any(axis=1)
        inside[:, lacking] = np.divide(
            inside[:, lacking], known[:, lacking], out=np.zeros_like(inside[:, lacking]), where=known[:, lacking] > 1e-15
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
        n, p = self.block.shape
        lefts, rights = np.zeros((len(self.fold), n)), np.zeros((len(self.fold), p))
        for i in range(len(self.fold)):
            rows = self.block.train[self.fold[i]] > 0
            left, right = self._leading_pair(i, rows)
            lefts[i, rows], rights[i] = left, right
        return lefts, rights

    def _leading_pair(self, i: int, rows: Mask) -> tuple[Array, Array]:
        matrix = self._deflated_matrix(i, rows)
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
