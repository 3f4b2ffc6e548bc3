"""Factor structure, invariance and reliability intervals: published numbers, identities, borders, refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats
from semopy.examples import holzinger39

from helpers import resilience as r
from helpers.resilience.multigroup import GroupMoments, _Layout, fit_groups, measure_moments

ABILITIES = {"visual": ["x1", "x2", "x3"], "textual": ["x4", "x5", "x6"], "speed": ["x7", "x8", "x9"]}
ONE = {"one": list("abcde")}


@pytest.fixture(scope="module")
def pupils():
    """Nine tests of 301 pupils of two schools (Holzinger and Swineford 1939), as semopy ships them."""
    return holzinger39.get_data()


def draw(n: int, rng, *, loadings=(0.9, 0.8, 0.7, 0.6, 0.5), mean: float = 0.0, shift: float = 0.0) -> pd.DataFrame:
    """Answers of one factor; `mean` moves the factor, `shift` only the second item."""
    trait = rng.normal(mean, 1, size=(n, 1))
    items = trait * np.array(loadings) + rng.normal(size=(n, 5)) * 0.6
    items[:, 1] += shift
    return pd.DataFrame(items, columns=list("abcde"))


def test_cfa_gives_the_published_fit_of_holzinger_and_swineford(pupils):
    """Published with the lavaan tutorial: 85.306 on 24 df, CFI .931, TLI .896, RMSEA .092, SRMR .065."""
    fit = r.fit_cfa(pupils, ABILITIES)
    assert (fit.n, fit.df) == (301, 24)
    assert fit.chi2 == pytest.approx(85.306, abs=0.001)
    assert (fit.cfi, fit.tli, fit.rmsea, fit.srmr) == pytest.approx((0.931, 0.896, 0.092, 0.065), abs=0.0005)
    assert fit.factor_r.loc["visual", "textual"] == pytest.approx(0.459, abs=0.001)
    assert fit.loadings["textual", "x5"] == pytest.approx(0.855, abs=0.001)


@pytest.mark.parametrize(
    ("model", "chi2", "df", "cfi", "rmsea", "srmr"),
    [
        ("configural", 115.851, 48, 0.923, 0.097, 0.0679),
        ("metric", 124.044, 54, 0.921, 0.093, 0.0717),
        ("scalar", 164.103, 60, 0.882, 0.107, 0.0824),
        ("strict", 181.511, 69, 0.873, 0.104, 0.0883),
    ],
)
def test_invariance_by_school_is_as_published(pupils, model, chi2, df, cfi, rmsea, srmr):
    """Published with the lavaan tutorial on multiple groups, same pupils and factors.

    SRMR of the first three as lavaan gives it; that of the strict model by hand from its means and covariances.
    """
    row = r.check_invariance(pupils, ABILITIES, pupils["school"]).loc[model]
    assert row["chi2"] == pytest.approx(chi2, abs=0.001)
    assert row["df"] == df
    assert (row["cfi"], row["rmsea"]) == pytest.approx((cfi, rmsea), abs=0.0005)
    assert row["srmr"] == pytest.approx(srmr, abs=0.00005)
    assert (row["n"], row["n_smallest"]) == (301, 145)


def test_the_configural_model_is_the_sum_of_what_semopy_fits_to_each_school(pupils):
    """Identity: without anything equal, chi-squares and degrees of freedom add up."""
    table = r.check_invariance(pupils, ABILITIES, pupils["school"])
    each = [r.fit_cfa(school, ABILITIES) for _, school in pupils.groupby("school")]
    assert table.loc["configural", "chi2"] == pytest.approx(sum(fit.chi2 for fit in each), abs=0.002)
    assert table.loc["configural", "df"] == sum(fit.df for fit in each)


def test_slopes_of_the_discrepancy_are_those_of_finite_differences(pupils):
    parts = [measure_moments(part[[*["x1", "x2", "x3", "x4"]]]) for _, part in pupils.groupby("school")]
    layout = _Layout.make(
        np.array([[True, False], [True, False], [False, True], [False, True]]), 2, ("loadings", "intercepts")
    )
    free = layout.start(parts) + 0.1
    numeric = optimize.approx_fprime(free, lambda x: layout.objective(x, parts)[0], 1e-6)
    np.testing.assert_allclose(layout.objective(free, parts)[1], numeric, atol=1e-4)


def test_an_exact_one_factor_covariance_fits_perfectly_whatever_the_units():
    loadings, unique = np.array([0.9, 0.8, 0.7, 0.6]), np.array([0.3, 0.4, 0.5, 0.6])
    exact = np.outer(loadings, loadings) + np.diag(unique)
    units = np.array([1.0, 10.0, 0.1, 3.0])
    fit = fit_groups([GroupMoments(200, np.zeros(4), exact * np.outer(units, units))], np.ones((4, 1), bool))
    assert fit.chi2 == pytest.approx(0, abs=1e-6)
    assert (fit.df, fit.cfi, fit.rmsea) == (2, pytest.approx(1), 0)
    assert fit.loadings[0][:, 0] == pytest.approx(loadings / loadings[0] * units, rel=1e-4)


def test_a_group_that_is_more_resilient_on_every_item_is_invariant_and_one_odd_item_is_not(rng):
    """A planted shift of the factor leaves intercepts equal; a planted shift of one item does not."""
    low, high, odd = draw(600, rng), draw(600, rng, mean=0.8), draw(600, rng, shift=0.6)
    people = pd.Series(np.repeat(["A", "B"], 600))
    fair = r.check_invariance(pd.concat([low, high], ignore_index=True), ONE, people)
    unfair = r.check_invariance(pd.concat([low, odd], ignore_index=True), ONE, people)
    assert fair["delta_cfi"].min() > -0.01
    assert unfair.loc["scalar", "delta_cfi"] < -0.01 < unfair.loc["metric", "delta_cfi"]
    assert "scores may be pooled" in r.describe_invariance(
        pd.concat({"study": fair.assign(why_not="")}, names=["grouping"])
    )
    assert "means do not" in r.describe_invariance(pd.concat({"study": unfair.assign(why_not="")}, names=["grouping"]))


def test_unequal_loadings_are_found(rng):
    other = draw(600, rng, loadings=(0.9, 0.2, 0.7, 1.2, 0.5))
    items = pd.concat([draw(600, rng), other], ignore_index=True)
    table = r.check_invariance(items, ONE, pd.Series(np.repeat(["A", "B"], 600)))
    assert table.loc["metric", "delta_cfi"] < -0.01
    said = r.describe_invariance(pd.concat({"sex": table.assign(why_not="")}, names=["grouping"]))
    assert "do not pool" in said and "neither answer is firm" not in said


def test_a_group_no_larger_than_the_model_is_refused_with_the_number(rng):
    """Border case: five items, one factor: 4 loadings, 1 variance, 5 residuals, 5 intercepts are 15 parameters."""
    items = draw(100, rng)
    with pytest.raises(ValueError, match="15 parameters per group, and the smallest group is not larger"):
        r.check_invariance(items, ONE, pd.Series(["A"] * 85 + ["B"] * 15))
    assert len(r.check_invariance(items, ONE, pd.Series(["A"] * 84 + ["B"] * 16))) == 4
    with pytest.raises(ValueError, match="in one group: there is nothing to compare"):
        r.check_invariance(items, ONE, pd.Series(["A"] * 100))


def test_what_could_not_be_checked_stands_beside_what_could(rng):
    items = draw(100, rng)
    people = pd.DataFrame({"study": ["A", "B"] * 50, "sex": ["F"] * 95 + ["M"] * 5})
    table = r.check_invariance_by(items, ONE, people, ["study", "sex", "gone"])
    assert list(table.index.get_level_values("grouping").unique()) == ["study", "sex"]
    said = r.describe_invariance(table).splitlines()
    assert "With 50 people in the smallest group neither answer is firm" in said[0]
    assert said[1].startswith("* By *sex*: not checked. The model has 15 parameters")
    assert r.describe_invariance(table.iloc[:0]) == "No column of the participants names groups to compare."


def test_declared_structures_use_items_of_their_scale_once():
    """CD-RISC: 8 + 7 + 5 + 3 + 2 items in five factors; HADS: odd items anxiety, even items depression."""
    scales = {"cd_risc": 25, "cd_risc_10": 10, "brs": 6, "hads": 14, "pss": 10, "gad7": 7, "phq9": 9}
    for measure, n_items in scales.items():
        sizes = [len({i for part in s.values() for i in part}) for s in r.STRUCTURES[measure].values()]
        assert sizes[0] == n_items
    assert r.STRUCTURES["hads"]["anxiety and depression"]["depression"][0] == "hads_02"


@pytest.mark.parametrize(
    ("structure", "said"),
    [
        ({"one": ["a", "b", "c", "z"]}, "names z, which the answers do not have"),
        ({"one": ["a", "b", "c"], "two": ["c", "d"]}, "stands in two factors"),
        ({"one": ["a", "b", "c"]}, "at least 4 items"),
    ],
)
def test_a_structure_that_cannot_be_fitted_is_refused_in_words(rng, structure, said):
    with pytest.raises(ValueError, match=said):
        r.fit_cfa(draw(50, rng), structure)


def test_too_few_people_for_a_structure_keep_its_row_and_the_reason(rng):
    answers = pd.DataFrame(rng.integers(0, 5, size=(20, 25)).astype(float), columns=list(r.CD_RISC_ITEMS))
    table = r.fit_structures(answers, "cd_risc")
    assert "needs more than 25 people" in table.loc["five factors", "why_not"]
    assert "needs 60 in all, and here are 20" in table.loc["one factor, the ten items of the short form", "why_not"]
    assert table[["chi2", "df"]].isna().all(axis=None)


def test_hierarchical_omega_is_what_a_bifactor_model_implies():
    """By hand: three factors of two items, item loading .8, factors correlate .49 = .7 * .7. General loadings .56;
    variance of the total 6 + 2 * 3 * .64 + 24 * .64 * .49 = 17.3664; (6 * .56)^2 / 17.3664 = .6501."""
    within, between = 0.64, 0.64 * 0.49
    wanted = np.full((6, 6), between) + np.kron(np.eye(3), np.full((2, 2), within - between))
    np.fill_diagonal(wanted, 1.0)
    noise = np.random.default_rng(1).normal(size=(300, 6))
    noise -= noise.mean(axis=0)
    white = noise @ np.linalg.inv(np.linalg.cholesky(np.cov(noise, rowvar=False))).T
    items = pd.DataFrame(white @ np.linalg.cholesky(wanted).T, columns=list("abcdef"))
    omega, _ = r.omega_hierarchical(items, {"one": ["a", "b"], "two": ["c", "d"], "three": ["e", "f"]})
    assert omega == pytest.approx(3.36**2 / 17.3664, abs=1e-4)
    assert omega < r.mcdonald_omega(items)
    with pytest.raises(ValueError, match="at least three factors; the structure has 2"):
        r.omega_hierarchical(items, {"one": ["a", "b", "c"], "two": ["d", "e", "f"]})


def test_bootstrap_interval_of_alpha_is_that_of_feldt_for_parallel_normal_items(rng):
    """Feldt 1965: (1 - true) / (1 - alpha) follows F with n - 1 and (n - 1)(k - 1) degrees of freedom."""
    items = pd.DataFrame(rng.normal(size=(400, 1)) + rng.normal(size=(400, 5)))
    row = r.summarise_reliability(items, rng=rng, n_bootstraps=300).loc["alpha"]
    tails = stats.f.ppf([0.975, 0.025], 399, 399 * 4)
    feldt = 1 - (1 - row["estimate"]) * tails
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(tuple(feldt), abs=0.008)


def test_real_answers_about_resilience_have_the_alpha_of_their_questionnaire(fetched):
    """RSA, 675 students, 33 items: alpha .86 on the answers as they stand in the file."""
    answers = pd.read_csv(fetched("rsa") / "rsa.tsv", sep="\t", index_col=0)
    assert answers.shape == (675, 33)
    assert r.cronbach_alpha(answers) == pytest.approx(0.86, abs=0.005)
