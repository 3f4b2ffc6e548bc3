"""Tables that people can read: words for headers, no exponents, interval beside estimate, captions with numbers, cards on a phone."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe

from helpers.plots.tables import show_table
from helpers.result_columns import PATH, find_column, list_columns, name_bounds, read_columns, require_column
from helpers.run import CHAPTERS
from helpers.tables import PROJECT_ROOT, read_result, write_result
from tests.book_fixtures import OPEN_FOLDS, PHONE, find_grave_violations, list_pages, open_browser, serve, settle
from tests.support import OF_OTHER_COHORTS

EXPONENT = re.compile(r"\d[eE][-+−]?\d")
LAPTOP = {"width": 1280, "height": 900}
OF_SOME_COHORTS = {"further", "further_sets", "questionnaires"}  # of blocks and questionnaires that the example lacks
TABLES = list(yaml.safe_load(PATH.read_text(encoding="utf-8"))["tables"])


def contrasts(n: int = 3) -> pd.DataFrame:
    """Return a table of contrasts with a tiny p, a small group and a constant column."""
    place = np.arange(n)
    return pd.DataFrame(
        {
            "n_high": 44,
            "n_low": [3, *[70] * (n - 1)],
            "d": 0.4 + place / 100,
            "d_low": 0.05 + place / 100,
            "d_high": 0.79 + place / 100,
            "p": [2e-5, *[0.0441] * (n - 1)],
            "q": 0.12,
        },
        index=pd.Index([f"Genus {i}" for i in place], name="feature"),
    )


def read_cells(html: str) -> list[str]:
    """Return the text of every header and cell."""
    return [re.sub("<[^>]+>", "", cell) for cell in re.findall(r"<t[hd]\b.*?</t[hd]>", html, re.DOTALL)]


def read_heads(html: str) -> list[str]:
    """Return the headers of a table."""
    return re.findall(r'<th scope="col"[^>]*>(.*?)</th>', html)


# the list of columns --------------------------------------------------------------------------------------------------


def test_headers_are_words_and_no_two_columns_of_a_table_share_one():
    for name, column in read_columns().items():
        assert "_" not in column.label and column.means.rstrip().endswith("."), name
        assert column.kind in {"text", "label", "number", "count", "people", "p", "share", "flag"}, name
    for table in TABLES:
        columns = list_columns(table)
        assert len(set(columns)) == len(columns)
        labels = [require_column(name).label for name in columns]
        assert len(set(labels)) == len(labels), table


def test_every_column_of_the_tables_is_listed_and_every_listed_column_is_written():
    written = {name for table in TABLES for name in list_columns(table)}
    assert [name for name in written if find_column(name) is None] == []
    sources = [*(PROJECT_ROOT / "notebooks").glob("*.md"), *(PROJECT_ROOT / "src").rglob("*.py")]
    words = set(re.findall(r"\w+", "\n".join(path.read_text(encoding="utf-8") for path in sources)))
    bases = {name for name, column in read_columns().items() if column.bounds}
    bounds = {bound: base for base in bases for bound in name_bounds(base)}
    rows = {"modality_present", "decision"}  # what the columns named by the data are
    unused = [
        name
        for name in read_columns()
        if name not in written | words | rows
        and bounds.get(name, name) not in words
        and not {*name_bounds(name)} & written
    ]
    assert unused == []


def test_a_column_outside_the_list_fails_in_tests_and_is_readable_elsewhere(tmp_path):
    table = contrasts().assign(never_heard_of=[1, 2, 3])
    with pytest.warns(UserWarning, match=r"never_heard_of.*results\.yml"):
        html = show_table(table, name="x", caption="Contrasts.").data
    assert "never heard of" in read_heads(html)
    with pytest.warns(UserWarning, match="never_heard_of"):
        write_result(table, tmp_path, "04_microbiome", "taxa")


def test_a_result_table_has_a_description_of_its_columns_beside_it(tmp_path):
    path = write_result(contrasts(), tmp_path, "02_resilience", "symptoms")
    described = pd.read_json(path.with_suffix(".json"), typ="series")
    assert list(described.index) == ["feature", *contrasts().columns]
    assert described["d"]["Units"] == "residual SD" and described["d_low"]["LongName"] == "d, lower end of 95 % CI"
    made = pd.DataFrame({"Stool": [True], "n": [5]}, index=pd.Index([1], name="combination"))
    beside = write_result(made, tmp_path, "01_cohort", "combinations").with_suffix(".json")
    assert '"LongName": "Stool"' in beside.read_text(encoding="utf-8")


@pytest.mark.book
def test_a_run_writes_the_tables_of_the_list_and_no_other(built_book):
    results = built_book.parent / "results"
    found = {f"{path.parent.name}/{path.stem}": path for path in results.rglob("*.tsv")}
    others = ("00_registration/", "08_visits/", "pool_")  # of a registered cohort, of one with visits, of several
    of_own_blocks = {one for one in TABLES if one.rpartition("/")[2] in OF_SOME_COHORTS or one.startswith(others)}
    assert set(found) == set(TABLES) - of_own_blocks - OF_OTHER_COHORTS
    for table, path in found.items():
        columns = path.read_text(encoding="utf-8").partition("\n")[0].split("\t")
        listed = [name for name in list_columns(table) if "#" not in name]
        assert set(listed) <= set(columns), table
        others = {name for name in columns if name not in listed and find_column(name) is None}
        assert not others or table in {
            "01_cohort/combinations", "lab_multiverse/specifications", "lab_multiverse/communities", "lab_multiverse/ranks",
        }  # fmt: skip
        assert path.with_suffix(".json").is_file()
    assert not [log for log in built_book.parent.rglob("*.warnings.log") if "results.yml" in log.read_text()]


# one table ------------------------------------------------------------------------------------------------------------


def test_estimate_and_interval_share_a_cell_and_so_do_the_groups():
    html = show_table(contrasts(), name="x", caption="Contrasts.").data
    assert read_heads(html) == ["Feature", "n, high / low", "d (residual SD) [95 % CI]", "p"]
    assert ">0.40 [0.05 to 0.79]<" in html and ">44 / &lt;5<" in html and ">&lt;\u00a00.001<" in html
    assert 'data-label="d (residual SD) [95 % CI]"' in html


def test_what_is_the_same_in_each_row_is_told_in_the_caption():
    html = show_table(contrasts(), name="x", caption="Contrasts.").data
    assert '<caption class="caption">Contrasts. In each row: q = 0.12.</caption>' in html
    one = show_table(contrasts().head(1), name="x", caption="Contrasts.").data
    assert "q" in read_heads(one), "one row has no other to be the same as"


def test_a_table_of_constants_keeps_a_column():
    html = show_table(contrasts()[["q"]], name="x", caption="q.").data
    assert read_heads(html) == ["Feature", "q"]


def test_no_cell_has_an_exponent_or_is_empty_and_all_is_escaped():
    table = pd.DataFrame(
        {
            "estimate": [1e-14, 3e7, np.nan, -0.0],
            "p": [1e-9, 0.2, np.nan, 1.0],
            "source": ["<script>", "", None, "a&b"],
        },
        index=pd.Index(["<b>", "c", "d", "e"], name="feature"),
    )
    html = show_table(table, name="x", caption="Two < three.").data
    cells = read_cells(html)
    assert not [cell for cell in cells if EXPONENT.search(cell)] and "" not in cells
    assert "<script>" not in html and "<b>" not in html and "Two &lt; three." in html
    assert "−0" not in cells and "30,000,000" in "".join(cells)


def test_small_numbers_of_participants_are_hidden_and_other_small_numbers_are_not():
    table = pd.DataFrame(
        {"n_high": [4, 13], "n_low": [30, 2], "n_regions": [2, 3]}, index=pd.Index(["a", "b"], name="feature")
    )
    cells = read_cells(show_table(table, name="x", caption="Sets.", small_cell=5).data)
    assert cells[4:6] == ["&lt;5 / 30", "2"] and cells[7:9] == ["13 / &lt;5", "3"]


def test_folded_columns_stand_in_the_last_column_of_text():
    table = pd.DataFrame(
        {"expected": ["lower", "higher"], "statement": ["One.", "Two."], "source": ["here", ""]},
        index=pd.Index(["C01", "C02"], name="claim"),
    )
    html = show_table(table, name="claims", caption="Claims.", folded=["source"]).data
    assert "Source" not in read_heads(html)
    assert "One.<details><summary>More</summary><dl><dt>Source</dt><dd>here</dd></dl></details></td>" in html
    assert ">Two.</td>" in html
    numbers = contrasts().assign(source="here")
    assert "Genus 0<details>" in show_table(numbers, name="x", caption="Contrasts.", folded=["source"]).data


def test_a_cut_table_says_how_much_there_is_and_a_name_is_an_id():
    assert "First 2 of 3 rows.</caption>" in show_table(contrasts(), name="x", caption="Contrasts.", n_rows=2).data
    with pytest.raises(ValueError, match="small letters"):
        show_table(contrasts(), name="No Id", caption="x")


def test_no_notebook_shows_a_frame_without_a_caption_or_two_tables_under_one_name():
    for chapter in CHAPTERS:
        text = (PROJECT_ROOT / "notebooks" / f"{chapter.id}.md").read_text(encoding="utf-8")
        assert text.count("show_table(") == len(re.findall(r"show_table\([^`]*?caption=", text)), chapter.id
        for kind in ("show_table", "show_figure"):
            names = re.findall(kind + r'\([^`]*?\bname="([a-z0-9-]+)"', text)
            assert len(set(names)) == len(names), chapter.id


# pages in a browser ---------------------------------------------------------------------------------------------------


def write_page(folder: Path) -> None:
    """Write a page of a long table and a wide one, with the book's own style and script."""
    static = PROJECT_ROOT / "book" / "_static"
    long = contrasts(40).assign(d=np.linspace(-1, 1, 40), q=[np.nan, *np.linspace(0.01, 0.9, 39)])
    wide = show_table(contrasts(), name="wide", caption="Contrasts.").data
    (folder / "page.html").write_text(
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Tables</title>'
        f"<style>{(static / 'book.css').read_text()}{(static / 'tables.css').read_text()}</style></head><body><main class='bd-article'>"
        f"<h1>Tables</h1><div class='cell_output'>{show_table(long, name='long', caption='Forty.').data}{wide}</div></main>"
        f"<script>{(static / 'tables.js').read_text()}</script></body></html>",
        encoding="utf-8",
    )


