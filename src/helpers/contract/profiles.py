"""Participants whose whole profile in a block is unlike everybody else's: another unit or scale, no signal, turned."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable

import numpy as np
import pandas as pd

from helpers.contract.blocks import BlockTable
from helpers.problems import count, name_some

MIN_PEOPLE, MIN_FEATURES = 10, 8
MOST_FEATURES = 1000
COMMON, MANY = 0.5, 0.4
GAPS = {
    "volumes": 2.0,
    "tracts": 1.6,
    "connectivity": 2.5,
    "metabolites": 5.0,
    "counts": 30.0,
    "maps": 10.0,
    "further": 5.0,
}
SOME_NEGATIVE, TURNED_FROM = 0.2, 0.9
SPREADS = 6
LEVELS, NARROWEST = 10, 1.6
TURNED, ALIKE = -0.3, 0.3
SLOPE_GAP = 0.45
LARGE_CELL, LARGE_CELL_NEXT = 1e5, 1e4
LOG_GAP, LONE_CELL, NEAR = 3.0, 100.0, 3.0  # robust standard deviations
FEW_CELLS = 3
SIGNED = ("connectivity", "maps")
FACTORS = (1e9, 1e6, 1e4, 1000, 100, 10)
LOG_AT_MOST = 40
EVENNESS = 0.93
ROUND_CHANCE = 0.005
ROUND_TOTALS = (100, 1000, 1e4, 1e5, 1e6)
EXPECTED = "a profile on the scale of the others"
Judge = Callable[[np.ndarray, np.ndarray, float], dict[str, list[int]]]


def check_profiles(
    block: BlockTable, name: str, *, counts: bool = False, features: pd.DataFrame | None = None
) -> set[int]:
    """Warn of participants whose profile as a whole is unlike all others'.

    A participant is unlike the others when no one stands between: ordered by the median log ratio to the features'
    medians (by the size of the profile for signed values), a gap of at least the factor in ``GAPS`` and of six robust
    standard deviations parts the participant from the largest cluster. Half of a table on another scale is found in
    this way too, which a distance from the median would miss.

    Parameters
    ----------
    block : BlockTable
        Of shape (n_participants, n_features); fewer than 10 participants or 8 features are not judged.
    name : str
        One of the contract's blocks, or maps, or further.
    counts : bool
        Whether these are reads, of which depth differs lawfully.
    features : pandas.DataFrame or None
        Metabolites: their ``scale``; raw values are judged by ratios, logarithms by distances.

    Returns
    -------
    set of int
        The rows that were warned of.
    """
    causes: dict[str, list[int]] = defaultdict(list)
    for columns, judge in _list_parts(block, name, counts, features):
        for cause, rows in _judge_part(block, columns, judge, GAPS["counts" if counts else name], counts).items():
            causes[cause] += [row for row in rows if row not in causes[cause]]
    for cause, rows in causes.items():
        _warn(block, cause, rows)
    return {int(row) for rows in causes.values() for row in rows}


def _judge_part(block: BlockTable, columns: np.ndarray, judge: Judge, gap: float, counts: bool) -> dict[str, list[int]]:
    """Judge the columns of one scale; a row that is flat is known as such, and not judged otherwise."""
    values = np.asarray(block.values[:, columns], dtype=float)
    if values.shape[0] < MIN_PEOPLE or values.shape[1] < MIN_FEATURES:
        return {}
    values[~np.isfinite(values)] = np.nan
    judged = np.isfinite(values).mean(axis=1) >= COMMON
    causes = defaultdict(list)
    flat = judged & (np.nanmax(np.where(judged[:, None], values, 0), axis=1) == _lowest(values, judged))
    for row in np.flatnonzero(flat & ~((values == 0).all(axis=1) & counts)):
        said = "0 everywhere: no signal" if np.nanmax(np.abs(values[row])) == 0 else "the same value everywhere"
        causes[said if not counts else "presence or absence in place of reads"].append(row)
    judged &= ~flat
    if judged.sum() >= MIN_PEOPLE:
        for cause, rows in judge(values, np.flatnonzero(judged), gap).items():
            causes[cause] += rows
    return causes


def _lowest(values: np.ndarray, judged: np.ndarray) -> np.ndarray:
    return np.nanmin(np.where(judged[:, None], values, 0), axis=1)


def _list_parts(
    block: BlockTable, name: str, counts: bool, features: pd.DataFrame | None
) -> list[tuple[np.ndarray, Judge]]:
    """Return the columns that can be compared, by scale, up to a thousand evenly spread, each with its judge."""
    usable = (block.summary.low < block.summary.high) & (block.table.columns != "icv")
    if counts:
        return [(np.flatnonzero(usable), _judge_counts)]
    if name == "further" and np.mean((block.values < 0).any(axis=1)) > COMMON:
        return [(_thin(usable), _judge_scaled)]  # most people have negative values: signed measurements
    if name in SIGNED:
        return [(_thin(usable), _judge_signed)]
    if name != "metabolites":
        return [(_thin(usable), _judge_ratios)]
    if features is None or "scale" not in features.columns:
        return []
    scale = features["scale"].reindex(block.table.columns)
    judges = {"raw": _judge_ratios, "log": _judge_logs}
    return [(_thin(usable & (scale == one).to_numpy()), judge) for one, judge in judges.items()]


def _thin(usable: np.ndarray) -> np.ndarray:
    columns = np.flatnonzero(usable)
    return columns[:: max(1, -(-len(columns) // MOST_FEATURES))]


def _judge_ratios(values: np.ndarray, people: np.ndarray, gap: float) -> dict[str, list[int]]:
    """Judge positive values: median log10 ratio to the features' medians, slope of the log profile, sign, single cells."""
    causes = defaultdict(list)
    values = values[people]
    negative = (values < 0).mean(axis=1)
    below, some = negative > TURNED_FROM, negative >= SOME_NEGATIVE
    if some.mean() <= COMMON:
        causes["the sign turned"] += list(people[below])
        causes["negative values where others have none (logarithms, or centred?)"] += list(people[some & ~below])
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log10(np.where(values > 0, values, np.nan))
    usual = _median_of(logs, axis=0)
    cells = _large_cells(logs)
    often = Counter(row for row, _ in cells)
    for row, column in cells:
        if often[row] < FEW_CELLS:
            causes[f"one value {_power(logs[row, column] - usual[column])} its column's median"].append(people[row])
            logs[row, column] = np.nan
    level = _median_of(logs - usual, axis=1)
    slope = _slopes(logs, usual)
    apart = _find_apart(level, _narrow(level, gap))
    bent = _find_apart(slope, SLOPE_GAP) if np.nanstd(usual) > 0.3 else np.zeros(len(level), bool)
    main = _median_of(np.where((apart | bent)[:, None], np.nan, logs), axis=0) if (apart | bent).any() else usual
    for row in np.flatnonzero((apart | bent) & ~some):
        causes[_name_scale(values[row], main)].append(people[row])
    return causes


