"""Figures of the brain chapter: results in, Figure, Axes or a titled frame out."""

from __future__ import annotations

from helpers.plots.brain.edges import plot_component, plot_connectome, plot_null
from helpers.plots.brain.interactive import view_connectome, view_surface
from helpers.plots.brain.maps import plot_maps, plot_null_tfce
from helpers.plots.brain.motion import plot_motion_link
from helpers.plots.brain.networks import plot_networks, plot_pair_counts
from helpers.plots.brain.prediction import plot_prediction
from helpers.plots.brain.regions import plot_regions
from helpers.plots.brain.studies import plot_asked

__all__ = [
    "plot_asked",
    "plot_component",
    "plot_connectome",
    "plot_maps",
    "plot_motion_link",
    "plot_networks",
    "plot_null",
    "plot_null_tfce",
    "plot_pair_counts",
    "plot_prediction",
    "plot_regions",
    "view_connectome",
    "view_surface",
]
