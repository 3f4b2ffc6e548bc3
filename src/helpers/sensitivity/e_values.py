"""How strong would confounding nobody measured have to be? E-values of contrasts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.wording import as_text

PER_D = 0.91  # logarithm of the risk ratio that one standard deviation stands for


def convert_effect(d: float | np.ndarray) -> float | np.ndarray:
    """Return the risk ratio that a standardised mean difference stands for, about ``exp(0.91 d)``.

    It is that of being above the middle of the outcome, where the outcome is about normal [1]_.

    References
    ----------
    .. [1] VanderWeele TJ, Ding P (2017). Sensitivity analysis in observational research: introducing the E-value. Annals of Internal
       Medicine 167(4):268-274. doi:10.7326/M16-2607

    Examples
    --------
    >>> round(float(convert_effect(0.5)), 3)
    1.576
    """
    return np.exp(PER_D * np.asarray(d, float))


def compute_e_value(ratio: float | np.ndarray) -> float | np.ndarray:
    """Return the E-value of a risk ratio: ``RR + sqrt(RR (RR - 1))``, of its inverse below 1.

    It is the least risk ratio by which something unmeasured would have to go with the group *and* with the outcome, beyond the
    covariates, to make the whole association [1]_.

    Parameters
    ----------
    ratio : float or numpy.ndarray
        Above 0.

    References
    ----------
    .. [1] VanderWeele TJ, Ding P (2017). Sensitivity analysis in observational research: introducing the E-value. Annals of Internal
       Medicine 167(4):268-274. doi:10.7326/M16-2607

    Examples
    --------
    The first example of the article: risk ratio 3.9, 95 % interval from 1.8.

    >>> round(float(compute_e_value(3.9)), 1), round(float(compute_e_value(1.8)), 1)
    (7.3, 3.0)
    """
    above = np.exp(np.abs(np.log(ratio)))
    return above + np.sqrt(above * (above - 1))


def find_e_values(contrasts: pd.DataFrame) -> pd.DataFrame:
    """Return the E-value of each contrast and of the end of its interval that is nearer to zero.

    Parameters
    ----------
    contrasts : pandas.DataFrame
        Columns d, d_low, d_high (95 %).

    Returns
    -------
    pandas.DataFrame
        The same with ``risk_ratio``, ``e_value`` and ``e_value_interval``; the last is 1 where the interval holds zero, since then
        no confounding is needed.

    Examples
    --------
    >>> table = pd.DataFrame({"d": [0.5, 0.2], "d_low": [0.1, -0.2], "d_high": [0.9, 0.6]})
    >>> find_e_values(table)["e_value_interval"].round(2).tolist()
    [1.42, 1.0]
    """
    near = contrasts["d_low"].clip(lower=0) + contrasts["d_high"].clip(upper=0)
    ratio = convert_effect(contrasts["d"].to_numpy(float))
    return contrasts.assign(
        risk_ratio=ratio,
        e_value=compute_e_value(ratio),
        e_value_interval=compute_e_value(convert_effect(near.to_numpy(float))),
    )


def describe_e_values(table: pd.DataFrame) -> str:
    """Say how many contrasts any confounding could make, and which of the others is the most and the least robust.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`find_e_values`; with a column label.
    """
    held = table["d_low"].le(0) & table["d_high"].ge(0)
    said = []
    if held.any():
        said.append(
            f"{int(held.sum())} of the {len(table)} intervals {'holds' if held.sum() == 1 else 'hold'} zero: nothing has to be explained away there, and their E-value is 1."
        )
    away = table[~held].sort_values("e_value_interval", ascending=False)
    if len(away):
        most, least = away.iloc[0], away.iloc[-1]
        said.append(
            f"The most robust is {as_text(most['label'])} (E-value {most['e_value']:.2f}, of the interval {most['e_value_interval']:.2f})"
            + (
                f", the least {as_text(least['label'])} ({least['e_value']:.2f} and {least['e_value_interval']:.2f})."
                if len(away) > 1
                else "."
            )
        )
        said.append(
            f"In words: something that nobody measured, and that goes with the group and with {as_text(most['label'])} by a risk ratio of "
            f"{most['e_value_interval']:.2f} each, could bring that interval to zero; anything weaker could not."
        )
    return " ".join(said)
