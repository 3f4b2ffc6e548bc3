"""A cohort per student: reproducible, whole, blind, and a roster whose mistakes are named."""

import re

import pandas as pd
import pytest
import yaml

from helpers.classroom.cohorts import draw_seeds, list_switches, make_class
from helpers.classroom.roster import Student, read_roster
from helpers.contract import inspect_cohort
from helpers.problems import CohortError
from helpers.simulate import simulate_cohort
from tests.support import EXAMPLE, run_command

STUDENTS = (Student("s1", "Anna Doe"), Student("s2", "Ben, Roe"))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_class(tmp_path_factory.mktemp("class") / "autumn", STUDENTS, seed=7, chapters=["04_microbiome"])


def read_key(made, student):
    return yaml.safe_load((made / "key" / f"{student}.yml").read_text())


def list_contents(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_each_student_has_a_cohort_that_the_check_passes(made):
    for student in STUDENTS:
        cohort, problems = inspect_cohort(made / "students" / student.id)
        assert cohort is not None and not problems
        assert cohort.is_simulated
        assert "--chapter 04_microbiome" in (cohort.folder / "README.md").read_text()


def test_nothing_in_a_students_folder_tells_the_truth_or_a_name(made):
    for student in STUDENTS:
        seed = str(read_key(made, student.id)["seed"])
        folder = made / "students" / student.id
        assert not (folder / "truth.yml").exists()
        texts = {path.name: path.read_text() for path in folder.rglob("*") if path.suffix in (".yml", ".md", ".json")}
        assert set(texts) == {"cohort.yml", "participants.json", "README.md"}
        for text in texts.values():
            assert seed not in text
            assert not re.search(r"C\d\d|\bd =|Anna Doe|Roe", text)
    assert pd.read_csv(made / "key" / "roster.tsv", sep="\t").name.tolist() == ["Anna Doe", "Ben, Roe"]


def test_some_claims_are_planted_and_some_not_and_not_alike_for_everybody(made):
    keys = [{claim: one["planted"] for claim, one in read_key(made, s.id)["claims"].items()} for s in STUDENTS]
    assert len(keys[0]) == 15
    assert all({True, False} == set(key.values()) for key in keys)
    assert keys[0] != keys[1]


def test_what_was_left_out_is_that_of_the_null_twin_and_the_rest_as_simulated(made, tmp_path):
    """Column by column against both twins, simulated anew from the key."""
    key = read_key(made, "s1")
    twins = {
        effect: simulate_cohort(tmp_path / f"effect{effect}", seed=key["seed"], effect=effect) for effect in (0, 1)
    }
    metabolites = {"N-acetylglutamate": "metabolite_001", "dimethylglycine": "metabolite_002"}
    for switch in list_switches(metabolites):
        effect = int(key["claims"][switch.claims[0]]["planted"])
        assert {key["claims"][claim]["planted"] for claim in switch.claims} == {bool(effect)}
        for name in (file for file in switch.files if not file.endswith("/")):
            own, twin = (
                pd.read_csv(place / name, sep="\t", dtype=str) for place in (made / "students" / "s1", twins[effect])
            )
            columns = list(switch.columns or own.columns)
            pd.testing.assert_frame_equal(own[columns], twin[columns])
            assert not own[columns].equals(pd.read_csv(twins[1 - effect] / name, sep="\t", dtype=str)[columns])


def test_the_switches_carry_every_planted_claim():
    truth = yaml.safe_load((EXAMPLE / "truth.yml").read_text())
    switches = list_switches({"N-acetylglutamate": "a", "dimethylglycine": "b"})
    assert sorted(claim for one in switches for claim in one.claims) == sorted(one["claim"] for one in truth["planted"])


def test_same_seed_same_bytes_whoever_else_is_in_the_class(made, tmp_path):
    again = make_class(tmp_path / "again", STUDENTS[1:], seed=7, chapters=["04_microbiome"])
    assert list_contents(again / "students" / "s2") == list_contents(made / "students" / "s2")
    assert draw_seeds("s2", 7)[0] != draw_seeds("s2", 8)[0]


def test_a_folder_that_exists_is_left_as_it_is(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    with pytest.raises(CohortError, match="nothing was written"):
        make_class(tmp_path / "mine", STUDENTS, seed=7)
    assert (tmp_path / "mine" / "notes.txt").read_text() == "keep"


def test_a_roster_is_read_as_spreadsheets_write_it(tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text('\ufeffName,ID\r\n"Doe, Anna",s1\r\n\r\nBen Roe,s2\r\n', encoding="utf-8")
    assert read_roster(path) == (Student("s1", "Doe, Anna"), Student("s2", "Ben Roe"))


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("", ["id", "name"]),
        ("id,surname\n1,A\n", ["name"]),
        ("id,name\n", [None]),
        ("id,name\ns1,Doe, Anna\n", [None]),
        ("id,name\ns1,Anna\ns1,Ben\n", ["id"]),
        ("id,name\ns1,Anna\ns2,anna\n", ["name"]),
        ("id,name\n../x,Anna\n,Ben\ns3,\n", ["id", "id", "name"]),
    ],
)
def test_mistakes_of_a_roster_are_named_all_at_once(tmp_path, text, columns):
    path = tmp_path / "roster.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CohortError) as refused:
        read_roster(path)
    assert [problem.column for problem in refused.value.problems] == columns


def test_command_refuses_without_traceback(tmp_path):
    done = run_command("class", "new", tmp_path / "c", "--students", tmp_path / "none.csv", "--seed", "1")
    assert done.returncode == 2 and "none.csv" in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "c").exists()
