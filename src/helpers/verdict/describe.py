"""Say verdicts in tables and sentences for the page."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import scipy

from helpers.cohort import is_data_driven, tell_data_driven
from helpers.contract import Settings
from helpers.power import compute_power
from helpers.problems import count
from helpers.verdict.claims import COHORT, Claim, Ledger
from helpers.verdict.collect import explain_outcome
from helpers.verdict.inference import ALPHA
from helpers.verdict.words import SimulatedVerdict
from helpers.wording import as_text

POWER = 0.8
MOST_PEOPLE = 1_000_000
STRONG = 10  # a Bayes factor that says something
MOST_SHOWN = 1000
CLAIM_DETAILS = ("source", "looked_for", "test", "adjusted_for", "size_reason", "support_rule")


def tabulate_claims(claims: Sequence[Claim]) -> pd.DataFrame:
    """Return the claims as a table for the page.

    Parameters
    ----------
    claims : sequence of Claim

    Returns
    -------
    pandas.DataFrame
        Index ``claim``; columns expected, smallest_effect, statement, and what a page folds (``CLAIM_DETAILS``): source,
        looked_for, test, adjusted_for, size_reason, support_rule.
    """
    rows = {
        claim.id: {
            "statement": claim.statement,
            "expected": claim.direction,
            "smallest_effect": claim.smallest_effect_of_interest,
            "source": f"{claim.source} [{claim.evidence}]",
            "looked_for": f"{claim.chapter}/{claim.table}: {claim.feature}",
            "test": claim.test,
            "adjusted_for": ", ".join(
                "covariates and batch of the cohort" if name == COHORT else name for name in claim.covariates
            )
            or "nothing",
            "size_reason": claim.sesoi_reason,
            "support_rule": claim.support_rule,
        }
        for claim in claims
    }
    columns = ["expected", "smallest_effect", "statement", *CLAIM_DETAILS]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("claim")


def describe_ledger(ledger: Ledger) -> str:
    """Say whose claims are weighed, how many there are and what is known of their sizes.

    Parameters
    ----------
    ledger : Ledger

    Returns
    -------
    str
    """
    if ledger.is_own:
        return (
            f"{count(len(ledger.claims), 'claim')} that this cohort declares itself, each with the number that tests it, the side that is "
            "expected and the smallest effect that would matter. Whether they were written down before the results could be seen stands above."
        )
    sized = sum(claim.original is not None for claim in ledger.claims)
    sizes = "none with an effect size, directions only" if not sized else f"{sized} with an effect size"
    return (
        f"{count(len(ledger.claims), 'claim')} of {as_text(ledger.study)} (doi: {as_text(ledger.doi)}), {sizes}. Each was written down, in our "
        "words, with the one number that would test it, the smallest effect that would matter and a rule for support, before any cohort was "
        "looked at."
    )


def tabulate_verdicts(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Return the verdicts as a table that is read in a minute.

    Parameters
    ----------
    verdicts : pandas.DataFrame
        From :func:`evaluate_claims`.

    Returns
    -------
    pandas.DataFrame
        Index ``claim`` (id and a few words); expected, found_here (d with its interval, or the rank, as text), p_holm (the
        one-sided p that holds for all claims at once), verdict with its size, and reason.
    """
    shown = {
        f"{name} {row['label']}": {
            "expected": row["expected"],
            "found_here": _show_effect(row),
            "p_holm": row["p_holm"],
            "verdict": ", ".join(filter(None, (row["verdict"], row["size"]))),
            "reason": row["reason"],
        }
        for name, row in verdicts.iterrows()
    }
    return pd.DataFrame.from_dict(shown, orient="index").rename_axis("claim")


