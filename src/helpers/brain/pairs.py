"""Which pairs of networks hold more small p-values than chance would put there: counts, not only averages."""

from __future__ import annotations

import pandas as pd

from helpers.problems import count
from helpers.wording import as_text

NOMINAL = 0.05


def count_pairs(edges: pd.DataFrame, *, alpha: float = NOMINAL) -> pd.DataFrame:
    """Count the edges of each pair of networks that have a small uncorrected p.

    Parameters
    ----------
    edges : pandas.DataFrame
        From :func:`helpers.brain.annotate_edges`: columns ``networks``, ``p``, ``d``.
    alpha : float, default 0.05

    Returns
    -------
    pandas.DataFrame of shape (n_pairs, 5)
        Index ``networks``; ``n_edges``, ``n_below``, ``expected`` (alpha times n_edges), ``n_higher`` and ``n_lower`` of those below.

    Examples
    --------
    >>> edges = pd.DataFrame({"networks": ["A × B", "A × B"], "p": [0.01, 0.5], "d": [-0.5, 0.1]})
    >>> count_pairs(edges).loc["A × B"].tolist()
    [2.0, 1.0, 0.1, 0.0, 1.0]
    """
    known = edges.dropna(subset=["p"])
    small = known[known["p"] < alpha]
    sizes = known["networks"].value_counts().sort_index()
    table = pd.DataFrame({"n_edges": sizes})
    for name, rows in (("n_below", small), ("n_higher", small[small["d"] > 0]), ("n_lower", small[small["d"] < 0])):
        table[name] = rows["networks"].value_counts().reindex(sizes.index, fill_value=0)
    table["expected"] = alpha * table["n_edges"]
    return table[["n_edges", "n_below", "expected", "n_higher", "n_lower"]].rename_axis("networks")


def describe_pairs(counts: pd.DataFrame, *, declared: str, alpha: float = NOMINAL) -> str:
    """Say how many edges of the declared pair have a small p, against chance, and which pair has the largest share.

    Parameters
    ----------
    counts : pandas.DataFrame
        From :func:`count_pairs`.
    declared : str
    alpha : float, default 0.05
    """
    share = (counts["n_below"] / counts["n_edges"]).sort_values(ascending=False, kind="stable")
    top = counts.loc[share.index[0]]
    first = (
        f"The largest share of edges with p < {alpha:g} is in {as_text(share.index[0])}: {top['n_below']:.0f} of "
        f"{count(int(top['n_edges']), 'edge')}, where {top['expected']:.1f} would by chance."
    )
    if declared not in counts.index or declared == share.index[0]:
        return first
    row = counts.loc[declared]
    return (
        f"{first} In {as_text(declared)} there are {row['n_below']:.0f} of {count(int(row['n_edges']), 'edge')} "
        f"({row['expected']:.1f} by chance)."
    )
