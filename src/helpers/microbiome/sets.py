"""Functional groups of transcripts tested as sets: against no difference at all, and against all other transcripts."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from helpers.contrasts import CONFIDENCE, Q_SHOWN, adjust_bh, fit_contrasts
from helpers.microbiome.abundance import OTHER, log_prevalent, match_functions
from helpers.permutation import TIE, shuffle_t
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
    correlation of transcripts. *Competitive*: does it differ more than the other transcripts do? The t-values of the set
    against all others, their variance inflated by the correlation of transcripts within the set (CAMERA [1]_); taken for
    independent, a set of alike transcripts is called far too often [2]_.

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
        mean_t, gap, gap_low, gap_high (mean z of its transcripts less that of all others, 95 % interval), correlation (mean,
        within the set, of residuals), p_direction, p_any, p_competitive and a q for each (over the sets).
        Sets of fewer than 3 transcripts are left out.

    Raises
    ------
    ValueError
        Bad counts, transcripts without functional group (named), no set of three, or what
        :func:`helpers.permutation.shuffle_t` refuses.

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
        raise ValueError(f"No functional group has {FEWEST} transcripts, with others beside it; sets need them.")
    within = np.column_stack([members == name for name in names])
    terms = design.loc[logs.index]
    t, p_values = _shuffle_sets(logs, terms, within, blocks, n_permutations, rng)
    residuals = _standardise_residuals(logs.to_numpy(), terms.to_numpy(float))
    df = len(residuals)
    competitive = [_run_camera(_to_normal(t, df), chosen, residuals) for chosen in within.T]
    table = pd.DataFrame(
        competitive, pd.Index(names, name="feature"), ["gap", "gap_low", "gap_high", "correlation", "p_competitive"]
    )
    table.insert(0, "mean_t", [t[chosen].mean() for chosen in within.T])
    table["p_direction"], table["p_any"] = p_values
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


def _shuffle_sets(
    logs: pd.DataFrame,
    terms: pd.DataFrame,
    within: np.ndarray,
    blocks: pd.Series | None,
    n_permutations: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return t per transcript, and p per set of the absolute mean t and of the mean t squared."""
    weights = within / within.sum(axis=0)
    chunks = shuffle_t(logs, terms, blocks=blocks, n_permutations=n_permutations, rng=rng)
    t = next(chunks)
    seen = [np.abs(t @ weights), t**2 @ weights]
    counts = [np.zeros(within.shape[1]), np.zeros(within.shape[1])]
    for chunk in chunks:
        for place, shuffled in enumerate((np.abs(chunk @ weights), chunk**2 @ weights)):
            counts[place] += (shuffled >= seen[place] * (1 - TIE)).sum(axis=0)
    return t[0], [(1 + count) / (1 + n_permutations) for count in counts]


def _standardise_residuals(values: np.ndarray, terms: np.ndarray) -> np.ndarray:
    """Return the residuals in an orthonormal basis of what the design leaves (df x transcripts), each of mean square 1."""
    design = np.column_stack([np.ones(len(terms)), terms])
    basis, size, _ = np.linalg.svd(design, full_matrices=True)
    left = basis[:, (size > TIE * size[0]).sum() :].T @ values
    length = np.sqrt((left**2).mean(axis=0))
    return np.divide(left, length, out=np.zeros_like(left), where=length > 0)


def _to_normal(t: np.ndarray, df: int) -> np.ndarray:
    return np.sign(t) * stats.norm.isf(np.maximum(stats.t.sf(np.abs(t), df), np.finfo(float).tiny))


def _run_camera(z: np.ndarray, chosen: np.ndarray, residuals: np.ndarray) -> tuple[float, ...]:
    """Return the gap between the set and the rest with its interval, the correlation within the set, and p."""
    n, n_set = len(z), int(chosen.sum())
    inflation = n_set * (residuals[:, chosen].mean(axis=1) ** 2).mean()
    n_rest = n - n_set
    gap = z[chosen].mean() - z[~chosen].mean()
    variance = ((n - 1) * z.var(ddof=1) - gap**2 * n_set * n_rest / n) / (n - 2)
    error, df = np.sqrt(variance * (inflation / n_set + 1 / n_rest)), min(len(residuals), n - 2)
    half = stats.t.ppf(0.5 + CONFIDENCE / 2, df) * error
    p = 2 * stats.t.sf(abs(gap / error), df)
    return float(gap), float(gap - half), float(gap + half), float((inflation - 1) / (n_set - 1)), float(p)


def _contrast_scores(logs: pd.DataFrame, terms: pd.DataFrame, within: np.ndarray, names: list[str]) -> pd.DataFrame:
    """Return d of each set's mean log-ratio."""
    scores = fit_contrasts(pd.DataFrame(logs.to_numpy() @ (within / within.sum(axis=0)), logs.index, names), terms)
    counted = scores[["n_high", "n_low", "d", "d_low", "d_high"]]
    counted.insert(0, "n_transcripts", within.sum(axis=0))
    return counted
