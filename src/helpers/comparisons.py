"""Which words an interval or a p-value earns: one rule for *differs*, *better*, *agree*, *equal* and *beyond chance*.

A sentence of the book says that something differs, is better or is the same only if a function of this module lets it. None of these words is
earned by an estimate alone, nor by the absence of a small p-value.

=================  ========================================================================================
word               earned when
=================  ========================================================================================
differs, higher    the 95 % interval holds no zero
better, worse      the 95 % interval lies wholly on that side of what it is compared with
the same           the 95 % interval lies within the smallest effect of interest, on both sides
point one way      the interval of each part holds no zero, and all lie on one side
disagree           one interval lies above zero, another below
beyond chance      p is 0.05 or less, and would be with infinitely many permutations (upper end of its interval)
fits               CFI of 0.90 or more and RMSEA of 0.08 or less
=================  ========================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import scipy

LEVEL = 0.05
LEAST_CFI, LARGEST_RMSEA = 0.90, 0.08
BEYOND, BORDERLINE, WITHIN = "beyond chance", "borderline", "not beyond chance"


def find_side(low: float, high: float, *, against: float = 0.0) -> int:
    """Return on which side of a value an interval lies: 1 above, -1 below, 0 when it holds it or is not known.

    Parameters
    ----------
    low, high : float
        Ends of the interval; NaN: not known.
    against : float, default 0

    Examples
    --------
    >>> find_side(0.01, 0.5), find_side(-0.5, -0.01), find_side(0.0, 0.5), find_side(float("nan"), 0.5)
    (1, -1, 0, 0)
    """
    return int(low > against) - int(high < against) if np.isfinite(low) and np.isfinite(high) else 0


def is_same(low: float, high: float, *, margin: float) -> bool:
    """Say whether an interval rules out every difference of a size of interest; a blank one rules out nothing.

    Examples
    --------
    >>> is_same(-0.1, 0.19, margin=0.2), is_same(-0.1, 0.2, margin=0.2)
    (True, False)
    """
    return bool(-margin < low and high < margin)


def tell_better(low: float, high: float, *, than: float, smaller_is_better: bool = False) -> str:
    """Return how a value with its interval compares with a fixed one.

    Parameters
    ----------
    low, high : float
        Ends of the 95 % interval.
    than : float
        What it is compared with.
    smaller_is_better : bool, default False
        Of errors.

    Examples
    --------
    >>> tell_better(0.55, 0.8, than=0.5), tell_better(0.49, 0.8, than=0.5)
    ('better than', 'not shown to be better than')
    >>> tell_better(0.26, 0.3, than=0.25, smaller_is_better=True)
    'worse than'
    """
    side = find_side(low, high, against=than) * (-1 if smaller_is_better else 1)
    return {1: "better than", -1: "worse than", 0: "not shown to be better than"}[side]


def tell_agreement(intervals: Mapping[str, tuple[float, float, float]], *, noun: str) -> str:
    """Return whether estimates of several parts agree, with no more certainty than their intervals have.

    Parameters
    ----------
    intervals : mapping of str to tuple of float
        By part: estimate, lower and upper end of its 95 % interval.
    noun : str
        What a part is.

    Returns
    -------
    str
        Empty for fewer than two parts.

    Examples
    --------
    >>> tell_agreement({"A": (-0.5, -0.9, -0.1), "B": (-0.4, -0.7, -0.1)}, noun="study")
    'the studies point the same way'
    >>> tell_agreement({"A": (-0.49, -0.9, -0.1), "B": (-0.03, -0.65, 0.58)}, noun="study")
    'the estimates have one sign, but the interval of B holds zero: whether the studies agree is open'
    """
    known = {name: one for name, one in intervals.items() if np.isfinite(one[0])}
    if len(known) < 2:
        return ""
    several = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    sides = {name: find_side(low, high) for name, (_, low, high) in known.items()}
    if {1, -1} <= set(sides.values()):
        return f"the {several} disagree in sign"
    if 0 not in sides.values():
        return f"the {several} point the same way"
    signs = {np.sign(estimate) for estimate, _, _ in known.values()}
    unsure = [name for name, side in sides.items() if side == 0]
    alike = "the estimates have one sign, but" if len(signs) == 1 else "the estimates differ in sign, and"
    holds = (
        "the interval of each"
        if len(unsure) == len(known)
        else f"the interval{'s' * (len(unsure) > 1)} of {' and '.join(unsure)}"
    )
    verb = "hold" if len(unsure) > 1 and len(unsure) < len(known) else "holds"
    return f"{alike} {holds} {verb} zero: whether the {several} agree is open"


def judge_permuted(p: float, n_permutations: int, *, exact: bool = False) -> str:
    """Return whether a permutation p-value shows more than chance, given how many permutations it rests on.

    Parameters
    ----------
    p : float
        (1 + permutations as extreme) / (1 + n_permutations).
    n_permutations : int
    exact : bool, default False
        All arrangements were used: p has no error of its own.

    Returns
    -------
    {"beyond chance", "borderline", "not beyond chance"}
        Borderline: p is 0.05 or less, but other permutations could put it above. The interval is Clopper and Pearson's [1]_.

    References
    ----------
    .. [1] Clopper CJ, Pearson ES (1934). The use of confidence or fiducial limits illustrated in the case of the binomial.
       Biometrika 26(4):404-413. doi:10.1093/biomet/26.4.404

    Examples
    --------
    >>> judge_permuted(3 / 61, 60), judge_permuted(1 / 1000, 999), judge_permuted(0.06, 999)
    ('borderline', 'beyond chance', 'not beyond chance')
    """
    if not p <= LEVEL:
        return WITHIN
    if exact:
        return BEYOND
    reached = round(p * (1 + n_permutations)) - 1
    upper = scipy.stats.binomtest(reached, n_permutations).proportion_ci(0.95, method="exact").high
    return BEYOND if upper <= LEVEL else BORDERLINE


def fits_well(cfi: float, rmsea: float) -> bool:
    """Say whether a factor model fits well enough that its parameters may be compared.

    Examples
    --------
    >>> fits_well(0.97, 0.04), fits_well(0.85, 0.06), fits_well(0.95, 0.09)
    (True, False, False)
    """
    return bool(cfi >= LEAST_CFI and rmsea <= LARGEST_RMSEA)
