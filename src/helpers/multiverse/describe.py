"""Say in sentences what a multiverse shows."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from helpers.multiverse.running import Multiverse
from helpers.multiverse.summary import measure_influence
from helpers.problems import count
from helpers.wording import as_text

P_SHOWN = 0.05


def describe_multiverse(multiverse: Multiverse) -> str:
    """Say how many specifications were run, of which decisions, and how the null was made.

    Parameters
    ----------
    multiverse : Multiverse
    """
    table = multiverse.specifications
    if table.empty:
        return "This cohort has no data for any of these claims: nothing was run."
    options = [f"{as_text(name)} ({len(multiverse.decisions[name])})" for name in list_decisions(multiverse)]
    within = f" within the levels of {as_text(multiverse.within)}" if multiverse.within else ""
    null = (
        f"The groups were permuted {multiverse.n_permutations:,} times{within}, and every specification was run on each permutation."
        if multiverse.n_permutations
        else "The groups were not permuted here, so these effects have no p-value."
    )
    return (
        f"{len(table):,} specifications for {count(table['claim'].nunique(), 'claim')}: every combination of the options of "
        f"{len(options)} decisions ({', '.join(options)}), as far as a claim faces them. {null}"
    )


def list_decisions(multiverse: Multiverse) -> list[str]:
    """Return the decisions with two options or more that at least one claim faces."""
    return [
        name
        for name in multiverse.decisions
        if name in multiverse.specifications and len(multiverse.specifications[name].dropna().unique()) > 1
    ]


def describe_curves(summary: pd.DataFrame) -> str:
    """Say which claims keep their direction whatever is chosen, and which whole curves shuffles do not reach.

    Parameters
    ----------
    summary : pandas.DataFrame
        From :func:`helpers.multiverse.summarise_claims`.
    """
    if summary.empty:
        return "No claim has a specification."
    steady = summary.index[summary["share_expected"] == 1]
    mixed = summary.index[(summary["share_expected"] > 0) & (summary["share_expected"] < 1)]
    against = summary.index[summary["share_expected"] == 0]
    parts = [
        f"{said} for {len(claims)} ({', '.join(claims)})"
        for said, claims in (
            ("on the expected side in every specification", steady),
            ("on either side, as one chooses,", mixed),
            ("on the other side in every specification", against),
        )
        if len(claims)
    ]
    tested = summary["p_median"].notna()
    beyond = summary.index[tested & (summary["p_median"] <= P_SHOWN)]
    null = (
        f" The median of the whole curve goes beyond 95 % of permutations for {len(beyond)} of {int(tested.sum())}."
        if tested.any()
        else ""
    )
    return f"Of {count(len(summary), 'claim')}, the effect is {'; '.join(parts)}.{null}"


def describe_joint(joint: pd.DataFrame) -> str:
    """Say how far all claims together go beyond permuted groups.

    Parameters
    ----------
    joint : pandas.DataFrame
        From :func:`helpers.multiverse.test_jointly`.
    """
    said = [
        f"the {name} is {row['observed']:.2f} (95 % of permutations below {row['null_95']:.2f}; p = {row['p']:.2g})".replace(
            "-", "−"
        )
        for name, row in joint.iterrows()
    ]
    return f"All claims together, turned the way each expects: {'; '.join(said)}; {int(joint['n_permutations'].iloc[0]):,} permutations."


def describe_influence(influence: pd.DataFrame, claims: Sequence[str] | None = None) -> str:
    """Say which decision moves the most claims most, and the largest move of all.

    Parameters
    ----------
    influence : pandas.DataFrame
        From :func:`helpers.multiverse.measure_influence`.
    claims : sequence of str, optional
        Only these.
    """
    shown = influence if claims is None else influence[influence.index.isin(claims)]
    if shown.empty:
        return "No claim faces a decision here."
    first = shown[~shown.index.duplicated()]
    counts = first["decision"].value_counts()
    most = shown.iloc[int(shown["range"].to_numpy().argmax())]
    named = ", ".join(f"{as_text(name)} ({count(n, 'claim')})" for name, n in counts.items())
    return (
        f"What moves a claim most is: {named}. The largest move is that of {most.name} by {as_text(most['decision'])}: its mean effect "
        f"is {most['range']:.2f} higher with '{as_text(most['highest'])}' than with '{as_text(most['lowest'])}'."
    )


def describe_ranks(multiverse: Multiverse, summary: pd.DataFrame) -> str:
    """Say in how many specifications the claimed block comes first, and by how much.

    Parameters
    ----------
    multiverse : Multiverse
        From :func:`helpers.multiverse.run_rank_multiverse`.
    summary : pandas.DataFrame
        Of it, from :func:`helpers.multiverse.summarise_claims`.
    """
    if summary.empty:
        return "No claim about a rank among blocks can be asked of this cohort."
    row, n = summary.iloc[0], len(multiverse.specifications)
    first = round(float(row["share_expected"]) * n)
    null = (
        f" Of {multiverse.n_permutations:,} permutations and the real groups, a share of {row['p_median']:.2g} have a median lead as large."
        if multiverse.n_permutations
        else " The groups were not permuted here: some block leads on noise as well, so no lead is evidence by itself."
    )
    said = (
        f"The block comes first in {first} of {count(n, 'specification')}. Its lead out of fold has a median of {row['median']:.2f}; nine tenths lie "
        f"between {row['median_low']:.2f} and {row['median_high']:.2f}, and by the declared choices it is {row['declared']:.2f} "
        "(in folds of its own, so not quite the number of chapter 06)."
    )
    return said.replace("-", "−") + null


def describe_communities(multiverse: Multiverse) -> str:
    """Say how much of the variation between communities goes with the groups, by whichever distance.

    Parameters
    ----------
    multiverse : Multiverse
        From :func:`helpers.multiverse.run_community_multiverse`.
    """
    table = multiverse.specifications
    if table.empty:
        return "This cohort has no taxa: whole communities cannot be compared."
    share = 100 * table["effect"]
    found = (table["p"] <= P_SHOWN).mean()
    first = measure_influence(multiverse).iloc[0]
    shuffled = (
        f" Of the specifications, {100 * found:.0f} % have p of {P_SHOWN:g} or less against {multiverse.n_permutations:,} permutations."
        if multiverse.n_permutations
        else ""
    )
    return (
        f"In {count(len(table), 'specification')}, {share.min():.1f} to {share.max():.1f} % of the variation between communities goes with the "
        f"groups.{shuffled} The decision that moves it most is {as_text(first['decision'])} ({100 * first['variance_share']:.0f} % of the variance over "
        f"specifications; highest for '{as_text(first['highest'])}')."
    )
