"""The truth of a simulated cohort: for every feature of every table, planted, by-product or null."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from helpers.simulate.brain import EMOTION_REGULATION_TRACTS, EMOTION_REGULATION_VOLUMES
from helpers.simulate.effects import People, Planted
from helpers.simulate.maps import tell_maps
from helpers.simulate.recipe import Recipe
from helpers.tables import read_table, resolve_path

WHY_OTHER_FALLS = "log-ratios of all transcripts sum to zero, so the rest falls when groups rise"
ORDER_PATH = "data/calibration/block_order.tsv"
ANY = ".*"
STATUSES = ("same_trait", "planted", "by_product", "null")
PATTERNS: dict[str, dict[str, Any]] = {
    "participants": {"by": "column", "null": [ANY]},
    "phenotype": {
        "by": "measure.column",
        "same_trait": [r"cd_risc\..*", r"brs\..*"],
        "planted": [r"hads\..*", r"ffmq\.describing", r"ffmq\.nonjudging", r"csq\.catastrophizing"],
        "null": [ANY],
    },
    "connectivity": {
        "by": "column",
        "planted": [r"Reward_\d+--Somatomotor_\d+", r"Somatomotor_\d+--Reward_\d+"],
        "null": [ANY],
    },
    "volumes": {"by": "column", "planted": list(EMOTION_REGULATION_VOLUMES), "null": [ANY]},
    "tracts": {"by": "column", "planted": list(EMOTION_REGULATION_TRACTS), "null": [ANY]},
    "motion": {"by": "column", "null": [ANY]},
    "taxa": {"by": "column", "null": [ANY]},
    "transcripts": {"by": "group", "planted": [], "by_product": ["other"], "null": [ANY]},
    "metabolites": {"by": "name", "planted": [], "null": [ANY]},
}
MEANING_OF_D = (
    "Difference high minus low, adjusted for age, sex, bmi and study (volumes also icv), that was added to the feature, "
    "divided by the feature's residual SD in the null twin: the cohort of the same seed with effect 0, in which everybody "
    "and all noise is the same. The difference is carried by the continuous CD-RISC total. What one cohort shows is this "
    "difference plus the chance difference of its null twin."
)
MEANING_OF_STATUS = (
    "For every table, `by` says what the patterns are matched with, as a whole: the column, or the group or name that "
    "the table of features gives it. The first of same_trait, planted, by_product, null with a matching pattern is the "
    "status. same_trait: measures resilience itself, also in the null twin. by_product: moves because something else was "
    "planted. null: resilience has no effect on it; averages that include planted features, such as that of the whole "
    "brain, move with them."
)


def compose_truth(recipe: Recipe, people: People, planted: list[Planted], blocks: Collection[str]) -> dict[str, Any]:
    """Return what ``truth.yml`` holds."""
    tables = {"participants", "phenotype", *blocks}
    claims = [p for p in planted if p.claim != "by-product" and p.block in tables]
    by_products = [p for p in planted if p.claim == "by-product" and p.d and p.block in tables]
    return {
        "seed": recipe.seed,
        "effect": recipe.effect,
        "missing": recipe.missing,
        "n_participants": recipe.n_participants,
        "n_high": int(people.high.sum()),
        "n_low": int((~people.high).sum()),
        "meaning_of_d": MEANING_OF_D,
        "planted": [p.to_dict() for p in sorted(claims, key=lambda p: p.claim)],
        "by_products": [p.to_dict() | {"why": WHY_OTHER_FALLS} for p in by_products],
        **tell_order(recipe.effect, blocks),
        "maps": tell_maps(recipe.effect),
        "meaning_of_status": MEANING_OF_STATUS,
        "status": {table: _list_patterns(table, claims) for table in PATTERNS if table in tables},
    }


def tell_order(effect: float, blocks: Collection[str]) -> dict[str, Any]:
    """Return which block tells the groups apart best, as the planted effects decide it; nothing in a null twin.

    Parameters
    ----------
    effect : float
    blocks : collection of str
        Of the cohort; fewer than two of those that can be integrated have no order.

    Examples
    --------
    >>> tell_order(0.0, ["taxa", "metabolites"])
    {}
    """
    measured = read_table(resolve_path(ORDER_PATH)).reset_index()
    largest = measured["n_participants"] == measured["n_participants"].max()
    rows = measured[largest & measured["block"].isin(list(blocks))]
    if effect == 0 or len(rows) < 2:
        return {}
    return {
        "order": {
            "claim": "C16",
            "blocks": rows["block"].tolist(),
            "mean_auc": [round(float(auc), 3) for auc in rows["auc"]],
            "source": (
                f"{ORDER_PATH}: mean AUC out of fold of {int(rows['n_cohorts'].iloc[0])} simulated cohorts of {int(rows['n_participants'].iloc[0])} participants with "
                "effect 1, by the model of chapter 06; the size of each block's planted effects decides the order"
            ),
        }
    }


def _list_patterns(table: str, claims: list[Planted]) -> dict[str, Any]:
    """Return the patterns of one table, with those of nothing planted in this cohort left out."""
    patterns = {key: list(value) if isinstance(value, list) else value for key, value in PATTERNS[table].items()}
    here = [p for p in claims if p.block == table]
    if table in ("transcripts", "metabolites"):
        patterns["planted"] = [re.escape(p.feature) for p in here]
    if not any(p.d for p in here):
        patterns = {key: value for key, value in patterns.items() if key not in ("planted", "by_product")}
    return patterns
