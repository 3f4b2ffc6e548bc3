"""How much of the metabolites do bacteria foretell? Genera in, predicted potential out, always on unseen people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from helpers.metabolites.measured import DESCRIPTIVE
from helpers.problems import count

MIN_PREVALENCE = 0.1
PENALTIES = (1.0, 3.0, 6.0)
RHO_SHOWN = 0.3
N_INNER_FOLDS = 5
MIN_PEOPLE = 20


@dataclass(frozen=True, eq=False)
class PredictedPotential:
    """What genera foretell of each metabolite in people the model has not seen.

    Attributes
    ----------
    predicted : pandas.DataFrame of shape (n_participants, n_metabolites)
        Out-of-fold predictions, in the units of the metabolites. A potential, not a level.
    measured : pandas.DataFrame of shape (n_participants, n_metabolites)
    table : pandas.DataFrame
        Index metabolite; columns spearman (predicted v measured, out of fold), n (people measured), penalty
        (median over folds, in units of the number of people trained on).
    null_means : numpy.ndarray of shape (n_shuffles,)
        Mean Spearman over metabolites, each time with people's metabolites shuffled.
    null_spearman : numpy.ndarray of shape (n_shuffles, n_metabolites)
    n_participants, n_taxa, n_folds : int
    """

    predicted: pd.DataFrame
    measured: pd.DataFrame
    table: pd.DataFrame
    null_means: np.ndarray
    null_spearman: np.ndarray
    n_participants: int
    n_taxa: int
    n_folds: int

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


def predict_metabolites(
    taxa_counts: pd.DataFrame,
    metabolites: pd.DataFrame,
    *,
    n_folds: int = 5,
    rng: np.random.Generator,
    penalties: Sequence[float] = PENALTIES,
    n_shuffles: int = 19,
) -> PredictedPotential:
    """Predict each metabolite from the genera, out of fold, by ridge regression.

    In each training fold anew: genera seen in more than 10 % of people are kept, turned to log10 of their share of
    reads (an unseen genus counts as half the smallest share there), and standardised; blanks of a metabolite
    take its mean; and an inner cross-validation picks the penalty of each metabolite by squared error. One
    singular value decomposition per fold serves all metabolites and penalties. Where bacteria foretell nothing, the
    correlation comes out slightly below zero (the mean of the others is high when one's own fold is low), so
    compare it with that of shuffled people, not with zero. A strong penalty matters more than
    the kind of model: most genera carry a little, none carries all.

    Parameters
    ----------
    taxa_counts : pandas.DataFrame of shape (n_people, n_genera)
        Index participant_id, one row per person; raw reads.
    metabolites : pandas.DataFrame of shape (n_people, n_metabolites)
        From :func:`prepare_metabolites`; NaN where not measured. People in both tables are used.
    n_folds : int, default 5
    rng : numpy.random.Generator
    penalties : sequence of float
        In units of the number of people trained on.
    n_shuffles : int, default 19
        Times that people's metabolites are exchanged to see what chance gives (19 resolve p = 0.05).

    Returns
    -------
    PredictedPotential

    Raises
    ------
    ValueError
        Fewer than 20 people in both tables, an id twice, a sample without reads, a penalty not above 0.

    References
    ----------
    .. [1] Mallick H et al. (2019). Predictive metabolomic profiling of microbial communities using amplicon or
       metagenomic sequences. Nature Communications 10:3136. doi:10.1038/s41467-019-10927-1
    .. [2] Muller E, Algavi YM, Borenstein E (2021). A meta-analysis study of the robustness and universality of gut
       microbiome-metabolome associations. Microbiome 9:203. doi:10.1186/s40168-021-01149-z

    Examples
    --------
    A metabolite that follows one genus is foretold well:

    >>> rng = np.random.default_rng(1)
    >>> counts = pd.DataFrame(rng.integers(1, 500, (60, 4)), columns=list("wxyz"))
    >>> metabolites = pd.DataFrame({"m": np.log10(counts["w"] / counts.sum(axis=1))})
    >>> bool(predict_metabolites(counts, metabolites, rng=rng).table.loc["m", "spearman"] > 0.8)
    True
    """
    people = _choose_people(taxa_counts, metabolites, penalties, n_folds)
    shares = taxa_counts.loc[people].to_numpy(float)
    shares = shares / shares.sum(axis=1, keepdims=True)
    values = metabolites.loc[people].to_numpy(float)
    folds = [_Fold.prepare(shares, train, test, rng) for train, test in _split(len(people), n_folds, rng)]
    predicted, chosen = _predict(folds, values, penalties)
    orders = [rng.permutation(len(people)) for _ in range(n_shuffles)]
    null = [_correlate(_predict(folds, values[order], penalties)[0], values[order]) for order in orders]
    null = np.array(null).reshape(n_shuffles, values.shape[1])
    table = pd.DataFrame(
        {
            "spearman": _correlate(predicted, values),
            "n": (~np.isnan(values)).sum(axis=0),
            "penalty": np.median(chosen, axis=0),
        },
        index=metabolites.columns.rename("metabolite"),
    )
    return PredictedPotential(
        predicted=pd.DataFrame(predicted, index=people, columns=metabolites.columns),
        measured=metabolites.loc[people],
        table=table,
        null_means=np.nanmean(null, axis=1) if n_shuffles else np.empty(0),
        null_spearman=null,
        n_participants=len(people),
        n_taxa=int(np.median([fold.outer.n_taxa for fold in folds])),
        n_folds=n_folds,
    )


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
    """Say how well unseen people's metabolites were foretold, and what chance gives.

    Parameters
    ----------
    potential : PredictedPotential
    """
    n_shuffles, beaten = len(potential.null_means), int((potential.null_means < potential.mean).sum())
    chance = f", larger than in {beaten} of {n_shuffles} shuffles, p = {potential.p_value:.2g}" if n_shuffles else ""
    shuffled = f" ({100 * potential.null_share:.0f} % when people are shuffled)" if n_shuffles else ""
    return (
        f"Predicted potential of {count(len(potential.table), 'metabolite')} from {potential.n_taxa:,} genera in "
        f"{potential.n_participants:,} people ({potential.n_folds} folds): {100 * potential.share:.0f} % reach an out-of-fold "
        f"Spearman of {RHO_SHOWN:g} or more{shuffled}. The mean is {potential.mean:.2f}{chance}. "
        f"The other {100 * (1 - potential.share):.0f} % of metabolites should not be read as predictable."
    )


def _choose_people(taxa: pd.DataFrame, metabolites: pd.DataFrame, penalties: Sequence[float], n_folds: int) -> pd.Index:
    if taxa.index.has_duplicates or metabolites.index.has_duplicates:
        raise ValueError(
            "An id stands twice: with several samples of one person in different folds a model would know people it "
            "is tested on. Keep one sample per person."
        )
    people = taxa.index.intersection(metabolites.index, sort=False)
    if len(people) < max(MIN_PEOPLE, 2 * n_folds):
        raise ValueError(
            f"{count(len(people), 'participant')} with both taxa and metabolites; at least {max(MIN_PEOPLE, 2 * n_folds)} "
            "are needed to predict. Are the ids spelled alike, e.g. sub-01?"
        )
    totals = taxa.loc[people].to_numpy(float).sum(axis=1)
    if not (totals > 0).all():
        raise ValueError(
            f"{count(int((~(totals > 0)).sum()), 'sample')} without reads, or with a blank; leave them out."
        )
    if not all(penalty > 0 for penalty in penalties):
        raise ValueError("Every penalty must be above 0.")
    return people


def _split(n: int, n_folds: int, rng: np.random.Generator) -> list[tuple[np.ndarray, np.ndarray]]:
    fold = rng.permutation(np.arange(n) % n_folds)
    return [(np.flatnonzero(fold != i), np.flatnonzero(fold == i)) for i in range(n_folds)]


@dataclass(frozen=True, eq=False)
class _Ridge:
    """Training people's genera, decomposed; and the people to predict, in the same coordinates."""

    train: np.ndarray
    test: np.ndarray
    left: np.ndarray
    sizes: np.ndarray
    projected: np.ndarray  # test people x components
    n_taxa: int

    @classmethod
    def prepare(cls, shares: np.ndarray, train: np.ndarray, test: np.ndarray) -> _Ridge:
        kept = (shares[train] > 0).mean(axis=0) > MIN_PREVALENCE
        known = shares[np.ix_(train, kept)]
        floor = known[known > 0].min() / 2 if kept.any() else 1.0
        logs = np.log10(np.maximum(shares[:, kept], floor))
        spread = logs[train].std(axis=0)
        logs = (logs - logs[train].mean(axis=0)) / np.where(spread > 0, spread, 1.0)
        left, sizes, right = np.linalg.svd(logs[train], full_matrices=False)
        return cls(train, test, left, sizes, logs[test] @ right.T, int(kept.sum()))

    def predict(self, values: np.ndarray, penalties: Sequence[float]) -> np.ndarray:
        """Return penalties x test people x metabolites."""
        filled, mean = _fill(values[self.train])
        weights = self.left.T @ (filled - mean)
        shrink = [self.sizes / (self.sizes**2 + penalty * len(self.train)) for penalty in penalties]
        return np.stack([(self.projected * shrunk) @ weights for shrunk in shrink]) + mean


@dataclass(frozen=True, eq=False)
class _Fold:
    """One outer fold and the inner folds that choose its penalties; built once, used for every shuffle."""

    outer: _Ridge
    inner: list[_Ridge]

    @classmethod
    def prepare(cls, shares: np.ndarray, train: np.ndarray, test: np.ndarray, rng: np.random.Generator) -> _Fold:
        splits = _split(len(train), N_INNER_FOLDS, rng)
        inner = [_Ridge.prepare(shares, train[known], train[unseen]) for known, unseen in splits]
        return cls(_Ridge.prepare(shares, train, test), inner)

    def choose(self, values: np.ndarray, penalties: Sequence[float]) -> np.ndarray:
        """Return, per metabolite, which penalty has the smallest squared error in the inner folds."""
        errors = np.zeros((len(penalties), values.shape[1]))
        for ridge in self.inner:
            errors += np.nansum((ridge.predict(values, penalties) - values[ridge.test]) ** 2, axis=1)
        return errors.argmin(axis=0)


def _fill(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    known = ~np.isnan(values)
    mean = np.where(known, values, 0.0).sum(axis=0) / known.sum(axis=0).clip(min=1)
    return np.where(known, values, mean), mean


def _predict(folds: list[_Fold], values: np.ndarray, penalties: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """Return out-of-fold predictions (people x metabolites) and the penalties chosen (folds x metabolites)."""
    predicted = np.full(values.shape, np.nan)
    columns = np.arange(values.shape[1])
    chosen = []
    for fold in folds:
        best = fold.choose(values, penalties)
        predicted[fold.outer.test] = fold.outer.predict(values, penalties)[best, :, columns].T
        chosen.append(np.asarray(penalties, float)[best])
    return predicted, np.array(chosen)


def _correlate(predicted: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return Spearman's rho per column over the people measured; NaN when one side is constant."""
    known = ~np.isnan(values)
    ranks = []
    for side in (predicted, values):
        rank = rankdata(np.where(known, side, np.nan), axis=0, nan_policy="omit")
        rank = rank - np.nansum(rank, axis=0) / known.sum(axis=0).clip(min=1)
        ranks.append(np.where(known, rank, 0.0))
    size = np.sqrt((ranks[0] ** 2).sum(axis=0) * (ranks[1] ** 2).sum(axis=0))
    return np.divide((ranks[0] * ranks[1]).sum(axis=0), size, out=np.full(len(size), np.nan), where=size > 0)
