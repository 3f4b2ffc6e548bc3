"""Figures of the integration show every block, both kinds of performance, and do not compute."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from helpers.integration import BlockSPLSDA, cross_validate, keep_equally, permute_groups, trace_roc
from helpers.integration.leakage import SWITCHES
from helpers.integration.optima import follow_signs, sweep_designs
from helpers.integration.relations import (
    cluster_features,
    correlate_components,
    describe_clustered,
    describe_components,
    describe_links,
    link_features,
)
from helpers.plots.integration import (
    plot_circos,
    plot_component_links,
    plot_designs,
    plot_heatmap,
    plot_leaks,
    plot_loadings,
    plot_network,
    plot_null,
    plot_optima,
    plot_performance,
    plot_reliability,
    plot_roc,
    plot_scores,
    plot_width,
)
from helpers.plots.style import of_real_people


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def analysis():
    rng = np.random.default_rng(1)
    ids = [f"sub-{i:02d}" for i in range(60)]
    y = pd.Series(["high"] * 26 + ["low"] * 34, ids)
    blocks = {
        name: pd.DataFrame(rng.normal(size=(60, size)), ids, [f"{name}_{i}" for i in range(size)])
        for name, size in (("gut", 40), ("brain", 30), ("blood", 20))
    }
    model = BlockSPLSDA(2, keep=keep_equally(blocks, n_keep=6, n_components=2))
    result = cross_validate(blocks, y, model=model, rng=rng, n_folds=3, n_repeats=2, baselines=["ridge"])
    null = permute_groups(blocks, y, result, model=model, rng=rng, n_permutations=5)
    return result, null, y, blocks


def test_scores_show_each_person_once_per_block_with_a_marker_per_group(analysis):
    result, _, y, _ = analysis
    axes = plot_scores(result.model, y, labels={"high": "High resilience (n=26)"})
    assert [axis.get_title(loc="left") for axis in axes] == ["blood", "brain", "gut"]
    high, low = axes[0].collections[:2]
    assert (len(low.get_offsets()), len(high.get_offsets())) == (34, 26)
    assert not np.array_equal(low.get_paths()[0].vertices, high.get_paths()[0].vertices)
    np.testing.assert_allclose(
        np.sort(high.get_offsets()[:, 0]), np.sort(result.model.scores_["blood"]["comp1"].iloc[:26])
    )
    names = [text.get_text() for text in axes[0].figure.legends[0].get_texts()]
    assert names == ["High resilience (n=26)", "low"]


def test_one_component_can_be_drawn(analysis):
    _, _, y, _ = analysis
    block = pd.DataFrame({"a": np.arange(60.0)}, y.index)
    axes = plot_scores(BlockSPLSDA(1).fit({"gut": block}, y), y)
    assert axes[0].get_ylabel() == ""


def test_performance_shows_honest_and_training_side_by_side(analysis):
    result, *_ = analysis
    axis = plot_performance(result)
    labels = [tick.get_text().split("\n")[0] for tick in axis.get_yticklabels()]
    assert labels[:4] == ["blood", "brain", "gut", "vote"]
    drawn = {line.get_label(): line.get_xdata() for line in axis.get_lines()}
    shown = result.performance[result.performance["role"] != "chance"]
    assert len(labels) == len(shown)
    np.testing.assert_allclose(drawn["training set"], shown["auc_training"])
    np.testing.assert_allclose(drawn["held-out participants"], shown["auc"])
    assert list(drawn["chance (0.5)"]) == [0.5, 0.5]
    assert "n = 60; 3 folds × 2 repeats" in axis.figure.get_label()


def test_loadings_show_the_largest_first_with_their_frequency(analysis):
    result, *_ = analysis
    axes = plot_loadings(result, n_features=3, names={"gut_0": "x" * 50})
    widths = [abs(bar.get_width()) for bar in axes[0].patches]
    assert widths == sorted(widths, reverse=True)
    table = result.loadings
    blood = table[table["block"] == "blood"].set_index("loading_comp1")["frequency_comp1"]
    shown = [text.get_text() for text in axes[0].texts]
    assert shown == [f"{blood[bar.get_width()]:.0%}" for bar in axes[0].patches]
    with pytest.raises(ValueError, match="component is 3; this model has 1 to 2"):
        plot_loadings(result, component=3)


def test_null_shows_all_shuffles_and_the_real_groups(analysis):
    _, null, *_ = analysis
    axis = plot_null(null)
    assert sum(bar.get_height() for bar in axis.patches) == 5
    lines = [line.get_xdata()[0] for line in axis.get_lines()]
    assert lines == [null.observed["vote"], 0.5]


def test_calibration_curve_shows_what_was_found(analysis):
    result, *_ = analysis
    axis = plot_reliability(result, scorers=("vote", "ridge"), label="High (n=26)")
    rows = result.reliability[result.reliability["block"] == "vote"]
    drawn = {line.get_label(): line.get_ydata() for line in axis.get_lines()}
    np.testing.assert_allclose(drawn["vote"], rows["observed"])
    assert "n = 60" in axis.figure.get_label() and "High (n=26)" in axis.figure.get_label()


def test_roc_curves_rise_from_nobody_to_everybody_and_hold_the_auc(analysis):
    """By identity: the area under one repeat's curve is the AUC of all its probabilities."""
    result, *_ = analysis
    roc = trace_roc(result.probabilities, ["vote", "ridge", "not there"])
    assert list(roc["block"].unique()) == ["vote", "ridge"]
    for _, own in roc.groupby("block"):
        assert (own["true_positive"].diff().dropna() >= -1e-12).all() and own["true_positive"].iloc[-1] == 1
        assert (own["true_positive_low"] <= own["true_positive_high"]).all()
    one = result.probabilities.loc[[1]]
    curve = trace_roc(one, ["vote"])
    expected = roc_auc_score(one["group"] == "high", one["vote"])
    assert np.trapezoid(curve["true_positive"], curve["false_positive"]) == pytest.approx(expected, abs=0.02)
    assert curve["true_positive_low"].isna().all()
    axis = plot_roc(roc, result, label="High")
    assert {line.get_label() for line in axis.get_lines()} == {"chance", "vote", "ridge"}
    assert "n = 60" in axis.figure.get_label()


