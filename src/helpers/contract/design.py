"""What ``cohort.yml`` asks of the data: columns that are there, two groups, covariates and a batch that can be told apart."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from helpers.contract.cell_errors import suggest
from helpers.contract.clusters import check_clusters
from helpers.contract.files import Reader, replace_columns
from helpers.contract.outcome import ColumnRule, MeasureRule, NumberRule
from helpers.contract.schema import list_items, list_measures, read_schema
from helpers.contract.settings import FILE, Settings
from helpers.least import read_least
from helpers.problems import count, name_some, quote

MIN_GROUP = read_least()["contrast"].per_group
MOST_MISSING = 0.2
MOST_LEVELS = 0.5
STRONG_ASSOCIATION = 0.8
FEWEST_VALUES = 3  # of a score without a cut; two are groups


def check_settings(
    reader: Reader, settings: Settings, participants: pd.DataFrame, phenotype: Mapping[str, pd.DataFrame]
) -> None:
    """Report settings that the data cannot meet: absent columns, groups too small, a design that cannot be solved.

    Parameters
    ----------
    reader : Reader
    settings : Settings
    participants : pandas.DataFrame
        Index ``participant_id``.
    phenotype : mapping of str to pandas.DataFrame
        By questionnaire.
    """
    absent = _check_columns_exist(reader, settings, participants)
    if settings.cluster and settings.cluster not in absent:
        check_clusters(reader, settings, participants)
    groups = find_groups(reader, settings, participants, phenotype)
    names = [name for name in dict.fromkeys((*settings.covariates, settings.batch)) if name and name not in absent]
    people = read_schema()["participants"]["file"]
    names = [name for name in names if not _has_error(reader, people, name)]
    coded = replace_columns(participants, _label_batch(settings, participants))
    usable = [name for name in names if _check_covariate(reader, settings, name, coded[name])]
    if settings.batch in usable:
        _check_batch(reader, settings, coded[settings.batch])
    _check_design(reader, settings, coded[usable], groups)


def _label_batch(settings: Settings, participants: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the batch as labels: numbers of studies are names, not amounts."""
    return {name: participants[name].astype("str") for name in participants.columns if name == settings.batch}


def _has_error(reader: Reader, file: str, column: str | None = None) -> bool:
    """Return whether a file, or one column of it, is refused already: what follows from that is not said again."""
    errors = [problem for problem in reader.problems if problem.severity == "error" and problem.file == file]
    return any(column in (None, problem.column) for problem in errors)


def _report(reader: Reader, key: str, found: str, expected: str, fix: str, *, severity: str = "error") -> None:
    reader.report(FILE, found, expected, fix, column=key, severity=severity)


def _check_columns_exist(reader: Reader, settings: Settings, participants: pd.DataFrame) -> set[str]:
    wanted = [("covariates", name) for name in settings.covariates]
    wanted += [(key, name) for key, name in (("batch", settings.batch), ("cluster", settings.cluster)) if name]
    is_column = isinstance(settings.outcome, ColumnRule | NumberRule)
    wanted += [("outcome", settings.outcome.column)] if is_column else []
    absent = [(key, name) for key, name in wanted if name not in participants.columns]
    for key, name in absent:
        meant = suggest(name, participants.columns)
        expected = f"a column of participants.tsv ({name_some(participants.columns)})"
        fix = (
            f"write {meant}, if that is meant, or add the column." if meant else "correct the name, or add the column."
        )
        _report(reader, key, f"{key} names {quote(name)}", expected, fix)
    return {name for _, name in absent}


