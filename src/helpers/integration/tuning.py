"""What to keep and how strongly to link: grids of counts and designs scored by cross-validation, step by step."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone

from helpers.integration.batched_fits import Array, BatchedBlock, Ints
from helpers.integration.checks import read_design
from helpers.integration.estimator import BlockModel
from helpers.integration.fold_preprocessing import CELLS_AT_ONCE, divide_splits, fit_splits, fold_blocks
from helpers.integration.folds import (
    Design,
    FoldSettings,
    Search,
    Split,
    count_repeats,
    deal_folds,
    list_splits,
    make_strata,
    quarter_outcome,
    read_outcome_settings,
    read_settings,
)
from helpers.integration.prediction import NO_CLASS, predict_many
from helpers.integration.spls import BlockSPLS
from helpers.integration.splsda import BlockSPLSDA
from helpers.permutation import on_one_blas_thread
from helpers.workers import run_tasks

RULES = ("one_se", "minimum")
Draw = list[Split]  # the folds of all repeats, repeat by repeat


@dataclass(frozen=True, eq=False)
class TunedKeep:
    """Keep counts and design chosen by cross-validation.

    Attributes
    ----------
    keep : dict of list of int
        Block -> features kept on each component, as `BlockSPLSDA` takes it.
    n_components : int
        Components from which on one more no longer lowers the error by a standard error.
    errors : pandas.DataFrame
        One row per design, component and grid point: ``design``; ``component``; one column per block with its count;
        ``balanced_error`` (of an outcome ``one_minus_q2``), mean over repeats; ``se``, its standard error over folds; ``chosen``.
    rule : str
        ``one_se``: the fewest features within one standard error of the smallest error. ``minimum``: the
        smallest error, ties going to the fewest features. Of several designs: the weakest links within one standard
        error of the smallest error with all components, or the smallest error.
    design : float, str or pandas.DataFrame
        The design chosen; the model's own if none was to be tried.
    """

    keep: dict[str, list[int]]
    n_components: int
    errors: pd.DataFrame
    rule: str
    design: Design = 0.1


def tune(
    blocks: Mapping[str, pd.DataFrame],
    y: pd.Series,
    *,
    model: BlockSPLSDA | BlockSPLS,
    rng: np.random.Generator,
    grid: Mapping[str, Sequence[int]] | None = None,
    designs: Sequence[Design] | None = None,
    n_folds: int = 5,
    n_repeats: int = 10,
    rule: str = "one_se",
    transforms: Mapping[str, BaseEstimator] | None = None,
    batch: pd.Series | None = None,
    people: pd.Series | None = None,
    distance: str = "centroids",
    vote: str = "weighted",
    n_workers: int = 1,
) -> TunedKeep:
    """Choose how many features each block keeps on each component, by repeated stratified cross-validation.

    Component h reuses the counts chosen for those before it, and gets folds of its own. The error found here belongs to
    the best of many and is too good: judge the model with `cross_validate`, which tunes again inside every fold.

    Parameters
    ----------
    blocks, y, transforms, batch, people, distance, vote
        As in :func:`cross_validate`.
    model : BlockSPLSDA or BlockSPLS
        `n_components` says how many are tuned. Its `keep` is used without a grid, its `design` without `designs`. For
        a `BlockSPLS`, `y` is the outcome and the error is 1 - Q²: squared error over squared distance to the mean.
    rng : numpy.random.Generator
    grid : dict of sequence of int, optional
        Block -> counts to try; every combination is tried. Each block must be named.
    designs : sequence of float, "full", "null" or pandas.DataFrame, optional
        Links between blocks to try, each with every combination of counts.
    n_folds, n_repeats : int
        As many folds as people leave out one at a time, once.
    rule : {"one_se", "minimum"}
        See :class:`TunedKeep`.
    n_workers : int
        Threads; the numbers do not depend on it.

    Returns
    -------
    TunedKeep
        The counts chosen, by block and component, and the errors of all that was tried.

    Raises
    ------
    ValueError
        When there is nothing to try, the grid does not name every block, a count is impossible, or the rule is unknown.
    """
    if isinstance(model, BlockSPLS):
        settings, arrays, codes = read_outcome_settings(blocks, y, model, transforms, people)
        strata = quarter_outcome(codes, y.index, batch)
    else:
        settings, arrays, codes, _ = read_settings(blocks, y, model, transforms, distance, vote, n_folds, people)
        strata = make_strata(codes, y.index, batch)
    n_repeats = count_repeats(strata, settings.persons, n_folds, n_repeats)
    search = make_search(grid, designs, rule, settings.model, settings.names, [values.shape[1] for values in arrays])
    if search is None:
        raise ValueError("Neither grid nor designs was given; there is nothing to choose from.")
    draws = [
        [
            split
            for stream in own.spawn(n_repeats)
            for split in list_splits(deal_folds(strata, settings.held, n_folds=n_folds, rng=stream), codes)
        ]
        for own in rng.spawn(model.n_components)
    ]
    return tune_draws(arrays, np.arange(len(codes)), draws, replace(settings, search=search), n_folds, n_workers)


def make_search(
    grid: Mapping[str, Sequence[int]] | None,
    designs: Sequence[Design] | None,
    rule: str,
    model: BlockModel,
    names: list[str],
    sizes: Sequence[int],
) -> Search | None:
    """Return what is to be tried, checked; None if nothing."""
    if grid is None and designs is None:
        return None
    if rule not in RULES:
        raise ValueError(f"rule is {rule!r}; expected one of {', '.join(RULES)}.")
    if designs is not None and len(designs) == 0:
        raise ValueError("designs is empty; give the links to try, such as (0.1, 'full'), or leave it out.")
    for design in designs or ():
        read_design(design, names)
    if grid is None:
        counts = np.stack([own[0] for own in model.read_keep(names, list(sizes), 1)])
        points = [own[None] for own in counts.T]
    else:
        check_grid(grid, names, sizes)
        points = [list_grid(grid, names)] * model.n_components
    return Search(points, (model.design,) if designs is None else tuple(designs), rule)


def tune_inside(
    arrays: list[Array], split: Split, strata: Ints, settings: FoldSettings, rng: np.random.Generator
) -> TunedKeep:
    """Choose keep counts and design from the training people of one split alone."""
    train, n_folds = split.train, settings.n_inner_folds
    persons = None if settings.held is None else settings.held[train]
    draws = [
        [
            Split(train[inner.train], train[inner.test], split.codes)
            for inner in list_splits(deal_folds(strata[train], persons, n_folds=n_folds, rng=rng), split.codes)
        ]
        for _ in range(settings.model.n_components)
    ]
    return tune_draws(arrays, train, draws, settings, n_folds, 1)


@on_one_blas_thread
def tune_draws(
    arrays: list[Array],
    people: Ints,
    draws: Sequence[Draw],
    settings: FoldSettings,
    n_folds: int,
    n_workers: int,
) -> TunedKeep:
    """Choose what `settings.search` lists, on one draw of folds per component; errors count `people` only."""
    search = settings.search
    tried = []
    for design in search.designs:
        model = clone(settings.model).set_params(design=design)
        tried.append(_tune_counts(arrays, people, draws, replace(settings, model=model), n_folds, n_workers))
    best = _choose_design([last for _, last in tried], [_strength(d, settings.names) for d in search.designs], search)
    tables = [tuned.errors.assign(chosen=tuned.errors["chosen"] & (i == best)) for i, (tuned, _) in enumerate(tried)]
    return replace(tried[best][0], errors=pd.concat(tables, ignore_index=True), design=search.designs[best])


def _choose_design(last: Sequence[tuple[float, float]], strengths: Sequence[float], search: Search) -> int:
    errors = np.array([error for error, _ in last])
    if search.rule == "minimum":
        return int(errors.argmin())
    limit = errors.min() + last[int(errors.argmin())][1] + 1e-12
    allowed = np.flatnonzero(errors <= limit)
    return int(min(allowed, key=lambda i: (strengths[i], i)))


def _strength(design: Design, names: list[str]) -> float:
    links = read_design(design, names)
    return float(np.mean(links if np.ndim(links) == 0 else links[:-1, :-1]))


def _tune_counts(
    arrays: list[Array], people: Ints, draws: Sequence[Draw], settings: FoldSettings, n_folds: int, n_workers: int
) -> tuple[TunedKeep, tuple[float, float]]:
    """Choose counts component by component; return them, and the error and standard error of the last choice."""
    sizes, search = [values.shape[1] for values in arrays], settings.search
    design = settings.model.design
    chosen, tables, best = np.empty((0, len(arrays)), np.intp), [], []
    for h, (splits, points) in enumerate(zip(draws, search.points, strict=True)):
        step = replace(settings, model=clone(settings.model).set_params(n_components=h + 1, keep=None))
        wrong = _score_splits(arrays, splits, step, points, chosen, n_workers)
        wrong, codes = wrong[:, :, people], splits[0].codes[people]
        if settings.explains_outcome:
            errors, ses = weigh_squares(wrong, codes, n_folds)
        else:
            errors = balance_repeats(wrong, codes, n_folds).mean(axis=1)
            ses = spread_over_folds(wrong, codes)
        at = choose_point(errors, ses, points, sizes, rule=search.rule)
        chosen = np.vstack([chosen, points[at]])
        best.append((errors[at], ses[at]))
        table = pd.DataFrame(points, columns=settings.names)
        table.insert(0, "component", h + 1)
        table.insert(0, "design", "given" if isinstance(design, pd.DataFrame) else str(design))
        what = "one_minus_q2" if settings.explains_outcome else "balanced_error"
        tables.append(table.assign(**{what: errors, "se": ses, "chosen": np.arange(len(points)) == at}))
    keep = {name: counts.tolist() for name, counts in zip(settings.names, chosen.T, strict=True)}
    tuned = TunedKeep(keep, _count_components(best), pd.concat(tables, ignore_index=True), search.rule, design)
    return tuned, best[-1]


def _score_splits(
    arrays: list[Array], splits: Draw, settings: FoldSettings, points: Ints, chosen: Ints, n_workers: int
) -> Array:
    """Score a grid on splits, together where the transforms allow it: (points, splits, people)."""
    if all(hasattr(transform, "get_support") for transform in settings.transforms.values()):
        shares = [slice(None)]
    else:
        shares = list(divide_splits(arrays, len(splits), settings))
    found = []
    for share in shares:
        own = splits[share]
        fixed = [np.tile(counts, (len(own), 1)) for counts in chosen.T]
        folded = fold_blocks(arrays, own, settings)
        found.append(score_grid(folded, own, settings, points=points, fixed=fixed, n_workers=n_workers))
    return np.concatenate(found, axis=1)


def _count_components(best: Sequence[tuple[float, float]]) -> int:
    """Return the first component whose error is within one standard error of the smallest."""
    errors = np.array([error for error, _ in best])
    limit = errors.min() + best[int(errors.argmin())][1]
    return int(np.flatnonzero(errors <= limit + 1e-12)[0]) + 1


def check_grid(grid: Mapping[str, Sequence[int]], names: Sequence[str], sizes: Sequence[int]) -> None:
    """Refuse a grid that does not name every block or asks for an impossible count."""
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
    blocks: list[BatchedBlock],
    splits: Sequence[Split],
    settings: FoldSettings,
    *,
    points: Ints,
    fixed: list[Ints],
    n_workers: int = 1,
) -> Array:
    """Return which held-out people each grid point gets wrong: (points, splits, people), NaN for those fitted on.

    Of a measured outcome: by how much, squared.

    Parameters
    ----------
    blocks : list of BatchedBlock
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
    found = run_tasks(_score_points, shares, shared=[blocks, splits, settings, fixed], n_workers=n_workers)
    return np.concatenate(list(found))


