"""Visits and clusters in the contract: one row per participant for the chapters, all visits for the last, and every rule damaged."""

import shutil

import numpy as np
import pandas as pd
import pytest

from helpers.contract import inspect_cohort, load_cohort, load_visits, read_schema
from helpers.problems import CohortError, write_report
from helpers.run import CHAPTERS
from tests.test_contract_corruptions import Case, W, both
from tests.visit_cohorts import write_cohort

BLOOD, PEOPLE, SETTINGS, SESSIONS = "blocks/cytokines.tsv", "participants.tsv", "cohort.yml", "sessions.tsv"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return write_cohort(tmp_path_factory.mktemp("visits") / "cohort", families=True)


@pytest.fixture
def folder(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "cohort")


def edit(file, change):
    def damage(folder):
        table = pd.read_csv(folder / file, sep="\t", dtype=str, keep_default_na=False)
        change(table).to_csv(folder / file, sep="\t", index=False)

    return damage


def cell(file, row, column, value):
    def change(table):
        table.loc[row, column] = value
        return table

    return edit(file, change)


def setting(old, new):
    def damage(folder):
        text = (folder / SETTINGS).read_text()
        assert old in text
        (folder / SETTINGS).write_text(text.replace(old, new))

    return damage


def repeat_row(table):
    return pd.concat([table, table.iloc[[3]]])


def drop_visits(folder):
    """Take the visits out of every table, and their list away."""
    for path in [folder / SESSIONS, *folder.glob("*/*.tsv")]:
        table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
        if "session_id" in table:
            table[table["session_id"] == "ses-baseline"].drop(columns="session_id").to_csv(path, sep="\t", index=False)
    (folder / SESSIONS).unlink()


def few(table):
    return table.assign(family_id=[f"f{i // 10}" for i in range(len(table))])


