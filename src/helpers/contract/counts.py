"""What tables of counts must be: raw reads, whole, of samples that worked."""

from __future__ import annotations

import numpy as np

from helpers.contract.blocks import BlockTable
from helpers.contract.shares import guess_scale
from helpers.problems import count, name_some

SAME_TOTAL = 1e-3
LARGEST_LOG = 40
LARGEST_EXACT = 2**53
SHALLOW_READS = 1000
RAW = "raw counts: whole numbers of reads, 0 or more"
UNSEEN_SHARE = 0.05  # of the columns: a table cut out of a larger one may have some that nobody has


def check_counts(block: BlockTable, name: str) -> None:
    """Report counts that were transformed, cells that are no counts, failed samples, and suspicious columns.

    A table that was transformed as a whole is one problem. Relative: rows sum to the same number within 0.1 %, in
    fractions. Centred log-ratios: rows sum to 0 within 0.1 % of their absolute sum. Logged: most cells that are not 0
    are fractions and none exceeds 40.

    Parameters
    ----------
    block : BlockTable
    name : str
        One of the contract's tables of reads.
    """
    transformed = name_transformation(block, name)
    if transformed:
        found, fix = transformed
        block.report(found, RAW, fix)
        return
    _check_cells(block)
    _check_samples(block)
    _check_sum_column(block)
    unseen = np.flatnonzero((block.summary.high == 0) & (block.summary.low == 0))
    if unseen.size > UNSEEN_SHARE * block.table.shape[1]:
        block.report(
            f"{count(unseen.size, 'column')} without a single read ({name_some(block.table.columns[unseen])})",
            "features that somebody has",
            "nothing, if nobody of this cohort has so many of them (they carry no information); else look where the reads were lost.",
            severity="warning",
        )


def name_transformation(block: BlockTable, name: str) -> tuple[str, str] | None:
    """Return what a table of counts was turned into and how to mend it; None when it looks like counts."""
    summary = block.summary
    n_filled = int(summary.n_known.sum() - summary.n_zero.sum())
    if n_filled == 0 or 2 * summary.n_fractional.sum() < n_filled:
        return None
    low, high = summary.range
    totals = summary.row_total[summary.row_known > 0]
    middle = float(np.median(totals))
    looks = guess_scale(block)
    instead = f" Where there are none any more, add `scale: {{{name}: {looks}}}` to cohort.yml."
    if looks == "relative" and np.ptp(totals) > SAME_TOTAL * middle:
        found = f"relative abundances: rows sum to {totals.min():.3g} to {totals.max():.3g}"
        return found, f"give the raw counts they were made from.{instead}"
    if low >= 0 and middle > 0 and np.mean(np.abs(totals / middle - 1) <= SAME_TOTAL) >= 0.95:
        found = f"relative abundances: rows sum to {middle:.6g}"
        fix = "give the raw counts they were made from; shares no longer tell how deeply a sample was read."
        return found, fix + (instead if looks else "")
    sizes = summary.row_size[summary.row_known > 0]
    if low < 0 and np.mean(np.abs(totals) <= SAME_TOTAL * sizes) >= 0.95:
        return "centred log-ratios: rows sum to 0", "give the raw counts; the chapters transform them themselves."
    if high <= LARGEST_LOG:
        found = f"values from {low:.3g} to {high:.3g}, most of them fractions: these look logged"
        return found, "give the raw counts; the chapters take logarithms themselves."
    found = f"fractions in {count(int(summary.n_fractional.sum()), 'cell')}, more than half of those that are not 0"
    return found, "give raw counts; estimated counts (RSEM, Salmon) are rounded to whole numbers first."


def _check_cells(block: BlockTable) -> None:
    summary = block.summary
    odd = np.flatnonzero((summary.n_negative > 0) | (summary.n_fractional > 0))
    block.report_cells(
        lambda cells: (cells < 0) | (np.isfinite(cells) & (cells != np.floor(cells))),
        odd,
        "a whole number of reads, 0 or more",
        "give raw counts, not relative or logged abundances; round estimated counts (RSEM, Salmon).",
    )
    huge = np.flatnonzero(np.maximum(summary.high, -summary.low) > LARGEST_EXACT)
    block.report_cells(
        lambda cells: np.abs(cells) > LARGEST_EXACT,
        huge,
        "fewer than 2^53 reads",
        "correct the number: no sample has so many reads.",
    )
    if block.has_text:
        return
    failed = summary.row_known == 0
    blank = np.flatnonzero(summary.n_known + summary.n_infinite < (~failed).sum())
    block.report_cells(
        lambda cells: np.isnan(cells) & ~failed,
        blank,
        "a whole number of reads, 0 or more",
        "write 0 where nothing was read; remove people without a sample.",
    )


def _check_samples(block: BlockTable) -> None:
    summary = block.summary
    empty = np.flatnonzero((summary.row_total == 0) & (summary.row_size == 0))
    if empty.size:
        block.report(
            f"no reads at all in {count(empty.size, 'row')}",
            "at least one read per person",
            "remove the row: the sample failed.",
            row=int(empty[0]),
        )
    totals = summary.row_total
    shallow = np.flatnonzero((totals > 0) & (totals < SHALLOW_READS))
    if shallow.size:
        block.report(
            f"fewer than {SHALLOW_READS:,} reads in {count(shallow.size, 'row')}",
            "samples deep enough to compare",
            "look whether these samples failed, and leave out those that did: diversity is compared at the depth of the shallowest.",
            row=int(shallow[0]),
            severity="warning",
        )
    if len(totals) >= 3 and totals[0] > 0 and (totals == totals[0]).all():
        block.report(
            f"exactly {totals[0]:,.0f} reads in every row: the table looks rarefied",
            "the counts as sequenced",
            "give the counts before rarefaction, where they are still to be had: the chapters rarefy themselves, many times; else nothing.",
            severity="warning",
        )


def _check_sum_column(block: BlockTable) -> None:
    """Report a column that holds the sum of all others."""
    summary = block.summary
    if block.table.shape[1] < 3 or len(block.table) < 2:
        return
    for column in np.flatnonzero((summary.total > 0) & (2 * summary.total == summary.total.sum())):
        if (2 * block.values[:, column] == summary.row_total).all():
            block.report(
                "the sum of all other columns",
                "one column per feature",
                "remove the column: totals are not counts of a feature.",
                column=int(column),
            )
