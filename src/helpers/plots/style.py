"""One look for all figures; on simulated cohorts every figure says so."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import matplotlib as mpl
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine, TightLayoutEngine

from helpers.contract import Cohort
from helpers.problems import TooLittle
from helpers.wording import hide_small, set_labels, set_small_cell

WIDTH_IN = 5.4  # of every figure: the page scales it to its text, so that type has one size everywhere
TYPE_PT = 10.0  # of all type: 9 px on a page of 390 px, more on a desk
LINE_IN = 0.24  # of one line of type with its lead
SIMULATED = "Simulated data"
REAL = "Data of real people"
BLIND, BLIND_SIMULATED = "Blind: groups permuted", "Simulated, blind: groups permuted"
BLIND_HOOKS = {False: "helpers.plots.style:mark_blind", True: "helpers.plots.style:mark_blind_simulated"}
MARK_IN = 0.19  # room at the right edge for these words
FONTS = ("Arial", "Helvetica", "Liberation Sans", "DejaVu Sans")
LOOK = {
    "figure.figsize": (WIDTH_IN, 3.4),
    "figure.dpi": 110,
    "savefig.dpi": 200,
    "savefig.bbox": None,
    "figure.constrained_layout.h_pad": 0.03,
    "figure.constrained_layout.w_pad": 0.03,
    **dict.fromkeys(
        (
            "font.size", "axes.titlesize", "axes.labelsize", "xtick.labelsize", "ytick.labelsize", "legend.fontsize",
            "legend.title_fontsize", "figure.titlesize", "figure.labelsize",
        ),
        TYPE_PT,
    ),
    "font.family": ["sans-serif", "DejaVu Sans"],
    "font.sans-serif": list(FONTS),
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "legend.frameon": False,
    "legend.columnspacing": 1.2,
    "legend.handletextpad": 0.4,
    "svg.fonttype": "none",  # type stays type: it can be searched, and is drawn in the fonts of the page
    "svg.hashsalt": "resilience-book",
    "text.parse_math": False,  # labels come from data: a dollar sign in one is a dollar sign
}  # fmt: skip


def use_style(cohort: Cohort, *, among_simulated: bool = False) -> None:
    """Set fonts, sizes and the least number of people told; from here on every figure of a simulated cohort, or of a blind run, says so.

    Parameters
    ----------
    cohort : Cohort
    among_simulated : bool, default False
        Whether it is a cohort of real people in the book of a simulated one: every figure says that, too.
    """
    use_style_of(cohort.settings.labels, small_cell=cohort.settings.small_cell, is_simulated=cohort.is_simulated)
    if among_simulated and not cohort.is_simulated:
        mpl.rcParams["figure.hooks"] = ["helpers.plots.style:mark_real"]
    if cohort.settings.blind:
        mpl.rcParams["figure.hooks"] = [BLIND_HOOKS[cohort.is_simulated]]


def use_style_of(labels: Mapping[str, str] | None, *, small_cell: int, is_simulated: bool) -> None:
    """Set the same for figures that are not of one cohort alone.

    Parameters
    ----------
    labels : mapping or None
        How to call ``high`` and ``low``; None: so.
    small_cell : int
        Smaller numbers of people are not told.
    is_simulated : bool
        Whether every figure says that its data are simulated.
    """
    set_small_cell(small_cell)
    set_labels(labels)
    use_look()
    mpl.rcParams["figure.hooks"] = ["helpers.plots.style:mark_simulated"] if is_simulated else []


def use_look() -> None:
    """Set the theme of all figures, without a word on whose data they show."""
    sns.set_theme(style="ticks", rc=LOOK)


def mark_simulated(figure: Figure) -> None:
    """Write the words on a figure; matplotlib calls this for each new one."""
    _mark(figure, SIMULATED, "#7a1f00", "simulated")


def mark_blind(figure: Figure) -> None:
    """Write on a figure that its groups are permuted."""
    _mark(figure, BLIND, "#4a1486", "blind")


def mark_blind_simulated(figure: Figure) -> None:
    """Write on a figure that its participants are simulated and its groups permuted."""
    _mark(figure, BLIND_SIMULATED, "#4a1486", "blind")


@contextmanager
def of_real_people() -> Iterator[None]:
    """Label figures begun inside as made from real people, whatever the book's own cohort is."""
    with mpl.rc_context({"figure.hooks": ["helpers.plots.style:mark_real"]}):
        yield


