"""Know each questionnaire: its items, its answers, its blanks; read answers or say what is wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.problems import name_some

CD_RISC_ITEMS = tuple(f"cd_risc_{i:02d}" for i in range(1, 26))
CD_RISC_10_ITEMS = tuple(f"cd_risc_{i:02d}" for i in (1, 4, 6, 7, 8, 11, 14, 16, 17, 19))
CD_RISC_2_ITEMS = ("cd_risc_01", "cd_risc_08")
CD_RISC_FACTORS = {
    "factor_1": (10, 11, 12, 16, 17, 23, 24, 25),
    "factor_2": (6, 7, 14, 15, 18, 19, 20),
    "factor_3": (1, 2, 4, 5, 8),
    "factor_4": (13, 21, 22),
    "factor_5": (3, 9),
}
PSS_ITEMS = tuple(f"pss_{i:02d}" for i in range(1, 11))
PSS_REVERSED = ("pss_04", "pss_05", "pss_07", "pss_08")
GAD7_ITEMS = tuple(f"gad7_{i}" for i in range(1, 8))
PHQ9_ITEMS = tuple(f"phq9_{i}" for i in range(1, 10))
BRS_ITEMS = tuple(f"brs_{i}" for i in range(1, 7))
BRS_REVERSED = ("brs_2", "brs_4", "brs_6")
HADS_ITEMS = tuple(f"hads_{i:02d}" for i in range(1, 15))
HADS_ANXIETY = HADS_ITEMS[0::2]
HADS_DEPRESSION = HADS_ITEMS[1::2]


@dataclass(frozen=True)
class Scale:
    """What one questionnaire allows: its items, its answers and its blanks.

    Attributes
    ----------
    label : str
        Name as printed.
    items : tuple of str
        Item columns, in order.
    lowest, highest : int
        Range of an answer.
    min_answered : int
        Items a score needs.
    reversed : tuple of str
        Items whose high answers mean a low score.
    """

    label: str
    items: tuple[str, ...]
    lowest: int
    highest: int
    min_answered: int
    reversed: tuple[str, ...] = ()


CD_RISC = Scale("CD-RISC", CD_RISC_ITEMS, 0, 4, 19)
CD_RISC_10 = Scale("CD-RISC-10", CD_RISC_10_ITEMS, 0, 4, 7)
CD_RISC_2 = Scale("CD-RISC-2", CD_RISC_2_ITEMS, 0, 4, 2)
BRS = Scale("BRS", BRS_ITEMS, 1, 5, 4, BRS_REVERSED)
HADS = Scale("HADS", HADS_ITEMS, 0, 3, 12)
PSS = Scale("PSS-10", PSS_ITEMS, 0, 4, 10, PSS_REVERSED)
GAD7 = Scale("GAD-7", GAD7_ITEMS, 0, 3, 7)
PHQ9 = Scale("PHQ-9", PHQ9_ITEMS, 0, 3, 9)


REFERENCES = {
    "cd_risc.total": (
        ("US adults (n=458)", 80.4, 12.8),
        ("Primary care patients", 71.8, np.nan),
        ("Psychiatric outpatients", 68.0, np.nan),
        ("Generalised anxiety", 62.4, np.nan),
    ),
    "cd_risc_10.total": (("US adults (n=764)", 31.8, 5.4),),
    "cd_risc_2.total": (("US adults", 6.91, 1.5),),
    "brs.mean": (("Adults (n=844)", 3.70, np.nan),),
}


# Lowest score of each published band, in points of the score: quartiles of US adults, or the words of the manual.
BANDS = {
    "cd_risc.total": ((0, "1st quarter"), (74, "2nd"), (83, "3rd"), (91, "4th")),
    "cd_risc_10.total": ((0, "1st quarter"), (30, "2nd"), (33, "3rd"), (37, "4th")),
    "brs.mean": ((1, "low"), (3, "normal"), (4.31, "high")),
    "hads.anxiety": ((0, "none"), (8, "doubtful"), (11, "case")),
    "hads.depression": ((0, "none"), (8, "doubtful"), (11, "case")),
    "pss.total": ((0, "low"), (14, "moderate"), (27, "high")),
    "gad7.total": ((0, "minimal"), (5, "mild"), (10, "moderate"), (15, "severe")),
    "phq9.total": ((0, "minimal"), (5, "mild"), (10, "moderate"), (15, "moderately severe"), (20, "severe")),
}
HIGHEST = {
    "cd_risc.total": 100,
    "cd_risc_10.total": 40,
    "brs.mean": 5,
    "hads.anxiety": 21,
    "hads.depression": 21,
    "pss.total": 40,
    "gad7.total": 21,
    "phq9.total": 27,
}


def list_bands(score: str) -> pd.DataFrame | None:
    """Return the published bands of a score, from the lowest to the highest.

    Bands sort people for reading, they are no diagnosis; those of the CD-RISC are quarters of US adults.

    Parameters
    ----------
    score : str
        ``<measure>.<score>``, for instance ``hads.anxiety``.

    Returns
    -------
    pandas.DataFrame or None
        Index ``band``; columns start and end in points (a band reaches from its start up to the start of the next; the
        last to the highest score). None when no bands are known here.

    Examples
    --------
    >>> list_bands("hads.anxiety").to_numpy().tolist()
    [[0.0, 8.0], [8.0, 11.0], [11.0, 21.0]]
    """
    if score not in BANDS:
        return None
    starts, names = zip(*BANDS[score], strict=True)
    ends = (*starts[1:], HIGHEST[score])
    return pd.DataFrame({"start": starts, "end": ends}, index=pd.Index(names, name="band")).astype(float)


def list_references(score: str) -> pd.DataFrame | None:
    """Return published means of a score, to set a cohort beside.

    Parameters
    ----------
    score : str
        ``<measure>.<score>``, for instance ``cd_risc.total``.

    Returns
    -------
    pandas.DataFrame or None
        Index ``sample``; columns mean and sd in points (NaN: not given). None
        when no published mean is known here.

    References
    ----------
    .. [1] Davidson JRT (2018). Connor-Davidson Resilience Scale (CD-RISC)
       manual. Unpublished, www.cd-risc.com

    Examples
    --------
    >>> list_references("cd_risc.total").loc["US adults (n=458)", "mean"]
    np.float64(80.4)
    """
    if score not in REFERENCES:
        return None
    return pd.DataFrame(REFERENCES[score], columns=["sample", "mean", "sd"]).set_index("sample")


def read_answers(items: pd.DataFrame, scale: Scale) -> pd.DataFrame:
    """Return the items of a scale as numbers, or say what is wrong with them.

    Parameters
    ----------
    items : pandas.DataFrame
        Index ``participant_id``; at least the columns of ``scale.items``.
    scale : Scale
        Items and allowed answers.

    Returns
    -------
    pandas.DataFrame of shape (n_participants, n_items)
        Floats, NaN when blank, columns in the order of the scale.

    Raises
    ------
    ValueError
        A missing column, or an answer outside the scale.
    """
    if absent := [name for name in scale.items if name not in items]:
        raise ValueError(
            f"{scale.label} needs {len(scale.items)} item columns; found {len(scale.items) - len(absent)}, "
            f"without {name_some(absent)}. Name the columns {scale.items[0]} to {scale.items[-1]}, one per item; "
            f"leave an unanswered item blank (n/a)."
        )
    raw = items[list(scale.items)]
    answers = raw.apply(pd.to_numeric, errors="coerce").astype(float)
    outside = raw.notna() & ~answers.isin(range(scale.lowest, scale.highest + 1))
    if outside.to_numpy().any():
        raise ValueError(_describe_outside(raw, outside, scale))
    return answers


def reverse_code(answers: pd.DataFrame, scale: Scale) -> pd.DataFrame:
    """Turn the reversed items of a scale, so that a high answer means a high score on all of them.

    Parameters
    ----------
    answers : pandas.DataFrame
        From :func:`read_answers`.
    scale : Scale

    Returns
    -------
    pandas.DataFrame
        A copy; the lowest answer to a reversed item has become the highest.
    """
    turned = {name: scale.lowest + scale.highest - answers[name] for name in scale.reversed}
    return answers.assign(**turned)


def _describe_outside(raw: pd.DataFrame, outside: pd.DataFrame, scale: Scale) -> str:
    row, column = np.argwhere(outside.to_numpy())[0]
    answer = raw.iloc[row, column]
    shown = f"'{answer}'" if isinstance(answer, str) else f"{answer:g}"
    found = pd.to_numeric(pd.Series(raw.to_numpy()[outside.to_numpy()]), errors="coerce")
    return (
        f"{raw.index[row]} answered {shown} to {raw.columns[column]}; {scale.label} answers are "
        f"{scale.lowest} to {scale.highest}. {_guess_slip(found, scale)} "
        f"({len(found)} answers are out of range in all)."
    )


def _guess_slip(found: pd.Series, scale: Scale) -> str:
    if (found == scale.highest + 1).all():
        return f"If your form counts {scale.lowest + 1} to {scale.highest + 1}, subtract 1 before scoring"
    if (found == scale.lowest - 1).all():
        return f"If your form counts {scale.lowest - 1} to {scale.highest - 1}, add 1 before scoring"
    return "Correct the answer, or write n/a when it is unknown"
