"""Write data/parity/integration.tsv and the page book/parity.md from tests.parity: no number on it is typed.

Needs the reference's numbers beside the mirror of open data; without them nothing is written.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import pandas as pd

from helpers.tables import PROJECT_ROOT, write_atomically

sys.path.insert(0, str(PROJECT_ROOT))
from tests.parity import TIGHT_TOLERANCE, TOLERANCE, Compared, compare_all, find_oracle

TABLE = PROJECT_ROOT / "data" / "parity" / "integration.tsv"
PAGE = PROJECT_ROOT / "book" / "parity.md"
PAGE_TEXT = """\
# Parity with the reference

The book has a block sparse PLS-DA of its own, as Python had none. The method known as DIABLO {{cite:p}}`singh2019` is
implemented in R by mixOmics. This page compares both, fit by fit: from the starting vectors that the reference recorded
(*recorded*), and from our own, signed by the rule the reference's solver follows (*reference*).

Fits stopped at the reference's default tolerance must agree to {tolerance}, fits run to the end (`tight`) to {tight}, and every class
and vote must be the same. A fit is its loadings, scores, explained variance, block weights and criterion. Error rates of cross-validations and of a tuning grid are compared on the reference's own folds.

The page is written by `tools/write_parity.py` and the same comparisons run as tests. Fits named `synth` rest on generated data that
lie in the project; the others on breast tumours {{cite:p}}`singh2019` and run where those numbers are at hand.

| fit or validation | start | compared | largest difference | classes and votes compared | differing |
|---|---|---|---|---|---|
{rows}

{summary}

**Where we differ on purpose.** The reference judges a fit by its AUC on the people it was fitted on; ours is from people held out, and
the other stands beside it, named *training*. With several optima the reference ends wherever its starting signs lead; our default follows
every sign pattern and keeps the largest criterion (`start="reference"` gives theirs). A vote without a winner is a blank, not a class.
"""


def tabulate(compared: Sequence[Compared]) -> pd.DataFrame:
    """Return one row per comparison."""
    rows = [
        (c.name, c.start, c.what, f"{c.largest_difference:.0e}", c.n_classes, c.n_classes_differing) for c in compared
    ]
    columns = ["name", "start", "compared", "largest_difference", "n_classes", "n_classes_differing"]
    return pd.DataFrame(rows, columns=columns)


def write_page(table: pd.DataFrame) -> str:
    """Return the page."""
    rows = [
        f"| `{row.name}` | {row.start} | {row.compared} | {row.largest_difference} | {row.n_classes or '–'} | "
        f"{row.n_classes_differing if row.n_classes else '–'} |"
        for row in table.itertuples(index=False, name="Row")
    ]
    largest = table["largest_difference"].astype(float).max()
    summary = (
        f"The largest difference of all is {largest:.0e}; of {table['n_classes'].sum():,} classes, votes and chosen counts, "
        f"{table['n_classes_differing'].sum()} differ."
    )
    return PAGE_TEXT.format(
        tolerance=f"{TOLERANCE:g}", tight=f"{TIGHT_TOLERANCE:g}", rows="\n".join(rows), summary=summary
    )


if __name__ == "__main__":
    oracle = find_oracle()
    if oracle is None:
        sys.exit(
            "The reference's numbers are not beside the mirror of open data (RESILIENCE_BOOK_MIRROR); nothing was written."
        )
    found = tabulate(compare_all(oracle))
    write_atomically(TABLE, found.to_csv(sep="\t", index=False, lineterminator="\n"))
    write_atomically(PAGE, write_page(found))
