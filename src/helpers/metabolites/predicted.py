"""How much of the metabolites do bacteria predict?? Features in, predicted potential out, always on held-out participants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.contrasts import adjust_bh
from helpers.intervals import tell_shuffled_p
from helpers.metabolites.folds import exchange_people, split_people
from helpers.metabolites.learners import MODELS, PENALTIES, Learner, Setting, choose_settings, combine, list_settings
from helpers.metabolites.measured import DESCRIPTIVE
from helpers.metabolites.ranks import bound_spearman, correlate, score_metabolites
from helpers.metabolites.samples import choose_samples
from helpers.metabolites.scaling import SCALES, FeatureScaler, close_shares
from helpers.permutation import match_blocks
from helpers.problems import count, name_some

PREDICTED_PREFIX = "predicted_"
RHO_SHOWN = 0.3
N_INNER_FOLDS = 5


@dataclass(frozen=True, eq=False)
class PredictedPotential:
    """What features of the gut foretell of each metabolite in people the model has not seen.

    Attributes
    ----------
    predicted : pandas.DataFrame of shape (n_samples, n_metabolites)
        Out-of-fold predictions as normal scores: 0 is the median of the people learnt from, 1 one of their standard
        deviations above. A potential, not a level.
    measured : pandas.DataFrame of shape (n_samples, n_metabolites)
        In the units of the metabolites.
    table : pandas.DataFrame
        Index metabolite; columns spearman (predicted v measured, out of fold), spearman_low, spearman_high (95 % interval,
        approximate), n (people measured), penalty (median over folds; see
        :class:`helpers.metabolites.learners.Setting`), p and q (NaN without shuffles).
    null_means : numpy.ndarray of shape (n_shuffles,)
        Mean Spearman over metabolites, each time with people's metabolites exchanged.
    null_spearman : numpy.ndarray of shape (n_shuffles, n_metabolites)
    n_participants, n_taxa, n_folds : int
        ``n_taxa``: features used, median over folds.
    n_samples : int
        More than people where they gave several.
    model, source : str
        ``source``: what the features are, in the plural.
    """

    predicted: pd.DataFrame
    measured: pd.DataFrame
    table: pd.DataFrame
    null_means: np.ndarray
    null_spearman: np.ndarray
    n_participants: int
    n_taxa: int
    n_folds: int
    n_samples: int = 0
    model: str = "ridge"
    source: str = "genera"

    @property
    def mean(self) -> float:
        """Mean Spearman over metabolites."""
        return float(self.table["spearman"].mean())

    @property
    def share(self) -> float:
        """Share of metabolites with a Spearman of 0.3 or more, 0-1."""
        return float((self.table["spearman"] >= RHO_SHOWN).mean())

    @property
    def null_share(self) -> float:
        """The same share under shuffling, 0-1; NaN without shuffles."""
        return float((self.null_spearman >= RHO_SHOWN).mean()) if self.null_spearman.size else float("nan")

    @property
    def p_value(self) -> float:
        """Chance of a mean this large when bacteria foretell nothing."""
        return float((1 + (self.null_means >= self.mean).sum()) / (1 + len(self.null_means)))

    def as_block(self) -> pd.DataFrame:
        """Return the predictions under names that say what they are: ``predicted_<metabolite>``."""
        return mark_predicted(self.predicted, source=self.source)


def predict_metabolites(
    amounts: pd.DataFrame,
    metabolites: pd.DataFrame,
    *,
    n_folds: int = 10,
    rng: np.random.Generator,
    model: str = "ridge",
    scale: str = "ranks",
    penalties: Sequence[float] = PENALTIES,
    people: pd.Series | None = None,
    n_shuffles: int = 19,
    source: str = "genera",
    covariates: pd.DataFrame | None = None,
    batch: pd.Series | None = None,
) -> PredictedPotential:
    """Predict each metabolite from taxa, genes or transcripts, out of fold.

    In each training fold anew: features seen in more than 10 % of its samples are kept, turned to shares of the sample,
    then to normal scores [1]_ and standardised; so is each metabolite, and a blank takes the median. An inner
    cross-validation in the training set picks the setting of each metabolite from a grid that was declared beforehand,
    by squared error (see :func:`helpers.metabolites.learners.choose_settings`). Two choices matter more than the kind of model: a strong penalty, since most
    genera carry a little and none carries all; and normal scores on both sides, since a few extreme amounts would
    otherwise draw the fit. As nothing but ranks is predicted, no intercept is either, and permuted participants give a
    correlation around zero.

    Where people gave several samples, all samples of one person fall in one fold, outer and inner, and a shuffle gives
    each person the samples of another.

    Parameters
    ----------
    amounts : pandas.DataFrame of shape (n_samples, n_features)
        Reads of taxa, or amounts of genes or transcripts; 0 or more, no blank. Each sample is closed to 1.
    metabolites : pandas.DataFrame of shape (n_samples, n_metabolites)
        From :func:`prepare_metabolites`; NaN where not measured. Samples in both tables are used.
    n_folds : int, default 10
    rng : numpy.random.Generator
    model : {"ridge", "kernel", "blend", "elastic net"}
        ``kernel``: ridge on a Gaussian kernel [2]_; ``blend``: the mean of both; ``elastic net``: few features each [3]_.
    scale : {"ranks", "log", "clr"}
        Of the features: see :class:`helpers.metabolites.scaling.FeatureScaler`.
    penalties : sequence of float
        Grid of ridge and kernel; see :class:`helpers.metabolites.learners.Setting`.
    people : pandas.Series, optional
        Person of each sample (index: sample). Without it each row is a person.
    n_shuffles : int, default 19
        Times that people's metabolites are exchanged to see what chance gives (19 resolve p = 0.05 of the mean).
        The p of one metabolite compares it with the shuffled correlations of all, since these hardly differ.
    source : str, default "genera"
        What the features are, in the plural: for sentences and marks.
    covariates : pandas.DataFrame, optional
        Index sample; numeric and complete, a batch coded among them. Features and metabolites are both freed of these, by
        regressions on the training samples of each fold: two tables that were shifted by one batch foretell one another,
        and know nothing of one another.
    batch : pandas.Series, optional
        Index sample; people are exchanged within its levels.

    Returns
    -------
    PredictedPotential

    Raises
    ------
    ValueError
        Fewer than 20 people in both tables, an id twice, a sample without a person, without reads, with a blank or a
        negative amount, an unknown model or scale, a penalty not above 0.

    References
    ----------
    .. [1] Conover WJ, Iman RL (1981). Rank transformations as a bridge between parametric and nonparametric statistics.
       The American Statistician 35(3):124-129. doi:10.1080/00031305.1981.10479327
    .. [2] Hastie T, Tibshirani R, Friedman J (2009). The Elements of Statistical Learning, 2nd ed. Springer.
       doi:10.1007/978-0-387-84858-7
    .. [3] Mallick H et al. (2019). Predictive metabolomic profiling of microbial communities using amplicon or
       metagenomic sequences. Nature Communications 10:3136. doi:10.1038/s41467-019-10927-1

    Examples
    --------
    A metabolite that follows one genus is foretold well:

    >>> rng = np.random.default_rng(1)
    >>> counts = pd.DataFrame(rng.integers(1, 500, (60, 4)), columns=list("wxyz"))
    >>> metabolites = pd.DataFrame({"m": np.log10(counts["w"] / counts.sum(axis=1))})
    >>> bool(predict_metabolites(counts, metabolites, rng=rng).table.loc["m", "spearman"] > 0.8)
    True
    """
    refuse_settings(model, scale, penalties)
    samples, codes = choose_samples(amounts, metabolites, people, n_folds)
    shares = close_shares(amounts.loc[samples].to_numpy(float))
    values = metabolites.loc[samples].to_numpy(float)
    settings = list_settings(model, penalties)
    nuisance = _read_nuisance(covariates, samples)
    strata = None if batch is None else match_blocks(samples, batch)
    folds = [
        _Fold.prepare(shares, nuisance, train, test, codes, settings, scale, rng)
        for train, test in split_people(codes, n_folds, rng)
    ]
    predicted, penalties_chosen, left = _predict(folds, values)
    null = np.full((n_shuffles, values.shape[1]), np.nan)
    for shuffle in null:
        foretold, _, own = _predict(folds, values[exchange_people(codes, rng, strata)])
        shuffle[:] = correlate(foretold, own)
    return PredictedPotential(
        predicted=pd.DataFrame(predicted, index=samples, columns=metabolites.columns),
        measured=metabolites.loc[samples],
        table=_tabulate(predicted, left, codes, penalties_chosen, null).set_axis(
            metabolites.columns.rename("metabolite")
        ),
        null_means=np.nanmean(null, axis=1) if n_shuffles else np.empty(0),
        null_spearman=null,
        n_participants=len(np.unique(codes)),
        n_taxa=int(np.median([fold.n_features for fold in folds])),
        n_folds=n_folds,
        n_samples=len(samples),
        model=model,
        source=source,
    )


def mark_predicted(table: pd.DataFrame, *, source: str) -> pd.DataFrame:
    """Return a table whose column names say that it is predicted potential, and whose attributes say from what.

    Examples
    --------
    >>> mark_predicted(pd.DataFrame({"glycine": [0.1]}), source="genera").columns.tolist()
    ['predicted_glycine']
    """
    marked = table.add_prefix(PREDICTED_PREFIX)
    marked.attrs["predicted_from"] = source
    return marked


def find_predicted(table: pd.DataFrame) -> pd.Index:
    """Return the columns of a table that are predicted potential, by their names.

    Examples
    --------
    >>> find_predicted(pd.DataFrame(columns=["glycine", "predicted_indole"])).tolist()
    ['predicted_indole']
    """
    return table.columns[table.columns.astype(str).str.lower().str.startswith(PREDICTED_PREFIX)]


def pick_metabolite(potential: PredictedPotential, marked: Sequence[str]) -> str:
    """Return the best foretold of the marked metabolites, or of all when none of them was measured.

    Parameters
    ----------
    potential : PredictedPotential
    marked : sequence of str
        Ids, declared before looking.
    """
    rho = potential.table["spearman"].fillna(-1.0)
    present = [metabolite for metabolite in marked if metabolite in rho.index]
    return str((rho[present] if present else rho).idxmax())


def tabulate_predicted(potential: PredictedPotential, features: pd.DataFrame) -> pd.DataFrame:
    """Return the table of the result with names and pathways, best foretold first.

    Parameters
    ----------
    potential : PredictedPotential
    features : pandas.DataFrame
        Index metabolite; columns name, hmdb, super_pathway, sub_pathway where known.
    """
    columns = [column for column in DESCRIPTIVE if column in features.columns]
    table = potential.table.assign(
        null_95=np.nanquantile(potential.null_spearman, 0.95) if potential.null_spearman.size else np.nan
    )
    table = table.join(features[columns].reindex(table.index))
    return table.sort_values("spearman", ascending=False, kind="stable")


def describe_predicted(potential: PredictedPotential) -> str:
    """Say how well the metabolites of held-out participants were predicted, what chance gives, and what is out of reach.

    Parameters
    ----------
    potential : PredictedPotential
    """
    n_shuffles, beaten = len(potential.null_means), int((potential.null_means < potential.mean).sum())
    chance = (
        f", larger than in {beaten} of {n_shuffles} permutations, {tell_shuffled_p(potential.p_value, n_shuffles)}"
        if n_shuffles
        else ""
    )
    shuffled = f" ({100 * potential.null_share:.0f} % when participants are permuted)" if n_shuffles else ""
    several = f" with {potential.n_samples:,} samples" if potential.n_samples > potential.n_participants else ""
    table = potential.table
    kept = table["spearman"].ge(RHO_SHOWN) & (table["q"].lt(0.05) if n_shuffles else True)
    rule = (
        f"both q < 0.05 and a Spearman of {RHO_SHOWN:g} or more"
        if n_shuffles
        else f"a Spearman of {RHO_SHOWN:g} or more"
    )
    return (
        f"Predicted potential of {count(len(potential.table), 'metabolite')} from {potential.n_taxa:,} {potential.source} in "
        f"{potential.n_participants:,} people{several} ({potential.n_folds} folds): {100 * potential.share:.0f} % reach an out-of-fold "
        f"Spearman of {RHO_SHOWN:g} or more{shuffled}. The mean is {potential.mean:.2f}{chance}. "
        f"Read as predictable only those with {rule}: {int(kept.sum()):,} of {len(table):,}."
    )


def refuse_settings(model: str, scale: str, penalties: Sequence[float]) -> None:
    """Refuse a model or scale that is not known, or a penalty that is not above 0."""
    for word, known, kind in ((model, MODELS, "model"), (scale, SCALES, "scale")):
        if word not in known:
            raise ValueError(f"There is no {kind} '{word}'; choose one of {', '.join(known)}.")
    if not penalties or not all(penalty > 0 for penalty in penalties):
        raise ValueError("Every penalty must be above 0.")


@dataclass(frozen=True, eq=False)
class _Fold:
    """One outer fold and the inner folds that choose its settings; built once, used for every shuffle."""

    train: np.ndarray
    test: np.ndarray
    outer: Learner
    inner: list[tuple[np.ndarray, np.ndarray, Learner]]  # rows among the training samples
    n_features: int
    nuisance: np.ndarray  # (samples, terms), an intercept first

    @classmethod
    def prepare(
        cls,
        shares: np.ndarray,
        nuisance: np.ndarray,
        train: np.ndarray,
        test: np.ndarray,
        codes: np.ndarray,
        settings: list[Setting],
        scale: str,
        rng: np.random.Generator,
    ) -> _Fold:
        outer, n_features = _prepare(shares, nuisance, train, test, settings, scale)
        inner = [
            (known, unseen, _prepare(shares, nuisance, train[known], train[unseen], settings, scale)[0])
            for known, unseen in split_people(codes[train], N_INNER_FOLDS, rng)
        ]
        return cls(train, test, outer, inner, n_features, nuisance)

    def choose(self, scores: np.ndarray, known: np.ndarray) -> np.ndarray:
        """Return the settings (families x metabolites) that predict best in the inner folds."""
        losses = np.zeros((len(self.outer.settings), scores.shape[1]))
        for learnt, unseen, learner in self.inner:
            errors = learner.predict(scores[learnt])
            errors -= scores[unseen]
            errors[:, ~known[unseen]] = 0.0
            losses += np.einsum("sij,sij->sj", errors, errors)
        return choose_settings(losses / known.sum(axis=0).clip(min=1), self.outer.settings)

    def predict(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return predictions of the test samples, the settings chosen among the training samples, and what was to be foretold."""
        freed = _free(values, self.nuisance, self.train)
        learnt = freed[self.train]
        scores = score_metabolites(learnt)
        chosen = self.choose(scores, ~np.isnan(learnt))
        return combine(self.outer.predict(scores), chosen), chosen, freed[self.test]


