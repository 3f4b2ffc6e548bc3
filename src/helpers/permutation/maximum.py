"""Many features and a design in, family-wise error out: max-T and max-F, one-sided or two-sided, stepping down."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from helpers.permutation.model import (
    ALTERNATIVES,
    Alternative,
    PermutationModel,
    Precision,
    prepare_model,
)
from helpers.permutation.p_values import Counts, count_part
from helpers.permutation.results import MaxTResult
from helpers.permutation.running import run_streams


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
        and correlations closer than that count as equal.
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
        tested=tested,
        blocks=blocks,
        whole_blocks=whole_blocks,
        n_permutations=n_permutations,
        rng=rng,
        signed=alternative != "two-sided",
        precision=precision,
    )
    return _test(model, tested, alternative, step_down, n_kept, n_workers, progress)


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
    work = partial(count_part, model, ascending if step_down else None, n_kept)
    total = Counts.empty(model, step_down, n_kept)
    for counted in run_streams(work, model.plan.n_streams, n_workers=n_workers, progress=progress):
        total.add(counted)
    n_permutations = model.plan.n_permutations
    sign = model.direction
    sign = -sign if alternative == "less" else sign
    unsigned = np.abs(model.to_statistic(model.observed))
    table = pd.DataFrame(
        {"t": sign * unsigned, "p": total.alone.astype(float)},
        pd.Index(model.features, name="feature"),
    )
    largest = np.concatenate(total.largest_r2)
    table["p_fwe"] = _count_above(largest, model.find_limits()).astype(float)
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
