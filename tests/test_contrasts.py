"""Contrasts against textbook cases and statsmodels."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from helpers.contrasts import COLUMNS, adjust_bh, fit_contrasts


@pytest.fixture
def data(rng):
    ids = [f"sub-{i:03d}" for i in range(40)]
    design = pd.DataFrame(
        {"group": [1.0] * 15 + [0.0] * 25, "age": rng.normal(40, 10, 40), "site": rng.integers(0, 2, 40).astype(float)},
        index=ids,
    )
    features = (
        pd.DataFrame(rng.normal(size=(40, 6)), index=ids, columns=list("abcdef")) + 0.1 * design[["age"]].to_numpy()
    )
    return features, design


def test_without_covariates_the_error_is_welchs_and_the_degrees_of_freedom_are_bell_and_mccaffreys(data):
    """Degrees of freedom of two groups as Imbens and Kolesar (2016) write them out, doi:10.1162/REST_a_00552."""
    features, design = data
    table = fit_contrasts(features, design[["group"]])
    high, low = features[design["group"] == 1], features[design["group"] == 0]
    np.testing.assert_allclose(table["t"], stats.ttest_ind(high, low, equal_var=False).statistic, atol=1e-10)
    n1, n0 = 15, 25
    df = (n0 + n1) ** 2 * (n0 - 1) * (n1 - 1) / (n1**2 * (n1 - 1) + n0**2 * (n0 - 1))
    np.testing.assert_allclose(table["p"], 2 * stats.t.sf(np.abs(table["t"]), df), atol=1e-12)
    np.testing.assert_allclose(table["estimate"], high.mean() - low.mean(), atol=1e-12)
    assert (table["n_high"].iloc[0], table["n_low"].iloc[0]) == (15, 25)


def test_groups_of_equal_size_give_the_plain_t_test_and_noncentral_intervals(data):
    """Border case: with equal sizes Welch's and the pooled error are one, and so are the degrees of freedom."""
    features, design = data
    equal = design.iloc[:30][["group"]]
    table = fit_contrasts(features, equal)
    expected = stats.ttest_ind(features[:15], features[15:30])
    np.testing.assert_allclose(table["t"], expected.statistic, atol=1e-10)
    np.testing.assert_allclose(table["p"], expected.pvalue, atol=1e-10)
    unit = np.sqrt(15 / 2)
    for column, chance in (("d_low", 0.975), ("d_high", 0.025)):
        np.testing.assert_allclose(stats.nct.cdf(table["t"], 28, table[column] * unit), chance, atol=1e-5)
    np.testing.assert_allclose(table["d"], table["t"] / unit * (1 - 3 / (4 * 28 - 1)), rtol=2e-4)


def test_covariates_and_intervals_as_statsmodels_gives_them(data):
    features, design = data
    shuffled = features.sample(frac=1, random_state=0)
    table = fit_contrasts(shuffled, design)
    x = sm.add_constant(design)
    own_df = find_satterthwaite_df(x.to_numpy(), list(x).index("group"))
    for name in features:
        fitted = sm.OLS(features[name], x).fit(cov_type="HC2")
        row = table.loc[name]
        assert row["estimate"] == pytest.approx(fitted.params["group"], abs=1e-10)
        half = stats.t.ppf(0.975, own_df) * fitted.bse["group"]
        assert row["ci_high"] - row["estimate"] == pytest.approx(half, rel=1e-9)
        assert row["estimate"] - row["ci_low"] == pytest.approx(half, rel=1e-9)
        assert row["p"] == pytest.approx(2 * stats.t.sf(abs(fitted.tvalues["group"]), own_df), rel=1e-9)
        assert row["d"] == pytest.approx(fitted.params["group"] / np.sqrt(fitted.mse_resid) * 0.97896, rel=1e-4)


def find_satterthwaite_df(x, place):
    """Definition: of the quadratic form in independent errors of one variance that estimates the error (n x n matrices)."""
    bread = np.linalg.inv(x.T @ x) @ x.T
    free = np.eye(len(x)) - x @ bread
    form = free @ np.diag(bread[place] ** 2 / np.diag(free)) @ free
    return np.trace(form) ** 2 / np.trace(form @ form)


