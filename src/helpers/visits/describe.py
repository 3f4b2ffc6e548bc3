"""All blocks through the mixed models, and what they found in sentences."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from helpers.contrasts import Q_SHOWN
from helpers.problems import count, name_some
from helpers.visits.measures import Repeated
from helpers.visits.mixed import NO_SPREAD, fit_changes
from helpers.wording import as_text


def compare_changes(
    measured: Mapping[str, Repeated], samples: pd.DataFrame, design: pd.DataFrame, *, baseline: str
) -> pd.DataFrame:
    """Fit every feature of every block; q runs over the features and visits of a block.

    Parameters
    ----------
    measured : mapping of str to Repeated
        From :func:`helpers.visits.measure_visits`.
    samples, design, baseline
        As for :func:`helpers.visits.fit_changes`.

    Returns
    -------
    pandas.DataFrame
        Index feature; ``name`` (in words), ``block`` (its title), and the columns of :func:`helpers.visits.fit_changes`.
    """
    tables = []
    for block in measured.values():
        table = fit_changes(block.values, samples, design, baseline=baseline)
        called = table["feature"] if block.names is None else table["feature"].map(block.names)
        table.insert(1, "name", called.astype(str))
        table.insert(2, "block", block.title)
        tables.append(table)
    return pd.concat(tables).set_index("feature")


def take_largest(changes: pd.DataFrame, measured: Mapping[str, Repeated], n: int) -> pd.DataFrame:
    """Return the values of the features of smallest p, scores of questionnaires aside, named with their block and unit.

    Parameters
    ----------
    changes : pandas.DataFrame
        From :func:`compare_changes`.
    measured : mapping of str to Repeated
    n : int
        How many.
    """
    titles = {block.title: block for name, block in measured.items() if name != "scores"}
    best = changes[changes["block"].isin(titles) & changes["p"].notna()].sort_values("p", kind="stable")
    best = best.reset_index().drop_duplicates(["block", "feature"]).head(n)
    return pd.DataFrame(
        {
            f"{row['name']} ({titles[row['block']].unit})": titles[row["block"]].values[row["feature"]]
            for _, row in best.iterrows()
        }
    )


def describe_blocks(changes: pd.DataFrame) -> str:
    """Say of each block how many features change otherwise in one group, as a list."""
    said = [
        f"* **{as_text(block)}.** {describe_changes(table)}" for block, table in changes.groupby("block", sort=False)
    ]
    return "\n".join(said)


def describe_changes(table: pd.DataFrame) -> str:
    """Say how many features change otherwise in one group than in the other, the largest, and which fits give no number.

    Parameters
    ----------
    table : pandas.DataFrame
        One block of :func:`compare_changes`.

    Examples
    --------
    >>> row = {"name": "brs", "visit": "b", "d": 0.5, "d_low": 0.1, "d_high": 0.9, "p": 0.01, "q": 0.01, "note": ""}
    >>> describe_changes(pd.DataFrame([row]))
    'Of 1 change tested, 1 has q < 0.05 for group × visit. Largest: brs at b, d = 0.50 (95 % CI 0.10 to 0.90).'
    """
    tested = table.dropna(subset=["q"])
    said = [] if len(tested) else ["No change could be tested."]
    if len(tested):
        n_found = int((tested["q"] < Q_SHOWN).sum())
        top = tested.iloc[tested["d"].abs().argmax()]
        said.append(
            f"Of {count(len(tested), 'change')} tested, {n_found or 'none'} {'has' if n_found == 1 else 'have'} q < {Q_SHOWN:g} for group × "
            f"visit. Largest: {as_text(top['name'])} at {as_text(top['visit'])}, d = {top['d']:.2f} "
            f"(95 % CI {top['d_low']:.2f} to {top['d_high']:.2f})."
        )
    without = table.loc[table["note"] == NO_SPREAD, "name"].unique()
    if len(without):
        said.append(
            f"In {name_some(map(as_text, without))} participants differ no more than their own visits do: the fit lies at the edge "
            "(singular), and the numbers are those of a model without intercepts of participants."
        )
    for note, rows in table[~table["note"].isin(["", NO_SPREAD])].groupby("note"):
        said.append(f"No number for {name_some(map(as_text, rows['name'].unique()))}: {note}.")
    return " ".join(said)
