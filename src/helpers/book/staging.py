"""Put the frame and the executed chapters together into one source tree."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType

import nbformat
import yaml
from nbformat import NotebookNode

from helpers.book.figures import FOLDER, take_figures
from helpers.book.gallery import list_figures, write_gallery
from helpers.book.homes import ResultTable, mark_homes, read_homes
from helpers.book.landing import Findings, read_findings, write_figure, write_hero
from helpers.book.numbering import number_captions, number_chapters
from helpers.book.pages import (
    BookError,
    find_title,
    insert_after_title,
    name_book,
    name_cohort,
    prepare_download,
    prepare_page,
    write_landing_note,
)
from helpers.book.repository import Repository
from helpers.wording import as_text, flatten_text

BOOK_TITLE = "The resilience book"
BUTTONS = ("use_repository_button", "use_edit_page_button", "use_issues_button")
_PAGE_LINK = re.compile(r"\[(?P<words>[^\]]+)\]\((?P<page>[\w/]+\.md)\)")
CONFIG, TOC = "_config.yml", "_toc.yml"


def list_chapters(source_root: Path, toc: str = TOC) -> list[str]:
    """Return the ids of the chapters, in the order of the table of contents.

    Parameters
    ----------
    source_root : pathlib.Path
        Folder that holds the table of contents.
    toc : str, default "_toc.yml"
        Its file.

    Returns
    -------
    list of str
        For example ``["01_cohort", …, "07_verdict"]``.
    """
    contents = yaml.safe_load((Path(source_root) / toc).read_text(encoding="utf-8"))
    entries = [
        one for part in contents["parts"] for entry in part["chapters"] for one in (entry, *entry.get("sections", ()))
    ]
    files = [entry["file"] for entry in entries]
    return [file.removeprefix("notebooks/") for file in files if file.startswith("notebooks/")]


def stage_book(
    source_root: Path,
    stage_dir: Path,
    *,
    executed_dir: Path,
    cohort_facts: dict,
    skipped: dict[str, str],
    results_dir: Path | None = None,
    repository: Repository | None = None,
    notes: Mapping[str, str] = MappingProxyType({}),
    files: Mapping[str, bytes] = MappingProxyType({}),
    toc: str = TOC,
) -> None:
    """Put the frame and the executed chapters together into one source tree.

    A file that would not change is left alone, so that an unchanged book renders again at once.

    Parameters
    ----------
    source_root : pathlib.Path
        The project: ``_config.yml``, ``_toc.yml``, ``book/`` and the output-free ``notebooks/*.ipynb``.
    stage_dir : pathlib.Path
        Where the tree is built; files of an earlier build that no longer belong to it are removed.
    executed_dir : pathlib.Path
        One file per chapter: ``<chapter>.ipynb`` executed, or ``<chapter>.md`` saying why there is none. Where
        both are there, the notebook is shown unless the chapter is in `skipped`.
    cohort_facts : dict
        ``name``, ``title``, ``kind`` (``"simulated"`` or ``"real"``), ``n_participants`` and ``citation``; for the landing page also
        ``labels`` (of the groups), ``available`` (from ``Cohort.available``) and ``small_cell``.
    skipped : dict of str to str
        Chapter id to the reason why it was not run, or failed; listed on the landing page.
    results_dir : pathlib.Path, optional
        Result tables of the chapters, from which the landing page tells the verdict and how large the groups are.
    repository : Repository, optional
        Where readers find the source; without it, no button leads to one.
    notes : mapping of str to str, optional
        Page of the frame (``book/error_rates.md``) to a block of MyST that is put under its title.
    files : mapping of str to bytes, optional
        What the book holds beside its pages: path -> content.
    toc : str, default "_toc.yml"
        File of the table of contents: which pages and chapters this book has.

    Raises
    ------
    BookError
        A chapter is missing from `executed_dir`, has no title, or `cohort_facts` is incomplete.
    """
    source_root, stage_dir = Path(source_root).resolve(), Path(stage_dir).resolve()
    _check_facts(cohort_facts)
    chapters = list_chapters(source_root, toc)
    tree = _collect_frame(source_root, toc)
    tree |= _unlink_absent(tree) if toc != TOC else {}
    for name, note in notes.items():
        tree[name] = insert_after_title(tree[name].decode(), note, source=name).encode()
    tree |= {f"{FOLDER}/{name}": content for name, content in files.items()}
    for chapter, number in number_chapters(chapters).items():
        homes = [] if results_dir is None else read_homes(Path(results_dir), chapter)
        tree |= _collect_chapter(
            chapter, number, source_root, Path(executed_dir), cohort_facts, chapter not in skipped, homes
        )
    findings = read_findings(results_dir, skipped=skipped, small_cell=cohort_facts.get("small_cell", 5))
    tree[CONFIG] = _fill_config(tree[CONFIG], cohort_facts, skipped, chapters, repository, findings)
    tree["book/index.md"] = name_book(tree["book/index.md"].decode(), cohort_facts).encode()
    tree["book/figures.md"] += _collect_gallery(tree, chapters).encode()
    if any(name.startswith(f"{FOLDER}/") for name in tree):
        tree[CONFIG] = _copy_files(tree[CONFIG])
    _write_tree(tree, stage_dir)


def _check_facts(cohort_facts: dict) -> None:
    missing = [key for key in ("name", "title", "kind", "n_participants") if key not in cohort_facts]
    if missing:
        raise BookError(f"The facts of the cohort lack {', '.join(missing)}; the landing page needs them.")
    if cohort_facts["kind"] not in ("simulated", "real"):
        raise BookError(f"The cohort's kind is {cohort_facts['kind']!r}; it must be 'simulated' or 'real'.")


def _collect_frame(source_root: Path, toc: str) -> dict[str, bytes]:
    found = sorted((source_root / "book").rglob("*"))
    paths = [path for path in found if path.is_file() and "__pycache__" not in path.parts]
    tree = {path.relative_to(source_root).as_posix(): path.read_bytes() for path in paths}
    return {CONFIG: (source_root / CONFIG).read_bytes(), TOC: (source_root / toc).read_bytes()} | tree


def _unlink_absent(tree: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the pages of a book with fewer pages than there are, with links to those it lacks as words."""
    contents = yaml.safe_load(tree[TOC])
    pages = {contents["root"], *(entry["file"] for part in contents["parts"] for entry in part["chapters"])}

    def write(found: re.Match[str], folder: Path) -> str:
        return found[0] if (folder / found["page"]).with_suffix("").as_posix() in pages else found["words"]

    files = [f"{page}.md" for page in pages if f"{page}.md" in tree]
    return {
        name: _PAGE_LINK.sub(partial(write, folder=Path(name).parent), tree[name].decode()).encode() for name in files
    }


def _fill_config(
    config: bytes,
    facts: dict,
    skipped: dict[str, str],
    chapters: list[str],
    repository: Repository | None,
    findings: Findings,
) -> bytes:
    settings = yaml.safe_load(config)
    shown = [chapter for chapter in chapters if chapter not in skipped]
    if repository is not None:
        settings["repository"] = {"url": repository.url, "branch": repository.branch}
        settings["html"] |= dict.fromkeys(BUTTONS, True)
        if repository.launch_buttons:
            settings["launch_buttons"] = repository.launch_buttons
    if facts["kind"] == "real":
        settings["title"] = f"{BOOK_TITLE}: {flatten_text(facts['title'])}"
    if facts.get("blind"):
        options = settings["sphinx"]["config"]["html_theme_options"]
        options["announcement"] = "Blind run: the groups are permuted, and no contrast in this book is true."
    settings["sphinx"]["config"]["myst_substitutions"] = {
        "cohort_title": as_text(facts["title"]),
        "cohort_banner": write_landing_note(facts, skipped, chapters),
        "cohort_hero": write_hero(facts, findings, shown),
        "axis_drawing": write_figure(facts, findings, shown),
    }
    return yaml.safe_dump(settings, sort_keys=False, allow_unicode=True).encode()


def _copy_files(config: bytes) -> bytes:
    """Let the files of figures stand in the book beside its pages."""
    settings = yaml.safe_load(config)
    settings["sphinx"]["config"]["html_extra_path"] = [FOLDER]
    return yaml.safe_dump(settings, sort_keys=False, allow_unicode=True).encode()


def _collect_chapter(
    chapter: str,
    number: str,
    source_root: Path,
    executed_dir: Path,
    facts: dict,
    is_run: bool,
    homes: list[ResultTable],
) -> dict[str, bytes]:
    executed, note = executed_dir / f"{chapter}.ipynb", executed_dir / f"{chapter}.md"
    if note.exists() and not (is_run and executed.exists()):
        text = name_cohort(note.read_text(encoding="utf-8"), facts, source=note.name)
        return {f"notebooks/{note.name}": text.encode()}
    if not (is_run and executed.exists()):
        raise BookError(
            f"Chapter {chapter} is neither executed ({executed.name}) nor explained ({note.name}) in {executed_dir.name}/. Run it first."
        )
    shown = prepare_page(mark_homes(_read_notebook(executed), homes), facts, source=executed.name)
    page, files = take_figures(shown, chapter)
    page = number_captions(page, number)
    pair = source_root / "notebooks" / executed.name
    offered = prepare_download(_read_notebook(pair if pair.exists() else executed))
    shown = nbformat.writes(page).replace(f"{source_root.as_posix()}/", "")
    texts = {"notebooks": shown, "downloads": nbformat.writes(offered)}
    return files | {f"{folder}/{executed.name}": f"{text}\n".encode() for folder, text in texts.items()}


def _collect_gallery(tree: Mapping[str, bytes], chapters: list[str]) -> str:
    found = {chapter: tree.get(f"notebooks/{chapter}.ipynb") for chapter in chapters}
    pages = {chapter: nbformat.reads(page.decode(), as_version=4) for chapter, page in found.items() if page}
    titles = {chapter: find_title(page) for chapter, page in pages.items()}
    return write_gallery({chapter: list_figures(page) for chapter, page in pages.items()}, titles)


def _read_notebook(path: Path) -> NotebookNode:
    try:
        return nbformat.read(path, as_version=4)
    except nbformat.reader.NotJSONError as error:
        raise BookError(f"{path.name} is not a notebook that can be read; run the chapter again.") from error


def _write_tree(tree: dict[str, bytes], stage_dir: Path) -> None:
    for name, content in tree.items():
        path = stage_dir / name
        if path.is_file() and path.read_bytes() == content:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    for folder in ("book", "notebooks", "downloads", FOLDER):
        for path in sorted((stage_dir / folder).rglob("*")):
            if path.is_file() and path.relative_to(stage_dir).as_posix() not in tree:
                path.unlink()
