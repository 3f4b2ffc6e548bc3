"""What an import found, made and left out, in words."""

from __future__ import annotations

import textwrap

import yaml

from helpers.importers.into_cohort import ImportReport
from helpers.importers.registry import list_formats
from helpers.importers.sources import describe_left_out
from helpers.problems import name_some

WIDTH = 110
SPELLINGS_SHOWN = 3


def list_lines() -> list[str]:
    """Return one entry for each format: its name, who writes it, what it is and what it becomes."""
    return [f"{form.name}: {form.program}, {form.title}\n    becomes {form.becomes}" for form in list_formats()]


def describe_report(report: ImportReport, folder: str) -> str:
    """Return what an import did, as text.

    Parameters
    ----------
    report : ImportReport
    folder : str
        The cohort folder as the user spells it.
    """
    lines = ["Found:"]
    for part in report.parts:
        names = name_some(path.name for path in part.paths)
        lines.append(f"  {part.format.program}, {part.format.title}: {names}")
    lines.append(f"{'Would write' if report.is_dry else 'Written'} into {folder}:")
    lines += [f"  {target}" for target in report.targets]
    left_out = [entry for part in report.parts for entry in part.imported.left_out] + list(report.left_out)
    if left_out:
        lines.append("Left out:")
        lines += [f"  {describe_left_out([entry])}" for entry in left_out]
    respelled = {sample: person for part in report.parts for sample, person in part.respelled.items()}
    if respelled:
        shown = [f"{sample} is {person}" for sample, person in list(respelled.items())[:SPELLINGS_SHOWN]]
        lines.append(f"Matched by another spelling: {len(respelled):,} ids, e.g. {', '.join(shown)}.")
    if report.unrecognised:
        names = name_some(path.name for path in report.unrecognised)
        lines.append(f"Not recognised, so not read: {len(report.unrecognised):,} files ({names}).")
    notes = list(dict.fromkeys(note for part in report.parts for note in part.imported.notes))
    lines += ["To know:"] if notes else []
    for note in notes:
        lines += textwrap.wrap(note, WIDTH, initial_indent="  * ", subsequent_indent="    ")
    return "\n".join(lines + _say_settings(report))


def _say_settings(report: ImportReport) -> list[str]:
    if not report.settings:
        return []
    told = textwrap.indent(write_settings(report), "  ").rstrip().splitlines()
    return ["cohort.yml has to say, and says where it was made by --from:", *told]


def write_settings(report: ImportReport) -> str:
    """Return the settings that the imported tables need, as lines of ``cohort.yml``."""
    return yaml.safe_dump(dict(report.settings), sort_keys=False, allow_unicode=True)
