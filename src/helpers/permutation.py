"""Shuffle people fairly: within their blocks, freed from nuisance; count p-values over all features."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from helpers.problems import count, name_some

NOMINAL = 0.05
TIE = 1e-9
RANK = 1e-10


@dataclass(frozen=True, eq=False)
class MaxTResult:
    """A max-T permutation test over many features, with all one needs to report it.

    Attributes
    ----------
    table : pandas.DataFrame of shape (n_features, 3)
        Index ``feature``; columns ``t``, ``p`` (that feature alone) and ``p_fwe`` (over all features).
        NaN for a feature that the nuisance explains entirely.
    null_max_t : pandas.Series of shape (n_permutations,)
        Largest absolute t over all features, in each shuffle.
    null_n_nominal : pandas.Series of shape (n_permutations,)
        How many features have a two-sided uncorrected p below 0.05 by Student's t, in each shuffle.
    n_participants, n_features, n_permutations, n_blocks : int
        ``n_features`` counts the features that could be tested.
    tested : str
        Column of the design that was tested.
    """

    table: pd.DataFrame
    null_max_t: pd.Series
    null_n_nominal: pd.Series
    n_participants: int
    n_features: int
    n_permutations: int
    n_blocks: int
    tested: str

    @property
    def observed_max_t(self) -> float:
        """Largest absolute t of the unshuffled data."""
        return float(self.table["t"].abs().max())

    def find_threshold(self, alpha: float = 0.05) -> float:
        """Return the absolute t that a feature must reach for ``p_fwe <= alpha``.

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

    def to_frame(self) -> pd.DataFrame:
        """Return one row per feature, ready for a results table."""
        return self.table.copy()


def test_max_t(
    features: pd.DataFrame,
    design: pd.DataFrame,
    *,
    tested: str = "group",
    blocks: pd.Series | None = None,
    n_permutations: int,
    rng: np.random.Generator,
    chunk: int = 64,
) -> MaxTResult:
    """Test one column of a design on many features at once by Freedman-Lane permutation and max-T.

    Each feature is regressed on the nuisance (an intercept and the other columns of the design). What is
    left over is shuffled between people, and the t of the tested column is computed anew in the full
    model [1]_, [2]_.
    ``p_fwe`` compares a feature with the *largest* absolute t of each shuffle, so the chance of one or more
    false discoveries among all features stays at the level chosen, whatever their correlation [3]_.

    The observed labelling counts as one of the shuffles:
    ``p = (1 + number as extreme) / (1 + n_permutations)``.
    999 shuffles therefore resolve p down to 0.001; use 2,000 or more to read p near 0.05.

    Parameters
    ----------
    features : pandas.DataFrame of shape (n_participants, n_features)
        Index ``participant_id``; no missing value among the people of the design.
    design : pandas.DataFrame of shape (n_designed, n_terms)
        Index ``participant_id``; numeric, complete, without intercept. People in both tables are used.
    tested : str, default "group"
        Column of the design to test; the others are nuisance.
    blocks : pandas.Series, optional
        Exchangeability block (such as the study) of each participant: shuffles stay within it.
        None: one block.
    n_permutations : int
    rng : numpy.random.Generator
    chunk : int, default 64
        Shuffles computed at once. It bounds memory and does not change the answer.

    Returns
    -------
    MaxTResult

    Raises
    ------
    ValueError
        When nobody is shared, a value is missing, a participant has no block, the tested column follows from
        the others, or shuffling within blocks cannot change it.

    References
    ----------
    .. [1] Freedman D, Lane D (1983). A nonstochastic interpretation of reported significance levels.
       J Bus Econ Stat 1(4):292-298. doi:10.1080/07350015.1983.10509354
    .. [2] Winkler AM, Ridgway GR, Webster MA, Smith SM, Nichols TE (2014). Permutation inference for the
       general linear model. NeuroImage 92:381-397. doi:10.1016/j.neuroimage.2014.01.060
    .. [3] Westfall PH, Young SS (1993). Resampling-based multiple testing. Wiley. ISBN 0-471-55761-7

    Examples
    --------
    >>> ids = [f"sub-{i:02d}" for i in range(1, 9)]
    >>> design = pd.DataFrame({"group": [0, 0, 0, 0, 1, 1, 1, 1]}, index=ids)
    >>> values = {"far": [1, 2, 3, 4, 11, 12, 13, 14], "same": [1, 2, 3, 4, 1, 2, 3, 4]}
    >>> features = pd.DataFrame(values, index=ids)
    >>> result = test_max_t(features, design, n_permutations=199, rng=np.random.default_rng(1))
    >>> bool(result.table.loc["far", "p_fwe"] < 0.05), float(result.table.loc["same", "p_fwe"])
    (True, 1.0)
    """
    people = design.index.intersection(features.index, sort=False)
    values, terms, groups = _check_inputs(features, design, people, tested, blocks)
    model = _Model.fit(values, terms, tested)
    orders = draw_orders(groups, n_permutations=n_permutations, rng=rng)
    observed = model.partial_r2(np.arange(len(people))[None, :])[0]
    counts = _count_extremes(model, orders, observed, chunk)
    t = model.sign() * model.to_t(observed)
    table = pd.DataFrame(
        {"t": t, "p": counts.alone, "p_fwe": counts.over_all}, pd.Index(features.columns, name="feature")
    )
    table[["p", "p_fwe"]] = (1 + table[["p", "p_fwe"]]) / (1 + n_permutations)
    table.loc[~model.testable] = np.nan
    return MaxTResult(
        table=table,
        null_max_t=pd.Series(model.to_t(counts.largest_r2), name="max_abs_t"),
        null_n_nominal=pd.Series(counts.n_nominal, name="n_nominal"),
        n_participants=len(people),
        n_features=int(model.testable.sum()),
        n_permutations=n_permutations,
        n_blocks=len(np.unique(groups)),
        tested=tested,
    )


