"""The graphical abstract of a cohort's book, drawn as an SVG: a person, the brain, the gut, the blood, and what is measured of each.

It stands in the page itself and not in a file: so its words are the page's type, its colours follow light and dark, and its boxes lead
to chapters. It is 420 units wide with type of 13 and more, so that 10 px are left on a phone of 390 px.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from html import escape
from types import MappingProxyType

WIDTH, HEIGHT = 420, 500
BOX = 128  # width of a box
LINE = 16  # from one line of type to the next
MOST_SIGNS = 22  # of a name in the strip of the groups
NOT_HERE = "not in this cohort"
CHAPTER = "../notebooks/{}.html"
ELSE = {"03_brain": "03_structure"}  # where a box leads when its chapter has no page
# Blocks: chapter, head, what is measured, what the cohort must have any of, left or right, top.
BOXES = (
    ("02_resilience", "Questionnaires", ("resilience,", "symptoms"), ("resilience_score", "symptoms"), "left", 34),
    ("03_brain", "Brain", ("connectivity,", "volumes, tracts"), ("connectivity", "volumes", "tracts"), "right", 34),
    ("04_microbiome", "Gut bacteria", ("which live there,", "what they do"), ("taxa", "transcripts"), "right", 222),
    ("05_metabolites", "Metabolites", ("small molecules of", "gut and blood"), ("metabolites",), "left", 222),
)
PERSON = (
    # outline: head, neck, shoulders, trunk
    '<path class="skin" d="M210 24c-36 0-56 24-56 56 0 22 9 40 24 50v16c-34 6-44 26-44 62v128c0 18 20 30 76 30s76-12 76-30V208c0-36-10-56-44-62'
    'v-16c15-10 24-28 24-50 0-32-20-56-56-56z"/>',
    # brain: two halves with folds
    '<path class="organ brain" d="M208 40c-24-4-40 14-38 32-8 14 2 30 16 32 8 8 18 8 22 4zM212 40c24-4 40 14 38 32 8 14-2 30-16 32-8 8-18 8-22 4z"/>',
    '<path class="fold" d="M180 66q10-6 16 2M182 86q10 6 18-2M240 66q-10-6-16 2M238 86q-10 6-18-2"/>',
    # gut: large bowel around small bowel
    '<path class="organ gut" d="M168 330v-62q0-12 12-12h60q12 0 12 12v62"/>',
    '<path class="bowel" d="M186 278h46q8 0 8 9t-8 9h-44q-8 0-8 9t8 9h44q8 0 8 9t-8 9h-20v18"/>',
    # bacteria in the gut
    '<path class="bacteria" d="M174 300l6-4M172 322l7 3M245 290l6 4M244 318l7-4M206 268l8 2"/>',
    # vagus nerve and blood, each way
    '<path class="nerve" d="M201 112v138"/><path class="nerve head" d="M196 119l5-9 5 9M196 243l5 9 5-9"/>',
    '<path class="vessel" d="M221 112v138"/><path class="vessel head" d="M216 119l5-9 5 9M216 243l5 9 5-9"/>',
)


def draw_abstract(
    available: Collection[str],
    *,
    chapters: Collection[str],
    labels: Mapping[str, str] = MappingProxyType({"high": "High", "low": "Low"}),
    counts: Mapping[str, str] = MappingProxyType({}),
    question: str = "How do the groups differ?",
) -> str:
    """Return the graphical abstract as an SVG element for a page of the folder ``book``.

    Parameters
    ----------
    available : collection of str
        What the cohort has, from ``Cohort.available``; what it lacks is drawn faint and says so.
    chapters : collection of str
        Ids of the chapters that have a page with results; the others get no link.
    labels : mapping
        How to call ``high`` and ``low``; empty where there are no groups.
    counts : mapping
        Participants of each group as text, where they may be told.
    question : str
        What the cohort is asked.

    Examples
    --------
    >>> drawing = draw_abstract({"taxa"}, chapters=["04_microbiome"])
    >>> drawing.count("not in this cohort"), drawing.count("<a ")
    (3, 1)
    """
    boxes = [_draw_box(*box, available=available, chapters=chapters) for box in BOXES]
    said = (
        f"A person with the brain in the head and the gut in the belly. Two lines join them, both with arrows at both ends: the vagus nerve and "
        f"the blood. Four boxes beside the person say what is measured. {_tell_groups(labels)}{question}"
    )
    parts = [
        f'<svg class="graphical-abstract" viewBox="0 0 {WIDTH} {HEIGHT}" role="group" aria-label="{escape(said)}">',
        *PERSON,
        *_draw_paths(),
        *boxes,
        *(_draw_groups(labels, counts) if labels else []),
        *_draw_steps(chapters),
        "</svg>",
    ]
    return "".join(parts)


def _write(x: float, y: float, text: str, *, kind: str = "", anchor: str = "start") -> str:
    return f'<text x="{x:g}" y="{y:g}" class="{kind}" text-anchor="{anchor}">{escape(text)}</text>'


def _draw_paths() -> list[str]:
    return [
        _write(193, 180, "vagus", kind="on-skin", anchor="end"),
        _write(193, 196, "nerve", kind="on-skin", anchor="end"),
        _write(229, 188, "blood", kind="on-skin"),
    ]


def _draw_box(
    chapter: str, head: str, lines: Sequence[str], needs: Sequence[str], side: str, top: int, *, available: Collection[str], chapters: Collection[str]
) -> str:  # fmt: skip
    is_here = any(need in available for need in needs)
    lines = lines if is_here else (NOT_HERE,)
    x = 2 if side == "left" else WIDTH - BOX - 2
    height = 14 + LINE * (1 + len(lines))
    target = {
        "02_resilience": (158, 90),
        "03_brain": (250, 72),
        "04_microbiome": (250, 300),
        "05_metabolites": (168, 290),
    }[chapter]
    start = x + BOX if side == "left" else x
    inside = [
        f'<path class="pointer" d="M{start} {top + 30}L{target[0]} {target[1]}"/>' if is_here else "",
        f'<rect class="box{"" if is_here else " lacking"}" x="{x}" y="{top}" width="{BOX}" height="{height}" rx="6"/>',
        _write(x + 9, top + 20, head, kind="title"),
        *(_write(x + 9, top + 20 + LINE * i, line) for i, line in enumerate(lines, start=1)),
    ]
    return _link("".join(inside), chapter, chapters if is_here else ())


def _tell_groups(labels: Mapping[str, str]) -> str:
    return f"Below, the two groups: {labels['high']} and {labels['low']}. " if labels else ""


def _draw_groups(labels: Mapping[str, str], counts: Mapping[str, str]) -> list[str]:
    from helpers.plots.palette import COLOURS

    drawn = []
    for side, x in (("high", 4), ("low", 214)):
        mark = (
            f'<circle cx="{x + 9}" cy="395" r="8"'
            if side == "high"
            else f'<rect x="{x + 1}" y="387" width="16" height="16"'
        )
        name = labels[side] if len(labels[side]) <= MOST_SIGNS else f"{labels[side][: MOST_SIGNS - 1]}…"
        people = f"{counts[side]} participants" if counts.get(side) else ""
        drawn += [
            f'{mark} fill="{COLOURS[side]}"/>',
            _write(x + 24, 400, name, kind="title"),
            _write(x + 24, 417, people),
        ]
    return drawn


def _draw_steps(chapters: Collection[str]) -> list[str]:
    steps = (
        ("06_integration", 2, "All of it together", "Do the blocks discriminate?"),
        ("07_verdict", 214, "The verdict", "Claim by claim"),
    )
    return [
        _link(
            f'<rect class="box" x="{x}" y="436" width="204" height="54" rx="6"/>{_write(x + 9, 458, head, kind="title")}{_write(x + 9, 477, line)}',
            chapter,
            chapters,
        )
        for chapter, x, head, line in steps
    ]


def _link(content: str, chapter: str, chapters: Collection[str]) -> str:
    page = chapter if chapter in chapters else ELSE.get(chapter, chapter)
    return f'<a href="{CHAPTER.format(page)}">{content}</a>' if page in chapters else f"<g>{content}</g>"
