"""The box *In this cohort*: its sentences from result tables, and its place at the head of a page."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from helpers import brain, integration, metabolites, microbiome, resilience, table1, verdict
from helpers.book import prepare_page
from helpers.book.numbering import number_captions
from helpers.findings import tell_found
from helpers.run.pages import note_lacking
from helpers.tables import PROJECT_ROOT, write_result

FACTS = {"name": "mini", "title": "Mini", "kind": "simulated", "n_participants": 12}
EFFECT = {"d": 0.5, "d_low": 0.1, "d_high": 0.9}
ROOMS = (table1, resilience, brain, microbiome, integration, verdict)


def write(folder, table: dict, index: list[str], chapter: str, name: str) -> None:
    """Write a table as a chapter does; which columns it may have is asked elsewhere."""
    columns = pd.DataFrame(table, index=pd.Index(index, name="feature"))
    write_result(columns, folder, chapter, name)


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.__name__)
def test_a_chapter_without_tables_says_nothing(room, tmp_path):
    assert room.describe_findings(tmp_path) == ""
    assert metabolites.describe_findings(tmp_path, []) == ""


@pytest.mark.parametrize(
    ("q", "said"),
    [
        ([0.6], "none of 1 edge differs"),
        ([0.01], "1 of 1 edge differs"),
        ([0.01, 0.6], "1 of 2 edges differs"),
        ([0.01, 0.02], "2 of 2 edges differ between"),
        ([0.05, None], "none of 1 edge differs"),  # q of 0.05 is not below 0.05, and a blank was not tested
    ],
)
def test_singular_and_plural(q, said):
    assert tell_found(pd.DataFrame({"q": q}, dtype=float), "edge", "edges").startswith(said)


def test_the_brain_says_no_difference_shown_where_the_interval_holds_zero(tmp_path):
    rows = {"measure": ["A", "B"], "study": "all studies", "d": [0.5, 0.5], "d_low": [0.1, -0.1], "d_high": [0.9, 1.1]}
    write(tmp_path, rows, ["A: all studies", "B: all studies"], "03_structure", "by_study")
    said = brain.describe_structure_findings(tmp_path)
    assert "*A* d = 0.50 (95 % CI 0.10 to 0.90), higher in the high group; *B*" in said
    assert "−0.10 to 1.10), no difference shown" in said


def test_the_pair_declared_in_advance_stands_before_the_edges(tmp_path):
    effects = {"d": [0.5, 0.5], "d_low": [0.1, -0.1], "d_high": [0.9, 1.1]}
    write(tmp_path, effects, ["A × B", "A × C"], "03_brain", "networks")
    write(tmp_path, {"p_fwe": [0.05, 0.06], "q": 0.5}, ["a--b", "a--c"], "03_brain", "edges")
    said = brain.describe_findings(tmp_path, declared="A × B")
    assert said.startswith(
        "The pair declared in advance: *A × B* d = 0.50 (95 % CI 0.10 to 0.90), higher in the high group"
    )
    assert "Of 2 single edges, 1 passes the max-T test" in said and "A × C" not in said
    assert "declared" not in brain.describe_findings(tmp_path, declared="X × Y")


def test_left_over_transcripts_are_never_the_headline(tmp_path):
    table = {"d": [0.2, 2.0], "d_low": [-0.1, 1.5], "d_high": [0.5, 2.5], "q": [0.4, 0.001]}
    write(tmp_path, table, ["gut_barrier", "other"], "04_microbiome", "functions")
    assert "none of 1 declared functional group" in microbiome.describe_findings(tmp_path).lower()
    assert "2.00" not in microbiome.describe_findings(tmp_path)


@pytest.mark.parametrize(
    ("low", "p_lead", "words"),
    [(0.51, 0.01, ("better than guessing", "ahead of the others")), (0.5, 0.01, ("not shown to be better than guessing", "ahead")),
     (0.51, 0.2, ("better than guessing", "order of the blocks is open"))],
)  # fmt: skip
def test_integration_is_better_than_guessing_only_by_its_whole_interval(tmp_path, low, p_lead, words):
    table = {
        "role": ["block", "block", "vote"], "auc": [0.7, 0.6, 0.7], "auc_low": low, "auc_high": 0.9, "auc_training": 0.95,
        "lead": [0.1, -0.1, None], "lead_low": [0.02, -0.2, None], "lead_high": [0.2, -0.02, None], "p_lead": p_lead,
        "p_permutation": 0.04, "n_high": 3, "n_low": 60,
    }  # fmt: skip
    write(tmp_path, table, ["taxa", "connectivity", "vote"], "06_integration", "performance")
    said = integration.describe_findings(tmp_path)
    assert all(word in said for word in words) and "(<5 in the high group, 60 in the low group)" in said
    assert "reach 0.95 to 0.95, which says nothing about new ones" in said


def test_symptoms_are_told_without_the_scale_that_made_the_groups(tmp_path):
    table = {"d": [1.5, -0.5], "d_low": [1, -0.9], "d_high": [2, -0.1], "q": [0.001, 0.04]}
    write(tmp_path, table, ["brs.mean", "hads.anxiety"], "02_resilience", "symptoms")
    said = resilience.describe_findings(tmp_path)
    assert said.startswith("1 of 1 score of symptoms or mindfulness differs") and "Anxiety (HADS), d = −0.50" in said


def test_the_verdict_counts_in_good_grammar_and_names_what_was_missed(tmp_path):
    words = ["planted effect recovered"] * 2 + ["planted effect missed"]
    table = {"verdict": words, "p_one_sided": [0.01, 0.02, 0.4], "p_holm": [0.02, 0.03, 0.4]}
    write(tmp_path, table, ["C01", "C02", "C03"], "07_verdict", "verdicts")
    said = verdict.describe_findings(tmp_path)
    assert "Of 3 claims: 2 planted effects recovered, 1 planted effect missed. Missed or opposed: C03 (" in said


@pytest.mark.parametrize(
    "file",
    sorted((PROJECT_ROOT / "src/helpers").glob("*/*findings.py")),
    ids=lambda file: f"{file.parent.name}/{file.stem}",
)
def test_what_a_sentence_refers_to_stands_in_its_chapter(file):
    source = file.read_text()
    name = re.search(r'CHAPTER = "(.+)"', source)[1]
    chapter = (PROJECT_ROOT / "notebooks" / f"{name}.md").read_text()
    asked = re.findall(r"\[(Figure|Table)\]\(#(figure|table)-([\w-]+)\)", source)
    shown = set(re.findall(r'show_(figure|table)\((?:(?!show_).)*?name="([\w-]+)"', chapter, re.DOTALL))
    assert asked and {(kind, name) for _, kind, name in asked} <= shown
    assert all(word.lower() == kind for word, kind, _ in asked)


def make_chapter(said: str) -> object:
    """A chapter that computes its findings at its end."""
    box = new_output("display_data", {"text/markdown": said})
    figure = '<figure class="book-figure" id="figure-edges"><img src="x.svg" alt="a"><figcaption class="caption">Told.</figcaption></figure>'
    cells = [
        new_markdown_cell("# Brain\n\n**Question.** What?"),
        new_code_cell("show()", outputs=[new_output("display_data", {"text/html": figure})]),
        new_code_cell("Markdown(x)", outputs=[box], metadata={"tags": ["findings"]}),
    ]
    return new_notebook(cells=cells)


def test_what_is_computed_last_is_read_first_with_the_number_of_its_figure():
    page = number_captions(prepare_page(make_chapter("None passes ([Figure](#figure-edges))."), FACTS), "3")
    assert len(page.cells) == 2 and page.cells[0].source.index("In this cohort") < page.cells[0].source.index(
        "**Question.**"
    )
    assert page.cells[0].source.index("Simulated data") < page.cells[0].source.index("In this cohort")
    assert '<a class="caption-link" href="#figure-edges">Figure 3.1</a>' in page.cells[0].source


def test_the_take_aways_open_with_the_results():
    chapter = make_chapter("None passes.")
    chapter.cells.append(new_markdown_cell("## Take-aways\n\n* **What differs** is seen above."))
    source = prepare_page(chapter, FACTS).cells[-1].source
    assert source.index("None passes.") < source.index("What differs")


def test_a_chapter_that_finds_nothing_to_say_has_no_box():
    assert "In this cohort" not in prepare_page(make_chapter(""), FACTS).cells[0].source


def test_findings_do_not_make_a_chapter_of_one_that_had_too_little_data():
    error = new_output("error", ename="TooLittle", evalue="Nobody has it.", traceback=[])
    cells = [new_markdown_cell("# T"), new_code_cell("a()", outputs=[error]), new_code_cell("b(a)", outputs=[error])]
    last = new_code_cell("Markdown('')", metadata=SimpleNamespace(tags=["findings"]).__dict__)
    assert note_lacking(new_notebook(cells=[*cells, last])) == "Nobody has it."
