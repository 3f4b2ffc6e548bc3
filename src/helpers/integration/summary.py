"""Repeats of a cross-validation in; tables with intervals, ranks and stability out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.integration.folded import Array, Ints
from helpers.integration.folds import FoldResult
from helpers.integration.stability import estimate_stability
from helpers.intervals import bound_by_draws

VOTE, CHANCE = "vote", "chance"
STEADY = 0.8  # share of fold models from which a feature may be named
N_RESAMPLES = 1000
INTERVAL = (2.5, 97.5)


@dataclass(frozen=True, eq=False)
class Repeat:
    """One repeat, everybody held out once; scorers are the blocks, the vote and the rivals."""

    wrong: Array  # (people, scorers), 0 or 1
    ordered: Array  # (scorers, n_first, n_second): 1 where a pair of one fold is ranked rightly, 0.5 if equal
    together: Array  # (n_first, n_second): 1 where a pair was held out in one fold
    folds: list[FoldResult]
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
    """Return balanced error and AUC out of fold, with intervals over people (drawn anew within groups) and over repeats."""
    wrong = np.mean([r.wrong for r in repeats], axis=0)
    ordered = np.sum([r.ordered for r in repeats], axis=0)
    together = np.sum([r.together for r in repeats], axis=0)
    draws = draw_people(codes, persons, rng)
    error_draws, auc_draws = _resample(wrong, ordered, together, draws, codes)
    per_repeat = tabulate_repeats(repeats, codes, scorers).groupby("block", sort=False)
    table = pd.DataFrame(index=pd.Index(scorers, name="block"))
    estimates = {
        "balanced_error": (balance_error(wrong, codes), error_draws, "balanced_error"),
        "auc_out_of_fold": (ordered.sum(axis=(1, 2)) / together.sum(), auc_draws, "auc"),
    }
    for name, (estimate, drawn, stem) in estimates.items():
        low, high = bound_by_draws(estimate, drawn, at_least=0.0, at_most=1.0)
        table = table.assign(**{name: estimate, f"{stem}_low": low, f"{stem}_high": high})
        table[f"{stem}_repeat_sd"] = per_repeat[stem].std()
        if len(repeats) > 1:
            for side, share in zip(("low", "high"), INTERVAL, strict=True):
                table[f"{stem}_repeat_{side}"] = per_repeat[stem].quantile(share / 100)
        else:
            table[[f"{stem}_repeat_low", f"{stem}_repeat_high"]] = np.nan
    if repeats[0].probabilities is not None:
        squares = np.mean([(r.probabilities - (codes == 0)[:, None]) ** 2 for r in repeats], axis=0)
        brier = squares.mean(axis=0)
        drawn = draws @ squares / draws.sum(axis=1, keepdims=True)
        low, high = bound_by_draws(brier, drawn, at_least=0.0, at_most=1.0)
        table = table.assign(brier=brier, brier_low=low, brier_high=high)
    n_blocks = scorers.index(VOTE)
    first = np.bincount(np.argmax(auc_draws[:, :n_blocks], axis=1), minlength=n_blocks) / len(auc_draws)
    table["share_first"] = pd.Series(first, index=scorers[:n_blocks])
    return table


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


def _resample(
    wrong: Array, ordered: Array, together: Array, draws: Array, codes: NDArray[np.intp]
) -> tuple[Array, Array]:
    """Return errors and AUCs of the drawn people, each (draws, scorers); AUCs where any pair met in one fold."""
    first, second = draws[:, codes == 0], draws[:, codes == 1]
    errors = (
        first @ wrong[codes == 0] / first.sum(axis=1, keepdims=True)
        + second @ wrong[codes == 1] / second.sum(axis=1, keepdims=True)
    ) / 2
    met = ((first @ together) * second).sum(axis=1)
    right = np.stack([((first @ pairs) * second).sum(axis=1) for pairs in ordered], axis=1)
    return errors, right[met > 0] / met[met > 0, None]


def tabulate_repeats(repeats: list[Repeat], codes: NDArray[np.intp], scorers: list[str]) -> pd.DataFrame:
    """Return one row per repeat and scorer: balanced error and AUC."""
    tables = []
    for number, repeat in enumerate(repeats, start=1):
        auc = repeat.ordered.sum(axis=(1, 2)) / repeat.together.sum()
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
        role=["block"] * len(blocks) + ["vote"] + ["rival"] * (len(table) - len(blocks) - 1),
    )
    for kind in ("out_of_fold", "training"):
        ranks = table.loc[blocks, f"auc_{kind}"].rank(ascending=False, method="min")
        table[f"rank_{kind}"] = ranks
    halves = ["balanced_error", "auc_out_of_fold", "auc_training", "balanced_error_training"]
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
