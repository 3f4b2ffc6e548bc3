"""An outcome without a cut: no groups, slopes and r in their place, and every notebook that says so runs on what the helpers give."""

from __future__ import annotations

import ast

import jupytext
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from helpers import verdict as v
from helpers.cohort import assign_groups, describe_design, design_matrix, design_of_scores
from helpers.contract import MeasureRule, NumberRule, Settings, load_cohort
from helpers.contrasts import SLOPES, describe_contrasts, fit_contrasts
from helpers.plots.slopes import plot_score, plot_slopes
from helpers.pool.sharing import share_results
from helpers.problems import CohortError
from helpers.resilience import score_outcome
from helpers.run.chapters import CHAPTERS, CONTINUOUS
from helpers.run.execution import NOTEBOOKS_DIR, find_notebook, read_parameters
from helpers.table1 import describe_scored, summarise_scored
from helpers.tables import write_result
from helpers.verdict.claims import STUDY
from tools.write_pairs import write_pair

THIN = [chapter for chapter in CHAPTERS if chapter.continuous]


@pytest.fixture
def cohort(example_copy):
    settings = example_copy / "cohort.yml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("high_at_least: 82", "continuous: true"), encoding="utf-8")
    return load_cohort(example_copy, blocks=["metabolites"])


def test_the_slope_of_a_score_is_least_squares_and_r_is_partial():
    """Against statsmodels: slope by OLS, r by residuals of both; two groups still give d."""
    rng = np.random.default_rng(3)
    ids = [f"s{i}" for i in range(60)]
    design = pd.DataFrame({"group": rng.normal(size=60), "age": rng.normal(size=60)}, ids)
    features = pd.DataFrame({"x": 0.5 * design["group"] + design["age"] + rng.normal(size=60)}, ids)
    row = fit_contrasts(features, design).loc["x"]
    fitted = sm.OLS(features["x"], sm.add_constant(design)).fit()
    assert list(row.index) == SLOPES and row["n"] == 60
    assert row["slope"] == pytest.approx(fitted.params["group"])
    nuisance = sm.add_constant(design[["age"]])
    left = [sm.OLS(column, nuisance).fit().resid for column in (features["x"], design["group"])]
    assert row["r"] == pytest.approx(stats.pearsonr(*left)[0])
    half = 1.959964 / np.sqrt(60 - 1 - 3)
    assert row["r_low"] == pytest.approx(np.tanh(np.arctanh(row["r"]) - half), abs=1e-6)
    split = fit_contrasts(features, design.assign(group=(design["group"] > 0).astype(float)))
    assert "d" in split and "r" not in split


def test_nobody_is_in_a_group_and_everybody_with_a_score_is_in_the_design(cohort):
    groups = assign_groups(cohort, score_outcome(cohort))
    design = design_matrix(cohort, groups)
    assert groups["group"].isna().all() and groups["score"].notna().sum() > 100
    assert design["group"].std() == pytest.approx(1.0) and len(design) > 80
    assert "group" not in design_of_scores(cohort, groups)
    assert describe_design(cohort, groups, design).startswith("Slopes rest on ")
    assert {CONTINUOUS, "outcome_score"} <= cohort.available() and "groups" not in cohort.available()
    described = summarise_scored(cohort, groups)
    ages = pd.DataFrame({"age": cohort.participants["age"], "score": groups["score"]}).dropna()
    assert described.loc["Age (years)", "r"] == pytest.approx(ages["age"].corr(ages["score"]))
    assert "No cut is made" in describe_scored(cohort, groups)


def test_slopes_and_score_are_drawn():
    rng = np.random.default_rng(2)
    table = pd.DataFrame({"n": 90, "r": rng.uniform(-0.3, 0.3, 30), "q": 0.5}, index=[f"g{i}" for i in range(30)])
    table = table.assign(r_low=table["r"] - 0.2, r_high=table["r"] + 0.2)
    ax = plot_slopes(table, score="happiness", what="Genera")
    assert len(ax.get_yticklabels()) == 25 and "r with happiness" in ax.get_xlabel()
    assert plot_score(pd.Series(rng.normal(size=90)), name="happiness").get_xlabel() == "happiness"


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ("continuous: true\n  high_at_least: 82", "continuous and high_at_least"),
        ("continuous: yes please", "'yes please'"),
        ("continuous: true\n  terciles: true", "terciles and continuous"),
    ],
)
def test_no_cut_beside_a_cut(tmp_path, rule, found):
    from helpers.contract.settings import read_settings

    (tmp_path / "cohort.yml").write_text(
        f"name: c\nkind: real\noutcome:\n  measure: brs\n  score: mean\n  {rule}\n", encoding="utf-8"
    )
    settings, problems = read_settings(tmp_path)
    assert settings is None and [p.found for p in problems] == [found]


def test_claims_of_the_study_are_judged_by_r(tmp_path):
    """A smallest effect of d = 0.2 is r = 0.1 for two equal groups (Cohen 1988): 0.2 / sqrt(0.04 + 4)."""
    settings = Settings("c", "real", MeasureRule("brs", "mean", continuous=True))
    table = pd.DataFrame(
        {"n": [100], "r": [-0.4], "r_low": [-0.55], "r_high": [-0.22], "p": [1e-4]}, index=["hads.depression"]
    )
    write_result(table.rename_axis("feature"), tmp_path, "02_resilience", "symptoms")
    row = v.evaluate_claims(v.load_claims(STUDY), tmp_path, settings=settings).loc["C01"]
    assert (row["verdict"], row["size"], row["measure"]) == ("supported", "of a size of interest", "r")
    assert row["smallest_effect"] == pytest.approx(0.2 / np.sqrt(0.2**2 + 4))
    assert "r = −0.40" in describe_contrasts(table.assign(q=1e-4), noun="scores").replace("-", "−")


def test_an_outcome_without_a_cut_is_not_pooled(tmp_path):
    import json

    site = dict.fromkeys(("name", "title", "cohort_sha256", "program", "revision"), "x")
    site |= {
        "format": 1,
        "kind": "real",
        "outcome": {"form": "number", "continuous": True},
        "labels": {"high": "a", "low": "b"},
    }
    site |= {"scale": {}, "packages": {}, "small_cell": 5, "covariates": [], "is_batched": False}
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "site.json").write_text(json.dumps(site), encoding="utf-8")
    with pytest.raises(CohortError, match="without a cut"):
        share_results(tmp_path / "results", tmp_path / "shared", ids=[])
    assert "no cut" in str(NumberRule("happiness", continuous=True))


@pytest.mark.parametrize("chapter", THIN, ids=[chapter.id for chapter in THIN])
def test_a_notebook_without_groups_is_thin_and_takes_no_other_parameter(chapter, tmp_path):
    source = find_notebook(chapter, {CONTINUOUS})
    assert source.parent.name == CONTINUOUS and find_notebook(chapter, {"groups"}).parent == NOTEBOOKS_DIR
    usual = read_parameters(NOTEBOOKS_DIR / f"{chapter.id}.md")
    assert {name: usual.get(name) for name in read_parameters(source)} == read_parameters(source)
    fresh = tmp_path / source.name
    fresh.write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    assert source.with_suffix(".ipynb").read_text(encoding="utf-8") == write_pair(fresh).read_text(encoding="utf-8"), (
        "run: make pairs"
    )
    code = [cell.source for cell in jupytext.read(source).cells if cell.cell_type == "code"]
    nodes = [node for text in code for node in ast.walk(ast.parse(text))]
    assert not any(isinstance(node, ast.FunctionDef | ast.Lambda | ast.For | ast.While) for node in nodes)
