"""The claim about a rank among blocks, under other choices: the whole validated integration, run for each."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers.contract import Cohort
from helpers.integration import (
    BLOCKS,
    BlockSPLSDA,
    PreparedBlocks,
    cross_validate,
    keep_equally,
    make_filters,
    prepare_blocks,
)
from helpers.multiverse.dichotomisations import MEDIAN, Score, read_score
from helpers.multiverse.running import GROUPS, Multiverse, draw_shuffles
from helpers.verdict import Claim
from helpers.workers import run_tasks

DESIGN, KEPT, COMPONENTS, MEASURE = "design weight", "features kept", "components", "accuracy by"
MEASURES = ("AUC", "balanced error")


def run_rank_multiverse(
    cohort: Cohort,
    claims: Sequence[Claim],
    *,
    rng: np.random.Generator,
    n_permutations: int = 0,
    n_repeats: int = 1,
    n_folds: int = 5,
    design_weights: Sequence[float] = (0.1, 1.0),
    n_kept: Sequence[int] = (20, 10),
    n_components: Sequence[int] = (2, 1),
    n_workers: int = 1,
) -> Multiverse:
    """Ask under every combination of choices by how much one block leads all others, out of fold.

    How the blocks' votes are joined is no choice here: it leaves the order of single blocks as it is.

    Parameters
    ----------
    cohort : helpers.contract.Cohort
    claims : sequence of helpers.verdict.Claim
        The first that is about a rank counts; its feature is the block.
    rng : numpy.random.Generator
    n_permutations : int, default 0
        Shuffles of the score; each runs the whole integration anew under every combination.
    n_repeats, n_folds : int
        Of each cross-validation.
    design_weights, n_kept, n_components : sequence
        Options of the integration, the declared one first.
    n_workers : int, default 1
        Threads; changes no number.

    Returns
    -------
    Multiverse
        ``effect`` is the lead over the best other block, in AUC or in balanced error (positive: ahead), with no interval;
        no specification when no claim is about a rank, or the cohort has fewer than two blocks, or not this one.
    """
    claim = next((claim for claim in claims if claim.is_rank), None)
    score = read_score(cohort)
    shuffles = draw_shuffles(cohort, score, n_permutations=n_permutations, rng=rng)
    cuts = [option for option in score.options if option in (*list(score.cuts)[:1], MEDIAN)]
    combinations = list(product(cuts, design_weights, n_kept, n_components))
    names = [name for name in BLOCKS if name in cohort.blocks]
    decisions = {
        GROUPS: cuts,
        DESIGN: [f"{weight:g}" for weight in design_weights],
        KEPT: [str(n) for n in n_kept],
        COMPONENTS: [str(n) for n in n_components],
        MEASURE: list(MEASURES),
    }
    if claim is None or claim.feature not in names or len(names) < 2:
        return _write([], np.empty((0, n_permutations)), claim, decisions, cohort.settings.batch)
    seeds = rng.integers(2**63, size=len(shuffles))
    sizes = {option: len(_group_blocks(cohort, score, option, shuffles[0], names).groups) for option in cuts}
    # the same folds for every combination of one shuffle: choices are compared, not luck
    passes = [(*combination, *one) for combination in combinations for one in zip(shuffles, seeds, strict=True)]
    shared = [_Setting(cohort, score, names, claim.feature, n_folds, n_repeats)]
    found = list(run_tasks(_measure_leads, passes, shared=shared, n_workers=n_workers))
    leads = np.array(found).reshape(len(combinations), len(shuffles), len(MEASURES))
    rows = [
        {GROUPS: o, DESIGN: f"{w:g}", KEPT: str(k), COMPONENTS: str(c), MEASURE: measure, "n": sizes[o]}
        for o, w, k, c in combinations
        for measure in MEASURES
    ]
    return _write(
        rows, np.array(leads).transpose(0, 2, 1).reshape(len(rows), -1), claim, decisions, cohort.settings.batch
    )


class _Setting(NamedTuple):
    """What all passes share."""

    cohort: Cohort
    score: Score
    names: list[str]
    block: str
    n_folds: int
    n_repeats: int


def _group_blocks(cohort: Cohort, score: Score, option: str, scores: np.ndarray, names: list[str]) -> PreparedBlocks:
    labels, _ = score.label(option, scores[None, :])
    group = pd.Series(np.where(labels[0] > 0, "high", "low"), index=score.values.index, dtype=object)
    groups = pd.DataFrame({"group": group, "score": score.values}).reindex(cohort.participants.index)
    return prepare_blocks(cohort, groups, names=names)


def _measure_leads(setting: _Setting, one: tuple) -> tuple[float, float]:
    option, weight, kept, components, scores, seed = one
    cohort = setting.cohort
    prepared = _group_blocks(cohort, setting.score, option, scores, setting.names)
    batch = cohort.settings.batch
    keep = keep_equally(prepared.blocks, n_keep=kept, n_components=components)
    result = cross_validate(
        prepared.blocks,
        prepared.groups,
        model=BlockSPLSDA(components, keep=keep, design=weight),
        rng=np.random.default_rng(seed),
        transforms=make_filters(prepared.blocks),
        batch=cohort.participants[batch] if batch else None,
        n_folds=setting.n_folds,
        n_repeats=setting.n_repeats,
        baselines=(),
        calibrate=False,
    )
    table = result.performance[result.performance["role"] == "block"]
    auc, error = table["auc"], table["balanced_error"]
    of_others = (auc.drop(setting.block).max(), error.drop(setting.block).min())
    return float(auc[setting.block] - of_others[0]), float(of_others[1] - error[setting.block])


def _write(
    rows: list[dict], leads: np.ndarray, claim: Claim | None, decisions: dict[str, list[str]], batch: str | None
) -> Multiverse:
    table = pd.DataFrame(rows, columns=[*decisions, "n"])
    table.insert(0, "claim", "" if claim is None else claim.id)
    declared = [table[name] == options[0] for name, options in decisions.items()]
    table = table.assign(
        effect=leads[:, 0] if len(rows) else [], effect_low=np.nan, effect_high=np.nan, p=np.nan,
        is_declared=np.logical_and.reduce(declared),
    )  # fmt: skip
    columns = ["claim", *decisions, "effect", "effect_low", "effect_high", "p", "n", "is_declared"]
    null = leads[:, 1:].T.astype(np.float32)
    return Multiverse(table[columns], null, np.empty((0, len(rows)), bool), decisions, "lead out of fold", batch)
