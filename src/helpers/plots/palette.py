"""What every colour and mark of the book means; no figure takes a colour from elsewhere."""

from __future__ import annotations

from types import MappingProxyType

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from helpers.plots.style import WIDTH_IN, tell

COLOURS = MappingProxyType({"high": "#0072B2", "low": "#D55E00"})
MARKERS = MappingProxyType({"high": "o", "low": "s"})
LINES = MappingProxyType({"high": "-", "low": "--"})
EVERYONE = "#3F3F3F"  # both groups together; also lines at zero and text beside the data
SELECTED = "#009E73"  # features that a model keeps
DECLARED = "#000000"  # named before anybody looked
OBSERVED = "#AA3377"  # of the real labels, out of fold where there are folds
NULL = "#BDBDBD"  # of permuted labels
FAINT = "#D9D9D9"  # bands to compare with
SERIES = (
    "#332288",
    "#88CCEE",
    "#DDCC77",
    "#882255",
    "#999933",
    "#44AA99",
    "#CC6677",
    "#117733",
    "#AA4499",
)  # kinds that are none of the above
SERIES_MARKERS = ("D", "^", "v", "P", "X", "p")
VERDICTS = {"for": "#117733", "little": "#DDCC77", "open": "#8C8C8C", "against": "#882255"}
SHARES = "Greys"  # counts and proportions
SIGNS = LinearSegmentedColormap.from_list("negative_positive", ["#762A83", "#C2A5CF", "#F7F7F7", "#A6DBA0", "#1B7837"])
SIDES = LinearSegmentedColormap.from_list(
    "low_high", ["#7F3800", COLOURS["low"], "#F7F7F7", COLOURS["high"], "#003F63"]
)
MEANINGS = (
    (COLOURS["high"], MARKERS["high"], "high group; higher in the high group"),
    (COLOURS["low"], MARKERS["low"], "low group; lower in the high group"),
    (EVERYONE, "D", "both groups together"),
    (SELECTED, "P", "features that a model keeps"),
    (DECLARED, "*", "named in advance (declared)"),
    (OBSERVED, "|", "observed: the real labels, held-out participants"),
    (NULL, "s", "null distribution: permuted labels"),
)
SCALES = (
    (SIDES, "effects: lower to higher in the high group"),
    (SIGNS, "correlations and loadings: negative to positive"),
    (SHARES, "counts and proportions: few to many"),
)


def plot_meanings() -> Figure:
    """Draw the legend of the whole book: what each colour, mark and scale of colours means.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> len(plot_meanings().axes)
    1
    """
    n_rows = len(MEANINGS) + len(SCALES)
    figure, ax = plt.subplots(figsize=(WIDTH_IN, 0.3 * n_rows + 0.1), layout="constrained")
    for row, (colour, marker, meaning) in enumerate(MEANINGS):
        ax.plot(0.5, row, marker, color=colour, ms=9, mew=3 if marker == "|" else 0.5)
        ax.text(1.2, row, meaning, va="center")
    for row, (scale, meaning) in enumerate(SCALES, start=len(MEANINGS)):
        ax.imshow(mpl.colormaps["gray"].resampled(64)(range(64))[None, :, 0], cmap=scale, extent=(0, 1, row + 0.3, row - 0.3), aspect="auto")  # fmt: skip
        ax.text(1.2, row, meaning, va="center")
    ax.set(xlim=(0, 10), ylim=(n_rows - 0.5, -0.5))
    ax.set_axis_off()
    tell(figure, "What colours and marks mean, in every figure. Filled: q < 0.05; open: not.")
    return figure