def tabulate_weights(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Return the numbers behind the verdicts, of the claims that have an effect.

    Parameters
    ----------
    verdicts : pandas.DataFrame
        From :func:`evaluate_claims`.

    Returns
    -------
    pandas.DataFrame
        Index ``claim``; r with its interval, n_high, n_low or n, power for the smallest effect of interest, p_equivalence,
        bayes (the Bayes factor as text), bayes_factor_kind, and the columns of :func:`plan_sample`.
    """
    tested = verdicts[verdicts["estimate"].notna()].rename_axis("claim")
    columns = ["r", "r_low", "r_high", "n_high", "n_low", "n", "power", "p_equivalence"]
    bayes = pd.Series([_show_factor(x) for x in tested["bayes_factor"]], index=tested.index, name="bayes")
    columns = [
        name for name in columns if name in ("power", "p_equivalence") or tested[name].notna().any() or tested.empty
    ]
    return tested[columns].join([bayes, tested["bayes_factor_kind"], plan_sample(verdicts)])


def describe_weights(verdicts: pd.DataFrame) -> str:
    """Say what power, equivalence test and Bayes factors come to, over the claims that have an effect.

    Parameters
    ----------
    verdicts : pandas.DataFrame
        From :func:`evaluate_claims`.

    Returns
    -------
    str
    """
    tested = verdicts[verdicts["estimate"].notna()]
    if tested.empty:
        return "No claim has an effect that could be weighed here."
    power, factor = tested["power"], tested["bayes_factor"]
    strong, against = int((factor >= STRONG).sum()), int((factor <= 1 / STRONG).sum())
    bayes = (
        f"The Bayes factor is {STRONG} or more, for the side the claim expects, for {strong}, and 1/{STRONG} or less, for no effect, for "
        f"{against}; the rest say little either way."
        if factor.notna().any()
        else "There is no Bayes factor: its prior is one on a difference in standard deviations."
    )
    return (
        f"For the smallest effect of interest the power is {_show_range(100 * power)} %: a claim that is true but no larger is "
        f"missed more often than found wherever this is below 50. Effects of that size are ruled out in both "
        f"directions (p below {ALPHA:g}) for {int((tested['p_equivalence'] < ALPHA).sum())} of {count(len(tested), 'claim')}. {bayes}"
    )


def describe_scope(settings: Settings) -> str:
    """Say which answers are possible in this cohort at all.

    Parameters
    ----------
    settings : Settings
        Of the cohort.

    Returns
    -------
    str
    """
    caution = f" {tell_data_driven(settings.outcome)}" if is_data_driven(settings.outcome) else ""
    if settings.blind:
        return (
            "**A blind run: no claim is tested.** The outcome of each participant is that of another here, so every contrast is one of "
            "chance. Judge data, methods and choices by the chapters before; `resilience-book run --unblind` shows the true groups."
        )
    if settings.claims:
        people = (
            "These people are simulated: of them is said only whether the analysis finds what was planted"
            if settings.kind != "real"
            else "The people of this cohort are real"
        )
        return f"{people}. The claims are those that this cohort declares itself, about its own outcome ({as_text(str(settings.outcome))}).{caution}"
    if reason := explain_outcome(settings):
        return (
            f"**No claim is asked of this cohort.** The claims that this book knows are about resilience, and {as_text(reason)}. So this page "
            "shows its strongest contrasts instead, which were found by looking: expect them to be smaller in other people, and see their "
            f"chapters for what they rest on. Claims of your own, declared beforehand, are what a next cohort can test (`claims` in `cohort.yml`).{caution}"
        )
    if settings.kind != "real":
        return (
            "**These people are simulated.** A program planted effects in them on purpose and wrote down which. So the only "
            "question this page can answer is whether the analysis finds what was planted. Finding it is not evidence "
            f"for any claim, and not a replication of anything.{caution}"
        )
    return (
        "The people of this cohort are real and grouped by a resilience score: each claim whose data are at hand can be "
        f"weighed.{caution}"
    )


def describe_verdicts(verdicts: pd.DataFrame) -> str:
    """Count the verdicts in a sentence.

    Parameters
    ----------
    verdicts : pandas.DataFrame
        From :func:`evaluate_claims`.

    Returns
    -------
    str

    Examples
    --------
    >>> describe_verdicts(pd.DataFrame({"verdict": ["opposed", "opposed"]}))
    'Of 2 claims: 2 opposed.'
    """
    said = ", ".join(
        f"{n} {verdict if n == 1 else verdict.replace('planted effect', 'planted effects')}"
        for verdict, n in verdicts["verdict"].value_counts().items()
    )
    return f"Of {count(len(verdicts), 'claim')}: {said}."


def describe_chance(verdicts: pd.DataFrame) -> str:
    """Say how many claims chance alone would carry, and which hold when all are weighed at once.

    Parameters
    ----------
    verdicts : pandas.DataFrame
        From :func:`evaluate_claims`.

    Examples
    --------
    >>> table = pd.DataFrame({"p_one_sided": [0.001, 0.02, np.nan], "p_holm": [0.002, 0.02, np.nan]}, index=["A", "B", "C"])
    >>> describe_chance(table)
    'With 2 claims weighed by an interval, 0.05 would lie wholly on the expected side by chance if no effect were real. For all of them at once (Holm), 2 do: A, B.'
    """
    tested = verdicts["p_one_sided"].dropna()
    if tested.empty:
        return "No claim is weighed by an interval here."
    held = verdicts.index[verdicts["p_holm"] <= ALPHA / 2]
    named = f": {', '.join(held)}" if len(held) else ""
    return (
        f"With {count(len(tested), 'claim')} weighed by an interval, {ALPHA / 2 * len(tested):.2g} would lie wholly on the expected side by "
        f"chance if no effect were real. For all of them at once (Holm), {len(held) or 'none'} {'does' if len(held) == 1 else 'do'}{named}."
    )


def plan_sample(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Say how many people it would take to settle each claim.

    Parameters
    ----------
    verdicts : pandas.DataFrame
        From :func:`evaluate_claims`.

    Returns
    -------
    pandas.DataFrame
        Index ``claim``, those with a d only; participants per group for the smallest effect of interest (n_for_smallest) and
        for the d seen here (n_for_seen): 80 % power, two equal groups, two-sided 5 %. A simulated cohort
        gives only the former, as its d was planted.
    """
    tested = verdicts[verdicts["d"].notna()].rename_axis("claim")
    simulated = tested["verdict"].isin([SimulatedVerdict.RECOVERED.value, SimulatedVerdict.MISSED.value]).any()
    effects = {"n_for_smallest": tested["smallest_effect"]} | ({} if simulated else {"n_for_seen": tested["d"]})
    plan = {name: [find_n_per_group(d) for d in values] for name, values in effects.items()}
    return pd.DataFrame(plan, index=tested.index)


def describe_sample(verdicts: pd.DataFrame) -> str:
    """Say how many participants per group find the smallest effects of interest.

    Parameters
    ----------
    verdicts : pandas.DataFrame
        From :func:`evaluate_claims`.

    Returns
    -------
    str

    Examples
    --------
    >>> table = pd.DataFrame({"d": [0.1, 0.3], "smallest_effect": [0.2, 0.2], "verdict": "inconclusive"}, index=["C01", "C02"])
    >>> describe_sample(table)
    'To find the smallest effect of interest with 80 % power at the 5 % level (one test), two equal groups need 394 participants each for d = 0.2 (2 claims).'
    """
    tested = verdicts[verdicts["d"].notna()]
    by_r = verdicts[verdicts["measure"].eq("r")] if "measure" in verdicts else verdicts.head(0)
    if len(by_r):
        size = by_r["smallest_effect"].min()
        return (
            f"To find a correlation of {size:.2g}, the smallest effect of interest, with {100 * POWER:.0f} % power at the {100 * ALPHA:.0f} % level "
            f"(one test), {find_n_for_r(size):,.0f} participants are needed."
        )
    if tested.empty:
        return "No claim has a difference for which a sample could be planned here."
    sizes = tested["smallest_effect"].value_counts().sort_index()
    needs = ", ".join(
        f"{find_n_per_group(size):,.0f} participants each for d = {size:g} ({count(n, 'claim')})"
        for size, n in sizes.items()
    )
    return (
        f"To find the smallest effect of interest with {100 * POWER:.0f} % power at the {100 * ALPHA:.0f} % level (one test), "
        f"two equal groups need {needs}."
    )


def find_n_per_group(d: float) -> float:
    """Return how many people per group detect a standardised difference.

    Parameters
    ----------
    d : float

    Returns
    -------
    float
        The smallest whole number with 80 % power; NaN when it is above a million.

    Examples
    --------
    Cohen's textbook case:

    >>> find_n_per_group(0.5)
    64.0
    """
    low, high = 1, MOST_PEOPLE
    if not np.isfinite(d) or compute_power(d, n_high=high, n_low=high) < POWER:
        return np.nan
    while high - low > 1:
        middle = (low + high) // 2
        enough = middle >= 2 and compute_power(d, n_high=middle, n_low=middle) >= POWER
        low, high = (low, middle) if enough else (middle, high)
    return float(high)


def find_n_for_r(r: float) -> float:
    """Return how many people find a correlation with 80 % power (Fisher's z).

    Examples
    --------
    Cohen's textbook case of a medium correlation needs 85:

    >>> find_n_for_r(0.3)
    85.0
    """
    reach = scipy.stats.norm.ppf(1 - ALPHA / 2) + scipy.stats.norm.ppf(POWER)
    return float(np.ceil((reach / np.arctanh(r)) ** 2 + 3))


def _show_effect(row: pd.Series) -> str:
    if pd.notna(row["rank"]):
        interval = f"({row['lead_low']:.2f} to {row['lead_high']:.2f})"
        return f"rank {row['rank']} of {row['n_blocks']}, lead {row['lead']:+.2f} {interval} in AUC".replace("-", "−")
    if pd.isna(row["estimate"]):
        return ""
    shown = f"{row['estimate']:.2f} [{row['ci_low']:.2f} to {row['ci_high']:.2f}]".replace("-", "−")
    return shown if row["measure"] == "d" else f"{row['measure']} = {shown}"


def _show_factor(factor: float) -> str:
    if np.isnan(factor):
        return ""
    if factor >= MOST_SHOWN:
        return f"above {MOST_SHOWN}"
    return _show_large(factor) if factor >= 1 else f"1/{_show_large(1 / factor)}"


def _show_large(factor: float) -> str:
    """Return a number of 1 or more in two significant digits, never with an exponent."""
    return f"{float(f'{factor:.2g}'):,g}"


def _show_range(values: pd.Series) -> str:
    low, high = (f"{value:.0f}" for value in (values.min(), values.max()))
    return low if low == high else f"{low} to {high}"
