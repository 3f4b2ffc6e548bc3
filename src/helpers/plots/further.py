"""Draw the effects of a cohort's further blocks: sets first, then single columns."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes

from helpers.plots.intervals import plot_forest

MOST_SHOWN = 40


def plot_further(
    contrasts: pd.DataFrame, sets: pd.DataFrame, *, labels: Mapping[str, str], ax: Axes | None = None
) -> Axes:
    """Draw d with its interval for each set and each column.

    Parameters
    ----------
    contrasts, sets : pandas.DataFrame
        From :func:`helpers.further.compare_further` and :func:`helpers.further.compare_further_sets`.
    labels : mapping
        ``high`` and ``low``: what the groups are called.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
        At most 40 lines: all sets, then the largest effects.
    """
    room = max(MOST_SHOWN - len(sets), 1)
    largest = contrasts.loc[contrasts["d"].abs().nlargest(room).index].sort_values("block", kind="stable")
    named = sets.set_axis(pd.Index([f"set: {name}" for name in sets.index], name=sets.index.name))
    shown = pd.concat([named, largest]) if len(named) else largest
    left_out = len(contrasts) - len(largest)
    what = f"Further measurements{f', the {len(largest)} largest of {len(contrasts)}' if left_out else ''}"
    return plot_forest(shown, labels=labels, marked=list(named.index), what=what, ax=ax)
