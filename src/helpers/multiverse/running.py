"""Run every specification on the real groups and on every shuffle of them, sharing what they share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from helpers.cohort import assign_groups, design_matrix
from helpers.contract import Cohort
from helpers.multiverse.fitting import fit_labellings
from helpers.multiverse.groupings import Score, read_score
from helpers.multiverse.outcomes import Outcomes, prepare_outcomes
from helpers.permutation import draw_orders
from helpers.resilience import score_outcome
from helpers.verdict import Claim

GROUPS, COVARIATES, BATCH = "groups", "covariates", "batch"
ALPHA = 0.05
STUDY = "__study__"  # in a design: standardise outcomes within the levels of this column, and drop it


@dataclass(frozen=True, eq=False)
class Multiverse:
    """Every specification, and what each gives on shuffled groups.

    Attributes
    ----------
    specifications : pandas.DataFrame
        One row each: ``claim``; one column per decision (NaN where a claim does not face it); ``effect``, high minus
        low (d; or a lead in AUC), ``effect_low``, ``effect_high`` (95 %; NaN for a lead); ``p`` (two-sided; NaN for a lead);
        ``n``; ``is_declared``, whether every choice is the one the chapters declare.
    null : numpy.ndarray of shape (n_permutations, n_specifications)
        The effects on shuffled groups; one shuffle runs through all specifications.
    null_found : numpy.ndarray of bool, of the same shape, or of shape (0, n_specifications)
        Whether p was below 0.05 on the side the claim expects.
    decisions : dict of str to list of str
        Options of each decision, the declared one first.
    unit : str
    within : str or None
        Shuffles stayed within the levels of this column.
    """

    specifications: pd.DataFrame
    null: NDArray[np.float32]
    null_found: NDArray[np.bool_]
    decisions: dict[str, list[str]]
    unit: str = "d"
    within: str | None = None

    @property
    def n_permutations(self) -> int:
        """Shuffles of the groups."""
        return len(self.null)


def run_multiverse(
    cohort: Cohort,
    claims: Sequence[Claim],
    *,
    sets: pd.DataFrame,
    n_permutations: int,
    rng: np.random.Generator,
) -> Multiverse:
    """Run every combination of choices for every claim about a difference.

    Which specifications are tried is data, not taste: all combinations of how the groups are made, which covariates
    enter, what is done about pooled studies, and how the outcome is prepared [1]_. One shuffle of the score among the
    people of each study runs through all of them, so that their dependence is in the null as well [2]_.

    Parameters
    ----------
    cohort : helpers.contract.Cohort
    claims : sequence of helpers.verdict.Claim
    sets : pandas.DataFrame
        Declared sets of brain regions (``data/sets/brain_sets.tsv``).
    n_permutations : int
        Shuffles of the score; 0 for none.
    rng : numpy.random.Generator

    Returns
    -------
    Multiverse

    References
    ----------
    .. [1] Steegen S, Tuerlinckx F, Gelman A, Vanpaemel W (2016). Increasing transparency through a multiverse
       analysis. Perspect Psychol Sci 11(5):702-712. doi:10.1177/1745691616658637
    .. [2] Simonsohn U, Simmons JP, Nelson LD (2020). Specification curve analysis. Nat Hum Behav 4:1208-1214.
       doi:10.1038/s41562-020-0912-z
    """
    score = read_score(cohort)
    outcomes = prepare_outcomes(cohort, claims, sets=sets)
    orders = draw_shuffles(cohort, score, n_permutations=n_permutations, rng=rng)
    signs = {claim.id: claim.sign for claim in claims}
    designs = list(_list_designs(cohort))
    parts = [
        _fit_part(columns, people, design, choices, outcomes, score, orders, option, signs)
        for design, choices in designs
        for columns, people, design in _list_alike(outcomes, score, design, choices)
        for option in score.options
    ]
    decisions = {
        GROUPS: score.options,
        COVARIATES: list(dict.fromkeys(choices[COVARIATES] for _, choices in designs)),
        BATCH: list(dict.fromkeys(choices[BATCH] for _, choices in designs)),
        **outcomes.decisions,
    }
    return _join(parts, decisions, cohort.settings.batch, n_permutations)


def draw_shuffles(
    cohort: Cohort, score: Score, *, n_permutations: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the scores as they are, then shuffled between the people of each study.

    Returns
    -------
    numpy.ndarray of shape (1 + n_permutations, n_scored)
    """
    values = score.values.to_numpy()
    batch = cohort.settings.batch
    blocks = np.zeros(len(values), int) if batch is None else _code_batch(cohort, score)
    orders = draw_orders(blocks, n_permutations=n_permutations, rng=rng)
    return np.vstack([values, values[orders]]) if n_permutations else values[None, :]


