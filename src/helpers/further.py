"""Further blocks of a cohort, whatever they hold: transformed as declared, described, contrasted, and their sets."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.contract import Cohort, FurtherBlock
from helpers.contrasts import COLUMNS, describe_contrasts, fit_contrasts, rank_effects
from helpers.problems import TooLittle, count
from helpers.wording import as_text

MIN_MEASURED = 3  # people with a value, below which a column is left out
MIN_SET = 2
MIN_KNOWN = 0.5  # of a set, that a person must have
FEATURE = "feature"
ZERO_WORDS = {
    "amount": "0 is an amount",
    "below detection": "0 is below detection and counts as half the smallest value of its column",
    "missing": "0 is a missing value",
}
SCALE_WORDS = {
    "none": "compared as they are",
    "log": "compared as log2 (1 is a doubling)",
    "clr": "compared as centred log2-ratios",
}


def list_further(cohort: Cohort, place: str) -> list[FurtherBlock]:
    """Return the further blocks that stand in one chapter.

    Parameters
    ----------
    cohort : Cohort
    place : {"brain", "gut", "blood"}
        Chapter 03, 04 or 05.

    Raises
    ------
    TooLittle
        When there are none.
    """
    found = [block for block in cohort.further.values() if block.place == place]
    if not found:
        raise TooLittle("This cohort has no further blocks here (blocks/).")
    return found


def transform_block(block: FurtherBlock) -> pd.DataFrame:
    """Return the values of a block as they are compared.

    Parameters
    ----------
    block : FurtherBlock

    Returns
    -------
    pandas.DataFrame
        NaN stays; columns with fewer than three values, or one value only, are left out.

    Examples
    --------
    Half of the smallest value, 2, stands for the zero.

    >>> table = pd.DataFrame({"crp": [0.0, 2.0, 8.0, 4.0]}, index=list("abcd"))
    >>> transform_block(FurtherBlock("c", "C", "mg/L", "blood", table, "log", "below detection"))["crp"].tolist()
    [0.0, 1.0, 3.0, 2.0]
    """
    values = block.table.astype(float)
    if block.zero == "missing":
        values = values.where(values != 0)
    if block.transform != "none":
        values = np.log2(values.where(values != 0, values.where(values > 0).min() / 2, axis=1))
    if block.transform == "clr":
        values = values.sub(values.mean(axis=1), axis=0)
    return values.loc[:, (values.notna().sum() >= MIN_MEASURED) & (values.max() > values.min())]


def summarise_further(cohort: Cohort, design: pd.DataFrame, place: str) -> pd.DataFrame:
    """Describe every column of the further blocks of a chapter, in the unit they came in.

    Parameters
    ----------
    cohort : Cohort
    design : pandas.DataFrame
        From :func:`helpers.cohort.design_matrix`.
    place : str
        See :func:`list_further`.

    Returns
    -------
    pandas.DataFrame
        Index feature; block, unit, n_high, n_low (people with a value), missing (proportion of the people who are in the block, blank where so few lack it that they are not told),
        median_high, median_low (blank in a group with fewer people than ``settings.small_cell``).
    """
    tables = [_summarise(block, design["group"], cohort.settings.small_cell) for block in list_further(cohort, place)]
    return pd.concat(tables).rename_axis(FEATURE)


def _summarise(block: FurtherBlock, group: pd.Series, small_cell: int) -> pd.DataFrame:
    shown = block.table.loc[block.table.index.isin(group.index)]
    sides = {side: shown.loc[group.reindex(shown.index) == code] for side, code in (("high", 1), ("low", 0))}
    table = pd.DataFrame({"block": block.title, "unit": block.unit}, index=shown.columns)
    for side, own in sides.items():
        table[f"n_{side}"] = own.notna().sum()
    lacking = shown.isna().sum()
    table["missing"] = shown.isna().mean().mask((lacking > 0) & (lacking < small_cell))
    for side, own in sides.items():
        table[f"median_{side}"] = own.median().where(table[f"n_{side}"] >= small_cell)
    return table


def describe_further(cohort: Cohort, place: str) -> str:
    """Say what each further block of a chapter is, how its values are compared, and what was left out."""
    said = []
    for block in list_further(cohort, place):
        kept = transform_block(block).shape[1]
        lost = block.table.shape[1] - kept
        left = f"; {count(lost, 'column')} without three different values left out" if lost else ""
        cited = f" ({as_text(block.citation)})" if block.citation else ""
        said.append(
            f"**{as_text(block.title)}**{cited}: {count(block.table.shape[1], 'column')} in {as_text(block.unit)} of "
            f"{count(len(block.table), 'person').replace('persons', 'people')}, {SCALE_WORDS[block.transform]}; "
            f"{ZERO_WORDS[block.zero]}; {100 * float(block.table.isna().to_numpy().mean()):.1f} % of the values are missing{left}."
        )
    return " ".join(said)


def compare_further(cohort: Cohort, design: pd.DataFrame, place: str) -> pd.DataFrame:
    """Contrast the groups on every column of the further blocks of a chapter, adjusted for the covariates.

    Parameters
    ----------
    cohort : Cohort
    design : pandas.DataFrame
        From :func:`helpers.cohort.design_matrix`.
    place : str
        See :func:`list_further`.

    Returns
    -------
    pandas.DataFrame
        Index feature (``<column>``, or ``<block>: <column>`` where two blocks share a name), strongest d of each block first;
        block, then the columns of :func:`helpers.contrasts.fit_contrasts` (estimate as transformed; q over the block).
    """
    tables = [_order(fit_contrasts(transform_block(block), design), block) for block in _list_usable(cohort, place)]
    return _join(tables)


def compare_further_sets(cohort: Cohort, design: pd.DataFrame, place: str) -> pd.DataFrame:
    """Contrast the groups on the mean of each set of columns, each column in SDs.

    Parameters
    ----------
    cohort, design, place
        As for :func:`compare_further`.

    Returns
    -------
    pandas.DataFrame
        Index feature (the set); block, n_columns, then as :func:`compare_further`. Sets of fewer than two columns are left
        out, and so is a person with less than half of one; empty where no block has sets.
    """
    tables = []
    for block in _list_usable(cohort, place):
        values = transform_block(block)
        members = pd.Series(block.groups, dtype=object).reindex(values.columns)
        sizes = members.value_counts()
        names = sorted(sizes.index[sizes >= MIN_SET])
        if names:
            people = values.loc[values.index.isin(design.index)]
            standard = (people - people.mean()) / people.std().replace(0, np.nan)
            means = pd.DataFrame({name: _average(standard.loc[:, members == name]) for name in names})
            tables.append(_order(fit_contrasts(means, design), block).assign(n_columns=sizes))
    return _join(tables) if tables else pd.DataFrame(columns=["block", *COLUMNS, "n_columns"], dtype=float)


def describe_further_contrasts(contrasts: pd.DataFrame, sets: pd.DataFrame) -> str:
    """Say what differs in each further block, and which of its sets do.

    Parameters
    ----------
    contrasts, sets : pandas.DataFrame
        From :func:`compare_further` and :func:`compare_further_sets`.
    """
    said = []
    for title, own in contrasts.groupby("block", sort=False):
        of_sets = sets[sets["block"] == title]
        also = f" {describe_contrasts(of_sets, noun='sets')}" if len(of_sets) else ""
        said.append(f"**{as_text(title)}.** {describe_contrasts(own, noun='columns')}{also}")
    return " ".join(said)


def _list_usable(cohort: Cohort, place: str) -> list[FurtherBlock]:
    usable = [block for block in list_further(cohort, place) if transform_block(block).shape[1]]
    if not usable:
        raise TooLittle("No column of the further blocks has three different values.")
    return usable


def _average(standard: pd.DataFrame) -> pd.Series:
    return standard.mean(axis=1).where(standard.notna().mean(axis=1) >= MIN_KNOWN)


def _order(table: pd.DataFrame, block: FurtherBlock) -> pd.DataFrame:
    table.insert(0, "block", block.title)
    return rank_effects(table)


def _join(tables: list[pd.DataFrame]) -> pd.DataFrame:
    joined = pd.concat(tables)
    twice = joined.index.duplicated(keep=False)
    names = [
        f"{block}: {name}" if again else name
        for name, block, again in zip(joined.index, joined["block"], twice, strict=True)
    ]
    return joined.set_axis(pd.Index(names, name=FEATURE))
