"""Volumes and tracts in, group contrasts out: every region, and sets declared beforehand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from helpers.brain.covariates import add_covariate
from helpers.contrasts import COLUMNS, adjust_bh, fit_contrasts

ICV_COLUMN = "icv"


def compare_regions(regions: pd.DataFrame, design: pd.DataFrame, *, icv: pd.Series | None = None) -> pd.DataFrame:
    """Contrast the groups on every volume or tract.

    Parameters
    ----------
    regions : pandas.DataFrame of shape (n_participants, n_regions)
        Grey-matter volumes (mm3) or tract measures (mean FA, 0 to 1). A column ``icv`` is never tested.
    design : pandas.DataFrame of shape (n_designed, n_terms)
    icv : pandas.Series, optional
        Intracranial volume (mm3): joins the covariates, because larger heads hold larger regions. By default
        the column ``icv`` of the regions, where there is one.

    Returns
    -------
    pandas.DataFrame of shape (n_regions, 11)
        As :func:`helpers.contrasts.fit_contrasts`; estimate in the unit of the regions.

    Examples
    --------
    >>> volumes = pd.DataFrame({"icv": [1.0, 2, 3, 4], "amygdala": [2.0, 3, 4, 6]}, index=list("abcd"))
    >>> design = pd.DataFrame({"group": [0, 1, 0, 1]}, index=list("abcd"))
    >>> list(compare_regions(volumes, design).index)
    ['amygdala']
    """
    measured, adjusted = _adjust_for_icv(regions, design, icv)
    return fit_contrasts(measured, adjusted)


def stack_regions(by_block: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Put the region contrasts of several blocks under one another.

    Parameters
    ----------
    by_block : mapping of str to pandas.DataFrame
        Name of the block (``volumes``, ``tracts``) to its :func:`compare_regions`; may be empty.

    Returns
    -------
    pandas.DataFrame
        The contrast columns and ``block``; q stays within its block.

    Examples
    --------
    >>> stack_regions({}).shape
    (0, 13)
    """
    if not by_block:
        return pd.DataFrame(columns=[*COLUMNS, "block"], index=pd.Index([], name="feature"))
    return pd.concat([table.assign(block=block) for block, table in by_block.items()])


def average_set(regions: pd.DataFrame, members: Iterable[str]) -> pd.Series:
    """Average the standardised regions of a set, in each person.

    Parameters
    ----------
    regions : pandas.DataFrame of shape (n_participants, n_regions)
    members : iterable of str
        Regions of the set; those the table lacks are left out.

    Returns
    -------
    pandas.Series
        In standard deviations of these participants; a missing region is left out of that person's mean, and
        a person with none is NaN.

    Examples
    --------
    >>> regions = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [10.0, 20.0, 30.0]})
    >>> average_set(regions, ["a", "b", "not measured"]).tolist()
    [-1.0, 0.0, 1.0]
    """
    chosen = regions[[name for name in members if name in regions.columns]].astype(float)
    spread = chosen.std().where(lambda sd: sd > 0)
    return ((chosen - chosen.mean()) / spread).mean(axis=1)


def compare_sets(
    volumes: pd.DataFrame | None,
    tracts: pd.DataFrame | None,
    sets: pd.DataFrame,
    design: pd.DataFrame,
    *,
    icv: pd.Series | None = None,
) -> pd.DataFrame:
    """Contrast the groups on sets of regions that were declared beforehand.

    Parameters
    ----------
    volumes, tracts : pandas.DataFrame or None
        As for :func:`compare_regions`; None when the cohort has none.
    sets : pandas.DataFrame
        Columns ``set`` (or the index), ``block`` and ``region``: one row per region of a set.
    design : pandas.DataFrame of shape (n_designed, n_terms)
    icv : pandas.Series, optional
        Intracranial volume (mm3), a covariate of the volumes only; by default their column ``icv``.

    Returns
    -------
    pandas.DataFrame
        Index such as ``emotion_regulation.volumes``; columns of :func:`helpers.contrasts.fit_contrasts`
        (estimate in mean standard deviations; q over the sets), ``n_regions`` averaged, ``n_declared`` and
        ``absent`` (their names). A set of which the cohort has no region is left out.

    Examples
    --------
    >>> tracts = pd.DataFrame({"cingulum": [0.4, 0.6, 0.5, 0.7]}, index=list("abcd"))
    >>> sets = pd.DataFrame({"set": "calm", "block": "tracts", "region": ["cingulum", "fornix"]})
    >>> design = pd.DataFrame({"group": [0, 0, 1, 1]}, index=list("abcd"))
    >>> compare_sets(None, tracts, sets, design).loc["calm.tracts", "absent"]
    'fornix'
    """
    listed = sets if "set" in sets.columns else sets.rename_axis("set").reset_index()
    by_block = {"volumes": volumes, "tracts": tracts}
    tables = []
    for (name, block), rows in listed.groupby(["set", "block"], sort=True):
        table = by_block.get(block)
        present = [] if table is None else [region for region in rows["region"] if region in table.columns]
        if not present:
            continue
        measured, adjusted = _adjust_for_icv(table, design, icv if block == "volumes" else None)
        people = adjusted.index.intersection(measured.index, sort=False)
        score = average_set(measured.loc[people], present).to_frame(f"{name}.{block}")
        absent = [region for region in rows["region"] if region not in present]
        contrast = fit_contrasts(score, adjusted)
        tables.append(contrast.assign(n_regions=len(present), n_declared=len(rows), absent=", ".join(absent) or "none"))
    if not tables:
        return pd.DataFrame(columns=[*COLUMNS, "n_regions", "n_declared", "absent"], index=pd.Index([], name="feature"))
    stacked = pd.concat(tables)
    return stacked.assign(q=adjust_bh(stacked["p"]))


def _adjust_for_icv(
    regions: pd.DataFrame, design: pd.DataFrame, icv: pd.Series | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    icv = regions.get(ICV_COLUMN) if icv is None else icv
    measured = regions.drop(columns=ICV_COLUMN, errors="ignore")
    return measured, design if icv is None else add_covariate(design, icv.rename(ICV_COLUMN))
