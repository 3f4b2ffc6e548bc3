"""Simpler models in the same folds: each block alone, ridge and forest on all features, covariates alone.

They see the blocks as the integrated model sees them: after the same transforms, standardised (and freed from
covariates) by the same training people, blanks at the training mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy.linalg import eigh
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, RidgeClassifierCV

from helpers.integration.batched_fits import Array, BatchedBlock, Ints
from helpers.integration.fold_preprocessing import fill_blanks, fit_splits
from helpers.integration.folds import Choice, FoldSettings, Split
from helpers.integration.prediction import predict_many

FOREST = "forest"
BASELINES = ("alone", "ridge", FOREST)
COVARIATES = "covariates only"
N_TREES = 100
PENALTIES = 10.0 ** np.arange(-3, 4)  # times the mean variance along the people's directions
NO_DIRECTION = 1e-10  # share of the largest variance below which a direction holds rounding errors only


class BaselinePrediction(NamedTuple):
    """What one baseline says of the held-out people, and (forest) of the training people by trees that never saw them."""

    classes: Ints
    scores: Array
    out_of_bag: Array | None = None


class BaselinePredictions(NamedTuple):
    """The same of all baselines, a column each."""

    classes: Ints
    scores: Array
    out_of_bag: Array | None


def check_baselines(baselines: Sequence[str]) -> tuple[str, ...]:
    """Return the baselines in their usual order, or refuse an unknown one."""
    if unknown := [name for name in baselines if name not in BASELINES]:
        raise ValueError(f"baselines names {', '.join(map(str, unknown))}; expected some of {', '.join(BASELINES)}.")
    return tuple(name for name in BASELINES if name in baselines)


def name_baselines(settings: FoldSettings) -> list[str]:
    """Return the baselines as they stand in the tables."""
    alone = [f"{name} alone" for name in settings.names] if runs_alone(settings) else []
    others = [name for name in settings.baselines if name != "alone"]
    return [*alone, *others, *([] if settings.covariates is None else [COVARIATES])]


def runs_alone(settings: FoldSettings) -> bool:
    """Say whether each block is also tried alone; with a single block that would be the model itself."""
    return "alone" in settings.baselines and len(settings.names) > 1


def take_alone(settings: FoldSettings, q: int) -> FoldSettings:
    """Return the settings of a model of one block alone; its keep counts are given with each fit."""
    name, start = settings.names[q], settings.model.start
    model = clone(settings.model).set_params(keep=None, design=0.0, start=start if isinstance(start, str) else None)
    search = settings.search
    if search is not None:
        points = [np.unique(counts[:, [q]], axis=0) for counts in search.points]
        search = replace(search, points=points, designs=(0.0,))
    transforms = {name: settings.transforms[name]} if name in settings.transforms else {}
    return replace(settings, model=model, names=[name], transforms=transforms, search=search, baselines=())


def run_baselines(
    blocks: list[BatchedBlock],
    splits: Sequence[Split],
    settings: FoldSettings,
    choices: Sequence[Choice],
    streams: Sequence[np.random.Generator],
) -> list[BaselinePredictions]:
    """Return, per split, what each baseline says (see :func:`name_baselines`)."""
    found: list[list[BaselinePrediction]] = [[] for _ in splits]
    if runs_alone(settings):
        for q in range(len(blocks)):
            for own, result in zip(found, _run_alone(blocks, splits, settings, choices, q), strict=True):
                own.append(result)
    together = {"ridge": _run_ridge, FOREST: _run_forest}
    for i, (own, split) in enumerate(zip(found, splits, strict=True)):
        if wanted := [name for name in settings.baselines if name in together]:
            values = np.hstack([block.standardise_everyone(i) for block in blocks])
            own += [together[name](values, split, streams[i]) for name in wanted]
        if settings.covariates is not None:
            own.append(_run_covariates(settings.covariates, split))
    return [_stack(own, split) for own, split in zip(found, splits, strict=True)]


def _stack(found: list[BaselinePrediction], split: Split) -> BaselinePredictions:
    n = len(split.test)
    bags = [said.out_of_bag for said in found if said.out_of_bag is not None]
    return BaselinePredictions(
        np.column_stack([np.empty((n, 0), np.intp), *(said.classes for said in found)]),
        np.column_stack([np.empty((n, 0)), *(said.scores for said in found)]),
        bags[0] if bags else None,
    )


def _run_alone(
    blocks: list[BatchedBlock], splits: Sequence[Split], settings: FoldSettings, choices: Sequence[Choice], q: int
) -> list[BaselinePrediction]:
    codes = np.stack([split.codes for split in splits])
    keep = [np.array([choice.alone[q] for choice in choices], np.intp)]
    fits = fit_splits([blocks[q]], codes, take_alone(settings, q), keep=keep)
    found = predict_many(fits, fits.plain, [0], codes=codes, distance=settings.distance)
    return [
        BaselinePrediction(found.classes[0, i, s.test], found.responses[0, i, s.test, 0]) for i, s in enumerate(splits)
    ]


def rotate_people(values: Array, train: Ints) -> tuple[Array, float]:
    """Return everyone's coordinates along the training people's own directions, and the mean variance along them.

    Ridge on these few coordinates is ridge on all features: the penalty does not see a rotation, and what no
    training person varies in gets no weight.
    """
    products = values @ values[train].T
    variances, directions = eigh(products[train], check_finite=False)
    used = variances > NO_DIRECTION * max(variances[-1], 0.0)
    if not used.any():
        return np.zeros((len(values), 1)), 1.0
    return products @ (directions[:, used] / np.sqrt(variances[used])), float(variances[used].mean())


def _run_ridge(values: Array, split: Split, _: np.random.Generator) -> BaselinePrediction:
    """Ridge on all features, the penalty chosen inside the training set by leaving one out; groups count the same."""
    rotated, size = rotate_people(values, split.train)
    model = RidgeClassifierCV(alphas=PENALTIES * size, class_weight="balanced")
    model.fit(rotated[split.train], split.codes[split.train])
    scores = -model.decision_function(rotated[split.test])
    return BaselinePrediction(np.where(scores >= 0, 0, 1), scores)


def _run_forest(values: Array, split: Split, stream: np.random.Generator) -> BaselinePrediction:
    model = RandomForestClassifier(
        N_TREES, class_weight="balanced", oob_score=True, random_state=int(stream.integers(2**31)), n_jobs=1
    )
    model.fit(values[split.train].astype(np.float32), split.codes[split.train])
    share = model.predict_proba(values[split.test].astype(np.float32))[:, 0]
    return BaselinePrediction(
        np.where(share >= 0.5, 0, 1), share, np.nan_to_num(model.oob_decision_function_[:, 0], nan=0.5)
    )


def _run_covariates(covariates: Array, split: Split) -> BaselinePrediction:
    """Logistic regression, standardised and blanks filled inside the fold; groups count the same."""
    rows = np.zeros(len(covariates), bool)
    rows[split.train] = True
    filled = fill_blanks(covariates, rows, everyone=True)
    inside = filled[split.train]
    varies = np.ptp(inside, axis=0) > 0
    if not varies.any():
        return BaselinePrediction(np.zeros(len(split.test), np.intp), np.full(len(split.test), 0.5))
    means, sds = inside[:, varies].mean(axis=0), inside[:, varies].std(axis=0, ddof=1)
    model = LogisticRegression(class_weight="balanced", max_iter=1000)
    model.fit((inside[:, varies] - means) / sds, split.codes[split.train])
    probability = model.predict_proba((filled[split.test][:, varies] - means) / sds)[:, 0]
    return BaselinePrediction(np.where(probability >= 0.5, 0, 1), probability)
