"""How well blocks tell groups apart in people the model has not seen, beside what training figures claim.

Everything that looks at more than one person (imputing, filtering, scaling, selecting, fitting) happens inside
each training fold. The same folds serve every block, the vote and the baselines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone

from helpers.integration.baselines import BASELINES, check_baselines, name_baselines
from helpers.integration.batched_fits import Array, Ints
from helpers.integration.checks import check_same_people, take_people
from helpers.integration.estimator import BlockModel
from helpers.integration.fold_preprocessing import fold_blocks
from helpers.integration.folds import (
    Design,
    FoldSettings,
    Split,
    count_repeats,
    first_samples,
    make_strata,
    read_settings,
    stop_inner,
)
from helpers.integration.parallel import Job, run_jobs, run_repeats
from helpers.integration.probabilities import judge_probabilities, tabulate_reliability
from helpers.integration.splsda import BlockSPLSDA
from helpers.integration.summary import (
    CHANCE,
    VOTE,
    Repeat,
    add_stability,
    add_training,
    summarise_repeats,
    tabulate_choices,
    tabulate_loadings,
    tabulate_repeats,
)
from helpers.integration.tuning import make_search
from helpers.permutation import on_one_blas_thread


@dataclass(frozen=True, eq=False)
class IntegrationPerformance:
    """Honest and training performance side by side, with all one needs to report them.

    Attributes
    ----------
    performance : pandas.DataFrame
        Index ``block``: each block, "vote", the baselines ("<block> alone", "ridge", "forest", "covariates only") and
        "chance". Columns: ``role`` (block, vote, baseline, chance);
        ``balanced_error`` and ``auc``, means over repeats, each with a 95 % interval
        from the spread between folds (``balanced_error_low``, ``auc_low``, …), the SD over repeats (``_repeat_sd``) and the
        range that 95 % of repeats fall in (``_repeat_low``, ``_repeat_high``: the luck of the folds alone, not of the
        people; blank for one repeat); ``brier``, mean squared distance of probability and group, with an interval over
        people; ``auc_training`` and ``balanced_error_training``, of one model predicting the people it was fitted
        on; ``rank``, ``rank_training`` (1 = largest AUC, blocks only); ``lead``, how far a
        block's AUC is above the best other block's in the same folds, with ``lead_low``, ``lead_high``; ``stability`` (Nogueira's index of the
        features selected, 1 = always the same, 0 = as by chance) with ``stability_low``, ``stability_high``;
        ``n_steady`` (features that 80 % or more of a repeat's fold models select on component 1, mean over repeats);
        ``n_features``, ``n_high``, ``n_low`` (named by the groups).
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
    n_samples : int
        More than `n_participants` where some gave several.
    adjusted_for : tuple of str
        Covariates taken out of every feature inside the folds.
    choices : pandas.DataFrame
        What each fold's training set settled on: ``repeat``, ``fold``, ``design``, ``<block>_comp<h>`` (counts).
    searched : tuple of str
        What was chosen anew inside each training set: "keep", "design", both or nothing.
    calibration : pandas.DataFrame
        Index ``block`` as in `performance`; ``brier``, ``intercept``, ``slope`` with intervals, see
        :func:`helpers.integration.probabilities.judge_probabilities`. Empty without `calibrate`.
    reliability : pandas.DataFrame
        The calibration curve: ``block``, ``bin``, ``probability``, ``observed`` with interval, ``n``. Empty without `calibrate`.
    probabilities : pandas.DataFrame
        Of the first group, for everyone when held out: index (``repeat``, ``participant_id``), one column per scorer and
        ``group``. It tells of single people: never show it on a page. Empty without `calibrate`.
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
    n_samples: int
    adjusted_for: tuple[str, ...]
    choices: pd.DataFrame
    searched: tuple[str, ...]
    calibration: pd.DataFrame
    reliability: pd.DataFrame
    probabilities: pd.DataFrame


@on_one_blas_thread
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
    people: pd.Series | None = None,
    clusters: pd.Series | None = None,
    covariates: pd.DataFrame | None = None,
    baselines: Sequence[str] = BASELINES,
    calibrate: bool = True,
    grid: Mapping[str, Sequence[int]] | None = None,
    designs: Sequence[Design] | None = None,
    n_inner_folds: int = 5,
    rule: str = "one_se",
    residualise: pd.DataFrame | None = None,
    distance: str = "centroids",
    vote: str = "weighted",
    n_workers: int = 1,
) -> IntegrationPerformance:
    """Validate a model by repeated stratified cross-validation, every data-dependent step inside the folds.

    The AUC counts pairs of people, one per group, *within the same held-out fold*: scores of different fold models
    are never compared. Intervals of AUC and balanced error come from the spread between folds, corrected for the training people
    that folds share [1]_ (:func:`helpers.intervals.bound_over_folds`): they are for the mean over cohorts of this size, and cover it
    in 92 to 99 % of simulated cohorts (``data/calibration/validated_coverage.tsv``); drawing held-out people anew without refitting, in
    70 to 85 %.

    Parameters
    ----------
    blocks : dict of pandas.DataFrame
        Block -> people x features; missing cells are left out of the sums, as if at their training mean.
    y : pandas.Series
        Two groups, index ``participant_id``, the same people as the blocks.
    model : BlockSPLSDA
        Unfitted; cloned.
    rng : numpy.random.Generator
    n_folds : int
        As many as there are people leaves out one at a time: then there is no AUC, as no two people share a fold, and one
        repeat, as folds do not vary.
    n_repeats : int
    transforms : dict of scikit-learn transformers, optional
        Block -> what is fitted on the training people and applied to all, before scaling: a filter, an imputer, a
        Pipeline. It may drop features but not make new ones. An imputer sees the blanks; what cannot take blanks sees
        training means. A filter (with `get_support`) is given the groups of the training people too.
    batch : pandas.Series, optional
        Folds are balanced on it as well as on the groups.
    people : pandas.Series, optional
        Sample -> person, where people gave several samples (then `y` and the blocks are indexed by sample). Samples of
        one person never stand on both sides of a fold, and are resampled together.
    clusters : pandas.Series, optional
        Who belongs together (families), index ``participant_id``, of whichever group each is: they never stand on both sides of a fold, and are
        resampled together.
    covariates : pandas.DataFrame, optional
        Numeric, people x covariates, for the baseline that sees nothing else; missing cells are imputed in the fold.
    baselines : sequence of {"alone", "ridge", "forest"}
        Simpler models in the same folds: a sparse PLS-DA of each block alone with the same settings; ridge and
        a random forest (100 trees) on all features side by side, the penalty chosen inside the training set. They see what the model sees: transformed, standardised,
        freed from covariates.
    calibrate : bool, default True
        Learn probabilities from scores, by `n_inner_folds` folds inside each training set (the forest: from trees that did
        not see a person), and judge them on held-out people. Costs about `n_inner_folds` times the fits.
    grid : dict of sequence of int, optional
        Block -> counts of features to try. They are then chosen anew inside every training set, by `n_inner_folds`
        folds of its own and the `rule` of :func:`tune`; the model's own `keep` is not used.
    designs : sequence, optional
        Links between blocks to try, chosen inside every training set as the counts are; the model's own is not used.
    n_inner_folds : int, default 5
    rule : {"one_se", "minimum"}
    residualise : pandas.DataFrame, optional
        Numeric and complete, people x covariates: every feature is replaced by its residual on them, regressed among
        the training people. What the covariates and the groups share is then taken from the blocks. A table without columns
        adjusts for nothing.
    distance, vote : str
        As in `BlockSPLSDA.predict`.
    n_workers : int
        Threads; the numbers do not depend on it.

    Returns
    -------
    IntegrationPerformance
        Errors, AUCs and probabilities of held-out people, of the model and of what it is compared with.

    Raises
    ------
    ValueError
        If people do not match, there are not two groups, a fold (or inner fold) could lack a group, samples of a
        person are of both groups, or a setting names what is not there.

    References
    ----------
    .. [1] Nadeau C, Bengio Y (2003). Inference for the generalization error. Mach Learn 52:239-281.
       doi:10.1023/A:1024068626366

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> ids = [f"sub-{i:02d}" for i in range(40)]
    >>> y = pd.Series(["high", "low"] * 20, index=ids)
    >>> signal = np.where(y == "high", 4.0, 0.0)[:, None]
    >>> blocks = {b: pd.DataFrame(rng.normal(size=(40, 5)) + signal, ids) for b in ("brain", "gut")}
    >>> result = cross_validate(
    ...     blocks, y, model=BlockSPLSDA(1), rng=np.random.default_rng(2), n_folds=4, n_repeats=2, baselines=["ridge"]
    ... )
    >>> result.performance.loc[["vote", "ridge"], "balanced_error"].to_list()
    [0.0, 0.0]
    """
    settings, arrays, codes, labels = read_settings(
        blocks, y, model, transforms, distance, vote, n_folds, people, clusters
    )
    settings = add_choices(settings, arrays, y.index, grid, designs, n_inner_folds, rule, residualise)
    settings = replace(
        settings,
        baselines=check_baselines(baselines),
        covariates=read_covariates(covariates, y.index),
        calibrate=calibrate,
    )
    if settings.search is not None or calibrate:
        persons = np.arange(len(codes)) if settings.persons is None else settings.persons
        stop_inner(codes[first_samples(persons)], labels, n_folds, n_inner_folds)
    strata = make_strata(codes, y.index, batch)
    n_repeats = count_repeats(strata, settings.persons, n_folds, n_repeats)
    repeats = run_repeats(arrays, [(codes, strata)] * n_repeats, settings, n_folds, rng.spawn(n_repeats), n_workers)
    everyone = np.arange(len(codes))
    whole = Job(Split(everyone, everyone, codes), strata, rng.spawn(1)[0])
    (training,) = run_jobs(arrays, replace(settings, calibrate=False), [whole])
    scorers = [*settings.names, VOTE, *name_baselines(settings)]
    table = summarise_repeats(repeats, codes, scorers, rng=rng.spawn(1)[0], persons=settings.held)
    table = add_stability(add_training(table, training, codes), repeats, settings.names)
    table["n_features"] = pd.Series({name: blocks[name].shape[1] for name in settings.names})
    table = table.assign(**{f"n_{label}": n for label, n in zip(labels, np.bincount(codes), strict=True)})
    return IntegrationPerformance(
        table,
        tabulate_repeats(repeats, codes, scorers),
        tabulate_loadings(training, repeats, {n: blocks[n].columns for n in settings.names}),
        fit_everyone(blocks, y, settings, training.choice.keep, training.choice.design),
        len(y) if settings.persons is None else len(np.unique(settings.persons)),
        n_folds,
        n_repeats,
        max(fold.n_dropped for r in repeats for fold in r.folds),
        max(fold.n_blank for r in repeats for fold in r.folds),
        sum(not fold.converged for r in repeats for fold in r.folds),
        n_samples=len(y),
        adjusted_for=() if settings.nuisance is None else tuple(map(str, residualise.columns)),
        choices=tabulate_choices(repeats, settings.names),
        searched=tuple(what for what, tried in (("keep", grid), ("design", designs)) if tried is not None),
        **_judge(repeats, codes, scorers, y, settings.held),
    )


