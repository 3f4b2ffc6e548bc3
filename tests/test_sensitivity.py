"""E-values, both sexes, the causal graph and mediation, held to published numbers, identities and simulated truth."""

from __future__ import annotations

from types import SimpleNamespace

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from helpers import brain, metabolites, resilience
from helpers.cohort import assign_groups, design_matrix
from helpers.contract import load_cohort
from helpers.plots import sensitivity as draw
from helpers.problems import CohortError, TooLittle
from helpers.sensitivity import (
    CausalGraph,
    MainMeasures,
    collect_measures,
    compare_within_sexes,
    describe_adjustment,
    describe_e_values,
    describe_findings,
    describe_interactions,
    describe_routes,
    find_e_values,
    fit_routes,
    list_routes,
    load_graph,
    match_cohort,
    mediate,
    read_contrasts,
    read_incomplete,
    tabulate_adjustment,
)
from helpers.sensitivity import (
    test_interactions as compare_sexes,
)
from helpers.sensitivity.causal_graph import find_adjustment, find_mediators, find_open
from helpers.sensitivity.e_values import compute_e_value, convert_effect
from helpers.sensitivity.main_contrasts import fit_measure
from helpers.tables import PROJECT_ROOT, read_table, write_result
from helpers.verdict import load_claims
from tests.support import EXAMPLE

GRAPH = "data/causal/graph.yml"
CLAIMS = "data/claims/an2024.yml"
# MacKinnon (2008), Introduction to Statistical Mediation Analysis, table 3.1: temperature of a room, thirst, water drunk; 50 made-up people.
TEMPERATURE = "70 71 69 70 71 70 69 70 70 72 71 71 70 71 71 70 70 69 72 71 71 72 67 71 71 70 70 69 69 70 71 70 70 70 71 68 72 69 70 68 68 70 71 69 69 71 71 71 72 70"
THIRST = "4 4 1 1 3 4 3 5 4 5 2 3 5 4 4 2 4 3 3 3 2 3 1 4 3 3 2 3 4 3 2 1 2 2 4 2 4 3 3 3 3 4 4 2 3 3 4 3 4 2"
WATER = "3 3 3 3 3 2 3 5 4 4 2 4 5 5 5 2 4 5 4 3 4 5 2 4 2 4 3 4 3 3 1 3 5 1 3 1 3 2 3 2 3 3 4 2 3 4 4 2 5 2"


