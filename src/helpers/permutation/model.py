"""Features and a design in, the statistic of any rearrangement out: one product of matrices for many shuffles."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from helpers.designs import match_design, number_clusters, weigh_residuals
from helpers.linear_algebra import span_design
from helpers.permutation.orders import match_blocks
from helpers.permutation.plans import Plan, plan_shuffles
from helpers.problems import TooLittle, count, name_some

RANK = 1e-10
EXPLAINED = 1e-12
TILE = 512  # features computed at once
TIE = 1e-9
TIES = {"double": TIE, "single": 1e-6}  # correlations closer than this count as equal
DTYPES = {"double": np.float64, "single": np.float32}
ALTERNATIVES = ("two-sided", "greater", "less")
Precision = Literal["double", "single"]
Alternative = Literal["two-sided", "greater", "less"]


@dataclass(frozen=True, eq=False)
class PermutationModel:
    """A linear model of many features, ready to be rearranged.

    After Freedman and Lane the residuals of the features on the nuisance are rearranged, and the partial correlation
    with the tested column is computed anew. Rearranging the residuals is the same as rearranging, the other way
    round, the columns they are multiplied with. All rearrangements are equally likely in both directions, so the few
    columns of the design are rearranged and the features never move.

    The tested column is judged by a t that does not assume one variance (HC2, as in
    :func:`helpers.contrasts.fit_contrasts`): with a pooled variance the test is right only where groups spread alike or
    are of one size. This one is exact where they spread alike, and right in large samples where they do not [1]_. Its
    weighted squared residuals follow from two more products; what a rearranged nuisance takes from them is taken off in
    proportion.

    Attributes
    ----------
    residuals : numpy.ndarray of shape (n_people, n_features)
        Features freed from the nuisance, each of length 1; 0 where nothing is left.
    terms : numpy.ndarray of shape (n_terms, n_people)
        First the tested column freed from the nuisance, then the part of the nuisance that a rearrangement can
        change, all orthonormal; where ``studentised`` also the weights of the squared residuals times the tested column,
        and these weights.
    df : int
        Degrees of freedom of the residuals.
    own_df : float
        Degrees of freedom of t; of the residuals where not ``studentised``.
    observed : numpy.ndarray of shape (n_features,)
        R² of the unshuffled data, t² / (t² + df), always in double precision; with the sign of the effect when ``signed``.
    direction : numpy.ndarray of shape (n_features,)
        1 or -1: sign of the effect.
    testable : numpy.ndarray of bool, shape (n_features,)
    features : pandas.Index
    plan : helpers.permutation.Plan
    n_blocks : int
    signed : bool
        Whether the statistic carries the sign of the effect: for one-sided tests.
    precision : {"double", "single"}
    studentised : bool

    References
    ----------
    .. [1] Chung EY, Romano JP (2013). Exact and asymptotically robust permutation tests. Annals of Statistics
       41(2):484-507. doi:10.1214/13-AOS1090
    """

    residuals: np.ndarray
    terms: np.ndarray
    df: int
    own_df: float
    observed: np.ndarray
    direction: np.ndarray
    testable: np.ndarray
    features: pd.Index
    plan: Plan
    n_blocks: int
    signed: bool
    precision: Precision
    studentised: bool

    @property
    def n_people(self) -> int:
        """How many people are in the model."""
        return len(self.residuals)

    def list_tiles(self) -> list[slice]:
        """Return slices of features that fit the cache of a processor, in order."""
        return [slice(start, start + TILE) for start in range(0, self.residuals.shape[1], TILE)]

    def rearrange(self, stream: int) -> np.ndarray:
        """Return the terms in every rearrangement of a stream: (n_terms * n_drawn, n_people), term after term."""
        return self.terms[:, self.plan.draw(stream)].reshape(-1, self.n_people)

    def explain(self, rearranged: np.ndarray, columns: slice) -> np.ndarray:
        """Return the share of variance (R²) that the tested column explains, t² / (t² + df).

        Parameters
        ----------
        rearranged : numpy.ndarray
            From :meth:`rearrange`.
        columns : slice
            Features to compute.

        Returns
        -------
        numpy.ndarray of shape (n_drawn, n_columns)
            Between 0 and 1; between -1 and 1 when ``signed``.
        """
        if self.studentised:
            return self._studentise(rearranged, columns)
        n_terms = len(self.terms)
        products = rearranged @ self.residuals[:, columns]
        parts = products.reshape(n_terms, len(rearranged) // n_terms, -1)
        explained, left = parts[0], parts[1:]
        if self.signed:
            explained *= np.abs(explained)
            np.square(left, out=left)
        else:
            np.square(parts, out=parts)
        if len(left):
            rest = left[0]
            for other in left[1:]:
                rest += other
            np.subtract(1, rest, out=rest)
            if rest.min() <= TIES[self.precision]:
                explained[rest <= TIES[self.precision]] = 0
                np.maximum(rest, TIES[self.precision], out=rest)
            explained /= rest
        return explained

    def _studentise(self, rearranged: np.ndarray, columns: slice) -> np.ndarray:
        """Return t² / (t² + df) with the t that does not assume one variance."""
        residuals = self.residuals[:, columns]
        n_drawn = len(rearranged) // len(self.terms)
        products = (rearranged[:-n_drawn] @ residuals).reshape(len(self.terms) - 1, n_drawn, -1)
        effect, nuisance, weighted = products[0], products[1:-1], products[-1]
        variance = rearranged[-n_drawn:] @ residuals**2
        square = effect * effect
        weighted *= 2 * effect
        variance -= weighted
        np.multiply(square, self.terms[0] ** 2 @ self.terms[-1], out=weighted)
        variance += weighted
        if len(nuisance):
            np.square(nuisance, out=nuisance)
            rest = 1 - nuisance.sum(axis=0)
            variance *= np.maximum(rest, TIES[self.precision], out=rest)
        variance *= self.df
        variance += square
        np.maximum(variance, np.finfo(variance.dtype).tiny, out=variance)
        square /= variance
        return np.copysign(square, effect, out=square) if self.signed else square

    def to_statistic(self, r2: np.ndarray) -> np.ndarray:
        """Turn R² into the absolute t, signed when ``signed``."""
        with np.errstate(divide="ignore"):
            odds = self.df * np.abs(r2) / np.maximum(1 - np.abs(r2), 0.0)
        return np.sqrt(odds) * np.sign(r2) if self.signed else np.sqrt(odds)

    def nominal_r2(self, alpha: float) -> float:
        """Return the R² whose uncorrected p is ``alpha`` by Student's t."""
        odds = stats.t.isf(alpha if self.signed else alpha / 2, self.own_df) ** 2
        return float(odds / (self.df + odds))

    def find_limits(self) -> np.ndarray:
        """Return the R² from which a shuffle is as extreme as the observed data; ties count."""
        root = np.sign(self.observed) * np.sqrt(np.abs(self.observed)) - TIES[self.precision]
        return root * np.abs(root) if self.signed else np.maximum(root, 0) ** 2

    def shuffle_t(self, stream: int) -> np.ndarray:
        """Return the t of all features in every rearrangement of a stream.

        Needs a model made with ``signed=True``. For statistics over features, such as the size of a component.

        Parameters
        ----------
        stream : int

        Returns
        -------
        numpy.ndarray of shape (n_drawn, n_features)
        """
        rearranged = self.rearrange(stream)
        return np.hstack([self.to_statistic(self.explain(rearranged, tile)) for tile in self.list_tiles()])


