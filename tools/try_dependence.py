"""Try mixed models and clusters on simulated visits and families and write data/calibration/dependence.tsv.

Intervals of group x visit should hold the truth in 95 % of cohorts with three visits of which some are missed; tests on families of one
to four in which nothing differs should reject in 5 %. Takes about ten minutes on one core.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.intervals import bound_proportion
from helpers.tables import PROJECT_ROOT, write_atomically
from tests.visit_cohorts import count_covered, count_rejected

TABLE = PROJECT_ROOT / "data" / "calibration" / "dependence.tsv"
SEED, N_DRAWS = 20240501, 300
N_INTERVALS = 2 * N_DRAWS  # one for each visit after the baseline


def try_all() -> pd.DataFrame:
    """Return one row per question: how often, of how many, with Wilson's interval."""
    streams = np.random.default_rng(SEED).spawn(4)
    rows = [
        {"question": f"interval of group x visit holds {effect:g}", "n": N_INTERVALS,
         "share": count_covered(N_DRAWS, stream, effect=effect)}
        for effect, stream in zip((0.0, 0.8), streams[:2], strict=True)
    ]  # fmt: skip
    for kind, stream in (
        ("the group is shared by the family", streams[2]),
        ("the group differs within families", streams[3]),
    ):
        found = count_rejected(N_DRAWS, stream, shared=kind.endswith("family"))
        rows += [
            {"question": f"{test}: rejected, {kind}", "n": N_DRAWS, "share": share} for test, share in found.items()
        ]
    table = pd.DataFrame(rows)
    table["low"], table["high"] = bound_proportion(table["share"] * table["n"], table["n"])
    return table


if __name__ == "__main__":
    write_atomically(TABLE, try_all().to_csv(sep="\t", index=False, float_format="%.4g", lineterminator="\n"))
