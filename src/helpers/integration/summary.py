"""Repeats of a cross-validation in; tables with intervals, ranks and stability out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.integration.batched_fits import Array, Ints
from helpers.integration.folds import FoldResult
from helpers.integration.stability import estimate_stability
from helpers.intervals import bound_by_draws, bound_over_folds

VOTE, CHANCE = "vote", "chance"
STEADY = 0.8  # share of fold models from which a feature may be named
N_RESAMPLES = 1000
INTERVAL = (2.5, 97.5)


@dataclass(frozen=True, eq=False)
class Repeat:
    """One repeat, everybody held out once; scorers are the blocks, the vote and the baselines."""

    wrong: Array  # (people, scorers), 0 or 1
    ordered: Array  # (scorers, n_first, n_second): 1 where a pair of one fold is ranked rightly, 0.5 if equal
    together: Array  # (n_first, n_second): 1 where a pair was held out in one fold
    folds: list[FoldResult]
    fold_of: Ints  # (people,): when each was held out
    probabilities: Array | None = None  # (people, scorers): of the first class


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
    repeats: list[Repeat],
    codes: NDArray[np.intp],
    scorers: list[str],
    *,
    rng: np.random.Generator,
    persons: Ints | None = None,
) -> pd.DataFrame:
    """Return balanced error and AUC out of fold, with intervals from the spread between folds, and over repeats.

    Each block's lead is over the best other block: the difference of their AUCs in the same folds. The lead is sure above
    zero when each of the differences is, and below when one of them is, at a level shared among them.
    """
    wrong = np.mean([r.wrong for r in repeats], axis=0)
    errors, aucs = measure_folds(repeats, codes)
    n_folds = len(repeats[0].folds)
    table = pd.DataFrame(index=pd.Index(scorers, name="block"))
    per_repeat = tabulate_repeats(repeats, codes, scorers).groupby("block", sort=False)
    smallest = int(np.bincount(codes if persons is None else codes[np.unique(persons, return_index=True)[1]]).min())
    balanced, auc = balance_error(wrong, codes), count_auc(repeats)
    bounds = {
        "balanced_error": (balanced, bound_over_folds(balanced, errors, n_folds, n_smallest=smallest)),
        "auc": (auc, bound_over_folds(auc, aucs[:, None], n_folds, n_smallest=smallest)),
    }
    for name, (estimate, (low, high)) in bounds.items():
        stem = name.removesuffix("_out_of_fold")
        table = table.assign(**{name: estimate, f"{stem}_low": low, f"{stem}_high": high})
        table[f"{stem}_repeat_sd"] = per_repeat[stem].std()
        if len(repeats) > 1:
            for side, share in zip(("low", "high"), INTERVAL, strict=True):
                table[f"{stem}_repeat_{side}"] = per_repeat[stem].quantile(share / 100)
        else:
            table[[f"{stem}_repeat_low", f"{stem}_repeat_high"]] = np.nan
    if repeats[0].probabilities is not None:
        squares = np.mean([(r.probabilities - (codes == 0)[:, None]) ** 2 for r in repeats], axis=0)
        brier, draws = squares.mean(axis=0), draw_people(codes, persons, rng)
        drawn = draws @ squares / draws.sum(axis=1, keepdims=True)
        low, high = bound_by_draws(brier, drawn, at_least=0.0, at_most=1.0)
        table = table.assign(brier=brier, brier_low=low, brier_high=high)
    n_blocks = scorers.index(VOTE)
    leads = [find_lead(q, auc[:n_blocks], aucs[:, :n_blocks], n_folds) for q in range(n_blocks)]
    for column, values in zip(("lead", "lead_low", "lead_high"), zip(*leads, strict=True), strict=True):
        table[column] = pd.Series(values, index=scorers[:n_blocks])
    return table


def count_auc(repeats: list[Repeat]) -> Array:
    """Return each scorer's share of pairs ranked rightly, over repeats; NaN where no two of different groups shared a fold."""
    met = sum(r.together.sum() for r in repeats)
    right = np.sum([r.ordered.sum(axis=(1, 2)) for r in repeats], axis=0)
    return right / met if met else np.full(len(right), np.nan)


def measure_folds(repeats: list[Repeat], codes: NDArray[np.intp]) -> tuple[Array, Array]:
    """Return error rates of each fold, group and scorer, (folds, 2, scorers), and AUCs, (folds, scorers); NaN where nobody is."""
    errors, aucs = [], []
    for repeat in repeats:
        for k in range(len(repeat.folds)):
            first, second = (np.flatnonzero(repeat.fold_of[codes == one] == k) for one in (0, 1))
            own = [repeat.wrong[codes == one][rows] for one, rows in ((0, first), (1, second))]
            blank = np.full(repeat.wrong.shape[1], np.nan)
            errors.append([rates.mean(axis=0) if len(rates) else blank for rates in own])
            met = len(first) and len(second)
            aucs.append(repeat.ordered[:, first][:, :, second].mean(axis=(1, 2)) if met else blank)
    return np.array(errors), np.array(aucs)


