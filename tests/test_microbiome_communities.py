"""Several terms, dispersion, UniFrac and rarefaction curves against vegan, phyloseq, hand calculation, and refusals."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from helpers import microbiome
from helpers.linear_algebra import span
from helpers.microbiome.permanova_algebra import count_p
from tests.parity import find_oracle

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="module")
def meta():
    return pd.read_csv(DATA / "comm116_meta.tsv", sep="\t", index_col=0)


@pytest.fixture(scope="module")
def counts():
    return pd.read_csv(DATA / "comm116_counts.tsv.gz", sep="\t", index_col=0)


@pytest.fixture(scope="module")
def bray(counts):
    return microbiome.measure_beta(counts, metric="bray_curtis")


@pytest.fixture(scope="module")
def vegan():
    return json.loads(gzip.decompress((DATA / "vegan_comm116_1000.json.gz").read_bytes()))


# PERMANOVA -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "key"), [("marginal", "margin"), ("sequential", "terms")])
def test_three_terms_match_adonis2(bray, meta, vegan, rng, kind, key):
    """adonis2 on site + age + group: every column of its table; p to within the chance of 1,999 shuffles."""
    theirs = vegan[f"n116_site_age_group_{key}"]
    terms = meta[["site", "age", "group"]].sample(frac=1, random_state=1)
    result = microbiome.run_permanova(bray, terms, kind=kind, n_permutations=1999, rng=rng)
    assert list(result.table.index) == theirs["terms"]
    for ours, name in (("df", "Df"), ("sum_of_squares", "SumOfSqs"), ("r_squared", "R2")):
        np.testing.assert_allclose(result.table[ours], theirs[name], rtol=1e-8)
    np.testing.assert_allclose(result.table["pseudo_f"][:3], theirs["F"][:3], rtol=1e-8)
    np.testing.assert_allclose(result.table["p"][:3].astype(float), theirs["p"][:3], atol=0.035)
    assert result.table.loc[["Residual", "Total"], "p"].isna().all()


def test_whole_model_matches_adonis2(bray, meta, vegan, rng):
    theirs = vegan["n116_site_age_group_overall"]
    result = microbiome.run_permanova(bray, meta[["site", "age", "group"]], kind="overall", n_permutations=99, rng=rng)
    assert result.table.loc["Model", "pseudo_f"] == pytest.approx(theirs["F"][0], rel=1e-8)
    assert result.table.loc["Model", "p"] == 0.01


def test_one_term_in_strata_is_the_comparison_of_groups(bray, meta, vegan, rng):
    theirs = vegan["n116_group_strata_site"]
    table = microbiome.run_permanova(bray, meta[["group"]], strata=meta["site"], n_permutations=1999, rng=rng).table
    assert table.loc["group", "pseudo_f"] == pytest.approx(theirs["F"][0], rel=1e-8)
    assert table.loc["group", "p"] == pytest.approx(theirs["p"][0], abs=0.035)


def test_order_matters_for_sequential_terms_only(bray, meta, rng):
    forth, back = meta[["site", "age"]], meta[["age", "site"]]
    for kind, same in (("marginal", True), ("sequential", False)):
        squares = [
            microbiome.run_permanova(bray, terms, kind=kind, n_permutations=1, rng=rng).table.loc[
                "age", "sum_of_squares"
            ]
            for terms in (forth, back)
        ]
        assert (abs(squares[0] - squares[1]) < 1e-10) == same


def test_shuffles_are_freedman_lane_by_hand(rng):
    """Identity: on one variable, marginal F of shuffled residuals refitted by least squares, shuffle by shuffle."""
    n = 12
    ids = [f"s{i}" for i in range(n)]
    table = pd.DataFrame({"x": rng.normal(size=n), "z": rng.normal(size=n)}, index=ids)
    y = table["z"] + rng.normal(size=n)
    distances = pd.DataFrame(np.abs(np.subtract.outer(y.to_numpy(), y.to_numpy())), ids, ids)
    ours = microbiome.run_permanova(distances, table, n_permutations=49, rng=np.random.default_rng(5)).table
    shuffles = np.random.default_rng(np.random.default_rng(5).integers(2**63))
    orders = shuffles.permuted(np.tile(np.arange(n), (49, 1)), axis=1)
    reduced = np.column_stack([np.ones(n), table["z"]])
    full = np.column_stack([reduced, table["x"]])
    left = y - reduced @ np.linalg.lstsq(reduced, y, rcond=None)[0]

    def fit(values):
        rss = [((values - x @ np.linalg.lstsq(x, values, rcond=None)[0]) ** 2).sum() for x in (reduced, full)]
        return (rss[0] - rss[1]) / (rss[1] / (n - 3))

    f = np.array([fit(left.to_numpy()), *(fit(left.to_numpy()[np.argsort(order)]) for order in orders)])
    assert ours.loc["x", "pseudo_f"] == pytest.approx(f[0])
    assert ours.loc["x", "p"] == count_p(f)


def test_people_with_blanks_are_left_out_and_counted(bray, meta, rng):
    holes = meta[["age", "group"]].copy()
    holes.iloc[:4, 0] = np.nan
    result = microbiome.run_permanova(bray, holes, n_permutations=9, rng=rng)
    assert (result.n_samples, result.n_left_out) == (112, 4)
    assert microbiome.describe_permanova(result).startswith("112 samples, each after all others: age ")
    assert result.to_frame()["n_samples"].eq(112).all()


def test_impossible_models_are_refused(bray, meta, rng):
    twice = meta[["age"]].assign(half=meta["age"] / 2)
    with pytest.raises(ValueError, match="'age' is constant or follows from half"):
        microbiome.run_permanova(bray, twice, n_permutations=9, rng=rng)
    with pytest.raises(ValueError, match="may be marginal, sequential, overall"):
        microbiome.run_permanova(bray, meta[["age"]], kind="type III", n_permutations=9, rng=rng)
    with pytest.raises(ValueError, match="No participant has distances and all terms"):
        microbiome.run_permanova(bray, meta[["age"]].add_prefix("x", axis=0), n_permutations=9, rng=rng)
    few = pd.DataFrame(np.eye(3), columns=list("abc"), index=bray.index[:3])
    with pytest.raises(ValueError, match=r"too few|follows from"):
        microbiome.run_permanova(bray, few, n_permutations=9, rng=rng)


def test_span_finds_the_rank_whatever_the_units(rng):
    columns = rng.normal(size=(20, 2)) * [1e-6, 1e6]
    assert span(columns).shape == (20, 2)
    assert span(np.column_stack([columns, columns.sum(axis=1)])).shape == (20, 2)


# dispersion ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "groups", "centre", "adjusted", "tolerance"),
    [
        ("betadisper_centroid_group", "group", "centroid", False, 1e-8),
        ("betadisper_median_group", "group", "median", False, 1e-4),
        ("betadisper_median_group_biasadj", "group", "median", True, 1e-4),
        ("betadisper_median_site", "site", "median", False, 1e-4),
    ],
)
def test_dispersion_matches_betadisper(bray, meta, vegan, rng, key, groups, centre, adjusted, tolerance):
    theirs = vegan[key]
    result = microbiome.measure_dispersion(
        bray, meta[groups], centre=centre, bias_adjusted=adjusted, n_permutations=1999, rng=rng
    )
    np.testing.assert_allclose(result.distances, theirs["distances"], atol=tolerance)
    if "group_distances" in theirs:
        for name, mean in theirs["group_distances"].items():
            assert result.group_means[name] == pytest.approx(mean, abs=tolerance)
    if not adjusted:  # vegan's F of adjusted distances is made of the unadjusted ones
        assert result.pseudo_f == pytest.approx(theirs["F"], abs=max(tolerance * 20, 1e-7))
        assert result.p == pytest.approx(theirs["p"], abs=0.04)


def test_the_chapters_test_of_spread_is_the_adjusted_centroid(bray, meta, rng):
    one = microbiome.measure_dispersion(bray, meta["site"], n_permutations=9, rng=rng)
    other = microbiome.compare_communities(bray, meta["site"], n_permutations=9, rng=rng)
    assert other.dispersion_f == pytest.approx(one.pseudo_f, rel=1e-12)
    assert "adjusted for the sizes of the groups" in microbiome.describe_dispersion(one)


def test_spread_beside_covariates_is_the_studentised_residual_of_a_linear_model(rng):
    """Identity on one axis: |residual| / sqrt(1 - leverage), and the F of these beside the covariate, by statsmodels."""
    n, people = 30, [f"sub-{i:02d}" for i in range(30)]
    terms = pd.DataFrame({"group": np.arange(n) % 3 == 0, "age": rng.normal(40, 10, n)}, people, dtype=float)
    place = 2 * terms["age"] + 5 * terms["group"] + rng.normal(0, 3, n)
    distances = pd.DataFrame(np.abs(np.subtract.outer(place.to_numpy(), place.to_numpy())), people, people)
    labels = terms["group"].map({1.0: "case", 0.0: "control"})
    found = microbiome.measure_dispersion(distances, labels, covariates=terms[["age"]], n_permutations=9, rng=rng)
    influence = sm.OLS(place, sm.add_constant(terms)).fit().get_influence()
    expected = np.abs(influence.resid / np.sqrt(1 - influence.hat_matrix_diag))
    np.testing.assert_allclose(found.distances, expected, rtol=1e-9)
    compared = sm.OLS(expected, sm.add_constant(terms)).fit()
    assert found.pseudo_f == pytest.approx(compared.tvalues["group"] ** 2, rel=1e-9)
    assert "freed of 1 covariate" in microbiome.describe_dispersion(found)


def _draw_batches(rng, n=60):
    """Two batches that differ in spread, groups unequal between them, nothing that follows the group."""
    people = [f"sub-{i:02d}" for i in range(n)]
    wide = np.arange(n) < n // 2
    high = rng.random(n) < np.where(wide, 0.75, 0.25)
    points = rng.normal(0, np.where(wide, 2, 1)[:, None], (n, 20))
    distances = pd.DataFrame(np.linalg.norm(points[:, None] - points[None], axis=2), people, people)
    return distances, pd.Series(np.where(high, "high", "low"), people), pd.DataFrame({"wide": wide * 1.0}, people)


@pytest.mark.parametrize(("centre", "adjusted"), [("median", False), ("centroid", True)])
def test_batches_that_differ_in_spread_do_not_make_groups_differ(centre, adjusted):
    """True null: without the batch nearly all are rejected, with it about 5 of 100 (99.9 % of such counts are below 14)."""
    rejected = {"with": 0, "without": 0}
    for draw in range(100):
        rng = np.random.default_rng(draw)
        distances, groups, batch = _draw_batches(rng)
        how = {"centre": centre, "bias_adjusted": adjusted, "n_permutations": 19, "rng": rng}
        rejected["without"] += microbiome.measure_dispersion(distances, groups, **how).p <= 0.05
        own = {"covariates": batch, "strata": batch["wide"]}
        rejected["with"] += microbiome.measure_dispersion(distances, groups, **own, **how).p <= 0.05
    assert rejected["without"] > 80
    assert rejected["with"] < 14


def test_median_of_a_triangle_is_where_sides_meet_at_120_degrees(rng):
    """Torricelli's point of a right triangle with legs of 1: sum of distances (1 + sqrt(3)) / sqrt(2) = 1.93185."""
    points = np.array([[0, 0], [1, 0], [0, 1], [9, 9], [10, 9], [9, 10]], float)
    distances = pd.DataFrame(np.linalg.norm(points[:, None] - points[None], axis=2), list("abcdef"), list("abcdef"))
    groups = pd.Series(list("xxxyyy"), index=list("abcdef"))
    result = microbiome.measure_dispersion(
        distances, groups, centre="median", bias_adjusted=False, n_permutations=1, rng=rng
    )
    assert result.distances[:3].sum() == pytest.approx((1 + 3**0.5) / 2**0.5, abs=1e-6)


