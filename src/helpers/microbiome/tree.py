"""Where in the tree of names effects lie: contrasts of genera and their taxonomy in, a laid-out tree out."""

from __future__ import annotations

import pandas as pd

from helpers.microbiome.counts import name_ranks
from helpers.problems import name_some

LEVELS = ("phylum", "order", "family")
SPARE = ("class",)  # where the taxonomy has none of these


def map_effects_to_tree(
    contrasts: pd.DataFrame, taxonomy: pd.DataFrame, *, levels: tuple[str, ...] | None = None, n_leaves: int = 25
) -> pd.DataFrame:
    """Average the effects of genera over each rank above them, and place the ranks as a tree.

    An average over a branch shows what single genera cannot: whether relatives lean the same way. It is a picture and no
    test; relatives are not independent.

    Parameters
    ----------
    contrasts : pandas.DataFrame
        Index genus; column d (a table of :func:`helpers.microbiome.compare_taxa`).
    taxonomy : pandas.DataFrame
        Index taxon; column genus and the levels.
    levels : tuple of str, optional
        From the root to the leaves; by default those of phylum, order and family that have names, else class.
    n_leaves : int, default 25
        Leaves shown: those with most genera.

    Returns
    -------
    pandas.DataFrame
        One row per node: level, name, parent (row of the parent, -1 for the root), x (0 at the root), y (0 at the first
        leaf), d (mean over its genera), n_genera.

    Raises
    ------
    ValueError
        The taxonomy lacks a level, or has no name above genus.

    Examples
    --------
    >>> taxonomy = pd.DataFrame({"phylum": ["P", "P"], "family": ["F", "G"], "genus": ["a", "b"]}, index=["t1", "t2"])
    >>> contrasts = pd.DataFrame({"d": [0.2, 0.4]}, index=["a", "b"])
    >>> tree = map_effects_to_tree(contrasts, taxonomy, levels=("phylum", "family"))
    >>> tree[["name", "parent", "y"]].values.tolist(), round(float(tree.loc[1, "d"]), 6)
    ([['all', -1, 0.5], ['P', 0, 0.5], ['F', 1, 0.0], ['G', 1, 1.0]], 0.3)
    """
    levels = _find_levels(taxonomy) if levels is None else levels
    if missing := [level for level in (*levels, "genus") if level not in taxonomy.columns]:
        raise ValueError(f"The taxonomy has no rank {name_some(missing)}. It has: {name_some(taxonomy.columns)}.")
    names = pd.DataFrame({level: name_ranks(taxonomy, level) for level in (*levels, "genus")})
    genera = names.drop_duplicates("genus").set_index("genus").reindex(contrasts.index).assign(d=contrasts["d"])
    genera = genera.dropna()
    paths = pd.Series(list(genera[list(levels)].itertuples(index=False, name=None)), genera.index, dtype=object)
    sizes = paths.groupby(paths).size().sort_values(ascending=False, kind="stable").head(n_leaves)
    shown = genera[paths.isin(sizes.index)]
    leaves = {path: float(row) for row, path in enumerate(sorted(sizes.index))}
    rows, places = [["", "all", -1, 0, shown["d"].mean(), len(shown)]], {(): 0}
    spans = {(): list(leaves.values())}
    for depth in range(1, len(levels) + 1):
        for path, part in shown.groupby(list(levels[:depth])):
            places[path] = len(rows)
            spans[path] = [y for leaf, y in leaves.items() if leaf[:depth] == path]
            rows.append([levels[depth - 1], path[-1], places[path[:-1]], depth, part["d"].mean(), len(part)])
    table = pd.DataFrame(rows, columns=["level", "name", "parent", "x", "d", "n_genera"])
    middles = [sum(spans[path]) / len(spans[path]) for path in places]
    table.insert(4, "y", middles)
    return table


def _find_levels(taxonomy: pd.DataFrame) -> tuple[str, ...]:
    named = [level for level in (*LEVELS, *SPARE) if level in taxonomy and taxonomy[level].notna().any()]
    found = tuple(level for level in named if level in LEVELS) or tuple(named)
    if not found:
        raise ValueError("The taxonomy has no name above genus, so there is no tree of names.")
    return found