@pytest.fixture(scope="module")
def browser():
    with open_browser() as opened:
        yield opened


@pytest.fixture
def address(tmp_path):
    write_page(tmp_path)
    return (tmp_path / "page.html").as_uri()


@pytest.mark.browser
def test_a_long_table_is_cut_filtered_and_sorted_by_keyboard(browser, address):
    page = browser.new_page(viewport=LAPTOP)
    page.goto(address)
    rows = page.locator("#table-long tbody tr:visible")
    assert rows.count() == 15
    assert page.locator("#table-wide").locator("..").locator("input").count() == 0, "a short table has no tools"
    page.get_by_role("button", name="Show all 40").press("Enter")
    assert rows.count() == 40
    head = page.locator("#table-long thead th", has_text="d (residual")
    head.get_by_role("button").press("Enter")
    head.get_by_role("button").press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    assert rows.first.locator("th").inner_text() == "Genus 39"
    page.locator("#table-long thead th", has_text="q").get_by_role("button").press("Enter")
    assert rows.last.locator("th").inner_text() == "Genus 0", "what is missing comes last"
    assert page.locator("#table-long thead th[aria-sort]").count() == 1
    page.get_by_role("searchbox").fill("genus 1")
    assert rows.count() == 11 and page.get_by_role("status").inner_text() == "11 of 40 rows"
    page.close()


