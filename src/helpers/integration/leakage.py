"""The leakage laboratory: people without any group difference in, honest and leaky errors side by side out.

Every switch is one common mistake. Each is turned on alone, and then those of one pipeline together, on data in which the
groups do not differ: whatever falls below one half was made by the mistake.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_selection import SelectKBest, f_classif

from helpers.integration.blocks import keep_equally, prepare_blocks
from helpers.integration.splsda import BlockSPLSDA
from helpers.integration.summary import VOTE
from helpers.integration.tuning import tune
from helpers.integration.validation import cross_validate
from helpers.problems import count, name_some
from helpers.simulate import draw_cohort

SWITCHES = {
    "scale": "scaled before the split",
    "impute": "blanks filled with group means before the split",
    "minimum": "best of many settings reported",
    "batch": "groups that go with the study",
    "filter": "features filtered before the split",
    "duplicates": "second samples of the same people",
    "training": "judged on the people it was fitted on",
    "all": "scaled, filled and filtered before the split, best reported",
}
AGREEMENT = 0.9  # share of people whose group goes with their study when that switch is on
AGAIN = "-again"  # ends the name of a second sample
RETEST = 0.8  # correlation of two samples of one person
N_INNER_FOLDS = 3
WIDTHS = (20, 200, 1000, 5000)
N_HIGH, N_LOW = 44, 72  # group sizes of the study


@dataclass(frozen=True, eq=False)
class Arena:
    """Blocks of people whose groups do not differ.

    Attributes
    ----------
    name : str
    blocks : dict of pandas.DataFrame
        Block -> people x features; blanks are missing values.
    groups : pandas.Series
        "high" or "low".
    study : pandas.Series
        "A" or "B": where each person was measured.
    """

    name: str
    blocks: dict[str, pd.DataFrame]
    groups: pd.Series
    study: pd.Series


@dataclass(frozen=True)
class Pipeline:
    """What is done to the blocks, rightly or wrongly.

    Attributes
    ----------
    n_filtered : int
        Features of each block that differ most between the groups and pass the filter.
    n_keep : int
        Of these, the features the sparse model keeps.
    grid : tuple of int
        Counts of features to try for each block, where settings are tuned.
    n_folds : int
    """

    n_filtered: int = 30
    n_keep: int = 10
    grid: tuple[int, ...] = (5, 30)
    n_folds: int = 5


def draw_noise(
    *,
    rng: np.random.Generator,
    n_people: int = 100,
    n_features: int | Sequence[int] = 1000,
    share_blank: float = 0.1,
    study_shift_sd: float = 0.3,
) -> Arena:
    """Draw normal noise of people in two groups, measured in two studies.

    Parameters
    ----------
    rng : numpy.random.Generator
    n_people : int, default 100
        Half of them, drawn by lot, are in the high group, and half of each group in study A.
    n_features : int or sequence of int, default 1000
        Of each of three blocks, or one number per block.
    share_blank : float, default 0.1
        Share of cells that are blank, 0 to below 1.
    study_shift_sd : float, default 0.3
        SD over features of the difference between studies, in units of the noise. The groups do not differ.

    Examples
    --------
    >>> arena = draw_noise(rng=np.random.default_rng(1), n_people=20, n_features=(5, 3))
    >>> {name: block.shape for name, block in arena.blocks.items()}, arena.groups.value_counts().sort_index().to_dict()
    ({'block_1': (20, 5), 'block_2': (20, 3)}, {'high': 10, 'low': 10})
    """
    sizes = (n_features,) * 3 if isinstance(n_features, int) else tuple(n_features)
    ids = pd.Index([f"noise-{i:03d}" for i in range(1, n_people + 1)], name="participant_id")
    order = rng.permutation(n_people)
    in_a = order % 4 < 2
    blocks = {}
    for number, size in enumerate(sizes, start=1):
        values = rng.normal(size=(n_people, size)) + np.outer(in_a, study_shift_sd * rng.normal(size=size))
        values[rng.random(values.shape) < share_blank] = np.nan
        blocks[f"block_{number}"] = pd.DataFrame(values, ids, [f"noise_{number}_{j}" for j in range(1, size + 1)])
    groups = pd.Series(np.where(order % 2 == 0, "high", "low"), ids, name="group")
    return Arena("noise", blocks, groups, pd.Series(np.where(in_a, "A", "B"), ids, name="study"))


def draw_null_twin(*, seed: int, n_participants: int = 116) -> Arena:
    """Draw the null twin of the simulated cohort: people like those of the book, no resilience effect.

    Parameters
    ----------
    seed : int
    n_participants : int, default 116
    """
    drawn = draw_cohort(n_participants=n_participants, seed=seed, effect=0.0)
    ids = drawn.people.table.index
    groups = pd.DataFrame({"group": np.where(drawn.people.high, "high", "low")}, ids)
    prepared = prepare_blocks(drawn.cohort, groups)
    study = drawn.people.table.loc[prepared.groups.index, "study"]
    return Arena("null twin", prepared.blocks, prepared.groups, study)


def measure_leaks(
    arena: Arena,
    *,
    rng: np.random.Generator,
    switches: Sequence[str] = tuple(SWITCHES),
    pipeline: Pipeline | None = None,
) -> pd.DataFrame:
    """Validate one pipeline with each mistake switched on, beside the same without it, in the same folds.

    Parameters
    ----------
    arena : Arena
    rng : numpy.random.Generator
    switches : sequence of str
        Of :data:`SWITCHES`.
    pipeline : Pipeline, optional

    Returns
    -------
    pandas.DataFrame
        One row per switch: ``arena``, ``switch``, ``error_honest``, ``error_leaky``, ``auc_honest``, ``auc_leaky``. The
        errors are balanced errors of the vote, 0.5 by chance. The AUC is missing where settings are tuned: the
        tuner reports errors.

    Raises
    ------
    ValueError
        When a switch is unknown.

    Examples
    --------
    >>> arena = draw_noise(rng=np.random.default_rng(1), n_people=40, n_features=400)
    >>> table = measure_leaks(arena, rng=np.random.default_rng(2), switches=["training"])
    >>> bool(table["error_leaky"].item() < table["error_honest"].item())
    True
    """
    if unknown := [name for name in switches if name not in SWITCHES]:
        raise ValueError(f"No switch is called {name_some(unknown)}; they are {', '.join(SWITCHES)}.")
    lab = _Laboratory(arena, pipeline or Pipeline(), int(rng.integers(2**62)))
    rows = []
    for name in switches:
        honest, leaky = getattr(lab, f"switch_{name}")()
        rows.append([arena.name, name, honest[0], leaky[0], honest[1], leaky[1]])
    columns = ["arena", "switch", "error_honest", "error_leaky", "auc_honest", "auc_leaky"]
    return pd.DataFrame(rows, columns=columns)


def run_laboratory(
    arenas: Sequence[Arena],
    *,
    rng: np.random.Generator,
    switches: Sequence[str] = tuple(SWITCHES),
    pipeline: Pipeline | None = None,
) -> pd.DataFrame:
    """Measure the leaks in many arenas: the rows of :func:`measure_leaks`, with a column ``run`` counted from 1."""
    tables = [
        measure_leaks(arena, rng=own, switches=switches, pipeline=pipeline).assign(run=number)
        for number, (arena, own) in enumerate(zip(arenas, rng.spawn(len(arenas)), strict=True), start=1)
    ]
    return pd.concat(tables, ignore_index=True)


def summarise_laboratory(runs: pd.DataFrame) -> pd.DataFrame:
    """Return mean and spread of honest and leaky figures.

    Returns
    -------
    pandas.DataFrame
        Index ``arena``, ``switch``; for each figure (``error_honest``, ...) its mean and ``_low`` and ``_high``, the smallest
        and the largest over runs; ``share_below``, the share of runs whose leaky error is below the honest one; ``n_runs``.

    Examples
    --------
    >>> runs = pd.DataFrame({"arena": "noise", "switch": "filter", "error_honest": [0.5, 0.6], "error_leaky": [0.1, 0.3],
    ...                      "auc_honest": [0.5, 0.4], "auc_leaky": [0.9, 0.8], "run": [1, 2]})
    >>> row = summarise_laboratory(runs).loc[("noise", "filter")]
    >>> [round(float(row[name]), 2) for name in ("error_leaky", "error_leaky_low", "error_leaky_high", "share_below")]
    [0.2, 0.1, 0.3, 1.0]
    """
    grouped = runs.groupby(["arena", "switch"], sort=False)
    table = pd.DataFrame(index=pd.MultiIndex.from_tuples(list(grouped.groups), names=["arena", "switch"]))
    for name in ("error_honest", "error_leaky", "auc_honest", "auc_leaky"):
        own = grouped[name]
        table = table.assign(**{name: own.mean(), f"{name}_low": own.min(), f"{name}_high": own.max()})
    below = (runs["error_leaky"] < runs["error_honest"]).groupby([runs["arena"], runs["switch"]], sort=False)
    return table.assign(share_below=below.mean(), n_runs=grouped.size())


def sweep_width(
    *, rng: np.random.Generator, n_runs: int = 10, widths: Sequence[int] = WIDTHS, n_keep: int = 20
) -> pd.DataFrame:
    """Validate models of noise blocks that differ in nothing but their width, in groups of the study's sizes.

    Parameters
    ----------
    rng : numpy.random.Generator
    n_runs : int, default 10
        Each with noise of its own.
    widths : sequence of int
        Features per block.
    n_keep : int, default 20
        Features kept of each block, on one component.

    Returns
    -------
    pandas.DataFrame
        One row per run and block: ``run``, ``n_features``, ``auc_training``, ``auc``.
    """
    tables = []
    for number, own in enumerate(rng.spawn(n_runs), start=1):
        arena = draw_noise(rng=own, n_people=N_HIGH + N_LOW, n_features=widths, share_blank=0.0, study_shift_sd=0.0)
        sides = own.permutation(np.repeat(["high", "low"], [N_HIGH, N_LOW]))
        groups = pd.Series(sides, arena.groups.index, name="group")
        model = BlockSPLSDA(1, keep=keep_equally(arena.blocks, n_keep=n_keep, n_components=1))
        found = _validate_noise(arena.blocks, groups, model=model, rng=own)
        shown = found.loc[list(arena.blocks), ["n_features", "auc_training", "auc"]]
        tables.append(shown.reset_index(drop=True).assign(run=number))
    return pd.concat(tables, ignore_index=True).astype({"n_features": int})


def describe_leaks(summary: pd.DataFrame, *, arena: str) -> str:
    """Return what honest validation says of an arena without any group difference, and what the mistakes make of it.

    Parameters
    ----------
    summary : pandas.DataFrame
        From :func:`summarise_laboratory`.
    arena : str
    """
    rows = summary.loc[arena]
    order = rows["error_leaky"].sort_values(kind="stable")
    texts = [f"{SWITCHES[name]} ({value:.2f})" for name, value in order.items()]
    always = int((rows["share_below"] == 1).sum())
    runs = count(int(rows["n_runs"].max()), "run")
    return (
        f"On {arena} data, in which the groups do not differ, the honest pipelines err with a mean balanced error of "
        f"**{rows['error_honest'].min():.2f} to {rows['error_honest'].max():.2f}** over {runs}. The mistakes, the worst first: "
        f"{'; '.join(texts)}. In every run, {always} of the {len(rows)} made the error smaller than the honest one."
    )


def describe_width(runs: pd.DataFrame) -> str:
    """Return the mean AUCs of noise blocks by their width, and how often the widest has the largest training AUC."""
    means = runs.groupby("n_features")[["auc_training", "auc"]].mean()
    texts = [f"{n:,} features: {row.auc_training:.2f} and {row.auc:.2f}" for n, row in means.iterrows()]
    best = runs.loc[runs.groupby("run")["auc_training"].idxmax(), "n_features"]
    first = int((best == runs["n_features"].max()).sum())
    return (
        f"Mean AUC on the training people and on unseen people, on pure noise: {'; '.join(texts)}. The widest block has the "
        f"largest training AUC in {first} of {count(len(best), 'run')}."
    )


@dataclass(frozen=True, eq=False)
class _Laboratory:
    """One arena and pipeline; every switch returns (balanced error, AUC) of the honest and of the leaky way."""

    arena: Arena
    pipeline: Pipeline
    seed: int

    def switch_scale(self) -> tuple[tuple, tuple]:
        return self.honest, self._validate(_scale(self.arena.blocks), scale=False)

    def switch_impute(self) -> tuple[tuple, tuple]:
        return self.honest, self._validate(_fill_by_group(self.arena.blocks, self.arena.groups))

    def switch_filter(self) -> tuple[tuple, tuple]:
        return self.honest, self._validate(self._filter(self.arena.blocks), filtered=True)

    def switch_training(self) -> tuple[tuple, tuple]:
        return self.honest, self._validate(self.arena.blocks, training=True)

    def switch_minimum(self) -> tuple[tuple, tuple]:
        return self.nested, (self._tune(self.arena.blocks, transforms=self._filters()), np.nan)

    def switch_all(self) -> tuple[tuple, tuple]:
        ready = self._filter(_scale(_fill_by_group(self.arena.blocks, self.arena.groups)))
        return self.nested, (self._tune(ready, scale=False), np.nan)

    def switch_batch(self) -> tuple[tuple, tuple]:
        aligned = replace(self, arena=replace(self.arena, groups=self._align()))
        return self.honest, aligned.honest

    def switch_duplicates(self) -> tuple[tuple, tuple]:
        twice = replace(self, arena=_measure_twice(self.arena, np.random.default_rng(self.seed)))
        samples = twice.arena.groups.index
        people = pd.Series(samples.str.removesuffix(AGAIN), samples, name="person")
        return twice._validate(twice.arena.blocks, people=people), twice.honest

    @cached_property
    def honest(self) -> tuple[float, float]:
        return self._validate(self.arena.blocks)

    def _validate(
        self,
        blocks: Mapping[str, pd.DataFrame],
        *,
        filtered: bool = False,
        training: bool = False,
        scale: bool = True,
        people: pd.Series | None = None,
    ) -> tuple[float, float]:
        found = _validate_noise(
            blocks,
            self.arena.groups,
            model=self._model(scale=scale),
            rng=np.random.default_rng(self.seed),
            n_folds=self.pipeline.n_folds,
            transforms=None if filtered else self._filters(),
            people=people,
        ).loc[VOTE]
        if training:
            return found["balanced_error_training"], found["auc_training"]
        return found["balanced_error"], found["auc"]

    @cached_property
    def nested(self) -> tuple[float, float]:
        found = _validate_noise(
            self.arena.blocks,
            self.arena.groups,
            model=self._model(),
            rng=np.random.default_rng(self.seed),
            n_folds=self.pipeline.n_folds,
            transforms=self._filters(),
            grid=self._grid,
            n_inner_folds=N_INNER_FOLDS,
            rule="minimum",
        ).loc[VOTE]
        return found["balanced_error"], found["auc"]

    def _tune(self, blocks: Mapping[str, pd.DataFrame], *, transforms: dict | None = None, scale: bool = True) -> float:
        tuned = tune(
            blocks,
            self.arena.groups,
            grid=self._grid,
            model=self._model(scale=scale),
            rng=np.random.default_rng(self.seed),
            n_folds=self.pipeline.n_folds,
            n_repeats=1,
            rule="minimum",
            transforms=transforms,
        )
        return float(tuned.errors["balanced_error"].min())

    def _model(self, *, scale: bool = True) -> BlockSPLSDA:
        keep = keep_equally(self.arena.blocks, n_keep=self.pipeline.n_keep, n_components=1)
        return BlockSPLSDA(1, keep=keep, scale=scale, start="reference")  # one start is faster

    @property
    def _grid(self) -> dict[str, tuple[int, ...]]:
        return dict.fromkeys(self.arena.blocks, self.pipeline.grid)

    def _filters(self) -> dict[str, SelectKBest]:
        return {name: SelectKBest(f_classif, k=self.pipeline.n_filtered) for name in self.arena.blocks}

    def _filter(self, blocks: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
        """Keep the features that differ most between the groups *in everyone*."""
        filters = self._filters()
        whole = {name: block.where(block.notna(), block.mean(), axis=1) for name, block in blocks.items()}
        return {
            name: block.loc[:, filters[name].fit(whole[name], self.arena.groups).get_support()]
            for name, block in blocks.items()
        }

    def _align(self) -> pd.Series:
        """Return groups that go with the study, but for one person in ten of each study."""
        rng, study = np.random.default_rng(self.seed), self.arena.study
        high = (study == "A").to_numpy(copy=True)
        for level in ("A", "B"):
            people = np.flatnonzero(study == level)
            turned = rng.choice(people, size=round((1 - AGREEMENT) * len(people)), replace=False)
            high[turned] = ~high[turned]
        return pd.Series(np.where(high, "high", "low"), study.index, name="group")


def _validate_noise(blocks: Mapping[str, pd.DataFrame], groups: pd.Series, **settings: object) -> pd.DataFrame:
    """Cross-validate once; that a model of noise keeps wandering between features is no news here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return cross_validate(blocks, groups, n_repeats=1, baselines=(), calibrate=False, **settings).performance


def _scale(blocks: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    return {name: (block - block.mean()) / block.std() for name, block in blocks.items()}


def _fill_by_group(blocks: Mapping[str, pd.DataFrame], groups: pd.Series) -> dict[str, pd.DataFrame]:
    return {name: block.fillna(block.groupby(groups).transform("mean")) for name, block in blocks.items()}


def _measure_twice(arena: Arena, rng: np.random.Generator) -> Arena:
    """Add a second sample of everyone, correlated with the first, as if it were another person."""
    blocks = {}
    for name, block in arena.blocks.items():
        means, noise = block.mean(), rng.normal(size=block.shape) * block.std().to_numpy()
        second = means + RETEST * (block - means) + np.sqrt(1 - RETEST**2) * noise
        blocks[name] = pd.concat([block, second.rename(_name_again)])
    names = [part.rename(_name_again) for part in (arena.groups, arena.study)]
    return Arena(arena.name, blocks, pd.concat([arena.groups, names[0]]), pd.concat([arena.study, names[1]]))


def _name_again(sample: str) -> str:
    return f"{sample}{AGAIN}"