def _narrow(level: np.ndarray, gap: float) -> float:
    """Return the gap in log10 that no two people are apart: of levels that hardly differ, less than the block's own."""
    spread = 1.4826 * np.nanmedian(np.abs(level - np.nanmedian(level)))
    return float(np.clip(LEVELS * spread, np.log10(NARROWEST), np.log10(gap)))


def _name_scale(row: np.ndarray, main: np.ndarray) -> str:
    """Name the change of scale whose undoing makes a profile ordinary: the smallest median distance in log10."""
    tried = {"another scale": row}
    tried |= {f"divided by {factor:,.0f}": row * factor for factor in FACTORS}
    tried |= {f"multiplied by {factor:,.0f}": row / factor for factor in FACTORS}
    with np.errstate(over="ignore", invalid="ignore"):
        tried |= {"ln": np.exp(row), "log2": np.exp2(row), "log10": 10.0**row}
        tried |= {"exponentials": np.log(np.where(row > 0, row, np.nan))}
        away = {
            cause: np.nanmedian(np.abs(np.log10(np.where((back > 0) & (back < np.inf), back, np.nan)) - main))
            for cause, back in tried.items()
            if np.mean((back > 0) & (back < np.inf)) >= COMMON
        }
    likely = min(away, key=away.get, default="another scale")
    return {"ln": "natural logarithms (ln or log1p)", "log2": "logarithms (log2)", "log10": "logarithms (log10)"}.get(
        likely, likely
    )


