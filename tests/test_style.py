"""Style and import layers, as the tools see them."""

import ast
import subprocess
import sys
from pathlib import Path

from helpers.tables import PROJECT_ROOT
from tests.extremes import PLOTS
from tools.write_house import DRAWING, draw_house

BIN = Path(sys.executable).parent


def run_tool(*command):
    return subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True)


def test_ruff_finds_nothing():
    done = run_tool(sys.executable, "-m", "ruff", "check", ".")
    assert done.returncode == 0, done.stdout


def test_import_layers_hold():
    done = run_tool(BIN / "lint-imports", "--no-cache")
    assert done.returncode == 0, done.stdout


def test_types_hold():
    done = run_tool(BIN / "pyrefly", "check")
    assert done.returncode == 0, done.stdout


def test_import_layers_would_notice_a_breach(tmp_path):
    """The contract is alive: a low room that imports a high one breaks it."""
    import shutil

    shutil.copytree(PROJECT_ROOT / "src", tmp_path / "src")
    shutil.copy(PROJECT_ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "src/helpers/problems.py").write_text("import helpers.verdict\n")
    done = subprocess.run(
        [BIN / "lint-imports", "--no-cache"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(tmp_path / "src")},
    )
    assert done.returncode != 0
    assert "helpers.problems -> helpers.verdict" in done.stdout


def test_the_drawing_of_the_house_is_that_of_its_imports():
    assert DRAWING.read_text(encoding="utf-8") == draw_house(), "run: python -m tools.write_house"


def test_every_plot_is_drawn_by_a_test_and_so_at_its_extremes():
    called = {
        getattr(node.func, "attr", getattr(node.func, "id", ""))
        for file in (PROJECT_ROOT / "tests").glob("test_*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    }
    assert {plot.__name__ for plot in PLOTS} <= called
