"""The page on error rates, written from the tables alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from helpers.calibration.rates import (
    ALPHA,
    BAND,
    BAND_AT_MOST,
    BAND_COVERAGE,
    CONFIDENCE,
    WORDS_SMALLEST,
    chance_outside,
    find_outside,
    tabulate_words,
)
from helpers.problems import count

PAGE = """# Error rates

```{{admonition}} Simulated data
:class: simulated
Every number on this page comes from simulated cohorts. It says how often the book's *tests* are wrong; it says nothing about
real people.
```

A test at the 5 % level should be wrong in one of twenty cohorts in which there is nothing to find, and a 95 % interval should
hold the true difference in nineteen of twenty. Whether the tests of this book do so can be tried out: simulate many cohorts in
which the truth is known, run the chapters' own functions with the chapters' own settings on each, and count.

{run}

## How often a test finds what is not there

In a *null twin* everything is as in the simulated cohort of this book (people, studies, covariates, blocks that go together), except
that nothing depends on resilience. Every rejection is an error.

```{{figure}} figures/error_rates.svg
:alt: One line per headline test: the share of null twins in which it rejects, as a point with its 95 per cent interval, over a shaded band from {low:g} to {high:g} per cent with a dashed line at 5. Squares mark shares outside the band.
:name: error-rates

Simulated data. Share of null twins in which each headline test rejects at the 5 % level. The band is {low:g} to {high:g} %; for the lists
(*any genus*, *any metabolite*) it has no lower end.
```

{rates_said}

<!-- fold: Show the table -->

{rates_table}

<!-- unfold -->

**How to read it.** Chapter 01 describes and tests nothing. Chapters 02, 03, 04 and 05 test one contrast per claim. *Any edge* asks whether one
or more of all edges has a corrected p up to 0.05, *any genus* and *any metabolite* whether one or more has q up to 0.05. Benjamini and Hochberg's
method promises at most 5 % there, and less when features go together {{cite:p}}`benjamini1995`. Chapter 07 has no test of its own; its words
are counted below.

**Monte-Carlo error.** A share counted in {n_rates} cohorts has itself a standard error of {se:.1f} points at 5 %. A test that is exact lands
outside {low:g} to {high:g} % by luck alone in {luck:.0f} % of such trials. {expected}

**Few shuffles are enough here.** A permutation test rejects at exactly 5 % whenever 5 % of one plus its number of shuffles is a whole number.
So the calibration shuffles edges and communities {n_permutations} times and the whole integration {n_permutations_integration} times, with {each} per shuffle
and {n_repeats} behind the ranks of the blocks; the chapters take more, for a finer p and more power.

## How often an interval holds the truth

In a *planted* cohort the differences of claims C01 to C15 were put in, and `truth.yml` says how large each is. The estimate differs
from it by the chance difference of the null twin, so on average it should be right, and 95 % of the intervals should hold it.

```{{figure}} figures/coverage.svg
:alt: One line per claim: the share of planted cohorts whose 95 per cent interval holds the planted difference, as a point with its own interval, over a shaded band from {cover_low:g} to {cover_high:g} per cent with a dashed line at 95. Squares mark shares outside the band.
:name: coverage

Simulated data. Share of planted cohorts whose 95 % interval holds the planted difference. The band is {cover_low:g} to {cover_high:g} %.
```

{coverage_said}

{coverage_table}

**How to read it.** *Bias* is the mean of estimate minus planted difference, in units of the feature, with its 95 % interval over cohorts. Claims measured in the same
people share their luck: the transcripts of C09 to C12 and C15 err together, so that several of them may seem biased at once. The planted
difference is exact in every cohort, and carried by the continuous score: it adds to the spread within a group, not to the error of the difference.
Intervals are therefore a little wider than they need be, and cover a little more than 95 %. Volumes and tracts are averaged in standard
deviations of the cohort at hand, which the planted effect itself widens, so that their bias points a little towards zero. The coverage of the interval of *d* stands in the last column.

## Where the groups differ in something else

Null twins are balanced: equal depth, equal spread, groups alike in all but the question. Real cohorts are not. In each row below the
groups differ in one thing that nothing asks for, and every rejection is an error.