def prepare_model(
    features: pd.DataFrame,
    design: pd.DataFrame,
    *,
    tested: str,
    blocks: pd.Series | None = None,
    whole_blocks: bool = False,
    n_permutations: int,
    rng: np.random.Generator,
    signed: bool = False,
    precision: Precision = "double",
) -> PermutationModel:
    """Free features and the tested column from the nuisance, and plan the shuffles.

    Parameters
    ----------
    features : pandas.DataFrame of shape (n_participants, n_features)
        Index ``participant_id``; no missing value among the people of the design.
    design : pandas.DataFrame of shape (n_designed, n_terms)
        Index ``participant_id``; numeric, complete, without intercept. People in both tables are used. Where it carries
        clusters, these change places as wholes, and their members among themselves.
    tested : str
        Column of the design to test; the others and an intercept are nuisance.
    blocks : pandas.Series, optional
        Exchangeability block of each participant. None: one block.
    whole_blocks : bool, default False
        True: blocks of equal size change places as wholes.
    n_permutations : int
        Largest number of shuffles; when the design has no more distinct arrangements, each is used once.
    rng : numpy.random.Generator
    signed : bool, default False
        Whether the statistic carries the sign of the effect.
    precision : {"double", "single"}, default "double"

    Returns
    -------
    PermutationModel

    Raises
    ------
    ValueError
        When nobody is shared, a value is missing, a participant has no block, a tested column follows from
        the others, or shuffling within blocks cannot change it.
    """
    people, values, terms = _align(features, design, tested)
    groups, clusters = match_blocks(people, blocks), number_clusters(terms)
    _refuse_still(terms[tested], groups, whole_blocks)
    plan = plan_shuffles(
        terms.to_numpy(float),
        groups,
        n_permutations=n_permutations,
        rng=rng,
        whole_blocks=whole_blocks,
        clusters=clusters,
    )
    basis = span_design(terms.drop(columns=tested).to_numpy(float))
    direction = _free(terms[tested], basis, terms.columns.drop(tested))
    moving = _drop_unmoved(basis, np.zeros_like(groups) if whole_blocks else groups)
    found = weigh_residuals(basis, direction[:, 0], clusters)
    own_df, weights = (
        found.df,
        None if np.isnan(found.df) else found.weights,
    )  # a group of one participant has no variance of its own
    model = _fit(values, direction, basis, moving, features.columns, plan, groups, signed, precision, weights)
    return model if weights is None else replace(model, own_df=own_df)


