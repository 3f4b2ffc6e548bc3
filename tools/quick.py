"""Try what an edit can have broken, within a minute: ``make quick``.

Style and layers first; then the doctests of the files changed since the last commit (or of that commit, when nothing is), the tests
changed, and those that name what the changed files define, the most concerned first. A minute is short: what was not reached is
counted, and ``make test`` runs everything.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpers.problems import count
from helpers.tables import PROJECT_ROOT

SECONDS = 50  # to start the last test in
ANYWHERE = {"main"}  # names that say nothing of what a file is about
FURTHER = {"notebooks": "test_notebooks.py", "data/schema": "test_contract.py", "book": "test_landing.py"}  # by folder


class Minute:
    """Ends a run of tests when the minute is over, and counts what was not reached."""

    def __init__(self, end: float) -> None:
        self.end, self.n_chosen, self.n_done = end, 0, 0

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Count what was chosen."""
        self.n_chosen = len(session.items)

    def pytest_runtest_logfinish(self) -> None:
        """Count what was done."""
        self.n_done += 1

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> bool | None:
        """Stop before a test for which there is no time."""
        if time.monotonic() < self.end:
            return None
        item.session.shouldstop = "The minute is over"
        return True


def find_changed(root: Path = PROJECT_ROOT) -> list[str]:
    """Return the files changed since the last commit; without any, those of the last commit."""
    changed = [line[3:].split(" -> ")[-1] for line in _git(root, "status", "--porcelain", "--untracked-files=all")]
    names = changed or _git(root, "show", "--name-only", "--format=", "HEAD")
    return sorted(name for name in names if (root / name).is_file())


def find_tests(changed: list[str], root: Path = PROJECT_ROOT) -> list[str]:
    """Return the files whose tests are concerned, the most concerned first.

    Changed files of the helpers (their doctests) and of the tests come before tests that name what a changed file defines, or the
    file itself.
    """
    own = [name for name in changed if re.fullmatch(r"src/helpers/.*\.py|tests/test_\w+\.py", name)]
    words = {word for name in changed if name.endswith(".py") for word in _list_words(root / name)} - ANYWHERE
    folders = {f"tests/{test}" for folder, test in FURTHER.items() for name in changed if name.startswith(f"{folder}/")}
    named = {}
    for path in sorted((root / "tests").glob("test_*.py")):
        found = words & set(re.findall(r"\w+", path.read_text(encoding="utf-8")))
        name = path.relative_to(root).as_posix()
        if name not in own and (found or name in folders):
            named[name] = len(found)
    return [*own, *sorted(named, key=lambda name: (-named[name], name))]


def _list_words(path: Path) -> list[str]:
    """Return the public names that a file defines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.ClassDef)
    return [node.name for node in tree.body if isinstance(node, kinds) and not node.name.startswith(("_", "test_"))]


def _git(root: Path, *words: str) -> list[str]:
    return subprocess.run(["git", *words], capture_output=True, text=True, check=True, cwd=root).stdout.splitlines()


def main() -> int:
    """Check style and layers, then run the tests concerned until the minute is over."""
    end = time.monotonic() + SECONDS
    changed = find_changed()
    sources = [name for name in changed if name.endswith(".py")]
    tools = [["ruff", "check", *sources], ["ruff", "format", "--check", *sources], ["lint-imports", "--no-cache"]]
    for command in tools if sources else []:
        done = subprocess.run([Path(sys.executable).parent / command[0], *command[1:]], capture_output=True, text=True)
        if done.returncode:
            print(done.stdout + done.stderr)
            return 1
    chosen = find_tests(changed)
    if not chosen:
        print(f"No test names what {count(len(changed), 'changed file')} define: make test runs all.")
        return 0
    minute = Minute(end)
    status = pytest.main(["-q", "-x", "-m", "not book and not browser", "--durations=3", *chosen], plugins=[minute])
    left = minute.n_chosen - minute.n_done
    print(
        f"{count(minute.n_done, 'test')} of {count(len(chosen), 'file')} concerned"
        + f"; {left} not reached." * bool(left)
    )
    return 0 if status == pytest.ExitCode.NO_TESTS_COLLECTED else int(status)


if __name__ == "__main__":
    sys.exit(main())