def _code_batch(cohort: Cohort, score: Score) -> NDArray[np.intp]:
    """People whose study is unknown are shuffled among themselves."""
    return pd.factorize(cohort.participants.loc[score.values.index, cohort.settings.batch])[0]


def _list_designs(cohort: Cohort) -> Iterator[tuple[pd.DataFrame, dict[str, str]]]:
    """Yield every set of covariates with every way to deal with pooled studies, the declared ones first."""
    groups = assign_groups(cohort, score_outcome(cohort))
    declared, batch = list(cohort.settings.covariates), cohort.settings.batch
    sets = {"all declared": declared}
    sets |= {f"without {name}": [n for n in declared if n != name] for name in declared} if len(declared) > 1 else {}
    sets |= {"none": []} if declared else {}
    for name, covariates in sets.items():
        design = design_matrix(cohort, groups, covariates).drop(columns="group")
        own = [column for column in design.columns if batch is not None and column.startswith(f"{batch}: ")]
        if not own:
            yield design, {COVARIATES: name, BATCH: "one study"}
            continue
        yield design, {COVARIATES: name, BATCH: "covariate"}
        yield design.drop(columns=own), {COVARIATES: name, BATCH: "ignored"}
        studies = cohort.participants.loc[design.index, batch].astype(str)
        within = {COVARIATES: name, BATCH: "standardised within study"}
        yield design.drop(columns=own).assign(**{STUDY: studies}), within


def _list_alike(
    outcomes: Outcomes, score: Score, design: pd.DataFrame, choices: dict[str, str]
) -> Iterator[tuple[NDArray[np.intp], pd.Index, pd.DataFrame]]:
    """Yield outcomes that share a covariate of their own and the same people."""
    for extra, rows in outcomes.table.groupby("extra", sort=False):
        own = design if not extra else design.join(outcomes.extras[extra].rename(extra)).dropna(subset=[extra])
        people = own.index[own.index.isin(score.values.index)]
        seen = outcomes.values.loc[people, rows.index].notna().to_numpy()
        patterns, inverse = np.unique(seen, axis=1, return_inverse=True)
        for i, pattern in enumerate(patterns.T):
            yield rows.index.to_numpy()[inverse == i], people[pattern], own.loc[people[pattern]]


def _fit_part(
    columns: NDArray[np.intp],
    people: pd.Index,
    design: pd.DataFrame,
    choices: dict[str, str],
    outcomes: Outcomes,
    score: Score,
    shuffles: NDArray[np.float64],
    option: str,
    signs: dict[str, int],
) -> tuple[pd.DataFrame, NDArray[np.float32], NDArray[np.bool_]]:
    values = outcomes.values.loc[people, columns]
    if STUDY in design:
        values = values.groupby(design[STUDY]).transform(lambda column: (column - column.mean()) / column.std())
        design = design.drop(columns=STUDY)
    labels, kept = score.label(option, shuffles[:, score.values.index.get_indexer(people)])
    found = fit_labellings(values.to_numpy(), design.to_numpy(float), labels, kept)
    sign = outcomes.table.loc[columns, "claim"].map(signs).to_numpy()
    critical = stats.t.ppf(1 - ALPHA / 2, np.maximum(found.df, 1))
    d, t, df = found.d[0], found.t[0], found.df[0]
    with np.errstate(invalid="ignore", divide="ignore"):
        half = critical[0] * np.abs(d / t)
    table = outcomes.table.loc[columns].drop(columns="extra").assign(**{GROUPS: option, **choices})
    table = table.assign(
        effect=d, effect_low=d - half, effect_high=d + half, p=2 * stats.t.sf(np.abs(t), df),
        n=len(people) if kept is None else int(kept[0].sum()),
    )  # fmt: skip
    return table, found.d[1:].astype(np.float32), sign * found.t[1:] > critical[1:, None]


def _join(
    parts: list[tuple[pd.DataFrame, NDArray[np.float32], NDArray[np.bool_]]],
    decisions: dict[str, list[str]],
    within: str | None,
    n_permutations: int,
) -> Multiverse:
    if not parts:
        empty = pd.DataFrame(
            columns=["claim", *decisions, "effect", "effect_low", "effect_high", "p", "n", "is_declared"]
        )
        none = np.empty((n_permutations, 0))
        return Multiverse(empty, none.astype(np.float32), none.astype(bool), decisions, within=within)
    table = pd.concat([part[0] for part in parts], ignore_index=True)
    null, found = (np.concatenate([part[i] for part in parts], axis=1) for i in (1, 2))
    known = table["effect"].notna().to_numpy()
    table = table.loc[known].reset_index(drop=True)
    declared = [table[name].isna() | (table[name] == options[0]) for name, options in decisions.items()]
    columns = ["claim", *decisions, "effect", "effect_low", "effect_high", "p", "n"]
    table = table[columns].assign(is_declared=np.logical_and.reduce(declared))
    return Multiverse(table, null[:, known], found[:, known], decisions, within=within)
