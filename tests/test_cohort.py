"""Groups by the declared rule; the design that every contrast shares."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers.cohort import assign_groups, describe_design, design_matrix
from helpers.contract import ColumnRule, load_cohort
from helpers.resilience import score_outcome
from tests.support import EXAMPLE


@pytest.fixture(scope="module")
def cohort():
    return load_cohort(EXAMPLE, blocks=())


@pytest.fixture(scope="module")
def groups(cohort):
    return assign_groups(cohort, score_outcome(cohort))


def test_example_has_the_groups_of_the_study(groups):
    assert groups["group"].value_counts().to_dict() == {"low": 72, "high": 44}


def test_the_cut_itself_is_high_and_an_unscored_person_is_in_no_group(cohort):
    ids = cohort.participants.index
    scores = pd.Series([82.0, 81.9, np.nan], index=ids[:3])
    groups = assign_groups(cohort, scores)
    assert groups["group"].iloc[:2].tolist() == ["high", "low"]
    assert groups["group"].iloc[2:].isna().all()
    assert groups["reason"].iloc[2] == "cd_risc could not be scored"


def test_a_measure_rule_needs_scores(cohort):
    with pytest.raises(ValueError, match="needs the scores of cd_risc"):
        assign_groups(cohort)


def test_labels_beyond_the_rule_are_counted_with_a_reason(cohort):
    rule = ColumnRule("study", ("A",), ("nobody",))
    other = replace(cohort, settings=replace(cohort.settings, outcome=rule))
    groups = assign_groups(other)
    in_a = cohort.participants["study"] == "A"
    assert (groups["group"] == "high").sum() == in_a.sum()
    assert set(groups.loc[~in_a, "reason"]) == {"study is B"}


def test_design_codes_covariates_and_batch(cohort, groups):
    design = design_matrix(cohort, groups)
    missing_bmi = cohort.participants["bmi"].isna().sum()
    assert len(design) == 116 - missing_bmi
    assert list(design.columns) == ["group", "age", "sex: M", "bmi", "study: B"]
    assert design["age"].mean() == pytest.approx(0, abs=1e-9)
    assert set(design["sex: M"]) == {0.0, 1.0}
    assert "all but fewer than 5 of 116 people" in describe_design(cohort, groups, design)


def test_a_batch_of_numbers_is_coded_as_labels(cohort, groups):
    """Studies called 1, 2 and 3 are three studies, not an amount of study."""
    numbered = cohort.participants.assign(study=np.arange(len(cohort.participants)) % 3 + 1)
    design = design_matrix(replace(cohort, participants=numbered), groups)
    coded = design.filter(like="study")
    assert coded.shape[1] == 2 and set(np.unique(coded)) == {0.0, 1.0}


def test_design_without_covariates_keeps_everyone(cohort, groups):
    assert design_matrix(cohort, groups, covariates=[]).shape == (116, 2)


def test_a_covariate_that_leaves_too_few_is_refused(cohort, groups):
    people = cohort.participants.assign(age=np.nan)
    with pytest.raises(ValueError, match="too few to compare"):
        design_matrix(replace(cohort, participants=people), groups)
