"""Who is in which group, who is left out and why, and what every contrast is adjusted for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers.contract import (
    RESILIENCE_MEASURES,
    Cohort,
    ColumnRule,
    MeasureRule,
    NumberRule,
    OutcomeRule,
    is_continuous,
)
from helpers.designs import add_clusters, find_clusters
from helpers.problems import TooLittle, count, name_some
from helpers.wording import as_code, as_text, hide_small, tell_part

FEWEST_SCORED = 10


def assign_groups(cohort: Cohort, scores: pd.Series | None = None) -> pd.DataFrame:
    """Put everyone into the high or the low group by the rule of ``cohort.yml``.

    Parameters
    ----------
    cohort : Cohort
    scores : pandas.Series, optional
        Score of the questionnaire that the rule names, index ``participant_id``; NaN where it could not be
        scored. Not needed when the rule is a column of ``participants.tsv``. Where the rule has two cuts, or takes the
        terciles, those between have a score and no group; where it has no cut, nobody has one.

    Returns
    -------
    pandas.DataFrame of shape (n_participants, 3)
        Index ``participant_id``; ``score`` (NaN without a questionnaire), ``group`` (high, low, or missing) and
        ``reason`` (why somebody is in neither group; missing for the others).

    Raises
    ------
    ValueError
        When the rule needs scores and none are given.
    """
    rule = cohort.settings.outcome
    ids = cohort.participants.index
    if isinstance(rule, ColumnRule):
        labels = cohort.participants[rule.column].astype("str")
        high, low = labels.isin(rule.high), labels.isin(rule.low)
        reason = labels.map(lambda label: f"{rule.column} is {label}", na_action="ignore").fillna(
            f"{rule.column} is missing"
        )
        score = pd.Series(np.nan, index=ids)
    elif isinstance(rule, MeasureRule) and scores is None:
        raise ValueError(f"The outcome rule ({rule}) needs the scores of {rule.measure}: pass them as `scores`.")
    else:
        is_column = isinstance(rule, NumberRule)
        score = (cohort.participants[rule.column] if is_column else scores.reindex(ids)).astype(float)
        lacking = f"{rule.column} is missing" if is_column else f"{rule.measure} could not be scored"
        if rule.continuous:
            reason = pd.Series(np.where(score.isna(), lacking, None), index=ids, dtype=object)
            return pd.DataFrame(
                {"score": score, "group": pd.Series(None, ids, dtype=object), "reason": reason}, index=ids
            )
        rule = rule.with_cuts(score)
        high, low = score >= rule.high_at_least, score < rule.low_end
        reason = pd.Series(np.where(score.isna(), lacking, tell_middle(rule)), index=ids)
    group = pd.Series(np.where(high, "high", np.where(low, "low", None)), index=ids, dtype=object)
    return pd.DataFrame({"score": score, "group": group, "reason": reason.where(~(high | low))}, index=ids)


def tell_middle(rule: MeasureRule | NumberRule) -> str:
    """Return why somebody with a score is in neither group.

    Examples
    --------
    >>> tell_middle(NumberRule("happiness", 5.0, 3.0))
    'happiness from 3 to below 5, between the groups'
    """
    name = rule.column if isinstance(rule, NumberRule) else f"{rule.measure} {rule.score}"
    return f"{name} from {rule.low_end:g} to below {rule.high_at_least:g}, between the groups"


def is_data_driven(rule: OutcomeRule) -> bool:
    """Return whether the groups of a rule depend on who happens to be in the sample.

    Examples
    --------
    >>> is_data_driven(NumberRule("happiness", terciles=True)), is_data_driven(NumberRule("happiness", 5.0))
    (True, False)
    """
    return getattr(rule, "terciles", False)


def tell_data_driven(rule: OutcomeRule) -> str:
    """Return the caution that belongs to groups made by the sample itself."""
    name = as_code(rule.column) if isinstance(rule, NumberRule) else f"{as_code(rule.measure)} {as_text(rule.score)}"
    return (
        f"**These groups are data-driven**: the cuts are the terciles of {name} in this very sample, so *high* and *low* mean "
        "something else in any other, groups of two studies cannot be compared, and extreme groups make differences look larger than "
        "they are among everybody."
    )


def design_matrix(cohort: Cohort, groups: pd.DataFrame, covariates: Sequence[str] | None = None) -> pd.DataFrame:
    """Build the design that every contrast shares: the group, the covariates, the batch.

    Parameters
    ----------
    cohort : Cohort
    groups : pandas.DataFrame
        From `assign_groups`, or read back from ``01_cohort/groups.tsv``.
    covariates : sequence of str, optional
        Columns of the participants; by default those of ``cohort.yml``. The batch is always added.

    Returns
    -------
    pandas.DataFrame of shape (n_designed, n_terms)
        Index ``participant_id``: people in a group and without a missing covariate. ``group`` is 1 for high and
        0 for low, or, where the outcome has no cut, the score of everybody in standard deviations; numbers are centred; text, and the batch whether text or number, becomes one 0/1 column per
        level but the commonest. A covariate that does not vary among these people is left out, as it can adjust
        for nothing. Where ``cohort.yml`` names a cluster the design carries it (:func:`helpers.designs.add_clusters`), so that every
        test takes it from there.

    Raises
    ------
    ValueError
        When fewer than two people are left in a group.
    """
    names = list(cohort.settings.covariates if covariates is None else covariates)
    names += [cohort.settings.batch] if cohort.settings.batch and cohort.settings.batch not in names else []
    is_whole = is_continuous(cohort.settings.outcome)
    in_group = groups.index[groups["score" if is_whole else "group"].notna()]
    known = cohort.participants.loc[cohort.participants.index.isin(in_group), names].dropna()
    tested = groups.loc[known.index, "score"].astype(float) if is_whole else groups.loc[known.index, "group"] == "high"
    scaled = (tested - tested.mean()) / tested.std() if is_whole else tested.astype(float)
    terms = [scaled.rename("group").to_frame()]
    design = add_clusters(pd.concat([*terms, code_terms(cohort, known.index, names)], axis=1), cohort.clusters)
    if is_whole:
        if len(design) < FEWEST_SCORED or tested.nunique() < 2:
            raise TooLittle(
                f"Only {hide_small(len(design))} participants have a score and all of {name_some(names)}: too few for a slope."
            )
        return design
    sizes = design["group"].value_counts()
    if min(sizes.get(1.0, 0), sizes.get(0.0, 0)) < 2:
        raise TooLittle(
            f"Only {hide_small(int(sizes.get(1.0, 0)))} in the high and {hide_small(int(sizes.get(0.0, 0)))} in the low "
            f"group have all of {name_some(names)}: too few to compare. Leave a covariate with many blanks out of cohort.yml."
        )
    return design


def design_of_scores(cohort: Cohort, groups: pd.DataFrame) -> pd.DataFrame:
    """Build the covariates of everybody with a score, those between the groups too: for what follows the score as it is.

    Parameters
    ----------
    cohort : Cohort
    groups : pandas.DataFrame
        From `assign_groups`.

    Returns
    -------
    pandas.DataFrame of shape (n_scored, n_covariates)
        Coded as by `design_matrix`, without the group; nobody with a missing covariate is in it.
    """
    return design_matrix(cohort, keep_scored(groups)).drop(columns="group")


def keep_scored(groups: pd.DataFrame) -> pd.DataFrame:
    """Return the groups with everybody who has a score in one: ``between`` those who are in neither.

    Examples
    --------
    >>> keep_scored(pd.DataFrame({"score": [9.0, 5.0, np.nan], "group": ["high", None, None]}))["group"].dropna().tolist()
    ['high', 'between']
    """
    is_between = groups["group"].isna() & groups["score"].notna()
    return groups.assign(group=groups["group"].mask(is_between, "between"))


def name_score(rule: OutcomeRule) -> str:
    """Return how to call the score that makes the groups.

    Examples
    --------
    >>> name_score(MeasureRule("brs", "mean", 4.3)), name_score(MeasureRule("hads", "depression", 8))
    ('resilience score', 'hads depression')
    """
    if isinstance(rule, MeasureRule):
        return "resilience score" if rule.measure in RESILIENCE_MEASURES else f"{rule.measure} {rule.score}"
    return rule.column


def code_terms(cohort: Cohort, people: pd.Index, names: Sequence[str]) -> pd.DataFrame:
    """Code columns of the participants as numbers; blanks stay blank, in all columns of a label.

    Parameters
    ----------
    cohort : Cohort
    people : pandas.Index
    names : sequence of str

    Returns
    -------
    pandas.DataFrame of shape (n_people, n_terms)
        Numbers centred; text, and the batch, one 0/1 column per level but the commonest. A column that does not vary is left out.
    """
    columns = cohort.participants.loc[people, list(names)]
    terms = [
        _code(columns[name], is_label=name == cohort.settings.batch)
        for name in names
        if len(columns[name].dropna().unique()) > 1
    ]
    return pd.concat(terms, axis=1) if terms else pd.DataFrame(index=people)


def describe_design(cohort: Cohort, groups: pd.DataFrame, design: pd.DataFrame) -> str:
    """Return one sentence on what contrasts are adjusted for and who drops out because of it."""
    is_whole = is_continuous(cohort.settings.outcome)
    in_group = int(groups["score" if is_whole else "group"].notna().sum())
    lost = in_group - len(design)
    terms = list(cohort.settings.covariates) + ([cohort.settings.batch] if cohort.settings.batch else [])
    adjusted = f"adjusted for {', '.join(map(as_text, terms))}" if terms else "not adjusted for anything"
    small = cohort.settings.small_cell
    people = f"fewer than {small} people" if lost < small else count(lost, "person").replace("persons", "people")
    left_out = f"; {people} left out for a missing covariate" if lost else ""
    what, who = ("Slopes", "people with a score") if is_whole else ("Contrasts", "people in a group")
    people = f"{what} rest on {tell_part(len(design), in_group, small)} {who}, {adjusted}{left_out}."
    clusters = find_clusters(design)
    return people if clusters is None else f"{people} {describe_clusters(clusters, str(cohort.settings.cluster))}"


def describe_clusters(clusters: pd.Series, name: str) -> str:
    """Say how many clusters there are, and what every test does with them.

    Examples
    --------
    >>> describe_clusters(pd.Series(["f1", "f1", "f2"]), "family_id")[:45]
    'They are 2 clusters (`family_id`), 1 of them '
    """
    sizes = clusters.value_counts()
    return (
        f"They are {count(len(sizes), 'cluster')} ({as_code(name)}), {int((sizes > 1).sum())} of them of two members or more (up to "
        f"{sizes.max()}): members are not taken as independent. Standard errors are cluster-robust (CR2), permutations exchange whole clusters "
        "of equal size and members within a cluster, folds never part one, and methods that can do neither (ANCOM-BC, logistic regression of "
        "presence) are left out. Intervals of correlations (r) alone still take participants as independent, and may be too narrow."
    )


def _code(column: pd.Series, *, is_label: bool) -> pd.DataFrame:
    if pd.api.types.is_numeric_dtype(column) and not is_label:
        return (column - column.mean()).astype(float).to_frame()
    levels = column.dropna().astype("str")
    commonest = levels.value_counts().sort_index().idxmax()
    dummies = pd.get_dummies(levels, prefix=column.name, prefix_sep=": ", dtype=float)
    return dummies.drop(columns=f"{column.name}: {commonest}").reindex(column.index)
