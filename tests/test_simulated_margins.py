"""Simulated beside real margins: the committed tables are what the data give, and the two are alike where the page says so."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from helpers.contract import load_cohort
from helpers.plots.simulate import plot_margins
from helpers.simulate.calibration import LEVELS, QUANTILES_FILE, spread_evenly
from helpers.simulate.margins import (
    measure_connectivity,
    measure_coupling,
    measure_metabolites,
    measure_predictability,
    measure_taxa,
    share_of_axes,
)
from tests.support import EXAMPLE
from tools import calibrate_simulation as calibration
from tools import write_simulated_page as page

KEYS = ["margin", "statistic", "source"]


@pytest.fixture(scope="module")
def committed() -> pd.DataFrame:
    return page.read_margins()


@pytest.fixture(scope="module")
def real(fetch_original, committed) -> dict:
    """The margins of real people, measured again; fetch_original says what to do where the data cannot be had."""
    for source in page.SOURCES:
        fetch_original(source)
    sizes = committed[committed["margin"] == "predictability"].set_index("source")["n"]
    return calibration.measure_real(int(sizes["simulated"].iloc[0]))


def assert_same(found: pd.DataFrame, kept: pd.DataFrame) -> None:
    """Four decimals are written; the last may differ by one between machines."""
    found, kept = (table.set_index(KEYS).sort_index() for table in (found, kept))
    assert found.index.equals(kept.index)
    assert (found["n"] == kept["n"]).all()
    np.testing.assert_allclose(found["value"], kept["value"], atol=2e-4, rtol=0)


# --- the tables are up to date ----------------------------------------------------------------------------------


def test_the_simulated_column_is_that_of_the_example(committed):
    assert_same(
        calibration.tabulate_simulated(load_cohort(EXAMPLE)), committed[committed["source"] == calibration.SIMULATED]
    )


def test_the_real_column_is_that_of_the_open_data(committed, real):
    n_alike = int(committed.set_index(["margin", "source"])["n"]["predictability", "simulated"].iloc[0])
    assert_same(calibration.tabulate_real(real, n_alike), committed[committed["source"] != calibration.SIMULATED])


def test_the_simulation_draws_from_quantiles_of_the_open_data(real):
    assert calibration.write_quantiles(real) == QUANTILES_FILE.read_text(encoding="utf-8")


def test_the_page_says_what_the_tables_hold():
    assert page.write_text() == page.PAGE.read_text(encoding="utf-8")
    figures = {path.name for path in page.FIGURES.glob("margins_*.png")}
    assert figures == {f"margins_{block}.png" for block in page.BLOCKS}
    assert all(f"figures/{name}" in page.write_text() for name in figures)


# --- simulated and real are alike -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("margin", "source", "tolerance"),
    [
        ("log10_metabolite_sd", "kim_adenomas_2020", 0.05),
        ("r_same_sub_pathway", "kim_adenomas_2020", 0.08),
        ("r_same_super_pathway", "kim_adenomas_2020", 0.05),
        ("r_other_pathway", "kim_adenomas_2020", 0.05),
        ("predictability", "kim_adenomas_2020", 0.05),
        ("edge_mean", "rsfmri_mdd", 0.05),
        ("edge_sd", "rsfmri_mdd", 0.05),
        ("person_mean", "rsfmri_mdd", 0.06),
        ("edge_r", "rsfmri_mdd", 0.08),
        ("rna_dna_r", "hmp2_pathways", 0.06),
        ("log_rna_sd", "hmp2_pathways", 0.08),
    ],
)
def test_medians_are_alike(committed, margin, source, tolerance):
    """Tolerances: an eighth to a quarter of the range between the real 5 and 95 % quantiles, and less."""
    rows = committed[committed["margin"] == margin].set_index(["source", "statistic"])["value"]
    assert rows["simulated", "q50"] == pytest.approx(rows[source, "q50"], abs=tolerance)
    assert tolerance < (rows[source, "q95"] - rows[source, "q05"]) / 2


@pytest.mark.parametrize("margin", ["prevalence", "zeros", "reads", "taxa_seen", "log_share_sd"])
def test_taxa_lie_between_the_two_real_cohorts(committed, margin):
    rows = committed[(committed["margin"] == margin) & (committed["statistic"] == "q50")].set_index("source")["value"]
    low, high = sorted([rows["kim_adenomas_2020"], rows["mars_ibs_2020"]])
    assert low <= rows["simulated"] <= high


@pytest.mark.parametrize(
    ("margin", "source"),
    [
        ("taxa_axes", "kim_adenomas_2020"),
        ("metabolite_axes", "kim_adenomas_2020"),
        ("edge_axes", "rsfmri_mdd"),
    ],
)
def test_first_axes_carry_like_shares(committed, margin, source):
    """Of independent features the first axis would carry about 4 % (taxa, metabolites) or 1 % (edges)."""
    rows = committed[committed["margin"] == margin].set_index(["source", "statistic"])["value"]
    for axis in ("axis_01", "axis_02"):
        assert rows["simulated", axis] == pytest.approx(rows[source, axis], rel=0.3)


# --- how margins are measured -----------------------------------------------------------------------------------


def test_equal_quantiles_come_back():
    """The values dealt out have the quantiles of the table they are dealt from."""
    written = pd.read_csv(QUANTILES_FILE, sep="\t").set_index(["margin", "source"]).loc[("rna_dna_r", "hmp2_pathways")]
    dealt = spread_evenly("rna_dna_r", 10_000, "hmp2_pathways")
    np.testing.assert_allclose(np.quantile(dealt, LEVELS[1:-1]), written.to_numpy(float)[2:-1], atol=0.01)


def test_shannon_of_two_equal_taxa_is_log_two():
    measured = measure_taxa(pd.DataFrame({"a": [5, 7], "b": [5, 7], "c": [1, 0]}).iloc[:, :2])
    np.testing.assert_allclose(measured["shannon"], np.log(2))


def test_axes_of_independent_columns_are_equal():
    table = pd.DataFrame([[1, 1], [1, -1], [-1, 1], [-1, -1]], dtype=float)
    np.testing.assert_allclose(share_of_axes(table), [0.5, 0.5])


def test_pairs_are_sorted_by_pathway():
    """Columns 1 and 2 are copies in one sub-pathway; 3 mirrors them in another sub-pathway; 4 is elsewhere."""
    values = pd.DataFrame({"a": [1.0, 2, 4], "b": [1.0, 2, 4], "c": [-1.0, -2, -4], "d": [1.0, 0, 1]})
    pathways = pd.DataFrame({"super_pathway": ["s", "s", "s", "t"], "sub_pathway": ["x", "x", "y", "z"]})
    measured = measure_metabolites(values, pathways)
    np.testing.assert_allclose(measured["r_same_sub_pathway"], [1])
    np.testing.assert_allclose(measured["r_same_super_pathway"], [-1, -1])
    assert len(measured["r_other_pathway"]) == 3


def test_rna_that_is_the_square_of_dna_follows_it_fully(rng):
    """Identity: log RNA = 2 log DNA, so r is 1 and the SD of log RNA is twice that of log DNA. A rare feature is left out."""
    dna = pd.DataFrame(rng.uniform(0.1, 1, (30, 2)), columns=["common", "rare"])
    dna.iloc[5:, 1] = 0
    measured = measure_coupling(dna**2, dna)
    np.testing.assert_allclose(measured["rna_dna_r"], [1])
    np.testing.assert_allclose(measured["log_rna_sd"], [2 * np.log(dna["common"]).std()])


def test_what_taxa_make_is_predicted_and_noise_is_not(rng):
    counts = pd.DataFrame(rng.poisson(np.exp(rng.normal(4, 1, (120, 15)))))
    logs = np.log(counts + 0.5)
    made = logs[0] - logs.mean(axis=1)
    values = pd.DataFrame({"made": made, "noise": rng.normal(size=120)})
    made_rho, noise_rho = measure_predictability(counts, values)
    assert made_rho > 0.8
    assert abs(noise_rho) < 0.3
    with pytest.raises(ValueError, match="align them by id first"):
        measure_predictability(counts, values.iloc[::-1])


def test_edges_that_move_together_have_one_axis(rng):
    shared = rng.normal(size=(40, 1))
    measured = measure_connectivity(pd.DataFrame(0.3 + shared * np.array([[0.1, 0.2, 0.3]])))
    np.testing.assert_allclose(measured["edge_r"], 1)
    assert measured["edge_axes"][0] == pytest.approx(1)
    np.testing.assert_allclose(measured["person_mean"], 0.3 + 0.2 * shared[:, 0])


# --- how they are shown -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("block", list(page.BLOCKS))
def test_every_line_of_a_figure_says_whether_its_people_are_simulated_or_real(committed, block):
    registry = page.read_registry()
    labels = page.label_block(block, committed, registry)
    figure = plot_margins(committed, {m: page.BLOCKS[block][m] for m in page.DRAWN[block]}, labels=labels)
    (legend,) = figure.legends
    shown = [text.get_text() for text in legend.get_texts()]
    assert shown[0].startswith("Simulated people (n=")
    assert len(shown) > 1
    assert all(text.startswith("Real people: ") and "n=" in text for text in shown[1:])
    assert all(any(text.endswith(f", {licence})") for licence in registry["licence"]) for text in shown[1:])
    assert len(figure.axes) == len(page.DRAWN[block])
    assert all(len(ax.get_lines()) >= 2 for ax in figure.axes)
    plt.close(figure)
