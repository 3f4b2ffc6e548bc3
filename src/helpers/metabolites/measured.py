"""Measured metabolites: one scale for all of them, then adjusted contrasts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers.contrasts import Q_SHOWN, describe_contrasts, fit_contrasts, rank_effects
from helpers.problems import count, name_some

SCALES = ("raw", "log")
MIN_MEASURED = 3
DESCRIPTIVE = ("name", "hmdb", "super_pathway", "sub_pathway")


def prepare_metabolites(metabolites: pd.DataFrame, features: pd.DataFrame) -> pd.DataFrame:
    """Bring all metabolites to a logarithmic scale, once.

    A metabolite declared ``raw`` becomes log2: a difference of 1 is a doubling. Its zeros mean *below detection*
    and count as half the smallest positive value [1]_. A metabolite declared ``log`` stays as it is, so that no
    table is logged twice. A blank is *not measured* and stays blank: contrasts leave that person out for that
    metabolite.

    Parameters
    ----------
    metabolites : pandas.DataFrame of shape (n_participants, n_metabolites)
        Index participant_id.
    features : pandas.DataFrame
        Index: metabolite; column ``scale``, ``raw`` or ``log``.

    Returns
    -------
    pandas.DataFrame
        Same rows; metabolites with fewer than three values, or a single one for all, are dropped.

    Raises
    ------
    ValueError
        A metabolite without a line or a scale in the features (named), a negative raw value, text or infinity,
        or an id that stands twice.

    References
    ----------
    .. [1] Wei R et al. (2018). Missing value imputation approach for mass spectrometry-based metabolomics data.
       Scientific Reports 8:663. doi:10.1038/s41598-017-19120-0

    Examples
    --------
    >>> table = pd.DataFrame({"m1": [0.0, 4.0, 8.0], "m2": [-1.0, 0.5, 2.0]}, index=["a", "b", "c"])
    >>> features = pd.DataFrame({"scale": ["raw", "log"]}, index=["m1", "m2"])
    >>> prepare_metabolites(table, features).to_dict("list")
    {'m1': [1.0, 2.0, 3.0], 'm2': [-1.0, 0.5, 2.0]}
    """
    scale = _read_scales(metabolites, features)
    values = metabolites.to_numpy(float)
    raw = (scale == "raw").to_numpy()
    _refuse_values(metabolites, values, raw)
    known = np.where(values > 0, values, np.inf).min(axis=0)
    logged = np.log2(np.where(values == 0, known / 2, values), out=values.copy(), where=raw & np.isfinite(values))
    logged[~np.isfinite(logged)] = np.nan
    table = pd.DataFrame(logged, index=metabolites.index, columns=metabolites.columns)
    return table.loc[:, (table.notna().sum() >= MIN_MEASURED) & (table.max() > table.min())]


def compare_metabolites(prepared: pd.DataFrame, features: pd.DataFrame, design: pd.DataFrame) -> pd.DataFrame:
    """Contrast the groups on each metabolite, adjusted for the covariates of the design.

    Parameters
    ----------
    prepared : pandas.DataFrame of shape (n_participants, n_metabolites)
        From :func:`prepare_metabolites`.
    features : pandas.DataFrame
        Index: metabolite; columns name, hmdb, super_pathway, sub_pathway where known.
    design : pandas.DataFrame
        See :func:`helpers.cohort.design_matrix`.

    Returns
    -------
    pandas.DataFrame
        Index feature (metabolite), strongest d first; columns of :func:`helpers.contrasts.fit_contrasts`, then
        the descriptive columns the features have, and scale (what the estimate's unit is: log2 of the raw values,
        or the log scale of the table as it came).

    Examples
    --------
    >>> prepared = pd.DataFrame({"m1": [1.0, 3.0, 4.0, 6.0]}, index=list("abcd"))
    >>> features = pd.DataFrame({"name": ["glycine"], "scale": ["log"]}, index=["m1"])
    >>> design = pd.DataFrame({"group": [0, 0, 1, 1]}, index=list("abcd"))
    >>> table = compare_metabolites(prepared, features, design)
    >>> table.loc["m1", "name"], round(float(table.loc["m1", "estimate"]), 6)
    ('glycine', 3.0)
    """
    table = fit_contrasts(prepared, design)
    columns = [column for column in (*DESCRIPTIVE, "scale") if column in features.columns]
    table = table.join(features[columns].reindex(table.index))
    return rank_effects(table)


def find_metabolites(features: pd.DataFrame, hmdb: Sequence[str]) -> pd.Index:
    """Find metabolites by HMDB accession, which unlike a name is the same in every laboratory.

    Parameters
    ----------
    features : pandas.DataFrame
        Index: metabolite; column ``hmdb`` (absent: nothing is found).
    hmdb : sequence of str
        For instance HMDB0001138 (N-acetylglutamate); the older five-digit form matches too.

    Returns
    -------
    pandas.Index
        In the order asked; those not found are left out.

    Examples
    --------
    >>> features = pd.DataFrame({"hmdb": ["HMDB00092", "HMDB0001138"]}, index=["m7", "m9"])
    >>> list(find_metabolites(features, ["HMDB0001138", "HMDB0000092"]))
    ['m9', 'm7']
    """
    if "hmdb" not in features.columns:
        return features.index[:0]
    known = features["hmdb"].astype("string").str.extract(r"^HMDB0*(\d+)", expand=False)
    wanted = [accession.removeprefix("HMDB").lstrip("0") for accession in hmdb]
    return pd.Index([i for number in wanted for i in features.index[(known == number).fillna(False).to_numpy()]])


def name_metabolites(metabolites: pd.Index, features: pd.DataFrame) -> pd.Series:
    """Return the name of each metabolite, or its id where the features have none.

    Examples
    --------
    >>> features = pd.DataFrame({"name": ["glycine", None]}, index=["m1", "m2"])
    >>> name_metabolites(pd.Index(["m1", "m2"]), features).tolist()
    ['glycine', 'm2']
    """
    ids = pd.Series(metabolites, index=metabolites, dtype=object)
    return ids if "name" not in features.columns else features["name"].reindex(metabolites).astype(object).fillna(ids)


def describe_metabolites(contrasts: pd.DataFrame, *, q_shown: float = Q_SHOWN) -> str:
    """Say how many metabolites differ after correction, and which effect is the largest.

    Parameters
    ----------
    contrasts : pandas.DataFrame
        From :func:`compare_metabolites`.
    q_shown : float, default 0.05
    """
    named = contrasts.set_axis(name_metabolites(contrasts.index, contrasts).to_numpy())
    return describe_contrasts(named, noun="metabolites", q_shown=q_shown)


def describe_scale(metabolites: pd.DataFrame, prepared: pd.DataFrame, features: pd.DataFrame) -> str:
    """Say how many metabolites came raw or logged, how many values are blank, and what was dropped."""
    scale = features["scale"].reindex(metabolites.columns)
    blank = 100 * float(prepared.isna().to_numpy().mean()) if prepared.size else 0.0
    dropped = metabolites.shape[1] - prepared.shape[1]
    lost = f" Dropped, because fewer than three people or a single value were measured: {dropped:,}." if dropped else ""
    return (
        f"{count(len(prepared), 'person').replace('persons', 'people')}, {count(metabolites.shape[1], 'metabolite')}: "
        f"{int((scale == 'raw').sum()):,} raw (now log2), {int((scale == 'log').sum()):,} logged before (left as they were). "
        f"{blank:.1f} % of the values are blank and stay so.{lost}"
    )


def _read_scales(metabolites: pd.DataFrame, features: pd.DataFrame) -> pd.Series:
    if "scale" not in features.columns:
        raise ValueError("features.tsv of the metabolites has no column 'scale'; say raw or log for each metabolite.")
    scale = features["scale"].reindex(metabolites.columns)
    wrong = scale.index[~scale.isin(SCALES)]
    if len(wrong):
        raise ValueError(
            f"{count(len(wrong), 'metabolite')} without a scale of raw or log: {name_some(wrong)}. "
            "Say in features.tsv whether the values were logged before."
        )
    return scale


def _refuse_values(metabolites: pd.DataFrame, values: np.ndarray, raw: np.ndarray) -> None:
    if metabolites.index.has_duplicates:
        twice = int(metabolites.index.duplicated().sum())
        raise ValueError(
            f"{count(twice, 'row')} of the metabolites with an id that stands earlier; keep one per person."
        )
    if np.isinf(values).any():
        raise ValueError(
            "Infinite metabolite values; a logarithm of zero was probably taken before. Write n/a instead."
        )
    negative = metabolites.columns[raw & (values < 0).any(axis=0)]
    if len(negative):
        raise ValueError(
            f"{count(len(negative), 'metabolite')} declared raw with values below 0: {name_some(negative)}. "
            "If the table was logged before, write scale log in features.tsv."
        )
