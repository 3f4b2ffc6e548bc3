"""What one hands on of a run; runs here are pages made of the real notebooks, not executed, with small result tables."""

import re
import shutil
from base64 import b64encode
from dataclasses import replace
from io import BytesIO
from zipfile import ZipFile

import docx
import jupytext
import matplotlib.pyplot as plt
import nbformat
import pandas as pd
import pytest
from pybtex.database import parse_string
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from helpers import cli
from helpers.contract import hash_cohort, load_cohort
from helpers.plots.showing import show_figure
from helpers.problems import CohortError
from helpers.report import read_record, write_handout
from helpers.report.checklists import fill_checklists
from helpers.report.drawings import POINTS_PER_MM, find_drawings
from helpers.report.methods import CITED, list_cited, read_sentences, write_methods
from helpers.report.pages import METHODS_PAGE, make_pages
from helpers.report.rendering import SOURCES_FILE, write_word
from helpers.report.supplement import SHEET
from helpers.result_columns import list_columns
from helpers.run.chapters import CHAPTERS
from helpers.run.execution import NOTEBOOKS_DIR, read_parameters
from helpers.run.pages import Stamp, finish_page, leave_out
from helpers.table1 import fill_checklist
from helpers.tables import write_result
from tests.support import EXAMPLE

EVERY = {"no_claims", "genes", "questionnaires", "further_brain", "further_gut", "further_blood"}
SCIENCE = [chapter.id for chapter in CHAPTERS if chapter.id[0].isdigit()]


@pytest.fixture(scope="module")
def cohort():
    return load_cohort(EXAMPLE)


@pytest.fixture(scope="module")
def whole(tmp_path_factory, cohort):
    """The output folder of a run of all chapters."""
    return _make_run(tmp_path_factory.mktemp("run") / "out", cohort)


@pytest.fixture(scope="module")
def record(whole):
    return read_record(whole)


@pytest.fixture
def output(whole, tmp_path):
    """A copy that a test may change."""
    return shutil.copytree(whole, tmp_path / "out")


def _make_run(output, cohort, chapters=SCIENCE, without=(), cohort_dir=EXAMPLE):
    available = (cohort.available() | EVERY) - set(without)
    stamp = Stamp(
        cohort.settings.title, "simulated", hash_cohort(cohort_dir), {"numpy": "2.4.6", "python": "3.11.7"},
        "2026-11-29 05:08 UTC", "abc123",
    )  # fmt: skip
    (output / "pages").mkdir(parents=True)
    for chapter in chapters:
        source = NOTEBOOKS_DIR / f"{chapter}.md"
        used = read_parameters(source) | {"cohort_dir": str(cohort_dir)}
        notebook = leave_out(jupytext.read(source), available)
        given = nbformat.v4.new_code_cell(
            f"cohort_dir = {str(cohort_dir)!r}", metadata={"tags": ["injected-parameters"]}
        )
        page = finish_page(nbformat.from_dict(notebook | {"cells": [*notebook.cells, given]}), stamp, used)
        nbformat.write(page, output / "pages" / f"{chapter}.ipynb")
        _write_tables(output / "results", chapter, cohort)
    return output


def _write_tables(results, chapter, cohort):
    """Write a table of two rows for each that the sentences ask for, and those of chapter 01 for real."""
    wanted = {one["table"] for part in read_sentences()["sections"] for one in part["sentences"] if "table" in one}
    for table in sorted(name for name in wanted if name.startswith(chapter)):
        index, *columns = list_columns(table)
        rows = {name: ["block", "block"] if name == "role" else [0.5, 3] for name in columns}
        frame = pd.DataFrame(rows, index=pd.Index(["one", "two"], name=index))
        write_result(frame, results, *table.split("/"))
    if chapter == "01_cohort":
        flow = {
            "recruited": "116",
            "in a group": "116",
            "high": "44",
            "low": "72",
            "not adjusted": "<5",
            "adjusted": "114",
        }
        table = pd.DataFrame({"part": list(flow), "n": list(flow.values())}, index=pd.Index(flow, name="step"))
        write_result(table, results, chapter, "flow")
        write_result(fill_checklist(cohort), results, chapter, "checklist")
        groups = pd.DataFrame({"score": [90.0], "group": ["high"], "reason": [""]}, index=["sub-0001"])
        write_result(groups.rename_axis("participant_id"), results, chapter, "groups")
        batches = pd.DataFrame({"n_high": [3, 41], "n_low": [40, 32], "share_high": [0.07, 0.56]}, index=["A", "B"])
        write_result(batches.rename_axis("batch"), results, chapter, "batches")


