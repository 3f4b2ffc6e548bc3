"""Headline tests of many cohorts in; how often each test rejects, and each interval covers, out."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from scipy import stats

from helpers.microbiome.beta import METRIC_LABELS
from helpers.verdict import Claim, Contrast, RealVerdict, SimulatedVerdict, expect_words, recover_contrast

ALPHA = 0.05
CONFIDENCE = 0.95
BAND = (0.03, 0.07)
BAND_AT_MOST = (0.0, 0.07)
BAND_COVERAGE = (0.93, 0.97)
TIE = 1e-9
WHAT = {
    "edges_any": "Any edge (max-T over all edges)",
    "alpha.shannon": "Shannon diversity",
    "genera_any": "Any genus, q up to 0.05",
    "metabolites_any": "Any metabolite, q up to 0.05",
    "vote": "Voted error of the integration (shuffled groups)",
}
WHAT |= {f"permanova.{metric}": f"Communities, {label} (PERMANOVA)" for metric, label in METRIC_LABELS.items()}
WHAT |= {f"dispersion.{metric}": f"Dispersion, {label}" for metric, label in METRIC_LABELS.items()}
LISTS = ("genera_any", "metabolites_any")
SCALES = {"unit": ("estimate", "ci_low", "ci_high", "true_estimate"), "d": ("d", "d_low", "d_high", "true_d")}
VERDICTS = {
    "supported": RealVerdict.SUPPORTED,
    "opposed": RealVerdict.OPPOSED,
    "no_effect": RealVerdict.NO_EFFECT,
    "inconclusive": RealVerdict.INCONCLUSIVE,
}
WORDS_N = ((10, 10), (15, 25), (44, 72), (100, 100), (150, 250), (400, 600), (1000, 1000))
WORDS_D = tuple(round(-0.5 + 0.05 * step, 2) for step in range(27))
WORDS_SMALLEST = 0.2


def tabulate_rates(tests: pd.DataFrame, claims: Sequence[Claim]) -> pd.DataFrame:
    """Count how often each headline test rejects among null twins.

    Parameters
    ----------
    tests : pandas.DataFrame
        From :func:`helpers.calibration.run_plan`.
    claims : sequence of helpers.verdict.Claim

    Returns
    -------
    pandas.DataFrame
        Index ``test``; chapter, what, n (null twins), rejections (p, or smallest q, up to 0.05), rate with its exact
        (Clopper-Pearson) 95 % interval low to high, and the band aimed at. For the smallest q of a list the
        band has no lower end: Benjamini-Hochberg promises *at most* 5 %, and less with correlated features.

    References
    ----------
    .. [1] Clopper CJ, Pearson ES (1934). The use of confidence or fiducial limits illustrated in the case of the
       binomial. Biometrika 26(4):404-413. doi:10.1093/biomet/26.4.404

    Examples
    --------
    >>> tests = pd.DataFrame({"kind": "null_twin", "chapter": "06_integration", "p": [0.04, 0.6]}, index=["vote", "vote"])
    >>> float(tabulate_rates(tests, []).loc["vote", "rate"])
    0.5
    """
    known = tests[(tests["kind"] == "null_twin") & tests["p"].notna()]
    rows = {}
    for test, found in known.groupby(level=0, sort=False):
        rejections = int((found["p"] <= ALPHA + TIE).sum())
        band = BAND_AT_MOST if test in LISTS else BAND
        rows[test] = {
            "chapter": found["chapter"].iloc[0],
            "what": _name_test(test, claims),
            **_describe_share(rejections, len(found), "rejections", "rate"),
            "target_low": band[0],
            "target_high": band[1],
        }
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("test")
    return table.sort_values("chapter", kind="stable")


def tabulate_coverage(tests: pd.DataFrame, claims: Sequence[Claim]) -> pd.DataFrame:
    """Count how often each 95 % interval holds the planted difference, among planted cohorts.

    The planted difference of a cohort is what was added to its null twin, adjusted for the same covariates, so the
    estimate differs from it by the chance difference of the twin, whose mean is zero.

    Parameters
    ----------
    tests : pandas.DataFrame
        From :func:`helpers.calibration.run_plan`.
    claims : sequence of helpers.verdict.Claim

    Returns
    -------
    pandas.DataFrame
        One row per claim and ``scale`` (``unit``: the difference in units of the feature; ``d``: standardised).
        Index ``claim``; what, n, covered, coverage with its exact 95 % interval low to high, mean_truth, mean_bias
        (estimate minus truth) with its 95 % interval over cohorts, mean_width of the intervals, and the band aimed at.

    Examples
    --------
    >>> row = {"kind": "planted", "chapter": "02_resilience", "estimate": 1.0, "ci_low": 0.0, "ci_high": 2.0,
    ...        "true_estimate": 1.5, "d": 0.5, "d_low": 0.0, "d_high": 1.0, "true_d": 1.2}
    >>> tabulate_coverage(pd.DataFrame([row, row], index=["C01", "C01"]), []).set_index("scale")["coverage"].to_dict()
    {'unit': 1.0, 'd': 0.0}
    """
    planted = tests[(tests["kind"] == "planted") & tests["true_d"].notna()]
    rows = [
        {"claim": claim, "what": _name_test(claim, claims), "scale": scale, **_measure_coverage(found[list(columns)])}
        for claim, found in planted.groupby(level=0, sort=True)
        for scale, columns in SCALES.items()
    ]
    return pd.DataFrame(rows).set_index("claim")


def tabulate_verdicts(tests: pd.DataFrame, claims: Sequence[Claim]) -> pd.DataFrame:
    """Count the verdicts on each claim, as chapter 07 would give them.

    Parameters
    ----------
    tests : pandas.DataFrame
        From :func:`helpers.calibration.run_plan`.
    claims : sequence of helpers.verdict.Claim

    Returns
    -------
    pandas.DataFrame
        One row per claim and ``kind`` of cohort (null, planted). Index ``claim``; what, n, recovered (the share
        called "planted effect recovered"), and the shares of the words these people would get if they were real:
        supported, opposed, no_effect, inconclusive; then what :func:`helpers.verdict.expect_words` computes for designs
        like theirs, given what was planted: expected_supported, expected_opposed, expected_no_effect (blank for a rank). All shares 0 to 1; ``recovered`` counts nothing among null twins, as nothing was planted.
    """
    told = tests[tests["verdict"].notna()]
    rows = []
    for (claim, kind), found in told.groupby([told.index, told["kind"]], sort=True):
        real = found["verdict_if_real"]
        rows.append(
            {
                "claim": claim,
                "what": _name_test(claim, claims),
                "kind": kind,
                "n": len(found),
                "recovered": (found["verdict"] == SimulatedVerdict.RECOVERED.value).mean(),
                **{name: (real == verdict.value).mean() for name, verdict in VERDICTS.items()},
                **_expect(claim, found, claims),
            }
        )
    return pd.DataFrame(rows).set_index("claim")


def _expect(claim: str, found: pd.DataFrame, claims: Sequence[Claim]) -> dict[str, float]:
    """Average what is expected of each cohort's design, for what was planted in it."""
    names = ("supported", "opposed", "no_effect")
    one = next((one for one in claims if one.id == claim), None)
    designs = found.reindex(columns=["d", "d_low", "d_high", "t", "df", "n_high", "n_low", "true_d"])
    designs = designs.fillna({"true_d": 0.0}).dropna(subset=["d", "d_low", "d_high", "n_high", "n_low"])
    if one is None or one.is_rank or designs.empty:
        return {f"expected_{name}": float("nan") for name in names}
    expected = [
        expect_words(
            one.sign * row.true_d,
            recover_contrast(
                row.d, row.d_low, row.d_high, t=row.t, df=row.df, n_high=int(row.n_high), n_low=int(row.n_low)
            ),
            smallest=one.smallest_effect_of_interest,
        )
        for row in designs.itertuples()
    ]
    means = pd.DataFrame(expected).mean()
    return {f"expected_{name}": float(means[name]) for name in names}


