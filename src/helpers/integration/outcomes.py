"""How well blocks explain a measured outcome in people the model has not seen: the continuous twin of the validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from scipy.stats import rankdata
from sklearn.base import BaseEstimator
from sklearn.linear_model import RidgeCV

from helpers.integration.folded import Array, Ints
from helpers.integration.folds import (
    FoldSettings,
    Split,
    codes_of,
    deal_folds,
    list_splits,
    quarter_outcome,
    read_outcome_settings,
)
from helpers.integration.inside import divide_splits, fill_blanks, fit_splits, fold_blocks
from helpers.integration.prediction import predict_many
from helpers.integration.rivals import COVARIATES, PENALTIES, rotate_people
from helpers.integration.spls import BlockSPLS
from helpers.integration.summary import INTERVAL, draw_people
from helpers.integration.tuning import tune_inside
from helpers.integration.validation import add_choices, fit_everyone, read_covariates
from helpers.permutation import shuffle_within
from helpers.problems import count
from helpers.wording import as_text

ALL_BLOCKS, MEAN = "all blocks", "mean"
OUTCOME_RIVALS = ("ridge",)
MEASURES = ("q2", "r", "spearman", "rmse")


@dataclass(frozen=True, eq=False)
class OutcomePerformance:
    """How well an outcome is predicted out of fold.

    Attributes
    ----------
    performance : pandas.DataFrame
        Index ``block``: each block, "all blocks" (their mean, weighted as a vote would be), the rivals ("ridge", "covariates
        only") and "mean" (everyone is given the training mean). Columns: ``role``; ``q2``, 1 minus squared error of
        prediction over squared distance to the mean (1 perfect, 0 no better than the mean, below 0 worse); ``r``,
        ``spearman``, correlations of predicted and measured; ``rmse``, root mean squared error in the outcome's unit. All are means over
        repeats, each with a 95 % interval from resampling people (``_low``, ``_high``) and the range of 95 % of repeats
        (``_repeat_low``, ``_repeat_high``); ``q2_training``, of the model on the people it was fitted on.
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
    covariates: pd.DataFrame | None = None,
    rivals: Sequence[str] = OUTCOME_RIVALS,
    grid: Mapping[str, Sequence[int]] | None = None,
    n_inner_folds: int = 5,
    rule: str = "one_se",
    residualise: pd.DataFrame | None = None,
    n_workers: int = 1,
) -> OutcomePerformance:
    """Validate a model of a measured outcome by repeated cross-validation, every data-dependent step inside the folds.

    Folds are balanced on quarters of the outcome (and on the batch). Intervals over people do not refit models, those over
    repeats see the folds' luck alone: both understate the uncertainty and have no exact coverage.

    Parameters
    ----------
    blocks, transforms, batch, people, covariates, grid, n_inner_folds, rule, residualise, n_workers
        As in :func:`helpers.integration.cross_validate`. A person's samples may differ in the outcome. The grid is scored by 1 - Q².
    y : pandas.Series
        The outcome, numeric and complete, index ``participant_id``.
    model : BlockSPLS
        Unfitted; cloned.
    rng : numpy.random.Generator
    n_folds, n_repeats : int
    rivals : sequence of {"ridge"}
        Ridge on all features side by side, the penalty chosen inside the training set.

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
    settings, arrays, values = read_outcome_settings(blocks, y, model, transforms, people)
    settings = add_choices(settings, arrays, y.index, grid, None, n_inner_folds, rule, residualise)
    if unknown := [name for name in rivals if name not in OUTCOME_RIVALS]:
        raise ValueError(f"rivals names {', '.join(map(str, unknown))}; expected some of {', '.join(OUTCOME_RIVALS)}.")
    settings = replace(settings, rivals=tuple(rivals), covariates=read_covariates(covariates, y.index))
    _check_folds(settings, len(values), n_folds)
    strata = quarter_outcome(values, y.index, batch)
    found = _run_repeats(arrays, [(values, strata)] * n_repeats, settings, n_folds, rng.spawn(n_repeats), n_workers)
    everyone = np.arange(len(values))
    whole = _Job([Split(everyone, everyone, values)], strata, [rng.spawn(1)[0]])
    training = _run_job(arrays, whole, settings)
    names = _name_scorers(settings)
    table = _summarise(np.stack([one.predicted for one in found]), values, names, settings.persons, rng.spawn(1)[0])
    table["q2_training"] = measure(training.predicted, values)["q2"]
    return OutcomePerformance(
        table,
        _tabulate(found, values, names),
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
    n_permutations: int = 99,
    n_repeats: int = 1,
    transforms: Mapping[str, BaseEstimator] | None = None,
    batch: pd.Series | None = None,
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
    blocks, y, model, transforms, batch, grid, n_inner_folds, rule, residualise, n_workers
        As in :func:`cross_validate_outcome`.
    observed : OutcomePerformance
        From :func:`cross_validate_outcome`.
    rng : numpy.random.Generator
    n_permutations : int, default 99
    n_repeats : int, default 1
        At most those of `observed`.

    Raises
    ------
    ValueError
        More repeats than `observed` has, or several samples per person, whose outcomes cannot change hands.
    """
    if observed.n_samples != observed.n_participants:
        raise ValueError("Some people gave several samples, so outcomes cannot be shuffled between people.")
    if not 1 <= n_repeats <= observed.n_repeats:
        raise ValueError(f"n_repeats is {n_repeats}; expected 1 to {observed.n_repeats}, the repeats of `observed`.")
    settings, arrays, values = read_outcome_settings(blocks, y, model, transforms, None)
    settings = add_choices(settings, arrays, y.index, grid, None, n_inner_folds, rule, residualise)
    levels = None if batch is None else codes_of(batch, y.index)
    streams = rng.spawn(n_permutations)
    shuffled = [shuffle_within(values, levels, rng=stream) for stream in streams]
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


