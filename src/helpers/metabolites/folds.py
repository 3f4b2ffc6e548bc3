"""Who is learnt from and who is tested: people, never their samples, are what is parted and exchanged."""

from __future__ import annotations

import numpy as np

from helpers.permutation import draw_orders


def split_people(codes: np.ndarray, n_folds: int, rng: np.random.Generator) -> list[tuple[np.ndarray, np.ndarray]]:
    """Split samples into folds that never part the samples of one person; return rows to train on and to test."""
    owners, person = np.unique(codes, return_inverse=True)
    fold = rng.permutation(np.arange(len(owners)) % n_folds)[person]
    return [(np.flatnonzero(fold != i), np.flatnonzero(fold == i)) for i in range(n_folds)]


def exchange_people(codes: np.ndarray, rng: np.random.Generator, strata: np.ndarray | None = None) -> np.ndarray:
    """Return rows that give each person the samples of another, in order, starting again where the other has fewer.

    With one sample per person this is a shuffle of all, or of those of one stratum (number per sample; a person's first
    sample counts).
    """
    owners, first = np.unique(codes, return_index=True)
    rows = [np.flatnonzero(codes == owner) for owner in owners]
    own = np.zeros(len(owners), int) if strata is None else strata[first]
    others = draw_orders(own, n_permutations=1, rng=rng)[0]
    order = np.empty(len(codes), int)
    for mine, other in zip(rows, others, strict=True):
        order[mine] = np.resize(rows[other], len(mine))
    return order