def find_groups(
    reader: Reader, settings: Settings, participants: pd.DataFrame, phenotype: Mapping[str, pd.DataFrame]
) -> pd.Series | None:
    """Return who is high (True) and low (False) by the outcome rule, after reporting why the rule cannot hold.

    Returns
    -------
    pandas.Series or None
        People in a group, index ``participant_id``; None when the groups are not known.
    """
    rule = settings.outcome
    if isinstance(rule, ColumnRule):
        if rule.column not in participants.columns:
            return None
        labels = participants[rule.column].astype("str")
        sides = {side: labels.isin(getattr(rule, side)) for side in ("high", "low")}
        for side, is_in in sides.items():
            if is_in.sum() < MIN_GROUP:
                wanted = f"with {rule.column} {' or '.join(getattr(rule, side))}"
                there = name_some(labels.dropna().unique())
                fix = f"use labels that stand in that column ({there})."
                if is_in.any():
                    fix = (
                        f"fewer cannot be compared: add participants, or choose larger groups (labels there: {there})."
                    )
                _report_small(reader, side, int(is_in.sum()), wanted, fix)
        return sides["high"][sides["high"] | sides["low"]]
    if isinstance(rule, NumberRule):
        score, name = _find_numbers(reader, rule, participants), rule.column
    else:
        score, name = _find_score(reader, rule, phenotype), f"{rule.measure} {rule.score}"
        score = None if _has_error(reader, f"phenotype/{rule.measure}.tsv") else score
    if score is None:
        return None
    score = score[score.notna() & score.index.isin(participants.index)]
    if rule.continuous:
        if len(score) < 2 * MIN_GROUP or score.nunique() < FEWEST_VALUES:
            found = f"{count(len(score), 'person')} with a {name}, of {count(score.nunique(), 'value')}"
            expected = f"{2 * MIN_GROUP} or more, with {FEWEST_VALUES} values or more, for continuous: true"
            _report(
                reader, "outcome", found, expected, "add participants, or compare groups (high_at_least, or labels)."
            )
        return None
    rule = rule.with_cuts(score)
    if rule.low_end is None:
        _report_small(reader, "high", 0, f"with a {name}", "fill it, or change outcome in cohort.yml.")
        return None
    sides = {"high": score >= rule.high_at_least, "low": score < rule.low_end}
    for side, is_in in sides.items():
        if is_in.sum() < MIN_GROUP:
            what = f"of {rule.high_at_least:g} or more" if side == "high" else f"below {rule.low_end:g}"
            fix = f"check the cut and the coding of the answers (scores run from {score.min():g} to {score.max():g})."
            _report_small(reader, side, int(is_in.sum()), f"with {name} {what}", fix)
    return sides["high"][sides["high"] | sides["low"]]


def _find_numbers(reader: Reader, rule: NumberRule, participants: pd.DataFrame) -> pd.Series | None:
    """Return the column that the outcome rule cuts, after reporting that it holds no numbers."""
    if rule.column not in participants.columns or _has_error(reader, "participants.tsv", rule.column):
        return None
    cells = participants[rule.column]
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return cells
    found = f"a cut on {rule.column}, which holds labels ({name_some(cells.dropna().unique())})"
    fix = f"write {{column: {rule.column}, high: [...], low: [...]}} with these labels, or name a column of numbers."
    _report(reader, "outcome", found, "a column of numbers", fix)
    return None


def _report_small(reader: Reader, side: str, n: int, what: str, fix: str) -> None:
    _report(reader, "outcome", f"{count(n, 'person')} {what}", f"at least {MIN_GROUP} in group {side}", fix)


def _find_score(reader: Reader, rule: MeasureRule, phenotype: Mapping[str, pd.DataFrame]) -> pd.Series | None:
    """Return the score that the outcome rule names, after reporting a measure, score or cut that cannot be."""
    known = read_schema()["phenotype"]["measures"].get(rule.measure, {})
    file = known.get("file", f"phenotype/{rule.measure}.tsv")
    if rule.measure not in phenotype:
        _report_absent_measure(reader, rule, file, [] if known else [*phenotype, *list_measures()])
        return None
    table, items, totals = phenotype[rule.measure], list_items(rule.measure), known.get("totals", {})
    has_items = bool(items) and set(items) <= set(table.columns)
    if rule.score not in table.columns and not has_items:
        expected = f"the items {name_some(items[:2])} … or {rule.score}" if items else f"a column {rule.score}"
        fix = "add the items, or the scored column, or change outcome in cohort.yml."
        fix = _suggest_score(rule, table.columns) + fix
        reader.report(file, f"neither the items nor a column {rule.score}", expected, fix, line=1)
        return None
    if has_items and rule.score not in totals:
        found, expected = f"the score {quote(rule.score)}", f"a score of {rule.measure} ({name_some(totals)})"
        _report(reader, "outcome", found, expected, _suggest_score(rule, totals) + "name one of them.")
        return None
    low, high = totals.get(rule.score, (-np.inf, np.inf))
    outside = [cut for cut in (rule.high_at_least, rule.low_below) if cut is not None and not low < cut <= high]
    if outside:
        found, expected = f"a cut at {outside[0]:g}", f"above {low:g}, at most {high:g}"
        _report(reader, "outcome", found, expected, f"write a cut within the range of {rule.measure} {rule.score}.")
        return None
    return estimate_score(rule.measure, rule.score, table)


