"""Plant a group difference of a stated size into a feature, beside covariates and batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

HALVINGS = 25


@dataclass(frozen=True)
class Planted:
    """One planted group difference, as written to ``truth.yml``.

    Attributes
    ----------
    claim : str
        Id of the study's claim, e.g. ``C01``.
    block, feature : str
        Where it was put, named as in the result tables.
    d : float
        Adjusted difference high - low over the residual SD of the same feature in the null twin.
    difference : float
        The same in the unit of the feature.
    unit : str
    """

    claim: str
    block: str
    feature: str
    d: float
    difference: float
    unit: str

    def to_dict(self) -> dict[str, str | float]:
        """Return plain values, ready to be written."""
        direction = "none" if self.d == 0 else "higher" if self.d > 0 else "lower"
        return {
            "claim": self.claim,
            "block": self.block,
            "feature": self.feature,
            "direction": direction,
            "d": round(float(self.d), 4) + 0.0,
            "difference": round(float(self.difference), 6) + 0.0,
            "unit": self.unit,
        }


@dataclass(frozen=True, eq=False)
class People:
    """Who is in a simulated cohort, before anything was blanked.

    Attributes
    ----------
    table : pandas.DataFrame of shape (n, 5)
        Index ``participant_id``; age, sex, bmi, study, diet_score.
    trait : numpy.ndarray of shape (n,)
        Latent resilience, mean 0 and SD 1 among all candidates.
    answers : numpy.ndarray of shape (n, 25)
        CD-RISC answers 0 to 4, NaN where blank.
    total : numpy.ndarray of shape (n,)
    high : numpy.ndarray of bool, shape (n,)
    """

    table: pd.DataFrame
    trait: np.ndarray
    answers: np.ndarray
    total: np.ndarray
    high: np.ndarray

    @cached_property
    def covariates(self) -> np.ndarray:
        """Standardised age, sex and BMI, shape (n, 3)."""
        numbers = np.column_stack([self.table["age"], self.table["sex"] == "F", self.table["bmi"]]).astype(float)
        return (numbers - numbers.mean(axis=0)) / numbers.std(axis=0)

    @cached_property
    def diet(self) -> np.ndarray:
        """Standardised diet score, shape (n,)."""
        score = self.table["diet_score"].to_numpy(float)
        return (score - score.mean()) / score.std()

    @property
    def is_study_b(self) -> np.ndarray:
        """1 for study B, 0 for study A."""
        return (self.table["study"] == "B").to_numpy(float)

    @cached_property
    def design(self) -> np.ndarray:
        """Intercept, group, covariates and batch, shape (n, 6)."""
        return np.column_stack([np.ones(len(self.high)), self.high, self.covariates, self.is_study_b])

    @cached_property
    def weights(self) -> np.ndarray:
        """What each person counts in the adjusted difference high - low, shape (n,)."""
        return np.linalg.pinv(self.design)[1]

    @cached_property
    def carrier(self) -> np.ndarray:
        """The resilience score, centred and scaled so that its adjusted difference high - low is exactly 1."""
        centred = self.total - self.total.mean()
        return centred / adjusted_difference(centred, self)

    def nuisance(
        self, n_features: int, *, rng: np.random.Generator, size: float = 0.12, batch: float = 0.3
    ) -> np.ndarray:
        """Draw effects of age, sex, BMI and study on features, in SD; shape (n, n_features)."""
        slopes = rng.normal(0, size, (3, n_features))
        shift = rng.normal(0, batch, n_features)
        return self.covariates @ slopes + np.outer(self.is_study_b - self.is_study_b.mean(), shift)


def adjusted_difference(values: np.ndarray, people: People, extra: np.ndarray | None = None) -> float:
    """Return the least-squares difference high - low of one feature, given age, sex, BMI and study."""
    return float(people.weights @ values) if extra is None else float(_fit(values, people, extra)[0][1])


def residual_sd(values: np.ndarray, people: People, extra: np.ndarray | None = None) -> float:
    """Return the residual SD of one feature, given group, age, sex, BMI and study."""
    return _fit(values, people, extra)[1]


def calibrate_shift(
    build: Callable[[float], np.ndarray], people: People, target: float, *, reach: float = 2.0
) -> float:
    """Return the latent shift that moves the adjusted difference of a built feature by `target`.

    For features that answer to a shift in steps, such as sums of items: found by halving.

    Parameters
    ----------
    build : callable
        Latent shift in, feature of all people out; the same random draws at every call.
    people : People
    target : float
        Wanted change against ``build(0)``, in units of the feature.
    reach : float, default 2.0
        The shift is sought from -reach to reach.
    """
    if target == 0:
        return 0.0
    start = adjusted_difference(build(0.0), people)
    low, high = -reach, reach
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if adjusted_difference(build(middle), people) - start < target:
            low = middle
        else:
            high = middle
    return high


def _fit(values: np.ndarray, people: People, extra: np.ndarray | None) -> tuple[np.ndarray, float]:
    design = people.design if extra is None else np.column_stack([people.design, extra])
    slopes, *_ = np.linalg.lstsq(design, values, rcond=None)
    residuals = values - design @ slopes
    return slopes, float(np.sqrt(residuals @ residuals / (len(values) - design.shape[1])))
