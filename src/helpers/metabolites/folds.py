"""Who is learnt from and who is tested: people, never their samples, are what is parted and exchanged."""

from __future__ import annotations

import numpy as np


def split_people(codes: np.ndarray, n_folds: int, rng: np.random.Generator) -> list[tuple[np.ndarray, np.ndarray]]:
    """Split samples into folds that never part the samples of one person; return rows to train on and to test."""
    owners, person = np.unique(codes, return_inverse=True)
    fold = rng.permutation(np.arange(len(owners)) % n_folds)[person]
    return [(np.flatnonzero(fold != i), np.flatnonzero(fold == i)) for i in range(n_folds)]


def exchange_people(codes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return rows that give each person the samples of another, in order, starting again where the other has fewer.

    With one sample per person this is a shuffle of all.
    """
    owners = np.unique(codes)
    rows = [np.flatnonzero(codes == owner) for owner in owners]
    order = np.empty(len(codes), int)
    for mine, other in zip(rows, rng.permutation(len(owners)), strict=True):
        order[mine] = np.resize(rows[other], len(mine))
    return order
