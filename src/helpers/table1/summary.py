"""Make Table 1: what groups are like, how far apart they are in units of spread, and what is missing."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.contract import Cohort, ColumnRule, NumberRule
from helpers.wording import as_text, hide_small, tell_part

LABELS = {"age": "Age (years)", "sex": "Sex", "bmi": "BMI (kg/m²)", "study": "Study", "age_band": "Age band"}
SCORE, GROUP = "Resilience score", "Group"
MAX_LEVELS = 12
SMD_FORMULA = (
    "SMD, numbers: mean of high minus mean of low, over the root of the mean of both variances; labels: the "
    "distance between both sets of shares, scaled by their mean covariance (Yang and Dalton 2012), without a "
    "sign. Missing values are left out of it."
)


def summarise_groups(cohort: Cohort, groups: pd.DataFrame, *, people: pd.Index | None = None) -> pd.DataFrame:
    """Make Table 1: what both groups are like, how far apart, and what is missing.

    No p-values: whether groups differ by chance is not the question of a
    Table 1. Text columns with more than twelve labels are left out, as free
    text may identify people.

    Parameters
    ----------
    cohort : Cohort
        All columns of ``participants`` are described, except the one that made
        the groups.
    groups : pandas.DataFrame
        From ``helpers.cohort.assign_groups``; people in neither group are not
        described.
    people : pandas.Index, optional
        Describe only these, for instance those with every kind of data.

    Returns
    -------
    pandas.DataFrame
        Index ``characteristic``; columns statistic, high, low (text), smd
        (number, on the first row of each characteristic; infinite when groups
        share no label), missing_high, missing_low (text). Counts below
        ``settings.small_cell`` are shown as ``<5``, with the percentage; a
        label that would give them away is shown as ``hidden``.

    References
    ----------
    .. [1] Yang D, Dalton JE (2012). A unified approach to measuring the effect
       size between two groups using SAS. SAS Global Forum 335-2012.
    """
    members = groups["group"].dropna()
    members = members if people is None else members[members.index.isin(people)]
    return _tabulate(cohort, {side: members.index[members == side] for side in ("high", "low")})


def compare_complete(cohort: Cohort, groups: pd.DataFrame, people: pd.Index) -> pd.DataFrame:
    """Set the people with every kind of data beside those of the groups who lack some.

    Parameters
    ----------
    cohort : Cohort
    groups : pandas.DataFrame
        From ``helpers.cohort.assign_groups``.
    people : pandas.Index
        The people who stay, for instance from :func:`find_complete`.

    Returns
    -------
    pandas.DataFrame
        As :func:`summarise_groups`, with ``complete`` and ``others`` in place of high and low, and the resilience
        score and the group among the characteristics. The SMD is that of the complete less the others: how far
        those who drop out differ. Where a count of the others is not told, that of the complete is not either, as
        Table 1 of all would give it away.
    """
    members = groups.index[groups["group"].notna()]
    stays = members.isin(people)
    labels = groups["group"].map(dict(cohort.settings.labels))
    extra = {SCORE: groups["score"], GROUP: labels}
    table = _tabulate(cohort, {"complete": members[stays], "others": members[~stays]}, extra=pd.DataFrame(extra))
    if stays.all():
        return table
    untold = table["others"].str.startswith("<") | (table["others"] == "hidden")
    return table.assign(complete=table["complete"].mask(untold & (table["complete"] != "hidden"), "hidden"))


def describe_lost(cohort: Cohort, groups: pd.DataFrame, kept: pd.Index) -> str:
    """Say, group by group, who is left out for a missing covariate and in what they differ most from those kept.

    Parameters
    ----------
    cohort : Cohort
    groups : pandas.DataFrame
        From ``helpers.cohort.assign_groups``.
    kept : pandas.Index
        The people of the design of all contrasts.

    Returns
    -------
    str
        Empty when nobody is left out. Fewer than the smallest cell are counted as such and not compared.
    """
    small, texts = cohort.settings.small_cell, []
    traits = cohort.participants[list_characteristics(cohort)].join(groups["score"].rename(SCORE))
    for side in ("high", "low"):
        members = groups.index[groups["group"] == side]
        lost = members.difference(kept, sort=False)
        if not len(lost):
            continue
        label = as_text(cohort.settings.labels[side])
        told = (
            f"Of the group *{label}*, {tell_part(len(lost), len(members), small)} are left out for a missing covariate"
        )
        if len(lost) < small:
            texts.append(f"{told}, too few to compare with those kept.")
            continue
        smd = {
            name: standardise_difference(traits.loc[lost, name], traits.loc[members.intersection(kept), name])
            for name in traits
        }
        most = pd.Series(smd, dtype=float).abs().replace(np.inf, np.nan).dropna().nlargest(2)
        listed = " and ".join(
            f"{as_text(LABELS.get(name, name))} (SMD {smd[name]:+.2f})".replace("-", "−") for name in most.index
        )
        texts.append(
            f"{told}. They differ from those kept most in {listed}."
            if listed
            else f"{told}; nothing else is known of them."
        )
    return " ".join(texts)


def _tabulate(cohort: Cohort, sides: dict[str, pd.Index], extra: pd.DataFrame | None = None) -> pd.DataFrame:
    small = cohort.settings.small_cell
    table = cohort.participants[list_characteristics(cohort)]
    if extra is not None:
        table = table.join(extra.dropna(axis="columns", how="all"))
    rows = [("Participants", "n", *(hide_small(len(ids), small) for ids in sides.values()), np.nan, "", "")]
    for name in table:
        values = {side: table[name].reindex(ids) for side, ids in sides.items()}
        rows += _summarise_column(LABELS.get(name, name), values, small)
    first, second = sides
    columns = ["characteristic", "statistic", first, second, "smd", f"missing_{first}", f"missing_{second}"]
    return pd.DataFrame(rows, columns=columns).set_index("characteristic")


def standardise_difference(high: pd.Series, low: pd.Series) -> float:
    """Return the standardised mean difference of two samples of numbers or labels.

    Parameters
    ----------
    high, low : pandas.Series
        Numbers, or labels. Missing values are left out, not counted as a label.

    Returns
    -------
    float
        Numbers: signed, high minus low, over the root of the mean of both
        variances. Labels: unsigned (Yang and Dalton 2012); infinite when the
        samples share no label. NaN when either sample is empty.

    Examples
    --------
    Means 3 and 1, both variances 4:

    >>> standardise_difference(pd.Series([1.0, 3.0, 5.0]), pd.Series([-1.0, 1.0, 3.0]))
    1.0
    """
    high, low = high.dropna(), low.dropna()
    if high.empty or low.empty:
        return np.nan
    if _is_number(pd.concat([high, low])):
        spread, apart = np.sqrt((high.var() + low.var()) / 2), high.mean() - low.mean()
        return float(apart / spread) if spread > 0 else _without_spread(apart, spread)
    return _separate_labels(high, low)


def _without_spread(apart: float, spread: float) -> float:
    if np.isnan(spread) or apart == 0:
        return np.nan if np.isnan(spread) else 0.0
    return float(np.copysign(np.inf, apart))


def list_characteristics(cohort: Cohort) -> list[str]:
    """Return the columns of participants that Table 1 describes: not the outcome's, and no free text."""
    rule = cohort.settings.outcome
    table = cohort.participants
    skipped = {rule.column} if isinstance(rule, ColumnRule | NumberRule) else set()
    usable = [name for name in table if name not in skipped and table[name].notna().any()]
    return [name for name in usable if _is_number(table[name]) or table[name].nunique() <= MAX_LEVELS]


