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


def test_without_covariates_it_is_the_t_test(data):
    features, design = data
    table = fit_contrasts(features, design[["group"]])
    high, low = features[design["group"] == 1], features[design["group"] == 0]
    expected = stats.ttest_ind(high, low)
    np.testing.assert_allclose(table["t"], expected.statistic, atol=1e-10)
    np.testing.assert_allclose(table["p"], expected.pvalue, atol=1e-12)
    np.testing.assert_allclose(table["estimate"], high.mean() - low.mean(), atol=1e-12)
    assert (table["n_high"].iloc[0], table["n_low"].iloc[0]) == (15, 25)


def test_covariates_and_intervals_as_statsmodels_gives_them(data):
    features, design = data
    shuffled = features.sample(frac=1, random_state=0)
    table = fit_contrasts(shuffled, design)
    for name in features:
        fitted = sm.OLS(features[name], sm.add_constant(design)).fit()
        np.testing.assert_allclose(table.loc[name, "estimate"], fitted.params["group"], atol=1e-10)
        np.testing.assert_allclose(
            table.loc[name, ["ci_low", "ci_high"]].astype(float), fitted.conf_int().loc["group"], atol=1e-10
        )
        np.testing.assert_allclose(table.loc[name, "d"], fitted.params["group"] / np.sqrt(fitted.mse_resid), atol=1e-10)


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