NOBODY, NONE, TWICE = "visit that nobody has", "no visit declared", "participant twice at a visit"
BLANK, SPELLED, TIME = "row without a visit", "spellings of a visit", "time of a visit"
ONE, TORN, FEW = "cluster of one", "cluster in several batches", "few clusters"
CASES = [
    Case(NOBODY, setting("visit: baseline", "visit: basline"), SETTINGS, None, "visit", "'basline', which nobody has", "visit: baseline"),
    Case(NONE, setting("visit: baseline\n", ""), SETTINGS, None, "visit", "3 visits in the tables (baseline, month3, month6)", "`visit: baseline`"),
    Case("visit without a table", drop_visits, SETTINGS, None, "visit", "visit 'baseline'", "add a column session_id"),
    Case(TWICE, edit(BLOOD, repeat_row), BLOOD, None, "session_id", "'sub-004' a second time at visit baseline", "one row per participant and visit"),
    Case(BLANK, cell(BLOOD, 4, "session_id", "n/a"), BLOOD, 6, "session_id", "no visit in 1 row", "such as baseline"),
    Case(BLANK, cell(BLOOD, 70, "session_id", "month 3"), BLOOD, 72, "session_id", "'month 3' as a visit", "without blanks", also=("blocks/cytokines.tsv",)),
    Case(SPELLED, cell(BLOOD, 4, "session_id", "Baseline"), BLOOD, 6, "session_id", "one visit in 2 spellings", "write baseline throughout"),
    Case(TIME, cell(SESSIONS, 2, "time", "later"), SESSIONS, 4, "time", "'later' (1 cell", "as a number"),
    Case(TIME, cell(SESSIONS, 2, "participant_id", "sub-999"), SESSIONS, 4, "participant_id", "'sub-999'", "or remove the row"),
    Case(TIME, edit(SESSIONS, lambda t: t.drop(columns="session_id")), SESSIONS, 1, "session_id", "no column session_id", "holds the visits"),
    Case("table without the visit", edit(BLOOD, lambda t: t[t["session_id"] != "ses-baseline"]), BLOOD, None, "session_id", "no row of visit baseline", "Change over visits", W),
    Case(ONE, edit(PEOPLE, lambda t: t.assign(family_id=t["participant_id"])), SETTINGS, None, "cluster", "every cluster is one person", "take the line out"),
    Case(ONE, edit(PEOPLE, lambda t: t.assign(family_id="f1")), SETTINGS, None, "cluster", "everybody is in one cluster", "another column"),
    Case(ONE, setting("cluster: family_id", "cluster: famly_id"), SETTINGS, None, "cluster", "cluster names 'famly_id'", "write family_id"),
    Case(ONE, setting("cluster: family_id", "cluster: age"), SETTINGS, 8, "cluster", "'age', which is a covariate too", "one of the two"),
    Case(ONE, setting("cluster: family_id", "cluster: [family_id]"), SETTINGS, 8, "cluster", "['family_id']", "name the column"),
    Case(TORN, both(edit(PEOPLE, lambda t: t.assign(site=["a", "a", "a", "b", "b", "b"] * 10)), setting("small_cell", "batch: site\nsmall_cell")), PEOPLE, None, "family_id", "10 clusters in several batches", "stay within their batch"),
    Case(FEW, edit(PEOPLE, few), SETTINGS, None, "cluster", "6 clusters", "few arrangements", W),
    Case(FEW, cell(PEOPLE, 4, "family_id", "n/a"), PEOPLE, None, "family_id", "no family_id for 1 participant", "stand alone", W),
    Case("settings", setting("visit: baseline", "visit: [1, 2]"), SETTINGS, 7, "visit", "[1, 2]", "visit: baseline"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[f"{i}-{case.check}" for i, case in enumerate(CASES)])
def test_damage_is_named_with_its_place_and_fix(folder, case):
    case.damage(folder)
    cohort, problems = inspect_cohort(folder)
    said = write_report(problems)
    place = [p for p in problems if (p.file, p.column, p.severity) == (case.file, case.column, case.severity)]
    hits = [p for p in place if case.found in p.found and case.fix in p.fix and case.line in (None, p.line)]
    assert hits, f"expected {case}\n{said}"
    assert not [p for p in problems if p.severity == "error" and p not in hits and p.file not in case.also], said
    assert (cohort is None) == (case.severity == "error"), said


def test_every_check_of_visits_and_clusters_has_a_corruption():
    listed = {(entry["check"], entry["severity"]) for entry in read_schema()["checks"]["visits and clusters"]}
    assert listed <= {(case.check, case.severity) for case in CASES}


def test_chapters_see_one_row_per_participant_and_the_last_sees_all_visits(whole):
    cohort, problems = inspect_cohort(whole)
    assert [p for p in problems if p.severity == "error"] == [] and {"visits", "clusters"} <= cohort.available()
    assert cohort.visit == "baseline" and list(cohort.attendance) == ["baseline", "month3", "month6"]
    for table in (*cohort.blocks.values(), *cohort.phenotype.values(), cohort.further["cytokines"].table):
        assert table.index.is_unique and len(table) == 60
    raw = pd.read_csv(whole / BLOOD, sep="\t").query("session_id == 'ses-month3'").set_index("participant_id")
    third = load_visits(whole)["month3"]
    pd.testing.assert_series_equal(third.further["cytokines"].table["il_0"], raw["il_0"], check_names=False)
    assert len(raw) == cohort.attendance["month3"].sum() < 60
    assert next(c for c in CHAPTERS if c.id == "08_visits").reason_to_skip(cohort.available()) is None


def test_another_visit_declared_is_the_one_read(folder):
    setting("visit: baseline", "visit: ses-month6")(folder)
    cohort = load_cohort(folder)
    raw = pd.read_csv(folder / BLOOD, sep="\t").query("session_id == 'ses-month6'").set_index("participant_id")
    assert cohort.visit == "month6"
    assert np.allclose(cohort.further["cytokines"].table["il_1"], raw["il_1"])


def test_an_error_of_a_later_visit_is_found_by_the_check_in_its_line(folder):
    cell(BLOOD, 100, "il_2", "high")(folder)
    cell("phenotype/brs.tsv", 130, "mean", "9")(folder)
    with pytest.raises(CohortError) as error:
        load_cohort(folder)
    assert {(p.file, p.line) for p in error.value.problems if p.severity == "error"} == {
        (BLOOD, 102),
        ("phenotype/brs.tsv", 132),
    }


def test_one_visit_is_no_visit_and_makes_no_chapter(tmp_path):
    cohort = load_cohort(write_cohort(tmp_path, visits=("only",)))
    assert cohort.attendance.empty and cohort.clusters is None and "visits" not in cohort.available()
    reason = next(c for c in CHAPTERS if c.id == "08_visits").reason_to_skip(cohort.available())
    assert reason == "this cohort has no second visit (a column session_id in its tables)"


def test_files_of_one_person_are_told_apart_by_the_visit_in_their_name(folder):
    nodes = ["n1", "n2", "n3", "n4"]
    (folder / "brain/connectivity.tsv").unlink()
    (folder / "brain/connectivity").mkdir()
    rng = np.random.default_rng(1)
    for visit in ("baseline", "month3"):
        for person in pd.read_csv(folder / PEOPLE, sep="\t")["participant_id"]:
            half = np.triu(np.tanh(rng.normal(0, 0.3, (4, 4))), 1)
            matrix = pd.DataFrame(half + half.T + np.eye(4), nodes, nodes).rename_axis("node")
            matrix.to_csv(folder / f"brain/connectivity/{person}_ses-{visit}.tsv", sep="\t")
    read = load_visits(folder)
    first = pd.read_csv(folder / "brain/connectivity/sub-005_ses-month3.tsv", sep="\t", index_col=0)
    assert read["month3"].blocks["connectivity"].loc["sub-005", "n1--n3"] == pytest.approx(first.loc["n1", "n3"])
    assert "connectivity" in read["baseline"].blocks and "connectivity" not in read["month6"].blocks
