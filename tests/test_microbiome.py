"""The microbiome room against vegan (R), scikit-bio, hand calculation, and its refusals."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skbio
from scipy.stats import f_oneway
from skbio.diversity import alpha_diversity, beta_diversity
from skbio.stats.distance import permanova
from skbio.stats.ordination import pcoa

from helpers import microbiome
from helpers.contrasts import describe_contrasts

DATA = Path(__file__).parent / "data"
TREE = "((t_1:1,t_2:1):1,(t_3:1,t_4:2):1);"


@pytest.fixture(scope="module")
def counts():
    return pd.read_csv(DATA / "comm116_counts.tsv.gz", sep="\t", index_col=0)


@pytest.fixture(scope="module")
def meta():
    return pd.read_csv(DATA / "comm116_meta.tsv", sep="\t", index_col=0)


@pytest.fixture(scope="module")
def vegan():
    return json.loads((DATA / "vegan_comm116.json").read_text())


@pytest.fixture(scope="module")
def bray(counts):
    return microbiome.measure_beta(counts, metric="bray_curtis")


@pytest.fixture
def tree_path(tmp_path):
    path = tmp_path / "tree.nwk"
    path.write_text(TREE)
    return path


@pytest.fixture
def small():
    return pd.DataFrame(
        [[4, 0, 0, 0], [1, 1, 1, 1], [0, 0, 2, 6]], index=["a", "b", "c"], columns=["t_1", "t_2", "t_3", "t_4"]
    )


@pytest.fixture
def planted(rng):
    """60 people, 12 genera; in the high group genus_00 is four times as common."""
    ids = [f"sub-{i:03d}" for i in range(60)]
    design = pd.DataFrame({"group": np.repeat([1.0, 0.0], 30), "age": rng.normal(size=60)}, index=ids)
    means = np.exp(rng.normal(4, 0.3, (60, 12)))
    means[:30, 0] *= 4
    counts = pd.DataFrame(rng.poisson(means), index=ids, columns=[f"t{i:02d}" for i in range(12)])
    taxonomy = pd.DataFrame({"family": "F", "genus": [f"genus_{i:02d}" for i in range(12)]}, index=counts.columns)
    return counts, taxonomy, design


# alpha diversity -----------------------------------------------------------------------------------------------------


def test_indices_match_vegan_when_all_reads_are_drawn(counts, vegan, rng):
    """vegan diversity() and specnumber(), samples 1 to 8, each rarefied to its own depth."""
    names = {"observed": "observed", "shannon": "shannon_nat", "inverse_simpson": "invsimpson", "pielou": "pielou"}
    for row in range(8):
        one = microbiome.measure_alpha(counts.iloc[[row]], n_rarefactions=1, rng=rng).values.iloc[0]
        for ours, theirs in names.items():
            assert one[ours] == pytest.approx(vegan["alpha"][theirs][row], rel=1e-10)


def test_rarefied_richness_approaches_vegan_rarefy(counts, vegan, rng):
    """vegan rarefy() gives the expected richness at 1,000 reads exactly; the mean of draws must come near."""
    alpha = microbiome.measure_alpha(counts, depth=1000, n_rarefactions=30, rng=rng)
    expected = np.array(vegan["alpha"]["rarefied_richness_1000"])
    assert alpha.n_lost == 0
    assert abs((alpha.values["observed"] - expected).mean()) < 0.25
    assert (alpha.values["observed"] - expected).abs().max() < 4


def test_faith_is_scikit_bio_and_the_hand(small, tree_path, rng):
    """Person a has tip 1 only: 1 + 1 = 2. Person b has the whole tree: 7."""
    alpha = microbiome.measure_alpha(small.iloc[:2], tree_path=tree_path, n_rarefactions=3, rng=rng)
    assert alpha.values["faith_pd"].tolist() == [2.0, 7.0]
    tree = skbio.TreeNode.read([TREE], convert_underscores=False)
    theirs = alpha_diversity("faith_pd", small.to_numpy()[:2], taxa=list(small.columns), tree=tree)
    np.testing.assert_allclose(alpha.values["faith_pd"], theirs)


def test_depth_is_the_shallowest_and_losses_are_counted(small, rng):
    assert microbiome.measure_alpha(small, n_rarefactions=1, rng=rng).depth == 4
    deeper = microbiome.measure_alpha(small, depth=8, n_rarefactions=1, rng=rng)
    assert (deeper.n_lost, list(deeper.values.index)) == (2, ["c"])
    assert "<5 samples with fewer reads left out" in microbiome.describe_alpha(deeper)


def test_one_taxon_has_no_evenness(small, rng):
    alone = microbiome.measure_alpha(small.iloc[[0]], n_rarefactions=2, rng=rng).values.iloc[0]
    assert alone["shannon"] == 0 and alone["inverse_simpson"] == 1 and np.isnan(alone["pielou"])


def test_same_seed_same_numbers_and_inputs_untouched(small):
    before = small.copy()
    first, second = (microbiome.measure_alpha(small, n_rarefactions=5, rng=np.random.default_rng(7)) for _ in range(2))
    pd.testing.assert_frame_equal(first.values, second.values)
    pd.testing.assert_frame_equal(small, before)


def test_compare_alpha_is_a_contrast_matched_by_id(small, rng):
    values = pd.DataFrame({"shannon": [1.0, 2.0, 4.0, 6.0]}, index=list("abcd"))
    alpha = microbiome.AlphaDiversity(values, 100, 1, 4, 0)
    design = pd.DataFrame({"group": [1, 0, 1, 0]}, index=list("cbda"))
    table = microbiome.compare_alpha(alpha, design)
    assert table.loc["shannon", "estimate"] == pytest.approx(3.5)
    assert table.loc["shannon", "depth"] == 100


@pytest.mark.parametrize(
    ("cell", "message"),
    [(-1, "1 cell not a whole number"), (0.5, "in t_2.*raw counts"), (np.nan, "1 cell"), (np.inf, "1 cell")],
)
def test_bad_counts_are_refused_by_taxon(small, cell, message):
    bad = small.astype(float)
    bad.loc["a", "t_2"] = cell
    with pytest.raises(ValueError, match=message):
        microbiome.transform_clr(bad)


def test_empty_samples_and_double_ids_are_counted_not_named(small, rng):
    empty = small.copy()
    empty.loc["a"] = 0
    with pytest.raises(ValueError, match="1 sample without a single read"):
        microbiome.measure_alpha(empty, n_rarefactions=1, rng=rng)
    with pytest.raises(ValueError, match="1 row with an id that stands earlier"):
        microbiome.transform_clr(small.set_axis(["a", "b", "a"]))
    with pytest.raises(ValueError, match="at least one sample"):
        microbiome.transform_clr(small.iloc[:0])


def test_impossible_depth_says_what_is_possible(small, rng):
    with pytest.raises(ValueError, match=r"samples hold 4 to 8 reads\. Choose at most 4"):
        microbiome.measure_alpha(small, depth=9, n_rarefactions=1, rng=rng)


@pytest.mark.parametrize(
    ("newick", "message"),
    [
        ("((t_1:1,t_2:1):1,t_3:1);", "no tip for 1 of the 4 taxa counted: t_4"),
        ("(t_1:1,t_2:1,(t_3:1,t_4:1):1);", "not rooted: 3 branches"),
        ("((t_1,t_2:1):1,(t_3:1,t_4:2):1);", "no length for 1 of its branches"),
    ],
)
def test_unfit_trees_are_refused(small, tmp_path, newick, message):
    (tmp_path / "bad.nwk").write_text(newick)
    with pytest.raises(ValueError, match=message):
        microbiome.measure_beta(small, metric="weighted_unifrac", tree_path=tmp_path / "bad.nwk")


# beta diversity ------------------------------------------------------------------------------------------------------


def test_distances_by_hand(small, tree_path):
    """b against c: shares .25 each v 0, 0, .25, .75."""
    shared = {
        metric: microbiome.measure_beta(small, metric=metric).loc["b", "c"] for metric in ("bray_curtis", "jaccard")
    }
    assert shared == {"bray_curtis": pytest.approx(0.5), "jaccard": pytest.approx(0.5)}
    unweighted = microbiome.measure_beta(small, metric="unweighted_unifrac", tree_path=tree_path)
    assert unweighted.loc["b", "c"] == pytest.approx(3 / 7)
    assert unweighted.loc["a", "c"] == pytest.approx(1.0)
    weighted = microbiome.measure_beta(small, metric="weighted_unifrac", tree_path=tree_path)
    assert weighted.loc["a", "c"] == pytest.approx(1.0)


def test_jaccard_ignores_amounts_and_bray_curtis_ignores_depth(small):
    deeper = small * np.array([[1], [7], [1]])
    for metric in ("bray_curtis", "jaccard"):
        first, second = (microbiome.measure_beta(table, metric=metric) for table in (small, deeper))
        pd.testing.assert_frame_equal(first, second)


def test_extra_tips_do_not_change_unifrac(small, tmp_path, tree_path):
    (tmp_path / "more.nwk").write_text("(((t_1:1,t_2:1):1,(t_3:1,t_4:2):1):0,other:9);")
    for metric in ("unweighted_unifrac", "weighted_unifrac"):
        pd.testing.assert_frame_equal(
            microbiome.measure_beta(small, metric=metric, tree_path=tmp_path / "more.nwk"),
            microbiome.measure_beta(small, metric=metric, tree_path=tree_path),
        )


def test_unknown_metric_and_missing_tree_are_refused(small):
    with pytest.raises(ValueError, match=r"'euclid' is unknown\. It may be bray_curtis"):
        microbiome.measure_beta(small, metric="euclid")
    with pytest.raises(ValueError, match="Unweighted UniFrac needs a tree"):
        microbiome.measure_beta(small, metric="unweighted_unifrac")


def test_ordination_matches_vegan_and_scikit_bio(bray, vegan):
    ours = microbiome.ordinate(bray, n_axes=4)
    eigenvalues = (ours.coordinates**2).sum()
    np.testing.assert_allclose(eigenvalues, vegan["pcoa_eigenvalues"][:4], rtol=1e-10)
    theirs = pcoa(skbio.DistanceMatrix(bray.to_numpy(), ids=list(bray.index)), number_of_dimensions=4)
    np.testing.assert_allclose(ours.coordinates.abs(), np.abs(theirs.samples.to_numpy()[:, :4]), atol=1e-8)
    assert 0 < ours.negative_share < 0.1


def test_ordination_keeps_flat_distances(rng):
    """Points on a plane: two axes hold everything, and the distances come back."""
    points = rng.normal(size=(12, 2))
    distances = pd.DataFrame(np.linalg.norm(points[:, None] - points[None], axis=2))
    ordination = microbiome.ordinate(distances)
    back = ordination.coordinates.to_numpy()
    np.testing.assert_allclose(np.linalg.norm(back[:, None] - back[None], axis=2), distances, atol=1e-10)
    assert ordination.percent_explained.sum() == pytest.approx(100)
    assert ordination.negative_share == 0


def test_places_of_groups_are_centroids_and_ellipses():
    plane = pd.DataFrame({"PCo1": [-2.0, 2.0, 0.0, 0.0, 9.0], "PCo2": [0.0, 0.0, -1.0, 1.0, 9.0]}, index=list("abcde"))
    groups = pd.Series({"e": np.nan, "a": "high", "b": "high", "c": "high", "d": "high"}, dtype=object)
    place = microbiome.locate_groups(microbiome.Ordination(plane, pd.Series([80.0, 20.0]), 0.0, 5), groups).loc["high"]
    assert (place["n"], place["x"], place["y"]) == (4, 0, 0)
    assert place["width"] == pytest.approx(2 * place["height"])
    assert abs(place["angle_deg"]) % 180 == pytest.approx(0)


# communities ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metric", "key"),
    [("bray_curtis", "group"), ("jaccard", "jaccard_group"), ("aitchison", "aitchison_pseudo1_group")],
)
def test_permanova_matches_vegan(counts, meta, vegan, rng, metric, key):
    """adonis2: F and R² exactly, p to within the chance of 999 shuffles; groups come in another order."""
    distances = microbiome.measure_beta(counts, metric=metric, pseudocount=1)
    test = microbiome.compare_communities(distances, meta["group"].iloc[::-1], n_permutations=999, rng=rng)
    assert test.pseudo_f == pytest.approx(vegan[key]["F"], rel=1e-8)
    assert test.r_squared == pytest.approx(vegan[key]["R2"], rel=1e-8)
    assert abs(test.p - vegan[key]["p"]) < 0.05


def test_marginal_terms_match_vegan(bray, meta, vegan, rng):
    """adonis2(by = "margin") on site + age + group, for the group (1 df) and the site (3 df)."""
    age, case = meta[["age"]], (meta["group"] == "case").astype(float).rename("case")
    sites = pd.get_dummies(meta["site"], drop_first=True, dtype=float)
    for term, groups, covariates in (
        ("group", meta["group"], age.join(sites)),
        ("site", meta["site"], age.join(case)),
    ):
        test = microbiome.compare_communities(bray, groups, covariates=covariates, n_permutations=199, rng=rng)
        assert test.pseudo_f == pytest.approx(vegan["margin"][term]["F"], rel=1e-8)
        assert test.r_squared == pytest.approx(vegan["margin"][term]["R2"], rel=1e-8)
        assert abs(test.p - vegan["margin"][term]["p"]) < 0.1


def test_strata_match_vegan(bray, meta, vegan, rng):
    test = microbiome.compare_communities(bray, meta["group"], strata=meta["site"], n_permutations=999, rng=rng)
    assert test.pseudo_f == pytest.approx(vegan["group_strata_site"]["F"], rel=1e-8)
    assert abs(test.p - vegan["group_strata_site"]["p"]) < 0.05
    assert test.n_strata == 4


def test_dispersion_matches_betadisper(bray, meta, vegan, rng):
    test = microbiome.compare_communities(bray, meta["group"], n_permutations=999, rng=rng)
    assert test.dispersion_f == pytest.approx(vegan["betadisper_centroid_group"]["F"], rel=1e-8)
    assert abs(test.p_dispersion - vegan["betadisper_centroid_group"]["p"]) < 0.06


def test_dispersion_of_unequal_groups_is_not_biased_by_their_size(rng):
    """Identity: on one variable it is Levene's F of distances times sqrt(n / (n - 1)), as vegan's bias.adjust has it."""
    values = pd.Series(rng.normal(size=24), index=[f"s{i}" for i in range(24)])
    groups = pd.Series(np.repeat(["x", "y"], [5, 19]), index=values.index)
    distances = pd.DataFrame(
        np.abs(np.subtract.outer(values.to_numpy(), values.to_numpy())), values.index, values.index
    )
    spread = {
        name: (part - part.mean()).abs() * np.sqrt(len(part) / (len(part) - 1)) for name, part in values.groupby(groups)
    }
    test = microbiome.compare_communities(distances, groups, n_permutations=9, rng=rng)
    assert test.dispersion_f == pytest.approx(f_oneway(spread["x"], spread["y"]).statistic)


def test_dispersion_of_a_small_group_keeps_its_error_rate():
    """Border case: 12 of 120 people on 200 axes, alike in spread; without the correction p is below 0.05 in over half."""
    p_values = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        points = rng.normal(size=(120, 200))
        inner = points @ points.T
        squares = np.diag(inner)[:, None] + np.diag(inner) - 2 * inner
        ids = [f"s{i}" for i in range(120)]
        distances = pd.DataFrame(np.sqrt(np.maximum(squares, 0)), ids, ids)
        groups = pd.Series(["x"] * 12 + ["y"] * 108, index=ids)
        p_values.append(microbiome.compare_communities(distances, groups, n_permutations=39, rng=rng).p_dispersion)
    assert np.mean(np.array(p_values) <= 0.05) < 0.2


def test_permanova_matches_scikit_bio(bray, meta, rng):
    test = microbiome.compare_communities(bray, meta["site"], n_permutations=9, rng=rng)
    theirs = permanova(
        skbio.DistanceMatrix(bray.to_numpy(), ids=list(bray.index)), meta.loc[bray.index, "site"], permutations=0
    )
    assert test.pseudo_f == pytest.approx(theirs["test statistic"], rel=1e-10)


def test_permanova_on_one_variable_is_classical_anova(rng):
    """Anderson 2001: on Euclidean distances of one variable, pseudo-F is Fisher's F."""
    values = pd.Series(rng.normal(size=20), index=[f"s{i}" for i in range(20)])
    groups = pd.Series(np.repeat(["x", "y"], [8, 12]), index=values.index)
    distances = pd.DataFrame(
        np.abs(np.subtract.outer(values.to_numpy(), values.to_numpy())), values.index, values.index
    )
    test = microbiome.compare_communities(distances, groups.sample(frac=1, random_state=3), n_permutations=9, rng=rng)
    assert test.pseudo_f == pytest.approx(f_oneway(values[groups == "x"], values[groups == "y"]).statistic)