{awkward_said}

<!-- fold: Show the table -->

{awkward_table}

<!-- unfold -->

**How to read it.** *Any genus* means that a method names at least one with q below 0.05. What is assumed: within each group, people are independent of
one another; the covariates that matter were measured, and act on features as straight lines; reads of a sample are drawn at random from it.

## Intervals of figures out of fold

Chapter 06 gives AUC, balanced error and leads an interval for people the model has not seen. Folds of one cohort share most of their people, so
such intervals are easily too narrow. Here two blocks of noise, or with a difference in a few features, are validated again and again; the truth is the
mean over all cohorts of that kind.

{validated_said}

{validated_table}

## What chapter 07 would say

{verdicts_said}

<!-- fold: Show the table -->

{verdicts_table}

<!-- unfold -->

**How to read it.** Simulated people never support a claim; these are the words that real people with these very numbers would get. *Supported* needs an
interval wholly on the expected side, *opposed* one wholly on the other, each of which should happen to a null twin in {one_sided:g} % of cases. *No effect of
interest* is the right answer for a null twin, and needs an interval that is narrower than cohorts of this size give.

### Each word, by size of the groups and by the truth

```{{figure}} figures/words.svg
:alt: One panel per size of the groups, from 10 v 10 to 1,000 v 1,000. Across, the true difference from -0.5 to 0.8; upwards, the chance of each word, as areas that add up to one. With few people nearly all is inconclusive; with many, opposed changes to no effect of interest and to supported close to 0 and to the smallest effect of interest.
:name: words

Computed, not simulated: chance of each word of chapter 07 for two groups without covariates and a smallest effect of interest of {smallest:g}.
```

{words_said}

## Do it again

`make calibrate` runs all of this anew and writes the tables `data/calibration/error_rates.tsv`, `coverage.tsv` and `verdicts.tsv`, the figures and this
page. It goes on where it was interrupted. `tools/calibrate.py --help` lists the choices; `--quick` takes {n_quick} cohorts of each kind, enough to see
the idea in class.

## Sources

