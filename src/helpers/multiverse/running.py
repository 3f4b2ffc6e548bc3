"""Run every specification on the real groups and on every shuffle of them, sharing what they share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from helpers.cohort import assign_groups, design_matrix
from helpers.contract import Cohort
from helpers.multiverse.dichotomisations import Score, read_score
from helpers.multiverse.fitting import bound_effects, fit_labellings
from helpers.multiverse.outcomes import Outcomes, prepare_outcomes
from helpers.permutation import draw_orders, find_log_odds, shuffle_conditionally
from helpers.resilience import score_outcome
from helpers.verdict import Claim
from helpers.workers import run_tasks

GROUPS, COVARIATES, BATCH = "groups", "covariates", "batch"
ALPHA = 0.05
STUDY = "__study__"  # in a design: harmonise outcomes over the levels of this column, and drop it


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
    shuffles = draw_shuffles(cohort, score, n_permutations=n_permutations, rng=rng)
    labelled = {option: score.label(option, shuffles) for option in score.options}
    signs = outcomes.table["claim"].map({claim.id: claim.sign for claim in claims}).to_numpy()
    designs = list(list_designs(cohort))
    fits = [
        (alike, option, choices)
        for design, choices in designs
        for alike in _list_alike(outcomes, score, design)
        for option in score.options
    ]
    parts = list(run_tasks(_fit_part, fits, shared=[labelled, signs]))
    decisions = {
        GROUPS: score.options,
        COVARIATES: list(dict.fromkeys(choices[COVARIATES] for _, choices in designs)),
        BATCH: list(dict.fromkeys(choices[BATCH] for _, choices in designs)),
        **outcomes.decisions,
    }
    return _join(parts, outcomes, decisions, cohort.settings.batch, n_permutations)


def draw_shuffles(
    cohort: Cohort, score: Score, *, n_permutations: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the scores as they are, then shuffled between the people of each study, their tie with the covariates kept.

    Specifications without a covariate, or with the study ignored, enter the whole curve too. Were the tie of score and
    covariates broken, what these specifications show of a confounder would stand out against the shuffles as if it were an
    effect. So it is the residuals of the score on covariates and study that change places (Freedman-Lane); where there are
    groups and no score, labels are exchanged with the odds that the covariates give
    (:func:`helpers.permutation.shuffle_conditionally`).

    Returns
    -------
    numpy.ndarray of shape (1 + n_permutations, n_scored)
    """
    values = score.values.to_numpy(float)
    if not n_permutations:
        return values[None, :]
    batch = cohort.settings.batch
    blocks = np.zeros(len(values), int) if batch is None else _code_batch(cohort, score)
    covariates = _read_covariates(cohort, score)
    if score.thirds is None:
        codes = values.astype(int)
        log_odds = find_log_odds(codes, covariates)
        start = shuffle_conditionally(codes, log_odds, blocks, rng=rng)
        shuffled = [shuffle_conditionally(start, log_odds, blocks, rng=rng) for _ in range(n_permutations)]
        return np.vstack([values, *shuffled]).astype(float)
    orders = draw_orders(blocks, n_permutations=n_permutations, rng=rng)
    terms = np.column_stack([np.eye(blocks.max() + 1)[blocks], covariates])
    expected = terms @ np.linalg.lstsq(terms, values, rcond=None)[0]
    return np.vstack([values, expected + (values - expected)[orders]])


def _read_covariates(cohort: Cohort, score: Score) -> NDArray[np.float64]:
    """Return the declared covariates of everybody scored, as numbers; a blank is the mean."""
    table = cohort.participants.loc[score.values.index, list(cohort.settings.covariates)]
    coded = pd.get_dummies(table, drop_first=True, dtype=float).astype(float)
    return coded.fillna(coded.mean()).fillna(0.0).to_numpy(float)


def _code_batch(cohort: Cohort, score: Score) -> NDArray[np.intp]:
    """People whose study is unknown are shuffled among themselves."""
    return pd.factorize(cohort.participants.loc[score.values.index, cohort.settings.batch], use_na_sentinel=False)[0]


def list_designs(cohort: Cohort) -> Iterator[tuple[pd.DataFrame, dict[str, str]]]:
    """Yield every set of covariates with every way to deal with pooled studies, the declared ones first.

    Parameters
    ----------
    cohort : helpers.contract.Cohort

    Yields
    ------
    pandas.DataFrame
        Index ``participant_id``: numeric terms without the group. A column ``STUDY`` asks for outcomes harmonised
        over its levels, and is no term itself.
    dict of str to str
        Decision to option.
    """
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
        within = {COVARIATES: name, BATCH: "harmonised"}
        yield design.drop(columns=own).assign(**{STUDY: studies}), within


class _Alike(NamedTuple):
    """Outcomes of the same people with the same covariates."""

    columns: NDArray[np.intp]  # of the outcomes
    people: NDArray[np.intp]  # positions among the scored
    values: NDArray[np.float64]
    nuisance: NDArray[np.float64]


class _Part(NamedTuple):
    """One way to group and adjust, on outcomes that share it: labellings x outcomes, the real groups first."""

    columns: NDArray[np.intp]
    choices: dict[str, str]
    n: int
    d: NDArray[np.float64]
    t: NDArray[np.float64]
    df: float
    df_residual: float
    found: NDArray[np.bool_]


