"""Read a study's claims: what each says, which number would test it, and what would count as support."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from helpers.contract import Settings, is_own, read_ledger
from helpers.tables import resolve_path

STUDY = "data/claims/an2024.yml"  # the claims asked of a cohort that has none of its own
BLOCKS = {  # what a table is about, where a cohort's own claim does not say
    "01_cohort": "participants", "02_resilience": "phenotype", "03_brain": "connectivity", "03_structure": "volumes",
    "04_microbiome/functions": "transcripts", "04_microbiome/function_sets": "transcripts",
    "04_microbiome": "taxa", "05_metabolites": "metabolites", "06_integration": "integration",
}  # fmt: skip
COHORT = "cohort"  # in a claim's covariates: those and the batch of cohort.yml


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
    estimand, test, support_rule : str
        What is estimated, and how; what would count as support, declared in advance.
    covariates : tuple of str
        What it is adjusted for; ``cohort`` stands for the covariates and the batch of the cohort.
    chapter, table, feature : str
        The row of ``<results_dir>/<chapter>/<table>.tsv`` that is read.
    smallest_effect_of_interest : float
        In units of d; for ``rank 1`` a lead in out-of-fold AUC.
    sesoi_reason : str
        Why an effect smaller than that would not matter.
    aliases : tuple of str
        Other names of the feature, for instance a HMDB number.
    original : tuple of float, or None
        d, d_low and d_high as the study reports them; None where it reports none.
    columns : tuple of str
        Of the table: the estimate and both ends of its interval; empty for d, or for r where a table has no d.
    is_own : bool
        Whether the cohort itself declares it: then it is about what its own groups, or its own score, differ in.
    """

    id: str
    label: str
    statement: str
    source: str
    evidence: str
    block: str
    direction: str
    estimand: str
    test: str
    covariates: tuple[str, ...]
    chapter: str
    table: str
    feature: str
    smallest_effect_of_interest: float
    sesoi_reason: str
    support_rule: str
    aliases: tuple[str, ...] = ()
    original: tuple[float, float, float] | None = None
    columns: tuple[str, ...] = ()
    is_own: bool = False

    @property
    def sign(self) -> int:
        """1 when the high group is expected higher (or first), -1 when lower."""
        return -1 if self.direction == "lower" else 1

    @property
    def is_rank(self) -> bool:
        """Whether the claim is about a rank among blocks, not about a difference."""
        return self.direction == "rank 1"


@dataclass(frozen=True)
class Ledger:
    """The claims of one study, written down before any cohort is looked at, or those that a cohort declares itself.

    Attributes
    ----------
    study, doi : str
        Empty of a cohort's own claims.
    claims : tuple of Claim
        In the order of the file.
    """

    study: str
    doi: str
    claims: tuple[Claim, ...]

    @property
    def is_own(self) -> bool:
        """Whether the cohort itself declares these claims."""
        return not self.study


def find_ledger(cohort_dir: str | os.PathLike[str], settings: Settings, claims_path: str = "") -> Path:
    """Return which list of claims a cohort is asked.

    Parameters
    ----------
    cohort_dir : str or path-like
    settings : Settings
        Of the cohort: its own claims, where it names some.
    claims_path : str, optional
        Another list, which then comes first.

    Returns
    -------
    pathlib.Path
    """
    own = resolve_path(cohort_dir) / settings.claims if settings.claims else STUDY
    return resolve_path(claims_path or own)


def load_ledger(path: str | os.PathLike[str]) -> Ledger:
    """Read and check a ledger of claims.

    Parameters
    ----------
    path : str or path-like
        YAML; a relative path counts from the project's root. ``data/claims/README.md`` explains each field, and
        ``data/schema/ledger.yml`` is what it is checked against.

    Returns
    -------
    Ledger

    Raises
    ------
    CohortError
        Every problem of the file, by line, claim and field.

    Examples
    --------
    >>> load_ledger("data/claims/an2024.yml").doi
    '10.1038/s44220-024-00266-6'
    """
    content = read_ledger(resolve_path(path))
    build = _build_own if is_own(content) else _build_claim
    return Ledger(content.get("study", ""), content.get("doi", ""), tuple(build(entry) for entry in content["claims"]))


def load_claims(path: str | os.PathLike[str]) -> tuple[Claim, ...]:
    """Read and check a ledger and return its claims only; as :func:`load_ledger`."""
    return load_ledger(path).claims


def load_truth(folder: str | os.PathLike[str]) -> list[dict[str, Any]] | None:
    """Read what was planted in a simulated cohort.

    Parameters
    ----------
    folder : str or path-like
        Cohort folder; its ``truth.yml`` lists under ``planted`` the claim,
        feature, direction and d of each planted effect, and under ``order`` which block tells the groups apart best.

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
    return [*(content.get("planted") or []), *([content["order"]] if content.get("order") else [])]


def _build_own(entry: dict[str, Any]) -> Claim:
    """Fill in what a cohort's own claim may leave unsaid."""
    place = f"{entry['chapter']}/{entry['table']}"
    judged, *_ = _list_columns(entry) or ("the effect",)
    usual = {
        "source": "declared by this cohort",
        "evidence": "I",
        "block": BLOCKS.get(place, BLOCKS.get(entry["chapter"], "")),
        "estimand": f"{judged} of {entry['feature']}, as chapter {entry['chapter'][:2]} computes it",
        "test": f"the test of the table {place}",
        "covariates": [COHORT],
        "sesoi_reason": "as this cohort declares it",
        "support_rule": f"the 95 % interval of {judged} lies {'below' if entry['direction'] == 'lower' else 'above'} zero",
    }
    return replace(_build_claim(usual | entry), is_own=True)


def _list_columns(entry: dict[str, Any]) -> tuple[str, ...]:
    return tuple(entry["columns"][name] for name in ("estimate", "low", "high")) if entry.get("columns") else ()


def _build_claim(entry: dict[str, Any]) -> Claim:
    texts = {name: value.strip() for name, value in entry.items() if isinstance(value, str)}
    original = entry.get("original")
    return Claim(
        **texts,
        smallest_effect_of_interest=float(entry["smallest_effect_of_interest"]),
        covariates=tuple(entry["covariates"]),
        aliases=tuple(entry.get("aliases") or ()),
        columns=_list_columns(entry),
        original=None if original is None else tuple(float(original[name]) for name in ("d", "d_low", "d_high")),
    )
