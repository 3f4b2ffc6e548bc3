"""Score every questionnaire of a cohort, and the one that its outcome rule declares."""

from __future__ import annotations

import pandas as pd

from helpers.contract import Cohort, MeasureRule
from helpers.resilience.cfa import STRUCTURES, fit_structures
from helpers.resilience.reliability import ScorePrecision, cronbach_alpha, measure_precision
from helpers.resilience.scales import (
    BRS,
    CD_RISC,
    CD_RISC_2,
    CD_RISC_10,
    GAD7,
    HADS,
    PHQ9,
    PSS,
    read_answers,
    reverse_code,
)
from helpers.resilience.scoring import (
    score_brs,
    score_cd_risc,
    score_cd_risc_2,
    score_cd_risc_10,
    score_hads,
    score_sum,
)


def score_outcome(cohort: Cohort) -> pd.Series | None:
    """Return the score that the cohort's outcome rule declares.

    Parameters
    ----------
    cohort : Cohort
        With an outcome rule on a measure (items, or a scored column) or on a
        column of ``participants``.

    Returns
    -------
    pandas.Series or None
        The score per participant of the measure; None when the rule names a
        column of ``participants``, since there is then no score.

    Raises
    ------
    ValueError
        The measure does not have the declared score, or an answer is out of
        its scale.
    """
    rule = cohort.settings.outcome
    if not isinstance(rule, MeasureRule):
        return None
    scored = _score_measure(rule.measure, cohort.phenotype[rule.measure])
    if rule.score not in scored:
        raise ValueError(
            f"cohort.yml declares the outcome score '{rule.score}', which measure {rule.measure} does not "
            f"have. It has: {', '.join(scored.columns)}. Name one of these as outcome score."
        )
    return scored[rule.score].rename(f"{rule.measure}.{rule.score}")


def estimate_precision(cohort: Cohort, scores: pd.Series) -> ScorePrecision | None:
    """Return how sure a score of the outcome's resilience scale is, where items were answered.

    Parameters
    ----------
    cohort : Cohort
        With an outcome rule on a measure.
    scores : pandas.Series
        From :func:`score_outcome`.

    Returns
    -------
    ScorePrecision or None
        From Cronbach's alpha of the outcome's own items; None when the cohort
        has only scored columns, or no alpha can be had.

    Raises
    ------
    ValueError
        An answer is out of its scale.
    """
    rule = cohort.settings.outcome
    scale = SINGLE_SCALES.get(rule.measure)
    frame = cohort.phenotype[rule.measure]
    if scale is None or any(item not in frame for item in scale.items):
        return None
    answers = reverse_code(read_answers(frame, scale), scale)
    if len(answers.dropna()) < 3:
        return None
    alpha = cronbach_alpha(answers)
    return measure_precision(scores, reliability=alpha, cut=rule.high_at_least) if pd.notna(alpha) else None


def score_measures(cohort: Cohort) -> pd.DataFrame:
    """Score every questionnaire of a cohort, one column per score.

    Parameters
    ----------
    cohort : Cohort
        ``phenotype`` holds raw items (CD-RISC, BRS, HADS) or scored columns.

    Returns
    -------
    pandas.DataFrame
        Index: all participants; columns ``<measure>.<score>``, for example
        ``hads.depression``, ``ffmq.describing``, ``cd_risc.total``. NaN where
        a person has no score. A cohort without questionnaires gives no column.

    Raises
    ------
    ValueError
        An answer is out of its scale.
    """
    scored = {name: _score_measure(name, frame) for name, frame in cohort.phenotype.items()}
    named = [frame.add_prefix(f"{name}.") for name, frame in scored.items()]
    everyone = cohort.participants.index
    return pd.concat([frame.reindex(everyone) for frame in named] or [pd.DataFrame(index=everyone)], axis=1)


def fit_cohort_structures(cohort: Cohort) -> pd.DataFrame:
    """Fit every structure declared for every questionnaire that a cohort has item by item.

    Parameters
    ----------
    cohort : Cohort

    Returns
    -------
    pandas.DataFrame
        Index (measure, structure); the columns of :func:`fit_structures`. Empty when no questionnaire has its items.

    Raises
    ------
    ValueError
        An answer is out of its scale.
    """
    tables = {}
    for name, frame in cohort.phenotype.items():
        scale = SCALES.get(name)
        if name in STRUCTURES and scale is not None and all(item in frame for item in scale.items):
            tables[name] = fit_structures(reverse_code(read_answers(frame, scale), scale), name)
    index = pd.MultiIndex.from_arrays([[], []], names=["measure", "structure"])
    return pd.concat(tables, names=["measure"]) if tables else pd.DataFrame(index=index)


def _score_measure(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    if name in SCALES and any(item in frame for item in SCALES[name].items):
        return SCORERS[name](frame)
    return frame.select_dtypes("number").astype(float)


SCALES = {
    "cd_risc": CD_RISC,
    "cd_risc_10": CD_RISC_10,
    "cd_risc_2": CD_RISC_2,
    "brs": BRS,
    "hads": HADS,
    "pss": PSS,
    "gad7": GAD7,
    "phq9": PHQ9,
}
SINGLE_SCALES = {name: scale for name, scale in SCALES.items() if name != "hads"}
SCORERS = {
    "cd_risc": lambda items: score_cd_risc(items).total.to_frame(),
    "cd_risc_10": lambda items: score_cd_risc_10(items).total.to_frame(),
    "cd_risc_2": lambda items: score_cd_risc_2(items).total.to_frame(),
    "brs": lambda items: score_brs(items).to_frame(),
    "hads": score_hads,
    "pss": lambda items: score_sum(items, PSS).to_frame(),
    "gad7": lambda items: score_sum(items, GAD7).to_frame(),
    "phq9": lambda items: score_sum(items, PHQ9).to_frame(),
}
