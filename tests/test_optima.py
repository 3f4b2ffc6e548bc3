"""Where starting signs lead: equal to an independent study of the reference's example, and to the room's own default."""

import json

import numpy as np
import pandas as pd
import pytest

from helpers.integration import BlockSPLSDA, optima
from helpers.integration.optima import describe_signs, follow_signs, number_optima, read_tumours, sweep_designs
from tests.parity import find_oracle
from tests.support import require


@pytest.fixture(scope="module")
def small():
    rng = np.random.default_rng(4)
    ids = [f"sub-{i:02d}" for i in range(30)]
    y = pd.Series(["high", "low"] * 15, ids)
    blocks = {name: pd.DataFrame(rng.normal(size=(30, 12)), ids).add_prefix(name) for name in ("gut", "brain", "blood")}
    return blocks, y


def usual(**changes):
    return BlockSPLSDA(2, keep={"gut": [4, 4], "brain": [4, 4], "blood": [4, 4]}, **{**optima.TIGHT, **changes})


def test_largest_criterion_is_where_the_default_start_ends(small):
    """Identity: the default start keeps the best of the same signs."""
    blocks, y = small
    study = follow_signs(blocks, y, model=usual())
    fitted = usual().fit(blocks, y)
    best = study.starts.groupby("component")["criterion"].max()
    assert best.to_numpy() == pytest.approx(fitted.criterion_.to_numpy(), rel=1e-6)
    chosen = study.selected.query("component == 2 and optimum == 1 and block == 'gut'").set_index("feature")["loading"]
    own = fitted.loadings_["gut"]["comp2"]
    pd.testing.assert_series_equal(chosen, own[own != 0], check_names=False, rtol=1e-4)


def test_reference_row_is_where_the_reference_start_ends_on_component_1(small):
    blocks, y = small
    own = follow_signs(blocks, y, model=usual()).starts.query("component == 1 and start == 'reference'")
    fitted = usual(start="reference").fit(blocks, y)
    assert own["criterion"].item() == pytest.approx(fitted.criterion_["comp1"], rel=1e-8)


def test_order_of_blocks_changes_nothing_and_patterns_are_complete(small):
    blocks, y = small
    one = follow_signs(blocks, y, model=usual())
    other = follow_signs(dict(reversed(blocks.items())), y, model=usual())
    pd.testing.assert_frame_equal(one.starts, other.starts)
    assert one.starts.query("component == 1")["start"].to_list() == ["+++", "++−", "+−+", "+−−", "reference"]


def test_first_optimum_shares_all_with_itself(small):
    blocks, y = small
    first = follow_signs(blocks, y, model=usual()).shared.query("optimum == 1")
    assert (first["n_shared"] == first["n_selected"]).all()
    assert (first["n_selected"] == 4).all()


def test_ends_are_numbered_by_criterion():
    """By hand; a difference below a ten-thousandth is a rounding error."""
    assert number_optima(np.array([1.0, 3.0, 2.0, 3.00001])).tolist() == [3, 1, 2, 1]


def test_a_single_block_is_refused(small):
    blocks, y = small
    with pytest.raises(ValueError, match="no relative signs"):
        follow_signs({"gut": blocks["gut"]}, y, model=BlockSPLSDA(1))


@pytest.fixture(scope="module")
def tumours(fetched):
    return read_tumours(fetched("breast_tcga"))


def test_two_optima_of_the_reference_example(tumours):
    """Published with the reference numbers: criteria 2.991 and 2.465; shared 0 of 14, 1 of 18 and 0 of 5 features."""
    blocks, y = tumours
    study = follow_signs(blocks, y, model=BlockSPLSDA(2, keep=optima.TUMOUR_KEEP, **optima.TIGHT))
    second = study.starts.query("component == 2").set_index("start")
    assert sorted(second["criterion"].round(4).unique()) == [2.4650, 2.9906]
    assert second.loc["reference", "criterion"] == pytest.approx(2.464996, abs=1e-6)
    assert (
        second.drop("reference")["optimum"] == 1
    ).sum() == 3  # 6 of 8 with the first block's sign, which is of no account
    shared = study.shared.query("component == 2 and optimum == 2").set_index("block")["n_shared"]
    assert shared.to_dict() == {"mRNA": 0, "miRNA": 1, "protein": 0}
    text = describe_signs(study)
    assert "2 optima" in text and "2.991 (from 3 sign patterns) and 2.465 (from 1 sign pattern)" in text
    assert "not the best (criterion 2.465)" in text
    assert "one optimum, criterion 16.102" in describe_signs(study, component=1)


def test_optima_of_two_designs_are_those_of_the_sign_study(tumours):
    """The sign study beside the reference numbers, an independent derivation."""
    oracle = find_oracle()
    require(oracle, "the reference numbers are not beside the mirror of open data")
    expected = json.loads((oracle / "sign_study.json").read_text())
    blocks, y = tumours
    model = BlockSPLSDA(2, keep=optima.TUMOUR_KEEP, **optima.TIGHT)
    sweep = sweep_designs(blocks, y, model=model, designs=(0.0, 0.5)).query("component == 2").set_index("design")
    for design, key in ((0.0, "2class_design0_sparse"), (0.5, "2class_design0.5_sparse")):
        study = expected[key]
        assert sweep.loc[design, "n_optima"] == study["component2_distinct_fixed_points"]
        assert sweep.loc[design, "criterion"] == pytest.approx(max(study["component2_criteria"]), abs=1e-5)
