"""Predicted metabolites do not stand beside the bacteria they were made of."""

import numpy as np
import pandas as pd
import pytest

from helpers.integration import prepare_blocks
from helpers.simulate import draw_cohort


@pytest.fixture(scope="module")
def drawn():
    drawn = draw_cohort(n_participants=60, effect=0, missing=0, blocks=["tracts", "taxa", "metabolites"])
    groups = pd.DataFrame({"group": np.where(drawn.people.high, "high", "low")}, drawn.people.table.index)
    return drawn.cohort, groups


def test_predicted_metabolites_beside_taxa_are_refused_with_the_reason_and_the_fix(drawn):
    cohort, groups = drawn
    measured = cohort.blocks["metabolites"]
    cohort.blocks["metabolites"] = measured.rename(columns={measured.columns[0]: "Predicted_butyrate"})
    try:
        with pytest.raises(
            ValueError, match=r"1 column of predicted potential .*Predicted_butyrate.*by construction.*names="
        ):
            prepare_blocks(cohort, groups, names=["taxa", "metabolites"])
    finally:
        cohort.blocks["metabolites"] = measured
    assert sorted(prepare_blocks(cohort, groups, names=["taxa", "metabolites"]).blocks) == ["metabolites", "taxa"]