def tabulate_words() -> pd.DataFrame:
    """Compute how often each word of the verdict falls, by size of the groups and by the true difference.

    Returns
    -------
    pandas.DataFrame
        n_high, n_low, d (true, positive on the claim's side), and the chances (0 to 1) of
        :func:`helpers.verdict.expect_words` with a smallest effect of interest of 0.2; then ``wrong``: of a word that is
        false at that d (supported at d of 0 or less, opposed at 0 or more, no effect of interest at 0.2 or more either way,
        of a size of interest below 0.2, too small to matter at 0.2 or more).
    """
    rows = []
    for n_high, n_low in WORDS_N:
        error = (1 / n_high + 1 / n_low) ** 0.5
        for d in WORDS_D:
            words = expect_words(d, Contrast(d, error, n_high + n_low - 2), smallest=WORDS_SMALLEST)
            false = {
                "supported": d <= 0,
                "opposed": d >= 0,
                "no_effect": abs(d) >= WORDS_SMALLEST,
                "of_interest": 0 < d < WORDS_SMALLEST,
                "small": d >= WORDS_SMALLEST,
            }
            wrong = sum(words[name] for name, is_false in false.items() if is_false)
            rows.append({"n_high": n_high, "n_low": n_low, "d": d, **words, "wrong": wrong})
    return pd.DataFrame(rows)


def chance_outside(n: int, probability: float, low: float, high: float) -> float:
    """Return how likely a share of n cohorts falls outside a band, when its true value is known.

    Parameters
    ----------
    n : int
    probability : float
        The true rate or coverage, 0 to 1.
    low, high : float
        The band, ends included.

    Examples
    --------
    Of two tosses of a coin, a half or less than it is heads in three cases out of four:

    >>> chance_outside(2, 0.5, 0.0, 0.5)
    0.25
    """
    largest = int(n * high + TIE)
    fewest = int(-(-(n * low - TIE) // 1))
    return float(stats.binom.sf(largest, n, probability) + stats.binom.cdf(fewest - 1, n, probability))


def find_outside(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return the rows whose share lies outside its band, ends included in the band."""
    inside = table[column].between(table["target_low"] - TIE, table["target_high"] + TIE)
    return table[~inside]


def _describe_share(k: int, n: int, counted: str, share: str) -> dict[str, float]:
    interval = stats.binomtest(k, n).proportion_ci(CONFIDENCE, method="exact")
    return {"n": n, counted: k, share: k / n, "low": float(interval.low), "high": float(interval.high)}


def _measure_coverage(found: pd.DataFrame) -> dict[str, float]:
    estimate, low, high, truth = (found[name] for name in found.columns)
    covered = int(((low <= truth) & (truth <= high)).sum())
    bias = estimate - truth
    half = stats.norm.ppf(0.5 + CONFIDENCE / 2) * bias.std(ddof=0) / len(bias) ** 0.5
    return {
        **_describe_share(covered, len(found), "covered", "coverage"),
        "mean_truth": truth.mean(),
        "mean_bias": bias.mean(),
        "bias_low": bias.mean() - half,
        "bias_high": bias.mean() + half,
        "mean_width": (high - low).mean(),
        "target_low": BAND_COVERAGE[0],
        "target_high": BAND_COVERAGE[1],
    }


def _name_test(test: str, claims: Sequence[Claim]) -> str:
    return next((f"{claim.id} {claim.label}" for claim in claims if claim.id == test), WHAT.get(test, test))
