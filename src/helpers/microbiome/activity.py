"""Transcripts against the genes they come from: RNA and DNA of the same stools in, adjusted contrasts out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers.contrasts import Q_SHOWN, adjust_bh, fit_contrasts
from helpers.problems import TooLittle, name_some

MODELS = ("rna", "ratio", "covariate")
MODEL_LABELS = {"rna": "RNA alone", "ratio": "RNA per DNA", "covariate": "RNA, DNA as covariate"}
FEWEST = 20


def design_samples(
    samples: pd.DataFrame, *, tested: str, high: str, low: str, covariates: Sequence[str] = ()
) -> pd.DataFrame:
    """Return a design for two groups of samples named in a column.

    Parameters
    ----------
    samples : pandas.DataFrame
        Index sample.
    tested : str
        Column with the groups.
    high, low : str
        Its values that count as 1 and 0; other samples are left out.
    covariates : sequence of str
        Columns; text becomes one column of 0 and 1 per value but the first. Samples with a blank are left out.

    Returns
    -------
    pandas.DataFrame
        Index sample; column group first; numeric, complete.

    Raises
    ------
    ValueError
        A missing column, or a group without samples.

    Examples
    --------
    >>> samples = pd.DataFrame({"diagnosis": ["CD", "nonIBD", "UC"], "age": [30, 40, 50]}, index=list("abc"))
    >>> design_samples(samples, tested="diagnosis", high="CD", low="nonIBD", covariates=["age"]).to_dict("index")
    {'a': {'group': 1.0, 'age': 30.0}, 'b': {'group': 0.0, 'age': 40.0}}
    """
    if missing := [name for name in [tested, *covariates] if name not in samples.columns]:
        raise ValueError(f"The samples have no column {name_some(missing)}. They have: {name_some(samples.columns)}.")
    chosen = samples[samples[tested].isin([high, low])].dropna(subset=list(covariates))
    if set(chosen[tested]) != {high, low}:
        raise ValueError(
            f"Both '{high}' and '{low}' must stand in '{tested}', with all covariates; found: {name_some(chosen[tested].unique())}."
        )
    group = (chosen[tested] == high).astype(float).rename("group")
    coded = pd.get_dummies(chosen[list(covariates)], drop_first=True, dtype=float)
    return group.to_frame().join(coded.astype(float))


def compare_activity(
    rna: pd.DataFrame, dna: pd.DataFrame, design: pd.DataFrame, *, model: str = "covariate", min_prevalence: float = 0.1
) -> pd.DataFrame:
    """Contrast the groups on transcripts, with or without the genes they come from.

    More transcripts may mean more bacteria that have the gene, not busier ones. With DNA of the same stool the two can be
    told apart: the log of RNA is regressed on the groups with the log of DNA as a covariate of the same feature, or the log
    of their ratio is. Samples without the gene's DNA are left out for that feature [1]_: nothing could be transcribed.
    RNA of zero where DNA is there counts as half the smallest share seen of that feature.

    Parameters
    ----------
    rna, dna : pandas.DataFrame of shape (n_samples, n_features)
        Shares of all RNA and of all DNA, 0 or more; features in both tables are used.
    design : pandas.DataFrame
        Index sample; numeric, complete, with ``group``. One sample per person: see
        :func:`helpers.microbiome.pick_one_sample`.
    model : {"covariate", "ratio", "rna"}
        ``rna`` leaves DNA out of the model, on the same samples.
    min_prevalence : float, default 0.1
        Share of samples in which RNA and DNA of a feature must be seen, 0 to 1; at least 20 samples.

    Returns
    -------
    pandas.DataFrame
        Index feature, strongest first; columns of :func:`helpers.contrasts.fit_contrasts` (estimate in log2 units: 1 is a
        doubling), then prevalence (0-1).

    Raises
    ------
    ValueError
        Unknown model, negative or missing values, no sample or no feature in common.

    References
    ----------
    .. [1] Zhang Y, Thompson KN, Huttenhower C, Franzosa EA (2021). Statistical approaches for differential expression
       analysis in metatranscriptomics. Bioinformatics 37(Suppl 1):i34-i41. doi:10.1093/bioinformatics/btab327
    """
    if model not in MODELS:
        raise ValueError(f"The model '{model}' is unknown. It may be {', '.join(MODELS)}.")
    samples = design.index.intersection(rna.index, sort=False).intersection(dna.index, sort=False)
    shared = rna.columns.intersection(dna.columns, sort=False)
    if samples.empty or shared.empty:
        raise ValueError("No sample, or no feature, is in RNA, DNA and design alike. Are the ids spelled alike?")
    levels = {"RNA": rna.loc[samples, shared], "DNA": dna.loc[samples, shared]}
    for name, table in levels.items():
        if not (table.to_numpy(float) >= 0).all():
            raise ValueError(f"{name} holds values that are negative or missing; give shares of reads, 0 or more.")
    both = ((levels["RNA"] > 0) & (levels["DNA"] > 0)).sum()
    tested = shared[(both >= max(FEWEST, min_prevalence * len(samples))).to_numpy()]
    if tested.empty:
        raise TooLittle(f"No feature has RNA and DNA in {FEWEST} samples and in {min_prevalence:.0%} of them.")
    terms = design.loc[samples]
    rows = [_fit_one(levels["RNA"][name], levels["DNA"][name], terms, model) for name in tested]
    table = pd.concat(rows).rename_axis("feature")
    table["q"] = adjust_bh(table["p"])
    table["prevalence"] = (both[tested] / len(samples)).to_numpy()
    return table.iloc[table["d"].abs().fillna(-1).argsort()[::-1]]


def compare_models(
    rna: pd.DataFrame, dna: pd.DataFrame, design: pd.DataFrame, *, min_prevalence: float = 0.1
) -> dict[str, pd.DataFrame]:
    """Run :func:`compare_activity` without DNA, on the ratio, and with DNA as a covariate.

    Returns
    -------
    dict of str to pandas.DataFrame
        ``rna``, ``ratio``, ``covariate``.
    """
    return {name: compare_activity(rna, dna, design, model=name, min_prevalence=min_prevalence) for name in MODELS}


def describe_activity(tables: dict[str, pd.DataFrame]) -> str:
    """Say how many features each model finds, and how many of those of RNA alone stay with DNA in the model."""
    found = {name: set(table.index[table["q"] < Q_SHOWN]) for name, table in tables.items()}
    each = ", ".join(f"{MODEL_LABELS[name]} {len(some)}" for name, some in found.items())
    first = next(iter(tables.values()))
    kept = len(found.get("rna", set()) & found.get("covariate", set()))
    return (
        f"{len(first):,} features in {int(first['n_high'].max())} and {int(first['n_low'].max())} people; with "
        f"q < {Q_SHOWN:g}: {each}. Of those found in RNA alone, {kept} {'is' if kept == 1 else 'are'} still found once the "
        "amount of DNA is in the model."
    )


def _fit_one(rna: pd.Series, dna: pd.Series, terms: pd.DataFrame, model: str) -> pd.DataFrame:
    there = (dna > 0).to_numpy()
    made, genes = rna[there], np.log2(dna[there])
    level = np.log2(made.where(made > 0, made[made > 0].min() / 2))
    design = terms[there]
    if model == "covariate":
        design = design.assign(dna=genes)
    values = level - genes if model == "ratio" else level
    return fit_contrasts(values.to_frame(rna.name), design)
