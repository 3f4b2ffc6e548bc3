"""A release: the wheel holds the project and works outside the clone; its notes and archive record say one version."""

import json
import subprocess
import sys
import sysconfig
from pathlib import Path
from zipfile import ZipFile

import pytest

from helpers.tables import PROJECT_ROOT
from tools.write_release import build_wheel, read_citation, read_version, write_notes, write_zenodo

SHIPPED = ("_config.yml", "_toc.yml", "book", "data", "notebooks")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def outside(wheel, tmp_path_factory):
    """Call the command of the wheel, installed into a fresh environment, in an empty folder; packages are lent by this one."""
    home = tmp_path_factory.mktemp("outside")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home / "venv")], check=True)
    (site,) = (home / "venv").glob("lib/python*/site-packages")
    (site / "lent.pth").write_text(sysconfig.get_paths()["purelib"] + "\n", encoding="utf-8")
    ZipFile(wheel).extractall(site)
    (home / "empty").mkdir()

    def call(*words):
        command = [str(home / "venv" / "bin" / "python"), "-m", "helpers.cli", *map(str, words)]
        return subprocess.run(
            command, cwd=home / "empty", env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True
        )

    call.folder, call.site = home / "empty", site
    return call


def test_the_wheel_holds_what_the_clone_has_beside_its_code(wheel):
    listed = subprocess.run(["git", "ls-files", *SHIPPED], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True)
    held = set(ZipFile(wheel).namelist())
    assert {f"helpers/_project/{name}" for name in listed.stdout.split("\n") if name} <= held
    assert "helpers/book/single.css" in held and not any("_build" in name or "__pycache__" in name for name in held)
    assert wheel.stat().st_size < 10e6


def test_an_installed_command_works_outside_the_clone(outside):
    checked = outside("check", "data/example")
    assert checked.returncode == 0 and "116 participants (simulated)" in checked.stdout, checked.stderr
    made = outside("new", "my_cohort")
    assert made.returncode == 0 and (outside.folder / "my_cohort" / "cohort.yml").is_file(), made.stderr


@pytest.mark.book
def test_an_installed_command_runs_a_chapter_outside_the_clone(outside):
    done = outside("run", "data/example", "--only", "01_cohort")
    assert done.returncode == 0, done.stderr
    results = outside.folder / "_build" / "example" / "results" / "01_cohort"
    assert (results / "table1.tsv").is_file() and not (outside.site / "helpers" / "_project" / "_build").exists()
    page = json.loads((results.parents[1] / "pages" / "01_cohort.ipynb").read_text(encoding="utf-8"))
    assert page["metadata"]["provenance"]["revision"] == f"version {read_version()}"


def test_one_version_stands_everywhere_and_the_archive_record_is_that_of_the_citation():
    citation = read_citation()
    assert citation["version"] == read_version()
    assert (PROJECT_ROOT / ".zenodo.json").read_text(encoding="utf-8") == write_zenodo(citation), "run: make release"
    record = json.loads(write_zenodo(citation))
    assert record["related_identifiers"][0]["identifier"] == "10.1038/s44220-024-00266-6"


def test_notes_are_the_section_of_the_version():
    changelog = "# Changelog\n\n## 0.2.0\n\n* New.\n\n## 0.1.0\n\nFirst.\n"
    assert write_notes("0.2.0", changelog) == "* New.\n" and write_notes("0.1.0", changelog) == "First.\n"
    with pytest.raises(SystemExit, match=r"no section 0\.3\.0"):
        write_notes("0.3.0", changelog)
    with pytest.raises(SystemExit, match="section Unreleased"):
        write_notes("0.2.0", changelog.replace("# Changelog\n", "# Changelog\n\n## Unreleased\n\n* More.\n"))
