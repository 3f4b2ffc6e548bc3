"""Single taxa by several methods: each takes counts or log-ratios and a design, and gives effect, interval and p."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import expit
from skbio.stats.composition import ancombc

from helpers.contrasts import CONFIDENCE, adjust_bh, find_df, fit_contrasts
from helpers.designs import match_design, refuse_determined
from helpers.problems import count, name_some

FIELDS = ["estimate", "ci_low", "ci_high", "p", "q"]
LARGEST_STEP = 2.0
MAX_STEPS = 100
CLOSE = 1e-7
Z = stats.norm.ppf(0.5 + CONFIDENCE / 2)


def run_linda(logs: pd.DataFrame, design: pd.DataFrame, *, tested: str = "group") -> pd.DataFrame:
    """Regress log-ratios on the design and take the most common coefficient off all of them, as LinDA does.

    Log-ratios are relative: where a few taxa rise, the geometric mean rises, and all others seem to fall by the same
    amount. If most taxa do not differ, that amount is the mode of the coefficients [1]_. LinDA finds the mode by mean
    shift; so does this, with Silverman's bandwidth in place of Sheather and Jones'.

    Parameters
    ----------
    logs : pandas.DataFrame of shape (n_participants, n_taxa)
        Centred log-ratios.
    design : pandas.DataFrame
        Same people; numeric.
    tested : str, default "group"

    Returns
    -------
    pandas.DataFrame
        Index feature; estimate, ci_low, ci_high (natural log units), p, q.

    References
    ----------
    .. [1] Zhou H, He K, Chen J, Zhang X (2022). LinDA: linear models for differential abundance analysis of microbiome
       compositional data. Genome Biology 23:95. doi:10.1186/s13059-022-02655-5

    Examples
    --------
    Three taxa seem to fall by 1 because the fourth rises by 3; the fall is taken back.

    >>> logs = pd.DataFrame({name: [0.0, 0.1, -1.0, -0.9] for name in "abc"}, index=list("wxyz"))
    >>> logs["d"] = [0.0, 0.1, 3.0, 3.1]
    >>> run_linda(logs, pd.DataFrame({"group": [0, 0, 1, 1]}, index=list("wxyz")))["estimate"].round(2).abs().tolist()
    [0.0, 0.0, 0.0, 4.0]
    """
    fitted = fit_contrasts(logs, design, tested=tested)
    known = fitted["estimate"].dropna().to_numpy(float)
    table = fitted[["estimate", "ci_low", "ci_high"]] - (find_mode(known) if known.size else np.nan)
    df = find_df(_match(logs.index, design, tested), tested=tested)
    quantile = stats.t.ppf(0.5 + CONFIDENCE / 2, df)
    t = table["estimate"] / (table["ci_high"] - table["ci_low"]) * 2 * quantile
    return _add_q(table.assign(p=2 * stats.t.sf(t.abs(), df)))


def find_mode(values: np.ndarray) -> float:
    """Return where values lie densest: the top of their Gaussian kernel density.

    Examples
    --------
    >>> round(find_mode(np.array([0.0, 0.01, -0.01, 5.0])), 2)
    0.0
    """
    spread = min(values.std(ddof=1), np.subtract(*np.percentile(values, [75, 25])) / 1.349) or values.std(ddof=1)
    width = 0.9 * spread * len(values) ** -0.2
    if not width > 0:
        return float(np.median(values))
    kernel = np.exp(-0.5 * (np.subtract.outer(values, values) / width) ** 2)
    top = values[kernel.sum(axis=1).argmax()]
    for _ in range(MAX_STEPS):
        weights = np.exp(-0.5 * ((values - top) / width) ** 2)
        moved = weights @ values / weights.sum()
        if abs(moved - top) < CLOSE * width:
            break
        top = moved
    return float(moved)


def run_ancombc(logs: pd.DataFrame, design: pd.DataFrame, *, tested: str = "group") -> pd.DataFrame:
    """Contrast the groups by ANCOM-BC: logarithms of counts, corrected for the sampled share of each person.

    scikit-bio computes estimate and error; given the logarithms of counts plus one these equal the R package's [1]_. The
    R package takes their ratio for normal, which names too much in cohorts of a hundred; here it is held against Welch's t.

    Parameters
    ----------
    logs : pandas.DataFrame of shape (n_participants, n_taxa)
        Natural logarithms of counts plus one, not centred.
    design : pandas.DataFrame
        Same people; numeric.
    tested : str, default "group"

    Returns
    -------
    pandas.DataFrame
        Index feature; estimate, ci_low, ci_high (natural log units), p, q. NaN where its bias cannot be estimated, as of
        one or two taxa.

    References
    ----------
    .. [1] Lin H, Peddada SD (2020). Analysis of compositions of microbiomes with bias correction. Nature Communications
       11:3514. doi:10.1038/s41467-020-17041-7
    """
    terms = _match(logs.index, design, tested)
    safe = {name: f"x{i}" for i, name in enumerate(terms.columns)}
    numbered = np.exp(logs).set_axis([f"t{i}" for i in range(logs.shape[1])], axis=1)
    people = [f"s{i}" for i in range(len(logs))]
    try:
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            fitted = ancombc(
                numbered.set_axis(people),
                terms.rename(columns=safe).set_axis(people),
                formula=" + ".join(safe.values()),
                p_adjust=None,
            )
    except ValueError:  # its mixture of effects cannot be fitted to so few taxa
        return pd.DataFrame(np.nan, logs.columns, FIELDS).rename_axis("feature")
    rows = fitted.result.xs(safe[tested], level="Covariate").loc[numbered.columns]
    estimate, error = rows["Log(FC)"].to_numpy(float), rows["SE"].to_numpy(float)
    df = find_df(terms, tested=tested)
    half = stats.t.ppf(0.5 + CONFIDENCE / 2, df) * error
    p = 2 * stats.t.sf(np.abs(estimate / error), df)
    table = {"estimate": estimate, "ci_low": estimate - half, "ci_high": estimate + half, "p": p}
    return _add_q(pd.DataFrame(table, index=logs.columns))


def compare_ranks(logs: pd.DataFrame, design: pd.DataFrame, *, tested: str = "group") -> pd.DataFrame:
    """Contrast the groups on ranks: Wilcoxon's test, with covariates.

    Values are replaced by their ranks, and ranks are regressed on the design [1]_. Without covariates that is
    Wilcoxon's rank sum test, up to its large-sample approximation.

    Parameters
    ----------
    logs : pandas.DataFrame of shape (n_participants, n_taxa)
        Centred log-ratios.
    design : pandas.DataFrame
        Same people.
    tested : str, default "group"

    Returns
    -------
    pandas.DataFrame
        Index feature; estimate, ci_low, ci_high (rank-biserial correlation, -1 to 1: chance that a person of the high
        group has more, minus chance of less), p, q.

    References
    ----------
    .. [1] Conover WJ, Iman RL (1981). Rank transformations as a bridge between parametric and nonparametric statistics.
       The American Statistician 35(3):124-129. doi:10.1080/00031305.1981.10479327

    Examples
    --------
    Three of the four pairs are higher, one is lower: 3/4 - 1/4.

    >>> logs = pd.DataFrame({"x": [1.0, 3.0, 2.0, 4.0]}, index=list("abcd"))
    >>> float(compare_ranks(logs, pd.DataFrame({"group": [0, 0, 1, 1]}, index=list("abcd"))).loc["x", "estimate"])
    0.5
    """
    table = fit_contrasts(logs.rank(), design, tested=tested)
    scaled = table[["estimate", "ci_low", "ci_high"]] * 2 / len(logs)
    return scaled.join(table[["p", "q"]])


def compare_presence(seen: pd.DataFrame, design: pd.DataFrame, *, tested: str = "group") -> pd.DataFrame:
    """Contrast the groups on who has a taxon at all, by Firth's logistic regression.

    Where only one group has a taxon, the odds ratio of a plain logistic regression is infinite. Firth's penalty keeps it
    finite [1]_ for every taxon alike. p is the penalised likelihood ratio's, the interval Wald's.

    Parameters
    ----------
    seen : pandas.DataFrame of bool or float, shape (n_participants, n_taxa)
        Whether a person has a taxon, or the chance that an equal number of reads shows it.
    design : pandas.DataFrame
        Same people; numeric.
    tested : str, default "group"

    Returns
    -------
    pandas.DataFrame
        Index feature; estimate, ci_low, ci_high (log odds ratio), p, q. NaN for a taxon that everybody has, or nobody.

    References
    ----------
    .. [1] Heinze G, Schemper M (2002). A solution to the problem of separation in logistic regression. Statistics in
       Medicine 21(16):2409-2419. doi:10.1002/sim.1047

    Examples
    --------
    Two of two against none of two; Firth adds half a person to each cell: ln(2.5 / 0.5 × 2.5 / 0.5) = 3.22.

    >>> seen = pd.DataFrame({"x": [False, False, True, True]}, index=list("abcd"))
    >>> table = compare_presence(seen, pd.DataFrame({"group": [0, 0, 1, 1]}, index=list("abcd")))
    >>> round(float(table.loc["x", "estimate"]), 2)
    3.22
    """
    values = seen.to_numpy(float)
    varied = (values.min(axis=0) < values.max(axis=0)).nonzero()[0]
    columns = _match(seen.index, design, tested).to_numpy(float)
    spread = np.where(columns.std(axis=0) > 0, columns.std(axis=0), 1.0)
    scaled = np.column_stack([np.ones(len(columns)), (columns - columns.mean(axis=0)) / spread])
    place = 1 + list(design.columns).index(tested)
    free = np.ones(scaled.shape[1], bool)
    full, error, likelihood, done = _fit_firth(scaled, values[:, varied], free)
    free[place] = False
    _, _, likelihood_without, done_without = _fit_firth(scaled, values[:, varied], free)
    ratio = np.maximum(2 * (likelihood - likelihood_without), 0)
    estimate, half = full[place] / spread[place - 1], Z * error[place] / spread[place - 1]
    table = pd.DataFrame(np.nan, index=seen.columns, columns=FIELDS[:-1])
    fitted = np.column_stack([estimate, estimate - half, estimate + half, stats.chi2.sf(ratio, 1)])
    table.iloc[varied] = np.where((done & done_without)[:, None], fitted, np.nan)
    return _add_q(table)


def _fit_firth(x: np.ndarray, y: np.ndarray, free: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return coefficients and errors (terms x taxa), penalised log-likelihoods, and which fits have settled."""
    beta = np.zeros((x.shape[1], y.shape[1]))
    for _ in range(MAX_STEPS):
        chance, information, score = _score_firth(x, y, beta)
        step = np.linalg.solve(information[:, free][:, :, free], score[free].T[:, :, None])[:, :, 0].T
        largest = np.abs(step).max(axis=0, initial=0)
        beta[free] += step * np.minimum(1, LARGEST_STEP / np.maximum(largest, LARGEST_STEP))
        if largest.max(initial=0) < CLOSE:
            break
    chance, information, _ = _score_firth(x, y, beta)
    chance = chance.clip(1e-12, 1 - 1e-12)
    likelihood = (y * np.log(chance) + (1 - y) * np.log1p(-chance)).sum(axis=0)
    likelihood = likelihood + 0.5 * np.linalg.slogdet(information)[1]
    error = np.sqrt(np.diagonal(np.linalg.inv(information), axis1=1, axis2=2)).T
    return beta, error, likelihood, largest < CLOSE**0.5


