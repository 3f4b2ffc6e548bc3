"""A figure on a page: caption, words for those who cannot see it, vectors or picture, files of its own; one meaning per colour."""

from __future__ import annotations

import re
from base64 import b64decode
from html import escape
from itertools import combinations
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from nbformat.v4 import new_code_cell, new_notebook, new_output

from helpers.book.figures import LONG, take_figures
from helpers.plots.palette import COLOURS, MEANINGS, SIDES, plot_meanings
from helpers.plots.showing import MOST_MARKS, draw_image, show_figure
from helpers.plots.style import shorten, tell
from tools.write_meanings import FIGURE

# Machado, Oliveira and Fernandes (2009), doi:10.1109/TVCG.2009.113, severity 1: linear RGB seen without M or L cones
SEEN = {
    "all colours": np.eye(3),
    "deuteranopia": np.array([[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]]),
    "protanopia": np.array([[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]]),
}


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def draw_points(n: int):
    ax = plt.subplots()[1]
    ax.plot(range(n), range(n), "o")
    ax.scatter(range(n), range(n))
    return tell(ax, f"{n} points <each>.")


def see(colour: str, matrix: np.ndarray) -> np.ndarray:
    """Return a colour in CIELAB as somebody sees it (CIE 1976, D65)."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = np.cbrt(np.clip(to_xyz @ np.clip(matrix @ linear, 0, 1), 1e-6, None) / [0.9505, 1.0, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("how", SEEN)
def test_meanings_are_told_apart_by_everybody(how):
    """A distance of 15 in CIELAB is seen at a glance; about 2 is the least that can be seen side by side."""
    for (one, *_), (other, *_) in combinations(MEANINGS, 2):
        assert np.linalg.norm(see(one, SEEN[how]) - see(other, SEEN[how])) > 15, (how, one, other)


def test_the_ends_of_the_scale_of_effects_are_the_colours_of_the_groups():
    for place, side in ((0.25, "low"), (0.75, "high")):
        np.testing.assert_allclose(SIDES(place)[:3], to_rgb(COLOURS[side]), atol=0.02)


def test_the_legend_names_every_meaning():
    figure = plot_meanings()
    said = {text.get_text() for text in figure.findobj(plt.Text)}
    assert {meaning for *_, meaning in MEANINGS} <= said


def test_the_committed_legend_is_the_one_drawn():
    """Words and shapes; ids of clip paths may differ between versions."""
    drawn, committed = draw_image(plot_meanings())[1].decode(), FIGURE.read_text(encoding="utf-8")
    assert re.findall(r"<text[^>]*>[^<]*", drawn) == re.findall(r"<text[^>]*>[^<]*", committed)


def test_a_figure_is_shown_with_caption_and_words():
    html = show_figure(draw_points(5), name="points", alt='Five "points" on a line.').data
    assert html.startswith('<figure class="book-figure" id="figure-points"><img src="data:image/svg+xml;base64,')
    assert 'alt="Five &quot;points&quot; on a line."' in html
    assert '<figcaption class="caption">5 points &lt;each&gt;.</figcaption>' in html
    assert not plt.get_fignums()


def test_a_figure_without_caption_or_words_is_refused():
    with pytest.raises(ValueError, match="has no caption"):
        show_figure(plt.subplots()[1], name="bare", alt="Something.")
    with pytest.raises(ValueError, match="no alternative text"):
        show_figure(draw_points(2), name="mute", alt=" ")


def test_the_words_on_whose_data_end_the_caption():
    with plt.rc_context({"figure.hooks": ["helpers.plots.style:mark_simulated"]}):
        html = show_figure(draw_points(5), name="points", alt="Points.").data
    assert "5 points &lt;each&gt;. Simulated data.</figcaption>" in html


def test_few_marks_are_vectors_dense_layers_pictures_within_and_too_many_a_picture():
    kind, content = draw_image(draw_points(400).figure)
    assert kind == "image/svg+xml" and b"<image" not in content and b"<text" in content
    kind, content = draw_image(draw_points(900).figure)
    assert kind == "image/svg+xml" and b"<image" in content
    figure, ax = plt.subplots()
    for start in range(MOST_MARKS // 700 + 1):
        ax.plot(range(700), np.arange(700) + start, "o")
    assert draw_image(figure)[0] == "image/png"


def test_data_for_download_hide_small_numbers_of_people():
    data = pd.DataFrame({"d": [0.123456789], "n_high": [3], "n_low": [40]}, index=pd.Index(["a"], name="feature"))
    html = show_figure(draw_points(3), name="points", alt="Points.", data=data).data
    content = b64decode(html.split("text/tab-separated-values;base64,")[1].split('"')[0]).decode()
    assert content == "feature\td\tn_high\tn_low\na\t0.123457\t<5\t40\n"


def test_staging_moves_images_and_data_into_files():
    html = show_figure(draw_points(3), name="points", alt="Points.", data=pd.DataFrame({"d": [1.0]})).data
    page = new_notebook(cells=[new_code_cell("show()", outputs=[new_output("display_data", {"text/html": html})])])
    taken, files = take_figures(page, "04_microbiome")
    assert set(files) == {"files/figures/04_microbiome/points.svg", "files/figures/04_microbiome/points.tsv"}
    shown = taken.cells[0].outputs[0].data["text/html"]
    assert "base64" not in shown and 'src="../figures/04_microbiome/points.svg"' in shown
    assert '<a class="figure-file" download href="../figures/04_microbiome/points.svg">Figure (SVG)</a>' in shown
    assert files["files/figures/04_microbiome/points.tsv"].decode().endswith("0\t1\n")
    assert "base64" in page.cells[0].outputs[0].data["text/html"]


def test_staging_moves_views_into_pages_that_share_their_programs():
    programs = [f"<script>{'x' * LONG}</script>", "<script>short()</script>"]
    views = [f"<p>{name} &amp; co</p>{''.join(programs)}" for name in ("brain", "surface")]
    outputs = [
        new_output(
            "display_data", {"text/html": f'<iframe title="{i}" srcdoc="{escape(view)}" loading="lazy"></iframe>'}
        )
        for i, view in enumerate(views)
    ]
    taken, files = take_figures(new_notebook(cells=[new_code_cell("show()", outputs=outputs)]), "03_brain")
    pages = {name: content.decode() for name, content in files.items() if name.endswith(".html")}
    (program,) = set(files) - set(pages)
    assert files[program] == b"x" * LONG and len(pages) == 2
    for output, view in zip(taken.cells[0].outputs, views, strict=True):
        address = re.search(r' src="\.\./(views/03_brain-\w+\.html)" loading="lazy"', output.data["text/html"])[1]
        assert "srcdoc" not in output.data["text/html"]
        script = f'<script src="{Path(program).name}"></script>'
        assert pages[f"files/{address}"] == view.replace(programs[0], script)


@pytest.mark.parametrize(
    ("name", "longest", "short"),
    [
        ("Blautia_A", 12, "Blautia A"),
        ("SimTranscript_0152", 12, "SimTra… 0152".replace(" ", "")),
        ("Reward 03 – Visual 12", 17, "Rew…03 – Vis…12"),
    ],
)
def test_names_are_cut_by_one_rule(name, longest, short):
    assert shorten(name, longest) == short