def test_groups_make_components_correlate_more_than_people_do(analysis):
    """On noise a model lines blocks up along the groups: within groups there is less left."""
    result, _, y, _ = analysis
    table = correlate_components(result.model, y)
    first = table[table["component"] == "comp1"]
    scores = result.model.scores_
    inside = {b: scores[b]["comp1"] - scores[b]["comp1"].groupby(y).transform("mean") for b in ("blood", "brain")}
    assert first["r_within"].iloc[0] == pytest.approx(np.corrcoef(inside["blood"], inside["brain"])[0, 1])
    assert (first["r_within_low"] < first["r_within"]).all() and (first["r_within"] < first["r_within_high"]).all()
    axis = plot_component_links(table)
    drawn = {line.get_label(): line.get_xdata() for line in axis.get_lines()}
    np.testing.assert_allclose(drawn["within groups"], first["r_within"])
    assert "n = 60" in axis.figure.get_label() and "within groups" in describe_components(table)


@pytest.fixture(scope="module")
def links(analysis):
    result, _, y, blocks = analysis
    return link_features(result, blocks, y, rng=np.random.default_rng(1), n_per_block=4, cutoff=0.25)


def test_links_are_correlations_within_groups_between_blocks(analysis, links):
    _, _, y, blocks = analysis
    block = links.features["block"]
    assert block.value_counts().to_dict() == {"blood": 4, "brain": 4, "gut": 4}
    assert links.n_pairs == 48 and len(links.links) > 0
    for row in links.links.to_dict("records"):
        assert block[row["first"]] != block[row["second"]]
        pair = [
            blocks[block[f]][f] - blocks[block[f]][f].groupby(y).transform("mean")
            for f in (row["first"], row["second"])
        ]
        assert row["r_within"] == pytest.approx(np.corrcoef(*pair)[0, 1])
        assert abs(row["r_within"]) >= 0.25
    assert 0 < links.n_by_chance < 48
    assert f"**{len(links.links)}**" in describe_links(links)


def test_difference_between_groups_alone_makes_no_link():
    """Two features that follow the groups and nothing else: r of 0.9 over everyone, no link within groups."""
    rng = np.random.default_rng(3)
    ids = [f"sub-{i:02d}" for i in range(80)]
    y = pd.Series(["high", "low"] * 40, ids)
    blocks = {
        name: pd.DataFrame({f"{name}_{j}": rng.normal(size=80) + 6 * (y == "high") for j in range(2)}, ids)
        for name in ("gut", "brain")
    }
    result = cross_validate(blocks, y, model=BlockSPLSDA(1), rng=rng, n_repeats=1, baselines=(), calibrate=False)
    found = link_features(result, blocks, y, rng=rng, cutoff=0.4)
    assert found.links.empty
    assert correlate_components(result.model, y)["r_overall"].iloc[0] > 0.8
    assert plot_network(found) and "**0**" in describe_links(found)


