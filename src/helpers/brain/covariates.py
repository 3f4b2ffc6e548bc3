"""Head motion and other covariates of the brain: into the design, or people left out for them."""

from __future__ import annotations

import pandas as pd

from helpers.contrasts import fit_contrasts

MOTION_COLUMN = "mean_fd_mm"


def add_covariate(design: pd.DataFrame, values: pd.Series) -> pd.DataFrame:
    """Add a centred covariate to a design; people without a value leave it.

    Parameters
    ----------
    design : pandas.DataFrame of shape (n_designed, n_terms)
    values : pandas.Series
        Index ``participant_id``; its name becomes the column. NaN: unknown.

    Returns
    -------
    pandas.DataFrame
        The people with a value, in the design's order, with one column more.

    Raises
    ------
    ValueError
        When nobody of the design has a value.

    Examples
    --------
    >>> design = pd.DataFrame({"group": [0, 1, 1]}, index=["a", "b", "c"])
    >>> add_covariate(design, pd.Series([5.0, 3.0], index=["b", "a"], name="icv"))["icv"].to_dict()
    {'a': -1.0, 'b': 1.0}
    """
    known = values.reindex(design.index).dropna().astype(float)
    if known.empty:
        raise ValueError(
            f"Nobody in the design has a value of '{values.name}'. Are the ids spelled alike, e.g. sub-01?"
        )
    return design.loc[known.index].assign(**{str(values.name): known - known.mean()})


def add_motion(design: pd.DataFrame, motion: pd.DataFrame) -> pd.DataFrame:
    """Add head motion (mean framewise displacement, mm) to a design as a centred covariate.

    Parameters
    ----------
    design : pandas.DataFrame of shape (n_designed, n_terms)
    motion : pandas.DataFrame
        Index ``participant_id``; column ``mean_fd_mm``.

    Returns
    -------
    pandas.DataFrame
        As :func:`add_covariate`.

    Examples
    --------
    >>> design = pd.DataFrame({"group": [0, 1]}, index=["a", "b"])
    >>> list(add_motion(design, pd.DataFrame({"mean_fd_mm": [0.1, 0.3]}, index=["a", "b"])).columns)
    ['group', 'mean_fd_mm']
    """
    return add_covariate(design, motion[MOTION_COLUMN])


def keep_low_motion(design: pd.DataFrame, motion: pd.DataFrame, *, max_fd_mm: float) -> pd.DataFrame:
    """Keep the people of a design who lay still: the censored sensitivity run.

    Parameters
    ----------
    design : pandas.DataFrame of shape (n_designed, n_terms)
    motion : pandas.DataFrame
        Index ``participant_id``; column ``mean_fd_mm``. NaN: unknown, left out.
    max_fd_mm : float
        Largest mean framewise displacement that is kept, in mm.

    Returns
    -------
    pandas.DataFrame

    Examples
    --------
    >>> design = pd.DataFrame({"group": [0, 1]}, index=["a", "b"])
    >>> motion = pd.DataFrame({"mean_fd_mm": [0.1, 0.3]}, index=["a", "b"])
    >>> list(keep_low_motion(design, motion, max_fd_mm=0.2).index)
    ['a']
    """
    return design[motion[MOTION_COLUMN].reindex(design.index) <= max_fd_mm]


def compare_motion(motion: pd.DataFrame, design: pd.DataFrame) -> pd.DataFrame:
    """Compare head motion between the groups: the first thing to know of a connectivity study.

    Parameters
    ----------
    motion : pandas.DataFrame
        Index ``participant_id``; column ``mean_fd_mm``.
    design : pandas.DataFrame of shape (n_designed, n_terms)
        Without motion itself.

    Returns
    -------
    pandas.DataFrame of shape (1, 11)
        As :func:`helpers.contrasts.fit_contrasts`; feature ``mean_fd_mm``, estimate in mm.
    """
    return fit_contrasts(motion[[MOTION_COLUMN]], design.drop(columns=MOTION_COLUMN, errors="ignore"))