def test_strata_that_hold_the_groups_cannot_reject(bray, meta, rng):
    """Nothing can be shuffled when each stratum is one group: every shuffle equals the data."""
    test = microbiome.compare_communities(bray, meta["group"], strata=meta["group"], n_permutations=99, rng=rng)
    assert test.p == 1


def test_false_positives_stay_at_their_rate_with_a_confounder(rng):
    """A covariate drives both community and group: the adjusted test must reject about one time in twenty."""
    rejected = 0
    for _ in range(100):
        age = rng.normal(size=40)
        points = age[:, None] * 1.0 + rng.normal(size=(40, 3))
        distances = pd.DataFrame(np.linalg.norm(points[:, None] - points[None], axis=2))
        groups = pd.Series(np.where(age + rng.normal(size=40) > 0, "high", "low"))
        test = microbiome.compare_communities(
            distances, groups, covariates=pd.DataFrame({"age": age}), n_permutations=99, rng=rng
        )
        rejected += test.p <= 0.05
    assert rejected <= 12


def test_people_without_group_or_covariate_are_left_out(bray, meta, rng):
    groups = meta["group"].astype(object)
    groups.iloc[:3] = np.nan
    covariates = meta[["age"]].iloc[:-2]
    test = microbiome.compare_communities(bray, groups, covariates=covariates, n_permutations=9, rng=rng)
    assert (test.n_samples, test.n_covariates) == (111, 1)
    assert test.to_frame().loc[0, "n_samples"] == 111


