"""Loading vectors of many runs, zeros left out: of thousands of features a run keeps a few."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ints = NDArray[np.intp]
SAMPLED = 8  # every so manyth size is looked at to guess where the cut will be


@dataclass(frozen=True, eq=False)
class Loadings:
    """The loading vectors of r runs on p features.

    Attributes
    ----------
    runs, features : numpy.ndarray of int, shape (n_kept,)
        Where the loadings are, sorted by run, then by feature.
    values : numpy.ndarray of shape (n_kept,)
    shape : tuple of int
        (r, p).
    """

    runs: Ints
    features: Ints
    values: Array
    shape: tuple[int, int]

    @classmethod
    def from_rows(cls, rows: Array) -> Loadings:
        """Take the loadings above and below zero from rows of shape (r, p)."""
        runs, features = np.divmod(np.flatnonzero(rows), rows.shape[1])
        return cls(runs, features, rows[runs, features], rows.shape)

    @classmethod
    def join(cls, parts: Sequence[tuple[Ints, Loadings]], n_runs: int) -> Loadings:
        """Put together loadings of some runs each; runs in none of the parts have none."""
        if len(parts) == 1 and len(parts[0][0]) == n_runs:
            return parts[0][1]
        runs = np.concatenate([own[part.runs] for own, part in parts])
        features, values = (np.concatenate([getattr(part, of) for _, part in parts]) for of in ("features", "values"))
        order = np.argsort(runs, kind="stable")
        return cls(runs[order], features[order], values[order], (n_runs, parts[0][1].shape[1]))

    @cached_property
    def edges(self) -> Ints:
        """Where each run begins, and the end: (r + 1,)."""
        return np.searchsorted(self.runs, np.arange(self.shape[0] + 1))

    @cached_property
    def _places(self) -> Ints:
        return self.runs * self.shape[1] + self.features

    def to_rows(self) -> Array:
        """Return the loadings with their zeros: (r, p)."""
        rows = np.zeros(self.shape)
        rows[self.runs, self.features] = self.values
        return rows

    def take(self, runs: Ints) -> Loadings:
        """Return those of some runs, in that order; a run may be taken many times."""
        starts = self.edges[runs]
        sizes = self.edges[runs + 1] - starts
        taken = np.repeat(np.arange(len(runs)), sizes)
        at = np.arange(len(taken)) + (starts - np.cumsum(sizes) + sizes)[taken]
        return Loadings(taken, self.features[at], self.values[at], (len(runs), self.shape[1]))

    def normalise(self) -> Loadings:
        """Return each run's loadings with length 1; a run without any stays as it is."""
        norms = np.sqrt(self._sum(self.values**2))
        return Loadings(self.runs, self.features, self.values / np.where(norms > 0, norms, 1.0)[self.runs], self.shape)

    def multiply(self, other: Loadings) -> Array:
        """Return the product of each run's loadings with those of the same run of the other: (r,)."""
        return self._sum(self.values * self._find(other)[0])

    def measure_change(self, old: Loadings) -> Array:
        """Return how far each run is from the same run of the other, squared: (r,)."""
        before, left = self._find(old)
        return self._sum((self.values - before) ** 2) + np.bincount(
            old.runs[left], old.values[left] ** 2, self.shape[0]
        )

    def _sum(self, values: Array) -> Array:
        return np.bincount(self.runs, values, self.shape[0])

    def _find(self, other: Loadings) -> tuple[Array, NDArray[np.bool_]]:
        """Return what the other has at one's own places, 0 where nothing; and which of its loadings are elsewhere."""
        left = np.ones(len(other.values), bool)
        if not left.size:
            return np.zeros(len(self.values)), left
        at = np.minimum(np.searchsorted(other._places, self._places), len(left) - 1)
        shared = other._places[at] == self._places
        left[at[shared]] = False
        return np.where(shared, other.values[at], 0.0), left


def soft_keep(values: Array, n_keep: int | Ints) -> Loadings:
    """Keep the `n_keep` largest magnitudes of each row, shrunk by the largest magnitude dropped.

    Ties around the cut are all kept. `n_keep` is one number, or one per row.

    Examples
    --------
    >>> soft_keep(np.array([[5.0, -3.0, 2.0, 1.0], [1.0, 2.0, 4.0, 0.0]]), np.array([2, 1])).to_rows()
    array([[ 3., -1.,  0.,  0.],
           [ 0.,  0.,  2.,  0.]])
    """
    first = int(np.ravel(n_keep)[0])
    if np.all(n_keep == first):
        return _soft_keep(values, first)
    groups = [(np.flatnonzero(n_keep == count), int(count)) for count in np.unique(n_keep)]
    return Loadings.join([(rows, _soft_keep(values[rows], count)) for rows, count in groups], len(values))


def _soft_keep(values: Array, n_keep: int) -> Loadings:
    width = values.shape[1]
    if n_keep >= width:
        return Loadings.from_rows(values)
    sizes = np.abs(values)
    at = _pick_candidates(sizes, n_keep)
    if at is None:
        cut, threshold = _find_cut(sizes, n_keep)
        at = np.flatnonzero(sizes >= cut[:, None])
    else:
        cut, threshold = _find_cut(_line_up(sizes, at, n_keep), n_keep)
        if (unsure := np.flatnonzero(threshold == 0)).size:
            cut[unsure], threshold[unsure] = _find_cut(sizes[unsure], n_keep)
            kept = np.zeros(sizes.shape, bool)
            kept.ravel()[at], kept[unsure] = True, True
            at = np.flatnonzero(kept)
        at = at[sizes.ravel()[at] >= cut[at // width]]
    runs, features = np.divmod(at, width)
    left = values.ravel()[at]
    return Loadings(runs, features, left - np.copysign(threshold[runs], left), values.shape)


def _find_cut(sizes: Array, n_keep: int) -> tuple[Array, Array]:
    """Return each row's smallest size that is kept, and the largest below it (0 where there is none)."""
    place = sizes.shape[1] - n_keep
    parted = np.partition(sizes, place, axis=1)
    cut = parted[:, place].copy()
    return cut, np.where(parted[:, :place] < cut[:, None], parted[:, :place], 0.0).max(axis=1)


def _pick_candidates(sizes: Array, n_keep: int) -> Ints | None:
    """Return where the sizes stand that a sample of each row says could be kept, a few more than `n_keep`; None for short rows.

    Where that is too few, the largest size dropped is not among them.
    """
    width = sizes.shape[1]
    step = max(SAMPLED, (n_keep + 1) // 4)
    expected = (n_keep + 1) / step
    rank = math.ceil(expected + 3 * expected**0.5 + 1)
    if width < 3 * step * rank:
        return None
    sample = sizes[:, ::step]
    bound = np.partition(sample, sample.shape[1] - rank, axis=1)[:, sample.shape[1] - rank]
    return np.flatnonzero(sizes >= bound[:, None])


def _line_up(sizes: Array, at: Ints, n_keep: int) -> Array:
    """Return the candidates of each row side by side, filled up with 0 to more than `n_keep`."""
    counts = np.diff(np.searchsorted(at, np.arange(len(sizes) + 1) * sizes.shape[1]))
    picked = np.zeros((len(sizes), max(counts.max(), n_keep + 1)))
    picked[np.arange(picked.shape[1]) < counts[:, None]] = sizes.ravel()[at]
    return picked
