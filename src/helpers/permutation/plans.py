"""Design rows and blocks in, rearrangements out: random and reproducible, or every one there is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import factorial, prod
from typing import Literal

import numpy as np

from helpers.permutation.orders import draw_orders

STREAM = 64  # rearrangements that share one random stream
Kind = Literal["within", "whole", "nested"]


@dataclass(frozen=True, eq=False)
class Plan:
    """Which rearrangements a test uses. Each stream of 64 has a random stream of its own.

    So it does not matter who draws a stream, or when; and the first shuffles of a long run are those of a short one.

    Attributes
    ----------
    kind : {"within", "whole", "nested"}
        People change places within blocks; whole blocks change places; or clusters of equal size change places within blocks, and
        their members among themselves.
    groups : numpy.ndarray of int, shape (n_people,)
    n_permutations : int
        Rearrangements beside the observed one.
    entropy : tuple of int
        Root of all streams.
    listed : numpy.ndarray or None
        Every rearrangement but the observed one, when there are few enough: the test is exact then.
    clusters : numpy.ndarray of int, shape (n_people,), or None
        Of a nested plan.
    """

    kind: Kind
    groups: np.ndarray
    n_permutations: int
    entropy: tuple[int, ...]
    listed: np.ndarray | None = None
    clusters: np.ndarray | None = None

    @property
    def exact(self) -> bool:
        """Whether every rearrangement is used, rather than a random choice."""
        return self.listed is not None

    @property
    def n_streams(self) -> int:
        """How many streams of 64 there are."""
        return -(-self.n_permutations // STREAM)

    def draw(self, stream: int) -> np.ndarray:
        """Return the rearrangements of one stream.

        Parameters
        ----------
        stream : int
            From 0 to ``n_streams - 1``.

        Returns
        -------
        numpy.ndarray of shape (n_drawn, n_people)
            Orders of people.

        Examples
        --------
        >>> plan = Plan("within", np.array([0, 1, 1]), 3, (1,))
        >>> plan.draw(0).shape, plan.draw(0)[:, 0].tolist()
        ((3, 3), [0, 0, 0])
        """
        start = stream * STREAM
        n_drawn = min(STREAM, self.n_permutations - start)
        if self.listed is not None:
            return self.listed[start : start + n_drawn]
        rng = np.random.default_rng(np.random.SeedSequence(self.entropy, spawn_key=(stream,)))
        if self.clusters is not None:
            return draw_nested_orders(self.groups, self.clusters, n_permutations=STREAM, rng=rng)[:n_drawn]
        draw = draw_orders if self.kind == "within" else draw_whole_orders
        return draw(self.groups, n_permutations=STREAM, rng=rng)[:n_drawn]


def plan_shuffles(
    rows: np.ndarray,
    groups: np.ndarray,
    *,
    n_permutations: int,
    rng: np.random.Generator,
    whole_blocks: bool = False,
    clusters: np.ndarray | None = None,
) -> Plan:
    """Plan shuffles of people within blocks, or of whole blocks.

    When the rows of the design have no more than ``n_permutations + 1`` distinct arrangements, each is used once and
    the test is exact.

    Parameters
    ----------
    rows : numpy.ndarray of shape (n_people, n_terms)
        All columns of the design; people with equal rows are interchangeable.
    groups : numpy.ndarray of int, shape (n_people,)
        Block of each person.
    n_permutations : int
        Largest number of shuffles.
    rng : numpy.random.Generator
    whole_blocks : bool, default False
        True: blocks of equal size change places as wholes, and nobody changes place within one.
    clusters : numpy.ndarray of int, optional
        Clusters of equal size then change places within their block, and their members among themselves [1]_: the one moves a
        term that clusters share, the other one that differs within them. None of these is listed.

    Returns
    -------
    Plan

    References
    ----------
    .. [1] Winkler AM et al. (2015). Multi-level block permutation. NeuroImage 123:253-268. doi:10.1016/j.neuroimage.2015.05.092

    Examples
    --------
    Two and two people can be arranged in 6 ways, five beside the observed one:

    >>> groups, rng = np.zeros(4, int), np.random.default_rng(1)
    >>> plan = plan_shuffles(np.array([[0], [0], [1], [1]]), groups, n_permutations=99, rng=rng)
    >>> plan.exact, plan.n_permutations
    (True, 5)
    """
    if clusters is not None:
        return Plan("nested", groups, n_permutations, _draw_entropy(rng), clusters=clusters)
    kind: Kind = "whole" if whole_blocks else "within"
    places = (
        _whole_places(groups) if whole_blocks else [np.flatnonzero(groups == g)[:, None] for g in np.unique(groups)]
    )
    codes = [_number_rows(rows, units) for units in places]
    entropy = _draw_entropy(rng)
    if prod(_count_arrangements(code) for code in codes) > n_permutations + 1:
        return Plan(kind, groups, n_permutations, entropy)
    listed = np.array([_fill(places, choice, len(rows)) for choice in product(*map(_list_orders, codes))])
    observed = (rows[listed] == rows).reshape(len(listed), -1).all(axis=1)
    return Plan(kind, groups, len(listed) - 1, entropy, np.delete(listed, np.flatnonzero(observed)[0], axis=0))


def _draw_entropy(rng: np.random.Generator) -> tuple[int, ...]:
    return tuple(int(word) for word in rng.integers(2**32, size=4))


def _whole_places(groups: np.ndarray) -> list[np.ndarray]:
    """Return, for each size of block, the places of its blocks: blocks x people of a block."""
    members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    sizes = sorted({len(places) for places in members})
    return [np.stack([places for places in members if len(places) == size]) for size in sizes]


def draw_whole_orders(groups: np.ndarray, *, n_permutations: int, rng: np.random.Generator) -> np.ndarray:
    """Draw random orders in which whole blocks of equal size change places, and nobody does within one.

    Parameters
    ----------
    groups : numpy.ndarray of int, shape (n,)
    n_permutations : int
    rng : numpy.random.Generator

    Returns
    -------
    numpy.ndarray of int, shape (n_permutations, n)

    Examples
    --------
    Two blocks of two: they stay or change places.

    >>> orders = draw_whole_orders(np.array([0, 0, 1, 1]), n_permutations=9, rng=np.random.default_rng(1))
    >>> sorted({tuple(order.tolist()) for order in orders})
    [(0, 1, 2, 3), (2, 3, 0, 1)]
    """
    orders = np.tile(np.arange(len(groups)), (n_permutations, 1))
    for places in _whole_places(groups):
        for order in orders:
            order[places] = places[rng.permutation(len(places))]
    return orders


def draw_nested_orders(
    blocks: np.ndarray, clusters: np.ndarray, *, n_permutations: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw random orders in which clusters of equal size change places within their block, and members within their cluster.

    Parameters
    ----------
    blocks, clusters : numpy.ndarray of int, shape (n,)
        A cluster lies in one block.
    n_permutations : int
    rng : numpy.random.Generator

    Returns
    -------
    numpy.ndarray of int, shape (n_permutations, n)

    Examples
    --------
    Two pairs and one alone: pairs stay together.

    >>> orders = draw_nested_orders(np.zeros(5, int), np.array([0, 0, 1, 1, 2]), n_permutations=99, rng=np.random.default_rng(1))
    >>> len({tuple(order) for order in orders.tolist()}), {order[4] for order in orders.tolist()}
    (8, {4})
    """
    refuse_torn(blocks, clusters)
    orders = draw_orders(clusters, n_permutations=n_permutations, rng=rng)
    for block in np.unique(blocks):
        own = np.flatnonzero(blocks == block)
        wholes = draw_whole_orders(clusters[own], n_permutations=n_permutations, rng=rng)
        orders[:, own] = np.take_along_axis(orders[:, own], wholes, axis=1)
    return orders


