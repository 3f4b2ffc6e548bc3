"""Labels from data stay text, small counts and ids stay untold: rules, and one hostile cohort run to its book."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
import yaml

from helpers.simulate import simulate_cohort
from helpers.wording import as_code, as_text, hide_ids, hide_small_parts
from tests.book_fixtures import list_pages, open_browser, open_theme, serve, settle
from tests.support import FEW, run_command
from tools.small_cells import find_small_cells

HOSTILE = (
    "<script>window.struck=1</script> *a*_b_ {ref}`x` $y$ [z](javascript:1) | `c` <img src=x onerror=window.struck=1>"
)
SHORT = "<script>window.struck=1</script>*_$`{"


def test_label_that_looks_like_markup_is_escaped_sign_by_sign():
    assert as_text("<b> {x}") == r"\<b\> \{x\}"
    assert as_code("a`<b>`") == "`a'<b>'`"


def test_one_small_part_takes_another_with_it_so_that_nothing_follows_by_subtraction():
    assert hide_small_parts([60, 40, 2], 5) == ["60", "hidden", "<5"]
    assert hide_small_parts([3], 5) == ["<5"]


def test_ids_leave_a_sentence_but_numbers_stay():
    said = "line 12: found 'sub-012', 'SUB-012' and 12 of 120"
    assert hide_ids(said, ["sub-012", "12"]) == "line 12: found '(id not shown)', 'SUB-012' and 12 of 120"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The book of a small real-looking cohort whose every free label is markup; and the ids of its people."""
    folder = simulate_cohort(tmp_path_factory.mktemp("hostile") / "hostile", n_participants=60, seed=3)
    for block, n_columns in {
        "brain/connectivity": 300,
        "microbiome/taxa": 60,
        "microbiome/transcripts": 120,
        "metabolites/metabolites": 40,
    }.items():
        edit(folder / f"{block}.tsv", lambda table, n=n_columns: table.iloc[:, : n + 1])
    edit(folder / "microbiome/taxonomy.tsv", lambda t: t.assign(genus=[f"{HOSTILE} {i}" for i in range(len(t))]))
    edit(folder / "metabolites/features.tsv", lambda t: t.assign(name=[f"{HOSTILE} {i}" for i in range(len(t))]))
    edit(folder / "microbiome/features.tsv", lambda t: t.assign(group=t["group"].replace({"other": HOSTILE})))
    edit(folder / "brain/nodes.tsv", lambda t: t.assign(network=t["network"].replace({"Visual": HOSTILE})))
    edit(folder / "brain/volumes.tsv", lambda t: t.rename(columns={t.columns[2]: HOSTILE}))
    edit(
        folder / "participants.tsv",
        lambda t: t.assign(study=t["study"].replace({"B": HOSTILE})).assign(**{HOSTILE: "a"}),
    )
    (folder / "participants.json").unlink()
    (folder / "microbiome/tree.nwk").unlink()
    settings = yaml.safe_load((folder / "cohort.yml").read_text(encoding="utf-8"))
    settings |= {"kind": "real", "title": HOSTILE, "citation": HOSTILE, "labels": {"high": SHORT, "low": f"{SHORT}2"}}
    (folder / "cohort.yml").write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    output = tmp_path_factory.mktemp("book")
    done = run_command("run", folder, "--output", output, *FEW)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    ids = pd.read_csv(folder / "participants.tsv", sep="\t")["participant_id"]
    return output / "html", ids.tolist()


def edit(path: Path, change) -> None:
    table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    change(table).to_csv(path, sep="\t", index=False)


@pytest.mark.parametrize(("told", "n_found"), [("44 / 72", 0), ("44 / 3", 1), ("44 / <5", 0), ("2 / 3", 1)])
def test_small_groups_are_found_in_a_shared_cell_and_in_a_caption(tmp_path, told, n_found):
    (tmp_path / "notebooks").mkdir()
    page = tmp_path / "notebooks" / "01.html"
    cell = told.replace("<", "&lt;")
    page.write_text(
        f"<article><table><caption>X. In each row: n, high / low = {cell}; q = 0.1.</caption></table></article>"
    )
    assert len(find_small_cells(tmp_path, 5)) == n_found
    row = f"<thead><tr><th>block</th><th>n, high / low</th></tr></thead><tbody><tr><th>taxa</th><td>{cell}</td></tr></tbody>"
    page.write_text(f"<article><table>{row}</table></article>")
    assert len(find_small_cells(tmp_path, 5)) == n_found


@pytest.mark.book
@pytest.mark.browser
def test_no_label_of_a_hostile_cohort_runs_on_any_page(hostile):
    html, _ = hostile
    faults: list[str] = []
    with open_browser() as browser, serve(html) as address:
        page = open_theme(browser, address, "light", faults)
        for name in list_pages(html):
            settle(page, address + name)
            assert page.evaluate("() => window.struck") is None, name
        settle(page, f"{address}notebooks/01_cohort.html")
        assert "<script>window.struck=1</script> *a*_b_ {ref}`x` $y$ [z](javascript:1)" in page.inner_text("article")
    assert [fault for fault in faults if "favicon" not in fault] == []


@pytest.mark.book
def test_no_id_of_a_participant_is_in_the_built_book(hostile):
    html, ids = hostile
    pattern = re.compile("|".join(rf"(?<![\w-]){re.escape(name)}(?![\w-])" for name in ids))
    files = [path for path in html.rglob("*") if path.suffix in {".html", ".js", ".ipynb", ".md", ".json"}]
    files = [path for path in files if "reference" not in path.parts]  # whose examples have people of their own
    assert len(files) > 20
    found = {path.name for path in files if "_static" not in path.parts and pattern.search(path.read_text("utf-8"))}
    assert found == set()


PAGE = """<article><p>Contrasts rest on {0} of 60 people.</p><p>Fewer than 3 people; at least 2 people.</p>
<table><thead><tr><th>block</th><th>n</th></tr></thead><tbody><tr><th>taxa</th><td>{1}</td></tr></tbody></table>
<svg><text>High (n={2})</text></svg></article>"""


@pytest.mark.parametrize(("numbers", "n_found"), [
    ((50, 50, 50), 0), ((60, 0, 0), 0), ((3, 50, 50), 1), ((57, 50, 50), 1), ((50, 4, 50), 1), ((50, 50, 1), 1),
])  # fmt: skip
def test_small_numbers_on_a_page_are_found(tmp_path, numbers, n_found):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "01.html").write_text(PAGE.format(*numbers))
    assert len(find_small_cells(tmp_path, 5)) == n_found
