"""Intervals: published values, and over their whole domain inside their range and around the estimate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from helpers.intervals import (
    bound_by_draws,
    bound_correlation,
    bound_over_folds,
    bound_proportion,
    close_interval,
    tell_shuffled_p,
)
from helpers.metabolites.ranks import bound_spearman
from helpers.resilience.symptoms import bound_r


def test_every_proportion_up_to_400_lies_in_its_interval_and_that_in_0_to_1():
    """Border cases: rounding puts Wilson's bound of n of n at 1 - 1e-16 for n = 7, 9, 12 and many more."""
    n, k = np.meshgrid(np.arange(401), np.arange(401))
    n, k = n[k <= n], k[k <= n]
    low, high = bound_proportion(k, n)
    known = n > 0
    assert np.isnan(low[~known]).all() and np.isnan(high[~known]).all()
    share = k[known] / n[known]
    assert ((low[known] >= 0) & (low[known] <= share) & (share <= high[known]) & (high[known] <= 1)).all()
    assert (high[(k == n) & known] == 1).all() and (low[(k == 0) & known] == 0).all()


def test_proportion_as_published():
    """Newcombe (1998), Statistics in Medicine 17:857-872, table I: 81 of 263 gives .2553 to .3662, 15 of 148 .0624 to .1605."""
    low, high = bound_proportion([81, 15, 0, 29], [263, 148, 20, 29])
    np.testing.assert_allclose(low, [0.2553, 0.0624, 0.0, 0.8830], atol=5e-5)
    np.testing.assert_allclose(high, [0.3662, 0.1605, 0.1611, 1.0], atol=5e-5)


@settings(max_examples=300, deadline=None)
@given(r=st.floats(-1, 1), n=st.integers(0, 10_000), inflation=st.floats(1, 2))
def test_every_correlation_lies_in_its_interval(r, n, inflation):
    low, high = (float(bound) for bound in bound_correlation(r, n, inflation=inflation))
    if n <= 3:
        assert np.isnan([low, high]).all()
    else:
        assert -1 <= low <= r <= high <= 1


@pytest.mark.parametrize("r", [-1.0, -1 + 1e-16, 0.0, 1 - 1e-16, 1.0])
def test_correlations_at_the_end_have_no_infinite_bound(r):
    assert list(bound_r("r", r, 30).values()) == pytest.approx([r, r], abs=0.4)
    low, high = bound_spearman(np.array([r]), np.array([30]))
    assert -1 <= low[0] <= r <= high[0] <= 1


@settings(max_examples=200, deadline=None)
@given(
    draws=st.lists(st.one_of(st.floats(0, 1), st.just(float("nan"))), min_size=1, max_size=30), estimate=st.floats(0, 1)
)
def test_intervals_of_draws_hold_the_estimate(draws, estimate):
    low, high = (
        float(bound[0]) for bound in bound_by_draws([estimate], np.array(draws)[:, None], at_least=0, at_most=1)
    )
    if np.isnan(draws).all():
        assert np.isnan([low, high]).all()
    else:
        assert 0 <= low <= estimate <= high <= 1


def test_an_unknown_estimate_has_no_interval():
    low, high = close_interval([np.nan, 0.5], [0.1, np.nan], [0.2, 0.7])
    assert np.isnan(low).all() and np.isnan(high[0]) and high[1] == 0.7


def test_an_interval_over_folds_by_hand():
    """Five folds, once: variance between folds times (1/5 + 1/4), Student's quantile with 4 degrees of freedom."""
    folds = np.array([0.5, 0.6, 0.7, 0.6, 0.6])
    low, high = bound_over_folds([0.6], folds[:, None, None], 5)
    half = stats.t.ppf(0.975, 4) * np.sqrt(folds.var(ddof=1) * (1 / 5 + 1 / 4))
    assert (low[0], high[0]) == pytest.approx((0.6 - half, 0.6 + half))
    twice = np.stack([folds - 0.1, folds + 0.1], axis=1)[
        :, :, None
    ]  # two groups, their mean the same: twice the degrees of freedom
    assert bound_over_folds([0.6], twice, 5)[1][0] == pytest.approx(
        0.6 + half * stats.t.ppf(0.975, 8) / stats.t.ppf(0.975, 4)
    )


def test_an_interval_over_folds_that_do_not_differ_is_wilsons():
    ones = np.ones((50, 1, 1))
    assert bound_over_folds([1.0], ones, 5, n_smallest=10)[0][0] == pytest.approx(0.722, abs=1e-3)
    assert bound_over_folds([1.0], ones, 5, n_smallest=10)[1][0] == 1.0


def test_an_interval_over_unknown_folds_is_unknown():
    low, high = bound_over_folds([np.nan], np.full((5, 1, 1), np.nan), 5, n_smallest=10)
    assert np.isnan([low[0], high[0]]).all()


@given(hnp.arrays(float, (10, 2, 3), elements=st.floats(0, 1)))
def test_an_interval_over_folds_holds_its_estimate_and_keeps_its_range(folds):
    estimate = folds.mean(axis=(0, 1))
    low, high = bound_over_folds(estimate, folds, 5, n_smallest=4)
    assert ((low >= 0) & (low <= estimate + 1e-12) & (estimate <= high + 1e-12) & (high <= 1)).all()


def test_a_p_of_all_arrangements_has_no_range_and_that_of_some_holds_it():
    assert tell_shuffled_p(2 / 35, 34, exact=True) == "p = 0.057"
    assert tell_shuffled_p(1.0, 99) == "p = 1.000 (0.963 to 1.000 by other permutations)"
    assert tell_shuffled_p(np.nan, 99) == "no p"
