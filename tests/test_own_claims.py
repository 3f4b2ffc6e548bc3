"""A cohort's own claims: refused before any computing where they cannot be, judged by the rule of the study's claims where they can."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import yaml

from helpers import verdict as v
from helpers.book.landing import read_findings
from helpers.contract import ColumnRule, NumberRule, Settings, inspect_cohort, write_template
from helpers.contract.settings import read_settings
from helpers.pool.sharing import SHARED
from helpers.result_columns import list_columns
from helpers.tables import write_result
from helpers.verdict.claims import STUDY
from tests.support import run_command

REAL = Settings(
    "c", "real", NumberRule("happiness", 5.0), labels={"high": "Happy", "low": "Unhappy"}, claims="my_claims.yml"
)
CLAIM = {
    "id": "M01",
    "label": "Acid",
    "statement": "More of the acid.",
    "direction": "higher",
    "chapter": "05_metabolites",
    "table": "metabolites",
    "feature": "acid",
    "smallest_effect_of_interest": 0.2,
}


def write_claims(folder, *claims):
    path = folder / "my_claims.yml"
    path.write_text(yaml.safe_dump({"claims": list(claims)}, sort_keys=False), encoding="utf-8")
    return path


def write_row(folder, **row):
    table = pd.DataFrame([row], index=pd.Index(["acid"], name="feature"))
    write_result(table, folder, "05_metabolites", "metabolites")


def name_claims(folder, text):
    settings = folder / "cohort.yml"
    settings.write_text(settings.read_text(encoding="utf-8") + text, encoding="utf-8")


def judge(folder, claim, settings=REAL, truth=None):
    ledger = v.load_ledger(write_claims(folder, claim))
    return v.evaluate_claims(ledger.claims, folder, settings=settings, truth=truth).iloc[0]


def test_every_slip_of_a_claims_file_is_told_at_once_before_computing(tmp_path):
    folder = write_template(tmp_path / "mine")
    path = write_claims(
        folder,
        CLAIM | {"direction": "up"},
        CLAIM | {"table": "metabolite"},
        CLAIM | {"id": "M02", "columns": {"estimate": "estimat", "low": "ci_low", "high": "ci_high"}},
        CLAIM | {"id": "M03", "smallest_effect_of_interest": -1, "colour": "red"},
        CLAIM | {"id": "M04", "chapter": "01_cohort", "table": "groups"},
    )
    name_claims(folder, "claims: my_claims.yml\n")
    cohort, problems = inspect_cohort(folder)
    errors = {p.column: p for p in problems if p.file == "my_claims.yml"}
    assert cohort is None
    assert set(errors) == {
        "M01.direction", "M01.id", "M01.table", "M02.columns", "M03.smallest_effect_of_interest", "M03.colour", "M04.table",
    }  # fmt: skip
    assert errors["M01.direction"].expected == "one of higher, lower, rank 1"
    assert errors["M01.table"].fix == "write chapter: 05_metabolites and table: metabolites, if that is meant."
    assert errors["M02.columns"].fix == "write estimate, if that is meant."
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[errors["M02.columns"].line - 1].strip() == "columns:"
    assert lines[errors["M03.colour"].line - 1].strip() == "colour: red"


def test_a_path_or_an_absent_file_is_refused(tmp_path):
    folder = write_template(tmp_path / "mine")
    plain = (folder / "cohort.yml").read_text(encoding="utf-8")
    said = {
        "../my_claims.yml": "'../my_claims.yml'",
        "/etc/claims.yml": "'/etc/claims.yml'",
        "[a]": "\"['a']\"",
        "cohort.yml": "'cohort.yml'",
    }
    for value, found in said.items():
        (folder / "cohort.yml").write_text(f"{plain}claims: {value}\n", encoding="utf-8")
        settings, problems = read_settings(folder)
        assert settings is None
        assert [(p.column, p.found.replace('"', "'")) for p in problems] == [("claims", found.replace('"', "'"))]
    (folder / "cohort.yml").write_text(f"{plain}claims: absent.yml\n", encoding="utf-8")
    assert ("absent.yml", "no such file") in {(p.file, p.found) for p in inspect_cohort(folder)[1]}


def test_the_template_is_a_claims_file_that_can_be_used(tmp_path):
    done = run_command("new", tmp_path / "mine", "--claims")
    assert done.returncode == 0, done.stderr
    assert yaml.safe_load((tmp_path / "mine" / "cohort.yml").read_text(encoding="utf-8"))["claims"] == "my_claims.yml"
    _, problems = inspect_cohort(tmp_path / "mine")
    assert [p for p in problems if p.file in ("my_claims.yml", "cohort.yml")] == []
    ledger = v.load_ledger(v.find_ledger(tmp_path / "mine", REAL))
    assert ledger.is_own and [claim.id for claim in ledger.claims] == ["M01", "M02"]
    assert "claims" not in yaml.safe_load(
        (write_template(tmp_path / "other") / "cohort.yml").read_text(encoding="utf-8")
    )


def test_own_claims_are_judged_whatever_the_groups_differ_in(tmp_path):
    """The rule is that of the study's claims: an interval of d on the expected side supports, about happiness as well."""
    write_row(tmp_path, d=0.6, d_low=0.2, d_high=1.0, n_high=44, n_low=72, df=114.0)
    row = judge(tmp_path, CLAIM)
    assert (row["verdict"], row["measure"], row["estimate"], row["n_high"]) == ("supported", "d", 0.6, 44)
    assert judge(tmp_path, CLAIM | {"direction": "lower"})["verdict"] == "opposed"
    assert judge(tmp_path, CLAIM, replace(REAL, blind=True))["reason"].startswith("The groups of this run are permuted")
    study = v.evaluate_claims(v.load_claims(STUDY)[9:10], tmp_path, settings=REAL).iloc[0]
    assert study["verdict"] == "not testable here" and "differ in happiness" in study["reason"]