def _judge_logs(values: np.ndarray, people: np.ndarray, gap: float) -> dict[str, list[int]]:
    """Judge logarithms, centred or not: median distance from the features' medians, slope of the profile, single cells.

    Distances are in robust standard deviations over people, as a logarithm has no unit of its own.
    """
    causes = defaultdict(list)
    values = values[people]
    usual = _median_of(values, axis=0)
    spread = 1.4826 * np.nanmedian(_median_of(np.abs(values - usual), axis=0))
    if not spread > 0:
        return causes
    away = (values - usual) / spread
    far = np.nan_to_num(np.abs(away)) > LONE_CELL
    for row, column in zip(*np.nonzero(far & (far.sum(axis=1, keepdims=True) < FEW_CELLS)), strict=True):
        causes[f"one value of {values[row, column]:.3g}"].append(people[row])
        values[row, column] = away[row, column] = np.nan
    apart = _find_apart(_median_of(away, axis=1), LOG_GAP) | _find_apart(_size_of(away), LOG_GAP)
    apart |= _find_apart(np.log10(np.maximum(_size_of(values), 1e-300)), np.log10(gap))
    bent = _find_apart(_slopes(values, usual), SLOPE_GAP) if np.nanstd(usual) > spread else np.zeros(len(values), bool)
    odd = apart | bent
    for row in np.flatnonzero(odd):
        causes[_name_log_scale(values[row], _median_of(values[~odd], axis=0), spread)].append(people[row])
    return causes


def _size_of(away: np.ndarray) -> np.ndarray:
    return _median_of(np.abs(away), axis=1)


def _name_log_scale(row: np.ndarray, main: np.ndarray, spread: float) -> str:
    """Name the change of scale whose undoing brings logarithms nearest to the others'."""
    positive = np.where(row > 0, row, np.nan)
    tried = {"the sign turned": -row, "divided by 1,000": row * 1000, "multiplied by 1,000": row / 1000}
    tried |= {
        "values that are no logarithms": np.log(positive),
        "values that are no logarithms (log2)": np.log2(positive),
    }
    tried |= {"values that are no logarithms (log10)": np.log10(positive)}
    tried |= {"logarithms of another base": row * np.log(2), "logarithms of base 10": row * np.log(10)}
    away = {
        cause: float(np.nanmedian(np.abs(back - main))) / spread
        for cause, back in tried.items()
        if np.isfinite(back).mean() >= COMMON
    }
    likely = min(away, key=away.get, default="another scale")
    return likely if away.get(likely, np.inf) < NEAR else "another scale"


def _judge_signed(values: np.ndarray, people: np.ndarray, gap: float) -> dict[str, list[int]]:
    """Judge signed values: correlation with the median profile, and size of the profile."""
    causes = defaultdict(list)
    known = np.nan_to_num(values[people])
    usual = np.median(known, axis=0)
    likeness = np.array([_correlate(row, usual) for row in known])
    turned = (likeness < TURNED) if np.median(likeness) > ALIKE else np.zeros(len(people), bool)
    causes["the sign turned"] += list(people[turned])
    biggest = np.abs(known).max(axis=1)
    size = np.log10(np.maximum(np.sqrt(np.mean(known**2, axis=1)), 1e-300))
    lone = size - np.log10(np.maximum(np.median(np.abs(known), axis=1), 1e-300)) > 3
    apart = _find_apart(size, np.log10(gap))
    middle = np.median(size[~apart])
    for row in np.flatnonzero(apart & lone):
        causes[f"one value of {biggest[row]:.3g}"].append(people[row])
    for side in (apart & ~lone & (size > middle), apart & ~lone & (size <= middle)):
        if side.any():
            causes[f"{_power(np.median(size[side]) - middle)} the usual size"] += list(people[side])
    return causes


