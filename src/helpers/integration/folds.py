"""Many train/test splits: who is where, who belongs together, what happens inside each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.base import BaseEstimator, clone

from helpers.integration.batched_fits import Array, Ints, Mask
from helpers.integration.checks import check_blocks, check_outcomes, check_same_people, take_people
from helpers.integration.estimator import BlockModel
from helpers.integration.prediction import DISTANCES
from helpers.integration.spls import BlockSPLS
from helpers.integration.splsda import VOTES, BlockSPLSDA
from helpers.problems import TooLittle, count, name_some

Design = float | str | pd.DataFrame


@dataclass(frozen=True, eq=False)
class Search:
    """What is tried out inside each training set."""

    points: list[Ints]  # per component, (points, blocks): counts to keep
    designs: tuple[Design, ...]
    rule: str


@dataclass(frozen=True, eq=False)
class FoldSettings:
    """What stays the same over all splits."""

    model: BlockModel
    names: list[str]  # blocks, sorted
    transforms: dict[str, BaseEstimator]
    distance: str
    weighted_vote: bool
    nuisance: Array | None = None  # (samples, terms): blocks are replaced by their residuals on these
    search: Search | None = None  # how keep counts and design are chosen anew in each training set
    persons: Ints | None = None  # whom each sample is from, when some gave several
    clusters: Ints | None = None  # who belongs together: never parted by a fold, of whichever group each is
    baselines: tuple[str, ...] = ()
    covariates: Array | None = None  # (samples, covariates) of the baseline that sees nothing else
    calibrate: bool = False  # learn probabilities from scores
    ids: pd.Index | None = None  # of the samples
    n_inner_folds: int = 5

    @property
    def held(self) -> Ints | None:
        """What is held out as a whole: clusters, or the samples of a person; None where each sample stands alone."""
        return self.persons if self.clusters is None else self.clusters

    @property
    def explains_outcome(self) -> bool:
        """Whether the model explains a measured outcome, not groups."""
        return isinstance(self.model, BlockSPLS)


@dataclass(frozen=True, eq=False)
class Split:
    """Who is fitted on, who is held out, and everyone's class (as a number) or outcome."""

    train: Ints
    test: Ints
    codes: Ints | Array


@dataclass(frozen=True, eq=False)
class Choice:
    """What one training set settled on: the design, and the counts kept per block and component."""

    design: Design
    keep: list[list[int]]
    alone: list[list[int]]  # the same for models of each block alone


@dataclass(frozen=True, eq=False)
class FoldResult:
    """Predictions for held-out people; columns are the blocks, the vote and the baselines."""

    classes: Ints
    scores: Array  # larger = more like the first class
    loadings: list[Array]  # per block, (features, components)
    choice: Choice
    n_dropped: int
    n_blank: int
    converged: bool
    probabilities: Array | None = None  # of the first class
    out_of_bag: Array | None = None  # scores of the training people by trees of the forest that never saw them

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
    people: pd.Series | None = None,
    clusters: pd.Series | None = None,
) -> tuple[FoldSettings, list[Array], Ints, list[str]]:
    """Check what a validation is given; return settings, arrays in the order of block names, class codes and names."""
    names = check_blocks(blocks, y)
    for value, known, what in ((distance, DISTANCES, "distance"), (vote, VOTES, "vote")):
        if value not in known:
            raise ValueError(f"{what} is {value!r}; expected one of {', '.join(known)}.")
    check_transforms(transforms, names)
    labels, codes = np.unique(y.to_numpy(), return_inverse=True)
    persons = read_people(people, y)
    stop_early(codes if persons is None else codes[first_samples(persons)], list(labels), n_folds)
    arrays = [take_people(blocks[name], y.index) for name in names]
    settings = FoldSettings(
        clone(model),
        names,
        dict(transforms or {}),
        distance,
        vote == "weighted",
        persons=persons,
        clusters=read_clusters(clusters, y, n_folds),
        ids=y.index,
    )
    return settings, arrays, codes, list(labels)


def read_outcome_settings(
    blocks: Mapping[str, pd.DataFrame],
    y: pd.Series,
    model: BlockSPLS,
    transforms: Mapping[str, BaseEstimator] | None,
    people: pd.Series | None,
    clusters: pd.Series | None = None,
    n_folds: int = 2,
) -> tuple[FoldSettings, list[Array], Array]:
    """Check what a validation of an outcome is given; return settings, arrays in the order of block names, and values."""
    names = check_outcomes(blocks, y.to_frame())
    check_transforms(transforms, names)
    arrays = [take_people(blocks[name], y.index) for name in names]
    persons = read_people(people, y, one_group=False)
    return (
        FoldSettings(
            clone(model),
            names,
            dict(transforms or {}),
            "",
            True,
            persons=persons,
            clusters=read_clusters(clusters, y, n_folds),
            ids=y.index,
        ),
        arrays,
        y.to_numpy(float),
    )


