"""A cohort's blocks, person by person, ready to be integrated: cohort and groups in, aligned frames out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin
from sklearn.pipeline import make_pipeline
from sklearn.utils.validation import check_is_fitted

from helpers import microbiome
from helpers.brain import ComBat
from helpers.brain.names import name_edge
from helpers.contract import Cohort
from helpers.further import transform_block
from helpers.least import find_shortage, refuse_few
from helpers.problems import TooLittle, count, name_some
from helpers.tables import align_blocks
from helpers.wording import hide_small

BLOCKS = ("connectivity", "taxa", "transcripts", "metabolites")
COUNTS = ("taxa", "transcripts")
PREDICTED = "predicted_"  # starts the name of every column of predicted potential
PREDICTED_FROM = {"metabolites": ("taxa", "transcripts")}
MAX_CORRELATION = 0.999999  # Fisher z of 1 is infinite


@dataclass(frozen=True, eq=False)
class PreparedBlocks:
    """Blocks of the same people in the same order, their groups, and who was lost on the way.

    Attributes
    ----------
    blocks : dict of pandas.DataFrame
        Block -> people x features; missing cells stay missing, to be imputed inside the folds.
    groups : pandas.Series
        "high" or "low", index ``participant_id``.
    flow : pandas.DataFrame
        Index ``step`` (in a group, each block, all blocks); columns ``n_high``, ``n_low``.
    """

    blocks: dict[str, pd.DataFrame]
    groups: pd.Series
    flow: pd.DataFrame


def prepare_blocks(cohort: Cohort, groups: pd.DataFrame, *, names: Sequence[str] = BLOCKS) -> PreparedBlocks:
    """Transform each block within each person, and keep the people in a group and in every block.

    Connectivity becomes Fisher z, counts become centred log-ratios (with 0.5 added), raw metabolites become
    natural logs (values of 0 or less count as missing). Nothing is learned from one person about another:
    scaling, imputing and selecting belong inside the folds. Questionnaires are not offered: the groups are
    made from one, and the others measure the same distress, so they would predict the groups by definition.

    Parameters
    ----------
    cohort : Cohort
    groups : pandas.DataFrame
        Index ``participant_id``, column ``group`` ("high", "low", or missing: left out).
    names : sequence of str
        Blocks wanted; those the cohort lacks are left out. Further blocks come along where their sidecar says ``integrate``.

    Raises
    ------
    ValueError
        If fewer than two blocks are there, too few people per group are in all of them for a cross-validation (``data/schema/least.yml``), or predicted metabolites
        (columns ``predicted_...``) would stand beside the blocks they are predicted from.
    """
    if unknown := [name for name in names if name not in BLOCKS]:
        raise ValueError(f"Cannot integrate {', '.join(unknown)}; blocks are {', '.join(BLOCKS)}.")
    own = {name: block.table for name, block in cohort.further.items() if block.integrate}
    tables = {name: cohort.blocks[name] for name in names if name in cohort.blocks} | own
    present = list(tables)
    if len(present) < 2:
        raise TooLittle(
            f"Integration needs at least two of {', '.join(names)}; this cohort has "
            f"{', '.join(present) or 'none'}. Add a block to the cohort folder, or skip this chapter."
        )
    _refuse_predicted(tables)
    grouped = groups["group"].dropna()
    held = {name: table.loc[table.index.isin(grouped.index)] for name, table in tables.items()}
    shared = align_blocks({"groups": grouped, **held}, at_least=0)
    flow = _count_flow(grouped, held, shared.ids)
    short = flow.iloc[-1]
    if not grouped.isin(["high", "low"]).any():  # an outcome without a cut
        refuse_few("cross_validation", len(shared.ids) // 2, len(shared.ids) - len(shared.ids) // 2)
    elif reason := find_shortage("cross_validation", short["n_high"], short["n_low"]):
        raise TooLittle(
            f"Only {hide_small(int(short['n_high']))} people of the high and {hide_small(int(short['n_low']))} of the low group are in every block "
            f"({', '.join(present)}). {reason} Leave out the block that costs most people (names=...), or add people."
        )
    blocks = {name: _transform(cohort, name, shared.blocks[name]) for name in present}
    return PreparedBlocks(blocks, shared.blocks["groups"].rename("group"), flow)


class PrevalenceFilter(SelectorMixin, BaseEstimator):
    """Keep features seen in at least a share of the training people.

    Works on centred log-ratios: a feature a person does not have sits at that person's minimum.

    Parameters
    ----------
    at_least : float
        Share of people, 0 to 1.
    """

    def __init__(self, at_least: float = 0.1) -> None:
        self.at_least = at_least

    def fit(self, features: np.ndarray, y: None = None) -> PrevalenceFilter:
        """Learn which features are common enough; `y` is not used."""
        if isinstance(features, pd.DataFrame):
            self.feature_names_in_ = features.columns.to_numpy(object)
        features = np.asarray(features, float)
        seen = features > np.nanmin(features, axis=1, keepdims=True)
        self.support_ = seen.mean(axis=0) >= self.at_least
        self.n_features_in_ = features.shape[1]
        return self

    def _get_support_mask(self) -> np.ndarray:
        check_is_fitted(self, "support_")
        return self.support_


def keep_equally(blocks: Mapping[str, pd.DataFrame], *, n_keep: int, n_components: int) -> dict[str, list[int]]:
    """Return the same number of kept features for every block and component.

    Examples
    --------
    >>> keep_equally({"taxa": pd.DataFrame()}, n_keep=20, n_components=2)
    {'taxa': [20, 20]}
    """
    return {name: [n_keep] * n_components for name in blocks}


def make_filters(blocks: Mapping[str, pd.DataFrame], *, at_least: float = 0.1) -> dict[str, PrevalenceFilter]:
    """Return a prevalence filter for each block of counts, to be fitted inside the folds.

    Examples
    --------
    >>> make_filters({"taxa": pd.DataFrame(), "metabolites": pd.DataFrame()})
    {'taxa': PrevalenceFilter()}
    """
    return {name: PrevalenceFilter(at_least) for name in blocks if name in COUNTS}


def make_harmonisers(
    blocks: Mapping[str, pd.DataFrame],
    batch: pd.Series,
    *,
    covariates: pd.DataFrame | None = None,
    at_least: float = 0.1,
) -> dict[str, BaseEstimator]:
    """Return a ComBat for each block, after the filter of counts, to be fitted inside the folds.

    Parameters
    ----------
    blocks : mapping of str to pandas.DataFrame
    batch : pandas.Series
        Study of everybody, index ``participant_id``.
    covariates : pandas.DataFrame, optional
        What is kept: without the group and the study.
    at_least : float, default 0.1
        As for :func:`make_filters`.
    """
    filters = make_filters(blocks, at_least=at_least)
    combat = ComBat(batch, covariates)
    return {
        name: make_pipeline(filters[name].set_output(transform="pandas"), combat) if name in filters else combat
        for name in blocks
    }


def name_features(cohort: Cohort) -> dict[str, str]:
    """Return what each feature is called, where the cohort says it: names of metabolites and transcripts, genera, nodes of edges."""
    tables = [cohort.features[block] for block in ("metabolites", "transcripts") if block in cohort.features]
    names = [table["name"] for table in tables if "name" in table]
    names += [cohort.features["taxa"]["genus"]] if "taxa" in cohort.features else []
    called = pd.concat(names).dropna().to_dict() if names else {}
    if {"connectivity"} <= cohort.features.keys() & cohort.blocks.keys():
        nodes = cohort.features["connectivity"]
        called |= {edge: name_edge(edge, nodes) for edge in cohort.blocks["connectivity"].columns}
    return called


def describe_flow(prepared: PreparedBlocks) -> str:
    """Return one sentence on how many people and features enter, and how many people were lost."""
    first, last = prepared.flow.iloc[0], prepared.flow.iloc[-1]
    sizes = ", ".join(f"{name} ({block.shape[1]:,})" for name, block in prepared.blocks.items())
    lost = int(first.sum() - last.sum())
    return (
        f"{int(last.sum())} of them are in every block: {int(last['n_high'])} in the high and "
        f"{int(last['n_low'])} in the low group; {hide_small(lost)} others lack at least one block. "
        f"Blocks, with their numbers of features: {sizes}."
    )


def _refuse_predicted(blocks: Mapping[str, pd.DataFrame]) -> None:
    """Refuse predicted metabolites beside a block that can have foretold them."""
    for name, sources in PREDICTED_FROM.items():
        beside = [source for source in sources if source in blocks]
        if name not in blocks or not beside:
            continue
        columns = blocks[name].columns
        predicted = columns[columns.astype(str).str.lower().str.startswith(PREDICTED)]
        if len(predicted):
            raise ValueError(
                f"Block {name} has {count(len(predicted), 'column')} of predicted potential ({name_some(predicted)}). They "
                f"were made of the bacteria and hold nothing that {' and '.join(beside)} do not hold, so the blocks would "
                f"agree by construction. Give measured {name}, or leave one side out: names=... without {name}, or without "
                f"{' and '.join(beside)}."
            )


def _transform(cohort: Cohort, name: str, block: pd.DataFrame) -> pd.DataFrame:
    if name == "connectivity":
        values = np.clip(block.to_numpy(float), -MAX_CORRELATION, MAX_CORRELATION)
        return pd.DataFrame(np.arctanh(values), block.index, block.columns)
    if name in cohort.further:
        return transform_block(replace(cohort.further[name], table=block))
    if name in COUNTS:
        return microbiome.transform_clr(block)
    scales = cohort.features["metabolites"]["scale"].reindex(block.columns)
    raw = block.columns[scales == "raw"]
    values = block.astype(float)
    values[raw] = np.log(values[raw].where(values[raw] > 0))
    return values


def _count_flow(grouped: pd.Series, held: dict[str, pd.DataFrame], shared: pd.Index) -> pd.DataFrame:
    steps = {"in a group": grouped.index, **{n: b.index for n, b in held.items()}, "all blocks": shared}
    rows = {step: grouped.loc[ids].value_counts() for step, ids in steps.items()}
    flow = pd.DataFrame(rows).T.reindex(columns=["high", "low"]).fillna(0).astype(int)
    return flow.set_axis(["n_high", "n_low"], axis=1).rename_axis("step")