def test_circle_and_network_name_the_linked_features(links):
    circle = plot_circos(links, names={links.features.index[0]: "a name that is far too long for a circle"})
    texts = [text.get_text() for text in circle.texts]
    assert links.features.index[-1].replace("_", " ") in texts and any("…" in text for text in texts)
    network = plot_network(links)
    named = {text.get_text() for text in network.texts}
    assert named == {name.replace("_", " ") for name in (*links.links["first"], *links.links["second"])}
    assert "within groups" in network.figure.get_label() and "(n = 60)" in network.figure.get_label()


def test_heatmap_holds_everyone_once_and_no_id(analysis):
    result, _, y, blocks = analysis
    clustered = cluster_features(result, blocks, y, n_per_block=4)
    assert clustered.values.shape == (60, 12)
    assert sorted(clustered.groups) == sorted(y)
    own = blocks["gut"][clustered.features.index[clustered.features["block"] == "gut"][0]]
    drawn = clustered.values[:, list(clustered.features.index).index(own.name)]
    np.testing.assert_allclose(np.sort(drawn), np.sort((own - own.mean()) / own.std()))
    axis = plot_heatmap(clustered)
    words = " ".join(text.get_text() for text in axis.figure.findobj(plt.Text))
    assert "sub-" not in words and "60 participants" in axis.figure.get_label()
    assert clustered.covariates.empty


def test_a_covariate_that_goes_with_the_features_more_than_the_groups_has_a_strip(analysis):
    result, _, y, blocks = analysis
    values = pd.concat(blocks.values(), axis=1)
    covariates = pd.DataFrame({"age": values.mean(axis=1), "shoe": np.random.default_rng(2).normal(size=len(y))})
    follows = {name: block.add(20 * covariates["age"], axis=0) for name, block in blocks.items()}
    clustered = cluster_features(result, follows, y, n_per_block=4, covariates=covariates)
    assert clustered.covariates.columns[0] == "age"
    assert clustered.explained["age"] > 0.5 > clustered.explained["group"]
    figure = plot_heatmap(clustered).figure
    assert "age" in {label.get_text() for ax in figure.axes for label in ax.get_yticklabels()}
    assert "more goes with age" in describe_clustered(clustered)


def test_leaks_and_width_are_drawn_as_they_were_measured():
    columns = ["error_honest", "error_leaky", "auc_honest", "auc_leaky"]
    index = pd.MultiIndex.from_tuples([("noise", "filter"), ("noise", "training")], names=["arena", "switch"])
    table = pd.DataFrame({c: [0.5, 0.2] for c in columns}, index)
    table = table.assign(
        **{f"{c}_low": table[c] - 0.1 for c in columns}, **{f"{c}_high": table[c] + 0.1 for c in columns}, n_runs=3
    )
    axis = plot_leaks(table, labels=SWITCHES)
    drawn = {line.get_label(): line.get_xdata() for line in axis.get_lines()}
    np.testing.assert_allclose(drawn["leaky"], table["error_leaky"])
    assert "3 runs" in axis.figure.get_label()
    runs = pd.DataFrame({"n_features": [20, 200], "auc_training": [0.7, 0.9], "auc": [0.5, 0.45], "run": [1, 1]})
    drawn = {dots.get_label(): dots.get_offsets()[:, 1] for dots in plot_width(runs).collections}
    np.testing.assert_allclose(drawn["training set"], [0.7, 0.9])


def test_optima_show_every_start_and_shared_features(analysis):
    _, _, y, blocks = analysis
    model = BlockSPLSDA(2, keep=keep_equally(blocks, n_keep=6, n_components=2))
    study = follow_signs(blocks, y, model=model)
    ends, shared = plot_optima(study)
    assert [tick.get_text() for tick in ends.get_yticklabels()] == ["+++", "++−", "+−+", "+−−", "reference's own"]
    assert "n = 60" in ends.figure.get_label() and [tick.get_text() for tick in shared.get_yticklabels()] == [
        "blood",
        "brain",
        "gut",
    ]
    sweep = sweep_designs(blocks, y, model=model, designs=(0.0, 0.1))
    axis = plot_designs(sweep)
    assert [text.get_text() for text in axis.texts] == sweep.query("component == 2")["n_optima"].astype(str).to_list()


def test_figures_of_real_people_say_so_in_a_simulated_book():
    with plt.rc_context({"figure.hooks": ["helpers.plots.style:mark_simulated"]}):
        with of_real_people():
            real = plt.figure()
        simulated = plt.figure()
    assert [text.get_text() for text in real.texts] == ["Data of real people"]
    assert [text.get_text() for text in simulated.texts] == ["Simulated data"]
