"""The chapters and labs: thin, paired, each runnable alone on the results of earlier chapters."""

import ast
import re
import shutil

import jupytext
import nbformat
import pytest

from helpers.open_data.folders import is_fetched
from helpers.run import CHAPTERS, read_parameters
from helpers.run.engine import OPEN_DIR
from helpers.run.execution import NOTEBOOKS_DIR, ONE_THREAD, run_notebook
from helpers.tables import PROJECT_ROOT
from tests.support import OF_OTHER_COHORTS, QUICK, QUICK_COHORT, require
from tools.write_pairs import write_pair

IDS = [chapter.id for chapter in CHAPTERS]
MAX_LINES = 15


def source(name):
    return NOTEBOOKS_DIR / f"{name}.md"


def cells(name, kind):
    return [cell for cell in jupytext.read(source(name)).cells if cell.cell_type == kind]


def test_the_chapters_are_the_notebooks():
    assert sorted(path.stem for path in NOTEBOOKS_DIR.glob("*.md")) == sorted(IDS)
    assert sorted(path.stem for path in NOTEBOOKS_DIR.glob("*.ipynb")) == sorted(IDS)


@pytest.mark.parametrize("name", IDS)
def test_pair_is_what_the_source_gives_and_has_no_output(name, tmp_path):
    pair = NOTEBOOKS_DIR / f"{name}.ipynb"
    fresh = write_pair(shutil.copy(source(name), tmp_path) and tmp_path / f"{name}.md")
    assert pair.read_text() == fresh.read_text(), "run: make pairs"
    notebook = nbformat.read(pair, as_version=4)
    nbformat.validate(notebook)
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)


@pytest.mark.parametrize("name", IDS)
def test_notebook_defines_nothing_and_keeps_cells_short(name):
    for number, cell in enumerate(cells(name, "code"), start=1):
        nodes = list(ast.walk(ast.parse(cell.source)))
        defined = [n.name for n in nodes if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)]
        defined += ["lambda" for n in nodes if isinstance(n, ast.Lambda)]
        assert not defined, f"cell {number} defines {defined}: move it to src/helpers/"
        assert not any(isinstance(n, ast.For | ast.While) for n in nodes), (
            f"cell {number} loops: move it to src/helpers/"
        )
        assert len(cell.source.splitlines()) <= MAX_LINES, f"cell {number} is too long to read"


@pytest.mark.parametrize("name", IDS)
def test_notebook_opens_and_closes_as_promised(name):
    text = [cell.source for cell in cells(name, "markdown")]
    opening = "\n".join(text[:2])
    for word in ("# ", "Question", "You need", "You get", "inutes"):
        assert word in opening, f"the opening lacks {word!r}"
    headings = [line for cell in text for line in cell.splitlines() if line.startswith("## ")]
    assert headings[-2].lower().startswith("## take-aways")
    assert headings[-1].startswith("## Sources")
    assert "{cite:" in text[-1]


@pytest.mark.parametrize("name", IDS)
def test_parameters_start_with_the_common_three(name):
    assert list(read_parameters(source(name)))[:3] == ["cohort_dir", "results_dir", "seed"]
    code = "\n".join(cell.source for cell in cells(name, "code"))
    assert "np.random.seed" not in code


@pytest.mark.parametrize("chapter", CHAPTERS, ids=IDS)
def test_results_read_are_declared(chapter):
    code = "\n".join(cell.source for cell in cells(chapter.id, "code"))
    calls = [
        n for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "read_result"
    ]
    assert {ast.literal_eval(call.args[1]) for call in calls} <= set(chapter.reads)


@pytest.mark.parametrize("name", IDS)
def test_every_drawn_figure_has_alt_text(name):
    for number, cell in enumerate(cells(name, "code"), start=1):
        if "plot_" in cell.source and "import" not in cell.source:
            alt = "".join(re.findall(r"alt=\"(.*)\",", cell.source))
            alt += cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
            assert len(alt) > 20, f"cell {number} draws without alt text"


@pytest.mark.book
@pytest.mark.parametrize("chapter", [c for c in CHAPTERS if "visits" not in c.needs], ids=lambda chapter: chapter.id)
def test_chapter_runs_alone_and_gives_the_tables_of_the_chain(chapter, request, tmp_path, monkeypatch):
    """By papermill alone, one worker, on earlier results: tables byte for byte as in the parallel run of the book, or, where
    ``QUICK`` shortens a chapter, as in a parallel run with as few on a thin cohort."""
    for name, value in ONE_THREAD.items():
        monkeypatch.setenv(name, value)
    lacking = [name for name in chapter.open_data if not is_fetched(OPEN_DIR / name, name)]
    require(not lacking, f"open data {', '.join(lacking)} cannot be had")
    few = {name.split(".")[1]: value for name, value in QUICK.items() if name.startswith(f"{chapter.id}.")}
    request.getfixturevalue("quick_results" if few else "built_book")
    results = PROJECT_ROOT / "_build" / ("quick" if few else "example") / "results"
    cohort = {"cohort_dir": str(QUICK_COHORT)} if few else {}
    alone = {"n_workers": 1} if "n_workers" in read_parameters(source(chapter.id)) else {}
    for earlier in chapter.reads:
        shutil.copytree(results / earlier, tmp_path / "results" / earlier)
    run_notebook(
        NOTEBOOKS_DIR / f"{chapter.id}.ipynb",
        tmp_path / "ran.ipynb",
        {"results_dir": str(tmp_path / "results"), **cohort, **few, **alone},
        working_dir=tmp_path,
    )
    own, chain = tmp_path / "results" / chapter.id, results / chapter.id
    of_others = {file.name for file in own.iterdir() if f"{chapter.id}/{file.stem}" in OF_OTHER_COHORTS}
    assert of_others == ({"contrasts.json", "contrasts.tsv"} if chapter.id == "07_verdict" else set())
    assert sorted({file.name for file in own.iterdir()} - of_others) == sorted(file.name for file in chain.iterdir())
    for table in chain.iterdir():
        assert (own / table.name).read_bytes() == table.read_bytes(), table.name
    printed = [
        out for cell in nbformat.read(tmp_path / "ran.ipynb", as_version=4).cells for out in cell.get("outputs", [])
    ]
    assert not [out for out in printed if out.get("name") == "stderr"], "a warning would stand on the page"
