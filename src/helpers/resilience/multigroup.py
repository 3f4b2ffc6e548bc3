"""Fit a factor model to several groups at once by maximum likelihood, with what is equal between them held equal."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

EQUAL = {
    "configural": (),
    "metric": ("loadings",),
    "scalar": ("loadings", "intercepts"),
    "strict": ("loadings", "intercepts", "uniquenesses"),
}
MAX_STEPS = 5000
BEYOND = 1e6  # discrepancy of a model that implies a singular covariance
TOLERANCE, COARSE = 1e-13, 1e-8  # steps that gain less, relative to the discrepancy, end a fit; COARSE from a start
SMALLEST_UNIQUENESS = 1e-4  # of an item's variance over all groups


@dataclass(frozen=True, eq=False)
class GroupMoments:
    """What a factor model needs to know of one group.

    Attributes
    ----------
    n : int
    mean : numpy.ndarray of shape (n_items,)
    covariance : numpy.ndarray of shape (n_items, n_items)
        Divided by n, as maximum likelihood asks.
    """

    n: int
    mean: np.ndarray
    covariance: np.ndarray


@dataclass(frozen=True, eq=False)
class MultigroupFit:
    """A factor model of one or more groups, fitted.

    Attributes
    ----------
    chi2, df : float, int
        Likelihood-ratio test against free means and covariances.
    n_parameters : int
    cfi, tli, rmsea, srmr : float
        Indices of fit; the baseline has free means and variances and no covariance; ``srmr`` is of covariances and
        means, averaged over groups by n.
    loadings, factor_covariances : list of numpy.ndarray
        Per group, in units of the items; the first item of each factor has loading 1.
    uniquenesses, intercepts, factor_means : list of numpy.ndarray
        Per group; factor means are 0 unless intercepts are equal, and 0 in the first group.
    free : numpy.ndarray of shape (n_parameters,)
        The free parameters, from which a fit to similar data may start.
    """

    chi2: float
    df: int
    n_parameters: int
    cfi: float
    tli: float
    rmsea: float
    srmr: float
    loadings: list[np.ndarray]
    factor_covariances: list[np.ndarray]
    uniquenesses: list[np.ndarray]
    intercepts: list[np.ndarray]
    factor_means: list[np.ndarray]
    free: np.ndarray


def measure_moments(items: pd.DataFrame) -> GroupMoments:
    """Return n, means and covariances of complete answers.

    Examples
    --------
    >>> moments = measure_moments(pd.DataFrame({"a": [1, 3], "b": [2, 2]}))
    >>> moments.n, moments.mean.tolist(), moments.covariance.tolist()
    (2, [2.0, 2.0], [[1.0, 0.0], [0.0, 0.0]])
    """
    values = items.to_numpy(float)
    return GroupMoments(len(values), values.mean(axis=0), np.cov(values, rowvar=False, bias=True))


def fit_groups(
    groups: Sequence[GroupMoments], pattern: np.ndarray, *, level: str = "configural", start: np.ndarray | None = None
) -> MultigroupFit:
    """Fit one pattern of loadings to all groups.

    Parameters
    ----------
    groups : sequence of GroupMoments
        Each with more people than items.
    pattern : numpy.ndarray of bool, shape (n_items, n_factors)
        Which item loads on which factor.
    level : {"configural", "metric", "scalar", "strict"}
        The same pattern only; equal loadings; equal intercepts as well, factor means then free in all groups but
        the first; equal residual variances as well.
    start : numpy.ndarray, optional
        Free parameters to start from: those of a fit to similar data. Such a fit ends sooner (chi-square to about
        three digits).

    Returns
    -------
    MultigroupFit

    References
    ----------
    .. [1] Joreskog KG (1971). Simultaneous factor analysis in several populations. Psychometrika 36:409-426.
       doi:10.1007/BF02291366
    """
    pooled = sum(group.n * np.diag(group.covariance) for group in groups) / sum(group.n for group in groups)
    scale = np.sqrt(pooled)
    scaled = [GroupMoments(g.n, g.mean / scale, g.covariance / np.outer(scale, scale)) for g in groups]
    layout = _Layout.make(pattern, len(groups), EQUAL[level])
    first = layout.start(scaled) if start is None else start
    found = scipy.optimize.minimize(
        layout.objective,
        first,
        args=(scaled,),
        jac=True,
        method="L-BFGS-B",
        bounds=layout.bounds(),
        options={
            "maxiter": MAX_STEPS,
            "maxfun": 2 * MAX_STEPS,
            "ftol": TOLERANCE if start is None else COARSE,
            "gtol": 1e-7,
            "maxcor": 30,
        },
    )
    if not found.success:
        warnings.warn(f"The {level} model was still moving ({found.message}).", stacklevel=2)
    return _summarise(layout, found.x, scaled, scale)


@dataclass(frozen=True, eq=False)
class _Layout:
    """Where each parameter of each group stands in one vector of free parameters; -1: fixed."""

    pattern: np.ndarray
    places: list[Mapping[str, np.ndarray]]
    n_free: int

    @classmethod
    def make(cls, pattern: np.ndarray, n_groups: int, equal: Sequence[str]) -> _Layout:
        n_items, n_factors = pattern.shape
        markers = np.zeros_like(pattern)
        markers[pattern.argmax(axis=0), np.arange(n_factors)] = True
        masks = {
            "loadings": pattern & ~markers,
            "roots": np.tril(np.ones((n_factors, n_factors), bool)),
            "uniquenesses": np.ones(n_items, bool),
            "intercepts": np.ones(n_items, bool),
        }
        places, n_free = [], 0
        for group in range(n_groups):
            free_means = group > 0 and "intercepts" in equal
            own = {}
            for name, mask in {**masks, "means": np.full(n_factors, free_means)}.items():
                if group > 0 and name in equal:
                    own[name] = places[0][name]
                    continue
                own[name] = np.full(mask.shape, -1)
                own[name][mask] = n_free + np.arange(mask.sum())
                n_free += int(mask.sum())
            places.append(own)
        return cls(pattern, places, n_free)

    def start(self, groups: Sequence[GroupMoments]) -> np.ndarray:
        free = np.zeros(self.n_free)
        for own, group in zip(self.places, groups, strict=True):
            roots = np.where(np.eye(len(own["roots"])), 0.6, 0.15)
            guesses = {
                "loadings": np.ones(self.pattern.shape),
                "roots": roots,
                "uniquenesses": np.diag(group.covariance) / 2,
                "intercepts": group.mean,
                "means": np.zeros(len(roots)),
            }
            for name, place in own.items():
                free[place[place >= 0]] = guesses[name][place >= 0]
        return free

    def bounds(self) -> list[tuple[float | None, float | None]]:
        limits: list[tuple[float | None, float | None]] = [(None, None)] * self.n_free
        for own in self.places:
            for place in own["uniquenesses"]:
                limits[place] = (SMALLEST_UNIQUENESS, None)
        return limits

    def unpack(self, free: np.ndarray, group: int) -> dict[str, np.ndarray]:
        fixed = {"loadings": self.pattern.astype(float)}
        return {
            name: np.where(place >= 0, free[place], fixed.get(name, np.zeros(place.shape)))
            for name, place in self.places[group].items()
        }

    def objective(self, free: np.ndarray, groups: Sequence[GroupMoments]) -> tuple[float, np.ndarray]:
        total, gradient = 0.0, np.zeros(self.n_free)
        n_all = sum(group.n for group in groups)
        for i, group in enumerate(groups):
            value, slopes = _discrepancy(self.unpack(free, i), group)
            total += value * group.n / n_all
            for name, place in self.places[i].items():
                np.add.at(gradient, place[place >= 0], slopes[name][place >= 0] * group.n / n_all)
        return total, gradient


def _discrepancy(own: Mapping[str, np.ndarray], group: GroupMoments) -> tuple[float, dict[str, np.ndarray]]:
    """Return the normal log-likelihood against the free model, times -2 / n, and its slopes."""
    loadings, roots, means = own["loadings"], own["roots"], own["means"]
    spread = roots @ roots.T
    implied = loadings @ spread @ loadings.T + np.diag(own["uniquenesses"])
    try:
        inverse = np.linalg.inv(implied)
    except np.linalg.LinAlgError:  # the search has stepped on a border; it turns back from there
        return BEYOND, {name: np.zeros_like(part) for name, part in own.items()}
    off = group.mean - own["intercepts"] - loadings @ means
    seen = group.covariance + np.outer(off, off)
    value = np.linalg.slogdet(implied)[1] - np.linalg.slogdet(group.covariance)[1] + np.sum(inverse * seen) - len(off)
    by_covariance = inverse - inverse @ seen @ inverse
    by_mean = -2 * inverse @ off
    slopes = {
        "loadings": 2 * by_covariance @ loadings @ spread + np.outer(by_mean, means),
        "roots": 2 * loadings.T @ by_covariance @ loadings @ roots,
        "uniquenesses": np.diag(by_covariance).copy(),
        "intercepts": by_mean,
        "means": loadings.T @ by_mean,
    }
    return float(value), slopes


def _summarise(layout: _Layout, free: np.ndarray, groups: Sequence[GroupMoments], scale: np.ndarray) -> MultigroupFit:
    n_items, n_groups = len(scale), len(groups)
    n_all = sum(group.n for group in groups)
    chi2 = n_all * layout.objective(free, groups)[0]
    df = n_groups * (n_items + n_items * (n_items + 1) // 2) - layout.n_free
    base = sum(g.n * (np.log(np.diag(g.covariance)).sum() - np.linalg.slogdet(g.covariance)[1]) for g in groups)
    own = [layout.unpack(free, i) for i in range(n_groups)]
    marker = scale[layout.pattern.argmax(axis=0)]
    srmr = sum(g.n * _standardised_residual(g, parts) for g, parts in zip(groups, own, strict=True)) / n_all
    return MultigroupFit(
        chi2=float(chi2),
        df=df,
        n_parameters=layout.n_free,
        **rate_fit(chi2, df, base, n_groups * n_items * (n_items - 1) // 2, n=n_all, n_groups=n_groups),
        srmr=float(srmr),
        loadings=[parts["loadings"] * scale[:, None] / marker for parts in own],
        factor_covariances=[parts["roots"] @ parts["roots"].T * np.outer(marker, marker) for parts in own],
        uniquenesses=[parts["uniquenesses"] * scale**2 for parts in own],
        intercepts=[parts["intercepts"] * scale for parts in own],
        factor_means=[parts["means"] * marker for parts in own],
        free=free,
    )


def rate_fit(chi2: float, df: int, base_chi2: float, base_df: int, *, n: int, n_groups: int = 1) -> dict[str, float]:
    """Return CFI, TLI and RMSEA from two chi-squares.

    Examples
    --------
    Published for nine tests of Holzinger and Swineford (301 pupils, three factors):

    >>> {name: round(value, 3) for name, value in rate_fit(85.306, 24, 918.852, 36, n=301).items()}
    {'cfi': 0.931, 'tli': 0.896, 'rmsea': 0.092}
    """
    excess = max(chi2 - df, 0.0)
    base_excess = max(base_chi2 - base_df, excess, 1e-12)
    return {
        "cfi": float(1 - excess / base_excess),
        "tli": float((base_chi2 / base_df - chi2 / df) / (base_chi2 / base_df - 1))
        if df and base_chi2 > base_df
        else np.nan,
        "rmsea": float(np.sqrt(n_groups * excess / (df * n))) if df else np.nan,
    }


def _standardised_residual(group: GroupMoments, own: Mapping[str, np.ndarray]) -> float:
    implied = own["loadings"] @ own["roots"] @ own["roots"].T @ own["loadings"].T + np.diag(own["uniquenesses"])
    off = group.mean - own["intercepts"] - own["loadings"] @ own["means"]
    return standardise_residual(group.covariance, implied, off)


def standardise_residual(observed: np.ndarray, implied: np.ndarray, off: np.ndarray | None = None) -> float:
    """Return the SRMR: root mean square of what a model leaves of correlations, variances and means.

    Parameters
    ----------
    observed, implied : numpy.ndarray of shape (n_items, n_items)
        Covariances.
    off : numpy.ndarray of shape (n_items,), optional
        Observed less implied means, in units of the items; None for a model without means.

    References
    ----------
    .. [1] Bentler PM (1995). EQS structural equations program manual. Multivariate Software.

    Examples
    --------
    >>> standardise_residual(np.array([[1.0, 0.3], [0.3, 1.0]]), np.array([[1.0, 0.0], [0.0, 1.0]])).round(4)
    np.float64(0.1732)
    >>> standardise_residual(np.eye(2), np.eye(2), np.array([1.0, 0.0])).round(4)  # one of five residuals is 1
    np.float64(0.4472)
    """
    scale = np.sqrt(np.diag(observed))
    residual = ((observed - implied) / np.outer(scale, scale))[np.tril_indices(len(observed))]
    if off is not None:
        residual = np.concatenate([residual, off / scale])
    return np.sqrt(np.mean(residual**2))
