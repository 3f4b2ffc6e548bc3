"""What a multiverse says of each claim: its curve, its joint null, and which decision moves it most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.multiverse.running import ALPHA, Multiverse
from helpers.verdict import Claim

INNER = (0.05, 0.95)
N_BINS = 40


@dataclass(frozen=True, eq=False)
class Curve:
    """The specification curve of one claim.

    Attributes
    ----------
    claim : str
    points : pandas.DataFrame
        One row per specification, from the smallest effect to the largest: effect, effect_low, effect_high, p, n, is_declared;
        and null_low, null_high, between which 90 % of the curves of shuffled groups lie at that place (NaN without shuffles).
    options : pandas.DataFrame
        Index (decision, option); one column per stretch of the curve, from left to right: the share (0 to 1) of its
        specifications that take the option.
    unit : str
    """

    claim: str
    points: pd.DataFrame
    options: pd.DataFrame
    unit: str


def summarise_claims(multiverse: Multiverse, claims: Sequence[Claim]) -> pd.DataFrame:
    """Summarise the specifications of each claim, with p-values of the whole curve.

    Parameters
    ----------
    multiverse : Multiverse
    claims : sequence of helpers.verdict.Claim

    Returns
    -------
    pandas.DataFrame
        Index ``claim``; label, expected, n_specifications; ``n_least`` and ``n_most``, people in a specification; ``declared`` (the effect by the choices the chapters declare), ``median``,
        ``median_low``, ``median_high`` (5 % and 95 % of specifications), and ``null_low``, ``null_high`` (between
        which 90 % of the medians of shuffled groups lie), all high minus low; ``share_expected`` (on the side the claim expects) and
        ``share_found`` (p below 0.05 on that side; NaN for a lead); ``p_median`` and ``p_share``: the share of shuffles (the real groups
        counted as one) whose median effect, or share found, goes as far in the claim's direction; NaN without shuffles.

    References
    ----------
    .. [1] Simonsohn U, Simmons JP, Nelson LD (2020). Specification curve analysis. Nat Hum Behav 4:1208-1214.
       doi:10.1038/s41562-020-0912-z
    """
    rows = {}
    for claim in claims:
        mine = (multiverse.specifications["claim"] == claim.id).to_numpy()
        if mine.any():
            rows[claim.id] = _summarise_one(multiverse, claim, mine)
    columns = [
        "label", "expected", "n_specifications", "n_least", "n_most", "declared", "median", "median_low", "median_high", "null_low", "null_high",
        "share_expected", "share_found", "p_median", "p_share",
    ]  # fmt: skip
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("claim")


def test_jointly(multiverse: Multiverse, claims: Sequence[Claim]) -> pd.DataFrame:
    """Test all claims of a multiverse at once against shuffled groups.

    Parameters
    ----------
    multiverse : Multiverse
        With shuffles.
    claims : sequence of helpers.verdict.Claim

    Returns
    -------
    pandas.DataFrame
        Index ``statistic``: the mean over claims of the median effect turned the claim's way, and the mean share of
        specifications on the expected side; ``observed``, ``null_95`` (95 % of shuffles are below), ``p`` (one-sided, the real groups
        counted as one shuffle) and ``n_permutations``.
    """
    signs = {claim.id: claim.sign for claim in claims}
    names = multiverse.specifications["claim"].to_numpy()
    effects = np.vstack([multiverse.specifications["effect"], multiverse.null])
    turned = [signs[name] * effects[:, names == name] for name in dict.fromkeys(names)]
    statistics = {
        "mean over claims of the median effect": np.mean([np.median(part, axis=1) for part in turned], axis=0),
        "share of specifications on the expected side": np.mean([(part > 0).mean(axis=1) for part in turned], axis=0),
    }
    rows = {
        name: {
            "observed": values[0],
            "null_95": np.quantile(values[1:], 0.95),
            "p": _count_p(values),
            "n_permutations": multiverse.n_permutations,
        }
        for name, values in statistics.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("statistic")


def specification_curve(multiverse: Multiverse, claim: str, *, n_bins: int = N_BINS) -> Curve:
    """Order the specifications of a claim by their effect, beside the curves of shuffled groups.

    Parameters
    ----------
    multiverse : Multiverse
    claim : str
        Its id. One that was not run has a curve without points.
    n_bins : int, default 40
        Stretches of the curve for which the options are counted; at most one per specification.

    Returns
    -------
    Curve
    """
    mine = (multiverse.specifications["claim"] == claim).to_numpy()
    table = multiverse.specifications[mine].sort_values("effect", kind="stable").reset_index(drop=True)
    null = np.sort(multiverse.null[:, mine], axis=1)
    low, high = np.quantile(null, INNER, axis=0) if len(null) else np.full((2, len(table)), np.nan)
    points = table[["effect", "effect_low", "effect_high", "p", "n", "is_declared"]].assign(
        null_low=low, null_high=high
    )
    faced = [name for name in multiverse.decisions if name in table and len(table[name].dropna().unique()) > 1]
    bins = np.arange(len(table)) * min(n_bins, len(table)) // max(len(table), 1)
    shares = {
        (name, option): (table[name] == option).groupby(bins).mean()
        for name in faced
        for option in multiverse.decisions[name]
    }
    index = pd.MultiIndex.from_tuples(list(shares), names=["decision", "option"]) if shares else None
    options = pd.DataFrame(list(shares.values()), index=index)
    return Curve(claim, points, options, multiverse.unit)


def pick_claim(summary: pd.DataFrame, wished: str = "") -> str:
    """Return the claim wished for, or else the one whose specifications differ most; blank when there is none.

    Parameters
    ----------
    summary : pandas.DataFrame
        From :func:`summarise_claims`.
    wished : str, default ""

    Examples
    --------
    >>> summary = pd.DataFrame({"median_low": [0.1, 0.1], "median_high": [0.2, 0.9]}, index=["C01", "C02"])
    >>> pick_claim(summary, "C01"), pick_claim(summary, "C99")
    ('C01', 'C02')
    """
    if wished in summary.index:
        return wished
    return "" if summary.empty else str((summary["median_high"] - summary["median_low"]).idxmax())


def name_claim(summary: pd.DataFrame, claim: str) -> str:
    """Return id and label of a claim of the summary; blank for none."""
    return f"{claim} {summary.loc[claim, 'label']}" if claim in summary.index else ""


def measure_influence(multiverse: Multiverse) -> pd.DataFrame:
    """Say how far each decision moves each claim.

    Parameters
    ----------
    multiverse : Multiverse

    Returns
    -------
    pandas.DataFrame
        One row per claim and decision it faces, the most influential first. Index ``claim``; ``decision``; ``variance_share``, the share of
        the variance of effects over specifications that lies between the decision's options (0 to 1; what all
        decisions leave over is interplay); ``range``, the largest minus the smallest mean effect of an option; ``lowest`` and
        ``highest``, those options.

    Examples
    --------
    >>> specifications = pd.DataFrame({"claim": "C01", "cut": ["a", "a", "b", "b"], "scale": ["x", "y"] * 2, "effect": [0.0, 0.1, 0.4, 0.5]})
    >>> multiverse = Multiverse(specifications, None, None, {"cut": ["a", "b"], "scale": ["x", "y"]})
    >>> measure_influence(multiverse)[["decision", "variance_share", "range"]].round(2).values.tolist()
    [['cut', 0.94, 0.4], ['scale', 0.06, 0.1]]
    """
    rows = []
    for claim, found in multiverse.specifications.groupby("claim", sort=False):
        total = ((found["effect"] - found["effect"].mean()) ** 2).sum()
        for decision in multiverse.decisions:
            if decision in found and len(found[decision].dropna().unique()) > 1:
                rows.append({"claim": claim, "decision": decision, **_measure_decision(found, decision, total)})
    table = pd.DataFrame(rows, columns=["claim", "decision", "variance_share", "range", "lowest", "highest"])
    ordered = table.sort_values(["claim", "variance_share"], ascending=[True, False], kind="stable")
    return ordered.set_index("claim")


def _measure_decision(found: pd.DataFrame, decision: str, total: float) -> dict[str, object]:
    by_option = found.groupby(decision)["effect"].agg(["mean", "size"])
    between = (by_option["size"] * (by_option["mean"] - found["effect"].mean()) ** 2).sum()
    return {
        "variance_share": between / total if total > 0 else 0.0,
        "range": by_option["mean"].max() - by_option["mean"].min(),
        "lowest": by_option["mean"].idxmin(),
        "highest": by_option["mean"].idxmax(),
    }


def _summarise_one(multiverse: Multiverse, claim: Claim, mine: np.ndarray) -> dict[str, object]:
    table = multiverse.specifications[mine]
    effects, sign = table["effect"], claim.sign
    declared = effects[table["is_declared"]]
    found = (table["p"] < ALPHA) & (sign * effects > 0)
    has_p = table["p"].notna().any()
    null = multiverse.null[:, mine]
    medians = sign * np.concatenate([[np.median(effects)], np.median(null, axis=1)])
    null_low, null_high = np.sort(sign * np.quantile(medians[1:], INNER)) if len(null) else (np.nan, np.nan)
    shares = np.concatenate([[found.mean()], multiverse.null_found[:, mine].mean(axis=1)])
    low, high = effects.quantile(INNER)
    return {
        "label": claim.label,
        "expected": claim.direction,
        "n_specifications": len(table),
        "n_least": int(table["n"].min()),
        "n_most": int(table["n"].max()),
        "declared": declared.iloc[0] if len(declared) else np.nan,
        "median": effects.median(),
        "median_low": low,
        "median_high": high,
        "null_low": null_low,
        "null_high": null_high,
        "share_expected": (sign * effects > 0).mean(),
        "share_found": found.mean() if has_p else np.nan,
        "p_median": _count_p(medians),
        "p_share": _count_p(shares) if has_p else np.nan,
    }


def _count_p(values: np.ndarray) -> float:
    """Return the share of values as large as the first, itself included; NaN when it stands alone."""
    return float((values >= values[0] - 1e-9).mean()) if len(values) > 1 else np.nan
