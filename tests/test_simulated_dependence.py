"""Simulated visits and families: the folder is one that the check takes, the truth in it is what was drawn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import yaml

from helpers.contract import inspect_cohort
from helpers.simulate.cohort_folder import build_files
from helpers.simulate.dependence import D_CHANGE, ICC, SIZES
from helpers.simulate.recipe import Recipe


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A cohort of three visits in families, without maps and with few columns, as the check need not read them all."""
    home = tmp_path_factory.mktemp("visits") / "cohort"
    for name, content in build_files(Recipe(n_participants=80, visits=3, families=True)).items():
        if "/maps/" not in name and not name.startswith(("brain/", "microbiome/transcripts")):
            path = home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
    return home


def read(folder, name):
    return pd.read_csv(folder / name, sep="\t", na_values="n/a")


def test_the_check_takes_it_and_knows_visits_and_families(folder):
    cohort, problems = inspect_cohort(folder, blocks=[])
    assert [p for p in problems if p.severity == "error"] == []
    assert {"visits", "clusters"} <= cohort.available() and cohort.visit == "baseline"
    assert list(cohort.attendance) == ["baseline", "month3", "month6"]
    sizes = cohort.participants["family_id"].value_counts()
    assert set(sizes) <= set(SIZES) and len(cohort.participants[["family_id", "study"]].drop_duplicates()) == len(sizes)


def test_the_planted_change_is_there_and_the_rest_is_null(folder):
    """The planted d is 0.6; a difference of 80 people's changes has a standard error of about 0.2 in these units."""
    truth = yaml.safe_load((folder / "truth.yml").read_text(encoding="utf-8"))["course"]
    names = read(folder, "metabolites/features.tsv").set_index("name")
    table = read(folder, "metabolites/metabolites.tsv").set_index(["participant_id", "session_id"])
    scores = read(folder, "phenotype/cd_risc.tsv").query("session_id == 'ses-baseline'").set_index("participant_id")
    high = scores.filter(like="cd_risc_").mean(axis=1) * 25 >= 82
    logs = np.log(table.where(table > 0)) if (names["scale"] == "raw").all() else table
    change = logs.xs("ses-month6", level=1) - logs.xs("ses-baseline", level=1)
    d = (change[high.reindex(change.index)].mean() - change[~high.reindex(change.index)].mean()) / logs.xs(
        "ses-baseline", level=1
    ).std()
    planted = [names.index.get_loc(item["feature"]) for item in truth["change"]]
    assert [item["d"] for item in truth["change"]] == [D_CHANGE] * 2
    assert d.iloc[planted].between(0.1, 1.2).all()
    assert abs(d.drop(d.index[planted]).mean()) < 0.1


def test_members_of_a_family_are_alike_in_their_metabolites(folder):
    table = (
        read(folder, "metabolites/metabolites.tsv")
        .query("session_id == 'ses-baseline'")
        .set_index("participant_id")
        .iloc[:, 1:]
    )
    families = read(folder, "participants.tsv").set_index("participant_id")["family_id"].reindex(table.index)
    logs = np.log(table.where(table > 0)).dropna(axis=1)
    standard = (logs - logs.mean()) / logs.std()
    pairs = [members[:2] for _, members in families.groupby(families).groups.items() if len(members) > 1]
    alike = np.mean([(standard.loc[one] * standard.loc[other]).mean() for one, other in pairs])
    assert ICC - 0.2 < alike < ICC + 0.2


def test_without_the_options_nothing_changes_and_too_many_visits_are_refused():
    assert Recipe().name == "example" and Recipe(visits=2).name.endswith("_visits2")
    with pytest.raises(ValueError, match="1 to 4 times"):
        Recipe(visits=9)
