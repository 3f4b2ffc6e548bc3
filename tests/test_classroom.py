"""The student edition and the folder it lies in."""

import sys
import types

import nbformat
import pytest

from helpers.classroom.editions import write_student_edition
from helpers.classroom.lab import FEW, describe_lab, open_lab, prepare_lab
from helpers.contract import load_cohort
from helpers.problems import CohortError
from helpers.run import CHAPTERS, check_parameters
from helpers.tables import read_result
from tests.support import EXAMPLE, run_command

IDS = [chapter.id for chapter in CHAPTERS]


def read_parameters_of(path):
    notebook = nbformat.read(path, as_version=4)
    names = {}
    exec(next(c.source for c in notebook.cells if "parameters" in c.metadata.get("tags", [])), names)
    return names


def test_student_edition_is_whole_and_valid_and_set_to_its_places(tmp_path):
    cohort = load_cohort(EXAMPLE, blocks=[])
    made = write_student_edition(tmp_path, cohort=cohort, results_dir=tmp_path / "results", chapters=IDS)
    assert [path.stem for path in made.written] == IDS
    for path in made.written:
        nbformat.validate(nbformat.read(path, as_version=4))
        names = read_parameters_of(path)
        opening = nbformat.read(path, as_version=4).cells[0].source
        assert "Simulated data" in opening or "Real people" in opening
        assert names["cohort_dir"] == "data/example"
        assert names["results_dir"] == (tmp_path / "results").as_posix()


def test_work_of_a_student_is_never_overwritten(tmp_path):
    places = {
        "cohort": load_cohort(EXAMPLE, blocks=[]),
        "results_dir": tmp_path / "results",
        "chapters": ["04_microbiome"],
    }
    write_student_edition(tmp_path, **places)
    (tmp_path / "04_microbiome.ipynb").write_text("mine")
    again = write_student_edition(tmp_path, **places)
    assert (again.written, [path.name for path in again.kept]) == ((), ["04_microbiome.ipynb"])
    assert (tmp_path / "04_microbiome.ipynb").read_text() == "mine"


def test_few_permutations_are_parameters_that_exist():
    assert check_parameters(dict(FEW))


def test_lab_takes_tables_of_a_finished_run(tmp_path):
    """What chapter 04 reads and writes comes along, so that its exercises can be done at once."""
    finished = tmp_path / "finished"
    for chapter in ("01_cohort", "04_microbiome"):
        (finished / "results" / chapter).mkdir(parents=True)
        (finished / "results" / chapter / "groups.tsv").write_text(f"id\tgroup\n{chapter}\thigh\n")
    lab = prepare_lab(load_cohort(EXAMPLE), tmp_path / "lab", chapters=["04_microbiome"], finished=finished)
    assert (lab.copied, lab.computed) == (("01_cohort", "04_microbiome"), None)
    assert read_result(lab.folder / "run" / "results", "01_cohort", "groups").index[0] == "01_cohort"
    assert "Tables of a finished run: 01_cohort, 04_microbiome." in describe_lab(lab)


def test_lab_runs_what_is_missing(tmp_path):
    lab = prepare_lab(load_cohort(EXAMPLE), tmp_path / "lab", chapters=["01_cohort"])
    states = {outcome.name: outcome.state for outcome in lab.computed.outcomes}
    assert states.pop("01_cohort") == "run" and set(states.values()) <= {"skipped"}
    assert len(read_result(lab.folder / "run" / "results", "01_cohort", "groups")) == 116
    again = prepare_lab(load_cohort(EXAMPLE), tmp_path / "lab", chapters=["01_cohort"])
    assert again.computed is None and again.edition.kept


def test_lab_refuses_what_does_not_exist(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CohortError) as refused:
        prepare_lab(load_cohort(EXAMPLE), tmp_path / "file", chapters=["4"])
    assert [problem.file for problem in refused.value.problems] == ["--chapter 4", "--folder"]


def test_lab_without_jupyterlab_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(CohortError, match="make lab"):
        open_lab(tmp_path)


def test_jupyterlab_is_opened_on_the_folder_and_offline(tmp_path, monkeypatch):
    called = []
    monkeypatch.setattr("importlib.util.find_spec", lambda name: types.SimpleNamespace())
    monkeypatch.setattr(
        "helpers.classroom.lab.subprocess.run",
        lambda command, check: called.append(command) or types.SimpleNamespace(returncode=0),
    )
    assert open_lab(tmp_path) == 0
    assert called[0][:3] == [sys.executable, "-m", "jupyterlab"]
    assert f"--ServerApp.root_dir={tmp_path}" in called[0]
    assert any("NeverCheckForUpdate" in word for word in called[0])


def test_command_lab_refuses_a_misspelt_chapter_in_a_sentence():
    done = run_command("lab", "--no-open", "--chapter", "4_microbiome")
    assert done.returncode == 2
    assert "no such chapter" in done.stderr and "Traceback" not in done.stderr
