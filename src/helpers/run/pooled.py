"""From the results of several cohorts to a book of their own: the same execution, the same rendering, its own contents."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from helpers.book import build_html, find_repository, stage_book
from helpers.places import IS_CLONE, PROJECT_ROOT
from helpers.pool import Site, load_sites, tell_title, write_sites
from helpers.problems import CohortError, Problem
from helpers.run.chapters import SIMULATED, Chapter
from helpers.run.execution import NOTEBOOKS_DIR, ChapterLacks, Job, execute_chapter, read_revision, say
from helpers.run.pages import Stamp, write_skipped_page
from helpers.run.sources import list_versions
from helpers.tables import resolve_path, write_atomically
from helpers.verdict import load_claims

TOC = "book/pool/_toc.yml"
NOTEBOOKS = NOTEBOOKS_DIR / "pool"
SITES, PAGES, RESULTS, STAGE, HTML = "sites", "pages", "results", "book", "html"
CHAPTERS = (
    Chapter("pool_cohorts", "The cohorts", reads=()),
    Chapter("pool_claims", "The claims over all cohorts", reads=()),
    Chapter("pool_features", "Genera and metabolites over all cohorts", reads=()),
)


def refuse_used_folder(output_dir: Path, called: str) -> None:
    """Refuse a folder that holds something else than an earlier book of several cohorts.

    Parameters
    ----------
    output_dir : pathlib.Path
    called : str
        How the user called it.

    Raises
    ------
    CohortError
    """
    fix = "name a new folder, or one that `resilience-book pool` made before."
    if output_dir.exists() and not output_dir.is_dir():
        raise CohortError([Problem(f"--into {called}", None, None, "a file", "a folder", fix)])
    if output_dir.is_dir() and any(output_dir.iterdir()) and not (output_dir / SITES).is_dir():
        raise CohortError(
            [Problem(f"--into {called}", None, None, "a folder with other files", "an empty folder", fix)]
        )


def pool_book(
    folders: Sequence[str | os.PathLike[str]],
    output_dir: Path,
    *,
    claims_path: str,
    with_book: bool = True,
) -> Path | None:
    """Combine the results of several cohorts and render them as a book.

    Parameters
    ----------
    folders : sequence of str or path-like
        See :func:`helpers.pool.load_sites`.
    output_dir : pathlib.Path
        Gets ``sites/`` (what was read of each cohort, in the form in which it may leave a site), ``pages/``, ``results/``, ``book/``
        and ``html/``.
    claims_path : str
        List of claims; a relative path counts from the project's root.
    with_book : bool, default True
        Render it, too.

    Returns
    -------
    pathlib.Path or None
        First page; None when nothing was to be rendered.

    Raises
    ------
    CohortError
        The cohorts do not fit together; nothing was computed.
    ChapterFailed, BookError
    """
    sites, _ = load_sites(folders, load_claims(claims_path))
    shutil.rmtree(output_dir / SITES, ignore_errors=True)
    write_sites(sites, folders, output_dir / SITES)
    own = {"claims_path": str(resolve_path(claims_path)) if os.path.isabs(claims_path) else claims_path}
    skipped = _execute_all(sites, output_dir, own)
    if not with_book:
        return None
    say("  book …")
    started = time.perf_counter()
    stage_book(
        PROJECT_ROOT,
        output_dir / STAGE,
        executed_dir=output_dir / PAGES,
        cohort_facts=_list_facts(sites),
        skipped=skipped,
        repository=find_repository(PROJECT_ROOT) if IS_CLONE else None,
        toc=TOC,
    )
    index = build_html(output_dir / STAGE, output_dir / HTML)
    say(f"  book done in {time.perf_counter() - started:.1f} s")
    return index


def _execute_all(sites: Sequence[Site], output_dir: Path, own: Mapping[str, Any]) -> dict[str, str]:
    """Execute each chapter; return those that found too little, with the reason."""
    facts = _list_facts(sites)
    together = hashlib.sha256("".join(sorted(site.cohort_sha256 for site in sites)).encode()).hexdigest()
    stamp = (facts["title"], facts["kind"], together)
    places = {"sites_dir": str(output_dir / SITES), "results_dir": str(output_dir / RESULTS)}
    skipped = {}
    for chapter in CHAPTERS:
        page = output_dir / PAGES / f"{chapter.id}.ipynb"
        available = frozenset({SIMULATED} if facts["kind"] == SIMULATED else ())
        source, parameters = NOTEBOOKS / f"{chapter.id}.md", places | own
        job = Job(chapter, source, page, output_dir / RESULTS, parameters, available, stamp)
        page.parent.mkdir(parents=True, exist_ok=True)
        try:
            execute_chapter(job)
            page.with_suffix(".md").unlink(missing_ok=True)
        except ChapterLacks as lacks:
            skipped[chapter.id] = lacks.reason
            note = write_skipped_page(
                chapter, lacks.reason, Stamp(*stamp, list_versions(), "not executed", read_revision())
            )
            write_atomically(page.with_suffix(".md"), note)
    return skipped


def _list_facts(sites: Sequence[Site]) -> dict[str, Any]:
    return {
        "name": "pool",
        "title": tell_title(sites),
        "kind": sites[0].kind,
        "n_participants": sum(site.count_people() for site in sites),
        "citation": "; ".join(site.citation for site in sites if site.citation),
    }
