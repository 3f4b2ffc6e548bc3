"""Community-metabolic potential: what the genes of a community could make or use up, by a table of reactions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.problems import count, name_some

REACTION_COLUMNS = ("ko", "metabolite", "stoichiometry")


@dataclass(frozen=True, eq=False)
class CommunityPotential:
    """Scores of each sample, and how much each taxon adds.

    Attributes
    ----------
    scores : pandas.DataFrame of shape (n_samples, n_metabolites)
        Above 0: more copies of genes that make it than that use it up.
    by_taxon : dict of str to pandas.DataFrame of shape (n_samples, n_taxa)
        Per metabolite, the part of the score that each taxon adds; they sum to it.
    contributions : pandas.DataFrame
        Columns metabolite, taxon, share: of the variance of the score over samples (may be below 0 for a taxon that
        evens others out); the shares of a metabolite sum to 1.
    ignored : pandas.Index
        Orthologues of the reaction table that no taxon carries.
    """

    scores: pd.DataFrame
    by_taxon: dict[str, pd.DataFrame]
    contributions: pd.DataFrame
    ignored: pd.Index


def score_community(shares: pd.DataFrame, genes: pd.DataFrame, reactions: pd.DataFrame) -> CommunityPotential:
    """Score how much of each metabolite the genes of a community could make, less what they could use up.

    Per metabolite, the stoichiometries of the genes that make it are scaled to sum to 1, and of those that use it up to
    sum to -1 [1]_; the score of a sample is the sum over genes of this weight times the gene's copies, weighted by the
    taxa that carry it. A score says nothing of diet, host, rates or transport: a potential, never a level.

    Parameters
    ----------
    shares : pandas.DataFrame of shape (n_samples, n_taxa)
        Share of each taxon in each sample, 0-1.
    genes : pandas.DataFrame of shape (n_taxa, n_orthologues)
        Copies of each KEGG orthologue in each taxon.
    reactions : pandas.DataFrame
        Columns ko, metabolite, stoichiometry (above 0: made; below 0: used up); bring your own, such as
        ``data/sets/gut_reactions.tsv``.

    Returns
    -------
    CommunityPotential
        Metabolites of reactions that no taxon can do are left out.

    Raises
    ------
    ValueError
        A column is missing, a stoichiometry is 0 or no number, taxa without genes, or no reaction at all is carried.

    References
    ----------
    .. [1] Noecker C et al. (2016). Metabolic model-based integration of microbiome taxonomic and metabolomic profiles
       elucidates mechanistic links between ecological and metabolic variation. mSystems 1(1):e00013-15.
       doi:10.1128/mSystems.00013-15

    Examples
    --------
    One taxon makes indole with two copies of its gene; half of the first sample is that taxon:

    >>> shares = pd.DataFrame({"t1": [0.5, 0.0], "t2": [0.5, 1.0]}, index=["a", "b"])
    >>> genes = pd.DataFrame({"K01667": [2, 0]}, index=["t1", "t2"])
    >>> reactions = pd.DataFrame({"ko": ["K01667"], "metabolite": ["indole"], "stoichiometry": [1.0]})
    >>> score_community(shares, genes, reactions).scores["indole"].tolist()
    [1.0, 0.0]
    """
    _refuse_reactions(reactions)
    if len(lacking := shares.columns.difference(genes.index)):
        raise ValueError(
            f"{count(len(lacking), 'taxon').replace('taxons', 'taxa')} without a row of genes: {name_some(lacking)}."
        )
    weights = _weigh(reactions)
    carried = weights.index.intersection(genes.columns[(genes != 0).any()])
    if carried.empty:
        raise ValueError(
            f"No taxon carries any of the {len(weights):,} orthologues of the reactions ({name_some(weights.index)}). "
            "Are the genes named by KEGG orthologue, e.g. K01667?"
        )
    weights = weights.loc[carried]
    weights = weights.loc[:, (weights != 0).any()]
    per_copy = genes.loc[shares.columns, carried].to_numpy(float) @ weights.to_numpy()  # taxa x metabolites
    parts = {name: shares * per_copy[:, place] for place, name in enumerate(weights.columns)}
    scores = pd.DataFrame({name: part.sum(axis=1) for name, part in parts.items()}, index=shares.index)
    return CommunityPotential(scores, parts, _contribute(parts, scores), _weigh(reactions).index.difference(carried))


def describe_community(potential: CommunityPotential) -> str:
    """Say how many metabolites were scored, and which taxon stands behind each."""
    top = potential.contributions.loc[potential.contributions.groupby("metabolite")["share"].idxmax()]
    said = "; ".join(
        f"{row.metabolite} varies mostly by {row.taxon} ({100 * row.share:.0f} %)" for row in top.itertuples()
    )
    return (
        f"Community-metabolic potential of {count(potential.scores.shape[1], 'metabolite')} in "
        f"{count(len(potential.scores), 'sample')}: {said}. {count(len(potential.ignored), 'orthologue')} of the reactions "
        "that no taxon carries."
    )


def _refuse_reactions(reactions: pd.DataFrame) -> None:
    if lacking := [column for column in REACTION_COLUMNS if column not in reactions.columns]:
        raise ValueError(
            f"The reaction table has no column {name_some(lacking)}; it needs {', '.join(REACTION_COLUMNS)}."
        )
    amounts = pd.to_numeric(reactions["stoichiometry"], errors="coerce")
    wrong = reactions.loc[~(amounts.abs() > 0), "ko"]
    if len(wrong):
        raise ValueError(
            f"{count(len(wrong), 'stoichiometry').replace('stoichiometrys', 'stoichiometries')} that are 0 or no number, of {name_some(wrong)}; write 1 for made, -1 for used up."
        )


def _weigh(reactions: pd.DataFrame) -> pd.DataFrame:
    """Return orthologues x metabolites; what makes a metabolite sums to 1, what uses it up to -1."""
    table = reactions.assign(stoichiometry=pd.to_numeric(reactions["stoichiometry"]))
    table = table.pivot_table(index="ko", columns="metabolite", values="stoichiometry", aggfunc="sum", fill_value=0.0)
    made, used = table.clip(lower=0), table.clip(upper=0)
    return made / made.sum().replace(0, np.nan).fillna(1) - used / used.sum().replace(0, np.nan).fillna(1)


def _contribute(parts: dict[str, pd.DataFrame], scores: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for name, part in parts.items():
        centred = scores[name] - scores[name].mean()
        variance = float(centred @ centred)
        if variance > 0:
            share = (part - part.mean()).mul(centred, axis=0).sum() / variance
            rows.append(pd.DataFrame({"metabolite": name, "taxon": part.columns, "share": share.to_numpy()}))
    empty = pd.DataFrame({"metabolite": [], "taxon": [], "share": []})
    return pd.concat(rows, ignore_index=True) if rows else empty
