"""Thirteen trials of the BCG vaccine (Colditz et al. 1994, JAMA 271:698, doi:10.1001/jama.1994.03510330076038), as in metafor's ``dat.bcg``,
and a meta-analysis by hand: formulas alone, nothing of the package."""

from __future__ import annotations

import numpy as np
from scipy import optimize

TRIALS = np.array([  # cases and others among the vaccinated, cases and others among controls
    (4, 119, 11, 128), (6, 300, 29, 274), (3, 228, 11, 209), (62, 13536, 248, 12619), (33, 5036, 47, 5761),
    (180, 1361, 372, 1079), (8, 2537, 10, 619), (505, 87886, 499, 87892), (29, 7470, 45, 7232),
    (17, 1699, 65, 1600), (186, 50448, 141, 27197), (5, 2493, 3, 2338), (27, 16886, 29, 17825),
], dtype=float)  # fmt: skip


def list_log_relative_risks() -> tuple[np.ndarray, np.ndarray]:
    """Return the log relative risk of each trial and its variance."""
    a, b, c, d = TRIALS.T
    return np.log(a / (a + b) / (c / (c + d))), 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)


def weigh(y: np.ndarray, v: np.ndarray, tau2: float) -> tuple[float, float, float]:
    """Return the weighted mean, its standard error, and Q with these weights."""
    w = 1 / (v + tau2)
    mean = (w * y).sum() / w.sum()
    return mean, w.sum() ** -0.5, (w * (y - mean) ** 2).sum()


def find_paule_mandel(y: np.ndarray, v: np.ndarray) -> float:
    """Return the tau2 at which Q equals its degrees of freedom; 0 where it is below them anyway."""
    if weigh(y, v, 0.0)[2] <= len(y) - 1:
        return 0.0
    return optimize.brentq(lambda tau2: weigh(y, v, tau2)[2] - (len(y) - 1), 0, 100, xtol=1e-14)


def find_reml(y: np.ndarray, v: np.ndarray) -> float:
    """Return the tau2 of the largest restricted likelihood."""

    def lose(tau2: float) -> float:
        w = 1 / (v + tau2)
        return np.log(v + tau2).sum() + np.log(w.sum()) + weigh(y, v, tau2)[2]

    return optimize.minimize_scalar(lose, bounds=(0, 10), method="bounded", options={"xatol": 1e-10}).x


def find_hartung_knapp(y: np.ndarray, v: np.ndarray, tau2: float) -> float:
    """Return the standard error of Hartung and Knapp."""
    _, error, q = weigh(y, v, tau2)
    return error * (q / (len(y) - 1)) ** 0.5
