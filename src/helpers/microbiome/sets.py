"""Functional groups of transcripts tested as sets: against no difference at all, and against all other transcripts."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from helpers.contrasts import CONFIDENCE, Q_SHOWN, adjust_bh, fit_contrasts
from helpers.linear_algebra import count_rank, span_design
from helpers.microbiome.abundance import OTHER, log_prevalent, match_functions
from helpers.permutation import TIE, prepare_model
from helpers.problems import TooLittle
from helpers.wording import as_text

FEWEST = 3


def compare_function_sets(
    transcripts: pd.DataFrame,
    features: pd.DataFrame,
    design: pd.DataFrame,
    *,
    blocks: pd.Series | None = None,
    min_prevalence: float = 0.1,
    n_permutations: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Test each functional group of transcripts as a set, in the two ways that answer two questions.

    *Self-contained*: does any, or the average, of its transcripts differ? The mean t of the set (``p_direction``), and the
    mean of t squared (``p_any``, for sets that go both ways), against those of shuffles of people, which keep the
    correlation of transcripts. *Competitive*: does it differ more than the other transcripts do? The mean t of the set less
    that of all others. Taken for independent, a set of alike transcripts is called far too often [2]_. CAMERA [1]_ widens
    the variance by the correlation within the set; here the shuffles of people measure it, correlation among the other
    transcripts included, and the spread of t beyond theirs is added.

    Parameters
    ----------
    transcripts : pandas.DataFrame of shape (n_participants, n_transcripts)
        Raw reads.
    features : pandas.DataFrame
        Index: transcript; column ``group``. The group ``other`` is background and no set.
    design : pandas.DataFrame
    blocks : pandas.Series, optional
        Study of each participant; people are shuffled within.
    min_prevalence : float, default 0.1
    n_permutations : int
    rng : numpy.random.Generator

    Returns
    -------
    pandas.DataFrame
        Index feature (set, alphabetical); n_transcripts, n_high, n_low, d, d_low, d_high (mean log-ratio of the set),
        mean_t, gap, gap_low, gap_high (mean t of its transcripts less that of all others, 95 % interval), correlation (mean,
        within the set, of residuals), p_direction, p_any, p_competitive and a q for each (over the sets).
        Sets of fewer than 3 transcripts are left out.

    Raises
    ------
    ValueError
        Bad counts, transcripts without functional group (named), no set of three, or what
        :func:`helpers.permutation.prepare_model` refuses.

    References
    ----------
    .. [1] Wu D, Smyth GK (2012). Camera: a competitive gene set test accounting for inter-gene correlation. Nucleic Acids
       Research 40(17):e133. doi:10.1093/nar/gks461
    .. [2] Goeman JJ, Bühlmann P (2007). Analyzing gene expression data in terms of gene sets: methodological issues.
       Bioinformatics 23(8):980-987. doi:10.1093/bioinformatics/btm051
    """
    logs = log_prevalent(transcripts, design, min_prevalence=min_prevalence)
    members = match_functions(logs.columns, features).to_numpy()
    names, sizes = np.unique(members, return_counts=True)
    names = [name for name, size in zip(names, sizes, strict=True) if size >= FEWEST and name != OTHER.lower()]
    if not names or len(logs.columns) - sizes.max() < 2:
        raise TooLittle(f"No functional group has {FEWEST} transcripts, with others beside it; sets need them.")
    within = np.column_stack([members == name for name in names])
    terms = design.loc[logs.index]
    model = prepare_model(
        logs, terms, tested="group", blocks=blocks, n_permutations=n_permutations, rng=rng, signed=True
    )
    seen = _summarise(model.to_statistic(model.observed)[None], within)
    shuffled = [_summarise(model.shuffle_t(stream), within) for stream in range(model.plan.n_streams)]
    table = pd.DataFrame(
        _compare_with_shuffles(seen, shuffled, within, df=_count_df(terms)), pd.Index(names, name="feature")
    )
    table["correlation"] = _correlate_within(logs.to_numpy(), terms.to_numpy(float), within)
    for name in ("direction", "any", "competitive"):
        table[f"q_{name}"] = adjust_bh(table[f"p_{name}"])
    return _contrast_scores(logs, terms, within, names).join(table)


