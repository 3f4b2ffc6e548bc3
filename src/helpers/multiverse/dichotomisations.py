"""How a score makes groups, in every defensible way, for many shuffles of the score at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers import resilience
from helpers.cohort import assign_groups
from helpers.contract import Cohort, MeasureRule

Array = NDArray[np.float64]
DECLARED = "declared groups"
MEDIAN = "cut at the sample median"
THIRDS = "upper v lower third"
CONTINUOUS = "score kept continuous"
THIRD = 1 / 3


@dataclass(frozen=True, eq=False)
class Score:
    """The score that makes the groups, and every way to make them.

    Attributes
    ----------
    values : pandas.Series
        People who are in a group; where the rule is a column, 1 high and 0 low.
    cuts : dict of str to float
        Option to cut: high from this value on. The declared one first.
    thirds : tuple of float, or None
        Upper end of the lower and lower end of the upper third; None where there is no score but groups only.
    """

    values: pd.Series
    cuts: dict[str, float]
    thirds: tuple[float, float] | None = None

    @property
    def options(self) -> list[str]:
        """Every way to make groups, the declared one first."""
        more = [] if self.thirds is None else [THIRDS, CONTINUOUS]
        return [*self.cuts, *more]

    def label(self, option: str, scores: Array) -> tuple[Array, Array | None]:
        """Return what stands for the group in a model, and who is kept.

        Parameters
        ----------
        option : str
        scores : numpy.ndarray of shape (n_shuffles, n)

        Returns
        -------
        numpy.ndarray of shape (n_shuffles, n)
            For the declared groups 1 and 0. For others the distance between their mean scores stands in the place of 1,
            in units of the distance between the declared groups, and the continuous score has this unit too: groups
            further apart do not pass for a stronger effect.
        numpy.ndarray of the same shape, or None
            1 for people who are used, 0 for others; None: all are.
        """
        if option == CONTINUOUS:
            return (scores - float(self.values.mean())) / self._measure_gap(next(iter(self.cuts))), None
        distance = self._measure_gap(option) / self._measure_gap(next(iter(self.cuts)))
        low, high = self._find_ends(option)
        kept = None if option in self.cuts else ((scores < low) | (scores >= high)).astype(float)
        return distance * (scores >= high), kept

    def _find_ends(self, option: str) -> tuple[float, float]:
        """Return below what a score is low, and from where it is high."""
        return (self.cuts[option], self.cuts[option]) if option in self.cuts else self.thirds

    def _measure_gap(self, option: str) -> float:
        low, high = self._find_ends(option)
        return float(self.values[self.values >= high].mean() - self.values[self.values < low].mean())


def read_score(cohort: Cohort) -> Score:
    """Read the score of a cohort and list the ways to make groups of it.

    Parameters
    ----------
    cohort : helpers.contract.Cohort
        With a questionnaire: its declared cut; one standard error of measurement lower and higher (where the scale's
        items were answered); the sample median; the upper against the lower third; and the score itself. Groups by
        a column of the participants: as declared only.

    Returns
    -------
    Score
    """
    rule = cohort.settings.outcome
    outcome = resilience.score_outcome(cohort)
    groups = assign_groups(cohort, outcome)
    high = groups["group"].dropna() == "high"
    if not isinstance(rule, MeasureRule):
        return Score(high.astype(float), {DECLARED: 0.5})
    values = outcome.reindex(high.index).astype(float)
    cuts = {f"{DECLARED} (cut {rule.high_at_least:g})": float(rule.high_at_least)}
    if (precision := resilience.estimate_precision(cohort, outcome)) is not None:
        cuts |= {
            "cut one SEM lower": rule.high_at_least - precision.sem,
            "cut one SEM higher": rule.high_at_least + precision.sem,
        }
    cuts[MEDIAN] = float(values.median())
    # a cut beyond everybody's score makes no two groups
    possible = {name: cut for name, cut in cuts.items() if values.min() < cut <= values.max()}
    return Score(values, possible, (float(values.quantile(THIRD)), float(values.quantile(1 - THIRD))))
