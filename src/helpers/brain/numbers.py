"""Numbers in sentences: two decimals, a true minus sign, no negative zero."""

from __future__ import annotations


def write_fixed(value: float) -> str:
    """Return an effect as text.

    Examples
    --------
    >>> write_fixed(-0.541), write_fixed(-0.001)
    ('−0.54', '0.00')
    """
    text = f"{value:.2f}"
    return "0.00" if text == "-0.00" else text.replace("-", "−")
