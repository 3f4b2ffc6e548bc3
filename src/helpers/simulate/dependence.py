"""Simulated people who belong together: families that share a part of their metabolites, and further visits of the same people."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from helpers.simulate.draw import SimulatedCohort
from helpers.simulate.recipe import Recipe

STREAM = 704311  # beside the seed: chance of its own, so that everything else of a cohort stays as it is without
FIRST, LATER, MONTHS = "baseline", "month{months}", 3
ALIKE = 0.7  # correlation of two visits of a person within a group; share of answers that stay
D_CHANGE = 0.6  # change of the high group beyond that of the low, in SDs of the metabolite, times the effect
N_CHANGED = 2
LOST = 0.08  # share of people who miss a later visit
SPREAD_READS = 0.4  # SD of a taxon's logarithm between visits
ICC = 0.4  # share of the variance of a metabolite that members of a family have in common
SIZES = (1, 2, 3, 4)
VISITED = ("cd_risc", "hads")


def find_families(drawn: SimulatedCohort, recipe: Recipe) -> pd.Series:
    """Return a family for everybody: one to four people of the same study.

    Parameters
    ----------
    drawn : SimulatedCohort
    recipe : Recipe

    Returns
    -------
    pandas.Series
        Index ``participant_id``.
    """
    rng, labels, start = _open(recipe, 0), {}, 0
    for _, members in drawn.people.table.groupby("study", sort=True):
        sizes = rng.choice(SIZES, len(members))
        codes = np.repeat(np.arange(len(sizes)), sizes)[: len(members)] + start
        start = int(codes.max()) + 1
        labels |= {who: f"fam-{code + 1:03d}" for who, code in zip(rng.permutation(members.index), codes, strict=True)}
    return pd.Series(labels).reindex(drawn.people.table.index).rename("family_id")


def share_within(
    metabolites: pd.DataFrame, features: pd.DataFrame, families: pd.Series, recipe: Recipe
) -> pd.DataFrame:
    """Return metabolites with a part in common within families; zeros and blanks stay."""
    rng = _open(recipe, 1)
    own, codes = families.reindex(metabolites.index), pd.factorize(families)[0]
    common = pd.DataFrame(rng.normal(size=(codes.max() + 1, metabolites.shape[1])), columns=metabolites.columns)
    drawn = common.set_axis(pd.unique(families)).loc[own].set_axis(metabolites.index)
    size = np.sqrt(ICC / (1 - ICC)) * _measure_spread(metabolites, features)
    return _shift(metabolites, features, drawn * size)


def list_visits(recipe: Recipe) -> list[str]:
    """Return what the visits are called, three months apart.

    Examples
    --------
    >>> list_visits(Recipe(visits=3))
    ['baseline', 'month3', 'month6']
    """
    return [FIRST, *(LATER.format(months=MONTHS * i) for i in range(1, recipe.visits))]


def repeat_visits(drawn: SimulatedCohort, recipe: Recipe) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    """Draw the further visits of the questionnaires, the taxa and the metabolites.

    Parameters
    ----------
    drawn : SimulatedCohort
        As at the first visit.
    recipe : Recipe

    Returns
    -------
    dict of str to pandas.DataFrame
        By what the table is called (``phenotype/hads``, ``taxa``, ``metabolites``): all visits below each other, session_id first.
    dict
        What is true of the change, for ``truth.yml``.
    """
    rng, cohort, high = _open(recipe, 2), drawn.cohort, pd.Series(drawn.people.high, drawn.people.table.index)
    tables = {f"phenotype/{name}": cohort.phenotype[name] for name in VISITED}
    tables |= {name: cohort.blocks[name] for name in ("taxa", "metabolites")}
    features = cohort.features["metabolites"]
    planted = set(features.index[features["name"].isin([item["feature"] for item in drawn.truth["planted"]])])
    changed = [name for name in cohort.blocks["metabolites"].columns if name not in planted][:N_CHANGED]
    parts = {name: [_mark(table, FIRST)] for name, table in tables.items()}
    for visit in list_visits(recipe)[1:]:
        came = high.index[rng.random(len(high)) >= LOST]
        for name, table in tables.items():
            later = _draw_later(name, table, features, high, changed, recipe, rng)
            parts[name].append(_mark(later[later.index.isin(came)], visit))
    truth = {
        "visits": list_visits(recipe),
        "alike": ALIKE,
        "lost": LOST,
        "change": [
            {
                "block": "metabolites",
                "feature": str(features.loc[name, "name"]),
                "d": round(D_CHANGE * recipe.effect, 4),
            }
            for name in changed
        ],
        "meaning": "d: change from the first visit, high minus low, in SDs of the metabolite at the first visit. Nothing else changes differently.",
    }
    return {name: pd.concat(own).rename_axis("participant_id") for name, own in parts.items()}, truth


def _draw_later(
    name: str,
    table: pd.DataFrame,
    features: pd.DataFrame,
    high: pd.Series,
    changed: list[str],
    recipe: Recipe,
    rng: np.random.Generator,
) -> pd.DataFrame:
    if name == "taxa":
        noise = np.exp(rng.normal(-(SPREAD_READS**2) / 2, SPREAD_READS, table.shape))
        return pd.DataFrame(rng.poisson(table.to_numpy(float) * noise), table.index, table.columns)
    sides = high.reindex(table.index)
    if name != "metabolites":
        return _answer_again(table, sides, rng)
    spread, logs = _measure_spread(table, features), _as_logs(table, features)
    middle = logs.groupby(sides).transform("mean")
    noise = rng.normal(0, np.sqrt(1 - ALIKE**2), table.shape)
    shift = (ALIKE - 1) * (logs - middle) + noise * spread.to_numpy()
    shift[changed] += np.outer(sides.to_numpy(float), D_CHANGE * recipe.effect * spread[changed])
    return _shift(table, features, shift)


def _answer_again(table: pd.DataFrame, sides: pd.Series, rng: np.random.Generator) -> pd.DataFrame:
    """Return answers of which some stay; each of the others is one that somebody of the same group gave to that item."""
    again = table.copy()
    for _, members in table.groupby(sides):
        for column in table:
            renewed = rng.random(len(members)) > ALIKE
            donors = rng.permutation(members[column].to_numpy())
            again.loc[members.index, column] = np.where(renewed, donors, members[column])
    return again


def _as_logs(table: pd.DataFrame, features: pd.DataFrame) -> pd.DataFrame:
    is_raw = features.loc[table.columns, "scale"].eq("raw").to_numpy()
    with np.errstate(divide="ignore"):
        logs = np.where(is_raw, np.log(table.where(table > 0)), table)
    return pd.DataFrame(logs, table.index, table.columns)


def _measure_spread(table: pd.DataFrame, features: pd.DataFrame) -> pd.Series:
    return _as_logs(table, features).std().fillna(0.0)


def _shift(table: pd.DataFrame, features: pd.DataFrame, by: pd.DataFrame) -> pd.DataFrame:
    """Add to logarithms: multiply what is raw."""
    is_raw = features.loc[table.columns, "scale"].eq("raw").to_numpy()
    moved = np.where(is_raw, table * np.exp(by.where(table > 0, 0.0)), table + by)
    return pd.DataFrame(moved, table.index, table.columns)


def _mark(table: pd.DataFrame, visit: str) -> pd.DataFrame:
    marked = table.copy()
    marked.insert(0, "session_id", f"ses-{visit}")
    return marked


def _open(recipe: Recipe, part: int) -> np.random.Generator:
    return np.random.default_rng([recipe.seed, STREAM, part])
