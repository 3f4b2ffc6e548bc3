"""What happens inside training sets: transforms fitted on training people only, models fitted on many sets at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.utils import get_tags

from helpers.integration.batched_fits import Array, BatchedBlock, Ints, Mask
from helpers.integration.fitting import ManyFits
from helpers.integration.folds import FoldSettings, Split
from helpers.problems import count

CELLS_AT_ONCE = 10_000_000  # models x features fitted together; bounds the memory


def divide_splits(arrays: list[Array], n_splits: int, settings: FoldSettings) -> Iterator[slice]:
    """Yield splits to be fitted together: bounded in memory, one by one where a transform changes values."""
    size = max(1, CELLS_AT_ONCE // sum(values.shape[1] for values in arrays))
    if any(not hasattr(transform, "get_support") for transform in settings.transforms.values()):
        size = 1
    for start in range(0, n_splits, size):
        yield slice(start, start + size)


def fold_blocks(arrays: list[Array], splits: Sequence[Split], settings: FoldSettings) -> list[BatchedBlock]:
    """Return the blocks as the splits' training sets see them, transforms fitted on the training people only.

    Splits must be those of one slice of :func:`divide_splits`.
    """
    train = np.zeros((len(splits), len(arrays[0])), bool)
    for i, split in enumerate(splits):
        train[i, split.train] = True
    folded = []
    for name, values in zip(settings.names, arrays, strict=True):
        transform, kept = settings.transforms.get(name), None
        if hasattr(transform, "get_support"):
            fitted = [
                clone(transform).fit(_show(values, rows, transform), split.codes[rows])
                for rows, split in zip(train, splits, strict=True)
            ]
            kept = np.stack([one.get_support() for one in fitted])
        elif transform is not None:
            values, used = transform_in_fold(clone(transform), values, train[0], name, settings.ids)
            kept = used[None]
        folded.append(BatchedBlock(values, train, scale=settings.model.scale, kept=kept, nuisance=settings.nuisance))
    return folded


def transform_in_fold(
    transform: BaseEstimator, values: Array, rows: Mask, name: str, ids: pd.Index | None = None
) -> tuple[Array, Mask]:
    """Fit a transform on the training people; return everyone's values after it, and which columns came through.

    Parameters
    ----------
    transform : scikit-learn transformer or Pipeline
        Blanks are shown to one that can take them, such as an imputer; others see training means.
    values : numpy.ndarray of shape (n, p)
    rows : numpy.ndarray of bool, shape (n,)
        Training people.
    name : str
        Of the block, for the refusal.
    ids : pandas.Index, optional
        Who the rows are; a transform that looks people up (its ``takes_people`` is true) is given frames with them.

    Raises
    ------
    ValueError
        If it makes new features, whose loadings could not be told by name.
    """
    names = np.arange(values.shape[1]).astype(str).astype(object)
    seen, everyone = _show(values, rows, transform), _show(values, rows, transform, everyone=True)
    if takes_people(transform):
        seen, everyone = pd.DataFrame(seen, ids[rows], names), pd.DataFrame(everyone, ids, names)
    changed = transform.fit(seen).transform(everyone)
    out = changed.columns if isinstance(changed, pd.DataFrame) else None
    changed = np.asarray(changed, float)
    if changed.shape[1] == len(names):
        return changed, np.ones(len(names), bool)
    if out is None:
        out = transform.get_feature_names_out(names) if hasattr(transform, "get_feature_names_out") else []
    if len(out) != changed.shape[1] or not set(out) <= set(names):
        raise ValueError(
            f"The transform of {name} turns {count(len(names), 'feature')} into {changed.shape[1]} others; it must "
            "keep features or drop some, so that loadings can be told by name."
        )
    places = np.array([int(one) for one in out], np.intp)
    spread, used = np.zeros_like(values), np.zeros(len(names), bool)
    spread[:, places], used[places] = changed, True
    return spread, used


def takes_people(transform: BaseEstimator) -> bool:
    """Whether a transform, or a step of a pipeline, looks people up by id."""
    steps = [step for _, step in getattr(transform, "steps", [])]
    return any(getattr(one, "takes_people", False) for one in (transform, *steps))


def _show(values: Array, rows: Mask, transform: BaseEstimator, *, everyone: bool = False) -> Array:
    if not np.isnan(values).any() or not get_tags(transform).input_tags.allow_nan:
        return fill_blanks(values, rows, everyone=everyone)
    return values if everyone else values[rows]


def fill_blanks(values: Array, rows: Mask, *, everyone: bool = False) -> Array:
    """Return the training rows (or everyone's) with blanks filled by training means; a column without any by 0."""
    shown = values if everyone else values[rows]
    if not np.isnan(values).any():
        return shown
    known = ~np.isnan(values[rows])
    means = np.where(known, values[rows], 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.where(np.isnan(shown), means, shown)


def fit_splits(
    blocks: list[BatchedBlock],
    codes: Ints,
    settings: FoldSettings,
    *,
    fold: Ints | None = None,
    keep: list[Ints] | None = None,
    grid: list[Ints] | None = None,
) -> ManyFits:
    """Fit one model per training set, or per entry of `fold`, with keep counts of its own and a grid if given.

    `codes` (runs, people) are classes or, where the model explains an outcome, its values.
    """
    fold = np.arange(len(codes)) if fold is None else fold
    response = settings.model.make_response(codes, blocks[0].train[fold] > 0)
    return settings.model.fit_folds(settings.names, blocks, fold, response, keep, grid)
