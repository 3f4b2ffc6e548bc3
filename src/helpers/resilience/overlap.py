"""Warn where an outcome and what is set beside it ask about the same things."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import pandas as pd

from helpers.wording import as_text

KINDS = ("same items", "same trait", "alike")


def find_overlaps(measure: str, others: Collection[str], overlaps: Sequence[Mapping]) -> pd.DataFrame:
    """Return which questionnaires overlap with the one that makes the groups.

    Parameters
    ----------
    measure : str
        The questionnaire of the outcome rule, for instance ``cd_risc``.
    others : collection of str
        Questionnaires that are set beside it, or stand in a block.
    overlaps : sequence of mapping
        Entries with measures, kind and why: ``helpers.contract.read_overlaps()``.

    Returns
    -------
    pandas.DataFrame
        Index ``measure``; columns kind (same items, same trait or alike) and why; the closest kind first.

    Examples
    --------
    >>> known = [{"measures": ["brs", "pss"], "kind": "alike", "why": "both ask how one copes"}]
    >>> find_overlaps("brs", ["pss", "ffmq"], known).loc["pss", "kind"]
    'alike'
    """
    rows = {}
    for entry in sorted(overlaps, key=lambda entry: KINDS.index(entry["kind"])):
        if measure in entry["measures"]:
            for other in (name for name in entry["measures"] if name in others and name != measure):
                rows.setdefault(other, (entry["kind"], entry["why"]))
    return pd.DataFrame.from_dict(rows, orient="index", columns=["kind", "why"]).rename_axis("measure")


def describe_overlaps(measure: str, overlaps: pd.DataFrame, *, names: Mapping[str, str] | None = None) -> str:
    """Warn in words, or say that no overlap is declared.

    Parameters
    ----------
    measure : str
    overlaps : pandas.DataFrame
        From :func:`find_overlaps`.
    names : mapping of str to str, optional
        What to call questionnaires; by default their file names in capitals.

    Returns
    -------
    str
        Begins with **Circular** where items are shared or alike.
    """
    called = {
        name: as_text((names or {}).get(name, name.upper().replace("_", "-"))) for name in (measure, *overlaps.index)
    }
    if overlaps.empty:
        return f"No questionnaire here is known to share items with {called[measure]}; all are self-report nonetheless."
    said = {
        "same items": "shares items with it and cannot be tested against it",
        "same trait": "measures the same trait and ought to agree",
        "alike": "asks about things much alike",
    }
    parts = [
        f"{called[name]} {said[row.kind]} ({as_text(row.why)})"
        for name, row in zip(overlaps.index, overlaps.itertuples(), strict=True)
    ]
    return f"**Circular in part.** The groups come from {called[measure]}. {'; '.join(parts)}."