THIN = {path.stem for path in (NOTEBOOKS_DIR / "continuous").glob("*.md")}


def _tell(record):
    return " ".join(f"{one.heading}. {one.text}" for one in write_methods(record))


def test_each_sentence_stands_for_calls_tables_and_sources_that_exist(record):
    known = parse_sources()
    for part in read_sentences()["sections"]:
        for one in part["sentences"]:
            own = (
                (NOTEBOOKS_DIR / "continuous" / f"{part['chapter']}.md").read_text(encoding="utf-8")
                if part["chapter"] in THIN
                else ""
            )
            thin = {call for call in one.get("calls", ()) if f"{call}(" in own}
            lacking = set(one.get("calls", ())) - set(record.chapters[part["chapter"]].calls) - thin
            assert not lacking, f"{part['chapter']} calls no {lacking}"
            cited = {key.strip(" @") for found in CITED.finditer(one["says"]) for key in found["keys"].split(";")}
            assert cited <= known, one["says"]
            assert "table" not in one or list_columns(one["table"])


def parse_sources():
    return set(parse_string(SOURCES_FILE.read_text(encoding="utf-8"), "bibtex").entries)


@pytest.mark.parametrize("chapter", SCIENCE)
def test_a_changed_parameter_changes_the_text(record, chapter):
    """All but those that `silent` names, with the reason."""
    silent = read_sentences()["silent"]
    quiet = {*silent["*"], *silent.get(chapter, ())}
    before, used = _tell(record), record.chapters[chapter].parameters
    for name in used.keys() - quiet:
        value = used[name]
        other = (
            ["HMDB9999999"] if isinstance(value, list) else f"other_{value}" if isinstance(value, str) else value / 4
        )
        other = 17 if isinstance(value, int) else other
        changed = replace(record.chapters[chapter], parameters=used | {name: other})
        after = _tell(replace(record, chapters=record.chapters | {chapter: changed}))
        assert after != before, f"{chapter}: {name}"
        told = (
            other[0]
            if isinstance(other, list)
            else f"{other:.4%}".rstrip("0%").rstrip(".") + " %"
            if isinstance(other, float)
            else str(other)
        )
        assert told in after or str(other) in after or name == "n_repeats_shuffled", f"{chapter}: {name} = {other}"
    assert quiet <= {*silent["*"], *used}


def test_settings_of_the_cohort_change_the_text(record):
    other = replace(
        record.settings,
        outcome=replace(record.settings.outcome, high_at_least=71, low_below=60),
        covariates=("age",), batch=None, cluster="family", visit="baseline", small_cell=9, labels={"high": "Sturdy", "low": "Frail"},
    )  # fmt: skip
    told = _tell(replace(record, settings=other))
    for words in (
        "of 71 or more",
        "below 60",
        "those between",
        "adjusted for age.",
        "below 9 are",
        "Sturdy",
        "Frail",
        "(family)",
        "CR2",
        "visit baseline",
    ):
        assert words in told
    assert "study" not in told and "ComBat" not in told
    assert "known of all but fewer than 5 of 116 participants" in _tell(record) and "114" not in _tell(record)


