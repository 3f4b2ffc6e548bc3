"""Numbers of a page traced to result tables: the right cell, or none."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from helpers.book.homes import Count, mark_homes, read_homes
from helpers.contrasts import describe_contrasts
from helpers.findings import tell_contrast
from helpers.plots.tables import show_table
from helpers.tables import PROJECT_ROOT, write_result
from tests.book_fixtures import open_browser
from tools.measure_homes import measure

ROWS = ["hads.anxiety", "hads.depression", "brs.mean", "ffmq.describing"]


@pytest.fixture
def effects():
    rng = np.random.default_rng(2)
    d = pd.Series([-0.64, -0.435, 1.0222, 0.2], ROWS)
    p = pd.Series([0.001, 0.02, 1e-7, 0.4], ROWS)
    table = pd.DataFrame(
        {
            "n_high": 44,
            "n_low": 70,
            "d": d,
            "d_low": d - 0.4,
            "d_high": d + 0.37,
            "t": rng.normal(size=4),
            "p": p,
            "q": 2 * p,
        }
    )
    return table.assign(estimate=table["d"] * 3, ci_low=table["d_low"] * 3, ci_high=table["d_high"] * 3).rename_axis(
        "feature"
    )


@pytest.fixture
def results(tmp_path, effects):
    write_result(effects, tmp_path, "02_resilience", "symptoms")
    write_result(effects[["d", "d_low", "d_high"]].assign(n=114), tmp_path, "02_resilience", "incomplete")
    return tmp_path


def mark(results, text="", html=""):
    data = {"text/markdown": text} if text else {"text/html": html}
    cell = new_code_cell("x", execution_count=7, outputs=[new_output("display_data", data=data)])
    count = Count()
    page = mark_homes(new_notebook(cells=[cell]), read_homes(results, "02_resilience"), count)
    return next(iter(page.cells[0].outputs[0].data.values())), count


def find_homes(text):
    return [
        (number, home)
        for home, number in re.findall(r'<span class="home" tabindex="0" data-home="([^"]*)">([^<]*)</span>', text)
    ]


def test_an_effect_with_its_interval_is_traced_to_its_three_cells(results, effects):
    told, count = mark(results, tell_contrast("hads.anxiety", effects.loc["hads.anxiety"]))
    start = "02_resilience/symptoms.tsv, row hads.anxiety, column "
    assert find_homes(told) == [
        ("−0.64", f"{start}d; made by cell 7"), ("−1.04", f"{start}d_low; made by cell 7"), ("−0.27", f"{start}d_high; made by cell 7"),
    ]  # fmt: skip
    assert (count.numbers, count.homes) == (3, 3), "the 95 of '95 % CI' is no result"


def test_counts_are_traced_where_all_of_them_are_those_of_the_table(results, effects):
    said = describe_contrasts(effects, noun="scores")
    told, _ = mark(results, said)
    counts = [number for number, home in find_homes(told) if "row all rows, column q" in home]
    assert counts == ["4", "3", "1", "2"]
    wrong, _ = mark(results, said.replace("Of 4", "Of 9"))
    assert not [home for _, home in find_homes(wrong) if "all rows" in home]


@pytest.mark.parametrize(
    "text",
    [
        "Anxiety (HADS) d = −0.65 (95 % CI −1.04 to −0.27).",  # another estimate
        "Somebody's d = −0.64 (95 % CI −1.04 to −0.27).",  # no row named
        "In real people hads.anxiety has an alpha of 0.64.",  # one number is no evidence
        "`hads.anxiety -0.64 (95 % CI -1.04 to -0.27)`",
    ],
)
def test_what_is_not_certain_has_no_home(results, text):
    told, count = mark(results, text)
    assert told == text and count.homes == 0


def test_two_cells_that_print_alike_give_no_home(results, effects):
    twin = effects.loc[["hads.anxiety"]].assign(d=-0.6399)
    write_result(twin, results, "02_resilience", "twins")
    told, count = mark(results, tell_contrast("hads.anxiety", effects.loc["hads.anxiety"]))
    assert find_homes(told) == [] and count.without


def test_a_table_names_its_columns_and_the_rows_that_it_calls_otherwise(results, effects):
    shown = effects.rename(index={"hads.anxiety": "Anxiety"})[["n_high", "n_low", "d", "d_low", "d_high", "p"]]
    html, _ = mark(results, html=show_table(shown.sort_values("d"), name="symptoms", caption="Scores.").data)
    assert 'data-table="02_resilience/symptoms" data-cell="7" id="table-symptoms"' in html
    assert re.findall(r'data-column="(\w+)"', html) == ["d", "p"]
    assert re.findall(r'<tr data-row="([^"]+)">', html)[0] == "hads.anxiety"
    other = show_table(shown.assign(d=shown["d"] + 0.001, p=0.5 * shown["p"]), name="x", caption="Others.").data
    assert mark(results, html=other)[0] == other


def test_small_numbers_of_people_are_not_told_by_a_home(results):
    """A home is a place, never a value."""
    assert "114" not in mark(results, "Anxiety (HADS) d = −0.64 (95 % CI −1.04 to −0.27).")[0]


@pytest.mark.browser
def test_homes_show_on_hover_and_by_keyboard(results, effects, tmp_path):
    static = PROJECT_ROOT / "book" / "_static"
    html, _ = mark(results, html=show_table(effects[["d", "d_low", "d_high", "p"]], name="s", caption="Scores.").data)
    text, _ = mark(results, tell_contrast("hads.anxiety", effects.loc["hads.anxiety"]))
    (tmp_path / "page.html").write_text(
        f"<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>x</title><style>{(static / 'book.css').read_text()}</style></head>"
        f"<body><main class='bd-article'><p>{text}</p>{html}</main><script>{(static / 'homes.js').read_text()}</script></body></html>",
        encoding="utf-8",
    )
    with open_browser() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto((tmp_path / "page.html").as_uri())
        page.locator("span.home").first.focus()
        shown = page.evaluate("getComputedStyle(document.activeElement, '::after').content")
        assert "row hads.anxiety, column d; made by cell 7" in shown
        page.locator("tbody td").first.focus()
        page.keyboard.press("ArrowDown")
        assert page.evaluate("document.activeElement.dataset.home") == (
            f"02_resilience/symptoms.tsv, row {effects.index[1]}, column d; shown by cell 7"
        )
        page.close()


@pytest.mark.book
def test_homes_of_the_example_do_not_get_fewer(built_book):
    """Measured: 8 % of the numbers of sentences and half of the tables; the rest stands in no result table, or not certainly in one."""
    found = measure(PROJECT_ROOT / "_build" / "example").values()
    assert sum(count.homes for count, *_ in found) >= 0.06 * sum(count.numbers for count, *_ in found)
    assert sum(traced for *_, traced in found) >= 0.4 * sum(tables for _, tables, _ in found)
