"""Every fit, validation and tuning of the reference implementation is reproduced."""

from __future__ import annotations

import pytest
from statsmodels.stats.proportion import proportion_confint

from tests.parity import (
    AUC_FITS,
    SINGLE_FITS,
    SYNTHETIC_FITS,
    TUMOUR_FITS,
    VALIDATIONS,
    compare_aucs,
    compare_outcomes,
    compare_perf,
    compare_synthetic,
    compare_tumours,
    compare_tuning,
    compare_validation,
    find_oracle,
)
from tools.try_noise import N_NESTED, N_TESTED, try_one
from tools.write_parity import PAGE, read_tables, spread_evenly, write_page

STARTS = ("recorded", "reference")


def test_page_is_written_from_the_table_and_the_table_lists_every_comparison():
    table, noise = read_tables()
    assert PAGE.read_text(encoding="utf-8") == write_page(table, noise)
    fits = [(name, start) for name in (*SYNTHETIC_FITS, *TUMOUR_FITS, *SINGLE_FITS) for start in STARTS]
    assert set(fits) < set(zip(table["name"], table["start"], strict=True))


def test_noise_was_tried_as_often_as_the_page_says_and_a_data_set_gives_the_same_figures_again():
    """Asked for: an error of 0.50 within 0.03, and findings in 5 % of data sets, as far as their number can tell."""
    _, noise = read_tables()
    assert noise["data_set"].to_list() == list(range(N_TESTED))
    assert noise["nested_balanced_error"].notna().sum() == N_NESTED
    assert noise["nested_balanced_error"].mean() == pytest.approx(0.5, abs=0.03)
    found = int((noise["p_permutation"] <= 0.05).sum())
    assert proportion_confint(found, len(noise), method="wilson")[0] <= 0.05
    assert spread_evenly(noise) > 0.01
    assert try_one(0) == pytest.approx(noise.iloc[0].to_dict(), rel=1e-5)


@pytest.fixture(scope="module")
def oracle():
    folder = find_oracle()
    if folder is None:
        pytest.skip("the reference's numbers on breast tumours are not beside the mirror of open data")
    return folder


def check(compared):
    assert compared.largest_difference <= compared.tolerance
    assert compared.n_classes_differing == 0


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("name", SYNTHETIC_FITS)
def test_fit_on_generated_data_equals_the_reference(name, start):
    check(compare_synthetic(name, start))


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("name", [*TUMOUR_FITS, *SINGLE_FITS])
def test_fit_on_tumours_equals_the_reference(oracle, name, start):
    check(compare_tumours(oracle, name, start))


def test_fit_to_measured_outcomes_equals_the_reference(oracle):
    check(compare_outcomes(oracle, "recorded"))


@pytest.mark.parametrize("name", SYNTHETIC_FITS)
def test_auc_on_training_data_equals_the_reference_on_generated_data(name):
    check(compare_aucs(None, name))


@pytest.mark.parametrize("name", [name for name in AUC_FITS if name not in SYNTHETIC_FITS])
def test_auc_on_training_data_equals_the_reference_on_tumours(oracle, name):
    check(compare_aucs(oracle, name))


@pytest.mark.parametrize("name", VALIDATIONS)
def test_all_that_perf_reports_equals_the_reference(oracle, name):
    for compared in compare_perf(oracle, name):
        check(compared)


@pytest.mark.parametrize("name", VALIDATIONS)
def test_error_rates_on_given_folds_equal_the_reference(oracle, name):
    check(compare_validation(oracle, name))


def test_tuning_on_given_folds_equals_the_reference(oracle):
    check(compare_tuning(oracle))
