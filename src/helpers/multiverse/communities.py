"""Whole communities under other choices: by which distance, adjusted for what, grouped how."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.contract import Cohort
from helpers.microbiome import measure_distances
from helpers.microbiome.beta import METRIC_LABELS
from helpers.multiverse.dichotomisations import read_score
from helpers.multiverse.fitting import residualise_labellings
from helpers.multiverse.outcomes import ALL_OF_EACH, EQUALLY_DEEP
from helpers.multiverse.running import (
    BATCH,
    COVARIATES,
    GROUPS,
    STUDY,
    Multiverse,
    draw_shuffles,
    list_designs,
)

COMMUNITIES = "communities"
DISTANCE, DEPTH = "distance", "depth"
N_RAREFACTIONS = 3
PLAIN = ("bray_curtis", "aitchison", "jaccard")
ON_TREE = ("unweighted_unifrac", "weighted_unifrac")


def run_community_multiverse(cohort: Cohort, *, n_permutations: int, rng: np.random.Generator) -> Multiverse:
    """Ask under every combination of choices how much of the variation between communities goes with the groups.

    No claim of the study is about whole communities; the choice of a distance is a famous one all the same.

    Parameters
    ----------
    cohort : helpers.contract.Cohort
    n_permutations : int
        Shuffles of the score, each through all combinations.
    rng : numpy.random.Generator

    Returns
    -------
    Multiverse
        Of one subject, ``communities``: ``effect`` is R squared, the share (0 to 1) of the squared distances that goes with the
        groups after the covariates (PERMANOVA [1]_), ``p`` the share of shuffles that reach it. Empty without taxa.

    References
    ----------
    .. [1] Anderson MJ (2001). A new method for non-parametric multivariate analysis of variance. Austral Ecol
       26:32-46. doi:10.1111/j.1442-9993.2001.01070.pp.x
    """
    score = read_score(cohort)
    shuffles = draw_shuffles(cohort, score, n_permutations=n_permutations, rng=rng)
    distances = _measure_all(cohort, rng)
    rows, effects = [], []
    for design, choices in list_designs(cohort):
        if STUDY in design:  # a distance cannot be standardised within studies
            continue
        for (name, depth), table in distances.items():
            people = design.index[design.index.isin(table.index) & design.index.isin(score.values.index)]
            squared = table.loc[people, people].to_numpy() ** 2
            places, nuisance = score.values.index.get_indexer(people), design.loc[people].to_numpy(float)
            for option in score.options:
                labels, kept = score.label(option, shuffles[:, places])
                effects.append(measure_shares(squared, nuisance, labels, kept))
                n = len(people) if kept is None else int(kept[0].sum())
                rows.append({GROUPS: option, **choices, DISTANCE: METRIC_LABELS[name], DEPTH: depth, "n": n})
    values = np.array(effects).reshape(len(rows), 1 + n_permutations)
    decisions = {
        GROUPS: score.options,
        **{name: list(dict.fromkeys(row[name] for row in rows)) for name in (COVARIATES, BATCH, DISTANCE, DEPTH)},
    }
    return _write(rows, values, decisions, cohort.settings.batch)


def measure_shares(
    squared: NDArray[np.float64],
    nuisance: NDArray[np.float64],
    labels: NDArray[np.float64],
    kept: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Return R squared of many labellings.

    Parameters
    ----------
    squared : numpy.ndarray of shape (n, n)
        Squared distances.
    nuisance : numpy.ndarray of shape (n, n_terms)
    labels, kept : numpy.ndarray of shape (n_labellings, n)
        As for :func:`helpers.multiverse.fit_labellings`.

    Returns
    -------
    numpy.ndarray of shape (n_labellings,)

    Examples
    --------
    Two pairs at distance 1 within and 3 between: of a sum of squares of 38 / 4, 1 / 2 + 1 / 2 lies within pairs.

    >>> squared = np.array([[0, 1, 9, 9], [1, 0, 9, 9], [9, 9, 0, 1], [9, 9, 1, 0.0]])
    >>> measure_shares(squared, np.empty((4, 0)), np.array([[1.0, 1, 0, 0]])).round(3)
    array([0.895])
    """
    left = residualise_labellings(nuisance, labels, kept)
    weights = np.ones((1, len(squared))) if kept is None else kept
    total = ((weights @ squared) * weights).sum(axis=1) / (2 * weights.sum(axis=1))
    own = (left * labels).sum(axis=1)
    explained = -0.5 * ((left @ squared) * left).sum(axis=1) / np.where(own > 0, own, np.nan)
    return explained / total


def _measure_all(cohort: Cohort, rng: np.random.Generator) -> dict[tuple[str, str], pd.DataFrame]:
    """Return distances by metric and by depth."""
    if "taxa" not in cohort.blocks:
        return {}
    metrics = [*PLAIN, *(ON_TREE if cohort.tree_path is not None else ())]
    found = {}
    for depth, n_rarefactions in ((EQUALLY_DEEP, N_RAREFACTIONS), (ALL_OF_EACH, 0)):
        own = measure_distances(
            cohort.block("taxa"), metrics=metrics, tree_path=cohort.tree_path, n_rarefactions=n_rarefactions, rng=rng
        )
        found |= {(metric, depth): table for metric, table in own.items()}
    return found


def _write(
    rows: list[dict], values: NDArray[np.float64], decisions: dict[str, list[str]], within: str | None
) -> Multiverse:
    table = pd.DataFrame(rows, columns=[*decisions, "n"])
    table.insert(0, "claim", COMMUNITIES)
    declared = [table[name] == (options[0] if options else None) for name, options in decisions.items()]
    real, null = values[:, :1], values[:, 1:]
    p = (1 + (null >= real - 1e-12).sum(axis=1)) / values.shape[1] if null.size else np.full(len(rows), np.nan)
    table = table.assign(
        effect=real[:, 0], effect_low=np.nan, effect_high=np.nan, p=p, is_declared=np.logical_and.reduce(declared)
    )
    columns = ["claim", *decisions, "effect", "effect_low", "effect_high", "p", "n", "is_declared"]
    found = np.empty((0, len(rows)), bool)
    return Multiverse(table[columns], null.T.astype(np.float32), found, decisions, "R²", within)
