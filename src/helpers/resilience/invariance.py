"""Ask whether a questionnaire measures the same thing in the same way in several groups, before they are pooled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import scipy

from helpers.comparisons import LARGEST_RMSEA, LEAST_CFI, fits_well
from helpers.least import refuse_few
from helpers.resilience.cfa import Structure, choose_items
from helpers.resilience.multigroup import EQUAL, MultigroupFit, fit_groups, measure_moments
from helpers.wording import as_text, hide_small

LARGEST_DROP = 0.01  # in CFI, Cheung and Rensvold 2002
ENOUGH_PER_GROUP = 150  # about the smallest groups on which such limits were tried out
COLUMNS = ["n", "n_smallest", "chi2", "df", "p", "cfi", "tli", "rmsea", "srmr"]
CHANGES = ["delta_chi2", "delta_df", "p_delta", "delta_cfi"]


def check_invariance(items: pd.DataFrame, structure: Structure, people: pd.Series) -> pd.DataFrame:
    """Fit a structure to several groups with more and more of it held equal.

    Configural: the same items measure the same factors. Metric: loadings are equal, so that a point means the same
    distance. Scalar: intercepts are equal as well, so that means may be compared. Strict: residual variances are equal
    as well, so that scores are equally precise.

    Parameters
    ----------
    items : pandas.DataFrame of shape (n_participants, n_items)
        Answers, reversed items turned, NaN when blank.
    structure : mapping of str to sequence of str
        By factor, its items.
    people : pandas.Series
        Index ``participant_id``: which group each person is in; missing for nobody's.

    Returns
    -------
    pandas.DataFrame
        Index ``model`` (configural, metric, scalar, strict); columns n, n_smallest (people in the smallest group), chi2, df,
        p, cfi, tli, rmsea, srmr; and against the model before: delta_chi2, delta_df, p_delta, delta_cfi.

    Raises
    ------
    ValueError
        Fewer than two groups, or a group with no more people than the model has parameters per group: a model that
        size would be fitted to noise.

    References
    ----------
    .. [1] Cheung GW, Rensvold RB (2002). Evaluating goodness-of-fit indexes for testing measurement invariance.
       Structural Equation Modeling 9(2):233-255. doi:10.1207/S15328007SEM0902_5
    """
    complete = choose_items(items, structure)
    groups = people.reindex(complete.index).dropna()
    complete = complete.loc[groups.index]
    sizes = groups.value_counts().sort_index()
    pattern = _draw_pattern(complete.columns, structure)
    _refuse_small(sizes, pattern)
    parts = [complete[groups == name] for name in sizes.index]
    _refuse_flat(parts, sizes.index)
    fits = {level: fit_groups([measure_moments(part) for part in parts], pattern, level=level) for level in EQUAL}
    rows = {level: _list_fit(fit, sizes) for level, fit in fits.items()}
    table = pd.DataFrame.from_dict(rows, orient="index", columns=COLUMNS).rename_axis("model")
    table[["delta_chi2", "delta_df", "delta_cfi"]] = table[["chi2", "df", "cfi"]].diff()
    table["p_delta"] = scipy.stats.chi2.sf(table["delta_chi2"].clip(lower=0), table["delta_df"])
    return table[[*COLUMNS, *CHANGES]]


def check_invariance_by(
    items: pd.DataFrame, structure: Structure, people: pd.DataFrame, names: Sequence[str]
) -> pd.DataFrame:
    """Check invariance over several groupings, and keep what could not be checked with its reason.

    Parameters
    ----------
    items, structure
        As for :func:`check_invariance`.
    people : pandas.DataFrame
        Index ``participant_id``; the participants table.
    names : sequence of str
        Its columns to group by; those it lacks are left out.

    Returns
    -------
    pandas.DataFrame
        Index (grouping, model); the columns of :func:`check_invariance` and why_not (empty where it was checked; one
        row with model ``none`` where not).
    """
    tables = {}
    for name in (name for name in names if name in people):
        try:
            answered = people[name].reindex(choose_items(items, structure).index)
            tables[name] = check_invariance(items, structure, people[name]).assign(why_not="")
            refuse_few("invariance", *answered.value_counts())
        except ValueError as refusal:
            empty = pd.DataFrame(np.nan, index=pd.Index(["none"], name="model"), columns=[*COLUMNS, *CHANGES])
            tables[name] = empty.assign(why_not=str(refusal))
    if not tables:
        index = pd.MultiIndex.from_arrays([[], []], names=["grouping", "model"])
        return pd.DataFrame(columns=[*COLUMNS, *CHANGES, "why_not"], index=index)
    return pd.concat(tables, names=["grouping"])


def describe_invariance(table: pd.DataFrame, *, small_cell: int = 5) -> str:
    """Say for each grouping how far the questionnaire may be compared, and how much that rests on.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`check_invariance_by`.
    small_cell : int, default 5
        A smaller group is not counted out loud.

    Returns
    -------
    str
        One line of a Markdown list per grouping.
    """
    if table.empty:
        return "No column of the participants names groups to compare."
    return "\n".join(
        _say(name, part.droplevel("grouping"), small_cell) for name, part in table.groupby(level=0, sort=False)
    )


def _say(name: str, table: pd.DataFrame, small_cell: int) -> str:
    if "none" in table.index:
        return f"* By *{as_text(name)}*: not checked. {table.loc['none', 'why_not']}"
    drops = table["delta_cfi"].dropna()
    configural = table.loc["configural"]
    if not fits_well(configural["cfi"], configural["rmsea"]):
        return (
            f"* By *{as_text(name)}* (n = {hide_small(int(table['n'].iloc[0]), small_cell)}): the model does not fit even with nothing held equal "
            f"(CFI {configural['cfi']:.2f}, RMSEA {configural['rmsea']:.2f}; it takes {LEAST_CFI:.2f} or more and {LARGEST_RMSEA:.2f} or less). Whether "
            "the questionnaire measures the same in these groups cannot be said."
        )
    verdict = {
        0: "already equal loadings cost more fit than is usually let pass: do not pool or compare scores",
        1: "loadings may be taken as equal, intercepts not: relations compare, means do not",
        2: "loadings and intercepts may be taken as equal: scores may be pooled and means compared",
        3: "loadings, intercepts and residual variances may be taken as equal: scores may be pooled and compared",
    }[int((drops >= -LARGEST_DROP).cummin().sum())]
    smallest = int(table["n_smallest"].iloc[0])
    shown = hide_small(smallest, small_cell)
    weak = (
        f" With {shown} people in the smallest group neither answer is firm: the limit was tried out on larger groups."
        if smallest < ENOUGH_PER_GROUP
        else ""
    )
    changes = " and ".join(f"{drop:+.3f} ({level})".replace("-", "−") for level, drop in drops.items())
    return f"* By *{as_text(name)}* (n = {hide_small(int(table['n'].iloc[0]), small_cell)}): ΔCFI {changes}; {verdict}.{weak}"


def _draw_pattern(items: pd.Index, structure: Structure) -> np.ndarray:
    return np.column_stack([items.isin(part) for part in structure.values()])


def _list_fit(fit: MultigroupFit, sizes: pd.Series) -> list[float]:
    n = [int(sizes.sum()), int(sizes.min())]
    return [*n, fit.chi2, fit.df, float(scipy.stats.chi2.sf(fit.chi2, fit.df)), fit.cfi, fit.tli, fit.rmsea, fit.srmr]


def _refuse_small(sizes: pd.Series, pattern: np.ndarray) -> None:
    if len(sizes) < 2:
        raise ValueError("Everybody who answered all items is in one group: there is nothing to compare.")
    n_items, n_factors = pattern.shape
    needed = 3 * n_items - n_factors + n_factors * (n_factors + 1) // 2
    if sizes.min() <= needed:
        raise ValueError(
            f"The model has {needed} parameters per group, and the smallest group is not larger than that "
            f"({len(sizes)} groups, {sizes.sum()} people in all). Take a shorter form, or ask it of a larger cohort."
        )


def _refuse_flat(parts: Sequence[pd.DataFrame], names: pd.Index) -> None:
    for part, name in zip(parts, names, strict=True):
        if len(flat := part.columns[part.var() == 0]):
            raise ValueError(
                f"Everybody in {name} gave the same answer to {', '.join(flat[:3])}: no model can be fitted."
            )
