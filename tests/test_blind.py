"""Blind runs: nothing on disk tells the labels, everything is marked, and the truth is shown only when asked for."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import yaml

from helpers.book.pages import write_landing_note, write_page_note
from helpers.cli import main
from helpers.cohort import assign_groups
from helpers.contract import hash_cohort, load_cohort
from helpers.importers.sources import hash_file
from helpers.plots import style
from helpers.pool import read_site
from helpers.problems import CohortError
from helpers.record.blinding import blind_cohort, list_moved_columns, refuse_blind, write_blind_copy
from helpers.record.verify import read_crate
from helpers.resilience import score_outcome
from helpers.run import blinding, execution
from helpers.tables import PROJECT_ROOT
from helpers.verdict import describe_scope, evaluate_claims, load_claims
from tests.test_record import KERNEL, tiny  # noqa: F401
from tests.test_run import write_notebook

LOOKS_AT_EVERYTHING = """
import numpy as np, pandas as pd
from helpers.cohort import assign_groups
from helpers.contract import load_cohort
from helpers.resilience import score_outcome
from helpers.tables import resolve_path, write_result
cohort = load_cohort(cohort_dir)
groups = assign_groups(cohort, score_outcome(cohort)).rename_axis("participant_id")
write_result(groups, results_dir, "01_first", "groups")
groups.reset_index().to_parquet(resolve_path(results_dir) / "01_first" / "groups.parquet")
groups["group"].value_counts()
"""


class Given:
    """A permutation decided beforehand, in place of chance."""

    def __init__(self, order):
        self.order = order

    def permutation(self, n):
        return self.order


def read_files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def label_by_column(cohort: Path) -> Path:
    """Let the groups come from a column, which a second one repeats and a covariate does not."""
    table = pd.read_csv(cohort / "participants.tsv", sep="\t", dtype=str, keep_default_na=False)
    table["diagnosis"] = np.where(np.arange(len(table)) % 3 == 0, "HC", "MDD")
    table["code"] = table["diagnosis"].map({"HC": "0", "MDD": "1"})
    table.to_csv(cohort / "participants.tsv", sep="\t", index=False)
    settings = yaml.safe_load((cohort / "cohort.yml").read_text())
    settings["outcome"] = {"column": "diagnosis", "high": ["HC"], "low": ["MDD"]}
    (cohort / "cohort.yml").write_text(yaml.safe_dump(settings))
    return cohort


@pytest.mark.parametrize("kind", ["questionnaire", "column"])
def test_the_copy_depends_on_the_outcome_by_its_distribution_alone(tiny, tmp_path, kind):  # noqa: F811
    """Two cohorts whose outcomes are arranged otherwise can give the same copy: so it tells of neither which it was."""
    source = label_by_column(tiny) if kind == "column" else tiny
    first = load_cohort(source)
    n, rng = len(first.participants), np.random.default_rng(3)
    write_blind_copy(first, tmp_path / "a", rng)
    other = tmp_path / "other" / source.name
    shutil.copytree(tmp_path / "a", other)
    (other / ".blind").unlink()
    write_blind_copy(load_cohort(other), tmp_path / "b", Given(np.arange(n)))
    assert read_files(tmp_path / "a") == read_files(tmp_path / "b")
    true, blind = (assign_groups(one, score_outcome(one))["group"] for one in (first, load_cohort(tmp_path / "a")))
    assert sorted(map(str, true)) == sorted(map(str, blind)) and not true.equals(blind)


def test_who_gets_which_label_is_chance(tiny, tmp_path):  # noqa: F811
    cohort = load_cohort(label_by_column(tiny))
    true = cohort.participants["diagnosis"]
    rng, agreements = np.random.default_rng(5), []
    for i in range(20):
        write_blind_copy(cohort, tmp_path / str(i), rng)
        table = pd.read_csv(tmp_path / str(i) / "participants.tsv", sep="\t", index_col=0)
        assert table["code"].equals(table["diagnosis"].map({"HC": 0, "MDD": 1}))
        assert table["age"].equals(pd.read_csv(tiny / "participants.tsv", sep="\t", index_col=0)["age"])
        agreements.append((table["diagnosis"] == true).mean())
    share = (true == "HC").mean()
    expected = share**2 + (1 - share) ** 2
    assert abs(np.mean(agreements) - expected) < 4 * np.std(agreements) / np.sqrt(len(agreements))


def test_columns_that_tell_the_outcome_move_with_it_and_others_stay(tiny):  # noqa: F811
    table = pd.read_csv(tiny / "participants.tsv", sep="\t", dtype={"participant_id": str})
    answers = pd.read_csv(tiny / "phenotype" / "cd_risc.tsv", sep="\t", index_col=0, na_values="n/a")
    table["total_of_another_file"] = table["participant_id"].map(answers.mean(axis=1) * 25).round()
    table["shoe"] = np.arange(len(table)) % 7 + 36
    table.to_csv(tiny / "participants.tsv", sep="\t", index=False, na_rep="n/a")
    assert list_moved_columns(load_cohort(tiny)) == ["total_of_another_file"]
    assert list_moved_columns(load_cohort(label_by_column(tiny))) == ["diagnosis", "code"]


@pytest.mark.parametrize("kind", ["questionnaire", "column"])
def test_nothing_on_disk_of_a_blind_run_tells_the_labels(tiny, tmp_path, monkeypatch, kind):  # noqa: F811
    source, out = label_by_column(tiny) if kind == "column" else tiny, tmp_path / "out"
    write_notebook(tmp_path / "notebooks", "01_first", LOOKS_AT_EVERYTHING)
    monkeypatch.setattr(execution, "run_notebook", KERNEL)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    before = read_files(source)
    cohort = load_cohort(source)
    book = blinding.run_blind(cohort, out, with_book=False, only=["01_first"])
    assert [one.state for one in book.outcomes] == ["run"]
    assert read_files(source) == before
    assert list((tmp_path / "temporary").iterdir()) == []
    assert [path.name for path in out.iterdir()] == ["blind"]
    files = read_files(out)
    assert not [name for name in files if "groups" in name]
    named = [name for name, content in files.items() for one in cohort.participants.index if one.encode() in content]
    assert named == []
    secret = ["phenotype/cd_risc.tsv"] if kind == "questionnaire" else ["participants.tsv"]
    hashes = [hash_cohort(source), *(hash_file(source / name) for name in secret)]
    told = [name for name, content in files.items() for one in hashes if one[:16].encode() in content]
    assert told == []
    crate = read_crate(out / "blind")
    hidden = [
        one["@id"].split("/", 3)[3]
        for one in crate["@graph"]
        if one["@id"].startswith("arcp") and "File" in one["@type"] and "sha256" not in one
    ]
    assert hidden == secret
    assert "no contrast in it is true" in json.dumps(crate)
    assert "(blind run)" in files["blind/pages/01_first.ipynb"].decode()


def test_the_truth_is_shown_only_when_asked_for_and_that_is_noted(tiny, tmp_path, monkeypatch, capsys):  # noqa: F811
    out, words = tmp_path / "out", ["run", tiny, "--output", tmp_path / "out", "--no-book", "--workers", "1"]

    def run(*more: str) -> int:
        with pytest.raises(SystemExit) as done:
            main([*map(str, words), *more])
        return done.value.code

    assert run("--blind", "--unblind") == 2
    assert run("--blind") == 0 and not (out / "results").exists()
    assert run() == 2 and "a blind run, not yet unblinded" in capsys.readouterr().err
    assert not (out / "results").exists()
    assert run("--unblind") == 0
    noted = [one for one in read_crate(out)["@graph"] if one.get("name") == "Unblinding"]
    assert len(noted) == 1 and noted[0]["endTime"] and "its crate: sha256" in noted[0]["description"]
    assert run("-p", "seed=5") == 0
    assert [one["name"] for one in read_crate(out)["@graph"] if one["@id"].startswith("#event-")] == ["Unblinding"]
    words[3] = out / "blind"
    assert run() == 2 and "the folder of a blind run" in capsys.readouterr().err
    with pytest.raises(CohortError, match="a blind run, whose groups are permuted"):
        refuse_blind(out / "blind", "a paper")
    refuse_blind(out, "a paper")
    _, problems = read_site(out / "blind" / "results", "blind")
    assert problems[0].found == "a blind run, whose groups are permuted"


def test_a_blind_cohort_is_marked_on_pages_and_figures_and_tests_no_claim(tiny):  # noqa: F811
    cohort = load_cohort(tiny)
    with blind_cohort(cohort) as hidden:
        settings = load_cohort(hidden.folder, blocks=()).settings
        style.use_style(hidden)
        figure = plt.figure()
        assert [text.get_text() for text in figure.texts] == [style.BLIND_SIMULATED]
        plt.close(figure)
    assert settings.blind and settings.title.endswith("(blind run)") and not hidden.folder.exists()
    style.use_style(cohort)
    claims = load_claims("data/claims/an2024.yml")
    verdicts = evaluate_claims(claims, PROJECT_ROOT / "_build" / "nowhere", settings=settings)
    assert set(verdicts["verdict"]) == {"not testable here"}
    assert "no claim is tested" in describe_scope(settings)
    facts = {"title": "Mine", "kind": "real", "n_participants": 9, "blind": True}
    for note in (write_page_note(facts), write_landing_note(facts, {}, [])):
        assert ":class: warning blind" in note and "the groups are permuted" in note


def test_a_run_that_fails_leaves_no_copy_and_no_name_behind(tiny, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setattr(execution, "run_notebook", KERNEL)
    (tmp_path / "temporary").mkdir()
    write_notebook(tmp_path / "notebooks", "01_first", f"{LOOKS_AT_EVERYTHING}\nraise ValueError(str(groups.head()))")
    cohort = load_cohort(tiny)
    book = blinding.run_blind(cohort, tmp_path / "out", with_book=False, only=["01_first"])
    assert book.failed and list((tmp_path / "temporary").iterdir()) == []
    files = read_files(tmp_path / "out")
    assert not [name for name, content in files.items() for one in cohort.participants.index if one.encode() in content]
