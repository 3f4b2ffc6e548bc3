"""Describe who is in the cohort: groups in words, Table 1, who was left out, who has which data, and power."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.contract import Cohort, ColumnRule
from helpers.power import compute_power, find_detectable_d
from helpers.problems import count
from helpers.wording import as_code, as_text, hide_small, hide_small_parts

LABELS = {"age": "Age (years)", "sex": "Sex", "bmi": "BMI (kg/m²)", "study": "Study", "age_band": "Age band"}
MODALITIES = {
    "connectivity": "Brain connectivity",
    "volumes": "Grey-matter volumes",
    "tracts": "White-matter tracts",
    "taxa": "Gut bacteria (taxa)",
    "transcripts": "Bacterial transcripts",
    "genes": "Bacterial genes",
    "metabolites": "Metabolites",
}
MAX_LEVELS = 12
SMD_FORMULA = (
    "SMD, numbers: mean of high minus mean of low, over the root of the mean of both variances; labels: the "
    "distance between both sets of shares, scaled by their mean covariance (Yang and Dalton 2012), without a "
    "sign. Missing values are left out of it."
)


def describe_rule(cohort: Cohort) -> str:
    """Say in words how the groups of a cohort are made.

    Parameters
    ----------
    cohort : Cohort

    Returns
    -------
    str
        One or two sentences.
    """
    rule = cohort.settings.outcome
    labels = {side: as_text(label) for side, label in cohort.settings.labels.items()}
    if isinstance(rule, ColumnRule):
        high, low = (" or ".join(map(as_text, side)) for side in (rule.high, rule.low))
        return (
            f"**{labels['high']}** are the participants whose {as_code(rule.column)} is {high}; "
            f"**{labels['low']}** those whose {as_code(rule.column)} is {low}. Anyone else is in "
            "neither group. This contrast is not one of resilience."
        )
    return (
        f"**{labels['high']}** are the participants with a {as_code(rule.measure)} {as_text(rule.score)} of "
        f"{rule.high_at_least:g} or more, **{labels['low']}** those below. The cut-off is declared in "
        "`cohort.yml` and never computed from the sample."
    )


def describe_groups(cohort: Cohort, groups: pd.DataFrame) -> str:
    """Say in words how many people each group has.

    Parameters
    ----------
    cohort : Cohort
    groups : pandas.DataFrame
        From ``helpers.cohort.assign_groups``.

    Returns
    -------
    str
        One sentence.
    """
    n_high, n_low = count_groups(groups)
    high, low = (as_text(cohort.settings.labels[side]) for side in ("high", "low"))
    n_high, n_low, n_out = (
        hide_small(n, cohort.settings.small_cell) for n in (n_high, n_low, len(groups) - n_high - n_low)
    )
    return (
        f"Of {count(len(groups), 'participant')}, {n_high} are in the group *{high}*, {n_low} in *{low}* and {n_out} "
        "in neither."
    )


def count_groups(groups: pd.DataFrame) -> tuple[int, int]:
    """Return how many people are in the high and in the low group.

    Parameters
    ----------
    groups : pandas.DataFrame
        With a column ``group``: ``high``, ``low`` or NaN.

    Returns
    -------
    tuple of int

    Examples
    --------
    >>> count_groups(pd.DataFrame({"group": ["high", "low", None, "low"]}))
    (1, 2)
    """
    return int((groups["group"] == "high").sum()), int((groups["group"] == "low").sum())


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
    table = cohort.participants.reindex(members.index)
    small = cohort.settings.small_cell
    sizes = {side: hide_small(int((members == side).sum()), small) for side in ("high", "low")}
    rows = [("Participants", "n", sizes["high"], sizes["low"], np.nan, "", "")]
    for name in _list_characteristics(cohort):
        values = {side: table.loc[members == side, name] for side in ("high", "low")}
        rows += _summarise_column(LABELS.get(name, name), values, small)
    columns = ["characteristic", "statistic", "high", "low", "smd", "missing_high", "missing_low"]
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
        spread = np.sqrt((high.var() + low.var()) / 2)
        return float((high.mean() - low.mean()) / spread) if spread > 0 else np.nan
    return _separate_labels(high, low)


def count_flow(cohort: Cohort, groups: pd.DataFrame) -> pd.DataFrame:
    """Count people from the participants table to the groups, with the reason for each loss.

    Parameters
    ----------
    cohort : Cohort
    groups : pandas.DataFrame
        From ``helpers.cohort.assign_groups``: columns ``group`` and ``reason``.

    Returns
    -------
    pandas.DataFrame
        Index ``step``; columns part (recruited, left out, in a group, high,
        low, adjusted) and n (text: counts below ``settings.small_cell`` are
        shown as ``<5``).
    """
    n_high, n_low = count_groups(groups)
    labels, small = cohort.settings.labels, cohort.settings.small_cell
    reasons = groups.loc[groups["group"].isna(), "reason"].value_counts()
    kept = [
        ("In a group", "in a group", n_high + n_low),
        (labels["high"], "high", n_high),
        (labels["low"], "low", n_low),
        ("With every covariate", "adjusted", _count_adjusted(cohort, groups)),
    ]
    rows = [("Participants in the cohort", "recruited", str(len(groups)))]
    rows += [
        (str(why), "left out", n)
        for why, n in zip(reasons.index, hide_small_parts(reasons.tolist(), small), strict=True)
    ]
    rows += [(step, part, hide_small(n, small)) for step, part, n in kept]
    return pd.DataFrame(rows, columns=["step", "part", "n"]).set_index("step")


def count_modalities(cohort: Cohort, groups: pd.DataFrame) -> pd.DataFrame:
    """Count who has which kind of data.

    Parameters
    ----------
    cohort : Cohort
    groups : pandas.DataFrame
        From ``helpers.cohort.assign_groups``.

    Returns
    -------
    pandas.DataFrame
        Index ``modality``: every questionnaire and block the cohort has, then
        ``Every kind of data`` (that both groups have, see :func:`find_complete`); columns high, low, all (both
        groups; text, counts below ``settings.small_cell`` are shown as ``<5``, and a sum that would give one away
        as ``hidden``).
    """
    present = find_modalities(cohort)
    present["Every kind of data"] = present.index.isin(find_complete(cohort, groups))
    small = cohort.settings.small_cell
    rows = {}
    for name in present:
        has = present[name].reindex(groups.index, fill_value=False)
        rows[name] = _show_sides([int((has & (groups["group"] == side)).sum()) for side in ("high", "low")], small)
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("modality")


def find_modalities(cohort: Cohort) -> pd.DataFrame:
    """Say for each participant which kinds of data there are.

    Parameters
    ----------
    cohort : Cohort

    Returns
    -------
    pandas.DataFrame of shape (n_participants, n_modalities)
        True where a person has at least one value. Index: all participants.
    """
    everyone = cohort.participants.index
    frames = {f"Questionnaire: {name.upper().replace('_', '-')}": frame for name, frame in cohort.phenotype.items()}
    frames |= {label: cohort.blocks[name] for name, label in MODALITIES.items() if name in cohort.blocks}
    has = {name: frame.notna().any(axis=1).reindex(everyone, fill_value=False) for name, frame in frames.items()}
    return pd.DataFrame(has, index=everyone, dtype=bool)


def find_complete(cohort: Cohort, groups: pd.DataFrame) -> pd.Index:
    """Return the ids of people with every kind of data that both groups have.

    A questionnaire given to patients alone compares nobody: a kind of data that fewer than
    ``settings.small_cell`` people of a group have is not asked for.

    Parameters
    ----------
    cohort : Cohort
    groups : pandas.DataFrame
        From ``helpers.cohort.assign_groups``.

    Returns
    -------
    pandas.Index
    """
    present = find_modalities(cohort)
    sizes = present.groupby(groups["group"].reindex(present.index)).sum()
    has_all = present.loc[:, (sizes >= cohort.settings.small_cell).all()].all(axis=1)
    return has_all.index[has_all]


def describe_detectable(groups: pd.DataFrame) -> str:
    """Say in words which effects groups of this size can and cannot see.

    Parameters
    ----------
    groups : pandas.DataFrame
        From ``helpers.cohort.assign_groups``.

    Returns
    -------
    str
    """
    n_high, n_low = count_groups(groups)
    if min(n_high, n_low) < 2:
        return f"With {n_high} and {n_low} people no difference can be tested."
    d80, d90 = (find_detectable_d(n_high=n_high, n_low=n_low, power=power) for power in (0.8, 0.9))
    chance = compute_power(0.2, n_high=n_high, n_low=n_low)
    return (
        f"With {n_high} and {n_low} people, one two-sided test at the 5 % level detects a true difference of "
        f"d = {d80:.2f} four times in five, and of d = {d90:.2f} nine times in ten. A small effect (d = 0.2) "
        f"would be missed in {100 * (1 - chance):.0f} of 100 such studies, before any correction for many tests."
    )


def _list_characteristics(cohort: Cohort) -> list[str]:
    rule = cohort.settings.outcome
    table = cohort.participants
    skipped = {rule.column} if isinstance(rule, ColumnRule) else set()
    usable = [name for name in table if name not in skipped and table[name].notna().any()]
    return [name for name in usable if _is_number(table[name]) or table[name].nunique() <= MAX_LEVELS]


def _is_number(values: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values) and values.nunique() > 2


def _summarise_column(label: str, values: dict[str, pd.Series], small: int) -> list[tuple]:
    both = pd.concat(values.values())
    smd = standardise_difference(values["high"], values["low"])
    missing = [hide_small(int(values[side].isna().sum()), small) for side in ("high", "low")]
    if _is_number(both):
        means = [_show(values[side], "{mean:.1f} ({sd:.1f})", small) for side in ("high", "low")]
        medians = [_show(values[side], "{q2:.1f} [{q1:.1f}, {q3:.1f}]", small) for side in ("high", "low")]
        return [
            (label, "mean (SD)", *means, smd, *missing),
            (label, "median [IQR]", *medians, np.nan, "", ""),
        ]
    levels = sorted(both.dropna().unique(), key=str)
    shares = {side: _show_levels(values[side], levels, small) for side in ("high", "low")}
    rows = []
    for i, level in enumerate(levels):
        tail = (smd, *missing) if i == 0 else (np.nan, "", "")
        rows.append((label, f"{level}, n (%)", shares["high"][i], shares["low"][i], *tail))
    return rows


def _show(values: pd.Series, template: str, small: int) -> str:
    known = values.dropna()
    if len(known) < small:
        return f"n <{small}"
    q1, q2, q3 = known.quantile([0.25, 0.5, 0.75])
    return template.format(mean=known.mean(), sd=known.std(), q1=q1, q2=q2, q3=q3)


def _show_levels(values: pd.Series, levels: list, small: int) -> list[str]:
    counts = [int((values == level).sum()) for level in levels]
    known = sum(counts)
    shown = [f"{n} ({100 * n / known:.0f}%)" if n >= small else f"<{small}" for n in counts]
    if sum(n < small for n in counts) == 1 and len(counts) > 1:
        next_smallest = min((n, i) for i, n in enumerate(counts) if n >= small)[1]
        shown[next_smallest] = "hidden"
    return shown


def _show_sides(counts: list[int], small: int) -> dict[str, str]:
    """Return both counts and their sum as text; the sum is hidden where it would give a small count away."""
    total = sum(counts)
    tells = total >= small and any(0 < n < small for n in counts)
    shown = [*(hide_small(n, small) for n in counts), "hidden" if tells else hide_small(total, small)]
    return dict(zip(("high", "low", "all"), shown, strict=True))


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


def _count_adjusted(cohort: Cohort, groups: pd.DataFrame) -> int:
    wanted = [*cohort.settings.covariates, *([cohort.settings.batch] if cohort.settings.batch else [])]
    wanted = [name for name in wanted if name in cohort.participants]
    people = groups.index[groups["group"].notna()]
    return int(cohort.participants.reindex(people)[wanted].notna().all(axis=1).sum())
