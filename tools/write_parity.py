"""Write data/parity/integration.tsv and the page book/parity.md from tests.parity: no number on it is typed.

Needs the reference's numbers beside the mirror of open data; without them nothing is written. ``--page`` writes the page
anew from the tables (the one of noise is made by tools/try_noise.py), without comparing anything.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import pandas as pd
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from helpers.tables import PROJECT_ROOT, write_atomically

sys.path.insert(0, str(PROJECT_ROOT))
from tests.parity import TIGHT_TOLERANCE, TOLERANCE, Compared, compare_all, find_oracle
from tools import try_noise

TABLE = PROJECT_ROOT / "data" / "parity" / "integration.tsv"
NOISE = PROJECT_ROOT / "data" / "parity" / "noise.tsv"
PAGE = PROJECT_ROOT / "book" / "parity.md"
ALPHA = 0.05
LAST_DIGIT = 1e-15
N_PEOPLE = try_noise.N_HIGH + try_noise.N_LOW
PAGE_TEXT = """\
# Parity with the reference

The book has a block sparse PLS-DA of its own, as Python had none. The method known as DIABLO {{cite:p}}`singh2019` is
implemented in R by mixOmics. This page compares both, fit by fit: from the starting vectors that the reference recorded
(*recorded*), and from our own, signed by the rule the reference's solver follows (*reference*).

Fits stopped at the reference's default tolerance must agree to {tolerance}, fits run to the end (`tight`) to {tight}, and every class
and vote must be the same. A fit is its loadings, scores, explained variance, block weights and criterion. Error rates of cross-validations and of a tuning grid are compared on the reference's own folds.

The page is written by `tools/write_parity.py` and the same comparisons run as tests. Fits named `synth` rest on generated data that
lie in the project; the others on breast tumours {{cite:p}}`singh2019` and run where those numbers are at hand.

{summary}

:::{{dropdown}} Each comparison
Largest differences are in units of $10^{{-15}}$, about what a computer's last digit is worth.

| Fit or validation | Start | Compared | Largest difference ($10^{{-15}}$) | Classes and votes compared | Differing |
|---|---|---|---|---|---|
{rows}
:::

**Where we differ on purpose.** The reference judges a fit by its AUC on the people it was fitted on, whose data it standardises twice; ours is
from people held out, and the training figure stands beside it, named *training*. `auroc_as_reference` gives theirs. With several optima the
reference ends wherever its starting signs lead; our default follows every sign pattern and keeps the largest criterion (`start="reference"` gives theirs). Its validation scales
features even where the model does not, counts a vote without a winner as an error, and reports training AUCs beside error rates of held-out participants;
`perf_as_reference` reports the same. Ours does none of it, and a vote without a winner is a blank, not a class.

## On pure noise

An engine that is right on signal can still be fooled by noise. So it was tried on {n_tested:,} simulated data sets: {people} people in two groups, {blocks} of
independent normal numbers. Groups know nothing of the features; any error below one half is luck, or a leak.

{noise}

The data sets are made and tried by `tools/try_noise.py`, each from a seed of its own.
"""


def tabulate(compared: Sequence[Compared]) -> pd.DataFrame:
    """Return one row per comparison."""
    rows = [
        (c.name, c.start, c.what, f"{c.largest_difference:.0e}", c.n_classes, c.n_classes_differing) for c in compared
    ]
    columns = ["name", "start", "compared", "largest_difference", "n_classes", "n_classes_differing"]
    return pd.DataFrame(rows, columns=columns)


def write_power(value: float) -> str:
    """Return a small number as a power of ten, for a page.

    Examples
    --------
    >>> write_power(5e-13)
    '$5 \\times 10^{-13}$'
    """
    digit, power = f"{value:.0e}".split("e")
    return rf"${digit} \times 10^{{{int(power)}}}$"


def spread_evenly(noise: pd.DataFrame) -> float:
    """Return the p-value of a chi-squared test that every rank of the real groups among the shuffles is equally frequent."""
    ranks = (noise["p_permutation"] * (try_noise.N_SHUFFLES + 1)).round().astype(int)
    return float(stats.chisquare(ranks.value_counts().reindex(range(1, try_noise.N_SHUFFLES + 2), fill_value=0)).pvalue)


def describe_noise(noise: pd.DataFrame) -> str:
    """Return what was found in data sets without anything to find: the nested error, and how often shuffles found something."""
    nested = noise["nested_balanced_error"].dropna()
    rejected = int((noise["p_permutation"] <= ALPHA).sum())
    low, high = proportion_confint(rejected, len(noise), method="wilson")
    expected = (try_noise.N_SHUFFLES + 2) / (2 * (try_noise.N_SHUFFLES + 1))
    choices = len(try_noise.GRID) ** len(try_noise.SIZES)
    return (
        f"* **Nested cross-validation**, keep counts chosen among {choices} combinations inside every training set ({len(nested)} data sets): mean balanced "
        f"error {nested.mean():.3f} (standard error {nested.sem():.3f}; half is right), and {nested.std():.3f} of spread "
        f"between data sets. The luckiest of them errs by {nested.min():.2f}: one honest figure from {N_PEOPLE} people can look that good by chance.\n"
        f"* **Permutation test** with {try_noise.N_SHUFFLES} shuffles of the whole pipeline at {ALPHA:.0%} ({len(noise):,} data sets): it finds something in {rejected} of "
        f"them, {rejected / len(noise):.1%} (95 % interval {low:.1%} to {high:.1%}; {ALPHA:.0%} is right). The p-values should fall evenly between 0 and 1: their mean is "
        f"{noise['p_permutation'].mean():.3f} (right: {expected:.3f}), and a test of evenness gives p = {spread_evenly(noise):.2f}."
    )


def write_page(table: pd.DataFrame, noise: pd.DataFrame) -> str:
    """Return the page."""
    rows = [
        f"| `{row.name}` | {row.start} | {row.compared} | {float(row.largest_difference) / LAST_DIGIT:,.1f} | {row.n_classes or '–'} | "
        f"{row.n_classes_differing if row.n_classes else '–'} |"
        for row in table.itertuples(index=False, name="Row")
    ]
    largest = table["largest_difference"].astype(float).max()
    summary = (
        f"In {len(table)} comparisons the largest difference is {write_power(largest)}; of {table['n_classes'].sum():,} classes, votes and chosen counts, "
        f"{table['n_classes_differing'].sum()} differ."
    )
    return PAGE_TEXT.format(
        tolerance=write_power(TOLERANCE),
        tight=write_power(TIGHT_TOLERANCE),
        rows="\n".join(rows),
        summary=summary,
        n_tested=len(noise),
        people=N_PEOPLE,
        blocks=f"{len(try_noise.SIZES)} blocks of {next(iter(try_noise.SIZES.values()))} features",
        noise=describe_noise(noise),
    )


def write_from_tables() -> None:
    """Write the page from the tables as they lie in the project."""
    tables = read_tables()
    write_atomically(PAGE, write_page(*tables))


def read_tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the table of comparisons and the table of noise."""
    return pd.read_csv(TABLE, sep="\t", dtype={"largest_difference": str}), pd.read_csv(NOISE, sep="\t")


if __name__ == "__main__":
    if sys.argv[1:] != ["--page"]:
        oracle = find_oracle()
        if oracle is None:
            sys.exit(
                "The reference's numbers are not beside the mirror of open data (RESILIENCE_BOOK_MIRROR); nothing was written."
            )
        found = tabulate(compare_all(oracle))
        write_atomically(TABLE, found.to_csv(sep="\t", index=False, lineterminator="\n"))
    write_from_tables()