def _report_absent_measure(reader: Reader, rule: MeasureRule, file: str, others: list[str]) -> None:
    if _has_error(reader, file):
        return
    meant = suggest(rule.measure, others)
    fix = "add it, or change outcome in cohort.yml."
    fix = f"write {meant} in cohort.yml, if that is meant; else {fix}" if meant else fix
    reader.report(file, "no such file", f"the answers the outcome rule needs ({rule.measure} {rule.score})", fix)


def _suggest_score(rule: MeasureRule, names: list[str] | Mapping[str, object] | pd.Index) -> str:
    meant = suggest(rule.score, list(names))
    return f"write {meant} in cohort.yml, if that is meant; else " if meant else ""


def estimate_score(measure: str, score: str, table: pd.DataFrame) -> pd.Series | None:
    """Return the score of each person as far as group sizes need it: the own mean of the answers, or their sum.

    Parameters
    ----------
    measure, score : str
        ``total`` is the mean answer times the number of items, ``mean`` the mean answer; reversed items turned.
    table : pandas.DataFrame
        Index ``participant_id``; items, or the scored column.

    Returns
    -------
    pandas.Series or None
        NaN with fewer answers than the schema's ``min_answered``; None for a score that the schema gives no rule for.
        Chapters score with `helpers.resilience`; a test holds both alike.

    Examples
    --------
    >>> answers = pd.DataFrame(3.0, index=["sub-01"], columns=list_items("cd_risc"))
    >>> float(estimate_score("cd_risc", "total", answers).iloc[0])
    75.0
    """
    rules, items = read_schema()["phenotype"]["measures"].get(measure, {}), list_items(measure)
    if not set(items) & set(table.columns):
        return table[score] if score in table.columns and pd.api.types.is_numeric_dtype(table[score].dtype) else None
    if score not in ("total", "mean") or "min_answered" not in rules or not set(items) <= set(table.columns):
        return None
    low, high = rules["range"]
    turned = {
        rules["items"].format(number): low + high - table[rules["items"].format(number)]
        for number in rules.get("reversed", ())
    }
    answers = table[items].assign(**turned).astype(float)
    means = answers.mean(axis=1).where(answers.notna().sum(axis=1) >= rules["min_answered"])
    return means * len(items) if score == "total" else means


def _check_covariate(reader: Reader, settings: Settings, name: str, cells: pd.Series) -> bool:
    """Report a covariate that cannot adjust for anything; return whether it can enter a design."""
    key, known = "batch" if name == settings.batch else "covariates", cells.dropna()
    if known.empty:
        _report(reader, key, f"{name}, unknown for everybody", "a column with values", "fill it, or leave it out.")
        return False
    n_missing = int(cells.isna().sum())
    if n_missing > MOST_MISSING * len(cells):
        found = f"{name}, unknown for {n_missing} of {count(len(cells), 'person')}"
        fix = f"leave it out, or know that {count(n_missing, 'person')} drop out of every adjusted contrast."
        _report(reader, key, found, f"known for at least {1 - MOST_MISSING:.0%}", fix, severity="warning")
    if len(known.unique()) == 1:
        found = f"{name}, the same for everybody ({quote(known.iloc[0])})"
        _report(reader, key, found, "a column that varies", "leave it out: it adjusts for nothing.", severity="warning")
        return False
    is_text = not pd.api.types.is_numeric_dtype(cells.dtype)
    if is_text and known.nunique() > MOST_LEVELS * len(known):
        found = f"{name}, {known.nunique()} different labels among {count(len(known), 'person')}"
        fix = "leave it out, or write numbers if it is a measurement."
        _report(reader, key, found, "a few labels, or numbers", fix)
        return False
    return True


