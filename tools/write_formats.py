"""Write the table of formats in book/bring_your_data.md from the registry of importers: no line of it is typed."""

from __future__ import annotations

import re

from helpers.importers.registry import list_formats
from helpers.tables import PROJECT_ROOT

PAGE = PROJECT_ROOT / "book" / "bring_your_data.md"
BEGIN, END = "<!-- formats: written by tools/write_formats.py -->", "<!-- end of formats -->"
HEAD = ["program", "what it writes", "becomes", "`--as`"]


def write_formats() -> str:
    """Return the table of formats in Markdown, programs in the order of the registry."""
    rows = [
        [form.program, *map(_mark_options, (form.title, form.becomes)), f"`{form.name}`"] for form in list_formats()
    ]
    lines = [HEAD, ["---"] * len(HEAD), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in lines)


def _mark_options(text: str) -> str:
    """Set options of commands as code, so that their dashes stay dashes."""
    return re.sub(r"(?<![\w`])(--?[a-z][\w-]*)", r"`\1`", text)


def write_page() -> str:
    """Return the page with its table as the registry has it now."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{write_formats()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(write_page(), encoding="utf-8")