def _fit(
    values: np.ndarray,
    direction: np.ndarray,
    basis: np.ndarray,
    moving: np.ndarray,
    names: pd.Index,
    plan: Plan,
    groups: np.ndarray,
    signed: bool,
    precision: Precision,
    weights: np.ndarray | None = None,
) -> PermutationModel:
    df = len(values) - basis.shape[1] - 1
    if df < 1:
        raise TooLittle(
            f"{count(len(values), 'participant')} are too few for {count(basis.shape[1] + 1, 'term')} "
            "(with the intercept): nothing is left to judge the error by. Leave covariates out, or add people."
        )
    residuals = np.empty(values.shape, DTYPES[precision])
    effects, variance = np.empty(values.shape[1]), np.empty(values.shape[1])
    testable = np.empty(values.shape[1], bool)
    for start in range(0, values.shape[1], TILE):
        columns = slice(start, start + TILE)
        raw = values[:, columns].astype(float)
        left = raw - basis @ (basis.T @ raw)
        length = np.sqrt(np.einsum("ij,ij->j", left, left))
        testable[columns] = length > EXPLAINED * np.sqrt(np.einsum("ij,ij->j", raw, raw)) * np.sqrt(len(raw))
        left *= np.where(testable[columns], 1 / np.where(testable[columns], length, 1.0), 0.0)
        effects[columns] = direction[:, 0] @ left
        residuals[:, columns] = left
        if weights is not None:
            variance[columns] = weights @ (left - direction * effects[columns]) ** 2
    observed = effects**2
    terms = [direction, moving]
    if weights is not None:
        observed /= np.maximum(observed + df * variance, np.finfo(float).tiny)
        terms += [weights[:, None] * direction, weights[:, None]]
    side = np.sign(effects)
    return PermutationModel(
        residuals=residuals,
        terms=np.ascontiguousarray(np.hstack(terms).T, dtype=DTYPES[precision]),
        df=df,
        own_df=df,
        observed=observed * side if signed else observed,
        direction=side,
        testable=testable,
        features=names,
        plan=plan,
        n_blocks=len(np.unique(groups)),
        signed=signed,
        precision=precision,
        studentised=weights is not None,
    )


def _free(tested: pd.Series, basis: np.ndarray, others: pd.Index) -> np.ndarray:
    """Return the tested column freed from the nuisance, of length 1, as a matrix of one column."""
    column = tested.to_numpy(float)[:, None]
    column = column / max(np.abs(column).max(), np.finfo(float).tiny)
    left = column - basis @ (basis.T @ column)
    if (left**2).sum() <= RANK * (column**2).sum():
        raise TooLittle(
            f"'{tested.name}' cannot be tested: {count(len(tested), 'participant')}, and it is "
            f"constant or follows from {name_some(others) or 'the intercept'}. Leave that covariate out, or add people."
        )
    return left / np.linalg.norm(left)


def _drop_unmoved(basis: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Drop what is constant within every block: shuffles leave it where it is, and the residuals are free from it."""
    within = basis.copy()
    for group in np.unique(groups):
        within[groups == group] -= within[groups == group].mean(axis=0)
    _, size, turns = np.linalg.svd(within, full_matrices=False)
    return basis @ turns[size > RANK].T


def _align(features: pd.DataFrame, design: pd.DataFrame, tested: str) -> tuple[pd.Index, np.ndarray, pd.DataFrame]:
    terms = match_design(features.index, design, [tested])
    people = terms.index
    shared = features if features.index.equals(people) else features.loc[people]
    values = shared.to_numpy()
    values = values if values.dtype.kind == "f" else values.astype(float)
    suspect = np.flatnonzero(~np.isfinite(values.sum(axis=0)))
    holes = features.columns[suspect[~np.isfinite(values[:, suspect]).all(axis=0)]]
    if features.columns.empty or len(holes):
        raise ValueError(
            f"{count(len(holes), 'feature')} with a missing value "
            f"({name_some(holes) or 'there is no feature at all'}); a "
            "max-T test compares all features in the same people. Drop those features, or the "
            "people without them."
        )
    return people, values, terms


def _refuse_still(tested: pd.Series, groups: np.ndarray, whole_blocks: bool) -> None:
    """Refuse a tested column that no shuffle can change."""
    if whole_blocks:
        rows = [tested.to_numpy(float)[groups == group] for group in np.unique(groups)]
        if len({(len(block), block.tobytes()) for block in rows}) == len({len(block) for block in rows}):
            raise TooLittle(
                f"No two blocks of equal size differ in {tested.name}, so exchanging whole blocks "
                "changes nothing. Shuffle within blocks, or leave blocks out."
            )
    elif tested.groupby(groups).nunique().max() < 2:
        raise TooLittle(
            f"Every block holds a single value of '{tested.name}', so shuffling within blocks changes nothing. "
            "Use larger blocks, or leave blocks out."
        )
