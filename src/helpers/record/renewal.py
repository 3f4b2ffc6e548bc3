"""Pages rendered again: the crate of the run gets their hashes, and nothing else of it changes."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from helpers.record.crate import FILE, FORMATS, RUN, SEAL, hash_crate
from helpers.record.verify import hash_outputs, read_crate
from helpers.tables import write_atomically

PAGES = "html/"
EVENT = "#rendering"
ROOT = "./"


def renew_pages(output_dir: Path, *, time: datetime | None = None) -> bool:
    """Write the hashes of pages that were rendered again into the crate of their run.

    What was computed keeps the hashes that the run gave it, so that a result, an executed chapter or an input that was changed since is
    still noticed. The crate notes that, and when, its pages were rendered again.

    Parameters
    ----------
    output_dir : pathlib.Path
        With a rendered book.
    time : datetime.datetime, optional
        By default now.

    Returns
    -------
    bool
        False when there is no crate, or every page is the one it has.

    Raises
    ------
    CohortError
        When the crate was edited.
    """
    graph = read_crate(output_dir)
    if graph is None:
        return False
    here = {name: sha256 for name, sha256 in hash_outputs(output_dir).items() if name.startswith(PAGES)}
    known = {one["@id"]: one for one in graph["@graph"] if one["@id"].startswith(PAGES) and "sha256" in one}
    if here == {name: one["sha256"] for name, one in known.items()}:
        return False
    gone = known.keys() - here.keys()
    entities = {one["@id"]: _drop(one, gone) for one in graph["@graph"] if one["@id"] not in gone}
    for name, sha256 in here.items():
        entities.setdefault(name, _describe(name))
        entities[name] |= {"sha256": sha256, "contentSize": str((output_dir / name).stat().st_size)}
    for holder, key in ((ROOT, "hasPart"), (RUN, "result")):
        _refer(entities[holder], key, [name for name in here if name not in known])
    when = (time or datetime.now(UTC)).isoformat(timespec="seconds")
    entities[EVENT] = {
        "@id": EVENT, "@type": "Action", "name": "Rendering", "endTime": when,
        "description": "The pages were rendered again from the chapters as they were executed.",
    }  # fmt: skip
    _refer(entities[ROOT], "mentions", [EVENT])
    graph["@graph"] = list(entities.values())
    entities[SEAL]["value"] = hash_crate(graph)
    write_atomically(output_dir / FILE, json.dumps(graph, ensure_ascii=False, indent=1) + "\n")
    return True


def _describe(name: str) -> dict[str, Any]:
    form = FORMATS.get(Path(name).suffix.lower(), "application/octet-stream")
    return {
        "@id": name,
        "@type": "File",
        "name": Path(name).name,
        "encodingFormat": form,
        "description": "The book, rendered.",
    }


def _drop(entity: Mapping[str, Any], gone: Collection[str]) -> dict[str, Any]:
    """Return an entity that refers to no page that is gone."""

    def keep(value: Any) -> bool:
        return not (isinstance(value, dict) and value.get("@id") in gone)

    return {
        key: [one for one in value if keep(one)] if isinstance(value, list) else value
        for key, value in entity.items()
        if keep(value)
    }


def _refer(entity: dict[str, Any], key: str, names: Collection[str]) -> None:
    """Let an entity refer to more."""
    held = entity.get(key, [])
    held = held if isinstance(held, list) else [held]
    entity[key] = held + [{"@id": name} for name in names if {"@id": name} not in held]