def _prepare(
    shares: np.ndarray,
    nuisance: np.ndarray,
    train: np.ndarray,
    test: np.ndarray,
    settings: list[Setting],
    scale: str,
) -> tuple[Learner, int]:
    scaler = FeatureScaler.learn(shares[train], scale=scale)
    own = np.concatenate([train, test])
    scaled = _free(scaler.transform(shares[own]), nuisance[own], np.arange(len(train)))
    return Learner.prepare(settings, scaled[: len(train)], scaled[len(train) :]), int(scaler.kept.sum())


def _read_nuisance(covariates: pd.DataFrame | None, samples: pd.Index) -> np.ndarray:
    """Return an intercept and the covariates of the samples, centred."""
    if covariates is None or not len(covariates.columns):
        return np.ones((len(samples), 1))
    held = covariates.reindex(samples).to_numpy(float)
    if not np.isfinite(held).all():
        lost = samples[~np.isfinite(held).all(axis=1)]
        raise ValueError(
            f"{count(len(lost), 'sample')} without a covariate ({name_some(lost)}). Leave them out of both tables."
        )
    return np.column_stack([np.ones(len(samples)), held - held.mean(axis=0)])


def _free(values: np.ndarray, nuisance: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Take off what a regression on the nuisance, among the training rows, expects; a blank counts as their mean there."""
    if nuisance.shape[1] == 1:
        return values
    known = values[train]
    middle = np.nanmean(np.where(np.isnan(known).all(axis=0), 0.0, known), axis=0)
    filled = np.where(np.isnan(known), middle, known) - middle
    slopes = np.linalg.lstsq(nuisance[train], filled, rcond=None)[0]
    return values - nuisance @ slopes


def _predict(folds: list[_Fold], values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return out-of-fold predictions (samples x metabolites), penalties (of the first family, folds x metabolites), and
    the values freed of the covariates as each sample's fold learned to.
    """
    predicted, freed, penalties = np.full(values.shape, np.nan), values.copy(), []
    grid = np.array([setting.penalty for setting in folds[0].outer.settings])
    for fold in folds:
        predicted[fold.test], chosen, freed[fold.test] = fold.predict(values)
        penalties.append(grid[chosen[0]])
    return predicted, np.array(penalties), freed


def _tabulate(
    predicted: np.ndarray, values: np.ndarray, codes: np.ndarray, penalties: np.ndarray, null: np.ndarray
) -> pd.DataFrame:
    rho = correlate(predicted, values)
    n_people = np.array([len(np.unique(codes[known])) for known in (~np.isnan(values)).T])
    low, high = bound_spearman(rho, n_people)
    p = _count_null(rho, null)
    return pd.DataFrame(
        {
            "spearman": rho,
            "spearman_low": low,
            "spearman_high": high,
            "n": n_people,
            "penalty": np.median(penalties, axis=0),
            "p": p,
            "q": adjust_bh(pd.Series(p)).to_numpy(),
        }
    )


def _count_null(rho: np.ndarray, null: np.ndarray) -> np.ndarray:
    """Return per metabolite the share of shuffled correlations, of all metabolites, that are as large (one-sided)."""
    chance = np.sort(null[np.isfinite(null)])
    if not len(chance):
        return np.full(len(rho), np.nan)
    as_large = len(chance) - np.searchsorted(chance, rho, side="left")
    return np.where(np.isnan(rho), np.nan, (1 + as_large) / (1 + len(chance)))