def test_unknown_centres_and_lone_people_are_refused(bray, meta, rng):
    with pytest.raises(ValueError, match="may be median, centroid"):
        microbiome.measure_dispersion(bray, meta["group"], centre="mode", n_permutations=9, rng=rng)
    with pytest.raises(ValueError, match="at least two people"):
        lone = meta["group"].where(meta["group"] == "case", None)
        lone.iloc[[-1]] = "alone"
        microbiome.measure_dispersion(bray, lone, n_permutations=9, rng=rng)


# distances and depth -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metric", "file"),
    [
        ("unweighted_unifrac", "unifrac_unweighted"),
        ("weighted_unifrac", "unifrac_weighted_normalized"),
        ("generalized_unifrac", "GUniFrac_d05"),
    ],
)
def test_unifrac_matches_phyloseq_on_real_samples(metric, file):
    oracle = find_oracle()
    if oracle is None:
        pytest.skip("the reference's numbers are not beside the mirror of open data")
    folder = oracle / "ecology"
    table = pd.read_csv(folder / "gp800_table.tsv.gz", sep="\t", index_col=0).T
    theirs = pd.read_csv(folder / f"gp800_{file}.tsv.gz", sep="\t", index_col=0)
    ours = microbiome.measure_beta(table, metric=metric, tree_path=folder / "gp800_tree.nwk")
    np.testing.assert_allclose(ours.loc[theirs.index, theirs.columns], theirs, atol=1e-8)


