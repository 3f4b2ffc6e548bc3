"""What several test files share: the example cohort, the command as a user runs it, what to do where a tool is missing."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from helpers.tables import PROJECT_ROOT

EXAMPLE = PROJECT_ROOT / "data" / "example"
QUICK_COHORT = PROJECT_ROOT / "_build" / "quick" / "cohort"  # the thin example, where all workers find it
QUICK = {  # where how many permutations, draws and folds there are is not the point
    "02_resilience.n_bootstraps": 20,
    "03_brain.n_permutations": 99,
    "03_brain.n_permutations_nbs": 99,
    "03_structure.n_permutations_maps": 19,
    "03_brain.n_permutations_real": 5,
    "04_microbiome.n_permutations": 99,
    "04_microbiome.n_rarefactions": 2,
    "04_microbiome.n_rarefactions_between": 1,
    "05_metabolites.n_folds": 5,
    "05_metabolites.n_shuffles": 4,
    "06_integration.n_permutations": 9,
    "06_integration.n_permutations_score": 4,
    "06_integration.n_repeats": 2,
    "06_integration.n_repeats_shuffled": 2,
    "lab_leakage.n_noise": 1,
    "lab_leakage.n_twins": 1,
    "lab_leakage.n_features": 50,
    "lab_multiverse.n_permutations": 9,
    "lab_prediction.n_shuffles": 1,
    "lab_prediction.n_deals": 1,
}

OF_OTHER_COHORTS = {
    "01_cohort/table1_score",
    "06_integration/score",
    "07_verdict/contrasts",
}  # tables of those without a cut or claims

FEW = [word for name, value in QUICK.items() for word in ("-p", f"{name}={value}")]  # as the command takes them


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