def test_impossible_comparisons_are_refused(bray, meta, rng):
    with pytest.raises(ValueError, match=r"found case: [0-9]+\. Are the ids"):
        microbiome.compare_communities(bray, meta["group"][meta["group"] == "case"], n_permutations=9, rng=rng)
    with pytest.raises(ValueError, match="2 participants without a stratum"):
        microbiome.compare_communities(bray, meta["group"], strata=meta["site"].iloc[2:], n_permutations=9, rng=rng)
    same = (meta["group"] == "case").astype(float).to_frame("case")
    with pytest.raises(ValueError, match="follow from the covariates"):
        microbiome.compare_communities(bray, meta["group"], covariates=same, n_permutations=9, rng=rng)


def test_metrics_keep_their_chance_when_one_is_left_out(bray, counts, meta):
    jaccard = microbiome.measure_beta(counts, metric="jaccard")
    both = microbiome.compare_metrics(
        {"bray_curtis": bray, "jaccard": jaccard}, meta["group"], n_permutations=49, rng=np.random.default_rng(3)
    )
    one = microbiome.compare_metrics(
        {"bray_curtis": bray}, meta["group"], n_permutations=49, rng=np.random.default_rng(3)
    )
    pd.testing.assert_frame_equal(both.iloc[[0]], one)
    sentence = microbiome.describe_communities(both)
    assert sentence.startswith("116 samples, 49 permutations among everyone") and "Jaccard" in sentence