def make_cohort(n=200, seed=3, covariates=("age",), **columns):
    """Two groups of both sexes, as many of each combination."""
    rng = np.random.default_rng(seed)
    ids = pd.Index([f"p{i:03d}" for i in range(n)], name="participant_id")
    people = pd.DataFrame({"age": rng.normal(40, 9, n), "sex": np.where(np.arange(n) % 2, "F", "M"), **columns}, ids)
    settings = SimpleNamespace(
        covariates=covariates, batch=None, small_cell=5, labels={"high": "H", "low": "L"}, outcome=None
    )
    groups = pd.DataFrame({"group": np.where(np.arange(n) // 2 % 2, "high", "low"), "score": np.nan}, ids)
    return SimpleNamespace(clusters=None, participants=people, settings=settings), groups


def make_measures(values, blocks, extras=None):
    about = pd.DataFrame(
        {"label": [f"{name} in words" for name in values], "block": blocks}, pd.Index(values.columns, name="claim")
    )
    return MainMeasures(values, about, extras or {})


# E-values -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ratio", "published"),
    [(3.9, 7.26), (1.8, 3.0), (0.8, 1.81), (0.91, 1.43), (0.5, 3.41), (1.0, 1.0)],
)
def test_e_values_are_those_of_the_article(ratio, published):
    """VanderWeele and Ding (2017): 3.9 (1.8 to 8.7) and 0.80 (0.71 to 0.91) are its examples; 0.5 is 2 + sqrt 2."""
    assert float(compute_e_value(ratio)) == pytest.approx(published, abs=0.006)


def test_the_bias_of_a_confounder_as_strong_as_the_e_value_is_the_whole_ratio():
    """Ding and VanderWeele's bounding factor: RR_eu RR_ud / (RR_eu + RR_ud - 1)."""
    for ratio in (1.2, 2.0, 5.5):
        e = float(compute_e_value(ratio))
        assert e * e / (2 * e - 1) == pytest.approx(ratio)


def test_a_difference_becomes_a_ratio_and_the_nearer_end_counts():
    """By hand: exp(0.455) = 1.5762, 1.5762 + sqrt(1.5762 x 0.5762) = 2.529; exp(0.0091) = 1.00914, + sqrt(1.00914 x 0.00914) = 1.1052."""
    table = pd.DataFrame({"d": [0.5, -0.5, 0.3], "d_low": [0.01, -0.99, -0.1], "d_high": [0.99, -0.01, 0.7]})
    found = find_e_values(table.assign(label=["a", "b", "c"], n_high=[44, 40, 44], n_low=[72, 70, 72]))
    assert found["e_value"].round(3).tolist()[:2] == [2.529, 2.529]
    assert found["e_value_interval"].round(4).tolist() == [1.1052, 1.1052, 1.0]
    assert float(convert_effect(-0.5)) == pytest.approx(1 / 1.5762, abs=1e-4)
    said = describe_e_values(found)
    assert said.startswith("1 of the 3 intervals holds zero") and "E-value 2.53, of the interval 1.11" in said
    assert draw.plot_e_values(found).get_figure().get_label().startswith("E-values of 3 main contrasts (n = 110–116)")


# The causal graph -----------------------------------------------------------------------------------------------------


def test_mediators_and_colliders_are_left_alone_and_common_causes_held():
    butterfly = nx.DiGraph([("u", "c"), ("v", "c"), ("u", "x"), ("v", "y"), ("x", "m"), ("m", "y")])
    graph = CausalGraph(butterfly, "x")
    assert find_adjustment(graph, "y") == set()  # the collider c closes the door by itself
    assert find_open(graph, "y", {"c"}) != []  # and opens it when it is held
    assert find_mediators(graph, "y") == {"m"}
    confounded = CausalGraph(nx.DiGraph([("u", "x"), ("u", "w"), ("w", "y"), ("x", "y")]), "x")
    assert find_adjustment(confounded, "y", among={"w"}) == {"w"}
    assert find_adjustment(confounded, "y", among=set()) is None


def test_the_declared_graph_asks_for_what_can_be_checked_by_hand():
    """Causes of resilience in the file are age, sex, means, adversity and study, and no other node closes their doors alone."""
    graph = load_graph(GRAPH)
    for outcome in ("symptoms", "brain", "gut", "metabolites"):
        needed = find_adjustment(graph, outcome)
        assert needed == {"age", "sex", "means", "adversity", "study"}
        cut = nx.DiGraph(graph.graph)
        cut.remove_edges_from(list(graph.graph.out_edges("resilience")))
        assert nx.is_d_separator(cut, "resilience", outcome, needed)
        assert not nx.is_d_separator(cut, "resilience", outcome, needed - {"means"})
    assert find_mediators(graph, "symptoms") == {"brain", "gut", "metabolites"}
    assert all(len(edge["why"]) > 3 for *_, edge in graph.graph.edges(data=True))


def test_every_mistake_of_a_graph_is_told_at_once(tmp_path):
    path = tmp_path / "mine.yml"
    path.write_text(
        "nodes: {a: {label: A, exposur: true}, b: {label: B}}\nedges:\n - [a, b, so]\n - [b, a, so]\n - [a, z, so]\n - [a, b]\n"
    )
    with pytest.raises(CohortError) as told:
        load_graph(path)
    said = str(told.value)
    assert len(told.value.problems) == 5
    assert all(
        words in said
        for words in (
            "exposur",
            "without three entries",
            "'z' in edge",
            "0 nodes with exposure",
            "a circle through a, b",
        )
    )


def test_a_cohort_is_told_what_it_leaves_open_and_what_it_must_not_hold():
    cohort, _ = make_cohort(bmi=25.0, income=3.0, covariates=("age", "sex", "bmi"))
    graph = match_cohort(load_graph(GRAPH), cohort, ["phenotype", "metabolites"])
    table = tabulate_adjustment(graph)
    assert table.index.tolist() == ["Metabolites", "Symptoms"]
    assert table.loc["Symptoms", "left_open"] == "study or batch, income and education, early adversity"
    assert table.loc["Symptoms", "mediators"] == "gut bacteria, metabolites, brain"
    said = describe_adjustment(graph)
    assert "adjusts for age, sex, body weight" in said and "Nobody measured study or batch, early adversity" in said
    assert "Measured, and not adjusted for: income and education." in said
    assert "The diagram is of resilience, and the groups differ in diagnosis:" in describe_adjustment(
        graph, other_groups="the groups differ in diagnosis"
    )
    effect = match_cohort(CausalGraph(nx.DiGraph(graph.graph), "means"), cohort, ["phenotype"])
    assert "**It also holds what the exposure may cause** (body weight)" in describe_adjustment(effect)
    drawn = draw.plot_graph(graph, exposure="H v L")
    assert "not measured here (study or batch, early adversity" in drawn.get_figure().get_label()
    assert {text.get_text().split("\n")[0] for text in drawn.texts} >= {"Symptoms", "Resilience", "Age, sex"}


# Both sexes -----------------------------------------------------------------------------------------------------------


def test_group_by_sex_is_the_difference_of_the_strata():
    """Without other covariates the coefficient is exactly the difference of the two differences of means."""
    cohort, groups = make_cohort(covariates=())
    rng = np.random.default_rng(8)
    high, male = (groups["group"] == "high").to_numpy(), (cohort.participants["sex"] == "M").to_numpy()
    values = pd.DataFrame({"C1": rng.normal(size=200) + 1.2 * high * male, "C2": rng.normal(size=200)}, groups.index)
    measures = make_measures(values, ["phenotype", "taxa"])
    table = compare_sexes(cohort, groups, measures)
    assert table["compared"].iloc[0] == "M minus F"
    mean = values["C1"].groupby([high, male]).mean()
    raw = (mean[True, True] - mean[False, True]) - (mean[True, False] - mean[False, False])
    residual = values["C1"] - values["C1"].groupby([high, male]).transform("mean")
    d = raw / np.sqrt((residual**2).sum() / 196) * (1 - 3 / (4 * 196 - 1))
    assert table.loc["C1", "d"] == pytest.approx(d, rel=1e-4)
    assert table.loc["C1", "d_low"] > 0 > table.loc["C2", "d_low"]
    strata = compare_within_sexes(cohort, groups, measures).set_index("sex", append=True)
    assert strata.loc[("C1", "M"), "d_low"] > 0 and strata.loc[("C1", "M"), "n_high"] == 50
    said = describe_interactions(table)
    assert "1 of 2 intervals lies wholly on one side of zero (C1 in words)" in said
    figure = draw.plot_by_sex(strata.reset_index("sex"), table)
    assert "F: n = 50 high, 50 low" in figure.get_label() and len(figure.axes) == 2


def test_small_strata_are_not_shown():
    cohort, groups = make_cohort(n=60)
    cohort.participants.loc[cohort.participants.index[8:], "sex"] = "M"  # four women, two in each group
    values = pd.DataFrame({"C1": np.random.default_rng(1).normal(size=60)}, groups.index)
    measures = make_measures(values, ["phenotype"])
    strata = compare_within_sexes(cohort, groups, measures).set_index("sex")
    assert np.isnan(strata.loc["F", "d"]) and np.isfinite(strata.loc["M", "d"])
    assert strata[["n_high", "n_low"]].isna().all(axis=None)  # else the few follow by subtraction
    with pytest.raises(TooLittle, match="10 of each sex in each group"):
        compare_sexes(cohort, groups, measures)
    cohort.participants["sex"] = "F"
    with pytest.raises(TooLittle, match="have the same"):
        compare_within_sexes(cohort, groups, measures)


# Mediation ------------------------------------------------------------------------------------------------------------


def test_mediation_gives_the_published_paths():
    """MacKinnon (2008): a = 0.3386, b = 0.4510, direct 0.2076, total 0.3604, indirect 0.1527."""
    x, m, y = (np.array(text.split(), float) for text in (TEMPERATURE, THIRST, WATER))
    found = mediate(x, m, y, rng=np.random.default_rng(1), n_bootstraps=2000)
    assert found["estimate"].round(4).to_dict() == {
        "a": 0.3386, "b": 0.451, "direct": 0.2076, "indirect": 0.1527, "total": 0.3604,
    }  # fmt: skip
    assert found.loc["indirect", "ci_low"] > 0 and found.loc["direct", "ci_low"] < 0 < found.loc["direct", "ci_high"]
    again = mediate(x, m, y, rng=np.random.default_rng(1), n_bootstraps=2000)
    pd.testing.assert_frame_equal(found, again)


def test_intervals_of_mediation_hold_the_truth_as_often_as_they_say():
    """n = 100, a = b = 0.4, a covariate that makes all three; and no effect of x on the mediator."""
    rng = np.random.default_rng(20240501)
    held = {0.4: 0, 0.0: 0}
    for a in held:
        for stream in rng.spawn(150):
            c = stream.normal(size=100)
            x = stream.normal(size=100) + 0.5 * c
            m = a * x + 0.5 * c + stream.normal(size=100)
            y = 0.4 * m + 0.2 * x + 0.5 * c + stream.normal(size=100)
            row = mediate(x, m, y, c[:, None], rng=stream, n_bootstraps=300).loc["indirect"]
            held[a] += row["ci_low"] <= 0.4 * a <= row["ci_high"]
    assert 0.89 <= held[0.4] / 150 <= 0.99 and 0.91 <= held[0.0] / 150 <= 1.0


def test_clusters_are_drawn_whole():
    """Everybody twice: as if independent, intervals are narrower by sqrt 2; by clusters they are as wide as of everybody once."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=80)
    m, y = 0.5 * x + rng.normal(size=80), rng.normal(size=80)
    once = mediate(x, m, y, rng=np.random.default_rng(1))
    twice = [np.repeat(values, 2) for values in (x, m, y)]
    whole = mediate(*twice, rng=np.random.default_rng(1), clusters=np.repeat(np.arange(80), 2))
    apart = mediate(*twice, rng=np.random.default_rng(1))
    width = {
        name: (table["ci_high"] - table["ci_low"]).loc["a"]
        for name, table in (("once", once), ("whole", whole), ("apart", apart))
    }
    assert width["whole"] == pytest.approx(width["once"], rel=1e-6)
    assert width["apart"] == pytest.approx(width["once"] / np.sqrt(2), rel=0.1)


def test_routes_follow_the_graph_and_hold_what_comes_before():
    cohort, groups = make_cohort(covariates=("age", "sex"))
    rng = np.random.default_rng(4)
    high = (groups["group"] == "high").to_numpy(float)
    chemistry = high + rng.normal(size=200)
    values = pd.DataFrame(
        {"C1": chemistry + rng.normal(size=200), "C2": chemistry, "C3": rng.normal(size=200)}, groups.index
    )
    values.loc[values.index[:9], "C3"] = np.nan
    measures = make_measures(
        values, ["phenotype", "metabolites", "volumes"], {"C3": pd.Series(1.0, groups.index) + values["C2"]}
    )
    graph = match_cohort(load_graph(GRAPH), cohort, ["phenotype", "metabolites", "volumes"])
    routes = list_routes(graph)
    assert [(route.exposure, route.mediator, route.held) for route in routes] == [
        ("resilience", "metabolites", ()), ("resilience", "brain", ()), ("metabolites", "brain", ("resilience",)),
    ]  # fmt: skip
    table = fit_routes(routes, graph, cohort, groups, measures, rng=rng, n_bootstraps=200)
    assert table.index[0] == "group → C2 in words → C1 in words" and table["n"].tolist() == [200, 191, 191]
    assert table["indirect_low"].iloc[0] > 0 and table["indirect"].iloc[0] == pytest.approx(
        table["a"].iloc[0] * table["b"].iloc[0]
    )
    assert "1 of 3 intervals of the indirect effect lies wholly" in describe_routes(table)
    assert "Mediation" in draw.plot_routes(table).get_figure().get_label()
    few = fit_routes(routes, graph, cohort, groups.iloc[:16], measures, rng=rng, n_bootstraps=20)
    assert few["indirect"].isna().all()
    with pytest.raises(TooLittle, match="all three"):
        describe_routes(few)
    with pytest.raises(TooLittle, match="one kind only"):
        list_routes(match_cohort(load_graph(GRAPH), cohort, ["phenotype"]))


# The cohort -----------------------------------------------------------------------------------------------------------


def test_measures_are_those_of_the_chapters(tmp_path):
    """The values behind a main contrast give the very contrast that the chapter wrote."""
    cohort = load_cohort(EXAMPLE, blocks=["volumes", "tracts", "metabolites"])
    groups = assign_groups(cohort, resilience.score_outcome(cohort))
    design = design_matrix(cohort, groups)
    sets = read_table(PROJECT_ROOT / "data" / "sets" / "brain_sets.tsv")
    features, claims = cohort.features["metabolites"], load_claims(CLAIMS)
    prepared = metabolites.prepare_metabolites(cohort.block("metabolites"), features)
    symptoms = resilience.compare_symptoms(resilience.score_measures(cohort), design, outcome="cd_risc")
    regions = brain.compare_sets(cohort.block("volumes"), cohort.block("tracts"), sets, design)
    levels = metabolites.compare_metabolites(prepared, features, design)
    for chapter, name, table in (
        ("02_resilience", "symptoms", symptoms),
        ("03_structure", "sets", regions),
        ("05_metabolites", "metabolites", levels),
    ):
        write_result(table, tmp_path, chapter, name)
    contrasts = read_contrasts(claims, tmp_path)
    assert contrasts.index.tolist() == ["C01", "C02", "C03", "C04", "C05", "C07", "C08", "C13", "C14"]
    measures = collect_measures(cohort, claims, contrasts, sets)
    for claim in contrasts.index:
        again = fit_measure(measures, claim, design)
        assert again[["d", "d_low", "d_high"]].tolist() == pytest.approx(
            contrasts.loc[claim, ["d", "d_low", "d_high"]].tolist(), rel=1e-8
        )
    write_result(
        contrasts.loc[["C13"]].set_index("feature")[["d"]].assign(d_imputed=0.1),
        tmp_path,
        "05_metabolites",
        "incomplete",
    )
    assert read_incomplete(claims, tmp_path)["label"].to_dict() == {"C13": "N-acetylglutamate"}
    pair = regions.iloc[[0]].set_axis(["Reward × Somatomotor"])
    write_result(pair, tmp_path, "03_brain", "networks")
    write_result(pair[["d"]].assign(d_imputed=0.1), tmp_path, "03_structure", "incomplete")
    assert read_incomplete(claims, tmp_path).index.tolist() == ["C06", "C13"], "one page on the brain imputes for both"
    write_result(find_e_values(contrasts), tmp_path, "09_sensitivity", "e_values")
    assert "main contrasts have an interval away from zero" in describe_findings(tmp_path)


def test_a_cohort_without_main_contrasts_gets_a_reason(tmp_path):
    with pytest.raises(TooLittle, match="None of the contrasts"):
        read_contrasts(load_claims(CLAIMS), tmp_path)
    with pytest.raises(TooLittle, match="imputed"):
        read_incomplete(load_claims(CLAIMS), tmp_path)
    assert describe_findings(tmp_path) == ""


def test_clusters_go_along_everywhere():
    """Families whose members share a group: with them the intervals of group × sex and of mediation are not those of independent people."""
    cohort, groups = make_cohort()
    groups = groups.assign(group=np.where(np.arange(200) // 4 % 2, "high", "low"))
    rng = np.random.default_rng(1)
    family = np.repeat(rng.normal(size=50), 4)
    values = pd.DataFrame({name: family + rng.normal(size=200) for name in ("C1", "C2", "C3")}, groups.index)
    measures = make_measures(
        values, ["phenotype", "metabolites", "volumes"], {"C3": pd.Series(rng.normal(size=200), groups.index)}
    )
    graph = match_cohort(load_graph(GRAPH), cohort, ["phenotype", "metabolites", "volumes"])
    widths = {}
    for name, clusters in (("apart", None), ("together", pd.Series(np.arange(200) // 4, groups.index).astype(str))):
        cohort.clusters = clusters
        strata = compare_within_sexes(cohort, groups, measures)
        routes = fit_routes(
            list_routes(graph), graph, cohort, groups, measures, rng=np.random.default_rng(2), n_bootstraps=300
        )
        assert strata["d"].notna().all() and compare_sexes(cohort, groups, measures)["d"].notna().all()
        widths[name] = (routes["a_high"] - routes["a_low"]).iloc[0]
    assert widths["together"] > 1.2 * widths["apart"]