Exact intervals of shares {{cite:p}}`clopper1934`; false discovery rate {{cite:p}}`benjamini1995`; permutation with covariates
{{cite:p}}`freedman1983,winkler2014`.
"""


def write_page(
    rates: pd.DataFrame,
    coverage: pd.DataFrame,
    verdicts: pd.DataFrame,
    awkward: pd.DataFrame,
    validated: pd.DataFrame,
    run: Mapping[str, Any],
) -> str:
    """Write the page ``book/error_rates.md``.

    Parameters
    ----------
    rates, coverage, verdicts : pandas.DataFrame
        From the ``tabulate_`` functions, or read back from ``data/calibration/``.
    awkward : pandas.DataFrame
        From :func:`helpers.calibration.run_condition`, all conditions one below the other.
    validated : pandas.DataFrame
        From :func:`helpers.calibration.measure_validated`.
    run : mapping
        ``data/calibration/run.yml``: date, version, seed, n_participants, n_permutations,
        n_permutations_integration, n_repeats, n_repeats_shuffled, n_quick, and seconds (by part, mean over
        null twins).

    Returns
    -------
    str
        MyST; the same tables give the same text.
    """
    n = int(rates["n"].max())
    return PAGE.format(
        run=_describe_run(rates, coverage, run),
        low=100 * BAND[0],
        high=100 * BAND[1],
        cover_low=100 * BAND_COVERAGE[0],
        cover_high=100 * BAND_COVERAGE[1],
        rates_said=describe_rates(rates),
        rates_table=_write_rates(rates),
        n_rates=f"{n:,}",
        se=100 * (ALPHA * (1 - ALPHA) / n) ** 0.5,
        luck=100 * chance_outside(n, ALPHA, *BAND),
        expected=_expect_outside(rates),
        n_permutations=run["n_permutations"],
        n_permutations_integration=run["n_permutations_integration"],
        each=count(run["n_repeats_shuffled"], "cross-validation"),
        n_repeats=run["n_repeats"],
        coverage_said=describe_coverage(coverage),
        coverage_table=_write_coverage(coverage),
        verdicts_said=_describe_verdicts(verdicts),
        verdicts_table=_write_verdicts(verdicts),
        one_sided=100 * ALPHA / 2,
        n_quick=run["n_quick"],
        awkward_said=describe_awkward(awkward),
        awkward_table=_write_awkward(awkward),
        validated_said=describe_validated(validated),
        validated_table=_write_validated(validated),
        words_said=describe_words(tabulate_words()),
        smallest=WORDS_SMALLEST,
    )


def describe_rates(rates: pd.DataFrame) -> str:
    """Say how many tests keep their rate, and name those that lie outside the band.

    Parameters
    ----------
    rates : pandas.DataFrame
        From :func:`tabulate_rates`.
    """
    outside = find_outside(rates, "rate")
    apart = rates[(rates["low"] > ALPHA) | ((rates["high"] < ALPHA) & (rates["target_low"] > BAND_AT_MOST[0]))]
    text = f"Of {count(len(rates), 'test')}, {len(rates) - len(outside)} lie inside their band"
    text += f"; outside: {_list_shares(outside, 'rate')}. " if len(outside) else ". "
    if apart.empty:
        return text + "Every interval holds 5 % (or, for a list, reaches down to it or less)."
    return text + f"The interval leaves 5 % out for {_list_shares(apart, 'rate')}."


def describe_validated(validated: pd.DataFrame) -> str:
    """Say between which shares the intervals of figures out of fold hold the truth.

    Parameters
    ----------
    validated : pandas.DataFrame
        From :func:`helpers.calibration.measure_validated`.
    """
    low, high = BAND_COVERAGE
    inside = validated["coverage"].between(low, high)
    return (
        f"The intervals hold it in {100 * validated['coverage'].min():.1f} to {100 * validated['coverage'].max():.1f} % of "
        f"{int(validated['n'].min())} cohorts of each kind; {int(inside.sum())} of {len(validated)} lie between {100 * low:g} and {100 * high:g} %."
    )


def _write_validated(validated: pd.DataFrame) -> str:
    rows = [
        [
            f"{row.n_high} v {row.n_low}",
            "noise" if row.signal == 0 else f"{row.signal:g} SD",
            row.measure
            if row.measure.startswith("Lead")
            else f"{row.measure}, {'vote' if row.scorer == 'vote' else 'one block'}",
            f"{row.truth:.3f}",
            f"{row.sd:.3f}",
            f"{row.width:.3f}",
            f"{100 * row.coverage:.1f}",
            _write_interval(100 * row.low, 100 * row.high),
        ]
        for row in validated.itertuples()
    ]
    head = ["people", "difference", "figure", "truth", "SD over cohorts", "mean width", "covered, %", "interval"]
    return _write_table(head, rows)


def describe_coverage(coverage: pd.DataFrame) -> str:
    """Say how many intervals cover as they should, name those that do not, and say where estimates are biased.

    Parameters
    ----------
    coverage : pandas.DataFrame
        From :func:`tabulate_coverage`.
    """
    own = coverage[coverage["scale"] == "unit"]
    outside = find_outside(own, "coverage")
    biased = own[(own["bias_low"] > 0) | (own["bias_high"] < 0)]
    text = f"Of {count(len(own), 'interval')}, {len(own) - len(outside)} lie inside the band"
    text += f"; outside: {_list_shares(outside, 'coverage')}. " if len(outside) else ". "
    chances = [chance_outside(int(n), CONFIDENCE, *BAND_COVERAGE) for n in own["n"]]
    text += f"If all were exact, {sum(chances):.1f} are expected outside it by luck. "
    if biased.empty:
        return text + "No mean bias can be told from zero."
    shares = 100 * biased["mean_bias"] / biased["mean_truth"]
    listed = [
        f"{what} ({_write_number(share, '+.1f')} % of the difference)"
        for what, share in zip(biased["what"], shares, strict=True)
    ]
    return text + f"A bias that can be told from zero: {', '.join(listed)}."


def _describe_run(rates: pd.DataFrame, coverage: pd.DataFrame, run: Mapping[str, Any]) -> str:
    parts = ", ".join(f"{name.replace('_', ' ')} {seconds:.2g} s" for name, seconds in run["seconds"].items())
    return (
        f"This run: {run['date']}, version {run['version']}, seed {run['seed']}; {int(rates['n'].max()):,} null twins and "
        f"{int(coverage['n'].max()):,} planted cohorts of {run['n_participants']} people each. Mean time per null twin: {parts}."
    )


def _expect_outside(rates: pd.DataFrame) -> str:
    two_sided = rates[rates["target_low"] > BAND_AT_MOST[0]]
    chances = [chance_outside(int(n), ALPHA, *BAND) for n in two_sided["n"]]
    return (
        f"Of the {len(two_sided)} tests with a band on both sides, {sum(chances):.1f} are expected outside it if all are exact; "
        f"{len(find_outside(two_sided, 'rate'))} lie there."
    )


def describe_awkward(table: pd.DataFrame) -> str:
    """Say how often tests reject where groups differ in something else, and name those that reject too often.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`helpers.calibration.run_condition`.
    """
    above = table[table["rate"] > BAND[1]]
    text = (
        f"Of {len(table)} rows, {len(table) - len(above)} reject in at most {100 * BAND[1]:g} %; the median is "
        f"{100 * table['rate'].median():.1f} %."
    )
    if above.empty:
        return text
    named = [f"{row.test} under {row.what} ({100 * row.rate:.1f} %)" for row in above.itertuples()]
    return f"{text} Above it: {'; '.join(named)}."


def _write_awkward(table: pd.DataFrame) -> str:
    rows = [
        [row.what, row.test, f"{row.n:,}", f"{100 * row.rate:.1f}", _write_interval(100 * row.low, 100 * row.high)]
        for row in table.itertuples()
    ]
    return _write_table(
        ["the groups differ in", "test", "cohorts", "rejected, %", f"{100 * CONFIDENCE:g} % interval"], rows
    )


def describe_words(words: pd.DataFrame) -> str:
    """Say how often a word of the verdict is wrong, and what decides between the others.

    Parameters
    ----------
    words : pandas.DataFrame
        From :func:`helpers.calibration.tabulate_words`.
    """
    worst = words.loc[words["wrong"].idxmax()]
    small, large = words[words["n_high"] == words["n_high"].min()], words[words["n_high"] == words["n_high"].max()]
    null = {name: table[table["d"] == 0].iloc[0] for name, table in (("small", small), ("large", large))}
    return (
        f"Whatever the size of the groups and the truth, a wrong word falls in at most {100 * words['wrong'].max():.1f} % (worst: d = {worst['d']:g} at "
        f"{int(worst['n_high']):,} v {int(worst['n_low']):,}, where two words can be wrong). Without any effect, {int(small['n_high'].iloc[0])} v {int(small['n_low'].iloc[0])} people are told "
        f"*inconclusive* in {100 * null['small']['inconclusive']:.0f} %, and {int(large['n_high'].iloc[0]):,} v {int(large['n_low'].iloc[0]):,} *no effect of "
        f"interest* in {100 * null['large']['no_effect']:.0f} %. Few people make nothing *opposed* and rule nothing out; they are told that they are too few."
    )


def _describe_verdicts(verdicts: pd.DataFrame) -> str:
    null, planted = (verdicts[verdicts["kind"] == kind] for kind in ("null_twin", "planted"))
    found = planted[planted.index != "C16"]
    return (
        f"Among null twins a claim would be called *supported* in {100 * null['supported'].mean():.1f} % of verdicts "
        f"({100 * null['supported'].min():.1f} to {100 * null['supported'].max():.1f} % by claim) and a planted effect *recovered* in "
        f"{100 * null['recovered'].mean():.0f} %, since none was planted. Among planted cohorts the planted effect is recovered in "
        f"{100 * found['recovered'].mean():.0f} % ({100 * found['recovered'].min():.0f} to {100 * found['recovered'].max():.0f} % by claim): so much "
        "is the power of cohorts of this size. Real people like these would be told *opposed* in "
        f"{100 * found['opposed'].mean():.1f} %.{_compare_with_expected(null, found)}"
    )


def _compare_with_expected(null: pd.DataFrame, planted: pd.DataFrame) -> str:
    """Say how far the shares lie from what is computed for the same designs."""
    apart = 100 * (planted["supported"] - planted["expected_supported"]).dropna()
    widest = apart.abs().idxmax()
    computed = null["expected_no_effect"].dropna()
    return (
        f" Computed for designs like these and what was planted, the power is {100 * planted['expected_supported'].mean():.0f} %; the shares "
        f"lie {_write_number(apart.min(), '+.1f')} to {_write_number(apart.max(), '+.1f')} points from it (furthest: {widest}), of which "
        f"luck alone explains about {100 * (0.24 / planted['n'].min()) ** 0.5:.0f} points either way for each. For a null twin, *no effect of interest* is "
        f"the right word; it is expected in {100 * computed.mean():.0f} % and falls in "
        f"{100 * null.loc[computed.index, 'no_effect'].mean():.0f} %."
    )


def _list_shares(rows: pd.DataFrame, column: str) -> str:
    listed = [f"{what} ({100 * share:.1f} %)" for what, share in zip(rows["what"], rows[column], strict=True)]
    return ", ".join(listed)


def _write_rates(rates: pd.DataFrame) -> str:
    rows = [
        [
            row.chapter[:2],
            row.what,
            f"{int(row.n):,}",
            f"{int(row.rejections):,}",
            f"{100 * row.rate:.1f}",
            _write_interval(100 * row.low, 100 * row.high),
            f"{100 * row.target_low:g} to {100 * row.target_high:g}"
            if row.target_low
            else f"up to {100 * row.target_high:g}",
        ]
        for row in rates.itertuples()
    ]
    return _write_table(
        ["chapter", "test", "null twins", "rejected", "%", f"{100 * CONFIDENCE:g} % interval", "band"], rows
    )


def _write_coverage(coverage: pd.DataFrame) -> str:
    standardised = coverage[coverage["scale"] == "d"]["coverage"]
    rows = [
        [
            row.what,
            f"{int(row.n):,}",
            f"{100 * row.coverage:.1f}",
            _write_interval(100 * row.low, 100 * row.high),
            _write_number(row.mean_truth, ".3g"),
            f"{_write_number(row.mean_bias, '.2g')} ({_write_interval(row.bias_low, row.bias_high, '.2g')})",
            f"{row.mean_width:.2g}",
            f"{100 * standardised[row.Index]:.1f}",
        ]
        for row in coverage[coverage["scale"] == "unit"].itertuples()
    ]
    heads = ["claim", "cohorts", "covered, %", "interval", "mean planted", "bias", "mean width", "d covered, %"]
    return _write_table(heads, rows)


def _write_verdicts(verdicts: pd.DataFrame) -> str:
    rows = []
    for claim, found in verdicts.groupby(level=0, sort=True):
        by_kind = found.set_index("kind")
        columns = ("supported", "opposed", "no_effect")
        shares = [by_kind[name].get(kind, float("nan")) for kind in ("null_twin", "planted") for name in columns]
        for name in ("recovered", "expected_supported"):
            known = claim != "C16"
            shares.append(by_kind[name].get("planted", float("nan")) if known else float("nan"))
        rows.append([found["what"].iloc[0], *("–" if pd.isna(share) else f"{100 * share:.1f}" for share in shares)])
    heads = [
        "claim",
        "null: supported, %",
        "null: opposed, %",
        "null: no effect of interest, %",
        "planted: supported, %",
        "planted: opposed, %",
        "planted: no effect of interest, %",
        "planted: recovered, %",
        "planted: computed power, %",
    ]
    return _write_table(heads, rows)


def _write_number(value: float, form: str) -> str:
    return f"{value:{form}}".replace("-", "−")


def _write_interval(low: float, high: float, form: str = ".1f") -> str:
    return f"{_write_number(low, form)} to {_write_number(high, form)}"


def _write_table(heads: list[str], rows: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in [heads, ["---"] * len(heads), *rows])
