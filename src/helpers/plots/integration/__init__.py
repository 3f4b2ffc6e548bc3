"""Draw the integration: performance, scores, features and their links; the leakage laboratory; optima."""

from helpers.plots.integration.features import plot_heatmap, plot_loadings
from helpers.plots.integration.leakage import plot_leaks, plot_width
from helpers.plots.integration.links import plot_circos, plot_network
from helpers.plots.integration.optima import plot_designs, plot_optima
from helpers.plots.integration.performance import plot_null, plot_performance, plot_reliability, plot_roc
from helpers.plots.integration.scores import plot_component_links, plot_scores

__all__ = [
    "plot_circos",
    "plot_component_links",
    "plot_designs",
    "plot_heatmap",
    "plot_leaks",
    "plot_loadings",
    "plot_network",
    "plot_null",
    "plot_optima",
    "plot_performance",
    "plot_reliability",
    "plot_roc",
    "plot_scores",
    "plot_width",
]
