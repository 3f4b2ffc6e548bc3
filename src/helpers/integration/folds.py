"""Many train/test splits at once, every data-dependent step inside: who is where, what is kept, how models do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import LogisticRegression

from helpers.integration.checks import check_blocks, take_people
from helpers.integration.fitting import ManyFits, indicate, standardise_response
from helpers.integration.folded import Array, FoldedBlock, Ints, Mask
from helpers.integration.prediction import DISTANCES, ManyPredictions, predict_many
from helpers.integration.splsda import VOTES, BlockSPLSDA

CELLS_AT_ONCE = 10_000_000  # models x features fitted together; bounds the memory


@dataclass(frozen=True, eq=False)
class Search:
    """A grid of keep counts to be scored inside each training set."""

    points: Ints  # (points, blocks)
    n_folds: int
    rule: str


@dataclass(frozen=True, eq=False)
class FoldSettings:
    """What stays the same over all splits."""

    model: BlockSPLSDA
    names: list[str]  # blocks, sorted
    transforms: dict[str, BaseEstimator]
    distance: str
    weighted_vote: bool
    nuisance: Array | None = None  # (people, terms): blocks are replaced by their residuals on these
    search: Search | None = None  # how keep counts are chosen anew in each training set


@dataclass(frozen=True, eq=False)
class Split:
    """Who is fitted on, who is held out, and everyone's class."""

    train: Ints
    test: Ints
    codes: Ints


@dataclass(frozen=True, eq=False)
class FoldResult:
    """Predictions for held-out people; columns are the blocks, then the vote."""

    classes: Ints
    scores: Array  # larger = more like the first class
    loadings: list[Array]  # per block, (features, components)
    keep: list[list[int]]  # per block, the counts asked for on each component
    n_dropped: int
    n_blank: int
    converged: bool

    @property
    def selected(self) -> list[Mask]:
        """Which features were kept: per block, (features, components)."""
        return [loadings != 0 for loadings in self.loadings]


def read_settings(
    blocks: Mapping[str, pd.DataFrame],
    y: pd.Series,
    model: BlockSPLSDA,
    transforms: Mapping[str, BaseEstimator] | None,
    distance: str,
    vote: str,
    n_folds: int,
) -> tuple[FoldSettings, list[Array], Ints, list[str]]:
    """Check what a validation is given; return settings, arrays in the order of block names, class codes and names."""
    names = check_blocks(blocks, y)
    for value, known, what in ((distance, DISTANCES, "distance"), (vote, VOTES, "vote")):
        if value not in known:
            raise ValueError(f"{what} is {value!r}; expected one of {', '.join(known)}.")
    if unknown := sorted(set(transforms or {}) - set(names)):
        raise ValueError(f"transforms names {', '.join(unknown)}; the blocks are {', '.join(names)}.")
    labels, codes = np.unique(y.to_numpy(), return_inverse=True)
    stop_early(codes, list(labels), n_folds)
    arrays = [take_people(blocks[name], y.index) for name in names]
    settings = FoldSettings(clone(model), names, dict(transforms or {}), distance, vote == "weighted")
    return settings, arrays, codes, list(labels)


def codes_of(batch: pd.Series, ids: pd.Index) -> Ints:
    """Return the level of each person as a number from 0."""
    levels = batch.reindex(ids)
    if levels.isna().any():
        raise ValueError(f"{int(levels.isna().sum())} people have no {batch.name or 'batch'}; leave them out.")
    return pd.factorize(levels, sort=True)[0]


def make_strata(codes: Ints, ids: pd.Index, batch: pd.Series | None) -> Ints:
    """Return what folds are balanced on: the class, and the batch within it."""
    if batch is None:
        return codes
    levels = codes_of(batch, ids)
    return codes * (levels.max() + 1) + levels


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


def list_splits(folds: Ints, codes: Ints) -> list[Split]:
    """Return one split per fold."""
    return [Split(np.flatnonzero(folds != k), np.flatnonzero(folds == k), codes) for k in range(folds.max() + 1)]


def run_splits(
    arrays: list[Array], splits: Sequence[Split], settings: FoldSettings, keep: list[Ints] | None = None
) -> list[FoldResult]:
    """Fit one model per split and predict its held-out people (the same people for training figures).

    `keep` gives each split its own counts: per block, (splits, components).
    """
    return [
        result
        for rows in _divide(arrays, len(splits), settings)
        for result in _run_together(arrays, splits[rows], settings, keep and [counts[rows] for counts in keep])
    ]


