"""How many features to keep: grids of keep counts scored by cross-validation, component by component."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.base import BaseEstimator, clone

from helpers.integration.folded import Array, FoldedBlock, Ints
from helpers.integration.folds import (
    CELLS_AT_ONCE,
    FoldSettings,
    Split,
    assign_folds,
    fit_splits,
    fold_blocks,
    list_splits,
    make_strata,
    read_settings,
)
from helpers.integration.prediction import NO_CLASS, predict_many
from helpers.integration.splsda import BlockSPLSDA

RULES = ("one_se", "minimum")
Draw = list[Split]  # the folds of all repeats, repeat by repeat


@dataclass(frozen=True, eq=False)
class TunedKeep:
    """Keep counts chosen by cross-validation.

    Attributes
    ----------
    keep : dict of list of int
        Block -> features kept on each component, as `BlockSPLSDA` takes it.
    n_components : int
        Components from which on one more no longer lowers the error by a standard error.
    errors : pandas.DataFrame
        One row per component and grid point: ``component``; one column per block with its count; ``balanced_error``,
        mean over repeats; ``se``, its standard error over folds; ``chosen``.
    rule : str
        ``one_se``: the fewest features within one standard error of the smallest error. ``minimum``: the
        smallest error, ties going to the fewest features.
    """

    keep: dict[str, list[int]]
    n_components: int
    errors: pd.DataFrame
    rule: str


def tune(
    blocks: Mapping[str, pd.DataFrame],
    y: pd.Series,
    *,
    grid: Mapping[str, Sequence[int]],
    model: BlockSPLSDA,
    rng: np.random.Generator,
    n_folds: int = 5,
    n_repeats: int = 10,
    rule: str = "one_se",
    transforms: Mapping[str, BaseEstimator] | None = None,
    batch: pd.Series | None = None,
    distance: str = "centroids",
    vote: str = "weighted",
    n_workers: int = 1,
) -> TunedKeep:
    """Choose how many features each block keeps on each component, by repeated stratified cross-validation.

    Component h reuses the counts chosen for those before it, and gets folds of its own. The error found here belongs to
    the best of many and is too good: judge the model with `cross_validate`, which tunes again inside every fold.

    Parameters
    ----------
    blocks, y, transforms, batch, distance, vote
        As in :func:`cross_validate`.
    grid : dict of sequence of int
        Block -> counts to try; every combination is tried. Each block must be named.
    model : BlockSPLSDA
        Its `keep` is not used; `n_components` says how many are tuned.
    rng : numpy.random.Generator
    n_folds, n_repeats : int
    rule : {"one_se", "minimum"}
        See :class:`TunedKeep`.
    n_workers : int
        Threads; the numbers do not depend on it.

    Raises
    ------
    ValueError
        When the grid does not name every block, a count is impossible, or the rule is unknown.
    """
    settings, arrays, codes, _ = read_settings(blocks, y, model, transforms, distance, vote, n_folds)
    check_search(grid, rule, settings.names, [values.shape[1] for values in arrays])
    strata = make_strata(codes, y.index, batch)
    draws = [
        [
            split
            for stream in own.spawn(n_repeats)
            for split in list_splits(assign_folds(strata, n_folds=n_folds, rng=stream), codes)
        ]
        for own in rng.spawn(model.n_components)
    ]
    people = np.arange(len(codes))
    return tune_draws(arrays, people, draws, settings, list_grid(grid, settings.names), n_folds, rule, n_workers)


def tune_inside(
    arrays: list[Array], split: Split, strata: Ints, settings: FoldSettings, rng: np.random.Generator
) -> list[Ints]:
    """Choose keep counts from the training people of one split alone: per block, one count per component."""
    search = settings.search
    draws = [
        [
            Split(split.train[inner.train], split.train[inner.test], split.codes)
            for inner in list_splits(assign_folds(strata[split.train], n_folds=search.n_folds, rng=rng), split.codes)
        ]
        for _ in range(settings.model.n_components)
    ]
    tuned = tune_draws(arrays, split.train, draws, settings, search.points, search.n_folds, search.rule, 1)
    return [np.array(tuned.keep[name]) for name in settings.names]


def tune_draws(
    arrays: list[Array],
    people: Ints,
    draws: Sequence[Draw],
    settings: FoldSettings,
    points: Ints,
    n_folds: int,
    rule: str,
    n_workers: int,
) -> TunedKeep:
    """Choose keep counts component by component, on one draw of folds per component; errors count `people` only."""
    sizes = [values.shape[1] for values in arrays]
    chosen, tables, best = np.empty((0, len(arrays)), np.intp), [], []
    for h, splits in enumerate(draws):
        step = replace(settings, model=clone(settings.model).set_params(n_components=h + 1, keep=None))
        folded = fold_blocks(arrays, splits, step)
        fixed = [np.tile(counts, (len(splits), 1)) for counts in chosen.T]
        wrong = score_grid(folded, splits, step, points=points, fixed=fixed, n_workers=n_workers)
        wrong, codes = wrong[:, :, people], splits[0].codes[people]
        errors = balance_repeats(wrong, codes, n_folds).mean(axis=1)
        ses = spread_over_folds(wrong, codes)
        at = choose_point(errors, ses, points, sizes, rule=rule)
        chosen = np.vstack([chosen, points[at]])
        best.append((errors[at], ses[at]))
        table = pd.DataFrame(points, columns=settings.names)
        table.insert(0, "component", h + 1)
        tables.append(table.assign(balanced_error=errors, se=ses, chosen=np.arange(len(points)) == at))
    keep = {name: counts.tolist() for name, counts in zip(settings.names, chosen.T, strict=True)}
    return TunedKeep(keep, _count_components(best), pd.concat(tables, ignore_index=True), rule)


def _count_components(best: Sequence[tuple[float, float]]) -> int:
    """Return the first component whose error is within one standard error of the smallest."""
    errors = np.array([error for error, _ in best])
    limit = errors.min() + best[int(errors.argmin())][1]
    return int(np.flatnonzero(errors <= limit + 1e-12)[0]) + 1


def check_search(grid: Mapping[str, Sequence[int]], rule: str, names: Sequence[str], sizes: Sequence[int]) -> None:
    """Refuse an unknown rule, and a grid that does not name every block or asks for an impossible count."""
    if rule not in RULES:
        raise ValueError(f"rule is {rule!r}; expected one of {', '.join(RULES)}.")
    if set(grid) != set(names):
        raise ValueError(f"The grid names {', '.join(grid) or 'nothing'}; expected every block: {', '.join(names)}.")
    for name, size in zip(names, sizes, strict=True):
        if not len(grid[name]) or min(grid[name]) < 1 or max(grid[name]) > size:
            raise ValueError(
                f"The grid of {name} is {list(grid[name])}; expected counts from 1 to {size}, its number of features."
            )


def list_grid(grid: Mapping[str, Sequence[int]], names: Sequence[str]) -> Ints:
    """Return every combination of counts, the first block changing fastest: (points, blocks).

    Examples
    --------
    >>> list_grid({"a": [5, 10], "b": [1, 2]}, ["a", "b"]).tolist()
    [[5, 1], [10, 1], [5, 2], [10, 2]]
    """
    counts = [sorted(grid[name]) for name in reversed(names)]
    return np.array([point[::-1] for point in itertools.product(*counts)], np.intp)


def score_grid(
    blocks: list[FoldedBlock],
    splits: Sequence[Split],
    settings: FoldSettings,
    *,
    points: Ints,
    fixed: list[Ints],
    n_workers: int = 1,
) -> Array:
    """Return which held-out people each grid point gets wrong: (points, splits, people), NaN for those fitted on.

    Parameters
    ----------
    blocks : list of FoldedBlock
        With one training set per split, in order.
    splits : sequence of Split
    settings : FoldSettings
    points : numpy.ndarray of int, shape (points, blocks)
    fixed : list of numpy.ndarray of int, shape (splits, earlier components)
        Per block: what the components before keep.
    n_workers : int
        Threads; the numbers do not depend on it.
    """
    width = sum(block.shape[1] for block in blocks) * len(splits)
    size = max(1, CELLS_AT_ONCE // width)
    shares = [points[start : start + size] for start in range(0, len(points), size)]
    found = Parallel(n_jobs=n_workers, prefer="threads")(
        delayed(_score_points)(blocks, splits, settings, share, fixed) for share in shares
    )
    return np.concatenate(found)


def _score_points(
    blocks: list[FoldedBlock], splits: Sequence[Split], settings: FoldSettings, points: Ints, fixed: list[Ints]
) -> Array:
    codes = np.stack([split.codes for split in splits])
    fits = fit_splits(blocks, codes, settings, keep=fixed, grid=list(points.T))
    runs = np.tile(np.arange(len(splits)), len(points))
    found = predict_many(fits, fits.plain, list(range(len(blocks))), codes=codes[runs], distance=settings.distance)
    voted = found.count_votes(int(codes.max()) + 1, weighted=settings.weighted_vote)
    wrong = ((voted == NO_CLASS) | (voted != codes[runs])).astype(float)
    held_out = np.zeros(codes.shape, bool)
    for i, split in enumerate(splits):
        held_out[i, split.test] = True
    return np.where(held_out[runs], wrong, np.nan).reshape(len(points), len(splits), -1)


def balance_repeats(wrong: Array, codes: Ints, n_folds: int) -> Array:
    """Return the balanced error of each grid point and repeat: (points, repeats).

    Parameters
    ----------
    wrong : numpy.ndarray of shape (points, splits, people)
        From :func:`score_grid`; the folds of one repeat follow each other.
    codes : numpy.ndarray of int, shape (people,)
    n_folds : int
    """
    by_repeat = np.nanmax(wrong.reshape(len(wrong), -1, n_folds, wrong.shape[2]), axis=2)
    return np.mean([by_repeat[:, :, codes == k].mean(axis=2) for k in range(codes.max() + 1)], axis=0)


def spread_over_folds(wrong: Array, codes: Ints) -> Array:
    """Return the standard error of each grid point's balanced error, from the spread between folds: (points,)."""
    rates = np.mean([np.nanmean(wrong[:, :, codes == k], axis=2) for k in range(codes.max() + 1)], axis=0)
    return rates.std(axis=1, ddof=1) / np.sqrt(wrong.shape[1])


def choose_point(errors: Array, ses: Array, points: Ints, sizes: Sequence[int], *, rule: str) -> int:
    """Return the position of the chosen grid point.

    Examples
    --------
    The second is best, the first is within its standard error and keeps fewer features:

    >>> points = np.array([[5], [50]])
    >>> choose_point(np.array([0.31, 0.30]), np.array([0.02, 0.02]), points, [100], rule="one_se")
    0
    >>> choose_point(np.array([0.31, 0.30]), np.array([0.02, 0.02]), points, [100], rule="minimum")
    1
    """
    best = int(np.argmin(errors))
    limit = errors[best] + (ses[best] if rule == "one_se" else 0.0) + 1e-12
    allowed = np.flatnonzero(errors <= limit)
    burden = (points[allowed] / np.asarray(sizes)).sum(axis=1)
    return int(allowed[np.lexsort([np.arange(len(allowed)), burden])[0]])
