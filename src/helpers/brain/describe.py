"""Results in, one sentence out: the numbers that the brain chapter says in words."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats

from helpers.intervals import tell_shuffled_p
from helpers.permutation import MaxTResult
from helpers.problems import count, name_some
from helpers.wording import as_code, as_text, hide_small, write_fixed

ALPHA = 0.05


def describe_effect(row: pd.Series, *, labels: Mapping[str, str], unit: str = "") -> str:
    """Say one row of a contrast table: difference, d, both with intervals, p and n.

    Parameters
    ----------
    row : pandas.Series
        One row of :func:`helpers.contrasts.fit_contrasts`.
    labels : mapping
        ``high`` and ``low``: what the groups are called.
    unit : str, default ""
        Unit of the estimate.

    Returns
    -------
    str
        A clause without capital and full stop.

    Examples
    --------
    >>> row = pd.Series({"n_high": 20, "n_low": 30, "estimate": -1.0, "ci_low": -2.0, "ci_high": 0.0, "d": -0.5,
    ...                  "d_low": -1.0, "d_high": 0.0, "p": 0.04})
    >>> describe_effect(row, labels={"high": "A", "low": "B"}, unit="mm")
    'A (n = 20) minus B (n = 30): d = −0.50 (95% CI −1.00 to 0.00), that is −1 mm (−2 to 0); p = 0.04'
    """
    if pd.isna(row["estimate"]):
        return "too few people, or no variation, to compare the groups"
    unit = f" {unit}" if unit else ""
    return (
        f"{as_text(labels['high'])} (n = {hide_small(int(row['n_high']))}) minus {as_text(labels['low'])} (n = {hide_small(int(row['n_low']))}): "
        f"d = {write_fixed(row['d'])} (95% CI {write_fixed(row['d_low'])} to {write_fixed(row['d_high'])}), that is "
        f"{_short(row['estimate'])}{unit} ({_short(row['ci_low'])} to {_short(row['ci_high'])}); "
        f"{_p(row['p'])}"
    )


def describe_motion(motion: pd.DataFrame, *, labels: Mapping[str, str]) -> str:
    """Say how much the groups differ in head motion.

    Parameters
    ----------
    motion : pandas.DataFrame
        From :func:`helpers.brain.compare_motion`.
    labels : mapping
    """
    return f"Mean framewise displacement, {describe_effect(motion.iloc[0], labels=labels, unit='mm')}."


def describe_edges(edges: pd.DataFrame, tested: MaxTResult) -> str:
    """Say how many edges survive each threshold, against the number expected by chance.

    Parameters
    ----------
    edges : pandas.DataFrame
        From :func:`helpers.brain.annotate_edges`.
    tested : helpers.permutation.MaxTResult
    """
    n = int(edges["p"].notna().sum())
    low, high = np.quantile(tested.null_n_nominal, [0.025, 0.975])
    blocks = f"within {count(tested.n_blocks, 'block')}" if tested.n_blocks > 1 else "of all people"
    lost = f"; {count(n - tested.n_features, 'edge')} with a missing value left out" if n > tested.n_features else ""
    return (
        f"Of {count(n, 'edge')}, {int((edges['p'] < ALPHA).sum()):,} have an uncorrected p < {ALPHA}, where "
        f"permuted groups give {tested.null_n_nominal.mean():,.0f} on average (95% of permutations: {low:,.0f} to "
        f"{high:,.0f}); {int((edges['q'] < ALPHA).sum()):,} have q < {ALPHA}, and "
        f"{int((edges['p_fwe'] <= ALPHA).sum()):,} survive the max-T test over all edges, the strongest with "
        f"{tell_shuffled_p(edges['p_fwe'].min(), tested.n_permutations, exact=tested.exact)} ({count(tested.n_permutations, 'permutation')} {blocks}, n = {tested.n_participants}{lost})."
    )


def describe_reach(edges: pd.DataFrame, tested: MaxTResult, *, power: float = 0.8) -> str:
    """Say how large an effect an edge must have for the max-T test to find it.

    The smallest detectable d is ``(threshold + z_power) * sqrt(1/n_high + 1/n_low)``.

    Parameters
    ----------
    edges : pandas.DataFrame
        From :func:`helpers.brain.compare_edges`: gives the group sizes.
    tested : helpers.permutation.MaxTResult
    power : float, default 0.8
    """
    threshold = tested.find_threshold(ALPHA)
    if not np.isfinite(threshold):
        return f"{count(tested.n_permutations, 'permutation')} are too few for a corrected p of {ALPHA}."
    n_high, n_low = int(edges["n_high"].max()), int(edges["n_low"].max())
    d = (threshold + stats.norm.ppf(power)) * np.sqrt(1 / n_high + 1 / n_low)
    return (
        f"To survive, an edge needs |t| above {threshold:.2f}; the largest here is "
        f"{tested.observed_max_t:.2f}. With groups of {hide_small(int(n_high))} and {hide_small(int(n_low))}, a single edge has "
        f"{power:.0%} power only if its true |d| is about {d:.2f} or more."
    )


def describe_networks(networks: pd.DataFrame, *, declared: str, labels: Mapping[str, str]) -> str:
    """Say the contrast of the pair of networks that was declared beforehand.

    Parameters
    ----------
    networks : pandas.DataFrame
        From :func:`helpers.brain.compare_networks`, with ``p_fwe`` from :func:`helpers.brain.test_networks_max_t`.
    declared : str
        Such as ``Reward × Somatomotor``.
    labels : mapping

    Returns
    -------
    str
        When the cohort's nodes do not form that pair, a sentence that says so.
    """
    if declared not in networks.index:
        names = sorted({name for pair in networks.index for name in pair.split(" × ")})
        return f"The nodes of this cohort form no pair {declared}; their networks are {as_text(name_some(names))}."
    row = networks.loc[declared]
    return (
        f"{declared} ({count(int(row['n_edges']), 'edge')}), "
        f"{describe_effect(row, labels=labels, unit='z')} for this "
        f"pair alone, q = {row['q']:.2g} and p (FWE) = {row['p_fwe']:.2g} among {count(len(networks), 'pair')}."
    )


def describe_sensitivity(runs: Mapping[str, pd.DataFrame], *, declared: str) -> str:
    """Say how the effect of one pair of networks depends on the way motion is handled.

    Parameters
    ----------
    runs : mapping of str to pandas.DataFrame
        What was done to motion (such as ``with motion ignored``), and the network contrasts it gave.
    declared : str
    """
    known = {name: table.loc[declared] for name, table in runs.items() if declared in table.index}
    if not known:
        return f"The nodes of this cohort form no pair {declared}."
    parts = [
        f"{write_fixed(row['d'])} ({write_fixed(row['d_low'])} to {write_fixed(row['d_high'])}; "
        f"n = {hide_small(int(row['n_high'] + row['n_low']))}) {name}"
        for name, row in known.items()
    ]
    few = "".join(f"; too few people to say {name}" for name in runs if name not in known)
    return f"In {declared}, d with its 95% CI is {', '.join(parts)}{few}."


def describe_regions(regions: pd.DataFrame, *, labels: Mapping[str, str], unit: str = "") -> str:
    """Say how many regions differ, in which direction, and which differs most.

    Parameters
    ----------
    regions : pandas.DataFrame
        From :func:`helpers.brain.compare_regions`.
    labels : mapping
    unit : str, default ""
        Unit of the estimate, such as mm³ or FA.
    """
    known = regions.dropna(subset=["d"])
    if known.empty:
        return "No region could be compared between the groups."
    small = known["q"] < ALPHA
    top = known["d"].abs().idxmax()
    return (
        f"Of {count(len(known), 'region')}, {int((small & (known['d'] > 0)).sum())} are higher and "
        f"{int((small & (known['d'] < 0)).sum())} lower in {as_text(labels['high'])} at q < {ALPHA}; the median d is "
        f"{write_fixed(known['d'].median())}, and the largest |d| is in {as_code(top)}, "
        f"{describe_effect(known.loc[top], labels=labels, unit=unit)}."
    )


def describe_sets(sets: pd.DataFrame, *, labels: Mapping[str, str]) -> str:
    """Say the contrast of each set, how many of its regions were measured, and which were not.

    Parameters
    ----------
    sets : pandas.DataFrame
        From :func:`helpers.brain.compare_sets`.
    labels : mapping

    Returns
    -------
    str
        One sentence per set.
    """
    if sets.empty:
        return "This cohort has none of the regions of the declared sets."
    return " ".join(
        f"{as_code(name)} ({row['n_regions']} of {count(row['n_declared'], 'declared region')}; "
        f"absent: {as_text(row['absent'])}), "
        f"{describe_effect(row, labels=labels, unit='SD')}."
        for name, row in sets.iterrows()
    )


def _short(value: float) -> str:
    return f"{value:.3g}".replace("-", "−") if abs(value) < 1000 else f"{value:,.0f}".replace("-", "−")


def _p(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {value:.2g}"