def _judge_scaled(values: np.ndarray, people: np.ndarray, gap: float) -> dict[str, list[int]]:
    """Judge signed values of columns that may each have a unit of its own: as signed ones, in units of each column's usual size."""
    size = _median_of(np.abs(values[people]), axis=0)
    return _judge_signed(values[:, size > 0] / size[size > 0], people, gap)


def _judge_counts(values: np.ndarray, people: np.ndarray, gap: float) -> dict[str, list[int]]:
    """Judge reads: depth far above all others, one huge cell, evenness of logs or presence, totals of CPM."""
    causes = defaultdict(list)
    reads = np.maximum(np.nan_to_num(values[people]), 0)
    total, top = reads.sum(axis=1), reads.max(axis=1)
    depth = np.log10(np.maximum(total, 1))
    rich = (reads > 0).sum(axis=1)
    even = np.array([_evenness(row) for row in reads])
    usual_top = np.median(np.sort(top)[len(top) // 2 :])
    few_reads = (reads == 1).sum(axis=1) > 0.3 * rich  # a shallow sample has mostly ones, logarithms have not
    logged = (top <= LOG_AT_MOST) & (rich >= 20) & (even > EVENNESS) & (usual_top >= 1000) & ((top == 1) | ~few_reads)
    if 0 < logged.sum() < len(people) and np.median(even[~logged]) < EVENNESS - 0.05:
        causes["presence or absence in place of reads"] += list(people[logged & (top <= 1)])
        causes["rounded logarithms in place of reads"] += list(people[logged & (top > 1)])
    others = np.flatnonzero(~logged)
    usual = np.median(depth[others])
    deep = others[_find_apart(depth[others], np.log10(gap)) & (depth[others] > usual)]
    rest = np.log10(np.maximum(total - top, 1))
    one = (np.abs(rest - usual) < 1) & (top > 0.5 * total)
    for row in deep[one[deep]]:
        causes[f"one value of {top[row]:,.0f}"].append(people[row])
    if (~one[deep]).any():
        above = depth[deep[~one[deep]]] - usual
        causes[f"{_power(np.median(above))} the usual reads"] += list(people[deep[~one[deep]]])
    for cause, rows in _find_round_totals(total[others], rich[others]).items():
        causes[cause] += list(people[others[rows]])
    return {cause: rows for cause, rows in causes.items() if rows}


def _find_round_totals(total: np.ndarray, rich: np.ndarray) -> dict[str, np.ndarray]:
    """Return rows whose reads sum to a round number as rounded shares do, where chance does not make it and most rows do not."""
    found = {}
    for target in ROUND_TOTALS:
        slack = 4 * np.sqrt(rich / 12) + 1
        hit = np.abs(total - target) <= slack
        n_hit = int(hit.sum())
        if not 0 < n_hit <= len(total) / 2:
            continue
        near = (np.abs(total / target - 1) < 0.1).sum() - n_hit
        expected = (near + 1) * slack.max() / (0.1 * target)
        by_chance = 1 - sum(math.exp(k * math.log(expected) - expected - math.lgamma(k + 1)) for k in range(n_hit))
        if target <= 1000 or by_chance < ROUND_CHANCE:
            found[f"reads that sum to {target:,.0f}: rounded relative abundances or CPM"] = np.flatnonzero(hit)
    return found


def _find_apart(figure: np.ndarray, gap: float) -> np.ndarray:
    """Return a mask of those outside the largest cluster, where neighbours are at least a gap apart."""
    known = np.flatnonzero(np.isfinite(figure))
    order = known[np.argsort(figure[known])]
    group = np.concatenate([[0], np.cumsum(np.diff(figure[order]) >= gap)]) if len(order) else np.array([], int)
    apart = np.zeros(len(figure), bool)
    if len(order) and group[-1] > 0:
        main = np.bincount(group).argmax()
        inside = figure[order[group == main]]
        middle = np.median(inside)
        spread = 1.4826 * np.median(np.abs(inside - middle))
        others = order[group != main]
        apart[others] = np.abs(figure[others] - middle) > SPREADS * spread
    return apart


def _large_cells(logs: np.ndarray) -> list[tuple[int, int]]:
    """Return cells far above the second largest and the median of their column."""
    filled = np.where(np.isnan(logs), -np.inf, logs)
    n_known = np.isfinite(logs).sum(axis=0)
    ordered = np.partition(filled, len(logs) - 2, axis=0)
    far = (n_known > 1) & (ordered[-1] - ordered[-2] > np.log10(LARGE_CELL_NEXT))
    enough = n_known >= MIN_PEOPLE
    far[enough & far] &= ordered[-1][enough & far] - _median_of(logs[:, enough & far], axis=0) > np.log10(LARGE_CELL)
    second = np.partition(ordered[-1], -2)[-2] if logs.shape[1] > 1 else np.inf
    far &= enough | (ordered[-1] - second > np.log10(LARGE_CELL_NEXT))  # of few values: far above the whole table
    return [(int(filled[:, column].argmax()), int(column)) for column in np.flatnonzero(far)]


def _median_of(values: np.ndarray, axis: int) -> np.ndarray:
    """Return medians without a warning for rows or columns of nothing."""
    return np.nanmedian(np.where(np.isnan(values).all(axis=axis, keepdims=True), 0, values), axis=axis)


def _slopes(logs: np.ndarray, usual: np.ndarray) -> np.ndarray:
    known = np.isfinite(logs)
    n = np.maximum(known.sum(axis=1), 1)
    x = np.where(known, usual, 0)
    y = np.where(known, logs, 0)
    middle = x.sum(axis=1) / n
    away = np.where(known, usual - middle[:, None], 0)
    return (away * y).sum(axis=1) / np.maximum((away**2).sum(axis=1), 1e-12)


def _correlate(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a - a.mean(), b - b.mean()
    return float(a @ b / max(np.sqrt((a @ a) * (b @ b)), 1e-300))


def _evenness(reads: np.ndarray) -> float:
    present = reads[reads > 0]
    share = present / max(present.sum(), 1)
    return float(-(share * np.log(share)).sum() / np.log(len(present))) if len(present) > 1 else 1.0


def _power(log10: float) -> str:
    """Return a factor in words: the power of ten when it is near one."""
    nearest = round(log10)
    if nearest and abs(log10 - nearest) < 0.25:
        return f"about {10.0 ** abs(nearest):,.0f} times" if nearest > 0 else f"about 1/{10.0 ** abs(nearest):,.0f} of"
    return f"about {float(f'{10.0**log10:.3g}'):,.6g} times"


def _warn(block: BlockTable, cause: str, rows: list[int]) -> None:
    if not rows:
        return
    who = name_some(block.table.index[sorted(rows)])
    fix = "look up how this row was exported and give it like the others; leave it out if the measurement failed."
    if len(rows) > MANY * len(block.table):
        fix = "look up how the two halves of this table were exported, and which of them is on the scale that is meant; give all alike."
    block.report(
        f"{count(len(rows), 'participant')} ({who}) unlike all others as a whole: {cause}",
        EXPECTED,
        fix,
        row=int(min(rows)),
        severity="warning",
    )
