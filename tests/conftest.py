"""Shared by all tests: seeded chance, small cohorts, the open data, the built books."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest

from helpers.tables import PROJECT_ROOT

mpl.use("agg")
EXAMPLE = PROJECT_ROOT / "data" / "example"
ON_CI = os.environ.get("CI") == "true"


def skip_unless_ci(reason: str) -> None:
    """Skip a test for a reason that is none on CI, where it is a failure."""
    if ON_CI:
        pytest.fail(f"On CI this may not be missing: {reason}")
    pytest.skip(reason)


def run_command(*arguments: str, **options) -> subprocess.CompletedProcess[str]:
    """Run ``resilience-book`` as a user would."""
    command = [sys.executable, "-m", "helpers.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=options.pop("cwd", PROJECT_ROOT), **options)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(1)


@pytest.fixture
def example_copy(tmp_path: Path) -> Path:
    """A copy of the example cohort that a test may damage."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "cohort"))


@pytest.fixture(scope="session")
def open_data_mirror() -> Path:
    """Folder with the original open data files."""
    mirror = os.environ.get("RESILIENCE_BOOK_MIRROR", "")
    if not mirror or not Path(mirror).is_dir():
        skip_unless_ci("RESILIENCE_BOOK_MIRROR names no folder, so the open data cannot be had here")
    return Path(mirror)


def _build(folder: str) -> Path:
    done = run_command("run", folder)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return PROJECT_ROOT / "_build" / Path(folder).name / "html"


@pytest.fixture(scope="session")
def built_book() -> Path:
    """The HTML of the book on the example cohort, brought up to date as `make book` does."""
    return _build("data/example")


@pytest.fixture(scope="session")
def kim_book(open_data_mirror: Path) -> Path:
    """The HTML of the book on the open KIM_ADENOMAS_2020 cohort."""
    if not (PROJECT_ROOT / "cohorts" / "kim" / "cohort.yml").is_file():
        fetched = run_command("fetch", "kim_adenomas_2020", "cohorts/kim")
        assert fetched.returncode == 0, fetched.stderr
    return _build("cohorts/kim")
