"""The runner: what is stale runs, what is not does not; wrong parameters are refused; nothing half-done is trusted."""

import os
import signal
import subprocess
import sys
import threading
import time

import jupytext
import nbformat
import pytest

from helpers.contract import load_cohort
from helpers.problems import CohortError
from helpers.run import (
    CHAPTERS,
    Chapter,
    OutputBusy,
    check_parameters,
    engine,
    execution,
    hold_output,
    parse_parameter,
    read_parameters,
    run_book,
)
from helpers.run.failures import read_failures
from helpers.run.nodes import FilesNode, ValueNode
from helpers.run.pages import Stamp, finish_page, leave_out, write_skipped_page
from helpers.run.sources import hash_rooms, list_rooms
from helpers.run.staleness import MEASURED, find_stale_pages
from tests.support import EXAMPLE, run_command

HEAD = "---\njupytext:\n  text_representation:\n    extension: .md\n    format_name: myst\nkernelspec:\n  name: python3\n  display_name: Python 3\n---\n"
STAMP = Stamp("Mine", "simulated", "ab" * 32, {"numpy": "2"}, "2026-01-01 00:00 UTC", "abc")


def write_notebook(folder, name, code, extra=""):
    parameters = f'cohort_dir = "data/example"\nresults_dir = "nowhere"\nseed = 1\n{extra}'
    text = f"{HEAD}# {name}\n\n```{{code-cell}}\n:tags: [parameters]\n\n{parameters}\n```\n\n```{{code-cell}}\n{code}\n```\n"
    (folder / f"{name}.md").write_text(text)


WRITE = (
    "import pandas as pd\nfrom helpers.tables import write_result\n"
    'table = pd.DataFrame({{"x": [seed + {add}]}}, index=pd.Index(["a"], name="id"))\n'
    'write_result(table, results_dir, "{name}", "numbers");'
)
READ = (
    "from helpers.tables import read_result, write_result\n"
    'table = read_result(results_dir, "01_first", "numbers") * 2\n'
    'write_result(table, results_dir, "02_second", "numbers");'
)


