"""What several methods say of the same taxa: one row per taxon, which of them find it, and on which side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.contrasts import Q_SHOWN, fit_contrasts
from helpers.designs import find_clusters
from helpers.microbiome.counts import check_amounts, collapse_taxa
from helpers.microbiome.differential import (
    FIELDS,
    compare_presence,
    compare_ranks,
    require_two_groups,
    run_ancombc,
    run_linda,
)
from helpers.microbiome.equal_depth import choose_depth, expect_logs, expect_presence
from helpers.problems import TooLittle
from helpers.wording import as_text

METHOD_LABELS = {
    "linear_clr": "Linear model, CLR",
    "linda": "LinDA (bias corrected)",
    "ancombc": "ANCOM-BC",
    "rank_clr": "Wilcoxon, CLR",
    "presence": "Presence (Firth)",
}
PRIMARY = "linear_clr"
AT_LEAST = 3
PSEUDOCOUNTS = (0.1, 0.5, 1.0)


@dataclass(frozen=True, eq=False)
class Consensus:
    """What the methods find, one by one and together.

    Attributes
    ----------
    table : pandas.DataFrame
        Index feature, most agreed first; see :func:`compare_methods`.
    methods : pandas.DataFrame
        Index feature; method, estimate, ci_low, ci_high, p, q: one row per feature and method.
    n_participants, n_filtered : int
        ``n_filtered``: taxa left out because too few people have them.
    min_prevalence : float
    pseudocounts : tuple of float
    """

    table: pd.DataFrame
    methods: pd.DataFrame
    n_participants: int
    n_filtered: int
    min_prevalence: float
    pseudocounts: tuple[float, ...]


def compare_methods(
    counts: pd.DataFrame,
    taxonomy: pd.DataFrame,
    design: pd.DataFrame,
    *,
    min_prevalence: float = 0.1,
    pseudocounts: Sequence[float] = PSEUDOCOUNTS,
    at_least: int = AT_LEAST,
    depth: int | None = None,
) -> Consensus:
    """Contrast the groups on each genus by five methods, and count who finds what.

    On one table, tools meant for the purpose found from none to hundreds of taxa [1]_; what several unlike methods
    find, on the same side, is more likely to be found again. The primary method stays the one declared in advance
    (:func:`helpers.microbiome.compare_taxa`, the linear model of centred log-ratios); the others stand beside it: LinDA's
    bias correction, ANCOM-BC, Wilcoxon's test on log-ratios, and Firth's logistic regression of presence. All are
    adjusted for the same covariates, all q-values count the genera that pass one prevalence filter, which does not look
    at the groups. A genus that nobody of one group has (a structural zero, perhaps) has no log-ratio there: only
    presence is tested.

    Parameters
    ----------
    counts : pandas.DataFrame of shape (n_participants, n_taxa)
        Or shares of each sample: ANCOM-BC, a model of counts, is then left out.
    taxonomy : pandas.DataFrame
    design : pandas.DataFrame
        With a column ``group`` of 1 and 0; people in both tables are used.
    min_prevalence : float, default 0.1
        Share of people in whom a genus must be seen, 0 to 1. Presence is tested where also this share lacks it.
    pseudocounts : sequence of float, default (0.1, 0.5, 1.0)
        With which the primary model is repeated; the middle one is its own.
    at_least : int, default 3
        Methods that make a consensus.
    depth : int, optional
        Reads at which samples are compared. None: those of the shallowest, so that neither logarithms nor presence hang
        on how deeply a group was sequenced; 0: all reads of each.

    Returns
    -------
    Consensus
        ``table`` has, per genus: estimate, ci_low, ci_high (LinDA's, natural log units), d, d_low, d_high, q (the
        primary model's), n_tested, n_found (methods with q below 0.05), found_by, same_sign (share of the methods on
        the primary's side), is_consensus (found by the primary and ``at_least`` methods in all, all on one side),
        is_stable (q of the primary on the same side of 0.05, and its estimate of one sign, at all pseudocounts),
        only_in (``high`` or ``low``: the group that alone has it), prevalence_high, prevalence_low.

    Raises
    ------
    ValueError
        Bad counts, taxa without taxonomy, nobody in both tables, more than two groups, or too few genera prevalent enough.

    References
    ----------
    .. [1] Nearing JT et al. (2022). Microbiome differential abundance methods produce different results across 38
       datasets. Nature Communications 13:342. doi:10.1038/s41467-022-28034-z
    """
    genera, terms = _match(counts, taxonomy, design)
    reads = check_amounts(genera)
    depth, is_shares = choose_depth(reads, depth), reads.dtype.kind == "f"
    is_clustered = find_clusters(terms) is not None  # ANCOM-BC and Firth's regression take participants as independent
    presence = pd.DataFrame(expect_presence(reads, depth), genera.index, genera.columns)
    prevalence = presence.mean()
    kept = genera.columns[(prevalence >= min_prevalence) & (prevalence > 0)]
    is_high = terms["group"] == 1
    shares = pd.DataFrame(
        {f"prevalence_{name}": presence.loc[side, kept].mean() for name, side in (("high", is_high), ("low", ~is_high))}
    )
    only_in = np.select([shares["prevalence_low"] == 0, shares["prevalence_high"] == 0], ["high", "low"], "")
    usual = kept[only_in == ""]
    if len(usual) < 2:
        raise TooLittle(
            f"Genera: {len(usual):,} seen in {min_prevalence:.0%} of people or more, and in both "
            "groups; log-ratios need two. Lower min_prevalence."
        )
    repeats = [fit_contrasts(_centre(genera, usual, depth, size), terms) for size in pseudocounts]
    primary = repeats[len(repeats) // 2]
    logs = _centre(genera, usual, depth, pseudocounts[len(repeats) // 2])
    seen = presence[kept[prevalence[kept] <= 1 - min_prevalence]]
    results = {
        PRIMARY: primary[FIELDS],
        "linda": run_linda(logs, terms),
        **({} if is_shares or is_clustered else {"ancombc": run_ancombc(_log_reads(genera, usual, depth, 1.0), terms)}),
        "rank_clr": compare_ranks(logs, terms),
        "presence": compare_presence(seen, terms)
        if seen.shape[1] and not is_clustered
        else pd.DataFrame(columns=FIELDS, dtype=float),
    }
    table = _agree({name: result.reindex(kept) for name, result in results.items()}, at_least)
    table = table.join(results["linda"][FIELDS[:3]]).join(primary[["d", "d_low", "d_high", "q"]])
    table["is_stable"] = _find_stable(repeats).reindex(table.index)
    table = table.assign(only_in=only_in).join(shares)
    order = np.lexsort([-table["d"].abs().fillna(0), -table["n_found"], ~table["is_consensus"]])
    methods = pd.concat([result.assign(method=name) for name, result in results.items()])
    return Consensus(
        table=table.iloc[order].rename_axis("feature"),
        methods=methods[["method", *FIELDS]].rename_axis("feature"),
        n_participants=len(genera),
        n_filtered=genera.shape[1] - len(kept),
        min_prevalence=min_prevalence,
        pseudocounts=tuple(pseudocounts),
    )


def describe_consensus(result: Consensus) -> str:
    """Say how many genera each method finds, how many they agree on, and what hangs on a pseudocount."""
    found = result.methods[result.methods["q"] < Q_SHOWN].groupby("method").size()
    run = set(result.methods["method"])
    each = ", ".join(f"{label} {found.get(name, 0)}" for name, label in METHOD_LABELS.items() if name in run)
    left = (
        ""
        if "ancombc" in run or result.methods.empty
        else " ANCOM-BC was left out: its model is one of counts, and these are shares."
    )
    agreed = result.table[result.table["is_consensus"]]
    named = f": {', '.join(as_text(name) for name in agreed.index[:5])}{' …' if len(agreed) > 5 else ''}"
    tested = result.table["is_stable"].dropna()
    zeros = int((result.table["only_in"] != "").sum())
    return (
        f"Of {len(result.table):,} genera seen in {result.min_prevalence:.0%} of people or more "
        f"({result.n_filtered:,} rarer ones were left out), with q < {Q_SHOWN:g}: {each}. "
        f"Consensus: {len(agreed) or 'none'}{named if len(agreed) else ''}. "
        f"With pseudocounts of {', '.join(f'{size:g}' for size in result.pseudocounts)} the primary model says the same of "
        f"{int(tested.astype(bool).sum()):,} of {len(tested):,}; {zeros or 'none'} of all is seen in one group only.{left}"
    )


def describe_false_findings(rates: pd.DataFrame) -> str:
    """Say how often each method, and the consensus, found something in simulated cohorts without any difference.

    Parameters
    ----------
    rates : pandas.DataFrame
        ``data/calibration/consensus_rates.tsv``: index method; n_cohorts, rate, ci_low, ci_high, nominal.
    """
    labels = METHOD_LABELS | {"consensus": "the consensus"}
    parts = [
        f"{labels[name]} in {100 * row.rate:.1f} % (95 % CI {100 * row.ci_low:.1f} to {100 * row.ci_high:.1f})"
        for name, row in rates.iterrows()
    ]
    first = rates.iloc[0]
    return (
        f"In {int(first.n_cohorts):,} simulated cohorts without any difference something was found with q < "
        f"{first.nominal:g} by {'; '.join(parts)}. {100 * first.nominal:g} % is what the level allows."
    )


def _match(counts: pd.DataFrame, taxonomy: pd.DataFrame, design: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    require_two_groups(design, "group")
    people = design.index.intersection(counts.index, sort=False)
    if people.empty:
        raise ValueError("No participant is in both the counts and the groups. Are the ids spelled alike, e.g. sub-01?")
    return collapse_taxa(counts.loc[people], taxonomy, level="genus"), design.loc[people]


def _log_reads(genera: pd.DataFrame, names: pd.Index, depth: int, pseudocount: float) -> pd.DataFrame:
    """Return the logarithms of some genera, at a depth of all of them together."""
    logs = expect_logs(check_amounts(genera), depth, pseudocount)
    return pd.DataFrame(logs, genera.index, genera.columns)[names]


def _centre(genera: pd.DataFrame, names: pd.Index, depth: int, pseudocount: float) -> pd.DataFrame:
    logs = _log_reads(genera, names, depth, pseudocount)
    return logs.sub(logs.mean(axis=1), axis=0)


def _agree(results: dict[str, pd.DataFrame], at_least: int) -> pd.DataFrame:
    """Count, per feature, who tested it, who found it, and on which side."""
    estimates = pd.DataFrame({name: result["estimate"] for name, result in results.items()})
    found = pd.DataFrame({name: result["q"] < Q_SHOWN for name, result in results.items()})
    sides = np.sign(estimates)
    is_alike = sides.eq(sides[PRIMARY], axis=0) & sides.notna()
    labels = np.array(list(results))
    return pd.DataFrame(
        {
            "n_tested": estimates.notna().sum(axis=1),
            "n_found": found.sum(axis=1),
            "found_by": [", ".join(labels[row]) for row in found.to_numpy()],
            "same_sign": (is_alike.sum(axis=1) / estimates.notna().sum(axis=1)).where(sides[PRIMARY].notna()),
            "is_consensus": found[PRIMARY] & (found.sum(axis=1) >= at_least) & (found & ~is_alike).sum(axis=1).eq(0),
        }
    )


def _find_stable(repeats: Sequence[pd.DataFrame]) -> pd.Series:
    found = pd.concat([(table["q"] < Q_SHOWN) for table in repeats], axis=1)
    sides = pd.concat([np.sign(table["estimate"]) for table in repeats], axis=1)
    return found.eq(found.iloc[:, 0], axis=0).all(axis=1) & sides.eq(sides.iloc[:, 0], axis=0).all(axis=1)
