"""What the book knows of each open data set, as read from ``data/open/cards.yml``, and how a data card says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

import pandas as pd
import yaml

from helpers.problems import count
from helpers.tables import PROJECT_ROOT

CARDS_FILE = PROJECT_ROOT / "data" / "open" / "cards.yml"
HEADINGS = {
    "good_for": "What it is good for",
    "done": "What was done to the originals",
    "traps": "Traps",
    "not_for": "What may not be inferred",
}
UNITS = {"people": "people", "mice": "mice", "modules": "modules"}


@dataclass(frozen=True)
class DataCard:
    """One open data set.

    Attributes
    ----------
    name, title, about, privacy : str
    subjects : {"people", "mice", "modules"}
        What is counted in `count`.
    count : int
    cite : tuple of str
        Keys of ``book/references.bib``.
    good_for, done, traps, not_for : tuple of str
        Sentences, the facts filled in.
    tables : mapping of str to dict
        By file: ``rows``, ``columns`` (without the ids) and ``about``.
    facts : mapping of str to number
        The numbers that stand in sentences.
    cohort : mapping
        The settings that make it a cohort folder; empty where it comes as tables.
    """

    name: str
    title: str
    subjects: str
    count: int
    about: str
    privacy: str
    cite: tuple[str, ...]
    good_for: tuple[str, ...]
    done: tuple[str, ...]
    traps: tuple[str, ...]
    not_for: tuple[str, ...]
    tables: Mapping[str, Mapping[str, Any]]
    facts: Mapping[str, float]
    cohort: Mapping[str, Any]

    @property
    def becomes(self) -> str:
        """``cohort`` or ``tables``: what a fetched folder is."""
        return "cohort" if self.cohort else "tables"

    @property
    def people(self) -> int:
        """Number of people; 0 when the data are not of people."""
        return self.count if self.subjects == "people" else 0


@cache
def read_cards() -> Mapping[str, DataCard]:
    """Return the cards of all open data sets, by name."""
    source = yaml.safe_load(CARDS_FILE.read_text(encoding="utf-8"))
    cards = {name: _make_card(name, card, source["privacy"]) for name, card in source["sets"].items()}
    return MappingProxyType(cards)


def _make_card(name: str, card: dict[str, Any], privacy: dict[str, str]) -> DataCard:
    facts = card["facts"]
    sentences = {part: tuple(text.format(**facts) for text in card[part]) for part in HEADINGS}
    return DataCard(
        name=name,
        title=card["title"],
        subjects=card["subjects"],
        count=card["count"],
        about=card["about"].format(**facts),
        privacy=privacy[card["subjects"]],
        cite=tuple(card["cite"]),
        tables=card["tables"],
        facts=facts,
        cohort=card.get("cohort", {}),
        **sentences,
    )


def write_page(card: DataCard, rows: pd.DataFrame) -> str:
    """Return the page of a data card, as MyST text.

    Parameters
    ----------
    card : DataCard
    rows : pandas.DataFrame
        The lines of the registry for this data set.

    Returns
    -------
    str
    """
    cited = f"{{cite:p}}`{','.join(card.cite)}`"
    how = f"```bash\nresilience-book fetch {card.name} cohorts/{card.name}\n```"
    return f"# {card.title}\n\n{_write_body(card, rows, cited, how)}"


def write_readme(card: DataCard, rows: pd.DataFrame) -> str:
    """Return the text of the README in a fetched folder, below its heading.

    Parameters
    ----------
    card : DataCard
    rows : pandas.DataFrame
        The lines of the registry for this data set.

    Returns
    -------
    str
    """
    how = (
        f"This folder was written by `resilience-book fetch {card.name}`. Tables are tab-separated UTF-8 text; the "
        "first column holds the ids, and `n/a` means missing."
    )
    return _write_body(card, rows, join_unique(rows["citation"]), how)


def _write_body(card: DataCard, rows: pd.DataFrame, cited: str, how: str) -> str:
    size = f"{describe_size(rows['bytes'].sum())} in {count(len(rows), 'file')}"
    becomes = "a cohort folder" if card.cohort else "a folder of tidy tables"
    head = [
        card.about,
        f"**Size.** {card.count:,} {UNITS[card.subjects]}; {size}; becomes {becomes}.",
        f"**Licence.** {join_unique(rows['licence'])}, as its owners give it; the files stay with them.",
        f"**Cite.** {cited}",
        f"## How to get it\n\n{how}",
    ]
    parts = [f"## {heading}\n\n{_list(getattr(card, part))}" for part, heading in HEADINGS.items()]
    parts.insert(1, f"## Tables\n\n{_describe_tables(card)}")
    origins = [f"[{url.rpartition('/')[2]}]({url})" for url in rows["url"]]
    last = [
        f"## Privacy\n\n{card.privacy}",
        f"## Origin\n\n{_list(origins)}",
    ]
    return "\n\n".join([*head, *parts, *last]) + "\n"


def _describe_tables(card: DataCard) -> str:
    lines = [
        f"`{file}`: {table['about']}. {table['rows']:,} rows, {count(table['columns'], 'column')} beside the ids."
        for file, table in card.tables.items()
    ]
    if card.cohort:
        rule = card.cohort["outcome"]
        lines.append(
            f"`cohort.yml`: groups by `{rule['column']}`, {' or '.join(rule['high'])} as *high* and "
            f"{' or '.join(rule['low'])} as *low*; contrasts adjusted for {', '.join(card.cohort['covariates'])}."
        )
    return _list(lines)


def _list(sentences) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences)


def write_overview(registry: pd.DataFrame) -> str:
    """Return the page that lists all data cards, as MyST text.

    Parameters
    ----------
    registry : pandas.DataFrame
        From :func:`~helpers.open_data.files.load_registry`.

    Returns
    -------
    str
    """
    entries = []
    for name, card in read_cards().items():
        rows = registry[registry["dataset"] == name]
        entries.append(
            f"[{card.title}]({name}.md): {card.count:,} {UNITS[card.subjects]}, "
            f"{describe_size(rows['bytes'].sum())}, licence {join_unique(rows['licence'])}."
        )
    return f"{OVERVIEW}\n{_list(entries)}\n"


OVERVIEW = """\
# Data of real people

The chapters run on a simulated cohort unless you choose another. These open data sets let you try every method on
measurements of real people. Each has a card: where it comes from, what was done to it, what it is good for, its traps, and
what may not be inferred from it. None of these people answered the questionnaire of the original study, so nothing found
in them replicates it.

```bash
resilience-book fetch --list                        # size, licence, and which are at hand
resilience-book fetch mars_ibs_2020 cohorts/mars    # one set
resilience-book fetch all cohorts                   # all of them, for a course without internet
```

Every file is checked against its SHA-256 before use; one that is cut short or altered is refused by name. A set that
becomes a cohort folder runs like your own data: `resilience-book run cohorts/mars`.
"""


def describe_size(n_bytes: int) -> str:
    """Return a size in kB or MB, whichever reads better.

    Examples
    --------
    >>> describe_size(6_578), describe_size(3_532_872)
    ('7 kB', '3.5 MB')
    """
    return f"{n_bytes / 1e6:.1f} MB" if n_bytes >= 1e6 else f"{n_bytes / 1e3:.0f} kB"


def join_unique(values: pd.Series) -> str:
    """Return the different texts of a column, in order, divided by semicolons.

    Examples
    --------
    >>> join_unique(pd.Series(["MIT", "MIT", "GPL-3.0"]))
    'MIT; GPL-3.0'
    """
    return "; ".join(dict.fromkeys(values))