@pytest.mark.browser
def test_without_the_script_all_rows_are_there(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    assert page.locator("#table-long tbody tr:visible").count() == 40
    context.close()


@pytest.mark.browser
def test_on_a_phone_rows_are_cards_without_scrolling(browser, address):
    page = browser.new_page(viewport=PHONE)
    page.goto(address)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    shown = page.evaluate("getComputedStyle(document.querySelector('#table-wide td'), '::before').content")
    assert shown == '"n, high / low: "'
    boxes = [cell.bounding_box() for cell in page.locator("#table-wide tbody tr").first.locator("th, td").all()]
    assert all(below["y"] >= above["y"] + above["height"] - 1 for above, below in itertools.pairwise(boxes))
    assert page.locator("#table-wide").get_attribute("role") == "table"
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])
def test_tables_are_accessible(browser, address, size):
    page = browser.new_page(viewport=size)
    page.goto(address)
    assert find_grave_violations(page, Axe()) == []
    page.close()


MEASURE = """() => [...document.querySelectorAll('.bd-article .cell_output table')].map((table) => ({
  id: table.id, by_hand: table.closest('.tag_by-hand') !== null, wide: table.scrollWidth > table.parentElement.clientWidth + 1 || table.parentElement.scrollWidth > table.parentElement.clientWidth + 1,
  caption: table.caption ? table.caption.textContent : '', scopes: [...table.querySelectorAll('th')].every((th) => th.scope),
  heads: [...table.querySelectorAll('thead th')].map((th) => th.textContent.trim()),
  cells: [...table.querySelectorAll('tbody td')].map((td) => td.textContent.trim()),
}))"""


