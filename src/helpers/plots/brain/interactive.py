"""Views to turn with the mouse: nilearn's, in a titled frame, without anything from outside."""

from __future__ import annotations

import re
import warnings
from html import escape

import numpy as np
import pandas as pd
from IPython.display import HTML
from nilearn import plotting
from nilearn.datasets import load_fsaverage, load_fsaverage_data
from nilearn.surface import SurfaceImage

from helpers.brain.connectivity import EDGE_SEPARATOR
from helpers.brain.maps import MapStack
from helpers.brain.tfce import MapTest
from helpers.plots.palette import EVERYONE, SIDES

HEIGHT_PX = 340
ICON = re.compile(r"<link\s+rel=\"icon\".*?/>", re.DOTALL)
SCRIPT = re.compile(r"(<script.*?</script>)", re.DOTALL)
LABELS = {"select": "View", "input": "Setting"}


def view_connectome(edges: pd.DataFrame, nodes: pd.DataFrame, *, n_edges: int, note: str = "") -> HTML:
    """Show the strongest edges in a brain that can be turned.

    Parameters
    ----------
    edges : pandas.DataFrame
        Index ``<node>--<node>``; column ``t``.
    nodes : pandas.DataFrame
        Index ``node``; ``x``, ``y``, ``z`` in mm (MNI).
    n_edges : int
        How many, the largest absolute t first.
    note : str
        Stands below the title, such as that data are simulated.

    Returns
    -------
    IPython.display.HTML
        A frame with a title; it asks nothing of the network.
    """
    order = edges["t"].abs().sort_values(ascending=False, kind="stable").index
    strongest = edges.loc[order, "t"].dropna().head(n_edges)
    ends = [name.split(EDGE_SEPARATOR) for name in strongest.index]
    used = sorted({node for pair in ends for node in pair})
    matrix = pd.DataFrame(0.0, index=used, columns=used)
    for (first, second), t in zip(ends, strongest, strict=True):
        matrix.loc[first, second] = matrix.loc[second, first] = t
    title = f"{len(strongest)} strongest of {len(edges):,} edges by |t|"
    view = plotting.view_connectome(
        matrix.to_numpy(),
        nodes.loc[used, ["x", "y", "z"]].to_numpy(float),
        edge_cmap=SIDES,
        linewidth=4,
        node_size=5,
        node_color=EVERYONE,
        title=f"{title}<br>{note}" if note else title,
        title_fontsize=14,
        colorbar_fontsize=12,
        colorbar_height=0.5,
    )
    return _frame(view.html, f"Interactive brain: {title}. {note}".strip())


def view_surface(maps: MapStack, tested: MapTest, *, note: str = "") -> HTML:
    """Show the t of the maps on a surface of the cortex that can be turned.

    Parameters
    ----------
    maps : helpers.brain.MapStack
    tested : helpers.brain.MapTest
    note : str

    Returns
    -------
    IPython.display.HTML
        As for :func:`view_connectome`; the surface is fsaverage5, which comes with nilearn.
    """
    title = f"t at the cortex, n={tested.max_t.n_participants}"
    reach = float(np.quantile(tested.table["t"].abs(), 0.999))
    mesh = load_fsaverage("fsaverage5")["inflated"]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Mean of empty slice")  # places of the cortex outside the maps stay blank
        values = SurfaceImage.from_volume(load_fsaverage("fsaverage5")["pial"], maps.to_image(tested.table["t"]))
    view = plotting.view_surf(
        mesh,
        SurfaceImage(mesh, values.data),
        bg_map=load_fsaverage_data("fsaverage5", mesh_type="inflated", data_type="sulcal"),
        hemi="both",
        cmap=SIDES,
        vmax=reach,
        symmetric_cmap=True,
        title=f"t, n={tested.max_t.n_participants}. {note}".strip(),  # one short line: nilearn sets its size
        colorbar_fontsize=12,
        colorbar_height=0.5,
    )
    return _frame(view.html, f"Interactive surface: {title}. {note}".strip())


def _frame(page: str, title: str) -> HTML:
    """Put a page into a frame with a title, its icon from outside taken out and its controls named."""
    parts = SCRIPT.split(ICON.sub("", page))
    for tag, label in LABELS.items():
        parts[::2] = [re.sub(rf"<{tag} (?=id=)", f'<{tag} aria-label="{label}" ', part) for part in parts[::2]]
    page = "".join(parts)
    return HTML(
        f'<div><iframe title="{escape(title)}" srcdoc="{escape(page)}" loading="lazy" '
        f'style="width: 100%; height: {HEIGHT_PX}px; border: 0"></iframe></div>'
    )