def refuse_torn(blocks: np.ndarray, clusters: np.ndarray) -> None:
    """Refuse clusters that reach over blocks: they could not be kept whole within one.

    Raises
    ------
    ValueError
    """
    first = np.unique(clusters, return_index=True)[1]
    if (blocks != blocks[first][np.unique(clusters, return_inverse=True)[1]]).any():
        raise ValueError("A cluster reaches over several batches, so that it cannot be kept whole within one.")


def _number_rows(rows: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Number the units (people, or whole blocks) so that equal design rows have equal numbers."""
    stacked = rows[units].reshape(len(units), -1)
    return np.unique(stacked, axis=0, return_inverse=True)[1].ravel()


def _count_arrangements(codes: np.ndarray) -> int:
    return factorial(len(codes)) // prod(factorial(int(times)) for times in np.bincount(codes))


def _list_orders(codes: np.ndarray) -> list[np.ndarray]:
    """Return one order of the units for each distinct arrangement of their numbers."""
    source = np.argsort(codes, kind="stable")
    orders = []
    for arrangement in _arrange(sorted(codes.tolist())):
        order = np.empty(len(codes), int)
        order[np.argsort(arrangement, kind="stable")] = source
        orders.append(order)
    return orders


def _arrange(codes: list[int]) -> Iterator[list[int]]:
    """Yield the distinct arrangements of sorted numbers, each once, in the order of a dictionary."""
    now = list(codes)
    while True:
        yield list(now)
        rising = [i for i in range(len(now) - 1) if now[i] < now[i + 1]]
        if not rising:
            return
        pivot = rising[-1]
        larger = max(i for i in range(pivot + 1, len(now)) if now[i] > now[pivot])
        now[pivot], now[larger] = now[larger], now[pivot]
        now[pivot + 1 :] = reversed(now[pivot + 1 :])


def _fill(places: list[np.ndarray], choice: tuple[np.ndarray, ...], n_people: int) -> np.ndarray:
    order = np.arange(n_people)
    for units, chosen in zip(places, choice, strict=True):
        order[units] = units[chosen]
    return order
