"""Repeats of a cross-validation in; tables with intervals, ranks and stability out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.integration.folded import Array
from helpers.integration.folds import FoldResult, Split, run_rival

VOTE, RIVAL, CHANCE = "vote", "covariates only", "chance"
STEADY = 0.8  # share of fold models from which a feature may be named
N_RESAMPLES = 1000
INTERVAL = (2.5, 97.5)


@dataclass(frozen=True, eq=False)
class Repeat:
    """One repeat, everybody held out once; scorers are the blocks, the vote and the rival."""

    wrong: Array  # (people, scorers), 0 or 1
    ordered: Array  # (scorers, n_first, n_second): 1 where a pair of one fold is ranked rightly, 0.5 if equal
    together: Array  # (n_first, n_second): 1 where a pair was held out in one fold
    folds: list[FoldResult]


def order_pairs(scores: Array, codes: NDArray[np.intp]) -> Array:
    """Return, for each scorer and pair of people of the two groups, 1 if the first scores higher, 0.5 if equal.

    Examples
    --------
    >>> order_pairs(np.array([[2.0], [1.0], [1.0]]), np.array([0, 0, 1])).tolist()
    [[[1.0], [0.5]]]
    """
    difference = scores[codes == 0].T[:, :, None] - scores[codes == 1].T[:, None, :]
    return (difference > 0) + 0.5 * (difference == 0)


def balance_error(wrong: Array, codes: NDArray[np.intp]) -> Array:
    """Return the mean of the two groups' error rates, per scorer.

    Examples
    --------
    >>> balance_error(np.array([[0.0], [0.0], [0.0], [1.0]]), np.array([0, 0, 0, 1])).tolist()
    [0.5]
    """
    return (wrong[codes == 0].mean(axis=0) + wrong[codes == 1].mean(axis=0)) / 2


def summarise_repeats(
    repeats: list[Repeat], codes: NDArray[np.intp], scorers: list[str], *, rng: np.random.Generator
) -> pd.DataFrame:
    """Return balanced error and AUC out of fold, with intervals from resampling people within groups."""
    wrong = np.mean([r.wrong for r in repeats], axis=0)
    ordered = np.sum([r.ordered for r in repeats], axis=0)
    together = np.sum([r.together for r in repeats], axis=0)
    error_draws, auc_draws = _resample(wrong, ordered, together, codes, rng)
    per_repeat = tabulate_repeats(repeats, codes, scorers).groupby("block", sort=False)
    table = pd.DataFrame(index=pd.Index(scorers, name="block"))
    estimates = {
        "balanced_error": (balance_error(wrong, codes), error_draws, "balanced_error"),
        "auc_out_of_fold": (ordered.sum(axis=(1, 2)) / together.sum(), auc_draws, "auc"),
    }
    for name, (estimate, draws, column) in estimates.items():
        low, high = np.percentile(draws, INTERVAL, axis=0)
        spread = per_repeat[column].std().to_numpy()
        stem = "auc" if column == "auc" else name
        table = table.assign(**{name: estimate, f"{stem}_low": low, f"{stem}_high": high, f"{stem}_repeat_sd": spread})
    n_blocks = scorers.index(VOTE)
    first = np.bincount(np.argmax(auc_draws[:, :n_blocks], axis=1), minlength=n_blocks) / len(auc_draws)
    table["share_first"] = pd.Series(first, index=scorers[:n_blocks])
    return table


def _resample(
    wrong: Array, ordered: Array, together: Array, codes: NDArray[np.intp], rng: np.random.Generator
) -> tuple[Array, Array]:
    """Draw people anew within groups; return errors and AUCs, each (draws, scorers)."""
    n_first, n_second = together.shape
    first = rng.multinomial(n_first, np.full(n_first, 1 / n_first), N_RESAMPLES).astype(float)
    second = rng.multinomial(n_second, np.full(n_second, 1 / n_second), N_RESAMPLES).astype(float)
    errors = (first @ wrong[codes == 0] / n_first + second @ wrong[codes == 1] / n_second) / 2
    met = ((first @ together) * second).sum(axis=1)
    right = np.stack([((first @ pairs) * second).sum(axis=1) for pairs in ordered], axis=1)
    return errors, right / met[:, None]


def tabulate_repeats(repeats: list[Repeat], codes: NDArray[np.intp], scorers: list[str]) -> pd.DataFrame:
    """Return one row per repeat and scorer: balanced error and AUC."""
    tables = []
    for number, repeat in enumerate(repeats, start=1):
        auc = repeat.ordered.sum(axis=(1, 2)) / repeat.together.sum()
        error = balance_error(repeat.wrong, codes)
        columns = {"repeat": number, "block": scorers, "balanced_error": error, "auc": auc}
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True)


def add_training(
    table: pd.DataFrame, training: FoldResult, codes: NDArray[np.intp], covariates: Array | None
) -> pd.DataFrame:
    """Add what each scorer achieves on the people it was fitted on, the ranks of blocks, and chance."""
    classes, scores = training.classes, training.scores
    if covariates is not None:
        everyone = np.arange(len(codes))
        label, score = run_rival(covariates, Split(everyone, everyone, codes))
        classes, scores = np.column_stack([classes, label]), np.column_stack([scores, score])
    blocks = list(table.index[: list(table.index).index(VOTE)])
    table = table.assign(
        auc_training=order_pairs(scores, codes).mean(axis=(1, 2)),
        balanced_error_training=balance_error((classes != codes[:, None]).astype(float), codes),
        role=["block"] * len(blocks) + ["vote", "rival"][: len(table) - len(blocks)],
    )
    for kind in ("out_of_fold", "training"):
        ranks = table.loc[blocks, f"auc_{kind}"].rank(ascending=False, method="min")
        table[f"rank_{kind}"] = ranks
    halves = ["balanced_error", "auc_out_of_fold", "auc_training", "balanced_error_training"]
    table = table.reindex([*table.index, CHANCE]).rename_axis("block")
    table.loc[CHANCE, halves] = 0.5
    return table.fillna({"role": "chance"})


def add_stability(table: pd.DataFrame, repeats: list[Repeat], blocks: list[str]) -> pd.DataFrame:
    """Add the Nogueira index of each block's selected features, and its steady features per repeat."""
    values = {
        name: measure_stability(np.array([f.selected[q].any(axis=1) for r in repeats for f in r.folds]))
        for q, name in enumerate(blocks)
    }
    steady = np.mean([count_steady(r, at_least=STEADY) for r in repeats], axis=0)
    return table.assign(stability=pd.Series(values), n_steady=pd.Series(steady, index=blocks))


