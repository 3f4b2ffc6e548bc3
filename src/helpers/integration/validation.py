"""How well blocks tell groups apart in people the model has not seen, beside what training figures claim.

Everything that looks at more than one person (imputing, filtering, scaling, selecting, fitting) happens inside
each training fold. The same folds serve every block, the vote and the covariates-only rival.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone

from helpers.integration.checks import check_same_people, take_people
from helpers.integration.folded import Array, Ints
from helpers.integration.folds import (
    FoldResult,
    FoldSettings,
    Search,
    Split,
    assign_folds,
    codes_of,
    fold_blocks,
    list_splits,
    make_strata,
    read_settings,
    run_rival,
    run_splits,
)
from helpers.integration.splsda import BlockSPLSDA
from helpers.integration.summary import (
    RIVAL,
    STEADY,
    VOTE,
    Repeat,
    add_stability,
    add_training,
    balance_error,
    count_steady,
    order_pairs,
    summarise_repeats,
    tabulate_loadings,
    tabulate_repeats,
)
from helpers.integration.tuning import check_search, list_grid, tune_inside
from helpers.permutation import shuffle_within

SPLITS_AT_ONCE = 50  # given to one worker; changes no number


@dataclass(frozen=True, eq=False)
class IntegrationPerformance:
    """Honest and training performance side by side, with all one needs to report them.

    Attributes
    ----------
    performance : pandas.DataFrame
        Index ``block``: each block, "vote", "covariates only" (if given) and "chance". Columns: ``role``;
        ``balanced_error`` and ``auc_out_of_fold``, means over repeats, each with a 95 % interval
        (``_low``, ``_high``) from resampling people and the SD over repeats (``_repeat_sd``);
        ``auc_training`` and ``balanced_error_training``, of one model predicting the people it was fitted
        on; ``rank_out_of_fold``, ``rank_training`` (1 = largest AUC, blocks only); ``share_first``, the share
        of resamples in which the block has the largest AUC; ``stability`` (Nogueira's index of the
        features selected, 1 = always the same, 0 = as by chance); ``n_steady`` (features that 80 % or more of
        a repeat's fold models select on component 1, mean over repeats); ``n_features``, ``n_high``, ``n_low``
        (named by the groups).
    repeats : pandas.DataFrame
        One row per repeat and block: ``repeat``, ``block``, ``balanced_error``, ``auc``.
    loadings : pandas.DataFrame
        Features kept by the model fitted on everyone. Index ``feature``; ``block``; ``loading_comp<h>``;
        ``frequency_comp<h>``, the share of fold models that keep it on that component; and
        ``selection_frequency``, on any.
    model : BlockSPLSDA
        Fitted on everyone, for describing; its own accuracy is the training accuracy.
    n_participants, n_folds, n_repeats : int
    n_dropped_most : int
        Most features dropped in one fold (filtered, constant or never observed in training).
    n_blank_most : int
        Most blank cells among the features of one fold's model.
    n_unconverged : int
        Fold models that reached the limit of sweeps.
    """

    performance: pd.DataFrame
    repeats: pd.DataFrame
    loadings: pd.DataFrame
    model: BlockSPLSDA
    n_participants: int
    n_folds: int
    n_repeats: int
    n_dropped_most: int
    n_blank_most: int
    n_unconverged: int


@dataclass(frozen=True, eq=False)
class PermutationNull:
    """The whole pipeline on shuffled groups.

    Attributes
    ----------
    null : pandas.DataFrame
        Shuffles x (blocks and "vote"): balanced error out of fold, mean over ``n_repeats``.
    observed : pandas.Series
        The balanced error of the real groups, mean over their first ``n_repeats`` repeats.
    p_value : pandas.Series
        (1 + shuffles at or below the observed error) / (1 + shuffles).
    n_steady : pandas.DataFrame
        Shuffles x blocks: how many features 80 % or more of a repeat's fold models select on component 1, mean
        over ``n_repeats``. Fold models share most of their people, so many are by chance.
    n_repeats : int
        Cross-validations of each shuffle, and of the real groups, behind the p-value.
    within : str or None
        Shuffled within the levels of this column.
    """

    null: pd.DataFrame
    observed: pd.Series
    p_value: pd.Series
    n_steady: pd.DataFrame
    n_permutations: int
    n_repeats: int
    n_participants: int
    within: str | None


def cross_validate(
    blocks: Mapping[str, pd.DataFrame],
    y: pd.Series,
    *,
    model: BlockSPLSDA,
    rng: np.random.Generator,
    n_folds: int = 5,
    n_repeats: int = 10,
    transforms: Mapping[str, BaseEstimator] | None = None,
    batch: pd.Series | None = None,
    covariates: pd.DataFrame | None = None,
    grid: Mapping[str, Sequence[int]] | None = None,
    n_inner_folds: int = 5,
    rule: str = "one_se",
    residualise: pd.DataFrame | None = None,
    distance: str = "centroids",
    vote: str = "weighted",
    n_workers: int = 1,
) -> IntegrationPerformance:
    """Validate a model by repeated stratified cross-validation, every data-dependent step inside the folds.

    The AUC counts pairs of people, one per group, *within the same held-out fold*: scores of different fold models
    are never compared. Intervals resample people but do not refit models: they understate the uncertainty and
    have no exact coverage.

    Parameters
    ----------
    blocks : dict of pandas.DataFrame
        Block -> people x features; missing cells are left out of the sums, as if at their training mean.
    y : pandas.Series
        Two groups, index ``participant_id``, the same people as the blocks.
    model : BlockSPLSDA
        Unfitted; cloned.
    rng : numpy.random.Generator
    n_folds, n_repeats : int
    transforms : dict of scikit-learn transformers, optional
        Block -> what is fitted on the training people and applied to all, before scaling. One that drops
        features has ``get_support``; others keep the columns. It is given the groups of the training people too.
    batch : pandas.Series, optional
        Folds are balanced on it as well as on the groups.
    covariates : pandas.DataFrame, optional
        Numeric, people x covariates, for the rival; missing cells are imputed in the fold.
    grid : dict of sequence of int, optional
        Block -> counts of features to try. They are then chosen anew inside every training set, by `n_inner_folds`
        folds of its own and the `rule` of :func:`tune`; the model's own `keep` is not used.
    n_inner_folds : int, default 5
    rule : {"one_se", "minimum"}
    residualise : pandas.DataFrame, optional
        Numeric and complete, people x covariates: every feature is replaced by its residual on them, regressed among
        the training people. What the covariates and the groups share is then taken from the blocks.
    distance, vote : str
        As in `BlockSPLSDA.predict`.
    n_workers : int
        Threads; the numbers do not depend on it.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> ids = [f"sub-{i:02d}" for i in range(40)]
    >>> y = pd.Series(["high", "low"] * 20, index=ids)
    >>> signal = np.where(y == "high", 4.0, 0.0)[:, None]
    >>> blocks = {b: pd.DataFrame(rng.normal(size=(40, 5)) + signal, ids) for b in ("brain", "gut")}
    >>> result = cross_validate(
    ...     blocks, y, model=BlockSPLSDA(1), rng=np.random.default_rng(2), n_folds=4, n_repeats=2
    ... )
    >>> float(result.performance.loc["vote", "balanced_error"])
    0.0
    """
    settings, arrays, codes, labels = read_settings(blocks, y, model, transforms, distance, vote, n_folds)
    settings = _add_choices(settings, arrays, y.index, grid, n_inner_folds, rule, residualise)
    strata = make_strata(codes, y.index, batch)
    extra = _read_covariates(covariates, y.index)
    repeats = _run_repeats(
        arrays, [(codes, strata)] * n_repeats, extra, settings, n_folds, rng.spawn(n_repeats), n_workers
    )
    everyone = np.arange(len(codes))
    whole = Split(everyone, everyone, codes)
    (training,) = _run_share(arrays, [(whole, strata, rng.spawn(1)[0])], settings)
    scorers = [*settings.names, VOTE, *([RIVAL] if extra is not None else [])]
    table = summarise_repeats(repeats, codes, scorers, rng=rng.spawn(1)[0])
    table = add_stability(add_training(table, training, codes, extra), repeats, settings.names)
    table["n_features"] = pd.Series({name: blocks[name].shape[1] for name in settings.names})
    table = table.assign(**{f"n_{label}": n for label, n in zip(labels, np.bincount(codes), strict=True)})
    return IntegrationPerformance(
        table,
        tabulate_repeats(repeats, codes, scorers),
        tabulate_loadings(training, repeats, {n: blocks[n].columns for n in settings.names}),
        _fit_everyone(blocks, y, settings, training),
        len(y),
        n_folds,
        n_repeats,
        max(fold.n_dropped for r in repeats for fold in r.folds),
        max(fold.n_blank for r in repeats for fold in r.folds),
        sum(not fold.converged for r in repeats for fold in r.folds),
    )


def permute_groups(
    blocks: Mapping[str, pd.DataFrame],
    y: pd.Series,
    observed: IntegrationPerformance,
    *,
    model: BlockSPLSDA,
    rng: np.random.Generator,
    n_permutations: int = 99,
    n_repeats: int = 1,
    transforms: Mapping[str, BaseEstimator] | None = None,
    batch: pd.Series | None = None,
    grid: Mapping[str, Sequence[int]] | None = None,
    n_inner_folds: int = 5,
    rule: str = "one_se",
    residualise: pd.DataFrame | None = None,
    distance: str = "centroids",
    vote: str = "weighted",
    n_workers: int = 1,
) -> PermutationNull:
    """Shuffle the groups (within `batch`) and run the whole pipeline again, once per shuffle.

    Luck in the folds adds to every error, and averaging over repeats takes it away. So an error is only compared
    with errors averaged over as many repeats: the real groups enter with their first `n_repeats` repeats, each
    shuffle with as many of its own. The test then rejects noise as often as it should; a mean of ten repeats set
    beside shuffles of one would reject too seldom, noise and signal alike. Settings other than `n_permutations` and `n_repeats`
    must be those of `cross_validate`.

    Parameters
    ----------
    blocks, y, model, transforms, batch, grid, n_inner_folds, rule, residualise, distance, vote
        As in :func:`cross_validate`.
    observed : IntegrationPerformance
        From :func:`cross_validate`.
    rng : numpy.random.Generator
    n_permutations : int, default 99
        With 19, 39, 59, 79 or 99 shuffles the test is exact at the 5 % level.
    n_repeats : int, default 1
        At most those of `observed`. More of them make the test more powerful.
    n_workers : int, default 1
        Threads; the numbers do not depend on it.

    Returns
    -------
    PermutationNull

    Raises
    ------
    ValueError
        More repeats than `observed` has, or every level of `batch` holds one group only.
    """
    settings, arrays, codes, _ = read_settings(blocks, y, model, transforms, distance, vote, observed.n_folds)
    settings = _add_choices(settings, arrays, y.index, grid, n_inner_folds, rule, residualise)
    levels = None if batch is None else codes_of(batch, y.index)
    _check_shuffles(codes, levels, batch, observed, n_repeats)

    streams = rng.spawn(n_permutations)
    shuffled = [shuffle_within(codes, levels, rng=stream) for stream in streams]
    labelled = [(own, make_strata(own, y.index, batch)) for own in shuffled for _ in range(n_repeats)]
    each = [stream for stream in streams for _ in range(n_repeats)]
    repeats = _run_repeats(arrays, labelled, None, settings, observed.n_folds, each, n_workers)
    of_shuffle = [repeats[i * n_repeats : (i + 1) * n_repeats] for i in range(n_permutations)]
    errors = [
        np.mean([balance_error(repeat.wrong, own) for repeat in found], axis=0)
        for own, found in zip(shuffled, of_shuffle, strict=True)
    ]
    steady = [np.mean([count_steady(repeat, at_least=STEADY) for repeat in found], axis=0) for found in of_shuffle]
    null = pd.DataFrame(list(errors), columns=[*settings.names, VOTE]).rename_axis("shuffle")
    first = observed.repeats[observed.repeats["repeat"] <= n_repeats]
    real = first.groupby("block")["balanced_error"].mean().reindex(null.columns)
    at_or_below = (null <= real + 1e-12).sum()
    return PermutationNull(
        null=null,
        observed=real,
        p_value=((1 + at_or_below) / (1 + n_permutations)).rename("p_permutation"),
        n_steady=pd.DataFrame(list(steady), columns=settings.names).rename_axis("shuffle"),
        n_permutations=n_permutations,
        n_repeats=n_repeats,
        n_participants=len(y),
        within=None if batch is None else str(batch.name or "batch"),
    )


def _check_shuffles(
    codes: NDArray[np.intp],
    levels: NDArray[np.intp] | None,
    batch: pd.Series | None,
    observed: IntegrationPerformance,
    n_repeats: int,
) -> None:
    if not 1 <= n_repeats <= observed.n_repeats:
        raise ValueError(
            f"n_repeats is {n_repeats}; expected 1 to {observed.n_repeats}, the repeats of the cross-validation "
            "that the shuffles are compared with."
        )
    if levels is not None and pd.Series(codes).groupby(levels).nunique().max() < 2:
        raise ValueError(
            f"Every level of {batch.name or 'batch'} holds one group only, so shuffling within it changes "
            f"nothing: group and batch cannot be told apart in this cohort."
        )


def _read_covariates(covariates: pd.DataFrame | None, ids: pd.Index) -> Array | None:
    if covariates is None or covariates.empty:
        return None
    check_same_people(covariates.index, ids, "covariates", "y")
    return covariates.loc[ids].to_numpy(float)


def _run_repeats(
    arrays: list[Array],
    labelled: Sequence[tuple[Ints, Ints]],
    extra: Array | None,
    settings: FoldSettings,
    n_folds: int,
    streams: Sequence[np.random.Generator],
    n_workers: int,
) -> list[Repeat]:
    """Cross-validate once per (codes, strata) and stream; all folds are fitted together, a share per worker."""
    folds = [assign_folds(strata, n_folds=n_folds, rng=rng) for (_, strata), rng in zip(labelled, streams, strict=True)]
    splits = [split for own, (codes, _) in zip(folds, labelled, strict=True) for split in list_splits(own, codes)]
    jobs = [
        (split, labelled[i // n_folds][1], stream)
        for i, (split, stream) in enumerate(
            zip(splits, [own for rng in streams for own in rng.spawn(n_folds)], strict=True)
        )
    ]
    size = 1 if settings.search else SPLITS_AT_ONCE
    parts = Parallel(n_jobs=n_workers, prefer="threads")(
        delayed(_run_share)(arrays, jobs[i : i + size], settings) for i in range(0, len(jobs), size)
    )
    results = [result for part in parts for result in part]
    return [
        _join(splits[i * n_folds : (i + 1) * n_folds], results[i * n_folds : (i + 1) * n_folds], own, extra)
        for i, own in enumerate(folds)
    ]


def _run_share(
    arrays: list[Array], jobs: Sequence[tuple[Split, Ints, np.random.Generator]], settings: FoldSettings
) -> list[FoldResult]:
    """Run splits, each with its strata and its own chance, choosing keep counts inside them if asked."""
    keep = None
    if settings.search is not None:
        chosen = [tune_inside(arrays, split, strata, settings, rng) for split, strata, rng in jobs]
        keep = [np.stack(counts) for counts in zip(*chosen, strict=True)]
    return run_splits(arrays, [split for split, _, _ in jobs], settings, keep)


def _add_choices(
    settings: FoldSettings,
    arrays: list[Array],
    ids: pd.Index,
    grid: Mapping[str, Sequence[int]] | None,
    n_inner_folds: int,
    rule: str,
    residualise: pd.DataFrame | None,
) -> FoldSettings:
    """Add what is chosen or regressed out inside the training sets."""
    if grid is not None:
        check_search(grid, rule, settings.names, [values.shape[1] for values in arrays])
        search = Search(list_grid(grid, settings.names), n_inner_folds, rule)
        settings = replace(settings, search=search, model=clone(settings.model).set_params(keep=None))
    if residualise is None:
        return settings
    nuisance = _read_covariates(residualise, ids)
    if nuisance is None or not np.isfinite(nuisance).all():
        raise ValueError("residualise holds no column, or blank cells; give complete covariates.")
    return replace(settings, nuisance=nuisance)


def _join(splits: Sequence[Split], results: list[FoldResult], folds: Ints, extra: Array | None) -> Repeat:
    codes, n_models = splits[0].codes, results[0].classes.shape[1]
    n_scorers = n_models + (extra is not None)
    classes, scores = np.empty((len(codes), n_scorers), np.intp), np.empty((len(codes), n_scorers))
    for split, result in zip(splits, results, strict=True):
        classes[split.test, :n_models], scores[split.test, :n_models] = result.classes, result.scores
        if extra is not None:
            classes[split.test, -1], scores[split.test, -1] = run_rival(extra, split)
    together = (folds[codes == 0][:, None] == folds[codes == 1]).astype(float)
    wrong = (classes != codes[:, None]).astype(float)
    return Repeat(wrong, order_pairs(scores, codes) * together, together, results)


def _fit_everyone(
    blocks: Mapping[str, pd.DataFrame], y: pd.Series, settings: FoldSettings, training: FoldResult
) -> BlockSPLSDA:
    everyone = np.arange(len(y))
    arrays = [take_people(blocks[name], y.index) for name in settings.names]
    split = Split(everyone, everyone, np.unique(y.to_numpy(), return_inverse=True)[1])
    frames = {}
    for name, block in zip(settings.names, fold_blocks(arrays, [split], settings), strict=True):
        used = block.inverse_sds[0] > 0
        frames[name] = pd.DataFrame(block.residuals()[:, used], y.index, blocks[name].columns[used])
    model = clone(settings.model)
    if settings.search is not None:
        model.set_params(keep=dict(zip(settings.names, training.keep, strict=True)))
    return model.fit(frames, y)
