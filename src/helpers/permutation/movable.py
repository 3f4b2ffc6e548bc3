"""Orders of people under which a term can change at all: within strata, or whole strata where the term is the same within each."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, lgamma

import numpy as np

from helpers.permutation.orders import draw_orders
from helpers.permutation.plans import draw_nested_orders, draw_whole_orders

ENOUGH = 20  # arrangements, below which no p can reach 0.05
PEOPLE, WITHIN, WHOLE, NOTHING = "people", "people within strata", "whole strata", "nothing"
NESTED = "whole clusters, and members within them"
COUNTED = 1e9  # from which arrangements are not told apart


@dataclass(frozen=True, eq=False)
class Movable:
    """Orders that can change a term.

    Attributes
    ----------
    orders : numpy.ndarray of int, shape (n_permutations, n)
    shuffled : {"people", "people within strata", "whole strata", "whole clusters, and members within them", "nothing"}
        What changes places. *Nothing*: the term is the same within each stratum, and no two strata of one size differ.
    n_arrangements : float
        Different arrangements of the term, the observed one included (a billion: that many or more).
    """

    orders: np.ndarray
    shuffled: str
    n_arrangements: float

    @property
    def is_enough(self) -> bool:
        """Whether a p-value below 0.05 is possible."""
        return self.n_arrangements >= ENOUGH


def draw_movable(
    rows: np.ndarray,
    strata: np.ndarray,
    *,
    n_permutations: int,
    rng: np.random.Generator,
    clusters: np.ndarray | None = None,
) -> Movable:
    """Draw orders of people for a term.

    Parameters
    ----------
    rows : numpy.ndarray of shape (n, n_columns)
        The term.
    strata : numpy.ndarray of int, shape (n,)
    n_permutations : int
    rng : numpy.random.Generator
    clusters : numpy.ndarray of int, optional
        People who belong together: clusters of equal size change places within their stratum, and members among themselves.

    Examples
    --------
    Four people of two samples each, two cases and two controls: the persons are exchanged, in 6 ways.

    >>> term, person = np.repeat([[0.0], [0], [1], [1]], 2, axis=0), np.repeat(np.arange(4), 2)
    >>> found = draw_movable(term, person, n_permutations=9, rng=np.random.default_rng(1))
    >>> found.shuffled, round(found.n_arrangements), found.is_enough
    ('whole strata', 6, False)
    """
    if clusters is not None:
        return _draw_nested(rows, strata, clusters, n_permutations=n_permutations, rng=rng)
    places = [np.flatnonzero(strata == one) for one in np.unique(strata)]
    kinds = np.unique(rows, axis=0, return_inverse=True)[1].ravel()
    is_still = all(len(np.unique(kinds[own])) == 1 for own in places)
    if len(places) == 1 or not is_still:
        orders = draw_orders(strata, n_permutations=n_permutations, rng=rng)
        ways = sum(_log_arrangements(kinds[own]) for own in places)
        return Movable(orders, PEOPLE if len(places) == 1 else WITHIN, _bound(ways))
    firsts = {size: [own[0] for own in places if len(own) == size] for size in {len(own) for own in places}}
    ways = sum(_log_arrangements(kinds[units]) for units in firsts.values())
    orders = draw_whole_orders(strata, n_permutations=n_permutations, rng=rng)
    return Movable(orders, WHOLE if ways > 0 else NOTHING, _bound(ways))


def _draw_nested(
    rows: np.ndarray, strata: np.ndarray, clusters: np.ndarray, *, n_permutations: int, rng: np.random.Generator
) -> Movable:
    """Draw orders of clusters and of their members; a term that is one within each stratum cannot be changed by them."""
    kinds = np.unique(rows, axis=0, return_inverse=True)[1].ravel()
    if all(len(np.unique(kinds[strata == one])) == 1 for one in np.unique(strata)):
        return Movable(np.tile(np.arange(len(strata)), (n_permutations, 1)), NOTHING, 1.0)
    orders = draw_nested_orders(strata, clusters, n_permutations=n_permutations, rng=rng)
    ways = sum(_log_arrangements(kinds[clusters == one]) for one in np.unique(clusters))
    first = np.unique(clusters, return_index=True)[1]
    held = {one: tuple(sorted(kinds[clusters == one].tolist())) for one in clusters[first].tolist()}
    places: dict[tuple[int, int], list[tuple[int, ...]]] = {}
    for one, stratum in zip(clusters[first].tolist(), strata[first].tolist(), strict=True):
        places.setdefault((stratum, len(held[one])), []).append(held[one])
    for alike in places.values():
        number = {members: i for i, members in enumerate(dict.fromkeys(alike))}
        ways += _log_arrangements(np.array([number[members] for members in alike]))
    return Movable(orders, NESTED if ways > 0 else NOTHING, _bound(ways))


def _log_arrangements(kinds: np.ndarray) -> float:
    """Return the logarithm of the number of different orders of these kinds."""
    times = np.unique(kinds, return_counts=True)[1]
    return lgamma(len(kinds) + 1) - sum(lgamma(n + 1) for n in times.tolist())


def _bound(ways: float) -> float:
    return round(exp(min(ways, 50.0)), 6) if ways < 20 else COUNTED