@pytest.mark.parametrize(
    ("n_high", "n_low", "sd"), [(44, 72, 1), (44, 72, 1.5), (12, 104, 2), (12, 104, 0.5), (8, 40, 2), (10, 10, 1)]
)
def test_groups_of_unequal_size_and_spread_are_called_different_in_five_per_cent(n_high, n_low, sd):
    """True null: of 3,000 equal means about 5 % are rejected (2.5 to 7 here; 25 % with one variance for 12 v 104, SD 2:1)."""
    rng = np.random.default_rng(1)
    group = (np.arange(n_high + n_low) < n_high).astype(float)
    ids = [f"sub-{i:03d}" for i in range(len(group))]
    values = rng.normal(size=(len(group), 3000)) * np.where(group == 1, sd, 1)[:, None]
    table = fit_contrasts(pd.DataFrame(values, ids), pd.DataFrame({"group": group}, ids))
    assert 0.025 < (table["p"] < 0.05).mean() < 0.07
    outside = (table["d_low"] > 0) | (table["d_high"] < 0)
    assert (outside == (table["p"] < 0.05)).mean() > 0.999  # the interval of d and p say the same


@pytest.mark.parametrize("effect", [0.0, 0.5, 1.2, 2.0])
@pytest.mark.parametrize(("n_high", "n_low"), [(10, 10), (15, 25), (44, 72), (200, 200)])
def test_intervals_of_d_hold_the_truth_in_95_of_100_and_d_is_unbiased(n_high, n_low, effect):
    """True effect in units of one SD; 4,000 draws beside a covariate: 94 to 96 %, give or take the chance of 4,000 draws."""
    rng = np.random.default_rng(7)
    group = (np.arange(n_high + n_low) < n_high).astype(float)
    ids = [f"sub-{i:03d}" for i in range(len(group))]
    design = pd.DataFrame({"group": group, "age": rng.normal(size=len(group)) + 0.5 * group}, ids)
    values = rng.normal(size=(len(group), 4000)) + effect * group[:, None]
    table = fit_contrasts(pd.DataFrame(values, ids), design)
    covered = ((table["d_low"] <= effect) & (effect <= table["d_high"])).mean()
    assert 0.94 - 0.008 < covered < 0.96 + 0.008
    assert table["d"].mean() == pytest.approx(effect, abs=0.03)


def test_a_spline_stands_for_noncentral_t_of_many_features(rng):
    ids = [f"sub-{i:03d}" for i in range(40)]
    design = pd.DataFrame({"group": [1.0] * 15 + [0.0] * 25}, ids)
    features = pd.DataFrame(
        rng.normal(size=(40, 1500)) + design["group"].to_numpy()[:, None] * rng.normal(size=1500), ids
    )
    many, few = fit_contrasts(features, design), fit_contrasts(features.iloc[:, :300], design)
    for column in ("d_low", "d_high"):
        np.testing.assert_allclose(many[column][:300], few[column], atol=1e-5)


def test_a_group_of_one_has_no_error(rng):
    """One participant's spread is unknown: nothing can be said without taking the other group's."""
    ids = list("abcdef")
    design = pd.DataFrame({"group": [1.0, 0, 0, 0, 0, 0]}, ids)
    assert (
        fit_contrasts(pd.DataFrame({"x": rng.normal(size=6)}, ids), design)[["p", "d", "d_low"]].isna().all(axis=None)
    )


def test_blanks_drop_out_feature_by_feature(data):
    features, design = data
    features.iloc[:3, 0] = np.nan
    table = fit_contrasts(features, design)
    alone = fit_contrasts(features[["a"]].dropna(), design)
    assert table.loc["a", "n_high"] == 12
    np.testing.assert_allclose(table.loc["a", "estimate"], alone.loc["a", "estimate"], atol=1e-12)
    assert table.loc["b", "n_high"] == 15


def test_constant_feature_and_too_few_people_are_blank(data):
    features, design = data
    features["constant"] = 3.0
    features["sparse"] = np.nan
    features.loc[features.index[:2], "sparse"] = [1.0, 2.0]
    table = fit_contrasts(features, design)
    assert table.loc[["constant", "sparse"], ["estimate", "d", "p", "q"]].isna().all().all()
    assert list(table.columns) == COLUMNS


def test_group_that_follows_from_a_covariate_is_refused(data):
    features, design = data
    with pytest.raises(ValueError, match="'group' cannot be told apart from study"):
        fit_contrasts(features, design[["group"]].assign(study=1 - design["group"]))


def test_no_shared_people_is_refused(data):
    features, design = data
    with pytest.raises(ValueError, match="No participant is in both"):
        fit_contrasts(features.rename(index=str.upper), design)


def test_bh_as_published():
    """Benjamini and Hochberg (1995), table of 15 p-values: four are below 0.05."""
    p = [
        0.0001,
        0.0004,
        0.0019,
        0.0095,
        0.0201,
        0.0278,
        0.0298,
        0.0344,
        0.0459,
        0.3240,
        0.4262,
        0.5719,
        0.6528,
        0.7590,
        1.0,
    ]
    q = adjust_bh(pd.Series(p))
    assert (q < 0.05).sum() == 4
    assert q.iloc[3] == pytest.approx(0.0095 * 15 / 4)
