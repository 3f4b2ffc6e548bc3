"""The whole pipeline on shuffled groups: what luck alone would give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from helpers.integration.batched_fits import Ints
from helpers.integration.folds import Design, codes_of, make_strata, read_settings
from helpers.integration.parallel import run_repeats
from helpers.integration.splsda import BlockSPLSDA
from helpers.integration.summary import STEADY, VOTE, balance_error, count_auc, count_steady
from helpers.integration.validation import IntegrationPerformance, add_choices, read_covariates
from helpers.permutation import find_log_odds, shuffle_clusters, shuffle_conditionally, shuffle_within


@dataclass(frozen=True, eq=False)
class PermutationNull:
    """The whole pipeline on shuffled groups.

    Attributes
    ----------
    null : pandas.DataFrame
        Shuffles x (blocks and "vote"): balanced error out of fold, mean over ``n_repeats``.
    observed : pandas.Series
        The balanced error of the real groups, mean over their first ``n_repeats`` repeats.
    p_value : pandas.Series
        (1 + shuffles at or below the observed error) / (1 + shuffles).
    lead : pandas.DataFrame
        Shuffles x blocks: how far a block's AUC is above the best other's; blank with one block or one person a fold.
    p_lead : pandas.Series
        (1 + shuffles with a lead as large as that of the real groups) / (1 + shuffles).
    n_steady : pandas.DataFrame
        Shuffles x blocks: how many features 80 % or more of a repeat's fold models select on component 1, mean
        over ``n_repeats``. Fold models share most of their people, so many are by chance.
    n_repeats : int
        Cross-validations of each shuffle, and of the real groups, behind the p-value.
    within : str or None
        Shuffled within the levels of this column.
    kept_with : tuple of str
        Covariates whose tie with the groups the shuffles keep.
    """

    null: pd.DataFrame
    observed: pd.Series
    p_value: pd.Series
    lead: pd.DataFrame
    p_lead: pd.Series
    n_steady: pd.DataFrame
    n_permutations: int
    n_repeats: int
    n_participants: int
    within: str | None
    kept_with: tuple[str, ...] = ()


def permute_groups(
    blocks: Mapping[str, pd.DataFrame],
    y: pd.Series,
    observed: IntegrationPerformance,
    *,
    model: BlockSPLSDA,
    rng: np.random.Generator,
    n_permutations: int = 1000,
    n_repeats: int = 1,
    transforms: Mapping[str, BaseEstimator] | None = None,
    batch: pd.Series | None = None,
    people: pd.Series | None = None,
    clusters: pd.Series | None = None,
    grid: Mapping[str, Sequence[int]] | None = None,
    designs: Sequence[Design] | None = None,
    n_inner_folds: int = 5,
    rule: str = "one_se",
    residualise: pd.DataFrame | None = None,
    covariates: pd.DataFrame | None = None,
    distance: str = "centroids",
    vote: str = "weighted",
    n_workers: int = 1,
) -> PermutationNull:
    """Shuffle the groups (within `batch`) and run the whole pipeline again, once per shuffle; baselines are left out.

    All samples of a person keep one group, so persons are shuffled. Clusters of equal size exchange their groups as wholes, and
    members among themselves.

    Luck in the folds adds to every error, and averaging over repeats takes it away. So an error is only compared
    with errors averaged over as many repeats: the real groups enter with their first `n_repeats` repeats, each
    shuffle with as many of its own. The test then rejects noise as often as it should; a mean of ten repeats set
    beside shuffles of one would reject too seldom, noise and signal alike. Settings other than `n_permutations` and `n_repeats`
    must be those of `cross_validate`.

    Parameters
    ----------
    blocks, y, model, transforms, batch, people, clusters, grid, designs, n_inner_folds, rule, residualise, distance, vote
        As in :func:`cross_validate`.
    covariates : pandas.DataFrame, optional
        Numeric and complete: shuffles keep how the groups go with these
        (:func:`helpers.permutation.shuffle_conditionally`). Plain shuffles break that tie, so that what the features know of a
        covariate may pass for what they know of the groups.
    observed : IntegrationPerformance
        From :func:`cross_validate`.
    rng : numpy.random.Generator
    n_permutations : int, default 1000
        With 19, 39, 99 or 999 shuffles the test is exact at the 5 % level; with 1,000 it is a hair more careful.
    n_repeats : int, default 1
        At most those of `observed`. More of them make the test more powerful.
    n_workers : int, default 1
        Threads; the numbers do not depend on it.

    Returns
    -------
    PermutationNull

    Raises
    ------
    ValueError
        More repeats than `observed` has, or every level of `batch` holds one group only.
    """
    settings, arrays, codes, _ = read_settings(
        blocks, y, model, transforms, distance, vote, observed.n_folds, people, clusters
    )
    settings = add_choices(settings, arrays, y.index, grid, designs, n_inner_folds, rule, residualise)
    levels = None if batch is None else codes_of(batch, y.index)
    _check_shuffles(codes, levels, batch, settings.persons, observed, n_repeats)

    streams = rng.spawn(n_permutations)
    log_odds, start = None, codes
    if (held := read_covariates(covariates, y.index)) is not None:
        log_odds = find_log_odds(codes, held)
        start = shuffle_groups(codes, levels, settings.persons, log_odds, settings.clusters, rng=rng.spawn(1)[0])
    shuffled = [
        shuffle_groups(start, levels, settings.persons, log_odds, settings.clusters, rng=stream) for stream in streams
    ]
    labelled = [(own, make_strata(own, y.index, batch)) for own in shuffled for _ in range(n_repeats)]
    each = [stream for stream in streams for _ in range(n_repeats)]
    repeats = run_repeats(arrays, labelled, settings, observed.n_folds, each, n_workers)
    of_shuffle = [repeats[i * n_repeats : (i + 1) * n_repeats] for i in range(n_permutations)]
    errors = [
        np.mean([balance_error(repeat.wrong, own) for repeat in found], axis=0)
        for own, found in zip(shuffled, of_shuffle, strict=True)
    ]
    steady = [np.mean([count_steady(repeat, at_least=STEADY) for repeat in found], axis=0) for found in of_shuffle]
    null = pd.DataFrame(list(errors), columns=[*settings.names, VOTE]).rename_axis("shuffle")
    lead = lead_over_others(
        pd.DataFrame([count_auc(found)[: len(settings.names)] for found in of_shuffle], columns=settings.names)
    )
    first = observed.repeats[observed.repeats["repeat"] <= n_repeats].groupby("block")[["balanced_error", "auc"]].mean()
    real = first["balanced_error"].reindex(null.columns)
    real_lead = lead_over_others(first["auc"].reindex(settings.names).to_frame().T).iloc[0]
    at_or_below = (null <= real + 1e-12).sum()
    as_large = (lead >= real_lead - 1e-12).sum()
    return PermutationNull(
        null=null,
        observed=real,
        p_value=((1 + at_or_below) / (1 + n_permutations)).rename("p_permutation"),
        lead=lead.rename_axis("shuffle"),
        p_lead=((1 + as_large) / (1 + n_permutations)).where(real_lead.notna()).rename("p_lead"),
        n_steady=pd.DataFrame(list(steady), columns=settings.names).rename_axis("shuffle"),
        n_permutations=n_permutations,
        n_repeats=n_repeats,
        n_participants=observed.n_participants,
        within=None if batch is None else str(batch.name or "batch"),
        kept_with=() if log_odds is None else tuple(map(str, covariates.columns)),
    )


def lead_over_others(aucs: pd.DataFrame) -> pd.DataFrame:
    """Return how far each column is above the largest of the others, row by row; blank where it stands alone.

    Examples
    --------
    >>> lead_over_others(pd.DataFrame({"brain": [0.75], "gut": [0.5], "blood": [0.5]})).iloc[0].to_dict()
    {'brain': 0.25, 'gut': -0.25, 'blood': -0.25}
    """
    others = {name: aucs.drop(columns=name).max(axis=1) for name in aucs.columns}
    return aucs - pd.DataFrame(others, index=aucs.index, columns=aucs.columns)


def _check_shuffles(
    codes: NDArray[np.intp],
    levels: NDArray[np.intp] | None,
    batch: pd.Series | None,
    persons: Ints | None,
    observed: IntegrationPerformance,
    n_repeats: int,
) -> None:
    if not 1 <= n_repeats <= observed.n_repeats:
        raise ValueError(
            f"n_repeats is {n_repeats}; expected 1 to {observed.n_repeats}, the repeats of the cross-validation "
            "that the shuffles are compared with."
        )
    if levels is not None and pd.Series(codes).groupby(levels).nunique().max() < 2:
        raise ValueError(
            f"Every level of {batch.name or 'batch'} holds one group only, so shuffling within it changes "
            f"nothing: group and batch cannot be told apart in this cohort."
        )
    if levels is not None and persons is not None and pd.Series(levels).groupby(persons).nunique().max() > 1:
        raise ValueError(
            f"Samples of one person differ in {batch.name or 'batch'}, so whole persons cannot be shuffled within it."
        )


def shuffle_groups(
    codes: Ints,
    levels: Ints | None,
    persons: Ints | None,
    log_odds: NDArray[np.float64] | None = None,
    clusters: Ints | None = None,
    *,
    rng: np.random.Generator,
) -> Ints:
    """Shuffle groups between persons, within levels; all samples of a person get one group.

    With `log_odds` (of the second group, by sample), labellings are as likely as these make them. Clusters of equal size exchange
    their groups as wholes, members among themselves.

    Examples
    --------
    >>> shuffle_groups(np.array([0, 0, 1]), None, np.array([5, 5, 8]), rng=np.random.default_rng(3)).tolist()
    [1, 1, 0]
    """
    if clusters is not None:
        odds = np.zeros(len(codes)) if log_odds is None else log_odds
        return shuffle_clusters(codes, odds, clusters, levels, rng=rng)
    everyone = np.arange(len(codes)) if persons is None else persons
    _, first, person = np.unique(everyone, return_index=True, return_inverse=True)
    own = None if levels is None else levels[first]
    if log_odds is None:
        return shuffle_within(codes[first], own, rng=rng)[person]
    return shuffle_conditionally(codes[first], log_odds[first], own, rng=rng)[person]
