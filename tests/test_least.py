"""The fewest participants a method needs: the list, its reasons and the sections that keep to it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from helpers.contract.design import MIN_GROUP
from helpers.contrasts import fit_contrasts
from helpers.integration import describe_calibration
from helpers.least import find_shortage, read_least, refuse_few
from helpers.plots.integration import plot_reliability
from helpers.problems import TooLittle
from helpers.resilience import check_invariance_by, fit_structures, summarise_reliability
from tests.test_integration import make_model, make_people, validate


def test_every_entry_has_a_number_a_reason_and_a_source():
    for least in read_least().values():
        assert (least.per_group > 0) != (least.in_all > 0)
        assert least.doi.startswith("10.") and len(least.why) > 40


@pytest.mark.parametrize("method", list(read_least()))
def test_the_least_number_is_enough_and_one_fewer_is_not(method):
    least = read_least()[method]
    sizes = (least.per_group, least.per_group + 3) if least.per_group else (least.in_all,)
    assert find_shortage(method, *sizes) == ""
    refuse_few(method, *sizes)
    with pytest.raises(TooLittle, match=f"{least.title} needs"):
        refuse_few(method, sizes[0] - 1, *sizes[1:])


def test_the_contract_asks_for_as_many_as_a_contrast_needs():
    assert read_least()["contrast"].per_group == MIN_GROUP == 10


def test_ten_in_each_group_keep_the_level_and_find_what_the_list_says():
    """The reason given for ten: 5 % of nulls, and 80 % power at d = 1.3 (noncentral t)."""
    rng = np.random.default_rng(8)
    ids = pd.Index([f"p{i}" for i in range(20)])
    design = pd.DataFrame({"group": np.repeat([1.0, 0.0], 10), "age": rng.normal(size=20)}, ids)
    p = fit_contrasts(pd.DataFrame(rng.normal(size=(20, 4000)), ids), design)["p"]
    assert (p <= 0.05).mean() == pytest.approx(0.05, abs=0.012)
    shift, limit = 1.3 / np.sqrt(1 / 10 + 1 / 10), stats.t.ppf(0.975, 18)
    assert stats.nct.sf(limit, 18, shift) == pytest.approx(0.8, abs=0.03)


def test_a_calibration_curve_of_few_is_a_sentence(rng):
    blocks, y = make_people(rng, n_high=20, n_low=26, sizes=(("gut", 12), ("brain", 10)))
    result = validate(blocks, y, model=make_model(blocks, 4), rng=rng, n_repeats=1, calibrate=True)
    assert describe_calibration(result).startswith("Calibration curve needs 25 in each group, and here are 20 and 26.")
    with pytest.raises(TooLittle, match="Five bins"):
        plot_reliability(result)


def test_factor_models_reliability_and_invariance_of_few_say_so(rng):
    people = pd.Index([f"p{i}" for i in range(150)], name="participant_id")
    trait = rng.normal(size=150)
    answers = {f"cd_risc_{i:02d}": np.clip(np.round(2 + trait + rng.normal(size=150)), 0, 4) for i in range(1, 26)}
    items = pd.DataFrame(answers, people)
    assert fit_structures(items.iloc[:59], "cd_risc")["why_not"].str.contains("needs 60 in all, and here are 59").all()
    assert (fit_structures(items, "cd_risc")["why_not"] == "").any()
    with pytest.raises(TooLittle, match="Reliability needs 20 in all"):
        summarise_reliability(items.iloc[:19], rng=rng, n_bootstraps=2)
    short = {"resilience": [f"cd_risc_{i:02d}" for i in range(1, 11)]}
    study = pd.DataFrame({"study": np.where(np.arange(150) < 39, "A", "B")}, people)
    table = check_invariance_by(items, short, study, ["study"])
    assert "needs 40 in each group, and here are 111 and 39" in table["why_not"].iloc[0]