def describe_outcome(result: OutcomePerformance, null: OutcomeNull | None = None) -> str:
    """Return how well the outcome is predicted in people the model has not seen, beside rivals and chance."""
    table, row = result.performance, result.performance.loc[ALL_BLOCKS]
    rivals = table.index[table["role"] == "rival"]
    text = (
        f"In people the model had not seen, all blocks together explain a share of "
        f"**{row['q2']:.2f}** (95 % interval {row['q2_low']:.2f} to {row['q2_high']:.2f}) of the variance of "
        f"{as_text(result.outcome)} (Q²; 0 is no better than giving everyone the mean, below 0 worse); on the people it was fitted on, "
        f"{row['q2_training']:.2f}. Predicted and measured correlate with r = {row['r']:.2f}. "
    )
    if len(rivals):
        texts = [f"{name} {table.loc[name, 'q2']:.2f}" for name in rivals]
        text += f"In the same folds, Q² is: {', '.join(texts)}. "
    if null is not None:
        text += (
            f"With the outcome shuffled {null.n_permutations} times, Q² reaches "
            f"{np.percentile(null.null[ALL_BLOCKS], 97.5):.2f} or more in 2.5 % of shuffles (p = {null.p_value[ALL_BLOCKS]:.3f}). "
        )
    return text + (
        f"({result.n_participants} people, {result.n_folds} folds, {count(result.n_repeats, 'repeat')}; intervals resample "
        "people, not models, so their coverage is not exact and they are too narrow.)"
    )


def measure(predicted: Array, values: Array, draws: Array | None = None) -> dict[str, Array]:
    """Return Q², r, Spearman's correlation and RMSE of predictions, scorer by scorer.

    Parameters
    ----------
    predicted : numpy.ndarray of shape (people, scorers)
    values : numpy.ndarray of shape (people,)
    draws : numpy.ndarray of shape (draws, people), optional
        How often each person counts in each draw; ranks stay those among all.

    Returns
    -------
    dict of numpy.ndarray of shape (scorers,) or (draws, scorers)
        NaN where something does not vary.

    Examples
    --------
    >>> found = measure(np.array([[1.0], [2.0], [4.0]]), np.array([1.0, 2.0, 3.0]))
    >>> {name: round(float(value[0]), 3) for name, value in found.items()}
    {'q2': 0.5, 'r': 0.982, 'spearman': 1.0, 'rmse': 0.577}
    """
    weights = np.ones((1, len(values))) if draws is None else draws
    weights = weights / weights.sum(axis=1, keepdims=True)
    squares = weights @ (predicted - values[:, None]) ** 2
    spread = weights @ values**2 - (weights @ values) ** 2
    found = {
        "q2": 1 - squares / np.where(spread > 0, spread, np.nan)[:, None],
        "r": _correlate(predicted, values[:, None], weights),
        "spearman": _correlate(rankdata(predicted, axis=0), rankdata(values)[:, None], weights),
        "rmse": np.sqrt(squares),
    }
    return {name: value[0] for name, value in found.items()} if draws is None else found


def _correlate(one: Array, other: Array, weights: Array) -> Array:
    """Return weighted correlations (draws, columns), NaN where one does not vary."""
    one, other = one - one.mean(axis=0), other - other.mean(axis=0)
    means = weights @ one, weights @ other
    together = weights @ (one * other) - means[0] * means[1]
    spreads = (weights @ one**2 - means[0] ** 2) * (weights @ other**2 - means[1] ** 2)
    varies = spreads > 1e-20 * (one**2).mean(axis=0) * (other**2).mean(axis=0)
    return np.where(varies, together / np.sqrt(np.where(varies, spreads, 1.0)), np.nan)


@dataclass(frozen=True, eq=False)
class _Job:
    """The folds of one repeat, what inner folds are balanced on, and the chance of each fold."""

    splits: list[Split]
    strata: Ints
    streams: list[np.random.Generator]


@dataclass(frozen=True, eq=False)
class _Found:
    """Predictions of everyone when held out (people, scorers), and per fold the counts kept by block and component."""

    predicted: Array
    keep: list[list[list[int]]]


