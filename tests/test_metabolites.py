"""The metabolite room: one scale, contrasts, sets of metabolites."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from helpers import metabolites


@pytest.fixture
def features():
    return pd.DataFrame(
        {
            "name": ["N-acetylglutamate", "dimethylglycine", None],
            "hmdb": ["HMDB0001138", "HMDB00092", None],
            "super_pathway": "Amino Acid",
            "scale": ["raw", "raw", "log"],
        },
        index=["m1", "m2", "m3"],
    )


@pytest.fixture
def measured():
    return pd.DataFrame(
        {"m1": [0.0, 4.0, 8.0, np.nan, 16.0], "m2": [1.0, 2.0, 4.0, 8.0, 2.0], "m3": [-1.0, 0.5, 2.0, 0.0, np.nan]},
        index=["a", "b", "c", "d", "e"],
    )


# one scale -----------------------------------------------------------------------------------------------------------


def test_raw_is_log2_zero_is_half_the_minimum_blank_stays(measured, features):
    """By hand: 0 becomes 4 / 2 = 2, whose log2 is 1."""
    prepared = metabolites.prepare_metabolites(measured, features)
    np.testing.assert_array_equal(prepared["m1"], [1, 2, 3, np.nan, 4])
    np.testing.assert_array_equal(prepared["m2"], [0, 1, 2, 3, 1])


def test_logged_values_are_never_logged_again(measured, features):
    once = metabolites.prepare_metabolites(measured, features)
    twice = metabolites.prepare_metabolites(once, features.assign(scale="log"))
    pd.testing.assert_frame_equal(once, twice)
    np.testing.assert_array_equal(once["m3"], measured["m3"])


def test_doubling_a_raw_metabolite_adds_one(measured, features):
    before = measured.copy()
    doubled = metabolites.prepare_metabolites(measured.assign(m1=2 * measured["m1"]), features)
    np.testing.assert_allclose(doubled["m1"], metabolites.prepare_metabolites(measured, features)["m1"] + 1)
    pd.testing.assert_frame_equal(measured, before)


def test_metabolites_that_say_nothing_are_dropped_and_counted(measured, features):
    poor = measured.assign(m1=[0.0] * 5, m2=[1.0, 2.0, np.nan, np.nan, np.nan])
    prepared = metabolites.prepare_metabolites(poor, features)
    assert list(prepared.columns) == ["m3"]
    assert metabolites.describe_scale(poor, prepared, features) == (
        "5 people, 3 metabolites: 2 raw (now log2), 1 logged before (left as they were). 20.0 % of the values are blank "
        "and stay so. Dropped, because fewer than three people or a single value were measured: 2."
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scale": ["raw", "ln", None]}, "2 metabolites without a scale of raw or log: m2, m3"),
        ({"scale": ["raw", "raw", "raw"]}, "1 metabolite declared raw with values below 0: m3"),
    ],
)
def test_wrong_scales_are_refused_by_name(measured, features, change, message):
    with pytest.raises(ValueError, match=message):
        metabolites.prepare_metabolites(measured, features.assign(**change))


def test_other_unfit_tables_are_refused(measured, features):
    with pytest.raises(ValueError, match="no column 'scale'"):
        metabolites.prepare_metabolites(measured, features.drop(columns="scale"))
    with pytest.raises(ValueError, match="1 metabolite without a scale of raw or log: m3"):
        metabolites.prepare_metabolites(measured, features.drop(index="m3"))
    with pytest.raises(ValueError, match="Infinite"):
        metabolites.prepare_metabolites(measured.replace(16.0, np.inf), features)
    with pytest.raises(ValueError, match="1 row of the metabolites with an id"):
        metabolites.prepare_metabolites(measured.set_axis(["a", "a", "c", "d", "e"]), features)


# contrasts -----------------------------------------------------------------------------------------------------------


def test_contrast_leaves_blanks_out_and_matches_by_id(measured, features):
    """m1 without d: high (c, e) 3 and 4, low (a, b) 1 and 2: difference 2."""
    prepared = metabolites.prepare_metabolites(measured, features)
    design = pd.DataFrame({"group": [1.0, 1.0, 0.0, 0.0, 0.0]}, index=["e", "c", "d", "b", "a"])
    table = metabolites.compare_metabolites(prepared, features, design)
    assert table.loc["m1", "estimate"] == pytest.approx(2)
    assert (table.loc["m1", "n_high"], table.loc["m1", "n_low"]) == (2, 2)
    assert list(table.columns[-4:]) == ["name", "hmdb", "super_pathway", "scale"]
    assert table["d"].abs().is_monotonic_decreasing
    assert "Of 3 metabolites tested" in metabolites.describe_metabolites(table)


def test_metabolites_are_found_by_either_form_of_the_accession(features):
    found = metabolites.find_metabolites(features, ["HMDB0000092", "HMDB0001138", "HMDB0000001"])
    assert list(found) == ["m2", "m1"]
    assert metabolites.find_metabolites(features.drop(columns="hmdb"), ["HMDB0001138"]).empty


def test_a_metabolite_without_a_name_keeps_its_id(features):
    assert metabolites.name_metabolites(pd.Index(["m3", "m1"]), features).tolist() == ["m3", "N-acetylglutamate"]
