"""One cohort in; one row per headline test out, with what was planted beside it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from helpers.calibration.chapters import CHAPTERS, NEEDED, Effort, Results, prepare_setting
from helpers.calibration.cohorts import EFFECTS, Draw, draw_one, make_stream
from helpers.tables import write_result
from helpers.verdict import Claim, evaluate_claims, find_row

ESTIMATES = ("p", "estimate", "ci_low", "ci_high", "d", "d_low", "d_high")
COLUMNS = (
    "chapter", *ESTIMATES, "n_high", "n_low", "true_estimate", "true_d", "verdict_if_real", "verdict",
)  # fmt: skip
PER_LOG2 = {"natural log of the raw value": 1 / np.log(2)}


def measure_cohort(
    draw: Draw,
    claims: Sequence[Claim],
    sets: pd.DataFrame,
    *,
    stream: np.random.SeedSequence,
    effort: Effort,
    chapters: Collection[str] | None = None,
    shuffles: bool = True,
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Run the headline tests of the chapters on one cohort.

    Parameters
    ----------
    draw : Draw
    claims : sequence of helpers.verdict.Claim
    sets : pandas.DataFrame
        Declared sets of brain regions.
    stream : numpy.random.SeedSequence
        Each chapter has its own part of it, so leaving one out changes no other.
    effort : Effort
    chapters : collection of str, optional
        Such as ``03_brain``; all of 02 to 06 by default.
    shuffles : bool, default True
        Whether to run the permutation tests too.

    Returns
    -------
    pandas.DataFrame
        Index ``test``: claims first, then the tests of whole chapters. ``p`` (0 to 1; of a list of features, its
        smallest q; blank for a rank); for contrasts the estimate and ``d`` with 95 % intervals, and the planted
        ``true_estimate`` (in units of the estimate) and ``true_d``; for claims the verdict of chapter 07, and the
        one it would give if these people were real.
    dict of str to float
        Seconds per chapter.
    """
    setting = prepare_setting(draw.cohort, sets, effort, shuffles=shuffles)
    results, seconds = {}, {}
    for (name, run), part in zip(CHAPTERS.items(), stream.spawn(len(CHAPTERS)), strict=True):
        if chapters is not None and name not in chapters:
            continue
        start = time.perf_counter()
        results[name] = run(setting, np.random.default_rng(part))
        seconds[name] = time.perf_counter() - start
    rows = [_read_claim(claim, results, draw.truth) for claim in claims if claim.chapter in results]
    rows += [
        {"test": test, "chapter": name, "p": p} for name, found in results.items() for test, p in found.tests.items()
    ]
    table = pd.DataFrame(rows).set_index("test").reindex(columns=list(COLUMNS))
    verdicts = _weigh(draw, claims, results)
    table["verdict"] = verdicts["verdict"].reindex(table.index)
    table["verdict_if_real"] = verdicts["verdict_if_real"].reindex(table.index)
    return table, seconds


def run_draw(
    kind: str,
    number: int,
    *,
    root_seed: int,
    claims: Sequence[Claim],
    sets: pd.DataFrame,
    effort: Effort,
    chapters: Collection[str] | None = None,
    n_participants: int = 116,
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Draw one cohort and run its headline tests; permutation tests on null twins only, where they are needed.

    Parameters
    ----------
    kind : {"null_twin", "planted"}
    number : int
        Which of the cohorts of this kind, from 0.
    root_seed : int
        Seed of the whole calibration.
    claims, sets, effort, chapters
        As for :func:`measure_cohort`.
    n_participants : int, default 116

    Returns
    -------
    pandas.DataFrame
        As :func:`measure_cohort`, and the columns kind, number and seed.
    dict of str to float
        Seconds per part, ``draw`` among them.
    """
    sampled, analysed = make_stream(root_seed, kind, number).spawn(2)
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        blocks = {block for name in CHAPTERS if chapters is None or name in chapters for block in NEEDED[name]}
        draw = draw_one(folder, sampled, effect=EFFECTS[kind], n_participants=n_participants, blocks=blocks)
        took = {"draw": time.perf_counter() - start}
        table, seconds = measure_cohort(
            draw, claims, sets, stream=analysed, effort=effort, chapters=chapters, shuffles=kind == "null_twin"
        )
    return table.assign(kind=kind, number=number, seed=draw.seed), took | seconds


def _read_claim(claim: Claim, results: dict[str, Results], truth: list[dict[str, Any]]) -> dict[str, Any]:
    row: dict[str, Any] = {"test": claim.id, "chapter": claim.chapter}
    if claim.is_rank:
        return row
    found = find_row(claim, results[claim.chapter].tables[claim.table])
    if found is None:
        return row
    row |= {name: float(found[name]) for name in ESTIMATES}
    row |= {name: int(found[name]) for name in ("n_high", "n_low")}
    planted = next((item for item in truth if item["claim"] == claim.id), None)
    if planted is not None:
        factor = PER_LOG2.get(planted["unit"], 1.0) if found.get("scale", "raw") == "raw" else 1.0
        row |= {"true_estimate": factor * planted["difference"], "true_d": planted["d"]}
    return row


def _weigh(draw: Draw, claims: Sequence[Claim], results: dict[str, Results]) -> pd.DataFrame:
    """Give each claim its verdict as chapter 07 does, from tables on disk."""
    settings = draw.cohort.settings
    with tempfile.TemporaryDirectory() as folder:
        for chapter, found in results.items():
            for name, table in found.tables.items():
                write_result(table, folder, chapter, name)
        told = [claim for claim in claims if claim.chapter in results]
        simulated = evaluate_claims(told, folder, settings=settings, truth=draw.truth)
        real = evaluate_claims(told, folder, settings=replace(settings, kind="real"))
    return pd.DataFrame({"verdict": simulated["verdict"], "verdict_if_real": real["verdict"]})
