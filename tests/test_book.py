"""The frame and its rendering: a miniature book for the rules, the really built one for what readers meet."""

from __future__ import annotations

import functools
import json
import re
import subprocess
from pathlib import Path

import nbformat
import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from helpers.book import (
    BookError,
    Repository,
    build_html,
    find_repository,
    list_chapters,
    prepare_download,
    prepare_page,
    stage_book,
)
from helpers.book.pages import insert_after_title, write_landing_note
from helpers.book.staging import BUTTONS
from helpers.run import CHAPTERS as PLANNED
from helpers.wording import as_text
from tests.book_fixtures import (
    AXE_COLOURS,
    AXE_OPTIONS,
    OPEN_FOLDS,
    PHONE,
    find_grave_violations,
    find_unnamed,
    list_pages,
    open_browser,
    open_theme,
    serve,
    settle,
)

ROOT = Path(__file__).resolve().parents[1]
MOST_PX, MOST_BYTES = 14_000, 2_500_000  # of a page at 1,280 px, code and folds closed
CHAPTERS = [chapter.id for chapter in PLANNED]
SIMULATED = {"name": "mini", "title": "Mini", "kind": "simulated", "n_participants": 12, "citation": None}
REAL = SIMULATED | {"kind": "real", "title": "A_real *cohort*", "citation": "Kim 2020, doi:10.1128/mBio.03186-19."}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
LOADED = re.compile(r"<(?:script|img|iframe|source|link)\b[^>]*\b(?:src|href)=[\"'](?:https?:)?//[^\"']*", re.I)


def make_chapter(title: str, *, alt: str | None = "A dot.") -> nbformat.NotebookNode:
    """Return an executed chapter as papermill leaves it: a figure, a formula, a citation, a solution."""
    figure = new_output("display_data", {"image/png": PIXEL, "text/plain": "figure"})
    image = {"mystnb": {"image": {"alt": alt}}} if alt else {}
    cells = [
        new_markdown_cell(f"# {title}\n\nWhat is {{term}}`resilience`? $x^2$ {{cite:p}}`an2024`"),
        new_code_cell("seed = 1  # any whole number", metadata={"tags": ["parameters"]}),
        new_code_cell("# Parameters\nseed = 1\n", metadata={"tags": ["injected-parameters"]}),
        new_code_cell("draw()", outputs=[figure], execution_count=1, metadata=image),
        new_code_cell("assert True", metadata={"tags": ["solution"], "papermill": {"duration": 1}}),
        new_markdown_cell("Because.", metadata={"tags": ["solution"]}),
    ]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    trace = {"papermill": {"input_path": "/somewhere/else.ipynb"}}
    return new_notebook(cells=cells, metadata={"kernelspec": spec} | trace)


@pytest.fixture
def executed(tmp_path: Path) -> Path:
    """Executed chapters, and one that says why it was skipped."""
    folder = tmp_path / "executed"
    folder.mkdir()
    for chapter in CHAPTERS:
        nbformat.write(make_chapter(chapter[3:].title()), folder / f"{chapter}.ipynb")
    (folder / "03_brain.ipynb").unlink()
    (folder / "03_brain.md").write_text("# Brain\n\n:::{note}\nSkipped: no brain data.\n:::\n", encoding="utf-8")
    return folder


def stage(executed: Path, facts: dict = SIMULATED) -> Path:
    """Stage the frame of this repository with the chapters of the test."""
    folder = executed.parent / "stage"
    skipped = {"03_brain": "no brain data"}
    stage_book(ROOT, folder, executed_dir=executed, cohort_facts=facts, skipped=skipped)
    return folder


def read_times(folder: Path) -> dict[str, int]:
    """Return when each file was last written."""
    return {str(p.relative_to(folder)): p.stat().st_mtime_ns for p in folder.rglob("*") if p.is_file()}


def test_chapters_come_in_the_order_of_the_contents():
    assert list_chapters(ROOT) == CHAPTERS


def test_every_page_of_the_contents_and_every_bibliography_file_is_there():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    files = [toc["root"], *(c["file"] for part in toc["parts"] for c in part["chapters"])]
    frame = [file for file in files if file.startswith("book/")]
    assert frame
    assert [file for file in frame if not (ROOT / f"{file}.md").exists()] == []
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    assert all((ROOT / file).exists() for file in config["bibtex_bibfiles"])