def test_generalised_unifrac_by_hand(tmp_path):
    """Two tips of length 1: shares (1, 0) and (1/2, 1/2). (√1.5 / 3 + √0.5) / (√1.5 + √0.5)."""
    (tmp_path / "tree.nwk").write_text("(t_1:1,t_2:1);")
    counts = pd.DataFrame({"t_1": [4, 1], "t_2": [0, 1]}, index=["a", "b"])
    ours = microbiome.measure_beta(counts, metric="generalized_unifrac", tree_path=tmp_path / "tree.nwk")
    assert ours.loc["a", "b"] == pytest.approx((1.5**0.5 / 3 + 0.5**0.5) / (1.5**0.5 + 0.5**0.5))


def test_samples_that_are_alike_lie_at_zero(counts):
    twice = pd.concat([counts.iloc[:40], counts.iloc[:40].add_prefix("again_", axis=0)])
    for metric in ("bray_curtis", "jaccard", "aitchison"):
        distances = microbiome.measure_beta(twice, metric=metric).to_numpy()
        assert np.diag(distances[:40, 40:]).max() < 1e-5 and distances.min() >= 0
        np.testing.assert_array_equal(distances, distances.T)


def test_threads_change_no_distance(counts):
    one, two = (microbiome.measure_beta(counts, metric="bray_curtis", n_workers=n) for n in (1, 2))
    pd.testing.assert_frame_equal(one, two, check_exact=True)


