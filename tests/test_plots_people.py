"""Figures of cohort, resilience and verdict: they show the numbers they were given, and how many people."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from helpers.plots import cohort as cohort_figures
from helpers.plots import resilience as resilience_figures
from helpers.plots import verdict as verdict_figures
from helpers.problems import TooLittle
from helpers.resilience import bin_scores, correlate_measures, list_references, measure_precision
from helpers.verdict import RealVerdict, SimulatedVerdict

LABELS = {"high": "High resilience", "low": "Low resilience"}


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def read_texts(ax) -> str:
    ax.figure.canvas.draw()
    return "\n".join(text.get_text() for text in ax.texts)


def make_contrasts(names):
    columns = {"d": 0.4, "d_low": 0.1, "d_high": 0.7, "q": 0.01, "n_high": 44, "n_low": 72}
    return pd.DataFrame(columns, index=pd.Index(names, name="feature"))


def make_flow(n_lost):
    rows = [("Participants in the cohort", "recruited", "116")]
    rows += [(f"reason {i}", "left out", "<5") for i in range(n_lost)]
    rows += [("In a group", "in a group", "110"), ("High resilience", "high", "44"), ("Low resilience", "low", "66")]
    rows += [(f"covariate {i} is missing", "not adjusted", "<5") for i in range(n_lost)]
    rows += [("With every covariate", "adjusted", "108"), ("… and every kind of data", "complete", "99")]
    return pd.DataFrame(rows, columns=["step", "part", "n"]).set_index("step")


@pytest.mark.parametrize("n_lost", [0, 1, 6])
def test_flow_shows_every_box_and_every_reason(n_lost):
    texts = read_texts(cohort_figures.plot_flow(make_flow(n_lost)))
    for n in ("116", "110", "44", "66", "108", "99"):
        assert f"n = {n}" in texts
    assert texts.count("reason") == texts.count("covariate ") == n_lost
    assert ("In neither group:\nn = 0" in texts) is (n_lost == 0)


def test_modalities_write_small_counts_without_a_bar():
    table = pd.DataFrame({"n_high": ["44", "<5"], "n_low": ["72", "66"], "n": ["116", "<5"]}, index=["Taxa", "Tracts"])
    ax = cohort_figures.plot_modalities(table, labels=LABELS)
    widths = [bar.get_width() for bars in ax.containers for bar in bars]
    assert widths == [44, 0, 72, 66]
    assert "<5" in read_texts(ax)


def test_scores_histogram_counts_everyone_and_no_bar_straddles_the_cut():
    rng = np.random.default_rng(1)
    score = pd.Series(np.append(rng.integers(40, 101, 60).astype(float), np.nan))
    group = np.where(score >= 82, "high", np.where(score < 82, "low", None))
    groups = pd.DataFrame({"score": score, "group": group})
    precision = measure_precision(score, reliability=0.9, cut=82)
    references = list_references("cd_risc.total")
    bars = bin_scores(groups, cut=82)
    ax = resilience_figures.plot_scores(
        bars, cut=82, labels=LABELS, score_name="cd_risc.total", precision=precision, references=references
    )
    drawn = [p for container in ax.containers for p in container]
    assert sum(bar.get_height() * bar.get_width() for bar in drawn) == pytest.approx(60)
    assert all(bar.get_x() >= 82 - 1e-9 or bar.get_x() + bar.get_width() <= 82 + 1e-9 for bar in drawn)
    assert f"among 60 participants, in {len(bars)} bars" in ax.figure.get_label()
    assert "US adults (n=458): 80.4" in read_texts(ax)
    assert ax.get_xlabel() == "CD-RISC total (points)"


def test_scores_of_one_value_can_be_drawn():
    groups = pd.DataFrame({"score": [82.0, 82.0], "group": ["high", "high"]})
    bars = bin_scores(groups, cut=82, small_cell=2)
    ax = resilience_figures.plot_scores(bars, cut=82, labels=LABELS, score_name="brs.mean")
    drawn = [bar for container in ax.containers for bar in container]
    assert sum(bar.get_height() * bar.get_width() for bar in drawn) == pytest.approx(2)


def test_symptoms_are_named_in_words():
    ax = resilience_figures.plot_symptoms(make_contrasts(["hads.anxiety", "own.score"]), labels=LABELS)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["Anxiety (HADS)", "own.score"]


def test_correlations_are_a_triangle_with_each_pair_once():
    """By hand: r of 1, 2, 3, 4 with its mirror is −1 and with 1, 3, 2, 4 is 0.8; a score that does not vary has none."""
    own = "own_scale.total_" + 10 * "of_many_words_"
    measures = pd.DataFrame(
        {"hads.anxiety": [1.0, 2, 3, 4], own: [4.0, 3, 2, 1], "flat": 1.0, "brs.mean": [1.0, 3, 2, 4]}
    )
    ax = resilience_figures.plot_correlations(correlate_measures(measures))
    ax.figure.canvas.draw()
    across, down = (
        [tick.get_text().replace("\n", " ") for tick in ticks] for ticks in (ax.get_xticklabels(), ax.get_yticklabels())
    )
    assert (across[0], down[1]) == ("Anxiety (HADS)", "Brief Resilience Scale")
    assert across[1] == down[0] and down[0].startswith("own scale") and "…" in down[0] and len(down[0]) <= 28
    written = {text.get_position(): text.get_text() for text in ax.texts}
    assert written == {(0.5, 0.5): "−1.00", (0.5, 1.5): "0.80", (1.5, 1.5): "−0.80"}
    np.testing.assert_allclose(ax.collections[0].get_array().compressed(), [-1, 0.8, -0.8])
    assert ax.collections[0].get_clim() == (-1, 1) and ax.figure.axes[1].get_ylabel() == "Correlation r"
    told = ax.figure.get_label()
    assert told.startswith("Pearson correlations between 3 scores") and "(n = <5)" in told and "not adjusted" in told
    with pytest.raises(TooLittle, match="of the correlations could be computed"):
        resilience_figures.plot_correlations(correlate_measures(measures[["hads.anxiety", "flat"]]))


def test_split_cost_shows_n():
    names = ("r_score", "r_score_low", "r_score_high", "r_split", "r_split_low", "r_split_high")
    table = pd.DataFrame([[114, 0.4, 0.2, 0.6, 0.3, 0.1, 0.5]], columns=["n", *names], index=["hads.anxiety"])
    ax = resilience_figures.plot_split_cost(table)
    assert ax.get_yticklabels()[0].get_text() == "Anxiety (HADS)"
    assert "n = 114" in ax.figure.get_label()


def test_every_verdict_has_a_look():
    words = {word.value for enum in (RealVerdict, SimulatedVerdict) for word in enum}
    assert set(verdict_figures.LOOKS) == words


def test_verdicts_show_effects_empty_lines_and_the_expected_side():
    table = pd.DataFrame(
        {
            "label": ["Depression", "Rank", "Gone"],
            "expected": ["lower", "rank 1", "higher"],
            "d": [-0.5, np.nan, np.nan],
            "d_low": [-0.9, np.nan, np.nan],
            "d_high": [-0.1, np.nan, np.nan],
            "measure": ["d", None, None],
            "estimate": [-0.5, np.nan, np.nan],
            "ci_low": [-0.9, np.nan, np.nan],
            "ci_high": [-0.1, np.nan, np.nan],
            "n": pd.array([None, None, None], dtype="Int64"),
            "n_high": pd.array([44, 40, None], dtype="Int64"),
            "n_low": pd.array([72, 70, None], dtype="Int64"),
            "smallest_effect": [0.2, 0.05, 0.2],
            "rank": pd.array([None, 1, None], dtype="Int64"),
            "n_blocks": pd.array([None, 4, None], dtype="Int64"),
            "verdict": ["supported", "inconclusive", "not testable here"],
        },
        index=["C01", "C16", "C15"],
    )
    ax = verdict_figures.plot_verdicts(table, labels=LABELS)
    assert "rank 1 of 4: inconclusive" in read_texts(ax)
    assert "not testable here" in read_texts(ax)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["C01 Depression ↓", "C16 Rank", "C15 Gone ↑"]
    assert "(n = 44) v" in ax.figure.get_label()
    (effect,) = [line for line in ax.lines if line.get_marker() == "o" and len(line.get_xdata())]
    assert list(effect.get_xdata()) == [0.5]  # a claim of 'lower' that holds lies on the right as well


def test_verdicts_that_are_all_untestable_can_be_drawn():
    table = pd.DataFrame({"label": ["x"], "expected": ["higher"], "verdict": ["not testable here"]}, index=["C01"])
    effects = ("d", "d_low", "d_high", "measure", "estimate", "ci_low", "ci_high")
    blank = dict.fromkeys((*effects, "rank", "smallest_effect", "n", "n_high", "n_low"), np.nan)
    ax = verdict_figures.plot_verdicts(table.assign(**blank), labels=LABELS)
    assert ax.figure.legends == []
