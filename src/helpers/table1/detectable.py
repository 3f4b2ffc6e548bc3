"""Say which differences groups of this size can and cannot see, block by block."""

from __future__ import annotations

import pandas as pd

from helpers.contract import Cohort
from helpers.power import ALPHA, compute_power, find_detectable_d
from helpers.table1.flow import count_groups
from helpers.table1.modalities import MODALITIES
from helpers.wording import hide_small


def describe_detectable(groups: pd.DataFrame) -> str:
    """Say in words which effects groups of this size can and cannot see.

    Parameters
    ----------
    groups : pandas.DataFrame
        From ``helpers.cohort.assign_groups``.

    Returns
    -------
    str
    """
    n_high, n_low = count_groups(groups)
    if min(n_high, n_low) < 2:
        return f"With {hide_small(n_high)} and {hide_small(n_low)} people no difference can be tested."
    d80, d90 = (find_detectable_d(n_high=n_high, n_low=n_low, power=power) for power in (0.8, 0.9))
    chance = compute_power(0.2, n_high=n_high, n_low=n_low)
    return (
        f"With {hide_small(n_high)} and {hide_small(n_low)} people, one two-sided test at the 5 % level detects a true difference of "
        f"d = {d80:.2f} four times in five, and of d = {d90:.2f} nine times in ten. A small effect (d = 0.2) "
        f"would be missed in {100 * (1 - chance):.0f} of 100 such studies, before any correction for many tests."
    )


def list_detectable(cohort: Cohort, design: pd.DataFrame) -> pd.DataFrame:
    """List for each block the smallest difference that its people can show, alone and among all features.

    Parameters
    ----------
    cohort : Cohort
    design : pandas.DataFrame
        From ``helpers.cohort.design_matrix``: people in a group with every covariate.

    Returns
    -------
    pandas.DataFrame
        Index ``block`` (questionnaires first); n_high, n_low (people with at least one value), n_features, and the
        true d found with 80 % power: d_one (one test declared in advance at the 5 % level) and d_all (each of all
        features tested at 5 % over their number, Bonferroni: a careful bound for the corrections of the chapters).
    """
    frames = {"Questionnaires": pd.concat(list(cohort.phenotype.values()), axis=1)} if cohort.phenotype else {}
    frames |= {label: cohort.blocks[name] for name, label in MODALITIES.items() if name in cohort.blocks}
    frames |= {block.title: block.table for block in cohort.further.values()}
    rows = {}
    for label, frame in frames.items():
        known = design.loc[design.index.isin(frame.index[frame.notna().any(axis=1)]), "group"]
        n_high, n_low = int((known == 1).sum()), int((known == 0).sum())
        n_features = 1 if label == "Questionnaires" else int(frame.notna().any().sum())
        sizes = {"n_high": n_high, "n_low": n_low}
        levels = {"d_one": ALPHA, "d_all": ALPHA / max(n_features, 1)}
        found = {name: find_detectable_d(**sizes, alpha=alpha) for name, alpha in levels.items()}
        rows[label] = {**sizes, "n_features": n_features, **found}
    columns = ["n_high", "n_low", "n_features", "d_one", "d_all"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("block")
