"""What is known of a run, by the names that the sentences of the methods text use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from helpers.contract import ColumnRule, MeasureRule, is_continuous
from helpers.contract.settings import Settings
from helpers.report.reading import FIRST, RunRecord
from helpers.result_columns import read_words
from helpers.verdict.claims import STUDY
from helpers.wording import tell_part

LANGUAGE = "python"


def find_facts(record: RunRecord) -> dict[str, Any]:
    """Return the facts of a run; one that does not hold is empty, zero or not there.

    Parameters
    ----------
    record : RunRecord

    Returns
    -------
    dict
        Numbers of participants are those of ``01_cohort/flow``, where small ones are hidden.
    """
    settings, first = record.settings, record.chapters[FIRST]
    batch = settings.batch or ""
    facts: dict[str, Any] = {
        "simulated": record.is_simulated,
        "high": settings.labels["high"],
        "low": settings.labels["low"],
        "covariates": join_words(dict.fromkeys([*settings.covariates, *([batch] if batch else [])])),
        "batch": batch,
        "within_batch": f", within {batch}" if batch else "",
        "visit": settings.visit or "",
        "cluster": settings.cluster or "",
        "errors": "CR2" if settings.cluster else "HC2",
        "small_cell": settings.small_cell,
        "data": first.stamp["cohort_sha256"],
        "revision": first.stamp["revision"],
        "software": _tell_software(record),
        "seeds": _tell_seeds(record),
        "questionnaires": record.table("02_resilience/questionnaires") is not None,
        "contrasts": _has_contrasts(record),
        "groups": not is_continuous(settings.outcome),
        "permuted": "score" if is_continuous(settings.outcome) else "groups",
        "claims_list": _name_claims(record),
        "no_claims": record.table("07_verdict/contrasts") is not None,
    }
    return facts | _read_rule(settings) | _read_flow(record) | _read_integration(record) | _read_head_size(record)


def join_words(words: Iterable[object]) -> str:
    """Return words as they are listed in a sentence.

    Examples
    --------
    >>> join_words(["age", "sex", "bmi"])
    'age, sex and bmi'
    """
    *others, last = [str(word) for word in words] or [""]
    return f"{', '.join(others)} and {last}" if others else last


def name_rows(names: Iterable[str]) -> str:
    """Return what the rows of a table are called on pages, each once.

    Examples
    --------
    >>> name_rows(["bray_curtis", "jaccard"])
    'Bray-Curtis and Jaccard'
    """
    words = read_words()
    return join_words(dict.fromkeys(words.get(name, str(name).replace("_", " ")) for name in names))


def _read_rule(settings: Settings) -> dict[str, Any]:
    rule = settings.outcome
    if isinstance(rule, ColumnRule):
        named = {f"{side}_labels": join_words(getattr(rule, side)) for side in ("high", "low")}
        return {"by_label": True, "column": rule.column, **named}
    name = f"{rule.measure}.{rule.score}" if isinstance(rule, MeasureRule) else rule.column
    if rule.continuous:
        return {"continuous": True, "score_name": name_rows([name])}
    facts: dict[str, Any] = {"by_score": True, "score_name": name_rows([name]), "terciles": rule.terciles}
    if not rule.terciles:
        facts |= {"high_at_least": f"{rule.high_at_least:g}", "low_below": f"{rule.low_end:g}"}
    return facts | {"middle": rule.has_middle}


def _name_claims(record: RunRecord) -> str:
    chapter = record.chapters.get("07_verdict")
    given = chapter.parameters.get("claims_path", "") if chapter else ""
    return given or record.settings.claims or STUDY


def _read_flow(record: RunRecord) -> dict[str, Any]:
    flow = record.table(f"{FIRST}/flow")
    if flow is None:
        return {}
    told = {part: str(rows["n"].iloc[0]) for part, rows in flow.groupby("part")}
    lost = {
        part: join_words(f"{step} ({n})" for step, n in flow.loc[flow["part"].eq(part), "n"].items())
        for part in ("left out", "not adjusted")
    }
    return {
        "n_recruited": told.get("recruited"),
        "n_high": told.get("high"),
        "n_low": told.get("low"),
        "n_adjusted": _tell_adjusted(told, record.settings),
        "left_out": lost["left out"],
        "not_adjusted": lost["not adjusted"],
    }


def _tell_adjusted(told: Mapping[str, str], settings: Settings) -> str:
    """Return how many have every covariate, so that a hidden number does not follow by subtraction."""
    if not (settings.covariates or settings.batch):
        return ""
    n, total = told.get("adjusted", ""), told.get("in a group", "")
    return tell_part(int(n), int(total), settings.small_cell) if n.isdigit() and total.isdigit() else n


def _read_integration(record: RunRecord) -> dict[str, Any]:
    table = record.table("06_integration/performance")
    if table is None:
        return {}
    blocks, used = table[table["role"] == "block"], record.chapters["06_integration"].parameters
    n = int(blocks[["n_high", "n_low"]].iloc[0].sum())
    return {
        "integrated": name_rows(blocks.index),
        "n_integrated": n,
        "n_repeats_null": min(used["n_repeats"], used["n_repeats_shuffled"]),
    }


def _read_head_size(record: RunRecord) -> dict[str, str]:
    """Tell of intracranial volume where the checklist found it in the cohort."""
    checklist = record.table(f"{FIRST}/checklist")
    item = "cobidas_head_size"
    found = checklist is not None and item in checklist.index and checklist.loc[item, "status"] == "reported"
    return {"with_head_size": ", volumes adjusted for intracranial volume" if found else ""}


def _has_contrasts(record: RunRecord) -> bool:
    sciences = ("02_resilience", "03_brain", "03_structure", "04_microbiome", "05_metabolites")
    return any(name in record.chapters for name in sciences)


def _tell_software(record: RunRecord) -> str:
    """Return Python and the packages with their versions; where chapters differ, all versions."""
    found: dict[str, dict[str, None]] = {}
    for chapter in record.chapters.values():
        for name, version in chapter.stamp["versions"].items():
            found.setdefault(name, {})[version] = None
    told = [f"{name} {' / '.join(versions)}" for name, versions in found.items() if name != LANGUAGE]
    language = f"Python {' / '.join(found.get(LANGUAGE, {}))} with " if LANGUAGE in found else ""
    return language + join_words(told)


def _tell_seeds(record: RunRecord) -> str:
    """Return the seeds of the chapters that draw; one number where they share it."""
    seeds = {
        name: chapter.parameters["seed"]
        for name, chapter in record.chapters.items()
        if "seed" in chapter.parameters and "default_rng" in chapter.calls
    }
    if len(set(seeds.values())) == 1:
        return f"the seed {next(iter(seeds.values()))}"
    return join_words(f"the seed {seed} in chapter {name}" for name, seed in seeds.items())
