"""Repeated cross-validations at once: jobs in, predictions for everyone when held out out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from sklearn.base import clone

from helpers.integration.baselines import (
    FOREST,
    BaselinePredictions,
    name_baselines,
    run_baselines,
    runs_alone,
    take_alone,
)
from helpers.integration.batched_fits import Array, Ints
from helpers.integration.fitting import ManyFits
from helpers.integration.fold_preprocessing import divide_splits, fit_splits, fold_blocks
from helpers.integration.folds import (
    Choice,
    FoldResult,
    FoldSettings,
    Split,
    deal_folds,
    list_splits,
)
from helpers.integration.prediction import ManyPredictions, predict_many
from helpers.integration.probabilities import map_scores
from helpers.integration.summary import Repeat, order_pairs
from helpers.integration.tuning import tune_inside
from helpers.permutation import on_one_blas_thread
from helpers.workers import run_tasks

SPLITS_AT_ONCE = 100  # given to one worker: of fewer, the last runs to converge are computed nearly alone


@dataclass(frozen=True, eq=False)
class Job:
    """One split, what folds inside its training set are balanced on, and its own chance."""

    split: Split
    strata: Ints
    stream: np.random.Generator


@on_one_blas_thread
def run_repeats(
    arrays: list[Array],
    labelled: Sequence[tuple[Ints, Ints]],
    settings: FoldSettings,
    n_folds: int,
    streams: Sequence[np.random.Generator],
    n_workers: int,
) -> list[Repeat]:
    """Cross-validate once per (codes, strata) and stream; all folds are fitted together, a share per worker."""
    folds = [
        deal_folds(strata, settings.held, n_folds=n_folds, rng=rng)
        for (_, strata), rng in zip(labelled, streams, strict=True)
    ]
    jobs = [
        Job(split, strata, stream)
        for own, (codes, strata), rng in zip(folds, labelled, streams, strict=True)
        for split, stream in zip(list_splits(own, codes), rng.spawn(n_folds), strict=True)
    ]
    size = 1 if settings.search else SPLITS_AT_ONCE
    shares = [jobs[i : i + size] for i in range(0, len(jobs), size)]
    parts = run_tasks(run_jobs, shares, shared=[arrays, settings], n_workers=n_workers)
    results = [result for part in parts for result in part]
    return [
        _join(
            [job.split for job in jobs[i * n_folds : (i + 1) * n_folds]], results[i * n_folds : (i + 1) * n_folds], own
        )
        for i, own in enumerate(folds)
    ]


def run_jobs(arrays: list[Array], settings: FoldSettings, jobs: Sequence[Job]) -> list[FoldResult]:
    """Run splits, choosing keep counts and design inside them if asked, and learning probabilities if asked."""
    if settings.search is None:
        choices = [read_choice(arrays, settings)] * len(jobs)
    else:
        choices = [_choose_inside(arrays, job, settings) for job in jobs]
    splits, streams = [job.split for job in jobs], [job.stream.spawn(1)[0] for job in jobs]
    results = run_splits(arrays, splits, settings, choices, streams)
    if not settings.calibrate:
        return results
    inner = _run_inner(arrays, jobs, settings, choices)
    if FOREST in settings.baselines:
        place = len(settings.names) + 1 + name_baselines(settings).index(FOREST)
        inner = [np.insert(own, place, result.out_of_bag, axis=1) for own, result in zip(inner, results, strict=True)]
    return [
        replace(result, probabilities=map_scores(scores, job.split.codes[job.split.train], result.scores))
        for result, scores, job in zip(results, inner, jobs, strict=True)
    ]


def read_choice(arrays: list[Array], settings: FoldSettings) -> Choice:
    """Return what the model asks for where nothing is tried out."""
    model = settings.model
    counts = model.read_keep(settings.names, [values.shape[1] for values in arrays], 1)
    keep = [own[0].tolist() for own in counts]
    return Choice(model.design, keep, keep)


def _choose_inside(arrays: list[Array], job: Job, settings: FoldSettings) -> Choice:
    tuned = tune_inside(arrays, job.split, job.strata, settings, job.stream)
    keep = [tuned.keep[name] for name in settings.names]
    if not runs_alone(settings):
        return Choice(tuned.design, keep, keep)
    alone = []
    for q, name in enumerate(settings.names):
        own = take_alone(settings, q)
        alone.append(tune_inside([arrays[q]], job.split, job.strata, own, job.stream.spawn(1)[0]).keep[name])
    return Choice(tuned.design, keep, alone)


def _run_inner(
    arrays: list[Array], jobs: Sequence[Job], settings: FoldSettings, choices: Sequence[Choice]
) -> list[Array]:
    """Return, per job, the training people's scores from folds inside the training set, the forest's left out."""
    settings = replace(settings, baselines=tuple(name for name in settings.baselines if name != FOREST))
    n_inner, splits, streams = settings.n_inner_folds, [], []
    for job in jobs:
        train, stream = job.split.train, job.stream.spawn(1)[0]
        persons = None if settings.held is None else settings.held[train]
        folds = deal_folds(job.strata[train], persons, n_folds=n_inner, rng=stream)
        splits += [Split(train[s.train], train[s.test], job.split.codes) for s in list_splits(folds, job.split.codes)]
        streams += stream.spawn(n_inner)
    results = run_splits(arrays, splits, settings, [choice for choice in choices for _ in range(n_inner)], streams)
    scores = []
    for i, job in enumerate(jobs):
        everyone = np.empty((len(job.split.codes), results[0].scores.shape[1]))
        for j in range(i * n_inner, (i + 1) * n_inner):
            everyone[splits[j].test] = results[j].scores
        scores.append(everyone[job.split.train])
    return scores


@on_one_blas_thread
def run_splits(
    arrays: list[Array],
    splits: Sequence[Split],
    settings: FoldSettings,
    choices: Sequence[Choice] | None = None,
    streams: Sequence[np.random.Generator] | None = None,
) -> list[FoldResult]:
    """Fit one model per split and predict its held-out people (the same people for training figures).

    Parameters
    ----------
    arrays : list of numpy.ndarray of shape (n, p)
        One per block, in the order of their names.
    splits : sequence of Split
    settings : FoldSettings
    choices : sequence of Choice, optional
        Of each split; by default the model's own.
    streams : sequence of numpy.random.Generator, optional
        Chance of each split, for baselines that need it.
    """
    choices = choices or [read_choice(arrays, settings)] * len(splits)
    results: list[FoldResult | None] = [None] * len(splits)
    for rows in divide_splits(arrays, len(splits), settings):
        blocks = fold_blocks(arrays, splits[rows], settings)
        ours = range(len(splits))[rows]
        found = _run_together(blocks, splits[rows], settings, choices[rows], (streams or [])[rows])
        for i, result in zip(ours, found, strict=True):
            results[i] = result
    return results


def _run_together(
    blocks: list, splits: Sequence[Split], settings: FoldSettings, choices: Sequence[Choice], streams: Sequence
) -> list[FoldResult]:
    baselines = run_baselines(blocks, splits, settings, choices, streams)
    results: list[FoldResult | None] = [None] * len(splits)
    for runs in _group_by_design(choices):
        codes = np.stack([splits[i].codes for i in runs])
        keep = [np.array(own, np.intp) for own in zip(*(choices[i].keep for i in runs), strict=True)]
        own = replace(settings, model=clone(settings.model).set_params(design=choices[runs[0]].design))
        fits = fit_splits(blocks, codes, own, fold=runs, keep=keep)
        found = predict_many(fits, fits.plain, list(range(len(blocks))), codes=codes, distance=settings.distance)
        vote = found.count_votes(int(codes.max()) + 1, weighted=settings.weighted_vote)
        response = found.average_response()
        for at, i in enumerate(runs):
            results[i] = _pick(found, vote, response, fits, at, splits[i], choices[i], baselines[i])
    return results


def _group_by_design(choices: Sequence[Choice]) -> list[Ints]:
    groups: list[list[int]] = []
    for i, choice in enumerate(choices):
        same = [runs for runs in groups if choices[runs[0]].design is choice.design]
        same[0].append(i) if same else groups.append([i])
    return [np.array(runs, np.intp) for runs in groups]


def _pick(
    found: ManyPredictions,
    vote: Ints,
    response: Array,
    fits: ManyFits,
    at: int,
    split: Split,
    choice: Choice,
    baselines: BaselinePredictions,
) -> FoldResult:
    own, scores = found.classes[:, at, split.test].T, found.responses[:, at, split.test, 0].T
    used = [block.inverse_sds[fits.fold[at]] > 0 for block in fits.blocks]
    return FoldResult(
        np.column_stack([own, vote[at, split.test], baselines.classes]),
        np.column_stack([scores, response[at, split.test, 0], baselines.scores]),
        [loadings[at] for loadings in fits.loadings[:-1]],
        choice,
        sum(int((~mask).sum()) for mask in used),
        sum(int(block.missing[:, mask[block.holes]].sum()) for block, mask in zip(fits.blocks, used, strict=True)),
        bool(fits.converged[at].all()),
        out_of_bag=baselines.out_of_bag,
    )


def _join(splits: Sequence[Split], results: list[FoldResult], folds: Ints) -> Repeat:
    codes, n_scorers = splits[0].codes, results[0].classes.shape[1]
    classes, scores = np.empty((len(codes), n_scorers), np.intp), np.empty((len(codes), n_scorers))
    probabilities = None if results[0].probabilities is None else np.empty_like(scores)
    for split, result in zip(splits, results, strict=True):
        classes[split.test], scores[split.test] = result.classes, result.scores
        if probabilities is not None:
            probabilities[split.test] = result.probabilities
    together = (folds[codes == 0][:, None] == folds[codes == 1]).astype(float)
    wrong = (classes != codes[:, None]).astype(float)
    return Repeat(wrong, order_pairs(scores, codes) * together, together, results, folds, probabilities)