def test_rarefaction_curve_is_vegan_rarefy(counts, vegan):
    curves = microbiome.trace_rarefaction(counts, n_depths=8)
    from helpers.microbiome.rarefaction import expect_richness

    ours = expect_richness(counts.to_numpy(), 1000)
    np.testing.assert_allclose(ours, vegan["alpha"]["rarefied_richness_1000"], rtol=1e-8)
    np.testing.assert_allclose(curves.iloc[:, 0], 1, rtol=1e-7)
    assert curves.max(axis=1).le((counts > 0).sum(axis=1) + 1e-6).all()
    assert "116 samples show between" in microbiome.describe_rarefaction(curves, depth=1000)


def test_without_rarefaction_all_reads_count(counts, vegan, rng):
    whole = microbiome.measure_alpha(counts, n_rarefactions=0, rng=rng)
    for ours, theirs in (("observed", "observed"), ("shannon", "shannon_nat"), ("pielou", "pielou")):
        np.testing.assert_allclose(whole.values[ours], vegan["alpha"][theirs], rtol=1e-10)
    assert whole.depth is None and "not rarefied" in microbiome.describe_alpha(whole)
    design = pd.DataFrame({"group": np.arange(116) % 2}, index=counts.index)
    contrast = microbiome.compare_alpha(whole, design)
    both = microbiome.compare_depths(contrast, contrast)
    assert list(both.columns) == ["d", "d_low", "d_high", "d_all_reads", "d_all_reads_low", "d_all_reads_high"]
    np.testing.assert_array_equal(both["d_low"], both["d_all_reads_low"])


