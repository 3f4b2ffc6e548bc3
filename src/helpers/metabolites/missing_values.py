"""Not detected is not the same as not measured: told apart, and filled within the people learnt from."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.metabolites.measured import name_metabolites
from helpers.problems import count, name_some
from helpers.wording import as_text


def count_missing(metabolites: pd.DataFrame, features: pd.DataFrame) -> pd.DataFrame:
    """Count per metabolite the values below detection and those not measured.

    Parameters
    ----------
    metabolites : pandas.DataFrame of shape (n_participants, n_metabolites)
        As they came, before :func:`prepare_metabolites`.
    features : pandas.DataFrame
        Index metabolite; column scale. Only a *raw* zero means below detection; a zero of a logged table is a value.

    Returns
    -------
    pandas.DataFrame
        Index metabolite; columns share_undetected, share_blank (0-1), smallest (positive raw amount, NaN for log).

    Examples
    --------
    >>> table = pd.DataFrame({"m": [0.0, 4.0, np.nan, 2.0]})
    >>> count_missing(table, pd.DataFrame({"scale": ["raw"]}, index=["m"])).loc["m"].tolist()
    [0.25, 0.25, 2.0]
    """
    raw = (features["scale"].reindex(metabolites.columns) == "raw").to_numpy()
    positive = metabolites.where(metabolites > 0).min()
    return pd.DataFrame(
        {
            "share_undetected": np.where(raw, (metabolites == 0).mean(), 0.0),
            "share_blank": metabolites.isna().mean(),
            "smallest": np.where(raw, positive, np.nan),
        },
        index=metabolites.columns.rename("metabolite"),
    )


def describe_missing(blanks: pd.DataFrame, features: pd.DataFrame) -> str:
    """Say how many metabolites have values below detection or blanks, and name those with the most."""
    names = name_metabolites(blanks.index, features).map(as_text)
    said = []
    for column, words in (
        ("share_undetected", "values below detection (raw zeros)"),
        ("share_blank", "values that were not measured (blanks)"),
    ):
        found = blanks[column][blanks[column] > 0].sort_values(ascending=False, kind="stable")
        most = (
            f", most in {name_some(names[found.index[:3]])} (up to {100 * found.iloc[0]:.0f} %)" if len(found) else ""
        )
        said.append(f"{count(len(found), 'metabolite')} with {words}{most}")
    return f"{'; '.join(said)}."
