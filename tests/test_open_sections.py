"""Sections on open data and labs: fetched before they run, left out with the reason where they cannot stand."""

import nbformat
import pytest

from helpers.cli import CACHE, REGISTRY
from helpers.open_data import OpenDataUnavailable, find_open
from helpers.run import Chapter
from helpers.run.open_sections import provide_open_data
from helpers.run.pages import leave_out


@pytest.fixture
def notebook():
    cell = nbformat.v4.new_code_cell("1 + 1", metadata={"tags": ["needs-open-rsa"]})
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Title"), cell])


def test_a_set_is_brought_once_and_found_below_its_name(fetch_original, tmp_path):
    fetch_original("rsa")
    places = {"registry_path": REGISTRY, "cache_dir": CACHE}
    assert provide_open_data(["rsa"], tmp_path, places) == {}
    folder = find_open(tmp_path, "rsa")
    kept = (folder / "rsa.tsv").stat().st_mtime_ns
    assert provide_open_data(["rsa"], tmp_path, places) == {}
    assert (folder / "rsa.tsv").stat().st_mtime_ns == kept


def test_a_set_made_by_other_code_is_made_anew(fetch_original, tmp_path):
    fetch_original("rsa")
    places = {"registry_path": REGISTRY, "cache_dir": CACHE}
    provide_open_data(["rsa"], tmp_path, places)
    (tmp_path / ".made_by" / "rsa").write_text("older code")
    (tmp_path / "rsa" / "rsa.tsv").write_text("older table")
    provide_open_data(["rsa"], tmp_path, places)
    assert (tmp_path / "rsa" / "rsa.tsv").read_text() != "older table"


def test_what_cannot_be_had_is_told_with_the_reason(tmp_path):
    (tmp_path / "mirror").mkdir()
    places = {"registry_path": REGISTRY, "cache_dir": tmp_path / "cache", "mirror": tmp_path / "nowhere"}
    assert "does not exist" in provide_open_data(["rsa"], tmp_path / "open", places)["rsa"]
    assert provide_open_data(["rsa"], tmp_path / "open", None) == {"rsa": "rsa was not fetched."}
    with pytest.raises(OpenDataUnavailable, match="resilience-book fetch rsa"):
        find_open(tmp_path / "open", "rsa")


@pytest.mark.parametrize(
    ("available", "said"),
    [
        ({"simulated"}, "the open data set rsa could not be had"),
        (set(), "stands in the book of the example cohort"),
    ],
)
def test_a_note_stands_where_a_section_is_left_out(notebook, available, said):
    page = leave_out(notebook, available)
    assert [cell.cell_type for cell in page.cells] == ["markdown", "markdown"]
    assert said in page.cells[1].source


def test_a_section_whose_data_are_at_hand_is_kept(notebook):
    assert leave_out(notebook, {"simulated", "open-rsa"}).cells[1].source == "1 + 1"


def test_a_lab_stands_in_the_book_of_a_simulated_cohort_only():
    lab = Chapter("lab_leakage", "Leakage laboratory", needs=("simulated",), reads=())
    assert lab.reason_to_skip({"simulated", "taxa"}) is None
    assert "book of the example cohort" in lab.reason_to_skip({"taxa"})