def mark_real(figure: Figure) -> None:
    """Write on a figure that real people are behind it."""
    _mark(figure, REAL, "#00441b", "real")


def _mark(figure: Figure, words: str, colour: str, name: str) -> None:
    """Write along the right edge, so that the words take no height, and keep the axes off that edge."""
    edge = MARK_IN / figure.get_figwidth()
    figure.text(
        1, 0.99, words, ha="right", va="top", rotation=90, color=colour, fontweight="bold", gid=name, fontsize=TYPE_PT
    )
    engine = figure.get_layout_engine()
    if isinstance(engine, ConstrainedLayoutEngine | TightLayoutEngine):
        engine.set(rect=(0, 0, 1 - edge, 1))


def tell(drawn: Axes | Figure, caption: str) -> Axes | Figure:
    """Note the caption of a figure: what is shown, how many, which test, what the bars are.

    Parameters
    ----------
    drawn : matplotlib.axes.Axes or matplotlib.figure.Figure
    caption : str
        Whole sentences with computed numbers; :func:`helpers.plots.showing.show_figure` puts them below the figure.

    Returns
    -------
    matplotlib.axes.Axes or matplotlib.figure.Figure
        What came in.
    """
    drawn.get_figure().set_label(caption)
    return drawn


def key(drawn: Axes | Figure, *, ncols: int = 2, **given: object) -> None:
    """Put the legend above the axes, from the left edge of the figure on.

    Parameters
    ----------
    drawn : matplotlib.axes.Axes or matplotlib.figure.Figure
        Axes lose a legend of their own.
    ncols : int, default 2
    **given
        Passed on: handles, labels, title.
    """
    if isinstance(drawn, Axes):
        handles, labels = given.pop("handles", None), given.pop("labels", None)
        if handles is None:
            handles, labels = drawn.get_legend_handles_labels()
        if drawn.get_legend():
            drawn.get_legend().remove()
        given |= {"handles": handles} | ({"labels": labels} if labels else {})
    if given.get("handles"):
        drawn.get_figure().legend(loc="outside upper left", ncols=ncols, borderpad=0.1, borderaxespad=0.1, **given)


def name_sides(labels: Mapping[str, str], *, n: Mapping[str, str] | None = None) -> str:
    """Return what stands below an axis of differences: which side is higher in which group.

    Examples
    --------
    >>> name_sides({"high": "High (n=44)", "low": "Low (n=72)"})
    '← higher in Low  ·  higher in High →'
    """
    high, low = (strip_n(labels[side]) + (f" (n = {n[side]})" if n else "") for side in ("high", "low"))
    parts = f"← higher in {low}", f"higher in {high} →"
    return "  ·  ".join(parts) if sum(map(len, parts)) < 62 else "\n".join(parts)


def strip_n(label: str) -> str:
    """Return what a group is called, without its n.

    Examples
    --------
    >>> strip_n("High resilience (n=44)")
    'High resilience'
    """
    return label.split(" (n=")[0]


def wrap(text: object, width: int) -> str:
    """Return a text in lines of at most `width` signs.

    Examples
    --------
    >>> wrap("one two three", 8)
    'one two\\nthree'
    """
    return textwrap.fill(str(text), width)


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


def shorten(name: object, longest: int = 28) -> str:
    """Return a name that fits beside an axis: the one rule of the book for all names.

    Underscores become blanks; what is longer is cut in the middle, as the two ends tell names of one kind apart; both ends of an edge
    are kept.

    Examples
    --------
    >>> shorten("N-acetylglutamate", 10)
    'N-ace…mate'
    >>> shorten("transcript_0152", 12)
    'transc…0152'
    """
    text = str(name).replace("_", " ")
    if len(text) <= longest:
        return text
    first, between, last = text.partition(" – ")
    if between and longest > 12:
        half = (longest - 3) // 2
        return f"{shorten(first, half)} – {shorten(last, half)}"
    tail = (longest - 1) // 2
    return f"{text[: longest - 1 - tail].rstrip()}…{text[-tail:].lstrip()}"


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
