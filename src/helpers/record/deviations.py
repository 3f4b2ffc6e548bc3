"""What differs between a registration and a run, and which verdicts that touches."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from helpers.contract import Cohort
from helpers.problems import MissingResult, count, name_some
from helpers.record.inputs import hash_without_outcome
from helpers.record.registration import FILE, Plan, describe_settings, list_claims
from helpers.tables import read_result, resolve_path
from helpers.wording import as_code, as_text

CHAPTER, TABLE = "00_registration", "deviations"
ALL = "all"
COLUMNS = ("deviation", "subject", "registered_as", "now", "touches")
READ_BY = {  # which chapters a part of the cohort folder reaches beside those that read all of it
    "brain": ("03_brain", "03_structure", "06_integration"),
    "microbiome": ("04_microbiome", "05_metabolites", "06_integration"),
    "metabolites": ("05_metabolites", "06_integration"),
    "phenotype": ("02_resilience",),
}
UPSTREAM = "01_cohort"  # makes the groups of all others
NOT_THERE = "not there"


def compare_registration(
    said: Mapping[str, Any] | None, cohort: Cohort, plan: Plan, met: Sequence[str] = ()
) -> pd.DataFrame:
    """Return what a run does otherwise than registered.

    Parameters
    ----------
    said : mapping or None
        From :func:`helpers.record.registration.read_registration`.
    cohort : Cohort
    plan : Plan
        Of this run.
    met : sequence of str
        Hashes of the registrations that earlier runs into this folder were held to.

    Returns
    -------
    pandas.DataFrame
        A row per deviation, index ``id``; deviation (parameter, data, code, packages, claim, groups, registration), subject, registered_as,
        now, and touches: chapters or claims, ``all`` for each of them. Empty when everything is as registered.
    """
    rows = list(_compare_seals(said, met))
    if said is not None:
        here = hash_without_outcome(cohort.folder, cohort.settings.outcome)
        rows += [
            *_compare_settings(said["outcome"], describe_settings(cohort)),
            *_compare_chapters(said["chapters"], plan),
            *_compare_code(said, plan),
            *_compare_claims(said["claims"].get("claims", {}), list_claims(cohort, plan).get("claims", {})),
            *_compare_data(_leave_claims(said["data"]["files"], cohort), _leave_claims(here, cohort)),
        ]
    return pd.DataFrame(rows, columns=list(COLUMNS), index=pd.RangeIndex(1, len(rows) + 1, name="id").astype(str))


def describe_registration(
    cohort_dir: str | os.PathLike[str],
    results_dir: str | os.PathLike[str],
    verdicts: pd.DataFrame,
    claims: Sequence[Any],
) -> str:
    """Say when the analysis was registered, and list each deviation with the verdicts it touches.

    Parameters
    ----------
    cohort_dir, results_dir : str or path-like
    verdicts : pandas.DataFrame
        From :func:`helpers.verdict.evaluate_claims`.
    claims : sequence of Claim

    Returns
    -------
    str
        Markdown.
    """
    path = resolve_path(cohort_dir) / FILE
    said = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
    try:
        found = read_result(results_dir, CHAPTER, TABLE)
    except MissingResult:
        found = pd.DataFrame(columns=list(COLUMNS))
    if said is None and found.empty:
        return "**Not registered.** Outcome rule, claims and parameters of this run were not written down before its results could be seen (`resilience-book freeze` does that)."
    date = "" if said is None else f" on {said['registered'][:10]}"
    before = f" Before that: {as_text(said['seen_before'])}" if said and said["seen_before"] else ""
    if found.empty:
        return f"**As registered{date}**: outcome rule, covariates, claims, parameters, code, packages, and all data but the outcome.{before}"
    chapters = {claim.id: claim.chapter for claim in claims}
    lines = [_describe_deviation(row, verdicts, chapters) for _, row in found.iterrows()]
    head = (
        f"**Registered{date}, with {count(len(found), 'deviation')}.**"
        if said
        else f"**{count(len(found), 'deviation')} from what was registered.**"
    )
    return f"{head}{before} Each with the verdicts it touches:\n\n" + "\n".join(lines)


def _describe_deviation(row: pd.Series, verdicts: pd.DataFrame, chapters: Mapping[str, str]) -> str:
    touched = set(str(row["touches"]).split())
    hit = [claim for claim in verdicts.index if ALL in touched or claim in touched or chapters.get(claim) in touched]
    if len(hit) == len(verdicts):
        beside = "every verdict"
    else:
        beside = "; ".join(f"{claim} ({as_text(verdicts.loc[claim, 'verdict'])})" for claim in hit) or "no verdict"
    values = f"registered as {as_code(row['registered_as'])}, now {as_code(row['now'])}"
    return f"* **{as_text(row['deviation']).capitalize()}** {as_code(row['subject'])}: {values}. Touches {beside}."


def _row(kind: str, what: str, registered_as: object, now: object, touches: str) -> tuple[str, ...]:
    return kind, what, _show(registered_as), _show(now), touches


def _show(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 120 else f"{text[:119]}…"


def _compare_seals(said: Mapping[str, Any] | None, met: Sequence[str]) -> Iterator[tuple[str, ...]]:
    now = said["sha256"] if said else NOT_THERE
    for before in met:
        if before != now:
            yield _row(
                "registration", FILE, f"sha256 {before[:16]}", now if said is None else f"sha256 {now[:16]}", ALL
            )


def _compare_settings(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for name in ("rule", "labels", "covariates", "batch"):
        if before[name] != now[name]:
            yield _row("groups", "outcome rule" if name == "rule" else name, before[name], now[name], ALL)


def _compare_chapters(before: Mapping[str, Any], plan: Plan) -> Iterator[tuple[str, ...]]:
    for chapter, entry in before.items():
        if chapter not in plan.parameters:
            yield _row("chapter", chapter, "run", "not run", chapter)
            continue
        now = plan.parameters[chapter]
        for name in sorted({*entry["parameters"], *now}):
            then = entry["parameters"].get(name, NOT_THERE)
            if then != now.get(name, NOT_THERE):
                yield _row("parameter", f"{chapter}.{name}", then, now.get(name, NOT_THERE), _reach(chapter))
    for chapter in plan.parameters:
        if chapter not in before:
            yield _row("chapter", chapter, "not run", "run", chapter)


def _compare_code(said: Mapping[str, Any], plan: Plan) -> Iterator[tuple[str, ...]]:
    changed = [
        name
        for name, entry in said["chapters"].items()
        if name in plan.code and plan.code[name] != entry["code_sha256"]
    ]
    if changed:
        touches = ALL if UPSTREAM in changed or len(changed) == len(said["chapters"]) else " ".join(changed)
        yield _row("code", f"of {name_some(changed)}", said["code"], plan.revision, touches)
    packages = {
        name for name in {*said["packages"], *plan.packages} if said["packages"].get(name) != plan.packages.get(name)
    }
    for name in sorted(packages):
        yield _row("package", name, said["packages"].get(name, NOT_THERE), plan.packages.get(name, NOT_THERE), ALL)


def _compare_claims(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for claim in sorted({*before, *now}):
        then, here = before.get(claim), now.get(claim)
        if then is None or here is None:
            yield _row("claim", claim, "listed" if then else "not listed", "listed" if here else "not listed", claim)
            continue
        for name in ("statement", "expected", "table", "feature", "support_rule", "smallest_effect_of_interest"):
            if then[name] != here[name]:
                yield _row("claim", f"{claim}.{name}", then[name], here[name], claim)


def _leave_claims(hashes: Mapping[str, str], cohort: Cohort) -> dict[str, str]:
    """Leave out the cohort's own claims, which are compared one by one."""
    return {name: sha256 for name, sha256 in hashes.items() if name != cohort.settings.claims}


def _compare_data(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    for name in sorted({*before, *now}):
        if before.get(name) != now.get(name):
            shown = [f"sha256 {hashes[name][:16]}" if name in hashes else NOT_THERE for hashes in (before, now)]
            yield _row("data", name, *shown, " ".join(READ_BY.get(name.split("/")[0], (ALL,))))


def _reach(chapter: str) -> str:
    return ALL if chapter in (UPSTREAM, "07_verdict") else chapter