def test_bibliography_keys_are_unique_and_every_entry_has_a_doi_or_address():
    entries = (ROOT / "book/references.bib").read_text(encoding="utf-8").split("\n@")
    keys = [re.match(r"@?\w+\{([^,]+),", entry)[1] for entry in entries]
    assert len(keys) == len(set(keys))
    assert [k for k, e in zip(keys, entries, strict=True) if not re.search(r"\b(doi|url|isbn)\s*=", e)] == []


def test_landing_page_says_that_the_original_cannot_be_rerun():
    assert "original analysis cannot be re-run" in (ROOT / "book/index.md").read_text(encoding="utf-8")


def test_no_page_names_an_address_that_nobody_has():
    """The repository's address comes from the clone's origin; none is written down."""
    texts = [
        *(ROOT / "book").rglob("*.md"),
        *(ROOT / "notebooks").glob("*.md"),
        ROOT / "_config.yml",
        ROOT / "README.md",
    ]
    assert not [path.name for path in texts if "github.com/resilience-book" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("git@github.com:owner/book.git", "https://github.com/owner/book"),
        ("https://github.com/owner/book", "https://github.com/owner/book"),
        ("https://user:secret@gitlab.com/group/sub/book.git", "https://gitlab.com/group/sub/book"),
        ("ssh://git@codeberg.org:22/owner/book.git/", "https://codeberg.org/owner/book"),
        ("git://bitbucket.org/owner/book", "https://bitbucket.org/owner/book"),
        ("/somewhere/book.git", None),
        ("../book", None),
        ("file:///somewhere/book.git", None),
        ("git@server:owner/book.git", None),
        ("http://localhost:3000/owner/book", None),
        ("https://192.168.0.7/owner/book", None),
        ("https://git.clinic.local/owner/book", None),
        ("", None),
    ],
)
def test_the_public_address_of_an_origin(tmp_path, remote, address):
    run = functools.partial(subprocess.run, cwd=tmp_path, check=True, capture_output=True)
    run(["git", "init", "-b", "trunk"])
    if remote:
        run(["git", "remote", "add", "origin", remote])
    assert find_repository(tmp_path) == (Repository(address, "trunk") if address else None)


@pytest.mark.parametrize(
    ("host", "services"),
    [("github.com", {"binderhub_url", "colab_url"}), ("gitlab.com", {"binderhub_url"}), ("x.org", set())],
)
def test_buttons_are_those_that_the_forge_has(executed, host, services):
    repository = Repository(f"https://{host}/owner/book", "trunk")
    stage_book(
        ROOT,
        executed.parent / "s",
        executed_dir=executed,
        cohort_facts=SIMULATED,
        skipped={"03_brain": "no"},
        repository=repository,
    )
    settings = yaml.safe_load((executed.parent / "s/_config.yml").read_text(encoding="utf-8"))
    assert (
        settings["repository"] == {"url": repository.url, "branch": "trunk"}
        and settings["html"]["use_edit_page_button"]
    )
    assert set(settings.get("launch_buttons", {})) - {"notebook_interface"} == services
    without = yaml.safe_load((stage(executed) / "_config.yml").read_text(encoding="utf-8"))
    assert not {"repository", "launch_buttons"} & set(without) and not without["html"]["use_repository_button"]


def test_staging_again_touches_nothing(executed):
    before = read_times(stage(executed))
    assert read_times(stage(executed)) == before


def test_one_changed_chapter_changes_one_page(executed):
    before = read_times(stage(executed))
    nbformat.write(make_chapter("Verdict, again"), executed / "07_verdict.ipynb")
    after = read_times(stage(executed))
    changed = {name for name in after if after[name] != before[name]}
    assert "notebooks/07_verdict.ipynb" in changed
    assert changed <= {"notebooks/07_verdict.ipynb", "downloads/07_verdict.ipynb"}


def test_a_chapter_that_is_no_longer_skipped_replaces_its_note(executed):
    folder = stage(executed)
    assert (folder / "notebooks/03_brain.md").exists()
    nbformat.write(make_chapter("Brain"), executed / "03_brain.ipynb")
    stage_book(ROOT, folder, executed_dir=executed, cohort_facts=SIMULATED, skipped={})
    assert (folder / "notebooks/03_brain.ipynb").exists()
    assert not (folder / "notebooks/03_brain.md").exists()


def test_a_missing_chapter_is_named(executed):
    (executed / "05_metabolites.ipynb").unlink()
    with pytest.raises(BookError, match="Chapter 05_metabolites is neither executed"):
        stage(executed)