def describe_sets(table: pd.DataFrame) -> str:
    """Say which sets differ, in which sense."""
    asked = {
        "direction": "differ on average from no difference",
        "any": "hold some transcripts that differ",
        "competitive": "differ more than the other transcripts do",
    }
    parts = []
    for name, what in asked.items():
        found = table.index[table[f"q_{name}"] < Q_SHOWN]
        parts.append(f"{', '.join(as_text(str(one).replace('_', ' ')) for one in found) or 'none'} {what}")
    return (
        f"{len(table)} sets of {table['n_transcripts'].min():,.0f} to {table['n_transcripts'].max():,.0f} transcripts, mean "
        f"correlation within a set {table['correlation'].min():.2f} to {table['correlation'].max():.2f}. "
        f"With q < {Q_SHOWN:g}: {'; '.join(parts)}."
    )


def _summarise(t: np.ndarray, within: np.ndarray) -> dict[str, np.ndarray]:
    """Return, per shuffle (and set): mean t, mean t squared, the gap to all other transcripts, and the variance of t."""
    inside, outside = (mask / mask.sum(axis=0) for mask in (within, ~within))
    mean = t @ inside
    return {
        "mean_t": mean,
        "square": t**2 @ inside,
        "gap": mean - t @ outside,
        "spread": t.var(axis=1, ddof=1)[:, None],
    }


def _compare_with_shuffles(
    seen: dict[str, np.ndarray], shuffled: list[dict[str, np.ndarray]], within: np.ndarray, *, df: int
) -> dict[str, np.ndarray]:
    """Return the three tests per set.

    The error of a gap has two parts: what shuffles of people give, all correlation included, and how much more the t of
    transcripts spread than shuffles let them, shared out over the transcripts of the set and of the rest.
    """
    null = {name: np.vstack([part[name] for part in shuffled]) for name in seen}
    n_set, n_rest = within.sum(axis=0), (~within).sum(axis=0)
    excess = max(float(seen["spread"][0, 0] - null["spread"].mean()), 0.0)
    gap = seen["gap"][0]
    error = np.sqrt(null["gap"].var(axis=0, ddof=1) + excess * (1 / n_set + 1 / n_rest))
    half = stats.t.ppf(0.5 + CONFIDENCE / 2, df) * error
    return {
        "mean_t": seen["mean_t"][0],
        "gap": gap,
        "gap_low": gap - half,
        "gap_high": gap + half,
        "p_direction": _count_p(np.abs(seen["mean_t"]), np.abs(null["mean_t"])),
        "p_any": _count_p(seen["square"], null["square"]),
        "p_competitive": 2 * stats.t.sf(np.abs(gap / error), df),
    }


def _count_p(seen: np.ndarray, null: np.ndarray) -> np.ndarray:
    return (1 + (null >= seen * (1 - TIE)).sum(axis=0)) / (1 + len(null))


def _count_df(terms: pd.DataFrame) -> int:
    return len(terms) - count_rank(terms.to_numpy(float))


def _correlate_within(values: np.ndarray, terms: np.ndarray, within: np.ndarray) -> np.ndarray:
    """Return the mean correlation of residuals between two transcripts of a set."""
    basis = span_design(terms)
    left = values - basis @ (basis.T @ values)
    length = np.sqrt((left**2).sum(axis=0))
    unit = np.divide(left, length, out=np.zeros_like(left), where=length > 0)
    n_set = within.sum(axis=0)
    return (((unit @ within) ** 2).sum(axis=0) - n_set) / (n_set * (n_set - 1))


def _contrast_scores(logs: pd.DataFrame, terms: pd.DataFrame, within: np.ndarray, names: list[str]) -> pd.DataFrame:
    """Return d of each set's mean log-ratio."""
    scores = fit_contrasts(pd.DataFrame(logs.to_numpy() @ (within / within.sum(axis=0)), logs.index, names), terms)
    counted = scores[["n_high", "n_low", "d", "d_low", "d_high"]]
    counted.insert(0, "n_transcripts", within.sum(axis=0))
    return counted
