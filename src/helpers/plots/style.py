"""One look for all figures; on simulated cohorts every figure says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from helpers.contract import Cohort
from helpers.problems import TooLittle
from helpers.wording import call_groups, hide_small, set_labels, set_small_cell

COLOURS = {"high": "#0072B2", "low": "#D55E00"}
NEUTRAL = "#595959"
ACCENT = "#009E73"
MARKERS = {"high": "o", "low": "s"}
DIVERGING = "PuOr_r"
WIDTH_IN = 6.2
SIMULATED = "Simulated data"
REAL = "Data of real people"
HIGH_LOW = {"high": "high", "low": "low"}
SHORT = 16  # signs of a group's name along an axis


def use_style(cohort: Cohort) -> None:
    """Set fonts, sizes and the least number of people told; from here on every figure of a simulated cohort says so.

    Parameters
    ----------
    cohort : Cohort
    """
    set_small_cell(cohort.settings.small_cell)
    set_labels(cohort.settings.labels)
    mpl.rcParams.update(
        {
            "figure.figsize": (WIDTH_IN, 3.8),
            "figure.dpi": 110,
            "savefig.dpi": 150,
            "figure.constrained_layout.use": False,
            "font.size": 10,
            "axes.titlesize": 11,
            "axes.labelsize": 10,
            "xtick.labelsize": 9,
            "ytick.labelsize": 9,
            "legend.fontsize": 9,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "legend.frameon": False,
            "savefig.bbox": "tight",
            "svg.hashsalt": "resilience-book",
            "axes.grid": False,
            "text.parse_math": False,  # labels come from data: a dollar sign in one is a dollar sign
            "figure.hooks": ["helpers.plots.style:mark_simulated"] if cohort.is_simulated else [],
        }
    )


def mark_simulated(figure: Figure) -> None:
    """Write the words on a figure; matplotlib calls this for each new one."""
    _mark(figure, SIMULATED, "#7a1f00", "simulated")


@contextmanager
def of_real_people() -> Iterator[None]:
    """Label figures begun inside as made from real people, whatever the book's own cohort is."""
    with mpl.rc_context({"figure.hooks": ["helpers.plots.style:mark_real"]}):
        yield


def mark_real(figure: Figure) -> None:
    """Write on a figure that real people are behind it."""
    _mark(figure, REAL, "#00441b", "real")


def _mark(figure: Figure, words: str, colour: str, name: str) -> None:
    figure.text(0.995, 1.0, words, ha="right", va="bottom", fontsize=9, color=colour, fontweight="bold", gid=name)


def require_rows(table: pd.DataFrame | pd.Series, what: str = "of these could be estimated") -> None:
    """Refuse to draw a figure with nothing in it.

    Parameters
    ----------
    table : pandas.DataFrame or pandas.Series
        What would be drawn.
    what : str
        What there is none of.

    Raises
    ------
    TooLittle
        When the table has no row.
    """
    if not len(table):
        raise TooLittle(f"None {what}, so there is nothing to draw.")


def shorten(name: object, longest: int = 34) -> str:
    """Return a name that fits beside an axis: cut, with an ellipsis, when it is longer.

    Examples
    --------
    >>> shorten("N-acetylglutamate", 10)
    'N-acetylg…'
    """
    text = str(name)
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def label_groups(cohort: Cohort, groups: pd.DataFrame) -> dict[str, str]:
    """Return how to call each group on a figure, with its n.

    Parameters
    ----------
    cohort : Cohort
    groups : pandas.DataFrame
        With a column ``group``; only the people to be counted.
    """
    sizes = groups["group"].value_counts()
    return {
        side: f"{shorten(cohort.settings.labels[side], 28)} (n={hide_small(int(sizes.get(side, 0)))})"
        for side in ("high", "low")
    }


def name_contrast(text: str, labels: Mapping[str, str]) -> str:
    """Return the text of an axis with the names of the groups, shortened, in place of high and low.

    Examples
    --------
    >>> name_contrast("d (high minus low)", {"high": "Controls", "low": "Patients"})
    'd (Controls minus Patients)'
    """
    return call_groups(text, {side: shorten(label, SHORT) for side, label in labels.items()})
