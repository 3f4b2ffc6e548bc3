"""Every outcome of a claim, prepared in every way that a careful analyst might: a cohort in, columns out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import pandas as pd
from scipy import stats

from helpers import brain, metabolites, microbiome, resilience
from helpers.cohort import assign_groups, design_matrix
from helpers.contract import Cohort
from helpers.verdict import Claim, find_row

ICV, MOTION = "icv", "mean_fd_mm"
MAX_FD_MM = 0.25
PSEUDOCOUNTS = (0.5, 1.0)
EQUALLY_DEEP, ALL_OF_EACH = "samples equally deep", "all reads of each"
MIN_PREVALENCES = (0.1, 0.05, 0.25)
MIN_PEOPLE = 20  # with a value; fewer support no specification


@dataclass(frozen=True, eq=False)
class Outcome:
    """The outcome of one claim, prepared in one way.

    Attributes
    ----------
    claim : str
        Its id.
    values : pandas.Series
        Index ``participant_id``; NaN: not measured, or left out by a choice.
    choices : dict of str to str
        Decision to option; the first option of each decision is the one the chapters declare.
    extra : str
        Covariate of this preparation only (``icv``, ``mean_fd_mm``); empty for none.
    """

    claim: str
    values: pd.Series
    choices: Mapping[str, str]
    extra: str = ""


@dataclass(frozen=True, eq=False)
class Outcomes:
    """All outcomes side by side.

    Attributes
    ----------
    values : pandas.DataFrame of shape (n_participants, n_outcomes)
    table : pandas.DataFrame
        One row per column of the values: ``claim``, ``extra`` and one column per decision (NaN where a claim does
        not face it).
    extras : pandas.DataFrame
        The covariates named in ``extra``; index ``participant_id``.
    decisions : dict of str to list of str
        Options of each decision, the declared one first.
    """

    values: pd.DataFrame
    table: pd.DataFrame
    extras: pd.DataFrame
    decisions: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Known:
    """What is settled before any choice: the declared sets of regions, and whose data fix filters and spreads."""

    sets: pd.DataFrame
    people: pd.Index


def prepare_outcomes(cohort: Cohort, claims: Sequence[Claim], *, sets: pd.DataFrame) -> Outcomes:
    """Prepare the outcome of each claim about a difference in every way.

    Parameters
    ----------
    cohort : helpers.contract.Cohort
    claims : sequence of helpers.verdict.Claim
        Claims about a rank, and those the cohort has no data for, are left out.
    sets : pandas.DataFrame
        Declared sets of brain regions (``data/sets/brain_sets.tsv``).

    Returns
    -------
    Outcomes
        Which decisions a claim faces depends on its block: motion, summary of edges and global signal for
        connectivity; head size and summary for volumes; pseudocount, prevalence filter and log-ratio for transcripts;
        zeros and blanks for metabolites. Each also comes as normal scores (ranks).
    """
    known = _settle(cohort, sets)
    found = [
        outcome
        for claim in claims
        if not claim.is_rank and claim.table in PREPARE
        for outcome in PREPARE[claim.table](cohort, claim, known)
    ]
    return _stack(cohort, [scaled for outcome in found for scaled in _scale_both(outcome)])


def prepare_declared(cohort: Cohort, claims: Sequence[Claim], *, sets: pd.DataFrame) -> Outcomes:
    """Prepare the outcome of each claim about a difference in the one way that the chapters declare.

    Parameters
    ----------
    cohort, claims, sets
        As for :func:`prepare_outcomes`.

    Returns
    -------
    Outcomes
        One column per claim that the cohort has data for.
    """
    known = _settle(cohort, sets)
    found = [
        next(PREPARE[claim.table](cohort, claim, known), None)
        for claim in claims
        if not claim.is_rank and claim.table in PREPARE
    ]
    return _stack(cohort, [outcome for outcome in found if outcome is not None])


def _settle(cohort: Cohort, sets: pd.DataFrame) -> Known:
    return Known(sets, design_matrix(cohort, assign_groups(cohort, resilience.score_outcome(cohort))).index)


def _stack(cohort: Cohort, found: Sequence[Outcome]) -> Outcomes:
    found = [outcome for outcome in found if outcome.values.notna().sum() >= MIN_PEOPLE and outcome.values.std() > 0]
    ids = cohort.participants.index
    values = pd.DataFrame({i: outcome.values.reindex(ids) for i, outcome in enumerate(found)}, index=ids, dtype=float)
    rows = [{"claim": outcome.claim, "extra": outcome.extra, **outcome.choices} for outcome in found]
    table = pd.DataFrame(rows, columns=None if rows else ["claim", "extra"])
    decisions = {name: list(table[name].dropna().unique()) for name in table.columns.drop(["claim", "extra"])}
    return Outcomes(values, table, _collect_extras(cohort), decisions)


def score_normally(values: pd.Series) -> pd.Series:
    """Replace values by their normal scores: ranks, as quantiles of the normal distribution.

    Blom's scores, ``norm.ppf((rank - 3/8) / (n + 1/4))`` [1]_: no single extreme value can carry an effect.

    References
    ----------
    .. [1] Blom G (1958). Statistical estimates and transformed beta-variables. Wiley.

    Examples
    --------
    >>> score_normally(pd.Series([1.0, 5.0, 900.0])).round(2).tolist()
    [-0.87, 0.0, 0.87]
    """
    ranks = values.rank()
    return pd.Series(stats.norm.ppf((ranks - 0.375) / (values.notna().sum() + 0.25)), index=values.index)


def _scale_both(outcome: Outcome) -> Iterator[Outcome]:
    for option, values in (("as it comes", outcome.values), ("normal scores", score_normally(outcome.values))):
        yield Outcome(outcome.claim, values, {**outcome.choices, "scale": option}, outcome.extra)


def _prepare_symptom(cohort: Cohort, claim: Claim, known: Known) -> Iterator[Outcome]:
    measures = resilience.score_measures(cohort)
    row = find_row(claim, measures.T)
    if row is not None:
        yield Outcome(claim.id, row.astype(float), {})


def _prepare_networks(cohort: Cohort, claim: Claim, known: Known) -> Iterator[Outcome]:
    if "connectivity" not in cohort.blocks:
        return
    z = brain.compute_fisher_z(cohort.block("connectivity"))
    pairs = brain.name_pairs(z.columns, cohort.features["connectivity"])
    row = find_row(claim, pd.DataFrame(index=pairs.unique()))
    if row is None:
        return
    own = z.loc[:, (pairs == row.name).to_numpy()]
    base = z.mean(axis=1)
    for level, summary, handling in product(
        ("kept", "removed"), ("mean of edges", "median of edges", "shared pattern"), _list_motion(cohort)
    ):
        edges = own if level == "kept" else own.sub(base, axis=0)
        values, extra = _handle_motion(cohort, SUMMARIES[summary](edges), handling)
        yield Outcome(claim.id, values, {"edges": summary, "whole-brain mean": level, "motion": handling}, extra)


def _list_motion(cohort: Cohort) -> tuple[str, ...]:
    return ("covariate", "ignored", "movers left out") if "motion" in cohort.blocks else ("ignored",)


def _handle_motion(cohort: Cohort, values: pd.Series, handling: str) -> tuple[pd.Series, str]:
    if handling == "movers left out":
        moved = cohort.block("motion")[MOTION].reindex(values.index)
        return values.where(moved <= MAX_FD_MM), ""
    return values, MOTION if handling == "covariate" else ""


def _prepare_set(cohort: Cohort, claim: Claim, known: Known) -> Iterator[Outcome]:
    listed = known.sets if "set" in known.sets.columns else known.sets.rename_axis("set").reset_index()
    name, _, block = claim.feature.partition(".")
    wanted = listed.loc[(listed["set"] == name) & (listed["block"] == block), "region"]
    table = cohort.blocks.get(block)
    members = [region for region in wanted if table is not None and region in table.columns]
    if members:
        yield from _prepare_regions(claim, table[members], table.get(ICV), ("mean of regions", "shared pattern"), known)


def _prepare_region(cohort: Cohort, claim: Claim, known: Known) -> Iterator[Outcome]:
    for block in ("volumes", "tracts"):
        table = cohort.blocks.get(block)
        row = None if table is None else find_row(claim, table.T)
        if row is not None:
            yield from _prepare_regions(claim, row.to_frame(), table.get(ICV), ("mean of regions",), known)
            return


def _prepare_regions(
    claim: Claim, regions: pd.DataFrame, icv: pd.Series | None, summaries: Sequence[str], known: Known
) -> Iterator[Outcome]:
    sizes = ("covariate", "proportion", "ignored") if icv is not None else (None,)
    for size, summary in product(sizes, summaries):
        used = regions.div(icv, axis=0) if size == "proportion" else regions
        people = regions.index[regions.index.isin(known.people) & (True if size != "covariate" else icv.notna())]
        spread = used.loc[people].std().where(lambda sd: sd > 0)
        values = SUMMARIES[summary]((used - used.loc[people].mean()) / spread)
        choices = {"head size": size} if size else {}
        choices |= {"regions": summary} if len(summaries) > 1 else {}
        yield Outcome(claim.id, values, choices, ICV if size == "covariate" else "")


def _prepare_function(cohort: Cohort, claim: Claim, known: Known) -> Iterator[Outcome]:
    if "transcripts" not in cohort.blocks:
        return
    counts, groups = cohort.block("transcripts"), cohort.features["transcripts"].get("group")
    row = None if groups is None else find_row(claim, pd.DataFrame(index=groups.dropna().unique()))
    if row is None:
        return
    prevalence = (counts[counts.index.isin(known.people)] > 0).mean()
    for (depth, reads), pseudocount, least in product(
        ((EQUALLY_DEEP, None), (ALL_OF_EACH, microbiome.ALL_READS)), PSEUDOCOUNTS, MIN_PREVALENCES
    ):
        kept = counts.columns[(prevalence >= least) & (prevalence > 0)]
        mine = kept[groups.reindex(kept) == row.name]
        if not len(mine) or len(mine) == len(kept):
            continue
        for ratio, values in _take_ratios(counts, kept, mine, pseudocount, reads).items():
            choices = {"pseudocount": f"{pseudocount:g}", "seen in at least": f"{least:.0%}", "log-ratio": ratio}
            choices["depth"] = depth
            yield Outcome(claim.id, values, choices)


def _take_ratios(
    counts: pd.DataFrame, kept: pd.Index, mine: pd.Index, pseudocount: float, depth: int | None
) -> dict[str, pd.Series]:
    logs = microbiome.log_reads(counts, pseudocount=pseudocount, depth=depth)[kept]
    clr = logs.sub(logs.mean(axis=1), axis=0)
    parts = {"mine": counts[mine], "others": counts[kept.difference(mine)], "rest": counts.drop(columns=kept)}
    sums = pd.DataFrame({name: part.sum(axis=1) for name, part in parts.items()})
    added = microbiome.log_reads(sums, pseudocount=pseudocount, depth=depth)
    return {
        "mean over transcripts": clr[mine].mean(axis=1),
        "reads added up": added["mine"] - added["others"],
        "to the middle transcript": clr[mine].mean(axis=1) - clr.median(axis=1),
    }


def _prepare_metabolite(cohort: Cohort, claim: Claim, known: Known) -> Iterator[Outcome]:
    if "metabolites" not in cohort.blocks:
        return
    features = cohort.features["metabolites"]
    prepared = metabolites.prepare_metabolites(cohort.block("metabolites"), features)
    row = find_row(claim, features.loc[features.index.intersection(prepared.columns, sort=False)])
    if row is None:
        return
    logged, raw = prepared[row.name], cohort.block("metabolites")[row.name]
    below = raw.eq(0) if features.loc[row.name, "scale"] == "raw" else pd.Series(False, index=raw.index)
    zeros = ("half the smallest", "left out") if below.any() else ("half the smallest",)
    blanks = ("left out", "smallest seen") if logged.isna().any() else ("left out",)
    for zero, blank in product(zeros, blanks):
        values = logged.where(~below) if zero == "left out" else logged
        values = values.where(raw.notna(), logged.min()) if blank == "smallest seen" else values
        choices = ({"zeros": zero} if len(zeros) > 1 else {}) | ({"blanks": blank} if len(blanks) > 1 else {})
        yield Outcome(claim.id, values, choices)


def _share_pattern(table: pd.DataFrame) -> pd.Series:
    """Return the first principal component, its sign that of the mean; who has no value at all stays blank."""
    centred = (table - table.mean()).fillna(0.0)
    weights = np.linalg.svd(centred.to_numpy(), full_matrices=False)[2][0]
    score = pd.Series(centred.to_numpy() @ weights, index=table.index)
    turned = score * (1 if score.corr(centred.mean(axis=1)) >= 0 else -1)
    return turned.where(table.notna().any(axis=1))


def _collect_extras(cohort: Cohort) -> pd.DataFrame:
    ids = cohort.participants.index
    columns = {MOTION: cohort.blocks.get("motion"), ICV: cohort.blocks.get("volumes")}
    known = {name: table[name].reindex(ids) for name, table in columns.items() if table is not None and name in table}
    return pd.DataFrame(known, index=ids, dtype=float)


SUMMARIES: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "mean of edges": lambda table: table.mean(axis=1),
    "median of edges": lambda table: table.median(axis=1),
    "mean of regions": lambda table: table.mean(axis=1),
    "shared pattern": _share_pattern,
}

PREPARE: dict[str, Callable[[Cohort, Claim, Known], Iterator[Outcome]]] = {
    "symptoms": _prepare_symptom,
    "networks": _prepare_networks,
    "sets": _prepare_set,
    "regions": _prepare_region,
    "functions": _prepare_function,
    "metabolites": _prepare_metabolite,
}