def shuffle_t(
    features: pd.DataFrame,
    design: pd.DataFrame,
    *,
    tested: str = "group",
    blocks: pd.Series | None = None,
    n_permutations: int,
    rng: np.random.Generator,
    chunk: int = 64,
) -> Iterator[np.ndarray]:
    """Give t of every feature, first as observed, then in chunks of shuffles; as :func:`test_max_t` computes them.

    Parameters
    ----------
    features, design, tested, blocks, n_permutations, rng, chunk
        As in :func:`test_max_t`.

    Yields
    ------
    numpy.ndarray of shape (n_orders, n_features)
        The first has one row.

    Raises
    ------
    ValueError
        As :func:`test_max_t`.

    Examples
    --------
    >>> features = pd.DataFrame({"x": [0.0, 2.0, 4.0, 6.0]}, index=list("abcd"))
    >>> design = pd.DataFrame({"group": [0, 0, 1, 1]}, index=list("abcd"))
    >>> chunks = list(shuffle_t(features, design, n_permutations=5, rng=np.random.default_rng(1)))
    >>> float(chunks[0][0, 0].round(6)), chunks[1].shape
    (2.828427, (5, 1))
    """
    people = design.index.intersection(features.index, sort=False)
    values, terms, groups = _check_inputs(features, design, people, tested, blocks)
    model = _Model.fit(values, terms, tested)
    orders = draw_orders(groups, n_permutations=n_permutations, rng=rng)
    yield model.signed_t(np.arange(len(people))[None, :])
    for start in range(0, len(orders), chunk):
        yield model.signed_t(orders[start : start + chunk])


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
        groups = _match_blocks(labels.index, blocks)
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
    for group in kinds if len(kinds) > 1 else ():
        places = np.flatnonzero(np.asarray(groups) == group)
        orders[:, places] = rng.permuted(orders[:, places], axis=1)
    return orders if len(kinds) > 1 else rng.permuted(orders, axis=1, out=orders)


