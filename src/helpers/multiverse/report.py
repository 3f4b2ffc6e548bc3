"""The whole multiverse of a cohort, for a report: tables on disk, and what they say."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.contract import Cohort
from helpers.multiverse.communities import run_community_multiverse
from helpers.multiverse.describe import (
    describe_communities,
    describe_curves,
    describe_influence,
    describe_joint,
    describe_multiverse,
    describe_ranks,
)
from helpers.multiverse.ranks import run_rank_multiverse
from helpers.multiverse.running import run_multiverse
from helpers.multiverse.summary import measure_influence, summarise_claims, test_jointly
from helpers.problems import CohortError, Problem
from helpers.tables import write_result
from helpers.verdict import Claim, explain_outcome

N_REPEATS = 3
DESIGN_WEIGHTS = (0.1, 0.5, 1.0)


def report_multiverse(
    cohort: Cohort,
    claims: Sequence[Claim],
    folder: str | os.PathLike[str],
    *,
    sets: pd.DataFrame,
    n_permutations: int,
    n_permutations_rank: int,
    seed: int,
    n_workers: int = 1,
) -> str:
    """Run both multiverses and write their tables.

    Parameters
    ----------
    cohort : helpers.contract.Cohort
    claims : sequence of helpers.verdict.Claim
    folder : str or path-like
        Gets specifications, claims, influence, joint, communities, ranks and ranks_summary, each a TSV.
    sets : pandas.DataFrame
    n_permutations, n_permutations_rank : int
    seed : int
    n_workers : int, default 1

    Returns
    -------
    str
        Sentences, one paragraph each; the first says what kind of people these are.

    Raises
    ------
    CohortError
        When ``cohort.yml`` names clusters.
    """
    if cohort.settings.cluster is not None:
        found = f"cluster: {cohort.settings.cluster}"
        fix = "take the line out of a copy of the cohort that has one member of each cluster."
        expected = "independent participants: the multiverse does not allow for clusters"
        raise CohortError([Problem("cohort.yml", None, "cluster", found, expected, fix)])
    rng, rng_rank, rng_communities = np.random.default_rng(seed).spawn(3)
    run = run_multiverse(cohort, claims, sets=sets, n_permutations=n_permutations, rng=rng)
    ranks = run_rank_multiverse(
        cohort,
        claims,
        rng=rng_rank,
        n_permutations=n_permutations_rank,
        n_repeats=1 if n_permutations_rank else N_REPEATS,
        design_weights=DESIGN_WEIGHTS,
        n_components=(2,),
        n_workers=n_workers,
    )
    communities = run_community_multiverse(cohort, n_permutations=n_permutations, rng=rng_communities)
    summary, influence, ranked = summarise_claims(run, claims), measure_influence(run), summarise_claims(ranks, claims)
    tables = {"specifications": run.specifications, "claims": summary, "influence": influence}
    tables |= {"ranks": ranks.specifications, "ranks_summary": ranked, "communities": communities.specifications}
    said = [_say_kind(cohort), describe_multiverse(run)]
    if len(summary):
        said += [describe_curves(summary), describe_influence(influence)]
    if len(summary) and n_permutations:
        tables["joint"] = test_jointly(run, claims)
        said.append(describe_joint(tables["joint"]))
    for name, table in tables.items():
        known = "claims" if name == "ranks_summary" else name
        write_result(table, Path(folder).parent, Path(folder).name, name, described_as=f"lab_multiverse/{known}")
    return "\n\n".join([*said, describe_communities(communities), describe_ranks(ranks, ranked)])


def _say_kind(cohort: Cohort) -> str:
    if cohort.is_simulated:
        return "These people are simulated: what is found in them is evidence for no claim."
    if reason := explain_outcome(cohort.settings):
        return f"Not one of the claims can be tested here: {reason}. What follows are contrasts of these groups, not of resilience."
    return "The people of this cohort are real and grouped by a resilience score."
