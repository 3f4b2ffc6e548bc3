"""The metabolite room: one scale, contrasts, sets of metabolites."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from helpers import metabolites
from helpers.tables import PROJECT_ROOT, read_table


@pytest.fixture
def features():
    return pd.DataFrame(
        {
            "name": ["N-acetylglutamate", "dimethylglycine", None],
            "hmdb": ["HMDB0001138", "HMDB00092", None],
            "super_pathway": "Amino Acid",
            "scale": ["raw", "raw", "log"],
        },
        index=["m1", "m2", "m3"],
    )


@pytest.fixture
def measured():
    return pd.DataFrame(
        {"m1": [0.0, 4.0, 8.0, np.nan, 16.0], "m2": [1.0, 2.0, 4.0, 8.0, 2.0], "m3": [-1.0, 0.5, 2.0, 0.0, np.nan]},
        index=["a", "b", "c", "d", "e"],
    )


# one scale -----------------------------------------------------------------------------------------------------------


def test_raw_is_log2_zero_is_half_the_minimum_blank_stays(measured, features):
    """By hand: 0 becomes 4 / 2 = 2, whose log2 is 1."""
    prepared = metabolites.prepare_metabolites(measured, features)
    np.testing.assert_array_equal(prepared["m1"], [1, 2, 3, np.nan, 4])
    np.testing.assert_array_equal(prepared["m2"], [0, 1, 2, 3, 1])


def test_logged_values_are_never_logged_again(measured, features):
    once = metabolites.prepare_metabolites(measured, features)
    twice = metabolites.prepare_metabolites(once, features.assign(scale="log"))
    pd.testing.assert_frame_equal(once, twice)
    np.testing.assert_array_equal(once["m3"], measured["m3"])


def test_doubling_a_raw_metabolite_adds_one(measured, features):
    before = measured.copy()
    doubled = metabolites.prepare_metabolites(measured.assign(m1=2 * measured["m1"]), features)
    np.testing.assert_allclose(doubled["m1"], metabolites.prepare_metabolites(measured, features)["m1"] + 1)
    pd.testing.assert_frame_equal(measured, before)


def test_metabolites_that_say_nothing_are_dropped_and_counted(measured, features):
    poor = measured.assign(m1=[0.0] * 5, m2=[1.0, 2.0, np.nan, np.nan, np.nan])
    prepared = metabolites.prepare_metabolites(poor, features)
    assert list(prepared.columns) == ["m3"]
    assert metabolites.describe_scale(poor, prepared, features) == (
        "5 people, 3 metabolites: 2 raw (now log2), 1 logged before (left as they were). 20.0 % of the values are blank "
        "and stay so. Dropped, because fewer than three people or a single value were measured: 2."
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scale": ["raw", "ln", None]}, "2 metabolites without a scale of raw or log: m2, m3"),
        ({"scale": ["raw", "raw", "raw"]}, "1 metabolite declared raw with values below 0: m3"),
    ],
)
def test_wrong_scales_are_refused_by_name(measured, features, change, message):
    with pytest.raises(ValueError, match=message):
        metabolites.prepare_metabolites(measured, features.assign(**change))


def test_other_unfit_tables_are_refused(measured, features):
    with pytest.raises(ValueError, match="no column 'scale'"):
        metabolites.prepare_metabolites(measured, features.drop(columns="scale"))
    with pytest.raises(ValueError, match="1 metabolite without a scale of raw or log: m3"):
        metabolites.prepare_metabolites(measured, features.drop(index="m3"))
    with pytest.raises(ValueError, match="Infinite"):
        metabolites.prepare_metabolites(measured.replace(16.0, np.inf), features)
    with pytest.raises(ValueError, match="1 row of the metabolites with an id"):
        metabolites.prepare_metabolites(measured.set_axis(["a", "a", "c", "d", "e"]), features)


# contrasts -----------------------------------------------------------------------------------------------------------


def test_contrast_leaves_blanks_out_and_matches_by_id(measured, features):
    """m1 without d: high (c, e) 3 and 4, low (a, b) 1 and 2: difference 2."""
    prepared = metabolites.prepare_metabolites(measured, features)
    design = pd.DataFrame({"group": [1.0, 1.0, 0.0, 0.0, 0.0]}, index=["e", "c", "d", "b", "a"])
    table = metabolites.compare_metabolites(prepared, features, design)
    assert table.loc["m1", "estimate"] == pytest.approx(2)
    assert (table.loc["m1", "n_high"], table.loc["m1", "n_low"]) == (2, 2)
    assert list(table.columns[-4:]) == ["name", "hmdb", "super_pathway", "scale"]
    assert table["d"].abs().dropna().is_monotonic_decreasing
    assert table["d"].isna().equals(table[["n_high", "n_low"]].min(axis=1) < 2)  # the spread of one is unknown
    assert "Of 2 metabolites tested" in metabolites.describe_metabolites(table)


def test_metabolites_are_found_by_either_form_of_the_accession(features):
    found = metabolites.find_metabolites(features, ["HMDB0000092", "HMDB0001138", "HMDB0000001"])
    assert list(found) == ["m2", "m1"]
    assert metabolites.find_metabolites(features.drop(columns="hmdb"), ["HMDB0001138"]).empty


def test_a_metabolite_without_a_name_keeps_its_id(features):
    assert metabolites.name_metabolites(pd.Index(["m3", "m1"]), features).tolist() == ["m3", "N-acetylglutamate"]


# sets ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def pathways():
    """60 people, half high; ten lipids are half an SD higher in the high group, ten sugars are not; all go together."""
    rng = np.random.default_rng(11)
    ids = [f"sub-{i:02d}" for i in range(60)]
    values = rng.normal(size=(60, 21)) + rng.normal(size=(60, 1))
    group = np.repeat([0.0, 1.0], 30)
    values[:, :10] += 1.0 * group[:, None]
    prepared = pd.DataFrame(values, index=ids).add_prefix("m")
    features = pd.DataFrame({"super_pathway": ["Lipid"] * 10 + ["Carbohydrate"] * 10 + [None]}, index=prepared.columns)
    return prepared, features, pd.DataFrame({"group": group}, index=ids)


def test_a_set_that_moves_is_found_alone_and_against_the_rest(pathways):
    sets = metabolites.compare_sets(*pathways)
    assert list(sets["n_metabolites"]) == [10, 10] and sets.index.name == "super_pathway"
    assert sets.loc["Lipid", "d_rest_low"] > 0 > sets.loc["Carbohydrate", "d_rest_high"]
    assert sets.loc["Lipid", "q_rest"] < 0.001
    assert "Against all other metabolites, 2 of 2 differ" in metabolites.describe_sets(sets)


def test_the_mean_of_a_set_is_the_contrast_of_the_mean(pathways):
    """Identity: the same estimate as one linear model on the mean of the standardised metabolites."""
    prepared, _, design = pathways
    lipids = prepared.iloc[:, :10]
    mean = ((lipids - lipids.mean()) / lipids.std()).mean(axis=1)
    high = design["group"] == 1
    assert metabolites.compare_sets(*pathways).loc["Lipid", "estimate"] == pytest.approx(
        mean[high].mean() - mean[~high].mean()
    )


def test_metabolites_that_go_together_are_not_counted_as_many(pathways):
    """On null groups 5 % of sets have p < 0.05, however strongly their metabolites go together."""
    prepared, features, design = pathways
    rng = np.random.default_rng(12)
    null = prepared.copy()
    null.iloc[:, :10] -= design[["group"]].to_numpy()
    p = [
        metabolites.compare_sets(null, features, design.set_axis(rng.permutation(design.index)))[
            ["p", "p_rest"]
        ].to_numpy()
        for _ in range(60)
    ]
    assert 0.01 < (np.concatenate(p) < 0.05).mean() < 0.1


def test_small_sets_and_tables_without_pathways_say_so(pathways):
    prepared, features, design = pathways
    assert metabolites.compare_sets(prepared.iloc[:, :12], features, design).index.tolist() == ["Lipid"]
    none = metabolites.compare_sets(prepared, features[[]], design)
    assert none.empty and metabolites.describe_sets(none) == "The metabolites are in no set of three or more."


# blanks --------------------------------------------------------------------------------------------------------------


def test_undetected_and_unmeasured_are_counted_apart(measured, features):
    """By hand: m1 has one raw zero and one blank of five; m3 is logged, its zero is a value."""
    blanks = metabolites.count_missing(measured, features)
    assert blanks["share_undetected"].tolist() == [0.2, 0.0, 0.0]
    assert blanks["share_blank"].tolist() == [0.2, 0.0, 0.2]
    assert blanks["smallest"].tolist()[:2] == [4.0, 1.0]
    assert metabolites.describe_missing(blanks, features) == (
        "1 metabolite with values below detection (raw zeros), most in N-acetylglutamate (up to 20 %); "
        "2 metabolites with values that were not measured (blanks), most in N-acetylglutamate, m3 (up to 20 %)."
    )


# community-metabolic potential ---------------------------------------------------------------------------------------


@pytest.fixture
def community():
    """Two makers, one user of indole; by hand: score = share of makers (made / 3 in all) less share of the user."""
    shares = pd.DataFrame({"a": [0.5, 0.2, 0.0], "b": [0.5, 0.2, 0.4], "c": [0.0, 0.6, 0.6]}, index=["s1", "s2", "s3"])
    genes = pd.DataFrame({"K1": [1, 0, 0], "K2": [0, 1, 0], "K3": [0, 0, 2]}, index=["a", "b", "c"])
    reactions = pd.DataFrame(
        {
            "ko": ["K1", "K2", "K3", "K9"],
            "metabolite": ["indole"] * 3 + ["urea"],
            "stoichiometry": [1.0, 2.0, -1.0, 1.0],
        }
    )
    return shares, genes, reactions


def test_scores_are_made_less_used_up(community):
    potential = metabolites.score_community(*community)
    np.testing.assert_allclose(potential.scores["indole"], [0.5 / 3 + 1 / 3, 0.2 / 3 + 0.4 / 3 - 1.2, 0.8 / 3 - 1.2])
    assert list(potential.ignored) == ["K9"] and list(potential.scores) == ["indole"]


def test_parts_of_taxa_sum_to_the_score_and_their_shares_to_one(community):
    potential = metabolites.score_community(*community)
    np.testing.assert_allclose(potential.by_taxon["indole"].sum(axis=1), potential.scores["indole"])
    assert potential.contributions["share"].sum() == pytest.approx(1)
    assert "indole varies mostly by c" in metabolites.describe_community(potential)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s, g, r: (s, g, r.drop(columns="ko")), "no column ko; it needs ko, metabolite, stoichiometry"),
        (
            lambda s, g, r: (s, g, r.assign(stoichiometry=[1, 0, "x", 1])),
            "2 stoichiometries that are 0 or no number, of K2, K3",
        ),
        (lambda s, g, r: (s, g.drop(index="b"), r), "1 taxon without a row of genes: b"),
        (lambda s, g, r: (s, g.add_prefix("x"), r), "No taxon carries any of the 4 orthologues"),
    ],
)
def test_unfit_reactions_are_refused(community, change, message):
    with pytest.raises(ValueError, match=message):
        metabolites.score_community(*change(*community))


def test_the_shipped_reactions_are_balanced_in_form():
    """Each reaction names KEGG orthologues and HMDB accessions, one accession per metabolite."""
    reactions = read_table(PROJECT_ROOT / "data" / "sets" / "gut_reactions.tsv")
    assert reactions["ko"].str.fullmatch(r"K\d{5}").all() and reactions["hmdb"].str.fullmatch(r"HMDB\d{7}").all()
    assert not reactions[["hmdb", "metabolite"]].drop_duplicates()["hmdb"].duplicated().any()
    assert set(reactions["stoichiometry"]) == {-1, 1}


# partners ------------------------------------------------------------------------------------------------------------


def test_partners_are_adjusted_for_covariates():
    """Genus g0 and the metabolite both follow age; once age is in, only g1 is left."""
    rng = np.random.default_rng(13)
    ids = [f"sub-{i:03d}" for i in range(150)]
    age, own = rng.normal(size=(2, 150))
    logs = rng.normal(size=(150, 20))
    logs[:, 0] += 2 * age
    logs[:, 1] += own
    counts = pd.DataFrame(rng.poisson(100 * np.exp(logs)), index=ids).add_prefix("g")
    table = pd.DataFrame({"m": 2 * age + own}, index=ids)
    alone = metabolites.find_associations(counts, table, pd.DataFrame(index=ids), asked=["m"]).set_index("taxon")
    adjusted = metabolites.find_associations(
        counts, table, pd.DataFrame({"age": age}, index=ids), asked=["m"]
    ).set_index("taxon")
    assert alone.loc["g0", "slope_low"] > 0.3
    assert adjusted.loc["g0", "slope_low"] < 0.05 and adjusted.loc["g1", "slope_low"] > 0.2
    features = pd.DataFrame({"name": ["betaine"]}, index=["m"])
    assert "betaine (n = 150)" in metabolites.describe_associations(adjusted.reset_index(), features)


def test_n_acetylglutamate_and_dimethylglycine_in_real_people(fetched):
    """In Kim's people bacteria foretell the one and hardly the other; each has its row, interval and q."""
    pair = metabolites.read_pair(fetched("kim_adenomas_2020"))
    asked = metabolites.find_metabolites(pair.features, ["HMDB0001138", "HMDB0000092"])
    assert list(asked) == ["n_acetylglutamate", "dimethylglycine"]
    partners = metabolites.find_associations(
        pair.amounts, pair.metabolites, pd.DataFrame(index=pair.people.index), asked=asked
    )
    found = (partners["q"] < 0.05).groupby(partners["metabolite"]).sum()
    assert found["n_acetylglutamate"] > 20 > found["dimethylglycine"]
    assert ((partners["slope_low"] < partners["slope"]) & (partners["slope"] < partners["slope_high"])).all()
