"""Say how many numbers of computed sentences have a home in a result table, chapter by chapter: ``python -m tools.measure_homes [OUTPUT]``."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import nbformat

from helpers.book.homes import Count, mark_homes, read_homes
from helpers.places import PROJECT_ROOT


def measure(output_dir: Path) -> dict[str, tuple[Count, int, int]]:
    """Return for each executed chapter the count of its sentences, its tables and those that are traced."""
    found = {}
    for path in sorted((output_dir / "pages").glob("*.ipynb")):
        count = Count()
        page = mark_homes(nbformat.read(path, as_version=4), read_homes(output_dir / "results", path.stem), count)
        shown = "".join(
            "".join(o.get("data", {}).get("text/html", "")) for c in page.cells for o in c.get("outputs", [])
        )
        found[path.stem] = (
            count,
            shown.count('class="dataframe book-table'),
            shown.count(" data-table="),
        )
    return found


if __name__ == "__main__":
    told = measure(Path(sys.argv[1]) if len(sys.argv) > 1 else PROJECT_ROOT / "_build" / "example")
    for chapter, (count, n_tables, n_traced) in told.items():
        print(
            f"{chapter:16} {count.homes:4} of {count.numbers:4} numbers of sentences, {n_traced:2} of {n_tables:2} tables"
        )
    given = [one for count, *_ in told.values() for one in count.given]
    print(f"in all {len(given)} of {sum(count.numbers for count, *_ in told.values())}")
    for text, home in random.Random(1).sample(given, min(50, len(given))):
        print(f"  …{text}…  <- {home.tell('')}")
