"""What several test files share: the example cohort, the command as a user runs it, what to do where a tool is missing."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from helpers.tables import PROJECT_ROOT

EXAMPLE = PROJECT_ROOT / "data" / "example"
QUICK = {  # of the two chapters with most shuffles, where how many there are is not the point
    "03_brain.n_permutations": 99,
    "03_brain.n_permutations_nbs": 99,
    "03_brain.n_permutations_maps": 19,
    "03_brain.n_permutations_real": 5,
    "06_integration.n_permutations": 9,
    "06_integration.n_permutations_score": 4,
    "06_integration.n_repeats": 2,
    "06_integration.n_repeats_shuffled": 2,
}


def require(tool: object, reason: str) -> None:
    """Skip with the reason where a tool is missing; on CI that is a failure."""
    if tool:
        return
    if os.environ.get("CI", "").lower() in ("true", "1"):
        pytest.fail(f"On CI this may not be missing: {reason}")
    pytest.skip(reason)


def run_command(*arguments: object, **options) -> subprocess.CompletedProcess[str]:
    """Run ``resilience-book`` as a user would."""
    command = [sys.executable, "-m", "helpers.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=options.pop("cwd", PROJECT_ROOT), **options)