def add_choices(
    settings: FoldSettings,
    arrays: list[Array],
    ids: pd.Index,
    grid: Mapping[str, Sequence[int]] | None,
    designs: Sequence[Design] | None,
    n_inner_folds: int,
    rule: str,
    residualise: pd.DataFrame | None,
) -> FoldSettings:
    """Add what is chosen or regressed out inside the training sets."""
    sizes = [values.shape[1] for values in arrays]
    search = make_search(grid, designs, rule, settings.model, settings.names, sizes)
    settings = replace(settings, search=search, n_inner_folds=n_inner_folds)
    if search is not None:
        settings = replace(settings, model=clone(settings.model).set_params(keep=None))
    nuisance = read_covariates(residualise, ids)
    if nuisance is None:
        return settings
    if not np.isfinite(nuisance).all():
        raise ValueError("residualise holds blank cells; give complete covariates, or leave those people out.")
    return replace(settings, nuisance=nuisance)


def read_covariates(covariates: pd.DataFrame | None, ids: pd.Index) -> Array | None:
    """Return covariates of the people in that order; None if there are none."""
    if covariates is None or not len(covariates.columns):
        return None
    check_same_people(covariates.index, ids, "covariates", "y")
    return covariates.loc[ids].to_numpy(float)


def _judge(
    repeats: list[Repeat], codes: Ints, scorers: list[str], y: pd.Series, persons: Ints | None
) -> dict[str, pd.DataFrame]:
    """Return the tables about probabilities, empty where none were learned."""
    if repeats[0].probabilities is None:
        return dict.fromkeys(("calibration", "reliability", "probabilities"), pd.DataFrame())
    found = np.stack([repeat.probabilities for repeat in repeats])
    share = np.full((1, len(codes), 1), (codes == 0).mean())
    judged = [judge_probabilities(found, codes, scorers, persons), judge_probabilities(share, codes, [CHANCE], persons)]
    names = [y.index.name or "participant_id"]
    each = {number: pd.DataFrame(own, y.index.set_names(names), scorers) for number, own in enumerate(found, start=1)}
    probabilities = pd.concat(each, names=["repeat"])
    probabilities["group"] = np.tile(y.to_numpy(), len(found))
    return {
        "calibration": pd.concat(judged),
        "reliability": tabulate_reliability(found, codes, scorers),
        "probabilities": probabilities,
    }


def fit_everyone(
    blocks: Mapping[str, pd.DataFrame],
    y: pd.Series,
    settings: FoldSettings,
    keep: list[list[int]],
    design: Design | None = None,
) -> BlockModel:
    """Return the model of everyone, for describing, on the blocks as they are after transforms and adjustment."""
    everyone = np.arange(len(y))
    arrays = [take_people(blocks[name], y.index) for name in settings.names]
    split = Split(everyone, everyone, np.unique(y.to_numpy(), return_inverse=True)[1])
    frames = {}
    for name, block in zip(settings.names, fold_blocks(arrays, [split], settings), strict=True):
        used = block.inverse_sds[0] > 0
        frames[name] = pd.DataFrame(block.residuals()[:, used], y.index, blocks[name].columns[used])
    model = clone(settings.model)
    if settings.search is not None:
        model.set_params(keep=dict(zip(settings.names, keep, strict=True)))
        model.set_params(design=model.design if design is None else design)
    return model.fit(frames, y)
