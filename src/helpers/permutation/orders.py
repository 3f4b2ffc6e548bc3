"""Labels in, shuffled labels out: people change places within their blocks only."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.problems import count


def shuffle_within(
    labels: pd.Series | np.ndarray, blocks: pd.Series | np.ndarray | None = None, *, rng: np.random.Generator
) -> pd.Series | np.ndarray:
    """Shuffle labels (or row numbers) between people of the same block.

    Parameters
    ----------
    labels : pandas.Series or numpy.ndarray of shape (n,)
        What to shuffle; unchanged itself.
    blocks : pandas.Series or numpy.ndarray, optional
        Block of each person. A series of labels meets a series of blocks by id; arrays meet by position and
        must be equally long. None: one block.
    rng : numpy.random.Generator

    Returns
    -------
    pandas.Series or numpy.ndarray
        Same kind, same index; each block holds the values it had, in another order.

    Raises
    ------
    ValueError
        When a person has no block.

    Examples
    --------
    >>> labels = pd.Series([1, 1, 5, 5], index=["a", "b", "c", "d"])
    >>> study = pd.Series(["A", "A", "B", "B"], index=["d", "c", "b", "a"])
    >>> shuffle_within(labels, study, rng=np.random.default_rng(1)).tolist()
    [1, 1, 5, 5]
    """
    if isinstance(labels, pd.Series) and isinstance(blocks, pd.Series):
        groups = match_blocks(labels.index, blocks)
    else:
        groups = np.zeros(len(labels), int) if blocks is None else pd.factorize(np.asarray(blocks))[0]
    if len(groups) != len(labels) or (groups < 0).any():
        raise ValueError(
            f"{count(len(labels), 'label')} but {count(int((groups >= 0).sum()), 'known block')}: "
            "give one block per label."
        )
    order = draw_orders(groups, n_permutations=1, rng=rng)[0]
    if isinstance(labels, pd.Series):
        return pd.Series(labels.array[order], index=labels.index, name=labels.name)
    return np.asarray(labels)[order]


def draw_orders(groups: np.ndarray, *, n_permutations: int, rng: np.random.Generator) -> np.ndarray:
    """Draw random orders of people that keep everyone in their block.

    Parameters
    ----------
    groups : numpy.ndarray of shape (n,)
        Block of each person.
    n_permutations : int
    rng : numpy.random.Generator

    Returns
    -------
    numpy.ndarray of int, shape (n_permutations, n)
        ``values[orders[k]]`` is the k-th shuffle.

    Examples
    --------
    >>> draw_orders(np.array(["A", "B", "A"]), n_permutations=1, rng=np.random.default_rng(1))[0, 1]
    np.int64(1)
    """
    orders = np.empty((n_permutations, len(groups)), dtype=np.intp)
    orders[:] = np.arange(len(groups))
    kinds = np.unique(groups)
    if len(kinds) == 1:
        return rng.permuted(orders, axis=1, out=orders)
    for group in kinds:
        places = np.flatnonzero(np.asarray(groups) == group)
        orders[:, places] = rng.permuted(orders[:, places], axis=1)
    return orders


def match_blocks(people: pd.Index, blocks: pd.Series | None) -> np.ndarray:
    """Number the block of each person, by id.

    Parameters
    ----------
    people : pandas.Index
    blocks : pandas.Series or None
        Index ``participant_id``. None: one block.

    Returns
    -------
    numpy.ndarray of int, shape (n_people,)

    Raises
    ------
    ValueError
        When a person has no block.

    Examples
    --------
    >>> match_blocks(pd.Index(["b", "a"]), pd.Series({"a": "study 1", "b": "study 2"})).tolist()
    [0, 1]
    """
    if blocks is None:
        return np.zeros(len(people), int)
    groups = pd.factorize(blocks.reindex(people))[0]
    if (groups < 0).any():
        raise ValueError(
            f"{count(int((groups < 0).sum()), 'participant')} without a block: fill in the batch "
            "column for everyone, "
            "or leave them out of the design."
        )
    return groups
