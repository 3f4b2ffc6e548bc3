"""Read a study's claims: what each says, which number would test it, and what would count as support."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from helpers.problems import CohortError, Problem
from helpers.tables import resolve_path

DIRECTIONS = ("higher", "lower", "rank 1")
EVIDENCE = ("S", "C", "I")
TEXTS = (
    "label", "statement", "source", "evidence", "block", "direction", "estimand", "chapter", "table", "feature",
    "support_rule",
)  # fmt: skip


@dataclass(frozen=True)
class Claim:
    """One claim of a study, and the row of a result table that speaks to it.

    Attributes
    ----------
    id, label, statement, source : str
        ``C01``; a few words for figures; the claim in our words; where the
        study says it.
    evidence : str
        ``S`` read in a published source, ``C`` arithmetic on one, ``I`` our inference.
    block : str
        Kind of data: phenotype, connectivity, volumes, tracts, transcripts …
    direction : str
        In the high group: ``higher`` or ``lower``; or ``rank 1`` among blocks.
    estimand, support_rule : str
        What is estimated; what would count as support, declared in advance.
    chapter, table, feature : str
        The row of ``<results_dir>/<chapter>/<table>.tsv`` that is read.
    smallest_effect_of_interest : float
        In units of d; for ``rank 1`` a lead in out-of-fold AUC.
    aliases : tuple of str
        Other names of the feature, for instance a HMDB number.
    """

    id: str
    label: str
    statement: str
    source: str
    evidence: str
    block: str
    direction: str
    estimand: str
    chapter: str
    table: str
    feature: str
    smallest_effect_of_interest: float
    support_rule: str
    aliases: tuple[str, ...] = ()

    @property
    def sign(self) -> int:
        """1 when the high group is expected higher (or first), -1 when lower."""
        return -1 if self.direction == "lower" else 1

    @property
    def is_rank(self) -> bool:
        """Whether the claim is about a rank among blocks, not about a difference."""
        return self.direction == "rank 1"


def load_claims(path: str | os.PathLike[str]) -> tuple[Claim, ...]:
    """Read and check a file of claims.

    Parameters
    ----------
    path : str or path-like
        YAML with a list ``claims``; a relative path counts from the project's
        root. ``data/claims/README.md`` explains each field.

    Returns
    -------
    tuple of Claim
        In the order of the file.

    Raises
    ------
    CohortError
        Every problem of the file, by claim and field.
    """
    target = resolve_path(path)
    try:
        content = yaml.safe_load(target.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        found = "no such file" if isinstance(error, OSError) else "text that is not YAML"
        raise CohortError([Problem(target.name, None, None, found, "a YAML file of claims", "correct it.")]) from error
    entries = content.get("claims") if isinstance(content, dict) else None
    if not isinstance(entries, list) or not entries:
        fix = "write `claims:` and one entry per claim below it."
        raise CohortError([Problem(target.name, None, "claims", "no claims", "a list of claims", fix)])
    problems = [problem for i, entry in enumerate(entries) for problem in _check_entry(target, i, entry)]
    problems += _check_unique(target, entries)
    if problems:
        raise CohortError(problems)
    return tuple(_build_claim(entry) for entry in entries)


def load_truth(folder: str | os.PathLike[str]) -> list[dict[str, Any]] | None:
    """Read what was planted in a simulated cohort.

    Parameters
    ----------
    folder : str or path-like
        Cohort folder; its ``truth.yml`` lists under ``planted`` the claim,
        feature, direction and d of each planted effect.

    Returns
    -------
    list of dict or None
        None when there is no ``truth.yml``: nothing is known of the truth.
        An empty list when it says that nothing was planted.
    """
    path = resolve_path(folder) / "truth.yml"
    if not path.is_file():
        return None
    content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    return list(content.get("planted") or [])


def _build_claim(entry: dict[str, Any]) -> Claim:
    values = {name: str(entry[name]).strip() for name in ("id", *TEXTS)}
    size = float(entry["smallest_effect_of_interest"])
    return Claim(**values, smallest_effect_of_interest=size, aliases=tuple(map(str, entry.get("aliases", ()))))


def _check_entry(path: Path, position: int, entry: Any) -> list[Problem]:
    if not isinstance(entry, dict):
        return [
            Problem(
                path.name,
                None,
                f"claim {position + 1}",
                repr(entry),
                "fields such as id and statement",
                "name them.",
            )
        ]
    who = entry.get("id", f"claim {position + 1}")
    known = {field.name for field in fields(Claim)}
    problems = [
        _say(path, who, name, "an unknown field", f"one of {', '.join(sorted(known))}")
        for name in entry
        if name not in known
    ]
    problems += [
        _say(path, who, name, "nothing", "a text") for name in ("id", *TEXTS) if not str(entry.get(name) or "").strip()
    ]
    allowed = {"direction": DIRECTIONS, "evidence": EVIDENCE}
    problems += [
        _say(path, who, name, repr(entry[name]), f"one of {', '.join(values)}")
        for name, values in allowed.items()
        if entry.get(name) and entry[name] not in values
    ]
    size = entry.get("smallest_effect_of_interest")
    if isinstance(size, bool) or not isinstance(size, int | float) or not 0 < size < 10:
        problems.append(_say(path, who, "smallest_effect_of_interest", repr(size), "a number above 0"))
    if not isinstance(entry.get("aliases", []), list):
        problems.append(_say(path, who, "aliases", repr(entry["aliases"]), "a list of names"))
    return problems


def _check_unique(path: Path, entries: list) -> list[Problem]:
    ids = [str(entry["id"]) for entry in entries if isinstance(entry, dict) and entry.get("id")]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    return [_say(path, name, "id", f"{name} more than once", "one claim per id") for name in twice]


def _say(path: Path, claim: object, field: str, found: str, expected: str) -> Problem:
    return Problem(
        path.name,
        None,
        f"{claim}.{field}",
        found,
        expected,
        f"correct {field} of {claim} (see README.md beside it).",
    )