def test_what_was_left_out_has_no_sentence(record, output, tmp_path, cohort):
    told = _tell(record)
    assert "framewise displacement" in told and "PERMANOVA" in told and "ridge regression" in told
    some = ["01_cohort", "03_brain", "05_metabolites"]
    without = _tell(read_record(_make_run(tmp_path / "some", cohort, some, without=["motion", "taxa", "maps"])))
    assert "framewise" not in without and "Brain maps" not in without and "genera predict" not in without
    for chapter in ("04_microbiome", "06_integration"):
        (output / "pages" / f"{chapter}.ipynb").unlink()
    fewer = read_record(output)
    told = _tell(fewer)
    assert "Gut microbiome" not in told and "DIABLO" not in told and "Metabolites. " in told
    assert list_cited(write_methods(fewer)) == list(dict.fromkeys(re.findall(r"@(\w+)", told)))


def test_files_of_the_methods_text(record, output):
    made = write_handout(record, output / "handout")
    assert {"methods.md", "methods.docx", "references.bib", "checklists.xlsx", "supplement.xlsx"} <= set(made.files)
    text = (output / "handout" / "methods.md").read_text(encoding="utf-8")
    assert "Simulated data" in text and "CC0" in text and "[@freedman1983; @winkler2014; @nichols2002]" in text
    sources = parse_string((output / "handout" / "references.bib").read_text(encoding="utf-8"), "bibtex")
    assert set(sources.entries) == set(re.findall(r"@(\w+)", text))
    words = [paragraph.text for paragraph in docx.Document(output / "handout" / "methods.docx").paragraphs]
    assert any("(Freedman and Lane, 1983; Winkler et al., 2014" in paragraph for paragraph in words)
    assert sum("doi:" in paragraph for paragraph in words) >= len(sources.entries) - 2
    sections = write_methods(record)
    assert write_word(sections, is_simulated=True) == write_word(sections, is_simulated=True)
    assert all(info.date_time[0] == 1980 for info in ZipFile(output / "handout" / "methods.docx").infolist())


def test_the_supplement_tells_no_hidden_number_and_nobody(record, output):
    write_handout(record, output / "handout")
    book = CalamineWorkbook.from_path(str(output / "handout" / "supplement.xlsx"))
    sheets = {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}
    assert book.sheet_names[0] == SHEET and "01 groups" not in sheets
    everything = "\n".join(str(cell) for rows in sheets.values() for row in rows for cell in row)
    assert "sub-0001" not in everything and "01_cohort/groups" in everything
    note, heads, first, second = sheets["01 batches"]
    assert note[0].startswith("Simulated data.") and heads[:2] == ["Batch", "n, high"]
    assert first == ["A", "<5", 40.0, "hidden"] and second[3] == 0.56
    assert all(rows[0][0].startswith("Simulated data.") for name, rows in sheets.items() if name != SHEET)


def test_figures_for_print_have_the_width_of_columns_and_their_fonts_inside(output):
    figure, axes = plt.subplots()
    axes.plot([1, 2])
    axes.set_title("α of the scale")
    figure.set_label("A line. It rises.")
    shown = show_figure(axes, name="line", alt="A line that rises.")
    path = output / "pages" / "01_cohort.ipynb"
    page = nbformat.read(path, as_version=4)
    data = {"text/html": shown.data, "application/pdf": b64encode(shown._repr_pdf_()).decode()}
    page.cells.append(nbformat.v4.new_code_cell("1", outputs=[nbformat.v4.new_output("display_data", data=data)]))
    nbformat.write(page, path)
    record = read_record(output)
    (drawing,) = find_drawings(record)
    assert (drawing.name, drawing.caption, drawing.alt) == ("line", "A line. It rises.", "A line that rises.")
    write_handout(record, output / "handout")
    for width in (85, 180):
        folder = output / "handout" / "figures" / "01_cohort"
        (pdf,) = PdfReader(BytesIO((folder / f"line_{width}mm.pdf").read_bytes())).pages
        assert float(pdf.mediabox.width) == pytest.approx(width * POINTS_PER_MM, abs=0.01)
        fonts = [font.get_object()["/DescendantFonts"][0].get_object() for font in pdf["/Resources"]["/Font"].values()]
        assert fonts and all("/FontFile2" in font["/FontDescriptor"].get_object() for font in fonts)
        assert "α of the scale" in pdf.extract_text()
        svg = (folder / f"line_{width}mm.svg").read_text(encoding="utf-8")
        assert f'width="{width}mm"' in svg and "@font-face" in svg and "font/woff;base64," in svg


