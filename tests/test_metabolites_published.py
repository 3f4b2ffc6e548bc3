"""Ours beside what is known, strangers made on purpose, pairs read from folders, and their figures."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from helpers import metabolites
from helpers.plots import metabolites as figures
from helpers.plots.palette import EVERYONE
from helpers.problems import TooLittle

LABELS = {"high": "High resilience (n=30)", "low": "Low resilience (n=30)"}


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def gut():
    """72 people whose genera go together along four axes; three metabolites follow the axes, three are noise."""
    rng = np.random.default_rng(21)
    ids = [f"sub-{i:02d}" for i in range(72)]
    axes = rng.normal(size=(72, 4))
    logs = axes @ rng.normal(size=(4, 40)) + 2 * rng.normal(size=40) + 0.5 * rng.normal(size=(72, 40))
    values = np.column_stack([axes[:, :3], rng.normal(size=(72, 3))]) + 0.3 * rng.normal(size=(72, 6))
    counts = pd.DataFrame(rng.poisson(200 * np.exp(logs)), index=ids).add_prefix("g")
    return counts, pd.DataFrame(values, index=ids).add_prefix("m")


def predict(gut, seed=1, **settings):
    return metabolites.predict_metabolites(*gut, rng=np.random.default_rng(seed), n_folds=4, n_shuffles=0, **settings)


def test_a_plain_ridge_finds_what_is_plain(gut):
    rho = metabolites.predict_plainly(*gut, rng=np.random.default_rng(1), n_folds=4)
    assert rho[["m0", "m1", "m2"]].min() > 0.5 and rho[["m3", "m4", "m5"]].max() < 0.5


def test_a_plain_ridge_bears_blanks(gut):
    holes = gut[1].mask(np.random.default_rng(2).random(gut[1].shape) < 0.2)
    assert metabolites.predict_plainly(gut[0], holes, rng=np.random.default_rng(1), n_folds=4)["m0"] > 0.4


def test_the_table_averages_deals_and_leaves_unknown_blank(gut):
    deals = [predict(gut, seed) for seed in (1, 2)]
    plain = {"A": pd.Series([0.5, 0.1])}
    known = pd.DataFrame({"share_known": [0.4], "mean_known": [0.2], "source": ["a paper"]}, index=["A"])
    table = metabolites.tabulate_known({"A": deals, "B": deals[:1]}, plain, known)
    assert table.loc["A", "share_predicted"] == pytest.approx(np.mean([deal.share for deal in deals]))
    assert table.loc["A", ["share_plain", "mean_plain", "share_known", "n_deals", "n"]].tolist() == [
        0.5,
        0.3,
        0.4,
        2,
        72,
    ]
    assert table.loc["B", ["share_plain", "source"]].isna().all()
    ax = figures.plot_known(table)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["A\n(n = 72)", "B\n(n = 72)"]
    np.testing.assert_allclose(ax.lines[0].get_xdata(), 100 * table["share_predicted"])


def test_sentences_name_both_sides(gut):
    together = predict(gut, people=pd.Series(np.arange(72) // 2, index=gut[0].index))
    said = metabolites.describe_parting(together, predict(gut))
    assert said.startswith("72 samples of 36 people.")
    weights = metabolites.describe_weights(pd.Series([0.6, 0.7]), together, pd.Series([0.3]))
    assert "a mean Spearman of 0.65" in weights and "a plain ridge 0.30" in weights


def test_strangers_are_flagged_and_foretold_badly(gut):
    """People as they are: hardly flagged. All reads exchanged between genera: nearly all, and nothing is foretold."""
    strangers = metabolites.simulate_out_of_distribution(
        *gut, rng=np.random.default_rng(3), degrees=(0.0, 0.5, 1.0), n_folds=3
    )
    assert strangers.loc[0.0, "share_flagged"] < 0.15 and strangers.loc[1.0, "share_flagged"] > 0.9
    assert strangers["share_flagged"].is_monotonic_increasing and strangers["applicability"].is_monotonic_decreasing
    assert strangers.loc[0.0, "spearman"] > 0.6 > 0.3 > strangers.loc[1.0, "spearman"]
    assert "Of 72 people left out as they are" in metabolites.describe_out_of_distribution(strangers)
    panels = figures.plot_out_of_distribution(strangers).axes
    np.testing.assert_allclose(panels[0].lines[0].get_ydata(), 100 * strangers["share_flagged"])
    assert [label.get_text() for label in panels[1].get_xticklabels()] == ["0", "50", "100"]


def test_a_pair_is_read_with_names_that_hold_and_the_person_of_each_sample(tmp_path):
    """One sample has no reads and one no metabolites: both stay out. Two taxa of one genus are added up."""
    folder = tmp_path / "repeated"
    folder.mkdir()
    tables = {
        "taxa": "sample_id\tt1\tt2\ns1\t1\t2\ns2\t0\t0\ns3\t3\t4\ns4\t5\t6\ns5\t1\t1\n",
        "taxonomy": "taxon\tgenus\nt1\tBlautia\nt2\tBlautia\n",
        "metabolites": "sample_id\tm\ns1\t2\ns2\t2\ns3\t4\ns5\t8\n",
        "features": "metabolite\tname\tscale\nm\tindole\traw\n",
        "samples": "sample_id\tparticipant_id\ns1\tsub-1\ns2\tsub-1\ns3\tsub-1\ns4\tsub-2\ns5\tsub-2\n",
    }
    for name, text in tables.items():
        (folder / f"{name}.tsv").write_text(text)
    pair = metabolites.read_pair(tmp_path, repeated=True)
    assert pair.amounts.to_dict("list") == {"genus=Blautia": [3, 7, 2]}
    assert pair.metabolites["m"].tolist() == [1, 2, 3]
    assert pair.people.to_dict() == {"s1": "sub-1", "s3": "sub-1", "s5": "sub-2"}


def test_sets_have_a_line_and_a_diamond_each():
    sets = pd.DataFrame(
        {
            "n_metabolites": [9, 3],
            "d": [0.8, -0.4],
            "d_low": [0.4, -0.9],
            "d_high": [1.2, 0.1],
            "q": [0.01, 0.5],
            "n_high": 30,
            "n_low": 30,
            "d_rest": [0.1, -0.3],
        },
        index=["Lipid", "Energy"],
    )
    ax = figures.plot_sets(sets, labels=LABELS)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["Lipid (9)", "Energy (3)"]
    diamonds = [line for line in ax.lines if line.get_marker() == "D"]
    assert diamonds[0].get_xdata().tolist() == [0.1, -0.3]


def test_a_table_without_sets_says_so_in_place_of_a_figure():
    prepared = pd.DataFrame(np.eye(6), index=[f"s{i}" for i in range(6)]).add_prefix("m")
    design = pd.DataFrame({"group": [0, 0, 0, 1, 1, 1]}, index=prepared.index)
    sets = metabolites.compare_sets(prepared, pd.DataFrame(index=prepared.columns), design)
    with pytest.raises(TooLittle, match="three or more metabolites"):
        figures.plot_sets(sets, labels=LABELS)


def test_partners_are_filled_only_with_a_small_q():
    partners = pd.DataFrame(
        {
            "metabolite": "m",
            "taxon": ["a", "b"],
            "n": 204,
            "slope": [0.5, -0.2],
            "slope_low": [0.4, -0.4],
            "slope_high": [0.6, 0.0],
            "p": [0.001, 0.2],
            "q": [0.002, 0.2],
        }
    )
    ax = figures.plot_associations(partners, "m", "indole", names={"a": "Blautia"})
    dots = [line for line in ax.lines if line.get_marker() in "os"]
    assert [to_hex(dot.get_markerfacecolor()).upper() for dot in dots] == [EVERYONE.upper(), "#FFFFFF"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["Blautia", "b"]
    assert ax.figure.get_label().startswith("indole: the 2 of 2 taxa that go with it most (n = 204)")


def test_transfer_has_a_point_per_metabolite_and_says_how_many_people(gut):
    model = metabolites.fit_potential(
        *gut,
        pd.DataFrame({"hmdb": ["HMDB0000738"]}, index=["m0"]),
        rng=np.random.default_rng(1),
        n_folds=4,
        n_shuffles=0,
    )
    transfer = metabolites.transfer_potential(model, *gut, pd.DataFrame({"hmdb": ["HMDB0000738"]}, index=["m0"]))
    ax = figures.plot_transfer({"again": transfer})
    assert ax.collections[0].get_offsets().tolist() == transfer.table[["spearman_home", "spearman"]].to_numpy().tolist()
    assert "again: 1 metabolites, n = 72" in [text.get_text() for text in ax.figure.legends[0].get_texts()]
