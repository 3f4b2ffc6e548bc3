"""Figures of the integration show every block, both kinds of performance, and do not compute."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from helpers.integration import BlockSPLSDA, cross_validate, keep_equally, permute_groups
from helpers.plots.integration import plot_loadings, plot_null, plot_performance, plot_scores


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def analysis():
    rng = np.random.default_rng(1)
    ids = [f"sub-{i:02d}" for i in range(30)]
    y = pd.Series(["high"] * 12 + ["low"] * 18, ids)
    blocks = {
        name: pd.DataFrame(rng.normal(size=(30, size)), ids, [f"{name}_{i}" for i in range(size)])
        for name, size in (("gut", 40), ("brain", 30), ("blood", 20))
    }
    model = BlockSPLSDA(2, keep=keep_equally(blocks, n_keep=6, n_components=2))
    result = cross_validate(blocks, y, model=model, rng=rng, n_folds=3, n_repeats=2)
    null = permute_groups(blocks, y, result, model=model, rng=rng, n_permutations=5)
    return result, null, y


def test_scores_show_each_person_once_per_block_with_a_marker_per_group(analysis):
    result, _, y = analysis
    axes = plot_scores(result.model, y, labels={"high": "High resilience (n=12)"})
    assert [axis.get_title() for axis in axes] == ["blood", "brain", "gut"]
    low, high = axes[0].collections[:2]
    assert (len(low.get_offsets()), len(high.get_offsets())) == (18, 12)
    assert not np.array_equal(low.get_paths()[0].vertices, high.get_paths()[0].vertices)
    np.testing.assert_allclose(
        np.sort(high.get_offsets()[:, 0]), np.sort(result.model.scores_["blood"]["comp1"].iloc[:12])
    )
    names = [text.get_text() for text in axes[0].figure.legends[0].get_texts()]
    assert names == ["low (n=18)", "High resilience (n=12)"]


def test_one_component_can_be_drawn(analysis):
    _, _, y = analysis
    block = pd.DataFrame({"a": np.arange(30.0)}, y.index)
    axes = plot_scores(BlockSPLSDA(1).fit({"gut": block}, y), y)
    assert axes[0].get_ylabel() == ""


def test_performance_shows_honest_and_training_side_by_side(analysis):
    result, *_ = analysis
    axis = plot_performance(result)
    labels = [tick.get_text().split("\n")[0] for tick in axis.get_yticklabels()]
    assert labels == ["blood", "brain", "gut", "vote"]
    drawn = {line.get_label(): line.get_xdata() for line in axis.get_lines()}
    np.testing.assert_allclose(drawn["training people"], result.performance["auc_training"].iloc[:4])
    np.testing.assert_allclose(
        list(axis.containers[0].lines[0].get_xdata()), result.performance["auc_out_of_fold"].iloc[:4]
    )
    assert list(drawn["chance (0.5)"]) == [0.5, 0.5]
    assert "30 people, 3 folds × 2 repeats" in axis.figure.get_suptitle()


def test_loadings_show_the_largest_first_with_their_frequency(analysis):
    result, *_ = analysis
    axes = plot_loadings(result, n_features=3, names={"gut_0": "x" * 50})
    widths = [abs(bar.get_width()) for bar in axes[0].patches]
    assert widths == sorted(widths)
    table = result.loadings
    blood = table[table["block"] == "blood"].set_index("loading_comp1")["frequency_comp1"]
    shown = [text.get_text() for text in axes[0].texts]
    assert shown == [f"{blood[bar.get_width()]:.0%}" for bar in axes[0].patches]
    with pytest.raises(ValueError, match="component is 3; this model has 1 to 2"):
        plot_loadings(result, component=3)


def test_null_shows_all_shuffles_and_the_real_groups(analysis):
    _, null, _ = analysis
    axis = plot_null(null)
    assert sum(bar.get_height() for bar in axis.patches) == 5
    lines = [line.get_xdata()[0] for line in axis.get_lines()]
    assert lines == [0.5, null.observed["vote"]]
