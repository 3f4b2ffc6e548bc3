"""The command: sentences and exit codes that people and scripts can use."""

import json
import subprocess
import sys

import pytest

from tests.support import EXAMPLE, run_command


def tree(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_command_answers_before_it_loads_what_computes():
    loads = "import sys, helpers.cli; print([name for name in ('numpy', 'pandas') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", loads], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_help_shows_a_newcomer_the_way():
    text = run_command("--help").stdout
    for word in ("check", "run", "build", "fetch", "simulate", "new", "resilience-book run data/example", "Exit codes"):
        assert word in text


@pytest.mark.parametrize("command", ["check", "run", "build", "fetch", "simulate", "new"])
def test_every_command_explains_itself(command):
    done = run_command(command, "--help")
    assert done.returncode == 0
    assert len(done.stdout) > 150


def test_check_of_a_good_cohort():
    done = run_command("check", EXAMPLE)
    assert (done.returncode, done.stderr) == (0, "")
    assert "116 participants (simulated)" in done.stdout


def test_bad_cohort_stops_check_and_run_alike_and_nothing_is_written(example_copy, tmp_path):
    (example_copy / "cohort.yml").unlink()
    answers = example_copy / "phenotype/cd_risc.tsv"
    answers.write_text(answers.read_text().replace("\t4", "\t7", 1))
    before = tree(example_copy)
    checked, ran = run_command("check", example_copy), run_command("run", example_copy, "--output", tmp_path / "out")
    assert checked.returncode == ran.returncode == 2
    for text in (checked.stdout, ran.stderr):
        assert "cohort.yml has 1 problem" in text
        assert "found '7', expected a whole number from 0 to 4" in text
        assert "Traceback" not in text
    assert not (tmp_path / "out").exists()
    assert tree(example_copy) == before


def test_check_speaks_json(example_copy):
    (example_copy / "cohort.yml").unlink()
    said = json.loads(run_command("check", example_copy, "--json").stdout)
    assert said["usable"] is False
    assert said["problems"][0] == {
        "file": "cohort.yml",
        "line": None,
        "column": None,
        "found": "no such file",
        "expected": "the cohort's settings",
        "fix": "add it; `resilience-book new <folder>` writes a commented template.",
        "severity": "error",
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", EXAMPLE, "--only", "03_brian"], "one of 01_cohort"),
        (["run", EXAMPLE, "-p", "n_foldz=3"], "no such parameter"),
        (["run", EXAMPLE, "-p", "seed=abc"], "int such as"),
        (["run", "nowhere"], "no such folder"),
        (["fetch", "kim"], "Give a data set and a folder"),
        (["frobnicate"], "No such command"),
    ],
)
def test_mistakes_end_in_sentences_with_exit_code_2(arguments, said):
    done = run_command(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_new_then_check_tells_what_to_fill(tmp_path):
    made = run_command("new", "mine", cwd=tmp_path)
    assert made.returncode == 0
    assert "Read mine/README.md" in made.stdout
    checked = run_command("check", "mine", cwd=tmp_path)
    assert checked.returncode == 2
    assert "a header and no rows" in checked.stdout
    assert run_command("new", "mine", cwd=tmp_path).returncode == 2


def test_simulate_refuses_a_used_folder(tmp_path):
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "precious.txt").write_text("keep")
    done = run_command("simulate", "used", cwd=tmp_path)
    assert done.returncode == 2
    assert (tmp_path / "used" / "precious.txt").read_text() == "keep"


def test_fetch_lists_the_sets():
    done = run_command("fetch", "--list")
    assert done.returncode == 0
    assert "kim_adenomas_2020" in done.stdout
    assert "240 people" in done.stdout


def test_build_before_run_says_what_to_do(tmp_path):
    done = run_command("build", EXAMPLE, "--output", tmp_path / "out")
    assert done.returncode == 1
    assert "Run it first" in done.stderr


def test_json_of_a_cohort_with_warnings_is_only_json_with_severities(example_copy):
    (example_copy / "my_data.csv").write_text("x")
    done = run_command("check", example_copy, "--json")
    said = json.loads(done.stdout)
    assert (done.returncode, done.stderr, said["usable"]) == (0, "", True)
    assert [(problem["file"], problem["severity"]) for problem in said["problems"]] == [("my_data.csv", "warning")]
