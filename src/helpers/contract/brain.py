"""What brain measurements must be: edges of known nodes as r, volumes in mm³, anisotropy from 0 to 1, motion in mm."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pandas as pd

from helpers.contract.blocks import BlockTable
from helpers.contract.files import CELLS_LISTED, Reader
from helpers.problems import count, name_some

EDGE = "--"
NODES = "brain/nodes.tsv"
SCALES = ("r", "fisher_z")
R_AT_LEAST, R_STRONG, R_EDGES, R_SLOPE = 0.7, 0.4, 20, 0.15
LARGEST_Z = 4
Z_SHARE = 0.05
ICV = "icv"
ICV_MM3 = (500_000, 3_000_000)
ICV_NAMES = ("estimatedtotalintracranialvol", "etiv", "tiv", "icv", "intracranialvolume", "icv_mm3")
ICV_UNITS = {1_000: "cm³", 1_000_000: "litres", 1_000_000_000: "m³"}
REGION_MM3 = 100
FA_TOO_HIGH = 0.7
FA_TOO_LOW = 0.01
DIFFUSIVITY_FIX = (
    "give fractional anisotropy; mean, axial and radial diffusivity go into blocks/, each as a table of its own."
)
FA_FACTORS = {100: "per cent", 1000: "thousandths"}
FD = "mean_fd_mm"
FD_MM = 10
FD_NAMES = ("fd", "mean_fd", "meanfd", "fd_mean", "framewise_displacement", "mean_framewise_displacement")


def check_edges(reader: Reader, file: str, edges: pd.Index, nodes: pd.DataFrame | None) -> None:
    """Report edges that are not ``<node>--<node>`` of ``nodes.tsv``, stand twice, or lack.

    Parameters
    ----------
    reader : Reader
    file : str
    edges : pandas.Index of str
    nodes : pandas.DataFrame or None
        Index ``node``; None when ``nodes.tsv`` cannot be used.
    """
    if nodes is None:
        report_no_nodes(reader)
        return
    known = set(nodes.index)
    ends = {str(edge): tuple(str(edge).split(EDGE)) for edge in edges}
    bad = [edge for edge, pair in ends.items() if len(pair) != 2 or not known.issuperset(pair) or pair[0] == pair[1]]
    for edge in bad[:CELLS_LISTED]:
        reader.report(
            file,
            f"the edge '{edge}'",
            f"<node>{EDGE}<node>, two different nodes of {NODES}",
            "correct the column's name, or add the node.",
            line=1,
            column=edge,
        )
    if len(bad) > CELLS_LISTED:
        reader.report(
            file,
            f"{len(bad) - CELLS_LISTED} further edges of this kind",
            "edges between known nodes",
            "mend them as above.",
        )
    if not bad:
        _check_pairs(reader, file, ends)


def report_no_nodes(reader: Reader) -> None:
    """Report that connectivity lacks its nodes, once."""
    if not any(problem.file == NODES for problem in reader.problems):
        reader.report(NODES, "no such file", "node, network, x, y, z of every region in the connectivity", "add it.")


def _check_pairs(reader: Reader, file: str, ends: dict[str, tuple[str, ...]]) -> None:
    pairs = Counter(frozenset(pair) for pair in ends.values())
    twice = [edge for edge, pair in ends.items() if pairs[frozenset(pair)] > 1]
    if twice:
        reader.report(
            file,
            f"{count(len(twice) // 2, 'edge')} in both directions ({name_some(twice)})",
            f"every pair of nodes once: a{EDGE}b or b{EDGE}a",
            "remove one of the two columns.",
            line=1,
            column=twice[1],
        )
    used = sorted({node for pair in ends.values() for node in pair})
    lacking = [f"{a}{EDGE}{b}" for a, b in combinations(used, 2) if frozenset((a, b)) not in pairs]
    if lacking:
        reader.report(
            file,
            f"no column for {len(lacking):,} of the {len(pairs) + len(lacking):,} pairs of its nodes ({name_some(lacking)})",
            "an edge for every pair of nodes",
            "nothing, if edges were left out on purpose: network averages rest on those present; else add them.",
            severity="warning",
        )


def check_correlations(block: BlockTable, scale: str | None) -> None:
    """Report edges that are not r (or Fisher z, where ``cohort.yml`` says so), and edges without a value.

    Parameters
    ----------
    block : BlockTable
    scale : {"r", "fisher_z"} or None
        None when ``cohort.yml`` cannot be read: only blanks are looked at.
    """
    limit = {"r": 1, "fisher_z": LARGEST_Z}.get(scale, np.inf)
    summary = block.summary
    beyond = np.flatnonzero(np.maximum(summary.high, -summary.low) >= limit)
    if beyond.size and scale == "r" and _look_like_z(block, beyond):
        row, column, n_people = _find_beyond(block, beyond, limit)
        block.report(
            f"values up to {max(summary.range, key=abs):.3g}, beyond 1 in {count(n_people, 'row')}: these look like Fisher z",
            "between -1 and 1 (Pearson r)",
            "add the line `connectivity_scale: fisher_z` to cohort.yml, or turn the values into r by tanh.",
            row=row,
            column=column,
        )
    else:
        unit = "Fisher z; its r would round to 1" if scale == "fisher_z" else "Pearson r"
        block.report_cells(
            lambda cells: np.isfinite(cells) & (np.abs(cells) >= limit),
            beyond,
            f"between {-limit:g} and {limit:g} ({unit})",
            "correct the value, or write n/a.",
        )
    if scale == "fisher_z" and not beyond.size and _look_like_r(block):
        block.report(
            f"no value beyond {max(summary.range, key=abs):.3g}, and edges spread the less the nearer they are to 1: these look like r",
            "Fisher z, as cohort.yml says",
            "remove connectivity_scale from cohort.yml if these are r; nothing, if they were turned into z.",
            severity="warning",
        )
    if not block.has_text:
        _check_blank_edges(block)


def _look_like_r(block: BlockTable) -> bool:
    """Say whether values declared as z are r: all within 1, near it, and spreading as 1 - r² does.

    The spread of z over people does not depend on its mean; that of r shrinks with 1 - r².
    """
    low, high = block.summary.range
    values = np.asarray(block.values, dtype=float)
    middle, spread = np.nanmean(values, axis=0), np.nanstd(values, axis=0)
    told = (spread > 0) & (np.abs(middle) < 1)
    if not R_AT_LEAST <= max(high, -low) < 1 or (np.abs(middle[told]) > R_STRONG).sum() < R_EDGES:
        return False
    return np.polyfit(np.log(1 - middle[told] ** 2), np.log(spread[told]), 1)[0] > R_SLOPE


def _look_like_z(block: BlockTable, beyond: np.ndarray) -> bool:
    """Whether |r| exceeds 1 in 5 % of people (two at least) and never 4."""
    low, high = block.summary.range
    people = (np.abs(block.values[:, beyond]) > 1).any(axis=1).sum()
    return max(high, -low) <= LARGEST_Z and people >= max(2, Z_SHARE * len(block.table))


def _find_beyond(block: BlockTable, columns: np.ndarray, limit: float) -> tuple[int, int, int]:
    outside = np.abs(block.values[:, columns]) > limit
    row = int(np.flatnonzero(outside.any(axis=1))[0])
    return row, int(columns[np.flatnonzero(outside[row])[0]]), int(outside.any(axis=1).sum())


def _check_blank_edges(block: BlockTable) -> None:
    summary = block.summary
    n_rows = len(block.table)
    never = summary.n_known + summary.n_infinite == 0
    if never.any():
        names = block.table.columns[never]
        whole = _name_whole_nodes(block.table.columns, never)
        about = f": all edges of {name_some(whole)}" if whole else f" ({name_some(names)})"
        block.report(
            f"{count(int(never.sum()), 'edge')} without a value for anybody{about}",
            "edges that somebody has",
            "remove these columns (and the node from nodes.tsv): the region lies outside the field of view, or the export failed.",
        )
    some = np.flatnonzero((summary.n_known + summary.n_infinite < n_rows) & ~never)
    if some.size:
        _warn_blanks(block, some, never)


def _warn_blanks(block: BlockTable, some: np.ndarray, never: np.ndarray) -> None:
    blank = np.isnan(block.values[:, some])
    partly = blank.any(axis=1) & (block.summary.row_known > 0)
    if not partly.any():
        return
    edges = some[blank[partly].any(axis=0)]
    outside = Counter()
    for person in blank[partly]:
        mask = never.copy()
        mask[some[person]] = True
        outside.update(_name_whole_nodes(block.table.columns, mask & ~never))
    where = f"; all edges of {name_some(outside)}, so these regions lay outside their field of view" if outside else ""
    block.report(
        f"no value for {count(edges.size, 'edge')} in {count(int(partly.sum()), 'row')}{where}",
        "a value for every edge of everybody",
        "nothing, if they could not be measured: contrasts of these edges leave the people out.",
        severity="warning",
    )


def _name_whole_nodes(edges: pd.Index, mask: np.ndarray) -> list[str]:
    """Return nodes all of whose edges are in the mask; nodes that only follow from such a one are left out."""
    ends = [str(edge).split(EDGE) for edge in edges]
    if any(len(pair) != 2 for pair in ends):
        return []
    degree = Counter(node for pair in ends for node in pair)
    masked = Counter(node for pair, is_in in zip(ends, mask, strict=True) if is_in for node in pair)
    return [node for node, n in masked.items() if n == degree[node] and n > 1]


def check_volumes(block: BlockTable) -> None:
    """Report volumes that are not in mm³, regions larger than the head, and a table without ``icv``.

    Parameters
    ----------
    block : BlockTable
    """
    names = list(block.table.columns)
    regions = np.array([i for i, name in enumerate(names) if name != ICV], dtype=int)
    if ICV in names:
        usable = _check_icv(block, names.index(ICV))
    else:
        usable = False
        likely = next((name for name in names if str(name).lower().replace("_", "") in ICV_NAMES), None)
        block.report(
            f"no column {ICV}",
            "icv, the intracranial volume in mm³",
            f"rename {likely} to {ICV}."
            if likely
            else "add it where it is known: without it volumes are not adjusted for head size.",
            severity="warning",
        )
    largest = max((_median(block.values[:, column]) for column in regions), default=0.0)
    if 0 < largest < REGION_MM3:
        block.report(
            f"regions of {largest:.3g} at most (median over people): these look like cm³",
            "volumes in mm³",
            "multiply the regions by 1,000; nothing, if all of these regions are that small.",
            severity="warning",
        )
    if usable:
        head = block.values[:, names.index(ICV)]
        larger = [c for c in regions if (block.values[:, c] > head).any()]
        block.report_cells(
            lambda cells: cells > head,
            np.array(larger, dtype=int),
            "less than the person's icv",
            "correct the volume or its unit.",
        )


def _check_icv(block: BlockTable, column: int) -> bool:
    """Report an icv in another unit; return whether it can be compared with."""
    cells = block.values[:, column].astype(float)
    low, high = ICV_MM3
    middle = _median(cells)
    factor = next((f for f in ICV_UNITS if low <= middle * f <= high), None)
    if factor:
        block.report(
            f"a median of {middle:.4g}: this looks like {ICV_UNITS[factor]}",
            "the intracranial volume in mm³, about 1,400,000",
            f"multiply the column by {factor:,}.",
            column=column,
        )
        return False
    if low <= middle <= high:
        block.report_cells(
            lambda cells: (cells < low / 5) | (cells > high * 2),
            np.array([column] if ((cells < low / 5) | (cells > high * 2)).any() else [], dtype=int),
            f"an intracranial volume in mm³, {low:,} to {high:,}",
            "correct the value or its unit, or write n/a.",
        )
        return True
    if np.isfinite(middle):
        block.report(
            f"a median of {middle:,.0f}",
            f"an intracranial volume in mm³, {low:,} to {high:,}",
            "look whether this is the intracranial volume, and its unit.",
            column=column,
            severity="warning",
        )
    return False


def check_tracts(block: BlockTable) -> bool:
    """Report tracts that hold something else than fractional anisotropy from 0 to 1.

    Returns
    -------
    bool
        True when the whole table is at fault, so that its range need not be looked at.
    """
    middle = _median(block.values)
    expected, first = "fractional anisotropy, from 0 to 1", {"row": 0, "column": 0}
    if 0 < middle < FA_TOO_LOW:
        block.report(
            f"a median of {middle:.3g}: this looks like a diffusivity in mm²/s",
            expected,
            DIFFUSIVITY_FIX,
            **first,
        )
        return True
    if _report_other_rows(block, expected):
        return True
    factor = next((f for f in FA_FACTORS if 0.2 * f <= middle <= 0.8 * f and block.summary.range[1] <= f), None)
    if factor:
        block.report(
            f"a median of {middle:.3g}: this looks like anisotropy in {FA_FACTORS[factor]}",
            expected,
            f"divide the table by {factor:,}.",
            **first,
        )
        return True
    if FA_TOO_HIGH < middle <= 1.5:
        block.report(
            f"a median of {middle:.3g}: this looks like a diffusivity in µm²/ms",
            "fractional anisotropy, mostly 0.3 to 0.6",
            DIFFUSIVITY_FIX,
            severity="warning",
        )
    return False


def _report_other_rows(block: BlockTable, expected: str) -> bool:
    """Report participants in per cent or thousandths among others in fractions; return whether there are any."""
    with np.errstate(invalid="ignore"):
        known = np.isfinite(block.values).any(axis=1)
        middles = np.full(len(block.values), np.nan)
        middles[known] = np.nanmedian(np.where(np.isfinite(block.values), block.values, np.nan)[known], axis=1)
        odd = {factor: np.flatnonzero((middles > 0.2 * factor) & (middles <= 0.8 * factor)) for factor in FA_FACTORS}
    factor, rows = max(odd.items(), key=lambda item: len(item[1]))
    if not len(rows) or not (middles <= 1).any():
        return False
    block.report(
        f"anisotropy in {FA_FACTORS[factor]} for {len(rows)} of {count(int(known.sum()), 'participant')}",
        expected,
        f"divide these rows by {factor:,}, not the whole table.",
        row=int(rows[0]),
    )
    return True


def check_motion(block: BlockTable) -> bool:
    """Report motion in µm, or in two units within one column.

    Returns
    -------
    bool
        True when a column is at fault as a whole, so that ranges need not be looked at.
    """
    if FD not in block.table.columns:
        likely = next((name for name in block.table.columns if str(name).lower() in FD_NAMES), None)
        fix = f"rename {likely} to {FD}." if likely else "add it, or remove the file."
        block.report(f"no column {FD}", f"{FD}, the mean framewise displacement in mm", fix)
        return False
    column = block.table.columns.get_loc(FD)
    cells = block.values[:, column].astype(float)
    large = np.flatnonzero(cells > FD_MM)
    middle = _median(cells)
    if middle > FD_MM:
        block.report(
            f"a median of {middle:.4g}: this looks like µm",
            "mean framewise displacement in mm, mostly below 1",
            "divide the column by 1,000.",
            column=column,
        )
    elif large.size and _median(cells[large]) / 1000 <= np.nanmax(cells[~(cells > FD_MM)]):
        block.report(
            f"{count(large.size, 'value')} above {FD_MM} mm among values of about {middle:.2g}: two units in one column",
            "mean framewise displacement in mm",
            "divide those in µm by 1,000.",
            row=int(large[0]),
            column=column,
        )
    else:
        return False
    return True


def _median(cells: np.ndarray) -> float:
    finite = cells[np.isfinite(cells)]
    return float(np.median(finite)) if finite.size else float("nan")
