"""One train/test split, every data-dependent step inside: who is where, what is kept, how a model does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import LogisticRegression

from helpers.integration.core import Array, ArrayFit
from helpers.integration.prediction import predict_arrays
from helpers.integration.splsda import BlockSPLSDA


@dataclass(frozen=True, eq=False)
class FoldSettings:
    """What stays the same over all folds."""

    model: BlockSPLSDA
    names: list[str]  # blocks, sorted
    transforms: dict[str, BaseEstimator]
    distance: str
    weighted_vote: bool


@dataclass(frozen=True, eq=False)
class Prepared:
    """One block, complete and without constants, and where its columns were in the original."""

    train: Array
    test: Array
    kept: NDArray[np.intp]
    n_imputed: int


@dataclass(frozen=True, eq=False)
class FoldResult:
    """Predictions for held-out people; columns are the blocks, then the vote."""

    classes: NDArray[np.intp]
    scores: Array  # larger = more like the first class
    selected: list[NDArray[np.bool_]]  # per block, (features, components)
    kept: list[NDArray[np.intp]]  # per block, the columns the model saw
    n_dropped: int
    n_imputed: int
    converged: bool
    fit: ArrayFit


def assign_folds(strata: NDArray[np.intp], *, n_folds: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Deal people into folds so that every fold holds its share of each stratum.

    Examples
    --------
    >>> folds = assign_folds(np.array([0, 0, 0, 0, 1, 1]), n_folds=2, rng=np.random.default_rng(1))
    >>> np.bincount(folds).tolist(), sorted(folds[4:].tolist())
    ([3, 3], [0, 1])
    """
    order = np.lexsort([rng.permutation(len(strata)), strata])
    folds = np.empty(len(strata), dtype=np.intp)
    folds[order] = rng.permutation(n_folds)[np.arange(len(strata)) % n_folds]
    return folds


def prepare_split(values: Array, train: Array, test: Array, transform: BaseEstimator | None) -> Prepared:
    """Impute by training means, apply the transform fitted on training, drop training constants."""
    inside, outside = values[train], values[test]
    kept = np.arange(values.shape[1])
    n_imputed = 0
    if np.isnan(values).any():
        known = ~np.isnan(inside).all(axis=0)
        inside, outside, kept = inside[:, known], outside[:, known], kept[known]
        means = np.nanmean(inside, axis=0)
        n_imputed = int(np.isnan(inside).sum() + np.isnan(outside).sum())
        inside, outside = (np.where(np.isnan(part), means, part) for part in (inside, outside))
    if transform is not None:
        fitted = clone(transform).fit(inside)
        kept = kept[fitted.get_support()] if hasattr(fitted, "get_support") else kept
        inside, outside = fitted.transform(inside), fitted.transform(outside)
    varies = np.ptp(inside, axis=0) > 0
    if varies.all():
        return Prepared(inside, outside, kept, n_imputed)
    return Prepared(inside[:, varies], outside[:, varies], kept[varies], n_imputed)


def run_fold(
    arrays: list[Array], codes: NDArray[np.intp], train: Array, test: Array, settings: FoldSettings
) -> FoldResult:
    """Fit on the training people and predict the held-out ones (the same people for training figures)."""
    split = [
        prepare_split(values, train, test, settings.transforms.get(name))
        for name, values in zip(settings.names, arrays, strict=True)
    ]
    fit = settings.model.fit_plain(settings.names, [part.train for part in split], codes[train])
    found = predict_arrays(fit, [part.test for part in split], list(range(len(split))), distance=settings.distance)
    vote = found.count_votes(codes.max() + 1, weighted=settings.weighted_vote)
    selected = []
    for values, part, loadings in zip(arrays, split, fit.loadings[:-1], strict=True):
        mask = np.zeros((values.shape[1], loadings.shape[1]), bool)
        mask[part.kept] = loadings != 0
        selected.append(mask)
    return FoldResult(
        np.column_stack([found.classes, vote]),
        np.column_stack([*(r[:, 0] for r in found.responses), found.average_response()[:, 0]]),
        selected,
        [part.kept for part in split],
        sum(values.shape[1] - len(part.kept) for values, part in zip(arrays, split, strict=True)),
        sum(part.n_imputed for part in split),
        all(fit.converged),
        fit,
    )


def run_rival(covariates: Array, codes: NDArray[np.intp], train: Array, test: Array) -> tuple[NDArray[np.intp], Array]:
    """Predict from covariates alone: logistic regression, standardised and imputed inside the fold.

    Classes are weighted equally, as the balanced error weights them.
    """
    split = prepare_split(covariates, train, test, None)
    if not split.train.shape[1]:
        return np.zeros(len(test), np.intp), np.full(len(test), 0.5)
    means, sds = split.train.mean(axis=0), split.train.std(axis=0, ddof=1)
    model = LogisticRegression(class_weight="balanced", max_iter=1000)
    model.fit((split.train - means) / sds, codes[train])
    probability = model.predict_proba((split.test - means) / sds)[:, 0]
    return np.where(probability >= 0.5, 0, 1), probability


def stop_early(codes: NDArray[np.intp], labels: list[str], n_folds: int) -> None:
    """Refuse what cannot be cross-validated: other than two groups, or a group smaller than the folds."""
    if len(labels) != 2:
        raise ValueError(f"Groups are {', '.join(map(str, labels))}; cross-validation expects two.")
    smallest = int(np.bincount(codes).min())
    if not 2 <= n_folds <= smallest:
        raise ValueError(
            f"n_folds is {n_folds}; expected 2 to {smallest}, the size of the smaller group, so that every fold holds both groups."
        )
