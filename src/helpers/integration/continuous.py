"""How well blocks explain a measured outcome in people the model has not seen: the continuous twin of the validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.linear_model import RidgeCV

from helpers.integration.baselines import COVARIATES, PENALTIES, rotate_people
from helpers.integration.batched_fits import Array, Ints, add_intercept
from helpers.integration.continuous_summary import ALL_BLOCKS, MEAN, measure, summarise_outcome, tabulate_outcome
from helpers.integration.fold_preprocessing import divide_splits, fill_blanks, fit_splits, fold_blocks
from helpers.integration.folds import (
    FoldSettings,
    Split,
    codes_of,
    count_repeats,
    deal_folds,
    list_splits,
    quarter_outcome,
    read_outcome_settings,
)
from helpers.integration.parallel import SPLITS_AT_ONCE
from helpers.integration.prediction import predict_many
from helpers.integration.spls import BlockSPLS
from helpers.integration.tuning import tune_inside
from helpers.integration.validation import add_choices, fit_everyone, read_covariates
from helpers.permutation import draw_nested_orders, on_one_blas_thread, shuffle_within
from helpers.workers import run_tasks

OUTCOME_RIVALS = ("ridge",)


@dataclass(frozen=True, eq=False)
class OutcomePerformance:
    """How well an outcome is predicted out of fold.

    Attributes
    ----------
    performance : pandas.DataFrame
        Index ``block``: each block, "all blocks" (their mean, weighted as a vote would be), the baselines ("ridge", "covariates
        only") and "mean" (everyone is given the training mean). Columns: ``role``; ``q2``, 1 minus squared error of
        prediction over squared distance to the mean (1 perfect, 0 no better than the mean, below 0 worse), with a 95 % interval from
        the spread between folds (``q2_low``, ``q2_high``; :func:`helpers.intervals.bound_over_folds`); ``r``,
        ``spearman``, correlations of predicted and measured; ``rmse``, root mean squared error in the outcome's unit. All are means over
        repeats, with the range of 95 % of repeats (``_repeat_low``, ``_repeat_high``); ``q2_training``, of the model on the people it was fitted on.
    repeats : pandas.DataFrame
        One row per repeat and block with the four measures.
    model : BlockSPLS
        Fitted on everyone.
    outcome : str
    n_participants, n_samples, n_folds, n_repeats : int
    adjusted_for : tuple of str
    choices : pandas.DataFrame
        Per fold: ``repeat``, ``fold``, ``<block>_comp<h>``, the counts kept.
    """

    performance: pd.DataFrame
    repeats: pd.DataFrame
    model: BlockSPLS
    outcome: str
    n_participants: int
    n_samples: int
    n_folds: int
    n_repeats: int
    adjusted_for: tuple[str, ...]
    choices: pd.DataFrame


@dataclass(frozen=True, eq=False)
class OutcomeNull:
    """The whole pipeline on shuffled outcomes.

    Attributes
    ----------
    null : pandas.DataFrame
        Shuffles x (blocks and "all blocks"): Q² out of fold, mean over ``n_repeats``.
    observed : pandas.Series
        Q² of the real outcome, mean over its first ``n_repeats`` repeats.
    p_value : pandas.Series
        (1 + shuffles at or above the observed Q²) / (1 + shuffles).
    n_permutations, n_repeats, n_participants : int
    within : str or None
    """

    null: pd.DataFrame
    observed: pd.Series
    p_value: pd.Series
    n_permutations: int
    n_repeats: int
    n_participants: int
    within: str | None


@on_one_blas_thread
def cross_validate_outcome(
    blocks: Mapping[str, pd.DataFrame],
    y: pd.Series,
    *,
    model: BlockSPLS,
    rng: np.random.Generator,
    n_folds: int = 5,
    n_repeats: int = 10,
    transforms: Mapping[str, BaseEstimator] | None = None,
    batch: pd.Series | None = None,
    people: pd.Series | None = None,
    clusters: pd.Series | None = None,
    covariates: pd.DataFrame | None = None,
    baselines: Sequence[str] = OUTCOME_RIVALS,
    grid: Mapping[str, Sequence[int]] | None = None,
    n_inner_folds: int = 5,
    rule: str = "one_se",
    residualise: pd.DataFrame | None = None,
    n_workers: int = 1,
) -> OutcomePerformance:
    """Validate a model of a measured outcome by repeated cross-validation, every data-dependent step inside the folds.

    Folds are balanced on quarters of the outcome (and on the batch). Ranges over repeats see the folds' luck alone, not that of the people.

    Parameters
    ----------
    blocks, transforms, batch, people, clusters, covariates, grid, n_inner_folds, rule, residualise, n_workers
        As in :func:`helpers.integration.cross_validate`. A person's samples may differ in the outcome. The grid is scored by 1 - Q².
    y : pandas.Series
        The outcome, numeric and complete, index ``participant_id``.
    model : BlockSPLS
        Unfitted; cloned.
    rng : numpy.random.Generator
    n_folds, n_repeats : int
        As many folds as people leave out one at a time, once.
    baselines : sequence of {"ridge"}
        Ridge on all features side by side, the penalty chosen inside the training set.

    Returns
    -------
    OutcomePerformance
        Predictions of held-out people, and what they are worth: Q², r, error.

    Raises
    ------
    ValueError
        If people do not match, the outcome is blank or the same for all, or a setting names what is not there.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> ids = [f"sub-{i:02d}" for i in range(40)]
    >>> y = pd.Series(np.arange(40.0), ids, name="resilience")
    >>> blocks = {b: pd.DataFrame(rng.normal(size=(40, 3)) + y.to_numpy()[:, None], ids) for b in ("brain", "gut")}
    >>> result = cross_validate_outcome(blocks, y, model=BlockSPLS(1), rng=np.random.default_rng(2), n_repeats=2)
    >>> bool(result.performance.loc["all blocks", "q2"] > 0.95)
    True
    """
    settings, arrays, values = read_outcome_settings(blocks, y, model, transforms, people, clusters, n_folds)
    settings = add_choices(settings, arrays, y.index, grid, None, n_inner_folds, rule, residualise)
    if unknown := [name for name in baselines if name not in OUTCOME_RIVALS]:
        raise ValueError(
            f"baselines names {', '.join(map(str, unknown))}; expected some of {', '.join(OUTCOME_RIVALS)}."
        )
    settings = replace(settings, baselines=tuple(baselines), covariates=read_covariates(covariates, y.index))
    _check_folds(settings, len(values), n_folds)
    strata = quarter_outcome(values, y.index, batch)
    n_repeats = count_repeats(strata, settings.persons, n_folds, n_repeats)
    found = _run_repeats(arrays, [(values, strata)] * n_repeats, settings, n_folds, rng.spawn(n_repeats), n_workers)
    everyone = np.arange(len(values))
    whole = _Job([Split(everyone, everyone, values)], strata, [rng.spawn(1)[0]])
    (training,) = _run_jobs(arrays, settings, [whole])
    names = _name_scorers(settings)
    table = summarise_outcome([one.predicted for one in found], [one.fold_of for one in found], values, names)
    table["q2_training"] = measure(training.predicted, values)["q2"]
    return OutcomePerformance(
        table,
        tabulate_outcome([one.predicted for one in found], values, names),
        fit_everyone(blocks, y, settings, training.keep[0]),
        str(y.name or "outcome"),
        len(values) if settings.persons is None else len(np.unique(settings.persons)),
        len(values),
        n_folds,
        n_repeats,
        () if residualise is None else tuple(map(str, residualise.columns)),
        _tabulate_keep(found, settings.names),
    )


def permute_outcome(
    blocks: Mapping[str, pd.DataFrame],
    y: pd.Series,
    observed: OutcomePerformance,
    *,
    model: BlockSPLS,
    rng: np.random.Generator,
    n_permutations: int = 1000,
    n_repeats: int = 1,
    transforms: Mapping[str, BaseEstimator] | None = None,
    batch: pd.Series | None = None,
    clusters: pd.Series | None = None,
    grid: Mapping[str, Sequence[int]] | None = None,
    n_inner_folds: int = 5,
    rule: str = "one_se",
    residualise: pd.DataFrame | None = None,
    n_workers: int = 1,
) -> OutcomeNull:
    """Shuffle the outcome between people (within `batch`) and run the whole pipeline again, once per shuffle.

    As in :func:`helpers.integration.permute_groups`, the real outcome enters with as many repeats as each shuffle has.

    Parameters
    ----------
    blocks, y, model, transforms, batch, clusters, grid, n_inner_folds, rule, residualise, n_workers
        As in :func:`cross_validate_outcome`.
    observed : OutcomePerformance
        From :func:`cross_validate_outcome`.
    rng : numpy.random.Generator
    n_permutations : int, default 1000
    n_repeats : int, default 1
        At most those of `observed`.

    Returns
    -------
    OutcomeNull
        What each permutation gave, and p-values of the observed.

    Raises
    ------
    ValueError
        More repeats than `observed` has, or several samples per person, whose outcomes cannot change hands.
    """
    if observed.n_samples != observed.n_participants:
        raise ValueError("Some people gave several samples, so outcomes cannot be shuffled between people.")
    if not 1 <= n_repeats <= observed.n_repeats:
        raise ValueError(f"n_repeats is {n_repeats}; expected 1 to {observed.n_repeats}, the repeats of `observed`.")
    settings, arrays, values = read_outcome_settings(blocks, y, model, transforms, None, clusters)
    settings = add_choices(settings, arrays, y.index, grid, None, n_inner_folds, rule, residualise)
    levels = None if batch is None else codes_of(batch, y.index)
    streams = rng.spawn(n_permutations)
    shuffled = [_shuffle(values, levels, settings.clusters, rng=stream) for stream in streams]
    labelled = [(own, quarter_outcome(own, y.index, batch)) for own in shuffled for _ in range(n_repeats)]
    each = [stream for stream in streams for _ in range(n_repeats)]
    found = _run_repeats(arrays, labelled, settings, observed.n_folds, each, n_workers)
    columns = [*settings.names, ALL_BLOCKS]
    q2 = [measure(one.predicted[:, : len(columns)], own)["q2"] for one, (own, _) in zip(found, labelled, strict=True)]
    null = pd.DataFrame(np.reshape(q2, (n_permutations, n_repeats, -1)).mean(axis=1), columns=columns)
    first = observed.repeats[observed.repeats["repeat"] <= n_repeats]
    real = first.groupby("block")["q2"].mean().reindex(columns)
    p_value = ((1 + (null >= real - 1e-12).sum()) / (1 + n_permutations)).rename("p_permutation")
    within = None if batch is None else str(batch.name or "batch")
    return OutcomeNull(
        null.rename_axis("shuffle"), real, p_value, n_permutations, n_repeats, observed.n_participants, within
    )


def _shuffle(values: Array, levels: Ints | None, clusters: Ints | None, *, rng: np.random.Generator) -> Array:
    """Shuffle outcomes between people, or between clusters of equal size and between members of a cluster."""
    if clusters is None:
        return shuffle_within(values, levels, rng=rng)
    blocks = np.zeros(len(values), int) if levels is None else levels
    return values[draw_nested_orders(blocks, clusters, n_permutations=1, rng=rng)[0]]


@dataclass(frozen=True, eq=False)
class _Job:
    """The folds of one repeat, what inner folds are balanced on, and the chance of each fold."""

    splits: list[Split]
    strata: Ints
    streams: list[np.random.Generator]


@dataclass(frozen=True, eq=False)
class _Found:
    """Predictions of everyone when held out (people, scorers), in which fold, and per fold the counts kept by block and component."""

    predicted: Array
    fold_of: Ints
    keep: list[list[list[int]]]


def _name_scorers(settings: FoldSettings) -> list[str]:
    baselines = [*settings.baselines, *([] if settings.covariates is None else [COVARIATES])]
    return [*settings.names, ALL_BLOCKS, *baselines, MEAN]


def _run_repeats(
    arrays: list[Array],
    labelled: Sequence[tuple[Array, Ints]],
    settings: FoldSettings,
    n_folds: int,
    streams: Sequence[np.random.Generator],
    n_workers: int,
) -> list[_Found]:
    jobs = []
    for (values, strata), rng in zip(labelled, streams, strict=True):
        folds = deal_folds(strata, settings.held, n_folds=n_folds, rng=rng)
        jobs.append(_Job(list_splits(folds, values), strata, rng.spawn(n_folds)))
    size = 1 if settings.search else max(1, SPLITS_AT_ONCE // n_folds)
    shares = [jobs[i : i + size] for i in range(0, len(jobs), size)]
    parts = run_tasks(_run_jobs, shares, shared=[arrays, settings], n_workers=n_workers)
    return [found for part in parts for found in part]


def _run_jobs(arrays: list[Array], settings: FoldSettings, jobs: Sequence[_Job]) -> list[_Found]:
    """Run the folds of some repeats, fitted together."""
    keep = [_choose_keep(arrays, settings, job) for job in jobs]
    splits, counts = [split for job in jobs for split in job.splits], [own for kept in keep for own in kept]
    held_out = [
        found
        for rows in divide_splits(arrays, len(splits), settings)
        for found in _predict_together(arrays, splits[rows], settings, counts[rows])
    ]
    results = []
    for job, kept in zip(jobs, keep, strict=True):
        predicted, fold_of = np.empty((len(arrays[0]), len(_name_scorers(settings)))), np.zeros(len(arrays[0]), np.intp)
        for number, split in enumerate(job.splits):
            fold_of[split.test], predicted[split.test] = number, held_out.pop(0)
        results.append(_Found(predicted, fold_of, kept))
    return results


def _choose_keep(arrays: list[Array], settings: FoldSettings, job: _Job) -> list[list[list[int]]]:
    """Return, per fold, the counts to keep by block and component: the model's, or chosen inside the training set."""
    if settings.search is None:
        counts = settings.model.read_keep(settings.names, [values.shape[1] for values in arrays], 1)
        return [[own[0].tolist() for own in counts]] * len(job.splits)
    tuned = [
        tune_inside(arrays, split, job.strata, settings, stream).keep
        for split, stream in zip(job.splits, job.streams, strict=True)
    ]
    return [[own[name] for name in settings.names] for own in tuned]


def _predict_together(
    arrays: list[Array], splits: Sequence[Split], settings: FoldSettings, keep: list[list[list[int]]]
) -> list[Array]:
    """Return the predictions of each split's held-out people: (people, scorers)."""
    blocks = fold_blocks(arrays, splits, settings)
    values = np.stack([split.codes for split in splits])
    counts = [np.array(own, np.intp) for own in zip(*keep, strict=True)]
    fits = fit_splits(blocks, values, settings, keep=counts)
    found = predict_many(fits, fits.plain, list(range(len(blocks))), codes=None)
    whole, predicted = found.average_response(), []
    for i, split in enumerate(splits):
        test, train = split.test, split.train
        columns = [*found.responses[:, i, test, 0], whole[i, test, 0]]
        if settings.baselines:
            rotated, size = rotate_people(np.hstack([block.standardise_everyone(i) for block in blocks]), train)
            ridge = RidgeCV(alphas=PENALTIES * size).fit(rotated[train], split.codes[train])
            columns.append(ridge.predict(rotated[test]))
        if settings.covariates is not None:
            columns.append(_predict_from_covariates(settings.covariates, split))
        predicted.append(np.column_stack([*columns, np.full(len(test), split.codes[train].mean())]))
    return predicted


def _predict_from_covariates(covariates: Array, split: Split) -> Array:
    """Least squares on covariates, blanks filled inside the fold."""
    rows = np.zeros(len(covariates), bool)
    rows[split.train] = True
    terms = add_intercept(fill_blanks(covariates, rows, everyone=True))
    return terms[split.test] @ np.linalg.lstsq(terms[split.train], split.codes[split.train], rcond=None)[0]


def _check_folds(settings: FoldSettings, n_samples: int, n_folds: int) -> None:
    n_people = n_samples if settings.persons is None else len(np.unique(settings.persons))
    limit = n_people // 4
    if not 2 <= n_folds <= limit and n_folds != n_people:
        raise ValueError(
            f"n_folds is {n_folds}; expected 2 to {limit}: {n_people} people, at least 4 in each fold; or {n_people}, which "
            "leaves out one person at a time."
        )


def _tabulate_keep(found: list[_Found], names: list[str]) -> pd.DataFrame:
    rows = [
        {"repeat": number, "fold": fold}
        | {
            f"{name}_comp{h}": kept
            for name, own in zip(names, counts, strict=True)
            for h, kept in enumerate(own, start=1)
        }
        for number, one in enumerate(found, start=1)
        for fold, counts in enumerate(one.keep, start=1)
    ]
    return pd.DataFrame(rows)