def find_faults(table: dict) -> list[str]:
    """Return what is wrong with a table as a page shows it."""
    faults = ["is wider than its column"] if table["wide"] else []
    if table["by_hand"]:  # what pandas shows of a student's own table: no caption, names of columns as they are
        return faults
    if not re.match(r"Table [1-9A-Z]b?\.\d+\. \S", table["caption"]):
        faults.append("has no caption with a number")
    raw = [
        head for head in table["heads"] if "_" in head or head in {"std", "estimate", "count", "feature", "df_resid"}
    ]
    faults += [f"has the raw header {head}" for head in raw]
    faults += [f"has the exponent {cell}" for cell in table["cells"] if EXPONENT.search(cell)]
    return [*faults, *([] if table["scopes"] else ["has a header without a scope"])]


def test_what_is_wrong_with_a_table_is_found():
    """Border case: the check itself, on a table that is wrong in each way."""
    bad = {
        "by_hand": False,
        "wide": True,
        "caption": "Contrasts.",
        "heads": ["d_low", "p"],
        "cells": ["2.1e-05"],
        "scopes": False,
    }
    assert len(find_faults(bad)) == 5
    assert find_faults(bad | {"by_hand": True}) == ["is wider than its column"]
    good = {
        "by_hand": False,
        "wide": False,
        "caption": "Table 4.2. Genera.",
        "heads": ["d", "p"],
        "cells": ["<\u00a00.001"],
        "scopes": True,
    }
    assert find_faults(good) == []


@pytest.mark.book
@pytest.mark.browser
def test_tables_of_the_built_book_can_be_read(browser, built_book):
    faults, n_tables = [], 0
    with serve(built_book) as served:
        for name in list_pages(built_book):
            if not name.startswith("notebooks/"):
                continue
            page = browser.new_page(viewport=LAPTOP)
            settle(page, f"{served}{name}")
            page.evaluate(OPEN_FOLDS)
            tables = page.evaluate(MEASURE)
            n_tables += len(tables)
            faults += [f"{name}#{table['id']} {fault}" for table in tables for fault in find_faults(table)]
            page.close()
    assert n_tables > 30 and faults == []


def test_a_table_with_a_description_beside_it_reads_back_as_it_was(tmp_path):
    write_result(contrasts(), tmp_path, "04_microbiome", "alpha")
    pd.testing.assert_frame_equal(read_result(tmp_path, "04_microbiome", "alpha"), contrasts(), check_dtype=False)