@dataclass(frozen=True, eq=False)
class _Model:
    """Residuals of the features and of the tested column, and the nuisance they were freed from."""

    residuals: np.ndarray  # people x features, each of length 1
    direction: np.ndarray  # people, of length 1
    nuisance: np.ndarray  # people x rank, orthonormal
    testable: np.ndarray
    df: int

    @classmethod
    def fit(cls, values: np.ndarray, terms: pd.DataFrame, tested: str) -> _Model:
        others = np.column_stack([np.ones(len(terms)), terms.drop(columns=tested).to_numpy(float)])
        left, size, _ = np.linalg.svd(others, full_matrices=False)
        basis = left[:, size > RANK * size[0]]
        column = terms[tested].to_numpy(float)
        direction = column - basis @ (basis.T @ column)
        df = len(terms) - basis.shape[1] - 1
        if df < 1 or direction @ direction < RANK * max(1.0, column @ column):
            raise ValueError(
                f"'{tested}' cannot be tested: {count(len(terms), 'participant')}, and it is "
                "constant or follows from "
                f"{name_some(terms.columns.drop(tested)) or 'the intercept'}. Leave that covariate "
                "out, or add people."
            )
        residuals = values - basis @ (basis.T @ values)
        length = np.sqrt((residuals**2).sum(axis=0))
        testable = length > 1e-12 * np.sqrt((values**2).sum(axis=0)) * np.sqrt(len(terms))
        residuals = np.where(testable, residuals / np.where(testable, length, 1.0), 0.0)
        return cls(residuals, direction / np.sqrt(direction @ direction), basis, testable, df)

    def partial_r2(self, orders: np.ndarray) -> np.ndarray:
        """Return the share of variance the tested column explains, orders x features."""
        along, left = self._regress(orders)
        return np.divide(along**2, left, out=np.zeros_like(along), where=left > TIE)

    def signed_t(self, orders: np.ndarray) -> np.ndarray:
        """Return t of the tested column, orders x features."""
        along, left = self._regress(orders)
        r2 = np.divide(along**2, left, out=np.zeros_like(along), where=left > TIE)
        return np.sign(along) * self.to_t(r2)

    def _regress(self, orders: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the features along the tested column, and their variance that the nuisance leaves.

        Shuffling the residuals is the same as shuffling the columns they are multiplied with, back.
        """
        back = np.argsort(orders, axis=1)
        along = self.direction[back] @ self.residuals
        left = np.ones_like(along)
        for column in self.nuisance.T:
            left -= (column[back] @ self.residuals) ** 2
        return along, left

    def nominal_r2(self) -> float:
        t = stats.t.ppf(1 - NOMINAL / 2, self.df)
        return float(t**2 / (self.df + t**2))

    def sign(self) -> np.ndarray:
        return np.sign(self.direction @ self.residuals)

    def to_t(self, r2: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore"):
            return np.sqrt(self.df * r2 / np.maximum(1 - r2, 0.0))


class _Counts(NamedTuple):
    """What the shuffles gave: per feature, how often as extreme; per shuffle, its largest and its count."""

    alone: np.ndarray
    over_all: np.ndarray
    largest_r2: np.ndarray
    n_nominal: np.ndarray


def _count_extremes(model: _Model, orders: np.ndarray, observed: np.ndarray, chunk: int) -> _Counts:
    alone, over_all = np.zeros(observed.shape), np.zeros(observed.shape)
    largest, n_nominal = np.empty(len(orders)), np.empty(len(orders), int)
    for start in range(0, len(orders), chunk):
        part = slice(start, start + chunk)
        shuffled = model.partial_r2(orders[part])
        largest[part] = shuffled.max(axis=1)
        n_nominal[part] = (shuffled > model.nominal_r2()).sum(axis=1)
        alone += (shuffled >= observed - TIE).sum(axis=0)
        over_all += (largest[part, None] >= observed - TIE).sum(axis=0)
    return _Counts(alone, over_all, largest, n_nominal)


def _check_inputs(
    features: pd.DataFrame, design: pd.DataFrame, people: pd.Index, tested: str, blocks: pd.Series | None
) -> tuple[np.ndarray, pd.DataFrame, np.ndarray]:
    if people.empty:
        raise ValueError(
            "No participant is in both the features and the design. Are the ids spelled alike, e.g. sub-01?"
        )
    if tested not in design.columns:
        raise ValueError(f"The design has no column '{tested}'. It has: {name_some(design.columns)}.")
    values = features.loc[people].to_numpy(float)
    if features.columns.empty or np.isnan(values).any():
        holes = features.columns[np.isnan(values).any(axis=0)]
        raise ValueError(
            f"{count(len(holes), 'feature')} with a missing value "
            f"({name_some(holes) or 'there is no feature at all'}); a "
            "max-T test compares all features in the same people. Drop those features, or the "
            "people without them."
        )
    groups = np.zeros(len(people), int) if blocks is None else _match_blocks(people, blocks)
    if design.loc[people, tested].groupby(groups).nunique().max() < 2:
        raise ValueError(
            f"Every block holds a single value of '{tested}', so shuffling within blocks changes nothing. "
            "Use larger blocks, or leave blocks out."
        )
    return values, design.loc[people], groups


def _match_blocks(people: pd.Index, blocks: pd.Series) -> np.ndarray:
    groups = pd.factorize(blocks.reindex(people))[0]
    if (groups < 0).any():
        raise ValueError(
            f"{count(int((groups < 0).sum()), 'participant')} without a block: fill in the batch "
            "column for everyone, "
            "or leave them out of the design."
        )
    return groups
