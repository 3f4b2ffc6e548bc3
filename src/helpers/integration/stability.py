"""How alike the features are that fold models select."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

WIDE = 1.96  # standard errors on each side of a 95 % interval


class Stability(NamedTuple):
    """Nogueira's index with its 95 % interval."""

    index: float
    low: float
    high: float


def estimate_stability(selected: NDArray[np.bool_]) -> Stability:
    """Measure how alike repeated feature selections are, with an interval.

    The interval is the index plus and minus 1.96 standard errors, from its asymptotic variance for *independent* selections [1]_. Models of
    one cross-validation share most of their people, so theirs are not: the interval tells how well these selections
    pin the index down, and is too narrow for what another cohort would give.

    Parameters
    ----------
    selected : numpy.ndarray of bool, shape (n_selections, n_features)

    Returns
    -------
    Stability
        ``index``: 1 when every selection is the same, around 0 when they agree as by chance; ``low``, ``high``, cut at 1.
        NaN when all features or none are always selected, or there is a single selection.

    References
    ----------
    .. [1] Nogueira S, Sechidis K, Brown G (2018). On the stability of feature selection algorithms. Journal of
       Machine Learning Research 18(174):1-54.

    Examples
    --------
    >>> estimate_stability(np.array([[True, False, False], [True, False, False]]))
    Stability(index=1.0, low=1.0, high=1.0)
    """
    selected = np.asarray(selected, float)
    n_selections, n_features = selected.shape
    frequency = selected.mean(axis=0)
    share = frequency.mean()
    if n_selections < 2 or share in (0.0, 1.0):
        return Stability(np.nan, np.nan, np.nan)
    spread = share * (1 - share)
    index = 1 - n_selections / (n_selections - 1) * (frequency * (1 - frequency)).mean() / spread
    own = selected.mean(axis=1)
    pulls = (selected @ frequency / n_features - own * share - index / 2 * own * (1 - 2 * share)) / spread
    error = 2 / n_selections * np.sqrt(((pulls - pulls.mean()) ** 2).sum())
    return Stability(float(index), float(index - WIDE * error), float(min(index + WIDE * error, 1.0)))
