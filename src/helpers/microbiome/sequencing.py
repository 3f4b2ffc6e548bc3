"""How deeply the groups were sequenced: the first thing to compare, before any taxon."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from helpers.contrasts import fit_contrasts
from helpers.problems import TooLittle

ALPHA = 0.05
UNEQUAL = 1.25  # times as deep, from which it is said whatever p is
LABELS = {"taxa": "taxa", "transcripts": "transcripts", "genes": "genes"}


def compare_depth(tables: Mapping[str, pd.DataFrame], design: pd.DataFrame) -> pd.DataFrame:
    """Contrast the groups on the logarithm of the reads of each sample.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        Block name -> counts, shape (n_participants, n_features).
    design : pandas.DataFrame
        See :func:`helpers.cohort.design_matrix`.

    Returns
    -------
    pandas.DataFrame
        Index block; n_high, n_low, reads_high, reads_low (reads), ratio, ratio_low, ratio_high (reads of the high group
        per read of the low one, adjusted, with its 95 % interval), p.

    Examples
    --------
    >>> counts = pd.DataFrame({"t1": [100, 110, 200, 220]}, index=list("abcd"))
    >>> design = pd.DataFrame({"group": [0.0, 0, 1, 1]}, index=list("abcd"))
    >>> float(compare_depth({"taxa": counts}, design).loc["taxa", "ratio"].round(3))
    2.0
    """
    rows = {}
    for name, counts in tables.items():
        people = design.index.intersection(counts.index, sort=False)
        totals = counts.loc[people].sum(axis=1).astype(float)
        try:
            fitted = fit_contrasts(np.log(totals.where(totals > 0)).to_frame("depth"), design.loc[people]).loc["depth"]
        except TooLittle:
            continue
        middle = totals.groupby(design.loc[people, "group"]).median()
        ratio = np.exp(fitted[["estimate", "ci_low", "ci_high"]].to_numpy(float))
        rows[name] = {
            "n_high": int(fitted["n_high"]),
            "n_low": int(fitted["n_low"]),
            "reads_high": middle.get(1.0, np.nan),
            "reads_low": middle.get(0.0, np.nan),
            **dict(zip(("ratio", "ratio_low", "ratio_high"), ratio, strict=True)),
            "p": float(fitted["p"]),
        }
    columns = ["n_high", "n_low", "reads_high", "reads_low", "ratio", "ratio_low", "ratio_high", "p"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("block")


def describe_depth(table: pd.DataFrame) -> str:
    """Say whether the groups were sequenced equally deeply, and warn where they were not.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`compare_depth`.
    """
    if table.empty:
        return "There are no reads to compare."
    said = []
    for name, row in table.iterrows():
        text = (
            f"{LABELS.get(name, name)}: {row['ratio']:.2f} times as many reads in the high group "
            f"(95 % interval {row['ratio_low']:.2f} to {row['ratio_high']:.2f})"
        )
        apart = max(row["ratio"], 1 / row["ratio"]) >= UNEQUAL or row["p"] < ALPHA
        said.append(f"**{text}: unequal**" if apart else text)
    text = f"Sequencing depth, adjusted. {'; '.join(said)}."
    if "unequal" not in text:
        return text
    return (
        f"{text} **Caution.** A deeper sample shows more taxa and fewer zeros. All that follows compares samples at equal depth, "
        "which takes this away; what it cannot take away is the reason for it, such as another batch, or less material."
    )
