"""What chapter 06 finds, in the sentences of its box."""

from __future__ import annotations

import os

import pandas as pd

from helpers.comparisons import find_side, tell_better
from helpers.findings import LEVEL, call, find_result, tell_effect, write_findings
from helpers.integration.summary import VOTE
from helpers.wording import hide_small

CHAPTER = "06_integration"


def describe_findings(results_dir: str | os.PathLike[str]) -> str:
    """Say how well all blocks together discriminate the groups in held-out participants, and which block does best.

    Parameters
    ----------
    results_dir : str or path-like
        Where this chapter wrote its tables; what is not there is left out.
    """
    performance = find_result(results_dir, CHAPTER, "performance")
    if performance.empty or VOTE not in performance.index or performance["auc"].isna().all():
        return ""
    blocks = performance[performance["role"] == "block"].dropna(subset=["auc"])
    return write_findings([_tell_all(performance.loc[VOTE]), _tell_best(blocks), _tell_training(blocks)])


def _tell_all(vote: pd.Series) -> str:
    n = ", ".join(f"{hide_small(int(vote[f'n_{side}']))} in the {side} group" for side in ("high", "low"))
    p = f", p = {vote['p_permutation']:.2g} by permutation of the groups" if pd.notna(vote["p_permutation"]) else ""
    return (
        f"all blocks together reach an {tell_effect(vote, 'auc', start='AUC of')} in held-out participants ({n}){p}: "
        f"{tell_better(vote['auc_low'], vote['auc_high'], than=0.5)} guessing ([Figure](#figure-performance))"
    )


def _tell_best(blocks: pd.DataFrame) -> str:
    if len(blocks) < 2:
        return ""
    best = blocks["auc"].idxmax()
    row = blocks.loc[best]
    is_ahead = find_side(row["lead_low"], row["lead_high"]) > 0 and not row["p_lead"] > LEVEL
    order = "it is ahead of the others" if is_ahead else "the order of the blocks is open"
    return (
        f"the best block is {call(best)} with an {tell_effect(row, 'auc', start='AUC of')}; its difference to the next is "
        f"{tell_effect(row, 'lead', start='ΔAUC =')}, so {order} ([Table](#table-ranks))"
    )


def _tell_training(blocks: pd.DataFrame) -> str:
    if blocks.empty or blocks["auc_training"].isna().any():
        return ""
    low, high = blocks["auc_training"].min(), blocks["auc_training"].max()
    return f"on the participants that the models were fitted on, the same blocks reach {low:.2f} to {high:.2f}, which says nothing about new ones"