def quarter_outcome(values: Array, ids: pd.Index, batch: pd.Series | None) -> Ints:
    """Return what folds are balanced on: the quarter of the outcome, and the batch within it.

    Examples
    --------
    >>> quarter_outcome(np.array([1.0, 9.0, 5.0, 7.0]), pd.Index(list("abcd")), None).tolist()
    [0, 3, 1, 2]
    """
    quarters = (rankdata(values, method="ordinal") - 1) * 4 // len(values)
    return make_strata(quarters.astype(np.intp), ids, batch)


def check_transforms(transforms: Mapping[str, BaseEstimator] | None, names: Sequence[str]) -> None:
    """Refuse transforms of blocks that are not there."""
    if unknown := sorted(set(transforms or {}) - set(names)):
        raise ValueError(f"transforms names {', '.join(unknown)}; the blocks are {', '.join(names)}.")


def read_people(people: pd.Series | None, y: pd.Series, *, one_group: bool = True) -> Ints | None:
    """Return whom each sample is from, as a number; None when everyone gave one sample.

    Raises
    ------
    ValueError
        If samples are not those of `y`, a person is unknown, or (with `one_group`) samples of one person differ in `y`.
    """
    if people is None:
        return None
    check_same_people(people.index, y.index, "people", "y")
    people = people.loc[y.index]
    if people.isna().any():
        raise ValueError(f"{count(int(people.isna().sum()), 'sample')} of no person; say in people whom each is from.")
    both = y.groupby(people, observed=True).nunique()
    if one_group and (mixed := both.index[both > 1]).size:
        raise ValueError(
            f"Samples of {count(len(mixed), 'person')} differ in y: {name_some(mixed)}. All samples of a person "
            "must be of one group, as whole persons are held out and shuffled."
        )
    persons = pd.factorize(people, sort=True)[0]
    return None if len(np.unique(persons)) == len(persons) else persons


def read_clusters(clusters: pd.Series | None, y: pd.Series, n_folds: int) -> Ints | None:
    """Return the cluster of each participant as a number; None when everybody stands alone.

    Raises
    ------
    TooLittle
        Fewer clusters than folds.
    ValueError
        A participant without a cluster.
    """
    if clusters is None:
        return None
    own = clusters.reindex(y.index)
    if own.isna().any():
        raise ValueError(f"{count(int(own.isna().sum()), 'participant')} without a cluster.")
    codes = pd.factorize(own, sort=True)[0]
    n_clusters = len(np.unique(codes))
    if n_clusters < n_folds:
        raise TooLittle(f"{count(n_clusters, 'cluster')} for {n_folds} folds, and a fold may not part one.")
    return None if n_clusters == len(codes) else codes


def first_samples(persons: Ints) -> Ints:
    """Return the position of the first sample of each person."""
    return np.unique(persons, return_index=True)[1]


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


def deal_folds(strata: Ints, persons: Ints | None, *, n_folds: int, rng: np.random.Generator) -> Ints:
    """Deal whole persons into folds, balanced on the strata of their first samples.

    Examples
    --------
    >>> folds = deal_folds(np.array([0, 0, 0, 1, 1]), np.array([7, 7, 8, 5, 6]), n_folds=2, rng=np.random.default_rng(1))
    >>> bool(folds[0] == folds[1]), bool(folds[0] != folds[2])
    (True, True)
    """
    if persons is None:
        return assign_folds(strata, n_folds=n_folds, rng=rng)
    _, first, person = np.unique(persons, return_index=True, return_inverse=True)
    return assign_folds(strata[first], n_folds=n_folds, rng=rng)[person]


def stop_early(codes: NDArray[np.intp], labels: list[str], n_folds: int) -> None:
    """Refuse what cannot be cross-validated: other than two groups, or a group smaller than the folds, unless each fold is one person."""
    if len(labels) != 2:
        raise ValueError(f"Groups are {', '.join(map(str, labels))}; cross-validation expects two.")
    sizes = np.bincount(codes)
    smallest = int(sizes.min())
    if not 2 <= n_folds <= smallest and n_folds != len(codes):
        raise ValueError(
            f"n_folds is {n_folds}; expected 2 to {smallest}, the number of people in the group "
            f"{labels[int(sizes.argmin())]}, so that every fold holds both groups, or {len(codes)}, which leaves out one "
            "person at a time."
        )


def count_repeats(strata: Ints, persons: Ints | None, n_folds: int, n_repeats: int) -> int:
    """Return how many repeats are worth running: one where each fold is one person, as the folds are the same every time."""
    n_people = len(strata) if persons is None else len(np.unique(persons))
    return 1 if n_folds == n_people else n_repeats


def stop_inner(codes: Ints, labels: Sequence[str], n_folds: int, n_inner_folds: int) -> None:
    """Refuse inner folds that some training set could not fill with both groups; `codes` are those of persons."""
    sizes = np.bincount(codes)
    smallest = int(sizes.min())
    left = smallest - -(-smallest // n_folds)
    if not 2 <= n_inner_folds <= left:
        fewer = f"{labels[int(sizes.argmin())]} has {smallest} people"
        raise ValueError(
            f"n_inner_folds is {n_inner_folds}; {fewer}, of whom a training set may hold only {left}, so an inner "
            f"fold would lack the group. Set n_inner_folds to 2 to {left}"
            + (", or raise n_folds." if left >= 2 else "; with so few people, neither tune nor calibrate.")
        )
