"""Harmonise pooled studies by ComBat: learnt on some people, applied to others, and the effect with and without it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from helpers.brain.questions import Question
from helpers.contrasts import fit_contrasts
from helpers.linear_algebra import count_rank
from helpers.problems import TooLittle, count, name_some
from helpers.wording import as_text, hide_small, write_fixed

MIN_PER_BATCH = 3
GROUP = "group"
IGNORED, ADJUSTED, HARMONISED = "the study ignored", "the study as a covariate", "ComBat"


class ComBat(TransformerMixin, BaseEstimator):
    """Free features from the mean and spread that their study gives them.

    The parameters are learnt by neuroHarmonize in ``fit`` and applied in ``transform``, also to people who were not there:
    so it can stand inside cross-validation, where it learns from the training people only.

    Parameters
    ----------
    batch : pandas.Series
        Index ``participant_id``: study (or scanner) of everybody, those to be predicted included.
    covariates : pandas.DataFrame, optional
        Index ``participant_id``; numeric. What they explain is kept; one that follows from the study or from earlier ones adds
        nothing and is left out. The group may not be among them: keeping it in all data
        tells the held-out people's group to the model. See :func:`harmonise` for use outside prediction.

    Attributes
    ----------
    studies_ : list of str
        Studies seen in ``fit``.

    References
    ----------
    .. [1] Johnson WE, Li C, Rabinovic A (2007). Adjusting batch effects in microarray expression data using empirical Bayes
       methods. Biostatistics 8(1):118-127. doi:10.1093/biostatistics/kxj037
    .. [2] Pomponio R et al. (2020). Harmonization of large MRI datasets for the analysis of brain imaging patterns throughout
       the lifespan. NeuroImage 208:116450. doi:10.1016/j.neuroimage.2019.116450

    Examples
    --------
    >>> ids = [f"sub-{i:02d}" for i in range(12)]
    >>> study = pd.Series(["A"] * 6 + ["B"] * 6, index=ids)
    >>> values = pd.DataFrame(np.random.default_rng(1).normal(size=(12, 3)), index=ids, columns=list("xyz"))
    >>> values[6:] += 10
    >>> bool(ComBat(study).fit_transform(values).groupby(study).mean().diff().abs().max(axis=None) < 0.6)
    True
    """

    takes_people = True  # it looks the study of each person up, and so needs frames with ids

    def __init__(self, batch: pd.Series, covariates: pd.DataFrame | None = None):
        self.batch = batch
        self.covariates = covariates

    def fit(self, X: pd.DataFrame, y: object = None) -> ComBat:
        """Learn the effect of each study from these people.

        Parameters
        ----------
        X : pandas.DataFrame of shape (n_participants, n_features)
            Index ``participant_id``; no missing value.
        y : ignored

        Raises
        ------
        ValueError
            When there is one study only, a study has fewer than three people, a value is missing, an id stands twice, or the group
            is among the covariates.
        """
        if self.covariates is not None and GROUP in self.covariates.columns:
            raise ValueError(
                "The group is among the covariates that ComBat keeps; in prediction that gives the answer away. Fix: leave it "
                "out here, or use harmonise() outside prediction."
            )
        return self._learn(X, self.covariates)

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """Apply what was learnt.

        Parameters
        ----------
        X : pandas.DataFrame of shape (n_participants, n_features)

        Returns
        -------
        pandas.DataFrame
            Same shape; a feature without variation in ``fit`` is returned as it came.

        Raises
        ------
        ValueError
            When a study was not seen in ``fit``: it is named.
        """
        check_is_fitted(self)
        study = self._find_studies(X.index)
        if unseen := sorted(set(study) - set(self.studies_)):
            raise ValueError(
                f"ComBat has not seen study {name_some(unseen)}; it knows "
                f"{name_some(self.studies_)}. Fix: leave these people out, or put some of each study among those it learns from."
            )
        place = np.array([self.studies_.index(name) for name in study])
        _refuse_unusable(X)
        values = X[self.features_].to_numpy(float)
        expected = self.mean_ + _take_covariates(self._kept, X.index) @ self.slopes_
        standard = (values - expected) / self.sd_
        standard = (standard - self.shift_[place]) / np.sqrt(self.spread_[place])
        harmonised = X.to_numpy(float, copy=True)
        harmonised[:, X.columns.get_indexer(self.features_)] = standard * self.sd_ + expected
        return pd.DataFrame(harmonised, X.index, X.columns)

    def _learn(self, X: pd.DataFrame, kept: pd.DataFrame | None) -> ComBat:
        from neuroHarmonize import harmonizationLearn

        study = self._find_studies(X.index)
        _refuse_few(study)
        _refuse_unusable(X)
        self.studies_ = sorted(set(study))
        self._kept = _choose_covariates(kept, study)
        varying = X.groupby(study.to_numpy()).std().gt(0).all()
        self.features_ = list(X.columns[varying.to_numpy()])
        values, terms = X[self.features_].to_numpy(float), _take_covariates(self._kept, X.index)
        described = pd.DataFrame(terms, index=X.index).add_prefix("covariate_").assign(SITE=study.to_numpy())
        # a seed keeps it from seeding numpy's global chance anew; with one feature there is nothing to share between features
        model, _ = harmonizationLearn(values, described, eb=values.shape[1] > 1, seed=0)
        n_studies = len(self.studies_)
        self.mean_ = model["stand_mean"][:, 0]
        self.slopes_ = model["B_hat"][n_studies:]
        self.sd_ = np.sqrt(model["var_pooled"][:, 0])
        self.shift_ = np.asarray(model["gamma_star"], float)
        self.spread_ = np.asarray(model["delta_star"], float)
        return self

    def _find_studies(self, people: pd.Index) -> pd.Series:
        study = self.batch.reindex(people)
        if study.isna().any():
            raise ValueError(
                f"{count(int(study.isna().sum()), 'person')} without a study ({name_some(study.index[study.isna()])}). "
                "Fix: fill in the batch column of participants.tsv."
            )
        return study.astype(str)


def harmonise(values: pd.DataFrame, batch: pd.Series, *, keep: pd.DataFrame) -> pd.DataFrame:
    """Harmonise everybody at once, keeping what the group and the covariates explain: for description, not for prediction.

    Where a group is commoner in one study, keeping it makes later tests of the group too sure of themselves [1]_, which is
    why an adjusted contrast stays the main analysis.

    Parameters
    ----------
    values : pandas.DataFrame of shape (n_participants, n_features)
        Index ``participant_id``. A feature with a missing value is returned as it came.
    batch : pandas.Series
        Index ``participant_id``.
    keep : pandas.DataFrame of shape (n_designed, n_terms)
        The design without the study's own columns; people in both tables are harmonised.

    Returns
    -------
    pandas.DataFrame of shape (n_both, n_features)

    References
    ----------
    .. [1] Nygaard V, Rodland EA, Hovig E (2016). Methods that remove batch effects while retaining group differences may lead
       to exaggerated confidence in downstream analyses. Biostatistics 17(1):29-39. doi:10.1093/biostatistics/kxv027
    """
    people = keep.index.intersection(values.index, sort=False)
    chosen = values.loc[people].astype(float)
    whole = chosen.columns[chosen.notna().all()]
    harmonised = chosen.copy()
    if len(whole):
        harmonised[whole] = ComBat(batch)._learn(chosen[whole], keep.loc[people]).transform(chosen[whole])
    return harmonised


def compare_harmonisation(questions: Sequence[Question], batch: pd.Series | None) -> pd.DataFrame:
    """Contrast the groups three times: study ignored, study as a covariate, and after ComBat.

    Parameters
    ----------
    questions : sequence of Question
        From :func:`helpers.brain.list_questions`. Their designs hold the columns of the study, named ``<batch>: <level>`` as
        :func:`helpers.cohort.design_matrix` does.
    batch : pandas.Series or None
        Index ``participant_id``; its name is the beginning of those columns. None when there is one study.

    Returns
    -------
    pandas.DataFrame of shape (3 * n_questions, 13)
        Empty when there is one study, and without ComBat where a study has fewer than three people. ``measure``, ``study`` (what was done with it), and the columns of :func:`helpers.contrasts.fit_contrasts` without q.
        The ComBat rows hold all features of the question's kind harmonised together, with the group kept.
    """
    tables = []
    for question in questions if batch is not None else ():
        own = [name for name in question.design.columns if str(name).startswith(f"{batch.name}: ")]
        without = question.design.drop(columns=own)
        runs = [(IGNORED, question.summarise(), without), (ADJUSTED, question.summarise(), question.design)]
        sizes = batch.reindex(without.index.intersection(question.values.index)).value_counts()
        if len(sizes) > 1 and sizes.min() >= MIN_PER_BATCH:
            runs.append((HARMONISED, question.summarise(harmonise(question.values, batch, keep=without)), without))
        for study, score, terms in runs:
            row = fit_contrasts(score.to_frame(), terms).drop(columns="q")
            tables.append(row.assign(measure=question.name, study=study))
    return pd.concat(tables) if tables else pd.DataFrame(columns=["measure", "study"])


def describe_harmonisation(table: pd.DataFrame) -> str:
    """Say what each way of handling the study does to each effect.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`compare_harmonisation`.
    """
    if table.empty:
        return "There is one study, or no declared question: nothing to harmonise."
    sentences = []
    for measure, rows in table.groupby("measure", sort=False):
        parts = [
            f"{write_fixed(row['d'])} ({write_fixed(row['d_low'])} to {write_fixed(row['d_high'])}) with {row['study']}"
            for _, row in rows.iterrows()
        ]
        n = int(rows.iloc[0][["n_high", "n_low"]].sum())
        sentences.append(f"- {as_text(measure)} (n = {hide_small(int(n))}): d = {', '.join(parts)}.")
    return "\n".join(sentences)


def _refuse_few(study: pd.Series) -> None:
    sizes = study.value_counts()
    if len(sizes) < 2:
        raise TooLittle(f"ComBat needs two or more studies; here is {name_some(sizes.index)} only. Fix: leave it out.")
    if sizes.min() < MIN_PER_BATCH:
        raise TooLittle(
            f"{count(int(sizes.min()), 'person')} of study {sizes.idxmin()}: ComBat learns mean and spread of each study from "
            f"{MIN_PER_BATCH} people or more. Fix: leave this study out, or take fewer folds."
        )


def _refuse_unusable(values: pd.DataFrame) -> None:
    if values.index.has_duplicates:
        twice = values.index[values.index.duplicated()].unique()
        raise ValueError(f"{name_some(twice)} more than once. Fix: keep one row per participant.")
    blank = values.columns[values.isna().any()]
    if len(blank):
        raise ValueError(
            f"{count(len(blank), 'feature')} with a missing value ({name_some(blank)}). ComBat needs complete features. Fix: "
            "leave out these features, or the people who lack them."
        )


def _choose_covariates(covariates: pd.DataFrame | None, study: pd.Series) -> pd.DataFrame | None:
    """Return the covariates that say something beside the study and the earlier ones; refuse a group that does not."""
    if covariates is None:
        return None
    studies = pd.get_dummies(study, dtype=float).to_numpy()
    terms, kept = _take_covariates(covariates, study.index), []
    for place, name in enumerate(covariates.columns):
        if count_rank(np.column_stack([studies, terms[:, [*kept, place]]])) > studies.shape[1] + len(kept):
            kept.append(place)
        elif name == GROUP:
            raise ValueError(
                "The group follows from the study and the other covariates: ComBat would remove its difference with that of "
                "the studies. Fix: leave harmonisation out."
            )
    return covariates.iloc[:, kept]


def _take_covariates(covariates: pd.DataFrame | None, people: pd.Index) -> np.ndarray:
    if covariates is None:
        return np.empty((len(people), 0))
    chosen = covariates.reindex(people).astype(float)
    if chosen.isna().any(axis=None):
        lacking = chosen.index[chosen.isna().any(axis=1)]
        raise ValueError(
            f"{count(len(lacking), 'person')} without a covariate ({name_some(lacking)}). Fix: leave them out."
        )
    return chosen.to_numpy()
