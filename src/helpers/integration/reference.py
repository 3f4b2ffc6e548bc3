"""The reference implementation's own judgement of a model, traps included: for comparing with published numbers only.

mixOmics 6.35 judges a fit in ways that flatter it or surprise. These functions give its numbers, so that a figure in a
paper can be checked; nothing in the book rests on them. :func:`helpers.integration.cross_validate` is the honest way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.base import clone

from helpers.integration.batched_fits import Array, BatchedBlock, Ints, Mask
from helpers.integration.checks import check_blocks, check_same_people, take_people
from helpers.integration.fitting import ManyFits
from helpers.integration.fold_preprocessing import fit_splits, fold_blocks
from helpers.integration.folds import FoldSettings, Split, assign_folds, list_splits
from helpers.integration.prediction import DISTANCES, NO_CLASS, predict_many
from helpers.integration.splsda import BlockSPLSDA

ALPHA = 0.01  # below which one more component counts as better
OVERALL, BALANCED = "overall", "balanced"
DIGITS = 4


@dataclass(frozen=True, eq=False)
class ReferencePerformance:
    """What the reference's ``perf()`` reports.

    Attributes
    ----------
    errors : pandas.DataFrame
        One row per ``by`` (each block, "majority_vote", "weighted_vote", "averaged_predict", "weighted_predict"),
        ``distance``, ``component`` (components used), ``of`` (a class, "overall", "balanced") and ``repeat``; ``error``.
    summary : pandas.DataFrame
        The same, ``error`` as mean over repeats and ``sd`` over repeats.
    weights : pandas.DataFrame
        ``repeat``, ``fold``, ``block``, and the correlation of scores and response on each component.
    stability : pandas.DataFrame
        ``repeat``, ``block``, ``component``, ``feature``, ``frequency``: share of a repeat's folds that select it.
    auc : pandas.DataFrame
        Index ``component`` and ``class``; ``auc``, ``p_value``. *Of the training people of each fold*, mean over
        blocks, folds and repeats: no cross-validated figure, though it stands beside them.
    n_components : pandas.DataFrame
        ``by``, ``distance``, ``of``, ``n_components`` chosen by one-sided Welch tests; empty below 3 repeats.
    """

    errors: pd.DataFrame
    summary: pd.DataFrame
    weights: pd.DataFrame
    stability: pd.DataFrame
    auc: pd.DataFrame
    n_components: pd.DataFrame


def auroc_as_reference(model: BlockSPLSDA, blocks: Mapping[str, pd.DataFrame], y: pd.Series) -> pd.DataFrame:
    """Return the AUC that the reference's ``auroc()`` reports of a fitted model.

    The traps: it is of the people the model was fitted on, and it standardises their data twice, so it is not even the
    AUC of the fitted predictions. Each class is set against the rest; of two classes, only the first.

    Parameters
    ----------
    model : BlockSPLSDA
        Fitted on `blocks` and `y`.
    blocks : dict of pandas.DataFrame
        Block -> people x features, those of the fit.
    y : pandas.Series
        Class of each person.

    Returns
    -------
    pandas.DataFrame
        Index ``block``, ``component`` (components used), ``class``; ``auc``, 0 to 1, and ``p_value``, both to 4 digits.

    Raises
    ------
    ValueError
        If people are not those the model was fitted on.

    Examples
    --------
    >>> ids = [f"sub-{i}" for i in range(6)]
    >>> y = pd.Series(["high"] * 3 + ["low"] * 3, ids)
    >>> blocks = {"gut": pd.DataFrame({"a": [3.0, 4, 5, 0, 1, 2]}, ids), "brain": pd.DataFrame({"b": [2.0, 1, 0, 3, 4, 5]}, ids)}
    >>> auroc_as_reference(BlockSPLSDA(1).fit(blocks, y), blocks, y)["auc"].to_list()
    [1.0, 1.0]
    """
    check_blocks(blocks, y)
    check_same_people(y.index, model.scores_["Y"].index, "y", "the fit")
    ids = model.scores_["Y"].index
    codes = np.searchsorted(model.classes_, y.loc[ids].to_numpy())[None]
    found = _training_aucs(model.fit_, codes)[0]
    classes = model.classes_ if len(model.classes_) > 2 else model.classes_[:1]
    index = pd.MultiIndex.from_product(
        [model.blocks_, range(1, model.n_components + 1), classes], names=["block", "component", "class"]
    )
    return pd.DataFrame(found.reshape(-1, 2), index, ["auc", "p_value"])


def perf_as_reference(
    blocks: Mapping[str, pd.DataFrame],
    y: pd.Series,
    *,
    model: BlockSPLSDA,
    folds: Sequence[Sequence[Sequence[int]]] | None = None,
    rng: np.random.Generator | None = None,
    n_folds: int = 5,
    n_repeats: int = 3,
) -> ReferencePerformance:
    """Cross-validate as the reference's ``perf()`` does.

    The traps: features are scaled in every fold even if the model says ``scale=False``; a majority vote without a winner
    counts as an error; the AUC is of training people; scores of different fold models are taken as one list.

    Parameters
    ----------
    blocks : dict of pandas.DataFrame
        Block -> people x features.
    y : pandas.Series
        Two classes or more.
    model : BlockSPLSDA
        Its keep counts and design are used in every fold, with ``start="reference"``.
    folds : sequence, optional
        Repeat -> fold -> positions in `y` (from 0) of the people held out, to use the reference's own folds.
    rng : numpy.random.Generator, optional
        Deals folds balanced on the classes where none are given.
    n_folds, n_repeats : int

    Returns
    -------
    ReferencePerformance
        Error rates and AUCs as the reference reports them.

    Raises
    ------
    ValueError
        If neither folds nor `rng` is given, or the folds of a repeat do not hold out everyone once.
    """
    names = check_blocks(blocks, y)
    labels, codes = np.unique(y.to_numpy(), return_inverse=True)
    splits = _list_splits(folds, codes, n_folds, n_repeats, rng)
    n_repeats = len(splits)
    settings = FoldSettings(clone(model).set_params(scale=True, start="reference"), names, {}, "centroids", True)
    arrays = [_standardise_once(take_people(blocks[name], y.index), scale=model.scale) for name in names]
    flat = [split for repeat in splits for split in repeat]
    folded = fold_blocks(arrays, flat, settings)
    fits = fit_splits(folded, np.stack([split.codes for split in flat]), settings)
    errors = _tabulate_errors(fits, splits, codes, labels, names)
    keys = ["by", "distance", "component", "of"]
    summary = errors.groupby(keys, sort=False)["error"].agg(error="mean", sd="std").reset_index()
    aucs = _training_aucs(fits, np.tile(codes, (len(flat), 1))).mean(axis=(0, 1))
    classes = labels if len(labels) > 2 else labels[:1]
    index = pd.MultiIndex.from_product([range(1, model.n_components + 1), classes], names=["component", "class"])
    return ReferencePerformance(
        errors,
        summary,
        _tabulate_weights(fits, splits, names),
        _tabulate_stability(fits, splits, {name: blocks[name].columns for name in names}),
        pd.DataFrame(aucs.reshape(-1, 2), index, ["auc", "p_value"]),
        _choose_components(errors) if n_repeats > 2 else pd.DataFrame(),
    )


def _list_splits(
    folds: Sequence[Sequence[Sequence[int]]] | None,
    codes: Ints,
    n_folds: int,
    n_repeats: int,
    rng: np.random.Generator | None,
) -> list[list[Split]]:
    everyone = np.arange(len(codes))
    if folds is None:
        if rng is None:
            raise ValueError("Neither folds nor rng was given; give one of them.")
        return [list_splits(assign_folds(codes, n_folds=n_folds, rng=rng), codes) for _ in range(n_repeats)]
    splits = []
    for number, repeat in enumerate(folds, start=1):
        if sorted(person for fold in repeat for person in fold) != everyone.tolist():
            raise ValueError(f"The folds of repeat {number} do not hold out each of {len(codes)} people once.")
        held = [np.sort(np.array(fold, np.intp)) for fold in repeat]
        splits.append([Split(np.setdiff1d(everyone, test), test, codes) for test in held])
    return splits


def _standardise_once(values: Array, *, scale: bool) -> Array:
    """Return columns as the fitted model keeps them: standardised among everyone, blanks kept."""
    block = BatchedBlock(values, np.ones((1, len(values)), bool), scale=scale)
    return np.where(np.isnan(values), np.nan, block.standardise_everyone(0))


def _tabulate_errors(
    fits: ManyFits, splits: list[list[Split]], codes: Ints, labels: np.ndarray, names: list[str]
) -> pd.DataFrame:
    tables, n_classes = [], len(labels)
    labelled = np.tile(codes, (len(fits.fold), 1))
    for depth in range(1, fits.scores[0].shape[2] + 1):
        for distance in DISTANCES:
            found = predict_many(
                fits, fits.plain, list(range(len(names))), codes=labelled, distance=distance, depth=depth
            )
            voted = dict(zip(names, found.classes, strict=True))
            voted["majority_vote"] = found.count_votes(n_classes, weighted=False)
            voted["weighted_vote"] = found.count_votes(n_classes, weighted=True)
            if distance == "max":
                voted["averaged_predict"] = found.responses.mean(axis=0).argmax(axis=2)
                voted["weighted_predict"] = _follow_heaviest(found.responses, found.weights)
            tables += [
                _rate(classes, splits, codes, labels).assign(by=by, distance=distance, component=depth)
                for by, classes in voted.items()
            ]
    return pd.concat(tables, ignore_index=True)[["by", "distance", "component", "of", "repeat", "error"]]


def _follow_heaviest(responses: Array, weights: Array) -> Ints:
    """Return the class by the responses of the block with the largest weight; the reference calls it weighted."""
    best = weights.argmax(axis=0)
    return responses[best, np.arange(responses.shape[1])].argmax(axis=2)


def _rate(classes: Ints, splits: list[list[Split]], codes: Ints, labels: np.ndarray) -> pd.DataFrame:
    """Return the error rate of each class, overall and balanced, repeat by repeat; no class is an error."""
    rows, run = [], 0
    for number, repeat in enumerate(splits, start=1):
        said = np.full(len(codes), NO_CLASS)
        for split in repeat:
            said[split.test] = classes[run, split.test]
            run += 1
        wrong = (said != codes).astype(float)
        rates = [wrong[codes == k].mean() for k in range(len(labels))]
        of = [*labels, OVERALL, BALANCED]
        rows.append(pd.DataFrame({"of": of, "repeat": number, "error": [*rates, wrong.mean(), np.mean(rates)]}))
    return pd.concat(rows, ignore_index=True)


def _tabulate_weights(fits: ManyFits, splits: list[list[Split]], names: list[str]) -> pd.DataFrame:
    weights, rows, run = fits.weigh_blocks(), [], 0
    for number, repeat in enumerate(splits, start=1):
        for fold in range(1, len(repeat) + 1):
            for q, name in enumerate(names):
                own = {f"comp{h + 1}": value for h, value in enumerate(weights[run, q])}
                rows.append({"repeat": number, "fold": fold, "block": name} | own)
            run += 1
    return pd.DataFrame(rows)


def _tabulate_stability(fits: ManyFits, splits: list[list[Split]], features: dict[str, pd.Index]) -> pd.DataFrame:
    tables, run = [], 0
    for number, repeat in enumerate(splits, start=1):
        runs = slice(run, run + len(repeat))
        run += len(repeat)
        for loadings, (name, columns) in zip(fits.loadings[:-1], features.items(), strict=True):
            frequency = (loadings[runs] != 0).mean(axis=0)
            for h in range(frequency.shape[1]):
                own = pd.Series(frequency[:, h], columns.rename("feature"), name="frequency")
                own = own[own > 0].sort_values(ascending=False, kind="stable").reset_index()
                tables.append(own.assign(repeat=number, block=name, component=h + 1))
    return pd.concat(tables, ignore_index=True)[["repeat", "block", "component", "feature", "frequency"]]


def _choose_components(errors: pd.DataFrame) -> pd.DataFrame:
    """Choose a number of components: one more is taken when its error is lower by a one-sided Welch test."""
    rows = []
    chosen = errors[errors["of"].isin([OVERALL, BALANCED])]
    chosen = chosen[chosen["by"].str.endswith(("_vote", "_predict"))]
    for (by, distance, of), own in chosen.groupby(["by", "distance", "of"], sort=False):
        each = own.pivot_table(index="repeat", columns="component", values="error")
        best = 1
        for step in each.columns[1:]:
            if _test_lower(each[best].to_numpy(), each[step].to_numpy()) < ALPHA:
                best = int(step)
        rows.append({"by": by, "distance": distance, "of": of, "n_components": best})
    return pd.DataFrame(rows)


def _test_lower(before: Array, after: Array) -> float:
    """Return the one-sided p-value of Welch's test that errors before are larger; repeats all alike need no test."""
    if max(np.ptp(before), np.ptp(after)) < 1e-12:
        return 0.0 if before.mean() > after.mean() else 1.0
    moments = [part for own in (before, after) for part in (own.mean(), own.std(ddof=1), len(own))]
    return float(stats.ttest_ind_from_stats(*moments, equal_var=False, alternative="greater").pvalue)


