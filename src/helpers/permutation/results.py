"""Counts of shuffles in, what one reports out: p-values, thresholds, the null of the largest statistic."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from helpers.permutation.model import TIE, Alternative
from helpers.permutation.tail_approximation import approximate_tail


@dataclass(frozen=True, eq=False)
class MaxTResult:
    """A permutation test over many features, with all one needs to report it.

    Attributes
    ----------
    table : pandas.DataFrame of shape (n_features, 3) or (n_features, 4)
        Index ``feature``; columns ``t`` (``f`` when several columns are tested), ``p`` (that feature alone),
        ``p_fwe`` (over all features) and, when asked for, ``p_step_down``.
        NaN for a feature that the nuisance explains entirely.
    null_max_t : pandas.Series of shape (n_permutations,)
        Largest absolute t (or F) over all features, in each shuffle; of a one-sided test the largest t, its sign
        turned for "less".
    null_n_nominal : pandas.Series of shape (n_permutations,)
        How many features have an uncorrected p below 0.05 by Student's t (or F), in each shuffle.
    n_participants, n_features, n_permutations, n_blocks : int
        ``n_features`` counts the features that could be tested; ``n_permutations`` the shuffles beside the
        observed labelling.
    tested : str
        Column of the design that was tested; of several, their names joined by commas.
    alternative : {"two-sided", "greater", "less"}
    exact : bool
        Whether every distinct shuffle was used, rather than a random choice.
    largest : pandas.DataFrame of shape (n_kept, n_features)
        The largest shuffled statistics of each feature, ascending; empty unless asked for.
    """

    table: pd.DataFrame
    null_max_t: pd.Series
    null_n_nominal: pd.Series
    n_participants: int
    n_features: int
    n_permutations: int
    n_blocks: int
    tested: str
    alternative: Alternative = "two-sided"
    exact: bool = False
    largest: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def statistics(self) -> pd.Series:
        """Return per feature what is compared with the largest of each shuffle: large is extreme."""
        observed = self.table.iloc[:, 0]
        if self.alternative == "two-sided":
            return observed.abs()
        return observed if self.alternative == "greater" else -observed

    @property
    def observed_max_t(self) -> float:
        """Largest absolute t (or F) of the unshuffled data; one-sided: the largest in the direction tested."""
        return float(self.statistics.max())

    def find_threshold(self, alpha: float = 0.05) -> float:
        """Return the absolute t (or F) that a feature must reach for ``p_fwe <= alpha``.

        Parameters
        ----------
        alpha : float, default 0.05
            Chance of one or more false discoveries among all features.

        Returns
        -------
        float
            Infinite when there are too few shuffles for this alpha.
        """
        allowed = int(np.floor(alpha * (self.n_permutations + 1) + TIE)) - 1
        if allowed < 0:
            return float("inf")
        ordered = np.sort(self.null_max_t.to_numpy())[::-1]
        return float(ordered[allowed]) if allowed < len(ordered) else 0.0

    def approximate_small_p(self) -> pd.DataFrame:
        """Replace small p-values, which few shuffles can count, by a smooth tail. They are approximate.

        Where fewer than ten shuffles are as extreme, a generalised Pareto distribution is fitted to the upper tail of
        the shuffled values, see :func:`helpers.permutation.approximate_tail`. An exact test needs none of it.

        Returns
        -------
        pandas.DataFrame
            Index ``feature``; column ``p_fwe_tail`` and, when the test kept the largest statistics of each feature
            (``n_kept``), ``p_tail``. The counted p where it needs no help or no tail fits.
        """
        observed = self.statistics
        tails = pd.DataFrame({"p_fwe_tail": self.table["p_fwe"]})
        if self.exact:
            return tails if self.largest.empty else tails.assign(p_tail=self.table["p"])
        overall = np.sort(self.null_max_t.to_numpy())
        tails["p_fwe_tail"] = approximate_tail(
            observed.to_numpy(), overall, self.table["p_fwe"].to_numpy(), n_permutations=self.n_permutations
        )
        if not self.largest.empty:
            alone = [
                approximate_tail(value, kept, p, n_permutations=self.n_permutations)
                for value, kept, p in zip(observed, self.largest.to_numpy().T, self.table["p"], strict=True)
            ]
            tails["p_tail"] = np.array(alone, float)
        return tails

    def to_frame(self) -> pd.DataFrame:
        """Return one row per feature, ready for a results table."""
        return self.table.copy()
