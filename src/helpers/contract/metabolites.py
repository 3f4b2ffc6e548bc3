"""What a table of metabolites must be: on the scale that features.tsv says, each metabolite once."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.contract.blocks import BlockTable
from helpers.contract.files import COLUMNS_LISTED
from helpers.problems import count, name_some

FEATURES = "metabolites/features.tsv"
LARGEST_LOG = 100
LOGGED_AT_MOST = 40
LOGGED_FOLD = 4
LOGGED_SHARE = 0.8
MIN_COLUMNS, MIN_PEOPLE = 5, 10
MANY_MISSING = 0.8
MANY_ZEROS = 0.8


def check_metabolites(block: BlockTable, features: pd.DataFrame | None) -> None:
    """Report metabolites that are not on their declared scale, hardly measured, or listed twice.

    Declared ``raw``, but below 0: an error, as a raw amount cannot be. Declared ``log``, but above 100: an error, as
    2^100 is no amount. Declared ``raw``, but at least 80 % of these (five or more, ten or more people) stay within 40 and
    span less than fourfold: a warning that they look logged.

    Parameters
    ----------
    block : BlockTable
    features : pandas.DataFrame or None
        Index: metabolite; columns ``scale`` (raw or log) and, where known, ``hmdb``.
    """
    if not block.has_text:
        _check_presence(block)
    if features is None or "scale" not in features.columns:
        return
    scale = features["scale"].reindex(block.table.columns).to_numpy(object)
    _check_raw(block, scale == "raw")
    _check_log(block, scale == "log")
    _check_accessions(block, features)


def _check_raw(block: BlockTable, raw: np.ndarray) -> None:
    summary = block.summary
    negative = np.flatnonzero(raw & (summary.n_negative > 0))
    if negative.size > COLUMNS_LISTED or 2 * negative.size > raw.sum() > 1:
        _report_scale(block, negative, "raw", "negative values", "log")
        return
    block.report_cells(
        lambda cells: cells < 0,
        negative,
        "0 or more: the metabolite is declared raw",
        f"declare scale log in {FEATURES} if it is logged already; else correct the value, or write n/a.",
    )
    measured = raw & (summary.n_known >= MIN_PEOPLE)
    narrow = (
        measured & (summary.low > 0) & (summary.high <= LOGGED_AT_MOST) & (summary.high < LOGGED_FOLD * summary.low)
    )
    if measured.sum() >= MIN_COLUMNS and narrow.sum() >= LOGGED_SHARE * measured.sum():
        found = f"values up to {summary.high[measured].max():.3g} that hardly spread"
        _report_scale(block, np.flatnonzero(narrow), "raw", found, "log", severity="warning")
    _warn_zeros(block, raw)


def _check_log(block: BlockTable, log: np.ndarray) -> None:
    large = np.flatnonzero(log & (np.maximum(block.summary.high, -block.summary.low) > LARGEST_LOG))
    if large.size:
        _report_scale(block, large, "log", f"values up to {block.summary.high[large].max():,.6g}", "raw")


def _report_scale(
    block: BlockTable, columns: np.ndarray, declared: str, found: str, likely: str, severity: str = "error"
) -> None:
    names = block.table.columns[columns]
    which = f"{count(columns.size, 'metabolite')} declared {declared} ({name_some(names)})"
    expected = "amounts as measured" if declared == "raw" else f"logarithms, none beyond {LARGEST_LOG}"
    fix = f"if they are {'logged already' if likely == 'log' else 'not logged'}, write {likely} in the column scale of {FEATURES}."
    block.report(f"{found} in {which}", expected, fix, severity=severity)


def _warn_zeros(block: BlockTable, raw: np.ndarray) -> None:
    summary = block.summary
    mostly = np.flatnonzero(raw & (summary.n_zero > MANY_ZEROS * summary.n_known) & (summary.high > 0))
    if mostly.size:
        block.report(
            f"0 for more than {MANY_ZEROS:.0%} of the people in {count(mostly.size, 'metabolite')} ({name_some(block.table.columns[mostly])})",
            "amounts above detection in most people",
            "write n/a where it was not measured; a 0 is taken as below detection, half the smallest amount.",
            severity="warning",
        )


def _check_presence(block: BlockTable) -> None:
    share = 1 - block.summary.n_known / len(block.table)
    mostly = np.flatnonzero((share > MANY_MISSING) & (share < 1))
    if mostly.size:
        block.report(
            f"more than {MANY_MISSING:.0%} missing in {count(mostly.size, 'metabolite')} ({name_some(block.table.columns[mostly])})",
            "metabolites that most people were measured for",
            "nothing, if that is so: their contrasts rest on few people; else look where the values were lost.",
            severity="warning",
        )


def _check_accessions(block: BlockTable, features: pd.DataFrame) -> None:
    if "hmdb" not in features.columns:
        return
    measured = features.loc[features.index.isin(block.table.columns), "hmdb"].dropna().astype("str")
    number = measured.str.extract(r"^HMDB0*(\d+)$", expand=False).dropna()
    again = measured[number.index[number.duplicated()]]
    if len(again):
        block.reader.report(
            FEATURES,
            f"{count(again.nunique(), 'HMDB accession')} for two metabolites or more ({name_some(again.unique())})",
            "each compound once",
            "correct the accession that is wrong; where one compound was measured twice, leave it to the measurement that claims should use, and blank the other's: a claim looks a metabolite up by it.",
            line=int(features.index.get_loc(again.index[0])) + 2,
            column="hmdb",
            severity="warning",
        )
