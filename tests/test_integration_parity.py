"""Every fit, validation and tuning of the reference implementation is reproduced."""

from __future__ import annotations

import pandas as pd
import pytest

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
from tools.write_parity import PAGE, TABLE, write_page

STARTS = ("recorded", "reference")


def test_page_is_written_from_the_table_and_the_table_lists_every_comparison():
    table = pd.read_csv(TABLE, sep="\t", dtype={"largest_difference": str})
    assert PAGE.read_text(encoding="utf-8") == write_page(table)
    fits = [(name, start) for name in (*SYNTHETIC_FITS, *TUMOUR_FITS, *SINGLE_FITS) for start in STARTS]
    assert set(fits) < set(zip(table["name"], table["start"], strict=True))


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
