"""Turn rsfMRIcorrMDD, connectivity in depression, into tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from helpers.open_data.rfiles import read_rda

GROUP = "class"
EDGE = "--"


def arrange_mdd(files: Mapping[str, Path]) -> dict[str, pd.DataFrame]:
    """Arrange rsfMRIcorrMDD as groups, edges and regions.

    Parameters
    ----------
    files : mapping of str to path
        ``rsfMRIcorrMDD.rda``.

    Returns
    -------
    dict of str to pandas.DataFrame
        ``participants.tsv`` (group), ``connectivity.tsv`` (Fisher z, columns ``<node>--<node>``) and
        ``nodes.tsv`` (network, as the name of the region says).

    References
    ----------
    .. [1] Le TT et al. (2017). Bioinformatics 33:2906. doi:10.1093/bioinformatics/btx298
    """
    data = read_rda(files["rsfMRIcorrMDD.rda"], "rsfMRIcorrMDD").rename_axis("participant_id")
    edges = data.drop(columns=GROUP)
    ends = edges.columns.str.split(".", regex=False)
    nodes = pd.Index(dict.fromkeys(node for pair in ends for node in pair), name="node")
    return {
        "participants.tsv": data[[GROUP]].astype(str).rename(columns={GROUP: "group"}),
        "connectivity.tsv": edges.set_axis([EDGE.join(pair) for pair in ends], axis=1),
        "nodes.tsv": pd.DataFrame({"network": nodes.str.replace(r"_\d+$", "", regex=True)}, index=nodes),
    }
