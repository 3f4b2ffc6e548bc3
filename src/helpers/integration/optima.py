"""Where the starting signs of a block sparse PLS-DA lead: data and model in, every start's optimum out."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import clone

from helpers.integration.batched_fits import Array, BatchedBlock, Deflation
from helpers.integration.checks import check_blocks, take_people
from helpers.integration.fitting import indicate, standardise_response, start_all_signs, start_as_reference
from helpers.integration.iteration import (
    SAME_OPTIMUM,
    Component,
    Starts,
    State,
    choose_best,
    deflate,
    fit_component,
    orient,
)
from helpers.integration.splsda import BlockSPLSDA
from helpers.problems import count
from helpers.tables import read_table
from helpers.wording import as_text

REFERENCE = "reference"
TIGHT = {"tol": 1e-20, "max_iter": 5000}  # followed to the end: near a saddle, loose tolerances stop on the way
TUMOUR_BLOCKS = {"mRNA": "mrna", "miRNA": "mirna", "protein": "protein"}
TUMOUR_KEEP = {"mRNA": [6, 14], "miRNA": [5, 18], "protein": [9, 5]}  # of the reference's published example


@dataclass(frozen=True, eq=False)
class SignStudy:
    """Where every relative sign of the starting vectors ends, component by component.

    Attributes
    ----------
    starts : pandas.DataFrame
        One row per component and start: ``component`` (from 1); ``start``, the signs in the order of the blocks, or
        "reference"; ``criterion``; ``optimum``, 1 for the largest criterion; ``n_sweeps``.
    selected : pandas.DataFrame
        The features each optimum keeps: ``component``, ``optimum``, ``block``, ``feature``, ``loading``.
    shared : pandas.DataFrame
        One row per component, optimum and block: ``n_selected`` features, ``n_shared`` of them with optimum 1.
    n_people : int
    """

    starts: pd.DataFrame
    selected: pd.DataFrame
    shared: pd.DataFrame
    n_people: int


def follow_signs(blocks: Mapping[str, pd.DataFrame], y: pd.Series, *, model: BlockSPLSDA) -> SignStudy:
    """Follow each relative sign of the starting vectors to its end.

    Starting vectors are leading singular vectors, whose sign is arbitrary. Each component is fitted from all
    ``2 ** (blocks - 1)`` relative signs and from the reference's own start; the next component then builds on the largest
    criterion. (The first block's sign is of no account: it is updated before its start is used.)

    Parameters
    ----------
    blocks : dict of pandas.DataFrame
        Block -> people x features; two or more blocks.
    y : pandas.Series
        The class of each person.
    model : BlockSPLSDA
        Unfitted; its `start` is not used. With loose tolerances two ends can look like different optima; see `TIGHT`.

    Examples
    --------
    >>> ids = [f"sub-{i}" for i in range(6)]
    >>> y = pd.Series(["high", "high", "high", "low", "low", "low"], ids)
    >>> blocks = {b: pd.DataFrame({"a": [3.0, 4, 5, 0, 1, 2], "n": [1.0, 3, 2, 1, 3, 2]}, ids) for b in ("gut", "brain")}
    >>> study = follow_signs(blocks, y, model=BlockSPLSDA(1, keep={"gut": [1], "brain": [1]}))
    >>> study.starts["start"].to_list(), study.starts["optimum"].to_list()
    (['++', '+−', 'reference'], [1, 1, 1])
    """
    names = check_blocks(blocks, y)
    if len(names) < 2:
        raise ValueError("One block has no relative signs to follow; give two or more.")
    state = _open_state([take_people(blocks[name], y.index) for name in names], y, model)
    keep = model.read_keep(names, [blocks[name].shape[1] for name in names], 1)
    design = clone(model)._design_matrix(names)
    starts, selected, shared = [], [], []
    for h in range(model.n_components):
        ends = _follow(state, h, [counts[0, h] for counts in keep], design, model)
        optimum = number_optima(ends.criterion)
        starts.append(_list_starts(ends, optimum, h + 1, len(names)))
        firsts = [int(np.flatnonzero(optimum == number)[0]) for number in range(1, optimum.max() + 1)]
        features = [blocks[name].columns for name in names]
        selected.append(_list_selected(ends.take(firsts), names, features, h + 1))
        shared.append(_list_shared(ends.take(firsts), names, h + 1))
        if h + 1 < model.n_components:
            deflate(state, ends.take(choose_best(ends, np.zeros(len(optimum), np.intp))))
    tables = [pd.concat(parts, ignore_index=True) for parts in (starts, selected, shared)]
    return SignStudy(*tables, n_people=len(y))


def sweep_designs(
    blocks: Mapping[str, pd.DataFrame],
    y: pd.Series,
    *,
    model: BlockSPLSDA,
    designs: Sequence[float] = (0.0, 0.1, 0.3, 0.5, 0.8, 1.0),
) -> pd.DataFrame:
    """Count the optima under several strengths of the link between blocks.

    Returns
    -------
    pandas.DataFrame
        One row per design and component: ``design``, ``component``, ``n_optima``, ``criterion`` (the largest),
        ``criterion_reference`` (where the reference's start ends), ``share_best`` (of sign patterns that end in the largest).
    """
    rows = []
    for design in designs:
        study = follow_signs(blocks, y, model=clone(model).set_params(design=design))
        for component, ends in study.starts.groupby("component"):
            signs, own = ends[ends["start"] != REFERENCE], ends.set_index("start").loc[REFERENCE]
            best = float(ends["criterion"].max())
            share = float((signs["optimum"] == 1).mean())
            rows.append([design, component, int(ends["optimum"].max()), best, own["criterion"], share])
    columns = ["design", "component", "n_optima", "criterion", "criterion_reference", "share_best"]
    return pd.DataFrame(rows, columns=columns)


def number_optima(criterion: Array) -> np.ndarray:
    """Number ends by criterion, the largest first; those that differ by a rounding error are one optimum.

    Examples
    --------
    >>> number_optima(np.array([2.5, 3.0, 3.0000001])).tolist()
    [2, 1, 1]
    """
    order = np.argsort(-criterion, kind="stable")
    steps = -np.diff(criterion[order]) > SAME_OPTIMUM * np.abs(criterion[order][:-1])
    numbers = np.empty(len(criterion), np.intp)
    numbers[order] = 1 + np.concatenate([[0], np.cumsum(steps)])
    return numbers


def read_tumours(folder: Path, *, subtypes: Sequence[str] = ("Basal", "LumA")) -> tuple[dict, pd.Series]:
    """Read the blocks and subtypes of breast.TCGA, the reference's example, from where the open data were put.

    Parameters
    ----------
    folder : pathlib.Path
        Of the open data set ``breast_tcga``.
    subtypes : sequence of str
        Tumours of these are kept, of the training set.

    Returns
    -------
    blocks : dict of pandas.DataFrame
        mRNA, miRNA and protein, tumours x features.
    y : pandas.Series
        The subtype of each tumour.
    """
    samples = read_table(folder / "samples.tsv")
    y = samples.loc[(samples["set"] == "train") & samples["subtype"].isin(subtypes), "subtype"]
    blocks = {name: read_table(folder / f"train_{file}.tsv").loc[y.index] for name, file in TUMOUR_BLOCKS.items()}
    return blocks, y


def describe_signs(study: SignStudy, *, component: int = 2) -> str:
    """Return how many optima a component has, which starts reach them, and what they share."""
    ends = study.starts[study.starts["component"] == component]
    signs, own = ends[ends["start"] != REFERENCE], ends.set_index("start").loc[REFERENCE]
    n_optima = int(ends["optimum"].max())
    if n_optima == 1:
        return f"On component {component}, all {len(signs)} relative signs end in one optimum, criterion {own['criterion']:.3f}."
    values = ends.groupby("optimum")["criterion"].max()
    reached = signs["optimum"].value_counts().reindex(values.index, fill_value=0)
    each = " and ".join(f"{values[k]:.3f} (from {count(int(reached[k]), 'sign pattern')})" for k in values.index)
    second = study.shared[(study.shared["component"] == component) & (study.shared["optimum"] == 2)]
    held = ", ".join(
        f"{row.n_shared} of {row.n_selected} in {as_text(row.block)}" for row in second.itertuples(index=False)
    )
    place = "the best" if own["optimum"] == 1 else f"optimum {int(own['optimum'])}, not the best"
    return (
        f"On component {component}, {len(signs)} relative signs end in **{n_optima} optima**, with criterion {each}. "
        f"Of the features the second keeps, the first shares {held}. The signs that the reference implementation "
        f"starts from lead to {place} (criterion {own['criterion']:.3f}). ({study.n_people} samples.)"
    )


def _open_state(arrays: list[Array], y: pd.Series, model: BlockSPLSDA) -> State:
    everyone = np.ones((1, len(y)), bool)
    classes, codes = np.unique(y.to_numpy(), return_inverse=True)
    response = standardise_response(indicate(codes[None], len(classes)), everyone, scale=model.scale)
    fold = np.zeros(1, np.intp)
    deflations = [Deflation(BatchedBlock(values, everyone, scale=model.scale), fold) for values in arrays]
    return State(deflations, response.values)


def _follow(state: State, h: int, keep: list[int], design: Array, model: BlockSPLSDA) -> Component:
    """Fit one component from every sign and from the reference's start, each as a model of its own."""
    signs, own = (start(state, h).find_scores(state) for start in (start_all_signs, start_as_reference))
    scores = np.concatenate([signs, own], axis=1)
    n_runs = scores.shape[1]
    found = fit_component(
        state.take(np.zeros(n_runs, np.intp)),
        Starts(np.arange(n_runs), scores=scores),
        design=design,
        keep=[np.full(n_runs, number) for number in keep],
        tol=model.tol,
        max_iter=model.max_iter,
    )
    return orient(found)


def _list_starts(ends: Component, optimum: np.ndarray, component: int, n_blocks: int) -> pd.DataFrame:
    patterns = ["+" + "".join(signs) for signs in itertools.product("+−", repeat=n_blocks - 1)]
    columns = {"start": [*patterns, REFERENCE], "criterion": ends.criterion, "optimum": optimum}
    return pd.DataFrame({"component": component, **columns, "n_sweeps": ends.n_sweeps})


def _list_selected(optima: Component, names: list[str], features: list[pd.Index], component: int) -> pd.DataFrame:
    tables = []
    for name, loadings, own in zip(names, optima.loadings, features, strict=False):
        for number, loading in enumerate(loadings, start=1):
            kept = loading != 0
            columns = {"block": name, "feature": own[kept], "loading": loading[kept]}
            tables.append(pd.DataFrame({"component": component, "optimum": number, **columns}))
    return pd.concat(tables, ignore_index=True)


def _list_shared(optima: Component, names: list[str], component: int) -> pd.DataFrame:
    rows = []
    for name, loadings in zip(names, optima.loadings, strict=False):
        for number, loading in enumerate(loadings, start=1):
            both = int(((loading != 0) & (loadings[0] != 0)).sum())
            rows.append([component, number, name, int((loading != 0).sum()), both])
    return pd.DataFrame(rows, columns=["component", "optimum", "block", "n_selected", "n_shared"])
