"""What a cohort says of itself beside its result tables: whose data they are, how groups were made, with which program."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.contract import Cohort, ColumnRule, MeasureRule, OutcomeRule, hash_cohort
from helpers.problems import Problem, quote
from helpers.tables import resolve_path, write_atomically
from helpers.verdict import load_truth

FILE = "site.json"
FORMAT = 1
TEXTS = ("name", "title", "kind", "cohort_sha256", "program", "revision")
MAPPINGS = ("outcome", "labels", "scale", "packages")
NEEDED = (*TEXTS, *MAPPINGS, "small_cell", "covariates", "is_batched")


@dataclass(frozen=True, eq=False)
class Site:
    """One cohort as it enters a pool: what it says of itself, and its result tables.

    Attributes
    ----------
    name, title, kind, citation : str
        As in ``cohort.yml``; ``kind`` is ``real`` or ``simulated``.
    cohort_sha256 : str
        Of the cohort folder, by which the same cohort is known when it is given twice.
    outcome : mapping
        The outcome rule: its ``form``, its values, and ``told``, the rule in words.
    labels, scale, packages : mapping
        What the groups are called; how tables without reads are scaled; versions of the packages that computed.
    program, revision : str
        Version of the book and revision of its code.
    small_cell : int
    covariates : tuple of str
    is_batched : bool
        Whether the cohort is pooled from studies itself.
    planted : mapping or None
        Of a simulated cohort: by claim the direction and d that were planted; None where that is not known.
    tables : dict of str to pandas.DataFrame
        By ``chapter/table``, see :mod:`helpers.pool.sharing`.
    """

    name: str
    title: str
    kind: str
    cohort_sha256: str
    outcome: Mapping[str, Any]
    labels: Mapping[str, str]
    scale: Mapping[str, str]
    packages: Mapping[str, str]
    program: str
    revision: str
    small_cell: int
    covariates: tuple[str, ...]
    is_batched: bool
    citation: str = ""
    planted: Mapping[str, Mapping[str, Any]] | None = None
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)

    def count_people(self) -> int:
        """Return how many participants are in a group, as Table 1 tells it; 0 where it does not."""
        first = self.tables["01_cohort/table1"].iloc[0]
        told = [str(first[side]).replace(",", "") for side in ("high", "low")]
        return sum(int(text) for text in told if text.isdigit())

    @property
    def asks(self) -> tuple:
        """What the groups differ in, without the cuts: what has to be the same in all cohorts of a pool."""
        return tuple(
            (key, tuple(sorted(value)) if isinstance(value, list) else value)
            for key, value in sorted(self.outcome.items())
            if key
            in (
                ("form", "high", "low")
                if self.outcome.get("form") == "labels"
                else ("form", "measure", "score", "column")
            )
        )


def write_site(
    cohort: Cohort,
    results_dir: str | os.PathLike[str],
    *,
    program: str,
    packages: Mapping[str, str],
    revision: str,
) -> Path:
    """Write ``site.json`` beside the result tables of a cohort. No participant's row or id is in it.

    Parameters
    ----------
    cohort : Cohort
    results_dir : str or path-like
    program : str
        Version of the book.
    packages : mapping of str to str
        Versions of the packages that compute.
    revision : str
        Of the code.

    Returns
    -------
    pathlib.Path
        Where it was written.
    """
    settings = cohort.settings
    content = {
        "format": FORMAT,
        **{name: getattr(settings, name) for name in ("name", "title", "kind", "citation", "small_cell")},
        "cohort_sha256": hash_cohort(cohort.folder),
        "outcome": _write_rule(settings.outcome),
        "labels": dict(settings.labels),
        "covariates": list(settings.covariates),
        "is_batched": settings.batch is not None,
        "scale": dict(settings.scale),
        "program": program,
        "revision": revision,
        "packages": dict(packages),
        "planted": _read_planted(cohort) if cohort.is_simulated else None,
    }
    target = resolve_path(results_dir) / FILE
    write_atomically(target, json.dumps(content, ensure_ascii=False, indent=1) + "\n")
    return target


def has_site(results_dir: Path) -> bool:
    """Return whether a run has said beside its tables whose they are."""
    return (results_dir / FILE).is_file()


def _write_rule(rule: OutcomeRule) -> dict[str, Any]:
    form = "labels" if isinstance(rule, ColumnRule) else "questionnaire" if isinstance(rule, MeasureRule) else "number"
    return {"form": form, **asdict(rule), "told": str(rule)}


def _read_planted(cohort: Cohort) -> dict[str, dict[str, Any]] | None:
    truth = load_truth(cohort.folder)
    if truth is None:
        return None
    return {
        str(item["claim"]): {"direction": item.get("direction"), "d": float(item["d"])}
        for item in truth
        if item.get("claim") and item.get("d")
    }


def read_statement(folder: Path, called: str) -> tuple[Site | None, list[Problem]]:
    """Read ``site.json`` of a folder; tables are read elsewhere.

    Parameters
    ----------
    folder : pathlib.Path
    called : str
        How the user called the folder, for sentences.

    Returns
    -------
    Site or None
        None when it cannot be used.
    list of Problem
    """
    path, place = folder / FILE, f"{called}/{FILE}"
    if not path.is_file():
        expected = "the results folder of a run, or a folder written by `run --share`"
        fix = "run the cohort again with this version of the book: `resilience-book run COHORT --share FOLDER`."
        return None, [Problem(called, None, None, f"no {FILE}", expected, fix)]
    again = "write the folder anew with `resilience-book run COHORT --share FOLDER`; it is not made by hand."
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None, [Problem(place, None, None, "a file that cannot be read", "JSON", again)]
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        found = quote(content.get("format")) if isinstance(content, dict) else "no entries"
        return None, [Problem(place, None, "format", found, str(FORMAT), again)]
    wrong = [name for name in NEEDED if not _fits(name, content.get(name))]
    if wrong:
        return None, [
            Problem(place, None, name, quote(content.get(name)), "what a run writes there", again) for name in wrong
        ]
    known = {name: content[name] for name in NEEDED} | {"covariates": tuple(content["covariates"])}
    planted = content.get("planted") if isinstance(content.get("planted"), dict) else None
    return Site(**known, citation=str(content.get("citation") or ""), planted=planted), []


def _fits(name: str, value: Any) -> bool:
    if name == "kind":
        return value in ("real", "simulated")
    if name in MAPPINGS:
        return isinstance(value, dict) and (name != "labels" or set(value) == {"high", "low"})
    if name == "covariates":
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    if name == "is_batched":
        return isinstance(value, bool)
    if name == "small_cell":
        return isinstance(value, int) and not isinstance(value, bool) and value >= 1
    return isinstance(value, str) and bool(value.strip())