@pytest.fixture
def small(tmp_path, monkeypatch):
    """Three tiny chapters: the second reads the first, the third stands alone."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    write_notebook(folder, "01_first", WRITE.format(add=0, name="01_first"), "n_folds = 5\n")
    write_notebook(folder, "02_second", READ)
    write_notebook(folder, "03_third", WRITE.format(add=7, name="03_third"))
    chapters = (
        Chapter("01_first", "First", reads=()),
        Chapter("02_second", "Second", reads=("01_first",)),
        Chapter("03_third", "Third", reads=()),
    )
    monkeypatch.setattr(execution, "NOTEBOOKS_DIR", folder)
    for room in (engine, execution):
        monkeypatch.setattr(room, "CHAPTERS", chapters)
    monkeypatch.setattr(execution.check_parameters, "__defaults__", (chapters,))
    return folder


@pytest.fixture(scope="module")
def cohort():
    return load_cohort(EXAMPLE, blocks=())


def states(cohort, out, **options):
    book = run_book(cohort, out, with_book=False, **options)
    return {outcome.name: outcome.state for outcome in book.outcomes}


def numbers(out, chapter):
    return (out / "results" / chapter / "numbers.tsv").read_text()


@pytest.mark.parametrize("n_workers", [1, 2])
def test_what_was_edited_while_it_ran_is_not_trusted(small, cohort, tmp_path, n_workers):
    """The engine notes what inputs are at the end: an edit in between would make an old page pass for a new one."""
    source, out = small / "01_first.md", tmp_path / "out"
    edit = f"\nimport pathlib\nsource = pathlib.Path({str(source)!r})\nif not source.read_text().rstrip().endswith('EDITED'): source.write_text(source.read_text() + '\\n\\nEDITED\\n')"
    write_notebook(small, "01_first", WRITE.format(add=0, name="01_first") + edit, "n_folds = 5\n")
    book = run_book(cohort, out, with_book=False, n_workers=n_workers)
    found = {one.name: one for one in book.outcomes}
    assert found["01_first"].state == "failed"
    assert "its notebook changed while it ran. Run again" in found["01_first"].reason
    assert found["03_third"].state == "run"
    assert not (out / "results" / "01_first").exists()
    assert states(cohort, out)["01_first"] == "run"
    assert "EDITED" in (out / "pages" / "01_first.ipynb").read_text()
    assert states(cohort, out)["01_first"] == "unchanged"


def test_only_what_changed_runs_again(small, cohort, tmp_path):
    out = tmp_path / "out"
    assert states(cohort, out) == dict.fromkeys(("01_first", "02_second", "03_third"), "run")
    assert numbers(out, "02_second") == "id\tx\na\t2\n"
    (small / "01_first.md").touch()
    assert set(states(cohort, out).values()) == {"unchanged"}
    write_notebook(small, "01_first", WRITE.format(add=1, name="01_first"), "n_folds = 5\n")
    assert states(cohort, out) == {"01_first": "run", "02_second": "run", "03_third": "unchanged"}
    assert numbers(out, "02_second") == "id\tx\na\t4\n"


def test_parameters_and_lost_results_make_stale(small, cohort, tmp_path):
    out = tmp_path / "out"
    states(cohort, out)
    assert states(cohort, out, parameters={"03_third.seed": 5})["03_third"] == "run"
    assert numbers(out, "03_third") == "id\tx\na\t12\n"
    (out / "results/03_third/numbers.tsv").write_text("id\tx\na\t99\n")
    assert states(cohort, out, parameters={"03_third.seed": 5}) == {
        "01_first": "unchanged",
        "02_second": "unchanged",
        "03_third": "run",
    }
    assert numbers(out, "03_third") == "id\tx\na\t12\n"


def test_number_of_workers_changes_no_table(small, cohort, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    states(cohort, one, n_workers=1)
    states(cohort, two, n_workers=2)
    for chapter in ("01_first", "02_second", "03_third"):
        assert numbers(one, chapter) == numbers(two, chapter)


READ_IF_THERE = (
    "from helpers.problems import MissingResult\nfrom helpers.tables import read_result, write_result\nimport pandas as pd\n"
    "try:\n    table = read_result(results_dir, '01_first', 'numbers') * 2\n"
    "except MissingResult:\n    table = pd.DataFrame({'x': [0]}, index=pd.Index(['a'], name='id'))\n"
    "write_result(table, results_dir, '02_second', 'numbers');"
)


@pytest.mark.parametrize("n_workers", [1, 2])
def test_a_failing_chapter_is_left_out_and_the_rest_goes_on(small, cohort, tmp_path, n_workers):
    write_notebook(small, "02_second", READ_IF_THERE)
    out, person = tmp_path / "out", cohort.participants.index[3]
    states(cohort, out)
    write_notebook(small, "01_first", f"raise ValueError('*no* scale of {person}')", "n_folds = 5\n")
    book = run_book(cohort, out, with_book=False, n_workers=n_workers)
    first, second, third = book.outcomes
    assert book.failed and not book.interrupted
    assert (first.state, second.state, third.state) == ("failed", "run", "unchanged")
    assert first.reason == f"01_first stopped in its code cell 3: ValueError: *no* scale of {person}"
    assert "Traceback" in first.log.read_text() and "failed.ipynb" in first.log.read_text()
    assert numbers(out, "02_second") == "id\tx\na\t0\n"
    assert not (out / "results" / "01_first").exists()
    assert not (out / "pages" / "01_first.ipynb").exists()
    page = (out / "pages" / "01_first.md").read_text()
    assert r"\*no\* scale of (id not shown)" in page and "work/01_first.failed.log" in page
    assert person not in page and str(tmp_path) not in page
    assert list(read_failures(out / "pages")) == ["01_first"]
    assert states(cohort, out)["01_first"] == "failed"  # never trusted
    write_notebook(small, "01_first", WRITE.format(add=4, name="01_first"), "n_folds = 5\n")
    assert states(cohort, out) == {"01_first": "run", "02_second": "run", "03_third": "unchanged"}
    assert numbers(out, "02_second") == "id\tx\na\t10\n" and not read_failures(out / "pages")


def test_a_failing_chapter_keeps_no_forced_chapter_from_running(small, cohort, tmp_path):
    write_notebook(small, "02_second", READ_IF_THERE)
    out = tmp_path / "out"
    states(cohort, out)
    write_notebook(small, "01_first", "raise ValueError('no')", "n_folds = 5\n")
    assert states(cohort, out) == {"01_first": "failed", "02_second": "run", "03_third": "unchanged"}
    assert states(cohort, out, force=True) == {"01_first": "failed", "02_second": "run", "03_third": "run"}


def test_a_chapter_without_a_table_is_done_all_the_same(small, cohort, tmp_path):
    """As the lab of predictions where no open data can be had."""
    write_notebook(small, "03_third", "seed")
    assert [states(cohort, tmp_path / "out", only=["03_third"])["03_third"] for _ in range(2)] == ["run", "unchanged"]


def test_a_killed_kernel_is_told_in_a_sentence(small, cohort, tmp_path):
    write_notebook(small, "03_third", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    book = run_book(cohort, tmp_path / "out", with_book=False, only=["03_third"])
    assert (
        "03_third stopped: its kernel was ended from outside, most likely for lack of memory" in book.outcomes[0].reason
    )


def test_a_full_disk_under_a_chapter_is_told_in_a_sentence(small, cohort, tmp_path):
    write_notebook(small, "03_third", "raise OSError(28, 'No space left on device')")
    book = run_book(cohort, tmp_path / "out", with_book=False, only=["03_third"])
    assert "03_third stopped in its code cell 3: The disk is full. Free some space" in book.outcomes[0].reason


def test_a_dead_worker_is_tried_again_alone(small, cohort, tmp_path, monkeypatch):
    """Fault injected: the first executions end their worker process; in one process the chapters run."""
    mark = tmp_path / "died"
    mark.touch()
    before = execution.execute_chapter

    def die_once(job):
        if mark.exists() and os.getpid() != main:
            mark.unlink(missing_ok=True)
            os._exit(9)
        before(job)

    main = os.getpid()
    monkeypatch.setattr(engine, "execute_chapter", die_once)
    assert set(states(cohort, tmp_path / "out", n_workers=2).values()) == {"run"}


def test_a_second_run_into_the_same_output_waits_or_says_who_works_there(tmp_path):
    """A lock of another process; a killed one holds nobody up."""
    out = tmp_path / "out"
    program = "import sys, time; from pathlib import Path; from helpers.run import hold_output\n"
    program += "with hold_output(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    other = subprocess.Popen([sys.executable, "-c", program, str(out)], stdout=subprocess.PIPE, text=True)
    assert other.stdout.readline() == "held\n"
    with pytest.raises(OutputBusy, match=rf"process {other.pid} on .*--wait"), hold_output(out):
        pass
    done = run_command("build", EXAMPLE, "--output", out)
    assert (done.returncode, f"process {other.pid}" in done.stderr, "Traceback" in done.stderr) == (1, True, False)
    threading.Timer(0.5, other.kill).start()
    with hold_output(out, wait=True):
        other.wait()
    with hold_output(out):
        pass
    assert not (out / ".run.json").exists()


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGINT])
def test_stopped_run_leaves_nothing_to_trust_and_resumes(small, cohort, tmp_path, blow):
    """Killed or interrupted while a chapter runs, after it wrote a table: the next run does that chapter again and no other."""
    out = tmp_path / "out"
    states(cohort, out, only=["03_third"])
    slow = (
        WRITE.format(add=0, name="01_first")
        + "\nimport time, pathlib\nif pathlib.Path(results_dir, 'slow').exists(): time.sleep(60)"
    )
    write_notebook(small, "01_first", slow, "n_folds = 5\n")
    (out / "results").mkdir(exist_ok=True)
    (out / "results" / "slow").touch()
    program = (
        "import sys; from pathlib import Path; from helpers.run import engine, execution, Chapter, run_book\n"
        "from helpers.contract import load_cohort\n"
        f"folder, out = Path({str(small)!r}), Path({str(out)!r})\n"
        "chapters = (Chapter('01_first', 'First', reads=()), Chapter('02_second', 'Second', reads=('01_first',)), Chapter('03_third', 'Third', reads=()))\n"
        "execution.NOTEBOOKS_DIR = folder\n"
        "for room in (engine, execution): room.CHAPTERS = chapters\n"
        "execution.check_parameters.__defaults__ = (chapters,)\n"
        f"run_book(load_cohort({str(EXAMPLE)!r}, blocks=()), out, with_book=False)\n"
    )
    started = subprocess.Popen([sys.executable, "-c", program], start_new_session=True, stderr=subprocess.DEVNULL)
    half_written = out / "results/01_first/numbers.tsv"
    deadline = time.monotonic() + 60
    while not half_written.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert half_written.exists()
    os.killpg(started.pid, blow)
    started.wait()
    (out / "results" / "slow").unlink()
    assert not (out / "pages" / "01_first.ipynb").exists()
    assert states(cohort, out) == {"01_first": "run", "02_second": "run", "03_third": "unchanged"}


def test_wrong_parameters_are_refused_all_at_once_before_anything_runs(small, cohort, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(CohortError) as refused:
        run_book(cohort, out, parameters={"n_flods": 3, "n_folds": "many", "02_second.n_folds": 2}, with_book=False)
    said = str(refused.value)
    assert "parameter n_flods" in said
    assert "int such as 5" in said
    assert "parameter 02_second.n_folds" in said
    assert len(refused.value.problems) == 3
    assert not out.exists()


def test_parameters_reach_the_chapters_that_have_them():
    chosen = check_parameters({"seed": 3, "03_brain.n_permutations": 50})
    assert {values["seed"] for values in chosen.values()} == {3}
    assert chosen["03_brain"]["n_permutations"] == 50
    with pytest.raises(CohortError, match=r"write 03_structure\.n_permutations_maps"):
        check_parameters({"03_brain.n_permutations_maps": 50})
    assert "n_permutations" not in chosen["01_cohort"]


def test_true_is_no_number():
    with pytest.raises(CohortError, match="int such as"):
        check_parameters({"seed": True})


def test_parameter_text_without_a_value_is_refused():
    with pytest.raises(CohortError, match="no name=value"):
        parse_parameter("seed")


def test_a_chapter_depends_on_the_rooms_it_imports_and_on_theirs():
    rooms = {
        path.relative_to(path.parents[1]).as_posix() if path.name != "__init__.py" else path.parent.name
        for path in list_rooms(execution.NOTEBOOKS_DIR / "03_brain.md")
    }
    assert {
        "brain",
        "permutation/model.py",
        "helpers/contrasts.py",
        "plots/style.py",
        "brain/edges.py",
        "contract/load.py",
        "helpers/problems.py",
    } <= rooms
    assert not {"plots/microbiome.py", "helpers/verdict.py", "verdict"} & rooms


def test_a_chapter_asked_for_alone_says_which_results_it_lacks(tmp_path):
    done = run_command("run", EXAMPLE, "--only", "06_integration", "--no-book", "--output", tmp_path)
    assert done.returncode == 2 and "no results of 01_cohort" in done.stderr and "--only 01_cohort" in done.stderr


def test_real_chapters_say_why_they_are_skipped():
    gut = {"taxa", "metabolites"}
    reasons = {chapter.id: chapter.reason_to_skip(gut) for chapter in CHAPTERS}
    labs = [chapter.id for chapter in CHAPTERS if chapter.id.startswith("lab_")]
    assert [id for id, reason in reasons.items() if reason] == [
        "02_resilience",
        "03_brain",
        "03_structure",
        "08_visits",
        *labs,
    ] and len(labs) == 4
    assert reasons["03_brain"] == "this cohort has no connectivity (brain/connectivity.tsv)"
    assert reasons["03_structure"] == (
        "this cohort has no volumes (brain/volumes.tsv) and no tracts (brain/tracts.tsv) and no connectivity (brain/connectivity.tsv)"
    )
    assert "only taxa" in next(c for c in CHAPTERS if c.id == "06_integration").reason_to_skip({"taxa"})


def test_sections_without_data_become_one_note():
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("# Title"),
            nbformat.v4.new_markdown_cell("Look.", metadata={"tags": ["needs-tree"]}),
            nbformat.v4.new_code_cell("plot()", metadata={"tags": ["needs-tree"]}),
            nbformat.v4.new_code_cell("rest()", metadata={"tags": ["needs-taxa"]}),
        ]
    )
    page = leave_out(notebook, {"taxa"})
    assert len(page.cells) == 3
    assert "no tree (microbiome/tree.nwk)" in page.cells[1].source
    assert page.cells[2].source == "rest()"
    assert len(notebook.cells) == 4


def test_page_carries_its_origin_and_no_machine_path():
    notebook = jupytext.reads(HEAD + "# T\n", fmt="md:myst")
    notebook.metadata["papermill"] = {"input_path": "/home/someone/x.ipynb"}
    page = finish_page(notebook, STAMP, {"seed": 4, "cohort_dir": "/home/someone/c"})
    text = nbformat.writes(page)
    assert "/home/someone" not in text
    for part in ("Mine (simulated)", "abababababababab", "seed = 4", "numpy 2", "2026-01-01"):
        assert part in page.cells[-1].source


def test_markup_in_a_label_stays_text():
    page = write_skipped_page(CHAPTERS[2], "column <script>alert(1)</script> is absent", STAMP)
    assert "<script>" not in page


def test_nodes_tell_content_not_time(tmp_path):
    file = tmp_path / "a.tsv"
    node = FilesNode(name="a", files=(file,))
    assert node.state() is None
    file.write_text("1")
    before = node.state()
    os.utime(file, (1, 1))
    assert node.state() == before
    file.write_text("2")
    assert node.state() != before
    assert ValueNode(name="v", value=1, text="1").state() != ValueNode(name="v", value=1, text="2").state()
    with pytest.raises(TypeError, match="written by its task"):
        node.save(1)


def test_a_page_of_figures_says_when_the_code_has_changed_since(tmp_path):
    run = tmp_path / "run.yml"
    run.write_text(f"date: '2026-01-01'\nrooms: {hash_rooms(MEASURED)}\n")
    assert find_stale_pages(run) == {}
    for text in ("rooms: 0123456789abcdef\n", ""):
        run.write_text(f"date: '2026-01-01'\n{text}")
        note = find_stale_pages(run)["book/error_rates.md"]
        assert "run of 2026-01-01" in note and "make calibrate" in note


def test_declared_parameters_are_read_from_the_tagged_cell():
    assert read_parameters(execution.NOTEBOOKS_DIR / "01_cohort.md")["cohort_dir"] == "data/example"
