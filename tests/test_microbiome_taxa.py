"""Single taxa by several methods against R, hand calculation and plain regressions; repeated stools; the tree of effects."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.discrete.discrete_model import Logit

from helpers import microbiome
from helpers.contrasts import find_df
from helpers.microbiome.consensus import METHOD_LABELS
from helpers.microbiome.differential import (
    compare_presence,
    compare_ranks,
    find_mode,
    run_ancombc,
    run_linda,
)
from helpers.tables import PROJECT_ROOT, read_table

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="module")
def meta():
    return pd.read_csv(DATA / "comm116_meta.tsv", sep="\t", index_col=0)


@pytest.fixture(scope="module")
def counts():
    return pd.read_csv(DATA / "comm116_counts.tsv.gz", sep="\t", index_col=0)


def plant(rng, n=80, n_taxa=60, factor=6.0):
    """Return counts in which the first six taxa are more common in the high group, a taxonomy and a design."""
    ids = [f"sub-{i:03d}" for i in range(n)]
    design = pd.DataFrame({"group": np.arange(n) % 2 * 1.0, "age": rng.normal(size=n)}, index=ids)
    means = np.exp(rng.normal(3, 1, n_taxa) + rng.normal(0, 0.6, (n, n_taxa)))
    means[np.ix_(design["group"] == 1, range(6))] *= factor
    counts = pd.DataFrame(rng.poisson(means), index=ids, columns=[f"t{i:02d}" for i in range(n_taxa)])
    taxonomy = pd.DataFrame({"genus": [f"g{i:02d}" for i in range(n_taxa)]}, index=counts.columns)
    return counts, taxonomy, design


# methods -------------------------------------------------------------------------------------------------------------


def test_ancombc_matches_r(counts, meta):
    """ANCOMBC 2.6.1 on site + age + group: log fold changes and errors of the group, 300 taxa."""
    theirs = pd.read_csv(DATA / "ancombc_comm116.tsv", sep="\t", index_col=0)
    sites = pd.get_dummies(meta["site"], drop_first=True, dtype=float)
    design = (meta["group"] == "case").astype(float).to_frame("group").join(meta["age"]).join(sites)
    ours = run_ancombc(np.log1p(counts), design.loc[counts.index])
    np.testing.assert_allclose(ours["estimate"], theirs.loc[ours.index, "lfc"], atol=1e-4)
    half = (ours["ci_high"] - ours["ci_low"]) / 2 / stats.t.ppf(0.975, find_df(design.loc[counts.index]))
    np.testing.assert_allclose(half, theirs.loc[ours.index, "se"], rtol=1e-3)


def test_linda_takes_the_shift_off(rng):
    """Six taxa are six times as common: the 54 others seem to fall by ln 6 × 6/60 = 0.18, and do not."""
    counts, _, design = plant(rng, n=200)
    logs = microbiome.transform_clr(counts)
    plain = microbiome.compare_taxa(counts, pd.DataFrame({"genus": counts.columns}, index=counts.columns), design)
    corrected = run_linda(logs, design)
    assert plain.loc[counts.columns[6:], "estimate"].median() == pytest.approx(-0.18, abs=0.08)
    assert corrected["estimate"].iloc[6:].median() == pytest.approx(0, abs=0.06)
    assert corrected["estimate"].iloc[:6].mean() == pytest.approx(np.log(6), abs=0.25)
    shift = plain["estimate"].reindex(corrected.index) - corrected["estimate"]
    assert np.ptp(shift) < 1e-9


def test_linda_p_is_the_t_test_of_its_estimate(rng):
    counts, _, design = plant(rng)
    table = run_linda(microbiome.transform_clr(counts), design)
    df = find_df(design)
    t = table["estimate"] / ((table["ci_high"] - table["ci_low"]) / 2 / stats.t.ppf(0.975, df))
    np.testing.assert_allclose(table["p"], 2 * stats.t.sf(t.abs(), df), rtol=1e-8)


def test_mode_is_no_mean():
    assert find_mode(np.r_[np.linspace(-0.1, 0.1, 21), 3, 4, 5]) == pytest.approx(0, abs=0.02)
    assert find_mode(np.array([2.0, 2.0, 2.0])) == 2


def test_ranks_are_wilcoxon_without_covariates(rng):
    values = pd.DataFrame({"x": rng.normal(size=40)}, index=[f"s{i}" for i in range(40)])
    design = pd.DataFrame({"group": np.arange(40) % 2 * 1.0}, index=values.index)
    ours = compare_ranks(values, design).loc["x"]
    high, low = (values["x"][design["group"] == side] for side in (1, 0))
    u = stats.mannwhitneyu(high, low)
    assert ours["estimate"] == pytest.approx(2 * u.statistic / 400 - 1)
    assert ours["p"] == pytest.approx(u.pvalue, abs=0.02)


def test_firth_nears_plain_logistic_regression_in_many_people(rng):
    n = 4000
    ids = np.arange(n).astype(str)
    design = pd.DataFrame({"group": rng.integers(0, 2, n) * 1.0, "age": rng.normal(40, 10, n)}, index=ids)
    chance = 1 / (1 + np.exp(-(-0.5 + 0.8 * design["group"] + 0.03 * (design["age"] - 40))))
    seen = pd.DataFrame({"x": rng.random(n) < chance}, index=ids)
    plain = Logit(seen["x"].astype(float), design.assign(one=1.0)).fit(disp=False)
    ours = compare_presence(seen, design).loc["x"]
    assert ours["estimate"] == pytest.approx(plain.params["group"], abs=0.003)
    assert ours["ci_low"] == pytest.approx(plain.conf_int().loc["group", 0], abs=0.005)
    without = Logit(seen["x"].astype(float), design.drop(columns="group").assign(one=1.0)).fit(disp=False)
    assert ours["p"] == pytest.approx(stats.chi2.sf(2 * (plain.llf - without.llf), 1), rel=0.1)


def test_firth_of_a_fourfold_table_adds_half_a_person_to_each_cell():
    """Heinze & Schemper 2002: with one binary term the penalty is the half-person correction: ln(10.5×5.5 / (0.5×5.5))."""
    seen = pd.DataFrame({"x": [True] * 10 + [True] * 5 + [False] * 5, "all": True}, index=[f"s{i}" for i in range(20)])
    design = pd.DataFrame({"group": [1.0] * 10 + [0.0] * 10}, index=seen.index)
    table = compare_presence(seen, design)
    assert table.loc["x", "estimate"] == pytest.approx(np.log(10.5 * 5.5 / (0.5 * 5.5)), abs=1e-5)
    assert table.loc["all"].isna().all()


# consensus -----------------------------------------------------------------------------------------------------------


def test_planted_genera_are_the_consensus(rng):
    counts, taxonomy, design = plant(rng)
    result = microbiome.compare_methods(counts.sample(frac=1, random_state=1), taxonomy, design)
    agreed = result.table.index[result.table["is_consensus"]]
    assert set(agreed) >= {f"g{i:02d}" for i in range(6)} and len(agreed) <= 7
    assert (result.table.loc[agreed, "same_sign"] >= 0.75).all()
    assert result.table.loc["g00", "ci_low"] < np.log(6) < result.table.loc["g00", "ci_high"]
    primary = microbiome.compare_taxa(counts, taxonomy, design)
    np.testing.assert_allclose(result.table["q"], primary.loc[result.table.index, "q"])
    assert set(result.methods["method"]) == set(METHOD_LABELS)
    assert "Consensus: " in microbiome.describe_consensus(result)


def test_a_genus_of_one_group_is_told_apart(rng):
    """Border case: nobody of the low group has it, so it has no log-ratio; presence alone is tested, and finds it."""
    counts, taxonomy, design = plant(rng)
    counts["t10"] = np.where(design["group"] == 1, 9 * (np.arange(80) % 4 > 0), 0)
    table = microbiome.compare_methods(counts, taxonomy, design).table
    assert table.loc["g10", "only_in"] == "high"
    assert (table.loc["g10", "n_tested"], table.loc["g10", "found_by"]) == (1, "presence")
    assert not table.loc["g10", "is_consensus"] and np.isnan(table.loc["g10", "d"])
    assert (table.drop(index="g10")["only_in"] == "").all()


def test_what_hangs_on_the_pseudocount_is_said(rng):
    """A genus of zeros and many reads against few reads: its sign turns with the stand-in for zero."""
    counts, taxonomy, design = plant(rng)
    high = design["group"] == 1
    counts.loc[high, "t20"] = np.where(np.arange(40) % 2, 0, 200)
    counts.loc[~high, "t20"] = 6
    table = microbiome.compare_methods(counts, taxonomy, design, pseudocounts=(1e-6, 0.5, 60)).table
    assert not table.loc["g20", "is_stable"]


def test_scores_and_strangers_are_refused(rng):
    counts, taxonomy, design = plant(rng)
    with pytest.raises(ValueError, match="'group' has 80 values; the methods compare two groups"):
        microbiome.compare_methods(counts, taxonomy, design.assign(group=rng.normal(size=80)))
    with pytest.raises(ValueError, match="No participant is in both"):
        microbiome.compare_methods(counts.add_prefix("x", axis=0), taxonomy, design)
    with pytest.raises(ValueError, match="log-ratios need two"):
        microbiome.compare_methods(counts, taxonomy.assign(genus="one"), design)


def test_stored_rates_of_false_findings_are_at_or_below_nominal():
    """Measured by tools/write_consensus_rates.py on null twins."""
    rates = read_table(PROJECT_ROOT / "data/calibration/consensus_rates.tsv")
    assert rates.loc["consensus", "n_cohorts"] >= 200
    assert rates.loc["consensus", "rate"] <= rates.loc["consensus", "nominal"]
    assert microbiome.describe_false_findings(rates).count("95 % CI") == 6


def test_rates_count_cohorts_with_any_finding(monkeypatch):
    """Two null twins, three findings of one method in one of them: a rate of one half."""
    from helpers.calibration import consensus

    found = [pd.Series({"presence": 3, "consensus": 0}), pd.Series({"presence": 0, "consensus": 0})]
    monkeypatch.setattr(consensus, "count_false_findings", lambda root_seed, number: found[number])
    table = consensus.measure_false_findings(2, root_seed=1)
    assert table["rate"].to_dict() == {"presence": 0.5, "consensus": 0.0}
    assert table.loc["presence", "mean_findings"] == 1.5 and table.loc["consensus", "ci_high"] > 0.5


def test_one_null_twin_goes_through_all_methods():
    from helpers.calibration.consensus import count_false_findings

    assert list(count_false_findings(3, 0).index) == [*METHOD_LABELS, "consensus"]


# repeated stools -----------------------------------------------------------------------------------------------------


def test_first_sample_by_a_declared_order(rng):
    samples = pd.DataFrame({"participant_id": ["b", "a", "a", None], "day": [3, 7, 2, 1]}, index=list("wxyz"))
    assert microbiome.pick_one_sample(samples, order="day").to_dict() == {"a": "y", "b": "w"}
    assert microbiome.pick_one_sample(samples).to_dict() == {"a": "x", "b": "w"}
    with pytest.raises(ValueError, match="1 participant with two samples first in 'day'"):
        microbiome.pick_one_sample(samples.assign(day=1), order="day")
    with pytest.raises(ValueError, match="no column visit"):
        microbiome.pick_one_sample(samples, order="visit")


def test_repeated_stools_of_real_people(fetched):
    """MARS 2020: 75 people; stools of one person are alike, and the rule takes the earliest of each."""
    folder = fetched("mars_ibs_2020")
    samples, taxa, taxonomy = (read_table(folder / "repeated" / f"{n}.tsv") for n in ("samples", "taxa", "taxonomy"))
    one = microbiome.pick_one_sample(samples, order="timepoint")
    assert len(one) == samples["participant_id"].nunique() == 75
    assert samples.loc[one, "timepoint"].max() <= samples["timepoint"].max() / 2
    genera = microbiome.collapse_taxa(taxa, taxonomy)
    logs = microbiome.transform_clr(genera[genera.mean().nlargest(4).index])
    within = logs.groupby(samples["participant_id"].reindex(logs.index)).var().mean()
    assert (within < 0.8 * logs.var()).all()


# tree ----------------------------------------------------------------------------------------------------------------


def test_tree_keeps_every_genus_and_averages_upwards():
    taxonomy = pd.DataFrame(
        {
            "phylum": ["P", "P", "P", "Q"],
            "order": ["O", "O", "N", "M"],
            "family": ["F", "F", "G", "H"],
            "genus": ["a", "b", "c", "d"],
        },
        index=list("1234"),
    )
    tree = microbiome.map_effects_to_tree(pd.DataFrame({"d": [0.2, 0.4, -0.6, 1.0]}, index=list("abcd")), taxonomy)
    named = tree.set_index("name")
    assert named.loc["all", "n_genera"] == 4 and named.loc["F", "d"] == pytest.approx(0.3)
    assert named.loc["P", "d"] == pytest.approx(0.0)
    assert tree.loc[named.loc["F", "parent"], "name"] == "O"
    assert sorted(tree.loc[tree["x"] == 3, "y"]) == [0, 1, 2]
    one = pd.DataFrame({"d": [1.0]}, index=["a"])
    for ranks in (["phylum"], ["family"], ["phylum", "order"]):
        assert microbiome.map_effects_to_tree(one, taxonomy[[*ranks, "genus"]])["x"].max() == len(ranks)
    with pytest.raises(ValueError, match="no name above genus"):
        microbiome.map_effects_to_tree(one, taxonomy[["genus"]])