def _score_firth(x: np.ndarray, y: np.ndarray, beta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    chance = expit(x @ beta)
    weight = chance * (1 - chance)
    information = np.einsum("np,nm,nq->mpq", x, weight, x, optimize=True)
    leverage = weight * np.einsum("np,mpq,nq->nm", x, np.linalg.inv(information), x, optimize=True)
    return chance, information, x.T @ (y - chance + leverage * (0.5 - chance))


def _match(index: pd.Index, design: pd.DataFrame, tested: str) -> pd.DataFrame:
    """Return the design in the order of the samples, after refusing what no model can use."""
    terms = match_design(index, design, [tested])
    if len(terms) < len(index):
        raise ValueError(f"{name_some(index.difference(terms.index))}: no line in the design. Leave these samples out.")
    refuse_determined(terms, tested)
    return terms.loc[index]


def _add_q(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(q=adjust_bh(pd.Series(table["p"], index=table.index))).rename_axis("feature")


def require_two_groups(design: pd.DataFrame, tested: str) -> None:
    """Refuse a score where two groups are asked for.

    Raises
    ------
    ValueError
        When the tested column holds anything but 0 and 1.
    """
    if not design[tested].isin([0, 1]).all():
        n_values = design[tested].nunique()
        raise ValueError(f"'{tested}' has {count(n_values, 'value')}; the methods compare two groups, coded 1 and 0.")
