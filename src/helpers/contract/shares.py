"""What tables of relative abundances must be: shares of a sample, per cent, or reads normalised to a total or a length."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from helpers.contract.blocks import BlockTable
from helpers.contract.cell_errors import suggest
from helpers.problems import count

TOTALS = {"relative": 1.0, "percent": 100.0, "cpm": 1e6, "tpm": 1e6, "rpk": np.inf}  # the most that a row sums to
COUNTS = "counts"
SCALES = {
    "taxa": (COUNTS, "relative", "percent", "cpm"),
    "transcripts": (COUNTS, *TOTALS),
    "genes": (COUNTS, *TOTALS),
}
SLACK = 0.01
ALIKE = 0.95


def read_scale(value: Any, report: Any) -> dict[str, str]:
    """Return the scale of each table of reads that ``cohort.yml`` declares, after reporting what cannot be.

    Parameters
    ----------
    value : object
        The value of ``scale``.
    report : callable
        Key, what was found, what was expected, fix.

    Returns
    -------
    dict of str to str
        By block; a block that is not in it holds counts.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        report("scale", repr(value), "a scale for each table, e.g. {taxa: relative}", "say which table it is about.")
        return {}
    kept = {}
    for block, scale in value.items():
        if block not in SCALES:
            meant = suggest(str(block), SCALES)
            fix = f"write {meant}." if meant else "leave it out: other tables have their unit in the contract."
            report("scale", f"{block!r}", f"one of {', '.join(SCALES)}", fix)
        elif scale not in SCALES[block]:
            meant = suggest(str(scale), SCALES[block])
            fix = f"write {meant}." if meant else "say what the table holds; counts where it holds reads."
            report("scale", f"{block}: {scale!r}", f"one of {', '.join(SCALES[block])}", fix)
        else:
            kept[block] = scale
    return {block: scale for block, scale in kept.items() if scale != COUNTS}


def guess_scale(block: BlockTable) -> str | None:
    """Return the scale that fractions look like, by what the rows sum to; None when they look like none.

    Parameters
    ----------
    block : BlockTable
    """
    totals = block.summary.row_total[block.summary.row_known > 0]
    if not totals.size or block.summary.range[0] < 0:
        return None
    for scale in ("relative", "percent", "cpm"):
        if np.mean(np.abs(totals / TOTALS[scale] - 1) <= SLACK) >= ALIKE:
            return scale
    return "relative" if totals.max() <= 1 + SLACK and totals.max() > 0 else None


def check_shares(block: BlockTable, scale: str) -> None:
    """Report values that cannot be what ``scale`` in ``cohort.yml`` says.

    Parameters
    ----------
    block : BlockTable
    scale : str
        One of ``TOTALS``.
    """
    summary, expected = block.summary, f"{scale}: 0 or more, rows summing to {TOTALS[scale]:g} at most"
    expected = f"{scale}: 0 or more" if scale == "rpk" else expected
    totals = summary.row_total[summary.row_known > 0]
    if totals.size and _report_other_scale(block, scale, totals, expected):
        return
    negative = np.flatnonzero(summary.n_negative)
    block.report_cells(lambda cells: cells < 0, negative, expected, "give the abundances before any transformation.")
    if not block.has_text:
        blank = np.flatnonzero(summary.n_known + summary.n_infinite < len(block.table))
        block.report_cells(np.isnan, blank, expected, "write 0 where nothing was seen; remove people without a sample.")
    over = np.flatnonzero(summary.row_total > TOTALS[scale] * (1 + SLACK))
    if over.size:
        found = (
            f"rows that sum to {summary.row_total[over].max():.4g} ({count(over.size, 'row')} above {TOTALS[scale]:g})"
        )
        fix = (
            "keep one rank, for instance the species (`s__`) of MetaPhlAn, whose tables list every clade again at each rank; "
            "and no column of totals."
        )
        if over.size < ALIKE * totals.size:
            fix = "look up how these rows were exported, and give them like the others."
        block.report(found, expected, fix, row=int(over[0]))
    empty = np.flatnonzero((summary.row_total == 0) & (summary.row_size == 0) & (summary.row_known > 0))
    if empty.size:
        fix = "remove the row: the sample failed."
        block.report(f"nothing at all in {count(empty.size, 'row')}", "abundances", fix, row=int(empty[0]))


def _report_other_scale(block: BlockTable, scale: str, totals: np.ndarray, expected: str) -> bool:
    """Report a table that as a whole is on another scale; return whether it is."""
    name = block.file.rsplit("/", 1)[-1].split(".")[0]
    if not block.summary.n_fractional.any() and block.summary.range[1] > 1:
        fix = f"take `{name}: {scale}` out of scale in cohort.yml, if these are reads: counts can do more."
        block.report("whole numbers only: these look like counts", expected, fix)
        return True
    looks = guess_scale(block)
    if looks in (None, scale) or TOTALS[looks] == TOTALS[scale] or scale == "rpk":
        return False
    fix = f"write `scale: {{{name}: {looks}}}` in cohort.yml, or give the values that it says."
    block.report(f"rows that sum to {np.median(totals):.4g}", expected, fix)
    return True


def close_shares(table: pd.DataFrame) -> pd.DataFrame:
    """Return each row divided by its sum: shares of what the table lists, whatever the unit was.

    Parameters
    ----------
    table : pandas.DataFrame of shape (n_participants, n_features)

    Examples
    --------
    >>> close_shares(pd.DataFrame({"a": [20.0], "b": [60.0]}, index=["sub-001"])).iloc[0].tolist()
    [0.25, 0.75]
    """
    values = table.to_numpy(float)
    totals = values.sum(axis=1, keepdims=True)
    return pd.DataFrame(values / np.where(totals > 0, totals, 1.0), table.index, table.columns)
