"""A cohort of one's own with little in it: what can be done is done, the rest says why not."""

import shutil

import pandas as pd
import pytest

from helpers.contract import write_template
from tests.support import EXAMPLE, FEW, run_command


@pytest.fixture
def questionnaire_only(tmp_path):
    """The template of `resilience-book new`, filled with people and answers and nothing else."""
    folder = write_template(tmp_path / "mine")
    for file in ("participants.tsv", "phenotype/cd_risc.tsv"):
        shutil.copy(EXAMPLE / file, folder / file)
    return folder


@pytest.mark.book
def test_questionnaire_alone_makes_a_book(questionnaire_only, tmp_path):
    done = run_command("run", questionnaire_only, "--output", tmp_path / "out", *FEW)
    assert done.returncode == 0, done.stderr
    for line in ("02_resilience: run", "03_brain: skipped (this cohort has no connectivity", "07_verdict: run"):
        assert line in done.stdout
    page = (tmp_path / "out/html/notebooks/02_resilience.html").read_text()
    assert "Left out here: this cohort has no questionnaire beside the one that makes the groups" in page
    assert "Skipped for this cohort" in (tmp_path / "out/html/notebooks/03_brain.html").read_text()
    assert "Simulated data" not in page
    verdicts = pd.read_csv(tmp_path / "out/results/07_verdict/verdicts.tsv", sep="\t", index_col=0)
    assert set(verdicts["verdict"]) == {"not testable here"}