def test_checklists_say_what_is_left_to_the_author_and_nothing_of_what_failed(record, output):
    whole = fill_checklists(record)
    assert list(whole) == ["STROBE", "STORMS", "COBIDAS", "TRIPOD+AI"]
    tripod = whole["TRIPOD+AI"]
    assert tripod.loc["tripod_12", "status"] == "reported" and tripod.loc["tripod_12", "author"] == ""
    assert tripod.loc["tripod_19", "author"] == "cohort.yml, reporting: tripod_19"
    (output / "pages" / "06_integration.ipynb").unlink()
    failed = fill_checklists(read_record(output))["TRIPOD+AI"].loc["tripod_12"]
    assert failed["status"] == "not reported" and failed["note"] == "chapter 06_integration was not run"


def test_pages_of_the_book_have_the_text_and_the_files(output):
    made = make_pages(output, left_out=["05_metabolites"])
    assert "{cite:p}`freedman1983,winkler2014,nichols2002`" in made.notes[METHODS_PAGE]
    assert "PERMANOVA {cite:p}`anderson2001` on" in made.notes[METHODS_PAGE]
    assert "## Metabolites" not in made.notes[METHODS_PAGE] and "Simulated data" in made.notes[METHODS_PAGE]
    assert "handout/methods.docx" in made.files
    assert "```{note}" in make_pages(output / "nowhere", left_out=[]).notes[METHODS_PAGE]


def test_a_blind_run_is_not_handed_on(record, tmp_path):
    """Its tables would pass for results."""
    with pytest.raises(CohortError, match="a blind run"):
        write_handout(replace(record, settings=record.settings.as_blind()), tmp_path / "handout")
    assert not (tmp_path / "handout").exists()


def test_nothing_is_overwritten_and_nothing_told_of_other_data(tmp_path, cohort, example_copy, capsys):
    output = _make_run(tmp_path / "out", cohort, ["01_cohort"], cohort_dir=example_copy)
    write_handout(read_record(output), output / "handout")
    with pytest.raises(CohortError, match="of an earlier export"):
        write_handout(read_record(output), output / "handout")
    (output / "handout" / "methods.md").write_text("mine", encoding="utf-8")
    with pytest.raises(SystemExit) as stopped:
        cli.main(["export", str(output)])
    assert stopped.value.code == cli.BAD_INPUT and "--overwrite" in capsys.readouterr().err
    assert (output / "handout" / "methods.md").read_text(encoding="utf-8") == "mine"
    cli.main(["export", str(output), "--overwrite"])
    assert "mine" not in (output / "handout" / "methods.md").read_text(encoding="utf-8")
    people = example_copy / "participants.tsv"
    people.write_text(people.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    with pytest.raises(CohortError, match="other data than 01_cohort"):
        read_record(output)
    with pytest.raises(CohortError, match="no finished run"):
        read_record(example_copy)


@pytest.mark.book
def test_the_handout_of_a_real_run(quick_results, tmp_path):
    record = read_record(quick_results.parent)
    made = write_handout(record, tmp_path / "handout")
    told = (tmp_path / "handout" / "methods.md").read_text(encoding="utf-8")
    assert "99 Freedman-Lane permutations" in told and "66 edges" in told and "The blocks" in told
    assert "claims, written down" not in told  # chapter 07 was not run
    figures = [name for name in made.files if name.endswith("_85mm.pdf")]
    assert len(figures) > 30
    for name in figures:
        (page,) = PdfReader(tmp_path / "handout" / name).pages
        assert "Simulated data" in page.extract_text() or "Data of real people" in page.extract_text(), name
