"""Many features and a design in, family-wise error out: max-T and max-F, one-sided or two-sided, stepping down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pandas as pd

from helpers.permutation.model import (
    ALTERNATIVES,
    DTYPES,
    TIE,
    TIES,
    Alternative,
    PermutationModel,
    Precision,
    prepare_flips,
    prepare_model,
)
from helpers.permutation.running import run_streams
from helpers.permutation.tails import approximate_tail

NOMINAL = 0.05


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


def test_max_t(
    features: pd.DataFrame,
    design: pd.DataFrame,
    *,
    tested: str = "group",
    blocks: pd.Series | None = None,
    n_permutations: int,
    rng: np.random.Generator,
    alternative: Alternative = "two-sided",
    whole_blocks: bool = False,
    step_down: bool = False,
    n_kept: int = 0,
    precision: Precision = "double",
    n_workers: int | None = 1,
    progress: bool = False,
) -> MaxTResult:
    """Test one column of a design on many features at once by Freedman-Lane permutation and max-T.

    Each feature is regressed on the nuisance (an intercept and the other columns of the design). What is
    left over is shuffled between people, and the t of the tested column is computed anew in the full
    model [1]_, [2]_.
    ``p_fwe`` compares a feature with the *largest* absolute t of each shuffle, so the chance of one or more
    false discoveries among all features stays at the level chosen, whatever their correlation [3]_.
    ``p_step_down`` compares a feature only with those that are no stronger than itself, which finds more at the same
    level [3]_.

    The observed labelling counts as one of the shuffles:
    ``p = (1 + number as extreme) / (1 + n_permutations)``.
    999 shuffles therefore resolve p down to 0.001; use 2,000 or more to read p near 0.05. When the design has no more
    than ``n_permutations + 1`` distinct arrangements, each is used once and p is exact.

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
        Memory does not grow with it, but for one number per shuffle.
    rng : numpy.random.Generator
    alternative : {"two-sided", "greater", "less"}, default "two-sided"
        One-sided: only effects of that sign count.
    whole_blocks : bool, default False
        True: blocks of equal size change places as wholes, and nobody changes place within one. For repeated
        measures, where the block is a person and the tested column differs between persons.
    step_down : bool, default False
        True: add ``p_step_down``.
    n_kept : int, default 0
        How many of the largest shuffled statistics to keep for each feature, for ``p_tail`` of
        :meth:`MaxTResult.approximate_small_p`; 250 is a good choice.
    precision : {"double", "single"}, default "double"
        Single halves time and memory. The observed t stays double; a shuffled R² is then off by less than 1e-6,
        and closer ones count as equal.
    n_workers : int or None, default 1
        Threads; None: as ``joblib.parallel_config`` says. It never changes a number.
    progress : bool, default False
        True: show a bar.

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
    Four and four people can be arranged in 70 ways; two of them separate the first feature as well as this one:

    >>> ids = [f"sub-{i:02d}" for i in range(1, 9)]
    >>> design = pd.DataFrame({"group": [0, 0, 0, 0, 1, 1, 1, 1]}, index=ids)
    >>> values = {"far": [1, 2, 3, 4, 11, 12, 13, 14], "same": [1, 2, 3, 4, 1, 2, 3, 4]}
    >>> features = pd.DataFrame(values, index=ids)
    >>> result = test_max_t(features, design, n_permutations=199, rng=np.random.default_rng(1))
    >>> bool(result.table.loc["far", "p"] == 2 / 70), float(result.table.loc["same", "p_fwe"]), result.exact
    (True, 1.0, True)
    """
    model = prepare_model(
        features,
        _turn(design, tested, alternative),
        tested=[tested],
        blocks=blocks,
        whole_blocks=whole_blocks,
        n_permutations=n_permutations,
        rng=rng,
        signed=alternative != "two-sided",
        precision=precision,
    )
    return _test(model, tested, alternative, step_down, n_kept, n_workers, progress)


def test_max_f(
    features: pd.DataFrame,
    design: pd.DataFrame,
    *,
    tested: Sequence[str],
    blocks: pd.Series | None = None,
    n_permutations: int,
    rng: np.random.Generator,
    whole_blocks: bool = False,
    step_down: bool = False,
    n_kept: int = 0,
    precision: Precision = "double",
    n_workers: int | None = 1,
    progress: bool = False,
) -> MaxTResult:
    """Test several columns of a design together on many features at once: as :func:`test_max_t`, with F.

    Parameters
    ----------
    features, design, blocks, n_permutations, rng, whole_blocks, step_down, n_kept, precision, n_workers, progress
        As for :func:`test_max_t`.
    tested : sequence of str
        Columns of the design to test together, such as the dummies of three groups.

    Returns
    -------
    MaxTResult
        Column ``f`` in place of ``t``.

    Raises
    ------
    ValueError
        As :func:`test_max_t`.

    Examples
    --------
    >>> ids = list("abcdef")
    >>> design = pd.DataFrame({"second": [0, 0, 1, 1, 0, 0], "third": [0, 0, 0, 0, 1, 1]}, index=ids)
    >>> features = pd.DataFrame({"x": [1.0, 3.0, 2.0, 4.0, 7.0, 9.0]}, index=ids)
    >>> result = test_max_f(features, design, tested=["second", "third"], n_permutations=99,
    ...                     rng=np.random.default_rng(1))
    >>> float(result.table.loc["x", "f"].round(3)), result.n_permutations
    (10.333, 89)
    """
    model = prepare_model(
        features,
        design,
        tested=tested,
        blocks=blocks,
        whole_blocks=whole_blocks,
        n_permutations=n_permutations,
        rng=rng,
        precision=precision,
    )
    return _test(model, ", ".join(tested), "two-sided", step_down, n_kept, n_workers, progress)


def test_mean_max_t(
    features: pd.DataFrame,
    covariates: pd.DataFrame | None = None,
    *,
    blocks: pd.Series | None = None,
    n_permutations: int,
    rng: np.random.Generator,
    alternative: Alternative = "two-sided",
    step_down: bool = False,
    n_kept: int = 0,
    precision: Precision = "double",
    n_workers: int | None = 1,
    progress: bool = False,
) -> MaxTResult:
    """Test whether the means of many features differ from zero, by flipping signs: one sample, or differences in pairs.

    The errors need to be symmetric about zero, not normal.

    Parameters
    ----------
    features : pandas.DataFrame of shape (n_participants, n_features)
        Index ``participant_id``; no missing value.
    covariates : pandas.DataFrame of shape (n_designed, n_covariates), optional
        Numeric, complete; centred, so that the mean tested is that at average covariates. None: everyone.
    blocks : pandas.Series, optional
        People of one block (such as a family) are flipped together. None: each person alone.
    n_permutations : int
    rng : numpy.random.Generator
    alternative, step_down, n_kept, precision, n_workers, progress
        As for :func:`test_max_t`.

    Returns
    -------
    MaxTResult
        ``tested`` is ``mean``.

    Raises
    ------
    ValueError
        As :func:`test_max_t`.

    Examples
    --------
    Three people have 8 patterns of signs; two of them are as extreme as all three above zero:

    >>> features = pd.DataFrame({"x": [1.0, 2.0, 3.0]}, index=["a", "b", "c"])
    >>> result = test_mean_max_t(features, n_permutations=99, rng=np.random.default_rng(1))
    >>> float(result.table.loc["x", "p"])
    0.25
    """
    _check_alternative(alternative)
    model = prepare_flips(
        -features if alternative == "less" else features,
        covariates,
        blocks=blocks,
        n_permutations=n_permutations,
        rng=rng,
        signed=alternative != "two-sided",
        precision=precision,
    )
    return _test(model, "mean", alternative, step_down, n_kept, n_workers, progress)


def _check_alternative(alternative: str) -> None:
    if alternative not in ALTERNATIVES:
        raise ValueError(f"alternative is '{alternative}'; it must be one of {', '.join(ALTERNATIVES)}.")


def _turn(design: pd.DataFrame, tested: str, alternative: Alternative) -> pd.DataFrame:
    """Turn the sign of the tested column for "less", so that large is always extreme."""
    _check_alternative(alternative)
    if alternative != "less" or tested not in design.columns:
        return design
    return design.assign(**{tested: -design[tested].astype(float)})


def _test(
    model: PermutationModel,
    tested: str,
    alternative: Alternative,
    step_down: bool,
    n_kept: int,
    n_workers: int | None,
    progress: bool,
) -> MaxTResult:
    ascending = np.argsort(model.observed, kind="stable")
    work = partial(_count_part, model, ascending if step_down else None, n_kept)
    total = _Counts.empty(model, step_down, n_kept)
    for counted in run_streams(work, model.plan.n_streams, n_workers=n_workers, progress=progress):
        total.add(counted)
    n_permutations = model.plan.n_permutations
    sign = model.direction if model.n_tested == 1 else 1.0
    sign = -sign if alternative == "less" else sign
    unsigned = np.abs(model.to_statistic(model.observed))
    table = pd.DataFrame(
        {"f" if model.n_tested > 1 else "t": sign * unsigned, "p": total.alone.astype(float)},
        pd.Index(model.features, name="feature"),
    )
    largest = np.concatenate(total.largest_r2)
    table["p_fwe"] = _count_above(largest, model.observed - TIES[model.precision]).astype(float)
    if step_down:
        strongest_first = np.maximum.accumulate(total.stepped[ascending[::-1]])
        table["p_step_down"] = strongest_first[::-1][np.argsort(ascending)].astype(float)
    table.iloc[:, 1:] = (1 + table.iloc[:, 1:]) / (1 + n_permutations)
    table.loc[~model.testable] = np.nan
    kept = model.to_statistic(total.kept)
    return MaxTResult(
        table=table,
        null_max_t=pd.Series(model.to_statistic(largest), name="max_abs_t"),
        null_n_nominal=pd.Series(np.concatenate(total.n_nominal), name="n_nominal"),
        n_participants=model.n_people,
        n_features=int(model.testable.sum()),
        n_permutations=n_permutations,
        n_blocks=model.n_blocks,
        tested=tested,
        alternative=alternative,
        exact=model.plan.exact,
        largest=pd.DataFrame(kept, columns=model.features) if n_kept else pd.DataFrame(),
    )


def _count_above(values: np.ndarray, limits: np.ndarray) -> np.ndarray:
    """Count, for each limit, the values at or above it."""
    return len(values) - np.searchsorted(np.sort(values), limits, side="left")


@dataclass(eq=False)
class _Counts:
    """What shuffles gave: per feature how often as extreme; per shuffle its largest and how many are nominal."""

    alone: np.ndarray
    stepped: np.ndarray
    kept: np.ndarray
    largest_r2: list[np.ndarray]
    n_nominal: list[np.ndarray]

    @classmethod
    def empty(cls, model: PermutationModel, step_down: bool, n_kept: int) -> _Counts:
        n_features = model.residuals.shape[1]
        n_kept = min(n_kept, model.plan.n_permutations)
        return cls(
            np.zeros(n_features, np.int64),
            np.zeros(n_features if step_down else 0, np.int64),
            np.full((n_kept, n_features if n_kept else 0), -np.inf),
            [],
            [],
        )

    def add(self, other: _Counts) -> None:
        self.alone += other.alone
        self.stepped += other.stepped
        self.largest_r2 += other.largest_r2
        self.n_nominal += other.n_nominal
        self.keep(other.kept, slice(None))

    def keep(self, values: np.ndarray, columns: slice) -> None:
        if len(self.kept):
            both = np.vstack([self.kept[:, columns], values])
            self.kept[:, columns] = np.sort(both, axis=0)[-len(self.kept) :]


def _count_part(model: PermutationModel, ascending: np.ndarray | None, n_kept: int, streams: range) -> _Counts:
    """Count over some streams. With ``ascending``, features come from the weakest to the strongest, to step down."""
    counts = _Counts.empty(model, ascending is not None, n_kept)
    tie, nominal = TIES[model.precision], DTYPES[model.precision](model.nominal_r2(NOMINAL))
    limits = (model.observed - tie).astype(DTYPES[model.precision])
    for stream in streams:
        rearranged = model.rearrange(stream)
        n_drawn = len(rearranged) // len(model.terms)
        largest, n_nominal = np.full(n_drawn, -np.inf), np.zeros(n_drawn, int)
        everything = []
        for tile in model.list_tiles():
            r2 = model.explain(rearranged, tile)
            if model.signed:
                r2[:, ~model.testable[tile]] = -1
            counts.alone[tile] += _count_rows(r2 >= limits[tile])
            n_nominal += (r2 > nominal).sum(axis=1)
            np.maximum(largest, r2.max(axis=1), out=largest)
            counts.keep(r2, tile)
            if ascending is not None:
                everything.append(r2.copy())
        if ascending is not None:
            stepped = np.maximum.accumulate(np.hstack(everything)[:, ascending], axis=1)
            counts.stepped[ascending] += _count_rows(stepped >= limits[ascending])
        counts.largest_r2.append(largest)
        counts.n_nominal.append(n_nominal)
    return counts


def _count_rows(mask: np.ndarray) -> np.ndarray:
    """Count the rows of each column that are true; a stream has fewer than 256 rows, so bytes suffice."""
    return np.add.reduce(mask.view(np.uint8), axis=0, dtype=np.uint8)
