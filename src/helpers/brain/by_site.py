"""The same question asked otherwise: each study alone, and the score as it is instead of two groups."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers.brain.questions import Question
from helpers.comparisons import tell_agreement
from helpers.contrasts import COLUMNS, correlate_partial, fit_contrasts
from helpers.intervals import bound_correlation
from helpers.wording import as_text, hide_small, write_fixed

POOLED = "all studies"
MIN_PER_GROUP = 5
SPLIT, SCORE = "split into groups", "score as it is"


def compare_studies(questions: Sequence[Question], batch: pd.Series | None) -> pd.DataFrame:
    """Contrast the groups within each study, then in all people with the study as a covariate.

    Parameters
    ----------
    questions : sequence of Question
        From :func:`helpers.brain.list_questions`.
    batch : pandas.Series or None
        Study of each participant; None when there is one.

    Returns
    -------
    pandas.DataFrame
        Index ``feature`` such as ``emotion_regulation.volumes: study A``; the columns of
        :func:`helpers.contrasts.fit_contrasts` (q is blank: these are not many questions but one asked again), ``measure`` and
        ``study``. A study with fewer than five people of a group is left out. Within a study its own columns do not vary, and
        drop out.

    Examples
    --------
    >>> ids = [f"sub-{i:02d}" for i in range(24)]
    >>> design = pd.DataFrame({"group": [0.0, 1.0] * 12, "study: B": [0.0] * 12 + [1.0] * 12}, index=ids)
    >>> study = pd.Series(["A"] * 12 + ["B"] * 12, index=ids, name="study")
    >>> question = Question("x", pd.DataFrame({"x": np.arange(24.0) % 5}, index=ids), ("x",), False, design)
    >>> list(compare_studies([question], study).index)
    ['x: study A', 'x: study B', 'x: all studies']
    """
    tables = []
    for question in questions:
        score = question.summarise().dropna()
        for label, people in _list_studies(score.index, question.design, batch):
            terms = question.design.loc[people]
            varying = terms.max() > terms.min()
            row = fit_contrasts(score.loc[people].to_frame(), terms.loc[:, varying | (terms.columns == "group")])
            row = row.assign(q=np.nan, measure=question.name, study=label)
            tables.append(row.set_axis([f"{question.name}: {label}"]))
    empty = pd.DataFrame(columns=[*COLUMNS, "measure", "study"])
    return (pd.concat(tables) if tables else empty).rename_axis("feature")


def compare_split_with_score(questions: Sequence[Question], score: pd.Series) -> pd.DataFrame:
    """Correlate each question with the groups, and with the score they were cut from, given the same covariates.

    A cut throws away who is far from it and who is near. Both are told as partial correlations, so that they can be compared.

    Parameters
    ----------
    questions : sequence of Question
        From :func:`helpers.brain.list_questions`.
    score : pandas.Series
        Index ``participant_id``; people without a score are left out of both.

    Returns
    -------
    pandas.DataFrame of shape (2 * n_questions, 7)
        Columns ``measure``, ``asked`` (split or score), ``r`` (partial), ``r_low``, ``r_high`` (95 %, by Fisher z), ``p``, ``n``.

    Examples
    --------
    >>> ids = list("abcdef")
    >>> design = pd.DataFrame({"group": [0.0, 0, 0, 1, 1, 1]}, index=ids)
    >>> score = pd.Series([1.0, 2, 3, 4, 5, 6], index=ids)
    >>> question = Question("x", pd.DataFrame({"x": [2.0, 1, 4, 3, 6, 5]}, index=ids), ("x",), False, design)
    >>> compare_split_with_score([question], score)["r"].round(2).tolist()
    [0.68, 0.83]
    """
    rows = []
    for question in questions if score.notna().any() else ():
        known = question.design.index.intersection(score.dropna().index, sort=False)
        terms = question.design.loc[known]
        as_it_is = terms.drop(columns="group").assign(score=score.loc[known].astype(float))
        values = question.summarise().to_frame()
        for asked, used, tested in ((SPLIT, terms, "group"), (SCORE, as_it_is, "score")):
            p = fit_contrasts(values, used, tested=tested)["p"].iloc[0]
            found = correlate_partial(values, used, tested=tested).iloc[0]
            rows.append({"measure": question.name, "asked": asked, **_bound(found, n_terms=used.shape[1]), "p": p})
    return pd.DataFrame(rows, columns=["measure", "asked", "r", "r_low", "r_high", "p", "n"])


def describe_studies(table: pd.DataFrame) -> str:
    """Say for each measure the effect in every study and in all, and whether they point the same way.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`compare_studies`.
    """
    if table.empty:
        return "This cohort can answer none of the declared questions."
    sentences = []
    for name, rows in table.groupby("measure", sort=False):
        parts = [
            f"{write_fixed(row['d'])} ({write_fixed(row['d_low'])} to {write_fixed(row['d_high'])}; n = {hide_small(int(row['n_high'] + row['n_low']))}) "
            f"in {as_text(row['study'])}"
            for _, row in rows.iterrows()
        ]
        single = rows[rows["study"] != POOLED].set_index("study")[["d", "d_low", "d_high"]]
        alike = tell_agreement({as_text(name): tuple(row) for name, row in single.iterrows()}, noun="study")
        ways = f"; {alike}" if alike else ""
        sentences.append(f"- {as_text(name)}: d = {', '.join(parts)}{ways}.")
    return "\n".join(sentences)


def describe_split_with_score(table: pd.DataFrame) -> str:
    """Say what the split costs: both partial correlations of each measure, side by side.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`compare_split_with_score`.
    """
    if table.empty:
        return "There is no score behind the groups, or no declared question."
    sentences = []
    for name, rows in table.groupby("measure", sort=False):
        parts = [
            f"{write_fixed(row['r'])} ({write_fixed(row['r_low'])} to {write_fixed(row['r_high'])}) with the {row['asked']}"
            for _, row in rows.iterrows()
        ]
        sentences.append(f"- {as_text(name)}: partial r = {', '.join(parts)} (n = {hide_small(int(rows['n'].max()))}).")
    return "\n".join(sentences).replace("persons", "people")


def _bound(found: pd.Series, *, n_terms: int) -> dict[str, float]:
    """Return a partial correlation with its interval."""
    n, r = int(found["n"]), float(found["r"])
    low, high = bound_correlation(r, n - (n_terms - 1))
    return {"r": r, "r_low": float(low), "r_high": float(high), "n": n}


def _list_studies(known: pd.Index, design: pd.DataFrame, batch: pd.Series | None) -> list[tuple[str, pd.Index]]:
    people = design.index.intersection(known, sort=False)
    if batch is None:
        return [("all people", people)]
    study = batch.reindex(people)
    listed = []
    for label in sorted(study.dropna().unique(), key=str):
        members = people[(study == label).to_numpy()]
        sizes = design.loc[members, "group"].value_counts()
        if min(sizes.get(1.0, 0), sizes.get(0.0, 0)) >= MIN_PER_GROUP:
            listed.append((f"{batch.name} {label}", members))
    return [*listed, (POOLED, people)]