def _list_alike(outcomes: Outcomes, score: Score, design: pd.DataFrame) -> Iterator[_Alike]:
    """Yield outcomes together that share a covariate of their own and the same people."""
    for extra, rows in outcomes.table.groupby("extra", sort=False):
        own = design if not extra else design.join(outcomes.extras[extra].rename(extra)).dropna(subset=[extra])
        own = own[own.index.isin(score.values.index)]
        studies = pd.factorize(own[STUDY])[0] if STUDY in own else None
        nuisance = own.drop(columns=STUDY, errors="ignore").to_numpy(float)
        places = score.values.index.get_indexer(own.index)
        values = outcomes.values.loc[own.index, rows.index].to_numpy()
        patterns, inverse = np.unique(~np.isnan(values), axis=1, return_inverse=True)
        for i, seen in enumerate(patterns.T):
            mine = values[np.ix_(seen, inverse == i)]
            mine = mine if studies is None else harmonise_outcomes(mine, studies[seen], nuisance[seen])
            yield _Alike(rows.index.to_numpy()[inverse == i], places[seen], mine, nuisance[seen])


def harmonise_outcomes(
    values: NDArray[np.float64], studies: NDArray[np.intp], nuisance: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Free outcomes from the mean and spread that their study gives them; what the covariates explain stays.

    The model of ComBat, each outcome by itself, so that nothing is shared between outcomes. The groups are not known to it.

    Parameters
    ----------
    values : numpy.ndarray of shape (n, n_outcomes)
    studies : numpy.ndarray of int, shape (n,)
    nuisance : numpy.ndarray of shape (n, n_terms)

    Examples
    --------
    >>> values = np.array([[1.0], [3.0], [10.0], [14.0]])
    >>> harmonise_outcomes(values, np.array([0, 0, 1, 1]), np.empty((4, 0))).ravel().round(3).tolist()
    [5.419, 8.581, 5.419, 8.581]
    """
    of_study = np.eye(studies.max() + 1)[studies]
    terms = np.column_stack([of_study, nuisance - nuisance.mean(axis=0)])
    slopes = np.linalg.lstsq(terms, values, rcond=None)[0]
    left = values - terms @ slopes
    sizes = of_study.sum(axis=0)
    own = np.sqrt(of_study.T @ left**2 / np.maximum(sizes - 1, 1)[:, None])
    pooled = np.sqrt((left**2).sum(axis=0) / max(len(values) - len(sizes), 1))
    scaled = left / np.where(own > 0, own, 1.0)[studies] * pooled
    n_studies = len(sizes)
    return sizes @ slopes[:n_studies] / len(values) + terms[:, n_studies:] @ slopes[n_studies:] + scaled


def _fit_part(
    labelled: Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64] | None]],
    signs: NDArray[np.intp],
    one: tuple[_Alike, str, dict[str, str]],
) -> _Part:
    alike, option, choices = one
    labels, kept = labelled[option]
    used = None if kept is None else kept[:, alike.people]
    fit = fit_labellings(alike.values, alike.nuisance, labels[:, alike.people], used)
    critical = stats.t.ppf(1 - ALPHA / 2, np.maximum(fit.df, 1))[:, None]
    n = len(alike.people) if used is None else int(used[0].sum())
    found = signs[alike.columns] * fit.t > critical
    return _Part(
        alike.columns, {GROUPS: option, **choices}, n, fit.d, fit.t, float(fit.df[0]), float(fit.df_residual[0]), found
    )


def _join(
    parts: Sequence[_Part], outcomes: Outcomes, decisions: dict[str, list[str]], within: str | None, n_permutations: int
) -> Multiverse:
    columns = ["claim", *decisions, "effect", "effect_low", "effect_high", "p", "n", "is_declared"]
    if not parts:
        none = np.empty((n_permutations, 0))
        return Multiverse(
            pd.DataFrame(columns=columns), none.astype(np.float32), none.astype(bool), decisions, within=within
        )
    sizes = [len(part.columns) for part in parts]
    d, t = (np.concatenate([getattr(part, name) for part in parts], axis=1) for name in ("d", "t"))
    df, df_residual = (np.repeat([getattr(part, name) for part in parts], sizes) for name in ("df", "df_residual"))
    table = outcomes.table.loc[np.concatenate([part.columns for part in parts])].reset_index(drop=True)
    for name in (GROUPS, COVARIATES, BATCH):
        table[name] = np.repeat(np.array([part.choices[name] for part in parts], dtype=object), sizes)
    with np.errstate(invalid="ignore", divide="ignore"):
        low, high = bound_effects(d[0], t[0], df, df_residual)
    declared = [table[name].isna() | (table[name] == options[0]) for name, options in decisions.items()]
    table = table.assign(
        effect=d[0], effect_low=low, effect_high=high, p=2 * stats.t.sf(np.abs(t[0]), df),
        n=np.repeat([part.n for part in parts], sizes), is_declared=np.logical_and.reduce(declared),
    )  # fmt: skip
    known = ~np.isnan(d[0])
    found = np.concatenate([part.found for part in parts], axis=1)[1:]
    return Multiverse(
        table.loc[known, columns].reset_index(drop=True), d[1:, known].astype(np.float32), found[:, known], decisions,
        within=within,
    )  # fmt: skip
