"""Numbers of tables and figures: by chapter, in the order of the page, and the same in the text that refers to them."""

from __future__ import annotations

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from helpers.book.numbering import number_captions, number_chapters
from helpers.run import CHAPTERS

TABLE = '<table id="{}"><caption class="caption">Genera.</caption><tr><td>1</td></tr></table>'
FIGURE = '<figure id="{}"><img alt="x"><figcaption class="caption">Dots.</figcaption></figure>'


def show(*html: str):
    """Return a cell that shows each piece of HTML."""
    return new_code_cell("show()", outputs=[new_output("display_data", {"text/html": piece}) for piece in html])


def say(text: str):
    """Return a cell that shows a computed sentence."""
    return new_code_cell("say()", outputs=[new_output("display_data", {"text/markdown": text})])


def read(page) -> list[str]:
    """Return what each output of a page holds."""
    return ["".join(output.data.values()) for cell in page.cells for output in cell.get("outputs", [])]


def test_tables_and_figures_are_counted_apart_and_in_order():
    page = new_notebook(
        cells=[show(TABLE.format("t"), FIGURE.format("f")), show(TABLE.format("u") + TABLE.format("v"))]
    )
    first, figure, both = read(number_captions(page, "4"))
    assert '<caption class="caption"><span class="caption-number">Table 4.1.</span> Genera.' in first
    assert '<span class="caption-number">Figure 4.1.</span> Dots.' in figure
    assert both.index("Table 4.2.") < both.index("Table 4.3.")


def test_only_captions_that_ask_for_a_number_get_one_and_other_classes_do_no_harm():
    page = new_notebook(
        cells=[
            show(
                "<table><caption>Plain.</caption></table>",
                '<table><caption id="c" class="x caption y">A</caption></table>',
            )
        ]
    )
    plain, classed = read(number_captions(page, "A"))
    assert plain == "<table><caption>Plain.</caption></table>"
    assert '<span class="caption-number" id="table-a-1">Table A.1.</span> A' in classed


def test_text_refers_by_number_before_and_after_the_table():
    page = new_notebook(
        cells=[
            new_markdown_cell("See [Table](#t) and [Figure](#gone)."),
            show(TABLE.format("t")),
            say("As in [Table](#t)."),
        ]
    )
    numbered = number_captions(page, "2")
    link = '<a class="caption-link" href="#t">Table 2.1</a>'
    assert numbered.cells[0].source == f"See {link} and Figure."
    assert read(numbered)[1] == f"As in {link}."


def test_a_table_without_an_id_behind_one_with_an_id_does_not_take_it():
    page = new_notebook(cells=[show(TABLE.format("t") + '<table><caption class="caption">B</caption></table>')])
    (both,) = read(number_captions(page, "3"))
    assert 'id="table-3-2">Table 3.2.' in both and 'id="table-3-1"' not in both


def test_the_notebook_itself_is_left_alone_and_every_chapter_has_a_number_of_its_own():
    page = new_notebook(cells=[show(TABLE.format("t"))])
    number_captions(page, "1")
    assert "caption-number" not in read(page)[0]
    numbers = number_chapters([chapter.id for chapter in CHAPTERS])
    assert len(set(numbers.values())) == len(CHAPTERS)
    assert numbers["07_verdict"] == "7"
