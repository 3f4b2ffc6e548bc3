"""What a run did, for its crate: read from the stamps of its pages, the cohort and the machine."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from helpers.contract import Cohort
from helpers.importers.sources import hash_file, read_sources
from helpers.record.blinding import hash_blind_inputs
from helpers.record.crate import FILE, WORKFLOW, ChapterRun, RunFacts, write_crate
from helpers.record.inputs import hash_inputs
from helpers.record.verify import CHANGED, compare_outputs, hash_outputs, read_crate
from helpers.run.chapters import CHAPTERS, Chapter
from helpers.run.pages import PROVENANCE
from helpers.run.sources import hash_files, list_packages, list_rooms
from helpers.tables import PROJECT_ROOT, resolve_path, write_atomically
from helpers.verdict import find_ledger, load_ledger

WHO = "RESILIENCE_BOOK_WHO"  # "Ada Lovelace https://orcid.org/0000-0000-0000-0000"
ORCID = re.compile(r"https://orcid\.org/\d{4}-\d{4}-\d{4}-\d{3}[\dX]")
VERDICT = "07_verdict"


def record_run(
    cohort: Cohort,
    output_dir: Path,
    chapters: Iterable[Chapter] = CHAPTERS,
    *,
    registration: Mapping[str, str] = MappingProxyType({}),
    events: Sequence[Mapping[str, str]] = (),
    behind: Cohort | None = None,
) -> Path | None:
    """Write the crate of a run; nothing when no chapter was executed.

    Parameters
    ----------
    cohort : Cohort
    output_dir : pathlib.Path
        Its pages tell what was executed, when and with what.
    chapters : iterable of Chapter
    registration : mapping, optional
        ``date`` and ``sha256``.
    events : sequence of mapping, optional
        See :class:`helpers.record.crate.RunFacts`.
    behind : Cohort, optional
        The true cohort, when `cohort` is the copy of a blind run: no hash of what holds the outcome is told.

    Returns
    -------
    pathlib.Path or None
    """
    pages = {one: output_dir / "pages" / f"{one.id}.ipynb" for one in chapters}
    read = {one: read_stamp(page) for one, page in pages.items() if page.is_file()}
    stamps = {one: stamp for one, stamp in read.items() if stamp}
    if not stamps:
        return None
    done = [_tell_chapter(chapter, stamp, cohort.available()) for chapter, stamp in stamps.items()]
    write_atomically(output_dir / WORKFLOW, _write_workflow(done))
    settings, outputs = cohort.settings, hash_outputs(output_dir)
    facts = RunFacts(
        title=settings.title,
        name=settings.name,
        kind=settings.kind,
        licence=settings.licence,
        citation=settings.citation,
        inputs=hash_blind_inputs(behind) if behind else hash_inputs(cohort.folder),
        outputs=outputs,
        sizes={name: (output_dir / name).stat().st_size for name in outputs},
        chapters=done,
        sources=() if behind else read_sources(cohort.folder),
        revision=max(stamps.values(), key=lambda stamp: stamp["ended"])["revision"],
        packages=list_packages(),
        machine=describe_machine(),
        ledger=_tell_ledger(cohort, stamps),
        who=find_who(),
        registration=registration,
        blind=behind is not None,
        events=events,
    )
    return write_crate(output_dir, facts)


def refuse_changed_crate(output_dir: Path) -> None:
    """Refuse to run where the crate of the last run was edited; let pages be rendered anew where they were.

    Parameters
    ----------
    output_dir : pathlib.Path

    Raises
    ------
    CohortError
        As :func:`helpers.record.verify.read_crate`.
    """
    graph = read_crate(output_dir)
    if graph is None:
        return
    edited = [
        one for one in compare_outputs(output_dir, graph) if one.state == CHANGED and one.file.startswith("html/")
    ]
    if edited:
        for kept in (output_dir / "html" / "index.html", output_dir / ".html-doctrees" / "rendered"):
            kept.unlink(missing_ok=True)


def has_crate(output_dir: Path) -> bool:
    """Say whether a run has left its crate."""
    return (output_dir / FILE).is_file()


def read_stamp(page: Path) -> dict[str, Any]:
    """Return the stamp of an executed page as its metadata has it; empty where an earlier version made the page.

    Parameters
    ----------
    page : pathlib.Path
    """
    return json.loads(page.read_text(encoding="utf-8"))["metadata"].get(PROVENANCE, {})


def read_cohort_dir(output_dir: Path) -> Path | None:
    """Return the cohort folder that a book was run on, as the parameters of its pages name it.

    Parameters
    ----------
    output_dir : pathlib.Path
    """
    for page in sorted((output_dir / "pages").glob("*.ipynb")):
        for cell in json.loads(page.read_text(encoding="utf-8"))["cells"]:
            found = re.search(r"^cohort_dir = (.+)$", "".join(cell["source"]), re.MULTILINE)
            if found and "injected-parameters" in cell["metadata"].get("tags", []):
                return resolve_path(yaml.safe_load(found[1]))
    return None


def describe_machine() -> dict[str, str]:
    """Return what kind of machine this is; neither its name nor that of a user."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return {"system": platform.system(), "processor": platform.machine(), "python": python}


def find_who() -> dict[str, str]:
    """Return who runs: as the variable RESILIENCE_BOOK_WHO says, else as git knows them; empty when neither does."""
    said = os.environ.get(WHO, "").strip()
    orcid = ORCID.search(said)
    if said:
        return {"name": ORCID.sub("", said).strip(" ,;()"), "orcid": orcid[0] if orcid else ""}
    try:
        known = subprocess.run(
            ["git", "config", "user.name"], cwd=PROJECT_ROOT, capture_output=True, text=True, timeout=10
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        known = ""
    return {"name": known, "orcid": ""} if known else {}


def hash_code(chapter: Chapter, available: Collection[str] = ()) -> str:
    """Return one sha256 over the notebook of a chapter and all rooms that it imports."""
    from helpers.run.execution import find_notebook

    source = find_notebook(chapter, available)
    return str(hash_files([source, *list_rooms(source)], root=PROJECT_ROOT))


def _tell_chapter(chapter: Chapter, stamp: dict[str, Any], available: Collection[str]) -> ChapterRun:
    from helpers.run.execution import NOTEBOOKS_DIR, find_notebook

    place = find_notebook(chapter, available).parent.relative_to(NOTEBOOKS_DIR.parent)
    return ChapterRun(
        chapter.id,
        chapter.title,
        stamp["started"],
        stamp["ended"],
        stamp["parameters"],
        chapter.reads,
        hash_code(chapter, available),
        place.as_posix(),
    )


def _write_workflow(done: Iterable[ChapterRun]) -> str:
    listed = [
        {
            "chapter": one.id,
            "notebook": f"{one.folder}/{one.id}.md",
            "reads": list(one.reads),
            "parameters": dict(one.parameters),
        }
        for one in done
    ]
    head = "# The chapters of this book as they were executed. Written by `resilience-book run`; see ro-crate-metadata.json.\n"
    return head + yaml.safe_dump(listed, sort_keys=False, allow_unicode=True)


def _tell_ledger(cohort: Cohort, stamps: dict[Chapter, dict[str, Any]]) -> dict[str, str]:
    used = next((stamp["parameters"]["claims_path"] for one, stamp in stamps.items() if one.id == VERDICT), None)
    if used is None:
        return {}
    path = find_ledger(cohort.folder, cohort.settings, used)
    ledger = load_ledger(path)
    return {"study": ledger.study, "doi": ledger.doi, "file": path.name, "sha256": hash_file(path)}
