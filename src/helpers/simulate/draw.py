"""Draw a whole simulated cohort in memory, with its truth."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.contract import Cohort, MeasureRule, Settings, read_schema
from helpers.simulate.brain import draw_brain
from helpers.simulate.effects import People, Planted
from helpers.simulate.metabolites import draw_metabolites
from helpers.simulate.missing import blank_some, choose_lacking
from helpers.simulate.people import CUT, draw_people, draw_phenotype
from helpers.simulate.recipe import DEFAULT_MISSING, DEFAULT_N, DEFAULT_SEED, Recipe
from helpers.simulate.taxa import draw_taxa
from helpers.simulate.transcripts import draw_transcripts
from helpers.simulate.truth import compose_truth

CITATION = "Simulated by helpers.simulate; no real person is in it."
DECIMALS = {"connectivity": 3, "volumes": 1, "tracts": 4, "motion": 4, "metabolites": 1}
STREAMS = ("people", "phenotype", "brain", "connectivity", "taxa", "transcripts", "metabolites", "missing", "maps")
BRAIN = ("connectivity", "volumes", "tracts", "motion")


@dataclass(frozen=True, eq=False)
class SimulatedCohort:
    """A simulated cohort in memory and what is true of it.

    Attributes
    ----------
    cohort : Cohort
        What :func:`helpers.contract.load_cohort` reads from the folder of the same recipe; chapters' helpers take it. It
        has no folder and no `tree_path`.
    truth : dict
        What ``truth.yml`` holds: ``planted``, ``by_products`` and ``null`` name every feature of every block.
    tree : str
        Newick tree of the taxa; empty when the taxa were not drawn.
    people : People
        The latent trait and the answers before any was blanked.
    lacking : dict of str to set of str
        By block, the people who lack it.
    """

    cohort: Cohort
    truth: dict
    tree: str
    people: People
    lacking: dict[str, set[str]]


def draw_cohort(
    *,
    n_participants: int = DEFAULT_N,
    seed: int = DEFAULT_SEED,
    effect: float = 1.0,
    missing: float = DEFAULT_MISSING,
    blocks: Collection[str] | None = None,
) -> SimulatedCohort:
    """Draw a simulated cohort in memory.

    Every block has its own random stream: the same seed gives the same people and the same noise whatever the effect, the
    share missing and the blocks asked for.

    Parameters
    ----------
    n_participants : int, default 116
        40 or more; 44 of 116 are in the high group and 71 of 116 are women, or the nearest to these shares.
    seed : int, default 20240501
    effect : float, default 1.0
        Multiplies every planted d, from -1.5 (against the claims) to 1.5; 0 gives the null twin.
    missing : float, default 0.035
        Share of people who lack the scan, and the stool sample, 0 to 0.5; blank answers grow with it.
    blocks : collection of str, optional
        Only these of connectivity, volumes, tracts, motion, taxa, transcripts, metabolites, to save time; by default all.

    Returns
    -------
    SimulatedCohort

    Raises
    ------
    ValueError
        When a number is out of range, a block is unknown, or so strong an effect makes a matrix impossible.

    Examples
    --------
    >>> drawn = draw_cohort(n_participants=40, effect=0, missing=0, blocks=["tracts"])
    >>> drawn.cohort.block("tracts").shape
    (40, 16)
    >>> {planted["d"] for planted in drawn.truth["planted"]}
    {0.0}
    """
    recipe = Recipe(n_participants, seed, float(effect), float(missing))
    known = set(read_schema()["blocks"]) - {"genes"}
    if unknown := sorted(set(blocks or ()) - known):
        raise ValueError(f"no simulated block is called {', '.join(unknown)}; choose among {', '.join(sorted(known))}.")
    return draw_recipe(recipe, known if blocks is None else set(blocks))


def draw_recipe(recipe: Recipe, wanted: Collection[str]) -> SimulatedCohort:
    """Draw what a recipe says, as far as these blocks need it; see :func:`draw_cohort`."""
    streams = open_streams(recipe)
    people = draw_people(recipe.n_participants, rng=streams["people"])
    phenotype, planted = draw_phenotype(people, recipe.effect, rng=streams["phenotype"])
    tables, features, tree = {}, {}, ""
    if not set(BRAIN).isdisjoint(wanted):
        edge_rng = streams["connectivity"] if "connectivity" in wanted else None
        tables, features, found = draw_brain(people, recipe.effect, rng=streams["brain"], edge_rng=edge_rng)
        planted += found
    if set(wanted) - set(BRAIN):
        gut, about, found, tree = _draw_gut(people, recipe.effect, wanted, streams)
        tables, features, planted = tables | gut, features | about, planted + found
    lacking = choose_lacking(people.table.index, recipe.missing, rng=streams["missing"])
    shown, phenotype = blank_some(people.table, phenotype, people, recipe.missing, rng=streams["missing"])
    blocks = {name: _show(table, name, lacking[name]) for name, table in tables.items() if name in wanted}
    features = {name: features[name] for name in blocks if name in features}
    cohort = Cohort(Path(), _settings(recipe), shown, phenotype, blocks, features)
    return SimulatedCohort(cohort, compose_truth(recipe, people, planted, blocks), tree, people, lacking)


def open_streams(recipe: Recipe) -> dict[str, np.random.Generator]:
    """Return a stream of chance for each part of a cohort; a new one joins at the end, so that the others stay."""
    seeds = np.random.SeedSequence(recipe.seed).spawn(len(STREAMS))
    return dict(zip(STREAMS, map(np.random.default_rng, seeds), strict=True))


def _show(table: pd.DataFrame, name: str, lacking: set[str]) -> pd.DataFrame:
    """Return a table as it is written: rounded, and without the people who lack it."""
    shown = table.loc[~table.index.isin(lacking)]
    return shown.round(DECIMALS[name]) + 0.0 if name in DECIMALS else shown


def _draw_gut(
    people: People, effect: float, wanted: Collection[str], streams: dict[str, np.random.Generator]
) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame], list[Planted], str]:
    gut = draw_taxa(people, rng=streams["taxa"])
    tables, features, planted = {"taxa": gut.counts}, {"taxa": gut.taxonomy}, []
    for name, draw in (("transcripts", draw_transcripts), ("metabolites", draw_metabolites)):
        if name in wanted:
            tables[name], features[name], found = draw(people, gut, effect, rng=streams[name])
            planted += found
    return tables, features, planted, gut.tree


def _settings(recipe: Recipe) -> Settings:
    return Settings(
        name=recipe.name,
        title=recipe.title,
        kind="simulated",
        outcome=MeasureRule("cd_risc", "total", float(CUT)),
        labels={"high": "High resilience", "low": "Low resilience"},
        covariates=("age", "sex", "bmi"),
        batch="study",
        citation=CITATION,
    )
