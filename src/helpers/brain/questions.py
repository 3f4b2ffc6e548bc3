"""The declared questions of the brain chapter, each with its people, its features and its covariates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.brain.connectivity import compute_fisher_z, name_pairs
from helpers.brain.covariates import add_covariate, add_motion
from helpers.brain.regions import ICV_COLUMN, average_set
from helpers.cohort import design_matrix
from helpers.contract import Cohort
from helpers.missing import compare_incomplete
from helpers.problems import TooLittle


@dataclass(frozen=True, eq=False)
class Question:
    """One number per person that was declared beforehand, and what its contrast is adjusted for.

    Attributes
    ----------
    name : str
        Such as ``Reward × Somatomotor`` or ``emotion_regulation.volumes``.
    values : pandas.DataFrame of shape (n_participants, n_features)
        All features of its kind: Fisher z of edges, volumes (mm3), tracts (FA).
    members : tuple of str
        Those that are averaged.
    standardised : bool
        Whether each member is standardised before averaging, as regions are; edges are not.
    design : pandas.DataFrame of shape (n_designed, n_terms)
        With head motion for connectivity and intracranial volume for volumes, where known.
    """

    name: str
    values: pd.DataFrame
    members: tuple[str, ...]
    standardised: bool
    design: pd.DataFrame

    def summarise(self, values: pd.DataFrame | None = None) -> pd.Series:
        """Return the one number per person, of these values or of harmonised ones.

        Parameters
        ----------
        values : pandas.DataFrame, optional
            Same columns as ``values``; by default those.
        """
        used = self.values if values is None else values
        used = used.loc[self.design.index.intersection(used.index, sort=False)]
        score = average_set(used, self.members) if self.standardised else used[list(self.members)].mean(axis=1)
        return score.rename(self.name)


def list_questions(
    blocks: Mapping[str, pd.DataFrame],
    design: pd.DataFrame,
    *,
    nodes: pd.DataFrame | None,
    declared: str,
    sets: pd.DataFrame,
) -> list[Question]:
    """Return the questions that a cohort can answer: the declared pair of networks, and each declared set.

    Parameters
    ----------
    blocks : mapping of str to pandas.DataFrame
        Such as ``Cohort.blocks``: ``connectivity`` (r), ``volumes``, ``tracts``, ``motion``; what is lacking is left out.
    design : pandas.DataFrame of shape (n_designed, n_terms)
        Without motion.
    nodes : pandas.DataFrame or None
        Index ``node``; column ``network``.
    declared : str
        Pair of networks, such as ``Reward × Somatomotor``.
    sets : pandas.DataFrame
        Columns ``set`` (or the index), ``block`` and ``region``.

    Returns
    -------
    list of Question

    Examples
    --------
    >>> tracts = pd.DataFrame({"cingulum": [0.4, 0.6, 0.5, 0.7]}, index=list("abcd"))
    >>> sets = pd.DataFrame({"set": "calm", "block": "tracts", "region": ["cingulum", "fornix"]})
    >>> design = pd.DataFrame({"group": [0, 0, 1, 1]}, index=list("abcd"))
    >>> [q.name for q in list_questions({"tracts": tracts}, design, nodes=None, declared="A × B", sets=sets)]
    ['calm.tracts']
    """
    found = []
    if "connectivity" in blocks and nodes is not None:
        z = compute_fisher_z(blocks["connectivity"])
        pair = name_pairs(z.columns, nodes)
        members = tuple(pair.index[pair == declared])
        adjusted = add_motion(design, blocks["motion"]) if "motion" in blocks else design
        found += [Question(declared, z, members, False, adjusted)] if members else []
    listed = sets if "set" in sets.columns else sets.rename_axis("set").reset_index()
    for (name, block), rows in listed.groupby(["set", "block"], sort=True):
        table = blocks.get(block)
        members = () if table is None else tuple(region for region in rows["region"] if region in table.columns)
        if members:
            adjusted = design
            if block == "volumes" and ICV_COLUMN in table.columns:
                adjusted = add_covariate(design, table[ICV_COLUMN])
            values = table.drop(columns=ICV_COLUMN, errors="ignore")
            found.append(Question(f"{name}.{block}", values, members, True, adjusted))
    return found


def impute_questions(
    cohort: Cohort, groups: pd.DataFrame, *, declared: str, sets: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Set each declared question's contrast beside those without the covariates that have blanks, and with blanks imputed.

    Parameters
    ----------
    cohort : Cohort
    groups : pandas.DataFrame
        From :func:`helpers.cohort.assign_groups`.
    declared, sets
        As for :func:`list_questions`.
    rng : numpy.random.Generator

    Returns
    -------
    pandas.DataFrame
        As from :func:`helpers.missing.compare_incomplete`, a row per question. Regions are standardised over everybody in a group,
        so that figures of complete cases may differ in the last digit from those of the sets alone.

    Raises
    ------
    TooLittle
        When the cohort can answer none.
    """
    everyone = design_matrix(cohort, groups, [])
    questions = list_questions(
        cohort.blocks, everyone, nodes=cohort.features.get("connectivity"), declared=declared, sets=sets
    )
    if not questions:
        raise TooLittle("None of the declared questions can be asked of this cohort.")
    tables = [
        compare_incomplete(
            question.summarise().to_frame(),
            cohort,
            groups,
            rng=rng,
            extra=question.design[question.design.columns.difference(everyone.columns, sort=False)],
        )
        for question in questions
    ]
    return pd.concat(tables)
