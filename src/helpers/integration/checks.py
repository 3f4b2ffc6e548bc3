"""Refuse blocks and settings a model cannot use, in sentences that say what to do."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from helpers.integration.batched_fits import Array
from helpers.problems import count, name_some

RESPONSE = "Y"  # how the response is called where loadings, scores and starts are named by block
NAMED_DESIGNS = {"null": 0.0, "full": 1.0}


def check_blocks(blocks: Mapping[str, pd.DataFrame], y: pd.Series) -> list[str]:
    """Return the block names, sorted, after checking that people match by id and groups can be fitted."""
    if y.isna().any():
        raise ValueError(f"{count(int(y.isna().sum()), 'person')} without a group; leave them out of y.")
    sizes = y.value_counts()
    if len(sizes) < 2 or sizes.min() < 2:
        held = ", ".join(f"{label}: {n}" for label, n in sizes.items())
        raise ValueError(f"Groups are {held}; expected two or more groups of at least 2 people each.")
    return _check_frames(blocks, y.index)


def check_outcomes(blocks: Mapping[str, pd.DataFrame], outcomes: pd.DataFrame) -> list[str]:
    """Return the block names, sorted, after checking that people match by id and every outcome is known and varies."""
    unknown = int(outcomes.isna().any(axis=1).sum())
    if unknown:
        raise ValueError(f"{count(unknown, 'person')} without an outcome; leave them out of y.")
    if flat := [name for name in outcomes.columns if outcomes[name].nunique() < 2]:
        raise ValueError(f"The outcome {name_some(flat)} is the same for everyone: nothing can be explained.")
    return _check_frames(blocks, outcomes.index)


def _check_frames(blocks: Mapping[str, pd.DataFrame], ids: pd.Index) -> list[str]:
    if not blocks:
        raise ValueError("No block was given; expected a dict of at least one name and frame.")
    if RESPONSE in blocks:
        raise ValueError(f"A block is called {RESPONSE!r}, the name of the response; rename it.")
    for name, block in blocks.items():
        check_same_people(block.index, ids, name, "y")
        check_columns(block, name)
    return sorted(blocks)


def check_columns(block: pd.DataFrame, name: str) -> None:
    """Refuse features named twice, and features of text."""
    if not block.columns.is_unique:
        twice = block.columns[block.columns.duplicated()].unique()
        raise ValueError(f"Block {name} names {count(len(twice), 'feature')} twice: {name_some(twice)}.")
    kinds = block.dtypes.array
    if any(not pd.api.types.is_numeric_dtype(kind) for kind in set(kinds)):
        named = zip(block.columns, kinds, strict=True)
        text = [column for column, kind in named if not pd.api.types.is_numeric_dtype(kind)]
        raise ValueError(f"Block {name} has {count(len(text), 'column')} of text: {name_some(text)}.")


def take_people(block: pd.DataFrame, ids: pd.Index) -> Array:
    """Return the rows of some people, in that order, as an array."""
    values = block.to_numpy(float)
    return values if block.index.equals(ids) else values[block.index.get_indexer(ids)]


def check_same_people(ids: pd.Index, expected: pd.Index, name: str, other: str) -> None:
    """Refuse repeated ids, and ids that are not the same people (in any order)."""
    if ids.has_duplicates or expected.has_duplicates:
        raise ValueError(f"Participants are listed more than once in {name if ids.has_duplicates else other}.")
    if ids.equals(expected):
        return
    extra, lost = ids.difference(expected), expected.difference(ids)
    if len(extra) or len(lost):
        raise ValueError(
            f"Block {name} and {other} do not hold the same people: {len(lost)} of {other} are not in {name}, "
            f"{len(extra)} only in {name}. Keep the people in all blocks first (helpers.tables.align_blocks)."
        )


def refuse_infinite_cells(arrays: Mapping[str, Array]) -> None:
    """Refuse infinite cells, block by block; missing ones are allowed."""
    counts = {name: int(np.isinf(values).sum()) for name, values in arrays.items()}
    if found := [f"{name} ({n:,})" for name, n in counts.items() if n]:
        raise ValueError(
            f"Infinite cells in {', '.join(found)}; a logarithm of zero was probably taken. Leave them blank instead."
        )


def refuse_constant_features(arrays: Mapping[str, Array], blocks: Mapping[str, pd.DataFrame]) -> None:
    """Refuse features with one known value, or none, by name."""
    for name, values in arrays.items():
        low, high = _span(values)
        if (blank := low > high).any():
            raise ValueError(
                f"Block {name} has {count(int(blank.sum()), 'feature')} without a single known value: "
                f"{name_some(blocks[name].columns[blank])}. Drop them first."
            )
        if (flat := low == high).any():
            raise ValueError(
                f"Block {name} has {count(int(flat.sum()), 'feature')} with one value for everyone: "
                f"{name_some(blocks[name].columns[flat])}. Drop them first."
            )


def _span(values: Array) -> tuple[Array, Array]:
    """Return the smallest and largest known value of each column, infinities the wrong way round where there is none."""
    low, high = values.min(axis=0), values.max(axis=0)
    if np.isnan(low).any():
        blank = np.isnan(values)
        low, high = np.where(blank, np.inf, values).min(axis=0), np.where(blank, -np.inf, values).max(axis=0)
    return low, high


def read_design(design: float | str | pd.DataFrame, names: list[str]) -> float | Array:
    """Return the links between blocks and with the response: one number, or a matrix in the order of `names`, then "Y".

    A frame of the blocks alone links each of them to the response with 1; a frame with a row and a column "Y" says how strongly.

    Raises
    ------
    ValueError
        When it does not name the blocks, is not symmetric, has a value outside 0 to 1, or links no block to the response.
    """
    if isinstance(design, pd.DataFrame):
        return _read_frame(design, names)
    if isinstance(design, str):
        if design not in NAMED_DESIGNS:
            raise ValueError(f"design is {design!r}; expected 'null', 'full', a number or a frame.")
        return NAMED_DESIGNS[design]
    if not 0 <= design <= 1:
        raise ValueError(f"design is {design}; expected 0 to 1.")
    return float(design)


def _read_frame(design: pd.DataFrame, names: list[str]) -> Array:
    parts = [*names, RESPONSE]
    if (
        not design.index.is_unique
        or set(design.index) != set(design.columns)
        or set(design.index) | {RESPONSE} != set(parts)
    ):
        raise ValueError(
            f"The design has rows {name_some(design.index)} and columns {name_some(design.columns)}; expected "
            f"{name_some(names)} in both, and {RESPONSE} in both or neither."
        )
    links = design.reindex(index=parts, columns=parts).to_numpy(float, copy=True)
    if RESPONSE not in design.index:
        links[-1] = links[:, -1] = 1.0
    links[-1, -1] = 0.0
    if np.isnan(links).any() or not np.allclose(links, links.T) or links.min() < 0 or links.max() > 1:
        raise ValueError("The design must be symmetric, with values from 0 to 1.")
    if not links[-1].any():
        raise ValueError(f"The design links no block to {RESPONSE}, so that the groups would not count.")
    return links
