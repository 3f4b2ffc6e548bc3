"""A registration: the outcome rule, the claims, the parameters and the data but for the outcome, written down before results are seen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.cohort import assign_groups, design_matrix
from helpers.contract import REGISTRATION, Cohort
from helpers.importers.sources import hash_file
from helpers.power import compute_power
from helpers.problems import CohortError, Problem, TooLittle
from helpers.record.inputs import hash_without_outcome, join_hashes, list_outcome_files, name_outcome_columns
from helpers.resilience import score_outcome
from helpers.tables import write_atomically
from helpers.verdict import Claim, explain_outcome, find_ledger, load_ledger
from helpers.wording import hide_small

FILE, PAGE = REGISTRATION
SEAL = "sha256"  # the registration's hash of itself
CONTINUOUS = "continuous"
VERDICT, LEDGER = "07_verdict", "claims_path"


@dataclass(frozen=True)
class Plan:
    """What a run would do, as far as it is known before.

    Attributes
    ----------
    parameters : mapping of str to mapping
        By chapter: all, as they would be used, folders left out.
    code : mapping of str to str
        By chapter: sha256 over its notebook and all rooms of code that it imports.
    revision : str
    packages : mapping of str to str
    """

    parameters: Mapping[str, Mapping[str, Any]]
    code: Mapping[str, str]
    revision: str
    packages: Mapping[str, str]


def write_registration(cohort: Cohort, plan: Plan, *, seen_before: str = "") -> Path:
    """Write ``preregistration.json`` and a page to read into the cohort folder; what is there is never overwritten.

    Parameters
    ----------
    cohort : Cohort
    plan : Plan
    seen_before : str, optional
        What was run on this cohort before, in a sentence.

    Returns
    -------
    pathlib.Path
        Of the page.

    Raises
    ------
    CohortError
        When there is a registration already.
    """
    existing = [name for name in REGISTRATION if (cohort.folder / name).exists()]
    if existing:
        fix = "keep to it; whoever registers again has to move it away first, and the next run says so."
        raise CohortError([Problem(name, None, None, "a registration", "none yet", fix) for name in existing])
    said = build_registration(cohort, plan, seen_before=seen_before)
    write_atomically(cohort.folder / FILE, json.dumps(said, ensure_ascii=False, indent=1) + "\n")
    from helpers.record.registration_page import write_page

    write_atomically(cohort.folder / PAGE, write_page(said))
    return cohort.folder / PAGE


def build_registration(cohort: Cohort, plan: Plan, *, seen_before: str = "") -> dict[str, Any]:
    """Return a registration of a cohort as it is now.

    Parameters
    ----------
    cohort : Cohort
    plan : Plan
    seen_before : str, optional

    Returns
    -------
    dict
        With its own hash under ``sha256``.
    """
    settings, rule = cohort.settings, cohort.settings.outcome
    files = hash_without_outcome(cohort.folder, rule)
    hidden = [
        *list_outcome_files(cohort.folder, rule),
        *(f"participants.tsv, column {name}" for name in name_outcome_columns(rule)),
    ]
    said = {
        "registered": datetime.now(UTC).isoformat(timespec="seconds"),
        "seen_before": seen_before,
        "cohort": {"name": settings.name, "title": settings.title, "kind": settings.kind},
        "outcome": describe_settings(cohort),
        "claims": list_claims(cohort, plan),
        "chapters": {
            name: {"parameters": dict(plan.parameters[name]), "code_sha256": plan.code[name]}
            for name in plan.parameters
        },
        "code": plan.revision,
        "packages": dict(plan.packages),
        "data": {"sha256": join_hashes(files), "files": files, "without": hidden},
    }
    return said | {SEAL: hash_registration(said)}


def read_registration(cohort: Cohort) -> dict[str, Any] | None:
    """Return the registration of a cohort; None when there is none.

    Parameters
    ----------
    cohort : Cohort

    Raises
    ------
    CohortError
        When it cannot be read, was edited, or is of another cohort.
    """
    path = cohort.folder / FILE
    if not path.is_file():
        return None
    fix = "put back what `resilience-book freeze` wrote, or move it away; the run then says that it is gone."
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        sealed, name, files = said[SEAL], said["cohort"]["name"], said["data"]["files"]
    except (OSError, ValueError, KeyError, TypeError):
        problem = Problem(FILE, None, None, "no registration", "what `resilience-book freeze` wrote", fix)
        raise CohortError([problem]) from None
    if sealed != hash_registration(said):
        found = "a registration that was edited after it was written"
        raise CohortError([Problem(FILE, None, None, found, "the hash it holds of itself", fix)])
    here = hash_without_outcome(cohort.folder, cohort.settings.outcome)
    if name != cohort.settings.name or not set(files.items()) & set(here.items()):
        found = f"the registration of another cohort ({name})"
        expected = f"that of {cohort.settings.name}, with at least one file of data as it was"
        raise CohortError([Problem(FILE, None, None, found, expected, "move it to the cohort it belongs to.")])
    return said


def hash_registration(said: Mapping[str, Any]) -> str:
    """Return the sha256 of a registration as it is without its own hash.

    Examples
    --------
    >>> hash_registration({"a": 1, "sha256": "x"}) == hash_registration({"sha256": "", "a": 1})
    True
    """
    plain = {name: value for name, value in said.items() if name != SEAL}
    return hashlib.sha256(json.dumps(plain, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def describe_settings(cohort: Cohort) -> dict[str, Any]:
    """Return what ``cohort.yml`` says of the groups and the adjustment, as plain values."""
    settings = cohort.settings
    rule = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in asdict(settings.outcome).items()
        if name != CONTINUOUS or value  # which earlier registrations do not have
    }
    return {
        "rule": rule,
        "in words": str(settings.outcome),
        "labels": dict(settings.labels),
        "covariates": list(settings.covariates),
        "batch": settings.batch,
    }


def list_claims(cohort: Cohort, plan: Plan) -> dict[str, Any]:
    """Return the ledger of claims with the power that this cohort has for each; empty without a chapter on the verdict.

    Parameters
    ----------
    cohort : Cohort
    plan : Plan

    Notes
    -----
    Power needs the sizes of the groups among those who have the data; nothing else of the outcome is looked at.
    """
    used = plan.parameters.get(VERDICT, {}).get(LEDGER)
    if used is None:
        return {}
    path = find_ledger(cohort.folder, cohort.settings, used)
    ledger, sizes = load_ledger(path), _count_groups(cohort)
    reason = explain_outcome(cohort.settings, ledger.claims[0])
    entries = {claim.id: _tell_claim(claim, sizes) for claim in ledger.claims}
    head = {"study": ledger.study, "doi": ledger.doi, "file": path.name, "sha256": hash_file(path)}
    return head | {"cannot_be_tested": reason, "claims": entries}


def _tell_claim(claim: Claim, sizes: Mapping[str, tuple[int, int]]) -> dict[str, Any]:
    n_high, n_low = sizes.get(claim.feature.split(".")[0] if claim.block == "phenotype" else claim.block, (0, 0))
    power = (
        None
        if claim.is_rank or min(n_high, n_low) < 2
        else compute_power(claim.smallest_effect_of_interest, n_high=n_high, n_low=n_low)
    )
    return {
        "label": claim.label,
        "statement": claim.statement,
        "expected": claim.direction,
        "table": f"{claim.chapter}/{claim.table}",
        "feature": claim.feature,
        "support_rule": claim.support_rule,
        "smallest_effect_of_interest": claim.smallest_effect_of_interest,
        "n_high": hide_small(n_high),
        "n_low": hide_small(n_low),
        "expected_power": None if power is None else round(power, 3),
    }


def _count_groups(cohort: Cohort) -> dict[str, tuple[int, int]]:
    """Return how many of each group have each block and each questionnaire, with every covariate."""
    try:
        group = design_matrix(cohort, assign_groups(cohort, score_outcome(cohort)))["group"]
        group = group if group.isin([0, 1]).all() else group.iloc[:0]  # a score without a cut makes no groups
    except TooLittle:
        return {}
    tables: dict[str, pd.DataFrame] = {**cohort.blocks, **cohort.phenotype}
    known = {name: group[group.index.isin(table.index[table.notna().any(axis=1)])] for name, table in tables.items()}
    return {name: (int((some == 1).sum()), int((some == 0).sum())) for name, some in known.items()}
