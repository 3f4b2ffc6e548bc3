"""Whether a stored measurement was made with the code that stands here now."""

from __future__ import annotations

from pathlib import Path

import yaml

from helpers.run.sources import hash_rooms
from helpers.tables import PROJECT_ROOT

MEASURED = ("helpers.calibration.chapters",)
CALIBRATION = PROJECT_ROOT / "data" / "calibration" / "run.yml"
PAGE = "book/error_rates.md"


def find_stale_pages(run_path: Path = CALIBRATION) -> dict[str, str]:
    """Return the pages of the frame whose numbers older code measured, each with the note that says so.

    Parameters
    ----------
    run_path : pathlib.Path
        Facts of the calibration run; its ``rooms`` is the hash of the code that was measured.

    Returns
    -------
    dict of str to str
        By path inside the project; empty when all are of today's code.
    """
    run = yaml.safe_load(run_path.read_text(encoding="utf-8"))
    if run.get("rooms") == hash_rooms(MEASURED):
        return {}
    note = (
        "```{admonition} Measured with earlier code\n:class: warning stale\n"
        f"The code of the chapters has changed since this run of {run['date']}. The rates below are those of the code as it "
        "was; `make calibrate` measures them anew.\n```"
    )
    return {PAGE: note}
