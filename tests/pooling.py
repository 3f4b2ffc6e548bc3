"""Results folders of made-up cohorts, for tests of the pool: tables as a run writes them, without a run."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from helpers.contract import load_cohort
from helpers.pool import write_site
from helpers.tables import write_result
from helpers.verdict import load_claims
from tests.support import EXAMPLE

CLAIMS = load_claims("data/claims/an2024.yml")
SIZES = {"n_high": 44, "n_low": 72}
TABLE1 = pd.DataFrame(
    {
        "statistic": ["n", "mean (SD)", "F, n (%)"],
        "high": ["44", "35.0 (9.4)", "21 (48%)"],
        "low": ["72", "35.6 (9.7)", "hidden"],
        "smd": [np.nan, -0.07, 0.45],
        "missing_high": ["", "0", "0"],
        "missing_low": ["", "0", "<5"],
    },
    index=pd.Index(["Participants", "Age (years)", "Sex"], name="characteristic"),
)


@cache
def read_statement() -> dict:
    """Return what a run writes of the example cohort."""
    with TemporaryDirectory() as folder:
        cohort = load_cohort(EXAMPLE, blocks=())
        return json.loads(write_site(cohort, folder, program="1", packages={"numpy": "2"}, revision="abc").read_text())


def make_effects(names, d, *, width: float = 0.8, **columns) -> pd.DataFrame:
    """Return contrasts with an interval of the given width around each d."""
    d = np.asarray(d, float)
    table = pd.DataFrame({**SIZES, "d": d, "d_low": d - width / 2, "d_high": d + width / 2, "q": 0.5}, index=names)
    return table.assign(prevalence=0.5, **columns).rename_axis("feature")


def make_results(
    folder: Path,
    name: str,
    *,
    kind: str = "simulated",
    d: float = 0.4,
    changes: dict | None = None,
    taxa: pd.DataFrame | None = None,
    metabolites: pd.DataFrame | None = None,
) -> Path:
    """Write the results folder of a cohort whose every claim has an effect of d on the expected side."""
    own = {"name": name, "title": f"Cohort {name}", "kind": kind, "cohort_sha256": name * 8}
    folder.mkdir(parents=True)
    (folder / "site.json").write_text(json.dumps(read_statement() | own | (changes or {})))
    rows = {
        claim.id: {
            "label": claim.label, "statement": claim.statement, "expected": claim.direction,
            "smallest_effect": claim.smallest_effect_of_interest, **({} if claim.is_rank else SIZES),
            **({"rank": 2, "n_blocks": 4, "lead": -0.1} if claim.is_rank else dict(zip(("d", "d_low", "d_high"), sorted_d(claim.sign * d), strict=True))),
            "verdict": "inconclusive" if kind == "real" else "planted effect missed", "size": "", "reason": "…",
        }
        for claim in CLAIMS
    }  # fmt: skip
    verdicts = pd.DataFrame.from_dict(rows, orient="index").rename_axis("id")
    write_result(verdicts, folder, "07_verdict", "verdicts")
    write_result(TABLE1, folder, "01_cohort", "table1")
    people = pd.DataFrame({"score": [70.0], "group": ["low"]}, index=pd.Index(["sub-001"], name="participant_id"))
    write_result(people, folder, "01_cohort", "groups")
    alpha = make_effects(["shannon"], [0.1]).assign(depth=8357)
    write_result(alpha, folder, "04_microbiome", "alpha")
    for chapter, short, table in (("04_microbiome", "taxa", taxa), ("05_metabolites", "metabolites", metabolites)):
        if table is not None:
            write_result(table, folder, chapter, short)
    return folder


def sorted_d(d: float, width: float = 0.8) -> tuple[float, float, float]:
    """Return d with both ends of its interval."""
    return d, d - width / 2, d + width / 2