# terms that shuffles within strata cannot change ---------------------------------------------------------------------


def draw_repeated(rng, *, n_persons, effect, sizes=2):
    """Samples of persons, half of them cases; persons differ, and cases lie apart by `effect`."""
    person = np.repeat(np.arange(n_persons), sizes)
    is_case = (person % 2).astype(float)
    place = (
        rng.normal(size=(n_persons, 3))[person] + 0.3 * rng.normal(size=(len(person), 3)) + effect * is_case[:, None]
    )
    ids = [f"s{i}" for i in range(len(person))]
    distances = pd.DataFrame(np.linalg.norm(place[:, None] - place, axis=2), ids, ids)
    return distances, pd.Series(np.where(is_case > 0, "case", "control"), ids), pd.Series(person, ids)


def test_groups_of_persons_are_tested_by_exchanging_persons(rng):
    """Shuffled within persons, p would be 1 whatever the effect; samples shuffled freely would count each person twice."""
    ps = {0.0: [], 3.0: []}
    for effect in ps:
        for _ in range(40):
            distances, groups, person = draw_repeated(rng, n_persons=16, effect=effect)
            test = microbiome.compare_communities(distances, groups, strata=person, n_permutations=59, rng=rng)
            assert test.shuffled == "whole strata"
            ps[effect].append(test.p)
    assert np.mean(np.array(ps[0.0]) <= 0.05) <= 0.15 and np.mean(np.array(ps[3.0]) <= 0.05) >= 0.9


def test_where_nothing_can_change_places_p_is_blank_and_the_reason_said(rng):
    distances, groups, person = draw_repeated(rng, n_persons=4, effect=1.0, sizes=[2, 3, 4, 5])
    test = microbiome.compare_communities(distances, groups, strata=person, n_permutations=19, rng=rng)
    assert test.shuffled == "nothing" and np.isnan(test.p) and np.isnan(test.p_dispersion)
    assert np.isfinite(test.r_squared)
    assert "no two can change places" in microbiome.describe_communities(test.to_frame())
    spread = microbiome.measure_dispersion(distances, groups, strata=person, n_permutations=19, rng=rng)
    assert np.isnan(spread.p)
    table = microbiome.run_permanova(distances, groups.to_frame("group"), strata=person, n_permutations=19, rng=rng)
    assert np.isnan(table.table.loc["group", "p"]) and "not tested" in microbiome.describe_permanova(table)


def test_too_few_arrangements_are_said(rng):
    distances, groups, person = draw_repeated(rng, n_persons=4, effect=1.0)
    result = microbiome.run_permanova(distances, groups.to_frame("group"), strata=person, n_permutations=19, rng=rng)
    assert result.table.loc["group", "n_arrangements"] == 6
    assert "only 6 arrangements" in microbiome.describe_permanova(result)
