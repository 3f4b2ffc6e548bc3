"""Figures of the microbiome chapter: results in, Axes or Figure out."""

from helpers.plots.microbiome.communities import plot_composition, plot_ordination
from helpers.plots.microbiome.diversity import plot_alpha, plot_depth, plot_rarefaction
from helpers.plots.microbiome.functions import plot_activity, plot_function_sets, plot_functions
from helpers.plots.microbiome.taxa import plot_consensus, plot_effect_tree, plot_taxa
from helpers.plots.volcano import plot_volcano

__all__ = [
    "plot_activity",
    "plot_alpha",
    "plot_composition",
    "plot_consensus",
    "plot_depth",
    "plot_effect_tree",
    "plot_function_sets",
    "plot_functions",
    "plot_ordination",
    "plot_rarefaction",
    "plot_taxa",
    "plot_volcano",
]
