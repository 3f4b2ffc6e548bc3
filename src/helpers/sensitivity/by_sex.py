"""The main contrasts in women and in men, and whether they differ: strata, and group × sex in the declared model."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.cohort import design_matrix
from helpers.contract import Cohort
from helpers.contrasts import adjust_bh
from helpers.designs import keep_clusters
from helpers.least import find_shortage, read_least
from helpers.problems import TooLittle, name_some
from helpers.sensitivity.main_contrasts import EFFECT, MainMeasures, add_extra, fit_measure
from helpers.wording import as_text

SEX = "sex"
PRODUCT = "group × sex"
SIDES = ["n_high", "n_low"]


def list_sexes(cohort: Cohort, design: pd.DataFrame) -> list[str]:
    """Return the labels of sex among the participants of a design, the commonest first.

    Raises
    ------
    TooLittle
        When there is one only, or nobody's sex is known.
    """
    known = cohort.participants.get(SEX, pd.Series(dtype=object)).reindex(design.index).dropna().astype(str)
    found = known.value_counts().sort_index().sort_values(ascending=False, kind="stable").index.tolist()
    if len(found) < 2:
        raise TooLittle("The sex of the participants is not known here, or all have the same.")
    return found


def compare_within_sexes(cohort: Cohort, groups: pd.DataFrame, measures: MainMeasures) -> pd.DataFrame:
    """Contrast the groups among the participants of each sex alone.

    Parameters
    ----------
    cohort : Cohort
    groups : pandas.DataFrame
        From :func:`helpers.cohort.assign_groups`.
    measures : MainMeasures

    Returns
    -------
    pandas.DataFrame
        Index id of the claim, one row per sex; label, sex, n_high, n_low, d, d_low, d_high (residual SD of that sex). Adjusted for
        the declared covariates but sex. A stratum with fewer in a group than a contrast needs (``data/schema/least.yml``) has no d,
        and where a stratum has fewer than ``small_cell`` no sex of that claim has its n.
    """
    design = design_matrix(cohort, groups)
    sexes = list_sexes(cohort, design)
    names = [name for name in cohort.settings.covariates if name != SEX]
    rows = []
    for sex in sexes:
        own = groups.loc[cohort.participants[SEX].reindex(groups.index).astype(str) == sex]
        rows += [
            _fit_stratum(cohort, own.loc[own.index.isin(design.index)], names, measures, claim, sex)
            for claim in measures.about.index
        ]
    table = pd.DataFrame(rows).set_index("claim").loc[measures.about.index].rename_axis("claim")
    few = ((table[SIDES] > 0) & (table[SIDES] < cohort.settings.small_cell)).any(axis=1)
    table.loc[table.index.isin(table.index[few]), SIDES] = np.nan
    return table


def _fit_stratum(
    cohort: Cohort, groups: pd.DataFrame, names: list[str], measures: MainMeasures, claim: str, sex: str
) -> dict[str, object]:
    """Return one contrast of one sex; without d where too few of a group have a value."""
    row = {"claim": claim, "label": measures.about.loc[claim, "label"], SEX: sex}
    measured = measures.values.index[measures.values[claim].notna()]
    if claim in measures.extras:
        measured = measured.intersection(measures.extras[claim].dropna().index)
    counts = groups.loc[groups.index.isin(measured), "group"].value_counts()
    sizes = {side: int(counts.get(side[2:], 0)) for side in SIDES}
    if find_shortage("contrast", *sizes.values()):
        return row | sizes | dict.fromkeys(EFFECT, np.nan)
    fitted = fit_measure(measures, claim, design_matrix(cohort, groups, names))
    return row | sizes | {name: fitted[name] for name in EFFECT}


def test_interactions(cohort: Cohort, groups: pd.DataFrame, measures: MainMeasures) -> pd.DataFrame:
    """Test whether the groups differ otherwise in one sex than in the other: group × sex, added to the declared model.

    Two intervals, one of which holds zero, say nothing of a difference between the sexes [1]_; this coefficient does. It is the
    difference of the adjusted contrast among the second commonest sex minus that among the commonest, with all other covariates
    alike in both.

    Parameters
    ----------
    cohort, groups, measures
        As for :func:`compare_within_sexes`.

    Returns
    -------
    pandas.DataFrame
        Index id of the claim; label, compared (which sex minus which), n, d, d_low, d_high (residual SD), p, q (over the table).
        NaN where a group has fewer of a sex than a contrast needs.

    References
    ----------
    .. [1] Altman DG, Bland JM (2003). Interaction revisited: the difference between two estimates. BMJ 326(7382):219.
       doi:10.1136/bmj.326.7382.219
    """
    design = design_matrix(cohort, groups)
    first, second = list_sexes(cohort, design)[:2]
    sex = cohort.participants[SEX].reindex(design.index).astype(str)
    people = design.index[sex.isin([first, second])]
    is_second = (sex.loc[people] == second).astype(float)
    terms = design.loc[people].drop(columns=[name for name in design if name.startswith(f"{SEX}: ")])
    terms = keep_clusters(terms.assign(**{SEX: is_second, PRODUCT: terms["group"] * is_second}), design)
    rows = {}
    for claim in measures.about.index:
        own = add_extra(measures, claim, terms)
        own = own.loc[measures.values[claim].reindex(own.index).notna().to_numpy()]
        sizes = [int(((own["group"] == side) & (own[SEX] == one)).sum()) for side in (0, 1) for one in (0, 1)]
        row = {"label": measures.about.loc[claim, "label"], "compared": f"{second} minus {first}", "n": sum(sizes)}
        if find_shortage("contrast", *sizes):
            rows[claim] = row | dict.fromkeys([*EFFECT, "p"], np.nan)
        else:
            fitted = fit_measure(measures, claim, terms, tested=PRODUCT)
            rows[claim] = row | {name: fitted[name] for name in [*EFFECT, "p"]}
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("claim")
    if table["d"].isna().all():
        raise TooLittle(
            f"Group × sex needs {read_least()['contrast'].per_group} of each sex in each group, and no measure here has them."
        )
    return table.assign(q=adjust_bh(table["p"]))


def describe_interactions(table: pd.DataFrame) -> str:
    """Say how many contrasts differ between the sexes, and how far from zero the widest interval leaves it open.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`test_interactions`.
    """
    known = table.dropna(subset=["d"])
    away = known[known["d_low"].gt(0) | known["d_high"].lt(0)]
    top = known.loc[known["d"].abs().idxmax()]
    which = f" ({name_some(map(as_text, away['label']))})" if len(away) else ""
    several = "intervals" if len(known) > 1 else "interval"
    lost = len(table) - len(known)
    left = f" {lost} could not be tested, for want of participants." if lost else ""
    return (
        f"Group × sex ({as_text(top['compared'])}): {len(away) or 'none'} of {len(known)} {several} "
        f"{'lies' if len(away) == 1 else 'lie'} wholly on one side of zero{which}. Largest: {as_text(top['label'])}, difference of d = "
        f"{top['d']:.2f} (95 % CI {top['d_low']:.2f} to {top['d_high']:.2f}), q = {top['q']:.2f}. Half of the width of an interval is "
        f"{((known['d_high'] - known['d_low']) / 2).median():.2f} at the median: differences smaller than that cannot be seen here.{left}"
    )
