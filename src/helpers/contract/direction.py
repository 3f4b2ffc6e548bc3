"""Items that run against their scale: reversed items that were turned before, or were never meant to be."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.contract.files import Reader
from helpers.contract.questionnaires import Questionnaire
from helpers.contract.schema import list_items, read_schema
from helpers.problems import count, name_some

FEWEST_PEOPLE = 20
FEWEST_ITEMS = 4
WHOLE = ("total", "mean")
AGAINST, ERRORS = (
    0.2,
    3,
)  # an item runs against its scale from this negative item-total correlation, and this many errors
MOSTLY = 0.5
TINY = 1e-9  # of what does not vary, the arithmetic leaves less


def correlate_with_rest(answers: pd.DataFrame) -> pd.Series:
    """Return the corrected item-total correlation: each item with the mean of the other items.

    Parameters
    ----------
    answers : pandas.DataFrame of shape (n_participants, n_items)
        Reversed items turned; NaN where not answered.

    Returns
    -------
    pandas.Series
        Index item; NaN for an item without spread.

    Examples
    --------
    >>> answers = pd.DataFrame({"a": [1, 2, 3], "b": [1, 2, 3], "c": [3, 2, 1]})
    >>> correlate_with_rest(answers)["c"]
    np.float64(-1.0)
    """
    values = answers.to_numpy(float)
    known = ~np.isnan(values)
    item = np.where(known, values, 0.0)
    n_rest = known.sum(axis=1, keepdims=True) - known
    known &= n_rest > 0
    rest = (item.sum(axis=1, keepdims=True) - item) / n_rest.clip(min=1)
    n = known.sum(axis=0).clip(min=1)
    item, rest = (np.where(known, own - (own * known).sum(axis=0) / n, 0.0) for own in (item, rest))
    length = np.sqrt((item**2).sum(axis=0) * (rest**2).sum(axis=0))
    varies = (known.sum(axis=0) > 2) & (length > TINY)
    return pd.Series(
        np.where(varies, (item * rest).sum(axis=0) / np.where(varies, length, 1.0), np.nan), answers.columns
    )


def check_direction(
    reader: Reader, file: str, measure: str, table: pd.DataFrame, own: Questionnaire | None = None
) -> None:
    """Warn of reversed items that run against the others after they are turned: they were turned before.

    Judged on 20 participants or more, in questionnaires with reversed items and four items in all; random answers
    correlate with nothing, and pass.

    Parameters
    ----------
    reader : Reader
    file : str
    measure : str
    table : pandas.DataFrame
        Items as floats.
    own : Questionnaire, optional
        Rules of a questionnaire that the contract does not score itself. Without a total its subscales are judged one by one:
        they may be opposites.
    """
    rules, items = read_schema()["phenotype"]["measures"].get(measure, {}), list_items(measure)
    turned = [rules["items"].format(number) for number in rules.get("reversed", ())]
    scales, ends = [items], rules.get("range", (0, 0))
    if own is not None:
        turned, ends = list(own.reversed), (own.low, own.high)
        whole = next((own.scores[name] for name in WHOLE if name in own.scores), None)
        scales = [list(whole)] if whole else [list(scale) for scale in own.scores.values()]
    for scale in scales:
        if len(scale) < FEWEST_ITEMS or not set(scale) <= set(table) or len(table) < FEWEST_PEOPLE:
            continue
        answers = table[scale].astype(float)
        if _check_scale(reader, file, answers, [name for name in turned if name in scale], ends):
            return


def _check_scale(
    reader: Reader, file: str, answers: pd.DataFrame, turned: list[str], ends: tuple[float, float]
) -> bool:
    """Warn of items that run against one scale; return whether there are any."""
    low, high = ends
    answers = answers.assign(**{name: low + high - answers[name] for name in turned})
    least = -max(AGAINST, ERRORS / np.sqrt(len(answers)))
    straight = answers.drop(columns=turned)
    of_turned = answers[turned].corrwith(straight.mean(axis=1)) < least
    others = correlate_with_rest(straight) < least
    if turned and of_turned.mean() > MOSTLY:
        reader.report(
            file,
            f"{name_some(of_turned.index[of_turned])} run against the other items once they are turned",
            f"{name_some(turned)} as answered, not turned round",
            "give the answers as ticked on the form, if these items were turned before; else look whether their columns were swapped.",
            severity="warning",
        )
        return True
    if turned or others.sum() != 1:
        return False
    name = others.index[others][0]
    reader.report(
        file,
        f"an item that runs against the other {count(answers.shape[1] - 1, 'item')}",
        "items that go together",
        "look whether this item was turned round, or its column swapped with another.",
        column=name,
        severity="warning",
    )
    return True