def find_lead(block: int, auc: Array, aucs: Array, n_folds: int) -> tuple[float, float, float]:
    """Return how far a block's AUC is above the best other's, with its interval; NaN with one block or without AUCs.

    Parameters
    ----------
    block : int
    auc : numpy.ndarray of shape (blocks,)
    aucs : numpy.ndarray of shape (folds, blocks)
        NaN in a fold without two groups.
    n_folds : int
    """
    others = np.delete(np.arange(len(auc)), block)
    if not len(others) or np.isnan(auc).any():
        return np.nan, np.nan, np.nan
    leads, of_folds = auc[block] - auc[others], aucs[:, [block]] - aucs[:, others]
    low, _ = bound_over_folds(leads, of_folds[:, None], n_folds, at_least=-1.0)
    _, high = bound_over_folds(leads, of_folds[:, None], n_folds, at_least=-1.0, shared_by=len(others))
    return float(leads.min()), float(low.min()), float(high.min())


def draw_people(codes: Ints, persons: Ints | None, rng: np.random.Generator) -> Array:
    """Draw people anew within groups: how often each sample is in each draw, (draws, samples).

    Samples of one person are drawn together.
    """
    persons = np.arange(len(codes)) if persons is None else persons
    draws = np.zeros((N_RESAMPLES, len(codes)))
    for k in range(codes.max() + 1):
        own = np.flatnonzero(codes == k)
        ids, person = np.unique(persons[own], return_inverse=True)
        draws[:, own] = rng.multinomial(len(ids), np.full(len(ids), 1 / len(ids)), N_RESAMPLES)[:, person]
    return draws


def tabulate_repeats(repeats: list[Repeat], codes: NDArray[np.intp], scorers: list[str]) -> pd.DataFrame:
    """Return one row per repeat and scorer: balanced error and AUC."""
    tables = []
    for number, repeat in enumerate(repeats, start=1):
        auc = count_auc([repeat])
        error = balance_error(repeat.wrong, codes)
        columns = {"repeat": number, "block": scorers, "balanced_error": error, "auc": auc}
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True)


def add_training(table: pd.DataFrame, training: FoldResult, codes: NDArray[np.intp]) -> pd.DataFrame:
    """Add what each scorer achieves on the people it was fitted on, the ranks of blocks, and chance."""
    blocks = list(table.index[: list(table.index).index(VOTE)])
    table = table.assign(
        auc_training=order_pairs(training.scores, codes).mean(axis=(1, 2)),
        balanced_error_training=balance_error((training.classes != codes[:, None]).astype(float), codes),
        role=["block"] * len(blocks) + ["vote"] + ["baseline"] * (len(table) - len(blocks) - 1),
    )
    for rank, auc in {"rank": "auc", "rank_training": "auc_training"}.items():
        table[rank] = table.loc[blocks, auc].rank(ascending=False, method="min")
    halves = ["balanced_error", "auc", "auc_training", "balanced_error_training"]
    table = table.reindex([*table.index, CHANCE]).rename_axis("block")
    table.loc[CHANCE, halves] = 0.5
    if "brier" in table:
        table.loc[CHANCE, "brier"] = (codes == 0).mean() * (codes == 1).mean()
    return table.fillna({"role": "chance"})


def add_stability(table: pd.DataFrame, repeats: list[Repeat], blocks: list[str]) -> pd.DataFrame:
    """Add the Nogueira index of each block's selected features with its interval, and its steady features per repeat."""
    values = {
        name: estimate_stability(np.array([f.selected[q].any(axis=1) for r in repeats for f in r.folds]))
        for q, name in enumerate(blocks)
    }
    for place, column in enumerate(("stability", "stability_low", "stability_high")):
        table[column] = pd.Series({name: value[place] for name, value in values.items()})
    steady = np.mean([count_steady(r, at_least=STEADY) for r in repeats], axis=0)
    return table.assign(n_steady=pd.Series(steady, index=blocks))


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


def tabulate_choices(repeats: list[Repeat], blocks: list[str]) -> pd.DataFrame:
    """Return what each fold's training set settled on: design, and counts kept per block and component."""
    rows = []
    for number, repeat in enumerate(repeats, start=1):
        for fold, result in enumerate(repeat.folds, start=1):
            design = result.choice.design
            row = {
                "repeat": number,
                "fold": fold,
                "design": "given" if isinstance(design, pd.DataFrame) else str(design),
            }
            for name, counts in zip(blocks, result.choice.keep, strict=True):
                row |= {f"{name}_comp{h}": kept for h, kept in enumerate(counts, start=1)}
            rows.append(row)
    return pd.DataFrame(rows)