def _name_scorers(settings: FoldSettings) -> list[str]:
    rivals = [*settings.rivals, *([] if settings.covariates is None else [COVARIATES])]
    return [*settings.names, ALL_BLOCKS, *rivals, MEAN]


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
        folds = deal_folds(strata, settings.persons, n_folds=n_folds, rng=rng)
        jobs.append(_Job(list_splits(folds, values), strata, rng.spawn(n_folds)))
    return list(Parallel(n_jobs=n_workers, prefer="threads")(delayed(_run_job)(arrays, job, settings) for job in jobs))


def _run_job(arrays: list[Array], job: _Job, settings: FoldSettings) -> _Found:
    if settings.search is None:
        counts = settings.model.read_keep(settings.names, [values.shape[1] for values in arrays], 1)
        keep = [[own[0].tolist() for own in counts]] * len(job.splits)
    else:
        tuned = [
            tune_inside(arrays, split, job.strata, settings, stream).keep
            for split, stream in zip(job.splits, job.streams, strict=True)
        ]
        keep = [[own[name] for name in settings.names] for own in tuned]
    predicted = np.empty((len(arrays[0]), len(_name_scorers(settings))))
    for rows in divide_splits(arrays, len(job.splits), settings):
        _predict_together(arrays, job.splits[rows], settings, keep[rows], predicted)
    return _Found(predicted, keep)


def _predict_together(
    arrays: list[Array], splits: list[Split], settings: FoldSettings, keep: list[list[list[int]]], predicted: Array
) -> None:
    """Fill in the predictions of the held-out people of some splits."""
    blocks = fold_blocks(arrays, splits, settings)
    values = np.stack([split.codes for split in splits])
    counts = [np.array(own, np.intp) for own in zip(*keep, strict=True)]
    fits = fit_splits(blocks, values, settings, keep=counts)
    found = predict_many(fits, fits.plain, list(range(len(blocks))), codes=None)
    whole = found.average_response()
    for i, split in enumerate(splits):
        test, train = split.test, split.train
        columns = [*found.responses[:, i, test, 0], whole[i, test, 0]]
        if settings.rivals:
            rotated, size = rotate_people(np.hstack([block.standardise_everyone(i) for block in blocks]), train)
            ridge = RidgeCV(alphas=PENALTIES * size).fit(rotated[train], split.codes[train])
            columns.append(ridge.predict(rotated[test]))
        if settings.covariates is not None:
            columns.append(_predict_from_covariates(settings.covariates, split))
        predicted[test] = np.column_stack([*columns, np.full(len(test), split.codes[train].mean())])


def _predict_from_covariates(covariates: Array, split: Split) -> Array:
    """Least squares on covariates, blanks filled inside the fold."""
    rows = np.zeros(len(covariates), bool)
    rows[split.train] = True
    terms = np.column_stack([np.ones(len(covariates)), fill_blanks(covariates, rows, everyone=True)])
    return terms[split.test] @ np.linalg.lstsq(terms[split.train], split.codes[split.train], rcond=None)[0]


def _check_folds(settings: FoldSettings, n_samples: int, n_folds: int) -> None:
    n_people = n_samples if settings.persons is None else len(np.unique(settings.persons))
    limit = n_people // 4
    if not 2 <= n_folds <= limit:
        raise ValueError(f"n_folds is {n_folds}; expected 2 to {limit}: {n_people} people, at least 4 in each fold.")


def _summarise(
    predicted: Array, values: Array, names: list[str], persons: Ints | None, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the measures with intervals over people and ranges over repeats; `predicted` is (repeats, people, scorers)."""
    draws = draw_people(np.zeros(len(values), np.intp), persons, rng)
    each = [measure(own, values) for own in predicted]
    drawn = [measure(own, values, draws) for own in predicted]
    roles = ["block"] * names.index(ALL_BLOCKS) + ["all"]
    table = pd.DataFrame({"role": roles + ["rival"] * (len(names) - len(roles) - 1) + ["chance"]}, index=names)
    for name in MEASURES:
        repeats = np.array([one[name] for one in each])
        resampled = np.mean([one[name] for one in drawn], axis=0)
        low, high = np.nanpercentile(resampled, INTERVAL, axis=0)
        table = table.assign(**{name: repeats.mean(axis=0), f"{name}_low": low, f"{name}_high": high})
        ends = np.percentile(repeats, INTERVAL, axis=0) if len(predicted) > 1 else np.full((2, len(names)), np.nan)
        table = table.assign(**{f"{name}_repeat_low": ends[0], f"{name}_repeat_high": ends[1]})
    table.loc[MEAN, table.columns[table.columns.str.match("r(_|$)|spearman")]] = np.nan
    return table.rename_axis("block")


def _tabulate(found: list[_Found], values: Array, names: list[str]) -> pd.DataFrame:
    tables = [
        pd.DataFrame({"repeat": number, "block": names, **measure(one.predicted, values)})
        for number, one in enumerate(found, start=1)
    ]
    return pd.concat(tables, ignore_index=True)


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