def _score_points(
    blocks: list[BatchedBlock], splits: Sequence[Split], settings: FoldSettings, fixed: list[Ints], points: Ints
) -> Array:
    codes = np.stack([split.codes for split in splits])
    fits = fit_splits(blocks, codes, settings, keep=fixed, grid=list(points.T))
    runs = np.tile(np.arange(len(splits)), len(points))
    if settings.explains_outcome:
        found = predict_many(fits, fits.plain, list(range(len(blocks))), codes=None)
        wrong = (found.average_response()[:, :, 0] - codes[runs]) ** 2
    else:
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
    """Return the standard error of each grid point's balanced error, from the spread between folds: (points,).

    Where a fold lacks a group, as with one person left out at a time, from the spread between people of each group.
    """
    groups = [wrong[:, :, codes == k] for k in range(codes.max() + 1)]
    if any(np.isnan(own).all(axis=2).any() for own in groups):
        people = [np.nanmean(own, axis=1) for own in groups]
        return np.sqrt(sum(own.var(axis=1, ddof=1) / own.shape[1] for own in people)) / len(groups)
    rates = np.mean([np.nanmean(own, axis=2) for own in groups], axis=0)
    return rates.std(axis=1, ddof=1) / np.sqrt(wrong.shape[1])


def weigh_squares(squares: Array, values: Array, n_folds: int) -> tuple[Array, Array]:
    """Return 1 - Q² of each grid point, mean over repeats, and its standard error from the spread between folds.

    Parameters
    ----------
    squares : numpy.ndarray of shape (points, splits, people)
        Squared errors, from :func:`score_grid`.
    values : numpy.ndarray of shape (people,)
    n_folds : int
    """
    by_repeat = np.nanmax(squares.reshape(len(squares), -1, n_folds, squares.shape[2]), axis=2)
    of_fold = np.nanmean(squares, axis=2) / values.var()
    return by_repeat.mean(axis=(1, 2)) / values.var(), of_fold.std(axis=1, ddof=1) / np.sqrt(squares.shape[1])


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
