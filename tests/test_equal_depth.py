"""Samples made equally deep: the expectations are those of the hypergeometric distribution, and depth makes no finding."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import hypergeom

from helpers import microbiome
from helpers.microbiome.equal_depth import ALL_READS, choose_depth, draw_reads, expect_logs, expect_presence


def draw_samples(rng, *, depths, n_taxa=60, spread=2.0):
    share = np.exp(rng.normal(0, spread, n_taxa)) * np.exp(rng.normal(0, 1, (len(depths), n_taxa)))
    share /= share.sum(axis=1, keepdims=True)
    return np.array([rng.multinomial(depth, one) for depth, one in zip(depths, share, strict=True)])


@pytest.mark.parametrize(("total", "depth"), [(50_000, 8000), (50_000, 49_990), (300, 10), (300, 299), (40, 40)])
@pytest.mark.parametrize("pseudocount", [0.1, 0.5, 1.0])
def test_expected_logarithms_are_those_of_the_distribution(rng, total, depth, pseudocount):
    """Every number of reads that may be drawn, by scipy's probabilities."""
    reads = draw_samples(rng, depths=[total])
    ours = expect_logs(reads, depth, pseudocount)[0]
    for count, found in zip(reads[0], ours, strict=True):
        k = np.arange(0, min(count, depth) + 1)
        exact = (hypergeom.pmf(k, total, count, depth) * np.log(k + pseudocount)).sum()
        assert found == pytest.approx(exact, abs=2e-4)


def test_expected_presence_is_the_chance_of_one_read_or_more(rng):
    reads = draw_samples(rng, depths=[5000, 700])
    ours = expect_presence(reads, 600)
    for sample, found in zip(reads, ours, strict=True):
        np.testing.assert_allclose(found, hypergeom.sf(0, sample.sum(), sample, 600), atol=1e-9)
    assert (expect_presence(reads, ALL_READS) == (reads > 0)).all()


def test_drawn_reads_have_one_depth_and_come_from_the_sample(rng):
    reads = draw_samples(rng, depths=[900, 400, 3000])
    drawn = draw_reads(reads, 400, rng)
    assert (drawn.sum(axis=1) == 400).all() and (drawn <= reads).all() and (drawn[1] == reads[1]).all()


def test_a_depth_that_a_sample_lacks_is_refused(rng):
    reads = draw_samples(rng, depths=[900, 400])
    assert choose_depth(reads, None) == 400
    with pytest.raises(ValueError, match="holds 400 reads"):
        choose_depth(reads, 401)


def draw_cohort(seed, *, ratio, n=80, n_taxa=120):
    """Two groups of one kind of community, the high group sequenced more deeply."""
    rng = np.random.default_rng(seed)
    high = np.arange(n) < n // 2
    depths = (3000 * np.exp(rng.normal(0, 0.2, n)) * np.where(high, ratio, 1)).astype(int)
    people = [f"p{i}" for i in range(n)]
    counts = pd.DataFrame(draw_samples(rng, depths=depths, n_taxa=n_taxa), people, [f"t{j}" for j in range(n_taxa)])
    taxonomy = pd.DataFrame({"genus": counts.columns}, index=counts.columns)
    return counts, taxonomy, pd.DataFrame({"group": high.astype(float)}, people)


def test_depth_alone_makes_no_genus_differ():
    """At three times the depth all reads of each name genera in every cohort; at equal depth, in few."""
    evenly, whole = 0, 0
    for seed in range(20):
        cohort = draw_cohort(seed, ratio=3)
        evenly += microbiome.compare_methods(*cohort).table["is_consensus"].any()
        whole += microbiome.compare_methods(*cohort, depth=ALL_READS).table["is_consensus"].any()
    assert evenly <= 4 < 15 <= whole, (evenly, whole)


@pytest.mark.parametrize("metric", ["jaccard", "aitchison", "bray_curtis"])
def test_depth_alone_makes_no_communities_differ(metric):
    rejected = {0: 0, 2: 0}
    for seed in range(20):
        counts, _, design = draw_cohort(seed, ratio=4)
        groups = design["group"].map({1.0: "high", 0.0: "low"})
        for n_rarefactions in rejected:
            rng = np.random.default_rng(seed)
            distances = microbiome.measure_distances(counts, metrics=[metric], n_rarefactions=n_rarefactions, rng=rng)
            test = microbiome.compare_communities(distances[metric], groups, n_permutations=99, rng=rng)
            rejected[n_rarefactions] += test.p <= 0.05
    assert rejected[2] <= 4, rejected
    assert metric == "bray_curtis" or rejected[0] > 15, rejected


def test_unequal_depth_is_said():
    counts, _, design = draw_cohort(1, ratio=2)
    table = microbiome.compare_depth({"taxa": counts}, design)
    assert table.loc["taxa", "ratio"] == pytest.approx(2, abs=0.3)
    assert "unequal" in microbiome.describe_depth(table) and "Caution" in microbiome.describe_depth(table)
    even = microbiome.compare_depth({"taxa": draw_cohort(1, ratio=1)[0]}, design)
    assert "unequal" not in microbiome.describe_depth(even)


def test_a_number_of_draws_below_zero_is_a_sentence(rng):
    counts = draw_cohort(1, ratio=1)[0]
    for measure, more in ((microbiome.measure_distances, {"metrics": ["jaccard"]}), (microbiome.measure_alpha, {})):
        with pytest.raises(ValueError, match="-1 draws of reads were asked for; give 1 or more"):
            measure(counts, n_rarefactions=-1, rng=rng, **more)
