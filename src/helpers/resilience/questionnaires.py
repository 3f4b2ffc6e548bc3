"""Questionnaires that the book does not know by name: how reliable they are here, and whether the groups differ."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.contract import Cohort
from helpers.contrasts import COLUMNS, fit_contrasts
from helpers.problems import TooLittle
from helpers.resilience.reliability import summarise_reliability

FEWEST_ITEMS = 3


def summarise_questionnaires(cohort: Cohort, *, rng: np.random.Generator, n_bootstraps: int = 300) -> pd.DataFrame:
    """Return alpha and omega of every score of the cohort's own questionnaires, with intervals from resampled people.

    Parameters
    ----------
    cohort : Cohort
    rng : numpy.random.Generator
    n_bootstraps : int, default 300

    Returns
    -------
    pandas.DataFrame
        Index ``<measure>.<score>``; title, scoring, direction, coefficient, then the columns of
        :func:`helpers.resilience.summarise_reliability`. Scores of fewer than three items, that come scored, or of which too few people
        answered all items are blank in ``estimate``.
    """
    rows = []
    for measure, own in cohort.questionnaires.items():
        frame = cohort.phenotype[measure]
        has_items = bool(own.items) and set(own.items) <= set(frame)
        for name in own.scores if has_items else [score for score in own.totals if score in frame]:
            about = {
                "title": own.title,
                "scoring": own.scoring if has_items else "as it came",
                "direction": own.direction,
            }
            found = _measure(own.turn(frame)[list(own.scores[name])], rng, n_bootstraps) if has_items else None
            rows.append(_describe(f"{measure}.{name}", about, found))
    return pd.concat(rows).rename_axis("score") if rows else pd.DataFrame(columns=["title", "scoring", "direction"])


def _measure(items: pd.DataFrame, rng: np.random.Generator, n_bootstraps: int) -> pd.DataFrame | None:
    if items.shape[1] < FEWEST_ITEMS:
        return None
    try:
        return summarise_reliability(items, rng=rng, n_bootstraps=n_bootstraps)
    except TooLittle:
        return None


def _describe(score: str, about: dict[str, str], found: pd.DataFrame | None) -> pd.DataFrame:
    if found is None:
        return pd.DataFrame({**about, "coefficient": "", "estimate": np.nan}, index=[score])
    table = found.reset_index().assign(**about)
    return table[[*about, *(name for name in table if name not in about)]].set_axis([score] * len(table))


def compare_questionnaires(
    cohort: Cohort, measures: pd.DataFrame, design: pd.DataFrame, *, outcome: str | None = None
) -> pd.DataFrame:
    """Contrast the groups on every score of the cohort's own questionnaires.

    Parameters
    ----------
    cohort : Cohort
    measures : pandas.DataFrame
        From :func:`helpers.resilience.score_measures`.
    design : pandas.DataFrame
        From :func:`helpers.cohort.design_matrix`.
    outcome : str, optional
        Name of the score that made the groups; it is left out, and so are all others of its questionnaire, as they share its items.

    Returns
    -------
    pandas.DataFrame
        Index score; columns of :func:`helpers.contrasts.fit_contrasts`, q over this table.
    """
    made = (outcome or "").partition(".")[0]
    names = [
        name for name in measures if name.partition(".")[0] in cohort.questionnaires and name.partition(".")[0] != made
    ]
    names = [name for name in names if measures[name].notna().any()]
    return fit_contrasts(measures[names], design) if names else pd.DataFrame(columns=COLUMNS, dtype=float)