def _training_aucs(fits: ManyFits, codes: Ints) -> Array:
    """Return AUC and p-value of each model's training people: (runs, blocks, components, classes, 2), to 4 digits."""
    train, n_classes = fits.train, int(codes.max()) + 1
    twice = [
        np.stack([_standardise_twice(block, k) @ loadings[i] for i, k in enumerate(fits.fold)])
        for block, loadings in zip(fits.blocks, fits.loadings[:-1], strict=True)
    ]
    positions, n_components = list(range(len(fits.blocks))), fits.scores[0].shape[2]
    n_told = n_classes if n_classes > 2 else 1
    found = np.empty((len(codes), len(positions), n_components, n_told, 2))
    for h in range(n_components):
        responses = predict_many(fits, twice, positions, codes=None, depth=h + 1).responses
        for i, q, k in np.ndindex(len(codes), len(positions), n_told):
            rows = train[i]
            found[i, q, h, k] = _auc(responses[q, i, rows, k], codes[i, rows] == k)
    return found


def _standardise_twice(block: BatchedBlock, k: int) -> Array:
    """Return everyone as training set k standardises them, standardised again by the same means and SDs."""
    once = block.standardise_everyone(k)
    again = (once - block.centre - block.terms @ block.slopes[k]) * block.inverse_sds[k]
    again[:, block.holes] *= 1.0 - block.missing
    return again


def _auc(scores: Array, inside: Mask) -> tuple[float, float]:
    """Return AUC and the reference's p-value, both to 4 significant digits."""
    n_in, n_out = int(inside.sum()), int((~inside).sum())
    ranks = stats.rankdata(scores)
    auc = (ranks[inside].sum() - n_in * (n_in + 1) / 2) / (n_in * n_out)
    error = np.sqrt((0.25 + (n_in + n_out - 2) * 0.083333) / (n_in * n_out))
    p_value = 2 * (1 - stats.norm.cdf(abs(auc - 0.5) / error))
    return float(f"{auc:.{DIGITS - 1}e}"), float(f"{p_value:.{DIGITS - 1}e}")
