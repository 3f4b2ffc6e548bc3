"""Streams of shuffles in, counts out: how often as extreme, the largest of each shuffle, the largest of each feature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from helpers.permutation.model import DTYPES, PermutationModel

NOMINAL = 0.05


@dataclass(eq=False)
class Counts:
    """What shuffles gave: per feature how often as extreme; per shuffle its largest and how many are nominal."""

    alone: np.ndarray
    stepped: np.ndarray
    kept: np.ndarray
    largest_r2: list[np.ndarray]
    n_nominal: list[np.ndarray]

    @classmethod
    def empty(cls, model: PermutationModel, step_down: bool, n_kept: int) -> Counts:
        n_features = model.residuals.shape[1]
        n_kept = min(n_kept, model.plan.n_permutations)
        return cls(
            np.zeros(n_features, np.int64),
            np.zeros(n_features if step_down else 0, np.int64),
            np.full((n_kept, n_features if n_kept else 0), -np.inf),
            [],
            [],
        )

    def add(self, other: Counts) -> None:
        self.alone += other.alone
        self.stepped += other.stepped
        self.largest_r2 += other.largest_r2
        self.n_nominal += other.n_nominal
        self.keep(other.kept, slice(None))

    def keep(self, values: np.ndarray, columns: slice) -> None:
        if len(self.kept):
            both = np.vstack([self.kept[:, columns], values])
            self.kept[:, columns] = np.sort(both, axis=0)[-len(self.kept) :]


def count_part(model: PermutationModel, ascending: np.ndarray | None, n_kept: int, streams: range) -> Counts:
    """Count over some streams. With ``ascending``, features come from the weakest to the strongest, to step down."""
    counts = Counts.empty(model, ascending is not None, n_kept)
    nominal = DTYPES[model.precision](model.nominal_r2(NOMINAL))
    limits = model.find_limits().astype(DTYPES[model.precision])
    for stream in streams:
        rearranged = model.rearrange(stream)
        n_drawn = len(rearranged) // len(model.terms)
        largest, n_nominal = np.full(n_drawn, -np.inf), np.zeros(n_drawn, int)
        everything = []
        for tile in model.list_tiles():
            r2 = model.explain(rearranged, tile)
            if model.signed:
                r2[:, ~model.testable[tile]] = -1
            counts.alone[tile] += _count_rows(r2 >= limits[tile])
            n_nominal += (r2 > nominal).sum(axis=1)
            np.maximum(largest, r2.max(axis=1), out=largest)
            counts.keep(r2, tile)
            if ascending is not None:
                everything.append(r2.copy())
        if ascending is not None:
            stepped = np.maximum.accumulate(np.hstack(everything)[:, ascending], axis=1)
            counts.stepped[ascending] += _count_rows(stepped >= limits[ascending])
        counts.largest_r2.append(largest)
        counts.n_nominal.append(n_nominal)
    return counts


def _count_rows(mask: np.ndarray) -> np.ndarray:
    """Count the rows of each column that are true; a stream has fewer than 256 rows, so bytes suffice."""
    return np.add.reduce(mask.view(np.uint8), axis=0, dtype=np.uint8)
