"""What folds away on pages: from its comment to the next, or to the end of the section."""

import importlib.util

import pytest
from docutils.core import publish_doctree, publish_from_doctree
from myst_parser.parsers.docutils_ import Parser

from helpers.tables import PROJECT_ROOT

SPEC = importlib.util.spec_from_file_location("folds", PROJECT_ROOT / "book" / "_ext" / "folds.py")
folds = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(folds)
NOTEBOOKS = sorted((PROJECT_ROOT / "notebooks").glob("*.md"))


def render(text):
    doctree = publish_doctree(text, parser=Parser(), settings_overrides={"report_level": 5})
    folds.fold_away(None, doctree)
    page = publish_from_doctree(doctree, writer_name="html5").decode()
    return page[page.index("<main") : page.index("</main>")]


def test_a_fold_ends_at_its_comment_at_the_next_fold_or_with_its_section():
    page = render(
        "# T\n\n## A\n\nseen\n\n<!-- fold: Show it -->\n\ninside\n\n<!-- unfold -->\n\nafter\n\n<!-- fold: One -->\n\nfirst\n\n"
        "<!-- fold: Two & more -->\n\nsecond\n\n### Below\n\ndeep\n\n## B\n\nnext\n"
    )
    parts = page.split("<details")
    assert len(parts) == 4 and page.count("</details>") == 3
    assert "<summary>Show it</summary>" in parts[1] and "Two &amp; more" in parts[3]
    inside = [part.partition("</details>")[0] for part in parts[1:]]
    assert [word in text for word, text in zip(("inside", "first", "deep"), inside, strict=True)] == [True] * 3
    assert not any(word in text for text in inside for word in ("seen", "after", "next"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_folds_of_a_chapter_say_what_they_hold_and_close(path):
    """Each opens with a verb, and none stays open into the next: an end without a beginning would hide nothing and say so nowhere."""
    is_open = False
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("<!-- fold: "):
            assert line.startswith("<!-- fold: Show ") and line.endswith(" -->") and not is_open, line
            is_open = True
        elif line == folds.END:
            assert is_open, "an end without a beginning"
            is_open = False
        elif line.startswith(("## ", "### ")):
            is_open = False
