"""Score questionnaires: answers in, points out, blanks handled as each manual asks."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from helpers.resilience.scales import (
    BRS,
    CD_RISC,
    CD_RISC_2,
    CD_RISC_10,
    CD_RISC_FACTORS,
    HADS,
    HADS_ANXIETY,
    HADS_DEPRESSION,
    Scale,
    read_answers,
    reverse_code,
)


@dataclass(frozen=True, eq=False)
class ResilienceScores:
    """Totals of one scale, with the answers each total rests on.

    Attributes
    ----------
    scale : str
        Name of the scale, as printed on figures.
    total : pandas.Series
        Points per participant; NaN when too few items were answered.
    n_answered : pandas.Series
        Items answered per participant.
    n_items, min_answered : int
        Items of the scale, and how many a total needs.
    lowest, highest : float
        Smallest and largest total that the scale allows.
    """

    scale: str
    total: pd.Series
    n_answered: pd.Series
    n_items: int
    min_answered: int
    lowest: float
    highest: float

    @property
    def n_scored(self) -> int:
        """Participants with a total."""
        return int(self.total.notna().sum())

    @property
    def n_filled(self) -> int:
        """Participants with a total although some items were blank."""
        return int((self.total.notna() & (self.n_answered < self.n_items)).sum())

    def to_frame(self) -> pd.DataFrame:
        """Return one row per participant: ``total`` and ``n_answered``."""
        return pd.DataFrame({"total": self.total, "n_answered": self.n_answered})


def score_cd_risc(items: pd.DataFrame) -> ResilienceScores:
    """Score the 25-item Connor-Davidson Resilience Scale.

    Someone who answered 19 items or more is scored, each blank filled with the
    mean of their own answers, as the manual asks; below that the total is NaN.

    Parameters
    ----------
    items : pandas.DataFrame of shape (n_participants, 25)
        Index ``participant_id``; columns ``cd_risc_01`` to ``cd_risc_25``;
        answers 0 to 4, NaN when blank. Other columns are ignored.

    Returns
    -------
    ResilienceScores
        Totals from 0 to 100; a higher total means more resilience.

    Raises
    ------
    ValueError
        An item is missing from the table, or an answer is not a whole number
        from 0 to 4. The message names the person, the item and the remedy.

    References
    ----------
    .. [1] Connor KM, Davidson JRT (2003). Development of a new resilience
       scale. Depression and Anxiety 18(2):76-82. doi:10.1002/da.10113

    Examples
    --------
    >>> answers = pd.DataFrame(3, index=["sub-01"], columns=CD_RISC.items)
    >>> score_cd_risc(answers).total["sub-01"]
    np.float64(75.0)
    """
    return _score_total(items, CD_RISC)


def score_cd_risc_10(items: pd.DataFrame) -> ResilienceScores:
    """Score the 10-item form of the CD-RISC from its items of the 25.

    Parameters
    ----------
    items : pandas.DataFrame
        Index ``participant_id``; columns ``cd_risc_01, _04, _06, _07, _08,
        _11, _14, _16, _17, _19`` (numbers of the 25-item form), 0 to 4 or NaN.

    Returns
    -------
    ResilienceScores
        Totals from 0 to 40; NaN with fewer than 7 answers, blanks filled with
        the person's own mean.

    Raises
    ------
    ValueError
        As for :func:`score_cd_risc`.

    References
    ----------
    .. [1] Campbell-Sills L, Stein MB (2007). Psychometric analysis and
       refinement of the CD-RISC. Journal of Traumatic Stress 20(6):1019-1028.
       doi:10.1002/jts.20271

    Examples
    --------
    >>> answers = pd.DataFrame(3, index=["sub-01"], columns=CD_RISC_10.items)
    >>> score_cd_risc_10(answers).total["sub-01"]
    np.float64(30.0)
    """
    return _score_total(items, CD_RISC_10)


def score_cd_risc_2(items: pd.DataFrame) -> ResilienceScores:
    """Score the two-item form of the CD-RISC (items 1 and 8; 0 to 8 points).

    Parameters
    ----------
    items : pandas.DataFrame
        Index ``participant_id``; columns ``cd_risc_01`` and ``cd_risc_08``,
        0 to 4. With either one blank the total is NaN.

    Returns
    -------
    ResilienceScores

    Raises
    ------
    ValueError
        As for :func:`score_cd_risc`.

    References
    ----------
    .. [1] Vaishnavi S, Connor K, Davidson JRT (2007). An abbreviated version
       of the CD-RISC. Psychiatry Research 152(2-3):293-297.
       doi:10.1016/j.psychres.2007.01.006

    Examples
    --------
    >>> answers = pd.DataFrame(4, index=["sub-01"], columns=CD_RISC_2.items)
    >>> score_cd_risc_2(answers).total["sub-01"]
    np.float64(8.0)
    """
    return _score_total(items, CD_RISC_2)


def score_cd_risc_factors(items: pd.DataFrame) -> pd.DataFrame:
    """Average the items of the five CD-RISC factors, for display only.

    The authors of the scale advise against subscale scores: the factors often
    fail to reappear in new samples. They are given because articles name them.

    Parameters
    ----------
    items : pandas.DataFrame of shape (n_participants, 25)
        As for :func:`score_cd_risc`.

    Returns
    -------
    pandas.DataFrame of shape (n_participants, 5)
        Mean answer, 0 to 4, per factor; NaN when any item of it is blank.

    Raises
    ------
    ValueError
        As for :func:`score_cd_risc`.

    Examples
    --------
    >>> answers = pd.DataFrame(3, index=["sub-01"], columns=CD_RISC.items)
    >>> score_cd_risc_factors(answers).loc["sub-01", "factor_5"]
    np.float64(3.0)
    """
    answers = read_answers(items, CD_RISC)
    means = {
        name: answers[[f"cd_risc_{i:02d}" for i in numbers]].mean(axis=1, skipna=False)
        for name, numbers in CD_RISC_FACTORS.items()
    }
    return pd.DataFrame(means, index=answers.index)


def score_brs(items: pd.DataFrame) -> pd.Series:
    """Score the Brief Resilience Scale: the mean of six items, 1 to 5.

    Items 2, 4 and 6 are reversed here, so pass the answers as given. The mean
    is over the answered items, as in the article; our own rule asks for at
    least four of them.

    Parameters
    ----------
    items : pandas.DataFrame of shape (n_participants, 6)
        Index ``participant_id``; columns ``brs_1`` to ``brs_6``; 1 to 5 or NaN.

    Returns
    -------
    pandas.Series
        Mean from 1 to 5 (1.00-2.99 low, 3.00-4.30 normal, 4.31-5.00 high).

    Raises
    ------
    ValueError
        As for :func:`score_cd_risc`.

    References
    ----------
    .. [1] Smith BW et al. (2008). The brief resilience scale. International
       Journal of Behavioral Medicine 15:194-200. doi:10.1080/10705500802222972

    Examples
    --------
    >>> answers = pd.DataFrame([[5, 1, 5, 1, 5, 1]], index=["sub-01"], columns=BRS.items)
    >>> score_brs(answers)["sub-01"]
    np.float64(5.0)
    """
    answers = read_answers(items, BRS)
    turned = reverse_code(answers, BRS)
    enough = answers.notna().sum(axis=1) >= BRS.min_answered
    return turned.mean(axis=1).where(enough).rename("mean")


def score_hads(items: pd.DataFrame) -> pd.DataFrame:
    """Score the Hospital Anxiety and Depression Scale: two sums of seven items.

    Odd items make anxiety, even items depression. One blank per subscale is
    filled with the mean of that subscale's other six; two make it NaN.

    Parameters
    ----------
    items : pandas.DataFrame of shape (n_participants, 14)
        Index ``participant_id``; columns ``hads_01`` to ``hads_14``, 0 to 3 as
        coded on the form (the reversed items already turned), NaN when blank.

    Returns
    -------
    pandas.DataFrame of shape (n_participants, 2)
        Columns ``anxiety`` and ``depression``, 0 to 21 (up to 7 none, 8-10
        doubtful, 11 and above a case).

    Raises
    ------
    ValueError
        As for :func:`score_cd_risc`.

    References
    ----------
    .. [1] Zigmond AS, Snaith RP (1983). The hospital anxiety and depression
       scale. Acta Psychiatrica Scandinavica 67(6):361-370.
       doi:10.1111/j.1600-0447.1983.tb09716.x

    Examples
    --------
    >>> answers = pd.DataFrame([[1, 2] * 7], index=["sub-01"], columns=HADS.items)
    >>> score_hads(answers).loc["sub-01"].tolist()
    [7.0, 14.0]
    """
    answers = read_answers(items, HADS)
    parts = {"anxiety": HADS_ANXIETY, "depression": HADS_DEPRESSION}
    return pd.DataFrame({name: _sum_with_own_mean(answers[list(part)], min_answered=6) for name, part in parts.items()})


def score_sum(items: pd.DataFrame, scale: Scale) -> pd.Series:
    """Sum a questionnaire with no rule for blanks: PSS-10, GAD-7 or PHQ-9.

    Parameters
    ----------
    items : pandas.DataFrame
        Index ``participant_id``; the columns of ``scale.items``, as answered.
    scale : Scale
        ``PSS`` (0-40), ``GAD7`` (0-21) or ``PHQ9`` (0-27).

    Returns
    -------
    pandas.Series
        Sums, reversed items turned; NaN for anyone with a blank.

    Raises
    ------
    ValueError
        As for :func:`score_cd_risc`.

    Examples
    --------
    Four of the ten PSS items are reversed:

    >>> from helpers.resilience import PSS
    >>> answers = pd.DataFrame(4, index=["sub-01"], columns=PSS.items)
    >>> score_sum(answers, PSS)["sub-01"]
    np.float64(24.0)
    """
    answers = reverse_code(read_answers(items, scale), scale)
    return _sum_with_own_mean(answers, min_answered=scale.min_answered).rename("total")


def _score_total(items: pd.DataFrame, scale: Scale) -> ResilienceScores:
    answers = read_answers(items, scale)
    n_items = len(scale.items)
    return ResilienceScores(
        scale=scale.label,
        total=_sum_with_own_mean(answers, min_answered=scale.min_answered).rename("total"),
        n_answered=answers.notna().sum(axis=1).rename("n_answered"),
        n_items=n_items,
        min_answered=scale.min_answered,
        lowest=float(scale.lowest * n_items),
        highest=float(scale.highest * n_items),
    )


def _sum_with_own_mean(answers: pd.DataFrame, *, min_answered: int) -> pd.Series:
    enough = answers.notna().sum(axis=1) >= min_answered
    return (answers.mean(axis=1) * answers.shape[1]).where(enough)
