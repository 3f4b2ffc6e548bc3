"""Which samples can be learnt from: in both tables, each with its person, all features amounts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.problems import TooLittle, count, name_some

MIN_PEOPLE = 20


def choose_samples(
    amounts: pd.DataFrame, metabolites: pd.DataFrame, people: pd.Series | None, n_folds: int
) -> tuple[pd.Index, np.ndarray]:
    """Return the samples in both tables, and a number for the person of each; refuse what cannot be learnt from."""
    if amounts.index.has_duplicates or metabolites.index.has_duplicates:
        raise ValueError(
            "An id stands twice: with several samples of one person in different folds a model would know people it "
            "is tested on. Keep one sample per person, or say in `people` whose each sample is."
        )
    samples = amounts.index.intersection(metabolites.index, sort=False)
    owners = pd.Series(samples, index=samples) if people is None else people.reindex(samples)
    if owners.isna().any():
        raise ValueError(
            f"{count(int(owners.isna().sum()), 'sample')} without a person: {name_some(samples[owners.isna()])}."
        )
    codes = pd.factorize(owners)[0]
    n_people, least = len(np.unique(codes)), max(MIN_PEOPLE, 2 * n_folds)
    if n_people < least:
        raise TooLittle(
            f"{count(n_people, 'participant')} with both {'features' if people is not None else 'taxa'} and metabolites; at least {least} "
            "are needed to predict. Are the ids spelled alike, e.g. sub-01?"
        )
    refuse_amounts(amounts.loc[samples])
    return samples, codes


def refuse_amounts(amounts: pd.DataFrame) -> None:
    """Refuse features that are no amounts: a blank, a value below 0, or a sample of zeros."""
    values = amounts.to_numpy(float)
    totals = values.sum(axis=1)
    if not (totals > 0).all():
        raise ValueError(
            f"{count(int((~(totals > 0)).sum()), 'sample')} without reads, or with a blank; leave them out."
        )
    if (values < 0).any():
        negative = amounts.columns[(values < 0).any(axis=0)]
        raise ValueError(
            f"{count(len(negative), 'feature')} with values below 0 ({name_some(negative)}): a table of logarithms or ratios? "
            "Give reads or shares; they are scaled here."
        )
