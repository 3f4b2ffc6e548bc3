"""What the landing page says of a cohort: its question, the graphical abstract, and the verdict at a glance."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.book.abstract import draw_abstract
from helpers.problems import MissingResult, count
from helpers.tables import read_result
from helpers.verdict.contrasts import describe_strongest
from helpers.wording import as_text, call_groups, flatten_text, hide_small_parts

COHORT, VERDICT = "01_cohort", "07_verdict"
NOT_TESTABLE = "not testable here"
KINDS = {
    "phenotype": "Symptoms and mindfulness",
    **dict.fromkeys(("connectivity", "volumes", "tracts", "maps"), "Brain"),
    **dict.fromkeys(("taxa", "transcripts", "microbiome", "genes"), "Gut bacteria"),
    "metabolites": "Metabolites",
    "integration": "All blocks together",
}
PARTS = {
    "symptoms": "symptoms",
    **dict.fromkeys(("connectivity", "volumes", "tracts", "maps"), "the brain"),
    **dict.fromkeys(("taxa", "transcripts", "genes"), "gut bacteria"),
    "metabolites": "metabolites",
}
GLYPHS = {
    "o": '<circle cx="8" cy="8" r="6.5"/>',
    "s": '<rect x="2" y="2" width="12" height="12"/>',
    "^": '<path d="M8 1.5 15 14H1z"/>',
    "D": '<path d="M8 1 15 8 8 15 1 8z"/>',
    "x": '<path class="cross" d="M3 3l10 10M13 3 3 13"/>',
}


@dataclass(frozen=True)
class Findings:
    """What a run left behind that the landing page tells.

    Attributes
    ----------
    verdicts : pandas.DataFrame or None
        Table of the chapter on the verdict; None where it was not run.
    study : str
        Whose claims these are; empty where not known.
    counts : dict of str to str
        Participants of the groups ``high`` and ``low`` as text, small ones hidden; empty where not known.
    contrasts : str
        What stands in place of verdicts in a cohort that is asked no claim.
    """

    verdicts: pd.DataFrame | None = None
    study: str = ""
    counts: dict[str, str] = field(default_factory=dict)
    contrasts: str = ""


def read_findings(results_dir: Path | None, *, skipped: Collection[str], small_cell: int) -> Findings:
    """Read what the landing page tells of a run.

    Parameters
    ----------
    results_dir : pathlib.Path or None
        Where the chapters wrote; None: nothing is told.
    skipped : collection of str
        Chapters whose tables do not count.
    small_cell : int
        Numbers of people below it are hidden.
    """
    if results_dir is None:
        return Findings()
    verdicts = None if VERDICT in skipped else _read(results_dir, VERDICT, "verdicts")
    groups = None if COHORT in skipped else _read(results_dir, COHORT, "groups")
    linked = Path(results_dir) / VERDICT / "verdicts.jsonld"
    exported = json.loads(linked.read_text(encoding="utf-8")) if verdicts is not None and linked.is_file() else {}
    counts = {}
    if groups is not None and groups["group"].notna().any():
        sizes = [int((groups["group"] == side).sum()) for side in ("high", "low")]
        counts = dict(zip(("high", "low"), hide_small_parts(sizes, small_cell), strict=True))
    contrasts = None if verdicts is None else _read(results_dir, VERDICT, "contrasts")
    told = "" if contrasts is None else describe_strongest(contrasts, write=flatten_text)
    return Findings(verdicts, str(exported.get("isBasedOn", {}).get("name", "")), counts, told)


def _read(results_dir: Path, chapter: str, name: str) -> pd.DataFrame | None:
    try:
        return read_result(results_dir, chapter, name)
    except MissingResult:
        return None


def write_hero(facts: Mapping[str, Any], findings: Findings, chapters: Collection[str]) -> str:
    """Return the first screen of the landing page as MyST: the question, the graphical abstract, the verdict at a glance.

    Parameters
    ----------
    facts : mapping
        As for :func:`helpers.book.stage_book`.
    findings : Findings
    chapters : collection of str
        Ids of chapters that have a page with results.
    """
    mark = '<p class="landing-simulated">Simulated data</p>' if facts["kind"] == "simulated" else ""
    mark += '<p class="landing-simulated">Blind run: the groups are permuted</p>' if facts.get("blind") else ""
    columns = (
        f'<div class="landing-columns">{_draw_figure(facts, findings, chapters)}{write_glance(findings, facts)}</div>'
    )
    hero = f'<div class="landing">{mark}{_write_head(findings, facts)}{columns}</div>'
    return f"**{as_text(ask_question(facts))}**\n\n```{{raw}} html\n{hero}\n```"


def write_figure(facts: Mapping[str, Any], findings: Findings, chapters: Collection[str]) -> str:
    """Return the graphical abstract alone as MyST; as :func:`write_hero`."""
    return f"```{{raw}} html\n{_draw_figure(facts, findings, chapters)}\n```"


def _draw_figure(facts: Mapping[str, Any], findings: Findings, chapters: Collection[str]) -> str:
    labels = facts.get("labels") or {"high": "High", "low": "Low"}
    labels = {} if "continuous" in facts.get("available", ()) else labels
    drawing = draw_abstract(
        facts.get("available", ()),
        chapters=chapters,
        labels={side: flatten_text(label) for side, label in labels.items()},
        counts=findings.counts,
        question=ask_question(facts),
    )
    people = "simulated participants" if facts["kind"] == "simulated" else "participants"
    caption = f"What is measured, and how brain and gut are joined. {facts['n_participants']} {people}; each box leads to its chapter."
    return f'<figure class="landing-abstract">{drawing}<figcaption>{escape(caption)}</figcaption></figure>'


def ask_question(facts: Mapping[str, Any]) -> str:
    """Return what a cohort is asked, in a sentence.

    Examples
    --------
    >>> labels = {"high": "High resilience", "low": "Low resilience"}
    >>> ask_question({"labels": labels, "available": ["resilience_outcome", "symptoms", "taxa", "metabolites"]})
    'What sets highly resilient people apart: in symptoms, gut bacteria and metabolites?'
    >>> ask_question({"labels": {"high": "Healthy", "low": "Adenoma"}, "available": ["taxa"]})
    'How do the groups “Healthy” and “Adenoma” differ in gut bacteria?'
    >>> ask_question({"score": "happiness", "available": ["continuous", "taxa"]})
    'What goes along with happiness in gut bacteria?'
    """
    available = facts.get("available", ())
    parts = list(dict.fromkeys(part for name, part in PARTS.items() if name in available))
    told = f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)
    if "continuous" in available:
        score = (
            "resilience"
            if {"resilience_score", "study_claims"} <= set(available)
            else flatten_text(facts.get("score", "the score"))
        )
        return f"What goes along with {score}{f' in {told}' if told else ''}?"
    if "resilience_outcome" in available:
        return f"What sets highly resilient people apart{f': in {told}' if told else ''}?"
    labels = facts.get("labels") or {"high": "high", "low": "low"}
    names = " and ".join(f"“{flatten_text(labels[side])}”" for side in ("high", "low"))
    return f"How do the groups {names} differ{f' in {told}' if told else ''}?"


def _write_head(findings: Findings, facts: Mapping[str, Any]) -> str:
    """Return the sentence that counts the verdicts, and their marks in a row; of a cohort without claims its strongest contrast."""
    verdicts = findings.verdicts
    if verdicts is None or verdicts.empty:
        return ""
    if findings.contrasts:
        return f'<p class="glance-head">{escape(findings.contrasts)}</p>'
    words = [] if _is_untested(verdicts) else list(verdicts["verdict"])
    marks = (
        f'<p class="glance-row" aria-hidden="true">{"".join(_draw_mark(word) for word in words)}</p>' if words else ""
    )
    return f'<p class="glance-head">{count_verdicts(verdicts, findings.study, facts)}</p>{marks}'


def _is_untested(verdicts: pd.DataFrame) -> bool:
    return bool((verdicts["verdict"] == NOT_TESTABLE).all())


def write_glance(findings: Findings, facts: Mapping[str, Any]) -> str:
    """Return the verdict at a glance as HTML: one mark and a few words per claim, by kind of data.

    Parameters
    ----------
    findings : Findings
    facts : mapping
        As for :func:`helpers.book.stage_book`.

    Returns
    -------
    str
        Empty where no claim could be tested.
    """
    verdicts = findings.verdicts
    if verdicts is None or verdicts.empty or _is_untested(verdicts):
        return ""
    kinds: dict[str, list[str]] = {}
    for name, row in verdicts.iterrows():
        kinds.setdefault(KINDS.get(row["block"], str(row["block"])), []).append(_write_claim(str(name), row))
    lists = [f"<div><h3>{escape(kind)}</h3><ul>{''.join(claims)}</ul></div>" for kind, claims in kinds.items()]
    labels = facts.get("labels") or {"high": "high", "low": "low"}
    key = call_groups(_write_key(verdicts), {side: escape(str(label)) for side, label in labels.items()})
    return (
        f'<section class="glance" aria-label="The verdict, claim by claim"><div class="glance-claims">{"".join(lists)}</div>'
        f'<p class="glance-key">{key}</p></section>'
    )


def count_verdicts(verdicts: pd.DataFrame, study: str, facts: Mapping[str, Any]) -> str:
    """Return the verdicts in one sentence of HTML, and what they mean in another.

    Examples
    --------
    >>> table = pd.DataFrame({"verdict": ["planted effect recovered"] * 2 + ["planted effect missed"]})
    >>> count_verdicts(table, "", {"kind": "simulated"})[:77]
    '<strong>2 of 3</strong> planted effects were found, <strong>1</strong> was mi'
    """
    n, words = len(verdicts), verdicts["verdict"].value_counts()
    whose = f" of {escape(study.split(',')[0])}" if study else ""
    if set(words.index) == {NOT_TESTABLE}:
        return f"<strong>None of the {count(n, 'claim')}</strong>{whose} can be tested in this cohort. Its chapters show how its own groups differ."
    left = int(words.get(NOT_TESTABLE, 0))
    also = f" {count(left, 'claim')} could not be tested." if left else ""
    if facts["kind"] == "simulated":
        found, missed = (int(words.get(word, 0)) for word in ("planted effect recovered", "planted effect missed"))
        return (
            f"<strong>{found} of {found + missed}</strong> planted effects were found, <strong>{missed}</strong> "
            f"{'was' if missed == 1 else 'were'} missed.{also} Each stands for one claim{whose}. This tests the method and says nothing about people."
        )
    from helpers.plots.verdict import LOOKS  # matplotlib: only where a verdict is drawn

    told = ", ".join(
        f"<strong>{int(words[word])}</strong> {word}" for word in LOOKS if word in words and word != NOT_TESTABLE
    )
    return f"Of {count(n, 'claim')}{whose}: {told}.{also}"


def _write_claim(name: str, row: Mapping[str, Any]) -> str:
    from helpers.plots.verdict import ARROWS

    arrow = ARROWS.get(row["expected"], "")
    return (
        f'<li><a href="../notebooks/{VERDICT}.html#table-verdicts">{_draw_mark(row["verdict"])}<span>{escape(row["label"])}'
        f'{f" {arrow}" if arrow else ""}</span><span class="said">, {escape(name)}: {escape(row["verdict"])}</span></a></li>'
    )


def _draw_mark(verdict: str) -> str:
    from helpers.plots.verdict import LOOKS

    colour, marker = LOOKS[verdict]
    return f'<svg class="claim-mark" viewBox="0 0 16 16" aria-hidden="true" style="--mark: {colour}">{GLYPHS[marker]}</svg>'


def _write_key(verdicts: pd.DataFrame) -> str:
    from helpers.plots.verdict import LOOKS

    seen: Sequence[str] = [word for word in LOOKS if (verdicts["verdict"] == word).any()]
    marks = " ".join(f'<span class="key-mark">{_draw_mark(word)} {escape(word)}</span>' for word in seen)
    return f"{marks} <span>Arrows: expected higher or lower in the high group.</span>"
