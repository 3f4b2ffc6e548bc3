"""A registration as a page to read, and to send to a registry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from helpers.problems import count
from helpers.wording import as_code, as_text


def write_page(said: Mapping[str, Any]) -> str:
    """Return a registration as Markdown.

    Parameters
    ----------
    said : mapping
        From :func:`helpers.record.registration.build_registration`.
    """
    parts = [
        _write_head(said),
        _write_outcome(said["outcome"]),
        _write_claims(said["claims"]),
        _write_chapters(said),
        _write_data(said),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _write_head(said: Mapping[str, Any]) -> str:
    cohort = said["cohort"]
    kind = (
        "**Simulated people**: nothing found in them is a finding about anybody. "
        if cohort["kind"] == "simulated"
        else ""
    )
    before = (
        f"\n\n**Seen before:** {as_text(said['seen_before'])}"
        if said["seen_before"]
        else "\n\nNo run of this cohort was found before it."
    )
    return (
        f"# Registration: {as_text(cohort['title'])}\n\nRegistered on {said['registered']} (UTC), with the code `{said['code']}`. "
        f"{kind}Written by `resilience-book freeze`; `preregistration.json` beside this page is what later runs are held to. "
        f"Its hash is `{said['sha256']}`: deposit it (OSF, AsPredicted, a dated e-mail), as only a copy elsewhere proves the date.{before}"
    )


def _write_outcome(outcome: Mapping[str, Any]) -> str:
    covariates = ", ".join(map(as_text, outcome["covariates"])) or "none"
    batch = as_text(outcome["batch"]) if outcome["batch"] else "none"
    labels = ", ".join(f"{side}: {as_text(label)}" for side, label in outcome["labels"].items())
    return (
        f"## Groups and adjustment\n\n* Outcome rule: {as_text(outcome['in words'])}\n* Groups: {labels}\n* Covariates: {covariates}\n"
        f"* Batch: {batch}"
    )


def _write_claims(ledger: Mapping[str, Any]) -> str:
    if not ledger:
        return ""
    cannot = (
        f"\n\n**None can be tested in this cohort:** {as_text(ledger['cannot_be_tested'])}."
        if ledger["cannot_be_tested"]
        else ""
    )
    whose = f"{as_text(ledger['study'])}, doi:{ledger['doi']}" if ledger["study"] else "The cohort's own claims"
    rows = [
        "| claim | statement | expected | where | smallest effect | n, high / low | power |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, claim in ledger["claims"].items():
        power = "none computed" if claim["expected_power"] is None else f"{100 * claim['expected_power']:.0f} %"
        cells = [
            f"{name} {as_text(claim['label'])}",
            f"{as_text(claim['statement'])} *Supported when {as_text(claim['support_rule'])}*",
            as_text(claim["expected"]),
            f"{as_code(claim['feature'])} in {as_code(claim['table'])}",
            f"{claim['smallest_effect_of_interest']:g}",
            f"{claim['n_high']} / {claim['n_low']}",
            power,
        ]
        rows.append("| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |")
    return (
        f"## Claims and expected power\n\n{whose}; {as_code(ledger['file'])}, sha256 `{ledger['sha256']}`.{cannot}\n\n"
        + "\n".join(rows)
        + "\n\nPower: of a two-sided test at the 5 % level for the smallest effect of interest, among those who have the data and every "
        "covariate. A claim on a rank has none."
    )


def _write_chapters(said: Mapping[str, Any]) -> str:
    lines = []
    for name, chapter in said["chapters"].items():
        shown = (
            ", ".join(f"{as_text(key)} = {as_text(value)}" for key, value in chapter["parameters"].items())
            or "no parameters"
        )
        lines.append(f"* **{name}**: {shown}. Code: `{chapter['code_sha256'][:16]}`")
    packages = ", ".join(f"{name} {version}" for name, version in said["packages"].items())
    return "## Chapters, parameters, seeds\n\n" + "\n".join(lines) + f"\n\nPackages: {packages}."


def _write_data(said: Mapping[str, Any]) -> str:
    data = said["data"]
    hidden = ", ".join(map(as_code, data["without"])) or "nothing"
    return (
        f"## Data\n\n{count(len(data['files']), 'file')}, sha256 over all `{data['sha256']}`. Left out, as they hold the outcome: {hidden}.\n\n"
        + "\n".join(f"* {as_code(name)}: `{sha256[:16]}`" for name, sha256 in data["files"].items())
    )
