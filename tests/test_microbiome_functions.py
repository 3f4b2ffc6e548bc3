"""Sets of transcripts, modules of orthologues, RNA beside DNA: hand calculation, identities, error rates, refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from helpers import microbiome
from helpers.open_data import OpenDataUnavailable, find_open
from helpers.permutation import test_max_t as max_t
from helpers.tables import PROJECT_ROOT, read_table

MODULES = PROJECT_ROOT / "data" / "sets" / "gut_modules.tsv"


def draw_transcripts(rng, n=60, n_each=20, shift=0.0, shared=0.5):
    """Return reads of three sets, the first shifted in the high group; a set shares a factor per person."""
    ids = [f"sub-{i:03d}" for i in range(n)]
    design = pd.DataFrame({"group": np.arange(n) % 2 * 1.0, "age": rng.normal(size=n)}, index=ids)
    names = np.repeat(["set_a", "set_b", "other"], n_each)
    factors = np.column_stack([rng.normal(0, shared, n) for _ in range(3)]).repeat(n_each, axis=1)
    logs = 4 + factors + rng.normal(0, 0.7, (n, 3 * n_each))
    logs[:, :n_each] += shift * design[["group"]].to_numpy()
    reads = pd.DataFrame(rng.poisson(np.exp(logs)), index=ids, columns=[f"r{i:02d}" for i in range(3 * n_each)])
    return reads, pd.DataFrame({"group": names}, index=reads.columns), design


# sets ----------------------------------------------------------------------------------------------------------------


def test_statistics_of_sets_are_sums_over_their_transcripts(rng):
    """Identity: mean t of a set is the mean of the t of its transcripts, tested one by one."""
    reads, features, design = draw_transcripts(rng, shift=0.4)
    table = microbiome.compare_function_sets(reads, features, design, n_permutations=49, rng=rng)
    t = max_t(microbiome.transform_clr(reads), design, n_permutations=1, rng=rng).table["t"]
    means = t.groupby(features["group"]).mean()
    np.testing.assert_allclose(table["mean_t"], means[table.index], rtol=1e-8)


def test_a_shifted_set_is_found_in_both_senses(rng):
    reads, features, design = draw_transcripts(rng, shift=1.0)
    table = microbiome.compare_function_sets(
        reads.sample(frac=1, random_state=1), features, design, n_permutations=199, rng=rng
    )
    assert list(table.index) == ["set_a", "set_b"]
    first = table.loc["set_a"]
    assert first["d"] > 0 and first["gap_low"] > 0
    assert max(first["q_direction"], first["q_any"], first["q_competitive"]) < 0.05
    plain = microbiome.compare_functions(reads, features, design)
    np.testing.assert_allclose(table["d"], plain.loc[table.index, "d"])
    assert "set a" in microbiome.describe_sets(table)


def test_gap_of_independent_transcripts_is_near_a_two_sample_t_test(rng):
    """Identity: without correlation the shuffles give the gap the variance 1/m + 1/(all others), as a t-test would."""
    reads, features, design = draw_transcripts(rng, n=80, n_each=40, shared=0.0)
    table = microbiome.compare_function_sets(reads, features, design, n_permutations=999, rng=rng)
    t = max_t(microbiome.transform_clr(reads), design, n_permutations=1, rng=rng).table["t"]
    is_in = features["group"].eq("set_a").to_numpy()
    assert table.loc["set_a", "gap"] == pytest.approx(t[is_in].mean() - t[~is_in].mean())
    error = (table.loc["set_a", "gap_high"] - table.loc["set_a", "gap"]) / stats.t.ppf(0.975, 77)
    assert error == pytest.approx((1 / 40 + 1 / 80) ** 0.5, rel=0.15)
    assert abs(table["correlation"]).max() < 0.05


def test_sets_of_alike_transcripts_keep_their_error_rate():
    """Null: transcripts of a set share a strong factor. A t-test of t-values calls these far too often; ours may not."""
    rejected, naive = np.zeros(3), 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        reads, features, design = draw_transcripts(rng, n=40, n_each=10, shared=0.9)
        table = microbiome.compare_function_sets(reads, features, design, n_permutations=39, rng=rng)
        rejected += table.loc["set_a", ["p_direction", "p_any", "p_competitive"]].to_numpy(float) <= 0.05
        t = max_t(microbiome.transform_clr(reads), design, n_permutations=1, rng=rng).table["t"]
        naive += stats.ttest_ind(t.iloc[:10], t.iloc[10:]).pvalue <= 0.05
    assert naive > 15
    assert (rejected <= 9).all(), rejected


def test_sets_need_members_with_names(rng):
    reads, features, design = draw_transcripts(rng, n_each=4)
    with pytest.raises(ValueError, match="without a functional group: r00"):
        microbiome.compare_function_sets(reads, features.iloc[1:], design, n_permutations=9, rng=rng)
    with pytest.raises(ValueError, match="No functional group has 3 transcripts"):
        alone = features.assign(group=[f"g{i}" for i in range(12)])
        microbiome.compare_function_sets(reads, alone, design, n_permutations=9, rng=rng)


# modules -------------------------------------------------------------------------------------------------------------


def test_worked_example_by_hand():
    """data/sets/worked_orthologues.tsv, butyrate: a has K00248 40 and the kinase pair 12, 9: median of 40 and 9."""
    worked, modules = (read_table(path) for path in (MODULES.with_name("worked_orthologues.tsv"), MODULES))
    scores = microbiome.score_modules(worked, modules)
    assert scores.values["GUT01"].to_dict() == {"sample_a": 24.5, "sample_b": 26.5, "sample_c": 0, "sample_d": 0}
    assert scores.coverage.loc["sample_c", "GUT01"] == 0.5
    assert scores.values["GUT06"].tolist() == [0, 6, 2, 0]
    assert scores.coverage.loc["sample_a", "GUT04"] == 0.75 and scores.values.loc["sample_a", "GUT04"] == 16.5
    assert scores.modules.loc["GUT05", "n_reachable"] == 0


def test_coverage_decides_who_is_there():
    modules = pd.DataFrame(
        {"module": "M", "name": "m", "step": [1, 2, 3], "alternative": 1, "orthologues": ["A", "B", "C"]}
    )
    table = pd.DataFrame({"A": [4, 4], "B": [2, 0], "C": [0, 0]}, index=["two", "one"])
    assert microbiome.score_modules(table, modules).values["M"].tolist() == [2, 0]
    assert microbiome.score_modules(table, modules, min_coverage=0.3).values["M"].tolist() == [2, 0]
    assert microbiome.score_modules(table, modules, min_coverage=1).values["M"].tolist() == [0, 0]


def test_declared_modules_are_those_of_the_gut_brain_set(fetched):
    """Steps that cite a published gut-brain module hold its orthologues, and no others."""
    published = read_table(fetched("gbm") / "modules.tsv")
    known = published.groupby("module")["orthologues"].agg(lambda parts: set(",".join(parts).split(",")))
    declared = read_table(MODULES)
    cited = declared["source"].str.extractall(r"(MGB\d{3})")[0]
    assert len(cited) > 10
    for row, part in cited.groupby(level=0):
        assert set(declared.loc[row, "orthologues"].split(",")) <= set.union(*(known[module] for module in part))
    assert "Of 56 modules, " in microbiome.describe_reach(published)
    everything = sorted(set(",".join(published["orthologues"]).split(",")))
    full = microbiome.score_modules(pd.DataFrame(1.0, index=["s"], columns=everything), published)
    assert (full.coverage == 1).all(axis=None) and full.values.loc["s"].min() >= 1


def test_every_declared_set_has_a_source():
    for name in ("gut_modules", "functional_groups"):
        table = read_table(MODULES.with_name(f"{name}.tsv"))
        assert table.drop(index="other", errors="ignore")["source"].str.contains(r"doi:10\.\d{4}").all()


def test_groups_are_contrasted_on_their_own_genes(rng):
    ids = [f"s{i:02d}" for i in range(40)]
    design = pd.DataFrame({"group": np.arange(40) % 2 * 1.0}, index=ids)
    genes = pd.DataFrame(
        {"g1": 5 + 20 * (np.arange(40) % 2) + rng.poisson(3, 40), "g2": rng.poisson(500, 40)}, index=ids
    )
    features = pd.DataFrame({"orthologue": ["K01667", None]}, index=["g1", "g2"])
    table = microbiome.compare_modules(genes, features, read_table(MODULES), design)
    assert list(table.index) == ["GUT06"] and table.loc["GUT06", "ci_low"] > 0
    nothing = microbiome.compare_modules(genes, None, read_table(MODULES), design)
    assert nothing.empty and "q" in nothing.columns


def test_unfit_tables_of_orthologues_are_refused():
    modules = read_table(MODULES)
    with pytest.raises(ValueError, match=r"Not one of the 1 columns \(ko:K01667\)"):
        microbiome.score_modules(pd.DataFrame({"ko:K01667": [1]}), modules)
    with pytest.raises(ValueError, match="not so in K01667"):
        microbiome.score_modules(pd.DataFrame({"K01667": [-1], "K01580": [1]}), modules)
    with pytest.raises(ValueError, match="no column alternative"):
        microbiome.score_modules(pd.DataFrame({"K01667": [1]}), modules.drop(columns="alternative"))
    with pytest.raises(ValueError, match="above 0 to 1"):
        microbiome.score_modules(pd.DataFrame({"K01667": [1]}), modules, min_coverage=66)


# RNA beside DNA ------------------------------------------------------------------------------------------------------


def test_dna_explains_what_more_bacteria_explain(rng):
    """Feature x: DNA doubles, RNA follows. Feature y: DNA alike, RNA doubles (1 in log2 units)."""
    n = 200
    ids = [f"s{i:03d}" for i in range(n)]
    design = pd.DataFrame({"group": np.arange(n) % 2 * 1.0}, index=ids)
    double = design["group"].to_numpy()
    dna = pd.DataFrame({"x": 2.0**double, "y": 1.0}, index=ids) * 2 ** rng.normal(0, 0.5, (n, 2)) * 1e-3
    rna = dna * np.column_stack([np.ones(n), 2**double]) * 2 ** rng.normal(0, 0.3, (n, 2))
    tables = microbiome.compare_models(rna, dna, design)
    assert tables["rna"].loc["x", "q"] < 0.05
    for model in ("ratio", "covariate"):
        assert tables[model].loc["x", "ci_low"] < 0 < tables[model].loc["x", "ci_high"]
        assert tables[model].loc["y", "ci_low"] < 1 < tables[model].loc["y", "ci_high"]
    assert "RNA alone 2" in microbiome.describe_activity(tables)


def test_samples_without_the_gene_are_left_out_and_silent_genes_are_not(rng):
    ids = [f"s{i:02d}" for i in range(50)]
    design = pd.DataFrame({"group": np.arange(50) % 2 * 1.0}, index=ids)
    dna = pd.DataFrame({"x": 2 ** rng.normal(size=50), "rare": 0.0}, index=ids)
    dna.iloc[:8, 0] = 0
    dna.iloc[:5, 1] = 1
    rna = dna * 2 ** rng.normal(size=(50, 1))
    rna.iloc[20:23, 0] = 0
    table = microbiome.compare_activity(rna, dna, design)
    assert list(table.index) == ["x"]
    assert table.loc["x", "n_high"] + table.loc["x", "n_low"] == 42
    assert table.loc["x", "prevalence"] == pytest.approx(39 / 50)


def test_pathways_of_real_people(fetched):
    """HMP2 (803 stools with both): most of what differs in RNA alone is a matter of DNA."""
    folder = fetched("hmp2_pathways")
    samples = read_table(folder / "samples.tsv").query("has_rna == 'yes' and has_dna == 'yes'")
    one = samples.loc[microbiome.pick_one_sample(samples)]
    assert (len(samples), one["participant_id"].is_unique) == (803, True)
    design = microbiome.design_samples(one, tested="is_dysbiotic", high="Yes", low="No", covariates=["antibiotics"])
    rna, dna = (read_table(folder / f"{name}.tsv").iloc[:, :60] for name in ("rna", "dna"))
    tables = microbiome.compare_models(rna, dna, design)
    assert (tables["covariate"]["q"] < 0.05).sum() < (tables["rna"]["q"] < 0.05).sum()


def test_unfit_activity_is_refused(rng):
    ids = [f"s{i:02d}" for i in range(30)]
    design = pd.DataFrame({"group": np.arange(30) % 2 * 1.0}, index=ids)
    table = pd.DataFrame({"x": rng.random(30)}, index=ids)
    with pytest.raises(ValueError, match="may be rna, ratio, covariate"):
        microbiome.compare_activity(table, table, design, model="both")
    with pytest.raises(ValueError, match="RNA holds values that are negative"):
        microbiome.compare_activity(-table, table, design)
    with pytest.raises(ValueError, match="No sample, or no feature"):
        microbiome.compare_activity(table, table.add_prefix("y"), design)
    with pytest.raises(ValueError, match="No feature has RNA and DNA in 20 samples"):
        microbiome.compare_activity(table * 0, table, design)
    with pytest.raises(ValueError, match="Both 'a' and 'b' must stand in 'kind'"):
        microbiome.design_samples(pd.DataFrame({"kind": ["a", "a"]}), tested="kind", high="a", low="b")


def test_open_data_that_was_not_fetched_is_named(tmp_path):
    with pytest.raises(OpenDataUnavailable, match="resilience-book fetch gbm"):
        find_open(tmp_path, "gbm")