def _divide(arrays: list[Array], n_splits: int, settings: FoldSettings) -> Iterator[slice]:
    """Yield splits to be fitted together: bounded in memory, one by one where a transform changes values."""
    size = max(1, CELLS_AT_ONCE // sum(values.shape[1] for values in arrays))
    if any(not hasattr(transform, "get_support") for transform in settings.transforms.values()):
        size = 1
    for start in range(0, n_splits, size):
        yield slice(start, start + size)


def _run_together(
    arrays: list[Array], splits: Sequence[Split], settings: FoldSettings, keep: list[Ints] | None
) -> list[FoldResult]:
    blocks = fold_blocks(arrays, splits, settings)
    codes = np.stack([split.codes for split in splits])
    fits = fit_splits(blocks, codes, settings, keep=keep)
    found = predict_many(fits, fits.plain, list(range(len(blocks))), codes=codes, distance=settings.distance)
    vote = found.count_votes(int(codes.max()) + 1, weighted=settings.weighted_vote)
    response = found.average_response()
    counts = keep or settings.model.read_keep(settings.names, [block.shape[1] for block in blocks], len(splits))
    return [
        _pick(found, vote, response, fits, [own[i].tolist() for own in counts], i, split)
        for i, split in enumerate(splits)
    ]


def fold_blocks(arrays: list[Array], splits: Sequence[Split], settings: FoldSettings) -> list[FoldedBlock]:
    """Return the blocks as the splits' training sets see them, transforms fitted on the training people only."""
    train = np.zeros((len(splits), len(arrays[0])), bool)
    for i, split in enumerate(splits):
        train[i, split.train] = True
    folded = []
    for name, values in zip(settings.names, arrays, strict=True):
        transform, kept = settings.transforms.get(name), None
        if transform is not None:
            fitted = [
                clone(transform).fit(_fill(values, rows), split.codes[rows])
                for rows, split in zip(train, splits, strict=True)
            ]
            if hasattr(transform, "get_support"):
                kept = np.stack([one.get_support() for one in fitted])
            else:
                values = fitted[0].transform(_fill(values, train[0], everyone=True))
        folded.append(FoldedBlock(values, train, scale=settings.model.scale, kept=kept, nuisance=settings.nuisance))
    return folded


def _fill(values: Array, rows: Mask, *, everyone: bool = False) -> Array:
    """Return the training rows (or everyone's) with blanks filled by training means; a column without any by 0."""
    shown = values if everyone else values[rows]
    if not np.isnan(values).any():
        return shown
    known = ~np.isnan(values[rows])
    means = np.where(known, values[rows], 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.where(np.isnan(shown), means, shown)


def fit_splits(
    blocks: list[FoldedBlock],
    codes: Ints,
    settings: FoldSettings,
    *,
    fold: Ints | None = None,
    keep: list[Ints] | None = None,
    grid: list[Ints] | None = None,
) -> ManyFits:
    """Fit one model per training set, or per entry of `fold`, with keep counts of its own and a grid if given."""
    fold = np.arange(len(codes)) if fold is None else fold
    response = standardise_response(
        indicate(codes, int(codes.max()) + 1), blocks[0].train[fold] > 0, scale=settings.model.scale
    )
    return settings.model.fit_folds(settings.names, blocks, fold, response, keep, grid)


def _pick(
    found: ManyPredictions, vote: Ints, response: Array, fits: ManyFits, keep: list[list[int]], i: int, split: Split
) -> FoldResult:
    own, scores = found.classes[:, i, split.test].T, found.responses[:, i, split.test, 0].T
    used = [block.inverse_sds[i] > 0 for block in fits.blocks]
    return FoldResult(
        np.column_stack([own, vote[i, split.test]]),
        np.column_stack([scores, response[i, split.test, 0]]),
        [loadings[i] for loadings in fits.loadings[:-1]],
        keep,
        sum(int((~mask).sum()) for mask in used),
        sum(int(block.missing[:, mask[block.holes]].sum()) for block, mask in zip(fits.blocks, used, strict=True)),
        bool(fits.converged[i].all()),
    )


def run_rival(covariates: Array, split: Split) -> tuple[Ints, Array]:
    """Predict from covariates alone: logistic regression, standardised and blanks filled inside the fold.

    Classes are weighted equally, as the balanced error weights them.
    """
    rows = np.zeros(len(covariates), bool)
    rows[split.train] = True
    filled = _fill(covariates, rows, everyone=True)
    inside = filled[split.train]
    varies = np.ptp(inside, axis=0) > 0
    if not varies.any():
        return np.zeros(len(split.test), np.intp), np.full(len(split.test), 0.5)
    means, sds = inside[:, varies].mean(axis=0), inside[:, varies].std(axis=0, ddof=1)
    model = LogisticRegression(class_weight="balanced", max_iter=1000)
    model.fit((inside[:, varies] - means) / sds, split.codes[split.train])
    probability = model.predict_proba((filled[split.test][:, varies] - means) / sds)[:, 0]
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