def test_a_broken_notebook_is_named(executed):
    (executed / "05_metabolites.ipynb").write_text("{", encoding="utf-8")
    with pytest.raises(BookError, match=r"05_metabolites\.ipynb is not a notebook"):
        stage(executed)


@pytest.mark.parametrize(
    ("facts", "message"),
    [({"name": "x", "kind": "real"}, "lack title, n_participants"), (SIMULATED | {"kind": "made"}, "'made'")],
)
def test_incomplete_facts_are_refused(executed, facts, message):
    with pytest.raises(BookError, match=message):
        stage(executed, facts)


def test_pages_keep_no_trace_of_the_machine(executed):
    notebook = make_chapter("Cohort")
    text = f"read {ROOT}/data/example"
    notebook.cells[3].outputs.append(new_output("stream", name="stdout", text=text))
    nbformat.write(notebook, executed / "01_cohort.ipynb")
    page = (stage(executed) / "notebooks/01_cohort.ipynb").read_text(encoding="utf-8")
    assert "papermill" not in page and "/somewhere/" not in page
    assert str(ROOT) not in page and "read data/example" in page


def test_parameters_are_shown_twice_only_where_they_differ():
    notebook = make_chapter("Cohort")
    assert not [c for c in prepare_page(notebook, SIMULATED).cells if c.source.startswith("# Parameters")]
    notebook.cells[2].source = "# Parameters\nseed = 2\n"
    assert [c for c in prepare_page(notebook, SIMULATED).cells if c.source.startswith("# Parameters")]


def test_preparing_leaves_its_input_alone():
    notebook = make_chapter("Cohort")
    before = nbformat.writes(notebook)
    prepare_page(notebook, SIMULATED)
    prepare_download(notebook)
    assert nbformat.writes(notebook) == before


