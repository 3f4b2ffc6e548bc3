"""Verdicts as linked data: JSON-LD in the words of schema.org, its context inside the file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.contract import Settings
from helpers.tables import resolve_path, write_atomically
from helpers.verdict.claims import Claim, Ledger
from helpers.wording import hide_small

SCHEMA_ORG = "https://schema.org/"
TERMS = (
    "Claim", "Dataset", "QuantitativeValue", "ScholarlyArticle", "about", "citation", "description", "hasPart",
    "identifier", "isBasedOn", "maxValue", "minValue", "name", "sameAs", "value", "variableMeasured",
)  # fmt: skip
OWN_TERMS = ("verdict", "reason", "expected", "smallestEffectOfInterest", "peopleHigh", "peopleLow", "kindOfPeople")
OWN = "urn:resilience-book:"
MEASURES = {
    "power for the smallest effect of interest": "power",
    "p of the equivalence test": "p_equivalence",
    "rank among blocks": "rank",
    "lead in out-of-fold AUC": "lead",
}


def export_verdicts(verdicts: pd.DataFrame, ledger: Ledger, *, settings: Settings) -> dict[str, Any]:
    """Return the ledger of a cohort as JSON-LD.

    Parameters
    ----------
    verdicts : pandas.DataFrame
        From :func:`helpers.verdict.evaluate_claims`.
    ledger : Ledger
        The claims weighed.
    settings : Settings
        Of the cohort; its kind stands on every claim, and numbers of people below its small cell are not told.

    Returns
    -------
    dict
        A ``Dataset`` with one ``Claim`` per claim under ``hasPart``. The context is inline: reading it needs no
        network. What schema.org has no word for is in terms of our own (``urn:resilience-book:``); the verdict is one
        of them, because a verdict on simulated people is no ``ClaimReview``.
    """
    claims = [_export_claim(claim, verdicts.loc[claim.id], settings) for claim in ledger.claims]
    article = {"@type": "ScholarlyArticle", "name": ledger.study, "sameAs": f"https://doi.org/{ledger.doi}"}
    return {
        "@context": {name: SCHEMA_ORG + name for name in TERMS} | {name: OWN + name for name in OWN_TERMS},
        "@type": "Dataset",
        "name": f"Claims of {ledger.study or 'its own'}, weighed by the cohort {settings.name}",
        "kindOfPeople": settings.kind,
        **({} if ledger.is_own else {"isBasedOn": article}),
        "citation": settings.citation,
        "hasPart": claims,
    }


def write_verdicts(
    verdicts: pd.DataFrame,
    ledger: Ledger,
    results_dir: str | os.PathLike[str],
    *,
    settings: Settings,
    chapter: str = "07_verdict",
) -> Path:
    """Write :func:`export_verdicts` to ``<results_dir>/<chapter>/verdicts.jsonld``, whole or not at all.

    Returns
    -------
    pathlib.Path
        Where it was written.
    """
    target = resolve_path(results_dir) / chapter / "verdicts.jsonld"
    exported = export_verdicts(verdicts, ledger, settings=settings)
    write_atomically(target, json.dumps(exported, ensure_ascii=False, indent=1, allow_nan=False) + "\n")
    return target


def _export_claim(claim: Claim, row: pd.Series, settings: Settings) -> dict[str, Any]:
    people = {
        f"people{side.title()}": hide_small(int(row[f"n_{side}"]), settings.small_cell)
        for side in ("high", "low")
        if pd.notna(row[f"n_{side}"])
    }
    return {
        "@type": "Claim",
        "identifier": claim.id,
        "name": claim.label,
        "description": claim.statement,
        "about": claim.block,
        "expected": claim.direction,
        "smallestEffectOfInterest": claim.smallest_effect_of_interest,
        "kindOfPeople": settings.kind,
        "verdict": row["verdict"],
        "reason": row["reason"],
        **people,
        "variableMeasured": _export_measures(row),
    }


def _export_measures(row: pd.Series) -> list[dict[str, Any]]:
    effects = {"standardised difference d, high minus low": "d", "the same as a correlation r": "r"}
    measures = [
        _value(name, row[column], minValue=row[f"{column}_low"], maxValue=row[f"{column}_high"])
        for name, column in effects.items()
    ]
    if row["measure"] not in ("", *effects.values()):
        measures.append(_value(row["measure"], row["estimate"], minValue=row["ci_low"], maxValue=row["ci_high"]))
    measures += [_value(name, row[column]) for name, column in MEASURES.items()]
    measures.append(_value(f"Bayes factor for the claim's side ({row['bayes_factor_kind']})", row["bayes_factor"]))
    return [measure for measure in measures if measure is not None]


def _value(name: str, value: float, **bounds: float) -> dict[str, Any] | None:
    if pd.isna(value):
        return None
    numbers = {key: float(f"{number:.6g}") for key, number in {"value": value, **bounds}.items()}
    return {"@type": "QuantitativeValue", "name": name, **numbers}
