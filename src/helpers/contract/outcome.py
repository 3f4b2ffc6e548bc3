"""The outcome rule of ``cohort.yml``: who counts as high and who as low."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self

import pandas as pd

from helpers.contract.cell_errors import suggest
from helpers.problems import quote

PLAIN = re.compile(r"\w[\w.-]{0,63}")
THIRD = 1 / 3
RESILIENCE_MEASURES = ("cd_risc", "cd_risc_10", "cd_risc_2", "brs")
MEASURE, COLUMN, CUTS = ("measure", "score"), ("column",), ("high_at_least", "low_below", "terciles", "continuous")
WHOLE = ("terciles", "continuous")  # settings that stand in place of a cut
FORMS = (
    "{measure: cd_risc, score: total, high_at_least: 82}, {column: happiness, high_at_least: 5} or "
    "{column: diagnosis, high: [HC], low: [MDD]}; a cut may be two (low_below: 70), or terciles: true; continuous: true makes no groups"
)
Report = Callable[..., None]


class _Cuts:
    """What rules on a number share: two cuts, which may be one, the terciles of the cohort, or no cut at all."""

    @property
    def low_end(self) -> float | None:
        """Below it is low; None as long as the terciles are not found."""
        return self.high_at_least if self.low_below is None else self.low_below

    @property
    def has_middle(self) -> bool:
        """Whether somebody may have a score and no group."""
        return self.terciles or self.low_end != self.high_at_least

    def with_cuts(self, scores: pd.Series) -> Self:
        """Return the rule with its cuts as numbers: the terciles of these scores where it asks for them.

        Parameters
        ----------
        scores : pandas.Series
            NaN where not scored.

        Examples
        --------
        >>> rule = MeasureRule("brs", "mean", terciles=True).with_cuts(pd.Series([1.0, 2, 3, 4, 5, 6, 7]))
        >>> rule.low_below, rule.high_at_least
        (3.0, 5.0)
        """
        if not self.terciles or not scores.notna().any():
            return self
        low, high = (round(float(scores.quantile(at)), 9) for at in (THIRD, 1 - THIRD))
        return replace(self, low_below=low, high_at_least=high)

    def tell_cuts(self) -> str:
        """Return in words from where a score is high and below what it is low."""
        if self.continuous:
            return "no cut: every analysis follows the score"
        if self.terciles:
            found = "" if self.low_end is None else f" ({self.high_at_least:g} or more; below {self.low_end:g})"
            return f"upper third of this cohort{found}; low: lower third"
        return f"{self.high_at_least:g} or more; low: below{f' {self.low_end:g}' if self.has_middle else ''}"


@dataclass(frozen=True)
class MeasureRule(_Cuts):
    """High from a cut upwards on a questionnaire's score, low below it, or below a second, lower cut.

    Attributes
    ----------
    measure, score : str
        For instance ``cd_risc`` and ``total``.
    high_at_least : float or None
        In points of the score; declared in advance. None as long as terciles are not found.
    low_below : float or None
        In points; None: the same as ``high_at_least``. Those between have a score and no group.
    terciles : bool
        The cuts are the terciles of the cohort itself.
    continuous : bool
        There is no cut and there are no groups: every analysis follows the score.
    """

    measure: str
    score: str
    high_at_least: float | None = None
    low_below: float | None = None
    terciles: bool = False
    continuous: bool = False

    def __str__(self) -> str:
        name = f"{self.measure} {self.score}"
        return f"{name}, {self.tell_cuts()}" if self.continuous else f"high: {name} of {self.tell_cuts()}"


@dataclass(frozen=True)
class NumberRule(_Cuts):
    """The same on a column of numbers of ``participants.tsv``."""

    column: str
    high_at_least: float | None = None
    low_below: float | None = None
    terciles: bool = False
    continuous: bool = False

    def __str__(self) -> str:
        return f"{self.column}, {self.tell_cuts()}" if self.continuous else f"high: {self.column} of {self.tell_cuts()}"


@dataclass(frozen=True)
class ColumnRule:
    """High and low by labels in a column of ``participants.tsv``; other labels are in neither group."""

    column: str
    high: tuple[str, ...]
    low: tuple[str, ...]

    def __str__(self) -> str:
        return f"high: {self.column} is {' or '.join(self.high)}; low: {' or '.join(self.low)}"


OutcomeRule = MeasureRule | NumberRule | ColumnRule


def is_continuous(rule: OutcomeRule) -> bool:
    """Return whether a rule makes no groups.

    Examples
    --------
    >>> is_continuous(MeasureRule("brs", "mean", continuous=True)), is_continuous(ColumnRule("diagnosis", ("HC",), ("MDD",)))
    (True, False)
    """
    return getattr(rule, "continuous", False)


def is_about_resilience(rule: OutcomeRule) -> bool:
    """Return whether a rule reads a questionnaire of resilience.

    Examples
    --------
    >>> is_about_resilience(MeasureRule("brs", "mean", 4.3)), is_about_resilience(NumberRule("happiness", 5.0))
    (True, False)
    """
    return isinstance(rule, MeasureRule) and rule.measure in RESILIENCE_MEASURES


def read_outcome(outcome: Any, report: Report) -> OutcomeRule | None:
    """Return the outcome rule that ``cohort.yml`` declares, after reporting all that cannot hold in it.

    Parameters
    ----------
    outcome : object
        The value of ``outcome``.
    report : callable
        Key, what was found, what was expected, fix.

    Returns
    -------
    MeasureRule, NumberRule, ColumnRule or None
    """
    if not isinstance(outcome, dict):
        report("outcome", repr(outcome), FORMS, "write one of these forms.")
        return None
    keys = set(map(str, outcome))
    if keys == {"column", "high", "low"}:
        return _read_labels(outcome, report)
    names = COLUMN if "column" in keys else MEASURE
    unknown = sorted(keys - {*names, *CUTS})
    if unknown or not set(names) <= keys or not keys & {"high_at_least", *WHOLE}:
        meant = suggest(unknown[0], [key for key in (*names, *CUTS) if key not in keys]) if unknown else None
        fix = f"write {meant} in place of {unknown[0]}." if meant else "write one of these forms."
        report("outcome", repr(outcome), FORMS, fix)
        return None
    is_named = _check_named(outcome, names, report)
    cuts = _read_cuts(outcome, report)
    if cuts is None or not is_named:
        return None
    rule = NumberRule if names == COLUMN else MeasureRule
    return rule(*[str(outcome[name]) for name in names], **cuts)


def _check_named(outcome: dict, names: tuple[str, ...], report: Report) -> bool:
    if names == COLUMN:
        return True  # a column of participants.tsv may be called anything; whether it is there is asked later
    bad = [key for key in names if not PLAIN.fullmatch(str(outcome[key]))]
    if bad:
        found = f"{bad[0]}: {quote(outcome[bad[0]])}"
        fix = "write the name of a questionnaire, such as cd_risc; files are looked for in phenotype/ alone."
        report("outcome", found, "a name of letters, digits, _, . and -, at most 64", fix)
    return not bad


def _read_cuts(outcome: dict, report: Report) -> dict[str, Any] | None:
    if declared := [key for key in WHOLE if key in outcome]:
        key, both = declared[0], sorted({*CUTS, *WHOLE} & set(outcome) - {declared[0]})
        if outcome[key] is True and not both:
            return {key: True}
        found = f"{key} and {' and '.join(both)}" if both else repr(outcome[key])
        fix = f"keep the cuts declared in advance, or {key}: true alone."
        report(f"outcome.{key}", found, "true, without a cut", fix)
        return None
    cuts = {key: outcome[key] for key in ("high_at_least", "low_below") if key in outcome}
    bad = [key for key, cut in cuts.items() if not is_number(cut)]
    for key in bad:
        report(f"outcome.{key}", repr(cuts[key]), "a number of points", "write the cut declared in advance, e.g. 82.")
    if bad:
        return None
    if cuts.get("low_below", -math.inf) > cuts["high_at_least"]:
        found = f"low_below: {cuts['low_below']:g} above high_at_least: {cuts['high_at_least']:g}"
        fix = "exchange the two, if that is meant: those between are in neither group."
        report("outcome.low_below", found, "low_below of high_at_least or less", fix)
        return None
    return {key: float(cut) for key, cut in cuts.items()}


def _read_labels(outcome: dict, report: Report) -> ColumnRule | None:
    groups = {side: _as_labels(outcome[side]) for side in ("high", "low")}
    both = set(groups["high"]) & set(groups["low"])
    if both:
        found = f"{', '.join(sorted(both))} in both groups"
        report("outcome", found, "different labels", "give each label to one group.")
        return None
    return ColumnRule(str(outcome["column"]), groups["high"], groups["low"])


def is_number(value: Any) -> bool:
    """Return whether a setting is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _as_labels(value: Any) -> tuple[str, ...]:
    return tuple(str(label) for label in (value if isinstance(value, list) else [value]))