def test_other_columns_are_judged_in_their_own_unit(tmp_path):
    """Power: with t.ppf(0.975, 114) = 1.981 standard errors of 0.1 to the edge, an effect of 0.2 is found in 0.508 of cohorts."""
    write_row(
        tmp_path,
        estimate=0.3,
        ci_low=0.102,
        ci_high=0.498,
        t=3.0,
        df=114.0,
        n_high=44,
        n_low=72,
        d=0.1,
        d_low=-0.3,
        d_high=0.5,
    )
    columns = {"estimate": "estimate", "low": "ci_low", "high": "ci_high"}
    row = judge(tmp_path, CLAIM | {"columns": columns})
    assert (row["verdict"], row["size"], row["measure"]) == ("supported", "size open", "estimate")
    assert row["power"] == pytest.approx(0.508, abs=5e-3)
    assert np.isnan(row["d"]) and np.isnan(row["bayes_factor"])
    assert v.tabulate_weights(row.to_frame("M01").T)["bayes"].tolist() == [""]
    assert v.tabulate_verdicts(row.to_frame("M01").T)["found_here"].iloc[0] == "estimate = 0.30 [0.10 to 0.50]"


def test_a_table_without_d_is_judged_by_r(tmp_path):
    """r = 0.3 of 100 people: Fisher's interval 0.110 to 0.469; one-sided p of z = arctanh(0.3) sqrt(97) is 0.00115."""
    write_row(tmp_path, n=100, r=0.3, r_low=0.1101, r_high=0.4688)
    row = judge(tmp_path, CLAIM)
    assert (row["verdict"], row["measure"], row["n"]) == ("supported", "r", 100)
    assert row["p_one_sided"] == pytest.approx(0.00115, rel=0.02)
    assert "85 participants are needed" in v.describe_sample(row.to_frame("M01").T.assign(smallest_effect=0.3))


def test_of_simulated_people_only_what_was_planted_is_said(tmp_path):
    """A cohort's ids are its own: what was planted is found by the feature, never by an id that happens to be the study's."""
    write_row(tmp_path, d=0.6, d_low=0.2, d_high=1.0, n_high=44, n_low=72, df=114.0)
    simulated = replace(REAL, kind="simulated")
    planted = [{"claim": "C13", "feature": "acid", "direction": "higher", "d": 0.5}]
    assert judge(tmp_path, CLAIM, simulated, planted)["verdict"] == "planted effect recovered"
    other = [{"claim": "M01", "feature": "another", "direction": "higher", "d": 0.5}]
    assert judge(tmp_path, CLAIM, simulated, other)["verdict"] == "not testable here"


def test_own_verdicts_are_linked_data_and_can_be_shared(tmp_path):
    write_row(tmp_path, d=0.6, d_low=0.2, d_high=1.0, n_high=44, n_low=72, df=114.0)
    ledger = v.load_ledger(write_claims(tmp_path, CLAIM))
    verdicts = v.evaluate_claims(ledger.claims, tmp_path, settings=REAL)
    content = json.loads(v.write_verdicts(verdicts, ledger, tmp_path, settings=REAL).read_text(encoding="utf-8"))
    assert "isBasedOn" not in content and content["hasPart"][0]["verdict"] == "supported"
    shared = next(one for one in SHARED if one.table == "07_verdict/verdicts")
    assert set(shared.columns) <= set(verdicts.columns) and list(verdicts.columns) == list_columns(shared.table)[1:]
    assert "declares itself" in v.describe_ledger(ledger) and "declares itself" in v.describe_scope(REAL)


def test_a_cohort_without_claims_tells_its_strongest_contrasts(tmp_path):
    rng = np.random.default_rng(1)
    p = rng.uniform(size=20)
    table = pd.DataFrame(
        {"n_high": 30, "n_low": 30, "d": 0.3, "d_low": -0.2, "d_high": 0.8, "p": p}, index=[f"g{i}" for i in range(20)]
    )
    table.loc["g7", ["d", "d_low", "d_high", "p"]] = [1.0, 0.5, 1.5, 1e-4]
    write_result(table.rename_axis("feature"), tmp_path, "04_microbiome", "taxa")
    found = v.list_contrasts(tmp_path)
    assert (len(found), found.iloc[0]["name"], found.iloc[0]["found_in"]) == (20, "g7", "04_microbiome/taxa")
    assert found.iloc[0]["q"] == pytest.approx(20 * 1e-4)
    assert len(v.show_strongest(found)) == 10 and "r" not in v.show_strongest(found)
    labelled = Settings("c", "real", ColumnRule("diagnosis", ("HC",), ("MDD",)))
    verdicts = v.evaluate_claims(v.load_claims(STUDY), tmp_path, settings=labelled)
    write_result(verdicts, tmp_path, "07_verdict", "verdicts")
    write_result(found, tmp_path, "07_verdict", "contrasts")
    assert "No claim is asked of this cohort" in v.describe_scope(labelled)
    assert "The surest: g7, d = 1.00" in v.describe_findings(tmp_path)
    assert "The surest: g7" in read_findings(tmp_path, skipped=(), small_cell=5).contrasts