def _is_number(values: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values) and values.nunique() > 2


def _summarise_column(label: str, values: dict[str, pd.Series], small: int) -> list[tuple]:
    both = pd.concat(values.values())
    smd = standardise_difference(*values.values())
    missing = [hide_small(int(column.isna().sum()), small) for column in values.values()]
    if _is_number(both):
        means = [_show(column, "{mean:.1f} ({sd:.1f})", small) for column in values.values()]
        medians = [_show(column, "{q2:.1f} [{q1:.1f}, {q3:.1f}]", small) for column in values.values()]
        return [
            (label, "mean (SD)", *means, smd, *missing),
            (label, "median [IQR]", *medians, np.nan, "", ""),
        ]
    levels = sorted(both.dropna().unique(), key=str)
    shares = [show_levels(column, levels, small) for column in values.values()]
    tails = [(smd, *missing), *[(np.nan, "", "")] * len(levels)]
    return [
        (label, f"{level}, n (%)", first, second, *tail)
        for level, first, second, tail in zip(levels, *shares, tails[: len(levels)], strict=True)
    ]


def _show(values: pd.Series, template: str, small: int) -> str:
    known = values.dropna()
    if known.empty:
        return "–"
    if len(known) < small:
        return f"n <{small}"
    q1, q2, q3 = known.quantile([0.25, 0.5, 0.75])
    return template.format(mean=known.mean(), sd=known.std(), q1=q1, q2=q2, q3=q3)


def show_numbers(values: pd.Series, small: int) -> str:
    """Return mean and SD as text, where enough have a value to tell.

    Examples
    --------
    >>> show_numbers(pd.Series([1.0, 2.0, 3.0]), 2), show_numbers(pd.Series([1.0]), 5)
    ('2.0 (1.0)', 'n <5')
    """
    return _show(values, "{mean:.1f} ({sd:.1f})", small)


def show_levels(values: pd.Series, levels: list, small: int) -> list[str]:
    """Return count and percentage of each level as text, small ones hidden."""
    counts = [int((values == level).sum()) for level in levels]
    known = sum(counts)
    shown = [f"{n} ({100 * n / known:.0f}%)" if n >= small else hide_small(n, small) for n in counts]
    large = [(n, i) for i, n in enumerate(counts) if n >= small]
    if sum(0 < n < small for n in counts) == 1 and large:
        shown[min(large)[1]] = "hidden"
    return shown


def _separate_labels(high: pd.Series, low: pd.Series) -> float:
    levels = sorted(set(high) | set(low), key=str)
    if len(levels) == 1:
        return 0.0
    shares = [np.array([(side == level).mean() for level in levels[:-1]]) for side in (high, low)]
    covariance = sum(np.diag(share) - np.outer(share, share) for share in shares) / 2
    difference = shares[0] - shares[1]
    solved = np.linalg.pinv(covariance, rcond=1e-10, hermitian=True) @ difference
    if not np.allclose(covariance @ solved, difference, atol=1e-8):
        return np.inf
    return float(np.sqrt(max(difference @ solved, 0.0)))
