"""The leakage laboratory: honest figures stay at chance on noise, each mistake does what it is known to do."""

import numpy as np
import pandas as pd
import pytest

from helpers.integration import leakage
from helpers.integration.leakage import (
    SWITCHES,
    Pipeline,
    describe_leaks,
    describe_width,
    draw_noise,
    draw_null_twin,
    measure_leaks,
    run_laboratory,
    summarise_laboratory,
    sweep_width,
)

SMALL = Pipeline(n_filtered=15, n_keep=5, grid=(5, 15))


@pytest.fixture(scope="module")
def summary():
    rng = np.random.default_rng(7)
    arenas = [draw_noise(rng=own, n_features=150) for own in rng.spawn(3)]
    return summarise_laboratory(run_laboratory(arenas, rng=rng, pipeline=SMALL)).loc["noise"]


def test_honest_error_on_noise_is_one_half(summary):
    """Identity: nothing to find. Three runs of 100 people; the SD of one balanced error is about 0.05."""
    assert summary["error_honest"].to_numpy() == pytest.approx(0.5, abs=0.09)


def test_leaks_that_look_at_the_groups_fall_below_chance(summary):
    """Ambroise & McLachlan 2002 for the filter; the others by the same argument."""
    for switch in ("impute", "training", "duplicates", "batch", "all"):
        assert summary.loc[switch, "error_leaky"] < summary.loc[switch, "error_honest"] - 0.02, switch
    assert summary.loc["all", "error_leaky"] < 0.2
    assert summary.loc["all", "error_leaky"] < summary.loc["filter", "error_leaky"] < 0.5


def test_scaling_before_the_split_does_next_to_nothing(summary):
    """Means and SDs of everyone do not know the groups."""
    assert abs(summary.loc["scale", "error_leaky"] - summary.loc["scale", "error_honest"]) < 0.06


def test_reporting_the_best_setting_never_beats_none():
    """Border: with a single setting there is nothing to choose, and the best is that one."""
    arena = draw_noise(rng=np.random.default_rng(1), n_people=60, n_features=60)
    one = measure_leaks(arena, rng=np.random.default_rng(2), switches=["minimum"], pipeline=Pipeline(10, 5, (5,)))
    many = measure_leaks(
        arena, rng=np.random.default_rng(2), switches=["minimum"], pipeline=Pipeline(10, 5, (2, 5, 10))
    )
    assert many["error_leaky"].item() <= one["error_leaky"].item()
    assert np.isnan(one["auc_leaky"].item())


def test_filter_leak_on_three_wide_blocks_reaches_the_known_figure():
    """Three blocks of 3,000 features, top 30 of each chosen on everyone, all kept: 0.016 in an independent study."""
    arenas = [draw_noise(rng=own, n_features=3000, share_blank=0.0) for own in np.random.default_rng(3).spawn(1)]
    runs = run_laboratory(
        arenas, rng=np.random.default_rng(4), switches=["filter"], pipeline=Pipeline(n_filtered=30, n_keep=30)
    )
    assert runs["error_leaky"].mean() < 0.06
    assert runs["error_honest"].mean() > 0.35


def test_batch_needs_a_difference_between_studies():
    """Border: groups that go with the study cannot be told where the studies do not differ."""
    arenas = [draw_noise(rng=own, n_features=200, study_shift_sd=0.0) for own in np.random.default_rng(5).spawn(4)]
    runs = run_laboratory(arenas, rng=np.random.default_rng(6), switches=["batch"], pipeline=SMALL)
    assert runs["error_leaky"].mean() == pytest.approx(0.5, abs=0.1)


def test_same_seed_same_numbers_and_inputs_are_left_alone():
    arena = draw_noise(rng=np.random.default_rng(1), n_people=40, n_features=40)
    before = {name: block.copy() for name, block in arena.blocks.items()}
    first, again = (
        measure_leaks(arena, rng=np.random.default_rng(9), switches=["impute", "duplicates"], pipeline=SMALL)
        for _ in range(2)
    )
    pd.testing.assert_frame_equal(first, again)
    for name, block in arena.blocks.items():
        pd.testing.assert_frame_equal(block, before[name])


def test_second_samples_stay_with_the_first_in_the_honest_way():
    """Holding whole persons out, a second sample is of no help: the honest error is not below chance by much."""
    arenas = [draw_noise(rng=own, n_people=60, n_features=100) for own in np.random.default_rng(2).spawn(4)]
    runs = run_laboratory(arenas, rng=np.random.default_rng(3), switches=["duplicates"], pipeline=SMALL)
    assert runs["error_honest"].mean() > 0.42
    assert runs["error_leaky"].mean() < runs["error_honest"].mean() - 0.05


def test_null_twin_has_the_blocks_of_the_book_and_no_difference_planted():
    arena = draw_null_twin(seed=3, n_participants=60)
    assert sorted(arena.blocks) == ["connectivity", "metabolites", "taxa", "transcripts"]
    assert all(block.index.equals(arena.groups.index) for block in arena.blocks.values())
    assert set(arena.study) == {"A", "B"}


def test_wider_noise_blocks_have_larger_training_auc_and_the_same_honest_one():
    """An independent study of the groups' sizes, 20 features kept: training 0.73 / 0.91 / 0.95, honest about 0.5."""
    runs = sweep_width(rng=np.random.default_rng(1), n_runs=4, widths=(20, 200, 1000))
    means = runs.groupby("n_features").mean()
    assert means["auc_training"].is_monotonic_increasing
    assert means.loc[20, "auc_training"] == pytest.approx(0.73, abs=0.06)
    assert means.loc[1000, "auc_training"] > 0.88
    assert means["auc"].to_numpy() == pytest.approx(0.5, abs=0.1)
    assert "The widest block has the largest training AUC in" in describe_width(runs)


def test_sentence_names_every_switch(summary):
    text = describe_leaks(pd.concat({"noise": summary}, names=["arena"]), arena="noise")
    assert all(label in text for label in SWITCHES.values())


def test_an_unknown_switch_is_refused_with_the_known_ones():
    arena = draw_noise(rng=np.random.default_rng(1), n_people=20, n_features=5)
    with pytest.raises(ValueError, match="No switch is called light; they are scale, impute"):
        measure_leaks(arena, rng=np.random.default_rng(1), switches=["light"])
    assert leakage.AGREEMENT < 1