def measure_stability(selected: NDArray[np.bool_]) -> float:
    """Measure how alike repeated feature selections are.

    Parameters
    ----------
    selected : numpy.ndarray of bool, shape (n_selections, n_features)

    Returns
    -------
    float
        1 when every selection is the same, around 0 when they agree as by chance; NaN when all features or
        none are always selected, or there is a single selection.

    References
    ----------
    .. [1] Nogueira S, Sechidis K, Brown G (2018). On the stability of feature selection algorithms. Journal of
       Machine Learning Research 18(174):1-54.

    Examples
    --------
    >>> measure_stability(np.array([[True, False, False], [True, False, False]]))
    1.0
    """
    n_selections = len(selected)
    frequency = selected.mean(axis=0)
    share = frequency.mean()
    if n_selections < 2 or share in (0.0, 1.0):
        return float("nan")
    variance = n_selections / (n_selections - 1) * (frequency * (1 - frequency)).mean()
    return float(1 - variance / (share * (1 - share)))


def count_steady(repeat: Repeat, *, at_least: float) -> list[int]:
    """Count, per block, the features that a share of a repeat's fold models select on component 1."""
    counts = []
    for chosen in zip(*(fold.selected for fold in repeat.folds), strict=True):
        frequency = np.mean([mask[:, 0] for mask in chosen], axis=0)
        counts.append(int((frequency >= at_least - 1e-9).sum()))
    return counts


def tabulate_loadings(training: FoldResult, repeats: list[Repeat], features: Mapping[str, pd.Index]) -> pd.DataFrame:
    """Return the features the model of everyone keeps, with loadings and selection frequencies."""
    tables = []
    for q, (block, names) in enumerate(features.items()):
        chosen = np.array([fold.selected[q] for r in repeats for fold in r.folds])
        loadings = training.loadings[q]
        table = pd.DataFrame({"block": block}, index=names.rename("feature"))
        for h in range(loadings.shape[1]):
            table[f"loading_comp{h + 1}"] = loadings[:, h]
            table[f"frequency_comp{h + 1}"] = chosen[:, :, h].mean(axis=0)
        table["selection_frequency"] = chosen.any(axis=2).mean(axis=0)
        table = table[loadings.any(axis=1)]
        tables.append(table.sort_values("frequency_comp1", ascending=False, kind="stable"))
    return pd.concat(tables)
