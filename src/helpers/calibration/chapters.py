"""Each chapter's tests, called as its notebook calls them: one cohort in, the tables the chapter writes out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from helpers import brain, metabolites, microbiome, resilience
from helpers.cohort import assign_groups, design_matrix
from helpers.contract import Cohort
from helpers.integration import (
    BLOCKS,
    BlockSPLSDA,
    cross_validate,
    keep_equally,
    make_filters,
    permute_groups,
    prepare_blocks,
)

DISTANCES = ("bray_curtis", "aitchison", "jaccard")
TREE_DISTANCES = ("unweighted_unifrac", "weighted_unifrac")
SETTINGS = {
    "04_microbiome": {"n_rarefactions": 20, "n_rarefactions_between": 5, "min_prevalence": 0.1},
    "06_integration": {"n_folds": 5, "n_keep": 20, "n_components": 2},
}


@dataclass(frozen=True)
class Effort:
    """How much work a calibration puts into one cohort, where it may differ from a chapter's.

    A permutation test rejects at exactly 5 % whenever 5 % of (1 + shuffles) is a whole number, so few shuffles do:
    more of them make p finer and the test a little more powerful, not better calibrated.

    Attributes
    ----------
    n_permutations : int
        Shuffles of the max-T test over edges and of the tests of communities; 19, 39, 99, 199 and so on.
    n_permutations_integration : int
        Shuffles of the whole integration; each fits all models anew.
    n_repeats : int
        Cross-validations of the integration behind the ranks of its blocks.
    n_repeats_shuffled : int
        Cross-validations of each shuffle, and of the real groups beside them.
    """

    n_permutations: int = 199
    n_permutations_integration: int = 19
    n_repeats: int = 3
    n_repeats_shuffled: int = 1


@dataclass(frozen=True, eq=False)
class Results:
    """What one chapter finds in one cohort.

    Attributes
    ----------
    tables : dict of str to pandas.DataFrame
        By name, as the chapter writes them.
    tests : dict of str to float
        Test to p (or smallest q).
    """

    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    tests: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Setting:
    """One cohort, ready for every chapter; the shuffles are left out where only the contrasts are wanted."""

    cohort: Cohort
    groups: pd.DataFrame
    design: pd.DataFrame
    sets: pd.DataFrame
    effort: Effort
    shuffles: bool

    @property
    def batch(self) -> pd.Series | None:
        """The study of each participant; None when there is one."""
        return self.cohort.participants[self.cohort.settings.batch] if self.cohort.settings.batch else None


def prepare_setting(cohort: Cohort, sets: pd.DataFrame, effort: Effort, *, shuffles: bool = True) -> Setting:
    """Form the groups and the design of chapter 01.

    Parameters
    ----------
    cohort : helpers.contract.Cohort
    sets : pandas.DataFrame
        Declared sets of brain regions (``data/sets/brain_sets.tsv``).
    effort : Effort
    shuffles : bool, default True
        Whether to run the permutation tests too.
    """
    groups = assign_groups(cohort, resilience.score_outcome(cohort))
    return Setting(cohort, groups, design_matrix(cohort, groups), sets, effort, shuffles)


def run_resilience(setting: Setting, rng: np.random.Generator) -> Results:
    """Contrast the symptoms (chapter 02); no chance in it."""
    outcome = resilience.score_outcome(setting.cohort)
    measures = resilience.score_measures(setting.cohort)
    return Results({"symptoms": resilience.compare_symptoms(measures, setting.design, outcome=outcome.name)})


def run_brain(setting: Setting, rng: np.random.Generator) -> Results:
    """Contrast networks, and test all edges at once (``03_brain``)."""
    cohort = setting.cohort
    connectivity, nodes = cohort.block("connectivity"), cohort.features["connectivity"]
    design = brain.add_motion(setting.design, cohort.block("motion"))
    tests = {}
    if setting.shuffles:
        edges = brain.test_edges_max_t(
            connectivity, design, blocks=setting.batch, n_permutations=setting.effort.n_permutations, rng=rng
        )
        tests["edges_any"] = float(edges.table["p_fwe"].min())
    return Results({"networks": brain.compare_networks(connectivity, nodes, design)}, tests)


def run_structure(setting: Setting, rng: np.random.Generator) -> Results:
    """Contrast declared sets of regions (``03_structure``); no chance in it."""
    blocks = setting.cohort.blocks
    return Results({"sets": brain.compare_sets(blocks["volumes"], blocks["tracts"], setting.sets, setting.design)})


def run_microbiome(setting: Setting, rng: np.random.Generator) -> Results:
    """Contrast diversity, genera and functions, and test whole communities (chapter 04)."""
    cohort, design = setting.cohort, setting.design
    people = design.index.intersection(cohort.block("taxa").index)
    taxa = cohort.block("taxa").loc[people]
    common = {"min_prevalence": SETTINGS["04_microbiome"]["min_prevalence"]}
    genera = microbiome.compare_taxa(taxa, cohort.features["taxa"], design, **common)
    functions = microbiome.compare_functions(
        cohort.block("transcripts"), cohort.features["transcripts"], design, **common
    )
    n_rarefactions = SETTINGS["04_microbiome"]["n_rarefactions"]
    alpha = microbiome.measure_alpha(taxa, tree_path=cohort.tree_path, n_rarefactions=n_rarefactions, rng=rng)
    contrasts = microbiome.compare_alpha(alpha, design)
    tests = {"alpha.shannon": float(contrasts.loc["shannon", "p"]), "genera_any": float(genera["q"].min())}
    if setting.shuffles:
        communities = _compare_communities(setting, taxa, rng)
        tests |= {f"permanova.{metric}": float(p) for metric, p in communities["p"].items()}
        tests |= {f"dispersion.{metric}": float(p) for metric, p in communities["p_dispersion"].items()}
    return Results({"alpha": contrasts, "taxa": genera, "functions": functions}, tests)


def _compare_communities(setting: Setting, taxa: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return microbiome.compare_metrics(
        microbiome.measure_distances(
            taxa,
            metrics=[*DISTANCES, *TREE_DISTANCES],
            tree_path=setting.cohort.tree_path,
            n_rarefactions=SETTINGS["04_microbiome"]["n_rarefactions_between"],
            rng=rng,
        ),
        setting.groups.loc[taxa.index, "group"],
        covariates=setting.design.loc[taxa.index].drop(columns="group"),
        strata=setting.batch,
        n_permutations=setting.effort.n_permutations,
        rng=rng,
    )


def run_metabolites(setting: Setting, rng: np.random.Generator) -> Results:
    """Contrast the measured metabolites (chapter 05); no chance in it."""
    features = setting.cohort.features["metabolites"]
    prepared = metabolites.prepare_metabolites(setting.cohort.block("metabolites"), features)
    contrasts = metabolites.compare_metabolites(prepared, features, setting.design)
    return Results({"metabolites": contrasts}, {"metabolites_any": float(contrasts["q"].min())})


def run_integration(setting: Setting, rng: np.random.Generator) -> Results:
    """Validate the integration and shuffle the groups (chapter 06)."""
    prepared = prepare_blocks(setting.cohort, setting.groups.loc[setting.design.index], names=BLOCKS)
    effort, settings = setting.effort, SETTINGS["06_integration"]
    n_components = settings["n_components"]
    keep = keep_equally(prepared.blocks, n_keep=settings["n_keep"], n_components=n_components)
    common = {
        "model": BlockSPLSDA(n_components, keep=keep, design=0.1),
        "rng": rng,
        "transforms": make_filters(prepared.blocks),
        "batch": setting.batch,
    }
    covariates = setting.design.drop(columns="group").reindex(prepared.groups.index)
    common |= {"residualise": covariates}
    result = cross_validate(
        prepared.blocks,
        prepared.groups,
        n_folds=settings["n_folds"],
        n_repeats=effort.n_repeats,
        covariates=covariates,
        baselines=(),
        calibrate=False,
        **common,
    )
    if not setting.shuffles:
        return Results({"performance": result.performance})
    null = permute_groups(
        prepared.blocks,
        prepared.groups,
        result,
        n_permutations=effort.n_permutations_integration,
        n_repeats=effort.n_repeats_shuffled,
        covariates=covariates,
        **common,
    )
    performance = result.performance.join([null.p_value, null.p_lead])
    return Results({"performance": performance}, {"vote": float(null.p_value["vote"])})


CHAPTERS: dict[str, Callable[[Setting, np.random.Generator], Results]] = {
    "02_resilience": run_resilience,
    "03_brain": run_brain,
    "04_microbiome": run_microbiome,
    "05_metabolites": run_metabolites,
    "06_integration": run_integration,
    "03_structure": run_structure,  # last, as the others keep their streams so
}

NEEDED = {
    "02_resilience": (),
    "03_brain": ("connectivity", "motion"),
    "03_structure": ("volumes", "tracts"),
    "04_microbiome": ("taxa", "transcripts"),
    "05_metabolites": ("metabolites",),
    "06_integration": BLOCKS,
}
