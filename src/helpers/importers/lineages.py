"""Names of taxa and their ranks, as programs spell them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from helpers.contract.cell_errors import suggest
from helpers.importers.base import refuse
from helpers.problems import quote

RANKS = ("domain", "phylum", "class", "order", "family", "genus", "species")
PREFIXES = {"d": "domain", "k": "domain", "sk": "domain"} | {rank[0]: rank for rank in RANKS[1:]}
ALIASES = {"kingdom": "domain", "superkingdom": "domain", "sgb": "strain", "strain": "strain"}
NOBODY = re.compile(
    r"(na|n/a|nan|unknown|unassigned|ambiguous_taxa|(.*_)?(unclassified|uncultured|unidentified)([_ ].*)?|.*metagenome|__|)",
    re.IGNORECASE,
)


def name_or_none(name: str) -> str | None:
    """Return the name of a taxon; None for what only says that it has none.

    Examples
    --------
    >>> name_or_none(" Prevotella_9 "), name_or_none("uncultured_bacterium"), name_or_none("Lachnospiraceae_unclassified")
    ('Prevotella_9', None, None)
    """
    bare = str(name).strip().strip('"')
    return None if NOBODY.fullmatch(bare) else bare


def split_lineage(lineage: str, separator: str = ";") -> dict[str, str | None]:
    """Split ``d__…; p__…; …`` or a lineage without prefixes, domain first, into ranks; a rank without a name is None.

    Parameters
    ----------
    lineage : str
        A bootstrap value in brackets (mothur) is taken off.
    separator : str, default ";"

    Examples
    --------
    >>> split_lineage("d__Bacteria; p__Bacteroidota; c__")["phylum"]
    'Bacteroidota'
    >>> split_lineage('Bacteria(100);"Bacteroidetes"(98);unclassified(98);')["class"] is None
    True
    """
    parts = [re.sub(r"\(\d+(\.\d+)?\)$", "", part.strip()) for part in str(lineage).split(separator)]
    named = [re.fullmatch(r"([a-z]{1,2})__(.*)", part) for part in parts]
    found: dict[str, str | None] = dict.fromkeys(RANKS)
    if any(named):
        for match in filter(None, named):
            rank = PREFIXES.get(match[1])
            if rank is not None:
                found[rank] = name_or_none(match[2])
    elif name_or_none(parts[0]) is not None:
        found |= {rank: name_or_none(part) for rank, part in zip(RANKS, parts, strict=False)}
    return found


def make_taxonomy(lineages: Mapping[str, Mapping[str, str | None]]) -> pd.DataFrame:
    """Return lineages by taxon as ``taxonomy.tsv`` has them; a species column only where one is known.

    Parameters
    ----------
    lineages : mapping of str to mapping
        By taxon: name by rank.

    Returns
    -------
    pandas.DataFrame
        Index ``taxon``; columns domain to genus, and species.
    """
    table = pd.DataFrame.from_dict(dict(lineages), orient="index", columns=list(RANKS), dtype=object)
    table = table.rename_axis("taxon")
    return table if table["species"].notna().any() else table.drop(columns="species")


def choose_rank(path: Path, rank: str | None, allowed: Sequence[str], usual: str) -> str:
    """Return the rank that the user asked for, else the usual one.

    Parameters
    ----------
    path : pathlib.Path
        Named in the error.
    rank : str or None
    allowed : sequence of str
        Ranks that the file has.
    usual : str

    Raises
    ------
    CohortError
        When the file has no such rank.
    """
    if rank is None:
        return usual
    asked = ALIASES.get(rank.strip().lower(), rank.strip().lower())
    if asked not in allowed:
        meant = suggest(rank, allowed, alike=0.6)
        fix = f"write --rank {meant or usual}."
        raise refuse(path, f"no rank {quote(rank)} in it", f"one of {', '.join(allowed)}", fix)
    return asked
