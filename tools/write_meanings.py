"""Draw the legend of the whole book, which stands on the page *How to read*."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl

from helpers.plots.palette import plot_meanings
from helpers.plots.showing import draw_image
from helpers.plots.style import use_look

FIGURE = Path(__file__).parents[1] / "book" / "figures" / "meanings.svg"


def main() -> None:
    """Write ``book/figures/meanings.svg`` anew."""
    mpl.use("agg")
    use_look()
    FIGURE.write_bytes(draw_image(plot_meanings())[1])


if __name__ == "__main__":
    main()
