"""The truth of a simulated cohort: for every feature of every block, planted, by-product or null."""

from __future__ import annotations

from helpers.contract import Cohort
from helpers.simulate.planting import People, Planted
from helpers.simulate.recipe import Recipe

WHY_OTHER_FALLS = "log-ratios of all transcripts sum to zero, so the rest falls when groups rise"


def tell_truth(recipe: Recipe, people: People, planted: list[Planted], cohort: Cohort) -> dict:
    """Return what ``truth.yml`` holds."""
    claims = [p for p in planted if p.claim != "by-product"]
    by_products = [p for p in planted if p.claim == "by-product" and p.d]
    return {
        "seed": recipe.seed,
        "effect": recipe.effect,
        "missing": recipe.missing,
        "n_participants": recipe.n_participants,
        "n_high": int(people.high.sum()),
        "n_low": int((~people.high).sum()),
        "meaning_of_d": (
            "Difference high minus low, adjusted for age, sex, bmi and study (volumes also icv), that was added to the "
            "feature, divided by the feature's residual SD in the null twin: the cohort of the same seed with effect 0, "
            "in which everybody and all noise is the same. The difference is carried by the continuous CD-RISC total. "
            "What one cohort shows is this difference plus the chance difference of its null twin."
        ),
        "planted": [p.to_dict() for p in sorted(claims, key=lambda p: p.claim)],
        "by_products": [p.to_dict() | {"why": WHY_OTHER_FALLS} for p in by_products],
        "not_planted": {
            "C16": "No block was made to classify best; which one does follows from the effects above and from chance."
        },
    }