def test_downloads_have_no_output_and_no_solution():
    offered = prepare_download(make_chapter("Cohort"))
    code = [cell for cell in offered.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    assert not [cell for cell in offered.cells if cell.source in ("assert True", "Because.")]
    assert len(offered.cells) == len(make_chapter("Cohort").cells) - 1


def test_solutions_are_folded_on_the_page():
    page = prepare_page(make_chapter("Cohort"), SIMULATED)
    code, text = page.cells[-2:]
    assert "hide-cell" in code.metadata.tags
    assert text.source.startswith("::::::{dropdown} Solution\nBecause.")


def test_note_goes_under_the_title_after_front_matter():
    text = "---\nkernelspec: x\n# not a title\n---\n\n# Brain\nText."
    assert insert_after_title(text, "Note.").splitlines()[4:] == ["", "# Brain", "", "Note.", "", "Text."]


def test_a_page_that_names_its_cohort_is_not_named_twice():
    once = prepare_page(make_chapter("Cohort"), SIMULATED)
    assert prepare_page(once, SIMULATED).cells[0].source == once.cells[0].source


def test_page_without_title_is_refused():
    with pytest.raises(BookError, match=r"03\.md has no title"):
        insert_after_title("No heading.", "Note.", source="03.md")


def test_real_cohort_is_named_and_its_markup_is_harmless(executed):
    note = write_landing_note(REAL, {}, CHAPTERS)
    assert (
        "Simulated" not in note
        and "Kim 2020, [doi:10.1128/mBio.03186-19](https://doi.org/10.1128/mBio.03186-19)." in note
    )
    assert as_text(REAL["title"]) in note
    config = yaml.safe_load((stage(executed, REAL) / "_config.yml").read_text(encoding="utf-8"))
    assert config["title"] == "The resilience book: A_real *cohort*"


@pytest.mark.book
def test_miniature_book_renders_again_only_when_changed(executed, tmp_path):
    """One build, and then: nothing to do; a frame whose figure says nothing is refused with its page."""
    folder, html = stage(executed), tmp_path / "html"
    assert build_html(folder, html) == html / "index.html"
    page = (html / "notebooks/01_cohort.html").read_text(encoding="utf-8")
    assert "Simulated data" in page and 'alt="A dot."' in page and "An <em>et al.</em>" in page
    landing = (html / "book/index.html").read_text(encoding="utf-8")
    assert "12 participants made by a program" in landing and "no brain data" in landing
    offered = json.loads((html / "_sources/notebooks/01_cohort.ipynb").read_text(encoding="utf-8"))
    assert not [cell for cell in offered["cells"] if cell.get("outputs")]
    assert find_outside_links(html) == {}
    text = (html / "notebooks/01_cohort.html").read_text(encoding="utf-8")
    assert not re.search(r"mybinder|colab\.research|/edit/|/issues", text), (
        "without a public origin no button leads there"
    )

    before = read_times(html)
    build_html(folder, html)
    assert read_times(html) == before
    (html / "index.html").unlink()
    assert build_html(folder, html).exists()
    unchanged = read_times(html)
    assert unchanged["notebooks/01_cohort.html"] == before["notebooks/01_cohort.html"]

    nbformat.write(make_chapter("Verdict", alt=None), executed / "07_verdict.ipynb")
    with pytest.raises(BookError, match=r"(?s)Pages concerned: notebooks/07_verdict.*alternative text"):
        build_html(stage(executed), html)
    assert not (tmp_path / ".html-doctrees").exists(), "what a failed build read must not hide the fault from the next"


def test_a_folder_with_other_files_is_not_emptied(executed, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(BookError, match="holds files that the book did not make"):
        build_html(stage(executed), tmp_path / "mine")
    assert (tmp_path / "mine/thesis.txt").exists()


def find_outside_links(html_dir: Path) -> dict[str, list[str]]:
    """Return what each page would load from elsewhere, as its HTML says."""
    found = {page: LOADED.findall((html_dir / page).read_text(encoding="utf-8")) for page in list_pages(html_dir)}
    return {page: links for page, links in found.items() if links}


# The really built book.


@pytest.fixture(scope="module")
def opened(built_book: Path):
    """The built book, served, with one browser."""
    with serve(built_book) as address, open_browser() as browser:
        yield built_book, address, browser


@pytest.mark.book
def test_built_pages_name_nothing_to_load_from_elsewhere(built_book):
    assert find_outside_links(built_book) == {}


@pytest.mark.book
def test_book_of_real_people_is_not_called_simulated(kim_book):
    texts = {page: (kim_book / page).read_text(encoding="utf-8") for page in list_pages(kim_book)}
    assert "The cohort of this build" in texts["book/index.html"]
    noted = [
        p for p, text in texts.items() if p.startswith("notebooks/") and 'admonition-title">Simulated data' in text
    ]
    assert noted == [] and find_outside_links(kim_book) == {}


@pytest.mark.book
def test_built_chapters_say_simulated_and_name_no_participant(built_book):
    texts = {page: (built_book / page).read_text(encoding="utf-8") for page in list_pages(built_book)}
    chapters = [page for page in texts if page.startswith("notebooks/")]
    assert sorted(chapters) == sorted(f"notebooks/{chapter}.html" for chapter in CHAPTERS)
    if "made by a program" in texts["book/index.html"]:
        assert [page for page in chapters if "Simulated data" not in texts[page]] == []
    told = {
        page: re.sub(r"<[^>]+>", " ", text) for page, text in texts.items() if not page.startswith("book/reference/")
    }
    assert [page for page, text in told.items() if re.search(r"\bsub-\d", text)] == [], "but in examples of docstrings"
    offered = sorted((built_book / "_sources/notebooks").glob("*.ipynb"))
    assert [path.name for path in offered if '"outputs": [\n' in path.read_text(encoding="utf-8")] == []


@pytest.mark.book
def test_built_pages_are_whole_accessible_in_both_themes_and_fit_a_phone(opened):
    """All rules in light; in dark those that colours can break: the elements are the same. Each page is loaded once; its height is that
    with folds and code closed, all else is looked at with the folds open."""
    html, address, browser = opened
    faults: list[str] = []
    page, axe, report = open_theme(browser, address, "light", faults), Axe(), {}
    desk, around = page.viewport_size, False
    for name in list_pages(html):
        faults.clear()
        settle(page, address + name)
        own = find_too_much(page, html / name)
        page.evaluate(OPEN_FOLDS)
        own += [*faults, *find_unnamed(page), *find_grave_violations(page, axe, AXE_OPTIONS)]
        if page.evaluate("document.documentElement.dataset.theme"):
            page.add_style_tag(content="* { transition: none !important }")
            page.evaluate("document.documentElement.dataset.theme = 'dark'")
            own += find_grave_violations(page, axe, AXE_COLOURS, "main" if around else None)
            around = True  # what stands around the text is the same on all pages
        page.set_viewport_size(PHONE)
        width = page.evaluate("document.documentElement.scrollWidth")
        own += [f"{width} px wide on a phone"] if width > PHONE["width"] else []
        page.set_viewport_size(desk)
        report |= {name: own} if own else {}
    page.context.close()
    assert report == {}


def find_too_much(page, path):
    """Return what makes a page long or heavy."""
    height, weight = page.evaluate("document.documentElement.scrollHeight"), path.stat().st_size
    long = [f"{height:,} px high"] if height > MOST_PX else []
    return [*long, *([f"{weight:,} bytes"] if weight > MOST_BYTES else [])]


@pytest.mark.book
def test_a_link_to_what_is_folded_opens_it(opened):
    _, address, browser = opened
    page = browser.new_page()
    settle(page, f"{address}notebooks/04_microbiome.html")
    folds = page.locator("details.fold")
    assert folds.count() > 5 and folds.evaluate_all("all => all.every((fold) => !fold.open)")
    anchor = page.locator("details.fold figure").first.get_attribute("id")
    page.evaluate(f"location.hash = '{anchor}'")
    page.locator(f"#{anchor}").wait_for(state="visible", timeout=5_000)
    page.close()


@pytest.mark.book
def test_a_page_opens_in_the_theme_of_the_reader(opened):
    _, address, browser = opened
    for theme in ("light", "dark"):
        page = open_theme(browser, address, theme, [])
        settle(page, f"{address}notebooks/01_cohort.html")
        assert page.evaluate("document.documentElement.dataset.theme") == theme
        page.context.close()


@pytest.mark.book
def test_a_term_shows_its_meaning_under_the_keyboard_until_escape(opened):
    _, address, browser = opened
    page = browser.new_page(viewport=PHONE)
    settle(page, f"{address}book/brain_gut_axis.html")
    tip = page.locator(".term > [role='tooltip']").first
    assert not tip.is_visible()
    page.locator(".term > a").first.focus()
    assert tip.is_visible() and len(tip.inner_text()) > 20
    box = tip.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"]
    page.keyboard.press("Escape")
    assert not tip.is_visible()
    page.close()


@pytest.mark.book
def test_all_code_is_shown_on_demand_and_on_the_next_page_too(opened):
    html, address, browser = opened
    first, second = sorted(
        path.stem for path in (html / "notebooks").glob("0*.html") if "Show code" in path.read_text("utf-8")
    )[:2]
    context = browser.new_context()
    page = context.new_page()
    settle(page, f"{address}notebooks/{first}.html")
    code = page.locator("details").filter(has=page.locator("> summary", has_text="Show code"))
    assert code.count() > 3 and not code.first.evaluate("one => one.open")
    page.get_by_role("button", name="Show all code").click()
    assert code.evaluate_all("all => all.every(one => one.open)")
    settle(page, f"{address}notebooks/{second}.html")
    assert code.evaluate_all("all => all.every(one => one.open)")
    page.get_by_role("button", name="Hide all code").click()
    assert not code.first.evaluate("one => one.open")
    context.close()


@pytest.mark.book
def test_search_finds_a_word_offline(opened):
    _, address, browser = opened
    faults: list[str] = []
    page = open_theme(browser, address, "light", faults)
    for word, least in (("resilience", 3), ("vagus", 1), ("cortisol", 1), ("rarefaction", 1)):
        page.goto(f"{address}search.html?q={word}")
        page.wait_for_selector("#search-results ul.search li a", timeout=15_000)
        assert page.locator("#search-results ul.search li a").count() >= least
    page.context.close()
    assert faults == []


def test_chapters_offer_binder_colab_and_their_source_where_there_is_a_public_one(executed, tmp_path):
    repository = Repository("https://github.com/owner/book", "trunk")
    facts = {"executed_dir": executed, "cohort_facts": SIMULATED, "skipped": {"03_brain": "no"}}
    stage_book(ROOT, tmp_path / "s", **facts, repository=repository)
    text = (build_html(tmp_path / "s", tmp_path / "html").parent / "notebooks/01_cohort.html").read_text(
        encoding="utf-8"
    )
    for end in ("lab/tree/notebooks/01_cohort.ipynb", "blob/trunk/notebooks/01_cohort.ipynb"):
        assert end in text
    assert "edit/trunk/notebooks/01_cohort.md" in text and "edit/trunk/notebooks/01_cohort.ipynb" not in text
    stage_book(ROOT, tmp_path / "s", **facts)
    settings = yaml.safe_load((tmp_path / "s/_config.yml").read_text(encoding="utf-8"))
    assert {"repository", "launch_buttons"} & settings.keys() == set()
    assert [button for button in BUTTONS if settings["html"].get(button)] == []