# taxa and functions --------------------------------------------------------------------------------------------------


def test_clr_rows_sum_to_zero_and_ignore_depth(small):
    clr = microbiome.transform_clr(small)
    np.testing.assert_allclose(clr.sum(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(
        microbiome.transform_clr(small, pseudocount=1, depth=0),
        microbiome.transform_clr(small * 100, pseudocount=100, depth=0),
    )
    with pytest.raises(ValueError, match="must be above 0"):
        microbiome.transform_clr(small, pseudocount=0)


def test_collapse_keeps_all_reads_and_names_the_unclassified(small):
    taxonomy = pd.DataFrame(
        {"family": ["f__X", "f__X", "f__Y", None], "genus": ["g__A", "g__", "A", np.nan]}, index=small.columns
    )
    genera = microbiome.collapse_taxa(small, taxonomy)
    assert list(genera.columns) == ["A", "Unclassified", "Unclassified X"]
    assert genera.loc["c"].tolist() == [2, 6, 0]
    assert (genera.sum(axis=1) == small.sum(axis=1)).all()


def test_collapse_refuses_unknown_taxa_and_ranks(small):
    taxonomy = pd.DataFrame({"genus": "A"}, index=small.columns[:2])
    with pytest.raises(ValueError, match=r"2 columns of the counts not in taxonomy\.tsv: t_3, t_4"):
        microbiome.collapse_taxa(small, taxonomy)
    with pytest.raises(ValueError, match=r"no rank 'phylum'\. It has: genus"):
        microbiome.collapse_taxa(small, taxonomy, level="phylum")


def test_a_planted_genus_comes_first_with_its_size(planted):
    """Four times as common, 12 genera: CLR difference ln 4 × 11/12 = 1.27."""
    counts, taxonomy, design = planted
    table = microbiome.compare_taxa(counts.sample(frac=1, random_state=1), taxonomy, design)
    assert table.index[0] == "genus_00"
    assert table.loc["genus_00", "ci_low"] < np.log(4) * 11 / 12 < table.loc["genus_00", "ci_high"]
    assert table["mean_abundance"].sum() == pytest.approx(1)
    assert "Largest effect: genus\\_00" in describe_contrasts(table, noun="genera")


def test_rare_genera_are_left_out_by_prevalence_alone(planted):
    counts, taxonomy, design = planted
    rare = counts.copy()
    rare["t05"] = 0
    rare.iloc[:3, 5] = 50
    kept = microbiome.compare_taxa(rare, taxonomy, design, min_prevalence=0.1)
    assert "genus_05" not in kept.index and len(kept) == 11
    assert "genus_05" in microbiome.compare_taxa(rare, taxonomy, design, min_prevalence=0.045).index
    with pytest.raises(ValueError, match="log-ratios need two"):
        microbiome.compare_taxa(rare, taxonomy.assign(genus="one"), design)


def test_strangers_are_refused(planted):
    counts, taxonomy, design = planted
    with pytest.raises(ValueError, match="No participant is in both"):
        microbiome.compare_taxa(counts.add_prefix("x", axis=0), taxonomy, design)


def test_functions_are_mean_log_ratios_of_their_transcripts(planted, rng):
    """The score of a group is the mean CLR of its members, so one abundant transcript cannot speak for all."""
    counts, _, design = planted
    features = pd.DataFrame({"group": ["energy_metabolism"] * 4 + ["other"] * 8}, index=counts.columns)
    table = microbiome.compare_functions(counts, features, design)
    clr = microbiome.transform_clr(counts)
    high = design.index[design["group"] == 1]
    unadjusted = microbiome.compare_functions(counts, features, design[["group"]])
    score = clr.iloc[:, :4].mean(axis=1)
    assert unadjusted.loc["energy_metabolism", "estimate"] == pytest.approx(
        score[high].mean() - score.drop(high).mean()
    )
    assert table["n_transcripts"].to_dict() == {"energy_metabolism": 4, "other": 8}


def test_transcripts_without_function_are_named(planted):
    counts, _, design = planted
    features = pd.DataFrame({"group": "other"}, index=counts.columns[:10])
    with pytest.raises(ValueError, match="2 transcripts without a functional group: t10, t11"):
        microbiome.compare_functions(counts, features, design)


def test_composition_averages_people_not_reads():
    counts = pd.DataFrame({"t1": [30, 1, 1], "t2": [10, 3, 1]}, index=["a", "b", "c"])
    taxonomy = pd.DataFrame({"phylum": ["P", "Q"]}, index=["t1", "t2"])
    groups = pd.Series({"b": "high", "a": "high", "c": np.nan}, dtype=object)
    shares = microbiome.summarise_composition(counts, taxonomy, groups, n_top=1)
    assert shares.loc["high"].to_dict() == {"P": pytest.approx(0.5), "Other": pytest.approx(0.5)}


def test_sentences_when_nothing_could_be_tested():
    empty = pd.DataFrame({"q": [np.nan], "d": [np.nan]}, index=["x"])
    assert describe_contrasts(empty, noun="genera") == "None of the genera could be tested."


def test_unifrac_matches_scikit_bio_on_presence(small, tree_path):
    tree = skbio.TreeNode.read([TREE], convert_underscores=False)
    theirs = beta_diversity(
        "unweighted_unifrac", small.to_numpy(), ids=list("abc"), taxa=list(small.columns), tree=tree
    )
    ours = microbiome.measure_beta(small.iloc[::-1], metric="unweighted_unifrac", tree_path=tree_path)
    np.testing.assert_allclose(ours.loc[list("abc"), list("abc")], theirs.data)