def _check_batch(reader: Reader, settings: Settings, cells: pd.Series) -> None:
    if settings.batch in settings.covariates:
        found = f"{settings.batch} as batch and among the covariates"
        _report(reader, "covariates", found, "one of the two", "leave it to batch; it counts once.", severity="warning")
    sizes = cells.dropna().value_counts()
    single = [str(level) for level in sizes.index[sizes == 1]]
    if single:
        found = (
            f"{settings.batch} {name_some(single)} with 1 person each"
            if len(single) > 1
            else f"{settings.batch} {single[0]} with 1 person"
        )
        fix = "join small studies, or leave these people out: nobody can be compared within such a study."
        _report(reader, "batch", found, "two people or more per study", fix, severity="warning")


def _check_design(reader: Reader, settings: Settings, covariates: pd.DataFrame, groups: pd.Series | None) -> None:
    """Report covariates that say the same as others, or that give away the group."""
    known = covariates.dropna()
    known = known.loc[known.index.isin(groups.index)] if groups is not None else known
    names = [name for name in known if len(known[name].unique()) > 1]
    if not names or len(known) < MIN_GROUP:
        return
    coded, redundant = [], []
    for name in names:
        if _rank([*coded, _code(known[name])]) < _rank(coded) + _code(known[name]).shape[1]:
            redundant.append(name)
        else:
            coded.append(_code(known[name]))
    for name in redundant:
        others = [other for other in names if other not in redundant]
        key = "batch" if name == settings.batch else "covariates"
        found = f"{name}, which follows from {name_some(others)} wholly or in part"
        _report(
            reader, key, found, "covariates that say different things", "leave one of them out.", severity="warning"
        )
    if groups is not None:
        _check_confounding(reader, settings, known, groups.loc[known.index])


def _check_confounding(reader: Reader, settings: Settings, known: pd.DataFrame, groups: pd.Series) -> None:
    if groups.nunique() < 2:
        return
    group = groups.to_numpy(float)[:, None]
    alone = [name for name in known if _rank([_code(known[name]), group]) == _rank([_code(known[name])])]
    for name in alone:
        key = "batch" if name == settings.batch else "covariates"
        found = f"{name}, which gives away who is high and who is low"
        fix = f"leave it out: no contrast can be adjusted for it. Say with every result that {name} and group are one here, and cannot be told apart."
        _report(reader, key, found, "both groups in its levels", fix)
    everything = [_code(known[name]) for name in known]
    if not alone and _rank([*everything, group]) == _rank(everything):
        found = f"{name_some(known.columns)} together give away who is high and who is low"
        _report(
            reader,
            "covariates",
            found,
            "both groups whatever they are",
            "leave some of them out, and say which: what these do cannot be told from the group.",
        )
    if settings.batch in known and settings.batch not in alone:
        strength = cramers_v(known[settings.batch], groups)
        if strength > STRONG_ASSOCIATION:
            found = f"{settings.batch}, nearly the same as the group (Cramér's V {strength:.2f})"
            fix = "read every contrast with care: study and group can hardly be told apart."
            _report(reader, "batch", found, f"Cramér's V of {STRONG_ASSOCIATION:g} or less", fix, severity="warning")


def cramers_v(first: pd.Series, second: pd.Series) -> float:
    """Return Cramér's V of two columns of labels, from 0 (unrelated) to 1.

    Parameters
    ----------
    first, second : pandas.Series
        Of the same people in the same order; neither may be missing.

    References
    ----------
    .. [1] Cramér H (1946). Mathematical Methods of Statistics. Princeton University Press, section 21.9.

    Examples
    --------
    >>> cramers_v(pd.Series(list("aabb")), pd.Series(list("xxyy")))
    1.0
    """
    table = pd.crosstab(first.to_numpy(), second.to_numpy()).to_numpy(float)
    if min(table.shape) < 2:
        return 0.0
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    chi2 = ((table - expected) ** 2 / expected).sum()
    return float(np.sqrt(chi2 / (table.sum() * (min(table.shape) - 1))))


def _code(cells: pd.Series) -> np.ndarray:
    if pd.api.types.is_numeric_dtype(cells.dtype):
        numbers = cells.to_numpy(float)
        return ((numbers - numbers.mean()) / (numbers.std() or 1.0))[:, None]
    return pd.get_dummies(cells.astype("str"), drop_first=True, dtype=float).to_numpy()


def _rank(parts: list[np.ndarray]) -> int:
    """Return the rank of columns side by side, the constant included."""
    n = len(parts[0]) if parts else 1
    return int(np.linalg.matrix_rank(np.column_stack([np.ones(n), *parts])))
